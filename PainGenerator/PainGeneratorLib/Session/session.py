"""The engine of the panel: one case in one scene, step by step, without Qt.

A long step is three calls: ``prepare`` reads the scene on the main thread, ``Job.compute`` works on plain data in any
thread, ``apply`` writes the scene on the main thread. Until ``apply`` the scene stays as it was, so that a cancelled
step leaves no trace.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..Exchange.choices import EXPORTS, USUAL
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image, Region
from ..Numerics.core.readout import Readout
from ..Numerics.core.records import Candidate
from ..Numerics.core.sites import SiteTable
from ..Numerics.core.spheres import SphereRegion
from ..Numerics.core.words import Status
from ..Numerics.suv.factors import SuvResult
from ..Scene.parameters import parameter_node
from ..Scene.read_case import has_case
from ..Workflow.analyze import Analysis
from ..Workflow.check import CaseCheck, check_case
from ..Workflow.ground import Ground
from ..Workflow.progress import Show, part, silent
from ..Workflow.protocol import Protocol
from ..Workflow.stages import Alignment
from ..Workflow.target_records import Target
from .align_step import AlignStep
from .alignment_control import AlignmentControl
from .anatomy_proposal import AnatomyProposal
from .case_inputs import CaseInputs
from .case_settings import CaseSettings, date_of
from .case_state import CaseState
from .case_step import CaseStep
from .case_writer import CaseWriter
from .exporting import Exporter, ExportWriter
from .find_step import FindStep
from .found_tools import FoundTools
from .ground import GroundActs
from .group_proposal import GroupProposal
from .journal import Journal
from .letter_desk import FactsWriter
from .live_preview import LivePreview
from .loaded_volumes import LoadedVolumes
from .notifier import Notifier
from .pending import PendingChanges
from .protocol_parameters import ProtocolParameters
from .readers import ReaderControl
from .reading_aids import ReadingAids, Values
from .readout import Readouts
from .recovery import Recovery
from .reference_uptake import ReferenceUptake, reference_uptake
from .regions import RegionActs
from .report_text import ReportText, TextWriter
from .restoring import Restorer
from .review_acts import ReviewActs
from .scene_link import SceneLink
from .scene_watch import SceneWatch
from .step_states import StepStates
from .steps import StepTable
from .taken_outlines import OutlineTaker
from .targets import TargetActs
from .types import (
    RUN_STEPS,
    STEPS,
    Job,
    ParameterEntry,
    RoleProposal,
    SessionSettings,
    StepState,
    SuvLine,
)
from .volume_roles import FileOfInstance

__all__ = ["RUN_STEPS", "STEPS", "Job", "ParameterEntry", "RoleProposal", "Session", "StepState", "SuvLine"]


class Session:
    """One case in one scene. The parts of this room do the work; this class connects them and offers what they do.

    A scene that holds a case already (reopened, or written by the command line) is continued where it was left.

    Parameters
    ----------
    scene : vtkMRMLScene
    file_of_instance : callable, optional
        Path of the file that holds a SOP Instance UID (in Slicer ``slicer.dicomDatabase.fileForInstance``); None when
        there is no database.
    exporter : callable, optional
        Writes the outputs (``Report.session_export.export_session``); export is refused without it.
    text_writer : callable, optional
        Makes the text for the report system (``Report.case_outputs.plain_text``).
    journal_folder : Path, optional
        Where decisions are written as they are made, so that a crash does not lose them; no journal without it.
    facts_writer : callable, optional
        Makes the fingerprint of the findings (``Report.case_outputs.facts_of_letter``), by which a text that the
        reader wrote for the letter is found to be outdated.

    Attributes
    ----------
    case_state : CaseState
        What the case is.
    step_states : StepStates
        How far each step is.
    """

    def __init__(
        self,
        scene: Any,
        file_of_instance: FileOfInstance | None = None,
        exporter: ExportWriter | None = None,
        text_writer: TextWriter | None = None,
        journal_folder: Path | None = None,
        facts_writer: FactsWriter | None = None,
    ) -> None:
        parameter_node(scene)
        self._notify = notify = Notifier()
        self._link = link = SceneLink(scene)
        self.case_state = state = CaseState()
        self._settings = settings = CaseSettings(link, state)
        self.step_states = states = StepStates(settings, state, notify)
        self._writer = writer = CaseWriter(link, state)
        self._pending = pending = PendingChanges(link, settings, state, states)
        state.pending, states.when_done = pending.sentences, pending.note
        self._watch = watch = SceneWatch(link, settings, state, states, writer, notify)
        self._anatomy_read: dict[str, Any] | None = None
        writer.kept_by["anatomy_read"] = lambda: watch.anatomy
        self._volumes = LoadedVolumes(settings, file_of_instance)
        anatomy = AnatomyProposal(link, settings)
        self._groups = groups = GroupProposal(link, settings, self._volumes, anatomy)
        self._inputs = CaseInputs(link, settings, state, states, notify, file_of_instance, groups, anatomy)
        self._alignment = AlignmentControl(link, state, states, writer, notify)
        self._parameters = ProtocolParameters(settings, states, notify)
        self._aids = ReadingAids(link, state)
        self._tools = tools = FoundTools(state)
        self._readouts = Readouts(state, tools)
        self._review_acts = review = ReviewActs(link, state, states, writer, tools, self._aids, settings, notify)
        self._region_acts = RegionActs(state, review, self._readouts)
        self._ground_acts = GroundActs(link, state, tools, review)
        self._live_preview = LivePreview(
            link, state, settings, states, writer, tools, self._parameters, review, notify
        )
        self._reading = ReaderControl(state, review, tools, notify)
        writer.kept_by["readers"] = self._reading.to_kept
        writer.kept_by["used_ids"] = lambda: sorted(review.known_ids())
        writer.kept_by["basis"] = lambda: state.basis
        self._outlines = OutlineTaker(state, review, tools, self._reading)
        self._exporter = Exporter(link, state, states, writer, exporter, self._reading, tools)
        self._report_text = text = ReportText(
            state, states, writer, self._exporter.analysis, text_writer, notify, facts_writer
        )
        self._targets = TargetActs(link, state, settings, states, notify)
        self._exporter.targets = self._targets.now
        if file_of_instance is not None:
            self._exporter.find_file = file_of_instance
        self._exporter.pending_of_basis = pending.of_basis
        self._exporter.report_edit = lambda: text.edit
        self._exporter.letter = text.letter
        writer.kept_by["report_text"] = self._report_text.to_kept
        writer.blind_kept_by["readers"] = self._reading.to_blind_kept
        writer.blind_kept_by["report_text"] = self._report_text.to_blind_kept
        parts = (link, state, settings, review, self._reading, self._report_text)
        self._journal = journal = Journal(journal_folder, *parts)
        self._recovery = Recovery(*parts, journal, states, self._alignment)
        notify.inner.append(journal.note)
        self._steps = StepTable(
            computing=(
                CaseStep(link, settings, self._volumes, writer, groups),
                AlignStep(settings, states, writer),
                FindStep(settings, states, self._alignment, review),
            ),
            closing=(review, self._exporter),
        )
        if has_case(scene):
            restored_parts = (self._alignment, review, self._reading, self._report_text, tools)
            Restorer(link, state, settings, states, writer, *restored_parts, self._watch).restore()
            pending.begin()
        else:
            state.detected = settings.detected()
            state.notices += settings.drop_refused_changes()
        journal.begin()

    # --- parts that act on the case: before each act, the scene is looked at

    def _looked(self) -> None:
        """Notice what was changed in the scene before an act; refused when the scene was closed."""
        _ = self._link.scene
        self._watch.look()

    @property
    def _readable(self) -> CaseState:
        """The case, to be read; refused when its scene was closed, which holds another case now, or none."""
        if self.case_state.case is not None:
            _ = self._link.scene
        return self.case_state

    @property
    def _review(self) -> ReviewActs:
        self._looked()
        return self._review_acts

    @property
    def _regions(self) -> RegionActs:
        self._looked()
        return self._region_acts

    @property
    def _ground(self) -> GroundActs:
        self._looked()
        return self._ground_acts

    @property
    def _preview(self) -> LivePreview:
        self._looked()
        return self._live_preview

    # --- the scene and its settings

    @property
    def scene(self) -> Any:
        """The scene; refused once the session is closed."""
        return self._link.scene

    @property
    def changed(self) -> list[Callable[[str], None]]:
        """Callbacks that are called with a word of :data:`.types.CHANGES` when something changed."""
        return self._notify.callbacks

    @property
    def settings(self) -> SessionSettings:
        """What is kept on the parameter node."""
        return self._settings.now

    @property
    def warnings(self) -> list[str]:
        """What the user must know, in the order of the steps."""
        self._watch.look()
        return self.case_state.warnings

    @property
    def notes(self) -> list[str]:
        """Facts for the reader that are no warnings."""
        return self.case_state.notes

    def header(self) -> dict[str, str | None]:
        """``patient``, ``study_date`` and ``group``, for the first line of the panel; None where unknown."""
        case = self.case_state.case
        patient = case.patient if case is not None else self._volumes.patient()
        name = patient.get("patient_name") or patient.get("patient_id")
        return {"patient": name, "study_date": patient.get("study_date"), "group": self.group}

    def volume_of(self, role: str) -> Any:
        """The volume node that shows a series: of the PET the one in SUV; None when there is none."""
        shown = self._link.series_volume(role)
        return shown if shown is not None else self._settings.role_nodes().get(role)

    def node_of(self, key: str) -> Any:
        """A node with results by its key, see :meth:`.scene_link.SceneLink.result_node`; None when there is none."""
        return self._link.result_node(key)

    def save_state(self) -> None:
        """Write all into the scene: transforms show the result, the text holds the last decisions."""
        if self.case_state.case is not None:
            self._looked()
            self._writer.write_all()

    def close(self) -> None:
        """Release the scene and all images; the scene keeps the case."""
        self.changed.clear()
        self._journal.close()
        self._link.close()
        self.case_state.forget()

    # --- steps

    def state(self, step: str) -> StepState:
        """How far a step is."""
        self._watch.look()
        return self.step_states.of(step)

    def reason_not_ready(self, step: str) -> str | None:
        """Why a step cannot run, as a sentence for its button; None when it can."""
        return self._steps.step(step).reason_not_ready(self.case_state)

    def prepare(self, step: str) -> Job[Any]:
        """Read what a step needs from the scene; on the main thread.

        Parameters
        ----------
        step : str
            ``case``, ``align`` or ``find``.

        Raises
        ------
        PainGeneratorError
            When the step cannot run.
        """
        computing = self._steps.computing(step)
        _ = self._link.scene
        self._watch.look(thorough=True)
        reason = computing.reason_not_ready(self.case_state)
        if reason is not None:
            raise PainGeneratorError(reason, "Finish the steps above first.")
        job = computing.prepare(self.case_state)
        if step == "find":
            self._anatomy_read = self._watch.read_anatomy()
        return job

    def apply(self, job: Job[Any]) -> None:
        """Write the results of a computed job into the scene; on the main thread.

        Raises
        ------
        ValueError
            When the job was not computed.
        PainGeneratorError
            When the input of the step changed since the job was made, or the scene was closed.
        """
        result = job.result
        if self._link.is_closed:
            raise PainGeneratorError(
                f"The scene was closed while the step {job.step} was running: its result was not kept.",
                "Open the case again, or load its series, and run the step again.",
            )
        self._watch.look(thorough=True)
        if job.revision != self.case_state.revision:
            raise PainGeneratorError(
                f"The input of the step {job.step} changed while it was running.", "Run the step again."
            )
        step = self._steps.computing(job.step)
        self._review.take_strokes()
        if step.name == "case":
            self._watch.begin(result[0])
        elif step.name == "find":
            self._watch.begin_finding(self._anatomy_read)
        step.apply(self.case_state, result)
        self.step_states.set_done(step.name)
        self._notify(step.changes)

    def run(self, step: str, progress: Show = silent) -> None:
        """Prepare, compute and apply in a row."""
        job = self.prepare(step)
        job.compute(progress)
        self.apply(job)

    def steps_to_run(self) -> list[str]:
        """The computing steps that are not done, in order: what "Run all" has to do."""
        self._watch.look()
        return self.step_states.to_run()

    def run_all(self, progress: Show = silent) -> None:
        """Run every computing step that is not done."""
        steps = self.steps_to_run()
        for number, step in enumerate(steps):
            self.run(step, part(progress, number / len(steps), (number + 1) / len(steps)))

    # --- inputs of the case (CaseInputs, LoadedVolumes)

    def detect(self) -> list[RoleProposal]:
        """Propose volumes of the scene for the roles and take the proposals over."""
        return self._inputs.detect()

    def check(self) -> CaseCheck:
        """What the case consists of and what is doubtful, by its chosen volumes; the case stays as it is.

        Raises
        ------
        PainGeneratorError
            When PET or MR were not chosen, or the SUV cannot be computed.
        """
        job = self.prepare("case")
        job.compute()
        return check_case(*job.result)

    def roles(self) -> dict[str, str]:
        """Node id by role, for the roles that are filled."""
        return self._settings.roles()

    def set_role(self, role: str, node_id: str | None, reason: str = "Chosen by hand.") -> None:
        """Choose the volume for a role, or none. A volume that had another role loses that role."""
        self._inputs.set_role(role, node_id, reason)

    def role_reason(self, role: str) -> str | None:
        """Why a volume has its role; None when the role is not filled."""
        return self.settings.roleReasons.get(role)

    def role_reasons(self) -> dict[str, str]:
        """Why each volume has its role."""
        return dict(self.settings.roleReasons)

    @property
    def group(self) -> str:
        """``low-back`` or ``hip-replacement``; low-back until the user says it."""
        return self._settings.group

    @group.setter
    def group(self, group: str) -> None:
        self._inputs.set_group(group)

    def group_shown(self) -> str:
        """Which group images and scene show, and by what, as a sentence; empty where nothing shows one."""
        return self._groups.sentence()

    def group_question(self) -> str | None:
        """What contradicts the chosen group, to be asked before a run; None when there is nothing to ask."""
        return self._groups.question()

    def shown_group(self) -> str | None:
        """The group that images and scene show; None where nothing shows one."""
        return self._groups.shown()

    def answer_group(self, group: str) -> None:
        """Say which group it is where images and scene contradict the chosen one; it is not asked again then."""
        self._inputs.answer_group(group)

    @property
    def prosthesis_side(self) -> str | None:
        """``left``, ``right``, or None."""
        return self.settings.prosthesisSide or None

    @prosthesis_side.setter
    def prosthesis_side(self, side: str | None) -> None:
        self._inputs.set_prosthesis_side(side)

    def surgery(self) -> tuple[datetime.date | None, str | None, float | None]:
        """When a hip was replaced, how the prosthesis is fixed, and the CRP in mg/l; None for what was not given."""
        settings = self.settings
        return date_of(settings.surgeryDate), settings.fixation or None, settings.crpMgL or None

    def set_surgery(
        self, date: datetime.date | None = None, fixation: str | None = None, crp_mg_l: float | None = None
    ) -> None:
        """Say when a hip was replaced, how the prosthesis is fixed, and the CRP in mg/l; None takes a value back."""
        self._inputs.set_surgery(date, fixation, crp_mg_l)

    @property
    def pain_side(self) -> str | None:
        """``left``, ``right``, ``both``, ``midline``, or None."""
        return self.settings.painSide or None

    @pain_side.setter
    def pain_side(self, side: str | None) -> None:
        self._inputs.set_pain_side(side)

    @property
    def pain_sites(self) -> np.ndarray:
        """Where it hurts, RAS mm of the world, shape (n, 3)."""
        return self._inputs.pain_sites

    def set_pain_sites(self, points_ras: np.ndarray) -> None:
        """Say where it hurts: points in the world, RAS mm, shape (n, 3)."""
        self._inputs.set_pain_sites(points_ras)

    def pain_sites_node(self) -> Any:
        """The list of points that marks where it hurts; made when there is none."""
        return self._inputs.pain_sites_node()

    @property
    def anatomy_id(self) -> str | None:
        """Node id of the anatomy segmentation or label map."""
        return self._inputs.anatomy_id

    def set_anatomy(self, node_id: str | None) -> None:
        """Choose the anatomy, a segmentation or a label map of the scene, or none."""
        self._inputs.set_anatomy(node_id)

    def anatomy_reason(self) -> str:
        """Why the anatomy was proposed; empty when the reader chose it."""
        return self.settings.anatomyReason

    def anatomy_question(self) -> str | None:
        """A sentence on an anatomy in the scene that is not used, to be asked before a run; None without one."""
        return self._inputs.anatomy_question()

    def answer_anatomy(self, use: bool) -> None:
        """Use the anatomy that lies in the scene, or go on without it."""
        self._inputs.answer_anatomy(use)

    @property
    def pet_unit(self) -> str:
        """What the user said about the values of the PET: ``auto``, ``SUVbw`` or ``Bq/ml``."""
        return self.settings.petUnit

    def set_pet_unit(self, unit: str) -> None:
        """Say what the values of the PET are: ``auto`` (as header and node say), ``SUVbw`` or ``Bq/ml``."""
        self._inputs.set_pet_unit(unit)

    def by_hand(self) -> dict[str, Any]:
        """What was given by hand, by the names of :meth:`set_by_hand`; None for what was not."""
        return self._inputs.by_hand()

    def set_by_hand(
        self,
        weight_kg: float | None = None,
        height_m: float | None = None,
        dose_mbq: float | None = None,
        injection_time: datetime.datetime | None = None,
        scan_time: datetime.datetime | None = None,
    ) -> None:
        """Give what the DICOM header lacks; None takes a value back. Times are clock times of the scanner."""
        self._inputs.set_by_hand(weight_kg, height_m, dose_mbq, injection_time, scan_time)

    def suv_line(self) -> SuvLine:
        """The SUV in words, what is missing for it, and the table of what was used."""
        return self._volumes.suv_line()

    def suv_result(self) -> SuvResult | None:
        """The result of the step Case; None before it was run."""
        suv = self._readable.suv
        return None if suv is None else suv.result

    # --- alignment (AlignmentControl)

    def alignment_rows(self) -> list[dict[str, Any]]:
        """One row for each aligned series, see :meth:`.alignment_control.AlignmentControl.rows`."""
        _ = self._readable
        return self._alignment.rows()

    def show_before(self, before: bool) -> None:
        """Show the series where the scanner put them (True), or where the alignment puts them."""
        self._alignment.show_before(before)

    @property
    def shows_before(self) -> bool:
        """True while the alignment of the scanner is shown in place of the result."""
        return self._alignment.shows_before

    def use_scanner_alignment(self, role: str) -> None:
        """Go back to where the scanner put a series, and those that were aligned through it."""
        self._alignment.use_scanner(role)

    def accept_alignment(self, role: str) -> None:
        """Take the transform of a series as right, even where the program could not decide."""
        self._alignment.accept(role)

    def replace_alignment(self, alignment: Alignment) -> None:
        """Put another alignment in the place of the result; what was found with the former one is out of date."""
        self._alignment.replace(alignment)

    def set_landmarks(self, role: str, reference_points_ras: np.ndarray, series_points_ras: np.ndarray) -> None:
        """Give pairs of points to start the next alignment from; no point takes the pairs back."""
        self._alignment.set_landmarks(role, reference_points_ras, series_points_ras)

    def transform_matrix(self, role: str) -> np.ndarray:
        """What the scene shows now: 4 x 4, maps points of a series to the world, RAS mm."""
        return self._link.series_to_world(role)

    # --- protocol (ProtocolParameters)

    def protocol(self) -> Protocol:
        """The parameters for this case, with the changes of the user."""
        return self._settings.protocol()

    def protocol_entries(self) -> list[ParameterEntry]:
        """All parameters of the protocol of the case."""
        return self._parameters.entries()

    def set_parameter(self, name: str, value: Any) -> None:
        """Change one parameter, ``stage.key``; PainGeneratorError when the name or the value is wrong."""
        self._parameters.set(name, value)

    def reset_parameter(self, name: str) -> None:
        """Take one parameter back to the shipped value."""
        self._parameters.reset(name)

    def reset_parameters(self) -> None:
        """Take all parameters back to the shipped values."""
        self._parameters.reset_all()

    # --- live preview (LivePreview, FoundTools)

    def warm_up(self) -> Job[None] | None:
        """A job that makes what the first act after reopening would wait for; None when nothing is missing."""
        return self._tools.warm_up()

    def can_preview(self) -> bool:
        """True when another sensitivity or contour method can be shown at once."""
        return self._live_preview.is_possible()

    def preview(self, sensitivity: float, method: str, values: Mapping[str, Any] | None = None) -> int:
        """Show the contours of another sensitivity and contour method, see :meth:`.live_preview.LivePreview.show`."""
        return self._preview.show(sensitivity, method, values)

    def preview_changes(self) -> Region | None:
        """The voxels that the last preview changed, see :meth:`.live_preview.LivePreview.changes`."""
        return self._live_preview.changes()

    def preview_rows(self) -> list[dict[str, Any]]:
        """The foci of the preview, hottest first, see :meth:`.live_preview.LivePreview.rows`."""
        _ = self._readable
        return self._live_preview.rows()

    def drop_preview(self) -> None:
        """Show the contours of the last run again."""
        self._preview.drop()

    def commit_preview(self) -> None:
        """Make candidates of the previewed setting; decisions go to the new candidates at the same place."""
        self._preview.commit()

    # --- review (ReviewActs)

    def candidates(self) -> list[Candidate]:
        """The list as it stands, best first."""
        return list(self._readable.candidates)

    def set_apart(self) -> list[Candidate]:
        """What was found but has fewer points of evidence than the bar, best first."""
        return list(self._readable.set_apart)

    def attention(self) -> list[Candidate]:
        """What is no pain generator but has to be looked at, best first."""
        return list(self._readable.attention)

    def bring_back(self, ids: Iterable[str]) -> None:
        """Make candidates of entries that are set apart or to be looked at."""
        self._review.bring_back(ids)

    @property
    def unmatched(self) -> list[Candidate]:
        """Decided candidates that no new run has found again; they are shown and never dropped silently."""
        return list(self._readable.unmatched)

    def dismiss_unmatched(self, candidate_id: str) -> None:
        """Take a candidate off the list of those that were not found again."""
        self._review.dismiss_unmatched(candidate_id)

    def keep_unmatched(self, candidate_id: str) -> str:
        """Put a candidate that was not found again back on the list, as one of the reader; returns its id."""
        return self._review.keep_unmatched(candidate_id)

    def row(self, candidate: Candidate) -> dict[str, Any]:
        """The columns of the table as values, with the keys of ``candidates.json``; None where unknown."""
        return candidate.to_json()

    def accept(self, ids: Iterable[str]) -> None:
        """Mark candidates as accepted."""
        self._review.set_status(ids, Status.ACCEPTED)

    def reject(self, ids: Iterable[str]) -> None:
        """Mark candidates as rejected."""
        self._review.set_status(ids, Status.REJECTED)

    def physiologic(self, ids: Iterable[str]) -> None:
        """Mark candidates as physiologic."""
        self._review.set_status(ids, Status.PHYSIOLOGIC)

    def pending(self, ids: Iterable[str]) -> None:
        """Take a decision back."""
        self._review.set_status(ids, Status.PENDING)

    def rename(self, candidate_id: str, structure: str, side: str, level: str | None) -> None:
        """Give another structure, side and level."""
        self._review.rename(candidate_id, structure, side, level)

    def name_level(self, level: str, position_ras: np.ndarray) -> None:
        """Name one vertebra or disc at a position (RAS mm of the world, shape (3,)); all other levels follow."""
        self._review.name_level(level, position_ras)

    @property
    def sites(self) -> SiteTable:
        """Every site of the case with its measures; empty before the step Find."""
        found = self._readable.found
        return SiteTable() if found is None else found.sites

    def comment(self, candidate_id: str, text: str) -> None:
        """Write a comment, which the report shows."""
        self._review.comment(candidate_id, text)

    def delete(self, ids: Iterable[str]) -> None:
        """Take candidates off the list."""
        self._review.delete(ids)

    def merge(self, ids: Sequence[str]) -> str:
        """Make one candidate of several; returns its id."""
        return self._review.merge(ids)

    def split(self, candidate_id: str) -> list[str]:
        """Cut a candidate into its parts; returns their ids."""
        return self._review.split(candidate_id)

    def add_at(self, position_ras: np.ndarray) -> str:
        """Add a candidate that the reader saw at a position, RAS mm of the world, shape (3,); returns its id."""
        return self._review.add_at(position_ras)

    def begin_edit(self, candidate_id: str) -> tuple[Any, str]:
        """The segmentation node and the segment for the Segment Editor; the segment is made visible."""
        return self._review.begin_edit(candidate_id)

    def segment_edited(self, segment_id: str) -> bool:
        """Take the voxels of a segment that was changed with the Segment Editor; False when they are the same."""
        return self._review.segment_edited(segment_id)

    @property
    def undo_text(self) -> str | None:
        """What undo takes back; None when there is nothing."""
        return self._review_acts.undo_text

    @property
    def redo_text(self) -> str | None:
        """What redo does again; None when there is nothing."""
        return self._review_acts.redo_text

    def undo(self) -> None:
        """Take the last act back."""
        self._review.undo()

    def redo(self) -> None:
        """Do the act again that was taken back last."""
        self._review.redo()

    # --- readers, and the text for the report system (ReaderControl, ReportText)

    @property
    def reading(self) -> ReaderControl:
        """Who reads, a second review blind to the first, and both beside each other."""
        return self._reading

    def take_outlines(self, paths: Iterable[Path], how: str, reader: str = "") -> list[str]:
        """Take outlines and decisions of DICOM files (SEG, SR) into the case; gives what has to be said of them.

        :meth:`.taken_outlines.OutlineTaker.take` has the parameters.
        """
        _ = self._review
        return self._outlines.take(paths, how, reader)

    @property
    def report_text(self) -> ReportText:
        """The text for the report system, with the reader's own wording."""
        return self._report_text

    @property
    def journal(self) -> Journal:
        """What is written as decisions are made, so that a crash does not lose them."""
        return self._journal

    @property
    def recovery(self) -> Recovery:
        """Journals that a crash left, and going on where they ended."""
        return self._recovery

    # --- reading aids (ReadingAids)

    def reference_images(self) -> dict[str, Image]:
        """SUV and MR series by role (the PET first), placed in the reference frame; only aligned ones."""
        _ = self._readable
        return self._aids.reference_images()

    def position_of(self, candidate_id: str) -> np.ndarray:
        """Where the views go for an entry of any list: RAS mm of the world, shape (3,); always within its outline."""
        _ = self._readable
        return self._aids.position_of(self._review_acts.get_from_any(candidate_id))

    def highlight(self, candidate_id: str | None) -> None:
        """Make the outline of one candidate bright and the others dim; None makes all equal."""
        self._aids.highlight(candidate_id)

    def reference_uptake(self) -> ReferenceUptake | None:
        """The normal tissue that the window of the PET is set from; None before the step Find."""
        return reference_uptake(self._readable)

    def mirrored(self, position_ras: np.ndarray) -> tuple[np.ndarray | None, dict[str, Values]]:
        """The place on the other side of the body, and the values here and there."""
        _ = self._readable
        return self._aids.mirrored(position_ras)

    def readout_at(self, position_ras: np.ndarray) -> Readout:
        """Values, tissue and structure at a place (RAS mm of the world, shape (3,)), and why it is no candidate."""
        _ = self._readable
        return self._readouts.at(position_ras)

    def regions(self) -> list[SphereRegion]:
        """Spherical regions of the reader, with their measures."""
        _ = self._readable
        return self._region_acts.all()

    def add_region(self, center_ras: np.ndarray, diameter_mm: float) -> str:
        """Place a spherical region at a position (RAS mm of the world, shape (3,)); returns its id."""
        return self._regions.add(center_ras, diameter_mm)

    def delete_regions(self, ids: Iterable[str]) -> None:
        """Take spherical regions away."""
        self._regions.delete(ids)

    # --- what the reading rests on (GroundActs)

    def ground(self) -> Ground:
        """Body, tissues, references, frame, levels and roles that the reading rests on."""
        return self._ground.now()

    def show_ground(self, shown: bool) -> None:
        """Draw what the reading rests on over the images, or take it away."""
        self._ground.show(shown)

    def reference_job(self, kind: str, name: str = "", region_id: str = "") -> Job[Any]:
        """A job that reads the case with other references, see :meth:`.ground.GroundActs.job`."""
        return self._ground.job(kind, name, region_id)

    def take_references(self, job: Job[Any]) -> None:
        """Take the result of a computed :meth:`reference_job` over."""
        self._ground.take(job)

    # --- targets for a needle (TargetActs)

    def targets(self) -> list[Target]:
        """A point, and where it is known how a path, for each accepted or pending candidate, best first."""
        return self._targets.now()

    def show_targets(self, shown: bool) -> list[Target]:
        """Draw the paths of all targets, or take them out of the views; the targets that are drawn."""
        return self._targets.show(shown)

    def take_moved_paths(self) -> bool:
        """Measure the paths that the reader moved in the views; True when there were any."""
        return self._targets.take_moved()

    def reset_path(self, target_id: str) -> None:
        """Draw a moved path as it was proposed."""
        self._targets.reset(target_id)

    def path_nodes(self) -> list[Any]:
        """The lines of the paths in the scene."""
        return self._targets.nodes()

    # --- export (Exporter)

    def analysis(self) -> Analysis:
        """The case with the results of all steps, candidates as they stand."""
        _ = self._readable
        return self._exporter.analysis()

    def export(
        self,
        folder: str | Path,
        what: Iterable[str] = EXPORTS,
        overwrite: bool = False,
        progress: Show = silent,
        objects: Collection[str] = USUAL,
    ) -> Path:
        """Write the case into a folder, see :meth:`.exporting.Exporter.export`."""
        _ = self._link.scene
        self._watch.look(thorough=True)
        return self._exporter.export(folder, what, overwrite, progress, objects)
