"""What a volume of the scene was like when a case was made of it, and whether it still is.

Comparing voxels takes some tenths of a second for a whole case. The time stamps that MRML keeps tell whether there is
anything to compare. A program that writes into the memory of a volume without telling MRML changes no stamp: before a
step runs and before an export the voxels are compared in any case.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..Numerics.core.image import SAME_GRID_TOLERANCE_MM, Geometry, Image
from . import nodes
from .volumes_in_scene import own_frame_image

Record = dict[str, Any]
"""Plain values that are kept with the case: ``id`` and ``name`` of the node, ``voxels`` (:attr:`Image.fingerprint`),
``shape`` (k, j, i) and ``ijk_to_ras`` (4 rows) of its grid in the frame of the series."""


def record_of(node_id: str, name: str, image: Image) -> Record:
    """What is kept of a volume that a case was made of.

    Parameters
    ----------
    node_id, name : str
    image : Image
        As :func:`.volumes_in_scene.own_frame_image` gives it.
    """
    grid = image.geometry
    return {
        "id": node_id,
        "name": name,
        "voxels": image.fingerprint,
        "shape": list(grid.shape),
        "ijk_to_ras": [[float(x) for x in row] for row in grid.ijk_to_ras],
    }


def has_voxels(node: Any) -> bool:
    """Whether a volume node has voxels of one component; one whose file was not found has none."""
    data = None if node is None else node.GetImageData()
    if data is None or data.GetNumberOfPoints() == 0 or data.GetPointData().GetScalars() is None:
        return False
    return bool(data.GetNumberOfScalarComponents() == 1)


def stamp_of(node: Any, alignment: Any) -> tuple[Any, ...]:
    """What is another one after voxels, grid or place of a volume were changed; it costs nothing to look at.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
        With voxels.
    alignment : vtkMRMLLinearTransformNode or None
        The transform of this program above the volume; its changes do not count.
    """
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    data = node.GetImageData()
    values = tuple(matrix.GetElement(row, column) for row in range(3) for column in range(4))
    times = (data.GetMTime(), data.GetPointData().GetScalars().GetMTime(), data.GetDimensions())
    above = []
    parent = node.GetParentTransformNode()
    while parent is not None and parent is not alignment:
        above.append((parent.GetID(), parent.GetTransformToWorldMTime()))
        parent = parent.GetParentTransformNode()
    return (*times, values, tuple(above))


def what_changed(node: Any, alignment: Any, record: Record) -> str:
    """``voxels`` or ``place`` where a volume differs from its record; empty where it does not.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
        With voxels.
    alignment : vtkMRMLLinearTransformNode or None
        The transform of this program above the volume.
    record : Record
    """
    image, _ = own_frame_image(node, alignment)
    if list(image.geometry.shape) != list(record["shape"]) or image.fingerprint != record["voxels"]:
        return "voxels"
    recorded = Geometry(tuple(record["shape"]), np.array(record["ijk_to_ras"]))
    is_same = np.abs(recorded.corners_ras - image.geometry.corners_ras).max() < SAME_GRID_TOLERANCE_MM
    return "" if is_same else "place"


def shows(node: Any, image: Image) -> bool:
    """Whether a volume of this program holds what it was made of.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
    image : Image
    """
    if not has_voxels(node):
        return False
    grid = nodes.own_geometry(node)
    if grid.shape != image.geometry.shape or not grid.is_same_grid(image.geometry):
        return False
    return Image(nodes.volume_array(node.GetImageData()), grid).fingerprint == image.fingerprint
