"""The body of a phantom: tissue and anatomy on one fine grid, painted as geometric solids.

The grid lies in the frame of the reference series (T1), RAS mm, with axes along R, A and S. The images of each series
are sampled from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..Numerics.core.image import Geometry, transform_points
from .tissue_table import TISSUES

Triple = Sequence[float] | np.ndarray
"""Three numbers: the coordinates of a point, or sizes along three axes."""
LocalTest = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Function of the local x, y and z coordinates (mm) that is True inside a solid."""


def frame(origin_ras: np.ndarray, superior_tilt_deg: float = 0.0, right_lean_deg: float = 0.0) -> np.ndarray:
    """Make a local frame as a 4 x 4 matrix that maps local points to RAS mm. Its axes are right, anterior, superior.

    Parameters
    ----------
    origin_ras : array-like, shape (3,)
        Origin of the frame, RAS mm.
    superior_tilt_deg : float
        Angle by which the superior axis leans to anterior, degrees.
    right_lean_deg : float
        Angle by which the superior axis leans to the patient's right, degrees.
    """
    a, b = np.deg2rad(superior_tilt_deg), np.deg2rad(right_lean_deg)
    about_r = np.array([[1, 0, 0], [0, np.cos(a), np.sin(a)], [0, -np.sin(a), np.cos(a)]])
    about_a = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_a @ about_r
    matrix[:3, 3] = origin_ras
    return matrix


