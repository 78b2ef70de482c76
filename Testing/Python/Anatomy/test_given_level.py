"""The level that the reader names shifts the levels of a segmentation that contradicts it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.given_level import with_given_level
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Anatomy.level_count import COUNTED
from PainGeneratorLib.Anatomy.map_parts import parts_of
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Anatomy.spine import find_spine
from PainGeneratorLib.Numerics.body.level_names import GivenLevel
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image

STEP_MM = 36.0
LEVELS = ("L5", "L4", "L3", "L2", "L1")
"""From below upward; the middle of the first one is at height 0."""
GRID = Geometry((110, 40, 40), np.array([[2.0, 0, 0, -40], [0, 2.0, 0, -40], [0, 0, 2.0, -40], [0, 0, 0, 1.0]]))


def map_of_bodies(**fields: object) -> AnatomyMap:
    """Five bodies with levels above a sacrum without one."""
    x, y, z = GRID.to_ras(np.indices(GRID.shape)[::-1].reshape(3, -1).T).T.reshape(3, *GRID.shape)
    labels = np.zeros(GRID.shape, dtype=np.uint16)
    for n in range(len(LEVELS)):
        labels[(np.abs(x) <= 20) & (np.abs(y) <= 15) & (np.abs(z - n * STEP_MM) <= 12)] = n + 1
    labels[(np.abs(x) <= 25) & (np.abs(y) <= 15) & (z < -22)] = 9
    structures = {n: Structure("vertebra", None, level) for n, level in enumerate(LEVELS, start=1)}
    return AnatomyMap(Image(labels, GRID), {**structures, 9: Structure("sacrum")}, **fields)  # type: ignore[arg-type]


def given(level: str, number: int) -> GivenLevel:
    return GivenLevel(level, np.array([0.0, 0.0, number * STEP_MM]))


def levels_of(anatomy: AnatomyMap) -> list[str | None]:
    return [anatomy.structures[n].level for n in range(1, 6)]


@pytest.mark.parametrize(
    ("level", "number", "expected"),
    [
        ("L4", 0, ["L4", "L3", "L2", "L1", "T12"]),
        ("L6", 0, ["L6", "L5", "L4", "L3", "L2"]),
        ("L3", 1, ["L4", "L3", "L2", "L1", "T12"]),
        ("L4", 1, ["L5", "L4", "L3", "L2", "L1"]),
    ],
)
def test_all_levels_of_the_segmentation_follow_the_named_one(level: str, number: int, expected: list[str]) -> None:
    shifted = with_given_level(map_of_bodies(), given(level, number))
    assert levels_of(shifted) == expected
    assert shifted.structures[9] == Structure("sacrum")


def test_a_contradiction_is_told_and_agreement_is_not() -> None:
    (text,) = with_given_level(map_of_bodies(), given("L4", 0)).warnings
    assert text.startswith("The anatomy segmentation has L5 where the reader named L4: all its levels were shifted")
    assert with_given_level(map_of_bodies(), given("L5", 0)).warnings == ()


def test_levels_that_were_counted_or_inferred_are_certain_after_the_reader_named_one() -> None:
    anatomy = map_of_bodies(counted=True, certainty="likely", warnings=(COUNTED, "Another."))
    named = with_given_level(anatomy, given("L5", 0))
    assert (named.counted, named.certainty, named.warnings) == (False, "certain", ("Another.",))
    assert Namer(named).name(np.array([0.0, 0.0, STEP_MM])).level_certainty == "certain"


def test_a_vertebra_that_becomes_s1_joins_the_sacrum() -> None:
    shifted = with_given_level(map_of_bodies(), given("L5", 1))
    assert shifted.structures[1].structure == "sacrum"
    assert levels_of(shifted)[1:] == ["L5", "L4", "L3", "L2"]


def test_a_level_named_beside_the_vertebrae_of_the_segmentation_leaves_it_and_says_so() -> None:
    anatomy = map_of_bodies()
    named = with_given_level(anatomy, GivenLevel("L4", np.array([0.0, 0.0, 500.0])))
    assert levels_of(named) == levels_of(anatomy)
    assert "no vertebra" in named.warnings[0].lower()


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PainGeneratorError):
        with_given_level(map_of_bodies(), given("L9", 0))


def test_a_segmentation_without_vertebrae_stays_as_it_is() -> None:
    anatomy = dataclasses.replace(map_of_bodies(), structures={9: Structure("sacrum")})
    assert with_given_level(anatomy, given("L4", 0)) is anatomy


def test_the_shifted_map_is_made_once_and_its_vertebrae_have_the_new_names() -> None:
    anatomy = map_of_bodies()
    shifted = with_given_level(anatomy, given("L4", 0))
    assert with_given_level(anatomy, given("L4", 0)) is shifted
    known, anew = parts_of(shifted).spine, find_spine(shifted)
    assert [frame.level for frame in known.frames] == [frame.level for frame in anew.frames]


def test_a_map_that_lies_in_another_frame_is_asked_where_the_reader_pointed() -> None:
    to_map = np.eye(4)
    to_map[2, 3] = STEP_MM
    anatomy = map_of_bodies(frame_to_map_ras=to_map)
    assert levels_of(with_given_level(anatomy, given("L4", 0))) == list(LEVELS)
