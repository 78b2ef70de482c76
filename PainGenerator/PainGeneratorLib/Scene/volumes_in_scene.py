"""The volumes of a scene as the case step sees them: facts about them, and their voxels in their own frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Image
from ..Numerics.core.words import COMPUTED_ROLES
from . import nodes
from .node_keys import KEY_ATTRIBUTE, ROLE_ATTRIBUTE
from .subject_hierarchy import attributes_of
from .warped_volume import resample_warped

OWN_ATTRIBUTE = "PainGenerator.Own"
"""Marks volumes that this program made."""

SOURCE_ROLE = "PainGenerator.Source"
"""Node reference from a volume of this program (the SUV) to the volume that it was made from."""

VALUE_SAMPLES = 50_000
"""About how many voxels the range of a volume's values is taken from."""


@dataclass(frozen=True, eq=False)
class VolumeFacts:
    """What can be said about a volume without its DICOM files.

    Parameters
    ----------
    node_id, name : str
    instance_uids : tuple of str
        SOP Instance UIDs, as Slicer's DICOM module leaves them on the node.
    dicom : dict of str to str
        Keywords and values from the subject hierarchy and the node.
    unit : str or None
        Coded unit of the voxels.
    geometry : Geometry
        Of the node itself, without its transforms.
    value_range : tuple of float
        1st and 99th percentile of a sample of the voxels.
    """

    node_id: str
    name: str
    instance_uids: tuple[str, ...]
    dicom: dict[str, str]
    unit: str | None
    geometry: Geometry
    value_range: tuple[float, float]


def volume_facts(node: Any) -> VolumeFacts:
    """Facts about a scalar volume node with voxels."""
    scene = node.GetScene()
    uids = tuple((node.GetAttribute("DICOM.instanceUIDs") or "").split())
    dicom = attributes_of(scene, node)
    for name in node.GetAttributeNames():
        if name.startswith("DICOM.") and name not in ("DICOM.instanceUIDs", "DICOM.instanceNumbers"):
            dicom.setdefault(name.removeprefix("DICOM."), node.GetAttribute(name))
    array = nodes.volume_array(node.GetImageData()).reshape(-1)
    sample = array[:: max(1, array.size // VALUE_SAMPLES)]
    sample = sample[np.isfinite(sample)]
    low, high = np.percentile(sample, (1.0, 99.0)) if sample.size else (0.0, 0.0)
    return VolumeFacts(
        node.GetID(), node.GetName(), uids, dicom, nodes.voxel_unit(node), nodes.own_geometry(node),
        (float(low), float(high)),
    )  # fmt: skip


def case_volumes(scene: Any) -> list[Any]:
    """The scalar volumes that a case can be made of: with voxels, of one component, not derived by this program."""
    found = []
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        data = node.GetImageData()
        has_voxels = data is not None and data.GetNumberOfScalarComponents() == 1 and data.GetNumberOfPoints() > 0
        is_computed = node.GetAttribute(ROLE_ATTRIBUTE) in COMPUTED_ROLES
        is_derived = is_computed or node.GetNodeReference(SOURCE_ROLE) is not None or node.GetHideFromEditors()
        if has_voxels and not is_derived and not node.IsA("vtkMRMLLabelMapVolumeNode"):
            found.append(node)
    return found


def own_frame_image(node: Any, alignment: Any = None, array: np.ndarray | None = None) -> tuple[Image, list[str]]:
    """The voxels of a volume in the series' own frame, with its transforms but not the alignment of this program.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
    alignment : vtkMRMLLinearTransformNode, optional
        The transform of this program above the volume; its effect is left out.
    array : ndarray, shape (k, j, i), optional
        Used in place of the node's voxels.

    Returns
    -------
    image : Image
        float32, a copy.
    warnings : list of str
        That it was resampled, when it lies under a non-linear transform.
    """
    import vtk

    data = node.GetImageData()
    values = nodes.volume_array(data) if array is None else array
    image = Image(np.array(values, dtype=np.float32), nodes.own_geometry(node))
    parent = node.GetParentTransformNode()
    if parent is None or parent is alignment:
        return image, []
    top = alignment if alignment is not None and _is_above(node, alignment) else None
    if parent.IsTransformToNodeLinear(top):
        matrix = vtk.vtkMatrix4x4()
        parent.GetMatrixTransformToNode(top, matrix)
        return Image(image.array, image.geometry.moved(nodes.matrix_from_vtk(matrix))), []
    warning = (
        f"{node.GetName()} lies under the non-linear transform {parent.GetName()}: "
        "it was resampled to a regular grid for the analysis."
    )
    return resample_warped(image, parent, top), [warning]


def alignment_of(node: Any) -> Any:
    """The transform of this program above a volume; None when there is none."""
    parent = node.GetParentTransformNode()
    while parent is not None and not (parent.GetAttribute(KEY_ATTRIBUTE) or "").startswith("transform."):
        parent = parent.GetParentTransformNode()
    return parent


def lies_under_a_warp(node: Any) -> bool:
    """True when a non-linear transform is above a volume: its own matrix is not its place."""
    parent = node.GetParentTransformNode()
    return parent is not None and not parent.IsTransformToWorldLinear()


def _is_above(node: Any, transform: Any) -> bool:
    while node is not None:
        node = node.GetParentTransformNode()
        if node is transform:
            return True
    return False
