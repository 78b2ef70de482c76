"""What is known around the target of a needle, and what was measured along a path to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ..core.image import Image

if TYPE_CHECKING:
    from scipy.spatial import KDTree

SEEN_MM = 40.0
"""How far structures beside a path are looked for, mm. Our choice: farther ones play no part."""
BONE_MOST_MM = 2.0
"""Upper bound of the length of a path in bone outside its target, mm. Our estimate: about the voxel of a label map, so
that a path along a bone is not taken for one through it."""


@dataclass(frozen=True, eq=False)
class Obstacle:
    """A structure that a path should not meet.

    Parameters
    ----------
    name : str
        As a report names it.
    group : str
        Kind of structure: ``vessels``, ``bone`` ...
    points_ras : ndarray, shape (n, 3)
        Points of it that lie close together, RAS mm.
    radius_mm : float
        How far it reaches around each of them: half a voxel, or the radius of a tube.
    is_bone : bool
        A needle may touch it at its target.
    """

    name: str
    group: str
    points_ras: np.ndarray
    radius_mm: float
    is_bone: bool = False

    @cached_property
    def _tree(self) -> KDTree:
        from scipy.spatial import KDTree

        return KDTree(self.points_ras)

    @cached_property
    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        return self.points_ras.min(axis=0), self.points_ras.max(axis=0)

    def distance_mm(self, points_ras: np.ndarray) -> np.ndarray:
        """Distance of points, shape (..., 3), from its surface, mm; 0 or less inside, infinite beyond SEEN_MM."""
        points = np.asarray(points_ras, dtype=float).reshape(-1, 3)
        reach = SEEN_MM + self.radius_mm
        low, high = self._box
        near = np.all((points >= low - reach) & (points <= high + reach), axis=-1)
        distance = np.full(len(points), np.inf)
        if near.any():
            distance[near] = self._tree.query(points[near], distance_upper_bound=reach)[0] - self.radius_mm
        return distance.reshape(np.shape(points_ras)[:-1])


@dataclass(frozen=True, eq=False)
class SkinView:
    """Where one series shows the body.

    Parameters
    ----------
    name : str
        The series, as a report names it.
    find : callable
        Gives the body in the reference frame: 1 in it, 0 outside, between them at its edge; None where the series does
        not show where the body ends. It is called once, and only when a path needs it.
    error_mm : float
        How well the skin is known from it.
    """

    name: str
    find: Callable[[], Image | None]
    error_mm: float

    @cached_property
    def body(self) -> Image | None:
        """The body in the reference frame; None where the series does not show where it ends."""
        return self.find()

    def at(self, points_ras: np.ndarray) -> np.ndarray:
        """The body at points, shape (..., 3); NaN outside the field of view."""
        points = np.asarray(points_ras, dtype=float)
        if self.body is None:
            return np.full(points.shape[:-1], np.nan)
        kji = self.body.geometry.to_ijk(points.reshape(-1, 3))[:, ::-1].T
        values = ndimage.map_coordinates(self.body.array, kji, order=1, mode="nearest")
        seen = self.body.geometry.contains(points.reshape(-1, 3), margin_voxels=0.5)
        return np.where(seen, values, np.nan).reshape(points.shape[:-1])


@dataclass(frozen=True)
class Nearest:
    """The structure that a path passes most closely.

    Parameters
    ----------
    name : str
    distance_mm : float
    depth_mm : float
        Where that is, as the depth from the skin.
    """

    name: str
    distance_mm: float
    depth_mm: float


@dataclass(frozen=True, eq=False)
class PathFacts:
    """A straight path and what was measured along it.

    Parameters
    ----------
    target_ras : ndarray, shape (3,)
        RAS mm.
    outward_ras : ndarray, shape (3,)
        Unit vector from the target to the skin.
    length_mm : float or None
        From the skin to the target; None where the skin is not in view.
    skin : str
        The series that shows the skin there; empty where none does.
    nearest : Nearest or None
        Of all but bones; None when nothing is known within SEEN_MM.
    bone_mm : float
        Length in bone outside the target.
    bone_at_target_mm : float
        Length in bone at the target itself.
    too_near : tuple of str
        Structures that it meets or comes too near.
    """

    target_ras: np.ndarray
    outward_ras: np.ndarray
    length_mm: float | None
    skin: str = ""
    nearest: Nearest | None = None
    bone_mm: float = 0.0
    bone_at_target_mm: float = 0.0
    too_near: tuple[str, ...] = ()

    @property
    def entry_ras(self) -> np.ndarray | None:
        """Where it enters the skin, RAS mm, shape (3,)."""
        if self.length_mm is None:
            return None
        entry: np.ndarray = self.target_ras + self.length_mm * self.outward_ras
        return entry

    @property
    def is_free(self) -> bool:
        """Whether it begins at the skin and meets nothing that is known."""
        return self.length_mm is not None and not self.too_near and self.bone_mm <= BONE_MOST_MM


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What is known around the targets of a case.

    Parameters
    ----------
    skins : tuple of SkinView
        The first that shows a place is believed.
    obstacles : tuple of Obstacle
    """

    skins: tuple[SkinView, ...]
    obstacles: tuple[Obstacle, ...] = ()


@dataclass(frozen=True)
class PathLimits:
    """What a path has to keep to.

    Parameters
    ----------
    clearance_mm : float
        Wanted distance from every structure but bone; near a target that lies nearer to one, as far as the target is.
    reach_mm : float
        Length before the target in which bone is part of the target.
    ignored : frozenset of str
        Names of obstacles that are the target itself.
    """

    clearance_mm: float
    reach_mm: float
    ignored: frozenset[str] = field(default_factory=frozenset)
