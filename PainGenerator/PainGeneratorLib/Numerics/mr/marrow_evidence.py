"""Marrow where the cortex is thin: parts of slices judged by the sum of several weak signs, and by their neighbors.

On real T1 images a cortex of 1 mm shares its voxels with marrow and muscle, and the border of a bone of the pelvis
is dark over a fifth to a third of its length only. No single sign then tells marrow from fat between muscles.
Together they do: marrow lies between muscle and fat in its signal, is even, compact, and its border drops. Each sign
is a weight of evidence (the logarithm of the odds); the sum is a logistic regression. A bone is seen on several
slices, so a part also takes over what speaks for bone at the same place on the slices beside it. Start at
:func:`likely_marrow`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from .marrow_parts import PartMeasures, Slices, edges_of, local_fat, parts_between_lines

FINEST_GAP_MM = 1.0
"""Half of the width of the smallest gaps in the cortex that divide parts, mm. Wider ones are in
:data:`..body.distances.CORTEX_GAP_HALF_WIDTHS`."""
OVER_MUSCLE = 1.25
"""Lower bound for the T1 signal of marrow over that of muscle; marrow as dark as muscle is abnormal."""
BORDER_REACH_MM = 2.0
"""How far around its border a part is searched for dark voxels, mm. Half the window of evenness, too."""
DARK_BORDER = 0.8
"""A border is dark where the T1 signal is below that of muscle times this: fascia is not so dark. Our estimate."""
DROPPING_BORDER = 0.7
"""A border drops where the T1 signal is below that of the part times this. Our estimate."""
BRIGHTEST_BONE = 1.3
"""Upper bound for the fluid-sensitive signal of a bone over that of fat or muscle, whichever is brighter."""
SKIN_PART = 0.02
"""Upper bound for the part of a bone that comes near the skin. Our estimate."""
SINGLE_PART_LIMIT = 3.0
"""Upper bound for the evidence of one part alone, and for that against it: one slice can mislead. Our estimate."""
JOINT_LIMIT = 4.0
"""The same with the slices beside it."""
NO_PART = -1.5
"""Evidence of a place that belongs to no part. Our estimate."""
SMALL_PART = -0.5
"""Evidence of a part that is too small to be measured. Our estimate."""
NEIGHBOR_WEIGHT = 0.5
"""Weight of the evidence on each of the two slices beside a part. Our estimate: neighbors are not independent."""
NEIGHBOR_MM = 3.0
"""Distance of the slices that are asked, mm, at least: nearer ones show the same voxels of the scanner."""
ROUNDS = 3
"""How often the slices ask each other."""


@dataclass(frozen=True)
class Weights:
    """Weights of evidence for marrow, per unit of each sign.

    They are a logistic regression on the parts of three real T1 of hip, pelvis and sacrum (TCIA Soft-tissue-Sarcoma,
    Vallieres 2015), with the truth from the CT of the same patients. They were made three times more with one patient
    left out: on that patient 80, 80 and 99 % of what was called marrow was bone. The weight of the square, of the
    borders, of evenness and of compactness kept their signs; that of the tone itself changed from 0.3 to 2.5.
    """

    tone: float = 1.75
    """T1 signal between muscle (0) and fat (1)."""
    tone_squared: float = -5.91
    """The square of it: what is as bright as fat is seldom marrow."""
    compact: float = 0.33
    """Logarithm of the part of the area that the largest circle fills."""
    dark_border: float = 5.35
    """Dark part of the border."""
    dropping_border: float = 4.5
    """Part of the border where the signal drops."""
    unevenness: float = -33.3
    """Standard deviation of the signal around each voxel over the signal: fat between muscles is streaked."""
    constant: float = 0.48


WEIGHTS = Weights()


class _Division:
    """One division of all slices into parts, with the evidence for each of them."""

    def __init__(self, parts: np.ndarray, evidence: np.ndarray, is_excluded: np.ndarray) -> None:
        self.parts = parts
        self._alone = evidence
        self._is_excluded = is_excluded
        self._number = np.maximum(np.bincount(parts.ravel(), minlength=len(evidence)), 1)
        self.evidence = evidence

    def ask(self, beside: np.ndarray) -> None:
        """Add what the slices beside each voxel say."""
        total = np.bincount(self.parts.ravel(), weights=beside.ravel(), minlength=len(self._alone))
        joint = np.clip(self._alone + NEIGHBOR_WEIGHT * total / self._number, -JOINT_LIMIT, JOINT_LIMIT)
        joint[0] = NO_PART
        joint[self._is_excluded] = -JOINT_LIMIT
        self.evidence = joint


def likely_marrow(work: Slices) -> np.ndarray:
    """Voxels that are marrow by the sum of the signs, shape of the slices.

    Parameters
    ----------
    work : Slices
        On voxels of about 1 mm within slices.
    """
    bright = (work.t1 > OVER_MUSCLE * work.muscle) & ~work.line & work.body
    gaps = (FINEST_GAP_MM, *(gap.value for gap in distances.CORTEX_GAP_HALF_WIDTHS))
    fat, lowest, spread = local_fat(work), _lowest_near(work), _spread(work)
    divisions = [_divided(work, bright, gap, fat, lowest, spread) for gap in gaps]
    step = max(1, round(NEIGHBOR_MM / work.spacing[0]))
    for _ in range(ROUNDS):
        best = np.max([one.evidence.astype(np.float32)[one.parts] for one in divisions], axis=0)
        beside = np.zeros_like(best)
        beside[step:] += best[:-step]
        beside[:-step] += best[step:]
        for one in divisions:
            one.ask(beside)
    marrow = np.zeros(bright.shape, dtype=bool)
    for one in divisions:
        marrow |= (one.evidence > 0)[one.parts]
    return marrow


def _window(work: Slices) -> list[int]:
    """Size of the window around a voxel within its slice."""
    return [2 * n + 1 for n in work.voxels(BORDER_REACH_MM)]


def _lowest_near(work: Slices) -> np.ndarray:
    lowest: np.ndarray = ndimage.minimum_filter(work.t1, _window(work))
    return lowest


def _spread(work: Slices) -> np.ndarray:
    """Standard deviation of T1 around each voxel."""
    mean = ndimage.uniform_filter(work.t1, _window(work))
    square = ndimage.uniform_filter(work.t1**2, _window(work))
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0)))


def _divided(
    work: Slices, bright: np.ndarray, gap_mm: float, fat: np.ndarray, lowest: np.ndarray, spread: np.ndarray
) -> _Division:
    """The parts of the slices that gaps of one width divide, with the evidence of each for itself."""
    parts, count = parts_between_lines(work, bright, gap_mm)
    measures = PartMeasures(work, parts, count)
    mean = np.maximum(measures.mean(work.t1), 1e-3 * work.muscle)
    edge = edges_of(parts)
    own, there = parts[edge], lowest[edge]
    total = np.maximum(np.bincount(own, minlength=count + 1), 1)
    dark = np.bincount(own, weights=there < DARK_BORDER * work.muscle, minlength=count + 1) / total
    drops = np.bincount(own, weights=there < DROPPING_BORDER * mean[own], minlength=count + 1) / total
    contrast = np.maximum(measures.mean(fat) / work.muscle - 1.0, 0.01)
    tone = np.clip((mean / work.muscle - 1.0) / contrast, 0.0, 1.5)
    compact = np.log(np.maximum(measures.fill(), 0.01))
    uneven = np.minimum(measures.mean(spread) / mean, 0.4)
    w = WEIGHTS
    evidence = w.constant + w.tone * tone + w.tone_squared * tone**2 + w.compact * compact
    evidence += w.dark_border * dark + w.dropping_border * drops + w.unevenness * uneven
    evidence = np.clip(evidence, -SINGLE_PART_LIMIT, SINGLE_PART_LIMIT)
    evidence[measures.area < distances.BONE_SLICE_AREA_LEAST.value] = SMALL_PART
    evidence[0] = NO_PART
    excluded = measures.mean(work.skin_mm < distances.SKIN_FAT_DEPTH.value) >= SKIN_PART
    excluded |= measures.area > distances.BONE_SLICE_AREA_MOST.value
    excluded |= _bright_on_fluid(work, measures)
    excluded[0] = False
    evidence[excluded] = -JOINT_LIMIT
    return _Division(parts, evidence, excluded)


def _bright_on_fluid(work: Slices, measures: PartMeasures) -> np.ndarray:
    """Which parts are too bright for a bone on the series that shows fluid."""
    if work.fluid is None:
        return np.zeros(len(measures.area), dtype=bool)
    muscle, fat = work.fluid_muscle, work.fluid_fat
    signal = measures.mean(np.nan_to_num(work.fluid, nan=0.5 * (muscle + fat)))
    return np.asarray(signal >= BRIGHTEST_BONE * max(muscle, fat))
