"""Tables of the ruler of sites, as lines of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from sites_run import SiteRecord
from sites_score import SiteScore, counted, position_row


def report(records: Sequence[SiteRecord]) -> list[str]:
    """All tables of a run."""
    lines = []
    for anatomy in dict.fromkeys(r.anatomy for r in records):
        some = [r for r in records if r.anatomy == anatomy]
        lines += ["", f"## {anatomy} label map: {len(some)} cases", *_positions(some), *_kinds(some)]
        lines += [*_zones(some), *_names(some), *_measures(some), *_seconds(some)]
    return lines


def _share(values: Iterable[bool | None]) -> str:
    """``n of m`` of truth values; None counts nowhere."""
    known = [value for value in values if value is not None]
    return f"{sum(known)} of {len(known)}" if known else "-"


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _positions(records: Sequence[SiteRecord]) -> list[str]:
    lines = ["", "| structure | true sites | missing | median mm | 95 % mm | within 8 mm | side right |"]
    lines.append("|---|---|---|---|---|---|---|")
    scores = [s for r in records for s in r.sites]
    groups = [(name, [s for s in scores if _title(s) == name]) for name in dict.fromkeys(_title(s) for s in scores)]
    groups += [("all but rough", [s for s in scores if not s.is_rough])]
    for name, some in groups:
        row = position_row(some)
        within = "-" if row["within"] is None else f"{100 * row['within']:.0f} %"
        sides = _share(s.is_side_right for s in some)
        lines.append(
            f"| {name} | {row['count']} | {row['missing']} | {_number(row['median'])} | {_number(row['p95'])} | "
            f"{within} | {sides} |"
        )
    return lines


def _title(score: SiteScore) -> str:
    """The row of the table to which a site belongs."""
    zone = " (zones)" if score.zone else ""
    return f"{score.structure}{zone}{' (rough truth)' if score.is_rough else ''}"


def _kinds(records: Sequence[SiteRecord]) -> list[str]:
    """Levels by variant, of the sites and of whole cases."""
    lines = [
        "",
        "| variant | cases | certain, likely, uncertain | levels right | flagged | silently wrong | missing |",
    ]
    lines.append("|---|---|---|---|---|---|---|")
    kinds = [*dict.fromkeys(r.kind for r in records)]
    for kind in [*kinds, None]:
        some = [r for r in records if kind in (None, r.kind)]
        leveled = [s for r in some for s in r.sites if s.level is not None]
        if not leveled:
            continue
        states = counted(s.level_state for s in leveled)
        sure = counted(r.certainty or "none" for r in some)
        missing = sum(s.error_mm is None for s in leveled)
        words = ", ".join(str(sure.get(word, 0)) for word in ("certain", "likely", "uncertain"))
        lines.append(
            f"| {kind or 'all'} | {len(some)} | {words} | {states.get('right', 0)} | {states.get('flagged', 0)} | "
            f"{states.get('silent', 0)} | {missing} |"
        )
    return lines


def _zones(records: Sequence[SiteRecord]) -> list[str]:
    zones = [s.is_zone_right for r in records for s in r.sites if s.zone is not None]
    return ["", f"Zones right: {_share(zones)}"] if zones else []


def _names(records: Sequence[SiteRecord]) -> list[str]:
    names = [n for r in records for n in r.names]
    if not names:
        return []
    levels = counted(n.level_state for n in names)
    rows: list[tuple[str, Callable[[Any], bool | None]]] = [
        ("structure", lambda n: n.is_structure_right),
        ("side", lambda n: n.side == n.found_side),
        ("zone", lambda n: None if n.zone is None else n.zone == n.found_zone),
    ]
    words = [f"{what} {_share(right(n) for n in names)}" for what, right in rows]
    states = ", ".join(f"{state} {levels.get(state, 0)}" for state in ("right", "flagged", "silent", "none"))
    return ["", f"Names of true lesions: {', '.join(words)}; level {states}"]


def _measures(records: Sequence[SiteRecord]) -> list[str]:
    scores = [m for r in records for m in r.measures]
    if not scores:
        return []
    lines = ["", "| measure over truth | count | median | 5 % | 95 % | within 3 % | within 10 % |"]
    lines.append("|---|---|---|---|---|---|---|")
    for what in sorted(dict.fromkeys(m.what for m in scores)):
        parts = np.array([m.part for m in scores if m.what == what])
        low, middle, high = np.percentile(parts, [5, 50, 95])
        near = [100 * np.mean(np.abs(parts - 1) <= bound) for bound in (0.03, 0.10)]
        lines.append(
            f"| {what} | {len(parts)} | {middle:.3f} | {low:.3f} | {high:.3f} | {near[0]:.0f} % | {near[1]:.0f} % |"
        )
    return lines


def _seconds(records: Sequence[SiteRecord]) -> list[str]:
    words = []
    for what in ("frame", "find", "measure"):
        values = [r.seconds[what] for r in records if what in r.seconds]
        if values:
            words.append(f"{what} median {np.median(values):.2f}, most {max(values):.2f}")
    return ["", f"Processor seconds for all sites of a case: {'; '.join(words)}"]


def case_lines(record: SiteRecord, with_list: bool) -> list[str]:
    """One line about a case, and one about each bad site when they are wanted."""
    row = position_row([s for s in record.sites if not s.is_rough])
    states = counted(s.level_state for s in record.sites)
    text = f"{record.name} [{record.anatomy}] {row['count']} sites, missing {row['missing']}"
    text += f", median {_number(row['median'])}, 95 % {_number(row['p95'])} mm; levels {record.certainty}: {states}"
    lines = [text]
    if with_list:
        lines += [f"    reason: {reason}" for reason in record.reasons]
        lines += [f"    {_bad(s)}" for s in record.sites if _is_bad(s)]
        for n in record.names:
            if not n.is_structure_right or n.level_state not in (None, "right") or n.side != n.found_side:
                lines.append(
                    f"    lesion {n.side} {n.structure} {n.level or n.zone}: named {n.found} ({n.level_state})"
                )
    return lines


def _is_bad(score: SiteScore) -> bool:
    far = score.error_mm is None or score.error_mm > 8.0
    return far or score.level_state not in (None, "right") or score.is_side_right is False


def _bad(s: SiteScore) -> str:
    """A text about a site that is missing, far off or has a wrong name."""
    words = " ".join(word for word in (s.side, s.structure, s.level, s.zone) if word)
    if s.error_mm is None:
        return f"{words}: missing"
    return f"{words}: {s.error_mm:.1f} mm, named {s.found_side} {s.found_level or ''} {s.found_zone or ''}"
