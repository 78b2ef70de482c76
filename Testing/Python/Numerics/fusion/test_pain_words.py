"""What the ledger says of the marked pain."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fusion_cases import facts
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.records import Candidate
from PainGeneratorLib.Numerics.fusion.judged import Judged
from PainGeneratorLib.Numerics.fusion.ledger import PAIN, _pain_text, ledger_of
from PainGeneratorLib.Numerics.fusion.symptoms import Symptoms


@pytest.mark.parametrize(
    ("distance", "strength", "text"),
    [
        (12.4, 1.0, "12 mm from the marked pain."),
        (111.0, 0.5, "On the painful side, but 111 mm from the marked pain."),
        (None, 0.5, "On the painful side."),
        (111.0, 0.0, "Away from the marked pain."),
        (None, 0.0, "Not on the painful side."),
    ],
)
def test_a_place_far_from_the_marked_pain_is_not_said_to_fit_it_by_its_distance(
    distance: float | None, strength: float, text: str
) -> None:
    assert _pain_text(distance, strength, far_mm=60.0) == text


@pytest.mark.parametrize(("side", "state"), [("left", "present"), ("right", "absent")])
def test_a_match_with_the_pain_is_present_only_where_there_is_one(side: str, state: str) -> None:
    example = EXAMPLES["Candidate"]
    assert isinstance(example, Candidate)
    one = dataclasses.replace(example, place=dataclasses.replace(example.place, side=side))
    judged = Judged(one, facts(symptoms=Symptoms(np.empty((0, 3)), "left")))
    (entry,) = (entry for entry in ledger_of(judged) if entry.sign == PAIN)
    assert (entry.state, entry.points > 0) == (state, state == "present")
