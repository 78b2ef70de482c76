"""What the stages pass on: hot spots, MR findings, candidates.

A measure that does not apply or could not be taken is None, never 0.
Flags are short lower-case words joined by hyphens (``"near-implant"``); :data:`FLAG_TEXTS` has the sentence for each.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .image import Region
from .kept import Kept
from .measures import stored_values
from .reader_acts import ActKind, ReaderAct, last_act
from .words import Certainty, Status

MR_KINDS = (
    "oedema",
    "effusion or synovitis",
    "Modic I",
    "Modic II",
    "Modic III",
    "fluid collection or bursitis",
    "disc degeneration",
    "implant artefact",
)
"""The kinds of MR findings, as results and files name them."""

FLAG_TEXTS: dict[str, str] = {
    "near-implant": "Within the margin of the implant's artifact: PET and MR are unreliable here.",
    "peak-at-edge": "The 1 ml sphere of SUVpeak reaches beyond the field of view.",
    "outline-floods": "The surroundings reach the threshold of this contour method, too: the outline ends where the "
    "focus does, and its volume is not that of the method.",
    "truncated": "Touches the edge of the field of view: size and measures may be too small.",
    "no-reference": "No matched reference tissue was found; compared with the local background only.",
    "not-aligned": "PET and MR could not be aligned; their findings are not joined.",
    "large": "Larger than a pain generator is expected to be.",
    "common-without-pain": "Often seen in people without pain.",
    "expected-after-surgery": "Often seen at a prosthesis without complaints.",
    "early-after-surgery": "The hip was replaced shortly before the scan: uptake and edema around it may be healing.",
    "surgical-approach": "A band of edema from the skin to the hip, as along the approach of an operation.",
    "near-neck": "Beside head or neck of the prosthesis, where some uptake is usual without complaints.",
    "single-slice": "Seen on one slice only.",
    "no-t1": "No T1 series: fat replacement could not be checked.",
    "modic-without-t1": "Bright along an endplate, but no T1 was read: Modic I cannot be told from other edema there.",
    "modic-without-fluid-series": "Dark on T1 along an endplate, but there is no fluid-sensitive series: Modic I and "
    "Modic III cannot be told apart.",
    "no-fluid-series": "No fluid-sensitive series: told from T1 alone, which cannot show edema itself.",
    "fat-fraction": "No fluid-sensitive series: told from a low fat fraction, which red marrow and tumor have, too.",
    "weak": "Too faint on MR to count alone; it counts where the PET shows uptake at the same place.",
    "level-counted": "The level was counted from the sacrum.",
    "level-likely": "The level rests on one sign, or on what the labels of a segmentation were taken for: check it.",
    "level-uncertain": "The level may be wrong: count the vertebrae by eye, or name one level.",
    "outside-mr": "Outside the field of view of the MR: there is no structural picture of this place.",
    "outside-pet": "Outside the field of view of the PET: uptake is not known.",
    "no-level": "No vertebra was found at this height: the level is not known.",
    "usual-place": "Held to be physiologic only for its place, or as both sides are alike.",
    "weak-uptake": "Uptake that would not count alone; it counts because the MR shows something there.",
    "side-uncertain": "The side may be wrong: check it by eye.",
    "map-side": "Left and right of the anatomy segmentation contradict plain anatomy: look which side this is.",
    "not-joined": "Found on a series that could not be aligned with the reference: its position is that series' own.",
    "alignment-uncertain": "PET and MR are off by some millimeters that the alignment could not remove.",
    "side-likely": "The side is likely, but not certain: check it by eye.",
    "named-by-reader": "Structure, side and level were named by the reader.",
    "spill-over": "A hotter place beside it raises the uptake that is measured here.",
    "brought-back": "A candidate because the reader made it one: it was set apart below the bar, or was to be looked "
    "at.",
    "spine-uncertain": "That this is the spine rests on one sign only: it may be another part of the body.",
}
"""The sentence for each flag, as the report shows it."""
BROUGHT_BACK = "brought-back"
"""The flag of a candidate that the reader took from what is set apart or to be looked at."""
NAMED_BY_READER = "named-by-reader"
"""The flag of a place that the reader named."""
MAP_SIDE_FLAG = "map-side"
"""The flag of a place whose side is less certain because an anatomy segmentation contradicts itself."""
NOT_JOINED = "not-joined"
"""The flag of findings on an MR that could not be aligned with the reference series."""
LIKELY_LEVEL_FLAGS = frozenset({"level-counted", "level-likely"})
"""Flags of a place whose level is only likely."""
UNCERTAIN_LEVEL_FLAG = "level-uncertain"
"""Flag of a place whose level may be wrong."""
LEVEL_FLAGS = frozenset({*LIKELY_LEVEL_FLAGS, UNCERTAIN_LEVEL_FLAG})
"""Flags of a place whose level is not certain."""


@dataclass(frozen=True)
class LedgerEntry(Kept):
    """One sign in the ledger of a candidate: what was seen, and how much it counts.

    Parameters
    ----------
    sign : str
        Its name in the stage ``evidence`` of the protocol.
    group : str
        What the sign belongs to: a word of :class:`..fusion.evidence.SignGroup`.
    text : str
        What was seen, as a short sentence for the reader.
    measure : float or str or None
        The value that it rests on.
    points : float
        Ten times the logarithm of the likelihood ratio; below 0 it speaks against a source of pain.
    source : str
        Where the weight comes from: a publication, or "our estimate" with the reason.
    state : str
        ``present``, ``absent`` or ``not assessable``.
    """

    sign: str
    group: str
    text: str
    measure: float | str | None
    points: float
    source: str
    state: str = "present"


@dataclass(eq=False)
class HotSpot(Kept):
    """A connected focus of raised uptake on PET.

    Positions are in the PET's own frame until the alignment moves them.
    """

    label: int
    region: Region
    centroid_ras_mm: np.ndarray
    peak_ras_mm: np.ndarray
    suv_max: float
    suv_peak: float | None
    suv_mean: float
    mtv_ml: float
    tlg_g: float
    background: float | None
    """Median SUV of the 3 to 8 mm shell, g/ml."""
    reference: float | None
    """Median SUV of the matched reference tissue, g/ml."""
    reference_name: str | None
    tbr: float | None
    """SUVpeak over the reference tissue."""
    left_right_ratio: float | None
    """SUVpeak over the SUVpeak of the mirrored place; above 1 when this side is the hotter one."""
    contour_method: str
    contour_threshold: float
    level_ratio: float | None = None
    """In the spine, SUVpeak over the uptake of the same place at the other vertebral levels."""
    conspicuity: float | None = None
    """How far its uptake exceeds that of normal tissue; :mod:`..pet.conspicuity` defines it."""
    physiologic: str | None = None
    """Why it is taken for physiologic uptake ("urinary bladder: ..."); None when it is not."""
    flags: list[str] = field(default_factory=list)
    rule: str | None = None
    """Name of the rule that decided about `physiologic`, in either direction; None when no rule applied."""
    clearness: float | None = None
    """Its conspicuity over the one that is needed at the setting: from 1 on it is clear of normal uptake."""


@dataclass(eq=False)
class MRFinding(Kept):
    """A connected region of structural abnormality on MR, in the reference series' frame."""

    label: int
    kind: str
    region: Region
    centroid_ras_mm: np.ndarray
    volume_ml: float
    z: float | None
    """Mean z-score of the series that shows it best (`series_role`) against its reference tissue, below 0 where it is
    darker. None for fluid, whose signal has no known spread to be compared with."""
    z_t1: float | None
    series_role: str
    grade: float
    """0, 0.33, 0.66 or 1, by z and extent."""
    flags: list[str] = field(default_factory=list)
    rule: str | None = None
    """Name of the rule that gave the finding its kind; None when no rule did."""
    fat_fraction: float | None = None
    """Mean signal fat fraction, percent; None where it was not measured."""
    fat_fraction_z: float | None = None
    """z-score of the fat fraction of its marrow against the marrow around; None where it holds little marrow."""
    over_muscle: float | None = None
    """Mean signal of fluid on `series_role` over that of muscle; None for all other kinds."""
    usual: str | None = None
    """What normal anatomy at its place looks like it ("a sacral nerve root in its recess"); None where none does."""
    usual_rule: str | None = None
    """Name of the rule that says so."""

    @property
    def order(self) -> tuple[float, float, float]:
        """Sort key that puts the clearest finding first: by grade, size of the z-score, and volume."""
        return (-self.grade, -abs(self.z or 0.0), -self.volume_ml)


