"""What a header says of its pixels is checked against itself, the number of bytes, and the values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_makers import base, ramp, write_series
from input_cases.small_examination import case_of, has_series, write_examination, write_pet
from PainGeneratorLib.Dicom.left_out import choose_with_left_out
from PainGeneratorLib.Dicom.pet_choice import choose_pet
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from pydicom.uid import RLELossless

Change = Callable[[int, Any], None]


def values_of(folder: Path) -> np.ndarray:
    """The values of the PET of a folder."""
    found = read_folder(folder)
    pet = choose_with_left_out(found, {}, choose_pet, required=("PT",))
    return pet.image.array


def with_stored(change: Callable[[np.ndarray], np.ndarray], **values: Any) -> Change:
    """Change the numbers of a file, and set elements."""

    def apply(k: int, dataset: Any) -> None:
        numbers = change(np.frombuffer(dataset.PixelData, "<i2").reshape(dataset.Rows, dataset.Columns).copy())
        dataset.PixelData = numbers.tobytes()
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return apply


def same(numbers: np.ndarray) -> np.ndarray:
    return numbers


def shifted(numbers: np.ndarray) -> np.ndarray:
    return (numbers << 4).astype("<i2")


def negative(numbers: np.ndarray) -> np.ndarray:
    """A background of noise around zero."""
    numbers[::2, ::2] = -1 - np.arange(numbers[::2, ::2].size).reshape(numbers[::2, ::2].shape)
    return numbers


def hot(numbers: np.ndarray) -> np.ndarray:
    """A spot that rises beyond the largest number with a sign."""
    y, x = np.mgrid[: numbers.shape[0], : numbers.shape[1]]
    spot = 40000 * np.exp(-((y - 4) ** 2 + (x - 4) ** 2) / 8.0)
    return (numbers + spot).astype("<u2")


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"BitsStored": 32, "HighBit": 31}, "Bits Stored .* is 32, and Bits Allocated .* is 16"),
        ({"BitsStored": 0}, "Bits Stored .* is 0"),
        ({"HighBit": 11}, "High Bit .* is 11, and Bits Stored"),
        ({"HighBit": 20}, "High Bit .* is 20"),
        ({"BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}, "values of more than 8 bits"),
        ({"BitsStored": 8, "HighBit": 7}, "more than 8 bits|range of 8-bit"),
        ({"BitsStored": 12, "HighBit": 15}, "begin at bit 4 .* bits below are used"),
        ({"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}, "128 bytes of pixels.* ask for 64"),
        ({"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, "128 of 256 bytes"),
        ({"BitsAllocated": 12, "BitsStored": 12, "HighBit": 11}, "pixels of 12 bits"),
        ({"BitsAllocated": 24, "BitsStored": 24, "HighBit": 23}, "pixels of 24 bits"),
        ({"BitsAllocated": 64, "BitsStored": 64, "HighBit": 63}, "pixels of 64 bits"),
        ({"Rows": 4}, "128 bytes of pixels, and its rows .4.* ask for 64"),
        ({"Rows": 65535, "Columns": 65535}, "picture of 65535 x 65535 pixels"),
        ({"PixelRepresentation": 2}, "Pixel Representation .* is 2"),
        ({"SamplesPerPixel": 3, "PlanarConfiguration": 0}, "color picture"),
        ({"SamplesPerPixel": 3, "PlanarConfiguration": 1}, "color picture"),
        ({"SamplesPerPixel": 0}, "0 samples per pixel"),
        ({"PhotometricInterpretation": "RGB"}, "Photometric Interpretation .* is RGB"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "PALETTE COLOR"),
    ],
    ids=str,
)
def test_facts_that_contradict_each_other_are_refused_by_name(tmp_path, elements, words):
    write_pet(tmp_path, change=with_stored(same, **elements))
    with pytest.raises(PainGeneratorError, match=words) as caught:
        values_of(tmp_path)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (with_stored(negative, PixelRepresentation=0), "both ends of the range of 16-bit numbers"),
        (with_stored(hot, PixelRepresentation=1), "both ends of the range|no activity has"),
        (with_stored(negative, PixelRepresentation=None), "no Pixel Representation"),
        (with_stored(lambda n: (n - 5000).astype("<i2")), "no activity has"),
    ],
)
def test_values_that_contradict_their_sign_are_refused(tmp_path, change, words):
    write_series(tmp_path, ramp(4, 12, 12), "PT", change=change)
    with pytest.raises(PainGeneratorError, match=words):
        values_of(tmp_path)


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        (with_stored(same), 1),
        (with_stored(same, PlanarConfiguration=0), 1),
        (with_stored(same, PixelRepresentation=None), 1),
        (with_stored(same, BitsStored=None, HighBit=None), 1),
        (with_stored(same, BitsStored=12, HighBit=11), 1),
        (with_stored(same, BitsStored=10, HighBit=9, PixelRepresentation=0), 1),
        (with_stored(shifted, BitsStored=12, HighBit=15), 1),
        (with_stored(shifted, BitsStored=12, HighBit=15, PixelRepresentation=0), 1),
        (with_stored(hot, PixelRepresentation=0), None),
        (with_stored(negative), None),
    ],
)
def test_facts_that_agree_give_the_values(tmp_path, change, factor):
    write_series(tmp_path, ramp(4, 12, 12), "PT", change=change)
    found = values_of(tmp_path)
    if factor:
        np.testing.assert_array_equal(found, ramp(4, 12, 12) * factor)
    else:
        first = change.__closure__[0].cell_contents
        np.testing.assert_array_equal(found[0], first(ramp(4, 12, 12)[0].copy()))


def test_bits_above_that_a_file_says_hold_an_overlay_are_no_values(tmp_path):
    def overlay(k: int, dataset: Any) -> None:
        numbers = np.frombuffer(dataset.PixelData, "<u2") | 0x1000
        dataset.PixelData = numbers.tobytes()
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
        dataset.add_new((0x6000, 0x0100), "US", 16)
        dataset.add_new((0x6000, 0x0102), "US", 12)

    write_series(tmp_path, ramp(), change=overlay)
    (series,) = read_folder(tmp_path).series
    np.testing.assert_array_equal(series.image.array, ramp())


def test_values_of_more_bits_than_stored_are_refused_for_mr_too(tmp_path):
    write_series(tmp_path, ramp() + 4096, change=with_stored(same, BitsStored=12, HighBit=11, PixelRepresentation=0))
    (series,) = read_folder(tmp_path).series
    with pytest.raises(PainGeneratorError, match="more than 12 bits"):
        series.load()


@pytest.mark.parametrize("stated", [32767, -32768, 63536])
def test_padding_outside_the_circle_is_dark(tmp_path, stated):
    kind = "u2" if stated > 32767 else "i2"
    padded = ramp(4, 12, 12).astype(kind)
    padded[:, :2] = stated

    def change(k: int, dataset: Any) -> None:
        dataset.add_new((0x0028, 0x0120), "US" if kind == "u2" else "SS", stated)

    write_series(tmp_path, padded, "PT", change=change)
    found = values_of(tmp_path)
    assert (found[:, :2].max(axis=(1, 2)) <= found[:, 2:].min(axis=(1, 2))).all()
    np.testing.assert_array_equal(found[:, 2:], ramp(4, 12, 12)[:, 2:])


def test_a_padding_value_that_is_one_of_the_tissue_changes_nothing(tmp_path):
    write_series(tmp_path, ramp(4, 12, 12), "PT", PixelPaddingValue=int(ramp(4, 12, 12)[1, 5, 5]))
    np.testing.assert_array_equal(values_of(tmp_path), ramp(4, 12, 12))


def test_a_mask_of_two_values_has_no_wrong_sign(tmp_path):
    mask = np.zeros((4, 12, 12), dtype="u2")
    mask[:, 4:8, 4:8] = 65535
    write_series(tmp_path, mask)
    (series,) = read_folder(tmp_path).series
    assert series.image.array.max() == 65535


def test_an_mr_with_one_value_in_each_slice_is_left_aside(tmp_path):
    write_examination(tmp_path)
    for path in tmp_path.glob("t1-*"):
        content = path.read_bytes()
        path.write_bytes(content[:-128] + np.full(64, 100 + len(path.name), "<i2").tobytes())
    case = case_of(tmp_path)
    assert has_series(case, PET=5, T2=3)
    assert "T1" not in case.series
    assert any("one value only" in text and "series 2" in text for text in case.warnings.sentences)


def test_a_compressed_file_that_announces_a_huge_picture_takes_no_memory(tmp_path):
    def change(k: int, dataset: Any) -> None:
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.Rows = dataset.Columns = 5000

    write_pet(tmp_path, change=change)
    with pytest.raises(PainGeneratorError):
        values_of(tmp_path)


@pytest.mark.parametrize(
    "elements",
    [
        {"PixelSpacing": [100.0, 100.0]},
        {"PixelSpacing": [1e30, 1e30]},
        {"PixelSpacing": [1e-4, 1e-4]},
        {"ImagePositionPatient": [1e30, 0.0, 0.0]},
    ],
    ids=str,
)
def test_a_grid_that_no_body_has_is_left_aside_with_its_reason(tmp_path, elements):
    write_pet(tmp_path, prefix="pet")
    for number, more in ((2, elements), (3, {})):

        def change(k: int, dataset: Any, more: dict = more) -> None:
            for keyword, value in more.items():
                setattr(dataset, keyword, value)

        write_series(
            tmp_path, ramp(6, 8, 8), SeriesNumber=number, change=change, ScanningSequence="SE", EchoTime=95.0 - number,
            RepetitionTime=3500.0 if number == 3 else 500.0, SeriesDescription="T2" if number == 3 else "T1",
        )  # fmt: skip
    case = case_of(tmp_path)
    assert "T1" not in case.series
    assert any("series 2" in text.lower() and "left" in text for text in case.warnings.sentences)


def test_a_color_picture_that_is_given_a_role_is_refused(tmp_path):
    write_examination(tmp_path)
    dataset = base("MR", SeriesNumber=9, SeriesDescription="T2 color", SeriesInstanceUID="1.2.77")
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 3
    dataset.Rows = dataset.Columns = 8
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "RGB"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = bytes(192)
    dataset.save_as(tmp_path / "color", enforce_file_format=True)
    with pytest.raises(PainGeneratorError, match="color picture"):
        case_of(tmp_path, [("9", "T2")])
