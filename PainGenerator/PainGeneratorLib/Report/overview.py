"""Overview: maximum-intensity projections of the PET with the numbered candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw
from scipy import ndimage

from ..Numerics.core.image import Geometry, Image, transform_points
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Evidence
from . import words
from .drawing import INK, PAPER, SCALE_BAR_MM, WHITE, Window, color_bar, gray, png, round_up, write
from .key_captions import PLANE_WORDS
from .key_images import KeyImageInputs
from .languages import Language

HEIGHT_PIXELS = 760
"""The largest height of a projection."""
WIDEST_PIXELS = 760
"""The largest width of a projection."""
BAR_PIXELS = 120
"""Width of the scale beside the projections."""
TALLEST_BAR_PIXELS = 420
"""The largest height of the scale."""
LABEL_PIXELS = 46
"""Width of the strips beside a projection that hold the numbers."""
MARGIN_MM = 80.0
"""What is shown above and below the field of view of the MR and the candidates."""
AIR_PART = 0.08
"""Rows and columns of the PET that stay below this part of the scale are air and are cut off. Our choice."""
NARROWEST_UPPER_SUV = 2.0
"""The upper end of the scale is at least this (g/ml), else noise would fill the scale. Our choice."""
MARK = (200, 0, 60)
"""Color of marks and numbers."""
FRAME = (170, 176, 182)
"""Color of the frame of a projection."""
MARK_RADIUS = 13
"""Pixels from the middle of a mark to the end of the line that leads to it."""
LIMIT = 20
"""The most candidates that are marked, so that the numbers stay legible."""


@dataclass(frozen=True, eq=False)
class Projection:
    """A maximum-intensity projection with square pixels.

    Parameters
    ----------
    name : str
        ``coronal`` or ``sagittal``.
    values : ndarray, shape (rows, columns)
        SUV; head up; patient's right, or front, at the left.
    origin_mm : ndarray, shape (2,)
        Millimeters (across, down) of the center of the first pixel along the grid's axes.
    mm_per_pixel : float
    axes : tuple
        (array axis i, j or k as 0, 1, 2; sign; spacing in mm) for across and down.
    letters : tuple of str
        At the left and the right edge.
    """

    name: str
    values: np.ndarray
    origin_mm: np.ndarray
    mm_per_pixel: float
    axes: tuple[tuple[int, int, float], tuple[int, int, float]]
    letters: tuple[str, str]

    def pixel_of(self, ijk: np.ndarray) -> np.ndarray:
        """Continuous pixel (x, y) of continuous index triples (i, j, k), shape (..., 2)."""
        mm = np.stack([sign * ijk[..., axis] * spacing for axis, sign, spacing in self.axes], axis=-1)
        return (mm - self.origin_mm) / self.mm_per_pixel


def project(suv: Image, name: str, box: tuple[np.ndarray, np.ndarray], mm_per_pixel: float) -> Projection:
    """The projection of a box of the image along the grid's axis that is nearest to a patient axis.

    Parameters
    ----------
    suv : Image
    name : str
        ``coronal`` (seen from the front) or ``sagittal`` (seen from the left).
    box : tuple of ndarray, shape (3,)
        First and last index (i, j, k).
    mm_per_pixel : float
    """
    grid_axes = _grid_axes(suv.geometry)
    through, across = (1, 0) if name == "coronal" else (0, 1)
    first, last = box
    part = suv.array[tuple(slice(int(a), int(b) + 1) for a, b in zip(first[::-1], last[::-1], strict=True))]
    flat = np.fmax.reduce(part, axis=2 - grid_axes[through][0])
    # Patient axes across (toward left, toward the back) and down (toward the feet) run against R, A and S.
    axes = (_picture_axis(suv.geometry, grid_axes[across]), _picture_axis(suv.geometry, grid_axes[2]))
    (column_axis, _, _), (row_axis, _, _) = axes
    if column_axis > row_axis:  # the array's axes run k, j, i
        flat = flat.T
    flat = flat[:: axes[1][1], :: axes[0][1]]
    origin = np.array([min(s * first[a] * mm, s * last[a] * mm) for a, s, mm in axes])
    size = [max(1, round(n * mm / mm_per_pixel)) for n, (_, _, mm) in zip(flat.shape[::-1], axes, strict=True)]
    x, y = (np.arange(n) * mm_per_pixel / mm for n, (_, _, mm) in zip(size, axes, strict=True))
    values = ndimage.map_coordinates(
        np.nan_to_num(flat), np.meshgrid(y, x, indexing="ij"), output=np.float32, order=1, mode="nearest"
    )
    return Projection(name, values, origin, mm_per_pixel, axes, (("R", "L"), ("A", "P"))[across])


def _picture_axis(geometry: Geometry, grid_axis: tuple[int, int]) -> tuple[int, int, float]:
    """Axis, sign and spacing of a direction of the picture, which runs against a patient axis."""
    axis, sign = grid_axis
    return axis, -sign, geometry.spacing_mm[axis]


def _grid_axes(geometry: Geometry) -> list[tuple[int, int]]:
    """For R, A and S: the grid axis (0 i, 1 j, 2 k) nearest to it, each used once, and its sign."""
    left = np.abs(geometry.ijk_to_ras[:3, :3] / np.array(geometry.spacing_mm))
    found: list[tuple[int, int]] = [(0, 1)] * 3
    for _ in range(3):
        patient, grid = np.unravel_index(np.argmax(left), left.shape)
        found[patient] = (int(grid), 1 if geometry.ijk_to_ras[patient, grid] > 0 else -1)
        left[patient, :] = -1.0
        left[:, grid] = -1.0
    return found


def overview_picture(
    candidates: Sequence[Candidate],
    inputs: KeyImageInputs,
    *,
    attention: Sequence[Candidate] = (),
    limit: int = LIMIT,
) -> bytes:
    """Coronal and sagittal maximum-intensity projections in inverted gray, with the numbered candidates, as PNG.

    The projections are along the PET's own axes. With an MR the picture is cut to the neighborhood of its field of
    view and of the candidates. Two rings: PET and MR; one ring: PET only; a square: MR only.

    Parameters
    ----------
    candidates : sequence of Candidate
        Best first, in the reference frame; those found on MR only are left out when PET and MR are not aligned.
    inputs : KeyImageInputs
        With a PET.
    attention : sequence of Candidate
        What is no pain generator but has to be looked at; marked by letters (:func:`.words.letter`).
    limit : int
        The most candidates that are marked, and the most others.

    Raises
    ------
    ValueError
        When there is no PET.
    """
    suv = inputs.suv
    if suv is None:
        raise ValueError("the overview needs a PET")
    numbered = [(str(one.rank), one) for one in list(candidates)[:limit]]
    lettered = [(words.letter(one.rank - 1), one) for one in list(attention)[:limit]]
    marked = [(mark, one) for mark, one in (*numbered, *lettered) if inputs.suited_to(one).suv is not None]
    shown = [one for _mark, one in marked]
    points = np.array([c.centroid_ras_mm for c in shown], dtype=np.float64).reshape(-1, 3)
    points_ijk = suv.geometry.to_ijk(transform_points(inputs.reference_to_pet, points))
    upper = max((c.suv_max for c in shown if c.suv_max is not None), default=NARROWEST_UPPER_SUV)
    window = Window(0.0, round_up(max(upper, NARROWEST_UPPER_SUV)))
    reference = inputs.reference if inputs.aligned else None
    box = _box(suv, window, points_ijk, reference, inputs.reference_to_pet)
    mm_per_pixel = _pixel_size(suv.geometry, box)
    panels = [
        _panel(project(suv, name, box, mm_per_pixel), window, marked, points_ijk, inputs.language)
        for name in ("coronal", "sagittal")
    ]
    bar_height = min(panels[0].height, TALLEST_BAR_PIXELS)
    bar = color_bar(window, bar_height, BAR_PIXELS, "PET, MIP\nSUV, g/ml", inverted_gray=True)
    return png(_side_by_side([*panels, bar]))


def _pixel_size(geometry: Geometry, box: tuple[np.ndarray, np.ndarray]) -> float:
    """The size of a pixel (mm) with which both projections of a box fit into their pictures."""
    extent = (box[1] - box[0] + 1) * np.array(geometry.spacing_mm)
    axes = _grid_axes(geometry)
    return max(
        extent[axes[2][0]] / HEIGHT_PIXELS,
        extent[axes[0][0]] / WIDEST_PIXELS,
        extent[axes[1][0]] / WIDEST_PIXELS,
    )


def _side_by_side(pictures: Sequence[Picture.Image]) -> Picture.Image:
    """Pictures in a row, as high as the first one."""
    canvas = Picture.new("RGB", (sum(p.width for p in pictures), pictures[0].height), PAPER)
    x = 0
    for picture in pictures:
        canvas.paste(picture, (x, 0))
        x += picture.width
    return canvas


def _box(
    suv: Image, window: Window, points_ijk: np.ndarray, reference: Image | None, reference_to_pet: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and last index (i, j, k) of what is shown: the body, near the MR and the candidates."""
    geometry = suv.geometry
    last = np.array(geometry.shape[::-1]) - 1
    low, high = np.zeros(3, dtype=int), last.copy()
    along = _grid_axes(geometry)[2][0]
    if reference is not None:
        corners = geometry.to_ijk(transform_points(reference_to_pet, reference.geometry.corners_ras))
        heights = np.concatenate([corners[:, along], points_ijk[:, along]])
        margin = MARGIN_MM / geometry.spacing_mm[along]
        low[along] = np.clip(np.floor(heights.min() - margin), 0, last[along])
        high[along] = np.clip(np.ceil(heights.max() + margin), low[along], last[along])
    part = [slice(None)] * 3
    part[2 - along] = slice(low[along], high[along] + 1)
    flat = np.fmax.reduce(suv.array[tuple(part)], axis=2 - along)
    across = [n for n in range(3) if n != along]
    for n, other in (across, across[::-1]):
        profile = np.fmax.reduce(flat, axis=0 if other > n else 1)
        body = np.flatnonzero(profile > AIR_PART * window.high)
        if body.size:
            low[n] = max(0, min(body[0], np.floor(points_ijk[:, n].min(initial=body[0]))) - 1)
            high[n] = min(last[n], max(body[-1], np.ceil(points_ijk[:, n].max(initial=body[-1]))) + 1)
    return low, high


