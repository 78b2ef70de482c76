"""The real cases of the ruler for finding: a tumour that a person outlined is the lesion, all else is false."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from finding_cases import Lesion, TestCase, make_case
from PainGeneratorLib.Numerics.core.image import Image, Region
from PainGeneratorLib.Registration.itk_images import from_itk_image
from PainGeneratorLib.Workflow.case import CaseOptions, CaseSeries

REAL = ("STS_007", "STS_018", "STS_036", "STS_001")
STS_001_FACTOR = 0.000242903
"""SUVbw per Bq/ml (data/README.md)."""


def real_case(data: Path, name: str) -> TestCase:
    """A real case; in the files' own alignment where it has one."""
    folder = data / ("sts-001-pet-mr" if name == "STS_001" else f"sts-hip-spine/{name}")
    pet_folder = folder / ("FDG_PET" if name == "STS_001" else "PET")
    pet = read_series(pet_folder / "image")
    if name == "STS_001":
        pet = Image(pet.array * np.float32(STS_001_FACTOR), pet.geometry)
    series = {"PET": CaseSeries("PET", "PET", pet, "PT", "pet", {})}
    series["T1"] = CaseSeries("T1", "T1", read_series(folder / "MR_T1" / "image"), "MR", "pet", {})
    if name == "STS_001":
        series["FLUID"] = CaseSeries(
            "FLUID", "T2 fat-saturated", read_series(folder / "MR_T2" / "image"), "MR", "mr", {}
        )
    else:
        series["ATTENUATION"] = CaseSeries("ATTENUATION", "CT", read_series(folder / "CT" / "image"), "CT", "pet", {})
    files = [p for p in pet_folder.rglob("*") if p.is_file() and "image" not in p.parts]
    lesions = []
    for file in files:
        for label, mask in contours(file, pet).items():
            if "edema" in label.lower() or "oedema" in label.lower():
                continue
            region = Region.from_mask(mask, pet.geometry)
            if not len(region):
                continue
            center = region.centroid_ras_mm
            radius = float(np.linalg.norm(region.points_ras - center, axis=1).max())
            lesions.append(Lesion(label, "PET+MR", center, radius, {}, region))
    return TestCase(name, make_case(CaseOptions(group="low-back"), series), lesions, [], {})


def read_series(folder: Path) -> Image:
    """One DICOM series of uniform geometry."""
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return from_itk_image(sitk.Cast(reader.Execute(), sitk.sitkFloat32))


def contours(file: Path, image: Image) -> dict[str, np.ndarray]:
    """The structures of an RTSTRUCT as masks on an image's grid, by name; voxels more than half inside count."""
    import pydicom

    dataset = pydicom.dcmread(file)
    names = {int(r.ROINumber): str(r.ROIName) for r in dataset.get("StructureSetROISequence", [])}
    found = {}
    for structure in dataset.get("ROIContourSequence", []):
        mask = np.zeros(image.geometry.shape, dtype=bool)
        for contour in structure.get("ContourSequence", []):
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3) * [-1.0, -1.0, 1.0]
            _add_polygon(mask, image.geometry.to_ijk(points))
        found[names[int(structure.ReferencedROINumber)]] = mask
    return found


def _add_polygon(mask: np.ndarray, ijk: np.ndarray) -> None:
    from PIL import Image as Picture
    from PIL import ImageDraw

    k, fine = round(float(ijk[:, 2].mean())), 8
    if not 0 <= k < mask.shape[0]:
        return
    rows, columns = mask.shape[1:]
    picture = Picture.new("L", (columns * fine, rows * fine))
    ImageDraw.Draw(picture).polygon([((x + 0.5) * fine, (y + 0.5) * fine) for x, y in ijk[:, :2]], fill=1)
    mask[k] ^= np.array(picture).reshape(rows, fine, columns, fine).mean(axis=(1, 3)) >= 0.5
