"""Measure time and memory of the command `analyze`, in total and by stage, on a low-back case with a full PET."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from bench_timing import Timing, line

SEED = 100
"""Seed of the phantom."""
MEGABYTE = 1 << 20
"""Number of bytes of a megabyte."""


def whole_case(cache: Path) -> Path:
    """Return the folder of a phantom whose PET has 344 x 344 x 127 voxels. It is made only once."""
    from PainGeneratorLib.Phantoms.case import write_phantom

    folder = cache / f"low-back-full-{SEED}"
    if not (folder / "truth.json").is_file():
        write_phantom(folder, "low-back", SEED, size="full")
    return folder


def whole_row(cache: Path, plain: Timing | None) -> tuple[Path, float]:
    """Run the command and print its row; return the bundle and the seconds of the stages that find candidates."""
    case, output = whole_case(cache), cache / "whole-output"
    files = [path for path in (case / "dicom").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / MEGABYTE
    words = ["analyze", str(case / "dicom"), "--output", str(output), "--overwrite", "--group", "low-back"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "PainGeneratorLib.Headless.cli", *words], check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    timings = json.loads((output / "timings.json").read_text())
    note = f"{len(files)} files of {size:.0f} MB; peak memory {timings['peak_memory_mb']:.0f} MB"
    line("analyze, PET 344 x 344 x 127", Timing(wall, cpu), "N4 of 3 series and scipy on the PET", plain, note)
    for row in timings["stages"]:
        print(f"    {row['stage']:<20} {row['seconds']:8.2f} s   {row['peak_memory_mb']:7.0f} MB")
    finding = ("mr_findings", "hot_spots", "candidates")
    return output / "case.mrb", sum(row["seconds"] for row in timings["stages"] if row["stage"] in finding)
