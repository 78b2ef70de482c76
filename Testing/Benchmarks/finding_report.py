"""Make the tables and the JSON file of the benchmark for finding."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from finding_places import FORBIDDEN
from finding_record import Record
from finding_score import (
    EVIDENCES,
    PEAK_WITHIN,
    RATIO_WITHIN,
    Found,
    Outcome,
    State,
    false_per_case,
    measure_errors,
    names_right,
    ratio_errors,
    sensitivity,
    states,
    true_first_count,
)
from finding_stability import stability_report
from finding_verdict import scenario_report

FAR_MM = 3.0
"""Lower bound of the error of an alignment that counts as far from the truth, mm. Our estimate."""
WORSE_MM = 0.5
"""Lower bound of the increase of the error that counts as a worse alignment, mm. Our estimate."""


def share(part: int, whole: int) -> str:
    """Text with a count and its percentage."""
    return f"{part}/{whole}" + (f" ({100.0 * part / whole:.0f} %)" if whole else "")


def by_kind(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Sort records by kind: the groups, and the real cases."""
    kinds = list(dict.fromkeys(record.kind for record in records))
    return {kind: [record for record in records if record.kind == kind] for kind in kinds}


def report(records: Sequence[Record]) -> list[str]:
    """Make all tables as lines of text."""
    lines = []
    for kind, some in by_kind(records).items():
        for variant in dict.fromkeys(v for record in some for v in record.outcomes):
            outcomes = [record.outcomes[variant] for record in some if variant in record.outcomes]
            lines += [f"## {kind}, {variant} anatomy segmentation: {len(outcomes)} cases", *_finding(outcomes)]
        lines += _stable(some) + _slider(some) + _plain(some)
    return [*lines, *scenario_report(records), *stability_report(records), *_alignment(records), *_speed(records)]


def _finding(outcomes: Sequence[Outcome]) -> list[str]:
    lines = []
    for evidence in EVIDENCES:
        part, whole = sensitivity(outcomes, evidence)
        if whole:
            lines.append(f"  {evidence:9} found {share(part, whole)}{_others(outcomes, evidence)}")
    count = states(outcomes)
    lines.append(f"  all       set apart {share(count[State.SET_APART], count.total())}{_lists(outcomes)}")
    false = [len(o.false) for o in outcomes]
    lines.append(f"  false     {false_per_case(outcomes):.2f} a case (median {np.median(false):g}, most {max(false)})")
    places = Counter(place for o in outcomes for place in o.false_places)
    organs = {place: places.pop(place, 0) for place in FORBIDDEN}
    lines.append(
        f"  where none may lie {sum(organs.values())}: " + ", ".join(f"{place} {n}" for place, n in organs.items())
    )
    lines.append("  the others " + (", ".join(f"{place} {n}" for place, n in places.most_common()) or "-"))
    kinds = Counter(f.facts["evidence"] for o in outcomes for _, f in o.false if f.facts.get("evidence"))
    if kinds:
        lines.append("  false by evidence " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))
    lines.append(
        f"  true before false in {share(*true_first_count(outcomes))} cases, "
        f"those with PET and MR in {share(*true_first_count(outcomes, ('PET+MR',)))}"
    )
    ranks = sorted((r for o in outcomes for r in o.ranks.values()), key=lambda r: r or 999)
    lines.append("  ranks     " + " ".join("-" if r is None else str(r) for r in ranks))
    return lines + _measures(outcomes) + _names(outcomes)


def _others(outcomes: Sequence[Outcome], evidence: str) -> str:
    """Text about the lesions of a kind of evidence that are no candidate."""
    count = states(outcomes, evidence)
    return "".join(f", {state} {count[state]}" for state in (State.ATTENTION, State.SET_APART, State.MISSED))


def _lists(outcomes: Sequence[Outcome]) -> str:
    """Text about the lengths of the two other lists, and about the box for attention where there is no lesion."""
    needless = sum(len(o.needless_attention()) for o in outcomes)
    apart, attention = (
        float(np.mean([len(some) for some in lists]))
        for lists in (
            [o.set_apart for o in outcomes],
            [o.attention for o in outcomes],
        )
    )
    return f"; entries set apart {apart:.1f} a case, for attention {attention:.1f}, of these at no lesion {needless}"


