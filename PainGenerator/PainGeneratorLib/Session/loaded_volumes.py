"""The volumes of the scene that have a role: facts about them, the patient, and how the PET becomes SUV."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..Dicom.fat_fraction import FatPair, find_fat_pair
from ..Dicom.values import parse_date
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import REFERENCE_ORDER, Role
from ..Numerics.suv.factors import PetHeader, unit_kind
from ..Scene.read_inputs import has_voxels
from ..Scene.volumes_in_scene import VolumeFacts, alignment_of, case_volumes, own_frame_image, volume_facts
from .case_settings import CaseSettings
from .pet_source import PetSource, pet_source, suv_line
from .types import SuvLine
from .volume_roles import FileOfInstance, grid_problem, headers_of, pet_header_of, series_of


class LoadedVolumes:
    """What the chosen volumes and their DICOM files say.

    Parameters
    ----------
    settings : CaseSettings
    file_of_instance : callable or None
        Path of the file that holds a SOP Instance UID.
    """

    def __init__(self, settings: CaseSettings, file_of_instance: FileOfInstance | None) -> None:
        self._settings, self._file_of_instance = settings, file_of_instance
        self._header: PetHeader | None = None
        self._header_key: tuple[str, tuple[str, ...]] | None = None
        """Volume and instances that the header was read of; None before the first reading."""

    def facts(self, role: str) -> VolumeFacts | None:
        """Facts about the volume of a role; None when the role is not filled, or its volume has no voxels."""
        node = self._settings.role_nodes().get(role)
        return volume_facts(node) if has_voxels(node) else None

    def without_voxels(self) -> str | None:
        """A sentence on a chosen volume that cannot be read; None when all can."""
        for role, node in self._settings.role_nodes().items():
            if not has_voxels(node):
                return (
                    f"The volume {node.GetName()}, chosen as {role}, has no voxels, as when its file was not found: "
                    "load it again, or choose another volume."
                )
        return None

    def first_header(self, facts: VolumeFacts) -> dict[str, Any]:
        """The DICOM header of the first slice of a volume; empty when its file is not there."""
        headers = headers_of(facts, self._file_of_instance, first_only=True)
        return headers[0] if headers else {}

    def check_grid(self, facts: VolumeFacts) -> None:
        """Refuse an MR volume whose slices do not lie where the volume has them.

        Raises
        ------
        PainGeneratorError
        """
        problem = grid_problem(facts, self._file_of_instance)
        if problem is not None:
            raise problem

    def patient(self) -> dict[str, Any]:
        """Patient and study as the volumes say; where they differ, the PET counts."""
        found: dict[str, Any] = {}
        for role in (Role.PET, *REFERENCE_ORDER):
            facts = self.facts(role)
            if facts is not None:
                found = {**facts.dicom, **found}
        day = parse_date(found.get("StudyDate"))
        return {
            "patient_name": found.get("PatientName"),
            "patient_id": found.get("PatientID"),
            "birth_date": found.get("PatientBirthDate"),
            "sex": found.get("PatientSex"),
            "study_date": None if day is None else day.isoformat(),
            "study_description": found.get("StudyDescription"),
        }

    def label(self, facts: VolumeFacts) -> str:
        """How messages call a volume: as the command line calls its series, where its DICOM header is there."""
        if not self.first_header(facts):
            return f"'{facts.name}'"
        return series_of(facts, self._file_of_instance, check_grid=False)[0].label

    def fat_pair(self, group: str) -> FatPair | None:
        """Water and fat image of one Dixon acquisition among all volumes of the scene, with their voxels.

        Parameters
        ----------
        group : str
            The clinical group.

        Returns
        -------
        FatPair or None
            None when there is no pair, and when its slices do not lie where its volumes have them.
        """
        chosen = self._settings.role_nodes()
        nodes = {node.GetID(): node for node in case_volumes(chosen[Role.PET].GetScene())}
        facts = {node_id: volume_facts(node) for node_id, node in nodes.items()}
        series = {i: series_of(one, self._file_of_instance, check_grid=False)[0] for i, one in facts.items()}
        with_role = {role: series[node.GetID()] for role, node in chosen.items() if node.GetID() in series}
        if Role.PET not in with_role:
            return None
        pair = find_fat_pair(list(series.values()), with_role, group)
        if pair is None or any(grid_problem(facts[one.uid], self._file_of_instance) for one in (pair.water, pair.fat)):
            return None
        for one in (pair.water, pair.fat):
            node = nodes[one.uid]
            one.take_image(own_frame_image(node, alignment_of(node))[0])
        return pair

    def suv_line(self) -> SuvLine:
        """The SUV in words, what is missing for it, and the table of what was used."""
        facts = self.facts(Role.PET)
        options = self._settings.options()
        if facts is None:
            line = suv_line(None, options, 0, None)
            problem = self.without_voxels() if Role.PET in self._settings.roles() else None
            return line if problem is None else dataclasses.replace(line, text=problem)
        return suv_line(self._source(facts), options, facts.geometry.shape[0], facts.dicom.get("PatientSex"))

    def pet(self) -> tuple[PetSource, VolumeFacts]:
        """How the values of the PET become SUV, and facts about its volume.

        Raises
        ------
        PainGeneratorError
            When no PET is chosen.
        """
        facts = self.facts(Role.PET)
        if facts is None:
            problem = self.without_voxels() or "No PET volume is chosen."
            raise PainGeneratorError(problem, "Choose it in the step Case, or press Detect.")
        return self._source(facts), facts

    def _source(self, facts: VolumeFacts) -> PetSource:
        settings = self._settings
        unit = settings.now.petUnit
        return pet_source(facts, self._pet_header(facts, unit), unit, settings.options(), settings.scan_time)

    def _pet_header(self, facts: VolumeFacts, chosen_unit: str) -> PetHeader | None:
        """The header behind the PET; all its files are read only once for each volume."""
        if unit_kind(facts.unit or "") and chosen_unit == "auto":
            return None
        key = (facts.node_id, facts.instance_uids)
        if self._header_key != key:
            self._header = pet_header_of(facts, self._file_of_instance)
            self._header_key = key
        return self._header
