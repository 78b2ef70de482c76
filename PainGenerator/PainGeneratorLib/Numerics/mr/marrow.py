"""Bone marrow from MR signal alone: parts of a slice that a dark rim of cortex encloses, seen on several slices.

Cortex is dark on every sequence, and separates marrow from fat even where both are equally bright. It is thin and
often broken, so the parts of a slice are separated at several widths of the gaps. Each part is judged by what lies
along its border, by its T1 signal, its signal on the fluid-sensitive series and its distance from the skin. What no
clear rim encloses is judged by the sum of several weak signs, see :mod:`.marrow_evidence`. Start at
:func:`find_marrow`.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..body import distances
from .blocks import Factors, spread_blocks
from .marrow_evidence import likely_marrow
from .marrow_parts import (
    PartMeasures,
    Slices,
    distance_within,
    local_fat,
    parts_between_lines,
    slice_grid,
    slices_of,
    small_holes,
)
from .signal import Signals

SPACING_MM = 1.6
"""In-slice voxel size to work on, mm, about: cortex is hardly thinner."""
COARSEST_MM = 2.2
"""Upper bound for the in-slice voxel size, mm. In larger voxels cortex is not seen, and nothing is called marrow."""
VALLEY_PART = 0.75
"""Upper bound for a voxel's signal over that of both its sides, for it to belong to a dark line. Our estimate."""
FINE_SPACING_MM = 1.1
"""In-slice voxel size for the thin cortex of pelvis and sacrum, mm, about."""
FINE_VALLEY_PART = 0.85
"""Upper bound for a voxel's signal over that of both its sides, for it to belong to a dark line of the fine grid: a
cortex of 1 mm shares its voxels with marrow and muscle. Our estimate."""
CLEAR_PART = 0.35
"""Lower bound for the part of all marrow that has a clear dark rim, for the rim alone to decide. Our estimate: 0 to
0.2 on three real T1 of hip and pelvis."""
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
FILL_WITH_SIGNAL = 0.1
"""Lower bound for the part of a bone's slice that its largest circle fills, where the signal is that of marrow: fat
between muscles is thin and branched. Our estimate."""
FILL_ALONE = 0.2
"""The same for a bone that nothing else shows."""
SKIN_PART = 0.02
"""Upper bound for the part of a bone that comes near the skin. Our estimate."""
SLICES_LEAST = 2
"""Lower bound for the number of slices on which a bone is seen."""
MARROW_IN_BONE_PART = 0.4
"""Lower bound for the part of an enclosed place that is marrow already, for all of it to become marrow. Our
estimate."""


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
    grid = slice_grid(signals, SPACING_MM)
    work = slices_of(signals, grid, muscle_t1, fat_t1, fluid_role, VALLEY_PART)
    bright = (work.t1 > OVER_MUSCLE * work.muscle) & ~work.line & work.body
    marrow = np.zeros(bright.shape, dtype=bool)
    for gap in distances.CORTEX_GAP_HALF_WIDTHS:
        parts, count = parts_between_lines(work, bright & ~marrow, gap.value)
        marrow |= _judged(work, parts, count)[parts]
    marrow = _on_all_voxels(_mended(_in_neighbors(marrow, work), work), signals, grid)
    fine_grid = slice_grid(signals, FINE_SPACING_MM)
    fine = slices_of(signals, fine_grid, muscle_t1, fat_t1, fluid_role, FINE_VALLEY_PART)
    likely = _mended(_in_neighbors(likely_marrow(fine), fine), fine)
    both = marrow | _on_all_voxels(likely, signals, fine_grid)
    # With a series that shows fluid, the rules of the rim look at more signs than the sum does: where most bones have
    # a clear rim, they decide alone.
    is_clear = np.count_nonzero(marrow) > CLEAR_PART * np.count_nonzero(both)
    return marrow if fluid_role is not None and is_clear else both


def _on_all_voxels(marrow: np.ndarray, signals: Signals, grid: tuple[Factors, int]) -> np.ndarray:
    """A mask of the slices on the grid of the signals, within the body."""
    factors, thick = grid
    there = spread_blocks(np.moveaxis(marrow, 0, thick), factors, signals.geometry.shape)
    return np.ascontiguousarray(there & signals.body)


def _judged(work: Slices, parts: np.ndarray, count: int) -> np.ndarray:
    """Which parts are marrow, shape (count + 1,)."""
    measures = PartMeasures(work, parts, count)
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
        fits = measures.mean(work.t1) < UNDER_FAT * measures.mean(local_fat(work))
        fits &= signal > fat + ABOVE_FAT_PART * (muscle - fat)
        fits &= signal < BRIGHTEST_MARROW * max(muscle, fat)
        possible &= signal < BRIGHTEST_BONE * max(muscle, fat)
    with_signal = fits & (thin_rim >= RIM_WITH_SIGNAL) & (fill > FILL_WITH_SIGNAL)
    accepted: np.ndarray = possible & (with_signal | ((rim >= RIM_ALONE) & (fill > FILL_ALONE)))
    accepted[0] = False
    return accepted


def _in_neighbors(marrow: np.ndarray, work: Slices) -> np.ndarray:
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


def _mended(marrow: np.ndarray, work: Slices) -> np.ndarray:
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
    closed = distance_within(distance_within(~wide, work.spacing) <= notch, work.spacing) > notch
    out = (closed & wide.any(axis=(1, 2), keepdims=True))[:, radius:-radius, radius:-radius] | joined
    mended: np.ndarray = (out | small_holes(work, out)) & work.body
    return mended


def _mostly_marrow(marrow: np.ndarray, work: Slices) -> np.ndarray:
    """Enclosed parts of a slice, whatever their signal, that are marrow to a good part."""
    inside = work.body & ~work.line & (work.skin_mm > distances.SKIN_FAT_DEPTH.value)
    parts, count = parts_between_lines(work, inside | marrow, distances.CORTEX_GAP_HALF_WIDTHS[0].value)
    number = np.bincount(parts.ravel(), minlength=count + 1)
    own = np.bincount(parts.ravel(), weights=marrow.ravel(), minlength=count + 1)
    area = number * work.spacing[1] * work.spacing[2]
    whole = own > MARROW_IN_BONE_PART * np.maximum(number, 1)
    whole &= area <= distances.BONE_SLICE_AREA_MOST.value
    whole[0] = False
    mostly: np.ndarray = whole[parts]
    return mostly
