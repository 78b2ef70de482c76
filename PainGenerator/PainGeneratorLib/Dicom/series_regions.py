"""Which region of the body a series shows, by its names, and how well that fits what is read."""

from __future__ import annotations

from ..Numerics.core.words import Group
from .series_vocabulary import REGIONS, Meaning
from .series_words import Words

M = Meaning
FIT = {
    Group.LOW_BACK: {
        M.LUMBAR: 1.0,
        M.SPINE: 0.9,
        M.SACRUM: 0.6,
        M.ABDOMEN: 0.3,
        M.PELVIS: 0.2,
        M.THORACIC: 0.1,
        M.HIP: 0.1,
    },
    Group.HIP_REPLACEMENT: {
        M.HIP: 1.0,
        M.PELVIS: 0.9,
        M.SACRUM: 0.3,
        M.LEG: 0.5,
        M.ABDOMEN: 0.2,
        M.LUMBAR: 0.1,
        M.SPINE: 0.1,
    },
}
"""Group -> region -> how well a series of this region serves the reading, from 0 to 1. Regions that are not listed do
not serve it at all. Our estimate: only the order matters, and which regions lie below `FITS`."""
UNKNOWN_FIT = 0.8
"""How well a series serves whose names do not say a region. Our estimate: better than that of a neighboring region."""
FITS = 0.5
"""Lower bound of the fit of a region that is read without a warning. Our estimate."""


def region_of(description: Words, protocol: Words, body_part: Words) -> frozenset[Meaning]:
    """The regions that the names of a series say; empty when none does.

    Parameters
    ----------
    description, protocol, body_part : Words
        The words of Series Description, Protocol Name and Body Part Examined. The first that names a region decides,
        because a protocol and a body part are often those of the whole examination.
    """
    for words in (description, protocol, body_part):
        found = words.all_meanings() & REGIONS
        if found:
            return frozenset(found)
    return frozenset()


def region_fit(region: frozenset[Meaning], group: str | None) -> float:
    """How well a series of these regions serves the reading of a clinical group, from 0 to 1.

    Parameters
    ----------
    region : frozenset of Meaning
        As from :func:`region_of`.
    group : str or None
        ``low-back`` or ``hip-replacement``; None when it is not known, so that all regions serve alike.
    """
    if not region or group not in FIT:
        return UNKNOWN_FIT
    fits = FIT[Group(group)]
    return max(fits.get(one, 0.0) for one in region)


def region_words(region: frozenset[Meaning]) -> str:
    """The regions in words."""
    return " and ".join(sorted(str(one) for one in region))
