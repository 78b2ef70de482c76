"""A level that the reader names decides the names of all others."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.level_names import GivenLevel, renamed
from PainGeneratorLib.Numerics.body.level_order import checked_level
from PainGeneratorLib.Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

STEP = 36.0


def frame(level: str, height: float) -> VertebraFrame:
    """A vertebra with its middle at a height, along the axes of the scanner."""
    left, front, up = np.array([-1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, 1.0])
    return VertebraFrame(level, np.array([0, 0, height]), left, front, up, 24.0, -16.0, 16.0, -14.0, 14.0)


def spine_of(upward: tuple[str, ...] = ("S1", "L5", "L4", "L3", "L2"), certainty: str = "likely") -> Spine:
    """A straight spine; S1 at 0, the next vertebra 36 mm above it, and discs with facet joints between them."""
    names = list(upward)
    frames = [frame(level, STEP * n) for n, level in enumerate(names)]
    levels = [f"{above}/{below}" for below, above in itertools.pairwise(names)]
    discs = [Joint(level, None, np.array([0, 0, STEP * (n + 0.5)])) for n, level in enumerate(levels)]
    facets = [Joint(level, "left", np.array([-18.0, -35, STEP * (n + 0.5)])) for n, level in enumerate(levels)]
    has_sacrum = names[0] == "S1"
    return Spine(
        tuple(frames[:0:-1]) if has_sacrum else tuple(frames[::-1]),
        tuple(discs[::-1]),
        tuple(facets[::-1]),
        sacrum=frames[0] if has_sacrum else None,
        level_certainty=certainty,
        level_reasons=("Counted.",),
    )


def given(level: str, height: float, right: float = 3.0, front: float = -4.0) -> GivenLevel:
    """A level at a height."""
    return GivenLevel(level, np.array([right, front, height]))


def levels_of(spine: Spine) -> list[str]:
    """The vertebrae from below upward with S1."""
    return [*([] if spine.sacrum is None else [spine.sacrum.level]), *(one.level for one in spine.frames[::-1])]


def test_a_name_that_agrees_with_the_count_makes_it_certain() -> None:
    found = renamed(spine_of(), given("L4", 2 * STEP))
    assert levels_of(found) == ["S1", "L5", "L4", "L3", "L2"]
    assert found.level_certainty == "certain"
    assert not found.transitional
    assert found.level_reasons == ("The levels follow from L4, which was named by the reader.",)


def test_the_lowest_lumbar_vertebra_becomes_the_sacrum_when_the_reader_calls_it_so() -> None:
    found = renamed(spine_of(), given("L5", 2 * STEP))
    assert levels_of(found) == ["S1", "L5", "L4", "L3"]
    assert found.sacrum is not None
    assert found.sacrum.center_ras[2] == STEP
    assert [disc.level for disc in found.discs] == ["L3/L4", "L4/L5", "L5/S1", "S1/S2"]
    assert [joint.level for joint in found.facets] == ["L3/L4", "L4/L5", "L5/S1", "S1/S2"]
    assert found.transitional
    assert "counted as L4: there may be six lumbar vertebrae" in found.level_reasons[1]


def test_the_sacrum_becomes_a_vertebra_when_the_reader_calls_it_so() -> None:
    found = renamed(spine_of(), given("L3/L4", 1.5 * STEP))
    assert levels_of(found) == ["L5", "L4", "L3", "L2", "L1"]
    assert found.sacrum is None
    assert found.frames[-1].level == "L5"
    assert found.frames[-1].center_ras[2] == 0.0
    assert "counted as L4/L5: there may be four lumbar vertebrae" in found.level_reasons[1]


def test_a_name_that_corrects_an_uncertain_count_contradicts_nothing() -> None:
    found = renamed(spine_of(certainty="uncertain"), given("L5", 2 * STEP))
    assert not found.transitional
    assert len(found.level_reasons) == 1


def test_the_second_name_of_a_reader_does_not_contradict_the_first() -> None:
    found = renamed(renamed(spine_of(certainty="uncertain"), given("L5", 2 * STEP)), given("L5", STEP))
    assert levels_of(found) == ["L5", "L4", "L3", "L2"]
    assert not found.transitional
    assert found.level_reasons == ("The levels follow from L5, which was named by the reader.",)


def test_a_sixth_lumbar_and_a_thirteenth_thoracic_vertebra_are_followed_by_the_others() -> None:
    found = renamed(spine_of(), given("L6", STEP))
    assert levels_of(found) == ["S1", "L6", "L5", "L4", "L3"]
    assert found.transitional
    assert [disc.level for disc in found.discs] == ["L3/L4", "L4/L5", "L5/L6", "L6/S1"]
    found = renamed(spine_of(("L2", "L1", "T12", "T11"), "uncertain"), given("T13", 2 * STEP))
    assert levels_of(found) == ["L2", "L1", "T13", "T12"]
    assert found.transitional
    found = renamed(spine_of(("S1", "L6", "L5", "L4")), given("L5", STEP))
    assert levels_of(found) == ["S1", "L5", "L4", "L3"]


def test_a_spinous_process_names_its_vertebra_and_a_far_point_none() -> None:
    assert renamed(spine_of(), given("L4", 2 * STEP, front=-70.0)).frames[1].level == "L3"
    for point in ({"height": 2 * STEP, "right": 70.0}, {"height": 2 * STEP, "front": 60.0}, {"height": 200.0}):
        for level in ("L4", "L4/L5"):
            with pytest.raises(PainGeneratorError, match="lies in no"):
                renamed(spine_of(), given(level, **point))


def test_a_point_between_two_vertebrae_names_neither() -> None:
    with pytest.raises(PainGeneratorError, match=r"middle of a vertebra"):
        renamed(spine_of(), given("L4", 1.5 * STEP))
    with pytest.raises(PainGeneratorError, match=r"middle of a disc"):
        renamed(spine_of(), given("L4/L5", 2 * STEP))


@pytest.mark.parametrize("level", ["L9", "", "L4/L6", "L4/S1", "L5/L4", "X1", "L4/L5/S1", "left"])
def test_an_impossible_level_is_refused(level: str) -> None:
    with pytest.raises(PainGeneratorError, match="There is no level"):
        renamed(spine_of(), given(level, STEP))


def test_common_ways_to_write_a_level_are_understood() -> None:
    ways = ("l5", "L4-5", "L4/5", "l4 / l5", "T12-L1", "L5/S1", "L6/S1", "T13/L1")
    assert [checked_level(way) for way in ways] == [
        "L5", "L4/L5", "L4/L5", "L4/L5", "T12/L1", "L5/S1", "L6/S1", "T13/L1",
    ]  # fmt: skip


def test_a_vertebra_whose_neighbors_are_missing_keeps_its_distance_in_the_count() -> None:
    whole = spine_of()
    gap = replace(whole, frames=(whole.frames[0], whole.frames[2], whole.frames[3]))
    assert levels_of(renamed(gap, given("L5", 2 * STEP))) == ["S1", "L5", "L3"]
