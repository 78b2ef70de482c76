"""Images and transforms as MRML nodes, and back.

Volumes keep the geometry of their image to the last digit, oblique or not. Arrays are copied into the scene, so that a
later change of the array does not change the volume. Arrays that are read from the scene are views of its memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Image
from .safe_names import safe_name
from .warped_volume import resample_warped


@dataclass(frozen=True)
class VolumePreset:
    """What the voxels of a volume are, and how it is first shown.

    Parameters
    ----------
    quantity, unit : tuple of str
        (code value, coding scheme, meaning) of the DICOM codes for quantity and unit.
    color : str
        Name of a color node of Slicer.
    window : tuple of float, optional
        Lower and upper value of the display window; from the voxels when left out.
    """

    quantity: tuple[str, str, str] | None
    unit: tuple[str, str, str] | None
    color: str
    window: tuple[float, float] | None = None


_SUV = ("126401", "DCM", "SUVbw")
"""DICOM code of the quantity: code value, coding scheme, meaning."""

_SUV_UNIT = ("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight")
"""Code of the unit: code value, coding scheme, meaning."""

PRESETS: dict[str, VolumePreset] = {
    "pet-fusion": VolumePreset(_SUV, _SUV_UNIT, "PET-Heat", (0.0, 5.0)),
    "pet-grey": VolumePreset(_SUV, _SUV_UNIT, "InvertedGrey", (0.0, 5.0)),
    "pet-activity": VolumePreset(
        ("110821", "DCM", "Nuclear Medicine Tomographic Activity"),
        ("Bq/ml", "UCUM", "Becquerels/milliliter"),
        "PET-Heat",
    ),
    "mr": VolumePreset(("110852", "DCM", "MR signal intensity"), ("1", "UCUM", "no units"), "Grey"),
    "ct": VolumePreset(
        ("112031", "DCM", "Attenuation Coefficient"), ("[hnsf'U]", "UCUM", "Hounsfield unit"), "Grey", (-160.0, 240.0)
    ),
    "fraction": VolumePreset(None, ("%", "UCUM", "Percent"), "Grey", (0.0, 100.0)),
    "plain": VolumePreset(None, None, "Grey"),
}
"""Presets by name. The codes are those of DICOM PS3.16 (CID 85 for the units). The window of PET is 0 to 5 g/ml,
because uptake in pain generators is low."""

AUTO_WINDOW_PERCENTILES = (1.0, 99.5)
"""The display window of an MR spans these percentiles of its voxels above zero."""

AUTO_WINDOW_SAMPLES = 200_000
"""About how many voxels the percentiles are taken from."""


def matrix_to_vtk(matrix: np.ndarray) -> Any:
    """A 4 x 4 array as vtkMatrix4x4."""
    import vtk

    result = vtk.vtkMatrix4x4()
    result.DeepCopy(np.asarray(matrix, dtype=np.float64).ravel().tolist())
    return result


def matrix_from_vtk(matrix: Any) -> np.ndarray:
    """A vtkMatrix4x4 as a float64 array, shape (4, 4)."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def volume_array(image_data: Any) -> np.ndarray:
    """View, indexed [k, j, i], of the scalars of a one-component vtkImageData; changes show in the scene."""
    from vtk.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image_data.GetPointData().GetScalars()).reshape(image_data.GetDimensions()[::-1])


def add_volume(
    scene: Any, image: Image, name: str, preset: str = "plain", *, node: Any = None, label_map: bool = False
) -> Any:
    """Put an image into the scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    image : Image
        float64 is stored as float32, bool as uint8, 64 bit integers as int32.
    name : str
        Written in a way that files can hold (:func:`.safe_names.safe_name`).
    preset : str
        Key of :data:`PRESETS`; ignored for label maps.
    node : vtkMRMLScalarVolumeNode, optional
        Filled instead of a new node; its display is left as it is.
    label_map : bool
        Make a vtkMRMLLabelMapVolumeNode.

    Returns
    -------
    vtkMRMLScalarVolumeNode or vtkMRMLLabelMapVolumeNode
    """
    kind = "vtkMRMLLabelMapVolumeNode" if label_map else "vtkMRMLScalarVolumeNode"
    is_new = node is None
    shown = safe_name(name)
    node = scene.AddNewNodeByClass(kind, shown) if is_new else node
    node.SetName(shown)
    node.SetAndObserveImageData(array_to_vtk(image.array))
    node.SetIJKToRASMatrix(matrix_to_vtk(image.geometry.ijk_to_ras))
    if not is_new and node.GetDisplayNode() is not None:
        return node
    node.CreateDefaultDisplayNodes()
    if not label_map:
        set_preset(node, preset)
    return node


