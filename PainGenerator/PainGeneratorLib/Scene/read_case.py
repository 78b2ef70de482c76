"""The case of a scene as plain data, with what was changed by Slicer's own tools since it was written."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Image, Region, transform_points
from . import case_text, markups, nodes
from .node_keys import KEY_ATTRIBUTE, MAP_KEY, find_node, map_nodes
from .scene_content import SceneContent, SceneSeries
from .segments import FINGERPRINT_TAG, TAG_PREFIX, fingerprint, read_segmentation
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
    candidate_grid = _grid(stored.pop("grid"))
    image_grids = stored.pop("image_grids", {})
    warnings: list[str] = []
    series = [_read_series(scene, item, warnings) for item in stored.pop("series")]
    anatomy_node = find_node(scene, "vtkMRMLLabelMapVolumeNode", "anatomy")
    content = SceneContent(series=series, **stored)
    content.anatomy = _read_image(anatomy_node, image_grids.get("anatomy")) if anatomy_node is not None else None
    content.warnings += [warning for warning in warnings if warning not in content.warnings]
    for node in map_nodes(scene):
        key = node.GetAttribute(KEY_ATTRIBUTE) or ""
        content.maps[key.removeprefix(MAP_KEY)] = _read_image(node, image_grids.get(key))
    sites = find_node(scene, "vtkMRMLMarkupsFiducialNode", "pain-sites")
    if sites is not None:
        content.pain_sites_ras = markups.read_points(sites)[0]
    _take_edits(content, find_node(scene, "vtkMRMLSegmentationNode", "candidates"), candidate_grid)
    return content


def _grid(stored: Geometry | Region) -> Geometry:
    """A grid of the text; version 1 stored it as a region without voxels."""
    return stored.geometry if isinstance(stored, Region) else stored


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
    """A series of the case; `item` is its entry in the text."""
    key = item.pop("key")
    kept_grid, kept_type = item.pop("geometry", None), item.pop("dtype", None)
    kept_matrix = item.pop("reference_to_series_ras", None)
    node = find_node(scene, "vtkMRMLScalarVolumeNode", key)
    if node is None:
        raise PainGeneratorError(
            f"The volume {item['name']} of the case is no longer in the scene.", "Open the scene as it was saved."
        )
    transform = find_node(scene, "vtkMRMLLinearTransformNode", key.replace("series.", "transform."))
    image, new_warnings = nodes.image_from_volume(node)
    warnings += new_warnings
    reference_to_series = np.linalg.inv(nodes.matrix_to_world(transform))
    if transform is not None and node.GetParentTransformNode() is transform:
        image = Image(image.array, nodes.own_geometry(node))
    elif not lies_under_a_warp(node):
        image = Image(image.array, image.geometry.moved(reference_to_series))
    else:
        image, _ = own_frame_image(node, transform)
    array = image.array if kept_type is None else image.array.astype(kept_type, copy=False)
    image = Image(array, _exact(image.geometry, kept_grid))
    if kept_matrix is not None:
        corners = image.geometry.corners_ras
        apart_mm = np.abs(transform_points(kept_matrix, corners) - transform_points(reference_to_series, corners))
        if apart_mm.max() < FILE_PRECISION_MM:
            reference_to_series = kept_matrix
    return SceneSeries(image=image, reference_to_series_ras=reference_to_series, node=node, **item)


def _take_edits(content: SceneContent, node: Any, grid: Geometry) -> None:
    """Compare the candidates with their segments, which may have been changed with Slicer's own tools."""
    if node is None:
        content.removed = [candidate.id for candidate in content.candidates]
        return
    segments = {segment.tags.get(f"{TAG_PREFIX}Id", ""): segment for segment in reversed(read_segmentation(node))}
    for candidate in content.candidates:
        segment = segments.get(candidate.id)
        if segment is None:
            content.removed.append(candidate.id)
            continue
        is_redrawn = fingerprint(segment.region) != segment.tags.get(FINGERPRINT_TAG)
        if len(segment.region) and not segment.region.geometry.is_same_grid(grid):
            is_redrawn = True
        is_renamed = segment.name != segment.tags.get(f"{TAG_PREFIX}Name")
        if is_redrawn:
            candidate.region = segment.region
            candidate.origin = "edited" if candidate.origin == "automatic" else candidate.origin
        if is_renamed:
            name = segment.name.removeprefix(f"{candidate.rank} ")
            candidate.place = dataclasses.replace(candidate.place, name=name)
        if is_redrawn or is_renamed:
            content.edited.append(candidate.id)
    known = {candidate.id for candidate in content.candidates}
    content.added = [s for s in read_segmentation(node) if s.tags.get(f"{TAG_PREFIX}Id") not in known]
