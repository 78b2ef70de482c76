"""Which clinical group the images, their headers and the anatomy show, and what is said where another one is chosen.

One wording for the panel's question, the command line's warning, the report and the scene.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..Anatomy.anatomy_map import VERTEBRA_PARTS
from ..Anatomy.labels import Structure
from ..Dicom.series_regions import FITS, region_fit, region_of, region_words
from ..Dicom.series_words import words_of
from ..Numerics.body.sections import BodyPart, BodySections, find_sections
from ..Numerics.core.image import Geometry, Image
from ..Numerics.core.words import Group

HEIGHTS_ASKED = 36
"""Number of heights in the field of view of the MR at which the part of the body is asked."""
LEGS_LEAST_MM = 60.0
"""Lower bound of the height over which the MR shows both legs, for an examination of the hips, mm. The legs part about
60 mm below the hip joints. Our estimate: a stem of a prosthesis reaches 100 mm and more below that, and an examination
of the lower back ends above it."""
LEGS_LEAST_PART = 0.2
"""Lower bound of the part of the MR's height that shows legs, of all that is known. Our estimate: below it the MR
shows most of the body, which tells nothing."""
HIP_FROM_MIDLINE_MM = 75.0
"""Distance from the midline up to which no hip joint is seen, mm. The centers of hip joints lie 85 to 95 mm from it
(docs/domain.md). Our estimate, less the half of a head's width that would still show part of it."""
LUMBAR_LEAST = 3
"""Lower bound of the lumbar vertebrae of an anatomy segmentation of the lower back. Our estimate: a segmentation of
the hips often reaches L5 or L4."""
LUMBAR_BESIDE_HIPS = 1
"""Upper bound of the lumbar vertebrae of an anatomy segmentation of the hips. Our estimate, as above."""
HIP_STRUCTURES = frozenset({"femur", "implant", "prosthesis stem", "prosthesis cup", "femoral head", "acetabulum"})
"""Structures that a segmentation of the hips has, and one of the lower back has not."""

GROUP_NAMES: Mapping[str, str] = {Group.LOW_BACK: "low back", Group.HIP_REPLACEMENT: "hip replacement"}
"""Each group within a sentence."""
SHOWN_WORDS: Mapping[str, str] = {Group.LOW_BACK: "a lower back", Group.HIP_REPLACEMENT: "hips"}
"""What the images of each group show."""


@dataclass(frozen=True)
class GroupSign:
    """One sign of the clinical group of a case.

    Parameters
    ----------
    group : str
        A word of :class:`.Numerics.core.words.Group`.
    text : str
        The sign, as a part of a sentence.
    is_strong : bool
        Images and bones are strong. Names in headers are not: they are often those of another examination.
    """

    group: str
    text: str
    is_strong: bool


def case_signs(
    headers: Iterable[Mapping[str, Any]], pet: Image, reference: Image, is_same_frame: bool
) -> tuple[GroupSign, ...]:
    """What the series of a case show.

    Parameters
    ----------
    headers : iterable of mapping
        Plain DICOM headers by keyword, one for each series that has a role.
    pet, reference : Image
        PET and reference series, each in its own frame; the values of the PET in any unit.
    is_same_frame : bool
        Whether both have one frame of reference.
    """
    found = [field_sign(pet, reference, is_same_frame), header_sign(headers)]
    return tuple(sign for sign in found if sign is not None)


def field_sign(pet: Image, reference: Image, is_same_frame: bool) -> GroupSign | None:
    """What the field of view of the MR holds: legs, or nothing that reaches to the hips.

    The PET shows the whole cross section where an MR slab does not, and is asked where both lie in one frame.
    """
    sections = find_sections(pet if is_same_frame else reference)
    field = reference.geometry
    shown = _parts_over(sections, field)
    legs = sum(part == BodyPart.LEGS for _, part in shown)
    known = sum(part != BodyPart.UNKNOWN for _, part in shown)
    legs_mm = legs * _height_mm(field) / HEIGHTS_ASKED
    if legs_mm >= LEGS_LEAST_MM and legs >= LEGS_LEAST_PART * known:
        text = f"both legs are seen over {round(legs_mm, -1):.0f} mm of the height of the MR"
        return GroupSign(str(Group.HIP_REPLACEMENT), text, True)
    reach = _reach_mm(sections, field) if is_same_frame else None
    if legs == 0 and reach is not None and reach < HIP_FROM_MIDLINE_MM:
        text = f"the MR reaches {reach:.0f} mm from the midline, so that it shows no hip joint"
        return GroupSign(str(Group.LOW_BACK), text, True)
    return None


