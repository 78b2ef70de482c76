"""What is read at one place of a case: the values there, what lies there, and why it is no candidate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .records import Place
from .sites import SiteRow


class Why(StrEnum):
    """Kinds of reasons why there is no candidate at a place."""

    SET_APART = "set apart"
    """Something was found and judged: it is on the list of what is set apart, with its points of evidence."""
    TO_BE_LOOKED_AT = "to be looked at"
    """Something was found, and stands in the box above the ranking."""
    USUAL = "usual uptake"
    """A rule calls the uptake physiologic."""
    OUTSIDE = "outside the field of view"
    OUTSIDE_BODY = "outside the body"
    NOT_ALIGNED = "not aligned"
    """PET and MR could not be aligned: what they show here is not the same place of the body."""
    NO_REFERENCE = "no reference"
    """No tissue of the PET tells what raised uptake is."""
    NOT_RAISED = "not raised"
    RATIO = "ratio"
    NOISE = "noise"
    SIZE = "size"
    CONSPICUITY = "conspicuity"
    """High and certain enough, but not clear of normal uptake."""
    OUTLINE = "outline"
    """A focus reaches here, but its outline does not, or it has none."""
    MR = "MR"
    """What the MR shows here, or does not show."""
    METAL = "metal"
    """Within the margin of the artifact of an implant."""
    IN_NO_LIST = "in no list"
    """All limits are reached, but the entry was taken off the list."""


@dataclass(frozen=True)
class Reason:
    """One reason why there is no candidate at a place.

    Parameters
    ----------
    kind : Why
    name : str
        The rule or the parameter of the protocol that decided, such as ``kidney-at-spine`` or
        ``hot_spots.conspicuity``; empty where neither did.
    text : str
        The reason as a sentence, with what is missing.
    value, limit : float or None
        What the place has and what is needed, where the reason is a limit.
    """

    kind: Why
    name: str
    text: str
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class SeriesValue:
    """What one MR series shows at a place.

    Parameters
    ----------
    role : str
    value : float or None
        Of the voxel, in the unit of the series; None outside of it.
    z : float or None
        z-score against the normal marrow around it; None outside marrow.
    """

    role: str
    value: float | None
    z: float | None = None


@dataclass(frozen=True, eq=False)
class PlaceValues:
    """The values at one place.

    Parameters
    ----------
    position_ras : ndarray, shape (3,)
        RAS mm of the reference frame.
    suv : float or None
        Of the voxel, g/ml; None outside the PET.
    suv_peak : float or None
        Mean of the sphere of 1 ml around the voxel, g/ml: what SUVpeak is at this place.
    reference : float or None
        SUV of the normal tissue that a focus here is compared with, g/ml.
    reference_name : str or None
    series : tuple of SeriesValue
        Of the MR series, in their order.
    """

    position_ras: np.ndarray
    suv: float | None
    suv_peak: float | None
    reference: float | None
    reference_name: str | None
    series: tuple[SeriesValue, ...] = ()

    @property
    def ratio(self) -> float | None:
        """`suv_peak` over `reference`; None where one of them is not known."""
        if self.suv_peak is None or not self.reference:
            return None
        return self.suv_peak / self.reference


@dataclass(frozen=True, eq=False)
class Readout:
    """All that is read at one place.

    Parameters
    ----------
    here : PlaceValues
    mirrored : PlaceValues or None
        At the same place on the other side of the body; None where the plane of symmetry is not known.
    tissue : str
        Name of the tissue that the map has here.
    place : Place
        Structure, side and level.
    site : SiteRow or None
        The site in which the place lies, with its measures.
    entry_id : str or None
        Candidate whose outline holds the place.
    entry_name : str or None
        Its name.
    reasons : tuple of Reason
        Why there is no candidate here, the deciding reason first; empty where one is.
    """

    here: PlaceValues
    mirrored: PlaceValues | None
    tissue: str
    place: Place
    site: SiteRow | None = None
    entry_id: str | None = None
    entry_name: str | None = None
    reasons: tuple[Reason, ...] = ()
