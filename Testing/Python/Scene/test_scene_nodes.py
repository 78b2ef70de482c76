"""Volumes and transforms: geometry to the last digit, directions, parents, presets."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Scene import nodes
from scipy.spatial.transform import Rotation

pytestmark = pytest.mark.scene


@pytest.fixture(scope="module")
def host():
    with HeadlessHost() as host:
        yield host


@pytest.fixture
def scene(host):
    yield host.scene
    host.checkpoint("the test")


def matrix(angles, scale, origin):
    result = np.eye(4)
    result[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() @ np.diag(scale)
    result[:3, 3] = origin
    return result


@pytest.fixture
def oblique_image():
    geometry = Geometry((5, 7, 9), matrix([13, -21, 35], [-1.5, -2.5, 4.0], [12.25, -31.5, 77.125]))
    values = np.random.default_rng(3).normal(100, 20, geometry.shape).astype(np.float32)
    return Image(values, geometry)


def test_a_voxel_of_an_oblique_volume_lies_where_the_hand_calculation_says(scene):
    # i runs toward posterior, j toward superior, k toward right.
    ijk_to_ras = np.array([[0, 0, 3.0, 10], [-2.0, 0, 0, 20], [0, 1.5, 0, 30], [0, 0, 0, 1]])
    array = np.zeros((4, 5, 6), dtype=np.float32)
    array[3, 1, 2] = 42.0
    node = nodes.add_volume(scene, Image(array, Geometry(array.shape, ijk_to_ras)), "one voxel")
    import vtk

    to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(to_ras)
    assert node.GetImageData().GetScalarComponentAsDouble(2, 1, 3, 0) == 42.0
    assert to_ras.MultiplyPoint((2, 1, 3, 1))[:3] == pytest.approx((10 + 3 * 3, 20 - 2 * 2, 30 + 1.5 * 1), abs=1e-12)
    assert node.GetImageData().GetOrigin() == (0, 0, 0)
    assert node.GetImageData().GetSpacing() == (1, 1, 1)


def test_an_image_comes_back_from_its_node_to_the_last_digit(scene, oblique_image):
    node = nodes.add_volume(scene, oblique_image, "MR", "mr")
    back, warnings = nodes.image_from_volume(node)
    assert warnings == []
    assert np.array_equal(back.array, oblique_image.array)
    assert np.abs(back.geometry.ijk_to_ras - oblique_image.geometry.ijk_to_ras).max() < 1e-12


def test_a_later_change_of_the_array_does_not_change_the_scene(scene, oblique_image):
    node = nodes.add_volume(scene, oblique_image, "MR", "mr")
    before = float(nodes.volume_array(node.GetImageData())[2, 3, 4])
    oblique_image.array[2, 3, 4] += 1000
    assert float(nodes.volume_array(node.GetImageData())[2, 3, 4]) == before


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [(bool, np.uint8), (np.float64, np.float32), (np.int64, np.int32), (np.int16, np.int16), (np.uint8, np.uint8)],
)
def test_arrays_are_stored_in_a_type_that_slicer_can_show(scene, dtype, stored):
    array = (np.arange(24).reshape(2, 3, 4) % 2).astype(dtype)
    node = nodes.add_volume(scene, Image(array, Geometry(array.shape, np.eye(4))), "typed")
    back = nodes.volume_array(node.GetImageData())
    assert back.dtype == stored
    assert np.array_equal(back, array)


def test_whole_numbers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="32 bits"):
        nodes.array_to_vtk(np.full((1, 1, 1), 2**40, dtype=np.int64))


def test_the_suv_volume_is_coded_and_shown_with_a_fixed_window(scene, oblique_image):
    node = nodes.add_volume(scene, oblique_image, "SUV", "pet-fusion")
    assert node.GetVoxelValueQuantity().GetCodeValue() == "126401"
    assert node.GetVoxelValueUnits().GetCodeValue() == "g/ml{SUVbw}"
    assert node.GetVoxelValueUnits().GetCodingSchemeDesignator() == "UCUM"
    assert nodes.voxel_unit(node) == "g/ml{SUVbw}"
    display = node.GetDisplayNode()
    assert display.GetColorNode().GetName() == "PET-Heat"
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0.0, 5.0)
    nodes.set_preset(node, "pet-grey")
    assert display.GetColorNode().GetName() == "InvertedGrey"


def test_the_old_spelling_of_the_suv_unit_is_understood(scene, oblique_image):
    import slicer

    node = nodes.add_volume(scene, oblique_image, "SUV")
    assert nodes.voxel_unit(node) is None
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning("{SUVbw}g/ml", "UCUM", "old")
    node.SetVoxelValueUnits(entry)
    assert nodes.voxel_unit(node) == "g/ml{SUVbw}"


def test_the_window_of_an_mr_follows_its_tissue_not_its_air_or_its_outliers(scene):
    array = np.zeros((10, 20, 30), dtype=np.float32)
    array[2:, 5:] = np.linspace(200, 400, array[2:, 5:].size).reshape(array[2:, 5:].shape)
    array[3, 6, 7] = 1e6
    lower, upper = nodes.auto_window(array)
    assert 195 < lower < 215
    assert 380 < upper < 410
    assert nodes.auto_window(np.zeros((2, 2, 2))) == (0.0, 1.0)
    assert nodes.auto_window(np.full((2, 2, 2), 7.0)) == (0.0, 7.0)


def test_filling_a_volume_again_keeps_its_id_and_its_window(scene, oblique_image):
    node = nodes.add_volume(scene, oblique_image, "MR", "mr")
    node.GetDisplayNode().SetWindowLevelMinMax(3, 4)
    again = nodes.add_volume(scene, oblique_image, "MR 2", "mr", node=node)
    assert again.GetID() == node.GetID()
    assert node.GetName() == "MR 2"
    assert node.GetDisplayNode().GetWindowLevelMax() == 4


def test_a_series_under_the_inverse_of_its_alignment_lands_in_the_reference_frame(scene, oblique_image):
    reference_to_series = matrix([5, -3, 8], [1, 1, 1], [10, -4, 7])
    node = nodes.add_volume(scene, oblique_image, "PET")
    transform = nodes.add_transform(scene, np.linalg.inv(reference_to_series), "PET to reference")
    node.SetAndObserveTransformNodeID(transform.GetID())

    in_series = oblique_image.geometry.to_ras(np.array([4.0, 2.0, 3.0]))
    in_reference = (np.linalg.inv(reference_to_series) @ [*in_series, 1])[:3]
    world = [0.0, 0.0, 0.0]
    transform.GetTransformToParent().TransformPoint(in_series, world)
    assert world == pytest.approx(in_reference, abs=1e-9)

    image, warnings = nodes.image_from_volume(node)
    assert warnings == []
    assert image.geometry.to_ras(np.array([4.0, 2.0, 3.0])) == pytest.approx(in_reference, abs=1e-9)
    assert nodes.reference_to_series_ras(node) == pytest.approx(reference_to_series, abs=1e-9)


def test_linear_parents_of_parents_count(scene, oblique_image):
    inner, outer = matrix([5, 0, 0], [1, 1, 1], [1, 2, 3]), matrix([0, 0, 9], [1, 1, 1], [-4, 5, 6])
    node = nodes.add_volume(scene, oblique_image, "MR")
    first, second = nodes.add_transform(scene, inner, "inner"), nodes.add_transform(scene, outer, "outer")
    node.SetAndObserveTransformNodeID(first.GetID())
    first.SetAndObserveTransformNodeID(second.GetID())
    image, _ = nodes.image_from_volume(node)
    assert image.geometry.ijk_to_ras == pytest.approx(outer @ inner @ oblique_image.geometry.ijk_to_ras, abs=1e-9)


def grid_transform(scene, geometry, shift_of_slice):
    """A transform like Slicer's acquisition transform: each slice moved along the slice axis by its own amount."""
    import slicer
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    slices = geometry.shape[0]
    corners = np.zeros((slices, 2, 2, 3))
    normal = geometry.ijk_to_ras[:3, 2] / np.linalg.norm(geometry.ijk_to_ras[:3, 2])
    corners[:] = np.asarray(shift_of_slice)[:, None, None, None] * normal
    grid = slicer.vtkOrientedGridTransform()
    image = vtk.vtkImageData()
    image.SetDimensions(2, 2, slices)
    spacing = [(n - 1) * s for n, s in zip(geometry.shape[:0:-1], geometry.spacing_mm[:2], strict=True)]
    image.SetSpacing(*spacing, geometry.spacing_mm[2])
    image.SetOrigin(*geometry.ijk_to_ras[:3, 3])
    vectors = numpy_to_vtk(corners.reshape(-1, 3), deep=True)
    image.GetPointData().SetScalars(vectors)
    directions = np.eye(4)
    directions[:3, :3] = geometry.ijk_to_ras[:3, :3] / np.array(geometry.spacing_mm)
    grid.SetGridDirectionMatrix(nodes.matrix_to_vtk(directions))
    grid.SetDisplacementGridData(image)
    grid.SetInterpolationModeToLinear()
    node = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "PET acquisition transform")
    node.SetAndObserveTransformToParent(grid)
    return node


