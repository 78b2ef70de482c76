"""How far the sides and the levels of an anatomy segmentation can be believed, from the anatomy of its own labels.

What contradicts plain anatomy along one direction makes every name along this direction doubtful: where left and right
of the hip bones are exchanged, those of the vertebrae may be, too. Whether the map lies on the body that the images
show is checked elsewhere (:mod:`.anatomy_place`, :mod:`.map_place`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.records import MAP_SIDE_FLAG, Place
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import LATERAL_SIDES, Certainty
from .anatomy_map import AnatomyMap, label_facts
from .certainty import least_certain, with_level_certainty, with_side_certainty
from .plausibility import Check, checks

MOST_WRONG = 0.5
"""Part of the checks along a direction that may fail before all names along it are uncertain. Our estimate: an
exchange of names fails all of them, and one organ at an unusual place fails one of many."""
LEAST_ALONG = 2
"""Lower bound of the failed checks of front and back, or of above and below, that count. Our choice, as for the
warnings of :mod:`.anatomy_files`: these bounds are close for bent patients."""
EXCHANGED = 0.8
"""Lower bound of the part of the labels' own checks of left and right that show the other side, at which a map is
refused. Our estimate: an exchange turns all of them, and up to one of five may be a label at an unusual place."""
LEAST_EXCHANGED = 2
"""Lower bound of the number of labels on the wrong side, at which a map is refused. Our choice: a single one may be an
organ at an unusual place."""
EXCHANGED_ADVICE = (
    "Correct the sides in the names of the labels (--anatomy-labels, or the names of the segments or files), make the "
    "segmentation again from the reference series (the T1 where there is one), or leave out --anatomy."
)
SIDE_KINDS = ("side",)
LEVEL_KINDS = ("order", "sacrum", "disc")
DIRECTION_KINDS = (("front",), ("height", "order", "sacrum"))
"""Kinds of checks that speak about sides, about levels, and about the direction of the whole map."""


@dataclasses.dataclass(frozen=True)
class MapTrust:
    """How far the names of a segmentation can be believed.

    Parameters
    ----------
    sides, levels : Certainty
        No side and no level of this map is more certain.
    texts : tuple of str
        Sentences for the reader; none for a map without contradiction.
    level_text : str or None
        What contradicts in its levels, as a clause.
    """

    sides: Certainty = Certainty.CERTAIN
    levels: Certainty = Certainty.CERTAIN
    texts: tuple[str, ...] = ()
    level_text: str | None = None

    def of_place(self, place: Place) -> Place:
        """A place that is named by this map, no more certain than the map."""
        place = with_level_certainty(place, self.levels)
        if place.side not in LATERAL_SIDES or self.sides == Certainty.CERTAIN:
            return place
        if least_certain(self.sides, place.side_certainty) != place.side_certainty:
            flags = tuple(flag for flag in place.flags if not flag.startswith("side-"))
            place = with_side_certainty(dataclasses.replace(place, flags=flags), self.sides)
        return dataclasses.replace(place, flags=(*place.flags, MAP_SIDE_FLAG))

    def of_sites(self, sites: Sequence[Site]) -> list[Site]:
        """Sites of which those from this map are no more certain than the map."""
        return [self._of_site(site) if site.source == SiteSource.SEGMENTATION else site for site in sites]

    def _of_site(self, site: Site) -> Site:
        return dataclasses.replace(
            site,
            side_certainty=str(least_certain(self.sides, site.side_certainty)),
            level_certainty=str(least_certain(self.levels, site.level_certainty)),
        )


_KNOWN: WeakKeyDictionary[AnatomyMap, MapTrust] = WeakKeyDictionary()
"""What was found, because names and sites of one case both ask."""


def map_trust(anatomy: AnatomyMap) -> MapTrust:
    """How far the names of a segmentation can be believed; found once for each map."""
    if anatomy not in _KNOWN:
        _KNOWN[anatomy] = _trust(_checks(anatomy))
    return _KNOWN[anatomy]


def refuse_exchanged(anatomy: AnatomyMap) -> None:
    """Refuse a segmentation whose left and right are exchanged in all, or nearly all, of its labels.

    Its sites and its names would lie on the wrong side of the patient. Where only a part contradicts,
    :func:`map_trust` makes the sides uncertain.

    Raises
    ------
    PainGeneratorError
    """
    named = [check for check in _checks(anatomy) if check.is_opposite is not None]
    wrong = [check for check in named if check.is_opposite]
    labels = {number for check in wrong for number in check.labels}
    if len(labels) < LEAST_EXCHANGED or len(wrong) < EXCHANGED * len(named):
        return
    raise PainGeneratorError(
        f"Left and right are exchanged in the anatomy segmentation: {len(wrong)} of {len(named)} comparisons of its "
        f"sides with each other and with the spine show the other side ({wrong[0].text}).",
        EXCHANGED_ADVICE,
    )


def _checks(anatomy: AnatomyMap) -> list[Check]:
    return checks(anatomy.structures, label_facts(_in_reference(anatomy)))


def _in_reference(anatomy: AnatomyMap) -> Image:
    """The labels in the frame of the reference series, whose axes are those of the patient."""
    if anatomy.frame_to_map_ras is None:
        return anatomy.image
    to_reference = np.linalg.inv(anatomy.frame_to_map_ras)
    return Image(anatomy.image.array, anatomy.image.geometry.moved(to_reference))


def _trust(made: Sequence[Check]) -> MapTrust:
    sides, side_text = _sides(made)
    levels, level_text = _levels(made)
    turned = next((wrong for kinds in DIRECTION_KINDS if (wrong := _contradicted(made, kinds))), [])
    texts = [text for text in (side_text, level_text) if text]
    if turned:
        sides = levels = Certainty.UNCERTAIN
        texts.append(
            f"The directions of the anatomy segmentation contradict plain anatomy ({turned[0].text}): all its sides "
            "and levels are uncertain."
        )
    of_levels = [check.text for check in made if check.kind in LEVEL_KINDS and not check.passed]
    return MapTrust(sides, levels, tuple(texts), of_levels[0] if of_levels else None)


def _contradicted(made: Sequence[Check], kinds: tuple[str, ...]) -> list[Check]:
    """The failed checks of some kinds where they are most of them, and more than one."""
    along = [check for check in made if check.kind in kinds]
    wrong = [check for check in along if not check.passed]
    return wrong if len(wrong) >= LEAST_ALONG and len(wrong) > MOST_WRONG * len(along) else []


def _sides(made: Sequence[Check]) -> tuple[Certainty, str | None]:
    along = [check for check in made if check.kind in SIDE_KINDS]
    wrong = [check for check in along if not check.passed]
    if not wrong:
        return Certainty.CERTAIN, None
    count = f"{len(wrong)} of {len(along)} checks of left and right fail: {wrong[0].text}"
    if len(wrong) > MOST_WRONG * len(along):
        return Certainty.UNCERTAIN, f"All sides that follow the anatomy segmentation are uncertain ({count})."
    text = f"Left and right of a part of the anatomy segmentation are wrong ({count}): no side of it is certain."
    return Certainty.LIKELY, text


def _levels(made: Sequence[Check]) -> tuple[Certainty, str | None]:
    along = [check for check in made if check.kind in LEVEL_KINDS]
    wrong = [check for check in along if not check.passed]
    if not wrong:
        return Certainty.CERTAIN, None
    text = f"The names of the levels in the anatomy segmentation do not fit the spine: {wrong[0].text}."
    many = len(wrong) > 1 or len(wrong) > MOST_WRONG * len(along)
    return Certainty.UNCERTAIN if many else Certainty.LIKELY, text
