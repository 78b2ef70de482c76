"""The digital phantoms: what their DICOM and their truth say must agree."""

import functools
import itertools
import json

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Geometry, Image, resample, transform_points
from PainGeneratorLib.Numerics.core.words import Group
from PainGeneratorLib.Phantoms.case import make_phantom, write_phantom
from PainGeneratorLib.Phantoms.hip_replacement import make_hip_replacement
from PainGeneratorLib.Phantoms.implant_effects import distance_to_metal
from PainGeneratorLib.Phantoms.low_back import make_low_back
from PainGeneratorLib.Phantoms.mr_signal import Sequence, fat_null_ti_ms, tissue_signal
from PainGeneratorLib.Phantoms.protocol_of_series import grid
from PainGeneratorLib.Phantoms.tissue_table import TISSUES

pytestmark = pytest.mark.slow

SEEDS = {"low-back": 3, "hip-replacement": 4}


@pytest.fixture(scope="module", params=tuple(Group))
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    told = []
    truth = write_phantom(
        folder, request.param, SEEDS[request.param], size="small", progress=lambda f, text: told.append((f, text))
    )
    return folder, truth, told


@pytest.fixture(scope="module")
def series(written):
    """Series number to its datasets, in the order of their instance numbers."""
    import pydicom

    found = {}
    for path in (written[0] / "dicom").rglob("*"):
        if path.is_file():
            ds = pydicom.dcmread(path)
            found.setdefault(ds.SeriesNumber, []).append(ds)
    return {number: sorted(items, key=lambda ds: ds.InstanceNumber) for number, items in sorted(found.items())}


def read_volume(datasets):
    first, last = datasets[0], datasets[-1]
    rows = np.array(first.ImageOrientationPatient, float)
    start, end = (np.array(ds.ImagePositionPatient, float) for ds in (first, last))
    lps = np.eye(4)
    lps[:3, 0], lps[:3, 1] = rows[:3] * first.PixelSpacing[1], rows[3:] * first.PixelSpacing[0]
    lps[:3, 2] = (end - start) / (len(datasets) - 1)
    lps[:3, 3] = start
    array = np.stack([ds.pixel_array * float(getattr(ds, "RescaleSlope", 1)) for ds in datasets]).astype(np.float32)
    return Image(array, Geometry(array.shape, LPS_TO_RAS @ lps))


def suv_by_hand(ds):
    item = ds.RadiopharmaceuticalInformationSequence[0]
    seconds = 0.0
    if ds.DecayCorrection == "START":
        if "RadiopharmaceuticalStartDateTime" in item:
            given = item.RadiopharmaceuticalStartDateTime
        else:
            given = ds.SeriesDate + item.RadiopharmaceuticalStartTime
        clock = [int(t[0:2]) * 3600 + int(t[2:4]) * 60 + float(t[4:]) for t in (given[8:], ds.SeriesTime)]
        seconds = clock[1] - clock[0]
    dose = float(item.RadionuclideTotalDose) * 2 ** (-seconds / float(item.RadionuclideHalfLife))
    return float(ds.PatientWeight) * 1000 / dose


@functools.cache
def made(group):
    return make_phantom(group, SEEDS[group], size="small")


def test_equal_seeds_give_equal_cases(written, series):
    phantom = made(written[1]["group"])
    assert phantom.truth == written[1]
    suv = phantom.series[0].image.array
    stored = read_volume(series[1]).array * np.float32(phantom.examination.suv_factor)
    np.testing.assert_allclose(stored, suv, atol=2e-4 * suv.max())
    t1 = phantom.series[1].image.array
    for k in (2, 7):
        assert np.corrcoef(series[2][k].pixel_array.ravel(), t1[k].ravel())[0, 1] > 0.99


def test_another_seed_gives_another_patient():
    one, other = (make_low_back(np.random.default_rng(seed), 5.0) for seed in (1, 2))
    assert any(np.abs(one.landmarks[name] - other.landmarks[name]).max() > 0.5 for name in one.landmarks)
    assert one.weight_kg != other.weight_kg


@pytest.mark.parametrize("make", [make_low_back, make_hip_replacement])
def test_every_seed_has_lesions_that_lie_in_the_patient_and_apart(make):
    kinds, sides = set(), set()
    for seed in range(6):
        patient = make(np.random.default_rng(seed), 5.0)
        assert patient.lesions
        sides.add(patient.prosthesis_side)
        for lesion in patient.lesions:
            kinds.add(lesion.kind)
            assert patient.atlas.geometry.contains(lesion.center_ras_mm)
            if lesion.suv is not None:
                assert 1.2 <= lesion.suv <= 4.2
                assert lesion.suv / lesion.reference_suv > 1.3
        centers = [lesion.center_ras_mm for lesion in patient.lesions]
        for one, other in itertools.combinations(centers, 2):
            assert np.linalg.norm(one - other) > 10
    assert len(kinds) >= 4
    assert sides in ({None}, {"left", "right"})


def test_the_suv_factor_in_the_truth_is_that_of_the_header(written, series):
    assert suv_by_hand(series[1][0]) == pytest.approx(written[1]["suv_factor"], rel=1e-4)


