"""The images and outlines of the viewer in the report, packed for the browser.

Voxels keep their own grid, however oblique: each pixel on the screen is interpolated from them, and the value that is
shown at the cursor is that of the voxel there. Nothing is resampled, except that a series is averaged over blocks of
voxels when the page would become too large otherwise, and the page says so.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Image, Region, block_means, transform_points
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Evidence, Role
from . import words
from .drawing import Window, robust_window, round_up
from .key_images import NARROWEST_UPPER_SUV, overlay_start, pet_window

REFERENCE_FRAME = "reference"
"""The frame of the reference series: of all series that could be aligned, and of the candidates."""
PET_FRAME = "pet"
"""The PET's own frame, where PET and MR could not be aligned."""
PET_BITS, MR_BITS = 16, 8
SUV_STEP = 0.01
"""What one step of a stored number of the PET is worth, g/ml: as fine as SUV are shown (two decimals)."""
BRIGHTEST_PERCENT = 99.95
"""MR values above this percentile are stored as the brightest one and shown as "at least". Our choice: the brightest
vessels would else leave few of the 255 steps to the tissue."""
PERCENTILE_VALUES = 500_000
"""So many values are enough for a percentile."""
MARGIN_MM = 20.0
"""How far PET is kept beyond the MR and the candidates, mm. Our choice: enough to see where a focus ends."""
PACKING = 1
"""Effort of gzip, 1 to 9. More takes four times as long and gains nothing: voxels are noise to it."""
SAMPLED = 6
"""Every so many slices are packed to learn how large a series will be."""
PAGE_BYTES = 14_500_000
"""The most that the whole page may take, bytes: 15 MB, what many mail systems let through, with a reserve."""
TEXT_BYTES = 1_000_000
"""What is left for text, tables, style and script of the page, bytes; a full report has about 200 kB of them."""
LEAST_BYTES = 2_000_000
"""The viewer gets at least this, bytes, whatever the pictures take."""
BUDGET_BYTES = 11_000_000
"""The most that the packed data may take in the page as base64, bytes. Our choice: enough for the PET and two or three
MR series as they are, and little enough to open at once on a phone."""
MIDLINE_STEP_MM = 4.0
"""Distance of the heights at which the midline is given, mm; it changes slowly."""
MOST_COARSE_STEPS = 40
"""So many times at most a series is made coarser; each halves its voxels, so that it always suffices."""


@dataclass(frozen=True, eq=False)
class ViewerSeries:
    """A series that the viewer can show.

    Parameters
    ----------
    id : str
        Its role.
    title : str
        How the page calls it.
    image : Image
        In the frame that the viewer shows it in.
    is_pet : bool
        The values are SUV, g/ml.
    frame : str
        :data:`REFERENCE_FRAME` or :data:`PET_FRAME`.
    unit : str
        Of the values; empty for MR.
    """

    id: str
    title: str
    image: Image
    is_pet: bool = False
    frame: str = REFERENCE_FRAME
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Midline:
    """Where the middle of the body lies, for the other side.

    Parameters
    ----------
    left : ndarray, shape (3,)
        Unit vector toward the patient's left, RAS.
    bottom_mm : float
        The lowest height, RAS mm.
    lateral_mm : ndarray, shape (n,)
        How far along `left` the midline lies, at heights that are :data:`MIDLINE_STEP_MM` apart; at least two.
    """

    left: np.ndarray
    bottom_mm: float
    lateral_mm: np.ndarray


@dataclass(frozen=True, eq=False)
class ViewerInputs:
    """What the viewer is made from.

    Parameters
    ----------
    series : sequence of ViewerSeries
        The first one is shown at the start: the reference series.
    marks : sequence of (str, Candidate)
        The label (rank or letter) and the entry, in the order of the list.
    midline : Midline, optional
        None where the midline is not known, or only one side of the body is in view.
    """

    series: Sequence[ViewerSeries]
    marks: Sequence[tuple[str, Candidate]] = ()
    midline: Midline | None = None


