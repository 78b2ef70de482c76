"""Large foci: their own uptake is no part of what they are compared with, and outlines that flood say so."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.reference_cells import CompactParameters, compact
from PainGeneratorLib.Workflow.protocol import load_protocol
from small_pets import PLANE, small_pet

TRUNK_SUV = 0.8
SIDE, MIDLINE = (40.0, -30.0, 44.0), (0.0, -40.0, 44.0)


@pytest.fixture(scope="module")
def parameters() -> HotSpotParameters:
    return load_protocol("low-back").stage("hot_spots", HotSpotParameters)


@pytest.mark.parametrize("radius_mm", [13.0, 17.0, 21.0], ids=["9 ml", "21 ml", "39 ml"])
@pytest.mark.parametrize(("place", "plane"), [(MIDLINE, PLANE), (SIDE, None)], ids=["midline", "without a plane"])
def test_a_large_focus_does_not_raise_its_own_reference(parameters, radius_mm: float, place, plane) -> None:
    """Such foci have 2.5 times the uptake of the trunk; their reference once rose up to their own uptake."""
    detector = HotSpotDetector(small_pet([(place, radius_mm, 2.0)]), parameters, symmetry=plane)
    found = detector.find()
    (spot,) = (*found.hot_spots, *found.unclear)
    assert spot.reference == pytest.approx(TRUNK_SUV, rel=0.05)
    assert spot.tbr == pytest.approx(2.0 / TRUNK_SUV, rel=0.06)
    assert spot.mtv_ml == pytest.approx(4.19e-3 * radius_mm**3, rel=0.15)


CELLS = Geometry((16, 16, 30), np.diag([8.0, 8.0, 8.0, 1.0]))
COMPACT = CompactParameters(ratio=1.4, radius_mm=50.0, least_ml=4.0, most_ml=80.0)


def test_a_row_of_vertebrae_is_not_compact_and_stays_a_reference() -> None:
    means = np.full(CELLS.shape, 0.8, dtype=np.float32)
    means[6:10, 6:10, :] = 1.8
    assert not compact(means, CELLS, 75.0, COMPACT).any()


def test_a_compact_piece_is_left_out_with_its_blurred_rim() -> None:
    means = np.full(CELLS.shape, 0.8, dtype=np.float32)
    means[6:9, 6:9, 10:13] = 1.8
    means[0, 0, :] = np.nan
    found = compact(means, CELLS, 75.0, COMPACT)
    assert found[6:9, 6:9, 10:13].all()
    assert found[5, 7, 11]
    assert np.count_nonzero(found) == 27 + 6 * 9


def test_away_from_a_known_midline_a_compact_bone_stays_a_reference() -> None:
    means = np.full(CELLS.shape, 0.8, dtype=np.float32)
    for side in (slice(2, 5), slice(25, 28)):
        means[6:9, 6:9, side] = 1.8
    plane = SymmetryPlane(CELLS.center_ras, np.array([1.0, 0.0, 0.0]), 0.6)
    assert compact(means, CELLS, 75.0, COMPACT).any()
    assert not compact(means, CELLS, 75.0, COMPACT, plane).any()
    means[6:9, 6:9, 13:16] = 1.8
    assert compact(means, CELLS, 75.0, COMPACT, plane)[7, 7, 14]


@pytest.mark.parametrize("method", ["percent-41", "percent-50"])
def test_an_outline_whose_threshold_the_surroundings_reach_says_that_it_is_cut_off(parameters, method: str) -> None:
    detector = HotSpotDetector(small_pet([(SIDE, 9.0, 1.5)]), parameters, symmetry=PLANE)
    low = detector.find(contour_method=method)
    assert all("outline-floods" in spot.flags for spot in (*low.hot_spots, *low.unclear))
    assert low.hot_spots or low.unclear
    adaptive = detector.find()
    assert not any("outline-floods" in spot.flags for spot in (*adaptive.hot_spots, *adaptive.unclear))


def test_an_outline_well_above_its_surroundings_does_not_flood(parameters) -> None:
    detector = HotSpotDetector(small_pet([(SIDE, 9.0, 5.0)]), parameters, symmetry=PLANE)
    (spot,) = detector.find(contour_method="percent-41").hot_spots
    assert "outline-floods" not in spot.flags


def test_a50p_is_halfway_between_suvpeak_and_the_local_background(parameters) -> None:
    detector = HotSpotDetector(small_pet([(SIDE, 13.0, 4.0)]), parameters, symmetry=PLANE)
    (spot,) = detector.find(contour_method="a50p").hot_spots
    assert spot.background is not None
    assert spot.suv_peak is not None
    assert spot.contour_threshold == pytest.approx(0.5 * (spot.suv_peak + spot.background), rel=0.03)
