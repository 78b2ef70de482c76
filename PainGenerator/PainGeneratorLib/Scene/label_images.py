"""An anatomy segmentation of the scene as one label image: from a segmentation node or a label map volume."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..Anatomy.slicer_segments import best_name, painting_order, terms_of_entry
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.regions import on_grid
from . import nodes
from .node_keys import KEY_ATTRIBUTE
from .segments import read_segmentation

LARGEST_LABEL = 65535
"""Largest label number that an anatomy may have: labels are stored as 16 bit numbers."""


def labels_of_node(node: Any) -> tuple[Image, dict[int, str]]:
    """Labels and their names, in the world.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode or vtkMRMLScalarVolumeNode

    Returns
    -------
    image : Image
        uint16; where segments overlap, the smallest one stays, so that an outline of the body hides nothing.
    names : dict of int to str
        Names of the segments, or of their terms where the names say nothing; empty for a volume, whose label numbers
        alone say what they are.

    Raises
    ------
    PainGeneratorError
        When it is empty, no label map, or lies under a non-linear transform.
    """
    if node.IsA("vtkMRMLSegmentationNode"):
        return _of_segmentation(node)
    if node.GetImageData() is None:
        raise PainGeneratorError(f"{node.GetName()} is empty.", "Choose an anatomy segmentation that holds labels.")
    parent = node.GetParentTransformNode()
    if parent is not None and not parent.IsTransformToWorldLinear():
        raise PainGeneratorError(
            f"{node.GetName()} lies under the non-linear transform {parent.GetName()}.",
            "Harden the transform, or take the label map out of it.",
        )
    image, _ = nodes.image_from_volume(node)
    array = image.array
    if array.min() < 0 or array.max() > LARGEST_LABEL or (array.dtype.kind == "f" and np.any(array % 1)):
        raise PainGeneratorError(
            f"{node.GetName()} is no label map: it holds values other than whole numbers from 0 to {LARGEST_LABEL}.",
            "Choose the segmentation, not the image.",
        )
    return Image(array.astype(np.uint16), image.geometry), {}


def _of_segmentation(node: Any) -> tuple[Image, dict[int, str]]:
    segments = [segment for segment in read_segmentation(node) if len(segment.region)]
    if not segments:
        raise PainGeneratorError(f"{node.GetName()} is empty.", "Choose an anatomy segmentation that holds segments.")
    geometry = max((segment.region.geometry for segment in segments), key=lambda g: g.size)
    labels = np.zeros(geometry.size, dtype=np.uint16)
    for index in painting_order([len(segment.region) for segment in segments]):
        labels[on_grid(segments[index].region, geometry).flat] = index + 1
    names = {
        number: best_name(segment.name, terms_of_entry(segment.terminology))
        for number, segment in enumerate(segments, start=1)
    }
    return Image(labels.reshape(geometry.shape), geometry), names


def anatomy_nodes(scene: Any) -> list[Any]:
    """The segmentations and label maps of a scene that may be an anatomy: shown in lists, and not of this program."""
    found = []
    for class_name in ("vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"):
        for index in range(scene.GetNumberOfNodesByClass(class_name)):
            node = scene.GetNthNodeByClass(index, class_name)
            if not node.GetHideFromEditors() and node.GetAttribute(KEY_ATTRIBUTE) is None:
                found.append(node)
    return found


def names_of_segments(node: Any) -> list[str]:
    """Names of the segments of a segmentation, or of their terms where the names say nothing."""
    segmentation = node.GetSegmentation()
    segments = [segmentation.GetNthSegment(index) for index in range(segmentation.GetNumberOfSegments())]
    return [best_name(one.GetName() or "", terms_of_entry(one.GetTerminology() or "")) for one in segments]


def overlap(first: Any, second: Any) -> bool:
    """Whether the boxes of two nodes with bounds in the world have a part in common."""
    bounds = []
    for node in (first, second):
        box = [0.0] * 6
        node.GetRASBounds(box)
        bounds.append(np.array(box).reshape(3, 2))
    low, high = np.maximum(*(box[:, 0] for box in bounds)), np.minimum(*(box[:, 1] for box in bounds))
    return bool((low < high).all())
