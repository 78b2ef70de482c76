"""What the rules for physiologic uptake look at: the measures of a focus, where it lies and what surrounds it.

:class:`FocusContext` is the one object that every rule of :mod:`.physiologic` takes. Its properties name the places
and the degrees of uptake that several rules share. The distances come from :mod:`..body.distances`, the bars that a
reader may change from the protocol.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..body import distances
from ..core import tissues as tissue_codes
from ..core.image import Region
from ..core.records import HotSpot
from ..core.voxel_bits import VoxelBits
from .body_shape import BodyShape

NOT_KNOWN = math.nan
"""A value that is not known. Every comparison with it is false, so a rule that needs the value does not apply."""
LEAST_SHAPE_VOXELS = 6
"""Lower bound for the number of voxels of a focus whose length and width are measured."""
BOX_VARIANCE = 12.0
"""An evenly filled interval has a variance of its squared length divided by this."""


@dataclass(frozen=True, kw_only=True)
class PhysiologicParameters:
    """Section "hot_spots.physiologic" of a protocol; see there for units, ranges and sources."""

    volume_ml: float
    suv: float
    urine_suv: float
    symmetric_ratio: float
    symmetric_tbr: float
    ventral_side_mm: float
    abdomen_depth: float
    excretion_suv: float
    excretion_ratio: float
    kidney_over_rich: float
    thin_ratio: float
    mirrored_ratio: float
    other_levels_ratio: float
    organ_part: float
    tissue_part: float
    bone_near_mm: float
    bone_near_ml: float
    seen_part: float
    muscle_part: float
    rules_off: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FocusContext:
    """A focus with all that the rules for physiologic uptake look at.

    What is not known is NaN (:data:`NOT_KNOWN`).

    Parameters
    ----------
    parameters : PhysiologicParameters
    typical_suv : float
        Typical soft tissue of the scan, g/ml.
    rich_suv : float
        Normal tissues of the scan with much uptake, such as marrow and blood, g/ml.
    suv_max, suv_peak : float
        Maximum and 1 ml peak of the focus, g/ml.
    volume_ml : float
        Volume of the focus.
    cluster_ml : float
        Volume of the focus together with the foci that touch it.
    tbr : float
        SUVpeak over the reference tissue.
    reference_suv : float
        The reference tissue, g/ml; 0 without one.
    mirrored_suv : float
        SUVpeak at the mirrored place, g/ml.
    left_right_ratio : float
        SUVpeak over the mirrored SUVpeak.
    level_ratio : float
        SUVpeak over the same place at the other levels of the spine.
    is_truncated : bool
        The focus touches the edge of the field of view.
    is_near_implant : bool
        The focus lies within the margin of an implant's artifact.
    length_mm, width_mm : float
        Longest and second longest axis of the focus.
    tilt_deg : float
        Angle between its longest axis and the body's axis, 0 to 90.
    depth : float
        Place between the back (0) and the front (1) of the body.
    side : float
        Distance from the midline, mm.
    front : float
        Distance in front of the middle of the spinal canal, mm; negative behind it.
    above_bladder : float
        Height above the middle of the bladder, mm.
    is_in_trunk : bool
        The body crosses the midline at this height.
    above_sacrum : float
        Height above the top of the sacrum, mm, by the spinal canal.
    is_at_sacrum : bool
        At the height of the sacrum, by the spinal canal.
    tissue : int
        Most frequent tissue of the focus on MR, a code of :mod:`..core.tissues`; UNKNOWN where none prevails.
    has_bone_near : bool
        Marrow or disc lies in the focus or close to it.
    is_tissue_seen : bool
        The MR shows most of the tissue around the focus, and little of it is muscle.
    organ : str
        Name of the organ that most of the focus lies in, by the label map of organs; empty without one.
    organ_part : float
        Part of the focus that lies in this organ, 0 to 1.
    """

    parameters: PhysiologicParameters
    typical_suv: float
    rich_suv: float
    suv_max: float
    suv_peak: float = NOT_KNOWN
    volume_ml: float
    cluster_ml: float
    tbr: float = NOT_KNOWN
    reference_suv: float = 0.0
    mirrored_suv: float = NOT_KNOWN
    left_right_ratio: float = NOT_KNOWN
    level_ratio: float = NOT_KNOWN
    is_truncated: bool = False
    is_near_implant: bool = False
    length_mm: float = NOT_KNOWN
    width_mm: float = NOT_KNOWN
    tilt_deg: float = NOT_KNOWN
    depth: float = NOT_KNOWN
    side: float = NOT_KNOWN
    front: float = NOT_KNOWN
    above_bladder: float = NOT_KNOWN
    above_sacrum: float = NOT_KNOWN
    is_in_trunk: bool = False
    is_at_sacrum: bool = False
    tissue: int = tissue_codes.UNKNOWN
    has_bone_near: bool = False
    is_tissue_seen: bool = False
    organ: str = ""
    organ_part: float = 0.0

    # How much uptake there is, and how large the focus is.

    @property
    def excretion_suv(self) -> float:
        """Lower bound for the SUVmax of organs that excrete FDG, g/ml."""
        p = self.parameters
        return max(p.excretion_ratio * self.typical_suv, p.excretion_suv)

    @property
    def kidney_suv(self) -> float:
        """Lower bound for the SUVpeak of the other kidney, g/ml: hotter than muscle and than any normal bone."""
        p = self.parameters
        return max(p.excretion_ratio * self.typical_suv, p.kidney_over_rich * self.rich_suv)

    @property
    def is_excreting(self) -> bool:
        """Uptake as high as in organs that excrete FDG."""
        return self.suv_max >= self.excretion_suv

    @property
    def is_hot_as_kidney(self) -> bool:
        """Uptake as high as in a kidney: hotter than muscle and than any normal bone."""
        return self.suv_max >= max(self.parameters.excretion_suv, self.kidney_suv)

    @property
    def is_hot(self) -> bool:
        """Uptake so high that it can be an organ, where the place agrees."""
        return self.suv_max >= self.parameters.suv

    @property
    def is_big(self) -> bool:
        """So large that it can be an organ, where the place agrees."""
        return self.volume_ml >= self.parameters.volume_ml

    @property
    def is_part_of_big(self) -> bool:
        """The focus and those that touch it are so large that they can be an organ."""
        return self.cluster_ml >= self.parameters.volume_ml

    @property
    def may_be_large(self) -> bool:
        """Large with what touches it, hot, or cut off by the field of view, which hides how large it is."""
        return self.is_part_of_big or self.is_hot or self.is_truncated

    @property
    def is_thin(self) -> bool:
        """Hotter than joints are, and thinner than the PET resolves: the peak is far below the maximum."""
        return self.suv_max >= self.parameters.thin_ratio * self.suv_peak and self.is_excreting

    @property
    def is_small_urine(self) -> bool:
        """As hot as urine and as small as the uptake in a piece of a ureter."""
        return self.is_excreting and self.volume_ml < distances.URETER_VOLUME_MOST.value

    @property
    def may_be_ureter(self) -> bool:
        """Thin, hot, and no larger than a whole ureter or a renal pelvis."""
        return self.is_thin and self.volume_ml <= distances.URETER_WHOLE_VOLUME_MOST.value

    @property
    def has_twin(self) -> bool:
        """As much uptake as at the mirrored place, whatever the other levels of the spine have."""
        ratio = self.parameters.symmetric_ratio
        return 1.0 / ratio <= self.left_right_ratio <= ratio

    @property
    def lacks_twin(self) -> bool:
        """The other side is known to have less uptake than a kidney."""
        return self.mirrored_suv < self.kidney_suv

    @property
    def is_tube(self) -> bool:
        """Long, thin and along the body's axis."""
        is_long = self.length_mm >= distances.TUBE_ELONGATION_LEAST.value * self.width_mm
        is_narrow = self.width_mm <= distances.TUBE_WIDTH_MOST.value
        return is_long and is_narrow and self.tilt_deg <= distances.TUBE_TILT_MOST.value

    @property
    def is_alike_on_both_sides(self) -> bool:
        """As much uptake as at the mirrored place, where that exceeds its reference, too.

        Beside an implant and in the midline there is no mirrored place to compare with. Where the other levels of the
        spine have clearly less uptake, both sides of this level may be ill.
        """
        p = self.parameters
        if self.is_near_implant or self.side < distances.MIRRORED_SIDE_LEAST.value:
            return False
        if self.level_ratio >= p.other_levels_ratio:
            return False
        is_raised_there = self.mirrored_suv >= p.mirrored_ratio * self.reference_suv
        return is_raised_there and 1.0 / p.symmetric_ratio <= self.left_right_ratio <= p.symmetric_ratio

    # What tissue it is.

    @property
    def is_bone(self) -> bool:
        """Marrow or disc on MR."""
        return self.tissue in (tissue_codes.MARROW, tissue_codes.DISC)

    @property
    def may_be_soft_tissue(self) -> bool:
        """Muscle or unknown tissue, away from implants, whose margin hides bone and joint."""
        return self.tissue in (tissue_codes.MUSCLE, tissue_codes.UNKNOWN) and not self.is_near_implant

    # Where it lies.

    @property
    def has_side(self) -> bool:
        """The midline is known, and the body crosses it at this height."""
        return self.is_in_trunk and not math.isnan(self.side)

    @property
    def is_at_hips(self) -> bool:
        """Known to lie at the height of the hips or below, where femora and pubic bones lie in front of the sacrum."""
        return self.above_bladder < distances.HIPS_ABOVE_BLADDER.value

    @property
    def is_in_pelvis(self) -> bool:
        """Known to lie below the iliac crests, at the height of the sacrum."""
        return self.above_bladder < distances.CREST_ABOVE_BLADDER.value

    @property
    def is_below_crest(self) -> bool:
        """Known to lie below the iliac crests, by the bladder or by the sacrum: there bone lies beside the spine, and
        no kidney does."""
        return self.is_in_pelvis or self.is_at_sacrum or self.above_sacrum < distances.CREST_ABOVE_SACRUM.value

    @property
    def is_above_crest(self) -> bool:
        """Known to lie above the iliac crests, by the bladder or by the sacrum."""
        by_bladder = self.above_bladder >= distances.CREST_ABOVE_BLADDER.value
        return by_bladder or self.above_sacrum >= distances.CREST_ABOVE_SACRUM.value

    @property
    def is_height_known(self) -> bool:
        """Bladder or spinal canal say how high in the body the focus lies."""
        return not math.isnan(self.above_bladder) or not math.isnan(self.front)

    @property
    def organ_side_most(self) -> float:
        """Farther from the midline than this (mm), the place does not speak for an organ.

        Where the height in the body is not known, the place may be a hip or a thigh: then it speaks for organs only
        medial of the hip joints.
        """
        most = self.parameters.ventral_side_mm
        return most if self.is_height_known else min(most, distances.HIP_JOINT_SIDE_LEAST.value)

    @property
    def is_beside_canal(self) -> bool:
        """The spinal canal is seen, above the hips: then it says what belongs to the spine."""
        return not math.isnan(self.front) and not self.is_at_hips

    @property
    def is_beside_bodies(self) -> bool:
        """Beside the vertebral bodies, on the psoas, in front of the transverse processes and above the pelvis.

        There is no bone there, though the side walls of the bodies are near.
        """
        is_on_psoas = (
            self.side >= distances.VERTEBRA_HALF_WIDTH.value and self.depth >= distances.PSOAS_DEPTH_LEAST.value
        )
        return is_on_psoas and self.above_bladder >= distances.CREST_ABOVE_BLADDER.value

    @property
    def is_on_psoas(self) -> bool:
        """The same, nearer to the midline than the middle of a kidney."""
        return self.is_beside_bodies and self.side <= distances.PSOAS_SIDE_MOST.value

    @property
    def is_in_vertebral_body(self) -> bool:
        """Where a vertebral body may lie in front of the canal: wide behind, rounded in front."""
        middle, most = distances.VERTEBRA_MIDDLE_FRONT.value, distances.VERTEBRA_FRONT_MOST.value
        before = max(0.0, self.front - middle) / (most - middle)
        return (self.side / distances.VERTEBRA_HALF_WIDTH.value) ** 2 + before**2 <= 1.0

    @property
    def is_at_psoas(self) -> bool:
        """Beside the vertebral bodies and in front of the transverse processes, where the psoas lies."""
        is_beside = distances.VERTEBRA_HALF_WIDTH.value < self.side <= distances.PSOAS_SIDE_MOST.value
        behind, most = distances.POSTERIOR_ELEMENTS_FRONT_MOST.value, distances.PSOAS_FRONT_MOST.value
        return is_beside and behind < self.front <= most

    @property
    def is_behind_iliac_wing(self) -> bool:
        """Below the iliac crests, lateral of the sacroiliac joints and no farther in front than the wing of the ilium:
        ilium and gluteal muscles lie there."""
        beyond = self.side - distances.SACROILIAC_SIDE_MOST.value
        most = distances.SACROILIAC_FRONT_MOST.value + distances.ILIAC_WING_FRONT_SLOPE.value * beyond
        return self.is_below_crest and beyond > 0.0 and self.front <= most

    @property
    def is_behind_organs(self) -> bool:
        """In the pelvis, behind ureters and bowel and beside the rectum: at sacrum, ilium and gluteal muscles."""
        is_beside = self.side > distances.RECTUM_SIDE_MOST.value
        return self.is_in_pelvis and is_beside and self.depth < distances.PELVIC_URETER_DEPTH_LEAST.value

    @property
    def is_where_urine_is(self) -> bool:
        """Where bladder, ureters or kidneys lie, or where the place is not known.

        Bladder and ureters lie near the midline and in front of the posterior spine, kidneys above the iliac crests.
        """
        if math.isnan(self.side) or math.isnan(self.depth):
            return True
        is_near = self.side <= distances.URINE_SIDE_MOST.value
        is_before = self.depth >= distances.POSTERIOR_SPINE_DEPTH_MOST.value
        return self.is_in_trunk and ((is_near and is_before) or (self.is_at_kidney and self.is_above_crest))

    @property
    def is_at_kidney(self) -> bool:
        """Where kidneys lie, by midline and depth."""
        is_beside = distances.KIDNEY_FOCUS_SIDE_LEAST.value <= self.side <= distances.KIDNEY_FOCUS_SIDE_MOST.value
        is_deep = distances.KIDNEY_FOCUS_DEPTH_LEAST.value <= self.depth <= distances.KIDNEY_FOCUS_DEPTH_MOST.value
        return self.is_in_trunk and is_beside and is_deep

    @property
    def is_at_kidney_by_canal(self) -> bool:
        """Where kidneys lie, by the spinal canal; a large hot mass may lie farther back, above the end of the
        canal."""
        is_mass = self.is_part_of_big and self.is_hot
        least = (distances.KIDNEY_MASS_FRONT_LEAST if is_mass else distances.KIDNEY_FOCUS_FRONT_LEAST).value
        is_beside = distances.KIDNEY_FOCUS_SIDE_LEAST.value <= self.side <= distances.KIDNEY_FOCUS_SIDE_MOST.value
        return is_beside and least <= self.front <= distances.KIDNEY_FOCUS_FRONT_MOST.value

    @property
    def is_at_ureter(self) -> bool:
        """Small and hot or long, beside the midline and in front of the posterior spine: ureters cross the psoas.

        At the hips, and where the height is not known, only medial of the hip joints.
        """
        if not self.is_in_trunk or self.volume_ml >= distances.URETER_VOLUME_MOST.value:
            return False
        is_above_hips = self.is_height_known and not self.is_at_hips
        most = (distances.URETER_SIDE_MOST if is_above_hips else distances.HIP_JOINT_SIDE_LEAST).value
        is_beside = distances.URETER_SIDE_LEAST.value <= self.side <= most
        is_bright = self.suv_max >= self.parameters.excretion_ratio * self.typical_suv
        return self.depth >= distances.URETER_DEPTH_LEAST.value and is_beside and (is_bright or self.is_tube)

    @property
    def is_at_pelvic_ureter(self) -> bool:
        """Where ureters run through the pelvis: medial of hip joints and implants, in front of the sacrum."""
        beside_implant, elsewhere = distances.PELVIC_URETER_SIDE_AT_IMPLANT_MOST, distances.PELVIC_URETER_SIDE_MOST
        is_medial = self.side <= (beside_implant if self.is_near_implant else elsewhere).value
        return self.is_in_trunk and is_medial and self.depth >= distances.PELVIC_URETER_DEPTH_LEAST.value

    @property
    def is_at_rectum(self) -> bool:
        """In the midline between coccyx and symphysis; only where the bladder gives the height."""
        if not self.above_bladder <= distances.HIPS_ABOVE_BLADDER.value:
            return False
        is_deep = distances.RECTUM_DEPTH_LEAST.value <= self.depth <= distances.RECTUM_DEPTH_MOST.value
        return self.side <= distances.RECTUM_SIDE_MOST.value and is_deep

    @property
    def is_before_spine(self) -> bool:
        """In front of vertebrae and posterior spine, and medial of the hips, where the lack of bone means an organ."""
        is_near_midline = self.side < distances.VERTEBRA_FORWARD_SIDE.value
        bone = distances.SPINE_DEPTH_MOST if is_near_midline else distances.POSTERIOR_SPINE_DEPTH_MOST
        return self.depth > bone.value and self.side <= self.organ_side_most

    @property
    def is_in_abdomen(self) -> bool:
        """Where bowel, vessels and organs lie and no bone is expected; at the hips that is less than higher up."""
        if self.is_at_rectum:
            return True
        least, widest = self._abdomen()
        is_above_crest = not self.above_bladder <= distances.CREST_ABOVE_BLADDER.value
        if self.side < distances.VERTEBRA_FORWARD_SIDE.value:
            least += distances.VERTEBRA_FORWARD_DEPTH.value
        elif self.side > distances.FLANK_SIDE_LEAST.value and is_above_crest:
            least -= distances.FLANK_DEPTH.value
        return self.depth >= least and self.side <= widest

    @property
    def is_lateral_of_abdomen(self) -> bool:
        """Known to lie farther from the midline than organs do at this height: muscles and bone of the hips do."""
        return self.side > self._abdomen()[1]

    def _abdomen(self) -> tuple[float, float]:
        """Least depth (part) and largest distance from the midline (mm) of what can only be an organ, at this height.

        Without a bladder the protocol gives both. Where nothing tells the height, and the MR does not show what lies
        there, only depths in front of spine and psoas count.
        """
        if math.isnan(self.above_bladder):
            depth = self.parameters.abdomen_depth
            if not (self.is_height_known or self.is_tissue_seen):
                depth = max(depth, distances.VENTRAL_DEPTH_SURE.value)
            return depth, self.organ_side_most
        if self.above_bladder <= distances.HIPS_ABOVE_BLADDER.value:
            least, most = distances.HIPS_ABDOMEN_DEPTH_LEAST, distances.HIPS_ABDOMEN_SIDE_MOST
            wider = distances.HIPS_ABDOMEN_WIDER_DEPTH.value
        elif self.above_bladder <= distances.CREST_ABOVE_BLADDER.value:
            least, most = distances.WINGS_ABDOMEN_DEPTH_LEAST, distances.WINGS_ABDOMEN_SIDE_MOST
            wider = distances.WINGS_ABDOMEN_WIDER_DEPTH.value
        else:
            least, most = distances.ABDOMEN_DEPTH_LEAST, distances.ABDOMEN_SIDE_MOST
            wider = distances.ABDOMEN_WIDER_DEPTH.value
        growth = distances.ABDOMEN_WIDER_PER_DEPTH.value * max(0.0, self.depth - wider)
        return least.value, most.value + growth


