"""On the images of which series an outline is kept: a segmentation object has one frame and one grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..Numerics.core.image import Geometry, Region
from ..Numerics.core.words import Role
from ..Scene.common_grid import region_on_grid
from ..Workflow.case import Case
from ..Workflow.stages import Alignment
from .source_images import SourceImages


@dataclass(frozen=True, eq=False)
class Home:
    """An outline on the grid of a series.

    Parameters
    ----------
    role : str
        Of the series.
    region : Region
        On the grid of the series, in its own frame (RAS mm).
    is_exact : bool
        True where the outline was drawn on this grid. Otherwise each voxel belongs to it that is covered for the
        most part.
    """

    role: str
    region: Region
    is_exact: bool


def home_of(region: Region, case: Case, alignment: Alignment, roles: Sequence[str]) -> Home | None:
    """Find the series on whose grid an outline was drawn.

    Parameters
    ----------
    region : Region
        In the reference frame, RAS mm.
    case : Case
    alignment : Alignment
    roles : sequence of str
        Series whose images are known.

    Returns
    -------
    Home or None
        The series with the same grid; else the reference series, or the PET, whichever holds the whole outline first.
        None where no series of `roles` holds it.
    """
    grids = {role: grid_in_reference(case, alignment, role) for role in roles}
    for role, grid in grids.items():
        if region.geometry.is_same_grid(grid):
            return Home(role, Region(case.series[role].image.geometry, region.flat), True)
    first, shape = region.box
    corners = region.geometry.cropped(first, shape).corners_ras
    for role in _preferred(case, grids):
        if grids[role].contains(corners).all():
            drawn = region_on_grid(region, grids[role])
            if len(drawn):
                return Home(role, Region(case.series[role].image.geometry, drawn.flat), False)
    return None


def _preferred(case: Case, roles: Iterable[str]) -> list[str]:
    first = (case.reference_role, Role.PET)
    return sorted(roles, key=lambda role: (first.index(role) if role in first else len(first), role))


def grid_in_reference(case: Case, alignment: Alignment, role: str) -> Geometry:
    """The grid of a series, moved into the reference frame."""
    import numpy as np

    return case.series[role].image.geometry.moved(np.linalg.inv(alignment.reference_to(role)))


def homes(regions: Sequence[Region], case: Case, alignment: Alignment, sources: SourceImages) -> list[Home | None]:
    """The home of each of some outlines; see :func:`home_of`."""
    return [home_of(region, case, alignment, list(sources.by_role)) for region in regions]
