"""All stages in order: from a DICOM folder to ranked candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..Anatomy.anatomy_files import read_anatomy_file
from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.anatomy_place import on_reference
from ..Anatomy.body_plan import BodyPlan
from ..Numerics.core.records import Candidate, HotSpot
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotResult
from .case import Case, CaseOptions
from .finding import Found, find_candidates
from .letter_notes import LetterNotes
from .progress import Show, StageClock, part, silent
from .readers import Readers
from .reading import read_case_folder
from .report_edit import ReportEdit
from .stages import Alignment, Suv, align_series, make_suv
from .target_records import Target
from .targets import TargetFinder
from .warnings import run_notes, run_warnings


@dataclass(eq=False)
class Analysis:
    """A case with the result of every stage."""

    case: Case
    suv: Suv
    alignment: Alignment
    anatomy: AnatomyMap | None
    found: Found
    clock: StageClock
    said: tuple[str, ...] = ()
    """Further warnings, which follow from the review: decisions that the last run by itself would not have made."""
    readers: Readers = field(default_factory=Readers)
    """What readers decided; empty in a run of the command line."""
    report_edit: ReportEdit | None = None
    """The reader's own wording of the plain-text report."""
    language: str = "en"
    """Code of the language of the letter to the referring physician."""
    notes_for_letter: LetterNotes = field(default_factory=LetterNotes)
    """What people wrote for that letter."""
    find_targets: Callable[[], list[Target]] | None = None
    """Gives the targets with the paths that the reader moved; None in a run of the command line."""

    @cached_property
    def targets(self) -> list[Target]:
        """The targets for a needle, best first."""
        if self.find_targets is not None:
            return self.find_targets()
        finder = TargetFinder(self.case, self.suv, self.alignment, self.found, self.anatomy)
        return finder.targets(self.candidates)

    @property
    def mr(self) -> MRResult:
        """What the MR shows."""
        return self.found.mr

    @property
    def pet(self) -> HotSpotResult:
        """What the PET shows, in its own frame."""
        return self.found.pet

    @property
    def plan(self) -> BodyPlan:
        """The body's midline and spine line."""
        return self.found.plan

    @property
    def hot_spots(self) -> list[HotSpot]:
        """In the reference frame (in the PET's own where the two could not be aligned), physiologic ones included."""
        return self.found.hot_spots

    @property
    def candidates(self) -> list[Candidate]:
        """Best first."""
        return self.found.candidates

    @property
    def notes(self) -> list[str]:
        """Facts for the reader that are no warnings."""
        return [*run_notes(self.case, self.mr), *self.found.notes]

    @property
    def warnings(self) -> list[str]:
        """What the user must know, in the order of the stages."""
        found = run_warnings(
            self.case, self.suv, self.alignment, self.anatomy, self.mr, self.pet, self.plan, self.found.sites
        )
        return list(dict.fromkeys([*self.said, *found]))


def analyze(folder: Path, options: CaseOptions, progress: Show = silent) -> Analysis:
    """Run all stages on a DICOM folder.

    Parameters
    ----------
    folder : Path
        Any nesting of files; never written to.
    options : CaseOptions
    progress : callable, optional
        May raise Cancelled, which ends the work and leaves nothing behind.

    Raises
    ------
    PainGeneratorError
        When the input cannot be used.
    """
    clock = StageClock()
    with clock.stage("case"):
        case = read_case_folder(folder, options, part(progress, 0.0, 0.1))
    return analyze_case(case, part(progress, 0.1, 1.0), clock)


def analyze_case(case: Case, progress: Show = silent, clock: StageClock | None = None) -> Analysis:
    """Run all stages that follow the reading of the folder.

    Parameters
    ----------
    case : Case
    progress : callable, optional
        May raise Cancelled.
    clock : StageClock, optional
        Goes on with a clock that has timed the reading.
    """
    clock = clock or StageClock()
    with clock.stage("suv"):
        progress(0.0, "Computing SUV")
        suv = make_suv(case)
    with clock.stage("anatomy"):
        anatomy = read_case_anatomy(case)
    with clock.stage("alignment"):
        alignment = align_series(case, suv, part(progress, 0.02, 0.6))
    found = find_candidates(case, suv, alignment, anatomy, part(progress, 0.6, 1.0), clock)
    progress(1.0, "The candidates are found")
    return Analysis(case, suv, alignment, anatomy, found, clock)


def read_case_anatomy(case: Case) -> AnatomyMap | None:
    """Read the anatomy segmentation that the user gave, and check that it lies on the reference series.

    Parameters
    ----------
    case : Case

    Returns
    -------
    AnatomyMap or None
        None when there is none.

    Raises
    ------
    PainGeneratorError
        It cannot be read or understood, or it does not lie in the reference series.
    """
    options = case.options
    if options.anatomy is None:
        return None
    return on_reference(read_anatomy_file(options.anatomy, options.anatomy_labels), case.reference.image)
