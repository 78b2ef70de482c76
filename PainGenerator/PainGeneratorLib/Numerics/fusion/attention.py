"""What is no pain generator but has to be looked at: masses, very high uptake, signs of infection, destruction.

Each rule gives a neutral sentence and no diagnosis. All rules are asked, and a candidate to which any of them applies
stands in the box above the ranking, with its ledger. Uptake that is usual at its place (kidney, bladder, bowel) never
gets there. Neither does uptake in no named place that the edge of the PET cuts off, unless the MR shows something
there: a bladder or a kidney that reaches into view looks like that, and the ranking still has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.records import Candidate, HotSpot
from ..core.rules import Rule, RuleList
from ..core.sites import SiteRow
from ..core.words import Group
from ..mr.verdicts import OEDEMA
from .joining import connected, lies_within
from .judged import CaseFacts, Judged
from .ledger_usual import is_explained
from .parameters import AttentionParameters
from .places import is_whole_region

DISC_SITES = ("disc", "upper endplate", "lower endplate")
"""Structures of the sites of one disc, which share its level."""
LEAST_IN_ZONE_ML = 0.5
"""Volume of uptake in a zone of a prosthesis from which it reaches into the zone, ml. Our estimate: half of the sphere
of SUVpeak."""


def discitis_pattern(judged: Judged) -> str | None:
    """A disc and both its endplates have much more uptake than at the other levels, and about alike.

    A healthy disc is cold. Uptake of the endplates alone (Modic changes) leaves it so, and that of the disc alone
    leaves the endplates so, as the resolution of a PET is half the height of a disc.
    """
    p, place = judged.case.parameters.attention, judged.candidate.place
    rows = {row.site.structure: row for row in judged.case.rows if row.site.level == place.level}
    if place.level is None or not counted_spots(judged.candidate) or not set(DISC_SITES) <= set(rows):
        return None
    if not any(_reaches(judged.candidate, rows[structure]) for structure in DISC_SITES):
        return None
    found = {structure: _over_levels(rows[structure]) for structure in DISC_SITES}
    if min(found.values()) < p.disc_ratio or not _is_even([_excess(rows[s], found[s]) for s in DISC_SITES], p):
        return None
    ratios = ", ".join(f"{structure} {ratio:.1f}" for structure, ratio in found.items())
    return (
        f"Disc {place.level} and both its endplates have raised uptake of like degree ({ratios} times that of the "
        "other levels), a pattern that discitis has, too."
    )


def _is_even(excesses: Sequence[float], p: AttentionParameters) -> bool:
    """Whether the lowest excess is about the highest one."""
    return min(excesses) >= p.disc_evenness * max(excesses)


def _excess(row: SiteRow, ratio: float) -> float:
    """Uptake of a site above that of the other levels, g/ml; in units of the latter where its SUV is not known.

    Endplates are hotter than discs at all levels: a like excess in SUV is a smaller ratio there.
    """
    return ratio - 1.0 if row.suv_peak is None else row.suv_peak * (1.0 - 1.0 / ratio)


def _over_levels(row: SiteRow) -> float:
    """Uptake of a site over that of the other levels, else over its reference; 0 where neither is known."""
    return next((ratio for ratio in (row.level_ratio, row.ratio) if ratio is not None), 0.0)


def _reaches(candidate: Candidate, row: SiteRow) -> bool:
    """Whether the region of a candidate reaches into a site."""
    return bool((row.site.radius(candidate.region.points_ras) <= 1.0).any())


def diffuse_at_prosthesis(judged: Judged) -> str | None:
    """Uptake along the interface of a prosthesis that is large, or reaches over several of its zones.

    Uptake at one place of the interface is what loosening or a stem that rubs has; uptake along the whole interface is
    also seen in infection. Mild uptake at the neck is usual and does not count.
    """
    p, candidate = judged.case.parameters.attention, judged.candidate
    is_at_prosthesis = candidate.place.zone is not None or candidate.place.structure.startswith("prosthesis")
    if not is_at_prosthesis or "expected-after-surgery" in candidate.flags:
        return None
    volume_ml = volume_of(counted_spots(candidate))
    zones = zones_reached(judged)
    if volume_ml < p.interface_ml and len(zones) < p.interface_zones:
        return None
    where = f" ({', '.join(zones)})" if zones else ""
    return f"Uptake along the prosthesis over {volume_ml:.0f} ml{where}: diffuse, and not at one place of it."


def zones_reached(judged: Judged) -> list[str]:
    """Names of the zones of a prosthesis that the uptake of a candidate reaches into."""
    spots = counted_spots(judged.candidate)
    if not spots:
        return []
    points = np.concatenate([spot.region.points_ras for spot in spots])
    voxel_ml = spots[0].region.geometry.voxel_volume_ml
    found = []
    for row in judged.case.rows:
        if row.site.zone is None:
            continue
        if np.count_nonzero(row.site.radius(points) <= 1.0) * voxel_ml >= LEAST_IN_ZONE_ML:
            found.append(row.site.zone)
    return sorted(dict.fromkeys(found), key=_zone_order)


def _zone_order(zone: str) -> tuple[str, int, str]:
    """Zones at the cup before Gruen zones, and these by their number."""
    family, _, number = zone.partition(" ")
    return family, int(number) if number.isdigit() else 0, number


def mass(judged: Judged) -> str | None:
    """Uptake of more volume than joints, endplates, bursae and roots have, whatever the tissue.

    Pieces as near as those of one place are one mass; both joints of a pair are not. Whole bones and muscle bellies
    are large and hotter than what surrounds them, on both sides; a mass lies on one side.
    """
    p, candidate = judged.case.parameters.attention, judged.candidate
    gap_mm = judged.case.parameters.join.same_place_mm
    pieces = connected(counted_spots(candidate), lambda one, other: lies_within(one, other, gap_mm))
    spots = max(pieces, key=volume_of, default=[])
    volume_ml = volume_of(spots)
    side_ratio = candidate.left_right_ratio
    if side_ratio is not None and side_ratio < p.mass_side_ratio:
        return None
    if volume_ml < p.mass_ml or _ratio(candidate) < p.mass_ratio:
        return None
    return f"Large: {volume_ml:.0f} ml of raised uptake, SUVmax {_highest(spots):.1f}."


def very_high_uptake(judged: Judged) -> str | None:
    """Uptake far above what degenerative disease shows at such a site."""
    p, candidate = judged.case.parameters.attention, judged.candidate
    spots = counted_spots(candidate)
    is_hip = judged.case.group == Group.HIP_REPLACEMENT
    limit, where = (p.hip_suv, "a hip") if is_hip else (p.spine_suv, "a spine")
    if not spots or _highest(spots) <= limit or _ratio(candidate) < p.high_ratio:
        return None
    over = "" if candidate.tbr is None else f", {candidate.tbr:.1f} times the reference"
    return (
        f"SUVmax {_highest(spots):.1f} g/ml{over}: more than the {limit:g} g/ml that wear and inflammation of {where} "
        "reach."
    )


def marrow_replaced(judged: Judged) -> str | None:
    """Marrow is replaced over more than half of a vertebral body: bright where fluid is bright, and dark on T1.

    Modic changes keep to the endplate, and edema of a joint is smaller. Beside metal the signal says nothing, and what
    a rule takes for normal anatomy is no marrow.
    """
    p, candidate = judged.case.parameters.attention, judged.candidate
    dark = [
        finding
        for finding in candidate.mr_findings
        if finding.kind == OEDEMA
        and finding.usual is None
        and finding.z_t1 is not None
        and finding.z_t1 <= p.marrow_t1_z
        and "near-implant" not in finding.flags
    ]
    volume_ml = sum(finding.volume_ml for finding in dark)
    if volume_ml < p.marrow_ml:
        return None
    return f"Marrow is replaced over {volume_ml:.0f} ml on MR (dark on T1, z {min(f.z_t1 or 0.0 for f in dark):.1f})."


ATTENTION_RULES: RuleList[Judged, str] = RuleList(
    [
        Rule("discitis-pattern", discitis_pattern),
        Rule("diffuse-at-prosthesis", diffuse_at_prosthesis),
        Rule("mass", mass),
        Rule("very-high-uptake", very_high_uptake),
        Rule("marrow-replaced", marrow_replaced),
    ]
)
"""Why something has to be looked at. The verdict is the reason, as a neutral sentence; all rules are asked."""


def counted_spots(candidate: Candidate) -> list[HotSpot]:
    """The hot spots of a candidate that may make it a thing to be looked at: none where something usual explains them.

    Uptake that counts only since an MR finding touches it was held to be an organ, and says nothing here.
    """
    is_cut_off = "truncated" in candidate.flags and is_whole_region(candidate.place)
    if is_explained(candidate) or (is_cut_off and not candidate.mr_findings):
        return []
    return [spot for spot in candidate.hot_spots if spot.physiologic is None and "usual-place" not in spot.flags]


def volume_of(spots: Sequence[HotSpot]) -> float:
    """Volume of hot spots, ml."""
    return sum(spot.mtv_ml for spot in spots)


def _highest(spots: Sequence[HotSpot]) -> float:
    return max(spot.suv_max for spot in spots)


def _ratio(candidate: Candidate) -> float:
    """Uptake over the reference tissue of the place; infinite where none is known, so that it is not asked."""
    return np.inf if candidate.tbr is None else candidate.tbr


def attention_reason(candidate: Candidate, case: CaseFacts) -> str | None:
    """Why a candidate belongs into the box above the ranking, in one or more sentences; None where it does not."""
    judged = Judged(candidate, case, case.row_of(candidate))
    off = case.parameters.attention.rules_off
    asked = (rule.apply(judged) for rule in ATTENTION_RULES if rule.name not in off)
    reasons = [reason for reason in asked if reason is not None]
    return " ".join(reasons) if reasons else None


__all__ = ["ATTENTION_RULES", "Rule", "attention_reason"]
