"""The step Find: from aligned series to candidates."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ..Anatomy.anatomy_files import anatomy_of_labels
from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.anatomy_place import on_reference
from ..Numerics.pet.detector import MOST_SENSITIVE
from ..Scene.label_images import labels_of_node
from ..Workflow.case import Case
from ..Workflow.finding import Found, find_candidates
from ..Workflow.naming import NewNames, names_after_run
from ..Workflow.progress import Show
from .align_step import NEEDS_CASE
from .alignment_control import AlignmentControl
from .case_settings import CaseSettings
from .case_state import CaseState
from .review_acts import ReviewActs
from .step_states import StepStates
from .types import Job


@dataclass(frozen=True, eq=False)
class FindResult:
    """What the step Find leaves: the case with the options and parameters of the run, the anatomy, the findings."""

    case: Case
    anatomy: AnatomyMap | None
    found: Found


class FindStep:
    """Finds hot spots and MR findings and joins them to candidates.

    Parameters
    ----------
    settings : CaseSettings
    states : StepStates
    alignment : AlignmentControl
        For transforms that were corrected in the scene.
    review : ReviewActs
        Takes the candidates over.
    """

    name = "find"
    changes = "candidates"

    def __init__(
        self, settings: CaseSettings, states: StepStates, alignment: AlignmentControl, review: ReviewActs
    ) -> None:
        self._settings, self._states = settings, states
        self._alignment, self._review = alignment, review

    def reason_not_ready(self, state: CaseState) -> str | None:
        """Why the step cannot run; None when it can."""
        if state.case is None or not self._states.is_done("case"):
            return NEEDS_CASE
        if state.alignment is None or not self._states.is_done("align"):
            return "Align the series first (step Align)."
        return None

    def prepare(self, state: CaseState) -> Job[FindResult]:
        """Read the anatomy of the scene; the job runs all stages from the plane of symmetry to the ranking."""
        self._alignment.take_corrections()
        case, suv, alignment = state.require_alignment()
        case = dataclasses.replace(
            case,
            options=self._settings.options(),
            protocol=self._settings.protocol(),
            group=self._settings.group,
        )
        node = self._settings.now.anatomy
        labels = None if node is None else labels_of_node(node)
        name = "" if node is None else node.GetName()

        def work(progress: Show) -> FindResult:
            anatomy = None
            if labels is not None:
                anatomy = on_reference(anatomy_of_labels(*labels, name), case.reference.image)
            found = find_candidates(case, suv, alignment, anatomy, progress)
            # All that the slider can show is measured now, so that the preview needs no time for it later.
            if found.detector is not None:
                found.detector.find(MOST_SENSITIVE)
            return FindResult(case, anatomy, found)

        return Job(self.name, work, state.revision)

    def apply(self, state: CaseState, result: FindResult) -> None:
        """Take the findings over and show the candidates."""
        names = _names_of_run(state, result)
        state.case, state.anatomy = result.case, result.anatomy
        self._review.start(result.found, names)


def _names_of_run(state: CaseState, result: FindResult) -> NewNames | None:
    """How a run names what the former run found; None for the first one.

    The levels may be counted in another way: with an anatomy segmentation, or from another level that was named.
    """
    if not state.is_found:
        return None
    before = state.require_found()
    former = before.found.namer(before.anatomy, before.case, before.suv, before.alignment)
    now = result.found.namer(result.anatomy, result.case, before.suv, before.alignment)
    return names_after_run(before.found, former, result.found, now)
