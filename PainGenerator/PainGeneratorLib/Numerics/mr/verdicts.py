"""What a rule says about a place on MR: of which kind it is, whether it counts without PET, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from ..core.rules import RuleList

Place = TypeVar("Place")

NORMAL = "normal"
"""The kind of a place that is no finding."""
OEDEMA = "oedema"
EFFUSION = "effusion or synovitis"
COLLECTION = "fluid collection or bursitis"
MODIC_I = "Modic I"
MODIC_II = "Modic II"
MODIC_III = "Modic III"
DISC_DEGENERATION = "disc degeneration"
IMPLANT_ARTEFACT = "implant artefact"
"""The kind of the finding that marks the signal void of an implant. It is no sign of pain."""

KINDS_OF_FLUID = frozenset({EFFUSION, COLLECTION})
"""Kinds whose signal is compared with that of muscle. Its spread in muscle says nothing about fluid, so that they have
no z-score."""

LOW_GRADE = 0.33
"""The lowest grade of a finding."""
MEDIUM_GRADE = 0.66
HIGH_GRADE = 1.0
BOUND_WIDTH = 0.2
"""A bound of the grade is not reached at all below 1 minus this times the bound, and fully from 1 plus this on. Our
estimate: z-score and volume of one finding differ by about so much with a small change of a threshold or of the
series."""


@dataclass(frozen=True)
class MRVerdict:
    """The verdict of one rule.

    Parameters
    ----------
    kind : str
        One of :data:`..core.records.MR_KINDS`, or :data:`NORMAL`.
    evidence : str
        A short sentence: what was seen that led to the verdict.
    sure : bool
        False when the place counts only where PET shows uptake. It has no meaning for :data:`NORMAL`.
    grade : float or None
        The grade of the finding; None when z-score and volume give it.
    is_artifact : bool
        For :data:`NORMAL`: whether the place is no thing in the body, but an effect of voxels or of the computation.
    """

    kind: str
    evidence: str
    sure: bool = True
    grade: float | None = None
    is_artifact: bool = False

    @property
    def is_normal(self) -> bool:
        """Whether the place is no finding."""
        return self.kind == NORMAL


def reached(value: float, bound: float) -> float:
    """How far a bound above 0 is reached, 0 to 1: half of it at the bound itself, and straight beside it."""
    return min(1.0, max(0.0, (value / bound - 1.0 + BOUND_WIDTH) / (2.0 * BOUND_WIDTH)))


def grade_between(part: float) -> float:
    """The grade from the lowest (0) to the medium one (1)."""
    return LOW_GRADE + part * (MEDIUM_GRADE - LOW_GRADE)


def normal(evidence: str) -> MRVerdict:
    """The verdict that a place is normal anatomy. It is listed with this reason (:mod:`.set_aside`)."""
    return MRVerdict(NORMAL, evidence)


def artifact(evidence: str) -> MRVerdict:
    """The verdict that a place is no thing in the body, but an effect of voxels. It is counted with this reason."""
    return MRVerdict(NORMAL, evidence, is_artifact=True)


def weak(kind: str, evidence: str) -> MRVerdict:
    """The verdict that a place counts only where PET shows uptake."""
    return MRVerdict(kind, evidence, sure=False)


def abnormal(
    rules: RuleList[Place, MRVerdict], place: Place, switched_off: Collection[str]
) -> tuple[str, MRVerdict] | None:
    """Name and verdict of the rule that decides about a place, where the place is a finding.

    Parameters
    ----------
    rules : RuleList
    place
        What the rules look at.
    switched_off : collection of str
        Names of rules that are not asked.

    Returns
    -------
    tuple of (str, MRVerdict) or None
        None when the place is normal, or when no rule speaks of it.
    """
    decided = rules.first(place, switched_off)
    return None if decided is None or decided[1].is_normal else decided
