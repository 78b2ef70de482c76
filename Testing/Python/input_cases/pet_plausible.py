"""Numbers of the PET header that cannot be, or cannot be together, and SUV images that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from .judging import InputCase, Outcome
from .pet_series import START, factor_at, is_factor, suv_case, write_pet

KIND = "numbers that cannot be"
WARNED, REFUSED = (Outcome.WARNED,), (Outcome.REFUSED,)
DOSE = "https://github.com/innolitics/dicom-standard/issues/76"
NUCLIDE = "https://github.com/QIICR/Slicer-PETDICOMExtension/issues/28"
LIVER = "EJNMMI 2022, 10.1007/s00259-022-05977-5 (liver SUV as a check of calibration)"
IBSI = "https://github.com/oncoray/suv_computation"


def code(value: str, meaning: str, scheme: str = "SRT") -> list[Dataset]:
    """A code sequence with one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def _body(**values: Any) -> Any:
    return lambda folder: write_pet(folder, **values)


def _dose(dose: float, **values: Any) -> Any:
    return lambda folder: write_pet(folder, injections=[{"RadionuclideTotalDose": dose}], **values)


def _nuclide(nuclide: tuple[str, str] | None, half_life: float | None, tracer: str | None, **item: Any) -> Any:
    """Writes a PET of a nuclide by code and meaning, with a half-life and a tracer."""
    values = {"RadionuclideHalfLife": half_life, "Radiopharmaceutical": tracer, **item}
    if nuclide is not None:
        values["RadionuclideCodeSequence"] = code(*nuclide)
    return lambda folder: write_pet(folder, injections=[values])


def phantom(
    mean_suv: float, factor: float = START, weight_kg: float = 70.0, body: int = 6, bladder: float = 15.0
) -> Any:
    """Writes a PET of a whole body: `body` of 16 columns wide in air, with a hot bladder and a liver."""

    def write(folder: Path) -> None:
        stored = np.zeros((20, 16, 16), dtype=np.float64)
        edge = (16 - body) // 2
        stored[1:19, edge:-edge, edge:-edge] = 0.75 * mean_suv
        stored[10:13, edge : edge + 4, edge : edge + 5] = 2.2 * mean_suv
        stored[3:5, 7:9, 7:9] = bladder * mean_suv
        slope = bladder * mean_suv / factor / 30000.0
        write_pet(
            folder,
            stored=np.round(stored / factor / slope).astype(np.int16),
            RescaleSlope=float(f"{slope:.8g}"),
            PatientWeight=weight_kg,
            spacing=(34.0, 34.0),
            distance=34.0,
        )

    return write


