"""The stage "alignment" on small bodies of known pose: what is found, kept, refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import Cancelled
from PainGeneratorLib.Numerics.core.image import Geometry, Image, transform_points
from PainGeneratorLib.Registration import sampling
from PainGeneratorLib.Registration.alignment import align, align_case
from PainGeneratorLib.Registration.alignment_types import AlignmentParameters, PairAlignment
from PainGeneratorLib.Registration.landmarks import LandmarkFit, LandmarkPairs
from PainGeneratorLib.Registration.metric import PairMetric
from PainGeneratorLib.Registration.pet_fit import through_attenuation
from PainGeneratorLib.Registration.quality import judge
from PainGeneratorLib.Registration.rigid import mean_distance, motion
from PainGeneratorLib.Registration.scales import PreparedPair
from PainGeneratorLib.Registration.search import PairSearch
from PainGeneratorLib.Registration.search import _spread as spread_of_restarts
from PainGeneratorLib.Registration.similarity import IntensityScale, fixed_rows, mutual_information
from PainGeneratorLib.Registration.transform_files import read_transform
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

pytestmark = pytest.mark.slow

CENTER = np.array([15.0, -30.0, 200.0])
POSE = motion(np.array([4.0, -3.0, 5.0, 3.0, -2.0, 4.0]), CENTER)
PROBES = CENTER + np.random.default_rng(0).uniform(-40, 40, (50, 3))
AIR, FAT, MUSCLE, MARROW, CORTEX, ORGAN = range(6)
VALUES = {
    "MR": np.array([5, 900, 350, 700, 60, 450.0]),
    "FLUID": np.array([5, 120, 300, 180, 40, 800.0]),
    "CT": np.array([-1000, -100, 50, 250, 900, 30.0]),
    "PET": np.array([0.01, 0.25, 0.6, 1.1, 0.5, 1.9]),
}


@pytest.fixture(scope="module")
def parameters() -> AlignmentParameters:
    shipped = load_protocol("low-back").stage("alignment", AlignmentParameters)
    return dataclasses.replace(
        shipped,
        search=dataclasses.replace(shipped.search, samples=16000, finest_spacing_mm=4.0),
        restarts=dataclasses.replace(shipped.restarts, count=2),
    )


def tissue_at(points_ras: np.ndarray) -> np.ndarray:
    """Tissue numbers of an asymmetric body at points."""
    x, y, z = np.moveaxis(points_ras - CENTER, -1, 0)
    tissue = np.full(x.shape, AIR)
    tissue[(x / 75) ** 2 + ((y + 0.05 * z) / 55) ** 2 < 1 + 0.002 * z] = FAT
    tissue[((x - 3) / 62) ** 2 + ((y + 4) / 42) ** 2 < 1 + 0.003 * z] = MUSCLE
    for cx, cy, r, wave in ((-30, 8, 14, 5), (25, -8, 10, -4), (2, 20, 8, 3)):
        distance = np.hypot(x - cx - wave * np.sin(z / 14), y - cy) - r * (1 + 0.25 * np.sin(z / 9 + cx))
        tissue[distance < 0] = CORTEX
        tissue[distance < -3] = MARROW
    for cx, cy, cz, r in ((35, 15, 20, 12), (-10, -22, -15, 10), (20, -25, 35, 8), (-40, -10, -35, 9)):
        tissue[(x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < r * r] = ORGAN
    return tissue


def body(
    kind: str,
    pose: np.ndarray | None = None,
    spacing: tuple[float, float, float] = (2.5, 2.5, 3.0),
    size: tuple[float, float, float] = (180.0, 140.0, 120.0),
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    seed: int = 1,
) -> Image:
    """An image of the body; `pose` maps body points to points of the image's frame."""
    pose = np.eye(4) if pose is None else pose
    count = [int(s / d) for s, d in zip(size, spacing, strict=True)]
    matrix = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    corner = (np.array(count) - 1) / 2 * spacing
    matrix[:3, 3] = CENTER + np.array(shift) + corner * (1, 1, -1)
    geometry = Geometry(tuple(count[::-1]), matrix)
    k, j, i = np.indices(geometry.shape)
    points = geometry.to_ras(np.stack([i, j, k], axis=-1))
    tissue = tissue_at(transform_points(np.linalg.inv(pose), points))
    generator = np.random.default_rng(seed)
    blur = 2.5 if kind == "PET" else 0.8
    values = ndimage.gaussian_filter(VALUES[kind][tissue], [blur / s for s in geometry.spacing_kji_mm])
    texture = ndimage.gaussian_filter(generator.normal(size=values.shape), 2.5)
    values = values * (1 + (0.0 if kind == "CT" else 0.6) * texture)
    values += generator.normal(scale=0.015 * np.ptp(VALUES[kind]), size=values.shape)
    if kind != "CT":
        values = np.abs(values)
    return Image(values.astype(np.float32), geometry)


