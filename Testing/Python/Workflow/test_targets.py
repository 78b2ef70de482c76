"""Targets of a body of simple form: point, path, depth, error, and what is said where something is not known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Numerics.core.records import NOT_JOINED, Candidate, Place
from PainGeneratorLib.Numerics.core.words import Status
from PainGeneratorLib.Workflow.targets import Target, TargetFinder, TargetState, to_lps
from target_cases import BACK_MM, HALF_MM, MR_EDGE_MM, PET_EDGE_MM, aligned, anatomy, candidate, finder, suv_image


def one(made: TargetFinder, *candidates: Candidate) -> Target:
    found = made.targets(candidates or [candidate()])
    assert len(found) == 1
    return found[0]


def test_a_facet_joint_is_reached_straight_from_behind_and_the_depth_is_right() -> None:
    target = one(finder())
    assert (target.state, target.approach, target.reason) == (TargetState.PATH, "posterior", "")
    assert target.path is not None
    assert target.path.length_mm == pytest.approx(BACK_MM - 30.0, abs=2.5)
    assert target.path.entry_ras is not None
    assert target.path.entry_ras[1] == pytest.approx(-BACK_MM, abs=1.5)
    # The hub leans to the side of the joint, never over the midline.
    assert -60.0 < target.path.entry_ras[0] <= -19.0


@pytest.mark.parametrize(
    ("structure", "low", "high"),
    [
        ("foramen", 15.0, 60.0),
        ("disc", 30.0, 65.0),
        ("greater trochanter", 60.0, 120.0),
        ("sacroiliac joint", -30, 10),
    ],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_each_structure_is_reached_within_the_angles_of_its_approach(
    structure: str, side: str, low: float, high: float
) -> None:
    sign = -1.0 if side == "left" else 1.0
    far = 130.0 if structure == "greater trochanter" else 25.0
    target = one(finder(), candidate(structure, side, (sign * far, -20.0, 0.0)))
    assert target.path is not None, target.reason
    way = target.path.outward_ras
    angle = np.degrees(np.arctan2(sign * way[0], -way[1]))
    assert low - 0.1 <= angle <= high + 0.1


def test_a_disc_in_the_midline_is_reached_from_the_side_that_is_shorter() -> None:
    target = one(finder(), candidate("disc", "midline", (8.0, 0.0, 0.0)))
    assert target.path is not None
    assert target.path.entry_ras is not None
    closed = anatomy(aorta=((20, -80, -60), (90, -20, 60)))
    near = one(finder(closed), candidate("disc", "midline", (8.0, 0.0, 0.0)))
    assert near.path is not None, near.reason
    assert near.path.entry_ras is not None
    assert near.path.entry_ras[0] < 0.0


def test_a_path_goes_around_an_organ_and_tells_how_far_it_passes() -> None:
    kidney = anatomy(kidney=((-24, -75, -40), (40, -45, 60)))
    free = one(finder())
    around = one(finder(kidney))
    assert around.path is not None, around.reason
    assert free.path is not None
    assert around.path.nearest is not None
    assert around.path.nearest.name == "kidney"
    assert around.path.nearest.distance_mm >= 4.5
    assert around.path.length_mm is not None
    assert free.path.length_mm is not None
    assert around.path.length_mm > free.path.length_mm


def test_where_every_path_meets_something_there_is_none_and_the_reason_names_it() -> None:
    wall = anatomy(colon=((-180, -70, -85), (180, -50, 85)))
    target = one(finder(wall))
    assert target.state == TargetState.POINT
    assert target.path is None
    assert target.point_ras is not None
    assert "colon is in the way" in target.reason


def test_bone_between_skin_and_target_closes_the_way() -> None:
    wall = anatomy(ilium=((-180, -60, -85), (180, -52, 85)))
    target = one(finder(wall))
    assert target.state == TargetState.POINT
    assert "bone is in the way" in target.reason


def test_what_is_unknown_is_said_and_less_is_unknown_with_a_segmentation() -> None:
    bare = one(finder())
    assert {"large vessels", "kidneys and ureters", "bowel", "nerve roots", "spinal canal"} <= set(bare.unknown)
    mapped = one(finder(anatomy(kidney=((-60, 20, -40), (-40, 40, 60)), aorta=((0, 40, -80), (10, 50, 80)))))
    assert {"large vessels", "kidneys and ureters"} & set(mapped.unknown) == set()
    assert "bowel" in mapped.unknown
    assert {"small vessels", "peripheral nerves"} <= set(mapped.unknown)
    assert mapped.known["large vessels"] == "anatomy segmentation"


def test_a_structure_without_a_usual_approach_gets_a_point_alone() -> None:
    target = one(finder(), candidate("vertebral body", "midline", (0.0, 10.0, 0.0)))
    assert (target.state, target.path) == (TargetState.POINT, None)
    assert "no usual approach" in target.reason


@pytest.mark.parametrize(
    ("status", "count"),
    [(Status.PENDING, 1), (Status.ACCEPTED, 1), (Status.REJECTED, 0), (Status.PHYSIOLOGIC, 0)],
)
def test_only_accepted_and_pending_candidates_get_a_target(status: Status, count: int) -> None:
    assert len(finder().targets([candidate(status=str(status))])) == count


def test_a_pet_that_is_not_aligned_gives_no_target_and_says_why() -> None:
    target = one(finder(alignment=aligned(verdict="not aligned")))
    assert (target.state, target.point_ras, target.path) == (TargetState.REFUSED, None, None)
    assert "could not be aligned" in target.reason


def test_a_finding_that_was_not_joined_is_refused() -> None:
    assert one(finder(), candidate(flags=[NOT_JOINED])).state == TargetState.REFUSED


def test_an_alignment_that_is_far_off_is_refused_with_the_figure() -> None:
    target = one(finder(alignment=aligned(offset_mm=9.0)))
    assert target.state == TargetState.REFUSED
    assert "the expected error is 9.3 mm" in target.reason
    assert one(finder(alignment=aligned(offset_mm=9.0), settings={"targets.error_most_mm": "12"})).path is not None


def test_the_error_is_made_of_alignment_and_voxels() -> None:
    # The spread of the searches is below what any alignment is trusted for.
    target = one(finder())
    assert target.error_mm == pytest.approx(np.sqrt(2.0**2 + (PET_EDGE_MM / 2) ** 2 + (MR_EDGE_MM / 2) ** 2))
    assert "alignment of PET 2.0 mm" in target.error_text
    wide = one(finder(alignment=aligned(spread=4.0)))
    assert wide.error_mm == pytest.approx(np.sqrt(4.0**2 + (PET_EDGE_MM / 2) ** 2 + (MR_EDGE_MM / 2) ** 2))
    never = one(finder(alignment=aligned(spread=None)))
    assert never.error_mm == pytest.approx(np.sqrt(5.0**2 + (PET_EDGE_MM / 2) ** 2 + (MR_EDGE_MM / 2) ** 2))


def test_a_skin_on_mr_within_the_body_of_the_pet_is_doubtful_and_gives_no_path() -> None:
    target = one(finder(suv=suv_image(back_off=20.0)))
    assert target.state == TargetState.POINT
    assert "The skin is doubtful" in target.reason
    assert target.point_ras is not None


def test_the_frame_of_a_chosen_series_is_that_of_its_voxels() -> None:
    target = one(finder(settings={"targets.series": "PET"}))
    there = target.in_series
    assert target.point_ras is not None
    assert there.point_ras is not None
    assert there.point_ijk is not None
    assert there.role == "PET"
    assert np.allclose(there.point_ras - target.point_ras, [3.0, -2.0, 5.0])
    shift = np.array(HALF_MM)
    assert np.allclose(there.point_ijk, (target.point_ras + shift) / PET_EDGE_MM)
    assert there.entry_ijk is not None


def test_a_chosen_series_that_the_case_lacks_is_said_and_the_target_stays() -> None:
    target = one(finder(settings={"targets.series": "T2"}))
    assert target.path is not None
    assert target.in_series.point_ras is None
    assert target.in_series.reason == "The case has no series T2."


def test_lps_has_the_signs_of_the_first_two_axes_turned() -> None:
    assert to_lps(np.array([1.0, 2.0, 3.0])).tolist() == [-1.0, -2.0, 3.0]


def test_both_joints_of_a_pair_get_a_target_each() -> None:
    left, right = candidate(), candidate(side="right", center=(20.0, -30.0, 5.0))
    flat = np.union1d(left.region.flat, right.region.flat)
    both = candidate(side="both")
    both = dataclasses.replace(both, region=Region(left.region.geometry, flat))
    targets = finder().targets([both])
    assert [(t.id, t.side, t.state) for t in targets] == [
        ("PG-01-right", "right", "path"), ("PG-01-left", "left", "path")
    ]  # fmt: skip
    points = [t.point_ras for t in targets if t.point_ras is not None]
    assert points[0][0] == pytest.approx(20.0, abs=1.5)
    assert points[1][0] == pytest.approx(-20.0, abs=1.5)


def test_the_point_lies_in_the_outline_also_where_its_middle_does_not() -> None:
    ring = candidate()
    inner = np.linalg.norm(ring.region.points_ras - ring.region.centroid_ras_mm, axis=1) > 4.0
    hollow = dataclasses.replace(ring, region=Region(ring.region.geometry, ring.region.flat[inner]))
    target = one(finder(), hollow)
    assert target.point_ras is not None
    assert np.linalg.norm(hollow.region.points_ras - target.point_ras, axis=1).min() < 1e-6


def test_an_emptied_outline_is_refused() -> None:
    empty = dataclasses.replace(candidate(), region=Region(candidate().region.geometry, np.zeros(0, dtype=np.int64)))
    assert one(finder(), empty).state == TargetState.REFUSED


def test_a_name_that_is_not_certain_is_said() -> None:
    place = Place("left facet joint L4/L5", "facet joint", "left", "L4/L5", flags=("level-uncertain",),
                  side_certainty="likely")  # fmt: skip
    doubts = " ".join(one(finder(), candidate(place=place)).doubts)
    assert "The side is likely" in doubts
    assert "The level is uncertain" in doubts


def test_a_path_that_the_reader_moved_is_measured_along_its_own_way_whatever_it_meets() -> None:
    kidney = anatomy(kidney=((-30, -75, -40), (-10, -45, 60)))
    point = np.array([-20.0, -30.0, 5.0])
    moved = {"PG-01": (point, point + np.array([0.0, -9.0, -5.0]))}
    target = finder(kidney).targets([candidate()], moved)[0]
    assert target.origin == "moved by the reader"
    assert target.path is not None, target.reason
    assert target.path.length_mm == pytest.approx((BACK_MM - 30.0) * np.hypot(9.0, 5.0) / 9.0, abs=2.0)
    assert "meets or comes too near: kidney" in " ".join(target.doubts)


def test_a_moved_path_without_a_direction_or_without_a_skin_says_so() -> None:
    point = np.array([-20.0, -30.0, 5.0])
    made = finder()
    assert "one place" in made.targets([candidate()], {"PG-01": (point, point)})[0].reason
    up = made.targets([candidate()], {"PG-01": (point, point + np.array([0.0, 0.0, 9.0]))})[0]
    assert (up.state, up.path) == (TargetState.POINT, None)
    assert "not in view" in up.reason
