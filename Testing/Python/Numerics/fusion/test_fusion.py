"""Fusion: what belongs together, in which list it is, and who comes first."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.core.regions import contains, gap_mm, on_grid, overlap_fraction, union
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.places import Name
from PainGeneratorLib.Numerics.fusion.reading import Reading, ranked
from PainGeneratorLib.Numerics.fusion.symptoms import Symptoms

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
    # Different levels, as the same joint of both sides with alike uptake is a pair.
    return Place(f"{side} place", "facet joint", side, "L3/L4" if side == "left" else "L4/L5")


def neck(region: Region) -> Place:
    return Place("right prosthesis neck", "prosthesis neck", "right")


def read(spots=(), findings=(), name: Name = place_by_side, *, group: str = "low-back", **more) -> Reading:
    """The three lists of a case with these signs; further arguments are those of Signs and of CaseFacts."""
    weak = {key: more.pop(key) for key in ("weak_spots", "weak_findings", "unclear_spots") if key in more}
    return fuse(Signs(spots=spots, findings=findings, **weak), name, facts(group, **more))


def run(spots=(), findings=(), name: Name = place_by_side, **more) -> list[Candidate]:
    """The candidates alone."""
    return read(spots, findings, name, **more).candidates


def points(candidate: Candidate, sign: str) -> float:
    """The points of a sign in a ledger; 0 where it has no such sign."""
    return sum(entry.points for entry in candidate.ledger if entry.sign == sign)


def test_pet_and_mr_at_one_place_become_one_candidate_that_leads() -> None:
    spots = [hot_spot((20.0, -10.0, 15.0)), hot_spot((-25.0, -10.0, -30.0))]
    findings = [finding((21.0, -11.0, 15.0)), finding((-20.0, 20.0, 30.0))]
    candidates = run(spots, findings)
    assert [c.evidence for c in candidates] == ["PET+MR", "PET only", "MR only"]
    assert [c.rank for c in candidates] == [1, 2, 3]
    assert [c.id for c in candidates] == ["PG-01", "PG-02", "PG-03"]
    first = candidates[0]
    assert first.place.side == "right"
    assert first.mr_kind == "oedema"
    assert points(first, "agreement") == pytest.approx(10 * np.log10(4.0), abs=1e-3)
    assert first.score == pytest.approx(sum(first.score_parts.values()))
    assert candidates[2].suv_peak is None
    assert candidates[2].to_json()["tbr"] is None
    assert candidates[1].to_json()["mr_z"] is None


def test_nothing_is_joined_when_pet_and_mr_are_not_aligned() -> None:
    candidates = run([hot_spot((20.0, 0, 0))], [finding((20.0, 0, 0))], aligned=False)
    assert sorted(c.evidence for c in candidates) == ["MR only", "PET only"]
    assert all("not-aligned" in c.flags for c in candidates)


def test_one_wide_mr_finding_supports_two_hot_spots_without_melting_them() -> None:
    spots = [hot_spot((20.0, 0, 12.0)), hot_spot((20.0, 0, -12.0))]
    wide = finding((20.0, 0, 0.0))
    wide.region = ball(MR, (20.0, 0, 0), 14.0)
    assert [c.evidence for c in run(spots, [wide])] == ["PET+MR", "PET+MR"]


def test_hot_spots_of_one_structure_that_touch_are_one_candidate() -> None:
    spots = [hot_spot((20.0, 0, 0), tbr=1.5), hot_spot((20.0, 0, 11.0), suv_peak=2.5, suv_max=3.0)]
    (only,) = run(spots, [])
    assert only.suv_max == 3.0
    assert only.suv_peak == 2.5
    assert only.mtv_ml == pytest.approx(spots[0].mtv_ml + spots[1].mtv_ml)
    assert only.tlg_g == pytest.approx(spots[0].tlg_g + spots[1].tlg_g)


def test_physiologic_uptake_is_set_apart_and_implant_artefacts_are_no_candidates() -> None:
    spots = [hot_spot((20.0, 0, 0), physiologic="urinary bladder: large, midline", rule="bladder")]
    reading = read(spots, [finding((20.0, 0, 0), kind="implant artefact")])
    assert reading.candidates == []
    (bladder,) = reading.set_apart
    assert "urinary bladder" in bladder.reason
    assert points(bladder, "usual_organ") == -20.0
    assert bladder.id == "PG-01"


def test_the_pain_site_adds_points_but_cannot_outrank_pet_and_mr() -> None:
    spots = [hot_spot((20.0, 0, 0), tbr=1.5), hot_spot((-20.0, 0, 0), tbr=1.5)]
    symptoms = Symptoms(np.array([[-22.0, 0.0, 0.0]]), "left")
    candidates = run(spots, [], symptoms=symptoms)
    assert candidates[0].place.side == "left"
    assert candidates[0].distance_to_pain_mm == pytest.approx(2.0, abs=1.0)
    candidates = run(spots, [finding((20.0, 0, 0))], symptoms=symptoms)
    assert candidates[0].place.side == "right"


def test_degeneration_without_uptake_is_set_apart_unless_it_fits_the_symptoms() -> None:
    disc = finding((0.0, 0, 0), kind="disc degeneration", grade=1.0)
    reading = read([], [disc])
    assert reading.candidates == []
    (apart,) = reading.set_apart
    assert "common-without-pain" in apart.flags
    (degenerated,) = run([], [disc], symptoms=Symptoms(np.zeros((1, 3))))
    assert degenerated.score > apart.score


def test_an_unmistakable_fatty_endplate_without_uptake_is_shown_and_a_faint_one_is_not() -> None:
    (fatty,) = run([], [finding((0.0, 0, 0), kind="Modic II", grade=0.66)])
    assert "common-without-pain" in fatty.flags
    reading = read([], [finding((0.0, 0, 0), kind="Modic II", grade=0.33)])
    assert (len(reading.candidates), len(reading.set_apart)) == (0, 1)


def test_faint_signs_of_pet_and_mr_that_agree_outrank_one_loud_sign() -> None:
    faint, loud = hot_spot((20.0, 0, 0), tbr=1.4), hot_spot((-20.0, 0, 0), tbr=3.0)
    candidates = run([faint, loud], [finding((20.0, 0, 0), grade=0.33)])
    assert [c.evidence for c in candidates] == ["PET+MR", "PET only"]


def test_uptake_that_is_cut_off_loses_points_and_what_the_mr_does_not_show_is_not_assessable() -> None:
    elsewhere = MR.moved(np.diag([1.0, 1, 1, 1]) + 500 * np.eye(4, k=3))
    (whole,) = run([hot_spot((20.0, 0, 0))])
    (cut,) = read([hot_spot((20.0, 0, 0), flags=["truncated", "peak-at-edge"])]).set_apart
    (outside,) = run([hot_spot((20.0, 0, 0))], mr_field=elsewhere)
    assert cut.score == pytest.approx(whole.score + points(cut, "cut_off"))
    assert points(cut, "cut_off") < 0
    assert (whole.mr_state, outside.mr_state) == ("normal", "not assessable")
    assert outside.score == pytest.approx(whole.score - points(whole, "mr_normal"))
    assert points(whole, "mr_normal") < 0
    assert points(outside, "mr_normal") == 0


def test_a_weak_sign_counts_only_where_a_clear_one_of_the_other_kind_lies() -> None:
    here, there = (20.0, 0.0, 0.0), (-20.0, 0.0, 0.0)
    weak_spot = hot_spot(here, tbr=1.3, flags=["weak-uptake"])
    weak_finding = finding(there, grade=0.33)
    weak_finding.flags.append("weak")
    weak = {"weak_spots": [weak_spot], "weak_findings": [weak_finding]}
    nothing = read([], [], **weak)
    assert nothing.candidates == []
    assert [one.mr_findings for one in nothing.set_apart] == [[weak_finding]]
    by_mr, by_pet = finding(here), hot_spot(there)
    candidates = run([by_pet], [by_mr], **weak)
    assert [c.evidence for c in candidates] == ["PET+MR", "PET+MR"]
    with_weak_spot = next(c for c in candidates if "weak-uptake" in c.flags)
    assert with_weak_spot.centroid_ras_mm == pytest.approx(by_mr.centroid_ras_mm)
    assert with_weak_spot.region.geometry.is_same_grid(MR)
    assert with_weak_spot.tbr == 1.3
    assert any("weak" in c.flags for c in candidates)
    apart = run([by_pet], [by_mr], aligned=False, **weak)
    assert sorted(c.evidence for c in apart) == ["MR only", "PET only"]


def test_what_the_mr_confirms_is_not_listed_as_physiologic_beside_its_candidate() -> None:
    here, there = (20.0, 0.0, 0.0), (-20.0, 0.0, 0.0)
    usual = [hot_spot(place, physiologic="alike on both sides", flags=["usual-place"]) for place in (here, there)]
    copies = [hot_spot(place, flags=["usual-place", "weak-uptake"]) for place in (here, there)]
    (candidate,) = run(usual, [finding(here)], weak_spots=copies)
    assert candidate.evidence == "PET+MR"
    assert [spot.physiologic for spot in usual] == [None, "alike on both sides"]


def test_uptake_nearest_to_an_organ_is_set_apart_unless_the_mr_shows_something() -> None:
    def at_colon(region: Region) -> Place:
        return Place("beside right colon, 11 mm", "colon", "right")

    reading = read([hot_spot((20.0, 0, 0))], [], at_colon)
    assert reading.candidates == []
    assert "right colon" in reading.set_apart[0].reason
    (candidate,) = run([hot_spot((20.0, 0, 0))], [finding((20.0, 0, 0))], at_colon)
    assert candidate.evidence == "PET+MR"


def test_usual_uptake_takes_no_mr_finding_with_it() -> None:
    usual = hot_spot((20.0, 0, 0), physiologic="kidney: beside the spine", rule="kidney-at-spine")
    reading = read([usual], [finding((20.0, 0, 0))])
    assert [c.evidence for c in reading.candidates] == ["MR only"]
    assert [c.evidence for c in reading.set_apart] == ["PET only"]


def test_uptake_that_is_not_clear_of_normal_tissue_is_set_apart_unless_other_signs_speak_for_it() -> None:
    unclear = hot_spot((20.0, 0, 0), tbr=1.5, clearness=0.75)
    reading = read([], [], unclear_spots=[unclear])
    assert reading.candidates == []
    (apart,) = reading.set_apart
    assert "Not clear of" in apart.reason
    above_other_levels = hot_spot((20.0, 0, 0), tbr=2.0, clearness=0.75, level_ratio=1.8, ratio=1.7)
    assert len(run([], [], unclear_spots=[above_other_levels])) == 1


def test_a_candidate_of_several_hot_spots_lies_where_the_hottest_does() -> None:
    spots = [hot_spot((20.0, 0, 0), suv_peak=1.5), hot_spot((20.0, 0, 11.0), suv_peak=2.5)]
    (only,) = run(spots, [])
    assert only.centroid_ras_mm == pytest.approx(spots[1].centroid_ras_mm)


def test_mild_uptake_at_the_prosthesis_neck_is_set_apart_with_its_reason() -> None:
    reading = read([hot_spot((20.0, 0, 0), suv_max=2.7)], [], neck, group="hip-replacement")
    assert reading.candidates == []
    assert "painless prostheses" in reading.set_apart[0].reason
    (candidate,) = run([hot_spot((20.0, 0, 0), suv_max=5.6)], [], neck, group="hip-replacement")
    assert "expected-after-surgery" not in candidate.flags


def test_mild_uptake_at_the_neck_with_an_mr_finding_stays_a_candidate_with_a_tag() -> None:
    effusion = finding((20.0, 0, 0), kind="effusion or synovitis")
    (candidate,) = run([hot_spot((20.0, 0, 0), suv_max=2.7)], [effusion], neck, group="hip-replacement")
    assert candidate.evidence == "PET+MR"
    assert "expected-after-surgery" in candidate.flags


def test_scar_at_the_neck_confirms_no_usual_uptake_and_both_are_set_apart() -> None:
    scar = finding((20.0, 0, 0), kind="oedema")
    reading = read([hot_spot((20.0, 0, 0), suv_max=2.7)], [scar], neck, group="hip-replacement")
    assert reading.candidates == []
    assert sorted(c.evidence for c in reading.set_apart) == ["MR only", "PET only"]


def test_foci_whose_place_is_only_a_region_of_the_body_stay_apart() -> None:
    def region_of_body(region: Region) -> Place:
        return Place("right trunk", "trunk", "right", flags=("no-level",))

    spots = [hot_spot((20.0, 0, 0)), hot_spot((20.0, 0, 11.0))]
    assert len(run(spots, [], region_of_body)) == 2


def test_a_candidate_outside_the_other_scans_field_of_view_says_so() -> None:
    small = MR.cropped((0, 0, 0), (5, 120, 110))
    (candidate,) = run([hot_spot((-25.0, 0, 0))], [], mr_field=small)
    assert "outside-mr" in candidate.flags


def test_the_ratio_is_to_the_reference_tissue_of_the_site_where_one_is_known() -> None:
    site = Site("right place", "facet joint", "right", "L4/L5", np.array([20.0, 0, 0]), np.eye(3), np.full(3, 8.0), 1)
    row = SiteRow(site, "abnormal", reference=1.25, reference_name="marrow within 7 cm")
    (candidate,) = run([hot_spot((20.0, 0, 0), tbr=2.5)], rows=(row,))
    assert (candidate.reference, candidate.reference_name) == (1.25, "marrow within 7 cm")
    assert candidate.tbr == pytest.approx(2.0 / 1.25)
    (elsewhere,) = run([hot_spot((-20.0, 0, 0), tbr=2.5)], rows=(row,))
    assert (elsewhere.tbr, elsewhere.reference_name) == (2.5, "marrow")


def test_uptake_away_from_all_known_sites_counts_less_unless_the_mr_shows_something() -> None:
    def trunk(region: Region) -> Place:
        return Place("right trunk, 61 mm lateral of the midline", "trunk", "right")

    site = Site("left place", "facet joint", "left", "L4/L5", np.array([-20.0, 0, 0]), np.eye(3), np.full(3, 8.0), 1)
    rows = (SiteRow(site, "normal"),)
    spot = hot_spot((20.0, 0, 0), tbr=2.5, clearness=1.4)
    (alone,) = run([spot], [], trunk, rows=rows)
    assert points(alone, "away_from_sites") < 0
    (confirmed,) = run([spot], [finding((20.0, 0, 0))], trunk, rows=rows)
    (without_sites,) = run([spot], [], trunk)
    (named,) = run([spot], rows=rows)
    assert not any(points(one, "away_from_sites") for one in (confirmed, without_sites, named))


def test_the_bar_is_a_parameter_and_lowering_it_shows_everything() -> None:
    case = facts()
    low = dataclasses.replace(case.parameters, bar=-40.0)
    spots = [hot_spot((20.0, 0, 0), physiologic="urinary bladder", rule="bladder")]
    assert len(run(spots, [], parameters=low)) == 1


def test_no_id_is_given_twice_over_the_lists() -> None:
    spots = [hot_spot((20.0, 0, 0), physiologic="urinary bladder", rule="bladder"), hot_spot((-20.0, 0, 0))]
    reading = read(spots, [finding((0.0, 20.0, 30.0), kind="Modic II", grade=0.33)])
    ids = [c.id for c in (*reading.candidates, *reading.attention, *reading.set_apart)]
    assert ids == ["PG-01", "PG-02", "PG-03"]
    assert ranked([dataclasses.replace(reading.candidates[0], id="")], ids)[0].id == "PG-04"


def test_ranking_again_keeps_ids() -> None:
    candidates = run([hot_spot((20.0, 0, 0), tbr=1.6), hot_spot((-20.0, 0, 0), tbr=1.9)])
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


def test_the_tissue_of_the_site_and_the_tissue_around_a_focus_count_alike() -> None:
    site = Site("right place", "facet joint", "right", "L4/L5", np.array([20.0, 0, 0]), np.eye(3), np.full(3, 8.0), 1)
    row = SiteRow(site, "abnormal", reference=2.0 / 1.2, reference_name="marrow within 7 cm")
    spot = hot_spot((20.0, 0, 0), tbr=2.5, reference_name="surroundings")
    (candidate,) = run([spot], rows=(row,))
    (uptake,) = (entry for entry in candidate.ledger if entry.sign == "uptake_facet")
    assert uptake.points == pytest.approx(0.5 * 10 * np.log10(2.8), abs=0.01)
    assert uptake.text == "Uptake 1.2 times that of marrow within 7 cm, and 2.5 times that of its surroundings."


def test_uptake_beyond_the_field_of_the_mr_is_not_called_away_from_sites() -> None:
    def trunk(region: Region) -> Place:
        return Place("right trunk", "trunk", "right")

    site = Site("left place", "facet joint", "left", "L4/L5", np.array([-20.0, 0, 0]), np.eye(3), np.full(3, 8.0), 1)
    elsewhere = MR.moved(np.eye(4) + 500 * np.eye(4, k=3))
    spot = hot_spot((20.0, 0, 0), tbr=2.5, clearness=1.4)
    (outside,) = run([spot], [], trunk, rows=(SiteRow(site, "normal"),), mr_field=elsewhere)
    assert outside.mr_state == "not assessable"
    assert points(outside, "away_from_sites") == 0


def test_what_a_clear_focus_loses_for_a_low_ratio_fades_without_a_step() -> None:
    def lost(clearness: float) -> float:
        reading = read([hot_spot((20.0, 0, 0), tbr=1.0, clearness=clearness)])
        return points([*reading.candidates, *reading.set_apart][0], "uptake_facet")

    assert lost(0.7) == lost(1.0) == pytest.approx(10 * np.log10(0.6), abs=0.01)
    assert lost(1.0) < lost(1.2) < lost(1.5) == 0.0
    assert abs(lost(1.0001) - lost(0.9999)) < 0.01
