"""The PET over the MR: its colors fade in, its outlines are seen on them, and it stands beside in inverted gray."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.scene

MAXIMUM = 4.0
"""SUV of the hottest color."""
START, END = 1.0, 2.0
"""The colors fade in between these SUV."""
MAPS = ("PET-Heat", "InvertedGrey", "PET-DICOM", "PET-HotMetalBlue", "PET-Rainbow")
CLEARLY_APART = 30.0
"""Lower bound of the distance of two colors in CIELAB. Our estimate: 2 can just be told apart side by side."""


def add_volume(name: str, array: np.ndarray) -> Any:
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, array.astype(np.float32))
    node.CreateDefaultDisplayNodes()
    return node


@pytest.fixture
def a_pet(stand_in: Any) -> Any:
    """SUV 0 to 4 from right to left, over an even MR of half brightness."""
    import slicer

    pet = add_volume("PET", np.tile(np.linspace(0.0, MAXIMUM, 81), (40, 40, 1)))
    mr = add_volume("MR", np.full((40, 40, 81), 100.0))
    mr.GetDisplayNode().SetAutoWindowLevel(False)
    mr.GetDisplayNode().SetWindowLevelMinMax(0.0, 200.0)
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        composite.SetBackgroundVolumeID(mr.GetID())
        composite.SetForegroundVolumeID(pet.GetID())
        composite.SetForegroundOpacity(1.0)
    slicer.util.resetSliceViews()
    return pet


def color_at(stand_in: Any, suv: float) -> np.ndarray:
    """What the axial view shows where the PET has an SUV; red, green, blue, 0 to 255."""
    import slicer
    from gui_walk_case import pixels_of

    slicer.app.processEvents()
    view = stand_in.manager.slices["Red"].view
    x, y, _ = view.convertRASToXYZ((suv / MAXIMUM * 80.0, 20.0, 20.0))
    picture = pixels_of(view)
    found: np.ndarray = picture[picture.shape[0] - 1 - round(y), round(x)].astype(int)
    return found


def fade(stand_in: Any, pet: Any, base: str = "PET-Heat", maximum: float = MAXIMUM) -> None:
    from PainGeneratorLib.Gui import pet_colors

    pet_colors.set_display(pet, maximum, pet_colors.faded_colors(base, maximum, START, END))
    for widget in stand_in.manager.slices.values():
        assert pet_colors.draw_half_clear(widget.logic)


def test_colors_are_clear_below_the_reference_and_opaque_above_twice_of_it() -> None:
    from PainGeneratorLib.Gui.pet_colors import COLORS, faded_opacity

    suv = np.linspace(0.0, 6.0, COLORS)
    opacity = faded_opacity(6.0, 1.5, 3.0)
    assert not opacity[suv <= 1.5].any()
    assert (opacity[suv >= 3.0] == 1.0).all()
    assert np.all(np.diff(opacity) >= 0)
    assert set(faded_opacity(6.0, 2.0, 2.0)) == {0.0, 1.0}


@pytest.mark.parametrize("base", MAPS)
def test_the_mr_is_seen_where_the_uptake_is_low(stand_in: Any, a_pet: Any, base: str) -> None:
    from PainGeneratorLib.Gui import pet_colors

    fade(stand_in, a_pet, base)
    gray = color_at(stand_in, 0.5)
    assert np.ptp(gray) <= 2
    assert abs(int(gray[0]) - 127) <= 3
    colors = pet_colors.base_colors(pet_colors.color_node(base))
    for suv, share in ((1.5, 0.5), (3.0, 1.0)):
        hot = 255 * colors[round(suv / MAXIMUM * 255)]
        # The picture itself is half clear over black there (see draw_half_clear).
        wanted = (share * hot + (1 - share) * 127) * (share**2 + 1 - share)
        assert np.abs(color_at(stand_in, suv) - wanted).max() < 16, (suv, color_at(stand_in, suv), wanted)


def test_the_fading_stays_at_its_suv_when_the_window_changes(stand_in: Any, a_pet: Any) -> None:
    fade(stand_in, a_pet)
    half = color_at(stand_in, 1.5)
    fade(stand_in, a_pet, maximum=15.0)
    assert np.abs(color_at(stand_in, 0.9) - 127).max() <= 3
    assert np.abs(color_at(stand_in, 1.5) - 127).max() > 20
    fade(stand_in, a_pet)
    assert np.abs(color_at(stand_in, 1.5) - half).max() <= 2


def test_the_gray_copy_shares_the_voxels_and_is_not_saved(stand_in: Any, a_pet: Any, tmp_path: Any) -> None:
    import slicer
    from PainGeneratorLib.Gui import pet_colors
    from PainGeneratorLib.Scene.volumes_in_scene import case_volumes

    before = {node.GetID() for node in case_volumes(stand_in.scene)}
    copy = pet_colors.gray_copy(a_pet, MAXIMUM)
    assert copy.GetImageData() is a_pet.GetImageData()
    assert {node.GetID() for node in case_volumes(stand_in.scene)} == before, "it is no volume of a case"
    stand_in.manager.slices["Red"].mrmlSliceCompositeNode().SetForegroundVolumeID(None)
    stand_in.manager.slices["Red"].mrmlSliceCompositeNode().SetBackgroundVolumeID(copy.GetID())
    low, high = color_at(stand_in, 0.2), color_at(stand_in, 3.8)
    assert low.min() > 230
    assert high.max() < 25
    fade(stand_in, a_pet)
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert [node.GetName() for node in case_volumes(stand_in.scene)] == ["PET", "MR"]
    assert pet_colors.gray_copy_now() is None
    table = slicer.util.getNode("PET").GetDisplayNode().GetColorNode().GetLookupTable()
    assert table.GetTableValue(40)[3] == 0.0
    assert table.GetTableValue(200)[3] == 1.0


def lab(color: Any) -> np.ndarray:
    """Colors, red, green and blue from 0 to 1 along the last axis, in CIELAB (D65)."""
    rgb = np.asarray(color, dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


@pytest.mark.parametrize("base", MAPS)
def test_no_color_map_holds_the_color_of_an_outline(stand_in: Any, base: str) -> None:
    from PainGeneratorLib.Gui import pet_colors
    from PainGeneratorLib.Scene.appearance import EVIDENCE_COLORS

    colors = lab(pet_colors.base_colors(pet_colors.color_node(base)))
    for evidence, color in EVIDENCE_COLORS.items():
        assert np.linalg.norm(colors - lab(color), axis=1).min() >= CLEARLY_APART, evidence
    for one, other in itertools.combinations(EVIDENCE_COLORS.values(), 2):
        assert np.linalg.norm(lab(one) - lab(other)) >= CLEARLY_APART


def test_the_panel_offers_the_color_maps_that_outlines_were_chosen_for(stand_in: Any) -> None:
    from PainGeneratorLib.Gui.parameter_node import ColorMap

    assert {color_map.value for color_map in ColorMap} == set(MAPS)


def write_again(node: Any) -> None:
    """Take the segment away and add it again."""
    segment = node.GetSegmentation().GetSegment("a")
    node.GetSegmentation().RemoveSegment("a")
    node.GetSegmentation().AddSegment(segment, "a")


def test_a_halo_lies_outside_the_outline_and_follows_it(stand_in: Any, a_pet: Any, tmp_path: Any) -> None:
    import slicer
    from gui_walk_case import pixels_of
    from PainGeneratorLib.Gui.outline_halo import OutlineHalo

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "candidates")
    node.CreateDefaultDisplayNodes()
    segment = node.GetSegmentation().AddEmptySegment("a", "a", (0.0, 1.0, 0.0))
    mask = np.zeros((40, 40, 81), dtype=np.uint8)
    mask[10:30, 10:30, 20:60] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, segment, a_pet)
    node.GetDisplayNode().SetOpacity2DFill(0.0)
    halo = OutlineHalo()
    halo.show(node, 2)
    slicer.app.processEvents()
    view = stand_in.manager.slices["Red"].view
    view.node.JumpSliceByCentering(40.0, 20.0, 20.0)
    picture = pixels_of(view).astype(int)
    row = picture[picture.shape[0] // 2]
    is_green = (row[:, 1] > 200) & (row[:, 0] < 60) & (row[:, 2] < 60)
    is_dark = row.max(axis=1) < 20
    first, last = np.flatnonzero(is_green)[[0, -1]]
    assert is_green[first : first + 2].all()
    assert is_dark[first - 2 : first].all()
    assert is_dark[last + 1 : last + 3].all()
    for _again in range(4):
        # Segments that are written anew stay below the halo.
        write_again(node)
        halo.show(node, 2)
        again = pixels_of(view)[picture.shape[0] // 2]
        assert (again[first - 2 : first].max(axis=1) < 20).all()
    node.GetDisplayNode().SetVisibility(False)
    assert not (pixels_of(view)[picture.shape[0] // 2].max(axis=1) < 20)[first - 2 : last + 3].any()
    node.GetDisplayNode().SetVisibility(True)
    slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    halo.hide(2)
    assert [node.GetNthDisplayNode(index).GetVisibility() for index in range(2)] == [True, False]
    assert node.GetDisplayNode().GetSliceIntersectionThickness() == 2
    # Slicer's views would not bear a display that is taken away.
    write_again(node)
    slicer.app.processEvents()
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    loaded = slicer.util.getNode("candidates")
    assert [loaded.GetNthDisplayNode(index) is not None for index in range(loaded.GetNumberOfDisplayNodes())] == [True]


def row_of(name: str, median: float, status: str = "used") -> SimpleNamespace:
    return SimpleNamespace(name=name, median=median, status=status)


def test_the_reference_of_a_case_is_the_normal_tissue_with_the_most_uptake() -> None:
    from PainGeneratorLib.Session.reference_uptake import NEAR_FOCI, ReferenceUptake, reference_of

    rows = [row_of("marrow", 1.4), row_of("muscle", 0.6), row_of("disc", 0.8), row_of("blood", 1.9, "measured")]
    spots = [SimpleNamespace(reference=value) for value in (0.9, 1.1, None)]
    pet = SimpleNamespace(references=rows, hot_spots=spots, unclear=[], weak=[], typical_suv=0.6)
    assert reference_of(pet) == ReferenceUptake(1.4, "marrow")
    pet.references = [row_of("marrow", 9.0, "refused"), row_of("typical soft tissue", 0.6)]
    assert reference_of(pet) == ReferenceUptake(1.0, NEAR_FOCI)
    pet.hot_spots = []
    assert reference_of(pet) == ReferenceUptake(0.6, "typical soft tissue")
    pet.references, pet.typical_suv = [], float("nan")
    assert reference_of(pet) is None
