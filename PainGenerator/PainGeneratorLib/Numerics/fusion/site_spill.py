"""Where the uptake of a site comes from: from itself, or from a hotter place beside it.

A PET blurs a focus over 4 to 7 mm, and the sphere of SUVpeak is 12 mm wide. So all sites near a strong focus measure
some of its uptake. The uptake of a site is its own when it does not rise beyond the site: from the sphere of SUVpeak
the way of steepest ascent ends in the site, or the maximum in which it ends is hardly higher.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    site : int or None
        Number of the site at that hotter place; None where there is none.
    """

    beside: str | None = None
    physiologic: str | None = None
    site: int | None = None


NO_SITE = "a hotter place beside it"
"""Where uptake comes from whose maximum lies at no site."""
OWN_EXCESS = 0.6
"""Uptake of a site over its like, as a part of that of the hotter place beside it over its own like, from which it is
more than what reaches in. Our estimate: 8 mm from a small focus a quarter of its height is left on a PET of 5 to 6 mm,
and half of it where the focus is large."""
LEAST_SIDE_RATIO = 1.25
"""Lower bound of the ratio to the other side that tells own uptake from marrow beside it. Healthy sacroiliac joints
differ by 1.15 (CAMONA study)."""
SHARED = 0.35
"""A maximum belongs to several sites when their :meth:`.Site.radius` there differs by less than this. Our estimate: it
is the error of the position of a site, 3 mm, over half the size of a facet joint."""
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
    summit = geometry.flat_to_ras(np.array([uptake.summit_flat]))[0]
    owners = owners_of(sites, summit, p.spill.beside_mm)
    # Noise alone moves a maximum a little way out of a site. Within a site it is the place that counts.
    is_outside = float(sites[number].radius(summit)) > 1.0
    if number in owners or (is_outside and uptake.summit_suv < p.spill.rise * uptake.suv_peak):
        return Origin(None, physiologic)
    if owners:
        return Origin(sites[owners[0]].name, physiologic, owners[0])
    return Origin(_candidate_at(uptake.summit_flat, geometry, candidates) or NO_SITE, physiologic)


def without_usual_reach(
    origin: Origin, side_ratio: float | None, excess: float | None, excess_beside: Callable[[int], float | None]
) -> Origin:
    """The origin of uptake, without a hotter place beside it that explains no more than what reaches in everywhere.

    A joint or a root lies beside marrow, which is hotter at all levels and on both sides alike. What the site has over
    its like is then its own, unless the place beside it exceeds its like as well and by more. The other side must have
    less: where both are raised alike, the sites may lie a little nearer to the marrow than at other levels.

    Parameters
    ----------
    origin : Origin
    side_ratio : float or None
        SUVpeak of the site over that of the other side.
    excess : float or None
        SUVpeak of the site less that of its like, g/ml; None where it is not known.
    excess_beside : callable
        The same of the site with a number.
    """
    if origin.site is None or (side_ratio or 0.0) < LEAST_SIDE_RATIO or excess is None or excess <= 0:
        return origin
    beside = excess_beside(origin.site)
    if beside is None or excess < OWN_EXCESS * beside:
        return origin
    return Origin(None, origin.physiologic)


def excess_of(suv_peak: float | None, level_ratio: float | None) -> float | None:
    """SUVpeak less that of the like sites of the other levels, g/ml; None where it is not known."""
    return None if suv_peak is None or not level_ratio else suv_peak * (1.0 - 1.0 / level_ratio)


def owners_of(sites: Sequence[Site], point_ras: np.ndarray, beside_mm: float) -> list[int]:
    """Numbers of the sites to which a maximum belongs, the likeliest one first.

    Sites overlap: an endplate lies in its body. A maximum within several sites belongs to the one in whose middle it
    lies most, and to those in which it lies about as well. A maximum outside of all belongs to the nearest one.

    Parameters
    ----------
    sites : sequence of Site
    point_ras : ndarray, shape (3,)
    beside_mm : float
        Upper bound of the distance from the surface of a site.
    """
    radii = np.array([float(site.radius(point_ras)) for site in sites])
    order = np.argsort(radii, kind="stable")
    least = float(radii[order[0]])
    if least <= 1.0:
        return [int(n) for n in order if radii[n] <= min(1.0, least + SHARED)]
    away = [distance_mm(site, point_ras) for site in sites]
    nearest = int(np.argmin(away))
    return [nearest] if away[nearest] <= beside_mm else []


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
