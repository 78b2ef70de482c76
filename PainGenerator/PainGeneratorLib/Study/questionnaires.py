"""Scores of questionnaires by their published rules, missing items as these rules say.

The wording of these questionnaires is licensed and not part of this program: an item is its number, an answer the
number of the box that was marked. Every function takes answers by item (``"1"``, ``"2"``, ...); None, or an item that
is left out, was not answered. It gives None where the published rule gives no score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..Numerics.core.errors import PainGeneratorError
from .words import AnalgesicRule

Answers = Mapping[str, int | None]


@dataclass(frozen=True)
class Questionnaire:
    """What a questionnaire consists of, without a word of it.

    Parameters
    ----------
    name : str
        As in :attr:`.records.FollowUp.items`.
    title : str
    items : int
        Number of items; they are numbered from 1.
    highest : int
        The highest answer; the lowest is 0.
    source : str
        Where the scoring is published.
    """

    name: str
    title: str
    items: int
    highest: int
    source: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """The items as they are written: ``"1"``, ``"2"``, ..."""
        return tuple(str(number) for number in range(1, self.items + 1))


ODI = Questionnaire(
    "odi", "Oswestry Disability Index", 10, 5, "Fairbank and Pynsent, Spine 2000;25:2940-2952"
)  # fmt: skip
HOOS12 = Questionnaire(
    "hoos12", "HOOS-12", 12, 4, "Gandek, Roos, Franklin, Ware, Osteoarthritis Cartilage 2019;27:754-761"
)  # fmt: skip
HOOS_JR = Questionnaire(
    "hoos_jr", "HOOS, JR", 6, 4, "Lyman et al., Clin Orthop Relat Res 2016;474:1472-1482"
)  # fmt: skip
QUESTIONNAIRES = {one.name: one for one in (ODI, HOOS12, HOOS_JR)}
"""By name."""

ODI_LEAST_ANSWERED = 8
"""Lower bound of answered sections of ten. Ours: the published rule takes sections that were not answered out of the
best possible sum, shows it for one section, and names no bound."""
HOOS12_SCALES = {"pain": range(1, 5), "function": range(5, 9), "quality": range(9, 13)}
"""Items of the three scales of HOOS-12, four each."""
HOOS12_LEAST_ANSWERED = 2
"""Lower bound of answered items of a scale: half of them, by the user's guide of HOOS-12."""
HOOS_JR_INTERVAL = (
    100.0, 92.340, 85.257, 80.550, 76.776, 73.472, 70.426, 67.516, 64.664, 61.815, 58.930, 55.985, 52.965, 49.858,
    46.652, 43.335, 39.902, 36.363, 32.735, 29.009, 25.103, 20.805, 15.633, 8.104, 0.0,
)  # fmt: skip
"""Interval score for each raw sum 0 (no problem) to 24, by a Rasch model: Lyman et al. 2016."""


def score_odi(answers: Answers) -> float | None:
    """Oswestry Disability Index.

    The sum of the answers over the best possible sum of the sections that were answered, times 100. The section about
    sex life is often left out; the rule is the same for each.

    Parameters
    ----------
    answers : mapping of str to int or None
        Sections 1 to 10, each 0 to 5.

    Returns
    -------
    float or None
        0 (no disability) to 100 %. None with fewer than :data:`ODI_LEAST_ANSWERED` answers.

    Raises
    ------
    PainGeneratorError
        There is no such item, or no such answer.

    References
    ----------
    Fairbank JC, Pynsent PB. The Oswestry Disability Index. Spine 2000;25:2940-2952.
    """
    given = _given(ODI, answers)
    if len(given) < ODI_LEAST_ANSWERED:
        return None
    return 100.0 * sum(given.values()) / (ODI.highest * len(given))


@dataclass(frozen=True)
class Hoos12:
    """Scores of HOOS-12, each 0 (worst) to 100 (best), None where there is none."""

    pain: float | None
    function: float | None
    quality: float | None
    summary: float | None


def score_hoos12(answers: Answers) -> Hoos12:
    """HOOS-12: three scales of four items, and their mean.

    A scale is 100 minus the mean answer in percent of the highest one. An item that was not answered counts as the
    mean of the person's other answers in that scale, when at least half of the scale was answered. The summary is the
    mean of the three scales, and there is none where a scale has none.

    Parameters
    ----------
    answers : mapping of str to int or None
        Items 1 to 4 (pain), 5 to 8 (function), 9 to 12 (quality of life), each 0 (no problem) to 4.

    Returns
    -------
    Hoos12

    Raises
    ------
    PainGeneratorError
        There is no such item, or no such answer.

    References
    ----------
    Gandek B, Roos EM, Franklin PD, Ware JE. Item selection for 12-item short forms of the KOOS-12 and HOOS-12.
    Osteoarthritis Cartilage 2019;27:746-753, and the article that follows it (754-761); http://www.koos.nu.
    """
    given = _given(HOOS12, answers)
    scales: dict[str, float | None] = {}
    for name, items in HOOS12_SCALES.items():
        found = [given[str(item)] for item in items if str(item) in given]
        is_enough = len(found) >= HOOS12_LEAST_ANSWERED
        scales[name] = 100.0 - 100.0 * sum(found) / (HOOS12.highest * len(found)) if is_enough else None
    known = [value for value in scales.values() if value is not None]
    return Hoos12(**scales, summary=sum(known) / 3 if len(known) == 3 else None)


