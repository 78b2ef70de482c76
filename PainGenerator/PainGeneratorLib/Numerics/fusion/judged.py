"""What is known of a case and of one candidate, for all that judges candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..core.image import Geometry
from ..core.records import Candidate
from ..core.sites import SiteRow, SiteSource
from .after_surgery import NOTHING_GIVEN, ProsthesisFacts
from .anchors import site_of
from .evidence import EvidenceTable
from .parameters import FusionParameters
from .symptoms import Symptoms


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
        Fields of view in the reference frame; None where they are not known.
    has_fluid_series : bool
        Whether a series shows fluid bright: STIR, or T2. Without one, edema and fluid cannot be seen.
    rows : sequence of SiteRow
        The table of sites with its measures, in the reference frame.
    prosthesis : ProsthesisFacts
        What was given about a hip replacement.
    """

    parameters: FusionParameters
    evidence: EvidenceTable
    symptoms: Symptoms
    group: str
    aligned: bool = True
    mr_field: Geometry | None = None
    pet_field: Geometry | None = None
    has_fluid_series: bool = True
    rows: Sequence[SiteRow] = ()
    prosthesis: ProsthesisFacts = NOTHING_GIVEN

    def row_of(self, candidate: Candidate) -> SiteRow | None:
        """The row of the site that a candidate is named after; None where there is none."""
        site = site_of(candidate.place, [row.site for row in self.rows])
        return None if site is None else next(row for row in self.rows if row.site is site)

    @property
    def replaced_sides(self) -> frozenset[str]:
        """The sides with a prosthesis, by the sites of its parts and zones."""
        return frozenset(row.site.side for row in self.rows if row.site.source == SiteSource.PROSTHESIS)

    def without_join(self) -> CaseFacts:
        """The same case for findings that are joined with nothing, in a frame of their own."""
        return replace(self, mr_field=None, pet_field=None, rows=())


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
        """The MR does not show the place. Not asked where PET and MR are not aligned."""
        return self.case.aligned and _is_outside(self.candidate, self.case.mr_field)

    @property
    def is_outside_pet(self) -> bool:
        """The PET does not show the place. Not asked where PET and MR are not aligned."""
        return self.case.aligned and _is_outside(self.candidate, self.case.pet_field)


def _is_outside(candidate: Candidate, field: Geometry | None) -> bool:
    return field is not None and not field.contains(candidate.centroid_ras_mm)
