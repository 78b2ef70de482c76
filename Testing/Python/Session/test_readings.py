"""A reading that is put aside follows what becomes of the case, and its entries keep to their places."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Numerics.core.records import Place
from PainGeneratorLib.Numerics.core.spheres import SphereRegion
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Session.readings import StoredReading
from PainGeneratorLib.Session.review import Review
from test_review import Owner, ball, candidate, measured

RIGHT, LEFT, DRAWN = ball((20.0, 0.0, 0.0)), ball((-20.0, 0.0, 0.0)), ball((0.0, -20.0, 30.0))


def place(name: str) -> Place:
    return Place(name, name, "right")


def at(region: Region) -> Place:
    """The name of a place by itself."""
    return place("right" if region.centroid_ras_mm[0] > 1.0 else "left" if region.centroid_ras_mm[0] < -1.0 else "mid")


def stored(*entries: Any) -> StoredReading:
    former: Any = object()
    return StoredReading("Anna", Reading(list(entries)), found=former)


def names_of(reading: StoredReading) -> dict[str, str]:
    return {entry.id: entry.place.name for entry in reading.lists.candidates}


def test_entries_take_the_names_of_their_places_though_a_run_numbered_its_own_anew() -> None:
    reading = stored(candidate(1, RIGHT, 9.0), candidate(2, LEFT, 8.0), candidate(3, DRAWN, 7.0))
    run = [
        dataclasses.replace(candidate(1, LEFT, 9.0), place=place("left joint")),
        dataclasses.replace(candidate(2, Region(RIGHT.geometry, RIGHT.flat.copy()), 8.0), place=place("right joint")),
        dataclasses.replace(candidate(3, RIGHT, 1.0), place=place("not the first with these voxels")),
    ]
    now: Any = object()
    reading.take_names(Reading(run), now, at)
    assert names_of(reading) == {"PG-01": "right joint", "PG-02": "left joint", "PG-03": "mid"}


def test_a_new_run_keeps_what_its_reader_deleted_off_the_list() -> None:
    reading = stored(candidate(2, LEFT, 8.0))
    reading.deleted = (candidate(1, RIGHT, 9.0),)
    now: Any = object()
    reading.take_run(Reading([candidate(1, RIGHT, 9.0), candidate(2, LEFT, 8.0)]), now, None)
    assert list(names_of(reading)) == ["PG-02"]
    assert [entry.id for entry in reading.deleted] == ["PG-01"]
    assert "stays off the list" in reading.carried[0]


def sphere(region_id: str, right_mm: float) -> SphereRegion:
    return SphereRegion(region_id, "", np.array([right_mm, 0.0, 0.0]), 10.0, 0.5)


def test_undo_in_one_reading_keeps_the_regions_of_another() -> None:
    first, second, third = sphere("S-01", 1.0), sphere("S-02", 2.0), sphere("S-03", 3.0)
    owner = Owner([candidate(1, RIGHT, 9.0)], [], [])
    anna, bert = Review(owner, measured), Review(owner, measured)
    anna.set_status("PG-01", "accepted")
    anna.keep_regions("Keep region S-01", (first,))
    bert.keep_regions("Keep region S-02", (first, second))
    anna.undo()
    assert owner.regions == (second,)
    anna.undo()
    assert owner.regions == (second,)
    anna.redo()
    anna.redo()
    assert owner.regions == (first, second)
    bert.keep_regions("Delete region S-01", (second,))
    bert.keep_regions("Keep region S-03", (second, third))
    anna.undo()
    assert owner.regions == (second, third)
    bert.undo()
    bert.undo()
    assert owner.regions == (first, second)


def test_a_region_that_comes_back_takes_another_id_when_its_own_is_taken_and_undo_finds_it() -> None:
    owner = Owner([candidate(1, RIGHT, 9.0)], [], [])
    anna, bert = Review(owner, measured), Review(owner, measured)
    anna.keep_regions("Keep region S-01", (sphere("S-01", 1.0),))
    anna.undo()
    bert.keep_regions("Keep region S-01", (sphere("S-01", 2.0),))
    anna.redo()
    assert [(one.id, one.center_ras[0]) for one in owner.regions] == [("S-01", 2.0), ("S-02", 1.0)]
    anna.undo()
    assert [(one.id, one.center_ras[0]) for one in owner.regions] == [("S-01", 2.0)]
