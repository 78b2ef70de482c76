"""Frames of vertebrae, discs and facet joints on synthetic straightened spines that are not symmetric."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.section_places import SectionPlace, with_bony_walls
from PainGeneratorLib.Numerics.body.spine_frame import find_spine_frame
from PainGeneratorLib.Numerics.body.spine_turn import _Path, find_turns
from PainGeneratorLib.Numerics.body.straight_spine import fronts, sides
from PainGeneratorLib.Numerics.body.vertebrae import Spine
from straight_bodies import DISCS_MM, MIDDLE_MM, SHAPE, bodies, names, spine_line

CANAL = np.array([5.0, -40.0, -100.0])
"""The lower end of the canal, RAS mm."""


def spine_of(*images: np.ndarray, discs_mm: np.ndarray = DISCS_MM) -> Spine:
    roles = ("T1", "FLUID")
    samples = dict(zip(roles, images, strict=False))
    return find_spine_frame(spine_line(discs_mm), names(discs_mm), SHAPE, samples)


def disc(spine: Spine, level: str) -> np.ndarray:
    return next(joint.center_ras for joint in spine.discs if joint.level == level) - CANAL


def facet(spine: Spine, level: str, side: str) -> np.ndarray:
    return next(j.center_ras for j in spine.facets if j.level == level and j.side == side) - CANAL


def angle_deg(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1.0, 1.0))))


@pytest.mark.parametrize("signals", [(1.0, 0.5, 0.5), (1.0, 1.9, 1.6), (1.0, 0.5, 1.8)])
def test_bodies_lie_between_their_discs_on_any_contrast(signals: tuple[float, float, float]) -> None:
    spine = spine_of(bodies(signals))
    assert [frame.level for frame in spine.frames] == ["L1", "L2", "L3", "L4", "L5"]
    for number, level in enumerate(("L5", "L4", "L3", "L2")):
        frame = spine.frame(level)
        assert frame is not None
        middle = 0.5 * (DISCS_MM[number] + DISCS_MM[number + 1])
        assert frame.center_ras - CANAL == pytest.approx([0.0, MIDDLE_MM, middle], abs=1.5)
        # The discs are 8 mm high, and their neighbors 34 mm apart.
        assert frame.top_mm - frame.bottom_mm == pytest.approx(26.0, abs=3.0)
        assert frame.half_width_mm == pytest.approx(22.0, abs=2.0)
        assert frame.front_mm - frame.back_mm == pytest.approx(32.0, abs=3.0)
        assert angle_deg(frame.up, np.array([0.0, 0.0, 1.0])) < 3.0


def test_back_walls_whose_marrow_ends_far_before_the_canal_are_put_at_the_canal() -> None:
    # The backs of bodies are concave, and the marrow of all of them ends 12 mm in front of the middle of the canal.
    shifted = dict.fromkeys(range(6), (0.0, 4.0))
    spine = spine_of(bodies(slip_mm=shifted))
    for frame in spine.frames:
        wall = frame.at(np.array([0.0, frame.back_mm, 0.0])) - CANAL
        assert wall[1] == pytest.approx(8.0, abs=1.5)
        assert (frame.at(np.array([0.0, frame.front_mm, 0.0])) - CANAL)[1] == pytest.approx(44.0, abs=2.5)
        assert frame.back_mm == pytest.approx(-frame.front_mm)


def test_usual_back_walls_stay_and_a_slipped_one_keeps_its_distance_from_the_others() -> None:
    usual = SectionPlace(-22.0, 22.0, 7.0, 38.0)
    places = [usual, usual, replace(usual, back_mm=11.0), usual]
    assert [place.back_mm for place in with_bony_walls(places)] == [7.0, 7.0, 11.0, 7.0]
    moved = with_bony_walls([replace(place, back_mm=place.back_mm + 5.0) for place in places])
    assert [place.back_mm for place in moved] == [8.0, 8.0, 12.0, 8.0]
    # A wall in the middle of the canal cannot be right.
    assert with_bony_walls([usual, usual, replace(usual, back_mm=1.0)])[2].back_mm == 4.0


def test_left_front_and_up_are_those_of_the_patient() -> None:
    frame = spine_of(bodies()).frame("L3")
    assert frame is not None
    assert frame.left @ [-1.0, 0.0, 0.0] > 0.99
    assert frame.front @ [0.0, 1.0, 0.0] > 0.99
    assert np.cross(frame.left, frame.up) == pytest.approx(frame.front)


@pytest.mark.parametrize("turn_deg", [-20.0, 12.0])
def test_a_patient_who_lies_turned_has_turned_frames(turn_deg: float) -> None:
    spine = spine_of(bodies(turn_deg=turn_deg))
    turn = np.radians(turn_deg)
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    front = np.array([-np.sin(turn), np.cos(turn), 0.0])
    frame = spine.frame("L3")
    assert frame is not None
    assert angle_deg(-frame.left, right) < 5.0
    assert frame.center_ras - CANAL == pytest.approx(MIDDLE_MM * front + [0.0, 0.0, 115.0], abs=2.5)
    # The right joint is the one on the patient's right.
    assert (facet(spine, "L3/L4", "right") - facet(spine, "L3/L4", "left")) @ right > 25.0


def rotated_under_straight_muscles(turns_deg: np.ndarray) -> np.ndarray:
    """Bodies with a turn for each row of the image, behind and beside which the muscles are not turned."""
    straight = bodies()
    values = straight.copy()
    for turn in np.unique(turns_deg):
        values[turns_deg == turn] = bodies(turn_deg=float(turn))[turns_deg == turn]
    values[:, fronts() < 0.0] = straight[:, fronts() < 0.0]
    beside = np.abs(sides()) > 28.0
    # Psoas and the fat around it; they fill more of the picture than the rim of the bodies.
    values[:, :, beside] = np.where((fronts() > 10.0)[:, None], 0.2, 1.6)
    return values


def test_vertebrae_of_a_scoliosis_are_turned_under_straight_muscles() -> None:
    rows = np.arange(100)
    turns = np.rint(20.0 * np.exp(-(((rows - 58) / 26.0) ** 2)) / 4.0) * 4.0
    found = find_turns({"T1": rotated_under_straight_muscles(turns)})
    # The straight muscles draw it toward zero.
    assert 10.0 < found.at(116.0) <= 20.0
    assert found.at(2.0) == pytest.approx(0.0, abs=5.0)


def test_bodies_that_would_be_twisted_too_far_are_not_turned() -> None:
    turns = np.array([0.0, 4.0, 8.0, 12.0, -12.0, -12.0])
    gain = np.full(6, 0.2)
    assert not _Path(turns, gain).is_rotated
    assert _Path(np.array([4.0, 8.0, 12.0, 12.0, 12.0, 8.0]), gain).is_rotated
    # One cross section alone, or a turn as small as that of a straight patient, shows nothing.
    assert not _Path(np.array([4.0, 8.0, 12.0, 8.0, 8.0, 8.0]), gain).is_rotated
    assert not _Path(np.full(6, 8.0), gain).is_rotated


def test_a_straight_patient_is_not_turned_by_noise_or_one_bright_side() -> None:
    values = bodies()
    values[:, :, sides() > 25.0] *= 1.5
    assert np.abs(find_turns({"T1": values}).turn_deg).max() == 0.0


def test_a_series_without_signal_has_no_turn() -> None:
    assert find_turns({"T1": np.zeros((100, 57, 45), dtype=np.float32)}).gain == 0.0


def test_discs_may_lean_to_the_right_and_to_the_front() -> None:
    spine = spine_of(bodies(to_right=0.2, to_front=0.12))
    frame = spine.frame("L3")
    assert frame is not None
    normal = np.array([-0.2, -0.12, 1.0])
    assert angle_deg(frame.up, normal / np.linalg.norm(normal)) < 6.0
    assert disc(spine, "L3/L4") == pytest.approx([0.0, MIDDLE_MM, 98.0], abs=1.5)


def test_a_slipped_vertebra_has_its_own_place() -> None:
    # L4 and all above it lie 7 mm farther to the front than L5.
    spine = spine_of(bodies(slip_mm=dict.fromkeys((2, 3, 4, 5), (0.0, 7.0))))
    lower, upper = spine.frame("L5"), spine.frame("L4")
    assert lower is not None
    assert upper is not None
    assert (upper.center_ras - lower.center_ras)[1] == pytest.approx(7.0, abs=2.0)


def test_a_disc_as_bright_as_marrow_is_found_between_its_endplates() -> None:
    values = bodies((1.0, 1.0, 0.5), endplate=0.4)
    # One endplate of L3/L4 was taken for the disc.
    seen = DISCS_MM + np.array([0.0, 0.0, 4.0, 0.0, 0.0])
    assert disc(spine_of(values, discs_mm=seen), "L3/L4")[2] == pytest.approx(98.0, abs=1.5)


def test_facet_joints_lie_beside_the_back_border_of_the_canal() -> None:
    spine = spine_of(bodies(), bodies((1.0, 1.5, 0.6)))
    assert len(spine.facets) == 2 * len(spine.discs)
    for level, aside in (("L5/S1", 20.5), ("L2/L3", 14.5)):
        right, left = facet(spine, level, "right"), facet(spine, level, "left")
        assert right[0] == pytest.approx(aside, abs=3.0)
        assert left[0] == pytest.approx(-aside, abs=3.0)
        assert right[1] == pytest.approx(-8.0, abs=3.0)
        assert right[2] == pytest.approx(disc(spine, level)[2], abs=2.0)


def test_s1_hangs_below_the_lowest_disc() -> None:
    spine = spine_of(bodies())
    assert spine.sacrum is not None
    assert spine.sacrum.level == "S1"
    top = spine.sacrum.at(np.array([0.0, 0.0, spine.sacrum.top_mm])) - CANAL
    assert top[2] == pytest.approx(DISCS_MM[0] - SHAPE.disc_half_mm, abs=2.0)


def test_a_vertebra_that_is_cut_off_above_has_no_frame() -> None:
    values = bodies()
    values[90:] = np.nan
    assert [frame.level for frame in spine_of(values).frames] == ["L2", "L3", "L4", "L5"]
