"""The check of a case: what was found and what is doubtful, without an analysis."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dicom_makers import STIR, T1, ramp, write_series
from PainGeneratorLib.Headless.cli import main
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.series_witness import fat_contrast, fluid_ratio, is_fraction_map
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.check import check_folder

GRID = Geometry((24, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0]))


def body(fat: float, muscle: float, shading: float = 0.0) -> Image:
    """A body of muscle with strips of fat, brighter toward one side by `shading`."""
    array = np.full(GRID.shape, muscle, dtype=np.float32)
    array[:, :, ::5] = fat
    array[:, :, 1::5] = fat
    array *= 1.0 + shading * np.linspace(0, 1, GRID.shape[1], dtype=np.float32)[None, :, None]
    array[:, :4] = 0.0
    return Image(array, GRID)


@pytest.fixture
def folder(tmp_path):
    """A PET, a T1 and a STIR of the same grid."""
    write_series(tmp_path, ramp(), "PT", SeriesNumber=1)
    write_series(tmp_path, ramp(), prefix="a", SeriesNumber=2, **T1)
    write_series(tmp_path, ramp(), prefix="b", SeriesNumber=3, **STIR)
    return tmp_path


def test_fat_that_is_bright_on_both_series_is_told_from_suppressed_fat():
    t1 = body(400.0, 100.0)
    assert fat_contrast(t1, body(300.0, 80.0)) > 0.65
    assert fat_contrast(t1, body(30.0, 100.0)) < 0.0


def test_shading_of_the_coil_does_not_hide_suppressed_fat():
    assert fat_contrast(body(400.0, 100.0, shading=4.0), body(30.0, 100.0, shading=4.0)) < 0.25


def test_nothing_is_said_about_series_that_do_not_overlap():
    moved = GRID.ijk_to_ras.copy()
    moved[0, 3] += 5000.0
    far = Image(body(400.0, 100.0).array, Geometry(GRID.shape, moved))
    assert fat_contrast(body(400.0, 100.0), far) is None


def with_fluid(image: Image, value: float) -> Image:
    """A small canal in the middle of the body."""
    array = image.array.copy()
    array[:, 20:22, 18:20] = value
    return Image(array, image.geometry)


def test_exchanged_t1_and_t2_are_noticed_by_their_fluid():
    t1, t2 = with_fluid(body(400.0, 100.0), 40.0), with_fluid(body(380.0, 100.0), 1200.0)
    assert fluid_ratio(t1, t2) > 0.9
    assert fluid_ratio(t2, t1) < 0.9


def test_a_map_of_fractions_is_known_by_its_values():
    rng = np.random.default_rng(3)
    percent = np.clip(rng.normal(60, 40, GRID.shape), 0, 100).astype(np.float32)
    assert is_fraction_map(Image(percent, GRID))
    assert is_fraction_map(Image(percent / 100.0, GRID))
    assert not is_fraction_map(body(400.0, 100.0))


def test_the_check_shows_roles_suv_and_what_is_lacking(folder):
    found = check_folder(folder, CaseOptions(group="low-back"))
    assert not found.refusals
    assert [one.role for one in found.roles] == ["PET", "T1", "FLUID"]
    text = found.to_text()
    assert "T1: series 2 'sag first'" in text
    assert "header: STIR: inversion recovery with TI 200 ms" in text
    assert "Without a T2 series" in text
    assert "This case can be analyzed." in text
    assert json.loads(json.dumps(found.to_json()))["can_be_analyzed"] is True


def test_a_case_that_cannot_be_analyzed_is_shown_with_the_reason(folder, tmp_path_factory):
    lonely = tmp_path_factory.mktemp("lonely")
    write_series(lonely, ramp(), "PT", SeriesNumber=1, PatientWeight=None)
    write_series(lonely, ramp(), prefix="a", SeriesNumber=2, **T1)
    found = check_folder(lonely, CaseOptions(group="low-back"))
    assert len(found.refusals) == 1
    assert "weight" in found.refusals[0].reason
    assert "This case cannot be analyzed." in found.to_text()
    assert check_folder(lonely, CaseOptions(group="low-back", weight_kg=70.0)).refusals == ()


def test_the_command_prints_the_check_and_says_by_its_status_whether_analysis_would_run(folder, capsys):
    assert main(["check", str(folder), "--group", "low-back"]) == 0
    assert "Roles" in capsys.readouterr().out
    assert main(["check", str(folder), "--json", "--role", "2=OTHER", "--role", "3=OTHER"]) == 3
    out = capsys.readouterr()
    assert json.loads(out.out)["can_be_analyzed"] is False
    assert "Warning" not in out.out
