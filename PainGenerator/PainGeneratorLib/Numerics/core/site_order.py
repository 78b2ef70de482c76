"""The order in which a reader goes through the sites: from above downward, by structure, right before left."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .sites import Site, SiteRow
from .words import Side

SPINE_STRUCTURES = (
    *("disc", "lower endplate", "upper endplate", "spinal canal", "facet joint", "foramen", "interspinous space"),
    *("psoas", "multifidus", "vertebral body", "pedicle", "lamina", "spinous process"),
)
"""Structures that every level has: those at the height of a disc, from the middle outward, then those of a vertebra.
The lower endplate of the upper vertebra lies above the disc, and the upper one of the lower vertebra below it."""
PELVIS_STRUCTURES = ("sacrum", "sacral ala", "sacroiliac joint", "iliac crest")
"""Structures of the pelvis, from the middle outward."""
HIP_STRUCTURES = (
    *("acetabulum", "femoral head", "femoral neck", "greater trochanter", "lesser trochanter", "hip joint capsule"),
    *("trochanteric bursa", "iliopsoas tendon", "gluteal tendons"),
    *("prosthesis cup", "prosthesis head", "prosthesis neck", "prosthesis shoulder", "stem tip", "femur"),
)
"""Structures of a hip and of its prosthesis, from above downward; zones follow the structures without zones."""
STRUCTURES = (*SPINE_STRUCTURES, *PELVIS_STRUCTURES, *HIP_STRUCTURES)
"""All structures in the order of reading."""

_SIDES = (Side.MIDLINE, Side.RIGHT, Side.LEFT)
_REGIONS = {"C": 0, "T": 100, "L": 200, "S": 300}
_VERTEBRA = re.compile(r"([CTLS])(\d+)")


def level_height(level: str | None) -> float:
    """The place of a level in the order from above downward; a disc comes half a step after its upper vertebra.

    Parameters
    ----------
    level : str or None
        A vertebra (``L4``) or a disc (``L4/L5``). Sites without a level, or with one that is not known, come last.
    """
    upper = _VERTEBRA.match(level or "")
    if upper is None:
        return 1000.0
    return _REGIONS[upper[1]] + int(upper[2]) + (0.5 if "/" in (level or "") else 0.0)


def zone_number(zone: str | None) -> int:
    """The number of a zone (``Gruen 3``, ``DeLee-Charnley II``), 0 for a site without a zone."""
    last = (zone or "").rpartition(" ")[2]
    return int(last) if last.isdigit() else {"": 0, "I": 1, "II": 2, "III": 3}.get(last, 99)


def _place(site: Site) -> tuple[float, bool, int, int, int]:
    """What the sites are ordered by."""
    structure = STRUCTURES.index(site.structure) if site.structure in STRUCTURES else len(STRUCTURES)
    side = next((n for n, word in enumerate(_SIDES) if word == site.side), len(_SIDES))
    return level_height(site.level), site.zone is not None, structure, zone_number(site.zone), side


def in_reading_order(rows: Iterable[SiteRow]) -> list[SiteRow]:
    """The rows as a reader goes through them; rows that do not differ in this keep their order."""
    return sorted(rows, key=lambda row: _place(row.site))
