"""Spherical regions that a reader placed, with their measures, and the columns in which they are shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .image import Geometry, Region, ball
from .kept import Kept

DISPLAY_VOXELS = 16
"""Number of voxels along the diameter of a sphere that is drawn. Our choice: it looks round at any size."""


@dataclass(frozen=True, eq=False)
class SphereRegion(Kept):
    """A spherical region with its measures. A measure that could not be taken is None.

    Parameters
    ----------
    id : str
        ``S-01``, ``S-02`` and so on.
    name : str
        Where it lies, as a radiologist says it.
    center_ras : ndarray, shape (3,)
        RAS mm of the reference frame.
    diameter_mm : float
    volume_ml : float
        Of the voxels of the PET that were measured, ml; that of the sphere itself outside the PET.
    suv_max, suv_mean, suv_peak : float or None
        g/ml; the sphere of 1 ml of SUVpeak has its middle in the region.
    reference : float or None
        SUV of the normal tissue that the region is compared with, g/ml.
    reference_name : str or None
    ratio : float or None
        `suv_peak` over `reference`.
    signals : mapping of str to float
        Role of an MR series -> mean signal in the sphere, in units of the series.
    z : mapping of str to float
        Role of a series -> mean z-score of the marrow in the sphere.
    is_cut_off : bool
        The sphere reaches beyond the field of view of the PET.
    """

    id: str
    name: str
    center_ras: np.ndarray
    diameter_mm: float
    volume_ml: float
    suv_max: float | None = None
    suv_mean: float | None = None
    suv_peak: float | None = None
    reference: float | None = None
    reference_name: str | None = None
    ratio: float | None = None
    signals: Mapping[str, float] = field(default_factory=dict)
    z: Mapping[str, float] = field(default_factory=dict)
    is_cut_off: bool = False

    @property
    def drawn(self) -> Region:
        """The sphere as voxels of a fine grid of its own, to be drawn."""
        step = self.diameter_mm / DISPLAY_VOXELS
        count = DISPLAY_VOXELS + 2
        matrix = np.diag([step, step, step, 1.0])
        matrix[:3, 3] = self.center_ras - step * (count - 1) / 2.0
        geometry = Geometry((count, count, count), matrix)
        return Region(geometry, ball(geometry, self.center_ras, self.diameter_mm / 2.0))


def free_id(taken: Iterable[str]) -> str:
    """The first id of a spherical region that is not taken."""
    taken = set(taken)
    return next(text for text in (f"S-{n:02d}" for n in range(1, len(taken) + 2)) if text not in taken)


def region_key(region: SphereRegion) -> tuple[str, tuple[float, ...], float]:
    """What stays of a spherical region when it is measured again."""
    return region.id, tuple(float(x) for x in region.center_ras), region.diameter_mm


@dataclass(frozen=True)
class RegionChange:
    """What undo or redo does to the spherical regions; those that other readings added or took away stay so.

    Parameters
    ----------
    away, back : tuple of SphereRegion
        To take away, and to put back.
    """

    away: tuple[SphereRegion, ...]
    back: tuple[SphereRegion, ...]

    def of(self, regions: Sequence[SphereRegion]) -> tuple[tuple[SphereRegion, ...], RegionChange]:
        """The regions after the change, in the order of their ids, and the change that takes it back."""
        keys = set(map(region_key, self.away))
        gone = tuple(one for one in regions if region_key(one) in keys)
        kept = [one for one in regions if region_key(one) not in keys]
        taken = {one.id for one in kept}
        back = []
        for one in self.back:
            back.append(one if one.id not in taken else dataclasses.replace(one, id=free_id(taken)))
            taken.add(back[-1].id)
        return tuple(sorted([*kept, *back], key=lambda one: (len(one.id), one.id))), RegionChange(tuple(back), gone)


@dataclass(frozen=True)
class SphereColumn:
    """One column of the table of spherical regions.

    Parameters
    ----------
    key, title : str
        The name in files, and the heading.
    unit : str
    digits : int or None
        Decimals; None for text.
    """

    key: str
    title: str
    unit: str = ""
    digits: int | None = None


COLUMNS = (
    SphereColumn("id", "Region"),
    SphereColumn("name", "Place"),
    SphereColumn("diameter_mm", "Diameter", "mm", 1),
    SphereColumn("volume_ml", "Volume", "ml", 2),
    SphereColumn("suv_max", "SUVmax", "g/ml", 2),
    SphereColumn("suv_mean", "SUVmean", "g/ml", 2),
    SphereColumn("suv_peak", "SUVpeak", "g/ml", 2),
    SphereColumn("ratio", "Ratio", "", 2),
    SphereColumn("reference", "Reference", "g/ml", 2),
    SphereColumn("reference_name", "Compared with"),
)
"""The columns that every region has; those of the MR series follow."""
LAST_COLUMNS = (
    SphereColumn("center_r", "R", "mm", 1),
    SphereColumn("center_a", "A", "mm", 1),
    SphereColumn("center_s", "S", "mm", 1),
    SphereColumn("remark", "Remark"),
)
"""The columns after those of the MR series."""
CUT_OFF = "cut off by the field of view of the PET"
"""Remark on a region that the PET shows in part."""


def columns_for(regions: Sequence[SphereRegion]) -> tuple[SphereColumn, ...]:
    """All columns of some regions, with signal and z of each MR series that one of them has."""
    roles = dict.fromkeys(role for region in regions for role in (*region.signals, *region.z))
    of_series = [
        column
        for role in roles
        for column in (
            SphereColumn(f"signal_{role}", f"{role} signal", "", 0),
            SphereColumn(f"z_{role}", f"{role} z", "", 1),
        )
    ]
    return (*COLUMNS, *of_series, *LAST_COLUMNS)


def values_of(region: SphereRegion) -> dict[str, Any]:
    """The values of a region by the keys of its columns."""
    center = {f"center_{axis}": float(x) for axis, x in zip("ras", region.center_ras, strict=True)}
    return {
        **{column.key: getattr(region, column.key) for column in COLUMNS},
        **{f"signal_{role}": value for role, value in region.signals.items()},
        **{f"z_{role}": value for role, value in region.z.items()},
        **center,
        "remark": CUT_OFF if region.is_cut_off else "",
    }


def cell_text(column: SphereColumn, value: Any) -> str:
    """A value as text with the decimals of its column; a dash where it is not known."""
    if value is None:
        return "\N{EN DASH}"
    return str(value) if column.digits is None else f"{round(float(value), column.digits) + 0.0:.{column.digits}f}"