CASES: list[InputCase] = [
    suv_case(
        "weight-7-kg-of-a-tall-adult",
        KIND,
        IBSI,
        _body(PatientWeight=7.0, PatientSize=1.7, PatientAge="054Y"),
        None,
        REFUSED,
        refused_by="7 kg.*--weight",
    ),
    suv_case(
        "weight-7-kg-of-an-adult-without-height",
        KIND,
        IBSI,
        _body(PatientWeight=7.0, PatientSize=None, PatientBirthDate="19700101"),
        None,
        REFUSED,
        refused_by="7 kg.*--weight",
    ),
    suv_case(
        "weight-7-kg-by-height-alone",
        KIND,
        IBSI,
        _body(PatientWeight=7.0, PatientSize=1.7),
        None,
        REFUSED,
        refused_by="7 kg.*1.7 m.*--weight",
    ),
    suv_case(
        "weight-7-kg-corrected-by-hand",
        KIND,
        IBSI,
        _body(PatientWeight=7.0, PatientSize=1.7, PatientAge="054Y"),
        is_factor(START),
        WARNED,
        options={"weight_kg": 70.0},
        warned_by="70 kg, replaces that of the images, 7 kg",
    ),
    suv_case(
        "weight-in-pounds",
        KIND,
        IBSI,
        _body(PatientWeight=165.0, PatientSize=1.75, PatientAge="054Y"),
        None,
        WARNED,
        warned_by="165 kg.*pounds",
    ),
    suv_case("weight-in-grams", KIND, DOSE, _body(PatientWeight=70000.0), is_factor(START), WARNED, warned_by="grams"),
    suv_case("weight-700-kg", KIND, IBSI, _body(PatientWeight=700.0), None, REFUSED, refused_by="700 kg.*--weight"),
    suv_case(
        "weight-of-a-toddler",
        KIND,
        IBSI,
        lambda folder: write_pet(
            folder,
            PatientWeight=12.0,
            PatientSize=0.87,
            PatientAge="002Y",
            injections=[{"RadionuclideTotalDose": 60e6}],
        ),
        is_factor(factor_at(60, 12.0, 60e6)),
        may_warn=False,
    ),
    suv_case(
        "weight-of-a-heavy-adult",
        KIND,
        IBSI,
        _body(PatientWeight=135.0, PatientSize=1.72, PatientAge="054Y"),
        is_factor(factor_at(60, 135.0)),
        may_warn=False,
    ),
    suv_case(
        "height-of-0.17-m",
        KIND,
        IBSI,
        _body(PatientSize=0.17, PatientAge="054Y"),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "height-in-centimeters",
        KIND,
        IBSI,
        _body(PatientSize=175.0),
        is_factor(START),
        WARNED,
        warned_by="centimeters",
    ),
    suv_case(
        "height-and-weight-exchanged",
        KIND,
        IBSI,
        _body(PatientWeight=175.0, PatientSize=70.0, PatientAge="054Y"),
        None,
        (Outcome.REFUSED, Outcome.WARNED),
        refused_by="175 kg",
        warned_by="175 kg",
    ),
    suv_case("dose-10-mci", KIND, DOSE, _dose(10.0), None, REFUSED, refused_by="mCi.*--dose"),
    suv_case(
        "dose-10-mci-corrected-by-hand",
        KIND,
        DOSE,
        _dose(10.0),
        is_factor(START),
        WARNED,
        options={"dose_mbq": 368.08},
        warned_by="368.08 MBq, replaces that of the images",
    ),
    suv_case("dose-in-mbq", KIND, DOSE, _dose(368.08), is_factor(START), WARNED, warned_by="MBq"),
    suv_case("dose-in-gbq", KIND, DOSE, _dose(0.368), None, REFUSED, refused_by="dose.*--dose"),
    suv_case("dose-in-kbq", KIND, DOSE, _dose(368080.0), None, REFUSED, refused_by="dose.*--dose"),
    suv_case("dose-in-microcurie", KIND, DOSE, _dose(10000.0), None, REFUSED, refused_by="dose.*--dose"),
    suv_case("dose-ten-times-too-high", KIND, DOSE, _dose(3.6808e9), None, WARNED, warned_by="unusual"),
    suv_case("dose-ten-times-too-low", KIND, DOSE, _dose(3.6808e7), None, WARNED, warned_by="unusual"),
    suv_case(
        "dose-low-for-the-weight",
        KIND,
        "https://github.com/oncoray/suv_computation",
        _dose(45e6, PatientWeight=110.0, PatientSize=1.8),
        None,
        WARNED,
        warned_by="MBq.*unusual",
    ),
    suv_case(
        "c11-with-the-half-life-of-f18",
        KIND,
        NUCLIDE,
        _nuclide(("C-105A1", "^11^Carbon"), 6586.2, "Choline"),
        None,
        REFUSED,
        refused_by="C-11.*F-18.*--nuclide",
    ),
    suv_case(
        "c11-code-of-fdg",
        KIND,
        NUCLIDE,
        _nuclide(("C-105A1", "^11^Carbon"), 6586.2, "FDG"),
        is_factor(START),
        WARNED,
        warned_by="C-11.*F-18",
    ),
    suv_case(
        "c11-with-the-half-life-of-f18-by-hand",
        KIND,
        NUCLIDE,
        _nuclide(("C-105A1", "^11^Carbon"), 6586.2, "Choline"),
        is_factor(factor_at(60, half_life_s=1221.84)),
        WARNED,
        options={"nuclide": "C-11"},
        warned_by="not FDG",
    ),
    suv_case(
        "fdg-with-the-half-life-of-c11",
        KIND,
        NUCLIDE,
        _nuclide(("C-111A1", "^18^Fluorine"), 1221.0, "FDG"),
        is_factor(START),
        WARNED,
        warned_by="half-life",
    ),
    suv_case(
        "zr89-half-life-in-hours",
        KIND,
        NUCLIDE,
        _nuclide(
            ("C-168A4", "^89^Zirconium"),
            78.41,
            "Trastuzumab",
            RadiopharmaceuticalStartTime=None,
            RadiopharmaceuticalStartDateTime="20241229110000",
            RadionuclideTotalDose=37e6,
        ),
        is_factor(factor_at(4 * 1440, dose_bq=37e6, half_life_s=282276.0)),
        WARNED,
        warned_by="half-life.*hours",
    ),
    suv_case(
        "zr89-four-days-after-injection",
        KIND,
        NUCLIDE,
        _nuclide(
            ("C-168A4", "^89^Zirconium"),
            282276.0,
            "Trastuzumab",
            RadiopharmaceuticalStartTime=None,
            RadiopharmaceuticalStartDateTime="20241229110000",
            RadionuclideTotalDose=37e6,
        ),
        is_factor(factor_at(4 * 1440, dose_bq=37e6, half_life_s=282276.0)),
        WARNED,
        warned_by="not FDG",
    ),
    suv_case(
        "zr89-half-life-in-days",
        KIND,
        NUCLIDE,
        _nuclide(
            ("63360001", "^89^Zirconium", "SCT"),
            3.267,
            "Trastuzumab",
            RadiopharmaceuticalStartTime=None,
            RadiopharmaceuticalStartDateTime="20241229110000",
            RadionuclideTotalDose=37e6,
        ),
        is_factor(factor_at(4 * 1440, dose_bq=37e6, half_life_s=282276.0)),
        WARNED,
        warned_by="half-life.*days",
    ),
    suv_case(
        "f18-half-life-in-minutes",
        KIND,
        NUCLIDE,
        _nuclide(("C-111A1", "^18^Fluorine"), 109.77, "FDG"),
        is_factor(START),
        WARNED,
        warned_by="half-life.*minutes",
    ),
    suv_case(
        "unnamed-tracer-with-half-life-in-minutes",
        KIND,
        NUCLIDE,
        _nuclide(None, 109.77, None),
        None,
        REFUSED,
        refused_by="half-life.*--nuclide",
    ),
    suv_case(
        "n13-ammonia-with-the-half-life-of-f18",
        KIND,
        NUCLIDE,
        _nuclide(("21576001", "^13^Nitrogen", "SCT"), 6588.0, "Ammonia"),
        None,
        REFUSED,
        refused_by="N-13.*F-18.*--nuclide",
    ),
    suv_case(
        "ga68-by-the-code-of-ga66",
        KIND,
        IBSI,
        _nuclide(("C-131A1", "^68^Gallium"), 4057.7, "Ga68-PSMA"),
        is_factor(3.51746891e-4),
        WARNED,
        warned_by="not FDG",
    ),
    suv_case(
        "half-life-of-6588-s",
        KIND,
        IBSI,
        _nuclide(("C-111A1", "18F"), 6588.0, "FDG -- fluorodeoxyglucose"),
        is_factor(factor_at(60, half_life_s=6588.0)),
        may_warn=False,
    ),
    suv_case(
        "frame-duration-in-seconds",
        KIND,
        "https://github.com/openneuropet/PET2BIDS/issues/379",
        _body(ActualFrameDuration=300, DecayCorrection="NONE", CorrectedImage=["ATTN"]),
        None,
        WARNED,
        warned_by="frame duration",
    ),
    suv_case(
        "frame-duration-and-times-in-seconds",
        KIND,
        "https://github.com/openneuropet/PET2BIDS/issues/379",
        _body(ActualFrameDuration=300, FrameReferenceTime=150),
        is_factor(START),
    ),
    suv_case("whole-body-as-it-is", KIND, LIVER, phantom(0.9, body=10), is_factor(START), may_warn=False),
    suv_case("body-as-it-is-high-end", KIND, LIVER, phantom(1.7), is_factor(START), may_warn=False),
    suv_case("body-as-it-is-low-end", KIND, LIVER, phantom(0.45), is_factor(START), may_warn=False),
    suv_case(
        "pelvis-with-a-hot-bladder",
        "false alarms",
        LIVER,
        phantom(0.9, bladder=60.0),
        is_factor(START),
        may_warn=False,
    ),
    suv_case("values-are-suv-but-unit-says-bq", KIND, LIVER, phantom(0.9 * START), None, WARNED, warned_by="median"),
    suv_case("values-in-kbq-but-unit-says-bq", KIND, LIVER, phantom(0.0009), None, WARNED, warned_by="median"),
    suv_case("suv-ten-times-too-low", KIND, LIVER, phantom(0.09), None, WARNED, warned_by="median"),
    suv_case("suv-ten-times-too-high", KIND, LIVER, phantom(9.0), None, WARNED, warned_by="median|activity"),
    suv_case(
        "more-activity-than-was-injected", KIND, LIVER, phantom(2.0, body=10), None, WARNED, warned_by="activity"
    ),
    suv_case(
        "whole-body-with-half-of-the-activity",
        KIND,
        LIVER,
        phantom(0.4, body=10),
        None,
        WARNED,
        warned_by="whole body",
    ),
    suv_case(
        "suv-unit-with-values-of-bq",
        KIND,
        LIVER,
        lambda folder: write_pet(folder, Units="GML", spacing=(40.0, 40.0), distance=40.0, RescaleSlope=5.0),
        None,
        WARNED,
        warned_by="cannot be right",
    ),
    suv_case(
        "image-of-zeros",
        KIND,
        LIVER,
        lambda folder: write_pet(folder, stored=np.zeros((4, 8, 8), np.int16), spacing=(40.0, 40.0), distance=40.0),
        None,
        WARNED,
        warned_by="no voxel|empty",
    ),
]
"""Weight, dose, nuclide and half-life that contradict one another or what is known, and the SUV image itself."""
