"""Series that are left out, with the reason, and optional ones that must not stop a case."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dicom_makers import base, set_pixels
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import RLELossless

from .judging import InputCase, Judged, Outcome
from .small_examination import (
    command,
    files_of,
    has_series,
    judged_case,
    judged_command,
    judged_suv,
    stored,
    warnings_of,
    write_examination,
    write_pet,
    write_t1,
    write_t2,
)

WHY = "what was left out, and why"
OPTIONAL = "something optional stops everything"
Change = Callable[[int, Any], None]


def without(keyword: str, which: Callable[[int], bool] = lambda k: True) -> Change:
    """Delete an element of some slices."""

    def change(k: int, dataset: Any) -> None:
        if which(k):
            delattr(dataset, keyword)

    return change


def raw(tag: int, vr: str, data: bytes) -> Change:
    """Give an element exactly these bytes."""

    def change(k: int, dataset: Any) -> None:
        padded = data + b" " * (len(data) % 2)
        dataset._dict[Tag(tag)] = RawDataElement(Tag(tag), vr, len(padded), padded, 0, False, True)

    return change


def setting(**values: Any) -> Change:
    """Set elements."""

    def change(k: int, dataset: Any) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return change


def no_pixels(k: int, dataset: Any) -> None:
    del dataset.PixelData


def float_pixels(k: int, dataset: Any) -> None:
    dataset.FloatPixelData, dataset.BitsAllocated = np.zeros(64, "<f4").tobytes(), 32
    del dataset.PixelData


def three_frames(k: int, dataset: Any) -> None:
    dataset.NumberOfFrames, dataset.PixelData = 3, dataset.PixelData * 3


def pet_left_out(change: Change | None, said: str, **values: Any) -> Callable[[Path], Judged]:
    """A PET alone that cannot be used: ``suv`` is refused with the reason."""

    def judge(folder: Path) -> Judged:
        write_pet(folder, change=change, **values)
        return judged_suv(folder, refused_by=said)

    return judge


def pet_read(change: Change | None, **values: Any) -> Callable[[Path], Judged]:
    """A PET alone that is read although an element is missing."""

    def judge(folder: Path) -> Judged:
        write_pet(folder, change=change, **values)
        return judged_suv(folder)

    return judge


def mr_left_out(folder: Path) -> Judged:
    write_pet(folder)
    write_t1(folder, change=without("ImagePositionPatient"))
    write_t2(folder, change=without("PixelSpacing"))
    return judged_case(folder, None, refused_by=r"series 2 .*no ImagePositionPatient.*series 3 .*no PixelSpacing")


def everything_that_was_left_out_is_listed(folder: Path) -> Judged:
    write_t1(folder, prefix="t1")
    write_pet(folder, SeriesNumber=8, SeriesDescription="PET MIP", ImageType=["DERIVED", "SECONDARY", "MIP"])
    base("SR", SeriesInstanceUID="1.2.9.1", Modality="SR", SeriesNumber=99, SeriesDescription="dose").save_as(
        folder / "sr"
    )
    (folder / "readme.txt").write_text("nothing")
    return judged_case(folder, None, refused_by=r"series 8 .*MIP.*series 99 .*report.*readme\.txt")


def only_reports(folder: Path) -> Judged:
    folder.mkdir(exist_ok=True)
    base("SR", SeriesInstanceUID="1.2.9.1", Modality="SR", SeriesNumber=99, SeriesDescription="dose").save_as(
        folder / "sr"
    )
    return judged_case(folder, None, refused_by=r"series 99 .*structured report")


def forced_back_by_the_role(folder: Path) -> Judged:
    write_pet(folder, SeriesDescription="PET AC loc 2")
    return judged_suv(folder, roles=[("5", "PET")])


def refused_role_of_a_left_out_series(folder: Path) -> Judged:
    write_examination(folder, t2=False)
    write_t2(folder, SeriesNumber=9, change=without("ImagePositionPatient"))
    return judged_case(folder, None, roles=[("9", "T2")], refused_by=r"series 9 .*no ImagePositionPatient")


def left_out_mr_of_a_used_case(folder: Path) -> Judged:
    write_examination(folder, t2=False)
    write_t2(folder, change=without("ImagePositionPatient"))
    return judged_case(folder, None, warned_by=r"series 3 .*no ImagePositionPatient")


def a_localizer_is_no_warning(folder: Path) -> Judged:
    write_examination(folder)
    write_t1(folder, SeriesNumber=1, SeriesDescription="localizer", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_pet(folder, SeriesNumber=8, SeriesDescription="PET MIP", ImageType=["DERIVED", "SECONDARY", "MIP"])
    return judged_case(
        folder, lambda case: has_series(case, PET=5, T1=2, T2=3) and "localizer" in str(case.left_out), may_warn=False
    )


def curves_without_position_are_no_warning(folder: Path) -> Judged:
    write_examination(folder)
    write_t1(
        folder,
        SeriesNumber=77,
        SeriesDescription="time curves",
        ImageType=["DERIVED", "SECONDARY", "OTHER"],
        change=without("ImagePositionPatient"),
    )
    return judged_case(
        folder,
        lambda case: has_series(case, PET=5, T1=2, T2=3) and "time curves" in str(case.left_out),
        may_warn=False,
    )


def mosaic(folder: Path) -> Judged:
    write_examination(folder)
    write_t1(folder, SeriesNumber=4, SeriesDescription="ep2d", ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"])
    return judged_case(
        folder, lambda case: has_series(case, PET=5, T1=2, T2=3) and "mosaic of slices" in str(case.left_out)
    )


def last_slices_of_the_pet_without_position(folder: Path) -> Judged:
    write_pet(folder, change=without("ImagePositionPatient", lambda k: k > 3))
    write_t1(folder)
    return judged_case(folder, None, warned_by=r"2 of .*6 .*no ImagePositionPatient", refused_by="2 of .*6 .*no Image")


def series_command(folder: Path) -> Judged:
    write_examination(folder / "case")
    write_pet(folder / "case", SeriesNumber=8, SeriesDescription="PET MIP", ImageType=["DERIVED", "SECONDARY", "MIP"])
    return judged_command(
        "series", folder / "case", status=0, said=r"5 .*PET AC.*8 x 8 x 6.*2\.0 x 1\.5 x 4\.0.*PET.*MIP"
    )


def series_command_as_json(folder: Path) -> Judged:
    import json

    write_examination(folder / "case")
    (folder / "case" / "readme").write_text("nothing")

    def right(said: Any) -> bool:
        content = json.loads(said.output)
        roles = {one["number"]: one["role"] for one in content["series"]}
        return roles == {5: "PET", 2: "T1", 3: "T2"} and "readme" in json.dumps(content["left_out"])

    return judged_command("series", folder / "case", "--json", status=0, said="{", is_right=right)


def series_command_without_a_pet(folder: Path) -> Judged:
    write_t1(folder)
    write_pet(folder, change=without("ImagePositionPatient"))
    return judged_command("series", folder, status=0, said=r"sag T1 TSE.*no ImagePositionPatient")


def series_command_of_nothing(folder: Path) -> Judged:
    return judged_command("series", folder / "absent", status=3, said="no folder .*absent")


# --- optional series ---


def tilted_ct(folder: Path) -> Judged:
    write_examination(folder, t2=False)
    angle = math.radians(10)
    tilt = setting(ImageOrientationPatient=[1, 0, 0, 0, math.cos(angle), -math.sin(angle)])
    write_pet(folder, kind="CT", SeriesNumber=9, SeriesDescription="AC CT", change=tilt)
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2), warned_by="series 9 .*tilted gantry")


def optional(write: Callable[[Path], None], said: str, **roles: int) -> Callable[[Path], Judged]:
    """PET and T1 are good; `write` adds a series that cannot be used, which is told."""

    def judge(folder: Path) -> Judged:
        write_examination(folder, t2=False)
        write(folder)

        def right(case: Any) -> bool:
            return has_series(case, PET=5, T1=2, **roles) and len(case.series) == 2 + len(roles)

        found = judged_case(folder, right)
        if found.outcome != Outcome.RIGHT:
            return found
        return judged_case(folder, right, warned_by=said)

    return judge


def t2_with_a_gap(folder: Path) -> None:
    write_t2(folder, skip=(3,))


def t2_that_is_uneven(folder: Path) -> None:
    write_t2(folder, change=lambda k, dataset: moved(dataset, 0, 1.3 if k == 2 else 0.0))


def moved(dataset: Any, axis: int, by: float) -> None:
    """Move a slice along one axis, mm."""
    position = [float(x) for x in dataset.ImagePositionPatient]
    position[axis] += by
    dataset.ImagePositionPatient = position


def t2_of_two_versions(folder: Path) -> None:
    uid = write_t2(folder, prefix="first")
    write_t2(folder, prefix="second", SeriesInstanceUID=uid, stored=stored(start=99))


def t2_with_crooked_axes(folder: Path) -> None:
    write_t2(folder, orientation=(0.0, 1.0, 0.0, 0.3, 0.0, -1.0))


def t2_with_damaged_compression(folder: Path) -> None:
    def change(k: int, dataset: Any) -> None:
        dataset.compress(RLELossless, generate_instance_uid=False)
        if k == 2:
            dataset.PixelData = dataset.PixelData[:40] + bytes(len(dataset.PixelData) - 40)

    write_t2(folder, change=change)


def t2_that_is_cut_off(folder: Path) -> None:
    write_t2(folder, prefix="t2")
    path = files_of(folder, "t2")[1]
    path.write_bytes(path.read_bytes()[:-50])


def t2_cut_off_in_its_header(folder: Path) -> None:
    write_t2(folder, prefix="t2")
    path = files_of(folder, "t2")[1]
    path.write_bytes(path.read_bytes()[:600])


def t2_with_one_image_without_pixels(folder: Path) -> None:
    write_t2(folder, change=lambda k, dataset: no_pixels(k, dataset) if k == 5 else None)


def gap_in_the_first_choice(folder: Path) -> Judged:
    write_examination(folder)
    write_t2(folder, SeriesNumber=4, skip=(2,), AcquisitionTime="120000", stored=stored(rows=16, columns=16))
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2, T2=3), warned_by="series 4 .*missing")


def t1_with_a_gap_beside_a_t2(folder: Path) -> Judged:
    write_pet(folder)
    write_t1(folder, skip=(3,))
    write_t2(folder)
    return judged_case(
        folder,
        lambda case: has_series(case, PET=5, T2=3) and case.reference_role == "T2",
        warned_by="series 2 .*missing",
    )


def only_a_t1_with_a_gap(folder: Path) -> Judged:
    write_pet(folder)
    write_t1(folder, skip=(3,))
    return judged_case(folder, None, refused_by="T1 .series 2.*missing.*copy")


def pet_with_a_gap(folder: Path) -> Judged:
    write_examination(folder, t2=False)
    files_of(folder, "pet")[2].unlink()
    return judged_case(folder, None, refused_by="PET .series 5.*missing.*copy")


def series_chosen_by_hand_with_a_gap(folder: Path) -> Judged:
    write_examination(folder, t2=False)
    write_t2(folder, skip=(3,))
    return judged_case(folder, None, roles=[("3", "T2")], refused_by="series 3.*missing.*--role 3=OTHER")


def broken_series_named_other(folder: Path) -> Judged:
    write_examination(folder, t2=False)
    write_t2(folder, skip=(3,))
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2), roles=[("3", "OTHER")], may_warn=False)


def stray(change: Change | None, cut: int = 0, said: str = "", **values: Any) -> Callable[[Path], Judged]:
    """One more file beside a good examination; it is left out with its reason."""

    def judge(folder: Path) -> Judged:
        write_examination(folder)
        given = {"stored": stored(1), "SeriesNumber": 8, "SeriesDescription": "stray", "prefix": "stray"} | values
        write_t1(folder, change=change, **given)
        if cut:
            path = files_of(folder, "stray")[0]
            path.write_bytes(path.read_bytes()[:-cut])

        def right(case: Any) -> bool:
            told = f"{case.left_out} {warnings_of(case)} {case.all_series}"
            return has_series(case, PET=5, T1=2, T2=3) and said in told

        return judged_case(folder, right)

    return judge


def stray_garbage(folder: Path) -> Judged:
    write_examination(folder)
    (folder / "junk").write_bytes(bytes(128) + b"DICM" + bytes(range(256)) * 3)
    return judged_case(folder, None, warned_by="junk")


def stray_header_cut_off(folder: Path) -> Judged:
    write_examination(folder)
    write_t1(folder, stored=stored(1), SeriesNumber=8, SeriesDescription="localizer", prefix="stray")
    path = files_of(folder, "stray")[0]
    path.write_bytes(path.read_bytes()[:600])
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2, T2=3))


def ultrasound_with_several_frames(folder: Path) -> Judged:
    write_examination(folder)
    dataset = base("SC", SeriesInstanceUID="1.2.9", Modality="US", SeriesNumber=20, SeriesDescription="cine")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    set_pixels(dataset, stored())
    dataset.NumberOfFrames = 6
    dataset.save_as(folder / "us")
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2, T2=3) and "cine" in str(case.left_out))


def cut_off(prefix: str, kept: float, said: str) -> Callable[[Path], Judged]:
    """One file of a required series is cut off: refused by the name of the file."""

    def judge(folder: Path) -> Judged:
        write_examination(folder, t2=False)
        path = files_of(folder, prefix)[0]
        content = path.read_bytes()
        path.write_bytes(content[: int(kept * len(content))])
        return judged_case(folder, None, refused_by=said)

    return judge


def cut_off_t1_beside_a_t2(folder: Path) -> Judged:
    write_examination(folder)
    path = files_of(folder, "t1")[1]
    path.write_bytes(path.read_bytes()[:-20])
    return judged_case(folder, lambda case: has_series(case, PET=5, T2=3), warned_by="t1-002.*cut off")


def stray_of_another_patient(folder: Path) -> Judged:
    write_examination(folder)
    write_t1(
        folder,
        stored=stored(1),
        SeriesNumber=8,
        SeriesDescription="localizer",
        prefix="stray",
        PatientID="X9",
        PatientName="Other^Person",
    )
    return judged_case(folder, None, warned_by="series 8 .*Other Person")


def two_copies_one_cut_off(folder: Path) -> Judged:
    write_examination(folder / "a")
    import shutil

    shutil.copytree(folder / "a", folder / "b")
    path = files_of(folder / "b", "pet")[1]
    path.write_bytes(path.read_bytes()[:-20])
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2, T2=3))


def the_advice_for_a_broken_ct_works(folder: Path) -> Judged:
    tilted_ct(folder)
    said = command("suv", folder)
    return Judged(Outcome.RIGHT if said.status == 0 else Outcome.WRONG, said.errors)


def reversed_sagittal_is_no_gap(folder: Path) -> Judged:
    write_examination(folder, t2=False)
    write_t2(folder, orientation=(0.0, 1.0, 0.0, 0.0, 0.0, 1.0), first_position=(10.0, -20.0, 30.0))
    return judged_case(folder, lambda case: has_series(case, T2=3), may_warn=False)


def three_orientations_in_one_series(folder: Path) -> Judged:
    write_examination(folder)
    uid = write_t1(folder, stored=stored(1), SeriesNumber=8, SeriesDescription="three planes")
    for orientation in ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)):
        write_t1(
            folder,
            stored=stored(1),
            SeriesNumber=8,
            SeriesInstanceUID=uid,
            orientation=orientation,
            SeriesDescription="three planes",
        )
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2, T2=3))


def _case(name: str, kind: str, source: str, judge: Callable[[Path], Judged], *accepted: Outcome) -> InputCase:
    return InputCase(name, kind, source, judge, accepted or (Outcome.RIGHT,))


RIGHT, WARNED, REFUSED = Outcome.RIGHT, Outcome.WARNED, Outcome.REFUSED
SLICER_7496 = "https://github.com/Slicer/Slicer/issues/7496"
FO_1915 = "https://github.com/fo-dicom/fo-dicom/pull/1915"
MINC_93 = "https://github.com/BIC-MNI/minc-tools/pull/93"
CORNERSTONE = "https://github.com/cornerstonejs/cornerstone3D/issues/227"
DICOM2STL = "https://github.com/dave3d/dicom2stl/issues/68"
ICOMETRIX = "https://github.com/icometrix/dicom2nifti/issues/139"
DICOMSORT = "https://github.com/pieper/dicomsort/issues/20"
SHANOIR = "https://github.com/fli-iam/shanoir-ng/issues/1335"

CASES = [
    _case(
        "pet-without-position",
        WHY,
        SLICER_7496,
        pet_left_out(without("ImagePositionPatient"), "series 5 .*PET AC.*no ImagePositionPatient"),
        REFUSED,
    ),
    _case(
        "pet-without-orientation",
        WHY,
        SLICER_7496,
        pet_left_out(without("ImageOrientationPatient"), "series 5 .*PET AC.*no ImageOrientationPatient"),
        REFUSED,
    ),
    _case(
        "pet-with-spacing-that-is-no-number",
        WHY,
        FO_1915,
        pet_left_out(raw(0x00280030, "DS", b"n/a\\n/a"), "series 5 .*PET AC.*PixelSpacing"),
        REFUSED,
    ),
    _case(
        "pet-with-one-pixel-spacing",
        WHY,
        FO_1915,
        pet_left_out(raw(0x00280030, "DS", b"4.0 "), "series 5 .*PET AC.*PixelSpacing"),
        REFUSED,
    ),
    _case(
        "pet-with-a-pixel-spacing-of-zero",
        WHY,
        FO_1915,
        pet_left_out(setting(PixelSpacing=[0, 0]), "series 5 .*PET AC.*PixelSpacing"),
        REFUSED,
    ),
    _case(
        "pet-with-a-position-of-two-values",
        WHY,
        SLICER_7496,
        pet_left_out(raw(0x00200032, "DS", b"1.0\\2.0"), "series 5 .*PET AC.*ImagePosition"),
        REFUSED,
    ),
    _case(
        "pet-of-one-bit",
        WHY,
        ICOMETRIX,
        pet_left_out(setting(BitsAllocated=1, BitsStored=1, HighBit=0), "series 5 .*PET AC.*1 bits"),
        REFUSED,
    ),
    _case("pet-with-an-empty-modality", WHY, SLICER_7496, pet_read(setting(Modality=""))),
    _case("pet-without-modality", WHY, SLICER_7496, pet_read(without("Modality"))),
    _case("pet-with-modality-pet", WHY, SLICER_7496, pet_read(setting(Modality="PET"))),
    _case(
        "pet-called-like-a-localizer",
        WHY,
        SLICER_7496,
        pet_left_out(None, "series 5 .*PET AC loc 2.*localizer.*--role 5=PET", SeriesDescription="PET AC loc 2"),
        REFUSED,
        RIGHT,
    ),
    _case("pet-called-like-a-localizer-with-role", WHY, SLICER_7496, forced_back_by_the_role),
    _case(
        "only-a-mip-of-the-pet",
        WHY,
        SLICER_7496,
        pet_left_out(
            None,
            r"series 5 .*PET MIP.*projection \(MIP\)",
            SeriesDescription="PET MIP",
            ImageType=["DERIVED", "SECONDARY", "MIP"],
        ),
        REFUSED,
    ),
    _case("pet-without-pixels", WHY, MINC_93, pet_left_out(no_pixels, "series 5 .*PET AC.*no pixels"), REFUSED),
    _case("pet-with-float-pixels", WHY, ICOMETRIX, pet_left_out(float_pixels, "series 5 .*PET AC.*floating"), REFUSED),
    _case(
        "pet-with-several-frames-and-no-positions",
        WHY,
        ICOMETRIX,
        pet_left_out(three_frames, "series 5 .*PET AC.*frames.*position"),
        REFUSED,
    ),
    _case(
        "pet-as-color-screenshot",
        WHY,
        SLICER_7496,
        pet_left_out(setting(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), "series 5 .*screenshot"),
        REFUSED,
    ),
    _case(
        "last-slices-of-the-pet-without-position",
        WHY,
        SLICER_7496,
        last_slices_of_the_pet_without_position,
        WARNED,
        REFUSED,
    ),
    _case("no-mr-with-position", WHY, SLICER_7496, mr_left_out, REFUSED),
    _case(
        "everything-left-out-is-listed",
        WHY,
        "https://github.com/KathiraveluLab/Diomede/issues/94",
        everything_that_was_left_out_is_listed,
        REFUSED,
    ),
    _case(
        "only-structured-reports", WHY, "https://github.com/KathiraveluLab/Diomede/issues/94", only_reports, REFUSED
    ),
    _case("role-for-a-series-that-was-left-out", WHY, SLICER_7496, refused_role_of_a_left_out_series, REFUSED),
    _case("mr-without-position-beside-a-good-one", WHY, SLICER_7496, left_out_mr_of_a_used_case, WARNED),
    _case(
        "localizer-and-mip-are-no-warnings",
        WHY,
        "https://github.com/rordenlab/dcm2niix/issues/225",
        a_localizer_is_no_warning,
    ),
    _case(
        "curves-without-position",
        WHY,
        "https://github.com/rordenlab/dcm2niix/issues/225",
        curves_without_position_are_no_warning,
    ),
    _case("mosaic-beside-a-t1", WHY, "https://github.com/rordenlab/dcm2niix/issues/225", mosaic),
    _case("series-command", WHY, "docs/design.md, The command line", series_command),
    _case("series-command-as-json", WHY, "docs/design.md, The command line", series_command_as_json),
    _case("series-command-without-a-usable-pet", WHY, SLICER_7496, series_command_without_a_pet),
    _case(
        "series-command-of-a-missing-folder",
        WHY,
        "docs/design.md, The command line",
        series_command_of_nothing,
        REFUSED,
    ),
    _case("tilted-ct", OPTIONAL, CORNERSTONE, tilted_ct, WARNED),
    _case("tilted-ct-and-suv-alone", OPTIONAL, CORNERSTONE, the_advice_for_a_broken_ct_works),
    _case("t2-with-a-gap", OPTIONAL, DICOM2STL, optional(t2_with_a_gap, "series 3 .*missing"), WARNED),
    _case("t2-with-uneven-slices", OPTIONAL, DICOM2STL, optional(t2_that_is_uneven, "series 3 .*uneven"), WARNED),
    _case(
        "t2-in-two-versions",
        OPTIONAL,
        "https://github.com/rordenlab/dcm2niix/issues/837",
        optional(t2_of_two_versions, "series 3 .*two different images"),
        WARNED,
    ),
    _case(
        "t2-with-crooked-axes",
        OPTIONAL,
        "https://github.com/OHIF/Viewers/issues/2565",
        optional(t2_with_crooked_axes, "series 3 .*orientation"),
        WARNED,
    ),
    _case(
        "t2-with-damaged-compression",
        OPTIONAL,
        DICOMSORT,
        optional(t2_with_damaged_compression, "series 3 .*cannot be decoded"),
        WARNED,
    ),
    _case("t2-with-a-file-cut-off", OPTIONAL, DICOMSORT, optional(t2_that_is_cut_off, "t2-002.*cut off"), WARNED),
    _case(
        "t2-with-a-file-cut-in-its-header",
        OPTIONAL,
        DICOMSORT,
        optional(t2_cut_off_in_its_header, "t2-002.*cut off"),
        WARNED,
    ),
    _case(
        "t2-with-one-image-without-pixels",
        OPTIONAL,
        MINC_93,
        optional(t2_with_one_image_without_pixels, "series 3 .*no pixels"),
        WARNED,
    ),
    _case("gap-in-the-first-choice", OPTIONAL, DICOM2STL, gap_in_the_first_choice, WARNED),
    _case("t1-with-a-gap-beside-a-t2", OPTIONAL, DICOM2STL, t1_with_a_gap_beside_a_t2, WARNED),
    _case("only-a-t1-with-a-gap", OPTIONAL, DICOM2STL, only_a_t1_with_a_gap, REFUSED),
    _case("pet-with-a-gap", OPTIONAL, DICOM2STL, pet_with_a_gap, REFUSED),
    _case("series-chosen-by-hand-with-a-gap", OPTIONAL, DICOM2STL, series_chosen_by_hand_with_a_gap, REFUSED),
    _case("broken-series-given-role-other", OPTIONAL, DICOM2STL, broken_series_named_other),
    _case("stray-file-with-several-frames", OPTIONAL, ICOMETRIX, stray(three_frames, said="frames")),
    _case("stray-file-without-pixels", OPTIONAL, MINC_93, stray(no_pixels, said="no pixels")),
    _case("stray-file-with-float-pixels", OPTIONAL, ICOMETRIX, stray(float_pixels, said="floating")),
    _case(
        "localizer-cut-off",
        OPTIONAL,
        "https://github.com/Image-X-Institute/mri_distortion_toolkit/issues/181",
        stray(None, cut=100, said="localizer", SeriesDescription="localizer"),
    ),
    _case("unknown-series-cut-off", OPTIONAL, DICOMSORT, stray(None, cut=100, said="stray")),
    _case("localizer-cut-off-in-its-header", OPTIONAL, DICOMSORT, stray_header_cut_off),
    _case(
        "stray-garbage-with-a-dicom-head",
        OPTIONAL,
        "https://github.com/dgobbi/vtk-dicom/issues/122",
        stray_garbage,
        WARNED,
    ),
    _case(
        "stray-ultrasound",
        OPTIONAL,
        "https://github.com/rordenlab/dcm2niix/issues/283",
        ultrasound_with_several_frames,
    ),
    _case(
        "stray-localizer-of-another-patient",
        OPTIONAL,
        "https://github.com/commontk/CTK/issues/275",
        stray_of_another_patient,
        WARNED,
    ),
    _case("pet-with-a-file-cut-off", OPTIONAL, DICOMSORT, cut_off("pet", 0.97, "pet-001.*cut off.*copy"), REFUSED),
    _case(
        "pet-with-a-file-cut-in-its-header",
        OPTIONAL,
        DICOMSORT,
        cut_off("pet", 0.55, "pet-001.*cut off.*copy"),
        REFUSED,
    ),
    _case("only-t1-with-a-file-cut-off", OPTIONAL, DICOMSORT, cut_off("t1", 0.97, "t1-001.*cut off.*copy"), REFUSED),
    _case("t1-cut-off-beside-a-t2", OPTIONAL, SHANOIR, cut_off_t1_beside_a_t2, WARNED),
    _case("two-copies-one-cut-off", OPTIONAL, SHANOIR, two_copies_one_cut_off),
    _case(
        "sagittal-slices-in-the-other-order",
        OPTIONAL,
        "https://github.com/Slicer/Slicer/issues/4005",
        reversed_sagittal_is_no_gap,
    ),
    _case(
        "three-planes-in-one-series",
        OPTIONAL,
        "https://github.com/dgobbi/vtk-dicom/issues/30",
        three_orientations_in_one_series,
    ),
]
