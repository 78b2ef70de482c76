"""How well all sites of a case are found, named and measured, on phantoms with anatomical variants and on real MR.

    python Testing/Benchmarks/sites.py --cache DIR [--family phantoms|hips|real] [--variant NAME ...] [--case NAME ...]
        [--anatomy with|without|both] [--seeds dev|held-out] [--count 2] [--skip 0] [--part frame|names|measures]
        [--size normal|small] [--realism plain|clinical] [--list] [--json FILE]

The true alignment is used, so that no time is spent on registration. Phantoms and the slow MR stage are kept in the
cache under a digest of the modules on which they depend; levels, frames and sites are found anew in each run.

The parts are cumulative: ``frame`` scores positions, levels, sides and zones, ``names`` also the names of true
lesions, ``measures`` also the uptake of the sites. The seeds ``held-out`` are used only for figures that are quoted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of the project."""
sys.path.insert(0, str(PROJECT / "PainGenerator"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from PainGeneratorLib.Phantoms.variants import HIP_VARIANTS, VARIANTS
from real_spine_cases import PLANS
from sites_cases import CHANGES, SEEDS, SiteCase, phantom_site_case, real_names, real_site_case
from sites_report import case_lines, report
from sites_run import PARTS, run_case

FAMILIES = ("phantoms", "hips", "real")
"""Phantoms of the low back, phantoms with a hip prosthesis, and real lumbar MR."""
ANATOMY = {"without": (False,), "with": (True,), "both": (False, True)}
"""Whether the label map is used, once for each run."""


def cases_of(arguments: argparse.Namespace) -> Iterator[SiteCase]:
    """The chosen cases, one after another."""
    if arguments.family == "real":
        for plan, variant in real_names(arguments.case, arguments.variant):
            yield real_site_case(arguments.cache, arguments.data, plan, variant)
        return
    is_hip = arguments.family == "hips"
    first = SEEDS[arguments.seeds] + arguments.skip
    for seed in range(first, first + arguments.count):
        for variant in arguments.variant or (HIP_VARIANTS if is_hip else VARIANTS):
            yield phantom_site_case(
                arguments.cache, "hip-replacement" if is_hip else "low-back", seed, variant, arguments.size,
                arguments.realism,
            )  # fmt: skip


def say(text: str) -> None:
    """Print a line without delay, so that a long run can be followed."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(arguments: argparse.Namespace) -> None:
    """Score all cases, print the tables and write the JSON file when one is named."""
    clock = time.monotonic()
    parts = PARTS[: PARTS.index(arguments.part) + 1]
    records = []
    for case in cases_of(arguments):
        for with_anatomy in ANATOMY[arguments.anatomy]:
            record = run_case(arguments.cache, case, with_anatomy, parts)
            records.append(record)
            say("\n".join(case_lines(record, arguments.list)))
    say(f"# {arguments.family}, {arguments.seeds} seeds, {time.monotonic() - clock:.0f} s")
    say("\n".join(report(records)))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([record.to_json() for record in records], indent=1) + "\n")


def main() -> None:
    """Read the command line and run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps phantoms; outside the project")
    parser.add_argument("--family", choices=FAMILIES, default="phantoms")
    parser.add_argument("--variant", nargs="+", default=[], choices=[*VARIANTS, *CHANGES], metavar="NAME")
    parser.add_argument("--case", nargs="+", default=[], choices=[p.name for p in PLANS], metavar="NAME")
    parser.add_argument("--anatomy", choices=tuple(ANATOMY), default="without")
    parser.add_argument("--seeds", choices=tuple(SEEDS), default="dev")
    parser.add_argument("--count", type=int, default=2, help="seeds of each variant")
    parser.add_argument("--skip", type=int, default=0, help="leave out so many seeds at the start")
    parser.add_argument("--part", choices=PARTS, default="frame")
    parser.add_argument("--size", choices=("normal", "small"), default="normal")
    parser.add_argument("--realism", default="plain")
    parser.add_argument("--list", action="store_true", help="every site that is far off or has a wrong name")
    parser.add_argument("--json", type=Path, help="write all scores here")
    arguments = parser.parse_args()
    if PROJECT in (arguments.cache.resolve(), *arguments.cache.resolve().parents):
        parser.error("--cache must lie outside the project")
    arguments.data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
    run(arguments)


if __name__ == "__main__":
    main()
