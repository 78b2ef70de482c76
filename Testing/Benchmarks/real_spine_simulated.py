"""Cases of real lumbar MR with a simulated PET and lesions of known place, size and uptake."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from finding_cases import Lesion, TestCase, kept, make_case
from finding_folders import STRUCTURE_WORDS
from PainGeneratorLib.Numerics.core.image import Image, transform_points
from PainGeneratorLib.Numerics.core.words import Role
from PainGeneratorLib.Workflow.case import CaseOptions, CaseSeries
from real_spine import MARROW, Volume
from real_spine_cases import PLANS, CasePlan, as_series, reference_to_series, volumes_of, write_drawn_labels
from real_spine_facts import Facts
from real_spine_pet import (
    CODE,
    MARROW_PART,
    NAMES,
    Anatomy,
    curve_middle,
    image_dixon,
    image_pet,
    paint,
    peak_of,
    random_motion,
    random_scan,
    uptake,
)
from real_spine_places import BONE, VOLUMES_ML, Spot, choose_spots, half_axes, spots_of, weight_on
from real_spine_truth import Truth, kept_truth
from real_spine_variants import NAMES as ALL_VARIANTS
from real_spine_variants import change_of

FAMILY = "real-spine"
"""Name of this family of cases."""
MAKING = ("", "_truth", "_cases", "_pet", "_places", "_variants", "_simulated")
"""Ends of the names of the modules that make the cases."""
HEALTHY = "healthy"
"""In place of a seed: no lesion is added."""
LESIONS = 4
"""Number of lesions in a case, when there is room for so many."""
RATIOS = (1.4, 2.4)
"""Least and largest uptake of a lesion over that of its own tissue."""
BOTH_PART = 0.6
"""Part of the lesions that the MR shows, too. Our estimate."""
EDGE_MM = 2.0
"""Width of the edge of a lesion on PET, mm."""
MR_EDGE_MM = 3.0
"""Width of the edge of a lesion on MR, mm."""
MR_FACTORS = {"T1": 0.62, "FLUID": 2.4, "T2": 1.6}
"""Role -> signal in the middle of a lesion over that before. Edema; our estimate from the Modic I of AKa."""
SOFT_T1_FACTOR = 0.92
"""The same for T1 in muscle, disc and root, which are dark on T1 already."""
MODIC_RADIUS_MM = 16.0
"""Radius around the worn disc of AKa within which a candidate has found its Modic I, mm."""
MOST_ML = 40.0
"""Upper bound of the volume of a candidate that can find a lesion of up to 3.5 ml, ml. Our estimate: ten times it."""
OWN_TISSUE = {"disc": "disc", "root": "muscle", "muscle": "muscle", "interspinous": "muscle"}
"""Structure without marrow -> class whose uptake its ratio refers to."""
ORGAN_WORDS = {
    "bladder": "bladder", "kidney": "kidney", "kidney pelvis": "kidney", "ureter": "ureter", "bowel": "bowel",
    "hot bowel": "bowel", "vessel": "vessel", "CSF": "CSF", "cord": "CSF",
}  # fmt: skip
"""Painted class -> word of ``finding_places.FORBIDDEN``."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """What is kept of a case: everything but the MR.

    Parameters
    ----------
    pet, dixon : Image
    motion : ndarray, shape (4, 4)
        Maps points of the reference frame to points of the PET.
    lesions : list of Lesion
    shapes : list of (Spot, ndarray)
        The lesions that the MR shows, with their half axes in mm.
    anatomy : Anatomy
    true : dict of str to float
        True medians of marrow and muscle without lesions, g/ml.
    """

    pet: Image
    dixon: Image
    motion: np.ndarray
    lesions: list[Lesion]
    shapes: list[tuple[Spot, np.ndarray]]
    anatomy: Anatomy
    true: dict[str, float]


def case_names(seeds: list[str], chosen: list[str], variant: str | None = None) -> list[str]:
    """Names of cases: plan, seed and variant. Seed 0 and the healthy ones are plain, the others take turns.

    Parameters
    ----------
    seeds : list of str
        Numbers, or HEALTHY.
    chosen : list of str
        Names of plans; all when empty.
    variant : str, optional
        How all of them are imaged, instead.
    """
    names = []
    others = ALL_VARIANTS[2:]
    for seed in seeds:
        for number, plan in enumerate(PLANS):
            turn = 0 if seed == HEALTHY else int(seed) % 3
            own = ("plain", "clinical", others[number % len(others)])[turn]
            if not chosen or plan.name in chosen:
                names.append(f"{plan.name}:{seed}:{variant or own}")
    return names


def spine_case(cache: Path, data: Path, name: str) -> TestCase:
    """Return a case. Its PET is kept in `cache` under a digest of the modules that make it.

    Parameters
    ----------
    cache, data : Path
    name : str
        ``PLAN:SEED:VARIANT``; the seed may be HEALTHY.
    """
    plan_name, seed, variant = name.split(":")
    plan = next(p for p in PLANS if p.name == plan_name)
    mark = _mark()
    path = cache / f"real-spine-{mark}" / f"{plan_name}-{seed}-{variant}.pickle"
    made: Simulated = kept(path, lambda: simulate(cache, data, plan, seed, variant), packed=True)
    volumes = volumes_of(plan, data)
    role, reference = plan.reference
    moves = reference_to_series(volumes, role)
    body = kept_truth(cache, data, reference).body if variant == "cropped" else np.zeros((1, 1, 1), dtype=bool)
    change = change_of(variant, body)
    images = {r: change(with_lesions(v, r, made.shapes, moves.get(r, np.eye(4)))) for r, v in volumes.items()}
    case = dataclasses.replace(
        make_case(CaseOptions(group="low-back"), _series(made, images, volumes)), reference_role=role
    )
    anatomy = write_drawn_labels(cache / "real-spine-labels", volumes[role])
    truth = moves | {Role.PET: made.motion, Role.ATTENUATION: made.motion}
    centers = np.array([x.center_ras_mm for x in made.lesions]).reshape(-1, 3)
    return TestCase(
        f"{plan_name}-{seed}-{variant}-{mark}", case, made.lesions, [], truth, anatomy, centers,
        Places(made.anatomy), (), Facts(made.true, plan_name), MOST_ML,
    )  # fmt: skip


def _mark() -> str:
    """Digest of the modules that make the cases of this family."""
    here = Path(__file__).resolve().parent
    parts = [here / f"real_spine{part}.py" for part in MAKING]
    return hashlib.sha256(b"".join(f.read_bytes() for f in parts)).hexdigest()[:10]


def _series(made: Simulated, images: dict[str, Image], volumes: dict[str, Volume]) -> dict[str, CaseSeries]:
    """All series; PET and MR were made on one scanner and share its frame of reference."""
    series = as_series(images, {r: v.name for r, v in volumes.items()})
    for one in series.values():
        one.frame_of_reference = "scanner"
    series[Role.PET] = CaseSeries(Role.PET, "simulated PET", made.pet, "PT", "scanner", {})
    series[Role.ATTENUATION] = CaseSeries(Role.ATTENUATION, "simulated Dixon", made.dixon, "MR", "scanner", {})
    return series


def simulate(cache: Path, data: Path, plan: CasePlan, seed: str, variant: str) -> Simulated:
    """Make PET and lesions of a case."""
    _, reference = plan.reference
    truth = kept_truth(cache, data, reference)
    number = 0 if seed == HEALTHY else int(seed) + 1
    person = np.random.default_rng([sum(map(ord, truth.spine.volume.person)), number])
    anatomy = paint(truth, person)
    suv, means = uptake(truth, anatomy, person)
    true = true_medians(suv, anatomy, truth)
    rng = np.random.default_rng([sum(map(ord, plan.name)), number, 1])
    grid = change_of(variant, truth.body)(
        Image(np.zeros(truth.body.shape, np.uint8), truth.spine.volume.image.geometry)
    )
    planned = [] if seed == HEALTHY else _planned(truth, plan, grid, rng)
    scan, motion = random_scan(rng), random_motion(rng, curve_middle(truth.spine))
    targets = [add_lesion(suv, anatomy, means, spot, axes, ratio) for spot, axes, ratio, _ in planned]
    pet, blurred = image_pet(suv, anatomy, scan, motion, means["liver"], rng)
    lesions = [
        _lesion(n, one, target, peak_of(blurred, one[0].centers))
        for n, (one, target) in enumerate(zip(planned, targets, strict=True), start=1)
    ]
    if plan.name.startswith("AKa"):
        lesions.append(real_modic(truth))
    shapes = [(spot, axes) for spot, axes, _, evidence in planned if evidence == "PET+MR"]
    return Simulated(pet, image_dixon(anatomy, motion, rng), motion, lesions, shapes, anatomy, true)


def _planned(
    truth: Truth, plan: CasePlan, grid: Image, rng: np.random.Generator
) -> list[tuple[Spot, np.ndarray, float, str]]:
    """Places of lesions with half axes (mm), ratio and evidence."""
    avoid = [real_modic(truth).center_ras_mm] if plan.name.startswith("AKa") else []
    spots = (
        [s for s in spots_of(truth) if all(grid.geometry.contains(c, -6.0) for c in s.centers)]
        if (grid.geometry.shape != truth.body.shape)
        else spots_of(truth)
    )
    planned = []
    for spot in choose_spots(spots, rng, LESIONS, avoid):
        low, high = VOLUMES_ML[spot.structure]
        volume = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        axes = half_axes(spot.structure, volume, len(spot.centers))
        evidence = "PET+MR" if rng.random() < BOTH_PART else "PET only"
        planned.append((spot, axes, float(rng.uniform(*RATIOS)), evidence))
    return planned


def true_medians(suv: np.ndarray, anatomy: Anatomy, truth: Truth) -> dict[str, float]:
    """True medians (g/ml) of the marrow of the drawn bodies and of muscle near the spine."""
    geometry = truth.spine.volume.image.geometry
    points = geometry.flat_to_ras(np.flatnonzero(truth.classes == MARROW)[::7])
    kji = np.rint(anatomy.geometry.to_ijk(points)).astype(int)[:, ::-1]
    kji = kji[np.all((kji >= 0) & (kji < anatomy.geometry.shape), axis=1)]
    muscle = suv[anatomy.classes == CODE["muscle"]]
    return {"marrow": float(np.median(suv[tuple(kji.T)])), "muscle": float(np.median(muscle))}


def add_lesion(
    suv: np.ndarray, anatomy: Anatomy, means: dict[str, float], spot: Spot, axes: np.ndarray, ratio: float
) -> float:
    """Raise the uptake of a lesion, in place, and return its uptake, g/ml."""
    flat, weight = weight_on(anatomy.geometry, spot, axes, EDGE_MM)
    name = "marrow" if spot.structure in BONE else OWN_TISSUE[spot.structure]
    own = means[name]
    if spot.structure in BONE:
        inside = flat[(weight > 0.5) & np.isin(anatomy.classes.reshape(-1)[flat], [CODE[x] for x in MARROW_PART])]
        own = float(np.median(suv.reshape(-1)[inside])) if inside.size > 5 else own * MARROW_PART["arch bone"]
    target = ratio * own
    values = suv.reshape(-1)
    # A lesion never lowers what is there: beside a vessel or the cord it may reach over tissue with more uptake.
    values[flat] += weight * np.maximum(target - values[flat], 0.0)
    return target


def with_lesions(volume: Volume, role: str, shapes: list[tuple[Spot, np.ndarray]], move: np.ndarray) -> Image:
    """The MR volume with the lesions that the MR shows; `move` maps points of the reference frame to it."""
    array = volume.image.array.copy()
    values = array.reshape(-1)
    for spot, axes in shapes:
        there = dataclasses.replace(
            spot,
            centers=tuple(transform_points(move, c) for c in spot.centers),
            axes=spot.axes @ move[:3, :3].T,
        )
        flat, weight = weight_on(volume.image.geometry, there, axes, MR_EDGE_MM)
        factor = MR_FACTORS[role]
        if role == Role.T1 and spot.structure not in BONE:
            factor = SOFT_T1_FACTOR
        values[flat] *= 1.0 + weight * (factor - 1.0)
    return Image(array, volume.image.geometry)


def _lesion(number: int, planned: tuple[Spot, np.ndarray, float, str], target: float, peak: float) -> Lesion:
    """The true lesion."""
    spot, axes, ratio, evidence = planned
    volume = 4.0 / 3.0 * np.pi * float(np.prod(axes)) * len(spot.centers) / 1000.0
    spread = max(float(np.linalg.norm(c - spot.middle)) for c in spot.centers)
    truth: dict[str, Any] = {
        "kind": spot.structure, "structure": spot.structure, "side": spot.side, "level": spot.level, "zone": None,
        "volume_ml": round(volume, 2), "ratio": round(ratio, 2), "suv": round(target, 2),
        "blurred_suv_peak": round(peak, 3), "structure_words": _words(spot.structure),
    }  # fmt: skip
    return Lesion(f"L{number}", evidence, spot.middle, spread + float(max(axes)), truth)


def _words(structure: str) -> tuple[str, ...]:
    """Parts of words of a right name."""
    key = {"root": "foramen", "both endplates": "endplate", "spinous process": "spinous"}.get(structure, structure)
    return {"interspinous": ("spinous",), "muscle": ("muscle", "soft")}.get(key) or STRUCTURE_WORDS[key]


def real_modic(truth: Truth) -> Lesion:
    """The Modic I of AKa beside the disc L2/L3, which the MR truly shows; the PET was given nothing there."""
    bodies = {b.level: b for b in truth.spine.bodies}
    upper, lower = bodies["L2"], bodies["L3"]
    middle = 0.5 * (upper.at(up=-0.5 * upper.height_mm) + lower.at(up=0.5 * lower.height_mm))
    facts = {
        "kind": "Modic I (real)", "structure": "Modic I (real)", "side": None, "level": None, "zone": None,
        "volume_ml": None, "ratio": None, "structure_words": _words("both endplates"),
    }  # fmt: skip
    return Lesion("M", "MR only", middle, MODIC_RADIUS_MM, facts)


class Places:
    """Names the structure at a point (RAS mm, reference frame) by the painted classes."""

    def __init__(self, anatomy: Anatomy) -> None:
        self._anatomy = anatomy

    def __call__(self, point: np.ndarray) -> str:
        """Return a word of ``finding_places.FORBIDDEN``, or "elsewhere" with the class."""
        name = self._anatomy.name_at(point)
        return ORGAN_WORDS.get(name, f"elsewhere ({name})") if name in NAMES else "elsewhere (out of view)"
