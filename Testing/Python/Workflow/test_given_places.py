"""Places that the user gives and that lie beside all images are refused before any voxel is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dicom_makers import STIR, T1, ramp, write_series
from PainGeneratorLib.Dicom.series import Series
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Workflow import reading
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.check import check_folder
from PainGeneratorLib.Workflow.given_places import refuse_far_places

LOW_BACK = CaseOptions(group="low-back")


@pytest.fixture
def folder(tmp_path):
    """A PET, a T1 and a STIR of the same grid, with one frame of reference for both MR series only."""
    write_series(tmp_path, ramp(), "PT", SeriesNumber=1, FrameOfReferenceUID="1.2.3")
    write_series(tmp_path, ramp(), prefix="a", SeriesNumber=2, FrameOfReferenceUID="1.2.4", **T1)
    write_series(tmp_path, ramp(), prefix="b", SeriesNumber=3, FrameOfReferenceUID="1.2.4", **STIR)
    return tmp_path


def series_of(folder, monkeypatch, options=LOW_BACK) -> dict[str, Series]:
    """The reference and the PET of a folder whose voxels must not be read."""
    seen: dict[str, Series] = {}

    def looked(_options, reference, pet):
        seen.update(reference=reference, pet=pet)
        raise PainGeneratorError("seen", "seen")

    monkeypatch.setattr(reading, "refuse_far_places", looked)
    with pytest.raises(PainGeneratorError, match="seen"):
        reading.read_case_folder(folder, options)
    return seen


def middle(series: Series) -> tuple[float, ...]:
    return tuple(float(x) for x in series.geometry.center_ras)


def test_they_are_looked_at_before_any_voxel_is_read(folder, monkeypatch):
    def load(*_):
        raise AssertionError("voxels were read")

    monkeypatch.setattr(Series, "load", load)
    found = check_folder(folder, replace(LOW_BACK, level=("L5", (900.0, 1.0, 2.0))))
    (error,) = found.refusals
    assert "900, 1, 2 that was named L5 lies outside" in error.reason
    assert "reaches over R " in error.reason
    assert "--level" in error.advice


def test_a_level_in_or_just_beside_the_reference_series_is_taken(folder, monkeypatch):
    seen = series_of(folder, monkeypatch)
    right, front, up = middle(seen["reference"])
    top = float(seen["reference"].geometry.corners_ras[:, 2].max())
    for point in ((right, front, up), (right, front, top + 9.0)):
        refuse_far_places(replace(LOW_BACK, level=("L5", point)), **seen)
    with pytest.raises(PainGeneratorError, match="named L5"):
        refuse_far_places(replace(LOW_BACK, level=("L5", (right, front, top + 13.0))), **seen)


def test_a_pain_site_that_only_the_pet_may_show_is_taken(folder, monkeypatch):
    """A sagittal series of the spine does not show a painful hip."""
    seen = series_of(folder, monkeypatch)
    right, front, up = middle(seen["reference"])
    refuse_far_places(replace(LOW_BACK, pain_sites_ras_mm=((right - 150.0, front, up), (right, front, up))), **seen)
    for site in ((right - 900.0, front, up), (right, front + 900.0, up), (right, front, up + 1900.0)):
        with pytest.raises(PainGeneratorError, match="pain site") as caught:
            refuse_far_places(replace(LOW_BACK, pain_sites_ras_mm=((right, front, up), site)), **seen)
        assert "--pain-site" in caught.value.advice


def test_a_pet_in_the_same_frame_tells_that_a_pain_site_lies_outside_of_it(folder, monkeypatch):
    seen = series_of(folder, monkeypatch)
    seen["pet"].header["FrameOfReferenceUID"] = "1.2.4"
    right, front, up = middle(seen["reference"])
    with pytest.raises(PainGeneratorError, match="pain site"):
        refuse_far_places(replace(LOW_BACK, pain_sites_ras_mm=((right - 150.0, front, up),)), **seen)
    seen["pet"].geometry = seen["reference"].geometry.moved(
        [[1, 0, 0, -150.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    )
    refuse_far_places(replace(LOW_BACK, pain_sites_ras_mm=((right - 150.0, front, up),)), **seen)
