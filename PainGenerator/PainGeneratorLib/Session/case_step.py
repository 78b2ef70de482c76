"""The step Case: reads the chosen volumes and computes the SUV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..Dicom.values import parse_date
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.words import COMPUTED_ROLES, MR_ROLES, REFERENCE_ORDER, Role
from ..Numerics.suv.factors import SuvResult, unit_kind
from ..Scene import nodes
from ..Scene.read_inputs import record_of
from ..Scene.volumes_in_scene import SOURCE_ROLE, VolumeFacts, lies_under_a_warp, own_frame_image, volume_facts
from ..Workflow.case import READ_FROM, Case, CaseSeries, Warnings
from ..Workflow.fat_series import computed_facts, fat_series
from ..Workflow.image_witness import map_doubts, place_doubts
from ..Workflow.progress import Show
from ..Workflow.prosthesis_facts import check_prosthesis_options
from ..Workflow.stages import Suv, with_image_checked
from .case_settings import CaseSettings
from .case_state import CaseState, Detected
from .case_writer import CaseWriter
from .group_proposal import GroupProposal
from .loaded_volumes import LoadedVolumes
from .pet_source import PetSource, suv_factors
from .scene_link import SceneLink
from .types import Job

MODALITIES = {Role.PET.value: "PT"}
"""Modality by role, where header and node do not say it; MR for the other roles."""


_SERIES_KEYWORDS = ("Modality", "SeriesNumber", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
"""DICOM keywords that are kept of each series."""


@dataclass(frozen=True, eq=False)
class _Source:
    """A volume that a series was made of, as it was read.

    Parameters
    ----------
    node_id, name : str
    image : Image
        In the frame of the series.
    """

    node_id: str
    name: str
    image: Image


Sources = dict[str, list[_Source]]
"""By role, the volumes that a series was made of."""


@dataclass(frozen=True, eq=False)
class _PetReading:
    """How the PET of a case is read.

    Parameters
    ----------
    source : PetSource
    facts : VolumeFacts
    result : SuvResult
    is_warped : bool
        Its volume lies under a non-linear transform. Its values become SUV before they are resampled: slices have
        their factors on the grid on which they were acquired.
    """

    source: PetSource
    facts: VolumeFacts
    result: SuvResult
    is_warped: bool

    @property
    def factors(self) -> np.ndarray:
        """SUV for a value of 1, one for each slice; shape (k, 1, 1), float32."""
        return self.result.factors.astype(np.float32)[:, None, None]

    @property
    def is_shown_as_it_is(self) -> bool:
        """True when the values of the volume are SUVbw already, on the grid of the volume."""
        return self.source.header is None and unit_kind(self.source.unit or "") == "bw" and not self.is_warped


class CaseStep:
    """From the chosen volumes to a case with SUV.

    Parameters
    ----------
    link : SceneLink
    settings : CaseSettings
    volumes : LoadedVolumes
    writer : CaseWriter
    groups : GroupProposal
        Says which clinical group the volumes show.
    """

    name = "case"
    changes = "suv"

    def __init__(
        self,
        link: SceneLink,
        settings: CaseSettings,
        volumes: LoadedVolumes,
        writer: CaseWriter,
        groups: GroupProposal,
    ) -> None:
        self._link, self._settings, self._volumes, self._writer = link, settings, volumes, writer
        self._groups = groups

    def reason_not_ready(self, state: CaseState) -> str | None:
        """Why the step cannot run; None when it can."""
        roles = self._settings.roles()
        if Role.PET not in roles:
            return "Choose the PET volume, or press Detect."
        if not any(role in roles for role in REFERENCE_ORDER):
            return "Choose an MR series (T1, contrast-enhanced T1, T2 or fluid-sensitive), or press Detect."
        problem = self._volumes.without_voxels()
        if problem is not None:
            return problem
        line = self._volumes.suv_line()
        return None if line.is_known else line.text

    def prepare(self, state: CaseState) -> Job[tuple[Case, Suv]]:
        """Read the volumes of the scene; the job computes the SUV."""
        options = self._settings.options()
        role_nodes = self._settings.role_nodes()
        source, facts = self._volumes.pet()
        result = suv_factors(source, options, facts.geometry.shape[0], facts.dicom.get("PatientSex"))
        reading = _PetReading(source, facts, result, lies_under_a_warp(role_nodes[Role.PET]))
        notes = Warnings()
        detected = state.detected if state.detected.roles == self._settings.roles() else Detected()
        notes.add(*options.resolved_group()[1], *detected.warnings)
        sources: Sources = {}
        series = self._read_series(role_nodes, reading, notes, sources)
        reference_role = next(role for role in REFERENCE_ORDER if role in series)
        notes.add(*map_doubts(series))
        notes.add(*place_doubts(series, reference_role, options.pain_sites_ras_mm))
        computed = self._add_fat_fraction(series, notes, sources)
        patient = self._volumes.patient()
        check_prosthesis_options(options, patient.get("study_date"), patient.get("birth_date"))
        pet = series[Role.PET]
        pet.facts["is_shown_as_it_is"] = reading.is_shown_as_it_is
        case = Case(
            options=options,
            group=self._settings.group,
            protocol=self._settings.protocol(),
            reference_role=reference_role,
            series=series,
            pet_header=source.header,
            patient=patient,
            pet_is_suv=source.header is None,
            pet_unit=source.unit,
            warnings=notes,
            notes=(*self._groups.found_words(), *detected.notes),
            all_series=[*(item.facts for role, item in series.items() if role not in COMPUTED_ROLES), *computed],
            group_signs=self._groups.series_signs(),
        )

        def work(progress: Show) -> tuple[Case, Suv]:
            progress(0.1, "Computing SUV")
            _record(series, sources)
            image = pet.image
            if not reading.is_warped and not reading.is_shown_as_it_is:
                image = Image(image.array * reading.factors, image.geometry)
            progress(1.0, "SUV computed")
            return case, with_image_checked(Suv(image, result))

        return Job(self.name, work, state.revision)

    def _read_series(
        self, role_nodes: Mapping[str, Any], reading: _PetReading, notes: Warnings, sources: Sources
    ) -> dict[str, CaseSeries]:
        series: dict[str, CaseSeries] = {}
        dicom: dict[str, dict[str, str]] = {}
        for role, node in role_nodes.items():
            facts = reading.facts if role == Role.PET else volume_facts(node)
            dicom[role] = facts.dicom
            if role in MR_ROLES:
                self._volumes.check_grid(facts)
            array = None
            if role == Role.PET and reading.is_warped:
                array = nodes.volume_array(node.GetImageData()) * reading.factors
            alignment = self._link.transform_of(role)
            image, warnings = own_frame_image(node, alignment, array)
            notes.add(*warnings)
            series[role] = self._case_series(role, node, facts, image)
            stored = image if array is None else own_frame_image(node, alignment)[0]
            sources[role] = [_Source(node.GetID(), node.GetName(), stored)]
        _check_one_patient(dicom)
        return series

    def _add_fat_fraction(
        self, series: dict[str, CaseSeries], notes: Warnings, sources: Sources
    ) -> list[dict[str, Any]]:
        """Add the fat fraction, where water and fat of one acquisition lie in the scene; its facts."""
        found = self._volumes.fat_pair(self._settings.group)
        if found is None:
            return []
        read = [_Source(one.uid, self._link.node(one.uid).GetName(), one.image) for one in (found.water, found.fat)]
        fraction, warnings = fat_series(found, {})
        notes.add(*warnings)
        if fraction is None:
            return []
        # The volumes have no files of their own; those behind them are known by their instances.
        fraction.facts.pop("files", None)
        series[Role.FAT_FRACTION.value] = fraction
        sources[Role.FAT_FRACTION] = read
        return [computed_facts(found)]

    def _case_series(self, role: str, node: Any, facts: VolumeFacts, image: Image) -> CaseSeries:
        # What the file says counts before what the node and the subject hierarchy say.
        header = self._volumes.first_header(facts)
        dicom: dict[str, Any] = {name: header.get(name) or facts.dicom.get(name) for name in _SERIES_KEYWORDS}
        modality = dicom["Modality"] or MODALITIES.get(role, "MR")
        series_uid = dicom["SeriesInstanceUID"]
        kept = {
            "role": role,
            "number": _series_number(dicom["SeriesNumber"]),
            "description": header.get("SeriesDescription") or facts.name,
            "modality": modality,
            "date": _series_date(header, facts.dicom),
            "reason": self._settings.now.roleReasons.get(role) or "",
            "uid": series_uid or facts.node_id,
            "series_uid": series_uid,
            "study_uid": dicom["StudyInstanceUID"],
            "n_slices": facts.geometry.shape[0],
            "sop_instance_uids": facts.instance_uids,
            "volume_name": f"{facts.name} (SUV)" if role == Role.PET else facts.name,
            "source_id": node.GetID(),
        }
        frame = dicom["FrameOfReferenceUID"]
        return CaseSeries(role, self._volumes.label(facts), image, MODALITIES.get(role, modality), frame, kept)

    def apply(self, state: CaseState, result: tuple[Case, Suv]) -> None:
        """Take the case over and show it."""
        is_first = state.case is None
        state.case, state.suv = result
        self._writer.write_all(set_views=is_first)
        shown = self._link.series_volume(Role.PET)
        source = self._settings.role_nodes().get(Role.PET)
        # A PET that was removed while the step ran is no reason to lose its result.
        if source is not None and shown is not source:
            shown.SetNodeReferenceID(SOURCE_ROLE, source.GetID())


def _record(series: Mapping[str, CaseSeries], sources: Sources) -> None:
    """Keep with each series what the volumes were like that it was made of."""
    for role, read in sources.items():
        series[role].facts[READ_FROM] = [record_of(one.node_id, one.name, one.image) for one in read]


def _series_number(number: Any) -> int | None:
    return None if number in (None, "") else int(float(number))


def _series_date(header: Mapping[str, Any], hierarchy: Mapping[str, str]) -> str | None:
    """The day of a series: of the acquisition as the file says, else of the series or study as the hierarchy says."""
    text = header.get("AcquisitionDate") or hierarchy.get("SeriesDate") or hierarchy.get("StudyDate")
    day = parse_date(text)
    return None if day is None else day.isoformat()


def _check_one_patient(dicom: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse volumes of more than one patient; volumes that do not name a patient pass."""
    ids = {facts["PatientID"]: role for role, facts in dicom.items() if facts.get("PatientID")}
    if len(ids) > 1:
        who = ", ".join(f"{role}: {patient}" for patient, role in ids.items())
        raise PainGeneratorError(
            f"The volumes are of {len(ids)} patients ({who}).", "Choose PET and MR of one patient."
        )
