"""The middles of the facet joints from published anatomy, scaled with the size of the vertebrae.

Arches are thin and dark, and many MR slices do not show that they touch. Their place relative to disc and canal varies
by a few millimeters between people. Start at :func:`facet_pair`.
"""

from __future__ import annotations

import numpy as np

from .vertebrae import Joint, VertebraFrame

LATERAL_MM = {
    "T10": 13.0, "T11": 13.0, "T12": 13.5, "L1": 13.5, "L2": 14.5, "L3": 16.0, "L4": 18.5, "L5": 20.5, "L6": 20.5,
}  # fmt: skip
"""Distance of the middle of the facet joint below each vertebra from the midline, mm: half of the distance between
both joints. Panjabi et al. 1993 (https://doi.org/10.1097/00007632-199308000-00009) give 20.8 to 40.6 mm between both
for C3 to L5, the most at L5. It grows from L3/L4 to L5/S1 (Ward and Latimer 2007,
https://doi.org/10.1097/01.brs.0000252200.66545.43). The values between are our estimate."""
OTHER_LATERAL_MM = 13.0
"""The same at other thoracic vertebrae, mm (our estimate)."""
USUAL_HALF_WIDTH_MM = 23.0
"""Half width of the bodies to which these distances belong, mm: the mean of lumbar bodies (Zhou et al., Eur Spine J
2000)."""
SCALE = (0.9, 1.1)
"""Bounds of the scale by the width of a body: the canal varies less between people than the body. Our estimate."""
BEHIND_CANAL_MM = 8.0
"""Distance of the middle of a facet joint behind the middle of the canal, mm: half of its sagittal diameter, which is
15 to 18 mm (Zhou et al., Eur Spine J 2000). The joint lies beside the back border of the canal; its front half lies
beside the canal itself. Our estimate from that; the diameter does not grow with the body."""
BEHIND_WALL_MM = (12.0, 22.0)
"""Bounds of its distance behind the back wall of the bodies, mm, whatever was found as the middle of the canal: canals
of 12 mm (a narrow one) to 24 mm with the yellow ligament. Our estimate."""
ABOVE_DISC_MM = 2.0
"""Height of the middle of a facet joint above the plane of the disc, mm. The upper articular process of the vertebra
below reaches above the disc, the lower articular process of the vertebra above ends below it (our estimate from
general anatomy)."""
SIGNS = {"left": 1.0, "right": -1.0}
"""Side -> sign of the lateral coordinate."""


def facet_pair(
    disc: Joint, canal_ras: np.ndarray, upper: VertebraFrame | None, lower: VertebraFrame | None
) -> list[Joint]:
    """Both facet joints of a level.

    Parameters
    ----------
    disc : Joint
    canal_ras : ndarray, shape (3,)
        The middle of the canal at the height of the disc, RAS mm.
    upper, lower : VertebraFrame or None
        The vertebrae above and below it.

    Returns
    -------
    list of Joint
        Empty when neither vertebra is known.
    """
    frames = [frame for frame in (upper, lower) if frame is not None]
    if not frames:
        return []
    up = _unit(np.sum([frame.up for frame in frames], axis=0))
    left = np.sum([frame.left for frame in frames], axis=0)
    left = _unit(left - (left @ up) * up)
    front = np.cross(left, up)
    half_width = float(np.mean([frame.half_width_mm for frame in frames]))
    scale = float(np.clip(half_width / USUAL_HALF_WIDTH_MM, *SCALE))
    aside = scale * LATERAL_MM.get(disc.level.split("/")[0], OTHER_LATERAL_MM)
    # The joint belongs to both vertebrae: with a slip it lies between their back walls.
    wall = float(
        np.mean([(frame.at(np.array([0.0, frame.back_mm, 0.0])) - disc.center_ras) @ front for frame in frames])
    )
    canal = float((canal_ras - disc.center_ras) @ front)
    back = wall - float(np.clip(wall - canal + BEHIND_CANAL_MM, *BEHIND_WALL_MM))
    middle = disc.center_ras + back * front + ABOVE_DISC_MM * up
    return [Joint(disc.level, side, middle + sign * aside * left) for side, sign in SIGNS.items()]


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))
