"""One examination as the stages see it: what the user said about it and what was read."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.kept import Kept
from ..Numerics.core.reference_edits import ReferenceEdit
from ..Numerics.core.words import AUTO_GROUP, Group, Role, listed
from ..Numerics.fusion.symptoms import Symptoms
from ..Numerics.suv.factors import PetHeader
from .group_witness import GroupSign
from .protocol import Protocol, load_protocol

GROUP_NOT_GIVEN = "The clinical group was not given: taken as low-back."
"""Warning where nobody named the clinical group."""


READ_FROM = "read_from"
"""Name of the fact of a series that holds a record of each volume that it was made of."""


@dataclass(frozen=True)
class CaseOptions(Kept):
    """What the user says about a case; everything else is read from its files.

    Parameters
    ----------
    group : str, optional
        ``low-back`` or ``hip-replacement``; when left out it follows from the prosthesis side. ``auto`` is what images
        and scene show (:mod:`.group_witness`).
    prosthesis_side : str, optional
        ``left`` or ``right``.
    pain_side : str, optional
        ``left``, ``right``, ``both`` or ``midline``.
    pain_sites_ras_mm : tuple of (float, float, float)
        Where it hurts, in the reference series' frame.
    anatomy, anatomy_labels : Path, optional
        Anatomy segmentation in the reference frame, and the names of its labels.
    weight_kg, height_m, dose_mbq, injection_time, nuclide : optional
        Given by hand where the DICOM lacks them; the nuclide by a name like F-18.
    roles : tuple of (series number or UID, role)
    landmarks : Path, optional
        Point pairs to start an alignment from.
    protocol_file : Path, optional
    settings : tuple of (name, value)
        Single parameters, ``stage.parameter``.
    level : tuple of (level, (float, float, float)), optional
        A vertebra or disc that the reader named, and a place in it, RAS mm in the reference series' frame. All other
        levels follow from it.
    surgery_date : date, optional
        When the hip was replaced; of two replacements the later one.
    fixation : str, optional
        A word of :class:`..Numerics.core.words.Fixation`.
    crp_mg_l : float, optional
        C-reactive protein in the blood, mg/l.
    reference_edits : tuple of ReferenceEdit
        What the reader took out of the reference tissue of the PET, or gave in its place.
    """

    group: str | None = None
    prosthesis_side: str | None = None
    pain_side: str | None = None
    pain_sites_ras_mm: tuple[tuple[float, float, float], ...] = ()
    anatomy: Path | None = None
    anatomy_labels: Path | None = None
    weight_kg: float | None = None
    height_m: float | None = None
    dose_mbq: float | None = None
    injection_time: datetime.datetime | None = None
    roles: tuple[tuple[str, str], ...] = ()
    landmarks: Path | None = None
    protocol_file: Path | None = None
    settings: tuple[tuple[str, str], ...] = ()
    nuclide: str | None = None
    level: tuple[str, tuple[float, float, float]] | None = None
    surgery_date: datetime.date | None = None
    fixation: str | None = None
    crp_mg_l: float | None = None
    reference_edits: tuple[ReferenceEdit, ...] = ()

    not_kept = ("anatomy", "anatomy_labels", "landmarks", "protocol_file")
    """Files on the computer of the run; what was read from them is kept with the case instead."""

    def resolved_group(self) -> tuple[str, tuple[str, ...]]:
        """The clinical group, and a warning when it was not said.

        What was to be found (``auto``) is low-back here: reading the case puts the group that is shown in its place.

        Raises
        ------
        PainGeneratorError
            When the group and the prosthesis side contradict each other.
        """
        if self.group not in (None, AUTO_GROUP, *Group):
            raise ValueError(f"group must be one of {listed(Group)}, not {self.group!r}")
        if self.group == Group.LOW_BACK and self.prosthesis_side is not None:
            raise PainGeneratorError(
                "A prosthesis side is given for a case of the group low-back.",
                "Give the group hip-replacement, or leave the prosthesis side out.",
            )
        if self.level is not None and (self.group == Group.HIP_REPLACEMENT or self.prosthesis_side is not None):
            raise PainGeneratorError(
                "A vertebral level is given for a case of the group hip-replacement, which has no levels.",
                "Leave the level out, or give the group low-back.",
            )
        if self.group is not None and self.group != AUTO_GROUP:
            return self.group, ()
        if self.prosthesis_side is not None:
            return Group.HIP_REPLACEMENT, ()
        if self.group == AUTO_GROUP:
            return Group.LOW_BACK, ()
        return Group.LOW_BACK, (GROUP_NOT_GIVEN,)

    def protocol(self) -> Protocol:
        """The parameters for this case, with the user's file and settings over the shipped ones."""
        group, _ = self.resolved_group()
        return load_protocol(group, self.protocol_file).with_values(dict(self.settings))

    def symptoms(self) -> Symptoms:
        """Where it hurts, for the ranking."""
        return Symptoms(np.array(self.pain_sites_ras_mm, dtype=np.float64).reshape(-1, 3), self.pain_side)


