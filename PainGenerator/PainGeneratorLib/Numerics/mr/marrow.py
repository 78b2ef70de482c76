"""Bone marrow from MR signal alone: parts of a slice that a dark rim of cortex encloses, seen on several slices.

Cortex is dark on every sequence, and separates marrow from fat even where both are equally bright. It is thin and
often broken, so the parts of a slice are separated at several widths of the gaps. Each part is judged by what lies
along its border, by its T1 signal, its signal on the fluid-sensitive series and its distance from the skin. Start at
:func:`find_marrow`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from .signal import THICK_SLICE, Factors, Signals, block_mean, spread_blocks

Spacing = tuple[float, float, float]
"""Voxel size in mm, the direction across slices first."""

SPACING_MM = 1.6
"""In-slice voxel size to work on, mm, about: cortex is hardly thinner."""
COARSEST_MM = 2.2
"""Upper bound for the in-slice voxel size, mm. In larger voxels cortex is not seen, and nothing is called marrow."""
SMOOTH_MM = 0.6
"""Standard deviation of the Gaussian mean within slices, mm."""
SMOOTH_TRUNCATE = 2.5
"""The Gaussian ends after this many standard deviations."""
VALLEY_PART = 0.75
"""Upper bound for a voxel's signal over that of both its sides, for it to belong to a dark line. Our estimate."""
DARK_PART = 0.55
"""Upper bound for the signal of cortex, tendon, gas or metal over that of muscle, on T1. Our estimate."""
CORTEX_PART = 0.9
"""The same for cortex that shares its voxel with marrow."""
WALL_PART = 0.8
"""Upper bound for the signal of cortex over that of muscle, on the fluid-sensitive series: cortex is dark on all
series, the wall of bowel is not. Our estimate."""
LINE_PART = 1.2
"""Upper bound for the signal of a thin dark line over that of muscle, beside parts whose signal is that of marrow."""
OVER_MUSCLE = 1.25
"""Lower bound for the T1 signal of marrow over that of muscle in adults; marrow as dark as muscle is abnormal."""
UNDER_FAT = 0.9
"""Upper bound for the T1 signal of red or mixed marrow over that of fat. Yellow marrow is as bright as fat and is
known by its rim alone."""
MUSCLE_ALIKE = 0.2
"""Voxels whose T1 signal differs from muscle by less than this part of it give the other series' signal of muscle."""
FAT_ALIKE = 0.15
"""The same for fat."""
ABOVE_FAT_PART = 0.15
"""Lower bound for the fluid-sensitive signal of marrow, as a part of the way from fat to muscle. Our estimate."""
BRIGHTEST_MARROW = 1.15
"""Upper bound for the fluid-sensitive signal of marrow over that of fat or muscle, whichever is brighter."""
BRIGHTEST_BONE = 1.3
"""The same for a whole bone, which may hold an edema."""
RIM_ALONE = 0.6
"""Lower bound for the dark part of the border of a bone that nothing else shows. Our estimate."""
RIM_WITH_SIGNAL = 0.5
"""The same for a bone whose signal is that of marrow."""
RIM_REACH_MM = 1.5
"""A border is dark when a dark voxel lies within this distance, mm."""
FILL_WITH_SIGNAL = 0.1
"""Lower bound for the part of a bone's slice that its largest circle fills, where the signal is that of marrow: fat
between muscles is thin and branched. Our estimate."""
FILL_ALONE = 0.2
"""The same for a bone that nothing else shows."""
SKIN_PART = 0.02
"""Upper bound for the part of a bone that comes near the skin. Our estimate."""
LOCAL_FAT_GRID_MM = 4.0
"""Voxel size on which the fat around a place is looked for, mm."""
LOCAL_FAT_PART = 0.95
"""The brightest tissue around a place times this stands for its fat."""
LEAST_FAT_PART = 0.6
"""Lower bound for the signal of fat around a place, as a part of the typical fat's."""
SLICES_LEAST = 2
"""Lower bound for the number of slices on which a bone is seen."""
MARROW_IN_BONE_PART = 0.4
"""Lower bound for the part of an enclosed place that is marrow already, for all of it to become marrow. Our
estimate."""
OCTAGON_ERROR = 1.04
"""An octagon's distance times this is the Euclidean one, within 4 %."""
MANY_VOXELS = 200_000
"""About how many voxels give the typical signals."""


