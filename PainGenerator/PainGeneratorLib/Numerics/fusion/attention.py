"""What is no pain generator but has to be looked at: masses, very high uptake, signs of infection, destruction."""

from __future__ import annotations

from ..core.records import Candidate
from ..core.rules import Rule, RuleList
from .judged import CaseFacts, Judged

ATTENTION_RULES: RuleList[Judged, str] = RuleList([])
"""Why something has to be looked at. The verdict is the reason, as a neutral sentence for the reader."""


def attention_reason(candidate: Candidate, case: CaseFacts) -> str | None:
    """Why a candidate belongs into the box above the ranking; None where it does not."""
    found = ATTENTION_RULES.first(Judged(candidate, case, case.row_of(candidate)))
    return None if found is None else found[1]


__all__ = ["ATTENTION_RULES", "Rule", "attention_reason"]
