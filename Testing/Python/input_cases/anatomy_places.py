"""Anatomy that does not lie on the body, or may not: no orientation, two orientations, another examination.

The map is read as the command line and the panel read it: together with the reference series.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
from label_maps import (
    ALL_NAMES,
    PLAIN_SPINE,
    counted,
    nifti,
    renumbered,
    save,
    says,
    slicer_metadata,
    t1_image,
    write_names,
)
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Workflow.analyze import read_case_anatomy
from PainGeneratorLib.Workflow.case import CaseOptions

from .judging import InputCase, Judged, Outcome, judged

KIND = "anatomy that does not lie on the body"
NO_FORM = "https://github.com/nipy/nibabel/issues/863"
TWO_FORMS = "https://github.com/rordenlab/dcm2niix/issues/889"
ELSEWHERE = "https://github.com/Project-MONAI/MONAILabel/issues/211"
MIRRORED = "https://github.com/pyushkevich/itksnap/issues/87"

PLAIN = counted(PLAIN_SPINE)
BODY = counted(ALL_NAMES)
REFUSED, WARNED = (Outcome.REFUSED,), (Outcome.WARNED,)
_CASES: list[InputCase] = []


def _add(
    name: str, source: str, judge: Callable[[Path], Judged], accepted: tuple[Outcome, ...] = (Outcome.RIGHT,)
) -> None:
    _CASES.append(InputCase(f"places-{name}", KIND, source, judge, accepted))


def _read(path: Path, numbers: dict[str, int], reference: Image | None = None) -> Any:
    """Read the map as the stages do, on the T1 of the drawn trunk."""
    options = CaseOptions(anatomy=path, anatomy_labels=write_names(numbers, path.with_name("names.json")))
    series = SimpleNamespace(image=t1_image() if reference is None else reference)
    return read_case_anatomy(SimpleNamespace(options=options, reference=series))


def _moved(
    shift: tuple[float, float, float], numbers: dict[str, int] = PLAIN, **judging: Any
) -> Callable[[Path], Judged]:
    """The map lies beside its place by `shift` (RAS mm)."""

    def judge(folder: Path) -> Judged:
        image = renumbered(numbers)
        matrix = np.eye(4)
        matrix[:3, 3] = shift
        path = save(Image(image.array, image.geometry.moved(matrix)), folder / "map.nrrd")
        return judged(lambda: _read(path, numbers), **judging)

    return judge


def _right(reference: Callable[[], Image] = t1_image, numbers: dict[str, int] = PLAIN) -> Callable[[Path], Judged]:
    def judge(folder: Path) -> Judged:
        path = nifti(renumbered(numbers), folder / "map.nii.gz")
        return judged(lambda: _read(path, numbers, reference()), says(numbers), may_warn=False)

    return judge


def _forms(q: int, s: int, shift_q: float = 0.0, **judging: Any) -> Callable[[Path], Judged]:
    """qform and sform code, with the origin of the qform moved along z."""

    def judge(folder: Path) -> Judged:
        def change(data: bytearray) -> None:
            data[252:256] = struct.pack("<hh", q, s)
            (z,) = struct.unpack("<f", data[276:280])
            data[276:280] = struct.pack("<f", z + shift_q)

        path = nifti(renumbered(PLAIN), folder / "map.nii.gz", change)
        return judged(lambda: _read(path, PLAIN), says(PLAIN), **judging)

    return judge


def _flipped(axis: int, numbers: dict[str, int] = BODY, **judging: Any) -> Callable[[Path], Judged]:
    """The voxels are turned along one axis of the grid, and the header still says the old order."""

    def judge(folder: Path) -> Judged:
        image = renumbered(numbers)
        path = nifti(Image(np.ascontiguousarray(np.flip(image.array, axis)), image.geometry), folder / "map.nii.gz")
        return judged(lambda: _read(path, numbers), **judging)

    return judge


def _cropped(low: tuple[int, int, int], high: tuple[int, int, int]) -> Callable[[], Image]:
    """The T1 with a smaller field of view; indices (k, j, i)."""

    def make() -> Image:
        image = t1_image()
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        return Image(
            image.array[part], image.geometry.cropped(low, tuple(b - a for a, b in zip(low, high, strict=True)))
        )

    return make


def _sagittal_slab() -> Image:
    """A sagittal T1 of the spine with thick slices, as scanners make it: narrower than the hips."""
    from PainGeneratorLib.Numerics.core.image import resample

    target = Geometry((76, 56, 19), np.array([[5.0, 0, 0, -45], [0, -4.0, 0, 95], [0, 0, 4.0, -110], [0, 0, 0, 1]]))
    return Image(resample(t1_image(), target, order=1, outside=0.0), target)


def _turned(folder: Path) -> Judged:
    """Stored as LPS with the signs of the origin forgotten: turned half round about the body's long axis."""
    image = renumbered(BODY)
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])
    path = save(Image(image.array, image.geometry.moved(turned)), folder / "map.nrrd")
    return judged(lambda: _read(path, BODY), warned_by="left and right|contradict|lie|fit", refused_by="lie|fit")


def _index_space(folder: Path) -> Judged:
    """A map saved without its header: spacing 1 mm, origin 0 (numpy to NIfTI with the unit matrix)."""
    array = renumbered(PLAIN).array.transpose(2, 1, 0).astype(np.uint8)
    nib.save(nib.Nifti1Image(array, np.eye(4)), folder / "map.nii.gz")
    return judged(
        lambda: _read(folder / "map.nii.gz", PLAIN), warned_by="lie|fit|contradict", refused_by="lie|fit|small|field"
    )


