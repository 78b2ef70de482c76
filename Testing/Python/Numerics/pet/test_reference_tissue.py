"""Reference tissue, on a grid whose voxels are as large as its cells."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import LEFT_RAS, SymmetryPlane
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet.reference_tissue import KnownTissues, ReferenceField, ReferenceParameters
from PainGeneratorLib.Numerics.pet.structure_uptake import measure_organs, medians_of_levels
from small_pets import PLAUSIBLE

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
