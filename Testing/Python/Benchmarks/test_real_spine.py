"""The ruler on real lumbar MR: lesions lie where they are said to lie, and the simulated PET holds known values."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks"))

from finding_cases import Lesion
from finding_score import Found, score
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball, resample
from PainGeneratorLib.Numerics.core.words import Role
from real_spine import ARCH, CANAL, DISC, FAT, MARROW, MUSCLE
from real_spine_cases import PLANS
from real_spine_pet import CODE, image_pet, paint, peak_of, random_motion, random_scan, uptake
from real_spine_places import Spot, choose_spots, half_axes, spots_of, weight_on
from real_spine_simulated import HEALTHY, add_lesion, case_names
from real_spine_truth import Truth, truth_of
from real_spine_variants import NAMES, change_of

PROJECT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
VOLUME = "IVD20_T2"
"""The smallest volume; its discs are drawn, and the bodies lie between them."""


@pytest.fixture(scope="module")
def truth() -> Truth:
    """The truth of the smallest volume."""
    pytest.importorskip("nibabel")
    if not (DATA / "lumbar-mr-labelled").is_dir():
        pytest.skip(f"no reference data in {DATA}")
    return truth_of(DATA, VOLUME)


def class_at(truth: Truth, point: np.ndarray) -> int:
    """The class of most voxels within 3 mm whose class is certain; 0 when there is none."""
    geometry = truth.spine.volume.image.geometry
    classes = truth.classes.reshape(-1)[ball(geometry, point, 3.0)]
    return int(np.argmax(np.bincount(classes, minlength=9)[1:])) + 1 if classes.any() else 0


def test_every_place_lies_in_its_own_structure(truth: Truth) -> None:
    allowed = {
        "endplate": {MARROW}, "both endplates": {MARROW}, "disc": {DISC}, "muscle": {MUSCLE, FAT},
        "facet": {ARCH}, "pedicle": {ARCH}, "spinous process": {ARCH}, "interspinous": {ARCH}, "root": {ARCH},
    }  # fmt: skip
    spots = spots_of(truth)
    assert {spot.structure for spot in spots} == set(allowed)
    wrong = [
        (spot.structure, spot.level, spot.side, class_at(truth, center))
        for spot in spots
        for center in spot.centers
        if class_at(truth, center) not in allowed[spot.structure]
    ]
    assert wrong == []


def test_the_canal_lies_behind_the_bodies_and_no_lesion_lies_in_it(truth: Truth) -> None:
    _, d, _ = truth.spine.coordinates
    assert float(np.median(d[truth.classes == CANAL])) > 4.0
    assert float(np.median(d[truth.classes == MARROW])) < -8.0
    assert all(class_at(truth, center) != CANAL for spot in spots_of(truth) for center in spot.centers)


def test_the_painted_bone_of_the_arch_holds_the_places_in_it(truth: Truth) -> None:
    anatomy = paint(truth, np.random.default_rng(0))
    spots = [s for s in spots_of(truth) if s.structure in ("facet", "pedicle", "spinous process")]
    assert {anatomy.name_at(s.middle) for s in spots} <= {"arch bone", "marrow"}


def test_the_pet_recovers_the_uptake_of_tissue_and_of_a_lesion(truth: Truth) -> None:
    rng = np.random.default_rng(3)
    anatomy = paint(truth, rng)
    suv, means = uptake(truth, anatomy, rng)
    spot = next(s for s in spots_of(truth) if s.structure == "endplate")
    target = add_lesion(suv, anatomy, means, spot, half_axes("endplate", 3.0), 2.0)
    motion = random_motion(rng, spot.middle)
    pet, blurred = image_pet(suv, anatomy, random_scan(rng), motion, means["liver"], rng)
    there = Image(resample(pet, anatomy.geometry, motion), anatomy.geometry)
    muscle = (anatomy.classes == CODE["muscle"]) & np.isfinite(there.array)
    assert float(np.median(there.array[muscle])) == pytest.approx(float(np.median(suv[muscle])), rel=0.05)
    assert 0.6 * target < peak_of(blurred, spot.centers) <= target
    i, j, k = np.rint(anatomy.geometry.to_ijk(spot.middle)).astype(int)
    assert float(there.array[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2].mean()) > 1.3 * means["marrow"]


def test_lesions_of_a_case_lie_apart_and_a_seed_gives_the_same_ones(truth: Truth) -> None:
    first, again = (choose_spots(spots_of(truth), np.random.default_rng(5), 4, []) for _ in range(2))
    middles = np.array([s.middle for s in first])
    gaps = np.linalg.norm(middles[:, None] - middles[None], axis=-1)[~np.eye(len(first), dtype=bool)]
    assert len(first) == 4
    assert gaps.min() > 32.0
    assert np.array_equal(middles, np.array([s.middle for s in again]))


def test_a_lesion_has_the_volume_that_was_asked_for() -> None:
    geometry = Geometry((40, 40, 40), np.eye(4))
    spot = Spot("facet", "L4/L5", "left", (np.array([20.0, 20.0, 20.0]),), np.eye(3))
    _, weight = weight_on(geometry, spot, half_axes("facet", 1.5), 2.0)
    assert float(weight.sum()) / 1000.0 == pytest.approx(1.5, rel=0.08)


@pytest.mark.parametrize("variant", NAMES)
def test_a_variant_leaves_every_voxel_at_its_place_in_the_body(variant: str) -> None:
    shape = (24, 60, 50)
    matrix = np.array([[0.0, 0, 1, -12], [-1, 0, 0, 30], [0, -1, 0, 40], [0, 0, 0, 1.0]])
    image = Image(np.zeros(shape, dtype=np.uint8), Geometry(shape, matrix))
    image.array[8:16, 28:40, 20:30] = 1
    changed = change_of(variant, image.array > 0)(image)
    middles = [one.geometry.flat_to_ras(np.flatnonzero(one.array)).mean(axis=0) for one in (image, changed)]
    assert middles[1] == pytest.approx(middles[0], abs=0.6)


def test_a_focus_that_fills_the_belly_has_found_no_lesion() -> None:
    lesion = Lesion("L1", "PET only", np.zeros(3), 5.0, {})
    huge = Found(np.zeros(3), {"volume_ml": 700.0})
    assert score("case", [lesion], [huge], most_ml=40.0).ranks == {"L1": None}
    assert [rank for rank, _ in score("case", [lesion], [huge], most_ml=40.0).false] == [1]
    assert score("case", [lesion], [huge]).ranks == {"L1": 1}


def test_the_cases_are_listed_by_seed_and_each_role_is_one_that_the_program_takes() -> None:
    names = case_names([HEALTHY, "0"], [])
    assert len(names) == 2 * len(PLANS)
    assert [name.split(":")[1] for name in names] == [HEALTHY] * len(PLANS) + ["0"] * len(PLANS)
    assert {plan.reference[0] for plan in PLANS} == {Role.T1, Role.T2, Role.FLUID}
