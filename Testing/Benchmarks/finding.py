"""How well pain generators are found: sensitivity, false candidates, ranks and names, on phantoms and real cases.

    python Testing/Benchmarks/finding.py --cache DIR [--seeds tune|held-out] [--count 20] [--skip 0] [--group low-back]
        [--stage pet|mapped|fused|whole] [--anatomy] [--froc] [--plain] [--real] [--list]

Stages: ``pet`` looks at the PET alone; ``mapped`` adds the tissues that the MR shows, ``fused`` the MR findings and
the ranking, both in the true alignment; ``whole`` is the whole analysis with its own alignment.
Found means: a candidate's centroid within max(10 mm, the lesion's largest radius) of its center; all others are false.
TUNE seeds are for development; HELD-OUT seeds are looked at only to quote.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "PainGenerator"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from finding_cases import TestCase, phantom_case
from finding_plain import above, thresholds
from finding_real import REAL, real_case
from finding_run import STAGES, Run, run_case
from finding_score import Found, Outcome, false_per_case, score, sensitivity, share, summary

SEEDS = {"tune": 100, "held-out": 200}
GROUPS = ("low-back", "hip-replacement")
SLIDER = (1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0)


def cases_of(arguments: argparse.Namespace):
    """The chosen cases, one at a time."""
    first = SEEDS[arguments.seeds] + arguments.skip
    for seed in range(first, first + arguments.count):
        for group in arguments.group or GROUPS:
            case = phantom_case(arguments.cache, group, seed)
            if arguments.anatomy:
                label_map, names = case.anatomy
                options = dataclasses.replace(case.case.options, anatomy=label_map, anatomy_labels=names)
                case = dataclasses.replace(case, case=dataclasses.replace(case.case, options=options))
            yield case
    if arguments.real:
        for name in REAL:
            yield real_case(arguments.data, name)


def lesions_for(stage: str, case: TestCase) -> list:
    """All lesions, or only those with uptake where the MR findings do not take part."""
    return [x for x in case.lesions if stage in ("fused", "whole") or x.evidence != "MR only"]


def say(text: str) -> None:
    """Write a line at once: a long run is followed while it goes."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def kind_of(case: TestCase) -> str:
    return case.case.group if case.is_phantom else "real"


def measure(arguments: argparse.Namespace) -> None:
    """Run all cases and print the tables."""
    outcomes: dict[str, list[Outcome]] = {}
    sweep: dict[tuple[str, float], list[Outcome]] = {}
    plain: dict[tuple[str, str], list[Outcome]] = {}
    errors: list[tuple[float, float, bool]] = []
    for case in cases_of(arguments):
        clock = time.process_time()
        run = run_case(arguments.cache, case, arguments.stage, tuple(arguments.set))
        lesions, kind = lesions_for(arguments.stage, case), kind_of(case)
        outcome = score(case.name, run.lesions(lesions), run.found(), case.normal)
        outcomes.setdefault(kind, []).append(outcome)
        part, whole = sensitivity([outcome])
        say(f"{case.name}: found {part}/{whole}, false {len(outcome.false)}, {time.process_time() - clock:.1f} s CPU")
        if arguments.list:
            print_list(outcome, run)
        if run.landmark_errors is not None:
            errors.append(run.landmark_errors)
        for ratio in SLIDER if arguments.froc else ():
            one = score(case.name, run.lesions(lesions), run.found(ratio), case.normal)
            sweep.setdefault((kind, ratio), []).append(one)
        if arguments.plain:
            with_uptake = run.lesions(lesions_for("pet", case))
            for method, threshold in thresholds(run.suv).items():
                found = [Found(run.to_lesions(f.centroid_ras_mm), f) for f in above(run.suv, threshold)]
                plain.setdefault((kind, method), []).append(score(case.name, with_uptake, found, case.normal))
    for kind, some in outcomes.items():
        say("\n".join(summary(f"{kind}, {arguments.seeds} seeds, stage {arguments.stage}", some)))
    for (kind, ratio), some in sweep.items():
        found = ", ".join(f"{e} {share(*sensitivity(some, e))}" for e in ("PET+MR", "PET only", "MR only"))
        say(f"slider {ratio:.1f} {kind}: {found}; false {false_per_case(some):.2f} a case")
    for (kind, method), some in plain.items():
        say(f"plain {method} {kind}: found {share(*sensitivity(some))}, false {false_per_case(some):.2f} a case")
    if errors:
        before, after, told = (np.array(column) for column in zip(*errors, strict=True))
        say(
            f"landmarks: before median {np.median(before):.2f}, 95 % {np.percentile(before, 95):.2f}, "
            f"worst {before.max():.2f} mm; after {np.median(after):.2f}, {np.percentile(after, 95):.2f}, "
            f"{after.max():.2f} mm; over 3 mm and said so {share(int(told[after > 3].sum()), int((after > 3).sum()))}"
        )


def print_list(outcome: Outcome, run: Run) -> None:
    """Every lesion and every false candidate of a case."""
    for lesion in outcome.lesions:
        rank, match = outcome.ranks[lesion.id], outcome.matches.get(lesion.id)
        true = lesion.truth
        words = f"{lesion.evidence} {true.get('kind', '')} {true.get('volume_ml', '')} ml ratio {true.get('ratio')}"
        if match is None:
            say(f"    MISSED {lesion.id} {words} {run.why_not(lesion)}")
        else:
            gap = float(np.linalg.norm(match.center_ras_mm - lesion.center_ras_mm))
            say(f"    found  {lesion.id} {words}: rank {rank}, {gap:.1f} mm off, {run.words(match.item)}")
            if lesion.region is not None:
                say(f"           {run.overlap(lesion, match.item)}")
    for rank, false in outcome.false:
        place = np.round(false.center_ras_mm).astype(int).tolist()
        say(f"    false  rank {rank} at {place}: {run.words(false.item)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps phantoms; outside the project")
    parser.add_argument("--seeds", choices=tuple(SEEDS), default="tune")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--skip", type=int, default=0, help="leave out so many seeds at the start")
    parser.add_argument("--group", action="append", choices=GROUPS)
    parser.add_argument("--stage", choices=STAGES, default="whole")
    parser.add_argument("--anatomy", action="store_true", help="use the phantoms' anatomy label map")
    parser.add_argument("--froc", action="store_true", help="sweep the sensitivity slider")
    parser.add_argument("--plain", action="store_true", help="the plain methods beside it")
    parser.add_argument("--real", action="store_true", help="the real cases too")
    parser.add_argument("--list", action="store_true", help="every lesion and false candidate")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a protocol parameter")
    arguments = parser.parse_args()
    if PROJECT in (arguments.cache.resolve(), *arguments.cache.resolve().parents):
        parser.error("--cache must lie outside the project")
    arguments.data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
    if arguments.real and not arguments.data.is_dir():
        sys.exit(f"No reference data in {arguments.data}: set PAINGENERATOR_DATA.")
    measure(arguments)


if __name__ == "__main__":
    main()
