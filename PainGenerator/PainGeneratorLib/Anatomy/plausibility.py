"""Check the meaning of labels against the anatomy of an adult: sizes, order, neighbors, sides.

A meaning is never believed because of its number or its name alone. Every check is one fact of anatomy with wide
bounds, so that children, scoliosis, fused vertebrae and cut fields of view pass. What fails many checks is not what it
is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .label_families import VERTEBRAE
from .labels import LabelFacts, Structure

NOISE_ML = 0.3
"""Lower bound of the volume of a label that is checked, ml. Smaller ones are stray voxels. Our estimate."""

_SIZES: dict[str, tuple[float, float, tuple[float, float, float]]] = {
    "vertebra L": (12, 160, (140, 130, 80)),
    "vertebra T low": (7, 90, (130, 130, 70)),
    "vertebra T high": (4, 50, (120, 120, 60)),
    "vertebra C": (2, 32, (100, 100, 55)),
    "vertebra": (4, 2000, (170, 260, 900)),
    "vertebral body L": (9, 80, (80, 70, 60)),
    "vertebral body T low": (5, 60, (70, 65, 50)),
    "vertebral body T high": (2.5, 35, (60, 55, 45)),
    "vertebral body C": (1, 15, (50, 45, 40)),
    "vertebral body": (4, 1000, (140, 230, 900)),
    "disc with a level": (1, 45, (85, 75, 45)),
    "disc": (1.5, 350, (140, 230, 900)),
    "sacrum": (40, 450, (170, 150, 200)),
    "coccyx": (1, 45, (70, 70, 80)),
    "spinal cord": (3, 120, (80, 180, 900)),
    "spinal canal": (8, 320, (90, 190, 900)),
    "hip bone": (60, 650, (190, 240, 280)),
    "femur": (15, 900, (160, 160, 620)),
    "femoral head": (12, 120, (80, 80, 80)),
    "rib": (1.2, 80, (230, 240, 260)),
    "erector spinae": (40, 1600, (120, 150, 900)),
    "iliopsoas": (40, 1000, (130, 160, 500)),
    "gluteus maximus": (100, 2000, (220, 180, 320)),
    "gluteus medius": (50, 900, (150, 190, 260)),
    "gluteus minimus": (12, 350, (120, 130, 180)),
    "quadratus lumborum": (12, 250, (100, 100, 250)),
    "piriformis": (6, 130, (150, 120, 120)),
    "quadriceps femoris": (100, 3500, (230, 230, 550)),
    "medial thigh muscles": (80, 2800, (200, 230, 450)),
    "posterior thigh muscles": (60, 2500, (200, 200, 500)),
    "sartorius": (15, 500, (180, 200, 650)),
    "kidney": (35, 600, (130, 130, 220)),
    "adrenal gland": (0.3, 35, (80, 80, 90)),
    "liver": (400, 5000, (330, 280, 330)),
    "gallbladder": (1.5, 300, (130, 150, 170)),
    "spleen": (25, 1800, (180, 200, 260)),
    "pancreas": (12, 300, (260, 160, 160)),
    "stomach": (25, 3000, (330, 250, 330)),
    "duodenum": (8, 350, (200, 160, 220)),
    "small bowel": (40, 4000, (420, 300, 420)),
    "colon": (60, 5000, (460, 320, 550)),
    "urinary bladder": (8, 1600, (220, 200, 230)),
    "prostate": (4, 300, (120, 120, 130)),
    "lung": (100, 4500, (300, 320, 420)),
    "aorta": (12, 600, (130, 200, 700)),
    "inferior vena cava": (8, 350, (100, 130, 480)),
    "portal vein": (3, 180, (220, 120, 180)),
    "iliac artery": (1.5, 120, (150, 150, 230)),
    "iliac vein": (1.5, 150, (150, 150, 250)),
    "brain": (600, 1900, (190, 230, 220)),
    "heart": (200, 1800, (220, 220, 220)),
    "heart myocardium": (60, 500, (170, 170, 170)),
    "heart atrium": (20, 400, (140, 140, 140)),
    "heart ventricle": (40, 450, (150, 150, 150)),
    "pulmonary artery": (20, 300, (200, 150, 150)),
    "esophagus": (6, 130, (90, 120, 480)),
    "trachea": (8, 130, (120, 110, 260)),
    "face": (300, 4000, (260, 260, 320)),
    "skull": (200, 1800, (220, 260, 320)),
    "fat": (150, 90000, (900, 700, 2000)),
    "muscle": (300, 60000, (900, 700, 2000)),
    "humerus": (30, 600, (250, 250, 450)),
    "scapula": (25, 400, (200, 200, 250)),
    "clavicula": (5, 90, (220, 120, 120)),
    "sternum": (15, 250, (130, 130, 290)),
    "pectoralis major": (80, 1500, (260, 200, 260)),
    "rectus abdominis": (60, 900, (160, 220, 500)),
    "serratus anterior": (50, 800, (220, 280, 350)),
    "latissimus dorsi": (90, 1600, (260, 250, 450)),
    "trapezius": (80, 1200, (300, 200, 450)),
    "external oblique": (60, 1000, (260, 300, 400)),
    "internal oblique": (60, 1000, (260, 300, 350)),
    "deltoid": (80, 2500, (600, 220, 300)),
    "patella": (6, 120, (300, 80, 80)),
    "tibia": (40, 1500, (400, 130, 500)),
    "fibula": (8, 350, (450, 130, 500)),
}
"""Structure -> lower and upper bound of its volume, ml, and upper bounds of its size along R, A and S, mm. "L", "T
low" (T7 to T12), "T high" and "C" are for vertebrae whose level is known; a label without a level may hold all of
them. The lower bound holds only where the field of view does not cut the structure. The bounds are our estimates:
about half and twice the values of adults in textbooks and in the data of TotalSegmentator (Wasserthal 2023,
https://doi.org/10.1148/ryai.230024)."""

_LEAST_HEIGHT_MM = {"L": 17.0, "T low": 13.0, "T high": 10.0, "C": 7.0}
"""Part of the spine -> lower bound of the size of a vertebra along S, mm, where the field of view does not cut it.
Bodies are 25 to 30 mm high in the lumbar spine; a disc, which has the same outline, is 8 to 14 mm high. Our estimate;
a wedge fracture keeps its posterior wall."""

_STEP_MM = {"C": (9.0, 26.0), "T high": (12.0, 31.0), "T low": (15.0, 37.0), "L": (21.0, 56.0), "S": (15.0, 50.0)}
"""Part of the spine -> lower and upper bound of the distance between the centers of one of its vertebrae and the
vertebra above, mm. Body height and disc height together are 16 to 20 mm in the neck, 18 to 24 mm above T7, 24 to 30 mm
below, and 32 to 40 mm in the lumbar spine (White and Panjabi, Clinical Biomechanics of the Spine, 1990). Our estimate,
with a margin for children, fractures and oblique posterior elements."""
_NEIGHBOR_RATIO = 2.5
"""Upper bound of the ratio of the volumes of two neighboring vertebrae, or discs, that the field of view does not cut.
Our estimate: a vertebra is about a tenth larger than the one above it; a fracture may take half of it."""
_DOWNWARD = 0.35
"""Lower bound of the part of the step from one vertebra to the next that leads downward. Our estimate; it lets a
kyphosis or lordosis of 65 degrees pass."""
_SACRUM_MM = (42.0, 125.0)
"""Lower and upper bound of the distance between the center of the sacrum and that of the lowest lumbar vertebra, mm.
It is about 70 mm: half the length of the sacrum (100 to 110 mm), and half a lumbar vertebra. Our estimate."""
_CUT_SACRUM_MM = 18.0
"""The lower bound where the field of view cuts the sacrum, mm. Our estimate."""
_L6_SACRUM_MM = 52.0
"""The lower bound for a sixth lumbar vertebra, mm. It is not taken for S1, whose center lies 40 to 50 mm from that of
the rest of the sacrum. Our estimate."""
_S1_MM = 55.0
"""Upper bound of the distance between the center of S1 and that of the rest of the sacrum, mm; about 40 mm. Our
estimate."""
_DISC_FROM_MIDDLE_MM = 24.0
"""Upper bound of the distance of a disc from the middle between the centers of its vertebrae, mm. The posterior
elements move the centers of vertebrae about 15 mm backward. Our estimate."""

_APART_MM = {
    "kidney": 50,
    "hip bone": 55,
    "femur": 90,
    "femoral head": 90,
    "gluteus maximus": 35,
    "gluteus medius": 100,
    "gluteus minimus": 90,
    "erector spinae": 15,
    "iliopsoas": 30,
    "quadratus lumborum": 50,
    "piriformis": 30,
    "quadriceps femoris": 60,
    "medial thigh muscles": 20,
    "posterior thigh muscles": 40,
    "sartorius": 40,
    "lung": 60,
    "adrenal gland": 20,
    "iliac artery": 8,
    "iliac vein": 8,
    "rib": 20,
    "humerus": 150,
    "scapula": 120,
    "clavicula": 60,
    "sacroiliac joint": 40,
    "ilium": 60,
    "ischium": 50,
    "acetabulum": 90,
}
"""Structure -> lower bound of the distance of its left from its right one along R, mm. Our estimates, about half of
what adults have."""

_OTHER_APART_MM = 12.0
"""The same for structures that are not in this table, mm. Our estimate."""

_RELATIONS = (
    ("femur", 2, -1, "hip bone", 5.0),
    ("femur", 2, -1, "vertebra", 60.0),
    ("hip bone", 2, -1, "kidney", 50.0),
    ("urinary bladder", 2, -1, "kidney", 60.0),
    ("urinary bladder", 2, -1, "liver", 100.0),
    ("urinary bladder", 1, 1, "sacrum", 15.0),
    ("prostate", 2, -1, "vertebra", 50.0),
    ("quadriceps femoris", 2, -1, "vertebra", 60.0),
    ("medial thigh muscles", 2, -1, "vertebra", 60.0),
    ("posterior thigh muscles", 2, -1, "vertebra", 60.0),
    ("posterior thigh muscles", 1, -1, "quadriceps femoris", 10.0),
    ("gluteus maximus", 2, -1, "kidney", 40.0),
    ("gluteus maximus", 1, -1, "iliopsoas", 20.0),
    ("gluteus maximus", 1, -1, "gluteus minimus", 15.0),
    ("gluteus maximus", 1, -1, "femur", 10.0),
    ("gluteus maximus", 1, -1, "hip bone", 15.0),
    ("iliopsoas", 1, 1, "vertebra", -20.0),
    ("iliopsoas", 1, 1, "vertebral body", -28.0),
    ("iliopsoas", 1, 1, "sacrum", 10.0),
    ("femur", 1, 1, "sacrum", 10.0),
    ("hip bone", 1, 1, "sacrum", 0.0),
    ("hip bone", 2, -1, "vertebra", 20.0),
    ("erector spinae", 1, -1, "aorta", 20.0),
    ("erector spinae", 1, -1, "vertebra", 8.0),
    ("erector spinae", 1, -1, "vertebral body", 12.0),
    ("erector spinae", 1, -1, "iliopsoas", 15.0),
    ("spinal cord", 1, -1, "iliopsoas", 5.0),
    ("spinal cord", 1, -1, "aorta", 15.0),
    ("spinal cord", 1, -1, "vertebral body", 6.0),
    ("spinal canal", 1, -1, "vertebral body", 6.0),
    ("spinal canal", 1, -1, "vertebra", 2.0),
    ("spinal cord", 1, -1, "vertebra", 2.0),
    ("spinal canal", 1, -1, "disc", 6.0),
    ("spinal cord", 1, -1, "disc", 6.0),
    ("vertebra", 1, -1, "aorta", 8.0),
    ("vertebra", 1, -1, "small bowel", 15.0),
    ("spleen", 0, -1, "liver", 50.0),
    ("spleen", 0, -1, "vertebra", 35.0),
    ("spleen", 2, 1, "sacrum", 90.0),
    ("liver", 0, 1, "vertebra", 10.0),
    ("liver", 2, 1, "sacrum", 90.0),
    ("kidney", 2, 1, "sacrum", 50.0),
    ("aorta", 0, -1, "inferior vena cava", 5.0),
    ("stomach", 0, -1, "gallbladder", 10.0),
    ("stomach", 0, -1, "liver", 20.0),
    ("sacrum", 2, -1, "vertebra", 30.0),
    ("sacrum", 2, -1, "vertebral body", 35.0),
    ("sacrum", 2, -1, "disc", 20.0),
    ("sacrum", 2, -1, "spinal canal", 25.0),
    ("sacrum", 2, -1, "spinal cord", 30.0),
    ("lung", 2, 1, "kidney", 40.0),
    ("lung", 2, 1, "sacrum", 150.0),
    ("heart", 2, 1, "kidney", 50.0),
    ("heart", 2, 1, "sacrum", 150.0),
    ("heart myocardium", 2, 1, "sacrum", 150.0),
    ("brain", 2, 1, "vertebra", 60.0),
    ("brain", 2, 1, "heart myocardium", 150.0),
    ("face", 2, 1, "vertebra", 30.0),
    ("trachea", 2, 1, "heart myocardium", 10.0),
    ("esophagus", 1, -1, "trachea", 2.0),
)
"""Checks of the position of one structure to another: first structure, number of the RAS axis (0 R, 1 A, 2 S), sign,
second structure, lower bound of the distance of their centers (mm). The first structure must lie at least this far
from the second one along the axis with this sign. Our estimates, at most half of what adults have."""


@dataclass(frozen=True)
class Check:
    """One comparison with anatomy.

    Parameters
    ----------
    kind : str
        ``size``; ``order``, ``sacrum`` or ``disc`` for the levels of the spine; ``side``, ``front`` or ``height`` for
        the place along R, A or S.
    labels : frozenset of int
        The labels that it is about.
    passed : bool
    text : str
        What is wrong when it did not pass, as a clause such as "vertebra L4 does not lie above vertebra L5".
    is_opposite : bool or None
        For labels with a side in their names: whether they lie clearly on the other side. None for all others.
    """

    kind: str
    labels: frozenset[int]
    passed: bool
    text: str
    is_opposite: bool | None = None


_Placed = Mapping[int, tuple[Structure, LabelFacts]]


def checks(structures: Mapping[int, Structure], facts: Mapping[int, LabelFacts]) -> list[Check]:
    """Compare the meaning of labels with anatomy.

    Parameters
    ----------
    structures : mapping of int to Structure
        The meaning of the labels.
    facts : mapping of int to LabelFacts
        Place and size of the labels.

    Returns
    -------
    list of Check
    """
    placed = {
        number: (what, facts[number])
        for number, what in structures.items()
        if number in facts and facts[number].volume_ml >= NOISE_ML
    }
    return [
        *_size_checks(placed),
        *_order_checks(placed),
        *_sacrum_checks(placed),
        *_disc_checks(placed),
        *_column_checks(placed),
        *_pair_checks(placed),
        *_midline_checks(placed),
        *_relation_checks(placed),
    ]


def agreement(made: Iterable[Check]) -> float:
    """The fraction of checks that passed; 0 when none was made."""
    results = [check.passed for check in made]
    return sum(results) / len(results) if results else 0.0


def region_of(level: str) -> str:
    """The part of the spine of a vertebra: ``C``, ``T high``, ``T low``, ``L`` or ``S``."""
    if level[0] != "T":
        return level[0]
    return "T high" if int(level[1:]) <= 6 else "T low"


def _size_checks(placed: _Placed) -> Iterable[Check]:
    for number, (what, fact) in placed.items():
        limits = _SIZES.get(_size_key(what))
        if limits is None:
            continue
        least, most, extent = limits
        fits = fact.volume_ml <= most and (fact.is_cut or fact.volume_ml >= least)
        if fact.extent_mm is not None:
            fits = fits and bool(np.all(fact.extent_mm <= extent)) and fact.extent_mm[2] >= _least_height(what, fact)
        size = "" if fact.extent_mm is None else " and {:.0f} x {:.0f} x {:.0f} mm".format(*fact.extent_mm)
        text = f"label {number} has {fact.volume_ml:.0f} ml{size}, which is not the size of {what.text}"
        yield Check("size", frozenset((number,)), bool(fits), text)


def _least_height(what: Structure, fact: LabelFacts) -> float:
    """Lower bound of the size of a structure along S, mm; 0 for all but vertebrae with a level."""
    is_vertebra = what.structure in ("vertebra", "vertebral body") and what.level in VERTEBRAE
    return 0.0 if fact.is_cut or not is_vertebra else _LEAST_HEIGHT_MM.get(region_of(what.level or "S1"), 0.0)


def _size_key(what: Structure) -> str:
    """The entry of `_SIZES` for a structure."""
    if what.structure in ("vertebra", "vertebral body") and what.level in VERTEBRAE:
        return f"{what.structure} {region_of(what.level)}"
    return "disc with a level" if what.structure == "disc" and what.level else what.structure


def _order_checks(placed: _Placed) -> Iterable[Check]:
    """Vertebrae, and discs, lie one below the other at the distance of their levels."""
    for kind in ("vertebra", "vertebral body", "disc"):
        found = {}
        for number, (what, fact) in placed.items():
            level = (what.level or "").split("/")[0]
            if what.structure == kind and level in VERTEBRAE:
                found[VERTEBRAE.index(level)] = (number, what, fact)
        for upper, lower in pairwise(sorted(found)):
            yield from _neighbors(found[upper], found[lower], _spacing(upper, lower), lower == upper + 1)


_Numbered = tuple[int, Structure, LabelFacts]


def _neighbors(upper: _Numbered, lower: _Numbered, bounds: tuple[float, float], is_next: bool) -> Iterable[Check]:
    """Distance and direction of two vertebrae or discs; and their sizes when no level is between them."""
    (a, above, high), (b, below, low) = upper, lower
    step = high.centroid_ras_mm - low.centroid_ras_mm
    length = float(np.linalg.norm(step))
    goes_down = step[2] >= _DOWNWARD * length
    text = f"{above.text} does not lie above {below.text}"
    if goes_down:
        text = (
            f"{above.text} and {below.text} lie {length:.1f} mm apart, where {bounds[0]:.0f} to {bounds[1]:.0f} mm "
            "are usual"
        )
    fits = bounds[0] <= length <= bounds[1] and goes_down
    yield Check("order", frozenset((a, b)), bool(fits), text)
    if is_next and not (high.is_cut or low.is_cut):
        ratio = max(high.volume_ml, low.volume_ml) / min(high.volume_ml, low.volume_ml)
        text = f"one of {above.text} and {below.text} is {ratio:.1f} times as large as the other"
        yield Check("size", frozenset((a, b)), ratio <= _NEIGHBOR_RATIO, text)


def _spacing(upper: int, lower: int) -> tuple[float, float]:
    """Bounds of the distance between two vertebrae, mm; indices of `VERTEBRAE`.

    T13 and L6 between them exist in few people: they count for the upper bound only.
    """
    least = most = 0.0
    for index in range(upper + 1, lower + 1):
        low, high = _STEP_MM[region_of(VERTEBRAE[index])]
        most += high
        least += 0.0 if VERTEBRAE[index] in ("T13", "L6") and index < lower else low
    return least, most


def _sacrum_checks(placed: _Placed) -> Iterable[Check]:
    """The sacrum lies below the lowest vertebra, as far as its level says, and S1 at its upper end."""
    parts = {n: one for n, one in placed.items() if one[0].structure == "sacrum"}
    main = {n: fact for n, (what, fact) in parts.items() if what.level is None} or {
        n: f for n, (_, f) in parts.items()
    }
    if not main:
        return
    center = _center(main.values())
    is_cut = any(fact.is_cut for fact in main.values())
    for number, (what, fact) in parts.items():
        if what.level == "S1" and number not in main and not is_cut:
            step = fact.centroid_ras_mm - center
            fits = bool(step[2] > 0 and np.linalg.norm(step) <= _S1_MM)
            yield Check("sacrum", frozenset((number, *main)), fits, "S1 does not lie at the upper end of the sacrum")
    lowest = _lowest_vertebra(placed)
    if lowest is None:
        return
    number, what, fact = lowest
    step = fact.centroid_ras_mm - center
    length = float(np.linalg.norm(step))
    least, most = _sacrum_distance(what.level or "", is_cut)
    goes_down = step[2] >= _DOWNWARD * length
    text = f"{what.text}, the lowest vertebra, does not lie above the sacrum"
    if goes_down:
        text = (
            f"the centers of {what.text}, the lowest vertebra, and of the sacrum lie {length:.1f} mm apart, where "
            f"{least:.0f} to {most:.0f} mm are usual"
        )
    fits = bool(least <= length <= most and goes_down)
    yield Check("sacrum", frozenset((number, *main)), fits, text)


def _s1_checks(upper: Mapping[int, LabelFacts], main: Mapping[int, LabelFacts], center: np.ndarray) -> Iterable[Check]:
    """S1 lies at the upper end of the rest of the sacrum, whose center is given."""
    for number, fact in upper.items():
        if number not in main:
            step = fact.centroid_ras_mm - center
            fits = bool(step[2] > 0 and np.linalg.norm(step) <= _S1_MM)
            yield Check("sacrum", frozenset((number, *main)), fits, "S1 does not lie at the upper end of the sacrum")


def _lowest_vertebra(placed: _Placed) -> tuple[int, Structure, LabelFacts] | None:
    bodies = [
        (VERTEBRAE.index(what.level), number)
        for number, (what, _) in placed.items()
        if what.structure in ("vertebra", "vertebral body") and what.level in VERTEBRAE
    ]
    return (max(bodies)[1], *placed[max(bodies)[1]]) if bodies else None


def _sacrum_distance(level: str, is_cut: bool) -> tuple[float, float]:
    """Bounds of the distance of a vertebra from the center of the sacrum, mm."""
    least = _CUT_SACRUM_MM if is_cut else _L6_SACRUM_MM if level == "L6" else _SACRUM_MM[0]
    index, last = VERTEBRAE.index(level), VERTEBRAE.index("L5")
    above, at_most = _spacing(index, last) if index < last else (0.0, 0.0)
    return least + above, _SACRUM_MM[1] + at_most


def _disc_checks(placed: _Placed) -> Iterable[Check]:
    """A disc lies between its two vertebrae."""
    at = {
        what.level: (number, fact)
        for number, (what, fact) in placed.items()
        if what.structure in ("vertebra", "vertebral body") and what.level
    }
    for number, (what, fact) in placed.items():
        upper, _, lower = (what.level or "").partition("/")
        if what.structure != "disc" or upper not in at:
            continue
        (first, high), (second, low) = at[upper], at.get(lower, (at[upper][0], None))
        text = f"{what.text} does not lie between its vertebrae"
        if low is None:
            step = high.centroid_ras_mm - fact.centroid_ras_mm
            fits = bool(step[2] > 0 and np.linalg.norm(step) <= 65.0)
        else:
            middle = (high.centroid_ras_mm + low.centroid_ras_mm) / 2
            between = low.centroid_ras_mm[2] < fact.centroid_ras_mm[2] < high.centroid_ras_mm[2]
            fits = bool(between and np.linalg.norm(fact.centroid_ras_mm - middle) <= _DISC_FROM_MIDDLE_MM)
        yield Check("disc", frozenset((number, first, second)), fits, text)


_COLUMN_APART_MM, _COLUMN_HEIGHTS, _COLUMN_VOLUMES = 40.0, (0.65, 1.5), (1.5, 14.0)
"""Bounds for vertebrae and discs that have one label each: upper bound of the distance of their centers, mm; bounds of
the ratio of their heights, and of their volumes. Our estimates: they alternate, and a vertebra has two to eight times
the volume of a disc."""


def _column_checks(placed: _Placed) -> Iterable[Check]:
    """Vertebrae and discs without levels form one column.

    Beside vertebrae with levels, what has none is a rest.
    """
    if any(what.structure in ("vertebra", "vertebral body") and what.level for what, _ in placed.values()):
        return
    kinds: dict[str, dict[int, LabelFacts]] = {}
    for number, (what, fact) in placed.items():
        if what.level is None:
            kinds.setdefault(what.structure, {})[number] = fact
    discs = kinds.get("disc", {})
    bodies = kinds.get("vertebra") or kinds.get("vertebral body") or {}
    if len(discs) != 1 or len(bodies) != 1:
        return
    (disc,), (body,) = discs.values(), bodies.values()
    if disc.extent_mm is None or body.extent_mm is None:
        return
    height, volume = body.extent_mm[2] / disc.extent_mm[2], body.volume_ml / disc.volume_ml
    fits = bool(np.linalg.norm(body.centroid_ras_mm - disc.centroid_ras_mm) <= _COLUMN_APART_MM)
    fits = fits and _COLUMN_HEIGHTS[0] <= height <= _COLUMN_HEIGHTS[1]
    fits = fits and _COLUMN_VOLUMES[0] <= volume <= _COLUMN_VOLUMES[1]
    yield Check("disc", frozenset((*discs, *bodies)), bool(fits), "vertebrae and discs do not form one column")


def _pair_checks(placed: _Placed) -> Iterable[Check]:
    """The left one of a pair lies to the left of the right one."""
    pairs: dict[tuple[str, str | None], dict[str, list[tuple[int, LabelFacts]]]] = {}
    for number, (what, fact) in placed.items():
        if what.side:
            pairs.setdefault((what.structure, what.level), {}).setdefault(what.side, []).append((number, fact))
    for (structure, _), sides in pairs.items():
        if len(sides) < 2:
            continue
        left, right = (_center(fact for _, fact in sides[side]) for side in ("left", "right"))
        labels = frozenset(number for side in sides.values() for number, _ in side)
        apart = right[0] - left[0]
        text = f"left and right {structure} lie {abs(apart):.0f} mm apart" + (
            ", on each other's side" if apart < 0 else ""
        )
        least = _APART_MM.get(structure, _OTHER_APART_MM)
        yield Check("side", labels, bool(apart >= least), text, bool(apart <= -least))


def _midline_checks(placed: _Placed) -> Iterable[Check]:
    """A structure of one side lies on its side of the spine."""
    column = [
        fact.centroid_ras_mm
        for what, fact in placed.values()
        if what.side is None
        and what.structure in ("vertebra", "vertebral body", "disc", "sacrum", "spinal cord", "spinal canal")
    ]
    if not column:
        return
    middle = np.array(column)
    for number, (what, fact) in placed.items():
        if what.side is None or what.structure not in _APART_MM:
            continue
        nearest = middle[np.argmin(abs(middle[:, 2] - fact.centroid_ras_mm[2]))]
        right = fact.centroid_ras_mm[0] - nearest[0]
        away = right if what.side == "right" else -right
        text = f"{what.text} lies {abs(right):.0f} mm to the {'right' if right > 0 else 'left'} of the spine"
        least = 0.25 * _APART_MM[what.structure]
        yield Check("side", frozenset((number,)), bool(away >= least), text, bool(away <= -least))


_ALONG = ("side", "front", "height")
"""Kinds of checks along R, A and S."""


def _relation_checks(placed: _Placed) -> Iterable[Check]:
    by_structure: dict[str, dict[int, LabelFacts]] = {}
    for number, (what, fact) in placed.items():
        by_structure.setdefault(what.structure, {})[number] = fact
    words = (("left of", "right of"), ("behind", "in front of"), ("below", "above"))
    for first, axis, sign, second, least in _RELATIONS:
        if first in by_structure and second in by_structure:
            a, b = by_structure[first], by_structure[second]
            gap = sign * (_center(a.values()) - _center(b.values()))[axis]
            text = f"{first} does not lie {words[axis][sign > 0]} {second}"
            yield Check(_ALONG[axis], frozenset((*a, *b)), bool(gap > least), text)


def _center(facts: Iterable[LabelFacts]) -> np.ndarray:
    """The mean of the centers of several labels, RAS mm, weighted with their volumes."""
    kept = list(facts)
    weights = np.array([max(fact.volume_ml, 1e-6) for fact in kept])
    mean: np.ndarray = np.average([fact.centroid_ras_mm for fact in kept], axis=0, weights=weights)
    return mean
