"""Check that an anatomy segmentation lies on the body that the reference series shows.

A map that lies elsewhere would be silently unused: names without levels, no reference tissue. A map that is shifted
would give wrong names.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from .anatomy_map import AnatomyMap
from .map_fit import AIR, POINTS, MapFit, find_fit
from .map_trust import refuse_exchanged
from .spine import direction_doubts

_LEAST_INSIDE_ML = 2.0
"""Lower bound of the volume of the labels in the field of the reference series, ml. Our estimate: a part of a disc."""
_LEAST_INSIDE = 0.01
"""Lower bound of the fraction of the labels in the field of the reference series. A map of the whole body on a series
of one hip has about 0.05. Our estimate."""
_LEAST_OVERLAP = 0.5
"""Lower bound of the overlap of map and reference series along each axis, as a fraction of the shorter of the two. A
map that is larger than the series, or smaller, overlaps it whole. Our estimate."""
_LEAST_IN_BODY = 0.5
"""Lower bound of the fraction of labeled voxels that lie in the body and not in air. Implants and bowel gas are dark,
too. Our estimate."""
_BETTER, _BETTER_BY = 1.8, 0.025
"""A shifted map fits better when the part of the variance that it explains is larger by this factor and by this
difference. In eleven real and digital examinations no shift was better by more than a factor of 1.03. Our
estimates."""
_EDGE_VOXELS = 2
"""Width of the rim of unlabeled voxels around the labels that is compared with them, voxels of the map. Our
estimate."""
_MUCH_BETTER, _MUCH_BETTER_BY = 2.0, 0.08
"""The same where a map is refused: it lies elsewhere. In real and digital examinations a map that was moved by 3 mm
fitted better elsewhere by a factor of up to 1.5. Our estimates."""
_LEAST_SOLID_IN_BODY = 0.4
"""Lower bound of the fraction of bones, muscles and solid organs that lie in the body; with less, a map is refused.
Our estimate: cortical bone and metal are dark, too, but not most of the labels."""
_ADVICE = (
    "Give the anatomy of this examination in the frame of the reference series (the T1 where there is one): open both "
    "in 3D Slicer and look whether they lie on each other, or leave out --anatomy."
)


def on_reference(anatomy: AnatomyMap, reference: Image) -> AnatomyMap:
    """Check the place of an anatomy segmentation.

    Parameters
    ----------
    anatomy : AnatomyMap
    reference : Image
        The reference series.

    Returns
    -------
    AnatomyMap
        With warnings when only a part lies in the field, when much of it lies in air, or when it fits better
        elsewhere.

    Raises
    ------
    PainGeneratorError
        The map does not lie in the field of the reference series, or clearly not on the body that it shows, or its
        left and right are exchanged.
    """
    points = _labeled_points(anatomy)
    ijk = reference.geometry.to_ijk(anatomy_to_reference(anatomy, points))
    inside = reference.geometry.contains(anatomy_to_reference(anatomy, points))
    fraction = float(inside.mean())
    volume = fraction * np.count_nonzero(anatomy.image.array) * anatomy.image.geometry.voxel_volume_ml
    if volume < _LEAST_INSIDE_ML or fraction < _LEAST_INSIDE:
        apart = float(
            np.linalg.norm(anatomy_to_reference(anatomy, points).mean(axis=0) - reference.geometry.center_ras)
        )
        raise PainGeneratorError(
            f"The anatomy segmentation does not lie in the reference series: their middles are {apart:.0f} mm apart.",
            _ADVICE,
        )
    warnings = []
    overlap = _overlap(ijk, reference.geometry.shape)
    if overlap < _LEAST_OVERLAP:
        warnings.append(
            f"Only a part of the anatomy segmentation lies in the reference series, {1 - fraction:.0%} of it outside: "
            "is it of this examination?"
        )
    doubts = _fit_warnings(find_fit(anatomy, reference))
    refuse_exchanged(anatomy)
    warnings += doubts or _side_warnings(anatomy, reference)
    warnings += direction_doubts(anatomy)
    return dataclasses.replace(anatomy, warnings=(*anatomy.warnings, *warnings)) if warnings else anatomy


def anatomy_to_reference(anatomy: AnatomyMap, points: np.ndarray) -> np.ndarray:
    """Map points of the map's frame to the reference frame, RAS mm."""
    if anatomy.frame_to_map_ras is None:
        return points
    inverse = np.linalg.inv(anatomy.frame_to_map_ras)
    moved: np.ndarray = points @ inverse[:3, :3].T + inverse[:3, 3]
    return moved


