"""Flags of a candidate: what a reader must keep in mind."""

from __future__ import annotations

from collections.abc import Callable

from ..core.words import Evidence, Group
from ..mr.verdicts import DISC_DEGENERATION, MODIC_II, MODIC_III
from .after_surgery import EARLY_FLAG, early_strength, is_around_prosthesis
from .judged import Judged
from .neck import APPROACH_FLAG, is_approach, noise_free_max
from .places import is_near_neck

COMMON_KINDS = frozenset({DISC_DEGENERATION, MODIC_II, MODIC_III})
"""Kinds of MR findings that people without pain often have, too."""
ZONES_BRIGHT_AFTER_SURGERY = frozenset({"Gruen 1", "Gruen 7", "Gruen 8"})
"""Gruen zones where marrow edema is common without complaints (Filli, 2020)."""


def is_not_aligned(judged: Judged) -> bool:
    """PET and MR could not be aligned, so that it is unknown whether they agree."""
    return not judged.case.aligned


def is_outside_mr(judged: Judged) -> bool:
    """The MR does not show the place."""
    return judged.is_outside_mr


def is_outside_pet(judged: Judged) -> bool:
    """The PET does not show the place."""
    return judged.is_outside_pet


def is_common_without_pain(judged: Judged) -> bool:
    """An MR finding without uptake that people without pain often have, too (Brinjikji, AJNR 2015)."""
    candidate = judged.candidate
    return candidate.evidence == Evidence.MR_ONLY and candidate.mr_kind in COMMON_KINDS


def is_usual_at_neck(judged: Judged) -> bool:
    """A sign at the neck of a hip prosthesis without uptake above the limit (Gelderman, Acta Orthop 2018)."""
    candidate, neck = judged.candidate, judged.case.parameters.neck
    is_at_neck = judged.case.group == Group.HIP_REPLACEMENT and is_near_neck(candidate.place)
    if not is_at_neck or candidate.suv_max is None:
        return False
    return noise_free_max(candidate.suv_max, candidate.suv_peak, neck) < neck.suv_limit


def is_usual_in_gruen_zone(judged: Judged) -> bool:
    """An MR finding without uptake in a zone where edema is common after a hip replacement (Filli, 2020)."""
    candidate = judged.candidate
    return (
        judged.case.group == Group.HIP_REPLACEMENT
        and candidate.evidence == Evidence.MR_ONLY
        and candidate.place.zone in ZONES_BRIGHT_AFTER_SURGERY
    )


def is_early_after_surgery(judged: Judged) -> bool:
    """A sign at a prosthesis that was put in shortly before the scan."""
    case = judged.case
    if case.group != Group.HIP_REPLACEMENT or early_strength(case.prosthesis, case.parameters.surgery) <= 0:
        return False
    return is_around_prosthesis(judged.candidate.place, case.replaced_sides)


def is_along_approach(judged: Judged) -> bool:
    """All that the MR shows is a band of edema along the approach of an operation, and there is no uptake."""
    candidate = judged.candidate
    return candidate.evidence == Evidence.MR_ONLY and is_approach(candidate.mr_findings)


FLAG_RULES: tuple[tuple[str, Callable[[Judged], bool]], ...] = (
    ("not-aligned", is_not_aligned),
    ("outside-mr", is_outside_mr),
    ("outside-pet", is_outside_pet),
    ("common-without-pain", is_common_without_pain),
    ("expected-after-surgery", is_usual_at_neck),
    ("expected-after-surgery", is_usual_in_gruen_zone),
    (EARLY_FLAG, is_early_after_surgery),
    (APPROACH_FLAG, is_along_approach),
)
"""Flag and the rule that sets it, in the order of the flags. All rules are asked."""


def flags_of(judged: Judged) -> list[str]:
    """The flags that a candidate has and those that its case gives, each once."""
    found = [*judged.candidate.flags, *(flag for flag, applies in FLAG_RULES if applies(judged))]
    return list(dict.fromkeys(found))
