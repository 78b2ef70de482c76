"""What contradicts a label map lowers the certainty of every name that follows from it, or the map is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from label_maps import ALL_NAMES, counted, inside, renumbered, save, t1_image
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.anatomy_place import on_reference
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.labels import LabelFacts, structure_of_name
from PainGeneratorLib.Anatomy.map_levels import refuse_shifted_levels
from PainGeneratorLib.Anatomy.map_place import refuse_misplaced
from PainGeneratorLib.Anatomy.map_trust import map_trust, refuse_exchanged
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Anatomy.plausibility import checks
from PainGeneratorLib.Anatomy.sites import find_sites
from PainGeneratorLib.Anatomy.spine import find_spine
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.core.records import FLAG_TEXTS
from PainGeneratorLib.Numerics.core.words import Certainty, Group
from scipy import ndimage

BODY = counted(ALL_NAMES)
LEFT = np.array([-1.0, 0.0, 0.0])


def drawn(change: Callable[[str], str] = lambda name: name, flip: int | None = None) -> AnatomyMap:
    """The drawn body, with other names, or reversed along an axis of the array."""
    image = renumbered(BODY)
    array = image.array if flip is None else np.ascontiguousarray(np.flip(image.array, flip))
    meaning = {n: structure_of_name(change(name)) for name, n in BODY.items()}
    return AnatomyMap(Image(array, image.geometry), meaning)


def other_side(name: str) -> str:
    return name.replace("left", "right") if "left" in name else name.replace("right", "left")


def only(part: str) -> Callable[[str], str]:
    return lambda name: other_side(name) if part in name else name


def exchanged(one: str, other: str) -> Callable[[str], str]:
    return lambda name: {one: other, other: one}.get(name, name)


def plan() -> BodyPlan:
    return BodyPlan(np.zeros(3), LEFT, "symmetry plane")


def test_a_right_map_is_believed_without_a_word() -> None:
    trust = map_trust(drawn())
    assert (trust.sides, trust.levels, trust.texts) == (Certainty.CERTAIN, Certainty.CERTAIN, ())


@pytest.mark.parametrize("anatomy", [drawn(other_side), drawn(flip=2)], ids=["names exchanged", "mirrored"])
def test_exchanged_sides_make_every_side_of_the_map_uncertain(anatomy: AnatomyMap) -> None:
    trust = map_trust(anatomy)
    assert trust.sides == Certainty.UNCERTAIN
    assert "All sides" in trust.texts[0]
    for name in ("femur_right", "hip_left", "autochthon_left", "kidney_right"):
        place = Namer(anatomy, plan()).name(inside(name))
        assert place.side_certainty == "uncertain", place.name
        assert "side-uncertain" in place.flags
    sites = find_sites(Group.LOW_BACK, plan(), anatomy.image, None, anatomy)
    assert all(site.side_certainty == "uncertain" for site in sites.sites)
    assert trust.texts[0] in sites.notes


def test_a_map_with_left_and_right_exchanged_is_refused_with_advice() -> None:
    with pytest.raises(PainGeneratorError, match="exchanged"):
        refuse_exchanged(drawn(flip=2))
    with pytest.raises(PainGeneratorError, match="exchanged") as caught:
        on_reference(drawn(other_side), t1_image())
    assert "--anatomy-labels" in caught.value.advice
    assert "leave out --anatomy" in caught.value.advice


def hips_of(change: Callable[[str], str], *left_out: str) -> AnatomyMap:
    """The drawn body without its spine, as a map of hips has it."""
    anatomy = drawn(change)
    no_hips = ("vertebra", "disc", "spinal cord", "spinal canal", "kidney", "liver", *left_out)
    kept = {n: what for n, what in anatomy.structures.items() if what.structure not in no_hips}
    return dataclasses.replace(anatomy, structures=kept)


@pytest.mark.parametrize("left_out", [(), ("sacrum",)], ids=["with sacrum", "without"])
def test_exchanged_hips_are_refused(left_out: tuple[str, ...]) -> None:
    refuse_exchanged(hips_of(str, *left_out))
    with pytest.raises(PainGeneratorError, match="exchanged"):
        refuse_exchanged(hips_of(other_side, *left_out))


@pytest.mark.parametrize("part", ["kidney", "hip", "femur"])
def test_a_part_on_the_wrong_side_is_flagged_and_not_refused(part: str) -> None:
    refuse_exchanged(drawn(only(part)))
    assert map_trust(drawn(only(part))).sides == Certainty.LIKELY


def test_a_single_organ_on_the_other_side_is_not_refused() -> None:
    anatomy = drawn(only("kidney_left"))
    kept = {n: what for n, what in anatomy.structures.items() if what.structure in ("kidney", "vertebra")}
    left = next(n for name, n in BODY.items() if name == "kidney_left")
    others = {n: what for n, what in kept.items() if what.structure == "vertebra"} | {left: kept[left]}
    refuse_exchanged(dataclasses.replace(anatomy, structures=others))


def test_a_side_that_the_map_makes_uncertain_says_so_in_its_legend() -> None:
    place = Namer(drawn(other_side), plan()).name(inside("femur_right"))
    assert "map-side" in place.flags
    assert "segmentation" in FLAG_TEXTS["map-side"]
    assert "midline" not in FLAG_TEXTS["side-uncertain"]
    assert "map-side" not in Namer(drawn(), plan()).name(inside("femur_right")).flags


DOWNWARD = ("T12", "L1", "L2", "L3", "L4", "L5")


def one_up(name: str) -> str:
    """The name of a vertebra, one level higher; empty for a disc."""
    for lower, upper in zip(DOWNWARD, ("T11", *DOWNWARD), strict=False):
        if name == f"vertebrae_{lower}":
            return f"vertebrae_{upper}"
    return "" if name.startswith("disc") else name


def shifted_levels() -> AnatomyMap:
    anatomy = drawn(lambda name: one_up(name) or name)
    kept = {n: what for n, what in anatomy.structures.items() if what.structure != "disc"}
    return dataclasses.replace(anatomy, structures=kept)


@pytest.mark.parametrize("certainty", ["certain", "likely"])
def test_levels_that_the_mr_and_the_sacrum_contradict_are_refused_and_a_level_is_asked_for(certainty: str) -> None:
    by_mr = dataclasses.replace(find_spine(drawn()), level_certainty=certainty)
    with pytest.raises(PainGeneratorError, match="L4 of the segmentation is L5") as caught:
        refuse_shifted_levels(shifted_levels(), by_mr)
    assert "--level L5=" in caught.value.advice


def test_levels_are_not_refused_by_an_uncertain_count_by_one_witness_or_without_a_count() -> None:
    right = find_spine(drawn())
    refuse_shifted_levels(shifted_levels(), dataclasses.replace(right, level_certainty="uncertain"))
    refuse_shifted_levels(shifted_levels(), None)
    refuse_shifted_levels(drawn(), dataclasses.replace(right, level_certainty="certain"))
    # The MR counts one too high, and nothing in the segmentation contradicts itself.
    refuse_shifted_levels(drawn(), dataclasses.replace(find_spine(shifted_levels()), level_certainty="certain"))


def test_a_sixth_lumbar_vertebra_is_not_refused() -> None:
    names = dict(zip(("L1", "L2", "L3", "L4", "L5"), ("L2", "L3", "L4", "L5", "L6"), strict=True))
    anatomy = drawn(lambda name: f"vertebrae_{names.get(name[-2:], name[-2:])}" if "vertebrae" in name else name)
    by_mr = dataclasses.replace(find_spine(drawn()), level_certainty="certain")
    refuse_shifted_levels(anatomy, by_mr)


def test_what_is_wrong_with_the_levels_is_said_with_the_usual_distance() -> None:
    (text,) = map_trust(drawn(exchanged("vertebrae_L3", "vertebrae_L4"))).texts
    assert "vertebra L2 and vertebra L3 lie 68.5 mm apart, where 21 to 56 mm are usual" in text
    upper, lower = (structure_of_name(f"vertebrae_L{n}") for n in (3, 4))
    facts = [LabelFacts(np.array([0.0, 0.0, z]), 40.0, None, False) for z in (90.4, 0.0)]
    (order,) = [one for one in checks({1: upper, 2: lower}, dict(enumerate(facts, 1))) if one.kind == "order"]
    assert order.text == "vertebra L3 and vertebra L4 lie 90.4 mm apart, where 21 to 56 mm are usual"


def test_exchanged_sides_of_hips_reach_the_sites_of_the_hips() -> None:
    anatomy = drawn(other_side)
    found = find_sites(Group.HIP_REPLACEMENT, plan(), anatomy.image, None, anatomy)
    assert map_trust(anatomy).texts[0] in found.notes
    heads = [site for site in found.sites if site.structure == "femoral head"]
    assert heads
    assert all(site.side_certainty == "uncertain" for site in heads)


@pytest.mark.parametrize("part", ["kidney", "hip", "femur"])
def test_sides_that_are_wrong_in_a_part_of_the_map_leave_no_side_certain(part: str) -> None:
    trust = map_trust(drawn(only(part)))
    assert trust.sides == Certainty.LIKELY
    assert part in trust.texts[0]


def test_levels_out_of_order_are_uncertain() -> None:
    anatomy = drawn(exchanged("vertebrae_L3", "vertebrae_L4"))
    trust = map_trust(anatomy)
    assert trust.levels == Certainty.UNCERTAIN
    assert trust.sides == Certainty.CERTAIN
    found = find_sites(Group.LOW_BACK, plan(), anatomy.image, None, anatomy)
    assert found.level_certainty == "uncertain"
    assert all(site.level_certainty == "uncertain" for site in found.sites if site.level)


@pytest.mark.parametrize("flip", [0, 1], ids=["head and foot", "front and back"])
def test_a_map_that_is_turned_over_has_no_certain_name(flip: int) -> None:
    trust = map_trust(drawn(flip=flip))
    assert (trust.sides, trust.levels) == (Certainty.UNCERTAIN, Certainty.UNCERTAIN)
    assert "directions" in trust.texts[-1]


def test_levels_that_the_mr_could_not_count_are_likely_and_not_certain() -> None:
    anatomy = drawn()
    found = find_sites(Group.LOW_BACK, plan(), anatomy.image, None, anatomy)
    assert found.level_certainty == "likely"
    assert any("nothing confirms" in text for text in found.level_reasons)


def test_a_level_that_the_reader_named_needs_no_second_witness() -> None:
    anatomy = drawn()
    found = find_sites(Group.LOW_BACK, plan(), anatomy.image, None, anatomy, is_level_named=True)
    assert found.level_certainty == "certain"


def seen_plan(x: float = 0.0, y: float = -26.0, certainty: str = "certain") -> BodyPlan:
    """A plan whose canal the images show at a place."""
    z = np.arange(-10.0, 240.0, 3.0)
    points = np.stack([np.full_like(z, x), np.full_like(z, y), z], axis=1)
    line = SpineLine(points, 0.9, 0.9, np.zeros(0), np.zeros(3))
    return BodyPlan(points[0], LEFT, "spine line", line, certainty="certain", spine_certainty=certainty)


def moved(anatomy: AnatomyMap, *way: float) -> AnatomyMap:
    matrix = anatomy.image.geometry.ijk_to_ras.copy()
    matrix[:3, 3] += way
    return dataclasses.replace(
        anatomy, image=Image(anatomy.image.array, Geometry(anatomy.image.geometry.shape, matrix))
    )


def test_a_map_on_the_spine_that_the_mr_shows_is_not_refused() -> None:
    anatomy = drawn()
    refuse_misplaced(anatomy, seen_plan(), find_spine(anatomy))
    refuse_misplaced(moved(anatomy, 4.0, -3.0, 5.0), seen_plan(), find_spine(anatomy))


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ((60.0, 0.0, 0.0), "60 mm"),
        ((0.0, 60.0, 0.0), "in front"),
        ((0.0, 0.0, 17.0), "17 mm"),
        ((0.0, -25.0, 0.0), "behind"),
    ],
)
def test_vertebrae_beside_those_of_the_mr_are_refused_with_the_distance(way: tuple[float, ...], words: str) -> None:
    by_mr = find_spine(drawn())
    with pytest.raises(PainGeneratorError, match=words) as caught:
        refuse_misplaced(moved(drawn(), *way), seen_plan(), by_mr)
    assert "leave out --anatomy" in caught.value.advice


@pytest.mark.parametrize(
    ("x", "y", "words"), [(-40.0, -26.0, "right of the spinal canal"), (0.0, 30.0, "not lie behind")]
)
def test_a_canal_beside_or_before_the_bodies_refuses_the_map(x: float, y: float, words: str) -> None:
    with pytest.raises(PainGeneratorError, match=words):
        refuse_misplaced(drawn(), seen_plan(x, y), None)


def test_a_canal_that_is_not_sure_refuses_nothing() -> None:
    refuse_misplaced(drawn(), seen_plan(-40.0, certainty="likely"), find_spine(moved(drawn(), 60.0, 0.0, 0.0)))


def test_a_map_on_its_image_is_believed() -> None:
    assert on_reference(drawn(), t1_image()).warnings == ()


@pytest.mark.parametrize(
    "way", [(60.0, 0.0, 0.0), (-60.0, 0.0, 0.0), (0.0, 60.0, 0.0), (0.0, 0.0, 60.0), (0.0, 0.0, -45.0)]
)
def test_a_map_that_fits_far_better_elsewhere_is_refused(way: tuple[float, ...]) -> None:
    with pytest.raises(PainGeneratorError, match="far better"):
        on_reference(moved(drawn(), *way), t1_image())


def test_both_tasks_of_totalsegmentator_in_one_folder_give_named_levels_without_a_warning(tmp_path: Path) -> None:
    """The rest of the label of all vertebrae, around the named ones, is no column of its own."""
    image = renumbered(BODY)
    bones = np.isin(image.array, [n for name, n in BODY.items() if name.startswith("vertebrae")])
    discs = np.isin(image.array, [n for name, n in BODY.items() if name.startswith("disc")])
    masks = {name: image.array == n for name, n in BODY.items() if not name.startswith("disc")}
    rest = ndimage.binary_dilation(image.array == BODY["vertebrae_L3"])
    masks |= {"vertebrae": bones | rest, "intervertebral_discs": discs}
    for name, mask in masks.items():
        save(Image(mask.astype(np.uint16), image.geometry), tmp_path / f"{name}.nii.gz")
    anatomy = read_anatomy_file(tmp_path)
    assert anatomy.warnings == ()
    assert not anatomy.counted
    assert {"L1", "L2", "L3", "L4", "L5"} <= {frame.level for frame in find_spine(anatomy).frames}
