"""Simulate the effects of metal on MR (signal void, pile-up, distortion) and on PET (wrong attenuation correction)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image, resample
from .atlas import Atlas
from .tissue_table import TISSUES

FAR_MM = 60.0
"""Distance to metal that is assumed outside the box around it, mm. Our estimate: no effect of metal is left there."""


def distance_to_metal(atlas: Atlas) -> Image | None:
    """Compute the distance to the nearest metal (mm, 0 inside) in a box around it; None without metal."""
    metal = atlas.tissue == TISSUES["metal"].code
    if not metal.any():
        return None
    spacing = atlas.geometry.spacing_mm[0]
    margin = int(40 / spacing)
    first, last = [], []
    for axis, size in enumerate(metal.shape):
        where = np.flatnonzero(metal.any(axis=tuple(a for a in range(3) if a != axis)))
        first.append(max(int(where[0]) - margin, 0))
        last.append(min(int(where[-1]) + margin + 1, size))
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    distance = ndimage.distance_transform_edt(~metal[box], sampling=spacing).astype(np.float32)
    return Image(distance, atlas.geometry.cropped((first[0], first[1], first[2]), distance.shape))


def distort(
    signal: np.ndarray,
    geometry: Geometry,
    distance: Image,
    series_to_reference: np.ndarray,
    readout_axis: int,
    reach_mm: float,
    strength_mm: float,
) -> np.ndarray:
    """Distort an MR near metal: shift the signal along the readout direction, pile it up, and remove it at the metal.

    Parameters
    ----------
    signal : ndarray, shape (k, j, i)
        Signal on the grid of the series.
    geometry : Geometry
        Grid of the series in its own frame.
    distance : Image
        Distance to metal from :func:`distance_to_metal`.
    series_to_reference : ndarray, shape (4, 4)
        Maps points of the frame of the series to points of the reference frame, RAS mm.
    readout_axis : int
        Array axis of the frequency encoding.
    reach_mm : float
        Distance from metal up to which the signal is lost, mm.
    strength_mm : float
        Size of the shift at the surface of the metal, mm.
    """
    away = resample(distance, geometry, series_to_reference, outside=FAR_MM)
    smooth = ndimage.gaussian_filter(away, [3.0 / s for s in geometry.spacing_kji_mm])
    spacing = geometry.spacing_kji_mm
    slope = np.gradient(smooth, spacing[readout_axis], axis=readout_axis)
    shift = (strength_mm * np.exp(-away / 9.0) * (0.35 + slope)).astype(np.float32)
    density = np.clip(1 - np.gradient(shift, spacing[readout_axis], axis=readout_axis), 0.3, 2.6)
    where = list(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in signal.shape), indexing="ij"))
    where[readout_axis] = where[readout_axis] - shift / spacing[readout_axis]
    moved = ndimage.map_coordinates(signal, where, order=1, mode="nearest")
    return moved * density * np.clip((away - reach_mm + 1.5) / 3.0, 0, 1)


def attenuation_loss(distance: Image, suv: np.ndarray, geometry: Geometry, depth: float) -> None:
    """Lower the uptake near metal in place. Attenuation correction by MR treats the signal void of metal like air.

    Parameters
    ----------
    distance : Image
        Distance to metal from :func:`distance_to_metal`, on a part of the grid of `geometry`.
    suv : ndarray, shape of the grid
        Uptake, g/ml. It is changed.
    geometry : Geometry
    depth : float
        Fraction of the uptake that is lost at the surface of the metal.
    """
    i, j, k = np.rint(geometry.to_ijk(distance.geometry.ijk_to_ras[:3, 3])).astype(int)
    nk, nj, ni = distance.geometry.shape
    suv[k : k + nk, j : j + nj, i : i + ni] *= 1 - depth * np.exp(-((distance.array / 8.0) ** 2))
