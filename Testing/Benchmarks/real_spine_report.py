"""Tables of the family of real lumbar MR: lesions by structure, by case, references, and missed lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from finding_record import Record

WITHIN = 0.10
"""Upper bound of the error of a reference that counts as right."""


def spine_report(records: Sequence[Record]) -> list[str]:
    """All tables of the records that are of this family, as lines."""
    some = [r for r in records if r.facts]
    if not some:
        return []
    lines = []
    for variant in dict.fromkeys(v for r in some for v in r.facts):
        chosen = [r for r in some if variant in r.facts]
        lines.append(f"## real lumbar MR, {variant} the drawn vertebrae: {len(chosen)} cases")
        lines += _by_structure(chosen, variant) + _by_plan(chosen, variant)
        lines += _references(chosen, variant) + _healthy(chosen, variant) + _missed(chosen, variant)
    return lines


def _by_structure(records: Sequence[Record], variant: str) -> list[str]:
    """Found lesions by structure and evidence."""
    rows: dict[str, dict[str, list[bool]]] = {}
    for record in records:
        outcome = record.outcomes[variant]
        for lesion in outcome.lesions:
            row = rows.setdefault(lesion.truth["structure"], {})
            row.setdefault(lesion.evidence, []).append(outcome.ranks[lesion.id] is not None)
    lines = ["  found by structure (all; with MR sign; PET only)"]
    for structure, row in sorted(rows.items()):
        every = [hit for hits in row.values() for hit in hits]
        parts = [_share(every), _share(row.get("PET+MR", [])), _share(row.get("PET only", []))]
        lines.append(f"    {structure:16} {'  '.join(f'{p:6}' for p in parts)}")
    every = [hit for row in rows.values() for e, hits in row.items() for hit in hits if e != "MR only"]
    return [*lines, f"    {'all simulated':16} {_share(every)}"]


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits)}/{len(hits)}"


def _by_plan(records: Sequence[Record], variant: str) -> list[str]:
    """Found lesions, false candidates and their places by case."""
    lines = ["  by case: found, false a case, largest foci (ml), memory (MB)"]
    for plan in dict.fromkeys(r.facts[variant]["plan"] for r in records):
        some = [r for r in records if r.facts[variant]["plan"] == plan]
        hits = [
            o.ranks[x.id] is not None
            for o in (r.outcomes[variant] for r in some)
            for x in o.lesions
            if x.evidence != "MR only"
        ]
        false = np.mean([len(r.outcomes[variant].false) for r in some])
        foci = max(r.facts[variant]["foci_ml"] for r in some)
        memory = max(r.facts[variant]["memory_mb"] for r in some)
        lines.append(f"    {plan:12} {_share(hits):6} {false:5.2f} {foci:8.0f} {memory:6.0f}")
    false = np.mean([len(r.outcomes[variant].false) for r in records])
    return [*lines, f"    all: false {false:.2f} a case"]


def _references(records: Sequence[Record], variant: str) -> list[str]:
    """References over their truth by tissue and case."""
    lines = ["  references over truth (- none): each case; within 10 %; wrong by a third or more and not said"]
    for tissue in ("marrow", "muscle"):
        rows = [(r.facts[variant]["plan"], r.facts[variant]["references"][tissue]) for r in records]
        by_plan: dict[str, list[str]] = {}
        for plan, row in rows:
            by_plan.setdefault(plan, []).append("-" if row["ratio"] is None else f"{row['ratio']:.2f}")
        right = [row["ratio"] is not None and abs(row["ratio"] - 1.0) <= WITHIN for _, row in rows]
        silent = sum(row["wrong"] and not row["said"] for _, row in rows)
        cases = "; ".join(f"{plan} {' '.join(values)}" for plan, values in by_plan.items())
        lines.append(f"    {tissue}: {cases}; within 10 % {_share(right)}; wrong and silent {silent}")
    return lines


def _healthy(records: Sequence[Record], variant: str) -> list[str]:
    """What is found where no lesion was added."""
    lines = ["  nothing added: candidates, MR findings"]
    for record in records:
        if "-healthy-" not in record.name:
            continue
        facts, outcome = record.facts[variant], record.outcomes[variant]
        findings = ", ".join(f"{kind} {n}" for kind, n in facts["mr_findings"].items()) or "none"
        modic = "".join(
            f"; real Modic I {'reported' if outcome.ranks[x.id] is not None else 'NOT reported'}"
            for x in outcome.lesions
        )
        lines.append(f"    {facts['plan']:12} {len(outcome.found)} candidates; {findings}{modic}")
    return lines


def _missed(records: Sequence[Record], variant: str) -> list[str]:
    """Each missed lesion with what the program has there, and each false candidate."""
    lines = ["  missed"]
    for record in records:
        outcome = record.outcomes[variant]
        by_id: dict[str, Any] = {x.id: x for x in outcome.lesions}
        for key, text in record.facts[variant]["why"].items():
            if outcome.ranks[key] is not None:
                continue
            t = by_id[key].truth
            what = f"{t['structure']} {t['level'] or ''} {t['side'] or ''}"
            size = (
                ""
                if t["ratio"] is None
                else f", {t['volume_ml']} ml, ratio {t['ratio']}, SUVpeak {t['blurred_suv_peak']:.2f}"
            )
            lines.append(f"    {record.name[:-11]} {by_id[key].evidence} {what}{size}: {text}")
    lines.append("  false")
    for record in records:
        outcome = record.outcomes[variant]
        for (rank, one), place in zip(outcome.false, outcome.false_places, strict=True):
            facts = one.facts
            numbers = " ".join(f"{n} {facts[n]:.2f}" for n in ("suv_peak", "tbr", "mtv_ml", "mr_z") if facts.get(n))
            words = f"{facts.get('evidence')} {facts.get('name')} {facts.get('mr_kind') or ''} {numbers}"
            lines.append(f"    {record.name[:-11]} rank {rank} [{place}]: {words}")
    return lines
