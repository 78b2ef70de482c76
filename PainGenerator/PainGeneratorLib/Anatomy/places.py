"""Gives findings their anatomical names: structure, side, level and zone.

With an anatomy segmentation names come from geometry; without one, the body plan found in the images gives the side
and a
place relative to the spine line or the implant, and never a level.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from ..Numerics.core.image import Region
from ..Numerics.core.records import Place
from ..Numerics.core.words import LATERAL_SIDES
from .anatomy_map import BONES, MUSCLES, ORGANS, VERTEBRA_PARTS, AnatomyMap
from .hips import (
    FEMUR_PARTS,
    HIP_BONES,
    Femur,
    find_femur,
    find_replaced_femur,
    find_sacroiliac_joint,
    labeled_implant,
)
from .spine import Spine, find_spine, patient_left
from .spine_places import Sample, side_of, spine_name, spine_place
from .zones import HipImplant, StemPosition, cup_zone, gruen_zone, stem_position

if TYPE_CHECKING:
    from .body_plan import BodyPlan

_THIN_TO = 2000
_INSIDE_PART = 0.5
_TOUCHING_MM = 3.0
_REACH_MM = 30.0
_STEM_REACH_MM = 32.0
_CUP_REACH_MM = 15.0
"""From the outside of the cup's void: the bone that loosening changes, half a lesion deep. Ours."""
_BURSA_MM = (22.0, 45.0)
"""Lateral of a stem's axis: from the outside of a trochanter, 15 mm beyond the metal, to under the skin. Ours."""
_BURSA_PART = (-0.12, 0.35)
"""The part of the stem that lies at the height of the greater trochanter and of the bursa that hangs down from it."""
_NECK_REACH_MM = 20.0
_NEAR_NECK_PARTS, _NEAR_NECK_MM = (-0.05, 1.1), 25.0
"""Where uptake up to the usual one at a neck was found on six families of phantoms; that of loosening at cup and stem
lay at 27 mm and farther, that of synovitis was higher than usual (ours)."""
"""Half a neck, the capsule around it, and some millimetres by which its axis is uncertain on MR. Ours."""
_SACRUM_HALF_WIDTH_MM = 50.0
_S1_ENDPLATE_MM = 10.0
_HEAD_TO_MIDLINE_MM = 75.0
_JOINT_CAPSULE_MM = 12.0
_FEMUR_WORDS = (*FEMUR_PARTS, "femoral neck", "femoral shaft")
_UNCERTAIN = ("implant", "hip joint", "hip joint capsule", *MUSCLES)
"""What segmentations call the surroundings of a prosthesis neck."""
_ACETABULUM_MM = 20.0