@pytest.fixture(scope="module")
def reference() -> Image:
    return body("MR")


@pytest.fixture(scope="module")
def moved_ct() -> Image:
    return body("CT", POSE, spacing=(3.0, 3.0, 3.0), seed=2)


@pytest.fixture(scope="module")
def ct_alignment(reference: Image, moved_ct: Image, parameters: AlignmentParameters) -> PairAlignment:
    return align(reference, moved_ct, parameters=parameters, moving_kind="CT")


def test_a_known_motion_of_a_ct_is_found(ct_alignment: PairAlignment) -> None:
    assert ct_alignment.kept == "registered"
    assert ct_alignment.verdict == "aligned"
    assert mean_distance(ct_alignment.fixed_to_moving_ras, POSE, PROBES) < 1.0
    assert ct_alignment.spread_mm < 1.0
    assert ct_alignment.similarity_end > ct_alignment.similarity_start
    assert 4.0 < ct_alignment.shift_mm < 10.0
    assert 3.0 < ct_alignment.rotation_deg < 7.0


def test_the_same_input_gives_the_same_result(
    reference: Image, moved_ct: Image, ct_alignment: PairAlignment, parameters: AlignmentParameters
) -> None:
    again = align(reference, moved_ct, parameters=parameters, moving_kind="CT")
    np.testing.assert_array_equal(again.fixed_to_moving_ras, ct_alignment.fixed_to_moving_ras)


def test_another_mr_contrast_of_partial_overlap_is_found(reference: Image, parameters: AlignmentParameters) -> None:
    moving = body("FLUID", POSE, spacing=(2.0, 2.0, 4.0), size=(180.0, 140.0, 80.0), shift=(20.0, 0.0, 25.0), seed=3)
    found = align(reference, moving, parameters=parameters, moving_kind="MR", same_frame_of_reference=False)
    assert found.kept == "registered"
    assert mean_distance(found.fixed_to_moving_ras, POSE, PROBES) < 1.0


@pytest.mark.slow
def test_what_a_series_does_not_show_is_not_taken_for_air(reference: Image, parameters: AlignmentParameters) -> None:
    padded = body("CT", POSE, spacing=(3.0, 3.0, 3.0), seed=2)
    array = padded.array.copy()
    array[:, :, :20] = -2000.0
    found = align(reference, Image(array, padded.geometry), parameters=parameters, moving_kind="CT")
    assert found.evidence["outline_overlap"] > 0.97
    assert mean_distance(found.fixed_to_moving_ras, POSE, PROBES) < 1.0


@pytest.mark.slow
def test_noise_keeps_the_start_when_the_frame_of_reference_is_shared(
    reference: Image, parameters: AlignmentParameters
) -> None:
    noise = Image(
        np.random.default_rng(5).uniform(0, 5, (40, 40, 40)).astype(np.float32),
        reference.geometry.cropped((0, 0, 0), (40, 40, 40)),
    )
    found = align(reference, noise, parameters=parameters, moving_kind="PET")
    assert found.kept != "registered"
    np.testing.assert_array_equal(found.fixed_to_moving_ras, np.eye(4))