def focus_context(
    spot: HotSpot,
    parameters: PhysiologicParameters,
    body: BodyShape,
    *,
    typical_suv: float,
    rich_suv: float,
    cluster_ml: float,
    mirrored_suv: float | None,
    tissues: np.ndarray | None,
    organs: np.ndarray | None,
    organ_names: Mapping[int, str],
) -> FocusContext:
    """Collect what the rules look at.

    Parameters
    ----------
    spot : HotSpot
        Measured, in the PET's frame.
    parameters : PhysiologicParameters
    body : BodyShape
        Of the same PET.
    typical_suv : float
        Typical soft tissue of the scan, g/ml.
    rich_suv : float
        Normal tissues of the scan with much uptake, g/ml.
    cluster_ml : float
        Volume of the focus with those that touch it.
    mirrored_suv : float or None
        SUVpeak at the mirrored place, g/ml.
    tissues, organs : ndarray of uint8, shape (k, j, i), or None
        Maps on the grid of the focus.
    organ_names : mapping of int to str
        Name of each code of `organs`.
    """
    place = spot.centroid_ras_mm
    organ, organ_part = _organ(spot.region, organs, organ_names)
    has_bone_near, is_tissue_seen = _tissue_around(spot.region, tissues, parameters)
    length_mm, width_mm, tilt_deg = _shape(spot.region)
    bladder_z = body.bladder_z
    return FocusContext(
        parameters=parameters,
        typical_suv=typical_suv,
        rich_suv=rich_suv,
        suv_max=spot.suv_max,
        suv_peak=_known(spot.suv_peak),
        volume_ml=spot.mtv_ml,
        cluster_ml=cluster_ml,
        tbr=_known(spot.tbr),
        reference_suv=spot.reference or 0.0,
        mirrored_suv=_known(mirrored_suv),
        left_right_ratio=_known(spot.left_right_ratio),
        level_ratio=_known(spot.level_ratio),
        is_truncated="truncated" in spot.flags,
        is_near_implant="near-implant" in spot.flags,
        length_mm=length_mm,
        width_mm=width_mm,
        tilt_deg=tilt_deg,
        depth=_known(body.depth(place)),
        side=_known(body.off_midline(place)),
        front=_known(body.in_front_of_canal(place)),
        above_bladder=NOT_KNOWN if bladder_z is None else float(place[2]) - bladder_z,
        is_in_trunk=body.has_midline(place),
        above_sacrum=_known(body.above_sacrum(place)),
        is_at_sacrum=body.is_at_sacrum(place),
        tissue=_most_frequent(spot.region, tissues, parameters.tissue_part),
        has_bone_near=has_bone_near,
        is_tissue_seen=is_tissue_seen,
        organ=organ,
        organ_part=organ_part,
    )


