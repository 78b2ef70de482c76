"""Which loaded volume plays which role, and the PET header behind it: from header facts where files are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..Dicom.files import Frame, read_file_header
from ..Dicom.pet_header import make_pet_header
from ..Dicom.roles import assign_roles
from ..Dicom.series import DicomFolder, Series
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import LPS_TO_RAS, Geometry, transform_points
from ..Numerics.suv.factors import PetHeader, unit_kind
from ..Scene.volumes_in_scene import VolumeFacts
from .types import RoleProposal

FileOfInstance = Callable[[str], str | None]
"""Path of the file that holds a SOP Instance UID; None when it is not known (any more)."""

PET_WORDS = re.compile(r"(?<![a-z])(pet|pt|suv\w*|fdg)(?![a-z])", re.I)
CT_WORDS = re.compile(r"(?<![a-z])(ct|ctac)(?![a-z])", re.I)
MR_WORDS = re.compile(r"(?<![a-z])(mri?|t1\w*|t2\w*|stir|tirm|flair|pd|dixon|vibe|lava|water|fat)(?![a-z])", re.I)
AIR_HU = -500.0
"""Only CT has values below this."""
HIGHEST_LIKELY_SUV = 30.0
"""The 99th percentile of a volume in SUV lies below this; that of activity or MR signal far above."""


def headers_of(volume: VolumeFacts, file_of_instance: FileOfInstance | None, first_only: bool = False) -> list[dict]:
    """Plain headers of the slices of a volume, in the order of its slices; empty when a file is missing.

    Parameters
    ----------
    volume : VolumeFacts
    file_of_instance : callable or None
    first_only : bool
        Read one file only: enough to tell what the series shows.

    Raises
    ------
    PainGeneratorError
        When a file is there, but damaged.
    """
    if file_of_instance is None or not volume.instance_uids:
        return []
    uids = volume.instance_uids[:1] if first_only else dict.fromkeys(volume.instance_uids)
    paths = [file_of_instance(uid) for uid in uids]
    if not all(path and Path(path).is_file() for path in paths):
        return []
    frames: list[Frame] = []
    for path in dict.fromkeys(paths):
        found = read_file_header(Path(path))
        if not isinstance(found, list):
            return []
        frames += found
    headers = [frame.header for frame in frames]
    return headers[:1] if first_only else _in_slice_order(headers, volume.geometry)


def _in_slice_order(headers: list[dict], geometry: Geometry) -> list[dict]:
    """Headers sorted by the slice that their position falls on; left as they are when that is not one to one."""
    positions = [header.get("ImagePositionPatient") for header in headers]
    if any(position is None for position in positions):
        return headers
    ras = transform_points(LPS_TO_RAS, np.array(positions, dtype=float))
    along = geometry.to_ijk(ras)[:, 2]
    return [headers[index] for index in np.argsort(along, kind="stable")]


def pet_header_of(volume: VolumeFacts, file_of_instance: FileOfInstance | None) -> PetHeader | None:
    """The PET header of a volume, None when its files are not there or do not fit its slices."""
    headers = headers_of(volume, file_of_instance)
    if len(headers) != volume.geometry.shape[0]:
        return None
    return make_pet_header(headers)


def propose_roles(
    volumes: Sequence[VolumeFacts], file_of_instance: FileOfInstance | None = None
) -> tuple[list[RoleProposal], list[str]]:
    """Give the volumes of a scene their roles.

    Parameters
    ----------
    volumes : sequence of VolumeFacts
    file_of_instance : callable, optional
        Without it, or where files are gone, names and attributes decide.

    Returns
    -------
    proposals : list of RoleProposal
        At most one for each role.
    warnings : list of str
        What is ambiguous or missing, and notes on choices.
    """
    if not volumes:
        return [], ["The scene holds no volume: load the PET and the MR series first."]
    series, told = [], {}
    for volume in volumes:
        made, how = _series(volume, file_of_instance)
        series.append(made)
        told[made.uid] = how
    by_id = {volume.node_id: volume for volume in volumes}
    pet, pet_reason, warnings = _choose_pet(series, by_id)
    stand_in = None
    if pet is None:
        stand_in = pet = _stand_in()
    folder = DicomFolder(Path(), [*series, *([stand_in] if stand_in else [])], [], [])
    for one in folder.series:
        if one.modality == "PT" and one is not pet:
            one.role_reason = "Another PET volume was chosen."
    proposals = []
    if stand_in is None:
        proposals.append(RoleProposal("PET", pet.uid, by_id[pet.uid].name, pet_reason))
    try:
        roles = assign_roles(folder, {pet.uid: "PET"})
    except PainGeneratorError as error:
        return proposals, [*warnings, f"{error.reason} Choose the MR series in the lists below."]
    for role, chosen in roles.chosen.items():
        if role != "PET":
            reason = chosen.role_reason + told[chosen.uid]
            proposals.append(RoleProposal(role, chosen.uid, by_id[chosen.uid].name, reason))
    if stand_in is None:
        warnings += [*roles.warnings, *roles.notes]
    return proposals, warnings


def _series(volume: VolumeFacts, file_of_instance: FileOfInstance | None) -> tuple[Series, str]:
    """A volume as the role rules want it, and what to add to the reason when its header was not there."""
    headers = headers_of(volume, file_of_instance, first_only=True)
    header: Mapping[str, Any] = headers[0] if headers else {}
    how = "" if headers else " Told by its name, as its DICOM header is not there."
    merged = {**volume.dicom, **{key: value for key, value in header.items() if value is not None}}
    merged.setdefault("SeriesDescription", volume.name)
    modality = merged.get("Modality") or _guessed_modality(volume)
    number = merged.get("SeriesNumber")
    frame = Frame(Path(volume.name), None, merged, "", None)
    made = Series(
        uid=volume.node_id,
        series_uid=merged.get("SeriesInstanceUID") or volume.node_id,
        number=int(float(number)) if number not in (None, "") else None,
        part=None,
        description=merged["SeriesDescription"] or volume.name,
        modality=modality,
        geometry=volume.geometry,
        header=merged,
        frames=[frame] * volume.geometry.shape[0],
        pet_header=make_pet_header([header]) if headers and modality == "PT" else None,
    )
    return made, how


def _guessed_modality(volume: VolumeFacts) -> str:
    """PT, CT or MR of a volume that does not say it."""
    if volume.unit is not None and (unit_kind(volume.unit) or volume.unit == "Bq/ml"):
        return "PT"
    if volume.unit == "[hnsf'U]" or volume.value_range[0] < AIR_HU:
        return "CT"
    for words, modality in ((PET_WORDS, "PT"), (CT_WORDS, "CT"), (MR_WORDS, "MR")):
        if words.search(volume.name.replace("_", " ")):
            return modality
    low, high = volume.value_range
    return "PT" if low >= 0 and high <= HIGHEST_LIKELY_SUV else "MR"


def _choose_pet(series: Sequence[Series], volumes: Mapping[str, VolumeFacts]) -> tuple[Series | None, str, list[str]]:
    pets = [one for one in series if one.modality == "PT"]
    if not pets:
        return None, "", ["No PET volume was recognized: choose it in the list below."]
    usable = [one for one in pets if one.pet_header is None or "ATTN" in one.pet_header.corrected_image]
    if not usable:
        names = ", ".join(volumes[one.uid].name for one in pets)
        return None, "", [f"No PET volume is marked as attenuation-corrected; there is only {names}."]
    in_suv = [one for one in usable if unit_kind(volumes[one.uid].unit or "")]
    if len(in_suv) == 1:
        return in_suv[0], "The PET volume whose values are SUV.", []
    known = [one for one in usable if one.pet_header is not None]
    if len(known) == 1:
        reason = "The only attenuation-corrected PET series."
        return known[0], reason if len(pets) == 1 else "Attenuation-corrected, unlike the other PET volumes.", []
    if len(usable) == 1:
        return usable[0], _reason_without_header(volumes[usable[0].uid]), []
    names = ", ".join(volumes[one.uid].name for one in usable)
    return None, "", [f"There are {len(usable)} PET volumes that could be meant: {names}. Choose one."]


def _reason_without_header(volume: VolumeFacts) -> str:
    if volume.dicom.get("Modality") == "PT":
        return "The only PET volume; its DICOM header is not there, so that its corrections are not known."
    if PET_WORDS.search(volume.name.replace("_", " ")):
        return "Named like a PET; it has no DICOM header."
    low, high = volume.value_range
    return f"Its values ({low:.3g} to {high:.3g}) are like SUV; it has no DICOM header."


def _stand_in() -> Series:
    """A PET that is not there, so that the MR series get their roles all the same."""
    return Series("no PET", "no PET", None, None, "", "PT", None, {}, [])
