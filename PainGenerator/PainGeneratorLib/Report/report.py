"""The report: one HTML file that holds all it needs, for the referring physician, the radiologist and the record."""

from __future__ import annotations

from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Certainty, Evidence, Group, Role, Status
from ..Workflow.level_words import level_line, level_sentences
from . import words
from .beside_prosthesis import beside_box
from .by_hand import by_hand_words
from .content import ReportContent
from .evidence_section import (
    apart_sentence,
    evidence_section,
    set_apart_section,
    weights_section,
)
from .html import Html, bullets, html, join, tag
from .languages import Language, load_language
from .letter import Letter, make_letter
from .letter_html import RESEARCH_USE, letter_section
from .paper import PaperPlan, paper_plan
from .person_words import SEXES, long_date, long_time, written_name
from .place_words import place_name
from .prosthesis import prosthesis_section, surgery_rows
from .readers_section import readers_section
from .regions import regions_section
from .report_tables import (
    NOT_ALIGNED,
    alignment_section,
    all_measures,
    method_section,
    mr_section,
    parameters_section,
    ranked_table,
    reference_section,
    series_section,
    suv_section,
)
from .site_tables import level_text_section, sites_section
from .site_text import conclusion, none_sentence
from .style import CSS
from .tables import best_first
from .viewer import security_policy, viewer_script, viewer_scripts, viewer_section, viewer_style

PRINTED_FIRST = "Printed are the first {first} of {all} candidates."
PRINTED_REST = "All candidates, the details for the radiologist and the viewer are in report.html."
NO_DEVICE = (
    "PainGenerator {version} is not a medical device; every candidate has to be judged by a physician on the images "
    "themselves."
)
PRINT_WHOLE = "Print everything, not only the two pages of the letter"
NOTHING_FOUND = (
    "Neither a focus of raised FDG uptake nor a structural MR abnormality passed the limits of this analysis. "
    "This does not exclude a pain generator: small, faint or untypical ones, and those outside the images, "
    "are missed."
)
HEAD = (
    '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
)


def report_html(content: ReportContent) -> str:
    """The report as HTML: no script but the viewer's, nothing loaded from elsewhere, all text from outside escaped.

    The letter to the referring physician comes first, in the language of the content; then, in English, what the
    radiologist needs to check it.
    """
    language = load_language(content.language)
    letter = make_letter(content, language)
    plan = paper_plan(content, letter)
    main = tag(
        "main",
        letter_section(content, letter, viewer_section(content.viewer, language), plan),
        _print_note(letter, plan),
        tag("div", _details(content, letter), cls="record"),
        _footer(content, language),
        lang=language.code,
    )
    title = tag("title", f"PainGenerator report: {_patient(content)}")
    styles, scripts, end = [CSS], [], ""
    if content.viewer is not None:
        styles.append(viewer_style())
        scripts.append(viewer_script())
        named = [*content.candidates, *content.attention]
        end = viewer_scripts(content.viewer, language, {one.id: place_name(one, language) for one in named})
    policy = f'<meta http-equiv="Content-Security-Policy" content="{security_policy(styles, scripts)}">\n'
    head = HEAD + policy + title + "".join(f"\n<style>{style}</style>" for style in styles)
    body = f"{main}\n{end}"
    return f'<!DOCTYPE html>\n<html lang="{language.code}">\n<head>\n{head}\n</head>\n<body>\n{body}</body>\n</html>\n'


def _print_note(letter: Letter, plan: PaperPlan) -> Html:
    """On paper: what the two pages leave out. On the screen: the choice to print all of it."""
    say, count = letter.language.say, len(letter.candidates)
    parts = [say(PRINTED_FIRST, first=plan.candidates, all=count)] if count > plan.candidates else []
    parts.append(say(PRINTED_REST))
    choice = tag("label", Html('<input type="checkbox" id="print-whole"> '), say(PRINT_WHOLE), cls="whole")
    return join((tag("p", " ".join(parts), cls="paper small"), tag("p", choice, cls="small screen")))


def _details(content: ReportContent, letter: Letter) -> Html:
    """What the radiologist needs to check the letter."""
    pictured = {one.id for one in letter.candidates}
    return tag(
        "section",
        _header(content),
        _warnings(content),
        beside_box(content),
        _summary(content),
        ranked_table(content),
        sites_section(content),
        level_text_section(content),
        prosthesis_section(content),
        evidence_section(content, pictured),
        readers_section(content),
        set_apart_section(content),
        regions_section(content.regions),
        all_measures(content),
        mr_section(content),
        suv_section(content),
        alignment_section(content),
        reference_section(content),
        series_section(content),
        parameters_section(content),
        weights_section(content),
        method_section(content),
        cls="details",
        lang="en",
    )


def _patient(content: ReportContent) -> str:
    return words.text(content.pseudonym if content.pseudonymized else written_name(content.case.patient_name))


def _header(content: ReportContent) -> Html:
    case = content.case
    rows = _identity(content)
    if case.sex:
        rows.append(("Sex", SEXES.get(case.sex, case.sex)))
    rows.append(("Study date", long_date(case.study_date, Language()) or None))
    rows.append(("Clinical group", words.clinical_group(case.group)))
    if case.group == Group.HIP_REPLACEMENT:
        rows.append(("Side of the prosthesis", case.prosthesis_side))
        rows += surgery_rows(case)
    rows.append(("Side of the pain", case.pain_side))
    levels = " ".join(level_line(content.sites, case.group)).strip()
    if levels:
        rows.append(("Levels of the spine", levels.removeprefix("Levels: ")))
    rows.append(("Report made", f"{long_time(content.created, Language())}, PainGenerator {content.software_version}"))
    return join(
        (
            tag("h1", "Details for the radiologist"),
            pairs_grid(rows),
        )
    )


