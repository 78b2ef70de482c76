"""The frames of vertebrae: axes, size and level of each, and the joints between them.

An anatomy segmentation gives such a spine (``Anatomy/spine.py``), and so does the course of the canal with its discs
on MR (:mod:`.spine_frame`). All positions are RAS mm in one frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..core.kept import Kept
from ..core.words import Certainty

_AWAY_WEIGHT = 0.3
"""Weight of a millimeter away from the axis of a vertebra, compared with a millimeter beyond its endplates. In a
lordotic spine the planes of distant vertebrae meet behind the back, so that the height alone would select a vertebra
far away. Our estimate."""


@dataclass(frozen=True, eq=False)
class VertebraFrame(Kept):
    """Axes and size of one vertebra.

    Parameters
    ----------
    level : str
    center_ras : ndarray, shape (3,)
        Middle of the vertebral body, RAS mm.
    left, front, up : ndarray, shape (3,)
        Unit vectors of the axes, RAS.
    half_width_mm : float
        Half the width of the body.
    back_mm, front_mm : float
        Posterior wall (negative) and anterior wall of the body along `front`.
    bottom_mm, top_mm : float
        Lower endplate (negative) and upper endplate along `up`.
    """

    level: str
    center_ras: np.ndarray
    left: np.ndarray
    front: np.ndarray
    up: np.ndarray
    half_width_mm: float
    back_mm: float
    front_mm: float
    bottom_mm: float
    top_mm: float

    def local(self, points_ras: np.ndarray) -> np.ndarray:
        """Left, front and up coordinates (mm) of points, shape (..., 3)."""
        local: np.ndarray = (np.asarray(points_ras) - self.center_ras) @ np.stack(
            [self.left, self.front, self.up], axis=1
        )
        return local

    def at(self, local_mm: np.ndarray) -> np.ndarray:
        """Points (RAS mm) at left, front and up coordinates (mm), shape (..., 3)."""
        points: np.ndarray = np.asarray(local_mm) @ np.stack([self.left, self.front, self.up]) + self.center_ras
        return points

    def moved(self, matrix_ras: np.ndarray) -> VertebraFrame:
        """The frame after every point was moved by a rigid 4 x 4 RAS matrix."""
        turn = np.asarray(matrix_ras, dtype=float)[:3, :3]
        return replace(
            self,
            center_ras=turn @ self.center_ras + np.asarray(matrix_ras)[:3, 3],
            left=turn @ self.left,
            front=turn @ self.front,
            up=turn @ self.up,
        )


@dataclass(frozen=True, eq=False)
class Joint(Kept):
    """A disc or facet joint between two vertebrae; `side` is None for discs."""

    level: str
    side: str | None
    center_ras: np.ndarray

    def moved(self, matrix_ras: np.ndarray) -> Joint:
        """The joint after every point was moved by a rigid 4 x 4 RAS matrix."""
        matrix = np.asarray(matrix_ras, dtype=float)
        return replace(self, center_ras=matrix[:3, :3] @ self.center_ras + matrix[:3, 3])


@dataclass(frozen=True, eq=False)
class Spine(Kept):
    """The frames of the vertebrae from the head downward, and the joints between the vertebrae."""

    frames: tuple[VertebraFrame, ...]
    discs: tuple[Joint, ...] = ()
    facets: tuple[Joint, ...] = ()
    transitional: bool = field(default=False)
    """True when there is a sixth lumbar or a thirteenth thoracic vertebra, or a gap in the numbers."""
    is_turn_confirmed: bool = False
    """True when the shape of the vertebrae shows the back where the axes of the scanner have it."""
    doubts: tuple[str, ...] = ()
    """What contradicts the directions; sides are uncertain then."""
    sacrum: VertebraFrame | None = None
    """The frame of S1, where it is known; it is no part of `frames`."""
    level_certainty: str = str(Certainty.CERTAIN)
    """How much the names of the levels can be relied on, a word of :class:`..core.words.Certainty`."""
    level_reasons: tuple[str, ...] = ()
    """Sentences for the reader: from what the levels were counted, and what speaks against it."""

    def frame(self, level: str) -> VertebraFrame | None:
        """The frame of a level; None when it is not seen."""
        return next((frame for frame in self.frames if frame.level == level), None)

    def nearest(self, point_ras: np.ndarray) -> VertebraFrame | None:
        """The vertebra at whose height a point lies, measured along the axis of each vertebra; None without any."""
        if not self.frames:
            return None

        def off(frame: VertebraFrame) -> float:
            side, front, up = frame.local(point_ras)
            beyond = float(max(up - frame.top_mm, frame.bottom_mm - up, 0.0))
            return beyond + _AWAY_WEIGHT * float(np.hypot(side, front))

        return min(self.frames, key=off)

    def below(self, level: str) -> str | None:
        """The next lower level that is seen; S1 below the last lumbar vertebra; None below other vertebrae."""
        order = [frame.level for frame in self.frames]
        place = order.index(level)
        if place + 1 < len(order):
            return order[place + 1]
        return "S1" if level in ("L4", "L5", "L6") else None

    def above(self, level: str) -> str | None:
        """The next higher level that is seen; None when there is none."""
        order = [frame.level for frame in self.frames]
        place = order.index(level) if level in order else len(order)
        return order[place - 1] if place else None

    def moved(self, matrix_ras: np.ndarray) -> Spine:
        """The spine after every point was moved by a rigid 4 x 4 RAS matrix."""
        return replace(
            self,
            frames=tuple(frame.moved(matrix_ras) for frame in self.frames),
            discs=tuple(joint.moved(matrix_ras) for joint in self.discs),
            facets=tuple(joint.moved(matrix_ras) for joint in self.facets),
            sacrum=None if self.sacrum is None else self.sacrum.moved(matrix_ras),
        )
