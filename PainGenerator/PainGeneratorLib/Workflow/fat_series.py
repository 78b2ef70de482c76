"""The fat fraction as a series of a case: computed from water and fat, and placed like the series it comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..Dicom.fat_fraction import FatPair, find_fat_pair
from ..Dicom.roles import RoleAssignment
from ..Dicom.series import Series
from ..Dicom.values import parse_date
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.words import Role
from ..Numerics.mr.fat_fraction import MarrowFat, marrow_norm, signal_fat_fraction, swapped_part
from ..Numerics.mr.findings import MRResult
from ..Registration.alignment_types import SeriesAlignment
from .case import Case, CaseSeries

if TYPE_CHECKING:
    from .stages import Alignment

MOVES_WITH = "moves_with"
"""Name of the fact that says with which role a computed series moves."""


def pair_of(roles: RoleAssignment, group: str | None) -> FatPair | None:
    """The pair of a folder from which the fat fraction is computed; None when there is none."""
    return find_fat_pair(roles.series, roles.chosen, group)


def fat_series(pair: FatPair, keep_loaded: Mapping[str, Series]) -> tuple[CaseSeries | None, list[str]]:
    """The fat fraction of a pair.

    Parameters
    ----------
    pair : FatPair
    keep_loaded : mapping of role to Series
        Series whose voxels are needed otherwise; those of the pair are freed when they are not among them.

    Returns
    -------
    series : CaseSeries or None
        None when the pair cannot be used.
    warnings : list of str
        Why it cannot be used, or what is doubtful about it.
    """
    try:
        water, fat = pair.water.image, pair.fat.image
    except PainGeneratorError as error:
        return None, [f"The {pair.label} was left out: {error.reason}"]
    image = Image(signal_fat_fraction(water.array, fat.array), water.geometry)
    for one in (pair.water, pair.fat):
        if not any(one is other for other in keep_loaded.values()):
            one.unload()
    warnings = []
    swapped = swapped_part(image.array, image.geometry)
    if swapped:
        text = f"The {pair.label} is not used: water and fat seem to be swapped in {100 * swapped:.0f} % of the body, "
        return None, [text + "because what lies below the skin would hold less fat than what lies deep in the body."]
    if pair.after_agent:
        warnings.append(
            f"The {pair.label} is doubtful: it was acquired after a contrast agent, which makes water brighter, so "
            "that the fraction is too low."
        )
    pair.tell_use()
    facts = computed_facts(pair) | {
        "study_uid": pair.water.study_uid,
        "sop_instance_uids": (),
        "frame_numbers": (),
        "files": tuple(dict.fromkeys((*pair.water.files, *pair.fat.files))),
    }
    frame = pair.water.frame_of_reference_uid
    return CaseSeries(Role.FAT_FRACTION.value, pair.label, image, "MR", frame, facts), warnings


def computed_facts(pair: FatPair) -> dict[str, Any]:
    """What report and provenance say about the computed series."""
    day = pair.water.date
    return {
        "role": Role.FAT_FRACTION.value,
        "number": None,
        "description": pair.label,
        "modality": "MR",
        "date": None if day is None else day.isoformat(),
        "reason": pair.reason,
        "uid": None,
        "series_uid": None,
        "n_slices": pair.water.n_slices,
        MOVES_WITH: pair.moves_with,
        "computed_from": [pair.water.label, pair.fat.label],
        "computed_from_uids": [pair.water.uid, pair.fat.uid],
    }


def with_computed(case: Case, by_role: Mapping[str, SeriesAlignment]) -> dict[str, SeriesAlignment]:
    """The alignments again, with that of the fat fraction: it has the transform of the series that it moves with.

    Parameters
    ----------
    case : Case
    by_role : mapping of role to SeriesAlignment
        Of the series that were registered.
    """
    role = Role.FAT_FRACTION.value
    series = case.series.get(role)
    if series is None:
        return dict(by_role)
    leader = str(series.facts.get(MOVES_WITH))
    if leader in by_role:
        return {**by_role, role: _as_its(by_role[leader])}
    return {**by_role, role: _as_reference(role, leader, leader == case.reference_role)}


def _as_its(leader: SeriesAlignment) -> SeriesAlignment:
    return dataclasses.replace(
        leader,
        role=Role.FAT_FRACTION.value,
        through=leader.through or leader.role,
        reason=f"It moves with the {leader.role}. {leader.reason}".strip(),
        warnings=(),
    )


def _as_reference(role: str, leader: str, is_reference: bool) -> SeriesAlignment:
    """The scanner's coordinates: right for a series that moves with the reference, and for no other."""
    reason = f"It lies in the frame of reference of the {leader}, which is the reference series."
    if not is_reference:
        reason = f"The {leader}, with which it moves, is not in the case."
    return SeriesAlignment(
        role=role,
        reference_to_series_ras=np.eye(4),
        start_ras=np.eye(4),
        kept="identity/scanner" if is_reference else "not aligned",
        verdict="kept the scanner's alignment" if is_reference else "not aligned",
        through=leader,
        same_frame_of_reference=is_reference,
        shift_mm=0.0,
        rotation_deg=0.0,
        spread_mm=None,
        similarity_start=None,
        similarity_end=None,
        reason=reason,
        advice="" if is_reference else "Run the step Case again with all series.",
    )


def marrow_fat(case: Case, alignment: Alignment, mr: MRResult) -> MarrowFat | None:
    """What measures the fat fraction of places; None where it is not known.

    Parameters
    ----------
    case : Case
    alignment : Alignment
    mr : MRResult
        With the z-scores of the fat fraction.
    """
    z = mr.z_maps.get(Role.FAT_FRACTION)
    series = None if z is None else case.series.get(Role.FAT_FRACTION)
    if series is None or z is None:
        return None
    return MarrowFat(series.image, alignment.reference_to(Role.FAT_FRACTION), z)


def marrow_note(case: Case, alignment: Alignment, mr: MRResult) -> str | None:
    """A sentence on the mean fat fraction of all marrow, beside the published mean for sex and age.

    Parameters
    ----------
    case : Case
    alignment : Alignment
    mr : MRResult

    Returns
    -------
    str or None
        None where the fat fraction of marrow is not known.
    """
    fat = marrow_fat(case, alignment, mr)
    mean = None if fat is None else fat.mean_of_marrow()
    if mean is None:
        return None
    text = f"Mean signal fat fraction of the marrow that was recognized: {mean:.0f} %."
    norm = marrow_norm(case.patient.get("sex"), _age(case.patient))
    if norm is None:
        return text
    who = "men" if norm.sex == "M" else "women"
    spread = "" if norm.spread is None else f" (standard deviation {norm.spread:g} %)"
    return (
        f"{text} Published mean of lumbar vertebrae in healthy {who} of {norm.from_age} to {norm.to_age} years: "
        f"{norm.percent:g} %{spread}, {norm.source}. The signal fat fraction of a T1-weighted Dixon is higher than "
        "such values, and that of other bones than vertebrae, too."
    )


def _age(patient: Mapping[str, Any]) -> float | None:
    """Years from birth to the study; None when a date is missing."""
    born, study = parse_date(patient.get("birth_date")), parse_date(patient.get("study_date"))
    return None if born is None or study is None else (study - born).days / 365.25
