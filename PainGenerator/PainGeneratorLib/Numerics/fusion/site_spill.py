"""Where the uptake of a site comes from: from itself, or from a hotter place beside it.

A PET blurs a focus over 4 to 7 mm, and the sphere of SUVpeak is 12 mm wide. So all sites near a strong focus measure
some of its uptake. The uptake of a site is its own when it does not rise beyond the site: from the sphere of SUVpeak
the way of steepest ascent ends in the site, or the maximum in which it ends is hardly higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.image import Geometry
from ..core.records import Candidate, HotSpot
from ..core.sites import Site
from .site_parameters import SiteParameters
from .site_uptake import SiteUptake


@dataclass(frozen=True)
class Origin:
    """Where the uptake of a site comes from.

    Parameters
    ----------
    beside : str or None
        The hotter place beside it, as a noun phrase; None where the uptake is the site's own.
    physiologic : str or None
        The reason that the hot spot at the maximum was set apart with; None for all others.
    """

    beside: str | None = None
    physiologic: str | None = None


NO_SITE = "a hotter place beside it"
"""Where uptake comes from whose maximum lies at no site."""
OWN = Origin()
"""Uptake that is the site's own."""


def where_from(
    sites: Sequence[Site],
    number: int,
    uptake: SiteUptake,
    geometry: Geometry,
    hot_spots: Sequence[HotSpot],
    candidates: Sequence[Candidate],
    p: SiteParameters,
) -> Origin:
    """Find out where the uptake of a site comes from.

    Parameters
    ----------
    sites : sequence of Site
    number : int
        Of the site in question.
    uptake : SiteUptake
    geometry : Geometry
        Of the PET, in the frame of the sites.
    hot_spots : sequence of HotSpot
        On the voxels of the PET.
    candidates : sequence of Candidate
        Their hot spots give a maximum at no site its name.
    p : SiteParameters

    Returns
    -------
    Origin
    """
    physiologic = _physiologic(uptake.summit_flat, geometry, hot_spots)
    if uptake.summit_suv < p.spill.rise * uptake.suv_peak:
        return Origin(None, physiologic)
    summit = geometry.flat_to_ras(np.array([uptake.summit_flat]))[0]
    if distance_mm(sites[number], summit) <= 0:
        return Origin(None, physiologic)
    away = np.array([distance_mm(site, summit) for site in sites])
    nearest = int(away.argmin())
    if away[nearest] > p.spill.beside_mm:
        return Origin(_candidate_at(uptake.summit_flat, geometry, candidates) or NO_SITE, physiologic)
    return Origin(None if away[number] <= away[nearest] else sites[nearest].name, physiologic)


def distance_mm(site: Site, point_ras: np.ndarray) -> float:
    """Distance of a point from the surface of a site along the line to its middle, mm; negative inside."""
    radius = float(site.radius(point_ras))
    away = float(np.linalg.norm(point_ras - site.center_ras))
    return away * (1.0 - 1.0 / radius) if radius > 0 else -float(site.half_mm.min())


def _physiologic(flat: int, geometry: Geometry, hot_spots: Sequence[HotSpot]) -> str | None:
    """Why the hot spot at a voxel is physiologic; None where there is no such hot spot."""
    reasons = (s.physiologic for s in hot_spots if s.physiologic is not None and _holds(s, flat, geometry))
    return next(reasons, None)


def _candidate_at(flat: int, geometry: Geometry, candidates: Sequence[Candidate]) -> str | None:
    """The candidate whose hot spot holds a voxel, as a noun phrase; None where there is none."""
    for candidate in candidates:
        if any(_holds(spot, flat, geometry) for spot in candidate.hot_spots):
            return f"candidate {candidate.id} ({candidate.place.name})"
    return None


def _holds(spot: HotSpot, flat: int, geometry: Geometry) -> bool:
    """Whether a hot spot holds a voxel of a grid."""
    if not spot.region.geometry.is_same_grid(geometry):
        return False
    at = int(np.searchsorted(spot.region.flat, flat))
    return at < len(spot.region) and bool(spot.region.flat[at] == flat)
