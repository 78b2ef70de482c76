"""What can be: weight with height and age, dose with weight, nuclide with half-life, and the SUV image itself."""

from __future__ import annotations

from datetime import time
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.suv.factors import SuvOverrides, compute_suv_factors, unit_fault, unit_word
from PainGeneratorLib.Numerics.suv.nuclides import HALF_LIVES_S, names_fdg, nuclide_by_hand, nuclide_in, nuclide_with
from PainGeneratorLib.Numerics.suv.plausible import check_dose_for_weight, check_weight, image_warnings
from PainGeneratorLib.Numerics.suv.quantities import half_life_s_of
from PainGeneratorLib.Numerics.suv.records import BY_HAND, Injection, Ledger, PetHeader
from suv_headers import at, header, refusal


def weighed(weight_kg: float, height_m: float | None, age: float | None, source: str = "") -> str:
    """``refused``, ``warned`` or ``fine`` for a weight."""
    ledger = Ledger()
    try:
        check_weight(PetHeader(1, age_years=age), weight_kg, source, height_m, ledger)
    except PainGeneratorError:
        return "refused"
    return "warned" if ledger.warnings else "fine"


@pytest.mark.parametrize(
    ("weight", "height", "age", "expected"),
    [
        (70.0, 1.75, 54.0, "fine"),
        (7.0, None, None, "fine"),
        (7.0, 0.68, 0.7, "fine"),
        (19.9, None, 18.0, "refused"),
        (20.0, None, 18.0, "warned"),
        (34.9, None, 18.0, "warned"),
        (35.0, None, 18.0, "fine"),
        (19.9, None, 17.9, "fine"),
        # Below a body mass index of 9 the lighter ones are refused, the others are warned about.
        (8.9, 1.0, None, "refused"),
        (9.0, 1.0, None, "warned"),
        (29.9, 1.9, None, "refused"),
        (30.0, 1.9, None, "warned"),
        # 13 to 50 are usual, from a height of 1 m on.
        (12.9, 1.0, None, "warned"),
        (13.0, 1.0, None, "fine"),
        (11.0, 0.99, None, "fine"),
        (50.0, 1.0, None, "fine"),
        (50.1, 1.0, None, "warned"),
        (50.1, 0.9, None, "warned"),
    ],
)
def test_a_weight_has_to_fit_height_and_age(
    weight: float, height: float | None, age: float | None, expected: str
) -> None:
    assert weighed(weight, height, age) == expected


def test_a_weight_by_hand_is_never_refused_for_its_height() -> None:
    assert weighed(7.0, 1.7, 54.0, BY_HAND) == "warned"


@pytest.mark.parametrize(("mbq", "warnings"), [(34.9, 1), (35.1, 0), (1399.0, 0), (1401.0, 1)])
def test_a_dose_has_to_fit_the_weight(mbq: float, warnings: int) -> None:
    ledger = Ledger()
    check_dose_for_weight(1e6 * mbq, 70.0, ledger)
    assert len(ledger.warnings) == warnings


def test_an_unusual_dose_is_warned_about_once() -> None:
    result = compute_suv_factors(header(dose=20e6))
    assert sum("unusual" in sentence for sentence in result.warnings) == 1


@pytest.mark.parametrize(
    ("text", "nuclide"),
    [
        ("18F", "F-18"),
        ("F-18", "F-18"),
        ("^18^Fluorine", "F-18"),
        ("Fluorine-18", "F-18"),
        ("FDG F^18^", "F-18"),
        ("[11C]Choline", "C-11"),
        ("Ga68-PSMA", "Ga-68"),
        ("^66^Gallium", "Ga-66"),
        ("64Cu-DOTATATE", "Cu-64"),
        ("89-Zr", "Zr-89"),
        ("Zirconium", "Zr-89"),
        ("124I", "I-124"),
        ("^99m^Technetium", None),
        ("^152^Terbium", None),
        ("PSMA-1007", None),
        ("218F", None),
        ("XF18", None),
        ("", None),
        (None, None),
    ],
)
def test_a_nuclide_is_found_in_a_text(text: str | None, nuclide: str | None) -> None:
    assert nuclide_in(text) == nuclide


