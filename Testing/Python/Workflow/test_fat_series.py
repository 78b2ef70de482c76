"""The fat fraction as a series of a case: where it lies, what is said of marrow, and that a scene keeps it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from deep_equality import differences
from kept_examples import EXAMPLES, GRID, NOT_KEPT, example_case
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Numerics.core.words import Role
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Numerics.mr.implant import ImplantResult
from PainGeneratorLib.Scene.read_case import read_case
from PainGeneratorLib.Scene.write_case import write_case
from PainGeneratorLib.Workflow.case import Case, CaseSeries
from PainGeneratorLib.Workflow.case_in_scene import restored, scene_content
from PainGeneratorLib.Workflow.fat_series import MOVES_WITH, marrow_note, with_computed
from PainGeneratorLib.Workflow.stages import Alignment, Suv, align_series


def case_with_fat(moves_with: str) -> Case:
    case = example_case()
    percent = np.linspace(0.0, 100.0, GRID.size, dtype=np.float32).reshape(GRID.shape)
    facts = {MOVES_WITH: moves_with, "description": "fat fraction of series 8 and 9", "sop_instance_uids": ()}
    fat = CaseSeries("FAT_FRACTION", "fat fraction of series 8 and 9", Image(percent, GRID), "MR", "1.9", facts)
    case.series = {**case.series, "FAT_FRACTION": fat}
    return case


def test_the_fat_fraction_moves_with_the_series_of_its_acquisition() -> None:
    pet = EXAMPLES["SeriesAlignment"]
    found = with_computed(case_with_fat("PET"), {"PET": pet})
    assert found["PET"] is pet
    own = found["FAT_FRACTION"]
    assert (own.role, own.through, own.verdict) == ("FAT_FRACTION", "ATTENUATION", "aligned")
    np.testing.assert_array_equal(own.reference_to_series_ras, pet.reference_to_series_ras)
    assert own.warnings == ()


def test_the_fat_fraction_of_the_reference_lies_where_the_reference_lies() -> None:
    own = with_computed(case_with_fat("T1"), {"PET": EXAMPLES["SeriesAlignment"]})["FAT_FRACTION"]
    np.testing.assert_array_equal(own.reference_to_series_ras, np.eye(4))
    assert own.aligned


def test_the_fat_fraction_of_a_series_that_is_not_aligned_is_not_aligned() -> None:
    lost = dataclasses.replace(EXAMPLES["SeriesAlignment"], verdict="not aligned")
    assert not with_computed(case_with_fat("PET"), {"PET": lost})["FAT_FRACTION"].aligned


def test_the_fat_fraction_is_not_aligned_without_the_series_that_it_moves_with() -> None:
    own = with_computed(case_with_fat("ATTENUATION"), {"PET": EXAMPLES["SeriesAlignment"]})["FAT_FRACTION"]
    assert not own.aligned
    assert "ATTENUATION" in own.reason


def test_a_case_without_fat_fraction_keeps_its_alignments() -> None:
    by_role = {"PET": EXAMPLES["SeriesAlignment"]}
    assert with_computed(example_case(), by_role) == by_role


def test_the_fat_fraction_is_not_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_with_fat("PET")
    case.options = dataclasses.replace(case.options, landmarks=None)
    asked: list[str] = []

    def registered(_reference, images, *_rest):
        asked.extend(images)
        return {"PET": EXAMPLES["SeriesAlignment"]}

    monkeypatch.setattr("PainGeneratorLib.Workflow.stages.align_case", registered)
    found = align_series(case, Suv(case.pet.image, EXAMPLES["SuvResult"]))
    assert "FAT_FRACTION" not in asked
    assert "FAT_FRACTION" in found.by_role


def note(**patient: str) -> str | None:
    case = case_with_fat("T1")
    case.patient = {"sex": None, "birth_date": None, "study_date": None, **patient}
    z = Image(np.zeros(GRID.shape, dtype=np.float32), GRID)
    tissues = Image(np.ones(GRID.shape, dtype=np.uint8), GRID)
    mr = MRResult([], tissues, ImplantResult(), {Role.FAT_FRACTION.value: z})
    return marrow_note(case, Alignment({}), mr)


def test_the_mean_of_marrow_is_set_beside_the_published_mean() -> None:
    text = note(sex="F", birth_date="19700101", study_date="2020-06-01")
    assert text is not None
    assert "women of 45 to 54 years: 38.9 %" in text
    assert "AJR 1996" in text


def test_the_mean_of_marrow_is_given_alone_where_sex_or_age_are_not_known() -> None:
    text = note(sex="F")
    assert text is not None
    assert text.startswith("Mean signal fat fraction of the marrow that was recognized: ")
    assert "Published" not in text


@pytest.mark.scene
def test_a_scene_keeps_the_fat_fraction(host, tmp_path) -> None:
    case = case_with_fat("PET")
    alignment = Alignment(with_computed(case, {"PET": EXAMPLES["SeriesAlignment"]}))
    suv = Suv(case.pet.image, EXAMPLES["SuvResult"])
    write_case(host.scene, scene_content(case, suv, alignment))
    host.save_mrb(tmp_path / "case.mrb")
    host.load_mrb(tmp_path / "case.mrb")
    back = restored(read_case(host.scene), case.protocol)
    assert back is not None
    assert list(differences(back.case, case, "case", NOT_KEPT)) == []
    assert list(differences(back.alignment, alignment)) == []
    image = back.case.series["FAT_FRACTION"].image
    np.testing.assert_array_equal(image.array, case.series["FAT_FRACTION"].image.array)
