"""Clinical phantoms: every effect does what it says, and a plain phantom knows nothing of them."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from PainGeneratorLib.Headless.arguments import make_parser
from PainGeneratorLib.Numerics.core.image import transform_points
from PainGeneratorLib.Phantoms.atlas import Atlas
from PainGeneratorLib.Phantoms.case import Phantom, make_phantom
from PainGeneratorLib.Phantoms.clinical_lesions import hide_outside, make_faint, make_small
from PainGeneratorLib.Phantoms.clinical_scan import Receiver
from PainGeneratorLib.Phantoms.clinical_signal import ClinicalTissue
from PainGeneratorLib.Phantoms.lesions import Lesion
from PainGeneratorLib.Phantoms.low_back import make_low_back
from PainGeneratorLib.Phantoms.marrow_and_muscle import compose
from PainGeneratorLib.Phantoms.mr_signal import Sequence, fat_null_ti_ms, signal_table, tissue_signal
from PainGeneratorLib.Phantoms.patient import Patient
from PainGeneratorLib.Phantoms.protocol_of_series import SeriesPlan, grid, plan
from PainGeneratorLib.Phantoms.realism import EFFECTS, PLAIN, Realism
from PainGeneratorLib.Phantoms.tissue_table import TISSUES

T1 = Sequence("spin-echo", 600.0, 10.0)
SHAPE_EFFECTS = {"worn-discs", "osteophytes", "body-shape", "small-lesions"}
"""Effects that change what is painted. All others leave body and lesions of the plain phantom as they are."""


@functools.cache
def made(realism: str) -> Phantom:
    return make_phantom("low-back", 3, size="small", realism=realism)


def patient_with(tissues: dict[tuple[float, float, float], str], anatomy: str | None = None) -> Patient:
    """A patient of fat with a ball of 8 mm of some tissues around points."""
    atlas = Atlas.of_box((-40, -40, -40), (40, 40, 40), 2.0)
    atlas.tissue[...] = TISSUES["fat"].code
    for center, tissue in tissues.items():
        atlas.ellipsoid(center, (8, 8, 8), tissue, anatomy=anatomy)
    return Patient(atlas)


def clinical(*effects: str, group: str = "low-back", seed: int = 5) -> Realism:
    return Realism.of("+".join(effects) or "clinical", seed, group)


def sagittal(role: str = "T1", name: str = "t1", center=(0.0, 0.0, 0.0)) -> SeriesPlan:
    geometry = grid("sagittal", np.array(center), (9, 90, 90), 3.0, 6.0)
    return SeriesPlan(role, name, geometry, np.eye(4), T1, 4.0)


def received(signal: np.ndarray, item: SeriesPlan, realism: Realism, bias: np.ndarray | None = None) -> np.ndarray:
    shading = np.ones(signal.shape, np.float32) if bias is None else bias
    return Receiver(realism).receive(signal, item, shading, 1000.0, np.random.default_rng(1))


def anterior_of(item: SeriesPlan) -> np.ndarray:
    """A coordinate of every column of a sagittal series, mm."""
    g = item.geometry
    return g.ijk_to_ras[1, 3] + g.ijk_to_ras[1, 0] * np.arange(g.shape[2])


@pytest.mark.parametrize("name", ["real", "clinical+noise", "", "plain+noise"])
def test_unknown_names_of_realism_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="realism"):
        Realism.of(name, 1, "low-back")


def test_plain_has_no_effect_clinical_has_all_and_some_can_be_chosen() -> None:
    assert not PLAIN
    assert not Realism.of("plain", 1, "low-back")
    assert Realism.of("clinical", 1, "low-back").effects == set(EFFECTS)
    some = Realism.of("noise+slab", 1, "low-back")
    assert "noise" in some
    assert "motion" not in some
    with pytest.raises(ValueError, match="no effect"):
        assert "nois" in some


def test_each_effect_series_and_seed_has_numbers_of_its_own_that_never_change() -> None:
    def first(seed: int, group: str, effect: str, part: str = "") -> float:
        return float(Realism.of("clinical", seed, group).rng(effect, part).random())

    assert first(1, "low-back", "noise") == first(1, "low-back", "noise")
    numbers = {
        first(1, "low-back", "noise"),
        first(2, "low-back", "noise"),
        first(1, "hip-replacement", "noise"),
        first(1, "low-back", "motion"),
        first(1, "low-back", "noise", "t1"),
        first(1, "low-back", "noise", "t2"),
    }
    assert len(numbers) == 6


def test_the_command_offers_plain_and_clinical_and_takes_plain_by_default() -> None:
    parser = make_parser()
    assert parser.parse_args(["phantom", "folder"]).realism == "plain"
    assert parser.parse_args(["phantom", "folder", "--realism", "clinical"]).realism == "clinical"
    with pytest.raises(SystemExit):
        parser.parse_args(["phantom", "folder", "--realism", "noise"])


def test_a_spine_coil_leaves_the_belly_dark() -> None:
    item = sagittal(center=(0.0, 10.0, 0.0))
    seeds = range(40)
    examinations = [Receiver(clinical("coil-falloff", seed=seed)) for seed in seeds]
    plain = next(seed for seed, r in zip(seeds, examinations, strict=True) if not r.normalized)
    image = received(np.ones(item.geometry.shape, np.float32), item, clinical("coil-falloff", seed=plain))
    profile = image[:, 35:55].mean(axis=(0, 1))
    a = anterior_of(item)
    back, spine, belly = (float(np.interp(-at, -a, profile)) for at in (-95, 0, 110))
    assert back > 1.3 * spine
    assert spine > 1.8 * belly


def test_prescan_normalization_makes_the_belly_bright_again_and_its_noise_too() -> None:
    item = sagittal(center=(0.0, 10.0, 0.0))
    seed = next(s for s in range(40) if Receiver(clinical("coil-falloff", seed=s)).normalized)
    realism = clinical("coil-falloff", "noise", seed=seed)
    image = received(np.ones(item.geometry.shape, np.float32), item, realism)[:, 35:55]
    a = anterior_of(item)
    back, belly = image[..., (a < -85) & (a > -105)], image[..., (a > 90) & (a < 110)]
    assert belly.mean() == pytest.approx(back.mean(), rel=0.45)
    assert belly.std() > 2.5 * back.std()


def test_a_hip_is_seen_by_a_body_array_without_fall_off() -> None:
    item = sagittal()
    image = received(np.ones(item.geometry.shape, np.float32), item, clinical("coil-falloff", group="hip-replacement"))
    assert image.std() < 0.08 * image.mean()


def test_noise_belongs_to_the_marrow_and_makes_air_brighter_the_more_channels_are_combined() -> None:
    item = sagittal()
    signal = np.zeros(item.geometry.shape, np.float32)
    a = anterior_of(item)
    signal[..., np.abs(a) < 60] = 1.0
    floors = []
    for seed in range(12):
        image = received(signal, item, clinical("noise", seed=seed))
        air, tissue = image[..., np.abs(a) > 80], image[..., np.abs(a) < 50]
        sigma = tissue.std()
        assert 1 / 30 < sigma / tissue.mean() < 1 / 11
        floors.append(air.mean() / sigma)
    # Mean of the Rayleigh distribution for one channel, and of the chi distribution for four.
    assert min(floors) == pytest.approx(1.253, rel=0.08)
    assert max(floors) == pytest.approx(2.74, rel=0.08)


def test_breathing_makes_ghosts_and_most_series_have_a_dark_band_in_front_of_the_spine() -> None:
    banded = 0
    for seed in range(20):
        item = sagittal(center=(0.0, 30.0, 0.0))
        a = anterior_of(item)
        signal = np.where(np.abs(a - 20) < 110, 1.0, 0.0).astype(np.float32) * np.ones(item.geometry.shape, np.float32)
        image = received(signal, item, clinical("motion", seed=seed))
        middle = image[:, 40:50]
        assert middle[..., a < 20].std() > 0.004
        banded += middle[..., (a > 85) & (a < 115)].mean() < 0.6 * middle[..., np.abs(a) < 20].mean()
    assert 6 <= banded <= 18


def test_marrow_has_islands_of_fat_and_bones_that_differ() -> None:
    patient = patient_with({(-20, 0, 0): "marrow"}, "vertebrae_L4")
    patient.atlas.ellipsoid((20, 0, 0), (8, 8, 8), "marrow", anatomy="vertebrae_L3")
    composition = compose(patient, clinical("level-differences"))
    assert composition is not None
    names = np.array(patient.atlas.anatomy_names)[patient.atlas.anatomy.reshape(-1)[composition.flat]]
    by_bone = {name: composition.fat_change[names == name] for name in set(names)}
    assert all(np.ptp(values) == 0 for values in by_bone.values())
    assert by_bone["vertebrae_L4"][0] != by_bone["vertebrae_L3"][0]
    texture = compose(patient, clinical("marrow-texture"))
    assert texture is not None
    assert 0.03 < texture.fat_change.std() < 0.2
    assert (texture.uptake_factor[texture.fat_change > 0] < 1).all()
    assert (texture.uptake_factor[texture.fat_change < 0] > 1).all()


def test_fat_in_the_muscle_makes_it_brighter_on_t1_and_colder_on_pet() -> None:
    patient = patient_with({(0, -30, 0): "muscle"})
    realism = clinical("muscle-fat")
    composition = compose(patient, realism)
    assert composition is not None
    assert composition.fat_change.min() >= 0
    assert 0.03 < composition.fat_change.mean() < 0.6
    patient.composition = composition
    muscle = patient.atlas.tissue == TISSUES["muscle"].code
    signal = ClinicalTissue(patient, realism).signal(T1, "t1")
    assert signal[muscle].mean() > 1.02 * tissue_signal(TISSUES["muscle"], T1)
    assert signal[~muscle].mean() == pytest.approx(tissue_signal(TISSUES["fat"], T1), rel=1e-5)


def test_without_effects_on_tissue_the_signal_is_that_of_a_plain_phantom() -> None:
    patient = patient_with({(0, 0, 0): "marrow", (20, 0, 0): "csf"})
    tissue = ClinicalTissue(patient, clinical("noise"))
    for sequence in (T1, Sequence("inversion-recovery", 4500, 45, 250), Sequence("opposed-phase", 3.6, 1.23, 0, 10)):
        expected = signal_table(sequence)[patient.atlas.tissue]
        np.testing.assert_allclose(tissue.signal(sequence, "x"), expected, atol=1e-6)


def test_a_thin_cortex_is_less_dark_but_that_of_a_femur_stays() -> None:
    for name, changed in (("vertebrae_L4", True), ("femur_left", False)):
        patient = patient_with({(x, y, 0): "cortex" for x in (-25, 0, 25) for y in (-25, 0, 25)}, name)
        cortex = patient.atlas.tissue == TISSUES["cortex"].code
        signal = ClinicalTissue(patient, clinical("thin-cortex")).signal(T1, "t1")[cortex]
        dark, marrow = (tissue_signal(TISSUES[n], T1) for n in ("cortex", "marrow"))
        assert (signal.mean() > dark + 0.15 * (marrow - dark)) == changed
        assert signal.max() < marrow


def test_moving_fluid_loses_signal_on_t2_and_not_on_t1() -> None:
    patient = patient_with({(0, 0, 0): "csf"}, "spinal_cord")
    fluid = patient.atlas.tissue == TISSUES["csf"].code
    tissue = ClinicalTissue(patient, clinical("flow"))
    t2 = Sequence("spin-echo", 3500, 100)
    assert tissue.signal(t2, "t2")[fluid].mean() < 0.98 * tissue_signal(TISSUES["csf"], t2)
    assert tissue.signal(T1, "t1")[fluid].mean() == pytest.approx(tissue_signal(TISSUES["csf"], T1), rel=1e-4)


def test_slow_veins_have_signal_and_arteries_stay_dark() -> None:
    signals = {}
    for name in ("inferior_vena_cava", "aorta"):
        patient = patient_with({(0, 0, 0): "blood"}, name)
        blood = patient.atlas.tissue == TISSUES["blood"].code
        signals[name] = ClinicalTissue(patient, clinical("flow")).signal(T1, "t1")[blood].mean()
    assert signals["inferior_vena_cava"] > 1.4 * signals["aorta"]


def test_bowel_has_gas_and_bright_content() -> None:
    patient = patient_with({(x, y, 0): "bowel content" for x in (-28, 0, 28) for y in (-28, 0, 28)})
    content = patient.atlas.tissue == TISSUES["bowel content"].code
    signal = ClinicalTissue(patient, clinical("organs")).signal(T1, "t1")[content]
    usual = tissue_signal(TISSUES["bowel content"], T1)
    assert (signal == 0).mean() > 0.05
    assert (signal > 1.5 * usual).mean() > 0.05


def test_fat_is_shifted_against_water_and_not_on_dixon_series() -> None:
    patient = patient_with({(0, 0, 0): "csf"})
    tissue = ClinicalTissue(patient, clinical("chemical-shift"))
    shifted = tissue.signal(T1, "t1")
    table = signal_table(T1)[patient.atlas.tissue]
    k, j, i = (int(v) for v in patient.atlas.geometry.to_ijk(np.zeros(3))[::-1])
    assert not np.allclose(shifted, table)
    np.testing.assert_allclose(shifted[k, j, i], table[k, j, i], rtol=1e-5)
    dixon = Sequence("in-phase", 3.6, 2.46, 0, 10)
    np.testing.assert_allclose(tissue.signal(dixon, "d"), signal_table(dixon)[patient.atlas.tissue], atol=1e-6)


def test_a_clinical_slab_reaches_neither_side_and_its_field_is_shorter() -> None:
    center = np.array([0.0, 0.0, -40.0])
    for seed in range(6):
        plain, slab = (
            plan("low-back", np.random.default_rng(seed), "normal", center, realism)
            for realism in (PLAIN, clinical("slab", seed=seed))
        )
        assert [item.name for item in plain] == [item.name for item in slab]
        for before, after in zip(plain, slab, strict=True):
            if not after.name.endswith("sag"):
                np.testing.assert_array_equal(after.geometry.ijk_to_ras, before.geometry.ijk_to_ras)
                continue
            wide = after.geometry.shape[0] * after.geometry.spacing_mm[2]
            assert 54 < wide < 78
            shorter = (before.geometry.shape[1] - after.geometry.shape[1]) * after.geometry.spacing_mm[1]
            assert 7 < shorter < 21
            assert before.geometry.contains(after.geometry.center_ras)
            assert after.geometry.contains(np.zeros(3))


def test_the_times_of_a_clinical_stir_leave_some_fat_and_make_fluid_less_bright() -> None:
    center = np.zeros(3)
    plain, other = (
        next(i for i in plan("low-back", np.random.default_rng(3), "normal", center, realism) if i.role == "FLUID")
        for realism in (PLAIN, clinical("stir-contrast"))
    )
    null = fat_null_ti_ms(plain.mr_sequence.tr_ms)
    assert 0.8 * null < other.mr_sequence.ti_ms < 0.95 * null
    ratios = []
    for item in (plain, other):
        signal = {name: tissue_signal(TISSUES[name], item.mr_sequence) for name in ("fat", "csf", "oedema", "marrow")}
        ratios.append({name: value / signal["marrow"] for name, value in signal.items()})
    assert ratios[1]["fat"] > ratios[0]["fat"] + 0.1
    assert ratios[1]["csf"] < ratios[0]["csf"]
    assert ratios[1]["oedema"] < ratios[0]["oedema"]


def lesion(appearance: str | None, suv: float | None, x: float) -> Lesion:
    where = np.eye(4)
    where[0, 3] = x
    return Lesion("L1", "test", where, (5.0, 5.0, 5.0), "body", "right", 1.0, suv, appearance, 0.9)


def test_lesions_are_fainter_on_a_clinical_mr() -> None:
    patient = patient_with({(0, 0, 0): "marrow"})
    patient.lesions = [lesion("oedema", 2.0, 0), lesion("synovitis", 2.0, 0), lesion(None, 2.0, 0)]
    make_faint(patient, np.random.default_rng(2))
    strengths = [item.strength for item in patient.lesions]
    assert 0.25 <= strengths[0] <= 0.8
    assert 0.54 <= strengths[1] <= 0.9
    assert strengths[2] == 0.9


def test_clinical_lesions_are_smaller_and_never_hotter() -> None:
    patient = patient_with({(0, 0, 0): "marrow"})
    patient.lesions = [lesion("oedema", 3.0, 0), lesion("oedema", 1.3, 0), lesion("oedema", None, 0)]
    make_small(patient, np.random.default_rng(2))
    assert 1.4 <= patient.lesions[0].suv <= 2.4
    assert patient.lesions[1].suv == 1.3
    assert patient.lesions[2].suv is None
    assert all(4.0 <= radius <= 4.85 for item in patient.lesions for radius in item.radii)


def test_what_lies_outside_the_slab_has_no_mr_sign_and_without_any_sign_is_no_lesion() -> None:
    patient = patient_with({(0, 0, 0): "marrow"})
    patient.lesions = [lesion("oedema", 2.0, 0), lesion("oedema", 2.0, 50), lesion("oedema", None, 50)]
    hide_outside(patient, [sagittal("T1"), sagittal("FLUID", "stir")])
    assert [item.evidence for item in patient.lesions] == ["PET+MR", "PET only"]


def test_wear_makes_some_discs_low_and_leaves_others() -> None:
    lower = 0
    for seed in range(4):
        plain, worn = (
            make_low_back(np.random.default_rng(seed), 5.0, realism)
            for realism in (PLAIN, clinical("worn-discs", "osteophytes", seed=seed))
        )
        heights = [np.linalg.norm(np.subtract(p.landmarks["L1 body"], p.landmarks["L5 body"])) for p in (plain, worn)]
        lower += heights[1] < heights[0] - 0.5
        assert len(plain.lesions) == len(worn.lesions)
        assert [x.kind for x in plain.lesions] == [x.kind for x in worn.lesions]
    assert lower >= 2


@pytest.mark.slow
def test_the_truth_says_which_realism_was_used() -> None:
    assert made("plain").truth["realism"] == {"name": "plain", "effects": []}
    assert made("clinical").truth["realism"] == {"name": "clinical", "effects": sorted(EFFECTS)}
    assert made("noise").truth["realism"] == {"name": "noise", "effects": ["noise"]}


@pytest.mark.slow
def test_equal_seeds_give_equal_clinical_phantoms() -> None:
    again = make_phantom("low-back", 3, size="small", realism="clinical")
    assert again.truth == made("clinical").truth
    for one, other in zip(again.series, made("clinical").series, strict=True):
        np.testing.assert_array_equal(one.image.array, other.image.array)


@pytest.mark.slow
@pytest.mark.parametrize("effect", sorted(set(EFFECTS) - SHAPE_EFFECTS - {"slab"}))
def test_one_effect_alone_changes_images_and_neither_body_nor_lesions(effect: str) -> None:
    plain, other = made("plain"), made(effect)
    np.testing.assert_array_equal(plain.anatomy.array, other.anatomy.array)
    assert plain.truth["landmarks_ras_mm"] == other.truth["landmarks_ras_mm"]
    assert [x["centre_ras_mm"] for x in plain.truth["lesions"]] == [x["centre_ras_mm"] for x in other.truth["lesions"]]
    assert any(
        not np.array_equal(one.image.array, two.image.array)
        for one, two in zip(plain.series[1:], other.series[1:], strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("group", ["low-back", "hip-replacement"])
def test_a_clinical_phantom_has_images_of_finite_numbers_and_lesions_in_view_of_the_pet(group: str) -> None:
    phantom = made("clinical") if group == "low-back" else make_phantom(group, 4, size="small", realism="clinical")
    for series in phantom.series:
        assert np.isfinite(series.image.array).all()
        assert series.image.array.min() >= 0
    pet = phantom.series[0]
    for item in phantom.truth["lesions"]:
        point = transform_points(pet.plan.reference_to_series, np.array(item["centre_ras_mm"]))
        assert pet.image.geometry.contains(point)


@pytest.mark.slow
def test_a_normalized_series_says_so_in_its_image_type(tmp_path) -> None:
    import pydicom
    from PainGeneratorLib.Phantoms.dicom_files import write_mr

    phantom = made("plain")
    item = phantom.first("T1")
    kinds = []
    for number, normalized in ((8, True), (9, False)):
        small = item.image.array[:2]
        paths = write_mr(
            tmp_path, small, item.image.geometry.cropped((0, 0, 0), small.shape), phantom.examination, number, "t1",
            item.plan.mr_sequence, 4.0, 1.0, normalized=normalized,
        )  # fmt: skip
        kinds.append(list(pydicom.dcmread(paths[0]).ImageType))
    assert kinds == [["ORIGINAL", "PRIMARY", "M", "NORM"], ["ORIGINAL", "PRIMARY", "M", "ND"]]
