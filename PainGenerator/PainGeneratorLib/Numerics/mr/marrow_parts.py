"""Bright parts of the slices of a T1, between dark lines, with their measures: what marrow is looked for in.

The parts are judged in :mod:`.marrow` and :mod:`.marrow_evidence`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from .blocks import Factors, block_mean, spread_blocks
from .body_mask import THICK_SLICE
from .signal import Signals

Spacing = tuple[float, float, float]
"""Voxel size in mm, the direction across slices first."""

SMOOTH_MM = 0.6
"""Standard deviation of the Gaussian mean within slices, mm."""
SMOOTH_TRUNCATE = 2.5
"""The Gaussian ends after this many standard deviations."""
DARK_PART = 0.55
"""Upper bound for the signal of cortex, tendon, gas or metal over that of muscle, on T1. Our estimate."""
CORTEX_PART = 0.9
"""The same for cortex that shares its voxel with marrow."""
MUSCLE_ALIKE = 0.2
"""Voxels whose T1 signal differs from muscle by less than this part of it give the other series' signal of muscle."""
FAT_ALIKE = 0.15
"""The same for fat."""
RIM_REACH_MM = 1.5
"""A border is dark when a dark voxel lies within this distance, mm."""
LOCAL_FAT_GRID_MM = 4.0
"""Voxel size on which the fat around a place is looked for, mm."""
LOCAL_FAT_PART = 0.95
"""The brightest tissue around a place times this stands for its fat."""
LEAST_FAT_PART = 0.6
"""Lower bound for the signal of fat around a place, as a part of the typical fat's."""
OCTAGON_ERROR = 1.04
"""An octagon's distance times this is the Euclidean one, within 4 %."""
MANY_VOXELS = 200_000
"""About how many voxels give the typical signals."""


@dataclass(frozen=True, eq=False)
class Slices:
    """What is looked at, slices first, on the grid of the judge."""

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
        return distance_within(padded, self.spacing)[:, 1:-1, 1:-1]


def slice_grid(signals: Signals, spacing_mm: float) -> tuple[Factors, int]:
    """Voxels to join along each axis for an in-slice voxel size of about `spacing_mm`, and the axis across slices."""
    spacing = np.array(signals.geometry.spacing_kji_mm)
    thick = int(np.argmax(spacing)) if spacing.max() > THICK_SLICE * np.median(spacing) else 0
    wanted = [1 if axis == thick else max(1, int(spacing_mm / s + 0.5)) for axis, s in enumerate(spacing)]
    return (wanted[0], wanted[1], wanted[2]), thick


def slices_of(
    signals: Signals,
    grid: tuple[Factors, int],
    muscle: float,
    fat: float,
    fluid_role: str | None,
    valley_part: float,
) -> Slices:
    """The signals on the coarser grid, slices first, with the dark lines in them.

    Parameters
    ----------
    signals : Signals
        With T1.
    grid : tuple of (tuple of int, int)
        See :func:`slice_grid`.
    muscle, fat : float
        T1 signal of muscle and of fat.
    fluid_role : str or None
        The role that shows fluid.
    valley_part : float
        Upper bound for a voxel's signal over that of both its sides, for it to belong to a dark line.
    """
    factors, thick = grid

    def taken(array: np.ndarray) -> np.ndarray:
        return np.moveaxis(block_mean(array, factors), thick, 0)

    steps = [s * f for s, f in zip(signals.geometry.spacing_kji_mm, factors, strict=True)]
    across = steps.pop(thick)
    spacing = (across, steps[0], steps[1])
    t1 = np.nan_to_num(taken(signals.roles["T1"]), nan=0.0)
    t1 = ndimage.gaussian_filter(t1, [0.0, *(SMOOTH_MM / s for s in spacing[1:])], truncate=SMOOTH_TRUNCATE)
    body = taken(signals.body) > 0.5
    valley, dark = t1 < valley_part * _closed(t1, spacing), t1 < DARK_PART * muscle
    cortex = dark | (valley & (t1 < CORTEX_PART * muscle))
    skin = _skin_mm(body, spacing)
    if fluid_role is None:
        return Slices(t1, None, body, skin, valley | dark, cortex, spacing, muscle, fat)
    fluid = taken(signals.roles[fluid_role])
    some = np.flatnonzero(body & np.isfinite(fluid))
    some = some[:: some.size // MANY_VOXELS + 1]
    tone, signal = t1.reshape(-1)[some], fluid.reshape(-1)[some]
    fluid_muscle = _median_of(signal, np.abs(tone / muscle - 1.0) < MUSCLE_ALIKE)
    fluid_fat = _median_of(signal, np.abs(tone / fat - 1.0) < FAT_ALIKE)
    return Slices(t1, fluid, body, skin, valley | dark, cortex, spacing, muscle, fat, fluid_muscle, fluid_fat)


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


def distance_within(mask: np.ndarray, spacing: Spacing) -> np.ndarray:
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


def parts_between_lines(work: Slices, mask: np.ndarray, gap_mm: float) -> tuple[np.ndarray, int]:
    """Numbered parts of each slice that are connected by more than twice `gap_mm`."""
    core = work.depth(mask) > gap_mm
    labels, count = ndimage.label(core, IN_SLICE)
    if not count:
        return labels, 0
    outside = ~core
    near = np.flatnonzero(
        mask & (distance_within(outside, work.spacing) <= gap_mm + distances.CORTEX_GAP_MARGIN.value)
    )
    nearest = ndimage.distance_transform_cdt(outside, IN_SLICE, return_distances=False, return_indices=True)
    parts = np.zeros_like(labels)
    parts.reshape(-1)[near] = labels[tuple(axis.reshape(-1)[near] for axis in nearest)]
    return parts, count


class PartMeasures:
    """Measures of the numbered parts of all slices; each array has the shape (count + 1,), by number."""

    def __init__(self, work: Slices, parts: np.ndarray, count: int) -> None:
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
        edge = edges_of(parts) & ~ndimage.maximum_filter(small_holes(work, parts > 0), (1, 3, 3))
        border = parts[edge]
        total = np.maximum(np.bincount(border, minlength=self._count + 1), 1)
        size = [2 * n + 1 for n in work.voxels(RIM_REACH_MM)]
        near = [ndimage.maximum_filter(mask, size) for mask in dark]
        return [np.bincount(border, weights=mask[edge], minlength=self._count + 1) / total for mask in near]


def local_fat(work: Slices) -> np.ndarray:
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


def edges_of(parts: np.ndarray) -> np.ndarray:
    """Voxels of a part beside another part or none, within the slice; the edge of the grid is no border."""
    edge = np.zeros(parts.shape, dtype=bool)
    for axis in (1, 2):
        differs = np.diff(parts, axis=axis) != 0
        low, high = [slice(None)] * 3, [slice(None)] * 3
        low[axis], high[axis] = slice(0, -1), slice(1, None)
        edge[tuple(low)] |= differs
        edge[tuple(high)] |= differs
    return edge & (parts > 0)


def small_holes(work: Slices, mask: np.ndarray) -> np.ndarray:
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
