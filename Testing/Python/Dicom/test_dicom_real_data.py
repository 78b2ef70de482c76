"""The reference objects and the real cases, read from their DICOM files."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.roles import assign_roles
from PainGeneratorLib.Numerics.suv.factors import compute_suv_factors

pytestmark = pytest.mark.data

OBJECTS = ("0_0", "1_0", "2_0", "2_1", "2_3", "2_4", "3_0", "3_1", "3_3", "3_4", "4_0", "4_1", "5_0")


def suv_array(series) -> np.ndarray:
    return series.image.array * compute_suv_factors(series.pet_header).factors[:, None, None]


@pytest.mark.parametrize("name", OBJECTS)
def test_reference_object_has_its_suv_inside_the_mask(data_folder, name):
    import SimpleITK as sitk

    folder = data_folder / "suv-reference-objects"
    (series,) = read_folder(folder / f"DRO_{name}" / "PT").series
    suv = suv_array(series)
    mask = sitk.ReadImage(str(next((folder / f"DRO_{name}" / "mask").glob("*.nii.gz"))))
    first = np.array(mask.TransformIndexToPhysicalPoint((0, 0, 0))) * [-1, -1, 1]
    np.testing.assert_allclose(series.geometry.to_ras(np.zeros(3)), first, atol=1e-3)
    inside = suv[sitk.GetArrayFromImage(mask) > 0]
    measured = np.array([inside.min(), np.median(inside), inside.max()])
    with (folder / "expected.csv").open() as table:
        row = next(row for row in csv.DictReader(table) if row["ID"] == f"DRO_{name}")
    expected = np.array([float(row[f"SUV{what}_expected"]) for what in ("min", "med", "max")])
    if name == "2_3":
        np.testing.assert_allclose(measured, expected, rtol=0.06)
    else:
        np.testing.assert_array_equal(np.round(measured, 2), expected)


def contour_mask(series, structure_file, name_part: str) -> np.ndarray:
    """Voxels of a PET series whose centers lie within the contours of an RTSTRUCT, even-odd, shape (k, j, i)."""
    import pydicom
    from PIL import Image as Picture
    from PIL import ImageDraw

    dataset = pydicom.dcmread(structure_file)
    numbers = [r.ROINumber for r in dataset.StructureSetROISequence if name_part in r.ROIName.lower()]
    assert numbers
    mask = np.zeros(series.geometry.shape, dtype=bool)
    for roi in dataset.ROIContourSequence:
        if roi.ReferencedROINumber not in numbers:
            continue
        for contour in roi.ContourSequence:
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3) * [-1, -1, 1]
            ijk = series.geometry.to_ijk(points)
            k = round(float(ijk[:, 2].mean()))
            plane = Picture.new("1", series.geometry.shape[:0:-1])
            ImageDraw.Draw(plane).polygon([tuple(p) for p in ijk[:, :2]], fill=1)
            mask[k] ^= np.array(plane)
    return mask


@pytest.mark.parametrize(("name", "suv_max"), [("STS_007", 9.88), ("STS_018", 4.32), ("STS_036", 9.03)])
def test_cropped_case_has_its_suv_in_the_tumour_and_its_roles(data_folder, name, suv_max):
    case = data_folder / "sts-hip-spine" / name
    roles = assign_roles(read_folder(case))
    assert set(roles.chosen) == {"PET", "T1", "ATTENUATION"}
    assert roles.chosen["ATTENUATION"].modality == "CT"
    assert roles.reference.modality == "MR"
    mask = contour_mask(roles.pet, next((case / "PET" / "mask").iterdir()), "")
    assert suv_array(roles.pet)[mask].max() == pytest.approx(suv_max, rel=0.01)


def test_the_whole_body_case_is_read_with_its_factor_roles_and_geometry(data_folder):
    folder = read_folder(data_folder / "sts-001-pet-mr")
    roles = assign_roles(folder)
    assert {role: series.n_slices for role, series in roles.chosen.items()} == {"PET": 267, "T1": 40, "FLUID": 40}
    assert roles.days_between == {"T1": -4, "FLUID": -4}
    assert roles.reference_role == "T1"
    result = compute_suv_factors(roles.pet.pet_header)
    assert result.is_constant
    assert result.factors[0] == pytest.approx(0.000242903, abs=5e-10)
    assert result.warnings == ()
    assert "off a regular grid by up to 0.04 mm" in roles.pet.warnings[0]
    np.testing.assert_allclose(roles.chosen["T1"].geometry.spacing_mm, (0.390625, 0.390625, 5.2), atol=1e-3)
    assert [one.reason for one in folder.left_out] == ["contours (RTSTRUCT)"] * 3 + ["not DICOM"]
