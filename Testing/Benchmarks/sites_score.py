"""Score the sites of a case by the true sites: positions, levels, sides, zones, measures and names (see SITES.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PainGeneratorLib.Numerics.core.words import Certainty

FOUND_MM = 20.0
"""Upper bound of the distance between a true site and the site that is compared with it, mm: about half of the height
of a level, so that a site of a neighboring level is never taken for it. Our estimate."""
NEAR_MM = 8.0
"""Upper bound of the position error that the goal allows for 95 % of the sites, mm."""
NEAR_LESION = {
    "spinous process": ("interspinous space",),
    "interspinous space": ("spinous process",),
    "trochanteric bursa": ("greater trochanter",),
    "greater trochanter": ("gluteal tendons", "trochanteric bursa"),
    "iliopsoas bursa": ("iliopsoas tendon",),
}
"""Structure of a true lesion -> other structures that name the same place: Baastrup disease lies between two spinous
processes, and tendons are inserted at the trochanter beneath the bursa."""


@dataclass(frozen=True, eq=False)
class Place:
    """One true site.

    Parameters
    ----------
    structure, side : str
    level, zone : str or None
    center_ras : ndarray, shape (3,)
    axes : ndarray, shape (3, 3)
        Rows are unit vectors.
    half_mm : ndarray, shape (3,)
    measured : dict
        Noise-free ``suv_max``, ``suv_peak`` and ``suv_mean``; empty where they are not known.
    is_rough : bool
        True for a place that was set by hand on pictures; its error is reported apart.
    """

    structure: str
    side: str
    level: str | None
    center_ras: np.ndarray
    axes: np.ndarray
    half_mm: np.ndarray
    zone: str | None = None
    measured: dict[str, float] = field(default_factory=dict)
    is_rough: bool = False

    @classmethod
    def from_truth(cls, site: dict[str, Any]) -> Place:
        """A site of ``truth.json``."""
        measured = {name: site[name] for name in ("suv_max", "suv_peak", "suv_mean") if name in site}
        return cls(
            site["structure"], site["side"], site["level"], np.array(site["center_ras_mm"]), np.array(site["axes"]),
            np.array(site["half_mm"]), site["zone"], measured,
        )  # fmt: skip

    @property
    def key(self) -> tuple[str, str, str | None, str | None]:
        """Structure, side, level and zone."""
        return self.structure, self.side, self.level, self.zone


@dataclass(frozen=True)
class SiteScore:
    """How one true site was found; plain types.

    Parameters
    ----------
    structure, side, level, zone
        Of the truth.
    error_mm : float or None
        Distance of the nearest site of the same structure; None when there is none within `FOUND_MM`.
    found_level, found_side, found_zone, certainty : str or None
        Of this nearest site.
    is_rough : bool
    """

    structure: str
    side: str
    level: str | None
    zone: str | None
    error_mm: float | None = None
    found_level: str | None = None
    found_side: str | None = None
    found_zone: str | None = None
    certainty: str | None = None
    is_rough: bool = False

    @property
    def level_state(self) -> str | None:
        """``right``, ``flagged`` (wrong, but not called certain) or ``silent`` (wrong and called certain)."""
        if self.level is None or self.error_mm is None:
            return None
        if self.level == self.found_level:
            return "right"
        return "silent" if self.certainty == Certainty.CERTAIN else "flagged"

    @property
    def is_side_right(self) -> bool | None:
        """None where no site was found."""
        return None if self.error_mm is None else self.side == self.found_side

    @property
    def is_zone_right(self) -> bool | None:
        """None without a zone; a zone without any site is wrong."""
        return None if self.zone is None else self.zone == self.found_zone


def score_sites(truth: Sequence[Place], found: Sequence[Any]) -> list[SiteScore]:
    """Compare every true site with the nearest site of the same structure, whatever its level and side are called.

    A position thus counts as right in a spine whose levels are all named one too high; the names are scored apart.
    Where two structures share a name (the acetabulum and its zones at a cup), sites with and without a zone are kept
    apart.

    Parameters
    ----------
    truth : sequence of Place
    found : sequence of Site
    """
    scores = []
    for place in truth:
        like = [s for s in found if s.structure == place.structure and (s.zone is None) == (place.zone is None)]
        away = [float(np.linalg.norm(s.center_ras - place.center_ras)) for s in like]
        base = (place.structure, place.side, place.level, place.zone)
        if not away or min(away) > FOUND_MM:
            scores.append(SiteScore(*base, is_rough=place.is_rough))
            continue
        nearest = int(np.argmin(away))
        site = like[nearest]
        scores.append(
            SiteScore(*base, round(away[nearest], 2), site.level, str(site.side), site.zone,
                      str(site.level_certainty), place.is_rough)
        )  # fmt: skip
    return scores


@dataclass(frozen=True)
class MeasureScore:
    """One measure of a site over its truth; plain types.

    Parameters
    ----------
    structure : str
    what : str
        Such as ``suv_peak``; ``suv_peak at the true place`` when the site was put where it truly is, on a PET
        without noise.
    part : float
        Measure over truth.
    """

    structure: str
    what: str
    part: float


def score_measures(truth: Sequence[Place], rows: Iterable[Any], normal: dict[int, float]) -> list[MeasureScore]:
    """Compare the measures of rows with those of the true sites of the same key.

    Parameters
    ----------
    truth : sequence of Place
    rows : iterable of SiteRow
    normal : dict
        Code of a tissue -> its true normal uptake, g/ml.
    """
    by_key = {place.key: place for place in truth if place.measured}
    scores = []
    for row in rows:
        place = by_key.get((row.site.structure, str(row.site.side), row.site.level, row.site.zone))
        if place is None:
            continue
        peak = place.measured["suv_peak"]
        wanted = {**place.measured}
        if row.site.tissue in normal:
            wanted["ratio"] = peak / normal[row.site.tissue]
        other = by_key.get((place.structure, "left" if place.side == "right" else "right", place.level, place.zone))
        if place.side != "midline" and other is not None:
            wanted["side_ratio"] = peak / other.measured["suv_peak"]
        for what, value in wanted.items():
            measured = getattr(row, what, None)
            if measured is not None and value > 0:
                scores.append(MeasureScore(place.structure, what, float(measured) / value))
    return scores


@dataclass(frozen=True)
class NameScore:
    """The name that was given to the region of a true lesion; plain types."""

    structure: str
    side: str
    level: str | None
    zone: str | None
    found: str
    found_structure: str
    found_side: str
    found_level: str | None
    found_zone: str | None
    certainty: str | None

    @property
    def is_structure_right(self) -> bool:
        """Whether the structure is the true one or another word for the same place."""
        wanted = (self.structure, *NEAR_LESION.get(self.structure, ()))
        return self.found_structure in wanted

    @property
    def level_state(self) -> str | None:
        """As for a site; a lesion without a level in its name is ``none``. A vertebra and a disc at it agree."""
        if self.level is None:
            return None
        if self.found_level is None:
            return "none"
        if levels_agree(self.level, self.found_level):
            return "right"
        return "silent" if self.certainty in (None, str(Certainty.CERTAIN)) else "flagged"


def levels_agree(one: str, other: str) -> bool:
    """Whether two levels name the same place: equal, or a vertebra and one of its discs."""
    share = bool(set(one.split("/")) & set(other.split("/")))
    return one == other or (("/" in one) != ("/" in other) and share)


def position_row(scores: Sequence[SiteScore]) -> dict[str, Any]:
    """Number of true sites, missing ones, and median, 95th percentile and part within `NEAR_MM` of the errors, mm."""
    errors = np.array([s.error_mm for s in scores if s.error_mm is not None])
    row: dict[str, Any] = {"count": len(scores), "missing": len(scores) - len(errors)}
    if not len(errors):
        return row | {"median": None, "p95": None, "within": None}
    return row | {
        "median": float(np.median(errors)),
        "p95": float(np.percentile(errors, 95)),
        "within": float(np.mean(errors <= NEAR_MM)),
    }


def counted(values: Iterable[Any]) -> dict[Any, int]:
    """How often each value occurs, None left out."""
    counts: dict[Any, int] = {}
    for value in values:
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return counts
