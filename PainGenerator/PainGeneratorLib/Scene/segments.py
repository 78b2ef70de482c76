"""Regions as segmentation nodes, and back.

All segments that do not overlap share one label map (a "layer"), so that sixty segments are written as quickly as one.
A segment's numbers, status and origin are stored as segment tags (:data:`TAG_PREFIX`), which the files ``.seg.nrrd``
and ``.mrb`` keep.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Region
from .common_grid import region_on_grid
from .nodes import array_to_vtk, matrix_from_vtk, matrix_to_vtk, matrix_to_world, volume_array

TAG_PREFIX = "PainGenerator."
"""Our tags on segments: ``PainGenerator.Id``, ``PainGenerator.Status``, ..."""

FINGERPRINT_TAG = "PainGenerator.Fingerprint"
"""Tag with the fingerprint of the voxels as written; another one means that the segment was redrawn since."""

TAG_NAMES_TAG = "PainGenerator.Tags"
"""Tag that lists the names of our tags, joined by spaces."""

BINARY_LABELMAP = "Binary labelmap"
"""Slicer's name of the representation."""

SAME_GRID_SLACK_VOXELS = 0.01
"""Largest distance, in voxels, between the voxels of a label map and those of the reference grid at which the label
map lies on that grid (upper bound; our estimate, far above rounding)."""


@dataclass(frozen=True, eq=False)
class Segment:
    """A region with what a segmentation says about it.

    Parameters
    ----------
    id : str
        Unique in its segmentation.
    name : str
        As shown.
    region : Region
        In the world (RAS).
    color : tuple of float
        Red, green, blue, 0 to 1.
    terminology : str
        Slicer's terminology entry, empty for Slicer's default ("Tissue");
        see :func:`.Anatomy.codes.terminology_entry`.
    tags : dict of str to str
        Further tags; names without spaces; those of this program begin with :data:`TAG_PREFIX`.
    """

    id: str
    name: str
    region: Region
    color: tuple[float, float, float] = (0.9, 0.6, 0.1)
    terminology: str = ""
    tags: dict[str, str] = field(default_factory=dict)


def fingerprint(region: Region) -> str:
    """Short text that differs when the voxels (k, j, i) of two regions differ; where the grid lies has no effect."""
    kji = np.stack(np.unravel_index(region.flat, region.geometry.shape), axis=-1).astype(np.int32)
    return f"{len(region)}:{zlib.crc32(kji.tobytes()):08x}"


def write_segmentation(
    scene: Any,
    name: str,
    segments: Sequence[Segment],
    geometry: Geometry,
    *,
    node: Any = None,
    reference_volume: Any = None,
) -> tuple[Any, list[str]]:
    """Put regions into the scene as one segmentation on one grid.

    Parameters
    ----------
    scene : vtkMRMLScene
    name : str
    segments : sequence of Segment
        Regions on other grids are brought to `geometry`.
    geometry : Geometry
        Grid of the label maps, world RAS.
    node : vtkMRMLSegmentationNode, optional
        Emptied and filled instead of a new one.
    reference_volume : vtkMRMLScalarVolumeNode, optional
        Named as the volume that the segmentation belongs to.

    Returns
    -------
    node : vtkMRMLSegmentationNode
    warnings : list of str
        Segments that lie outside the grid and are therefore empty.
    """
    if len({segment.id for segment in segments}) != len(segments):
        raise ValueError("segment ids must be unique")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name) if node is None else node
    node.SetName(name)
    segmentation = node.GetSegmentation()
    _empty(segmentation)
    segmentation.SetSourceRepresentationName(BINARY_LABELMAP)
    _set_reference(node, geometry, reference_volume)
    regions = [region_on_grid(segment.region, geometry) for segment in segments]
    warnings = [
        f"{segment.name} lies outside the grid of {name}: its segment is empty."
        for segment, region in zip(segments, regions, strict=True)
        if len(segment.region) and not len(region)
    ]
    layers, places = _layers(regions, geometry)
    images = [_oriented_image(layer, geometry) for layer in layers]
    for segment, region, (layer, label) in zip(segments, regions, places, strict=True):
        made = _new_segment(segment, region)
        made.AddRepresentation(BINARY_LABELMAP, images[layer])
        made.SetLabelValue(label)
        if not segmentation.AddSegment(made, segment.id):
            raise ValueError(f"segment {segment.id} could not be added")
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    return node, warnings


def _empty(segmentation: Any) -> None:
    """Remove all segments."""
    for segment_id in segmentation.GetSegmentIDs():
        # Without this, removing a segment erases it voxel by voxel from the label map that it shares.
        segmentation.GetSegment(segment_id).RemoveAllRepresentations()
    segmentation.RemoveAllSegments()


