"""Bone marrow from MR signal alone: parts of a slice that a dark rim of cortex encloses, seen on several.

Cortex is dark on every sequence and parts marrow from fat even where both are equally bright. It is thin and often
broken, so the parts of a slice are told apart at several widths of the gaps, and each is judged by what lies along its
border, by its tone on T1, its signal on the fluid-sensitive series and its distance from the skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .signal import Signals, block_mean, spread_blocks

SPACING_MM = 1.6
"""In-slice spacing that is worked on, about: cortex is hardly thinner."""
COARSEST_MM = 2.2
"""With larger voxels within the slice cortex is not seen, and nothing is called marrow."""
VALLEY_MM = 3.5
"""Half the width of the widest dark line that counts as cortex between two brighter parts."""
VALLEY_PART = 0.75
"""A voxel darker than this part of what lies on both sides of it belongs to a dark line."""
DARK_PART = 0.55
"""Of the muscle signal; below it lies cortex, tendon, gas or metal."""
CORTEX_PART = 0.9
"""Of the muscle signal: cortex that shares its voxel with marrow is still darker than this."""
WALL_PART = 0.8
"""Of muscle on the fluid-sensitive series: cortex is dark on all, the wall of bowel is not."""
LINE_PART = 1.2
"""The same beside fat or marrow on both sides, for parts whose signal speaks for marrow."""
OVER_MUSCLE = 1.25
"""T1 of marrow over that of muscle: more in all adults (a marrow as dark as muscle is itself abnormal)."""
UNDER_FAT = 0.9
"""T1 of red or mixed marrow over that of fat; yellow marrow is as bright as fat and is told by its rim alone."""
GAPS_MM = (1.9, 3.5, 5.5)
"""Half widths of the gaps in the cortex that are closed, in this order: small bones first."""
SKIN_MM = 7.0
"""A part that comes nearer to the skin than this is subcutaneous fat."""
RIM_ALONE, RIM_WITH_SIGNAL = 0.6, 0.5
"""Part of the border that must be dark: when nothing else speaks for marrow, and when the signal does."""
FILL_WITH_SIGNAL, FILL_ALONE = 0.1, 0.2
"""Of a part's area, in its largest circle, at least: fat between muscles is thin and branched."""
LEAST_MM2, MOST_MM2, LEAST_ML = 40.0, 9000.0, 1.5
"""Parts of a slice that can be bone, and the least bone that can be told."""
NEIGHBORHOOD_MM = 60.0
"""Width of the window whose brightest tissue is taken for fat."""
HOLE_MM2 = 350.0
"""A larger hole in a bone's slice is the canal or the space of a joint."""
MENDED_MM = 4.0
"""Notches of this half width in a bone are closed: cortex crossed by vessels, small lesions."""


@dataclass(frozen=True, eq=False)
class _Slices:
    """What is looked at, slices first, on the coarser grid (spacing in mm)."""

    t1: np.ndarray
    fluid: np.ndarray | None
    body: np.ndarray
    skin_mm: np.ndarray
    line: np.ndarray
    """Dark lines and dark parts: no marrow."""
    cortex: np.ndarray
    """Voxels near which a border counts as dark."""
    spacing: tuple[float, float, float]
    muscle: float
    fat: float
    fluid_muscle: float = 0.0
    fluid_fat: float = 0.0

    def voxels(self, mm: float) -> tuple[int, int, int]:
        """Whole voxels for a reach within a slice."""
        return (0, *(max(1, int(mm / s + 0.5)) for s in self.spacing[1:]))

    def depth(self, mask: np.ndarray) -> np.ndarray:
        """Distance to the border of a mask within each slice, mm; the grid's border is none."""
        padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)), mode="edge")
        return _distance(padded, self.spacing)[:, 1:-1, 1:-1]


