"""What is found once in an anatomy segmentation: its vertebrae, sacroiliac joints and proximal femora.

Finding them takes about two seconds. They are kept as long as the map, because sites and names ask for them several
times.
"""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary, ref

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core.words import LATERAL_SIDES
from .anatomy_map import AnatomyMap
from .hips import Femur, SacroiliacJoint, find_femur, find_sacroiliac_joint
from .spine import find_spine


class MapParts:
    """The parts of one map, in its own frame; each is found when it is first asked for.

    Parameters
    ----------
    anatomy : AnatomyMap
        Only referred to, so that it can be released.

    Attributes
    ----------
    shifted : dict
        The map with other levels, by the level that the reader named and its place (:mod:`.given_level`).
    """

    def __init__(self, anatomy: AnatomyMap) -> None:
        self._anatomy = ref(anatomy)
        self.shifted: dict[tuple[str, tuple[float, ...]], AnatomyMap] = {}

    @property
    def _map(self) -> AnatomyMap:
        anatomy = self._anatomy()
        if anatomy is None:
            raise ReferenceError("the map of these parts was released")
        return anatomy

    @cached_property
    def spine(self) -> Spine:
        """The vertebrae with a level."""
        return find_spine(self._map)

    @cached_property
    def joints(self) -> tuple[SacroiliacJoint, ...]:
        """The sacroiliac joints that are found."""
        joints = (find_sacroiliac_joint(self._map, side) for side in LATERAL_SIDES)
        return tuple(joint for joint in joints if joint is not None)

    @cached_property
    def femora(self) -> dict[str, Femur]:
        """The proximal femora that have a head, by side."""
        femora = ((str(side), find_femur(self._map, side)) for side in LATERAL_SIDES)
        return {side: femur for side, femur in femora if femur is not None}


_PARTS: WeakKeyDictionary[AnatomyMap, MapParts] = WeakKeyDictionary()


def parts_of(anatomy: AnatomyMap) -> MapParts:
    """The parts of a map; always the same object for the same map."""
    if anatomy not in _PARTS:
        _PARTS[anatomy] = MapParts(anatomy)
    return _PARTS[anatomy]


def share_parts(anatomy: AnatomyMap, like: AnatomyMap, spine: Spine) -> None:
    """Give the parts of one map to another that differs from it only in the names of its levels.

    Parameters
    ----------
    anatomy, like : AnatomyMap
    spine : Spine
        The vertebrae with the names that they have in `anatomy`.
    """
    mine, former = parts_of(anatomy), parts_of(like)
    mine.spine = spine
    mine.joints, mine.femora = former.joints, former.femora
