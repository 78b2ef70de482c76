"""How the letter is set on two pages of A4: how many candidates are printed, and how large their pictures are.

The height of everything is estimated from the lengths of its texts, so that it is known before a browser sets it. The
largest arrangement is taken that fits. Nothing is cut off: when there is much text, pictures become smaller, then
fewer candidates are printed, and the page says so.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image as Picture

from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Evidence
from .content import ReportContent
from .key_captions import ROWS
from .letter import Letter, LetterCandidate

PAGE_MM, WIDTH_MM = 269.0, 184.0
"""Height and width of what is printed on a page of A4, with the margins of the style sheet, and a little less."""
LETTER_PART = 0.53
"""The mean width of a letter as a part of its size; of Arial 0.5. Our measurement, with a reserve for wider fonts."""
MM_PER_POINT = 0.3528
BODY_POINTS, BODY_LINE_MM = 9.5, 4.6
EVIDENCE_POINTS, EVIDENCE_LINE_MM = 8.2, 3.62
TERM_POINTS, TERM_LINE_MM = 7.4, 3.2
"""Sizes and heights of lines of the style sheet: text, what is said of a candidate, the words that are explained."""
NAMES_MM = 42.0
"""Width of the names beside what is said of a candidate, and beside the words that are explained."""
ARTICLE_MM = 8.0
"""A candidate's heading, and the space around it."""
ROW_PART = 420.0 / 1388.0
"""Height of a row of a key image as a part of its width."""
FIGURES_MM = (88, 72, 62, 52)
"""Heights of the figure of the whole field, mm."""
SIZES: tuple[tuple[int, int], ...] = (
    *((2, width) for width in (150, 135, 120, 105)),
    *((1, width) for width in (184, 165, 150, 135, 120, 105, 90, 75)),
)
"""Rows of a key image and their width, mm; the style sheet has a class for each. What is best comes first."""
MOST_CANDIDATES = 4
"""More candidates are not printed on two pages: the first ones matter."""
USUAL_CANDIDATES = 3
COMFORTABLE_MM, LEAST_MM = 105, 90
"""More than :data:`USUAL_CANDIDATES` are printed only when all pictures can be as wide as the first number, and a
second or third one when they can be as wide as the second. Our choice: letters in the pictures then have 4 to 5
points.
"""


@dataclass(frozen=True)
class PaperPlan:
    """What the two pages hold.

    Parameters
    ----------
    candidates : int
        How many are printed.
    rows : int
        Most rows of each key image: 1 or 2.
    width_mm : int
        Width of a key image.
    figure_mm : int
        Height of the figure.
    """

    candidates: int
    rows: int
    width_mm: int
    figure_mm: int

    @property
    def classes(self) -> str:
        """The classes of the style sheet."""
        return f"rows-{self.rows} wide-{self.width_mm} tall-{self.figure_mm}"


def paper_styles() -> str:
    """The rules of the style sheet for every width and height of a plan."""
    widths = sorted({width for _rows, width in SIZES})
    return "\n".join(
        [
            *(f"    .wide-{width} figure.key {{ width: {width}mm; }}" for width in widths),
            *(f"    .tall-{height} figure.overview img {{ max-height: {height}mm; }}" for height in FIGURES_MM),
        ]
    )


def paper_plan(content: ReportContent, letter: Letter) -> PaperPlan:
    """The largest arrangement that fits on two pages; the smallest one where none does."""
    plans = list(_plans(len(letter.candidates)))
    return next((plan for plan in plans if _fits(plan, content, letter)), plans[-1])


def _plans(count: int) -> Iterator[PaperPlan]:
    """All arrangements, the best first."""
    most = min(count, MOST_CANDIDATES)
    for candidates in range(most, 0, -1):
        least = COMFORTABLE_MM if candidates > USUAL_CANDIDATES else LEAST_MM
        for rows, width in SIZES:
            for figure in FIGURES_MM[: 3 if width > COMFORTABLE_MM else 4]:
                if width >= least:
                    yield PaperPlan(candidates, rows, width, figure)
    for candidates in range(most, -1, -1):
        yield PaperPlan(candidates, 1, SIZES[-1][1], FIGURES_MM[-1])