def find_marrow(signals: Signals, muscle_t1: float, fat_t1: float, bright_role: str | None) -> np.ndarray:
    """Marrow, lesions in it included as far as its cortex encloses them.

    Parameters
    ----------
    signals : Signals
        With T1.
    muscle_t1, fat_t1 : float
        T1 signal of muscle and of fat.
    bright_role : str or None
        The role that shows fluid.

    Returns
    -------
    ndarray of bool, shape of the signals
    """
    spacing = np.array(signals.geometry.spacing_kji_mm)
    if np.median(spacing) > COARSEST_MM:
        return np.zeros(signals.geometry.shape, dtype=bool)
    thick = int(np.argmax(spacing)) if spacing.max() > 1.5 * np.median(spacing) else 0
    factors = [max(1, int(SPACING_MM / s + 0.5)) for s in spacing]
    factors[thick] = 1
    work = _slices(signals, tuple(factors), thick, muscle_t1, fat_t1, bright_role)
    bright = (work.t1 > OVER_MUSCLE * work.muscle) & ~work.line & work.body
    marrow = np.zeros(bright.shape, dtype=bool)
    for gap in GAPS_MM:
        parts, count = _parts(work, bright & ~marrow, gap)
        marrow |= _judged(work, parts, count)[parts]
    marrow = _in_neighbors(marrow, work)
    marrow = _mended(marrow, work)
    return np.ascontiguousarray(
        spread_blocks(np.moveaxis(marrow, 0, thick), tuple(factors), signals.geometry.shape) & signals.body
    )


