"""The registry of measures: what is known of a candidate, and how every list, table and file shows it.

A measure is anything that a column can hold: a number, a name, a decision of the reader. Each has one entry in
:data:`MEASURES`. The outputs (files, scene, panel, terminal, report) ask :func:`measures_of` for the measures that
they show, in their order and with their titles, units and digits. To add a measure, add an entry: it then appears in
every output that the entry names.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from .coding import DCM, SCT, Code
from .short_names import short_name
from .strength import strength_word

if TYPE_CHECKING:
    from .records import Candidate


class Output(StrEnum):
    """The places that show the measures of candidates."""

    FILES = "files"
    """``candidates.json`` and, with lists and groups spread over columns, ``candidates.csv``."""
    SCENE_TABLE = "scene table"
    """The table node of the scene."""
    PANEL = "panel"
    """The table in the panel. It is narrow: what it leaves out stands in the details."""
    PANEL_DETAILS = "details in the panel"
    """The measures of the one candidate that is chosen in the panel."""
    TERMINAL = "terminal"
    """What the command line prints."""
    REPORT_RANKING = "report ranking"
    """The report's ranked list. It is narrow, so a measure is shown there only when its entry says so."""
    REPORT_MEASURES = "report measures"
    """The report's table of all other measures."""


class Kind(StrEnum):
    """What the value of a measure is."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    """A whole number that is never unknown."""
    WORDS = "words"
    """A list of words."""
    POINT = "point"
    """A position: three numbers, R, A, S in mm."""
    PARTS = "parts"
    """Numbers by name."""


NUMBERS = (Kind.NUMBER, Kind.WHOLE)
"""The kinds that are aligned to the right."""


SUV_BW = Code(DCM, "126401", "SUVbw")
METABOLIC_VOLUME = Code(DCM, "126032", "Metabolic Volume")
TOTAL_LESION_GLYCOLYSIS = Code(DCM, "126033", "Total Lesion Glycolysis")
LESION_TO_BACKGROUND = Code(DCM, "126039", "Lesion to Background SUV Ratio")
VOLUME = Code(SCT, "118565006", "Volume")
MAXIMUM = Code(SCT, "56851009", "Maximum")
MEAN = Code(SCT, "373098007", "Mean")
PEAK = Code(DCM, "126031", "Peak Value Within ROI")
UCUM_SUV_BW = "g/ml{SUVbw}"
"""Unit of SUVbw as DICOM writes it (UCUM)."""

SCORE_PARTS: Mapping[str, str] = {
    "pet": "PET",
    "mr": "MR",
    "agreement": "PET\u2013MR agreement",
    "symptom": "Match with the pain",
    "usual": "Usual there",
}
"""Key and title of the groups of signs whose points add up to the score."""


@dataclass(frozen=True)
class Shown:
    """How one output shows a measure, where that differs from the measure's entry.

    Parameters
    ----------
    title, unit : str, optional
        Head of the column, and what stands below it.
    digits : int, optional
        Decimals.
    after : str, optional
        Key of the measure that it follows; else the order is that of the registry.
    """

    title: str | None = None
    unit: str | None = None
    digits: int | None = None
    after: str | None = None


SCORE_DIGITS = 2
"""Decimals of the score in files."""
EVERYWHERE = frozenset(Output)
BY_DEFAULT = EVERYWHERE - {Output.REPORT_RANKING}
"""Where a measure is shown whose entry names no outputs."""


@dataclass(frozen=True, eq=False)
class Measure:
    """One measure of a candidate, or of a site (:mod:`.site_columns`).

    Parameters
    ----------
    key : str
        Its name in files, tables and code.
    title : str
        Short head of a column.
    value : callable
        Computes it from a candidate, or from a row of the table of sites; None where it is unknown or does not apply.
    how : str
        How it is computed, in one sentence.
    kind : Kind
    unit : str
        As people read it; empty when there is none.
    digits : int
        Decimals of a number where people read it.
    stored_digits : int
        Decimals of a number, or of each of several numbers, in files and in the scene.
    description : str
        A short explanation of the column, for tables that can show one.
    ucum : str
        Unit as a UCUM code, for DICOM; empty when the measure is not a quantity.
    quantity, modifier : Code, optional
        What is measured, and which value of it (maximum, mean, peak), for DICOM; None where DICOM has no code.
    outputs : frozenset of Output
        The outputs that show it.
    shown : mapping of Output to Shown
        For the outputs that show it in another way than the entry says.
    """

    key: str
    title: str
    value: Callable[[Any], Any]
    how: str
    kind: Kind = Kind.NUMBER
    unit: str = ""
    digits: int = 2
    stored_digits: int = 3
    description: str = ""
    ucum: str = ""
    quantity: Code | None = None
    modifier: Code | None = None
    outputs: frozenset[Output] = BY_DEFAULT
    shown: Mapping[Output, Shown] = field(default_factory=dict)

    @property
    def is_number(self) -> bool:
        """True for a column that is aligned to the right."""
        return self.kind in NUMBERS

    def stored(self, measured: Any) -> Any:
        """The value as files and the scene keep it: rounded, ready for JSON, None where it is unknown."""
        value = self.value(measured)
        if value is None:
            return None
        if self.kind is Kind.NUMBER:
            return self.rounded(value)
        if self.kind is Kind.POINT:
            return [self.rounded(x) for x in value]
        if self.kind is Kind.PARTS:
            return {name: None if part is None else self.rounded(part) for name, part in value.items()}
        return list(value) if self.kind is Kind.WORDS else value

    def rounded(self, value: float) -> float:
        """A number with the decimals of files."""
        return round(float(value), self.stored_digits) + 0.0  # never -0.0

    def in_output(self, output: Output) -> Measure:
        """The measure with the title, unit and digits that one output shows."""
        own = self.shown.get(output, Shown())
        changes = {name: getattr(own, name) for name in ("title", "unit", "digits") if getattr(own, name) is not None}
        return dataclasses.replace(self, **changes) if changes else self


def measures_of(output: Output) -> tuple[Measure, ...]:
    """The measures that an output shows, in its order, with its titles, units and digits."""
    return shown_in(MEASURES, output)


@functools.cache
def shown_in(registry: tuple[Measure, ...], output: Output) -> tuple[Measure, ...]:
    """The entries of a registry that an output shows, as :func:`measures_of`."""
    shown = [entry for entry in registry if output in entry.outputs]
    keys = {entry.key for entry in shown}
    after = {entry.key: entry.shown.get(output, Shown()).after for entry in shown}

    def following(key: str | None) -> Iterator[Measure]:
        """The measures that follow a measure, each with those that follow it in turn."""
        for entry in shown:
            leader = after[entry.key]
            if (leader if leader in keys else None) == key:
                yield entry
                yield from following(entry.key)

    return tuple(entry.in_output(output) for entry in following(None))


def stored_values(candidate: Candidate) -> dict[str, Any]:
    """The measures of a candidate as in ``candidates.json``."""
    return {measure.key: measure.stored(candidate) for measure in measures_of(Output.FILES)}


def as_stored(candidate: Candidate) -> Candidate:
    """A candidate with the numbers of ``candidates.json``.

    What people read is made from these numbers. A number that is rounded again would differ otherwise: 1.3749 is 1.37,
    but 1.375 in the files, which is 1.38.
    """
    names = {one.name for one in dataclasses.fields(candidate)}
    stored = {one.key: one.stored(candidate) for one in MEASURES if one.kind is Kind.NUMBER and one.key in names}
    return dataclasses.replace(candidate, **stored)


def _flags(candidate: Candidate) -> list[str]:
    """The flags, each once."""
    return list(dict.fromkeys(candidate.flags))


def _strength(candidate: Candidate) -> str:
    """The score in a word; by the score of the files, so that nothing that is made from them says another word."""
    return strength_word(round(candidate.score, SCORE_DIGITS))


def _short_name(candidate: Candidate) -> str:
    """The short name of its place."""
    return short_name(candidate.place)


def _in(*outputs: Output) -> frozenset[Output]:
    return frozenset(outputs)


MEASURES: tuple[Measure, ...] = (
    Measure(
        key="rank",
        title="#",
        value=attrgetter("rank"),
        how="The place of the entry in its list, when the list is ordered by score.",
        kind=Kind.WHOLE,
        description="1 is the best",
        outputs=EVERYWHERE - {Output.PANEL_DETAILS},
        shown={Output.FILES: Shown(after="id")},
    ),
    Measure(
        key="id",
        title="ID",
        value=attrgetter("id"),
        how="Given when the candidate is found, and kept when it is found again at the same place.",
        kind=Kind.TEXT,
        description="Stays with the candidate",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="score",
        title="Score",
        value=attrgetter("score"),
        how="The points of all signs of the ledger, added up: ten times the logarithm of their likelihood ratios.",
        unit="points",
        digits=1,
        stored_digits=SCORE_DIGITS,
        description="Points of evidence: 10 points are ten times the odds",
        ucum="1",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.TERMINAL, Output.REPORT_RANKING),
        shown={
            Output.SCENE_TABLE: Shown(unit="", after="evidence"),
            Output.TERMINAL: Shown(title="Points"),
            Output.REPORT_RANKING: Shown(title="Points", unit=""),
        },
    ),
    Measure(
        key="score_parts",
        title="Score parts",
        value=attrgetter("score_parts"),
        how="The points of each group of signs: PET, MR, their agreement, match with the pain, what is usual there.",
        kind=Kind.PARTS,
        outputs=_in(Output.FILES),
    ),
    Measure(
        key="name",
        title="Name",
        value=attrgetter("place.name"),
        how="The anatomical name of the place, from the anatomy segmentation or from the shape of the body.",
        kind=Kind.TEXT,
        description="Anatomical place",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.TERMINAL, Output.REPORT_RANKING),
        shown={Output.REPORT_RANKING: Shown(title="Candidate")},
    ),
    Measure(
        key="short_name",
        title="Short name",
        value=_short_name,
        how="The name of the place in one or two words with side and level, for pictures and narrow tables.",
        kind=Kind.TEXT,
        description="Side, place and level; a question mark follows what is not certain",
        outputs=_in(Output.FILES, Output.PANEL),
        shown={Output.PANEL: Shown(title="Name")},
    ),
    Measure(
        key="structure",
        title="Structure",
        value=attrgetter("place.structure"),
        how="The anatomical structure at the place, without side and level.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.REPORT_MEASURES),
    ),
    Measure(
        key="side",
        title="Side",
        value=attrgetter("place.side"),
        how="The side of the body's midline on which the place lies.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.TERMINAL, Output.REPORT_RANKING),
    ),
    Measure(
        key="side_certainty",
        title="Side is",
        value=attrgetter("place.side_certainty"),
        how="Certain when several signs in the images or an anatomy segmentation give the side; likely when one does.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="level",
        title="Level",
        value=attrgetter("place.level"),
        how="The disc or the vertebra at the height of the place.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.TERMINAL, Output.REPORT_RANKING),
        shown={Output.REPORT_RANKING: Shown(title="Level, zone")},
    ),
    Measure(
        key="level_certainty",
        title="Level is",
        value=attrgetter("place.level_certainty"),
        how="How sure the name of the level is: certain, likely or uncertain. The report and sites.json say why.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="zone",
        title="Zone",
        value=attrgetter("place.zone"),
        how="The zone of the prosthesis (Gruen, DeLee and Charnley) in which the place lies.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE),
    ),
    Measure(
        key="evidence",
        title="Evidence",
        value=attrgetter("evidence"),
        how="The images that show the candidate.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.PANEL, Output.TERMINAL, Output.REPORT_RANKING),
    ),
    Measure(
        key="strength",
        title="Strength",
        value=_strength,
        how="The score in a word: strong from 10 points, moderate from 6, weak from 3, else little.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.TERMINAL, Output.REPORT_RANKING),
        shown={Output.TERMINAL: Shown(after="score"), Output.REPORT_RANKING: Shown(after="score")},
    ),
    Measure(
        key="pet_state",
        title="PET there",
        value=attrgetter("pet_state"),
        how="What PET says of the place: abnormal, normal or not assessable.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="mr_state",
        title="MR there",
        value=attrgetter("mr_state"),
        how="What MR says of the place: abnormal, normal or not assessable.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="reason",
        title="Reason",
        value=lambda candidate: candidate.reason or None,
        how="Why it is set apart, or why it has to be looked at; empty for a candidate.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES),
    ),
    Measure(
        key="status",
        title="Status",
        value=attrgetter("status"),
        how="What the reader decided.",
        kind=Kind.TEXT,
        description="Your decision: accepted, rejected or physiologic; empty while it is pending",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.PANEL, Output.REPORT_RANKING),
        shown={Output.PANEL: Shown(title="\u2713", after="rank"), Output.REPORT_RANKING: Shown(after="mr_kind")},
    ),
    Measure(
        key="decided_by",
        title="Decided by",
        value=lambda candidate: None if candidate.decision is None else candidate.decision.by,
        how="The reader who gave the status.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE),
    ),
    Measure(
        key="decided_at",
        title="Decided at",
        value=lambda candidate: None if candidate.decision is None else candidate.decision.time,
        how="When the status was given: ISO 8601 with the zone.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE),
    ),
    Measure(
        key="origin",
        title="Found",
        value=attrgetter("origin"),
        how="Whether the outline was found, edited or drawn by hand.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
        shown={Output.REPORT_MEASURES: Shown(after="centroid_ras_mm")},
    ),
    Measure(
        key="suv_max",
        title="SUVmax",
        value=attrgetter("suv_max"),
        how="The largest SUVbw of the voxels in the hot spots.",
        unit="g/ml",
        stored_digits=4,
        description="Largest SUVbw",
        ucum=UCUM_SUV_BW,
        quantity=SUV_BW,
        modifier=MAXIMUM,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.PANEL_DETAILS, Output.REPORT_MEASURES),
        shown={Output.PANEL_DETAILS: Shown(unit="")},
    ),
    Measure(
        key="suv_peak",
        title="SUVpeak",
        value=attrgetter("suv_peak"),
        how="The mean SUVbw of the hottest sphere of 1 ml (radius 6.2 mm) whose center lies in a hot spot.",
        unit="g/ml",
        stored_digits=4,
        description="Mean SUVbw of the hottest 1 ml sphere",
        ucum=UCUM_SUV_BW,
        quantity=SUV_BW,
        modifier=PEAK,
        outputs=_in(
            Output.FILES,
            Output.SCENE_TABLE,
            Output.PANEL,
            Output.PANEL_DETAILS,
            Output.TERMINAL,
            Output.REPORT_RANKING,
        ),
        shown={Output.PANEL_DETAILS: Shown(unit="")},
    ),
    Measure(
        key="suv_mean",
        title="SUVmean",
        value=attrgetter("suv_mean"),
        how="Total lesion glycolysis over the metabolic volume: the mean SUVbw of the voxels in the hot spots.",
        unit="g/ml",
        stored_digits=4,
        description="Mean SUVbw of the outline",
        ucum=UCUM_SUV_BW,
        quantity=SUV_BW,
        modifier=MEAN,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="mtv_ml",
        title="Metabolic volume",
        value=attrgetter("mtv_ml"),
        how="The volume of all hot spots of the candidate.",
        unit="ml",
        description="Metabolic volume",
        ucum="ml",
        quantity=METABOLIC_VOLUME,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="tlg_g",
        title="TLG",
        value=attrgetter("tlg_g"),
        how="Total lesion glycolysis: SUVmean times the volume, added up over the hot spots.",
        unit="g",
        stored_digits=4,
        description="Total lesion glycolysis",
        ucum="g",
        quantity=TOTAL_LESION_GLYCOLYSIS,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="volume_ml",
        title="Volume",
        value=attrgetter("volume_ml"),
        how="The volume of the outline that is shown: that of the hot spots, else that of the MR findings.",
        unit="ml",
        description="Volume of the outline",
        ucum="ml",
        quantity=VOLUME,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.PANEL_DETAILS, Output.REPORT_MEASURES),
        shown={
            Output.FILES: Shown(after="centroid_ras_mm"),
            Output.PANEL_DETAILS: Shown(title="volume", after="distance_to_pain_mm"),
        },
    ),
    Measure(
        key="tbr",
        title="Ratio",
        value=attrgetter("tbr"),
        how="SUVpeak of the hottest spot over the median SUVbw of matched reference tissue of the same person.",
        description="SUVpeak over the reference tissue",
        ucum="{ratio}",
        quantity=LESION_TO_BACKGROUND,
        outputs=_in(
            Output.FILES,
            Output.SCENE_TABLE,
            Output.PANEL,
            Output.PANEL_DETAILS,
            Output.TERMINAL,
            Output.REPORT_RANKING,
        ),
        shown={Output.PANEL_DETAILS: Shown(title="ratio"), Output.REPORT_RANKING: Shown(unit="to reference")},
    ),
    Measure(
        key="reference",
        title="Reference",
        value=attrgetter("reference"),
        how="The median SUVbw of the matched reference tissue of the same person.",
        unit="g/ml",
        description="SUV of the reference tissue",
        ucum=UCUM_SUV_BW,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="reference_name",
        title="Reference tissue",
        value=attrgetter("reference_name"),
        how="The tissue that the uptake is compared with: that of the site, else what surrounds the focus.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="left_right_ratio",
        title="L/R",
        value=attrgetter("left_right_ratio"),
        how="SUVpeak of the hottest spot over the SUVpeak of the mirrored place on the other side of the body.",
        description="SUVpeak over that of the mirrored place",
        ucum="{ratio}",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.PANEL_DETAILS, Output.TERMINAL, Output.REPORT_RANKING),
        shown={
            Output.PANEL_DETAILS: Shown(title="ratio to the mirrored place"),
            Output.REPORT_RANKING: Shown(title="Left\u2013right", unit="ratio"),
        },
    ),
    Measure(
        key="mr_kind",
        title="MR",
        value=attrgetter("mr_kind"),
        how="The kind of the clearest MR finding at the place.",
        kind=Kind.TEXT,
        outputs=_in(
            Output.FILES,
            Output.SCENE_TABLE,
            Output.PANEL,
            Output.PANEL_DETAILS,
            Output.TERMINAL,
            Output.REPORT_RANKING,
        ),
        shown={Output.REPORT_RANKING: Shown(unit="kind, z")},
    ),
    Measure(
        key="mr_z",
        title="z",
        value=attrgetter("mr_z"),
        how="The signal of the clearest MR finding less the median of its reference tissue, over the tissue's spread: "
        "below 0 where it is darker. Unknown for fluid.",
        digits=1,
        stored_digits=2,
        description="Signal against its reference tissue, in spreads",
        ucum="1",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.PANEL_DETAILS, Output.TERMINAL),
    ),
    Measure(
        key="fat_fraction",
        title="Fat fraction",
        value=attrgetter("fat_fraction"),
        how="The mean signal fat fraction of the voxels in the outline, from water and fat of one Dixon acquisition.",
        unit="%",
        digits=0,
        stored_digits=1,
        description="Mean signal fat fraction of the outline",
        ucum="%",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="fat_fraction_z",
        title="Fat z",
        value=attrgetter("fat_fraction_z"),
        how="The fat fraction of the marrow in the outline less that of the marrow around, over its spread; unknown "
        "where less than a fifth of the outline lies deep in marrow.",
        digits=1,
        stored_digits=2,
        description="Fat fraction of marrow against the marrow around, in spreads; edema is below zero",
        ucum="1",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.REPORT_MEASURES),
    ),
    Measure(
        key="distance_to_pain_mm",
        title="To pain site",
        value=attrgetter("distance_to_pain_mm"),
        how="The distance from the position of the candidate to the nearest marked pain site.",
        unit="mm",
        digits=0,
        stored_digits=1,
        ucum="mm",
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.PANEL_DETAILS, Output.REPORT_MEASURES),
        shown={Output.PANEL_DETAILS: Shown(title="to the pain")},
    ),
    Measure(
        key="centroid_ras_mm",
        title="Position",
        value=attrgetter("centroid_ras_mm"),
        how="The centroid of the hottest spot, else of the clearest MR finding, in the frame of the reference series.",
        kind=Kind.POINT,
        unit="from the zero point of the scanner",
        stored_digits=2,
        outputs=_in(Output.FILES, Output.REPORT_MEASURES),
        shown={Output.FILES: Shown(after="origin")},
    ),
    Measure(
        key="flags",
        title="Flags",
        value=_flags,
        how="Words for what a reader must keep in mind; each has a sentence.",
        kind=Kind.WORDS,
        outputs=_in(Output.FILES, Output.SCENE_TABLE, Output.TERMINAL),
        shown={Output.FILES: Shown(after="comment")},
    ),
    Measure(
        key="comment",
        title="Comment",
        value=attrgetter("comment"),
        how="What the reader wrote.",
        kind=Kind.TEXT,
        outputs=_in(Output.FILES, Output.SCENE_TABLE),
    ),
)
"""All measures. The order is that of the outputs, except where an entry says that it follows another one."""
