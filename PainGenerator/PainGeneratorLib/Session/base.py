"""What all parts of the session share: the scene, the settings kept in it, the states of the steps, the case."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

from ..Anatomy.anatomy_map import AnatomyMap
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Registration.landmarks import LandmarkPairs
from ..Scene.node_keys import find_node
from ..Scene.parameters import parameter_node, read_parameters, write_parameters
from ..Scene.scene_content import SceneContent
from ..Scene.write_case import write_case
from ..Workflow.case import Case, CaseOptions
from ..Workflow.case_in_scene import scene_content
from ..Workflow.finding import Found
from ..Workflow.protocol import Protocol, load_protocol
from ..Workflow.stages import Alignment, Suv
from .review import Review
from .types import ROLE_FIELDS, STEPS, SessionSettings, StepState
from .volume_roles import FileOfInstance

Export = Callable[..., Any]


class SessionBase:
    """State of a session; its parts (mix-ins) add the steps.

    Parameters
    ----------
    scene : vtkMRMLScene
    file_of_instance : callable, optional
        Path of the file that holds a SOP Instance UID (in Slicer ``slicer.dicomDatabase.fileForInstance``); None when
        there is no database.
    exporter : callable, optional
        Writes the outputs (``Report.session_export.export_session``); export is refused without it.
    """

    def __init__(
        self, scene: Any, file_of_instance: FileOfInstance | None = None, exporter: Export | None = None
    ) -> None:
        self._scene = scene
        self._file_of_instance, self._exporter = file_of_instance, exporter
        self.changed: list[Callable[[str], None]] = []
        self.warnings: list[str] = []
        self._notices: list[str] = []
        """Warnings of Detect and of reopening, which belong to no step's result."""
        self._case: Case | None = None
        self._suv: Suv | None = None
        self._alignment: Alignment | None = None
        self._anatomy: AnatomyMap | None = None
        self._found: Found | None = None
        self._review: Review | None = None
        self._unmatched: list[Any] = []
        self._landmarks: dict[str, LandmarkPairs] = {}
        self._pain_sites: tuple[tuple[float, float, float], ...] = ()
        self._revision = 0
        self._shown: dict[str, Region] = {}
        """Outlines of the candidates as the scene shows them, by id."""

    @property
    def scene(self) -> Any:
        """The scene; refused once the session is closed."""
        if self._scene is None:
            raise ValueError("the session is closed")
        return self._scene

    def notify(self, what: str) -> None:
        """Tell all callbacks what changed."""
        for callback in list(self.changed):
            callback(what)

    # --- settings

    @property
    def settings(self) -> SessionSettings:
        """What is kept on the parameter node."""
        return read_parameters(parameter_node(self.scene), SessionSettings)

    def _keep(self, **values: Any) -> None:
        """Change settings; unchanged ones fire no event."""
        now = self.settings
        changed = dataclasses.replace(now, **values)
        if changed != now:
            write_parameters(parameter_node(self.scene), changed)

    def roles(self) -> dict[str, str]:
        """Node id by role, for the roles that are filled."""
        settings = self.settings
        nodes = {role: getattr(settings, name) for role, name in ROLE_FIELDS.items()}
        return {role: node.GetID() for role, node in nodes.items() if node is not None}

    @property
    def group(self) -> str:
        """``low-back`` or ``hip-replacement``; low-back until it is said."""
        return self._options().resolved_group()[0]

    def _options(self) -> CaseOptions:
        """What the user said about the case."""
        settings = self.settings
        group = settings.group or None
        side = settings.prosthesisSide or None
        return CaseOptions(
            group=group,
            prosthesis_side=None if group == "low-back" else side,
            pain_side=settings.painSide or None,
            pain_sites_ras_mm=self._pain_sites,
            weight_kg=settings.weightKg or None,
            height_m=settings.heightM or None,
            dose_mbq=settings.doseMbq or None,
            injection_time=_time(settings.injectionTime),
            settings=tuple(settings.protocolChanges.items()),
        )

    def protocol(self) -> Protocol:
        """The parameters for this case, with the changes of the user."""
        return load_protocol(self.group).with_values(self.settings.protocolChanges)

    # --- states of the steps

    def state(self, step: str) -> StepState:
        """How far a step is."""
        if step not in STEPS:
            raise ValueError(f"step must be one of {STEPS}, not {step!r}")
        if step == "review":
            found = self.state("find")
            if found is not StepState.DONE or self._review is None:
                return found
            open_ones = any(c.status == "pending" for c in self._review.candidates)
            return StepState.NOT_DONE if open_ones else StepState.DONE
        text = self.settings.stepStates.get(step)
        return StepState(text) if text else StepState.NOT_DONE

    def _set_done(self, step: str) -> None:
        states = dict(self.settings.stepStates)
        states[step] = StepState.DONE.value
        self._keep(stepStates=states)
        following = STEPS[STEPS.index(step) + 1 :]
        if following:
            self._outdate(following[0])
        self.notify("steps")

    def _outdate(self, step: str) -> None:
        """A step's input changed: it and all that follow are out of date, where they were done."""
        self._revision += 1
        states = dict(self.settings.stepStates)
        for later in STEPS[STEPS.index(step) :]:
            if later in states:
                states[later] = StepState.OUT_OF_DATE.value
        self._keep(stepStates=states)
        self.notify("steps")

    def reason_not_ready(self, step: str) -> str | None:
        """Why a step cannot run, as a sentence for its button; None when it can."""
        if step not in STEPS:
            raise ValueError(f"step must be one of {STEPS}, not {step!r}")
        return getattr(self, f"_reason_not_{step}")()

    def _require_ready(self, step: str) -> None:
        reason = self.reason_not_ready(step)
        if reason is not None:
            raise PainGeneratorError(reason, "Finish the steps above first.")

    # --- the case and the scene

    def header(self) -> dict[str, str | None]:
        """``patient``, ``study_date`` and ``group``, for the panel's first line; None where unknown."""
        patient = self._case.patient if self._case is not None else self._patient_of_roles()
        name = patient.get("patient_name") or patient.get("patient_id")
        return {"patient": name, "study_date": patient.get("study_date"), "group": self.group}

    def _patient_of_roles(self) -> dict[str, Any]:
        return {}

    def volume_of(self, role: str) -> Any:
        """The volume node that shows a series: of the PET the one in SUV; None when there is none."""
        found = find_node(self.scene, "vtkMRMLScalarVolumeNode", f"series.{role}.0")
        node_id = self.roles().get(role)
        return found if found is not None else self.scene.GetNodeByID(node_id) if node_id else None

    def node_of(self, key: str) -> Any:
        """A result node: ``candidates``, ``hot-spots``, ``mr-findings``, ``implant-margin`` (segmentations),
        ``targets``, ``pain-sites`` (points), ``table``, ``suv``, ``alignment`` (tables), ``transform.<ROLE>.0``.
        None when there is none.
        """
        for class_name in (
            "vtkMRMLSegmentationNode",
            "vtkMRMLMarkupsFiducialNode",
            "vtkMRMLTableNode",
            "vtkMRMLLinearTransformNode",
        ):
            found = find_node(self.scene, class_name, key)
            if found is not None:
                return found
        return None

    def _own_volumes(self) -> dict[str, Any]:
        """The user's volumes that the case was read from; the PET only when it needs no conversion."""
        volumes = {
            role: self.scene.GetNodeByID(series.facts.get("source_id") or "")
            for role, series in self._case.series.items()
        }
        if not self._pet_is_shown_as_it_is():
            volumes.pop("PET", None)
        return volumes

    def _pet_is_shown_as_it_is(self) -> bool:
        return bool(self._case.series["PET"].facts.get("is_shown_as_it_is"))

    def _all_warnings(self) -> list[str]:
        """What the user must know, in the order of the steps."""
        sentences = list(self._notices)
        if self._case is not None:
            sentences += self._case.warnings.sentences
        if self._suv is not None:
            sentences += self._suv.result.warnings
        if self._alignment is not None:
            for role, series in self._alignment.by_role.items():
                if not series.aligned:
                    sentences.append(f"{role} is not aligned: {series.reason} {series.advice}")
                sentences += [f"{role}: {text}" for text in series.warnings]
        if self._anatomy is not None:
            sentences += self._anatomy.warnings
        if self._found is not None:
            mr = self._found.mr
            sentences += [*mr.warnings, *mr.implant.warnings, *self._found.pet.warnings]
        return list(dict.fromkeys(sentences))

    def _content(self) -> SceneContent:
        """The case as it stands, for its scene."""
        content = scene_content(
            self._case,
            self._suv,
            self._alignment,
            self._anatomy,
            self._found,
            volumes=self._own_volumes(),
            warnings=self.warnings,
        )
        content.working["unmatched"] = list(self._unmatched)
        content.working["landmarks"] = {
            role: [pairs.reference_ras, pairs.series_ras] for role, pairs in self._landmarks.items()
        }
        return content

    def _write_scene(self, *, set_views: bool = False) -> None:
        """Put the case as it stands into the scene."""
        self.warnings = self._all_warnings()
        content = self._content()
        write_case(self.scene, content, set_views=set_views)
        self._shown = {candidate.id: candidate.region for candidate in content.candidates}

    def save_state(self) -> None:
        """Make sure that the scene holds all: transforms show the result, the text what was decided last."""
        if self._case is not None:
            self._write_scene()


def _time(text: str) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None
