"""Real lumbar MR with drawn vertebrae: the volumes, and what truly lies where in them.

The truth is made of the drawn bodies or discs, of the signal of the canal, and of outlines of the body that were set
by hand on enlarged pictures. Nothing of it comes from the code that it judges.

Coordinates along the spine: ``s`` is the way along the curve of the posterior walls of the bodies, upward; ``d`` is
the distance behind this curve, negative in the bodies; ``x`` is the distance to the right of the middle of the bodies.
All in mm.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from scipy import ndimage
from scipy.spatial import cKDTree

FOLDER = "lumbar-mr-labelled"
"""Folder of the volumes in the reference data."""
LUMBAR = ("S2", "S1", "L5", "L4", "L3", "L2", "L1", "T12", "T11", "T10", "T9")
"""Levels from below upward."""


@dataclass(frozen=True)
class Person:
    """What is known of a person.

    Parameters
    ----------
    bright_csf : str
        The volume in which the fluid of the canal is bright.
    tissue_volume : str
        The volume in which muscle and fat differ most.
    lowest : str
        Level of the lowest drawn body, from the pictures: above it no body is left out, below it the sacrum follows.
        For drawn discs the level of the body above the lowest disc.
    fat_is_dark : bool
        Whether fat is darker than muscle in `tissue_volume`.
    front : tuple of tuple of (int, int)
        The skin of the belly, set by hand on a slice near the first, the middle and the last one: row and column.
    signal_least : dict of str to float
        Volume -> signal of the body behind the spine, smoothed, in the units of the volume. Set by hand between the
        noise of the air and the skin.
    saturated : tuple of (int, int)
        A line (row, column) below which a saturation band has removed the signal. What lies in front of it is
        unknown. Empty when there is none.
    """

    bright_csf: str
    tissue_volume: str
    lowest: str
    fat_is_dark: bool
    front: tuple[tuple[tuple[int, int], ...], ...]
    signal_least: dict[str, float]
    saturated: tuple[tuple[int, int], ...] = ()


PERSONS = {
    "AKa": Person(
        "AKa_TIRM", "AKa_T1", "S1", False,
        (
            ((0, 69), (75, 63), (175, 65), (250, 72), (300, 90), (360, 98)),
            ((0, 67), (100, 65), (170, 67), (185, 75), (205, 91), (215, 75), (250, 73), (290, 86), (360, 101)),
            ((0, 67), (100, 67), (200, 71), (250, 76), (300, 96), (360, 110)),
        ),
        {"AKa_T1": 8.0, "AKa_TIRM": 14.0},
    ),
    "DzZ": Person(
        "DzZ_T2", "DzZ_T1", "S1", False,
        (
            ((0, 20), (50, 9), (100, 17), (150, 30), (200, 44), (230, 57), (285, 75), (350, 95)),
            ((0, 28), (50, 11), (100, 13), (150, 25), (200, 40), (228, 54), (285, 75), (350, 95)),
            ((0, 27), (50, 13), (100, 13), (150, 27), (200, 42), (235, 57), (285, 75), (350, 95)),
        ),
        {"DzZ_T1": 8.0, "DzZ_T2": 8.0},
        ((222, 40), (231, 56), (285, 128), (315, 172), (350, 215)),
    ),
    "IVD20": Person(
        "IVD20_T2", "IVD20_T2", "L5", False,
        (((0, 0), (100, 3), (150, 12), (220, 22)), ((0, 0), (120, 2), (220, 12)), ((0, 0), (120, 4), (220, 24))),
        {"IVD20_T2": 80.0},
    ),
    "Myo01": Person(
        "Myo01_T1FFE", "Myo01_T1FFE", "L5", True,
        (
            ((0, 10), (100, 17), (150, 12), (224, 8)),
            ((0, 11), (100, 13), (140, 20), (150, 14), (224, 7)),
            ((0, 12), (224, 12)),
        ),
        {"Myo01_T1FFE": 10.0},
    ),
    "VB2_04": Person(
        "VB2_04_T2", "VB2_04_T2", "L5", False,
        (
            ((0, 62), (70, 58), (150, 62), (225, 70), (275, 91), (380, 105)),
            ((0, 60), (60, 49), (85, 49), (150, 68), (220, 78), (240, 92), (255, 85), (300, 96), (380, 105)),
            ((0, 52), (100, 47), (150, 62), (225, 80), (275, 96), (380, 109)),
        ),
        {"VB2_04_T2": 50.0},
    ),
}  # fmt: skip
"""The five persons. The lowest drawn body of AKa and DzZ is S1: the disc above it is the lowest full one, and below it
the bodies grow together."""
FRONT_DOUBT_MM = 8.0
"""How far from the hand-set skin of the belly it is not known whether a voxel is body, mm."""
BACK_DOUBT_MM = 2.0
"""The same for the skin of the back, whose signal is clear."""
DISC_MARGIN_MM = 3.0
"""Distance from a drawn disc, and from its rim, at which the body beside it begins, mm: endplate and cortex."""
SURFACE_REACH_MM = 35
"""How far from its middle the surface of a disc is looked at, mm: more than half of its width."""

UNKNOWN, MARROW, DISC, CANAL, MUSCLE, FAT, FRONT, AIR, ARCH = range(9)
"""Codes of the truth. FRONT is what lies in front of the spine: vessels, bowel, organs and fat. ARCH is the region of
pedicles, joints, laminae and processes, in which bone, muscle and fat are mixed."""
TRUTH_NAMES = ("unknown", "marrow", "disc", "canal", "muscle", "fat", "front", "air", "arch")
"""Names of the codes."""


@dataclass(frozen=True, eq=False)
class Body:
    """One drawn vertebral body with its own axes.

    Parameters
    ----------
    level : str
    center : ndarray, shape (3,)
        RAS mm.
    up, back, right : ndarray, shape (3,)
        Unit vectors: along the spine to the head, to the back, and to the right of the patient.
    height_mm, depth_mm, half_width_mm : float
        Size along these axes; the half width may be cut by the slab.
    """

    level: str
    center: np.ndarray
    up: np.ndarray
    back: np.ndarray
    right: np.ndarray
    height_mm: float
    depth_mm: float
    half_width_mm: float

    def at(self, up: float = 0.0, back: float = 0.0, right: float = 0.0) -> np.ndarray:
        """The point at offsets in mm from the center, RAS mm."""
        point: np.ndarray = self.center + up * self.up + back * self.back + right * self.right
        return point

    @property
    def posterior_wall(self) -> np.ndarray:
        """The middle of the posterior wall, RAS mm."""
        return self.at(back=0.5 * self.depth_mm)


@dataclass(frozen=True, eq=False)
class Volume:
    """One MR volume with what was drawn in it.

    Parameters
    ----------
    name, sequence : str
    image : Image
        float32; sagittal slices, with rows downward and columns to the back.
    labels : ndarray of uint8
        The drawn bodies or discs.
    numbers : tuple of int
        The labels from below upward.
    """

    name: str
    sequence: str
    image: Image
    labels: np.ndarray
    numbers: tuple[int, ...]

    @property
    def person(self) -> str:
        """Key of PERSONS."""
        return self.name.rsplit("_", 1)[0]

    @property
    def has_discs(self) -> bool:
        """Whether discs are drawn and no bodies."""
        return self.name.startswith("IVD")


def read_volume(data: Path, name: str) -> Volume:
    """Read a volume as a stack of sagittal slices.

    Parameters
    ----------
    data : Path
        Folder of the reference data.
    name : str
        Such as ``AKa_T1``.
    """
    import nibabel

    folder = data / FOLDER
    facts = json.loads((folder / "cases.json").read_text())[name]
    stored = nibabel.load(folder / f"{name}.nii.gz")
    labels = np.asarray(nibabel.load(folder / f"{name}_labels.nii.gz").dataobj).astype(np.uint8)
    # Stored as rows, columns, slices; the file's own axes are rows (i), columns (j), slices (k).
    affine = stored.affine[:, [1, 0, 2, 3]]
    array = np.ascontiguousarray(np.asarray(stored.dataobj).astype(np.float32).transpose(2, 0, 1))
    geometry = Geometry(array.shape, affine)
    numbers = tuple(int(n) for n in facts["labels_from_caudal_to_cranial"])
    return Volume(name, facts["sequence"], Image(array, geometry), labels.transpose(2, 0, 1).copy(), numbers)


def level_names(volume: Volume) -> dict[int, str]:
    """Label of each drawn body -> its level; of each drawn disc -> the level of the body above it."""
    first = LUMBAR.index(PERSONS[volume.person].lowest)
    return {number: LUMBAR[first + n] for n, number in enumerate(volume.numbers)}


def drawn_bodies(volume: Volume) -> dict[str, np.ndarray]:
    """Level -> mask of the drawn body; where discs are drawn, what lies between two of them."""
    names = level_names(volume)
    if not volume.has_discs:
        return {names[n]: volume.labels == n for n in volume.numbers}
    return _between_discs(volume, names)


def _between_discs(volume: Volume, names: dict[int, str]) -> dict[str, np.ndarray]:
    """Bodies between drawn discs."""
    geometry = volume.image.geometry
    bodies = {}
    for below, above in itertools.pairwise(volume.numbers):
        bodies[names[below]] = _between(volume.labels == below, volume.labels == above, geometry)
    return bodies


def _between(lower: np.ndarray, upper: np.ndarray, geometry: Geometry) -> np.ndarray:
    """The voxels between two discs and inside the rim of both, without a margin.

    Above each place of the lower disc the body begins at the top of that disc and ends at the bottom of the upper one.
    """
    low, high = (geometry.flat_to_ras(np.flatnonzero(mask)) for mask in (lower, upper))
    middle = 0.5 * (low.mean(0) + high.mean(0))
    up = high.mean(0) - low.mean(0)
    up /= np.linalg.norm(up)
    axes = np.stack([up, *_across(up)[::-1]])
    top, rim_low = _surface((low - middle) @ axes.T, 1.0)
    bottom, rim_high = _surface((high - middle) @ axes.T, -1.0)
    kji = np.argwhere(ndimage.binary_dilation(lower | upper, iterations=1))
    first, last = kji.min(0), kji.max(0) + 1
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    index = np.stack(np.mgrid[box], axis=-1).reshape(-1, 3)
    local = (geometry.to_ras(index[:, ::-1]) - middle) @ axes.T
    cell = np.rint(local[:, 1:]).astype(int) + SURFACE_REACH_MM
    seen = np.all((cell >= 0) & (cell <= 2 * SURFACE_REACH_MM), axis=1)
    cell[~seen] = 0
    at = tuple(cell.T)
    inside = seen & rim_low[at] & rim_high[at]
    inside &= (local[:, 0] > top[at] + DISC_MARGIN_MM) & (local[:, 0] < bottom[at] - DISC_MARGIN_MM)
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[tuple(index[inside].T)] = True
    return mask


def _surface(local: np.ndarray, sign: float) -> tuple[np.ndarray, np.ndarray]:
    """Upper (1.0) or lower (-1.0) surface of a disc over its places in mm, and which places lie inside its rim."""
    size = 2 * SURFACE_REACH_MM + 1
    cell = np.rint(local[:, 1:]).astype(int) + SURFACE_REACH_MM
    seen = np.all((cell >= 0) & (cell < size), axis=1)
    heights = np.full((size, size), -np.inf)
    np.maximum.at(heights, tuple(cell[seen].T), sign * local[seen, 0])
    known = np.isfinite(heights)
    places = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled = ndimage.gaussian_filter(heights[tuple(places)], 1.5)
    rim = ndimage.binary_erosion(ndimage.binary_closing(known, iterations=2), iterations=round(DISC_MARGIN_MM))
    return sign * filled, rim


def body_of(level: str, mask: np.ndarray, geometry: Geometry, along: np.ndarray) -> Body:
    """A drawn body with its own axes, which follow its endplates.

    Parameters
    ----------
    level : str
    mask : ndarray of bool
    geometry : Geometry
    along : ndarray, shape (3,)
        About the direction of the spine to the head.
    """
    points = geometry.flat_to_ras(np.flatnonzero(mask))
    center = points.mean(0)
    up = along / np.linalg.norm(along)
    for _ in range(3):
        right, back = _across(up)
        local = (points - center) @ np.stack([up, back, right]).T
        slopes = [_slope(local, sign) for sign in (1.0, -1.0)]
        tilt = np.mean(slopes, axis=0)
        up = up - tilt[0] * back - tilt[1] * right
        up /= np.linalg.norm(up)
    right, back = _across(up)
    local = (points - center) @ np.stack([up, back, right]).T
    core = np.abs(local[:, 2]) < 10.0
    low, high = np.percentile(local[core & (np.abs(local[:, 1]) < 8.0), 0], [1, 99])
    front, rear = np.percentile(local[core & (np.abs(local[:, 0]) < 6.0), 1], [1, 99])
    left, side = np.percentile(local[np.abs(local[:, 0]) < 6.0, 2], [1, 99])
    moved = center + 0.5 * (low + high) * up + 0.5 * (front + rear) * back + 0.5 * (left + side) * right
    return Body(level, moved, up, back, right, float(high - low), float(rear - front), float(0.5 * (side - left)))


def _across(up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions to the right and to the back that are at right angles to the direction of the spine."""
    right = np.array([1.0, 0.0, 0.0]) - up[0] * up
    right /= np.linalg.norm(right)
    back = np.cross(up, right) * -1.0
    return right, back if back[1] < 0 else -back


