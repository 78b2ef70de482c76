"""Midline, depth and place about the spine of a body on a PET."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.straight_spine import StraightSpine
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import LEFT_RAS, Geometry
from PainGeneratorLib.Numerics.pet.body_shape import BodyShape
from PainGeneratorLib.Numerics.pet.foci import Focus

MIDDLE_MM = 18.0


def geometry() -> Geometry:
    """i to the left, j backward; R, A, S of the first voxel make the field of view asymmetric."""
    matrix = np.diag([-4.0, -4.0, 4.0, 1.0])
    matrix[:3, 3] = [210.0, 150.0, -200.0]
    return Geometry((100, 75, 100), matrix)


def body(lean: float = 0.0, arm: bool = False) -> np.ndarray:
    """A trunk of SUV 0.5 about R = 18, leaning sideways going up, 120 mm in front of and behind A = 0."""
    grid = geometry()
    r, a, s = np.moveaxis(grid.flat_to_ras(np.arange(grid.size)).reshape(*grid.shape, 3), -1, 0)
    out = np.where(((r - MIDDLE_MM - lean * s) / 150) ** 2 + (a / 100) ** 2 < 1, 0.5, 0.0)
    if arm:
        out[(np.hypot(r + 165, a) < 18) & (s > 60)] = 0.5
    return out.astype(np.float32)


def shape(values: np.ndarray, quality: float = 0.0, spine: StraightSpine | None = None) -> BodyShape:
    # A plane that is wrong by 60 mm, as one hot kidney makes it.
    wrong = SymmetryPlane(np.array([MIDDLE_MM + 60.0, 0.0, 0.0]), LEFT_RAS, quality)
    return BodyShape(values, geometry(), 0.25, wrong, spine)


@pytest.mark.parametrize("arm", [False, True])
def test_without_a_plane_the_outline_tells_the_midline_and_an_arm_does_not_move_it(arm: bool) -> None:
    found = shape(body(arm=arm))
    assert found.off_midline(np.array([MIDDLE_MM, 0.0, -100.0])) < 6.0
    assert found.off_midline(np.array([MIDDLE_MM + 50.0, 0.0, 0.0])) == pytest.approx(50.0, abs=8.0)


def test_the_midline_of_the_outline_leans_with_the_body() -> None:
    found = shape(body(lean=0.1))
    for height in (-150.0, 0.0, 150.0):
        assert found.off_midline(np.array([MIDDLE_MM + 0.1 * height, 0.0, height])) < 6.0


def test_a_reliable_plane_is_believed_before_the_outline_and_the_canal_before_both() -> None:
    point = np.array([MIDDLE_MM, 0.0, 0.0])
    assert shape(body(), quality=0.9).off_midline(point) == pytest.approx(60.0, abs=0.5)
    height = np.arange(-100.0, 101.0, 4.0)
    canal = StraightSpine.along(np.stack([np.full_like(height, 10.0), np.full_like(height, -45.0), height], axis=1))
    found = shape(body(), quality=0.9, spine=canal)
    assert found.off_midline(point) == pytest.approx(8.0, abs=0.2)
    assert found.in_front_of_canal(point) == pytest.approx(45.0, abs=0.2)
    assert found.in_front_of_canal(np.array([MIDDLE_MM, -80.0, 0.0])) == pytest.approx(-35.0, abs=0.2)


def test_beyond_its_ends_the_canal_counts_for_a_while_and_then_no_more() -> None:
    height = np.arange(-60.0, 61.0, 4.0)
    canal = StraightSpine.along(np.stack([np.full_like(height, 10.0), np.full_like(height, -45.0), height], axis=1))
    found = shape(body(), spine=canal)
    assert found.in_front_of_canal(np.array([MIDDLE_MM, 0.0, 120.0])) == pytest.approx(45.0, abs=0.2)
    assert found.in_front_of_canal(np.array([MIDDLE_MM, 0.0, 195.0])) is None
    assert shape(body()).in_front_of_canal(np.array([MIDDLE_MM, 0.0, 0.0])) is None


def test_depth_runs_from_the_back_to_the_front() -> None:
    found = shape(body())
    assert found.depth(np.array([MIDDLE_MM, -80.0, 0.0])) == pytest.approx(0.1, abs=0.06)
    assert found.depth(np.array([MIDDLE_MM, 80.0, 0.0])) == pytest.approx(0.9, abs=0.06)


# On a grid of 8 x 8 x 7.5 mm whose slabs hold two rows each, with a body of blocks.

BLOCKS = (8, 40, 50)
BLOCK_GRID = Geometry(BLOCKS, np.array([[8.0, 0, 0, -200], [0, 8.0, 0, 0], [0, 0, 7.5, 0], [0, 0, 0, 1.0]]))
MIDLINE_R = -4.0
"""Between the columns 24 and 25."""


def blocks(first: int = 5, rows: int = 21) -> np.ndarray:
    """A body over some rows (8 mm each) from back to front."""
    out = np.zeros(BLOCKS, dtype=np.float32)
    out[:, first : first + rows, 10:40] = 1.0
    return out


def block_shape(values: np.ndarray, midline: float = MIDLINE_R, spine: StraightSpine | None = None) -> BodyShape:
    return BodyShape(values, BLOCK_GRID, 0.5, SymmetryPlane(np.array([midline, 0.0, 0.0]), LEFT_RAS, 1.0), spine)


def at(front: float, height: float = 20.0) -> np.ndarray:
    return np.array([MIDLINE_R, front, height])


@pytest.mark.parametrize(("rows", "is_known"), [(11, True), (10, False)])
def test_a_body_is_at_least_eighty_millimeters_deep(rows: int, is_known: bool) -> None:
    depth = block_shape(blocks(5, rows)).depth(at(80.0))
    assert (depth is not None) == is_known
    if is_known:
        assert depth == pytest.approx(0.5)


def test_a_body_whose_back_is_cut_off_has_no_depth() -> None:
    assert block_shape(blocks(0, 21)).depth(at(80.0)) is None
    assert block_shape(blocks(1, 21)).depth(at(80.0)) is not None


def test_a_body_whose_front_is_cut_off_is_as_deep_as_a_typical_trunk_at_least() -> None:
    assert block_shape(blocks(30, 10)).depth(at(240.0 + 22.0)) == pytest.approx(0.1)
    assert block_shape(blocks(5, 35)).depth(at(40.0 + 136.0)) == pytest.approx(0.5)


@pytest.mark.parametrize(("column", "front"), [(31, 40.0 + 160.0), (32, 40.0 + 160.0), (17, 200.0)])
def test_what_lies_sixty_millimeters_aside_does_not_count_for_the_front(column: int, front: float) -> None:
    values = blocks()
    values[:, 26:32, column:40] = 1.0
    values[:, 26:32, 10 : 49 - column] = 1.0
    assert (block_shape(values).depth(at(front)) == pytest.approx(1.0)) == (column == 32)


@pytest.mark.parametrize(("rows", "is_trunk"), [(14, True), (13, False), (0, False)])
def test_a_trunk_has_tissue_in_most_of_the_midlines_depth(rows: int, is_trunk: bool) -> None:
    values = blocks()
    values[:, :, 24:26] = 0.0
    values[:, 7 : 7 + rows, 24:26] = 1.0
    assert block_shape(values).has_midline(at(100.0)) == is_trunk


def test_only_the_strip_of_ten_millimeters_beside_the_midline_makes_a_trunk() -> None:
    values = blocks()
    values[:, :, 24:26] = 0.0
    values[:, 7:9, 24:26] = 1.0
    # The columns next to the strip, 12 mm from the midline, are whole.
    assert not block_shape(values).has_midline(at(100.0))


def test_the_sacrum_begins_above_the_end_of_the_canal_and_near_the_lowest_disc() -> None:
    height = np.arange(-60.0, 61.0, 4.0)
    spine = StraightSpine.along(np.stack([np.zeros_like(height), np.full_like(height, 50.0), height], axis=1))
    end = spine.points_ras[0, 2]
    found = block_shape(blocks(), spine=spine)
    assert found.is_at_sacrum(at(80.0, end + 45.0))
    assert not found.is_at_sacrum(at(80.0, end + 45.1))
    with_disc = dataclasses.replace(spine, disc_mm=np.array([40.0, 80.0]), disc_tilt=np.zeros(2))
    found = block_shape(blocks(), spine=with_disc)
    disc = spine.points_ras[20, 2]
    assert found.is_at_sacrum(at(80.0, disc + 15.0))
    assert not found.is_at_sacrum(at(80.0, disc + 15.1))
    assert not block_shape(blocks()).is_at_sacrum(at(80.0, -500.0))


def test_the_canal_counts_for_120_millimeters_beyond_its_ends() -> None:
    height = np.arange(-60.0, 61.0, 4.0)
    spine = StraightSpine.along(np.stack([np.zeros_like(height), np.full_like(height, 50.0), height], axis=1))
    found = block_shape(blocks(), spine=spine)
    low, high = spine.points_ras[0, 2], spine.points_ras[-1, 2]
    assert found.in_front_of_canal(at(80.0, high + 120.0)) == pytest.approx(30.0)
    assert found.in_front_of_canal(at(80.0, low - 120.0)) == pytest.approx(30.0)
    assert found.in_front_of_canal(at(80.0, high + 120.1)) is None
    assert found.in_front_of_canal(at(80.0, low - 120.1)) is None


def hot(row: int = 13, voxels: int = 24, top: float = 20.0) -> tuple[np.ndarray, Focus]:
    """The body with a focus of 0.48 ml a voxel in one row from back to front, its middle in the midline."""
    values = blocks()
    mask = np.zeros(BLOCKS, dtype=bool)
    mask[2:6, row, 22:28] = True
    flat = np.flatnonzero(mask)
    values.reshape(-1)[flat] = 0.4 * top
    values.reshape(-1)[flat[:voxels]] = top
    return values, Focus(flat, flat, int(flat[0]), top, 3.0, 9.0, 1.0, 0.1, 0, 1.0)


def bladder_z(values: np.ndarray, *foci: Focus, least_suv: float = 5.0, midline: float = MIDLINE_R) -> float | None:
    found = block_shape(blocks(), midline)
    found.look_for_bladder(values, BLOCK_GRID, foci, least_suv)
    return found.bladder_z


def test_a_hot_large_focus_in_the_midline_is_the_bladder() -> None:
    values, focus = hot()
    assert bladder_z(values, focus) == pytest.approx(3.5 * 7.5)
    assert bladder_z(values, focus, least_suv=20.0) is not None
    assert bladder_z(values, focus, least_suv=20.1) is None
    assert bladder_z(values) is None


@pytest.mark.parametrize(("voxels", "is_bladder"), [(21, True), (20, False)])
def test_ten_milliliters_of_a_bladder_have_half_of_its_maximum(voxels: int, is_bladder: bool) -> None:
    values, focus = hot(voxels=voxels)
    assert (bladder_z(values, focus) is not None) == is_bladder


@pytest.mark.parametrize(("row", "is_bladder"), [(13, True), (12, False)])
def test_a_bladder_lies_in_the_front_three_fifths_of_the_body(row: int, is_bladder: bool) -> None:
    values, focus = hot(row)
    assert (bladder_z(values, focus) is not None) == is_bladder


@pytest.mark.parametrize(("aside", "is_bladder"), [(35.0, True), (35.1, False), (-35.0, True), (-35.1, False)])
def test_a_bladder_lies_within_35_millimeters_of_the_midline(aside: float, is_bladder: bool) -> None:
    values, focus = hot()
    assert (bladder_z(values, focus, midline=MIDLINE_R + aside) is not None) == is_bladder


def test_of_two_foci_the_bladder_is_the_one_that_holds_more_activity() -> None:
    values, focus = hot()
    mask = np.zeros(BLOCKS, dtype=bool)
    mask[0:2, 15:18, 22:28] = True
    flat = np.flatnonzero(mask)
    values.reshape(-1)[flat] = 10.0
    weaker = Focus(flat, flat, int(flat[0]), 10.0, 3.0, 9.0, 1.0, 0.1, 0, 1.0)
    for foci in ((focus, weaker), (weaker, focus)):
        assert bladder_z(values, *foci) == pytest.approx(3.5 * 7.5)
