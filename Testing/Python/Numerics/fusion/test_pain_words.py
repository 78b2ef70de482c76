"""What the ledger says of the marked pain."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Numerics.fusion.ledger import _pain_text


@pytest.mark.parametrize(
    ("distance", "strength", "text"),
    [
        (12.4, 1.0, "12 mm from the marked pain."),
        (111.0, 0.5, "On the painful side, but 111 mm from the marked pain."),
        (None, 0.5, "On the painful side."),
        (111.0, 0.0, "Away from the marked pain."),
    ],
)
def test_a_place_far_from_the_marked_pain_is_not_said_to_fit_it_by_its_distance(
    distance: float | None, strength: float, text: str
) -> None:
    assert _pain_text(distance, strength, far_mm=60.0) == text
