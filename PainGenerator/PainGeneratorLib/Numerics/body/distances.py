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


# ---- spine --------------------------------------------------------------------------------------------------------
# The spinal canal, the vertebrae and the discs: used by Numerics/body. "In front" and "behind" count from the middle
# of the canal, across it.

CANAL_DEPTH_MOST = Distance(
    110.0,
    "mm",
    "Upper bound for the distance of the canal from the skin of the back. Deeper places lose the more the deeper they "
    "lie.",
    f"{OURS}: the canal lies 50 to 100 mm deep in adults lying on their back",
    (50.0, 100.0),
)
BACK_WALL_DEPTH = Distance(
    36.0,
    "mm",
    "Lower bound for the depth of the canal: skin, subcutaneous fat and fascia of the back are not the canal.",
    f"{OURS} for adults lying on their back",
)
FRONT_ORGAN_TO_CANAL_LEAST = Distance(
    30.0,
    "mm",
    "Lower bound for the distance from a great vessel or bowel in front of the vertebrae back to the canal.",
    f"{OURS}: depth of a vertebral body",
)
FRONT_ORGAN_TO_CANAL_MOST = Distance(
    80.0,
    "mm",
    "Upper bound for the distance from a great vessel or bowel in front of the vertebrae back to the canal.",
    f"{OURS}: depth of a vertebral body with the vessels in front of it",
)
FRONT_ORGAN_ASIDE_MOST = Distance(
    21.0,
    "mm",
    "Upper bound for how far a great vessel or bowel in front of the vertebrae lies to a side of the canal.",
    f"{OURS}: half the width of a vertebral body",
)
MIRRORED_HALF_WIDTH = Distance(
    42.0,
    "mm",
    "The width on either side of the canal that is compared with its mirror image: a vertebra with its muscles.",
    OURS,
)
DISC_TO_DISC_LEAST = Distance(
    22.0,
    "mm",
    "Lower bound for the distance from one disc to the next, T10 to S1.",
    f"{OURS}: lumbar discs lie 30 to 42 mm apart, thoracic ones nearer",
    (30.0, 42.0),
)
DISC_TO_DISC_MOST = Distance(
    48.0,
    "mm",
    "Upper bound for the distance from one disc to the next, T10 to S1.",
    f"{OURS}: lumbar discs lie 30 to 42 mm apart",
    (30.0, 42.0),
)
TWO_VERTEBRAE = Distance(
    60.0, "mm", "Height of two vertebrae, over which the usual signal of marrow is taken.", f"{OURS} for adults"
)
BODY_INSIDE_FROM = Distance(
    14.0, "mm", "From here on forward lies the inside of every lumbar vertebral body.", f"{OURS} for adults"
)
BODY_INSIDE_TO = Distance(
    36.0,
    "mm",
    "Up to here in front of the canal lies the inside of every lumbar vertebral body.",
    f"{OURS} for adults",
)
BODY_INSIDE_SIDE = Distance(
    12.0,
    "mm",
    "Up to here to either side of the middle lies the inside of every lumbar vertebral body.",
    f"{OURS} for adults",
)
BODY_MIDDLE = Distance(
    25.0, "mm", "The middle of a lumbar vertebral body lies this far in front of the middle of the canal.", OURS
)
BODY_BEGINS = Distance(
    8.0, "mm", "Lower bound for how far in front of the middle of the canal a vertebral body begins.", OURS
)
VERTEBRA_SIDE = Distance(
    34.0,
    "mm",
    "Upper bound for how far a vertebra with its facet joints reaches to either side.",
    f"{OURS} for adults",
)
VERTEBRA_BEHIND = Distance(
    56.0, "mm", "Upper bound for how far the spinous process reaches behind the canal.", f"{OURS} for adults"
)
VERTEBRA_FRONT = Distance(
    48.0, "mm", "Upper bound for how far the vertebral body reaches in front of the canal.", f"{OURS} for adults"
)
DISC_HALF_HEIGHT = Distance(
    4.0,
    "mm",
    "Upper bound for the distance from the middle of a disc at which a place is surely not an endplate.",
    f"{OURS}: lumbar discs are 8 to 12 mm high",
    (4.0, 6.0),
)
DISC_TILT_MOST = Distance(
    0.4,
    "part",
    "Upper bound for the rise of a disc along the canal for each mm toward the front: 22 degrees. The lowest lumbar "
    "disc leans most.",
    f"{OURS} for adults",
)
