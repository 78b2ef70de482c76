"""What speaks most against a candidate, for the letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..Numerics.core.records import FLAG_TEXTS, Candidate
from ..Numerics.fusion.evidence import SignGroup
from . import words
from .languages import Language

SAID_FROM_POINTS = -3.0
"""Points from which a sign against a candidate is said in the letter: half the odds or less. Our choice; smaller ones
stand in the details."""
MOST_SAID = 2
"""How many such signs the letter names, the strongest first."""
AGAINST = "Against it ({points} points): {sign}."
AGAINST_GROUPS: Mapping[str, str] = {
    SignGroup.PET: "the uptake on PET; see the details",
    SignGroup.MR: "the signal on MR; see the details",
    SignGroup.AGREEMENT: "PET and MR do not agree; see the details",
    SignGroup.SYMPTOM: "it does not fit the pain; see the details",
    SignGroup.USUAL: "such a finding is usual at this place; see the details",
}
"""What a sign belongs to, for languages other than English, in which its own text is not written."""


def against(one: Candidate, language: Language) -> Iterator[str]:
    """The strongest signs against a candidate, as sentences; what its flags say already is left out.

    Parameters
    ----------
    one : Candidate
    language : Language
        In English a sign is said by the first sentence of the ledger, in other languages by its group.
    """
    flagged = {FLAG_TEXTS.get(flag) for flag in one.flags}
    entries = [e for e in one.ledger if e.points <= SAID_FROM_POINTS and e.text not in flagged]
    for entry in sorted(entries, key=lambda e: e.points)[:MOST_SAID]:
        text = entry.text.split(". ")[0].rstrip(".")
        sign = text[:1].lower() + text[1:] if text[1:2].islower() else text
        if not language.is_english:
            sign = language.say(AGAINST_GROUPS.get(entry.group, entry.group))
        yield language.say(AGAINST, points=words.points(entry.points), sign=sign)
