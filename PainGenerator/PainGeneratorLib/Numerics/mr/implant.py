"""Finds metal implants on MR by their signal voids, and the zone around them where neither MR nor PET can be trusted.

Start at :func:`find_implant`. Each sign that a void is an implant gives points; the signs stand in :data:`SIGNS`. Both
hips can have a prosthesis. The side that the user gives helps to find a void; whether the images contradict it is
asked without its help.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from ..body.midline import is_reliable
from ..body.symmetry import SymmetryPlane
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.kept import Kept
from ..core.words import LATERAL_SIDES, Group, ProsthesisSide, Side
from .blocks import Factors, block_mean, coarse_factors, coarser, spread_blocks
from .signal import Signals, extents_mm, near_mask, sample_mask

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
CLEAR_VOLUME_ML = 20.0
"""Lower bound of the volume of a void that is clearly a hip prosthesis, ml. Stems with their heads have 50 to 100 ml,
gas in the bowel and the air in a cleft of the skin less. Our estimate."""
CLEAR_WIDTH_MM = 35.0
"""Lower bound of the second extent of such a void, mm: a stem with neck and head reaches 40 to 60 mm to the side, a
shaft 30 mm. Our estimate."""
CLEAR_FROM_MIDLINE_MM = (60.0, 170.0)
"""Lower and upper bound of the distance of such a void from the midline, mm. The centers of hip joints lie 85 to 95 mm
from it, stems a little farther. Our estimate."""
ENOUGH_VOXELS = 20_000
"""About how many voxels give the middle of the body."""


@dataclass(frozen=True, eq=False)
class OneImplant(Kept):
    """One implant.

    Parameters
    ----------
    side : str
        "left" or "right".
    void : Region
        Its connected signal void.
    axis_ras : ndarray, shape (2, 3), or None
        Proximal and distal end of the stem, RAS mm.
    is_side_sure : bool
        It lies clearly beside a midline that the images show.
    """

    side: str
    void: Region
    axis_ras: np.ndarray | None = None
    is_side_sure: bool = True


@dataclass(frozen=True, eq=False)
class ImplantResult(Kept):
    """What was found of implants; all None when none was found.

    Parameters
    ----------
    void : Region or None
        The signal void of all implants.
    unreliable : Region or None
        Void, pile-up ring and margin: PET and MR cannot be trusted here.
    axis_ras : ndarray, shape (2, 3), or None
        Proximal and distal end of the stem of the clearest implant, RAS mm.
    side : str or None
        "left", "right" or "both".
    warnings : tuple of str
    parts : tuple of OneImplant
        Each implant by itself, the clearest first.
    notes : tuple of str
        Facts for the reader that are no warnings.
    contradicts : str or None
        The side on which an implant is clearly seen, when another side was given and none is seen there.
    """

    void: Region | None = None
    unreliable: Region | None = None
    axis_ras: np.ndarray | None = None
    side: str | None = None
    warnings: tuple[str, ...] = ()
    parts: tuple[OneImplant, ...] = ()
    notes: tuple[str, ...] = ()
    contradicts: str | None = None


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
        The part of the body where the signal can be used, and all voids in it.
    organs : ndarray of float32 or None
        Part of each voxel that an anatomy segmentation calls an organ.
    middle_ras : ndarray, shape (3,)
        The middle of the body.
    plane : SymmetryPlane or None
        Only a reliable one.
    prosthesis_side : str or None
        "left", "right", "both" or unknown.
    expected : bool
        Whether the group of the case has implants.
    limits : ImplantLimits
    midline : SymmetryPlane or None
        The plane of symmetry, else the middle of a body that is seen whole; None where neither is known.
    outline : ndarray of bool or None
        The whole body, with the places where the signal cannot be used; `body` when None. The depth below the skin is
        measured in it: a metal void often has places without usable signal, and these are not the skin.
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
    midline: SymmetryPlane | None = None
    outline: np.ndarray | None = None

    def to_left_mm(self, point_ras: np.ndarray) -> float:
        """Distance of a point from the midline, else from the middle of the body, mm; positive to the left."""
        plane = self.plane or self.midline
        if plane is not None:
            return float(plane.signed_distance_mm(point_ras))
        return float(self.middle_ras[0] - point_ras[0])


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
    midline: SymmetryPlane | None = None,
    prosthesis_side: str | None = None,
    anatomy: np.ndarray | None = None,
) -> ImplantResult:
    """Find the voids of implants: of one, or of one on either side.

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
    midline : SymmetryPlane, optional
        The middle of the body's outline, where there is no reliable plane of symmetry.
    prosthesis_side : str, optional
        "left", "right" or "both", when known.
    anatomy : ndarray of uint8, optional
        Tissue codes; a void within organs is gas.
    """
    factors = coarse_factors(signals.geometry)
    geometry = coarser(signals.geometry, factors)
    seen = {role: block_mean(array, factors) for role, array in signals.roles.items() if muscle[role] > 0}
    body = block_mean(signals.body & signals.usable, factors) > 0.5
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
        midline=midline,
        outline=block_mean(signals.body, factors) > 0.5,
    )
    labels, _ = ndimage.label(search.voids, np.ones((3, 3, 3)))
    masks = _implant_masks(search, labels)
    if search.expected:
        contradicted = _contradicted(search, masks)
        if contradicted is not None:
            return ImplantResult(contradicts=contradicted)
    if masks:
        return _result(masks, search, signals)
    if search.expected:
        return ImplantResult(warnings=("No implant's signal void was found, though the group is hip-replacement.",))
    return ImplantResult()


def _implant_masks(search: VoidSearch, labels: np.ndarray) -> list[np.ndarray]:
    """The void of the clearest implant and, at hips, that of a second one on the other side; the clearest first."""
    taken = _taken(search, labels)
    first = _joined(labels, taken, search.geometry) if taken else None
    masks = [] if first is None else [first]
    if not search.expected:
        return masks
    masks += _clear_masks(search, labels, first)
    is_alone = first is None and len(masks) == 1 and search.plane is not None
    if is_alone and search.prosthesis_side not in LATERAL_SIDES:
        # A void alone was judged with its twin already.
        return []
    return masks


def _clear_masks(search: VoidSearch, labels: np.ndarray, first: np.ndarray | None) -> list[np.ndarray]:
    """Voids that are clearly hip prostheses, on the sides on which the first implant does not lie.

    The given side must not hide an implant on the other one, and two implants are twins of each other, so that
    neither sign is asked.
    """
    free = dataclasses.replace(search, prosthesis_side=None, plane=None, midline=search.plane or search.midline)
    first_side = None if first is None else _sure_side(free, first)
    if first is not None and first_side is None:
        return []
    by_side: dict[Side | None, list[int]] = {}
    for index in _taken(free, labels):
        if _is_clear(free, labels == index):
            by_side.setdefault(_sure_side(free, labels == index), []).append(index)
    by_side.pop(first_side, None)
    return [_joined(labels, by_side[side], search.geometry) for side in LATERAL_SIDES if side in by_side]


def _is_clear(search: VoidSearch, mask: np.ndarray) -> bool:
    """Whether a void is clearly that of a hip prosthesis, whatever the user said.

    It is large, long and upright, has a stem with a head beside it, lies where a hip joint is, and not in front. The
    cortex of a femur is as long but not as wide.
    """
    void = SignalVoid(mask, Region.from_mask(mask, search.geometry))
    lengths, _ = extents_mm(void.region.points_ras)
    is_large = void.region.volume_ml >= CLEAR_VOLUME_ML and lengths[1] >= CLEAR_WIDTH_MM
    if _sure_side(search, mask) is None or not is_large or length_points(search, void) < 1.0:
        return False
    low, high = CLEAR_FROM_MIDLINE_MM
    aside = low <= abs(search.to_left_mm(void.region.centroid_ras_mm)) <= high
    return aside and place_points(search, void) > 0.0 and stem_axis(void.region.points_ras) is not None


def _sure_side(search: VoidSearch, mask: np.ndarray) -> Side | None:
    """The side of a void; None without a known midline, and near it."""
    if search.plane is None and search.midline is None:
        return None
    to_left = search.to_left_mm(search.geometry.flat_to_ras(np.flatnonzero(mask)).mean(axis=0))
    if abs(to_left) <= distances.IMPLANT_SIDE_SURE.value:
        return None
    return Side.LEFT if to_left > 0 else Side.RIGHT


def _contradicted(search: VoidSearch, masks: list[np.ndarray]) -> str | None:
    """The side on which an implant is clearly seen, when only the other one was given and none is seen there."""
    if search.prosthesis_side not in LATERAL_SIDES:
        return None
    sides = {_sure_side(search, mask) for mask in masks if _is_clear(search, mask)}
    other = Side.RIGHT if search.prosthesis_side == Side.LEFT else Side.LEFT
    return str(other) if sides == {other} else None


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
    depth = _depth_mm(search.body if search.outline is None else search.outline, search.geometry)
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
    to_left = search.to_left_mm(void.region.centroid_ras_mm)
    is_known = search.prosthesis_side in LATERAL_SIDES
    if not is_known or abs(to_left) <= distances.IMPLANT_SIDE_SURE.value:
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


def _result(masks: list[np.ndarray], search: VoidSearch, signals: Signals) -> ImplantResult:
    """The implants on the working grid, with their axes and sides."""
    geometry, shape = search.geometry, signals.geometry.shape
    parts = tuple(_one_implant(mask, search, signals) for mask in masks)
    whole: np.ndarray = np.logical_or.reduce(masks)
    margin = near_mask(whole, geometry, search.limits.margin_mm) & search.body
    sides = {part.side for part in parts}
    return ImplantResult(
        void=Region.from_mask(spread_blocks(whole, search.factors, shape), signals.geometry),
        unreliable=Region.from_mask(spread_blocks(margin, search.factors, shape), signals.geometry),
        axis_ras=parts[0].axis_ras,
        side=str(ProsthesisSide.BOTH) if len(sides) > 1 else parts[0].side,
        warnings=tuple(_warnings(parts, search)),
        parts=parts,
        notes=tuple(_notes(parts, search)),
    )


def _one_implant(mask: np.ndarray, search: VoidSearch, signals: Signals) -> OneImplant:
    points = search.geometry.flat_to_ras(np.flatnonzero(mask))
    distance = search.to_left_mm(points.mean(axis=0))
    return OneImplant(
        side=str(Side.LEFT if distance > 0 else Side.RIGHT),
        void=Region.from_mask(spread_blocks(mask, search.factors, signals.geometry.shape), signals.geometry),
        axis_ras=stem_axis(points),
        is_side_sure=_sure_side(search, mask) is not None,
    )


def _warnings(parts: tuple[OneImplant, ...], search: VoidSearch) -> Iterator[str]:
    """What is uncertain about the implants, or differs from what was given."""
    if not search.expected:
        yield "A signal void like that of an implant was found."
    for part in parts:
        to_left = search.to_left_mm(part.void.centroid_ras_mm)
        if abs(to_left) < distances.IMPLANT_SIDE_UNCERTAIN.value:
            yield "The implant lies near the midline: its side is uncertain."
    if any(part.axis_ras is None for part in parts):
        yield "The stem's axis could not be found from the signal void."
    yield from _side_warnings(parts, search.prosthesis_side)


def _side_warnings(parts: tuple[OneImplant, ...], given: str | None) -> Iterator[str]:
    """Where the implants that are seen differ from the side that was given."""
    seen, first = {part.side for part in parts}, parts[0].side
    if given in LATERAL_SIDES and len(seen) > 1:
        yield f"The prosthesis was given as {given}, but an implant is seen on both sides: both are taken."
    elif given in LATERAL_SIDES and given not in seen:
        yield f"The prosthesis was given as {given}; the implant on the MR seems to lie {first}: check the side."
    elif given == ProsthesisSide.BOTH and len(seen) < 2:
        yield f"Prostheses were given for both sides, but only one implant is seen, on the {first}."


def _notes(parts: tuple[OneImplant, ...], search: VoidSearch) -> Iterator[str]:
    """That the side follows from the implant, where it was not given."""
    if search.expected and search.prosthesis_side is None:
        sides = " and ".join(sorted({part.side for part in parts}))
        doubt = "" if all(part.is_side_sure for part in parts) else " (uncertain, as the midline is not known)"
        yield f"The side of the prosthesis was not given: {sides}{doubt}, by the implant seen on the MR."


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
