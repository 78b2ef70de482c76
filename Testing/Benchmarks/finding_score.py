"""Score a list of candidates by the true lesions of a case (see FINDING.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
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
PEAK_WITHIN = (0.02, 0.05)
"""Upper bounds of the error of SUVpeak that are counted. The first is the goal; the second was the goal before."""
RATIO_WITHIN = 0.10
"""Upper bound of the error of the ratio to the reference tissue that counts as right."""
SAME_TISSUE = {"marrow": ("marrow", "vertebra"), "femoral marrow": ("marrow",), "muscle": ("muscle",)}
"""Reference tissue of a lesion -> words in the names of references of the program that are this tissue."""
ZONE_SYSTEMS = ("Gruen", "DeLee-Charnley")
"""First words of the names of zones at a prosthesis."""


class State(StrEnum):
    """What became of a lesion, from best to worst."""

    FOUND = "found"
    ATTENTION = "attention"
    SET_APART = "set apart"
    MISSED = "missed"


@dataclass(frozen=True, eq=False)
class Part:
    """One hot spot or MR finding of a candidate.

    Parameters
    ----------
    center_ras_mm : ndarray, shape (3,)
        Its centroid in the frame of the lesions.
    facts : dict
        Its own measures, which are those of the candidate where it has none.
    """

    center_ras_mm: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Found:
    """A candidate or a hot spot that is compared with the lesions.

    Parameters
    ----------
    center_ras_mm : ndarray, shape (3,)
        Its center in the frame of the lesions.
    facts : dict
        Measures and names in plain types; see ``finding_run.facts_of``.
    parts : tuple of Part
        The hot spots and MR findings of an entry that names more than one place: both sides, or both endplates of a
        disc. Each of them can find a lesion. Empty for all other entries.
    """

    center_ras_mm: np.ndarray
    facts: dict[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def centers(self) -> list[np.ndarray]:
        """All points at which it can find a lesion, its own center first."""
        return [self.center_ras_mm, *(part.center_ras_mm for part in self.parts)]

    def distance_mm(self, other: Found | Lesion) -> float:
        """Distance of the nearest of its centers from the center of another one, mm."""
        return min(float(np.linalg.norm(at - other.center_ras_mm)) for at in self.centers)

    def is_at(self, lesion: Lesion) -> bool:
        """Whether it finds a lesion."""
        return self.distance_mm(lesion) <= lesion.reach_mm

    def facts_at(self, lesion: Lesion) -> dict[str, Any]:
        """The measures at a lesion: those of the nearest hot spot where it names more than one place."""
        spots = [part for part in self.parts if part.facts.get("suv_peak") is not None]
        if not spots:
            return self.facts
        near = min(spots, key=lambda part: float(np.linalg.norm(part.center_ras_mm - lesion.center_ras_mm)))
        return {**self.facts, **near.facts}


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
    set_apart, attention : list of Found
        The other two lists of the reading, best first.
    others : dict of lesion id to (State, Found)
        The best entry of these lists at a lesion that no candidate has found. The box for attention comes first.
    """

    name: str
    lesions: list[Lesion]
    found: list[Found] = field(default_factory=list)
    ranks: dict[str, int | None] = field(default_factory=dict)
    matches: dict[str, Found] = field(default_factory=dict)
    false: list[tuple[int, Found]] = field(default_factory=list)
    false_places: list[str] = field(default_factory=list)
    set_apart: list[Found] = field(default_factory=list)
    attention: list[Found] = field(default_factory=list)
    others: dict[str, tuple[State, Found]] = field(default_factory=dict)

    def state(self, lesion: Lesion) -> State:
        """What became of a lesion: a candidate, in the box for attention, set apart below the bar, or missed."""
        if self.ranks[lesion.id] is not None:
            return State.FOUND
        return self.others[lesion.id][0] if lesion.id in self.others else State.MISSED

    def shown(self, lesion: Lesion) -> Found | None:
        """The candidate or the entry of the box for attention at a lesion; None where there is none."""
        match = self.matches.get(lesion.id)
        if match is not None or self.state(lesion) != State.ATTENTION:
            return match
        return self.others[lesion.id][1]

    def needless_attention(self) -> list[Found]:
        """The entries of the box for attention that are at no lesion."""
        return [one for one in self.attention if not any(one.is_at(lesion) for lesion in self.lesions)]

    def true_first(self, evidences: Sequence[str] = EVIDENCES) -> bool | None:
        """Whether all found lesions of some kinds of evidence rank before every false candidate; None without any."""
        ranks = [self.ranks[x.id] for x in self.lesions if x.evidence in evidences and self.ranks[x.id] is not None]
        return None if not ranks else not self.false or max(ranks) < self.false[0][0]

    def lesion_of(self, rank: int) -> Lesion | None:
        """Return the lesion at which the candidate of a rank lies; None when there is none."""
        return next((x for x in self.lesions if self.found[rank - 1].is_at(x)), None)


