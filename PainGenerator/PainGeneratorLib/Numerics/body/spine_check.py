"""Whether a line that looks like the spinal canal is one: the outline of the body and the plane of symmetry are asked.

A thigh has a bright tube between its muscles, and dark septa that look like discs. So neither the quality of a line
nor its discs are enough: a second sign must show that the line lies in the middle of a trunk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .canal import SURE_SPINE, SpineLine
from .sections import BodyPart, BodySections
from .symmetry import SymmetryPlane

CANAL_OFF_MIDDLE_MM = 35.0
"""Upper bound of the distance of the spinal canal from the middle of the trunk's outline or the plane of symmetry, mm.
A spine that is bent to the side is 10 to 30 mm off. Our estimate."""
CANAL_BEHIND_MIDDLE_MM = 8.0
"""Lower bound of the distance of the spinal canal behind the middle between back and front of the body, mm. It is
20 to 25 mm in a slim trunk and more in others. Our estimate."""
MANY_DISCS = 5
"""Lower bound of the number of discs, in a line of high quality, that show a spine without another sign. Their
distances are those of vertebrae. Up to three dark septa were taken for discs in a thigh. Our estimate."""
ROW_OF_DISCS = 6
"""Lower bound of the number of discs that show a spine without another sign also in a line of moderate quality, as on
T1 alone. Seven real lumbar volumes in nine combinations of series show 6 to 11 discs, where a line in a real pelvis or
in phantoms of hips has four at most. Our estimate."""
ROWS_ASKED = 20
"""About how many points of a line are looked up."""


def is_refuted(line: SpineLine, sections: Sequence[BodySections]) -> bool:
    """Whether most of the known cross sections along a line show legs or a single limb, so that it is no spine.

    Parameters
    ----------
    line : SpineLine
    sections : sequence of BodySections
        In the frame of the line; the first one that knows the form at a height decides.
    """
    parts = [part for part in _parts_along(line, sections) if part != BodyPart.UNKNOWN]
    return 2 * sum(part != BodyPart.TRUNK for part in parts) > len(parts)


def is_confirmed(line: SpineLine, plane: SymmetryPlane | None, sections: Sequence[BodySections]) -> bool:
    """Whether a second sign shows that a line is a spine.

    It lies at the plane of symmetry or in the middle of a trunk, or it has many discs.

    Parameters
    ----------
    line : SpineLine
    plane : SymmetryPlane or None
        Only a reliable one, in the frame of the line.
    sections : sequence of BodySections
        In the frame of the line.
    """
    if is_refuted(line, sections):
        return False
    if len(line.disc_mm) >= MANY_DISCS and line.quality >= SURE_SPINE:
        return True
    if len(line.disc_mm) >= ROW_OF_DISCS and line.is_reliable:
        return True
    if _is_too_far_in_front(line, sections):
        return False
    midlines = [plane] if plane is not None else []
    for part in sections:
        found = part.midline()
        if found is not None and part.is_mostly_trunk():
            midlines.append(found)
    center = line.points_ras.mean(axis=0)
    return any(abs(float(midline.signed_distance_mm(center))) <= CANAL_OFF_MIDDLE_MM for midline in midlines)


def _is_too_far_in_front(line: SpineLine, sections: Sequence[BodySections]) -> bool:
    """Whether most of a line does not lie in the back half of the body, as the canal does."""
    points = line.points_ras[:: max(1, len(line.points_ras) // ROWS_ASKED)]
    found = [away for point in points for part in sections if (away := part.front_of_middle_mm(point)) is not None]
    return bool(found) and float(np.median(found)) > -CANAL_BEHIND_MIDDLE_MM


def _parts_along(line: SpineLine, sections: Sequence[BodySections]) -> list[BodyPart]:
    points = line.points_ras[:: max(1, len(line.points_ras) // ROWS_ASKED)]
    found = []
    for point in np.asarray(points):
        parts = (part.part_at(point) for part in sections)
        found.append(next((part for part in parts if part != BodyPart.UNKNOWN), BodyPart.UNKNOWN))
    return found
