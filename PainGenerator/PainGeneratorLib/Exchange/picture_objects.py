"""Key images as color secondary captures and the report as an encapsulated PDF.

Viewers that show neither segmentations nor structured reports show these.
"""

from __future__ import annotations

import datetime
from typing import Any

from .object_identity import SeriesIdentity, instance_uid, take_study

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""SOP class of secondary captures."""
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
"""SOP class of encapsulated PDF."""
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
"""Transfer syntax of JPEG with 8 bits, which every archive must know that takes compressed pictures."""
EXPLICIT = "1.2.840.10008.1.2.1"
"""Transfer syntax explicit VR, little endian."""
WORKSTATION = "WSD"
"""Conversion type: made by a workstation (PS3.3, C.8.6.1)."""


def picture_object(
    jpeg: bytes, caption: str, source: Any, series: SeriesIdentity, number: int, created: datetime.datetime
) -> Any:
    """A picture as secondary capture. It is stored as the JPEG that it is, so that nothing is lost twice.

    Parameters
    ----------
    jpeg : bytes
        A color picture.
    caption : str
        What it shows.
    source : pydicom.Dataset
        Of the study.
    series : SeriesIdentity
    number : int
        Instance number, from 1.
    created : datetime

    Returns
    -------
    pydicom.Dataset
    """
    import io

    from PIL import Image as Picture
    from pydicom.encaps import encapsulate

    with Picture.open(io.BytesIO(jpeg)) as picture:
        width, height = picture.size
    found = _new(SECONDARY_CAPTURE, JPEG_BASELINE, instance_uid(series, created, source, jpeg, caption, str(number)))
    take_study(found, source, series, created)
    found.Modality, found.ConversionType = "OT", WORKSTATION
    found.InstanceNumber = number
    found.PatientOrientation = ""
    # Empty where a picture shows both sides: the attribute has to be there.
    found.Laterality = ""
    found.DateOfSecondaryCapture, found.TimeOfSecondaryCapture = found.ContentDate, found.ContentTime
    found.ImageComments = caption
    found.ImageType = ["DERIVED", "SECONDARY"]
    found.BurnedInAnnotation = "NO"
    found.SamplesPerPixel, found.PhotometricInterpretation, found.PlanarConfiguration = 3, "YBR_FULL_422", 0
    found.Rows, found.Columns = height, width
    found.BitsAllocated = found.BitsStored = 8
    found.HighBit, found.PixelRepresentation = 7, 0
    found.LossyImageCompression = "01"
    found.LossyImageCompressionRatio = f"{width * height * 3 / len(jpeg):.2f}"
    found.LossyImageCompressionMethod = "ISO_10918_1"
    found.PixelData = encapsulate([jpeg])
    found["PixelData"].VR = "OB"
    found["PixelData"].is_undefined_length = True
    return found


def document_object(pdf: bytes, title: str, source: Any, series: SeriesIdentity, created: datetime.datetime) -> Any:
    """A PDF file as DICOM object.

    Parameters
    ----------
    pdf : bytes
    title : str
    source : pydicom.Dataset
        Of the study.
    series : SeriesIdentity
    created : datetime

    Returns
    -------
    pydicom.Dataset
    """
    found = _new(ENCAPSULATED_PDF, EXPLICIT, instance_uid(series, created, source, pdf))
    take_study(found, source, series, created)
    found.Modality, found.ConversionType = "DOC", WORKSTATION
    found.InstanceNumber = 1
    found.AcquisitionDateTime = ""
    # The report names the patient unless it was made with a pseudonym; "YES" is right in both cases.
    found.BurnedInAnnotation = "YES"
    found.DocumentTitle = title
    found.ConceptNameCodeSequence = []
    found.MIMETypeOfEncapsulatedDocument = "application/pdf"
    found.EncapsulatedDocumentLength = len(pdf)
    found.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return found


def _new(sop_class: str, transfer_syntax: str, uid: str) -> Any:
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    found = pydicom.Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.MediaStorageSOPClassUID, found.file_meta.MediaStorageSOPInstanceUID = UID(sop_class), UID(uid)
    found.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    found.SOPClassUID, found.SOPInstanceUID = UID(sop_class), UID(uid)
    return found
