"""Alignment of the real hip and spine pairs from many starts, as a table.

    python Testing/Benchmarks/alignment.py [--starts 20] [--case STS_007 ...] [--only CT|PET]

Ruler of the PET: the alignment through the CT of the same scanner, from the files' own coordinates
(or, where that is not kept, the files' own coordinates; the table says so).
Distances are means over seven points of the MR's box: its middle, and 0.3 of its extent to every side.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "PainGenerator"))

from PainGeneratorLib.Numerics.image import Geometry, Image
from PainGeneratorLib.Registration.alignment import align
from PainGeneratorLib.Registration.alignment_types import AlignmentParameters
from PainGeneratorLib.Registration.itk_images import from_itk_image
from PainGeneratorLib.Registration.rigid import TURN_RADIUS_MM, mean_distance, motion
from PainGeneratorLib.Workflow.protocol import load_protocol

CASES = ("STS_007", "STS_018", "STS_036")


def read_series(folder: Path) -> Image:
    """One DICOM series of uniform geometry."""
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return from_itk_image(sitk.Cast(reader.Execute(), sitk.sitkFloat32))


def seven_points(geometry: Geometry) -> np.ndarray:
    """The middle of a grid and 0.3 of its extent to every side, RAS mm, shape (7, 3)."""
    arms = 0.3 * (geometry.ijk_to_ras[:3, :3] * (np.array(geometry.shape[::-1]) - 1)).T
    return geometry.center_ras + np.vstack([np.zeros(3), arms, -arms])


def random_start(
    generator: np.random.Generator, center: np.ndarray, shift_mm: float, rotation_deg: float
) -> np.ndarray:
    """A motion evenly spread over the ball of shifts and the ball of turns."""
    shift, turn = generator.normal(size=(2, 3))
    shift *= shift_mm * generator.uniform() ** (1 / 3) / np.linalg.norm(shift)
    turn *= np.radians(rotation_deg) * generator.uniform() ** (1 / 3) / np.linalg.norm(turn)
    return motion(np.concatenate([shift, turn * TURN_RADIUS_MM]), center)


def measure(folder: Path, starts: int, only: str | None, parameters: AlignmentParameters) -> None:
    """Print the rows of one case."""
    t1 = read_series(folder / "MR_T1" / "image")
    series = {kind: read_series(folder / kind / "image") for kind in ("CT", "PET")}
    points = seven_points(t1.geometry)
    through_ct = align(t1, series["CT"], parameters=parameters, moving_kind="CT")
    ruler = through_ct.fixed_to_moving_ras
    print(f"{folder.name}: ruler {through_ct.kept}, {mean_distance(ruler, np.eye(4), points):.1f} mm from the files")
    for kind, image in series.items():
        if only not in (None, kind):
            continue
        generator = np.random.default_rng(4)
        ends, before, seconds, verdicts = [], [], [], []
        for _ in range(starts):
            start = random_start(generator, t1.geometry.center_ras, 10.0, 6.0)
            clock = time.process_time()
            pair = align(t1, image, start=start, parameters=parameters, moving_kind=kind)
            seconds.append(time.process_time() - clock)
            verdicts.append(pair.verdict)
            before.append(mean_distance(start, ruler, points))
            ends.append(mean_distance(pair.fixed_to_moving_ras, ruler, points))
        ends, aligned = np.array(ends), np.array([v == "aligned" for v in verdicts])
        kept = int(sum(v.startswith("kept") for v in verdicts))
        silent = int(((ends > 5.0) & (np.array(verdicts) != "not aligned")).sum())
        limit = 1.5 if kind == "CT" else 4.0
        good = int((aligned & (ends <= limit)).sum())
        print(
            f"  {kind:4}start {np.median(before):4.1f} mm  end of aligned median "
            f"{np.median(ends[aligned]) if aligned.any() else float('nan'):4.1f} max "
            f"{ends[aligned].max() if aligned.any() else float('nan'):4.1f} mm  within {limit} mm {good}/{starts}  "
            f"aligned {int(aligned.sum())} kept start {kept} not aligned {starts - kept - int(aligned.sum())}  "
            f"silently over 5 mm {silent}  {np.median(seconds):.1f} s CPU",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--only", choices=("CT", "PET"))
    arguments = parser.parse_args()
    data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data") / "sts-hip-spine"
    if not data.is_dir():
        sys.exit(f"No reference data in {data}: set PAINGENERATOR_DATA.")
    parameters = load_protocol("low-back").stage("alignment", AlignmentParameters)
    for case in arguments.case or CASES:
        measure(data / case, arguments.starts, arguments.only, parameters)


if __name__ == "__main__":
    main()
