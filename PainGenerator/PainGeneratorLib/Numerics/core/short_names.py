"""Short names of places, for pictures, narrow tables and lists: ``R facet L4/5``, ``L SIJ``, ``L Gruen 7``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .words import Certainty, Side

if TYPE_CHECKING:
    from .records import Place

SHORT_STRUCTURES: Mapping[str, str] = {
    "facet joint": "facet",
    "sacroiliac joint": "SIJ",
    "discovertebral unit": "endplates",
    "endplate": "endplate",
    "upper endplate": "sup. endplate",
    "lower endplate": "inf. endplate",
    "vertebral body": "body",
    "spinous process": "spinous proc.",
    "transverse process": "transv. proc.",
    "interspinous space": "interspinous",
    "pars interarticularis": "pars",
    "spinal canal": "canal",
    "sacral ala": "ala",
    "greater trochanter": "gr. trochanter",
    "lesser trochanter": "less. trochanter",
    "hip joint capsule": "hip capsule",
    "trochanteric bursa": "troch. bursa",
    "iliopsoas bursa": "iliops. bursa",
    "iliopsoas tendon": "iliops. tendon",
    "gluteal tendons": "glut. tendons",
    "prosthesis cup": "cup",
    "prosthesis head": "prosth. head",
    "prosthesis neck": "prosth. neck",
    "prosthesis shoulder": "prosth. shoulder",
    "paraspinal region": "paraspinal",
    "prevertebral region": "prevertebral",
    "pelvis or flank": "pelvis/flank",
}
"""Structures that have a shorter word; all others are called by their own name."""
SHORT_SIDES: Mapping[str, str] = {Side.LEFT: "L", Side.RIGHT: "R", Side.BOTH: "Both"}
"""What stands for a side; the midline is not named."""
ENDPLATE_BONES: Mapping[str, int] = {"lower endplate": 0, "upper endplate": 1}
"""Which vertebra of the level of a disc an endplate belongs to: the lower endplate to the upper vertebra."""


def short_name(place: Place) -> str:
    """The name of a place in one or two words with its side and its level.

    Parameters
    ----------
    place : Place

    Returns
    -------
    str
        The side stands first, so that a narrow column never cuts it. A zone at a prosthesis is called by the zone
        alone (``R DeLee II``), an endplate by its vertebra (``inf. endplate L4``). A name without a side begins with
        a capital letter.
    """
    side = SHORT_SIDES.get(place.side, "")
    if place.zone is not None:
        return _joined(side, place.zone.replace("DeLee-Charnley", "DeLee"))
    structure = SHORT_STRUCTURES.get(place.structure, place.structure)
    name = _joined(side, structure, _short_level(place))
    return name[:1].upper() + name[1:]


def short_name_with_doubts(place: Place) -> str:
    """The short name with a question mark after what is not certain: ``R? facet L4/5``, ``R facet L4/5?``."""
    side = SHORT_SIDES.get(place.side, "")
    name = short_name(place)
    if side and place.side_certainty != Certainty.CERTAIN:
        name = f"{side}?{name.removeprefix(side)}"
    is_level_unsure = bool(place.level) and place.zone is None and place.level_certainty == Certainty.UNCERTAIN
    return f"{name}?" if is_level_unsure else name


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
