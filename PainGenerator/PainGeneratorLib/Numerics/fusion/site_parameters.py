"""The parameters of stage ``sites``; the values stand in the protocols."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SiteUptakeParameters:
    """From which uptake on a site is abnormal. All are ratios of SUVpeak unless they say otherwise."""

    ratio: float
    """Lowest ratio to the matched reference tissue of a site that stands out from its like."""
    level_ratio: float
    """Lowest ratio to the like sites of the other levels."""
    level_z: float
    """Lowest height over these, in units of their spread."""
    least_spread: float
    """Spread that like sites have at least, as a part of their median."""
    alone_ratio: float
    """Lowest ratio to the reference of a site that has no like sites to stand out from."""
    side_weak: float
    """Ratio to the other side from which asymmetry supports another sign."""
    side_strong: float
    """Ratio to the other side from which asymmetry alone is abnormal."""
    least_bone_suv: float
    """SUVpeak, g/ml, below which bone is never abnormal for asymmetry."""
    prosthesis_suv: float
    """SUVmax, g/ml, up to which uptake at a prosthesis is usual."""
    conus_suv: float
    """SUVmax, g/ml, up to which uptake of the distal cord and the conus is usual."""


@dataclass(frozen=True, kw_only=True)
class SpillParameters:
    """When the uptake of a site is that of a hotter place beside it."""

    reach_mm: float
    """Longest way to the maximum from which uptake reaches a site."""
    rise: float
    """SUVpeak of that maximum over that of the site."""
    beside_mm: float
    """A maximum outside of all sites belongs to the nearest one up to this distance from its surface."""


@dataclass(frozen=True, kw_only=True)
class SiteParameters:
    """All parameters of stage ``sites``."""

    uptake: SiteUptakeParameters
    spill: SpillParameters
    part_outside: float
    """A site of which a larger part lies outside of a field of view, or beside an implant, is not measured there."""
    overlap_of_finding: float
    """An MR finding is at a site when at least this part of it lies there."""
    overlap_of_site: float
    """An MR finding is at a site, too, when it fills at least this part of it."""
