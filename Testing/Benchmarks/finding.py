"""How well pain generators are found on phantoms and real cases, also by plain methods.

The tables contain alignment, sensitivity, false candidates, ranks and names.

    python Testing/Benchmarks/finding.py --cache DIR [--seeds tune|held-out] [--count 20] [--skip 0] [--group low-back]
        [--stage pet|mapped|fused|whole] [--anatomy [with|without|both]] [--froc] [--plain] [--real] [--list]
        [--realism plain|clinical] [--jobs N] [--json FILE]
    python Testing/Benchmarks/finding.py --cache DIR --scenario NAME [NAME ...]|all [--count 1] [--stability] [...]
    python Testing/Benchmarks/finding.py --cache DIR --folders FAMILY [FAMILY ...] [the same options but seeds]
    python Testing/Benchmarks/finding.py --cache DIR --family real-spine --measure tissues [--case NAME ...]
        [--variant NAME] [--anatomy [with|without|both]] [--jobs N]
    python Testing/Benchmarks/finding.py --cache DIR --family real-spine --stage fused [--count 3] [--case NAME ...]
        [--variant NAME] [--anatomy [with|without|both]]

FAMILY is a folder of cases of other phantoms: ``<group>-<seed>/`` with ``dicom/``, ``truth.json``, ``anatomy.nrrd``
and ``where.nrrd`` (see ``write_independent_phantom.py``). They are read from DICOM in the same way as by the command.

The stage ``pet`` uses the PET alone. ``mapped`` adds the tissues that the MR shows, and ``fused`` adds the MR findings
and the ranking; both use the true alignment. ``whole`` is the whole analysis with its own alignment.

A lesion is found when the centroid of a candidate lies within 10 mm of its center, or within its largest radius if
that is larger. All other candidates are false. A candidate that names both sides, or a disc with both endplates, can
be found at each of its hot spots and MR findings.

A lesion that no candidate has found is "attention" when an entry of the box above the ranking lies there, "set apart"
when it was found but has fewer points than the bar, and else "missed". Names and measures are compared with the truth
for candidates and for the box. The option ``--list`` shows the ledger of every entry in one line: states of PET and
MR, each sign with its points ("?" when it was not assessable), the sum, and the reason.

A scenario poses one question and has its right answer in ``truth.json`` (docs/phantoms.md). Its table tells what is
wrong in each: a lesion that is not where it belongs, sides that are not named as one, a zone or a class of evidence,
"normal" said of a place of which MR cannot tell, and candidates that are at no lesion. With ``--stability`` each
parameter of the stages hot_spots and fusion is moved by one step, and the table names those with which the first three
of the list change.

The seeds ``tune`` are for development. The seeds ``held-out`` are used only for figures that are quoted.

Alignments and MR findings are kept in the cache under a digest of the source files on which they depend.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of the project."""
sys.path.insert(0, str(PROJECT / "PainGenerator"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from finding_real import REAL
from finding_record import VARIANTS, Record, Task, alone, measure
from finding_report import report, share, to_json
from finding_run import STAGES
from finding_score import State, sensitivity, states
from PainGeneratorLib.Numerics.core.words import Group
from PainGeneratorLib.Phantoms.scenarios import PLAIN_SCENARIO, SCENARIOS
from real_spine_report import spine_report
from real_spine_simulated import FAMILY, HEALTHY, case_names
from real_spine_tissues import tissue_report
from real_spine_variants import NAMES as SPINE_VARIANTS

SPINE_SEEDS = 3
"""Upper bound of the seeds of each case of real lumbar MR in one run: it has nine cases."""
SEEDS = {"tune": 100, "held-out": 200}
"""Name of a set of seeds -> its first seed."""
SCENARIO_SEEDS = {"tune": 300, "held-out": 500}
"""The same for scenarios. Nobody looks at the scenarios of the held-out seeds before the program is finished."""
USUAL_COUNT = 20
"""Number of seeds when none is given; of scenarios it is 1."""


def chosen_cases(arguments: argparse.Namespace) -> list[tuple[str | None, int | str | Path]]:
    """Return group and case of all cases that the command line selects."""
    if arguments.family == FAMILY:
        first = (0 if arguments.seeds == "tune" else 100) + arguments.skip
        seeds = [*map(str, range(first, first + min(arguments.count, SPINE_SEEDS)))]
        seeds = seeds if arguments.skip else [HEALTHY, *seeds]
        names = case_names(seeds, arguments.case, arguments.variant)
        return [(FAMILY, name) for name in names]
    groups = arguments.group or tuple(Group)
    chosen: list[tuple[str | None, int | str | Path]] = []
    for family in arguments.folders or ():
        for folder in sorted(family.resolve().glob("*-*"), key=lambda f: (f.name.rsplit("-", 1)[0], _number(f))):
            group = folder.name.rsplit("-", 1)[0]
            within = arguments.skip <= _number(folder) < arguments.skip + arguments.count
            if (group in groups or group not in tuple(Group)) and within and (folder / "truth.json").exists():
                chosen.append((f"{family.name} {group}", folder))
    if not arguments.folders:
        first = SEEDS[arguments.seeds] + arguments.skip
        chosen = [(group, seed) for seed in range(first, first + arguments.count) for group in groups]
    return chosen + ([(None, name) for name in REAL] if arguments.real else [])


def posed_cases(arguments: argparse.Namespace) -> list[tuple[str, int, str]]:
    """Return group, seed and name of all scenarios that the command line selects."""
    names = SCENARIOS if "all" in arguments.scenario else arguments.scenario
    posed = [SCENARIOS[name] for name in names]
    first = SCENARIO_SEEDS[arguments.seeds] + arguments.skip
    seeds = range(first, first + arguments.count)
    groups = arguments.group or tuple(Group)
    return [(one.group, seed, one.name) for one in posed for seed in seeds if one.group in groups]


def _number(folder: Path) -> int:
    """The seed in the name of the folder of a case; -1 when there is none."""
    tail = folder.name.rsplit("-", 1)[-1]
    return int(tail) if tail.isdigit() else -1


def tasks_of(arguments: argparse.Namespace) -> list[Task]:
    """Make the tasks of the selected cases."""
    usual = [] if arguments.scenario else chosen_cases(arguments)
    return [
        Task(
            arguments.cache,
            arguments.data,
            group,
            case,
            arguments.stage,
            arguments.anatomy,
            tuple(arguments.set),
            arguments.froc,
            arguments.plain,
            arguments.list,
            arguments.realism,
            scenario,
            arguments.stability,
        )
        for group, case, scenario in [*posed_cases(arguments), *((g, c, PLAIN_SCENARIO) for g, c in usual)]
    ]


def records_of(tasks: list[Task], jobs: int) -> Iterator[Record]:
    """Measure all cases in order, several at a time when `jobs` is more than 1."""
    if jobs <= 1:
        yield from map(measure, tasks)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=alone) as pool:
        yield from pool.map(measure, tasks)


def say(text: str) -> None:
    """Print a line without delay, so that a long run can be followed."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(arguments: argparse.Namespace) -> None:
    """Measure the cases, print the tables, and write the JSON file when one is named."""
    clock = time.monotonic()
    records = []
    for record in records_of(tasks_of(arguments), arguments.jobs):
        records.append(record)
        counts = "; ".join(
            f"{variant} anatomy found {share(*sensitivity([outcome]))}, "
            f"attention {states([outcome])[State.ATTENTION]}, set apart {states([outcome])[State.SET_APART]}, "
            f"false {len(outcome.false)}"
            for variant, outcome in record.outcomes.items()
        )
        say("\n".join([f"{record.name}: {counts}", *record.lines]))
    say(f"# {arguments.seeds} seeds, stage {arguments.stage}, {time.monotonic() - clock:.0f} s")
    say("\n".join([*report(records), *spine_report(records)]))
    if arguments.json is not None:
        settings = {"seeds": arguments.seeds, "stage": arguments.stage, "set": arguments.set}
        arguments.json.write_text(json.dumps(to_json(records, settings), indent=1) + "\n")


def main() -> None:
    """Read the command line and run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps phantoms; outside the project")
    parser.add_argument("--seeds", choices=tuple(SEEDS), default="tune")
    parser.add_argument("--count", type=int, help=f"number of seeds; {USUAL_COUNT}, or 1 of each scenario")
    parser.add_argument(
        "--scenario", nargs="+", default=[], choices=("all", *SCENARIOS), metavar="NAME", help="scenarios, or all"
    )
    parser.add_argument("--stability", action="store_true", help="the ranking under one step of each parameter")
    parser.add_argument(
        "--skip", type=int, default=0, help="leave out so many seeds at the start (of a family: seeds below this)"
    )
    parser.add_argument("--folders", type=Path, nargs="+", metavar="FAMILY", help="cases read from DICOM instead")
    parser.add_argument(
        "--realism", default="plain", help="of our own phantoms: plain, clinical, or effects joined by +"
    )
    parser.add_argument("--family", choices=(FAMILY,), help="cases of real lumbar MR instead of phantoms")
    parser.add_argument("--measure", choices=("finding", "tissues"), default="finding", help="tissues: the MR alone")
    parser.add_argument("--case", nargs="+", default=[], metavar="NAME", help="only these cases of real lumbar MR")
    parser.add_argument("--variant", choices=SPINE_VARIANTS, help="how all cases of real lumbar MR are imaged")
    parser.add_argument("--group", action="append", choices=tuple(Group))
    parser.add_argument("--stage", choices=STAGES, default="whole")
    parser.add_argument(
        "--anatomy",
        nargs="?",
        const="with",
        default="without",
        choices=tuple(VARIANTS),
        help="use the phantoms' anatomy label map",
    )
    parser.add_argument("--froc", action="store_true", help="sweep the sensitivity slider")
    parser.add_argument("--plain", action="store_true", help="the plain methods beside it")
    parser.add_argument("--real", action="store_true", help="the real cases too")
    parser.add_argument("--list", action="store_true", help="every lesion and false candidate")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a protocol parameter")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time, each in a process of its own")
    parser.add_argument("--json", type=Path, help="write records and sums here")
    arguments = parser.parse_args()
    if arguments.count is None:
        arguments.count = 1 if arguments.scenario else USUAL_COUNT
    if PROJECT in (arguments.cache.resolve(), *arguments.cache.resolve().parents):
        parser.error("--cache must lie outside the project")
    arguments.data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
    if (arguments.real or arguments.family) and not arguments.data.is_dir():
        sys.exit(f"No reference data in {arguments.data}: set PAINGENERATOR_DATA.")
    if arguments.measure == "tissues":
        cases, variants = arguments.case, VARIANTS[arguments.anatomy]
        for line in tissue_report(arguments.cache, arguments.data, variants, cases, arguments.jobs):
            say(line)
        return
    run(arguments)


if __name__ == "__main__":
    main()
