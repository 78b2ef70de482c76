"""What a case is: the one place that holds the results of the steps and the list of candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..Anatomy.anatomy_map import AnatomyMap
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Numerics.core.reader_acts import now_text
from ..Numerics.core.records import Candidate
from ..Numerics.core.reference_edits import ReferenceEdit
from ..Numerics.core.since_decided import differences
from ..Numerics.core.spheres import SphereRegion
from ..Numerics.fusion.reading import Reading
from ..Registration.landmarks import LandmarkPairs
from ..Workflow.case import Case
from ..Workflow.finding import Found
from ..Workflow.stages import Alignment, Suv
from ..Workflow.warnings import run_notes, run_warnings

Point = tuple[float, float, float]
"""A position in the world, RAS mm."""


@dataclass(frozen=True, eq=False)
class FoundCase:
    """A case after the step Find; nothing of it is missing.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap or None
        None when the user gave none.
    found : Found
    """

    case: Case
    suv: Suv
    alignment: Alignment
    anatomy: AnatomyMap | None
    found: Found


@dataclass(frozen=True)
class Detected:
    """What Detect said.

    Parameters
    ----------
    roles : dict of str to str
        The node id by role that it left; what it said holds for these.
    warnings : tuple of str
        What is ambiguous or missing.
    notes : tuple of str
        Facts on choices that are no warnings.
    """

    roles: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Naming:
    """What depends on the name of a level, or on the reference tissue.

    Parameters
    ----------
    case : Case
        With its options.
    anatomy : AnatomyMap or None
    found : Found
    unmatched : tuple of Candidate
        See :attr:`CaseState.unmatched`.
    carried : tuple of str
        See :attr:`CaseState.carried`.
    automatic : Reading, optional
        See :attr:`ReadersState.automatic`.
    """

    case: Case
    anatomy: AnatomyMap | None
    found: Found
    unmatched: tuple[Candidate, ...] = ()
    carried: tuple[str, ...] = ()
    automatic: Reading | None = None


@dataclass(eq=False)
class ReadersState:
    """Who reads, and the readings that are not shown at the moment.

    Parameters
    ----------
    reader : str
        The name that every act carries; empty until it is given. It is kept by the host, not with the case.
    since : str
        When this session began: unnamed acts from then on get the name when it is given.
    label : str
        The name of the reader who began the reading that is shown.
    automatic : Reading, optional
        What the last run found, before any decision; None for a case of an older version.
    others : list
        The other readings (:class:`.readings.StoredReading`), in the order in which they were begun.
    place : int
        Where the reading that is shown stands among all of them.
    is_blind : bool
        The others must not be seen.
    hidden_regions : tuple of SphereRegion
        Spherical regions that were there before a blind review; empty while there is none.
    """

    reader: str = ""
    since: str = field(default_factory=now_text)
    label: str = ""
    automatic: Reading | None = None
    others: list[Any] = field(default_factory=list)
    place: int = 0
    is_blind: bool = False
    hidden_regions: tuple[SphereRegion, ...] = ()


@dataclass(eq=False)
class CaseState:
    """A case as far as it has come. All parts of a session share one object of this class.

    Parameters
    ----------
    case, suv : optional
        Results of the step Case.
    alignment : Alignment, optional
        Result of the step Align, with the judgment of the reader.
    anatomy, found : optional
        Results of the step Find. The lists in `found` are those that stand: :attr:`candidates`, :attr:`set_apart`,
        :attr:`attention`.
    landmarks : dict of str to LandmarkPairs
        By role; the next alignment starts from them.
    pain_sites : tuple of (float, float, float)
        Where it hurts, RAS mm of the world.
    unmatched : list of Candidate
        Candidates with a decision that the last run did not find again.
    carried : list of str
        Sentences on decided candidates that the last run by itself would have set apart or put among what is to be
        looked at.
    notices : list of str
        Warnings of reopening, which belong to the result of no step.
    scene_changes : list of str
        Sentences on volumes that were changed in the scene, or removed from it, after the case was made of them.
    detected : Detected
        What Detect said. The step Case takes it into the case.
    revision : int
        Grows with every change of an input. The result of a job that was made before is refused.
    shown : dict of str to Region
        Outlines of the candidates as the scene shows them, by id.
    readers : ReadersState
        Who reads, and what other readers decided.
    used_ids : set of str
        All ids that were ever given in this case. None of them is given to something else.
    basis : str
        What the candidates were measured with: SUV and transforms, see :func:`.found_tools.basis_of`.
    pending : callable
        Gives a sentence for each step whose settings were changed after it and not applied, see :mod:`.pending`.
    """

    case: Case | None = None
    suv: Suv | None = None
    alignment: Alignment | None = None
    anatomy: AnatomyMap | None = None
    found: Found | None = None
    landmarks: dict[str, LandmarkPairs] = field(default_factory=dict)
    pain_sites: tuple[Point, ...] = ()
    unmatched: list[Candidate] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    scene_changes: list[str] = field(default_factory=list)
    detected: Detected = field(default_factory=Detected)
    revision: int = 0
    shown: dict[str, Region] = field(default_factory=dict)
    readers: ReadersState = field(default_factory=ReadersState)
    used_ids: set[str] = field(default_factory=set)
    basis: str = ""
    pending: Callable[[], list[str]] = field(default=list)

    @property
    def said(self) -> list[str]:
        """What has to be said of the decisions on the candidates: what the last run by itself would not have made of
        them, and what differs from what the reader saw when deciding."""
        return [*self.carried, *differences([*self.candidates, *self.unmatched])]

    @property
    def candidates(self) -> list[Candidate]:
        """The candidates as they stand, best first; empty before the step Find."""
        return [] if self.found is None else self.found.candidates

    @candidates.setter
    def candidates(self, candidates: list[Candidate]) -> None:
        self.require_found().found.candidates = candidates

    @property
    def set_apart(self) -> list[Candidate]:
        """What was found but is below the bar, best first; empty before the step Find."""
        return [] if self.found is None else self.found.set_apart

    @set_apart.setter
    def set_apart(self, entries: list[Candidate]) -> None:
        self.require_found().found.set_apart = entries

    @property
    def attention(self) -> list[Candidate]:
        """What is no pain generator but has to be looked at, best first; empty before the step Find."""
        return [] if self.found is None else self.found.attention

    @attention.setter
    def attention(self, entries: list[Candidate]) -> None:
        self.require_found().found.attention = entries

    @property
    def regions(self) -> tuple[SphereRegion, ...]:
        """Spherical regions of the reader; empty before the step Find."""
        return () if self.found is None else self.found.regions

    @regions.setter
    def regions(self, regions: tuple[SphereRegion, ...]) -> None:
        self.require_found().found.regions = regions

    @property
    def reference_edits(self) -> tuple[ReferenceEdit, ...]:
        """What the reader took out of the reference tissue; kept with the case, for the next run."""
        return () if self.case is None else self.case.options.reference_edits

    @property
    def naming(self) -> Naming:
        """What another name of a level would replace."""
        now = self.require_found()
        unmatched, carried = tuple(self.unmatched), tuple(self.carried)
        return Naming(now.case, now.anatomy, now.found, unmatched, carried, self.readers.automatic)

    @naming.setter
    def naming(self, naming: Naming) -> None:
        has_same_references = naming.case.options.reference_edits == self.reference_edits
        self.case, self.anatomy, self.found = naming.case, naming.anatomy, naming.found
        self.readers.automatic = naming.automatic
        # What was kept or dismissed since then stays so; with other references other candidates are found.
        named = {candidate.id: candidate for candidate in naming.unmatched}
        kept = [named.get(candidate.id, candidate) for candidate in self.unmatched]
        self.unmatched = kept if has_same_references else list(naming.unmatched)
        self.carried = list(naming.carried)

    @property
    def warnings(self) -> list[str]:
        """What the user must know, in the order of the steps; each sentence once."""
        notices = [*self.scene_changes, *self.pending(), *self.notices, *self.said]
        if self.case is None:
            return list(dict.fromkeys([*notices, *self.detected.warnings]))
        found = self.found
        mr, pet, plan = (None, None, None) if found is None else (found.mr, found.pet, found.plan)
        sites = None if found is None else found.sites
        sentences = run_warnings(self.case, self.suv, self.alignment, self.anatomy, mr, pet, plan, sites)
        return list(dict.fromkeys([*notices, *sentences, *self.detected.warnings]))

    @property
    def notes(self) -> list[str]:
        """Facts for the reader that are no warnings; each sentence once."""
        if self.case is None:
            return list(self.detected.notes)
        found = self.found
        more = () if found is None else found.notes
        notes = [*run_notes(self.case, None if found is None else found.mr), *more, *self.detected.notes]
        return list(dict.fromkeys(notes))

    def require_suv(self) -> tuple[Case, Suv]:
        """Case and SUV.

        Raises
        ------
        PainGeneratorError
            When the step Case was not run.
        """
        if self.case is None or self.suv is None:
            raise PainGeneratorError("There is no SUV yet.", "Run the step Case first.")
        return self.case, self.suv

    def require_alignment(self) -> tuple[Case, Suv, Alignment]:
        """Case, SUV and alignment.

        Raises
        ------
        PainGeneratorError
            When the step Align was not run.
        """
        case, suv = self.require_suv()
        if self.alignment is None:
            raise PainGeneratorError("The series are not aligned yet.", "Run the step Align first.")
        return case, suv, self.alignment

    def require_found(self) -> FoundCase:
        """All results.

        Raises
        ------
        PainGeneratorError
            When the step Find was not run.
        """
        if self.case is None or self.suv is None or self.alignment is None or self.found is None:
            raise PainGeneratorError("Nothing was found yet.", "Run the step Find first.")
        return FoundCase(self.case, self.suv, self.alignment, self.anatomy, self.found)

    @property
    def is_found(self) -> bool:
        """True after the step Find, also when its result is out of date."""
        return self.found is not None and self.alignment is not None

    def forget(self) -> None:
        """Release all images; the scene keeps the case."""
        self.case = self.suv = self.alignment = self.anatomy = self.found = None
        self.unmatched, self.carried, self.scene_changes = [], [], []
        self.readers = ReadersState(reader=self.readers.reader, since=self.readers.since)
        self.shown, self.used_ids, self.basis = {}, set(), ""
