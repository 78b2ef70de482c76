"""An anatomy segmentation is checked by what the MR itself shows: canal, discs and bodies at their places.

A drawn vertebra may leak into the canal, a disc, a muscle or a vessel. Signal alone does not tell a leak, as psoas and
the wall of a vessel may be as bright as marrow. The place does: canal, discs and the border of the bodies are found to
some millimeters on any MR. What lies clearly elsewhere is taken out of the segmentation, and the MR tells it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..body import distances
from ..core import tissues
from .spine_tissues import SpineTissues

SURE_INSIDE = 0.78
"""Part of the way from the axis of the bodies to their edge up to which a place surely is in a body or a disc. Our
estimate: bodies of one spine differ by less."""
SURE_OUTSIDE = 1.3
"""The same, from which on a place surely is outside of the bodies. Our estimate."""
DISC_MARGIN_MM = 2.0
"""So far within the surface of a disc a place surely is disc, and so far outside surely none, mm: half of the error of
a disc that is found, and of a drawn border. Our estimate."""
BEHIND_WALL_MM = 3.0
"""Only so far in front of the back wall of the bodies nothing but a body is marrow, mm: behind it the arch begins."""
BEFORE_WALL_MM = 1.0
"""Only so far behind the back wall of the bodies a place surely is in the dural sac, mm: half a voxel."""
LEAST_RIGHT = 0.5
"""Lower bound of the part of the drawn marrow about the bodies that lies where the MR has a body. With less, drawing
and MR contradict each other, and nothing is taken out. Our estimate."""
CONTRADICTION = (
    "The vertebrae of the anatomy segmentation and those that the MR shows do not lie at the same place: check the "
    "segmentation. It was used as it is."
)
"""Warning where drawing and MR contradict each other."""
LEAK_PART = 0.1
"""Lower bound of the part of the drawn marrow about the spine that is taken out, and that the reader is told. Our
estimate."""


@dataclass(frozen=True, eq=False)
class CheckedMap:
    """Tissue codes of an anatomy segmentation after the check.

    Parameters
    ----------
    codes : ndarray of uint8
        The codes, UNKNOWN where the MR clearly shows something else.
    warnings : tuple of str
    """

    codes: np.ndarray
    warnings: tuple[str, ...] = ()


def checked_map(codes: np.ndarray, places: SpineTissues) -> CheckedMap:
    """Take out of an anatomy segmentation what lies where the MR clearly shows something else.

    Parameters
    ----------
    codes : ndarray of uint8, shape of the working grid
        Tissue codes of the segmentation, UNKNOWN where it says nothing.
    places : SpineTissues
        What the place along the canal says about tissues.

    Returns
    -------
    CheckedMap
    """
    at, shape = places.coordinates, places.shape
    part = codes[at.box]
    radius = shape.radius(at.front, at.right)
    to_disc = np.abs(at.to_disc)
    sac = (at.right / distances.SAC_HALF_WIDTH.value) ** 2 + (at.front / distances.SAC_HALF_DEPTH.value) ** 2 < 1.0
    sac &= at.front < shape.back_mm - BEFORE_WALL_MM
    in_front = at.known & (at.front > shape.back_mm + BEHIND_WALL_MM)
    in_disc = at.known & (radius < SURE_INSIDE) & (to_disc < shape.disc_half_mm - DISC_MARGIN_MM)
    in_body = places.bodies & (radius < SURE_INSIDE) & (to_disc > shape.disc_half_mm + DISC_MARGIN_MM)
    marrow = part == tissues.MARROW
    about = marrow & in_front & np.isfinite(to_disc)
    if np.count_nonzero(about & (radius < 1.0)) < LEAST_RIGHT * np.count_nonzero(about):
        return CheckedMap(codes, (CONTRADICTION,))
    # Sacrum and ribs lie beside the bodies as well: only what is next to a body of the lumbar spine is judged.
    beside = in_front & (radius > SURE_OUTSIDE) & _at_height_of_bodies(places)
    wrong = marrow & ((sac & at.known & ~places.bodies) | in_disc | beside)
    wrong |= np.isin(part, (tissues.DISC, tissues.FLUID, tissues.MUSCLE, tissues.FAT)) & in_body
    if not wrong.any():
        return CheckedMap(codes)
    checked = codes.copy()
    checked[at.box][wrong] = tissues.UNKNOWN
    share = np.count_nonzero(wrong & marrow) / max(int(np.count_nonzero(marrow & at.known)), 1)
    if share < LEAK_PART:
        return CheckedMap(checked)
    text = (
        f"{100.0 * share:.0f} % of the vertebrae in the anatomy segmentation lie where the MR shows canal, disc or "
        "soft tissue. These parts were not used."
    )
    return CheckedMap(checked, (text,))


def _at_height_of_bodies(places: SpineTissues) -> np.ndarray:
    """Voxels between the lowest and the highest disc, where no sacrum and no hip bone lies beside the bodies."""
    at = places.coordinates
    highest = int(at.level.max())
    inside: np.ndarray = (at.level > 1) & (at.level < highest)
    return inside


def filled_levels(levels: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The vertebra of each voxel: as the segmentation says, and where it says none, as the MR shows.

    Parameters
    ----------
    levels : ndarray of uint8
        Numbers of the segmentation, which grow downward; 0 for none.
    own : ndarray of uint8, same shape
        Numbers of the MR, which grow upward from 1; 0 for none.

    Returns
    -------
    ndarray of uint8, same shape
        In the numbers of the segmentation. It is unchanged where the two do not overlap.
    """
    both = (levels > 0) & (own > 0)
    if not both.any():
        return levels
    total = int(np.median(levels[both].astype(int) + own[both]))
    filled = levels.copy()
    free = (levels == 0) & (own > 0)
    filled[free] = np.clip(total - own[free].astype(int), 0, 255)
    return filled