def _measures(outcomes: Sequence[Outcome]) -> list[str]:
    peak, volume = measure_errors(outcomes)
    if not len(peak):
        return []
    inside = ", ".join(f"{100 * w:.0f} % {_within(peak, w)}" for w in PEAK_WITHIN)
    text = f"  SUVpeak within {inside}, median {np.median(peak):+.1%}"
    ratio, others = ratio_errors(outcomes)
    if len(ratio):
        text += f"; ratio within {100 * RATIO_WITHIN:.0f} % {_within(ratio, RATIO_WITHIN)}"
        text += f", median {np.median(ratio):+.0%}"
    text += f"; ratio to another tissue {others}" if others else ""
    if len(volume):
        inside = share(int(np.sum(np.abs(volume) <= 0.25)), len(volume))
        text += f"; volume (over 1 ml) within 25 % {inside}, median {np.median(volume):+.0%}"
    return [text]


def _within(errors: np.ndarray, limit: float) -> str:
    """Text with how many errors are not larger than a limit."""
    return share(int(np.sum(np.abs(errors) <= limit)), len(errors))


def _names(outcomes: Sequence[Outcome]) -> list[str]:
    right = names_right(outcomes)
    return ["  names     " + ", ".join(f"{what} {share(*count)}" for what, count in right.items())] if right else []


def _stable(records: Sequence[Record]) -> list[str]:
    texts = []
    for what, words in (
        ("sensitivity", "one step of the slider"),
        ("two steps", "two"),
        ("alignment", "2 mm of misalignment"),
    ):
        known = [r.stable[what] for r in records if r.stable.get(what) is not None]
        if known:
            texts.append(f"{words} {share(sum(known), len(known))}")
    return ["  the first three stay under " + ", ".join(texts)] if texts else []


def _slider(records: Sequence[Record]) -> list[str]:
    lines = []
    for variant, ratio in dict.fromkeys(key for record in records for key in record.slider):
        outcomes = [record.slider[variant, ratio] for record in records if (variant, ratio) in record.slider]
        found = ", ".join(f"{e} {share(*sensitivity(outcomes, e))}" for e in EVIDENCES if sensitivity(outcomes, e)[1])
        lines.append(f"  slider {ratio:.1f} {variant} anatomy: {found}; false {false_per_case(outcomes):.2f} a case")
    return lines


def _plain(records: Sequence[Record]) -> list[str]:
    lines = []
    for method in dict.fromkeys(key for record in records for key in record.plain):
        outcomes = [record.plain[method] for record in records if method in record.plain]
        _, volume = measure_errors(outcomes)
        inside = share(int(np.sum(np.abs(volume) <= 0.25)), len(volume)) if len(volume) else "-"
        lines.append(
            f"  plain {method}: found {share(*sensitivity(outcomes))}, false {false_per_case(outcomes):.2f} a case, "
            f"true before false {share(*true_first_count(outcomes))}, volume within 25 % {inside}"
        )
    return lines


def _alignment(records: Sequence[Record]) -> list[str]:
    lines = []
    for kind, some in by_kind(records).items():
        for role in dict.fromkeys(role for record in some for role in record.landmarks):
            errors = [record.landmarks[role] for record in some if role in record.landmarks]
            before, after = (np.array([e[key] for e in errors]) for key in ("before_mm", "after_mm"))
            far = [e for e in errors if e["after_mm"] > FAR_MM]
            said = sum(e["verdict"] == "not aligned" for e in far)
            warned = sum(e["verdict"] == "not aligned" or e["warned"] for e in far)
            lines.append(
                f"## alignment of {role}, {kind}, {len(errors)} cases, mean of a case's landmarks, mm: "
                f"before {_spread(before)}; after {_spread(after)}; worst landmark "
                f"{max(max(e['landmarks_mm']) for e in errors):.2f}; worse by over {WORSE_MM} mm "
                f"{int(np.sum(after > before + WORSE_MM))}; over {FAR_MM:.0f} mm {len(far)}, of these said so {said}, "
                f"said so or warned {warned}; not aligned {sum(e['verdict'] == 'not aligned' for e in errors)}"
            )
    return lines


