"""Short names of places: the side, one word, the level."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Numerics.core.records import UNCERTAIN_LEVEL_FLAG, Place
from PainGeneratorLib.Numerics.core.short_names import short_name, short_name_with_doubts
from PainGeneratorLib.Numerics.core.site_order import STRUCTURES
from PainGeneratorLib.Numerics.core.strength import strength_word


@pytest.mark.parametrize(
    ("structure", "side", "level", "zone", "expected"),
    [
        ("facet joint", "right", "L4/L5", None, "R facet L4/5"),
        ("facet joint", "both", "L5/S1", None, "Both facet L5/S1"),
        ("sacroiliac joint", "left", None, None, "L SIJ"),
        ("discovertebral unit", "midline", "L5/S1", None, "Endplates L5/S1"),
        ("upper endplate", "midline", "L5/S1", None, "Sup. endplate S1"),
        ("lower endplate", "left", "L2/L3", None, "L inf. endplate L2"),
        ("disc", "midline", "T12/L1", None, "Disc T12/L1"),
        ("pedicle", "left", "L3", None, "L pedicle L3"),
        ("femur", "left", None, "Gruen 7", "L Gruen 7"),
        ("acetabulum", "right", None, "DeLee-Charnley II", "R DeLee II"),
        ("gluteus medius", "right", None, None, "R gluteus medius"),
        ("unnamed", "midline", None, None, "Unnamed"),
    ],
)
def test_a_short_name_has_side_structure_and_level(
    structure: str, side: str, level: str | None, zone: str | None, expected: str
) -> None:
    assert short_name(Place("the whole name", structure, side, level, zone)) == expected


def test_short_names_of_two_sites_of_one_case_differ_and_fit_into_a_narrow_column() -> None:
    names = [short_name(Place("x", structure, "left", "L4/L5")) for structure in STRUCTURES]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 24


@pytest.mark.parametrize(
    ("side", "side_certainty", "flags", "expected"),
    [
        ("right", "certain", (), "R facet L4/5"),
        ("right", "likely", (), "R? facet L4/5"),
        ("left", "certain", (UNCERTAIN_LEVEL_FLAG,), "L facet L4/5?"),
        ("midline", "likely", (), "Facet L4/5"),
    ],
)
def test_a_question_mark_follows_what_is_not_certain(
    side: str, side_certainty: str, flags: tuple[str, ...], expected: str
) -> None:
    place = Place("the whole name", "facet joint", side, "L4/L5", None, flags, side_certainty)
    assert short_name_with_doubts(place) == expected


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (10.0, "strong"),
        (9.9, "moderate"),
        (9.96, "strong"),
        (9.94, "moderate"),
        (6.0, "moderate"),
        (3.0, "weak"),
        (2.9, "little"),
        (-20.0, "little"),
    ],
)
def test_points_have_a_word(score: float, word: str) -> None:
    assert strength_word(score) == word
