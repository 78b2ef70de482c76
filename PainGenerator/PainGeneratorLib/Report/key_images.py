"""Key images of candidates: PET over MR, the fluid-sensitive MR and the PET alone, in three planes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image as Picture

from ..Numerics.core.image import Image
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import Evidence, Role
from .drawing import (
    ON_DARK,
    ON_LIGHT,
    PAPER,
    Window,
    annotate,
    color_bar,
    draw_outline,
    fused,
    gray,
    jpeg,
    robust_window,
    round_up,
)
from .key_captions import FUSED, PANEL, PLANE_WORDS, ROWS, SERIES_WORDS, CaptionFacts, caption, cut_into_panels
from .languages import Language
from .planes import PLANE_NAMES, Plane, outline, plane_through, sample

DRAWING_THREADS = 2
"""Key images that are drawn at the same time. Threads help, as sampling and encoding release the interpreter lock."""
PANEL_PIXELS = 420
"""Width and height of a panel."""
GAP_PIXELS = 6
"""Between two panels."""
BAR_PIXELS = 110
"""Width of a scale beside the panels."""
WIDTH_MM = 200.0
"""Width and height of what a panel shows: a lumbar spine, or one hip with the midline."""
NARROWEST_UPPER_SUV = 1.0
"""The upper end of the PET's scale is at least this (g/ml), else noise would fill the scale. Our choice."""
CLEARANCE_MM = 4.0
"""Between an outline and the lines that point at it."""
NEAREST_LINE_MM = 13.0
"""Lines that point at a position begin at least this far from it."""
FARTHEST_LINE_MM = 60.0
"""Lines that point at a position begin at most this far from it."""
LOWEST_OVERLAY_START = 0.3
"""Lower bound of the value where the colors begin, as a part of the upper end of the scale. Our choice."""
HIGHEST_OVERLAY_START = 0.65
"""Upper bound of the value where the colors begin, as a part of the upper end of the scale. Our choice."""


