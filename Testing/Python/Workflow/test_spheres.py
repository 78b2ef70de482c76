"""Spherical regions of the reader: what is measured in them, and how they are shown, saved, and written.

All places are on one side of a body that lies beside the middle of the scanner.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math

import numpy as np
import pytest
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.spheres import CUT_OFF, SphereRegion, columns_for, values_of
from PainGeneratorLib.Report.regions import NOTE, regions_csv, regions_section
from PainGeneratorLib.Workflow.finding import find_candidates
from PainGeneratorLib.Workflow.readout import PlaceReader
from PainGeneratorLib.Workflow.spheres import measured_again, new_sphere
from PainGeneratorLib.Workflow.stages import Alignment, make_suv
from small_bodies import aligned, small_body, small_case

SHIFT = 20.0
FOCUS = np.array([60.0 + SHIFT, -40.0, 70.0])
MIRRORED = np.array([-60.0 + SHIFT, -40.0, 70.0])


@pytest.fixture(scope="module")
def reader() -> PlaceReader:
    case = small_case(small_body("trunk", (60.0, -40.0, 70.0), table_shift=SHIFT))
    suv, alignment = make_suv(case), Alignment(aligned("PET", "FLUID"))
    found = find_candidates(case, suv, alignment, None)
    return PlaceReader.of(case, suv, alignment, found, found.detector, found.namer(None, case, suv, alignment))


def test_a_region_has_the_measures_of_its_own_side(reader: PlaceReader) -> None:
    here, there = new_sphere(reader, FOCUS, 20.0, ()), new_sphere(reader, MIRRORED, 20.0, ())
    assert here.suv_max > here.suv_peak > here.suv_mean > 1.2
    assert there.suv_max < 0.9
    assert here.ratio == pytest.approx(here.suv_peak / here.reference)
    assert here.ratio > 2.0 > 1.2 > there.ratio
    assert (here.name.split()[0], there.name.split()[0]) == ("right", "left")
    assert here.volume_ml == pytest.approx(math.pi / 6.0 * 8.0, rel=0.1)
    assert not here.is_cut_off


def test_the_mr_values_are_means_of_the_sphere(reader: PlaceReader) -> None:
    marrow = new_sphere(reader, np.array([SHIFT, -10.0, 85.0]), 14.0, ())
    assert marrow.signals["T1"] == pytest.approx(48.0, abs=3.0)
    assert marrow.signals["FLUID"] == pytest.approx(14.0, abs=3.0)
    assert abs(marrow.z["T1"]) < 2.0
    assert new_sphere(reader, MIRRORED, 10.0, ()).z == {}


def test_ids_are_free_ones_and_the_smallest_first(reader: PlaceReader) -> None:
    first = new_sphere(reader, FOCUS, 10.0, ())
    third = dataclasses.replace(first, id="S-03")
    assert first.id == "S-01"
    assert new_sphere(reader, FOCUS, 10.0, (first, third)).id == "S-02"


def test_a_region_smaller_than_a_voxel_has_the_voxel_at_its_center(reader: PlaceReader) -> None:
    small = new_sphere(reader, FOCUS + 1.2, 2.0, ())
    assert small.suv_max == small.suv_mean
    assert small.volume_ml == pytest.approx(reader.pet.geometry.voxel_volume_ml)


def test_a_region_at_the_border_of_the_pet_says_that_it_is_cut_off(reader: PlaceReader) -> None:
    cut = new_sphere(reader, np.array([SHIFT, -10.0, 2.0]), 30.0, ())
    assert cut.is_cut_off
    assert values_of(cut)["remark"] == CUT_OFF


def test_a_region_without_any_image_or_of_no_size_is_refused(reader: PlaceReader) -> None:
    with pytest.raises(PainGeneratorError, match="no image here"):
        new_sphere(reader, np.array([900.0, 0.0, 0.0]), 20.0, ())
    for diameter in (0.0, 1.9, 200.1):
        with pytest.raises(PainGeneratorError, match="cannot be measured"):
            new_sphere(reader, FOCUS, diameter, ())


def test_measured_again_it_keeps_id_place_and_size(reader: PlaceReader) -> None:
    former = dataclasses.replace(new_sphere(reader, FOCUS, 20.0, ()), suv_max=99.0, id="S-07")
    again = measured_again(reader, former)
    assert (again.id, again.diameter_mm) == ("S-07", 20.0)
    assert np.array_equal(again.center_ras, former.center_ras)
    assert again.suv_max < 10.0


def test_the_csv_has_one_row_for_each_and_empty_fields_for_what_is_not_known(reader: PlaceReader) -> None:
    regions = [new_sphere(reader, FOCUS, 20.0, ()), SphereRegion("S-02", "somewhere", MIRRORED, 10.0, 0.5)]
    rows = list(csv.DictReader(io.StringIO(regions_csv(regions), newline="")))
    assert [row["id"] for row in rows] == ["S-01", "S-02"]
    assert float(rows[0]["suv_peak"]) == pytest.approx(regions[0].suv_peak, abs=1e-3)
    assert float(rows[0]["center_r"]) == FOCUS[0]
    assert rows[1]["suv_max"] == rows[1]["signal_T1"] == ""
    assert list(rows[0]) == [column.key for column in columns_for(regions)]


def test_the_report_has_a_table_of_them_and_nothing_without_any() -> None:
    region = EXAMPLES["SphereRegion"]
    text = str(regions_section([region]))
    assert NOTE in text
    assert all(word in text for word in ("S-01", "left psoas L4/L5", CUT_OFF, "2.30", "T1 z"))
    assert str(regions_section([])) == ""


def test_the_drawn_sphere_lies_at_its_place_and_has_its_volume() -> None:
    region = SphereRegion("S-01", "", FOCUS, 24.0, 0.0)
    assert region.drawn.centroid_ras_mm == pytest.approx(FOCUS, abs=1e-6)
    assert region.drawn.volume_ml == pytest.approx(math.pi / 6.0 * 24.0**3 / 1000.0, rel=0.05)
