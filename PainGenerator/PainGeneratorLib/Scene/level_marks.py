"""The numbers of the vertebrae as points with labels, which the slice views draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..Numerics.core.sites import SiteTable
from ..Numerics.core.words import Certainty
from .markups import write_points

LEVELS_KEY = "levels"
"""Key of the points that number the vertebrae."""
MARKED_STRUCTURES = ("vertebral body", "sacrum")
"""Structures of the sites at whose middle a number stands."""
LEVEL_COLOR = (0.55, 0.95, 1.0)
"""Red, green and blue of the numbers: a color that neither the PET's color maps nor the outlines have."""
TEXT_SCALE = 4.0
"""Size of the numbers, in percent of the view. Our choice: read at a glance, and smaller than a lumbar body."""
GLYPH_SCALE = 0.6
"""Size of the points, in percent of the view: hardly seen, as the number is what counts. Our choice."""
ACROSS_PART = 0.7
"""Lower bound of the part of the body's axis in the normal of an axial view. In such a view all numbers would lie on
one another. Our choice: a view that is tilted by 45 degrees is none."""
UP = 2
"""The axis of a site that points upward (left, front, up)."""
BELOW_DISC_MM = 20.0
"""Distance of the middle of S1 from that of the disc above it, mm. Our estimate: half the height of S1, which is about
30 mm, and half that of the disc."""
STANDARD_LONG_VIEWS = ("vtkMRMLSliceNodeYellow", "vtkMRMLSliceNodeGreen")
"""Ids of Slicer's own sagittal and coronal views, for a scene that has no views yet."""


def level_labels(sites: SiteTable) -> list[tuple[str, np.ndarray]]:
    """Number and place of each vertebra, from above downward; a question mark follows where the levels are uncertain.

    Parameters
    ----------
    sites : SiteTable

    Returns
    -------
    list of (str, ndarray of shape (3,))
        RAS mm in the reference frame.
    """
    doubt = "?" if sites.level_certainty == Certainty.UNCERTAIN else ""
    found: dict[str, np.ndarray] = {}
    for row in sites.rows:
        site = row.site
        if site.structure in MARKED_STRUCTURES and site.level is not None:
            found.setdefault(f"{site.level}{doubt}", site.center_ras)
        if site.structure == "disc" and (site.level or "").endswith("/S1"):
            found.setdefault(f"S1{doubt}", site.center_ras - BELOW_DISC_MM * site.axes[UP])
    return list(found.items())


def write_levels(scene: Any, sites: SiteTable, *, node: Any = None) -> Any:
    """Put the numbers of the vertebrae into a scene.

    They are seen in each slice along the body, not only in the one through the middle of the vertebra. A list without
    points is written where no level is known, so that names that no longer hold disappear.

    Parameters
    ----------
    scene : vtkMRMLScene
    sites : SiteTable
    node : vtkMRMLMarkupsFiducialNode, optional
        Filled again; whether it is shown stays as it is.

    Returns
    -------
    vtkMRMLMarkupsFiducialNode
    """
    labels = level_labels(sites)
    is_new = node is None
    points = np.array([place for _, place in labels]).reshape(-1, 3)
    node = write_points(scene, "Levels", points, [text for text, _ in labels], color=LEVEL_COLOR, node=node)
    node.SetLocked(True)
    if is_new:
        display = node.GetDisplayNode()
        display.SetSliceProjection(True)
        display.SetSliceProjectionOpacity(1.0)
        display.SetSliceProjectionUseFiducialColor(True)
        display.SetTextScale(TEXT_SCALE)
        display.SetGlyphScale(GLYPH_SCALE)
        display.SetOpacity(1.0)
        display.SetVisibility3D(False)
    show_along_the_body(scene, node)
    return node


def show_along_the_body(scene: Any, node: Any) -> None:
    """Draw the numbers in the views along the body only: sagittal, coronal, and those tilted from them."""
    wanted = long_views(scene)
    display = node.GetDisplayNode()
    if tuple(display.GetViewNodeIDs()) != wanted:
        was_modifying = display.StartModify()
        try:
            display.RemoveAllViewNodeIDs()
            for view_id in wanted:
                display.AddViewNodeID(view_id)
        finally:
            display.EndModify(was_modifying)


def long_views(scene: Any) -> tuple[str, ...]:
    """Ids of the slice views that show the body along its axis; those of Slicer where a scene has no views."""
    found = []
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
        view = scene.GetNthNodeByClass(index, "vtkMRMLSliceNode")
        if abs(view.GetSliceToRAS().GetElement(2, 2)) < ACROSS_PART:
            found.append(view.GetID())
    return tuple(found) or STANDARD_LONG_VIEWS
