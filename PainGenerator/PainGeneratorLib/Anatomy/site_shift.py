"""Move a site to the middle of the structure that is seen around it, within bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..Numerics.core.sites import Site

ROUNDS = 4
"""Number of times that the middle is taken again around the last one."""
LEAST_POINTS = 6
"""Lower bound of the number of points around a site that can move it. Our estimate."""


def shifted(
    site: Site, points_ras: np.ndarray, reach: float = 1.5, most_mm: float = 6.0, along: tuple[int, ...] = (0, 1, 2)
) -> Site:
    """Move a site to the mean of the points around it.

    Parameters
    ----------
    site : Site
    points_ras : ndarray, shape (n, 3)
        Of the structure, RAS mm in the frame of the site.
    reach : float
        How far around the middle points count, as a multiple of the half axes.
    most_mm : float
        Upper bound of the distance of the move, mm. Beyond it the site stays where anatomy has it, because other parts
        of the same bone or muscle would draw it away.
    along : tuple of int
        The axes of the site along which it may move.

    Returns
    -------
    Site
        The same site where there are too few points, or they lie too far away.
    """
    if len(points_ras) < LEAST_POINTS:
        return site
    local = (points_ras - site.center_ras) @ site.axes.T
    middle = np.zeros(3)
    axes = list(along)
    for _ in range(ROUNDS):
        near = local[np.linalg.norm((local - middle) / (reach * site.half_mm), axis=1) <= 1.0]
        if len(near) < LEAST_POINTS:
            return site
        middle[axes] = near.mean(axis=0)[axes]
    if np.linalg.norm(middle) > most_mm:
        return site
    return replace(site, center_ras=site.center_ras + middle @ site.axes)
