"""Finds a metal implant on MR by its signal void, and the zone around it where neither MR nor PET can be trusted.

Start at :func:`find_implant`. Each sign that a void is an implant gives points; the signs stand in :data:`SIGNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from ..body.midline import is_reliable
from ..body.symmetry import SymmetryPlane
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.kept import Kept
from ..core.words import Group, Side
from .signal import (
    Factors,
    Signals,
    block_mean,
    coarse_factors,
    coarser,
    extents_mm,
    near_mask,
    sample_mask,
    spread_blocks,
)

AIR_PERCENT = 90.0
"""The percentile of the signal in air that stands for its noise."""
AIR_VOXELS_LEAST = 200
"""Lower bound for the number of voxels of air whose noise is measured."""
NOISE_TIMES_IN_VOID = 1.2
"""Upper bound for the signal of a void over that noise. Our estimate."""
NOISE_PART_MOST = 0.6
"""Upper bound for what the noise may ask of a void, as a part of the muscle signal. Our estimate."""
DEPTH_PERCENT = 20.0
"""The percentile of the depths of a void's voxels that stands for its distance from the skin."""
BRIGHT_PERCENT = 90.0
"""The percentile of the signal in the body that stands for bright tissue."""
PILE_UP_PART = 0.10
"""Part of the shell around a void that is pile-up, for all points of that sign. Our estimate."""
PILE_UP_POINTS = 2.0
"""Most points for pile-up around a void."""
ELONGATION_LEAST = 1.6
"""Lower bound for length over width of a stem with its neck and head. Our estimate."""
UPRIGHT_LEAST = 0.6
"""Lower bound for the cosine of the angle between a long void and the body's axis. Our estimate."""
TWIN_PART = 0.2
"""Upper bound for the part of a void whose mirrored place is a void, too. Our estimate."""
FRONT_LOSS = 1.0
"""Points that a void loses for a place in front, where an implant is expected."""
FRONT_LOSS_UNEXPECTED = 2.0
"""The same where no implant is expected."""
WRONG_SIDE_LOSS = 2.0
"""Points that a void on the other side than the known prosthesis loses."""
ORGAN_PART = 0.4
"""Lower bound for the part of a void within organs, for it to be gas. Our estimate."""
ORGAN_LOSS = 3.0
"""Points that a void within organs loses."""
VOLUME_FOR_POINT_ML = 40.0
"""Volume of a void that gives a full point; a smaller one gives a part of it. Our estimate."""
STEM_PART = 0.6
"""The lower part of the void's height that is taken for the stem. Our estimate."""
STEM_ELONGATION_LEAST = 1.3
"""Lower bound for length over width of that part. Our estimate."""
STEM_UPRIGHT_LEAST = 0.5
"""Below this cosine to the body's axis, the search for the stem starts along the body's axis."""
STEM_ROUNDS = 5
"""Rounds of fitting a line to the stem."""
STEM_DISTAL_PERCENT = 0.5
"""The percentile of the void's heights that is the distal end of the stem."""
STEM_PERCENT = 60.0
"""Below this percentile of the heights lies the stem, whose radius is measured."""
STEM_RADIUS_PERCENT = 90.0
"""The percentile of the distances from the axis that is the radius of the stem."""
STEM_TOP_PERCENT = 99.5
"""The percentile of the heights within that radius that is the proximal end."""
ENOUGH_VOXELS = 20_000
"""About how many voxels give the middle of the body."""


@dataclass(frozen=True, eq=False)
class ImplantResult(Kept):
    """What was found of an implant; all None when none was found.

    Parameters
    ----------
    void : Region or None
        The connected signal void.
    unreliable : Region or None
        Void, pile-up ring and margin: PET and MR cannot be trusted here.
    axis_ras : ndarray, shape (2, 3), or None
        Proximal and distal end of the stem, RAS mm.
    side : str or None
        "left" or "right".
    warnings : tuple of str
    """

    void: Region | None = None
    unreliable: Region | None = None
    axis_ras: np.ndarray | None = None
    side: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImplantLimits:
    """When a void is an implant; from the protocol's stage ``mr_findings``."""

    void_part: float
    """Upper bound for the signal of a void in all series, as a part of the muscle signal."""
    minimum_ml: float
    """Lower bound for the volume."""
    minimum_depth_mm: float
    """Lower bound for the distance of the void from the skin."""
    pile_up_ratio: float
    """Lower bound for the signal of pile-up over that of bright tissue."""
    margin_mm: float
    """How far around the void PET and MR are unreliable."""
    points_expected: float
    """A void needs more points than this in the group ``hip-replacement``."""
    points_unexpected: float
    """A void needs more points than this in the group ``low-back``, where no implant is expected."""