def test_slopes_differ_between_pet_slices(series):
    assert len({float(ds.RescaleSlope) for ds in series[1]}) > len(series[1]) / 2


def test_lesions_are_hot_where_the_true_transform_puts_them(written, series):
    truth = written[1]
    pet = read_volume(series[1])
    suv = Image(pet.array * np.float32(truth["suv_factor"]), pet.geometry)
    matrix = np.array(truth["transforms_ras"]["reference_to_PET"])
    hot = [lesion for lesion in truth["lesions"] if lesion["blurred_suv_max"] is not None]
    assert hot
    for lesion in hot:
        center = np.array(lesion["centre_ras_mm"])
        around = np.array([(x, y, z) for x in (-5, 0, 5) for y in (-5, 0, 5) for z in (-5, 0, 5)], float)
        points = transform_points(matrix, center + around)
        ijk = np.rint(suv.geometry.to_ijk(points)).astype(int)
        values = suv.array[ijk[:, 2], ijk[:, 1], ijk[:, 0]]
        assert values.max() > 0.75 * lesion["blurred_suv_max"]
        assert values.max() < 1.6 * lesion["blurred_suv_max"] + 0.3


def test_left_is_left(written):
    truth = written[1]
    for name, point in truth["landmarks_ras_mm"].items():
        if "left" in name:
            assert point[0] < -5, name
        if "right" in name:
            assert point[0] > 5, name
    for lesion in truth["lesions"]:
        if lesion["side"] != "midline":
            assert (lesion["centre_ras_mm"][0] > 0) == (lesion["side"] == "right"), lesion


def test_the_liver_is_on_the_right_and_the_aorta_on_the_left():
    phantom = made("low-back")
    pet = phantom.first("PET")
    matrix = pet.plan.reference_to_series
    liver, mirrored = (transform_points(matrix, np.array([x, 20.0, 82.0])) for x in (80, -80))
    values = []
    for point in (liver, mirrored):
        i, j, k = np.rint(pet.image.geometry.to_ijk(point)).astype(int)
        values.append(float(np.median(pet.image.array[k - 1 : k + 2, j - 2 : j + 3, i - 2 : i + 3])))
    assert values[0] > values[1] + 0.4
    codes = {name: n for n, name in phantom.anatomy_labels.items()}
    aorta = np.argwhere(phantom.anatomy.array == codes["aorta"])[:, ::-1]
    cava = np.argwhere(phantom.anatomy.array == codes["inferior_vena_cava"])[:, ::-1]
    right = [phantom.anatomy.geometry.to_ras(v)[:, 0].mean() for v in (aorta, cava)]
    assert right[0] < right[1]


def test_metal_is_on_the_side_of_the_prosthesis():
    phantom = made("hip-replacement")
    side = phantom.truth["prosthesis_side"]
    code = next(n for n, name in phantom.anatomy_labels.items() if name.startswith("implant"))
    assert phantom.anatomy_labels[code] == f"implant_{side}"
    where = phantom.anatomy.geometry.to_ras(np.argwhere(phantom.anatomy.array == code)[:, ::-1])
    assert (where[:, 0].mean() > 0) == (side == "right")
    t1 = phantom.first("T1").image.array
    assert np.median(t1[phantom.anatomy.array == code]) < 0.3 * np.median(t1[t1 > 0.4])


def test_the_truth_has_what_the_rulers_need(written):
    folder, truth, _ = written
    assert json.loads((folder / "truth.json").read_text(encoding="utf-8")) == truth
    assert len(truth["landmarks_ras_mm"]) >= 12
    assert len(truth["lesions"]) >= 1
    assert (truth["prosthesis_side"] in ("left", "right")) == (truth["group"] == "hip-replacement")
    np.testing.assert_allclose(truth["transforms_ras"]["reference_to_T1"], np.eye(4), atol=1e-9)
    assert {"reference_to_PET", "reference_to_FLUID"} <= set(truth["transforms_ras"])
    for lesion in truth["lesions"]:
        assert lesion["evidence"] in ("PET+MR", "PET only", "MR only")
        assert (lesion["blurred_suv_max"] is None) == (lesion["evidence"] == "MR only")
        assert lesion["volume_ml"] > 0
        assert lesion["largest_radius_mm"] == max(lesion["radii_mm"])
    for structure in truth["normal"]:
        assert structure["radius_mm"] > 0
        assert len(structure["centre_ras_mm"]) == 3


def test_the_anatomy_map_lies_on_the_reference_t1(written, series):
    import SimpleITK

    folder = written[0]
    labels = SimpleITK.ReadImage(str(folder / "anatomy.nii.gz"))
    reference = read_volume(series[2])
    assert labels.GetSize() == reference.geometry.shape[::-1]
    last = [n - 1 for n in labels.GetSize()]
    for index in ([0, 0, 0], last):
        lps = labels.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose(np.array(lps) * [-1, -1, 1], reference.geometry.to_ras(np.array(index)), atol=0.01)
    names = json.loads((folder / "anatomy-labels.json").read_text(encoding="utf-8"))
    present = set(np.unique(SimpleITK.GetArrayFromImage(labels)).tolist()) - {0}
    assert {int(n) for n in names} == present
    wanted = {"vertebrae_L4", "sacrum"} if "low" in written[1]["group"] else {"femur_left", "femur_right", "hip_left"}
    assert wanted <= set(names.values())


