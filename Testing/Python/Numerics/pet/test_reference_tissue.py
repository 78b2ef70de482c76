"""Reference tissue, on a grid whose voxels are as large as its cells."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import LEFT_RAS, SymmetryPlane
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet.deep_tissue import depth_of, is_deep, layers
from PainGeneratorLib.Numerics.pet.reference_cells import one_sided
from PainGeneratorLib.Numerics.pet.reference_tissue import KnownTissues, ReferenceField, ReferenceParameters
from PainGeneratorLib.Numerics.pet.structure_uptake import measure_organs, medians_of_levels
from scipy import ndimage
from small_pets import COMPACT, ONE_SIDED, PLAUSIBLE

GRID = Geometry((10, 10, 10), np.diag([8.0, 8.0, 8.0, 1.0]))
PARAMETERS = ReferenceParameters(
    body_suv=0.1,
    local_radius_mm=20.0,
    local_percentile=75.0,
    tissue_radius_mm=80.0,
    hot_ratio=3.0,
    tissue_margin_mm=8.0,
    tissue_minimum_ml=5.0,
    hot_cell_ratio=1.3,
    typical_ratio=2.2,
    rich_ratio_least=1.5,
    rich_ratio_most=3.5,
    rich_percentile=75.0,
    rich_least=1.6,
    rich_most=2.6,
    plausible=PLAUSIBLE,
    one_sided=ONE_SIDED,
    compact=COMPACT,
)


def field(hot: list[float], code: int = tissues.UNKNOWN, symmetry: SymmetryPlane | None = None) -> ReferenceField:
    """Muscle of SUV 1 beside fat, with some single cells that are hotter and of another tissue."""
    values = np.ones(GRID.shape, dtype=np.float32)
    codes = np.full(GRID.shape, tissues.MUSCLE, dtype=np.uint8)
    values[8:], codes[8:] = 0.3, tissues.FAT
    values.reshape(-1)[: len(hot)] = hot
    codes.reshape(-1)[: len(hot)] = code
    return ReferenceField(values, GRID, PARAMETERS, KnownTissues(tissues=codes), symmetry)


@pytest.mark.parametrize(
    ("hot", "expected"),
    [
        ([2.0] * 6, 2.0),
        ([2.0] * 5, 1.6),
        ([1.55] * 6, 1.6),
        ([1.5] * 20 + [2.0] * 6, 2.0),
        ([1.51] * 20 + [2.0] * 6, 1.6),
        ([2.9] * 6, 2.6),
        ([3.5] * 20 + [2.0] * 6, 2.0),
        ([3.4] * 20 + [2.0] * 6, 2.6),
        ([1.7] * 8 + [2.1] * 3, 1.9),
    ],
)
def test_rich_tissue_is_the_upper_quartile_of_what_is_no_muscle_and_no_hot_organ(
    hot: list[float], expected: float
) -> None:
    found = field(hot)
    assert found.typical == pytest.approx(1.0)
    assert found.rich == pytest.approx(expected, abs=0.001 if expected != 1.9 else 0.11)


@pytest.mark.parametrize(("cells", "expected"), [(10, 2.6), (9, 1.6)])
def test_marrow_counts_as_rich_tissue_and_as_a_reference_from_five_milliliters_on(cells: int, expected: float) -> None:
    # This marrow is hotter than what counts as rich tissue without knowing that it is marrow.
    found = field([3.6] * cells, tissues.MARROW)
    assert ("marrow" in {row.name for row in found.table}) == (cells == 10)
    assert found.rich == pytest.approx(expected)


def test_the_reference_carries_the_name_of_its_tissue_and_radius() -> None:
    found = field([1.8] * 12, tissues.MARROW)
    assert found.name_of(tissues.MARROW) == "marrow within 3.5 cm"
    assert found.name_of(tissues.MUSCLE) == "muscle within 8 cm"
    assert found.name_of(tissues.DISC) == "surroundings"
    both = field([1.8] * 12, tissues.MARROW, SymmetryPlane(np.array([36.0, 0, 0]), LEFT_RAS, 1.0))
    assert both.name_of(tissues.MARROW) == "marrow within 3.5 cm, both sides"


def test_the_table_of_references_holds_median_spread_and_volume() -> None:
    rows = {row.name: row for row in field([1.8] * 12, tissues.MARROW).table}
    assert rows["marrow"].median == pytest.approx(1.8)
    assert rows["marrow"].volume_ml == pytest.approx(12 * 0.512)
    assert rows["muscle"].volume_ml == pytest.approx(788 * 0.512)
    assert rows["typical soft tissue"].median == pytest.approx(1.0)
    assert rows["typical soft tissue"].volume_ml == pytest.approx(512.0)


def test_hot_cells_are_no_part_of_the_surroundings() -> None:
    values = np.ones(GRID.shape, dtype=np.float32)
    values[3:7, 3:7, 3:7] = 9.0
    values[8:] = 0.3
    reference, codes = ReferenceField(values, GRID, PARAMETERS).at(np.array([555, 0]))
    assert reference == pytest.approx([1.0, 1.0])
    assert codes.tolist() == [0, 0]


def test_typical_tissue_is_lean_tissue_without_fat_and_organs() -> None:
    values = np.full(GRID.size, 0.3, dtype=np.float32)
    values[400:900] = 1.0
    values[900:] = 8.0
    assert ReferenceField(values.reshape(GRID.shape), GRID, PARAMETERS).typical == pytest.approx(1.0)


@pytest.mark.parametrize(("edge", "is_measured"), [(9, True), (8, False)])
def test_the_inner_fifty_milliliters_of_a_liver_are_needed(edge: int, is_measured: bool) -> None:
    # Two voxels are taken off on each side: (9 - 4) ** 3 * 0.512 ml = 64 ml, (8 - 4) ** 3 * 0.512 ml = 33 ml.
    organs = np.zeros((14, 14, 14), dtype=np.uint8)
    organs[2 : 2 + edge, 2 : 2 + edge, 2 : 2 + edge] = 7
    values = np.full(organs.shape, 2.0, dtype=np.float32)
    values[2] = 50.0
    image = Image(values, Geometry(organs.shape, np.diag([8.0, 8.0, 8.0, 1.0])))
    found = measure_organs(image, organs, {7: "Liver"})
    assert ("liver" in found) == is_measured
    if is_measured:
        assert (found["liver"].mean, found["liver"].sd) == (2.0, 0.0)
        assert found["liver"].volume_ml == pytest.approx((edge - 4) ** 3 * 0.512)
    assert measure_organs(image, organs, {7: "spleen"}) == {}
    assert measure_organs(image, None, {7: "liver"}) == {}


def test_the_median_of_a_vertebra_is_that_of_its_marrow() -> None:
    levels = np.zeros(GRID.shape, dtype=np.uint8)
    levels[0], levels[1] = 20, 21
    values = np.ones(GRID.shape, dtype=np.float32)
    values[1], values[0, :8], values[0, 0, 0] = 3.0, 9.0, np.nan
    codes = np.zeros(GRID.shape, dtype=np.uint8)
    codes[0, :8] = tissues.MUSCLE
    assert medians_of_levels(values, GRID, levels, codes)[0] == {20: 1.0, 21: 3.0}
    assert medians_of_levels(values, GRID, levels, None) == ({20: 9.0, 21: 3.0}, pytest.approx(199 * 0.512))
    assert medians_of_levels(values, GRID, None, None) == ({}, 0.0)


# --- marrow from deep inside the bone

FINE = Geometry((32, 32, 32), np.diag([3.0, 3.0, 3.0, 1.0]))
DEPTH_MM = depth_of(5.5, 4.0)


def blurred_bone(half_mm: float, marrow: float = 1.3, around: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Marrow in muscle as the PET shows it, 27 mm high and twice `half_mm` wide and deep, and the tissue map."""
    points = FINE.flat_to_ras(np.arange(FINE.size)).reshape(*FINE.shape, 3) - 48.0
    inside = (np.abs(points) <= (half_mm, half_mm, min(half_mm, 12.0))).all(axis=-1)
    codes = np.where(inside, tissues.MARROW, tissues.MUSCLE).astype(np.uint8)
    blurred = ndimage.gaussian_filter(np.where(inside, marrow, around), np.hypot(5.5, 4.0) / 2.355 / 3.0)
    return blurred.astype(np.float32), codes


