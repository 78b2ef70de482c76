"""Hot spots of sites whose uptake stands out from their own kind although detection kept no focus there.

Detection looks for maxima that exceed the tissue around them. A nerve root beside a hotter facet joint, a spinous
process of 1 ml, and muscle with a slight rise have none that is clear. The same site at the other levels has the same
neighbors, so that what exceeds it there is the site's own uptake. Such a site gets a hot spot of its own, which is
judged by the same ledger as all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..core.image import Image, Region
from ..core.records import HotSpot
from ..core.sites import SiteRow, SiteSource
from ..core.words import Role
from .judged import CaseFacts
from .own_kind import SPILL_FLAG, stands_out
from .places import Name, is_whole_region
from .site_norms import is_at_conus
from .site_parameters import SiteParameters
from .site_spill import LEAST_SIDE_RATIO, excess_of, where_from, without_usual_reach
from .site_uptake import SiteUptake, measure_uptake
from .site_voxels import site_voxels

ALONE = 0.4
"""How far a site stands out (:func:`.own_kind.stands_out`) from which it is an entry by its uptake alone. Our
estimate: ratio 1.23 and z 2.3, which 1 of 100 normal sites exceeds by chance. The ledger weighs it further."""
WITH_SIGN = 0.2
"""The same where the MR shows something at the site, or the other side has less uptake: two weak signs at one place.
Our estimate."""
SIGNAL_Z = 4.0
"""Lower bound of the z-score of a fluid-sensitive series at a site that supports a weak sign on PET. Our estimate: 1
of 20 normal sites of one spine exceeds it, as fat and vessels differ."""
FLUID_ROLES = (Role.FLUID, Role.T2)
"""Series that show edema and fluid bright."""
SAME_MAXIMUM_MM = 10.0
"""Two sites whose spheres of SUVpeak lie nearer than this show one maximum. Our estimate: less than its diameter."""
NOT_ASKED_FLAGS = frozenset({"outside-mr", "near-implant", "peak-at-edge", SPILL_FLAG})
"""Flags of sites that make no hot spot: their place is extrapolated, or what is measured there is not theirs."""
LEAST_HALF = 0.5
"""The outline of a site reaches down to this part of the height over its like."""

Measure = Callable[[Region], HotSpot | None]
"""Measures an outline on the voxels of the PET; the hot spot lies in the reference frame."""


@dataclass(frozen=True, eq=False)
class SiteSearch:
    """What hot spots of sites are made from.

    Parameters
    ----------
    pet : Image
        SUV, g/ml, on its own voxels, in the frame of the sites.
    known : sequence of HotSpot
        What detection shows, and what it found but does not show; on the voxels of the PET.
    measure : callable
    parameters : SiteParameters
    alike_ratio : float
        Ratio to the other side below which both sides of a muscle are alike.
    factor : float
        What the needed height is multiplied with at the setting of the sensitivity; 1 at the default.
    """

    pet: Image
    known: Sequence[HotSpot]
    measure: Measure
    parameters: SiteParameters
    alike_ratio: float
    factor: float = 1.0


def spots_of_sites(rows: Sequence[SiteRow], search: SiteSearch) -> list[HotSpot]:
    """Hot spots of the sites that stand out from their own kind, and that no known hot spot covers.

    Parameters
    ----------
    rows : sequence of SiteRow
        All sites, measured.
    search : SiteSearch

    Returns
    -------
    list of HotSpot
        One for each maximum, that of the site which stands out most.
    """
    asked = [(n, row) for n, row in enumerate(rows) if _is_asked(row)]
    alike = search.alike_ratio
    chosen = [n for n, row in asked if stands_out(row, alike_ratio=alike) >= _needed(row) * search.factor]
    if not chosen:
        return []
    grid = search.pet.geometry
    voxels = [site_voxels(rows[n].site, grid) for n in chosen]
    p = search.parameters
    uptakes = measure_uptake(search.pet, voxels, 1.0 - p.part_outside, p.spill)
    found: list[HotSpot] = []
    taken: list[np.ndarray] = []
    order = sorted(range(len(chosen)), key=lambda k: -(rows[chosen[k]].level_z or 0.0))
    for k in order:
        uptake = uptakes[k]
        if uptake is None or not _is_own(rows, chosen[k], uptake, search):
            continue
        at = grid.flat_to_ras(np.array([uptake.peak_flat]))[0]
        if any(np.linalg.norm(at - other) < SAME_MAXIMUM_MM for other in taken):
            continue
        taken.append(at)
        spot = search.measure(outline_in(search.pet, rows[chosen[k]], voxels[k].inside, uptake))
        if spot is not None:
            found.append(_with_reference(spot, rows[chosen[k]]))
    return found


def _with_reference(spot: HotSpot, row: SiteRow) -> HotSpot:
    """A hot spot with the reference of its site, as the table of sites has it: that of a root, not of bone."""
    if row.reference is None or spot.suv_peak is None:
        return spot
    return replace(spot, reference=row.reference, reference_name=row.reference_name, tbr=spot.suv_peak / row.reference)


def standing_out(spots: Sequence[HotSpot], name: Name, case: CaseFacts) -> list[HotSpot]:
    """Those of the unclear hot spots whose site stands out from its own kind: they are clear of what is normal there.

    Parameters
    ----------
    spots : sequence of HotSpot
        High and certain, but not clear of all normal tissue.
    name : callable
    case : CaseFacts
    """
    found = []
    for spot in spots:
        place = name(spot.region)
        row = None if is_whole_region(place) else case.row_at(place)
        if row is None or spot.physiologic is not None:
            continue
        if stands_out(row, spot.suv_peak, spot, alike_ratio=case.alike_ratio) >= _needed(row):
            found.append(spot)
    return found


def outline_in(pet: Image, row: SiteRow, inside: np.ndarray, uptake: SiteUptake) -> Region:
    """The voxels of a site that exceed half of its height over its like, connected with its maximum.

    Parameters
    ----------
    pet : Image
    row : SiteRow
        Of the site.
    inside : ndarray of int64
        Flat indices of the voxels of the site.
    uptake : SiteUptake
        Of the site.
    """
    values = pet.array.reshape(-1)
    inside = inside[np.isfinite(values[inside])]
    normal = uptake.suv_peak / max(row.level_ratio or 1.0, 1.0)
    top = float(values[inside].max()) if inside.size else uptake.suv_max
    above = inside[values[inside] >= normal + LEAST_HALF * (top - normal)]
    region = Region(pet.geometry, np.sort(above) if above.size else np.array([uptake.peak_flat]))
    labels, count = ndimage.label(region.box_mask().array, np.ones((3, 3, 3)))
    if count <= 1:
        return region
    kji = np.array(np.unravel_index(region.flat, region.geometry.shape)).T - np.array(region.box[0])
    own = labels[tuple(kji.T)]
    hottest = int(values[region.flat].argmax())
    return Region(pet.geometry, region.flat[own == own[hottest]])


def _is_asked(row: SiteRow) -> bool:
    """Whether uptake at a site is no usual uptake for its kind, and can be told from that of its neighbors."""
    if is_at_conus(row.site) or row.site.source == SiteSource.PROSTHESIS:
        return False
    return not NOT_ASKED_FLAGS.intersection(row.flags)


def _needed(row: SiteRow) -> float:
    """How far a site must stand out: less where another sign supports it."""
    return WITH_SIGN if _has_other_sign(row) else ALONE


def _has_other_sign(row: SiteRow) -> bool:
    """Whether MR, or the other side, shows something at a site as well."""
    signal = max((row.z.get(role, 0.0) for role in FLUID_ROLES), default=0.0)
    return bool(row.mr_signs) or signal >= SIGNAL_Z or (row.side_ratio or 0.0) >= LEAST_SIDE_RATIO


def _is_own(rows: Sequence[SiteRow], number: int, uptake: SiteUptake, search: SiteSearch) -> bool:
    """Whether uptake is the site's own, is not physiologic, and is no known hot spot."""
    grid = search.pet.geometry
    sites = [row.site for row in rows]
    origin = where_from(sites, number, uptake, grid, search.known, [], search.parameters)
    origin = without_usual_reach(
        origin,
        rows[number].side_ratio,
        excess_of(uptake.suv_peak, rows[number].level_ratio),
        lambda n: excess_of(rows[n].suv_peak, rows[n].level_ratio),
    )
    if origin.beside is not None or origin.physiologic is not None:
        return False
    return not any(_covers(spot, rows[number], uptake) for spot in search.known)


def _covers(spot: HotSpot, row: SiteRow, uptake: SiteUptake) -> bool:
    """Whether a hot spot holds the maximum of a site, or has its own maximum in the site."""
    holds = np.isin([uptake.peak_flat, uptake.summit_flat], spot.region.flat)
    return bool(holds.any()) or float(row.site.radius(spot.peak_ras_mm)) <= 1.0
