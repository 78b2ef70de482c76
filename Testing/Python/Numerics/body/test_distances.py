"""The table of anatomical distances."""

from __future__ import annotations

import ast
import inspect

import pytest
from PainGeneratorLib.Numerics.body import distances
from PainGeneratorLib.Numerics.body.distances import Distance

TABLE = {name: entry for name, entry in vars(distances).items() if isinstance(entry, Distance)}
UNITS = {"mm", "mm2", "ml", "deg", "part", "mm per part", "ratio"}


def test_no_name_is_given_twice() -> None:
    tree = ast.parse(inspect.getsource(distances))
    names = [target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("name", TABLE)
def test_an_entry_says_what_it_is_with_unit_and_source(name: str) -> None:
    entry = TABLE[name]
    assert entry.unit in UNITS
    assert entry.text.endswith(".")
    assert entry.source


PAIRS = [
    (name, name.removesuffix("LEAST") + "MOST")
    for name in TABLE
    if name.endswith("LEAST") and name.removesuffix("LEAST") + "MOST" in TABLE
]


@pytest.mark.parametrize(("least", "most"), PAIRS)
def test_a_lower_bound_lies_below_its_upper_bound(least: str, most: str) -> None:
    assert TABLE[least].value < TABLE[most].value


@pytest.mark.parametrize("name", [name for name, entry in TABLE.items() if entry.spread is not None])
def test_a_spread_runs_from_low_to_high(name: str) -> None:
    low, high = TABLE[name].spread
    assert low < high