@dataclass(frozen=True)
class ViewerData:
    """What the page holds of the viewer.

    Parameters
    ----------
    content : mapping
        Plain data: series, candidates, frames, midline.
    packed : str
        Voxels and outlines: gzip, then base64.
    notes : tuple of str
        What a reader must know of the images: which were averaged, which are not shown on each other.
    """

    content: Mapping[str, Any]
    packed: str
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class _Bytes:
    """Bytes one after another."""

    parts: list[bytes] = field(default_factory=list)
    count: int = 0

    def add(self, part: bytes) -> int:
        """Append bytes; returns where they begin."""
        begin = self.count
        self.parts.append(part)
        self.count += len(part)
        return begin


def room_for_viewer(pictures: Sequence[bytes | None]) -> int:
    """How many bytes of base64 the viewer may take in a page that holds some pictures, too."""
    taken = sum(len(picture) * 4 // 3 for picture in pictures if picture is not None)
    return min(BUDGET_BYTES, max(LEAST_BYTES, PAGE_BYTES - TEXT_BYTES - taken))


def viewer_data(inputs: ViewerInputs, budget: int = BUDGET_BYTES) -> ViewerData | None:
    """The data of the viewer; None where there is no image.

    Parameters
    ----------
    inputs : ViewerInputs
    budget : int
        The most bytes of base64. Series are averaged over blocks until they fit.
    """
    if not inputs.series:
        return None
    frames = {name: _span(inputs, name) for name in dict.fromkeys(one.frame for one in inputs.series)}
    shown = [_cropped(one, frames[one.frame]) for one in inputs.series]
    shown, stored = _within(shown, budget * 3 // 4)
    blob = _Bytes()
    volumes = [_volume(one, kept, blob) for one, kept in zip(shown, stored, strict=True)]
    content = {
        "volumes": volumes,
        "frames": {name: {"low": _list(low), "high": _list(high)} for name, (low, high) in frames.items()},
        "marks": [_mark(label, one, inputs, blob) for label, one in inputs.marks],
        "mirror": _mirror(inputs.midline),
    }
    packed = base64.b64encode(_gzip(b"".join(blob.parts))).decode("ascii")
    return ViewerData(content, packed, tuple(_notes(inputs, shown)))


def _notes(inputs: ViewerInputs, shown: Sequence[ViewerSeries]) -> Iterator[str]:
    for before, after in zip(inputs.series, shown, strict=True):
        if before.image.geometry.spacing_mm != after.image.geometry.spacing_mm:
            size = " x ".join(f"{mm:.1f}" for mm in after.image.geometry.spacing_mm)
            yield f"{after.title} is averaged over voxels of {size} mm here, so that the page stays small."
    if len({one.frame for one in inputs.series}) > 1:
        yield "PET and MR could not be aligned: they are shown one after the other, never on top of each other."


def _gzip(data: bytes) -> bytes:
    """Packed; the same data gives the same bytes."""
    return gzip.compress(data, PACKING, mtime=0)


def _list(values: np.ndarray | list[float], digits: int = 6) -> list[float]:
    return [round(float(value), digits) for value in np.asarray(values).ravel()]


def _span(inputs: ViewerInputs, frame: str) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest position of what a frame shows, RAS mm: the first series of it, and the candidates.

    Outlines count, too, so that none is cut off.
    """
    first = next(one for one in inputs.series if one.frame == frame)
    points = [_outer_corners(first.image.geometry)]
    for _, mark in inputs.marks:
        if _frame_of(mark, inputs) == frame:
            points.append(np.asarray(mark.centroid_ras_mm)[None])
        points += [np.stack(region.span_ras) for region, _, of in _regions(mark, inputs) if of == frame]
    together = np.concatenate(points)
    return together.min(axis=0), together.max(axis=0)


def _outer_corners(geometry: Geometry) -> np.ndarray:
    """The outer corners of a grid, half a voxel beyond the centers; RAS mm, shape (8, 3)."""
    i, j, k = (count - 0.5 for count in geometry.shape[::-1])
    return geometry.to_ras(np.array([(x, y, z) for x in (-0.5, i) for y in (-0.5, j) for z in (-0.5, k)]))


def _cropped(series: ViewerSeries, span: tuple[np.ndarray, np.ndarray]) -> ViewerSeries:
    """The series without what lies outside of a span of its frame and a margin."""
    geometry = series.image.geometry
    low, high = span[0] - MARGIN_MM, span[1] + MARGIN_MM
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    kji = transform_points(geometry.ras_to_ijk, corners)[:, ::-1]
    first = np.clip(np.floor(kji.min(axis=0)), 0, np.array(geometry.shape) - 1).astype(int)
    end = np.clip(np.ceil(kji.max(axis=0)) + 1, first + 1, geometry.shape).astype(int)
    array = series.image.array[tuple(slice(a, b) for a, b in zip(first, end, strict=True))]
    k, j, i = (int(n) for n in first)
    return replace(series, image=Image(array, geometry.cropped((k, j, i), array.shape)))


@dataclass(frozen=True, eq=False)
class _Stored:
    """Voxels as whole numbers.

    Parameters
    ----------
    numbers : ndarray of uint8 or uint16, shape (k, j, i)
        0 where there is no value; else the value is ``low + (number - 1) * step``.
    low, step : float
    cut : bool
        Larger values were stored as the largest number.
    """

    numbers: np.ndarray
    low: float
    step: float
    cut: bool

    @property
    def raw(self) -> bytes:
        """The bytes; of 16 bits all high ones first, then all low ones, which packs better."""
        if self.numbers.dtype == np.uint8:
            return self.numbers.tobytes()
        return (self.numbers >> 8).astype(np.uint8).tobytes() + (self.numbers & 255).astype(np.uint8).tobytes()


def _within(series: list[ViewerSeries], budget: int) -> tuple[list[ViewerSeries], list[_Stored]]:
    """The series, averaged one after the other until all fit into a number of packed bytes.

    The series that are looked at most keep their voxels longest.
    """
    series = list(series)
    stored = [_stored(one) for one in series]
    sizes = [_packed_size(one) for one in stored]
    for _ in range(MOST_COARSE_STEPS):
        if sum(sizes) <= budget:
            break
        weights = [size * _readiness(n, one) for n, (size, one) in enumerate(zip(sizes, series, strict=True))]
        next_one = int(np.argmax(weights))
        series[next_one] = _coarser(series[next_one])
        stored[next_one] = _stored(series[next_one])
        sizes[next_one] = _packed_size(stored[next_one])
    return series, stored


def _readiness(number: int, series: ViewerSeries) -> float:
    """How readily a series is averaged, for its size. Our choice."""
    if series.is_pet:
        return 0.2  # Its values are read at the cursor.
    return 0.3 if number == 0 else 0.5 if series.id == Role.FLUID else 1.0


def _packed_size(stored: _Stored) -> float:
    """About how many bytes a series takes when it is packed: some of its slices are."""
    some = replace(stored, numbers=np.ascontiguousarray(stored.numbers[::SAMPLED]))
    return len(_gzip(some.raw)) * len(stored.numbers) / len(some.numbers)


def _coarser(series: ViewerSeries) -> ViewerSeries:
    """The series averaged over blocks: at least the finest of its axes is halved."""
    spacing = min(
        s for s, n in zip(series.image.geometry.spacing_kji_mm, series.image.array.shape, strict=True) if n > 1
    )
    return replace(series, image=block_means(series.image, 2.0 * spacing))


def _stored(series: ViewerSeries) -> _Stored:
    values = series.image.array.astype(np.float32, copy=False)
    known = np.isfinite(values)
    finite = values[known] if not known.all() else values.ravel()
    bits = PET_BITS if series.is_pet else MR_BITS
    low, step = (0.0, SUV_STEP) if series.is_pet else _gray_steps(finite)
    most = 2**bits - 2
    scaled = np.rint((values - np.float32(low)) * np.float32(1.0 / step))
    cut = bool(finite.size and float(finite.max()) > low + (most + 0.5) * step)
    with np.errstate(invalid="ignore"):
        numbers = (np.clip(scaled, 0, most) + 1).astype(np.uint16)
    numbers[~known] = 0
    return _Stored(numbers if series.is_pet else numbers.astype(np.uint8), low, step, cut)


def _gray_steps(finite: np.ndarray) -> tuple[float, float]:
    """The value of the darkest number of an MR, and how far two numbers are apart."""
    if not finite.size:
        return 0.0, 1.0
    some = finite[:: max(1, finite.size // PERCENTILE_VALUES)]
    low, high = float(finite.min()), float(np.percentile(some, BRIGHTEST_PERCENT))
    return low, (high - low) / (2**MR_BITS - 2) if high > low else 1.0


def _volume(series: ViewerSeries, stored: _Stored, blob: _Bytes) -> dict[str, Any]:
    geometry = series.image.geometry
    window = robust_window(stored.low + (stored.numbers[stored.numbers > 0][::7].astype(np.float32) - 1) * stored.step)
    upper = round_up(max(window.high, NARROWEST_UPPER_SUV))
    facts = {
        "id": series.id,
        "title": series.title,
        "kind": "pet" if series.is_pet else "mr",
        "frame": series.frame,
        "unit": series.unit,
        "shape": list(geometry.shape),
        "toIjk": _list(geometry.ras_to_ijk[:3], 9),
        "bits": PET_BITS if series.is_pet else MR_BITS,
        "low": stored.low,
        "step": stored.step,
        "cut": stored.cut,
        "gaps": bool((stored.numbers == 0).any()),
        "window": _list([0.0, upper] if series.is_pet else [window.low, window.high], 4),
        "offset": blob.add(stored.raw),
    }
    if series.is_pet:
        facts |= {"colors": _list([0.4 * upper, upper], 4), "most": _most(stored)}
    return facts


def _most(stored: _Stored) -> float:
    """The upper end of the sliders of the PET: a round number above all uptake that is shown."""
    return round_up(max((int(stored.numbers.max(initial=1)) - 1) * stored.step, NARROWEST_UPPER_SUV))


def _frame_of(one: Candidate, inputs: ViewerInputs) -> str:
    """The frame in which an entry was found."""
    frames = {series.frame for series in inputs.series}
    return PET_FRAME if one.evidence == Evidence.PET_ONLY and PET_FRAME in frames else REFERENCE_FRAME


def _regions(one: Candidate, inputs: ViewerInputs) -> list[tuple[Region, bool, str]]:
    """The regions of an entry: whether the line is dashed (MR findings of a hot spot), and in which frame they are."""
    split = any(series.frame == PET_FRAME for series in inputs.series)
    own = PET_FRAME if split and one.evidence != Evidence.MR_ONLY else REFERENCE_FRAME
    findings = [f.region for f in one.mr_findings if f.region is not one.region]
    findings = findings if one.evidence == Evidence.BOTH else []
    listed = [(one.region, False, own), *((region, True, REFERENCE_FRAME) for region in findings)]
    return [(region, dashed, frame) for region, dashed, frame in listed if len(region)]


def _mark(label: str, one: Candidate, inputs: ViewerInputs, blob: _Bytes) -> dict[str, Any]:
    return {
        "id": one.id,
        "label": label,
        "title": words.capital(words.title(one)),
        "note": one.evidence,
        "point": _list(one.centroid_ras_mm, 3),
        "frame": _frame_of(one, inputs),
        "colors": _colors(one, inputs),
        "outlines": [_outline(region, dashed, frame, blob) for region, dashed, frame in _regions(one, inputs)],
    }


def _colors(one: Candidate, inputs: ViewerInputs) -> list[float] | None:
    """Where the colors of the PET begin and end for an entry, as in its key image; None without uptake."""
    if one.suv_max is None or not any(series.is_pet for series in inputs.series):
        return None
    scale: Window = pet_window(one, np.zeros(0), None)
    return _list(np.array([overlay_start(one, scale.high), scale.high]), 4)


def _outline(region: Region, dashed: bool, frame: str, blob: _Bytes) -> dict[str, Any]:
    box = region.box_mask(margin=1)
    return {
        "dashed": dashed,
        "frame": frame,
        "shape": list(box.geometry.shape),
        "toIjk": _list(box.geometry.ras_to_ijk[:3], 9),
        "toRas": _list(box.geometry.ijk_to_ras[:3], 9),
        "offset": blob.add(box.array.view(np.uint8).tobytes()),
    }


def _mirror(midline: Midline | None) -> dict[str, Any] | None:
    if midline is None:
        return None
    return {
        "left": _list(midline.left, 9),
        "bottom": round(midline.bottom_mm, 3),
        "step": MIDLINE_STEP_MM,
        "midline": _list(midline.lateral_mm, 3),
    }
