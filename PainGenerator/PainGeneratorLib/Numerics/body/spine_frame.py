"""The frames of the vertebrae from the canal, the discs and the size of the bodies on MR, without any segmentation.

Start at :func:`find_spine_frame`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from .canal import SpineLine
from .level_names import LevelNames, NamedDisc
from .straight_spine import DISC_FRONT_MM, STEP_MM, StraightSpine
from .vertebrae import Joint, Spine, VertebraFrame
from .vertebral_shape import VertebralShape

USUAL_BODY_MM = 27.0
"""Height of a vertebral body at the end of what is seen, mm. Our estimate: lumbar bodies are 25 to 30 mm high."""


def find_spine_frame(
    line: SpineLine, names: LevelNames, shape: VertebralShape, samples: Mapping[str, np.ndarray]
) -> Spine:
    """Find the frames of the vertebrae and the middles of discs and facet joints.

    Parameters
    ----------
    line : SpineLine
        With discs.
    names : LevelNames
    shape : VertebralShape
    samples : mapping of role to ndarray, shape (height, front, right)
        As for :func:`.level_names.name_levels`.

    Returns
    -------
    Spine
        In the frame of the line.
    """
    straight = line.straight
    discs = names.discs
    centers = [_disc_center(straight, disc, shape) for disc in discs]
    joints = tuple(Joint(disc.level, None, center) for disc, center in zip(discs, centers, strict=True))
    frames = [
        _frame(straight, disc.level.split("/")[0], below, above, shape)
        for disc, (below, above) in zip(discs, pairwise(centers), strict=False)
    ]
    return Spine(
        tuple(reversed(frames)),
        tuple(reversed(joints)),
        transitional=names.is_transitional,
        level_certainty=names.certainty,
        level_reasons=names.reasons,
    )


def _disc_center(straight: StraightSpine, disc: NamedDisc, shape: VertebralShape) -> np.ndarray:
    """Middle of a disc, RAS mm."""
    front = 0.5 * (shape.back_mm + shape.front_mm)
    height = disc.height_mm + disc.tilt * (front - DISC_FRONT_MM)
    index = int(np.clip(round(height / STEP_MM), 0, len(straight.points_ras) - 1))
    point: np.ndarray = straight.points_ras[index] + front * straight.axes[index, 1]
    return point


def _frame(
    straight: StraightSpine, level: str, below: np.ndarray, above: np.ndarray, shape: VertebralShape
) -> VertebraFrame:
    """The frame of a vertebra between two discs."""
    up = (above - below) / np.linalg.norm(above - below)
    center = 0.5 * (below + above)
    left = np.array([-1.0, 0.0, 0.0])
    left = left - (left @ up) * up
    left /= np.linalg.norm(left)
    half = 0.5 * float(np.linalg.norm(above - below)) - shape.disc_half_mm
    depth = 0.5 * (shape.front_mm - shape.back_mm)
    return VertebraFrame(level, center, left, np.cross(left, up), up, shape.half_width_mm, -depth, depth, -half, half)
