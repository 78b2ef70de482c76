"""Points of evidence in a word."""

from __future__ import annotations

WORDS = ((10.0, "strong"), (6.0, "moderate"), (3.0, "weak"))
"""Least points over the prior, and the word for so much evidence: likelihood ratios of 10, 4 and 2."""
LEAST_WORD = "little"
"""The word for less evidence than that."""


def strength_word(score: float) -> str:
    """The evidence of a score in one word: strong, moderate, weak or little.

    It goes by the score with one decimal, as it is shown, so that 10.0 points are never called less than strong.
    """
    shown = round(score, 1)
    return next((word for least, word in WORDS if shown >= least), LEAST_WORD)
