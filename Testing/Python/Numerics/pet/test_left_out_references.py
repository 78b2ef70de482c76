"""What a reader takes out of the references: it is in no reference, and what is judged is judged as before."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues as codes
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball
from PainGeneratorLib.Numerics.core.reference_edits import BY_READER, EditKind, ReferenceEdit
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.foci import focus_of
from PainGeneratorLib.Numerics.pet.reference_norms import REFUSED, USED
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.reference_edits import left_out

SHAPE = (40, 50, 70)
PARAMETERS = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
HOT_SIDE, COLD_SIDE = (70.0, -20.0, 0.0), (-70.0, -20.0, 0.0)
"""The muscle of the right side has more uptake than that of the left; RAS mm."""


def grid() -> Geometry:
    matrix = np.diag([-4.0, -4.0, 4.0, 1.0])
    matrix[:3, 3] = (138.0, 98.0, -78.0)
    return Geometry(SHAPE, matrix)


GRID = grid()
POINTS = GRID.flat_to_ras(np.arange(GRID.size)).reshape(*SHAPE, 3)


def body() -> tuple[Image, Image, Image]:
    """SUV, tissues, and three vertebrae (T13, L1, L2 have the numbers 20 to 22), the middle one hot."""
    r, a, s = np.moveaxis(POINTS, -1, 0)
    inside = (r / 125.0) ** 2 + (a / 90.0) ** 2 < 1.0
    suv = np.where(inside, np.where(r > 0, 0.57, 0.5), 0.01)
    tissues = np.where(inside, codes.MUSCLE, codes.VOID).astype(np.uint8)
    spine = (np.abs(r) < 24.0) & (np.abs(a + 30.0) < 20.0)
    tissues[spine] = codes.MARROW
    levels = np.zeros(SHAPE, dtype=np.uint8)
    for number, low, value in ((20, 24.0, 1.0), (21, -24.0, 1.8), (22, -72.0, 1.1)):
        here = spine & (s >= low) & (s < low + 40.0)
        levels[here], suv[here] = number, value
    suv = suv * (1.0 + 0.03 * np.random.default_rng(2).standard_normal(SHAPE))
    return Image(suv.astype(np.float32), GRID), Image(tissues, GRID), Image(levels, GRID)


def detector(*edits: ReferenceEdit) -> HotSpotDetector:
    suv, tissues, levels = body()
    out = left_out(edits, GRID, np.eye(4), tissues.array, levels.array)
    return HotSpotDetector(suv, PARAMETERS, tissues=tissues, levels=levels, left_out=out.mask, refused=out.refused)


def muscle(made: HotSpotDetector) -> float:
    return next(row.median for row in made.references.table if row.name == "muscle")


def test_a_sphere_that_is_left_out_is_in_no_reference() -> None:
    edit = ReferenceEdit(EditKind.WITHOUT_SPHERE, "", HOT_SIDE, 250.0)
    assert muscle(detector()) == pytest.approx(0.535, abs=0.025)
    made = detector(edit)
    assert muscle(made) == pytest.approx(0.5, abs=0.01)
    assert made.no_reference is not None
    assert made.no_reference.reshape(-1)[ball(GRID, np.array(HOT_SIDE), 50.0)].all()
    assert not made.no_reference.reshape(-1)[ball(GRID, np.array(COLD_SIDE), 10.0)].any()


@pytest.mark.parametrize(("center", "value"), [(HOT_SIDE, 0.57), (COLD_SIDE, 0.5)])
def test_a_tissue_drawn_anew_is_taken_in_the_sphere_alone(center: tuple[float, float, float], value: float) -> None:
    made = detector(ReferenceEdit(EditKind.ONLY_SPHERE, "muscle", center, 60.0))
    row = next(row for row in made.references.table if row.name == "muscle")
    assert (row.status, row.median) == (USED, pytest.approx(value, abs=0.01))
    assert row.volume_ml == pytest.approx(113.0, rel=0.15)


def test_a_sphere_of_some_milliliters_is_enough_and_a_smaller_one_is_not() -> None:
    made = detector(ReferenceEdit(EditKind.ONLY_SPHERE, "muscle", COLD_SIDE, 16.0))
    row = next(row for row in made.references.table if row.name == "muscle")
    assert 1.0 < row.volume_ml < 4.0
    assert row.median == pytest.approx(0.5, abs=0.02)
    values, _codes = made.references.at(ball(GRID, np.array(HOT_SIDE), 10.0))
    assert values == pytest.approx(0.5, abs=0.02), "the reference holds everywhere"
    small = detector(ReferenceEdit(EditKind.ONLY_SPHERE, "muscle", COLD_SIDE, 6.0))
    assert "muscle" not in [row.name for row in small.references.table]


def test_a_vertebra_that_is_left_out_is_compared_with_by_no_other_one() -> None:
    assert set(detector().references.level_medians) == {20, 21, 22}
    made = detector(ReferenceEdit(EditKind.WITHOUT_VERTEBRA, "L1"))
    assert set(made.references.level_medians) == {20, 22}
    focus = focus_of(made.scan.suv, made.references, ball(GRID, np.array([0.0, -30.0, 44.0]), 8.0))
    assert made.reference_of(focus).suv == pytest.approx(1.1, abs=0.05)


def test_a_tissue_that_is_left_out_is_refused_with_the_word_of_the_reader() -> None:
    made = detector(ReferenceEdit(EditKind.WITHOUT_TISSUE, "marrow"))
    row = next(row for row in made.references.table if row.name == "marrow")
    assert row.status == REFUSED
    assert BY_READER in row.note
    assert any("marrow is refused, as the reader left it out" in text for text in made.warnings)


def test_places_move_with_the_alignment_of_the_pet() -> None:
    shift = np.eye(4)
    shift[0, 3] = 12.0
    out = left_out([ReferenceEdit(EditKind.WITHOUT_SPHERE, "", COLD_SIDE, 20.0)], GRID, shift, None, None)
    assert out.mask is not None
    center = POINTS[out.mask].mean(axis=0)
    assert center == pytest.approx(np.array([12.0, 0.0, 0.0]) + np.array(COLD_SIDE), abs=1.0)


def test_without_changes_nothing_is_left_out() -> None:
    out = left_out([], GRID, np.eye(4), None, None)
    assert (out.mask, dict(out.refused)) == (None, {})
    assert detector().no_reference is None
