"""What the user says about a case: volumes by role, group, sides, pain sites, anatomy, and values for the SUV."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..Numerics.core.words import Group, PainSide, ProsthesisSide, Role, listed
from ..Scene import markups
from ..Scene.node_keys import KEY_ATTRIBUTE
from ..Scene.volumes_in_scene import case_volumes, volume_facts
from ..Workflow.case import CaseOptions
from ..Workflow.prosthesis_facts import check_prosthesis_options
from .case_settings import CaseSettings
from .case_state import CaseState
from .notifier import Notifier
from .scene_link import SceneLink
from .step_states import StepStates
from .types import PET_UNITS, ROLE_FIELDS, RoleProposal
from .volume_roles import FileOfInstance, propose_roles


class CaseInputs:
    """Takes the inputs of a case. A changed input makes the steps out of date that depend on it.

    Parameters
    ----------
    link : SceneLink
    settings : CaseSettings
    state : CaseState
    states : StepStates
    notify : Notifier
    file_of_instance : callable or None
        Path of the file that holds a SOP Instance UID.
    """

    def __init__(
        self,
        link: SceneLink,
        settings: CaseSettings,
        state: CaseState,
        states: StepStates,
        notify: Notifier,
        file_of_instance: FileOfInstance | None,
    ) -> None:
        self._link, self._settings, self._state = link, settings, state
        self._states, self._notify = states, notify
        self._file_of_instance = file_of_instance

    # --- volumes

    def detect(self) -> list[RoleProposal]:
        """Propose volumes of the scene for the roles, each with its reason, and take the proposals over.

        A role that no volume fits is left as it is. What is ambiguous is among the warnings.
        """
        facts = [volume_facts(node) for node in case_volumes(self._link.scene)]
        proposals, warnings = propose_roles(facts, self._file_of_instance, self._settings.group)
        for proposal in proposals:
            self.set_role(proposal.role, proposal.node_id, proposal.reason)
        self._state.detected = warnings
        self._settings.keep(detectNotices=warnings)
        self._notify("case")
        return proposals

    def set_role(self, role: str, node_id: str | None, reason: str) -> None:
        """Choose the volume for a role, or none. A volume that had another role loses that role."""
        if role not in ROLE_FIELDS:
            raise ValueError(f"role must be one of {tuple(ROLE_FIELDS)}, not {role!r}")
        before = self._settings.roles()
        if before.get(role) == node_id:
            return
        node = None if node_id is None else self._link.require_node(node_id)
        values: dict[str, Any] = {}
        reasons = dict(self._settings.now.roleReasons)
        for emptied in (role, *(other for other, other_id in before.items() if other_id == node_id)):
            values[ROLE_FIELDS[emptied]] = None
            reasons.pop(emptied, None)
        if node is not None:
            values[ROLE_FIELDS[role]] = node
            reasons[role] = reason
        self._settings.keep(**values, roleReasons=reasons)
        self._changed("case")
        if role == Role.PET:
            self._notify("suv")

    # --- clinical data

    def set_group(self, group: str) -> None:
        """Choose the clinical group. Its protocol may align in another way."""
        if group not in tuple(Group):
            raise ValueError(f"group must be one of {listed(Group)}, not {group!r}")
        if group == self._settings.now.group:
            return
        before = self._settings.protocol().stages["alignment"]
        self._settings.keep(group=group)
        after = self._settings.protocol().stages["alignment"]
        self._changed("find" if after == before else "align")

    def set_prosthesis_side(self, side: str | None) -> None:
        """Choose ``left``, ``right``, or None."""
        self._set_word("prosthesisSide", side, tuple(ProsthesisSide))

    def set_pain_side(self, side: str | None) -> None:
        """Choose ``left``, ``right``, ``both``, ``midline``, or None."""
        self._set_word("painSide", side, tuple(PainSide))

    def set_surgery(
        self, date: datetime.date | None = None, fixation: str | None = None, crp_mg_l: float | None = None
    ) -> None:
        """Say when a hip was replaced, how the prosthesis is fixed, and the CRP; None takes a value back.

        Raises
        ------
        PainGeneratorError
            When a value cannot be true.
        """
        patient = {} if self._state.case is None else self._state.case.patient
        given = CaseOptions(group=Group.HIP_REPLACEMENT, surgery_date=date, fixation=fixation, crp_mg_l=crp_mg_l)
        check_prosthesis_options(given, patient.get("study_date"), patient.get("birth_date"))
        values = {
            "surgeryDate": "" if date is None else date.isoformat(),
            "fixation": fixation or "",
            "crpMgL": float(crp_mg_l or 0.0),
        }
        settings = self._settings.now
        if any(getattr(settings, name) != value for name, value in values.items()):
            self._settings.keep(**values)
            self._changed("find")

    def _set_word(self, name: str, word: str | None, known: Sequence[str]) -> None:
        if word is not None and word not in known:
            raise ValueError(f"{name} must be one of {listed(known)} or None, not {word!r}")
        if (word or "") != getattr(self._settings.now, name):
            self._settings.keep(**{name: word or ""})
            self._changed("find")

    @property
    def pain_sites(self) -> np.ndarray:
        """Where it hurts, RAS mm of the world, shape (n, 3)."""
        return np.array(self._state.pain_sites, dtype=float).reshape(-1, 3)

    def set_pain_sites(self, points_ras: np.ndarray) -> None:
        """Say where it hurts: points in the world, RAS mm, shape (n, 3)."""
        points = np.asarray(points_ras, dtype=float).reshape(-1, 3)
        sites = tuple((float(r), float(a), float(s)) for r, a, s in points)
        if sites != self._state.pain_sites:
            self._state.pain_sites = sites
            self._changed("find")

    def pain_sites_node(self) -> Any:
        """The list of points that marks where it hurts, for the user to place points in; made when there is none."""
        node = self._link.result_node("pain-sites")
        if node is None:
            node = markups.write_pain_sites(self._link.scene, self.pain_sites)
            node.SetAttribute(KEY_ATTRIBUTE, "pain-sites")
        return node

    @property
    def anatomy_id(self) -> str | None:
        """Node id of the anatomy segmentation or label map; None when there is none."""
        node = self._settings.now.anatomy
        return None if node is None else node.GetID()

    def set_anatomy(self, node_id: str | None) -> None:
        """Choose the anatomy, a segmentation or a label map of the scene, or none."""
        if node_id == self.anatomy_id:
            return
        self._settings.keep(anatomy=None if node_id is None else self._link.require_node(node_id))
        self._changed("find")

    def _changed(self, step: str) -> None:
        self._states.outdate(step)
        self._notify("case")

    # --- values for the SUV

    def set_pet_unit(self, unit: str) -> None:
        """Say what the values of the PET are: ``auto`` (as header and node say), ``SUVbw`` or ``Bq/ml``."""
        if unit not in PET_UNITS:
            raise ValueError(f"unit must be one of {PET_UNITS}, not {unit!r}")
        self._set_suv_input(petUnit=unit)

    def by_hand(self) -> dict[str, Any]:
        """What was given by hand, by the names of :meth:`set_by_hand`; None for what was not."""
        options = self._settings.options()
        return {
            "weight_kg": options.weight_kg,
            "height_m": options.height_m,
            "dose_mbq": options.dose_mbq,
            "injection_time": options.injection_time,
            "scan_time": self._settings.scan_time,
        }

    def set_by_hand(
        self,
        weight_kg: float | None = None,
        height_m: float | None = None,
        dose_mbq: float | None = None,
        injection_time: datetime.datetime | None = None,
        scan_time: datetime.datetime | None = None,
    ) -> None:
        """Give what the DICOM header lacks; None takes a value back. Times are clock times of the scanner."""
        self._set_suv_input(
            weightKg=float(weight_kg or 0.0),
            heightM=float(height_m or 0.0),
            doseMbq=float(dose_mbq or 0.0),
            injectionTime="" if injection_time is None else injection_time.isoformat(sep=" "),
            scanTime="" if scan_time is None else scan_time.isoformat(sep=" "),
        )

    def _set_suv_input(self, **values: Any) -> None:
        settings = self._settings.now
        if any(getattr(settings, name) != value for name, value in values.items()):
            self._settings.keep(**values)
            self._states.outdate("case")
            self._notify("suv")
