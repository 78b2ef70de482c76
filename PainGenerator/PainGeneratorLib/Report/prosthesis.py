"""The report's section about hip prostheses, and the same for ``sites.json``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.sites import InterfacePattern, InterfaceWord, InterfaceZone, SiteState, SiteTable
from ..Numerics.fusion.loosening import RAISED_OVER_OTHER, RAISED_RATIO
from . import words
from .content import ReportCase, ReportContent
from .html import Html, bullets, join, tag
from .languages import Language
from .person_words import long_date
from .report_tables import section

HEADS = (
    "Zone",
    "Uptake",
    "SUVpeak (g/ml)",
    "Over the other hip",
    "Over the shaft below",
    "Over normal marrow",
    "MR",
    "Remark",
)
STATE_WORDS = {
    SiteState.ABNORMAL: "raised",
    SiteState.NORMAL: "not raised",
    SiteState.NOT_ASSESSABLE: "not assessable",
}
"""What a state says of the uptake of a zone."""
PATTERN_HEADINGS: Mapping[str, str] = {
    InterfaceWord.NECK: "uptake at the neck only",
    InterfaceWord.FOCAL: "focal uptake",
    InterfaceWord.ALONG: "uptake along the interface",
    InterfaceWord.EXTENDED: "uptake with soft tissue extension",
}
"""A pattern as it stands after the side; the other patterns are whole words of their own."""
LEGEND = (
    "Gruen zones: 1 to 3 lateral of the stem from above downward, 4 below its tip, 5 to 7 medial from below upward, "
    "8 to 10 in front and 12 to 14 behind. DeLee-Charnley zones of the cup: I superolateral, II superomedial, III "
    f"inferomedial. Uptake is called raised from {RAISED_OVER_OTHER:g} times the other hip and {RAISED_RATIO:g} times "
    "the shaft below or normal marrow, as far as they are known. The table of sites has limits of its own, "
    "and calls a zone beside metal without raised uptake not assessable, as the PET may show too little there. The "
    "pattern names no disease."
)


def prosthesis_section(content: ReportContent) -> Html:
    """The pattern of the uptake along each prosthesis, with a table of its zones; empty without a prosthesis."""
    patterns = content.sites.interfaces
    if not patterns:
        return Html("")
    parts = [part for pattern in patterns for part in _pattern(pattern)]
    return section("Prosthesis", *parts, tag("p", LEGEND, cls="small"))


def surgery_rows(case: ReportCase) -> list[tuple[str, object]]:
    """What was given about a hip replacement, for the header; nothing for what was not given."""
    crp = None if case.crp_mg_l is None else f"{case.crp_mg_l:g} mg/l"
    rows = (
        ("Hip replaced on", long_date(case.surgery_date, Language()) or None),
        ("Fixation", case.fixation),
        ("CRP", crp),
    )
    return [(name, value) for name, value in rows if value is not None]


def _pattern(pattern: InterfacePattern) -> list[Html]:
    heading = tag(
        "strong", f"{pattern.side.capitalize()} hip: {PATTERN_HEADINGS.get(pattern.pattern, pattern.pattern)}. "
    )
    notes = [bullets(pattern.notes)] if pattern.notes else []
    return [tag("p", heading, pattern.sentence), *notes, _table(pattern.zones)]


def _table(zones: Sequence[InterfaceZone]) -> Html:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in HEADS)))
    shown = tag("table", head, tag("tbody", join([_row(zone) for zone in zones])))
    return tag("div", shown, cls="scroll")


def _row(zone: InterfaceZone) -> Html:
    measures = (zone.suv_peak, zone.opposite_ratio, zone.distal_ratio, zone.reference_ratio)
    cells: tuple[str, ...] = (
        STATE_WORDS[SiteState(zone.state)],
        *(words.number(value, 2) for value in measures),
        ", ".join(map(sign_words, zone.mr_signs)) or words.number(None),
        zone.reason or words.number(None),
    )
    return tag("tr", tag("th", zone.zone, scope="row"), *(tag("td", cell) for cell in cells))


def interfaces_json(table: SiteTable) -> list[dict[str, Any]]:
    """The pattern of each prosthesis with its zones, for ``sites.json``."""
    return [
        {
            "side": pattern.side,
            "pattern": pattern.pattern,
            "sentence": pattern.sentence,
            "notes": list(pattern.notes),
            "zones": [_zone_json(zone) for zone in pattern.zones],
        }
        for pattern in table.interfaces
    ]


def _zone_json(zone: InterfaceZone) -> dict[str, Any]:
    """The fields of a zone; measures rounded as in the table of sites."""
    return {
        name: round(float(value), 3)
        if isinstance(value, float)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in dataclasses.asdict(zone).items()
    }
