"""Label maps that are cut off, claim more than they hold, lead elsewhere, or contradict themselves."""

from __future__ import annotations

import gzip
import os
import resource
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Anatomy.label_files import read_labels
from PainGeneratorLib.Anatomy.label_names import read_label_names
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

sitk = pytest.importorskip("SimpleITK")
MEMORY = 3 << 30
"""The most memory that reading a hostile file may ask for, bytes: more than this process has anyway, and less than the
headers of the tests announce."""
PLACE = "space: left-posterior-superior\nspace directions: (2,0,0) (0,2,0) (0,0,2)\nspace origin: (0,0,0)\n"


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Let a file that fills the memory end with an error, and not the computer."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def labels() -> np.ndarray:
    array = np.zeros((20, 30, 40), np.uint8)
    array[3:17, 3:27, 3:37] = np.random.default_rng(0).integers(1, 5, (14, 24, 34))
    return array


def saved(path: Path, packed: bool = True, fields: dict[str, str] | None = None) -> Path:
    image = sitk.GetImageFromArray(labels())
    image.SetSpacing((3.0, 3.0, 3.0))
    for key, value in (fields or {}).items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(path), useCompression=packed)
    return path


def refusal(call: Callable[[], Any]) -> PainGeneratorError:
    with pytest.raises(PainGeneratorError) as caught:
        call()
    assert caught.value.advice
    return caught.value


@pytest.mark.parametrize("name", ["m.nii.gz", "m.nii", "m.nrrd", "m.mha", "m.seg.nrrd"])
@pytest.mark.parametrize("cut", [1, 4, 9, 0.1, 0.5, 0.97])
def test_a_file_without_its_end_is_never_taken_for_whole(tmp_path, name, cut):
    path = saved(tmp_path / name)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - (cut if isinstance(cut, int) else int(cut * len(data)))])
    assert name in refusal(lambda: read_labels(path)).reason


@pytest.mark.parametrize("cut", [1, 8, 200])
def test_voxels_beside_their_header_without_an_end_are_refused(tmp_path, cut):
    path = saved(tmp_path / "m.nhdr")
    packed = tmp_path / "m.raw.gz"
    packed.write_bytes(packed.read_bytes()[:-cut])
    assert "m.raw.gz" in refusal(lambda: read_labels(path)).reason


@pytest.mark.parametrize("name", ["m.nii.gz", "m.nii", "m.nrrd", "m.nhdr", "m.mha", "m.mhd", "m.seg.nrrd"])
@pytest.mark.parametrize("packed", [True, False])
def test_whole_files_are_read(tmp_path, name, packed):
    np.testing.assert_array_equal(read_labels(saved(tmp_path / name, packed)).image.array, labels())


def test_a_file_packed_in_several_parts_is_whole(tmp_path):
    data = gzip.decompress(saved(tmp_path / "m.nii.gz").read_bytes())
    (tmp_path / "m.nii.gz").write_bytes(gzip.compress(data[:9000]) + gzip.compress(data[9000:]) + bytes(512))
    np.testing.assert_array_equal(read_labels(tmp_path / "m.nii.gz").image.array, labels())


def test_a_cut_mask_in_a_folder_is_no_mask_that_is_left_out(tmp_path):
    for name in ("vertebrae_L4", "vertebrae_L5", "sacrum"):
        image = sitk.GetImageFromArray((labels() > 0).astype(np.uint8))
        image.SetSpacing((3.0, 3.0, 3.0))
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    cut = tmp_path / "sacrum.nii.gz"
    cut.write_bytes(cut.read_bytes()[:-20])
    assert "sacrum.nii.gz" in refusal(lambda: read_anatomy_file(tmp_path)).reason


def nrrd(encoding: str, sizes: str = "1500 1500 1650", kind: str = "uint8", more: str = "") -> bytes:
    count = len(sizes.split())
    return f"NRRD0004\ntype: {kind}\ndimension: {count}\n{more}sizes: {sizes}\nencoding: {encoding}\n\n".encode()


