"""Key images of candidates: PET over MR, the fluid-sensitive MR and the PET alone, in three planes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as Picture

from ..Numerics.core.image import Image
from ..Numerics.core.records import Candidate
from . import words
from .drawing import (
    ON_DARK,
    ON_LIGHT,
    PAPER,
    Window,
    annotate,
    color_bar,
    draw_outline,
    fused,
    grey,
    jpeg,
    robust_window,
    round_up,
)
from .planes import PLANE_NAMES, Plane, outline, plane_through, sample

DRAWING_THREADS = 2
"""Sampling and encoding release the interpreter lock."""
PANEL_PIXELS = 420
GAP_PIXELS = 6
BAR_PIXELS = 110
WIDTH_MM = 200.0
"""Width and height of every panel: a lumbar spine, or one hip with the midline."""
NARROWEST_UPPER_SUV = 1.0
"""The colour scale never ends below this, else noise would fill it."""
CLEARANCE_MM = 4.0
"""Between an outline and the lines that point at it."""
NEAREST_LINE_MM = 13.0
FARTHEST_LINE_MM = 60.0
OVERLAY_FROM = (0.3, 0.65)
"""Bounds of the value where the colours begin, as parts of the upper end of the scale."""


@dataclass(frozen=True, eq=False)
class KeyImageInputs:
    """What the pictures are made from.

    Parameters
    ----------
    suv : Image, optional
        SUVbw, g/ml, in its own frame.
    reference_to_pet : ndarray, shape (4, 4)
        Maps points of the reference series' frame (RAS mm) to points of the PET.
    reference : Image, optional
        The MR whose frame the candidates are in; None when there is none.
    reference_name : str
        How its panels are labelled, for instance "T1".
    fluid : Image, optional
        The fluid-sensitive MR.
    reference_to_fluid : ndarray, shape (4, 4), optional
        Maps points of the reference frame to points of `fluid`; identity when left out.
    fluid_name : str
        How its panels are labelled, for instance "STIR".
    aligned : bool
        False when PET and MR could not be aligned: then they are never shown on top of each other, a candidate found
        on PET gets PET pictures only, one found on MR gets MR pictures only.
    """

    suv: Image | None
    reference_to_pet: np.ndarray
    reference: Image | None = None
    reference_name: str = "T1"
    fluid: Image | None = None
    reference_to_fluid: np.ndarray | None = None
    fluid_name: str = "FLUID"
    aligned: bool = True

    def suited_to(self, candidate: Candidate) -> KeyImageInputs:
        """The images that may be shown for a candidate: all, or without the one that its place is not known on."""
        if self.aligned or candidate.evidence == "PET+MR":
            return self
        if candidate.evidence == "MR only":
            return replace(self, suv=None)
        return replace(self, reference=None, fluid=None)


@dataclass(frozen=True)
class KeyImage:
    """A finished picture.

    Parameters
    ----------
    candidate_id : str
    jpeg : bytes
    width, height : int
        Pixels.
    caption : str
        What the picture shows, with the units of its scales; plain text.
    """

    candidate_id: str
    jpeg: bytes
    width: int
    height: int
    caption: str


def key_images(
    candidates: Sequence[Candidate],
    inputs: KeyImageInputs,
    *,
    limit: int = 10,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, KeyImage]:
    """Key images of the first candidates, by candidate id.

    Parameters
    ----------
    candidates : sequence of Candidate
        Best first, in the reference frame.
    inputs : KeyImageInputs
    limit : int
        How many candidates get a picture.
    progress : callable, optional
        Called with the fraction done and a text.
    """
    made = {}
    chosen = list(candidates)[:limit]
    usual = max((c.suv_max for c in candidates if c.suv_max is not None), default=None)
    with ThreadPoolExecutor(DRAWING_THREADS) as pool:
        pictures = pool.map(lambda candidate: key_image(candidate, inputs, usual_suv=usual), chosen)
        for count, candidate in enumerate(chosen):
            if progress is not None:
                progress(count / len(chosen), f"Key image {count + 1} of {len(chosen)}")
            made[candidate.id] = next(pictures)
    return made


def key_image(candidate: Candidate, inputs: KeyImageInputs, *, usual_suv: float | None = None) -> KeyImage:
    """The key image of one candidate: a row of three planes for each kind of picture, with the scales beside them.

    Parameters
    ----------
    candidate : Candidate
        In the reference frame.
    inputs : KeyImageInputs
    usual_suv : float, optional
        Upper end of the PET's scale, g/ml, for a candidate without uptake of its own: the other candidates' highest.
    """
    inputs = inputs.suited_to(candidate)
    point = np.asarray(candidate.centroid_ras_mm, dtype=np.float64)
    planes = candidate_planes(point, inputs)
    uptake, scale, colors = None, None, None
    if inputs.suv is not None:
        uptake = [sample(inputs.suv, plane, inputs.reference_to_pet) for plane in planes]
        scale = pet_window(candidate, np.stack(uptake), usual_suv)
        colors = Window(overlay_start(candidate, scale.high), scale.high)
    shapes = _Outlines(candidate, planes)
    rows: list[list[Picture.Image]] = []
    bars: list[Picture.Image | None] = []

    def add_row(pictures: list[np.ndarray], label: str, bar: Picture.Image | None, light: bool = False) -> None:
        row = []
        for n, (rgb, plane) in enumerate(zip(pictures, planes, strict=True)):
            shapes.draw(rgb, n, ON_LIGHT if light else ON_DARK)
            row.append(
                annotate(rgb, plane, f"{plane.name.capitalize()}: {label}", point, shapes.reach_mm[n], light=light)
            )
        rows.append(row)
        bars.append(bar)

    if inputs.reference is not None:
        pictures = _grey_planes(inputs.reference, planes, None)
        if uptake is None:
            add_row(pictures, inputs.reference_name, None)
        else:
            bar = color_bar(colors, PANEL_PIXELS, BAR_PIXELS, "PET\nSUV, g/ml")
            pictures = [fused(picture, u, colors) for picture, u in zip(pictures, uptake, strict=True)]
            add_row(pictures, f"PET on {inputs.reference_name}", bar)
    if inputs.fluid is not None:
        add_row(_grey_planes(inputs.fluid, planes, inputs.reference_to_fluid), inputs.fluid_name, None)
    if uptake is not None:
        bar = color_bar(scale, PANEL_PIXELS, BAR_PIXELS, "PET\nSUV, g/ml", inverted_grey=True)
        add_row([grey(u, scale, inverted=True) for u in uptake], "PET", bar, light=True)
    picture = _grid(rows, bars)
    return KeyImage(candidate.id, jpeg(picture), *picture.size, _caption(candidate, inputs, colors, scale))


def _grey_planes(image: Image, planes: Sequence[Plane], to_image_ras: np.ndarray | None) -> list[np.ndarray]:
    """The planes of an MR in grey, all in one window."""
    values = [sample(image, plane, to_image_ras) for plane in planes]
    window = robust_window(np.stack(values))
    return [grey(plane_values, window) for plane_values in values]


def candidate_planes(point_ras: np.ndarray, inputs: KeyImageInputs) -> list[Plane]:
    """The axial, coronal and sagittal plane through a point of the reference frame."""
    if inputs.reference is not None:
        field, to_field = inputs.reference.geometry, np.eye(4)
    else:
        field, to_field = inputs.suv.geometry, inputs.reference_to_pet
    return [plane_through(name, point_ras, field, WIDTH_MM, PANEL_PIXELS, to_field) for name in PLANE_NAMES]


def pet_window(candidate: Candidate, uptake: np.ndarray, usual_suv: float | None) -> Window:
    """From 0 to a round number above the candidate's SUVmax; without one, above the usual or nearly all uptake."""
    upper = candidate.suv_max
    if upper is None:
        nearly_all = robust_window(uptake, high=99.0).high
        upper = nearly_all if usual_suv is None else usual_suv
    return Window(0.0, round_up(max(float(upper), NARROWEST_UPPER_SUV)))


