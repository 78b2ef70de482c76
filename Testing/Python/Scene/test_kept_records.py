"""Every record that is kept with the scene comes back through the text with all of its fields."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from deep_equality import differences
from kept_examples import (
    EXAMPLES,
    LINE,
    NOT_KEPT,
    OPTIONS,
    REGION,
    SPOT,
    THIRD,
    example_anatomy,
    example_case,
    example_found,
)
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Numerics.core.kept import Kept
from PainGeneratorLib.Numerics.core.records import HotSpot
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Scene.case_text import RECORDS, from_text, to_text
from PainGeneratorLib.Scene.scene_content import SceneContent, SceneSeries
from PainGeneratorLib.Workflow.case import Case, CaseOptions, CaseSeries, Warnings
from PainGeneratorLib.Workflow.finding import Found

HAVE_IMAGES = {MRResult, AnatomyMap, CaseOptions, CaseSeries, Case, Found, Warnings, SceneContent, SceneSeries}
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
    result = example_found().mr
    kept = through_text(result.to_kept())
    assert list(differences(MRResult.from_kept(kept, tissues=result.tissues, z_maps=result.z_maps), result)) == []


def test_what_was_found_comes_back_with_its_maps():
    found = example_found()
    back = Found.reopened(through_text(found.to_kept()), found.maps)
    assert list(differences(back, found)) == []
    assert back.candidates[0].hot_spots[0] is back.hot_spots[0]
    assert back.plan.spine_line is back.mr.spine_line


def test_an_anatomy_comes_back_with_its_label_image():
    anatomy = example_anatomy()
    kept = through_text(anatomy.to_kept())
    assert list(differences(AnatomyMap.from_kept(kept, image=anatomy.image), anatomy)) == []


def test_options_come_back_without_the_files_of_the_machine():
    without_files = dataclasses.replace(OPTIONS, **dict.fromkeys(CaseOptions.not_kept))
    assert CaseOptions.from_kept(through_text(OPTIONS.to_kept())) == without_files


def test_a_case_comes_back_but_for_its_files_and_the_header_of_the_pet():
    case = example_case()
    images = {role: series.image for role, series in case.series.items()}
    back = Case.reopened(through_text(case.to_kept()), case.protocol, images)
    assert list(differences(back, case, "case", NOT_KEPT)) == []
    assert back.protocol is case.protocol
    assert back.pet_is_suv, "the PET of the scene is in SUVbw"
    assert back.pet_unit is None
    facts = {name: fact for name, fact in case.series["PET"].facts.items() if name != "files"}
    assert [one.facts for one in back.series.values()] == [facts, facts]
    del images["PET"]
    assert list(Case.reopened(case.to_kept(), case.protocol, images).series) == ["T1"]