def _slope(local: np.ndarray, sign: float) -> np.ndarray:
    """Slope of the upper (1.0) or lower (-1.0) surface of a body over the directions to the back and to the right."""
    cell = np.round(local[:, 1:] / 2.0).astype(int)
    keys, inverse = np.unique(cell, axis=0, return_inverse=True)
    ends = np.full(len(keys), -np.inf)
    np.maximum.at(ends, inverse.ravel(), sign * local[:, 0])
    inner = np.all(np.abs(keys * 2.0) < [12.0, 14.0], axis=1)
    inner &= ends > 3.0
    design = np.column_stack([keys[inner] * 2.0, np.ones(inner.sum())])
    fit = np.linalg.lstsq(design, sign * ends[inner], rcond=None)[0]
    return fit[:2]


@dataclass(frozen=True, eq=False)
class Spine:
    """The spine of a volume: bodies with axes, and coordinates along it.

    Parameters
    ----------
    volume : Volume
    masks : dict
        Level -> mask of the drawn body.
    bodies : list of Body
        From below upward.
    curve : ndarray, shape (n, 3)
        Points along the posterior walls, RAS mm, half a millimeter apart, upward; beyond the ends straight.
    """

    volume: Volume
    masks: dict[str, np.ndarray]
    bodies: list[Body]
    curve: np.ndarray

    @cached_property
    def coordinates(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``s``, ``d`` and ``x`` of every voxel, float32."""
        geometry = self.volume.image.geometry
        k, j, i = geometry.shape
        # All slices are parallel to the sagittal plane, so that one slice gives s and d of all.
        rows, columns = np.mgrid[:j, :i]
        plane = geometry.to_ras(np.stack([columns.ravel(), rows.ravel(), np.zeros(rows.size)], axis=-1))
        s, d = self.along(plane)
        sides = geometry.to_ras(np.stack([np.zeros(k), np.zeros(k), np.arange(k)], axis=-1))[:, 0]
        at = np.clip(np.rint(s / 0.5).astype(int), 0, len(self.curve) - 1)
        x = sides[:, None] - self.curve[at, 0][None]
        shape = (k, j, i)
        s3, d3 = (np.broadcast_to(a.reshape(1, j, i), shape).astype(np.float32) for a in (s, d))
        return s3, d3, x.reshape(shape).astype(np.float32)

    def along(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``s`` and ``d`` of points, shape (n, 3), RAS mm."""
        flat = self.curve[:, 1:]
        tree = cKDTree(flat)
        _, nearest = tree.query(points[:, 1:])
        way = np.gradient(flat, axis=0)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        back = np.stack([-way[:, 1], way[:, 0]], axis=-1)
        back *= np.where(back[:, :1] < 0, 1.0, -1.0)
        delta = points[:, 1:] - flat[nearest]
        return 0.5 * nearest, np.einsum("ij,ij->i", delta, back[nearest])

    def way_of(self, level: str) -> float:
        """``s`` of the middle of a body."""
        body = next(b for b in self.bodies if b.level == level)
        return float(self.along(body.posterior_wall[None])[0][0])


def spine_of(volume: Volume) -> Spine:
    """Find axes and coordinates of the spine of a volume from what was drawn."""
    masks = drawn_bodies(volume)
    geometry = volume.image.geometry
    centers = np.array([geometry.flat_to_ras(np.flatnonzero(m)).mean(0) for m in masks.values()])
    along = np.gradient(centers, axis=0)
    bodies = [body_of(level, mask, geometry, way) for (level, mask), way in zip(masks.items(), along, strict=True)]
    walls = np.array([b.at(up=u * b.height_mm, back=0.5 * b.depth_mm) for b in bodies for u in (-0.3, 0.3)])
    first = walls[0] + 150.0 * _unit(walls[0] - walls[1])
    last = walls[-1] + 150.0 * _unit(walls[-1] - walls[-2])
    knots = np.concatenate([[first], walls, [last]])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
    fine = np.arange(0.0, way[-1], 0.5)
    curve = np.stack([np.interp(fine, way, knots[:, a]) for a in range(3)], axis=-1)
    curve = ndimage.gaussian_filter1d(curve, 8.0, axis=0, mode="nearest")
    steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    even = np.arange(0.0, steps[-1], 0.5)
    return Spine(volume, masks, bodies, np.stack([np.interp(even, steps, curve[:, a]) for a in range(3)], axis=-1))


def _unit(vector: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit
