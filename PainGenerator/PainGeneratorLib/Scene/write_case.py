"""A whole case written into a scene: what Slicer's Save and an ``.mrb`` file keep.

Each fact is stored once, and the rest is made from it. What is stored is:

* images and the transforms above them: their MRML nodes;
* hot spots, MR findings, candidates (with status, name, comment), what is set apart and what is to be looked at, the
  case's data and its provenance: one text node with JSON (:mod:`.case_text`), which also holds the exact grids and
  transforms;
* the outline of a candidate that was redrawn with Slicer's own tools: its segment.

Segmentations, the tables, target points and pain sites are made from these, each time :func:`write_case` is called, in
the same nodes. All regions and positions are in the reference series' frame (the world).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Region
from . import appearance, case_text, markups, nodes, subject_hierarchy, tables
from .candidate_segments import update_segments
from .common_grid import common_grid
from .level_marks import LEVELS_KEY, write_levels
from .node_keys import KEY_ATTRIBUTE, MAP_KEY, ROLE_ATTRIBUTE, SHOWS_ATTRIBUTE, find_node, map_nodes, remove_node
from .preview_layer import end_preview
from .scene_content import CaseNodes, SceneContent
from .segments import Segment, write_segmentation
from .sphere_nodes import write_spheres
from .volumes_in_scene import OWN_ATTRIBUTE

APART_KEY = "set-apart"
"""Key of the table of what is set apart and of what is to be looked at."""

_ROLE_PRESETS = {"PET": "pet-fusion", "FAT_FRACTION": "fraction"}
"""How a new volume is shown first, by its role."""

_MODALITY_PRESETS = {"MR": "mr", "CT": "ct"}
"""How a new volume of another role is shown first, by its modality."""


def write_case(scene: Any, content: SceneContent, *, set_views: bool = True) -> CaseNodes:
    """Put a case into a scene; nodes of an earlier call are filled again and keep their ids.

    Parameters
    ----------
    scene : vtkMRMLScene
    content : SceneContent
    set_views : bool
        Show PET over the reference series in all slice views; False leaves what they show.

    Returns
    -------
    CaseNodes

    Raises
    ------
    ValueError
        When the content has no series of its reference role.
    """
    reference = content.series.index(content.reference)
    volumes, transforms = _write_series(scene, content)
    written = _write_results(scene, content, volumes)
    written.transforms = transforms
    _place_in_hierarchy(scene, content, written)
    pet = content.first("PET")
    if set_views:
        nodes.set_slice_defaults(
            scene,
            volumes[reference],
            volumes[content.series.index(pet)] if pet is not None else None,
        )
    return written


def write_candidates(scene: Any, content: SceneContent, written: Mapping[str, Region]) -> None:
    """Bring a scene up to date after the reader changed candidates: their segmentation, tables and target points, and
    the text.

    Parameters
    ----------
    scene : vtkMRMLScene
        Holds the case already.
    content : SceneContent
    written : mapping of str to Region
        By candidate id, the outlines that the scene shows now (the same objects): these are not drawn again.
    """
    reference = find_node(scene, "vtkMRMLScalarVolumeNode", f"series.{content.reference_role}.0")
    node = find_node(scene, "vtkMRMLSegmentationNode", "candidates")
    grid = update_segments(scene, node, content.candidates, written, lambda: candidate_grid(content), reference)
    markups.write_targets(scene, content.candidates, node=find_node(scene, "vtkMRMLMarkupsFiducialNode", "targets"))
    tables.write_candidate_table(scene, content.candidates, node=find_node(scene, "vtkMRMLTableNode", "table"))
    _write_apart(scene, content)
    write_spheres(scene, content.spheres)
    _write_text(scene, content, grid)


def candidate_grid(content: SceneContent) -> Geometry:
    """The grid of the candidates' segmentation: one that suits all outlines, else the PET's or the reference's."""
    regions = [candidate.region for candidate in content.candidates if len(candidate.region)]
    return common_grid([], regions) if regions else _world_geometry(content, "PET")


def _world_geometry(content: SceneContent, role: str) -> Geometry:
    series = content.first(role) or content.reference
    return series.image.geometry.moved(np.linalg.inv(series.reference_to_series_ras))