@dataclass(frozen=True)
class Place(Kept):
    """The anatomical name of a position.

    `level` is a disc level ("L4/L5") or a vertebra ("L4"), `zone` a zone name ("Gruen 3"); None where unknown.
    `side_certainty` is a word of :class:`.words.Certainty`.
    """

    name: str
    structure: str
    side: str
    level: str | None = None
    zone: str | None = None
    flags: tuple[str, ...] = ()
    side_certainty: str = str(Certainty.CERTAIN)

    @property
    def level_certainty(self) -> str | None:
        """How much the level can be relied on, a word of :class:`.words.Certainty`; None without a level."""
        if self.level is None:
            return None
        if UNCERTAIN_LEVEL_FLAG in self.flags:
            return str(Certainty.UNCERTAIN)
        return str(Certainty.LIKELY if LIKELY_LEVEL_FLAGS.intersection(self.flags) else Certainty.CERTAIN)


@dataclass(eq=False)
class Candidate(Kept):
    """One potential pain generator, in the reference series' frame."""

    id: str
    rank: int
    score: float
    """Points of evidence: the sum of the ledger. 10 points are ten times the odds."""
    place: Place
    evidence: str
    region: Region
    """The outline that is shown and exported: the hot spot's, else the MR finding's."""
    centroid_ras_mm: np.ndarray
    volume_ml: float
    suv_max: float | None = None
    suv_peak: float | None = None
    suv_mean: float | None = None
    mtv_ml: float | None = None
    tlg_g: float | None = None
    tbr: float | None = None
    """SUVpeak over `reference`."""
    left_right_ratio: float | None = None
    mr_kind: str | None = None
    mr_z: float | None = None
    """z-score of its clearest MR finding, signed as :attr:`MRFinding.z`."""
    fat_fraction: float | None = None
    fat_fraction_z: float | None = None
    distance_to_pain_mm: float | None = None
    status: str = "pending"
    origin: str = "automatic"
    comment: str = ""
    flags: list[str] = field(default_factory=list)
    hot_spots: list[HotSpot] = field(default_factory=list)
    mr_findings: list[MRFinding] = field(default_factory=list)
    ledger: tuple[LedgerEntry, ...] = ()
    """Every sign that was looked at, with its points; they add up to the score."""
    mr_state: str = "not assessable"
    """What MR says of the place: ``abnormal``, ``normal`` or ``not assessable``."""
    pet_state: str = "not assessable"
    """What PET says of the place, in the same words."""
    reference: float | None = None
    """SUV of the matched reference tissue, g/ml: that of the site at which it lies, else that of its hottest spot."""
    reference_name: str | None = None
    reason: str = ""
    """Why it is set apart, or why it has to be looked at although it is no pain generator, as a sentence; empty for a
    candidate."""
    acts: tuple[ReaderAct, ...] = ()
    """What readers did to it, in the order of time."""

    @property
    def decision(self) -> ReaderAct | None:
        """The act that gave it its status; None where no reader gave it one."""
        act = last_act(self.acts, (ActKind.STATUS,))
        is_behind = act is not None and act.detail == self.status and self.status != Status.PENDING
        return act if is_behind else None

    @property
    def score_parts(self) -> dict[str, float]:
        """The points of each group of signs; they add up to the score."""
        parts: dict[str, float] = {}
        for entry in self.ledger:
            parts[entry.group] = parts.get(entry.group, 0.0) + entry.points
        return parts

    def to_json(self) -> dict[str, Any]:
        """The candidate as in ``candidates.json``; see :data:`.measures.MEASURES`. Its ledger follows the measures."""
        return {
            **stored_values(self),
            "acts": [dataclasses.asdict(act) for act in self.acts],
            "ledger": [dataclasses.asdict(entry) for entry in self.ledger],
        }