def score_hoos_jr(answers: Answers) -> float | None:
    """HOOS, JR: the interval score of the raw sum of six items.

    Parameters
    ----------
    answers : mapping of str to int or None
        Items 1 to 6, each 0 (no problem) to 4.

    Returns
    -------
    float or None
        0 (total disability of the hip) to 100 (perfect health of the hip). None where an item was not answered: the
        table holds for complete answers.

    Raises
    ------
    PainGeneratorError
        There is no such item, or no such answer.

    References
    ----------
    Lyman S, Lee YY, Franklin PD, Li W, Mayman DJ, Padgett DE. Validation of the HOOS, JR: a short-form hip
    replacement survey. Clin Orthop Relat Res 2016;474:1472-1482.
    """
    given = _given(HOOS_JR, answers)
    return HOOS_JR_INTERVAL[sum(given.values())] if len(given) == HOOS_JR.items else None


def score_pgic(answer: int | None) -> int | None:
    """Patient's global impression of change.

    Parameters
    ----------
    answer : int or None
        1 (very much improved), 4 (no change) to 7 (very much worse).

    Raises
    ------
    PainGeneratorError
        It is no such answer.

    References
    ----------
    Guy W. ECDEU assessment manual for psychopharmacology. Rockville 1976.
    Dworkin et al. (IMMPACT), Pain 2005;113:9-19.
    """
    return None if answer is None else _whole("The patient's global impression", answer, 1, 7)


def score_nrs(answer: int | None) -> int | None:
    """Numeric rating scale of pain.

    Parameters
    ----------
    answer : int or None
        0 (no pain) to 10 (worst pain that can be imagined), whole numbers.

    Raises
    ------
    PainGeneratorError
        It is no such answer.

    References
    ----------
    Dworkin et al. (IMMPACT), Pain 2005;113:9-19.
    """
    return None if answer is None else _whole("The numeric rating scale", answer, 0, 10)


def score_vas(length_mm: float | None, line_mm: float = 100.0) -> float | None:
    """Visual analog scale of pain.

    Parameters
    ----------
    length_mm : float or None
        From the end "no pain" to the mark, mm.
    line_mm : float
        Length of the line as it was printed, mm.

    Returns
    -------
    float or None
        0 (no pain) to 100 mm, for a line of 100 mm.

    Raises
    ------
    PainGeneratorError
        The mark does not lie on the line.

    References
    ----------
    Huskisson EC. Measurement of pain. Lancet 1974;2:1127-1131.
    """
    if length_mm is None:
        return None
    if not (math.isfinite(length_mm) and line_mm > 0 and 0 <= length_mm <= line_mm):
        raise PainGeneratorError(
            f"A mark at {length_mm} mm does not lie on a line of {line_mm:g} mm.", "Measure again; or give the line."
        )
    return 100.0 * length_mm / line_mm


def scores_of_items(items: Mapping[str, Answers]) -> dict[str, float | None]:
    """All scores that follow from answers, under their names in :class:`.records.FollowUp`.

    Parameters
    ----------
    items : mapping of str to answers
        By questionnaire: ``odi``, ``hoos12``, ``hoos_jr``.

    Returns
    -------
    dict
        Only scores of questionnaires that were given; None where the rule gives none.

    Raises
    ------
    PainGeneratorError
        A questionnaire, an item or an answer is unknown.
    """
    found: dict[str, float | None] = {}
    for name, answers in items.items():
        if name not in QUESTIONNAIRES:
            raise PainGeneratorError(f"{name!r} is no questionnaire.", f"Give one of {', '.join(QUESTIONNAIRES)}.")
        if name == "odi":
            found["odi"] = score_odi(answers)
        elif name == "hoos_jr":
            found["hoos_jr"] = score_hoos_jr(answers)
        else:
            scores = score_hoos12(answers)
            found |= {f"hoos12_{scale}": getattr(scores, scale) for scale in HOOS12_SCALES}
            found["hoos12"] = scores.summary
    return found


def _given(questionnaire: Questionnaire, answers: Answers) -> dict[str, int]:
    """The answers that were given, checked."""
    unknown = sorted(set(answers) - set(questionnaire.numbers))
    if unknown:
        raise PainGeneratorError(
            f"{questionnaire.title} has no item {unknown[0]!r}.", f"Its items are 1 to {questionnaire.items}."
        )
    return {
        item: _whole(f"{questionnaire.title}, item {item}", answer, 0, questionnaire.highest)
        for item, answer in answers.items()
        if answer is not None
    }


def _whole(what: str, answer: float, lowest: int, highest: int) -> int:
    if isinstance(answer, bool) or answer != answer or answer not in range(lowest, highest + 1):
        raise PainGeneratorError(
            f"{what}: {answer!r} is no answer.", f"Give a whole number from {lowest} to {highest}."
        )
    return int(answer)


ANALGESIC_BOUNDS = {AnalgesicRule.WHO_STEP: (0.0, 3.0), AnalgesicRule.MORPHINE_MG: (0.0, 10000.0)}
"""Least and most of an analgesic score by its rule. The upper bound of morphine is our estimate of what cannot be
right, mg per day."""
