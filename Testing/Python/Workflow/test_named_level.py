"""What was found is renamed by the level that the reader named, without finding or measuring anything again."""

from __future__ import annotations

import dataclasses
import time
from types import SimpleNamespace

import numpy as np
import pytest
from kept_examples import EXAMPLES, example_case, example_found
from PainGeneratorLib.Numerics.body.level_names import GivenLevel
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region, ball
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, Place
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Numerics.fusion.pairs import joint_place
from PainGeneratorLib.Workflow.case import Case, CaseOptions
from PainGeneratorLib.Workflow.finding import Found
from PainGeneratorLib.Workflow.naming import with_named_level
from PainGeneratorLib.Workflow.sites import NOT_MEASURED, NOT_MEASURED_ANEW, UNCONFIRMED_LINE, find_case_sites
from PainGeneratorLib.Workflow.stages import Alignment, Suv
from small_bodies import aligned
from straight_back import at, height, straight_plan, straight_spine

GRID = Geometry((140, 60, 60), np.array([[2.0, 0, 0, -60], [0, 2.0, 0, -90], [0, 0, 2.0, -80], [0, 0, 0, 1.0]]))
ALIGNMENT = Alignment(aligned("PET", "T1"))
SUV: Suv = SimpleNamespace(image=SimpleNamespace(geometry=GRID))  # type: ignore[assignment]


def case() -> Case:
    return dataclasses.replace(example_case(), group="low-back", options=CaseOptions())


def candidate(number: int, name: str, **fields: object) -> Candidate:
    """A candidate at a site that no hot spot or finding supports."""
    example = EXAMPLES["Candidate"]
    assert isinstance(example, Candidate)
    region = Region(GRID, ball(GRID, at(name), 4.0))
    values = {"hot_spots": [], "mr_findings": [], "flags": ["large"], **fields}
    return dataclasses.replace(
        example, id=f"PG-{number:02d}", rank=number, region=region, centroid_ras_mm=at(name), **values
    )


def found_with(*candidates: Candidate, certainty: str = "uncertain") -> Found:
    """A result with named candidates and measured sites, as a reopened case has it: without a detector."""
    example = example_found()
    tissues = Image(np.zeros(GRID.shape, dtype=np.uint8), GRID)
    mr = dataclasses.replace(example.mr, findings=[], spine=straight_spine(certainty), tissues=tissues)
    found = dataclasses.replace(
        example, mr=mr, plan=straight_plan(), hot_spots=[], candidates=[], own_plans={}, named_level=None
    )
    table = find_case_sites(case(), mr, found.plan, None)
    rows = [dataclasses.replace(row, state="normal", reasons=(), suv_peak=0.5 + n) for n, row in enumerate(table.rows)]
    found.measured_sites = dataclasses.replace(table, rows=tuple(rows))
    namer = found.namer(None, case(), SUV, ALIGNMENT)
    for one in candidates:
        if one.place.name != "as the reader calls it":
            one.place = namer(one.region)
            one.flags = [*one.flags, *one.place.flags]
    found.candidates = list(candidates)
    return found


def named(found: Found, level: str, at_level: str = "L5") -> Found:
    point = np.array([0.0, 0.0, height(at_level)])
    return with_named_level(found, case(), SUV, ALIGNMENT, None, GivenLevel(level, point))[0]


def test_candidates_sites_and_vertebrae_get_the_new_levels_and_are_certain() -> None:
    found = found_with(candidate(1, "right facet joint L4/L5"))
    assert found.candidates[0].place.name == "right facet joint L4/L5 (level uncertain)"
    new = named(found, "L4")
    (one,) = new.candidates
    assert (one.place.name, one.place.level, one.place.level_certainty) == (
        "right facet joint L3/L4",
        "L3/L4",
        "certain",
    )
    assert one.flags == ["large"]
    assert new.mr.spine is not None
    assert [frame.level for frame in new.mr.spine.frames] == ["T12", "L1", "L2", "L3", "L4", "L5"]
    assert new.sites.level_certainty == "certain"


def test_what_is_set_apart_and_to_be_looked_at_gets_the_new_levels_too() -> None:
    found = found_with(
        candidate(2, "right facet joint L4/L5", reason="Usual there."),
        candidate(3, "right facet joint L4/L5", reason="Larger than usual."),
    )
    found.set_apart, found.attention, found.candidates = found.candidates[:1], found.candidates[1:], []
    new = named(found, "L4")
    for (one,), reason in ((new.set_apart, "Usual there."), (new.attention, "Larger than usual.")):
        assert (one.place.level, one.reason) == ("L3/L4", reason)


def focus(name: str) -> HotSpot:
    """A hot spot at a site."""
    example = EXAMPLES["HotSpot"]
    assert isinstance(example, HotSpot)
    return dataclasses.replace(example, region=Region(GRID, ball(GRID, at(name), 4.0)), centroid_ras_mm=at(name))


