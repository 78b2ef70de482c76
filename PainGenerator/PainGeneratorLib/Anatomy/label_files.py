"""Read the label image of one file: NIfTI, NRRD, ``.seg.nrrd``, MetaImage, DICOM segmentation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import LPS_TO_RAS, Geometry, Image
from ..Numerics.core.input_files import check_ordinary, not_opened
from ..Numerics.core.printable import one_line
from .dicom_segmentation import is_dicom, read_dicom_segmentation
from .nifti_labels import check_grid, is_nifti, read_nifti, straightened, unpacked
from .slicer_segments import flattened, segments_of
from .volume_claims import check_announced, check_claims

_NEARLY_WHOLE = 1e-3
"""Upper bound of the distance of a label from a whole number; scaling in the file rounds. Our estimate."""
_MOST_LABELS = 1000
"""Upper bound of the number of labels in a map. The largest list of a program has 132. Our estimate."""


@dataclass(frozen=True)
class FileLabels:
    """What one file holds.

    Parameters
    ----------
    image : Image
        Labels as uint16.
    names : dict of int to str
        Empty when the file has none.
    warnings : tuple of str
    """

    image: Image
    names: dict[int, str]
    warnings: tuple[str, ...] = ()


def has_dicom(path: Path) -> bool:
    return is_dicom(_first_bytes(path, 132))


def _first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of an ordinary file.

    Raises
    ------
    PainGeneratorError
    """
    check_ordinary(path, "anatomy segmentation")
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise not_opened(path, "anatomy segmentation", error) from error


def read_labels(path: Path) -> FileLabels:
    """Read the label image of one file, with the names that it has.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PainGeneratorError
        The file holds no label image, is damaged, claims more than it holds, or does not say clearly where it lies.
    """
    found = _read(_header_of_pair(path))
    names = {number: one_line(name) for number, name in found.names.items()}
    return FileLabels(found.image, names, tuple(one_line(text) for text in found.warnings))


def _read(path: Path) -> FileLabels:
    """Read by what the first bytes of a file say."""
    start = _first_bytes(path, 352)
    is_named_nifti = path.name.lower().endswith((".nii", ".nii.gz"))
    if is_named_nifti or not start or start[:2] == b"\x1f\x8b" or is_nifti(start):
        data = unpacked(path)
        if is_nifti(data[:348]):
            nifti = read_nifti(data, path)
            image = Image(_as_labels(nifti.values, path), nifti.geometry)
            return FileLabels(straightened(image), nifti.names, nifti.warnings)
        if is_named_nifti:
            raise PainGeneratorError(
                f"The anatomy segmentation {path} cannot be read: it is no NIfTI file.", "Copy or make the file again."
            )
    if is_dicom(start):
        image, names = read_dicom_segmentation(path)
        return FileLabels(image, names)
    return _read_with_itk(path)


def _header_of_pair(path: Path) -> Path:
    """The header that belongs to an ``.img`` file; any other path unchanged."""
    stem, mark, _ = path.name.partition(".img")
    if mark:
        for ending in (".hdr", ".hdr.gz", ".HDR"):
            if (header := path.with_name(stem + ending)).is_file():
                return header
    return path


def _read_with_itk(path: Path) -> FileLabels:
    """Read a NRRD or MetaImage file, or another image that ITK knows."""
    import SimpleITK as sitk

    check_claims(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        check_announced(path, math.prod(reader.GetSize()) * max(1, reader.GetNumberOfComponents()))
        itk = reader.Execute()
    except RuntimeError as error:
        if isinstance(error, PainGeneratorError):
            raise
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "unknown format"
        raise PainGeneratorError(
            f"The anatomy segmentation {path} cannot be read: {reason}",
            "Give a NRRD or NIfTI label map, a DICOM segmentation, or a folder of masks.",
        ) from error
    if itk.GetDimension() == 4 and itk.GetSize()[3] == 1:
        itk = itk[:, :, :, 0]
    if itk.GetDimension() != 3:
        raise PainGeneratorError(
            f"The anatomy segmentation {path} has {itk.GetDimension()} dimensions.", "Give a label map of one volume."
        )
    array = sitk.GetArrayFromImage(itk)
    metadata = {key: itk.GetMetaData(key) for key in itk.GetMetaDataKeys()}
    direction = np.array(itk.GetDirection()).reshape(3, 3)
    matrix = np.eye(4)
    matrix[:3, :3] = direction * np.array(itk.GetSpacing())
    matrix[:3, 3] = itk.GetOrigin()
    layers = array[..., np.newaxis] if array.ndim == 3 else array
    geometry = Geometry(layers.shape[:3], LPS_TO_RAS @ matrix)
    check_grid(geometry, str(path))
    labels, names = flattened(_as_labels(layers, path), segments_of(metadata, layers.shape[-1], path))
    return FileLabels(Image(labels, geometry), names)


def _as_labels(values: np.ndarray, path: Path) -> np.ndarray:
    """Convert whole numbers from 0 to 65535 to uint16; refuse other values, and say what they look like.

    Not a number (NaN) counts as background, as programs write it outside of the body.
    """
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=-1.0, neginf=-1.0)
        rounded = np.rint(values)
        if np.abs(values - rounded).max(initial=0.0) > _NEARLY_WHOLE:
            raise _no_labels(path, _fractions(values))
        values = rounded
    if values.size and values.min() < 0:
        raise _no_labels(
            path,
            f"it holds negative values, down to {values.min():.0f} (labels above 127 saved as 8 bit with a sign?)",
        )
    if values.size and values.max() > 65535:
        raise _no_labels(path, f"it holds values up to {values.max():.0f}, and labels are whole numbers up to 65535")
    labels = values.astype(np.uint16, copy=False)
    if np.count_nonzero(np.bincount(labels.ravel())) > _MOST_LABELS:
        raise _no_labels(path, "it has so many different values that it is an image")
    return labels


def _fractions(values: np.ndarray) -> str:
    """What values that are no whole numbers look like."""
    if values.min() >= 0 and values.max() <= 1:
        return "it holds values from 0 to 1, as a map of probabilities does"
    return (
        "it holds fractions, as an image does, or labels that were interpolated (resample them with nearest neighbor)"
    )


def _no_labels(path: Path, why: str) -> PainGeneratorError:
    return PainGeneratorError(
        f"{path} is no label map: {why}.",
        "Give the segmentation with one whole number from 0 to 65535 for each structure, not the image.",
    )