def _spread(values: np.ndarray) -> str:
    return f"median {np.median(values):.2f}, 95 % {np.percentile(values, 95):.2f}, worst {values.max():.2f}"


def _speed(records: Sequence[Record]) -> list[str]:
    stages = dict.fromkeys(stage for record in records for stage in record.seconds)
    texts = []
    for stage in stages:
        seconds = [record.seconds[stage] for record in records if stage in record.seconds]
        texts.append(f"{stage} median {np.median(seconds):.1f}, most {max(seconds):.1f}")
    return ["## seconds of processor time a case: " + "; ".join(texts)] if texts else []


def to_json(records: Sequence[Record], settings: dict[str, Any]) -> dict[str, Any]:
    """Return records and sums in plain types."""
    return {"settings": settings, "sums": _sums(records), "cases": [_record_json(record) for record in records]}


def _sums(records: Sequence[Record]) -> dict[str, Any]:
    """The content of the chart: for each kind the curve over the slider, the default and the plain methods."""
    sums = {}
    for kind, some in by_kind(records).items():
        keys = dict.fromkeys(key for record in some for key in record.slider)
        curves: dict[str, list] = {}
        for variant, ratio in keys:
            point = _point([r.slider[variant, ratio] for r in some if (variant, ratio) in r.slider])
            curves.setdefault(variant, []).append({"ratio": ratio, **point})
        variants = dict.fromkeys(v for r in some for v in r.outcomes)
        methods = dict.fromkeys(m for r in some for m in r.plain)
        sums[kind] = {
            "default": {v: _point([r.outcomes[v] for r in some if v in r.outcomes]) for v in variants},
            "slider": curves,
            "plain": {m: _point([r.plain[m] for r in some if m in r.plain]) for m in methods},
        }
    return sums


def _point(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    part, whole = sensitivity(outcomes)
    by_evidence = {e: sensitivity(outcomes, e) for e in EVIDENCES if sensitivity(outcomes, e)[1]}
    return {
        "cases": len(outcomes),
        "found": part,
        "lesions": whole,
        "by_evidence": by_evidence,
        "states": {str(state): n for state, n in states(outcomes).items()},
        "false_a_case": false_per_case(outcomes),
        "true_first": true_first_count(outcomes),
        "names": names_right(outcomes),
    }


def _record_json(record: Record) -> dict[str, Any]:
    return {
        "name": record.name,
        "kind": record.kind,
        "stable": record.stable,
        "landmarks": record.landmarks,
        "seconds": record.seconds,
        "facts": record.facts,
        "verdicts": {variant: one.to_json() for variant, one in record.verdicts.items()},
        "steps": [dataclasses.asdict(step) for step in record.steps],
        "outcomes": {variant: _outcome_json(outcome) for variant, outcome in record.outcomes.items()},
    }


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    candidates = []
    false_place = dict(zip((rank for rank, _ in outcome.false), outcome.false_places, strict=True))
    for rank, one in enumerate(outcome.found, start=1):
        lesion = outcome.lesion_of(rank)
        candidates.append(
            {
                "rank": rank,
                "lesion": None if lesion is None else lesion.id,
                "false_place": false_place.get(rank),
                **_entry_json(one),
            }
        )
    lesions = [
        {"id": x.id, "evidence": x.evidence, "rank": outcome.ranks[x.id], "state": str(outcome.state(x)), **x.truth}
        for x in outcome.lesions
    ]
    lists = {"set_apart": outcome.set_apart, "attention": outcome.attention}
    return {"lesions": lesions, "candidates": candidates} | {
        name: [{"lesion": _lesion_at(one, outcome), **_entry_json(one)} for one in entries]
        for name, entries in lists.items()
    }


def _entry_json(one: Found) -> dict[str, Any]:
    """An entry of any list: its center, the centers of its parts, and its facts with the ledger."""
    centers = [[round(float(x), 2) for x in at] for at in one.centers]
    return {"center_ras_mm": centers[0], "parts_ras_mm": centers[1:], **one.facts}


def _lesion_at(one: Found, outcome: Outcome) -> str | None:
    """Id of the first lesion at which an entry lies; None where there is none."""
    return next((x.id for x in outcome.lesions if one.is_at(x)), None)
