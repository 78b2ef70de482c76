"""The coordinates of the spine for the voxels about it: beside the canal, in front of it, along it, and to a disc."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..body import distances
from ..body.straight_spine import DISC_FRONT_MM, StraightSpine
from ..core.image import Geometry
from .blocks import coarse_factors, coarser, spread_blocks


@dataclass(frozen=True, eq=False)
class SpineCoordinates:
    """The voxels about the spine in its own coordinates.

    Parameters
    ----------
    box : tuple of slice
        Part of the working grid.
    right, front, height, to_disc : ndarray of float32, shape of the box
        To the right of the canal's middle, in front of it, along the canal from its lower end, and above the middle of
        the nearest disc along the canal, mm; NaN beyond the ends of the canal. `to_disc` is infinite without discs.
    level : ndarray of uint8, shape of the box
        Number of the vertebra from below, 1 below the lowest disc; 0 beyond the ends.
    """

    box: tuple[slice, ...]
    right: np.ndarray
    front: np.ndarray
    height: np.ndarray
    to_disc: np.ndarray
    level: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Voxels that lie beside the canal and not beyond its ends, bool, shape of the box."""
        return np.asarray(np.isfinite(self.right))


def spine_coordinates(geometry: Geometry, straight: StraightSpine) -> SpineCoordinates:
    """Coordinates of the voxels about the spine, from blocks of about 2 mm.

    Parameters
    ----------
    geometry : Geometry
        The working grid, in the frame of the spine.
    straight : StraightSpine
    """
    box = spine_box(straight.points_ras, geometry)
    k, j, i = box
    shape = (k.stop - k.start, j.stop - j.start, i.stop - i.start)
    part = geometry.cropped((k.start, j.start, i.start), shape)
    factors = coarse_factors(part)
    coarse = coarser(part, factors)
    local = straight.local(coarse.flat_to_ras(np.arange(coarse.size)))
    gone = ~np.isfinite(local[:, 2])
    to_disc = straight.to_disc_mm(local)
    discs = straight.disc_mm + straight.disc_tilt * (local[:, 1:2] - DISC_FRONT_MM)
    level = (1 + (np.nan_to_num(local[:, 2:], nan=0.0) > discs).sum(axis=1)).astype(np.uint8)
    local[gone], to_disc[gone], level[gone] = np.nan, np.nan, 0

    def spread(values: np.ndarray, kind: type) -> np.ndarray:
        return spread_blocks(values.reshape(coarse.shape).astype(kind), factors, shape)

    return SpineCoordinates(
        box,
        spread(local[:, 0], np.float32),
        spread(local[:, 1], np.float32),
        spread(local[:, 2], np.float32),
        spread(to_disc, np.float32),
        spread(level, np.uint8),
    )


def spine_box(points_ras: np.ndarray, geometry: Geometry) -> tuple[slice, ...]:
    """The part of a grid about the canal that bright places of the spine lie in.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        Places along the canal, RAS mm.
    geometry : Geometry
        The grid, in the same frame.
    """
    behind = distances.SPINE_PLACES_BEHIND_MOST.value + distances.SPINE_MAP_BEHIND_MARGIN.value
    margin = np.array([distances.SPINE_PLACES_SIDE_MOST.value, behind, 0.0])
    low, high = points_ras.min(axis=0) - margin, points_ras.max(axis=0) + margin
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    kji = geometry.to_ijk(corners)[:, ::-1]
    return tuple(
        slice(int(np.clip(a, 0, n - 1)), int(np.clip(b + 2, 1, n)))
        for a, b, n in zip(kji.min(axis=0), kji.max(axis=0), geometry.shape, strict=True)
    )
