"""Target points and pain sites as markups nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Status
from .segment_files import WRITE_ADVICE, check_writable

TARGET_STATUSES = (Status.PENDING, Status.ACCEPTED)
"""Candidates that get a target point."""

TARGET_COLOR = (1.0, 0.75, 0.1)
"""Red, green and blue of target points."""

PAIN_SITE_COLOR = (0.2, 0.6, 1.0)
"""Red, green and blue of pain sites."""


def write_points(
    scene: Any,
    name: str,
    points_ras: np.ndarray,
    labels: Sequence[str] = (),
    descriptions: Sequence[str] = (),
    *,
    color: tuple[float, float, float] = TARGET_COLOR,
    node: Any = None,
) -> Any:
    """Put points into the scene as a point list.

    Parameters
    ----------
    scene : vtkMRMLScene
    name : str
    points_ras : ndarray, shape (n, 3)
        World positions, RAS mm.
    labels, descriptions : sequence of str
        One for each point, or none.
    color : tuple of float
        Red, green, blue, 0 to 1; for a new node only.
    node : vtkMRMLMarkupsFiducialNode, optional
        Emptied and filled instead of a new one.

    Returns
    -------
    vtkMRMLMarkupsFiducialNode
    """
    is_new = node is None
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name) if is_new else node
    node.SetName(name)
    was_modifying = node.StartModify()
    try:
        node.RemoveAllControlPoints()
        for index, point in enumerate(np.asarray(points_ras, dtype=float).reshape(-1, 3)):
            node.AddControlPointWorld(*(float(x) for x in point))
            if labels:
                node.SetNthControlPointLabel(index, labels[index])
            if descriptions:
                node.SetNthControlPointDescription(index, descriptions[index])
        if is_new:
            node.CreateDefaultDisplayNodes()
            display = node.GetDisplayNode()
            display.SetSelectedColor(*color)
            display.SetColor(*color)
    finally:
        node.EndModify(was_modifying)
    return node


def read_points(node: Any) -> tuple[np.ndarray, list[str]]:
    """World positions (RAS mm, shape (n, 3)) and labels of a point list; points not placed yet are left out."""
    positions, labels = [], []
    for index in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(index) != node.PositionDefined:
            continue
        point = [0.0, 0.0, 0.0]
        node.GetNthControlPointPositionWorld(index, point)
        positions.append(point)
        labels.append(node.GetNthControlPointLabel(index))
    return np.array(positions, dtype=float).reshape(-1, 3), labels


def write_targets(scene: Any, candidates: Sequence[Candidate], *, node: Any = None) -> Any:
    """One point for each accepted or pending candidate, best first; the description has evidence, status and origin.

    Returns
    -------
    vtkMRMLMarkupsFiducialNode
    """
    chosen = sorted((c for c in candidates if c.status in TARGET_STATUSES), key=lambda candidate: candidate.rank)
    node = write_points(
        scene,
        "Targets",
        np.array([candidate.centroid_ras_mm for candidate in chosen]),
        [f"{candidate.rank} {candidate.place.name}" for candidate in chosen],
        [f"{candidate.id}; {candidate.evidence}; {candidate.status}; {candidate.origin}" for candidate in chosen],
        node=node,
    )
    for index, candidate in enumerate(chosen):
        node.SetNthControlPointSelected(index, candidate.status == Status.ACCEPTED or candidate.rank == 1)
        node.SetNthControlPointLocked(index, True)
    return node


def write_pain_sites(scene: Any, points_ras: np.ndarray, *, node: Any = None) -> Any:
    """Put the places where the patient reports pain into the scene; shape (n, 3), RAS mm."""
    points = np.asarray(points_ras, dtype=float).reshape(-1, 3)
    labels = [f"Pain {index + 1}" for index in range(len(points))]
    return write_points(scene, "Pain sites", points, labels, color=PAIN_SITE_COLOR, node=node)


def save_markups(node: Any, path: str | Path) -> None:
    """Write a markups node as ``.mrk.json``; the file states its coordinate system (LPS, as Slicer does).

    Raises
    ------
    PainGeneratorError
        When the file cannot be written.
    """
    import slicer

    check_writable(path)
    storage = slicer.vtkMRMLMarkupsJsonStorageNode()
    storage.SetFileName(str(path))
    if not storage.WriteData(node):
        raise PainGeneratorError(f"{path} could not be written.", WRITE_ADVICE)
