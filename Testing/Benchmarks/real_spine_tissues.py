"""How well the MR stage tells tissues apart on real lumbar MR: the table of ``finding.py --measure tissues``.

There is no PET in this measure, so that all nine cases take a few minutes.
"""

from __future__ import annotations

import dataclasses
import resource
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from finding_cases import make_case
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Numerics.core import tissues as codes
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.stages import Alignment, find_on_mr
from real_spine import AIR, ARCH, CANAL, DISC, FAT, FRONT, MARROW, MUSCLE, UNKNOWN
from real_spine_cases import PLANS, as_series, reference_to_series, volumes_of, write_drawn_labels
from real_spine_truth import Truth, kept_truth
from scipy import ndimage

ELSEWHERE = {FRONT: "front", AIR: "air", FAT: "fat", ARCH: "arch", CANAL: "canal", DISC: "disc", MARROW: "bone"}
"""Where the program's muscle lies that is none: code of the truth -> word."""
MODIC_LEVELS = ("L2", "L3")
"""The bodies beside the worn disc of AKa, which has a Modic I picture."""
MODIC_NEAR_MM = 14.0
"""Upper bound of the distance of the centroid of a finding from the middle of one of the two endplates, mm. Half a
body is about 12 mm high."""


@dataclass(frozen=True)
class TissueTask:
    """One case to measure.

    Parameters
    ----------
    cache, data : Path
        Folder of kept results, and folder of the reference data.
    plan : int
        Number of the case in PLANS.
    with_drawn : bool
        Whether the drawn bodies are given as an anatomy segmentation.
    """

    cache: Path
    data: Path
    plan: int
    with_drawn: bool


@dataclass(frozen=True)
class TissueRow:
    """What was measured.

    Parameters
    ----------
    name : str
    with_drawn : bool
    body_dice, air_as_body, body_missed : float
        Overlap of the outlines; part of the air that was taken for body; part of the body that was taken for air.
    marrow : float
        Part of the drawn bodies, less a voxel, that is called marrow.
    marrow_else : str
        What the rest is called.
    marrow_ml, marrow_right : float
        Volume of the program's marrow, and the part that lies in bodies or arches, of what is known.
    muscle_ml, muscle_right, muscle_seen : float
        Volume of the program's muscle; the part that truly is muscle, of what is known; the part of true muscle that
        is called muscle.
    muscle_else : str
        Where the rest of the program's muscle lies.
    fat_right, disc, canal_fluid : float
        Part of the program's fat that is no muscle, bone, disc, canal or air; part of the true discs that is called
        disc; part of the true canal that is called fluid.
    findings : dict of str to int
        Kind -> number of MR findings.
    modic : str
        For AKa, the findings at the two endplates with the Modic I picture.
    warnings : tuple of str
    seconds, memory_mb : float
        Wall time, and the largest memory of the process.
    """

    name: str
    with_drawn: bool
    body_dice: float
    air_as_body: float
    body_missed: float
    marrow: float
    marrow_else: str
    marrow_ml: float
    marrow_right: float
    muscle_ml: float
    muscle_right: float
    muscle_seen: float
    muscle_else: str
    fat_right: float
    disc: float
    canal_fluid: float
    findings: dict[str, int]
    modic: str
    warnings: tuple[str, ...]
    seconds: float
    memory_mb: float
    places: tuple[str, ...] = field(default=())


def measure_tissues(task: TissueTask) -> TissueRow:
    """Run the MR stage of one case and compare its tissues with the truth."""
    plan = PLANS[task.plan]
    volumes = volumes_of(plan, task.data)
    role, name = plan.reference
    anatomy = None
    if task.with_drawn:
        anatomy = read_anatomy_file(*write_drawn_labels(task.cache / "real-spine-labels", volumes[role]))
    series = as_series({r: v.image for r, v in volumes.items()}, {r: v.name for r, v in volumes.items()})
    case = dataclasses.replace(make_case(CaseOptions(group="low-back"), series), reference_role=role)
    alignment = Alignment({r: aligned(r, m) for r, m in reference_to_series(volumes, role).items()})
    start = time.monotonic()
    found = find_on_mr(case, alignment, anatomy)
    seconds = time.monotonic() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    row = row_of(plan.name, task.with_drawn, found, kept_truth(task.cache, task.data, name))
    return dataclasses.replace(row, seconds=seconds, memory_mb=memory)


def aligned(role: str, matrix: np.ndarray) -> SeriesAlignment:
    """A true transform as an alignment."""
    return SeriesAlignment(role, matrix, matrix, "landmarks", "aligned", None, True, 0.0, 0.0, None, None, None)


def row_of(name: str, with_drawn: bool, found: MRResult, truth: Truth) -> TissueRow:
    """Compare the tissues of an MR result with the truth."""
    map_, true = found.tissues.array, truth.classes
    body = ndimage.binary_fill_holes(map_ != codes.VOID)
    known, voxel = truth.body_known, found.tissues.geometry.voxel_volume_ml
    dice = 2.0 * np.sum(body & truth.body & known) / max(np.sum(body & known) + np.sum(truth.body & known), 1)
    muscle, marrow, fat = map_ == codes.MUSCLE, map_ == codes.MARROW, map_ == codes.FAT
    in_bodies = Counter(map_[true == MARROW].tolist())
    rest = {codes.NAMES[c]: n for c, n in in_bodies.items() if c != codes.MARROW}
    return TissueRow(
        name, with_drawn, float(dice),
        _part(body, ~truth.body & known), _part(~body, truth.body & known),
        _part(marrow, true == MARROW), _shares(rest, sum(in_bodies.values())),
        float(marrow.sum() * voxel), _part(np.isin(true, (MARROW, ARCH)), marrow & (true != UNKNOWN)),
        float(muscle.sum() * voxel), _part(true == MUSCLE, muscle & (true != UNKNOWN)),
        _part(muscle, true == MUSCLE),
        _shares({word: int(np.sum(true[muscle] == c)) for c, word in ELSEWHERE.items()},
                int(np.sum(true[muscle] != UNKNOWN))),
        _part(np.isin(true, (FAT, FRONT, ARCH)), fat & (true != UNKNOWN)),
        _part(map_ == codes.DISC, true == DISC), _part(map_ == codes.FLUID, true == CANAL),
        dict(Counter(f.kind for f in found.findings)), modic_words(name, found, truth), tuple(found.warnings),
        0.0, 0.0,
        tuple(place_words(f, truth) for f in found.findings),
    )  # fmt: skip