def _new_segment(segment: Segment, region: Region) -> Any:
    """A vtkSegment with name, color, codes and tags, without voxels; `region` is the outline that it will get."""
    import slicer

    made = slicer.vtkSegment()
    made.SetName(segment.name)
    made.SetColor(*segment.color)
    made.SetColorAutoGenerated(False)
    made.SetNameAutoGenerated(False)
    if segment.terminology:
        made.SetTerminology(segment.terminology)
    made.SetTag(FINGERPRINT_TAG, fingerprint(region))
    segment_facts(made, segment)
    return made


def segment_facts(made: Any, segment: Segment) -> None:
    """Write the tags of a segment on a vtkSegment, in place of those it had; the fingerprint stays."""
    former = (segment_tag(made, TAG_NAMES_TAG) or "").split()
    for key in former:
        if key not in segment.tags and key != FINGERPRINT_TAG:
            made.RemoveTag(key)
    names = [*(key for key in segment.tags if key != FINGERPRINT_TAG), FINGERPRINT_TAG]
    for key, value in {**segment.tags, TAG_NAMES_TAG: " ".join(names)}.items():
        if key != FINGERPRINT_TAG and segment_tag(made, key) != value:
            made.SetTag(key, _escaped(value))


def _layers(regions: Sequence[Region], geometry: Geometry) -> tuple[list[np.ndarray], list[tuple[int, int]]]:
    """Paint regions into as few label maps as their overlaps allow; (layer, label) of each region."""
    dtype = np.uint8 if len(regions) <= 255 else np.uint16
    layers: list[np.ndarray] = []
    places: list[tuple[int, int]] = []
    for region in regions:
        free = (index for index, layer in enumerate(layers) if not layer[region.flat].any())
        index = next(free, len(layers))
        if index == len(layers):
            layers.append(np.zeros(geometry.size, dtype=dtype))
        label = 1 + len([place for place in places if place[0] == index])
        layers[index][region.flat] = label
        places.append((index, label))
    return [layer.reshape(geometry.shape) for layer in layers], places


def _oriented_image(layer: np.ndarray, geometry: Geometry) -> Any:
    import slicer

    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(array_to_vtk(layer))
    image.SetImageToWorldMatrix(matrix_to_vtk(geometry.ijk_to_ras))
    return image


def _set_reference(node: Any, geometry: Geometry, volume: Any) -> None:
    import slicer
    import vtk

    # SerializeImageGeometry asks only for the extent and the matrix: no voxels are needed.
    blank = vtk.vtkImageData()
    blank.SetDimensions(*geometry.shape[::-1])
    converter = slicer.vtkSegmentationConverter
    text = converter.SerializeImageGeometry(matrix_to_vtk(geometry.ijk_to_ras), blank)
    node.GetSegmentation().SetConversionParameter(converter.GetReferenceImageGeometryParameterName(), text)
    if volume is not None:
        node.SetNodeReferenceID(node.GetReferenceImageGeometryReferenceRole(), volume.GetID())


def reference_geometry(node: Any) -> Geometry | None:
    """The grid a segmentation belongs to, in its own frame; None when it names none."""
    import slicer

    converter = slicer.vtkSegmentationConverter
    text = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    if not text:
        return None
    image = slicer.vtkOrientedImageData()
    if not converter.DeserializeImageGeometry(text, image, False):
        raise ValueError(f"{node.GetName()} has an unreadable reference geometry")
    return image_geometry(image)


