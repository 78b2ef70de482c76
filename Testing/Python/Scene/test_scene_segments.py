"""Regions as segments: shared layers, overlap, tags, files, one grid for all."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.codes import terminology_entry
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Place
from PainGeneratorLib.Scene.common_grid import common_grid, region_on_grid
from PainGeneratorLib.Scene.nodes import add_transform
from PainGeneratorLib.Scene.segment_files import load_seg_nrrd, save_seg_nrrd
from PainGeneratorLib.Scene.segment_layer import layer_changed, shared_layer
from PainGeneratorLib.Scene.segments import (
    FINGERPRINT_TAG,
    Segment,
    fingerprint,
    read_segmentation,
    reference_geometry,
    write_segmentation,
)
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


@pytest.fixture
def geometry():
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [9, -17, 28], degrees=True).as_matrix() @ np.diag([-2.0, -2.5, 3.0])
    matrix[:3, 3] = [31.25, -12.5, 7.75]
    return Geometry((11, 17, 23), matrix)


def block(geometry, first, size):
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[tuple(slice(f, f + s) for f, s in zip(first, size, strict=True))] = True
    return Region.from_mask(mask, geometry)


@pytest.fixture
def segments(geometry):
    entry = terminology_entry("oedema", Place("Sacroiliac joint left", "sacroiliac joint", "left"))
    tags = {"PainGenerator.Id": "c-1", "PainGenerator.Comment": 'painful | 50 %, "äöü" <&>\nsecond line: \\n ~'}
    return [
        Segment(
            "a", "1 Bandscheibe L4/L5 (größer)", block(geometry, (1, 2, 3), (2, 3, 4)), (0.9, 0.1, 0.2), entry, tags
        ),
        Segment("b", "2 facet", block(geometry, (5, 2, 3), (1, 1, 1)), (0.1, 0.8, 0.2)),
        Segment("c", "3 edge", block(geometry, (10, 16, 20), (1, 1, 3)), (0.1, 0.2, 0.7)),
    ]


def assert_same(found, expected):
    assert [s.id for s in found] == [s.id for s in expected]
    for new, old in zip(found, expected, strict=True):
        assert new.name == old.name
        assert new.color == pytest.approx(old.color, abs=1e-5)
        assert new.terminology == old.terminology or not old.terminology
        assert {k: v for k, v in new.tags.items() if k != FINGERPRINT_TAG} == old.tags
        assert new.region.geometry.is_same_grid(old.region.geometry)
        assert np.array_equal(new.region.flat, old.region.flat)


def test_segments_come_back_with_all_they_had(scene, segments, geometry):
    node, warnings = write_segmentation(scene, "Foci", segments, geometry)
    assert warnings == []
    assert_same(read_segmentation(node), segments)


def test_segments_that_do_not_overlap_share_one_label_map(scene, segments, geometry):
    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    assert node.GetSegmentation().GetNumberOfLayers() == 1
    labels, grid, values = shared_layer(node)
    assert grid.is_same_grid(geometry)
    assert values == {"a": 1, "b": 2, "c": 3}
    assert (labels == 1).sum() == 24
    assert labels[5, 2, 3] == 2


def test_overlapping_segments_keep_all_their_voxels_in_two_layers(scene, segments, geometry, tmp_path):
    overlapping = [*segments, Segment("d", "over a", block(geometry, (2, 3, 3), (3, 3, 3)))]
    node, _ = write_segmentation(scene, "Foci", overlapping, geometry)
    assert node.GetSegmentation().GetNumberOfLayers() == 2
    assert_same(read_segmentation(node), overlapping)
    save_seg_nrrd(node, tmp_path / "two.seg.nrrd")
    assert_same(read_segmentation(load_seg_nrrd(scene, tmp_path / "two.seg.nrrd")), overlapping)


def test_more_segments_than_a_byte_can_number_are_kept_apart(scene):
    geometry = Geometry((1, 20, 20), np.diag([1.0, 2.0, 3.0, 1.0]))
    many = [Segment(f"s{n}", f"s{n}", Region(geometry, np.array([n]))) for n in range(300)]
    node, _ = write_segmentation(scene, "Many", many, geometry)
    assert [int(s.region.flat[0]) for s in read_segmentation(node)] == list(range(300))


def test_a_seg_nrrd_opens_in_simpleitk_at_the_right_place_with_the_right_labels(scene, segments, geometry, tmp_path):
    import SimpleITK

    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    path = tmp_path / "foci.seg.nrrd"
    save_seg_nrrd(node, path)
    image = SimpleITK.ReadImage(str(path))
    array = SimpleITK.GetArrayFromImage(image)
    assert {int(n): int((array == n).sum()) for n in np.unique(array)} == {0: array.size - 28, 1: 24, 2: 1, 3: 3}
    k, j, i = np.argwhere(array == 2)[0]
    lps = image.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
    ras = geometry.to_ras(np.array([3.0, 2.0, 5.0]))
    assert lps == pytest.approx((-ras[0], -ras[1], ras[2]), abs=1e-6)
    assert image.GetMetaData("Segment0_Name") == "1 Bandscheibe L4/L5 (größer)"


def test_a_seg_nrrd_comes_back_with_names_tags_colors_and_voxels(scene, segments, geometry, tmp_path):
    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    save_seg_nrrd(node, tmp_path / "foci.seg.nrrd")
    back = load_seg_nrrd(scene, tmp_path / "foci.seg.nrrd")
    assert back.GetName() == "foci"
    assert_same(read_segmentation(back), segments)
    assert reference_geometry(back).is_same_grid(geometry)


def test_files_that_are_missing_or_no_segmentation_are_refused(host, tmp_path):
    with pytest.raises(PainGeneratorError, match="no file"):
        load_seg_nrrd(host.scene, tmp_path / "missing.seg.nrrd")
    (tmp_path / "broken.seg.nrrd").write_text("NRRD0004\nnot really")
    count = host.scene.GetNumberOfNodes()
    with pytest.raises(PainGeneratorError, match="could not be read"):
        load_seg_nrrd(host.scene, tmp_path / "broken.seg.nrrd")
    assert host.scene.GetNumberOfNodes() == count
    node, _ = write_segmentation(host.scene, "none", [], Geometry((2, 2, 2), np.eye(4)))
    with pytest.raises(PainGeneratorError, match="written"):
        save_seg_nrrd(node, tmp_path / "missing" / "foci.seg.nrrd")
    host.discard_errors()


def test_a_short_file_is_not_left_behind(host, segments, geometry, tmp_path, monkeypatch):
    from PainGeneratorLib.Scene import segment_files

    node, _ = write_segmentation(host.scene, "Foci", segments, geometry)
    monkeypatch.setattr(segment_files, "_is_whole", lambda path: False)
    with pytest.raises(PainGeneratorError, match="could not be written"):
        save_seg_nrrd(node, tmp_path / "foci.seg.nrrd")
    assert list(tmp_path.iterdir()) == []


def test_a_label_map_that_slicer_has_cropped_still_counts_on_the_reference_grid(scene, segments, geometry):
    import slicer

    node, _ = write_segmentation(scene, "Foci", segments[:1], geometry)
    image = node.GetSegmentation().GetSegment("a").GetRepresentation("Binary labelmap")
    slicer.vtkOrientedImageDataResample.CopyImage(image, image, [2, 8, 1, 7, 0, 5])
    assert image.GetDimensions() == (7, 7, 6)
    assert_same(read_segmentation(node), segments[:1])


def test_a_label_map_on_another_grid_keeps_its_own(scene, segments, geometry):
    node, _ = write_segmentation(scene, "Foci", segments[:1], geometry)
    shifted = Geometry(
        geometry.shape,
        geometry.moved(np.array([[1, 0, 0, 0.7], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])).ijk_to_ras,
    )
    import slicer

    converter = slicer.vtkSegmentationConverter
    from PainGeneratorLib.Scene.nodes import matrix_to_vtk

    text = converter.SerializeImageGeometry(matrix_to_vtk(shifted.ijk_to_ras), [0, 22, 0, 16, 0, 10])
    node.GetSegmentation().SetConversionParameter(converter.GetReferenceImageGeometryParameterName(), text)
    assert_same(read_segmentation(node), segments[:1])
    node.GetSegmentation().SetConversionParameter(converter.GetReferenceImageGeometryParameterName(), "")
    assert reference_geometry(node) is None
    assert_same(read_segmentation(node), segments[:1])


def test_a_segment_drawn_beyond_the_reference_grid_is_not_cut(scene, segments, geometry):
    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    import slicer

    small = geometry.cropped((0, 0, 0), (4, 17, 23))
    from PainGeneratorLib.Scene.nodes import matrix_to_vtk

    converter = slicer.vtkSegmentationConverter
    text = converter.SerializeImageGeometry(matrix_to_vtk(small.ijk_to_ras), [0, 22, 0, 16, 0, 3])
    node.GetSegmentation().SetConversionParameter(converter.GetReferenceImageGeometryParameterName(), text)
    assert_same(read_segmentation(node), segments)


def test_an_empty_segment_is_empty_not_an_error(scene, geometry):
    node, _ = write_segmentation(scene, "Foci", [], geometry)
    node.GetSegmentation().AddEmptySegment("new", "drawn by hand")
    (segment,) = read_segmentation(node)
    assert len(segment.region) == 0
    assert segment.region.geometry.is_same_grid(geometry)
    with pytest.raises(ValueError, match="no label map"):
        shared_layer(node)


def test_segments_follow_their_linear_parent_transform(scene, segments, geometry):
    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    move = np.array([[0, -1.0, 0, 5], [1, 0, 0, -3], [0, 0, 1, 2], [0, 0, 0, 1]])
    node.SetAndObserveTransformNodeID(add_transform(scene, move, "moved").GetID())
    found = read_segmentation(node)[1].region.points_ras[0]
    x, y, z = segments[1].region.points_ras[0]
    assert found == pytest.approx((5 - y, x - 3, z + 2), abs=1e-6)


def test_segments_under_a_warp_are_refused_with_advice(scene, segments, geometry):
    import vtk

    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    warp = scene.AddNewNodeByClass("vtkMRMLTransformNode", "bend")
    warp.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
    node.SetAndObserveTransformNodeID(warp.GetID())
    with pytest.raises(PainGeneratorError, match="Harden"):
        read_segmentation(node)


def test_the_shared_layer_is_changed_in_place(scene, segments, geometry):
    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    labels, _, values = shared_layer(node)
    labels[labels == values["a"]] = 0
    labels[9, 9, 9:12] = values["a"]
    layer_changed(node)
    found = {s.id: s.region for s in read_segmentation(node)}
    assert np.array_equal(found["a"].flat, block(geometry, (9, 9, 9), (1, 1, 3)).flat)
    assert np.array_equal(found["b"].flat, segments[1].region.flat)


def test_the_fingerprint_tells_a_redrawn_segment(segments, geometry):
    first = segments[0].region
    assert fingerprint(first) == fingerprint(Region(geometry, first.flat.copy()))
    assert fingerprint(first) != fingerprint(Region(geometry, first.flat[:-1]))
    assert fingerprint(first) != fingerprint(Region(geometry, first.flat + 1))


def test_equal_ids_are_refused(scene, segments, geometry):
    with pytest.raises(ValueError, match="unique"):
        write_segmentation(scene, "Foci", [segments[0], segments[0]], geometry)


def test_writing_again_replaces_the_segments_in_the_same_node(scene, segments, geometry):
    node, _ = write_segmentation(scene, "Foci", segments, geometry)
    again, _ = write_segmentation(scene, "Foci", segments[1:], geometry, node=node)
    assert again.GetID() == node.GetID()
    assert_same(read_segmentation(node), segments[1:])


def test_a_segment_outside_the_grid_is_named(scene, segments, geometry):
    far = Segment(
        "far",
        "far away",
        segments[0].region.moved(np.array([[1, 0, 0, 900.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])),
    )
    node, warnings = write_segmentation(scene, "Foci", [segments[0], far], geometry)
    assert len(warnings) == 1
    assert "far away" in warnings[0]
    assert [len(s.region) for s in read_segmentation(node)] == [24, 0]


def test_a_region_on_a_finer_grid_keeps_volume_and_place():
    coarse = Geometry((20, 20, 20), np.array([[-3.0, 0, 0, 30], [0, -4.0, 0, 40], [0, 0, 5.0, -50], [0, 0, 0, 1]]))
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", 20, degrees=True).as_matrix()
    fine = Geometry(
        (100, 120, 130),
        turn
        @ np.diag([1.0, 1.0, 1.0, 1])
        @ np.array([[1, 0, 0, -65.0], [0, 1, 0, -60], [0, 0, 1, -50], [0, 0, 0, 1]]),
    )
    region = block(coarse, (8, 8, 7), (5, 4, 6))
    moved = region_on_grid(region, fine)
    assert moved.volume_ml == pytest.approx(region.volume_ml, rel=0.12)
    assert moved.centroid_ras_mm == pytest.approx(region.centroid_ras_mm, abs=0.5)


def test_a_region_too_small_for_the_grid_is_not_lost():
    fine = Geometry((40, 40, 40), np.diag([0.5, 0.5, 0.5, 1.0]))
    coarse = Geometry((4, 4, 4), np.array([[5.0, 0, 0, 0.3], [0, 5, 0, 0.3], [0, 0, 5, 0.3], [0, 0, 0, 1]]))
    tiny = Region(fine, np.array([np.ravel_multi_index((5, 14, 22), fine.shape)]))
    found = region_on_grid(tiny, coarse)
    assert len(found) == 1
    assert np.abs(found.points_ras[0] - tiny.points_ras[0]).max() <= 2.5
    assert len(region_on_grid(Region(fine, np.empty(0, dtype=np.int64)), coarse)) == 0


def test_the_common_grid_is_fine_enough_and_holds_all_regions():
    pet = Geometry((30, 32, 32), np.array([[-4.7, 0, 0, 70], [0, -4.7, 0, 70], [0, 0, 3.3, -40], [0, 0, 0, 1]]))
    mr = Geometry((10, 100, 100), np.array([[-0.5, 0, 0, 20], [0, -0.5, 0, 20], [0, 0, 5.2, 40], [0, 0, 0, 1]]))
    on_pet, on_mr = block(pet, (3, 4, 5), (2, 2, 2)), block(mr, (6, 50, 10), (3, 20, 30))
    assert common_grid([], [on_pet]) is on_pet.geometry
    grid = common_grid([pet], [on_pet, on_mr])
    assert max(grid.spacing_mm) <= 2.5
    assert grid.contains(on_pet.points_ras).all()
    assert grid.contains(on_mr.points_ras).all()
    assert grid.contains(pet.corners_ras).all()
    # The small voxels nest in the large ones: an outline of the PET keeps its volume to the last voxel.
    moved = region_on_grid(on_pet, grid)
    assert moved.volume_ml == pytest.approx(on_pet.volume_ml, rel=1e-6)
    assert moved.centroid_ras_mm == pytest.approx(on_pet.centroid_ras_mm, abs=1e-6)
    with pytest.raises(ValueError, match="at least one"):
        common_grid([])
