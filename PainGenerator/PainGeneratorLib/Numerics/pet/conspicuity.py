"""How clearly a focus is more than normal tissue: its uptake against all that is known to be normal, and its size.

One reference is not enough where the tissue of a place is not known: beside muscle every bone and every vessel is hot.
Therefore three ratios are multiplied, each in so far as it tells: to the reference of the place itself, to the tissues
of this body that normally have much uptake, and to the mirrored place. The needed product grows with volume: joints,
endplates, roots and tendons are small, and the limited resolution of a PET takes contrast from them, while whole
bones, muscle bellies and bowel loops, normal with a modest ratio, are large. In the spine the same place at the other
levels is the closest match there is, and counts beside them.
"""

from __future__ import annotations

import numpy as np

RICH_POWER = 0.5
"""Weight of the ratio to rich tissue, as a power; the ratio to the place's own reference has 1 (ours)."""
MIRROR_POWER = 0.6
"""The same for the ratio to the mirrored place (ours)."""
MIRROR_LIMIT = 1.5
"""A larger ratio between the sides, either way, says no more: disease may be on both sides."""
SIZE_POWER = 0.33
"""The needed contrast grows with the diameter (ours)."""
SIZE_ML = (1.0, 10.0)
"""Sizes between which it grows: of what a PET resolves, and of what is no larger than a joint."""
LEVEL_POWER, LEVEL_NEUTRAL, LEVEL_LIMITS = 1.3, 1.4, (0.6, 2.5)
"""In the spine, weight of the ratio to the same place at the other levels, the ratio that speaks neither for nor
against, and beyond which it says no more. Fitted by logistic regression on the foci of four independent families of
phantoms, each time judged on a family that was left out (ours)."""
AT_EDGE = 0.5
"""Where the field of view ends, it is not seen what a focus belongs to: it must be twice as clear."""


def conspicuity(
    tbr: float | None,
    rich_ratio: float | None,
    left_right_ratio: float | None,
    volume_ml: float,
    at_edge: bool,
    level_ratio: float | None = None,
) -> float:
    """Clearness of a focus, without unit; 1 is the reference's uptake in 1 ml, alike on both sides.

    Parameters
    ----------
    tbr : float or None
        SUVpeak over the reference of the place.
    rich_ratio : float or None
        SUVpeak over normal tissue with much uptake (:attr:`.reference_tissue.ReferenceField.rich`).
    left_right_ratio : float or None
        Over the mirrored place; None (midline, plane unknown) counts as alike.
    volume_ml : float
    at_edge : bool
        Its maximum lies at the edge of the field of view.
    level_ratio : float or None
        SUVpeak over the same place at the other levels of the spine; None elsewhere.
    """
    if tbr is None or rich_ratio is None:
        return 0.0
    mirrored = float(np.clip(left_right_ratio or 1.0, 1.0 / MIRROR_LIMIT, MIRROR_LIMIT))
    size = float(np.clip(volume_ml, *SIZE_ML))
    clear = tbr * rich_ratio**RICH_POWER * mirrored**MIRROR_POWER / size**SIZE_POWER
    if level_ratio is not None:
        clear *= (float(np.clip(level_ratio, *LEVEL_LIMITS)) / LEVEL_NEUTRAL) ** LEVEL_POWER
    return clear * AT_EDGE if at_edge else clear