def test_noise_in_another_frame_of_reference_is_not_aligned(reference: Image, parameters: AlignmentParameters) -> None:
    noise = Image(
        np.random.default_rng(6).uniform(0, 5, (40, 40, 40)).astype(np.float32),
        reference.geometry.cropped((0, 0, 0), (40, 40, 40)),
    )
    found = align(reference, noise, parameters=parameters, moving_kind="PET", same_frame_of_reference=False)
    assert found.verdict == "not aligned"
    assert "landmarks" in found.advice


def test_an_aligned_pair_is_not_made_worse(reference: Image, parameters: AlignmentParameters) -> None:
    found = align(reference, body("CT", spacing=(3.0, 3.0, 3.0), seed=2), parameters=parameters, moving_kind="CT")
    assert found.verdict != "not aligned"
    assert mean_distance(found.fixed_to_moving_ras, np.eye(4), PROBES) < 0.5


def test_series_that_show_different_places_are_not_aligned(reference: Image, parameters: AlignmentParameters) -> None:
    far = body("CT", shift=(0.0, 0.0, 500.0))
    found = align(reference, far, parameters=parameters, moving_kind="CT", same_frame_of_reference=False)
    assert found.verdict == "not aligned"
    assert found.spread_mm is None
    assert "overlap" in found.reason


def test_landmarks_bring_a_far_series_into_reach(reference: Image, parameters: AlignmentParameters) -> None:
    far = motion(np.array([300.0, -20.0, 100.0, 20.0, -10.0, 30.0]), CENTER)
    at = transform_points(far, CENTER) - CENTER
    moving = body("CT", far, spacing=(3.0, 3.0, 3.0), size=(220.0, 200.0, 200.0), shift=tuple(at))
    marks = CENTER + np.array([[-30, 8, 0], [25, -8, 30], [2, 20, -30], [35, 15, 20], [-40, -10, -35.0]])
    noise = np.random.default_rng(7).normal(scale=2.0, size=marks.shape)
    found = align(
        reference,
        moving,
        parameters=parameters,
        moving_kind="CT",
        same_frame_of_reference=False,
        landmarks=LandmarkPairs(marks, transform_points(far, marks) + noise),
    )
    assert found.verdict == "aligned"
    assert mean_distance(found.fixed_to_moving_ras, far, PROBES) < 1.5


