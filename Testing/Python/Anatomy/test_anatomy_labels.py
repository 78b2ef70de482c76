"""Anatomy labels: names, numbers of known programs, files, levels counted from the sacrum."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import SimpleITK as sitk
from anatomy_samples import draw, rigid
from PainGeneratorLib.Anatomy.anatomy_files import anatomy_of_labels, read_anatomy_file
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap, label_facts
from PainGeneratorLib.Anatomy.family_match import match_family
from PainGeneratorLib.Anatomy.label_families import FAMILIES, VERTEBRAE
from PainGeneratorLib.Anatomy.labels import LabelFacts, Structure, names_of_family, structure_of_name
from PainGeneratorLib.Anatomy.level_count import with_counted_levels
from PainGeneratorLib.Anatomy.spineps import joined_spineps
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Geometry, Image


def save(image: Image, path, metadata=None):
    """Write a label image as ITK does, LPS."""
    itk = sitk.GetImageFromArray(image.array)
    matrix = LPS_TO_RAS @ image.geometry.ijk_to_ras
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    itk.SetSpacing(spacing.tolist())
    itk.SetOrigin(matrix[:3, 3].tolist())
    itk.SetDirection((matrix[:3, :3] / spacing).ravel().tolist())
    for key, value in (metadata or {}).items():
        itk.SetMetaData(key, value)
    sitk.WriteImage(itk, str(path))
    return path


@pytest.fixture(scope="module")
def whole():
    return draw(rigid(4, -6, 9, (25, -10, 5)), 8.0, spacing=3.0)


@pytest.fixture(scope="module")
def unnamed():
    return draw(style="unnamed", bend_mm=-8.0, spacing=3.0)


def renumbered(anatomy: AnatomyMap, family: str) -> Image:
    """The same body with the numbers of a program; structures that it does not know are left out."""
    by_meaning = {what: number for number, what in names_of_family(family).items()}
    table = np.zeros(int(anatomy.image.array.max()) + 1, dtype=np.uint16)
    for number, what in anatomy.structures.items():
        unleveled = Structure(what.structure, what.side)
        table[number] = by_meaning.get(what, by_meaning.get(unleveled, 0))
    return Image(table[anatomy.image.array], anatomy.image.geometry)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vertebrae_L4", Structure("vertebra", None, "L4")),
        ("vertebrae_T12", Structure("vertebra", None, "T12")),
        ("Th12", Structure("vertebra", None, "T12")),
        ("disc_L5_S", Structure("disc", None, "L5/S1")),
        ("L4/L5 disc", Structure("disc", None, "L4/L5")),
        ("IVD_L4L5", Structure("disc", None, "L4/L5")),
        ("intervertebral_discs", Structure("disc")),
        ("hip_left", Structure("hip bone", "left")),
        ("Left gluteus medius", Structure("gluteus medius", "left")),
        ("GluteusMaximusRight", Structure("gluteus maximus", "right")),
        ("autochthon_right", Structure("erector spinae", "right")),
        ("psoas_l", Structure("iliopsoas", "left")),
        ("vertebrae_S1", Structure("sacrum", None, "S1")),
        ("facet_joint_left_L4_L5", Structure("facet joint", "left", "L4/L5")),
        ("L4 inferior articular process left", Structure("inferior articular process", "left", "L4")),
        ("rib_right_11", Structure("rib", "right")),
        ("sternum", Structure("sternum")),
    ],
)
def test_a_label_name_is_understood(name, expected):
    assert structure_of_name(name) == expected


def test_the_numbers_of_the_programs_are_those_they_document():
    total, mr, spine = (
        FAMILIES[name]
        for name in ("TotalSegmentator total", "TotalSegmentator total_mr", "TotalSpineSeg (until August 2024)")
    )
    assert (total[25], total[27], total[31], total[75], total[78], total[86]) == (
        "sacrum",
        "vertebrae_L5",
        "vertebrae_L1",
        "femur_left",
        "hip_right",
        "autochthon_left",
    )
    assert (len(total), len(mr), mr[18], mr[19], mr[20], mr[38]) == (
        117,
        50,
        "sacrum",
        "vertebrae",
        "intervertebral_discs",
        "hip_left",
    )
    assert (spine[18], spine[22], spine[41], spine[92], spine[202], spine[206], spine[207]) == (
        "vertebrae_L5",
        "vertebrae_L1",
        "vertebrae_C1",
        "sacrum",
        "disc_L5_S",
        "disc_L1_L2",
        "disc_T12_L1",
    )
    now = FAMILIES["TotalSpineSeg"]
    assert (now[1], now[2], now[41], now[45], now[50], now[63], now[95], now[100]) == (
        "spinal_cord",
        "spinal_canal",
        "vertebrae_L1",
        "vertebrae_L5",
        "sacrum",
        "disc_C2_C3",
        "disc_L4_L5",
        "disc_L5_S",
    )
    instances = names_of_family("SPINEPS vertebra instances")
    assert (instances[24].level, instances[124].level, instances[28].level) == ("L5", "L5/S1", "T13")


@pytest.mark.parametrize(
    "family",
    ["TotalSegmentator total", "TotalSegmentator total (version 1)", "TotalSpineSeg", "TotalSegmentator total_mr"],
)
def test_the_program_is_told_from_numbers_and_anatomy(whole, unnamed, family):
    anatomy = unnamed[0] if family.endswith("_mr") else whole[0]
    image = renumbered(anatomy, family)
    match = match_family(label_facts(image))
    assert match.family == family
    assert match.certainty == "certain"
    if not family.endswith("_mr"):
        assert {what.level for what in match.structures.values() if what.structure == "vertebra"} >= {"L1", "L5"}


def test_numbers_that_fit_several_programs_are_refused_with_advice():
    facts = {19: LabelFacts(np.zeros(3), 30.0), 20: LabelFacts(np.array([0, 0, 30.0]), 20.0)}
    with pytest.raises(PainGeneratorError) as error:
        match_family(facts)
    assert "--anatomy-labels" in error.value.advice


def test_numbers_of_no_program_are_refused():
    with pytest.raises(PainGeneratorError, match="no known program"):
        match_family({901: LabelFacts(np.zeros(3), 1.0)})


def test_reading_a_file_keeps_left_and_right_and_places(whole, tmp_path):
    anatomy, body = whole
    names = {str(n): what.text.replace(" ", "_") for n, what in anatomy.structures.items()}
    (tmp_path / "names.json").write_text(json.dumps(names))
    read = read_anatomy_file(save(anatomy.image, tmp_path / "map.nrrd"), tmp_path / "names.json")
    left = read.points(read.labels_of("hip bone", "left")).mean(axis=0)
    right = read.points(read.labels_of("hip bone", "right")).mean(axis=0)
    assert left[0] < right[0]
    expected = body.at(-33, -25, body.vertebra("L3") + 3)
    label = int(read.labels_at(expected[None])[0])
    assert read.structures[label] == Structure("vertebra", None, "L3")
    assert read.warnings == ()


def test_a_mirrored_map_warns(whole, tmp_path):
    anatomy, _ = whole
    flipped = Image(np.ascontiguousarray(anatomy.image.array[:, :, ::-1][::-1]), anatomy.image.geometry)
    names = {str(n): what.text for n, what in anatomy.structures.items()}
    (tmp_path / "names.json").write_text(json.dumps(names))
    read = read_anatomy_file(save(flipped, tmp_path / "map.nrrd"), tmp_path / "names.json")
    assert any("left and right" in text for text in read.warnings)


def test_segment_names_of_a_slicer_segmentation_are_used(tmp_path):
    array = np.zeros((8, 9, 10), dtype=np.uint8)
    array[2:5, 2:5, 2:4], array[2:5, 2:5, 6:9] = 3, 7
    image = Image(array, Geometry(array.shape, np.diag([-2.0, -2.0, 2.0, 1.0])))
    metadata = {
        "Segment0_Name": "vertebrae_L4",
        "Segment0_LabelValue": "3",
        "Segment0_Layer": "0",
        "Segment1_Name": "hip_left",
        "Segment1_LabelValue": "7",
        "Segment1_Layer": "0",
    }
    read = read_anatomy_file(save(image, tmp_path / "map.seg.nrrd", metadata))
    assert read.structures == {3: Structure("vertebra", None, "L4"), 7: Structure("hip bone", "left")}


def test_overlapping_segments_become_one_label_image(tmp_path):
    layers = np.zeros((6, 6, 6, 2), dtype=np.uint8)
    layers[1:4, 1:4, 1:4, 0], layers[2:5, 2:5, 2:5, 1] = 1, 1
    itk = sitk.GetImageFromArray(layers, isVector=True)
    for n, name in enumerate(("sacrum", "hip_right")):
        itk.SetMetaData(f"Segment{n}_Name", name)
        itk.SetMetaData(f"Segment{n}_LabelValue", "1")
        itk.SetMetaData(f"Segment{n}_Layer", str(n))
    sitk.WriteImage(itk, str(tmp_path / "map.seg.nrrd"))
    read = read_anatomy_file(tmp_path / "map.seg.nrrd")
    assert sorted(what.structure for what in read.structures.values()) == ["hip bone", "sacrum"]
    assert np.bincount(read.image.array.ravel())[1:].tolist() == [27, 27 - 8]


def test_bad_anatomy_files_are_refused_with_reason_and_advice(tmp_path):
    (tmp_path / "broken.nrrd").write_text("nothing")
    geometry = Geometry((4, 4, 4), np.eye(4))
    cases = {
        "does not exist": tmp_path / "missing.nrrd",
        "cannot be read": tmp_path / "broken.nrrd",
        "is empty": save(Image(np.zeros((4, 4, 4), np.uint8), geometry), tmp_path / "empty.nrrd"),
        "no label map": save(Image(np.full((4, 4, 4), -3, np.int16), geometry), tmp_path / "image.nrrd"),
    }
    for reason, path in cases.items():
        with pytest.raises(PainGeneratorError, match=reason):
            read_anatomy_file(path)
    (tmp_path / "names.json").write_text("[1]")
    good = save(Image(np.ones((4, 4, 4), np.uint8), geometry), tmp_path / "good.nrrd")
    with pytest.raises(PainGeneratorError, match="names"):
        read_anatomy_file(good, tmp_path / "names.json")
    (tmp_path / "names.json").write_text('{"5": "sacrum"}')
    with pytest.raises(PainGeneratorError, match="None of the names"):
        read_anatomy_file(good, tmp_path / "names.json")


def test_levels_are_counted_from_the_sacrum_and_say_so(unnamed):
    anatomy, body = unnamed
    counted = with_counted_levels(anatomy)
    assert counted.counted
    assert any("counted from the sacrum" in text for text in counted.warnings)
    for number, level in enumerate(("L5/S1", "L4/L5", "L3/L4", "L2/L3", "L1/L2")):
        label = int(counted.labels_at(body.at(0, 0, body.disc(number))[None])[0])
        assert counted.structures[label] == Structure("disc", None, level)
    for level in ("L5", "L3", "L2"):
        for place in ((0, 0, 0), (0, -50, -6), (-14, -24, 4)):
            label = int(counted.labels_at(body.at(place[0], place[1], body.vertebra(level) + place[2])[None])[0])
            assert counted.structures[label].level == level


def test_nothing_is_counted_without_the_sacrum(unnamed):
    anatomy, _ = unnamed
    array = anatomy.image.array.copy()
    array[np.isin(array, anatomy.labels_of("sacrum"))] = 0
    structures = {n: what for n, what in anatomy.structures.items() if what.structure != "sacrum"}
    without = with_counted_levels(AnatomyMap(Image(array, anatomy.image.geometry), structures))
    assert not without.counted
    assert all(what.level is None for what in without.structures.values())


def test_unnamed_discs_between_named_vertebrae_take_their_level(whole):
    anatomy, body = whole
    discs = anatomy.labels_of("disc")
    array = anatomy.image.array.copy()
    array[np.isin(array, discs)] = discs[0]
    structures = {n: what for n, what in anatomy.structures.items() if what.structure != "disc"} | {
        discs[0]: Structure("disc")
    }
    named = with_counted_levels(AnatomyMap(Image(array, anatomy.image.geometry), structures))
    assert not named.counted
    label = int(named.labels_at(body.at(0, 0, body.disc(1))[None])[0])
    assert named.structures[label] == Structure("disc", None, "L4/L5")


def test_instances_and_subregions_of_spineps_are_joined():
    instances = np.zeros((10, 12, 14), dtype=np.uint8)
    regions = np.zeros_like(instances)
    instances[1:4], instances[5:8], instances[4] = 24, 23, 123
    regions[1:4, :6], regions[1:4, 6:, :7], regions[1:4, 6:, 7:] = 49, 45, 46
    regions[5:8], regions[4] = 42, 100
    regions[9] = 26
    geometry = Geometry(instances.shape, np.diag([-2.0, -2.0, 2.0, 1.0]))
    image, structures = joined_spineps(Image(instances, geometry), Image(regions, geometry))
    texts = sorted(what.text for what in structures.values())
    assert texts == [
        "disc L4/L5",
        "left superior articular process L5",
        "right superior articular process L5",
        "sacrum",
        "spinous process L4",
        "vertebral body L5",
    ]
    first = structures[int(image.array[2, 8, 3])]
    assert (first.side, first.level) == ("left", "L5")


def test_tissues_levels_and_organs_follow_the_labels_onto_another_grid(whole):
    anatomy, body = whole
    target = Geometry((60, 70, 50), np.array([[4.0, 0, 0, -90], [0, 3.0, 0, -100], [0, 0, 4.5, -80], [0, 0, 0, 1]]))
    kinds, levels = anatomy.tissues(target), anatomy.levels(target)

    def at(image, point):
        i, j, k = np.rint(target.to_ijk(point)).astype(int)
        return int(image.array[k, j, i])

    assert kinds.array.dtype == np.uint8
    assert at(kinds, body.at(0, 0, body.vertebra("L4"))) == tissues.MARROW
    assert at(kinds, body.at(0, 0, body.disc(2))) == tissues.DISC
    assert at(kinds, body.at(0, -27, body.vertebra("L4"))) == tissues.FLUID
    assert at(levels, body.at(0, 0, body.vertebra("L4"))) == 1 + VERTEBRAE.index("L4")
    shifted = np.eye(4)
    shifted[:3, 3] = [12, 0, 0]
    moved = dataclasses.replace(anatomy, frame_to_map_ras=shifted)
    assert at(moved.tissues(target), body.at(0, 0, body.disc(2)) - [12, 0, 0]) == tissues.DISC
    array = np.zeros((4, 4, 4), np.uint16)
    array[0], array[1], array[2] = 4, 5, 6
    structures = {4: Structure("kidney", "left"), 5: Structure("urinary bladder"), 6: Structure("sacrum")}
    small = AnatomyMap(Image(array, Geometry((4, 4, 4), np.eye(4))), structures)
    organs, names = small.organs(small.image.geometry)
    assert set(names.values()) == {"left kidney", "urinary bladder"}
    assert names[int(organs.array[0, 0, 0])] == "left kidney"
    assert not organs.array[2].any()


@pytest.mark.data
def test_the_real_label_map_of_totalsegmentator_is_understood(data_folder):
    path = data_folder / "totalsegmentator" / "example_seg_mr.nii.gz"
    by_name = read_anatomy_file(path)
    assert by_name.family == "named"
    by_number = anatomy_of_labels(by_name.image, {}, "the same labels without names")
    assert (by_number.family, by_number.certainty) == ("TotalSegmentator total_mr", "certain")
    assert dict(by_number.structures) == dict(by_name.structures)
    assert not by_name.counted, "the sacrum is not in this field of view, so no level may be invented"
    kidneys = [by_name.points(by_name.labels_of("kidney", side)).mean(axis=0)[0] for side in ("left", "right")]
    assert kidneys[0] < 0 < kidneys[1]
