"""Which of several series that could play one role is the best, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from ..Numerics.core.image import Geometry
from ..Numerics.core.words import Group, Side
from .series import Series
from .series_claims import Claim, same_frame
from .series_regions import FITS, UNKNOWN_FIT, region_fit
from .series_vocabulary import Meaning
from .series_words import words_of

DAY_STEPS = (7, 30, 90, 365)
"""Days between PET and MR at which a series becomes less useful than one that was made nearer to the PET. Our
estimate: edema changes within weeks, bone within months."""
PLANE_ORDER = {
    Group.LOW_BACK: ("sagittal", "coronal", "axial"),
    Group.HIP_REPLACEMENT: ("coronal", "axial", "sagittal"),
}
"""Group -> planes of thick slices, the best one first. Source: usual protocols read the spine on sagittal and the
hips on coronal images."""
ISOTROPIC_RATIO = 1.6
"""Upper bound of the largest voxel size over the smallest one of a volume that has no plane. Our estimate."""
ONE_SIDE_MM = 260.0
"""Upper bound of the width of a field that shows one hip, mm. Our estimate: both hips need 300 mm and more."""
ASIDE_MM = 50.0
"""Lower bound of the distance of its middle from the axis of the scanner, mm. Our estimate: hips lie 90 mm aside."""
SAME_FIELD = 0.6
"""Lower bound of the part of two bounding boxes that series of one protocol share. Our estimate."""
CLEAR_RATIO = 1.5
"""Lower bound of a difference in coverage or voxel size that a reader is asked about. Our estimate."""


@dataclass(frozen=True)
class Merit:
    """What is compared, in this order; larger is better. The metadata of a field says it in words."""

    usable: bool
    region: int
    side: bool
    days: int
    sequence: int
    metal: bool
    plane: int
    corrected: bool
    fine: float
    before_agent: bool
    frame: bool
    original: bool
    companion: bool
    region_fine: float
    size: float
    days_fine: int


MERIT_WORDS = {
    "usable": "it is complete",
    "region": "it shows the region that is read",
    "side": "it shows the side of the prosthesis",
    "days": "it was made nearer to the day of the PET",
    "corrected": "it is corrected for distortion",
    "sequence": "its sequence is the better one",
    "metal": "it reduces artifacts of metal",
    "plane": "its plane is the better one",
    "fine": "its sequence is the better one",
    "before_agent": "it was made before the contrast agent",
    "frame": "it shares the PET's frame of reference",
    "original": "it is original",
    "companion": "it shows the same field as a series with another role",
    "region_fine": "its name says the region that is read",
    "size": "it has more voxels",
    "days_fine": "it was made nearer to the day of the PET",
}
"""Field of `Merit` -> why a series was chosen."""
WEAK_REASONS = frozenset({"frame", "companion", "original", "region_fine", "size", "days_fine"})
"""Fields of `Merit` on which a choice should not rest alone when the two series differ in what they show."""


def merit_of(
    claim: Claim,
    series: Series,
    pet: Series,
    group: str | None,
    first_agent: str | None = None,
    others: Sequence[Series] = (),
    side: str | None = None,
) -> Merit:
    """How well a series plays the role that it claims.

    Parameters
    ----------
    claim : Claim
    series : Series
    pet : Series
    group : str or None
        The clinical group decides which region and plane serve best; None when it is not known.
    first_agent : str or None
        Day and time of the first series after a contrast agent, as from :func:`when_text`.
    others : sequence of Series
        Series that claim other roles: the series of one protocol show the same field.
    side : str or None
        Side of the prosthesis, left or right, when one is given.
    """
    geometry = series.geometry
    fit = UNKNOWN_FIT if claim.shown is None else region_fit(claim.shown.region, group)
    return Merit(
        usable=geometry is not None and series.problem is None,
        region=2 if fit >= UNKNOWN_FIT - 0.05 else 1 if fit >= FITS else 0,
        side=side is None or side_of(series) in (None, side),
        days=_steps_of_days(days_between(series, pet)),
        sequence=claim.sequence,
        metal=bool(claim.shown is not None and claim.shown.metal and group == Group.HIP_REPLACEMENT),
        plane=_plane_rank(plane_of(geometry), group),
        corrected=_is_corrected(claim),
        fine=claim.fine,
        before_agent=not _is_after_agent(claim, series, first_agent),
        frame=same_frame(series, pet),
        original=_is_original(claim, series),
        companion=any(_shows_same_field(series, other) for other in others),
        region_fine=fit if claim.shown is not None and claim.shown.region else 0.0,
        size=0.0 if geometry is None else round(float(np.log(geometry.size) / np.log(1.2))),
        days_fine=-abs(days_between(series, pet) or 0),
    )


def _steps_of_days(days: int | None) -> int:
    """How many of `DAY_STEPS` lie between PET and MR, negative; 0 when a date is missing."""
    return 0 if days is None else -sum(abs(days) > step for step in DAY_STEPS)


def _is_corrected(claim: Claim) -> bool:
    """Whether a series is corrected for distortion; series for attenuation correction never are, and need not be."""
    return claim.role == "ATTENUATION" or claim.shown is None or not claim.shown.uncorrected


def _is_after_agent(claim: Claim, series: Series, first_agent: str | None) -> bool:
    """Whether a series that claims to be without contrast agent began after the first one with it."""
    began = when_text(series)
    return claim.role != "CONTRAST" and first_agent is not None and began is not None and began > first_agent


def _is_original(claim: Claim, series: Series) -> bool:
    """Whether a series was acquired, and not computed from another one."""
    kinds = series.header.get("ImageType") or ()
    return "DERIVED" not in kinds and not (claim.shown is not None and claim.shown.reformat)


def deciding_field(better: Merit, other: Merit) -> str | None:
    """The first field in which two merits differ; None when they are equal."""
    for one, mine, its in zip(fields(Merit), astuple(better), astuple(other), strict=True):
        if mine != its:
            return one.name
    return None


def differing_words(decided_by: str | None, better: Series, other: Series) -> str:
    """Why one series was preferred to another, in words."""
    if decided_by is None:
        return "it is the later one"
    if decided_by == "size" and better.geometry is not None and other.geometry is not None:
        covered = _covered(better.geometry) / _covered(other.geometry)
        return "it covers more" if covered > 1.1 else "its resolution is higher"
    return MERIT_WORDS[decided_by]


def differences(a: Series, b: Series, claim_a: Claim, claim_b: Claim) -> list[str]:
    """The points in which two series that could play one role differ clearly."""
    found = []
    if a.geometry is not None and b.geometry is not None:
        if plane_of(a.geometry) != plane_of(b.geometry):
            found.append("plane")
        sizes = a.geometry.voxel_volume_ml / b.geometry.voxel_volume_ml
        if not 1 / CLEAR_RATIO <= sizes <= CLEAR_RATIO:
            found.append("resolution")
        covered = _covered(a.geometry) / _covered(b.geometry)
        if not 1 / CLEAR_RATIO <= covered <= CLEAR_RATIO:
            found.append("coverage")
    if a.date != b.date:
        found.append("day")
    if claim_a.shown is not None and claim_b.shown is not None and claim_a.shown.region != claim_b.shown.region:
        found.append("region")
    if side_of(a) != side_of(b):
        found.append("side")
    if _telling_words(a) != _telling_words(b):
        found.append("name")
    return found


def side_of(series: Series) -> str | None:
    """The side of the body that a series shows alone: left, right, or None when it shows both or does not say.

    The name decides, else the place of a narrow field beside the axis of the scanner.
    """
    words = words_of(series.description)
    left, right = words.has(Meaning.LEFT), words.has(Meaning.RIGHT)
    if left != right:
        return Side.LEFT.value if left else Side.RIGHT.value
    if series.geometry is None or left:
        return None
    low, high = series.geometry.corners_ras[:, 0].min(), series.geometry.corners_ras[:, 0].max()
    middle = 0.5 * (low + high)
    if high - low > ONE_SIDE_MM or abs(middle) < ASIDE_MM:
        return None
    return Side.RIGHT.value if middle > 0 else Side.LEFT.value


def _telling_words(series: Series) -> frozenset[str]:
    """The words of the description without numbers and without words that say nothing about what is shown."""
    words = words_of(series.description)
    return frozenset(
        token
        for token, meanings in zip(words.tokens, words.meanings, strict=True)
        if Meaning.FILLER not in meanings and not token[0].isdigit()
    )


def _shows_same_field(a: Series, b: Series) -> bool:
    """True when two series have one frame of reference and nearly the same bounding box."""
    if a.geometry is None or b.geometry is None or not same_frame(a, b):
        return False
    shared = overlap_ml(a.geometry, b.geometry)
    whole = overlap_ml(a.geometry, a.geometry) + overlap_ml(b.geometry, b.geometry) - shared
    return shared >= SAME_FIELD * whole


def _covered(geometry: Geometry) -> float:
    return geometry.size * geometry.voxel_volume_ml


def days_between(series: Series, pet: Series) -> int | None:
    """Days from the PET to a series, negative when the series came first; None when a date is missing."""
    if series.date is None or pet.date is None:
        return None
    return (series.date - pet.date).days


def plane_of(geometry: Geometry | None) -> str | None:
    """Plane of the slices: sagittal, coronal or axial; None for a volume of nearly cubic voxels, or without a grid."""
    if geometry is None:
        return None
    spacing = np.asarray(geometry.spacing_mm, dtype=float)
    if spacing.max() / spacing.min() <= ISOTROPIC_RATIO:
        return None
    normal = np.abs(geometry.ijk_to_ras[:3, 2])
    return ("sagittal", "coronal", "axial")[int(np.argmax(normal))]


def _plane_rank(plane: str | None, group: str | None) -> int:
    """Rank of a plane for the group; a volume without a plane can be cut in the best one."""
    order = PLANE_ORDER.get(group) if group else None  # type: ignore[call-overload]
    if order is None:
        return 0
    return len(order) if plane is None else len(order) - order.index(plane)


def when_text(series: Series) -> str | None:
    """Day and time at which the acquisition began, in a form that can be compared; None when not known."""
    clock = series.header.get("AcquisitionTime") or series.header.get("SeriesTime")
    return None if series.date is None or not clock else f"{series.date} {clock}"


def when(series: Series) -> tuple[str, str, float, int]:
    """Sort key that puts later acquisitions last: date, time, series number, part."""
    header = series.header
    clock = header.get("AcquisitionTime") or header.get("SeriesTime") or ""
    return (str(series.date or ""), clock, series.number or 0, -(series.part or 0))


def overlap_ml(a: Geometry, b: Geometry) -> float:
    """Volume that the bounding boxes of two grids share, ml. Both in one frame of reference, RAS."""
    low = np.maximum(a.corners_ras.min(axis=0), b.corners_ras.min(axis=0))
    high = np.minimum(a.corners_ras.max(axis=0), b.corners_ras.max(axis=0))
    return float(np.prod(np.clip(high - low, 0.0, None)) / 1000.0)
