"""Alignment of real pairs from many starts, and of phantoms, as a table with CPU seconds.

    python Testing/Benchmarks/alignment.py [--starts 20] [--case STS_007 ...] [--only CT|PET] [--peers 1]
    python Testing/Benchmarks/alignment.py --phantoms CACHE [--seeds 100 101 102] [--group low-back] [--starts 1]
    python Testing/Benchmarks/alignment.py --others FOLDER [--seeds 0 1 2] [--group low-back] [--starts 1]

Real pairs are aligned from starts up to 10 mm and 6 degrees away from the coordinates of the files. The result of the
PET is compared with two references: the alignment through the CT of its scanner, which starts at the coordinates of
the files, and the same alignment with the PET moved onto this CT. Distances are means over seven points in the box of
the MR: its center, and 0.3 of its extent to every side.

Phantoms are aligned as a case from the coordinates of the scanner, then their PET is aligned alone. With --starts,
PET and ATTENUATION are also aligned from starts up to 10 mm and 6 degrees away from the truth, and the case is aligned
with a PET that lies up to 8 mm away from its ATTENUATION series. Distances are means over the landmarks. The phantoms
are our own ones, or with --others those of write_independent_phantom.py, which are read from DICOM.

With --peers N, SimpleITK, elastix and ANTs run from the first N starts of each pair. Their CPU and wall seconds are
printed next to ours.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy import ndimage

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of the project."""
sys.path[:0] = [str(PROJECT / "PainGenerator"), str(PROJECT / "Testing" / "Benchmarks")]

from alignment_peers import peers
from finding_cases import phantom_case
from finding_real import read_series
from PainGeneratorLib.Numerics.core.image import Geometry, Image, transform_points
from PainGeneratorLib.Numerics.core.words import Group
from PainGeneratorLib.Registration.alignment import align, align_case
from PainGeneratorLib.Registration.alignment_types import AlignmentParameters
from PainGeneratorLib.Registration.rigid import TURN_RADIUS_MM, mean_distance, motion
from PainGeneratorLib.Registration.sampling import CT_BONE_HU, WorkingImage
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.reading import read_case_folder

CASES = ("STS_007", "STS_018", "STS_036")
"""Real cases with a PET, a CT and an MR."""


def seven_points(geometry: Geometry) -> np.ndarray:
    """Center of a grid, and the points at 0.3 of its extent to every side, RAS mm, shape (7, 3)."""
    arms = 0.3 * (geometry.ijk_to_ras[:3, :3] * (np.array(geometry.shape[::-1]) - 1)).T
    return geometry.center_ras + np.vstack([np.zeros(3), arms, -arms])


def random_start(
    generator: np.random.Generator, center: np.ndarray, shift_mm: float, rotation_deg: float
) -> np.ndarray:
    """Random motion up to a shift and a rotation, evenly distributed within both; shape (4, 4)."""
    shift, turn = generator.normal(size=(2, 3))
    shift *= shift_mm * generator.uniform() ** (1 / 3) / np.linalg.norm(shift)
    turn *= np.radians(rotation_deg) * generator.uniform() ** (1 / 3) / np.linalg.norm(turn)
    return motion(np.concatenate([shift, turn * TURN_RADIUS_MM]), center)


@dataclass(frozen=True)
class Row:
    """One alignment.

    Parameters
    ----------
    pose : ndarray, shape (4, 4)
        The result: maps points of the fixed image to points of the moving image, RAS mm.
    before_mm, after_mm : float
        Distance of start and result from the truth or the reference.
    verdict : str
    seconds : float
        CPU seconds.
    warned : bool
        True when the result has a warning.
    wall : float
        Wall seconds.
    """

    pose: np.ndarray
    before_mm: float
    after_mm: float
    verdict: str
    seconds: float
    warned: bool = False
    wall: float = 0.0

    @property
    def silent(self) -> bool:
        """True when the alignment was accepted without a warning."""
        return self.verdict != "not aligned" and not self.warned


def aligned_from(fixed: Image, moving: Image, start: np.ndarray, truth: np.ndarray, points: np.ndarray, **how) -> Row:
    """Align one pair from one start and compare it with the truth."""
    wall, clock = time.perf_counter(), time.process_time()
    pair = align(fixed, moving, start=start, **how)
    seconds, wall = time.process_time() - clock, time.perf_counter() - wall
    before, after = (mean_distance(pose, truth, points) for pose in (start, pair.fixed_to_moving_ras))
    return Row(pair.fixed_to_moving_ras, before, after, pair.verdict, seconds, bool(pair.warnings), wall)


