"""What becomes of wrong label maps: refused, flagged, or believed in silence; and whether right ones are believed.

    python Testing/Benchmarks/wrong_maps.py --cache DIR [--case low-back-300 hip-300 AKa ...] [--change NAME ...]
        [--list] [--json FILE]

Each change of ``wrong_maps_changes.py`` makes a wrong map of the map of a case. The true alignment is used. The MR
stage runs once for each case, without a map, and is kept in the cache.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of the project."""
sys.path.insert(0, str(PROJECT / "PainGenerator"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from real_spine_cases import PLANS
from sites import say
from sites_cases import SiteCase, phantom_site_case, real_site_case
from sites_run import _run
from wrong_maps_changes import RIGHT, WRONG
from wrong_maps_run import MapJudge, MapScore

GROUPS = {"low-back": "low-back", "hip": "hip-replacement"}
"""First word of the name of a phantom -> its clinical group."""


def case_of(arguments: argparse.Namespace, name: str) -> SiteCase:
    """A case by its name: ``low-back-300``, ``low-back-300-scoliosis``, ``hip-300``, or that of a real case."""
    real = {plan.name: plan for plan in PLANS}
    if name in real:
        return real_site_case(arguments.cache, arguments.data, real[name], "plain")
    for word, group in GROUPS.items():
        if name.startswith(f"{word}-"):
            seed, _, variant = name.removeprefix(f"{word}-").partition("-")
            return phantom_site_case(arguments.cache, group, int(seed), variant or "plain", "normal", "plain")
    raise SystemExit(f"There is no case {name}.")


def words(score: MapScore) -> str:
    """One line about a map."""
    counts = f"sides {score.sides} levels {score.levels} places {score.places} flagged {score.flagged}"
    return f"{score.verdict:8} {counts} of {score.asked}"


def short(score: MapScore) -> str:
    """The verdict, with the number of wrong names and sites where some are called certain."""
    wrong = score.sides + score.levels + score.places
    return f"**{score.verdict}** ({wrong} of {score.asked})" if wrong else score.verdict


def table(scores: dict[str, dict[str, MapScore]]) -> list[str]:
    """A table in Markdown: one row for each change, one column for each case."""
    cases = list(scores)
    changes = list(next(iter(scores.values())))
    lines = ["| map | " + " | ".join(cases) + " |", "|---" * (len(cases) + 1) + "|"]
    rows = ([change, *(short(scores[case][change]) for case in cases)] for change in changes)
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def main() -> None:
    """Read the command line and run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps phantoms; outside the project")
    parser.add_argument("--case", nargs="+", default=["low-back-300", "hip-300", "AKa", "VB2_04_T2"], metavar="NAME")
    parser.add_argument("--change", nargs="+", default=[*RIGHT, *WRONG], choices=[*RIGHT, *WRONG], metavar="NAME")
    parser.add_argument("--list", action="store_true", help="also what is said about each map")
    parser.add_argument("--json", type=Path, help="write all scores here")
    arguments = parser.parse_args()
    arguments.data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
    scores: dict[str, dict[str, MapScore]] = {}
    for name in arguments.case:
        clock = time.monotonic()
        case = case_of(arguments, name)
        judge = MapJudge(_run(arguments.cache, case, False), case)
        say(f"# {name}: {time.monotonic() - clock:.0f} s; the right map: {' '.join(judge.usual_texts)}")
        scores[name] = {}
        for change in arguments.change:
            score = scores[name][change] = judge.score({**RIGHT, **WRONG}[change])
            say(f"{name:22} {change:34} {words(score)}")
            if arguments.list:
                say("".join(f"    - {text}\n" for text in score.texts))
        say(f"# {name}: {time.monotonic() - clock:.0f} s")
    say("\n".join(table(scores)))
    if arguments.json is not None:
        plain = {case: {k: dataclasses.asdict(v) for k, v in some.items()} for case, some in scores.items()}
        arguments.json.write_text(json.dumps(plain, indent=1) + "\n")


if __name__ == "__main__":
    main()
