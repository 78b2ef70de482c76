"""The sites of a case: every place that a reader would look at, with what is measured there.

A site is a named part of the body (a facet joint, an endplate, a zone at a prosthesis) with an ellipsoid in which it
is measured. The table of sites has one row for each, whether or not anything is abnormal there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from .kept import Kept
from .words import Certainty


class SiteState(StrEnum):
    """What the reading of a site says."""

    ABNORMAL = "abnormal"
    NORMAL = "normal"
    NOT_ASSESSABLE = "not assessable"


class SiteSource(StrEnum):
    """Where the position of a site comes from."""

    SEGMENTATION = "anatomy segmentation"
    MR = "MR"
    """From canal, discs and bones that the MR itself shows."""
    PROSTHESIS = "prosthesis"
    """From the shape of the metal."""


@dataclass(frozen=True, eq=False)
class Site(Kept):
    """One place that is measured in every case.

    Parameters
    ----------
    name : str
        As a radiologist says it: ``right facet joint L4/L5``, ``superior endplate of S1``, ``left L5 foramen``.
    structure : str
        Kind of the place without side and level, such as ``facet joint``. Sites of one kind are compared with each
        other.
    side : str
        A word of :class:`.words.Side`.
    level : str or None
        A vertebra (``L4``) or a disc (``L4/L5``).
    zone : str or None
        A zone at a prosthesis, such as ``Gruen 3``.
    center_ras : ndarray, shape (3,)
        Middle, RAS mm in the reference frame.
    axes : ndarray, shape (3, 3)
        Rows are the unit vectors of the axes of the ellipsoid, RAS.
    half_mm : ndarray, shape (3,)
        Half the length of each axis, mm.
    tissue : int
        Code of :mod:`.tissues` of the normal tissue with which its uptake is compared.
    source : str
        A word of :class:`SiteSource`.
    level_certainty, side_certainty : str
        Words of :class:`.words.Certainty`.
    """

    name: str
    structure: str
    side: str
    level: str | None
    center_ras: np.ndarray
    axes: np.ndarray
    half_mm: np.ndarray
    tissue: int
    zone: str | None = None
    source: str = str(SiteSource.MR)
    level_certainty: str = str(Certainty.CERTAIN)
    side_certainty: str = str(Certainty.CERTAIN)

    def radius(self, points_ras: np.ndarray) -> np.ndarray:
        """Distance of points, shape (..., 3), from the middle as a part of the way to the surface: below 1 inside."""
        local = (np.asarray(points_ras) - self.center_ras) @ self.axes.T / self.half_mm
        radius: np.ndarray = np.linalg.norm(local, axis=-1)
        return radius


@dataclass(frozen=True)
class SiteNorm(Kept):
    """What is published about the uptake of a site in people without disease there.

    Parameters
    ----------
    text : str
        The norm in words, for the report.
    source : str
        The publication.
    mean, sd : float or None
        Of SUVmean or SUVmax as the text says, g/ml; None where only words are published.
    """

    text: str
    source: str
    mean: float | None = None
    sd: float | None = None


@dataclass(frozen=True, eq=False)
class SiteRow(Kept):
    """One row of the table of sites. A measure that does not apply is None.

    Parameters
    ----------
    site : Site
    state : str
        A word of :class:`SiteState`.
    reasons : tuple of str
        Why it is abnormal or not assessable, as short sentences.
    suv_max, suv_peak, suv_mean : float or None
        g/ml, of the ellipsoid; the sphere of SUVpeak has its middle in it.
    reference : float or None
        SUV of the matched normal tissue, g/ml.
    reference_name : str or None
    ratio : float or None
        SUVpeak over `reference`.
    side_ratio : float or None
        SUVpeak over that of the same site on the other side.
    level_ratio : float or None
        SUVpeak over the median of the like sites at the other levels.
    level_spread : float or None
        Spread of these (1.4826 MAD), as a part of their median.
    level_z : float or None
        How far SUVpeak is from their median, in units of their spread.
    signals : mapping of str to float
        Role of a series -> median signal in the ellipsoid, in units of the series.
    z : mapping of str to float
        Role of a series -> signed z-score against the like sites of the other levels and the other side.
    mr_signs : tuple of str
        Kinds of the MR findings at the site.
    norm : SiteNorm or None
    candidates : tuple of str
        IDs of the candidates that are anchored at the site.
    flags : tuple of str
    """

    site: Site
    state: str
    reasons: tuple[str, ...] = ()
    suv_max: float | None = None
    suv_peak: float | None = None
    suv_mean: float | None = None
    reference: float | None = None
    reference_name: str | None = None
    ratio: float | None = None
    side_ratio: float | None = None
    level_ratio: float | None = None
    level_spread: float | None = None
    level_z: float | None = None
    signals: Mapping[str, float] = field(default_factory=dict)
    z: Mapping[str, float] = field(default_factory=dict)
    mr_signs: tuple[str, ...] = ()
    norm: SiteNorm | None = None
    candidates: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class InterfaceWord(StrEnum):
    """Where the uptake along a hip prosthesis lies."""

    NOT_ASSESSABLE = "not assessable"
    NONE = "no raised uptake"
    NECK = "neck only"
    FOCAL = "focal"
    ALONG = "along the interface"
    EXTENDED = "with soft tissue extension"


@dataclass(frozen=True)
class InterfaceZone(Kept):
    """One zone of the bone at a hip prosthesis. A measure that could not be taken is None.

    Parameters
    ----------
    zone : str
        ``Gruen 1`` to ``Gruen 14``, ``DeLee-Charnley I`` to ``III``.
    state : str
        A word of :class:`SiteState`: abnormal where the uptake is raised.
    suv_peak : float or None
        g/ml.
    opposite_ratio : float or None
        SUVpeak over that of the same place in the other hip.
    distal_ratio : float or None
        SUVpeak over that of the shaft below the stem; for zones of the stem.
    reference_ratio : float or None
        SUVpeak over normal marrow; for zones of the cup.
    mr_signs : tuple of str
        Kinds of the MR findings there.
    reason : str
        Why it is not assessable, or why raised uptake is not its own; empty otherwise.
    """

    zone: str
    state: str
    suv_peak: float | None = None
    opposite_ratio: float | None = None
    distal_ratio: float | None = None
    reference_ratio: float | None = None
    mr_signs: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class InterfacePattern(Kept):
    """The uptake along the whole interface of bone and one hip prosthesis.

    Parameters
    ----------
    side : str
        ``left`` or ``right``.
    pattern : str
        A word of :class:`InterfaceWord`.
    sentence : str
        The pattern in words, with the zones.
    zones : tuple of InterfaceZone
        Gruen zones in their order, then those of DeLee and Charnley.
    notes : tuple of str
        What else the reader must know: zones of which nothing is known, the time since surgery, CRP.
    """

    side: str
    pattern: str
    sentence: str
    zones: tuple[InterfaceZone, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SiteTable(Kept):
    """All sites of a case, in the order in which a reader goes through them: from above downward, right before left.

    Parameters
    ----------
    rows : tuple of SiteRow
    level_certainty : str or None
        How much the names of the levels can be relied on; None without levels.
    level_reasons : tuple of str
        From what the levels were counted, and what speaks against it.
    notes : tuple of str
        What else the reader must know, such as a contradiction between anatomy segmentation and MR.
    interfaces : tuple of InterfacePattern
        The uptake along each hip prosthesis, right before left.
    """

    rows: tuple[SiteRow, ...] = ()
    level_certainty: str | None = None
    level_reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    interfaces: tuple[InterfacePattern, ...] = ()
