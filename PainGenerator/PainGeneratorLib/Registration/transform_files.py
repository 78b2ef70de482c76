"""Write and read transform files (.tfm), which ITK, Slicer and other programs can read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from .itk_images import from_itk_transform, to_itk_transform


def write_transform(path: Path, reference_to_series_ras: np.ndarray) -> None:
    """Write the transform of a series as an ITK transform file.

    The ITK transform in the file maps *points of the reference to points of the series* in LPS, as
    ``SimpleITK.Resample(series, reference, transform)`` expects. In Slicer, the series must be put under the transform
    to lie on the reference, because Slicer inverts the ITK convention when it loads the file.

    Parameters
    ----------
    path : Path
        The file; its name ends in ``.tfm``.
    reference_to_series_ras : ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference to points of the series.

    Raises
    ------
    ValueError
        The name does not end in ``.tfm``.
    OSError
        The file cannot be written.
    """
    import SimpleITK as sitk

    if path.suffix != ".tfm":
        raise ValueError(f"a transform file ends in .tfm, not {path.suffix!r}")
    try:
        sitk.WriteTransform(to_itk_transform(reference_to_series_ras), str(path))
    except RuntimeError as error:
        raise OSError(f"cannot write {path}: {error}") from error


def read_transform(path: Path) -> np.ndarray:
    """Read a linear ITK transform file as ``reference_to_series_ras``, shape (4, 4).

    Raises
    ------
    PainGeneratorError
        The file cannot be read, or it holds a transform that is not linear or not three-dimensional.
    """
    import SimpleITK as sitk

    try:
        return from_itk_transform(sitk.ReadTransform(str(path)))
    except (RuntimeError, ValueError) as error:
        text = " ".join(str(error).split())[-200:]
        raise PainGeneratorError(
            f"The transform file {path} cannot be used: {text}.", "Give a rigid or affine ITK transform file (.tfm)."
        ) from error
