"""Patient, study and series items of the subject hierarchy, with their DICOM attributes.

Slicer makes an item for every new node, but without Qt nobody does. Both cases are handled: an item that is there is
moved, and one that is missing is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .safe_names import safe_text

PATIENT_ATTRIBUTES = (
    "PatientName",
    "PatientID",
    "PatientSex",
    "PatientBirthDate",
    "PatientComments",
)
"""Keywords that Slicer's DICOM module puts on the item of a patient, each as ``DICOM.<keyword>``."""

STUDY_ATTRIBUTES = (
    "StudyInstanceUID",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
)
"""Keywords on the item of a study."""

SERIES_ATTRIBUTES = (
    "Modality",
    "SeriesNumber",
    "SeriesDate",
    "SeriesTime",
    "FrameOfReferenceUID",
)
"""Keywords on the item of a series."""

RESULTS_FOLDER = "PainGenerator"
"""Name of the folder for the results of this program."""


def place_series(scene: Any, node: Any, dicom: Mapping[str, str]) -> int:
    """Put a volume node under its patient and study.

    Parameters
    ----------
    scene : vtkMRMLScene
    node : vtkMRMLVolumeNode
    dicom : mapping of str to str
        DICOM keywords and values: ``PatientID``, ``StudyInstanceUID``, ``SeriesInstanceUID``, ``Modality``, ...
        A series without study or patient is placed under an unnamed one.

    Returns
    -------
    int
        Item of the study.
    """
    tree = hierarchy(scene)
    patient = _patient_item(tree, dicom)
    study = _study_item(tree, patient, dicom)
    item = _item_of(tree, node, study)
    _set_attributes(tree, item, SERIES_ATTRIBUTES, dicom)
    uid = dicom.get("SeriesInstanceUID")
    if uid:
        tree.SetItemUID(item, "DICOM", uid)
    uids = node.GetAttribute("DICOM.instanceUIDs")
    if uids:
        tree.SetItemUID(item, "DICOMInstance", uids)
    return study


def study_of(scene: Any, node: Any) -> int | None:
    """The study item that a node lies under, None when it lies under none."""
    tree = hierarchy(scene)
    item = tree.GetItemByDataNode(node)
    while item not in (tree.GetSceneItemID(), tree.GetInvalidItemID()):
        if tree.GetItemLevel(item) == "Study":
            return int(item)
        item = tree.GetItemParent(item)
    return None


def place_results(scene: Any, nodes: Sequence[Any], study_item: int | None, folder_name: str = RESULTS_FOLDER) -> int:
    """Put result nodes into a folder beside the series of a study.

    Parameters
    ----------
    scene : vtkMRMLScene
    nodes : sequence of vtkMRMLNode
    study_item : int or None
        Where the folder goes; the scene's top for None.
    folder_name : str

    Returns
    -------
    int
        Item of the folder.
    """
    tree = hierarchy(scene)
    parent = tree.GetSceneItemID() if study_item is None else study_item
    folder = tree.GetItemChildWithName(parent, folder_name)
    if folder == tree.GetInvalidItemID():
        folder = tree.CreateFolderItem(parent, folder_name)
    for node in nodes:
        _item_of(tree, node, folder)
    return int(folder)


def hierarchy(scene: Any) -> Any:
    """The scene's subject hierarchy node; made when there is none."""
    import slicer

    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def attributes_of(scene: Any, node: Any) -> dict[str, str]:
    """DICOM keywords and values of a node's item, its study and its patient."""
    tree = hierarchy(scene)
    item = tree.GetItemByDataNode(node)
    found: dict[str, str] = {}
    if item == tree.GetInvalidItemID():
        return found
    if tree.GetItemUID(item, "DICOM"):
        found["SeriesInstanceUID"] = tree.GetItemUID(item, "DICOM")
    while item not in (tree.GetSceneItemID(), tree.GetInvalidItemID()):
        if tree.GetItemLevel(item) == "Study" and tree.GetItemUID(item, "DICOM"):
            found.setdefault("StudyInstanceUID", tree.GetItemUID(item, "DICOM"))
        for keyword in (*SERIES_ATTRIBUTES, *STUDY_ATTRIBUTES, *PATIENT_ATTRIBUTES):
            value = tree.GetItemAttribute(item, f"DICOM.{keyword}")
            if value:
                found.setdefault(keyword, value)
        item = tree.GetItemParent(item)
    return found


def _patient_item(tree: Any, dicom: Mapping[str, str]) -> int:
    uid = safe_text(dicom.get("PatientID", ""))
    name = safe_text(dicom.get("PatientName") or uid) or "Patient"
    top = tree.GetSceneItemID()
    item = tree.GetItemByUID("DICOM", uid) if uid else tree.GetItemChildWithName(top, name)
    if item == tree.GetInvalidItemID():
        item = tree.CreateSubjectItem(top, name)
        if uid:
            tree.SetItemUID(item, "DICOM", uid)
    _set_attributes(tree, item, PATIENT_ATTRIBUTES, dicom)
    return int(item)


def _study_item(tree: Any, patient: int, dicom: Mapping[str, str]) -> int:
    uid = dicom.get("StudyInstanceUID", "")
    parts = (dicom.get("StudyDescription"), dicom.get("StudyDate"))
    name = safe_text(" ".join(part for part in parts if part)) or "Study"
    item = tree.GetItemByUID("DICOM", uid) if uid else tree.GetItemChildWithName(patient, name)
    if item == tree.GetInvalidItemID():
        item = tree.CreateStudyItem(patient, name)
        if uid:
            tree.SetItemUID(item, "DICOM", uid)
    _set_attributes(tree, item, STUDY_ATTRIBUTES, dicom)
    return int(item)


def _item_of(tree: Any, node: Any, parent: int) -> int:
    item = tree.GetItemByDataNode(node)
    if item == tree.GetInvalidItemID():
        return int(tree.CreateItem(parent, node))
    tree.SetItemParent(item, parent)
    return int(item)


def _set_attributes(tree: Any, item: int, keywords: Sequence[str], dicom: Mapping[str, str]) -> None:
    for keyword in keywords:
        value = dicom.get(keyword)
        if value:
            tree.SetItemAttribute(item, f"DICOM.{keyword}", safe_text(str(value)))
