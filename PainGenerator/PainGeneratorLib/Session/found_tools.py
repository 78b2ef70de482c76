"""What is needed to find with another setting, to name a place, and to measure an outline; made when first needed."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Numerics.core.records import Candidate, Place
from ..Numerics.fusion.candidates import Name
from ..Numerics.pet.detector import MOST_SENSITIVE, HotSpotDetector
from ..Workflow.finding import Found
from ..Workflow.progress import Show
from ..Workflow.stages import Alignment, Suv, pet_detector
from .case_state import CaseState
from .remeasure import Remeasure
from .types import Job

OTHER_BASIS = "The SUV or the alignment changed since the candidates were found: their numbers are those of before."
"""Why nothing is measured or exported until the step Find was run again."""
RUN_AGAIN = "Run the steps Align and Find again; decisions and outlines are kept."
"""What to do then."""


@dataclass(eq=False)
class _Made:
    """What was made for one result of the step Find."""

    found: Found
    namer: Name | None = None
    remeasure: Remeasure | None = None
    places: dict[int, tuple[np.ndarray, Place]] = field(default_factory=dict)
    """Name of a focus by the ``id`` of its array of voxels. The array is kept, so that Python gives its id to no other
    object."""


class FoundTools:
    """Detector, namer and measuring for the last result of the step Find. Another result makes them anew.

    Parameters
    ----------
    state : CaseState
    """

    def __init__(self, state: CaseState) -> None:
        self._state = state
        self._made: _Made | None = None

    def _for_now(self) -> _Made:
        found = self._state.require_found().found
        if self._made is None or self._made.found is not found:
            self._made = _Made(found)
        return self._made

    def detector(self) -> HotSpotDetector:
        """The first pass over the PET, with the parameters of the last run; a reopened case has to make it again."""
        now = self._state.require_found()
        found = now.found
        if found.detector is None:
            found.detector = pet_detector(
                now.case, now.suv, now.alignment, found.mr, now.anatomy, found.symmetry, found.plan
            )
        return found.detector

    def warm_up(self) -> Job[None] | None:
        """A job that makes what the first act after reopening a case would wait for; None when nothing is missing.

        It may be computed in a worker thread and needs no ``apply``.
        """
        if not self._state.is_found or self._state.require_found().found.detector is not None:
            return None

        def work(progress: Show) -> None:
            self.detector().find(MOST_SENSITIVE)

        return Job("find", work, self._state.revision)

    def namer(self) -> Name:
        """Names places with all that is known of this body."""
        made = self._for_now()
        if made.namer is None:
            now = self._state.require_found()
            made.namer = now.found.namer(now.anatomy, now.case, now.suv, now.alignment)
        return made.namer

    def place_of(self, region: Region) -> Place:
        """The name of a focus; the same voxels are named only once."""
        places = self._for_now().places
        key = id(region.flat)
        if key not in places:
            places[key] = (region.flat, self.namer()(region))
        return places[key][1]

    def is_of_another_basis(self) -> bool:
        """Whether SUV or alignment are no longer those with which the candidates were measured."""
        state = self._state
        if not state.is_found or not state.basis or state.suv is None or state.alignment is None:
            return False
        return state.basis != basis_of(state.suv, state.alignment)

    def require_same_basis(self) -> None:
        """Refuse to mix numbers of two SUVs, or of two alignments.

        Raises
        ------
        PainGeneratorError
        """
        if self.is_of_another_basis():
            raise PainGeneratorError(OTHER_BASIS, RUN_AGAIN)

    def remeasure(self) -> Remeasure:
        """Measures outlines that the reader changed or drew.

        Raises
        ------
        PainGeneratorError
            When SUV or alignment were changed since the candidates were found.
        """
        self.require_same_basis()
        made = self._for_now()
        if made.remeasure is None:
            now = self._state.require_found()
            made.remeasure = Remeasure.of(now.case, now.suv, now.alignment, now.found, self.detector(), self.namer())
        return made.remeasure

    def measured(self, candidate: Candidate) -> Candidate:
        """A copy of a candidate with measures, place and score that fit its outline."""
        return self.remeasure()(candidate)

    def measured_by(self, found: Found) -> Callable[[Candidate], Candidate]:
        """What measures candidates of the former run anew with a new result; made when first called."""
        case, suv, alignment = self._state.require_alignment()
        made: list[Remeasure] = []

        def measured(candidate: Candidate) -> Candidate:
            if not made:
                namer = found.namer(self._state.anatomy, case, suv, alignment)
                detector = self.detector() if found.detector is None else found.detector
                made.append(Remeasure.of(case, suv, alignment, found, detector, namer))
            return made[0].anew(candidate)

        return measured


def basis_of(suv: Suv, alignment: Alignment) -> str:
    """Short text that differs when the SUV factors, the grid of the PET, or a transform differ."""
    parts = [np.asarray(suv.result.factors, dtype=np.float64).tobytes(), _rounded(suv.image.geometry.ijk_to_ras)]
    for role, series in sorted(alignment.by_role.items()):
        parts.append(f"{role} {series.aligned}".encode())
        parts.append(_rounded(series.reference_to_series_ras))
    return f"{zlib.crc32(b' '.join(parts)):08x}"


def _rounded(matrix: np.ndarray) -> bytes:
    """A matrix without the digits that a file drops; adding 0 makes one zero of both."""
    values: np.ndarray = np.round(np.asarray(matrix, dtype=np.float64), 4) + 0.0
    return values.tobytes()
