"""The module's layouts: known before a scene is loaded, never saved with one, and the user's own comes back."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.scene


@pytest.fixture
def a_closed_widget(stand_in: Any, project_folder: Path) -> Iterator[Any]:
    _module, widget = stand_in.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
    yield widget
    stand_in.leave(widget)
    widget.cleanup()


def shown_views(stand_in: Any) -> set[str]:
    import slicer

    slicer.app.processEvents()
    return {name for name, widget in stand_in.manager.slices.items() if widget.isVisible()}


def saved_layout(path: Path) -> int | None:
    """The number of the layout in a scene; None when it has none."""
    with zipfile.ZipFile(path) as bundle:
        (name,) = (entry for entry in bundle.namelist() if entry.endswith(".mrml"))
        found = re.search(r'currentViewArrangement="(\d+)"', bundle.read(name).decode())
    return None if found is None else int(found.group(1))


def test_the_layouts_are_known_when_slicer_has_started(a_closed_widget: Any) -> None:
    from PainGeneratorLib.Gui.layouts import OWN_LAYOUTS, layout_descriptions, layout_node

    assert set(layout_descriptions()) == OWN_LAYOUTS
    for layout in OWN_LAYOUTS:
        assert layout_node().IsLayoutDescription(layout)


def test_a_scene_saved_with_one_of_our_layouts_shows_its_views_in_a_fresh_slicer(
    slicer_api: Any, qt_libraries: None, project_folder: Path, tmp_path: Path
) -> None:
    from slicer_stand_in.installed import SlicerStandIn

    path = tmp_path / "old.mrb"
    with SlicerStandIn():
        import slicer
        from PainGeneratorLib.Gui.layouts import FUSED, register_layouts

        register_layouts()
        slicer.app.layoutManager().setLayout(FUSED)
        slicer.util.saveScene(str(path))
    assert saved_layout(path) == FUSED
    with SlicerStandIn() as running:
        import slicer

        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        slicer.util.loadScene(str(path))
        assert shown_views(running) == {"Red", "Yellow", "Green"}
        running.enter(widget)
        assert widget.panel.ui.layoutFusedButton.checked
        running.leave(widget)
        assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
        widget.cleanup()


@pytest.mark.parametrize("tells", [True, False])
def test_a_saved_scene_has_no_layout_that_only_we_know(
    stand_in: Any, a_closed_widget: Any, tmp_path: Path, tells: bool
) -> None:
    import slicer
    from PainGeneratorLib.Gui.layouts import OWN_LAYOUTS, READ_BACK

    stand_in.enter(a_closed_widget)
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    slicer.app.processEvents()
    a_closed_widget.panel.ui.layoutReadButton.click()
    views = shown_views(stand_in)
    assert {"FluidSagittal", "T1Sagittal", "Yellow", "Red", "PETAxial"} == views
    path = tmp_path / "ours.mrb"
    # Slicer's dialog tells that a scene is saved; writing it from a script does not.
    if tells:
        stand_in.scene.InvokeEvent(slicer.vtkMRMLScene.StartSaveEvent)
    slicer.util.saveScene(str(path))
    if tells:
        stand_in.scene.InvokeEvent(slicer.vtkMRMLScene.EndSaveEvent)
        assert saved_layout(path) == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    assert saved_layout(path) not in OWN_LAYOUTS
    assert slicer.app.layoutManager().layout == READ_BACK
    assert shown_views(stand_in) == views
    a_closed_widget.panel.ui.layoutFusedButton.click()
    assert shown_views(stand_in) == {"Red", "Yellow", "Green"}
    stand_in.leave(a_closed_widget)
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView


def test_a_scene_saved_by_us_shows_views_where_the_extension_is_missing(
    slicer_api: Any, qt_libraries: None, project_folder: Path, tmp_path: Path
) -> None:
    from slicer_stand_in.installed import SlicerStandIn

    path = tmp_path / "ours.mrb"
    with SlicerStandIn() as running:
        import slicer

        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        running.enter(widget)
        widget.panel.ui.layoutBesideButton.click()
        slicer.util.saveScene(str(path))
        running.leave(widget)
        widget.cleanup()
    with SlicerStandIn() as running:
        import slicer

        slicer.util.loadScene(str(path))
        assert shown_views(running) == {"Red", "Yellow", "Green"}


def test_the_marked_button_is_that_of_the_layout_shown(stand_in: Any, a_closed_widget: Any) -> None:
    import slicer

    ui = a_closed_widget.panel.ui
    names = ("layoutReadButton", "layoutFusedButton", "layoutBesideButton", "layoutMipButton", "layoutUserButton")
    stand_in.enter(a_closed_widget)
    for name in (*names, "layoutFusedButton"):
        getattr(ui, name).click()
        slicer.app.processEvents()
        assert [one for one in names if getattr(ui, one).checked] == [name]
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
    slicer.app.processEvents()
    assert ui.layoutUserButton.checked
    ui.layoutFusedButton.click()
    ui.layoutUserButton.click()
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView
    stand_in.leave(a_closed_widget)


def test_a_layout_that_came_without_its_description_gets_its_views(stand_in: Any) -> None:
    import slicer
    from PainGeneratorLib.Gui.layouts import BESIDE, Layouts, layout_node

    layout_node().SetViewArrangement(BESIDE)
    assert shown_views(stand_in) == set()
    layouts = Layouts()
    layouts.show(BESIDE)
    assert len(shown_views(stand_in)) == 6
    layouts.restore()
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView


def test_a_pet_that_does_not_fade_in_is_half_clear(stand_in: Any, a_closed_widget: Any) -> None:
    stand_in.enter(a_closed_widget)
    panel = a_closed_widget.panel
    assert panel.parameters.fusionOpacity == 1.0
    panel.ui.fadeCheck.click()
    assert not panel.parameters.fadePet
    assert panel.parameters.fusionOpacity == 0.5
    panel.ui.fadeCheck.click()
    assert panel.parameters.fusionOpacity == 1.0
    assert panel.views._opacity() == 0.5, "without SUV nothing fades in"