@dataclass(eq=False)
class Atlas:
    """Tissue and anatomy of a phantom on a common grid.

    Parameters
    ----------
    geometry : Geometry
        The grid in the reference frame, isotropic, with axes along R, A and S.

    Attributes
    ----------
    tissue : ndarray of uint8, shape of the grid
        Code of the tissue of every voxel, see :data:`.tissue_table.TISSUES`.
    anatomy : ndarray of uint8, shape of the grid
        Label of every voxel: an index into `anatomy_names`, 0 for none.
    anatomy_names : list of str
        Names of the labels.
    """

    geometry: Geometry
    tissue: np.ndarray = field(init=False)
    anatomy: np.ndarray = field(init=False)
    anatomy_names: list[str] = field(default_factory=lambda: [""])

    def __post_init__(self) -> None:
        self.tissue = np.zeros(self.geometry.shape, np.uint8)
        self.anatomy = np.zeros(self.geometry.shape, np.uint8)

    @classmethod
    def of_box(cls, lower_ras: Triple, upper_ras: Triple, spacing_mm: float) -> Atlas:
        """Make an empty atlas over a box, whose corners are given in RAS mm."""
        lower, upper = np.asarray(lower_ras, float), np.asarray(upper_ras, float)
        size = np.ceil((upper - lower) / spacing_mm).astype(int) + 1
        matrix = np.diag([spacing_mm] * 3 + [1.0])
        matrix[:3, 3] = lower
        return cls(Geometry(tuple(size[::-1]), matrix))

    def anatomy_code(self, name: str | None) -> int:
        """Return the label of an anatomical name; a new name gets the next label."""
        if not name:
            return 0
        if name not in self.anatomy_names:
            self.anatomy_names.append(name)
        return self.anatomy_names.index(name)

    def box(self, lower_ras: Triple, upper_ras: Triple) -> tuple[tuple[slice, slice, slice], list[np.ndarray]]:
        """Slices (k, j, i) of the voxels in an RAS box, and their R, A and S coordinates (mm).

        Each coordinate varies along one array axis only, so that the three are broadcast together.
        """
        spacing = self.geometry.spacing_mm[0]
        start = self.geometry.ijk_to_ras[:3, 3]
        first = np.maximum(np.ceil((np.asarray(lower_ras) - start) / spacing), 0).astype(int)
        last = np.minimum(np.floor((np.asarray(upper_ras) - start) / spacing) + 1, self.geometry.shape[::-1]).astype(
            int
        )
        last = np.maximum(first, last)
        axes = [(start[n] + spacing * np.arange(first[n], last[n])).astype(np.float32) for n in range(3)]
        k, j, i = (slice(int(first[n]), int(last[n])) for n in (2, 1, 0))
        return (k, j, i), [axes[0][None, None, :], axes[1][None, :, None], axes[2][:, None, None]]

    def local(
        self, local_to_ras: np.ndarray, lower: Triple, upper: Triple
    ) -> tuple[tuple[slice, slice, slice], list[np.ndarray]]:
        """Slices of the voxels around a box in a local frame, and their local x, y and z coordinates (mm, float32)."""
        corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
        corners = transform_points(local_to_ras, np.asarray(lower) + corners * (np.asarray(upper) - np.asarray(lower)))
        slices, (r, a, s) = self.box(corners.min(axis=0), corners.max(axis=0))
        inverse = np.linalg.inv(local_to_ras).astype(np.float32)
        # Terms with factor 0 are left out. With a frame along the grid each coordinate then varies along one axis
        # only, and painting a solid takes much less time.
        axes = [[m[n] * v for n, v in enumerate((r, a, s)) if m[n]] for m in inverse[:3]]
        return slices, [sum(terms[1:], terms[0]) + m[3] for terms, m in zip(axes, inverse, strict=False)]

    def paint(
        self,
        local_to_ras: np.ndarray,
        lower: Triple,
        upper: Triple,
        inside: LocalTest,
        tissue: str,
        anatomy: str | None = None,
        over: tuple[str, ...] | None = None,
    ) -> None:
        """Paint a solid: give its voxels a tissue and an anatomical label.

        Parameters
        ----------
        local_to_ras : ndarray, shape (4, 4)
            Frame of the solid.
        lower, upper : array-like, shape (3,)
            Corners of a box around the solid, local mm.
        inside : callable
            ``inside(x, y, z)`` returns a boolean array for local coordinates.
        tissue : str
            A key of :data:`.tissue_table.TISSUES`.
        anatomy : str, optional
            Name of the label as in TotalSegmentator. Without a name the label of the voxels is removed.
        over : tuple of str, optional
            Tissues that may be painted over; all when left out.
        """
        slices, (x, y, z) = self.local(local_to_ras, lower, upper)
        here = self.tissue[slices]
        if here.size == 0:
            return
        mask = inside(x, y, z) & (x >= lower[0]) & (x <= upper[0]) & (y >= lower[1]) & (y <= upper[1])
        mask &= (z >= lower[2]) & (z <= upper[2])
        if over is not None:
            allowed = np.zeros(256, bool)
            allowed[[TISSUES[name].code for name in over]] = True
            mask &= allowed[here]
        here[mask] = TISSUES[tissue].code
        self.anatomy[slices][mask] = self.anatomy_code(anatomy)

    def ellipsoid(self, center: Triple, radii: Triple, tissue: str, **options) -> None:
        """Paint an ellipsoid (mm). Its axes are those of the option `local_to_ras`, or R, A and S without it."""
        matrix = options.pop("local_to_ras", np.eye(4))
        c, r = np.asarray(center, float), np.asarray(radii, float)

        def inside(x, y, z):
            return ((x - c[0]) / r[0]) ** 2 + ((y - c[1]) / r[1]) ** 2 + ((z - c[2]) / r[2]) ** 2 <= 1

        self.paint(matrix, c - r, c + r, inside, tissue, **options)

    def capsule(self, start: Triple, end: Triple, radius: float, tissue: str, **options) -> None:
        """Paint a capsule between two points (mm). The option `end_radius` gives the second end another radius."""
        matrix = options.pop("local_to_ras", np.eye(4))
        end_radius = options.pop("end_radius", radius)
        a, b = np.asarray(start, float), np.asarray(end, float)
        axis = (b - a) / max(float((b - a) @ (b - a)), 1e-9)
        widest = max(radius, end_radius)

        def inside(x, y, z):
            t = np.clip((x - a[0]) * axis[0] + (y - a[1]) * axis[1] + (z - a[2]) * axis[2], 0, 1)
            distance2 = sum((v - a[n] - t * (b - a)[n]) ** 2 for n, v in enumerate((x, y, z)))
            return distance2 <= (radius + t * (end_radius - radius)) ** 2

        self.paint(matrix, np.minimum(a, b) - widest, np.maximum(a, b) + widest, inside, tissue, **options)

    def tube(self, points_ras: np.ndarray, radius: float, tissue: str, **options) -> None:
        """Paint capsules along a line of points (RAS mm)."""
        for start, end in pairwise(points_ras):
            self.capsule(start, end, radius, tissue, **options)
