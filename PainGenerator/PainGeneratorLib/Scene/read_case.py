"""A case read from a scene as plain data, with what Slicer's own tools changed since it was written."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Image, Region, transform_points
from ..Numerics.core.records import NAMED_BY_READER, Candidate
from ..Numerics.core.words import Origin
from . import case_text, markups, nodes
from .node_keys import KEY_ATTRIBUTE, MAP_KEY, find_node, map_nodes
from .scene_content import SceneContent, SceneSeries
from .segments import FINGERPRINT_TAG, TAG_PREFIX, Segment, fingerprint, read_segmentation
from .volumes_in_scene import lies_under_a_warp, own_frame_image

FILE_PRECISION_MM = 1e-5
"""A scene file keeps matrices and grids to fewer digits than the program computes with. Places that differ by less
than this (upper bound; our estimate, measured differences are below 1e-6 mm) are the same, and the exact ones of the
text are used: otherwise a reopened case would differ in the last digits."""


def has_case(scene: Any) -> bool:
    """True when the scene holds a case that :func:`read_case` can read."""
    return find_node(scene, "vtkMRMLTextNode", "case") is not None


def read_case(scene: Any) -> SceneContent:
    """The case of a scene.

    Parameters
    ----------
    scene : vtkMRMLScene

    Returns
    -------
    SceneContent
        Arrays are views of the scene's memory. Look at ``edited``, ``removed`` and ``added``.

    Raises
    ------
    PainGeneratorError
        When the scene has no case, a series of it is gone, or it is damaged.
    """
    text = find_node(scene, "vtkMRMLTextNode", "case")
    if text is None:
        raise PainGeneratorError("The scene holds no PainGenerator case.", "Open a scene saved after an analysis.")
    stored = case_text.from_text(text.GetText())
    image_grids = stored.get("image_grids", {})
    warnings: list[str] = []
    series = [_read_series(scene, item, warnings) for item in stored["series"]]
    anatomy_node = find_node(scene, "vtkMRMLLabelMapVolumeNode", "anatomy")
    content = SceneContent.from_kept(stored, series=series)
    content.anatomy = _read_image(anatomy_node, image_grids.get("anatomy")) if anatomy_node is not None else None
    content.warnings += [warning for warning in warnings if warning not in content.warnings]
    content.maps = _read_maps(scene, image_grids)
    sites = find_node(scene, "vtkMRMLMarkupsFiducialNode", "pain-sites")
    if sites is not None:
        content.pain_sites_ras = markups.read_points(sites)[0]
    _take_edits(content, find_node(scene, "vtkMRMLSegmentationNode", "candidates"), _grid(stored["grid"]))
    return content


def _grid(stored: Geometry | Region) -> Geometry:
    """A grid of the text; version 1 stored it as a region without voxels."""
    return stored.geometry if isinstance(stored, Region) else stored


def _read_maps(scene: Any, grids: dict[str, Geometry]) -> dict[str, Image]:
    """The hidden volumes by name; all that were written have to be there."""
    found = {node.GetAttribute(KEY_ATTRIBUTE) or "": node for node in map_nodes(scene)}
    gone = [key.removeprefix(MAP_KEY) for key in grids if key.startswith(MAP_KEY) and key not in found]
    if gone:
        raise PainGeneratorError(
            f"The hidden volume {gone[0]} of the case is no longer in the scene.", "Open the scene as it was saved."
        )
    return {key.removeprefix(MAP_KEY): _read_image(node, grids.get(key)) for key, node in found.items()}


def _read_image(node: Any, grid: Geometry | None) -> Image:
    image, _ = nodes.image_from_volume(node)
    return Image(image.array, _exact(image.geometry, grid))


def _exact(found: Geometry, stored: Geometry | None) -> Geometry:
    """The stored grid where the scene's is the same one but for the digits that a scene file drops."""
    if stored is None or stored.shape != found.shape:
        return found
    apart_mm = float(np.abs(stored.corners_ras - found.corners_ras).max())
    return stored if apart_mm < FILE_PRECISION_MM else found


