"""Gives findings their anatomical names: structure, side, level and zone.

With an anatomy segmentation the names come from its labels and their geometry (:mod:`.map_places`). Without one, the
body plan that was found in the images gives the side and a place relative to the spine line or the implant, and never
a level.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from ..Numerics.core.image import Region
from ..Numerics.core.records import Place
from .anatomy_map import MUSCLES, AnatomyMap
from .hips import FEMUR_PARTS, HIP_BONES
from .map_places import SACRUM_HALF_WIDTH_MM, MapNamer
from .spine_places import side_of
from .zones import HipImplant, StemPosition, cup_zone, gruen_zone, stem_position

if TYPE_CHECKING:
    from .body_plan import BodyPlan

STEM_REACH_MM = 32.0
"""Bone at most this far from the axis of a stem lies beside it and has a Gruen zone, mm. Our estimate."""
STEM_FROM_PART = -0.12
"""Bone beside the stem begins at this part of the stem's length above its upper end. Our estimate."""
STEM_TO_PART = 1.25
"""Bone beside the stem ends at this part of the stem's length from its upper end, below the tip. Our estimate."""
CUP_REACH_MM = 15.0
"""Bone at most this far from the outside of the cup has a DeLee-Charnley zone, mm: the bone that loosening changes,
half a lesion deep. Our estimate."""
BURSA_MM = (22.0, 45.0)
"""Least and largest distance of the trochanteric bursa to the side of a stem's axis, mm: from the outside of a
trochanter, 15 mm beyond the metal, to below the skin. Our estimate."""
BURSA_FROM_PART = -0.12
"""The greater trochanter and its bursa begin at this part of the stem's length above its upper end. Our estimate."""
BURSA_TO_PART = 0.35
"""The bursa that hangs down from the greater trochanter ends at this part of the stem's length. Our estimate."""
NECK_REACH_MM = 20.0
"""A place at most this far from the axis of the neck belongs to the neck, mm: half a neck, the capsule around it, and
some millimeters by which the axis is uncertain on MR. Our estimate."""
NECK_TO_PART = 0.9
"""The neck ends at this part of the way from the center of the head to the axis of the stem. Our estimate."""
NECK_FROM_CUP_RADII = 0.75
"""The neck begins at this many radii of the cup from its center. Our estimate."""
NEAR_NECK_FROM_PART = -0.05
"""Lower bound of the part of the way from head to stem axis that counts as near the neck; see NEAR_NECK_MM."""
NEAR_NECK_TO_PART = 1.1
"""Upper bound of the part of the way from head to stem axis that counts as near the neck; see NEAR_NECK_MM."""
NEAR_NECK_MM = 25.0
"""A place at most this far from the way from head to stem axis is near the neck, mm. On six families of phantoms the
uptake that is usual at a neck lay within it, and that of loosening at cup and stem at 27 mm and farther. Our
estimate."""
FEMUR_WORDS = (*FEMUR_PARTS, "femoral neck", "femoral shaft")
UNCERTAIN_WORDS = ("implant", "hip joint", "hip joint capsule", *MUSCLES)
"""What segmentations call the surroundings of a prosthesis neck."""


