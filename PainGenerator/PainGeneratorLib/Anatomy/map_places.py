"""Name places by an anatomy segmentation: structure, side and level follow from its labels and their geometry."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from ..Numerics.core.image import transform_points
from ..Numerics.core.records import Place
from ..Numerics.core.words import LATERAL_SIDES, Certainty, Side
from .anatomy_map import BONES, MUSCLES, ORGANS, VERTEBRA_PARTS, AnatomyMap
from .certainty import with_side_certainty
from .hips import (
    FEMUR_PARTS,
    HIP_BONES,
    Femur,
    find_replaced_femur,
    labeled_implants,
)
from .map_parts import parts_of
from .spine import has_pairs, patient_left
from .spine_places import Sample, side_of, spine_name, spine_place
from .turn_certainty import canal_is_behind, turn_certainty
from .zones import HipImplant

if TYPE_CHECKING:
    from .body_plan import BodyPlan

THIN_TO = 2000
"""Number of voxels of a finding that are looked up. From a larger finding every n-th voxel is taken, so that about
this many remain. Our estimate."""
INSIDE_PART = 0.5
"""Lower bound of the fraction of the voxels of a finding in a structure at which it lies in it. Our estimate."""
TOUCHING_MM = 3.0
"""Upper bound of the distance from a structure at which a finding is named as part of it, mm. A finding farther away
is named with its distance. Our estimate."""
REACH_MM = 30.0
"""Upper bound of the distance of structures that can name a finding, mm. Our estimate."""
S1_ENDPLATE_MM = 10.0
"""Upper bound of the distance from the lowest disc at which a finding in the sacrum lies at the endplate of S1, mm.
Our estimate."""
SACRUM_HALF_WIDTH_MM = 50.0
"""Half the width of the sacrum, mm. Our estimate."""
HEAD_TO_MIDLINE_MM = 75.0
"""Upper bound of the medial distance of a finding from the femoral head to whose hip it belongs, mm. A finding farther
toward the midline belongs to the other hip or to none. Our estimate."""
JOINT_CAPSULE_MM = 12.0
"""Upper bound of the distance of the capsule of the hip from the surface of the head or the neck, mm. Our estimate."""
ACETABULUM_MM = 20.0
"""Upper bound of the distance of the acetabulum from the surface of the femoral head, mm. Our estimate."""
BURSA_FROM_SHAFT_MM = (8.0, 45.0)
"""Lower and upper bound of the lateral distance of the trochanteric bursa from the axis of the shaft, mm. Our
estimate."""
BURSA_ABOVE_HEAD_MM = 15.0
"""Upper bound of the height of the trochanteric bursa above the center of the femoral head, mm. Our estimate."""
BURSA_BELOW_OFFSETS = 1.4
"""Upper bound of the distance of the trochanteric bursa below the center of the femoral head, in femoral offsets. Our
estimate."""
ILIOPSOAS_CAPSULES = 2.2
"""Upper bound of the distance of the iliopsoas bursa from the surface of the femoral head, as a multiple of
`JOINT_CAPSULE_MM`. Our estimate."""
ILIOPSOAS_FRONT_RADII = 0.8
"""Lower bound of the distance of the iliopsoas bursa in front of the center of the femoral head, in radii of the head.
Our estimate."""
ILIOPSOAS_SIDE_MM = 22.0
"""Upper bound of the distance of the iliopsoas bursa to either side of the center of the femoral head, mm. Our
estimate."""


class MapNamer:
    """Give names to regions by an anatomy segmentation.

    Parameters
    ----------
    anatomy : AnatomyMap
    plan : BodyPlan, optional
        The body plan that was found in the images. It gives the side when the segmentation does not.
    implants : sequence of HipImplant
        The prostheses that were found on the MR, in the reference frame.

    Attributes
    ----------
    implants : tuple of HipImplant
        The same prostheses, and those of the segmentation on the other sides, in the reference frame.
    left_ras : ndarray, shape (3,)
        Unit vector to the patient's left, in the frame of the map.
    """

    def __init__(self, anatomy: AnatomyMap, plan: BodyPlan | None, implants: Sequence[HipImplant]) -> None:
        self.anatomy, self.plan, self.implants = anatomy, plan, tuple(implants)
        parts = parts_of(anatomy)
        self.spine = parts.spine
        self.left_ras = patient_left(anatomy)
        self._joints = list(parts.joints)
        self.femora = self._find_femora()

    def _known_implants(self) -> dict[str, HipImplant]:
        """The prostheses by side in the frame of the map: those of its labels, else those found on the MR."""
        anatomy = self.anatomy
        known = {implant.side: implant for implant in labeled_implants(anatomy)}
        to_map = anatomy.frame_to_map_ras
        to_frame = None if to_map is None else np.linalg.inv(to_map)
        seen = {implant.side for implant in self.implants}
        unseen = [implant.moved(to_frame) for side, implant in known.items() if side not in seen]
        self.implants = (*self.implants, *unseen)
        for implant in self.implants:
            known.setdefault(implant.side, implant.moved(anatomy.frame_to_map_ras))
        return known

    def _find_femora(self) -> dict[str, Femur]:
        """Find the proximal femora by side. That of a replaced hip is found from its prosthesis."""
        anatomy = self.anatomy
        found = dict(parts_of(anatomy).femora)
        known = self._known_implants()
        for side in map(str, LATERAL_SIDES):
            implant = known.get(side)
            if implant is not None or (side not in found and not known):
                other = next((femur for femur in found.values() if femur.side != side), None)
                femur = find_replaced_femur(anatomy, side, implant, other)
                if femur is not None:
                    found[side] = femur
        return found

    def place(self, points_ras: np.ndarray) -> Place | None:
        """Find the place of a finding.

        Parameters
        ----------
        points_ras : ndarray, shape (n, 3)
            Voxels of the finding in the reference frame, RAS mm.

        Returns
        -------
        Place or None
            None when the finding lies in no structure of the segmentation and at none of its joints.
        """
        sample = self._sample(points_ras)
        place = (
            self._sacroiliac(sample)
            or self._hip(sample)
            or spine_place(self.anatomy, self.spine, sample)
            or self._sacrum(sample)
            or self._labeled(sample)
        )
        return None if place is None else self._with_flags(place, sample)

    def beside(self, points_ras: np.ndarray) -> Place | None:
        """Find the nearest labeled structure of a finding that lies in none.

        Parameters
        ----------
        points_ras : ndarray, shape (n, 3)
            Voxels of the finding in the reference frame, RAS mm.

        Returns
        -------
        Place or None
            None when no structure lies within `REACH_MM`.
        """
        sample = self._sample(points_ras)
        place = self._beside(sample)
        return None if place is None else self._with_flags(place, sample)

    def _with_flags(self, place: Place, sample: Sample) -> Place:
        """A place with what is uncertain about its side and its level."""
        place = self._with_doubt(place, sample.centroid_ras)
        if place.level is None:
            return place
        if self.anatomy.counted or self.spine.transitional:
            place = dataclasses.replace(place, flags=(*place.flags, "level-counted"))
        if self.anatomy.certainty != Certainty.CERTAIN:
            place = dataclasses.replace(place, flags=(*place.flags, "level-likely"))
        return place

    def _with_doubt(self, place: Place, point_ras: np.ndarray) -> Place:
        """A place whose side is uncertain where the vertebrae contradict the axes of the scanner, or the name of a
        label its place, and likely where the scanner alone says which way the spine looks.
        """
        if place.side not in LATERAL_SIDES or place.side_certainty != Certainty.CERTAIN:
            return place
        certainty = self._turn_certainty(point_ras)
        if self._knows_middle and self.side(point_ras) not in (place.side, Side.MIDLINE):
            # The name of a label says one side, and the place of the label says the other.
            certainty = Certainty.UNCERTAIN
        return place if certainty == Certainty.CERTAIN else with_side_certainty(place, certainty)

    def _turn_certainty(self, point_ras: np.ndarray) -> Certainty:
        """How much left and right of the vertebrae can be relied on."""
        seen = self.plan is not None and self.plan.side_certainty(self._in_reference(point_ras)) == Certainty.CERTAIN
        return turn_certainty(self.spine, self._canal_is_behind, lambda: self._has_pairs, seen)

    @functools.cached_property
    def _canal_is_behind(self) -> bool | None:
        """Whether the canal that the images show lies behind most bodies; None where it is not surely seen."""
        to_map = self.anatomy.frame_to_map_ras
        return canal_is_behind(self.spine if to_map is None else self.spine.moved(np.linalg.inv(to_map)), self.plan)

    @functools.cached_property
    def _knows_middle(self) -> bool:
        """Whether vertebrae or the bones of both sides tell where the middle of the body is."""
        return bool(self.spine.frames) or all(self.anatomy.labels_of(BONES, side) for side in LATERAL_SIDES)

    @functools.cached_property
    def _has_pairs(self) -> bool:
        """Whether the map names structures left and right, whose places are those of the scanner's axes."""
        return has_pairs(self.anatomy)

    def _in_reference(self, point_ras: np.ndarray) -> np.ndarray:
        """A point of the frame of the map in the reference frame."""
        to_map = self.anatomy.frame_to_map_ras
        return point_ras if to_map is None else transform_points(np.linalg.inv(to_map), point_ras)

    def side(self, point_ras: np.ndarray) -> str:
        """Side of a point in the frame of the map.

        It comes from the nearest vertebra, otherwise from the bones of both sides, otherwise from the body plan.
        """
        frame = self.spine.nearest(point_ras)
        if frame is not None:
            return side_of(np.array([frame.local(point_ras)[0]]), frame.half_width_mm)
        centers = [self.anatomy.points(self.anatomy.labels_of(BONES, side)) for side in LATERAL_SIDES]
        if all(len(points) for points in centers):
            middle = 0.5 * (centers[0].mean(axis=0) + centers[1].mean(axis=0))
            return side_of(np.array([(point_ras - middle) @ self.left_ras]), SACRUM_HALF_WIDTH_MM / 2)
        return self.plan.side(point_ras) if self.plan is not None else self.side_of_middle(point_ras)

    def side_certainty(self, point_ras: np.ndarray) -> Certainty:
        """How much the side that :meth:`side` gives can be relied on; `point_ras` is in the frame of the map."""
        if self.spine.nearest(point_ras) is not None:
            return self._turn_certainty(point_ras)
        if self._knows_middle:
            return Certainty.CERTAIN
        return Certainty.UNCERTAIN if self.plan is None else self.plan.side_certainty(point_ras)

    def side_of_middle(self, point_ras: np.ndarray) -> str:
        """Side of a point (reference frame) from the middle of the segmentation alone, when nothing else is known."""
        middle = self.anatomy.image.geometry.center_ras
        way = (self.anatomy.to_map(point_ras) - middle) @ self.left_ras
        return side_of(np.array([way]), SACRUM_HALF_WIDTH_MM / 2)

    def _sample(self, points: np.ndarray) -> Sample:
        """Look the labels of the voxels of a finding up; `points` are in the reference frame."""
        points = self.anatomy.to_map(points[:: max(1, len(points) // THIN_TO)])
        labels, counts = np.unique(self.anatomy.labels_at(points), return_counts=True)
        parts: dict[tuple[str, str | None, str | None], float] = {}
        for label, count in zip(labels, counts, strict=True):
            what = self.anatomy.structures.get(int(label))
            if what is not None:
                key = (what.structure, what.side, what.level)
                parts[key] = parts.get(key, 0.0) + count / len(points)
        return Sample(points, points.mean(axis=0), parts)

    def _sacroiliac(self, sample: Sample) -> Place | None:
        """The sacroiliac joint, for a finding near sacrum and ilium that does not lie mostly in an organ or another
        bone.

        Capsule and ligaments of the joint have no label of their own. A finding at the joint is therefore named after
        the joint although it may lie in a muscle label.
        """
        if sample.part((*ORGANS, *VERTEBRA_PARTS, "disc")) > INSIDE_PART:
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
        """Femur, hip bone and hip joint, and the bursae next to them."""
        femur = self._nearest_femur(sample)
        if femur is None:
            return None
        point, side = sample.centroid_ras, femur.side
        to_head = float(np.linalg.norm(point - femur.head_ras)) - femur.head_radius_mm
        in_femur, in_hip = sample.part(FEMUR_PARTS), sample.part(HIP_BONES)
        structure: str | None = None
        if in_femur >= INSIDE_PART:
            named = sample.main(FEMUR_PARTS)
            structure = named[0] if named is not None and named[0] != "femur" else femur.part(point)
        elif in_hip >= INSIDE_PART:
            structure = _hip_bone_part(sample, femur, to_head)
        elif in_femur + sample.part("implant") >= INSIDE_PART:
            structure = "femur"
        elif sample.part((*ORGANS, *VERTEBRA_PARTS, "sacrum")) < INSIDE_PART:
            structure = _beside_hip(femur, point, sample.part(MUSCLES) >= INSIDE_PART)
        return Place(f"{side} {structure}", structure, side) if structure else None

    def _nearest_femur(self, sample: Sample) -> Femur | None:
        """The proximal femur whose head is nearest, on the side that the labels of the finding name."""
        held = sample.main((*FEMUR_PARTS, *HIP_BONES))
        sides = [held[1]] if held is not None and held[1] else list(self.femora)
        near = [
            femur
            for side, femur in self.femora.items()
            if side in sides and femur.local(sample.centroid_ras)[0] > -HEAD_TO_MIDLINE_MM
        ]
        return min(near, key=lambda f: float(np.linalg.norm(f.head_ras - sample.centroid_ras)), default=None)

    def _sacrum(self, sample: Sample) -> Place | None:
        """The upper endplate of S1, or the sacrum, for a finding that lies mostly in the sacrum."""
        if sample.part("sacrum") < INSIDE_PART:
            return None
        frame = self.spine.frames[-1] if self.spine.frames else None
        disc = next((joint for joint in self.spine.discs if joint.level.endswith("/S1")), None)
        lateral = self._lateral_of_pelvis(sample.points_ras)
        if disc is not None and frame is not None:
            labels = self.anatomy.labels_of("disc", level=disc.level)
            points = self.anatomy.points(labels) if labels else disc.center_ras[None]
            reach = S1_ENDPLATE_MM if labels else 2.0 * S1_ENDPLATE_MM
            if cKDTree(points).query(sample.centroid_ras)[0] <= reach:
                side = side_of(lateral, frame.half_width_mm)
                return Place(spine_name("upper endplate", side, disc.level), "upper endplate", side, disc.level)
        side = side_of(lateral, SACRUM_HALF_WIDTH_MM)
        return Place("sacrum" if side == "midline" else f"sacrum, {side}", "sacrum", side)

    def _lateral_of_pelvis(self, points: np.ndarray) -> np.ndarray:
        """Distances of points (frame of the map) from the middle of the pelvis, mm, positive to the left.

        The middle lies between the two sacroiliac joints. If they are not known, it lies between the two hip bones,
        otherwise in line with the lowest vertebra, otherwise in the middle of the sacrum.
        """
        centers = {joint.side: joint.points_ras.mean(axis=0) for joint in self._joints}
        if len(centers) < 2:
            labels = {str(side): self.anatomy.labels_of(HIP_BONES, side) for side in LATERAL_SIDES}
            bones = {side: self.anatomy.points(numbers) for side, numbers in labels.items()}
            centers = {side: points.mean(axis=0) for side, points in bones.items() if len(points)}
        if len(centers) == 2:
            way = centers["left"] - centers["right"]
            return (points - 0.5 * (centers["left"] + centers["right"])) @ (way / np.linalg.norm(way))
        if self.spine.frames:
            frame = self.spine.frames[-1]
            return (points - frame.center_ras) @ frame.left
        middle = self.anatomy.points(self.anatomy.labels_of("sacrum")).mean(axis=0)
        return (points - middle) @ self.left_ras

    def _labeled(self, sample: Sample) -> Place | None:
        """The labeled structure in which most of the finding lies; None when there is none."""
        if not sample.parts:
            return None
        structure, side, level = max(sample.parts, key=lambda key: sample.parts[key])
        if sample.parts[structure, side, level] < INSIDE_PART:
            return None
        place = functools.partial(Place, structure=structure, level=level)
        if side is not None:
            return place(name=_plain_name(structure, side, level), side=side)
        side = self.side(sample.centroid_ras)
        found = place(name=_plain_name(structure, side, level), side=side)
        return with_side_certainty(found, self.side_certainty(sample.centroid_ras))

    def _beside(self, sample: Sample) -> Place | None:
        """The nearest labeled structure within `REACH_MM`, with its distance; None when there is none."""
        geometry = self.anatomy.image.geometry
        ijk = np.rint(geometry.to_ijk(sample.centroid_ras)).astype(int)
        reach = np.ceil(REACH_MM / np.array(geometry.spacing_mm)).astype(int)
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
        nearest = int(np.argsort(distance)[0])
        what = self.anatomy.structures.get(int(part[tuple(kji[nearest])]))
        if what is None or distance[nearest] > REACH_MM:
            return None
        side = what.side or self.side(sample.centroid_ras)
        structure = what.structure
        if structure == "femur" and side in self.femora:
            structure = self.femora[side].part(geometry.to_ras((kji[nearest] + low)[::-1]))
        name = _plain_name(structure, side, what.level)
        if distance[nearest] > TOUCHING_MM:
            name = f"beside {name}, {distance[nearest]:.0f} mm"
        place = Place(name, structure, side, what.level)
        return place if what.side else with_side_certainty(place, self.side_certainty(sample.centroid_ras))


def _plain_name(structure: str, side: str, level: str | None) -> str:
    """The name of a structure with its side, and with its level in the spine."""
    if structure in VERTEBRA_PARTS or structure == "disc":
        return spine_name(structure, side, level)
    return structure if side == "midline" else f"{side} {structure}"


def _hip_bone_part(sample: Sample, femur: Femur, to_head: float) -> str:
    """The part of the hip bone: acetabulum near the head, ilium above its center, pubis or ischium below it.

    Below the center of the head the pubis lies in front and the ischium behind.
    """
    named = sample.main(HIP_BONES)
    if named is not None and named[0] != "hip bone":
        return named[0]
    if to_head <= ACETABULUM_MM:
        return "acetabulum"
    _, distal, anterior = femur.local(sample.centroid_ras)
    if distal < 0.0:
        return "ilium"
    return "pubis" if anterior > 0.0 else "ischium"


def _beside_hip(femur: Femur, point: np.ndarray, in_muscle: bool) -> str | None:
    """The hip joint or a bursa, from the position relative to the femoral head and the greater trochanter.

    Joint and bursae have no label of their own. Muscles lie directly on the capsule and on the iliopsoas bursa, and
    segmentations label the capsule as muscle. A finding this near to the joint therefore belongs to the joint, also in
    a muscle label.
    """
    lateral, distal, anterior = femur.local(point)
    to_head = float(np.linalg.norm(point - femur.head_ras)) - femur.head_radius_mm
    nearest, farthest = (femur.offset_mm + away for away in BURSA_FROM_SHAFT_MM)
    beside_trochanter = nearest < lateral < farthest
    if not in_muscle and beside_trochanter and -BURSA_ABOVE_HEAD_MM < distal < BURSA_BELOW_OFFSETS * femur.offset_mm:
        return "trochanteric bursa"
    if femur.to_neck_mm(point) <= femur.head_radius_mm + JOINT_CAPSULE_MM:
        return "hip joint capsule" if femur.replaced else "hip joint"
    if _is_before_head(femur, to_head, anterior, lateral):
        return "iliopsoas bursa"
    return None


def _is_before_head(femur: Femur, to_head_mm: float, anterior_mm: float, lateral_mm: float) -> bool:
    """Whether a place lies in front of the femoral head, where the iliopsoas bursa is."""
    is_near = to_head_mm <= ILIOPSOAS_CAPSULES * JOINT_CAPSULE_MM
    is_in_front = anterior_mm > ILIOPSOAS_FRONT_RADII * femur.head_radius_mm
    return is_near and is_in_front and abs(lateral_mm) < ILIOPSOAS_SIDE_MM
