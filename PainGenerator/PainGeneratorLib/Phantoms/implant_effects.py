"""What metal does to MR (void, pile-up, distortion) and to PET (missing attenuation correction)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image, resample
from .atlas import Atlas
from .tissue_table import TISSUES

FAR_MM = 60.0


def distance_to_metal(atlas: Atlas) -> Image | None:
    """Distance to the nearest metal (mm, 0 inside) in a box around it; None without metal."""
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
    """Shift signal along the readout near metal, pile it up where it meets, and void it where it dephases.

    Parameters
    ----------
    signal : ndarray, shape (k, j, i)
    readout_axis : int
        Array axis of the frequency encoding.
    reach_mm : float
        Signal is lost up to this distance from metal.
    strength_mm : float
        Largest shift.
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
    """Lower the uptake near metal, whose attenuation is taken for that of air; in place.

    Parameters
    ----------
    distance : Image
        From `distance_to_metal`, a sub-grid of `geometry`.
    depth : float
        Part of the uptake that is lost at the metal's surface.
    """
    i, j, k = np.rint(geometry.to_ijk(distance.geometry.ijk_to_ras[:3, 3])).astype(int)
    nk, nj, ni = distance.geometry.shape
    suv[k : k + nk, j : j + nj, i : i + ni] *= 1 - depth * np.exp(-((distance.array / 8.0) ** 2))