def test_cancelling_passes_through(reference: Image, moved_ct: Image, parameters: AlignmentParameters) -> None:
    def cancel(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        align(reference, moved_ct, parameters=parameters, moving_kind="CT", progress=cancel)


@pytest.mark.slow
def test_a_mask_of_the_reference_is_kept_to(
    reference: Image, moved_ct: Image, parameters: AlignmentParameters
) -> None:
    mask = np.zeros(reference.array.shape, dtype=bool)
    mask[:, 5:-5, 5:-5] = True
    found = align(reference, moved_ct, parameters=parameters, moving_kind="CT", fixed_mask=mask)
    assert mean_distance(found.fixed_to_moving_ras, POSE, PROBES) < 1.0


def test_pet_goes_through_its_attenuation_series(
    reference: Image, moved_ct: Image, ct_alignment: PairAlignment, parameters: AlignmentParameters
) -> None:
    seen: list[tuple[float, str]] = []
    found = align_case(
        reference,
        {"PET": (body("PET", POSE, spacing=(4.0, 4.0, 3.0)), "PT"), "ATTENUATION": (moved_ct, "CT")},
        {"reference": "1.2", "PET": "1.3", "ATTENUATION": "1.3"},
        parameters,
        progress=lambda fraction, text: seen.append((fraction, text)),
    )
    assert found["PET"].through == "ATTENUATION"
    assert found["ATTENUATION"].through is None
    np.testing.assert_array_equal(found["PET"].reference_to_series_ras, ct_alignment.fixed_to_moving_ras)
    assert not found["PET"].same_frame_of_reference
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
    assert seen[-1][0] == 1.0
    saved = json.loads(json.dumps(found["PET"].to_json()))
    assert saved["verdict"] == "aligned"
    np.testing.assert_allclose(saved["reference_to_series_ras"], ct_alignment.fixed_to_moving_ras, atol=1e-8)


@pytest.mark.slow
def test_pet_in_another_frame_than_the_attenuation_series_goes_alone(
    reference: Image, moved_ct: Image, parameters: AlignmentParameters
) -> None:
    pet = body("PET", POSE, spacing=(4.0, 4.0, 3.0), seed=4)
    found = align_case(
        reference,
        {"PET": (pet, "PET"), "ATTENUATION": (moved_ct, "CT")},
        {"reference": "1", "PET": "1", "ATTENUATION": "2"},
        parameters,
    )
    assert found["PET"].through is None
    assert found["PET"].same_frame_of_reference
    error = mean_distance(found["PET"].reference_to_series_ras, POSE, PROBES)
    assert error < 3.0 or found["PET"].kept != "registered"


def pair_alignment(pose: np.ndarray, verdict: str = "aligned", **evidence: object) -> PairAlignment:
    found = {"doubt": None, "change_found_mm": 0.0} | evidence
    return PairAlignment(pose, np.eye(4), "registered", verdict, 0.0, 0.0, 0.1, 1.0, 1.1, found)


SHIFTED = motion(np.array([6.0, 0.0, 0.0, 0.0, 0.0, 0.0]), CENTER)


@pytest.mark.parametrize(
    ("fit", "alone", "verdict", "pose", "words"),
    [
        (pair_alignment(SHIFTED, change_found_mm=6.0), SHIFTED, "aligned", SHIFTED, "do not fit: 6.0 mm"),
        (pair_alignment(SHIFTED, change_found_mm=6.0), np.eye(4), "not aligned", np.eye(4), "do not fit: 6.0 mm"),
        (
            pair_alignment(SHIFTED, change_found_mm=6.0, doubt="edges."),
            SHIFTED,
            "aligned",
            np.eye(4),
            "could not be told",
        ),
        (pair_alignment(np.eye(4), change_found_mm=1.0), SHIFTED, "aligned", np.eye(4), None),
    ],
)
def test_pet_beside_its_attenuation_series_is_told_and_moved_only_when_the_reference_confirms_it(
    fit: PairAlignment,
    alone: np.ndarray,
    verdict: str,
    pose: np.ndarray,
    words: str | None,
    reference: Image,
    parameters: AlignmentParameters,
) -> None:
    def align_pair(fixed: Image, moving: Image, **how: object) -> PairAlignment:
        return pair_alignment(alone) if fixed is reference else fit

    chain, ct, pet = pair_alignment(np.eye(4)), body("CT", spacing=(8, 8, 8)), body("PET", spacing=(8, 8, 8))
    found, through = through_attenuation(reference, (ct, "CT"), pet, chain, parameters, True, align_pair)
    assert through
    assert found.verdict == verdict
    np.testing.assert_allclose(found.fixed_to_moving_ras, pose)
    assert (words in found.warnings[0]) if words else not found.warnings


def test_pet_goes_alone_where_its_attenuation_series_could_not_be_aligned(
    reference: Image, parameters: AlignmentParameters
) -> None:
    chain, pet = pair_alignment(np.eye(4), "not aligned", doubt="edges."), body("PET", spacing=(8, 8, 8))
    for verdict in ("aligned", "not aligned"):
        alone = pair_alignment(SHIFTED, verdict)
        found, through = through_attenuation(
            reference, (pet, "MR"), pet, chain, parameters, True, lambda *images, pair=alone, **how: pair
        )
        assert found is (alone if verdict == "aligned" else chain)
        assert through == (verdict != "aligned")


@pytest.mark.slow
def test_a_shift_between_pet_and_its_attenuation_series_is_found(
    reference: Image, moved_ct: Image, parameters: AlignmentParameters
) -> None:
    truth = SHIFTED @ POSE
    found = align_case(
        reference,
        {"PET": (body("PET", truth, spacing=(4.0, 4.0, 3.0)), "PT"), "ATTENUATION": (moved_ct, "CT")},
        {"reference": "1.2", "PET": "1.3", "ATTENUATION": "1.3"},
        parameters,
    )
    assert any("do not fit" in text for text in found["PET"].warnings)
    assert mean_distance(found["PET"].reference_to_series_ras, truth, PROBES) < 2.0
    assert not any("do not fit" in text for text in found["ATTENUATION"].warnings)


def search_result(**changes: object) -> PairSearch:
    found = PairSearch(np.eye(4), POSE, CENTER, PROBES, 1000.0)
    values = {"spread_mm": 0.3, "similarity_start": 0.4, "similarity_end": 0.5, "kind": "PET", "change_mm": 8.0}
    values |= {"information_start": 0.4, "halves_mm": 1.0, "gain_noise": 0.002, "outline": 0.95}
    values |= {"edges_sd": 2.5, "better_near_start": 0.4}
    for name, value in (values | changes).items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spread_mm": 6.0}, "different starts"),
        ({"at_bound": True}, "limit"),
        ({"similarity_end": 0.4005}, "agrees as well"),
        ({"gain_noise": 0.2}, "agrees as well"),
        ({"halves_mm": 30.0}, "parts"),
        ({"outline": 0.3}, "outlines"),
        ({"edges_sd": 0.6}, "edges"),
    ],
)
def test_a_doubtful_result_is_rejected(
    changes: dict[str, object], words: str, parameters: AlignmentParameters
) -> None:
    verdict = judge(search_result(**changes), np.eye(4), None, parameters, False)
    assert verdict.verdict == "not aligned"
    assert words in verdict.reason
    np.testing.assert_array_equal(verdict.fixed_to_moving_ras, np.eye(4))


