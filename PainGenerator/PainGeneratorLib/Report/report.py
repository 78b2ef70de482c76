"""The report: one self-contained HTML file for the referring physician, the radiologist and the record."""

from __future__ import annotations

import os

from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Evidence
from . import words
from .content import ReportContent
from .html import Html, bullets, embedded_image, html, join, pairs, tag
from .output_folder import write_text
from .report_tables import (
    NOT_ALIGNED,
    alignment_section,
    all_measures,
    excluded_section,
    method_section,
    mr_section,
    parameters_section,
    ranked_table,
    reference_section,
    score_section,
    series_section,
    suv_section,
)
from .style import CSS
from .tables import best_first

RESEARCH_USE = "Research use only. Candidates, never a diagnosis."
LED_IN_WORDS = 3
"""How many candidates the summary tells in words."""
GROUPS = {"low-back": "Chronic low back pain", "hip-replacement": "Pain after total hip replacement"}
HEAD = (
    '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    # Nothing may be loaded from elsewhere and nothing runs, whatever a patient's name holds.
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "style-src 'unsafe-inline'\">\n"
    '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
)


def write_report(path: str | os.PathLike, content: ReportContent) -> None:
    """Write ``report.html``, atomically; the same content gives the same bytes.

    Parameters
    ----------
    path : str or Path
    content : ReportContent

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    write_text(path, report_html(content))


def report_html(content: ReportContent) -> str:
    """The report as HTML: no script, nothing loaded from elsewhere, all text from outside escaped."""
    main = tag(
        "main",
        _header(content),
        _warnings(content),
        _summary(content),
        ranked_table(content),
        _pictures(content),
        all_measures(content),
        score_section(content),
        mr_section(content),
        excluded_section(content),
        suv_section(content),
        alignment_section(content),
        reference_section(content),
        series_section(content),
        parameters_section(content),
        method_section(content),
        _footer(content),
    )
    title = tag("title", f"PainGenerator report: {_patient(content)}")
    head = f"{HEAD}{title}\n<style>{CSS}</style>"
    return f'<!DOCTYPE html>\n<html lang="en-US">\n<head>\n{head}\n</head>\n<body>\n{main}\n</body>\n</html>\n'


def _patient(content: ReportContent) -> str:
    name = content.case.get("pseudonym") if content.pseudonymized else content.case.get("patient_name")
    return words.text(name)


def _header(content: ReportContent) -> Html:
    case = content.case
    rows: list[tuple[str, object]] = []
    if content.pseudonymized:
        rows.append(("Patient (pseudonym)", case.get("pseudonym") or "left out"))
    else:
        rows += [("Patient", case.get("patient_name")), ("Patient ID", case.get("patient_id"))]
        if case.get("birth_date"):
            rows.append(("Date of birth", case["birth_date"]))
    if case.get("sex"):
        rows.append(("Sex", case["sex"]))
    rows.append(("Study date", case.get("study_date")))
    group = case.get("group")
    rows.append(("Clinical group", GROUPS.get(group, group)))
    if group == "hip-replacement":
        rows.append(("Side of the prosthesis", case.get("prosthesis_side")))
    rows.append(("Side of the pain", case.get("pain_side")))
    rows.append(("Report made", f"{content.created}, PainGenerator {content.software_version}"))
    return join(
        (
            tag("h1", "FDG-PET/MRI: candidate pain generators"),
            tag("p", tag("strong", RESEARCH_USE), cls="use"),
            pairs_grid(rows),
        )
    )


def pairs_grid(rows: list[tuple[str, object]]) -> Html:
    """The header's grid: each name with its value below."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows), cls="patient")


def _warnings(content: ReportContent) -> Html:
    broken = [row for row in content.alignment if row.get("verdict") == NOT_ALIGNED]
    boxes = []
    if broken:
        names = ", ".join(words.text(row.get("role")) for row in broken)
        text = (
            f" {names} could not be aligned with the reference series. Positions on one image do not match the other: "
            "PET and MR findings were not joined, and the fused pictures may be off. "
            "Give landmarks, or read the images side by side."
        )
        boxes.append(tag("div", tag("p", tag("strong", "Not aligned."), text), cls="box stop"))
    by_hand = content.suv.get("given_by_hand") or []
    if by_hand:
        text = f" {', '.join(by_hand)}. All SUV depend on this."
        heading = tag("strong", "Given by hand, not read from the images:")
        boxes.append(tag("div", tag("p", heading, text), cls="box stop"))
    sources = (
        content.warnings,
        content.suv.get("warnings") or (),
        *(r.get("warnings") or () for r in content.alignment),
    )
    others = list(dict.fromkeys(warning for source in sources for warning in source))
    if others:
        heading = tag("p", tag("strong", "Please note"))
        boxes.append(tag("div", heading, bullets(others), cls="box"))
    return join(boxes)