def marrow_of(half_mm: float, depth_mm: float) -> ReferenceField:
    values, codes = blurred_bone(half_mm)
    return ReferenceField(values, FINE, PARAMETERS, KnownTissues(tissues=codes), depth_mm=depth_mm)


def test_the_reference_of_marrow_is_taken_where_the_blur_brings_in_nothing() -> None:
    edge, deep = (
        next(row for row in marrow_of(18.0, depth).table if row.name == "marrow") for depth in (0.0, DEPTH_MM)
    )
    assert edge.median < 1.3 * 0.95
    assert deep.median == pytest.approx(1.3, rel=0.03)
    assert deep.volume_ml < 0.5 * edge.volume_ml


def test_marrow_of_a_thin_bone_is_taken_from_all_of_it() -> None:
    # Less than 5 ml lie at any depth.
    thin = next(row for row in marrow_of(9.0, DEPTH_MM).table if row.name == "marrow")
    assert thin.volume_ml == pytest.approx(7**3 * 0.027)


def test_a_focus_is_found_beside_the_edge_of_a_bone_and_reported_against_its_marrow() -> None:
    found = marrow_of(18.0, DEPTH_MM)
    middle, edge = (np.ravel_multi_index(place, FINE.shape) for place in ((16, 16, 16), (16, 16, 21)))
    values, codes = found.at(np.array([middle, edge]))
    assert codes.tolist() == [tissues.MARROW] * 2
    assert values[0] == pytest.approx(1.3, rel=0.05)
    assert values[1] < 0.95 * values[0]
    assert found.matched(int(edge), tissues.MARROW, float(values[1])) == pytest.approx(1.3, rel=0.05)
    assert found.matched(int(edge), tissues.MUSCLE, 0.6) == 0.6