def test_a_volume_under_a_grid_transform_is_brought_to_a_regular_grid_with_a_warning(scene):
    geometry = Geometry((12, 6, 8), matrix([10, 5, -20], [2.0, 3.0, 4.0], [5, 6, 7]))
    # The value of a voxel is its slice number: its position is then readable from the image.
    values = np.broadcast_to(np.arange(12, dtype=np.float32)[:, None, None] * 10 + 5, geometry.shape)
    shift = np.linspace(0.0, 6.0, 12)  # mm along the slice axis: slices stretch from 4 mm to about 4.55 mm
    node = nodes.add_volume(scene, Image(np.array(values), geometry), "PET")
    node.SetAndObserveTransformNodeID(grid_transform(scene, geometry, shift).GetID())
    image, warnings = nodes.image_from_volume(node)
    assert len(warnings) == 1
    assert "PET acquisition transform" in warnings[0]
    assert image.geometry.spacing_mm == pytest.approx(geometry.spacing_mm)
    # 11 slices of 4 mm plus 6 mm of stretch need 13.5 slices.
    assert image.geometry.shape[0] == 14
    normal = geometry.ijk_to_ras[:3, 2] / 4.0
    inside = geometry.to_ras(np.array([3.0, 2.0, 0.0]))
    for position in (8.0, 22.0, 41.0):
        expected = 5 + 10 * np.interp(position, np.arange(12) * 4.0 + shift, np.arange(12))
        ijk = image.geometry.to_ijk(inside + position * normal)
        below = int(np.floor(ijk[2]))
        column = image.array[:, round(ijk[1]), round(ijk[0])]
        found = np.interp(ijk[2], [below, below + 1], column[below : below + 2])
        assert found == pytest.approx(expected, abs=0.3), position