def _panel(
    projection: Projection,
    window: Window,
    marked: Sequence[tuple[str, Candidate]],
    points_ijk: np.ndarray,
    language: Language,
) -> Picture.Image:
    """One projection between two strips with numbers and letters, each joined to its mark by a line."""
    picture = Picture.fromarray(gray(projection.values, window, inverted=True))
    width, height = picture.size
    canvas = Picture.new("RGB", (width + 2 * LABEL_PIXELS, height), PAPER)
    canvas.paste(picture, (LABEL_PIXELS, 0))
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((LABEL_PIXELS, 0, LABEL_PIXELS + width - 1, height - 1), outline=FRAME)
    text_size = max(13, round(height * 0.036))
    pixels = projection.pixel_of(points_ijk) + np.array([LABEL_PIXELS, 0])
    for is_right in (False, True):
        _write_numbers(draw, [text for text, _one in marked], pixels, (width, height), text_size, is_right)
    for (_text, one), (x, y) in zip(marked, pixels, strict=True):
        _mark(draw, one.evidence, float(x), float(y))
    _write_letters(draw, projection, (width, height), text_size, language)
    _draw_scale_bar(draw, projection.mm_per_pixel, (width, height), text_size)
    return canvas


def _write_numbers(
    draw: ImageDraw.ImageDraw,
    texts: Sequence[str],
    pixels: np.ndarray,
    picture_size: tuple[int, int],
    text_size: int,
    is_right: bool,
) -> None:
    """The numbers and letters of one half, in the strip beside it, each with a line to its mark.

    Parameters
    ----------
    draw : ImageDraw
    texts : sequence of str
    pixels : ndarray, shape (n, 2)
        Where they lie on the panel.
    picture_size : tuple of int
        Width and height of the projection, without the strips.
    text_size : int
        Pixels.
    is_right : bool
        The right half, else the left one.
    """
    width, height = picture_size
    border = LABEL_PIXELS + width if is_right else LABEL_PIXELS
    x = border + 12 if is_right else border - 12
    members = [n for n in range(len(texts)) if (pixels[n, 0] >= LABEL_PIXELS + width / 2) == is_right]
    members.sort(key=lambda n: float(pixels[n, 1]))
    for n, y in zip(members, spread([pixels[n, 1] for n in members], text_size * 1.25, height), strict=True):
        edge = np.array([border, y])
        reach = pixels[n] - edge
        stop = edge + reach * max(0.0, 1.0 - MARK_RADIUS / max(float(np.hypot(*reach)), 1e-6))
        draw.line([(x, y), tuple(edge), tuple(stop)], MARK, 1)
        place, anchor = ((x + 2, y), "lm") if is_right else ((x - 2, y), "rm")
        write(draw, place, texts[n], text_size, anchor, MARK, WHITE)


