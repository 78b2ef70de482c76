"""Judge every input case and print the table of Testing/CASES.md.

    python Testing/Benchmarks/input_cases_table.py [--json FILE] [--before FILE] [--only WORD]

``--json`` writes the outcome of every case. ``--before`` takes such a file of an earlier version and prints both side
by side. To judge an earlier version with today's cases, set PYTHONPATH to its folder `PainGenerator`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(PROJECT / "Testing" / "Python")]
if "PYTHONPATH" not in os.environ:
    sys.path[1:1] = [str(PROJECT / "PainGenerator")]

from input_cases.everything import ALL_CASES
from input_cases.judging import Outcome


def main() -> None:
    """Judge the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    found = {}
    for case in ALL_CASES:
        if options.only in case.name or options.only in case.kind:
            with tempfile.TemporaryDirectory() as folder:
                judged = case.judge(Path(folder))
            found[case.name] = {"kind": case.kind, "outcome": str(judged.outcome), "seen": judged.seen}
            print(f"{judged.outcome:10} {case.name}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    before = json.loads(options.before.read_text(encoding="utf-8")) if options.before else {}
    print(table(found, before))


def table(found: dict[str, dict[str, str]], before: dict[str, dict[str, str]]) -> str:
    """One row for each kind: number of cases and how many have each outcome, before and now."""
    outcomes = [str(outcome) for outcome in Outcome]
    kinds = list(dict.fromkeys(entry["kind"] for entry in found.values()))
    lines = [
        "| kind | cases | " + " | ".join(outcomes) + " |",
        "|---" * (len(outcomes) + 2) + "|",
    ]
    for kind in [*kinds, "all"]:
        names = [name for name, entry in found.items() if kind in ("all", entry["kind"])]
        now = Counter(found[name]["outcome"] for name in names)
        then = Counter(before[name]["outcome"] for name in names if name in before)
        cells = [f"{then[one]} -> {now[one]}" if before else str(now[one]) for one in outcomes]
        lines.append(f"| {kind} | {len(names)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
