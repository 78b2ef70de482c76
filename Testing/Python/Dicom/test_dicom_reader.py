"""Reading DICOM folders: geometry, values, splitting, and what is refused."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from dicom_makers import (
    PET,
    STIR,
    T1,
    base,
    enhanced,
    pet_injection,
    ramp,
    set_pixels,
    write_series,
)
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.values import parse_date, parse_datetime, parse_time
from PainGeneratorLib.Numerics.core.errors import Cancelled, PainGeneratorError
from PainGeneratorLib.Numerics.suv.factors import compute_suv_factors
from pydicom.uid import JPEGLSLossless, RLELossless


def only(folder):
    found = read_folder(folder).series
    assert len(found) == 1
    return found[0]


def refusal(folder) -> PainGeneratorError:
    with pytest.raises(PainGeneratorError) as caught:
        read_folder(folder)
    return caught.value


def test_an_oblique_voxel_lies_where_its_header_says(tmp_path):
    # rows along (0.6, 0.8, 0), columns along (0, 0, -1): normal (-0.8, 0.6, 0), all in LPS
    write_series(tmp_path / "deep" / "er", ramp(), orientation=(0.6, 0.8, 0.0, 0.0, 0.0, -1.0), **T1)
    series = only(tmp_path)
    # i = 3 columns of 2.0 mm, j = 4 rows of 1.5 mm, k = 2 slices of 4.0 mm from (-10, -20, 30) LPS:
    # L: -10 + 3*2*0.6 - 2*4*0.8 = -12.8   P: -20 + 3*2*0.8 + 2*4*0.6 = -10.4   S: 30 - 4*1.5 = 24
    np.testing.assert_allclose(series.geometry.to_ras(np.array([3, 4, 2])), [12.8, 10.4, 24.0], atol=1e-9)
    image = series.image
    assert image.array.dtype == np.float32
    assert image.array[2, 4, 3] == ramp()[2, 4, 3]
    assert image.geometry.spacing_mm == pytest.approx((2.0, 1.5, 4.0))
    assert series.header["EchoTime"] == 11.0
    assert series.sop_instance_uids[0] != series.sop_instance_uids[1]


def test_simpleitk_sees_the_same_volume(tmp_path):
    import SimpleITK as sitk

    write_series(tmp_path, ramp(), orientation=(0.6, 0.8, 0.0, 0.0, 0.0, -1.0), **T1)
    series = only(tmp_path)
    other = sitk.ReadImage([str(path) for path in series.files])
    np.testing.assert_array_equal(sitk.GetArrayFromImage(other), series.image.array)
    lps = np.array(other.TransformIndexToPhysicalPoint((3, 4, 2)))
    np.testing.assert_allclose(series.geometry.to_ras(np.array([3, 4, 2])), lps * [-1, -1, 1], atol=1e-5)


def test_every_slice_is_rescaled_by_its_own_slope(tmp_path):
    def slope(k, dataset):
        dataset.RescaleSlope = 0.5 * (k + 1)

    write_series(tmp_path, ramp(), "PT", change=slope)
    series = only(tmp_path)
    np.testing.assert_allclose(series.image.array, ramp() * 0.5 * np.arange(1, 6)[:, None, None])
    np.testing.assert_allclose(series.pet_header.rescale_slope, [0.5, 1.0, 1.5, 2.0, 2.5])


def test_inverted_gray_is_turned_for_mr_only(tmp_path):
    write_series(tmp_path / "a", ramp(), PhotometricInterpretation="MONOCHROME1", **T1)
    write_series(tmp_path / "b", ramp(), "PT", PhotometricInterpretation="MONOCHROME1", SeriesNumber=2)
    magnetic, pet = read_folder(tmp_path).series
    assert magnetic.image.array[0, 0, 0] == ramp().max()
    assert magnetic.image.array[-1, -1, -1] == ramp().min()
    np.testing.assert_array_equal(pet.image.array, ramp())


def test_bits_above_the_stored_ones_are_ignored(tmp_path):
    def overlay(k, dataset):
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = (np.frombuffer(dataset.PixelData, "<u2") | 0x8000).tobytes()

    write_series(tmp_path, ramp().astype(np.uint16), change=overlay, **T1)
    np.testing.assert_array_equal(only(tmp_path).image.array, ramp())


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_series_are_decoded(tmp_path, syntax):
    def compress(k, dataset):
        dataset.compress(syntax, generate_instance_uid=False)

    write_series(tmp_path, ramp().astype(np.uint16), change=compress, **T1)
    np.testing.assert_array_equal(only(tmp_path).image.array, ramp())


def test_a_compressed_file_that_is_damaged_is_named(tmp_path):
    def compress(k, dataset):
        dataset.compress(RLELossless, generate_instance_uid=False)
        if k == 2:
            dataset.PixelData = dataset.PixelData[:40] + bytes(len(dataset.PixelData) - 40)

    write_series(tmp_path, ramp().astype(np.uint16), change=compress, **T1)
    series = only(tmp_path)
    with pytest.raises(PainGeneratorError, match="cannot be decoded") as caught:
        series.load()
    assert str(series.files[2]) in caught.value.reason
    assert "uncompressed" in caught.value.advice


def test_what_pydicom_cannot_decode_is_left_to_gdcm(tmp_path, monkeypatch):
    import pydicom

    write_series(tmp_path, ramp(), "CT", RescaleSlope=2.0, RescaleIntercept=-100.0)
    series = only(tmp_path)
    for frame in series.frames:
        frame.pixel_offset = None

    def fail(self):
        raise RuntimeError("no decoder")

    monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(fail))
    np.testing.assert_array_equal(series.image.array, ramp() * 2.0 - 100.0)


def test_an_enhanced_series_is_split_by_echo_and_placed_in_space(tmp_path):
    stored = ramp(slices=3)
    enhanced(stored, echo_times=(12.0, 80.0)).save_as(tmp_path / "file")
    first, second = read_folder(tmp_path).series
    assert (first.uid[-2:], second.uid[-2:]) == ("/1", "/2")
    assert (first.header["EchoTime"], second.header["EchoTime"]) == (12.0, 80.0)
    assert second.split_by == "EchoTime 80"
    slopes = np.arange(1, 4)[:, None, None]
    # the normal points to the right (LPS -x), and frames step that way
    np.testing.assert_allclose(first.image.array, stored * slopes)
    np.testing.assert_allclose(second.image.array, (stored + 1000) * slopes)
    # rows run down, columns back: i = 2 -> P + 2*2.0, j = 3 -> S - 3*1.5, k = 1 -> L - 4
    np.testing.assert_allclose(first.geometry.to_ras(np.array([2, 3, 1])), [14.0, 16.0, 25.5], atol=1e-9)
    assert first.frame_numbers == (1, 2, 3)
    assert second.frame_numbers == (4, 5, 6)
    assert len(second.files) == 1


def test_a_compressed_enhanced_file_is_decoded_frame_by_frame(tmp_path):
    stored = ramp(slices=3).astype(np.uint16)
    dataset = enhanced(stored)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(tmp_path / "file")
    np.testing.assert_allclose(only(tmp_path).image.array, stored * np.arange(1, 4)[:, None, None])


def test_enhanced_pet_gives_suv_by_its_own_reference_time(tmp_path):
    dataset = enhanced(ramp(slices=3), "enhanced PT", PatientWeight=70.0, DecayCorrected="YES")
    dataset.AttenuationCorrected = "YES"
    dataset.DecayCorrectionDateTime = "20250102110000"
    dataset.Units = "BQML"
    dataset.RadiopharmaceuticalInformationSequence = [pet_injection()]
    dataset.save_as(tmp_path / "file")
    series = only(tmp_path)
    result = compute_suv_factors(series.pet_header)
    np.testing.assert_allclose(result.factors, 2.77778125e-4, rtol=1e-8)
    assert series.pet_header.n_slices == 3


def test_enhanced_pet_units_and_corrections_are_read_from_their_own_elements(tmp_path):
    from pydicom.dataset import Dataset

    dataset = enhanced(ramp(slices=3), "enhanced PT", PatientWeight=70.0, DecayCorrected="NO")
    dataset.AttenuationCorrected = "YES"
    dataset.RadiopharmaceuticalInformationSequence = [pet_injection()]
    for k, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        mapping, unit, content, kind = Dataset(), Dataset(), Dataset(), Dataset()
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "Bq/ml", "UCUM", "Becquerels/milliliter"
        mapping.MeasurementUnitsCodeSequence = [unit]
        mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 3.0 + k, 0.0
        content.FrameAcquisitionDateTime = f"2025010211{k:02d}00"
        content.FrameAcquisitionDuration = 120000.0
        kind.FrameType = ["ORIGINAL", "PRIMARY", "STATIC", "NONE"]
        frame.RealWorldValueMappingSequence = [mapping]
        frame.FrameContentSequence = [content]
        frame.PETFrameTypeSequence = [kind]
    dataset.save_as(tmp_path / "file")
    series = only(tmp_path)
    pet = series.pet_header
    assert (pet.units, pet.decay_correction, pet.corrected_image) == ("BQML", "NONE", ("ATTN",))
    assert [moment.minute for moment in pet.acquisition_datetimes] == [0, 1, 2]
    np.testing.assert_array_equal(pet.actual_frame_duration_ms, 120000.0)
    np.testing.assert_array_equal(series.image.array[1], 4.0 * ramp(slices=3)[1])
    assert series.header["ImageType"] == ("ORIGINAL", "PRIMARY", "STATIC", "NONE")
    factors = compute_suv_factors(pet).factors
    assert factors[2] / factors[0] == pytest.approx(2 ** (120 / 6586.2))


def test_stacks_of_two_orientations_become_two_series(tmp_path):
    uid = write_series(tmp_path, ramp(), prefix="a", **T1)
    write_series(
        tmp_path, ramp(4), prefix="b", SeriesInstanceUID=uid, orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0), **T1
    )
    series = read_folder(tmp_path).series
    assert sorted(one.n_slices for one in series) == [4, 5]
    assert {one.uid for one in series} == {f"{uid}/1", f"{uid}/2"}


def test_slabs_planned_apart_become_two_series_and_one_of_both(tmp_path):
    uid = write_series(tmp_path, ramp(), prefix="a", AcquisitionNumber=1, **T1)
    write_series(
        tmp_path, ramp(), prefix="b", SeriesInstanceUID=uid, AcquisitionNumber=2, first_position=(-10, -20, 90), **T1
    )
    both, first, second = read_folder(tmp_path).series
    assert [one.n_slices for one in (both, first, second)] == [10, 5, 5]
    assert both.blocks == (first, second)
    between = both.image.array[6]
    assert np.isnan(between).all()
    np.testing.assert_array_equal(both.image.array[:5], first.image.array)


def test_echoes_and_dixon_parts_of_one_series_are_told_apart(tmp_path):
    uid = None
    for number, part in enumerate(("W", "F", "IP", "OP")):
        for echo_time in (1.2, 2.4):
            uid = write_series(
                tmp_path,
                ramp(start=1000 * number + int(100 * echo_time)),
                prefix=f"{part}{echo_time}",
                SeriesInstanceUID=uid,
                ImageType=["ORIGINAL", "PRIMARY", "M", part],
                **{**T1, "EchoTime": echo_time},
            )
    series = read_folder(tmp_path).series
    assert len(series) == 8
    for one in series:
        assert one.n_slices == 5
        number = ("W", "F", "IP", "OP").index(one.header["ImageType"][3])
        assert one.image.array.min() == 1000 * number + int(100 * one.header["EchoTime"])
    assert series[0].split_by == "EchoTime 1.2, ImageType ORIGINAL\\PRIMARY\\M\\F"


def test_identical_copies_are_dropped_with_a_warning(tmp_path):
    uid = write_series(tmp_path / "a", ramp(), **T1)
    write_series(tmp_path / "b", ramp(), SeriesInstanceUID=uid, skip=(0, 2, 3), **T1)
    series = only(tmp_path)
    assert series.n_slices == 5
    assert series.warnings == ["2 slices came twice with identical pixels; one copy of each was used."]


def test_different_images_at_one_position_are_refused_by_file_name(tmp_path):
    uid = write_series(tmp_path / "a", ramp(), **T1)
    write_series(tmp_path / "b", ramp(start=77), SeriesInstanceUID=uid, skip=(0, 2, 3), **T1)
    with pytest.raises(PainGeneratorError, match="Two different images lie at one position"):
        only(tmp_path).load()


def test_a_missing_slice_is_named_by_its_position(tmp_path):
    write_series(tmp_path, ramp(6), skip=(3,), **T1)
    with pytest.raises(PainGeneratorError) as caught:
        only(tmp_path).load()
    assert "1 between image 3 (38.0 mm) and image 5 (46.0 mm)" in caught.value.reason
    assert "4.00 mm" in caught.value.reason


def shifted(axis: int, steps: dict[int, float]):
    def change(k, dataset):
        position = [float(x) for x in dataset.ImagePositionPatient]
        position[axis] += steps.get(k, 0.0)
        dataset.ImagePositionPatient = position

    return change


def test_slices_slightly_off_their_place_are_made_regular_and_said_so(tmp_path):
    write_series(tmp_path, ramp(), change=shifted(2, {2: 0.08}), **T1)
    series = only(tmp_path)
    assert series.warnings == ["Slice positions are off a regular grid by up to 0.06 mm; made regular."]
    assert series.geometry.spacing_mm[2] == pytest.approx(4.0)


def test_uneven_slices_are_refused(tmp_path):
    write_series(tmp_path, ramp(), change=shifted(2, {2: 1.2}), **T1)
    with pytest.raises(PainGeneratorError, match="unevenly spaced"):
        only(tmp_path).load()


def test_a_tilted_gantry_is_refused(tmp_path):
    write_series(tmp_path, ramp(), "CT", change=shifted(1, {k: 0.5 * k for k in range(5)}))
    with pytest.raises(PainGeneratorError, match="tilted gantry"):
        only(tmp_path).load()


def test_impossible_axes_are_refused(tmp_path):
    write_series(tmp_path, ramp(), orientation=(1.0, 0.0, 0.0, 0.3, 1.0, 0.0), **T1)
    with pytest.raises(PainGeneratorError, match="orientation"):
        only(tmp_path).load()


def test_a_single_slice_of_unknown_thickness_is_no_volume(tmp_path):
    write_series(tmp_path, ramp(1), change=lambda k, dataset: delattr(dataset, "SliceThickness"), **T1)
    with pytest.raises(PainGeneratorError, match="unknown thickness"):
        only(tmp_path).load()


@pytest.mark.parametrize(("rows", "kept"), [(6, 0.97), (60, 0.5), (60, 0.97)])
def test_a_truncated_file_is_named(tmp_path, rows, kept):
    write_series(tmp_path, ramp(rows=rows, columns=70), **T1)
    victim = sorted(tmp_path.iterdir())[1]
    content = victim.read_bytes()
    victim.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(PainGeneratorError) as caught:
        only(tmp_path).load()
    error = caught.value
    assert str(victim) in error.reason
    assert "cut off or damaged" in error.reason
    assert error.advice == "Copy the examination again from its source."


def test_a_file_cut_within_its_header_is_named(tmp_path):
    write_series(tmp_path, ramp(), **T1)
    victim = sorted(tmp_path.iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:700])
    with pytest.raises(PainGeneratorError) as caught:
        only(tmp_path).load()
    assert str(victim) in caught.value.reason


def test_two_patients_are_refused_by_name(tmp_path):
    write_series(tmp_path / "a", ramp(), **T1)
    write_series(tmp_path / "b", ramp(), PatientID="P2", PatientName="Two^Person", **T1)
    error = refusal(tmp_path)
    assert "2 patients" in error.reason
    assert "One Patient (ID P1): MR" in error.reason
    assert "Two Person (ID P2): MR" in error.reason


def test_pet_and_mr_of_different_patients_are_refused_as_such(tmp_path):
    write_series(tmp_path / "a", ramp(), "PT")
    write_series(tmp_path / "b", ramp(), PatientID="P2", PatientName="Two^Person", **T1)
    assert "PET and MR are of different patients" in refusal(tmp_path).reason


def test_a_name_written_in_two_ways_is_one_patient(tmp_path):
    write_series(tmp_path / "a", ramp(), "PT")
    write_series(tmp_path / "b", ramp(), PatientName="ONE PATIENT", **T1)
    assert len(read_folder(tmp_path).series) == 2


def test_a_name_that_one_modality_lacks_is_no_second_patient(tmp_path):
    write_series(tmp_path / "a", ramp(), "PT")
    write_series(tmp_path / "b", ramp(), PatientName="", **T1)
    assert len(read_folder(tmp_path).series) == 2


def test_folders_without_images_are_refused(tmp_path):
    assert "no files" in refusal(tmp_path).reason
    (tmp_path / "notes.txt").write_text("nothing")
    assert "none of its 1 files is a DICOM image" in refusal(tmp_path).reason
    assert "There is no folder" in refusal(tmp_path / "absent").reason


def test_what_is_no_volume_is_left_out_with_a_reason(tmp_path):
    write_series(tmp_path / "t1", ramp(), **T1)
    write_series(tmp_path / "loc", ramp(3), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesNumber=2)
    write_series(tmp_path / "loc2", ramp(3), SeriesDescription="3-plane loc", SeriesNumber=3)
    write_series(tmp_path / "mip", ramp(3), "PT", ImageType=["DERIVED", "PRIMARY", "MIP"], SeriesNumber=4)
    write_series(tmp_path / "bare", ramp(3), SeriesNumber=5, change=lambda k, d: delattr(d, "PixelSpacing"))
    for kind in ("SC", "SEG", "RTSTRUCT", "SR"):
        dataset = base(kind, SeriesInstanceUID=f"1.2.9.{len(kind)}", Modality=kind, SeriesDescription="x")
        dataset.save_as(tmp_path / kind)
    (tmp_path / "readme").write_text("no DICOM")
    folder = read_folder(tmp_path)
    assert [series.number for series in folder.series] == [1]
    reasons = {one.reason for one in folder.left_out}
    assert reasons == {
        "not DICOM",
        "localizer",
        "projection (MIP), not a volume",
        "no PixelSpacing in the header that can be read",
        "secondary capture (screenshot)",
        "segmentation",
        "contours (RTSTRUCT)",
        "structured report",
    }
    assert folder.n_not_dicom == 1


def test_reading_changes_nothing_in_the_folder(tmp_path):
    write_series(tmp_path, ramp(), **STIR)

    def state():
        return {p: (p.stat().st_mtime_ns, hashlib.sha1(p.read_bytes()).digest()) for p in tmp_path.rglob("*")}

    before = state()
    only(tmp_path).load()
    assert state() == before


def test_reading_tells_its_progress_and_can_be_cancelled(tmp_path):
    write_series(tmp_path, ramp(20), **T1)
    told = []
    folder = read_folder(tmp_path, lambda fraction, text: told.append(fraction))
    assert told[-1] == 1.0

    def stop(fraction, text):
        raise Cancelled

    with pytest.raises(Cancelled):
        folder.series[0].load(stop)
    first = folder.series[0].load()
    assert folder.series[0].load() is first
    folder.series[0].unload()
    assert folder.series[0].load() is not first


def test_private_factors_are_found_by_their_creator(tmp_path):
    def philips(k, dataset):
        other = dataset.private_block(0x7053, "SOMETHING ELSE", create=True)
        other.add_new(0x00, "DS", "9.0")
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.0005")
        block.add_new(0x09, "DS", "0.5")

    write_series(tmp_path, ramp(), "PT", change=philips, Units="CNTS")
    pet = only(tmp_path).pet_header
    np.testing.assert_array_equal(pet.philips_suv_factor, 5e-4)
    np.testing.assert_array_equal(pet.philips_activity_factor, 0.5)
    assert pet.philips_creator_found


def test_private_factors_without_any_creator_are_marked(tmp_path):
    def bare(k, dataset):
        dataset.add_new(0x70531000, "DS", "0.0005")
        dataset.add_new(0x0009100D, "DT", "20250102110000")

    write_series(tmp_path, ramp(), "PT", change=bare, Units="CNTS")
    pet = only(tmp_path).pet_header
    np.testing.assert_array_equal(pet.philips_suv_factor, 5e-4)
    assert not pet.philips_creator_found
    assert not pet.ge_creator_found
    assert pet.ge_scan_datetime.hour == 11


def test_slices_that_contradict_each_other_are_reported(tmp_path):
    def change(k, dataset):
        dataset.PatientWeight = 70.0 + (k == 3)

    write_series(tmp_path, ramp(), "PT", change=change, **{key: PET[key] for key in ("Units",)})
    assert only(tmp_path).pet_header.inconsistent == ("PatientWeight",)


def test_dates_and_times_are_parsed_in_their_old_and_new_forms():
    assert parse_date("1999.12.31").isoformat() == "1999-12-31"
    assert parse_date("garbage") is None
    assert parse_time("10").isoformat() == "10:00:00"
    assert parse_time("10:11:12.5").isoformat() == "10:11:12.500000"
    assert parse_time("101") is None
    assert parse_time("259900") is None
    assert parse_datetime("20250102110000.25").isoformat() == "2025-01-02T11:00:00.250000"
    assert parse_datetime("20250102110000+0000", "+0200").isoformat() == "2025-01-02T13:00:00"
    assert parse_datetime("20250102110000-0500", "-0500").isoformat() == "2025-01-02T11:00:00"
    assert parse_datetime("20250102") is None


def test_a_multi_frame_file_without_positions_is_left_out_with_a_warning(tmp_path):
    dataset = base("MR", SeriesInstanceUID="1.2.9")
    set_pixels(dataset, ramp())
    dataset.NumberOfFrames = 5
    dataset.save_as(tmp_path / "file")
    folder = read_folder(tmp_path)
    assert folder.series == []
    assert [one.reason for one in folder.left_out] == ["several frames, but no positions for them"]
    assert len(folder.warnings) == 1