def _identity(content: ReportContent) -> list[tuple[str, object]]:
    """Who the patient is, or the pseudonym."""
    case = content.case
    if content.pseudonymized:
        return [("Patient (pseudonym)", content.pseudonym or "left out")]
    rows: list[tuple[str, object]] = [("Patient", written_name(case.patient_name)), ("Patient ID", case.patient_id)]
    shown = long_date(case.birth_date, Language())
    return [*rows, ("Date of birth", shown)] if shown else rows


def pairs_grid(rows: list[tuple[str, object]]) -> Html:
    """The header's grid: each name with its value below."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows), cls="patient")


def _warnings(content: ReportContent) -> Html:
    """The boxes on top of the report."""
    return join([box for box in (_not_aligned_box(content), _by_hand_box(content), _note_box(content)) if box])


def _not_aligned_box(content: ReportContent) -> Html | None:
    broken = [row for row in content.alignment if row.get("verdict") == NOT_ALIGNED]
    if not broken:
        return None
    names = ", ".join(words.text(row.get("role")) for row in broken)
    text = (
        f" {names} could not be aligned with the reference series. Positions on one image do not match the other: "
        "PET and MR findings were not joined, and the fused pictures may be off. "
        "Give landmarks, or read the images side by side."
    )
    return tag("div", tag("p", tag("strong", "Not aligned."), text), cls="box stop")


def _by_hand_box(content: ReportContent) -> Html | None:
    by_hand = content.suv.get("given_by_hand")
    if not by_hand:
        return None
    heading = tag("strong", "Given by hand, not read from the images:")
    said = "; ".join(by_hand_words(content.suv, quantity) for quantity in by_hand)
    return tag("div", tag("p", heading, f" {said}. All SUV depend on this."), cls="box stop")


def _note_box(content: ReportContent) -> Html | None:
    """All warnings, each once. Those of the alignment name their series, as the command line names it."""
    of_alignment = [
        f"{words.text(row.get('role'))}: {warning}"
        for row in content.alignment
        if row.get("role") != Role.FAT_FRACTION
        for warning in row.get("warnings") or ()
    ]
    sources = (content.warnings, content.suv.get("warnings") or (), of_alignment)
    said = level_sentences(content.sites) if content.sites.level_certainty == Certainty.LIKELY else []
    known = {*said, " ".join(said)}  # Header and table of sites say that the levels are likely, and why.
    warnings = [text for text in dict.fromkeys(text for source in sources for text in source) if text not in known]
    if not warnings:
        return None
    return tag("div", tag("p", tag("strong", "Please note")), bullets(warnings), cls="box")


def _summary(content: ReportContent) -> Html:
    """What was found at all sites, what the reader set aside, and how much was set apart."""
    ranked = best_first(content.candidates)
    active = [c for c in ranked if c.status in (Status.PENDING, Status.ACCEPTED)]
    set_aside = [c for c in ranked if c not in active]
    parts: list[Html] = [tag("h2", "All sites in short"), _conclusion(content)]
    if active:
        parts.append(tag("p", _count_sentence(active)))
    elif ranked:
        parts.append(tag("p", f"All {words.counted(len(ranked), 'candidate')} were set aside on review."))
    else:
        parts += _nothing_words(content)
    if set_aside and active:
        names = "; ".join(f"{c.rank}. {words.title(c)} ({c.status})" for c in set_aside)
        parts.append(tag("p", f"Set aside on review: {names}."))
    if content.set_apart:
        parts.append(tag("p", apart_sentence(content)))
    return tag("section", *parts)


def _conclusion(content: ReportContent) -> Html:
    """The conclusion from all sites and candidates; empty without sites."""
    if not content.sites.rows:
        return Html("")
    said = conclusion(content.sites, content.candidates, content.attention, content.readers.removed)
    return tag("p", tag("strong", "Conclusion. "), said)


def _nothing_words(content: ReportContent) -> list[Html]:
    """That nothing was found; empty where the conclusion says it already."""
    if content.sites.rows:
        return []
    removed = content.readers.removed
    said = tag("p", tag("strong", none_sentence(content.candidates, removed)))
    return [said] if removed else [said, tag("p", NOTHING_FOUND)]


def _count_sentence(active: list[Candidate]) -> str:
    counts = [
        f"{sum(c.evidence == evidence for c in active)} on {words.EVIDENCE_WORDS[evidence]}"
        for evidence in Evidence
        if any(c.evidence == evidence for c in active)
    ]
    accepted = sum(c.status == Status.ACCEPTED for c in active)
    found = words.counted(len(active), "candidate pain generator")
    verb = "was" if len(active) == 1 else "were"
    reviewed = f"{accepted} of {len(active)} accepted on review so far." if accepted else "None is reviewed yet."
    return f"{found[0].upper()}{found[1:]} {verb} found ({', '.join(counts)}). {reviewed}"


def _footer(content: ReportContent, language: Language) -> Html:
    said = language.say(NO_DEVICE, version=content.software_version)
    return tag("footer", html(f"{language.say(RESEARCH_USE)} {said}"))
