"""The spinal canal: every step of the search on small grids, and the whole search on a small back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import (
    GRID_MM,
    STEP_COST,
    SpineLine,
    _air,
    _best_path,
    _depth_from_back_mm,
    _is_behind,
    _mirror_correlation,
    _shows_back,
    _spot_behind,
    _spots,
    _standardized,
    _within_canal,
    coarse_grid,
    find_spine_line,
    find_spine_lines,
)
from PainGeneratorLib.Numerics.core.image import Geometry, Image

HEIGHTS = np.arange(0.0, 61.0, 3.0)


@pytest.fixture
def line() -> SpineLine:
    """A line that goes to the right and to the front on its way up."""
    return SpineLine(np.stack([0.1 * HEIGHTS, -40.0 + 0.5 * HEIGHTS, HEIGHTS - 30.0], axis=1), 0.9, 0.4)


def test_the_quality_is_the_geometric_mean_of_mirror_and_canal(line: SpineLine) -> None:
    assert line.quality == pytest.approx(0.6)
    assert SpineLine(line.points_ras, -0.5, 0.9).quality == 0.0
    assert SpineLine(line.points_ras, 0.5, -0.9).quality == 0.0
    assert SpineLine(line.points_ras, 1.5, 4.0).quality == 1.0


def test_a_line_is_sure_with_discs_or_from_a_quality_of_0_7(line: SpineLine) -> None:
    assert not line.is_sure
    assert SpineLine(line.points_ras, 0.7, 0.7).is_sure
    assert not SpineLine(line.points_ras, 0.69, 0.7).is_sure
    assert SpineLine(line.points_ras, 0.1, 0.1, np.array([20.0]), np.zeros(1)).is_sure


def test_a_line_gives_points_at_heights_and_keeps_its_ends(line: SpineLine) -> None:
    np.testing.assert_allclose(line.at(-28.5), [0.15, -39.25, -28.5])
    np.testing.assert_allclose(line.at(np.array([-50.0, 0.0, 90.0])), [[0, -40, -50], [3, -25, 0], [6, -10, 90]])


def test_a_line_is_laid_straight_with_its_discs(line: SpineLine) -> None:
    straight = SpineLine(line.points_ras, 1.0, 1.0, np.array([20.0]), np.array([0.1])).straight
    np.testing.assert_allclose(straight.points_ras[0], line.points_ras[0])
    assert straight.length_mm == pytest.approx(60.0 * np.sqrt(1.0 + 0.01 + 0.25), abs=2.0)
    assert (straight.disc_mm.tolist(), straight.disc_tilt.tolist()) == ([20.0], [0.1])


def test_a_coarse_grid_runs_along_the_axes_of_the_body_and_covers_the_view() -> None:
    matrix = np.diag([-4.0, -6.0, 5.0, 1.0])
    matrix[:3, 3] = (10.0, 20.0, -7.0)
    geometry = Geometry((3, 4, 6), matrix)
    k, j, i = np.indices(geometry.shape)
    image = Image((100.0 * k + 10.0 * j + i).astype(np.float32), geometry)
    values, coarse = coarse_grid(image)
    assert values.shape == coarse.shape == (4, 7, 7)
    np.testing.assert_allclose(coarse.ijk_to_ras, [[3, 0, 0, -10], [0, 3, 0, 2], [0, 0, 3, -7], [0, 0, 0, 1]])
    # R -10 is column 5 and A 2 is row 3 of the image.
    np.testing.assert_allclose(values[0, 0, :3], [35.0, 34.25, 33.5], atol=1e-4)
    np.testing.assert_allclose(values[1, :3, 0], [95.0, 90.0, 85.0], atol=1e-4)
    wider, grid = coarse_grid(image, 6.0)
    assert wider.shape == (2, 4, 4)
    assert grid.spacing_mm == (6.0, 6.0, 6.0)


def test_what_is_finer_than_the_coarse_grid_is_smoothed_along_that_axis_only() -> None:
    geometry = Geometry((5, 41, 5), np.diag([3.0, 1.0, 3.0, 1.0]))
    array = np.zeros(geometry.shape, dtype=np.float32)
    array[2, 18, 2] = 1.0
    values, _ = coarse_grid(Image(array, geometry))
    assert values.shape == (5, 14, 5)
    weights = np.exp(-0.5 * (np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) / 1.2) ** 2)
    assert values[2, 6, 2] == pytest.approx(1.0 / weights.sum(), rel=1e-4)
    assert np.count_nonzero(values) == 1
    array[0, 0, 0] = np.nan
    assert np.isfinite(coarse_grid(Image(array, geometry))[0]).all()


def test_a_turned_image_leaves_the_corners_of_the_coarse_grid_empty() -> None:
    turn = np.eye(4)
    turn[:2, :2] = np.array([[1.0, -1.0], [1.0, 1.0]]) * 3.0 / np.sqrt(2.0)
    turn[2, 2] = 3.0
    values, _ = coarse_grid(Image(np.ones((2, 8, 8), dtype=np.float32), Geometry((2, 8, 8), turn)))
    assert np.isnan(values[0, 0, 0])
    assert values[0, values.shape[1] // 2, values.shape[2] // 2] == pytest.approx(1.0)


def test_slices_are_standardized_one_by_one_over_what_is_in_view() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(5.0, 2.0, (3, 20, 20)) * np.array([1.0, 10.0, 0.1])[:, None, None]
    values[1, :5] = np.nan
    found = _standardized(values)
    np.testing.assert_allclose(np.nanmean(found, axis=(1, 2)), 0.0, atol=0.02)
    np.testing.assert_allclose(np.nanstd(found, axis=(1, 2)), 1.0, atol=0.04)
    assert np.array_equal(np.isnan(found), np.isnan(values))
    spike = np.zeros((1, 10, 10))
    spike[0, 0, 0], spike[0, 0, 1] = 100.0, -100.0
    assert (_standardized(spike).max(), _standardized(spike).min()) == (2.5, -2.5)
    pair = np.tile([1.0, 3.0], (1, 4, 5))
    np.testing.assert_allclose(_standardized(pair)[0, 0, :2], [-1.0, 1.0], atol=1e-6)
    assert np.all(_standardized(np.full((2, 3, 3), np.nan) * np.ones((2, 3, 3)))[~np.isnan(values[:2, :3, :3])] != 0)


def test_the_mirror_correlation_is_one_about_the_axis_of_symmetry() -> None:
    rng = np.random.default_rng(4)
    half = rng.standard_normal((5, 12, 20))
    half[:] = half[:1]
    values = np.concatenate([half[:, :, ::-1], rng.standard_normal((1, 12, 1)) * np.ones((5, 12, 1)), half], axis=2)
    found = _mirror_correlation(values)
    assert found.shape == (5, 41)
    np.testing.assert_allclose(found[:, 20], 1.0, atol=1e-3)
    assert np.nanmax(np.delete(found, 20, axis=1)) < 0.5
    np.testing.assert_allclose(_mirror_correlation(-values)[:, 20], 1.0, atol=1e-3)
    values[:, :, :20] *= -1.0
    np.testing.assert_allclose(_mirror_correlation(values)[:, 20], -1.0, atol=1e-3)


def test_a_mirror_correlation_falls_with_what_is_out_of_view() -> None:
    rng = np.random.default_rng(5)
    half = rng.standard_normal((1, 12, 20)) * np.ones((4, 1, 1))
    values = np.concatenate([half[:, :, ::-1], np.zeros((4, 12, 1)), half], axis=2)
    values[:, 6:] = np.nan
    np.testing.assert_allclose(_mirror_correlation(values)[:, 20], np.sqrt(0.5), atol=2e-3)
    values[:, 3:] = np.nan
    assert np.isnan(_mirror_correlation(values)[:, 20]).all()
    # A slab of 14 columns on either side is compared: at the edges there is none.
    full = np.concatenate([half[:, :, ::-1], np.zeros((4, 12, 1)), half], axis=2)
    found = _mirror_correlation(full)
    assert np.isnan(found[0, [0, 4, 36, 40]]).all()
    assert np.isfinite(found[0, [5, 35]]).all()


def test_three_slices_are_compared_together() -> None:
    values = np.zeros((5, 12, 41))
    values[2] = np.random.default_rng(6).standard_normal((12, 41))
    one = _mirror_correlation(values)
    np.testing.assert_allclose(one[1, 20], one[2, 20], atol=1e-3)
    np.testing.assert_allclose(one[3, 20], one[2, 20], atol=1e-3)
    assert one[0, 20] == pytest.approx(0.0, abs=1e-6)


def test_a_round_spot_stands_out_from_its_surroundings() -> None:
    values = np.zeros((9, 31, 31), dtype=np.float32)
    values[:, 12:16, 18:22] = 2.0
    values[:, :3] = np.nan
    found = _spots(values)
    assert np.isnan(found[:, :3]).all()
    a, r = np.unravel_index(np.nanargmax(found[4]), found[4].shape)
    assert 13 <= a <= 14
    assert 19 <= r <= 20
    assert found[4, 13, 19] == pytest.approx(0.8018, abs=2e-3)
    np.testing.assert_allclose(_spots(-values)[:, 5:], -found[:, 5:], atol=1e-6)
    np.testing.assert_allclose(_spots(np.ones((3, 20, 20), dtype=np.float32)), 0.0, atol=1e-6)


def test_the_best_path_is_the_best_of_all_paths() -> None:
    rng = np.random.default_rng(8)
    for _ in range(3):
        gain = 0.2 * rng.standard_normal((4, 3, 4))
        cells = list(itertools.product(range(3), range(4)))

        def value(path: tuple[tuple[int, int], ...], gain: np.ndarray = gain) -> float:
            moved = sum(abs(a - c) + abs(b - d) for (a, b), (c, d) in itertools.pairwise(path))
            return sum(gain[index, a, r] for index, (a, r) in enumerate(path)) - STEP_COST * moved

        paths = [
            path
            for path in itertools.product(cells, repeat=4)
            if all(max(abs(a - c), abs(b - d)) <= 1 for (a, b), (c, d) in itertools.pairwise(path))
        ]
        score, rows, columns = _best_path(gain)
        found = tuple((int(a), int(r)) for a, r in zip(rows, columns, strict=True))
        assert found == max(paths, key=value)
        assert score == pytest.approx(value(found) / 4)


def path_with(forward: list[float]) -> np.ndarray:
    """Points every 3 mm upward; each number is how far (mm) a point lies in front of the one above it."""
    front = np.concatenate([[0.0], np.cumsum(forward)])[::-1]
    return np.stack([np.zeros(len(front)), front, 3.0 * np.arange(len(front))], axis=1)


def kept(forward: list[float], hidden: tuple[int, ...] = ()) -> tuple[int, int]:
    """First and last row that are kept; `forward` runs from above downward."""
    points = path_with(forward)
    seen = np.ones(len(points), dtype=bool)
    seen[list(hidden)] = False
    part = _within_canal(points, seen)
    return part.start, part.stop


def test_a_straight_canal_is_kept_whole_and_its_hidden_ends_are_not() -> None:
    assert kept([0.0] * 60) == (0, 61)
    assert kept([0.3] * 60) == (0, 61)
    assert kept([0.0] * 60, (0, 1, 60)) == (2, 60)
    assert kept([0.0] * 60, (30,)) == (0, 61)
    assert kept([0.0] * 60, tuple(range(61))) == (0, 0)


def test_what_lies_below_a_sharp_turn_forward_is_cut_off() -> None:
    # 45 steps down, then forward by 3 mm for each step of 3 mm.
    start, stop = kept([0.0] * 45 + [3.0] * 20)
    assert (start, stop) == (21, 66)
    assert kept([0.0] * 45 + [1.7] * 20) == (0, 66)
    assert kept([0.0] * 45 + [2.0] * 20)[0] > 10
    # The sacrum itself bends backward first, and then forward over a long way.
    assert kept([-2.0] * 25 + [0.05 * step - 2.0 for step in range(60)]) == (0, 86)


def test_a_turn_near_the_upper_end_leaves_the_part_below_it() -> None:
    assert kept([0.0] * 8 + [3.0] * 6 + [0.0] * 50) == (0, 57)
    assert kept([0.0] * 8 + [3.0] * 10 + [0.0] * 50) == (0, 61)


def body(air_columns: int = 3) -> np.ndarray:
    """Two slices of 20 x 24 cells: air of 0 around tissue of 100, with a dark spot inside."""
    values = np.zeros((2, 20, 24))
    values[:, 5:17, air_columns : 24 - air_columns] = 100.0
    values[:, 10:12, 10:12] = 1.0
    return values


def test_air_reaches_the_edge_and_is_widened_and_a_dark_spot_inside_is_not_air() -> None:
    air = _air(body())
    expected = np.ones((20, 24), dtype=bool)
    expected[7:15, 5:19] = False
    # The corners of the tissue are reached by steps across faces only.
    for row, column in ((7, 5), (7, 18), (14, 5), (14, 18)):
        expected[row, column] = air[0, row, column]
    assert np.array_equal(air[0], expected)
    assert not air[:, 10:12, 10:12].any()


@pytest.mark.parametrize(("dark", "is_air"), [(11.9, True), (12.1, False)])
def test_air_is_darker_than_a_part_of_the_tissue(dark: float, is_air: bool) -> None:
    values = np.full((1, 14, 14), 100.0)
    values[:, :, 12:] = 0.1
    values[0, 5, 0] = dark
    assert bool(_air(values)[0, 5, 0]) is is_air


def test_noise_in_the_air_raises_the_threshold_up_to_a_fifth() -> None:
    values = np.full((1, 14, 14), 100.0)
    values[0, :, 0] = np.linspace(1.0, 19.0, 14)
    values[0, :, 1] = np.linspace(1.0, 23.0, 14)
    air = _air(values)
    assert air[0, :, 0].all()
    assert air[0, 11, 1]
    assert _air(np.full((1, 6, 6), np.nan)).shape == (1, 6, 6)


def test_the_depth_counts_from_the_hindmost_tissue_of_each_slice() -> None:
    air = np.ones((2, 8, 5), dtype=bool)
    air[0, 2:7, 3] = False
    air[1, 4:7, 1] = False
    depth = _depth_from_back_mm(air)
    assert depth.shape == (2, 8, 1)
    assert depth[0, :, 0].tolist() == [-6.0, -3.0, 0.0, 3.0, 6.0, 9.0, 12.0, 15.0]
    assert depth[1, 4, 0] == 0.0


def test_the_back_is_shown_where_air_lies_behind_most_columns_of_the_body() -> None:
    values = np.zeros((1, 12, 10))
    air = np.ones((1, 12, 10), dtype=bool)
    air[:, 5:10, 2:8] = False
    assert _shows_back(values, air).tolist() == [[[True]]]
    # Half of the six columns are not enough.
    cut = air.copy()
    cut[:, :5, 2:5] = False
    assert _shows_back(values, cut).tolist() == [[[False]]]
    cut[:, :5, 4] = True
    assert _shows_back(values, cut).tolist() == [[[True]]]
    # What is out of view is no air.
    hidden = values.copy()
    hidden[:, 2, :] = np.nan
    assert _shows_back(hidden, air).tolist() == [[[False]]]
    near = np.ones((1, 12, 10), dtype=bool)
    near[:, 2:10, 2:8] = False
    assert _shows_back(values, near).tolist() == [[[False]]]
    near[:, 2, :] = True
    assert _shows_back(values, near).tolist() == [[[True]]]


def test_the_strongest_spot_behind_counts_where_a_canal_could_lie() -> None:
    spots = np.zeros((1, 60, 41))
    spots[0, 20, 20] = 2.0
    depth = 3.0 * np.arange(60.0)[None, :, None]
    found = _spot_behind(spots, depth)
    rows = np.flatnonzero(found[0, :, 20])
    assert (rows[0], rows[-1]) == (30, 47)
    columns = np.flatnonzero(found[0, 35])
    assert (columns[0], columns[-1]) == (13, 27)
    assert found.max() == 2.0
    assert _spot_behind(-spots, depth).max() == 0.0
    assert _spot_behind(np.where(spots > 0, np.nan, spots), depth).max() == 0.0
    # Up to 36 mm deep it is the wall of the back.
    for row, counts in ((12, False), (13, True)):
        one = np.zeros((1, 60, 41))
        one[0, row, 20] = 1.0
        assert bool(_spot_behind(one, depth).any()) is counts


def back(lean: float = 0.0, height: int = 40, bright: bool = False) -> Image:
    """A trunk of 220 x 150 mm that leans to the right, with muscles, bodies and a canal 75 mm in front of its back."""
    geometry = Geometry((height, 56, 80), np.diag([3.0, 3.0, 3.0, 1.0]))
    matrix = geometry.ijk_to_ras.copy()
    matrix[:3, 3] = (-118.5, -84.0, 0.0)
    geometry = Geometry(geometry.shape, matrix)
    r, a, s = np.moveaxis(geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3), -1, 0)
    side = r - 9.0 - lean * s
    values = np.where((side / 108.0) ** 2 + (a / 76.0) ** 2 < 1.0, 80.0, 1.0)
    values[(np.hypot(np.abs(side) - 32.0, a + 42.0) < 18.0)] = 45.0
    values[(np.hypot(side, a - 24.0) < 22.0)] = 100.0
    values[(np.hypot(side, a + 1.0) < 9.0)] = 150.0 if bright else 15.0
    values[(np.hypot(side - 45.0, a - 40.0) < 14.0)] = 120.0
    noise = np.random.default_rng(12).standard_normal(geometry.shape)
    return Image((values + noise).astype(np.float32), geometry)


@pytest.mark.parametrize("lean", [0.0, 0.15, -0.15])
def test_the_canal_is_found_in_a_leaning_back(lean: float) -> None:
    line = find_spine_line(back(lean))
    assert line is not None
    assert line.quality > 0.7
    middle = line.points_ras[5:-5]
    np.testing.assert_allclose(middle[:, 0], 9.0 + lean * middle[:, 2], atol=4.0)
    np.testing.assert_allclose(middle[:, 1], -1.0, atol=5.0)
    np.testing.assert_allclose(np.diff(line.points_ras[:, 2]), GRID_MM)


def test_the_canal_is_found_on_a_fluid_series_and_with_an_expected_middle() -> None:
    line = find_spine_line(back(), back(bright=True), middle_mm=20.0)
    assert line is not None
    np.testing.assert_allclose(line.points_ras[5:-5, 0], 9.0, atol=3.0)
    np.testing.assert_allclose(line.points_ras[5:-5, 1], -1.0, atol=3.0)
    assert line.canal > 0.5


def test_the_result_of_the_search_is_the_same_as_before() -> None:
    """Numbers of this very phantom: a change of the search that is meant changes them here, too."""
    for lean, fluid, expected in (
        (
            0.15,
            None,
            [0.9477, 0.8802, 40.0, 10.5442, 0.0, 0.0, 14.7743, 0.0, 39.0, 25.4018, 0.0, 117.0],
        ),
        (
            0.15,
            back(0.15, bright=True),
            [0.9498, 0.7977, 40.0, 10.5442, -3.0, 0.0, 14.7743, -3.0, 39.0, 25.4018, -3.0, 117.0],
        ),
    ):
        line = find_spine_line(back(lean), fluid)
        assert line is not None
        found = [line.mirror, line.canal, len(line.points_ras), *line.points_ras[[0, 13, -1]].ravel()]
        np.testing.assert_allclose(found, expected, atol=2e-3)


def with_vessel(bright_canal: bool = False) -> Image:
    """The same trunk with a canal of little contrast and a dark great vessel beside the midline in front of it."""
    image = back(bright=bright_canal)
    r, a, _ = np.moveaxis(
        image.geometry.flat_to_ras(np.arange(image.geometry.size)).reshape(*image.geometry.shape, 3), -1, 0
    )
    values = image.array.copy()
    if not bright_canal:
        values[np.hypot(r - 9.0, a + 1.0) < 9.0] = 50.0
    values[np.hypot(r - 20.0, a - 44.0) < 10.0] = 5.0
    return Image(values, image.geometry)


def test_without_a_fluid_series_what_lies_behind_a_vessel_is_looked_for_as_well() -> None:
    vessel, canal = find_spine_lines(with_vessel())
    assert float(np.median(vessel.points_ras[:, 1])) > 30.0
    np.testing.assert_allclose(canal.points_ras[5:-5, 0], 9.0, atol=4.0)
    np.testing.assert_allclose(canal.points_ras[5:-5, 1], -1.0, atol=6.0)
    assert canal.mirror > vessel.mirror


def test_a_fluid_series_shows_one_line_as_nothing_dark_is_taken_for_the_canal() -> None:
    (line,) = find_spine_lines(with_vessel(), with_vessel(bright_canal=True))
    np.testing.assert_allclose(line.points_ras[5:-5, 1], -1.0, atol=4.0)


def test_the_canal_behind_a_vessel_lies_a_vertebra_behind_it_and_not_beside_it() -> None:
    behind = _is_behind(np.array([40, 42]), np.array([20, 20]), (2, 60, 41))
    assert np.flatnonzero(behind[0, :, 20]).tolist() == list(range(17, 34))
    assert np.flatnonzero(behind[1, :, 20]).tolist() == list(range(19, 36))
    assert np.flatnonzero(behind[0, 20]).tolist() == list(range(13, 28))


def test_a_small_view_shows_no_canal() -> None:
    assert find_spine_line(back(height=19)) is None
    assert find_spine_line(back(height=20)) is not None
    image = back()
    narrow = Image(image.array[:, :, 34:45], image.geometry.cropped((0, 0, 34), (40, 56, 11)))
    assert find_spine_line(narrow) is None
    flat = Image(image.array[:, 20:31], image.geometry.cropped((0, 20, 0), (40, 11, 80)))
    assert find_spine_line(flat) is None
