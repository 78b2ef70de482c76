"""Images and transforms between this package (RAS) and SimpleITK (LPS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..Numerics.core.image import LPS_TO_RAS, Geometry, Image

if TYPE_CHECKING:
    import SimpleITK as sitk

RIGID_TOLERANCE = 1e-6
"""Largest entry by which R R^T of a rigid matrix may differ from the identity."""


def is_rigid(matrix: np.ndarray, tolerance: float = RIGID_TOLERANCE) -> bool:
    """True when a 4 x 4 matrix is a rotation (no mirroring, scale or shear) and a translation."""
    matrix = np.asarray(matrix, dtype=np.float64)
    rotation = matrix[:3, :3]
    return bool(
        np.isfinite(matrix).all()
        and np.abs(rotation @ rotation.T - np.eye(3)).max() <= tolerance
        and np.linalg.det(rotation) > 0
        and np.array_equal(matrix[3], (0.0, 0.0, 0.0, 1.0))
    )


def to_itk_image(image: Image) -> sitk.Image:
    """A SimpleITK image (LPS) with the values and the place of an image (RAS); the values are copied.

    Parameters
    ----------
    image : Image
        Boolean arrays become 8-bit ones, as ITK has no boolean pixels.
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
    """The grid (RAS) of a three-dimensional SimpleITK image (LPS)."""
    if itk_image.GetDimension() != 3:
        raise ValueError(f"the image has {itk_image.GetDimension()} dimensions, not 3")
    ijk_to_lps = np.eye(4)
    ijk_to_lps[:3, :3] = np.reshape(itk_image.GetDirection(), (3, 3)) * np.array(itk_image.GetSpacing())
    ijk_to_lps[:3, 3] = itk_image.GetOrigin()
    return Geometry(itk_image.GetSize()[::-1], LPS_TO_RAS @ ijk_to_lps)


def from_itk_image(itk_image: sitk.Image) -> Image:
    """An image (RAS) with the values and the place of a three-dimensional scalar SimpleITK image (LPS)."""
    import SimpleITK as sitk

    if itk_image.GetNumberOfComponentsPerPixel() != 1:
        raise ValueError("the image has more than one value per voxel")
    return Image(sitk.GetArrayFromImage(itk_image), geometry_from_itk(itk_image))


def to_itk_transform(a_to_b_ras: np.ndarray) -> sitk.Transform:
    """A SimpleITK transform (LPS) that maps points of frame a to points of frame b.

    Parameters
    ----------
    a_to_b_ras : ndarray, shape (4, 4)

    Returns
    -------
    SimpleITK.Euler3DTransform for a rigid matrix, else SimpleITK.AffineTransform
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
    """The 4 x 4 RAS matrix of a linear SimpleITK transform (LPS), whatever its class or centre.

    Raises
    ------
    ValueError
        When the transform is not three-dimensional or not linear.
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
