"""Give findings their anatomical names: structure, side, level and zone.

With an anatomy segmentation the names come from its labels and their geometry (:mod:`.map_places`). Where it has
nothing, and without one, they come from the sites of the case (:mod:`.site_places`): a finding at a site has the name
of the site. A finding at no site is named by the region of the body, the level of the nearest vertebra and its
neighbors. Where there is no site at all, the body plan gives the side and the position relative to the spine line or
the implant.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..Numerics.core.image import Region
from ..Numerics.core.records import Place
from ..Numerics.core.sites import Site
from ..Numerics.core.words import LATERAL_SIDES, Certainty, Side
from .anatomy_map import MUSCLES, AnatomyMap
from .certainty import SIDE_FLAGS, with_level_certainty, with_side_certainty
from .hips import FEMUR_PARTS, HIP_BONES
from .map_places import SACRUM_HALF_WIDTH_MM, MapNamer
from .map_trust import map_trust
from .site_places import SiteNamer
from .spine_places import side_of
from .zones import HipImplant, StemPosition, cup_zone, gruen_zone, stem_position

if TYPE_CHECKING:
    from .body_plan import BodyPlan

STEM_REACH_MM = 32.0
"""Upper bound of the distance from the axis of a stem at which bone has a Gruen zone, mm. Our estimate."""
STEM_FROM_PART = -0.3
"""Lower bound of the position of bone lateral of the stem, as a fraction of the length of the stem from its upper end.
A negative value lies above this end: the greater trochanter reaches 30 to 40 mm higher than the place where the neck
leaves the stem. Our estimate."""
STEM_MEDIAL_FROM_PART = -0.12
"""The same medial of the stem, where the calcar ends at the neck. Our estimate."""
STEM_TO_PART = 1.25
"""Upper bound of the position of bone beside the stem, as a fraction of the length of the stem from its upper end. A
value above 1 lies below the tip. Our estimate."""
CUP_REACH_MM = 15.0
"""Upper bound of the distance from the outer surface of the cup at which bone has a DeLee-Charnley zone, mm. Loosening
changes the bone to about this depth. Our estimate."""
MOUTH_COSINE = 0.5
"""Lower bound of the cosine of the angle between the way from the center of a cup and the axis of its mouth, which
points 45 degrees downward from lateral. Cups are put in with an inclination of 40 to 45 degrees, so that bone begins
90 degrees beside this axis; nearer than 60 degrees there is none. Our estimate."""
BURSA_MM = (22.0, 45.0)
"""Lower and upper bound of the lateral distance of the trochanteric bursa from the axis of a stem, mm. The lower bound
is the outer surface of the trochanter, 15 mm beyond the metal. The upper bound lies below the skin. Our estimate."""
BURSA_FROM_PART = -0.35
"""Lower bound of the position of the trochanteric bursa, as a fraction of the length of the stem from its upper end. A
negative value lies above this end. Our estimate."""
BURSA_TO_PART = 0.25
"""Upper bound of the position of the trochanteric bursa, as a fraction of the length of the stem from its upper end.
Our estimate."""
NECK_REACH_MM = 20.0
"""Upper bound of the distance from the axis of the neck at which a place belongs to the neck, mm. It is the sum of
half the width of a neck, the capsule around it, and a few millimeters for the uncertainty of the axis on MR. Our
estimate."""
NECK_TO_PART = 0.9
"""Upper bound of the position of the neck, as a fraction of the distance from the center of the head to the axis of
the stem. Our estimate."""
NECK_FROM_CUP_RADII = 0.75
"""Lower bound of the distance of the neck from the center of the cup, in radii of the cup. Our estimate."""
NEAR_NECK_FROM_PART = -0.05
"""Lower bound of the position of places near the neck, as a fraction of the distance from the center of the head to
the axis of the stem. Our estimate; see `NEAR_NECK_MM`."""
NEAR_NECK_TO_PART = 1.1
"""Upper bound of the position of places near the neck, as a fraction of the distance from the center of the head to
the axis of the stem. Our estimate; see `NEAR_NECK_MM`."""
NEAR_NECK_MM = 25.0
"""Upper bound of the distance of places near the neck from the line between the center of the head and the axis of the
stem, mm. In six families of phantoms the usual uptake at a neck was within this distance, and the uptake of loosening
at cup and stem was 27 mm away or more. Our estimate."""
CLEARLY_BESIDE_MM = 40.0
"""Lower bound of the distance from a certain midline at which it contradicts the side of a label, mm. Spine and
sacrum lie nearer. Our estimate."""
BESIDE_CANAL_MM = 15.0
"""The same distance where the midline is the canal in the images, mm. Our estimate: the canal is found to 4 mm, and
the middle of a body lies up to 10 mm beside it in a scoliosis."""
UNCERTAIN = str(Certainty.UNCERTAIN)
FEMUR_WORDS = (*FEMUR_PARTS, "femoral neck", "femoral shaft")
"""All words for the femur and its parts."""
FINER_SITES: dict[str, tuple[str, ...]] = {
    "sacrum": ("sacral ala",),
    "erector spinae": ("multifidus",),
    "iliopsoas": ("psoas",),
    "muscle": ("multifidus", "psoas"),
    "hip bone": ("iliac crest",),
    "ilium": ("iliac crest",),
}
"""Labeled structure -> structures of the sites that are a part of it and name a place in it more exactly."""
CAPSULE = "hip joint capsule"
"""Structure of the site in front of the neck, where an effusion gathers."""
ILIOPSOAS = "iliopsoas tendon"
"""Structure of the site in front of the joint, where the iliopsoas bursa lies."""
UNCERTAIN_WORDS = ("implant", "hip joint", CAPSULE, *MUSCLES)
"""Structures that segmentations may have at the neck of a prosthesis."""


class Namer:
    """Give names to regions. It can be called as the ``name`` of :func:`.Numerics.fusion.candidates.fuse`.

    Parameters
    ----------
    anatomy : AnatomyMap, optional
        The anatomy segmentation. Either `anatomy` or `plan` is needed.
    plan : BodyPlan, optional
        The body plan that was found in the images. It is used where the segmentation has no structure.
    implants : sequence of HipImplant
        The axes of the hip prostheses in the reference frame, for their zones.
    sites : sequence of Site
        The sites of the case in the reference frame.
    level_certainty : str, optional
        How much the levels of the case can be relied on, a word of :class:`.Numerics.core.words.Certainty`; no place
        has a more certain level.

    Raises
    ------
    ValueError
        Neither `anatomy` nor `plan` was given.
    """

    def __init__(
        self,
        anatomy: AnatomyMap | None = None,
        plan: BodyPlan | None = None,
        implants: Sequence[HipImplant] = (),
        sites: Sequence[Site] = (),
        level_certainty: str | None = None,
    ) -> None:
        self._plan = plan
        self._by_site = SiteNamer(sites, plan)
        self._level_certainty = level_certainty
        self._by_map = None if anatomy is None else MapNamer(anatomy, plan, implants)
        self._implants = tuple(implants) if self._by_map is None else self._by_map.implants
        if self._by_map is not None:
            self._left = self._by_map.left_ras
        elif plan is not None:
            self._left = plan.left_ras
        else:
            raise ValueError("a namer needs an anatomy map or a body plan")

    def __call__(self, region: Region) -> Place:
        """The same as :meth:`name` for a region."""
        return self.name(region)

    def name(self, where: Region | np.ndarray) -> Place:
        """Find the place of a region, a position or the voxels of a finding.

        Parameters
        ----------
        where : Region or ndarray, shape (3,) or (n, 3)
            Positions are RAS mm in the reference frame.

        Returns
        -------
        Place
            It has the flag ``near-neck`` when it lies near head and neck of the prosthesis.
        """
        points = where.points_ras if isinstance(where, Region) else np.atleast_2d(np.asarray(where, dtype=float))
        centroid = points.mean(axis=0)
        place = self._inside(points)
        implant = min(self._implants, key=lambda each: each.away_mm(centroid), default=None)
        at_implant = None if implant is None else self._by_implant(centroid, implant)
        if at_implant is not None:
            beside = self._in_capsule(points, at_implant) or at_implant
            place = beside if place is None else self._with_zone(place, at_implant)
        if place is None:
            place = self._elsewhere(points)
        place = with_level_certainty(place, self._level_certainty)
        place = self._checked_side(place, centroid)
        if self._by_map is not None:
            place = map_trust(self._by_map.anatomy).of_place(place)
        if implant is not None and self._is_near_neck(centroid, implant):
            place = dataclasses.replace(place, flags=(*place.flags, "near-neck"))
        return place

    def _inside(self, points: np.ndarray) -> Place | None:
        """The place of a finding in a labeled structure or at a joint of the segmentation; None without one."""
        place = None if self._by_map is None else self._by_map.place(points)
        finer = None if place is None else FINER_SITES.get(place.structure)
        if place is None or finer is None:
            return place
        at_site = self._by_site.place(points, finer)
        return place if at_site is None or at_site.side != place.side else at_site

    def _in_capsule(self, points: np.ndarray, at_implant: Place) -> Place | None:
        """The soft tissue in front of a replaced hip, which is near the cup but is no bone with a zone."""
        if at_implant.zone is None:
            return None
        place = self._by_site.place(points, (CAPSULE, ILIOPSOAS))
        return place if place is not None and place.side == at_implant.side else None

    def _elsewhere(self, points: np.ndarray) -> Place:
        """The place of a finding in no labeled structure and not at a prosthesis.

        It is a site, else a labeled structure nearby, else a region of the body.
        """
        centroid = points.mean(axis=0)
        place = self._by_site.place(points)
        if place is None and self._by_map is not None:
            place = self._by_map.beside(points)
        if place is None and self._plan is not None:
            place = self._by_site.in_region(self._plan.describe(points), centroid)
        return self._by_side_alone(centroid) if place is None else place

    def _checked_side(self, place: Place, point: np.ndarray) -> Place:
        """A place whose side is uncertain where the midline in the images clearly contradicts it.

        A segmentation that was mirrored on its way has the sides of the wrong half.
        """
        plan = self._plan
        if plan is None or place.side not in LATERAL_SIDES or place.side_certainty == Certainty.UNCERTAIN:
            return place
        beside = BESIDE_CANAL_MM if plan.source == "spine line" else CLEARLY_BESIDE_MM
        is_clear = plan.certainty != Certainty.UNCERTAIN and abs(float(plan.lateral_mm(point))) > beside
        if not is_clear or plan.side(point) in (place.side, Side.MIDLINE):
            return place
        place = dataclasses.replace(place, flags=tuple(flag for flag in place.flags if flag != "side-likely"))
        return with_side_certainty(place, Certainty.UNCERTAIN)

    def _is_near_neck(self, point: np.ndarray, implant: HipImplant) -> bool:
        """Whether a point (reference frame) lies near head and neck of a prosthesis, in its joint."""
        found = self._along_neck(point, implant)
        if found is None:
            return False
        along, away = found
        return NEAR_NECK_FROM_PART <= along <= NEAR_NECK_TO_PART and away <= NEAR_NECK_MM

    def _along_neck(self, point: np.ndarray, implant: HipImplant) -> tuple[float, float] | None:
        """Position of a point along the neck, and its distance from the neck in mm.

        The position is 0 at the center of the head and 1 where the neck meets the axis of the stem. The result is None
        when head or neck of the prosthesis is not known.
        """
        start, end = implant.cup_center_ras, implant.neck_end_ras
        if start is None or end is None:
            return None
        way = end - start
        along = float((point - start) @ way / (way @ way))
        return along, float(np.linalg.norm(point - start - np.clip(along, 0.0, 1.0) * way))

    def _with_zone(self, place: Place, at_implant: Place) -> Place:
        """Combine the place from the segmentation with the place at the prosthesis, which has the zone.

        Soft tissue beside the bone has no zone. A place in the femur is named by its zone alone, unless the
        segmentation itself labels a trochanter.
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

    def _by_implant(self, point: np.ndarray, implant: HipImplant) -> Place | None:
        """The place of a point (reference frame) at a prosthesis, whose side it has."""
        place = self._at_implant(point, implant)
        if place is None or implant.side_certainty == Certainty.CERTAIN:
            return place
        flags = (*place.flags, *SIDE_FLAGS[Certainty(implant.side_certainty)])
        name = f"{place.name} (side {implant.side_certainty})"
        return dataclasses.replace(place, name=name, flags=flags, side_certainty=implant.side_certainty)

    def _at_implant(self, point: np.ndarray, implant: HipImplant) -> Place | None:
        """The place of a point at a prosthesis: neck, bursa, stem or cup, checked in this order."""
        if self._is_at_neck(point, implant):
            return Place(f"{implant.side} prosthesis neck", "prosthesis neck", implant.side)
        to_cup = np.inf
        if implant.cup_center_ras is not None:
            to_cup = float(np.linalg.norm(point - implant.cup_center_ras)) - implant.cup_radius_mm
        at_stem = self._beside_stem(point, implant, to_cup)
        if at_stem is not None:
            return at_stem
        if to_cup <= CUP_REACH_MM and self._is_at_mouth(point, implant):
            # There is no bone: it is the neck where its axis is not known, and soft tissue where it is.
            is_known = implant.neck_end_ras is not None
            return None if is_known else Place(f"{implant.side} prosthesis neck", "prosthesis neck", implant.side)
        if to_cup <= CUP_REACH_MM:
            zone = cup_zone(point, implant, self._left)
            return Place(f"{implant.side} acetabulum at the cup, {zone}", "acetabulum", implant.side, None, zone)
        return None

    def _is_at_mouth(self, point: np.ndarray, implant: HipImplant) -> bool:
        """Whether a point lies in front of the mouth of a cup, which opens lateral and below: there is no bone."""
        assert implant.cup_center_ras is not None
        way = point - implant.cup_center_ras
        lateral, up = float(way @ implant.lateral(self._left)), float(way[2])
        outward = (lateral - up) / np.sqrt(2.0)
        return bool(outward > MOUTH_COSINE * np.linalg.norm(way))

    def _is_at_neck(self, point: np.ndarray, implant: HipImplant) -> bool:
        """Whether a point lies at the neck of the prosthesis, outside of the cup."""
        found = self._along_neck(point, implant)
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
        first = STEM_FROM_PART if position.lateral_mm >= 0 else STEM_MEDIAL_FROM_PART
        is_beside = first <= position.along <= STEM_TO_PART and position.away_mm <= STEM_REACH_MM
        if not is_beside or to_cup_mm <= 0.0:
            return None
        zone, lateral_view = gruen_zone(point, implant, self._left)
        note = f" (lateral view {lateral_view.split()[1]})" if lateral_view else ""
        return Place(f"{side} femur beside the stem, {zone}{note}", "femur", side, None, zone)

    def _by_side_alone(self, point: np.ndarray) -> Place:
        """A place of which only the side is known."""
        if self._by_map is None:
            side = side_of(np.array([point @ self._left]), SACRUM_HALF_WIDTH_MM / 2)
        else:
            side = self._by_map.side_of_middle(point)
        flags = ("no-level", "side-uncertain")
        return Place(f"unnamed place, side uncertain ({side})", "unnamed", side, None, None, flags, UNCERTAIN)


def _is_at_bursa(position: StemPosition) -> bool:
    """Whether a place beside a stem lies lateral of the greater trochanter, where there is no bone."""
    is_beside = BURSA_MM[0] <= position.lateral_mm <= BURSA_MM[1] and abs(position.anterior_mm) < position.lateral_mm
    return is_beside and BURSA_FROM_PART <= position.along <= BURSA_TO_PART