SERIES_NAMES: Mapping[str, str] = {
    Role.FLUID: SERIES_WORDS["fluid"],
    Role.CONTRAST: SERIES_WORDS["contrast"],
    Role.FAT_FRACTION: SERIES_WORDS["fat"],
}
"""Names of series on the pictures, where the word for the role is only ours."""


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
        How its panels are labeled, for instance "T1".
    fluid : Image, optional
        The fluid-sensitive MR.
    reference_to_fluid : ndarray, shape (4, 4), optional
        Maps points of the reference frame to points of `fluid`; identity when left out.
    fluid_name : str
        How its panels are labeled, for instance "STIR".
    aligned : bool
        False when PET and MR could not be aligned. Then they are never shown on top of each other: a candidate that
        was found on PET gets PET pictures only, one that was found on MR gets MR pictures only.
    language : Language
        Of the words in the pictures.
    """

    suv: Image | None
    reference_to_pet: np.ndarray
    reference: Image | None = None
    reference_name: str = "T1"
    fluid: Image | None = None
    reference_to_fluid: np.ndarray | None = None
    fluid_name: str = "FLUID"
    aligned: bool = True
    language: Language = field(default_factory=Language)

    def suited_to(self, candidate: Candidate) -> KeyImageInputs:
        """The images that may be shown for a candidate: those on which its place is known."""
        if self.aligned or candidate.evidence == Evidence.BOTH:
            return self
        if candidate.evidence == Evidence.MR_ONLY:
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
        What the picture shows, with the units of its scales; plain text, English.
    rows : tuple of str
        The kinds of its rows (:data:`.key_captions.ROWS`).
    facts : CaptionFacts, optional
        For the caption in another language.
    """

    candidate_id: str
    jpeg: bytes
    width: int
    height: int
    caption: str
    rows: tuple[str, ...] = ()
    facts: CaptionFacts | None = None

    def panels(self) -> list[tuple[str, list[bytes]]]:
        """The kind of each row, and its panels as JPEG with its scale at the end, where it has one."""
        cut = cut_into_panels(self.jpeg, PANEL_PIXELS, GAP_PIXELS)
        return list(zip(self.rows or ROWS, cut, strict=False))

    def caption_in(self, language: Language) -> str:
        """The caption in a language; empty where it is known in English only."""
        if language.is_english or self.facts is None:
            return self.caption if language.is_english else ""
        return caption(self.facts, language)


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
        Upper end of the scale of the PET, g/ml, for a candidate without uptake of its own: the highest SUVmax of the
        other candidates.
    """
    inputs = inputs.suited_to(candidate)
    point = np.asarray(candidate.centroid_ras_mm, dtype=np.float64)
    planes = candidate_planes(point, inputs)
    uptake = None if inputs.suv is None else _Uptake.on(planes, inputs.suv, candidate, inputs, usual_suv)
    language = inputs.language
    sheet = _Sheet(planes, point, _Outlines(candidate, planes), language)
    if inputs.reference is not None:
        pictures = _gray_planes(inputs.reference, planes, None)
        name = _series_name(inputs.reference_name, language)
        if uptake is None:
            sheet.add(pictures, name)
        else:
            sheet.add(uptake.over(pictures), language.say(FUSED, series=name), uptake.color_bar())
    if inputs.fluid is not None:
        name = _series_name(inputs.fluid_name, language)
        sheet.add(_gray_planes(inputs.fluid, planes, inputs.reference_to_fluid), name)
    if uptake is not None:
        sheet.add(uptake.in_gray(), "PET", uptake.gray_bar(), light=True)
    picture = sheet.picture()
    facts = CaptionFacts(
        point,
        str(candidate.evidence),
        (uptake.colors.low, uptake.colors.high) if uptake is not None and inputs.reference is not None else None,
        None if uptake is None else uptake.scale.high,
    )
    rows = [
        *(["fused"] if inputs.reference is not None else []),
        *(["fluid"] if inputs.fluid is not None else []),
        *(["pet"] if uptake is not None else []),
    ]
    return KeyImage(candidate.id, jpeg(picture), *picture.size, caption(facts, Language()), tuple(rows), facts)


def _series_name(role: str, language: Language) -> str:
    """The name of a series on a picture."""
    return language.say(SERIES_NAMES[role]) if role in SERIES_NAMES else role


@dataclass(frozen=True, eq=False)
class _Uptake:
    """The PET on the planes of a candidate.

    Parameters
    ----------
    values : list of ndarray, shape (pixels, pixels)
        SUV on each plane.
    scale : Window
        Of the PET alone.
    colors : Window
        Of the PET on the MR: begins higher, so that normal tissue stays gray.
    """

    values: list[np.ndarray]
    scale: Window
    colors: Window

    @classmethod
    def on(
        cls,
        planes: Sequence[Plane],
        suv: Image,
        candidate: Candidate,
        inputs: KeyImageInputs,
        usual_suv: float | None,
    ) -> _Uptake:
        """The uptake on planes, with windows that fit the candidate."""
        values = [sample(suv, plane, inputs.reference_to_pet) for plane in planes]
        scale = pet_window(candidate, np.stack(values), usual_suv)
        return cls(values, scale, Window(overlay_start(candidate, scale.high), scale.high))

    def over(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The uptake in color over the pictures of an MR."""
        return [fused(picture, values, self.colors) for picture, values in zip(pictures, self.values, strict=True)]

    def in_gray(self) -> list[np.ndarray]:
        """The uptake alone, in inverted gray."""
        return [gray(values, self.scale, inverted=True) for values in self.values]

    def color_bar(self) -> Picture.Image:
        """The scale beside :meth:`over`."""
        return color_bar(self.colors, PANEL_PIXELS, BAR_PIXELS, "PET\nSUV, g/ml")

    def gray_bar(self) -> Picture.Image:
        """The scale beside :meth:`in_gray`."""
        return color_bar(self.scale, PANEL_PIXELS, BAR_PIXELS, "PET\nSUV, g/ml", inverted_gray=True)


class _Sheet:
    """Rows of panels with a scale at the right end.

    Parameters
    ----------
    planes : sequence of Plane
        One per column.
    point_ras : ndarray, shape (3,)
        The position that lines point at, RAS mm.
    outlines : _Outlines
        Drawn on every panel.
    language : Language
        Of the names of the planes.
    """

    def __init__(
        self, planes: Sequence[Plane], point_ras: np.ndarray, outlines: _Outlines, language: Language
    ) -> None:
        self._planes, self._point_ras, self._outlines, self._language = planes, point_ras, outlines, language
        self._rows: list[list[Picture.Image]] = []
        self._bars: list[Picture.Image | None] = []

    def add(
        self, pictures: Sequence[np.ndarray], label: str, bar: Picture.Image | None = None, light: bool = False
    ) -> None:
        """Add a row; the outlines are drawn into the pictures.

        Parameters
        ----------
        pictures : sequence of ndarray of uint8, shape (pixels, pixels, 3)
        label : str
        bar : Image, optional
        light : bool
            The pictures are mostly white.
        """
        row = []
        for n, (rgb, plane) in enumerate(zip(pictures, self._planes, strict=True)):
            self._outlines.draw(rgb, n, ON_LIGHT if light else ON_DARK)
            title = self._language.say(PANEL, plane=self._language.say(PLANE_WORDS[plane.name]), series=label)
            reach_mm = self._outlines.reach_mm[n]
            row.append(annotate(rgb, plane, title, self._point_ras, reach_mm, light=light))
        self._rows.append(row)
        self._bars.append(bar)

    def picture(self) -> Picture.Image:
        """All rows as one picture."""
        step = PANEL_PIXELS + GAP_PIXELS
        size = (len(PLANE_NAMES) * step + BAR_PIXELS, len(self._rows) * step - GAP_PIXELS)
        canvas = Picture.new("RGB", size, PAPER)
        for r, (row, bar) in enumerate(zip(self._rows, self._bars, strict=True)):
            for c, panel in enumerate(row):
                canvas.paste(panel, (c * step, r * step))
            if bar is not None:
                canvas.paste(bar, (len(PLANE_NAMES) * step, r * step))
        return canvas


