"""Which volume of a scene has which role, and the DICOM header behind a PET.

The header decides where its files are there; else the name, the unit and the values of the volume do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..Dicom.blocks import groups_of_blocks, name_blocks
from ..Dicom.build_series import build_series
from ..Dicom.files import Frame, read_file_header
from ..Dicom.pet_choice import NOT_USED, best_pets
from ..Dicom.pet_header import make_pet_header
from ..Dicom.reader import is_placed
from ..Dicom.roles import assign_roles
from ..Dicom.series import DicomFolder, Series
from ..Dicom.series_vocabulary import Meaning
from ..Dicom.series_words import words_of
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import LPS_TO_RAS, Geometry, transform_points
from ..Numerics.core.words import Role
from ..Numerics.suv.factors import PetHeader, unit_kind
from ..Scene.volumes_in_scene import VolumeFacts
from .types import RoleProposal

FileOfInstance = Callable[[str], str | None]
"""Path of the file that holds a SOP Instance UID; None when it is not known, or no longer known."""

MR_MEANINGS = (
    *(Meaning.T1, Meaning.T2, Meaning.PD, Meaning.STIR, Meaning.DIXON, Meaning.IN_PHASE, Meaning.OPPOSED),
    *(Meaning.GRADIENT, Meaning.SPIN_ECHO, Meaning.ULTRASHORT, Meaning.MU_MAP, Meaning.WATER, Meaning.FAT),
    *(Meaning.DARK_FLUID, Meaning.FAT_SUPPRESSED, Meaning.DIFFUSION),
)
"""Meanings of words that only MR series have in their names."""
AC_IMAGES = re.compile(r"ac[\s_-]?images?\b", re.I)
"""End of the name of a PET with attenuation correction from a Siemens scanner."""
CT_TOKENS = {"ct", "ctac"}
MR_TOKENS = {"mr", "mri"}
AIR_HU = -500.0
"""Upper bound, in Hounsfield units, of the 1st percentile of a CT volume. PET and MR have no values below it, and the
air around a patient on CT lies near -1000. Our estimate: halfway between air and water."""

HIGHEST_LIKELY_SUV = 30.0
"""Upper bound, in g/ml, of the 99th percentile of a volume in SUV. Activity (Bq/ml) and MR signal lie far above it.
Our estimate: even the urine in a bladder fills less than a hundredth of the volume."""


def headers_of(volume: VolumeFacts, file_of_instance: FileOfInstance | None, first_only: bool = False) -> list[dict]:
    """Plain headers of the slices of a volume, in the order of its slices; empty when a file is missing.

    Parameters
    ----------
    volume : VolumeFacts
    file_of_instance : callable or None
    first_only : bool
        Read only one file, which is enough to know what the series shows.

    Raises
    ------
    PainGeneratorError
        When a file is there, but damaged.
    """
    headers = [frame.header for frame in _frames_of(volume, file_of_instance, first_only)]
    return headers[:1] if first_only else _in_slice_order(headers, volume.geometry)


def _frames_of(volume: VolumeFacts, file_of_instance: FileOfInstance | None, first_only: bool = False) -> list[Frame]:
    """The images of a volume, without their pixels; none when a file is missing."""
    paths = _files_of(volume, file_of_instance, first_only)
    if not paths or not all(path.is_file() for path in paths):
        return []
    frames: list[Frame] = []
    for path in dict.fromkeys(paths):
        found = read_file_header(path)
        if not isinstance(found, list):
            return []
        frames += found
    return frames


def grid_problem(volume: VolumeFacts, file_of_instance: FileOfInstance | None) -> PainGeneratorError | None:
    """Why the slices of an MR volume do not lie where the volume has them; None when they do, or it is not known.

    Slicer puts all slices of a series into one volume, one behind the other, also those of several blocks.
    """
    frames = _frames_of(volume, file_of_instance)
    if len(frames) < 2 or not all(is_placed(frame) for frame in frames):
        return None
    joined = [one for one in build_series(volume.node_id, frames) if one.blocks]
    if not joined:
        return None
    return PainGeneratorError(
        f"The slices of {volume.name} lie in {len(joined[0].blocks)} blocks, but its volume has them one behind the "
        "other, where they do not belong.",
        "Choose another volume, or none, for this role. The command pain-generator, which reads the DICOM folder, "
        "puts blocks at their places.",
    )


def _files_of(volume: VolumeFacts, file_of_instance: FileOfInstance | None, first_only: bool) -> list[Path]:
    """The files of the slices of a volume; a path that is no file for one that is not known."""
    if file_of_instance is None:
        return []
    uids = volume.instance_uids[:1] if first_only else tuple(dict.fromkeys(volume.instance_uids))
    return [Path(file_of_instance(uid) or "") for uid in uids]


def _in_slice_order(headers: list[dict], geometry: Geometry) -> list[dict]:
    """Headers sorted by the slice that their position falls on; left as they are when a position is missing."""
    positions = [header.get("ImagePositionPatient") for header in headers]
    if not positions or any(position is None for position in positions):
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


class ProposedRoles(NamedTuple):
    """Roles for the volumes of a scene.

    Parameters
    ----------
    proposals : list of RoleProposal
        At most one for each role.
    warnings : list of str
        What is ambiguous or missing.
    notes : list of str
        Facts on choices that are no warnings.
    """

    proposals: list[RoleProposal]
    warnings: list[str]
    notes: list[str]


def propose_roles(
    volumes: Sequence[VolumeFacts], file_of_instance: FileOfInstance | None = None, group: str | None = None
) -> ProposedRoles:
    """Give the volumes of a scene their roles.

    Parameters
    ----------
    volumes : sequence of VolumeFacts
    file_of_instance : callable, optional
        Without it, or where files are gone, names and attributes decide.
    group : str, optional
        The clinical group: decides which region and plane are read.

    Returns
    -------
    ProposedRoles
    """
    if not volumes:
        return ProposedRoles([], ["The scene holds no volume: load the PET and the MR series first."], [])
    by_id = {volume.node_id: volume for volume in volumes}
    described = [series_of(volume, file_of_instance) for volume in volumes]
    notes = {made.uid: note for made, note in described}
    series = [made for made, _ in described]
    choice = _choose_pet(series, by_id)
    proposals = []
    if choice.pet is not None:
        proposals.append(RoleProposal(Role.PET.value, choice.pet.uid, by_id[choice.pet.uid].name, choice.reason))
    blocks = _set_blocks_aside(series)
    mr = _mr_proposals(series, choice.pet, by_id, notes, group)
    return ProposedRoles([*proposals, *mr.proposals], [*choice.warnings, *mr.warnings], [*mr.notes, *blocks])


def _set_blocks_aside(series: Sequence[Series]) -> list[str]:
    """Mark the volumes that are blocks of one series, so that none gets a role; sentences about them."""
    by_series: dict[str, list[Series]] = {}
    for one in series:
        by_series.setdefault(one.series_uid, []).append(one)
    told = []
    for parts in by_series.values():
        for group in groups_of_blocks(parts) if len(parts) > 1 else ():
            name_blocks(group)
            told.append(
                f"{len(group)} volumes are blocks of one series, {group[0].label}: they are shown, but not used for "
                "finding. One of them can be chosen in the lists below; it shows its own block only."
            )
    return told


def _mr_proposals(
    series: Sequence[Series],
    chosen_pet: Series | None,
    volumes: Mapping[str, VolumeFacts],
    notes: Mapping[str, str],
    group: str | None,
) -> ProposedRoles:
    """Roles of the series other than the PET, by the rules for DICOM folders."""
    pet = chosen_pet or _stand_in()
    for one in series:
        if one.modality == "PT" and one is not pet:
            one.role_reason = "Another PET volume was chosen."
    folder = DicomFolder(Path(), [*series, *([] if chosen_pet else [pet])], [], [])
    try:
        roles = assign_roles(folder, {pet.uid: Role.PET}, group, _in_the_lists)
    except PainGeneratorError as error:
        return ProposedRoles([], [f"{error.reason} Choose the MR series in the lists below."], [])
    proposals = [
        RoleProposal(role, one.uid, volumes[one.uid].name, one.role_reason + notes[one.uid])
        for role, one in roles.chosen.items()
        if role != Role.PET
    ]
    return ProposedRoles(proposals, roles.warnings, roles.notes) if chosen_pet else ProposedRoles(proposals, [], [])


def _in_the_lists(series: Series, role: str) -> str:
    """How a role is given to a volume in the panel."""
    if role == Role.OTHER:
        return "choose another volume for it, or none, in the lists below"
    return f"choose {series.label} as {role} in the lists below"


def series_of(
    volume: VolumeFacts, file_of_instance: FileOfInstance | None, check_grid: bool = True
) -> tuple[Series, str]:
    """A volume in the form that the role rules take, and what to add to the reason when its header was not there.

    Parameters
    ----------
    volume : VolumeFacts
    file_of_instance : callable or None
    check_grid : bool
        Look whether the slices of an MR volume lie where the volume has them, which reads all its files.
    """
    headers = headers_of(volume, file_of_instance, first_only=True)
    header: Mapping[str, Any] = headers[0] if headers else {}
    note = "" if headers else " Judged by its name, as its DICOM header is not there."
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
        problem=grid_problem(volume, file_of_instance) if check_grid and modality == "MR" else None,
    )
    return made, note


def modality_by_name(name: str) -> str | None:
    """The modality (PT, CT or MR) that a name says; None when it says none.

    The MR images for the attenuation correction of a PET/MR are named after the PET bed ("Abd_MRAC_PET_in"), so that
    words for MR count more than the word PET. The corrected PET itself ends with "AC Images".

    Parameters
    ----------
    name : str
        Name of a volume or description of a series.
    """
    words = words_of(name)
    tokens = set(words.tokens)
    if words.has(*MR_MEANINGS) and not (AC_IMAGES.search(name) and not words.has(Meaning.MU_MAP)):
        return "MR"
    if words.has(Meaning.PET) or AC_IMAGES.search(name):
        return "PT"
    return "CT" if tokens & CT_TOKENS else "MR" if tokens & MR_TOKENS else None


def _guessed_modality(volume: VolumeFacts) -> str:
    """The modality (PT, CT or MR) of a volume that does not name it."""
    if volume.unit is not None and (unit_kind(volume.unit) or volume.unit == "Bq/ml"):
        return "PT"
    if volume.unit == "[hnsf'U]" or volume.value_range[0] < AIR_HU:
        return "CT"
    by_name = modality_by_name(volume.name)
    if by_name is not None:
        return by_name
    low, high = volume.value_range
    return "PT" if low >= 0 and high <= HIGHEST_LIKELY_SUV else "MR"


_ONLY_CORRECTED = "The only attenuation-corrected PET series."
_CORRECTED = "Attenuation-corrected, unlike the other PET volumes."


@dataclass(frozen=True, eq=False)
class _PetChoice:
    """The PET of a case with the reason for it, or None with a warning that says why."""

    pet: Series | None
    reason: str = ""
    warnings: tuple[str, ...] = ()


def _choose_pet(series: Sequence[Series], volumes: Mapping[str, VolumeFacts]) -> _PetChoice:
    """The PET of the volumes, if only one fits: corrected for attenuation, and in SUV if there is such a one."""
    pets = [one for one in series if one.modality == "PT"]
    if not pets:
        return _PetChoice(None, warnings=("No PET volume was recognized: choose it in the list below.",))
    usable = [one for one in pets if _is_corrected(one)]
    if not usable:
        text = f"No PET volume is marked as attenuation-corrected; there is only {_names(pets, volumes)}."
        return _PetChoice(None, warnings=(text,))
    choice = _best_of(usable, len(pets) == 1, volumes)
    if choice is not None:
        return choice
    text = f"There are {len(usable)} PET volumes that could be meant: {_names(usable, volumes)}. Choose one."
    return _PetChoice(None, warnings=(text,))


def _best_of(usable: Sequence[Series], is_only_pet: bool, volumes: Mapping[str, VolumeFacts]) -> _PetChoice | None:
    """The PET in SUV, else the best one with a header by the rules for DICOM folders, else the only one; None when two
    are equally good."""
    in_suv = [one for one in usable if unit_kind(volumes[one.uid].unit or "")]
    if len(in_suv) == 1:
        return _PetChoice(in_suv[0], "The PET volume whose values are SUV.")
    known = [one for one in usable if one.pet_header is not None]
    best = _best(known or usable)
    if len(best) != 1:
        return None
    if not known:
        return _PetChoice(best[0], _reason_without_header(volumes[best[0].uid]))
    return _PetChoice(best[0], _ONLY_CORRECTED if is_only_pet else _preferred(best[0], known, volumes))


def _best(pets: Sequence[Series]) -> list[Series]:
    """The volumes that no rule for DICOM folders sets aside; none when none of them can become SUV."""
    try:
        return best_pets(pets)
    except PainGeneratorError:
        return []


def _preferred(best: Series, known: Sequence[Series], volumes: Mapping[str, VolumeFacts]) -> str:
    """Why a volume with a header was chosen among others."""
    others = [
        f"{volumes[one.uid].name} ({one.role_reason.removeprefix(NOT_USED).rstrip('.')})"
        for one in known
        if one is not best
    ]
    return f"Attenuation-corrected, preferred to {'; '.join(others)}." if others else _CORRECTED


def _is_corrected(pet: Series) -> bool:
    """False when the header says that a PET is not corrected for attenuation; without a header it may be."""
    return pet.pet_header is None or "ATTN" in pet.pet_header.corrected_image


def _names(series: Sequence[Series], volumes: Mapping[str, VolumeFacts]) -> str:
    return ", ".join(volumes[one.uid].name for one in series)


def _reason_without_header(volume: VolumeFacts) -> str:
    if volume.dicom.get("Modality") == "PT":
        return "The only PET volume; its DICOM header is not there, so that its corrections are not known."
    if modality_by_name(volume.name) == "PT":
        return "Named like a PET; it has no DICOM header."
    low, high = volume.value_range
    return f"Its values ({low:.3g} to {high:.3g}) are like SUV; it has no DICOM header."


def _stand_in() -> Series:
    """A PET that does not exist, with which the MR series get their roles although there is no PET."""
    return Series("no PET", "no PET", None, None, "", "PT", None, {}, [])
