"""The sites of the pelvis in an anatomy segmentation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from ..Numerics.core import tissues as codes
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Certainty
from . import pelvis_form as form
from .anatomy_map import AnatomyMap

_LEAST_POINTS = 20
"""Lower bound of the number of voxels from which a site is placed. Our estimate."""
_JOINT_PART = 1.3
"""Half axes of a sacroiliac joint along its surface, as a multiple of the standard deviation of its points: that of an
even ellipse is half of its half axis, and the edges are left out. Our estimate."""
_LEAST_HALF_MM = (8.0, 12.0)
"""Lower bounds of the half axes of a sacroiliac joint along its surface, mm. Our estimate."""
_EDGE_MM = 5.0
"""Lower bound of the distance of a crest from the upper end of the segmentation, mm. A hip bone that reaches nearer is
cut off there, so that its crest is not seen. Our estimate."""
_STEP_MM = 2.0
"""Upper bound of the distance of the points of a bone that are looked at, mm. Our estimate."""
_GAP_MM = 4.5
"""Upper bound of the distance between the facing surfaces of sacrum and ilium, mm, to which a voxel is added: the
width of the joint with its cartilage (Vleeming et al., J Anat 221 (2012) 537)."""
_HEIGHT_PART = 1.25
"""Upper bound of the distance of a point of the joint above or below its middle, as a part of the half axis of the
site: 30 mm, because the joint is 50 to 60 mm long (Vleeming 2012)."""
_MOST_MM = 12.0
"""Upper bound of the distance of a joint in the map from where S1 puts it, mm. Our estimate."""
_ACROSS = 0.6
"""Lower bound of the part of the way from sacrum to ilium that points to the side. The joint is turned by 0 to 40
degrees against the sagittal plane. Our estimate."""


def joint_in_map(
    anatomy: AnatomyMap,
    side: str,
    left: np.ndarray,
    side_certainty: str = str(Certainty.CERTAIN),
    expected: Site | None = None,
) -> Site | None:
    """The sacroiliac joint of a side, between sacrum and ilium, in the frame of the map; None without it.

    Only points that face each other across the body belong to it. Behind the joint the ilium lies behind the sacrum,
    and ligaments fill a wider gap.

    Parameters
    ----------
    anatomy : AnatomyMap
    side : str
    left : ndarray, shape (3,)
        Unit vector to the patient's left, RAS.
    side_certainty : str
    expected : Site, optional
        The joint where S1 puts it. Only its height belongs to the joint; below it the bones lie beside each other,
        too.
    """
    points = _joint_points(anatomy, side, left)
    if expected is not None:
        up = (points - expected.center_ras) @ expected.axes[2]
        points = points[np.abs(up) <= _HEIGHT_PART * expected.half_mm[2]]
    if len(points) < _LEAST_POINTS:
        return None
    center = points.mean(axis=0)
    if expected is not None and np.linalg.norm(center - expected.center_ras) > _MOST_MM:
        return None  # The field of view ends within the joint.
    _, spread, axes = np.linalg.svd(points - center, full_matrices=False)
    along = _JOINT_PART * spread[:2] / np.sqrt(len(points))
    half = np.array([form.JOINT_HALF_MM[0], max(along[1], _LEAST_HALF_MM[0]), max(along[0], _LEAST_HALF_MM[1])])
    return Site(
        f"{side} sacroiliac joint", "sacroiliac joint", side, None, center, axes[[2, 1, 0]], half, codes.MARROW,
        source=str(SiteSource.SEGMENTATION), side_certainty=side_certainty,
    )  # fmt: skip


def _joint_points(anatomy: AnatomyMap, side: str, left: np.ndarray) -> np.ndarray:
    """Points halfway between the facing surfaces of sacrum and ilium, RAS mm, shape (n, 3)."""
    sacrum = anatomy.points(anatomy.labels_of("sacrum"), _STEP_MM)
    ilium = anatomy.points(anatomy.labels_of(("hip bone", "ilium"), side), _STEP_MM)
    if not len(sacrum) or not len(ilium):
        return np.empty((0, 3))
    gap = _GAP_MM + max(anatomy.image.geometry.spacing_mm)
    low = np.maximum(sacrum.min(axis=0), ilium.min(axis=0)) - gap
    high = np.minimum(sacrum.max(axis=0), ilium.max(axis=0)) + gap
    sacrum, ilium = (part[np.all((part >= low) & (part <= high), axis=1)] for part in (sacrum, ilium))
    if not len(sacrum) or not len(ilium):
        return np.empty((0, 3))
    distance, partner = cKDTree(ilium).query(sacrum, distance_upper_bound=gap)
    near = np.isfinite(distance)
    way = ilium[partner[near]] - sacrum[near]
    across = np.abs(way @ left) >= _ACROSS * distance[near]
    middle: np.ndarray = (0.5 * (sacrum[near] + ilium[partner[near]]))[across]
    return middle


def crest_in_map(
    anatomy: AnatomyMap, side: str, left: np.ndarray, side_certainty: str = str(Certainty.CERTAIN)
) -> Site | None:
    """The highest part of the hip bone of a side, in the frame of the map; None where it is not seen.

    Parameters
    ----------
    anatomy : AnatomyMap
    side : str
    left : ndarray, shape (3,)
        Unit vector to the patient's left, RAS.
    side_certainty : str
    """
    points = anatomy.points(anatomy.labels_of(("hip bone", "ilium"), side), _STEP_MM)
    if len(points) < _LEAST_POINTS:
        return None
    highest = points[points[:, 2].argmax()]
    above = anatomy.image.geometry.contains(highest + np.array([0.0, 0.0, _EDGE_MM]))
    top = points[points[:, 2] > highest[2] - form.CREST_MM]
    if not above or len(top) < _LEAST_POINTS:
        return None
    left = left - np.array([0.0, 0.0, left[2]])
    left /= np.linalg.norm(left)
    axes = np.stack([left, np.cross(left, [0.0, 0.0, 1.0]), [0.0, 0.0, 1.0]])
    return Site(
        f"{side} iliac crest", "iliac crest", side, None, top.mean(axis=0), axes, np.array(form.CREST_HALF_MM),
        codes.MARROW, source=str(SiteSource.SEGMENTATION), side_certainty=side_certainty,
    )  # fmt: skip


def between_joints(site: Site, joint: Site) -> Site:
    """A sacral ala whose distance from the midline follows that of the joint of its side."""
    way = (joint.center_ras - site.center_ras) @ site.axes.T
    wanted = abs(form.JOINT_MM[0] - form.ALA_MM[0])
    move = np.sign(way[0]) * (abs(way[0]) - wanted) if np.sign(way[0]) else 0.0
    move = float(np.clip(move, -6.0, 6.0))
    return replace(site, center_ras=site.center_ras + move * site.axes[0])
