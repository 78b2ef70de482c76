"""Score a list of candidates by the true lesions of a case (see FINDING.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from finding_cases import Lesion
from PainGeneratorLib.Numerics.core.words import Evidence

EVIDENCES = tuple(Evidence)
"""All kinds of evidence."""
FIRST = 3
"""Number of candidates at the top of the list that should not change with small changes of the settings. Our estimate:
a reader certainly looks at them."""
SAME_PLACE_MM = 10.0
"""Upper bound of the distance between two candidates that count as the same, mm. Our estimate."""


@dataclass(frozen=True, eq=False)
class Found:
    """A candidate or a hot spot that is compared with the lesions.

    Parameters
    ----------
    center_ras_mm : ndarray, shape (3,)
        Its center in the frame of the lesions.
    facts : dict
        Measures and names in plain types; see ``finding_run.facts_of``.
    """

    center_ras_mm: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)

    def distance_mm(self, other: Found | Lesion) -> float:
        """Distance between the centers, mm."""
        return float(np.linalg.norm(self.center_ras_mm - other.center_ras_mm))


@dataclass(eq=False)
class Outcome:
    """The score of one case.

    Parameters
    ----------
    name : str
    lesions : list of Lesion
    found : list of Found
        The candidates, best first.
    ranks : dict of lesion id to int or None
        Best rank of the candidates at a lesion, from 1; None when the lesion was not found.
    matches : dict of lesion id to Found
        The candidate with this rank.
    false : list of (rank, Found)
        The candidates that are at no lesion.
    false_places : list of str
        The normal structure in which each of them lies, in the order of `false`.
    """

    name: str
    lesions: list[Lesion]
    found: list[Found] = field(default_factory=list)
    ranks: dict[str, int | None] = field(default_factory=dict)
    matches: dict[str, Found] = field(default_factory=dict)
    false: list[tuple[int, Found]] = field(default_factory=list)
    false_places: list[str] = field(default_factory=list)

    def true_first(self, evidences: Sequence[str] = EVIDENCES) -> bool | None:
        """Whether all found lesions of some kinds of evidence rank before every false candidate; None without any."""
        ranks = [self.ranks[x.id] for x in self.lesions if x.evidence in evidences and self.ranks[x.id] is not None]
        return None if not ranks else not self.false or max(ranks) < self.false[0][0]

    def lesion_of(self, rank: int) -> Lesion | None:
        """Return the lesion at which the candidate of a rank lies; None when there is none."""
        return next((x for x in self.lesions if self.found[rank - 1].distance_mm(x) <= x.reach_mm), None)


def score(
    name: str,
    lesions: Sequence[Lesion],
    found: Sequence[Found],
    place_of: Callable[[np.ndarray], str] = lambda point: "elsewhere",
    neutral: Sequence[tuple[np.ndarray, float]] = (),
    most_ml: float | None = None,
) -> Outcome:
    """Match candidates with lesions. A candidate that is at no lesion is false.

    Parameters
    ----------
    name : str
    lesions : sequence of Lesion
    found : sequence of Found
        The candidates, best first.
    place_of : callable
        Function that names the structure at a point (RAS mm).
    neutral : sequence of (ndarray, float)
        Places (RAS mm) and radii (mm). A candidate at one of them and at no lesion is left out of the list.
    most_ml : float, optional
        Upper bound of the volume of a candidate that can find a lesion, ml. A focus that fills a part of the body has
        found nothing, wherever its centroid lies.

    Returns
    -------
    Outcome
    """
    small = [x for x in found if most_ml is None or (x.facts.get("volume_ml") or 0.0) <= most_ml]
    found = [x for x in found if _counts(x, lesions, neutral)]
    outcome = Outcome(name, list(lesions), list(found), {lesion.id: None for lesion in lesions})
    for rank, one in enumerate(found, start=1):
        at = [x for x in lesions if one.distance_mm(x) <= x.reach_mm and one in small]
        if not at:
            outcome.false.append((rank, one))
            outcome.false_places.append(place_of(one.center_ras_mm))
        for lesion in at:
            if outcome.ranks[lesion.id] is None:
                outcome.ranks[lesion.id] = rank
                outcome.matches[lesion.id] = one
    return outcome


def _counts(one: Found, lesions: Sequence[Lesion], neutral: Sequence[tuple[np.ndarray, float]]) -> bool:
    """Whether a candidate is at a lesion, or away from all neutral places."""
    at_lesion = any(one.distance_mm(lesion) <= lesion.reach_mm for lesion in lesions)
    return at_lesion or not any(np.linalg.norm(one.center_ras_mm - at) <= radius for at, radius in neutral)


def is_stable(one: Sequence[Found], other: Sequence[Found], first: int = FIRST) -> bool | None:
    """Whether the first candidates of two lists are the same in any order; None when the first list is empty."""
    before, after = one[:first], other[:first]
    if not before:
        return None
    same = all(any(a.distance_mm(b) <= SAME_PLACE_MM for b in after) for a in before)
    return same and len(before) == len(after)


def sensitivity(outcomes: Sequence[Outcome], evidence: str | None = None) -> tuple[int, int]:
    """Return the number of found lesions and the number of all lesions, for one kind of evidence or for all."""
    pairs = [(o.ranks[x.id], x) for o in outcomes for x in o.lesions if evidence in (None, x.evidence)]
    return sum(rank is not None for rank, _ in pairs), len(pairs)


def false_per_case(outcomes: Sequence[Outcome]) -> float:
    """Return the mean number of false candidates per case."""
    return float(np.mean([len(o.false) for o in outcomes])) if outcomes else float("nan")


def true_first_count(outcomes: Sequence[Outcome], evidences: Sequence[str] = EVIDENCES) -> tuple[int, int]:
    """Return the number of cases whose found lesions rank before every false candidate, and of cases with any
    found."""
    results = [o.true_first(evidences) for o in outcomes]
    return sum(r is True for r in results), sum(r is not None for r in results)


def names_right(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, int]]:
    """Return how many found lesions have the right side, level and structure, and how many are compared.

    Hot spots have no names and do not count.
    """
    right: Counter = Counter()
    total: Counter = Counter()
    for outcome in outcomes:
        for lesion in outcome.lesions:
            match = outcome.matches.get(lesion.id)
            if match is None or match.facts.get("structure") is None or not lesion.truth:
                continue
            for what in ("side", "level", "structure"):
                if lesion.truth[what] is not None:
                    total[what] += 1
                    right[what] += _is_named(lesion.truth, match.facts, what)
    return {what: (right[what], total[what]) for what in total}


def _is_named(truth: dict[str, Any], facts: dict[str, Any], what: str) -> bool:
    """Whether a name is right. A structure of an independent case is right when the name contains one of some
    words."""
    words = truth.get("structure_words") if what == "structure" else None
    if words is None:
        return truth[what] == facts[what]
    text = f"{facts['name']} {facts['structure']}".lower()
    return any(word in text for word in words)


def measure_errors(outcomes: Sequence[Outcome]) -> tuple[np.ndarray, np.ndarray]:
    """Return the relative errors of SUVpeak, and of the volume of lesions over 1 ml, from the noise-free truth."""
    peak, volume = [], []
    for outcome in outcomes:
        for lesion in outcome.lesions:
            match = outcome.matches.get(lesion.id)
            true_peak = lesion.truth.get("blurred_suv_peak")
            if match is None or true_peak is None or match.facts.get("suv_peak") is None:
                continue
            peak.append(match.facts["suv_peak"] / true_peak - 1.0)
            if lesion.truth["volume_ml"] > 1.0:
                volume.append(match.facts["mtv_ml"] / lesion.truth["volume_ml"] - 1.0)
    return np.array(peak), np.array(volume)
