"""Folders and headers that should not end the program, fill the memory, or reach the terminal as they are."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from input_cases.small_examination import (
    case_of,
    command,
    files_of,
    has_series,
    warnings_of,
    write_examination,
    write_pet,
    write_t1,
    write_t2,
)
from PainGeneratorLib.Dicom.folder_files import files_below
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.values import as_text
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image, resample
from PainGeneratorLib.Numerics.core.printable import one_line, printable
from pydicom.uid import DeflatedExplicitVRLittleEndian

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sag T1", "sag T1"),
        ("M\u00fcller \u8170 \u0646\u200c\u0647", "M\u00fcller \u8170 \u0646\u200c\u0647"),
        ("\u5c71\u7530\u3000\u592a\u90ce", "\u5c71\u7530\u3000\u592a\u90ce"),
        ("a\x1b[31mb\x07\x7f\x9b2J", "a\ufffd[31mb\ufffd\ufffd\ufffd2J"),
        ("a\u202ebc\u2066d\u200f", "a\ufffdbc\ufffdd\ufffd"),
        ("a\udcffb\ud800", "a\ufffdb\ufffd"),
        ("a\u2028b\ufeff\U000e0041", "a\ufffdb\ufffd\ufffd"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_what_can_be_shown_and_written_is_left_of_a_text(text, shown):
    assert printable(text) == shown
    assert one_line(text) == shown
    assert printable(text).encode("utf-8").decode("utf-8") == shown


def test_a_text_of_a_header_is_one_line():
    assert printable("a\nb\tc") == "a\nb\tc"
    assert one_line("a\r\nb\tc\rd") == "a b c d"
    assert as_text(b"T1 \x1b[2J\nWarning: forged ") == "T1 \ufffd[2J Warning: forged"


def test_an_error_shows_no_control_character_of_a_file_name():
    error = PainGeneratorError("The file \x1b]0;x\x07 \udcff is bad.", "Do \x9b2J.")
    assert (error.reason, error.advice) == ("The file \ufffd]0;x\ufffd \ufffd is bad.", "Do \ufffd2J.")
    assert str(error).encode("utf-8")


@pytest.mark.parametrize("words", [("series",), ("check",), ("suv",), ("series", "--json"), ("suv", "--json")])
def test_no_escape_of_a_header_or_name_reaches_the_terminal(tmp_path, words):
    hostile = "T1 \x1b[31m\x1b]0;title\x07 sag"
    same = {"PatientID": "1\x9b2J", "PatientName": "A\x1b[2J^B"}
    write_pet(tmp_path, prefix="pet", SeriesDescription="PET AC \x1b[2J", NumberOfSlices=9, **same)
    write_t1(tmp_path, prefix="t1", SeriesDescription=hostile, ProtocolName=hostile, **same)
    write_t2(tmp_path, prefix="t2", SeriesDescription="localizer \x1b[5m", **same)
    (tmp_path / "x\x1b[2J").write_text("x")
    (tmp_path / "y\x1b[2J").symlink_to(tmp_path / "nowhere")
    said = command(words[0], tmp_path, *words[1:])
    # A PET that lacks slices is refused where a link leads nowhere.
    assert said.status == (0 if words[0] == "series" else 3)
    assert not {c for c in said.output + said.errors if not (c.isprintable() or c in "\n\t")}


def test_names_that_are_no_utf8_leave_text_that_can_be_written(tmp_path):
    case = Path(os.fsdecode(os.fsencode(tmp_path) + b"/c\xff\xed\xa0\x80"))
    write_pet(case, prefix="pet")
    write_t1(case, prefix="t1", SeriesInstanceUID="")
    write_t2(case / "d", prefix="t2")
    (case / os.fsdecode(b"lost\xfe")).symlink_to("/nowhere/at/all")
    (case / os.fsdecode(b"note\xfe")).write_text("x")
    found = case_of(case)
    assert has_series(found, PET=5, T1=2, T2=3)
    texts = [*warnings_of(found), *(part for one in found.left_out for part in one)]
    texts += [str(value) for series in found.series.values() for value in (series.label, series.facts["uid"])]
    for text in texts:
        assert text.encode("utf-8")


def test_a_file_that_the_file_system_does_not_tell_of_is_named(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    real = Path.is_file

    def is_file(self: Path, **more: Any) -> bool:
        if self.name == "a":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **more)

    monkeypatch.setattr(Path, "is_file", is_file)
    found = files_below(tmp_path)
    assert [path.name for path in found.paths] == ["b"]
    assert [(path.name, why) for path, why in found.closed] == [("a", "Permission denied")]


def test_links_in_a_circle_are_named(tmp_path):
    write_examination(tmp_path)
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert sum("could not be opened" in text for text in warnings_of(case_of(tmp_path))) == 2


def test_a_pipe_as_the_case_or_in_it_is_no_input(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PainGeneratorError, match="pipe is a pipe, not a folder"):
        read_folder(tmp_path / "pipe")
    write_examination(tmp_path / "case")
    os.mkfifo(tmp_path / "case" / "pipe")
    assert has_series(case_of(tmp_path / "case"), PET=5, T1=2, T2=3)


def deflated(folder: Path, prefix: str, more: int = 0) -> None:
    """Pack the files of a series as a whole; the first one has a private element of that many zeros."""
    for number, path in enumerate(files_of(folder, prefix)):
        content = path.read_bytes()
        start = 144 + int.from_bytes(content[140:144], "little")
        meta = content[:start].replace(b"1.2.840.10008.1.2.1\0", DeflatedExplicitVRLittleEndian.encode())
        # The UID of the transfer syntax is two bytes longer, and so is the meta information.
        place = meta.index(DeflatedExplicitVRLittleEndian.encode())
        size = len(DeflatedExplicitVRLittleEndian)
        meta = meta[: place - 2] + size.to_bytes(2, "little") + meta[place:]
        meta = meta[:140] + (len(meta) - 144).to_bytes(4, "little") + meta[144:]
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = packer.compress(content[start:])
        body += packer.compress(bytes(more)) if number == 0 and more else b""
        path.write_bytes(meta + body + packer.flush())


def test_a_packed_file_is_read_and_one_that_fills_the_memory_is_named(tmp_path):
    write_examination(tmp_path)
    deflated(tmp_path, "t2")
    assert has_series(case_of(tmp_path), PET=5, T1=2, T2=3)
    deflated(tmp_path, "t1", 100_000_000)
    case = case_of(tmp_path)
    assert "T1" not in case.series
    assert any("unpack to more than 64 MB" in text and "series 2" in text for text in case.warnings.sentences)


def test_no_volume_of_more_voxels_than_the_memory_holds_is_made():
    image = Image(np.zeros((2, 2, 2), np.float32), Geometry((2, 2, 2), np.eye(4)))
    with pytest.raises(PainGeneratorError, match="8000000000000 voxels"):
        resample(image, Geometry((20_000, 20_000, 20_000), np.eye(4)))
