"""What stands below a key image, in the language of the letter, and the single panels of a key image.

The panels are what a page can arrange: side by side on a wide screen, in two columns on a phone, some rows on paper.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image as Picture

from ..Numerics.core.words import Evidence
from . import words
from .drawing import jpeg
from .languages import Language

PLANES = (
    "Planes along the patient's axes through the point {position} of the zero point of the scanner (patient's right "
    "at the viewer's left)."
)
COLORS = "PET colors begin at SUV {first} and end at {last}."
PET_ALONE = "PET alone: white 0, black {last}."
TWO_OUTLINES = "Solid outline: PET; dashed outline: MR finding."
OUTLINE_OF_MR = "Outline: the MR finding."
OUTLINE_OF_PET = "Outline: the PET focus."
PANEL = "{plane}: {series}"
FUSED = "PET on {series}"
SCALE = "Scale"
PLANE_WORDS = {"axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal"}
SERIES_WORDS = {"fluid": "fluid-sensitive MR", "contrast": "T1 with contrast", "fat": "fat fraction"}
DIRECTIONS = (("right", "left"), ("anterior", "posterior"), ("superior", "inferior"))
"""Words for the positive and the negative direction of R, A, S."""
ROWS = ("fused", "fluid", "pet")
"""Kinds of the rows of a key image: PET on MR, the fluid-sensitive MR, the PET alone."""


@dataclass(frozen=True, eq=False)
class CaptionFacts:
    """What a caption says.

    Parameters
    ----------
    point_ras : ndarray, shape (3,)
        Of the candidate, RAS mm.
    evidence : str
        One of :class:`Evidence`.
    colors : tuple of float, optional
        SUV where the colors of the PET begin and end; None without a fused picture.
    black : float, optional
        SUV that is black in the PET alone; None without a PET.
    """

    point_ras: np.ndarray
    evidence: str
    colors: tuple[float, float] | None = None
    black: float | None = None


def position_words(point_ras: np.ndarray, language: Language) -> str:
    """A position in words: "12 mm right, 40 mm posterior, 103 mm superior"."""
    return ", ".join(
        f"{abs(round(float(value)))}\N{NO-BREAK SPACE}mm {language.say(positive if value >= 0 else negative)}"
        for value, (positive, negative) in zip(point_ras, DIRECTIONS, strict=True)
    )


def caption(facts: CaptionFacts, language: Language) -> str:
    """What stands below a key image."""
    say = language.say
    parts = [say(PLANES, position=position_words(facts.point_ras, language))]
    if facts.colors is not None:
        first, last = facts.colors
        parts.append(say(COLORS, first=words.number(first), last=words.number(last, 1, "g/ml")))
    if facts.black is not None:
        parts.append(say(PET_ALONE, last=words.number(facts.black, 1, "g/ml")))
    if facts.evidence == Evidence.BOTH:
        parts.append(say(TWO_OUTLINES))
    else:
        parts.append(say(OUTLINE_OF_MR if facts.evidence == Evidence.MR_ONLY else OUTLINE_OF_PET))
    return " ".join(parts)


def cut_into_panels(picture: bytes, panel: int, gap: int) -> list[list[bytes]]:
    """The rows of a key image, each with its panels and, at the end, its scale where there is one.

    Parameters
    ----------
    picture : bytes
        JPEG.
    panel, gap : int
        Width and height of a panel, and the space between two; pixels.
    """
    with Picture.open(io.BytesIO(picture)) as opened:
        whole = opened.convert("RGB")
    step = panel + gap
    rows = []
    for top in range(0, whole.height - panel + 1, step):
        lefts = range(0, whole.width - panel + 1, step)
        boxes = [(left, top, left + panel, top + panel) for left in lefts]
        bar = whole.crop((len(boxes) * step, top, whole.width, top + panel))
        parts = [whole.crop(box) for box in boxes]
        if bar.width and np.asarray(bar).min() < 128:
            parts.append(bar)
        rows.append([jpeg(part) for part in parts])
    return rows
