"""The sites of the pelvis in an anatomy segmentation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..Numerics.core import tissues as codes
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Certainty
from . import pelvis_form as form
from .anatomy_map import AnatomyMap
from .hips import find_sacroiliac_joint
from .spine import patient_left

_LEAST_POINTS = 20
"""Lower bound of the number of voxels from which a site is placed. Our estimate."""
_JOINT_PART = 1.3
"""Half axes of a sacroiliac joint along its surface, as a multiple of the standard deviation of its points: that of an
even ellipse is half of its half axis, and the edges are left out. Our estimate."""
_EDGE_VOXELS = 2
"""A hip bone that ends this near to the upper end of the segmentation is cut off there, so that its crest is not
seen."""


def joint_in_map(anatomy: AnatomyMap, side: str, side_certainty: str = str(Certainty.CERTAIN)) -> Site | None:
    """The sacroiliac joint of a side, between sacrum and ilium, in the frame of the map; None without it."""
    joint = find_sacroiliac_joint(anatomy, side)
    if joint is None or len(joint.points_ras) < _LEAST_POINTS:
        return None
    center = joint.points_ras.mean(axis=0)
    _, spread, axes = np.linalg.svd(joint.points_ras - center, full_matrices=False)
    spread = spread / np.sqrt(len(joint.points_ras))
    along = _JOINT_PART * spread[:2]
    half = np.array([form.JOINT_HALF_MM[0], max(along[1], 8.0), max(along[0], 12.0)])
    return Site(
        f"{side} sacroiliac joint", "sacroiliac joint", side, None, center, axes[[2, 1, 0]], half, codes.MARROW,
        source=str(SiteSource.SEGMENTATION), side_certainty=side_certainty,
    )  # fmt: skip


def crest_in_map(anatomy: AnatomyMap, side: str, side_certainty: str = str(Certainty.CERTAIN)) -> Site | None:
    """The highest part of the hip bone of a side, in the frame of the map; None where it is not seen."""
    points = anatomy.points(anatomy.labels_of(("hip bone", "ilium"), side))
    if len(points) < _LEAST_POINTS:
        return None
    highest = points[points[:, 2].argmax()]
    ijk, shape = anatomy.image.geometry.to_ijk(highest), anatomy.image.geometry.shape[::-1]
    ways = anatomy.image.geometry.ijk_to_ras[2, :3]
    axis = int(np.abs(ways).argmax())
    rest = shape[axis] - 1 - ijk[axis] if ways[axis] > 0 else ijk[axis]
    if rest < _EDGE_VOXELS:
        return None
    top = points[points[:, 2] > highest[2] - form.CREST_MM]
    if len(top) < _LEAST_POINTS:
        return None
    left = patient_left(anatomy)
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
