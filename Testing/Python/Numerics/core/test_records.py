"""Records, words and errors: what a candidate becomes in candidates.json."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.errors import Cancelled, PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import (
    FLAG_TEXTS,
    MR_KINDS,
    Candidate,
    HotSpot,
    LedgerEntry,
    MRFinding,
    Place,
)
from PainGeneratorLib.Numerics.core.words import LATERAL_SIDES, MR_ROLES, Role, Side, listed


@pytest.fixture
def region() -> Region:
    return Region(Geometry((2, 2, 2), np.eye(4)), np.array([0, 3]))


def test_a_candidate_is_written_with_rounded_measures_and_each_flag_once(region: Region) -> None:
    candidate = Candidate(
        id="C1",
        rank=2,
        score=0.62345,
        ledger=(
            LedgerEntry("uptake_facet", "pet", "Uptake 2.0 times that of marrow.", 2.0, 0.123456, "Somebody 2020"),
            LedgerEntry("match_with_pain", "symptom", "12 mm from the marked pain.", 12, 0.5, "our estimate"),
        ),
        place=Place("left facet joint L4/L5", "facet joint", "left", "L4/L5", "dorsal"),
        evidence="PET+MR",
        region=region,
        centroid_ras_mm=np.array([1.23456, -2.0, 3.999]),
        volume_ml=1.23456,
        suv_max=4.123456,
        suv_peak=3.123456,
        suv_mean=2.123456,
        mtv_ml=0.98765,
        tlg_g=2.123456,
        reference=1.571428,
        reference_name="marrow within 7 cm",
        tbr=1.98765,
        left_right_ratio=1.45678,
        mr_kind="oedema",
        mr_z=3.45678,
        fat_fraction=31.456,
        fat_fraction_z=-4.5678,
        distance_to_pain_mm=12.3456,
        status="accepted",
        origin="edited",
        comment="seen",
        flags=["weak", "large", "weak"],
        pet_state="abnormal",
        mr_state="abnormal",
    )
    assert candidate.to_json() == {
        "id": "C1",
        "rank": 2,
        "score": 0.62,
        "score_parts": {"pet": 0.123, "symptom": 0.5},
        "name": "left facet joint L4/L5",
        "short_name": "L dorsal",
        "structure": "facet joint",
        "side": "left",
        "side_certainty": "certain",
        "level": "L4/L5",
        "level_certainty": "certain",
        "zone": "dorsal",
        "evidence": "PET+MR",
        "strength": "little",
        "pet_state": "abnormal",
        "mr_state": "abnormal",
        "reason": None,
        "status": "accepted",
        "decided_by": None,
        "decided_at": None,
        "origin": "edited",
        "centroid_ras_mm": [1.23, -2.0, 4.0],
        "volume_ml": 1.235,
        "suv_max": 4.1235,
        "suv_peak": 3.1235,
        "suv_mean": 2.1235,
        "mtv_ml": 0.988,
        "tlg_g": 2.1235,
        "reference": 1.571,
        "reference_name": "marrow within 7 cm",
        "tbr": 1.988,
        "left_right_ratio": 1.457,
        "mr_kind": "oedema",
        "mr_z": 3.46,
        "fat_fraction": 31.5,
        "fat_fraction_z": -4.57,
        "distance_to_pain_mm": 12.3,
        "comment": "seen",
        "flags": ["weak", "large"],
        "acts": [],
        "ledger": [
            {
                "sign": "uptake_facet",
                "group": "pet",
                "text": "Uptake 2.0 times that of marrow.",
                "measure": 2.0,
                "points": 0.123456,
                "source": "Somebody 2020",
                "state": "present",
            },
            {
                "sign": "match_with_pain",
                "group": "symptom",
                "text": "12 mm from the marked pain.",
                "measure": 12,
                "points": 0.5,
                "source": "our estimate",
                "state": "present",
            },
        ],
    }


def test_a_measure_that_was_not_taken_is_none_and_a_new_candidate_is_pending(region: Region) -> None:
    place = Place("right acetabulum", "acetabulum", "right")
    candidate = Candidate("C2", 1, 10.0, place, "MR only", region, np.zeros(3), 0.5)
    written: dict[str, Any] = candidate.to_json()
    missing = ["suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "tbr", "left_right_ratio", "mr_kind", "mr_z"]
    assert {written[key] for key in [*missing, "distance_to_pain_mm", "level", "zone"]} == {None}
    assert (written["status"], written["origin"], written["comment"], written["flags"]) == (
        "pending",
        "automatic",
        "",
        [],
    )
    assert list(written) == list(Candidate("C3", 1, 1.0, place, "MR only", region, np.zeros(3), 1.0).to_json())
    assert candidate.flags is not Candidate("C4", 1, 1.0, place, "", region, np.zeros(3), 1.0).flags


def test_what_could_not_be_assessed_is_never_called_normal(region: Region) -> None:
    place = Place("right acetabulum", "acetabulum", "right")
    candidate = Candidate("C5", 1, 0.0, place, "PET only", region, np.zeros(3), 1.0)
    assert (candidate.pet_state, candidate.mr_state) == ("not assessable", "not assessable")


def test_the_points_of_a_group_are_the_sum_of_its_signs(region: Region) -> None:
    place = Place("right acetabulum", "acetabulum", "right")
    ledger = tuple(
        LedgerEntry("x", group, "X.", None, points, "us") for group, points in (("pet", 2.0), ("pet", -3.0))
    )
    assert Candidate("C6", 1, -1.0, place, "", region, np.zeros(3), 1.0, ledger=ledger).score_parts == {"pet": -1.0}


def test_new_findings_have_no_flags_and_no_rule(region: Region) -> None:
    finding = MRFinding(1, MR_KINDS[0], region, np.zeros(3), 1.0, 3.0, None, "FLUID", 0.33)
    assert (finding.flags, finding.rule) == ([], None)
    spot = HotSpot(
        1, region, np.zeros(3), np.zeros(3), 3.0, 2.0, 1.5, 1.0, 1.5, 1.0, 1.0, None, 2.0, None, "fixed", 1.0
    )
    assert (spot.flags, spot.rule, spot.physiologic, spot.level_ratio, spot.conspicuity) == (
        [],
        None,
        None,
        None,
        None,
    )


def test_every_flag_has_a_sentence() -> None:
    assert all(text[0].isupper() and text.endswith(".") for text in FLAG_TEXTS.values())
    assert all(flag == flag.lower() and " " not in flag for flag in FLAG_TEXTS)


def test_every_tissue_has_a_code_and_a_name_of_its_own() -> None:
    codes = {name: code for name, code in vars(tissues).items() if isinstance(code, int)}
    assert codes == {
        "UNKNOWN": 0,
        "MARROW": 1,
        "MUSCLE": 2,
        "FAT": 3,
        "DISC": 4,
        "FLUID": 5,
        "VISCERA": 6,
        "VOID": 7,
    }
    assert {code: name.lower() for name, code in codes.items()} == tissues.NAMES


def test_words_are_strings_and_are_listed_for_a_message() -> None:
    assert Role.T1 == "T1"
    assert listed(Side) == "left, right, midline, both"
    assert listed([]) == ""
    assert [str(role) for role in MR_ROLES] == ["T1", "FLUID", "T2", "CONTRAST"]
    assert listed(LATERAL_SIDES) == "left, right"


def test_an_error_has_a_reason_and_an_advice() -> None:
    error = PainGeneratorError("The tank is empty.", "Fill it.")
    assert (error.reason, error.advice, str(error)) == (
        "The tank is empty.",
        "Fill it.",
        "The tank is empty. Fill it.",
    )
    assert isinstance(error, RuntimeError)
    assert not issubclass(Cancelled, PainGeneratorError)
