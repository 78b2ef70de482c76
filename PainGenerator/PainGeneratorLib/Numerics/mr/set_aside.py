"""What the rules of the MR stage take for normal: listed with its rule, or counted, but never silently left out.

A bright or dark place that a rule calls normal anatomy becomes an MR finding with a reason (``usual``). The reason
speaks against it in its ledger, so that it stands below the bar in the list *set apart*, and comes up where the PET
agrees. Two kinds of places are only counted, with the rule that says so (:attr:`SetAside.counts`):

* what is no thing in the body but an effect of voxels, such as the edge of marrow, which shares its voxels with the
  disc, or a thread of three voxels;
* what is too small to be a finding, or larger than any: a vein of 0.2 ml, or a filled bladder.

What is no place at all, such as a disc as bright as the others, is neither listed nor counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..core.image import Region
from ..core.records import MRFinding
from .verdicts import MRVerdict

Make = Callable[[], MRFinding]
"""Makes the finding of a place, when it is listed."""
Decided = tuple[str, MRVerdict]
"""Name and verdict of the rule that decided about a place."""

LARGEST_ML = 250.0
"""Upper bound for the volume of a place that is listed, ml. Our estimate: a kidney has about 200 ml in men and
150 ml in women (Cheong, Clin J Am Soc Nephrol 2007;2:38), and most masses of the psoas muscle are smaller; most larger
places are a filled bladder, bowel, or the fluid of the whole abdomen. A larger abscess would be counted only, too."""
SAME_PART = 0.5
"""A place with more than this part of its voxels in others that are listed or counted already is the same place, and
is not told again. Our choice: most of it."""


@dataclass(frozen=True, eq=False)
class AsidePlace:
    """A place that a rule takes for normal anatomy.

    Parameters
    ----------
    region : Region
        On the working grid.
    decided : tuple of (str, MRVerdict)
    make : callable
    """

    region: Region
    decided: Decided
    make: Make


@dataclass(eq=False)
class SetAside:
    """Collects what the rules take for normal while findings are looked for.

    Parameters
    ----------
    places : list of AsidePlace
    counts : Counter of str
        Why a place is not listed, with the name of the rule -> how many places.
    """

    places: list[AsidePlace] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, region: Region, decided: Decided, make: Make) -> None:
        """Take a place that a rule calls normal.

        Parameters
        ----------
        region : Region
        decided : tuple of (str, MRVerdict)
        make : callable
            Makes its finding.
        """
        if decided[1].is_artifact:
            self._count(decided)
        else:
            self.places.append(AsidePlace(region, decided, make))

    def findings(self, others: Iterable[MRFinding], least_ml: float) -> list[MRFinding]:
        """The findings of the places that are listed; the others are counted.

        Parameters
        ----------
        others : iterable of MRFinding
            What was found, on the same grid, with the void of an implant. A place that lies mostly in them is one of
            them, and is not counted.
        least_ml : float
            Smaller places are counted, ml.
        """
        if not self.places:
            return []
        taken = np.zeros(self.places[0].region.geometry.size, dtype=bool)
        for one in others:
            taken[one.region.flat] = True
        listed = []
        for place in self.places:
            if taken[place.region.flat].mean() > SAME_PART:
                continue
            taken[place.region.flat] = True
            volume = place.region.volume_ml
            if volume < least_ml:
                self._count(place.decided, f", less than {least_ml:g} ml")
            elif volume > LARGEST_ML:
                self._count(place.decided, f", more than {LARGEST_ML:g} ml")
            else:
                listed.append(_finding(place))
        return listed

    def _count(self, decided: Decided, size: str = "") -> None:
        rule, verdict = decided
        self.counts[f"{verdict.evidence}{size} ({rule})"] += 1


def _finding(place: AsidePlace) -> MRFinding:
    """The finding of a place, with the rule that takes it for normal and what it takes it for."""
    finding = place.make()
    finding.usual, finding.usual_rule = place.decided[1].evidence, place.decided[0]
    finding.rule = finding.usual_rule
    return finding


def not_listed_text(counts: Mapping[str, int]) -> str | None:
    """How many bright or dark places stand in no list and why, as a sentence; None where there are none.

    Parameters
    ----------
    counts : mapping of str to int
        As :attr:`SetAside.counts` has them.
    """
    if not counts:
        return None
    said = ", ".join(f"{text}: {number}" for text, number in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
    return (
        f"{sum(counts.values())} bright or dark places on MR stand in no list, as they are no findings but effects of "
        f"voxels, or too small or too large to be one. Each with its rule: {said}."
    )
