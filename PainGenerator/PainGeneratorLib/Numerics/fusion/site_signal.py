"""MR signal of sites, and the MR findings that lie at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..core.image import Image
from ..core.records import NOT_JOINED, MRFinding
from ..core.sites import Site
from .site_parameters import SiteParameters
from .site_voxels import part_in_region, site_voxels

SKIPPED_KINDS = ("implant artefact",)
"""Kinds of findings that are no sign of a site."""
KINDS_OF_STRUCTURE: dict[str, frozenset[str]] = {
    "disc degeneration": frozenset({"disc"}),
    "Modic I": frozenset({"upper endplate", "lower endplate"}),
    "Modic II": frozenset({"upper endplate", "lower endplate"}),
    "Modic III": frozenset({"upper endplate", "lower endplate"}),
}
"""Kinds of findings that only some structures can have. An endplate touches its disc and lies in its body, so that the
overlap alone would give each the signs of the other."""
PART_OF_BEST = 0.5
"""A finding is at all sites that hold at least this part of what the best one holds of it. Our estimate."""


def measure_signals(
    sites: Sequence[Site], series: Mapping[str, Image], most_outside: float
) -> tuple[dict[str, dict[int, float]], list[bool]]:
    """Median signal of all sites on all series.

    Parameters
    ----------
    sites : sequence of Site
    series : mapping of role to Image
        In the frame of the sites.
    most_outside : float
        A site with a larger part outside of a series has no signal there.

    Returns
    -------
    signals : dict of role to dict of int to float
        Median over the ellipsoid by the number of the site; voxels at its border count by their part in it.
    in_mr : list of bool
        Which sites at least one series shows.
    """
    signals: dict[str, dict[int, float]] = {}
    for role, image in series.items():
        values = image.array.reshape(-1)
        found = signals.setdefault(str(role), {})
        for n, site in enumerate(sites):
            voxels = site_voxels(site, image.geometry)
            here = values[voxels.flat]
            is_there = np.isfinite(here)
            if voxels.part_with(is_there) >= 1.0 - most_outside and is_there.any():
                found[n] = weighted_median(here[is_there], voxels.weights[is_there])
    return signals, [any(n in found for found in signals.values()) for n in range(len(sites))]


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value up to which half of the weights lie; both of shape (n,)."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])


def signs_at(sites: Sequence[Site], findings: Sequence[MRFinding], p: SiteParameters) -> list[tuple[str, ...]]:
    """Kinds of the MR findings at each site.

    A finding is at a site when enough of it lies there, or when it fills enough of the site, and when no other site
    holds much more of it. Findings of a series that could not be aligned lie in another frame and count nowhere.
    """
    found: list[dict[str, None]] = [{} for _ in sites]
    for finding in findings:
        if finding.kind in SKIPPED_KINDS or NOT_JOINED in finding.flags or not len(finding.region):
            continue
        parts = _overlaps(sites, finding)
        best = max((of_finding for of_finding, _ in parts.values()), default=0.0)
        for n, (of_finding, of_site) in parts.items():
            is_enough = of_finding >= p.overlap_of_finding or of_site >= p.overlap_of_site
            if is_enough and of_finding >= PART_OF_BEST * best:
                found[n][finding.kind] = None
    return [tuple(kinds) for kinds in found]


def _overlaps(sites: Sequence[Site], finding: MRFinding) -> dict[int, tuple[float, float]]:
    """Part of a finding in each site that can have it, and part of the site that it fills, by number of the site."""
    points = finding.region.points_ras
    low, high = points.min(axis=0), points.max(axis=0)
    parts = {}
    for n, site in enumerate(sites):
        if site.structure not in KINDS_OF_STRUCTURE.get(finding.kind, {site.structure}):
            continue
        reach = float(site.half_mm.max())
        if np.all(site.center_ras >= low - reach) and np.all(site.center_ras <= high + reach):
            parts[n] = part_in_region(site, finding.region)
    return parts