def summary(rows: list[Row], points: np.ndarray, limit_mm: float) -> str:
    """Text about the rows of one pair or kind."""
    before, ends = (np.array([getattr(row, name) for row in rows]) for name in ("before_mm", "after_mm"))
    aligned = np.array([row.verdict == "aligned" for row in rows])
    said_no = np.array([row.verdict == "not aligned" for row in rows])
    silent = np.array([row.silent for row in rows])
    text = f"before {spread(before)} mm, after {spread(ends)} mm, of those aligned {spread(ends[aligned])}; "
    text += (
        f"within {limit_mm:g} mm and aligned {int((aligned & (ends <= limit_mm)).sum())}/{len(rows)}, "
        f"kept {int((~aligned & ~said_no).sum())}, not aligned {int(said_no.sum())}; over 3 mm "
        f"{int((ends > 3.0).sum())}, of which without the verdict {int(((ends > 3.0) & ~said_no).sum())}, "
        f"without any word {int(((ends > 3.0) & silent).sum())}; over 5 mm without the verdict "
        f"{int(((ends > 5.0) & ~said_no).sum())}; at most {(ends - before).max():+.2f} mm worse; "
        f"{np.median([r.seconds for r in rows]):.1f} s CPU, {np.median([r.wall for r in rows]):.1f} s wall"
    )
    if aligned.sum() > 2 and len(points):
        moved = np.stack([transform_points(row.pose, points) for row in rows if row.verdict == "aligned"])
        off = np.linalg.norm(moved - np.median(moved, axis=0), axis=2).mean(axis=1)
        text += f"; from their middle max {off.max():.2f}, within 1.5 mm {int((off < 1.5).sum())}/{len(off)}"
    return text


def spread(values: np.ndarray) -> str:
    """Text with median, 95th percentile and largest value."""
    return "/".join(f"{v:.2f}" for v in (*np.percentile(values, [50, 95]), values.max())) if len(values) else "-"


def bone_edges(t1: Image, ct: Image, t1_to_ct: np.ndarray) -> float:
    """How parallel the edges of the MR are to the surface of bone on CT, 0 to 1: mean square of the cosine.

    Bone is where the CT, smoothed by 1 mm, is above CT_BONE_HU. Short gradients of the MR have a smaller weight.
    """
    smooth = [
        ndimage.gaussian_filter(image.array, 1.0 / np.array(image.geometry.spacing_kji_mm)) for image in (t1, ct)
    ]
    bone = ndimage.binary_opening(smooth[1] > CT_BONE_HU)
    shell = bone & ~ndimage.binary_erosion(bone)
    points = ct.geometry.flat_to_ras(np.flatnonzero(shell))
    at = {0: transform_points(np.linalg.inv(t1_to_ct), points), 1: points}
    normals = []
    for n, image in enumerate((t1, ct)):
        _, gradients, weights = WorkingImage(
            Image(smooth[n], image.geometry), np.ones(image.array.shape, np.float32)
        ).sample(at[n])
        normals.append((gradients, weights))
    seen = (normals[0][1] > 0) & (normals[1][1] > 0)
    mr = t1_to_ct[:3, :3] @ normals[0][0][:, seen]
    surface = normals[1][0][:, seen]
    surface = surface / np.maximum(np.linalg.norm(surface, axis=0), 1e-6)
    length = np.linalg.norm(mr, axis=0)
    return float(np.mean((mr * surface).sum(axis=0) ** 2 / (length**2 + np.median(length) ** 2)))