@dataclass(frozen=True, eq=False)
class VoidSearch:
    """What is known of a case when its voids are judged; arrays on the coarse grid `geometry`.

    Parameters
    ----------
    geometry : Geometry
    factors : tuple of int
        Voxels of the working grid per coarse voxel, along (k, j, i).
    seen : dict
        Role -> signal, for the series whose muscle signal is known.
    body, voids : ndarray of bool
        The body, and all voids in it.
    organs : ndarray of float32 or None
        Part of each voxel that an anatomy segmentation calls an organ.
    middle_ras : ndarray, shape (3,)
        The middle of the body.
    plane : SymmetryPlane or None
        Only a reliable one.
    prosthesis_side : str or None
    expected : bool
        Whether the group of the case has implants.
    limits : ImplantLimits
    """

    geometry: Geometry
    factors: Factors
    seen: Mapping[str, np.ndarray]
    body: np.ndarray
    voids: np.ndarray
    organs: np.ndarray | None
    middle_ras: np.ndarray
    plane: SymmetryPlane | None
    prosthesis_side: str | None
    expected: bool
    limits: ImplantLimits


@dataclass(frozen=True, eq=False)
class SignalVoid:
    """One connected signal void, as a mask of the coarse grid and as a region."""

    mask: np.ndarray
    region: Region


def find_implant(
    signals: Signals,
    muscle: dict[str, float],
    limits: ImplantLimits,
    *,
    group: str,
    symmetry: SymmetryPlane | None = None,
    prosthesis_side: str | None = None,
    anatomy: np.ndarray | None = None,
) -> ImplantResult:
    """Find the void of an implant.

    Cortical bone is too thin, air is outside of the body, and bowel gas has no pile-up and lies in front. So a void is
    an implant when its thick core lies deep in the body, and pile-up, place, length and asymmetry speak for it. In
    the group ``low-back`` all of this must be much clearer, as an implant is not expected.

    Parameters
    ----------
    signals : Signals
    muscle : dict
        Role -> muscle signal.
    limits : ImplantLimits
    group : str
        ``low-back`` or ``hip-replacement``.
    symmetry : SymmetryPlane, optional
    prosthesis_side : str, optional
        "left" or "right", when known.
    anatomy : ndarray of uint8, optional
        Tissue codes; a void within organs is gas.
    """
    factors = coarse_factors(signals.geometry)
    geometry = coarser(signals.geometry, factors)
    seen = {role: block_mean(array, factors) for role, array in signals.roles.items() if muscle[role] > 0}
    body = block_mean(signals.body, factors) > 0.5
    search = VoidSearch(
        geometry=geometry,
        factors=factors,
        seen=seen,
        body=body,
        voids=_thick_voids(seen, muscle, body, geometry, limits),
        organs=None if anatomy is None else block_mean((anatomy == tissues.VISCERA).astype(np.float32), factors),
        middle_ras=_middle(body, geometry),
        plane=symmetry if is_reliable(symmetry) else None,
        prosthesis_side=prosthesis_side,
        expected=group == Group.HIP_REPLACEMENT,
        limits=limits,
    )
    labels, _ = ndimage.label(search.voids, np.ones((3, 3, 3)))
    taken = _taken(search, labels)
    if taken:
        return _result(_joined(labels, taken, geometry), search, signals)
    if search.expected:
        return ImplantResult(warnings=("No implant's signal void was found, though the group is hip-replacement.",))
    return ImplantResult()


def _thick_voids(
    seen: Mapping[str, np.ndarray],
    muscle: Mapping[str, float],
    body: np.ndarray,
    geometry: Geometry,
    limits: ImplantLimits,
) -> np.ndarray:
    """Voxels of the body without signal in all series, near a thick core: thin cortex and fascia hang on a void."""
    dark = body.copy()
    for role, array in seen.items():
        dark &= ~(array >= no_signal(array, body, muscle[role], limits.void_part))
    core = _depth_mm(dark, geometry) > distances.VOID_CORE_DEPTH.value
    thick: np.ndarray = dark & near_mask(core, geometry, distances.VOID_AROUND_CORE.value)
    return thick


