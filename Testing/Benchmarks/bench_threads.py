"""Measure what the limit of the libraries' threads gains on a machine whose cores are busy with other work."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench_timing import Timing, line

SEED = 3
"""Seed of the phantom."""
LOAD = "while True: sum(range(10000))"
"""Program that keeps one core busy."""


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core busy for the length of a ``with`` block."""
    programs = [subprocess.Popen([sys.executable, "-c", LOAD]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def analyze(case: Path, output: Path, environment: dict[str, str]) -> Timing:
    """Run the command `analyze` with some environment variables; return its time."""
    words = ["analyze", str(case / "dicom"), "--output", str(output), "--overwrite", "--group", "low-back"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    program = [sys.executable, "-m", "PainGeneratorLib.Headless.cli", *words]
    subprocess.run(program, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Timing(time.perf_counter() - start, cpu)


def threads_rows(cache: Path) -> None:
    """Print a row for a free machine and one for a busy machine: with the limit, and with a thread for each core."""
    from PainGeneratorLib.Headless.threads import THREAD_VARIABLES
    from PainGeneratorLib.Phantoms.case import write_phantom

    case = cache / f"low-back-small-{SEED}"
    if not (case / "truth.json").is_file():
        write_phantom(case, "low-back", SEED, size="small")
    limited = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    every_core = limited | dict.fromkeys(THREAD_VARIABLES, str(os.cpu_count() or 1))
    for name, load in (("free", contextlib.nullcontext()), ("busy", busy_cores())):
        with load:
            ours = analyze(case, cache / "threads-output", limited)
            peer = analyze(case, cache / "threads-output", every_core)
        line(f"analyze, small case, {name} cores", ours, "the same, a thread for each core", peer)
