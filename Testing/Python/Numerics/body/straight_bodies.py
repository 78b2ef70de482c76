"""Synthetic straightened spines: bodies, discs and canal with known turn, lean and slip, brighter on one side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.level_names import LevelNames, NamedDisc
from PainGeneratorLib.Numerics.body.straight_spine import fronts, sides
from PainGeneratorLib.Numerics.body.vertebral_shape import VertebralShape

LEVELS = ("L5/S1", "L4/L5", "L3/L4", "L2/L3", "L1/L2")
DISCS_MM = np.array([30.0, 64.0, 98.0, 132.0, 166.0])
"""Heights of the discs at the middle of the bodies."""
SHAPE = VertebralShape(8.0, 40.0, 22.0, 4.0, 0.3)
MIDDLE_MM = 24.0


def spine_line(discs_mm: np.ndarray = DISCS_MM) -> SpineLine:
    """A straight canal of 198 mm."""
    points = np.array([[5.0, -40.0, -100.0], [5.0, -40.0, 98.0]])
    return SpineLine(points, 1.0, 1.0, discs_mm, np.zeros(discs_mm.size))


def names(discs_mm: np.ndarray = DISCS_MM) -> LevelNames:
    """The discs from L5/S1 upward."""
    discs = (NamedDisc(level, float(at), 0.0) for level, at in zip(LEVELS, discs_mm, strict=False))
    return LevelNames(tuple(discs), "likely", ("Counted.",))


def bodies(
    signals: tuple[float, float, float] = (1.0, 0.5, 0.5),
    turn_deg: float = 0.0,
    to_right: float = 0.0,
    to_front: float = 0.0,
    slip_mm: Mapping[int, tuple[float, float]] | None = None,
    endplate: float | None = None,
) -> np.ndarray:
    """A straightened image.

    Parameters
    ----------
    signals : tuple of float
        Of marrow, of discs, and around the bodies.
    turn_deg : float
        Turn about the canal; positive where the right side lies farther to the front.
    to_right, to_front : float
        Rise of the discs for each mm to the right and to the front in the turned axes.
    slip_mm : mapping of int to (float, float)
        Number of a vertebra from below (0 below the lowest disc) -> its shift to the right and to the front.
    endplate : float, optional
        Signal of the outermost 2.5 mm of the discs.
    """
    marrow, disc, around = signals
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    front, right = np.meshgrid(fronts(), sides(), indexing="ij")
    own_right, own_front = c * right + s * front, c * front - s * right
    values = np.full((100, *front.shape), around, dtype=np.float32)
    for row, at in enumerate(2.0 * np.arange(100)):
        height = at - to_right * own_right - to_front * (own_front - MIDDLE_MM)
        number = (height[..., None] > DISCS_MM).sum(axis=-1)
        shift = np.array([(slip_mm or {}).get(n, (0.0, 0.0)) for n in range(DISCS_MM.size + 1)])
        inside = SHAPE.radius(own_front - shift[number, 1], own_right - shift[number, 0]) < 1.0
        away = np.abs(height[..., None] - DISCS_MM).min(axis=-1)
        tissue = np.where(away < SHAPE.disc_half_mm, disc, marrow)
        if endplate is not None:
            tissue = np.where((away < SHAPE.disc_half_mm) & (away > SHAPE.disc_half_mm - 2.5), endplate, tissue)
        values[row] = np.where(inside, tissue, around)
    # Canal, arches beside it, and fat behind: what tells left and right apart when turned.
    values[:, np.hypot(own_right, own_front) < 8.0] = 2.0
    values[:, (np.abs(np.abs(own_right) - 16.0) < 5.0) & (np.abs(own_front + 10.0) < 6.0)] = 0.25
    values[:, (own_front < -20.0) & (np.abs(own_right) < 4.0)] = 0.8
    noise = np.random.default_rng(3).normal(1.0, 0.03, values.shape)
    return (values * noise).astype(np.float32)
