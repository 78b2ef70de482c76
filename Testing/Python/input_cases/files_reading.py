"""Files and folders as discs, archives and other programs leave them."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from dicom_makers import base
from pydicom.dataset import FileDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from .judging import InputCase, Judged, Outcome
from .small_examination import (
    case_of,
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

KIND = "files and folders"
ALL = {"PET": 5, "T1": 2, "T2": 3}
"""The series that the whole small examination gives, by role."""


def has_all(case: Any) -> bool:
    """True when PET, T1 and T2 were read with all slices."""
    return has_series(case, **ALL) and all(series.image.geometry.shape[0] == 6 for series in case.series.values())


def quiet(case: Any) -> bool:
    """True when all was read and no warning speaks of files."""
    return has_all(case) and not any("file" in text for text in warnings_of(case))


def cut_head(path: Path, form: str) -> None:
    """Take the preamble off a file, in one of the forms that were reported."""
    content = path.read_bytes()
    body = content[132:]
    without_meta = body[12 + struct.unpack("<I", body[8:12])[0] :]
    forms = {
        "no preamble": body,
        "no preamble and no meta header": without_meta,
        "preamble without DICM": content[:128] + body,
        "DICM at the start": b"DICM" + body,
    }
    path.write_bytes(forms[form])


def without_head(form: str, prefix: str) -> Callable[[Path], Judged]:
    """The examination with the files of one series in a form without a whole head."""

    def judge(folder: Path) -> Judged:
        write_examination(folder)
        for path in files_of(folder, prefix):
            cut_head(path, form)
        return judged_case(folder, quiet)

    return judge


def implicit_without_head(folder: Path) -> Judged:
    def change(k: int, dataset: Any) -> None:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian

    write_pet(folder, prefix="pet", change=change)
    write_t1(folder)
    write_t2(folder)
    for path in files_of(folder, "pet"):
        cut_head(path, "no preamble and no meta header")
    return judged_case(folder, quiet)


def compressed_without_preamble(folder: Path) -> Judged:
    def change(k: int, dataset: Any) -> None:
        dataset.compress(RLELossless, generate_instance_uid=False)

    write_examination(folder, t2=False)
    write_t2(folder, prefix="t2", change=change)
    for path in files_of(folder, "t2"):
        cut_head(path, "no preamble")
    return judged_case(folder, quiet)


def pet_alone_without_head(folder: Path) -> Judged:
    write_pet(folder, prefix="pet")
    for path in files_of(folder, "pet"):
        cut_head(path, "no preamble and no meta header")
    return judged_suv(folder)


def rewritten(syntax: str, implicit: bool, little: bool) -> Callable[[Path], Judged]:
    """A PET in another transfer syntax."""

    def judge(folder: Path) -> Judged:
        import pydicom

        write_pet(folder, prefix="pet")
        for path in files_of(folder, "pet"):
            dataset = pydicom.dcmread(path)
            if not little:
                dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
                dataset["PixelData"].VR = "OW"
            dataset.file_meta.TransferSyntaxUID = syntax
            other = FileDataset(
                "",
                dataset,
                file_meta=dataset.file_meta,
                preamble=b"\0" * 128,
                is_implicit_VR=implicit,
                is_little_endian=little,
            )
            other.save_as(path, implicit_vr=implicit, little_endian=little)
        return judged_suv(folder)

    return judge


def empty_per_frame_sequence(folder: Path) -> Judged:
    write_pet(folder)
    write_t1(folder, PerFrameFunctionalGroupsSequence=[])
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2))


def padding_outside_the_circle(folder: Path) -> Judged:
    padded = stored()
    padded[:, 0, :] = -32768
    write_pet(folder, stored=padded)
    return judged_suv(folder)


def dicomdir_beside_the_files(folder: Path) -> Judged:
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset

    write_examination(folder / "DICOM")
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    meta.MediaStorageSOPInstanceUID = "1.2.9.9"
    index = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    index.FileSetID = "DISC"
    index.DirectoryRecordSequence = []
    index.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return judged_case(folder, lambda case: has_all(case) and "DICOMDIR" in str(case.left_out))


def series_in_a_hidden_folder(folder: Path) -> Judged:
    write_pet(folder)
    write_t1(folder / ".SAG T1")
    write_t2(folder)
    return judged_case(folder, quiet)


def hidden_dicom_files(folder: Path) -> Judged:
    write_examination(folder)
    for path in files_of(folder, "t1"):
        path.rename(folder / f".{path.name}")
    return judged_case(folder, quiet)


def files_of_mac_os(folder: Path) -> Judged:
    write_examination(folder)
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    for path in files_of(folder, "t1"):
        (folder / f"._{path.name}").write_bytes(b"\0\5\x16\7" + bytes(200))
    shutil.copytree(folder, folder / "__MACOSX", ignore=lambda _, names: [n for n in names if not n.startswith("._")])
    return judged_case(folder, quiet, may_warn=False)


def deleted_files_in_the_bin(folder: Path) -> Judged:
    write_examination(folder)
    write_t1(folder / "$RECYCLE.BIN" / "S-1-5", PatientID="X9", PatientName="Other^Person")
    return judged_case(folder, quiet)


def linked_folder(folder: Path) -> Judged:
    write_pet(folder / "store" / "pet")
    write_t1(folder / "store" / "t1")
    write_t2(folder / "store" / "t2")
    (folder / "case").mkdir()
    for name in ("pet", "t1", "t2"):
        (folder / "case" / name).symlink_to(folder / "store" / name)
    return judged_case(folder / "case", quiet)


def linked_files(folder: Path) -> Judged:
    write_examination(folder / "store")
    (folder / "case").mkdir()
    for number, path in enumerate(sorted((folder / "store").iterdir())):
        (folder / "case" / f"IM{number}").symlink_to(path)
    return judged_case(folder / "case", quiet)


def links_that_go_in_a_circle(folder: Path) -> Judged:
    write_examination(folder / "a")
    (folder / "a" / "again").symlink_to(folder)
    return judged_case(folder, lambda case: quiet(case) and not any("twice" in one for one in warnings_of(case)))


def link_to_a_file_that_is_not_there(folder: Path) -> Judged:
    write_examination(folder)
    files_of(folder, "t2")[0].unlink()
    (folder / "t2-001").symlink_to(folder / ".git" / "annex" / "objects" / "missing")
    return judged_case(folder, None, warned_by="t2-001.*link.*not there")


def folder_that_cannot_be_opened(folder: Path) -> Judged:
    write_examination(folder / "open")
    write_t2(folder / "closed", SeriesNumber=9)
    real = os.scandir

    def scandir(path: Any = ".") -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with mock.patch("os.scandir", scandir):
        return judged_case(folder, None, warned_by="closed.*Permission denied")


def only_a_folder_that_cannot_be_opened(folder: Path) -> Judged:
    write_examination(folder / "closed")
    real = os.scandir

    def scandir(path: Any = ".") -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with mock.patch("os.scandir", scandir):
        return judged_case(folder, None, refused_by="closed.*Permission denied")


def file_that_cannot_be_opened(folder: Path) -> Judged:
    write_examination(folder)
    (folder / "note").write_bytes(files_of(folder, "t1")[0].read_bytes())
    real, real_io = Path.open, open

    def check(path: Any) -> None:
        if str(path).endswith("note"):
            raise PermissionError(13, "Permission denied", str(path))

    def path_open(self: Path, *args: Any, **words: Any) -> Any:
        check(self)
        return real(self, *args, **words)

    def plain_open(path: Any, *args: Any, **words: Any) -> Any:
        check(path)
        return real_io(path, *args, **words)

    with mock.patch.object(Path, "open", path_open), mock.patch("builtins.open", plain_open):
        return judged_case(folder, None, warned_by="note.*Permission denied")


def named_pipe(folder: Path) -> Judged:
    import signal

    write_examination(folder)
    os.mkfifo(folder / "pipe")

    def too_long(number: int, frame: Any) -> None:
        raise RuntimeError("waits for the named pipe")

    former = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, 2.0, 0.5)
    try:
        return judged_case(folder, quiet)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def odd_file_names(folder: Path) -> Judged:
    write_examination(folder)
    names = ["a b", "ü", "u\u0308x", "line\nbreak", "q\"u'o", "腰椎", "#%25&", "-rf", "x" * 200, "*?", "\\back", "CON"]
    for path, name in zip(sorted(folder.iterdir()), names, strict=False):
        path.rename(folder / name)
    return judged_case(folder, quiet)


def names_that_are_no_utf8(folder: Path) -> Judged:
    from PainGeneratorLib.Report.case_outputs import _relative
    from PainGeneratorLib.Report.output_folder import write_json

    write_examination(folder / "case")
    first = files_of(folder / "case", "t1")[0]
    os.rename(first, os.fsencode(folder / "case") + b"/R\xfcck.dcm")

    def call() -> Any:
        case = case_of(folder / "case")
        names = [_relative(file, case.input_folder) for file in case.input_files]
        write_json(folder / "names.json", {"names": names})
        return case

    from .judging import judged

    return judged(call, has_all, warnings=warnings_of)


def very_long_path(folder: Path) -> Judged:
    deep = folder
    for number in range(12):
        deep = deep / f"{number:02d}-{'d' * 90}"
    write_examination(deep)
    return judged_case(folder, quiet)


def case_is_a_link(folder: Path) -> Judged:
    write_examination(folder / "store")
    (folder / "case").symlink_to(folder / "store")
    return judged_case(folder / "case", quiet)


def as_file(name: str, write: Callable[[Path], None], expected: str) -> Callable[[Path], Judged]:
    """CASE is a file."""

    def judge(folder: Path) -> Judged:
        write(folder / name)
        return judged_command("suv", folder / name, status=3, said=expected)

    return judge


def one_dicom_file(path: Path) -> None:
    write_pet(path.parent, prefix="pet")
    files_of(path.parent, "pet")[0].rename(path)


def an_archive(path: Path) -> None:
    write_pet(path.parent / "dicom", prefix="pet")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((path.parent / "dicom").iterdir()):
            archive.write(file, file.name)
    shutil.rmtree(path.parent / "dicom")


def a_nifti_volume(path: Path) -> None:
    path.write_bytes(gzip.compress(struct.pack("<i", 348) + bytes(344)))


def a_dicomdir(path: Path) -> None:
    write_pet(path.parent / "DICOM")
    path.write_bytes(bytes(128) + b"DICM")


def no_series_uid(folder: Path) -> Judged:
    def bare(k: int, dataset: Any) -> None:
        del dataset.SeriesInstanceUID

    write_pet(folder, prefix="pet", change=bare)
    write_t1(folder, prefix="t1", change=bare)
    write_t2(folder, prefix="t2", change=bare)
    return judged_case(folder, has_all)


def one_series_uid_for_pet_and_ct(folder: Path) -> Judged:
    uid = write_pet(folder, prefix="pet")
    write_t1(folder, prefix="t1")
    write_t2(folder, prefix="t2")
    write_pet(
        folder, kind="CT", prefix="ct", SeriesInstanceUID=uid, SeriesNumber=7, SeriesDescription="AC CT", Units=None
    )
    return judged_case(folder, has_all)


def no_sop_class(folder: Path) -> Judged:
    def bare(k: int, dataset: Any) -> None:
        del dataset.SOPClassUID

    write_pet(folder, prefix="pet")
    write_t1(folder, prefix="t1", change=bare)
    write_t2(folder, prefix="t2")
    for path in files_of(folder, "t1"):
        cut_head(path, "no preamble and no meta header")
    return judged_case(folder, quiet)


def gzipped_files(folder: Path) -> Judged:
    write_t1(folder)
    write_pet(folder / "pet", prefix="pet")
    for path in files_of(folder / "pet", "pet"):
        path.with_suffix(".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return judged_case(folder, None, refused_by=r"6 .*(compressed|archive|gz).*unpack")


def archive_beside_the_files(folder: Path) -> Judged:
    write_t1(folder)
    an_archive(folder / "pet.zip")
    return judged_case(folder, None, refused_by=r"pet\.zip.*unpack")


def empty_file_of_a_slice(folder: Path) -> Judged:
    write_examination(folder)
    files_of(folder, "pet")[0].write_bytes(b"")
    return judged_case(folder, None, warned_by="pet-001.*empty")


def zeros_instead_of_a_slice(folder: Path) -> Judged:
    write_examination(folder)
    path = files_of(folder, "t1")[0]
    path.write_bytes(bytes(path.stat().st_size))
    return judged_case(folder, None, warned_by="t1-001.*zeros")


def empty_marker_files(folder: Path) -> Judged:
    write_examination(folder)
    for name in (".nomedia", "VERSION.txt", "autorun.inf"):
        (folder / name).write_bytes(b"")
    return judged_case(folder, has_all, may_warn=False)


def the_viewer_of_a_disc(folder: Path) -> Judged:
    write_examination(folder / "IMAGES")
    (folder / "viewer.exe").write_bytes(b"MZ" + bytes(range(256)) * 8)
    (folder / "readme.html").write_text("<html></html>", encoding="utf-8")
    (folder / "jpeg.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(64))
    return judged_case(folder, lambda case: quiet(case) and "3 " in str(case.left_out), may_warn=False)


def the_whole_folder_twice(folder: Path) -> Judged:
    write_examination(folder / "a")
    shutil.copytree(folder / "a", folder / "copy of a")
    return judged_case(folder, None, warned_by="6 slices came twice")


def a_copy_that_is_cut_off(folder: Path) -> Judged:
    write_examination(folder)
    whole = files_of(folder, "pet")[2]
    (folder / f".{whole.name}.Xy12Ab").write_bytes(whole.read_bytes()[:-40])
    return judged_case(folder, has_all)


def text_that_begins_like_dicom(folder: Path) -> Judged:
    write_examination(folder)
    (folder / "data.bin").write_bytes(b"\x08\x00\x05\x00" + io.BytesIO(bytes(range(256))).read() * 4)
    (folder / "table").write_bytes(b"\x02\x00\x00\x00UL\x04\x00" + bytes(64))
    return judged_case(folder, has_all)


def damaged_index_file(folder: Path) -> Judged:
    write_examination(folder)
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + b"\2\0\0\0UL")
    return judged_case(folder, has_all)


def enhanced_file_as_case(folder: Path) -> Judged:
    from dicom_makers import enhanced

    dataset = enhanced(stored(), "enhanced PT", PatientWeight=70.0, DecayCorrected="YES", AttenuationCorrected="YES")
    dataset.save_as(folder / "pet.dcm")
    found = judged_command("suv", folder / "pet.dcm", status=3, said=r"is a file.*folder")
    return found if found.outcome == Outcome.REFUSED else Judged(Outcome.WRONG, found.seen)


def dataset_without_any_uid(folder: Path) -> Judged:
    write_examination(folder)
    dataset = base("MR", SOPClassUID=None, StudyInstanceUID=None)
    dataset.file_meta.MediaStorageSOPClassUID = ""
    dataset.save_as(folder / "stray")
    return judged_case(folder, has_all)


HAZEN = "https://github.com/GSTT-CSC/hazen/issues/433"
TRIO = "https://github.com/pydicom/pydicom/issues/150"
DWV = "https://github.com/ivmartel/dwv/issues/188"


def _case(name: str, source: str, judge: Callable[[Path], Judged], *accepted: Outcome, kind: str = KIND) -> InputCase:
    return InputCase(name, kind, source, judge, accepted or (Outcome.RIGHT,))


WARNED, REFUSED = Outcome.WARNED, Outcome.REFUSED

CASES = [
    _case("t1-without-preamble-and-meta-header", TRIO, without_head("no preamble and no meta header", "t1")),
    _case("t1-without-preamble", HAZEN, without_head("no preamble", "t1")),
    _case("t1-with-empty-preamble-without-dicm", DWV, without_head("preamble without DICM", "t1")),
    _case("t1-that-begins-with-dicm", DWV, without_head("DICM at the start", "t1")),
    _case("pet-without-preamble-and-meta-header", TRIO, without_head("no preamble and no meta header", "pet")),
    _case("pet-implicit-vr-without-head", "https://github.com/qurit/rt-utils/issues/31", implicit_without_head),
    _case("pet-alone-without-head", "https://github.com/pydicom/pydicom/issues/2231", pet_alone_without_head),
    _case(
        "compressed-t2-without-preamble",
        "https://github.com/suyashkumar/dicom/issues/240",
        compressed_without_preamble,
    ),
    _case(
        "pet-deflated",
        "https://github.com/Enet4/dicom-rs/issues/350",
        rewritten(DeflatedExplicitVRLittleEndian, False, True),
    ),
    _case(
        "pet-implicit-vr",
        "https://github.com/Enet4/dicom-rs/issues/350",
        rewritten(ImplicitVRLittleEndian, True, True),
    ),
    _case(
        "pet-big-endian",
        "https://github.com/nroduit/weasis-dicom-tools/issues/37",
        rewritten(ExplicitVRBigEndian, False, False),
    ),
    _case("empty-per-frame-sequence", "https://github.com/icometrix/dicom2nifti/issues/128", empty_per_frame_sequence),
    _case("padding-outside-the-circle", "https://github.com/dgobbi/vtk-dicom/issues/128", padding_outside_the_circle),
    _case("dicomdir-beside-the-files", "https://github.com/Slicer/Slicer/issues/3111", dicomdir_beside_the_files),
    _case("damaged-dicomdir-beside-the-files", "https://github.com/Slicer/Slicer/issues/3111", damaged_index_file),
    _case("series-in-a-hidden-folder", "https://github.com/commontk/CTK/pull/797", series_in_a_hidden_folder),
    _case("hidden-dicom-files", "https://github.com/commontk/CTK/pull/797", hidden_dicom_files),
    _case("apple-double-files", "https://github.com/notmatthancock/pylidc/pull/43", files_of_mac_os),
    _case("deleted-files-in-the-recycle-bin", "https://github.com/commontk/CTK/pull/797", deleted_files_in_the_bin),
    _case("linked-series-folders", "https://github.com/commontk/CTK/issues/1065", linked_folder),
    _case("linked-files", "https://github.com/pieper/dicomsort/pull/15", linked_files),
    _case("links-in-a-circle", "https://github.com/bhklab/med-imagetools/issues/349", links_that_go_in_a_circle),
    _case(
        "link-to-a-missing-file",
        "https://github.com/dgobbi/vtk-dicom/issues/104",
        link_to_a_file_that_is_not_there,
        WARNED,
    ),
    _case(
        "folder-without-permission",
        "https://docs.python.org/3/library/os.html#os.walk",
        folder_that_cannot_be_opened,
        WARNED,
    ),
    _case(
        "only-a-folder-without-permission",
        "https://docs.python.org/3/library/os.html#os.walk",
        only_a_folder_that_cannot_be_opened,
        REFUSED,
    ),
    _case(
        "file-without-permission", "https://github.com/DraconPern/dovo/issues/11", file_that_cannot_be_opened, WARNED
    ),
    _case("named-pipe-in-the-folder", "https://docs.python.org/3/library/os.html#os.mkfifo", named_pipe),
    _case("odd-file-names", "https://github.com/Slicer/Slicer/issues/1773", odd_file_names),
    _case("file-names-that-are-no-utf8", "https://github.com/Slicer/Slicer/issues/1773", names_that_are_no_utf8),
    _case("very-long-path", "https://github.com/Slicer/Slicer/issues/7901", very_long_path),
    _case("case-is-a-link-to-a-folder", "https://github.com/commontk/CTK/issues/1065", case_is_a_link),
    _case(
        "case-is-one-dicom-file",
        "https://github.com/wtclarke/spec2nii/pull/61",
        as_file("one.dcm", one_dicom_file, r"one\.dcm is a file.*give.*folder"),
        REFUSED,
    ),
    _case(
        "case-is-a-zip",
        "https://github.com/dave3d/dicom2stl/issues/1",
        as_file("case.zip", an_archive, r"case\.zip is an archive.*unpack"),
        REFUSED,
    ),
    _case(
        "case-is-a-nifti-volume",
        "https://github.com/fli-iam/shanoir-ng/issues/388",
        as_file("pet.nii.gz", a_nifti_volume, r"pet\.nii\.gz is a .*volume.*DICOM"),
        REFUSED,
    ),
    _case(
        "case-is-the-dicomdir",
        "https://github.com/webnamics/u-dicom-viewer/issues/6",
        as_file("DICOMDIR", a_dicomdir, r"DICOMDIR is .*folder"),
        REFUSED,
    ),
    _case(
        "case-is-an-enhanced-file", "https://github.com/gnuheidix/dicomux/issues/17", enhanced_file_as_case, REFUSED
    ),
    _case("no-series-instance-uid", "https://github.com/rordenlab/dcm2niix/issues/218", no_series_uid),
    _case(
        "one-series-uid-for-pet-and-ct",
        "https://github.com/SlicerRt/SlicerRT/issues/272",
        one_series_uid_for_pet_and_ct,
    ),
    _case("no-sop-class-in-raw-files", TRIO, no_sop_class),
    _case(
        "gzipped-pet-files",
        "https://github.com/dave3d/dicom2stl/issues/1",
        gzipped_files,
        REFUSED,
        kind="what was left out, and why",
    ),
    _case(
        "pet-in-an-archive-beside-the-t1",
        "https://github.com/fli-iam/shanoir-ng/issues/388",
        archive_beside_the_files,
        REFUSED,
        kind="what was left out, and why",
    ),
    _case(
        "empty-file-in-place-of-a-slice",
        "https://github.com/fli-iam/shanoir-ng/issues/1335",
        empty_file_of_a_slice,
        WARNED,
    ),
    _case(
        "zeros-in-place-of-a-slice",
        "https://github.com/fli-iam/shanoir-ng/issues/1335",
        zeros_instead_of_a_slice,
        WARNED,
    ),
    _case("empty-marker-files", "https://github.com/DraconPern/dovo/issues/11", empty_marker_files),
    _case("viewer-of-a-disc-beside-the-files", "https://github.com/DraconPern/dovo/issues/11", the_viewer_of_a_disc),
    _case("whole-folder-twice", "https://github.com/rordenlab/dcm2niix/issues/837", the_whole_folder_twice, WARNED),
    _case(
        "cut-off-copy-beside-the-whole-file",
        "https://github.com/rordenlab/dcm2niix/issues/837",
        a_copy_that_is_cut_off,
    ),
    _case("data-that-begins-like-dicom", "https://github.com/ivmartel/dwv/issues/446", text_that_begins_like_dicom),
    _case("dicom-file-without-any-uid", "https://github.com/pieper/dicomsort/issues/20", dataset_without_any_uid),
]
