"""Which uptake a reference tissue can have: each limit from both sides, and what takes the place of a refused one."""

from __future__ import annotations

import dataclasses
import tracemalloc

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.straight_spine import StraightSpine
from PainGeneratorLib.Numerics.core import tissues as codes
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet.detector import NO_REFERENCE_TEXT, HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.hot_discs import HotDisc
from PainGeneratorLib.Numerics.pet.reference_norms import (
    MEASURED,
    REFUSED,
    TYPICAL,
    USED,
    VERTEBRAE,
    Comparison,
    TissueOnPet,
    doubt,
)
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage
from small_pets import PLANE, PLAUSIBLE, small_pet

PLACE = (40.0, -30.0, 44.0)


@pytest.fixture(scope="module")
def parameters() -> HotSpotParameters:
    return load_protocol("low-back").stage("hot_spots", HotSpotParameters)


def rows_of(detector: HotSpotDetector) -> dict[str, tuple[float, str]]:
    return {row.name: (row.median, row.status) for row in detector.references.table}


def reasons_of(detector: HotSpotDetector) -> list[str]:
    return [text for text in detector.warnings if text.startswith("PET reference:")]


# --- ranges and relations


@pytest.mark.parametrize(
    ("tissue", "least", "most"),
    [
        ("muscle", 0.25, 5.0),
        (TYPICAL, 0.25, 5.0),
        ("marrow", 0.2, 10.0),
        (VERTEBRAE, 0.2, 10.0),
        ("disc", 0.2, 5.0),
        ("fat", 0.03, 1.0),
        ("blood", 0.4, 6.0),
        ("liver", 0.7, 8.0),
    ],
)
def test_each_tissue_has_a_range_and_the_reason_names_value_and_range(tissue, least, most):
    for value in (least, most):
        assert doubt(TissueOnPet(tissue, value), Comparison(), PLAUSIBLE) is None
    for value in (0.99 * least, 1.01 * most):
        reason = doubt(TissueOnPet(tissue, value), Comparison(), PLAUSIBLE)
        assert reason == f"its SUV is {value:.2g} g/ml, and {least:g} to {most:g} g/ml can be"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"in_body": 0.69}, "only 69% of it lies in the body"),
        ({"spread": 0.61}, "varies by 0.61 g/ml"),
    ],
)
def test_a_class_beside_the_body_or_of_several_tissues_is_doubted(changes, words):
    tissue = TissueOnPet("muscle", 1.0)
    assert doubt(dataclasses.replace(tissue, in_body=0.7, spread=0.6), Comparison(), PLAUSIBLE) is None
    assert words in doubt(dataclasses.replace(tissue, **changes), Comparison(), PLAUSIBLE)


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("muscle", {"noise": 0.34}, "does not stand out from the noise"),
        ("muscle", {"lean": 2.01}, "too low beside that of all lean tissue"),
        ("muscle", {"lean": 0.49}, "too high beside that of all lean tissue"),
        ("muscle", {"blood": 0.249}, "too high beside that of blood"),
        ("marrow", {"muscle": 1.67}, "too low beside that of muscle (1.7 g/ml)"),
        ("marrow", {"lean": 1.67}, "too low beside that of lean tissue"),
        (VERTEBRAE, {"muscle": 1.67}, "too low beside that of muscle"),
    ],
)
def test_a_tissue_has_to_fit_the_noise_and_the_other_tissues(name, known, words):
    assert words in doubt(TissueOnPet(name, 1.0), Comparison(**known), PLAUSIBLE)
    inside = {"noise": 0.33, "lean": 1.0, "blood": 0.251, "muscle": 1.66}
    assert doubt(TissueOnPet(name, 1.0), Comparison(**inside), PLAUSIBLE) is None


@pytest.mark.parametrize("name", ["muscle", "marrow"])
def test_insulin_growth_factors_and_late_scans_refuse_nothing(name):
    # Insulin: muscle 3, blood 0.9. Growth factors: marrow 6. Old age: marrow like muscle. A child: half of all.
    for muscle, marrow, blood in ((3.0, 2.0, 0.9), (0.7, 6.0, 1.6), (0.6, 0.5, 1.4), (0.3, 0.6, 0.7)):
        known = Comparison(noise=0.05, lean=muscle, muscle=muscle, blood=blood)
        value = muscle if name == "muscle" else marrow
        assert doubt(TissueOnPet(name, value, 0.2 * value), known, PLAUSIBLE) is None


