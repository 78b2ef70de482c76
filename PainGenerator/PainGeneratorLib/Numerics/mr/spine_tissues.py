"""The tissues about the spine, by their place along the canal first and by their signal then.

Canal and discs are found on any MR contrast (:mod:`..body.canal`, :mod:`..body.discs`). They say where marrow, disc,
cerebrospinal fluid, back muscle and the fat under the skin lie. The signal of each tissue is learned there in every
series. So nothing is asked of the contrast: the same steps serve T1, T2, STIR and gradient echoes, one of them alone
included. Start at :func:`find_spine_tissues`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from ..body.canal import SpineLine
from ..body.vertebral_shape import VertebralShape, find_vertebral_shape
from ..core.histogram import modes
from ..core.image import Geometry
from ..core.words import Role
from .signal import Signals, in_plane_smooth
from .spine_coordinates import SpineCoordinates, spine_coordinates
from .surroundings import slice_axis

SMOOTH_MM = 0.7
"""Standard deviation of the smoothing before edges are looked for, mm: about a voxel."""
LEAST_SIGNAL_PART = 1e-3
"""Lower bound of the signal before its logarithm is taken, as a part of the median."""
MOST_GRADIENT = 0.5
"""Upper bound of a gradient that counts, log units per mm: one edge must not outweigh all others."""
MOST_VALLEY = 0.6
"""Upper bound of the depth of a dark line that counts, log units."""
VALLEY_HALF_MM = 2.5
"""Half of the width of the dark lines that cortex makes, mm, as an upper bound."""
INSIDE_RADIUS, OUTSIDE_RADIUS = 0.78, 1.18
"""Parts of the way from the axis of the bodies to their edge, up to which a place surely is a body and beyond which it
is none: bodies of one spine differ by less. Our estimate."""
FROM_DISC_MM = 2.5
"""So far from the edge of a disc a place surely is disc or body, mm. Our estimate."""
BODY_BEYOND_DISC_MM, NO_BODY_BEYOND_DISC_MM = 22.0, 30.0
"""Beyond the lowest and the highest disc, up to where a body surely reaches, and from where on it surely does not, mm:
bodies are 25 to 32 mm high."""
LEVELS = 4000
"""Steps of the strength of edges in the search for the border of a body; strong edges have about this value."""
STRONG_PERCENTILE = 99.0
"""Percentile of the strength of edges that stands for strong ones."""
MODE_WIDTH = 0.1
"""Width of one tissue in the histogram at its own place, log units. Our estimate."""
MODE_PART = 0.35
"""Lower bound for the frequency of muscle among the tissues of the back, as a part of the most frequent's. Our
estimate."""
PLACE_VOXELS_LEAST = 100
"""Lower bound for the number of voxels of which the signal of a tissue is taken."""
FAT_PERCENTILE = 75.0
"""Percentile of the signal under the skin that is that of fat: skin and vessels are darker."""
MUSCLE_PARTS = (0.65, 1.5)
"""Bounds of the signal of voxels of muscle, over the signal of muscle, in each series."""
FAT_OVER_MUSCLE = 1.35
"""Lower bound of the signal of fat over that of muscle, on a series that tells them apart. Our estimate."""
FLUID_PART = 0.5
"""Lower bound of the signal of fluid, as a part of the cerebrospinal fluid's. Our estimate: a small effusion shares
its voxels with other tissue."""
PARASPINAL_SIDE_MM = (9.0, 40.0)
"""Between which distances from the middle the back muscles lie that are looked at, mm."""
PARASPINAL_FRONT_MM = (-52.0, -22.0)
"""Between which distances in front of the canal (negative behind it) they lie, mm."""
BELOW_SKIN_MM = 12.0
"""From which depth below the skin on they lie, mm."""
FAT_DEPTH_MM = (3.0, 12.0)
"""Depths below the skin of the back at which there is fat, mm."""
CSF_HALF_MM = 4.0
"""Distance from the canal's middle up to which there is cerebrospinal fluid with roots, mm."""


@dataclass(frozen=True)
class PlaceSignals:
    """Typical signals of tissues at their places in one series; None where too little of it is in view.

    Parameters
    ----------
    marrow, disc, fluid, muscle, fat : float or None
        `fluid` is the cerebrospinal fluid, `fat` the fat under the skin of the back.
    """

    marrow: float | None
    disc: float | None
    fluid: float | None
    muscle: float | None
    fat: float | None


