"""The case of a scene as plain data, with what was changed by Slicer's own tools since it was written."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Image
from . import case_text, markups, nodes
from .node_keys import KEY_ATTRIBUTE, MAP_KEY, find_node, map_nodes
from .scene_content import SceneContent, SceneSeries
from .segments import FINGERPRINT_TAG, TAG_PREFIX, fingerprint, read_segmentation
from .volumes_in_scene import lies_under_a_warp, own_frame_image


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
    grid = stored.pop("grid").geometry
    warnings: list[str] = []
    series = [_read_series(scene, item, warnings) for item in stored.pop("series")]
    anatomy_node = find_node(scene, "vtkMRMLLabelMapVolumeNode", "anatomy")
    content = SceneContent(series=series, **stored)
    content.anatomy = nodes.image_from_volume(anatomy_node)[0] if anatomy_node is not None else None
    content.warnings += [warning for warning in warnings if warning not in content.warnings]
    content.maps = {
        (node.GetAttribute(KEY_ATTRIBUTE) or "").removeprefix(MAP_KEY): nodes.image_from_volume(node)[0]
        for node in map_nodes(scene)
    }
    sites = find_node(scene, "vtkMRMLMarkupsFiducialNode", "pain-sites")
    if sites is not None:
        content.pain_sites_ras = markups.read_points(sites)[0]
    _take_edits(content, find_node(scene, "vtkMRMLSegmentationNode", "candidates"), grid)
    return content


def _read_series(scene: Any, item: dict[str, Any], warnings: list[str]) -> SceneSeries:
    key = item.pop("key")
    node = find_node(scene, "vtkMRMLScalarVolumeNode", key)
    if node is None:
        raise PainGeneratorError(
            f"The volume {item['name']} of the case is no longer in the scene.", "Open the scene as it was saved."
        )
    transform = find_node(scene, "vtkMRMLLinearTransformNode", key.replace("series.", "transform."))
    image, new_warnings = nodes.image_from_volume(node)
    warnings += new_warnings
    series_to_reference = nodes.matrix_to_world(transform)
    reference_to_series = np.linalg.inv(series_to_reference)
    if transform is not None and node.GetParentTransformNode() is transform:
        image = Image(image.array, nodes.own_geometry(node))
    elif not lies_under_a_warp(node):
        image = Image(image.array, image.geometry.moved(reference_to_series))
    else:
        image, _ = own_frame_image(node, transform)
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