def test_a_clear_result_is_kept(parameters: AlignmentParameters) -> None:
    assert judge(search_result(), np.eye(4), None, parameters, False).kept == "registered"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"edges_sd": 0.6, "better_near_start": 0.4}, "not aligned"),
        ({"edges_sd": 0.6, "better_near_start": 0.0, "change_mm": 8.0}, "not aligned"),
        ({"edges_sd": 0.6, "better_near_start": 0.0, "change_mm": 2.0}, "kept the scanner's alignment"),
    ],
)
def test_the_scanners_alignment_is_kept_only_where_the_images_do_not_contradict_it(
    changes: dict[str, object], verdict: str, parameters: AlignmentParameters
) -> None:
    assert judge(search_result(**changes), np.eye(4), None, parameters, True).verdict == verdict


def test_a_scanner_alignment_that_could_not_be_verified_says_so(parameters: AlignmentParameters) -> None:
    unsure = judge(
        search_result(halves_mm=30.0, better_near_start=0.0, change_mm=2.0), np.eye(4), None, parameters, True
    )
    assert unsure.verdict == "kept the scanner's alignment"
    assert "could not be verified" in unsure.warnings[0]
    sure = judge(search_result(change_mm=0.2, better_near_start=0.0), np.eye(4), None, parameters, True)
    assert sure.verdict == "kept the scanner's alignment"
    assert sure.warnings == ()


def test_a_small_gain_is_weighed_against_the_mutual_information_alone(parameters: AlignmentParameters) -> None:
    small = {"similarity_start": 1.7, "similarity_end": 1.702, "gain_noise": 0.0001, "change_mm": 0.8}
    assert judge(search_result(**small), np.eye(4), None, parameters, True).kept == "registered"
    small["gain_noise"] = 0.001
    assert judge(search_result(**small), np.eye(4), None, parameters, True).kept == "identity/scanner"