@dataclass(frozen=True, eq=False)
class SpineTissues:
    """What the place along the canal says about the tissues around it.

    Parameters
    ----------
    coordinates : SpineCoordinates
    shape : VertebralShape
    bodies, discs, muscle : ndarray of bool, shape of the box
        Vertebral bodies without their cortex, discs, and muscle of the back.
    signals : dict of str to PlaceSignals
        By role.
    """

    coordinates: SpineCoordinates
    shape: VertebralShape
    bodies: np.ndarray
    discs: np.ndarray
    muscle: np.ndarray
    signals: dict[str, PlaceSignals]

    @property
    def tells_fat_on_t1(self) -> bool:
        """Whether fat and marrow are brighter than muscle on T1, as on spin echoes and not on all gradient echoes."""
        t1 = self.signals.get("T1")
        if t1 is None or t1.fat is None or t1.muscle is None:
            return False
        return t1.fat > FAT_OVER_MUSCLE * t1.muscle and (t1.marrow is None or t1.marrow > t1.muscle)


def find_spine_tissues(signals: Signals, line: SpineLine) -> SpineTissues | None:
    """Find the tissues about the spine.

    Parameters
    ----------
    signals : Signals
    line : SpineLine
        With discs, in the frame of the signals.

    Returns
    -------
    SpineTissues or None
        None where the line has no discs, or too little of the vertebral bodies is in view.
    """
    if not len(line.disc_mm):
        return None
    geometry = signals.geometry
    inside = {
        role: np.where(signals.body, np.nan_to_num(array), np.float32(0.0)) for role, array in signals.roles.items()
    }
    shape = find_vertebral_shape(line.straight, [line.straight.sample(a, geometry) for a in inside.values()])
    if shape is None:
        return None
    at = spine_coordinates(geometry, line.straight)
    boxed = {role: array[at.box] for role, array in inside.items()}
    radius = shape.radius(at.front, at.right)
    bodies = _bodies(boxed, at, radius, shape, line, geometry) & signals.body[at.box]
    discs = at.known & (radius < 1.0) & (np.abs(at.to_disc) < shape.disc_half_mm) & ~bodies
    below_skin = _depth_mm(signals.body, geometry)
    depth = below_skin[at.box]
    skin = _under_skin(below_skin, geometry, line)
    levels = {
        role: _signals_at_places(role, array, at, radius, depth, inside[role].reshape(-1)[skin])
        for role, array in boxed.items()
    }
    muscle = _muscle(boxed, levels, at, depth) & signals.body[at.box]
    return SpineTissues(at, shape, bodies, discs, muscle, levels)


def _bodies(
    boxed: Mapping[str, np.ndarray],
    at: SpineCoordinates,
    radius: np.ndarray,
    shape: VertebralShape,
    line: SpineLine,
    geometry: Geometry,
) -> np.ndarray:
    """The vertebral bodies: from what surely is inside up to the strongest edge before what surely is outside."""
    lowest, highest = float(line.disc_mm.min()), float(line.disc_mm.max())
    beyond = np.maximum(lowest - at.height, at.height - highest)
    to_disc = np.abs(at.to_disc)
    known = at.known
    sure = known & (radius < INSIDE_RADIUS) & (to_disc > shape.disc_half_mm + FROM_DISC_MM)
    sure &= beyond < BODY_BEYOND_DISC_MM
    never = ~known | (radius > OUTSIDE_RADIUS) | (beyond > NO_BODY_BEYOND_DISC_MM)
    never |= to_disc < max(shape.disc_half_mm - FROM_DISC_MM, 0.5)
    out = np.zeros(radius.shape, dtype=bool)
    if not sure.any():
        return out
    box = _box_of(~never)
    markers = never[box].astype(np.int16) + 2 * sure[box].astype(np.int16)
    edges = _edges({role: array[box] for role, array in boxed.items()}, geometry)
    strong = float(np.percentile(edges[~never[box]], STRONG_PERCENTILE))
    strength = np.clip(edges * (LEVELS / max(strong, 1e-6)), 0, np.iinfo(np.uint16).max).astype(np.uint16)
    found = ndimage.watershed_ift(strength, markers, structure=ndimage.generate_binary_structure(3, 1))
    out[box] = (found == 2) & ~never[box]
    return out


def _box_of(mask: np.ndarray) -> tuple[slice, ...]:
    """The box around a mask with a margin of a voxel."""
    where = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    return tuple(slice(max(int(w[0]) - 1, 0), min(int(w[-1]) + 2, n)) for w, n in zip(where, mask.shape, strict=True))


def _edges(boxed: Mapping[str, np.ndarray], geometry: Geometry) -> np.ndarray:
    """Strength of edges and dark lines within slices, mean of all series."""
    axis = slice_axis(geometry)
    spacing = geometry.spacing_kji_mm
    fine = [a for a in range(3) if a != axis]
    size = [2 * int(VALLEY_HALF_MM / spacing[a] + 0.5) + 1 if a in fine else 1 for a in range(3)]
    total = np.zeros(next(iter(boxed.values())).shape, dtype=np.float32)
    for array in boxed.values():
        smooth = in_plane_smooth(array, geometry, SMOOTH_MM)
        seen = smooth[smooth > 0.0]
        if not seen.size:
            continue
        logs = np.log(np.maximum(smooth, LEAST_SIGNAL_PART * float(np.median(seen))))
        squared = np.zeros_like(logs)
        for a in fine:
            if logs.shape[a] > 1:
                squared += (np.gradient(logs, axis=a) / spacing[a]) ** 2
        valley = ndimage.grey_closing(logs, size) - logs
        total += np.minimum(np.sqrt(squared), MOST_GRADIENT) + np.minimum(valley, MOST_VALLEY)
    return total / max(len(boxed), 1)


