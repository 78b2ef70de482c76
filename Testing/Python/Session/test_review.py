"""Review: every act changes what it says and nothing else, and can be undone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Numerics.fusion.pairs import place_of_rest
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Session.carrying import carry_decisions
from PainGeneratorLib.Session.review import Review, entries_of
from PainGeneratorLib.Session.review_acts import place_by_reader

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


def entry(number: int, at: tuple[float, float, float], score: float, reason: str = "Usual there.") -> Candidate:
    """What is set apart or to be looked at."""
    return dataclasses.replace(candidate(number, ball(at), score), reason=reason)


@dataclasses.dataclass
class Owner:
    """What holds the lists of what was found."""

    candidates: list[Candidate]
    set_apart: list[Candidate]
    attention: list[Candidate]
    naming: str = "as counted"
    regions: tuple = ()


@pytest.fixture
def owner() -> Owner:
    places = [((20.0, 0.0, 0.0), 60.0), ((-20.0, 5.0, 0.0), 40.0), ((-20.0, 5.0, 16.0), 30.0)]
    found = [candidate(n, ball(at), score) for n, (at, score) in enumerate(places, start=1)]
    apart = [entry(5, (20.0, 0.0, 40.0), -2.0), entry(6, (20.0, 0.0, -40.0), -7.0)]
    for rank, one in enumerate(apart, start=1):
        one.rank = rank
    to_look_at = entry(4, (-20.0, 5.0, 40.0), 35.0, "Larger than degenerative disease is.")
    to_look_at.rank = 1
    return Owner(found, apart, [to_look_at])


@pytest.fixture
def review(owner: Owner) -> Review:
    return Review(owner, measured)


def state(review: Review) -> list[list[tuple]]:
    lists = review.lists
    return [
        [(c.id, c.rank, c.status, c.place, c.comment, c.origin, c.volume_ml, c.reason, *c.flags) for c in entries]
        for entries in (lists.candidates, lists.set_apart, lists.attention)
    ]


ACTS = {
    "status": lambda r: r.set_status("PG-02", "accepted"),
    "rename": lambda r: r.rename("PG-02", Place("left pedicle L3", "pedicle", "left", "L3")),
    "comment": lambda r: r.comment("PG-02", "as in 2024"),
    "delete": lambda r: r.delete("PG-02"),
    "edit": lambda r: r.edit("PG-02", ball((-20.0, 5.0, 0.0), 9.0)),
    "add": lambda r: r.add(candidate(9, ball((0.0, -20.0, -30.0)), 20.0)),
    "merge": lambda r: r.merge(["PG-02", "PG-03"]),
    "bring back": lambda r: r.bring_back("PG-05"),
    "bring back from both lists": lambda r: r.bring_back(["PG-06", "PG-04"]),
    "name a level": lambda r: r.name_level("L5", "as named", Reading(r.candidates[:1], r.lists.attention, [])),
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


def sacroiliac(region: Region) -> Place:
    side = "right" if region.centroid_ras_mm[0] > 0.0 else "left"
    return Place(f"{side} sacroiliac joint", "sacroiliac joint", side)


def test_each_piece_of_a_pair_has_the_name_of_its_own_side() -> None:
    regions = [ball((20.0, 0.0, 0.0)), ball((-20.0, 0.0, 0.0))]
    example = EXAMPLES["Candidate"]
    assert isinstance(example, Candidate)
    spots = [dataclasses.replace(example.hot_spots[0], region=one) for one in regions]
    whole = Region(GRID, np.union1d(regions[0].flat, regions[1].flat))
    place = Place("both sacroiliac joints", "sacroiliac joint", "both")
    both = dataclasses.replace(candidate(1, whole, 9.0), place=place, hot_spots=spots)

    def named(one: Candidate) -> Candidate:
        return measured(dataclasses.replace(one, place=place_of_rest(one, sacroiliac) or one.place))

    review = Review(Owner([both], [], []), named)
    sides = [(review.get(one).place.side, review.get(one).centroid_ras_mm[0] > 0.0) for one in review.split("PG-01")]
    assert sorted(sides) == [("left", False), ("right", True)]


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


def ids(entries: list[Candidate]) -> list[str]:
    return [c.id for c in entries]


def test_what_is_brought_back_is_a_candidate_with_its_id_ranked_by_its_score(review: Review, owner: Owner) -> None:
    former = owner.attention[0]
    review.bring_back("PG-04")
    assert ids(owner.candidates) == ["PG-01", "PG-02", "PG-04", "PG-03"]
    assert (ids(owner.set_apart), ids(owner.attention)) == (["PG-05", "PG-06"], [])
    brought = review.get("PG-04")
    assert (brought.rank, brought.reason, brought.flags) == (3, "", ["brought-back"])
    assert (former.rank, former.flags) == (1, []), "the history keeps what it had"
    assert former.reason
    review.bring_back(["PG-06"])
    assert ids(owner.candidates)[-1] == "PG-06", "it counts by its points, not by the act"
    assert [(c.id, c.rank) for c in owner.set_apart] == [("PG-05", 1)]
    assert review.undo_text == "Make a candidate of PG-06"


def test_only_what_is_in_one_of_the_other_lists_can_be_brought_back(review: Review) -> None:
    for wrong in ("PG-01", "PG-77"):
        with pytest.raises(PainGeneratorError, match=f"{wrong} is not set apart"):
            review.bring_back(["PG-05", wrong])
    review.bring_back([])
    assert review.undo_text is None


def test_what_was_brought_back_is_a_candidate_as_any_other(review: Review) -> None:
    review.bring_back("PG-05")
    review.set_status("PG-05", "accepted")
    assert review.get("PG-05").status == "accepted"
    review.delete("PG-05")
    assert "PG-05" not in ids(entries_of(review.lists))


def test_an_entry_of_any_list_is_found_by_its_id(review: Review) -> None:
    assert [review.get_from_any(f"PG-0{n}").id for n in (1, 4, 6)] == ["PG-01", "PG-04", "PG-06"]
    with pytest.raises(PainGeneratorError, match="PG-77"):
        review.get_from_any("PG-77")
    with pytest.raises(PainGeneratorError, match="no candidate PG-05"):
        review.get("PG-05")


def test_no_act_gives_an_id_twice_over_the_lists(review: Review) -> None:
    review.add(candidate(9, ball((0.0, -20.0, -30.0)), 20.0))
    review.split(review.merge(["PG-02", "PG-03"]))
    review.bring_back(["PG-04", "PG-06"])
    review.add(candidate(9, ball((0.0, -20.0, 30.0)), 1.0))
    found = ids(entries_of(review.lists))
    assert len(found) == len(set(found)) == 8


def test_what_the_reader_adds_or_changes_stays_a_candidate_however_little_speaks_for_it(owner: Owner) -> None:
    review = Review(owner, lambda c: dataclasses.replace(measured(c), score=-30.0))
    added = review.add(candidate(9, ball((0.0, -20.0, -30.0)), 20.0))
    review.edit("PG-01", ball((20.0, 0.0, 0.0), 4.0))
    assert {added, "PG-01"} <= set(ids(owner.candidates))


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
    carried = carry_decisions([accepted, drawn, gone, undecided], Reading(new))
    by_id = {c.id: c for c in carried.lists.candidates}
    assert by_id["PG-01"].status == "accepted"
    assert by_id["PG-01"].comment == "sure"
    assert by_id["PG-01"].score == 50.0
    assert by_id["PG-02"].region is drawn.region
    assert carried.unmatched == [gone]
    assert len(carried.lists.candidates) == 2
    assert carried.notices == []


def test_a_new_candidate_that_takes_nobodys_decision_gets_a_free_id() -> None:
    accepted = dataclasses.replace(candidate(2, ball((20.0, 0, 0)), 60.0), status="accepted")
    new = [candidate(1, ball((20.0, 0, 0)), 50.0), candidate(2, ball((-30.0, 0, 0)), 55.0)]
    listed = carry_decisions([accepted], Reading(new)).lists.candidates
    assert sorted(ids(listed)) == ["PG-01", "PG-02"]
    assert next(c for c in listed if c.id == "PG-02").status == "accepted"


HERE = (20.0, 0.0, 0.0)
BESIDE = (24.0, 0.0, 0.0)
"""Within the reach of a decision at HERE."""


@pytest.mark.parametrize(("name", "word"), [("set_apart", "sets it apart"), ("attention", "to be looked at")])
def test_a_decided_candidate_that_a_new_run_sets_apart_stays_one_and_that_is_said(name: str, word: str) -> None:
    accepted = dataclasses.replace(candidate(2, ball(HERE), 60.0), status="accepted", comment="sure")
    new = Reading([candidate(1, ball((-20.0, 0, 0)), 70.0)], **{name: [entry(2, HERE, -4.0)]})
    carried = carry_decisions([accepted], new)
    kept = carried.lists.candidates[1]
    assert (kept.id, kept.status, kept.comment, kept.score) == ("PG-02", "accepted", "sure", -4.0)
    assert (kept.reason, kept.flags) == ("", ["brought-back"])
    assert (carried.lists.set_apart, carried.lists.attention, carried.unmatched) == ([], [], [])
    (notice,) = carried.notices
    assert all(part in notice for part in ("PG-02", accepted.place.name, word, "Usual there."))


def test_what_was_brought_back_stays_so_in_a_new_run_wherever_it_is_found() -> None:
    brought = dataclasses.replace(candidate(5, ball(HERE), -2.0), flags=["brought-back"])
    for new in (Reading(set_apart=[entry(7, HERE, -3.0)]), Reading([candidate(7, ball(HERE), 4.0)])):
        (kept,) = carry_decisions([brought], new).lists.candidates
        assert (kept.id, kept.flags) == ("PG-05", ["brought-back"])
    assert carry_decisions([brought], Reading()).unmatched == [brought]


def test_a_decision_goes_to_the_entry_that_shares_its_voxels_and_not_to_a_nearer_one() -> None:
    accepted = dataclasses.replace(candidate(1, ball(HERE), 60.0), status="accepted")
    same = candidate(1, ball(BESIDE, 9.0), 50.0)
    nearer = entry(2, (20.5, 0.0, 9.0), -4.0)
    nearer.centroid_ras_mm = np.array([20.5, 0.0, 0.0])
    carried = carry_decisions([accepted], Reading([same], [nearer]))
    assert carried.lists.candidates[0].region is same.region
    assert ids(carried.lists.set_apart) == ["PG-02"]


def test_an_outline_of_the_reader_takes_the_place_of_its_twin_in_any_list() -> None:
    drawn = dataclasses.replace(candidate(2, ball(HERE), 40.0), origin="edited")
    carried = carry_decisions([drawn], Reading(set_apart=[entry(1, BESIDE, -4.0)]))
    assert [c.region for c in entries_of(carried.lists)] == [drawn.region]
    assert len(carried.notices) == 1


def test_after_a_new_run_no_two_entries_have_one_id() -> None:
    accepted = dataclasses.replace(candidate(1, ball(HERE), 60.0), status="accepted")
    earlier = dataclasses.replace(candidate(1, ball((-20.0, 0, 0)), 50.0), status="rejected")
    new = Reading(
        [candidate(1, ball((-20.0, 0, 0)), 70.0)], [entry(2, HERE, -4.0), entry(3, (0, 0, 45.0), -5.0)],
        [entry(1, (0, 0, -45.0), 9.0)],
    )  # fmt: skip
    found = carry_decisions([accepted, earlier], new).lists
    listed = ids(entries_of(found))
    assert len(set(listed)) == len(listed) == 4
    assert sorted(c.status for c in found.candidates) == ["accepted", "rejected"]


def test_what_was_deleted_stays_off_the_list_when_it_is_found_again_and_that_is_said() -> None:
    deleted = candidate(1, ball(HERE), 60.0)
    again, other = candidate(1, ball((20.0, 1.0, 0.0), 6.5), 50.0), candidate(2, ball((-20.0, 0, 0)), 40.0)
    carried = carry_decisions([], Reading([again, other]), [deleted])
    assert [c.region for c in carried.lists.candidates] == [other.region]
    (notice,) = carried.notices
    assert again.place.name in notice
    assert "stays off the list, as you deleted it" in notice


@pytest.mark.parametrize(("center", "radius", "notices"), [(BESIDE, 12.0, 1), (HERE, 2.5, 1), ((33.0, 0, 0), 6.0, 0)])
def test_a_deletion_hides_no_candidate_with_another_outline(center: tuple, radius: float, notices: int) -> None:
    listed = candidate(4, ball(center, radius), 50.0)
    carried = carry_decisions([], Reading([listed]), [candidate(1, ball(HERE), 60.0)])
    assert ids(carried.lists.candidates) == ["PG-04"]
    assert len(carried.notices) == notices


def test_a_deletion_hides_no_candidate_that_has_a_decision_and_none_for_an_outline_of_the_reader() -> None:
    accepted = dataclasses.replace(candidate(2, ball(HERE), 60.0), status="accepted")
    new = Reading([candidate(1, ball(HERE), 50.0)])
    assert ids(carry_decisions([accepted], new, [candidate(1, ball(HERE), 60.0)]).lists.candidates) == ["PG-02"]
    drawn = dataclasses.replace(candidate(7, ball(HERE), 60.0), origin="manual")
    assert ids(carry_decisions([], new, [drawn]).lists.candidates) == ["PG-01"]


def test_a_name_that_the_reader_types_is_one_line_with_a_level_that_exists():
    old = Place("right facet joint L4/L5", "facet joint", "right", "L4/L5")
    place = place_by_reader(old, " facet\njoint\u2028 of  the\tback ", "left", "l2-3")
    assert place.name == "left facet joint of the back L2/L3"
    assert (place.structure, place.level) == ("facet joint of the back", "L2/L3")
    assert place_by_reader(old, "disc", "midline", "L4/S1").level == "L4/S1", "a level of the list to choose from"
    assert place_by_reader(old, "disc", "midline", "").level is None
    with pytest.raises(PainGeneratorError, match="There is no level 'L9/L10'"):
        place_by_reader(old, "disc", "midline", "L9/L10")
    unusual = Place("disc A/B", "disc", "midline", "A/B")
    assert place_by_reader(unusual, "disc", "left", "A/B").level == "A/B", "a level that was not changed"
