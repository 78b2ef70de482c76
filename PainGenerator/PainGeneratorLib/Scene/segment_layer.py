"""The label map that the segments of a segmentation share, changed in place.

Changing it takes less than a millisecond, however many segments it has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry
from .nodes import volume_array
from .segments import BINARY_LABELMAP, image_geometry


def shared_layer(node: Any) -> tuple[np.ndarray, Geometry, dict[str, int]]:
    """The first label map of a segmentation, which may be changed in place to redraw many segments quickly.

    After writing to the array call :func:`layer_changed`, once.

    Returns
    -------
    labels : ndarray, shape (k, j, i)
        View of the scene's memory.
    geometry : Geometry
        Of that array, in the segmentation's own frame.
    values : dict of str to int
        Label value of each segment of this layer by segment id.

    Raises
    ------
    ValueError
        When the segmentation has no segment with voxels.
    """
    segmentation = node.GetSegmentation()
    for segment_id in segmentation.GetSegmentIDs():
        image = segmentation.GetSegment(segment_id).GetRepresentation(BINARY_LABELMAP)
        if segmentation.GetLayerIndex(segment_id) == 0 and image is not None and 0 not in image.GetDimensions():
            values = {
                other: int(segmentation.GetSegment(other).GetLabelValue())
                for other in segmentation.GetSegmentIDs()
                if segmentation.GetLayerIndex(other) == 0
            }
            return volume_array(image), image_geometry(image), values
    raise ValueError(f"{node.GetName()} has no label map")


def layer_changed(node: Any) -> None:
    """Report to the scene that the array of :func:`shared_layer` was written to, and have it drawn.

    The label map tells only those who watch the voxels. The views draw a segmentation again when its node says that
    it was modified.
    """
    image = node.GetSegmentation().GetLayerDataObject(0)
    image.GetPointData().GetScalars().Modified()
    image.Modified()
    node.Modified()