def _gray_planes(image: Image, planes: Sequence[Plane], to_image_ras: np.ndarray | None) -> list[np.ndarray]:
    """The planes of an MR in gray, all in one window."""
    values = [sample(image, plane, to_image_ras) for plane in planes]
    window = robust_window(np.stack(values))
    return [gray(plane_values, window) for plane_values in values]


def candidate_planes(point_ras: np.ndarray, inputs: KeyImageInputs) -> list[Plane]:
    """The axial, coronal and sagittal plane through a point of the reference frame (RAS mm).

    Raises
    ------
    ValueError
        When there is neither an MR nor a PET.
    """
    if inputs.reference is not None:
        field, to_field = inputs.reference.geometry, np.eye(4)
    elif inputs.suv is not None:
        field, to_field = inputs.suv.geometry, inputs.reference_to_pet
    else:
        raise ValueError("a key image needs an MR or a PET")
    return [plane_through(name, point_ras, field, WIDTH_MM, PANEL_PIXELS, to_field) for name in PLANE_NAMES]


def pet_window(candidate: Candidate, uptake: np.ndarray, usual_suv: float | None) -> Window:
    """The window of the PET: from 0 to a round number above the SUVmax of the candidate.

    Without an SUVmax it ends above `usual_suv`, and without that above nearly all uptake on the planes.
    """
    upper = candidate.suv_max
    if upper is None:
        nearly_all = robust_window(uptake, high=99.0).high
        upper = nearly_all if usual_suv is None else usual_suv
    return Window(0.0, round_up(max(float(upper), NARROWEST_UPPER_SUV)))


def overlay_start(candidate: Candidate, upper: float) -> float:
    """The SUV where the colors begin: that of the reference tissue, so that normal tissue stays gray; two decimals."""
    known = [s.reference if s.reference is not None else s.background for s in candidate.hot_spots]
    start = next((value for value in known if value is not None), 0.5 * upper)
    return round(float(np.clip(start, LOWEST_OVERLAY_START * upper, HIGHEST_OVERLAY_START * upper)), 2)


class _Outlines:
    """The outline of a candidate (solid) and, when that is a hot spot's, its MR findings (dashed), on every plane."""

    def __init__(self, candidate: Candidate, planes: Sequence[Plane]) -> None:
        findings = [f.region for f in candidate.mr_findings if f.region is not candidate.region]
        findings = findings if candidate.evidence == Evidence.BOTH else []
        self.solid = [outline([candidate.region], plane) for plane in planes]
        self.dashed = [outline(findings, plane) for plane in planes]
        self.reach_mm = [self._reach(n, plane, candidate.centroid_ras_mm) for n, plane in enumerate(planes)]

    def _reach(self, number: int, plane: Plane, point_ras: np.ndarray) -> float:
        """Distance (mm) from the point to where the lines that point at it begin: beyond the outlines."""
        rows, columns = np.nonzero(self.solid[number] | self.dashed[number])
        x, y = plane.pixel_of(point_ras)
        farthest = np.hypot(columns - x, rows - y).max(initial=0.0) * plane.mm_per_pixel
        return float(np.clip(farthest + CLEARANCE_MM, NEAREST_LINE_MM, FARTHEST_LINE_MM))

    def draw(self, rgb: np.ndarray, number: int, color: tuple[int, int, int]) -> None:
        """Draw the outlines of one plane, in place."""
        draw_outline(rgb, self.dashed[number], color, dashed=True)
        draw_outline(rgb, self.solid[number], color)
