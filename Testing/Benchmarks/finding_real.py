"""Real cases of the benchmark for finding. A tumor that a person outlined is the lesion; all other findings are
false."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from finding_cases import Lesion, TestCase, make_case
from PainGeneratorLib.Numerics.core.image import Image, Region
from PainGeneratorLib.Registration.itk_images import from_itk_image
from PainGeneratorLib.Workflow.case import CaseOptions, CaseSeries

REAL = ("STS_007", "STS_018", "STS_036", "STS_001")
"""Names of the real cases."""
STS_001_FACTOR = 0.000242903
"""Factor from Bq/ml to SUVbw (g/ml) of the PET of STS_001, from the README of the reference data."""


def real_case(data: Path, name: str) -> TestCase:
    """Read a real case. Its series lie in the coordinates of the files."""
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
    """Read one DICOM series with a uniform geometry."""
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return from_itk_image(sitk.Cast(reader.Execute(), sitk.sitkFloat32))


def contours(file: Path, image: Image) -> dict[str, np.ndarray]:
    """Read the structures of an RTSTRUCT as masks on the grid of an image, by name.

    A voxel belongs to a structure when at least half of it lies inside.
    """
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
    """Add one contour to a mask. Inner contours remove voxels."""
    from PIL import Image as Picture
    from PIL import ImageDraw

    k, fine = round(float(ijk[:, 2].mean())), 8
    if not 0 <= k < mask.shape[0]:
        return
    rows, columns = mask.shape[1:]
    picture = Picture.new("L", (columns * fine, rows * fine))
    ImageDraw.Draw(picture).polygon([((x + 0.5) * fine, (y + 0.5) * fine) for x, y in ijk[:, :2]], fill=1)
    mask[k] ^= np.array(picture).reshape(rows, fine, columns, fine).mean(axis=(1, 3)) >= 0.5
