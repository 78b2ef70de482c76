"""A straight spine of five lumbar vertebrae on a sacrum, as the MR or a segmentation may show it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.spine_sites import spine_sites
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow, SiteTable

STEP_MM = 36.0
"""From one vertebra to the next; the middle of L5 is at height 0."""
LEFT, FRONT, UP = np.array([-1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


def height(level: str) -> float:
    """Height of the middle of a vertebra, mm."""
    return STEP_MM * {"L5": 0, "L4": 1, "L3": 2, "L2": 3, "L1": 4, "S1": -1}[level]


def straight_spine(level_certainty: str = "certain") -> Spine:
    """Bodies of 46 x 34 x 26 mm, 36 mm apart, with their discs."""

    def frame(level: str) -> VertebraFrame:
        center = np.array([0.0, 0.0, height(level)])
        return VertebraFrame(level, center, LEFT, FRONT, UP, 23.0, -17.0, 17.0, -13.0, 13.0)

    levels = ("L1", "L2", "L3", "L4", "L5", "S1")
    discs = tuple(
        Joint(f"{upper}/{lower}", None, np.array([0.0, 0.0, 0.5 * (height(upper) + height(lower))]))
        for upper, lower in pairwise(levels)
    )
    frames = tuple(frame(level) for level in levels[:-1])
    return Spine(frames, discs, sacrum=frame("S1"), level_certainty=level_certainty)


def straight_sites(level_certainty: str = "certain", side_certainty: str = "certain") -> list[Site]:
    """The sites of this spine."""
    return spine_sites(straight_spine(level_certainty), side_certainty=side_certainty)


def straight_table(level_certainty: str = "certain") -> SiteTable:
    """The table of these sites; every one is normal and has another SUVpeak."""
    rows = [SiteRow(site, "normal", suv_peak=0.5 + 0.01 * n) for n, site in enumerate(straight_sites(level_certainty))]
    return SiteTable(tuple(rows), level_certainty)


def straight_plan(certainty: str = "certain") -> BodyPlan:
    """A plan whose midline is the canal of this spine."""
    z = np.arange(-60.0, 200.0, 3.0)
    points = np.stack([np.zeros_like(z), np.full_like(z, -25.0), z], axis=1)
    line = SpineLine(points, 0.9, 0.9, np.zeros(0), np.zeros(3))
    return BodyPlan(points[0], LEFT, "spine line", line, certainty=certainty, spine_certainty="certain")


def at(name: str, sites: list[Site] | None = None) -> np.ndarray:
    """Middle of a site, RAS mm."""
    (found,) = (site for site in sites or straight_sites() if site.name == name)
    return found.center_ras
