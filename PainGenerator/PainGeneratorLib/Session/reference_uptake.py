"""The reference tissue of a case: what the window of the PET and the fading of its colors are set from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..Numerics.pet.detector import HotSpotResult
from ..Numerics.pet.reference_norms import TYPICAL, USED
from .case_state import CaseState

TISSUES = ("marrow", "vertebrae", "disc", "muscle")
"""Tissues that foci are compared with, by their name in the table of reference values."""

NEAR_FOCI = "tissue around the foci"
"""Name of the reference where no tissue could be told apart by an anatomy segmentation."""


@dataclass(frozen=True)
class ReferenceUptake:
    """The normal uptake of a case.

    Parameters
    ----------
    suv : float
        g/ml, above 0.
    name : str
        Of the tissue.
    """

    suv: float
    name: str


def reference_uptake(state: CaseState) -> ReferenceUptake | None:
    """The reference tissue of a case; None before the step Find."""
    return None if state.found is None else reference_of(state.found.pet)


def reference_of(pet: HotSpotResult) -> ReferenceUptake | None:
    """The normal tissue with the most uptake among those that foci were compared with.

    With the highest one no normal tissue is painted over the MR: marrow has two to three times the uptake of muscle.
    Without an anatomy segmentation the tissues are not known. Then the median of what the foci were compared with
    is taken, but no less than the typical soft tissue.
    """
    used = {row.name: row.median for row in pet.references if row.status == USED and row.median > 0}
    known = [(used[name], name) for name in TISSUES if name in used]
    if known:
        return ReferenceUptake(*max(known))
    compared = [spot.reference for spot in (*pet.hot_spots, *pet.unclear, *pet.weak) if spot.reference]
    around = float(np.median(compared)) if compared else 0.0
    typical = used.get(TYPICAL, pet.typical_suv)
    if around > 0 and not around < typical:
        return ReferenceUptake(around, NEAR_FOCI)
    return ReferenceUptake(typical, TYPICAL) if typical > 0 else None