def measure(folder: Path, arguments: argparse.Namespace, parameters: AlignmentParameters) -> None:
    """Print the rows of one real case."""
    starts = 20 if arguments.starts is None else arguments.starts
    t1 = read_series(folder / "MR_T1" / "image")
    series = {kind: read_series(folder / kind / "image") for kind in ("CT", "PET")}
    points = seven_points(t1.geometry)
    frames = dict.fromkeys(("reference", "PET", "ATTENUATION"), "1")
    case = align_case(t1, {"ATTENUATION": (series["CT"], "CT"), "PET": (series["PET"], "PET")}, frames, parameters)
    ruler, moved = (case[role].reference_to_series_ras for role in ("ATTENUATION", "PET"))
    print(
        f"{folder.name}: ruler {case['ATTENUATION'].kept}, {mean_distance(ruler, np.eye(4), points):.1f} mm from the "
        f"files; PET lies {case['PET'].evidence['pet_fit_mm']} mm off its CT; {case['PET'].warnings}"
    )
    generator = np.random.default_rng(5)
    near = [random_start(generator, t1.geometry.center_ras, 8.0, 3.0) @ ruler for _ in range(20)]
    beside = [bone_edges(t1, series["CT"], pose) for pose in near]
    at = [bone_edges(t1, series["CT"], pose) for pose in (np.eye(4), ruler)]
    print(
        f"  edges along bone: {at[0]:.3f} by the files, {at[1]:.3f} at the ruler, at 20 poses up to 8 mm and 3 degrees"
        f" beside it {np.mean(beside):.3f}, at most {max(beside):.3f}",
        flush=True,
    )
    for kind, image in series.items():
        if arguments.only not in (None, kind):
            continue
        how = {"parameters": parameters, "moving_kind": kind}
        row = aligned_from(t1, image, np.eye(4), ruler, points, **how)
        print(f"  {kind:3} from the files: {row.before_mm:.1f} -> {row.after_mm:.1f} mm, {row.verdict}", flush=True)
        generator = np.random.default_rng(4)
        begin = [random_start(generator, t1.geometry.center_ras, 10.0, 6.0) for _ in range(starts)]
        rows = [aligned_from(t1, image, start, ruler, points, **how) for start in begin]
        print(f"  {kind:3} {summary(rows, points, 1.5 if kind == 'CT' else 4.0)}", flush=True)
        if kind == "PET":
            ends = np.array([mean_distance(row.pose, moved, points) for row in rows if row.verdict == "aligned"])
            print(f"      from the ruler with the PET moved onto the CT: {spread(ends)} mm", flush=True)
        compare_peers(t1, image, begin[: arguments.peers], ruler, points, kind)


def compare_peers(
    fixed: Image, moving: Image, starts: list[np.ndarray], truth: np.ndarray, points: np.ndarray, name: str
) -> None:
    """Print how far from the truth the other programs end from the same starts."""
    if not starts:
        return
    for peer, run in peers().items():
        ends, seconds, walls = [], [], []
        for start in starts:
            placed = Image(moving.array, moving.geometry.moved(np.linalg.inv(start)))
            wall, clock = time.perf_counter(), time.process_time()
            found = run(fixed, placed)
            seconds.append(time.process_time() - clock)
            walls.append(time.perf_counter() - wall)
            ends.append(mean_distance(start @ found, truth, points))
        print(
            f"  {name} by {peer}: after {spread(np.array(ends))} mm, {np.median(seconds):.1f} s CPU, "
            f"{np.median(walls):.1f} s wall",
            flush=True,
        )


@dataclass(frozen=True, eq=False)
class Subject:
    """A phantom: its images by role (with modality and frame of reference), the true transforms and the landmarks."""

    name: str
    series: dict[str, tuple[Image, str, str]]
    truth: dict[str, np.ndarray]
    points: np.ndarray

    @property
    def roles(self) -> list[str]:
        """The roles that are aligned and have a true transform."""
        return [role for role in self.series if role != "T1" and role in self.truth]

    @property
    def reference(self) -> Image:
        """The reference image."""
        return self.series["T1"][0]

    def shared(self, role: str) -> bool:
        """Whether a series has the frame of reference of the reference series."""
        return self.series[role][2] == self.series["T1"][2]

    def align(self, parameters: AlignmentParameters, **moved: Image):
        """Align the case. Images that are given by their role replace its own ones."""
        frames = {role: self.series[role][2] for role in self.roles} | {"reference": self.series["T1"][2]}
        images = {role: (moved.get(role, self.series[role][0]), self.series[role][1]) for role in self.roles}
        return align_case(self.reference, images, frames, parameters)


def own_phantom(cache: Path, group: str, seed: int) -> Subject:
    """One of our own phantoms, which is kept in a folder."""
    case = phantom_case(cache, group, seed)
    series = {role: (s.image, s.modality, s.frame_of_reference) for role, s in case.case.series.items()}
    return Subject(f"{group}-{seed}", series, case.reference_to_series, case.landmarks_ras)


def other_phantom(folder: Path, group: str, seed: int) -> Subject:
    """A phantom of write_independent_phantom.py, read from DICOM, with its landmarks within 150 mm of their median."""
    place = folder / f"{group}-{seed}"
    truth = json.loads((place / "truth.json").read_text())
    case = read_case_folder(place / "dicom", CaseOptions(group=group))
    series = {role: (s.image, s.modality, s.frame_of_reference) for role, s in case.series.items()}
    series["T1"] = series.pop(case.reference_role)
    points = np.array(list(truth["landmarks_ras_mm"].values()))
    points = points[np.linalg.norm(points - np.median(points, axis=0), axis=1) < 150]
    matrices = {role: np.array(m) for role, m in truth["reference_to_series_ras"].items()}
    return Subject(place.name, series, matrices, points)


