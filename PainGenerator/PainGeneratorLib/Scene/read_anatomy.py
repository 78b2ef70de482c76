"""What the anatomy of the scene was like when the step Find read it, and whether it still is.

Labels are compared by name, volume and middle. A file keeps a segmentation on another grid than the scene, so that a
hash of its voxels would not be the same after it was saved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from .label_images import labels_of_node

SAME_VOLUME = 1e-3
"""Upper bound of the relative difference of two volumes that count as the same. Our estimate: one voxel of a structure
of a thousand."""
SAME_MIDDLE_MM = 0.05
"""Upper bound of the distance of two middles that count as the same, mm. Our estimate: files keep more digits."""

Record = dict[str, Any]
"""Plain values that are kept with the case: ``id`` and ``name`` of the node, and ``parts``: by name or number of each
label its volume in ml and its middle, R, A, S in mm."""


def anatomy_record(node: Any) -> Record:
    """What is kept of an anatomy that was read.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode or vtkMRMLScalarVolumeNode

    Raises
    ------
    PainGeneratorError
        When it cannot be read.
    """
    image, names = labels_of_node(node)
    flat = np.flatnonzero(image.array)
    labels = image.array.reshape(-1)[flat]
    points = image.geometry.flat_to_ras(flat)
    counts = np.bincount(labels)
    sums = np.stack([np.bincount(labels, weights=axis) for axis in points.T], axis=-1)
    parts: dict[str, list[float]] = {}
    for number in np.flatnonzero(counts):
        name = f"{names.get(int(number), '')} {'' if names else int(number)}".strip()
        middle = sums[number] / counts[number]
        # Two segments may have one name.
        while name in parts:
            name += "+"
        parts[name] = [float(counts[number] * image.geometry.voxel_volume_ml), *(float(x) for x in middle)]
    return {"id": node.GetID(), "name": node.GetName(), "parts": parts}


def anatomy_stamp(node: Any) -> tuple[Any, ...]:
    """What is another one after an anatomy was changed; it costs nothing to look at."""
    parent = node.GetParentTransformNode()
    above = None if parent is None else (parent.GetID(), parent.GetTransformToWorldMTime())
    if node.IsA("vtkMRMLSegmentationNode"):
        return (node.GetSegmentation().GetMTime(), above)
    data = node.GetImageData()
    return (None if data is None else (data.GetMTime(), data.GetPointData().GetScalars().GetMTime()), above)


def is_same_anatomy(node: Any, record: Record) -> bool:
    """Whether an anatomy still is what was read; one that cannot be read any more is not."""
    try:
        now = anatomy_record(node)["parts"]
    except PainGeneratorError:
        return False
    before = record["parts"]
    if set(now) != set(before):
        return False
    if not now:
        return True
    ours, theirs = (np.array([parts[name] for name in before]) for parts in (now, before))
    is_as_large = np.abs(ours[:, 0] - theirs[:, 0]) <= SAME_VOLUME * theirs[:, 0]
    is_there = np.abs(ours[:, 1:] - theirs[:, 1:]).max(axis=1) <= SAME_MIDDLE_MM
    return bool((is_as_large & is_there).all())
