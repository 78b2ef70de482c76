"""The size of the vertebral bodies and discs of one spine, from where the signal departs from that of marrow.

The bodies of one spine resemble each other. In the straightened spine, the median over all levels and both sides of
how far the signal is from that of marrow shows the cross section of the bodies as an even area with an edge around it,
on any MR contrast: cortex, canal, fat and vessels differ from marrow, some by being brighter and some by being darker.
In the same way the median over all discs shows how high a disc is. Start at :func:`find_vertebral_shape`.
"""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .canal import SpineLine
from .straight_spine import STEP_MM, StraightSpine, fronts, sides

ROUNDNESS = 2.5
"""Exponent of the superellipse that stands for the cross section of a body: rounder than a box and fuller than an
ellipse. Our estimate."""
BACKS_MM = np.arange(3.0, 12.1, 1.5)
"""Distances of the back wall in front of the canal's middle that are tried, mm."""
FRONTS_MM = np.arange(28.0, 46.1, 1.5)
"""Distances of the front wall in front of the canal's middle that are tried, mm."""
HALF_WIDTHS_MM = np.arange(18.0, 30.1, 2.0)
"""Half widths of a body that are tried, mm; lumbar bodies are 36 to 58 mm wide (Zhou et al., Eur Spine J 2000)."""
DEPTH_LEAST_MM, DEPTH_MOST_MM = 24.0, 38.0
"""Bounds of the depth of a body from back to front, mm (Zhou et al., Eur Spine J 2000: 26 to 37 mm)."""
USUAL_BACK_MM, USUAL_DEPTH_MM, USUAL_HALF_WIDTH_MM = 7.0, 31.0, 24.0
"""Usual place of the back wall, depth and half width of a body, mm: half a canal, and the means of adults (Zhou et
al., Eur Spine J 2000)."""
UNUSUAL_COST = 1e-3
"""What a shape loses in contrast for each mm2 of its squared difference from the usual one: where a field of view ends
within the bodies, or psoas looks like marrow, the usual size is taken. Our estimate."""
INNER_MM = (0.5, 5.0)
"""Depths within the edge that count as inside, mm."""
OUTER_MM = (1.0, 5.0)
"""Distances beyond the edge that count as outside, mm."""
OUTSIDE_LEAST = 20
"""Lower bound for the places outside that are in view."""
DEEP_WEIGHT = 0.5
"""Weight of an even inside, against the contrast at the edge. Our estimate."""
MOST_DEPARTURE = 1.0
"""Upper bound of the departure that counts, as the logarithm of a ratio."""
CORE_FRONT_MM = (14.0, 28.0)
"""Distances in front of the canal between which every body has marrow, mm."""
CORE_SIDE_MM = 8.0
"""Distance from the middle up to which every body has marrow, mm."""
FROM_DISC_MM = 8.0
"""Distance from the middle of a disc from which on there is marrow, mm: half of a high disc with its endplate."""
BEYOND_DISCS_MM = 20.0
"""How far beyond the lowest and the highest disc a body is looked at, mm."""
SMOOTHED_ROWS = 9
"""Rows of the straightened spine over which the signal of marrow is smoothed, by their median."""
LEVEL_MM = 36.0
"""Usual distance from a disc to the next, mm."""
LEVEL_ROWS_LEAST = 4
"""Lower bound of the rows of the straightened spine that show a level."""
SHIFTS_MM = np.arange(-8.0, 10.1, 2.0)
"""Shifts of the cross section at one level that are tried, mm: the canal is found to some millimeters."""
SHIFT_SIGMA_MM = 10.0
"""Standard deviation of the smoothing of these shifts along the canal, mm: a third of a vertebra."""
PROFILE_MM = np.arange(0.0, 15.0)
"""Distances from the middle of a disc at which the departure is taken, mm."""
DISC_PART_MM, MARROW_PART_MM = 4.0, 9.0
"""Up to this distance from its middle a disc is looked for, and from that distance on marrow, mm."""
DISC_HALF_MM = (2.5, 6.0)
"""Bounds for half of the height of a disc with its endplates, mm: discs are 5 to 14 mm high."""
USUAL_DISC_HALF_MM = 4.0
"""Half of the height of a disc where it is not seen, mm."""


@dataclass(frozen=True)
class VertebralShape:
    """The size of the vertebral bodies and discs of one spine, in its own coordinates.

    Parameters
    ----------
    back_mm, front_mm : float
        Back and front wall of the bodies, in front of the canal's middle.
    half_width_mm : float
        Half width of the bodies.
    disc_half_mm : float
        Half of the height of a disc with its endplates.
    contrast : float
        How much more the signal departs from that of marrow outside the bodies than inside (logarithm of a ratio).
    """

    back_mm: float
    front_mm: float
    half_width_mm: float
    disc_half_mm: float
    contrast: float

    def radius(self, front_mm: np.ndarray, right_mm: np.ndarray) -> np.ndarray:
        """How far places are from the axis of the bodies, as a part of the way to their edge: below 1 is inside."""
        half_depth = 0.5 * (self.front_mm - self.back_mm)
        across = np.abs(right_mm) / self.half_width_mm
        along = np.abs(front_mm - (self.back_mm + half_depth)) / half_depth
        radius: np.ndarray = (across**ROUNDNESS + along**ROUNDNESS) ** (1.0 / ROUNDNESS)
        return radius


