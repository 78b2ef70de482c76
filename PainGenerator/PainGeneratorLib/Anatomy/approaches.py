"""How a physician usually reaches a structure with a needle: from which side, and at which angles.

`docs/targets.md` has the sources in full. Angles are those of the way out of the body, in the axes of the patient.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Approach:
    """The usual approach to one kind of structure.

    Parameters
    ----------
    name : str
        For the report.
    side_deg : tuple of (float, float)
        Range of the angle from straight behind to the side of the target, degrees; below 0 to the other side.
    head_deg : tuple of (float, float)
        Range of the angle to the head, degrees; below 0 to the feet.
    usual_deg : tuple of (float, float)
        The usual angles to side and head.
    reach_mm : float
        Length before the target in which bone is part of the target, mm.
    source : str
        Where the angles come from.
    """

    name: str
    side_deg: tuple[float, float]
    head_deg: tuple[float, float]
    usual_deg: tuple[float, float]
    reach_mm: float
    source: str


_LATERAL = Approach(
    "lateral",
    (60.0, 120.0),
    (-20.0, 20.0),
    (90.0, 0.0),
    12.0,
    "perpendicular to the skin over the trochanter, down to bone (docs/targets.md has the source); range and "
    "reach are our estimate",
)
APPROACHES: dict[str, Approach] = {
    "facet joint": Approach(
        "posterior",
        (0.0, 45.0),
        (-20.0, 20.0),
        (15.0, 0.0),
        10.0,
        "straight from behind into the lower recess (Radiographics 1999;19:93) up to oblique along the cleft; the "
        "reach is half the height of the joint (Panjabi 1993)",
    ),
    "sacroiliac joint": Approach(
        "posterior",
        (-30.0, 10.0),
        (-25.0, 15.0),
        (-10.0, -5.0),
        12.0,
        "from behind, and by up to 30 degrees from the other side, into the lower third (randomized trial PMC6603830; "
        "docs/targets.md has more); range and reach are our estimate",
    ),
    "foramen": Approach(
        "posterolateral",
        (15.0, 60.0),
        (-20.0, 20.0),
        (40.0, 0.0),
        4.0,
        "oblique, beside the facet joint (AJNR 2007;28:204); the range is our estimate",
    ),
    "disc": Approach(
        "posterolateral, through Kambin's triangle",
        (30.0, 65.0),
        (-25.0, 35.0),
        (47.0, 0.0),
        4.0,
        "40, 47 and 52 degrees to the middle of the discs L3/L4, L4/L5 and L5/S1 on 102 MR examinations (Rajagopal), "
        "from above the iliac crest at L5/S1; the range is our estimate",
    ),
    "greater trochanter": _LATERAL,
    "trochanteric bursa": _LATERAL,
    "gluteal tendons": _LATERAL,
}
"""Structure -> its usual approach. Other structures get a point without a path."""
