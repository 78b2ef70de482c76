"""Three lists of what was found: candidates, what is set apart below the bar, and what has to be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..core.records import Candidate
from .attention import attention_reason
from .judged import CaseFacts

LEAST_AGAINST = 1.0
"""Points from which a sign that speaks against a candidate is given as the reason why it is set apart. Our choice."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What was found, in three lists, each best first. Nothing that was found is in none of them.

    Parameters
    ----------
    candidates : list of Candidate
        What may be a source of pain.
    set_apart : list of Candidate
        What was found, but has fewer points than the bar; ``reason`` says why.
    attention : list of Candidate
        What is no pain generator, but has to be looked at; ``reason`` says why.
    """

    candidates: list[Candidate] = field(default_factory=list)
    set_apart: list[Candidate] = field(default_factory=list)
    attention: list[Candidate] = field(default_factory=list)


def sorted_out(found: Sequence[Candidate], case: CaseFacts) -> Reading:
    """Put judged candidates into the three lists, with ranks and ids."""
    lists: dict[str, list[Candidate]] = {"candidates": [], "set_apart": [], "attention": []}
    for candidate in found:
        reason = attention_reason(candidate, case)
        if reason is not None:
            lists["attention"].append(replace(candidate, reason=reason))
        elif candidate.score >= case.parameters.bar:
            lists["candidates"].append(candidate)
        else:
            lists["set_apart"].append(replace(candidate, reason=reason_below_bar(candidate, case.parameters.bar)))
    return numbered(Reading(**lists))


def numbered(reading: Reading, used: Iterable[str] = ()) -> Reading:
    """The lists ranked; every entry without an id gets one that no list holds, and none of those that were `used`."""
    taken = [*used, *(one.id for one in (*reading.candidates, *reading.set_apart, *reading.attention))]
    lists: list[list[Candidate]] = []
    for listed in (reading.candidates, reading.attention, reading.set_apart):
        lists.append(ranked(listed, taken))
        taken += [one.id for one in lists[-1]]
    return Reading(lists[0], lists[2], lists[1])


def reason_below_bar(candidate: Candidate, bar: float) -> str:
    """Why a candidate is set apart: what speaks against it most, in the words of its ledger."""
    against = sorted(
        (entry for entry in candidate.ledger if entry.points <= -LEAST_AGAINST), key=lambda entry: entry.points
    )
    points = f"{_score_text(candidate.score, bar)} points of evidence, below the bar of {bar:g}"
    return f"{_first_sentence(against[0].text)} ({points})." if against else f"Too little speaks for it ({points})."


def _first_sentence(text: str) -> str:
    """The first sentence of a text, without its full stop: the ledger also has the rule in words."""
    return text.partition(". ")[0].removesuffix(".")


def _score_text(score: float, bar: float) -> str:
    """A score below the bar, with as many decimals as it takes to read as below it."""
    texts = (f"{round(score, decimals) + 0.0:.{decimals}f}" for decimals in range(1, 4))
    return next((text for text in texts if float(text) < bar), f"{score:g}")


def ranked(candidates: Sequence[Candidate], taken_ids: Iterable[str] = ()) -> list[Candidate]:
    """Candidates sorted best first, with `rank` set; ids are given to those that have none and never changed.

    Parameters
    ----------
    candidates : sequence of Candidate
    taken_ids : iterable of str
        Ids that other lists hold.
    """
    order = sorted(candidates, key=lambda c: (-c.score, -(c.suv_peak or 0.0), -abs(c.mr_z or 0.0), *c.centroid_ras_mm))
    taken = {*taken_ids, *(candidate.id for candidate in order)}
    free = (text for text in (f"PG-{n:02d}" for n in range(1, 10_000)) if text not in taken)
    for rank, candidate in enumerate(order, start=1):
        candidate.rank = rank
        candidate.id = candidate.id or next(free)
    return order