def _depth_mm(mask: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Distance of each voxel of a mask to its border; the edge of the grid is no border."""
    padded = np.pad(mask, 1, mode="edge")
    depth: np.ndarray = ndimage.distance_transform_edt(padded, sampling=geometry.spacing_kji_mm)
    return depth[1:-1, 1:-1, 1:-1]


def no_signal(array: np.ndarray, body: np.ndarray, muscle: float, part: float) -> float:
    """Signal below which nothing was received: `part` of muscle, but not less than the noise in the air around.

    Where muscle itself is faint (T2), its part can lie below the noise of a magnitude image, which is never 0.
    """
    air = array[~body & (array > 0)]
    noise = NOISE_TIMES_IN_VOID * float(np.percentile(air, AIR_PERCENT)) if air.size > AIR_VOXELS_LEAST else 0.0
    return max(part * muscle, min(noise, NOISE_PART_MOST * muscle))


def _middle(body: np.ndarray, geometry: Geometry) -> np.ndarray:
    flat = np.flatnonzero(body)
    middle: np.ndarray = geometry.flat_to_ras(flat[:: flat.size // ENOUGH_VOXELS + 1]).mean(axis=0)
    return middle


def _taken(search: VoidSearch, labels: np.ndarray) -> list[int]:
    """Labels of the voids that are of an implant, the clearest first."""
    limits = search.limits
    bar = limits.points_expected if search.expected else limits.points_unexpected
    depth = _depth_mm(search.body, search.geometry)
    taken = []
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        part = labels[box] == index
        volume = np.count_nonzero(part) * search.geometry.voxel_volume_ml
        if volume < limits.minimum_ml or np.percentile(depth[box][part], DEPTH_PERCENT) < limits.minimum_depth_mm:
            continue
        mask = labels == index
        points = evidence_points(search, SignalVoid(mask, Region.from_mask(mask, search.geometry)))
        points += min(volume / VOLUME_FOR_POINT_ML, 1.0)
        if points > bar:
            taken.append((points, index))
    return [index for _, index in sorted(taken, reverse=True)]


def _joined(labels: np.ndarray, taken: list[int], geometry: Geometry) -> np.ndarray:
    """The clearest void with the other voids of the implant that lie near it: cup and stem may be seen apart."""
    whole: np.ndarray = labels == taken[0]
    near = near_mask(whole, geometry, distances.IMPLANT_PARTS_GAP_MOST.value)
    for index in taken[1:]:
        part = labels == index
        if np.any(part & near):
            whole |= part
    return whole


# --- signs of an implant, each as points


def evidence_points(search: VoidSearch, void: SignalVoid) -> float:
    """Sum of the points of all signs."""
    return sum(sign(search, void) for sign in SIGNS)


def pile_up_points(search: VoidSearch, void: SignalVoid) -> float:
    """Metal moves signal to the border of its void, where it piles up."""
    shell = near_mask(void.mask, search.geometry, distances.PILE_UP_SHELL.value) & ~void.mask & search.body
    pile_up = 0.0
    for array in search.seen.values():
        bright = search.limits.pile_up_ratio * np.nanpercentile(array[search.body], BRIGHT_PERCENT)
        pile_up = max(pile_up, float(np.mean(array[shell] > bright)) if shell.any() else 0.0)
    return PILE_UP_POINTS * min(pile_up / PILE_UP_PART, 1.0)


def length_points(_search: VoidSearch, void: SignalVoid) -> float:
    """A stem is long, thin and upright."""
    lengths, axes = extents_mm(void.region.points_ras)
    is_long = lengths[0] > distances.IMPLANT_LENGTH_LEAST.value and lengths[0] > ELONGATION_LEAST * lengths[1]
    return 1.0 if is_long and abs(axes[0][2]) > UPRIGHT_LEAST else 0.0


def twin_points(search: VoidSearch, void: SignalVoid) -> float:
    """An implant has no twin at the mirrored place; what has one is anatomy."""
    if search.plane is None:
        return 0.0
    mirrored = search.plane.mirror(void.region.points_ras)
    return 1.0 if np.mean(sample_mask(search.voids, search.geometry, mirrored)) < TWIN_PART else -1.0


def place_points(search: VoidSearch, void: SignalVoid) -> float:
    """Bowel gas lies in front; in the colon beside the spine it has a bright rim of fat and no twin, too."""
    front = distances.IMPLANT_FRONT_MOST.value if search.expected else 0.0
    if void.region.centroid_ras_mm[1] < search.middle_ras[1] + front:
        return 1.0
    return -FRONT_LOSS if search.expected else -FRONT_LOSS_UNEXPECTED


def side_points(search: VoidSearch, void: SignalVoid) -> float:
    """Where the side of the prosthesis is known, the implant lies there; voids near the midline say nothing."""
    center = void.region.centroid_ras_mm
    plane = search.plane
    to_left = float(plane.signed_distance_mm(center)) if plane is not None else search.middle_ras[0] - center[0]
    if search.prosthesis_side is None or abs(to_left) <= distances.IMPLANT_SIDE_SURE.value:
        return 0.0
    return 1.0 if (to_left > 0) == (search.prosthesis_side == Side.LEFT) else -WRONG_SIDE_LOSS


def organ_points(search: VoidSearch, void: SignalVoid) -> float:
    """A void within organs of an anatomy segmentation is gas."""
    is_gas = search.organs is not None and search.organs[void.mask].mean() > ORGAN_PART
    return -ORGAN_LOSS if is_gas else 0.0


SIGNS: tuple[Callable[[VoidSearch, SignalVoid], float], ...] = (
    pile_up_points,
    length_points,
    twin_points,
    place_points,
    side_points,
    organ_points,
)
"""The signs that a void is an implant; each gives points, below zero where it speaks against."""


# --- the result


def _result(mask: np.ndarray, search: VoidSearch, signals: Signals) -> ImplantResult:
    """The implant on the working grid, with its axis and side."""
    geometry, shape = search.geometry, signals.geometry.shape
    margin = near_mask(mask, geometry, search.limits.margin_mm) & search.body
    points = geometry.flat_to_ras(np.flatnonzero(mask))
    plane = search.plane
    middle = plane.point_ras if plane is not None else search.middle_ras
    to_left = plane.normal_ras if plane is not None else np.array([-1.0, 0.0, 0.0])
    distance = float((points.mean(axis=0) - middle) @ to_left)
    axis = stem_axis(points)
    warnings = [] if search.expected else ["A signal void like that of an implant was found."]
    if abs(distance) < distances.IMPLANT_SIDE_UNCERTAIN.value:
        warnings.append("The implant lies near the midline: its side is uncertain.")
    if axis is None:
        warnings.append("The stem's axis could not be found from the signal void.")
    return ImplantResult(
        void=Region.from_mask(spread_blocks(mask, search.factors, shape), signals.geometry),
        unreliable=Region.from_mask(spread_blocks(margin, search.factors, shape), signals.geometry),
        axis_ras=axis,
        side=str(Side.LEFT if distance > 0 else Side.RIGHT),
        warnings=tuple(warnings),
    )


def stem_axis(points: np.ndarray) -> np.ndarray | None:
    """The axis of the stem, the long thin part of a void.

    The stem is the distal part. Head, cup and neck lie proximally and to one side, so the line is fitted from the
    distal end upward and ends where the void leaves it.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        The void, RAS mm.

    Returns
    -------
    ndarray, shape (2, 3), or None
        Proximal and distal end, RAS mm; None when there is no stem.
    """
    lengths, axes = extents_mm(points)
    if lengths[0] < distances.STEM_LENGTH_LEAST.value:
        return None
    direction = _upward(axes[0])
    if direction[2] < STEM_UPRIGHT_LEAST:
        direction = np.array([0.0, 0.0, 1.0])
    center = points.mean(axis=0)
    for _ in range(STEM_ROUNDS):
        height = (points - center) @ direction
        low, high = np.percentile(height, (1, 99))
        stem = points[height < low + STEM_PART * (high - low)]
        spans, own = extents_mm(stem)
        if spans[0] < STEM_ELONGATION_LEAST * spans[1]:
            return None
        center = stem.mean(axis=0)
        direction = _upward(own[0])
    return _ends(points, center, direction)


def _upward(direction: np.ndarray) -> np.ndarray:
    return direction if direction[2] > 0 else -direction


def _ends(points: np.ndarray, center: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Proximal and distal end of the stem along its axis."""
    height = (points - center) @ direction
    aside = np.linalg.norm(points - center - height[:, None] * direction, axis=1)
    distal = np.percentile(height, STEM_DISTAL_PERCENT)
    in_stem = height < np.percentile(height, STEM_PERCENT)
    radius = max(np.percentile(aside[in_stem], STEM_RADIUS_PERCENT), distances.STEM_RADIUS_LEAST.value)
    top = float(np.percentile(height[aside < radius], STEM_TOP_PERCENT))
    return np.stack([center + top * direction, center + distal * direction])