@pytest.mark.parametrize(
    ("sites", "before", "after"),
    [
        (("right facet joint L4/L5", "left facet joint L4/L5"), "both facet joints L4/L5", "both facet joints L3/L4"),
        (("inferior endplate of L4", "superior endplate of L5"), "endplates of L4/L5", "endplates of L3/L4"),
    ],
)
def test_what_has_two_places_gets_the_new_level_of_both(sites: tuple[str, str], before: str, after: str) -> None:
    pair = candidate(1, sites[0], hot_spots=[focus(name) for name in sites])
    found = found_with(pair)
    namer = found.namer(None, case(), SUV, ALIGNMENT)
    place = joint_place(*(namer(spot.region) for spot in pair.hot_spots))
    assert place is not None
    assert place.name == f"{before} (level uncertain)"
    pair.place, pair.flags = place, ["large", *place.flags]
    (one,) = named(found, "L4").candidates
    assert (one.place.name, one.place.level_certainty, one.flags) == (after, "certain", ["large"])


def test_nothing_but_names_changes() -> None:
    before = candidate(1, "right facet joint L4/L5", status="accepted", comment="Mine.")
    found = found_with(before)
    new = named(found, "L4")
    (one,) = new.candidates
    kept = {field.name for field in dataclasses.fields(Candidate)} - {"place", "flags"}
    for name in kept:
        assert getattr(one, name) is getattr(before, name), name
    assert found.candidates == [before]
    assert before.place.level == "L4/L5"


def test_a_site_keeps_its_place_and_its_measures() -> None:
    found = found_with()
    peak = {tuple(row.site.center_ras): row.suv_peak for row in found.measured_sites.rows}
    rows = named(found, "L4").measured_sites.rows
    measured = [row for row in rows if row.reasons != (NOT_MEASURED_ANEW,)]
    assert len(measured) > 0.8 * len(peak)
    assert all(row.suv_peak == peak[tuple(row.site.center_ras)] for row in measured)
    assert len({row.suv_peak for row in measured}) == len(measured)


def test_a_site_that_exists_only_since_a_level_was_named_is_not_called_normal() -> None:
    # What was the sacrum is a vertebra now, and the next one is the sacrum.
    rows = [row for row in named(found_with(), "L4").measured_sites.rows if row.site.name == "vertebral body L5"]
    assert [(row.state, row.reasons, row.suv_peak) for row in rows] == [("not assessable", (NOT_MEASURED_ANEW,), None)]


def test_the_table_of_sites_follows_the_candidates() -> None:
    new = named(found_with(candidate(1, "right facet joint L4/L5")), "L4")
    (row,) = (row for row in new.sites.rows if row.candidates)
    assert (row.site.name, row.candidates, row.state) == ("right facet joint L3/L4", ("PG-01",), "abnormal")


def test_a_name_that_the_reader_gave_stays() -> None:
    own = Place("as the reader calls it", "pedicle", "right", "L2")
    new = named(found_with(candidate(1, "right facet joint L4/L5", place=own)), "L4")
    assert new.candidates[0].place is own


def test_the_level_that_was_counted_becomes_certain_without_another_name() -> None:
    new = named(found_with(candidate(1, "right facet joint L4/L5")), "L5")
    assert new.candidates[0].place.name == "right facet joint L4/L5"
    assert new.candidates[0].place.flags == ()


def test_a_point_in_no_vertebra_is_refused_and_nothing_changes() -> None:
    found = found_with(candidate(1, "right facet joint L4/L5"))
    with pytest.raises(PainGeneratorError):
        with_named_level(found, case(), SUV, ALIGNMENT, None, GivenLevel("L4", np.array([0.0, 300.0, 0.0])))
    assert found.candidates[0].place.level == "L4/L5"


def test_renaming_takes_less_than_two_seconds_of_work() -> None:
    found = found_with(*(candidate(n, "right facet joint L4/L5") for n in range(1, 31)))
    start = time.process_time()
    named(found, "L4")
    assert time.process_time() - start < 2.0


def test_a_line_that_is_no_sure_spine_names_no_site_and_says_so() -> None:
    found = found_with()
    plan = dataclasses.replace(straight_plan(), spine_certainty="likely")
    table = find_case_sites(case(), found.mr, plan, None)
    assert table.notes == (UNCONFIRMED_LINE,)
    assert not [row for row in table.rows if row.site.level]


def test_sites_that_were_found_but_not_measured_are_not_called_normal() -> None:
    found = found_with()
    table = find_case_sites(case(), found.mr, found.plan, None)
    assert {(row.state, row.reasons) for row in table.rows} == {("not assessable", (NOT_MEASURED,))}
    assert isinstance(table, SiteTable)