def test_a_class_that_is_mostly_air_is_not_spoken_for_by_its_few_voxels_in_the_body():
    values = np.array([0.002] * 60 + [0.6] * 40)
    assert TissueOnPet.of("muscle", values, 0.15).median == pytest.approx(0.002)
    shown = TissueOnPet.of("muscle", np.array([0.002] * 40 + [0.6] * 60), 0.15)
    assert (shown.median, shown.spread, shown.in_body) == (pytest.approx(0.6), 0.0, 0.6)


# --- what the detector does with it


def air_map(image: Image) -> Image:
    """A tissue map that calls the air beside the trunk muscle, as noise in the dark front of a spine coil was."""
    tissues = np.where(image.array < 0.1, codes.MUSCLE, codes.UNKNOWN).astype(np.uint8)
    return Image(tissues, image.geometry)


def test_air_that_the_map_calls_muscle_is_refused_and_the_pet_alone_gives_the_reference(parameters):
    image = small_pet([(PLACE, 9.0, 5.0)])
    detector = HotSpotDetector(image, parameters, tissues=air_map(image), symmetry=PLANE)
    alone = HotSpotDetector(image, parameters, symmetry=PLANE)
    value, status = rows_of(detector)["muscle"]
    assert (value < 0.05, status) == (True, REFUSED)
    assert detector.references.typical == alone.references.typical == pytest.approx(0.8, rel=0.05)
    (text,) = reasons_of(detector)
    assert text.startswith("PET reference: muscle is refused, as its SUV is 0.01")
    assert "0.25 to 5 g/ml can be" in text
    assert f"the lean tissue that the PET alone shows ({alone.references.typical:.2g} g/ml) instead" in text
    assert [spot.tbr for spot in detector.find().hot_spots] == [spot.tbr for spot in alone.find().hot_spots]
    assert text in detector.find().warnings
    note = next(row.note for row in detector.references.table if row.name == "muscle")
    assert "instead: the lean tissue" in note


def mapped(image: Image, code: int, mask: np.ndarray) -> Image:
    return Image(np.where(mask, code, codes.UNKNOWN).astype(np.uint8), image.geometry)


def test_marrow_far_below_muscle_is_refused_and_the_surroundings_are_taken(parameters):
    image = small_pet([])
    x = image.geometry.flat_to_ras(np.arange(image.array.size)).reshape(*image.array.shape, 3)[..., 0]
    cold = image.array * np.where((image.array > 0.5) & (x > 20), 0.5, 1.0).astype(np.float32)
    trunk = image.array > 0.5
    tissues = np.where(trunk & (x > 28), codes.MARROW, np.where(trunk & (x < 12), codes.MUSCLE, 0)).astype(np.uint8)
    detector = HotSpotDetector(Image(cold, image.geometry), parameters, tissues=Image(tissues, image.geometry))
    assert rows_of(detector)["muscle"][1] == USED
    assert rows_of(detector)["marrow"][1] == REFUSED
    (text,) = reasons_of(detector)
    assert "marrow is refused" in text
    assert "too low beside that of muscle" in text
    assert "the surroundings of each place instead" in text
    assert detector.references.name_of(codes.MARROW) == "surroundings"


def test_a_mixture_of_tissues_is_no_reference(parameters):
    image = small_pet([])
    uneven = image.array.copy()
    trunk = uneven > 0.5
    # Cubes of fat, muscle and bowel, so that smoothing does not even them out.
    cubes = np.random.default_rng(1).choice([0.3, 0.8, 1.6], size=(3, 5, 6)).repeat(8, 0).repeat(8, 1).repeat(8, 2)
    uneven[trunk] *= cubes[:24, :36, :48][trunk].astype(np.float32)
    tissues = mapped(image, codes.MUSCLE, trunk)
    strict = dataclasses.replace(PLAUSIBLE, spread_most=0.3)
    changed = dataclasses.replace(parameters.reference, plausible=strict)
    detector = HotSpotDetector(
        Image(uneven, image.geometry), dataclasses.replace(parameters, reference=changed), tissues=tissues
    )
    assert rows_of(detector)["muscle"][1] == REFUSED
    assert "more than one tissue does" in reasons_of(detector)[0]


