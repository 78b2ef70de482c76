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


@dataclass(frozen=True, kw_only=True)
class T1OnlyParameters:
    """When dark marrow counts where T1 is the only series."""

    z: float
    """The z-score on T1 must be below minus this value."""
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


@dataclass(frozen=True, kw_only=True)
class HipParameters:
    """Which bright places at the hips after a replacement count without PET."""

    minimum_ml: float
    """Lower bound of the volume."""
    clear_fluid_ml: float
    """Lower bound of the volume of fluid that counts even where metal makes its surroundings bright, and of a thick
    place."""
    far_over_muscle: float
    """Lower bound of the peak over the signal of muscle, for oedema in bone far from the implant."""
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


@dataclass(frozen=True, kw_only=True)
class DiscParameters:
    """When a disc is degenerated."""

    ratio: float
    """Upper bound of the signal of the disc over that of fluid, on T2."""
    relative: float
    """Upper bound of the signal of the disc over that of the case's brighter discs."""


@dataclass(frozen=True, kw_only=True)
class GradeParameters:
    """How z-score and volume raise the grade of a finding; all are lower bounds."""

    medium_z: float
    high_z: float
    medium_ml: float
    high_ml: float


@dataclass(frozen=True, kw_only=True)
class MRParameters:
    """Parameters of stage ``mr_findings``."""

    bias: BiasParameters
    signal: SignalParameters
    oedema: OedemaParameters
    t1_only: T1OnlyParameters
    bright: BrightParameters
    hip: HipParameters
    fluid: FluidParameters
    modic: ModicParameters
    disc: DiscParameters
    grade: GradeParameters
    implant: ImplantLimits
    rules_off: tuple[str, ...]
    """Names of the rules that are not asked."""
