"""Scenarios of phantoms: each paints what it says, and the truth holds the right answer."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Headless.arguments import make_parser
from PainGeneratorLib.Phantoms.case import Phantom, make_phantom
from PainGeneratorLib.Phantoms.hip_replacement import make_hip_replacement
from PainGeneratorLib.Phantoms.hip_scenarios import HIP_SCENARIOS, posed_hip
from PainGeneratorLib.Phantoms.lesions import Lesion
from PainGeneratorLib.Phantoms.low_back import make_low_back
from PainGeneratorLib.Phantoms.low_back_scenarios import LOW_BACK_SCENARIOS, posed_low_back
from PainGeneratorLib.Phantoms.patient import Patient
from PainGeneratorLib.Phantoms.realism import PLAIN
from PainGeneratorLib.Phantoms.scenarios import ATTENTION, SCENARIO_NAMES, SCENARIOS, scenario_of
from PainGeneratorLib.Phantoms.tissue_table import TISSUES
from PainGeneratorLib.Phantoms.variants import Variant

SEED = 300


@functools.cache
def painted(name: str, seed: int = SEED) -> Patient:
    """The patient of a scenario on a coarse atlas."""
    scenario = SCENARIOS[name]
    rng = np.random.default_rng(seed)
    if name in LOW_BACK_SCENARIOS:
        variant = Variant.of(scenario.variant, seed)
        return make_low_back(rng, 2.5, PLAIN, variant, posed_low_back(scenario, seed))
    return make_hip_replacement(rng, 2.5, PLAIN, posed_hip(scenario, seed), scenario.has_both_prostheses)


@functools.cache
def imaged(name: str) -> Phantom:
    return make_phantom(SCENARIOS[name].group, SEED, size="small", scenario=name)


def volume_ml(patient: Patient, lesion: Lesion) -> float:
    """Volume of the uptake of a lesion."""
    _, weight = lesion.weight(patient.atlas, lesion.within)
    return float((weight > 0.5).sum() * patient.atlas.geometry.voxel_volume_ml)


def test_every_scenario_has_lesions_of_its_own_or_those_of_the_seed() -> None:
    for name, scenario in SCENARIOS.items():
        own = LOW_BACK_SCENARIOS if scenario.group == "low-back" else HIP_SCENARIOS
        assert (name in own) != scenario.has_usual_lesions


def test_unknown_scenarios_and_those_of_the_other_group_are_refused() -> None:
    assert scenario_of("plain", "low-back") is None
    with pytest.raises(ValueError, match="scenario"):
        scenario_of("no such scenario", "low-back")
    with pytest.raises(ValueError, match="hip-replacement"):
        scenario_of("canal", "hip-replacement")


@pytest.mark.parametrize("name", [*LOW_BACK_SCENARIOS, *HIP_SCENARIOS])
def test_all_that_a_scenario_paints_fills_voxels(name: str) -> None:
    patient = painted(name)
    for lesion in (*patient.lesions, *patient.look_alikes):
        within = lesion.mr_within if lesion.suv is None else lesion.within
        assert lesion.weight(patient.atlas, within)[1].max() > 0.5, lesion.kind


def test_the_same_seed_gives_the_same_scenario() -> None:
    one, other = (painted.__wrapped__("metastasis", 301) for _ in range(2))
    assert [x.suv for x in one.lesions] == [x.suv for x in other.lesions]
    assert [x.suv for x in one.lesions] != [x.suv for x in painted("metastasis").lesions]


def test_equal_sacroiliitis_has_equal_uptake_and_size_on_both_sides() -> None:
    patient = painted("bilateral")
    right, left = patient.lesions
    assert (right.side, left.side) == ("right", "left")
    assert right.suv == left.suv
    assert volume_ml(patient, right) == pytest.approx(volume_ml(patient, left), rel=0.1)
    assert right.answer.entry == left.answer.entry


def test_six_hot_facets_lie_at_three_levels_and_belong_together_by_level() -> None:
    lesions = painted("hot-facets").lesions
    assert [(x.level, x.side) for x in lesions] == [
        (level, side) for level in ("L3/L4", "L4/L5", "L5/S1") for side in ("right", "left")
    ]
    assert len({x.suv for x in lesions}) == 1
    assert {x.answer.entry for x in lesions} == {"L3/L4", "L4/L5", "L5/S1"}


@pytest.mark.parametrize(("name", "low", "high"), [("psoas-mass", 75, 95), ("gluteal-mass", 92, 110)])
def test_a_mass_has_the_volume_of_the_one_that_was_taken_for_urine_or_ureter(
    name: str, low: float, high: float
) -> None:
    patient = painted(name)
    (mass,) = patient.lesions
    assert low < volume_ml(patient, mass) < high
    assert mass.answer.expected == ATTENTION


def test_metastases_have_an_uptake_of_9_to_13_and_the_facet_joint_beside_them_has_not() -> None:
    *metastases, facet = painted("metastasis").lesions
    assert all(9 <= x.suv <= 13 and x.answer.expected == ATTENTION for x in metastases)
    assert facet.suv < 4


def test_a_discitis_reaches_over_the_disc_into_both_bodies() -> None:
    patient = painted("discitis")
    (lesion,) = patient.lesions
    slices, weight = lesion.weight(patient.atlas, lesion.within)
    upper, lower = lesion.level.split("/")
    names = np.array(patient.atlas.anatomy_names)[patient.atlas.anatomy[slices][weight > 0.5]]
    assert {f"vertebrae_{upper}", f"vertebrae_{lower}", "intervertebral_discs"} <= set(names.tolist())


def test_both_hips_have_a_prosthesis_with_zones_of_its_own() -> None:
    patient = painted("both-prostheses")
    assert patient.prosthesis_side == "both"
    metal = patient.atlas.tissue == TISSUES["metal"].code
    half = metal.shape[2] // 2
    assert metal[..., :half].sum() == pytest.approx(metal[..., half:].sum(), rel=0.05)
    assert {(x.side, x.zone) for x in patient.lesions} == {("right", "Gruen 7"), ("left", "Gruen 6")}
    for side in ("right", "left"):
        zones = [s.zone for s in patient.sites if s.side == side and s.zone]
        assert {"Gruen 6", "Gruen 7", "DeLee-Charnley II"} <= set(zones)
    assert not [s for s in patient.sites if s.structure == "femoral head"]


@pytest.mark.parametrize("zone", [7, 2, 6])
def test_loosening_lies_in_the_zone_that_it_says(zone: int) -> None:
    patient = painted(f"gruen-{zone}")
    (lesion,) = patient.lesions
    assert lesion.zone == f"Gruen {zone}"
    side = next(s for s in patient.sites if s.zone == lesion.zone)
    assert np.linalg.norm(side.center_ras - lesion.center_ras_mm) < 9


@pytest.mark.parametrize("name", ["hot-muscle", "brown-fat", "conus", "healthy", "healthy-hip", "approach"])
def test_what_is_usual_is_no_lesion_and_must_not_be_a_candidate(name: str) -> None:
    patient = painted(name)
    assert not patient.lesions
    assert set(SCENARIOS[name].not_candidates) <= {one.kind for one in patient.normal}


def test_a_lesion_in_the_canal_has_the_published_uptake_when_it_is_imaged() -> None:
    (lesion,) = imaged("canal").truth["lesions"]
    assert 1.8 < lesion["blurred_suv_max"] < 2.4


def test_a_small_root_has_half_a_milliliter_to_one_and_a_hotter_facet_joint_beside_it() -> None:
    root, facet = imaged("small-roots").truth["lesions"]
    assert 0.5 <= root["volume_ml"] <= 1.0
    assert facet["blurred_suv_peak"] > 1.3 * root["blurred_suv_peak"]


def test_series_are_left_out_and_mr_cannot_tell_without_those_that_show_fluid() -> None:
    no_fluid = imaged("no-fluid")
    assert {s.plan.role for s in no_fluid.series} == {"PET", "T1", "ATTENUATION"}
    assert all(x["is_mr_unknown"] for x in no_fluid.truth["scenario"]["lesions"].values())


def test_lesions_outside_a_cut_field_are_seen_on_pet_alone_and_mr_cannot_tell() -> None:
    phantom = imaged("cut-field")
    sagittal = phantom.first("T1").plan.geometry
    unknown = phantom.truth["scenario"]["lesions"]
    for lesion in phantom.truth["lesions"]:
        is_inside = bool(sagittal.contains(np.array(lesion["centre_ras_mm"])))
        assert is_inside != unknown[lesion["id"]]["is_mr_unknown"]
        assert lesion["evidence"] == ("PET+MR" if is_inside else "PET only")


def test_the_truth_holds_the_right_answer_of_a_scenario_and_nothing_in_a_plain_phantom() -> None:
    scenario = imaged("bilateral").truth["scenario"]
    assert scenario["one_entry"] == [["L1", "L2"]]
    assert scenario["lesions"]["L1"] == {"expected": "candidate", "is_mr_unknown": False}
    assert "scenario" not in make_phantom("low-back", SEED, size="small").truth


def test_the_command_line_offers_all_scenarios() -> None:
    options = make_parser().parse_args(["phantom", "somewhere", "--scenario", "canal"])
    assert options.scenario == "canal"
    assert set(SCENARIO_NAMES) == {"plain", *SCENARIOS}


def test_the_documentation_explains_every_scenario() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "phantoms.md").read_text(encoding="utf-8")
    assert [name for name in SCENARIOS if f"| `{name}` |" not in page] == []
