"""What is read at one place of the case of a session."""

from __future__ import annotations

import numpy as np

from ..Numerics.core.readout import Readout
from ..Workflow.finding import Found
from ..Workflow.readout import PlaceReader
from ..Workflow.stages import Alignment
from .case_state import CaseState
from .found_tools import FoundTools


class Readouts:
    """Reads places; changes nothing.

    Parameters
    ----------
    state : CaseState
    tools : FoundTools
        Detector and namer of the last result.
    """

    def __init__(self, state: CaseState, tools: FoundTools) -> None:
        self._state, self._tools = state, tools
        self._made: tuple[Found, Alignment, PlaceReader] | None = None

    def at(self, position_ras: np.ndarray) -> Readout:
        """Read a place, RAS mm of the world, shape (3,).

        Raises
        ------
        PainGeneratorError
            Before the step Find.
        """
        return self.reader().at(position_ras)

    def reader(self) -> PlaceReader:
        """What reads places of the last result; made anew for another one.

        Raises
        ------
        PainGeneratorError
            Before the step Find.
        """
        now = self._state.require_found()
        if self._made is None or self._made[0] is not now.found or self._made[1] is not now.alignment:
            reader = PlaceReader.of(
                now.case, now.suv, now.alignment, now.found, self._tools.detector(), self._tools.namer()
            )
            self._made = (now.found, now.alignment, reader)
        return self._made[2]
