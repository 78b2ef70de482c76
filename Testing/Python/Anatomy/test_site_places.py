"""Places are named by the sites of the body, with and without an anatomy segmentation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Anatomy.spine_places import place_name, spine_name
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.core.records import FLAG_TEXTS, Place
from PainGeneratorLib.Numerics.core.words import Side
from straight_back import at, height, straight_plan, straight_sites


def namer(level_certainty: str = "certain", side_certainty: str = "certain") -> Namer:
    sites = straight_sites(level_certainty, side_certainty)
    return Namer(plan=straight_plan(), sites=sites, level_certainty=level_certainty)


@pytest.mark.parametrize(
    ("name", "structure", "side", "level"),
    [
        ("right facet joint L4/L5", "facet joint", "right", "L4/L5"),
        ("left facet joint L1/L2", "facet joint", "left", "L1/L2"),
        ("disc L3/L4", "disc", "midline", "L3/L4"),
        ("superior endplate of S1", "upper endplate", "midline", "L5/S1"),
        ("inferior endplate of L4", "lower endplate", "midline", "L4/L5"),
        ("vertebral body L2", "vertebral body", "midline", "L2"),
        ("left L5 foramen", "foramen", "left", "L5/S1"),
        ("interspinous space L3/L4", "interspinous space", "midline", "L3/L4"),
        ("right psoas L3/L4", "psoas", "right", "L3/L4"),
    ],
)
def test_a_place_at_a_site_has_its_name_side_and_level_without_a_segmentation(
    name: str, structure: str, side: str, level: str
) -> None:
    place = namer().name(at(name))
    assert (place.name, place.structure, place.side, place.level) == (name, structure, side, level)
    assert (place.flags, place.level_certainty, place.side_certainty) == ((), "certain", "certain")


def test_every_site_is_named_after_itself() -> None:
    sites, own = straight_sites(), namer()
    named = [own.name(site.center_ras) for site in sites]
    same = [
        (p.structure, p.side, p.level) == (s.structure, s.side, s.level) for p, s in zip(named, sites, strict=True)
    ]
    assert np.mean(same) > 0.95, [(s.name, p.name) for p, s, ok in zip(named, sites, same, strict=True) if not ok]


def test_a_finding_beside_the_middle_of_an_unpaired_site_has_a_side() -> None:
    place = namer().name(at("superior endplate of L4") + np.array([-13.0, 0.0, 0.0]))
    assert (place.name, place.side, place.level) == ("superior endplate of L4, left", "left", "L3/L4")


@pytest.mark.parametrize(
    ("certainty", "words", "flags"),
    [
        ("certain", "", ()),
        ("likely", "", ("level-likely",)),
        ("uncertain", " (level uncertain)", ("level-uncertain",)),
    ],
)
def test_how_certain_a_level_is_stands_in_flag_and_certainty_and_an_uncertain_one_in_the_name(
    certainty: str, words: str, flags: tuple[str, ...]
) -> None:
    place = namer(certainty).name(at("right facet joint L4/L5"))
    assert place.name == f"right facet joint L4/L5{words}"
    assert (place.flags, place.level_certainty) == (flags, certainty)
    assert set(flags) <= set(FLAG_TEXTS)


def test_a_side_that_is_only_likely_is_said() -> None:
    place = namer(side_certainty="likely").name(at("right facet joint L4/L5"))
    assert (place.side_certainty, place.flags) == ("likely", ("side-likely",))
    assert place.name == "right facet joint L4/L5 (side likely)"


def test_a_place_in_the_midline_needs_no_certain_side() -> None:
    place = namer(side_certainty="uncertain").name(at("spinous process L3"))
    assert (place.name, place.flags) == ("spinous process L3", ())


def test_a_focus_at_no_site_is_named_by_its_region_its_level_and_its_neighbors() -> None:
    place = namer().name(np.array([34.0, -36.0, height("L3")]))
    assert (place.structure, place.side, place.level) == ("paraspinal region", "right", "L3")
    assert place.name.startswith("right paraspinal region at L3, ")
    assert any(word in place.name for word in ("lateral of right", "behind right", "between right"))
    assert place.flags == ()


def test_an_uncertain_level_of_a_focus_at_no_site_is_said_too() -> None:
    place = namer("uncertain").name(np.array([34.0, -36.0, height("L3")]))
    assert place.name.endswith("(level uncertain)")
    assert place.level_certainty == "uncertain"


def test_a_place_far_above_the_vertebrae_that_are_seen_has_no_level() -> None:
    place = namer().name(np.array([10.0, -30.0, height("L1") + 60.0]))
    assert place.level is None
    assert "no-level" in place.flags
    assert "segmentation" not in FLAG_TEXTS["no-level"]


def test_without_sites_a_place_is_described_as_before() -> None:
    place = Namer(plan=straight_plan()).name(at("right facet joint L4/L5"))
    assert (place.structure, place.level, place.flags) == ("spine", None, ("no-level",))


def test_a_segmentation_without_the_spine_leaves_its_places_to_the_sites() -> None:
    grid = Geometry((60, 60, 60), np.diag([4.0, 4.0, 4.0, 1.0]) + np.array([[0, 0, 0, -120.0]] * 3 + [[0] * 4]))
    labels = np.zeros(grid.shape, dtype=np.uint16)
    labels[10:30, 20:40, 5:12] = 1
    anatomy = AnatomyMap(Image(labels, grid), {1: Structure("kidney", "left", None)})
    place = Namer(anatomy, straight_plan(), sites=straight_sites()).name(at("right facet joint L4/L5"))
    assert place.name == "right facet joint L4/L5"


@pytest.mark.parametrize(
    ("structure", "side", "level", "name"),
    [
        ("upper endplate", "midline", "L4/L5", "superior endplate of L5"),
        ("lower endplate", "left", "L4/L5", "inferior endplate of L4, left"),
        ("upper endplate", "right", None, "superior endplate, right"),
        ("foramen", "right", "L4/L5", "right L4 foramen"),
        ("foramen", "left", None, "left foramen"),
        ("facet joint", "right", "L4/L5", "right facet joint L4/L5"),
        ("vertebral body", "midline", "L4", "vertebral body L4"),
        ("disc", "left", "L4/L5", "disc L4/L5, left"),
        ("spinal canal", "midline", "L4/L5", "spinal canal L4/L5"),
        ("facet joint", "both", "L4/L5", "both facet joints L4/L5"),
        ("lamina", "both", "L4", "both laminae L4"),
        ("disc", "both", "L4/L5", "disc L4/L5, both sides"),
        ("discovertebral unit", "midline", "L4/L5", "endplates of L4/L5"),
        ("discovertebral unit", "left", "L4/L5", "endplates of L4/L5, left"),
        ("discovertebral unit", "midline", None, "endplates of one disc"),
    ],
)
def test_places_in_the_spine_have_the_names_that_radiologists_use(
    structure: str, side: str, level: str | None, name: str
) -> None:
    assert spine_name(structure, side, level) == name
    assert place_name(structure, side, level) == name


def test_the_names_of_the_sites_are_the_names_of_places() -> None:
    for site in straight_sites():
        assert place_name(site.structure, site.side, site.level, site.zone) == site.name


def test_other_places_are_named_by_side_structure_level_and_zone() -> None:
    assert place_name("femur", "right", None, "Gruen 3") == "right femur, Gruen 3"
    assert place_name("psoas", "left", "L3/L4") == "left psoas L3/L4"
    assert place_name("psoas", "both", "L3/L4") == "psoas L3/L4, both sides"
    assert place_name("sacroiliac joint", "both", None) == "both sacroiliac joints"


def test_the_level_of_a_place_is_no_more_certain_than_the_levels_of_the_case() -> None:
    sites = straight_sites("certain")
    place = Namer(plan=straight_plan(), sites=sites, level_certainty="uncertain").name(at("disc L3/L4"))
    assert place.level_certainty == "uncertain"
    counted = dataclasses.replace(Place("disc L3/L4", "disc", Side.MIDLINE, "L3/L4"), flags=("level-counted",))
    assert counted.level_certainty == "likely"
