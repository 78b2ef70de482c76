"""Roles of volumes without their DICOM files: by unit, name and values, and nothing where it is not sure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from input_cases.pet_series import CORONAL, plane, write_pet
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Scene.volumes_in_scene import VolumeFacts
from PainGeneratorLib.Session.volume_roles import modality_by_name, propose_roles

GRID = Geometry((30, 60, 60), np.array([[-3.0, 0, 0, 90], [0, -3.0, 0, 90], [0, 0, 3.0, -45], [0, 0, 0, 1.0]]))


def volume(name: str, unit: str | None = None, values: tuple[float, float] = (0.0, 900.0)) -> VolumeFacts:
    return VolumeFacts(f"node {name}", name, (), {}, unit, GRID, values)


def proposed(*volumes: VolumeFacts) -> dict[str, str]:
    """Name of the volume by role."""
    return {proposal.role: proposal.name for proposal in propose_roles(volumes)[0]}


@pytest.fixture
def t1() -> VolumeFacts:
    return volume("t1_tse_sag")


def test_a_scene_without_a_volume_is_named() -> None:
    assert propose_roles([]) == ([], ["The scene holds no volume: load the PET and the MR series first."], [])


def test_the_pet_in_suv_is_preferred_to_the_one_in_activity(t1: VolumeFacts) -> None:
    roles = proposed(volume("PET", "Bq/ml", (0.0, 9e4)), volume("SUV", "g/ml{SUVbw}", (0.0, 6.0)), t1)
    assert roles["PET"] == "SUV"
    assert roles["T1"] == "t1_tse_sag"


@pytest.mark.parametrize(
    ("pet", "reason"),
    [
        (volume("fdg_ac", None, (0.0, 9e4)), "Named like a PET"),
        (volume("image 7", None, (0.0, 4.0)), "like SUV"),
        (volume("image 7", "Bq/ml", (0.0, 9e4)), "like SUV"),
    ],
)
def test_a_pet_without_a_header_is_told_by_its_name_unit_or_values(
    t1: VolumeFacts, pet: VolumeFacts, reason: str
) -> None:
    proposals, *_ = propose_roles([pet, t1])
    (found,) = (proposal for proposal in proposals if proposal.role == "PET")
    assert found.node_id == pet.node_id
    assert reason in found.reason


def test_two_pet_volumes_that_could_be_meant_are_left_to_the_user(t1: VolumeFacts) -> None:
    volumes = [volume("PET one", None, (0.0, 9e4)), volume("PET two", None, (0.0, 9e4)), t1]
    proposals, warnings, _ = propose_roles(volumes)
    assert [proposal.role for proposal in proposals] == ["T1"]
    assert "There are 2 PET volumes that could be meant: PET one, PET two." in warnings[0]


def test_mr_volumes_get_their_roles_although_there_is_no_pet(t1: VolumeFacts) -> None:
    proposals, warnings, _ = propose_roles([t1, volume("tirm_sag")])
    assert {proposal.role: proposal.name for proposal in proposals} == {"T1": "t1_tse_sag", "FLUID": "tirm_sag"}
    assert all("DICOM header is not there" in proposal.reason for proposal in proposals)
    assert warnings == ["No PET volume was recognized: choose it in the list below."]


def test_a_pet_alone_is_proposed_and_the_missing_mr_is_named() -> None:
    proposals, warnings, _ = propose_roles([volume("SUV", "g/ml{SUVbw}", (0.0, 6.0))])
    assert [proposal.role for proposal in proposals] == ["PET"]
    assert "Choose the MR series" in warnings[-1]


def test_ct_is_told_by_air_and_is_no_pet(t1: VolumeFacts) -> None:
    roles = proposed(volume("image 3", None, (-990.0, 1200.0)), volume("SUV", "g/ml{SUVbw}", (0.0, 6.0)), t1)
    assert roles["PET"] == "SUV"


@pytest.mark.parametrize(
    ("name", "modality"),
    {
        "Head_MRAC_PET_UTE_UMAP": "MR",
        "Abd_MRAC_PET_in": "MR",
        "Abd_MRAC_PET_opp": "MR",
        "_Tho_MRAC_PET_15_min_list_AC_Images": "PT",
        "Thorax_PET_List_AC_Images": "PT",
        "PET-MR T1 sag": "MR",
        "PET_MR_t2_tirm": "MR",
        "sub-01_T1w": "MR",
        "FDG static": "PT",
        "SUVbw": "PT",
        "ctac": "CT",
        "t1_tse_sag": "MR",
        "PETRA sag": "MR",
        "volume 3": None,
    }.items(),
)
def test_the_modality_follows_from_the_words_of_a_name(name, modality):
    assert modality_by_name(name) == modality


@pytest.mark.parametrize("other", ["PET NAC", "Daily QC PET", "PET umap", "PET gated"])
def test_a_pet_whose_name_says_that_it_is_none_to_read_yields_to_the_other_one(t1: VolumeFacts, other: str) -> None:
    roles = proposed(volume(other, None, (0.0, 9e4)), volume("PET AC", None, (0.0, 9e4)), t1)
    assert roles["PET"] == "PET AC"


def loaded(folder: Path) -> tuple[list[VolumeFacts], dict[str, str]]:
    """The series of a folder as volumes of a scene, and the path of each instance."""
    paths: dict[str, str] = {}
    volumes = []
    for series in read_folder(folder).series:
        paths |= {uid: str(path) for uid, path in zip(series.sop_instance_uids, series.files, strict=True)}
        assert series.geometry is not None
        name = f"{series.number}: {series.description}"
        volumes.append(
            VolumeFacts(f"node {name}", name, series.sop_instance_uids, {}, None, series.geometry, (0.0, 2e4))
        )
    return volumes, paths


@pytest.mark.parametrize(
    ("rival", "words"),
    [
        (
            {"description": "COR PET", **plane(CORONAL), "ImageType": ["DERIVED", "SECONDARY", "REFORMATTED"]},
            "reformat",
        ),
        ({"description": "PET counts", **plane(), "Units": "PROPCPS"}, "PROPCPS"),
        ({"description": "PET", **plane(), "SeriesType": ["GATED", "IMAGE"]}, "gated"),
        ({"description": "PET SUV", **plane(), "ImageType": ["DERIVED", "SECONDARY"]}, "derived"),
    ],
)
def test_pets_in_a_scene_are_chosen_by_the_rules_for_folders(
    tmp_path: Path, t1: VolumeFacts, rival: dict, words: str
) -> None:
    write_pet(tmp_path, 5, "AXIAL PET", **plane())
    write_pet(tmp_path, 4, **rival)
    volumes, paths = loaded(tmp_path)
    proposals, *_ = propose_roles([*volumes, t1], paths.get)
    (pet,) = (one for one in proposals if one.role == "PET")
    assert pet.name == "5: AXIAL PET"
    assert words in pet.reason


def test_a_pet_alone_of_which_no_unit_can_be_suv_is_still_proposed(tmp_path: Path, t1: VolumeFacts) -> None:
    write_pet(tmp_path, 5, "PET", **plane(), Units="PROPCPS")
    volumes, paths = loaded(tmp_path)
    proposals, *_ = propose_roles([*volumes, t1], paths.get)
    assert [one.name for one in proposals if one.role == "PET"] == ["5: PET"]
