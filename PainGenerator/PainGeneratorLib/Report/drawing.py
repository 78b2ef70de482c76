"""Pictures from planes: gray values, the hot color map, outlines, letters, bars. numpy and Pillow only."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from . import words
from .planes import Plane, widened

PAPER = (255, 255, 255)
"""Color of the space between pictures."""
INK = (17, 24, 32)
"""Color of text and lines on light ground."""
WHITE = (255, 255, 255)
BLACK = (0, 0, 0)
ON_DARK = (90, 230, 255)
"""Color of outlines over MR."""
ON_LIGHT = (0, 70, 200)
"""Color of outlines over the inverted PET."""
BRIGHT_SUM = 380
"""A color whose three parts add up to more than this is bright, and gets a dark halo."""
SCALE_BAR_MM = 50.0
"""Length of the scale bar in a picture."""
CROSSHAIR_MM = 22.0
"""Length of each of the four lines that point at a candidate."""
LABEL_PART = 0.058
"""Height of the letters in a picture as a part of its height: still legible on paper."""
SMALLEST_LABEL_PIXELS = 12
"""Letters in a picture are not made smaller than this."""
DASH_PIXELS = 7
"""Length of the dashes of a dashed outline, and of the gaps."""
COLOR_BAR_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0)
"""Round distances between the numbers of a scale, SUV."""


@dataclass(frozen=True)
class Window:
    """The values that are shown as the darkest and the brightest; `low` is less than `high`."""

    low: float
    high: float

    def fraction(self, values: np.ndarray) -> np.ndarray:
        """Values as a fraction of the window, clipped to 0 to 1; 0 where there is no value."""
        scaled = (values - np.float32(self.low)) / np.float32(self.high - self.low)
        return np.clip(np.nan_to_num(scaled, nan=0.0), 0.0, 1.0)


def robust_window(values: np.ndarray, low: float = 1.0, high: float = 99.5) -> Window:
    """The window between two percentiles of the finite values; (0, 1) when there are none."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Window(0.0, 1.0)
    first, last = (float(v) for v in np.percentile(finite, (low, high)))
    return Window(first, last if last > first else first + 1.0)


@functools.cache
def hot_colors() -> np.ndarray:
    """The hot color map: black, red, orange, yellow, white; uint8, shape (256, 3)."""
    stops = np.array([0.0, 0.36, 0.68, 0.88, 1.0])
    colors = np.array([(40, 0, 0), (225, 20, 0), (255, 150, 0), (255, 235, 60), (255, 255, 235)])
    steps = np.linspace(0.0, 1.0, 256)
    return np.stack([np.interp(steps, stops, colors[:, n]) for n in range(3)], axis=-1).round().astype(np.uint8)


def gray(values: np.ndarray, window: Window, inverted: bool = False) -> np.ndarray:
    """Values as gray RGB, uint8, shape (rows, columns, 3); black (white when inverted) where there is no value."""
    shade = (window.fraction(values) * 255).round().astype(np.uint8)
    return np.repeat((255 - shade if inverted else shade)[..., None], 3, axis=-1)