def _slices(
    signals: Signals, factors: tuple[int, int, int], thick: int, muscle: float, fat: float, bright_role: str | None
) -> _Slices:
    def taken(array: np.ndarray) -> np.ndarray:
        return np.moveaxis(block_mean(array, factors), thick, 0)

    steps = [s * f for s, f in zip(signals.geometry.spacing_kji_mm, factors, strict=True)]
    spacing = (steps.pop(thick), *steps)
    t1 = np.nan_to_num(taken(signals.roles["T1"]), nan=0.0)
    t1 = ndimage.gaussian_filter(t1, [0.0, *(0.6 / s for s in spacing[1:])], truncate=2.5)
    body = taken(signals.body) > 0.5
    around = np.pad(body, 1, mode="edge")
    skin = np.full(body.shape, np.inf, dtype=np.float32)
    if not around.all():
        skin = ndimage.distance_transform_edt(around, sampling=spacing)[1:-1, 1:-1, 1:-1].astype(np.float32)
    size = [1, *(2 * max(1, int(VALLEY_MM / s + 0.5)) + 1 for s in spacing[1:])]
    margin = [(0, 0), *((n, n) for n in size[1:])]
    closed = ndimage.grey_closing(np.pad(t1, margin, mode="edge"), size=size)
    closed = closed[:, size[1] : closed.shape[1] - size[1], size[2] : closed.shape[2] - size[2]]
    valley, dark = t1 < VALLEY_PART * closed, t1 < DARK_PART * muscle
    cortex = dark | (valley & (t1 < CORTEX_PART * muscle))
    fluid = None if bright_role is None else taken(signals.roles[bright_role])
    levels = (0.0, 0.0)
    if fluid is not None:
        some = np.flatnonzero(body & np.isfinite(fluid))
        some = some[:: some.size // 200_000 + 1]
        tone, signal = t1.reshape(-1)[some], fluid.reshape(-1)[some]
        alike = (np.abs(tone / muscle - 1.0) < 0.2, np.abs(tone / fat - 1.0) < 0.15)
        levels = tuple(float(np.median(signal[own])) if own.any() else 0.0 for own in alike)
    return _Slices(t1, fluid, body, skin, valley | dark, cortex, spacing, muscle, fat, *levels)


IN_SLICE = np.zeros((3, 3, 3), dtype=bool)
IN_SLICE[1] = True
CROSS = ndimage.generate_binary_structure(3, 1) & IN_SLICE


def _distance(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Distance to the border of a mask within each slice, mm, by an octagon: within 4 %, far quicker than exact.

    Voxels within a slice are about square. inf in a slice without border.
    """
    square = ndimage.distance_transform_cdt(mask, IN_SLICE)
    diamond = ndimage.distance_transform_cdt(mask, CROSS)
    away = np.maximum(square, diamond * np.float32(np.sqrt(0.5)), dtype=np.float32)
    away *= np.float32(1.04 * np.sqrt(spacing[1] * spacing[2]))
    away[square < 0] = np.inf
    return away


def _boxes(mask: np.ndarray, margin: int) -> list[tuple[int, tuple[slice, slice]]]:
    """Slices that hold something of a mask, each with the box around it."""
    found = []
    for index in np.flatnonzero(mask.any(axis=(1, 2))):
        rows, columns = (np.flatnonzero(mask[index].any(axis=axis)) for axis in (1, 0))
        box = tuple(slice(max(n[0] - margin, 0), n[-1] + 1 + margin) for n in (rows, columns))
        found.append((int(index), box))
    return found


def _parts(work: _Slices, mask: np.ndarray, gap_mm: float) -> tuple[np.ndarray, int]:
    """Numbered parts of each slice that hang together by more than twice `gap_mm`."""
    core = work.depth(mask) > gap_mm
    labels, count = ndimage.label(core, IN_SLICE)
    if not count:
        return labels, 0
    outside = ~core
    near = np.flatnonzero(mask & (_distance(outside, work.spacing) <= gap_mm + 0.9))
    nearest = ndimage.distance_transform_cdt(outside, IN_SLICE, return_distances=False, return_indices=True)
    parts = np.zeros_like(labels)
    parts.reshape(-1)[near] = labels[tuple(axis.reshape(-1)[near] for axis in nearest)]
    return parts, count


def _judged(work: _Slices, parts: np.ndarray, count: int) -> np.ndarray:
    """Which parts are marrow, shape (count + 1,)."""
    flat = np.flatnonzero(parts)
    own = parts.reshape(-1)[flat]
    number = np.maximum(np.bincount(own, minlength=count + 1), 1)

    def mean(array: np.ndarray) -> np.ndarray:
        return np.bincount(own, weights=array.reshape(-1)[flat], minlength=count + 1) / number

    area = number * work.spacing[1] * work.spacing[2]
    depth = np.minimum(work.depth(parts > 0), 1e3)
    top = np.flatnonzero((depth > 0) & (depth >= ndimage.maximum_filter(depth, (1, 3, 3))))
    deepest = np.zeros(count + 1)
    np.maximum.at(deepest, parts.reshape(-1)[top], depth.reshape(-1)[top])
    edge = _edges(parts) & ~ndimage.maximum_filter(_holes(work, parts > 0), (1, 3, 3))
    border = parts[edge]
    total = np.maximum(np.bincount(border, minlength=count + 1), 1)
    rims = []
    thin = work.line & (work.t1 < LINE_PART * work.muscle)
    if work.fluid is not None:
        # The wall of bowel and of vessels is a dark line on T1 only.
        thin &= ~(work.fluid > WALL_PART * work.fluid_muscle)
    for dark in (work.cortex, thin):
        near = ndimage.maximum_filter(dark, [2 * n + 1 for n in work.voxels(1.5)])
        rims.append(np.bincount(border, weights=near[edge], minlength=count + 1) / total)
    possible = (area >= LEAST_MM2) & (area <= MOST_MM2) & (mean(work.skin_mm < SKIN_MM) < 0.02)
    fits = np.zeros(count + 1, dtype=bool)
    if work.fluid is not None:
        fits = mean(work.t1) < UNDER_FAT * mean(_local_fat(work))
        muscle, fat = work.fluid_muscle, work.fluid_fat
        signal = mean(np.nan_to_num(work.fluid, nan=0.5 * (muscle + fat)))
        fits &= (signal > fat + 0.15 * (muscle - fat)) & (signal < 1.15 * max(muscle, fat))
        possible &= signal < 1.3 * max(muscle, fat)
    fill = np.pi * deepest**2 / area
    with_signal = fits & (rims[1] >= RIM_WITH_SIGNAL) & (fill > FILL_WITH_SIGNAL)
    accepted = possible & (with_signal | ((rims[0] >= RIM_ALONE) & (fill > FILL_ALONE)))
    accepted[0] = False
    return accepted


def _local_fat(work: _Slices) -> np.ndarray:
    """Signal of fat around each voxel: shading leaves the front of the body darker than the back."""
    steps = [max(1, int(4.0 / s + 0.5)) for s in work.spacing[1:]]
    coarse = block_mean(work.t1, (1, *steps))
    size = [1, *(max(1, int(NEIGHBORHOOD_MM / (f * s) + 0.5)) for f, s in zip(steps, work.spacing[1:], strict=True))]
    bright = 0.95 * ndimage.uniform_filter(ndimage.maximum_filter(coarse, size=size), size=size)
    return spread_blocks(np.maximum(bright, 0.6 * work.fat), (1, *steps), work.t1.shape)


def _edges(parts: np.ndarray) -> np.ndarray:
    """Voxels of a part beside another part or none, within the slice; the grid's border is no edge."""
    edge = np.zeros(parts.shape, dtype=bool)
    for axis in (1, 2):
        differs = np.diff(parts, axis=axis) != 0
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(0, -1), slice(1, None)
        edge[tuple(low)] |= differs
        edge[tuple(high)] |= differs
    return edge & (parts > 0)


def _in_neighbors(marrow: np.ndarray, work: _Slices) -> np.ndarray:
    """Bones of some volume that are seen on at least two slices."""
    structure = ndimage.generate_binary_structure(3, 1)
    labels, count = ndimage.label(marrow, structure)
    if not count:
        return marrow
    volume = np.bincount(labels.ravel(), minlength=count + 1) * np.prod(work.spacing) / 1000.0
    boxes = ndimage.find_objects(labels)
    slices = np.array([0, *(box[0].stop - box[0].start for box in boxes)])
    kept = (volume >= LEAST_ML) & (slices >= min(2, len(marrow)))
    kept[0] = False
    return kept[labels]


def _mended(marrow: np.ndarray, work: _Slices) -> np.ndarray:
    """Add what the same cortex encloses: lesions are dark on T1 and make holes and notches."""
    inside = work.body & ~work.line & (work.skin_mm > SKIN_MM)
    parts, count = _parts(work, inside | marrow, GAPS_MM[0])
    number = np.bincount(parts.ravel(), minlength=count + 1)
    own = np.bincount(parts.ravel(), weights=marrow.ravel(), minlength=count + 1)
    area = number * work.spacing[1] * work.spacing[2]
    whole = (own > 0.4 * np.maximum(number, 1)) & (area <= MOST_MM2)
    whole[0] = False
    joined = marrow | whole[parts]
    # A slice that is missed between two others; what is dark on T1 and not bright on FLUID there is disc or bone.
    fits = work.t1 > OVER_MUSCLE * work.muscle
    if work.fluid is not None:
        fits |= work.fluid > OVER_MUSCLE * work.fluid_muscle
    joined[1:-1] |= joined[:-2] & joined[2:] & (fits & ~work.line)[1:-1]
    radius = max(work.voxels(MENDED_MM)) + 1
    wide = np.pad(joined, ((0, 0), (radius, radius), (radius, radius)))
    closed = _distance(_distance(~wide, work.spacing) <= MENDED_MM, work.spacing) > MENDED_MM
    out = (closed & wide.any(axis=(1, 2), keepdims=True))[:, radius:-radius, radius:-radius] | joined
    return (out | _holes(work, out)) & work.body


def _holes(work: _Slices, mask: np.ndarray) -> np.ndarray:
    """Holes of a mask within its slices that are small enough for a lesion or a vessel in a bone."""
    holes = np.zeros(mask.shape, dtype=bool)
    for index, box in _boxes(mask, 0):
        seen = mask[index][box]
        labels, count = ndimage.label(ndimage.binary_fill_holes(seen) & ~seen)
        if count:
            small = np.bincount(labels.ravel()) * work.spacing[1] * work.spacing[2] < HOLE_MM2
            small[0] = False
            holes[index][box] = small[labels]
    return holes
