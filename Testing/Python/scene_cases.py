"""A small phantom case in a scene, the way Slicer's readers leave it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.series import DicomFolder
from PainGeneratorLib.Scene import nodes, subject_hierarchy

HIERARCHY_KEYWORDS = (
    *subject_hierarchy.PATIENT_ATTRIBUTES,
    *subject_hierarchy.STUDY_ATTRIBUTES,
    *subject_hierarchy.SERIES_ATTRIBUTES,
    "SeriesInstanceUID",
)


def load_as_slicer_does(scene, folder: Path | DicomFolder) -> dict[str, str]:
    """Put every series of a DICOM folder into a scene like Slicer's plain DICOM reader: Bq/ml without a unit on the
    PET, ``DICOM.instanceUIDs`` on the nodes, patient, study and series attributes in the subject hierarchy.

    Returns
    -------
    dict
        Path of the file of every SOP Instance UID.
    """
    found = folder if isinstance(folder, DicomFolder) else read_folder(folder)
    files: dict[str, str] = {}
    for series in found.series:
        number = "" if series.number is None else f"{series.number}: "
        preset = "plain" if series.modality == "PT" else "mr"
        node = nodes.add_volume(scene, series.load(), f"{number}{series.description}", preset)
        # Slicer's names have a colon, which no file may have.
        node.SetName(f"{number}{series.description}")
        uids = dict.fromkeys(series.sop_instance_uids)
        node.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
        dicom = {key: str(series.header[key]) for key in HIERARCHY_KEYWORDS if series.header.get(key) is not None}
        subject_hierarchy.place_series(scene, node, dicom)
        files |= {frame.header["SOPInstanceUID"]: str(frame.path) for frame in series.frames}
    return files


def everything_of(scene) -> dict[str, tuple]:
    """Id, time of modification and content time of every node: equal when nothing touched the scene."""
    state = {}
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        content = ()
        if node.IsA("vtkMRMLVolumeNode") and node.GetImageData() is not None:
            content = (node.GetImageData().GetMTime(),)
        if node.IsA("vtkMRMLSegmentationNode"):
            content = (node.GetSegmentation().GetMTime(),)
        state[node.GetID()] = (node.GetName(), node.GetMTime(), content)
    return state


def volume_named(scene, words: str):
    """The scalar volume whose name holds some words."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if words in node.GetName():
            return node
    raise LookupError(words)


def voxels_of(segmentation_node, segment_id: str) -> int:
    """How many voxels a segment has."""
    from PainGeneratorLib.Scene.segments import read_segmentation

    return next(len(s.region) for s in read_segmentation(segmentation_node) if s.id == segment_id)


def set_outline(segmentation_node, segment_id: str, region) -> None:
    """Draw a segment like the Segment Editor does: through the segmentations logic."""
    import slicer

    box = region.box_mask()
    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(nodes.array_to_vtk(box.array.astype(np.uint8)))
    image.SetImageToWorldMatrix(nodes.matrix_to_vtk(box.geometry.ijk_to_ras))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.SetBinaryLabelmapToSegment(image, segmentation_node, segment_id, logic.MODE_REPLACE)


def few_series(folder: Path) -> DicomFolder:
    """PET, T1, STIR and the attenuation series of a phantom: enough for all steps."""
    found = read_folder(folder)
    found.series = [series for series in found.series if "t2_tse" not in series.description]
    return found


def quick_alignment(session) -> None:
    """Settings with which the alignment takes seconds."""
    for name, value in (("restarts.count", 1), ("search.samples", 2000), ("search.finest_spacing_mm", 5.0)):
        session.set_parameter(f"alignment.{name}", value)


def load_anatomy(scene, folder: Path) -> str:
    """The anatomy of a phantom as a segmentation with named segments, as TotalSegmentator leaves it; its node id."""
    import json

    import SimpleITK
    from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Geometry, Region
    from PainGeneratorLib.Scene.segments import Segment, write_segmentation

    itk = SimpleITK.ReadImage(str(folder / "anatomy.nii.gz"))
    array = SimpleITK.GetArrayFromImage(itk)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(itk.GetDirection()).reshape(3, 3) * np.array(itk.GetSpacing())
    matrix[:3, 3] = itk.GetOrigin()
    geometry = Geometry(array.shape, LPS_TO_RAS @ matrix)
    names = json.loads((folder / "anatomy-labels.json").read_text())
    segments = [
        Segment(f"Segment_{number}", name, Region.from_mask(array == int(number), geometry))
        for number, name in names.items()
    ]
    node, _ = write_segmentation(scene, "total_mr", segments, geometry)
    return node.GetID()
