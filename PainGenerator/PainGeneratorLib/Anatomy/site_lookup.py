"""Find the site at which a finding lies, or its neighbors when it lies at none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..Numerics.core.sites import Site
from .spine_form import INNER_PART

TOUCH_MM = 3.0
"""Upper bound of the distance from the surface of a site at which a finding belongs to it, mm: how accurately a site
is placed. Our estimate."""
_TOUCH_MM = {"sacroiliac joint": 8.0}
"""Structure -> the same distance where it is another one. Edema and uptake of the bone beside a sacroiliac joint
belong to the joint; 8 mm on either side are half of the 16 mm within which a segmentation names it (`hips.py`)."""
NEAR_RADIUS = 2.0
"""Upper bound of the radius of a site, as a part of the way to its surface, at which a place is near the surface. Our
estimate."""
NEIGHBOR_MM = 25.0
"""Upper bound of the distance of neighbors from a point, mm: less than the height of a vertebra. Our estimate."""
END_PART = 1.0 / 3.0
"""Lower bound of the distance of an endplate finding from the middle of the body, as a part of half its height: in the
outer thirds. As for ``ENDPLATE_PART`` of :mod:`.spine_places`."""
_WEIGHTS = {"facet joint": 0.75, "lamina": 1.1, "multifidus": 1.3, "psoas": 1.2, "spinal canal": 1.1}
"""Structure -> factor of the radius with which it competes; 1 for others. A focus in the ellipsoid of a facet joint
belongs to the joint, although lamina and muscle reach into it. Our estimate."""
_ENDPLATES = ("upper endplate", "lower endplate")


def site_at(points_ras: np.ndarray, sites: Sequence[Site]) -> tuple[Site | None, float]:
    """Find the site at which a finding lies.

    Parameters
    ----------
    points_ras : ndarray, shape (3,) or (n, 3)
        The middle of the finding, or its voxels; RAS mm in the frame of the sites.
    sites : sequence of Site

    Returns
    -------
    Site or None
        None when the middle lies farther than `TOUCH_MM` from every site (8 mm from a sacroiliac joint).
    float
        Distance of the middle of the finding from that of the site as a part of the way to its surface: below 1
        inside. Infinite when there is no site.
    """
    points = np.atleast_2d(np.asarray(points_ras, dtype=float))
    if not sites or not len(points):
        return None, float("inf")
    middle = points.mean(axis=0)
    radii = np.array([float(site.radius(middle)) for site in sites])
    near = np.array(
        [
            _touch_mm(site, middle, radius) <= _TOUCH_MM.get(site.structure, TOUCH_MM)
            for site, radius in zip(sites, radii, strict=True)
        ]
    )
    if not near.any():
        return None, float("inf")
    weights = np.array([_WEIGHTS.get(site.structure, 1.0) for site in sites])
    best = int(np.argmin(np.where(near, radii * weights, np.inf)))
    if sites[best].structure in ("vertebral body", *_ENDPLATES):
        best = _body_or_endplate(points, sites, best)
    return sites[best], float(radii[best])


def neighbors_of(
    point_ras: np.ndarray, sites: Sequence[Site], most: int = 2, reach_mm: float = NEIGHBOR_MM
) -> tuple[Site, ...]:
    """Find the sites nearest to a point, so that a place at no site is named by its neighbors.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
    sites : sequence of Site
    most : int
        Upper bound of their number.
    reach_mm : float
        Upper bound of the distance from their surface, mm.

    Returns
    -------
    tuple of Site
        The nearest first.
    """
    point = np.asarray(point_ras, dtype=float)
    found = sorted(((_beyond_mm(site, point, float(site.radius(point))), n) for n, site in enumerate(sites)))
    return tuple(sites[n] for away, n in found[:most] if away <= reach_mm)


def between_text(neighbors: Sequence[Site]) -> str:
    """The words for a place at no site: "between right facet joint L4/L5 and right lamina L5"; empty without any."""
    names = [site.name for site in neighbors[:2]]
    if not names:
        return ""
    return f"near {names[0]}" if len(names) == 1 else f"between {names[0]} and {names[1]}"


def _beyond_mm(site: Site, point: np.ndarray, radius: float) -> float:
    """Distance of a point beyond the surface of a site along the line to its middle, mm; 0 inside."""
    if radius <= 1.0:
        return 0.0
    return float(np.linalg.norm(point - site.center_ras)) * (1.0 - 1.0 / radius)


def _touch_mm(site: Site, point: np.ndarray, radius: float) -> float:
    """Distance of a point beyond the surface of a site, mm; 0 inside.

    Near the surface it is the first-order estimate ``(radius - 1) / |gradient of the radius|``: beside a flat or long
    site, such as a sacroiliac joint, the way along the line to the middle is too long. Far away, where this estimate
    does not hold, it is the way along that line.
    """
    if radius <= 1.0 or radius > NEAR_RADIUS:
        return _beyond_mm(site, point, radius)
    local = (point - site.center_ras) @ site.axes.T
    return float((radius - 1.0) * radius / np.linalg.norm(local / np.square(site.half_mm)))


def _body_or_endplate(points: np.ndarray, sites: Sequence[Site], best: int) -> int:
    """The body of a vertebra, or the endplate in whose outer third of the body a finding lies.

    A finding that reaches from one outer third into the other belongs to the body.
    """
    vertebra = _vertebra(sites[best])
    own = {site.structure: n for n, site in enumerate(sites) if _vertebra(site) == vertebra}
    body = own.get("vertebral body")
    if body is None:
        return best
    site = sites[body]
    # The site of a body leaves out its rim.
    up = (points - site.center_ras) @ site.axes[2] * INNER_PART / site.half_mm[2]
    low, high = np.percentile(up, [10, 90])
    if low < -END_PART and high > END_PART:
        return body
    middle = float(up.mean())
    if abs(middle) <= END_PART:
        return body
    return own.get("upper endplate" if middle > 0 else "lower endplate", body)


def _vertebra(site: Site) -> str | None:
    """The vertebra of a body or an endplate; None for other sites."""
    if site.structure == "vertebral body":
        return site.level
    if site.structure in _ENDPLATES and site.level is not None:
        return site.level.split("/")[1 if site.structure == "upper endplate" else 0]
    return None
