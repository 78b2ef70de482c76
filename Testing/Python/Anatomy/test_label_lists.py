"""The label lists of programs, and what is checked before one of them is believed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
from input_cases import anatomy_numbers as numbers
from label_maps import ALL_NAMES, counted, renumbered, t1_image
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap, label_facts
from PainGeneratorLib.Anatomy.anatomy_place import on_reference
from PainGeneratorLib.Anatomy.family_match import match_family
from PainGeneratorLib.Anatomy.label_families import FAMILIES, FAMILY_SOURCES, counted_instances
from PainGeneratorLib.Anatomy.labels import Structure, is_understood, says_nothing, structure_of_name
from PainGeneratorLib.Anatomy.plausibility import agreement, checks
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Registration.itk_images import from_itk_image

BODY = counted(ALL_NAMES)
MEANING = {number: structure_of_name(name) for name, number in BODY.items()}


@pytest.fixture(scope="module")
def facts():
    return label_facts(renumbered(BODY))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_of_a_list_is_understood_and_its_address_is_known(family):
    assert [name for name in FAMILIES[family].values() if not is_understood(structure_of_name(name))] == []
    assert FAMILY_SOURCES[family].startswith("https://")


def test_a_drawn_body_passes_every_check(facts):
    made = checks(MEANING, facts)
    assert [check.text for check in made if not check.passed] == []
    assert {check.kind for check in made} == {"size", "order", "sacrum", "disc", "side", "front", "height"}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("vertebrae_L4", "vertebrae_L3", "order"),
        ("kidney_left", "kidney_right", "side"),
        ("sacrum", "vertebrae_T11", "sacrum"),
        ("disc_L4_L5", "disc_L1_L2", "disc"),
        ("liver", "spleen", "size"),
        ("gluteus_maximus_left", "iliopsoas_left", "front"),
        ("urinary_bladder", "stomach", "height"),
    ],
)
def test_two_exchanged_meanings_fail_a_check_of_their_kind(facts, first, second, kind):
    swapped = {**MEANING, BODY[first]: MEANING[BODY[second]], BODY[second]: MEANING[BODY[first]]}
    failed = [check for check in checks(swapped, facts) if not check.passed]
    assert kind in {check.kind for check in failed}
    assert all(check.text for check in failed)


def test_the_number_of_passed_checks_tells_a_mirrored_body(facts):
    mirrored = {
        number: dataclasses.replace(fact, centroid_ras_mm=fact.centroid_ras_mm * [-1, 1, 1])
        for number, fact in facts.items()
    }
    sides = [check for check in checks(MEANING, mirrored) if check.kind == "side"]
    assert agreement(sides) < 0.1


def test_the_size_of_a_label_hardly_changes_by_stray_voxels():
    image = renumbered({"vertebrae_L4": 1})
    array = image.array.copy()
    array[0, 0, 0] = array[-1, -1, -1] = 1
    plain, stray = (label_facts(Image(one, image.geometry))[1] for one in (image.array, array))
    assert np.all(np.abs(stray.extent_mm - plain.extent_mm) < 30)
    assert (plain.is_cut, stray.is_cut) == (False, True)


def test_a_program_is_certain_only_when_much_of_the_body_confirms_it():
    whole = match_family(label_facts(renumbered(numbers.TSS_NEW)))
    few = match_family(label_facts(renumbered({n: numbers.TSS_NEW[n] for n in numbers.LUMBAR})))
    assert (whole.family, whole.certainty) == ("TotalSpineSeg", "certain")
    assert (few.family, few.certainty) == ("TotalSpineSeg", "likely")


def test_a_refusal_names_the_programs_that_are_known_and_what_is_wrong():
    with pytest.raises(PainGeneratorError) as error:
        match_family(label_facts(renumbered(counted(("sacrum", "spinal_canal", *numbers.LUMBAR)))))
    assert "vertebra" in error.value.reason
    for word in ("--anatomy-labels", "TotalSegmentator", "TotalSpineSeg", "SPINEPS", "SPIDER"):
        assert word in error.value.advice


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ({1, 2, 26}, {1: "vertebrae_L4", 2: "vertebrae_L5"}),
        ({1, 2, 3, 26, 103}, {1: "vertebrae_L3", 103: "disc_L5_S1"}),
        ({1, 3, 26}, {}),
        ({2, 3, 26}, {}),
        ({1, 2}, {}),
        ({1, 2, 26, 77}, {}),
    ],
)
def test_instances_are_counted_from_the_sacrum_only_without_gaps(present, expected):
    names = counted_instances(present)
    assert {number: names[number] for number in expected} == expected
    assert bool(names) == bool(expected)


@pytest.mark.parametrize(
    ("name", "nothing"),
    [("Segment_1", True), ("class 12", True), ("Label-3", True), ("17", True), ("L4", False), ("liver", False)],
)
def test_names_that_programs_make_up_say_nothing(name, nothing):
    assert says_nothing(name) is nothing


@pytest.mark.parametrize("name", ["Struktur X", "腰椎4", "lesion", "tissue", "LWK 12"])
def test_what_is_not_known_is_not_understood(name):
    assert not is_understood(structure_of_name(name))


def test_a_map_in_a_frame_of_its_own_is_compared_in_the_reference_frame():
    image = renumbered(BODY)
    shift = np.eye(4)
    shift[:3, 3] = [300.0, -200.0, 100.0]
    moved = AnatomyMap(Image(image.array, image.geometry.moved(shift)), MEANING, frame_to_map_ras=shift)
    assert on_reference(moved, t1_image()).warnings == ()
    with pytest.raises(PainGeneratorError, match="does not lie in the reference series"):
        on_reference(dataclasses.replace(moved, frame_to_map_ras=None), t1_image())


@pytest.mark.data
@pytest.mark.parametrize("name", ["AKa_T1", "DzZ_T2", "IVD20_T2", "Myo01_T1FFE", "VB2_04_T2"])
def test_numbers_of_nobody_are_refused_on_real_spines(data_folder, name):
    with pytest.raises(PainGeneratorError, match="of no known program"):
        read_anatomy_file(data_folder / "lumbar-mr-labelled" / f"{name}_labels.nii.gz")


@pytest.mark.data
@pytest.mark.parametrize("name", ["AKa_T1", "AKa_TIRM", "DzZ_T1", "DzZ_T2", "IVD20_T2", "Myo01_T1FFE", "VB2_04_T2"])
def test_a_map_that_lies_on_a_real_spine_gives_no_warning(data_folder, name):
    image, labels = (
        from_itk_image(sitk.ReadImage(str(data_folder / "lumbar-mr-labelled" / f"{name}{end}.nii.gz")))
        for end in ("", "_labels")
    )
    kind = Structure("disc" if name.startswith("IVD") else "vertebral body")
    numbers_there = np.unique(labels.array[labels.array > 0]).astype(int).tolist()
    anatomy = AnatomyMap(Image(labels.array.astype(np.uint16), labels.geometry), dict.fromkeys(numbers_there, kind))
    assert on_reference(anatomy, image).warnings == ()


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("dcmqi/segmentations/ct-3slice/01.dcm", "no segmentation"),
        ("dcmqi/segmentations/partial_overlaps.dcm", "None of the names"),
        ("highdicom/seg_image_cr_binary.dcm", "of no volume"),
        ("highdicom/seg_image_sm_dots_tiled_full.dcm", "of no volume"),
        ("highdicom/sr_document.dcm", "no segmentation"),
    ],
)
def test_other_dicom_objects_are_refused_with_the_true_reason(data_folder, file, reason):
    with pytest.raises(PainGeneratorError, match=reason):
        read_anatomy_file(data_folder / "seg-sr-samples" / file)


@pytest.mark.data
@pytest.mark.parametrize("file", ["liver.dcm", "sparse-labelmap-noppv.dcm", "sparse-labelmap-ppv5.dcm"])
def test_segmentations_of_dcmqi_are_read_as_their_own_nrrd_says(data_folder, file):
    folder = data_folder / "seg-sr-samples" / "dcmqi" / "segmentations"
    read = read_anatomy_file(folder / file)
    assert [what.structure for what in read.structures.values()] == ["liver"]
    if file == "liver.dcm":
        same = read_anatomy_file(folder / "liver_seg.nrrd")
        assert np.allclose(read.points([1]).mean(axis=0), same.points([1]).mean(axis=0), atol=0.01)
        assert len(read.points([1])) == len(same.points([1]))
