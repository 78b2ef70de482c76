"""The sites of both hips: bones, capsule, bursae and tendons, and the zones at a prosthesis."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from ..Numerics.core import tissues
from ..Numerics.core.image import Image, transform_points
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Certainty
from .anatomy_map import AnatomyMap
from .body_plan import BodyPlan
from .hips import Femur, find_femur, find_replaced_femur, labeled_implants
from .native_hip import find_native_femur
from .zones import HipImplant, stem_directions, tip_zone_part

SIDES = ("right", "left")
"""Order of the sides in tables."""
USUAL_RADIUS_MM = 24.0
"""Radius of the head of an average adult, mm. The places of `FEMUR_PLACES` grow with the head."""
NATIVE_ONLY = ("femoral head", "femoral neck")
"""Bones that a prosthesis replaces."""
REACH_FROM_BONE_MM = 4.0
"""Distance of the middle of a zone from the surface of stem or cup, mm: bone changes by loosening lie within 10 mm
of it. Our estimate."""
CUP_ANGLES = {"I": 65.0, "II": 135.0, "III": 210.0}
"""Angle of the middle of each DeLee-Charnley zone from lateral over above to medial, degrees. The bone at a cup with
an inclination of 40 to 45 degrees reaches from 45 to 225 degrees, and the zones meet at 90 and 180 degrees."""
CUP_ZONE_HALF_MM = (7.0, 18.0, 12.0)
"""Half axes of a DeLee-Charnley zone away from the cup, along its surface and from back to front, mm. A zone is 50 mm
long; the ellipsoid follows the surface over 36 mm of it. Our estimate."""
FRONT_STEP_MOST_MM = 6.0
"""Upper bound of the voxel size from front to back at which places in front of and behind a stem are told from places
beside it, mm: half the width of a stem with the bone around it. Our estimate."""


@dataclasses.dataclass(frozen=True)
class _FemurPlace:
    """Where a structure lies at a femur with a head of usual size.

    Parameters
    ----------
    structure : str
    at_mm : tuple of float
        Lateral, distal and anterior of the center of the head.
    half_mm : tuple of float
        Half axes of the ellipsoid: lateral, distal, anterior.
    tissue : int
    offsets : float
        What is added to the lateral distance, in femoral offsets: 1 for what lies at the shaft.
    """

    structure: str
    at_mm: tuple[float, float, float]
    half_mm: tuple[float, float, float]
    tissue: int = tissues.MARROW
    offsets: float = 0.0


FEMUR_PLACES = (
    _FemurPlace("femoral head", (0.0, 0.0, 0.0), (18.0, 18.0, 18.0)),
    _FemurPlace("femoral neck", (0.0, 19.0, -2.0), (8.0, 8.0, 9.0), offsets=0.56),
    _FemurPlace("greater trochanter", (9.0, 9.0, -9.0), (10.0, 15.0, 12.0), offsets=1.0),
    _FemurPlace("lesser trochanter", (-12.5, 59.0, -17.0), (6.0, 9.0, 6.0), offsets=1.0),
    _FemurPlace("acetabulum", (-12.0, -29.0, 0.0), (12.0, 8.0, 12.0)),
    _FemurPlace("hip joint capsule", (12.0, 14.0, 29.0), (12.0, 12.0, 6.0), tissues.MUSCLE),
    _FemurPlace("trochanteric bursa", (23.0, 16.0, -10.0), (6.0, 16.0, 11.0), tissues.MUSCLE, 1.0),
    _FemurPlace("iliopsoas tendon", (-4.0, -2.0, 36.0), (9.0, 14.0, 8.0), tissues.MUSCLE),
    _FemurPlace("gluteal tendons", (11.0, -12.0, -8.0), (8.0, 10.0, 9.0), tissues.MUSCLE, 1.0),
)
"""Structures of a hip, from above downward. The heads of adults are 48 mm wide and their offset is 41 to 43 mm; the
tip of the greater trochanter is as high as the center of the head, and the lesser trochanter lies 55 to 60 mm below,
medial of and behind the axis of the shaft (Noble PC et al. Clin Orthop 1988;235:148-165). The recess of the capsule in
front of the neck holds an effusion. The tendon of the iliopsoas crosses the front of the head at its medial third; the
gluteal tendons insert at the upper and lateral facets of the greater trochanter, and the bursa covers its lateral and
posterior surface (Pfirrmann CW et al. Radiology 2001;221:469-477). The distances are our estimates from these."""


def hip_sites(
    plan: BodyPlan,
    tissues_of_mr: Image,
    implants: Sequence[HipImplant] = (),
    anatomy: AnatomyMap | None = None,
    reference: Image | None = None,
) -> tuple[list[Site], list[str]]:
    """Find the sites of both hips.

    Parameters
    ----------
    plan : BodyPlan
        The midline, in the reference frame.
    tissues_of_mr : Image of uint8
        Tissue codes of the MR, on the reference grid.
    implants : sequence of HipImplant
        The prostheses, in the reference frame.
    anatomy : AnatomyMap, optional
    reference : Image, optional
        The reference series, in which a head is looked for where no segmentation shows it.

    Returns
    -------
    list of Site
        Right before left.
    list of str
        What was left out and why.
    """
    known = _all_implants(implants, anatomy)
    notes: list[str] = []
    femora = _find_femora(plan, known, anatomy)
    if reference is not None and plan.certainty != Certainty.UNCERTAIN:
        notes += _add_native(femora, known, plan, reference, tissues_of_mr)
    has_front = _step_to_front_mm(tissues_of_mr) <= FRONT_STEP_MOST_MM
    sites: list[Site] = []
    for side in SIDES:
        implant, found = known.get(side), femora.get(side)
        if found is not None:
            sites += _femur_sites(*found, plan, replaced=implant is not None)
        if implant is not None:
            sites += _prosthesis_sites(implant, plan, has_front)
        notes += _missing(side, found is not None, implant)
    if known and not has_front:
        notes.append("The slices are too thick to tell bone in front of and behind a stem from bone beside it.")
    return sites, notes


def _all_implants(implants: Sequence[HipImplant], anatomy: AnatomyMap | None) -> dict[str, HipImplant]:
    """The prostheses by side: those that were found, and those of a segmentation on the other sides."""
    known = {implant.side: implant for implant in implants}
    if anatomy is None:
        return known
    unseen = [side for side in SIDES if side not in known]
    return known | {labeled.side: _to_reference(labeled, anatomy) for labeled in labeled_implants(anatomy, unseen)}


def _step_to_front_mm(image: Image) -> float:
    """Size of a voxel from front to back, mm."""
    matrix = np.abs(image.geometry.ijk_to_ras[:3, :3])
    return float(matrix[1].max())


def _to_reference(implant: HipImplant, anatomy: AnatomyMap) -> HipImplant:
    """A prosthesis of a segmentation, in the reference frame."""
    matrix = anatomy.frame_to_map_ras
    return implant if matrix is None else implant.moved(np.linalg.inv(matrix))


def _missing(side: str, has_femur: bool, implant: HipImplant | None) -> Iterator[str]:
    """What is not known of a hip, for the reader."""
    if not has_femur and implant is None:
        yield f"The {side} femoral head was not found: the sites of the {side} hip are left out."
    elif not has_femur:
        yield f"The center of the {side} hip is not known: bones and tendons of the {side} hip are left out."
    if implant is not None and implant.stem_top_ras is None:
        yield f"The stem of the {side} prosthesis was not found: its Gruen zones are left out."
    if implant is not None and implant.cup_center_ras is None:
        yield f"The cup of the {side} prosthesis was not found: its DeLee-Charnley zones are left out."


def _find_femora(
    plan: BodyPlan, implants: dict[str, HipImplant], anatomy: AnatomyMap | None
) -> dict[str, tuple[Femur, str]]:
    """The femora by side in the reference frame that segmentation or prosthesis show, each with its source."""
    found: dict[str, tuple[Femur, str]] = {}
    if anatomy is not None:
        found = {side: (femur, str(SiteSource.SEGMENTATION)) for side, femur in _by_map(anatomy, implants).items()}
    for side, implant in implants.items():
        femur = replaced_femur(implant, plan.left_ras)
        if side not in found and femur is not None:
            found[side] = (femur, str(SiteSource.PROSTHESIS))
    return found


def _add_native(
    femora: dict[str, tuple[Femur, str]],
    implants: dict[str, HipImplant],
    plan: BodyPlan,
    reference: Image,
    tissue: Image,
) -> Iterator[str]:
    """Add the femora that the MR itself shows to `femora`; gives what the reader must know of them."""
    for side in SIDES:
        if side in femora or side in implants:
            continue
        other = next((femur for known, (femur, _) in femora.items() if known != side), None)
        expected = None if other is None else _mirrored(plan, other.head_ras)
        native = find_native_femur(reference, tissue, side, plan.left_ras, plan.midpoint_ras, expected)
        if native is None:
            continue
        femora[side] = (native.femur, str(SiteSource.MR))
        if not native.is_shaft_seen:
            yield (
                f"The shaft of the {side} femur is not seen: trochanters and tendons of the {side} hip lie where they "
                "usually are below a head of this size."
            )


def _by_map(anatomy: AnatomyMap, implants: dict[str, HipImplant]) -> dict[str, Femur]:
    """The femora of a segmentation, in the reference frame."""
    to_map = anatomy.frame_to_map_ras
    femora = {side: find_femur(anatomy, side) for side in SIDES if side not in implants}
    native = next((femur for femur in femora.values() if femur is not None), None)
    for side, implant in implants.items():
        femora[side] = find_replaced_femur(anatomy, side, implant.moved(to_map), native)
    back = np.eye(4) if to_map is None else np.linalg.inv(to_map)
    return {side: _moved(femur, back) for side, femur in femora.items() if femur is not None}


def _moved(femur: Femur, matrix: np.ndarray) -> Femur:
    """A femur after a rigid motion."""
    return dataclasses.replace(
        femur,
        head_ras=transform_points(matrix, femur.head_ras),
        lateral=matrix[:3, :3] @ femur.lateral,
        distal=matrix[:3, :3] @ femur.distal,
    )


def replaced_femur(implant: HipImplant, left_ras: np.ndarray | None = None) -> Femur | None:
    """The femur of a prosthesis: its head is that of the prosthesis, and its shaft follows the stem.

    Parameters
    ----------
    implant : HipImplant
    left_ras : ndarray, shape (3,), optional
        Unit vector to the patient's left; -R when left out.

    Returns
    -------
    Femur or None
        None when cup or stem is not known.
    """
    top, tip, head = implant.stem_top_ras, implant.stem_tip_ras, implant.cup_center_ras
    if top is None or tip is None or head is None:
        return None
    distal = (tip - top) / np.linalg.norm(tip - top)
    lateral, _ = stem_directions(implant, left_ras)
    offset = float(np.clip((top - head) @ lateral, 25.0, 65.0))
    return Femur(implant.side, head, USUAL_RADIUS_MM, lateral, distal, offset, replaced=True)


def _mirrored(plan: BodyPlan, point_ras: np.ndarray) -> np.ndarray:
    """A point on the other side of the midline."""
    mirrored: np.ndarray = point_ras - 2.0 * float(plan.lateral_mm(point_ras)) * plan.left_ras
    return mirrored


def _femur_sites(femur: Femur, source: str, plan: BodyPlan, replaced: bool) -> Iterator[Site]:
    """Bones, capsule, bursa and tendons of one hip; without head and neck when they are replaced."""
    anterior = np.cross(femur.distal, femur.lateral) * (1.0 if femur.side == "left" else -1.0)
    axes = np.stack([femur.lateral, femur.distal, anterior])
    radius = USUAL_RADIUS_MM if femur.replaced or replaced else femur.head_radius_mm
    scale = radius / USUAL_RADIUS_MM
    certainty = str(plan.side_certainty(femur.head_ras))
    for place in FEMUR_PLACES:
        if replaced and place.structure in NATIVE_ONLY:
            continue
        way = scale * np.array(place.at_mm) + [place.offsets * femur.offset_mm, 0.0, 0.0]
        yield Site(
            f"{femur.side} {place.structure}", place.structure, femur.side, None, femur.head_ras + way @ axes, axes,
            scale * np.array(place.half_mm), place.tissue, source=source, side_certainty=certainty,
        )  # fmt: skip


def _prosthesis_sites(implant: HipImplant, plan: BodyPlan, has_front: bool) -> Iterator[Site]:
    """The parts of a prosthesis, and the zones of the bone around it."""
    certainty = implant.side_certainty
    if certainty == Certainty.CERTAIN:
        certainty = str(_surer_side(implant, plan))
    drawn = [*_cup_places(implant, plan), *_stem_places(implant, plan, has_front)]
    for structure, zone, center, axes, half, tissue in drawn:
        name = f"{implant.side} {structure}"
        if zone is not None:
            where = "at the cup" if structure == "acetabulum" else "beside the stem"
            name = f"{name} {where}, {zone}"
        yield Site(
            name, structure, implant.side, None, center, axes, np.array(half), tissue, zone,
            str(SiteSource.PROSTHESIS), side_certainty=certainty,
        )  # fmt: skip


def _surer_side(implant: HipImplant, plan: BodyPlan) -> Certainty:
    """How much the side of a prosthesis can be relied on, as its void and the midline show it."""
    point = implant.cup_center_ras if implant.cup_center_ras is not None else implant.stem_top_ras
    return Certainty(implant.side_certainty) if point is None else plan.side_certainty(point)


_Drawn = tuple[str, str | None, np.ndarray, np.ndarray, tuple[float, float, float], int]
"""Structure, zone, center, axes, half axes and tissue of a site."""


def _cup_places(implant: HipImplant, plan: BodyPlan) -> Iterator[_Drawn]:
    """Cup, head and neck, and the zones at the cup."""
    center, radius = implant.cup_center_ras, implant.cup_radius_mm
    if center is None:
        return
    lateral = implant.lateral(plan.left_ras)
    up = np.array([0.0, 0.0, 1.0])
    front = np.cross(up, lateral)
    front = front * (np.sign(front[1]) or 1.0)
    body = np.stack([lateral, up, front])
    yield "prosthesis cup", None, center, body, (radius, radius, radius), tissues.MARROW
    yield "prosthesis head", None, center, body, (16.0, 16.0, 16.0), tissues.MUSCLE
    if implant.stem_top_ras is not None:
        middle = 0.5 * (center + implant.stem_top_ras)
        yield "prosthesis neck", None, middle, body, (12.0, 12.0, 12.0), tissues.MUSCLE
    for number, degrees in CUP_ANGLES.items():
        angle = np.deg2rad(degrees)
        out = np.cos(angle) * lateral + np.sin(angle) * up
        along = np.cross(out, front)
        middle = center + (radius + REACH_FROM_BONE_MM) * out
        zone = f"DeLee-Charnley {number}"
        yield "acetabulum", zone, middle, np.stack([out, along, front]), CUP_ZONE_HALF_MM, tissues.MARROW


def _stem_places(implant: HipImplant, plan: BodyPlan, has_front: bool) -> Iterator[_Drawn]:
    """Shoulder, tip and the zones at the stem."""
    top, tip, shoulder = implant.stem_top_ras, implant.stem_tip_ras, implant.shoulder_ras
    if top is None or tip is None or shoulder is None:
        return
    lateral, front = stem_directions(implant, plan.left_ras)
    way = tip - top
    length = float(np.linalg.norm(way))
    down = way / length
    axes = np.stack([lateral, down, front])
    yield "prosthesis shoulder", None, shoulder, axes, (10.0, 8.0, 10.0), tissues.MARROW
    yield "stem tip", None, tip, axes, (8.0, 6.0, 8.0), tissues.MARROW
    below = implant.stem_half_mm[1] + REACH_FROM_BONE_MM
    yield "femur", "Gruen 4", tip + 0.5 * below * down, axes, (8.0, 8.0, 8.0), tissues.MARROW
    third = tip_zone_part(implant) * length / 3.0
    for step in range(3):
        middle = top + (step + 0.5) * third * down
        aside = float(np.interp(step, (0, 2), implant.stem_half_mm)) + REACH_FROM_BONE_MM
        tall = 0.42 * third
        for number, out in ((1 + step, lateral), (7 - step, -lateral)):
            yield "femur", f"Gruen {number}", middle + aside * out, axes, (5.0, tall, 8.0), tissues.MARROW
        if has_front:
            for number, out in ((8 + step, front), (14 - step, -front)):
                yield "femur", f"Gruen {number}", middle + aside * out, axes, (8.0, tall, 5.0), tissues.MARROW