def find_vertebral_shape(straight: StraightSpine, samples: Sequence[np.ndarray]) -> VertebralShape | None:
    """Find the size of bodies and discs.

    Parameters
    ----------
    straight : StraightSpine
        With discs.
    samples : sequence of ndarray, shape (height, front, right)
        MR series on the straightened grid (:meth:`.straight_spine.StraightSpine.sample`), without shading; 0 or NaN
        out of view.

    Returns
    -------
    VertebralShape or None
        None where too little of the bodies is in view.
    """
    heights = STEP_MM * np.arange(len(straight.points_ras))
    to_disc = np.abs(heights[:, None] - straight.disc_mm).min(axis=1)
    is_near = (heights > straight.disc_mm.min() - BEYOND_DISCS_MM) & (
        heights < straight.disc_mm.max() + BEYOND_DISCS_MM
    )
    in_bodies = is_near & (to_disc > FROM_DISC_MM)
    departures = [one for one in (departure_of(sample, in_bodies) for sample in samples) if one is not None]
    if not departures:
        return None
    across = _mean_seen([_across(one, in_bodies) for one in departures])
    found = _best_section(across)
    if found is None:
        return None
    contrast, back, front, half_width = found
    disc_half = _disc_half_mm(departures, to_disc, is_near)
    return VertebralShape(back, front, half_width, disc_half, contrast)


def centered_line(line: SpineLine, shape: VertebralShape, samples: Sequence[np.ndarray]) -> SpineLine:
    """Move the canal so that the bodies of every level lie in front of it as they do in the whole spine.

    The canal is found with an error of some millimeters, which differs between levels. At each level the cross section
    of the bodies is moved to where it fits best, and the canal moves with it. Between levels the shift changes evenly.

    Parameters
    ----------
    line : SpineLine
        With discs.
    shape : VertebralShape
    samples : sequence of ndarray, shape (height, front, right)
        As for :func:`find_vertebral_shape`.

    Returns
    -------
    SpineLine
        Without discs where any level was moved, as heights along the canal change; unchanged where none was.
    """
    straight = line.straight
    heights = STEP_MM * np.arange(len(straight.points_ras))
    to_disc = np.abs(heights[:, None] - line.disc_mm).min(axis=1)
    bounds = [line.disc_mm[0] - LEVEL_MM, *line.disc_mm, line.disc_mm[-1] + LEVEL_MM]
    found = []
    for below, above in itertools.pairwise(bounds):
        rows = (heights > below) & (heights < above) & (to_disc > FROM_DISC_MM)
        departures = [one for one in (departure_of(sample, rows) for sample in samples) if one is not None]
        if np.count_nonzero(rows) < LEVEL_ROWS_LEAST or not departures:
            continue
        across = _mean_seen([_median_seen(one[rows], axis=0) for one in departures])
        shift = _best_shift(across, shape)
        if shift is not None:
            found.append((0.5 * (below + above), *shift))
    if not found:
        return line
    at, right, front = np.array(found).T
    moves = np.stack([ndimage.median_filter(one, min(3, one.size), mode="nearest") for one in (right, front)])
    if np.abs(moves).max() < STEP_MM:
        return line
    by_height = np.stack([np.interp(heights, at, one) for one in moves], axis=1)
    by_height = ndimage.gaussian_filter1d(by_height, SHIFT_SIGMA_MM / STEP_MM, axis=0, mode="nearest")
    points = straight.points_ras + np.einsum("nd,ndk->nk", by_height, straight.axes[:, :2])
    return dataclasses.replace(line, points_ras=points, disc_mm=np.zeros(0), disc_tilt=np.zeros(0))


def _best_shift(across: np.ndarray, shape: VertebralShape) -> tuple[float, float] | None:
    """Shift to the right and to the front (mm) at which the cross section fits best; None where too little is seen."""
    front, right = np.meshgrid(fronts(), sides(), indexing="ij")
    seen = np.isfinite(across)
    scale = np.sqrt(shape.half_width_mm * 0.5 * (shape.front_mm - shape.back_mm))
    best = None
    for to_right in SHIFTS_MM:
        for to_front in SHIFTS_MM:
            beyond = (shape.radius(front - to_front, right - to_right) - 1.0) * scale
            inner, outer = seen & (beyond < -INNER_MM[0]), seen & (beyond > OUTER_MM[0]) & (beyond < OUTER_MM[1])
            if np.count_nonzero(outer) < OUTSIDE_LEAST or np.count_nonzero(inner) < OUTSIDE_LEAST:
                continue
            score = float(across[outer].mean() - across[inner].mean())
            score -= UNUSUAL_COST * (to_right**2 + to_front**2)
            if best is None or score > best[0]:
                best = (score, float(to_right), float(to_front))
    return None if best is None else best[1:]


