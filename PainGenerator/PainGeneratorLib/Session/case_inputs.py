"""What the user says about a case: volumes by role, group, sides, pain sites, anatomy, and values for the SUV."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..Numerics.core.words import Group, PainSide, ProsthesisSide, Role, listed
from ..Scene import markups
from ..Scene.node_keys import KEY_ATTRIBUTE
from ..Scene.volumes_in_scene import VolumeFacts, case_volumes, volume_facts
from ..Workflow.case import CaseOptions
from ..Workflow.prosthesis_facts import check_prosthesis_options
from .anatomy_proposal import AnatomyProposal
from .case_settings import CaseSettings
from .case_state import CaseState, Detected
from .group_proposal import GroupProposal
from .notifier import Notifier
from .scene_link import SceneLink
from .step_states import StepStates
from .types import PET_UNITS, ROLE_FIELDS, RoleProposal
from .volume_roles import FileOfInstance, ProposedRoles, propose_roles


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
    groups : GroupProposal
    anatomy : AnatomyProposal
    """

    def __init__(
        self,
        link: SceneLink,
        settings: CaseSettings,
        state: CaseState,
        states: StepStates,
        notify: Notifier,
        file_of_instance: FileOfInstance | None,
        groups: GroupProposal,
        anatomy: AnatomyProposal,
    ) -> None:
        self._link, self._settings, self._state = link, settings, state
        self._groups, self._anatomy = groups, anatomy
        self._states, self._notify = states, notify
        self._file_of_instance = file_of_instance

    # --- volumes

    def detect(self) -> list[RoleProposal]:
        """Propose volumes of the scene for the roles, each with its reason, an anatomy, and the clinical group; and
        take the proposals over.

        A role that no volume fits is left as it is, and so are a group and an anatomy that the reader chose. What is
        ambiguous is among the warnings.
        """
        facts = [volume_facts(node) for node in case_volumes(self._link.scene)]
        found = self._take_roles(facts)
        self.propose_anatomy(again=True)
        if self._propose_group():
            # Another group reads other series.
            found = self._take_roles(facts)
        self._state.detected = Detected(self._settings.roles(), tuple(found.warnings), tuple(found.notes))
        self._settings.keep(detectNotices=list(found.warnings), detectNotes=list(found.notes))
        self._notify("case")
        return found.proposals

    def _take_roles(self, facts: Sequence[VolumeFacts]) -> ProposedRoles:
        """Propose roles for the chosen group, and take the proposals over."""
        found = propose_roles(facts, self._file_of_instance, self._settings.group)
        for proposal in found.proposals:
            self.set_role(proposal.role, proposal.node_id, proposal.reason)
        return found

    def _propose_group(self) -> bool:
        """Take the group that is shown, unless the reader chose one; True when it is another one than before."""
        settings = self._settings.now
        shown = self._groups.shown()
        if shown is None or (settings.group and not settings.groupIsProposed):
            return False
        before = self._settings.group
        self.set_group(shown)
        self._settings.keep(groupIsProposed=True)
        return before != shown

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
            self._settings.keep(groupIsProposed=False)
            return
        before = self._settings.protocol().stages["alignment"]
        self._settings.keep(group=group, groupIsProposed=False, groupConfirmed="")
        after = self._settings.protocol().stages["alignment"]
        self._changed("find" if after == before else "align")

    def answer_group(self, group: str) -> None:
        """Say which group it is where images and scene contradict the chosen one; it is not asked again then."""
        self.set_group(group)
        self._settings.keep(groupConfirmed=group)
        self._notify("case")

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
        self._take_anatomy(node_id, "")

    def propose_anatomy(self, again: bool = False) -> bool:
        """Take a segmentation or label map of bones as the anatomy, unless the reader chose one; True when one was.

        Parameters
        ----------
        again : bool
            Propose also the one that the reader took away.
        """
        if self._settings.now.anatomy is not None:
            return False
        found = self._anatomy.best()
        if found is None or (found.node_id == self._settings.now.anatomyRefused and not again):
            return False
        self._take_anatomy(found.node_id, found.reason)
        return True

    def anatomy_question(self) -> str | None:
        """A sentence on an anatomy in the scene that is not used; None without one, and once it was answered."""
        settings = self._settings.now
        found = None if settings.anatomy is not None else self._anatomy.best()
        return None if found is None or found.node_id == settings.anatomyRefused else found.question

    def answer_anatomy(self, use: bool) -> None:
        """Use the anatomy that lies in the scene, or go on without it."""
        if use:
            self.propose_anatomy(again=True)
            return
        found = self._anatomy.best()
        if found is not None:
            self._settings.keep(anatomyRefused=found.node_id)
            self._notify("case")

    def _take_anatomy(self, node_id: str | None, reason: str) -> None:
        before = self.anatomy_id
        if node_id == before:
            return
        node = None if node_id is None else self._link.require_node(node_id)
        refused = (before or "") if node_id is None else ""
        self._settings.keep(anatomy=node, anatomyReason=reason, anatomyRefused=refused)
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