def test_a_restart_that_ends_worse_than_the_poses_near_the_best_one_is_no_rival() -> None:
    found = search_result()
    best, far = np.zeros(6), np.array([20.0, 0, 0, 0, 0, 0])
    results = [(-0.50, best, 2), (-0.46, far, 4)]
    assert spread_of_restarts(results, found, -0.47) == pytest.approx(0.0)
    assert spread_of_restarts(results, found, -0.45) > 5.0


def test_air_beside_the_body_is_compared_with_ct_and_not_with_pet(reference: Image) -> None:
    pairs = {kind: PreparedPair(reference, body(kind), ("MR", kind), np.eye(4), None, 4.0) for kind in ("CT", "PET")}
    assert pairs["CT"].compared.array.sum() > 1.1 * pairs["PET"].compared.array.sum() > 0


def test_the_body_on_pet_keeps_its_fat_beside_a_hot_organ() -> None:
    pet = body("PET", spacing=(4.0, 4.0, 4.0))
    hot = pet.array.copy()
    hot[:, 10:20, 15:25] = 15.0
    bodies = [sampling.body_mask(Image(array, pet.geometry), "PET").sum() for array in (pet.array, hot)]
    assert bodies[1] == pytest.approx(bodies[0], rel=0.03)


def test_the_derivative_of_the_mutual_information_is_right() -> None:
    generator = np.random.default_rng(8)
    fixed, noise, weights = generator.uniform(0.05, 0.95, (3, 300))
    moving = np.clip(fixed**2 + 0.05 * noise, 0.02, 0.98)
    rows = fixed_rows(fixed, 16)
    _, derivative = mutual_information(rows, moving, weights, 16)
    for index in (0, 7, 150):
        step = np.zeros(300)
        step[index] = 1e-5
        ahead, _ = mutual_information(rows, moving + step, weights, 16)
        back, _ = mutual_information(rows, moving - step, weights, 16)
        assert derivative[index] == pytest.approx((ahead - back) / 2e-5, rel=1e-3, abs=1e-7)


def test_the_mutual_information_of_independent_values_is_nearly_0_and_of_equal_ones_large() -> None:
    generator = np.random.default_rng(9)
    values, others = generator.uniform(0, 1, (2, 50_000))
    weights = np.ones(50_000)
    assert mutual_information(fixed_rows(values, 16), others, weights, 16)[0] < 0.01
    assert mutual_information(fixed_rows(values, 16), values, weights, 16)[0] > 1.5


@pytest.mark.parametrize("edge_weight", [0.0, 20.0])
def test_the_slope_of_the_metric_is_right(reference: Image, moved_ct: Image, edge_weight: float) -> None:
    start = motion(np.array([2.0, -1.0, 3.0, 8.0, -4.0, 2.0]), CENTER)
    fixed, moving = (sampling.smoothed_in_view(image, None, 5.0) for image in (reference, moved_ct))
    points = CENTER + np.random.default_rng(10).uniform(-45, 45, (30_000, 3))
    metric = PairMetric(
        fixed, moving, points, start, CENTER, place=np.zeros(6), bins=16, edge_weight=edge_weight, penalty=0.001
    )
    at = np.array([1.0, 0.5, -0.7, 2.0, -3.0, 1.0])
    numeric = [(metric(at + step)[0] - metric(at - step)[0]) / 0.2 for step in 0.1 * np.eye(6)]
    slope = metric(at)[1]
    assert np.abs(slope - numeric).max() < 0.03 * np.abs(slope).max()