def _write_letters(
    draw: ImageDraw.ImageDraw,
    projection: Projection,
    picture_size: tuple[int, int],
    text_size: int,
    language: Language,
) -> None:
    """The directions of the patient at the lower corners, and the name of the projection."""
    width, height = picture_size
    left, right = projection.letters
    write(draw, (LABEL_PIXELS + 8, height - 8), left, text_size, "ld", INK, WHITE)
    write(draw, (LABEL_PIXELS + width - 8, height - 8), right, text_size, "rd", INK, WHITE)
    write(draw, (LABEL_PIXELS + 8, 8), language.say(PLANE_WORDS[projection.name]), text_size, "la", INK, WHITE)


def _draw_scale_bar(
    draw: ImageDraw.ImageDraw, mm_per_pixel: float, picture_size: tuple[int, int], text_size: int
) -> None:
    """A bar of known length at the lower edge."""
    width, height = picture_size
    length = SCALE_BAR_MM / mm_per_pixel
    middle = LABEL_PIXELS + width / 2
    for shade, line_width in ((WHITE, 7), (INK, 3)):
        draw.line([(middle - length / 2, height - 10), (middle + length / 2, height - 10)], shade, line_width)
    write(draw, (middle, height - 14), f"{SCALE_BAR_MM / 10:.0f} cm", text_size - 2, "md", INK, WHITE)


def spread(wanted: Sequence[float], distance: float, height: float) -> list[float]:
    """Heights for labels near the wanted ones (ascending), at least `distance` apart where there is room."""
    if not wanted:
        return []
    distance = min(distance, (height - distance) / max(1, len(wanted) - 1))
    placed: list[float] = []
    for y in wanted:
        placed.append(max(y, placed[-1] + distance) if placed else max(y, distance / 2))
    limit = height - distance / 2
    for n in reversed(range(len(placed))):
        placed[n] = min(placed[n], limit)
        limit = placed[n] - distance
    return placed


def _mark(draw: ImageDraw.ImageDraw, evidence: str, x: float, y: float) -> None:
    """Two rings for PET and MR, one for PET only, a square for MR only, each on a white halo."""
    for shade, width in ((WHITE, 4), (MARK, 2)):
        if evidence == Evidence.MR_ONLY:
            draw.rectangle((x - 8, y - 8, x + 8, y + 8), outline=shade, width=width)
        else:
            draw.ellipse((x - 9, y - 9, x + 9, y + 9), outline=shade, width=width)
            if evidence == Evidence.BOTH:
                draw.ellipse((x - 13, y - 13, x + 13, y + 13), outline=shade, width=width)
