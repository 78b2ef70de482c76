"""Draw the frame of a spine over a sagittal, a coronal and an axial slice of an MR.

Start at :func:`draw_spine`. `spine_frame_pictures.py` draws the pictures of `docs/pictures`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PainGeneratorLib.Numerics.body.vertebrae import Spine, VertebraFrame
from PainGeneratorLib.Numerics.core.image import Image
from PIL import Image as Picture
from PIL import ImageDraw
from scipy import ndimage

STEP_MM = 0.5
"""Size of a pixel, mm."""
BODY, DISC, FACET, SACRUM, DRAWN = (255, 210, 60), (90, 200, 255), (255, 100, 100), (120, 230, 120), (230, 120, 255)
"""Colors of the bodies, discs, facet joints, S1 and of outlines that a person drew."""
NEAR_MM = 6.0
"""A point is drawn in a slice that is nearer to it than this, mm."""


@dataclass(frozen=True, eq=False)
class Slice:
    """A slice of an image.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (row, column)
    place : callable
        Maps points (RAS mm, shape (n, 3)) to column, row, and distance from the slice in mm, shape (n, 3).
    """

    pixels: np.ndarray
    place: Callable[[np.ndarray], np.ndarray]


def cut(
    image: Image,
    middle: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    size_mm: tuple[float, float],
    order: int = 1,
) -> Slice:
    """Cut a slice out of an image.

    Parameters
    ----------
    image : Image
    middle : ndarray, shape (3,)
        Middle of the slice, RAS mm.
    across, down : ndarray, shape (3,)
        Unit vectors along the columns and down the rows, RAS.
    size_mm : tuple of float
        Width and height.
    order : int
        0 for labels, 1 for signal.
    """
    columns, rows = (np.arange(-0.5 * size, 0.5 * size, STEP_MM) for size in size_mm)
    points = middle + columns[None, :, None] * across + rows[:, None, None] * down
    kji = image.geometry.to_ijk(points.reshape(-1, 3))[:, ::-1].T
    values = ndimage.map_coordinates(image.array, kji, order=order, cval=0.0, output=np.float32)
    pixels = values.reshape(rows.size, columns.size)
    if order:
        bright = float(np.percentile(pixels[pixels > 0], 99.0)) if (pixels > 0).any() else 1.0
        pixels = np.clip(pixels * (235.0 / bright), 0, 255)
    beside = np.cross(across, down)

    def place(points_ras: np.ndarray) -> np.ndarray:
        offset = np.asarray(points_ras) - middle
        return np.stack(
            [
                (offset @ across + 0.5 * size_mm[0]) / STEP_MM,
                (offset @ down + 0.5 * size_mm[1]) / STEP_MM,
                offset @ beside,
            ],
            axis=-1,
        )

    return Slice(pixels.astype(np.uint8), place)


def draw_spine(image: Image, spine: Spine, at_level: str, labels: Image | None = None) -> Picture.Image:
    """Draw the frame of a spine over three slices.

    Parameters
    ----------
    image : Image
    spine : Spine
        In the frame of the image.
    at_level : str
        The level of the vertebra through which the slices are cut.
    labels : Image, optional
        Drawn vertebrae, whose outlines are added.
    """
    frame = spine.frame(at_level) or spine.frames[len(spine.frames) // 2]
    below = next((disc for disc in spine.discs if disc.level.startswith(f"{frame.level}/")), None)
    right, front, up = np.eye(3)
    high = float(np.ptp([f.center_ras[2] for f in spine.frames])) + 110.0
    middle = np.mean([f.center_ras for f in spine.frames], axis=0)
    behind = np.array([0.0, frame.back_mm - 8.0, 0.0])
    sagittal = (np.array([frame.center_ras[0], *middle[1:]]) - 10.0 * front, -front, -up, (130.0, high))
    coronal = (np.array([middle[0], frame.center_ras[1], middle[2]]), -right, -up, (110.0, high))
    disc_point = frame.at(behind) if below is None else below.center_ras - 18.0 * frame.front
    axial = (disc_point, frame.left, -frame.front, (110.0, 110.0))
    pictures = [_one(image, spine, labels, *plane) for plane in (sagittal, coronal, axial)]
    out = Picture.new("RGB", (sum(p.width for p in pictures) + 8, max(p.height for p in pictures)))
    column = 0
    for picture in pictures:
        out.paste(picture, (column, 0))
        column += picture.width + 4
    return out


def _one(
    image: Image,
    spine: Spine,
    labels: Image | None,
    middle: np.ndarray,
    across: np.ndarray,
    down: np.ndarray,
    size_mm: tuple[float, float],
) -> Picture.Image:
    """One slice with all that lies in it."""
    slice_ = cut(image, middle, across, down, size_mm)
    pixels = np.repeat(slice_.pixels[:, :, None], 3, axis=2)
    if labels is not None:
        drawn = cut(labels, middle, across, down, size_mm, 0).pixels
        edge = (ndimage.grey_dilation(drawn, 3) != ndimage.grey_erosion(drawn, 3)) & (drawn > 0)
        pixels[edge] = DRAWN
    picture = Picture.fromarray(pixels)
    pen = ImageDraw.Draw(picture)
    for frame in spine.frames:
        _box(pen, slice_, frame, BODY)
    if spine.sacrum is not None:
        _box(pen, slice_, spine.sacrum, SACRUM)
    for joint in spine.discs:
        _mark(pen, slice_, joint.center_ras, DISC)
    for joint in spine.facets:
        _mark(pen, slice_, joint.center_ras, FACET)
    return picture


def _box(pen: ImageDraw.ImageDraw, slice_: Slice, frame: VertebraFrame, color: tuple[int, int, int]) -> None:
    """The outline in which a slice cuts the box of a body, and the name of its level."""
    low = np.array([-frame.half_width_mm, frame.back_mm, frame.bottom_mm])
    high = np.array([frame.half_width_mm, frame.front_mm, frame.top_mm])
    corners = np.array([[(low, high)[(n >> a) & 1][a] for a in range(3)] for n in range(8)])
    at = slice_.place(frame.at(corners))
    cuts = []
    for one in range(8):
        for axis in range(3):
            other = one ^ (1 << axis)
            first, second = at[one], at[other]
            if one < other and first[2] * second[2] < 0.0:
                part = first[2] / (first[2] - second[2])
                cuts.append(first[:2] + part * (second[:2] - first[:2]))
    if len(cuts) < 3:
        return
    points = np.array(cuts)
    around = points - points.mean(axis=0)
    order = np.argsort(np.arctan2(around[:, 1], around[:, 0]))
    pen.polygon([tuple(p) for p in points[order]], outline=color)
    pen.text(tuple(points.mean(axis=0) - [7, 6]), frame.level, fill=color)


def _mark(pen: ImageDraw.ImageDraw, slice_: Slice, point: np.ndarray, color: tuple[int, int, int]) -> None:
    """A ring at a point that lies near a slice."""
    column, row, beside = slice_.place(point)
    if abs(beside) < NEAR_MM:
        pen.ellipse([column - 4, row - 4, column + 4, row + 4], outline=color, width=2)
