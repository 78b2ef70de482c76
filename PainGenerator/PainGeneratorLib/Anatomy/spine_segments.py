"""The axes at each disc of a spine, and the sizes of vertebrae that are cut off or measured badly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from .label_families import VERTEBRAE
from .sacrum import sacrum_below
from .spine_form import DISC_HEIGHT_MM, scale_of

_ORDER = [level for level in VERTEBRAE if level not in ("T13", "L6")]
_ABOVE = {lower: upper for upper, lower in pairwise(_ORDER)}
"""Level -> next higher level in regular anatomy."""
SIZE_RANGE = (0.7, 1.35)
"""Bounds of the height, depth and width of a body as a part of the median of the same spine. Beyond them it is cut off
by the end of the field of view or measured badly. Lumbar bodies of one spine differ by up to 15 % (Panjabi et al.,
Spine 17 (1992) 299). A severe fracture takes 40 % of the height (Genant et al., J Bone Miner Res 8 (1993) 1137); its
sites are then larger than the body, around the same middle. Our estimate."""


@dataclass(frozen=True, eq=False)
class Segment:
    """The axes between two vertebrae, at the height of their disc.

    Parameters
    ----------
    level : str
        Such as ``L4/L5``.
    upper, lower : VertebraFrame or None
        None where the vertebra is not seen.
    center_ras : ndarray, shape (3,)
        Middle of the disc, RAS mm.
    wall_ras : ndarray, shape (3,)
        Middle of the posterior border of the disc.
    left, front, up : ndarray, shape (3,)
        Unit vectors, RAS.
    half_width_mm, half_depth_mm, height_mm : float
        Size of the disc.
    """

    level: str
    upper: VertebraFrame | None
    lower: VertebraFrame | None
    center_ras: np.ndarray
    wall_ras: np.ndarray
    left: np.ndarray
    front: np.ndarray
    up: np.ndarray
    half_width_mm: float
    half_depth_mm: float
    height_mm: float

    @property
    def axes(self) -> np.ndarray:
        """Left, front and up as rows."""
        return np.stack([self.left, self.front, self.up])

    @property
    def names(self) -> tuple[str, str]:
        """Levels of the vertebrae above and below."""
        upper, _, lower = self.level.partition("/")
        return upper, lower

    def behind(self, left_mm: float, front_mm: float, up_mm: float) -> np.ndarray:
        """A point (RAS mm) at distances from the posterior border of the disc."""
        point: np.ndarray = self.wall_ras + np.array([left_mm, front_mm, up_mm]) @ self.axes
        return point


def find_segments(spine: Spine) -> list[Segment]:
    """The segments of a spine from above downward, one for each disc."""
    return [found for disc in spine.discs if (found := _segment(spine, disc)) is not None]


def _segment(spine: Spine, disc: Joint) -> Segment | None:
    above, _, below = disc.level.partition("/")
    upper = spine.frame(above)
    lower = spine.sacrum if below == "S1" else spine.frame(below)
    seen = [frame for frame in (upper, lower) if frame is not None]
    if not seen:
        return None
    up = _unit(np.sum([frame.up for frame in seen], axis=0))
    left = np.sum([frame.left for frame in seen], axis=0)
    left = _unit(left - (left @ up) * up)
    front = np.cross(left, up)
    # The posterior corners of both bodies, each brought to the height of the disc.
    ends = [(frame, frame.bottom_mm if frame is upper else frame.top_mm) for frame in seen]
    corners = [frame.at(np.array([0.0, frame.back_mm, end])) for frame, end in ends]
    walls = [corner - ((corner - disc.center_ras) @ up) * up for corner in corners]
    middles = [frame.at(np.array([0.0, 0.5 * (frame.back_mm + frame.front_mm), end])) for frame, end in ends]
    height = 2.0 * float(np.mean([abs((middle - disc.center_ras) @ up) for middle in middles]))
    return Segment(
        disc.level, upper, lower, disc.center_ras, np.mean(walls, axis=0), left, front, up,
        float(np.mean([frame.half_width_mm for frame in seen])),
        0.5 * float(np.mean([frame.front_mm - frame.back_mm for frame in seen])),
        height,
    )  # fmt: skip


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector, dtype=float) / np.linalg.norm(vector)


def completed(spine: Spine) -> Spine:
    """A spine whose bodies all have a plausible size, and which has a frame of S1 where its disc is seen.

    A body at the end of the field of view is completed away from its neighbor, because the endplate beside the
    neighbor is seen.
    """
    if not spine.frames:
        return spine
    sizes = np.array([
        (frame.half_width_mm, frame.front_mm - frame.back_mm, frame.top_mm - frame.bottom_mm)
        for frame in spine.frames
    ])  # fmt: skip
    usual = np.median(sizes, axis=0)
    frames = []
    for n, frame in enumerate(spine.frames):
        fixed = [n == 0 and len(spine.frames) > 1, n == len(spine.frames) - 1 and n > 0]
        frames.append(_evened(frame, sizes[n] / usual, usual, is_top=fixed[0], is_bottom=fixed[1]))
    spine = _with_upper_disc(replace(spine, frames=tuple(frames)))
    return spine if spine.sacrum is not None else replace(spine, sacrum=_sacrum(spine))


def _evened(frame: VertebraFrame, part: np.ndarray, usual: np.ndarray, is_top: bool, is_bottom: bool) -> VertebraFrame:
    """A frame with the usual width, depth and height where its own is not plausible.

    Parameters
    ----------
    frame : VertebraFrame
    part, usual : ndarray, shape (3,)
        Its half width, depth and height as a part of the usual ones, and the usual ones, mm.
    is_top, is_bottom : bool
        Whether it is the highest or lowest vertebra that is seen.
    """
    strange = (part < SIZE_RANGE[0]) | (part > SIZE_RANGE[1])
    if strange[0]:
        frame = replace(frame, half_width_mm=float(usual[0]))
    if strange[1]:
        middle = 0.5 * (frame.back_mm + frame.front_mm)
        frame = replace(frame, back_mm=float(middle - 0.5 * usual[1]), front_mm=float(middle + 0.5 * usual[1]))
    if strange[2]:
        bottom, top = frame.bottom_mm, frame.top_mm
        if is_top:
            top = bottom + usual[2]
        elif is_bottom:
            bottom = top - usual[2]
        else:
            bottom, top = 0.5 * (bottom + top) + 0.5 * np.array([-usual[2], usual[2]])
        frame = replace(frame, bottom_mm=float(bottom), top_mm=float(top))
    return frame


def _with_upper_disc(spine: Spine) -> Spine:
    """A spine with the disc above its highest vertebra. It is seen where only the body above it is not."""
    top = spine.frames[0]
    upper = _ABOVE.get(top.level)
    if upper is None or any(joint.level.endswith(f"/{top.level}") for joint in spine.discs):
        return spine
    away = top.top_mm + 0.5 * scale_of(spine) * DISC_HEIGHT_MM
    center = top.at(np.array([0.0, 0.5 * (top.back_mm + top.front_mm), away]))
    return replace(spine, discs=(Joint(f"{upper}/{top.level}", None, center), *spine.discs))


def _sacrum(spine: Spine) -> VertebraFrame | None:
    """S1 by usual anatomy below the lowest vertebra, where the disc between them is known."""
    last = spine.frames[-1]
    disc = next((joint for joint in spine.discs if joint.level == f"{last.level}/S1"), None)
    return None if disc is None else sacrum_below(last, disc.center_ras, scale_of(spine))
