"""Short names of places, for pictures, narrow tables and lists: ``Facet L4/5 R``, ``SIJ L``, ``Gruen 7 L``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .words import Side

if TYPE_CHECKING:
    from .records import Place

SHORT_STRUCTURES: Mapping[str, str] = {
    "facet joint": "Facet",
    "sacroiliac joint": "SIJ",
    "discovertebral unit": "Endplates",
    "endplate": "Endplate",
    "upper endplate": "Sup. endplate",
    "lower endplate": "Inf. endplate",
    "vertebral body": "Body",
    "spinous process": "Spinous proc.",
    "transverse process": "Transv. proc.",
    "interspinous space": "Interspinous",
    "pars interarticularis": "Pars",
    "spinal canal": "Canal",
    "sacral ala": "Ala",
    "greater trochanter": "Gr. trochanter",
    "lesser trochanter": "Less. trochanter",
    "hip joint capsule": "Hip capsule",
    "trochanteric bursa": "Troch. bursa",
    "iliopsoas bursa": "Iliops. bursa",
    "iliopsoas tendon": "Iliops. tendon",
    "gluteal tendons": "Glut. tendons",
    "prosthesis cup": "Cup",
    "prosthesis head": "Prosth. head",
    "prosthesis neck": "Prosth. neck",
    "prosthesis shoulder": "Prosth. shoulder",
    "paraspinal region": "Paraspinal",
    "prevertebral region": "Prevertebral",
    "pelvis or flank": "Pelvis/flank",
}
"""Structures that have a shorter word; all others are called by their own name."""
SHORT_SIDES: Mapping[str, str] = {Side.LEFT: "L", Side.RIGHT: "R", Side.BOTH: "both"}
"""The letter of a side; the midline is not named."""
ENDPLATE_BONES: Mapping[str, int] = {"lower endplate": 0, "upper endplate": 1}
"""Which vertebra of the level of a disc an endplate belongs to: the lower endplate to the upper vertebra."""


def short_name(place: Place) -> str:
    """The name of a place in one or two words with its level and its side.

    Parameters
    ----------
    place : Place

    Returns
    -------
    str
        A zone at a prosthesis is called by the zone alone (``DeLee II R``), an endplate by its vertebra
        (``Inf. endplate L4``).
    """
    side = SHORT_SIDES.get(place.side, "")
    if place.zone is not None:
        return _joined(place.zone.replace("DeLee-Charnley", "DeLee"), side)
    structure = SHORT_STRUCTURES.get(place.structure, place.structure[:1].upper() + place.structure[1:])
    return _joined(structure, _short_level(place), side)


def _short_level(place: Place) -> str:
    """The level; ``L4/5`` where both vertebrae have one letter."""
    upper, slash, lower = (place.level or "").partition("/")
    if not slash:
        return upper
    if place.structure in ENDPLATE_BONES:
        return (upper, lower)[ENDPLATE_BONES[place.structure]]
    return f"{upper}/{lower.removeprefix(upper[:1])}"


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
