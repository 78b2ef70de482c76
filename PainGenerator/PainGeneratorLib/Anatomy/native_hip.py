"""Find a femur with its own head on MR: the head as a bright sphere with a dark rim, and the axis of the shaft below.

The head is looked for near the place where the other hip has it, mirrored at the midline, else where adults have it.
The rim of a head is dark on every sequence, because cortical bone gives no signal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.core import tissues
from ..Numerics.core.image import Image
from .hips import Femur

HEAD_FROM_MIDLINE_MM = 89.0
"""Usual distance of the center of a femoral head from the midline, mm: 85 to 95 mm in adults. Our estimate."""
SEARCH_FROM_MIRRORED_MM = 24.0
"""Upper bound of the distance of a head from the mirrored place of the other one along each axis, mm: the midline is
known to 10 mm, and pelves tilt. Our estimate."""
SEARCH_ASIDE_MM = 18.0
"""The same to either side of the usual place, where no other hip is known, mm. Our estimate."""
RADII_MM = (19.0, 30.0)
"""Lower and upper bound of the radius of the head of an adult, mm. Heads are 38 to 60 mm wide. Our estimate."""
COARSE_STEP_MM = 6.0
"""Step of the first search, mm: half of it is about the width of a rim with a margin."""
MARGIN_MM = 4.0
"""Lower bound of the distance of the center of a head from the border of the image, mm."""
IN_VIEW_PART = 0.4
"""Lower bound of the part of the directions toward the socket that the image must show. Our estimate."""
COARSE_DIRECTIONS, FINE_DIRECTIONS = 36, 120
"""Numbers of directions over a whole sphere in which the rim is looked for, in the first and in the last search."""
EVEN_MM = 9.0
"""Distance from the center of a head up to which its marrow is asked to be even, mm: two thirds of the radius of small
heads, less the error of the first search. Our estimate."""
EVEN_PART = 0.4
"""Upper bound of the differences of the signal there, as a part of its median. Our estimate."""
SIGNAL_PART = 0.15
"""Lower bound of the signal of a head, as a part of the brightest tissue's. Our estimate."""
RIM_DROP = 0.75
"""Upper bound of the signal at the rim of a head over that of the marrow beneath, in directions that count as rim. Our
estimate."""
UNDER_RIM_PART = 0.7
"""Lower bound of the signal beneath the rim, as a part of that of the whole marrow. Our estimate."""
SEEN_PART = 0.8
"""Lower bound of the part of the directions toward the socket in which the rim of a head is seen. It was 0.98 or more
at the heads of phantoms and at a real one, and 0.65 or less where there is none. Our estimate."""
SHAFT_FROM_HEAD_MM = (70.0, 150.0)
"""Lower and upper bound of the distance below the head at which the axis of the shaft is measured, mm."""
SHAFT_ASIDE_MM = (8.0, 62.0)
"""Lower and upper bound of the lateral distance of the shaft from the center of the head, mm. Our estimate."""
SHAFT_LEAST = 4
"""Lower bound of the number of heights at which the marrow of the shaft is seen."""
USUAL_TILT = 0.1
"""How much the shaft of a standing or lying adult runs medially on its way down, mm per mm: 5 to 7 degrees. Our
estimate, after the usual valgus of the knee."""
USUAL_OFFSET_RADII = 1.75
"""Usual femoral offset in radii of the head: 41 to 43 mm with heads of 48 mm. Our estimate."""


@dataclass(frozen=True, eq=False)
class NativeFemur:
    """A femur that was found on MR.

    Parameters
    ----------
    femur : Femur
    is_shaft_seen : bool
        False where the shaft is not in view, so that its usual course was taken.
    """

    femur: Femur
    is_shaft_seen: bool


@dataclass(frozen=True, eq=False)
class _Seen:
    """How clearly a head is seen at a place."""

    part: float
    center: np.ndarray
    radius_mm: float


