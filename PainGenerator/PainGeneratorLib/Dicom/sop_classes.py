"""Which DICOM objects are images of a volume, and words for those that are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IMAGE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "enhanced CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "legacy converted enhanced CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "enhanced MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "legacy converted enhanced MR",
    "1.2.840.10008.5.1.4.1.1.128": "PET",
    "1.2.840.10008.5.1.4.1.1.128.1": "legacy converted enhanced PET",
    "1.2.840.10008.5.1.4.1.1.130": "enhanced PET",
}
"""SOP Class UID -> name of the class, for the classes that are read as volumes (PS3.4, table B.5-1)."""

PLAIN_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
}
"""Modality (0008,0060) -> the SOP Class UID of its single-frame images, for files that state no class."""

OTHER_CLASSES = {
    "1.2.840.10008.1.3.10": "index of a disc (DICOMDIR)",
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.66.7": "label map segmentation",
    "1.2.840.10008.5.1.4.1.1.66.5": "surface segmentation",
    "1.2.840.10008.5.1.4.1.1.66.1": "spatial registration",
    "1.2.840.10008.5.1.4.1.1.66": "raw data",
    "1.2.840.10008.5.1.4.1.1.67": "real world value mapping",
    "1.2.840.10008.5.1.4.1.1.30": "parametric map",
    "1.2.840.10008.5.1.4.1.1.481.3": "contours (RTSTRUCT)",
    "1.2.840.10008.5.1.4.1.1.11.1": "presentation state",
    "1.2.840.10008.5.1.4.1.1.104.1": "document",
    "1.2.840.10008.5.1.4.1.1.4.2": "MR spectroscopy",
}
"""SOP Class UID -> words for the reader, for classes that are not read as volumes."""
OTHER_CLASS_PREFIXES = {
    "1.2.840.10008.5.1.4.1.1.88.": "structured report",
    "1.2.840.10008.5.1.4.1.1.7": "secondary capture (screenshot)",
    "1.2.840.10008.5.1.4.1.1.11.": "presentation state",
    "1.2.840.10008.5.1.4.1.1.481.": "radiotherapy object",
}
"""First part of a SOP Class UID -> words for the reader, for whole families of classes that are not read."""


def class_reason(sop_class: str | None) -> str:
    """Words that say what a file of a SOP class that is not read contains."""
    if sop_class in OTHER_CLASSES:
        return OTHER_CLASSES[sop_class]
    for prefix, words in OTHER_CLASS_PREFIXES.items():
        if (sop_class or "").startswith(prefix):
            return words
    return "not a CT, MR or PET image"


def modality_of(header: Mapping[str, Any], sop_class: str | None) -> str | None:
    """The modality of an image: its Modality (0008,0060) where that is CT, MR or PT, else what its SOP class says.

    Archives and anonymizers leave the element empty, and some programs write words of their own into it ("PET",
    "MRI"): https://github.com/Slicer/Slicer/issues/7496.

    Returns
    -------
    str or None
        None where neither says it.
    """
    stated: str | None = header.get("Modality")
    if stated in PLAIN_CLASSES:
        return stated
    for words, modality in (("CT", "CT"), ("MR", "MR"), ("PET", "PT")):
        if IMAGE_CLASSES.get(sop_class or "", "").endswith(words):
            return modality
    return stated
