"""How soon after a hip replacement a case was scanned, and what that says about uptake and edema at the prosthesis.

Every one of nine painless hips had raised FDG uptake at head and neck and in the soft tissue around the femur when it
was scanned 3, 6 and 12 months after the replacement (Zhuang H et al. Eur J Nucl Med Mol Imaging 2002;29:1328). Marrow
edema was seen in 33 to 100 % up to 6 months, in up to 78 % at 12 and in up to 50 % at 24 months; edema along the
surgical approach was seen in all at 3 months, in 89 % at 6 months and in none at 12 months (Germann C et al. Skeletal
Radiol 2021;50:1177, nine painless hips without cement). At stems without cement bone scans stay raised longer: at the
tip and at both trochanters in 31 to 37 % at 12 months (Kim HS et al. Clin Nucl Med 1997;22:6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..core.records import Place
from ..core.words import Fixation
from .parameters import SurgeryParameters
from .places import NEAR_NECK_FLAG

EARLY_FLAG = "early-after-surgery"
"""The flag of a candidate at a prosthesis that was put in shortly before the scan."""
AROUND_HIP = frozenset(
    {
        "acetabulum",
        "femur",
        "gluteal tendons",
        "greater trochanter",
        "hip joint",
        "hip joint capsule",
        "hip region",
        "iliopsoas bursa",
        "iliopsoas tendon",
        "lesser trochanter",
        "trochanteric bursa",
    }
)
"""Structures of a hip that a replacement opens or lays bare."""
WITHOUT_CEMENT = frozenset({Fixation.UNCEMENTED, Fixation.HYBRID})
"""Fixations in which at least one part stands in bone without cement."""


@dataclass(frozen=True)
class ProsthesisFacts:
    """What was given about a hip replacement; None for what was not.

    Parameters
    ----------
    months : float or None
        From the surgery to the scan.
    fixation : str or None
        A word of :class:`..core.words.Fixation`.
    crp_mg_l : float or None
        C-reactive protein in the blood, mg/l.
    """

    months: float | None = None
    fixation: str | None = None
    crp_mg_l: float | None = None


NOTHING_GIVEN = ProsthesisFacts()
"""For a case without a hip replacement, and where nothing was said about it."""


def early_strength(facts: ProsthesisFacts, parameters: SurgeryParameters) -> float:
    """How usual uptake and edema at a prosthesis are at this time after surgery: 1 at first, 0 later or unknown."""
    if facts.months is None:
        return 0.0
    is_uncemented = facts.fixation in WITHOUT_CEMENT
    end = parameters.end_months_uncemented if is_uncemented else parameters.end_months
    if facts.months <= parameters.full_months:
        return 1.0
    return max(0.0, (end - facts.months) / (end - parameters.full_months)) if end > parameters.full_months else 0.0


def is_around_prosthesis(place: Place, sides: frozenset[str]) -> bool:
    """Whether a place lies at a prosthesis or in tissue that a replacement of this hip lays bare.

    Parameters
    ----------
    place : Place
    sides : frozenset of str
        The sides with a prosthesis.
    """
    if place.zone is not None or NEAR_NECK_FLAG in place.flags or re.match(r"prosthesis |stem tip", place.structure):
        return True
    return place.structure in AROUND_HIP and place.side in sides


def months_text(months: float) -> str:
    """A time since surgery in words: ``4 months``, ``5 years``."""
    if months < 1.0:
        return "less than a month"
    number, word = (round(months), "month") if months < 24.0 else (round(months / 12.0), "year")
    return f"{number} {word}{'' if number == 1 else 's'}"
