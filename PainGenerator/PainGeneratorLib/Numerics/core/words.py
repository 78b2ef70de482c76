"""The words that the whole project uses for roles, groups, sides, evidence and status.

Every list of such words stands here and nowhere else. The members are strings, so they can be compared with text,
written to JSON and stored as attributes without a conversion.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a series is for."""

    PET = "PET"
    T1 = "T1"
    FLUID = "FLUID"
    """A fluid-sensitive series: STIR, fat-saturated T2 or proton density, or the water image of a Dixon T2."""
    T2 = "T2"
    CONTRAST = "CONTRAST"
    """T1 after gadolinium."""
    ATTENUATION = "ATTENUATION"
    """The Dixon or CT that was acquired with the PET and lies in its frame."""
    FAT_FRACTION = "FAT_FRACTION"
    """The signal fat fraction in percent, computed from the water and the fat image of a Dixon acquisition."""
    OTHER = "OTHER"


COMPUTED_ROLES = (Role.FAT_FRACTION,)
"""Roles of series that the program computes from others. They cannot be given by hand, are not registered (they move
with the series that they come from), and are never the reference."""
GIVEN_ROLES = tuple(role for role in Role if role not in COMPUTED_ROLES)
"""The roles that a series of the scanner can have, and that a user can give."""
MR_ROLES = (Role.T1, Role.FLUID, Role.T2, Role.CONTRAST)
"""The roles of diagnostic MR series, in the order in which they are listed, aligned and measured."""
REFERENCE_ORDER = (Role.T1, Role.CONTRAST, Role.T2, Role.FLUID)
"""Roles that can be the reference series; the first one that a case has is taken. T1 aligns best with PET
(docs/domain.md, Alignment)."""


class Group(StrEnum):
    """Clinical group of a case."""

    LOW_BACK = "low-back"
    HIP_REPLACEMENT = "hip-replacement"


AUTO_GROUP = "auto"
"""In place of a group: take the one that images, headers and anatomy show."""


class Side(StrEnum):
    """Side of the patient's body."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    BOTH = "both"
    """Both joints or bones of a pair, as one finding."""


LATERAL_SIDES = (Side.LEFT, Side.RIGHT)
"""The sides on which a paired structure or a prosthesis can lie."""


class ProsthesisSide(StrEnum):
    """Which hips were replaced."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Fixation(StrEnum):
    """How a hip prosthesis is fixed in the bone."""

    CEMENTED = "cemented"
    UNCEMENTED = "uncemented"
    HYBRID = "hybrid"
    """A cemented stem with a cup without cement, or the reverse."""


class Certainty(StrEnum):
    """How much a side or a level can be relied on."""

    CERTAIN = "certain"
    """More than one sign in the images says so, or an anatomy segmentation does."""
    LIKELY = "likely"
    """One sign says so."""
    UNCERTAIN = "uncertain"
    """It is an assumption, or the signs contradict each other."""


class PainSide(StrEnum):
    """Where the patient says that it hurts."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    MIDLINE = "midline"


class Evidence(StrEnum):
    """Which images show a candidate."""

    BOTH = "PET+MR"
    PET_ONLY = "PET only"
    MR_ONLY = "MR only"


class Status(StrEnum):
    """What the reader decided about a candidate."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PHYSIOLOGIC = "physiologic"


class Origin(StrEnum):
    """Where the outline of a candidate comes from."""

    AUTOMATIC = "automatic"
    EDITED = "edited"
    MANUAL = "manual"


LANGUAGES = ("en", "de", "nl")
"""Codes (ISO 639-1) of the languages in which the letter to the referring physician can be; English comes first."""


def listed(words: Iterable[str]) -> str:
    """Words for a message: ``left, right, midline``."""
    return ", ".join(words)