def _part(mask: np.ndarray, of: np.ndarray) -> float:
    """The part of some voxels that lies in a mask; NaN where there are none."""
    whole = int(np.count_nonzero(of))
    return float(np.count_nonzero(mask & of)) / whole if whole else float("nan")


def _shares(counts: dict[str, int], whole: int) -> str:
    """Counts as percentages, most first, without those under 2 percent."""
    some = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{word} {100 * n / whole:.0f}" for word, n in some if whole and n / whole >= 0.02) or "-"


def modic_words(name: str, found: MRResult, truth: Truth) -> str:
    """For AKa, what was found at the two endplates of the worn disc L2/L3; else an empty text."""
    if not name.startswith("AKa"):
        return ""
    words = []
    for level, sign in zip(MODIC_LEVELS, (-1.0, 1.0), strict=True):
        body = next(b for b in truth.spine.bodies if b.level == level)
        at = body.at(up=0.3 * sign * body.height_mm)
        near = [f for f in found.findings if np.linalg.norm(f.centroid_ras_mm - at) < MODIC_NEAR_MM]
        words += [f"{level} {f.kind} {f.volume_ml:.1f} ml" for f in near]
    return "; ".join(dict.fromkeys(words)) or "not reported"


def place_words(finding, truth: Truth) -> str:
    """Kind, size, grade and true place of an MR finding."""
    s, d = truth.spine.along(finding.centroid_ras_mm[None])
    at = min(int(s[0] / 0.5), len(truth.spine.curve) - 1)
    x = finding.centroid_ras_mm[0] - truth.spine.curve[at, 0]
    level = min(truth.spine.bodies, key=lambda b: abs(truth.spine.way_of(b.level) - s[0])).level
    z = "-" if finding.z is None else f"{finding.z:.1f}"
    return (
        f"{finding.kind} {finding.volume_ml:.1f} ml, grade {finding.grade:.2f}, z {z}, at {level}, "
        f"{d[0]:+.0f} mm behind the posterior wall, {x:+.0f} mm to the right"
    )


def rows_of(tasks: list[TissueTask], jobs: int) -> Iterator[TissueRow]:
    """Measure all cases, each in a process of its own, so that its memory can be told."""
    with ProcessPoolExecutor(jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        yield from pool.map(measure_tissues, tasks)


HEAD = (
    "case         drawn | body: Dice air% miss% | marrow% (else)                      ml right% | "
    "muscle: ml right% seen% (else)                 | fat% disc% csf% | s   MB | findings"
)
"""Head of the table."""


def line_of(row: TissueRow) -> str:
    """One line of the table."""
    found = ", ".join(f"{kind} {n}" for kind, n in row.findings.items()) or "none"
    modic = f" [Modic I of L2/L3: {row.modic}]" if row.modic else ""
    return (
        f"{row.name:12} {'with' if row.with_drawn else '-':5} | {row.body_dice:10.2f} {_p(row.air_as_body)} "
        f"{_p(row.body_missed)}  | {_p(row.marrow)} ({row.marrow_else:28.28}) {row.marrow_ml:5.0f} "
        f"{_p(row.marrow_right)} | {row.muscle_ml:11.0f} {_p(row.muscle_right)} {_p(row.muscle_seen)} "
        f"({row.muscle_else:28.28}) | {_p(row.fat_right)} {_p(row.disc)} {_p(row.canal_fluid)} | "
        f"{row.seconds:3.0f} {row.memory_mb:4.0f} | {found}{modic}"
    )


def _p(part: float) -> str:
    """A part as a percentage of five characters."""
    return "    -" if np.isnan(part) else f"{100.0 * part:5.0f}"


def tissue_report(cache: Path, data: Path, anatomy: tuple[bool, ...], chosen: list[str], jobs: int) -> Iterator[str]:
    """The table line by line, and below it each MR finding and warning.

    Parameters
    ----------
    cache, data : Path
    anatomy : tuple of bool
        Whether to give the drawn bodies, for each run.
    chosen : list of str
        Names of cases; all when empty.
    jobs : int
        Cases at a time.
    """
    numbers = [n for n, plan in enumerate(PLANS) if not chosen or plan.name in chosen]
    tasks = [TissueTask(cache, data, n, with_drawn) for with_drawn in anatomy for n in numbers]
    rows = []
    yield HEAD
    for row in rows_of(tasks, jobs):
        rows.append(row)
        yield line_of(row)
    for row in rows:
        yield f"{row.name} {'with' if row.with_drawn else 'without'} the drawn bodies"
        yield from (f"    finding: {text}" for text in row.places)
        yield from (f"    warning: {text}" for text in row.warnings)
