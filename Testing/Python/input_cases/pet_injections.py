"""PET headers with no injection, with two, and with several tracers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .judging import InputCase, Outcome
from .pet_plausible import code
from .pet_series import ADMIN, START, factor_at, is_factor, suv_case, write_pet

KIND = "injections"
NONE_SOURCE = "https://github.com/openneuropet/PET2BIDS/issues/368"
TWO = "https://github.com/OHIF/Viewers/issues/3805"
STANDARD = "https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.8.9.2.html"
WARNED, REFUSED = (Outcome.WARNED,), (Outcome.REFUSED,)
GIVEN: dict[str, Any] = {"dose_mbq": 368.08, "injection_time": datetime(2025, 1, 2, 10, 0)}


def _none(**values: Any) -> Any:
    """Writes a PET without a Radiopharmaceutical Information Sequence."""
    return lambda folder: write_pet(folder, injections=[], **values)


def _items(*items: dict[str, Any], **values: Any) -> Any:
    return lambda folder: write_pet(folder, injections=list(items), **values)


HALF = {"RadionuclideTotalDose": 184.04e6}
LATER = {**HALF, "RadiopharmaceuticalStartTime": "103000"}
SPLIT = 1.0 / (0.5 / factor_at(60) + 0.5 / factor_at(30))
RUBIDIUM = {
    "Radiopharmaceutical": "Rubidium",
    "RadionuclideTotalDose": 1e9,
    "RadionuclideHalfLife": 75.0,
    "RadionuclideCodeSequence": code("C-159A2", "^82^Rubidium"),
}
EMPTY: dict[str, Any] = dict.fromkeys(
    ("Radiopharmaceutical", "RadiopharmaceuticalStartTime", "RadionuclideTotalDose", "RadionuclideHalfLife")
)

CASES: list[InputCase] = [
    suv_case(
        "no-injection-given-by-hand",
        KIND,
        NONE_SOURCE,
        _none(),
        is_factor(START, 60.0),
        WARNED,
        options=GIVEN,
        warned_by="taken for FDG",
    ),
    suv_case(
        "no-injection-given-by-hand-with-nuclide",
        KIND,
        NONE_SOURCE,
        _none(),
        is_factor(factor_at(60, half_life_s=4062.6), 60.0),
        WARNED,
        options={**GIVEN, "nuclide": "Ga-68"},
        warned_by="not FDG|taken for FDG",
    ),
    suv_case("no-injection-at-all", KIND, NONE_SOURCE, _none(), None, REFUSED, refused_by="no injected dose.*--dose"),
    suv_case(
        "no-injection-only-the-dose-by-hand",
        KIND,
        NONE_SOURCE,
        _none(),
        None,
        REFUSED,
        options={"dose_mbq": 368.08},
        refused_by="no time of injection.*--injection-time",
    ),
    suv_case(
        "empty-injection-given-by-hand",
        KIND,
        NONE_SOURCE,
        _items(EMPTY),
        is_factor(START, 60.0),
        WARNED,
        options=GIVEN,
        warned_by="taken for FDG",
    ),
    suv_case(
        "no-injection-corrected-to-it",
        KIND,
        NONE_SOURCE,
        _none(DecayCorrection="ADMIN"),
        is_factor(ADMIN),
        WARNED,
        options={"dose_mbq": 368.08},
        warned_by="taken for FDG",
    ),
    suv_case("no-injection-but-suv", KIND, NONE_SOURCE, _none(Units="GML"), is_factor(1.0)),
    suv_case(
        "unknown-tracer-without-nuclide",
        KIND,
        NONE_SOURCE,
        _items({"Radiopharmaceutical": "XYZ-123", "RadionuclideHalfLife": None}),
        None,
        REFUSED,
        refused_by="half-life.*--nuclide",
    ),
    suv_case(
        "unknown-tracer-with-nuclide-by-hand",
        KIND,
        NONE_SOURCE,
        _items({"Radiopharmaceutical": "XYZ-123", "RadionuclideHalfLife": None}),
        is_factor(START, 60.0),
        WARNED,
        options={"nuclide": "F-18"},
        warned_by="not FDG",
    ),
    suv_case(
        "nuclide-written-in-other-ways",
        KIND,
        NONE_SOURCE,
        _items({"Radiopharmaceutical": "XYZ-123", "RadionuclideHalfLife": None}),
        is_factor(START, 60.0),
        WARNED,
        options={"nuclide": "18f"},
        warned_by="not FDG",
    ),
    suv_case(
        "nuclide-by-hand-that-is-none",
        KIND,
        NONE_SOURCE,
        _none(),
        None,
        REFUSED,
        options={**GIVEN, "nuclide": "Tc-99m"},
        refused_by="Tc-99m.*F-18",
    ),
    suv_case(
        "two-injections-of-one-tracer",
        KIND,
        TWO,
        _items(HALF, LATER),
        is_factor(SPLIT),
        WARNED,
        warned_by="2 injections.*add",
    ),
    suv_case(
        "two-injections-latest-first",
        KIND,
        TWO,
        _items(LATER, HALF),
        is_factor(SPLIT),
        WARNED,
        warned_by="2 injections.*add",
    ),
    suv_case(
        "three-injections-of-one-tracer",
        KIND,
        TWO,
        _items(
            {"RadionuclideTotalDose": 92.02e6},
            {"RadionuclideTotalDose": 92.02e6, "RadiopharmaceuticalStartTime": "100500"},
            {"RadionuclideTotalDose": 184.04e6, "RadiopharmaceuticalStartTime": "101000"},
        ),
        is_factor(1.0 / (0.25 / factor_at(60) + 0.25 / factor_at(55) + 0.5 / factor_at(50))),
        WARNED,
        warned_by="3 injections.*add",
    ),
    suv_case(
        "two-injections-before-and-after-midnight",
        KIND,
        TWO,
        _items(
            {**HALF, "RadiopharmaceuticalStartTime": "233000"},
            {**HALF, "RadiopharmaceuticalStartTime": "000000"},
            SeriesTime="003000",
            AcquisitionTime="003000",
        ),
        is_factor(SPLIT),
        WARNED,
        warned_by="2 injections.*add",
    ),
    suv_case(
        "one-injection-written-twice",
        KIND,
        STANDARD,
        _items({}, {}),
        is_factor(START, 60.0),
        WARNED,
        warned_by="twice|same",
    ),
    suv_case(
        "two-doses-at-one-time",
        KIND,
        STANDARD,
        _items({}, {"RadionuclideTotalDose": 300e6}),
        None,
        REFUSED,
        refused_by="2 injections.*--dose.*--injection-time",
    ),
    suv_case(
        "two-injections-one-without-time",
        KIND,
        TWO,
        _items(HALF, {**HALF, "RadiopharmaceuticalStartTime": None}),
        None,
        REFUSED,
        refused_by="2 injections.*--dose.*--injection-time",
    ),
    suv_case("two-injections-given-by-hand", KIND, TWO, _items(HALF, LATER), is_factor(START, 60.0), options=GIVEN),
    suv_case(
        "two-injections-only-the-dose-by-hand",
        KIND,
        TWO,
        _items(HALF, LATER),
        None,
        REFUSED,
        options={"dose_mbq": 368.08},
        refused_by="2 injections.*--injection-time",
    ),
    suv_case(
        "two-injections-corrected-to-one-of-them",
        KIND,
        TWO,
        _items(HALF, LATER, DecayCorrection="ADMIN"),
        None,
        REFUSED,
        refused_by="2 injections",
    ),
    suv_case("second-injection-empty", KIND, STANDARD, _items({}, EMPTY), is_factor(START, 60.0)),
    suv_case("first-injection-empty", KIND, STANDARD, _items(EMPTY, {}), is_factor(START, 60.0)),
    suv_case(
        "fdg-after-rubidium",
        KIND,
        TWO,
        _items(RUBIDIUM, {}),
        is_factor(START, 60.0),
        WARNED,
        warned_by="FDG.*Rubidium|Rubidium.*FDG",
    ),
    suv_case(
        "fdg-before-rubidium",
        KIND,
        TWO,
        _items({}, RUBIDIUM),
        is_factor(START, 60.0),
        WARNED,
        warned_by="FDG.*Rubidium|Rubidium.*FDG",
    ),
    suv_case(
        "two-tracers-without-fdg",
        KIND,
        TWO,
        _items(
            RUBIDIUM, {"Radiopharmaceutical": "Ammonia", "RadionuclideCodeSequence": code("C-107A1", "^13^Nitrogen")}
        ),
        None,
        REFUSED,
        refused_by="2 injections",
    ),
    suv_case(
        "fdg-named-by-code-only",
        KIND,
        STANDARD,
        _items(
            {
                "Radiopharmaceutical": None,
                "RadiopharmaceuticalCodeSequence": code("35321007", "Fluorodeoxyglucose F^18^", "SCT"),
            }
        ),
        is_factor(START, 60.0),
        may_warn=False,
    ),
]
"""No injection, an empty one, several of one tracer, and several tracers."""