def starts_around(subject: Subject, role: str, count: int) -> list[np.ndarray]:
    """Starts up to 10 mm and 6 degrees away from the truth. They are the same for us and for the other programs."""
    generator = np.random.default_rng(crc32(f"{subject.name} {role}".encode()))
    center = subject.reference.geometry.center_ras
    return [random_start(generator, center, 10.0, 6.0) @ subject.truth[role] for _ in range(count)]


def measure_phantom(subject: Subject, starts: int, parameters: AlignmentParameters) -> dict[str, list[Row]]:
    """Print the rows of one phantom, and return them by what was aligned."""
    truth, points, reference = subject.truth, subject.points, subject.reference
    wall, clock = time.perf_counter(), time.process_time()
    found = subject.align(parameters)
    seconds, wall = time.process_time() - clock, time.perf_counter() - wall
    rows: dict[str, list[Row]] = {}

    def case_row(role: str, way, true: np.ndarray) -> Row:
        ends = [mean_distance(pose, true, points) for pose in (np.eye(4), way.reference_to_series_ras)]
        return Row(way.reference_to_series_ras, *ends, way.verdict, seconds, bool(way.warnings), wall)

    for role, way in found.items():
        rows[f"{role}{' through ATTENUATION' if way.through else ''}"] = [case_row(role, way, truth[role])]
    for role in ("PET", "ATTENUATION"):
        if role not in subject.roles:
            continue
        image = subject.series[role][0]
        kind = {"PT": "PET"}.get(subject.series[role][1], subject.series[role][1])
        how = {"parameters": parameters, "moving_kind": kind}
        if role == "PET" and found["PET"].through:
            shared = subject.shared("PET")
            row = aligned_from(reference, image, np.eye(4), truth[role], points, same_frame_of_reference=shared, **how)
            rows["PET alone"] = [row]
        for start in starts_around(subject, role, starts):
            row = aligned_from(reference, image, start, truth[role], points, **how)
            rows.setdefault(f"{role} from starts", []).append(row)
        if role == "PET" and found["PET"].through and starts:
            away = random_start(
                np.random.default_rng(crc32(subject.name.encode())), image.geometry.center_ras, 8.0, 2.0
            )
            off = subject.align(parameters, PET=Image(image.array, image.geometry.moved(away)))["PET"]
            rows["PET off its ATTENUATION"] = [case_row(role, off, away @ truth[role])]
    print(f"{subject.name}: case {seconds:.1f} s CPU", flush=True)
    for name, those in rows.items():
        ends = ", ".join(f"{row.before_mm:.2f} -> {row.after_mm:.2f} {row.verdict}" for row in those)
        print(f"  {name}: {ends}", flush=True)
    return rows


def measure_phantoms(arguments: argparse.Namespace, parameters: AlignmentParameters) -> None:
    """Print the rows of all phantoms, and a summary by what was aligned."""
    rows: dict[str, list[Row]] = {}
    folder, make = (arguments.others, other_phantom) if arguments.others else (arguments.phantoms, own_phantom)
    for seed in arguments.seeds:
        for group in (arguments.group,) if arguments.group else tuple(Group):
            if arguments.others and not (folder / f"{group}-{seed}" / "truth.json").exists():
                continue
            subject = make(folder, group, seed)
            for name, those in measure_phantom(subject, arguments.starts or 0, parameters).items():
                rows.setdefault(name, []).extend(those)
            begin = starts_around(subject, "PET", arguments.peers)
            pet = subject.series["PET"][0]
            compare_peers(subject.reference, pet, begin, subject.truth["PET"], subject.points, "PET")
    print("All phantoms: median/95th percentile/largest")
    for name, those in rows.items():
        print(f"  {name}: {summary(those, np.zeros((0, 3)), 2.0)}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--only", choices=("CT", "PET"))
    parser.add_argument("--phantoms", type=Path, metavar="CACHE", help="folder in which phantoms are kept")
    parser.add_argument(
        "--others", type=Path, metavar="FOLDER", help="folder of phantoms by write_independent_phantom.py"
    )
    parser.add_argument("--peers", type=int, default=0, metavar="N", help="starts from which the peers run, too")
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102])
    parser.add_argument("--group", choices=[str(group) for group in Group])
    arguments = parser.parse_args()
    parameters = load_protocol("low-back").stage("alignment", AlignmentParameters)
    if arguments.phantoms or arguments.others:
        measure_phantoms(arguments, parameters)
        return
    data = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data") / "sts-hip-spine"
    if not data.is_dir():
        sys.exit(f"No reference data in {data}: set PAINGENERATOR_DATA.")
    for case in arguments.case or CASES:
        measure(data / case, arguments, parameters)


if __name__ == "__main__":
    main()
