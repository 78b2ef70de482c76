"""What is read at a place of a case: values of both sides, what lies there, and why there is no candidate.

The body has its focus on the right and lies beside the middle of the scanner, so that exchanged sides are seen.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Region, ball
from PainGeneratorLib.Numerics.core.readout import Readout, Reason, Why
from PainGeneratorLib.Workflow.finding import find_candidates
from PainGeneratorLib.Workflow.readout import PlaceReader
from PainGeneratorLib.Workflow.readout_text import NOTHING, place_text, readout_text, reason_text, value_rows
from PainGeneratorLib.Workflow.stages import Alignment, make_suv
from small_bodies import aligned, small_body, small_case

SHIFT = 20.0
"""How far the body lies to the right, mm."""
FOCUS = np.array([60.0 + SHIFT, -40.0, 70.0])
MIRRORED = np.array([-60.0 + SHIFT, -40.0, 70.0])
OUTSIDE = np.array([600.0, 0.0, 70.0])


@pytest.fixture(scope="module")
def reader() -> PlaceReader:
    case = small_case(small_body("trunk", (60.0, -40.0, 70.0), table_shift=SHIFT))
    suv, alignment = make_suv(case), Alignment(aligned("PET", "FLUID"))
    found = find_candidates(case, suv, alignment, None)
    namer = found.namer(None, case, suv, alignment)
    return PlaceReader.of(case, suv, alignment, found, found.detector, namer)


def with_lists(reader: PlaceReader, **lists: object) -> PlaceReader:
    return dataclasses.replace(reader, found=dataclasses.replace(reader.found, **lists))


def kinds(readout: Readout) -> list[Why]:
    return [reason.kind for reason in readout.reasons]


def test_the_values_of_both_sides_are_read_each_at_its_own_place(reader: PlaceReader) -> None:
    readout = reader.at(FOCUS)
    assert readout.mirrored is not None
    assert readout.mirrored.position_ras == pytest.approx(MIRRORED, abs=3.0)
    assert readout.here.suv > 2.5
    assert readout.mirrored.suv == pytest.approx(0.7, abs=0.15)
    assert readout.here.suv_peak == pytest.approx(2.2, abs=0.3)
    assert readout.here.ratio == pytest.approx(readout.here.suv_peak / readout.here.reference)
    assert readout.here.ratio > 2.0 > 1.2 > readout.mirrored.ratio
    assert readout.place.side == "right"
    other = reader.at(MIRRORED)
    assert other.place.side == "left"
    assert other.here.suv == pytest.approx(readout.mirrored.suv, abs=0.1)


def test_both_sides_are_compared_with_the_reference_of_the_candidate(reader: PlaceReader) -> None:
    (entry,) = [one for one in reader.found.set_apart if np.linalg.norm(one.centroid_ras_mm - FOCUS) < 10.0]
    own = dataclasses.replace(entry, reference=0.5, reference_name="marrow within 7 cm")
    readout = with_lists(reader, candidates=[own], set_apart=[]).at(FOCUS)
    assert readout.mirrored is not None
    for side in (readout.here, readout.mirrored):
        assert (side.reference, side.reference_name) == (0.5, "marrow within 7 cm")
        assert side.ratio == pytest.approx(side.suv_peak / 0.5)


def test_the_values_of_mr_are_those_of_the_voxel_with_z_in_marrow_only(reader: PlaceReader) -> None:
    body = reader.at(np.array([SHIFT, -10.0, 80.0]))
    values = {one.role: one for one in body.here.series}
    assert list(values) == ["T1", "FLUID"]
    assert body.tissue == "marrow"
    assert values["T1"].value == pytest.approx(48.0, abs=5.0)
    assert values["T1"].z is not None
    muscle = {one.role: one for one in reader.at(MIRRORED).here.series}
    assert muscle["T1"].value == pytest.approx(24.0, abs=5.0)
    assert muscle["T1"].z is None


def test_what_is_set_apart_is_named_with_its_rule(reader: PlaceReader) -> None:
    readout = reader.at(FOCUS)
    (entry,) = [one for one in reader.found.set_apart if np.linalg.norm(one.centroid_ras_mm - FOCUS) < 10.0]
    assert readout.entry_id is None
    assert kinds(readout) == [Why.SET_APART]
    assert readout.reasons[0].name == entry.hot_spots[0].rule
    assert entry.id in readout.reasons[0].text
    assert entry.reason in readout.reasons[0].text


def test_where_a_candidate_lies_it_is_named_and_no_reason_is_given(reader: PlaceReader) -> None:
    (entry,) = [one for one in reader.found.set_apart if np.linalg.norm(one.centroid_ras_mm - FOCUS) < 10.0]
    brought = with_lists(reader, candidates=[entry], set_apart=[])
    readout = brought.at(FOCUS)
    assert (readout.entry_id, readout.reasons) == (entry.id, ())
    assert brought.at(MIRRORED).entry_id is None


def test_the_smallest_of_several_outlines_is_meant(reader: PlaceReader) -> None:
    (entry,) = [one for one in reader.found.set_apart if np.linalg.norm(one.centroid_ras_mm - FOCUS) < 10.0]
    region = Region(entry.region.geometry, ball(entry.region.geometry, FOCUS, 40.0))
    large = dataclasses.replace(entry, id="PG-99", region=region, volume_ml=region.volume_ml)
    assert with_lists(reader, candidates=[large, entry], set_apart=[]).at(FOCUS).entry_id == entry.id


def test_normal_uptake_is_told_with_the_ratio_that_is_missing(reader: PlaceReader) -> None:
    reasons = reader.at(MIRRORED).reasons
    assert [reason.kind for reason in reasons] == [Why.NOT_RAISED]
    assert reasons[0].limit == pytest.approx(1.4)


def test_marrow_without_edema_is_told_with_the_z_that_is_missing(reader: PlaceReader) -> None:
    reason = next(one for one in reader.at(np.array([SHIFT, -10.0, 80.0])).reasons if one.kind == Why.MR)
    assert reason.name == "mr_findings.oedema.z"
    assert reason.value < reason.limit == 2.5


def test_a_place_outside_all_fields_says_so_and_has_no_values(reader: PlaceReader) -> None:
    readout = reader.at(OUTSIDE)
    assert kinds(readout) == [Why.OUTSIDE]
    assert readout.reasons[0].text == "PET, T1 and FLUID do not show this place."
    assert place_text(readout).startswith("outside the field of view; R ")
    assert readout_text(readout).startswith("outside the field of view; R ")
    assert not place_text(reader.at(FOCUS)).startswith("outside")
    assert all(here == NOTHING for _, here, _ in value_rows(readout))


def test_a_place_in_the_air_is_said_to_lie_outside_the_body(reader: PlaceReader) -> None:
    grid = reader.pet.geometry
    corner = grid.flat_to_ras(np.array([0]))[0]
    readout = reader.at(corner)
    assert kinds(readout) == [Why.OUTSIDE_BODY]
    assert place_text(readout).startswith("outside the body; R ")
    assert not reader.is_outside_body(FOCUS)


def test_what_is_unknown_or_said_already_is_not_said(reader: PlaceReader) -> None:
    readout = dataclasses.replace(reader.at(FOCUS), tissue="unknown")
    assert "tissue" not in place_text(readout)
    assert reason_text(Reason(Why.NOT_RAISED, "", "The uptake is not raised.")) == "The uptake is not raised."


def test_uptake_whose_entry_was_taken_off_the_lists_is_told(reader: PlaceReader) -> None:
    number = int(reader.detector.scan.owner.max())
    spot = reader.detector._measure(number, "adaptive")
    former = spot.physiologic
    try:
        spot.physiologic = None
        off = dataclasses.replace(reader.detector.parameters, conspicuity=0.1)
        reader.detector._parameters, kept = off, reader.detector._parameters
        assert kinds(with_lists(reader, set_apart=[]).at(FOCUS)) == [Why.IN_NO_LIST]
        (entry,) = [one for one in reader.found.set_apart if np.linalg.norm(one.centroid_ras_mm - FOCUS) < 10.0]
        small = Region(entry.region.geometry, entry.region.flat[:1])
        readout = with_lists(reader, set_apart=[], candidates=[dataclasses.replace(entry, region=small)]).at(FOCUS)
        assert kinds(readout) == [Why.OUTLINE]
        assert entry.id in readout.reasons[0].text
    finally:
        spot.physiologic, reader.detector._parameters = former, kept


def test_an_mr_finding_that_made_no_entry_is_told(reader: PlaceReader) -> None:
    from kept_examples import EXAMPLES

    grid = reader.found.mr.tissues.geometry
    region = Region(grid, ball(grid, MIRRORED, 8.0))
    weak = dataclasses.replace(
        EXAMPLES["MRFinding"], region=region, kind="oedema", z=2.1, flags=["weak"], rule="faint", usual="a vessel"
    )
    mr = dataclasses.replace(reader.found.mr, weak=[weak])
    reason = with_lists(reader, mr=mr).at(MIRRORED).reasons[-1]
    assert (reason.kind, reason.name) == (Why.MR, "faint")
    assert "too faint to count alone; it looks like a vessel." in reason.text


def test_pet_and_mr_that_are_not_aligned_are_said_to_show_other_places(reader: PlaceReader) -> None:
    apart = dataclasses.replace(reader, alignment=Alignment(aligned("PET", verdict="not aligned")))
    assert apart.alignment.is_aligned("PET") is False
    assert Why.NOT_ALIGNED in kinds(apart.at(MIRRORED))


def test_the_text_has_place_verdict_reasons_and_both_values(reader: PlaceReader) -> None:
    text = readout_text(reader.at(FOCUS))
    assert "No candidate here." in text
    assert "Set apart: PG-" in text
    assert "[organ-beside-spine]" in text
    line = next(line for line in text.splitlines() if line.startswith("SUV of the voxel"))
    here, there = (float(part) for part in line.split("g/ml")[1].split("/"))
    assert here > 2.5 > 1.0 > there
