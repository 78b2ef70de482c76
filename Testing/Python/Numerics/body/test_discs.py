"""Discs along a straightened spine: which places that differ from marrow count, how far apart they lie, their tilt."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body import discs as module
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.discs import (
    _best_sequence,
    _contrast,
    _departure,
    _tilt,
    line_with_discs,
    with_discs,
)
from PainGeneratorLib.Numerics.body.straight_spine import StraightSpine, fronts, sides
from PainGeneratorLib.Numerics.core.image import Geometry, Image

N = 100


def straight(discs: list[float], tilt: float = 0.0, half_mm: float = 4.0, signal: float = 0.4) -> np.ndarray:
    """Marrow of 1.0 with discs at heights (mm), on a straightened grid of 100 rows."""
    height, front = 2.0 * np.arange(N)[:, None], fronts()[None]
    slab = np.ones((N, front.size), dtype=np.float32)
    for disc in discs:
        slab[np.abs(height - disc - tilt * (front - 25.0)) < half_mm] = signal
    return np.repeat(slab[:, :, None], sides().size, axis=2)


def contrast_of(values: np.ndarray) -> np.ndarray | None:
    """The contrast of each height of a straightened image."""
    slab = _departure(values)
    return None if slab is None else _contrast(slab)


def tilt_of(values: np.ndarray, row: int) -> tuple[float, float]:
    """Height and tilt of the plane near a row of a straightened image."""
    slab = _departure(values)
    assert slab is not None
    return _tilt(slab, row)


def peaks(*places: tuple[int, float]) -> list[int]:
    """The rows that are chosen of peaks (row, contrast)."""
    contrast = np.zeros(N)
    for row, height in places:
        contrast[row] = height
    return _best_sequence(contrast)


def test_the_darkest_sequence_with_distances_of_a_vertebra_is_chosen() -> None:
    assert peaks() == []
    assert peaks((40, 0.5)) == [40]
    assert peaks((10, 0.5), (25, 0.5), (40, 0.5)) == [10, 25, 40]
    # The dark place between two discs is nearer than a vertebra to both.
    assert peaks((10, 0.5), (18, 0.6), (27, 0.5), (42, 0.5)) == [10, 27, 42]
    assert peaks((10, 0.2), (18, 0.9), (27, 0.2)) == [18]


@pytest.mark.parametrize(("apart", "both"), [(10, False), (11, True), (24, True), (25, False)])
def test_discs_are_22_to_48_mm_apart(apart: int, both: bool) -> None:
    assert peaks((20, 0.5), (20 + apart, 0.4)) == ([20, 20 + apart] if both else [20])


def test_a_place_needs_a_least_contrast_to_be_looked_at() -> None:
    assert peaks((40, 0.05)) == []
    assert peaks((40, 0.051)) == [40]


def test_even_distances_are_preferred_to_a_slightly_darker_place() -> None:
    # 30 mm and then 30 mm, or then 44 mm with a contrast that is higher by less than the 14 mm cost.
    assert peaks((10, 0.5), (25, 0.5), (40, 0.40), (47, 0.46)) == [10, 25, 40]
    assert peaks((10, 0.5), (25, 0.5), (40, 0.40), (47, 0.48)) == [10, 25, 47]


def test_a_plateau_counts_once_and_the_ends_do_not() -> None:
    contrast = np.zeros(N)
    contrast[40:43] = 0.5
    assert _best_sequence(contrast) == [42]
    contrast = np.zeros(N)
    contrast[0] = contrast[-1] = 0.5
    assert _best_sequence(contrast) == []


@pytest.mark.parametrize("signal", [0.6, 1.0 / 0.6])
def test_the_contrast_is_how_far_the_logarithm_is_from_that_of_marrow(signal: float) -> None:
    contrast = contrast_of(straight([60.0, 100.0, 140.0], half_mm=7.0, signal=signal))
    assert contrast is not None
    assert contrast.shape == (N,)
    for row in (30, 50, 70):
        assert contrast[row] == pytest.approx(np.log(1.0 / 0.6), abs=0.03)
    np.testing.assert_allclose(contrast[[20, 40, 60, 85]], 0.0, atol=0.02)
    dark = contrast_of(straight([60.0], half_mm=7.0, signal=1e-9))
    assert dark is not None
    assert 0.79 < dark.max() <= 0.8


def test_only_the_inside_of_the_bodies_counts() -> None:
    front, side = fronts(), sides()
    values = straight([60.0, 100.0, 140.0])
    spoiled = values.copy()
    spoiled[:, (front < 14.0) | (front > 36.0)] = 7.0
    spoiled[:, :, np.abs(side) > 12.0] = 7.0
    np.testing.assert_array_equal(contrast_of(values), contrast_of(spoiled))
    for rows, columns in (((front >= 14.0) & (front <= 16.0), np.abs(side) <= 12.0),):
        inner = values.copy()
        inner[np.ix_(np.arange(N), rows, columns)] = np.nan
        assert contrast_of(inner) is not None
    missing = values.copy()
    missing[:, (front >= 14.0) & (front <= 30.0)] = np.nan
    assert contrast_of(missing) is None


def test_a_height_out_of_view_has_nocontrast_of() -> None:
    values = straight([60.0, 100.0, 140.0])
    values[45:56] = np.nan
    contrast = contrast_of(values)
    assert contrast is not None
    assert contrast[45:56].tolist() == [0.0] * 11
    assert contrast[30] > 0.3
    # Three discs need at least 66 mm, 33 rows.
    values[:] = 1.0
    values[33:] = np.nan
    assert contrast_of(values) is not None
    values[32] = np.nan
    assert contrast_of(values) is None


@pytest.mark.parametrize("tilt", [-0.3, 0.0, 0.25])
def test_the_plane_of_a_disc_is_found(tilt: float) -> None:
    height, found = tilt_of(straight([100.0], tilt, half_mm=3.0), 50)
    assert height == pytest.approx(100.0, abs=1.1)
    assert found == pytest.approx(tilt, abs=0.06)


def test_a_plane_is_found_some_millimeters_beside_its_row() -> None:
    height, found = tilt_of(straight([103.0], half_mm=3.0), 50)
    assert height == pytest.approx(103.0, abs=1.1)
    assert found == pytest.approx(0.0, abs=0.06)
    assert tilt_of(straight([], half_mm=3.0), 50) == (pytest.approx(96.0), pytest.approx(0.0, abs=1e-9))


def test_where_nothing_is_seen_it_is_as_bright_as_the_brightest() -> None:
    values = straight([100.0], 0.2, half_mm=3.0)
    values[:, fronts() > 30.0] = np.nan
    height, found = tilt_of(values, 50)
    assert height == pytest.approx(100.0, abs=3.0)
    assert -0.4 <= found <= 0.45


def image_of(discs: list[float], signal: float | list[float] = 0.4, length: int = 110) -> tuple[SpineLine, Image]:
    """A line of 218 mm and a T1 image with flat discs at heights along it."""
    geometry = Geometry((length, 24, 24), np.diag([2.0, 2.0, 2.0, 1.0]))
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, 3] = (-23.0, 0.0, 0.0)
    geometry = Geometry(geometry.shape, matrix)
    values = np.ones(geometry.shape, dtype=np.float32)
    signals = signal if isinstance(signal, list) else [signal] * len(discs)
    for disc, one in zip(discs, signals, strict=True):
        values[np.abs(2.0 * np.arange(length) - disc) < 4.0] = one
    line = SpineLine(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0 * length - 2.0]]), 1.0, 0.5)
    return line, Image(values, geometry)


def test_discs_are_added_to_a_line() -> None:
    discs = [30.0, 64.0, 100.0, 136.0, 172.0]
    line, image = image_of(discs)
    found = with_discs(line, image)
    np.testing.assert_allclose(found.disc_mm, discs, atol=1.1)
    np.testing.assert_allclose(found.disc_tilt, 0.0, atol=1e-9)
    assert (found.mirror, found.canal) == (1.0, 0.5)
    assert found.points_ras is line.points_ras


def test_two_discs_or_faint_ones_are_not_believed() -> None:
    line, image = image_of([64.0, 100.0])
    assert with_discs(line, image) is line
    line, image = image_of([64.0, 100.0, 136.0])
    assert len(with_discs(line, image).disc_mm) == 3
    line, image = image_of([64.0, 100.0, 136.0], 0.93)
    assert with_discs(line, image) is line
    for signal in (0.72, 0.85, 1.15, 1.4):
        line, image = image_of([64.0, 100.0, 136.0], signal)
        assert len(with_discs(line, image).disc_mm) == 3


def test_faint_discs_are_believed_only_between_even_marrow() -> None:
    line, image = image_of([64.0, 100.0, 136.0], 0.85)
    uneven = image.array.copy()
    uneven *= np.exp(0.12 * np.sin(np.arange(len(uneven)) / 2.0)).astype(np.float32)[:, None, None]
    assert with_discs(line, Image(uneven, image.geometry)) is line


def test_several_series_are_read_together() -> None:
    line, first = image_of([64.0, 136.0], 0.6)
    _, second = image_of([100.0, 172.0], 1.8)
    assert with_discs(line, first) is line
    found = with_discs(line, first, second)
    np.testing.assert_allclose(found.disc_mm, [64.0, 100.0, 136.0, 172.0], atol=1.6)


def test_a_disc_much_fainter_than_the_others_is_left_out() -> None:
    discs = [30.0, 64.0, 100.0, 136.0, 172.0]
    line, image = image_of(discs, [0.78, 0.4, 0.4, 0.4, 0.4])
    np.testing.assert_allclose(with_discs(line, image).disc_mm, discs[1:], atol=1.1)
    line, image = image_of(discs, [0.6, 0.4, 0.4, 0.4, 0.4])
    np.testing.assert_allclose(with_discs(line, image).disc_mm, discs, atol=1.1)


def test_a_disc_at_an_end_of_the_canal_is_left_out() -> None:
    line, image = image_of([4.0, 40.0, 76.0, 112.0, 214.0])
    np.testing.assert_allclose(with_discs(line, image).disc_mm, [40.0, 76.0, 112.0], atol=1.1)
    line, image = image_of([10.0, 40.0, 76.0, 112.0])
    assert len(with_discs(line, image).disc_mm) == 4


def test_an_image_elsewhere_shows_no_discs() -> None:
    line, image = image_of([64.0, 100.0, 136.0])
    move = np.eye(4)
    move[0, 3] = 500.0
    assert with_discs(line, Image(image.array, image.geometry.moved(move))) is line


def test_a_disc_is_tilted_by_no_more_than_22_degrees() -> None:
    assert 0.3 < tilt_of(straight([100.0], 0.6, half_mm=3.0), 50)[1] <= 0.41
    assert -0.41 <= tilt_of(straight([100.0], -0.6, half_mm=3.0), 50)[1] < -0.3


def test_a_new_line_has_neither_discs_nor_tilts() -> None:
    line, _ = image_of([])
    assert (line.disc_mm.size, line.disc_tilt.size) == (0, 0)
    assert (line.straight.disc_mm.size, line.straight.disc_tilt.size) == (0, 0)
    spine = StraightSpine(line.points_ras)
    assert (spine.disc_mm.size, spine.disc_tilt.size) == (0, 0)


def tube(mirror: float, canal: float) -> SpineLine:
    return SpineLine(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 150.0]]), mirror, canal)


@pytest.mark.parametrize(
    ("mirror", "canal", "discs", "is_taken"),
    [
        (0.95, 0.3, 5, True),
        (0.95, 0.3, 3, False),  # no row of discs in front of it
        (0.80, 0.3, 5, False),  # the tube in front of it lies in the middle more exactly
        (0.95, 0.1, 5, False),  # it is hardly a tube
    ],
)
def test_of_two_tubes_the_one_behind_is_the_canal_where_discs_and_midline_say_so(
    mirror: float, canal: float, discs: int, is_taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    vessel, behind = tube(0.9, 0.6), tube(mirror, canal)
    heights = {id(vessel): np.arange(4.0), id(behind): np.arange(float(discs))}
    monkeypatch.setattr(
        module, "with_discs", lambda one, *_: SpineLine(one.points_ras, one.mirror, one.canal, heights[id(one)])
    )
    found = line_with_discs([vessel, behind])
    assert found is not None
    assert (found.mirror == mirror) is is_taken
    assert line_with_discs([]) is None
