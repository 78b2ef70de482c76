"""Segmentations as ``.seg.nrrd`` files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError

WRITE_ADVICE = "Check the folder and the space on the disk."
"""What a user can do when a file cannot be written."""

READ_ADVICE = "Give a whole .seg.nrrd file, as this program or Slicer writes it."
"""What a user can do when a segmentation file cannot be read."""


def save_seg_nrrd(node: Any, path: str | Path) -> None:
    """Write a segmentation as ``.seg.nrrd``.

    Raises
    ------
    PainGeneratorError
        When the file cannot be written.
    """
    import slicer

    check_writable(path)
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(True)
    # On a full disk the storage node leaves a short file and reports success.
    if not (storage.WriteData(node) and _is_whole(path)):
        Path(path).unlink(missing_ok=True)
        raise PainGeneratorError(f"{path} could not be written.", WRITE_ADVICE)


def check_writable(path: str | Path) -> None:
    """Check that a file can be written, because VTK may end the process when it cannot.

    Raises
    ------
    PainGeneratorError
        When the folder of a file to be written is missing or protected.
    """
    folder = Path(path).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise PainGeneratorError(f"{path} cannot be written.", WRITE_ADVICE)


def load_seg_nrrd(scene: Any, path: str | Path, name: str = "") -> Any:
    """Read a ``.seg.nrrd`` into a new segmentation node.

    Raises
    ------
    PainGeneratorError
        When there is no such file or it is no segmentation.
    """
    import slicer

    path = Path(path)
    if not path.is_file():
        raise PainGeneratorError(f"There is no file {path}.", "Give the path of a .seg.nrrd file.")
    # The storage node ends the process on a damaged file: another reader has to look at it first.
    if not _is_whole(path):
        raise PainGeneratorError(f"{path} could not be read.", READ_ADVICE)
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name or path.name.removesuffix(".seg.nrrd"))
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    if not storage.ReadData(node):
        scene.RemoveNode(node)
        raise PainGeneratorError(f"{path} could not be read.", READ_ADVICE)
    node.CreateDefaultDisplayNodes()
    return node


def _is_whole(path: str | Path) -> bool:
    """True when all voxels of a NRRD file can be read."""
    import SimpleITK

    try:
        SimpleITK.ReadImage(str(path), imageIO="NrrdImageIO")
    except RuntimeError:
        return False
    return True