def score(
    name: str,
    lesions: Sequence[Lesion],
    found: Sequence[Found],
    place_of: Callable[[np.ndarray], str] = lambda point: "elsewhere",
    neutral: Sequence[tuple[np.ndarray, float]] = (),
    most_ml: float | None = None,
    set_apart: Sequence[Found] = (),
    attention: Sequence[Found] = (),
) -> Outcome:
    """Match candidates with lesions. A candidate that is at no lesion is false.

    A lesion at which no candidate lies may be in the box for attention or set apart; otherwise it is missed.

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
    set_apart, attention : sequence of Found
        The other two lists of the reading.

    Returns
    -------
    Outcome
    """

    def is_small(one: Found) -> bool:
        return most_ml is None or (one.facts.get("volume_ml") or 0.0) <= most_ml

    found = [x for x in found if _counts(x, lesions, neutral)]
    outcome = Outcome(name, list(lesions), list(found), {lesion.id: None for lesion in lesions})
    outcome.set_apart, outcome.attention = list(set_apart), list(attention)
    for rank, one in enumerate(found, start=1):
        at = [x for x in lesions if one.is_at(x) and is_small(one)]
        if not at:
            outcome.false.append((rank, one))
            outcome.false_places.append(place_of(one.center_ras_mm))
        for lesion in at:
            if outcome.ranks[lesion.id] is None:
                outcome.ranks[lesion.id] = rank
                outcome.matches[lesion.id] = one
    for state, entries in ((State.ATTENTION, attention), (State.SET_APART, set_apart)):
        for lesion in lesions:
            at_lesion = next((one for one in entries if one.is_at(lesion) and is_small(one)), None)
            if at_lesion is not None and outcome.ranks[lesion.id] is None:
                outcome.others.setdefault(lesion.id, (state, at_lesion))
    return outcome


def _counts(one: Found, lesions: Sequence[Lesion], neutral: Sequence[tuple[np.ndarray, float]]) -> bool:
    """Whether a candidate is at a lesion, or away from all neutral places."""
    at_lesion = any(one.is_at(lesion) for lesion in lesions)
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


def states(outcomes: Sequence[Outcome], evidence: str | None = None) -> Counter[State]:
    """Return how many lesions were found, put into the box for attention, set apart and missed."""
    return Counter(o.state(x) for o in outcomes for x in o.lesions if evidence in (None, x.evidence))


def false_per_case(outcomes: Sequence[Outcome]) -> float:
    """Return the mean number of false candidates per case."""
    return float(np.mean([len(o.false) for o in outcomes])) if outcomes else float("nan")


def true_first_count(outcomes: Sequence[Outcome], evidences: Sequence[str] = EVIDENCES) -> tuple[int, int]:
    """Return the number of cases whose found lesions rank before every false candidate, and of cases with any
    found."""
    results = [o.true_first(evidences) for o in outcomes]
    return sum(r is True for r in results), sum(r is not None for r in results)


