"""The style sheet of the report: for screens of all sizes, and for A4 paper."""

from __future__ import annotations

from .paper import paper_styles

_SHEET = """
:root { --ink: #15202b; --soft: #4a5764; --line: #cfd6dc; --paper: #ffffff; --tint: #f3f6f8; --accent: #0b5a8a;
  --warn: #8a3b00; --warn-tint: #fff4e5; --stop: #a3001b; --stop-tint: #fdecee; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #e9edf0; color: var(--ink);
  font: 16px/1.5 "Segoe UI", "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 28px 36px 40px; background: var(--paper); }
h1 { font-size: 1.65rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 2px solid var(--accent); }
h3 { font-size: 1.05rem; margin: 1.3rem 0 .35rem; }
p { margin: .4rem 0; }
.use { margin: 0 0 .8rem; font-weight: 600; color: var(--soft); letter-spacing: .01em; }
.use strong { color: var(--ink); }
.patient { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .45rem 1.2rem;
  margin: .9rem 0 1.1rem; padding: .7rem .9rem; background: var(--tint); border: 1px solid var(--line);
  border-radius: 6px; }
.patient div { min-width: 0; overflow-wrap: anywhere; }
.patient dt { font-size: .78rem; color: var(--soft); }
.patient dd { margin: 0; font-weight: 600; }
.box { margin: .8rem 0; padding: .6rem .9rem; border: 1px solid var(--warn); border-left-width: 6px;
  border-radius: 4px; background: var(--warn-tint); }
.box.stop { border-color: var(--stop); background: var(--stop-tint); }
.box.look { margin: 1.2rem 0; padding-bottom: .8rem; border: 2px solid var(--ink); border-left-width: 10px;
  background: var(--paper); }
.box.look h2 { margin: .2rem 0 .5rem; border-bottom: none; }
.box.look strong { color: var(--ink); }
.box.look li { margin: .35rem 0; }
.box ul { margin: .2rem 0; padding-left: 1.2rem; }
.box strong { color: var(--warn); }
.box.stop strong { color: var(--stop); }
.who { margin: .6rem 0 1rem; }
h1, h2, h3, p, li, dt, dd { min-width: 0; overflow-wrap: anywhere; }
.written { margin: .8rem 0; padding: .1rem 1rem .5rem; border-left: 6px solid var(--accent); background: var(--tint); }
.written p, .box.stop p { white-space: pre-line; }
.answer { font-size: 1.15rem; line-height: 1.4; }
.evidence ul { margin: 0; padding-left: 1.1rem; }
.terms { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: .3rem 0; }
.terms dt { font-weight: 600; }
.terms dd { margin: 0; }
.details { margin-top: 2.6rem; padding-top: 1.4rem; border-top: 4px double var(--line); }
.short { font-size: 1.06rem; }
.short ol { margin: .5rem 0; padding-left: 1.5rem; }
.short li { margin: .35rem 0; }
.brief { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; background: var(--tint); }
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.nb { white-space: nowrap; }
.scroll { overflow-x: auto; }
.unit { font-weight: 400; color: var(--soft); white-space: nowrap; }
.tag { display: inline-block; padding: 0 .45em; border: 1.5px solid currentColor; border-radius: 4px;
  font-size: .82rem; font-weight: 600; white-space: nowrap; }
.tag.PETMR { background: var(--ink); color: #fff; border-color: var(--ink); }
.tag.MRonly { border-style: dashed; }
.by-hand, .by-hand td { color: var(--stop); font-weight: 600; }
figure { margin: .7rem 0 .4rem; }
figure img { display: block; width: 100%; height: auto; }
figure.overview img { width: auto; max-width: 100%; max-height: 430px; margin: 0 auto; }
figure.overview .hint { display: none; }
.panels { display: grid; grid-template-columns: 420fr 420fr 420fr 110fr; gap: .25rem; margin: 0 0 .25rem; }
figcaption { margin-top: .35rem; font-size: .84rem; color: var(--soft); }
.candidate { margin: 1.6rem 0 2rem; }
.candidate h3 { font-size: 1.15rem; border-left: 6px solid var(--accent); padding-left: .6rem; }
.evidence { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .9rem; margin: .4rem 0;
  font-size: .95rem; }
.evidence dt { font-weight: 600; }
.evidence dd { margin: 0; }
.ledger { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: .3rem 1.6rem;
  margin: .4rem 0 .7rem; padding: .5rem .9rem; background: var(--tint); border: 1px solid var(--line);
  border-radius: 6px; font-size: .95rem; }
.ledger h4 { margin: 0; font-size: .95rem; }
.ledger ul { margin: .1rem 0 .3rem; padding-left: 1.1rem; }
.ledger b { white-space: nowrap; font-variant-numeric: tabular-nums; }
.name { display: inline-block; min-width: 8.5em; }
.score { white-space: nowrap; }
.small { font-size: .86rem; color: var(--soft); }
.sites { font-size: .8rem; margin: .5rem 0 1rem; }
.sites th, .sites td { padding: .22rem .3rem; line-height: 1.25; border: 1px solid var(--line); }
.sites thead th { text-align: center; hyphens: manual; }
.sites td { text-align: center; }
.sites tbody th { white-space: nowrap; }
.sites .ratio, .sites .none { color: var(--soft); }
.sites .sign { font-style: italic; }
.sites .rank { font-weight: 600; color: var(--accent); }
.sites td.raised { outline: 2.5px solid var(--stop); outline-offset: -3px; background: var(--stop-tint); }
.sites td.other { outline: 1.5px dashed var(--ink); outline-offset: -3px; }
.note { margin: .1rem 0; }
.levels { display: grid; grid-template-columns: max-content 1fr; gap: .25rem .9rem; margin: .4rem 0; }
.levels dt { font-weight: 600; }
.levels dd { margin: 0; }
footer { margin-top: 2.4rem; padding-top: .7rem; border-top: 1px solid var(--line); font-size: .84rem;
  color: var(--soft); }
@media screen and (max-width: 640px) {
  .terms { grid-template-columns: 1fr; }
  main { padding: 16px 14px 30px; }
  .evidence { grid-template-columns: 1fr; gap: 0; }
  .evidence dd { margin-bottom: .4rem; }
  .panels { grid-template-columns: 1fr 1fr; }
  .panels .scale { width: auto; height: 100%; max-height: 46vw; justify-self: start; }
  figure.overview .wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 4px; }
  figure.overview img { width: 720px; max-width: none; max-height: none; }
  figure.overview .hint { display: block; margin: .3rem 0 0; font-size: .84rem; font-weight: 600; }
}
.paper { display: none; }
.whole { display: inline-flex; gap: .4rem; align-items: center; }
@page { size: A4; margin: 12mm 13mm 13mm; }
@media print {
  html { font-size: 9.5pt; }
  body { background: none; font-size: 1rem; line-height: 1.35; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 1.4rem; }
  h2, h3 { break-after: avoid; }
  h2 { margin: .9rem 0 .4rem; }
  .patient { grid-template-columns: repeat(4, 1fr); margin: .5rem 0 .6rem; }
  .box { margin: .5rem 0; padding: .3rem .7rem; }
  .short { font-size: 1rem; }
  .candidate { margin: .6rem 0 .8rem; }
  .ledger { grid-template-columns: 1fr 1fr; margin: .2rem 0 .4rem; padding: .2rem .6rem; font-size: .88rem; }
  .candidate, figure, .box, .ledger, .patient, tr { break-inside: avoid; }
  table { font-size: 8pt; }
  th, td { padding: .25rem .3rem; }
  .sites { font-size: 7pt; }
  .sites th, .sites td { padding: .1rem .12rem; }
  .unit { white-space: normal; }
  .scroll { overflow: visible; }
  thead { display: table-header-group; }
  .paper { display: block; }
  .screen { display: none; }
  footer { margin-top: .6rem; }
  .paper, footer { break-before: avoid; }
  body:not(:has(#print-whole:checked)) {
    .record, .off-paper, figure.key figcaption { display: none; }
    .candidate { margin: .2rem 0 .3rem; }
    .candidate h3 { margin: .3rem 0 .2rem; }
    .evidence { font-size: .86rem; line-height: 1.25; gap: .05rem .7rem; margin: .1rem 0; }
    .terms { font-size: .78rem; line-height: 1.2; gap: 0 .7rem; margin: .1rem 0; }
    .terms ~ p { margin: .2rem 0; }
    figure.key { margin: .15rem 0 0; }
    .panels { gap: .5mm; margin: 0 0 1mm; }
    .panels.row-pet, .on-PETonly .row-fluid, .rows-1 .on-PETMR .row-fluid { display: none; }
    .rows-1 .on-MRonly figure:has(.row-fluid) .row-fused { display: none; }
    figure.key:not(:has(.row-fused)) .row-pet { display: grid; }
@PAPER@
  }
  body:has(#print-whole:checked) .paper { display: none; }
  body:has(#print-whole:checked) .details { break-before: page; margin-top: 0; padding-top: 0; border: none; }
  body:has(#print-whole:checked) figure.overview img { max-height: 74mm; }
  body:has(#print-whole:checked) .letter figure.key { width: 130mm; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""

CSS = _SHEET.replace("@PAPER@", paper_styles())
"""The style sheet."""