def test_a_thin_arch_of_the_spine_is_reported_against_the_marrow_of_the_bodies() -> None:
    values, codes = blurred_bone(18.0)
    values[15:18, 15:18, :10], codes[15:18, 15:18, :10] = 0.9, tissues.MARROW
    found = ReferenceField(values, FINE, PARAMETERS, KnownTissues(tissues=codes), depth_mm=DEPTH_MM)
    arch = int(np.ravel_multi_index((16, 16, 2), FINE.shape))
    assert found.matched(arch, tissues.MARROW, 0.9) < 1.25
    assert found.matched(arch, tissues.MARROW, 0.9, in_spine=True) == pytest.approx(1.3, rel=0.05)
    assert found.name_of(tissues.MARROW, in_spine=True) == "marrow within 8 cm"


def test_the_median_of_a_vertebra_leaves_out_its_edge_and_vertebrae_that_are_nearly_out_of_view() -> None:
    values, codes = blurred_bone(21.0)
    upper = np.indices(FINE.shape)[0] >= 16
    levels = np.where(codes == tissues.MARROW, np.where(upper, 22, 21), 0).astype(np.uint8)
    levels[0, :3, :3], codes[0, :3, :3] = 19, tissues.MARROW
    whole, _ = medians_of_levels(values, FINE, levels, codes)
    deep, volume_ml = medians_of_levels(values, FINE, levels, codes, DEPTH_MM)
    assert set(whole) == {19, 21, 22}
    assert set(deep) == {21, 22}
    assert all(whole[number] < 1.27 for number in whole)
    assert all(deep[number] == pytest.approx(1.3, rel=0.03) for number in deep)
    assert volume_ml >= 2.0


