"""The body as several series show it, joined to one outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.image import Geometry, Image, resample

ALIKE_LEAST = 0.6
"""Lower bound for the Dice coefficient of an outline with the others, where both see the body. Our estimate: a dark
belly leaves 0.75, an outline in the wrong place has less than 0.5."""
OTHER_INSET_MM = 8.0
"""How far within the outline of the PET or of the scan for attenuation correction a place must lie to be body where
the MR shows nothing, mm: about the point spread of a PET and the error of an alignment. Our estimate."""
OTHER_OUTSET_MM = 20.0
"""How far outside of it a place is no body where the MR shows no usable signal, mm. Our estimate."""


@dataclass(frozen=True, eq=False)
class OtherOutline:
    """The body as one series shows it.

    Parameters
    ----------
    name : str
        The role of the series, for messages.
    body : Image of bool
        In the frame of that series.
    reference_to_series : ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference frame to points of that series.
    knows_air : bool
        Whether the series tells body and air apart; without it, it has no vote.
    """

    name: str
    body: Image
    reference_to_series: np.ndarray
    knows_air: bool = True

    def on(self, grid: Geometry) -> tuple[np.ndarray, np.ndarray]:
        """Where the body is on a grid, and where the series sees anything; two arrays of bool."""
        values = self.body.array.astype(np.float32)
        part = resample(Image(values, self.body.geometry), grid, self.reference_to_series, order=1, outside=np.nan)
        return np.nan_to_num(part) > 0.5, np.isfinite(part)


def joined_body(
    own: Sequence[OtherOutline], others: Sequence[OtherOutline], grid: Geometry
) -> tuple[np.ndarray, list[str]]:
    """The body on a grid, from all MR series and from the outlines of other images.

    What one MR series shows as body is body: a series whose coil leaves a place dark cannot deny it. The outlines of
    other images add what lies well within them. An outline that contradicts the rest is left out, with a warning.

    Parameters
    ----------
    own : sequence of OtherOutline
        At least one, of the MR series.
    others : sequence of OtherOutline
        Of other images, such as the PET.
    grid : Geometry

    Returns
    -------
    body : ndarray of bool
    warnings : list of str
    """
    voting = [outline for outline in own if outline.knows_air] or list(own)
    placed = [(outline.name, *outline.on(grid)) for outline in voting]
    kept, warnings = _agreeing(placed)
    body = np.logical_or.reduce([mask for _, mask, _ in kept])
    seen = np.logical_or.reduce([field for _, _, field in kept])
    for outline in others if body.any() else ():
        added, warning = _added(outline, body, seen, grid)
        body |= added
        warnings += warning
    return body, warnings


def _added(outline: OtherOutline, body: np.ndarray, seen: np.ndarray, grid: Geometry) -> tuple[np.ndarray, list[str]]:
    """What an outline adds to the body; nothing, with a warning, where it contradicts it."""
    mask, field = outline.on(grid)
    if not mask.any():
        return mask, []
    if _dice(body, mask, seen & field) < ALIKE_LEAST:
        return np.zeros_like(mask), [_contradiction(outline.name)]
    return _well_within(mask, field, grid), []


def _well_within(mask: np.ndarray, field: np.ndarray, grid: Geometry) -> np.ndarray:
    """The part of a mask that lies deep in it; the edge of the field of view is no border of it."""
    depth = ndimage.distance_transform_edt(mask | ~field, sampling=grid.spacing_kji_mm)
    inner: np.ndarray = mask & (depth > OTHER_INSET_MM)
    return inner


def _agreeing(
    placed: list[tuple[str, np.ndarray, np.ndarray]],
) -> tuple[list[tuple[str, np.ndarray, np.ndarray]], list[str]]:
    """The outlines without those that contradict all others; of two, neither can be judged."""
    if len(placed) < 3:
        return placed, []
    kept, warnings = [], []
    for index, (name, mask, field) in enumerate(placed):
        rest = [one for number, one in enumerate(placed) if number != index]
        alike = [_dice(mask, other, field & there) for _, other, there in rest]
        if max(alike) < ALIKE_LEAST:
            warnings.append(_contradiction(name))
        else:
            kept.append((name, mask, field))
    return (kept or placed), (warnings if kept else [])


def _dice(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float:
    """The Dice coefficient of two masks within a third; 1 where both are empty."""
    total = np.count_nonzero(first & where) + np.count_nonzero(second & where)
    return 2.0 * np.count_nonzero(first & second & where) / total if total else 1.0


def _contradiction(name: str) -> str:
    return (
        f"The outline of the body on {name} contradicts the other series and was not used: check that it was aligned "
        "correctly."
    )
