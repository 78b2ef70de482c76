"""What the measures of a site mean: abnormal, normal, or not assessable, each with the reasons as short sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core import tissues as codes
from ..core.site_reading import sign_words, tissue_words, uptake_reason
from ..core.sites import Site, SiteState
from ..core.words import Side
from .site_comparison import LevelComparison
from .site_norms import is_at_conus, is_at_prosthesis_neck
from .site_parameters import SiteParameters, SiteUptakeParameters
from .site_spill import OWN, Origin
from .site_uptake import SiteUptake

NOT_ALIGNED = "PET and MR are not aligned."
OUTSIDE_PET = "Outside the field of view of the PET."
NEXT_TO_IMPLANT = "Next to the implant: its artifact may hide uptake and signal."
NO_FLUID_SERIES = "No fluid-sensitive series: edema and fluid cannot be seen."
NOT_MEASURED = "The PET shows no plausible reference tissue."

OFTEN_WITHOUT_PAIN = ("disc degeneration", "Modic II", "Modic III")
"""Kinds of MR findings that are often seen without pain (docs/domain.md, "Evidence")."""
OWN_TISSUES = (codes.MARROW, codes.DISC)
"""Sites of these tissues are compared with their own tissue alone. All others lie between bones, whose higher normal
uptake reaches into them."""
PLURALS = {
    "vertebral body": "vertebral bodies",
    "foramen": "foramina",
    "spinous process": "spinous processes",
    "upper endplate": "superior endplates",
    "lower endplate": "inferior endplates",
    "psoas": "psoas muscles",
    "multifidus": "multifidus muscles",
    "acetabulum": "acetabula",
}
"""Plural of the structures that do not take an s."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SiteEvidence:
    """All that is known about one site.

    Parameters
    ----------
    site : Site
    no_uptake : str or None
        Why the uptake is not known, as a sentence; None where it is.
    uptake : SiteUptake or None
    ratio : float or None
        SUVpeak over the reference tissue.
    reference_name : str or None
    side_ratio : float or None
    other_ratio : float or None
        SUVpeak of the other side over its reference tissue.
    levels : LevelComparison or None
        SUVpeak against the like sites of the other levels.
    signs, weak_signs : tuple of str
        Kinds of the MR findings there.
    origin : Origin
        Where raised uptake comes from.
    local : (float, str) or None
        SUVpeak over the highest normal uptake of the tissues near by, and that tissue as a noun
        phrase.
    near_implant : bool
        Most of it lies within the margin of an implant's artifact.
    in_mr : bool
        At least one of the MR series shows it, or there is none.
    """

    site: Site
    no_uptake: str | None = None
    uptake: SiteUptake | None = None
    ratio: float | None = None
    reference_name: str | None = None
    side_ratio: float | None = None
    other_ratio: float | None = None
    levels: LevelComparison | None = None
    signs: tuple[str, ...] = ()
    weak_signs: tuple[str, ...] = ()
    origin: Origin = OWN
    local: tuple[float, str] | None = None
    near_implant: bool = False
    in_mr: bool = True


def is_raised(evidence: SiteEvidence, p: SiteParameters) -> bool:
    """Whether the uptake of a site is raised, wherever it comes from."""
    return bool(_uptake_reasons(evidence, p.uptake))


def judge(evidence: SiteEvidence, p: SiteParameters) -> tuple[SiteState, tuple[str, ...]]:
    """State of a site and the reasons.

    Uptake counts when it is the site's own: not when it reaches there from a hotter place beside it, when it is
    physiologic, or when so much is usual there. A site next to an implant can be abnormal, as uptake that is seen in
    spite of the artifact is there; it is never normal, as the artifact may hide uptake.
    """
    reasons = list(_uptake_reasons(evidence, p.uptake))
    explained = _explanation(evidence, p.uptake) if reasons else None
    if explained is not None:
        reasons = []
    reasons += [sign_text(sign) for sign in evidence.signs]
    remarks = [explained] if explained is not None else []
    if reasons:
        return SiteState.ABNORMAL, tuple(reasons + remarks)
    missing = _missing(evidence)
    if missing:
        return SiteState.NOT_ASSESSABLE, tuple(missing + remarks)
    return SiteState.NORMAL, tuple(remarks)


def _missing(evidence: SiteEvidence) -> list[str]:
    """Why a site cannot be called normal."""
    if evidence.near_implant:
        return [NEXT_TO_IMPLANT]
    return [] if evidence.no_uptake is None else [evidence.no_uptake]


