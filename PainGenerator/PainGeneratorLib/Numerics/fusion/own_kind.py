"""How far the uptake of a site stands out from its own kind: the same site at the other levels, with their spread.

A midline site of 2 to 3 ml has no other side, and loses contrast to the blur of the PET. Against all normal tissue of
the body it is never clear. The like sites of the other levels lose the same contrast and have the same neighbors, so
that a site which stands out from them has uptake of its own.
"""

from __future__ import annotations

import math

from ..core import tissues as codes
from ..core.records import HotSpot
from ..core.sites import Site, SiteRow
from .evidence import graded
from .site_comparison import is_thoracic

KIND_RATIO_NONE, KIND_RATIO_FULL = 1.15, 1.35
"""Ratio to the like sites up to which a site does not stand out, and from which it fully does. Our estimates: uptake
of one tissue differs by about 10 % between two scans of one person (Lodge, J Nucl Med 2017;58:523), and a site of 1 ml
with twice the uptake of its surroundings still shows 1.3 to 1.4 on a PET that resolves 5 to 6 mm."""
SURE_RATIO = 1.6
"""Ratio to the like sites that no error of the place of a site makes. Our estimate: a site of 1 ml that lies 4 to 6 mm
off (Testing/Benchmarks/SITES.md) beside marrow with twice its uptake shows up to 1.5."""
KIND_Z_NONE, KIND_Z_FULL = 1.5, 3.5
"""Height over the like sites, in units of their spread, up to which a site does not stand out, and from which it fully
does. Our estimates: with a normal spread 1 of 15 normal sites exceeds the first by chance, 1 of 4000 the second."""
SITE_METHOD = "site"
"""Contour method of a hot spot that was made from a site (:mod:`.from_sites`)."""
SPILL_FLAG = "spill-over"
"""Flag of a site to which the uptake of a hotter place beside it reaches."""
ALONG_CANAL = frozenset(
    {"facet joint", "pedicle", "lamina", "spinous process", "upper endplate", "lower endplate", "multifidus", "psoas"}
)
"""Structures that have no colder or hotter structure above and below them at the same distance from the canal, as
foramina have pedicles and discs have bodies: there, detection compares with the other levels as well as sites do."""


def combined_ratio(row: SiteRow, spot: HotSpot | None) -> float | None:
    """Ratio of a site to its like, as far as the comparison of detection with the other levels agrees.

    A site has its place by published anatomy in the axes of its vertebra, and detection compares places at the same
    distance from the canal. Each of both has its own error, and they share none of it but the noise of the place
    itself. So the geometric mean of both counts where it is lower. A ratio from :data:`SURE_RATIO` on is more than a
    place that is some millimeters off makes, so that nothing else is asked.

    Parameters
    ----------
    row : SiteRow
    spot : HotSpot or None
        A hot spot there.
    """
    ratio, seen = row.level_ratio, None if spot is None else spot.level_ratio
    if ratio is None or seen is None or row.site.structure not in ALONG_CANAL:
        return ratio
    asked = 1.0 - max(0.0, graded(ratio, 0.0, KIND_RATIO_FULL, SURE_RATIO))
    return float(ratio * min(1.0, math.sqrt(seen / ratio)) ** asked)


def stands_out(
    row: SiteRow | None, suv_peak: float | None = None, spot: HotSpot | None = None, *, alike_ratio: float
) -> float:
    """How far a site stands out from its own kind, 0 (not, or not known) to 1.

    Parameters
    ----------
    row : SiteRow or None
        Of the site, with its measures.
    suv_peak : float, optional
        SUVpeak of the focus that is judged, g/ml. Where it is less than that of the site, it is what counts: the site
        then holds another, hotter place as well.
    spot : HotSpot, optional
        That focus, which has a comparison with the other levels of its own (:func:`combined_ratio`).
    alike_ratio : float
        See :func:`is_usual_use`.
    """
    if row is None or row.level_ratio is None or row.level_z is None:
        return 0.0
    if SPILL_FLAG in row.flags or not has_own_kind(row.site) or is_usual_use(row, alike_ratio):
        return 0.0
    part = 1.0
    if suv_peak is not None and row.suv_peak:
        part = min(1.0, suv_peak / row.suv_peak)
    ratio = part * (combined_ratio(row, spot) or row.level_ratio)
    z = row.level_z if row.level_ratio <= 1.0 else row.level_z * (ratio - 1.0) / (row.level_ratio - 1.0)
    return max(0.0, min(_part(ratio, KIND_RATIO_NONE, KIND_RATIO_FULL), _part(z, KIND_Z_NONE, KIND_Z_FULL)))


def has_own_kind(site: Site) -> bool:
    """Whether the like sites of the other levels are of one kind with a site.

    In a study of the lower back most of them are lumbar. Thoracic vertebrae have ribs with joints of their own, and
    discs that are thinner than a PET resolves: they always have more uptake than lumbar ones.
    """
    return not is_thoracic(site)


def is_thin_disc(site: Site) -> bool:
    """Whether a disc is thinner than a PET resolves, so that it shows the uptake of the marrow on both sides.

    Thoracic discs are 4 to 6 mm high, and a PET resolves 5 to 6 mm.
    """
    return site.structure == "disc" and is_thoracic(site)


def is_usual_use(row: SiteRow, alike_ratio: float) -> bool:
    """Whether uptake above the other levels is usual: that of muscle which both sides use alike.

    Parameters
    ----------
    row : SiteRow
    alike_ratio : float
        Ratio to the other side below which both are alike, as for hot spots (hot_spots.physiologic.symmetric_ratio).
    """
    return row.site.tissue == codes.MUSCLE and row.side_ratio is not None and row.side_ratio < alike_ratio


def _part(value: float, none: float, full: float) -> float:
    return graded(value, none - 1.0, none, full)
