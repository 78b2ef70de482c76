"""Continues a session from a scene that holds a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..Numerics.core.since_decided import is_decided
from ..Numerics.core.words import Role
from ..Scene.outline_brightness import dim_all_but
from ..Scene.preview_layer import preview_is_shown
from ..Scene.read_case import read_case
from ..Scene.scene_content import SceneContent
from ..Scene.volumes_in_scene import SOURCE_ROLE
from ..Workflow.case import Case, CaseOptions
from ..Workflow.case_in_scene import restored
from .alignment_control import AlignmentControl
from .case_settings import CaseSettings
from .case_state import CaseState
from .case_writer import CaseWriter
from .found_tools import FoundTools, basis_of
from .protocol_parameters import parameter_text
from .readers import ReaderControl
from .remeasure import new_candidate, unmeasured
from .report_text import ReportText
from .review_acts import ReviewActs
from .scene_link import SceneLink
from .scene_watch import SceneWatch
from .step_states import StepStates
from .types import ROLE_FIELDS, StepState

OLDER_VERSION = "The case was written by an older version: run the steps again. Decisions are handed over by place."

PREVIEW_DROPPED = (
    "The scene was saved while the slider showed another setting: that preview was not decided on, and the hot spots "
    "of the last run are shown again."
)


class Restorer:
    """Reads what a scene keeps: settings, results, decisions, and what was changed outside the session.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
        Filled.
    settings : CaseSettings
    states : StepStates
    writer : CaseWriter
    alignment : AlignmentControl
    review : ReviewActs
    readers : ReaderControl
    report_text : ReportText
    tools : FoundTools
    watch : SceneWatch
        Compares the images of the case with those that were written.
    """

    def __init__(
        self,
        link: SceneLink,
        state: CaseState,
        settings: CaseSettings,
        states: StepStates,
        writer: CaseWriter,
        alignment: AlignmentControl,
        review: ReviewActs,
        readers: ReaderControl,
        report_text: ReportText,
        tools: FoundTools,
        watch: SceneWatch,
    ) -> None:
        self._readers, self._report_text, self._tools = readers, report_text, tools
        self._watch = watch
        self._link, self._state, self._settings, self._states = link, state, settings, states
        self._writer, self._alignment, self._review = writer, alignment, review

    def restore(self) -> None:
        """Continue with the case of the scene.

        Raises
        ------
        PainGeneratorError
            When a volume of the case is no longer in the scene, or the case is damaged.
        """
        state = self._state
        state.notices, state.detected = list(self._settings.now.reopenNotices), self._settings.detected()
        self._restore(read_case(self._link.scene))
        dim_all_but(self._link.result_node("candidates"), None)
        # That the case is of an older version is seen again as long as it is so.
        lasting = [text for text in dict.fromkeys(state.notices) if text not in (OLDER_VERSION, PREVIEW_DROPPED)]
        self._settings.keep(reopenNotices=lasting)

    def _restore(self, content: SceneContent) -> None:
        """Take what the scene holds over."""
        state = self._state
        state.pain_sites = tuple((float(r), float(a), float(s)) for r, a, s in content.pain_sites_ras)
        state.unmatched = list(content.working.get("unmatched", []))
        state.carried = list(content.working.get("carried", []))
        is_from_command = not self._settings.now.stepStates
        self._settings.keep(**self._missing_settings(content))
        state.notices += self._settings.drop_refused_changes()
        made = restored(content, self._settings.protocol())
        if made is None:
            self._keep_decisions_only(content)
            return
        state.case, state.suv, state.alignment = made.case, made.suv, made.alignment
        state.anatomy, state.found = made.anatomy, made.found
        state.landmarks = dict(content.working.get("landmarks", {}))
        if is_from_command:
            self._settings.keep(**_given_by_hand(made.case.options))
        self._name_sources(content, made.case)
        if self._alignment.take_corrections():
            # What was found with other transforms is out of date.
            self._states.outdate("find")
        if made.found is not None:
            state.shown = {candidate.id: candidate.region for candidate in state.candidates}
            state.used_ids = set(content.working.get("used_ids", []))
            state.basis = content.working.get("basis") or self._basis()
            self._readers.restore(content.working.get("readers", {}))
            self._report_text.restore(content.working.get("report_text", {}))
            self._take_changes(content)
        self._watch.restored(content.working.get("shown", {}))

    def _basis(self) -> str:
        """With what the candidates of a case were measured that does not say it."""
        _, suv, alignment = self._state.require_alignment()
        return basis_of(suv, alignment)

    def _keep_decisions_only(self, content: SceneContent) -> None:
        """A case that lacks what is needed to measure again: the decisions wait for the next run."""
        self._state.unmatched += [candidate for candidate in content.candidates if is_decided(candidate)]
        self._state.notices.append(OLDER_VERSION)
        self._states.forget()

    # --- settings

    def _missing_settings(self, content: SceneContent) -> dict[str, Any]:
        """Settings that follow from the case, for a scene of the command line, which has none of the panel."""
        values: dict[str, Any] = {}
        if not self._settings.role_nodes():
            values |= _roles_of_case(content)
        if not self._settings.now.stepStates:
            values |= _settings_of_case(content)
        return values

    # --- volumes

    def _name_sources(self, content: SceneContent, case: Case) -> None:
        """Tie the series of the case to the volumes of the scene."""
        for item in content.series:
            series = case.series.get(item.role)
            if series is None:
                continue
            source = item.node.GetNodeReference(SOURCE_ROLE)
            series.facts["source_id"] = (source or item.node).GetID()
            if item.role == Role.PET:
                series.facts["is_shown_as_it_is"] = source is None

    # --- changes outside the session

    def _take_changes(self, content: SceneContent) -> None:
        """Outlines that were redrawn, removed or added with Slicer's own tools since the case was written."""
        review, notices = self._review.review, self._state.notices
        by_id = {candidate.id: candidate for candidate in self._state.candidates}
        if content.edited:
            first, *others = content.edited
            measure = unmeasured if self._tools.is_of_another_basis() else None
            review.edit(first, by_id[first].region, {name: by_id[name].region for name in others}, measure)
        if content.emptied:
            notices.append(
                f"The outline of {', '.join(content.emptied)} was empty in the scene: it is as it was before. "
                "Delete the candidate if that was meant."
            )
        if content.removed:
            self._state.unmatched += [by_id[candidate_id] for candidate_id in content.removed]
            review.delete(content.removed)
            notices.append(
                f"The segments of {', '.join(content.removed)} were removed from the scene: "
                "these candidates are listed as unmatched."
            )
        for segment in content.added:
            if len(segment.region):
                new_id = review.add(new_candidate(segment.region))
                notices.append(f"The segment {segment.name} was drawn in the scene: it is {new_id} now.")
        is_preview = preview_is_shown(self._link.result_node("hot-spots"))
        if is_preview:
            notices.append(PREVIEW_DROPPED)
        if review.undo_text is not None or content.emptied or is_preview:
            self._writer.write_all()


