"""The parameters of stage ``mr_findings``, nested as the parts of the stage are; values in the protocols."""

from __future__ import annotations

from dataclasses import dataclass

from .bias import BiasParameters
from .implant import ImplantLimits


@dataclass(frozen=True, kw_only=True)
class SignalParameters:
    """How MR signal is smoothed and compared with normal tissue."""

    smooth_mm: float
    """Standard deviation of the Gaussian mean within slices, before places are marked."""
    reference_reach_mm: float
    """Radius of the normal marrow that marrow is compared with."""


@dataclass(frozen=True, kw_only=True)
class OedemaParameters:
    """When marrow counts as edema."""

    z: float
    """Lower bound of the z-score of all its voxels on the fluid-sensitive series."""
    core_z: float
    """Lower bound of the z-score of its brightest voxel on the fluid-sensitive series."""
    t1_z: float
    """Upper bound of the z-score of its voxels on T1."""
    minimum_ml: float
    """Lower bound of its volume."""
    slice_voxels: int
    """Least number of voxels of an edema on its largest slice."""
    inner_part: float
    """Least part of an edema that lies 2 mm within the marrow; less is the blurred edge of the marrow."""
    one_slice_factor: float
    """On a single slice an edema needs this many times the least volume."""
    between_bones_part: float
    """Flat and with marrow above and below more than this part of it, a place on one slice is a disc."""


@dataclass(frozen=True, kw_only=True)
class T1OnlyParameters:
    """When dark marrow counts where T1 is the only series."""

    z: float
    """The z-score on T1 must be below minus this value."""
    minimum_ml: float
    """Lower bound of the volume."""
    slices: int
    """With T1 alone, least number of slices."""


@dataclass(frozen=True, kw_only=True)
class FatFractionParameters:
    """When a drop of the fat fraction of marrow counts as edema, where no fluid-sensitive series was made."""

    z: float
    """The z-score of the fat fraction of all its voxels must be below minus this value."""
    core_z: float
    """The z-score of its lowest voxel must be below minus this value."""
    minimum_ml: float
    """Lower bound of the volume."""


@dataclass(frozen=True, kw_only=True)
class BrightParameters:
    """Which bright places on the fluid-sensitive series are looked at, and which count without PET."""

    over_muscle: float
    """Lower bound of the signal over that of muscle, for a place to be looked at."""
    sure_over_muscle: float
    """Lower bound of the peak over the signal of muscle, for a place to count without PET."""
    sure_ml: float
    """Lower bound of the volume, for a place to count without PET."""
    fluid_like_over_muscle: float
    """Mean over muscle from which a bright place is like free fluid or synovitis rather than edema."""
    sure_marrow_part: float
    """With more marrow than this around it, a place in a vertebral body needs no high peak to count without PET."""


@dataclass(frozen=True, kw_only=True)
class HipParameters:
    """Which bright places at the hips after a replacement count without PET."""

    minimum_ml: float
    """Lower bound of the volume."""
    clear_fluid_ml: float
    """Lower bound of the volume of fluid that counts even where metal makes its surroundings bright, and of a thick
    place."""
    far_over_muscle: float
    """Lower bound of the peak over the signal of muscle, for edema in bone far from the implant."""
    halo_part: float
    """Above this part of bright voxels, the surroundings of the implant are bright by the metal."""


@dataclass(frozen=True, kw_only=True)
class FluidParameters:
    """When bright soft tissue is fluid that counts."""

    over_muscle: float
    """Lower bound of the signal of fluid over that of muscle."""
    collection_minimum_ml: float
    """Lower bound of the volume of a collection."""
    collection_reach_mm: float
    """Upper bound of the distance of a collection from bone or implant."""
    effusion_minimum_ml: float
    """Lower bound of the volume of an effusion."""
    effusion_gap_mm: float
    """Upper bound of the distance between marrow and fluid that lies at the bone."""
    canal_length_mm: float
    """Fluid in the midline that is longer than this is the spinal canal."""
    bladder_minimum_ml: float
    """Fluid in the midline that is larger than this is bladder or bowel."""
    slice_voxels: int
    """Least number of voxels of fluid on its largest slice."""
    disc_part: float
    """Flat and with marrow above and below more than this part of it, fluid is a bright disc."""
    canal_bone_part: float
    """With bone in front and behind more than this part of it, fluid in the midline is of the canal."""
    skin_part: float
    """With more than this part of it within the depth of the skin, fluid of a low back is on or in the skin."""
    touching_part: float
    """With more than this part of it at bone, fluid that has bone on both sides is in a joint."""
    sure_touching_part: float
    """With more than this part of it at bone, fluid is in a joint."""
    facing_part: float
    """With bone on both sides of more than this part of it, fluid has bone on both sides."""


