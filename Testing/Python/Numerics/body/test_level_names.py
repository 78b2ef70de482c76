"""The levels of a spine are counted from the sacrum, and what is doubtful is said."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.level_names import GivenLevel, LevelNames, LevelWitnesses, name_levels
from PainGeneratorLib.Numerics.body.straight_spine import fronts, sides
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

STEP = 34.0
UPWARD = (60.0, 52.0, 36.0, 16.0, 4.0, -5.0, -10.0, -12.0, -12.0)
"""Inclinations of the discs from S2/S3 upward, degrees; L5/S1 is the third."""


def spine(first: int = 2, count: int = 7, below: float = 26.0, missing: int | None = None) -> SpineLine:
    """A canal whose discs lean like those of a spine.

    Parameters
    ----------
    first, count : int
        Place of the lowest disc in UPWARD, and how many discs there are.
    below : float
        How far the canal goes on below the lowest disc, mm.
    missing : int, optional
        Number of a disc that was not seen.
    """
    leans = np.array(UPWARD)[first : first + count]
    heights = below + STEP * np.arange(count)
    way = np.arange(0.0, heights[-1] + 24.0)
    lean = np.radians(np.interp(way, heights, leans))
    # A disc whose front points down lies across a canal that leads upward and to the front.
    steps = np.stack([np.zeros_like(lean), np.sin(lean), np.cos(lean)], axis=1)
    points = np.cumsum(steps, axis=0)
    seen = np.array([n for n in range(count) if n != missing])
    return SpineLine(points[::3], 0.9, 0.9, heights[seen], np.zeros(len(seen)))


def image(line: SpineLine, sacrum_below: float | None = None, conus: float | None = None) -> dict[str, np.ndarray]:
    """A T2 on the straightened grid: bodies of 1, muscle of 0.3 beside and around them.

    Parameters
    ----------
    sacrum_below : float, optional
        Height below which the ala lies beside the body, mm.
    conus : float, optional
        Height above which a cord lies within the bright canal, mm.
    """
    height = 2.0 * np.arange(len(line.straight.points_ras))[:, None, None]
    front, side = fronts()[None, :, None], sides()[None, None, :]
    width = np.where(height < (sacrum_below if sacrum_below is not None else -1.0), 44.0, 23.0)
    body = (front > 10.0) & (front < 42.0) & (np.abs(side) < width)
    sample = np.where(body, 1.0, 0.3).astype(np.float32)
    canal = (np.abs(front) <= 8.0) & (np.abs(side) <= 8.0)
    sample[np.broadcast_to(canal, sample.shape)] = 3.0
    if conus is not None:
        cord = (np.abs(front) <= 2.0) & (np.abs(side) <= 4.0) & (height > conus)
        sample[np.broadcast_to(cord, sample.shape)] = 1.0
    for disc in line.disc_mm:
        rows = np.abs(height - disc) < 4.0
        sample[np.broadcast_to(rows & (front > 10.0) & (front < 42.0) & (np.abs(side) < 23.0), sample.shape)] = 0.4
    return {"T2": sample}


def named(line: SpineLine, samples: dict[str, np.ndarray], given: GivenLevel | None = None) -> LevelNames:
    """The names of a spine that has discs."""
    found = name_levels(line, samples, None, given)
    assert found is not None
    return found


def levels(names: LevelNames) -> list[str]:
    """The names of the discs from below upward."""
    return [disc.level for disc in names.discs]


def test_without_discs_nothing_is_named() -> None:
    line = spine()
    assert name_levels(SpineLine(line.points_ras, 0.9, 0.9), {}) is None


def test_the_lowest_disc_is_lumbosacral_when_it_leans_like_one_and_the_ala_lies_below_it() -> None:
    line = spine()
    names = named(line, image(line, sacrum_below=26.0))
    assert levels(names) == ["L5/S1", "L4/L5", "L3/L4", "L2/L3", "L1/L2", "T12/L1", "T11/T12"]
    assert names.certainty == "likely"
    assert "counted upward from the sacrum" in names.reasons[0]
    assert all(disc.is_seen for disc in names.discs)


@pytest.mark.parametrize("rests", [1, 2])
def test_rests_of_discs_within_the_sacrum_are_not_counted(rests: int) -> None:
    line = spine(first=2 - rests, count=7)
    names = named(line, image(line, sacrum_below=26.0 + STEP * rests))
    assert levels(names)[:3] == ["S1/S2", "L5/S1", "L4/L5"]
    assert names.certainty == "likely"


@pytest.mark.parametrize("cut", [1, 2])
def test_a_sacrum_out_of_view_makes_the_names_uncertain(cut: int) -> None:
    line = spine(first=2 + cut, count=5, below=14.0)
    names = named(line, image(line))
    assert names.certainty == "uncertain"
    assert "sacrum" in names.reasons[0]


def test_the_names_do_not_depend_on_how_the_patient_is_tilted() -> None:
    line = spine()
    for degrees in (-10.0, 10.0):
        a = np.radians(degrees)
        turn = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        tilted = SpineLine(line.points_ras @ turn.T, 0.9, 0.9, line.disc_mm, line.disc_tilt)
        assert levels(named(tilted, image(line, sacrum_below=26.0)))[0] == "L5/S1"


def test_a_cord_that_ends_where_it_usually_does_makes_the_count_certain() -> None:
    line = spine()
    names = named(line, image(line, sacrum_below=26.0, conus=26.0 + 4.8 * STEP))
    assert names.certainty == "certain"
    assert "spinal cord is seen down to T12/L1, which fits" in names.reasons[1]


def test_a_cord_that_ends_far_from_its_usual_level_makes_the_count_uncertain() -> None:
    line = spine()
    names = named(line, image(line, sacrum_below=26.0, conus=26.0 + 2.5 * STEP))
    assert names.certainty == "uncertain"
    assert names.is_transitional
    assert "there may be four or six lumbar vertebrae" in names.reasons[1]


def test_crests_and_the_division_of_the_aorta_confirm_the_count_where_they_are_known() -> None:
    line = spine()
    at = line.straight
    point = at.points_ras[round((26.0 + 1.3 * STEP) / 2)] + 30.0 * at.axes[round((26.0 + 1.3 * STEP) / 2), 1]
    samples = image(line, sacrum_below=26.0)
    witnesses = LevelWitnesses(iliac_crest_ras=point, bifurcation_ras=point)
    names = name_levels(line, samples, witnesses)
    assert names is not None
    assert names.certainty == "certain"
    assert "iliac crests lie at L4" in names.reasons[1]
    assert "aorta divides at L4" in names.reasons[2]


def test_a_missed_disc_is_filled_in_and_makes_the_levels_uncertain() -> None:
    line = spine(missing=2)
    names = named(line, image(line, sacrum_below=26.0))
    assert levels(names) == ["L5/S1", "L4/L5", "L3/L4", "L2/L3", "L1/L2", "T12/L1", "T11/T12"]
    assert [disc.level for disc in names.discs if not disc.is_seen] == ["L3/L4"]
    assert names.discs[2].height_mm == pytest.approx(26.0 + 2 * STEP)
    assert names.certainty == "uncertain"
    assert "A disc was not seen" in " ".join(names.reasons)


def test_above_a_gap_in_the_thoracic_spine_nothing_is_named() -> None:
    line = spine(missing=6, count=7, first=2)
    long = SpineLine(line.points_ras, 0.9, 0.9, np.array([*line.disc_mm[:6], line.disc_mm[5] + 2 * STEP]), np.zeros(7))
    assert levels(named(long, image(line, sacrum_below=26.0)))[-1] == "T12/L1"


def point_at(line: SpineLine, height: float, front: float = 26.0, right: float = 4.0) -> np.ndarray:
    """A point in front of the canal, RAS mm."""
    index = round(height / 2)
    axes = line.straight.axes[index]
    place: np.ndarray = line.straight.points_ras[index] + right * axes[0] + front * axes[1]
    return place


@pytest.mark.parametrize(
    ("level", "steps", "lowest"),
    [
        ("L5/S1", 0.0, "L5/S1"), ("L5", 0.5, "L5/S1"), ("S1", -0.4, "L5/S1"), ("L4", 0.5, "L4/L5"),
        ("L5", 1.5, "S1/S2"), ("L6", 0.5, "L6/S1"), ("L4-5", 1.0, "L5/S1"), ("T12", 4.5, "L4/L5"),
        ("T13", 5.5, "L5/S1"),
    ],
)  # fmt: skip
def test_a_given_level_decides_all_names(level: str, steps: float, lowest: str) -> None:
    line = spine()
    found = named(line, image(line, sacrum_below=26.0), GivenLevel(level, point_at(line, 26.0 + steps * STEP)))
    assert levels(found)[0] == lowest
    assert found.certainty == "certain"
    assert found.is_given
    assert "was named by the reader" in found.reasons[0]


def test_a_given_level_that_contradicts_the_count_is_obeyed_and_said() -> None:
    line = spine()
    found = named(line, image(line, sacrum_below=26.0), GivenLevel("L5", point_at(line, 26.0 + 1.5 * STEP)))
    assert "counted as L4: there may be six lumbar vertebrae" in found.reasons[1]
    assert found.is_transitional


@pytest.mark.parametrize(
    ("level", "point"),
    [
        ("L5", {"height": 26.0 + STEP}), ("L4/L5", {"height": 26.0 + 1.5 * STEP}),
        ("L5", {"height": 26.0 + 0.5 * STEP, "right": 90.0}), ("L5", {"height": 26.0 + 0.5 * STEP, "front": 120.0}),
    ],
)  # fmt: skip
def test_a_given_point_at_no_such_structure_is_refused(level: str, point: dict[str, float]) -> None:
    line = spine()
    with pytest.raises(PainGeneratorError, match="lies in no"):
        named(line, image(line), GivenLevel(level, point_at(line, **point)))


def test_a_given_point_out_of_view_and_an_impossible_level_are_refused() -> None:
    line = spine()
    with pytest.raises(PainGeneratorError, match="lies in no"):
        named(line, image(line), GivenLevel("L5", line.points_ras[-1] + [0.0, 0.0, 90.0]))
    with pytest.raises(PainGeneratorError, match="There is no level"):
        named(line, image(line), GivenLevel("L9", point_at(line, 40.0)))
