"""Measures of outlines that the reader changed, drew, or grew by a click."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import Place
from PainGeneratorLib.Numerics.fusion.candidates import Symptoms
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Session.remeasure import Remeasure, new_candidate
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.stages import Alignment
from scipy import ndimage

SHAPE = (24, 36, 48)
SPACING_MM = 4.0
INNER_R_MM, INNER_A_MM = 40.0, -30.0
CUT_OFF_PLACE = (INNER_R_MM, INNER_A_MM, 92.0)
"""On the last slice: the field of view cuts the focus in half."""
WHOLE_PLACE = (INNER_R_MM, INNER_A_MM, 40.0)
PLANE = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), 0.6)


def pet_with_focus(place: tuple[float, float, float], radius_mm: float = 11.0) -> Image:
    """A trunk of SUV 0.8 with noise and one ball of SUV 4, blurred."""
    matrix = np.diag([-SPACING_MM, -SPACING_MM, SPACING_MM, 1.0])
    matrix[:3, 3] = (94.0, 70.0, 0.0)
    geometry = Geometry(SHAPE, matrix)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3)
    suv = np.where((points[..., 0] / 90.0) ** 2 + (points[..., 1] / 62.0) ** 2 < 1.0, 0.8, 0.01)
    suv[np.linalg.norm(points - np.array(place), axis=-1) <= radius_mm] = 4.0
    blurred = ndimage.gaussian_filter(suv, 0.7, mode="nearest")
    grain = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal(SHAPE), 0.5)
    return Image((blurred * (1.0 + 0.05 * grain)).astype(np.float32), geometry)


def remeasure_on(pet: Image, pet_to_reference: np.ndarray | None = None, large_ml: float = 20.0) -> Remeasure:
    """What takes measures anew on a PET without any MR finding."""
    protocol = load_protocol("low-back").with_values({"hot_spots.measure.large_ml": large_ml})
    detector = HotSpotDetector(pet, protocol.stage("hot_spots", HotSpotParameters), symmetry=PLANE)
    case = SimpleNamespace(
        protocol=protocol,
        group="low-back",
        options=SimpleNamespace(symptoms=Symptoms.none),
        reference=SimpleNamespace(image=pet),
    )
    to_pet = np.eye(4) if pet_to_reference is None else np.linalg.inv(pet_to_reference)
    alignment = Alignment({"PET": SimpleNamespace(aligned=True, reference_to_series_ras=to_pet)})
    found = SimpleNamespace(symmetry=PLANE, mr=SimpleNamespace(findings=[], z_maps={}), hot_spots=[])
    return Remeasure.of(
        case, SimpleNamespace(image=pet), alignment, found, detector, lambda region: Place("back", "back", "left")
    )


def without_one_voxel(region: Region) -> Region:
    """The outline after the reader erased one voxel."""
    return Region(region.geometry, region.flat[:-1])


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
    assert measured.score_parts["penalty"] <= -remeasure.case.protocol.value("fusion.penalty_cut_off")


def test_an_edited_outline_in_full_view_is_neither_truncated_nor_large(whole):
    remeasure, spot = whole
    edited = dataclasses.replace(new_candidate(spot.region, [spot]), origin="edited")
    edited.region = without_one_voxel(spot.region)
    measured = remeasure(edited)
    assert measured.flags == ["no-reference"]
    assert measured.score_parts["penalty"] == 0
