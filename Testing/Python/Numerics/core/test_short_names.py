"""Short names of places: one word, the level, the side."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Numerics.core.records import Place
from PainGeneratorLib.Numerics.core.short_names import SHORT_STRUCTURES, short_name
from PainGeneratorLib.Numerics.core.site_order import STRUCTURES
from PainGeneratorLib.Numerics.core.strength import strength_word


@pytest.mark.parametrize(
    ("structure", "side", "level", "zone", "expected"),
    [
        ("facet joint", "right", "L4/L5", None, "Facet L4/5 R"),
        ("facet joint", "both", "L5/S1", None, "Facet L5/S1 both"),
        ("sacroiliac joint", "left", None, None, "SIJ L"),
        ("discovertebral unit", "midline", "L5/S1", None, "Endplates L5/S1"),
        ("upper endplate", "midline", "L5/S1", None, "Sup. endplate S1"),
        ("lower endplate", "left", "L2/L3", None, "Inf. endplate L2 L"),
        ("disc", "midline", "T12/L1", None, "Disc T12/L1"),
        ("pedicle", "left", "L3", None, "Pedicle L3 L"),
        ("femur", "left", None, "Gruen 7", "Gruen 7 L"),
        ("acetabulum", "right", None, "DeLee-Charnley II", "DeLee II R"),
        ("gluteus medius", "right", None, None, "Gluteus medius R"),
        ("unnamed", "midline", None, None, "Unnamed"),
    ],
)
def test_a_short_name_has_structure_level_and_side(
    structure: str, side: str, level: str | None, zone: str | None, expected: str
) -> None:
    assert short_name(Place("the whole name", structure, side, level, zone)) == expected


def test_short_names_of_two_sites_of_one_case_differ_and_fit_into_a_narrow_column() -> None:
    names = [short_name(Place("x", structure, "left", "L4/L5")) for structure in STRUCTURES]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 24
    assert all(short[0].isupper() for short in SHORT_STRUCTURES.values())


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
