"""Rules about bright soft tissue: which is normal fluid, which lies in a joint, and which is a collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..body import distances
from ..core.image import Region
from ..core.rules import Rule, RuleList
from ..core.words import Group
from .parameters import FluidParameters, MRParameters
from .signal import extents_mm
from .surroundings import (
    FRONT,
    MRSurroundings,
    facing_bone_part,
    is_tube_shaped,
    marrow_along,
    part_between_marrow,
    slice_axis,
    slice_counts,
    touching_bone_part,
)
from .verdicts import COLLECTION, EFFUSION, MRVerdict, artifact, normal

DISC_STEPS_MM = (8.0, 12.0, 16.0, 20.0)
"""Distances above and below a bright disc at which marrow is looked for: a disc and the endplates lie between."""
CANAL_FIRST_STEP_MM = 3.0
"""Smallest distance from fluid of the canal at which bone is looked for."""
CANAL_STEP_MM = 2.0
"""Spacing of the distances at which bone is looked for in front of the canal and behind it."""
BONE_FRONT_PERCENTILE = 97
"""The percentile of the front of marrow that stands for the foremost bone; single voxels may be wrong."""
BONE_LEAST_VOXELS = 20
"""With fewer voxels of marrow at its height, it is not known what lies in front of a place."""
CANAL_FRONT_PERCENTILE = 90
"""The percentile of the canal's voxels that stands for its front wall."""
ABDOMEN = "bowel, ureter or a vessel of the abdomen"
CANAL_NEAR_VOXELS = 200
"""How many voxels of the canal, nearest in height, give its place beside a region."""


