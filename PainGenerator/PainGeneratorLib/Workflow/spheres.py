"""Measures of spherical regions that a reader placed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image, Region, ball
from ..Numerics.core.regions import flat_at
from ..Numerics.core.spheres import SphereRegion, free_id
from ..Numerics.pet.foci import focus_of
from ..Numerics.pet.peak import suv_peak
from .readout import PlaceReader

LEAST_DIAMETER_MM, MOST_DIAMETER_MM = 2.0, 200.0
"""Lower and upper bound of the diameter of a region, mm. Our choice: a voxel of MR, and half a pelvis."""
WHOLE_PART = 0.98
"""Lower bound of the part of a sphere that lies in the PET, for the sphere to count as whole: voxels at its surface
are counted whole or not at all. Our estimate."""


def new_sphere(
    reader: PlaceReader, center_ras: np.ndarray, diameter_mm: float, former: Sequence[SphereRegion]
) -> SphereRegion:
    """Measure a new spherical region.

    Parameters
    ----------
    reader : PlaceReader
    center_ras : ndarray, shape (3,)
        RAS mm of the reference frame.
    diameter_mm : float
    former : sequence of SphereRegion
        Their ids are taken.

    Raises
    ------
    PainGeneratorError
        For a diameter out of bounds, and where no image shows the place.
    """
    center = np.asarray(center_ras, dtype=float)
    if not LEAST_DIAMETER_MM <= diameter_mm <= MOST_DIAMETER_MM:
        raise PainGeneratorError(
            f"A region of {diameter_mm:g} mm cannot be measured.",
            f"Give a diameter of {LEAST_DIAMETER_MM:g} to {MOST_DIAMETER_MM:g} mm.",
        )
    if not any(image.geometry.contains(center) for image in (reader.pet, *reader.series.values())):
        raise PainGeneratorError("There is no image here.", "Click on the PET or an MR.")
    new_id = free_id(one.id for one in former)
    return measured_again(reader, SphereRegion(new_id, "", center, float(diameter_mm), 0.0))


def measured_again(reader: PlaceReader, region: SphereRegion) -> SphereRegion:
    """A region measured with what is known now; id, center and diameter stay.

    Parameters
    ----------
    reader : PlaceReader
    region : SphereRegion
    """
    center, radius = region.center_ras, region.diameter_mm / 2.0
    signals, z = {}, {}
    for role, image in reader.series.items():
        values = _values(image, center, radius)
        if values.size:
            signals[role] = float(values.mean(dtype=np.float64))
        z_map = reader.found.mr.z_maps.get(role)
        scores = np.empty(0) if z_map is None else _values(z_map, center, radius)
        if scores.size:
            z[role] = float(scores.mean(dtype=np.float64))
    place = reader.at(center).place
    return _with_pet(reader, SphereRegion(
        region.id, place.name, center, region.diameter_mm, _sphere_ml(region.diameter_mm), signals=signals, z=z
    ))  # fmt: skip


def _with_pet(reader: PlaceReader, region: SphereRegion) -> SphereRegion:
    """The region with its measures of PET, where the PET shows it."""
    suv = reader.detector.scan.suv
    inside = _voxels(reader.pet, region.center_ras, region.diameter_mm / 2.0)
    all_ml = inside.size * reader.pet.geometry.voxel_volume_ml
    values = suv.array.reshape(-1)[inside]
    inside = inside[np.isfinite(values)]
    if not inside.size:
        return region
    values = suv.array.reshape(-1)[inside]
    peak = suv_peak(suv, Region(suv.geometry, inside), spheres=reader.detector.scan.spheres).value
    reference = name = ratio = None
    if reader.detector.references.is_plausible:
        matched = reader.detector.reference_of(focus_of(suv, reader.detector.references, inside))
        reference, name = matched.suv, matched.name
        ratio = None if peak is None else peak / reference
    volume = inside.size * suv.geometry.voxel_volume_ml
    is_whole = volume >= WHOLE_PART * all_ml and _is_in_grid(reader.pet, region)
    return SphereRegion(
        region.id, region.name, region.center_ras, region.diameter_mm, volume,
        suv_max=float(values.max()), suv_mean=float(values.mean(dtype=np.float64)), suv_peak=peak,
        reference=reference, reference_name=name, ratio=ratio, signals=region.signals, z=region.z,
        is_cut_off=not is_whole,
    )  # fmt: skip


def _is_in_grid(image: Image, region: SphereRegion) -> bool:
    """Whether the grid of an image holds the whole sphere."""
    points = region.center_ras + region.diameter_mm / 2.0 * np.vstack([np.eye(3), -np.eye(3)])
    return bool(image.geometry.contains(points).all())


def _sphere_ml(diameter_mm: float) -> float:
    return math.pi / 6.0 * diameter_mm**3 / 1000.0


def _voxels(image: Image, center: np.ndarray, radius_mm: float) -> np.ndarray:
    """Flat indices of the voxels in a sphere; the one at its center when it holds the center of none."""
    flat = ball(image.geometry, center, radius_mm)
    if flat.size:
        return flat
    here = flat_at(image.geometry, center)
    return np.array([] if here is None else [here], dtype=np.int64)


def _values(image: Image, center: np.ndarray, radius_mm: float) -> np.ndarray:
    """The values of an image in a sphere that are known."""
    values = image.array.reshape(-1)[_voxels(image, center, radius_mm)]
    known: np.ndarray = values[np.isfinite(values)]
    return known