def _uptake_reasons(evidence: SiteEvidence, p: SiteUptakeParameters) -> Sequence[str]:
    """What is raised, as sentences; empty where the uptake is normal."""
    if evidence.uptake is None:
        return ()
    ratio, levels = evidence.ratio or 0.0, evidence.levels
    by_side = _side_reason(evidence, p)
    if levels is not None and _stands_out(evidence, levels, p):
        own = uptake_reason(levels.ratio, f"the other {plural(evidence.site.structure)}")
        return [own, *by_side]
    # With no like site to stand out from, much uptake counts by itself.
    if levels is None and ratio >= p.alone_ratio:
        return [uptake_reason(ratio, tissue_words(evidence.reference_name)), *by_side]
    return by_side


def _stands_out(evidence: SiteEvidence, levels: LevelComparison, p: SiteUptakeParameters) -> bool:
    """Whether a site stands out from its like, and is raised over its reference tissue."""
    return (evidence.ratio or 0.0) >= p.ratio and levels.ratio >= p.level_ratio and levels.z >= p.level_z


def _side_reason(evidence: SiteEvidence, p: SiteUptakeParameters) -> list[str]:
    """The asymmetry, when it is abnormal.

    Strong asymmetry counts by itself, except in muscle, which posture and gait make asymmetric. Weak asymmetry counts
    where the uptake is raised over the reference, or the MR shows something.
    """
    side = evidence.side_ratio
    if side is None or side < p.side_weak or not _can_be_compared(evidence, p):
        return []
    is_raised_too = (evidence.ratio or 0.0) >= p.ratio
    if not is_raised_too and not _counts_alone(evidence, side, p):
        return []
    other = str(Side.LEFT) if evidence.site.side == Side.RIGHT else str(Side.RIGHT)
    return [uptake_reason(side, f"its partner on the {other} side")]


def _counts_alone(evidence: SiteEvidence, side: float, p: SiteUptakeParameters) -> bool:
    """Whether asymmetry counts where the uptake is not raised over the reference."""
    if evidence.site.tissue == codes.MUSCLE:
        return False
    return side >= p.side_strong or bool(evidence.signs or evidence.weak_signs)


def _can_be_compared(evidence: SiteEvidence, p: SiteUptakeParameters) -> bool:
    """Whether a difference between right and left means that this side is raised.

    There must be enough uptake on either side. Where the site is no hotter than its like at other levels, the other
    side is the unusual one.
    """
    if evidence.levels is not None and evidence.levels.ratio < p.level_ratio:
        return False
    if evidence.other_ratio is not None and evidence.other_ratio < p.other_side_least:
        return False
    suv = 0.0 if evidence.uptake is None else evidence.uptake.suv_peak
    return evidence.site.tissue != codes.MARROW or suv >= p.least_bone_suv


def _explanation(evidence: SiteEvidence, p: SiteUptakeParameters) -> str | None:
    """Why raised uptake is not the site's own or is usual, as a sentence; None where neither holds."""
    if evidence.origin.physiologic is not None:
        return f"Physiologic uptake ({evidence.origin.physiologic})."
    if evidence.local is not None and evidence.site.tissue not in OWN_TISSUES and evidence.local[0] < p.ratio:
        return f"Within the normal uptake of {evidence.local[1]}."
    if evidence.origin.beside is not None:
        return f"Uptake of {evidence.origin.beside} reaches here."
    return _usual(evidence, p)


def _usual(evidence: SiteEvidence, p: SiteUptakeParameters) -> str | None:
    """Why so much uptake is usual at such a site, as a sentence; None where it is not."""
    suv_max = 0.0 if evidence.uptake is None else evidence.uptake.suv_max
    if is_at_prosthesis_neck(evidence.site) and suv_max <= p.prosthesis_suv:
        return f"Uptake up to SUVmax {p.prosthesis_suv:.1f} is usual at the neck of a prosthesis."
    if is_at_conus(evidence.site) and suv_max <= p.conus_suv:
        return f"Uptake up to SUVmax {p.conus_suv:.1f} is usual at distal cord and conus."
    return None


def sign_text(kind: str) -> str:
    """A sentence about a kind of MR finding."""
    without_pain = ", which is often seen without pain" if kind in OFTEN_WITHOUT_PAIN else ""
    words = sign_words(kind)
    return f"{words[:1].upper()}{words[1:]} on MR{without_pain}."


def plural(structure: str) -> str:
    """A structure in the plural, for a sentence."""
    return PLURALS.get(structure, f"{structure}s")
