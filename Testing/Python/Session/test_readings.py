"""A reading that is put aside follows what becomes of the case, and its entries keep to their places."""

from __future__ import annotations

import dataclasses
from typing import Any

from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Numerics.core.records import Place
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Session.readings import StoredReading
from test_review import ball, candidate

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