def _read_series(scene: Any, item: dict[str, Any], warnings: list[str]) -> SceneSeries:
    """A series of the case.

    Parameters
    ----------
    scene : vtkMRMLScene
    item : dict
        Its entry in the text; version 1 had no exact grid, transform and type of voxels.
    warnings : list of str
        Gets the warnings about its volume.
    """
    key = item["key"]
    node = find_node(scene, "vtkMRMLScalarVolumeNode", key)
    if node is None:
        raise PainGeneratorError(
            f"The volume {item['name']} of the case is no longer in the scene.", "Open the scene as it was saved."
        )
    transform = find_node(scene, "vtkMRMLLinearTransformNode", key.replace("series.", "transform."))
    reference_to_series = np.linalg.inv(nodes.matrix_to_world(transform))
    image, new_warnings = _own_image(node, transform, reference_to_series)
    warnings += new_warnings
    array = image.array.astype(item.get("dtype", image.array.dtype), copy=False)
    image = Image(array, _exact(image.geometry, item.get("geometry")))
    stored = item.get("reference_to_series_ras")
    if stored is not None and _moves_alike(stored, reference_to_series, image.geometry):
        reference_to_series = stored
    return SceneSeries.from_kept(item, image=image, reference_to_series_ras=reference_to_series, node=node)


def _own_image(node: Any, transform: Any, reference_to_series: np.ndarray) -> tuple[Image, list[str]]:
    """The voxels of a series in its own frame, and warnings; `transform` is its alignment, None for the reference."""
    image, warnings = nodes.image_from_volume(node)
    if transform is not None and node.GetParentTransformNode() is transform:
        return Image(image.array, nodes.own_geometry(node)), warnings
    if lies_under_a_warp(node):
        return own_frame_image(node, transform)[0], warnings
    return Image(image.array, image.geometry.moved(reference_to_series)), warnings


def _moves_alike(one: np.ndarray, other: np.ndarray, grid: Geometry) -> bool:
    """True when two transforms move a grid to the same place but for the digits that a scene file drops."""
    corners = grid.corners_ras
    apart_mm = np.abs(transform_points(one, corners) - transform_points(other, corners)).max()
    return bool(apart_mm < FILE_PRECISION_MM)


def _take_edits(content: SceneContent, node: Any, grid: Geometry) -> None:
    """Compare the candidates with their segments, which may have been changed with Slicer's own tools."""
    if node is None:
        content.removed = [candidate.id for candidate in content.candidates]
        return
    drawn = read_segmentation(node)
    # Reversed, so that of two segments with one id the first one counts.
    segments = {segment.tags.get(f"{TAG_PREFIX}Id", ""): segment for segment in reversed(drawn)}
    for candidate in content.candidates:
        segment = segments.get(candidate.id)
        if segment is None:
            content.removed.append(candidate.id)
        elif not len(segment.region) and len(candidate.region):
            # An empty outline is no decision: it may be a slip, or a stroke that was not finished.
            content.emptied.append(candidate.id)
        elif _take_edit(candidate, segment, grid):
            content.edited.append(candidate.id)
    known = {candidate.id for candidate in content.candidates}
    content.added = [segment for segment in drawn if segment.tags.get(f"{TAG_PREFIX}Id") not in known]


def _take_edit(candidate: Candidate, segment: Segment, grid: Geometry) -> bool:
    """Take outline and name of a segment where they were changed; True when one of them was."""
    is_redrawn = fingerprint(segment.region) != segment.tags.get(FINGERPRINT_TAG)
    is_moved = len(segment.region) > 0 and not segment.region.geometry.is_same_grid(grid)
    is_renamed = segment.name != segment.tags.get(f"{TAG_PREFIX}Name")
    if is_redrawn or is_moved:
        candidate.region = segment.region
        candidate.origin = Origin.EDITED if candidate.origin == Origin.AUTOMATIC else candidate.origin
    if is_renamed:
        name = segment.name.removeprefix(f"{candidate.rank} ")
        flags = tuple(dict.fromkeys((*candidate.place.flags, NAMED_BY_READER)))
        candidate.place = dataclasses.replace(candidate.place, name=name, flags=flags)
    return is_redrawn or is_moved or is_renamed
