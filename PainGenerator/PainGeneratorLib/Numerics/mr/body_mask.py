"""Where one MR series shows the body and where only noise, whatever the coil does to the signal.

A receive coil at the back leaves the belly dark, and filters of the scanner lift the noise there. So neither one bound
for the signal nor one noise level for the whole image tells body and air apart. What is used instead:

1. The air at the borders of the image. Along lines from the front and the back (and from the sides of a wide image)
   the outermost blocks are air when the signal rises further inside.
2. The noise floor: the mean signal of that air, interpolated between the borders. It follows a floor that is higher
   in front than at the back, and an offset of the gray values.
3. Air is what is near the floor and connected to the air at the borders. The rest is the body, closed and without
   specks. Lungs and bowel gas lie within it.

Start at :func:`find_body`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Image
from .blocks import Factors, block_mean, coarse_factors, coarser, spread_blocks

BODY_COARSE_MM = 4.0
"""Voxel size on which the body is found, mm. Our estimate."""
STRIP_BLOCKS = 3
"""Blocks at each end of a line whose signal is that of the border."""
BORDER_MM = 40.0
"""Height and width over which borders are alike, mm. Our estimate."""
INNER_PERCENT = 75.0
"""The percentile of the signal of a line that stands for the body within it. Our estimate."""
AIR_PART = 0.35
"""Upper bound for the signal of air at the border, as a part of the body's on the same lines. Our estimate."""
AIR_PART_OF_NOISE = 0.8
"""The same where the signal at the border spreads as noise does. Our estimate."""
NOISE_RATIO = 2.6
"""Upper bound for mean over standard deviation of noise in air. It is 1.91 for the magnitude of complex noise
(Rayleigh distribution; Gudbjartsson and Patz, MRM 1995) and grows by interpolation. Our estimate."""
SMOOTHED_NOISE_RATIO = 9.0
"""The same, above the lowest signal of the image, where the scanner interpolated the image: even tissue
has more. Our estimate; up to 7.5 was seen in real images."""
STEADY_PART = 0.3
"""Upper bound for the range of noise at the border as a part of it. Our estimate."""
LEAST_SIGNAL_PERCENT = 1.0
"""The percentile of the signal that stands for the lowest."""
AIR_LINES_LEAST = 0.1
"""Lower bound for the part of the lines that begin in air, for a side of the image to show air. Our estimate."""
SAME_BORDER = 2.0
"""Upper bound for the signal of air at the border over the lower signal near by on that side. Our estimate."""
FLOOR_ALIKE_MM = 80.0
"""How far that lower signal is looked for along a side, mm. Filters of the scanner that even out the sensitivity of
the coil raise the noise floor by a factor 3.5 over 300 mm in the steepest image seen. Our estimate."""
LEAST_PERCENT = 20.0
"""The percentile of the signal at the border that stands for the lower signal. Our estimate."""
DEEPER_OVER_EDGE = 1.3
"""Upper bound for the noise in the second strip from the edge over that in the first. Our estimate."""
OVER_FLOOR = 0.35
"""Lower bound for the signal of the body over the noise floor. Medians of blocks of noise scatter by 10 % at most, so
that noise does not reach it. Our estimate."""
NEAREST_MM = 20.0
"""Distances from the borders are counted from this far outside, mm, so that each has some weight. Our estimate."""
EVEN_BLOCKS = 5
"""Width of the surroundings, in blocks, in which noise is told from structure."""
EVEN_TIMES = 1.6
"""Upper bound for the scatter of block means in noise, over that at the borders. Our estimate."""
EVEN_LEAST = 0.02
"""Lower bound for that scatter as a part of the noise: gray values are whole numbers. Our estimate."""
EVEN_MOST = 0.06
"""Upper bound for that scatter: where ghosts lie in the air it tells nothing. Our estimate."""
FOLLOWED_MOST = 1.6
"""Upper bound for the noise within the image over that interpolated between its borders: tissue that fades into the
noise must not be followed. Our estimate; 2.4 was seen."""
FOLLOWED_MM = 12.0
"""Standard deviation of the Gaussian mean with which the floor follows the noise, mm. Our estimate."""
FOLLOWED_WEIGHT = 0.05
"""Lower bound for the part of noise near by, 0 to 1, for the floor to follow it. Our estimate."""
FAINT_PART = 0.15
"""Upper bound for noise outside the body over the brightest signal near by, where its spread shows that it is noise.
Our estimate."""
THIN_OVER_FLOOR = 0.6
"""The same for a single block, which scatters more. Our estimate."""
BODY_PART = 0.05
"""Lower bound for the signal of the body, as a part of the brightest near by. Our estimate: ghosts and ringing beside
bright fat stay below it."""
BRIGHT_REACH_MM = 40.0
"""How far the brightest signal is looked for, mm. Our estimate."""
CLEAR_OVER_FLOOR = 2.0
"""Lower bound for the signal of a block over the noise floor, for the shading to be measured on it: the true signal is
then more than twice the standard deviation of the noise (Gudbjartsson and Patz, MRM 1995). Our estimate."""
USABLE_OVER_FLOOR = 1.6
"""Lower bound for the signal of tissue near by over the noise floor, where the series is of use. Our estimate."""
USABLE_REACH_MM = 40.0
"""Width of the surroundings whose signal says whether a series is of use, mm. Our estimate: larger than gas in the
bowel or a thick cortex."""
USABLE_PERCENT = 75.0
"""The percentile of the signal of the surroundings that is looked at. Our estimate."""
OFFSET_RATIO = 2.0
"""Gray values have an offset when the mean of the air is more than this many times what noise of its spread can have.
Our estimate."""
WIDE_MM = 200.0
"""Lower bound for the width of an image whose sides may show air, mm: slabs about the spine are narrower."""
CLOSING_ROUNDS = 4
"""Rounds of the closing that fills notches and cavities of the body, in blocks."""
BODY_PIECE_PART = 0.1
"""Lower bound for the size of a piece of the body, as a part of the largest piece: legs count, and noise does not. Our
estimate."""
THICK_SLICE = 1.5
"""Slices are thick when their distance is more than this many times the voxel size within them."""


