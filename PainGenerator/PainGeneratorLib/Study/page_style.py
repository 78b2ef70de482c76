"""The style sheet of the page of a study, for screen and A4 paper."""

STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: #e9edf0; color: #15202b;
  font: 16px/1.5 "Segoe UI", "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 28px 36px 40px; background: #fff; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .2rem 0 .6rem; }
h2 { font-size: 1.2rem; margin: 2.1rem 0 .6rem; padding-bottom: .25rem; border-bottom: 2px solid #0b5a8a; }
h3 { font-size: 1.02rem; margin: 1.2rem 0 .3rem; }
p, li { margin: .4rem 0; overflow-wrap: anywhere; }
.use { font-weight: 600; color: #4a5764; margin: 0; }
.box { margin: .9rem 0; padding: .5rem .9rem; border: 1px solid #8a3b00; border-left-width: 6px; border-radius: 4px;
  background: #fff4e5; }
.short { font-size: 1.06rem; }
.small, figcaption { font-size: .86rem; color: #4a5764; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums;
  margin: .5rem 0; }
th, td { padding: .35rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid #cfd6dc; }
thead th { background: #f3f6f8; border-bottom: 2px solid #4a5764; }
tbody th { font-weight: 600; }
figure { margin: .8rem 0; }
figure img { display: block; width: 100%; max-width: 880px; height: auto; }
footer { margin-top: 2rem; padding-top: .6rem; border-top: 1px solid #cfd6dc; font-size: .84rem; color: #4a5764; }
@media screen and (max-width: 640px) { main { padding: 16px 14px 30px; } }
@page { size: A4; margin: 13mm; }
@media print {
  html { font-size: 9.5pt; } body { background: none; font-size: 1rem; line-height: 1.35; }
  main { max-width: none; padding: 0; } h2, h3 { break-after: avoid; } h2 { margin: 1rem 0 .4rem; }
  figure, tr, .box { break-inside: avoid; } figure img { max-width: 165mm; max-height: 120mm; width: auto; }
  table { font-size: 8.5pt; } thead { display: table-header-group; } .scroll { overflow: visible; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""
"""It loads nothing: no font, no picture."""