def test_headers_are_those_of_one_patient_and_their_uids_are_sound(series):
    every = [ds for items in series.values() for ds in items]
    assert len({ds.PatientID for ds in every}) == 1
    assert len({ds.SOPInstanceUID for ds in every}) == len(every)
    assert len({ds.SeriesInstanceUID for ds in every}) == len(series)
    for number, items in series.items():
        assert len({ds.StudyInstanceUID for ds in items}) == 1
        assert len({ds.FrameOfReferenceUID for ds in items}) == 1
        assert items[0].Modality == ("PT" if number == 1 else "MR")
        assert items[0].file_meta.MediaStorageSOPClassUID == items[0].SOPClassUID
    pet = series[1][0]
    assert pet.Units == "BQML"
    assert "ATTN" in pet.CorrectedImage
    assert {"DECY"} <= set(pet.CorrectedImage)
    assert pet.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalCodeSequence[0].CodeValue == "35321007"
    fluid = next(items[0] for items in series.values() if items[0].get("InversionTime"))
    assert 150 < fluid.InversionTime < 260
    assert "IR" in fluid.ScanningSequence


def test_the_attenuation_series_shares_the_frame_of_the_pet_even_when_the_other_mr_does_not(tmp_path):
    import dataclasses

    from PainGeneratorLib.Phantoms.dicom_files import write_mr

    phantom = made("low-back")
    exam = dataclasses.replace(phantom.examination, shared_frame=False)
    geometry = Geometry((2, 5, 4), np.diag([2.0, 3.0, 4.0, 1.0]))
    signal = np.arange(40, dtype=np.float32).reshape(2, 5, 4)
    dixon = Sequence("water", 3.6, 1.23, 0, 10)
    frames = []
    for number, in_pet_frame in enumerate((True, False), start=8):
        import pydicom

        paths = write_mr(tmp_path, signal, geometry, exam, number, "dixon", dixon, 4.0, -1.0, in_pet_frame)
        frames.append(pydicom.dcmread(paths[0]).FrameOfReferenceUID)
    assert frames[0] == exam.frame_uid("PT")
    assert frames[1] == exam.frame_uid("MR")
    assert frames[0] != frames[1]


def test_progress_is_told_and_only_grows(written):
    fractions = [fraction for fraction, _ in written[2]]
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert all(b >= a for a, b in itertools.pairwise(fractions))


def test_unknown_groups_are_refused():
    with pytest.raises(ValueError, match="group"):
        make_phantom("knee", 1)


def test_fluid_sequences_null_fat_and_show_oedema():
    tr = 4500.0
    stir = Sequence("inversion-recovery", tr, 45.0, fat_null_ti_ms(tr))
    t1 = Sequence("spin-echo", 600.0, 10.0)
    signal = {name: tissue_signal(TISSUES[name], stir) for name in ("fat", "marrow", "oedema", "csf", "muscle")}
    assert signal["fat"] < 0.3 * signal["muscle"]
    assert signal["oedema"] > 2 * signal["marrow"]
    assert signal["csf"] > signal["oedema"]
    assert tissue_signal(TISSUES["oedema"], t1) < 0.8 * tissue_signal(TISSUES["marrow"], t1)
    opposed = Sequence("opposed-phase", 4.0, 1.23, 0, 10)
    in_phase = Sequence("in-phase", 4.0, 2.46, 0, 10)
    assert tissue_signal(TISSUES["marrow"], opposed) < 0.4 * tissue_signal(TISSUES["marrow"], in_phase)


def test_grids_are_centered_and_oblique_when_asked():
    center = np.array([5.0, -7.0, 11.0])
    geometry = grid("axial", center, (9, 20, 30), 1.5, 4.0, 12.0)
    np.testing.assert_allclose(geometry.center_ras, center, atol=1e-9)
    assert np.rad2deg(np.arccos(abs(geometry.ijk_to_ras[2, 2]) / 4.0)) == pytest.approx(12.0)
    assert np.linalg.det(geometry.ijk_to_ras[:3, :3]) > 0


def test_distance_to_metal_is_none_without_metal_and_zero_in_it():
    from PainGeneratorLib.Phantoms.atlas import Atlas

    atlas = Atlas.of_box((-30, -20, -25), (31, 22, 27), 2.0)
    assert distance_to_metal(atlas) is None
    atlas.ellipsoid((8, -4, 6), (5, 5, 5), "metal")
    distance = distance_to_metal(atlas)
    point = Geometry((1, 1, 1), np.array([[1, 0, 0, 8], [0, 1, 0, -4], [0, 0, 1, 6], [0, 0, 0, 1.0]]))
    assert resample(distance, point)[0, 0, 0] == 0
    away = point.moved(np.array([[1, 0, 0, 15], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    assert resample(distance, away)[0, 0, 0] == pytest.approx(10, abs=2.5)