@dataclass(frozen=True, kw_only=True)
class ModicParameters:
    """When a change of marrow beside a disc is a Modic change."""

    band_mm: float
    """Upper bound of the distance of an endplate from its disc."""
    t1_z: float
    """Upper bound of the z-score on T1 in Modic I and III; minus this is the lower bound in Modic II."""
    fluid_z: float
    """Lower bound of the z-score on the fluid-sensitive series in Modic I."""
    minimum_ml: float
    """Lower bound of the volume of Modic II and III."""
    near_disc_part: float
    """Part of an edema that lies in the band at a disc in Modic I."""
    touching_part: float
    """Least part of a Modic change that reaches the endplate."""
    slice_voxels: int
    """Least number of voxels of Modic II and III on their largest slice."""
    slices: int
    """Least number of slices of Modic II and III."""
    inner_part: float
    """Least part of Modic II and III that lies 2 mm within the marrow."""
    beyond_part: float
    """With more than this part of the marrow beyond the band alike, a place is a hemangioma or a fatty vertebra,
    not Modic II or III."""
    core_step_z: float
    """Modic II and III have a voxel on T1 that differs by this much more than the others need."""
    dry_fluid_z: float
    """Fluid-sensitive signal below it in Modic II."""
    fat_z: float
    """Least mean z on T1 of Modic II; marrow varies by as much as less."""
    sclerosis_z: float
    """Least mean z below zero on T1 of Modic III; what is dark may share its voxels with the endplate."""
    clear_z: float
    """From this mean z on T1 a large Modic II or III is clear. Marrow is fatty, so its signal cannot rise by much
    more."""
    sure_ml: float
    """Least volume of Modic II and III that are shown."""
    pair_contrast: float
    """Modic I on both sides of a disc: how much brighter on the fluid-sensitive series and darker on T1 than the trend
    along the spine marrow is together, as the logarithm of a ratio, at least."""
    pair_series_contrast: float
    """The same for each of both series, at least."""
    pair_z: float
    """The mean of both over the spread of all endplates, at least."""
    single_z: float
    """The contrast of Modic I at a single endplate over that spread, at least."""


@dataclass(frozen=True, kw_only=True)
class DiscParameters:
    """When a disc is degenerated."""

    ratio: float
    """Upper bound of the signal of the disc over that of fluid, on T2."""
    relative: float
    """Upper bound of the signal of the disc over that of the case's brighter discs."""
    much_darker: float
    """At this many times the bound of a degenerated disc, over the brighter discs, its grade is higher."""


@dataclass(frozen=True, kw_only=True)
class GradeParameters:
    """How z-score and volume raise the grade of a finding; all are lower bounds."""

    medium_z: float
    high_z: float
    medium_ml: float
    high_ml: float


@dataclass(frozen=True, kw_only=True)
class SpineParameters:
    """What decides about bright places of the spine, in its straightened form."""

    usual_percentile: float
    """Percentile of all levels and both sides that is the usual signal of a place; joint fluid fills about a
    fifth of the height."""
    sac_part: float
    """Signal over that in the middle of the canal from which a voxel at the sac is fluid of the canal, also where
    it shares a voxel."""
    in_bone_part: float
    """Least part of marrow around an edema within a vertebral body; at an endplate half of what surrounds it is
    disc."""
    enclosed_part: float
    """Least part of marrow around an edema at the wall of a vertebral body; vessels lie on the wall."""
    band_part: float
    """Part of a change at the endplate that lies in the band at the disc."""
    disc_part: float
    """From this part nearer to the middle of a disc than its edge on, a bright place may be of the disc and is
    weak."""
    endplate_ml: float
    """Least volume of an edema at an endplate that counts without PET where discs are known from the canal alone;
    a slice through the edge of a disc looks alike."""
    back_wall_ml: float
    """Least volume of an edema at the back wall of a body that counts without PET; small ones may be fluid of the
    canal."""
    without_levels_ml: float
    """Least volume of a place that counts without PET where it cannot be compared with other levels."""
    collection_muscle_part: float
    """With more muscle than this around it, fluid beside the spine is a collection."""
    collection_ml: float
    """Least volume of a collection beside the spine."""
    beside_bone_part: float
    """Least part of marrow around an edema beside the spine."""
    sacroiliac_ml: float
    """Least volume of an edema at a sacroiliac joint that counts without PET."""
    sacroiliac_part: float
    """Least part of marrow around an edema at a sacroiliac joint that counts without PET."""
    joint_ml: float
    """Least volume of a bright joint that is brighter than the other levels."""
    clear_joint_ml: float
    """Least volume of a bright joint that is clearly brighter than the other levels."""
    large_joint_ml: float
    """Least volume of a bright joint that is only as bright as the other levels."""
    brighter: float
    """Signal over the usual one of the same place at the other levels, from which a place is brighter."""
    clearly_brighter: float
    """The same, from which a place is clearly brighter."""
    as_bright: float
    """The same, from which a place is as bright."""
    not_darker: float
    """The same, below which a place is normal."""
    bright_disc: float
    """Signal over the median of the other discs from which a bright disc is looked at; it counts only where PET
    agrees."""
    twin_ml: float
    """Smaller places that are alike on both sides are nerve roots, veins or joints in use, and weak."""
    twin_volume_ratio: float
    """Twins differ by less than this in volume."""
    twin_peak_ratio: float
    """Twins differ by less than this in peak signal."""
    seen_part: float
    """Part of a place that must lie within the straightened spine to be judged by it."""
    stands_out_disc_part: float
    """From this part within a disc on, a place that an anatomy segmentation shows in a body is weak."""


@dataclass(frozen=True, kw_only=True)
class MRParameters:
    """Parameters of stage ``mr_findings``."""

    bias: BiasParameters
    signal: SignalParameters
    oedema: OedemaParameters
    t1_only: T1OnlyParameters
    fat_fraction: FatFractionParameters
    bright: BrightParameters
    hip: HipParameters
    fluid: FluidParameters
    modic: ModicParameters
    disc: DiscParameters
    grade: GradeParameters
    spine: SpineParameters
    implant: ImplantLimits
    rules_off: tuple[str, ...]
    """Names of the rules that are not asked."""