def find_native_femur(
    image: Image,
    tissue: Image,
    side: str,
    left_ras: np.ndarray,
    midpoint_ras: np.ndarray,
    mirrored_ras: np.ndarray | None = None,
) -> NativeFemur | None:
    """Find the proximal femur of a side on MR.

    Parameters
    ----------
    image : Image
        The reference series.
    tissue : Image of uint8
        Tissue codes on the same grid.
    side : str
        ``left`` or ``right``.
    left_ras : ndarray, shape (3,)
        Unit vector to the patient's left.
    midpoint_ras : ndarray, shape (3,)
        A point of the midsagittal plane.
    mirrored_ras : ndarray, shape (3,), optional
        Where the center of the head is expected, because the other hip has it there.

    Returns
    -------
    NativeFemur or None
        None when no sphere with a dark rim is seen.
    """
    lateral = np.asarray(left_ras, dtype=float) * (1.0 if side == "left" else -1.0)
    centers = _places(image, lateral, midpoint_ras, mirrored_ras)
    if not len(centers):
        return None
    centers = centers[_is_even(image, centers)]
    if not len(centers):
        return None
    best = _best(image, centers, _directions(lateral, COARSE_DIRECTIONS))
    if best is None:
        return None
    outward = _directions(lateral, FINE_DIRECTIONS)
    for step in (3.0, 1.5):
        around = best.center + step * np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), -1).reshape(-1, 3)
        best = _best(image, around, outward) or best
    if best.part < SEEN_PART:
        return None
    return _with_shaft(tissue, side, best, lateral)


def _places(
    image: Image, lateral: np.ndarray, midpoint_ras: np.ndarray, mirrored_ras: np.ndarray | None
) -> np.ndarray:
    """Places where the center of a head is looked for, RAS mm, shape (n, 3)."""
    corners = image.geometry.corners_ras
    low, high = corners.min(axis=0) + MARGIN_MM, corners.max(axis=0) - MARGIN_MM
    if mirrored_ras is not None:
        reach = np.arange(-SEARCH_FROM_MIRRORED_MM, SEARCH_FROM_MIRRORED_MM + 1.0, COARSE_STEP_MM)
        steps = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
        points = mirrored_ras + steps
    else:
        aside = np.arange(-SEARCH_ASIDE_MM, SEARCH_ASIDE_MM + 1.0, COARSE_STEP_MM) + HEAD_FROM_MIDLINE_MM
        front, up = (np.arange(low[axis], high[axis], COARSE_STEP_MM) for axis in (1, 2))
        grid = np.stack(np.meshgrid(aside, front, up, indexing="ij"), axis=-1).reshape(-1, 3)
        start = np.asarray(midpoint_ras, dtype=float) * [1.0, 0.0, 0.0]
        points = start + grid[:, :1] * lateral + grid[:, 1:] @ np.eye(3)[1:]
    inside: np.ndarray = points[np.all((points > low) & (points < high), axis=1)]
    return inside


def _is_even(image: Image, centers: np.ndarray) -> np.ndarray:
    """Which places lie in even tissue with signal, as the marrow of a head is, shape (n,) of bool."""
    steps = EVEN_MM * np.concatenate([np.eye(3), -np.eye(3), np.zeros((1, 3))])
    kji = image.geometry.to_ijk((centers[:, None] + steps).reshape(-1, 3))[:, ::-1].T
    values = ndimage.map_coordinates(image.array, kji, order=1, mode="nearest", output=np.float32)
    values = values.reshape(len(centers), len(steps))
    typical = np.median(values, axis=1)
    spread = np.abs(values - typical[:, None]).max(axis=1)
    least = SIGNAL_PART * float(np.percentile(image.array, 95))
    even: np.ndarray = (spread < EVEN_PART * typical) & (typical > least)
    return even


def _directions(lateral: np.ndarray, count: int) -> np.ndarray:
    """Unit vectors over the part of a head that faces the socket, shape (n, 3): all but the cone of the neck."""
    height = 1.0 - 2.0 * (np.arange(count) + 0.5) / count
    turn = np.pi * (1.0 + np.sqrt(5.0)) * np.arange(count)
    flat = np.sqrt(1.0 - height**2)
    way = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=1)
    neck = 0.75 * lateral + np.array([0.0, 0.0, -0.66])
    kept: np.ndarray = way[way @ neck < 0.35]
    return kept


