"""What the walk needs of its case: the anatomy, a place to add a candidate at, and what a view shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from slicer_stand_in.own_render_view import pixels_of_image

FREE_MM = 30.0
"""A place for a new candidate is at least this far from all others."""


def hot_place(pet: Any, entries: Sequence[Any]) -> np.ndarray:
    """The highest uptake in the middle of the PET that is far from all that was found; RAS mm, shape (3,)."""
    import slicer
    from PainGeneratorLib.Numerics.core.regions import contains
    from vtk import vtkMatrix4x4

    centers_ras = np.array([entry.centroid_ras_mm for entry in entries])
    array = slicer.util.arrayFromVolume(pet)
    matrix = vtkMatrix4x4()
    pet.GetIJKToRASMatrix(matrix)
    to_ras = slicer.util.arrayFromVTKMatrix(matrix)
    inner = tuple(slice(n // 4, 3 * n // 4) for n in array.shape)
    offset = np.array([part.start for part in inner])
    for flat in np.argsort(array[inner], axis=None)[::-1]:
        kji = np.array(np.unravel_index(flat, array[inner].shape)) + offset
        ras = (to_ras @ [*kji[::-1], 1.0])[:3]
        is_far = np.linalg.norm(centers_ras - ras, axis=1).min() > FREE_MM
        if is_far and not any(contains(entry.region, ras[None])[0] for entry in entries):
            return ras
    raise AssertionError("no place to add at")


def pixels_of(view: Any) -> np.ndarray:
    """What a view shows now, shape (height, width, 3), uint8."""
    view.forceRender()
    return pixels_of_image(view.picture)


def add_anatomy(folder: Path) -> Any:
    """The phantom's anatomy as a segmentation node with the names of its structures."""
    import SimpleITK
    import slicer
    from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Geometry, Image
    from PainGeneratorLib.Scene.nodes import matrix_to_vtk

    (path,) = folder.glob("phantom-*/anatomy.nii.gz")
    names = json.loads((path.parent / "anatomy-labels.json").read_text(encoding="utf-8"))
    read = SimpleITK.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(read.GetDirection()).reshape(3, 3) * np.array(read.GetSpacing())
    matrix[:3, 3] = read.GetOrigin()
    image = Image(SimpleITK.GetArrayFromImage(read), Geometry(read.GetSize()[::-1], LPS_TO_RAS @ matrix))
    scene = slicer.mrmlScene
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "anatomy labels")
    labels.SetIJKToRASMatrix(matrix_to_vtk(image.geometry.ijk_to_ras))
    slicer.util.updateVolumeFromArray(labels, image.array.astype(np.int16))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "anatomy")
    node.CreateDefaultDisplayNodes()
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    segmentation = node.GetSegmentation()
    for value, segment_id in zip(sorted(np.unique(image.array))[1:], segmentation.GetSegmentIDs(), strict=True):
        segmentation.GetSegment(segment_id).SetName(names[str(value)])
    node.GetDisplayNode().SetVisibility(False)
    scene.RemoveNode(labels)
    return node
