"""Points of evidence as text: with their sign, and in a word."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"
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


def signed_points(points: float) -> str:
    """Points with their sign, to one decimal; nothing before 0.0.

    >>> signed_points(-2.04), signed_points(0.3), signed_points(0.04)
    ('\N{MINUS SIGN}2.0', '+0.3', '0.0')
    """
    text = f"{abs(points):.1f}"
    if text == "0.0":
        return text
    return f"{MINUS if points < 0 else '+'}{text}"