@dataclass(frozen=True, eq=False)
class FluidPlace:
    """A bright place in soft tissue. What the rules ask for is measured when it is asked for.

    Parameters
    ----------
    region : Region
    surroundings : MRSurroundings
    parameters : MRParameters
    canal : Region or None
        The spinal canal, where it was found as a long stretch of fluid.
    to_bone : callable or None
        Gives the distance (mm) of the voxels of a region from marrow or implant.
    is_t2_alone : bool
        The fluid was found on a T2 without suppressed fat.
    """

    region: Region
    surroundings: MRSurroundings
    parameters: MRParameters
    canal: Region | None = None
    to_bone: Callable[[Region], np.ndarray] | None = None
    is_t2_alone: bool = False

    @property
    def fluid(self) -> FluidParameters:
        """The parameters about fluid."""
        return self.parameters.fluid

    @cached_property
    def group(self) -> str:
        """Clinical group of the case."""
        return self.surroundings.group

    @cached_property
    def volume_ml(self) -> float:
        """Volume of the place."""
        return self.region.volume_ml

    @cached_property
    def _extents(self) -> tuple[np.ndarray, np.ndarray]:
        return extents_mm(self.region.points_ras)

    @cached_property
    def lengths_mm(self) -> np.ndarray:
        """Length, width and thickness, shape (3,)."""
        return self._extents[0]

    @cached_property
    def upright(self) -> float:
        """Upward part of the unit vector along the longest axis, 0 to 1."""
        return float(abs(self._extents[1][0][2]))

    @cached_property
    def height_mm(self) -> float:
        """Height along the body's axis: four standard deviations."""
        return float(np.std(self.region.points_ras[:, 2])) * 4.0

    @cached_property
    def slice_voxels(self) -> int:
        """Number of voxels on the largest slice."""
        return int(slice_counts(self.region).max())

    @cached_property
    def is_single_slice(self) -> bool:
        """Whether the series has slices and the place is seen on one alone."""
        return slice_axis(self.region.geometry) is not None and slice_counts(self.region).size < 2

    @cached_property
    def from_midline_mm(self) -> float | None:
        """Distance of the middle of the place from the midline; None where the midline is not known."""
        middle = self.surroundings.midline_r_mm
        return None if middle is None else float(abs(self.region.centroid_ras_mm[0] - middle))

    @cached_property
    def voxels_from_midline_mm(self) -> float | None:
        """The same for the mean of the voxels' own places."""
        middle = self.surroundings.midline_r_mm
        return None if middle is None else abs(float(self.region.points_ras[:, 0].mean()) - middle)

    @cached_property
    def between_vertebrae_part(self) -> float:
        """Part of the place with marrow above and below."""
        return part_between_marrow(self.surroundings, self.region.points_ras, DISC_STEPS_MM)

    @cached_property
    def front_mm(self) -> float:
        """A of the middle of the place."""
        return float(self.region.centroid_ras_mm[1])

    @cached_property
    def bone_front_mm(self) -> float | None:
        """A of the foremost marrow of the spine at the height of the place; None where there is too little."""
        surroundings = self.surroundings
        if not surroundings.marrow.any():
            return None
        points = surroundings.bone_points_ras
        height = self.region.centroid_ras_mm[2]
        near = np.abs(points[:, 2] - height) < distances.ABDOMEN_BONE_HEIGHT.value
        if surroundings.midline_r_mm is not None:
            aside = np.abs(points[:, 0] - surroundings.midline_r_mm)
            near &= aside < distances.ABDOMEN_BONE_MIDDLE_MOST.value
        if np.count_nonzero(near) < BONE_LEAST_VOXELS:
            return None
        return float(np.percentile(points[near, 1], BONE_FRONT_PERCENTILE))

    @cached_property
    def between_bones_front_and_behind_part(self) -> float:
        """Part of the place with marrow close in front of it and close behind it."""
        sides = []
        for sign, reach in (
            (1.0, distances.FLUID_CANAL_BONE_FRONT.value),
            (-1.0, distances.FLUID_CANAL_BONE_BEHIND.value),
        ):
            steps = (sign * step * FRONT for step in np.arange(CANAL_FIRST_STEP_MM, reach, CANAL_STEP_MM))
            sides.append(marrow_along(self.surroundings, self.region.points_ras, steps))
        return float(np.mean(sides[0] & sides[1]))

    @cached_property
    def skin_part(self) -> float:
        """Part of the place within the depth of the skin."""
        return float(np.mean(self.surroundings.skin.reshape(-1)[self.region.flat]))

    @cached_property
    def _at_canal(self) -> tuple[float, float] | None:
        if self.canal is None:
            return None
        points, center = self.canal.points_ras, self.region.centroid_ras_mm
        near = np.argsort(np.abs(points[:, 2] - center[2]))[:CANAL_NEAR_VOXELS]
        front = float(np.percentile(points[near, 1], CANAL_FRONT_PERCENTILE))
        return front, float(abs(center[0] - float(np.median(points[near, 0]))))

    @cached_property
    def canal_front_mm(self) -> float | None:
        """A of the front wall of the canal at the height of the place; None without a canal."""
        return None if self._at_canal is None else self._at_canal[0]

    @cached_property
    def from_canal_mm(self) -> float | None:
        """Distance to the side from the middle of the canal at the height of the place; None without a canal."""
        return None if self._at_canal is None else self._at_canal[1]

    @cached_property
    def touching_part(self) -> float:
        """Part of the place that lies at bone."""
        return touching_bone_part(self.region, self.surroundings, self.fluid.effusion_gap_mm)

    @cached_property
    def facing_part(self) -> float:
        """Part of the place with bone on both sides."""
        return facing_bone_part(self.region, self.surroundings, self.fluid.effusion_gap_mm)

    @cached_property
    def to_bone_mm(self) -> float:
        """Median distance of the place from marrow or implant; infinite where it is not known."""
        return np.inf if self.to_bone is None else float(np.median(self.to_bone(self.region)))


def long_canal(place: FluidPlace) -> MRVerdict | None:
    """Fluid that runs far along a low back, upright and in its middle, is the spinal canal."""
    lengths = place.lengths_mm
    is_long = lengths[0] > place.fluid.canal_length_mm
    is_slim = lengths[0] > distances.CANAL_ELONGATION_LEAST.value * lengths[1]
    is_upright = place.upright > distances.CANAL_UPRIGHT_LEAST.value
    aside = place.from_midline_mm
    is_central = aside is None or aside < distances.CANAL_MIDDLE_MOST.value
    if place.group == Group.LOW_BACK and is_long and is_slim and is_upright and is_central:
        return normal("spinal canal")
    return None


