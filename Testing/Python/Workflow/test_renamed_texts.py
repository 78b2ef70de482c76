"""Texts that tell of places take their new names, each once, and nothing else changes."""

from __future__ import annotations

import dataclasses

from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.records import Candidate
from PainGeneratorLib.Workflow.renamed_texts import RenamedTexts

UP = {"disc L4/L5": "disc L3/L4", "disc L3/L4": "disc L2/L3", "vertebral body L1": "vertebral body T12"}


def test_a_name_that_is_the_former_name_of_another_place_is_changed_once() -> None:
    assert RenamedTexts(UP)("disc L4/L5 beside disc L3/L4") == "disc L3/L4 beside disc L2/L3"


def test_a_name_at_the_beginning_of_a_sentence_keeps_its_capital() -> None:
    assert RenamedTexts(UP)("Disc L4/L5 and both its endplates.") == "Disc L3/L4 and both its endplates."


def test_a_longer_name_is_not_taken_for_the_one_it_begins_with() -> None:
    texts = RenamedTexts(UP)
    assert texts("vertebral body L12, vertebral body L1/L2") == "vertebral body L12, vertebral body L1/L2"
    assert texts("in the conus, from T11 to L1") == "in the conus, from T11 to L1"


def test_without_new_names_nothing_changes() -> None:
    assert RenamedTexts({})("disc L4/L5") == "disc L4/L5"
    assert RenamedTexts({"disc L4/L5": "disc L4/L5"})("disc L4/L5") == "disc L4/L5"


def test_ledger_and_reason_of_an_entry_take_the_new_names() -> None:
    example = EXAMPLES["Candidate"]
    assert isinstance(example, Candidate)
    entry = dataclasses.replace(example.ledger[0], text="Uptake of disc L4/L5 reaches here.")
    candidate = dataclasses.replace(example, reason="Disc L4/L5 is hot.", ledger=(entry,))
    new = RenamedTexts(UP).of_candidate(candidate)
    assert (new.reason, new.ledger[0].text) == ("Disc L3/L4 is hot.", "Uptake of disc L3/L4 reaches here.")
    assert new.ledger[0].points == entry.points
    assert candidate.reason == "Disc L4/L5 is hot.", "the entry of the history stays as it was"
    assert RenamedTexts({}).of_candidate(candidate) is candidate