def test_edges_agree_best_where_images_lie_on_one_another(reference: Image, moved_ct: Image) -> None:
    fixed, moving = (sampling.smoothed_in_view(image, None, 2.0) for image in (reference, moved_ct))
    points = CENTER + np.random.default_rng(11).uniform(-45, 45, (4000, 3))
    metric = PairMetric(fixed, moving, points, POSE, CENTER, place=np.zeros(6), bins=16)
    right = metric.edges(np.zeros(6))
    assert all(metric.edges(step) < right for step in 6.0 * np.vstack([np.eye(6), -np.eye(6)]))


def test_an_intensity_scale_is_monotone_and_survives_constant_values() -> None:
    values = np.concatenate([np.zeros(50), np.linspace(0, 1, 100), [1000.0]])
    scaled = IntensityScale.of(values, 0.5)(np.sort(values))
    assert (np.diff(scaled) >= 0).all()
    assert scaled.min() == 0.0
    assert scaled.max() == 1.0
    assert np.isfinite(IntensityScale.of(np.full(20, 3.0), 1.0)(np.array([3.0]))).all()


def test_samples_are_linear_between_voxels_and_weightless_outside(reference: Image) -> None:
    geometry = reference.geometry
    k, j, i = np.indices(geometry.shape)
    ramp = geometry.to_ras(np.stack([i, j, k], axis=-1)) @ np.array([1.0, -2.0, 3.0])
    working = sampling.smoothed_in_view(Image(ramp.astype(np.float32), geometry), None, 0.0)
    values, gradients, weights = working.sample(np.vstack([PROBES, CENTER + 1000]))
    np.testing.assert_allclose(values[:-1], PROBES @ np.array([1.0, -2.0, 3.0]), rtol=1e-4)
    np.testing.assert_allclose(gradients[:, :-1].T, np.tile([1.0, -2.0, 3.0], (50, 1)), atol=1e-2)
    assert (weights[:-1] == 1).all()
    assert weights[-1] == 0


@pytest.mark.slow
@pytest.mark.data
def test_a_start_35_degrees_off_asks_for_landmarks_and_is_aligned_with_them(
    data_folder: Path, parameters: AlignmentParameters
) -> None:
    case = data_folder / "sts-001-pet-mr"
    mr, pet = (read_series(case / name / "image") for name in ("MR_T1", "FDG_PET"))
    alone = align(mr, pet, parameters=parameters, moving_kind="PET", same_frame_of_reference=False)
    assert alone.verdict == "not aligned"
    np.testing.assert_array_equal(alone.fixed_to_moving_ras, np.eye(4))
    truth = np.linalg.inv(read_transform(case / "STS001_MRT1raw_to_PETframe.tfm"))
    marks = mr.geometry.center_ras + np.array(
        [[-60, 20, 60], [50, -40, 30], [10, 60, -50], [-30, -50, -60], [0, 0, 0.0]]
    )
    noise = np.random.default_rng(9).normal(scale=3.0 / np.sqrt(3), size=marks.shape)
    pairs = LandmarkPairs(marks, transform_points(truth, marks) + noise)
    helped = align(mr, pet, parameters=parameters, moving_kind="PET", same_frame_of_reference=False, landmarks=pairs)
    assert helped.verdict == "aligned"
    assert mean_distance(helped.fixed_to_moving_ras, truth, marks) < 5.0


def read_series(folder: Path) -> Image:
    import SimpleITK as sitk
    from PainGeneratorLib.Registration.itk_images import from_itk_image

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return from_itk_image(sitk.Cast(reader.Execute(), sitk.sitkFloat32))


def test_pet_alone_may_not_pull_landmarks_away(parameters: AlignmentParameters) -> None:
    fit = LandmarkFit(np.eye(4), np.array([2.0, 3.0, 2.5, 2.0]))
    assert judge(search_result(), np.eye(4), fit, parameters, False).kept == "landmarks"
    assert judge(search_result(change_mm=1.5), np.eye(4), fit, parameters, False).kept == "registered"
    assert judge(search_result(kind="CT"), np.eye(4), fit, parameters, False).kept == "registered"
