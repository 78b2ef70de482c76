"""Paint the scenarios of the low back: disease and usual uptake that ask one question of a reading."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..Numerics.core.image import transform_points
from .abdomen import back_line, psoas_course
from .lesions import Lesion, NormalStructure, numbered, placed
from .low_back import AddLesions
from .low_back_lesions import MARROWS, SOLID_DISCS, LowBackMaker
from .patient import Patient
from .pelvis import BONES, side_sign
from .scenarios import ATTENTION, EITHER, Answer, Scenario
from .spine import SpineShape
from .tissue_table import TISSUES

SIDES = ("right", "left")
"""Both sides."""
SOFT = ("muscle", "fat")
"""Tissues that a mass or a focus of muscle can fill."""


def bilateral(maker: LowBackMaker) -> list[Lesion]:
    """Sacroiliitis of the same size, place and uptake on both sides."""
    rng = maker.rng
    radii = tuple(rng.uniform([6, 9, 12], [8, 11, 15]))
    uptake, strength, height = maker.uptake(1.9, 2.4), float(rng.uniform(0.7, 0.9)), float(rng.uniform(-10, 10))
    made = []
    for side in SIDES:
        one = maker.sacroiliac(side)
        one.local_to_ras = placed(maker.clefts[side], (-4.0, 0.0, height))
        one.radii, one.suv, one.strength, one.answer = radii, uptake, strength, Answer(entry="sacroiliac")
        made.append(one)
    return made


def hot_facets(maker: LowBackMaker) -> list[Lesion]:
    """Equal uptake of both facet joints at the lowest three levels, without an MR finding.

    Of 54 patients with raised uptake of facet joints 30 had it on both sides (10.1186/s43055-023-00969-3).
    """
    radii, uptake = tuple(maker.rng.uniform([5, 7, 8], [6, 8, 9])), maker.uptake(1.9, 2.3)
    made = []
    for disc in maker.shape.low_discs[-3:]:
        for side in SIDES:
            one = maker.facet("facet uptake", disc, side)
            one.radii, one.suv, one.answer = radii, uptake, Answer(entry=disc)
            made.append(one)
    return made


def several_levels(maker: LowBackMaker) -> list[Lesion]:
    """Modic I at one endplate of three levels, and a facet joint at the lowest level."""
    discs = maker.shape.low_discs
    endplates = [maker.endplate("Modic I", disc, above=bool(n % 2)) for n, disc in enumerate(discs[:3])]
    return [*endplates, maker.facet(disc=discs[-1])]


def metastasis(maker: LowBackMaker) -> list[Lesion]:
    """Three metastases of SUV 9 to 13 in vertebral bodies, and a synovitis of a facet joint."""
    rng, shape, k = maker.rng, maker.shape, maker.shape.scale
    made = []
    for level in (shape.levels[-4], shape.levels[-2], shape.levels[-1]):
        off = float(rng.uniform(-8, 8)) * k
        where = placed(shape.bodies[level], (off, float(rng.uniform(-2, 4)) * k, float(rng.uniform(-2, 2))))
        made.append(
            Lesion(
                "", "metastasis", where, tuple(rng.uniform([10, 9, 8], [14, 12, 11]) * k), "vertebral body",
                _side_of(off), maker.marrow, float(rng.uniform(9, 13)), "oedema", 0.95, level, within=BONES,
                mr_within=MARROWS, answer=Answer(ATTENTION),
            )
        )  # fmt: skip
    return [*made, maker.facet(disc=shape.low_discs[1])]


def psoas_mass(maker: LowBackMaker) -> list[Lesion]:
    """A mass of 85 ml in a psoas, with the uptake of a sarcoma (SUVmax 4 to 6)."""
    side = maker.side()
    course = psoas_course(maker.shape, side_sign(side))[::-1]
    height = -30.0
    where = np.eye(4)
    where[:3, 3] = [*(float(np.interp(height, course[:, 2], course[:, n])) for n in (0, 1)), height]
    return [
        Lesion(
            "", "mass", where, (21.5, 22.0, 45.0), "psoas", side, TISSUES["muscle"].suv,
            float(maker.rng.uniform(4.0, 6.0)), "soft oedema", 0.9, within=(*SOFT, "ureter"), mr_within=SOFT,
            reference_tissue="muscle", answer=Answer(ATTENTION),
        )
    ]  # fmt: skip


def discitis(maker: LowBackMaker) -> list[Lesion]:
    """A disc and both its endplates: uptake of 4 to 7 over all of them, edema of both bodies, fluid in the disc."""
    rng, shape, k = maker.rng, maker.shape, maker.shape.scale
    disc = str(rng.choice(shape.low_discs[1:3]))
    frame = shape.discs[disc]
    height = 0.5 * shape.disc_heights_mm[disc] + float(rng.uniform(8, 11))
    radii = (20 * k, 15 * k, height)
    inside = (*SOLID_DISCS, "nucleus")
    fluid = Lesion(
        "", "fluid in the disc", frame, (20 * k, 15 * k, 0.5 * shape.disc_heights_mm[disc]), "disc", "midline",
        maker.marrow, None, "joint fluid", 0.7, disc, within=inside, mr_within=inside,
    )  # fmt: skip
    maker.patient.look_alikes.append(fluid)
    return [
        Lesion(
            "", "discitis", frame, radii, "disc", "midline", maker.marrow, float(rng.uniform(4, 7)), "oedema", 0.95,
            disc, within=(*BONES, *inside), mr_within=MARROWS, answer=Answer(ATTENTION),
        )
    ]  # fmt: skip


def large_focus(maker: LowBackMaker) -> list[Lesion]:
    """A focus in most of a vertebral body at twice the uptake of marrow."""
    rng, k = maker.rng, maker.shape.scale
    level = str(rng.choice(maker.shape.levels[-4:-1]))
    radii = tuple(rng.uniform([20, 15, 11.5], [22, 16, 13]) * k)
    return [
        Lesion(
            "", "large focus", maker.shape.bodies[level], radii, "vertebral body", "midline", maker.marrow,
            2.0 * maker.marrow, "oedema", 0.8, level, within=BONES, mr_within=MARROWS, answer=Answer(EITHER),
        )
    ]  # fmt: skip


def faint_muscle(maker: LowBackMaker) -> list[Lesion]:
    """A focus in the erector spinae of one side, whose ratio to muscle is about 1.7 when it is measured."""
    rng, side = maker.rng, maker.side()
    where = _in_muscle(maker, side, str(rng.choice(maker.shape.low_discs[:3])))
    muscle = TISSUES["muscle"].suv
    return [
        Lesion(
            "", "muscle focus", where, tuple(rng.uniform([9, 8, 12], [11, 10, 15])), "erector spinae", side, muscle,
            muscle * float(rng.uniform(1.85, 2.05)), None, 1.0, within=("muscle",), reference_tissue="muscle",
        )
    ]  # fmt: skip


def small_roots(maker: LowBackMaker) -> list[Lesion]:
    """A nerve root of 0.5 to 1 ml, and the facet joint behind it with a higher uptake."""
    disc, side = str(maker.rng.choice(maker.shape.low_discs[1:])), maker.side()
    root, joint = maker.foramen(disc, side), maker.facet("facet uptake", disc, side)
    root.radii = tuple(maker.rng.uniform([5.2, 4.4, 5.6], [6.2, 5.2, 6.6]))
    joint.radii, joint.suv = (4.5, 7.0, 8.0), maker.uptake(2.4, 2.8)
    return [root, joint]


def canal(maker: LowBackMaker) -> list[Lesion]:
    """A lesion in the spinal canal whose SUVmax is about 2.1 when it is imaged.

    Published lesions in the canal have a SUVmax of 1.4 to 2.5, mostly near 2.1; the uptake here is our choice within.
    """
    k, shape = maker.shape.scale, maker.shape
    disc = str(maker.rng.choice(shape.low_discs[:3]))
    upper, lower = disc.split("/")
    ends = [
        transform_points(shape.bodies[level], np.array([0, -25 * k, z])) for level, z in ((upper, -12), (lower, 12))
    ]
    where = shape.discs[disc].copy()
    where[:3, 3] = 0.5 * (ends[0] + ends[1])
    return [
        Lesion(
            "", "canal lesion", where, (6.0, 6.0, 9.0), "spinal canal", "midline", TISSUES["muscle"].suv,
            float(maker.rng.uniform(2.1, 2.35)), None, 1.0, disc, within=("csf", "nerve", "fat"),
            reference_tissue="muscle",
        )
    ]  # fmt: skip


def hot_muscle(maker: LowBackMaker) -> list[Lesion]:
    """Erector spinae and psoas of both sides with 2.2 times the uptake of muscle at rest."""
    muscle = TISSUES["muscle"].suv
    for side in SIDES:
        course = psoas_course(maker.shape, side_sign(side))[::-1]
        psoas = np.eye(4)
        psoas[:3, 3] = [*(float(np.interp(-20.0, course[:, 2], course[:, n])) for n in (0, 1)), -20.0]
        for where, radii in (
            (_in_muscle(maker, side, maker.shape.low_discs[1]), (12.0, 11.0, 45.0)),
            (psoas, (12.0, 12.0, 35.0)),
        ):
            _add_usual(maker, "symmetric muscle use", where, radii, muscle * 2.2, ("muscle",))
    return []


def brown_fat(maker: LowBackMaker) -> list[Lesion]:
    """Brown fat beside the body of T12 on both sides, SUV 3 to 6."""
    shape, k = maker.shape, maker.shape.scale
    level, uptake = shape.levels[0], float(maker.rng.uniform(3, 6))
    for side in SIDES:
        where = placed(shape.bodies[level], (side_sign(side) * (shape.half_width_mm(level) + 11), -4 * k, -4.0))
        _add_usual(maker, "brown fat", where, (7.0, 8.0, 11.0), uptake, ("fat",))
    return []


def conus(maker: LowBackMaker) -> list[Lesion]:
    """The lowest 25 mm of the cord with 1.6 times its uptake, as is usual at the conus."""
    shape, k = maker.shape, maker.shape.scale
    where = placed(shape.bodies["T12"], (0.0, -25 * k, -2.0))
    _add_usual(maker, "conus", where, (5.0, 5.0, 13.0), 1.6 * TISSUES["cord"].suv, ("cord", "csf", "nerve"))
    return []


def cut_field(maker: LowBackMaker) -> list[Lesion]:
    """A facet joint in the short field of the MR, and a facet joint and a sacroiliac joint outside of it."""
    discs = maker.shape.low_discs
    inside, outside, joint = maker.facet(disc=discs[1]), maker.facet(disc=discs[-1]), maker.sacroiliac()
    for one in (outside, joint):
        one.appearance, one.answer = None, Answer(is_mr_unknown=True)
    return [inside, outside, joint]


def nothing(maker: LowBackMaker) -> list[Lesion]:
    """No lesion."""
    return []


LOW_BACK_SCENARIOS: dict[str, Callable[[LowBackMaker], list[Lesion]]] = {
    "bilateral": bilateral,
    "hot-facets": hot_facets,
    "several-levels": several_levels,
    "metastasis": metastasis,
    "psoas-mass": psoas_mass,
    "discitis": discitis,
    "large-focus": large_focus,
    "faint-muscle": faint_muscle,
    "small-roots": small_roots,
    "canal": canal,
    "hot-muscle": hot_muscle,
    "brown-fat": brown_fat,
    "conus": conus,
    "healthy": nothing,
    "cut-field": cut_field,
}
"""Name of a scenario with lesions of its own -> what paints them and returns the lesions."""


def posed_low_back(scenario: Scenario, seed: int) -> AddLesions:
    """The function that gives a patient the lesions of a scenario. Nothing is said about the pain."""

    def add(patient: Patient, _rng: np.random.Generator, shape: SpineShape, facets: dict, clefts: dict) -> None:
        patient.look_alikes = [one for one in patient.look_alikes if one.kind != "muscle use"]
        patient.normal = [one for one in patient.normal if one.kind != "symmetric muscle use"]
        maker = LowBackMaker(patient, scenario.rng(seed), shape, facets, clefts)
        patient.lesions = numbered(LOW_BACK_SCENARIOS[scenario.name](maker))

    return add


def _side_of(off_mm: float) -> str:
    """Side of a place that lies so far to the right of the midline of a vertebra."""
    if abs(off_mm) < 4:
        return "midline"
    return "right" if off_mm > 0 else "left"


def _in_muscle(maker: LowBackMaker, side: str, disc: str) -> np.ndarray:
    """Frame in the middle of the erector spinae beside a disc."""
    line, height = back_line(maker.shape), float(maker.shape.discs[disc][2, 3])
    x, y = (float(np.interp(height, line[:, 2], line[:, n])) for n in (0, 1))
    where = np.eye(4)
    where[:3, 3] = (x + side_sign(side) * 31 * maker.shape.scale, y - 4, height)
    return where


def _add_usual(
    maker: LowBackMaker, kind: str, where: np.ndarray, radii: tuple[float, ...], suv: float, within: tuple[str, ...]
) -> None:
    """Add usual uptake, and list it as a normal structure."""
    a, b, c = (float(r) for r in radii)
    one = Lesion("", kind, where, (a, b, c), "", "midline", maker.marrow, suv, None, 1.0, within=within)
    maker.patient.look_alikes.append(one)
    maker.patient.normal.append(NormalStructure(kind, where[:3, 3], max(a, b, c) + 3.0))