@dataclass(frozen=True, eq=False)
class _Slices:
    """What is looked at, slices first, on a grid of about :data:`SPACING_MM`."""

    t1: np.ndarray
    fluid: np.ndarray | None
    body: np.ndarray
    skin_mm: np.ndarray
    """Distance to the skin."""
    line: np.ndarray
    """Dark lines and dark parts: no marrow."""
    cortex: np.ndarray
    """Voxels near which a border counts as dark."""
    spacing: Spacing
    muscle: float
    """T1 signal of muscle."""
    fat: float
    """T1 signal of fat."""
    fluid_muscle: float = 0.0
    """Signal of muscle on the series that shows fluid; 0 where it is not known."""
    fluid_fat: float = 0.0
    """Signal of fat on the series that shows fluid; 0 where it is not known."""

    def voxels(self, mm: float) -> tuple[int, int, int]:
        """Whole voxels for a reach within a slice."""
        return (0, max(1, int(mm / self.spacing[1] + 0.5)), max(1, int(mm / self.spacing[2] + 0.5)))

    def depth(self, mask: np.ndarray) -> np.ndarray:
        """Distance to the border of a mask within each slice, mm; the edge of the grid is no border."""
        padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)), mode="edge")
        return _distance(padded, self.spacing)[:, 1:-1, 1:-1]


def find_marrow(signals: Signals, muscle_t1: float, fat_t1: float, fluid_role: str | None) -> np.ndarray:
    """Marrow, with the lesions in it as far as its cortex encloses them.

    Parameters
    ----------
    signals : Signals
        With T1.
    muscle_t1, fat_t1 : float
        T1 signal of muscle and of fat.
    fluid_role : str or None
        The role that shows fluid.

    Returns
    -------
    ndarray of bool, shape of the signals
    """
    spacing = np.array(signals.geometry.spacing_kji_mm)
    if np.median(spacing) > COARSEST_MM:
        return np.zeros(signals.geometry.shape, dtype=bool)
    thick = int(np.argmax(spacing)) if spacing.max() > THICK_SLICE * np.median(spacing) else 0
    wanted = [1 if axis == thick else max(1, int(SPACING_MM / s + 0.5)) for axis, s in enumerate(spacing)]
    factors = (wanted[0], wanted[1], wanted[2])
    work = _slices(signals, factors, thick, muscle_t1, fat_t1, fluid_role)
    bright = (work.t1 > OVER_MUSCLE * work.muscle) & ~work.line & work.body
    marrow = np.zeros(bright.shape, dtype=bool)
    for gap in distances.CORTEX_GAP_HALF_WIDTHS:
        parts, count = _parts(work, bright & ~marrow, gap.value)
        marrow |= _judged(work, parts, count)[parts]
    marrow = _in_neighbors(marrow, work)
    marrow = _mended(marrow, work)
    return np.ascontiguousarray(
        spread_blocks(np.moveaxis(marrow, 0, thick), factors, signals.geometry.shape) & signals.body
    )


