"""Which series a view shows, and in which plane: the sharpest one that shows the place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.scene

SAGITTAL = np.array([[0.0, 0.0, 4.0], [0.7, 0.0, 0.0], [0.0, 0.7, 0.0]])
"""Columns are the steps of a voxel, mm: sagittal slices of 4 mm with pixels of 0.7 mm."""
AXIAL = np.diag([0.6, 0.6, 4.0])


def volume(host: Any, name: str, columns: np.ndarray, shape: tuple[int, int, int], origin: Any = (0, 0, 0)) -> Any:
    from PainGeneratorLib.Numerics.core.image import Geometry, Image
    from PainGeneratorLib.Scene.nodes import add_volume

    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = columns, origin
    return add_volume(host.scene, Image(np.zeros(shape, dtype=np.float32), Geometry(shape, matrix)), name)


@pytest.fixture
def a_case(host: Any, slicer_api: Any, qt_libraries: None) -> Any:
    """Sagittal T1 and fluid-sensitive series of a whole back, and an axial T2 of its middle."""
    from PainGeneratorLib.Gui.reading_views import Shown

    series = {
        "T1": volume(host, "T1", SAGITTAL, (20, 300, 200)),
        "FLUID": volume(host, "FLUID", SAGITTAL, (20, 300, 200)),
        "T2": volume(host, "T2", AXIAL, (10, 200, 130), (0.0, 0.0, 80.0)),
    }
    return Shown("pet", "gray", series)


INSIDE = (40.0, 60.0, 100.0)
OUTSIDE = (40.0, 60.0, 150.0)


def test_an_axial_view_takes_the_axial_series_where_it_lies(a_case: Any) -> None:
    assert a_case.under_pet("Axial", INSIDE).GetName() == "T2"
    assert a_case.under_pet("Axial", OUTSIDE).GetName() == "T1"
    assert a_case.under_pet("Axial", None).GetName() == "T1"
    assert a_case.under_pet("Sagittal", INSIDE).GetName() == "T1"


def test_the_pet_is_not_shown_over_a_series_that_is_not_aligned(a_case: Any) -> None:
    from PainGeneratorLib.Gui.reading_views import Shown

    doubtful = Shown(a_case.pet, a_case.gray, a_case.series, frozenset({"T2"}))
    assert doubtful.under_pet("Axial", INSIDE).GetName() == "T1"


def test_a_view_for_a_series_that_is_missing_shows_the_next_best(a_case: Any) -> None:
    from PainGeneratorLib.Gui.reading_views import Shown, layers

    assert [node and node.GetName() for node in layers("FluidSagittal", "Sagittal", a_case)] == ["FLUID", None]
    without = Shown("pet", "gray", {"T2": a_case.series["T2"]})
    assert layers("FluidSagittal", "Sagittal", without)[0].GetName() == "T2"
    assert layers("T1Coronal", "Coronal", without)[0].GetName() == "T2"
    assert layers("Yellow", "Sagittal", Shown("pet", "gray")) == ("pet", None)
    assert layers("PETAxial", "Axial", Shown("pet", None)) == ("pet", None)


def test_sharpness_is_the_longer_side_of_a_voxel_in_the_plane(a_case: Any) -> None:
    from PainGeneratorLib.Gui.reading_views import pixel_mm

    assert pixel_mm(a_case.series["T1"], "Sagittal") == pytest.approx(0.7)
    assert pixel_mm(a_case.series["T1"], "Axial") == pytest.approx(4.0)
    assert pixel_mm(a_case.series["T2"], "Axial") == pytest.approx(0.6)


def test_a_view_is_turned_into_oblique_slices(slicer_api: Any, qt_libraries: None) -> None:
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn() as running:
        import slicer
        from PainGeneratorLib.Gui import slice_views
        from PainGeneratorLib.Gui.layouts import READ_BACK, register_layouts
        from PainGeneratorLib.Gui.reading_views import Shown, tilt_degrees

        register_layouts()
        slicer.app.layoutManager().setLayout(READ_BACK)
        angle = np.radians(12.0)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        oblique = volume(running, "T1", turn @ SAGITTAL, (20, 300, 200))
        straight = volume(running, "straight", SAGITTAL, (20, 300, 200))
        assert tilt_degrees(oblique, "Sagittal") == pytest.approx(12.0)
        slice_views.turn_into_slices(Shown(series={"T1": oblique}))
        for name in ("Yellow", "T1Sagittal", "FluidSagittal"):
            matrix = slicer.util.arrayFromVTKMatrix(running.manager.slices[name].mrmlSliceNode().GetSliceToRAS())
            assert abs(matrix[:3, 2] @ turn[:, 0]) == pytest.approx(1.0, abs=1e-6), name
        slice_views.turn_into_slices(Shown(series={"T1": straight}))
        assert running.manager.slices["Yellow"].mrmlSliceNode().GetOrientation() == "Sagittal"
        slice_views.turn_into_slices(Shown(series={"T1": oblique}))
        slice_views.turn_back()
        assert running.manager.slices["Yellow"].mrmlSliceNode().GetOrientation() == "Sagittal"
