"""Spherical regions of the reader: placed, taken away, measured; each act is open to undo."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.spheres import SphereRegion
from ..Workflow.spheres import new_sphere
from .case_state import CaseState
from .readout import Readouts
from .review_acts import ReviewActs


class RegionActs:
    """Acts on the spherical regions. They stand in the history of the review, so that undo takes them back in turn.

    Parameters
    ----------
    state : CaseState
    review : ReviewActs
    readouts : Readouts
        Measures places.
    """

    def __init__(self, state: CaseState, review: ReviewActs, readouts: Readouts) -> None:
        self._state, self._review, self._readouts = state, review, readouts

    def all(self) -> list[SphereRegion]:
        """The regions as they stand."""
        return list(self._state.regions)

    def add(self, center_ras: np.ndarray, diameter_mm: float) -> str:
        """Place a region of a diameter (mm) at a position (RAS mm of the world, shape (3,)); returns its id.

        Raises
        ------
        PainGeneratorError
            Before the step Find, for a diameter out of bounds, and outside all images.
        """
        former = self._state.regions
        taken = (*self._state.readers.hidden_regions, *former)
        made = new_sphere(self._readouts.reader(), center_ras, diameter_mm, taken)
        self._review.keep_regions(f"Keep region {made.id}", (*former, made))
        return made.id

    def delete(self, ids: Iterable[str]) -> None:
        """Take regions away.

        Raises
        ------
        PainGeneratorError
            When there is no such region.
        """
        gone = list(dict.fromkeys(ids))
        known = {one.id for one in self._state.regions}
        for one in gone:
            if one not in known:
                raise PainGeneratorError(f"There is no region {one}.", "Choose one from the table of regions.")
        if gone:
            rest = tuple(one for one in self._state.regions if one.id not in gone)
            self._review.keep_regions(f"Delete region {', '.join(gone)}", rest)
