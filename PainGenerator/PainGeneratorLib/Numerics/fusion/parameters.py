"""The parameters of stage ``fusion``, nested as its parts are; the values stand in the protocols."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class JoinParameters:
    """When two signs belong to one candidate."""

    gap_mm: float
    """A hot spot and an MR finding with a smaller gap belong to one candidate."""
    touch_mm: float
    """With a smaller gap a weak sign, or a degenerated disc, touches a sign of the other kind."""
    same_place_mm: float
    """Two hot spots, or two MR findings, of one structure, side and level with a smaller gap are one candidate."""
    clear_grade: float
    """Lowest grade of an MR finding that makes weak uptake count."""
    disc_mm: float
    """With a smaller gap both endplates of one disc are one discovertebral lesion."""
    pair_ratio: float
    """SUVpeak of the hotter over that of the cooler side up to which both sides of a joint or bone are a pair."""


@dataclass(frozen=True, kw_only=True)
class NeckParameters:
    """What is usual at the neck of a painless hip prosthesis."""

    suv_limit: float
    """SUVmax without noise, g/ml, up to which uptake is fully usual."""
    suv_most: float
    """SUVmax without noise, g/ml, from which uptake is not usual at all."""
    peak_of_max: float
    """SUVpeak over SUVmax of a focus of 10 ml and more without noise."""
    noise_lift: float
    """Most by which noise multiplies SUVmax."""
    scar_ml: float
    """Volume in ml: a smaller edema is scar, or signal that the metal has shifted."""


@dataclass(frozen=True, kw_only=True)
class SurgeryParameters:
    """How long after a hip replacement uptake and edema around it are usual, and when CRP is raised."""

    full_months: float
    """Months after surgery up to which they are usual."""
    end_months: float
    """Months after surgery from which they are no longer usual; between the two their weight falls straight."""
    end_months_uncemented: float
    """The same where stem or cup is fixed without cement."""
    crp_mg_l: float
    """CRP in mg/l above which it is called raised."""


@dataclass(frozen=True, kw_only=True)
class RampParameters:
    """Ratios between which points rise from none to all."""

    tbr_absent: float
    """Uptake over the reference tissue at which raised uptake is surely absent."""
    tbr_none: float
    """Uptake over the reference tissue at which PET says nothing."""
    tbr_full: float
    """Uptake over the reference tissue from which PET gives all its points."""
    asymmetry_none: float
    """Left-right ratio up to which asymmetry gives no points."""
    asymmetry_full: float
    """Left-right ratio from which asymmetry gives all its points."""


@dataclass(frozen=True, kw_only=True)
class SymptomParameters:
    """How the place of the pain counts."""

    near_mm: float
    """Distance to the pain up to which all points are given."""
    far_mm: float
    """Distance to the pain from which no points are given."""
    side_part: float
    """Part of the points for a candidate on the painful side, wherever it lies there."""


@dataclass(frozen=True, kw_only=True)
class AttentionParameters:
    """What has to be looked at although it is no pain generator (:mod:`.attention`)."""

    mass_ml: float
    """Least volume of uptake that is a mass, ml."""
    mass_ratio: float
    """Least ratio of a mass to its reference."""
    mass_side_ratio: float
    """Least ratio of a mass to the other side, where that is known."""
    spine_suv: float
    """SUVmax up to which degenerative disease of the spine reaches, g/ml."""
    hip_suv: float
    """SUVmax up to which uptake of a hip without tumor or infection reaches, g/ml."""
    high_ratio: float
    """Least ratio to the reference of uptake that is called very high."""
    interface_ml: float
    """Least volume of diffuse uptake along a prosthesis, ml."""
    interface_zones: int
    """Least number of zones of a prosthesis that diffuse uptake reaches into."""
    disc_ratio: float
    """Least ratio of a disc and of both its endplates to the other levels in the pattern of discitis."""
    disc_evenness: float
    """Least excess of the faintest of the three over that of the hottest."""
    marrow_ml: float
    """Least volume of marrow that is replaced, ml."""
    marrow_t1_z: float
    """Highest z-score on T1 of marrow that is replaced."""
    rules_off: tuple[str, ...]
    """Names of the rules that are not asked."""


@dataclass(frozen=True, kw_only=True)
class FusionParameters:
    """All parameters of stage ``fusion``."""

    join: JoinParameters
    neck: NeckParameters
    surgery: SurgeryParameters
    ramps: RampParameters
    agreement_mm: float
    """Largest distance between the centers of a hot spot and an MR finding that agree."""
    symptom: SymptomParameters
    same_cause_part: float
    """Part of the points of a sign that counts where a stronger sign of the same cause counts in full."""
    explained_part: float
    """Part of the points of a sign on PET that counts where an organ or other usual uptake explains it."""
    attention: AttentionParameters
    bar: float
    """Least points of evidence of a candidate; what has fewer is set apart."""
    rules_off: tuple[str, ...]
    """Names of the rules for usual uptake (:mod:`.ledger_usual`) that are not asked."""
