"""Candidates are anchored at the sites that they are named after."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow, SiteTable
from PainGeneratorLib.Numerics.fusion.anchors import anchored, site_of, sites_of


def site(structure: str, side: str, level: str | None, zone: str | None = None) -> Site:
    return Site(f"{side} {structure} {level}", structure, side, level, np.zeros(3), np.eye(3), np.ones(3), 1, zone)


SITES = (
    site("facet joint", "right", "L4/L5"),
    site("facet joint", "left", "L4/L5"),
    site("upper endplate", "midline", "L4/L5"),
    site("lamina", "left", "L4"),
    site("hip joint capsule", "right", None),
    site("femur", "right", None, "Gruen 3"),
)
TABLE = SiteTable(tuple(SiteRow(one, "normal", ("Quiet.",)) for one in SITES), "certain")


def candidate(number: int, place: Place, status: str = "pending") -> Candidate:
    example = EXAMPLES["Candidate"]
    assert isinstance(example, Candidate)
    return dataclasses.replace(example, id=f"PG-{number:02d}", place=place, status=status)


def place(structure: str, side: str, level: str | None, zone: str | None = None) -> Place:
    return Place(f"{structure} with any name", structure, side, level, zone)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (place("facet joint", "right", "L4/L5"), 0),
        (place("facet joint", "left", "L4/L5"), 1),
        (place("facet joint", "left", "L3/L4"), None),
        (place("upper endplate", "left", "L4/L5"), 2),
        (place("pars interarticularis", "left", "L4"), 3),
        (place("hip joint", "right", None), 4),
        (place("femur", "right", None, "Gruen 3"), 5),
        (place("femur", "right", None, "Gruen 2"), None),
        (place("spine", "right", "L4"), None),
    ],
)
def test_structure_side_level_and_zone_decide_not_the_words_of_the_name(where: Place, expected: int | None) -> None:
    assert site_of(where, SITES) is (None if expected is None else SITES[expected])


def test_a_place_whose_side_is_uncertain_is_at_no_site_whose_side_is_certain() -> None:
    """In a mirrored segmentation they lie on opposite sides of the patient."""
    doubtful = dataclasses.replace(place("facet joint", "right", "L4/L5"), side_certainty="uncertain")
    assert site_of(doubtful, SITES) is None
    both = [dataclasses.replace(SITES[0], side_certainty="uncertain")]
    assert site_of(doubtful, both) is both[0]
    middle = dataclasses.replace(place("upper endplate", "left", "L4/L5"), side_certainty="uncertain")
    assert site_of(middle, SITES) is SITES[2]


def test_a_candidate_of_both_sides_is_anchored_at_both_sites() -> None:
    pair = place("facet joint", "both", "L4/L5")
    assert sites_of(pair, SITES) == list(SITES[:2])
    table = anchored(TABLE, [candidate(1, pair)])
    assert [row.candidates for row in table.rows] == [("PG-01",), ("PG-01",), (), (), (), ()]
    assert sites_of(place("facet joint", "both", "L3/L4"), SITES) == []


def test_of_both_sites_of_a_pair_the_one_nearest_to_a_point_is_taken() -> None:
    pair = place("facet joint", "both", "L4/L5")
    sites = [
        dataclasses.replace(one, center_ras=np.array([x, 0, 0]))
        for one, x in zip(SITES[:2], (18.0, -18.0), strict=True)
    ]
    assert site_of(pair, sites, np.array([-15.0, 0, 0])) is sites[1]
    assert site_of(pair, sites, np.array([15.0, 0, 0])) is sites[0]
    assert site_of(pair, sites) is sites[0]


def test_a_discovertebral_candidate_is_anchored_at_both_endplates_and_the_disc() -> None:
    sites = [site(name, "midline", "L4/L5") for name in ("disc", "lower endplate", "upper endplate")]
    other = [site("upper endplate", "midline", "L3/L4"), site("facet joint", "left", "L4/L5")]
    unit = place("discovertebral unit", "left", "L4/L5")
    assert sites_of(unit, [*sites, *other]) == sites
    assert site_of(unit, sites, np.zeros(3)) is sites[1]
    assert site_of(unit, sites[:1], np.zeros(3)) is sites[0]


def test_a_candidate_stands_in_the_row_of_its_site_and_makes_it_abnormal() -> None:
    table = anchored(TABLE, [candidate(1, place("facet joint", "left", "L4/L5"))])
    row = table.rows[1]
    assert (row.state, row.candidates, row.reasons) == ("abnormal", ("PG-01",), ("Candidate PG-01.", "Quiet."))
    assert all(other == before for other, before in zip(table.rows[2:], TABLE.rows[2:], strict=True))


@pytest.mark.parametrize("status", ["rejected", "physiologic"])
def test_a_candidate_that_the_reader_does_not_count_stays_listed_but_leaves_the_site_as_measured(status: str) -> None:
    table = anchored(TABLE, [candidate(1, place("facet joint", "left", "L4/L5"), status)])
    assert (table.rows[1].state, table.rows[1].candidates, table.rows[1].reasons) == (
        "normal",
        ("PG-01",),
        ("Quiet.",),
    )


def test_several_candidates_at_one_site_stand_in_their_order() -> None:
    at_joint = place("facet joint", "left", "L4/L5")
    table = anchored(TABLE, [candidate(2, at_joint), candidate(1, at_joint, "rejected"), candidate(3, at_joint)])
    assert table.rows[1].candidates == ("PG-02", "PG-01", "PG-03")
    assert table.rows[1].reasons[0] == "Candidate PG-02, PG-03."


def test_without_candidates_the_table_is_as_it_was_measured() -> None:
    assert anchored(TABLE, []).rows == TABLE.rows
