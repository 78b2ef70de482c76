"""Marrow, typical signals and the tissue map from signal alone, on small volumes with known tissues."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Numerics.mr.marrow import find_marrow
from PainGeneratorLib.Numerics.mr.signal import Signals
from PainGeneratorLib.Numerics.mr.tissue_map import TissueSignals, fluid_mask, make_tissue_map, tissue_signals

T1 = {"muscle": 100.0, "fat": 300.0, "marrow": 200.0, "cortex": 20.0, "fluid": 60.0, "air": 1.0}
FLUID = {"muscle": 50.0, "fat": 35.0, "marrow": 45.0, "cortex": 5.0, "fluid": 400.0, "air": 1.0}


class Body:
    """A body of muscle with its skin in view, in slices of 4 mm with voxels of 1.6 mm."""

    def __init__(self, shape=(8, 80, 80), spacing_mm: float = 1.6) -> None:
        self.geometry = Geometry(shape, np.diag([spacing_mm, spacing_mm, 4.0, 1.0]))
        self.tissue = np.full(shape, "air", dtype="U8")
        self.tissue[:, 8:72, 8:72] = "muscle"

    def box(self, j: int, i: int, size: int, k: slice = slice(None)) -> tuple[slice, slice, slice]:
        return (k, slice(j, j + size), slice(i, i + size))

    def bone(self, j: int = 30, i: int = 30, size: int = 20, k: slice = slice(None), inside: str = "marrow") -> None:
        self.tissue[self.box(j, i, size, k)] = "cortex"
        self.tissue[self.box(j + 2, i + 2, size - 4, k)] = inside

    def signals(self, *roles: str) -> Signals:
        values = {"T1": T1, "FLUID": FLUID, "T2": FLUID}
        arrays = {
            role: np.vectorize(values[role].get, otypes=[np.float32])(self.tissue) for role in roles or ("T1", "FLUID")
        }
        return Signals(self.geometry, (1, 1, 1), arrays, self.tissue != "air")

    def marrow(self, fluid_role: str | None = "FLUID") -> np.ndarray:
        return find_marrow(self.signals(), T1["muscle"], T1["fat"], fluid_role)


INNER = (slice(2, 6), slice(36, 44), slice(36, 44))
"""The middle of the bone."""


@pytest.mark.parametrize("fluid_role", ["FLUID", None])
def test_a_bright_place_in_a_dark_rim_is_marrow(fluid_role: str | None) -> None:
    body = Body()
    body.bone()
    found = body.marrow(fluid_role)
    assert found[INNER].all()
    assert not found[:, :28].any()
    assert found.sum() == pytest.approx(8 * 16 * 16, rel=0.25)


def test_a_bright_place_without_a_rim_is_fat() -> None:
    body = Body()
    body.tissue[body.box(30, 30, 20)] = "fat"
    assert not body.marrow().any()


@pytest.mark.parametrize(("j", "is_marrow"), [(30, True), (9, False)])
def test_what_comes_near_the_skin_is_no_bone(j: int, is_marrow: bool) -> None:
    body = Body()
    body.bone(j=j)
    assert body.marrow().any() == is_marrow


@pytest.mark.parametrize(("slices", "is_marrow"), [(1, False), (3, True)])
def test_a_bone_is_seen_on_several_slices(slices: int, is_marrow: bool) -> None:
    body = Body()
    body.bone(k=slice(3, 3 + slices))
    assert body.marrow().any() == is_marrow


def test_a_lesion_that_the_cortex_encloses_belongs_to_the_bone() -> None:
    body = Body()
    body.bone()
    body.tissue[body.box(41, 41, 4)] = "muscle"
    assert body.marrow()[INNER].all()


@pytest.mark.parametrize(("spacing_mm", "is_seen"), [(2.2, True), (2.3, False)])
def test_cortex_is_not_seen_in_coarse_voxels(spacing_mm: float, is_seen: bool) -> None:
    body = Body(spacing_mm=spacing_mm)
    body.bone()
    assert body.marrow().any() == is_seen


# --- typical signals


def with_all_tissues() -> Body:
    body = Body()
    body.tissue[:, 8:20, 8:72] = "fat"
    body.tissue[body.box(60, 55, 10)] = "fluid"
    return body


def test_muscle_fat_and_fluid_are_found_in_the_histograms() -> None:
    typical = tissue_signals(with_all_tissues().signals("T1", "FLUID", "T2"), 3.0)
    assert typical.muscle == pytest.approx({"T1": 100.0, "FLUID": 50.0, "T2": 50.0}, rel=0.02)
    assert typical.fat_t1 == pytest.approx(300.0, rel=0.02)
    assert typical.fluid == pytest.approx({"FLUID": 150.0, "T2": 150.0}, rel=0.02)


def test_without_t1_the_median_of_the_body_stands_for_muscle_and_fat_is_not_known() -> None:
    typical = tissue_signals(with_all_tissues().signals("FLUID"), 3.0)
    assert typical.muscle == {"FLUID": 50.0}
    assert typical.fat_t1 is None


def test_an_empty_body_has_no_typical_signals() -> None:
    empty = Body()
    empty.tissue[:] = "air"
    typical = tissue_signals(empty.signals("T1", "FLUID"), 3.0)
    assert typical.muscle == {"T1": 0.0, "FLUID": 0.0}
    assert typical.fluid == {}


# --- fluid and the map


def row(t1: list[float], fluid: list[float]) -> Signals:
    """One row of voxels."""
    geometry = Geometry((1, 1, len(t1)), np.eye(4))
    arrays = {
        "T1": np.array(t1, dtype=np.float32).reshape(1, 1, -1),
        "FLUID": np.array(fluid, dtype=np.float32).reshape(1, 1, -1),
    }
    return Signals(geometry, (1, 1, 1), arrays, np.ones((1, 1, len(t1)), dtype=bool))


TYPICAL = TissueSignals({"T1": 100.0, "FLUID": 50.0}, 300.0, {"FLUID": 150.0})


@pytest.mark.parametrize(
    ("t1", "fluid", "is_fluid"),
    [(60.0, 151.0, True), (60.0, 150.0, False), (135.0, 151.0, True), (136.0, 151.0, False)],
)
def test_fluid_is_bright_but_not_on_t1(t1: float, fluid: float, is_fluid: bool) -> None:
    assert bool(fluid_mask(row([t1], [fluid]), TYPICAL)[0, 0, 0]) is is_fluid


def test_without_a_series_that_shows_fluid_there_is_none() -> None:
    assert not fluid_mask(row([60.0], [500.0]), TissueSignals({"T1": 100.0}, 300.0, {})).any()


@pytest.mark.parametrize(
    ("t1", "fluid", "code"),
    [
        (24.0, 12.0, tissues.VOID),
        (26.0, 12.0, tissues.UNKNOWN),
        (24.0, 13.0, tissues.UNKNOWN),
        (174.0, 40.0, tissues.FAT),
        (172.0, 40.0, tissues.UNKNOWN),
        (60.0, 151.0, tissues.FLUID),
    ],
)
def test_single_voxels_are_void_fat_or_fluid_by_their_signal(t1: float, fluid: float, code: int) -> None:
    with_marrow = np.array([[[tissues.UNKNOWN, tissues.MARROW]]], dtype=np.uint8)
    assert make_tissue_map(row([t1, t1], [fluid, fluid]), TYPICAL, with_marrow)[0, 0, 0] == code


def test_the_map_shows_muscle_marrow_fluid_fat_and_air_at_their_place() -> None:
    body = with_all_tissues()
    body.bone()
    signals = body.signals("T1", "FLUID")
    found = make_tissue_map(signals, tissue_signals(signals, 3.0), None)
    assert (found[INNER] == tissues.MARROW).all()
    assert (found[:, 62:68, 57:63] == tissues.FLUID).all()
    assert (found[:, 10:18, 12:60] == tissues.FAT).all()
    assert (found[2:6, 26:28, 20:60] == tissues.MUSCLE).all()
    assert (found[:, :8] == tissues.VOID).all()


def test_an_anatomy_segmentation_comes_before_the_signal_where_it_has_a_code() -> None:
    signals = row([60.0] * 3, [151.0] * 3)
    anatomy = np.array([[[tissues.DISC, tissues.UNKNOWN, tissues.MARROW]]], dtype=np.uint8)
    assert make_tissue_map(signals, TYPICAL, anatomy).tolist() == [[[tissues.DISC, tissues.FLUID, tissues.MARROW]]]


def test_marrow_of_a_segmentation_takes_the_place_of_marrow_from_signal() -> None:
    body = Body()
    body.bone()
    signals = body.signals()
    anatomy = np.zeros(body.geometry.shape, dtype=np.uint8)
    anatomy[0, 0, 0] = tissues.MARROW
    typical = TissueSignals({"T1": 100.0, "FLUID": 50.0}, 300.0, {"FLUID": 150.0})
    assert np.count_nonzero(make_tissue_map(signals, typical, anatomy) == tissues.MARROW) == 1


def thin_walled_bone(between: float, streaks: float = 0.0) -> np.ndarray:
    """Marrow that is found in a bone whose cortex is a thin line, no darker than muscle, on a T1 alone.

    Parameters
    ----------
    between : float
        T1 signal of what the bone holds.
    streaks : float
        Signal of the streaks in it, added on every third column.
    """
    body = Body((8, 120, 120), 1.0)
    body.tissue[:, 8:112, 8:112] = "muscle"
    signals = body.signals("T1")
    t1 = signals.roles["T1"]
    t1[:, 40:72, 40:80] = 75.0
    t1[:, 42:70, 42:78] = between
    t1[:, 42:70, 42:78:3] += streaks
    t1[:, 10:14, 8:112] = T1["fat"]
    return find_marrow(signals, T1["muscle"], T1["fat"], None)


def test_even_signal_between_muscle_and_fat_in_a_thin_cortex_is_marrow() -> None:
    assert thin_walled_bone(200.0)[2:6, 46:66, 46:74].mean() > 0.9


def test_streaked_signal_between_muscle_and_fat_is_fatty_muscle() -> None:
    assert not thin_walled_bone(200.0, -90.0).any()