def overlay_start(candidate: Candidate, upper: float) -> float:
    """SUV where the colours begin: the reference tissue's, so that normal tissue stays grey; two decimals."""
    known = [s.reference if s.reference is not None else s.background for s in candidate.hot_spots]
    start = next((value for value in known if value is not None), 0.5 * upper)
    low, high = (part * upper for part in OVERLAY_FROM)
    return round(float(np.clip(start, low, high)), 2)


class _Outlines:
    """The candidate's outline (solid) and, where that is the PET's, its MR findings (dashed), on every plane."""

    def __init__(self, candidate: Candidate, planes: Sequence[Plane]) -> None:
        findings = [f.region for f in candidate.mr_findings if f.region is not candidate.region]
        findings = findings if candidate.evidence == "PET+MR" else []
        self.solid = [outline([candidate.region], plane) for plane in planes]
        self.dashed = [outline(findings, plane) for plane in planes]
        self.reach_mm = [self._reach(n, plane, candidate.centroid_ras_mm) for n, plane in enumerate(planes)]

    def _reach(self, number: int, plane: Plane, point_ras: np.ndarray) -> float:
        """Distance from the point to where the lines that point at it may begin: beyond the outlines."""
        rows, columns = np.nonzero(self.solid[number] | self.dashed[number])
        x, y = plane.pixel_of(point_ras)
        farthest = np.hypot(columns - x, rows - y).max(initial=0.0) * plane.mm_per_pixel
        return float(np.clip(farthest + CLEARANCE_MM, NEAREST_LINE_MM, FARTHEST_LINE_MM))

    def draw(self, rgb: np.ndarray, number: int, color: tuple[int, int, int]) -> None:
        draw_outline(rgb, self.dashed[number], color, dashed=True)
        draw_outline(rgb, self.solid[number], color)


def _grid(rows: list[list[Picture.Image]], bars: list[Picture.Image | None]) -> Picture.Image:
    step = PANEL_PIXELS + GAP_PIXELS
    size = (3 * step + BAR_PIXELS, len(rows) * step - GAP_PIXELS)
    canvas = Picture.new("RGB", size, PAPER)
    for r, (row, bar) in enumerate(zip(rows, bars, strict=True)):
        for c, panel in enumerate(row):
            canvas.paste(panel, (c * step, r * step))
        if bar is not None:
            canvas.paste(bar, (3 * step, r * step))
    return canvas


def _caption(candidate: Candidate, inputs: KeyImageInputs, colors: Window | None, scale: Window | None) -> str:
    parts = [
        f"Planes along the patient's axes through {words.position(candidate.centroid_ras_mm)} "
        "(patient's right at the viewer's left)."
    ]
    if inputs.reference is not None and colors is not None:
        parts.append(
            f"PET colors begin at SUV {words.number(colors.low)} and end at {words.number(colors.high, 1, 'g/ml')}."
        )
    if scale is not None:
        parts.append(f"PET alone: white 0, black {words.number(scale.high, 1, 'g/ml')}.")
    if candidate.evidence == "PET+MR":
        parts.append("Solid outline: PET; dashed outline: MR finding.")
    else:
        parts.append(f"Outline: the {'MR finding' if candidate.evidence == 'MR only' else 'PET focus'}.")
    return " ".join(parts)
