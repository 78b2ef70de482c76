"""Alignment of real pairs from many starts, and of phantoms, as a table with CPU seconds.

    python Testing/Benchmarks/alignment.py [--starts 20] [--case STS_007 ...] [--only CT|PET]
    python Testing/Benchmarks/alignment.py --phantoms CACHE --seeds 100 101 102 [--group low-back] [--starts 2]

Real pairs start up to 10 mm and 6 degrees from the files' own coordinates. Ruler of the PET: the alignment through
the CT of the same scanner, from the files' own coordinates (or, where that is not kept, those coordinates; the
table says so). Distances are means over seven points of the MR's box: its middle, and 0.3 of its extent to every side.

Phantoms are aligned as a case from the scanner's coordinates, then their PET alone, then (with --starts) PET and
ATTENUATION each from starts up to 10 mm and 6 degrees from the truth. Distances are means over the landmarks.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT / "PainGenerator"), str(PROJECT / "Testing" / "Benchmarks")]

from finding_cases import phantom_case
from finding_real import read_series
from PainGeneratorLib.Numerics.image import Geometry, Image, transform_points
from PainGeneratorLib.Phantoms.case import GROUPS
from PainGeneratorLib.Registration.alignment import align, align_case
from PainGeneratorLib.Registration.alignment_types import AlignmentParameters
from PainGeneratorLib.Registration.rigid import TURN_RADIUS_MM, mean_distance, motion
from PainGeneratorLib.Workflow.protocol import load_protocol

CASES = ("STS_007", "STS_018", "STS_036")


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


@dataclass(frozen=True)
class Row:
    """One alignment: distances (mm) from the truth or the ruler, before and after, and what was said about it."""

    pose: np.ndarray
    before_mm: float
    after_mm: float
    verdict: str
    seconds: float


def aligned_from(fixed: Image, moving: Image, start: np.ndarray, truth: np.ndarray, points: np.ndarray, **how) -> Row:
    """Align one pair from one start."""
    clock = time.process_time()
    pair = align(fixed, moving, start=start, **how)
    seconds = time.process_time() - clock
    before, after = (mean_distance(pose, truth, points) for pose in (start, pair.fixed_to_moving_ras))
    return Row(pair.fixed_to_moving_ras, before, after, pair.verdict, seconds)


def summary(rows: list[Row], points: np.ndarray, limit_mm: float) -> str:
    """One line about rows of one pair or kind."""
    ends = np.array([row.after_mm for row in rows])
    aligned = np.array([row.verdict == "aligned" for row in rows])
    said_no = np.array([row.verdict == "not aligned" for row in rows])
    among = ends[aligned] if aligned.any() else np.array([np.nan])
    text = (
        f"start {np.median([row.before_mm for row in rows]):4.1f} mm, aligned ends median {np.median(among):4.2f} "
        f"max {among.max():4.2f}, within {limit_mm:g} mm {int((aligned & (ends <= limit_mm)).sum())}/{len(rows)}, "
        f"kept {int((~aligned & ~said_no).sum())}, not aligned {int(said_no.sum())}, "
        f"silently over 5 mm {int(((ends > 5.0) & ~said_no).sum())}, {np.median([r.seconds for r in rows]):.1f} s CPU"
    )
    if aligned.sum() > 2 and len(points):
        moved = np.stack([transform_points(row.pose, points) for row in rows if row.verdict == "aligned"])
        off = np.linalg.norm(moved - np.median(moved, axis=0), axis=2).mean(axis=1)
        text += f", from their middle max {off.max():.2f} within 1.5 mm {int((off < 1.5).sum())}/{len(off)}"
    return text


def measure(folder: Path, starts: int, only: str | None, parameters: AlignmentParameters) -> None:
    """Print the rows of one real case."""
    t1 = read_series(folder / "MR_T1" / "image")
    series = {kind: read_series(folder / kind / "image") for kind in ("CT", "PET")}
    points = seven_points(t1.geometry)
    through_ct = align(t1, series["CT"], parameters=parameters, moving_kind="CT")
    ruler = through_ct.fixed_to_moving_ras
    print(f"{folder.name}: ruler {through_ct.kept}, {mean_distance(ruler, np.eye(4), points):.1f} mm from the files")
    for kind, image in series.items():
        if only not in (None, kind):
            continue
        how = {"parameters": parameters, "moving_kind": kind}
        row = aligned_from(t1, image, np.eye(4), ruler, points, **how)
        print(f"  {kind:3} from the files: {row.before_mm:.1f} -> {row.after_mm:.1f} mm, {row.verdict}", flush=True)
        generator = np.random.default_rng(4)
        rows = []
        for _ in range(starts):
            start = random_start(generator, t1.geometry.center_ras, 10.0, 6.0)
            rows.append(aligned_from(t1, image, start, ruler, points, **how))
        print(f"  {kind:3} {summary(rows, points, 1.5 if kind == 'CT' else 4.0)}", flush=True)


def measure_phantom(
    cache: Path, group: str, seed: int, starts: int, parameters: AlignmentParameters
) -> dict[str, list[Row]]:
    """Print the rows of one phantom; the rows by what was aligned."""
    case = phantom_case(cache, group, seed)
    series, truth, points = case.case.series, case.reference_to_series, case.landmarks_ras
    reference = series["T1"].image
    roles = [role for role in series if role != "T1"]
    frames = {role: series[role].frame_of_reference for role in roles}
    frames["reference"] = series["T1"].frame_of_reference
    clock = time.process_time()
    images = {role: (series[role].image, series[role].modality) for role in roles}
    found = align_case(reference, images, frames, parameters)
    seconds = time.process_time() - clock
    rows: dict[str, list[Row]] = {}
    for role, way in found.items():
        ends = [mean_distance(pose, truth[role], points) for pose in (np.eye(4), way.reference_to_series_ras)]
        rows[f"{role}{' through ATTENUATION' if way.through else ''}"] = [
            Row(way.reference_to_series_ras, *ends, way.verdict, seconds / (len(roles) - ("ATTENUATION" in found)))
        ]
    for role in ("PET", "ATTENUATION"):
        if role not in series:
            continue
        how = {"parameters": parameters, "moving_kind": "PET" if role == "PET" else "MR"}
        if role == "PET" and found["PET"].through:
            shared = frames["PET"] == frames["reference"]
            row = aligned_from(
                reference, series["PET"].image, np.eye(4), truth["PET"], points, same_frame_of_reference=shared, **how
            )
            rows["PET alone"] = [row]
        generator = np.random.default_rng(seed)
        for _ in range(starts):
            start = random_start(generator, reference.geometry.center_ras, 10.0, 6.0) @ truth[role]
            row = aligned_from(reference, series[role].image, start, truth[role], points, **how)
            rows.setdefault(f"{role} from starts", []).append(row)
    print(f"{group} {seed}: case {seconds:.1f} s CPU", flush=True)
    for name, those in rows.items():
        ends = ", ".join(f"{row.before_mm:.2f} -> {row.after_mm:.2f} {row.verdict}" for row in those)
        print(f"  {name}: {ends}", flush=True)
    return rows


def measure_phantoms(arguments: argparse.Namespace, parameters: AlignmentParameters) -> None:
    """Print the rows of phantoms and a summary by what was aligned."""
    rows: dict[str, list[Row]] = {}
    for seed in arguments.seeds:
        for group in (arguments.group,) if arguments.group else GROUPS:
            found = measure_phantom(arguments.phantoms, group, seed, arguments.starts, parameters)
            for name, those in found.items():
                rows.setdefault(name, []).extend(those)
    print("All phantoms")
    for name, those in rows.items():
        worse = max(row.after_mm - row.before_mm for row in those)
        print(f"  {name}: {summary(those, np.zeros((0, 3)), 2.0)}, at most {worse:+.2f} mm worse than the start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--only", choices=("CT", "PET"))
    parser.add_argument("--phantoms", type=Path, metavar="CACHE", help="folder in which phantoms are kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102])
    parser.add_argument("--group", choices=GROUPS)
    arguments = parser.parse_args()
    parameters = load_protocol("low-back").stage("alignment", AlignmentParameters)
    if arguments.phantoms:
        arguments.starts = arguments.starts or 0
        measure_phantoms(arguments, parameters)
        return
    data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data") / "sts-hip-spine"
    if not data.is_dir():
        sys.exit(f"No reference data in {data}: set PAINGENERATOR_DATA.")
    for case in arguments.case or CASES:
        measure(data / case, 20 if arguments.starts is None else arguments.starts, arguments.only, parameters)


if __name__ == "__main__":
    main()