def test_fat_and_blood_are_shown_for_comparison_and_warn_of_nothing(parameters):
    image = small_pet([])
    trunk = ndimage.binary_erosion(image.array > 0.5)
    detector = HotSpotDetector(image, parameters, tissues=mapped(image, codes.FAT, trunk))
    assert rows_of(detector)["fat"] == (pytest.approx(0.8, rel=0.05), MEASURED)
    hot = HotSpotDetector(
        Image(3.0 * image.array, image.geometry), parameters, tissues=mapped(image, codes.FAT, trunk)
    )
    assert rows_of(hot)["fat"][1] == REFUSED
    assert reasons_of(hot) == []


def test_an_impossible_liver_is_named_and_not_used_by_percist(parameters):
    image = small_pet([])
    organs = np.zeros(image.array.shape, dtype=np.uint8)
    organs[2:20, 10:26, 14:34] = 3
    changed = image.array.copy()
    changed[organs == 3] = 0.3
    for suv, status in ((image, MEASURED), (Image(changed, image.geometry), REFUSED)):
        detector = HotSpotDetector(
            suv, parameters, organs=Image(organs, image.geometry), organ_names={3: "liver"}, symmetry=PLANE
        )
        assert rows_of(detector)["liver"][1] == status
        assert any("liver is refused" in text for text in detector.warnings) is (status == REFUSED)
        assert any("No liver" in text for text in detector.find(1.4, "percist").warnings) is (status == REFUSED)


def test_vertebrae_that_lie_in_air_are_no_reference_for_others(parameters):
    image = small_pet([(PLACE, 9.0, 5.0)])
    levels = np.zeros(image.array.shape, dtype=np.uint8)
    levels[:8, :4], levels[10:18, :4] = 20, 21
    detector = HotSpotDetector(image, parameters, levels=Image(levels, image.geometry), symmetry=PLANE)
    assert rows_of(detector)[VERTEBRAE][1] == REFUSED
    assert detector.references.level_medians == {}
    assert "vertebrae is refused" in reasons_of(detector)[0]
    assert detector.find().hot_spots[0].reference_name == "surroundings"


def test_without_any_plausible_reference_no_hot_spot_is_shown_and_the_reader_is_told(parameters):
    image = small_pet([(PLACE, 9.0, 5.0)])
    detector = HotSpotDetector(Image(20.0 * image.array, image.geometry), parameters, symmetry=PLANE)
    found = detector.find()
    assert found.hot_spots == []
    assert NO_REFERENCE_TEXT in found.warnings
    assert len(reasons_of(detector)) == 3
    assert np.isfinite(found.typical_suv)
    assert "Foci are compared with the upper quarter of the body" in reasons_of(detector)[0]


def flooding(parameters: HotSpotParameters, part: float) -> HotSpotParameters:
    plausible = dataclasses.replace(PLAUSIBLE, raised_part_most=part)
    return dataclasses.replace(parameters, reference=dataclasses.replace(parameters.reference, plausible=plausible))


def test_foci_that_fill_the_body_refuse_the_reference_that_they_were_found_with(parameters):
    # Muscle with a third of the uptake of the rest: everything else would be a focus.
    image = small_pet([])
    x = image.geometry.flat_to_ras(np.arange(image.array.size)).reshape(*image.array.shape, 3)[..., 0]
    hot = image.array * np.where(x > -40, 5.0, 1.0).astype(np.float32)
    tissues = mapped(image, codes.MUSCLE, (image.array > 0.5) & (x < -48))
    detector = HotSpotDetector(Image(hot, image.geometry), flooding(parameters, 0.2), tissues=tissues)
    assert rows_of(detector)["muscle"][1] == REFUSED
    assert any("would exceed their reference, which no disease does" in text for text in detector.warnings)
    assert detector.references.typical > 1.5