def test_a_curved_transform_is_followed_within_the_slices_too(scene):
    import vtk

    geometry = Geometry((4, 48, 64), matrix([0, 0, 30], [2.0, 2.0, 5.0], [0, 0, 0]))
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij")[::-1], axis=-1)
    points = geometry.to_ras(ijk.astype(float))
    node = nodes.add_volume(scene, Image(points[..., 0].astype(np.float32), geometry), "R coordinate")
    spline = vtk.vtkThinPlateSplineTransform()
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    for corner in geometry.corners_ras:
        source.InsertNextPoint(corner)
        target.InsertNextPoint(corner)
    center = geometry.center_ras
    source.InsertNextPoint(center)
    target.InsertNextPoint(center + np.array([4.0, 0, 0]))
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    spline.SetBasisToR()
    warp = scene.AddNewNodeByClass("vtkMRMLTransformNode", "bend")
    warp.SetAndObserveTransformToParent(spline)
    node.SetAndObserveTransformNodeID(warp.GetID())
    image, warnings = nodes.image_from_volume(node)
    assert warnings
    nearest = np.rint(image.geometry.to_ijk(center)).astype(int)
    world = image.geometry.to_ras(nearest.astype(float))
    back = spline.GetInverse().TransformPoint(*world)
    assert image.array[tuple(nearest[::-1])] == pytest.approx(back[0], abs=0.2)


def test_volumes_without_voxels_are_refused(scene):
    with pytest.raises(ValueError, match="empty"):
        nodes.image_from_volume(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty"))


def test_only_a_linear_transform_has_a_matrix(scene, oblique_image):
    warp = grid_transform(scene, oblique_image.geometry, np.zeros(5))
    with pytest.raises(ValueError, match="not linear"):
        nodes.matrix_to_world(warp)


def test_slice_views_show_the_pet_half_over_the_reference(scene, oblique_image):
    reference = nodes.add_volume(scene, oblique_image, "T1", "mr")
    pet = nodes.add_volume(scene, oblique_image, "PET", "pet-fusion")
    nodes.set_slice_defaults(scene, reference, pet)
    nodes.set_slice_defaults(scene, reference, pet)
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    assert count == 3
    for index in range(count):
        composite = scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode")
        assert composite.GetBackgroundVolumeID() == reference.GetID()
        assert composite.GetForegroundVolumeID() == pet.GetID()
        assert composite.GetForegroundOpacity() == 0.5
