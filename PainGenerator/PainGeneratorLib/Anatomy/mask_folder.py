"""Read a folder of masks, one file for each structure, as TotalSegmentator writes it: the names of the files are the
names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import DamagedInput, PainGeneratorError
from ..Numerics.core.image import Geometry, Image
from ..Numerics.core.input_files import not_opened
from .labels import is_understood, structure_of_name
from .slicer_segments import painting_order
from .spineps import is_instances, other_file

_ENDINGS = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha", ".mhd", ".hdr", ".nhdr", ".dcm")
"""Endings of the names of files that can hold a mask or a label map, in lower case."""

Read = Callable[[Path], tuple[Image, dict[int, str]]]
"""Reads one file: labels as uint16, and names."""


def name_of_file(path: Path) -> str:
    """The name of the structure that a mask is called after: its file name without the ending.

    Parts around the name are left out where the rest is understood ("sub-01_vertebrae_L4_mask").
    """
    stem = path.name
    for ending in _ENDINGS:
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    words = re.split(r"[_\s.]+", stem)
    while len(words) > 1 and not is_understood(structure_of_name("_".join(words))):
        if words[-1].lower() in _AROUND:
            words.pop()
        elif re.search(r"\d", words[0]) or words[0].lower() in _AROUND:
            words.pop(0)
        else:
            break
    name = "_".join(words)
    return name if is_understood(structure_of_name(name)) else stem


_AROUND = (
    "mask",
    "msk",
    "seg",
    "segmentation",
    "label",
    "labels",
    "dseg",
    "total",
    "mr",
    "ct",
    "patient",
    "case",
    "t1w",
    "t2w",
)
"""Words before or after the name of the structure in the name of a file. Words with a digit (sub-01) may stand before
it."""


def file_in_folder(folder: Path, has_dicom: Callable[[Path], bool]) -> Path | None:
    """The one file of a folder that is the label map; None when it holds several masks.

    Parameters
    ----------
    folder : Path
    has_dicom : callable
        Whether a file is a DICOM file.

    Raises
    ------
    PainGeneratorError
        The folder holds no file that can be a mask or a label map.
    """
    files = _files(folder) or [path for path in _content(folder) if path.is_file() and has_dicom(path)]
    if not files:
        inside = [path.name for path in _content(folder) if path.is_dir() and _files(path)]
        raise PainGeneratorError(
            f"The folder {folder} holds no label map and no masks (NIfTI, NRRD or DICOM segmentation)"
            + (f", but its folders do: {', '.join(inside[:6])}." if inside else "."),
            "Give the file of the label map, or the folder with the masks of TotalSegmentator.",
        )
    if len(files) == 1:
        return files[0]
    pair = [path for path in files if is_instances(path) and other_file(path) in files]
    return pair[0] if len(files) == 2 and pair else None


def _files(folder: Path) -> list[Path]:
    return [path for path in _content(folder) if path.name.lower().endswith(_ENDINGS) and path.is_file()]


def _content(folder: Path) -> list[Path]:
    """Everything in a folder, sorted.

    Raises
    ------
    PainGeneratorError
        The folder cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise not_opened(folder, "folder of masks", error) from error


def read_mask_folder(folder: Path, read: Read) -> tuple[Image, dict[int, str], tuple[str, ...]]:
    """Read all masks of a folder into one label image.

    Parameters
    ----------
    folder : Path
    read : callable
        Reads one file.

    Returns
    -------
    Image
        Labels as uint16. Where masks overlap, the smallest one is kept.
    dict of int to str
        Label -> name: that in the file (DICOM segmentations), otherwise the name of the file.
    tuple of str
        Warnings: files that are no masks.

    Raises
    ------
    PainGeneratorError
        No file is a mask, one is damaged, or the masks have different grids.
    """
    masks: dict[str, tuple[np.ndarray, Geometry]] = {}
    own_names: dict[str, str] = {}
    left_out: list[str] = []
    failed: list[PainGeneratorError] = []
    for path in _files(folder):
        try:
            image, names_inside = read(path)
        except DamagedInput:
            # A structure of the map is lost, and nothing would say so where it lies.
            raise
        except PainGeneratorError as error:
            failed.append(error)
            left_out.append(path.name)
            continue
        flat = np.flatnonzero(image.array)
        values = image.array.ravel()[flat]
        if not len(flat):
            continue
        if values.min() != values.max():
            left_out.append(path.name)
            continue
        masks[path.name] = (flat, image.geometry)
        own_names[path.name] = names_inside.get(int(values[0])) or name_of_file(path)
    if not masks:
        if failed:
            raise failed[0]
        raise PainGeneratorError(
            f"The folder {folder} holds no masks of structures.",
            "Give the file of the label map, or the folder with the masks of TotalSegmentator.",
        )
    grid = _one_grid({name: geometry for name, (_, geometry) in masks.items()}, folder)
    labels = np.zeros(grid.size, dtype=np.uint16)
    regions = [flat for flat, _ in masks.values()]
    for number in painting_order([len(flat) for flat in regions]):
        labels[regions[number]] = number + 1
    shown = ", ".join(left_out[:6])
    warnings = (
        (f"Files in the folder of masks that cannot be used as masks are left out: {shown}.",) if left_out else ()
    )
    return Image(labels.reshape(grid.shape), grid), dict(enumerate(own_names.values(), start=1)), warnings


_ALIKE_MM = 0.05
"""Corners of two grids that differ by less than this are the same, mm. Our estimate, for rounding in headers."""


def _one_grid(grids: dict[str, Geometry], folder: Path) -> Geometry:
    """The grid that all masks have; file name -> grid."""
    first, grid = next(iter(grids.items()))
    for name, other in grids.items():
        if other.shape != grid.shape or np.abs(other.corners_ras - grid.corners_ras).max() > _ALIKE_MM:
            raise PainGeneratorError(
                f"The masks {first} and {name} in {folder} have different grids.",
                "Keep only masks of one run in a folder.",
            )
    return grid