def _core(sample: np.ndarray) -> np.ndarray:
    """The part of a straightened image that surely lies within the bodies, shape (height, n)."""
    front, side = fronts(), sides()
    rows = (front >= CORE_FRONT_MM[0]) & (front <= CORE_FRONT_MM[1])
    return sample[:, rows][:, :, np.abs(side) <= CORE_SIDE_MM].reshape(len(sample), -1)


def departure_of(sample: np.ndarray, in_bodies: np.ndarray) -> np.ndarray | None:
    """How far the logarithm of the signal is from that of marrow at the same height; NaN out of view."""
    seen = np.isfinite(sample) & (sample > 0.0)
    logs = np.log(np.where(seen, sample, 1.0))
    logs[~seen] = np.nan
    core = _core(logs)
    usable = in_bodies & np.isfinite(core).any(axis=1)
    if not usable.any():
        return None
    rows = np.flatnonzero(usable)
    medians = ndimage.median_filter(np.nanmedian(core[rows], axis=1), SMOOTHED_ROWS, mode="nearest")
    marrow = np.interp(np.arange(len(logs)), rows, medians)
    return np.asarray(np.minimum(np.abs(logs - marrow[:, None, None]), MOST_DEPARTURE))


def _across(departure: np.ndarray, in_bodies: np.ndarray) -> np.ndarray:
    """Median departure of all heights of bodies and both sides, shape (front, right); NaN out of view."""
    both = np.concatenate([departure[in_bodies], departure[in_bodies][:, :, ::-1]])
    return _median_seen(both, axis=0)


def _median_seen(values: np.ndarray, axis: int) -> np.ndarray:
    """Median of what is in view, NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=axis))


def _mean_seen(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Mean of maps of the same shape where they are in view, NaN where none is."""
    seen = np.sum([np.isfinite(one) for one in maps], axis=0)
    total = np.sum([np.nan_to_num(one) for one in maps], axis=0)
    return np.where(seen > 0, total / np.maximum(seen, 1), np.nan)


def _best_section(across: np.ndarray) -> tuple[float, float, float, float] | None:
    """Contrast, back, front and half width of the cross section with the clearest edge; None without a view of one."""
    front, right = np.meshgrid(fronts(), sides(), indexing="ij")
    seen = np.isfinite(across)
    best = None
    for back in BACKS_MM:
        for wall in FRONTS_MM:
            depth = wall - back
            if not DEPTH_LEAST_MM <= depth <= DEPTH_MOST_MM:
                continue
            for half_width in HALF_WIDTHS_MM:
                shape = VertebralShape(float(back), float(wall), float(half_width), 0.0, 0.0)
                # About the distance from the edge in mm, by the mean radius.
                beyond = (shape.radius(front, right) - 1.0) * np.sqrt(half_width * 0.5 * depth)
                inner = seen & (beyond < -INNER_MM[0]) & (beyond > -INNER_MM[1])
                outer = seen & (beyond > OUTER_MM[0]) & (beyond < OUTER_MM[1])
                deep = seen & (beyond <= -INNER_MM[1])
                if np.count_nonzero(outer) < OUTSIDE_LEAST or not inner.any() or not deep.any():
                    continue
                contrast = float(across[outer].mean() - across[inner].mean() - DEEP_WEIGHT * across[deep].mean())
                unusual = (
                    (half_width - USUAL_HALF_WIDTH_MM) ** 2
                    + (depth - USUAL_DEPTH_MM) ** 2
                    + (back - USUAL_BACK_MM) ** 2
                )
                score = contrast - UNUSUAL_COST * unusual
                if best is None or score > best[0]:
                    best = (score, contrast, float(back), float(wall), float(half_width))
    return None if best is None else best[1:]


def _disc_half_mm(departures: Sequence[np.ndarray], to_disc_mm: np.ndarray, is_near: np.ndarray) -> float:
    """Half of the height of a disc: where the median departure falls to the middle between disc and marrow."""
    profile = _mean_seen([_median_seen(_core(one), axis=1) for one in departures])
    at = np.full(PROFILE_MM.shape, np.nan)
    for index, distance in enumerate(PROFILE_MM):
        some = profile[is_near & (np.abs(to_disc_mm - distance) <= 0.5 * STEP_MM)]
        if np.isfinite(some).any():
            at[index] = np.nanmedian(some)
    disc, marrow = at[PROFILE_MM < DISC_PART_MM], at[PROFILE_MM >= MARROW_PART_MM]
    if not np.isfinite(disc).any() or not np.isfinite(marrow).any():
        return USUAL_DISC_HALF_MM
    middle = 0.5 * (np.nanmax(disc) + np.nanmin(marrow))
    below = np.flatnonzero((at < middle) & (DISC_HALF_MM[0] <= PROFILE_MM))
    half = float(PROFILE_MM[below[0]]) if below.size else USUAL_DISC_HALF_MM
    return float(np.clip(half, *DISC_HALF_MM))
