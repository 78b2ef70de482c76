"""What is known of a case and of one candidate, for all that judges candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..core.image import Geometry, Region
from ..core.records import Candidate, Place
from ..core.regions import contains
from ..core.sites import SiteRow, SiteSource
from .after_surgery import NOTHING_GIVEN, ProsthesisFacts
from .anchors import site_of
from .evidence import EvidenceTable
from .parameters import FusionParameters
from .symptoms import Symptoms

NEAR_IMPLANT_FLAG = "near-implant"
"""The flag of uptake within the margin of an implant's artifact."""
MOST_PART = 0.5
"""A place lies in a field of view, or at metal, with more than this part of it: most of it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CaseFacts:
    """What is known of a case.

    Parameters
    ----------
    parameters : FusionParameters
    evidence : EvidenceTable
        The weights of all signs.
    symptoms : Symptoms
    group : str
        ``low-back`` or ``hip-replacement``.
    aligned : bool
        False when PET and MR could not be aligned. Nothing is joined then.
    mr_field, pet_field : Geometry, optional
        Fields of view in the reference frame; None where they are not known. `mr_field` is that of the reference.
    has_fluid_series : bool
        Whether a series shows fluid bright: STIR, or T2. Without one, edema and fluid cannot be seen.
    series_fields : mapping of str to Geometry
        Role -> field of view in the reference frame, of every MR series that is aligned and was searched; empty where
        they are not known.
    has_pet_reference : bool
        Whether normal tissue on the PET tells what raised uptake is. Without it nothing can be called raised.
    metal : Region, optional
        Where metal makes PET and MR unreliable, in the reference frame.
    alike_ratio : float
        Ratio to the other side below which both sides of a muscle are alike.
    least_spread : float
        Spread that like sites of other levels have at least, as a part of their median.
    rows : sequence of SiteRow
        The table of sites with its measures, in the reference frame.
    prosthesis : ProsthesisFacts
        What was given about a hip replacement.
    level_power : float
        How strongly the ratio to the other levels counts in the clearness of a hot spot.
    level_bounds : (float, float)
        Bounds of that ratio (hot_spots.clearness of the protocol).
    """

    parameters: FusionParameters
    evidence: EvidenceTable
    symptoms: Symptoms
    group: str
    aligned: bool = True
    mr_field: Geometry | None = None
    pet_field: Geometry | None = None
    has_fluid_series: bool = True
    series_fields: Mapping[str, Geometry] = field(default_factory=dict)
    has_pet_reference: bool = True
    metal: Region | None = None
    alike_ratio: float
    least_spread: float
    rows: Sequence[SiteRow] = ()
    prosthesis: ProsthesisFacts = NOTHING_GIVEN
    level_power: float = 0.0
    level_bounds: tuple[float, float] = (0.0, math.inf)

    def row_of(self, candidate: Candidate) -> SiteRow | None:
        """The row of the site that a candidate is named after; of several that of the nearest, None where there is
        none."""
        return self.row_at(candidate.place, candidate.centroid_ras_mm)

    def row_at(self, place: Place, near_ras: np.ndarray | None = None) -> SiteRow | None:
        """The row of the site that a place is named after; None where there is none.

        Parameters
        ----------
        place : Place
        near_ras : ndarray, shape (3,), optional
            Of several such sites, that of the nearest one to this point is meant.
        """
        site = site_of(place, [row.site for row in self.rows], near_ras)
        return None if site is None else next(row for row in self.rows if row.site is site)

    @property
    def replaced_sides(self) -> frozenset[str]:
        """The sides with a prosthesis, by the sites of its parts and zones."""
        return frozenset(row.site.side for row in self.rows if row.site.source == SiteSource.PROSTHESIS)

    def without_join(self) -> CaseFacts:
        """The same case for findings that are joined with nothing, in a frame of their own."""
        return replace(self, mr_field=None, pet_field=None, series_fields={}, metal=None, rows=())


@dataclass(frozen=True, eq=False)
class Judged:
    """A candidate that is judged, with its case.

    Parameters
    ----------
    candidate : Candidate
    case : CaseFacts
    row : SiteRow or None
        The site that it is named after.
    """

    candidate: Candidate
    case: CaseFacts
    row: SiteRow | None = None

    @property
    def is_outside_mr(self) -> bool:
        """No MR series shows the place. Not asked where PET and MR are not aligned."""
        fields = self.case.series_fields.values() or [self.case.mr_field]
        return self.case.aligned and all(_is_outside(self.candidate, one) for one in fields)

    @property
    def is_outside_pet(self) -> bool:
        """The PET does not show the place. Not asked where PET and MR are not aligned."""
        return self.case.aligned and _is_outside(self.candidate, self.case.pet_field)

    @cached_property
    def is_at_metal(self) -> bool:
        """Most of the place lies where metal makes PET and MR unreliable. Not asked where the two are not aligned."""
        region, metal = self.candidate.region, self.case.metal
        if NEAR_IMPLANT_FLAG in self.candidate.flags:
            return True
        if metal is None or not self.case.aligned or not len(region):
            return False
        return bool(contains(metal, region.points_ras).mean() > MOST_PART)

    def shown_by(self, role: str) -> bool:
        """Whether the series of a role shows most of the place.

        A series whose field is not known shows it, and so does every series where PET and MR are not aligned.
        """
        if not self.case.series_fields:
            return True
        there = self.case.series_fields.get(role)
        region = self.candidate.region
        if there is None:
            return False
        points = region.points_ras if len(region) else self.candidate.centroid_ras_mm[None]
        return bool(there.contains(points).mean() > MOST_PART)


def _is_outside(candidate: Candidate, view: Geometry | None) -> bool:
    return view is not None and not view.contains(candidate.centroid_ras_mm)
