"""Review: every act changes what it says and nothing else, and can be undone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Session.review import Review, carry_decisions

GRID = Geometry((40, 50, 60), np.array([[-2.0, 0, 0, 60], [0, -2.5, 0, 50], [0, 0, 3.0, -60], [0, 0, 0, 1.0]]))


def ball(center: tuple[float, float, float], radius: float = 6.0) -> Region:
    points = GRID.flat_to_ras(np.arange(GRID.size))
    return Region(GRID, np.flatnonzero(np.linalg.norm(points - center, axis=1) <= radius))


def candidate(number: int, region: Region, score: float) -> Candidate:
    place = Place("right facet joint L4/L5", "facet joint", "right", "L4/L5")
    return Candidate(
        f"PG-{number:02d}", number, score, place, "PET only", region, region.centroid_ras_mm, region.volume_ml
    )


def measured(candidate: Candidate) -> Candidate:
    region = candidate.region
    return dataclasses.replace(candidate, volume_ml=region.volume_ml, centroid_ras_mm=region.centroid_ras_mm)


@dataclasses.dataclass
class Owner:
    """What holds the list of candidates."""

    candidates: list[Candidate]
    naming: str = "as counted"


@pytest.fixture
def owner() -> Owner:
    places = [((20.0, 0.0, 0.0), 60.0), ((-20.0, 5.0, 0.0), 40.0), ((-20.0, 5.0, 16.0), 30.0)]
    return Owner([candidate(n, ball(at), score) for n, (at, score) in enumerate(places, start=1)])


@pytest.fixture
def review(owner: Owner) -> Review:
    return Review(owner, measured)


def state(review: Review) -> list[tuple]:
    return [(c.id, c.rank, c.status, c.place, c.comment, c.origin, c.volume_ml) for c in review.candidates]


ACTS = {
    "status": lambda r: r.set_status("PG-02", "accepted"),
    "rename": lambda r: r.rename("PG-02", Place("left pedicle L3", "pedicle", "left", "L3")),
    "comment": lambda r: r.comment("PG-02", "as in 2024"),
    "delete": lambda r: r.delete("PG-02"),
    "edit": lambda r: r.edit("PG-02", ball((-20.0, 5.0, 0.0), 9.0)),
    "add": lambda r: r.add(candidate(9, ball((0.0, -20.0, -30.0)), 20.0)),
    "merge": lambda r: r.merge(["PG-02", "PG-03"]),
}


@pytest.mark.parametrize("name", ACTS)
def test_every_act_can_be_undone_and_done_again(review: Review, name: str) -> None:
    before = state(review)
    ACTS[name](review)
    after = state(review)
    assert after != before
    assert review.undo_text
    review.undo()
    assert state(review) == before
    assert review.undo_text is None
    assert review.redo_text
    review.redo()
    assert state(review) == after


def test_the_list_stands_with_its_owner_only(review: Review, owner: Owner) -> None:
    former = owner.candidates
    review.set_status("PG-02", "accepted")
    assert review.candidates is owner.candidates
    assert [c.status for c in owner.candidates] == ["pending", "accepted", "pending"]
    assert [c.status for c in former] == ["pending"] * 3, "the history keeps what it had"
    review.undo()
    assert [c.status for c in owner.candidates] == ["pending"] * 3


def test_a_new_act_ends_the_way_forward(review: Review) -> None:
    review.set_status("PG-01", "rejected")
    review.undo()
    review.set_status("PG-02", "physiologic")
    assert review.redo_text is None
    assert [c.status for c in review.candidates] == ["pending", "physiologic", "pending"]


def test_an_edit_changes_measures_and_origin_and_keeps_the_name(review: Review) -> None:
    old = review.get("PG-02")
    review.edit("PG-02", ball((-20.0, 5.0, 0.0), 9.0))
    new = review.get("PG-02")
    assert new.volume_ml > 2 * old.volume_ml
    assert new.origin == "edited"
    assert new.place == old.place
    assert old.origin == "automatic"
    with pytest.raises(PainGeneratorError, match="empty"):
        review.edit("PG-02", Region(GRID, np.empty(0, dtype=np.int64)))


def test_a_merged_candidate_has_the_voxels_of_both_and_the_name_of_the_better(review: Review) -> None:
    volumes = [review.get(name).volume_ml for name in ("PG-02", "PG-03")]
    review.comment("PG-03", "lower part")
    merged = review.get(review.merge(["PG-03", "PG-02"]))
    assert merged.id == "PG-02"
    assert merged.volume_ml == pytest.approx(sum(volumes))
    assert merged.comment == "lower part"
    assert [c.id for c in review.candidates] == ["PG-01", "PG-02"]
    with pytest.raises(PainGeneratorError, match="alone"):
        review.merge(["PG-01"])


def test_a_split_takes_merged_parts_apart_again(review: Review) -> None:
    volumes = sorted(review.get(name).volume_ml for name in ("PG-02", "PG-03"))
    merged = review.merge(["PG-02", "PG-03"])
    ids = review.split(merged)
    assert sorted(review.get(name).volume_ml for name in ids) == pytest.approx(volumes)
    assert ids[0] == "PG-02"
    assert len({c.id for c in review.candidates}) == 3


def test_one_piece_is_cut_at_its_waist_and_a_ball_is_not(review: Review) -> None:
    dumbbell = Region(GRID, np.union1d(ball((-20.0, 5.0, 0.0)).flat, ball((-20.0, 15.0, 0.0)).flat))
    review.edit("PG-02", dumbbell)
    ids = review.split("PG-02")
    centers = sorted(float(review.get(name).centroid_ras_mm[1]) for name in ids)
    assert len(ids) == 2
    assert centers[0] < 8.0 < 12.0 < centers[1]
    with pytest.raises(PainGeneratorError, match="no waist"):
        review.split("PG-01")


def test_an_added_candidate_is_manual_and_has_an_id_of_its_own(review: Review) -> None:
    name = review.add(candidate(1, ball((0.0, -20.0, -30.0)), 99.0))
    assert review.get(name).origin == "manual"
    assert review.get(name).rank == 1
    assert len({c.id for c in review.candidates}) == 4


def test_an_unknown_candidate_or_status_is_refused(review: Review) -> None:
    with pytest.raises(PainGeneratorError, match="PG-77"):
        review.delete("PG-77")
    with pytest.raises(ValueError, match="maybe"):
        review.set_status("PG-01", "maybe")


@pytest.mark.parametrize(
    ("text", "kept"), [("a\0b", "ab"), ("a\ud800b", "a?b"), ('ü\n"<\U0001f600>"', 'ü\n"<\U0001f600>"')]
)
def test_a_comment_keeps_all_that_a_scene_can_hold(review: Review, text: str, kept: str) -> None:
    review.comment("PG-01", text)
    assert review.get("PG-01").comment == kept


def test_an_act_on_no_candidate_leaves_nothing_to_undo(review: Review) -> None:
    review.set_status([], "accepted")
    review.delete([])
    assert review.undo_text is None


def test_decisions_follow_the_place_when_a_step_runs_again() -> None:
    accepted = dataclasses.replace(candidate(1, ball((20.0, 0, 0)), 60.0), status="accepted", comment="sure")
    drawn = dataclasses.replace(candidate(2, ball((-20.0, 0, 0)), 40.0), origin="edited", status="accepted")
    gone = dataclasses.replace(candidate(3, ball((0.0, 0, 45.0)), 30.0), status="rejected")
    undecided = candidate(4, ball((0.0, 0, -45.0)), 20.0)
    new = [candidate(1, ball((-21.0, 0, 0), 5.0), 70.0), candidate(2, ball((22.0, 1.0, 0)), 50.0)]
    carried = carry_decisions([accepted, drawn, gone, undecided], new)
    by_id = {c.id: c for c in carried.candidates}
    assert by_id["PG-01"].status == "accepted"
    assert by_id["PG-01"].comment == "sure"
    assert by_id["PG-01"].score == 50.0
    assert by_id["PG-02"].region is drawn.region
    assert carried.unmatched == [gone]
    assert len(carried.candidates) == 2


def test_a_new_candidate_that_takes_nobodys_decision_gets_a_free_id() -> None:
    accepted = dataclasses.replace(candidate(2, ball((20.0, 0, 0)), 60.0), status="accepted")
    new = [candidate(1, ball((20.0, 0, 0)), 50.0), candidate(2, ball((-30.0, 0, 0)), 55.0)]
    carried = carry_decisions([accepted], new)
    assert sorted(c.id for c in carried.candidates) == ["PG-01", "PG-02"]
    assert next(c for c in carried.candidates if c.id == "PG-02").status == "accepted"
