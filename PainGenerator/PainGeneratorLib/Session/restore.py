"""A session taken up again from a scene that holds a case."""

from __future__ import annotations

from typing import Any

from ..Registration.landmarks import LandmarkPairs
from ..Scene.read_case import read_case
from ..Scene.scene_content import SceneContent
from ..Scene.volumes_in_scene import OWN_ATTRIBUTE, SOURCE_ROLE
from ..Workflow.case_in_scene import restored
from .find_step import parameter_text
from .remeasure import new_candidate
from .review import Review, is_decided
from .review_step import ReviewStep
from .types import ROLE_FIELDS, StepState


class RestoreStep(ReviewStep):
    """Reading what the scene keeps."""

    def _restore(self) -> None:
        """Take up the case of the scene: settings, results, decisions, and what was changed outside the session."""
        content = read_case(self.scene)
        self._pain_sites = tuple(tuple(float(x) for x in site) for site in content.pain_sites_ras)
        self._unmatched = list(content.working.get("unmatched", []))
        self._landmarks = {
            role: LandmarkPairs(*points) for role, points in content.working.get("landmarks", {}).items()
        }
        self._restore_settings(content)
        made = restored(content, self.protocol())
        if made is None:
            self._unmatched += [c for c in content.candidates if is_decided(c)]
            self._notices.append(
                "The case was written by an older version: run the steps again. Decisions are handed over by place."
            )
            self._keep(stepStates={})
            self.warnings = self._all_warnings()
            return
        self._case, self._suv, self._alignment = made.case, made.suv, made.alignment
        self._anatomy, self._found = made.anatomy, made.found
        self._name_sources(content)
        self._take_transforms()
        if made.found is not None:
            self._review = Review(content.candidates, self._measured)
            self._shown = {c.id: c.region for c in content.candidates}
            self._take_changes(content)
        self.warnings = self._all_warnings()

    def _restore_settings(self, content: SceneContent) -> None:
        """A scene written without the panel tells roles, group and sides by its case alone."""
        settings = self.settings
        values: dict = {}
        if not any(getattr(settings, name) is not None for name in ROLE_FIELDS.values()):
            for series in content.series:
                if series.role in ROLE_FIELDS:
                    values[ROLE_FIELDS[series.role]] = series.node.GetNodeReference(SOURCE_ROLE) or series.node
            kept = content.working.get("series", {})
            values["roleReasons"] = {role: item["facts"].get("reason") or "" for role, item in kept.items()}
        if not settings.stepStates:
            has = {"case": True, "align": bool(content.alignment.get("series")), "find": "found" in content.working}
            values["stepStates"] = {step: StepState.DONE.value for step, there in has.items() if there}
            values["group"] = content.case.get("group") or ""
            values["prosthesisSide"] = content.case.get("prosthesis_side") or ""
            values["painSide"] = content.case.get("pain_side") or ""
            stored = content.protocol
            values["protocolChanges"] = {
                name: parameter_text(_value_at(stored["values"], name)) for name in stored.get("changed", [])
            }
        self._keep(**values)

    def _name_sources(self, content: SceneContent) -> None:
        """Tie the series of the case to the volumes of the scene."""
        for item in content.series:
            series = self._case.series.get(item.role)
            if series is None:
                continue
            source = item.node.GetNodeReference(SOURCE_ROLE)
            series.facts["source_id"] = (source or item.node).GetID()
            if item.role == "PET":
                is_own = item.node.GetAttribute(OWN_ATTRIBUTE) is not None
                series.facts["is_shown_as_it_is"] = source is None
                if is_own and source is None and self.roles().get("PET") not in (None, item.node.GetID()):
                    # The volume that it was made from is gone: the one in SUV takes its place.
                    series.facts["is_shown_as_it_is"] = True

    def _take_transforms(self) -> None:
        """Transforms corrected in the scene count; what was found with others is out of date then."""
        former = self._alignment
        self._take_corrections()
        if self._alignment is not former:
            self._outdate("find")

    def _take_changes(self, content: SceneContent) -> None:
        """Outlines redrawn, removed or added with Slicer's own tools since the case was written."""
        review = self._review
        by_id = {c.id: c for c in content.candidates}
        for candidate_id in content.edited:
            review.edit(candidate_id, by_id[candidate_id].region)
        if content.removed:
            gone = [by_id[candidate_id] for candidate_id in content.removed]
            self._unmatched += gone
            review.delete(content.removed)
            self._notices.append(
                f"The segments of {', '.join(content.removed)} were removed from the scene: "
                "these candidates are listed as unmatched."
            )
        for segment in content.added:
            if len(segment.region):
                new_id = review.add(new_candidate(segment.region))
                self._notices.append(f"The segment {segment.name} was drawn in the scene: it is {new_id} now.")
        if review.undo_text is not None:
            self._found.candidates = list(review.candidates)
            self._write_scene()


def _value_at(values: dict, name: str) -> Any:
    """A parameter's value in the nested values of a protocol."""
    for key in name.split("."):
        values = values[key]
    return values
