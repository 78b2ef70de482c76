"""What the first bytes of a file say, which files of a folder are read, and what is told of the others."""

from __future__ import annotations

import struct

import pytest
from dicom_makers import T1, ramp, write_series
from PainGeneratorLib.Dicom.dicom_head import start_of_dicom
from PainGeneratorLib.Dicom.folder_files import EMPTY, NOT_DICOM, PACKED, files_below, kind_of_other_file
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.sop_classes import modality_of
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError


def explicit(*elements: tuple[int, int, bytes, bytes]) -> bytes:
    """Elements with a short length, little endian."""
    return b"".join(struct.pack("<HH2sH", g, e, vr, len(value)) + value for g, e, vr, value in elements)


ELEMENTS = explicit((8, 5, b"CS", b"ISO_IR 100"), (8, 8, b"CS", b"ORIGINAL"), (8, 0x16, b"UI", b"1.2.840."))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (bytes(128) + b"DICM" + ELEMENTS, 132),
        (ELEMENTS, 0),
        (b"DICM" + ELEMENTS, 4),
        (bytes(128) + ELEMENTS, 128),
        (struct.pack(">HH2sH", 8, 5, b"CS", 2) + b"AB" + struct.pack(">HH2sH", 8, 8, b"CS", 2) + b"AB"
         + struct.pack(">HH2sH", 8, 0x16, b"UI", 4) + b"1.2 ", 0),
        (ELEMENTS[:30], None),
        (explicit((8, 0x16, b"UI", b"1.2."), (8, 8, b"CS", b"AB"), (8, 5, b"CS", b"AB")), None),
        (b"II*\0" + bytes(200), None),
        (b"", None),
        (bytes(1000), None),
    ],
)  # fmt: skip
def test_dicom_is_recognized_by_three_elements_in_rising_order(head, expected):
    assert start_of_dicom(head) == expected


def test_each_file_is_listed_once_however_many_links_lead_to_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("x")
    (tmp_path / "a" / "circle").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "c").symlink_to(tmp_path / "a" / "x")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    found = files_below(tmp_path)
    assert [path.name for path in found.paths] == ["c"]
    assert [(path.name, "not there" in why) for path, why in found.closed] == [("lost", True)]


def test_files_that_systems_make_are_not_listed(tmp_path):
    for name in (".DS_Store", "._IM1", "Thumbs.db", ".hidden", "IM1"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in files_below(tmp_path).paths] == [".hidden", "IM1"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.zip", b"PK", PACKED),
        ("a.dcm.gz", b"\x1f\x8b", PACKED),
        ("a.nii.gz", b"\x1f\x8b", NOT_DICOM),
        ("a", b"", EMPTY),
        ("a", bytes(5000), EMPTY),
        ("a.txt", b"text", NOT_DICOM),
    ],
)
def test_a_file_that_is_not_dicom_is_told_by_its_kind(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert kind_of_other_file(tmp_path / name) == expected


@pytest.mark.parametrize(
    ("stated", "sop_class", "expected"),
    [
        (None, "1.2.840.10008.5.1.4.1.1.128", "PT"),
        ("PET", "1.2.840.10008.5.1.4.1.1.130", "PT"),
        ("MRI", "1.2.840.10008.5.1.4.1.1.4", "MR"),
        ("CT", "1.2.840.10008.5.1.4.1.1.4", "CT"),
        ("US", "1.2.840.10008.5.1.4.1.1.3.1", "US"),
        (None, None, None),
    ],
)
def test_the_sop_class_says_the_modality_that_the_header_lacks(stated, sop_class, expected):
    assert modality_of({"Modality": stated}, sop_class) == expected


def test_what_was_left_out_is_sorted_counted_and_named(tmp_path):
    write_series(tmp_path, ramp(), **T1)
    write_series(tmp_path, ramp(3), SeriesNumber=9, SeriesDescription="localizer", prefix="loc")
    write_series(tmp_path, ramp(2), SeriesNumber=4, prefix="bare", change=lambda k, d: delattr(d, "PixelSpacing"))
    for number in range(7):
        (tmp_path / f"note{number}.txt").write_text("x")
    folder = read_folder(tmp_path)
    assert [one.sentence for one in folder.left_out] == [
        "series 4 MR (2 images): no PixelSpacing in the header that can be read",
        "series 9 MR 'localizer' (3 images): localizer",
        "7 files (note0.txt, note1.txt, note2.txt, note3.txt, note4.txt, ...): not DICOM",
    ]
    assert folder.warnings == ["Series 4 MR (2 images) was left out: no PixelSpacing in the header that can be read."]


def test_damaged_bytes_in_a_header_never_end_with_an_error_of_a_library(tmp_path):
    import random

    write_series(tmp_path, ramp(2), "PT", prefix="pet")
    victim = sorted(tmp_path.iterdir())[0]
    whole = victim.read_bytes()
    rng = random.Random(4)
    read, refusals = 0, []
    for _ in range(60):
        content = bytearray(whole)
        for place in rng.sample(range(132, 1200), 4):
            content[place] = rng.choice([0, 255, rng.randrange(256)])
        victim.write_bytes(bytes(content))
        # An error for the user is right; any other error ends this test.
        try:
            for series in read_folder(tmp_path).series:
                if series.problem is None:
                    series.load()
                    read += 1
        except PainGeneratorError as error:
            refusals.append((error.reason, error.advice))
    assert read > 20
    assert refusals
    assert all(reason and advice for reason, advice in refusals)