def _another_body(folder: Path) -> Judged:
    """A map of another person, of whom only half lies in the field of view."""
    image = renumbered(PLAIN)
    matrix = np.eye(4)
    matrix[:3, 3] = [0, 0, 230]
    path = save(Image(image.array, image.geometry.moved(matrix)), folder / "map.nrrd")
    return judged(lambda: _read(path, PLAIN), warned_by="outside|part", refused_by="lie|outside")


def _segments_elsewhere(folder: Path) -> Judged:
    image = renumbered(PLAIN)
    matrix = np.eye(4)
    matrix[:3, 3] = [0, 400, 0]
    metadata = slicer_metadata({v: n for n, v in PLAIN.items()})
    path = save(Image(image.array, image.geometry.moved(matrix)), folder / "map.seg.nrrd", metadata)
    return judged(lambda: _read(path, PLAIN), refused_by="does not lie.*reference")


def _whole_body_map_on_a_lumbar_series(folder: Path) -> Judged:
    """A map may be larger than the reference series: most of it outside is no fault."""
    path = nifti(renumbered(BODY), folder / "map.nii.gz")
    return judged(lambda: _read(path, BODY, _sagittal_slab()), says(BODY), may_warn=False)


_OUT = "does not lie.*reference.*--anatomy|does not lie.*reference"
_add("right", ELSEWHERE, _right())
_add("right-whole-trunk", ELSEWHERE, _right(numbers=BODY))
_add("right-on-a-sagittal-slab", ELSEWHERE, _right(_sagittal_slab))
_add("right-on-a-lumbar-field", ELSEWHERE, _right(_cropped((40, 0, 10), (100, 58, 66))))
_add("right-whole-trunk-on-a-slab", ELSEWHERE, _whole_body_map_on_a_lumbar_series)
_add("no-form", NO_FORM, _forms(0, 0, refused_by="no orientation|neither"), REFUSED)
_add("sform-alone", NO_FORM, _forms(0, 1, 90.0, may_warn=False))
_add("qform-alone", NO_FORM, _forms(1, 0, may_warn=False))
_add("both-forms-alike", TWO_FORMS, _forms(1, 2, may_warn=False))
_add("forms-25-mm-apart", TWO_FORMS, _forms(1, 1, 25.0, refused_by="25.*mm"), REFUSED)
_add(
    "forms-25-mm-apart-aligned-code",
    "https://github.com/spinalcordtoolbox/spinalcordtoolbox/issues/2106",
    _forms(1, 2, 25.0, refused_by="25.*mm"),
    REFUSED,
)
_add("forms-3-mm-apart", TWO_FORMS, _forms(1, 1, 3.0, warned_by="3.*mm"), WARNED)
_add("forms-a-hair-apart", TWO_FORMS, _forms(1, 1, 0.02, may_warn=False))
_add("far-away", ELSEWHERE, _moved((-400.0, -400.0, 900.0), refused_by=_OUT), REFUSED)
_add("far-above", ELSEWHERE, _moved((0.0, 0.0, 600.0), refused_by=_OUT), REFUSED)
_add("another-examination", ELSEWHERE, _another_body, WARNED + REFUSED)
_add("segmentation-elsewhere", ELSEWHERE, _segments_elsewhere, REFUSED)
_add(
    "in-the-air-behind-the-back",
    ELSEWHERE,
    _moved((0.0, -90.0, 0.0), warned_by="body|air|fit", refused_by="body|air|fit|lie"),
    WARNED + REFUSED,
)
_add("25-mm-too-far-left", TWO_FORMS, _moved((-25.0, 0.0, 0.0), refused_by="does not lie.*fits far better"), REFUSED)
_add("25-mm-too-far-forward", TWO_FORMS, _moved((0.0, 25.0, 0.0), refused_by="does not lie.*fits far better"), REFUSED)
_add("whole-trunk-25-mm-too-high", TWO_FORMS, _moved((0.0, 0.0, 25.0), BODY, refused_by="far better.*down"), REFUSED)
_add(
    "a-little-off", ELSEWHERE, lambda folder: _moved((2.0, 2.0, -2.0), is_right=lambda a: True, may_warn=False)(folder)
)
_add("mirrored", MIRRORED, _flipped(2, refused_by="far better.*turned over left to right"), REFUSED)
_add(
    "one-hip-mirrored",
    MIRRORED,
    _flipped(2, counted(("hip_right", "femur_right", "gluteus_medius_right")), warned_by="left and right"),
    WARNED,
)
_add("one-hip", MIRRORED, _right(numbers=counted(("hip_right", "femur_right", "gluteus_medius_right"))))
_add("upside-down", MIRRORED, _flipped(0, warned_by="above|upside|contradict", refused_by="lie"), WARNED + REFUSED)
_add(
    "front-to-back",
    MIRRORED,
    _flipped(1, warned_by="front and back", refused_by="lie"),
    WARNED + REFUSED,
)
_add("turned-half-round", "https://github.com/Slicer/Slicer/issues/7631", _turned, WARNED + REFUSED)
_add("header-lost", NO_FORM, _index_space, WARNED + REFUSED)

CASES = _CASES
