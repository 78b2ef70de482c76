"""Modic I on both sides of one disc, or at one endplate, told from the trend along the spine.

The signal of normal marrow drifts along the spine, by the coil and by the fat of the marrow: on a real STIR by more
than a Modic I differs from its neighbors. A comparison with the neighboring vertebrae alone does not see it then. What
tells it is that marrow is brighter on the fluid-sensitive series and darker on T1 than the trend of all levels, at
once and at both endplates of one disc. A single endplate has no such witness: it must stand out further, and the
other endplate of its vertebra must not be alike, as it is where an edema fills the body. Start at
:func:`find_endplate_pairs`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.constants import MAD_TO_SD
from ..core.image import Region
from ..core.records import MRFinding
from ..core.words import Role
from .parameters import ModicParameters
from .picture import MRPicture, make_finding
from .spine_tissues import SpineTissues
from .verdicts import MODIC_I

RULE = "modic-one-both-endplates"
"""Name of the rule that decides."""
SINGLE_RULE = "modic-one-endplate"
"""Name of the rule that decides about a single endplate."""
OTHER_END_PART = 0.5
"""Upper bound for the contrast of the other endplate of a vertebra, as a part of that of the changed one: the middle
of a body does not lie along one endplate. Our estimate."""
INNER_RADIUS = 0.85
"""Part of the way from the axis of the bodies to their edge within which marrow is compared: no edge lies there."""
FROM_DISC_MM = 1.0
"""So far from the edge of the disc the band at an endplate begins, mm."""
BAND_VOXELS_LEAST = 60
"""Lower bound for the voxels of a band at an endplate that is compared."""
LEVEL_VOXELS_LEAST = 200
"""Lower bound for the voxels of a vertebra that takes part in the trend."""
LEVELS_LEAST = 4
"""Lower bound for the number of vertebrae that show a trend."""
LEAST_SIGNAL = 1e-3
"""Lower bound of the signal before its logarithm is taken."""
LEAST_SPREAD = 0.05
"""Lower bound for the spread between bands at normal endplates, log units: with few levels less is chance."""
REGION_PART = 0.5
"""Lower bound for the contrast of the voxels of a change, as a part of the contrast of its band."""


@dataclass(frozen=True)
class _Band:
    """The marrow beside one endplate against the trend of all levels, as logarithms of ratios.

    Parameters
    ----------
    fluid, t1 : float
        Median on the fluid-sensitive series and on T1.
    """

    fluid: float
    t1: float

    @property
    def contrast(self) -> float:
        """How much wetter than the trend: brighter on the fluid-sensitive series and darker on T1."""
        return self.fluid - self.t1


def find_endplate_pairs(picture: MRPicture, places: SpineTissues) -> list[MRFinding]:
    """Find Modic I at both endplates of a disc, and at single endplates.

    Parameters
    ----------
    picture : MRPicture
        With T1 and a fluid-sensitive series; otherwise nothing is found.
    places : SpineTissues
        Of the same picture.

    Returns
    -------
    list of MRFinding
        One for each disc, with the marrow on both sides of it, and one for each single endplate.
    """
    p = picture.parameters.modic
    if Role.FLUID not in picture.signals.roles or not picture.reads_t1:
        return []
    box = places.coordinates.box
    t1, fluid = (_above_trend(picture.smooth[role][box], places) for role in (Role.T1, Role.FLUID))
    if t1 is None or fluid is None:
        return []
    bands = {number: _band(places, number, p.band_mm, t1, fluid) for number in _band_numbers(places)}
    known = {number: band for number, band in bands.items() if band is not None}
    spread = _spread([band.contrast for band in known.values()])
    fluid_spread = _spread([band.fluid for band in known.values()])
    found = []
    for numbers, rule in _changed(known, spread, p):
        contrast = min(known[number].contrast for number in numbers)
        region = _region(picture, places, numbers, p.band_mm, fluid - t1, contrast)
        if region is None or region.volume_ml < p.minimum_ml:
            continue
        z = float(np.mean([known[number].fluid for number in numbers])) / fluid_spread
        strength = contrast / spread
        found.append(make_finding(picture, MODIC_I, region, z, str(Role.FLUID), [], rule, strength))
    return found


def _changed(known: Mapping[int, _Band], spread: float, p: ModicParameters) -> Iterator[tuple[tuple[int, ...], str]]:
    """The numbers of the bands that are changed together, with the rule: pairs first, then single ones."""
    wet = {
        number
        for number, band in known.items()
        if band.contrast >= p.pair_contrast
        and band.fluid >= p.pair_series_contrast
        and band.t1 <= -p.pair_series_contrast
    }
    beside = [(number, number + 1) for number in sorted(wet) if number % 2 == 1 and number + 1 in wet]
    # Two endplates that both stand out are two signs: their mean tells, not the fainter one.
    pairs = [pair for pair in beside if np.mean([known[number].contrast for number in pair]) >= p.pair_z * spread]
    yield from ((pair, RULE) for pair in pairs)
    for number in sorted(wet.difference(*pairs)):
        own = known[number].contrast
        # The bands of a vertebra: 2 and 3, 4 and 5, and so on; S1, below the lowest disc, has one alone.
        other = known.get(number + 1 if number % 2 == 0 else number - 1)
        is_alone = number == 1 or (other is not None and other.contrast < OTHER_END_PART * own)
        if own >= p.single_z * spread and is_alone:
            yield (number,), SINGLE_RULE


def _band_numbers(places: SpineTissues) -> list[int]:
    """Numbers of the bands from below: 1 below the lowest disc, 2 above it, 3 below the next disc, and so on."""
    levels = np.unique(places.coordinates.level[places.bodies])
    return list(itertools.chain.from_iterable((2 * int(n) - 2, 2 * int(n) - 1) for n in levels if n > 0))


def _where(places: SpineTissues, number: int, band_mm: float) -> np.ndarray:
    """Voxels of a band, within the box of the spine."""
    at = places.coordinates
    level = number // 2 + 1
    half = places.shape.disc_half_mm
    is_below_disc = number % 2 == 1
    distance = -at.to_disc if is_below_disc else at.to_disc
    near = (distance > half + FROM_DISC_MM) & (distance < half + band_mm)
    return np.asarray(places.bodies & (at.level == level) & near)


def _inner(places: SpineTissues, mask: np.ndarray) -> np.ndarray:
    """The part of a mask within the inner marrow; bodies are a small part of the box, and a band less."""
    at, inner = places.coordinates, mask.copy()
    inner[mask] = places.shape.radius(at.front[mask], at.right[mask]) < INNER_RADIUS
    return inner


def _above_trend(signal: np.ndarray, places: SpineTissues) -> np.ndarray | None:
    """Logarithm of the signal over the trend of marrow along the spine; None with too few levels.

    The trend is the straight line through the medians of the vertebrae by the median of all slopes between two of them
    (Theil 1950, Sen 1968): one or two diseased vertebrae do not turn it.
    """
    at = places.coordinates
    marrow = _inner(places, places.bodies) & (signal > 0.0)
    logs = np.log(np.maximum(signal, LEAST_SIGNAL))
    heights, medians = [], []
    for level in np.unique(at.level[marrow]):
        own = marrow & (at.level == level)
        if np.count_nonzero(own) >= LEVEL_VOXELS_LEAST:
            heights.append(float(np.median(at.height[own])))
            medians.append(float(np.median(logs[own])))
    if len(heights) < LEVELS_LEAST:
        return None
    height, median = np.array(heights), np.array(medians)
    first, second = np.triu_indices(len(height), 1)
    slope = float(np.median((median[second] - median[first]) / (height[second] - height[first])))
    offset = float(np.median(median - slope * height))
    above = logs - (offset + slope * at.height)
    above[~(signal > 0.0)] = np.nan
    return np.asarray(above)


def _band(places: SpineTissues, number: int, band_mm: float, t1: np.ndarray, fluid: np.ndarray) -> _Band | None:
    """The marrow of one band; None where too little of it is in view."""
    where = _inner(places, _where(places, number, band_mm)) & np.isfinite(t1) & np.isfinite(fluid)
    if np.count_nonzero(where) < BAND_VOXELS_LEAST:
        return None
    return _Band(float(np.median(fluid[where])), float(np.median(t1[where])))


def _spread(contrasts: list[float]) -> float:
    """Robust standard deviation of the contrast of all bands; most endplates are normal."""
    values = np.array(contrasts)
    if not values.size:
        return LEAST_SPREAD
    return max(LEAST_SPREAD, MAD_TO_SD * float(np.median(np.abs(values - np.median(values)))))


def _region(
    picture: MRPicture,
    places: SpineTissues,
    numbers: Sequence[int],
    band_mm: float,
    contrast: np.ndarray,
    of_bands: float,
) -> Region | None:
    """The marrow of some bands that is changed, on the working grid."""
    band = np.any([_where(places, number, band_mm) for number in numbers], axis=0)
    changed = band & (np.nan_to_num(contrast, nan=-np.inf) > REGION_PART * of_bands)
    changed = ndimage.binary_opening(changed) | (changed & ndimage.binary_dilation(ndimage.binary_opening(changed)))
    if not changed.any():
        return None
    geometry = picture.signals.geometry
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[places.coordinates.box] = changed
    return Region.from_mask(mask, geometry)


def without_parts_of(findings: list[MRFinding], wholes: list[MRFinding]) -> list[MRFinding]:
    """Findings of which most voxels do not belong to one of some larger findings of the same grid."""
    taken = np.unique(np.concatenate([whole.region.flat for whole in wholes])) if wholes else np.zeros(0, dtype=int)
    return [one for one in findings if np.isin(one.region.flat, taken).mean() <= 0.5]