def test_a_reference_that_is_broken_costs_no_memory(parameters):
    geometry = Geometry((60, 128, 128), np.diag([3.0, 3.0, 3.0, 1.0]))
    rng = np.random.default_rng(2)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3)
    body = ((points[..., 0] - 190.0) / 150.0) ** 2 + ((points[..., 1] - 190.0) / 100.0) ** 2 < 1.0
    suv = np.where(body, 0.6, 0.002) * (1.0 + 0.1 * rng.standard_normal(geometry.shape))
    image = Image(np.abs(suv).astype(np.float32), geometry)
    tissues = Image(np.where(body, 0, codes.MUSCLE).astype(np.uint8), geometry)
    del points, suv, body
    # Nothing refuses muscle here but the flood: every limit of its values is open.
    open_limits = dataclasses.replace(
        PLAUSIBLE, muscle_least=0.0, in_body_least=0.0, spread_most=9.0, over_noise_least=0.0, over_typical_least=0.0
    )
    changed = dataclasses.replace(
        parameters, reference=dataclasses.replace(parameters.reference, plausible=open_limits)
    )
    tracemalloc.start()
    detector = HotSpotDetector(image, changed, tissues=tissues)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows_of(detector)["muscle"][1] == REFUSED
    assert detector.references.typical == pytest.approx(0.6, rel=0.05)
    # It was 63 times the image when the voxels were split into foci first.
    assert peak < 20 * image.array.nbytes


def test_a_ratio_that_no_disease_reaches_is_named(parameters):
    detector = HotSpotDetector(small_pet([(PLACE, 9.0, 5.0)]), parameters, symmetry=PLANE)
    assert not any("times the uptake of their reference" in text for text in detector.find().warnings)
    low = dataclasses.replace(PLAUSIBLE, ratio_most=2.0)
    detector._parameters = dataclasses.replace(
        parameters, reference=dataclasses.replace(parameters.reference, plausible=low)
    )
    assert any("times the uptake of their reference" in text for text in detector.find().warnings)


def test_discs_that_cannot_be_discs_are_no_reference(parameters, monkeypatch):
    detector = HotSpotDetector(small_pet([(PLACE, 9.0, 5.0)]), parameters, symmetry=PLANE)
    focus = dataclasses.replace(detector._foci[0], reference=0.01)
    monkeypatch.setattr("PainGeneratorLib.Numerics.pet.detector.find_hot_discs", lambda *_: [HotDisc(focus, 2.0)])
    spine = StraightSpine.along(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 90.0]]))
    assert detector._hot_discs(detector.scan.suv.array, spine) == []
    assert detector.warnings[-1] == (
        "PET reference: a disc is not compared with the other discs, as their SUV is 0.01 g/ml, and 0.2 to 5 g/ml can "
        "be."
    )


# --- the lean tissue of a PET


def lean_of(parameters, suv: np.ndarray, noise: float = 0.02) -> float:
    """Typical SUV of a view without an MR: voxels of 4 mm, blurred, with noise."""
    rng = np.random.default_rng(4)
    grain = ndimage.gaussian_filter(rng.standard_normal(suv.shape), 0.6)
    grain /= grain.std()
    blurred = ndimage.gaussian_filter(suv, 0.7)
    values = np.maximum(blurred + grain * (0.1 * np.sqrt(0.6 * blurred) + noise), 0.0).astype(np.float32)
    geometry = Geometry(values.shape, np.diag([4.0, 4.0, 4.0, 1.0]))
    return HotSpotDetector(Image(values, geometry), parameters).references.typical


def limb(fat_mm: float, muscle_mm: float) -> np.ndarray:
    """A limb in much air: muscle within fat."""
    x = 4.0 * (np.arange(60) - 30.0)
    radius = np.broadcast_to(np.hypot(x[:, None], x[None]), (16, 60, 60))
    return np.where(radius < muscle_mm, 0.6, np.where(radius < fat_mm, 0.25, 0.01))


@pytest.mark.parametrize(("fat_mm", "muscle_mm"), [(70.0, 55.0), (70.0, 36.0), (45.0, 38.0)])
@pytest.mark.parametrize("noise", [0.02, 0.06])
def test_muscle_of_a_thigh_or_an_arm_in_much_air_and_fat_is_the_typical_tissue(parameters, fat_mm, muscle_mm, noise):
    assert lean_of(parameters, limb(fat_mm, muscle_mm), noise) == pytest.approx(0.6, rel=0.12)


@pytest.mark.parametrize(("other", "part"), [(0.02, 0.8), (0.25, 0.8), (1.9, 0.6), (1.2, 0.5), (8.0, 0.3)])
def test_air_fat_liver_marrow_or_a_mass_in_most_of_the_view_is_not_the_typical_tissue(parameters, other, part):
    suv = np.full((16, 40, 40), 0.6)
    suv[:, : round(40 * part)] = other
    assert lean_of(parameters, suv) == pytest.approx(0.6, rel=0.1)
