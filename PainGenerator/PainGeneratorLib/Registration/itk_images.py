"""Convert images and transforms between this package (RAS) and SimpleITK (LPS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..Numerics.core.image import LPS_TO_RAS, Geometry, Image

if TYPE_CHECKING:
    import SimpleITK as sitk

RIGID_TOLERANCE = 1e-6
"""Upper bound of the entries of R R^T minus the identity for the rotation R of a rigid matrix. Our estimate: rounding
in files stays below it."""


def is_rigid(matrix: np.ndarray, tolerance: float = RIGID_TOLERANCE) -> bool:
    """True when a 4 x 4 matrix is a rotation and a translation, without mirroring, scaling or shear."""
    matrix = np.asarray(matrix, dtype=np.float64)
    rotation = matrix[:3, :3]
    return bool(
        np.isfinite(matrix).all()
        and np.abs(rotation @ rotation.T - np.eye(3)).max() <= tolerance
        and np.linalg.det(rotation) > 0
        and np.array_equal(matrix[3], (0.0, 0.0, 0.0, 1.0))
    )


def to_itk_image(image: Image) -> sitk.Image:
    """Convert an image (RAS) to a SimpleITK image (LPS) at the same place. The values are copied.

    Parameters
    ----------
    image : Image
        Boolean arrays become 8-bit arrays, because ITK has no boolean pixels.
    """
    import SimpleITK as sitk

    array = image.array.astype(np.uint8) if image.array.dtype == bool else image.array
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    geometry = image.geometry
    ijk_to_lps = LPS_TO_RAS @ geometry.ijk_to_ras
    result = sitk.GetImageFromArray(np.ascontiguousarray(array))
    result.SetSpacing(geometry.spacing_mm)
    result.SetOrigin(tuple(ijk_to_lps[:3, 3]))
    result.SetDirection(tuple((ijk_to_lps[:3, :3] / np.array(geometry.spacing_mm)).ravel()))
    return result


def geometry_from_itk(itk_image: sitk.Image) -> Geometry:
    """Return the grid (RAS) of a three-dimensional SimpleITK image (LPS).

    Raises
    ------
    ValueError
        The image is not three-dimensional.
    """
    if itk_image.GetDimension() != 3:
        raise ValueError(f"the image has {itk_image.GetDimension()} dimensions, not 3")
    ijk_to_lps = np.eye(4)
    ijk_to_lps[:3, :3] = np.reshape(itk_image.GetDirection(), (3, 3)) * np.array(itk_image.GetSpacing())
    ijk_to_lps[:3, 3] = itk_image.GetOrigin()
    return Geometry(itk_image.GetSize()[::-1], LPS_TO_RAS @ ijk_to_lps)


def from_itk_image(itk_image: sitk.Image) -> Image:
    """Convert a three-dimensional scalar SimpleITK image (LPS) to an image (RAS) at the same place.

    Raises
    ------
    ValueError
        The image is not three-dimensional, or it has more than one value per voxel.
    """
    import SimpleITK as sitk

    if itk_image.GetNumberOfComponentsPerPixel() != 1:
        raise ValueError("the image has more than one value per voxel")
    return Image(sitk.GetArrayFromImage(itk_image), geometry_from_itk(itk_image))


def to_itk_transform(a_to_b_ras: np.ndarray) -> sitk.Transform:
    """Convert a matrix (RAS) to a SimpleITK transform (LPS) that maps points of frame a to points of frame b.

    Parameters
    ----------
    a_to_b_ras : ndarray, shape (4, 4)

    Returns
    -------
    SimpleITK.Transform
        An Euler3DTransform for a rigid matrix, otherwise an AffineTransform.
    """
    import SimpleITK as sitk

    a_to_b_lps = LPS_TO_RAS @ np.asarray(a_to_b_ras, dtype=np.float64) @ LPS_TO_RAS
    matrix, shift = a_to_b_lps[:3, :3].ravel().tolist(), a_to_b_lps[:3, 3].tolist()
    if is_rigid(a_to_b_lps):
        rigid = sitk.Euler3DTransform()
        rigid.SetMatrix(matrix, 10 * RIGID_TOLERANCE)
        rigid.SetTranslation(shift)
        return rigid
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(matrix)
    affine.SetTranslation(shift)
    return affine


def from_itk_transform(transform: sitk.Transform) -> np.ndarray:
    """Return the 4 x 4 RAS matrix of a linear SimpleITK transform (LPS) of any class and with any center.

    Raises
    ------
    ValueError
        The transform is not three-dimensional or not linear.
    """
    if transform.GetDimension() != 3:
        raise ValueError(f"the transform has {transform.GetDimension()} dimensions, not 3")
    if not transform.IsLinear():
        raise ValueError("the transform is not linear")
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    a_to_b_lps = np.eye(4)
    a_to_b_lps[:3, :3] = np.stack([np.array(transform.TransformPoint(tuple(e))) - origin for e in np.eye(3)], axis=1)
    a_to_b_lps[:3, 3] = origin
    return LPS_TO_RAS @ a_to_b_lps @ LPS_TO_RAS
