"""Acts without a name belong to nobody until a reader says that they are his."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Numerics.core.reference_edits import EditKind, ReferenceEdit
from PainGeneratorLib.Numerics.core.spheres import SphereRegion
from PainGeneratorLib.Scene.case_text import to_text
from PainGeneratorLib.Session.case_state import CaseState
from PainGeneratorLib.Session.readers import ReaderControl
from PainGeneratorLib.Session.review import Review
from PainGeneratorLib.Workflow.case import CaseOptions

ANNA, BERT = "Anna A.", "Bert B."


def candidate(number: int) -> Candidate:
    region = Region(Geometry((4, 4, 4), np.eye(4)), np.array([number]))
    place = Place("disc L4/L5", "disc", "midline", "L4/L5")
    return Candidate(f"PG-{number:02d}", number, 1.0, place, "PET only", region, np.zeros(3), 1.0)


class Acts:
    """The acts on a list without a scene."""

    def __init__(self, state: CaseState) -> None:
        self.state, self.review = state, self.new(state)

    @staticmethod
    def new(state: CaseState) -> Review:
        return Review(state, lambda candidate: candidate, lambda: state.readers.reader)

    def new_review(self, deleted: Any = ()) -> Review:
        return self.new(self.state)

    @staticmethod
    def measured_again(regions: Any) -> Any:
        return tuple(regions)

    def take_over(self, review: Review) -> None:
        self.review = review


@pytest.fixture
def state() -> CaseState:
    filled: Any = CaseState()
    edits = (ReferenceEdit(str(EditKind.WITHOUT_TISSUE), "muscle"),)
    filled.case = SimpleNamespace(options=CaseOptions(level=("L5", (0.0, 0.0, 0.0)), reference_edits=edits))
    filled.suv = filled.alignment = SimpleNamespace()
    lists = {"candidates": [candidate(1), candidate(2)], "set_apart": [], "attention": [], "regions": ()}
    filled.found = SimpleNamespace(**lists)
    return filled


@pytest.fixture
def acts(state: CaseState) -> Acts:
    return Acts(state)


@pytest.fixture
def reading(state: CaseState, acts: Acts) -> ReaderControl:
    parts: Any = (state, acts, SimpleNamespace(namer=lambda: None), print)
    return ReaderControl(*parts)


def test_a_name_that_is_typed_signs_nothing_that_was_done_before(reading: Any, acts: Acts) -> None:
    acts.review.set_status("PG-01", "accepted")
    reading.set_name(BERT)
    assert [act.reader for act in acts.review.get("PG-01").acts] == [""]
    assert (reading.unsigned(), reading.label) == (1, "")
    acts.review.set_status("PG-02", "rejected")
    assert [act.reader for act in acts.review.get("PG-02").acts] == [BERT]
    assert reading.sign() == 1
    assert [act.reader for act in acts.review.get("PG-01").acts] == [BERT]
    assert (reading.unsigned(), reading.label) == (0, BERT)


def test_a_reading_without_a_name_is_put_aside_as_that_of_nobody(reading: Any, acts: Acts) -> None:
    acts.review.set_status("PG-01", "accepted")
    reading.set_name(BERT)
    reading.begin_blind(BERT)
    reading.show_all()
    first, second = reading.readers().readings
    assert (first.label, second.label) == ("", BERT)
    assert first.readers in ([], [""])


def test_a_blind_review_hides_regions_and_tells_what_it_takes_over(reading: Any, state: Any, acts: Acts) -> None:
    region = SphereRegion("S-01", "disc L4/L5", np.zeros(3), 10.0, 0.5)
    state.regions = (region,)
    reading.set_name(ANNA)
    acts.review.set_status("PG-01", "accepted")
    reading.begin_blind(BERT)
    assert state.regions == ()
    told = state.notices[-1]
    assert "levels counted from the L5 that was named; Reference without muscle" in told
    own = SphereRegion("S-02", "disc L3/L4", np.zeros(3), 10.0, 0.5)
    state.regions = (own,)
    reading.show_all()
    assert state.regions == (region, own)
    assert state.readers.hidden_regions == ()


def test_a_copy_of_a_blind_review_holds_nothing_of_the_first_reader(reading: Any, state: Any, acts: Acts) -> None:
    reading.set_name(ANNA)
    acts.review.comment("PG-01", "typical")
    acts.review.set_status("PG-01", "accepted")
    state.regions = (SphereRegion("S-01", "hip", np.zeros(3), 10.0, 0.5),)
    reading.begin_blind(BERT)
    acts.review.set_status("PG-02", "rejected")
    assert ANNA in to_text(reading.to_kept())
    copy = reading.to_blind_kept()
    text = to_text(copy)
    assert all(word not in text for word in (ANNA, "typical", "S-01"))
    assert (copy["label"], copy["place"], copy["others"]) == (BERT, 0, [])
