"""Volumes under a non-linear transform, brought to a regular grid.

Slicer's DICOM reader puts a series with uneven slices under a grid transform ("... acquisition transform"): the
volume's own matrix is then not its place in the world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image, transform_points

LATTICE_TOLERANCE_VOXELS = 0.05
"""Largest error, in voxels, of positions interpolated between the points where the transform is evaluated (upper
bound). Our estimate: far below what can be seen or measured."""

MAX_LATTICE_STEP = 32
"""Largest distance, in voxels within a slice, between the points where the transform is evaluated (upper bound); it is
halved until the error is small enough."""

FACE_POINTS = 9
"""How many points along each edge of the volume are moved to find out how far it reaches in the world."""


def resample_warped(image: Image, transform_node: Any, frame_node: Any = None) -> Image:
    """Bring an image under a non-linear transform to a regular grid in the world, or beneath a transform above it.

    Parameters
    ----------
    image : Image
        In the frame of the node under the transform.
    transform_node : vtkMRMLTransformNode
    frame_node : vtkMRMLTransformNode, optional
        A parent of `transform_node`, whose effect is left out.

    Returns
    -------
    Image
        float32, same axes and spacing as `image`, wide enough for all of it; 0 where there was nothing.
    """
    import vtk

    to_world, from_world = vtk.vtkGeneralTransform(), vtk.vtkGeneralTransform()
    transform_node.GetTransformToNode(frame_node, to_world)
    transform_node.GetTransformFromNode(frame_node, from_world)
    target = _covering_grid(image.geometry, to_world)
    return Image(_sample(image, target, from_world), target)


def _apply(transform: Any, points: np.ndarray) -> np.ndarray:
    """Move points (..., 3) by a vtkAbstractTransform."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    flat = np.ascontiguousarray(points.reshape(-1, 3), dtype=np.float64)
    before, after = vtk.vtkPoints(), vtk.vtkPoints()
    before.SetDataTypeToDouble()
    after.SetDataTypeToDouble()
    before.SetData(numpy_to_vtk(flat, deep=True))
    transform.TransformPoints(before, after)
    return vtk_to_numpy(after.GetData()).reshape(points.shape).copy()


def _covering_grid(geometry: Geometry, to_world: Any) -> Geometry:
    """A grid with the axes and spacing of `geometry` that covers where its voxels come to lie."""
    axes = [np.linspace(0, n - 1, FACE_POINTS) for n in geometry.shape[::-1]]
    axes[2] = np.arange(geometry.shape[0], dtype=float)
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    moved = geometry.to_ijk(_apply(to_world, geometry.to_ras(lattice))).reshape(-1, 3)
    # A hundredth of a voxel is rounding, not reach.
    low = np.floor(moved.min(axis=0) + 0.01).astype(int)
    high = np.ceil(moved.max(axis=0) - 0.01).astype(int)
    return geometry.cropped(tuple(low[::-1]), tuple((high - low + 1)[::-1]))


def _sample(image: Image, target: Geometry, from_world: Any) -> np.ndarray:
    source = image.array.astype(np.float32, copy=False)
    result = np.empty(target.shape, dtype=np.float32)
    step = _lattice_step(image.geometry, target, from_world)
    rows, columns = target.shape[1:]
    j_knots, i_knots = _knots(rows, step), _knots(columns, step)
    j_at, i_at = (
        np.interp(np.arange(rows), j_knots, np.arange(len(j_knots))),
        np.interp(np.arange(columns), i_knots, np.arange(len(i_knots))),
    )
    fine = np.meshgrid(j_at, i_at, indexing="ij")
    for k in range(target.shape[0]):
        coarse = _positions(image.geometry, target, from_world, k, j_knots, i_knots)
        kji = [ndimage.map_coordinates(coarse[..., axis], fine, order=1, mode="nearest") for axis in (2, 1, 0)]
        ndimage.map_coordinates(source, kji, output=result[k], order=1, mode="constant", cval=0.0)
    return result


def _knots(count: int, step: int) -> np.ndarray:
    return np.unique(np.append(np.arange(0, count, step), count - 1)).astype(float)


def _positions(
    source: Geometry, target: Geometry, from_world: Any, k: int, j: np.ndarray, i: np.ndarray
) -> np.ndarray:
    """Where in the source, in voxels (i, j, k), the points of one slice lie; shape (j, i, 3)."""
    jj, ii = np.meshgrid(j, i, indexing="ij")
    world = target.to_ras(np.stack([ii, jj, np.full_like(ii, k)], axis=-1))
    return transform_points(source.ras_to_ijk, _apply(from_world, world))


def _lattice_step(source: Geometry, target: Geometry, from_world: Any) -> int:
    """The widest spacing of points, by halving, between which linear interpolation is good enough."""
    step = MAX_LATTICE_STEP
    slices = sorted({0, target.shape[0] // 3, target.shape[0] // 2, target.shape[0] - 1})
    while step > 1:
        error = 0.0
        for k in slices:
            j, i = (np.arange(0, n - 1 + step, step / 2.0) for n in target.shape[1:])
            dense = _positions(source, target, from_world, k, j, i)
            middle = dense[1:-1:2, 1:-1:2]
            corners = (dense[:-2:2, :-2:2], dense[2::2, :-2:2], dense[:-2:2, 2::2], dense[2::2, 2::2])
            rows, columns = (min(part.shape[axis] for part in (middle, *corners)) for axis in (0, 1))
            if rows and columns:
                mean = sum(part[:rows, :columns] for part in corners) / 4.0
                error = max(error, float(np.abs(middle[:rows, :columns] - mean).max()))
        if error <= LATTICE_TOLERANCE_VOXELS:
            break
        step //= 2
    return step
