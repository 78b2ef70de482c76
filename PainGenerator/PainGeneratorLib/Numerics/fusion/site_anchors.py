"""At which site each candidate lies, so that the list of candidates and the table of sites agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.records import NOT_JOINED, Candidate
from ..core.sites import Site
from .site_spill import distance_mm


def anchors(sites: Sequence[Site], candidates: Sequence[Candidate], most_mm: float) -> list[list[Candidate]]:
    """The candidates at each site.

    A candidate lies at the site of which structure, side, level and zone are those of its place. Where no site has
    these, it lies at the site that holds its maximum, or at the nearest one within a few millimeters. A candidate that
    is at no site stays a focus, named by its neighbors.

    Parameters
    ----------
    sites : sequence of Site
    candidates : sequence of Candidate
    most_mm : float
        Longest way from the maximum of a candidate to the surface of a site.

    Returns
    -------
    list of list of Candidate
        In the order of the sites.
    """
    found: list[list[Candidate]] = [[] for _ in sites]
    numbers = {(s.structure, str(s.side), s.level, s.zone): n for n, s in enumerate(sites)}
    for candidate in candidates:
        place = candidate.place
        number = numbers.get((place.structure, str(place.side), place.level, place.zone))
        if number is None and NOT_JOINED not in candidate.flags:
            number = _nearest(sites, maximum_of(candidate), most_mm)
        if number is not None:
            found[number].append(candidate)
    return found


def maximum_of(candidate: Candidate) -> np.ndarray:
    """Where a candidate is strongest, RAS mm, shape (3,): the peak of its hottest hot spot, else its middle."""
    spots = [spot for spot in candidate.hot_spots if spot.suv_peak is not None]
    if not spots:
        return candidate.centroid_ras_mm
    return max(spots, key=lambda spot: spot.suv_peak or 0.0).peak_ras_mm


def _nearest(sites: Sequence[Site], point_ras: np.ndarray, most_mm: float) -> int | None:
    """Number of the site that holds a point, or of the nearest one; None where none is near."""
    if not sites:
        return None
    holding = [(float(site.radius(point_ras)), n) for n, site in enumerate(sites)]
    radius, number = min(holding)
    if radius <= 1.0:
        return number
    away, number = min((distance_mm(site, point_ras), n) for n, site in enumerate(sites))
    return number if away <= most_mm else None