def test_every_nuclide_is_found_by_its_own_name_and_half_life() -> None:
    for nuclide, half_life in HALF_LIVES_S.items():
        assert nuclide_by_hand(nuclide) == nuclide
        assert nuclide_with(half_life) == nuclide
    assert nuclide_with(109.77) is None
    with pytest.raises(PainGeneratorError, match="Tc-99m") as caught:
        nuclide_by_hand("Tc-99m")
    assert "F-18" in caught.value.advice


@pytest.mark.parametrize(
    ("tracer", "is_fdg"),
    [
        ("FDG -- fluorodeoxyglucose", True),
        ("Fluordesoxyglucose", True),
        ("2-deoxy-2-[18F]fluoro-D-glucose", True),
        ("Fludeoxyglucose (18F)", True),
        ("FLT", False),
        ("", False),
    ],
)
def test_fdg_is_known_by_many_names(tracer: str, is_fdg: bool) -> None:
    assert names_fdg(tracer, None) is is_fdg
    assert names_fdg(None, "35321007")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # The header's half-life fits the nuclide, is in another unit, or fits nothing.
        ({"half_life_s": 6588.0}, (6588.0, 0)),
        ({"half_life_s": 109.77}, (6586.2, 1)),
        ({"half_life_s": 1.8295}, (6586.2, 1)),
        ({"half_life_s": 9000.0}, (6586.2, 1)),
        # It is that of another nuclide: the tracer decides.
        ({"half_life_s": 1220.0}, (6586.2, 1)),
        ({"nuclide_code": "C-105A1"}, (6586.2, 1)),
        ({"nuclide_code": "C-105A1", "tracer": "Choline"}, ("C-11", "F-18")),
        ({"nuclide_code": "C-105A1", "tracer": "[11C]Choline"}, (1221.84, 1)),
        # No half-life.
        ({"half_life_s": None}, (6586.2, 0)),
        ({"half_life_s": 0.0}, (6586.2, 0)),
        ({"half_life_s": float("nan")}, (6586.2, 1)),
        ({"half_life_s": None, "nuclide_code": None, "tracer": None}, (6586.2, 0)),
        ({"half_life_s": None, "nuclide_code": "C-105A1"}, ("C-11", "tracer")),
        # The wrong code of Ga-68 that public objects write, and the same code for what it means.
        ({"half_life_s": 4057.7, "nuclide_code": "C-131A1", "tracer": "PSMA"}, (4057.7, 0)),
        ({"half_life_s": 34160.0, "nuclide_code": "C-131A1", "tracer": "PSMA"}, (34160.0, 0)),
        # Nothing is named, and no nuclide has this half-life.
        ({"half_life_s": 300.0, "nuclide_code": None, "tracer": "XYZ"}, ("300 s", "names no nuclide")),
    ],
)
def test_nuclide_half_life_and_tracer_have_to_agree(values: dict[str, Any], expected: tuple[Any, Any]) -> None:
    ledger = Ledger()
    if isinstance(expected[0], float):
        assert half_life_s_of(header(**values), ledger) == pytest.approx(expected[0])
        assert len(ledger.warnings) == expected[1]
        return
    with pytest.raises(PainGeneratorError) as caught:
        half_life_s_of(header(**values), ledger)
    assert all(word in caught.value.reason for word in expected)
    assert "--nuclide" in caught.value.advice


def test_a_nuclide_by_hand_takes_the_place_of_the_header() -> None:
    given = SuvOverrides(nuclide="68Ga")
    result = compute_suv_factors(header(), given)
    assert result.half_life_s == HALF_LIVES_S["Ga-68"]
    assert result.given_by_hand == ("Half-life",)


def injected(*items: tuple[float, str | None], **values: Any) -> PetHeader:
    """A header with several injections of FDG, each with dose (MBq) and clock time."""
    made = [
        Injection(1e6 * dose, 6586.2, tracer="FDG", start_time=None if clock is None else time.fromisoformat(clock))
        for dose, clock in items
    ]
    first = {"start_datetime": None, "start_time": made[0].start_time, "dose": made[0].dose}
    return header(injections=tuple(made), **(first | values))


