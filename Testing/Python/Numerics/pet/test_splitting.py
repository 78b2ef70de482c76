"""Which maxima stand out, on both sides of every bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Numerics.pet.splitting import split_by_prominence

BOUNDS = {"prominence": 0.25, "prominence_part": 0.0, "prominence_contrast": 0.0, "separation_mm": 0.0}


def count(line: list[float], reference: float = 1.0, **changes: Any) -> int:
    """Number of maxima that stand out on a line of voxels of 4 mm."""
    values = np.array(line)
    geometry = Geometry((1, 1, len(line)), np.diag([4.0, 4.0, 4.0, 1.0]))
    given = {**BOUNDS, "reference": np.full(len(line), reference), **changes}
    basin, peaks = split_by_prominence(values, np.arange(len(line)), geometry, **given)
    assert basin.max() + 1 == len(peaks)
    return len(peaks)


@pytest.mark.parametrize(("saddle", "expected"), [(1.75, 2), (1.76, 1)])
def test_a_maximum_is_as_high_above_its_saddle_as_asked(saddle: float, expected: int) -> None:
    assert count([3.0, saddle, 2.0]) == expected
    assert count([2.0, saddle, 3.0]) == expected


@pytest.mark.parametrize(("saddle", "expected"), [(1.5, 2), (1.51, 1)])
def test_a_maximum_rises_by_a_part_of_its_height(saddle: float, expected: int) -> None:
    assert count([3.0, saddle, 2.0], prominence_part=0.25) == expected


@pytest.mark.parametrize(("saddle", "expected"), [(1.5, 2), (1.51, 1)])
def test_a_maximum_rises_by_a_part_of_its_contrast(saddle: float, expected: int) -> None:
    assert count([3.0, saddle, 2.0], prominence_contrast=0.5) == expected
    assert count([3.0, saddle, 2.0], reference=0.0, prominence_contrast=0.25) == expected


@pytest.mark.parametrize(("separation", "expected"), [(8.0, 2), (8.1, 1)])
def test_a_maximum_lies_as_far_from_a_higher_one_as_asked(separation: float, expected: int) -> None:
    assert count([3.0, 1.0, 2.0], separation_mm=separation) == expected


@pytest.mark.parametrize(
    ("line", "mass_suv", "expected"),
    [
        ([6.0, 1.0, 2.0], 1.0, 1),
        ([6.0, 1.0, 2.0], 1.01, 2),
        ([6.0, 0.99, 2.0], 0.9, 2),
        ([6.0, 1.0, 2.0], 0.9, 1),
        ([6.07, 1.0, 2.0], 1.0, 2),
        ([6.0, 1.0, 2.0], np.inf, 2),
    ],
)
def test_parts_of_a_mass_are_alike_and_have_a_high_saddle(line: list[float], mass_suv: float, expected: int) -> None:
    assert count(line, mass_suv=mass_suv) == expected


def test_a_chain_of_joined_maxima_ends_in_the_highest_one() -> None:
    values = np.array([1.0, 2.0, 1.9, 2.1, 2.0, 2.2, 1.0])
    geometry = Geometry((1, 1, 7), np.diag([4.0, 4.0, 4.0, 1.0]))
    basin, peaks = split_by_prominence(values, np.arange(7), geometry, reference=np.ones(7), **BOUNDS)
    assert peaks.tolist() == [5]
    assert basin.tolist() == [0] * 7


def test_maxima_that_do_not_touch_are_never_joined() -> None:
    geometry = Geometry((1, 1, 9), np.diag([4.0, 4.0, 4.0, 1.0]))
    values, flat = np.array([2.0, 2.1]), np.array([1, 7])
    basin, peaks = split_by_prominence(
        values, flat, geometry, reference=np.ones(2), **{**BOUNDS, "separation_mm": 100.0, "prominence": 5.0}
    )
    assert sorted(peaks.tolist()) == [0, 1]
    assert basin.tolist() == [0, 1]
