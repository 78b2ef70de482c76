"""What the rules of the fusion ask about anatomical places."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..core.image import Region
from ..core.records import HotSpot, MRFinding, Place

Name = Callable[[Region], Place]
"""Gives the anatomical place of a region in the reference frame."""
Sign = HotSpot | MRFinding
"""A sign of a pain generator: a hot spot on PET or a finding on MR."""
Places = Mapping[Sign, Place]
"""The anatomical place of every sign."""

ORGANS_WITH_UPTAKE = frozenset(
    {
        "kidney",
        "ureter",
        "urinary bladder",
        "small bowel",
        "duodenum",
        "colon",
        "rectum",
        "stomach",
        "liver",
        "gallbladder",
        "spleen",
        "pancreas",
        "adrenal gland",
        "aorta",
        "inferior vena cava",
        "iliac artery",
        "iliac vein",
        "portal vein",
        "prostate",
        "uterus",
        "ovary",
        "testis",
    }
)
"""Structures whose own uptake is no sign of pain: organs, and vessels with their blood."""
PROSTHESIS_NECK = "prosthesis neck"
"""The structure that a place at the neck of a hip prosthesis is named after."""
NEAR_NECK_FLAG = "near-neck"
"""The flag of a place beside the neck that is named after another structure."""
WHOLE_REGIONS = frozenset(
    {
        "spine",
        "paraspinal region",
        "prevertebral region",
        "pelvis or flank",
        "hip region",
        "leg",
        "trunk",
        "unnamed",
    }
)
"""Structures of places at no site and in no labeled structure: only a region of the body is known."""


def is_near_neck(place: Place) -> bool:
    """Whether a place lies at the neck of a hip prosthesis, or right beside it in soft tissue.

    Bone with a Gruen or DeLee-Charnley zone is no part of the neck, however near it lies: uptake there is uptake at
    the interface of bone and prosthesis, which is the sign of loosening.
    """
    return place.structure == PROSTHESIS_NECK or (NEAR_NECK_FLAG in place.flags and place.zone is None)


def is_same_place(first: Place, second: Place) -> bool:
    """Whether two places are the same structure, side, level and zone."""
    return (first.structure, first.side, first.level, first.zone) == (
        second.structure,
        second.side,
        second.level,
        second.zone,
    )


def is_same_name(first: Place, second: Place) -> bool:
    """Whether two places are the same and have the same name."""
    return first.name == second.name and is_same_place(first, second)


def is_whole_region(place: Place) -> bool:
    """Whether a place is only a region of the body: too much to be one candidate."""
    return place.structure in WHOLE_REGIONS