def fused(background: np.ndarray, uptake: np.ndarray, window: Window) -> np.ndarray:
    """Uptake in hot colors over a gray picture.

    The colors are clear at and below the lower end of the window, and more opaque the higher the uptake is.

    Parameters
    ----------
    background : ndarray of uint8, shape (rows, columns, 3)
    uptake : ndarray, shape (rows, columns)
        SUV; NaN where there is none.
    window : Window
    """
    fraction = window.fraction(uptake)
    alpha = np.clip(fraction * 4.0, 0.0, 0.55) + 0.3 * fraction
    color = hot_colors()[(fraction * 255).round().astype(np.uint8)]
    return (background * (1 - alpha[..., None]) + color * alpha[..., None]).round().astype(np.uint8)


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font of Pillow, so that pictures are alike on every computer."""
    return ImageFont.load_default(size=size)


def write(
    draw: ImageDraw.ImageDraw,
    xy: tuple[float, float],
    text: str,
    size: int,
    anchor: str = "la",
    color: tuple[int, int, int] = WHITE,
    halo: tuple[int, int, int] | None = BLACK,
) -> None:
    """Text with a halo that keeps it legible on any background."""
    stroke = 0 if halo is None else max(1, size // 10)
    draw.text(xy, text, font=font(size), fill=color, anchor=anchor, stroke_width=stroke, stroke_fill=halo)


def draw_outline(rgb: np.ndarray, border: np.ndarray, color: tuple[int, int, int], *, dashed: bool = False) -> None:
    """Draw a border, in place, two pixels wide, with a thin halo of the opposite brightness."""
    if dashed:
        rows, columns = (np.arange(count) for count in border.shape)
        border = border & ((rows[:, None] + columns[None, :]) // DASH_PIXELS % 2 == 0)
    line = widened(border, np.ones((2, 2), dtype=bool))
    halo = widened(line, np.ones((3, 3), dtype=bool)) & ~line
    rgb[halo] = rgb[halo] // 3 if sum(color) > BRIGHT_SUM else 255 - (255 - rgb[halo]) // 3
    rgb[line] = color


def annotate(
    rgb: np.ndarray, plane: Plane, caption: str, point_ras: np.ndarray, reach_mm: float, *, light: bool = False
) -> Picture.Image:
    """Caption, patient letters, scale bar, and lines that point at a position, over the picture of a plane.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (pixels, pixels, 3)
    plane : Plane
    caption : str
    point_ras : ndarray, shape (3,)
        RAS mm.
    reach_mm : float
        The lines begin at this distance from the position, so that they hide nothing.
    light : bool
        The picture is mostly white.
    """
    picture = Picture.fromarray(rgb)
    draw = ImageDraw.Draw(picture)
    color, halo = (INK, WHITE) if light else (WHITE, BLACK)
    size = plane.pixels
    text_size = max(12, round(size * LABEL_PART))
    margin = round(size * 0.02)
    x, y = (float(v) for v in plane.pixel_of(point_ras))
    gap = reach_mm / plane.mm_per_pixel
    end = gap + CROSSHAIR_MM / plane.mm_per_pixel
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        ends = [(x + dx * gap, y + dy * gap), (x + dx * end, y + dy * end)]
        draw.line(ends, fill=halo, width=3)
        draw.line(ends, fill=color, width=1)
    left, right, top, bottom = plane.letters
    middle = size / 2
    write(draw, (margin, middle), left, text_size, "lm", color, halo)
    write(draw, (size - margin, middle), right, text_size, "rm", color, halo)
    write(draw, (middle, size - margin), bottom, text_size, "md", color, halo)
    write(draw, (middle, margin), top, text_size, "ma", color, halo)
    write(draw, (margin, margin), caption, _fitting(caption, text_size, size - 2 * margin), "la", color, halo)
    length = SCALE_BAR_MM / plane.mm_per_pixel
    bar_y = size - margin - 4
    for width, shade in ((5, halo), (3, color)):
        draw.line([(margin, bar_y), (margin + length, bar_y)], fill=shade, width=width)
    write(draw, (margin, bar_y - 6), f"{SCALE_BAR_MM / 10:.0f} cm", text_size - 3, "ld", color, halo)
    return picture


def _fitting(text: str, size: int, room: float) -> int:
    """The size of letters, at most `size`, at which a text takes at most `room` pixels."""
    while size > SMALLEST_LABEL_PIXELS and font(size).getlength(text) > room:
        size -= 1
    return size


def color_bar(window: Window, height: int, width: int, heading: str, *, inverted_gray: bool = False) -> Picture.Image:
    """A vertical bar with numbers, on white: the hot colors, or inverted gray."""
    picture = Picture.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)
    size = max(12, round(height * 0.045))
    top, bottom = round(height * 0.2), height - round(size * 0.8)
    ramp = np.linspace(1.0, 0.0, bottom - top, dtype=np.float32)
    rgb = gray(ramp, Window(0.0, 1.0), True) if inverted_gray else hot_colors()[(ramp * 255).round().astype(int)]
    bar_width = max(14, round(width * 0.22))
    left = 8
    picture.paste(Picture.fromarray(np.repeat(rgb[:, None], bar_width, axis=1)), (left, top))
    draw.rectangle((left - 1, top - 1, left + bar_width, bottom), outline=INK)
    for number, line in enumerate(heading.split("\n")):
        write(draw, (left, number * round(size * 1.2)), line, size, "la", INK, None)
    for value in ticks(window):
        y = bottom - (value - window.low) / (window.high - window.low) * (bottom - top)
        draw.line([(left + bar_width, y), (left + bar_width + 5, y)], fill=INK, width=1)
        write(draw, (left + bar_width + 9, y), tick_text(value), size, "lm", INK, None)
    return picture


def ticks(window: Window, most: int = 6) -> list[float]:
    """Round numbers from low to high, at most `most` of them, the ends among them when they are round."""
    span = window.high - window.low
    step = next((s for s in COLOR_BAR_STEPS if span / s <= most - 1), span)
    first = np.ceil(window.low / step - 1e-6) * step
    return [float(v) for v in np.arange(first, window.high + step * 1e-6, step)]


def tick_text(value: float) -> str:
    """A tick's number without needless zeros."""
    return words.number(round(value, 2), 2).rstrip("0").rstrip(".") if value else "0"


def round_up(value: float) -> float:
    """The next round number: 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(s for s in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if s * power >= value * (1 - 1e-9)) * power)


def png(picture: Picture.Image) -> bytes:
    """The picture as PNG; the same picture gives the same bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()


def jpeg(picture: Picture.Image) -> bytes:
    """The picture as JPEG without color subsampling: a third of the PNG's size, no difference to the eye."""
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=92, subsampling=0)
    return buffer.getvalue()