def _depth_mm(body: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Depth of each voxel below the skin, mm; infinite where no skin is in view."""
    padded = np.pad(body, 1, mode="edge")
    if padded.all():
        return np.full(body.shape, np.inf, dtype=np.float32)
    depth: np.ndarray = ndimage.distance_transform_edt(padded, sampling=geometry.spacing_kji_mm)
    return depth[1:-1, 1:-1, 1:-1].astype(np.float32)


def _under_skin(depth: np.ndarray, geometry: Geometry, line: SpineLine) -> np.ndarray:
    """Flat indices of the voxels under the skin of the back, behind the muscles beside the canal."""
    flat = np.flatnonzero((depth > FAT_DEPTH_MM[0]) & (depth < FAT_DEPTH_MM[1]))
    points = geometry.flat_to_ras(flat)
    canal = line.at(points[:, 2])
    is_beside = np.abs(points[:, 0] - canal[:, 0]) < PARASPINAL_SIDE_MM[1]
    is_at_height = (points[:, 2] > line.points_ras[0, 2]) & (points[:, 2] < line.points_ras[-1, 2])
    is_behind = points[:, 1] - canal[:, 1] < PARASPINAL_FRONT_MM[1]
    return np.asarray(flat[is_beside & is_at_height & is_behind])


def _signals_at_places(
    role: str, array: np.ndarray, at: SpineCoordinates, radius: np.ndarray, depth: np.ndarray, skin: np.ndarray
) -> PlaceSignals:
    """The typical signal of each tissue at its place in one series.

    Parameters
    ----------
    role : str
    array, radius, depth : ndarray, shape of the box
    at : SpineCoordinates
    skin : ndarray, shape (n,)
        Signal of the voxels under the skin of the back.
    """
    aside, to_disc = np.abs(at.right), np.abs(at.to_disc)
    seen = np.isfinite(array) & (array > 0.0)

    def median(place: np.ndarray, percentile: float = 50.0) -> float | None:
        values = array[place & seen]
        return float(np.percentile(values, percentile)) if values.size >= PLACE_VOXELS_LEAST else None

    marrow = median((radius < INSIDE_RADIUS) & (to_disc > distances.ENDPLATE_FROM_DISC_MIDDLE.value))
    disc = median((radius < INSIDE_RADIUS) & (to_disc < 0.5 * distances.DISC_HALF_HEIGHT.value))
    fluid = median((np.abs(at.front) < CSF_HALF_MM) & (aside < CSF_HALF_MM))
    skin = skin[skin > 0.0]
    fat = float(np.percentile(skin, FAT_PERCENTILE)) if skin.size >= PLACE_VOXELS_LEAST else None
    back = array[_paraspinal(at, depth) & seen]
    muscle = None
    if back.size >= PLACE_VOXELS_LEAST:
        # Fat between and within the muscles is brighter on T1 and T2: muscle is the darkest frequent tissue. With fat
        # suppressed it is darker: muscle is the most frequent tissue.
        part = 1.0 if role == Role.FLUID else MODE_PART
        muscle = float(np.exp(modes(np.log(back), MODE_WIDTH, part)[0]))
    return PlaceSignals(marrow, disc, fluid, muscle, fat)


def _paraspinal(at: SpineCoordinates, depth: np.ndarray) -> np.ndarray:
    """Where the muscles of the back lie beside the processes."""
    aside = np.abs(at.right)
    place = (at.front > PARASPINAL_FRONT_MM[0]) & (at.front < PARASPINAL_FRONT_MM[1]) & (depth > BELOW_SKIN_MM)
    return np.asarray(place & (aside > PARASPINAL_SIDE_MM[0]) & (aside < PARASPINAL_SIDE_MM[1]))


def _muscle(
    boxed: Mapping[str, np.ndarray], levels: Mapping[str, PlaceSignals], at: SpineCoordinates, depth: np.ndarray
) -> np.ndarray:
    """Voxels of the back muscles: at their place, with the signal of muscle in every series."""
    muscle = _paraspinal(at, depth)
    for role, array in boxed.items():
        own = levels[role].muscle
        if own is not None:
            muscle &= (array > MUSCLE_PARTS[0] * own) & (array < MUSCLE_PARTS[1] * own)
    return muscle
