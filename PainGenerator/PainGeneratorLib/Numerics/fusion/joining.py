"""Which signs belong to one candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from ..core.records import HotSpot, MRFinding
from ..core.regions import gap_mm, overlap_fraction
from ..mr.verdicts import DISC_DEGENERATION
from .parameters import JoinParameters
from .places import Places, Sign, is_same_place, is_whole_region

SomeSign = TypeVar("SomeSign", HotSpot, MRFinding)
Item = TypeVar("Item")
SHARED_PART = 0.3
"""Lower bound for the part of the smaller of a weak MR finding and a hot spot that both share. Our estimate: 0.55 to
1.0 at eight lesions of phantoms."""
HALF = 0.5
"""From the center of a voxel to its face, as a part of its edge."""


def lies_within(first: Sign, second: Sign, limit_mm: float) -> bool:
    """Whether the gap between two signs is less than `limit_mm`."""
    return bool(gap_mm(first.region, second.region, limit_mm) < np.inf)


def near(signs: Sequence[SomeSign], others: Sequence[Sign], limit_mm: float) -> list[SomeSign]:
    """Those of `signs` that lie nearer than `limit_mm` to at least one of `others`, in their order."""
    return [sign for sign in signs if any(lies_within(sign, other, limit_mm) for other in others)]


def is_clear(finding: MRFinding, parameters: JoinParameters) -> bool:
    """Whether an MR finding is clear enough to stand without PET; a fainter one does not make weak uptake count."""
    return finding.grade >= parameters.clear_grade


def makes_weak_uptake_count(finding: MRFinding, parameters: JoinParameters) -> bool:
    """Whether weak uptake at an MR finding counts: the finding is clear and not a degenerated disc."""
    return is_clear(finding, parameters) and finding.kind != DISC_DEGENERATION


def confirms(spot: HotSpot, finding: MRFinding, least_ratio: float) -> bool:
    """Whether a weak hot spot confirms an MR finding: it is raised, and its maximum lies in the finding.

    Noise and normal tissue make many weak hot spots, so that one lies near nearly every place. Uptake of a lesion has
    its maximum within the lesion, or within the blur of one voxel of the PET.

    Parameters
    ----------
    spot : HotSpot
    finding : MRFinding
    least_ratio : float
        Least SUVpeak over the spot's own reference tissue; without a reference it confirms nothing.
    """
    if spot.tbr is None or spot.tbr < least_ratio:
        return False
    return _is_peak_in(finding, spot)


def confirmed_by(finding: MRFinding, spots: Sequence[HotSpot]) -> bool:
    """Whether a finding that is too faint to count alone lies at one of some hot spots.

    The maximum of the hot spot lies in the finding, or they share a good part of the smaller of both. To touch is not
    enough.
    """
    return any(
        _is_peak_in(finding, spot) or overlap_fraction(finding.region, spot.region) >= SHARED_PART for spot in spots
    )


def _is_peak_in(finding: MRFinding, spot: HotSpot) -> bool:
    """Whether the maximum of a hot spot lies in a finding, or no farther from its voxels than one voxel of the PET."""
    region = finding.region
    if not len(region):
        return False
    from_edge = max(spot.region.geometry.spacing_mm) + HALF * max(region.geometry.spacing_mm)
    return bool(np.min(np.linalg.norm(region.points_ras - spot.peak_ras_mm, axis=1)) <= from_edge)


def has_own_weak_spot(
    finding: MRFinding,
    spots: Sequence[HotSpot],
    weak_spots: Sequence[HotSpot],
    parameters: JoinParameters,
    least_ratio: float,
) -> bool:
    """Whether a weak hot spot confirms a clear MR finding that overlaps no other hot spot.

    The weak hot spot then belongs to this finding, and the finding belongs to no neighboring hot spot.
    """
    if not is_clear(finding, parameters) or _overlaps_one(finding, spots):
        return False
    return any(confirms(spot, finding, least_ratio) for spot in weak_spots)


def _overlaps_one(finding: MRFinding, spots: Sequence[HotSpot]) -> bool:
    return any(overlap_fraction(finding.region, spot.region) > 0 for spot in spots)


def joined_findings(
    findings: Sequence[MRFinding], spots: Sequence[HotSpot], parameters: JoinParameters
) -> list[MRFinding]:
    """The MR findings that belong to hot spots.

    A degenerated disc belongs to them only where the uptake touches it, as most people have one. Degenerated discs
    come last.
    """
    common = [finding for finding in findings if finding.kind == DISC_DEGENERATION]
    others = [finding for finding in findings if finding.kind != DISC_DEGENERATION]
    return [*near(others, spots, parameters.gap_mm), *near(common, spots, parameters.touch_mm)]


def shared_out(
    findings: Sequence[MRFinding], groups: Sequence[Sequence[HotSpot]], parameters: JoinParameters
) -> list[list[MRFinding]]:
    """The MR findings that belong to each of some groups of hot spots.

    A finding between two groups belongs to one of them alone, so that it counts once: to the one that it overlaps
    most, else to the nearest. Only where it holds the maximum of several groups, all of them are at the finding.

    Parameters
    ----------
    findings : sequence of MRFinding
    groups : sequence of sequence of HotSpot
    parameters : JoinParameters
    """
    near_each = [joined_findings(findings, members, parameters) for members in groups]
    owners: dict[MRFinding, list[int]] = {}
    for finding in findings:
        claims = [number for number, near_one in enumerate(near_each) if finding in near_one]
        holders = [number for number in claims if any(_is_peak_in(finding, spot) for spot in groups[number])]
        owners[finding] = claims
        if len(claims) > 1:
            closest = {_closeness(finding, groups[number]): [number] for number in claims}
            owners[finding] = holders or closest[min(closest)]
    return [
        [finding for finding in near_one if number in owners[finding]] for number, near_one in enumerate(near_each)
    ]


def _closeness(finding: MRFinding, spots: Sequence[HotSpot]) -> tuple[float, ...]:
    """Sort key that puts the hot spots first that a finding overlaps most, then the nearest, then the hottest ones."""
    overlap = max(overlap_fraction(finding.region, spot.region) for spot in spots)
    gap = min(float(gap_mm(finding.region, spot.region)) for spot in spots)
    return -overlap, gap, heat_order(spots[0]), *map(float, spots[0].peak_ras_mm)


def grouped_spots(spots: Sequence[HotSpot], places: Places, parameters: JoinParameters) -> list[list[HotSpot]]:
    """Hot spots that make one candidate: of one structure, side and level, and close together; the hottest first."""

    def belong(first: HotSpot, second: HotSpot) -> bool:
        if is_whole_region(places[first]):
            return False
        return is_same_place(places[first], places[second]) and lies_within(first, second, parameters.same_place_mm)

    return [sorted(group, key=heat_order) for group in connected(spots, belong)]


def grouped_findings(
    findings: Sequence[MRFinding], places: Places, parameters: JoinParameters
) -> list[list[MRFinding]]:
    """MR findings that make one candidate, as for hot spots; the clearest first."""

    def belong(first: MRFinding, second: MRFinding) -> bool:
        return lies_within(first, second, parameters.same_place_mm) and is_same_place(places[first], places[second])

    return [sorted(group, key=clearness_order) for group in connected(findings, belong)]


def connected(items: Sequence[Item], are_linked: Callable[[Item, Item], bool]) -> list[list[Item]]:
    """Items in groups: two items are in one group when a chain of links leads from one to the other."""
    groups: list[list[Item]] = []
    for item in items:
        touching = [group for group in groups if any(are_linked(item, other) for other in group)]
        groups = [group for group in groups if group not in touching]
        groups.append([item, *(member for group in touching for member in group)])
    return groups


def heat_order(spot: HotSpot) -> float:
    """Sort key that puts the hottest spot first."""
    return -(spot.suv_peak or spot.suv_max)


def clearness_order(finding: MRFinding) -> tuple[float, float, float]:
    """Sort key that puts the clearest MR finding first: by grade, size of the z-score, and volume."""
    return finding.order