def tube_of_fluid(place: FluidPlace) -> MRVerdict | None:
    """What is much longer than wide, and thin both ways, is a vessel, a nerve or a ureter."""
    return normal("vessel or nerve") if is_tube_shaped(place.lengths_mm) else None


def bladder_or_bowel(place: FluidPlace) -> MRVerdict | None:
    """A large place in the middle of the body is bladder or bowel: collections that hurt lie at bones and joints."""
    aside = place.from_midline_mm
    is_central = aside is not None and aside < distances.MR_BLADDER_MIDDLE_MOST.value
    if is_central and place.volume_ml > place.fluid.bladder_minimum_ml:
        return normal("bladder or bowel")
    return None


def large_place_on_t2_alone(place: FluidPlace) -> MRVerdict | None:
    """On T2 without suppressed fat, bladder, bowel, fat and marrow may form one bright place: a large one is no
    collection that can be told."""
    is_large = place.volume_ml > distances.FLUID_ON_T2_VOLUME_MOST.value
    return normal("bladder, bowel or fat") if place.is_t2_alone and is_large else None


def disc_between_vertebrae(place: FluidPlace) -> MRVerdict | None:
    """A flat place across the body with marrow above and below is a bright disc, as in young people."""
    if place.between_vertebrae_part <= place.fluid.disc_part:
        return None
    is_flat = place.height_mm < distances.BRIGHT_DISC_HEIGHT_MOST.value
    is_long = place.lengths_mm[0] > distances.BRIGHT_DISC_LENGTH_LEAST.value
    lies_flat = place.upright < distances.DISC_UPRIGHT_MOST.value
    return normal("disc") if is_flat and is_long and lies_flat else None


def abdomen_before_spine(place: FluidPlace) -> MRVerdict | None:
    """In a low back, a place in front of the bones at its height belongs to the abdomen. Beside the vertebral bodies,
    vessels, ureters and bowel lie in front of about the middle of the bodies."""
    if place.group != Group.LOW_BACK or place.bone_front_mm is None:
        return None
    aside = place.from_midline_mm
    is_beside = aside is not None and aside > distances.ABDOMEN_BESIDE_MIDDLE_LEAST.value
    behind = distances.ABDOMEN_BESIDE_BONE if is_beside else distances.ABDOMEN_BEFORE_BONE
    return normal(ABDOMEN) if place.front_mm > place.bone_front_mm - behind.value else None


def canal_between_bones(place: FluidPlace) -> MRVerdict | None:
    """In a low back, fluid in the midline with bone close in front and behind lies in the canal of spine or sacrum."""
    aside = place.voxels_from_midline_mm
    if place.group != Group.LOW_BACK or aside is None or aside > distances.FLUID_CANAL_MIDDLE_MOST.value:
        return None
    if place.between_bones_front_and_behind_part > place.fluid.canal_bone_part:
        return normal("spinal canal")
    return None


def skin_fluid(place: FluidPlace) -> MRVerdict | None:
    """In a low back, a place within the depth of the skin is skin or fluid on it: coils and folds make it bright."""
    is_skin = place.group == Group.LOW_BACK and place.skin_part > place.fluid.skin_part
    return normal("skin, or fluid on it") if is_skin else None


def pelvis_between_hips(place: FluidPlace) -> MRVerdict | None:
    """With a hip replacement, a place near the midline belongs to the organs of the pelvis and not to a hip."""
    aside = place.from_midline_mm
    is_pelvis = aside is not None and aside < distances.PELVIS_MIDDLE_MOST.value
    return normal("an organ of the pelvis") if place.group == Group.HIP_REPLACEMENT and is_pelvis else None


