"""Left-right comparison: the mirrored point of a click, with the values of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..Scene.markups import write_points
from .clicks import Clicks
from .session_needs import MirrorNeeds
from .words import UNKNOWN, number_text, plain

if TYPE_CHECKING:
    from .panel import Panel

COLOR = (0.2, 0.9, 0.6)
"""Color of the two points: red, green, blue, 0 to 1."""


class Mirror:
    """Two points in the views and their values in the panel.

    Parameters
    ----------
    panel : Panel
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._node_id: str | None = None
        self.clicks = Clicks(self.show)

    def start(self) -> None:
        """Watch for clicks."""
        self.clicks.start()

    def stop(self) -> None:
        """Stop watching and take the points away."""
        self.clicks.stop()
        node = slicer.mrmlScene.GetNodeByID(self._node_id) if self._node_id else None
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)
        self._node_id = None
        self._panel.ui.mirrorLabel.visible = False

    def show(self, position_ras: Sequence[float]) -> None:
        """Show a point, its mirror image, and the values of both."""
        session: MirrorNeeds | None = self._panel.session
        if session is None:
            return
        position = np.asarray(position_ras, dtype=float)
        mirrored, values = session.mirrored(position)
        points = np.array([position] if mirrored is None else [position, mirrored])
        node = slicer.mrmlScene.GetNodeByID(self._node_id) if self._node_id else None
        labels = [_("here"), _("mirrored")][: len(points)]
        node = write_points(slicer.mrmlScene, "Left-right comparison", points, labels, color=COLOR, node=node)
        if self._node_id is None:
            # The points are a reading aid and no part of the case.
            node.SetSaveWithScene(False)
            node.SetHideFromEditors(True)
            for index in range(len(points)):
                node.SetNthControlPointLocked(index, True)
            self._node_id = node.GetID()
        label = self._panel.ui.mirrorLabel
        label.text = comparison_text(values, mirrored is not None)
        label.visible = True


def comparison_text(values: dict[str, dict[str, Any]], has_mirror: bool) -> str:
    """Values of both sides, for a label with markup."""
    here, there = values.get("here") or {}, values.get("there") or {}
    cells = []
    for name in dict.fromkeys([*here, *there]):
        one, other = here.get(name), there.get(name)
        ratio = number_text(one / other) if one is not None and other else UNKNOWN
        row = (plain(name), *(f"&nbsp;&nbsp;{text}" for text in (number_text(one), number_text(other), ratio)))
        cells.append("<tr>" + "".join(f"<td align='right'>{cell}</td>" for cell in row) + "</tr>")
    heads = "".join(
        f"<td align='right'>&nbsp;&nbsp;{plain(t)}</td>" for t in ("", _("here"), _("mirrored"), _("ratio"))
    )
    note = "" if has_mirror else plain(_("The midline of the body is not known: run the steps first."))
    return f"<table><tr>{heads}</tr>{''.join(cells)}</table>{note}"
