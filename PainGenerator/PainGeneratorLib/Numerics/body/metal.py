"""Metal on CT: on which sides of the body it lies, as a second witness of a hip prosthesis."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..core.image import Image, Region
from ..core.words import LATERAL_SIDES, Side
from .symmetry import SymmetryPlane

METAL_HU = 2200.0
"""Lower bound of the CT number of metal, HU. Cortical bone reaches 1900 HU; many scanners end at 3071 HU. Our
estimate."""
LEAST_METAL_ML = 10.0
"""Lower bound of the volume of metal that is a hip prosthesis, ml: a stem alone has 20 ml; dental fillings, screws and
clips have less. Our estimate."""
HIP_FROM_MIDLINE_MM = (50.0, 180.0)
"""Lower and upper bound of the distance of a hip prosthesis from the midline, mm. Our estimate."""


def metal_sides(ct: Image, midline: SymmetryPlane) -> tuple[str, ...]:
    """The sides on which metal of the size of a hip prosthesis lies.

    Parameters
    ----------
    ct : Image
        CT numbers, HU.
    midline : SymmetryPlane
        In the frame of the CT.

    Returns
    -------
    tuple of str
        Of "left" and "right", in this order.
    """
    labels, count = ndimage.label(np.nan_to_num(ct.array) >= METAL_HU, np.ones((3, 3, 3)))
    if not count:
        return ()
    volumes = np.bincount(labels.reshape(-1))[1:] * ct.geometry.voxel_volume_ml
    found = set()
    for number in np.flatnonzero(volumes >= LEAST_METAL_ML) + 1:
        center = Region.from_mask(labels == number, ct.geometry).centroid_ras_mm
        to_left = float(midline.signed_distance_mm(center))
        if HIP_FROM_MIDLINE_MM[0] <= abs(to_left) <= HIP_FROM_MIDLINE_MM[1]:
            found.add(Side.LEFT if to_left > 0 else Side.RIGHT)
    return tuple(str(side) for side in LATERAL_SIDES if side in found)
