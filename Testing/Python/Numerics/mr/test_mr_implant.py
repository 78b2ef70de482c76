"""Signal voids of implants: each sign on both sides of its threshold, and whole searches on small volumes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.mr.implant import (
    ImplantLimits,
    ImplantResult,
    SignalVoid,
    VoidSearch,
    find_implant,
    length_points,
    no_signal,
    organ_points,
    pile_up_points,
    place_points,
    side_points,
    stem_axis,
    twin_points,
)
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.signal import Signals
from PainGeneratorLib.Workflow.protocol import load_protocol

LIMITS = ImplantLimits(
    void_part=0.2,
    minimum_ml=4.0,
    minimum_depth_mm=12.0,
    pile_up_ratio=1.35,
    margin_mm=10.0,
    points_expected=2.5,
    points_unexpected=4.5,
)
GRID = Geometry((30, 30, 50), np.array([[4.0, 0, 0, -100.0], [0, 4.0, 0, -60.0], [0, 0, 4.0, -60.0], [0, 0, 0, 1.0]]))
"""i to the right, j to the front, k to the head; the midline lies between i = 24 and 25."""
PLANE = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), 0.9)


def box(i: tuple[int, int], j: tuple[int, int] = (13, 17), k: tuple[int, int] = (5, 25)) -> np.ndarray:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[slice(*k), slice(*j), slice(*i)] = True
    return mask


def void_of(mask: np.ndarray) -> SignalVoid:
    return SignalVoid(mask, Region.from_mask(mask, GRID))


def search_with(**more) -> VoidSearch:
    values = {
        "geometry": GRID,
        "factors": (1, 1, 1),
        "seen": {},
        "body": np.ones(GRID.shape, dtype=bool),
        "voids": np.zeros(GRID.shape, dtype=bool),
        "organs": None,
        "middle_ras": np.zeros(3),
        "plane": None,
        "prosthesis_side": None,
        "expected": True,
        "limits": LIMITS,
    }
    return VoidSearch(**{**values, **more})


def test_the_limits_stand_in_the_protocol() -> None:
    assert load_protocol("low-back").stage("mr_findings", MRParameters).implant == LIMITS


def test_no_signal_is_never_below_the_noise_in_the_air():
    rng = np.random.default_rng(1)
    body = np.zeros((10, 20, 20), dtype=bool)
    body[:, 5:15, 5:15] = True
    noise = np.hypot(*rng.normal(0.0, 0.03, (2, *body.shape))).astype(np.float32)
    array = np.where(body, np.float32(0.2), noise)
    assert no_signal(array, body, 0.2, 0.2) > np.percentile(array[~body], 90) > 0.2 * 0.2
    assert no_signal(np.where(body, 1.0, 0.0), body, 1.0, 0.2) == 0.2
    assert no_signal(np.where(body, 1.0, 0.9), body, 1.0, 0.2) == 0.6


@pytest.mark.parametrize(("bright_slices", "points"), [(0, 0.0), (1, 0.86), (2, 1.72), (3, 2.0), (10, 2.0)])
def test_pile_up_gives_up_to_two_points_by_its_part_of_the_shell(bright_slices: int, points: float) -> None:
    mask = box((30, 34), k=(5, 25))
    signal = np.ones(GRID.shape, dtype=np.float32)
    signal[5 : 5 + bright_slices, 9:21, 26:38] = 1.36
    found = pile_up_points(search_with(seen={"T1": signal}), void_of(mask))
    assert found == pytest.approx(points, abs=0.02)
    signal[signal > 1] = 1.34
    assert pile_up_points(search_with(seen={"T1": signal}), void_of(mask)) == 0.0


@pytest.mark.parametrize(
    ("mask", "points"),
    [
        (box((30, 34), k=(5, 25)), 1.0),
        (box((30, 34), k=(10, 20)), 0.0),
        (box((24, 44), k=(15, 19)), 0.0),
        (box((30, 48), k=(5, 25)), 0.0),
    ],
    ids=["long and upright", "short", "lying", "wide"],
)
def test_a_long_thin_upright_void_gives_a_point(mask: np.ndarray, points: float) -> None:
    assert length_points(search_with(), void_of(mask)) == points


@pytest.mark.parametrize(("twin_slices", "points"), [(0, 1.0), (3, 1.0), (4, -1.0)])
def test_a_void_at_the_mirrored_place_speaks_against_an_implant(twin_slices: int, points: float) -> None:
    mask = box((30, 34), k=(5, 25))
    voids = mask | box((17, 21), k=(5, 5 + twin_slices))
    assert twin_points(search_with(voids=voids, plane=PLANE), void_of(mask)) == points
    assert twin_points(search_with(voids=voids), void_of(mask)) == 0.0


@pytest.mark.parametrize(
    ("expected", "first_row", "points"),
    [(True, 22, 1.0), (True, 23, -1.0), (False, 13, 1.0), (False, 14, -2.0)],
)
def test_a_void_in_front_speaks_against_an_implant(expected: bool, first_row: int, points: float) -> None:
    # The middle of the four rows of 4 mm from row 22 on lies 34 mm in front, that of those from row 13 on 2 mm behind.
    mask = box((30, 34), j=(first_row, first_row + 4))
    assert place_points(search_with(expected=expected), void_of(mask)) == points


@pytest.mark.parametrize(
    ("i", "side", "points"),
    [
        ((31, 33), "right", 1.0),
        ((31, 33), "left", -2.0),
        ((17, 19), "left", 1.0),
        ((30, 32), "left", 0.0),
        ((31, 33), None, 0.0),
    ],
)
def test_the_known_side_counts_away_from_the_midline(i: tuple[int, int], side: str | None, points: float) -> None:
    for plane in (None, PLANE):
        assert side_points(search_with(prosthesis_side=side, plane=plane), void_of(box(i))) == points


@pytest.mark.parametrize(("organ_slices", "points"), [(8, 0.0), (9, -3.0)])
def test_a_void_within_organs_is_gas(organ_slices: int, points: float) -> None:
    mask = box((30, 34), k=(5, 25))
    organs = np.zeros(GRID.shape, dtype=np.float32)
    organs[5 : 5 + organ_slices] = 1.0
    assert organ_points(search_with(organs=organs), void_of(mask)) == points
    assert organ_points(search_with(), void_of(mask)) == 0.0


FINE = Geometry((60, 60, 100), np.array([[2.0, 0, 0, -99.0], [0, 2.0, 0, -59.0], [0, 0, 2.0, -59.0], [0, 0, 0, 1.0]]))


def stem(i: int = 70) -> np.ndarray:
    """A stem of 100 mm with a head at its upper end, toward the midline."""
    mask = np.zeros(FINE.shape, dtype=bool)
    mask[5:55, 18:26, i : i + 8] = True
    mask[43:55, 16:28, i - 10 : i] = True
    return mask


def find(void: np.ndarray, group: str = "hip-replacement", pile_up: bool = True, **more) -> ImplantResult:
    signal = np.ones(FINE.shape, dtype=np.float32)
    if pile_up:
        signal[5:55, 14:18, 66:82] = 2.0
    signal[void] = 0.0
    signals = Signals(FINE, (1, 1, 1), {"T1": signal}, np.ones(FINE.shape, dtype=bool))
    return find_implant(signals, {"T1": 1.0}, LIMITS, group=group, **more)


def test_a_stem_is_found_with_its_axis_side_and_margin() -> None:
    found = find(stem(), symmetry=PLANE)
    assert found.side == "right"
    assert found.warnings == ()
    assert found.void is not None
    assert found.unreliable is not None
    assert len(found.void) == pytest.approx(np.count_nonzero(stem()), rel=0.1)
    assert found.unreliable.volume_ml > 2.0 * found.void.volume_ml
    assert found.axis_ras is not None
    top, bottom = found.axis_ras
    assert top[2] - bottom[2] == pytest.approx(98.0, abs=4.0)
    assert np.abs((top - bottom)[:2]).max() < 8.0


def test_without_a_void_a_warning_is_given_only_where_an_implant_is_expected() -> None:
    nothing = np.zeros(FINE.shape, dtype=bool)
    assert find(nothing).warnings == ("No implant's signal void was found, though the group is hip-replacement.",)
    unexpected = find(nothing, "low-back")
    assert unexpected.void is None
    assert unexpected.warnings == ()


def test_an_implant_that_is_not_expected_needs_clearer_signs_and_gives_a_warning() -> None:
    assert find(stem(), "low-back", pile_up=False, symmetry=PLANE).void is None
    found = find(stem(), "low-back", symmetry=PLANE)
    assert found.warnings == ("A signal void like that of an implant was found.",)


def test_gas_in_an_organ_of_the_segmentation_is_no_implant() -> None:
    anatomy = np.full(FINE.shape, tissues.VISCERA, dtype=np.uint8)
    assert find(stem(), pile_up=False, anatomy=anatomy).void is None
    assert find(stem(), pile_up=False).void is not None


@pytest.mark.parametrize(("length", "has_axis"), [(40, True), (15, False)])
def test_a_stem_has_some_length(length: int, has_axis: bool) -> None:
    k, j, i = np.meshgrid(np.arange(length), np.arange(6), np.arange(6), indexing="ij")
    points = 2.0 * np.stack([i.ravel(), j.ravel(), k.ravel()], axis=1)
    axis = stem_axis(points)
    assert (axis is not None) is has_axis
    if axis is not None:
        assert axis[0][2] - axis[1][2] == pytest.approx(78.0, abs=2.0)


def test_a_ball_has_no_stem() -> None:
    k, j, i = np.meshgrid(*[np.arange(-15, 16)] * 3, indexing="ij")
    ball = k**2 + j**2 + i**2 <= 15**2
    points = 2.0 * np.stack([i[ball], j[ball], k[ball]], axis=1)
    assert stem_axis(points) is None


def test_limits_are_given_by_name_only() -> None:
    with pytest.raises(TypeError):
        ImplantLimits(0.2, 4.0, 12.0, 1.35, 10.0, 2.5, 4.5)  # type: ignore[misc]
    assert dataclasses.replace(LIMITS, margin_mm=5.0).margin_mm == 5.0


def test_places_without_usable_signal_within_the_metal_are_not_the_skin():
    body = np.zeros(GRID.shape, dtype=bool)
    body[:, 3:27, 3:47] = True
    metal = box((34, 39), (12, 18), (4, 34)) | box((29, 39), (12, 18), (28, 34))
    usable = body & ~box((36, 37), (14, 16), (2, 34))
    signal = np.where(body, np.float32(1.0), np.float32(0.0))
    signal[metal] = 0.0
    signals = Signals(GRID, (1, 1, 1), {"T1": signal}, body, usable)
    found = find_implant(
        signals, {"T1": 1.0}, LIMITS, group="hip-replacement", symmetry=PLANE, prosthesis_side="right"
    )  # fmt: skip
    assert found.side == "right"
