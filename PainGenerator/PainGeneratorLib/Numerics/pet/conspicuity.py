"""How clearly a focus exceeds normal tissue: its uptake against all that is known to be normal, and its size.

One reference is not enough where the tissue of a place is not known: beside muscle, every bone and every vessel is
hot. Therefore several ratios are multiplied, each with its own weight: to the reference of the place itself, to the
tissues of this body that normally have much uptake, and to the mirrored place. In the spine, the ratio to the same
place at the other levels is the closest match there is, and is multiplied, too.

The needed product grows with the volume. Joints, endplates, roots and tendons are small, and the limited resolution of
PET takes contrast from them. Whole bones, muscle bellies and bowel loops are large, and a modest ratio is normal
there.
"""

from __future__ import annotations

import numpy as np

RICH_POWER = 0.5
"""Weight of the ratio to rich tissue, as a power; the ratio to the place's own reference has 1. Our estimate."""
MIRROR_POWER = 0.6
"""Weight of the ratio to the mirrored place, as a power. Our estimate."""
MIRROR_MOST = 1.5
"""Upper bound for the ratio of the two sides that counts, and its inverse the lower bound. Disease may be on both
sides, so a larger difference says no more. Our estimate."""
SIZE_POWER = 0.33
"""The needed contrast grows with the volume to this power, which is about the diameter. Our estimate."""
SIZE_LEAST_ML = 1.0
"""Lower bound for the volume that counts, ml: a PET resolves nothing smaller. Our estimate."""
SIZE_MOST_ML = 10.0
"""Upper bound for the volume that counts, ml: no joint is larger. Our estimate."""
LEVEL_POWER = 1.3
"""Weight of the ratio to the same place at the other levels of the spine, as a power. Fitted, with the next three
values, by logistic regression on the foci of four independent families of phantoms, each judged on a family that was
left out of the fit."""
LEVEL_NEUTRAL = 1.4
"""Ratio to the other levels that speaks neither for nor against a focus. Fitted as :data:`LEVEL_POWER`."""
LEVEL_LEAST = 0.6
"""Lower bound for the ratio to the other levels that counts. Fitted as :data:`LEVEL_POWER`."""
LEVEL_MOST = 2.5
"""Upper bound for the ratio to the other levels that counts. Fitted as :data:`LEVEL_POWER`."""
AT_EDGE = 0.5
"""Factor for a focus at the edge of the field of view. What it belongs to is not seen, so it must be twice as clear.
Our estimate."""


def conspicuity(
    tbr: float | None,
    rich_ratio: float | None,
    left_right_ratio: float | None,
    volume_ml: float,
    at_edge: bool,
    level_ratio: float | None = None,
) -> float:
    """How clearly a focus exceeds normal tissue.

    Parameters
    ----------
    tbr : float or None
        SUVpeak over the reference tissue of the place.
    rich_ratio : float or None
        SUVpeak over normal tissue with much uptake (:attr:`.reference_tissue.ReferenceField.rich`).
    left_right_ratio : float or None
        SUVpeak over SUVpeak at the mirrored place. None (in the midline, or without a known plane) counts as alike.
    volume_ml : float
        Volume of the focus.
    at_edge : bool
        The 1 ml sphere of its SUVpeak reaches beyond the field of view.
    level_ratio : float or None
        SUVpeak over the same place at the other levels of the spine; None elsewhere.

    Returns
    -------
    float
        Without unit, from 0 up. It is 1 for 1 ml with the uptake of the reference and of rich tissue, alike on both
        sides; 0 where SUVpeak is not known.
    """
    if tbr is None or rich_ratio is None:
        return 0.0
    mirrored = float(np.clip(left_right_ratio or 1.0, 1.0 / MIRROR_MOST, MIRROR_MOST))
    size = float(np.clip(volume_ml, SIZE_LEAST_ML, SIZE_MOST_ML))
    clear: float = tbr * rich_ratio**RICH_POWER * mirrored**MIRROR_POWER / size**SIZE_POWER
    if level_ratio is not None:
        clear *= (float(np.clip(level_ratio, LEVEL_LEAST, LEVEL_MOST)) / LEVEL_NEUTRAL) ** LEVEL_POWER
    return clear * AT_EDGE if at_edge else clear
