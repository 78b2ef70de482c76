"""Name places by the sites of the body: the site at which a finding lies, else its level and its neighbors."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..Numerics.core.image import LEFT_RAS
from ..Numerics.core.records import Place
from ..Numerics.core.sites import Site
from ..Numerics.core.words import LATERAL_SIDES, Certainty, Side
from .body_plan import BodyPlan
from .certainty import least_certain, with_level_certainty, with_side_certainty
from .site_lookup import neighbors_of, site_at
from .spine_places import side_of

WITH_HALVES = ("disc", "upper endplate", "lower endplate", "vertebral body", "spinal canal")
"""Unpaired structures in which a reader reports the side of a finding."""
HALF_WIDTH_MM = 25.0
"""Half the width of a lumbar vertebral body, mm, by which a finding in the spine is central or lateral. Our estimate,
as for ``MIDLINE_MM`` of :mod:`.body_plan`."""
REGIONS_WITH_LEVEL = ("spine", "paraspinal region", "prevertebral region")
"""Regions of the trunk whose places have the level of the nearest vertebra."""
LEVEL_REACH_MM = 22.0
"""Upper bound of the distance of a place above or below a vertebral body at which it has the level of that body, mm:
half of a body with its disc, and some millimeters for the slope of the endplates. Our estimate."""
AWAY_WEIGHT = 0.3
"""Weight of a millimeter away from the axis of a vertebra compared with one along it, as for
:meth:`.Numerics.body.vertebrae.Spine.nearest`."""
OPPOSITE_COSINE = -0.5
"""Upper bound of the cosine of the angle at a place between the ways to its two neighbors at which it lies between
them: 120 degrees. Our estimate."""


class SiteNamer:
    """Give names to places by the sites of the case.

    Parameters
    ----------
    sites : sequence of Site
        In the reference frame.
    plan : BodyPlan, optional
        Says how certain left and right are at a place.
    """

    def __init__(self, sites: Sequence[Site], plan: BodyPlan | None = None) -> None:
        self.sites, self.plan = tuple(sites), plan
        self._bodies = [site for site in self.sites if site.structure in ("vertebral body", "sacrum")]

    def place(self, points_ras: np.ndarray, structures: Sequence[str] | None = None) -> Place | None:
        """The place of a finding that lies at a site.

        Parameters
        ----------
        points_ras : ndarray, shape (n, 3)
            Its voxels in the reference frame, RAS mm.
        structures : sequence of str, optional
            Only sites of these structures are asked; all when left out.

        Returns
        -------
        Place or None
            None when it lies at no site. Structure, level and zone are those of the site. The side is that of a paired
            site; at an unpaired one it says where in the site the finding lies.
        """
        asked = [site for site in self.sites if structures is None or site.structure in structures]
        site, _ = site_at(points_ras, asked)
        if site is None:
            return None
        side = site.side
        if site.side == Side.MIDLINE and site.structure in WITH_HALVES:
            side = side_of(_lateral(site, points_ras), HALF_WIDTH_MM)
        name = site.name if side == site.side else f"{site.name}, {side}"
        place = Place(name, site.structure, side, site.level, site.zone)
        return self._with_certainty(place, site, points_ras.mean(axis=0))

    def _with_certainty(self, place: Place, site: Site, point_ras: np.ndarray) -> Place:
        """The place with how certain its side and its level are."""
        place = with_level_certainty(place, site.level_certainty)
        if place.side not in LATERAL_SIDES:
            return place
        seen = Certainty.CERTAIN if self.plan is None else self.plan.side_certainty(point_ras)
        certainty = least_certain(site.side_certainty, seen)
        if certainty == Certainty.CERTAIN:
            return place
        place = dataclasses.replace(place, name=f"{place.name} (side {certainty})")
        return with_side_certainty(place, certainty)

    def in_region(self, place: Place, point_ras: np.ndarray) -> Place:
        """A place at no site with its level and its neighbors.

        Parameters
        ----------
        place : Place
            As the body plan describes it: a region of the body, a side and the distance from the spine line.
        point_ras : ndarray, shape (3,)
            In the reference frame, RAS mm.
        """
        found = place
        if place.structure in REGIONS_WITH_LEVEL:
            vertebra = self._vertebra_at(point_ras)
            if vertebra is not None:
                flags = tuple(flag for flag in place.flags if flag != "no-level")
                found = dataclasses.replace(place, level=vertebra.level, flags=flags)
        beside = self._beside(point_ras)
        if beside and place.side_certainty == Certainty.CERTAIN:
            words = [place.structure] if place.side == Side.MIDLINE else [place.side, place.structure]
            at = [f"at {found.level}"] if found.level else []
            found = dataclasses.replace(found, name=f"{' '.join([*words, *at])}, {beside}")
        elif found.level:
            found = dataclasses.replace(found, name=f"{found.name}, at {found.level}")
        if found.level is None:
            return found
        certainty = next(site.level_certainty for site in self._bodies if site.level == found.level)
        return with_level_certainty(found, certainty)

    def _vertebra_at(self, point_ras: np.ndarray) -> Site | None:
        """The vertebral body, or the sacrum, at whose height a point lies; None beyond the ends of what is seen."""

        def off(site: Site) -> tuple[float, float]:
            local = site.axes @ (point_ras - site.center_ras)
            beyond = max(abs(float(local[2])) - float(site.half_mm[2]), 0.0)
            return beyond + AWAY_WEIGHT * float(np.hypot(local[0], local[1])), beyond

        nearest = min(self._bodies, key=lambda site: off(site)[0], default=None)
        return None if nearest is None or off(nearest)[1] > LEVEL_REACH_MM else nearest

    def _beside(self, point_ras: np.ndarray) -> str:
        """Where a point lies relative to its neighbors: between two of them, or on one side of the nearest one."""
        near = neighbors_of(point_ras, self.sites)
        if not near:
            return ""
        if len(near) == 2:
            ways = [site.center_ras - point_ras for site in near]
            cosine = float(ways[0] @ ways[1] / np.linalg.norm(ways[0]) / np.linalg.norm(ways[1]))
            if cosine <= OPPOSITE_COSINE:
                return f"between {near[0].name} and {near[1].name}"
        return f"{_direction(near[0], point_ras)} {near[0].name}"


def _lateral(site: Site, points_ras: np.ndarray) -> np.ndarray:
    """Distances of points from the middle of an unpaired site, mm, positive to the left."""
    axis = site.axes[int(np.argmax(np.abs(site.axes @ LEFT_RAS)))]
    lateral: np.ndarray = (points_ras - site.center_ras) @ axis * np.sign(axis @ LEFT_RAS)
    return lateral


def _direction(site: Site, point_ras: np.ndarray) -> str:
    """The word for the side of a site on which a point lies."""
    left, front, up = (float(x) for x in point_ras - site.center_ras)
    left = -left
    if abs(up) >= max(abs(left), abs(front)):
        return "above" if up > 0 else "below"
    if abs(front) >= abs(left):
        return "in front of" if front > 0 else "behind"
    side = Side.LEFT if left > 0 else Side.RIGHT
    if site.side == Side.MIDLINE:
        return f"{side} of"
    return "lateral of" if site.side == side else "medial of"