def _labeled_points(anatomy: AnatomyMap) -> np.ndarray:
    flat = np.flatnonzero(anatomy.image.array)
    return anatomy.image.geometry.flat_to_ras(flat[:: max(len(flat) // POINTS, 1)])


def _overlap(ijk: np.ndarray, shape: tuple[int, int, int]) -> float:
    """The smallest overlap of points and grid along an axis, as a fraction of the shorter of the two."""
    low, high = np.percentile(ijk, [1, 99], axis=0)
    size = np.array(shape[::-1], dtype=float)
    shared = np.minimum(high, size - 0.5) - np.maximum(low, -0.5)
    return float((shared / np.maximum(np.minimum(high - low, size), 1e-6)).min())


def _fit_warnings(fit: MapFit) -> list[str]:
    """Warnings when the labels lie in air, or explain the image better at another place.

    Raises
    ------
    PainGeneratorError
        They lie in air, or explain the image much better at another place.
    """
    if fit.solid_in_body < _LEAST_SOLID_IN_BODY:
        raise PainGeneratorError(
            f"{1 - fit.solid_in_body:.0%} of the bones, muscles and organs of the anatomy segmentation lie outside of "
            "the body that the reference series shows.",
            _ADVICE,
        )
    if fit.is_better_elsewhere(_MUCH_BETTER, _MUCH_BETTER_BY):
        raise PainGeneratorError(
            "The anatomy segmentation does not lie on the body that the reference series shows: it fits far better "
            f"otherwise, such as when it is {fit.way_in_words}.",
            _ADVICE,
        )
    if fit.in_body < _LEAST_IN_BODY:
        return [
            f"{1 - fit.in_body:.0%} of the anatomy segmentation lie outside of the body in the reference series: it "
            "does not fit this examination, or lies beside its place."
        ]
    if fit.is_better_elsewhere(_BETTER, _BETTER_BY):
        return [
            f"The anatomy segmentation fits the reference series better when it is {fit.way_in_words}: look whether "
            "it lies on this examination."
        ]
    return []


_LATERAL = ("hip bone", "femur", "femoral head", "gluteus medius", "gluteus minimus", "kidney", "iliopsoas")
"""Structures that lie far enough from the middle of the body to tell its side."""
_BOTH_SIDES_MM = 260.0
"""Lower bound of the width of a body whose middle is that of the trunk, mm; narrower fields may show one hip. Our
estimate."""
_WRONG_SIDE_MM = 20.0
"""Lower bound of the distance from the middle of the body, on the wrong side, that is told, mm. Our estimate."""


def _side_warnings(anatomy: AnatomyMap, reference: Image) -> list[str]:
    """A warning when structures of one side lie on the other side of the body that the image shows.

    It tells a mirrored map of one side, which no pair of structures tells.
    """
    bright = float(np.percentile(reference.array[np.isfinite(reference.array)], 95))
    body = np.flatnonzero(reference.array > 2 * AIR * bright)
    right = reference.geometry.flat_to_ras(body[:: max(len(body) // POINTS, 1)])[:, 0]
    low, high = np.percentile(right, [1, 99]) if len(right) else (0.0, 0.0)
    if high - low < _BOTH_SIDES_MM:
        return []
    away = []
    for number, what in anatomy.structures.items():
        if what.side and what.structure in _LATERAL and len(points := anatomy.points([number])):
            offset = float(anatomy_to_reference(anatomy, points)[:, 0].mean() - (low + high) / 2)
            away.append((offset if what.side == "right" else -offset, what.text))
    if not away or max(away)[0] > -_WRONG_SIDE_MM:
        return []
    return [
        f"Left and right may be swapped in the anatomy segmentation: {min(away)[1]} lies {-min(away)[0]:.0f} mm on "
        "the other side of the body."
    ]