@pytest.mark.parametrize(("depth_mm", "deep"), [(3.0, [False, True, True]), (6.0, [False, False, True])])
def test_a_voxel_is_deep_when_its_tissue_goes_on_along_every_axis(depth_mm: float, deep: list[bool]) -> None:
    inside = np.zeros(FINE.shape, dtype=np.uint8)
    inside[10:19, 10:19, 10:19] = 4
    flat = np.array([np.ravel_multi_index((14, 14, place), FINE.shape) for place in (10, 11, 12)])
    assert is_deep(flat, inside, FINE, depth_mm).tolist() == deep
    assert [chosen.sum() for chosen in layers(flat, inside, FINE, 0.0)] == [3]
    assert [chosen.sum() for chosen in layers(flat, inside, FINE, 6.0)] == [3, 2, 1]


def test_foci_are_no_part_of_the_reference_of_their_tissue() -> None:
    values = np.ones(GRID.shape, dtype=np.float32)
    codes = np.full(GRID.shape, tissues.MUSCLE, dtype=np.uint8)
    values[:4] = 4.0
    found = ReferenceField(values, GRID, PARAMETERS, KnownTissues(tissues=codes))
    muscle = next(row for row in found.table if row.name == "muscle")
    assert (muscle.median, muscle.volume_ml) == (pytest.approx(1.0), pytest.approx(600 * 0.512))


# --- large foci in their own surroundings

MIDDLE = SymmetryPlane(np.array([36.0, 0.0, 0.0]), LEFT_RAS, 1.0)


def one_sided_cells(edge: int, value: float = 1.5, mirrored_value: float = 1.0) -> int:
    """How many cells of a cube on one side are left out of the surroundings; the voxels are the cells."""
    means = np.ones(GRID.shape, dtype=np.float32)
    means[:edge, :edge, :edge], means[:edge, :edge, ::-1][..., :edge] = value, mirrored_value
    return int(one_sided(means, GRID, MIDDLE, ONE_SIDED).sum())


def test_a_large_focus_is_left_out_of_its_own_surroundings_where_the_other_side_is_colder() -> None:
    assert one_sided_cells(3) == 27
    assert one_sided_cells(3, value=1.39) == 0
    assert one_sided_cells(3, mirrored_value=1.1) == 0, "both sides are raised"
    assert one_sided_cells(2) == 0, "4 ml are too few to raise an upper percentile"
    larger = dataclasses.replace(ONE_SIDED, most_ml=13.0)
    means = np.ones(GRID.shape, dtype=np.float32)
    means[:3, :3, :3] = 1.5
    assert not one_sided(means, GRID, MIDDLE, larger).any(), "what is larger is an organ"


def test_a_large_faint_focus_in_unknown_tissue_does_not_raise_its_own_reference() -> None:
    values = np.ones(GRID.shape, dtype=np.float32)
    values[3:7, 3:7, :4] = 2.0
    values[8:] = 0.3
    here = np.array([np.ravel_multi_index((5, 5, 1), GRID.shape)])
    assert ReferenceField(values, GRID, PARAMETERS).at(here)[0] == pytest.approx([1.0], rel=0.05)
    assert ReferenceField(values, GRID, PARAMETERS, symmetry=MIDDLE).at(here)[0] == pytest.approx([1.0], rel=0.05)


def test_a_class_that_fills_half_of_the_view_is_sampled_and_gives_the_same_reference(monkeypatch) -> None:
    whole = marrow_of(21.0, DEPTH_MM)
    monkeypatch.setattr("PainGeneratorLib.Numerics.pet.reference_tissue.MOST_TISSUE_VOXELS", 10_000)
    sampled = marrow_of(21.0, DEPTH_MM)
    for one, other in zip(whole.table, sampled.table, strict=True):
        assert other.name == one.name
        assert other.median == pytest.approx(one.median, rel=0.02)
        assert other.volume_ml == pytest.approx(one.volume_ml, rel=0.05)