def _parts_over(sections: BodySections, field: Geometry) -> list[tuple[float, BodyPart]]:
    """Heights in the middle of a field of view, RAS mm, with the part of the body there."""
    low, high = field.corners_ras[:, 2].min(), field.corners_ras[:, 2].max()
    points = np.tile(field.center_ras, (HEIGHTS_ASKED, 1))
    points[:, 2] = np.linspace(low, high, HEIGHTS_ASKED)
    return list(zip(points[:, 2].tolist(), sections.parts_along(points), strict=True))


def _height_mm(field: Geometry) -> float:
    return float(np.ptp(field.corners_ras[:, 2]))


def _reach_mm(sections: BodySections, field: Geometry) -> float | None:
    """How far a field of view reaches from the midline of the body, mm; None where the midline is not known."""
    midline = sections.midline()
    if midline is None:
        return None
    corners = field.corners_ras
    return float(np.abs((corners - midline.point_ras) @ midline.normal_ras).max())


def header_sign(headers: Iterable[Mapping[str, Any]]) -> GroupSign | None:
    """What the headers of the series name, where they agree; the name of the study counts where no series says it."""
    regions = [_region(header) for header in headers]
    votes = {group for region in regions if (group := _group_of(region)) is not None}
    if len(votes) != 1:
        return None
    (group,) = votes
    named = frozenset().union(*(region for region in regions if _group_of(region) == group))
    return GroupSign(group, f"the DICOM headers name the {region_words(named)}", False)


def _region(header: Mapping[str, Any]) -> frozenset[Any]:
    """The regions that a header names."""
    texts = [str(header.get(key) or "") for key in ("SeriesDescription", "ProtocolName", "BodyPartExamined")]
    description, protocol, body_part = (words_of(text) for text in texts)
    named = region_of(description, protocol, body_part)
    study = words_of(str(header.get("StudyDescription") or ""))
    return named or region_of(study, study, study)


def _group_of(region: frozenset[Any]) -> str | None:
    """The group that reads series of these regions; None where none does, or both do."""
    fits = [group for group in Group if region and region_fit(region, group) >= FITS]
    return str(fits[0]) if len(fits) == 1 else None


def anatomy_sign(structures: Iterable[Structure]) -> GroupSign | None:
    """What the bones of an anatomy segmentation show."""
    structures = list(structures)
    hips = {what.structure for what in structures} & HIP_STRUCTURES
    vertebrae = [what for what in structures if what.structure in VERTEBRA_PARTS]
    lumbar = {what.level for what in vertebrae if (what.level or "").startswith("L")}
    if hips and len(lumbar) <= LUMBAR_BESIDE_HIPS:
        names = " and ".join(sorted(hips))
        return GroupSign(str(Group.HIP_REPLACEMENT), f"the anatomy segmentation holds {names}", True)
    if not hips and len(lumbar) >= LUMBAR_LEAST:
        return GroupSign(str(Group.LOW_BACK), f"the anatomy segmentation holds {len(lumbar)} lumbar vertebrae", True)
    return None


def shown_group(signs: Sequence[GroupSign]) -> str | None:
    """The group that the signs show; None without any, and where they contradict each other."""
    groups = {sign.group for sign in signs if sign.is_strong} or {sign.group for sign in signs}
    return groups.pop() if len(groups) == 1 else None


def shown_sentence(signs: Sequence[GroupSign]) -> str:
    """What the signs show, for the reader; empty where they show no group."""
    shown = shown_group(signs)
    return "" if shown is None else f"Images and scene show {SHOWN_WORDS[shown]}: {_because(signs, shown)}."


def group_doubt(group: str, signs: Sequence[GroupSign]) -> str | None:
    """What is said where the signs show another group than the one that is read; None where they do not."""
    shown = shown_group(signs)
    if shown is None or shown == group:
        return None
    return (
        f"The case is read as {GROUP_NAMES[group]}, but images and scene show {SHOWN_WORDS[shown]}: "
        f"{_because(signs, shown)}. Check the group: it decides which places are named and which norms are used."
    )


def _because(signs: Sequence[GroupSign], group: str) -> str:
    """The signs of a group as one clause."""
    texts = [sign.text for sign in signs if sign.group == group]
    return ", and ".join(texts) if len(texts) < 3 else f"{', '.join(texts[:-1])}, and {texts[-1]}"


AUTO_UNKNOWN = "The clinical group could not be told from images and scene: taken as low-back."
"""Warning where the group was to be found, and nothing shows it."""


def auto_words(group: str, signs: Sequence[GroupSign]) -> str:
    """What is said about a group that was to be found, and was."""
    return f"The clinical group was found: {GROUP_NAMES[group]}, as {_because(signs, group)}."
