"""What the reading rests on: shown in the scene, and the references without what the reader takes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.reference_edits import EditKind, ReferenceEdit
from ..Numerics.core.spheres import SphereRegion
from ..Scene.ground_nodes import hide_ground, show_ground
from ..Workflow.ground import Ground, ground_of, is_all_refused, references_of, with_references
from .case_state import CaseState
from .found_tools import FoundTools
from .review_acts import ReviewActs
from .scene_link import SceneLink


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

    def now(self) -> Ground:
        """What the reading rests on.

        Raises
        ------
        PainGeneratorError
            Before the step Find.
        """
        now = self._state.require_found()
        return ground_of(now.case, now.suv, now.alignment, now.found, self._tools.detector())

    def show(self, shown: bool) -> None:
        """Draw body outline, tissues, references, frame and levels over the images, or take them away."""
        if not shown:
            hide_ground(self._link.scene)
            return
        ground = self.now()
        show_ground(self._link.scene, ground.body, ground.tissues, ground.used, ground.points)

    # --- other references

    def leave_out(self, kind: str, name: str) -> None:
        """Take a tissue (kind ``tissue``) or a vertebra (kind ``vertebra``) out of the references.

        Raises
        ------
        PainGeneratorError
            When there is no such reference, or no tissue would be left.
        """
        kinds = {"tissue": EditKind.WITHOUT_TISSUE, "vertebra": EditKind.WITHOUT_VERTEBRA}
        known = {(row.kind, row.name) for row in references_of(self._tools.detector()) if row.kind}
        if kind not in kinds or (kind, name) not in known:
            raise PainGeneratorError(f"{name} is no reference.", "Choose a tissue or a vertebra of the table.")
        self._add(ReferenceEdit(str(kinds[kind]), name))

    def leave_out_region(self, region_id: str) -> None:
        """Take what lies in a spherical region out of all references."""
        region = self._region(region_id)
        self._add(ReferenceEdit(str(EditKind.WITHOUT_SPHERE), "", *_place_of(region)))

    def take_only_region(self, tissue: str, region_id: str) -> None:
        """Take a tissue as the reference in a spherical region alone: its reference is drawn anew."""
        if ("tissue", tissue) not in {(row.kind, row.name) for row in references_of(self._tools.detector())}:
            raise PainGeneratorError(f"{tissue} is no reference.", "Choose a tissue of the table.")
        region = self._region(region_id)
        self._add(ReferenceEdit(str(EditKind.ONLY_SPHERE), tissue, *_place_of(region)))

    def restore(self) -> None:
        """Take all changes of the references back, as an act of its own."""
        if self._state.reference_edits:
            self._take("Take all references as they were found", ())

    def _region(self, region_id: str) -> SphereRegion:
        for region in self._state.regions:
            if region.id == region_id:
                return region
        raise PainGeneratorError(f"There is no region {region_id}.", "Keep a region first, then choose it.")

    def _add(self, edit: ReferenceEdit) -> None:
        self._take(edit.text, (*self._state.reference_edits, edit))

    def _take(self, text: str, edits: Sequence[ReferenceEdit]) -> None:
        """Read the case anew with some changes of the references.

        Raises
        ------
        PainGeneratorError
            When no tissue would be left that a place can be compared with.
        """
        now = self._state.require_found()
        options = dataclasses.replace(now.case.options, reference_edits=tuple(edits))
        case = dataclasses.replace(now.case, options=options)
        found = with_references(now.found, case, now.suv, now.alignment, now.anatomy)
        if found.detector is not None and is_all_refused(list(references_of(found.detector))):
            raise PainGeneratorError(
                "No reference tissue would be left.", "Leave one of them in, or keep a region as the reference."
            )
        self._review.take_result(text, case, found)


def _place_of(region: SphereRegion) -> tuple[tuple[float, float, float], float]:
    right, front, up = (float(x) for x in region.center_ras)
    return (right, front, up), region.diameter_mm