@dataclass(frozen=True, eq=False)
class SeenBody:
    """What a series shows of the body, in blocks of its voxels.

    Parameters
    ----------
    geometry : Geometry
        Of the blocks.
    factors : tuple of int
        Voxels per block, along (k, j, i).
    body : ndarray of bool
        The body with its cavities.
    usable : ndarray of bool
        Where the coil receives the signal of tissue clearly above the noise; a large area, not single voxels: cortex,
        gas and metal without signal lie in it.
    clear : ndarray of bool
        Blocks of the body whose own signal is clearly above the noise.
    noise : ndarray of float32
        Mean signal of noise, above `offset`; 0 where it is not known.
    offset : float
        Gray value of no signal at all.
    has_air : bool
        Whether air is in view. Without it the noise is not known and the whole field of view is body.
    """

    geometry: Geometry
    factors: Factors
    body: np.ndarray
    usable: np.ndarray
    clear: np.ndarray
    noise: np.ndarray
    offset: float
    has_air: bool


def find_body(image: Image) -> SeenBody:
    """Find the body on one series.

    Parameters
    ----------
    image : Image
        MR signal as acquired, arbitrary units; NaN marks voxels outside the field of view.
    """
    factors = coarse_factors(image.geometry, BODY_COARSE_MM)
    geometry = coarser(image.geometry, factors)
    slices = _slice_axis(image.geometry)
    blocks = _blocks(image.array, factors)
    seen, level = np.isfinite(blocks.mean), np.nan_to_num(blocks.mean, nan=0.0)
    nothing = np.zeros(level.shape, np.float32)
    if not seen.any() or level.max() <= level[seen].min():
        return SeenBody(geometry, factors, nothing > 0, nothing > 0, nothing > 0, nothing, 0.0, False)
    faces = [face for axis in _air_axes(geometry) for face in _borders(level, blocks.spread, seen, geometry, axis)]
    if not faces:
        return _without_air(level, blocks.spread, seen, geometry, factors, slices)
    floor, spread = _interpolated(faces, level.shape)
    step = np.minimum(floor, SMOOTHED_NOISE_RATIO * spread)
    seeds = np.logical_or.reduce([face.seeds for face in faces])
    floor = _followed(floor, level, step, seen, seeds, geometry, slices)
    dark = _dark(level, seen, floor, step, geometry, slices)
    body = _solid(~_connected(dark | ~seen, seeds, slices) & seen, geometry, [face.axis for face in faces], slices)
    offset = max(0.0, float(np.median(floor - step))) if float(np.median(floor / step)) > OFFSET_RATIO else 0.0
    noise = np.maximum(floor - offset, 0.0)
    clear = body & seen & (level - offset > CLEAR_OVER_FLOOR * noise)
    usable = _near_brightness(np.where(body & seen, level - offset, 0.0), geometry) > USABLE_OVER_FLOOR * noise
    # Noise that the scanner masked farther out belongs to the outline by its level, but it is not of use.
    faint = level - offset < FAINT_PART * (_bright(level, geometry) - offset)
    hazy = dark | ~seen | (faint & (level - offset < NOISE_RATIO * blocks.spread))
    usable &= body & ~_connected(hazy, seeds, slices)
    return SeenBody(geometry, factors, body, usable, clear, noise, offset, True)


