"""What was painted with Slicer's own tools: which outlines are others now, taken over and measured in one act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Scene.candidate_segments import changed_outlines, take_outline
from .case_state import CaseState
from .found_tools import FoundTools
from .remeasure import unmeasured
from .review import Review
from .scene_link import SceneLink

COVERED = (
    "{name} was painted over whole, or its segment was removed: it keeps its outline. Delete it, or merge both, if "
    "that was meant."
)
"""What is said of a neighbor of which nothing is left."""


@dataclass(frozen=True)
class Strokes:
    """What was painted since the outlines were drawn.

    Parameters
    ----------
    outlines : dict of str to Region
        By candidate id, the outlines that are others now; none is empty.
    covered : list of str
        Ids of candidates of which nothing is left.
    """

    outlines: dict[str, Region] = field(default_factory=dict)
    covered: list[str] = field(default_factory=list)


class Painter:
    """Takes strokes over.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    tools : FoundTools
    """

    def __init__(self, link: SceneLink, state: CaseState, tools: FoundTools) -> None:
        self._link, self._state, self._tools = link, state, tools

    def painted(self) -> Strokes:
        """What was painted since; nothing before the step Find."""
        node = self._link.result_node("candidates")
        if self._state.found is None or node is None:
            return Strokes()
        strokes = Strokes()
        for name, region in changed_outlines(node, self._state.candidates).items():
            if region is not None and len(region):
                strokes.outlines[name] = region
            else:
                strokes.covered.append(name)
        return strokes

    def painted_in(self, segment_id: str) -> Strokes:
        """What a stroke in one segment left, there and in the neighbors that it painted over.

        What cannot be taken is drawn again with the next act, so that the scene shows the list.

        Raises
        ------
        PainGeneratorError
            When nothing is left of the segment.
        """
        strokes = self.painted()
        for name in (*strokes.outlines, *strokes.covered):
            self._state.shown.pop(name, None)
        if segment_id not in strokes.covered:
            return strokes
        if self._link.result_node("candidates").GetSegmentation().GetSegment(segment_id) is None:
            raise PainGeneratorError(
                f"The segment of {segment_id} was removed.",
                "It comes back with the next act. Delete the candidate in the table if that was meant.",
            )
        raise PainGeneratorError(
            f"The outline of {segment_id} is empty.", "Undo the last stroke, or delete the candidate."
        )

    def take(self, review: Review, strokes: Strokes) -> None:
        """Take outlines over in one act; they stay without measures where SUV or alignment were changed."""
        if strokes.outlines:
            first, *others = strokes.outlines
            measure = unmeasured if self._tools.is_of_another_basis() else None
            review.edit(first, strokes.outlines[first], {name: strokes.outlines[name] for name in others}, measure)
            node = self._link.result_node("candidates")
            for name, region in strokes.outlines.items():
                take_outline(node, name, region)
                self._state.shown[name] = region
        self._tell(strokes.covered)

    def _tell(self, covered: Sequence[str]) -> None:
        """Say which candidates were painted over whole, or removed: the reader did not delete them."""
        texts = [COVERED.format(name=name) for name in covered]
        self._state.notices += [text for text in texts if text not in self._state.notices]