def _fits(plan: PaperPlan, content: ReportContent, letter: Letter) -> bool:
    """Whether all is on two pages when no candidate is parted by the end of a page."""
    page, used = 1, _first_mm(plan, content, letter)
    while used > PAGE_MM:
        page, used = page + 1, used - PAGE_MM
    evidence = {one.id: one for one in content.candidates}
    blocks = [_candidate_mm(plan, one, evidence[one.id], content) for one in letter.candidates[: plan.candidates]]
    if blocks:
        blocks[0] += 9.0
    for height in (*blocks, _terms_mm(letter) + _end_mm(letter)):
        if used + height > PAGE_MM:
            page, used = page + 1, 0.0
        used += height
    return page <= 2 and used <= PAGE_MM


def _lines(text: str, points: float, width_mm: float = WIDTH_MM) -> int:
    """How many lines a text takes; its own line breaks count."""
    letters = width_mm / (points * MM_PER_POINT * LETTER_PART)
    return sum(max(1, math.ceil(len(part) / letters)) for part in text.splitlines() or [""])


def _text_mm(texts: Sequence[str], gap_mm: float = 2.2) -> float:
    return sum(_lines(text, BODY_POINTS) * BODY_LINE_MM + gap_mm for text in texts)


def _first_mm(plan: PaperPlan, content: ReportContent, letter: Letter) -> float:
    """From the top to the first candidate."""
    said = [f"{letter.examination} {letter.reason}", letter.patient]
    height = 15.0 + _text_mm(said)  # Title, use, space.
    if letter.alerts:
        height += 6.0 + _text_mm(letter.alerts)
    height += 10.0 + _lines(letter.answer[0], 1.2 * BODY_POINTS) * 1.2 * BODY_LINE_MM + 3 + _text_mm(letter.answer[1:])
    written = [text for text in (letter.impression, letter.advice) if text]
    if written or letter.left_over:
        height += 10.0 + 8.0 * len(written) + _text_mm([*written, *letter.left_over, letter.outdated])
    if letter.attention:
        height += 18.0 + _text_mm([" ".join(pair) for pair in letter.attention])
    height += 9.0 + _text_mm(letter.not_assessed, 0.4)
    return height + _figure_mm(plan, content)


def _figure_mm(plan: PaperPlan, content: ReportContent) -> float:
    if not content.overview_png:
        return 0.0
    with Picture.open(io.BytesIO(content.overview_png)) as picture:
        width, height = picture.size
    return min(plan.figure_mm, WIDTH_MM * height / width, height / 96 * 25.4) + 10.0


def _candidate_mm(plan: PaperPlan, one: LetterCandidate, found: Candidate, content: ReportContent) -> float:
    said = (" ".join(one.seen), one.sure, one.meaning, one.confirm, one.common, one.review, one.comment)
    texts = (*said, *one.cautions)
    room = WIDTH_MM - NAMES_MM
    height = ARTICLE_MM + sum(_lines(text, EVIDENCE_POINTS, room) * EVIDENCE_LINE_MM + 0.25 for text in texts if text)
    image = content.key_images.get(one.id)
    if image is None:
        return height
    shown = image.rows or ROWS
    wanted = {Evidence.MR_ONLY: ("fluid", "fused"), Evidence.PET_ONLY: ("fused",)}
    rows = [kind for kind in wanted.get(Evidence(found.evidence), ("fused", "fluid")) if kind in shown]
    return height + max(1, min(plan.rows, len(rows))) * (plan.width_mm * ROW_PART + 0.5) + 1.0


def _terms_mm(letter: Letter) -> float:
    from .letter_html import TERMS

    say = letter.language.say
    room = WIDTH_MM - NAMES_MM
    return 9.0 + sum(_lines(say(meaning), TERM_POINTS, room) * TERM_LINE_MM for _term, meaning in TERMS)


def _end_mm(letter: Letter) -> float:
    """The sentences on what is not printed, and the footer."""
    return 23.0 if not letter.language.is_english else 19.0
