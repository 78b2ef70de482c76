"""PET in the newer multi-frame objects: enhanced PET and legacy converted enhanced PET."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dicom_makers import base, pet_injection, set_pixels
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import generate_uid

from .judging import InputCase, Outcome
from .pet_series import HALF_LIFE_S, START, factor_at, has_maximum, is_factor, suv_case, voxels, write_pet

KIND = "newer objects"
LEGACY = "https://github.com/medical-physics-usz/z-rad/pull/282"
ENHANCED = "https://github.com/medical-physics-usz/z-rad/pull/285"
CONVERTER = "https://github.com/ImagingDataCommons/highdicom/pull/455"
MODALITY = "https://github.com/Slicer/Slicer/issues/7496"
WARNED, REFUSED = (Outcome.WARNED,), (Outcome.REFUSED,)
STORED = voxels()
Change = Callable[[FileDataset], None]


def _item(**values: Any) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(item, keyword, value)
    return item


def _frames(dataset: FileDataset, slope: Callable[[int], float | None]) -> None:
    """Give a dataset its shared and per-frame functional groups, with positions 4 mm apart."""
    dataset.SharedFunctionalGroupsSequence = [
        _item(
            PixelMeasuresSequence=[_item(PixelSpacing=[2.0, 2.0], SliceThickness=4.0)],
            PlaneOrientationSequence=[_item(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])],
        )
    ]
    frames = []
    for k in range(len(STORED)):
        frame = _item(PlanePositionSequence=[_item(ImagePositionPatient=[-8.0, -8.0, 4.0 * k])])
        if slope(k) is not None:
            frame.PixelValueTransformationSequence = [
                _item(RescaleSlope=slope(k), RescaleIntercept=0.0, RescaleType="US")
            ]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.NumberOfFrames = len(frames)
    set_pixels(dataset, STORED)


def _save(dataset: FileDataset, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dataset.save_as(folder / "multi", enforce_file_format=True)


def _by_highdicom(folder: Path) -> None:
    """A legacy converted PET as highdicom makes it from single images."""
    from highdicom.legacy import LegacyConvertedEnhancedPETImage

    single = folder.parent / f"{folder.name} single"
    study = {"AccessionNumber": "", "StudyTime": "110000", "StudyID": "1", "ReferringPhysicianName": ""}
    write_pet(
        single, change=lambda k, ds: setattr(ds, "RescaleSlope", 0.5 + 0.25 * k), PatientBirthDate="19700101", **study
    )
    images = [dcmread(path) for path in sorted(single.iterdir())]
    uids = {"series_instance_uid": generate_uid(), "sop_instance_uid": generate_uid()}
    converted = LegacyConvertedEnhancedPETImage(images, series_number=9, instance_number=1, **uids)
    folder.mkdir(parents=True, exist_ok=True)
    converted.save_as(folder / "multi")


SHARED = {
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["NORM", "ATTN", "DECY"],
    "FrameReferenceTime": 150000.0,
    "ActualFrameDuration": 300000,
    "SeriesType": ["WHOLE BODY", "IMAGE"],
}


def _legacy(
    shared: dict[str, Any] | None = None,
    per_frame: Callable[[int], dict[str, Any]] | None = None,
    slope: Callable[[int], float | None] = lambda _k: 1.0,
    change: Change | None = None,
    **values: Any,
) -> Any:
    """Writes a legacy converted PET: what has no functional group stands in the sequences of unassigned attributes."""

    def write(folder: Path) -> None:
        header = {"PatientWeight": 70.0, "PatientSize": 1.75, "PatientSex": "M", "SeriesNumber": 5}
        dataset = base("legacy PT", SeriesInstanceUID=generate_uid(), **header, **values)
        _frames(dataset, slope)
        unassigned = _item(**(SHARED | (shared or {})))
        unassigned.RadiopharmaceuticalInformationSequence = [pet_injection()]
        dataset.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [unassigned]
        for k, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            if per_frame is not None:
                frame.UnassignedPerFrameConvertedAttributesSequence = [_item(**per_frame(k))]
        if change is not None:
            change(dataset)
        _save(dataset, folder)

    return write


def _philips(dataset: FileDataset) -> None:
    shared = dataset.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence[0]
    block = shared.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0.0005")


def _injection_at_the_top(dataset: FileDataset) -> None:
    shared = dataset.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence[0]
    dataset.RadiopharmaceuticalInformationSequence = shared.RadiopharmaceuticalInformationSequence
    del shared.RadiopharmaceuticalInformationSequence


def _unit(code: str, slope: float = 1.0) -> Dataset:
    """An item of the Real World Value Mapping Sequence."""
    element = "CodeValue" if len(code) <= 16 else "LongCodeValue"
    unit = _item(**{element: code}, CodingSchemeDesignator="UCUM", CodeMeaning=code)
    return _item(MeasurementUnitsCodeSequence=[unit], RealWorldValueSlope=slope, RealWorldValueIntercept=0.0)


def _enhanced(
    *units: Dataset,
    injection: dict[str, Any] | None = None,
    zone: str = "",
    change: Change | None = None,
    **values: Any,
) -> Any:
    """Writes an enhanced PET whose values have a real-world value mapping; `zone` ends every date and time."""

    def write(folder: Path) -> None:
        header = {
            "PatientWeight": 70.0, "PatientSize": 1.75, "PatientSex": "M", "SeriesNumber": 5,
            "AttenuationCorrected": "YES", "DecayCorrected": "YES", "DecayCorrectionDateTime": f"20250102110000{zone}",
            "AcquisitionDateTime": f"20250102110000{zone}",
        }  # fmt: skip
        dataset = base("enhanced PT", SeriesInstanceUID=generate_uid(), **(header | values))
        item = {"RadiopharmaceuticalStartTime": None, "RadiopharmaceuticalStartDateTime": f"20250102100000{zone}"}
        dataset.RadiopharmaceuticalInformationSequence = [pet_injection(**(item | (injection or {})))]
        _frames(dataset, lambda _k: 1.0)
        for frame in dataset.PerFrameFunctionalGroupsSequence:
            frame.FrameContentSequence = [
                _item(
                    FrameAcquisitionDateTime=f"20250102110000{zone}",
                    FrameReferenceDateTime=f"20250102110229{zone}",
                    FrameAcquisitionDuration=300000.0,
                )
            ]
        if units:
            dataset.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = list(units)
        if change is not None:
            change(dataset)
        _save(dataset, folder)

    return write


X = np.log(2.0) / HALF_LIFE_S * 300.0
UNCORRECTED = factor_at(60) * X / -np.expm1(-X)


def _without_slopes(dataset: FileDataset) -> None:
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        del frame.PixelValueTransformationSequence


def _two_agents(dataset: FileDataset) -> None:
    other = pet_injection(Radiopharmaceutical="Rubidium", RadionuclideHalfLife=75.0, RadionuclideTotalDose=1e9)
    dataset.RadiopharmaceuticalInformationSequence = [other, *dataset.RadiopharmaceuticalInformationSequence]


CASES: list[InputCase] = [
    suv_case(
        "legacy-converted-by-highdicom",
        KIND,
        CONVERTER,
        _by_highdicom,
        has_maximum(20000 * START),
        may_warn=False,
    ),
    suv_case("legacy-converted", KIND, LEGACY, _legacy(), is_factor(START, 60.0), may_warn=False),
    suv_case(
        "legacy-converted-injection-at-the-top",
        KIND,
        CONVERTER,
        _legacy(change=_injection_at_the_top),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "legacy-converted-with-slopes-per-frame",
        KIND,
        CONVERTER,
        _legacy(slope=lambda k: 0.5 + 0.25 * k),
        has_maximum(20000 * START),
        may_warn=False,
    ),
    suv_case(
        "legacy-converted-slopes-unassigned",
        KIND,
        CONVERTER,
        _legacy(slope=lambda _k: None, per_frame=lambda k: {"RescaleSlope": 0.5 + 0.25 * k, "RescaleIntercept": 0.0}),
        has_maximum(20000 * START),
        may_warn=False,
    ),
    suv_case(
        "legacy-converted-beds-per-frame",
        KIND,
        CONVERTER,
        _legacy(
            shared={"FrameReferenceTime": None},
            per_frame=lambda k: {
                "AcquisitionTime": f"11{5 * k:02d}00",
                "FrameReferenceTime": 150000.0 + 300000.0 * k,
            },
        ),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "legacy-converted-without-attenuation-correction",
        KIND,
        LEGACY,
        _legacy(shared={"CorrectedImage": ["NORM", "DECY"]}),
        None,
        REFUSED,
        refused_by="attenuation-corrected",
    ),
    suv_case(
        "legacy-converted-without-slope",
        KIND,
        LEGACY,
        _legacy(slope=lambda _k: None),
        None,
        REFUSED,
        refused_by="slope",
    ),
    suv_case(
        "legacy-converted-without-weight",
        KIND,
        LEGACY,
        _legacy(PatientStudyID=None, change=lambda ds: ds.__delattr__("PatientWeight")),
        None,
        REFUSED,
        refused_by="weight.*--weight",
    ),
    suv_case(
        "legacy-converted-philips-counts",
        KIND,
        CONVERTER,
        _legacy(shared={"Units": "CNTS"}, change=_philips),
        is_factor(5e-4),
        may_warn=False,
    ),
    suv_case(
        "legacy-converted-suv",
        KIND,
        LEGACY,
        _legacy(shared={"Units": "GML"}, slope=lambda _k: 0.001),
        is_factor(1.0),
        may_warn=False,
    ),
    suv_case("enhanced-bq", KIND, ENHANCED, _enhanced(_unit("Bq/ml")), is_factor(START, 60.0), may_warn=False),
    suv_case(
        "enhanced-bq-with-slope",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml", 1.5)),
        has_maximum(30000 * START),
        may_warn=False,
    ),
    suv_case(
        "enhanced-kbq", KIND, ENHANCED, _enhanced(_unit("kBq/ml", 0.001)), has_maximum(20000 * START), may_warn=False
    ),
    suv_case("enhanced-bq-per-cm3", KIND, ENHANCED, _enhanced(_unit("Bq/cm3")), is_factor(START), may_warn=False),
    suv_case("enhanced-suv", KIND, ENHANCED, _enhanced(_unit("g/ml{SUVbw}", 0.001)), is_factor(1.0), may_warn=False),
    suv_case(
        "enhanced-suv-in-the-old-code",
        KIND,
        ENHANCED,
        _enhanced(_unit("{SUVbw}g/ml", 0.001)),
        is_factor(1.0),
        may_warn=False,
    ),
    suv_case(
        "enhanced-suv-by-lean-body-mass",
        KIND,
        ENHANCED,
        _enhanced(_unit("g/ml{SUVlbm(Janma)}", 0.001)),
        is_factor(70.0 / 55.8573),
        may_warn=False,
    ),
    suv_case(
        "enhanced-suv-by-lean-body-mass-james",
        KIND,
        ENHANCED,
        _enhanced(_unit("g/ml{SUVlbm(James128)}", 0.001)),
        is_factor(1.23849965),
        may_warn=False,
    ),
    suv_case(
        "enhanced-suv-by-body-surface",
        KIND,
        ENHANCED,
        _enhanced(_unit("cm2/ml{SUVbsa}", 0.001)),
        is_factor(3.78758567),
        may_warn=False,
    ),
    suv_case(
        "enhanced-counts-first-then-bq",
        KIND,
        ENHANCED,
        _enhanced(_unit("{counts}", 7.0), _unit("Bq/ml")),
        has_maximum(20000 * START),
        may_warn=False,
    ),
    suv_case(
        "enhanced-counts", KIND, ENHANCED, _enhanced(_unit("{counts}/s")), None, REFUSED, refused_by="counts.*BQML"
    ),
    suv_case("enhanced-without-unit", KIND, ENHANCED, _enhanced(), None, REFUSED, refused_by="unit"),
    suv_case(
        "enhanced-units-at-the-top-without-slope",
        KIND,
        ENHANCED,
        _enhanced(change=_without_slopes, Units="BQML"),
        None,
        REFUSED,
        refused_by="slope",
    ),
    suv_case(
        "enhanced-not-corrected-for-decay",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml"), DecayCorrected="NO", DecayCorrectionDateTime=None),
        is_factor(UNCORRECTED, 60.0),
        may_warn=False,
    ),
    suv_case(
        "enhanced-not-corrected-for-attenuation",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml"), AttenuationCorrected="NO"),
        None,
        REFUSED,
        refused_by="attenuation-corrected",
    ),
    suv_case(
        "enhanced-corrected-to-the-injection",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml"), DecayCorrectionDateTime="20250102100000"),
        is_factor(factor_at(0), 60.0),
        may_warn=False,
    ),
    suv_case(
        "enhanced-one-offset-everywhere",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml"), zone="+0100"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "enhanced-injection-in-utc",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml"), zone="+0100", injection={"RadiopharmaceuticalStartDateTime": "20250102090000+0000"}),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "enhanced-all-in-utc-with-a-zone",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml"), zone="+0000", TimezoneOffsetFromUTC="+0100"),
        is_factor(START, 60.0),
        may_warn=False,
    ),
    suv_case(
        "enhanced-not-corrected-for-decay-in-utc",
        KIND,
        ENHANCED,
        _enhanced(
            _unit("Bq/ml"),
            zone="+0000",
            TimezoneOffsetFromUTC="+0100",
            DecayCorrected="NO",
            DecayCorrectionDateTime=None,
        ),
        is_factor(UNCORRECTED, 60.0),
        may_warn=False,
    ),
    suv_case(
        "enhanced-two-agents",
        KIND,
        ENHANCED,
        _enhanced(_unit("Bq/ml"), change=_two_agents),
        is_factor(START, 60.0),
        WARNED,
        warned_by="FDG.*Rubidium|Rubidium.*FDG",
    ),
    suv_case(
        "classic-without-modality",
        KIND,
        MODALITY,
        lambda folder: write_pet(folder, Modality=""),
        is_factor(START, 60.0),
        (Outcome.RIGHT, Outcome.REFUSED),
        refused_by="modality",
    ),
]
"""Enhanced PET, legacy converted PET, and PET that is known by its class only."""
