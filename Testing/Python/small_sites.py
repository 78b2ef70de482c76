"""A small lumbar spine as a list of sites, and a PET on which each has a known uptake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball, block_means
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow
from PainGeneratorLib.Numerics.core.words import Side
from PainGeneratorLib.Numerics.fusion.site_measures import SiteImages, measure_sites
from PainGeneratorLib.Numerics.fusion.site_parameters import SiteParameters
from PainGeneratorLib.Workflow.protocol import load_protocol

PARAMETERS = load_protocol("low-back").stage("sites", SiteParameters)
"""As shipped."""
LEVELS = ("L1/L2", "L2/L3", "L3/L4", "L4/L5", "L5/S1")
LEVEL_MM = 34.0
"""Distance of neighboring discs, mm."""
NORMAL_SUV = 1.0
SIDES = ((str(Side.RIGHT), 1.0), (str(Side.LEFT), -1.0))


@dataclass(frozen=True)
class PlainReferences:
    """One normal uptake for all tissues, in the place of the references of a real scan."""

    suv: float = NORMAL_SUV
    is_plausible: bool = True

    def of_tissue(self, flat: int, code: int, *, in_spine: bool = False) -> tuple[float, str]:
        return self.suv, f"{tissues.NAMES[code]} near by"

    def at(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(flat), self.suv), np.full(len(flat), tissues.MARROW)


def site(
    name: str,
    structure: str,
    side: str,
    level: str | None,
    center: Sequence[float],
    half: Sequence[float],
    tissue: int = tissues.MARROW,
    zone: str | None = None,
    axes: np.ndarray | None = None,
) -> Site:
    """A site with axes along the patient's where none are given."""
    axes = np.eye(3) if axes is None else axes
    return Site(name, structure, side, level, np.array(center, float), axes, np.array(half, float), tissue, zone)


def lumbar_sites(levels: Sequence[str] = LEVELS) -> list[Site]:
    """Disc, both facet joints and both multifidus muscles of each level, from above downward, right before left."""
    found = []
    for level in levels:
        z = -LEVEL_MM * LEVELS.index(level)
        found.append(site(f"disc {level}", "disc", str(Side.MIDLINE), level, (0, 20, z), (18, 13, 4), tissues.DISC))
        for side, sign in SIDES:
            name = f"{side} facet joint {level}"
            found.append(site(name, "facet joint", side, level, (sign * 18, -16, z), (6, 8, 9)))
        for side, sign in SIDES:
            name = f"{side} multifidus {level}"
            found.append(site(name, "multifidus", side, level, (sign * 18, -36, z), (9, 8, 9), tissues.MUSCLE))
    return found


def grid(spacing_mm: float = 1.0, turned_deg: float = 0.0) -> Geometry:
    """A grid about the small spine, turned about the patient's long axis."""
    size = np.array([100.0, 112.0, 200.0])
    shape = tuple(int(n) for n in np.ceil(size[::-1] / spacing_mm))
    angle = np.deg2rad(turned_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn * spacing_mm
    matrix[:3, 3] = np.array([0.0, -8.0, -68.0]) - turn @ (0.5 * spacing_mm * (np.array(shape[::-1]) - 1))
    return Geometry(shape, matrix)


def painted(
    hot: Mapping[str, float], sites: Sequence[Site], voxel_mm: float = 2.0, turned_deg: float = 0.0, swell: float = 1.0
) -> Image:
    """A PET without blur and noise: SUV 1 everywhere and another SUV in the ellipsoids of some sites.

    It is painted on voxels of 1 mm and averaged to those of the PET, so that voxels at borders are mixed.

    Parameters
    ----------
    hot : mapping of name to SUV
        By the name of the site, g/ml.
    sites : sequence of Site
    voxel_mm : float
        Spacing of the PET, whole millimeters.
    turned_deg : float
        By which the grid is turned, degrees.
    swell : float
        By which the painted ellipsoids are larger than the sites.
    """
    fine = grid(1.0, turned_deg)
    values = np.full(fine.size, NORMAL_SUV, dtype=np.float32)
    for one in sites:
        if one.name in hot:
            near = ball(fine, one.center_ras, swell * float(one.half_mm.max()) + 2.0)
            values[near[one.radius(fine.flat_to_ras(near)) <= swell]] = hot[one.name]
    return block_means(Image(values.reshape(fine.shape), fine), voxel_mm)


def measured(sites: Sequence[Site], pet: Image | None, **more: object) -> dict[str, SiteRow]:
    """The rows of the table by the name of the site."""
    images = SiteImages(pet=pet, references=None if pet is None else PlainReferences(), **more)  # type: ignore[arg-type]
    return {row.site.name: row for row in measure_sites(sites, images, PARAMETERS)}