def _summary(content: ReportContent) -> Html:
    ranked = best_first(content.candidates)
    active = [c for c in ranked if c.status in ("pending", "accepted")]
    parts: list[Html] = [tag("h2", "In short")]
    if active:
        parts.append(tag("p", _count_sentence(active)))
        items = [join((tag("strong", words.title(c) + ": "), words.sentence(c))) for c in active[:LED_IN_WORDS]]
        listed = (f'<li value="{c.rank}">{item}</li>' for c, item in zip(active[:LED_IN_WORDS], items, strict=True))
        parts.append(Html(f"<ol>{''.join(listed)}</ol>"))
        if len(active) > LED_IN_WORDS:
            rest = "; ".join(f"{c.rank}. {words.title(c)}" for c in active[LED_IN_WORDS:])
            parts.append(tag("p", f"Then, by score: {rest}."))
    elif ranked:
        parts.append(tag("p", f"All {words.counted(len(ranked), 'candidate')} were set aside on review."))
    else:
        parts.append(tag("p", tag("strong", "No candidate pain generator was found.")))
        text = (
            "Neither a focus of raised FDG uptake nor a structural MR abnormality passed the limits of this analysis. "
            "This does not exclude a pain generator: small, faint or untypical ones, and those outside the images, "
            "are missed."
        )
        parts.append(tag("p", text))
    set_aside = [c for c in ranked if c not in active]
    if set_aside and active:
        names = "; ".join(f"{c.rank}. {words.title(c)} ({c.status})" for c in set_aside)
        parts.append(tag("p", f"Set aside on review: {names}."))
    picture = Html("")
    if content.overview_png:
        text = "Maximum-intensity projections of the PET, seen from the front and from the left, with the candidates."
        legend = (
            "PET seen from the front and from the left (maximum-intensity projection; darker is more uptake). "
            "Numbers are ranks. Two rings: PET and MR evidence; one ring: PET only; square: MR only."
        )
        picture = tag("figure", embedded_image(content.overview_png, text), tag("figcaption", legend), cls="overview")
    return tag("section", tag("div", *parts, cls="short"), picture)


def _count_sentence(active: list[Candidate]) -> str:
    counts = [
        f"{sum(c.evidence == evidence for c in active)} on {words.EVIDENCE_WORDS[evidence]}"
        for evidence in Evidence
        if any(c.evidence == evidence for c in active)
    ]
    accepted = sum(c.status == "accepted" for c in active)
    found = words.counted(len(active), "candidate pain generator")
    verb = "was" if len(active) == 1 else "were"
    reviewed = f"{accepted} of {len(active)} accepted on review so far." if accepted else "None is reviewed yet."
    return f"{found[0].upper()}{found[1:]} {verb} found ({', '.join(counts)}). {reviewed}"


def _pictures(content: ReportContent) -> Html:
    shown = [c for c in best_first(content.candidates) if c.id in content.key_images]
    if not shown:
        return Html("")
    articles = [tag("h2", "Candidates in pictures"), *(_article(c, content) for c in shown)]
    left = len(content.candidates) - len(shown)
    if left:
        verb = "is" if left == 1 else "are"
        text = f"{words.counted(left, 'further candidate')} {verb} in the tables without a picture."
        articles.append(tag("p", text, cls="small"))
    return join(articles)


def _article(candidate: Candidate, content: ReportContent) -> Html:
    image = content.key_images[candidate.id]
    heading = tag(
        "h3",
        f"{candidate.rank}. {words.title(candidate)} ",
        evidence_tag(candidate.evidence),
        Html(" "),
        tag("span", f"score {words.number(candidate.score, 0)} of 100", cls="unit"),
    )
    alternative = f"Key image of candidate {candidate.rank}: axial, coronal and sagittal plane."
    return tag(
        "article",
        heading,
        pairs(words.evidence_list(candidate), "evidence"),
        tag("figure", embedded_image(image.jpeg, alternative), tag("figcaption", image.caption), cls="key"),
        cls="candidate",
    )


def evidence_tag(evidence: str) -> Html:
    """The kind of evidence as a small label; told apart by word and border, not by color alone."""
    return tag("span", evidence, cls=f"tag {evidence.replace('+', '').replace(' ', '')}")


def _footer(content: ReportContent) -> Html:
    text = (
        f"{RESEARCH_USE} PainGenerator {content.software_version} is not a medical device; every candidate has to be "
        "judged by a physician on the images themselves."
    )
    return tag("footer", html(text))
