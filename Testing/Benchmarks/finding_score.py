"""Scores a list of candidates against the true lesions of a case (see FINDING.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from finding_cases import Lesion
from PainGeneratorLib.Numerics.core.words import Evidence

EVIDENCES = tuple(Evidence)
FIRST = 3
"""How many candidates a reader certainly looks at: these should not change with small settings."""
SAME_PLACE_MM = 10.0


@dataclass(frozen=True, eq=False)
class Found:
    """What is compared: a hot spot or a candidate, best first in its list.

    Parameters
    ----------
    center_ras_mm : ndarray, shape (3,)
        In the frame of the lesions.
    facts : dict
        Measures and names in plain types; see ``finding_run.facts_of``.
    """

    center_ras_mm: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)

    def distance_mm(self, other: Found | Lesion) -> float:
        return float(np.linalg.norm(self.center_ras_mm - other.center_ras_mm))


@dataclass(eq=False)
class Outcome:
    """How one case went.

    Parameters
    ----------
    ranks : dict of lesion id to int or None
        Best rank of the candidates at that lesion.
    matches : dict of lesion id to Found
    false : list of (rank, Found)
    false_places : list of str
        The normal structure that each false one lies in, in the order of `false`.
    """

    name: str
    lesions: list[Lesion]
    found: list[Found] = field(default_factory=list)
    ranks: dict[str, int | None] = field(default_factory=dict)
    matches: dict[str, Found] = field(default_factory=dict)
    false: list[tuple[int, Found]] = field(default_factory=list)
    false_places: list[str] = field(default_factory=list)

    def true_first(self, evidences: Sequence[str] = EVIDENCES) -> bool | None:
        """No false candidate stands before a found lesion of these kinds of evidence; None when none was found."""
        ranks = [self.ranks[x.id] for x in self.lesions if x.evidence in evidences and self.ranks[x.id] is not None]
        return None if not ranks else not self.false or max(ranks) < self.false[0][0]

    def lesion_of(self, rank: int) -> Lesion | None:
        """The lesion that the candidate of a rank lies at."""
        return next((x for x in self.lesions if self.found[rank - 1].distance_mm(x) <= x.reach_mm), None)


def score(
    name: str,
    lesions: Sequence[Lesion],
    found: Sequence[Found],
    place_of: Callable[[np.ndarray], str] = lambda point: "elsewhere",
    neutral: Sequence[tuple[np.ndarray, float]] = (),
) -> Outcome:
    """Match candidates (best first) with lesions; every candidate that is at no lesion is false.

    Those within a radius of a `neutral` place, and of no lesion, are left out of the list.
    """
    found = [x for x in found if _counts(x, lesions, neutral)]
    outcome = Outcome(name, list(lesions), list(found), {lesion.id: None for lesion in lesions})
    for rank, one in enumerate(found, start=1):
        at = [x for x in lesions if one.distance_mm(x) <= x.reach_mm]
        if not at:
            outcome.false.append((rank, one))
            outcome.false_places.append(place_of(one.center_ras_mm))
        for lesion in at:
            if outcome.ranks[lesion.id] is None:
                outcome.ranks[lesion.id] = rank
                outcome.matches[lesion.id] = one
    return outcome


def _counts(one: Found, lesions: Sequence[Lesion], neutral: Sequence[tuple[np.ndarray, float]]) -> bool:
    at_lesion = any(one.distance_mm(lesion) <= lesion.reach_mm for lesion in lesions)
    return at_lesion or not any(np.linalg.norm(one.center_ras_mm - at) <= radius for at, radius in neutral)


def is_stable(one: Sequence[Found], other: Sequence[Found], first: int = FIRST) -> bool | None:
    """The first few of one list are the first few of another, in any order; None when the first list is empty."""
    before, after = one[:first], other[:first]
    if not before:
        return None
    same = all(any(a.distance_mm(b) <= SAME_PLACE_MM for b in after) for a in before)
    return same and len(before) == len(after)


def sensitivity(outcomes: Sequence[Outcome], evidence: str | None = None) -> tuple[int, int]:
    """Lesions found, and all lesions, of a kind of evidence."""
    pairs = [(o.ranks[x.id], x) for o in outcomes for x in o.lesions if evidence in (None, x.evidence)]
    return sum(rank is not None for rank, _ in pairs), len(pairs)


def false_per_case(outcomes: Sequence[Outcome]) -> float:
    return float(np.mean([len(o.false) for o in outcomes])) if outcomes else float("nan")


def true_first_count(outcomes: Sequence[Outcome], evidences: Sequence[str] = EVIDENCES) -> tuple[int, int]:
    """Cases whose found lesions stand before every false candidate, and cases in which any was found."""
    told = [o.true_first(evidences) for o in outcomes]
    return sum(t is True for t in told), sum(t is not None for t in told)


def names_right(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, int]]:
    """How many found lesions have the right side, level and structure; hot spots have no names and do not count."""
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
    """Whether a name is right; the structures of independent cases are told by words that it may hold."""
    words = truth.get("structure_words") if what == "structure" else None
    if words is None:
        return truth[what] == facts[what]
    text = f"{facts['name']} {facts['structure']}".lower()
    return any(word in text for word in words)


def measure_errors(outcomes: Sequence[Outcome]) -> tuple[np.ndarray, np.ndarray]:
    """Relative errors of SUVpeak and (lesions over 1 ml) of volume against the noise-free truth of phantoms."""
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
