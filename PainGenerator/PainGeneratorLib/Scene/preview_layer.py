"""The live preview of hot spots: outlines that follow a slider, painted into the hot spots' segmentation in place.

Writing a segmentation anew takes tens of milliseconds, which is too slow for a slider. The segmentation is therefore
laid out once, with one segment for each focus that any setting could show. After that only the voxels of the label
map that all segments share are changed, which takes less than a millisecond.

Use::

    layer = PreviewLayer(scene, node, pet_grid_in_world, detector.n_foci, pet_volume)
    changed = layer.paint([spot.region for spot in hot_spots])  # again for each position of the slider

The preview is dropped by writing the segmentation as usual (:func:`.write_case.write_case`). The layer must not be
used after that: make a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Region
from .appearance import hot_spot_placeholders, hot_spot_segment_id
from .segment_layer import layer_changed, shared_layer
from .segments import write_segmentation

PREVIEW_ATTRIBUTE = "PainGenerator.Preview"
"""Attribute of a segmentation that shows a preview; a scene file keeps it."""

NO_VOXELS = np.empty(0, dtype=np.int64)


def preview_is_shown(node: Any) -> bool:
    """True when a segmentation shows a preview and not what was found."""
    return node is not None and node.GetAttribute(PREVIEW_ATTRIBUTE) is not None


def end_preview(node: Any) -> None:
    """A segmentation shows again what was found: it was written anew."""
    if preview_is_shown(node):
        node.RemoveAttribute(PREVIEW_ATTRIBUTE)


class PreviewLayer:
    """A segmentation whose segments are repainted in place.

    Parameters
    ----------
    scene : vtkMRMLScene
    node : vtkMRMLSegmentationNode
        The segmentation of the hot spots. It is emptied, laid out anew and made visible.
    geometry : Geometry
        Grid of the regions that will be painted, world RAS: the grid of the PET where the alignment puts it.
    capacity : int
        How many regions will be painted at most; at least one segment is made.
    reference_volume : vtkMRMLScalarVolumeNode, optional
        The volume that the segmentation belongs to.
    """

    def __init__(self, scene: Any, node: Any, geometry: Geometry, capacity: int, reference_volume: Any = None) -> None:
        self._node, self._geometry = node, geometry
        # A segment without voxels has no place in the shared label map, so each gets one voxel to begin with.
        places = [Region(geometry, np.array([index], dtype=np.int64)) for index in range(max(capacity, 1))]
        write_segmentation(
            scene,
            node.GetName(),
            hot_spot_placeholders(places),
            geometry,
            node=node,
            reference_volume=reference_volume,
        )
        node.GetDisplayNode().SetVisibility(True)
        node.SetAttribute(PREVIEW_ATTRIBUTE, "1")
        self._painted = [place.flat for place in places]

    def can_hold(self, count: int) -> bool:
        """True when the segmentation still has segments for so many regions."""
        return bool(self._node.GetSegmentation().GetNumberOfSegments() >= count)

    def paint(self, regions: Sequence[Region]) -> Region:
        """Show regions in place of those that were painted before.

        Parameters
        ----------
        regions : sequence of Region
            On the grid of the layer, hottest first; the first region gets segment 1. Where two regions overlap, the
            hotter one is whole.

        Returns
        -------
        Region
            The voxels that look different now; only the slices through them have to be drawn again.

        Raises
        ------
        KeyError
            When there are more regions than segments; ask :meth:`can_hold` first.
        """
        labels, _, values = shared_layer(self._node)
        chosen = [values[hot_spot_segment_id(number)] for number in range(1, len(regions) + 1)]
        flat_labels = labels.reshape(-1)
        wanted = [region.flat for region in regions]
        touched = [np.concatenate([*flats, NO_VOXELS]) for flats in (self._painted, wanted)]
        before = [flat_labels[flats] for flats in touched]
        for flat in self._painted:
            flat_labels[flat] = 0
        self._painted = wanted
        # The hottest one is painted last, so that it covers the others.
        for value, flat in reversed(list(zip(chosen, self._painted, strict=True))):
            flat_labels[flat] = value
        layer_changed(self._node)
        differing = [flats[flat_labels[flats] != values] for flats, values in zip(touched, before, strict=True)]
        return Region(self._geometry, np.unique(np.concatenate(differing)))