@dataclass
class Warnings(Kept):
    """Sentences for the user, each once, in the order in which they arose."""

    sentences: list[str] = field(default_factory=list)

    def add(self, *sentences: str) -> None:
        """Add sentences that are not there yet."""
        self.sentences.extend(text for text in sentences if text not in self.sentences)


@dataclass(eq=False)
class CaseSeries(Kept):
    """One series with a role, from a DICOM folder or from a loaded volume.

    Parameters
    ----------
    role : str
    label : str
        How messages and the report call it.
    image : Image
        Rescaled values; RAS geometry, in the series' own frame.
    modality : str
        ``PT``, ``MR`` or ``CT``.
    frame_of_reference : str or None
        Two series with the same one share the scanner's coordinates.
    facts : mapping
        For the report and the scene: number, description, date, reason of the role, UIDs.
    """

    role: str
    label: str
    image: Image
    modality: str
    frame_of_reference: str | None
    facts: dict[str, Any]

    not_kept = ("image",)
    """The voxels are kept as a volume of the scene."""

    def to_kept(self) -> dict[str, Any]:
        """All kept fields; of the facts all but the paths of files, which are valid on one computer only."""
        return {**super().to_kept(), "facts": {name: fact for name, fact in self.facts.items() if name != "files"}}


@dataclass(eq=False)
class Case(Kept):
    """One examination that was read.

    Parameters
    ----------
    options : CaseOptions
    group : str
    protocol : Protocol
    reference_role : str
        Role of the series to whose frame everything is aligned.
    series : dict of str to CaseSeries
        By role; the PET is among them, as stored (not SUV).
    pet_header : PetHeader or None
        None when the unit of the volume is known in another way (see `pet_is_suv` and `pet_unit`).
    pet_is_suv : bool
        The PET volume holds SUV already and has no header.
    pet_unit : str or None
        Which SUV that is, as a UCUM unit (``g/ml{SUVlbm}``); SUVbw when None.
    patient : dict
        ``patient_name``, ``patient_id``, ``birth_date``, ``sex``, ``study_date``, ``study_description``: text, or
        None where it is not known.
    warnings : Warnings
    notes : tuple of str
        Facts for the reader that are no warnings: choices between equal series, days between PET and MR.
    left_out : list of (description, reason)
        What lies in the folder and was not used.
    all_series : list of dict
        The facts of every series, with or without a role, for report and provenance.
    input_folder : Path or None
        The folder that was read; None when the case was read from volumes in the scene.
    input_files : tuple of Path
        The files of the series that are used.
    input_hashes : tuple of str or None
        Their SHA-256, taken when they were read; None where a file was gone before that.
    group_signs : tuple of GroupSign
        Which group the series show.
    """

    options: CaseOptions
    group: str
    protocol: Protocol
    reference_role: str
    series: dict[str, CaseSeries]
    pet_header: PetHeader | None
    patient: dict[str, Any]
    pet_is_suv: bool = False
    pet_unit: str | None = None
    warnings: Warnings = field(default_factory=Warnings)
    notes: tuple[str, ...] = ()
    left_out: list[tuple[str, str]] = field(default_factory=list)
    all_series: list[dict[str, Any]] = field(default_factory=list)
    input_folder: Path | None = None
    input_files: tuple[Path, ...] = ()
    input_hashes: tuple[str | None, ...] = ()
    group_signs: tuple[GroupSign, ...] = ()

    not_kept = ("protocol", "pet_header", "pet_is_suv", "pet_unit", "input_folder", "input_files", "input_hashes")
    """The protocol is kept by the session's settings, the PET as SUVbw; files are on the computer of the run."""

    def to_kept(self) -> dict[str, Any]:
        """All kept fields, with options, series and warnings as dicts of their own kept fields."""
        parts = {
            "options": self.options.to_kept(),
            "series": {role: series.to_kept() for role, series in self.series.items()},
            "warnings": self.warnings.to_kept(),
            "group_signs": [dataclasses.asdict(sign) for sign in self.group_signs],
        }
        return {**super().to_kept(), **parts}

    @classmethod
    def reopened(
        cls, kept: Mapping[str, Any], protocol: Protocol, images: Mapping[str, Image], **options: Any
    ) -> Case:
        """The case again, from what :meth:`to_kept` gave.

        Parameters
        ----------
        kept : mapping
        protocol : Protocol
        images : mapping of role to Image
            The PET as SUVbw; series without an image are left out.
        **options
            Fields of :class:`CaseOptions` that take the place of the kept ones.
        """
        return cls.from_kept(
            kept,
            options=CaseOptions.from_kept(kept["options"], **options),
            protocol=protocol,
            series={
                role: CaseSeries.from_kept(series, image=images[role])
                for role, series in kept["series"].items()
                if role in images
            },
            pet_header=None,
            pet_is_suv=True,
            warnings=Warnings.from_kept(kept["warnings"]),
            group_signs=tuple(GroupSign(**sign) for sign in kept.get("group_signs", ())),
        )

    @property
    def reference(self) -> CaseSeries:
        """The series to whose frame everything is aligned."""
        return self.series[self.reference_role]

    @property
    def pet(self) -> CaseSeries:
        """The PET as it was stored."""
        return self.series[Role.PET]
