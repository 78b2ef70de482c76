"""Fusion: what belongs together, what it scores, who comes first."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.core.regions import contains, gap_mm, on_grid, overlap_fraction, union
from PainGeneratorLib.Numerics.fusion.candidates import FusionParameters, Symptoms, fuse, ranked
from PainGeneratorLib.Workflow.protocol import load_protocol

PET = Geometry((40, 50, 60), np.array([[-2.0, 0, 0, 60], [0, -2.5, 0, 50], [0, 0, 3.0, -60], [0, 0, 0, 1.0]]))
# A sagittal MR grid: i runs to the back, j to the feet, k to the left; nothing about it is like the PET's.
MR = Geometry((30, 120, 110), np.array([[0, 0, -4.0, 60], [-1.0, 0, 0, 50], [0, -1.0, 0, 60], [0, 0, 0, 1.0]]))


def ball(geometry: Geometry, center_ras: tuple[float, float, float], radius: float) -> Region:
    points = geometry.flat_to_ras(np.arange(geometry.size))
    return Region(geometry, np.flatnonzero(np.linalg.norm(points - center_ras, axis=1) <= radius))


def hot_spot(center: tuple[float, float, float], *, tbr: float = 1.8, ratio: float | None = None, **more) -> HotSpot:
    region = ball(PET, center, 5.0)
    values = {
        "label": 1,
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "peak_ras_mm": np.array(center),
        "suv_max": 2.4,
        "suv_peak": 2.0,
        "suv_mean": 1.7,
        "mtv_ml": region.volume_ml,
        "tlg_g": 1.7 * region.volume_ml,
        "background": 1.0,
        "reference": 2.0 / tbr,
        "reference_name": "marrow",
        "tbr": tbr,
        "left_right_ratio": ratio,
        "contour_method": "a50p",
        "contour_threshold": 1.5,
    }
    return HotSpot(**{**values, **more})


def finding(
    center: tuple[float, float, float],
    *,
    kind: str = "oedema",
    grade: float = 0.66,
    z: float = 4.0,
    radius: float = 5.0,
) -> MRFinding:
    region = ball(MR, center, radius)
    return MRFinding(1, kind, region, region.centroid_ras_mm, region.volume_ml, z, -1.5, "FLUID", grade)


def place_by_side(region: Region) -> Place:
    x = region.centroid_ras_mm[0]
    side = "midline" if abs(x) < 5 else "right" if x > 0 else "left"
    return Place(f"{side} place", "facet joint", side, "L4/L5")


@pytest.fixture(scope="module")
def parameters() -> FusionParameters:
    return load_protocol("low-back").stage("fusion", FusionParameters)


def run(spots, findings, parameters, **more):
    options = {"symptoms": Symptoms.none(), "group": "low-back", **more}
    return fuse(spots, findings, place_by_side, parameters, **options)


def test_pet_and_mr_at_one_place_become_one_candidate_that_leads(parameters) -> None:
    spots = [hot_spot((20.0, -10.0, 15.0)), hot_spot((-25.0, -10.0, -30.0))]
    findings = [finding((21.0, -11.0, 15.0)), finding((-20.0, 20.0, 30.0))]
    candidates = run(spots, findings, parameters)
    assert [c.evidence for c in candidates] == ["PET+MR", "PET only", "MR only"]
    assert [c.rank for c in candidates] == [1, 2, 3]
    assert [c.id for c in candidates] == ["PG-01", "PG-02", "PG-03"]
    first = candidates[0]
    assert first.place.side == "right"
    assert first.mr_kind == "oedema"
    assert first.score_parts["concordance"] == parameters.weights.concordance
    assert first.score == pytest.approx(sum(first.score_parts.values()))
    assert candidates[2].suv_peak is None
    assert candidates[2].to_json()["tbr"] is None
    assert candidates[1].to_json()["mr_z"] is None


def test_nothing_is_joined_when_pet_and_mr_are_not_aligned(parameters) -> None:
    candidates = run([hot_spot((20.0, 0, 0))], [finding((20.0, 0, 0))], parameters, aligned=False)
    assert sorted(c.evidence for c in candidates) == ["MR only", "PET only"]
    assert all("not-aligned" in c.flags for c in candidates)


def test_one_wide_mr_finding_supports_two_hot_spots_without_melting_them(parameters) -> None:
    spots = [hot_spot((20.0, 0, 12.0)), hot_spot((20.0, 0, -12.0))]
    wide = finding((20.0, 0, 0.0))
    wide.region = ball(MR, (20.0, 0, 0), 14.0)
    assert [c.evidence for c in run(spots, [wide], parameters)] == ["PET+MR", "PET+MR"]


def test_hot_spots_of_one_structure_that_touch_are_one_candidate(parameters) -> None:
    spots = [hot_spot((20.0, 0, 0), tbr=1.5), hot_spot((20.0, 0, 11.0), suv_peak=2.5, suv_max=3.0)]
    (only,) = run(spots, [], parameters)
    assert only.suv_max == 3.0
    assert only.suv_peak == 2.5
    assert only.mtv_ml == pytest.approx(spots[0].mtv_ml + spots[1].mtv_ml)
    assert only.tlg_g == pytest.approx(spots[0].tlg_g + spots[1].tlg_g)


def test_physiologic_uptake_and_implant_artefacts_are_no_candidates(parameters) -> None:
    spots = [hot_spot((20.0, 0, 0), physiologic="urinary bladder: large, midline")]
    assert run(spots, [finding((20.0, 0, 0), kind="implant artefact")], parameters) == []


def test_the_pain_site_adds_points_but_cannot_outrank_pet_and_mr(parameters) -> None:
    spots = [hot_spot((20.0, 0, 0), tbr=1.5), hot_spot((-20.0, 0, 0), tbr=1.5)]
    symptoms = Symptoms(np.array([[-22.0, 0.0, 0.0]]), "left")
    candidates = run(spots, [], parameters, symptoms=symptoms)
    assert candidates[0].place.side == "left"
    assert candidates[0].distance_to_pain_mm == pytest.approx(2.0, abs=1.0)
    candidates = run(spots, [finding((20.0, 0, 0))], parameters, symptoms=symptoms)
    assert candidates[0].place.side == "right"


def test_degeneration_without_uptake_is_tagged_and_shown_only_where_it_fits_the_symptoms(parameters) -> None:
    disc = finding((0.0, 0, 0), kind="disc degeneration", grade=1.0)
    assert run([], [disc], parameters) == []
    symptoms = Symptoms(np.zeros((1, 3)))
    (degenerated,) = run([], [disc], parameters, symptoms=symptoms)
    (oedema,) = run([], [finding((0.0, 0, 0), grade=1.0)], parameters, symptoms=symptoms)
    assert "common-without-pain" in degenerated.flags
    assert degenerated.score == pytest.approx(oedema.score - parameters.penalties.degeneration)


def test_an_unmistakable_fatty_endplate_without_uptake_is_shown_and_a_faint_one_is_not(parameters) -> None:
    (fatty,) = run([], [finding((0.0, 0, 0), kind="Modic II", grade=0.66)], parameters)
    assert "common-without-pain" in fatty.flags
    assert run([], [finding((0.0, 0, 0), kind="Modic II", grade=0.33)], parameters) == []


def test_faint_signs_of_pet_and_mr_that_agree_outrank_one_loud_sign(parameters) -> None:
    faint, loud = hot_spot((20.0, 0, 0), tbr=1.4), hot_spot((-20.0, 0, 0), tbr=3.0)
    candidates = run([faint, loud], [finding((20.0, 0, 0), grade=0.33)], parameters)
    assert [c.evidence for c in candidates] == ["PET+MR", "PET only"]


def test_uptake_that_is_cut_off_or_that_the_mr_does_not_see_loses_points(parameters) -> None:
    (whole,) = run([hot_spot((20.0, 0, 0))], [], parameters)
    (cut,) = run([hot_spot((20.0, 0, 0), flags=["truncated", "peak-at-edge"])], [], parameters)
    (outside,) = run(
        [hot_spot((20.0, 0, 0))], [], parameters, mr_field=MR.moved(np.diag([1.0, 1, 1, 1]) + 500 * np.eye(4, k=3))
    )
    assert cut.score == pytest.approx(whole.score - parameters.penalties.cut_off)
    assert outside.score == pytest.approx(whole.score - parameters.penalties.unconfirmed)


def test_a_weak_sign_counts_only_where_a_clear_one_of_the_other_kind_lies(parameters) -> None:
    here, there = (20.0, 0.0, 0.0), (-20.0, 0.0, 0.0)
    weak_spot = hot_spot(here, tbr=1.3, flags=["weak-uptake"])
    weak_finding = finding(there, grade=0.33)
    weak_finding.flags.append("weak")
    weak = {"weak_spots": [weak_spot], "weak_findings": [weak_finding]}
    assert run([], [], parameters, **weak) == []
    by_mr, by_pet = finding(here), hot_spot(there)
    candidates = run([by_pet], [by_mr], parameters, **weak)
    assert [c.evidence for c in candidates] == ["PET+MR", "PET+MR"]
    with_weak_spot = next(c for c in candidates if "weak-uptake" in c.flags)
    assert with_weak_spot.centroid_ras_mm == pytest.approx(by_mr.centroid_ras_mm)
    assert with_weak_spot.region.geometry.is_same_grid(MR)
    assert with_weak_spot.tbr == 1.3
    assert any("weak" in c.flags for c in candidates)
    apart = run([by_pet], [by_mr], parameters, aligned=False, **weak)
    assert sorted(c.evidence for c in apart) == ["MR only", "PET only"]


def test_what_the_mr_confirms_is_not_listed_as_physiologic_beside_its_candidate(parameters) -> None:
    here, there = (20.0, 0.0, 0.0), (-20.0, 0.0, 0.0)
    usual = [hot_spot(place, physiologic="alike on both sides", flags=["usual-place"]) for place in (here, there)]
    copies = [hot_spot(place, flags=["usual-place", "weak-uptake"]) for place in (here, there)]
    (candidate,) = run(usual, [finding(here)], parameters, weak_spots=copies)
    assert candidate.evidence == "PET+MR"
    assert [spot.physiologic for spot in usual] == [None, "alike on both sides"]


def test_uptake_nearest_to_an_organ_is_set_apart_unless_the_mr_shows_something(parameters) -> None:
    def at_colon(region: Region) -> Place:
        return Place("beside right colon, 11 mm", "colon", "right")

    options = {"symptoms": Symptoms.none(), "group": "low-back"}
    spot = hot_spot((20.0, 0, 0))
    assert fuse([spot], [], at_colon, parameters, **options) == []
    assert "right colon" in spot.physiologic
    (candidate,) = fuse([hot_spot((20.0, 0, 0))], [finding((20.0, 0, 0))], at_colon, parameters, **options)
    assert candidate.evidence == "PET+MR"


def test_a_weak_mr_finding_makes_no_candidate_of_usual_uptake_at_a_prosthesis_neck(parameters) -> None:
    options = {"symptoms": Symptoms.none(), "group": "hip-replacement"}
    mild = hot_spot((20.0, 0, 0), suv_max=2.7)
    assert fuse([mild], [], neck, parameters, weak_findings=[finding((20.0, 0, 0))], **options) == []


def test_a_candidate_of_several_hot_spots_lies_where_the_hottest_does(parameters) -> None:
    spots = [hot_spot((20.0, 0, 0), suv_peak=1.5), hot_spot((20.0, 0, 11.0), suv_peak=2.5)]
    (only,) = run(spots, [], parameters)
    assert only.centroid_ras_mm == pytest.approx(spots[1].centroid_ras_mm)


def neck(region: Region) -> Place:
    return Place("right prosthesis neck", "prosthesis neck", "right")


def test_mild_uptake_at_the_prosthesis_neck_is_set_apart_with_its_reason(parameters) -> None:
    options = {"symptoms": Symptoms.none(), "group": "hip-replacement"}
    mild, high = hot_spot((20.0, 0, 0), suv_max=2.7), hot_spot((20.0, 0, 0), suv_max=3.4)
    assert fuse([mild], [], neck, parameters, **options) == []
    assert "2.7" in mild.physiologic
    (candidate,) = fuse([high], [], neck, parameters, **options)
    assert "expected-after-surgery" not in candidate.flags
    assert high.physiologic is None


def test_mild_uptake_at_the_neck_with_an_mr_finding_stays_a_candidate_with_a_tag(parameters) -> None:
    effusion = finding((20.0, 0, 0), kind="effusion or synovitis")
    (candidate,) = fuse(
        [hot_spot((20.0, 0, 0), suv_max=2.7)],
        [effusion],
        neck,
        parameters,
        symptoms=Symptoms.none(),
        group="hip-replacement",
    )
    assert candidate.evidence == "PET+MR"
    assert "expected-after-surgery" in candidate.flags


def test_usual_uptake_beside_the_neck_is_set_apart_whatever_the_place_is_called(parameters) -> None:
    def capsule(region: Region) -> Place:
        return Place("right hip joint capsule", "hip joint capsule", "right", flags=("near-neck",))

    options = {"symptoms": Symptoms.none(), "group": "hip-replacement"}
    mild = hot_spot((20.0, 0, 0), suv_max=2.7)
    assert fuse([mild], [], capsule, parameters, **options) == []
    assert "prosthesis neck" in mild.physiologic
    (candidate,) = fuse([], [finding((20.0, 0, 0), kind="oedema", radius=12.0)], capsule, parameters, **options)
    assert candidate.evidence == "MR only"


def test_scar_at_the_neck_makes_no_candidate_of_usual_uptake_nor_one_of_its_own(parameters) -> None:
    options = {"symptoms": Symptoms.none(), "group": "hip-replacement"}
    scar = finding((20.0, 0, 0), kind="oedema")
    assert fuse([hot_spot((20.0, 0, 0), suv_max=2.7)], [scar], neck, parameters, **options) == []
    assert fuse([], [scar], neck, parameters, **options) == []
    (candidate,) = fuse([hot_spot((20.0, 0, 0), suv_max=3.6)], [scar], neck, parameters, **options)
    assert candidate.evidence == "PET+MR"


def test_foci_whose_place_is_only_a_region_of_the_body_stay_apart(parameters) -> None:
    def region_of_body(region: Region) -> Place:
        return Place("right trunk", "trunk", "right", flags=("no-level",))

    spots = [hot_spot((20.0, 0, 0)), hot_spot((20.0, 0, 11.0))]
    assert len(fuse(spots, [], region_of_body, parameters, symptoms=Symptoms.none(), group="low-back")) == 2


def test_a_candidate_outside_the_other_scans_field_of_view_says_so(parameters) -> None:
    small = MR.cropped((0, 0, 0), (5, 120, 110))
    (candidate,) = run([hot_spot((-25.0, 0, 0))], [], parameters, mr_field=small)
    assert "outside-mr" in candidate.flags


def test_a_score_never_falls_below_zero(parameters) -> None:
    penalties = dataclasses.replace(parameters.penalties, common=90.0)
    low = dataclasses.replace(parameters, minimum_score=0.0, penalties=penalties)
    (candidate,) = run([], [finding((0.0, 0, 0), kind="Modic II", grade=0.33)], low)
    assert candidate.score == 0.0


def test_ranking_again_keeps_ids(parameters) -> None:
    candidates = run([hot_spot((20.0, 0, 0), tbr=1.5), hot_spot((-20.0, 0, 0), tbr=1.9)], [], parameters)
    ids = {c.id: c.place.side for c in candidates}
    candidates[0].score = 1.0
    again = ranked(candidates)
    assert [c.rank for c in again] == [1, 2]
    assert again[1].place.side == ids["PG-01"]
    assert {c.id: c.place.side for c in again} == ids


def test_regions_of_two_grids_overlap_where_they_are_in_space() -> None:
    on_pet, on_mr = ball(PET, (20.0, -10.0, 15.0), 6.0), ball(MR, (20.0, -10.0, 15.0), 6.0)
    assert overlap_fraction(on_pet, on_mr) > 0.8
    assert overlap_fraction(on_pet, ball(MR, (-20.0, -10.0, 15.0), 6.0)) == 0.0
    moved = on_grid(on_mr, PET)
    assert moved.volume_ml == pytest.approx(on_mr.volume_ml, rel=0.25)
    assert np.linalg.norm(moved.centroid_ras_mm - on_mr.centroid_ras_mm) < 1.0
    assert contains(on_pet, np.array([[20.0, -10.0, 15.0], [-20.0, -10.0, 15.0]])).tolist() == [True, False]


def test_the_gap_of_two_regions_is_in_millimetres_and_bounded() -> None:
    first, second = ball(PET, (20.0, 0, 0), 5.0), ball(MR, (-20.0, 0, 0), 5.0)
    assert gap_mm(first, second) == pytest.approx(30.0, abs=4.0)
    assert gap_mm(first, second, 10.0) == np.inf
    assert gap_mm(first, first) == 0.0


def test_a_union_needs_one_grid() -> None:
    first, second = ball(PET, (20.0, 0, 0), 5.0), ball(PET, (23.0, 0, 0), 5.0)
    assert max(len(first), len(second)) < len(union([first, second])) < len(first) + len(second)
    with pytest.raises(ValueError, match="different grids"):
        union([first, ball(MR, (20.0, 0, 0), 5.0)])
