"""How the values of sites compare with those of their like: the other side, the other levels.

Like sites have the same structure. The like sites of *the other levels* include both sides, and leave out both sides
of the site's own level, as disease of one level often takes both. Thoracic sites are no measure for lumbar ones, nor
the reverse (:func:`is_thoracic`): vertebrae with ribs, thin discs and overlapping processes lose less to the
blur of the PET. The thoracolumbar junction is of both kinds. Only where too few of the own kind are in view, those of
the other one count.

Disease at several levels raises the median of the like sites. Those that are raised against their own reference tissue
are therefore left out as long as :data:`LEAST_OTHERS` others remain; a site at one of seven diseased levels is still
compared with three healthy sites. What then remains is compared by median and by 1.4826 times the median absolute
deviation, which bear wrong values in up to half of the sites.

Uptake changes along the spine: lower vertebrae, joints and canal are larger than upper ones, so that the blur of the
PET takes less from them. A trend along the spine is therefore taken out before. Its slope is the median of the slopes
between all pairs of like sites (Theil and Sen), which a diseased level does not move. It is never carried beyond the
like sites: the site at the end of the spine is compared with what the trend gives at the last of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..core.constants import MAD_TO_SD
from ..core.sites import Site
from ..core.words import Side

LEAST_OTHERS = 3
"""Lower bound of the like sites with which a site is compared; a median of fewer says nothing. Our choice."""
LEAST_PAIRS = 6
"""Lower bound of the pairs of sites from which the fall-off of the signal along the spine is taken. Our choice."""
LEAST_APART_MM = 15.0
"""Sites of one structure that are nearer to each other say nothing about a change along the spine, mm. Our estimate:
about half of a lumbar segment."""
LEAST_FOR_TREND = 4
"""Lower bound of the like sites from which a trend of the uptake along the spine is taken. Our choice: with three,
one of them that is diseased would turn it."""
JUNCTION = ("T12", "T12/L1", "L1")
"""Levels at which thoracic vertebrae change into lumbar ones; T12 has no joint with the transverse process of a rib,
and its lower joints are lumbar ones."""
LEAST_SIGNAL_SPREAD = 0.05
"""Lower bound of the spread of the signal among like sites, in units of the natural logarithm. Our estimate: the
signal of one tissue varies by some percent within a series; without a bound, three sites that happen to agree would
make every other one stand out."""


@dataclass(frozen=True)
class LevelComparison:
    """How a value compares with those of the other levels.

    Parameters
    ----------
    ratio : float
        Over their median.
    spread : float
        1.4826 MAD of theirs over their median.
    z : float
        Distance from their median in units of their spread, which counts as `least_spread` at least.
    count : int
        How many others there were.
    """

    ratio: float
    spread: float
    z: float
    count: int


def likes(sites: Sequence[Site]) -> list[list[int]]:
    """For each site the numbers of the like sites of the other levels; empty for sites without a level."""
    return [[] if site.level is None else _likes_of(site, sites) for site in sites]


def is_thoracic(site: Site) -> bool:
    """Whether a site belongs to the thoracic spine alone. The disc T12/L1 and what lies beside it do not."""
    return site.level is not None and "L" not in site.level and "S" not in site.level


def _likes_of(site: Site, sites: Sequence[Site]) -> list[int]:
    """Numbers of the sites of the other levels that are of one kind with a site; of all where these are too few."""
    found = [
        n
        for n, other in enumerate(sites)
        if other.structure == site.structure and other.level is not None and other.level != site.level
    ]
    if site.level in JUNCTION:
        return found
    own = [n for n in found if sites[n].level in JUNCTION or is_thoracic(sites[n]) == is_thoracic(site)]
    return own if len(own) >= LEAST_OTHERS else found


def opposite(sites: Sequence[Site]) -> list[int | None]:
    """For each site the number of the same site of the other side; None without one."""
    other = {str(Side.RIGHT): str(Side.LEFT), str(Side.LEFT): str(Side.RIGHT)}
    numbers = {(s.structure, str(s.side), s.level, s.zone): n for n, s in enumerate(sites)}
    return [numbers.get((s.structure, other.get(str(s.side), ""), s.level, s.zone)) for s in sites]


def compare_levels(
    value: float,
    others: Sequence[float],
    raised: Sequence[bool],
    least_spread: float,
    along_mm: Sequence[float] | None = None,
) -> LevelComparison | None:
    """Compare a value with those of the like sites of the other levels.

    Parameters
    ----------
    value : float
    others : sequence of float
    raised : sequence of bool
        Which of the others are raised themselves.
    least_spread : float
        Lower bound of their spread, as a part of their median.
    along_mm : sequence of float, optional
        Positions of the others along the spine, measured from the site, mm; without them no trend is taken out.

    Returns
    -------
    LevelComparison or None
        None with fewer than three others, or when their median is not above 0.
    """
    values = np.array(others, dtype=float)
    usable = (values > 0) & ~np.array(raised, dtype=bool)
    if np.count_nonzero(usable) < LEAST_OTHERS:
        usable = values > 0
    if np.count_nonzero(usable) < LEAST_OTHERS:
        return None
    compared = values[usable]
    if along_mm is not None:
        compared = _at_site(compared, np.array(along_mm, dtype=float)[usable])
    middle = float(np.median(compared))
    spread = MAD_TO_SD * float(np.median(np.abs(compared - middle))) / middle
    ratio = value / middle
    return LevelComparison(ratio, spread, (ratio - 1.0) / max(spread, least_spread), len(compared))


def _at_site(values: np.ndarray, along_mm: np.ndarray) -> np.ndarray:
    """What the values of the others would be at the place of the site, without their trend along the spine."""
    if len(values) < LEAST_FOR_TREND:
        return values
    logs = np.log(values)
    first, second = np.triu_indices(len(values), 1)
    away = along_mm[second] - along_mm[first]
    apart = np.abs(away) >= LEAST_APART_MM
    if not apart.any():
        return values
    slope = float(np.median((logs[second] - logs[first])[apart] / away[apart]))
    here = float(np.clip(0.0, along_mm.min(), along_mm.max()))
    moved: np.ndarray = np.exp(logs + slope * (here - along_mm))
    return moved


def along_spine(sites: Sequence[Site], numbers: Sequence[int]) -> dict[int, float]:
    """Position of the sites with these numbers along the line through those of them that have a level, mm."""
    of_levels = [sites[n].center_ras for n in numbers if sites[n].level is not None]
    if len(of_levels) < 2:
        return dict.fromkeys(numbers, 0.0)
    points = np.array(of_levels)
    middle = points.mean(axis=0)
    axis = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    return {n: float((sites[n].center_ras - middle) @ axis) for n in numbers}


def signal_scores(sites: Sequence[Site], signals: Mapping[int, float], level_mates: Sequence[Sequence[int]]
                  ) -> dict[int, float]:  # fmt: skip
    """Signed z-scores of the signal of sites on one MR series, each against its like sites.

    The coil's fall-off is taken out before: it multiplies the signal of all tissues alike, so that a linear trend of
    the logarithm along the spine, and a difference between right and left, are taken as medians over the sites of all
    structures. Disease of a few sites does not move them.

    Parameters
    ----------
    sites : sequence of Site
    signals : mapping of int to float
        Median signal of the sites that were measured, by the number of the site.
    level_mates : sequence of sequence of int
        See :func:`likes`. The same site of the other side counts as well.

    Returns
    -------
    dict of int to float
        By the number of the site; sites with fewer than three others, or without signal, have none.
    """
    there = [n for n, signal in signals.items() if signal > 0]
    flat = _without_shading(sites, {n: float(np.log(signals[n])) for n in there})
    pairs = opposite(sites)
    found = {}
    for n in there:
        across = pairs[n]
        mates = list(level_mates[n]) if across is None or not level_mates[n] else [*level_mates[n], across]
        others = np.array([flat[m] for m in mates if m in flat])
        if len(others) >= LEAST_OTHERS:
            middle = float(np.median(others))
            spread = MAD_TO_SD * float(np.median(np.abs(others - middle)))
            found[n] = (flat[n] - middle) / max(spread, LEAST_SIGNAL_SPREAD)
    return found


def _without_shading(sites: Sequence[Site], logs: Mapping[int, float]) -> dict[int, float]:
    """Logarithms of the signal without the coil's fall-off along the spine and its shading from side to side."""
    along = along_spine(sites, list(logs))
    slope, step = _slope(sites, logs, along), _step(sites, logs)
    sign = {str(Side.RIGHT): 0.5, str(Side.LEFT): -0.5}
    return {n: log - slope * along[n] - step * sign.get(str(sites[n].side), 0.0) for n, log in logs.items()}


def _slope(sites: Sequence[Site], logs: Mapping[int, float], along: Mapping[int, float]) -> float:
    """Fall-off of the logarithm along the spine per mm: the median over pairs of like sites of one side."""
    groups: dict[tuple[str, str], list[int]] = {}
    for n in logs:
        if sites[n].level is not None:
            groups.setdefault((sites[n].structure, str(sites[n].side)), []).append(n)
    pairs = [pair for numbers in groups.values() for pair in combinations(numbers, 2)]
    slopes = [
        (logs[b] - logs[a]) / (along[b] - along[a]) for a, b in pairs if abs(along[b] - along[a]) >= LEAST_APART_MM
    ]
    return float(np.median(slopes)) if len(slopes) >= LEAST_PAIRS else 0.0


def _step(sites: Sequence[Site], logs: Mapping[int, float]) -> float:
    """Difference of the logarithm between right and left: the median over all paired sites."""
    steps = [
        logs[n] - logs[other]
        for n, other in enumerate(opposite(sites))
        if other is not None and n in logs and other in logs and sites[n].side == Side.RIGHT
    ]
    return float(np.median(steps)) if len(steps) >= LEAST_OTHERS else 0.0
