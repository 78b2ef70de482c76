"""How bright and how wide the outlines of a segmentation are drawn."""

from __future__ import annotations

from typing import Any

BRIGHT = (1.0, 0.08)
"""Opacity of outline and filling, in slices, of the chosen segment. The filling is faint: it covers the uptake."""

DIM = (0.35, 0.0)
"""Opacity of outline and filling, in slices, of the other segments."""

PLAIN = (1.0, 0.05)
"""Opacity of outline and filling, in slices, of all segments when none is chosen."""

HALO_COLOR = (0.0, 0.0, 0.0)
"""Color of the line around the outlines: red, green, blue, 0 to 1."""

HALO_PIXELS = 2
"""Width of the line around the outlines, in pixels. Our estimate: one pixel is lost on a screen with small pixels."""


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


def outline_width(display: Any, pixels: int) -> None:
    """Set the width of the outlines in slices; writes only what differs.

    Parameters
    ----------
    display : vtkMRMLSegmentationDisplayNode
    pixels : int
    """
    if display.GetSliceIntersectionThickness() != pixels:
        display.SetSliceIntersectionThickness(pixels)


def copy_brightness(node: Any, display: Any, other: Any) -> None:
    """Show, hide and dim the outlines of one display of a segmentation as another one does; fillings stay.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
    display, other : vtkMRMLSegmentationDisplayNode
        The second is written.
    """
    was_modifying = other.StartModify()
    try:
        for name in ("Visibility", "Visibility2D", "Visibility2DOutline", "Opacity2DOutline"):
            value = getattr(display, f"Get{name}")()
            if getattr(other, f"Get{name}")() != value:
                getattr(other, f"Set{name}")(value)
        for segment_id in node.GetSegmentation().GetSegmentIDs():
            for name in ("SegmentVisibility", "SegmentVisibility2DOutline", "SegmentOpacity2DOutline"):
                value = getattr(display, f"Get{name}")(segment_id)
                if getattr(other, f"Get{name}")(segment_id) != value:
                    getattr(other, f"Set{name}")(segment_id, value)
    finally:
        other.EndModify(was_modifying)
