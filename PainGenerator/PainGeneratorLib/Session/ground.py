"""What the reading rests on: shown in the scene, and the references without what the reader takes out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.reference_edits import EditKind, ReferenceEdit
from ..Numerics.core.spheres import SphereRegion
from ..Numerics.pet.detector import HotSpotDetector
from ..Scene.ground_nodes import hide_ground, show_ground
from ..Workflow.case import Case
from ..Workflow.finding import Found
from ..Workflow.ground import (
    TISSUE,
    VERTEBRA,
    Ground,
    ground_of,
    is_all_refused,
    references_of,
    series_texts,
    with_references,
)
from ..Workflow.progress import Show
from .case_state import CaseState
from .found_tools import FoundTools
from .review_acts import ReviewActs
from .scene_link import SceneLink
from .types import Job

ALL_REFERENCES = "Take all references as they were found"
"""What undo calls the act that takes all changes back."""
NEEDS: dict[str, str] = {
    EditKind.WITHOUT_TISSUE: TISSUE,
    EditKind.WITHOUT_VERTEBRA: VERTEBRA,
    EditKind.ONLY_SPHERE: TISSUE,
}
"""Kind of change -> what kind of reference it is made to."""


@dataclass(frozen=True, eq=False)
class NewReferences:
    """A case that was read with other references.

    Parameters
    ----------
    text : str
        What was done, for undo.
    case : Case
    found : Found
    """

    text: str
    case: Case
    found: Found


class GroundActs:
    """Shows the ground of the reading, and changes the references.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    tools : FoundTools
    review : ReviewActs
        Takes the new result over as one act that can be undone.
    """

    def __init__(self, link: SceneLink, state: CaseState, tools: FoundTools, review: ReviewActs) -> None:
        self._link, self._state, self._tools, self._review = link, state, tools, review
        self._made: tuple[Found, Ground] | None = None
        self._series: tuple[object, tuple[str, ...]] | None = None

    def now(self) -> Ground:
        """What the reading rests on.

        Raises
        ------
        PainGeneratorError
            Before the step Find.
        """
        now = self._state.require_found()
        if self._made is None or self._made[0] is not now.found:
            if self._series is None or self._series[0] is not now.case.series:
                self._series = (now.case.series, series_texts(now.case, now.suv))
            ground = ground_of(now.case, now.alignment, now.found, self._tools.detector(), self._series[1])
            self._made = (now.found, ground)
        return self._made[1]

    def show(self, shown: bool) -> None:
        """Draw body outline, tissues, references, frame and levels over the images, or take them away."""
        if not shown:
            hide_ground(self._link.scene)
            return
        ground = self.now()
        show_ground(self._link.scene, ground.body, ground.tissues, ground.used, ground.points)

    # --- other references

    def job(self, kind: str, name: str = "", region_id: str = "") -> Job[NewReferences]:
        """A job that reads the case with other references; :meth:`take` takes its result over.

        Parameters
        ----------
        kind : str
            A word of :class:`.EditKind`; empty to take all changes of the references back.
        name : str
            Tissue or vertebra.
        region_id : str
            The spherical region, for the kinds that need one.

        Raises
        ------
        PainGeneratorError
            When there is no such reference or region, and while the case has more than one reading.
        """
        self._review.require_one_reading()
        now = self._state.require_found()
        edits = (*self._state.reference_edits, self._edit(kind, name, region_id)) if kind else ()
        text = edits[-1].text if edits else ALL_REFERENCES
        case = dataclasses.replace(now.case, options=dataclasses.replace(now.case.options, reference_edits=edits))

        def work(progress: Show) -> NewReferences:
            progress(0.0, "Finding with other references")
            found = with_references(now.found, case, now.suv, now.alignment, now.anatomy)
            return NewReferences(text, case, found)

        return Job("find", work, self._state.revision)

    def take(self, job: Job[NewReferences]) -> None:
        """Take the result of a computed job over, as one act that can be undone.

        Raises
        ------
        PainGeneratorError
            When no tissue would be left that a place can be compared with, or the case changed since.
        """
        result = job.result
        if job.revision != self._state.revision:
            raise PainGeneratorError("The input of the case changed while it was running.", "Do it again.")
        detector = result.found.detector
        if detector is not None:
            if is_all_refused(list(references_of(detector))):
                raise PainGeneratorError(
                    "No reference tissue would be left.", "Leave one of them in, or keep a region as the reference."
                )
            lost = sorted(self._tissues(self._tools.detector()) - self._tissues(detector))
            if lost:
                raise PainGeneratorError(
                    f"Too little {' and '.join(lost)} would be left for a reference.",
                    "Keep a region that holds more of it, or leave the tissue out as a whole.",
                )
        self._review.take_result(result.text, result.case, result.found)

    @staticmethod
    def _tissues(detector: HotSpotDetector) -> set[str]:
        """Names of the tissues of the table of references."""
        return {row.name for row in references_of(detector) if row.kind == TISSUE}

    def _edit(self, kind: str, name: str, region_id: str) -> ReferenceEdit:
        known = {(row.kind, row.name) for row in references_of(self._tools.detector()) if row.kind}
        wanted = NEEDS.get(kind)
        if wanted is not None and (wanted, name) not in known:
            raise PainGeneratorError(f"{name or 'Nothing'} is no reference.", f"Choose a {wanted} of the table.")
        if kind in (EditKind.WITHOUT_SPHERE, EditKind.ONLY_SPHERE):
            return ReferenceEdit(kind, name, *_place_of(self._region(region_id)))
        return ReferenceEdit(str(EditKind(kind)), name)

    def _region(self, region_id: str) -> SphereRegion:
        for region in self._state.regions:
            if region.id == region_id:
                return region
        raise PainGeneratorError(f"There is no region {region_id}.", "Keep a region first, then choose it.")


def _place_of(region: SphereRegion) -> tuple[tuple[float, float, float], float]:
    right, front, up = (float(x) for x in region.center_ras)
    return (right, front, up), region.diameter_mm
