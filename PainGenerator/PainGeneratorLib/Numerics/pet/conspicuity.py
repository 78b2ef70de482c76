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

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class ClearnessParameters:
    """Section "hot_spots.clearness" of a protocol; see there for units, ranges and sources."""

    rich_power: float
    mirror_power: float
    mirror_most: float
    size_power: float
    size_least_ml: float
    size_most_ml: float
    level_power: float
    level_neutral: float
    level_least: float
    level_most: float
    edge_factor: float


def conspicuity(
    tbr: float | None,
    rich_ratio: float | None,
    left_right_ratio: float | None,
    volume_ml: float,
    at_edge: bool,
    level_ratio: float | None = None,
    *,
    parameters: ClearnessParameters,
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
    parameters : ClearnessParameters
        Weights and bounds of the ratios.

    Returns
    -------
    float
        Without unit, from 0 up. It is 1 for 1 ml with the uptake of the reference and of rich tissue, alike on both
        sides; 0 where SUVpeak is not known.
    """
    if tbr is None or rich_ratio is None:
        return 0.0
    p = parameters
    mirrored = float(np.clip(left_right_ratio or 1.0, 1.0 / p.mirror_most, p.mirror_most))
    size = float(np.clip(volume_ml, p.size_least_ml, p.size_most_ml))
    clear: float = tbr * rich_ratio**p.rich_power * mirrored**p.mirror_power / size**p.size_power
    if level_ratio is not None:
        clear *= (float(np.clip(level_ratio, p.level_least, p.level_most)) / p.level_neutral) ** p.level_power
    return clear * p.edge_factor if at_edge else clear
