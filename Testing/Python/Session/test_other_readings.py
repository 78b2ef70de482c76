"""What the acts of a review refuse while a case has more than one reading."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.words import Status
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Session.case_state import CaseState, Naming, ReadersState
from PainGeneratorLib.Session.ground import GroundActs
from PainGeneratorLib.Session.readings import StoredReading
from PainGeneratorLib.Session.review_acts import ReviewActs
from test_review import ball, candidate, entry

ANNA, BERT = "Anna A.", "Bert B."
LEFT = (-20.0, 0.0, 0.0)


class Anything:
    """Stands for parts that only show what the acts did."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_named: None


def found() -> Any:
    return SimpleNamespace(
        candidates=[candidate(1, ball((20.0, 0, 0)), 9.0), candidate(2, ball(LEFT), 8.0)],
        set_apart=[entry(3, (0.0, 0.0, 40.0), -2.0)],
        attention=[],
        regions=(),
    )


def case(*edits: str) -> Any:
    return SimpleNamespace(options=SimpleNamespace(reference_edits=edits, level=None))


@pytest.fixture
def state() -> CaseState:
    some: Any = object()
    now: Any = CaseState(case(), some, some, None, found())
    now.readers = ReadersState(reader=BERT, label=ANNA, others=[StoredReading(BERT, Reading())])
    now.unmatched = [candidate(8, ball((0.0, 30.0, 0.0)), 1.0)]
    return now


@pytest.fixture
def acts(state: CaseState) -> ReviewActs:
    part: Any = Anything()
    part.measured = lambda one: one
    return ReviewActs(part, state, part, part, part, part, part, lambda _what: None)


def statuses(state: CaseState) -> list[tuple[str, str]]:
    return [(one.id, one.status) for one in state.candidates]


ACTS = {
    "decide": lambda acts: acts.set_status(["PG-01"], Status.REJECTED),
    "rename": lambda acts: acts.rename("PG-01", "pedicle", "left", "L3"),
    "name a level": lambda acts: acts.name_level("L5", ball(LEFT).centroid_ras_mm),
    "comment": lambda acts: acts.comment("PG-01", "sure"),
    "delete": lambda acts: acts.delete(["PG-01"]),
    "merge": lambda acts: acts.merge(["PG-01", "PG-02"]),
    "split": lambda acts: acts.split("PG-01"),
    "add": lambda acts: acts.add_at(ball(LEFT).centroid_ras_mm),
    "begin an outline": lambda acts: acts.begin_edit("PG-01"),
    "draw an outline": lambda acts: acts.segment_edited("PG-01"),
    "bring back": lambda acts: acts.bring_back(["PG-03"]),
    "keep what was not found again": lambda acts: acts.keep_unmatched("PG-08"),
    "dismiss what was not found again": lambda acts: acts.dismiss_unmatched("PG-08"),
    "keep a region": lambda acts: acts.keep_regions("Keep region S-01", ()),
    "undo": lambda acts: acts.undo(),
    "redo": lambda acts: acts.redo(),
}


@pytest.mark.parametrize("name", ACTS)
def test_no_act_changes_the_reading_of_another_reader(acts: ReviewActs, state: CaseState, name: str) -> None:
    state.readers.reader = ANNA
    acts.set_status(["PG-02"], Status.ACCEPTED)
    acts.set_status(["PG-01"], Status.ACCEPTED)
    acts.undo()
    before = statuses(state)
    state.readers.reader = BERT
    with pytest.raises(PainGeneratorError, match=r"is that of Anna A\., and the field Reader says Bert B\."):
        ACTS[name](acts)
    assert statuses(state) == before
    assert len(state.unmatched) == 1


@pytest.mark.parametrize("change", ["reader", "label", "others"])
def test_the_own_reading_one_without_a_name_and_the_only_one_can_be_changed(
    acts: ReviewActs, state: CaseState, change: str
) -> None:
    now: Any = {"reader": ANNA, "label": "", "others": []}
    setattr(state.readers, change, now[change])
    acts.set_status(["PG-01"], Status.REJECTED)
    assert statuses(state)[0] == ("PG-01", "rejected")


def test_references_are_changed_for_no_reader_alone(acts: ReviewActs, state: CaseState) -> None:
    part: Any = Anything()
    with pytest.raises(PainGeneratorError, match="more than one reading"):
        acts.take_result("Reference without muscle", case("without muscle"), found())
    with pytest.raises(PainGeneratorError, match="more than one reading"):
        GroundActs(part, state, part, acts).job("")


def test_other_references_are_undone_and_done_again_only_while_there_is_one_reading(
    acts: ReviewActs, state: CaseState
) -> None:
    state.readers.reader, others, state.readers.others = ANNA, state.readers.others, []
    former = state.found
    naming = Naming(case("without muscle"), None, found())
    acts.review.replace_all("Reference without muscle", naming, Reading(list(naming.found.candidates)))
    state.readers.others = others
    with pytest.raises(PainGeneratorError, match="more than one reading"):
        acts.undo()
    assert state.found is naming.found
    state.readers.others = []
    acts.undo()
    assert state.found is former
    state.readers.others = others
    with pytest.raises(PainGeneratorError, match="more than one reading"):
        acts.redo()
    assert state.found is former
