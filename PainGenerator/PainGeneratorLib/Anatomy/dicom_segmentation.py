"""Read a DICOM segmentation (binary, fractional, or label map) as one label image.

Format: DICOM PS3.3, C.8.20 (https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.8.20.html).
Writers leave out the frames in which a segment is empty, so that the slices of the volume follow from the positions of
the frames.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..Numerics.core.errors import DamagedInput, PainGeneratorError
from ..Numerics.core.image import LPS_TO_RAS, MOST_VOXELS, Geometry, Image, Region
from ..Numerics.core.input_files import deflated_fault
from .nifti_labels import check_grid
from .slicer_segments import best_name, chosen_term, painting_order

Found = TypeVar("Found")

_SEGMENTATION, _LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
"""SOP Class UIDs of segmentations (PS3.4, B.5)."""
_CONTOURS = "1.2.840.10008.5.1.4.1.1.481.3"
"""SOP Class UID of radiotherapy structure sets (contours)."""
_HALF = 0.5
"""Fraction of the largest value from which a voxel of a fractional segment counts as in the segment. Our choice."""
_SAME_MM = 0.01
"""Positions of slices that differ by less than this are the same, mm. Our estimate, for rounding in the file."""
_REGULAR = 0.1
"""Upper bound of the deviation of a slice from its place in a regular grid, as a fraction of the spacing. Our
estimate."""
_GIVE_SEG = "Give a DICOM segmentation (SEG), a NRRD or a NIfTI label map."


def is_dicom(start: bytes) -> bool:
    """Whether a file looks like DICOM, from its first bytes; files without a preamble begin with group 2 or 8."""
    return start[128:132] == b"DICM" or (start[:2] in (b"\x02\0", b"\x08\0") and start[4:6].isalpha())


def read_dicom_segmentation(path: Path) -> tuple[Image, dict[int, str]]:
    """Read a DICOM segmentation.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Image
        Labels as uint16; each is the number of a segment. Where segments overlap, the smallest one is kept.
    dict of int to str
        Number -> name of the segment: its label, or the meaning of its codes when the label is not understood.

    Raises
    ------
    PainGeneratorError
        The file is another kind of DICOM, or damaged.
    """
    return _read(path, lambda dataset: (_label_image(dataset, path), _names(dataset)))


def read_segment_regions(path: Path) -> tuple[Any, dict[int, Region]]:
    """Read a DICOM segmentation as one region for each segment; segments may overlap.

    Parameters
    ----------
    path : Path

    Returns
    -------
    pydicom.Dataset
        The header, with what it says of each segment.
    dict of int to Region
        Number -> voxels of the segment, in the frame of the file (RAS mm), all on one grid. Empty segments are left
        out.

    Raises
    ------
    PainGeneratorError
        The file is another kind of DICOM, or damaged.
    """
    return _read(path, lambda dataset: (dataset, _regions(dataset, path)))


def _read(path: Path, take: Callable[[Any], Found]) -> Found:
    """Open a DICOM segmentation and take something from it."""
    import pydicom

    try:
        fault = deflated_fault(path)
        if fault:
            raise ValueError(fault)
        with warnings.catch_warnings():
            # pydicom warns of values that break the standard in small ways. The user cannot act on these warnings.
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, force=True)
        kind = str(dataset.get("SOPClassUID", ""))
        if kind not in (_SEGMENTATION, _LABEL_MAP):
            raise _other_kind(path, kind, dataset)
        return take(dataset)
    except PainGeneratorError:
        raise
    except Exception as error:
        # pydicom raises errors of many kinds on damaged bytes.
        raise DamagedInput(
            f"The DICOM segmentation {path} cannot be read: {error}.",
            "Load it in 3D Slicer and save it as a segmentation (.seg.nrrd).",
        ) from error


def _other_kind(path: Path, kind: str, dataset: Any) -> PainGeneratorError:
    if kind == _CONTOURS:
        return PainGeneratorError(
            f"{path} holds contours (RTSTRUCT), no labels.",
            "Load it in 3D Slicer (extension SlicerRT) and save it as a segmentation (.seg.nrrd).",
        )
    modality = dataset.get("Modality", "") or "unknown"
    return PainGeneratorError(f"{path} is a DICOM file, but no segmentation (its modality is {modality}).", _GIVE_SEG)


def _names(dataset: Any) -> dict[int, str]:
    names = {}
    for item in dataset.SegmentSequence:
        kind = _term(item, "SegmentedPropertyTypeCodeSequence", "SegmentedPropertyTypeModifierCodeSequence")
        region = _term(item, "AnatomicRegionSequence", "AnatomicRegionModifierSequence")
        terms = (str(item.get("SegmentDescription", "") or ""), *chosen_term(kind, region))
        number = int(item.SegmentNumber)
        if number:
            names[number] = best_name(str(item.get("SegmentLabel", "") or ""), tuple(term for term in terms if term))
    return names


def _term(item: Any, key: str, modifier_key: str) -> str:
    """The meaning of a code with that of its modifier, which stands in its item or beside it."""
    for code in item.get(key) or []:
        modifiers = [*(code.get(modifier_key) or []), *(item.get(modifier_key) or [])]
        return " ".join(str(one.get("CodeMeaning", "") or "") for one in (code, *modifiers[:1])).strip()
    return ""


def _label_image(dataset: Any, path: Path) -> Image:
    frames, segments, slices, grid = _frames(dataset, path)
    if _is_label_map(dataset):
        labels = np.zeros(grid.shape, dtype=np.uint16)
        for frame, k in zip(frames, slices, strict=True):
            labels[k][frame > 0] = frame[frame > 0]
        return Image(labels, grid)
    return Image(_painted(frames >= _least(dataset), segments, slices, grid.shape), grid)


def _regions(dataset: Any, path: Path) -> dict[int, Region]:
    """The voxels of each segment that has some."""
    frames, segments, slices, grid = _frames(dataset, path)
    per_slice = grid.shape[1] * grid.shape[2]
    parts: dict[int, list[np.ndarray]] = {}
    for frame, segment, k in zip(frames, segments, slices, strict=True):
        numbers = [int(one) for one in np.unique(frame) if one] if _is_label_map(dataset) else [segment]
        for number in numbers:
            inside = frame == number if _is_label_map(dataset) else frame >= _least(dataset)
            parts.setdefault(number, []).append(np.flatnonzero(inside) + k * per_slice)
    found = {number: Region(grid, np.unique(np.concatenate(flats))) for number, flats in sorted(parts.items())}
    return {number: region for number, region in found.items() if len(region)}


def _is_label_map(dataset: Any) -> bool:
    return dataset.SOPClassUID == _LABEL_MAP or str(dataset.get("SegmentationType", "")) == "LABELMAP"


def _least(dataset: Any) -> float:
    """The value from which a voxel belongs to a segment."""
    is_fractional = str(dataset.get("SegmentationType", "")) == "FRACTIONAL"
    return _HALF * float(dataset.get("MaximumFractionalValue", 255)) if is_fractional else 1.0


def _frames(dataset: Any, path: Path) -> tuple[np.ndarray, list[int], list[int], Geometry]:
    """The frames, the segment and the slice of each, and the grid that holds all."""
    if not _Position.is_known(dataset):
        raise PainGeneratorError(
            f"The DICOM segmentation {path} does not say where its frames lie in the body: it is of no volume.",
            _GIVE_SEG,
        )
    _check_claim(dataset, path)
    frames = dataset.pixel_array
    frames = frames[np.newaxis] if frames.ndim == 2 else frames
    positions = [_Position.of(dataset, index) for index in range(len(frames))]
    grid, slices = _grid(positions, frames.shape[1:], path)
    return frames, [position.segment for position in positions], slices, grid


def _painted(frames: np.ndarray, segments: list[int], slices: list[int], shape: tuple[int, int, int]) -> np.ndarray:
    """Paint the masks of all frames into one label image, large segments first."""
    labels = np.zeros(shape, dtype=np.uint16)
    numbers = sorted(set(segments))
    by_segment = {number: [n for n, segment in enumerate(segments) if segment == number] for number in numbers}
    sizes = [int(np.count_nonzero(frames[by_segment[number]])) for number in numbers]
    for place in painting_order(sizes):
        for index in by_segment[numbers[place]]:
            labels[slices[index]][frames[index]] = numbers[place]
    return labels


def _check_claim(dataset: Any, path: Path) -> None:
    """Refuse a header that announces more voxels than a segmentation of a body has."""
    announced = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames") or 1)
    if not 0 < announced <= MOST_VOXELS * len(dataset.SegmentSequence):
        raise DamagedInput(f"The header of {path} announces {announced} voxels.", _GIVE_SEG)


class _Position:
    """Where a frame lies, and to which segment it belongs.

    Parameters
    ----------
    segment : int
        0 in a label map.
    origin : ndarray, shape (3,)
        Center of the first pixel, LPS mm.
    rows, columns : ndarray, shape (3,)
        Steps from a pixel to the next along a row (to the next column), and along a column, LPS mm.
    spacing : float or None
        Distance of slices that the file gives, mm.
    """

    def __init__(self, segment: int, origin: np.ndarray, rows: np.ndarray, columns: np.ndarray, spacing: float | None):
        self.segment, self.origin, self.rows, self.columns, self.spacing = segment, origin, rows, columns, spacing

    @staticmethod
    def is_known(dataset: Any) -> bool:
        """Whether the frames have positions in the patient; those of X-ray and microscopy images have none."""
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [{}])[0]
        own = (dataset.get("PerFrameFunctionalGroupsSequence") or [{}])[0]
        return all(name in shared or name in own for name in ("PlaneOrientationSequence", "PlanePositionSequence"))

    @classmethod
    def of(cls, dataset: Any, index: int) -> _Position:
        shared = (dataset.get("SharedFunctionalGroupsSequence") or [{}])[0]
        own = dataset.PerFrameFunctionalGroupsSequence[index]

        def group(name: str) -> Any:
            found = own.get(name) or shared.get(name)
            return found[0] if found else {}

        measures = group("PixelMeasuresSequence")
        direction = np.array(group("PlaneOrientationSequence").ImageOrientationPatient, dtype=float)
        origin = np.array(group("PlanePositionSequence").ImagePositionPatient, dtype=float)
        down, along = (float(value) for value in measures.PixelSpacing)
        spacing = measures.get("SpacingBetweenSlices") or measures.get("SliceThickness")
        segment = group("SegmentIdentificationSequence")
        number = int(segment.ReferencedSegmentNumber) if segment else 0
        return cls(number, origin, direction[:3] * along, direction[3:] * down, float(spacing) if spacing else None)


def _grid(positions: list[_Position], shape: tuple[int, int], path: Path) -> tuple[Geometry, list[int]]:
    """The grid that holds all frames, and the slice of each frame."""
    first = positions[0]
    for other in positions[1:]:
        if not (
            np.allclose(other.rows, first.rows, atol=1e-3) and np.allclose(other.columns, first.columns, atol=1e-3)
        ):
            raise PainGeneratorError(f"The frames of {path} have different directions.", _GIVE_SEG)
    normal = np.cross(first.rows, first.columns)
    normal /= np.linalg.norm(normal)
    along = np.array([position.origin @ normal for position in positions])
    places = np.unique(np.round(along / _SAME_MM) * _SAME_MM)
    steps = np.diff(places)
    spacing = float(steps.min()) if len(steps) else first.spacing or float(np.linalg.norm(first.rows))
    if (
        first.spacing
        and len(steps)
        and np.allclose(steps / first.spacing, np.rint(steps / first.spacing), atol=_REGULAR)
    ):
        spacing = first.spacing
    index = (along - along.min()) / spacing
    slices = np.rint(index).astype(int)
    if np.abs(index - slices).max() > _REGULAR:
        raise PainGeneratorError(f"The slices of {path} have no regular distance.", _GIVE_SEG)
    lowest = positions[int(np.argmin(along))].origin
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = first.rows, first.columns, normal * spacing, lowest
    grid = Geometry((int(slices.max()) + 1, *shape), LPS_TO_RAS @ matrix)
    check_grid(grid, str(path))
    return grid, slices.tolist()