NORMAL_FLUID_RULES: RuleList[FluidPlace, MRVerdict] = RuleList(
    [
        Rule("long-spinal-canal", long_canal),
        Rule("tube-of-fluid", tube_of_fluid),
        Rule("bladder-or-bowel", bladder_or_bowel),
        Rule("large-place-on-t2-alone", large_place_on_t2_alone),
        Rule("bright-disc-between-vertebrae", disc_between_vertebrae),
        Rule("abdomen-before-spine", abdomen_before_spine),
        Rule("canal-between-bones", canal_between_bones),
        Rule("skin", skin_fluid),
        Rule("pelvis-between-hips", pelvis_between_hips),
    ]
)
"""Which bright places in soft tissue are normal fluid; all verdicts are normal."""


def before_canal(place: FluidPlace) -> MRVerdict | None:
    """Where the canal is seen, a place in front of it and beside the vertebral bodies, or in front of the bodies,
    belongs to the abdomen."""
    if place.canal_front_mm is None or place.from_canal_mm is None:
        return None
    is_beside = place.from_canal_mm > distances.BESIDE_BODY_MIDDLE_LEAST.value
    depth = 0.0 if is_beside else distances.BODY_DEPTH_BEFORE_CANAL.value
    return normal(ABDOMEN) if place.front_mm > place.canal_front_mm + depth else None


def thread_of_fluid(place: FluidPlace) -> MRVerdict | None:
    """A place of very few voxels on every slice is noise or a thin vessel."""
    return artifact("thread of fluid") if place.slice_voxels < place.fluid.slice_voxels else None


def one_slice_of_fluid(place: FluidPlace) -> MRVerdict | None:
    """Fluid on a single slice may be a vessel that is cut across, or partial volume of a neighboring slice."""
    return artifact("fluid on a single slice") if place.is_single_slice else None


def is_in_joint(place: FluidPlace) -> bool:
    """Whether fluid lies in a joint: mostly at bone, or less so with bone on both sides."""
    p = place.fluid
    if place.touching_part <= p.touching_part:
        return False
    return place.touching_part > p.sure_touching_part or place.facing_part > p.facing_part


def joint_fluid(place: FluidPlace) -> MRVerdict | None:
    """Fluid that lies at bone, on both sides or nearly all around, fills a joint: an effusion, or synovitis."""
    return MRVerdict(EFFUSION, "fluid at bone on both sides") if is_in_joint(place) else None


def small_collection(place: FluidPlace) -> MRVerdict | None:
    """A little fluid outside joints is usual, for example in bursae."""
    is_small = place.volume_ml < place.fluid.collection_minimum_ml
    return normal("little fluid outside joints") if is_small else None


def fluid_far_from_bone(place: FluidPlace) -> MRVerdict | None:
    """Collections that hurt lie at a bone, a joint, a bursa over a bone, or an implant; other fluid is in organs."""
    return normal("fluid far from bone, as in organs") if place.to_bone_mm > place.fluid.collection_reach_mm else None


def fluid_collection(_place: FluidPlace) -> MRVerdict | None:
    """All other fluid near bone or implant is a collection, or bursitis."""
    return MRVerdict(COLLECTION, "fluid near bone, outside joints")


FLUID_RULES: RuleList[FluidPlace, MRVerdict] = RuleList(
    [
        Rule("abdomen-before-canal", before_canal),
        Rule("thread-of-fluid", thread_of_fluid),
        Rule("one-slice-of-fluid", one_slice_of_fluid),
        *NORMAL_FLUID_RULES,
        Rule("joint-fluid", joint_fluid),
        Rule("small-collection", small_collection),
        Rule("fluid-far-from-bone", fluid_far_from_bone),
        Rule("fluid-collection", fluid_collection),
    ]
)
"""What fluid outside marrow is: normal, an effusion, or a collection."""


def normal_fluid(region: Region, surroundings: MRSurroundings, p: MRParameters) -> str | None:
    """Why a bright place in soft tissue is normal fluid ("spinal canal", ...); None when it is not."""
    decided = NORMAL_FLUID_RULES.first(FluidPlace(region, surroundings, p), p.rules_off)
    return None if decided is None else decided[1].evidence
