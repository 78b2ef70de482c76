"""A list of rules: the first that applies decides, by name, and each can be switched off."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Numerics.core.rules import Rule, RuleList


def is_negative(value: int) -> str | None:
    """Below zero."""
    return "negative" if value < 0 else None


def is_small(value: int) -> str | None:
    """Below ten."""
    return "small" if value < 10 else None


def without_text(value: int) -> str | None:
    return None


RULES = RuleList([Rule("negative", is_negative), Rule("small", is_small)])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-1, ("negative", "negative")), (0, ("small", "small")), (9, ("small", "small")), (10, None)],
)
def test_the_first_rule_that_applies_gives_name_and_verdict(value: int, expected: tuple[str, str] | None) -> None:
    assert RULES.first(value) == expected


def test_a_rule_that_is_switched_off_is_not_asked() -> None:
    assert RULES.first(-1, switched_off=["negative"]) == ("small", "small")
    assert RULES.first(-1, switched_off=["negative", "small"]) is None


def test_rules_have_names_that_are_unique_and_texts_that_say_what_they_hold() -> None:
    assert RULES.names == ("negative", "small")
    assert [rule.text for rule in RULES] == ["Below zero.", "Below ten."]
    with pytest.raises(ValueError, match="same name: \\['one', 'one'\\]"):
        RuleList([Rule("one", is_small), Rule("one", is_negative)])
    with pytest.raises(ValueError, match="do not say what they hold: \\['silent'\\]"):
        RuleList([Rule("silent", without_text)])
