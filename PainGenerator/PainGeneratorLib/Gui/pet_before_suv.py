"""The colors of a PET that is not in SUV yet."""

from __future__ import annotations

from typing import Any

from .pet_colors import color_node


def color_before_suv(pet: Any, color_name: str) -> None:
    """Give a PET the colors in which it will be read; its window stays as it came until its SUV is known.

    Slicer's DICOM module gives a PET colors when it loads one. A volume from another source is gray, and looks like an
    MR until the SUV is computed.

    Parameters
    ----------
    pet : vtkMRMLScalarVolumeNode or None
    color_name : str
        Name of a color node.
    """
    display = pet.GetDisplayNode() if pet is not None else None
    color = color_node(color_name)
    if display is not None and color is not None and display.GetColorNodeID() != color.GetID():
        display.SetAndObserveColorNodeID(color.GetID())
