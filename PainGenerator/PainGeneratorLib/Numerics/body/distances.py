"""Distances and sizes of the human body that the rules rely on: one table, with unit, spread and source.

What a reader might want to change is a parameter of a protocol. What is anatomy stands here, once. A rule takes the
value from here by its name and defines no distance of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

OURS = "our estimate"
"""Source of a value that no publication gives; the note says how it was chosen."""


@dataclass(frozen=True)
class Distance:
    """One fact of anatomy.

    Parameters
    ----------
    value : float
    unit : str
        ``mm``, ``ml``, ``deg``, or ``part`` for a part of a whole (0 to 1).
    text : str
        What it is, in a full sentence, and whether it is a lower or an upper bound.
    source : str
        A publication, or :data:`OURS` with how the value was chosen.
    spread : tuple of (float, float), optional
        The range in which the value lies in people, in the same unit; None where it is not known.
    """

    value: float
    unit: str
    text: str
    source: str
    spread: tuple[float, float] | None = None
