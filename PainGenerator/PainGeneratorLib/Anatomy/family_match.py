"""Find from the numbers of the labels, and from the anatomy that they show, which program made a label map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..Numerics.core.errors import PainGeneratorError
from .label_families import FAMILIES, UNLABELED_INSTANCES, counted_instances
from .labels import ADVICE, LabelFacts, Structure, structure_of_name
from .plausibility import Check, agreement, checks

_ENOUGH_EVIDENCE = 6
"""Lower bound of the evidence without which no program is believed; see `_Hypothesis.evidence`. Our estimate: four
vertebrae in order, or three pairs of sides and three neighbors."""
_LEAST_AGREEMENT = 0.75
"""Lower bound of the fraction of checks that must pass to believe a program. Our estimate."""
_MOST_CONTRADICTED = 0.15
"""Upper bound of the fraction of labels that may fail most of their checks; segmentations have faults. Our
estimate."""
_CERTAIN_EVIDENCE, _CERTAIN_AGREEMENT = 10, 0.9
"""Lower bounds of the evidence and of the fraction of passed checks for a program to be certain. Our estimates: five
vertebrae in order above the sacrum."""
_CLEARLY = 0.3
"""Lower bound of the difference between two programs, in the fraction of passed checks on the labels to which they
give different meanings, for one to be clearly better. Our estimate."""
_CLEARLY_FAULTS = 2
"""Lower bound of the number of failed checks on these labels that makes a program clearly worse than one without any.
Our estimate."""
_MOST_OPEN = 0.12
"""Upper bound of the fraction of labels that versions of a program name differently and that the anatomy does not
decide. These labels are left out; with more of them the map is refused. Our estimate."""
_WEIGHTS = {"size": 0, "order": 2, "sacrum": 2, "disc": 2}
"""Kind of check -> its weight as evidence, 1 for other kinds. Our choice."""
_HARD = ("order", "sacrum")
"""Kinds of checks of which none may fail: the levels of the spine follow from them."""


@dataclass(frozen=True)
class LabelMatch:
    """The program that made a label map.

    Parameters
    ----------
    family : str
        The program, a key of :data:`.label_families.FAMILIES` or :data:`.label_families.UNLABELED_INSTANCES`.
    certainty : str
        ``certain`` when many checks against the anatomy were made, nearly all passed, and every other program is
        clearly worse; otherwise ``likely``.
    structures : mapping of int to Structure
        The meaning of the labels that occur, without those that are left out.
    doubts : tuple of str
        Clauses about labels that contradict the anatomy, or that are left out because versions differ.
    """

    family: str
    certainty: str
    structures: Mapping[int, Structure]
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Hypothesis:
    """A program that may have made the map, with the checks of its meaning against the anatomy."""

    family: str
    structures: Mapping[int, Structure]
    made: list[Check]

    @cached_property
    def agreement(self) -> float:
        return agreement(self.made)

    @cached_property
    def evidence(self) -> int:
        """The number of passed checks other than sizes; those of the levels count twice, because chance rarely passes
        them."""
        return sum(check.passed * _WEIGHTS.get(check.kind, 1) for check in self.made)

    @cached_property
    def contradicted(self) -> list[int]:
        """Labels that fail more checks than they pass."""
        failed: Counter[int] = Counter()
        for check in self.made:
            for label in check.labels:
                failed[label] += -1 if check.passed else 1
        return sorted(label for label, balance in failed.items() if balance > 0)

    @cached_property
    def is_tenable(self) -> bool:
        """Whether the anatomy confirms the program."""
        return (
            self.evidence >= _ENOUGH_EVIDENCE
            and self.agreement >= _LEAST_AGREEMENT
            and len(self.contradicted) <= _MOST_CONTRADICTED * len(self.structures)
            and all(check.passed for check in self.made if check.kind in _HARD)
        )

    @property
    def is_certain(self) -> bool:
        return self.evidence >= _CERTAIN_EVIDENCE and self.agreement >= _CERTAIN_AGREEMENT and not self.contradicted

    def faults(self, labels: Iterable[int] | None = None) -> list[str]:
        """What is wrong, the checks of the spine first; only about some labels when they are given."""
        wanted = None if labels is None else set(labels)
        failed = [c for c in self.made if not c.passed and (wanted is None or c.labels & wanted)]
        return [check.text for check in sorted(failed, key=lambda check: check.kind not in _HARD)]

    def differing(self, other: _Hypothesis) -> set[int]:
        """The labels to which another program gives another meaning."""
        return {number for number, what in self.structures.items() if other.structures.get(number) != what}

    def is_clearly_better_than(self, other: _Hypothesis) -> bool:
        """Whether the other program has the same meanings, or fits clearly worse where it has others."""
        labels = self.differing(other)
        if not labels:
            return True
        mine, theirs = ([c for c in one.made if c.labels & labels] for one in (self, other))
        if all(c.passed for c in mine) and sum(not c.passed for c in theirs) >= _CLEARLY_FAULTS:
            return True
        return agreement(mine) - agreement(theirs) >= _CLEARLY


def match_family(facts: Mapping[int, LabelFacts]) -> LabelMatch:
    """Find from the numbers of the labels which program made a label map.

    A program is possible when it uses every number. The anatomy must confirm it: sizes, order, neighbors and sides of
    the structures (:func:`.plausibility.checks`). When the anatomy confirms several programs that give a number
    different meanings, one is taken only if it fits clearly better.

    Parameters
    ----------
    facts : mapping of int to LabelFacts
        Place and size of every label that occurs, without 0.

    Returns
    -------
    LabelMatch

    Raises
    ------
    PainGeneratorError
        The anatomy confirms no known program, or several.
    """
    present = set(facts)
    possible = _hypotheses(FAMILIES, facts)
    tenable = [one for one in possible if one.is_tenable]
    if not tenable:
        counted = _hypotheses({UNLABELED_INSTANCES: counted_instances(present)}, facts)
        tenable = [one for one in counted if one.is_tenable]
    if not tenable:
        raise _not_known(present, possible)
    best, rivals = tenable[0], [one for one in tenable[1:] if not tenable[0].is_clearly_better_than(one)]
    undecided = _undecided(best, rivals)
    structures = {number: what for number, what in best.structures.items() if number not in undecided}
    certainty = "certain" if best.is_certain and best.family != UNLABELED_INSTANCES else "likely"
    return LabelMatch(best.family, certainty, structures, (*undecided.values(), *best.faults(best.contradicted)))


def _undecided(best: _Hypothesis, rivals: list[_Hypothesis]) -> dict[int, str]:
    """Labels whose meaning the anatomy does not decide, each with a clause that says so.

    Raises
    ------
    PainGeneratorError
        They are more than a few.
    """
    found = {}
    for rival in rivals:
        for number in sorted(best.differing(rival)):
            here, there = best.structures[number].text, rival.structures[number].text
            found[number] = (
                f"label {number} is {here} in {best.family}, but {there} in {rival.family}, and is not used"
            )
    if len(found) > _MOST_OPEN * len(best.structures):
        names = ", ".join([best.family, *(rival.family for rival in rivals[:3])])
        raise PainGeneratorError(f"The labels of the anatomy segmentation may be those of {names}.", ADVICE)
    return found


def _hypotheses(families: Mapping[str, Mapping[int, str]], facts: Mapping[int, LabelFacts]) -> list[_Hypothesis]:
    """The programs that use every number that occurs, the one that fits the anatomy best first."""
    found = []
    for family, names in families.items():
        if set(facts) <= set(names):
            structures = {number: structure_of_name(name) for number, name in names.items() if number in facts}
            found.append(_Hypothesis(family, structures, checks(structures, facts)))
    return sorted(found, key=lambda one: (-one.agreement, -one.evidence))


def _not_known(present: set[int], possible: list[_Hypothesis]) -> PainGeneratorError:
    """The error for labels that the anatomy confirms as those of no known program."""
    shown = ", ".join(str(number) for number in sorted(present)[:12]) + (", ..." if len(present) > 12 else "")
    reason = f"The labels of the anatomy segmentation ({shown}) are of no known program"
    if counted_instances(present | {26}) and any(100 < number <= 125 for number in present):
        reason += (
            ": they may only count the vertebrae in view (SPINEPS without its labeling model), and their levels "
            "cannot be counted without the sacrum"
        )
    elif possible:
        best = possible[0]
        faults = best.faults()
        why = f"but {faults[0]}" if faults else "but too little of the body is labeled to be sure"
        reason += f": their numbers occur in {best.family}, {why}"
    known = ", ".join(dict.fromkeys(family.split()[0] for family in FAMILIES))
    return PainGeneratorError(
        f"{reason}.", f"{ADVICE} Without names the numbers of these programs are known: {known}."
    )