def names_right(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, int]]:
    """Return how many shown lesions have the right side, level, structure, zone and class of evidence, and how many
    are compared.

    Lesions count that are a candidate or in the box for attention. Hot spots have no names and do not count.
    """
    right: Counter = Counter()
    total: Counter = Counter()
    for outcome in outcomes:
        for lesion in outcome.lesions:
            match = outcome.shown(lesion)
            if match is None or match.facts.get("structure") is None or not lesion.truth:
                continue
            for what in ("side", "level", "structure", "zone"):
                if lesion.truth.get(what) is not None:
                    total[what] += 1
                    right[what] += _is_named(lesion.truth, match.facts, what)
            total["evidence"] += 1
            right["evidence"] += match.facts.get("evidence") == lesion.evidence
    return {what: (right[what], total[what]) for what in total}


def _is_named(truth: dict[str, Any], facts: dict[str, Any], what: str) -> bool:
    """Whether a name is right. A structure of an independent case is right when the name contains one of some words.
    An entry that names both sides is right for either, and one that names several levels for each of them."""
    words = truth.get("structure_words") if what == "structure" else None
    if words is not None:
        text = f"{facts['name']} {facts['structure']}".lower()
        return any(word in text for word in words)
    said = facts.get(what)
    if what == "side" and said == "both":
        return truth["side"] in ("left", "right")
    if what == "zone" and said is not None:
        return zones_of(truth["zone"]) <= zones_of(said)
    if what == "level" and said is not None:
        return truth["level"] in str(said).replace(" and", ",").split(", ")
    return truth[what] == said


def zones_of(text: str) -> set[str]:
    """The zones in a text, such as "Gruen 6, 7" or "DeLee-Charnley II"; each with its system."""
    zones, system = set(), ""
    for word in text.replace(",", " ").replace(" and ", " ").replace(" to ", " ").split():
        if word in ZONE_SYSTEMS:
            system = word
        else:
            zones.add(f"{system} {word}")
    return zones


def measure_errors(outcomes: Sequence[Outcome]) -> tuple[np.ndarray, np.ndarray]:
    """Return the relative errors of SUVpeak, and of the volume of lesions over 1 ml, from the noise-free truth."""
    peak, volume = [], []
    for lesion, facts in _measured(outcomes):
        peak.append(facts["suv_peak"] / lesion.truth["blurred_suv_peak"] - 1.0)
        if lesion.truth["volume_ml"] > 1.0 and facts.get("mtv_ml") is not None:
            volume.append(facts["mtv_ml"] / lesion.truth["volume_ml"] - 1.0)
    return np.array(peak), np.array(volume)


def ratio_errors(outcomes: Sequence[Outcome]) -> tuple[np.ndarray, int]:
    """Return the relative errors of the ratio to the reference tissue, and the number of ratios to another tissue.

    The truth is the noise-free SUVpeak over the true mean uptake of the tissue that belongs to the lesion. A ratio to
    another tissue, such as the surroundings, has no such truth.
    """
    errors, others = [], 0
    for lesion, facts in _measured(outcomes):
        reference = lesion.truth.get("reference_suv")
        if not reference or not facts.get("tbr"):
            continue
        words = SAME_TISSUE.get(lesion.truth.get("reference_tissue", ""), ())
        if any(word in str(name) for name in facts.get("references", ()) for word in words):
            errors.append(facts["tbr"] / (lesion.truth["blurred_suv_peak"] / reference) - 1.0)
        else:
            others += 1
    return np.array(errors), others


def _measured(outcomes: Sequence[Outcome]) -> Iterator[tuple[Lesion, dict[str, Any]]]:
    """All shown lesions whose SUVpeak is known and was measured, with the measures at their place."""
    for outcome in outcomes:
        for lesion in outcome.lesions:
            match = outcome.shown(lesion)
            if match is None or lesion.truth.get("blurred_suv_peak") is None:
                continue
            facts = match.facts_at(lesion)
            if facts.get("suv_peak") is not None:
                yield lesion, facts
