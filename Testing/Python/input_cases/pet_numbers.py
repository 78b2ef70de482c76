"""Numbers, dates and times of the PET header that are written badly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from .judging import InputCase, Outcome
from .pet_series import ADMIN, START, factor_at, has_maximum, is_factor, raw, suv_case, voxels, write_pet

KIND = "numbers written badly"
COMMA = "https://github.com/fo-dicom/fo-dicom/pull/1915"
SLOPES = "https://github.com/innolitics/dicom-numpy/issues/1"
EMPTY_SLOPE = "https://github.com/fo-dicom/fo-dicom/issues/1975"
DS = "https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.2.html"
UNITS = "https://github.com/innolitics/dicom-standard/issues/91"
NUCLIDES = "https://dicom.nema.org/medical/dicom/current/output/chtml/part16/sect_CID_4021.html"
REFUSED = (Outcome.REFUSED,)


def _with(keyword: str, text: str, vr: str = "DS", only: int | None = None, **values: Any) -> Any:
    """Writes a PET in which one element has exactly this text, in all slices or in one."""

    def change(k: int, dataset: Dataset) -> None:
        if only is None or k == only:
            raw(dataset, keyword, text, vr)

    return lambda folder: write_pet(folder, change=change, **values)


def _injected(keyword: str, text: str, vr: str = "DS", implicit: bool = False, **values: Any) -> Any:
    """Writes a PET in which one element of the injection has exactly this text."""

    def change(_k: int, dataset: Dataset) -> None:
        raw(dataset.RadiopharmaceuticalInformationSequence[0], keyword, text, vr)
        if implicit:
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian

    return lambda folder: write_pet(folder, change=change, injections=[{keyword: None, **values}])


def _without_slope(only: int | None = None) -> Any:
    def change(k: int, dataset: Dataset) -> None:
        if only is None or k == only:
            del dataset.RescaleSlope

    return lambda folder: write_pet(folder, change=change)


def _slope_per_slice(folder: Path) -> None:
    def change(k: int, dataset: Dataset) -> None:
        dataset.RescaleSlope = 0.5 + 0.25 * k

    write_pet(folder, change=change)


def _slope(name: str, text: str, source: str = DS) -> InputCase:
    return suv_case(f"slope-{name}", KIND, source, _with("RescaleSlope", text), None, REFUSED, refused_by="slope")


def _philips_comma(folder: Path) -> None:
    def change(_k: int, dataset: Dataset) -> None:
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "LO", "0,0005")

    write_pet(folder, change=change, Units="CNTS")


CASES: list[InputCase] = [
    suv_case("slope-comma", KIND, COMMA, _with("RescaleSlope", "1,25"), has_maximum(20000 * 1.25 * START)),
    suv_case("slope-exponent-and-plus", KIND, DS, _with("RescaleSlope", " +1.25E+00"), has_maximum(25000 * START)),
    suv_case("slope-per-slice", KIND, SLOPES, _slope_per_slice, has_maximum(20000 * START)),
    suv_case("slope-missing", KIND, EMPTY_SLOPE, _without_slope(), None, REFUSED, refused_by="slope.*missing"),
    suv_case("slope-missing-in-one-slice", KIND, SLOPES, _without_slope(2), None, REFUSED, refused_by="slope.*1 of"),
    suv_case("slope-empty", KIND, EMPTY_SLOPE, _with("RescaleSlope", ""), None, REFUSED, refused_by="slope"),
    suv_case(
        "slope-unreadable-in-one-slice",
        KIND,
        DS,
        _with("RescaleSlope", "one", only=1),
        None,
        REFUSED,
        refused_by="slope.*1 of",
    ),
    _slope("zero", "0"),
    _slope("zero-by-exponent", "0.0E+00"),
    _slope("negative", "-1"),
    _slope("a-word", "unity"),
    _slope("two-commas", "1,234,567", COMMA),
    _slope("two-points", "1.2.5"),
    _slope("not-a-number", "NaN"),
    _slope("infinite", "inf"),
    suv_case("intercept-comma", KIND, COMMA, _with("RescaleIntercept", "0,0"), is_factor(START)),
    suv_case("intercept-missing", KIND, DS, _with("RescaleIntercept", ""), is_factor(START)),
    suv_case(
        "intercept-of-minus-100",
        KIND,
        "https://github.com/QIICR/Slicer-PETDICOMExtension/issues/4",
        lambda folder: write_pet(folder, RescaleIntercept=-100.0),
        None,
        REFUSED,
        refused_by="intercept",
    ),
    suv_case(
        "intercept-unreadable", KIND, DS, _with("RescaleIntercept", "none"), None, REFUSED, refused_by="intercept"
    ),
    suv_case("weight-comma", KIND, COMMA, _with("PatientWeight", "70,5"), is_factor(factor_at(60, 70.5))),
    suv_case("weight-twice", KIND, DS, _with("PatientWeight", "70.5\\70.5"), is_factor(factor_at(60, 70.5))),
    suv_case(
        "weight-with-unit",
        KIND,
        DS,
        _with("PatientWeight", "70 kg"),
        None,
        REFUSED,
        refused_by="weight.*not a number.*--weight",
    ),
    suv_case(
        "weight-a-word",
        KIND,
        DS,
        _with("PatientWeight", "unknown"),
        None,
        REFUSED,
        refused_by="weight.*not a number.*--weight",
    ),
    suv_case(
        "weight-a-word-and-by-hand",
        KIND,
        DS,
        _with("PatientWeight", "unknown"),
        is_factor(factor_at(60, 80.0)),
        options={"weight_kg": 80.0},
        may_warn=False,
    ),
    suv_case(
        "weight-a-word-but-suv-already",
        KIND,
        DS,
        _with("PatientWeight", "unknown", Units="GML", RescaleSlope=0.001),
        lambda suv: is_factor(1.0)(suv) and suv.result.weight_kg is None,
        may_warn=False,
    ),
    suv_case(
        "weight-zero",
        KIND,
        "https://github.com/QIICR/Slicer-PETDICOMExtension/issues/3",
        _with("PatientWeight", "0"),
        None,
        REFUSED,
        refused_by="no patient weight.*--weight",
    ),
    suv_case(
        "height-comma",
        KIND,
        COMMA,
        _with("PatientSize", "1,75", Units="GML", SUVType="IBW"),
        is_factor(70.0 / 72.38),
    ),
    suv_case(
        "height-a-word",
        KIND,
        DS,
        _with("PatientSize", "tall", Units="GML", SUVType="IBW"),
        None,
        REFUSED,
        refused_by="height.*not a number",
    ),
    suv_case("dose-comma", KIND, COMMA, _injected("RadionuclideTotalDose", "368080000,0"), is_factor(START)),
    suv_case("dose-comma-in-mbq", KIND, COMMA, _injected("RadionuclideTotalDose", "368,08"), is_factor(START)),
    suv_case(
        "dose-comma-without-vr",
        KIND,
        COMMA,
        _injected("RadionuclideTotalDose", "3,6808e8", implicit=True),
        is_factor(START),
    ),
    suv_case(
        "dose-a-word",
        KIND,
        UNITS,
        _injected("RadionuclideTotalDose", "ten mCi"),
        None,
        REFUSED,
        refused_by="dose.*not a number.*--dose",
    ),
    suv_case(
        "dose-with-unit",
        KIND,
        UNITS,
        _injected("RadionuclideTotalDose", "368 MBq"),
        None,
        REFUSED,
        refused_by="dose.*not a number.*--dose",
    ),
    suv_case(
        "dose-a-word-and-by-hand",
        KIND,
        UNITS,
        _injected("RadionuclideTotalDose", "ten mCi"),
        is_factor(START),
        options={"dose_mbq": 368.08},
        may_warn=False,
    ),
    suv_case(
        "dose-with-thousands",
        KIND,
        COMMA,
        _injected("RadionuclideTotalDose", "368,080,000"),
        None,
        REFUSED,
        refused_by="dose.*not a number",
    ),
    suv_case("half-life-comma", KIND, COMMA, _injected("RadionuclideHalfLife", "6586,2"), is_factor(START)),
    suv_case(
        "half-life-a-word",
        KIND,
        "https://github.com/AustralianCancerDataNetwork/pydicer/pull/36",
        _injected("RadionuclideHalfLife", "110 min"),
        is_factor(START),
        (Outcome.WARNED,),
        warned_by="half-life",
    ),
    suv_case(
        "half-life-missing",
        KIND,
        "https://github.com/AustralianCancerDataNetwork/pydicer/pull/36",
        lambda folder: write_pet(folder, injections=[{"RadionuclideHalfLife": None}]),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "injection-time-with-colons",
        KIND,
        DS,
        _injected("RadiopharmaceuticalStartTime", "10:00:00", "TM"),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "injection-time-with-comma",
        KIND,
        COMMA,
        _injected("RadiopharmaceuticalStartTime", "100000,00", "TM"),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "header-time-without-seconds",
        KIND,
        DS,
        _injected("RadiopharmaceuticalStartTime", "1000", "TM"),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "injection-time-lost-its-zero",
        KIND,
        DS,
        _injected("RadiopharmaceuticalStartTime", "95500", "TM"),
        None,
        REFUSED,
        refused_by="95500.*not a time.*--injection-time",
    ),
    suv_case(
        "injection-time-a-word",
        KIND,
        DS,
        _injected("RadiopharmaceuticalStartTime", "morning", "TM"),
        None,
        REFUSED,
        refused_by="morning.*not a time.*--injection-time",
    ),
    suv_case(
        "injection-datetime-unreadable-beside-time",
        KIND,
        "https://github.com/QIICR/Slicer-PETDICOMExtension/issues/20",
        _injected("RadiopharmaceuticalStartDateTime", "10:00", "DT"),
        is_factor(START),
        (Outcome.WARNED,),
        warned_by="10:00.*not a",
    ),
    suv_case(
        "injection-datetime-with-dashes",
        KIND,
        DS,
        _injected("RadiopharmaceuticalStartDateTime", "2025-01-02 10:00:00", "DT", RadiopharmaceuticalStartTime=None),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "dates-with-dashes-and-points",
        KIND,
        DS,
        lambda folder: write_pet(
            folder,
            change=lambda _k, ds: (
                raw(ds, "SeriesDate", "2025-01-02", "DA"),
                raw(ds, "AcquisitionDate", "2025.01.02", "DA"),
            ),
        ),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "frame-duration-comma",
        KIND,
        COMMA,
        _with("ActualFrameDuration", "603000,0", "DS", DecayCorrection="NONE", CorrectedImage=["ATTN"]),
        is_factor(2.86685402e-4),
    ),
    suv_case(
        "frame-duration-a-word-without-decay-correction",
        KIND,
        DS,
        _with("ActualFrameDuration", "long", "IS", DecayCorrection="NONE", CorrectedImage=["ATTN"]),
        None,
        REFUSED,
        refused_by="frame duration",
    ),
    suv_case("philips-factor-comma", KIND, COMMA, _philips_comma, is_factor(5e-4)),
    suv_case(
        "corrections-with-commas",
        KIND,
        "https://github.com/OHIF/Viewers/issues/2898",
        lambda folder: write_pet(folder, change=lambda _k, ds: raw(ds, "CorrectedImage", "DECY,ATTN,SCAT,NORM", "CS")),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "fdg-in-german",
        "false alarms",
        NUCLIDES,
        lambda folder: write_pet(folder, injections=[{"Radiopharmaceutical": "F-18-Fluordesoxyglukose"}]),
        is_factor(START),
        may_warn=False,
    ),
    suv_case(
        "units-with-slash",
        KIND,
        "https://github.com/medical-physics-usz/z-rad/pull/140",
        lambda folder: write_pet(folder, Units="BQ/ML"),
        is_factor(START),
    ),
    suv_case(
        "units-differ-between-slices",
        KIND,
        SLOPES,
        lambda folder: write_pet(folder, change=lambda k, ds: setattr(ds, "Units", "GML" if k == 0 else "BQML")),
        None,
        REFUSED,
        refused_by="units",
    ),
    suv_case(
        "decay-corrected-to-injection",
        KIND,
        "https://github.com/horosproject/horos/issues/653",
        lambda folder: write_pet(folder, DecayCorrection="ADMIN", stored=voxels()),
        is_factor(ADMIN),
        may_warn=False,
    ),
]
"""Elements of the PET header with a decimal comma, a word, a missing value or an unusual form."""