def array_to_vtk(array: np.ndarray) -> Any:
    """A vtkImageData with a copy of an array [k, j, i]; origin 0 and spacing 1, as MRML wants it."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    if array.dtype == bool:
        array = array.view(np.uint8)
    elif array.dtype == np.float64 or array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        if array.size and (array.max() > np.iinfo(np.int32).max or array.min() < np.iinfo(np.int32).min):
            raise ValueError("values do not fit into 32 bits")
        array = array.astype(np.int32)
    image_data = vtk.vtkImageData()
    image_data.SetDimensions(*array.shape[::-1])
    image_data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True))
    return image_data


def set_preset(node: Any, preset: str) -> None:
    """Code quantity and unit of a volume's voxels and set its first color and window.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode
    preset : str
        Key of :data:`PRESETS`.
    """
    import slicer

    chosen = PRESETS[preset]
    for code, setter in ((chosen.quantity, node.SetVoxelValueQuantity), (chosen.unit, node.SetVoxelValueUnits)):
        if code is not None:
            entry = slicer.vtkCodedEntry()
            entry.SetValueSchemeMeaning(*code)
            setter(entry)
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    color = node.GetScene().GetFirstNodeByName(chosen.color)
    if color is not None:
        display.SetAndObserveColorNodeID(color.GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(*(chosen.window or auto_window(volume_array(node.GetImageData()))))


def auto_window(array: np.ndarray) -> tuple[float, float]:
    """Lower and upper value of a display window that suits the voxels above zero."""
    sample = array.ravel()[:: max(1, array.size // AUTO_WINDOW_SAMPLES)]
    positive = sample[sample > 0]
    if not positive.size:
        return (0.0, 1.0)
    lower, upper = np.percentile(positive, AUTO_WINDOW_PERCENTILES)
    return (float(lower), float(upper)) if upper > lower else (0.0, float(max(upper, 1.0)))


def voxel_unit(node: Any) -> str | None:
    """The coded unit of a volume's voxels ("g/ml{SUVbw}"), None when it has none.

    The old spelling ``{SUVbw}g/ml`` is given as the current ``g/ml{SUVbw}``.
    """
    entry = node.GetVoxelValueUnits()
    value = entry.GetCodeValue() if entry is not None else None
    if value and value.startswith("{"):
        note, _, unit = value.partition("}")
        value = f"{unit}{note}}}"
    return value or None


def own_geometry(node: Any) -> Geometry:
    """The grid of a volume node as its own matrix says, parent transforms left aside."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return Geometry(node.GetImageData().GetDimensions()[::-1], matrix_from_vtk(matrix))


def image_from_volume(node: Any) -> tuple[Image, list[str]]:
    """The voxels of a volume node with their place in the world.

    Parent transforms are honored: a linear one moves the grid; under any other the volume is resampled linearly
    to a regular grid, and a warning says so.

    Parameters
    ----------
    node : vtkMRMLScalarVolumeNode

    Returns
    -------
    image : Image
        RAS mm of the world. Its array is a view of the node's memory unless the volume had to be resampled:
        copy it to keep it, do not write to it.
    warnings : list of str

    Raises
    ------
    ValueError
        When the node has no voxels or more than one component.
    """
    data = node.GetImageData()
    if data is None or data.GetNumberOfScalarComponents() != 1:
        raise ValueError(f"{node.GetName()} is no scalar volume with voxels")
    image = Image(volume_array(data), own_geometry(node))
    parent = node.GetParentTransformNode()
    if parent is None:
        return image, []
    if parent.IsTransformToWorldLinear():
        return Image(image.array, image.geometry.moved(matrix_to_world(parent))), []
    warning = (
        f"{node.GetName()} lies under the non-linear transform {parent.GetName()}: "
        "it was resampled to a regular grid for the analysis."
    )
    return resample_warped(image, parent), [warning]


def matrix_to_world(transform_node: Any) -> np.ndarray:
    """The 4 x 4 RAS matrix of a linear transform node and its parents, to the world."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    if transform_node is not None:
        if not transform_node.IsTransformToWorldLinear():
            raise ValueError(f"{transform_node.GetName()} is not linear")
        transform_node.GetMatrixTransformToWorld(matrix)
    return matrix_from_vtk(matrix)


def add_transform(scene: Any, node_to_parent_ras: np.ndarray, name: str, *, node: Any = None) -> Any:
    """Put a rigid or affine transform into the scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    node_to_parent_ras : ndarray, shape (4, 4)
        Maps points of the nodes under the transform to the parent's frame, RAS mm. To bring a series into the
        reference frame this is the *inverse* of ``reference_to_series_ras``.
    name : str
    node : vtkMRMLLinearTransformNode, optional
        Changed instead of a new one made.

    Returns
    -------
    vtkMRMLLinearTransformNode
    """
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name) if node is None else node
    node.SetName(name)
    node.SetMatrixTransformToParent(matrix_to_vtk(node_to_parent_ras))
    return node


def reference_to_series_ras(volume_node: Any) -> np.ndarray:
    """The 4 x 4 matrix that maps world (reference) points to points of the volume's own frame, RAS mm."""
    return np.linalg.inv(matrix_to_world(volume_node.GetParentTransformNode()))


def set_slice_defaults(scene: Any, background: Any, foreground: Any, foreground_opacity: float = 0.5) -> None:
    """Show a volume behind another one in all slice views, also in those that Slicer makes when it loads the scene.

    Parameters
    ----------
    scene : vtkMRMLScene
    background, foreground : vtkMRMLScalarVolumeNode or None
    foreground_opacity : float
        0 to 1.
    """
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    if selection is None:
        selection = scene.AddNewNodeByClass("vtkMRMLSelectionNode")
    if background is not None:
        selection.SetActiveVolumeID(background.GetID())
    if foreground is not None:
        selection.SetSecondaryVolumeID(foreground.GetID())
    composites = [
        scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode")
        for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode"))
    ]
    found = {composite.GetLayoutName() for composite in composites}
    composites += [_add_composite(scene, view) for view in ("Red", "Yellow", "Green") if view not in found]
    for composite in composites:
        composite.SetBackgroundVolumeID(background.GetID() if background is not None else None)
        composite.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
        composite.SetForegroundOpacity(foreground_opacity)
        composite.SetLinkedControl(True)


def _add_composite(scene: Any, view: str) -> Any:
    import slicer

    composite = slicer.vtkMRMLSliceCompositeNode()
    composite.SetSingletonTag(view)
    composite.SetLayoutName(view)
    composite.SetName(f"SliceComposite{view}")
    return scene.AddNode(composite)
