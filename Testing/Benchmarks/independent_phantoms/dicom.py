"""DICOM series as several makers write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_series(
    folder: Path, voxels: np.ndarray, affine: np.ndarray, common: dict, per_slice: Callable[[int], dict]
) -> None:
    """One file a slice; `voxels` are 16-bit integers (k, j, i), the affine is ijk to RAS."""
    folder.mkdir(parents=True)
    lps = LPS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    direction = lps[:3, :3] / spacing
    series = generate_uid()
    for k, plane in enumerate(voxels):
        ds = pydicom.Dataset()
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for name, value in (common | per_slice(k)).items():
            if isinstance(name, str):
                setattr(ds, name, value)
            else:
                ds.add_new(*name, value)
        ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.InstanceNumber = generate_uid(), series, k + 1
        ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = (
            ds.SOPClassUID,
            ds.SOPInstanceUID,
        )
        ds.ImagePositionPatient = [f"{v:.5f}" for v in lps[:3, 3] + k * lps[:3, 2]]
        ds.ImageOrientationPatient = [f"{v:.9f}" for v in (*direction[:, 0], *direction[:, 1])]
        ds.PixelSpacing = [f"{spacing[1]:.6f}", f"{spacing[0]:.6f}"]
        ds.Rows, ds.Columns = plane.shape
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
        ds.PixelRepresentation = int(voxels.dtype.kind == "i")
        ds.PixelData = plane.tobytes()
        ds.save_as(folder / f"{k + 1:04d}.dcm", enforce_file_format=True)


def clock_of(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:06.3f}"


def write_pet(folder: Path, suv: np.ndarray, affine: np.ndarray, common: dict, rng: np.random.Generator) -> dict:
    """SUV as the activity that one of the vendors would store; returns what the header rests on."""
    vendor = rng.choice(
        ["siemens", "siemens beds", "ge", "philips", "admin", "suv"], p=[0.28, 0.2, 0.27, 0.1, 0.08, 0.07]
    )
    weight, dose, wait = rng.uniform(52, 112), rng.uniform(150, 400) * 1e6, rng.uniform(50, 110) * 60
    half_life = float(rng.choice([6586.2, 6588.0]))
    rate, injected = np.log(2) / half_life, 8.0 * 3600 + rng.uniform(0, 5 * 3600)
    scan, frame = injected + wait, float(rng.choice([300, 600, 900]))
    mean_time = np.log(rate * frame / (1 - np.exp(-rate * frame))) / rate
    decayed = dose if vendor == "admin" else dose * np.exp(-rate * wait)
    factor = 1.0 if vendor == "suv" else weight * 1000 / decayed  # SUV = factor x stored activity
    nuclide = pydicom.Dataset()
    nuclide.RadionuclideTotalDose, nuclide.RadionuclideHalfLife = f"{dose:.0f}", f"{half_life}"
    nuclide.RadiopharmaceuticalStartTime, nuclide.Radiopharmaceutical = clock_of(injected), "Fluorodeoxyglucose"
    if vendor not in ("ge", "admin"):
        nuclide.RadiopharmaceuticalStartDateTime = common["StudyDate"] + clock_of(injected)
    if vendor == "ge":
        nuclide.RadionuclidePositronFraction = "0.97"
    late = 1500 if vendor == "ge" else 0  # GE: the series is stored later than it was scanned
    common = common | {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128",
        "Modality": "PT",
        "SeriesDescription": rng.choice(["PET_AC", "LSPINE PET AC", "PET WB"]),
        "SeriesDate": common["StudyDate"],
        "SeriesTime": clock_of(scan + late),
        "AcquisitionDate": common["StudyDate"],
        "Units": {"philips": "CNTS", "suv": "GML"}.get(vendor, "BQML"),
        "DecayCorrection": "ADMIN" if vendor == "admin" else "START",
        "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "RAN", "DECY"],
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "RadiopharmaceuticalInformationSequence": [nuclide],
        "PatientWeight": f"{weight:.1f}",
        "ActualFrameDuration": f"{frame * 1000:.0f}",
        "Manufacturer": {"ge": "GE MEDICAL SYSTEMS", "philips": "Philips Medical Systems"}.get(vendor, "SIEMENS"),
        "SeriesNumber": 90,
        "SliceThickness": f"{abs(affine[2, 2]):.4f}",
        "RescaleIntercept": "0",
        "RescaleType": "BQML",
        "NumberOfSlices": len(suv),
        "PatientSize": "1.72",
    }
    if vendor == "suv":
        common["SUVType"] = "BW"
    if vendor == "ge":
        common |= {(0x00090010, "LO"): "GEMS_PETD_01", (0x0009100D, "DT"): common["StudyDate"] + clock_of(scan)}
    if vendor == "philips":
        counts = 0.37  # Bq/ml of a count
        common |= {
            (0x70530010, "LO"): "Philips PET Private Group",
            (0x70531000, "DS"): f"{factor * counts:.8e}",
            (0x70531009, "DS"): f"{counts}",
        }
        factor *= counts
    weight_used = float(common["PatientWeight"])
    stored = suv / factor * (1 if vendor in ("suv", "philips") else weight / weight_used)
    top = np.maximum(stored.reshape(len(stored), -1).max(1), 1e-6)
    slopes = np.full(len(stored), top.max()) if vendor == "philips" else top
    slopes = np.array([float(f"{s / 32000:.8e}") for s in slopes])
    split = len(suv) // 2

    def per_slice(k: int) -> dict:
        bed = frame + 20 if vendor == "siemens beds" and k < split else 0.0
        return {
            "RescaleSlope": f"{slopes[k]:.8e}",
            "AcquisitionTime": clock_of(scan + bed),
            "FrameReferenceTime": f"{(bed + mean_time) * 1000:.1f}",
        }

    write_series(folder, np.rint(stored / slopes[:, None, None]).astype(np.int16), affine, common, per_slice)
    return {"vendor": vendor, "weight_kg": weight_used, "dose_mbq": dose / 1e6, "uptake_min": wait / 60}
