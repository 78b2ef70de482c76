"""Step 1 of the session: volumes by role, group, sides, pain sites, anatomy, and the SUV."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from ..Dicom.values import parse_date
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.words import LATERAL_SIDES, Group, PainSide, listed
from ..Numerics.suv.factors import PetHeader, SuvResult, unit_kind
from ..Scene import markups, nodes
from ..Scene.node_keys import KEY_ATTRIBUTE
from ..Scene.volumes_in_scene import (
    SOURCE_ROLE,
    VolumeFacts,
    case_volumes,
    lies_under_a_warp,
    own_frame_image,
    volume_facts,
)
from ..Workflow.case import Case, CaseSeries, Warnings
from ..Workflow.progress import Show
from ..Workflow.stages import Suv
from .base import SessionBase
from .pet_source import PetSource, pet_source, suv_factors, suv_line
from .types import PET_UNITS, ROLE_FIELDS, Job, RoleProposal, SuvLine
from .volume_roles import headers_of, pet_header_of, propose_roles

REFERENCE_ORDER = ("T1", "CONTRAST", "T2", "FLUID")
"""The reference series is the first of these that there is (as in ``Dicom.roles``)."""

MODALITIES = {"PET": "PT"}


class CaseStep(SessionBase):
    """Detect, set and read the case."""

    def detect(self) -> list[RoleProposal]:
        """Propose volumes of the scene for the roles, each with its reason, and take the proposals over.

        A role that nothing fits is left as it is. What is ambiguous is among ``warnings``.
        """
        volumes = [volume_facts(node) for node in case_volumes(self.scene)]
        proposals, warnings = propose_roles(volumes, self._file_of_instance)
        for proposal in proposals:
            self.set_role(proposal.role, proposal.node_id, proposal.reason)
        self._notices = warnings
        self.warnings = self._all_warnings()
        self.notify("case")
        return proposals

    def set_role(self, role: str, node_id: str | None, reason: str = "Chosen by hand.") -> None:
        """Choose the volume for a role, or none. A volume that had another role loses that."""
        if role not in ROLE_FIELDS:
            raise ValueError(f"role must be one of {tuple(ROLE_FIELDS)}, not {role!r}")
        before = self.roles()
        if before.get(role) == node_id:
            return
        node = None if node_id is None else self.scene.GetNodeByID(node_id)
        if node_id is not None and node is None:
            raise ValueError(f"there is no node {node_id}")
        values: dict[str, Any] = {ROLE_FIELDS[role]: node}
        reasons = dict(self.settings.roleReasons)
        for other, other_id in before.items():
            if node_id is not None and other_id == node_id and other != role:
                values[ROLE_FIELDS[other]] = None
                reasons.pop(other, None)
        if node is None:
            reasons.pop(role, None)
        else:
            reasons[role] = reason
        self._keep(**values, roleReasons=reasons)
        self._outdate("case")
        self.notify("case")
        if role == "PET":
            self.notify("suv")

    def role_reason(self, role: str) -> str | None:
        """Why a volume has its role."""
        return self.settings.roleReasons.get(role)

    def role_reasons(self) -> dict[str, str]:
        """Why each volume has its role."""
        return dict(self.settings.roleReasons)

    # --- what the user says

    @property
    def group(self) -> str:
        """``low-back`` or ``hip-replacement``; low-back until it is said."""
        return super().group

    @group.setter
    def group(self, group: str) -> None:
        if group not in tuple(Group):
            raise ValueError(f"group must be one of {listed(Group)}, not {group!r}")
        if group != self.settings.group:
            aligned_before = self.protocol().stages["alignment"]
            self._keep(group=group)
            self._outdate("align" if self.protocol().stages["alignment"] != aligned_before else "find")
            self.notify("case")

    @property
    def prosthesis_side(self) -> str | None:
        """``left``, ``right``, or None."""
        return self.settings.prosthesisSide or None

    @prosthesis_side.setter
    def prosthesis_side(self, side: str | None) -> None:
        self._set_word("prosthesisSide", side, LATERAL_SIDES)

    @property
    def pain_side(self) -> str | None:
        """``left``, ``right``, ``both``, ``midline``, or None."""
        return self.settings.painSide or None

    @pain_side.setter
    def pain_side(self, side: str | None) -> None:
        self._set_word("painSide", side, tuple(PainSide))

    def _set_word(self, name: str, word: str | None, known: tuple[str, ...]) -> None:
        if word is not None and word not in known:
            raise ValueError(f"{name} must be one of {known} or None, not {word!r}")
        if (word or "") != getattr(self.settings, name):
            self._keep(**{name: word or ""})
            self._outdate("find")
            self.notify("case")

    @property
    def pain_sites(self) -> np.ndarray:
        """Where it hurts, RAS mm of the world, shape (n, 3)."""
        return np.array(self._pain_sites, dtype=float).reshape(-1, 3)

    def set_pain_sites(self, points_ras: np.ndarray) -> None:
        """Where it hurts: points in the world, RAS mm, shape (n, 3)."""
        points = np.asarray(points_ras, dtype=float).reshape(-1, 3)
        sites = tuple((float(r), float(a), float(s)) for r, a, s in points)
        if sites != self._pain_sites:
            self._pain_sites = sites
            self._outdate("find")
            self.notify("case")

    def pain_sites_node(self) -> Any:
        """The point list of the pain sites, which the user may place points in; made when there is none."""
        node = self.node_of("pain-sites")
        if node is None:
            node = markups.write_pain_sites(self.scene, self.pain_sites)
            node.SetAttribute(KEY_ATTRIBUTE, "pain-sites")
        return node

    @property
    def anatomy_id(self) -> str | None:
        """Node id of the anatomy segmentation or label map."""
        node = self.settings.anatomy
        return None if node is None else node.GetID()

    def set_anatomy(self, node_id: str | None) -> None:
        """Choose the anatomy: a segmentation or a label map of the scene, or none."""
        if node_id == self.anatomy_id:
            return
        node = None if node_id is None else self.scene.GetNodeByID(node_id)
        if node_id is not None and node is None:
            raise ValueError(f"there is no node {node_id}")
        self._keep(anatomy=node)
        self._outdate("find")
        self.notify("case")

    def set_pet_unit(self, unit: str) -> None:
        """Say what the values of the PET are: ``auto`` (header and node tell), ``SUVbw`` or ``Bq/ml``."""
        if unit not in PET_UNITS:
            raise ValueError(f"unit must be one of {PET_UNITS}, not {unit!r}")
        self._set_suv_input(petUnit=unit)

    @property
    def pet_unit(self) -> str:
        """What the user said about the values of the PET: ``auto``, ``SUVbw`` or ``Bq/ml``."""
        return self.settings.petUnit

    def by_hand(self) -> dict[str, Any]:
        """What was given by hand, by the names of :meth:`set_by_hand`; None for what was not."""
        settings, options = self.settings, self._options()
        return {
            "weight_kg": options.weight_kg,
            "height_m": options.height_m,
            "dose_mbq": options.dose_mbq,
            "injection_time": options.injection_time,
            "scan_time": datetime.datetime.fromisoformat(settings.scanTime) if settings.scanTime else None,
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
        settings = self.settings
        if any(getattr(settings, name) != value for name, value in values.items()):
            self._keep(**values)
            self._outdate("case")
            self.notify("suv")

    # --- SUV

    def suv_line(self) -> SuvLine:
        """The SUV in words, what is missing for it, and the table of what was used."""
        source, facts = self._pet_source()
        slices = 0 if facts is None else facts.geometry.shape[0]
        return suv_line(source, self._options(), slices, None if facts is None else facts.dicom.get("PatientSex"))

    def _pet_source(self) -> tuple[PetSource | None, VolumeFacts | None]:
        node_id = self.roles().get("PET")
        if node_id is None:
            return None, None
        facts = volume_facts(self.scene.GetNodeByID(node_id))
        text = self.settings.scanTime
        scan_time = datetime.datetime.fromisoformat(text) if text else None
        source = pet_source(facts, self._pet_header(facts), self.settings.petUnit, self._options(), scan_time)
        return source, facts

    def _pet_header(self, facts: VolumeFacts) -> PetHeader | None:
        """The header behind the PET, read once for each volume."""
        if unit_kind(facts.unit or "") and self.settings.petUnit == "auto":
            return None
        key = (facts.node_id, facts.instance_uids)
        if self._header_cache is None or self._header_cache[0] != key:
            self._header_cache = (key, pet_header_of(facts, self._file_of_instance))
        return self._header_cache[1]

    _header_cache: tuple[Any, PetHeader | None] | None = None

    # --- reading

    def _reason_not_case(self) -> str | None:
        roles = self.roles()
        if "PET" not in roles:
            return "Choose the PET volume, or press Detect."
        if not any(role in roles for role in REFERENCE_ORDER):
            return "Choose an MR series (T1, contrast-enhanced T1, T2 or fluid-sensitive), or press Detect."
        line = self.suv_line()
        return None if line.is_known else line.text

    def _prepare_case(self) -> Job:
        """Read the volumes of the scene; the SUV is computed by the job."""
        source, facts = self._pet_source()
        options, roles = self._options(), self.roles()
        result = suv_factors(source, options, facts.geometry.shape[0], facts.dicom.get("PatientSex"))
        notes = Warnings()
        notes.add(*options.resolved_group()[1])
        series: dict[str, CaseSeries] = {}
        described: dict[str, dict[str, Any]] = {}
        pet_factors = result.factors.astype(np.float32)
        for role, node_id in roles.items():
            node = self.scene.GetNodeByID(node_id)
            about = facts if role == "PET" else volume_facts(node)
            described[role] = about.dicom
            array = None
            if role == "PET" and lies_under_a_warp(node):
                # Slices have their factors on the grid they were acquired on, not on the one they are resampled to.
                array = nodes.volume_array(node.GetImageData()) * pet_factors[:, None, None]
                pet_factors = None
            transform = self.node_of(f"transform.{role}.0")
            image, warnings = own_frame_image(node, transform, array)
            notes.add(*warnings)
            series[role] = self._case_series(role, node, about, image)
        self._check_one_patient(described)
        pet = series["PET"]
        untouched = source.header is None and unit_kind(source.unit) == "bw" and pet_factors is not None
        pet.facts["is_shown_as_it_is"] = untouched
        case = Case(
            options=options,
            group=self.group,
            protocol=self.protocol(),
            reference_role=next(role for role in REFERENCE_ORDER if role in series),
            series=series,
            pet_header=source.header,
            patient=self._patient_of_roles(),
            pet_is_suv=source.header is None,
            pet_unit=source.unit,
            warnings=notes,
            all_series=[item.facts for item in series.values()],
        )

        def work(progress: Show) -> tuple[Case, Suv]:
            progress(0.1, "Computing SUV")
            image = pet.image
            if pet_factors is not None and not untouched:
                image = Image(image.array * pet_factors[:, None, None], image.geometry)
            progress(1.0, "SUV computed")
            return case, Suv(image, result)

        return Job("case", work, self._revision)

    def _case_series(self, role: str, node: Any, facts: VolumeFacts, image: Image) -> CaseSeries:
        told = facts.dicom
        headers = headers_of(facts, self._file_of_instance, first_only=True)
        header = headers[0] if headers else {}
        modality = header.get("Modality") or told.get("Modality") or MODALITIES.get(role, "MR")
        number = header.get("SeriesNumber") or told.get("SeriesNumber")
        day = parse_date(header.get("AcquisitionDate") or told.get("SeriesDate") or told.get("StudyDate"))
        kept = {
            "role": role,
            "number": None if number in (None, "") else int(float(number)),
            "description": header.get("SeriesDescription") or facts.name,
            "modality": modality,
            "date": None if day is None else day.isoformat(),
            "reason": self.role_reason(role) or "",
            "uid": header.get("SeriesInstanceUID") or told.get("SeriesInstanceUID") or facts.node_id,
            "series_uid": header.get("SeriesInstanceUID") or told.get("SeriesInstanceUID"),
            "study_uid": header.get("StudyInstanceUID") or told.get("StudyInstanceUID"),
            "n_slices": facts.geometry.shape[0],
            "sop_instance_uids": facts.instance_uids,
            "volume_name": f"{facts.name} (SUV)" if role == "PET" else facts.name,
            "source_id": node.GetID(),
        }
        frame = header.get("FrameOfReferenceUID") or told.get("FrameOfReferenceUID")
        return CaseSeries(role, f"'{facts.name}'", image, "PT" if role == "PET" else modality, frame, kept)

    def _patient_of_roles(self) -> dict[str, Any]:
        """Patient and study as the volumes tell; the PET's word counts."""
        roles = self.roles()
        found: dict[str, Any] = {}
        for role in ("PET", *REFERENCE_ORDER):
            if role in roles:
                told = volume_facts(self.scene.GetNodeByID(roles[role])).dicom
                found = {**told, **found}
        day = parse_date(found.get("StudyDate"))
        return {
            "patient_name": found.get("PatientName"),
            "patient_id": found.get("PatientID"),
            "birth_date": found.get("PatientBirthDate"),
            "sex": found.get("PatientSex"),
            "study_date": None if day is None else day.isoformat(),
            "study_description": found.get("StudyDescription"),
        }

    def _check_one_patient(self, described: dict[str, dict[str, Any]]) -> None:
        ids = {told["PatientID"]: role for role, told in described.items() if told.get("PatientID")}
        if len(ids) > 1:
            who = ", ".join(f"{role}: {patient}" for patient, role in ids.items())
            raise PainGeneratorError(
                f"The volumes are of {len(ids)} patients ({who}).", "Choose PET and MR of one patient."
            )

    def _apply_case(self, result: tuple[Case, Suv]) -> None:
        is_first = self._case is None
        self._case, self._suv = result
        self._write_scene(set_views=is_first)
        shown = self.volume_of("PET")
        source = self.scene.GetNodeByID(self.roles()["PET"])
        if shown is not source:
            shown.SetNodeReferenceID(SOURCE_ROLE, source.GetID())
        self.notify("suv")

    def suv_result(self) -> SuvResult | None:
        """The result of the step Case; None before it was run."""
        return None if self._suv is None else self._suv.result
