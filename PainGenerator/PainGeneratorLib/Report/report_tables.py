"""The report's tables: candidates, MR findings, SUV, alignment, references, parameters, method."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ..Numerics.core.measures import Measure, Output, measures_of
from ..Numerics.core.records import Candidate, MRFinding
from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.words import Certainty
from . import words
from .content import ReportContent, Row
from .evidence_section import POINTS_NOTE
from .html import Html, bullets, join, table, tag
from .languages import Language
from .person_words import long_date
from .tables import best_first

NOT_ALIGNED = "not aligned"
"""The verdict of a series whose positions must not be trusted."""
METHOD = (
    "SUV is SUVbw: activity per ml, times body weight, over the injected activity, in g/ml. SUVpeak is the mean of "
    "the hottest 1 ml sphere (radius 6.2 mm) whose center lies in the focus; SUVmean, metabolic volume and total "
    "lesion glycolysis (SUVmean times volume) are those of the outlined focus.",
    "Ratio: SUVpeak over the median of matched reference tissue of the same kind in the same person. "
    "Pain generators take up little FDG; a fixed SUV limit would miss them.",
    "Left\u2013right: SUVpeak over the SUVpeak of the mirrored place; above 1, this side is the hotter one.",
    "Two comparisons with the other side: the mirrored place lies where one plane mirrors the candidate; its partner "
    "on the other side is the same site there, such as the other facet joint of the level. The two ratios may differ.",
    "SUVpeak and SUVmean: the peak is the mean of a sphere of 1 ml. In a focus smaller than that, it holds tissue "
    "around the focus, so that SUVmean of the outline may be the higher one.",
    "z: how many robust standard deviations the MR signal lies above (or, negative, below) its reference tissue "
    "in the same series. Fluid has none: its signal is compared with that of muscle, as a ratio.",
    "PET and MR of a place are abnormal, normal or not assessable. Not assessable says nothing about the place: the "
    "image does not show it, metal hides it, or the series that could show it is missing.",
    "Positions: millimeters from the zero point of the scanner, in the patient's directions, on the reference series.",
    "Sites: discs, joints, bones and muscles of the region are measured at their places, whether or not anything is "
    "abnormal there. Uptake is called raised when it stands out from the like sites of the other levels, from its "
    "partner on the other side, or from the reference tissue; the text of the site says from which.",
)
_NUCLIDE = re.compile(r"\s*\^(\d+)\^?$")
"""Mass of a nuclide as senders write it behind the element."""
LIMITS = (
    "Uptake and MR abnormalities are common in people without pain; a candidate becomes a pain generator only "
    "together with history, examination and, where fitting, a diagnostic block.",
    "Near metal, attenuation correction and MR signal are unreliable: low uptake there does not mean normal.",
    "Muscle use, recent injections or surgery, and infection or tumor raise the uptake as well.",
)


def section(title: str, *parts: object) -> Html:
    return tag("section", tag("h2", title), *parts)


def _place_words(candidate: Candidate) -> str:
    """Level and zone; the level with its certainty where it is not certain."""
    place = candidate.place
    certainty = place.level_certainty
    level = place.level if certainty in (None, Certainty.CERTAIN) else f"{place.level} ({certainty})"
    return ", ".join(part for part in (level, place.zone) if part)


def _name(candidate: Candidate) -> Html:
    """The name, with a remark where its level is uncertain."""
    name = tag("strong", candidate.place.name, cls="name")
    if not words.lacks_doubt(candidate.place):
        return name
    return join((name, tag("span", f", {words.LEVEL_UNCERTAIN}", cls="by-hand")))


def _measure_table(candidates: Sequence[Candidate], output: Output) -> Html:
    """The measures that an output shows, one line per candidate."""
    measures = measures_of(output)
    header = [(measure.title, measure.unit) if measure.unit else measure.title for measure in measures]
    rows = [[_cell(measure, c) for measure in measures] for c in best_first(candidates)]
    return table(header, rows, numeric=[n for n, measure in enumerate(measures) if measure.is_number])


def _cell(measure: Measure, candidate: Candidate) -> object:
    """One value as a cell of the report."""
    own = _OWN_CELLS.get(measure.key)
    return words.measured(measure, measure.stored(candidate)) if own is None else own(candidate)


def _side_words(candidate: Candidate) -> str:
    """The side, with its certainty where it is not certain."""
    place = candidate.place
    return place.side if place.side_certainty == Certainty.CERTAIN else f"{place.side} ({place.side_certainty})"


_OWN_CELLS: Mapping[str, Callable[[Candidate], object]] = {
    "id": lambda candidate: tag("span", candidate.id, cls="score"),
    "name": _name,
    "side": _side_words,
    "level": _place_words,
    "mr_kind": words.mr_or_state,
    "suv_peak": words.suv_peak_or_state,
}
"""Cells of the report that show more than the value of their measure, by key."""


def ranked_table(content: ReportContent) -> Html:
    """The ranked list, one line per candidate."""
    if not content.candidates:
        return Html("")
    ranking = _measure_table(content.candidates, Output.REPORT_RANKING)
    return section("All candidates, best first", tag("p", POINTS_NOTE, cls="small"), ranking)


def all_measures(content: ReportContent) -> Html:
    """The other measures of every candidate, with its position, and the cautions."""
    if not content.candidates:
        return Html("")
    cautions = [_caution(candidate) for candidate in best_first(content.candidates) if candidate.flags]
    listed = join((tag("h3", "Cautions"), bullets(cautions))) if cautions else Html("")
    return section("All measures", _measure_table(content.candidates, Output.REPORT_MEASURES), listed)


def _caution(candidate: Candidate) -> Html:
    heading = tag("strong", f"{candidate.rank}. {words.title(candidate)}: ")
    return join((heading, " ".join(words.flag_text(flag) for flag in dict.fromkeys(candidate.flags))))


def mr_section(content: ReportContent) -> Html:
    """Every MR finding, with the candidate that it belongs to and the rule that gave it its kind."""
    if not content.mr_findings:
        return section("MR findings", tag("p", "No structural abnormality passed the limits on MR."))
    owners = {id(finding): c.rank for c in content.candidates for finding in c.mr_findings}
    header = [
        "Kind",
        ("Candidate", "#"),
        ("Volume", "ml"),
        "Series",
        ("Signal", "z, or times muscle"),
        ("z on T1", "to reference"),
        ("Grade", "0 to 1"),
        ("Position", "from the zero point of the scanner"),
        "Cautions",
        "Rule",
    ]
    rows = [
        [
            sign_words(f.kind),
            owners.get(id(f)),
            words.number(f.volume_ml),
            f.series_role,
            _signal(f),
            words.number(f.z_t1, 1),
            words.number(f.grade),
            words.position(f.centroid_ras_mm),
            " ".join(words.flag_text(flag) for flag in f.flags),
            f.rule,
        ]
        for f in content.mr_findings
    ]
    return section("MR findings", table(header, rows, numeric=(1, 2, 4, 5, 6)))


def _signal(finding: MRFinding) -> str:
    """The z-score of a finding; for fluid, its signal over that of muscle."""
    if finding.kind not in words.KINDS_OF_FLUID:
        return words.number(finding.z, 1)
    return words.UNKNOWN if finding.over_muscle is None else words.times(finding.over_muscle)


def suv_section(content: ReportContent) -> Html:
    """How SUV was computed, in words and with every number used."""
    suv = content.suv
    if not suv:
        return section("SUV", tag("p", "There is no SUV for this case."))
    provenance = suv.get("provenance") or []
    by_hand = suv.get("given_by_hand") or []
    rows = [_provenance_row(row, by_hand) for row in provenance]
    header = ["Quantity", "Value", "Unit", "Source", "Note"]
    detail = table(header, rows) if rows else Html("")
    hand = tag("p", f"Given by hand: {', '.join(by_hand)}.", cls="by-hand") if by_hand else Html("")
    return section("SUV: which numbers were used", tag("p", suv_sentence(suv)), hand, detail)


def _provenance_row(row: Row, by_hand: list[str]) -> list[Html]:
    cls = "by-hand" if row.get("quantity") in by_hand or row.get("source") == "given by hand" else ""
    value, unit, note = row.get("value"), row.get("unit"), row.get("note")
    if unit == "Bq" and isinstance(value, int | float):
        value, unit = f"{value / 1e6:.1f}", "MBq"
    shown = (row.get("quantity"), tracer_words(value), unit, row.get("source"), note)
    return [tag("span", text, cls=cls) for text in shown]


def tracer_words(value: object) -> object:
    """A tracer with its nuclide as people write it: "Fluorodeoxyglucose F-18" for ``Fluorodeoxyglucose F^18^``."""
    return _NUCLIDE.sub(r"-\1", value) if isinstance(value, str) else value


def suv_sentence(suv: Row) -> str:
    """How SUV was computed, in one sentence.

    Parameters
    ----------
    suv : mapping
        As in ``suv.json``.
    """

    def known(quantity: str) -> object:
        return next((row.get("value") for row in suv.get("provenance") or [] if row.get("quantity") == quantity), None)

    units, tracer = known("Units"), tracer_words(known("Tracer"))
    dose = suv.get("dose_bq")
    measured = (
        ("weight", suv.get("weight_kg"), 1, "kg"),
        ("injected activity", None if dose is None else dose / 1e6, 1, "MBq"),
        ("uptake time", suv.get("uptake_minutes"), 0, "min"),
        ("half-life", suv.get("half_life_s"), 0, "s"),
    )
    stored = f" (stored as {words.text(units)})" if units else ""
    parts = [
        *(
            f"{name} {'not known' if value is None else words.number(value, digits, unit)}"
            for name, value, digits, unit in measured
        ),
        f"decay correction {known('Decay correction') or 'not known'}",
    ]
    end = f"; tracer {words.text(tracer)}." if tracer else "."
    return f"{_factor_words(suv)}{stored}: {', '.join(parts)}{end}"


def _factor_words(suv: Row) -> str:
    """The factor from stored values to SUV, in words."""
    factor, per_slice = suv.get("factor"), suv.get("factors_per_slice")
    if factor is not None:
        return f"SUVbw (g/ml) is the stored value times {words.text(float(factor))}"
    if per_slice:
        low, high = min(per_slice), max(per_slice)
        return f"SUVbw (g/ml) is the stored value times a factor per slice, {low:.6g} to {high:.6g}"
    return "The SUVbw factor is not known"


def alignment_section(content: ReportContent) -> Html:
    """One row per series: what the alignment did and whether it can be trusted."""
    if not content.alignment:
        return section("Alignment", tag("p", "There was nothing to align."))
    header = ["Series", "Verdict", "Transform", ("Shift", "mm"), ("Rotation", "degrees"), ("Spread", "mm"), "Reason"]
    rows = [_alignment_row(row) for row in content.alignment]
    note = (
        "Shift and rotation: change from the scanner's own alignment, at the middle of the overlap. "
        "Spread: how far repeated runs from other starts end apart."
    )
    return section(
        "Alignment with the reference series", table(header, rows, numeric=(3, 4, 5)), tag("p", note, cls="small")
    )


def _alignment_row(row: Row) -> list[object]:
    verdict, through = row.get("verdict"), row.get("through")
    kept = words.text(row.get("kept"))
    return [
        row.get("role"),
        tag("span", verdict, cls="by-hand") if verdict == NOT_ALIGNED else verdict,
        f"{kept}, through {through}" if through else kept,
        words.number(row.get("shift_mm"), 1),
        words.number(row.get("rotation_deg"), 1),
        words.number(row.get("spread_mm"), 1),
        " ".join(text for text in (row.get("reason"), row.get("advice")) if text),
    ]


def reference_section(content: ReportContent) -> Html:
    """Values of the reference tissues."""
    if not content.reference_tissues:
        return Html("")
    header = ["Tissue", "Image", "Median", "Spread", "Unit", ("Volume", "ml"), "Method", "Use"]
    rows = [
        [
            row.tissue,
            row.image,
            words.number(row.median),
            words.number(row.spread),
            row.unit,
            words.number(row.volume_ml, 1),
            row.method,
            row.use,
        ]
        for row in content.reference_tissues
    ]
    return section("Reference tissues", table(header, rows, numeric=(2, 3, 5)))


def series_section(content: ReportContent) -> Html:
    """The series that were read and their roles."""
    if not content.series:
        return Html("")
    names = ("role", "number", "description", "date", "reason")
    rows = [[_date_or_text(name, row.get(name)) for name in names] for row in content.series]
    shown = [table(["Role", "Number", "Description", "Date", "Why this role"], rows)]
    if content.left_out and not content.pseudonymized:
        shown.append(tag("p", "Left out:"))
        shown.append(table(["What", "Why"], [list(pair) for pair in content.left_out]))
    return section("Series", *shown)


def _date_or_text(name: str, value: object) -> object:
    return long_date(str(value), Language()) if name == "date" and value else value


def parameters_section(content: ReportContent) -> Html:
    """Parameters whose value is not the protocol's."""
    protocol = f"Protocol: {content.protocol}. " if content.protocol else ""
    if not content.changed_parameters:
        return section("Parameters", tag("p", protocol + "All parameters have the values of the protocol as shipped."))
    rows = [
        [row.name, tag("strong", row.value), row.shipped, row.unit, row.description]
        for row in content.changed_parameters
    ]
    header = ["Parameter", "Value here", "As shipped", "Unit", "Meaning"]
    return section(
        "Parameters", tag("p", protocol + "These differ from the protocol as shipped:"), table(header, rows)
    )


def method_section(content: ReportContent) -> Html:
    """What the numbers mean, and what they cannot show."""
    parts = [bullets((*METHOD, *content.method)), tag("h3", "Limits"), bullets(LIMITS)]
    return section("Method and limits", join(parts))
