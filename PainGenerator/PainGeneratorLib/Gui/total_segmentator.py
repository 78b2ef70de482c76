"""TotalSegmentator, when that extension is installed."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

MR_TASK = "total_mr"
"""Task of TotalSegmentator that segments bones and organs on MR."""


def reason_not_ready(volume_id: str | None) -> str | None:
    """Why the anatomy cannot be segmented now; None when it can."""
    if not hasattr(slicer.modules, "totalsegmentator"):
        return _("Install the extension TotalSegmentator to segment the anatomy here, or choose a segmentation.")
    if not volume_id:
        return _("Choose the T1 or T2 series first.")
    return None


def segment(volume: Any) -> Any:
    """Segment an MR volume.

    Returns
    -------
    vtkMRMLSegmentationNode or None
        None when the user has to go on in TotalSegmentator's own module.
    """
    logic = slicer.util.getModuleLogic("TotalSegmentator")
    if MR_TASK not in getattr(logic, "tasks", {}):
        slicer.util.selectModule("TotalSegmentator")
        slicer.util.infoDisplay(
            _("Segment the MR series here, then come back and choose the segmentation as anatomy.")
        )
        return None
    question = _("TotalSegmentator may download its model and takes some minutes. Segment {name} now?")
    if not slicer.util.confirmOkCancelDisplay(question.format(name=volume.GetName())):
        return None
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"{volume.GetName()} anatomy")
    try:
        logic.setupPythonRequirements()
        logic.process(volume, segmentation, task=MR_TASK)
    except Exception:
        slicer.mrmlScene.RemoveNode(segmentation)
        raise
    return segmentation
