"""The candidates' segmentation, brought up to date after each change by the reader.

Names and colors are changed without touching voxels, and single outlines in place. The whole segmentation is written
anew only when its grid is too small or too coarse for the new outlines, or when many of them changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Region
from ..Numerics.core.records import Candidate
from . import appearance
from .common_grid import region_on_grid
from .nodes import array_to_vtk, matrix_to_vtk, volume_array
from .segments import (
    BINARY_LABELMAP,
    FINGERPRINT_TAG,
    Segment,
    fingerprint,
    image_geometry,
    offset_on,
    read_segment,
    read_segmentation,
    reference_geometry,
    segment_facts,
    write_segmentation,
)

SINGLE_OUTLINES = 3
"""Up to so many changed outlines (upper bound) are written one by one; when more changed, writing all of them together
is quicker. Our estimate, measured with 60 segments."""

FINER_PART = 0.75
"""An outline whose voxel edges are shorter than this fraction of the grid's (lower bound) needs a finer grid. Our
estimate: smaller differences cannot be seen in the views."""


def update_segments(
    scene: Any,
    node: Any,
    candidates: Sequence[Candidate],
    written: Mapping[str, Region],
    new_grid: Callable[[], Geometry],
    reference_volume: Any,
) -> Geometry:
    """Make a segmentation show a list of candidates.

    Parameters
    ----------
    scene : vtkMRMLScene
    node : vtkMRMLSegmentationNode
    candidates : sequence of Candidate
    written : mapping of str to Region
        By candidate id, the outlines that the segmentation shows now.
    new_grid : callable
        Gives the Geometry for a segmentation that is written anew.
    reference_volume : vtkMRMLScalarVolumeNode

    Returns
    -------
    Geometry
        The segmentation's grid.
    """
    segments = appearance.candidate_segments(candidates)
    segmentation = node.GetSegmentation()
    there = set(segmentation.GetSegmentIDs())
    changed = [s for s in segments if s.id not in there or written.get(s.id) is not s.region]
    gone = there - {segment.id for segment in segments}
    grid = reference_geometry(node)
    are_few = len(changed) + len(gone) <= SINGLE_OUTLINES
    if grid is None or not are_few or not all(_fits(segment.region, grid) for segment in changed):
        grid = new_grid()
        write_segmentation(scene, node.GetName(), segments, grid, node=node, reference_volume=reference_volume)
        return grid
    for segment_id in gone:
        segmentation.RemoveSegment(segment_id)
    for segment in changed:
        _set_outline(node, segment, grid)
    for segment in segments:
        _set_facts(segmentation.GetSegment(segment.id), segment)
    _set_order(segmentation, [segment.id for segment in segments])
    return grid


def outline_of(node: Any, segment_id: str) -> Region:
    """The voxels of one segment, in the world.

    Raises
    ------
    ValueError
        When there is no such segment.
    """
    found = read_segment(node, segment_id)
    if found is None:
        raise ValueError(f"{node.GetName()} has no segment {segment_id}")
    return found.region


def changed_outlines(node: Any, candidates: Sequence[Candidate]) -> dict[str, Region | None]:
    """The outlines that differ from those that were written, by candidate id; None where the segment is gone.

    A stroke of the Segment Editor takes voxels from the segments that it paints over: all have to be looked at.
    """
    drawn = {segment.id: segment for segment in read_segmentation(node)}
    found: dict[str, Region | None] = {}
    for candidate in candidates:
        segment = drawn.get(candidate.id)
        if segment is None:
            found[candidate.id] = None
        elif fingerprint(segment.region) != segment.tags.get(FINGERPRINT_TAG):
            found[candidate.id] = segment.region
    return found


def take_outline(node: Any, segment_id: str, region: Region) -> None:
    """Mark an outline drawn in the scene as known: it is the outline of the candidate from now on."""
    node.GetSegmentation().GetSegment(segment_id).SetTag(FINGERPRINT_TAG, fingerprint(region))


def _fits(region: Region, grid: Geometry) -> bool:
    """True when a region can be shown on a grid without losing detail or voxels."""
    if region.geometry.is_same_grid(grid):
        return True
    if min(region.geometry.spacing_mm) < FINER_PART * min(grid.spacing_mm):
        return False
    first, shape = region.box
    return bool(grid.contains(region.geometry.cropped(first, shape).corners_ras).all())


def _set_outline(node: Any, segment: Segment, grid: Geometry) -> None:
    import slicer

    segmentation = node.GetSegmentation()
    if segmentation.GetSegment(segment.id) is None:
        segmentation.AddEmptySegment(segment.id, segment.name, segment.color)
    region = region_on_grid(segment.region, grid)
    if _paint(segmentation.GetSegment(segment.id), region):
        take_outline(node, segment.id, region)
        return
    image = slicer.vtkOrientedImageData()
    box = region.box_mask()
    image.ShallowCopy(array_to_vtk(box.array.astype(np.uint8)))
    image.SetImageToWorldMatrix(matrix_to_vtk(box.geometry.ijk_to_ras))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    if not logic.SetBinaryLabelmapToSegment(image, node, segment.id, logic.MODE_REPLACE):
        raise ValueError(f"the outline of {segment.id} could not be written")
    take_outline(node, segment.id, region)


def _paint(made: Any, region: Region) -> bool:
    """Write an outline into the label map that its segment has; False when that is not possible.

    It is the quick way, and possible when the label map is large enough and the new voxels belong to no other segment.
    """
    image = made.GetRepresentation(BINARY_LABELMAP)
    if image is None or 0 in image.GetDimensions():
        return False
    first = offset_on(image_geometry(image), region.geometry)
    if first is None:
        return False
    array, own = volume_array(image), int(made.GetLabelValue())
    kji = np.array(np.unravel_index(region.flat, region.geometry.shape)) - np.array(first)[:, None]
    if np.any(kji < 0) or np.any(kji >= np.array(array.shape)[:, None]):
        return False
    place = tuple(kji)
    if not np.isin(array[place], (0, own)).all():
        return False
    array[array == own] = 0
    array[place] = own
    image.GetPointData().GetScalars().Modified()
    image.Modified()
    return True


def _set_facts(made: Any, segment: Segment) -> None:
    """Write name, color, codes and tags; values that stay the same cause no event in the scene."""
    if made.GetName() != segment.name:
        made.SetName(segment.name)
    if not np.allclose(made.GetColor(), segment.color, atol=1e-6):
        made.SetColor(*segment.color)
    if segment.terminology and made.GetTerminology() != segment.terminology:
        made.SetTerminology(segment.terminology)
    made.SetNameAutoGenerated(False)
    made.SetColorAutoGenerated(False)
    segment_facts(made, segment)


def _set_order(segmentation: Any, segment_ids: Sequence[str]) -> None:
    if list(segmentation.GetSegmentIDs()) != list(segment_ids):
        segmentation.ReorderSegments(list(segment_ids))
