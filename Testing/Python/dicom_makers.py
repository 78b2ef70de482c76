"""Small DICOM files for tests: one function per kind, everything else by keyword."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CLASSES = {
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "enhanced MR": "1.2.840.10008.5.1.4.1.1.4.1",
    "enhanced PT": "1.2.840.10008.5.1.4.1.1.130",
    "legacy PT": "1.2.840.10008.5.1.4.1.1.128.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "SR": "1.2.840.10008.5.1.4.1.1.88.33",
}
FRAME = "1.2.3.4.5"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

T1 = {"ScanningSequence": "SE", "EchoTime": 11.0, "RepetitionTime": 550.0, "SeriesDescription": "sag first"}
T2 = {"ScanningSequence": "SE", "EchoTime": 95.0, "RepetitionTime": 3500.0, "SeriesDescription": "sag second"}
STIR = {
    "ScanningSequence": ["SE", "IR"],
    "EchoTime": 40.0,
    "RepetitionTime": 4200.0,
    "InversionTime": 200.0,
    "SeriesDescription": "sag third",
}


def base(kind: str, **values: Any) -> FileDataset:
    """A dataset of a SOP class with what every image has; keywords replace or add elements, None removes one."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CLASSES[kind]
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    defaults = {
        "SOPClassUID": CLASSES[kind],
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": "1.2.3.4",
        "FrameOfReferenceUID": FRAME,
        "PatientID": "P1",
        "PatientName": "One^Patient",
        "StudyDate": "20250102",
        "SeriesDate": "20250102",
        "SeriesTime": "110000",
        "AcquisitionDate": "20250102",
        "AcquisitionTime": "110000",
        "Modality": kind.split()[-1],
        "SeriesNumber": 1,
        "ImageType": ["ORIGINAL", "PRIMARY"],
    }
    for keyword, value in (defaults | values).items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


def set_pixels(dataset: Dataset, stored: np.ndarray) -> None:
    """Put stored values (rows, columns) or (frames, rows, columns) of a 16-bit type into a dataset."""
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel = 1
    if "PhotometricInterpretation" not in dataset:
        dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = np.ascontiguousarray(stored).astype(stored.dtype.newbyteorder("<")).tobytes()


def pet_injection(**values: Any) -> Dataset:
    """An item of the Radiopharmaceutical Information Sequence: 368.08 MBq of FDG at 10:00:00."""
    item = Dataset()
    defaults = {
        "Radiopharmaceutical": "FDG",
        "RadiopharmaceuticalStartTime": "100000",
        "RadionuclideTotalDose": 368.08e6,
        "RadionuclideHalfLife": 6586.2,
    }
    for keyword, value in (defaults | values).items():
        if value is not None:
            setattr(item, keyword, value)
    return item


PET = {
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["NORM", "ATTN", "DECY"],
    "PatientWeight": 70.0,
    "PatientSize": 1.75,
    "PatientSex": "M",
    "FrameReferenceTime": 150000.0,
    "ActualFrameDuration": 300000,
    "RescaleIntercept": 0.0,
    "RescaleSlope": 1.0,
    "SeriesDescription": "PET AC",
}


def write_series(
    folder: Path,
    stored: np.ndarray,
    kind: str = "MR",
    *,
    orientation: Iterable[float] = AXIAL,
    first_position: Iterable[float] = (-10.0, -20.0, 30.0),
    spacing: tuple[float, float] = (1.5, 2.0),
    distance: float = 4.0,
    skip: Iterable[int] = (),
    change: Callable[[int, Dataset], None] | None = None,
    prefix: str = "",
    injection: dict[str, Any] | None = None,
    **values: Any,
) -> str:
    """Write a single-frame series of stored (slices, rows, columns) and return its Series Instance UID.

    `spacing` is (between rows, between columns); slices step by `distance` along the normal; positions are LPS.
    `change` may edit each slice's dataset before it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cosines = np.array(list(orientation))
    normal = np.cross(cosines[:3], cosines[3:])
    uid = values.pop("SeriesInstanceUID", None) or generate_uid()
    for k, plane in enumerate(stored):
        if k in skip:
            continue
        dataset = base(kind, **({**PET, **values} if kind == "PT" else values))
        dataset.SeriesInstanceUID = uid
        dataset.InstanceNumber = k + 1
        dataset.ImagePositionPatient = [round(float(x), 6) for x in np.array(first_position) + k * distance * normal]
        dataset.ImageOrientationPatient = [float(c) for c in cosines]
        dataset.PixelSpacing = list(spacing)
        dataset.SliceThickness = distance
        if kind == "PT":
            dataset.RadiopharmaceuticalInformationSequence = [pet_injection(**(injection or {}))]
        set_pixels(dataset, plane)
        if change is not None:
            change(k, dataset)
        dataset.save_as(folder / f"{prefix or uid[-8:]}-{len(stored) - k:03d}", enforce_file_format=True)
    return uid


def ramp(slices: int = 5, rows: int = 6, columns: int = 7, start: int = 10) -> np.ndarray:
    """Stored values that all differ, int16, shape (slices, rows, columns)."""
    return (start + np.arange(slices * rows * columns, dtype=np.int16)).reshape(slices, rows, columns)


def enhanced(
    stored: np.ndarray, kind: str = "enhanced MR", echo_times: tuple[float, ...] = (12.0,), **values: Any
) -> FileDataset:
    """A multi-frame file of stored (slices, rows, columns) for every echo; sagittal, 4 mm apart, echo after echo."""
    dataset = base(kind, SeriesInstanceUID=generate_uid(), **values)
    shared = Dataset()
    measures, plane = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [1.5, 2.0], 4.0
    plane.ImageOrientationPatient = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    timing = Dataset()
    timing.RepetitionTime = 550.0
    shared.MRTimingAndRelatedParametersSequence = [timing]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for echo_time in echo_times:
        for k in range(stored.shape[0]):
            frame, position, echo, transformation = Dataset(), Dataset(), Dataset(), Dataset()
            position.ImagePositionPatient = [-10.0 - 4.0 * k, -20.0, 30.0]
            echo.EffectiveEchoTime = echo_time
            transformation.RescaleSlope, transformation.RescaleIntercept, transformation.RescaleType = (
                1.0 + k,
                0.0,
                "US",
            )
            frame.PlanePositionSequence, frame.MREchoSequence = [position], [echo]
            frame.PixelValueTransformationSequence = [transformation]
            frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    set_pixels(dataset, np.concatenate([stored + 1000 * n for n in range(len(echo_times))]))
    return dataset