def _known(value: float | None) -> float:
    return NOT_KNOWN if value is None else value


def _organ(region: Region, organs: np.ndarray | None, names: Mapping[int, str]) -> tuple[str, float]:
    """Name of the organ that most of a region lies in, and that part of the region, 0 to 1."""
    if organs is None:
        return "", 0.0
    counts = np.bincount(organs.reshape(-1)[region.flat], minlength=2)
    code = int(counts[1:].argmax()) + 1
    return names.get(code, f"organ {code}"), float(counts[code] / len(region))


def _most_frequent(region: Region, tissues: np.ndarray | None, least_part: float) -> int:
    """The most frequent known tissue of a region; UNKNOWN where it makes up less than a part of the region."""
    if tissues is None:
        return tissue_codes.UNKNOWN
    counts = np.bincount(tissues.reshape(-1)[region.flat], minlength=2)
    code = int(counts[1:].argmax()) + 1
    return code if counts[code] >= least_part * len(region) else tissue_codes.UNKNOWN


def _tissue_around(region: Region, tissues: np.ndarray | None, p: PhysiologicParameters) -> tuple[bool, bool]:
    """Whether marrow or disc lies near a region, and whether the MR shows most of the tissue there, little of it
    muscle."""
    if tissues is None:
        return False, False
    geometry = region.geometry
    reach = int(np.ceil(p.bone_near_mm / min(geometry.spacing_kji_mm)))
    focus = region.box_mask(margin=reach).array
    bits = VoxelBits(focus.shape, geometry.spacing_kji_mm)
    near = np.flatnonzero(bits.unpack(bits.within(bits.pack(focus), p.bone_near_mm)))
    kji = np.stack(np.unravel_index(near, focus.shape)) + np.array(region.box[0])[:, None] - reach
    inside = np.all((kji >= 0) & (kji < np.array(geometry.shape)[:, None]), axis=0)
    codes = tissues[tuple(kji[:, inside])]
    # A place without signal is not taken for bone: gas in bowel has no signal, either.
    bone = np.isin(codes, (tissue_codes.MARROW, tissue_codes.DISC))
    has_bone_near = np.count_nonzero(bone) * geometry.voxel_volume_ml >= p.bone_near_ml
    n_known = np.count_nonzero(codes != tissue_codes.UNKNOWN)
    n_muscle = np.count_nonzero(codes == tissue_codes.MUSCLE)
    is_seen = n_known >= p.seen_part * codes.size and n_muscle < p.muscle_part * codes.size
    return bool(has_bone_near), bool(is_seen)


def _shape(region: Region) -> tuple[float, float, float]:
    """Length and width of a region, mm, and the angle between its longest axis and the body's axis, 0 to 90 degrees.

    All are unknown for a region of a few voxels.
    """
    if len(region) < LEAST_SHAPE_VOXELS:
        return NOT_KNOWN, NOT_KNOWN, NOT_KNOWN
    points = region.geometry.flat_to_ras(region.flat)
    spacing = np.array(region.geometry.spacing_mm)
    variance, axes = np.linalg.eigh(np.cov(points.T) + np.diag(spacing**2 / BOX_VARIANCE))
    length, width = np.sqrt(BOX_VARIANCE * variance[2]), np.sqrt(BOX_VARIANCE * variance[1])
    tilt = np.rad2deg(np.arccos(min(1.0, abs(axes[2, 2]))))
    return float(length), float(width), float(tilt)