def _roles_of_case(content: SceneContent) -> dict[str, Any]:
    """The volumes by role, with the reasons."""
    values: dict[str, Any] = {}
    for series in content.series:
        if series.role in ROLE_FIELDS:
            values[ROLE_FIELDS[series.role]] = series.node.GetNodeReference(SOURCE_ROLE) or series.node
    kept = content.working.get("series", {})
    values["roleReasons"] = {role: item["facts"].get("reason") or "" for role, item in kept.items()}
    return values


def _settings_of_case(content: SceneContent) -> dict[str, Any]:
    """States of the steps, group, sides, and changes of the protocol."""
    has = {
        "case": True,
        "align": bool(content.alignment.get("series")),
        "find": "found" in content.working,
    }
    stored = content.protocol
    return {
        "stepStates": {step: StepState.DONE.value for step, there in has.items() if there},
        "group": content.case.get("group") or "",
        "prosthesisSide": content.case.get("prosthesis_side") or "",
        "painSide": content.case.get("pain_side") or "",
        "surgeryDate": content.case.get("surgery_date") or "",
        "fixation": content.case.get("fixation") or "",
        "crpMgL": content.case.get("crp_mg_l") or 0.0,
        "protocolChanges": {
            name: parameter_text(_value_at(stored["values"], name)) for name in stored.get("changed", [])
        },
    }


def _given_by_hand(options: CaseOptions) -> dict[str, Any]:
    """What the user gave by hand for the SUV, so that the step Case can be run again with it."""
    time = options.injection_time
    return {
        "weightKg": options.weight_kg or 0.0,
        "heightM": options.height_m or 0.0,
        "doseMbq": options.dose_mbq or 0.0,
        "injectionTime": "" if time is None else time.isoformat(),
        "levelName": "" if options.level is None else options.level[0],
        "levelPoint": [] if options.level is None else list(options.level[1]),
    }


def _value_at(values: Mapping[str, Any], name: str) -> Any:
    """The value of a parameter in the nested values of a protocol."""
    found: Any = values
    for key in name.split("."):
        found = found[key]
    return found
