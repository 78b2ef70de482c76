"""Scores a list of candidates against the true lesions of a case (DESIGN, "What is measured as quality")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from finding_cases import Lesion

EVIDENCES = ("PET+MR", "PET only", "MR only")


@dataclass(frozen=True, eq=False)
class Found:
    """What is compared: a hot spot or a candidate, best first in its list.

    Parameters
    ----------
    center_ras_mm : ndarray, shape (3,)
        In the frame of the lesions.
    item : object
        The HotSpot or Candidate itself.
    """

    center_ras_mm: np.ndarray
    item: Any


@dataclass(eq=False)
class Outcome:
    """How one case went.

    Parameters
    ----------
    ranks : dict of lesion id to int or None
        Best rank of the candidates at that lesion.
    matches : dict of lesion id to Found
    false : list of (rank, Found)
    false_kinds : Counter
        The normal structure that each false one lies in.
    """

    name: str
    lesions: list[Lesion]
    ranks: dict[str, int | None] = field(default_factory=dict)
    matches: dict[str, Found] = field(default_factory=dict)
    false: list[tuple[int, Found]] = field(default_factory=list)
    false_kinds: Counter = field(default_factory=Counter)

    @property
    def true_first(self) -> bool:
        """No false candidate stands before a lesion that was found."""
        ranks = [rank for rank in self.ranks.values() if rank is not None]
        return not self.false or not ranks or max(ranks) < min(rank for rank, _ in self.false)


def score(name: str, lesions: Sequence[Lesion], found: Sequence[Found], normal: Sequence[dict]) -> Outcome:
    """Match candidates (best first) with lesions; every candidate that is at no lesion is false."""
    outcome = Outcome(name, list(lesions), {lesion.id: None for lesion in lesions})
    for rank, one in enumerate(found, start=1):
        at = [x for x in lesions if np.linalg.norm(one.center_ras_mm - x.center_ras_mm) <= x.reach_mm]
        if not at:
            outcome.false.append((rank, one))
            outcome.false_kinds[_structure_at(one.center_ras_mm, normal)] += 1
        for lesion in at:
            if outcome.ranks[lesion.id] is None:
                outcome.ranks[lesion.id] = rank
                outcome.matches[lesion.id] = one
    return outcome


def _structure_at(point: np.ndarray, normal: Sequence[dict]) -> str:
    """The normal structure whose ball holds the point most deeply; "elsewhere" when none does."""
    depth = {}
    for structure in normal:
        distance = float(np.linalg.norm(point - np.array(structure["centre_ras_mm"])))
        part = distance / max(structure["radius_mm"], 1.0)
        if part <= 1.0:
            depth[structure["kind"]] = min(part, depth.get(structure["kind"], 1.0))
    return min(depth, key=depth.get) if depth else "elsewhere"


def share(part: int, whole: int) -> str:
    """A count with its percentage."""
    return f"{part}/{whole}" + (f" ({100.0 * part / whole:.0f} %)" if whole else "")


def sensitivity(outcomes: Sequence[Outcome], evidence: str | None = None) -> tuple[int, int]:
    """Lesions found, and all lesions, of a kind of evidence."""
    pairs = [(o.ranks[x.id], x) for o in outcomes for x in o.lesions if evidence in (None, x.evidence)]
    return sum(rank is not None for rank, _ in pairs), len(pairs)


def false_per_case(outcomes: Sequence[Outcome]) -> float:
    return float(np.mean([len(o.false) for o in outcomes])) if outcomes else float("nan")


def summary(title: str, outcomes: Sequence[Outcome]) -> list[str]:
    """Lines that say how a set of cases went."""
    lines = [f"## {title}: {len(outcomes)} cases"]
    for evidence in EVIDENCES:
        part, whole = sensitivity(outcomes, evidence)
        if whole:
            lines.append(f"  {evidence:9} found {share(part, whole)}")
    false = [len(o.false) for o in outcomes]
    lines.append(
        f"  false     {false_per_case(outcomes):.2f} a case (median {np.median(false):.0f}, most {max(false)})"
    )
    kinds = sum((o.false_kinds for o in outcomes), Counter())
    lines.append("  false at  " + (", ".join(f"{kind} {n}" for kind, n in kinds.most_common()) or "-"))
    with_lesion = [o for o in outcomes if any(r is not None for r in o.ranks.values())]
    lines.append(f"  true before false in {share(sum(o.true_first for o in with_lesion), len(with_lesion))} cases")
    ranks = [r for o in outcomes for r in o.ranks.values()]
    lines.append(
        "  ranks     " + " ".join("-" if r is None else str(r) for r in sorted(ranks, key=lambda r: r or 999))
    )
    return lines + _measures(outcomes) + _names(outcomes)


def _measures(outcomes: Sequence[Outcome]) -> list[str]:
    """SUVpeak and volume of found lesions against the noise-free truth of phantoms."""
    peak, volume = [], []
    for outcome in outcomes:
        for lesion in outcome.lesions:
            match = outcome.matches.get(lesion.id)
            true_peak = lesion.truth.get("blurred_suv_peak")
            if match is None or true_peak is None or match.item.suv_peak is None:
                continue
            peak.append(match.item.suv_peak / true_peak - 1.0)
            if lesion.truth["volume_ml"] > 1.0:
                volume.append(match.item.mtv_ml / lesion.truth["volume_ml"] - 1.0)
    if not peak:
        return []
    text = f"  SUVpeak within 5 % {share(int(np.sum(np.abs(peak) <= 0.05)), len(peak))}, median {np.median(peak):+.1%}"
    if volume:
        inside = share(int(np.sum(np.abs(volume) <= 0.25)), len(volume))
        text += f"; volume (over 1 ml) within 25 % {inside}, median {np.median(volume):+.0%}"
    return [text]


def _names(outcomes: Sequence[Outcome]) -> list[str]:
    """Side, level and structure of found lesions; candidates only, hot spots have no names."""
    right: Counter = Counter()
    total: Counter = Counter()
    for outcome in outcomes:
        for lesion in outcome.lesions:
            match = outcome.matches.get(lesion.id)
            place = getattr(match.item, "place", None) if match else None
            if place is None or not lesion.truth:
                continue
            for what in ("side", "level", "structure"):
                if lesion.truth[what] is not None:
                    total[what] += 1
                    right[what] += lesion.truth[what] == getattr(place, what)
    if not total:
        return []
    return ["  names     " + ", ".join(f"{what} {share(right[what], total[what])}" for what in total)]