def test_injections_of_one_tracer_add_up() -> None:
    both = compute_suv_factors(injected((200.0, "10:00:00"), (100.0, "10:30:00")))
    one, other = (
        compute_suv_factors(header(dose=1e6 * dose, start_datetime=at(clock), start_time=None)).factors[0]
        for dose, clock in ((200.0, "10:00:00"), (100.0, "10:30:00"))
    )
    assert both.factors[0] == pytest.approx(1.0 / (1.0 / one + 1.0 / other))
    assert both.dose_bq == 300e6
    assert both.uptake_minutes == 60.0


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (injected((200.0, "10:00:00"), (100.0, None)), "lacks dose or time"),
        (injected((200.0, "10:00:00"), (100.0, "10:00:00")), "same time"),
        (injected((200.0, "10:00:00"), (100.0, "10:30:00"), decay_correction="ADMIN"), "not said to which"),
    ],
)
def test_injections_that_do_not_fit_are_refused(one: PetHeader, words: str) -> None:
    error = refusal(one)
    assert "2 injections" in error.reason
    assert words in error.reason
    assert "--dose" in error.advice


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"units": "BQML"}, None),
        ({"units": "bq/ml"}, None),
        ({"units": "GML", "suv_type": "LBM"}, None),
        ({"units": "GML", "suv_type": "XYZ"}, "unknown type"),
        ({"units": "CM2ML"}, None),
        ({"units": "CNTS"}, "without a factor"),
        ({"units": "CNTS", "philips_activity_factor": np.ones(2)}, None),
        ({"units": "CNTS", "philips_suv_factor": np.array([1.0, 0.0])}, "without a factor"),
        ({"units": "PROPCPS"}, "PROPCPS"),
        ({"units": None}, "empty"),
    ],
)
def test_a_unit_that_cannot_become_suv_is_named(values: dict[str, Any], fault: str | None) -> None:
    found = unit_fault(header(**values))
    assert found is None if fault is None else fault in (found or "")
    assert unit_word(" g/ml ") == "GML"


def body(suv: float, liters: float = 10.0, air: float = 10.0) -> np.ndarray:
    """An image of voxels of 100 ml: so many liters of body in so many liters of air."""
    inside, outside = round(10 * liters), round(10 * air)
    return np.concatenate([np.full(inside, suv), np.zeros(outside)]).reshape(1, 1, -1)


@pytest.mark.parametrize(
    ("suv", "weight", "words"),
    [
        (body(0.8), 70.0, ""),
        (body(0.149), 70.0, "median"),
        (body(0.151), 70.0, ""),
        (body(2.49), 70.0, ""),
        (body(2.51), 70.0, "median"),
        (body(0.1, liters=1.9), 70.0, ""),
        (body(0.1, liters=2.0), 70.0, "median"),
        (body(0.019, liters=1.9), 70.0, "median"),
        (body(14.9, liters=1.9), 70.0, ""),
        (body(15.1, liters=1.9), 70.0, "median"),
        # 1.2 times the activity that is left.
        (body(1.19), 10.0, ""),
        (body(1.21), 10.0, "activity"),
        (body(1.21), None, ""),
        # A whole body from 0.6 of the weight on.
        (body(0.44), 16.6, "whole body"),
        (body(0.44), 16.7, ""),
        (body(0.46), 16.0, ""),
        (body(1.39), 16.0, ""),
        (body(1.41), 16.0, "whole body"),
        (np.zeros((2, 3, 4)), 70.0, "empty"),
        (np.full((2, 3, 4), np.nan), 70.0, "empty"),
        (-body(1.0), 70.0, "empty"),
    ],
)
def test_an_image_of_suv_has_to_be_possible(suv: np.ndarray, weight: float | None, words: str) -> None:
    found = image_warnings(suv, 100.0, weight)
    assert len(found) == bool(words)
    assert all(words in sentence for sentence in found)


def test_a_large_image_is_judged_by_a_part_of_its_voxels() -> None:
    rng = np.random.default_rng(5)
    suv = np.zeros((180, 180, 180), dtype=np.float32)
    suv[30:-30, 60:-60, 60:-60] = rng.uniform(0.5, 1.0, (120, 60, 60))
    assert image_warnings(suv, 0.1, 60.0) == ()
    assert "activity" in image_warnings(2.0 * suv, 0.1, 50.0)[0]
