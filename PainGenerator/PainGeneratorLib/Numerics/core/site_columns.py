"""The registry of the columns of the table of sites: what is known of a site, and how every output shows it.

The columns are entries as in :data:`.measures.MEASURES`, with the same outputs. ``sites.json`` and ``sites.csv``, the
table in the scene, the panel and the report ask :func:`columns_of` for the columns that they show. To add a column,
add an entry: it then appears in every output that the entry names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from .measures import (
    MEASURES,
    SUV_BW,
    UCUM_SUV_BW,
    Kind,
    Measure,
    Output,
    Shown,
    shown_in,
)
from .site_reading import raised_word
from .sites import SiteRow
from .words import MR_ROLES

_FILES_ONLY = frozenset({Output.FILES})
_STORED = frozenset({Output.FILES, Output.SCENE_TABLE})
_LISTED = frozenset({Output.FILES, Output.SCENE_TABLE, Output.PANEL})
_ALL = frozenset({*_LISTED, Output.REPORT_MEASURES})
"""The last output is the report, whose table by level and side shows the values in its cells."""


def _like(measure: str, **changes: Any) -> Measure:
    """The column of a measure that candidates have, too: same title, unit, digits and codes, with what differs."""
    entry = next(one for one in MEASURES if one.key == measure)
    return replace(entry, **{"shown": {}, **changes})


def _of_series(field: str, role: str) -> Callable[[SiteRow], float | None]:
    """What was measured on one MR series; None where there is none, or the site is outside of it."""

    def value(row: SiteRow) -> float | None:
        by_role: Mapping[str, float] = getattr(row, field)
        return by_role.get(role)

    return value


def _of_norm(field: str) -> Callable[[SiteRow], Any]:
    """A part of the published norm; None for a site without one."""

    def value(row: SiteRow) -> Any:
        return None if row.norm is None else getattr(row.norm, field)

    return value


_SIGNALS = tuple(
    Measure(
        key=f"signal_{role.lower()}",
        title=f"{role} signal",
        value=_of_series("signals", role),
        how=f"The median signal of the site on the series {role}, in the units of that series.",
        description=f"Median signal on {role}",
        ucum="[arb'U]",
        outputs=_STORED,
    )
    for role in MR_ROLES
)
_Z = tuple(
    Measure(
        key=f"z_{role.lower()}",
        title=f"{role} z",
        value=_of_series("z", role),
        how=f"The signal on the series {role} less that of the like sites, over their spread; negative when darker.",
        digits=1,
        stored_digits=2,
        description=f"Signal on {role} against the like sites, in spreads",
        ucum="1",
        outputs=_STORED,
    )
    for role in MR_ROLES
)

SITE_COLUMNS: tuple[Measure, ...] = (
    Measure(
        key="name",
        title="Site",
        value=attrgetter("site.name"),
        how="The anatomical name, with side and level.",
        kind=Kind.TEXT,
        outputs=_LISTED,
    ),
    Measure(
        key="structure",
        title="Structure",
        value=attrgetter("site.structure"),
        how="The kind of the site, without side and level; sites of one kind are compared with each other.",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="side",
        title="Side",
        value=attrgetter("site.side"),
        how="The patient's right or left, or the midline.",
        kind=Kind.TEXT,
        outputs=_LISTED,
    ),
    Measure(
        key="side_certainty",
        title="Side is",
        value=attrgetter("site.side_certainty"),
        how="How much the side can be relied on: certain, likely or uncertain.",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="level",
        title="Level",
        value=attrgetter("site.level"),
        how="The vertebra, or the disc with its two vertebrae.",
        kind=Kind.TEXT,
        outputs=_LISTED,
    ),
    Measure(
        key="level_certainty",
        title="Level is",
        value=lambda row: None if row.site.level is None else row.site.level_certainty,
        how="How much the level can be relied on: certain, likely or uncertain.",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="zone",
        title="Zone",
        value=attrgetter("site.zone"),
        how="The zone at a prosthesis (Gruen, DeLee and Charnley).",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="state",
        title="Reading",
        value=attrgetter("state"),
        how="Abnormal, normal or not assessable.",
        kind=Kind.TEXT,
        outputs=_LISTED,
    ),
    Measure(
        key="raised",
        title="Raised",
        value=raised_word,
        how="Yes where the uptake is raised, no where it is not; unknown where it could not be measured.",
        kind=Kind.TEXT,
        outputs=_LISTED,
    ),
    Measure(
        key="reasons",
        title="Why",
        value=attrgetter("reasons"),
        how="Why the site is abnormal or not assessable.",
        kind=Kind.WORDS,
        outputs=_STORED,
    ),
    _like(
        "suv_peak",
        how="The mean SUVbw of the hottest sphere of 1 ml (radius 6.2 mm) whose center lies in the site. The sphere "
        "may reach beyond a small site, so that SUVpeak can exceed SUVmax.",
        outputs=_ALL,
    ),
    _like("suv_max", how="The largest SUVbw of the voxels in the site.", outputs=_STORED),
    _like("suv_mean", how="The mean SUVbw of the voxels in the site.", description="Mean SUVbw", outputs=_STORED),
    Measure(
        key="reference_name",
        title="Reference tissue",
        value=attrgetter("reference_name"),
        how="The normal tissue of the same kind with which the uptake is compared.",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="reference",
        title="Reference",
        value=attrgetter("reference"),
        how="The SUVbw of the reference tissue.",
        unit="g/ml",
        stored_digits=4,
        description="SUVbw of the reference tissue",
        ucum=UCUM_SUV_BW,
        quantity=SUV_BW,
        outputs=_STORED,
    ),
    _like(
        "tbr",
        key="ratio",
        value=attrgetter("ratio"),
        how="SUVpeak over the SUVbw of the reference tissue.",
        outputs=_ALL,
        shown={Output.REPORT_MEASURES: Shown(digits=1)},
    ),
    Measure(
        key="side_ratio",
        title="To its partner",
        value=attrgetter("side_ratio"),
        how="SUVpeak over the SUVpeak of its partner on the other side, the same site there.",
        description="SUVpeak over that of its partner",
        ucum="{ratio}",
        outputs=_ALL,
        shown={Output.REPORT_MEASURES: Shown(digits=1)},
    ),
    Measure(
        key="level_ratio",
        title="To other levels",
        value=attrgetter("level_ratio"),
        how="SUVpeak over the median SUVpeak of the like sites at the other levels.",
        description="SUVpeak over that of the other levels",
        ucum="{ratio}",
        outputs=_ALL,
        shown={Output.REPORT_MEASURES: Shown(digits=1)},
    ),
    Measure(
        key="level_spread",
        title="Spread of levels",
        value=attrgetter("level_spread"),
        how="The spread (1.4826 MAD) of the like sites at the other levels, as a part of their median.",
        description="Spread of the like sites, as a part of their median",
        ucum="{ratio}",
        outputs=_STORED,
    ),
    Measure(
        key="level_z",
        title="Levels z",
        value=attrgetter("level_z"),
        how="SUVpeak less the median of the like sites at the other levels, over their spread.",
        digits=1,
        stored_digits=2,
        description="SUVpeak against the like sites, in spreads",
        ucum="1",
        outputs=_STORED,
    ),
    *_SIGNALS,
    *_Z,
    Measure(
        key="mr_signs",
        title="MR",
        value=attrgetter("mr_signs"),
        how="The kinds of the MR findings at the site.",
        kind=Kind.WORDS,
        outputs=_ALL,
    ),
    Measure(
        key="norm",
        title="Norm",
        value=_of_norm("text"),
        how="What is published about the uptake of this kind of site without disease.",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="norm_mean",
        title="Norm mean",
        value=_of_norm("mean"),
        how="The published mean, of the SUV that the norm names.",
        unit="g/ml",
        ucum=UCUM_SUV_BW,
        outputs=_FILES_ONLY,
    ),
    Measure(
        key="norm_sd",
        title="Norm SD",
        value=_of_norm("sd"),
        how="The published standard deviation.",
        unit="g/ml",
        ucum=UCUM_SUV_BW,
        outputs=_FILES_ONLY,
    ),
    Measure(
        key="norm_source",
        title="Norm from",
        value=_of_norm("source"),
        how="The publication of the norm.",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="candidates",
        title="Candidates",
        value=attrgetter("candidates"),
        how="The IDs of the candidates at the site.",
        kind=Kind.WORDS,
        outputs=_LISTED,
    ),
    Measure(
        key="flags",
        title="Flags",
        value=attrgetter("flags"),
        how="Words for what a reader must keep in mind; each has a sentence.",
        kind=Kind.WORDS,
        outputs=_STORED,
    ),
    Measure(
        key="source",
        title="Found by",
        value=attrgetter("site.source"),
        how="Where the position comes from: MR, anatomy segmentation, or the shape of the prosthesis.",
        kind=Kind.TEXT,
        outputs=_STORED,
    ),
    Measure(
        key="center_ras_mm",
        title="Position",
        value=attrgetter("site.center_ras"),
        how="The middle of the site, in the frame of the reference series.",
        kind=Kind.POINT,
        unit="mm",
        stored_digits=2,
        ucum="mm",
        outputs=_FILES_ONLY,
    ),
)
"""All columns of the table of sites, in the order of every output."""


def row_as_stored(row: SiteRow) -> SiteRow:
    """A row with the numbers of ``sites.json``; see :func:`.measures.as_stored`."""
    stored = {one.key: one.stored(row) for one in SITE_COLUMNS if one.kind is Kind.NUMBER}
    names = {one.name for one in fields(row)}
    z = {role: stored.get(f"z_{role.lower()}", value) for role, value in row.z.items()}
    return replace(row, z=z, **{name: value for name, value in stored.items() if name in names})


def columns_of(output: Output) -> tuple[Measure, ...]:
    """The columns of the table of sites that an output shows, in its order, with its titles, units and digits."""
    return shown_in(SITE_COLUMNS, output)
