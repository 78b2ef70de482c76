"""Write the series of a phantom as DICOM files with the headers of a hybrid PET/MR scanner."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..Numerics.core.image import LPS_TO_RAS, Geometry
from .mr_signal import Sequence

F18_HALF_LIFE_S = 6586.2
"""Half life of fluorine-18, s (see docs/domain.md)."""


@dataclass(frozen=True)
class Examination:
    """What all series of one examination have in common.

    Parameters
    ----------
    key : str
        Text from which the UIDs follow. The same key gives the same UIDs.
    patient_id, sex : str
    age : int
        Age of the patient, years.
    weight_kg, height_m : float
    dose_bq : float
        Injected activity, Bq.
    uptake_s : float
        Time from the injection to the start of the PET, s.
    start : datetime.datetime
        Start of the PET.
    decay_correction : str
        The moment to which the PET is corrected for decay: START or ADMIN.
    injection_written_as : str
        How the header gives the time of the injection: ``date-time``, ``time`` or ``both``.
    two_studies : bool
        True when PET and MR have different Study Instance UIDs.
    shared_frame : bool
        True when PET and MR have the same frame of reference.
    description : str
        Study description.
    frame_seconds : float
        Duration of the PET, s.
    birth_year : int
    """

    key: str
    patient_id: str
    sex: str
    age: int
    weight_kg: float
    height_m: float
    dose_bq: float
    uptake_s: float
    start: datetime.datetime
    decay_correction: str
    injection_written_as: str
    two_studies: bool
    shared_frame: bool
    description: str
    frame_seconds: float = 600.0
    birth_year: int = field(default=1970)

    @property
    def injection(self) -> datetime.datetime:
        """Time of the injection."""
        return self.start - datetime.timedelta(seconds=self.uptake_s)

    @property
    def suv_factor(self) -> float:
        """Factor from Bq/ml to SUVbw (g/ml)."""
        decay = 1.0 if self.decay_correction == "ADMIN" else 2 ** (-self.uptake_s / F18_HALF_LIFE_S)
        return self.weight_kg * 1000 / (self.dose_bq * decay)

    def frame_uid(self, modality: str) -> str:
        """Frame of Reference UID of the series of a modality."""
        return self.uid("frame", "shared" if self.shared_frame else modality)

    def uid(self, *parts: object) -> str:
        """Make a UID that follows from the key and some words."""
        from pydicom.uid import generate_uid

        return generate_uid(entropy_srcs=[self.key, *(str(p) for p in parts)])


def write_pet(
    folder: Path, suv: np.ndarray, geometry: Geometry, exam: Examination, number: int, name: str
) -> list[Path]:
    """Write a PET series in Bq/ml that is corrected for attenuation and decay. Each slice has its own slope.

    Parameters
    ----------
    folder : Path
        An existing folder.
    suv : ndarray, shape ``geometry.shape``
        SUVbw, g/ml.
    geometry : Geometry
    exam : Examination
    number : int
        Series number.
    name : str
        Series description.

    Returns
    -------
    list of Path
        The files in the order of the slices.
    """
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence as Items
    from pydicom.uid import PositronEmissionTomographyImageStorage

    activity = suv / np.float32(exam.suv_factor)
    mean_life = F18_HALF_LIFE_S / np.log(2)
    x = exam.frame_seconds / mean_life
    reference_ms = 1000 * mean_life * np.log(x / -np.expm1(-x))
    paths = []
    for k in range(geometry.shape[0]):
        top = float(activity[k].max())
        slope = float(f"{max(top, 1.0) / 32767:.8g}")
        pixels = np.rint(activity[k] / slope).clip(0, 32767).astype(np.int16)
        ds = _common(exam, PositronEmissionTomographyImageStorage, "PT", number, name, geometry, k, exam.start)
        ds.ImageType = ["ORIGINAL", "PRIMARY"]
        _pixels(ds, pixels, signed=True)
        ds.RescaleIntercept, ds.RescaleSlope = 0, f"{slope:.8g}"
        ds.Units, ds.CountsSource = "BQML", "EMISSION"
        ds.SeriesType = ["STATIC", "IMAGE"]
        ds.NumberOfSlices, ds.ImageIndex = geometry.shape[0], k + 1
        ds.CorrectedImage = ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"]
        ds.DecayCorrection, ds.RandomsCorrectionMethod = exam.decay_correction, "DLYD"
        ds.AttenuationCorrectionMethod, ds.ScatterCorrectionMethod = "MR-based Dixon", "Model-based"
        ds.ReconstructionMethod, ds.ConvolutionKernel = "OP-OSEM3i21s", "XYZ Gauss4.00"
        ds.CollimatorType = "NONE"
        ds.ActualFrameDuration = int(exam.frame_seconds * 1000)
        ds.FrameReferenceTime = f"{reference_ms:.4f}"
        ds.DecayFactor = f"{np.exp(reference_ms / 1000 / mean_life):.6f}"
        ds.DoseCalibrationFactor = 1
        ds.ScatterFractionFactor = "0.35"
        ds.DeadTimeFactor = "1.02"
        item = Dataset()
        item.Radiopharmaceutical = "Fluorodeoxyglucose"
        item.RadionuclideTotalDose = f"{exam.dose_bq:.0f}"
        item.RadionuclideHalfLife, item.RadionuclidePositronFraction = F18_HALF_LIFE_S, "0.9673"
        if exam.injection_written_as in ("time", "both"):
            item.RadiopharmaceuticalStartTime = exam.injection.strftime("%H%M%S.%f")
        if exam.injection_written_as in ("date-time", "both"):
            item.RadiopharmaceuticalStartDateTime = exam.injection.strftime("%Y%m%d%H%M%S.%f")
        item.RadionuclideCodeSequence = Items([_code("77004003", "SCT", "^18^Fluorine")])
        item.RadiopharmaceuticalCodeSequence = Items([_code("35321007", "SCT", "Fluorodeoxyglucose F^18^")])
        ds.RadiopharmaceuticalInformationSequence = Items([item])
        ds.PatientOrientationCodeSequence = Items([_code("102538003", "SCT", "recumbent")])
        ds.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = Items(
            [_code("40199007", "SCT", "supine")]
        )
        ds.PatientGantryRelationshipCodeSequence = Items([_code("102540008", "SCT", "headfirst")])
        paths.append(_save(folder, ds))
    return paths


def write_mr(
    folder: Path,
    signal: np.ndarray,
    geometry: Geometry,
    exam: Examination,
    number: int,
    name: str,
    sequence: Sequence,
    slice_mm: float,
    minutes_after_start: float,
    in_pet_frame: bool = False,
    normalized: bool = False,
) -> list[Path]:
    """Write an MR series.

    Parameters
    ----------
    folder : Path
        An existing folder.
    signal : ndarray, shape ``geometry.shape``
        Signal in any positive scale.
    geometry : Geometry
    exam : Examination
    number : int
        Series number.
    name : str
        Series description.
    sequence : Sequence
    slice_mm : float
        Slice thickness, mm. The distance of the slices comes from the geometry.
    minutes_after_start : float
        Start of the acquisition, minutes after the start of the PET.
    in_pet_frame : bool
        True for a series that is acquired for the attenuation correction of the PET. It always has the frame of
        reference of the PET.
    normalized : bool
        True when the scanner has divided by the sensitivity of the coil, which the Image Type says.

    Returns
    -------
    list of Path
        The files in the order of the slices.
    """
    from pydicom.uid import MRImageStorage

    scaled = np.clip(signal * (1200 / np.percentile(signal, 98)), 0, 4095).astype(np.uint16)
    begin = exam.start + datetime.timedelta(minutes=minutes_after_start)
    gradient = sequence.kind in _DIXON_TYPES
    paths = []
    for k in range(geometry.shape[0]):
        ds = _common(exam, MRImageStorage, "MR", number, name, geometry, k, begin)
        if in_pet_frame:
            ds.FrameOfReferenceUID = exam.frame_uid("PT")
        _pixels(ds, scaled[k], signed=False)
        ds.BitsStored, ds.HighBit = 12, 11
        ds.ImageType = _image_type(sequence, gradient or normalized)
        ds.SliceThickness = round(slice_mm, 3)
        ds.SpacingBetweenSlices = round(geometry.spacing_mm[2], 4)
        _sequence_tags(ds, sequence, gradient)
        ds.FlipAngle, ds.EchoTrainLength = round(sequence.flip_deg, 1), 1 if gradient else 12
        ds.MagneticFieldStrength, ds.ImagingFrequency, ds.ImagedNucleus = 3.0, "123.25", "1H"
        ds.NumberOfAverages, ds.EchoNumbers = 1, 1
        ds.PixelBandwidth, ds.PercentSampling, ds.PercentPhaseFieldOfView = 250, 100, 100
        ds.NumberOfPhaseEncodingSteps = geometry.shape[1]
        ds.AcquisitionMatrix = [0, geometry.shape[2], geometry.shape[1], 0]
        ds.InPlanePhaseEncodingDirection = "ROW"
        ds.SAR, ds.TransmitCoilName, ds.ReceiveCoilName = 0.5, "Body", "Spine"
        ds.Laterality = ""
        ds.WindowCenter, ds.WindowWidth = 600, 1200
        paths.append(_save(folder, ds))
    return paths


_DIXON_TYPES = {
    "in-phase": ["DIXON", "IN_PHASE"],
    "opposed-phase": ["DIXON", "OPP_PHASE"],
    "water": ["DIXON", "WATER"],
    "fat": ["DIXON", "FAT"],
}
"""Kind of a gradient echo -> last words of its Image Type (0008,0008)."""


def _sequence_tags(ds, sequence: Sequence, gradient: bool) -> None:
    """Write what kind of sequence it is, and its times."""
    ds.ScanningSequence = {"spin-echo": "SE", "inversion-recovery": ["SE", "IR"]}.get(sequence.kind, "GR")
    ds.SequenceVariant = ["SP", "OSP"] if gradient else ["SK", "SP", "OSP"]
    ds.ScanOptions = "PFP" if gradient else ""
    ds.MRAcquisitionType = "3D" if gradient else "2D"
    ds.SequenceName = "*fl3d2" if gradient else ("*tir2d1_12" if sequence.ti_ms else "*tse2d1_12")
    ds.RepetitionTime, ds.EchoTime = round(sequence.tr_ms, 3), round(sequence.te_ms, 3)
    if sequence.ti_ms:
        ds.InversionTime = round(sequence.ti_ms, 2)


def _image_type(sequence: Sequence, normalized: bool) -> list[str]:
    """Image Type (0008,0008) of an MR series. Water and fat of a Dixon series are derived."""
    first = "DERIVED" if sequence.kind in ("water", "fat") else "ORIGINAL"
    return [first, "PRIMARY", "M", "NORM" if normalized else "ND", *_DIXON_TYPES.get(sequence.kind, [])]


def _code(value: str, scheme: str, meaning: str):
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _common(
    exam: Examination, sop_class: str, modality: str, number: int, name: str, geometry: Geometry, k: int, begin
):
    """Make the dataset of one slice with patient, study, series, frame of reference and image plane."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID, ds.SOPInstanceUID = UID(sop_class), UID(exam.uid("instance", number, k))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    study = modality if exam.two_studies else "PT"
    study_start = exam.start if study == "PT" else exam.start + datetime.timedelta(minutes=2)
    ds.StudyDate, ds.StudyTime = study_start.strftime("%Y%m%d"), study_start.strftime("%H%M%S")
    ds.SeriesDate, ds.SeriesTime = begin.strftime("%Y%m%d"), begin.strftime("%H%M%S.%f")
    ds.AcquisitionDate, ds.AcquisitionTime = ds.SeriesDate, ds.SeriesTime
    ds.ContentDate, ds.ContentTime = ds.SeriesDate, ds.SeriesTime
    ds.InstanceCreationDate, ds.InstanceCreationTime = ds.SeriesDate, ds.SeriesTime
    ds.AccessionNumber, ds.ReferringPhysicianName = "", ""
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = modality, "PainGenerator", "Digital phantom PET/MR"
    ds.InstitutionName, ds.StationName, ds.SoftwareVersions = "Digital phantom", "PHANTOM", "1"
    ds.DeviceSerialNumber = "1"
    ds.StudyDescription, ds.SeriesDescription, ds.ProtocolName = exam.description, name, name
    ds.PatientName, ds.PatientID = f"Phantom^{exam.patient_id}", exam.patient_id
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = f"{exam.birth_year}0101", exam.sex, f"{exam.age:03d}Y"
    ds.PatientSize, ds.PatientWeight = exam.height_m, exam.weight_kg
    ds.BodyPartExamined, ds.PatientPosition = "LSPINE" if "back" in exam.description else "HIP", "HFS"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = exam.uid("study", study), exam.uid("series", number)
    ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "1", number, 1, k + 1
    ds.FrameOfReferenceUID = exam.frame_uid(modality)
    ds.PositionReferenceIndicator = ""
    lps = LPS_TO_RAS @ geometry.ijk_to_ras
    spacing = geometry.spacing_mm
    position = lps[:3, :3] @ [0, 0, k] + lps[:3, 3]
    orientation = [*(lps[:3, 0] / spacing[0]), *(lps[:3, 1] / spacing[1])]
    ds.ImagePositionPatient = [_decimal(v) for v in position]
    ds.ImageOrientationPatient = [_decimal(v) for v in orientation]
    ds.PixelSpacing = [_decimal(spacing[1]), _decimal(spacing[0])]
    ds.SliceThickness = _decimal(spacing[2])
    normal = lps[:3, 2] / spacing[2]
    ds.SliceLocation = _decimal(float(position @ normal))
    return ds


def _decimal(value: float) -> str:
    """Write a number as a DICOM decimal string, which has at most 16 characters."""
    text = f"{value + 0.0:.10f}"[:16]
    return "0" if float(text) == 0 else text


def _pixels(ds, pixels: np.ndarray, signed: bool) -> None:
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, int(signed)
    ds.PixelData = np.ascontiguousarray(pixels).astype("<i2" if signed else "<u2").tobytes()


def _save(folder: Path, ds) -> Path:
    """Write one file. Its name has no meaning, as in exports of many archives."""
    from hashlib import sha1

    name = "IM" + sha1(ds.SOPInstanceUID.encode()).hexdigest()[:8].upper()
    path = folder / name
    ds.save_as(path, enforce_file_format=True)
    return path