def nifti(shape: tuple[int, ...], kind: int = 2, offset: float = 352.0) -> bytes:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, len(shape), *shape, *[1] * (7 - len(shape)))
    struct.pack_into("<hh", header, 70, kind, 8)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, offset)
    struct.pack_into("<hh", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    header[344:348] = b"n+1\0"
    return bytes(header)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.nrrd", nrrd("raw")),
        ("m.nrrd", nrrd("gzip") + gzip.compress(bytes(100))),
        ("m.nrrd", nrrd("gzip", "900 900 900") + gzip.compress(bytes(100))),
        ("m.nrrd", nrrd("bzip2", "900 900 900") + b"BZh9"),
        ("m.nrrd", nrrd("ascii", "900 900 900") + b"1 2 3"),
        ("m.nrrd", nrrd("raw", "900 900 900", "double")),
        ("m.nrrd", nrrd("raw", "99999999 99999999 99999999")),
        ("m.nrrd", nrrd("raw", "0 5 5")),
        ("m.nrrd", nrrd("raw", "-5 5 5")),
        ("m.nrrd", nrrd("raw", "5 5 5", "nonsense")),
        ("m.nrrd", nrrd("raw", "3 900 900 900", more="kinds: list domain domain domain\n")),
        ("m.nrrd", b"NRRD0004\n"),
        ("m.nrrd", b"NRRD"),
        ("m.mha", b"NDims = 3\nDimSize = 1500 1500 1650\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"),
        ("m.mha", b"NDims = 3\nDimSize = 900 900 900\nElementType = MET_DOUBLE\nElementDataFile = LOCAL\n"),
        ("m.mha", b"NDims = 3\nDimSize = 900 900 900\nElementType = MET_UCHAR\nCompressedData = True\n"
                  b"ElementDataFile = LOCAL\n\x78\x9c\x03\0\0\0\0\x01"),
        ("m.nii", nifti((1500, 1500, 1650))),
        ("m.nii.gz", gzip.compress(nifti((1500, 1500, 1650)))),
        ("m.nii.gz", gzip.compress(nifti((900, 900, 900)) + bytes(100))),
        ("m.nii.gz", gzip.compress(nifti((32767, 32767, 32767, 32767)))),
        ("m.nii", nifti((4, 4, 4), offset=float("nan")) + bytes(64)),
        ("m.nii", nifti((4, 4, 4), offset=-5.0) + bytes(64)),
        ("m.nii", nifti((4, 4, 4), offset=3e9) + bytes(64)),
        ("m.nii", struct.pack("<i", 540) + bytes(400)),
        ("m.hdr", nifti((900, 900, 900))),
        ("m", b""),
    ],
)  # fmt: skip
def test_a_header_that_claims_more_than_its_file_holds_is_refused_without_memory(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert name in refusal(lambda: read_labels(tmp_path / name)).reason


@pytest.mark.parametrize(
    "content",
    [
        lambda: gzip.compress(nifti((20, 20, 20)) + bytes(600_000_000), 1),
        lambda: gzip.compress(gzip.compress(bytes(600_000_000), 1), 1),
        lambda: gzip.compress(bytes(600_000_000), 1),
    ],
)
def test_a_packed_file_that_fills_the_memory_is_refused(tmp_path, content):
    (tmp_path / "bomb.nii.gz").write_bytes(content())
    assert "bomb.nii.gz" in refusal(lambda: read_labels(tmp_path / "bomb.nii.gz")).reason


@pytest.mark.parametrize(
    "elsewhere", ["/etc/passwd", "../secret", "a/secret", "..", "\\\\host\\share", "LIST", "s%03d.raw 1 5 1"]
)
@pytest.mark.parametrize("form", ["m.nhdr", "m.mhd"])
def test_a_header_does_not_lead_out_of_its_folder(tmp_path, form, elsewhere):
    folder = tmp_path / "in"
    (folder / "a").mkdir(parents=True)
    for place in (tmp_path, folder / "a"):
        (place / "secret").write_bytes(bytes(range(125)))
    text = {
        "m.nhdr": f"NRRD0004\ntype: uint8\ndimension: 3\n{PLACE}sizes: 5 5 5\nencoding: raw\ndata file: {elsewhere}\n",
        "m.mhd": "NDims = 3\nDimSize = 5 5 5\nElementSpacing = 2 2 2\nElementType = MET_UCHAR\n"
                 f"ElementDataFile = {elsewhere}\n",
    }  # fmt: skip
    (folder / form).write_text(text[form])
    refusal(lambda: read_labels(folder / form))


def test_voxels_beside_their_header_are_read(tmp_path):
    (tmp_path / "voxels of it.raw").write_bytes(bytes(range(125)))
    for name in ("voxels of it.raw", "./voxels of it.raw"):
        (tmp_path / "m.nhdr").write_text(
            f"NRRD0004\ntype: uint8\ndimension: 3\n{PLACE}sizes: 5 5 5\nencoding: raw\ndata file: {name}\n"
        )
        assert read_labels(tmp_path / "m.nhdr").image.array.max() == 124


L4 = {"Segment0_Name": "L4", "Segment0_LabelValue": "1", "Segment0_Layer": "0"}


@pytest.mark.parametrize(
    "fields",
    [
        {"Segment0_Layer": "-1"},
        {"Segment0_Layer": "5"},
        {"Segment0_Layer": "x"},
        {"Segment0_Layer": "9" * 5000},
        {"Segment0_LabelValue": "-1"},
        {"Segment0_LabelValue": "0"},
        {"Segment0_LabelValue": "70000"},
        {"Segment0_LabelValue": "1.5"},
        {"Segment0_LabelValue": ""},
        {"Segment1_Name": "L5", "Segment1_LabelValue": "1", "Segment1_Layer": "0"},
    ],
    ids=str,
)
def test_a_segment_that_the_file_cannot_have_is_refused(tmp_path, fields):
    path = saved(tmp_path / "m.seg.nrrd", fields=L4 | fields)
    assert "segment" in refusal(lambda: read_labels(path)).reason


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"Segment2_Name": "L5", "Segment2_LabelValue": "2"}, {1: "L4", 2: "L5"}),
        ({"Segment0_Tags": "TerminologyEntry:" + "~" * 40 + "|" * 9}, {1: "L4"}),
        ({"Segment0_Tags": ":|:|TerminologyEntry"}, {1: "L4"}),
        ({"Segment0_Name": "L4 \x1b[2J\u202e"}, {1: "L4 \ufffd[2J\ufffd"}),
        ({"Segment_Name": "x", "SegmentA_Name": "y", "Segment0_Extent": "0 -1"}, {1: "L4"}),
    ],
    ids=str,
)
def test_odd_fields_of_segments_are_read_for_what_they_say(tmp_path, fields, names):
    path = saved(tmp_path / "m.seg.nrrd", fields=L4 | fields)
    assert read_labels(path).names == names