def image_geometry(image: Any) -> Geometry:
    """Grid of a vtkOrientedImageData; its first voxel is the first of its extent."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    extent = image.GetExtent()
    shape = tuple(extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0))
    full = Geometry((1, 1, 1), matrix_from_vtk(matrix))
    return full.cropped((extent[4], extent[2], extent[0]), shape)


def read_segmentation(node: Any) -> list[Segment]:
    """The segments of a segmentation node, in its order.

    A linear parent transform is honored. Each region lies on the segmentation's reference grid where the label map
    does, whatever extent Slicer stored.

    Returns
    -------
    list of Segment

    Raises
    ------
    PainGeneratorError
        When the node lies under a non-linear transform.
    """
    to_world = _to_world(node)
    reference = reference_geometry(node)
    segmentation = node.GetSegmentation()
    found: dict[int, tuple[Geometry, dict[int, np.ndarray]]] = {}
    result = []
    for segment_id in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(segment_id)
        image = segment.GetRepresentation(BINARY_LABELMAP)
        if image is None or 0 in image.GetDimensions():
            geometry = reference or Geometry((1, 1, 1), np.eye(4))
            flat = np.empty(0, dtype=np.int64)
        else:
            layer = segmentation.GetLayerIndex(segment_id)
            if layer not in found:
                found[layer] = _labels_of(image, reference)
            geometry, labels = found[layer]
            flat = labels.get(int(segment.GetLabelValue()), np.empty(0, dtype=np.int64))
        result.append(_segment_of(segment_id, segment, Region(geometry.moved(to_world), flat)))
    return result


def read_segment(node: Any, segment_id: str) -> Segment | None:
    """One segment, without looking at the others; None when there is none of that id.

    Raises
    ------
    PainGeneratorError
        When the node lies under a non-linear transform.
    """
    segment = node.GetSegmentation().GetSegment(segment_id)
    if segment is None:
        return None
    reference = reference_geometry(node)
    image = segment.GetRepresentation(BINARY_LABELMAP)
    if image is None or 0 in image.GetDimensions():
        geometry = reference or Geometry((1, 1, 1), np.eye(4))
        flat = np.empty(0, dtype=np.int64)
    else:
        geometry, labels = _labels_of(image, reference, int(segment.GetLabelValue()))
        flat = labels.get(int(segment.GetLabelValue()), np.empty(0, dtype=np.int64))
    return _segment_of(segment_id, segment, Region(geometry.moved(_to_world(node)), flat))


def _to_world(node: Any) -> np.ndarray:
    parent = node.GetParentTransformNode()
    if parent is not None and not parent.IsTransformToWorldLinear():
        raise PainGeneratorError(
            f"{node.GetName()} lies under the non-linear transform {parent.GetName()}.",
            "Harden the transform, or take the segmentation out of it.",
        )
    return matrix_to_world(parent)


def _segment_of(segment_id: str, segment: Any, region: Region) -> Segment:
    terminology = segment.GetTerminology() or ""
    return Segment(segment_id, segment.GetName(), region, tuple(segment.GetColor()), terminology, _tags(segment))


def _labels_of(
    image: Any, reference: Geometry | None, only: int | None = None
) -> tuple[Geometry, dict[int, np.ndarray]]:
    """Flat indices by label value, of all labels or of one, and the grid they count on."""
    geometry = image_geometry(image)
    array = volume_array(image)
    chosen = np.flatnonzero(array if only is None else array == only)
    kji = np.stack(np.unravel_index(chosen, array.shape))
    values = array.reshape(-1)[chosen]
    offset = offset_on(geometry, reference)
    if offset is not None and reference is not None:
        on_reference = kji + np.array(offset)[:, None]
        if np.all((on_reference >= 0) & (on_reference < np.array(reference.shape)[:, None])):
            kji, geometry = on_reference, reference
    flat = np.ravel_multi_index(tuple(kji), geometry.shape) if kji.size else np.empty(0, dtype=np.int64)
    order = np.argsort(values, kind="stable")
    labels, starts = np.unique(values[order], return_index=True)
    parts = np.split(flat[order], starts[1:]) if len(labels) else []
    return geometry, {int(label): part for label, part in zip(labels, parts, strict=True)}


def offset_on(geometry: Geometry, reference: Geometry | None) -> tuple[int, int, int] | None:
    """Array index (k, j, i) of the first voxel of a grid in the reference grid; None when it is another grid."""
    if reference is None:
        return None
    first = reference.to_ijk(geometry.to_ras(np.zeros(3)))
    last = reference.to_ijk(geometry.to_ras(np.array(geometry.shape[::-1]) - 1.0))
    whole = np.rint(first)
    expected = whole + np.array(geometry.shape[::-1]) - 1
    if max(np.abs(first - whole).max(), np.abs(last - expected).max()) > SAME_GRID_SLACK_VOXELS:
        return None
    i, j, k = (int(n) for n in whole)
    return k, j, i


def segment_tag(segment: Any, name: str) -> str | None:
    """The value of a tag of a vtkSegment, None when it has none of that name."""
    import vtk

    value = vtk.reference("")
    return unquote(str(value.get())) if segment.GetTag(name, value) else None


def _escaped(value: str) -> str:
    """Percent-encoding of the one character that separates tags in ``.seg.nrrd``, and of the percent sign."""
    return value.replace("%", "%25").replace("|", "%7C")


def _tags(segment: Any) -> dict[str, str]:
    # A segment cannot be asked for the names of its tags, so that they are listed in one.
    names = (segment_tag(segment, TAG_NAMES_TAG) or "").split()
    tags = {name: segment_tag(segment, name) for name in names}
    return {name: value for name, value in tags.items() if value is not None}
