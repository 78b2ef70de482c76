"""What the page holds of the images: numbers, places, size; and that the same case gives the same page."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import re

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Report.languages import Language
from PainGeneratorLib.Report.report import report_html
from PainGeneratorLib.Report.viewer import VIEWER_FOLDER, security_policy, viewer_script
from PainGeneratorLib.Report.viewer_data import (
    BUDGET_BYTES,
    LEAST_BYTES,
    ViewerData,
    ViewerInputs,
    room_for_viewer,
    viewer_data,
)
from PainGeneratorLib.Report.viewer_packing import PET_FRAME, ViewerSeries
from viewer_examples import example_viewer, oblique_viewer, report_content


def unpacked(data: ViewerData) -> bytes:
    return gzip.decompress(base64.b64decode(data.packed))


def values_of(data: ViewerData, number: int) -> np.ndarray:
    """The values of a series as the script computes them; NaN where there is none."""
    facts = data.content["volumes"][number]
    count = int(np.prod(facts["shape"]))
    raw = np.frombuffer(unpacked(data), np.uint8, count * facts["bits"] // 8, facts["offset"]).astype(int)
    stored = raw if facts["bits"] == 8 else raw[:count] * 256 + raw[count:]
    values = facts["low"] + (stored - 1) * facts["step"]
    return np.where(stored == 0, np.nan, values).reshape(facts["shape"])


def single(array: np.ndarray, is_pet: bool = False, **options: int) -> ViewerData:
    geometry = Geometry(array.shape, np.diag([2.0, 2.0, 3.0, 1.0]))
    made = viewer_data(
        ViewerInputs([ViewerSeries("PET" if is_pet else "T1", "x", Image(array, geometry), is_pet)]), **options
    )
    assert made is not None
    return made


def test_voxels_keep_their_value_and_their_place() -> None:
    inputs = example_viewer()
    data = viewer_data(inputs)
    assert data is not None
    assert data.notes == ()
    for number, series in enumerate(inputs.series):
        kept = values_of(data, number)
        to_ijk = np.vstack([np.reshape(data.content["volumes"][number]["toIjk"], (3, 4)), [0, 0, 0, 1]])
        generator = np.random.default_rng(5)
        k, j, i = (generator.integers(0, n, 200) for n in kept.shape)
        ras = np.stack([i, j, k, np.ones(200)], axis=-1) @ np.linalg.inv(to_ijk).T
        own = np.rint(series.image.geometry.to_ijk(ras[:, :3])).astype(int)
        expected = series.image.array[own[:, 2], own[:, 1], own[:, 0]].astype(float)
        step = data.content["volumes"][number]["step"]
        low_enough = expected < np.percentile(series.image.array, 99.9)
        assert np.abs(kept[k, j, i] - expected)[low_enough].max() <= step / 2 + 1e-4


def test_the_pet_is_cut_to_the_mr_and_all_outlines_are_inside() -> None:
    inputs = example_viewer()
    data = viewer_data(inputs)
    assert data is not None
    pet = data.content["volumes"][2]
    assert np.prod(pet["shape"]) < 0.7 * inputs.series[2].image.array.size
    low, high = (np.array(data.content["frames"]["reference"][name]) for name in ("low", "high"))
    for _, one in inputs.marks:
        first, last = one.region.span_ras
        assert np.all(first >= low)
        assert np.all(last <= high)


def test_values_that_are_not_known_stay_unknown_and_nothing_warns() -> None:
    array = np.full((4, 5, 6), 7.0, np.float32)
    array[2] = np.nan
    for is_pet in (False, True):
        data = single(array, is_pet)
        assert np.array_equal(np.isnan(values_of(data, 0)), np.isnan(array))
        assert data.content["volumes"][0]["gaps"] is True
    nothing = single(np.full((2, 2, 2), np.nan, np.float32))
    assert np.isnan(values_of(nothing, 0)).all()


def test_very_bright_voxels_are_cut_and_said_to_be_and_suv_has_two_decimals() -> None:
    generator = np.random.default_rng(1)
    array = generator.uniform(0, 100, (10, 40, 40)).astype(np.float32)
    array[0, 0, 0] = 1e6
    facts = single(array).content["volumes"][0]
    assert facts["cut"] is True
    assert facts["step"] < 1
    uptake = np.array([[[0.004, 2.416, 700.0, -3.0]]], np.float32)
    kept = values_of(single(uptake, True), 0)
    assert kept[0, 0, :2] == pytest.approx([0.0, 2.42])
    assert kept[0, 0, 2] == pytest.approx(655.34)
    assert kept[0, 0, 3] == 0.0


def test_a_large_series_is_averaged_until_the_page_is_small_enough_and_the_page_says_so() -> None:
    noise = np.random.default_rng(2).normal(500, 100, (40, 160, 160)).astype(np.float32)
    data = single(noise, budget=300_000)
    assert len(data.packed) <= 310_000
    assert "averaged over voxels" in data.notes[0].said(Language())
    assert "averaged over voxels" in report_html(report_content(ViewerInputs([]), viewer=data))


def test_pictures_leave_room_for_the_viewer() -> None:
    assert room_for_viewer([None, b"x" * 1000]) == BUDGET_BYTES
    assert room_for_viewer([b"x" * 6_000_000]) < 6_000_000
    assert room_for_viewer([b"x" * 20_000_000]) == LEAST_BYTES


def test_without_images_there_is_no_viewer_and_no_script() -> None:
    assert viewer_data(ViewerInputs([])) is None
    text = report_html(report_content(ViewerInputs([])))
    assert "script-src" not in text
    assert '<section class="viewer"' not in text


def test_pet_and_mr_that_are_not_aligned_have_frames_of_their_own() -> None:
    inputs = example_viewer()
    apart = dataclasses.replace(
        inputs, series=[*inputs.series[:2], dataclasses.replace(inputs.series[2], frame=PET_FRAME)]
    )
    data = viewer_data(apart)
    assert data is not None
    assert set(data.content["frames"]) == {"reference", "pet"}
    frames = {mark["id"]: mark["frame"] for mark in data.content["marks"]}
    assert frames == {"PG-09": "pet", "PG-01": "reference", "PG-02": "pet", "PG-03": "reference"}
    assert any("never on top of each other" in note.said(Language()) for note in data.notes)


def test_the_same_case_gives_the_same_page_and_nothing_in_the_data_ends_its_element() -> None:
    inputs = oblique_viewer((0, 1, 2), (1, 1, 1), 10.0)
    label, one = inputs.marks[0]
    evil = dataclasses.replace(one, place=dataclasses.replace(one.place, name="</script><script>alert(1)</script>"))
    inputs = dataclasses.replace(inputs, marks=[(label, evil)])
    first, second = (report_html(report_content(inputs)) for _ in range(2))
    assert first == second
    assert "<script>alert" not in first
    assert len(re.findall("<script", first)) == len(re.findall("</script>", first)) == 3


def test_the_policy_names_style_and_script_by_their_hashes_only() -> None:
    policy = security_policy(["a{}"], ["b()"])
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; img-src data:")
    assert policy.count("'sha256-") == 2


def test_the_script_asks_for_nothing_and_needs_no_webgl() -> None:
    parts = {path.stem for path in VIEWER_FOLDER.glob("*.js")}
    assert len(parts) == viewer_script().count("/*\n") + len(re.findall(r"/\* ", viewer_script()))
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "webgl", "eval(", "innerHTML", "import(", "http"):
        assert word not in viewer_script()
    assert len(viewer_script()) < 40_000