def test_a_name_that_is_no_text_can_be_shown(tmp_path):
    path = saved(tmp_path / "m.seg.nrrd", fields=L4)
    path.write_bytes(path.read_bytes().replace(b"L4", b"\xff\xfe"))
    (name,) = read_labels(path).names.values()
    assert name.encode("utf-8")


@pytest.mark.parametrize("name", ["m.nii", "m.nii.gz", "m.nrrd", "m.dcm", "m"])
def test_a_pipe_is_refused_at_once(tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert "pipe" in refusal(lambda: read_anatomy_file(tmp_path / name)).reason
    assert "pipe" in refusal(lambda: read_label_names(tmp_path / name)).reason


def test_a_device_and_a_name_too_long_are_refused(tmp_path):
    assert "device" in refusal(lambda: read_anatomy_file(Path("/dev/zero"))).reason
    assert "too long" in refusal(lambda: read_anatomy_file(tmp_path / ("a" * 300))).reason


def test_a_folder_of_masks_that_cannot_be_read_is_not_empty(tmp_path, monkeypatch):
    def closed(self: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", closed)
    assert "Permission denied" in refusal(lambda: read_anatomy_file(tmp_path)).reason


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.json", "[" * 100_000),
        ("deep.json", '{"a":' * 100_000),
        ("wide.csv", "value,name\n1," + "x" * 200_000 + "\n"),
        ("wide.tsv", "index\tname\n1\t" + "x" * 120_000 + "\n"),
        ("large.json", '{"' + "9" * 5000 + '": "L4"}'),
        ("large.json", '{"L4": ' + "9" * 5000 + "}"),
        ("large.json", '{"L4": 1e308}'),
        ("large.json", '{"70000": "L4"}'),
        ("none.json", '{"L4": NaN}'),
        ("none.json", "null"),
        ("none.json", '"L4"'),
    ],
)
def test_names_that_cannot_be_right_are_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert name in refusal(lambda: read_label_names(tmp_path / name)).reason


def test_names_of_any_characters_can_be_shown(tmp_path):
    (tmp_path / "n.json").write_text('{"1": "L\\ud8004", "2": "\\u001b[2JL5\\n", "3": "\u8170\u690e\u3000L3"}')
    names = read_label_names(tmp_path / "n.json")
    assert names == {1: "L\ufffd4", 2: "\ufffd[2JL5", 3: "\u8170\u690e\u3000L3"}