def _write_series(scene: Any, content: SceneContent) -> tuple[list[Any], list[Any]]:
    volumes, transforms = [], []
    for series, key in zip(content.series, _series_keys(content), strict=True):
        node = series.node
        if node is None:
            preset = series.preset or _ROLE_PRESETS.get(series.role)
            preset = preset or _MODALITY_PRESETS.get(series.dicom.get("Modality", "MR"), "plain")
            found = find_node(scene, "vtkMRMLScalarVolumeNode", key)
            if found is not None and found.GetAttribute(OWN_ATTRIBUTE) is None:
                found = None  # a volume of the user that had this role: never written to
            node = nodes.add_volume(scene, series.image, series.name, preset, node=found)
            node.SetAttribute(OWN_ATTRIBUTE, "1")
        _release(scene, key, node)
        node.SetAttribute(KEY_ATTRIBUTE, key)
        node.SetAttribute(ROLE_ATTRIBUTE, series.role)
        if series.instance_uids:
            node.SetAttribute("DICOM.instanceUIDs", " ".join(series.instance_uids))
        volumes.append(node)
        transform = None
        if series is not content.reference:
            transform_key = key.replace("series.", "transform.")
            transform = nodes.add_transform(
                scene,
                np.linalg.inv(series.reference_to_series_ras),
                f"{series.role} to reference",
                node=find_node(scene, "vtkMRMLLinearTransformNode", transform_key),
            )
            transform.SetAttribute(KEY_ATTRIBUTE, transform_key)
            transform.RemoveAttribute(SHOWS_ATTRIBUTE)
            top = _topmost(node, transform)
            if top is not transform:
                top.SetAndObserveTransformNodeID(transform.GetID())
        else:
            detach(node, find_node(scene, "vtkMRMLLinearTransformNode", key.replace("series.", "transform.")))
        transforms.append(transform)
    return volumes, transforms


def _release(scene: Any, key: str, keeper: Any) -> None:
    """Take a series' key from volumes that no longer have its role, and take these volumes out of our transform."""
    transform = find_node(scene, "vtkMRMLLinearTransformNode", key.replace("series.", "transform."))
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if node is not keeper and node.GetAttribute(KEY_ATTRIBUTE) == key:
            node.RemoveAttribute(KEY_ATTRIBUTE)
            node.RemoveAttribute(ROLE_ATTRIBUTE)
            detach(node, transform)
    own_key = keeper.GetAttribute(KEY_ATTRIBUTE)
    if own_key not in (None, key):
        former = find_node(scene, "vtkMRMLLinearTransformNode", own_key.replace("series.", "transform."))
        detach(keeper, former)


def detach(node: Any, transform: Any) -> None:
    """Take a volume, or the chain of transforms above it, out of a transform of this program."""
    while transform is not None and node is not None:
        parent = node.GetParentTransformNode()
        if parent is transform:
            node.SetAndObserveTransformNodeID(None)
        node = parent


def _topmost(node: Any, ours: Any) -> Any:
    """The topmost node above a volume, under which our transform goes; our transform where it is there already."""
    while node is not ours and node.GetParentTransformNode() is not None:
        node = node.GetParentTransformNode()
    return node


def _series_keys(content: SceneContent) -> list[str]:
    counts: dict[str, int] = {}
    keys = []
    for series in content.series:
        number = counts.get(series.role, 0)
        counts[series.role] = number + 1
        keys.append(f"series.{series.role}.{number}")
    return keys


def _write_results(scene: Any, content: SceneContent, volumes: list[Any]) -> CaseNodes:
    reference = volumes[content.series.index(content.reference)]
    pet = content.first("PET")
    pet_volume = volumes[content.series.index(pet)] if pet is not None else reference
    warnings: list[str] = []

    def segmentation(key: str, name: str, segments: list[Segment], grid: Geometry, volume: Any) -> Any:
        found = find_node(scene, "vtkMRMLSegmentationNode", key)
        node, new_warnings = write_segmentation(scene, name, segments, grid, node=found, reference_volume=volume)
        warnings.extend(new_warnings)
        return _keyed(node, key)

    spots = [spot.region for spot in content.hot_spots if len(spot.region)]
    findings = [finding.region for finding in content.mr_findings if len(finding.region)]
    spot_grid = common_grid([], spots) if spots else _world_geometry(content, "PET")
    finding_grid = common_grid([], findings) if findings else _world_geometry(content, content.reference_role)
    grid = candidate_grid(content)
    hot_spots = segmentation(
        "hot-spots", "PET hot spots", appearance.hot_spot_segments(content.hot_spots), spot_grid, pet_volume
    )
    mr_findings = segmentation(
        "mr-findings", "MR findings", appearance.mr_finding_segments(content.mr_findings), finding_grid, reference
    )
    candidates = segmentation(
        "candidates", "Pain generators", appearance.candidate_segments(content.candidates), grid, reference
    )
    end_preview(hot_spots)
    for node in (hot_spots, mr_findings):
        node.GetDisplayNode().SetVisibility(False)

    def owned(class_name: str, key: str) -> Any:
        return find_node(scene, class_name, key)

    targets = markups.write_targets(scene, content.candidates, node=owned("vtkMRMLMarkupsFiducialNode", "targets"))
    sites = markups.write_pain_sites(
        scene, content.pain_sites_ras, node=owned("vtkMRMLMarkupsFiducialNode", "pain-sites")
    )
    table = tables.write_candidate_table(scene, content.candidates, node=owned("vtkMRMLTableNode", "table"))
    others = [
        _keyed(tables.write_facts(scene, name, facts, node=owned("vtkMRMLTableNode", key)), key)
        for key, name, facts in (("suv", "SUV provenance", content.suv), ("alignment", "Alignment", content.alignment))
    ]
    site_table = tables.write_site_table(scene, content.sites, node=owned("vtkMRMLTableNode", "sites"))
    others.append(_keyed(site_table, "sites"))
    levels = write_levels(scene, content.sites, node=owned("vtkMRMLMarkupsFiducialNode", LEVELS_KEY))
    others.append(_keyed(levels, LEVELS_KEY))
    others.append(_write_apart(scene, content))
    others += write_spheres(scene, content.spheres)
    others += _write_anatomy(scene, content)
    others += _write_margin(scene, content, reference)
    _write_maps(scene, content)
    text = _write_text(scene, content, grid)
    return CaseNodes(
        volumes,
        [],
        hot_spots,
        mr_findings,
        candidates,
        _keyed(targets, "targets"),
        _keyed(sites, "pain-sites"),
        _keyed(table, "table"),
        text,
        others,
        warnings,
    )


