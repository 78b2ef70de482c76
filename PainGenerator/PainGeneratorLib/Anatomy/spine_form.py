"""Where the parts of a lumbar vertebra and the structures between two vertebrae lie, and how large they are.

All lengths are those of an average adult spine, mm; :func:`scale_of` gives the factor for the spine of a patient. They
come from published measurements of lumbar vertebrae:

* Panjabi et al., Human lumbar vertebrae: quantitative three-dimensional anatomy, Spine 17 (1992) 299: bodies 41 to 47
  mm wide and 34 to 36 mm deep at the endplates and 23 to 27 mm high, canal 18 to 20 mm deep and 24 to 27 mm wide,
  pedicles 9 mm (L1) to 19 mm (L5) wide and 15 mm to 20 mm high.
* Zhou et al., Geometrical dimensions of the lower lumbar vertebrae, Eur Spine J 9 (2000) 242: the same by CT.
* Panjabi et al., Articular facets of the human spine, Spine 18 (1993) 1298: lumbar facets 14 to 18 mm high and wide,
  whose middles are farther apart at each lower level.
* van Schaik et al., The orientation of laminae and facet joints in the lower lumbar spine, Spine 10 (1985) 59: the
  angle of the joints to the sagittal plane.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..Numerics.body.vertebrae import Spine

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
"""Vertebrae for which the tables have a value."""
_LIKE = {"T13": "T12", "L6": "L5", "S1": "L5"}
"""Level -> the level whose values are taken for it."""
USUAL_STEP_MM = 36.0
"""Distance between the middles of neighboring lumbar bodies, mm: a body of 26 to 27 mm (mean of front and back) and a
disc of 9 to 10 mm (Panjabi 1992, Zhou 2000)."""
USUAL_HEIGHT_MM = 26.5
"""Height of a lumbar body, mm (Panjabi 1992, Zhou 2000)."""
SCALE_RANGE = (0.8, 1.2)
"""Lower and upper bound of the size of a spine, as a factor of the average one. The widths of lumbar bodies of adults
differ by 8 to 10 % (one standard deviation, Zhou 2000)."""

PEDICLE_SIDE_MM = (14.0, 15.0, 15.0, 15.5, 16.5, 18.0, 20.5)
"""Distance of the middle of the pedicle from the midline by level, mm: half the width of the canal and half that of
the pedicle (Panjabi 1992; the oblique pedicle of L5 is narrower in the section through its middle than its base)."""
PEDICLE_HALF_MM = (
    (3.5, 5.5, 7.5), (4.0, 5.5, 7.5), (4.0, 5.5, 7.5), (4.2, 5.5, 7.5), (5.0, 5.5, 7.2), (6.0, 5.5, 7.5),
    (7.5, 5.5, 8.0),
)  # fmt: skip
"""Half the width, length and height of the pedicle by level, mm (Panjabi 1992; length from the body to the articular
process, our estimate)."""
PEDICLE_BEHIND_MM = 4.0
"""Distance of the middle of the pedicle behind the posterior wall of the body, mm: its narrowest part, half of the
8 to 9 mm between the wall and the base of the articular process. Our estimate."""
PEDICLE_HEIGHT = 0.18
"""Height of the middle of the pedicle above that of the body, as a part of the height of the body. The pedicle begins
at the upper half of the body (Panjabi 1992)."""
LAMINA_SIDE_MM, LAMINA_BEHIND_MM = 8.0, 21.0
"""Distance of the middle of the lamina from the midline and behind the posterior wall of the body, mm: the posterior
border of the canal is 18 to 20 mm behind the wall (Panjabi 1992) and the lamina 6 to 7 mm thick."""
LAMINA_HEIGHT = -0.16
"""Height of the middle of the lamina relative to that of the body, as a part of the height of the body. Laminae reach
from the height of the pedicle to that of the disc below. Our estimate."""
LAMINA_HALF_MM = (6.0, 3.5, 9.0)
"""Half the width, thickness and height of a lamina, mm. It is 22 to 25 mm high, without its edges. Our estimate."""
LAMINA_TURN_DEG = 35.0
"""Angle between the lamina and the coronal plane, degrees: its lateral end lies farther in front. Our estimate after
van Schaik 1985."""
SPINOUS_BEHIND_MM = (34.0, 34.0, 36.0, 37.0, 37.0, 36.0, 33.0)
"""Distance of the middle of the spinous process behind the posterior wall of the body by level, mm. Its tip is 45 to
52 mm behind the wall, at L5 40 to 45 mm; it begins behind the laminae (Panjabi 1992)."""
SPINOUS_HEIGHT = -0.32
"""Height of the middle of the spinous process relative to that of the body, as a part of the height of the body. It
lies behind the lower half of the body and the disc below. Our estimate."""
SPINOUS_HALF_MM = (3.5, 11.0, 9.0)
"""Half the width, length and height of a spinous process, mm. Our estimate after Panjabi 1992."""

FACET_SIDE_MM = (12.0, 13.0, 14.0, 15.0, 16.5, 18.5, 21.5)
"""Distance of the middle of the facet joint from the midline by the level of the upper vertebra, mm (Panjabi 1993)."""
FACET_TURN_DEG = (20.0, 25.0, 25.0, 30.0, 37.0, 45.0, 50.0)
"""Angle between the facet joint and the sagittal plane by the level of the upper vertebra, degrees (van Schaik 1985
for L3/L4 to L5/S1; Panjabi 1993)."""
FACET_BEHIND_MM = 16.0
"""Distance of the middle of the facet joint behind the posterior wall of the disc, mm: the joint lies beside the back
of the canal, which is 18 to 20 mm deep (Panjabi 1992)."""
FACET_HEIGHT_MM = 0.0
"""Height of the middle of the facet joint above that of the disc, mm. Our estimate."""
FACET_MOST_MM = 10.0
"""Upper bound of the distance of a facet joint that is seen from where anatomy has it, mm. Our estimate: the distance
from the midline differs by 3 mm (one standard deviation, Panjabi 1993); farther away another contact was found, such
as that of a process that is cut off."""
FACET_HALF_MM = (5.0, 7.5, 8.5)
"""Half the extent of a facet joint across its cleft, along it and upward, mm. The facets are 14 to 18 mm high and wide
(Panjabi 1993); across, the cleft and 4 mm of bone on both sides."""
FORAMEN_BEHIND_MM, FORAMEN_HEIGHT_MM = 5.0, 4.0
"""Distance of the middle of the foramen behind the posterior wall of the disc and above the disc, mm. The foramen
reaches from one pedicle to the next, in front of the facet joint, and the root leaves in its upper half. Our
estimate."""
FORAMEN_HALF_MM = (5.0, 4.5, 8.5)
"""Half the length, depth and height of a foramen, mm: it is 8 to 10 mm deep and 17 to 22 mm high. Our estimate."""
CANAL_BEHIND_MM = 9.0
"""Distance of the middle of the canal behind the posterior wall of the disc, mm: half its depth (Panjabi 1992)."""
CANAL_HALF_MM = (10.0, 7.0, 9.0)
"""Half the width, depth and height of the spinal canal at a disc, mm. It is 24 to 27 mm wide and 18 to 20 mm deep
(Panjabi 1992); the lateral recesses and the ligaments are left out."""
INTERSPINOUS_BEHIND_MM = (34.0, 34.0, 35.0, 36.0, 36.0, 34.0, 30.0)
"""Distance of the middle of the interspinous space behind the posterior wall of the disc by the level of the upper
vertebra, mm: that of the spinous processes above and below."""
INTERSPINOUS_HEIGHT_MM = -8.5
"""Height of the middle of the interspinous space above that of the disc, mm: the processes lie 0.32 of the height of
the body lower than the bodies."""
INTERSPINOUS_HALF_MM = (4.0, 10.0, 5.5)
"""Half the width, depth and height of an interspinous space, mm. Our estimate."""
PSOAS_BESIDE_MM = (3.0, 4.0, 6.0, 10.0, 14.0, 18.0, 22.0)
"""Distance of the middle of the psoas beside the body by the level of the upper vertebra, mm. Its section grows from 3
cm2 at L1/L2 to 13 cm2 at L4/L5 (Marras et al., Clin Biomech 16 (2001) 38), and it leaves the spine downward."""
PSOAS_FRONT_MM = (10.0, 10.0, 12.0, 14.0, 17.0, 23.0, 30.0)
"""Distance of the middle of the psoas in front of the posterior wall of the disc by the level of the upper vertebra,
mm. It begins beside the back of the bodies and moves forward; at L5/S1 it lies beside the front border of the disc.
Our estimate."""
PSOAS_HALF_MM = (4.0, 5.0, 6.5, 9.0, 11.0, 13.0, 13.0)
"""Half the width and depth of the part of the psoas that is measured by the level of the upper vertebra, mm: about two
thirds of its radius."""
MULTIFIDUS_SIDE_MM = (10.0, 10.0, 11.0, 12.0, 14.0, 16.0, 17.0)
"""Distance of the middle of the multifidus from the midline by the level of the upper vertebra, mm. Its section grows
from 2 cm2 at L1 to 7 cm2 at L5 (Marras 2001)."""
MULTIFIDUS_BEHIND_MM = (35.0, 35.0, 36.0, 37.0, 38.0, 39.0, 38.0)
"""Distance of the middle of the multifidus behind the posterior wall of the disc by the level of the upper vertebra,
mm: the laminae end 25 mm behind the wall, and the muscle is 25 mm (L2/L3) to 29 mm (L4/L5) thick (Wallwork et al., J
Orthop Sports Phys Ther 37 (2007) 608)."""
MULTIFIDUS_HALF_MM = (5.5, 8.0, 10.0)
"""Half the width, depth and height of the part of the multifidus that is measured, mm. Our estimate."""
DISC_HEIGHT_MM = 9.0
"""Usual height of a lumbar disc, mm (Zhou 2000: 7 to 12 mm)."""
ENDPLATE_DEPTH_MM = 3.0
"""Half the thickness of an endplate site, mm. It reaches from the surface of the body 6 mm into its marrow, where
Modic changes lie. Our estimate: the resolution of the PET is 5 to 6 mm."""
INNER_PART = 0.85
"""Half axes of the sites of disc and body, as a part of those of the structure. An ellipsoid in a kidney-shaped
section leaves out the rim, where partial volume falsifies the value. Our estimate."""


def at_level(values: tuple[float, ...], level: str) -> float:
    """The value of a table at a level. Levels above T11 have that of T11."""
    name = _LIKE.get(level, level)
    return values[LEVELS.index(name)] if name in LEVELS else values[0]


def pedicle_half_mm(level: str) -> tuple[float, float, float]:
    """Half the width, length and height of the pedicle of a level, mm."""
    name = _LIKE.get(level, level)
    return PEDICLE_HALF_MM[LEVELS.index(name) if name in LEVELS else 0]


def scale_of(spine: Spine) -> float:
    """Size of a spine as a factor of the average one: the median distance of neighboring lumbar bodies.

    This distance is found more exactly than the edges of bodies, and disease of one level does not change the median.
    With a single vertebra it is its height.
    """
    lumbar = [frame for frame in spine.frames if frame.level.startswith("L")]
    frames = lumbar if len(lumbar) > 1 else list(spine.frames)
    steps = [float(np.linalg.norm(upper.center_ras - lower.center_ras)) for upper, lower in pairwise(frames)]
    if steps:
        size = float(np.median(steps)) / USUAL_STEP_MM
    else:
        heights = [frame.top_mm - frame.bottom_mm for frame in frames]
        size = heights[0] / USUAL_HEIGHT_MM if heights else 1.0
    return min(max(size, SCALE_RANGE[0]), SCALE_RANGE[1])
