"""The images and outlines of the viewer in the report, packed for the browser.

Voxels keep their own grid, however oblique: each pixel on the screen is interpolated from them, and the value that is
shown at the cursor is that of the voxel there. Nothing is resampled, except that a series is averaged over blocks of
voxels when the page would become too large otherwise, and the page says so.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..Numerics.core.image import Geometry, Image, Region, transform_points
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Evidence
from . import words
from .drawing import Window, robust_window, round_up
from .key_images import NARROWEST_UPPER_SUV, overlay_start, pet_window
from .languages import Language
from .viewer_packing import (
    MR_BITS,
    PET_BITS,
    PET_FRAME,
    REFERENCE_FRAME,
    Stored,
    ViewerSeries,
    packed_bytes,
    within_budget,
)

MARGIN_MM = 20.0
"""How far PET is kept beyond the MR and the candidates, mm. Our choice: enough to see where a focus ends."""
PAGE_BYTES = 14_500_000
"""The most that the whole page may take, bytes: 15 MB, what many mail systems let through, with a reserve."""
TEXT_BYTES = 1_000_000
"""What is left for text, tables, style and script of the page, bytes; a full report has about 200 kB of them."""
LEAST_BYTES = 2_000_000
"""The viewer gets at least this, bytes, whatever the pictures take."""
BUDGET_BYTES = 11_000_000
"""The most that the packed data may take in the page as base64, bytes. Our choice: enough for the PET and two or three
MR series as they are, and little enough to open at once on a phone."""
AVERAGED = "{series} is averaged over voxels of {size} mm here, so that the page stays small."
APART = "PET and MR could not be aligned: they are shown one after the other, never on top of each other."
"""What a reader must know of the images."""
MIDLINE_STEP_MM = 4.0
"""Distance of the heights at which the midline is given, mm; it changes slowly."""


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
class ViewerNote:
    """What a reader must know of the images.

    Parameters
    ----------
    message : str
        With the blanks ``series`` and ``size``, or without blanks.
    series, size : str
        Title of a series, and the size of its voxels.
    """

    message: str
    series: str = ""
    size: str = ""

    def said(self, language: Language) -> str:
        """The note in a language."""
        return language.say(self.message, series=language.messages.get(self.series, self.series), size=self.size)


@dataclass(frozen=True)
class ViewerData:
    """What the page holds of the viewer.

    Parameters
    ----------
    content : mapping
        Plain data: series, candidates, frames, midline.
    packed : str
        Voxels and outlines: gzip, then base64.
    notes : tuple of ViewerNote
        What a reader must know of the images: which were averaged, which are not shown on each other.
    """

    content: Mapping[str, Any]
    packed: str
    notes: tuple[ViewerNote, ...] = ()


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
    shown, stored = within_budget(shown, budget * 3 // 4)
    blob = _Bytes()
    volumes = [_volume(one, kept, blob) for one, kept in zip(shown, stored, strict=True)]
    content = {
        "volumes": volumes,
        "frames": {name: {"low": _list(low), "high": _list(high)} for name, (low, high) in frames.items()},
        "marks": [_mark(label, one, inputs, blob) for label, one in inputs.marks],
        "mirror": _mirror(inputs.midline),
    }
    packed = base64.b64encode(packed_bytes(b"".join(blob.parts))).decode("ascii")
    return ViewerData(content, packed, tuple(_notes(inputs, shown)))


def _notes(inputs: ViewerInputs, shown: Sequence[ViewerSeries]) -> Iterator[ViewerNote]:
    for before, after in zip(inputs.series, shown, strict=True):
        if before.image.geometry.spacing_mm != after.image.geometry.spacing_mm:
            size = " x ".join(f"{mm:.1f}" for mm in after.image.geometry.spacing_mm)
            yield ViewerNote(AVERAGED, after.title, size)
    if len({one.frame for one in inputs.series}) > 1:
        yield ViewerNote(APART)


def _list(values: np.ndarray | Sequence[float], digits: int = 6) -> list[float]:
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


def _volume(series: ViewerSeries, stored: Stored, blob: _Bytes) -> dict[str, Any]:
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


def _most(stored: Stored) -> float:
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
