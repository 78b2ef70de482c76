"""The rules about MR findings as a whole: their names, their reasons, and the numbers that decide in them."""

from __future__ import annotations

import ast
import inspect

import pytest
from PainGeneratorLib.Numerics.body import distances
from PainGeneratorLib.Numerics.core.records import MR_KINDS
from PainGeneratorLib.Numerics.mr import endplate_rules, fluid_rules, hip, marrow_rules, spine_rules, verdicts
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.rule_lists import MR_RULE_LISTS, mr_rule_names
from PainGeneratorLib.Workflow.protocol import load_protocol

RULE_MODULES = (spine_rules, marrow_rules, fluid_rules, endplate_rules)
HARMLESS = {0, 1, 2, 0.5, -1}
"""Numbers that may stand in a rule: signs, counts, halves."""


def test_the_protocol_offers_every_rule_to_be_switched_off() -> None:
    assert load_protocol("low-back").entry("mr_findings.rules_off")["choices"] == mr_rule_names()


def test_no_two_rules_about_mr_have_the_same_name() -> None:
    names = mr_rule_names()
    assert len(set(names)) == len(names)


def test_a_rule_is_switched_off_by_its_name_in_a_protocol() -> None:
    changed = load_protocol("low-back").with_values({"mr_findings.rules_off": "body-faint, skin"})
    assert changed.stage("mr_findings", MRParameters).rules_off == ("body-faint", "skin")


@pytest.mark.parametrize("subject", MR_RULE_LISTS)
def test_every_rule_says_what_it_holds_in_a_full_sentence(subject: str) -> None:
    for rule in MR_RULE_LISTS[subject]:
        assert rule.text.endswith("."), rule.name
        assert len(rule.text.split()) > 5, rule.name


@pytest.mark.parametrize("module", RULE_MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
@pytest.mark.source
def test_no_bare_number_decides_in_a_rule(module: object) -> None:
    tree = ast.parse(inspect.getsource(module))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions
    check_literals(functions)


@pytest.mark.source
def test_no_bare_number_decides_in_a_rule_about_hips() -> None:
    for rule in (*hip.HIP_RULES, *hip.HIP_DOUBTS):
        check_literals([ast.parse(inspect.getsource(rule.apply)).body[0]])


def check_literals(functions: list[ast.AST]) -> None:
    """Refuse numbers in functions, but for signs, counts and halves."""
    for function in functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                assert node.value in HARMLESS, f"{function.name} decides by {node.value}"


def test_every_distance_says_what_it_is_and_where_it_comes_from() -> None:
    table = {name: one for name, one in vars(distances).items() if isinstance(one, distances.Distance)}
    for name, one in table.items():
        assert one.text.endswith("."), name
        assert one.source.strip(), name
        assert one.unit in ("mm", "mm2", "ml", "deg", "part", "ratio", "mm per part"), name
        assert one.spread is None or one.spread[0] < one.spread[1], name


def test_the_kinds_of_verdicts_are_those_of_the_records() -> None:
    kinds = {
        verdicts.OEDEMA, verdicts.EFFUSION, verdicts.COLLECTION, verdicts.MODIC_I, verdicts.MODIC_II,
        verdicts.MODIC_III, verdicts.DISC_DEGENERATION,
    }  # fmt: skip
    assert kinds == set(MR_KINDS) - {"implant artefact"}
