"""Why there is no hot spot at a voxel of a PET: the rule that explains the uptake, or the limit that it misses."""

from __future__ import annotations

import math

import numpy as np

from ..core.constants import FWHM_TO_SIGMA
from ..core.image import Image
from ..core.readout import Reason, Why
from .detector import MOST_SENSITIVE, NO_REFERENCE_TEXT, FocusStanding, HotSpotDetector
from .foci import FILTER_REACH_SD, LEAST_REFERENCE_SUV, NO_SUMMIT, MissedBar, smoothed

KINDS = {
    "hot_spots.foci.volume_minimum_ml": Why.SIZE,
    "hot_spots.foci.suv_minimum": Why.NOT_RAISED,
    "hot_spots.foci.tbr_minimum": Why.RATIO,
    "hot_spots.significance": Why.NOISE,
    "hot_spots.foci.z_minimum": Why.NOISE,
    NO_SUMMIT: Why.NOT_RAISED,
}
"""Limit of the first pass -> the kind of reason that it is."""
TEXTS = {
    "hot_spots.foci.volume_minimum_ml": "Too small: {value} ml of raised uptake, {missing} ml below the {limit} ml "
    "of a focus.",
    "hot_spots.foci.suv_minimum": "Too little uptake: at most {value} g/ml, {missing} below the {limit} g/ml of a "
    "focus.",
    "hot_spots.foci.tbr_minimum": "Too low: the sphere of 1 ml has {value} times the reference, {missing} below the "
    "{limit} of a focus.",
    "hot_spots.significance": "It may be noise: {value} times the local noise above the reference, {missing} below "
    "the {limit} that is needed at the most sensitive setting.",
    "hot_spots.foci.z_minimum": "It hardly differs from what lies around it: {value} times the local noise, "
    "{missing} below the {limit} that is needed.",
    NO_SUMMIT: "It is the flank of hotter tissue: {limit} g/ml beside its highest {value} g/ml.",
}
"""Limit of the first pass -> the sentence for the reader."""


def number_text(value: float) -> str:
    """A number with two decimals where it is small, else with one."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def why_no_hot_spot(detector: HotSpotDetector, flat: int) -> list[Reason]:
    """Why there is no hot spot at a voxel, at the setting of the detector.

    Parameters
    ----------
    detector : HotSpotDetector
    flat : int
        Flat index of the voxel.

    Returns
    -------
    list of Reason
        All limits that are missed, the deciding one first; empty where a hot spot is shown.
    """
    if not detector.references.is_plausible:
        return [Reason(Why.NO_REFERENCE, "hot_spots.reference", NO_REFERENCE_TEXT)]
    standing = detector.standing_at(flat)
    if standing is not None:
        return _of_focus(standing, detector)
    dropped = detector.dropped_at(flat)
    return [_not_raised(detector, flat) if dropped is None else _of_bar(dropped.bar)]


def _of_bar(bar: MissedBar) -> Reason:
    text = TEXTS[bar.name].format(
        value=number_text(bar.value), limit=number_text(bar.limit), missing=number_text(bar.limit - bar.value)
    )
    return Reason(KINDS[bar.name], bar.name, text, bar.value, bar.limit)


def _of_focus(standing: FocusStanding, detector: HotSpotDetector) -> list[Reason]:
    """Why a focus of the first pass is no hot spot that counts."""
    spot = standing.spot
    if spot is not None and spot.physiologic is not None:
        return [Reason(Why.USUAL, spot.rule or "", f"Usual uptake: {spot.physiologic}.")]
    missed = [_missed(standing, *bar) for bar in _bars(standing) if bar[2] < bar[3]]
    if not missed and not standing.is_drawn:
        method = detector.parameters.contour.method
        text = f"The focus lies wholly below the threshold of the contour method {method}."
        missed.append(Reason(Why.OUTLINE, "hot_spots.contour.method", text))
    return missed


def _bars(standing: FocusStanding) -> list[tuple[Why, str, float, float]]:
    """Kind, name, value and limit of what a focus has to reach, in the order in which it is asked."""
    return [
        (Why.RATIO, "hot_spots.sensitivity", standing.ratio, standing.least_ratio),
        (Why.NOISE, "hot_spots.significance", standing.z, standing.least_z),
        (Why.CONSPICUITY, "hot_spots.conspicuity", standing.conspicuity, standing.least_conspicuity),
    ]


def _missed(standing: FocusStanding, kind: Why, name: str, value: float, limit: float) -> Reason:
    has, needs, lacks = number_text(value), number_text(limit), number_text(limit - value)
    # Weak is what misses the height, unclear what reaches it and yet is not clear of normal uptake.
    texts = {
        Why.RATIO: f"Weak uptake: the focus here has {has} times its reference, {lacks} below the {needs} of the "
        "sensitivity.",
        Why.NOISE: f"Weak uptake: {has} times the local noise above the reference, {lacks} below the {needs} that is "
        "needed.",
        Why.CONSPICUITY: f"Unclear uptake: conspicuity {has}, {lacks} below the {needs} that is needed to be clear of "
        "normal uptake.",
    }
    return Reason(kind, name, texts[kind], value, limit)


def _not_raised(detector: HotSpotDetector, flat: int) -> Reason:
    """The reason of a place that belongs to no focus and never was part of one."""
    values, _ = detector.references.at(np.array([flat]))
    reference = max(float(values[0]), LEAST_REFERENCE_SUV)
    ratio = _smoothed_at(detector, flat) / reference
    limit = max(MOST_SENSITIVE, detector.parameters.sensitivity)
    text = (
        f"The uptake is not raised: smoothed, it has {number_text(ratio)} times its reference of "
        f"{number_text(reference)} g/ml, {number_text(limit - ratio)} below the {number_text(limit)} of the "
        "sensitivity."
    )
    return Reason(Why.NOT_RAISED, "hot_spots.sensitivity", text, ratio, limit)


def _smoothed_at(detector: HotSpotDetector, flat: int) -> float:
    """The SUV of a voxel as the first pass saw it: smoothed, g/ml."""
    p, suv = detector.parameters, detector.scan.suv
    shape = suv.geometry.shape
    sigma = [p.smoothing_fwhm_mm * FWHM_TO_SIGMA / s for s in suv.geometry.spacing_kji_mm]
    reach = [math.ceil(FILTER_REACH_SD * s) + 1 for s in sigma]
    here = [int(n) for n in np.unravel_index(flat, shape)]
    first = [max(n - r, 0) for n, r in zip(here, reach, strict=True)]
    end = [min(n + r + 1, size) for n, r, size in zip(here, reach, shape, strict=True)]
    box = tuple(slice(a, b) for a, b in zip(first, end, strict=True))
    part = suv.array[box]
    k, j, i = first
    geometry = suv.geometry.cropped((k, j, i), part.shape)
    smooth = smoothed(Image(part, geometry), p.smoothing_fwhm_mm, p.reference.body_suv)
    return float(smooth[tuple(n - f for n, f in zip(here, first, strict=True))])