def _slices(
    signals: Signals, factors: Factors, thick: int, muscle: float, fat: float, fluid_role: str | None
) -> _Slices:
    """The signals on the coarser grid, slices first, with the dark lines in them."""

    def taken(array: np.ndarray) -> np.ndarray:
        return np.moveaxis(block_mean(array, factors), thick, 0)

    steps = [s * f for s, f in zip(signals.geometry.spacing_kji_mm, factors, strict=True)]
    across = steps.pop(thick)
    spacing = (across, steps[0], steps[1])
    t1 = np.nan_to_num(taken(signals.roles["T1"]), nan=0.0)
    t1 = ndimage.gaussian_filter(t1, [0.0, *(SMOOTH_MM / s for s in spacing[1:])], truncate=SMOOTH_TRUNCATE)
    body = taken(signals.body) > 0.5
    valley, dark = t1 < VALLEY_PART * _closed(t1, spacing), t1 < DARK_PART * muscle
    cortex = dark | (valley & (t1 < CORTEX_PART * muscle))
    skin = _skin_mm(body, spacing)
    if fluid_role is None:
        return _Slices(t1, None, body, skin, valley | dark, cortex, spacing, muscle, fat)
    fluid = taken(signals.roles[fluid_role])
    some = np.flatnonzero(body & np.isfinite(fluid))
    some = some[:: some.size // MANY_VOXELS + 1]
    tone, signal = t1.reshape(-1)[some], fluid.reshape(-1)[some]
    fluid_muscle = _median_of(signal, np.abs(tone / muscle - 1.0) < MUSCLE_ALIKE)
    fluid_fat = _median_of(signal, np.abs(tone / fat - 1.0) < FAT_ALIKE)
    return _Slices(t1, fluid, body, skin, valley | dark, cortex, spacing, muscle, fat, fluid_muscle, fluid_fat)


def _median_of(signal: np.ndarray, which: np.ndarray) -> float:
    return float(np.median(signal[which])) if which.any() else 0.0


def _skin_mm(body: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Distance of each voxel to the skin; infinite where the body fills the whole field of view."""
    around = np.pad(body, 1, mode="edge")
    if around.all():
        return np.full(body.shape, np.inf, dtype=np.float32)
    depth: np.ndarray = ndimage.distance_transform_edt(around, sampling=spacing)[1:-1, 1:-1, 1:-1].astype(np.float32)
    return depth


def _closed(t1: np.ndarray, spacing: Spacing) -> np.ndarray:
    """T1 with its dark lines filled from both sides, within slices."""
    reach = [max(1, int(distances.CORTEX_HALF_WIDTH_MOST.value / s + 0.5)) for s in spacing[1:]]
    size = [1, *(2 * n + 1 for n in reach)]
    margin = [(0, 0), *((n, n) for n in size[1:])]
    closed: np.ndarray = ndimage.grey_closing(np.pad(t1, margin, mode="edge"), size=size)
    return closed[:, size[1] : closed.shape[1] - size[1], size[2] : closed.shape[2] - size[2]]


IN_SLICE = np.zeros((3, 3, 3), dtype=bool)
"""The eight neighbors within a slice."""
IN_SLICE[1] = True
CROSS = ndimage.generate_binary_structure(3, 1) & IN_SLICE
"""The four neighbors within a slice."""


def _distance(mask: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Distance to the border of a mask within each slice, mm, by an octagon: within 4 %, and much faster than exact.

    The voxels within a slice are about square. The distance is infinite in a slice without border.
    """
    square = ndimage.distance_transform_cdt(mask, IN_SLICE)
    diamond = ndimage.distance_transform_cdt(mask, CROSS)
    away: np.ndarray = np.maximum(square, diamond * np.float32(np.sqrt(0.5)), dtype=np.float32)
    away *= np.float32(OCTAGON_ERROR * np.sqrt(spacing[1] * spacing[2]))
    away[square < 0] = np.inf
    return away


def _boxes(mask: np.ndarray) -> list[tuple[int, tuple[slice, slice]]]:
    """Slices that hold something of a mask, each with the box around it."""
    found = []
    for index in np.flatnonzero(mask.any(axis=(1, 2))):
        rows, columns = (np.flatnonzero(mask[index].any(axis=axis)) for axis in (1, 0))
        box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        found.append((int(index), box))
    return found


def _parts(work: _Slices, mask: np.ndarray, gap_mm: float) -> tuple[np.ndarray, int]:
    """Numbered parts of each slice that are connected by more than twice `gap_mm`."""
    core = work.depth(mask) > gap_mm
    labels, count = ndimage.label(core, IN_SLICE)
    if not count:
        return labels, 0
    outside = ~core
    near = np.flatnonzero(mask & (_distance(outside, work.spacing) <= gap_mm + distances.CORTEX_GAP_MARGIN.value))
    nearest = ndimage.distance_transform_cdt(outside, IN_SLICE, return_distances=False, return_indices=True)
    parts = np.zeros_like(labels)
    parts.reshape(-1)[near] = labels[tuple(axis.reshape(-1)[near] for axis in nearest)]
    return parts, count


class _PartMeasures:
    """Measures of the numbered parts of all slices; each array has the shape (count + 1,), by number."""

    def __init__(self, work: _Slices, parts: np.ndarray, count: int) -> None:
        self._work, self._parts, self._count = work, parts, count
        self._flat = np.flatnonzero(parts)
        self._own = parts.reshape(-1)[self._flat]
        self._number = np.maximum(np.bincount(self._own, minlength=count + 1), 1)
        self.area = self._number * work.spacing[1] * work.spacing[2]
        """Area in mm2."""

    def mean(self, array: np.ndarray) -> np.ndarray:
        """Mean of an array over each part."""
        values = array.reshape(-1)[self._flat]
        total: np.ndarray = np.bincount(self._own, weights=values, minlength=self._count + 1)
        return total / self._number

    def fill(self) -> np.ndarray:
        """Part of its area that the largest circle in each part fills."""
        parts = self._parts
        depth = np.minimum(self._work.depth(parts > 0), 1e3)
        top = np.flatnonzero((depth > 0) & (depth >= ndimage.maximum_filter(depth, (1, 3, 3))))
        deepest = np.zeros(self._count + 1)
        np.maximum.at(deepest, parts.reshape(-1)[top], depth.reshape(-1)[top])
        filled: np.ndarray = np.pi * deepest**2 / self.area
        return filled

    def rims(self, *dark: np.ndarray) -> list[np.ndarray]:
        """Part of each part's border that is dark, for each of some masks of dark voxels."""
        work, parts = self._work, self._parts
        edge = _edges(parts) & ~ndimage.maximum_filter(_holes(work, parts > 0), (1, 3, 3))
        border = parts[edge]
        total = np.maximum(np.bincount(border, minlength=self._count + 1), 1)
        size = [2 * n + 1 for n in work.voxels(RIM_REACH_MM)]
        near = [ndimage.maximum_filter(mask, size) for mask in dark]
        return [np.bincount(border, weights=mask[edge], minlength=self._count + 1) / total for mask in near]


def _judged(work: _Slices, parts: np.ndarray, count: int) -> np.ndarray:
    """Which parts are marrow, shape (count + 1,)."""
    measures = _PartMeasures(work, parts, count)
    thin = work.line & (work.t1 < LINE_PART * work.muscle)
    if work.fluid is not None:
        # The wall of bowel and of vessels is a dark line on T1 only.
        thin &= ~(work.fluid > WALL_PART * work.fluid_muscle)
    rim, thin_rim = measures.rims(work.cortex, thin)
    area, fill = measures.area, measures.fill()
    near_skin = measures.mean(work.skin_mm < distances.SKIN_FAT_DEPTH.value)
    possible = area >= distances.BONE_SLICE_AREA_LEAST.value
    possible &= (area <= distances.BONE_SLICE_AREA_MOST.value) & (near_skin < SKIN_PART)
    fits = np.zeros(count + 1, dtype=bool)
    if work.fluid is not None:
        muscle, fat = work.fluid_muscle, work.fluid_fat
        signal = measures.mean(np.nan_to_num(work.fluid, nan=0.5 * (muscle + fat)))
        fits = measures.mean(work.t1) < UNDER_FAT * measures.mean(_local_fat(work))
        fits &= signal > fat + ABOVE_FAT_PART * (muscle - fat)
        fits &= signal < BRIGHTEST_MARROW * max(muscle, fat)
        possible &= signal < BRIGHTEST_BONE * max(muscle, fat)
    with_signal = fits & (thin_rim >= RIM_WITH_SIGNAL) & (fill > FILL_WITH_SIGNAL)
    accepted: np.ndarray = possible & (with_signal | ((rim >= RIM_ALONE) & (fill > FILL_ALONE)))
    accepted[0] = False
    return accepted


def _local_fat(work: _Slices) -> np.ndarray:
    """T1 signal of fat around each voxel: shading leaves the front of the body darker than the back."""
    _, rows, columns = work.voxels(LOCAL_FAT_GRID_MM)
    steps = (1, rows, columns)
    coarse = block_mean(work.t1, steps)
    width = distances.LOCAL_FAT_WINDOW.value
    size = [
        1,
        *(max(1, int(width / (f * s) + 0.5)) for f, s in zip(steps[1:], work.spacing[1:], strict=True)),
    ]
    bright = LOCAL_FAT_PART * ndimage.uniform_filter(ndimage.maximum_filter(coarse, size=size), size=size)
    return spread_blocks(np.maximum(bright, LEAST_FAT_PART * work.fat), steps, work.t1.shape)


def _edges(parts: np.ndarray) -> np.ndarray:
    """Voxels of a part beside another part or none, within the slice; the edge of the grid is no border."""
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
    kept = (volume >= distances.BONE_VOLUME_LEAST.value) & (slices >= min(SLICES_LEAST, len(marrow)))
    kept[0] = False
    bones: np.ndarray = kept[labels]
    return bones


def _mended(marrow: np.ndarray, work: _Slices) -> np.ndarray:
    """Add what the same cortex encloses: lesions are dark on T1 and make holes and notches."""
    joined = marrow | _mostly_marrow(marrow, work)
    # A slice that is missed between two others. What is dark on T1 and not bright on FLUID there is disc or bone.
    fits = work.t1 > OVER_MUSCLE * work.muscle
    if work.fluid is not None:
        fits |= work.fluid > OVER_MUSCLE * work.fluid_muscle
    joined[1:-1] |= joined[:-2] & joined[2:] & (fits & ~work.line)[1:-1]
    notch = distances.BONE_NOTCH_HALF_WIDTH.value
    radius = max(work.voxels(notch)) + 1
    wide = np.pad(joined, ((0, 0), (radius, radius), (radius, radius)))
    closed = _distance(_distance(~wide, work.spacing) <= notch, work.spacing) > notch
    out = (closed & wide.any(axis=(1, 2), keepdims=True))[:, radius:-radius, radius:-radius] | joined
    mended: np.ndarray = (out | _holes(work, out)) & work.body
    return mended


def _mostly_marrow(marrow: np.ndarray, work: _Slices) -> np.ndarray:
    """Enclosed parts of a slice, whatever their signal, that are marrow to a good part."""
    inside = work.body & ~work.line & (work.skin_mm > distances.SKIN_FAT_DEPTH.value)
    parts, count = _parts(work, inside | marrow, distances.CORTEX_GAP_HALF_WIDTHS[0].value)
    number = np.bincount(parts.ravel(), minlength=count + 1)
    own = np.bincount(parts.ravel(), weights=marrow.ravel(), minlength=count + 1)
    area = number * work.spacing[1] * work.spacing[2]
    whole = own > MARROW_IN_BONE_PART * np.maximum(number, 1)
    whole &= area <= distances.BONE_SLICE_AREA_MOST.value
    whole[0] = False
    mostly: np.ndarray = whole[parts]
    return mostly


def _holes(work: _Slices, mask: np.ndarray) -> np.ndarray:
    """Holes of a mask within its slices that are small enough for a lesion or a vessel in a bone."""
    holes = np.zeros(mask.shape, dtype=bool)
    for index, box in _boxes(mask):
        seen = mask[index][box]
        labels, count = ndimage.label(ndimage.binary_fill_holes(seen) & ~seen)
        if count:
            area = np.bincount(labels.ravel()) * work.spacing[1] * work.spacing[2]
            small = area < distances.BONE_HOLE_AREA_MOST.value
            small[0] = False
            holes[index][box] = small[labels]
    return holes