def _write_apart(scene: Any, content: SceneContent) -> Any:
    """The table of what is set apart and of what is to be looked at."""
    found = find_node(scene, "vtkMRMLTableNode", APART_KEY)
    return _keyed(tables.write_apart_table(scene, content.set_apart, content.attention, node=found), APART_KEY)


def _write_anatomy(scene: Any, content: SceneContent) -> list[Any]:
    found = find_node(scene, "vtkMRMLLabelMapVolumeNode", "anatomy")
    if content.anatomy is None:
        if found is not None:
            remove_node(scene, found)
        return []
    node = nodes.add_volume(scene, content.anatomy, "Anatomy", node=found, label_map=True)
    return [_keyed(node, "anatomy")]


def _write_margin(scene: Any, content: SceneContent, reference: Any) -> list[Any]:
    """The zone around the implant where PET and MR are unreliable, as a segmentation with one segment."""
    found = find_node(scene, "vtkMRMLSegmentationNode", "implant-margin")
    region = content.implant_margin
    if region is None or not len(region):
        if found is not None:
            remove_node(scene, found)
        return []
    node, _ = write_segmentation(
        scene,
        "Implant margin (unreliable)",
        [appearance.implant_margin_segment(region)],
        region.geometry,
        node=found,
        reference_volume=reference,
    )
    return [_keyed(node, "implant-margin")]


def _write_maps(scene: Any, content: SceneContent) -> None:
    """Volumes that are saved with the scene, but not offered in any list of volumes."""
    found = {(node.GetAttribute(KEY_ATTRIBUTE) or "").removeprefix(MAP_KEY): node for node in map_nodes(scene)}
    for name, image in content.maps.items():
        node = nodes.add_volume(scene, image, f"PainGenerator {name}", node=found.pop(name, None))
        node.SetHideFromEditors(True)
        _keyed(node, f"{MAP_KEY}{name}")
    for node in found.values():
        remove_node(scene, node)


def _write_text(scene: Any, content: SceneContent, grid: Geometry) -> Any:
    """Everything that must come back to the last digit; `grid` is that of the candidates' segmentation."""
    image_grids = {MAP_KEY + name: image.geometry for name, image in content.maps.items()}
    if content.anatomy is not None:
        image_grids["anatomy"] = content.anatomy.geometry
    stored = {
        **content.to_kept(),
        "grid": grid,
        "image_grids": image_grids,
        "series": [
            {
                **series.to_kept(),
                "key": key,
                "geometry": series.image.geometry,
                "dtype": str(series.image.array.dtype),
            }
            for series, key in zip(content.series, _series_keys(content), strict=True)
        ],
    }
    node = find_node(scene, "vtkMRMLTextNode", "case") or scene.AddNewNodeByClass(
        "vtkMRMLTextNode", "PainGenerator case"
    )
    node.SetForceCreateStorageNode(node.CreateStorageNodeAlways)
    node.SetText(case_text.to_text(stored))
    return _keyed(node, "case")


def _place_in_hierarchy(scene: Any, content: SceneContent, written: CaseNodes) -> None:
    studies = [
        (subject_hierarchy.study_of(scene, volume) if series.node is not None else None)
        or subject_hierarchy.place_series(scene, volume, series.dicom)
        for volume, series in zip(written.volumes, content.series, strict=True)
    ]
    reference = content.series.index(content.reference)
    results = [written.candidates, written.hot_spots, written.mr_findings, written.targets, written.pain_sites]
    results += [written.table, written.text, *written.others]
    results += [transform for transform in written.transforms if transform is not None]
    subject_hierarchy.place_results(scene, results, studies[reference])


def _keyed(node: Any, key: str) -> Any:
    node.SetAttribute(KEY_ATTRIBUTE, key)
    return node