class Namer:
    """Names regions; callable as the ``name`` of :func:`Numerics.fusion.fuse`.

    Parameters
    ----------
    anatomy : AnatomyMap, optional
        The anatomy segmentation.
    plan : BodyPlan, optional
        What was found in the images; used where the segmentation has nothing to say.
    implant : HipImplant, optional
        Axes of a hip prosthesis, for zones.
    """

    def __init__(
        self, anatomy: AnatomyMap | None = None, plan: BodyPlan | None = None, implant: HipImplant | None = None
    ) -> None:
        if anatomy is None and plan is None:
            raise ValueError("a namer needs an anatomy map or a body plan")
        self.anatomy, self.plan, self.implant = anatomy, plan, implant
        self.spine = find_spine(anatomy) if anatomy is not None else Spine(())
        self._left = patient_left(anatomy) if anatomy is not None else plan.left_ras
        self._femora: dict[str, Femur] = {}
        self._joints = []
        if anatomy is not None:
            self._joints = [j for side in LATERAL_SIDES if (j := find_sacroiliac_joint(anatomy, side)) is not None]
            self._femora = self._find_femora()

    def _find_femora(self) -> dict[str, Femur]:
        """The proximal femora by side; that of a replaced hip from its prosthesis."""
        anatomy = self.anatomy
        found = {side: femur for side in LATERAL_SIDES if (femur := find_femur(anatomy, side)) is not None}
        implant = labeled_implant(anatomy)
        if implant is None and self.implant is not None:
            implant = self.implant.moved(anatomy.frame_to_map_ras)
        if self.implant is None and implant is not None and anatomy.frame_to_map_ras is None:
            self.implant = implant
        for side in LATERAL_SIDES:
            replaced = implant is not None and implant.side == side
            if replaced or (side not in found and implant is None):
                other = next((femur for femur in found.values() if femur.side != side), None)
                femur = find_replaced_femur(anatomy, side, implant, other)
                if femur is not None:
                    found[side] = femur
        return found

    def __call__(self, region: Region) -> Place:
        return self.name(region)

    def name(self, where: Region | np.ndarray) -> Place:
        """The place of a region or of a position.

        Parameters
        ----------
        where : Region or ndarray, shape (3,) or (n, 3)
            In the reference frame (RAS mm).

        Returns
        -------
        Place
        """
        points = where.points_ras if isinstance(where, Region) else np.atleast_2d(np.asarray(where, dtype=float))
        centroid = points.mean(axis=0)
        place = None if self.anatomy is None else self._by_anatomy(points)
        at_implant = self._by_implant(centroid)
        if at_implant is not None:
            place = at_implant if place is None else self._with_zone(place, at_implant)
        if place is None and self.plan is not None:
            place = self.plan.describe(points)
        if place is None:
            place = self._by_side_alone(centroid)
        if self._is_near_neck(centroid):
            place = dataclasses.replace(place, flags=(*place.flags, "near-neck"))
        return place

    def _is_near_neck(self, point: np.ndarray) -> bool:
        """Whether a point (reference frame) lies about head and neck of the prosthesis, in its joint."""
        if self.implant is None or self.implant.neck_end_ras is None:
            return False
        along, away = self._along_neck(point)
        return _NEAR_NECK_PARTS[0] <= along <= _NEAR_NECK_PARTS[1] and away <= _NEAR_NECK_MM

    def _along_neck(self, point: np.ndarray) -> tuple[float, float]:
        """Place along the way from the head's center (0) to where the neck meets the stem's axis (1), and distance
        from that way, mm."""
        start = self.implant.cup_center_ras
        way = self.implant.neck_end_ras - start
        along = float((point - start) @ way / (way @ way))
        return along, float(np.linalg.norm(point - start - np.clip(along, 0.0, 1.0) * way))

    def _with_zone(self, place: Place, at_implant: Place) -> Place:
        """What the segmentation says of a place at a prosthesis, with the zone of the bone that it lies in.

        Soft tissue beside the bone has no zone. A femur is called by its zone alone, except where the segmentation
        itself names a trochanter.
        """
        structure, zone = place.structure, at_implant.zone
        if structure in ("greater trochanter", "lesser trochanter") and zone and self.anatomy.labels_of(structure):
            return dataclasses.replace(place, name=f"{place.name}, {zone}", zone=zone)
        bones = {
            "prosthesis neck": (*_FEMUR_WORDS, *HIP_BONES, *_UNCERTAIN),
            "femur": (*_FEMUR_WORDS, "implant"),
            "acetabulum": (*HIP_BONES, "implant"),
        }
        return at_implant if structure in bones[at_implant.structure] else place

    def _by_anatomy(self, points: np.ndarray) -> Place | None:
        sample = self._sample(points)
        place = (
            self._sacroiliac(sample)
            or self._hip(sample)
            or spine_place(self.anatomy, self.spine, sample)
            or self._sacrum(sample)
            or self._labeled(sample)
            or self._beside(sample)
        )
        if place is None or place.level is None:
            return place
        flagged = self.anatomy.counted or self.spine.transitional
        return dataclasses.replace(place, flags=(*place.flags, "level-counted")) if flagged else place

    def _sample(self, points: np.ndarray) -> Sample:
        points = self.anatomy.to_map(points[:: max(1, len(points) // _THIN_TO)])
        labels, counts = np.unique(self.anatomy.labels_at(points), return_counts=True)
        parts: dict[tuple[str, str | None, str | None], float] = {}
        for label, count in zip(labels, counts, strict=True):
            what = self.anatomy.structures.get(int(label))
            if what is not None:
                key = (what.structure, what.side, what.level)
                parts[key] = parts.get(key, 0.0) + count / len(points)
        return Sample(points, points.mean(axis=0), parts)

    def _sacroiliac(self, sample: Sample) -> Place | None:
        """Near both sacrum and ilium; not when most of it is an organ or another bone.

        A joint's capsule and ligaments have no label: the muscle beside the joint does not take a focus from it.
        """
        if sample.part((*ORGANS, *VERTEBRA_PARTS, "disc")) > _INSIDE_PART:
            return None
        best = None
        for joint in self._joints:
            found = joint.describe(sample.centroid_ras)
            if found is not None and (best is None or found[0] < best[0]):
                best = (*found, joint.side)
        if best is None:
            return None
        _, half, part, side = best
        return Place(f"{side} sacroiliac joint, {half} half, {part}", "sacroiliac joint", side)

    def _hip(self, sample: Sample) -> Place | None:
        """Femur, acetabulum, hip joint and what lies right beside them."""
        if not self._femora:
            return None
        held = sample.main((*FEMUR_PARTS, *HIP_BONES))
        sides = [held[1]] if held is not None and held[1] else list(self._femora)
        near = [
            femur
            for side, femur in self._femora.items()
            if side in sides and femur.local(sample.centroid_ras)[0] > -_HEAD_TO_MIDLINE_MM
        ]
        if not near:
            return None
        femur = min(near, key=lambda f: float(np.linalg.norm(f.head_ras - sample.centroid_ras)))
        point, side = sample.centroid_ras, femur.side
        to_head = float(np.linalg.norm(point - femur.head_ras)) - femur.head_radius_mm
        in_femur, in_hip = sample.part(FEMUR_PARTS), sample.part(HIP_BONES)
        structure = None
        if in_femur >= _INSIDE_PART:
            named = sample.main(FEMUR_PARTS)[0]
            structure = named if named != "femur" else femur.part(point)
        elif in_hip >= _INSIDE_PART:
            structure = _hip_bone_part(sample, femur, to_head)
        elif in_femur + sample.part("implant") >= _INSIDE_PART:
            structure = "femur"
        elif sample.part((*ORGANS, *VERTEBRA_PARTS, "sacrum")) < _INSIDE_PART:
            structure = _beside_hip(femur, point, sample.part(MUSCLES) >= _INSIDE_PART)
        return Place(f"{side} {structure}", structure, side) if structure else None

    def _sacrum(self, sample: Sample) -> Place | None:
        if sample.part("sacrum") < _INSIDE_PART:
            return None
        frame = self.spine.frames[-1] if self.spine.frames else None
        disc = next((joint for joint in self.spine.discs if joint.level.endswith("/S1")), None)
        lateral = self._lateral_of_pelvis(sample.points_ras)
        if disc is not None and frame is not None:
            labels = self.anatomy.labels_of("disc", level=disc.level)
            points = self.anatomy.points(labels) if labels else disc.center_ras[None]
            reach = _S1_ENDPLATE_MM if labels else 2.0 * _S1_ENDPLATE_MM
            if cKDTree(points).query(sample.centroid_ras)[0] <= reach:
                side = side_of(lateral, frame.half_width_mm)
                return Place(spine_name("upper endplate", side, disc.level), "upper endplate", side, disc.level)
        side = side_of(lateral, _SACRUM_HALF_WIDTH_MM)
        return Place("sacrum" if side == "midline" else f"sacrum, {side}", "sacrum", side)

    def _lateral_of_pelvis(self, points: np.ndarray) -> np.ndarray:
        """Distances to the left of the pelvis' middle (map frame): between the two sacroiliac joints, else hip bones,
        else in line with the lowest vertebra, else from the sacrum's own middle."""
        centers = {joint.side: joint.points_ras.mean(axis=0) for joint in self._joints}
        if len(centers) < 2:
            bones = {side: self.anatomy.points(self.anatomy.labels_of(HIP_BONES, side)) for side in ("left", "right")}
            centers = {side: points.mean(axis=0) for side, points in bones.items() if len(points)}
        if len(centers) == 2:
            way = centers["left"] - centers["right"]
            return (points - 0.5 * (centers["left"] + centers["right"])) @ (way / np.linalg.norm(way))
        if self.spine.frames:
            frame = self.spine.frames[-1]
            return (points - frame.center_ras) @ frame.left
        middle = self.anatomy.points(self.anatomy.labels_of("sacrum")).mean(axis=0)
        return (points - middle) @ self._left

    def _labeled(self, sample: Sample) -> Place | None:
        """What most of the finding lies in."""
        if not sample.parts:
            return None
        structure, side, level = max(sample.parts, key=sample.parts.get)
        if sample.parts[structure, side, level] < _INSIDE_PART:
            return None
        side = side or self._side(sample.centroid_ras)
        return Place(_plain_name(structure, side, level), structure, side, level)

    def _beside(self, sample: Sample) -> Place | None:
        """The nearest labeled structure within reach, with its distance."""
        geometry = self.anatomy.image.geometry
        ijk = np.rint(geometry.to_ijk(sample.centroid_ras)).astype(int)
        reach = np.ceil(_REACH_MM / np.array(geometry.spacing_mm)).astype(int)
        low = np.maximum(ijk - reach, 0)[::-1]
        high = np.minimum(ijk + reach + 1, geometry.shape[::-1])[::-1]
        if np.any(low >= high):
            return None
        part = self.anatomy.image.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        vague = self.anatomy.labels_of(("fat", "muscle"))
        kji = np.argwhere((part > 0) & ~np.isin(part, vague))
        if not len(kji):
            return None
        distance = np.linalg.norm(geometry.to_ras((kji + low)[:, ::-1]) - sample.centroid_ras, axis=1)
        order = np.argsort(distance)
        for index in order[:1]:
            what = self.anatomy.structures.get(int(part[tuple(kji[index])]))
            if what is None or distance[index] > _REACH_MM:
                return None
            side = what.side or self._side(sample.centroid_ras)
            structure = what.structure
            if structure == "femur" and side in self._femora:
                structure = self._femora[side].part(geometry.to_ras((kji[index] + low)[::-1]))
            name = _plain_name(structure, side, what.level)
            if distance[index] > _TOUCHING_MM:
                name = f"beside {name}, {distance[index]:.0f} mm"
            return Place(name, structure, side, what.level)
        return None

    def _side(self, point: np.ndarray) -> str:
        """Side of a point (map frame) from the nearest vertebra, else from paired bones, else from the plan."""
        frame = self.spine.nearest(point)
        if frame is not None:
            return side_of(np.array([frame.local(point)[0]]), frame.half_width_mm)
        centers = [self.anatomy.points(self.anatomy.labels_of(BONES, side)) for side in ("left", "right")]
        if all(len(points) for points in centers):
            middle = 0.5 * (centers[0].mean(axis=0) + centers[1].mean(axis=0))
            return side_of(np.array([(point - middle) @ self._left]), _SACRUM_HALF_WIDTH_MM / 2)
        return self.plan.side(point) if self.plan is not None else self._by_side_alone(point).side

    def _by_implant(self, point: np.ndarray) -> Place | None:
        """Places at the prosthesis, in the reference frame."""
        implant = self.implant
        if implant is None:
            return None
        side = implant.side
        if implant.neck_end_ras is not None:
            along, away = self._along_neck(point)
            beyond_cup = np.linalg.norm(point - implant.cup_center_ras) > 0.75 * implant.cup_radius_mm
            if 0.0 < along < 0.9 and away <= _NECK_REACH_MM and beyond_cup:
                return Place(f"{side} prosthesis neck", "prosthesis neck", side)
        to_cup = np.inf
        if implant.cup_center_ras is not None:
            to_cup = float(np.linalg.norm(point - implant.cup_center_ras)) - implant.cup_radius_mm
        if implant.stem_top_ras is not None and implant.stem_tip_ras is not None:
            position = stem_position(point, implant, self._left)
            if self.anatomy is None and _is_at_bursa(position):
                return Place(f"{side} trochanteric bursa", "trochanteric bursa", side)
            if -0.12 <= position.along <= 1.25 and position.away_mm <= _STEM_REACH_MM and to_cup > 0.0:
                zone, lateral_view = gruen_zone(point, implant, self._left)
                note = f" (lateral view {lateral_view.split()[1]})" if lateral_view else ""
                return Place(f"{side} femur beside the stem, {zone}{note}", "femur", side, None, zone)
        if to_cup <= _CUP_REACH_MM:
            zone = cup_zone(point, implant, self._left)
            return Place(f"{side} acetabulum at the cup, {zone}", "acetabulum", side, None, zone)
        return None

    def _by_side_alone(self, point: np.ndarray) -> Place:
        """Nothing is known but the frame: the middle of the segmentation divides left from right."""
        middle = self.anatomy.image.geometry.center_ras if self.anatomy is not None else np.zeros(3)
        side = side_of(np.array([(self.anatomy.to_map(point) - middle) @ self._left]), _SACRUM_HALF_WIDTH_MM / 2)
        return Place(f"unnamed place, {side}", "unnamed", side, None, None, ("no-level",))


def _is_at_bursa(position: StemPosition) -> bool:
    """Whether a place beside a stem lies lateral of the greater trochanter, where there is no bone any more."""
    is_beside = _BURSA_MM[0] <= position.lateral_mm <= _BURSA_MM[1] and abs(position.anterior_mm) < position.lateral_mm
    return is_beside and _BURSA_PART[0] <= position.along <= _BURSA_PART[1]


def _plain_name(structure: str, side: str, level: str | None) -> str:
    if structure in VERTEBRA_PARTS or structure == "disc":
        return (
            spine_name(structure, side, level)
            if level
            else f"{structure}" + ("" if side == "midline" else f", {side}")
        )
    return structure if side == "midline" else f"{side} {structure}"


def _hip_bone_part(sample: Sample, femur: Femur, to_head: float) -> str:
    """Acetabulum around the head; ilium above it, pubis in front and ischium behind below it."""
    named = sample.main(HIP_BONES)[0]
    if named != "hip bone":
        return named
    if to_head <= _ACETABULUM_MM:
        return "acetabulum"
    _, distal, anterior = femur.local(sample.centroid_ras)
    if distal < 0.0:
        return "ilium"
    return "pubis" if anterior > 0.0 else "ischium"


def _beside_hip(femur: Femur, point: np.ndarray, in_muscle: bool) -> str | None:
    """Joint and bursae: places without a label of their own, by where they lie to head and greater trochanter.

    Muscles lie right on capsule and iliopsoas bursa, and segmentations give them what has no label: what is so near to
    the joint is the joint's.
    """
    lateral, distal, anterior = femur.local(point)
    to_head = float(np.linalg.norm(point - femur.head_ras)) - femur.head_radius_mm
    beside_trochanter = femur.offset_mm + 8.0 < lateral < femur.offset_mm + 45.0
    if not in_muscle and beside_trochanter and -15.0 < distal < 1.4 * femur.offset_mm:
        return "trochanteric bursa"
    if femur.to_neck_mm(point) <= femur.head_radius_mm + _JOINT_CAPSULE_MM:
        return "hip joint capsule" if femur.replaced else "hip joint"
    if to_head <= 2.2 * _JOINT_CAPSULE_MM and anterior > 0.8 * femur.head_radius_mm and abs(lateral) < 22.0:
        return "iliopsoas bursa"
    return None