class Namer:
    """Names regions; callable as the ``name`` of :func:`.Numerics.fusion.candidates.fuse`.

    Parameters
    ----------
    anatomy : AnatomyMap, optional
        The anatomy segmentation.
    plan : BodyPlan, optional
        What was found in the images; used where the segmentation has nothing to say. One of both is needed.
    implant : HipImplant, optional
        Axes of a hip prosthesis, for zones.
    """

    def __init__(
        self, anatomy: AnatomyMap | None = None, plan: BodyPlan | None = None, implant: HipImplant | None = None
    ) -> None:
        self._plan = plan
        self._by_map = None if anatomy is None else MapNamer(anatomy, plan, implant)
        self._implant = implant if self._by_map is None else self._by_map.implant
        if self._by_map is not None:
            self._left = self._by_map.left_ras
        elif plan is not None:
            self._left = plan.left_ras
        else:
            raise ValueError("a namer needs an anatomy map or a body plan")

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
        place = None if self._by_map is None else self._by_map.place(points)
        at_implant = self._by_implant(centroid)
        if at_implant is not None:
            place = at_implant if place is None else self._with_zone(place, at_implant)
        if place is None and self._plan is not None:
            place = self._plan.describe(points)
        if place is None:
            place = self._by_side_alone(centroid)
        if self._is_near_neck(centroid):
            place = dataclasses.replace(place, flags=(*place.flags, "near-neck"))
        return place

    def _is_near_neck(self, point: np.ndarray) -> bool:
        """Whether a point (reference frame) lies near head and neck of the prosthesis, in its joint."""
        found = self._along_neck(point)
        if found is None:
            return False
        along, away = found
        return NEAR_NECK_FROM_PART <= along <= NEAR_NECK_TO_PART and away <= NEAR_NECK_MM

    def _along_neck(self, point: np.ndarray) -> tuple[float, float] | None:
        """Where a point lies along the neck, and how far from it, mm.

        The way along the neck is 0 at the center of the head and 1 where the neck meets the axis of the stem.
        None when head or neck of the prosthesis is not known.
        """
        if self._implant is None:
            return None
        start, end = self._implant.cup_center_ras, self._implant.neck_end_ras
        if start is None or end is None:
            return None
        way = end - start
        along = float((point - start) @ way / (way @ way))
        return along, float(np.linalg.norm(point - start - np.clip(along, 0.0, 1.0) * way))

    def _with_zone(self, place: Place, at_implant: Place) -> Place:
        """What the segmentation says of a place at a prosthesis, with the zone of the bone in which it lies.

        Soft tissue beside the bone has no zone. A femur is called by its zone alone, except where the segmentation
        itself names a trochanter.
        """
        structure, zone = place.structure, at_implant.zone
        is_trochanter = structure in ("greater trochanter", "lesser trochanter")
        if is_trochanter and zone and self._by_map is not None and self._by_map.anatomy.labels_of(structure):
            return dataclasses.replace(place, name=f"{place.name}, {zone}", zone=zone)
        bones = {
            "prosthesis neck": (*FEMUR_WORDS, *HIP_BONES, *UNCERTAIN_WORDS),
            "femur": (*FEMUR_WORDS, "implant"),
            "acetabulum": (*HIP_BONES, "implant"),
        }
        return at_implant if structure in bones[at_implant.structure] else place

    def _by_implant(self, point: np.ndarray) -> Place | None:
        """Places at the prosthesis, in the reference frame: neck, bursa, stem and cup, in this order."""
        implant = self._implant
        if implant is None:
            return None
        if self._is_at_neck(point, implant):
            return Place(f"{implant.side} prosthesis neck", "prosthesis neck", implant.side)
        to_cup = np.inf
        if implant.cup_center_ras is not None:
            to_cup = float(np.linalg.norm(point - implant.cup_center_ras)) - implant.cup_radius_mm
        at_stem = self._beside_stem(point, implant, to_cup)
        if at_stem is not None:
            return at_stem
        if to_cup <= CUP_REACH_MM:
            zone = cup_zone(point, implant, self._left)
            return Place(f"{implant.side} acetabulum at the cup, {zone}", "acetabulum", implant.side, None, zone)
        return None

    def _is_at_neck(self, point: np.ndarray, implant: HipImplant) -> bool:
        """Whether a point lies at the neck of the prosthesis, outside of the cup."""
        found = self._along_neck(point)
        if found is None or implant.cup_center_ras is None:
            return False
        along, away = found
        from_cup = np.linalg.norm(point - implant.cup_center_ras)
        is_beyond_cup = bool(from_cup > NECK_FROM_CUP_RADII * implant.cup_radius_mm)
        return 0.0 < along < NECK_TO_PART and away <= NECK_REACH_MM and is_beyond_cup

    def _beside_stem(self, point: np.ndarray, implant: HipImplant, to_cup_mm: float) -> Place | None:
        """The trochanteric bursa, or the femur beside the stem with its Gruen zone; None elsewhere."""
        side = implant.side
        if implant.stem_top_ras is None or implant.stem_tip_ras is None:
            return None
        position = stem_position(point, implant, self._left)
        if self._by_map is None and _is_at_bursa(position):
            return Place(f"{side} trochanteric bursa", "trochanteric bursa", side)
        is_beside = STEM_FROM_PART <= position.along <= STEM_TO_PART and position.away_mm <= STEM_REACH_MM
        if not is_beside or to_cup_mm <= 0.0:
            return None
        zone, lateral_view = gruen_zone(point, implant, self._left)
        note = f" (lateral view {lateral_view.split()[1]})" if lateral_view else ""
        return Place(f"{side} femur beside the stem, {zone}{note}", "femur", side, None, zone)

    def _by_side_alone(self, point: np.ndarray) -> Place:
        """A place of which nothing is known but its side."""
        if self._by_map is None:
            side = side_of(np.array([point @ self._left]), SACRUM_HALF_WIDTH_MM / 2)
        else:
            side = self._by_map.side_of_middle(point)
        return Place(f"unnamed place, {side}", "unnamed", side, None, None, ("no-level",))


def _is_at_bursa(position: StemPosition) -> bool:
    """Whether a place beside a stem lies to the side of the greater trochanter, where there is no bone any more."""
    is_beside = BURSA_MM[0] <= position.lateral_mm <= BURSA_MM[1] and abs(position.anterior_mm) < position.lateral_mm
    return is_beside and BURSA_FROM_PART <= position.along <= BURSA_TO_PART
