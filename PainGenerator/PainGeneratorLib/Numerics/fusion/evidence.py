"""Weights of evidence: how much each sign at a place changes the odds that the place is a source of pain.

A sign multiplies the odds by its likelihood ratio. Written as points, which are ten times the logarithm to base 10 of
the ratio, signs add up: 10 points are ten times the odds, 3 points are twice the odds, and 0 points change nothing.
The weights stand in the stage ``evidence`` of the protocols, apart from the code, each with its source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.records import LedgerEntry


class SignGroup:
    """The groups of signs; the score is also given as one sum for each of them."""

    PET = "pet"
    MR = "mr"
    AGREEMENT = "agreement"
    SYMPTOM = "symptom"
    USUAL = "usual"


class SignState:
    """What is known of a sign."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_ASSESSABLE = "not assessable"


@dataclass(frozen=True)
class SignWeight:
    """The weight of one sign.

    Parameters
    ----------
    present, absent : float
        Likelihood ratio where the sign is fully present, and where it was looked for and is absent. Above 0.
    source : str
        The publication, or "our estimate" with the reason.
    absent_source : str
        The same for the ratio of the absent sign.
    description : str
        What the sign is.
    """

    present: float
    absent: float
    source: str
    absent_source: str = ""
    description: str = ""


@dataclass(frozen=True)
class EvidenceTable:
    """The weights of all signs, by the name of the sign."""

    weights: Mapping[str, SignWeight]

    def entry(
        self,
        sign: str,
        group: str,
        text: str,
        strength: float,
        *,
        measure: float | str | None = None,
        part: float = 1.0,
    ) -> LedgerEntry:
        """The entry of a sign in a ledger.

        Parameters
        ----------
        sign : str
            Its name in the protocol.
        group : str
            A word of :class:`SignGroup`.
        text : str
            What was seen, as a short sentence for the reader.
        strength : float
            From -1 (surely absent) over 0 (says nothing) to 1 (fully present). Points rise straight between them, so
            that a small change of a measure never changes the order of candidates much.
        measure : float or str, optional
            The value that the sign rests on.
        part : float
            Part of the points that counts, as another sign of the same cause counts already.

        Raises
        ------
        KeyError
            When the protocol has no such sign.
        """
        weight = self.weights[sign]
        strength = min(1.0, max(-1.0, strength))
        is_present = strength >= 0
        gained = points(weight.present if is_present else weight.absent) * abs(strength) * part
        state = SignState.PRESENT if is_present else SignState.ABSENT
        source = weight.source if is_present else weight.absent_source or weight.source
        return LedgerEntry(sign, group, text, measure, round(gained, 3), source, str(state))

    def full_points(self, sign: str) -> float:
        """The points of a sign that is fully present."""
        return points(self.weights[sign].present)

    def unknown(self, sign: str, group: str, text: str) -> LedgerEntry:
        """The entry of a sign that could not be assessed: it counts nothing, and it is said."""
        return LedgerEntry(sign, group, text, None, 0.0, self.weights[sign].source, SignState.NOT_ASSESSABLE)


def points(ratio: float) -> float:
    """A likelihood ratio as points: ``10 log10(ratio)``."""
    return 10.0 * math.log10(ratio)


def graded(value: float, none: float, neutral: float, full: float) -> float:
    """Strength of a sign from a measure: -1 up to `none`, 0 at `neutral`, 1 from `full` on, and straight between."""
    if value >= neutral:
        return min(1.0, (value - neutral) / (full - neutral))
    return -min(1.0, (neutral - value) / (neutral - none))
