"""How bright the outlines of a segmentation are drawn."""

from __future__ import annotations

from typing import Any

BRIGHT = (1.0, 0.15)
"""Opacity of outline and filling, in slices, of the chosen segment."""

DIM = (0.35, 0.0)
"""Opacity of outline and filling, in slices, of the other segments."""

PLAIN = (1.0, 0.1)
"""Opacity of outline and filling, in slices, of all segments when none is chosen."""


def dim_all_but(node: Any, segment_id: str | None) -> None:
    """Draw one segment bright and the others dim, or all alike for None.

    The scene reports one change for all segments together.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode or None
        Nothing happens without a node, or where it is not displayed.
    segment_id : str or None
    """
    display = None if node is None else node.GetDisplayNode()
    if display is None:
        return
    was_modifying = display.StartModify()
    try:
        for other in node.GetSegmentation().GetSegmentIDs():
            outline, fill = PLAIN if segment_id is None else BRIGHT if other == segment_id else DIM
            display.SetSegmentOpacity2DOutline(other, outline)
            display.SetSegmentOpacity2DFill(other, fill)
            display.SetSegmentOpacity3D(other, 1.0 if other == segment_id or segment_id is None else DIM[0])
    finally:
        display.EndModify(was_modifying)
