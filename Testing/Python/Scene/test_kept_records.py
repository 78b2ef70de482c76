"""Every record that is kept with the scene comes back through the text with all of its fields."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import numpy as np
import pytest
from deep_equality import differences
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Anatomy.zones import HipImplant
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.kept import Kept
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Numerics.mr.implant import ImplantResult
from PainGeneratorLib.Numerics.pet.detector import HotSpotResult
from PainGeneratorLib.Numerics.pet.reference_tissue import ReferenceValue
from PainGeneratorLib.Numerics.suv.records import ProvenanceRow, SuvResult
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Registration.landmarks import LandmarkPairs
from PainGeneratorLib.Scene.case_text import RECORDS, from_text, to_text
from PainGeneratorLib.Workflow.case import Case, CaseOptions, CaseSeries, Warnings
from PainGeneratorLib.Workflow.finding import Found
from PainGeneratorLib.Workflow.protocol import load_protocol

GRID = Geometry((6, 8, 10), np.array([[-1.9, 0.1, 0, 20], [0.1, -2.1, 0, 30], [0, 0, 3.3, -15], [0, 0, 0, 1.0]]))
THIRD = 1.0 / 3.0
"""A number that no rounding leaves as it is."""

REGION = Region(GRID, np.array([3, 4, 9, 77], dtype=np.int64))
POINT = np.array([THIRD, -2.0 / 7.0, 1e-17])
PLACE = Place("left facet joint L4/L5", "facet joint", "left", "L4/L5", "Gruen 3", ("level-counted",))
SPOT = HotSpot(
    2, REGION, POINT, POINT + 1.0, np.float32(2.3), 1.9, THIRD, 0.4, 0.6, 0.7, 0.9, "marrow", 2.1, 1.2,
    "adaptive", 1.31, 1.1, 0.8, "urinary bladder: below the pelvis", ["near-implant"], "bladder",
)  # fmt: skip
FINDING = MRFinding(1, "oedema", REGION, POINT, 0.85, np.float32(3.2), -1.5, "FLUID", 0.66, ["weak"], "marrow-bright")
LINE = SpineLine(np.outer(np.arange(5.0), POINT), THIRD, 0.94, np.array([25.0, THIRD]), np.array([-0.2, 0.1]))
IMPLANT = ImplantResult(REGION, REGION, np.stack([POINT, POINT + 9.0]), "left", ("An implant is near.",))
REFERENCE = ReferenceValue("marrow", THIRD, 0.1, 9.0)
HIP = HipImplant("left", POINT, POINT + 1.0, POINT + 2.0, 27.5)
ROW = ProvenanceRow("dose", THIRD, "Bq", "given by hand", "decayed")

EXAMPLES: dict[str, Kept] = {
    "BodyPlan": BodyPlan(POINT, POINT + 1.0, "spine line", LINE, HIP),
    "Candidate": Candidate(
        "PG-01", 1, 100 * THIRD, {"pet": THIRD}, PLACE, "PET+MR", REGION, POINT, 0.853, np.float32(2.3), 1.9, 1.5, 0.8,
        1.3, 2.1, 1.2, "oedema", 3.2, 12.5, "accepted", "edited", "stark, \"süß\"", ["large"], [SPOT], [FINDING],
    ),
    "HipImplant": HIP,
    "HotSpot": SPOT,
    "HotSpotResult": HotSpotResult([SPOT], (REFERENCE,), 0.07, 0.9, ("Noisy.",), [SPOT]),
    "ImplantResult": IMPLANT,
    "LandmarkPairs": LandmarkPairs(np.outer([1.0, 2.0, 3.0], POINT), np.outer([2.0, 3.0, 4.0], POINT)),
    "MRFinding": FINDING,
    "Place": PLACE,
    "ProvenanceRow": ROW,
    "ReferenceValue": REFERENCE,
    "SeriesAlignment": SeriesAlignment(
        "PET", np.eye(4) * THIRD, np.eye(4), "registered", "aligned", "ATTENUATION", True, THIRD, 1.5, 0.3, 0.1, THIRD,
        {"halves_mm": 2.0 * THIRD, "n": 3}, "It fits.", "Nothing to do.", ("Far away.",),
    ),
    "SpineLine": LINE,
    "Structure": Structure("hip bone", "left", "L4"),
    "SuvResult": SuvResult(
        np.array([THIRD, 2e-4]), "header", (ROW,), ("Decay is unusual.",), 70.0, 1.75, "F", 3e8, 6586.2, 61.0 + THIRD
    ),
    "SymmetryPlane": SymmetryPlane(POINT, POINT + 1.0, 0.5),
}  # fmt: skip
"""One record of each kind; no field has its default, so that a lost field cannot go unseen."""

HAVE_IMAGES = {MRResult, AnatomyMap, CaseOptions, CaseSeries, Case, Found, Warnings}
"""Records whose images or files are kept elsewhere, and those that hold them: kept as dicts of their fields."""


def through_text(value):
    return from_text(to_text(value))


def is_default(record: object, field: dataclasses.Field) -> bool:
    default = field.default_factory() if callable(field.default_factory) else field.default
    if default is dataclasses.MISSING:
        return False
    return not list(differences(getattr(record, field.name), default))


def test_every_kind_of_record_has_an_example_here():
    assert set(EXAMPLES) == set(RECORDS)
    ours = {kind for kind in Kept.__subclasses__() if kind.__module__.startswith("PainGeneratorLib.")}
    assert ours == set(RECORDS.values()) | HAVE_IMAGES


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_record_comes_back_with_every_field_to_the_last_bit(name):
    record = EXAMPLES[name]
    plain = [field.name for field in dataclasses.fields(record) if is_default(record, field)]
    assert plain == [], "the example must differ from the defaults"
    assert list(differences(through_text(record), record)) == []


def test_the_public_files_round_and_the_kept_form_does_not():
    suv, alignment = EXAMPLES["SuvResult"], EXAMPLES["SeriesAlignment"]
    assert suv.to_json()["uptake_minutes"] == 61.33
    assert suv.to_kept()["uptake_minutes"] == 61.0 + THIRD
    assert alignment.to_json()["shift_mm"] == 0.33
    assert alignment.to_kept()["shift_mm"] == THIRD


def test_objects_that_are_shared_are_shared_again():
    moved = dataclasses.replace(SPOT, region=REGION.moved(np.diag([1.0, 1.0, 1.0, 1.0]) + np.eye(4, k=3)))
    back = through_text({"plan": EXAMPLES["BodyPlan"], "line": LINE, "spots": [SPOT, SPOT], "moved": moved})
    assert back["plan"].spine_line is back["line"]
    assert back["spots"][0] is back["spots"][1]
    assert back["moved"].region is not back["spots"][0].region
    assert back["moved"].region.flat is back["spots"][0].region.flat


def test_a_field_that_is_missing_takes_its_default_and_an_unknown_one_is_passed_over():
    kept = SPOT.to_kept()
    del kept["rule"]
    assert HotSpot.from_kept({**kept, "of the future": 1}).rule is None


def test_an_mr_result_comes_back_with_the_images_it_is_given():
    image = Image(np.zeros(GRID.shape, np.uint8), GRID)
    z_map = Image(np.full(GRID.shape, np.nan, np.float32), GRID)
    result = MRResult([FINDING], image, IMPLANT, {"FLUID": z_map}, ["No T1."], [FINDING], LINE)
    kept = through_text(result.to_kept())
    assert list(differences(MRResult.from_kept(kept, tissues=image, z_maps={"FLUID": z_map}), result)) == []


def test_what_was_found_comes_back_with_its_maps():
    image = Image(np.zeros(GRID.shape, np.uint8), GRID)
    z_map = Image(np.full(GRID.shape, np.nan, np.float32), GRID)
    mr = MRResult([FINDING], image, IMPLANT, {"FLUID": z_map}, ["No T1."], [FINDING], LINE)
    candidate = EXAMPLES["Candidate"]
    found = Found(EXAMPLES["SymmetryPlane"], mr, EXAMPLES["HotSpotResult"], EXAMPLES["BodyPlan"], [SPOT], [candidate])
    back = Found.reopened(through_text(found.to_kept()), found.maps)
    assert list(differences(back, found)) == []
    assert back.candidates[0].hot_spots[0] is back.hot_spots[0]
    assert back.plan.spine_line is back.mr.spine_line


def test_an_anatomy_comes_back_with_its_label_image():
    image = Image(np.zeros(GRID.shape, np.uint16), GRID)
    anatomy = AnatomyMap(
        image, {9: Structure("hip bone", "left"), 2: Structure("vertebra", None, "L4")},
        "TotalSegmentator", "likely", True, ("Levels were counted.",), np.eye(4) * THIRD,
    )  # fmt: skip
    assert list(differences(AnatomyMap.from_kept(through_text(anatomy.to_kept()), image=image), anatomy)) == []


OPTIONS = CaseOptions(
    "hip-replacement", "left", "both", ((1.0, 2.0, THIRD),), Path("a.nii.gz"), Path("a.json"), 70.5, 1.75, 300.0,
    datetime.datetime(2025, 3, 1, 9, 30), (("3", "PET"),), Path("l.csv"), Path("p.json"), (("fusion.x", "1"),),
)  # fmt: skip


def test_options_come_back_without_the_files_of_the_machine():
    without_files = dataclasses.replace(OPTIONS, **dict.fromkeys(CaseOptions.not_kept))
    assert CaseOptions.from_kept(through_text(OPTIONS.to_kept())) == without_files


def test_a_case_comes_back_but_for_its_files_and_the_header_of_the_pet():
    image = Image(np.zeros(GRID.shape, np.float32), GRID)
    facts = {"number": 3, "reason": "The only PET.", "sop_instance_uids": ("1.2", "1.3")}
    series = {
        role: CaseSeries(role, f"{role} (3)", image, modality, "1.9", {**facts, "files": (Path("x.dcm"),)})
        for role, modality in (("PET", "PT"), ("T1", "MR"))
    }
    protocol = load_protocol("hip-replacement")
    case = Case(
        OPTIONS, "hip-replacement", protocol, "T1", series, None, {"sex": "F"}, True, "g/ml{SUVlbm}",
        Warnings(["Group not given."]), ("Two T1.",), [("localizer", "three slices")], [{"number": 3}],
        Path("in"), (Path("in/x.dcm"),),
    )  # fmt: skip
    back = Case.reopened(through_text(case.to_kept()), protocol, {"PET": image, "T1": image})
    elsewhere = {
        *(f"Case.{name}" for name in Case.not_kept),
        *(f"CaseOptions.{name}" for name in CaseOptions.not_kept),
    }
    assert list(differences(back, case, "case", frozenset({*elsewhere, "CaseSeries.facts"}))) == []
    assert back.protocol is protocol
    assert back.pet_is_suv, "the PET of the scene is in SUVbw"
    assert back.pet_unit is None
    assert [one.facts for one in back.series.values()] == [facts, facts]
    assert list(Case.reopened(case.to_kept(), protocol, {"T1": image}).series) == ["T1"]
