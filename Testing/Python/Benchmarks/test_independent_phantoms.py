"""The independent phantoms of the benchmarks: what they write is read as any other case, and their truth holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks"))

from independent_phantoms.case import Case
from independent_phantoms.grid import Bend, move, rigid
from PainGeneratorLib.Numerics.core.image import transform_points
from PainGeneratorLib.Numerics.pet.peak import suv_peak
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.reading import read_case_folder
from PainGeneratorLib.Workflow.stages import make_suv


def test_a_turn_about_a_point_leaves_the_point_where_the_shift_says():
    turn = rigid((10, -20, 30), (1, 2, 3), about=(40, 50, 60))
    assert move(turn, np.array([40, 50, 60])) == pytest.approx([41, 52, 63])


def test_the_bend_of_a_person_is_undone():
    points = np.random.default_rng(1).uniform(-100, 100, (50, 3))
    bend = Bend(np.random.default_rng(2))
    there = bend.from_canonical(points)
    assert np.abs(there - points).max() > 0.5
    assert np.stack(bend.to_canonical(*there.T.astype(np.float32)), axis=1) == pytest.approx(points, abs=0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A low back with a left pedicle seen on both and a right facet joint seen on the PET alone."""
    folder = tmp_path_factory.mktemp("independent")
    Case(0, "low-back").write(folder)
    return folder


@pytest.mark.slow
def test_an_independent_case_is_read_with_the_uptake_and_the_sides_of_its_truth(folder):
    truth = json.loads((folder / "truth.json").read_text())
    case = read_case_folder(folder / "dicom", CaseOptions(group="low-back"))
    assert {case.reference_role, *case.series} >= {"T1", "FLUID", "PET", "ATTENUATION"}
    suv = make_suv(case).image
    to_pet = np.array(truth["reference_to_series_ras"]["PET"])
    middle = np.mean(list(truth["landmarks_ras_mm"].values()), axis=0)
    where = sitk.ReadImage(str(folder / "where.nrrd"))
    names = json.loads((folder / "where.json").read_text())
    assert [lesion["side"] for lesion in truth["lesions"]] == ["left", "right"]
    for lesion in truth["lesions"]:
        center = np.array(lesion["centre_ras_mm"])
        # In RAS x grows to the patient's right.
        assert (center[0] < middle[0]) == (lesion["side"] == "left")
        inside = np.linalg.norm(
            suv.geometry.flat_to_ras(np.arange(suv.array.size)) - transform_points(to_pet, center), axis=1
        )
        peak = suv_peak(suv, np.flatnonzero(inside < lesion["radius_mm"] + 2.0)).value
        assert peak == pytest.approx(lesion["blurred_suv_peak"], rel=0.25)
        lps = (center * [-1, -1, 1]).tolist()
        assert names[str(where[where.TransformPhysicalPointToIndex(lps)])] != "air"
