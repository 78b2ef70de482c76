"""Rules about bright places of the spine, by where they lie in the straightened spine and what surrounds them.

Facet joints contain some fluid in most people, discs are bright in young people, and the muscles beside the joints are
partly replaced by fat. A bright joint therefore counts where it is brighter than the same place at the other levels,
or larger than normal joint fluid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..body import distances
from ..core.known import known_least, known_median
from ..core.records import MRFinding
from ..core.rules import Rule, RuleList
from ..core.words import Role
from .parameters import MRParameters
from .picture import region_mean, z_over
from .spine_planes import facet_distance_mm, is_middle_third, place_in_vertebra
from .surroundings import is_tube_shaped
from .verdicts import COLLECTION, EFFUSION, MODIC_I, OEDEMA, MRVerdict, normal, weak

if TYPE_CHECKING:
    from .bright import BrightPart
    from .spine import SpineMap


@dataclass(frozen=True, eq=False)
class SpinePlace:
    """A bright place of the spine. What the rules ask for is measured when it is asked for.

    Parameters
    ----------
    spine : SpineMap
    part : BrightPart
    others : sequence of SpinePlace
        All bright places of the same kind of place, this one included.
    """

    spine: SpineMap
    part: BrightPart
    others: Sequence[SpinePlace]

    @cached_property
    def parameters(self) -> MRParameters:
        """The parameters of the stage."""
        return self.spine.picture.parameters

    @cached_property
    def is_segmented(self) -> bool:
        """Whether there is an anatomy segmentation."""
        return self.spine.picture.surroundings.segmented is not None

    @cached_property
    def _local(self) -> np.ndarray:
        return np.asarray(self.spine.of(self.part.region))

    @cached_property
    def _middle(self) -> np.ndarray:
        return known_median(self._local, axis=0)

    @cached_property
    def right_mm(self) -> float:
        """To the right of the middle of the canal; NaN beyond its ends, as for the places below."""
        return float(self._middle[0])

    @cached_property
    def aside_mm(self) -> float:
        """Distance to the side from the middle of the canal."""
        return abs(self.right_mm)

    @cached_property
    def front_mm(self) -> float:
        """In front of the middle of the canal."""
        return float(self._middle[1])

    @cached_property
    def to_disc_mm(self) -> float:
        """Above the middle of the nearest disc along the canal, negative below it; infinite without discs."""
        return float(self._middle[2])

    @cached_property
    def _from_disc(self) -> np.ndarray:
        return np.asarray(np.abs(self._local[:, 2]))

    @cached_property
    def middle_from_disc_mm(self) -> float:
        """Median distance from the middle of the nearest disc."""
        return float(known_median(self._from_disc))

    @cached_property
    def nearest_disc_mm(self) -> float:
        """Smallest distance from the middle of a disc."""
        return known_least(self._from_disc)

    @cached_property
    def band_part(self) -> float:
        """Part of the place in the band at an endplate."""
        return float(np.mean(self._from_disc < distances.ENDPLATE_BAND_FROM_DISC_MIDDLE.value))

    @cached_property
    def disc_part(self) -> float:
        """Part of the place that may be of a disc."""
        return float(np.mean(self._from_disc < distances.DISC_EDGE_HALF_HEIGHT.value))

    @cached_property
    def height_mm(self) -> float:
        """S of the middle of the place."""
        return float(self.part.region.centroid_ras_mm[2])

    @cached_property
    def above_canal_end_mm(self) -> float:
        """Height of the middle above the lower end of the canal that is seen."""
        return self.height_mm - float(self.spine.picture.straight.points_ras[0, 2])

    @cached_property
    def volume_ml(self) -> float:
        """Volume of the place."""
        return self.part.volume_ml

    @cached_property
    def lengths_mm(self) -> np.ndarray:
        """Length, width and thickness, shape (3,)."""
        return self.part.lengths_mm

    @cached_property
    def mean(self) -> float:
        """Mean signal over that of muscle."""
        return self.part.mean

    @cached_property
    def peak(self) -> float:
        """Peak signal over that of muscle."""
        return self.part.peak

    @cached_property
    def marrow(self) -> float:
        """Part of the shell around it that looks like marrow."""
        return self.part.marrow

    @cached_property
    def muscle(self) -> float:
        """Part of the shell around it that looks like muscle."""
        return self.part.muscle

    @cached_property
    def over_levels(self) -> float | None:
        """Signal over the usual one of the same place at the other levels; None where it is not known."""
        return self.spine.over_levels(self.part.region)

    @cached_property
    def marrow_z(self) -> float:
        """z-score against all normal marrow, or against the marrow around it, whichever is lower."""
        picture = self.spine.picture
        reference, spread = picture.marrow_reference
        z = z_over(self.part.mean * picture.muscle_signal, reference, spread)
        here = region_mean(picture.fluid_z, self.part.region)
        return z if here is None else min(here, z)

    @cached_property
    def t1_z(self) -> float | None:
        """Mean z-score on T1; None without a T1 on which fat is bright, and outside what is known as marrow."""
        picture = self.spine.picture
        return region_mean(picture.z.get("T1"), self.part.region) if picture.reads_t1 else None

    @cached_property
    def in_vertebra(self) -> tuple[float, float] | None:
        """Height in the body (0 at its lower endplate, 1 at its upper one) and mm in front of its front wall."""
        return place_in_vertebra(self.spine.picture.vertebrae, self.part.region.points_ras)

    @cached_property
    def to_facet_mm(self) -> float:
        """Distance of its middle from the middle of the nearest facet joint; infinite where none is known."""
        return facet_distance_mm(self.spine.picture.vertebrae, self.part.region.centroid_ras_mm)

    @property
    def is_bright(self) -> bool:
        """Whether its peak is high enough to count without PET."""
        return self.peak >= self.parameters.bright.sure_over_muscle

    @property
    def is_fluid_like(self) -> bool:
        """Whether it is as bright as free fluid or synovitis."""
        return self.mean >= self.parameters.bright.fluid_like_over_muscle

    @property
    def is_at_sacrum(self) -> bool:
        """Whether it lies at the height of the sacrum."""
        return self.above_canal_end_mm < distances.SACRUM_ABOVE_CANAL_END.value

    @property
    def is_at_endplate(self) -> bool:
        """Whether it comes close to a disc, lies mostly in the band at its endplate, and not mid-body."""
        is_near = self.nearest_disc_mm < distances.ENDPLATE_FROM_DISC_MIDDLE.value
        return is_near and self.band_part > self.parameters.spine.band_part and not self.is_mid_body

    @property
    def is_mid_body(self) -> bool:
        """Whether its middle lies in the middle third of the height of a body: no change of an endplate."""
        return self.in_vertebra is not None and is_middle_third(self.in_vertebra[0])

    @property
    def is_modic(self) -> bool:
        """Whether it lies along an endplate and is dark on T1, where there is one."""
        is_dark = self.t1_z is None or self.t1_z < self.parameters.modic.t1_z
        return self.is_at_endplate and is_dark


# ---- in the vertebral bodies --------------------------------------------------------------------------------------


def within_body(place: SpinePlace) -> bool:
    """Whether a place lies clear of the front wall and the sides of a vertebral body."""
    is_behind_wall = place.front_mm < distances.FRONT_WALL_FRONT_LEAST.value
    return is_behind_wall and place.aside_mm < distances.SURE_BODY_SIDE_MOST.value


def open_in_body(place: SpinePlace) -> MRVerdict | None:
    """A place within a body that has hardly any marrow around it is fluid of the canal or a disc."""
    if within_body(place) and not place.marrow >= place.parameters.spine.in_bone_part:
        return normal("fluid of the canal or a disc, without marrow around it")
    return None


def open_at_wall(place: SpinePlace) -> MRVerdict | None:
    """A bright place at the front wall or the side of a body is a great vessel, unless it is mostly within marrow."""
    if not within_body(place) and not place.marrow >= place.parameters.spine.enclosed_part:
        return normal("a great vessel on the wall of a vertebral body")
    return None


def tube_at_body(place: SpinePlace) -> MRVerdict | None:
    """What is much longer than wide, and thin both ways, is a vessel."""
    return normal("vessel") if is_tube_shaped(place.lengths_mm) else None


def pelvic_organ(place: SpinePlace) -> MRVerdict | None:
    """Below the lowest disc by more than the height of a vertebra, uterus and bowel lie in front of the sacrum."""
    is_below = place.to_disc_mm < -distances.PELVIC_ORGANS_BELOW_LOWEST_DISC.value
    if is_below and place.front_mm > distances.PELVIC_ORGANS_FRONT_LEAST.value:
        return normal("organ of the pelvis")
    return None


def vein_in_body(place: SpinePlace) -> MRVerdict | None:
    """The basivertebral vein is small and lies in the middle of the back half of a body, away from its endplates."""
    is_small = place.volume_ml < distances.VEIN_PLACE_VOLUME_MOST.value
    is_short = place.lengths_mm[0] < distances.VEIN_PLACE_LENGTH_MOST.value
    is_central = place.aside_mm < distances.VEIN_PLACE_SIDE_MOST.value
    is_in_back = place.front_mm < distances.VEIN_PLACE_FRONT_MOST.value
    is_away = place.middle_from_disc_mm > distances.ENDPLATE_FROM_DISC_MIDDLE.value
    if is_small and is_short and is_central and is_in_back and is_away:
        return normal("basivertebral vein")
    return None


def _kind_in_body(place: SpinePlace) -> str:
    return MODIC_I if place.is_modic else OEDEMA


def faint_in_body(place: SpinePlace) -> MRVerdict | None:
    """A place with a low peak counts alone only where marrow is on most sides of it."""
    if place.is_bright or place.marrow > place.parameters.bright.sure_marrow_part:
        return None
    return weak(_kind_in_body(place), "low peak, and little marrow around it")


def small_at_back_wall(place: SpinePlace) -> MRVerdict | None:
    """At the back wall of a body small places may be fluid of the canal, which shares voxels with it."""
    is_at_wall = place.front_mm < distances.BACK_WALL_FRONT_MOST.value
    if is_at_wall and place.volume_ml < place.parameters.spine.back_wall_ml:
        return weak(_kind_in_body(place), "small, at the back wall")
    return None


def small_at_endplate(place: SpinePlace) -> MRVerdict | None:
    """Where discs are known from the canal alone, a slice through the edge of a disc looks like a small edema at an
    endplate."""
    is_at_wall = place.front_mm < distances.BACK_WALL_FRONT_MOST.value
    if is_at_wall or place.is_segmented or not place.is_at_endplate:
        return None
    if place.volume_ml < place.parameters.spine.endplate_ml:
        return weak(_kind_in_body(place), "small, at an endplate")
    return None


def small_in_body(place: SpinePlace) -> MRVerdict | None:
    """Elsewhere in a body a place counts alone when it is as large as a lesion that is seen on two slices. Where
    another rule asks for a larger volume, that rule alone decides."""
    is_at_wall = place.front_mm < distances.BACK_WALL_FRONT_MOST.value
    if is_at_wall or (place.is_at_endplate and not place.is_segmented):
        return None
    return weak(_kind_in_body(place), "small") if place.volume_ml < place.parameters.bright.sure_ml else None


def maybe_disc(place: SpinePlace) -> MRVerdict | None:
    """A disc is bright in young people, and often higher than its middle part, which is cut out before."""
    if place.disc_part < place.parameters.spine.disc_part:
        return None
    return weak(_kind_in_body(place), "may be of a disc")


def endplate_edema(place: SpinePlace) -> MRVerdict | None:
    """A bright place in a body that touches an endplate, lies along it, and is dark on T1, is Modic I."""
    return MRVerdict(MODIC_I, "bright along an endplate") if place.is_modic else None


def body_edema(_place: SpinePlace) -> MRVerdict | None:
    """Every other bright place in a body is edema."""
    return MRVerdict(OEDEMA, "bright in a vertebral body")


BODY_RULES: RuleList[SpinePlace, MRVerdict] = RuleList(
    [
        Rule("body-open", open_in_body),
        Rule("body-wall-open", open_at_wall),
        Rule("body-tube", tube_at_body),
        Rule("body-pelvic-organ", pelvic_organ),
        Rule("body-vein", vein_in_body),
        Rule("body-faint", faint_in_body),
        Rule("body-small-at-back-wall", small_at_back_wall),
        Rule("body-small-at-endplate", small_at_endplate),
        Rule("body-small", small_in_body),
        Rule("body-maybe-disc", maybe_disc),
        Rule("body-endplate-edema", endplate_edema),
        Rule("body-edema", body_edema),
    ]
)
"""What a bright place in a vertebral body is; the discs are cut out."""


# ---- joints, processes, pedicles, and what lies beside the spine ---------------------------------------------------


def tube_beside(place: SpinePlace) -> MRVerdict | None:
    """What is much longer than wide, and thin both ways, is a vessel, a nerve or a ureter."""
    return normal("vessel or nerve") if is_tube_shaped(place.lengths_mm) else None


def _is_collection(place: SpinePlace) -> bool:
    """Whether a place is fluid in the muscles beside the spine, and not a kidney."""
    p = place.parameters.spine
    is_beside = place.aside_mm > distances.COLLECTION_SIDE_LEAST.value
    is_behind = place.front_mm < distances.COLLECTION_FRONT_MOST.value
    is_in_muscle = place.muscle > p.collection_muscle_part and place.volume_ml >= p.collection_ml
    return is_beside and is_behind and place.is_fluid_like and is_in_muscle and not _is_kidney(place)


def _is_kidney(place: SpinePlace) -> bool:
    """Whether a place lies where kidney and ureter do, above the sacrum."""
    is_beside = place.aside_mm > distances.RENAL_HILUM_SIDE_LEAST.value
    return not place.is_at_sacrum and is_beside and place.front_mm > distances.BODY_FRONT_LEAST.value


def collection_as_bright(place: SpinePlace) -> MRVerdict | None:
    """Fluid in the muscles beside the spine that is no brighter than the same place at the other levels is weak."""
    if not _is_collection(place) or place.over_levels is None:
        return None
    if place.over_levels >= place.parameters.spine.brighter:
        return None
    return weak(COLLECTION, "as bright as the other levels")


def muscle_collection(place: SpinePlace) -> MRVerdict | None:
    """Fluid with muscle around it, beside the spine and behind the kidneys, is a collection."""
    return MRVerdict(COLLECTION, "fluid within muscle") if _is_collection(place) else None


def _is_beside_joints(place: SpinePlace) -> bool:
    return place.aside_mm > distances.JOINTS_SIDE_MOST.value


def beside_above_sacrum(place: SpinePlace) -> MRVerdict | None:
    """Beside the facet joints and above the sacrum lie muscles, kidneys and bowel, but no bone."""
    return (
        normal("muscle, kidney or bowel beside the spine")
        if _is_beside_joints(place) and not place.is_at_sacrum
        else None
    )


def beside_without_bone(place: SpinePlace) -> MRVerdict | None:
    """At the height of the sacrum, only what has marrow around it and does not lie in front of the bone counts."""
    if not _is_beside_joints(place):
        return None
    is_in_bone = place.marrow >= place.parameters.spine.beside_bone_part
    if is_in_bone and place.front_mm < distances.SACROILIAC_BONE_FRONT_MOST.value:
        return None
    return normal("soft tissue outside the bone")


def doubtful_sacroiliac(place: SpinePlace) -> MRVerdict | None:
    """An edema at a sacroiliac joint that is faint, small, poor in marrow around it, or no brighter than the other
    levels counts only with PET: slight edema there is seen in people without pain (Rheumatol Int 2018)."""
    if not _is_beside_joints(place):
        return None
    p = place.parameters.spine
    is_large = place.volume_ml >= p.sacroiliac_ml and place.marrow >= p.sacroiliac_part
    is_brighter = place.over_levels is None or place.over_levels >= p.brighter
    if place.is_bright and is_large and is_brighter:
        return None
    return weak(OEDEMA, "slight, at a sacroiliac joint")


def sacroiliac_edema(place: SpinePlace) -> MRVerdict | None:
    """At the height of the sacrum and beside it, a bright place in bone is edema at a sacroiliac joint."""
    return MRVerdict(OEDEMA, "bright bone at a sacroiliac joint") if _is_beside_joints(place) else None


def open_before_joints(place: SpinePlace) -> MRVerdict | None:
    """A place before the joints and beside the bodies is a vessel or nerve root, unless it is mostly within marrow."""
    is_before = place.front_mm > distances.BODY_FRONT_LEAST.value
    if is_before and place.marrow < place.parameters.spine.enclosed_part:
        return normal("vessel or nerve root")
    return None


def darker_joint(place: SpinePlace) -> MRVerdict | None:
    """A place that is darker than usual at the other levels is normal."""
    if place.over_levels is None or not place.over_levels < place.parameters.spine.not_darker:
        return None
    return normal("it is darker than the same place at the other levels")


def is_in_facet_joint(place: SpinePlace) -> bool:
    """Whether a place lies at a facet joint and not within bone: what is bright there is its fluid and synovia, whose
    signal is less than that of free fluid, as thin layers share their voxels with cortex."""
    is_near = place.to_facet_mm < distances.FACET_JOINT_REACH.value
    return is_near and place.marrow < place.parameters.spine.enclosed_part


def _kind_at_joint(place: SpinePlace) -> str:
    return EFFUSION if place.is_fluid_like or is_in_facet_joint(place) else OEDEMA


def faint_joint(place: SpinePlace) -> MRVerdict | None:
    """A place with a low peak counts only with PET."""
    return None if place.is_bright else weak(_kind_at_joint(place), "low peak")


def small_joint(place: SpinePlace) -> MRVerdict | None:
    """Where the other levels are not known, a small place may be the usual fluid of a joint."""
    if place.over_levels is None and place.volume_ml < place.parameters.spine.without_levels_ml:
        return weak(_kind_at_joint(place), "small, other levels not known")
    return None


def stands_out(over_levels: float, volume_ml: float, p: MRParameters, as_bright: float) -> bool:
    """Whether a place is large enough for how much brighter it is than the other levels.

    Parameters
    ----------
    over_levels : float
        Signal over the usual one of the same place at the other levels.
    volume_ml : float
    p : MRParameters
    as_bright : float
        Lower bound of `over_levels` for the largest places.
    """
    spine = p.spine
    return (
        (over_levels >= spine.brighter and volume_ml >= spine.joint_ml)
        or (over_levels >= spine.clearly_brighter and volume_ml >= spine.clear_joint_ml)
        or (over_levels >= as_bright and volume_ml >= spine.large_joint_ml)
    )


def joint_as_others(place: SpinePlace) -> MRVerdict | None:
    """Facet joints contain some fluid in most people. A place counts alone when it is brighter than the same place at
    the other levels; the smaller the difference, the larger the place must be."""
    if place.over_levels is None:
        return None
    p = place.parameters
    if stands_out(place.over_levels, place.volume_ml, p, p.spine.as_bright):
        return None
    return weak(_kind_at_joint(place), "like the other levels")


def joint_effusion(place: SpinePlace) -> MRVerdict | None:
    """At joints and processes, a place that is as bright as fluid, or lies at a facet joint outside bone, is an
    effusion or synovitis."""
    if _kind_at_joint(place) != EFFUSION:
        return None
    seen = "as bright as fluid, at a joint" if place.is_fluid_like else "at a facet joint, outside bone"
    return MRVerdict(EFFUSION, seen)


def arch_edema(_place: SpinePlace) -> MRVerdict | None:
    """At joints, processes and pedicles, a place that is less bright than fluid is edema."""
    return MRVerdict(OEDEMA, "bright, at a joint or the arch")


BESIDE_RULES: RuleList[SpinePlace, MRVerdict] = RuleList(
    [
        Rule("beside-tube", tube_beside),
        Rule("beside-collection-as-bright", collection_as_bright),
        Rule("beside-collection", muscle_collection),
        Rule("beside-above-sacrum", beside_above_sacrum),
        Rule("beside-without-bone", beside_without_bone),
        Rule("sacroiliac-doubtful", doubtful_sacroiliac),
        Rule("sacroiliac-edema", sacroiliac_edema),
        Rule("joint-open-in-front", open_before_joints),
        Rule("joint-darker", darker_joint),
        Rule("joint-faint", faint_joint),
        Rule("joint-small", small_joint),
        Rule("joint-like-others", joint_as_others),
        Rule("joint-effusion", joint_effusion),
        Rule("joint-edema", arch_edema),
    ]
)
"""What a bright place at joints, processes and pedicles, or beside the spine, is."""


# ---- what makes a sure place weak ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class SurePlace:
    """A place that counts without PET so far.

    Parameters
    ----------
    place : SpinePlace
    kind : str
        What it is.
    """

    place: SpinePlace
    kind: str


def are_twins(one: SpinePlace, other: SpinePlace) -> bool:
    """Whether two places lie alike on both sides of the canal, and are alike in volume and peak."""
    apart = abs(one.height_mm - other.height_mm)
    if one.aside_mm < distances.TWIN_SIDE_LEAST.value:
        return False
    if abs(one.right_mm + other.right_mm) > distances.TWIN_SIDE_DIFFERENCE_MOST.value:
        return False
    if abs(one.front_mm - other.front_mm) > distances.TWIN_FRONT_DIFFERENCE_MOST.value:
        return False
    if apart > distances.TWIN_HEIGHT_DIFFERENCE_MOST.value:
        return False
    volume, peak = one.parameters.spine.twin_volume_ratio, one.parameters.spine.twin_peak_ratio
    is_as_large = 1 / volume < one.volume_ml / other.volume_ml < volume
    return is_as_large and 1 / peak < one.peak / other.peak < peak


def alike_on_both_sides(sure: SurePlace) -> MRVerdict | None:
    """Small places that are alike on both sides are normal (nerve roots, veins, joints) unless PET shows one."""
    place = sure.place
    if place.volume_ml >= place.parameters.spine.twin_ml:
        return None
    if any(are_twins(place, other) for other in place.others if other is not place):
        return weak(sure.kind, "small and alike on both sides")
    return None


def faint_edema(sure: SurePlace) -> MRVerdict | None:
    """An edema is weak when its mean, against all marrow or against the marrow around it, is below the bound for the
    core of an edema. Where fat is poorly suppressed or marrow is red, all marrow is brighter than muscle. Where the
    outline of bone is known from signal alone, such marrow is easily mistaken for edema."""
    if sure.kind not in (OEDEMA, MODIC_I):
        return None
    if sure.place.marrow_z < sure.place.parameters.oedema.core_z:
        return weak(sure.kind, "faint against normal marrow")
    return None


FAINT_EDEMA = "faint-edema"
"""Name of the rule about edema that hardly differs from the marrow around it."""
DOUBT_RULES: RuleList[SurePlace, MRVerdict] = RuleList(
    [
        Rule("alike-on-both-sides", alike_on_both_sides),
        Rule(FAINT_EDEMA, faint_edema),
    ]
)
"""What makes a place weak that would count without PET; all verdicts are weak."""


# ---- discs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BrightDisc:
    """The signal of a disc among the others.

    Parameters
    ----------
    signal : float
        Of its nucleus, on the series that shows fluid bright.
    others : tuple of float
        The same of the other discs.
    parameters : MRParameters
    """

    signal: float
    others: tuple[float, ...]
    parameters: MRParameters


def bright_disc(disc: BrightDisc) -> MRVerdict | None:
    """A disc that is brighter than the others is weak: it may be the only one that is not degenerated."""
    if not disc.others or disc.signal < disc.parameters.spine.bright_disc * float(np.median(disc.others)):
        return None
    return weak(OEDEMA, "brighter than the other discs")


BRIGHT_DISC_RULES: RuleList[BrightDisc, MRVerdict] = RuleList([Rule("bright-disc", bright_disc)])
"""Which bright discs are shown where PET agrees."""


# ---- what marrow and fluid show where nothing bright was found -----------------------------------------------------


@dataclass(frozen=True, eq=False)
class AnatomyPlace:
    """A finding of marrow or fluid by itself, within the spine. What the rules ask for is measured when asked for.

    Parameters
    ----------
    spine : SpineMap
    finding : MRFinding
    is_sure : bool
        Whether its own rules let it count without PET.
    """

    spine: SpineMap
    finding: MRFinding
    is_sure: bool

    @cached_property
    def parameters(self) -> MRParameters:
        """The parameters of the stage."""
        return self.spine.picture.parameters

    @cached_property
    def is_segmented(self) -> bool:
        """Whether there is an anatomy segmentation."""
        return self.spine.picture.surroundings.segmented is not None

    @cached_property
    def is_t2_alone(self) -> bool:
        """Whether fluid is told from T2 without suppressed fat, and no T1 tells it from fat."""
        picture = self.spine.picture
        return picture.fluid_role == Role.T2 and not picture.reads_t1

    @cached_property
    def kind(self) -> str:
        """Kind of the finding."""
        return self.finding.kind

    @cached_property
    def volume_ml(self) -> float:
        """Volume of the finding."""
        return self.finding.volume_ml

    @cached_property
    def _exact(self) -> np.ndarray:
        local = self.spine.picture.straight.local(self.finding.region.points_ras)
        height = local[np.isfinite(local[:, 2]), 2]
        middle = float(np.median(height)) if height.size else np.nan
        return np.array([*np.median(local[:, :2], axis=0), middle])

    @cached_property
    def exact_aside_mm(self) -> float:
        """Distance to the side from the canal, also where the map of the spine ends."""
        return float(abs(self._exact[0]))

    @cached_property
    def exact_front_mm(self) -> float:
        """Distance in front of the canal, also where the map of the spine ends."""
        return float(self._exact[1])

    @cached_property
    def above_canal_end_mm(self) -> float:
        """Height along the canal above its lower end; NaN beyond its ends."""
        return float(self._exact[2])

    @cached_property
    def _local(self) -> np.ndarray:
        return self.spine.of(self.finding.region)

    @cached_property
    def mapped_part(self) -> float:
        """Part of the finding within the map of the spine."""
        return float(np.isfinite(self._local[:, 0]).mean())

    @cached_property
    def aside_mm(self) -> float:
        """Distance to the side from the canal, within the map of the spine."""
        return abs(float(known_median(self._local[:, 0])))

    @cached_property
    def front_mm(self) -> float:
        """Distance in front of the canal, within the map of the spine."""
        return float(known_median(self._local[:, 1]))

    @cached_property
    def disc_part(self) -> float:
        """Part of the finding within a disc."""
        return float(np.mean(np.abs(self._local[:, 2]) < distances.DISC_HALF_HEIGHT.value))

    @cached_property
    def over_levels(self) -> float | None:
        """Signal over the usual one of the same place at the other levels; None where it is not known."""
        return self.spine.over_levels(self.finding.region)


def fluid_at_kidney(place: AnatomyPlace) -> MRVerdict | None:
    """Fluid above the sacrum, where kidneys and ureters lie, belongs to them."""
    is_beside = place.exact_aside_mm > distances.RENAL_HILUM_SIDE_LEAST.value
    is_in_front = place.exact_front_mm > distances.BODY_FRONT_LEAST.value
    is_above = place.above_canal_end_mm > distances.SACRUM_ABOVE_CANAL_END.value
    return normal("kidney or ureter") if place.kind != OEDEMA and is_beside and is_in_front and is_above else None


def weak_by_itself(place: AnatomyPlace) -> MRVerdict | None:
    """A finding that is weak by the rules for marrow or fluid stays weak."""
    return None if place.is_sure else weak(place.kind, "weak by its own rules")


def edema_on_t2_alone(place: AnatomyPlace) -> MRVerdict | None:
    """T2 without suppressed fat shows fatty and wet marrow alike bright. Where no T1 tells them apart, edema that T2
    alone shows counts only with PET."""
    if not place.is_t2_alone or place.kind not in (OEDEMA, MODIC_I):
        return None
    return weak(place.kind, "seen on T2 without suppressed fat alone")


def without_segmentation(place: AnatomyPlace) -> MRVerdict | None:
    """Where the outline of bone is known from signal alone, a finding that was not found as a bright place counts only
    with PET."""
    return None if place.is_segmented else weak(place.kind, "outline of the bone not known")


def outside_map(place: AnatomyPlace) -> MRVerdict | None:
    """Outside the straightened spine there is nothing to compare with: the finding stays sure."""
    if place.mapped_part >= place.parameters.spine.seen_part:
        return None
    return MRVerdict(place.kind, "outside the straightened spine")


def _is_in_body(place: AnatomyPlace) -> bool:
    is_in_front = place.front_mm > distances.BODY_FRONT_LEAST.value
    return is_in_front and place.aside_mm < distances.BODY_SIDE_MOST.value


def slight_in_body(place: AnatomyPlace) -> MRVerdict | None:
    """In a vertebral body, a finding that is small or may belong to a disc is weak."""
    if not _is_in_body(place):
        return None
    p = place.parameters.spine
    if place.volume_ml >= p.without_levels_ml and place.disc_part < p.stands_out_disc_part:
        return None
    return weak(place.kind, "small, or of a disc")


def marked_in_body(place: AnatomyPlace) -> MRVerdict | None:
    """In a vertebral body, every other finding is sure."""
    return MRVerdict(place.kind, "large, in a vertebral body") if _is_in_body(place) else None


def small_without_levels(place: AnatomyPlace) -> MRVerdict | None:
    """Beside the joints, or where the other levels are not known, a small finding is weak."""
    is_known = place.over_levels is not None and not place.aside_mm > distances.JOINTS_SIDE_MOST.value
    if is_known or place.volume_ml >= place.parameters.spine.without_levels_ml:
        return None
    return weak(place.kind, "small, other levels not known")


def like_other_levels(place: AnatomyPlace) -> MRVerdict | None:
    """At a joint, a finding that is like the other levels is weak."""
    if place.over_levels is None or place.aside_mm > distances.JOINTS_SIDE_MOST.value:
        return None
    p = place.parameters
    if stands_out(place.over_levels, place.volume_ml, p, p.spine.not_darker):
        return None
    return weak(place.kind, "like the other levels")


def marked_at_joint(place: AnatomyPlace) -> MRVerdict | None:
    """Every other finding at the joints and beside them is sure."""
    return MRVerdict(place.kind, "large or bright, behind or beside the bodies")


ANATOMY_RULES: RuleList[AnatomyPlace, MRVerdict] = RuleList(
    [
        Rule("fluid-at-kidney", fluid_at_kidney),
        Rule("weak-by-itself", weak_by_itself),
        Rule("edema-on-t2-alone", edema_on_t2_alone),
        Rule("bone-outline-unknown", without_segmentation),
        Rule("outside-straight-spine", outside_map),
        Rule("slight-in-body", slight_in_body),
        Rule("marked-in-body", marked_in_body),
        Rule("small-without-levels", small_without_levels),
        Rule("like-other-levels", like_other_levels),
        Rule("marked-behind-bodies", marked_at_joint),
    ]
)
"""Which findings of marrow and fluid count, in a low back where the canal is known."""