def _without_air(
    level: np.ndarray, spread: np.ndarray, seen: np.ndarray, geometry: Geometry, factors: Factors, slices: int
) -> SeenBody:
    """What a series shows in which no air is in view: all of it is body.

    The darkest blocks stand for the noise if their signal spreads as noise does.
    """
    body = _solid(seen, geometry, _air_axes(geometry), slices)
    lowest = seen & (level <= np.percentile(level[seen], LEAST_SIGNAL_PERCENT))
    floor, scatter = float(np.median(level[lowest])), float(np.median(spread[lowest]))
    noise = np.full(level.shape, floor if floor < SMOOTHED_NOISE_RATIO * scatter else 0.0, dtype=np.float32)
    usable = body & (_near_brightness(np.where(seen, level, 0.0), geometry) > USABLE_OVER_FLOOR * noise)
    clear = body & seen & (level > CLEAR_OVER_FLOOR * noise)
    return SeenBody(geometry, factors, body, usable, clear, noise, 0.0, not bool(seen.all()))


class _Blocks(NamedTuple):
    """Mean and standard deviation of the voxels of each block; NaN where nothing was measured."""

    mean: np.ndarray
    spread: np.ndarray


def _blocks(array: np.ndarray, factors: Factors) -> _Blocks:
    """Mean and standard deviation of blocks, without large copies.

    Planes at the ends of the array that hold one value only were not measured, and neither were blocks that hold
    nothing but the lowest value of the image and reach to its ends: scanners fill the corners that they correct
    for the gradients, and the surroundings of the body, with it.
    """
    shape = tuple(n // f for n, f in zip(array.shape, factors, strict=True))
    total, squares = np.zeros(shape), np.zeros(shape)
    low, high = np.full(shape, np.inf, np.float32), np.full(shape, -np.inf, np.float32)
    for first in np.ndindex(*factors):
        part = array[tuple(slice(o, n * f, f) for o, n, f in zip(first, shape, factors, strict=True))]
        total += part
        squares += np.square(part, dtype=np.float64)
        np.fmin(low, part, out=low)
        np.fmax(high, part, out=high)
    number = int(np.prod(factors))
    mean = total / number
    spread = np.sqrt(np.maximum(squares / number - mean**2, 0.0) * number / max(number - 1, 1))
    filled = (low == high) & (low == np.nanmin(array)) & (number > 1)
    filled = _at_ends(filled) | _constant_ends(array, factors, shape)
    unknown = ndimage.binary_dilation(filled, np.ones((3, 3, 3)) > 0)
    mean[unknown] = np.nan
    return _Blocks(mean.astype(np.float32), spread.astype(np.float32))


def _at_ends(mask: np.ndarray) -> np.ndarray:
    """The connected parts of a mask that touch an end of the array."""
    inner = np.zeros(mask.shape, dtype=bool)
    inner[1:-1, 1:-1, 1:-1] = True
    labels, count = ndimage.label(mask)
    kept = np.zeros(count + 1, dtype=bool)
    kept[np.unique(labels[~inner])] = True
    kept[0] = False
    at_ends: np.ndarray = kept[labels]
    return at_ends


def _constant_ends(array: np.ndarray, factors: Factors, shape: tuple[int, ...]) -> np.ndarray:
    """Blocks in planes at the ends of the array that hold one value only."""
    box = [slice(0, n) for n in array.shape]
    is_new = True
    while is_new:
        # Planes that cross planes of another value are constant only within what is left.
        is_new = sum(_trimmed(array, box, axis, at_end) for axis in range(3) for at_end in (False, True)) > 0
    constant = np.ones(shape, dtype=bool)
    kept = (slice(-(-b.start // f), max(b.stop // f, 0)) for b, f in zip(box, factors, strict=True))
    constant[tuple(kept)] = False
    return constant


def _trimmed(array: np.ndarray, box: list[slice], axis: int, at_end: bool) -> bool:
    """Cut planes of one value off one side of a box, in place; whether there was any."""
    before = box[axis]
    while box[axis].stop - box[axis].start > 1:
        start, stop = box[axis].start, box[axis].stop
        index = stop - 1 if at_end else start
        plane = array[tuple(slice(index, index + 1) if a == axis else one for a, one in enumerate(box))]
        if plane.max() != plane.min():
            break
        box[axis] = slice(start, stop - 1) if at_end else slice(start + 1, stop)
    return box[axis] != before


def _near_brightness(level: np.ndarray, geometry: Geometry) -> np.ndarray:
    """A high percentile of the signal of tissue near by."""
    factors = coarse_factors(geometry, USABLE_REACH_MM / 4.0)
    spacing = [s * f for s, f in zip(geometry.spacing_kji_mm, factors, strict=True)]
    size = [2 * int(0.5 * USABLE_REACH_MM / s + 0.5) + 1 for s in spacing]
    near = ndimage.percentile_filter(block_mean(level, factors), USABLE_PERCENT, size, mode="nearest")
    return spread_blocks(near, factors, level.shape)


def _followed(
    floor: np.ndarray,
    level: np.ndarray,
    step: np.ndarray,
    seen: np.ndarray,
    seeds: np.ndarray,
    geometry: Geometry,
    slices: int,
) -> np.ndarray:
    """The noise floor where it changes between the borders.

    Noise has no structure: the means of its blocks scatter by the same part of their level everywhere, as measured at
    the borders. The floor follows the level of such even places that are connected to the borders.
    """
    size = [1 if axis == slices else EVEN_BLOCKS for axis in range(3)]
    smooth = ndimage.uniform_filter(level, size)
    # A running mean of squares may be below 0 by its rounding.
    rough = np.sqrt(np.maximum(ndimage.uniform_filter(np.square(level - smooth), size), 0.0))
    inner = ndimage.binary_erosion(seen, np.ones(size))
    known = seeds & inner
    if not known.any():
        return floor
    usual = float(np.median(rough[known] / step[known]))
    over = level / np.maximum(floor, 1e-6)
    part = min(EVEN_TIMES * max(usual, EVEN_LEAST), EVEN_MOST)
    even = inner & (rough < part * step * over) & (over < FOLLOWED_MOST)
    air = (_connected(even | seeds, seeds, slices) & inner).astype(np.float32)
    sigma = [FOLLOWED_MM / s for s in geometry.spacing_kji_mm]
    weight = ndimage.gaussian_filter(air, sigma)
    mean = ndimage.gaussian_filter(air * level, sigma) / np.maximum(weight, 1e-6)
    followed: np.ndarray = np.where(weight > FOLLOWED_WEIGHT, np.maximum(mean, floor), floor)
    return followed


def _dark(
    level: np.ndarray, seen: np.ndarray, floor: np.ndarray, step: np.ndarray, geometry: Geometry, slices: int
) -> np.ndarray:
    """Blocks that do not stand out of the noise."""
    smooth = ndimage.median_filter(level, [1 if axis == slices else 3 for axis in range(3)])
    lowest = float(np.percentile(level[seen], LEAST_SIGNAL_PERCENT))
    least = lowest + BODY_PART * (_bright(level, geometry) - lowest)
    # A thin bright skin is lost in the median, but it is what keeps dark muscle apart from air.
    dark: np.ndarray = smooth <= np.maximum(floor + OVER_FLOOR * step, least)
    return dark & (level <= np.maximum(floor + THIN_OVER_FLOOR * step, least))


def _slice_axis(geometry: Geometry) -> int:
    """The array axis across slices, of an image as acquired: the coarsest one, else the shortest.

    Blocks have about the same size along all axes and do not show it any more.
    """
    spacing, lengths = geometry.spacing_kji_mm, np.array(geometry.shape) * geometry.spacing_kji_mm
    coarse = [axis for axis in range(3) if spacing[axis] > 0.8 * max(spacing)]
    return min(coarse, key=lambda axis: lengths[axis])


@dataclass(frozen=True, eq=False)
class _Border:
    """Air at one side of the image.

    Parameters
    ----------
    axis : int
        Array axis that leads inward.
    floor : ndarray, shape of the array without that axis
        Natural logarithm of the signal of air at the outer end of each line.
    depth : ndarray, shape (n,) along the axis
        Distance from the border, blocks times spacing, mm.
    seeds : ndarray of bool
        Blocks of air at the border.
    """

    axis: int
    floor: np.ndarray
    noise: np.ndarray
    depth: np.ndarray
    seeds: np.ndarray


def _air_axes(geometry: Geometry) -> list[int]:
    """The array axes along which air may be in view: back to front always, side to side in wide images."""
    directions = np.abs(geometry.ijk_to_ras[:3, :3] / np.linalg.norm(geometry.ijk_to_ras[:3, :3], axis=0))
    across, depth = (2 - int(np.argmax(directions[row])) for row in (0, 1))
    wide = geometry.shape[across] * geometry.spacing_kji_mm[across] >= WIDE_MM
    return [depth, across] if wide and across != depth else [depth]


def _borders(level: np.ndarray, spread: np.ndarray, seen: np.ndarray, geometry: Geometry, axis: int) -> list[_Border]:
    """The air at both ends of the lines along an axis."""
    spacing = list(geometry.spacing_kji_mm)
    step = spacing.pop(axis)
    lines, spreads, there = (np.moveaxis(array, axis, -1) for array in (level, spread, seen))
    n = lines.shape[-1]
    if n < 3 * STRIP_BLOCKS:
        return []
    base = float(np.percentile(lines[there], LEAST_SIGNAL_PERCENT))
    size = [2 * int(0.5 * BORDER_MM / s) + 1 for s in spacing]
    within = ndimage.median_filter(_percentile_where(there, lines, INNER_PERCENT), size)
    found = []
    for is_far in (False, True):
        turn = (slice(None), slice(None), slice(None, None, -1)) if is_far else (slice(None),) * 3
        end = _end(lines[turn], spreads[turn], there[turn])
        is_air = _is_air(end, base, within, spacing)
        if is_air.mean() < AIR_LINES_LEAST:
            continue
        sigma = [0.5 * BORDER_MM / s for s in spacing]
        floor, noise = (_spread_over(np.log(np.maximum(one, 1e-3)), is_air, sigma) for one in (end.mean, end.scatter))
        seeds = np.moveaxis((end.strip & is_air[..., None])[turn], -1, axis)
        depth = step * (np.arange(n)[::-1] if is_far else np.arange(n))
        found.append(_Border(axis, floor, noise, depth.astype(np.float32), seeds))
    return found


class _End(NamedTuple):
    """The outermost blocks of each line, shape of the lines; and their mean, standard deviation and range per line."""

    strip: np.ndarray
    mean: np.ndarray
    scatter: np.ndarray
    rise: np.ndarray
    is_long: np.ndarray


def _end(lines: np.ndarray, spreads: np.ndarray, there: np.ndarray) -> _End:
    """The first blocks of lines that were measured, smoothed over neighboring lines."""
    order = np.cumsum(there, axis=-1)
    strip = there & (order <= STRIP_BLOCKS)
    deeper = there & (order > STRIP_BLOCKS) & (order <= 2 * STRIP_BLOCKS)
    first, second = _Strip.of(strip, lines, spreads), _Strip.of(deeper, lines, spreads)
    # Filters of the scanner lower the noise at the very edge of the image.
    takes = (second.mean > first.mean) & (second.mean < DEEPER_OVER_EDGE * first.mean)
    size = [min(3, n) for n in takes.shape]
    mean, scatter, rise = (
        ndimage.median_filter(np.where(takes, b, a), size) for a, b in zip(first, second, strict=True)
    )
    return _End(strip, mean, scatter, rise, order[..., -1] >= 3 * STRIP_BLOCKS)


def _is_air(end: _End, base: float, within: np.ndarray, spacing: list[float]) -> np.ndarray:
    """Which lines begin in air.

    Parameters
    ----------
    end : _End
    base : float
        Lowest signal of the image.
    within : ndarray
        Signal of the body on each line.
    spacing : list of float
        Distance of the lines, mm.
    """
    over, body = end.mean - base, np.maximum(within - base, 0.0)
    is_noise = (over < AIR_PART_OF_NOISE * body) & (end.mean < NOISE_RATIO * end.scatter)
    rises = (over < AIR_PART * body) | is_noise
    even = end.rise < np.maximum(end.scatter, STEADY_PART * end.mean)
    spreads = over < SMOOTHED_NOISE_RATIO * end.scatter
    is_air: np.ndarray = end.is_long & rises & ((even & spreads) | (over < BODY_PART * within))
    wide = [2 * int(FLOOR_ALIKE_MM / s) + 1 for s in spacing]
    least = ndimage.percentile_filter(end.mean, LEAST_PERCENT, wide, mode="mirror")
    is_air &= end.mean <= SAME_BORDER * least + BODY_PART * within
    return is_air


def _percentile_where(mask: np.ndarray, values: np.ndarray, percent: float) -> np.ndarray:
    """A percentile of the values along the last axis where a mask holds; 0 where it holds nowhere."""
    ordered = np.sort(np.where(mask, values, np.inf), axis=-1)
    index = ((mask.sum(axis=-1) - 1) * (percent / 100.0)).astype(int)
    found = np.take_along_axis(ordered, np.maximum(index, 0)[..., None], axis=-1)[..., 0]
    percentile: np.ndarray = np.where(np.isfinite(found), found, 0.0)
    return percentile


def _spread_over(values: np.ndarray, known: np.ndarray, sigma: list[float]) -> np.ndarray:
    """Gaussian mean of the known values; far from them their median."""
    weight = ndimage.gaussian_filter(known.astype(np.float32), sigma) + 1e-4
    total = ndimage.gaussian_filter(np.where(known, values, 0.0), sigma) + 1e-4 * np.median(values[known])
    mean: np.ndarray = (total / weight).astype(np.float32)
    return mean


class _Strip(NamedTuple):
    """Mean signal of the blocks at the border of each line, their standard deviation, and their range."""

    mean: np.ndarray
    scatter: np.ndarray
    rise: np.ndarray

    @classmethod
    def of(cls, mask: np.ndarray, values: np.ndarray, noise: np.ndarray) -> _Strip:
        high = np.where(mask, values, -np.inf).max(axis=-1)
        low = np.where(mask, values, np.inf).min(axis=-1)
        return cls(_mean_where(mask, values), _mean_where(mask, noise), np.where(mask.any(axis=-1), high - low, 0.0))


def _mean_where(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of values along the last axis where a mask holds; 0 where it holds nowhere."""
    mean: np.ndarray = np.where(mask, values, 0.0).sum(axis=-1) / np.maximum(mask.sum(axis=-1), 1)
    return mean


def _interpolated(faces: list[_Border], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The noise floor and the standard deviation of noise between the borders; the nearest border has most weight."""
    floor, noise, weights = (np.zeros(shape, np.float32) for _ in range(3))
    for face in faces:
        form = [1, 1, 1]
        form[face.axis] = -1
        weight = (1.0 / (face.depth + NEAREST_MM) ** 2).reshape(form)
        floor += weight * np.expand_dims(face.floor, face.axis)
        noise += weight * np.expand_dims(face.noise, face.axis)
        weights += weight
    return np.exp(floor / weights), np.exp(noise / weights)


def _bright(level: np.ndarray, geometry: Geometry) -> np.ndarray:
    """The brightest signal near by."""
    smooth = ndimage.median_filter(level, [3 if n > 2 else 1 for n in level.shape])
    size = [2 * int(BRIGHT_REACH_MM / s) + 1 for s in geometry.spacing_kji_mm]
    bright: np.ndarray = ndimage.maximum_filter(smooth, size, mode="nearest")
    return bright


def _connected(mask: np.ndarray, seeds: np.ndarray, slices: int) -> np.ndarray:
    """The parts of a mask that hold a seed, slice by slice: a leak in one slice then stays there."""
    within = ndimage.generate_binary_structure(3, 1)
    within[tuple(slice(None, None, 2) if axis == slices else slice(None) for axis in range(3))] = False
    labels, count = ndimage.label(mask, within)
    kept = np.zeros(count + 1, dtype=bool)
    kept[np.unique(labels[seeds])] = True
    kept[0] = False
    connected: np.ndarray = kept[labels]
    return connected


def _solid(inside: np.ndarray, geometry: Geometry, open_axes: list[int], slices: int) -> np.ndarray:
    """The body as a solid: without specks, with notches closed and cavities filled."""
    size = [3 if axis == slices and n > 2 else 1 for axis, n in enumerate(inside.shape)]
    alike = ndimage.median_filter(inside, size)
    opened = ndimage.binary_opening(alike, iterations=1) if min(inside.shape) > 4 else alike
    closed = _closed(_without_specks(opened), geometry.spacing_kji_mm)
    # Air touches the front, the back or a side; a lung that the upper edge of the image cuts does not.
    ends = np.zeros(closed.shape, dtype=bool)
    for axis in set(open_axes):
        ends[(slice(None),) * axis + (slice(None, None, closed.shape[axis] - 1),)] = True
    return ~_connected(~closed, ends & ~closed, slices)


def _closed(inside: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """A mask with its notches filled; within slices only where these are thick.

    Padding with the edge's own values keeps the parts that the field of view cuts, and lets cavities close.
    """
    rounds = CLOSING_ROUNDS
    padded = np.pad(inside, rounds, mode="edge")
    depth = 1 if spacing[0] > THICK_SLICE * spacing[1] else 3
    ball = np.ones((depth, 3, 3), dtype=bool)
    closed: np.ndarray = ndimage.binary_closing(padded, ball, iterations=rounds)
    return closed[(slice(rounds, -rounds),) * 3]


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """The largest part of a mask and those that are not much smaller."""
    labels, count = ndimage.label(mask)
    if count <= 1:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.isin(labels, np.flatnonzero(sizes >= BODY_PIECE_PART * sizes.max()))
