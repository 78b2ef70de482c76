"""What was given by hand and cannot change the SUV is said to be unused: in its line, and among the warnings."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Scene.volumes_in_scene import VolumeFacts
from PainGeneratorLib.Session.pet_source import pet_source, suv_factors, suv_line
from PainGeneratorLib.Workflow.case import CaseOptions

GRID = Geometry((4, 3, 3), np.eye(4))


def volume(unit: str | None) -> VolumeFacts:
    return VolumeFacts("id", "PET", (), {}, unit, GRID, (0.0, 9.0))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"weight_kg": 140.0}, "weight 140 kg"),
        ({"dose_mbq": 200.0, "weight_kg": 71.5}, "weight 71.5 kg, dose 200 MBq"),
        ({"injection_time": datetime.datetime(2024, 6, 20, 9, 30)}, "injection at 2024-06-20 09:30:00"),
    ],
)
@pytest.mark.parametrize(("unit", "chosen"), [("g/ml{SUVbw}", "auto"), (None, "SUVbw")])
def test_values_by_hand_that_cannot_change_a_volume_in_suv_are_said_to_be_unused(
    given: dict[str, Any], words: str, unit: str | None, chosen: str
) -> None:
    options = CaseOptions(**given)
    source = pet_source(volume(unit), None, chosen, options, None)
    result = suv_factors(source, options, 4)
    assert result.factors.tolist() == [1.0] * 4
    assert any(words in text and "was not used" in text for text in result.warnings)
    assert words in suv_line(source, options, 4, None).text


def test_nothing_is_said_without_such_values_and_where_they_are_used() -> None:
    bare = CaseOptions()
    source = pet_source(volume("g/ml{SUVbw}"), None, "auto", bare, None)
    assert "not used" not in suv_line(source, bare, 4, None).text
    sized = CaseOptions(weight_kg=80.0, height_m=1.8)
    source = pet_source(volume("g/ml{SUVlbm}"), None, "auto", sized, None)
    assert "not used" not in suv_line(source, sized, 4, "M").text


def test_a_volume_in_suv_that_is_taken_for_activity_is_told() -> None:
    start = datetime.datetime(2024, 6, 20, 10, 30)
    options = CaseOptions(weight_kg=80.0, dose_mbq=200.0, injection_time=start - datetime.timedelta(hours=1))
    source = pet_source(volume("g/ml{SUVbw}"), None, "Bq/ml", options, start)
    assert any("says that its values are SUV" in text for text in suv_factors(source, options, 4).warnings)
    source = pet_source(volume("Bq/ml"), None, "Bq/ml", options, start)
    assert not any("says that" in text for text in suv_factors(source, options, 4).warnings)
