"""Measures of outlines that the reader changed, drew, or grew by a click."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region, ball
from PainGeneratorLib.Numerics.core.records import MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Numerics.mr.implant import ImplantResult
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Session.remeasure import BY_READER, Remeasure, new_candidate, values_at
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.stages import Alignment
from small_pets import PLANE, small_pet

CUT_OFF_PLACE = (40.0, -30.0, 92.0)
"""On the last slice: the field of view cuts the focus in half."""
WHOLE_PLACE = (40.0, -30.0, 40.0)


def pet_with_focus(place: tuple[float, float, float]) -> Image:
    return small_pet([(place, 11.0, 4.0)])


def moved_by(x_mm: float, turn_deg: float) -> np.ndarray:
    """A pose of the PET in the reference frame."""
    angle, matrix = np.deg2rad(turn_deg), np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[0, 3] = x_mm
    return matrix


def remeasure_on(
    pet: Image, pet_to_reference: np.ndarray | None = None, large_ml: float = 20.0, aligned: bool = True
) -> Remeasure:
    """What takes measures anew on a PET without any MR finding."""
    protocol = load_protocol("low-back").with_values({"hot_spots.measure.large_ml": large_ml})
    detector = HotSpotDetector(pet, protocol.stage("hot_spots", HotSpotParameters), symmetry=PLANE)
    case = SimpleNamespace(
        protocol=protocol,
        group="low-back",
        options=CaseOptions(group="low-back"),
        reference=SimpleNamespace(image=pet),
        series={},
        patient={},
    )
    to_pet = np.eye(4) if pet_to_reference is None else np.linalg.inv(pet_to_reference)
    alignment = Alignment({"PET": SimpleNamespace(aligned=aligned, reference_to_series_ras=to_pet)})
    mr = SimpleNamespace(findings=[], z_maps={}, implant=ImplantResult())
    pet_found = SimpleNamespace(references=detector.references.table)
    found = SimpleNamespace(symmetry=PLANE, mr=mr, hot_spots=[], measured_sites=SiteTable(), pet=pet_found)
    return Remeasure.of(
        case, SimpleNamespace(image=pet), alignment, found, detector, lambda region: Place("back", "back", "left")
    )


def without_one_voxel(region: Region) -> Region:
    """The outline after the reader erased one voxel."""
    return Region(region.geometry, region.flat[:-1])


def points_of_cut_off(candidate) -> float:
    """What the ledger holds against uptake that is cut off or large."""
    return sum(entry.points for entry in candidate.ledger if entry.sign == "cut_off")


@pytest.fixture(scope="module")
def cut_off():
    """A remeasure and the found focus that the edge of the PET cuts off."""
    remeasure = remeasure_on(pet_with_focus(CUT_OFF_PLACE), large_ml=2.0)
    return remeasure, remeasure.detector.find().hot_spots[0]


@pytest.fixture(scope="module")
def whole():
    """A remeasure and the found focus that lies wholly in view."""
    remeasure = remeasure_on(pet_with_focus(WHOLE_PLACE))
    return remeasure, remeasure.detector.find().hot_spots[0]


def test_an_edited_outline_is_still_truncated_and_large_and_loses_points_for_it(cut_off):
    remeasure, spot = cut_off
    assert {"truncated", "large"} <= set(spot.flags)
    edited = dataclasses.replace(new_candidate(spot.region, [spot]), origin="edited")
    edited.region = without_one_voxel(spot.region)
    measured = remeasure(edited)
    assert {"truncated", "large"} <= set(measured.flags)
    assert points_of_cut_off(measured) < 0


def test_an_edited_outline_in_full_view_is_neither_truncated_nor_large(whole):
    remeasure, spot = whole
    edited = dataclasses.replace(new_candidate(spot.region, [spot]), origin="edited")
    edited.region = without_one_voxel(spot.region)
    measured = remeasure(edited)
    assert measured.flags == ["no-reference"]
    assert points_of_cut_off(measured) == 0


def test_a_whole_outline_that_is_large_loses_points_for_it(whole):
    remeasure, spot = whole
    small = remeasure_on(remeasure.pet, large_ml=spot.mtv_ml - 0.2)
    measured = small(dataclasses.replace(new_candidate(spot.region, [spot]), origin="edited"))
    assert measured.flags == ["no-reference", "large"]
    assert points_of_cut_off(measured) < 0
    assert sum(entry.points for entry in measured.ledger) == measured.score


def test_an_unchanged_outline_measures_what_detection_measured(whole):
    remeasure, spot = whole
    again = remeasure.spot_of(spot.region)
    for name in ("suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "left_right_ratio"):
        assert getattr(again, name) == getattr(spot, name), name
    # The reference is that at the hottest voxel, which smoothing for the detection may move by one voxel.
    assert again.tbr == pytest.approx(spot.tbr, rel=0.01)
    assert again.flags == [flag for flag in spot.flags if flag != "usual-place"]
    assert again.contour_method == BY_READER
    assert again.background is None
    assert again.contour_threshold <= again.suv_mean


def test_measures_do_not_depend_on_the_pose_of_the_pet(whole):
    remeasure, spot = whole
    pose = moved_by(25.0, 12.0)
    moved = remeasure_on(remeasure.pet, pose)
    there = moved.spot_of(spot.region.moved(pose))
    here = remeasure.spot_of(spot.region)
    for name in ("suv_max", "suv_peak", "mtv_ml", "tbr", "left_right_ratio"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), rel=1e-9), name
    assert there.peak_ras_mm == pytest.approx((pose @ [*here.peak_ras_mm, 1.0])[:3])
    assert there.centroid_ras_mm == pytest.approx((pose @ [*here.centroid_ras_mm, 1.0])[:3])
    assert there.region.geometry.is_same_grid(moved.pet.geometry)


def test_a_pet_that_is_not_aligned_stays_in_its_own_frame(whole):
    remeasure, spot = whole
    apart = remeasure_on(remeasure.pet, moved_by(25.0, 12.0), aligned=False)
    assert apart.pet.geometry.is_same_grid(remeasure.pet.geometry)
    assert apart.spot_of(spot.region).suv_peak == remeasure.spot_of(spot.region).suv_peak
    measured = apart(new_candidate(spot.region, [spot]))
    assert "not-aligned" in measured.flags


def test_an_outline_that_meets_no_uptake_has_no_measures_of_pet(whole):
    remeasure, spot = whole
    elsewhere = Region(spot.region.geometry, ball(spot.region.geometry, np.array([-40.0, -30.0, 40.0]), 9.0))
    measured = remeasure(dataclasses.replace(new_candidate(elsewhere, [spot]), origin="edited"))
    assert measured.hot_spots == []
    assert measured.suv_max is None
    assert measured.evidence == "MR only"


def test_an_outline_outside_the_pet_has_no_uptake(whole):
    remeasure, _ = whole
    matrix = np.eye(4)
    matrix[:3, 3] = (500.0, 0.0, 0.0)
    assert remeasure.spot_of(Region(Geometry((3, 3, 3), matrix), np.arange(27))) is None


def test_a_click_on_uptake_grows_a_focus_and_keeps_the_contour_method(whole):
    remeasure, spot = whole
    pose = moved_by(-8.0, 5.0)
    moved = remeasure_on(remeasure.pet, pose)
    click = (pose @ [*WHOLE_PLACE, 1.0])[:3]
    grown = moved.at(click, {})
    assert (grown.origin, grown.evidence) == ("manual", "PET only")
    measured = moved(grown)
    assert measured.hot_spots[0].contour_method == "adaptive"
    assert measured.suv_peak == pytest.approx(spot.suv_peak, rel=0.05)
    assert np.linalg.norm(measured.centroid_ras_mm - click) < 6.0


def test_a_click_where_uptake_is_normal_grows_on_the_first_mr_that_shows_the_place(whole):
    remeasure, _ = whole
    place = np.array([-40.0, 20.0, 40.0])
    far = np.eye(4)
    far[:3, 3] = (500.0, 0.0, 0.0)
    images = {"T2": Image(np.zeros((3, 3, 3)), Geometry((3, 3, 3), far)), "FLUID": remeasure.pet}
    grown = remeasure.at(place, images)
    assert (grown.origin, grown.evidence) == ("manual", "MR only")
    assert [f.series_role for f in grown.mr_findings] == ["FLUID"]
    with pytest.raises(LookupError):
        remeasure.at(np.array([-400.0, 20.0, 40.0]), images)


def mr_finding(geometry: Geometry, place: tuple[float, ...], grade: float, kind: str = "oedema", z: float = 4.0):
    region = Region(geometry, ball(geometry, np.array(place), 6.0))
    return MRFinding(1, kind, region, region.centroid_ras_mm, region.volume_ml, z, None, "FLUID", grade)


@pytest.fixture(scope="module")
def with_findings(whole):
    """A remeasure with MR findings at the focus (two, and an implant's artifact) and far from it."""
    remeasure, spot = whole
    geometry = remeasure.pet.geometry
    findings = [
        mr_finding(geometry, WHOLE_PLACE, 0.33, "Modic I"),
        mr_finding(geometry, WHOLE_PLACE, 1.0, "effusion or synovitis"),
        mr_finding(geometry, WHOLE_PLACE, 1.0, "implant artefact"),
        mr_finding(geometry, (-40.0, 20.0, 40.0), 1.0),
    ]
    return dataclasses.replace(remeasure, mr=SimpleNamespace(findings=findings, z_maps={})), spot


def test_an_outline_takes_the_findings_that_it_meets_clearest_first(with_findings):
    remeasure, spot = with_findings
    measured = remeasure(new_candidate(spot.region, [spot]))
    assert [f.kind for f in measured.mr_findings] == ["effusion or synovitis", "Modic I"]
    assert measured.evidence == "PET+MR"
    assert (measured.mr_kind, measured.mr_z) == ("effusion or synovitis", 4.0)


def test_a_finding_of_the_outline_itself_stays_and_counts_once(with_findings):
    remeasure, spot = with_findings
    own = mr_finding(remeasure.pet.geometry, WHOLE_PLACE, 0.66, "Modic II")
    known = remeasure.mr.findings[0]
    measured = remeasure(new_candidate(spot.region, [spot], [own, known]))
    assert [f.kind for f in measured.mr_findings] == ["effusion or synovitis", "Modic II", "Modic I"]


def test_uptake_meets_no_finding_where_pet_and_mr_are_not_aligned(with_findings):
    remeasure, spot = with_findings
    apart = dataclasses.replace(remeasure, facts=dataclasses.replace(remeasure.facts, aligned=False))
    assert apart(new_candidate(spot.region, [spot])).mr_findings == []
    assert len(apart(new_candidate(spot.region)).mr_findings) == 2


def test_an_outline_on_a_physiologic_spot_alone_has_no_uptake_of_its_own(whole):
    remeasure, spot = whole
    for physiologic, count in ((None, 1), ("an organ", 0)):
        found = dataclasses.replace(remeasure, hot_spots=[dataclasses.replace(spot, physiologic=physiologic)])
        assert len(found(new_candidate(spot.region)).hot_spots) == count


def test_an_outline_is_as_clear_of_normal_uptake_as_the_focus_that_it_meets(whole):
    remeasure, spot = whole
    assert spot.clearness > 1
    edited = dataclasses.replace(new_candidate(without_one_voxel(spot.region), [spot]), origin="edited")
    measured = remeasure(edited)
    assert measured.hot_spots[0].clearness == spot.clearness
    assert "clear_of_normal" in [entry.sign for entry in measured.ledger]


def test_a_candidate_that_the_reader_brought_back_stays_one_when_its_outline_changes(whole):
    remeasure, spot = whole
    brought = dataclasses.replace(new_candidate(spot.region, [spot]), flags=["brought-back", "large"])
    assert remeasure(brought).flags == ["no-reference", "brought-back"]


@pytest.mark.parametrize(
    ("kind", "count", "expected"), [("oedema", 3, 2.0), ("oedema", 2, None), ("Modic II", 3, None)]
)
def test_a_z_score_needs_voxels_and_a_kind_that_is_bright(whole, kind, count, expected):
    remeasure, _ = whole
    region = Region(remeasure.pet.geometry, np.arange(count))
    finding = MRFinding(1, kind, region, np.zeros(3), 1.0, None, None, "FLUID", 0.33)
    maps = {"FLUID": Image(np.full(remeasure.pet.geometry.shape, 2.0), remeasure.pet.geometry)}
    with_map = dataclasses.replace(remeasure, mr=SimpleNamespace(findings=[], z_maps=maps))
    assert with_map.z_of(region, finding) == expected
    assert remeasure.z_of(region, finding) is None, "there is no z map of that series"


def test_a_name_of_the_program_follows_the_outline_and_one_of_the_reader_stays(whole):
    remeasure, spot = whole
    found = dataclasses.replace(new_candidate(spot.region, [spot]), place=remeasure.namer(spot.region))
    there = dataclasses.replace(remeasure, namer=lambda region: Place("neck", "neck", "right"))
    assert there(found).place.name == "back", "the name is not the one that the program would give"
    assert there(dataclasses.replace(found, place=Place("neck", "neck", "right"))).place.name == "neck"
    assert there(new_candidate(spot.region, [spot])).place.name == "neck", "an empty name is filled"


@pytest.mark.parametrize(
    ("place", "expected"),
    [((0.5, 0.0, 0.0), 0.5), ((1.75, 0.5, 1.0), 1.75), ((2.6, 0.0, 0.0), None), ((0.0, 3.0, 0.0), None)],
)
def test_a_value_is_interpolated_inside_an_image_only(place, expected):
    array = np.zeros((2, 4, 3), dtype=np.float32)
    array[:] = (0.0, 1.0, 2.0)
    array[:, 3] = np.nan
    found = values_at({"T1": Image(array, Geometry((2, 4, 3), np.eye(4)))}, np.array(place))["T1"]
    assert found == (None if expected is None else pytest.approx(expected))