def _best(image: Image, centers: np.ndarray, outward: np.ndarray) -> _Seen | None:
    """The clearest head among some centers."""
    depth = np.arange(6.0, RADII_MM[1] + 3.0, 1.5)
    best: _Seen | None = None
    best_score = 0.0
    for chunk in np.array_split(centers, max(1, len(centers) // 400)):
        points = chunk[:, None, None] + depth[None, None, :, None] * outward[None, :, None]
        kji = image.geometry.to_ijk(points.reshape(-1, 3))[:, ::-1].T
        values = ndimage.map_coordinates(image.array, kji, order=1, cval=np.nan, output=np.float32)
        score, part, radius = _scores(values.reshape(points.shape[:3]), depth)
        first = int(np.argmax(score))
        if score[first] > best_score:
            best_score = float(score[first])
            best = _Seen(float(part[first]), chunk[first], float(radius[first]))
    return best


def _scores(values: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How well a head fits to each of n places: its score, the part of its rim that is seen, and its best radius.

    Parameters
    ----------
    values : ndarray, shape (n, directions, depths)
        Signal along rays from each place; NaN outside the image.
    depth : ndarray, shape (depths,)
        Distance from the place, mm.
    """
    inner = values[:, :, depth < RADII_MM[0] - 4.0]
    marrow = np.maximum(np.nan_to_num(np.nanmedian(inner, axis=(1, 2))), 1e-6)
    uneven = np.nanmean(np.abs(inner - marrow[:, None, None]), axis=(1, 2)) / marrow
    best, best_part, best_radius = np.full(len(values), -np.inf), np.zeros(len(values)), np.zeros(len(values))
    for radius in np.arange(RADII_MM[0], RADII_MM[1] + 0.1, 1.5):
        rim = values[:, :, np.abs(depth - radius) <= 1.6].min(axis=2)
        under = values[:, :, (depth >= radius - 6.0) & (depth <= radius - 2.9)].mean(axis=2)
        in_view = np.isfinite(rim) & np.isfinite(under)
        count = np.maximum(np.count_nonzero(in_view, axis=1), 1)
        drop = np.clip((under - rim) / marrow[:, None], 0.0, 1.0)
        is_rim = in_view & (rim < RIM_DROP * under) & (under > UNDER_RIM_PART * marrow[:, None])
        part = np.count_nonzero(is_rim, axis=1) / count
        score = part * (0.5 + np.where(in_view, drop, 0.0).sum(axis=1) / count) - uneven
        score[count < IN_VIEW_PART * values.shape[1]] = -np.inf
        better = score > best
        best[better], best_part[better], best_radius[better] = score[better], part[better], radius
    return best, best_part, best_radius


def _with_shaft(tissue: Image, side: str, head: _Seen, lateral: np.ndarray) -> NativeFemur:
    """The femur with the axis of its shaft, from the marrow below the head; the usual axis where it is not seen."""
    middles = _shaft_middles(tissue, head.center, lateral)
    distal = np.array([0.0, 0.0, -1.0]) - USUAL_TILT * lateral
    offset = USUAL_OFFSET_RADII * head.radius_mm
    is_seen = len(middles) >= SHAFT_LEAST
    if is_seen:
        slopes = np.polyfit(middles[:, 2], middles[:, :2], 1)[0]
        distal = np.array([-slopes[0], -slopes[1], -1.0])
    distal = distal / np.linalg.norm(distal)
    across = lateral - (lateral @ distal) * distal
    across = across / np.linalg.norm(across)
    if is_seen:
        offset = float(np.median((middles - head.center) @ across))
    femur = Femur(side, head.center, head.radius_mm, across, distal, float(np.clip(offset, 25.0, 65.0)))
    return NativeFemur(femur, is_seen)


def _shaft_middles(tissue: Image, head_ras: np.ndarray, lateral: np.ndarray) -> np.ndarray:
    """Middles of the marrow of the shaft at several heights, RAS mm, shape (n, 3), those that lie on one line."""
    front = np.cross(lateral, [0.0, 0.0, 1.0])
    front = front * np.sign(front[1])
    aside, ahead = np.meshgrid(np.arange(*SHAFT_ASIDE_MM, 2.0), np.arange(-34.0, 25.0, 2.0), indexing="ij")
    flat = aside[..., None] * lateral + ahead[..., None] * front
    middles = []
    for below in np.arange(*SHAFT_FROM_HEAD_MM, 6.0):
        points = head_ras + flat - [0.0, 0.0, below]
        kji = tissue.geometry.to_ijk(points.reshape(-1, 3))[:, ::-1].T
        codes = ndimage.map_coordinates(tissue.array, kji, order=0, cval=tissues.UNKNOWN).reshape(aside.shape)
        labels, count = ndimage.label(codes == tissues.MARROW)
        if not count:
            continue
        sizes = np.bincount(labels.ravel())[1:]
        mine = labels == 1 + int(sizes.argmax())
        if np.count_nonzero(mine) >= 8:
            middles.append(points[mine].mean(axis=0))
    found = np.array(middles).reshape(-1, 3)
    if len(found) < SHAFT_LEAST:
        return found
    typical = np.median(found, axis=0)
    near: np.ndarray = found[np.linalg.norm((found - typical)[:, :2], axis=1) < 12.0]
    return near
