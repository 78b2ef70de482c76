"""Two images that show different parts of the body are not aligned, whatever the headers say of their coordinates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Registration.alignment import align_case
from PainGeneratorLib.Registration.alignment_types import AlignmentParameters
from PainGeneratorLib.Registration.fields_of_view import fields_meet
from PainGeneratorLib.Registration.landmarks import LandmarkPairs
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage


@pytest.fixture(scope="module")
def parameters() -> AlignmentParameters:
    shipped = load_protocol("low-back").stage("alignment", AlignmentParameters)
    return dataclasses.replace(
        shipped,
        search=dataclasses.replace(shipped.search, samples=1000, finest_spacing_mm=6.0),
        restarts=dataclasses.replace(shipped.restarts, count=0),
    )


def grid(corner: tuple[float, float, float], shape=(20, 24, 28), spacing: float = 4.0) -> Geometry:
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    matrix[:3, 3] = corner
    return Geometry(shape, matrix)


def blob(geometry: Geometry, seed: int = 0) -> Image:
    noise = np.random.default_rng(seed).normal(size=geometry.shape)
    return Image((100 + 200 * ndimage.gaussian_filter(noise, 2.0)).astype(np.float32), geometry)


SHARED = {"reference": "1.2.3", "PET": "1.2.3", "ATTENUATION": "1.2.3"}
HERE, ABOVE = (0.0, 0.0, 0.0), (0.0, 0.0, 200.0)


def aligned_roles(found) -> dict[str, bool]:
    return {role: series.aligned for role, series in found.items()}


def test_a_pet_without_overlap_is_not_aligned_although_it_shares_the_scanners_coordinates(parameters) -> None:
    series = {"PET": (blob(grid(ABOVE)), "PT")}
    found = align_case(blob(grid(HERE)), series, SHARED, parameters)["PET"]
    assert not found.aligned
    assert found.kept == "not aligned"
    assert "no place in common" in found.reason
    assert found.advice


def test_an_mr_without_overlap_is_not_aligned_either(parameters) -> None:
    found = align_case(
        blob(grid(HERE)), {"FLUID": (blob(grid(ABOVE)), "MR")}, {**SHARED, "FLUID": "1.2.3"}, parameters
    )
    assert aligned_roles(found) == {"FLUID": False}


def test_a_pet_without_overlap_is_not_aligned_through_an_attenuation_series_that_overlaps(parameters) -> None:
    series = {"PET": (blob(grid(ABOVE)), "PT"), "ATTENUATION": (blob(grid(HERE, (70, 24, 28))), "MR")}
    found = align_case(blob(grid(HERE)), series, SHARED, parameters)
    assert aligned_roles(found) == {"ATTENUATION": True, "PET": False}


def test_landmarks_that_leave_no_overlap_do_not_align(parameters) -> None:
    points = np.array([[0, 0, 0], [40, 0, 0], [0, 40, 0], [0, 0, 40.0]])
    pairs = {"PET": LandmarkPairs(points, points - np.array([0.0, 0.0, 300.0]))}
    found = align_case(blob(grid(HERE)), {"PET": (blob(grid(HERE)), "PT")}, SHARED, parameters, pairs)
    assert aligned_roles(found) == {"PET": False}


def test_series_that_overlap_by_a_few_slices_keep_the_scanners_alignment_with_a_warning(parameters) -> None:
    series = {"PET": (blob(grid((0.0, 0.0, 70.0))), "PT")}
    found = align_case(blob(grid(HERE)), series, SHARED, parameters)["PET"]
    assert found.aligned
    assert any("could not be verified" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("corner", "shape", "meets"),
    [
        (HERE, (1, 24, 28), True),
        ((50.0, 40.0, 36.0), (2, 2, 2), True),
        ((0.0, 0.0, 79.0), (20, 24, 28), True),
        ((0.0, 0.0, 84.5), (20, 24, 28), False),
        ((-120.0, 0.0, 0.0), (20, 24, 28), False),
    ],
)
def test_fields_meet_where_one_reaches_into_the_other(corner, shape, meets) -> None:
    fixed, moving = grid(HERE), grid(corner, shape)
    assert fields_meet(fixed, moving, np.eye(4)) is meets
    assert fields_meet(moving, fixed, np.eye(4)) is meets
