"""Several PET series in one folder, and PET series with several images at one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from dicom_makers import AXIAL, enhanced
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.roles import assign_roles
from pydicom.dataset import Dataset

from .judging import InputCase, Judged, Outcome, judged
from .pet_objects import _item
from .pet_series import CORONAL, SAGITTAL, choice_case, plane, voxels, write_pet, write_t1

IDC = "https://pypi.org/project/idc-index-data/25.0.5 (series descriptions of the Imaging Data Commons)"
NOT_CORRECTED = "https://github.com/OHIF/Viewers/issues/2898"
UNITS = "https://github.com/OHIF/Viewers/issues/3439"
PHASES = "https://github.com/rordenlab/dcm2niix/issues/853"
INDEX = "https://github.com/BIC-MNI/minc-tools/issues/72"
DIMENSIONS = "https://github.com/rordenlab/dcm2niix/issues/1022"
FRAME_TIMES = "https://github.com/openneuropet/PET2BIDS/issues/379"
MU_MAP = "https://github.com/UCL/pet-rd-tools/issues/52"
BEDS = "https://github.com/medical-physics-usz/z-rad/pull/189"
REFUSED, RIGHT = (Outcome.REFUSED,), (Outcome.RIGHT,)


def _all(*writers: Any) -> Any:
    def write(folder: Path) -> None:
        for writer in writers:
            writer(folder)

    return write


def _pet(number: int, description: str, cosines: tuple[float, ...] = AXIAL, **values: Any) -> Any:
    return lambda folder: write_pet(folder, number, description, **{**plane(cosines), **values})


def _is(number: int, part: int | None = None) -> Any:
    return lambda series: (series.number, series.part) == (number, part)


REFORMATTED = {"ImageType": ["DERIVED", "SECONDARY", "REFORMATTED"]}
DERIVED = {"ImageType": ["DERIVED", "SECONDARY"]}
AXIAL_PET = _pet(5, "AXIAL PET")


def _with_mr(name: str, source: str, write: Any, number: int, role_reason: str = "") -> InputCase:
    """A case in which the PET of a whole examination is chosen, with the reason for every series."""

    def judge(folder: Path) -> Judged:
        write(folder)
        write_t1(folder)
        return judged(
            lambda: assign_roles(read_folder(folder)),
            lambda roles: (
                roles.pet.number == number
                and all(one.role_reason for one in roles.series)
                and any(role_reason in one.role_reason for one in roles.series if one is not roles.pet)
            ),
        )

    return InputCase(name, "choice of PET", source, judge)


def _phases(change: Any, phases: int = 2, **values: Any) -> Any:
    """Writes one series with several images at every place; `change` takes phase, slice and dataset."""

    def write(folder: Path) -> None:
        uid = "1.2.3.77"
        for phase in range(phases):

            def edit(k: int, dataset: Dataset, phase: int = phase) -> None:
                dataset.InstanceNumber = 4 * phase + k + 1
                change(phase, k, dataset)

            write_pet(
                folder / str(phase),
                stored=voxels() + phase,
                change=edit,
                SeriesInstanceUID=uid,
                SeriesType=["DYNAMIC", "IMAGE"],
                NumberOfTimeSlices=phases,
                **values,
            )

    return write


def _by_frame_time(phase: int, _k: int, dataset: Dataset) -> None:
    dataset.FrameReferenceTime = 300000 + 600000 * phase


def _by_index(phase: int, k: int, dataset: Dataset) -> None:
    dataset.ImageIndex = 4 * phase + k + 1


def _by_index_down(phase: int, k: int, dataset: Dataset) -> None:
    dataset.ImageIndex = 4 * phase + 4 - k


def _by_bed_and_phase(phase: int, k: int, dataset: Dataset) -> None:
    dataset.FrameReferenceTime = 60000 + 120000 * (k // 2) + 600000 * phase
    dataset.AcquisitionTime = f"11{2 * (k // 2) + 10 * phase:02d}00"


def _by_trigger(phase: int, _k: int, dataset: Dataset) -> None:
    dataset.TriggerTime, dataset.SeriesType = 400.0 * phase, ["GATED", "IMAGE"]


def _by_time_of_acquisition(phase: int, _k: int, dataset: Dataset) -> None:
    dataset.AcquisitionTime = f"11{10 * phase:02d}00"


def _dimensions(dataset: Any, positions: int, pointers: bool = True) -> Any:
    """Give a multi-frame dataset whose frames repeat their positions Dimension Index Values: phase, position."""
    if pointers:
        dataset.DimensionIndexSequence = [
            _item(DimensionIndexPointer=0x00209241, FunctionalGroupPointer=0x00209111),
            _item(DimensionIndexPointer=0x00200032, FunctionalGroupPointer=0x00209113),
        ]
    for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        content = Dataset()
        content.DimensionIndexValues = [number // positions + 1, number % positions + 1]
        frame.FrameContentSequence = [content]
    return dataset


def _enhanced_mr(pointers: bool) -> InputCase:
    """An enhanced MR whose frames are told apart by Dimension Index Values alone."""

    def judge(folder: Path) -> Judged:
        stored = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
        dataset = enhanced(stored, echo_times=(12.0, 12.0), SeriesNumber=7)
        _dimensions(dataset, 5, pointers).save_as(folder / "mr", enforce_file_format=True)
        return judged(
            lambda: read_folder(folder).series,
            lambda series: (
                [(one.part, one.problem, bool(one.split_by)) for one in series] == [(1, None, True), (2, None, True)]
            ),
            warnings=lambda series: [],
        )

    name = f"enhanced-mr-by-dimension-index-{'with' if pointers else 'without'}-pointers"
    return InputCase(name, "choice of PET", DIMENSIONS, judge)


CASES: list[InputCase] = [
    choice_case(
        "reformats-beside-the-axial-pet",
        IDC,
        _all(AXIAL_PET, _pet(6, "COR PET", CORONAL, **REFORMATTED), _pet(7, "SAG PET", SAGITTAL, **REFORMATTED)),
        _is(5),
    ),
    choice_case(
        "reformats-numbered-before-the-axial-pet",
        IDC,
        _all(_pet(3, "Coronal PET AC 2D", CORONAL, **REFORMATTED), AXIAL_PET),
        _is(5),
    ),
    choice_case(
        "reformats-that-call-themselves-original",
        IDC,
        _all(AXIAL_PET, _pet(6, "CORONAL TOMO", CORONAL), _pet(7, "SAG PET", SAGITTAL)),
        _is(5),
    ),
    choice_case("reformat-in-the-same-plane", IDC, _all(AXIAL_PET, _pet(6, "AXIAL PET 5mm", **REFORMATTED)), _is(5)),
    _with_mr(
        "reformats-beside-the-axial-pet-with-mr",
        IDC,
        _all(AXIAL_PET, _pet(6, "COR PET", CORONAL, **REFORMATTED)),
        5,
        "reformat",
    ),
    choice_case(
        "only-a-derived-pet",
        "https://github.com/oncoray/suv_computation",
        _pet(5, "IBSI_1_PET_image", **DERIVED),
        _is(5),
    ),
    choice_case(
        "suv-copy-beside-the-original",
        IDC,
        _all(_pet(5, "PET AC"), _pet(9, "PET SUV", Units="GML", **DERIVED)),
        _is(5),
    ),
    choice_case(
        "unit-that-cannot-be-suv-beside-one-that-can",
        UNITS,
        _all(_pet(5, "PET AC"), _pet(6, "PET AC counts", Units="PROPCPS")),
        _is(5),
    ),
    choice_case(
        "counts-without-factor-beside-bq", UNITS, _all(_pet(6, "PET counts", Units="CNTS"), _pet(7, "PET AC")), _is(7)
    ),
    choice_case(
        "original-counts-beside-derived-suv",
        UNITS,
        _all(_pet(5, "PET AC", Units="CPS"), _pet(6, "PET SUV", Units="GML", **DERIVED)),
        _is(6),
    ),
    _with_mr(
        "unit-that-cannot-be-suv-with-mr",
        UNITS,
        _all(_pet(5, "PET AC"), _pet(6, "PET", Units="PROPCPS")),
        5,
        "PROPCPS",
    ),
    choice_case(
        "no-unit-can-be-suv",
        UNITS,
        _all(_pet(5, "PET AC", Units="CNTS"), _pet(6, "PET", Units="PROPCPS")),
        None,
        REFUSED,
        refused_by="SUV.*CNTS.*PROPCPS",
    ),
    choice_case(
        "not-corrected-beside-corrected",
        NOT_CORRECTED,
        _all(_pet(6, "PET NAC", CorrectedImage=["DECY"], Units="PROPCPS"), _pet(5, "PET AC")),
        _is(5),
    ),
    choice_case(
        "only-not-corrected",
        NOT_CORRECTED,
        _pet(6, "PET NAC", CorrectedImage=["DECY"]),
        None,
        REFUSED,
        refused_by="attenuation-corrected",
    ),
    choice_case(
        "attenuation-map-as-pet",
        MU_MAP,
        _all(_pet(5, "PET AC"), _pet(4, "umap", Units="1CM", CorrectedImage=["ATTN"])),
        _is(5),
    ),
    choice_case(
        "attenuation-map-in-bq", MU_MAP, _all(_pet(5, "PET AC"), _pet(4, "PET_MRAC_UMAP", Units="BQML")), _is(5)
    ),
    choice_case(
        "quality-control-beside-the-scan", IDC, _all(_pet(5, "PET AC"), _pet(99, "Daily QC PET", Units="BQML")), _is(5)
    ),
    choice_case(
        "standard-deviation-image",
        "https://dicom.nema.org PS3.3 C.8.9.1 (Units STDDEV)",
        _all(_pet(5, "PET AC"), _pet(6, "PET AC SD", Units="STDDEV")),
        _is(5),
    ),
    choice_case(
        "gated-beside-static",
        IDC,
        _all(
            _pet(5, "PET AC", SeriesType=["WHOLE BODY", "IMAGE"]),
            _pet(6, "PET gated", SeriesType=["GATED", "IMAGE"]),
        ),
        _is(5),
    ),
    choice_case("gated-by-name-beside-static", IDC, _all(_pet(6, "PET AC Resp Gated"), _pet(5, "PET AC")), _is(5)),
    choice_case(
        "gates-beside-static",
        IDC,
        _all(_phases(_by_trigger, SeriesNumber=8), lambda f: write_pet(f, 5, "PET AC")),
        _is(5),
    ),
    choice_case(
        "dynamic-beside-static",
        FRAME_TIMES,
        _all(_phases(_by_frame_time, SeriesNumber=8), lambda f: write_pet(f, 5, "PET AC")),
        _is(5),
    ),
    choice_case(
        "composed-beside-beds",
        BEDS,
        _all(
            lambda f: write_pet(f, 5, "PET bed 1"),
            lambda f: write_pet(f, 6, "PET bed 2", first_position=(-10.0, -20.0, 46.0)),
            lambda f: write_pet(f, 7, "PET composed", stored=voxels(8)),
        ),
        _is(7),
    ),
    choice_case(
        "composed-and-derived-beside-beds",
        BEDS,
        _all(
            lambda f: write_pet(f, 5, "PET bed 1"),
            lambda f: write_pet(f, 6, "PET bed 2", first_position=(-10.0, -20.0, 46.0)),
            lambda f: write_pet(f, 7, "PET", stored=voxels(8), ImageType=["DERIVED", "PRIMARY", "COMPOSED"]),
        ),
        _is(7),
    ),
    choice_case(
        "beds-beside-the-whole-that-is-not-called-composed",
        BEDS,
        _all(
            lambda f: write_pet(f, 5, "PET 1"),
            lambda f: write_pet(f, 6, "PET 2", first_position=(-10.0, -20.0, 46.0)),
            lambda f: write_pet(f, 7, "PET WB", stored=voxels(8)),
        ),
        _is(7),
    ),
    choice_case(
        "whole-body-beside-a-long-bed-of-the-pelvis",
        "https://github.com/openneuropet/PET2BIDS/issues/367",
        _all(
            lambda f: write_pet(f, 5, "PET WB", stored=voxels(8)),
            lambda f: write_pet(f, 6, "PET pelvis 15 min", AcquisitionTime="113000"),
        ),
        None,
        REFUSED,
        refused_by="WB.*pelvis.*--role",
    ),
    choice_case(
        "beds-without-composed",
        BEDS,
        _all(
            lambda f: write_pet(f, 5, "PET bed 1"),
            lambda f: write_pet(f, 6, "PET bed 2", first_position=(-10.0, -20.0, 46.0)),
        ),
        None,
        REFUSED,
        refused_by="2 attenuation-corrected.*bed 1.*bed 2.*--role",
    ),
    choice_case(
        "incomplete-rival",
        BEDS,
        _all(
            lambda f: write_pet(f, 5, "PET AC", stored=voxels(8)),
            lambda f: write_pet(f, 6, "PET TOF", stored=voxels(8), skip=(3, 4)),
        ),
        _is(5),
    ),
    choice_case(
        "only-an-incomplete-one",
        BEDS,
        lambda f: write_pet(f, 6, "PET TOF", stored=voxels(8), skip=(3, 4)),
        None,
        REFUSED,
        refused_by="missing",
    ),
    choice_case(
        "single-slice-rival",
        IDC,
        _all(_pet(5, "PET AC"), lambda f: write_pet(f, 6, "PET slice", stored=voxels(1))),
        _is(5),
    ),
    choice_case(
        "two-reconstructions",
        IDC,
        _all(_pet(5, "PET AC TOF"), _pet(6, "PET AC PSF")),
        None,
        REFUSED,
        refused_by="2 attenuation-corrected.*TOF.*PSF.*--role",
    ),
    choice_case(
        "two-reconstructions-one-chosen",
        IDC,
        _all(_pet(5, "PET AC TOF"), _pet(6, "PET AC PSF")),
        _is(6),
        roles={"6": "PET"},
    ),
    choice_case(
        "phases-by-frame-time",
        PHASES,
        _phases(_by_frame_time),
        None,
        REFUSED,
        refused_by="5/1.*frame time.*5 min.*5/2.*15 min.*--role",
    ),
    choice_case(
        "phases-by-frame-time-one-chosen",
        PHASES,
        _phases(_by_frame_time),
        lambda pet: pet.part == 2 and pet.image.array.min() == 1001.0,
        roles={"5/2": "PET"},
    ),
    choice_case(
        "phases-by-image-index", INDEX, _phases(_by_index), None, REFUSED, refused_by="5/1.*1.*5/2.*2.*--role"
    ),
    choice_case(
        "phases-by-image-index-one-chosen",
        INDEX,
        _phases(_by_index),
        lambda pet: pet.part == 1 and np.unique(pet.image.array).tolist() == [1000.0, 20000.0],
        roles={"5/1": "PET"},
    ),
    choice_case(
        "phases-by-image-index-from-the-feet",
        INDEX,
        _phases(_by_index_down),
        lambda pet: pet.part == 2 and np.unique(pet.image.array).tolist() == [1001.0, 20001.0],
        roles={"5/2": "PET"},
    ),
    choice_case(
        "phases-of-several-beds",
        PHASES,
        _phases(_by_bed_and_phase),
        lambda pet: pet.part == 2 and np.unique(pet.image.array).tolist() == [1001.0, 20001.0],
        roles={"5/2": "PET"},
    ),
    choice_case(
        "phases-by-time-of-acquisition",
        PHASES,
        _phases(_by_time_of_acquisition),
        None,
        REFUSED,
        refused_by="5/1.*11:00.*5/2.*11:10.*--role",
    ),
    choice_case(
        "phases-that-nothing-tells-apart",
        PHASES,
        _phases(lambda _p, _k, _ds: None),
        None,
        REFUSED,
        refused_by="nothing in their headers",
    ),
    _enhanced_mr(True),
    _enhanced_mr(False),
]
"""Which of several PET series is used, and how the parts of a series are told apart."""
