"""Joins hot spots and MR findings into named, scored and ranked candidates.

Start at :func:`fuse`. Which signs belong together is decided in :mod:`.joining`, what is usual at its place in
:mod:`.set_apart`, and flags and score in :mod:`.scoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.image import Geometry
from ..core.records import Candidate, HotSpot, MRFinding
from ..core.regions import on_grid, union
from ..core.words import Evidence
from ..mr.verdicts import IMPLANT_ARTEFACT
from .joining import (
    clearness_order,
    grouped_findings,
    grouped_spots,
    has_own_weak_spot,
    heat_order,
    joined_findings,
    makes_weak_uptake_count,
    near,
)
from .parameters import FusionParameters
from .places import Name, Places, Sign
from .scoring import Symptoms, flag_and_score, is_shown
from .set_apart import SET_APART_RULES, UptakeAlone, are_scar_after_replacement, is_scar_at_neck

__all__ = ["FusionParameters", "Name", "Symptoms", "flag_and_score", "fuse", "ranked", "set_measures"]

CONFIRMED_BY_MR = "confirmed-by-mr"
"""The name of the rule by which uptake counts although it is usual at its place: the MR shows something there."""


@dataclass(frozen=True)
class Signs:
    """All signs that can make a candidate.

    Parameters
    ----------
    spots : list of HotSpot
    findings : list of MRFinding
    weak_spots : sequence of HotSpot
    weak_findings : sequence of MRFinding
    places : mapping
        The place of every hot spot and finding that is not weak.
    aligned : bool
        False when PET and MR could not be aligned. Nothing is joined then, and no weak sign counts.
    """

    spots: list[HotSpot]
    findings: list[MRFinding]
    weak_spots: Sequence[HotSpot]
    weak_findings: Sequence[MRFinding]
    places: Places
    aligned: bool


def fuse(
    hot_spots: Sequence[HotSpot],
    mr_findings: Sequence[MRFinding],
    name: Name,
    parameters: FusionParameters,
    *,
    symptoms: Symptoms,
    group: str,
    aligned: bool = True,
    mr_field: Geometry | None = None,
    pet_field: Geometry | None = None,
    weak_spots: Sequence[HotSpot] = (),
    weak_findings: Sequence[MRFinding] = (),
) -> list[Candidate]:
    """Join, name, score and rank.

    Parameters
    ----------
    hot_spots : sequence of HotSpot
        In the reference frame. Physiologic ones are left out here, as they are reported apart. Uptake that is usual at
        its place is found here, where its place is known, and marked as physiologic in place.
    mr_findings : sequence of MRFinding
        In the reference frame. Implant artifacts make no candidates.
    name : callable
        Gives the anatomical place of a region.
    parameters : FusionParameters
    symptoms : Symptoms
    group : str
        ``low-back`` or ``hip-replacement``.
    aligned : bool
        False when PET and MR could not be aligned. Nothing is joined then, and every candidate has a flag for it.
    mr_field, pet_field : Geometry, optional
        Fields of view in the reference frame. A candidate outside one of them has a flag for it.
    weak_spots : sequence of HotSpot
        Too faint or too usual to count alone. Each counts where an MR finding without a hot spot of its own lies.
    weak_findings : sequence of MRFinding
        Too faint to count alone. Each counts where a hot spot lies. Two weak signs at one place do not count.

    Returns
    -------
    list of Candidate
        Best first; ``id`` is "PG-01", "PG-02" and so on, in this order.
    """
    spots = [spot for spot in hot_spots if spot.physiologic is None]
    findings = [finding for finding in mr_findings if finding.kind != IMPLANT_ARTEFACT]
    named: list[Sign] = [*spots, *findings]
    places: Places = {sign: name(sign.region) for sign in named}
    signs = Signs(spots, findings, weak_spots, weak_findings, places, aligned)
    with_uptake, used = _with_uptake(signs, parameters, group)
    candidates = [*with_uptake, *_without_uptake(signs, used, parameters, group)]
    for candidate in candidates:
        flag_and_score(
            candidate,
            parameters,
            symptoms=symptoms,
            group=group,
            aligned=aligned,
            mr_field=mr_field,
            pet_field=pet_field,
        )
    kept = [candidate for candidate in candidates if is_shown(candidate, parameters)]
    _take_back(hot_spots, kept)
    return ranked(kept)


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates sorted best first, with `rank` set; ids are given to those that have none and never changed."""
    order = sorted(candidates, key=lambda c: (-c.score, -(c.suv_peak or 0.0), -(c.mr_z or 0.0), *c.centroid_ras_mm))
    taken = {candidate.id for candidate in order}
    free = (text for text in (f"PG-{n:02d}" for n in range(1, 10_000)) if text not in taken)
    for rank, candidate in enumerate(order, start=1):
        candidate.rank = rank
        candidate.id = candidate.id or next(free)
    return order


def _with_uptake(signs: Signs, parameters: FusionParameters, group: str) -> tuple[list[Candidate], set[MRFinding]]:
    """Candidates of hot spots with the MR findings that belong to them, and these MR findings."""
    join, places = parameters.join, signs.places
    joinable: list[MRFinding] = []
    if signs.aligned:
        joinable = [
            finding
            for finding in signs.findings
            if not has_own_weak_spot(finding, signs.spots, signs.weak_spots, join)
        ]
    candidates: list[Candidate] = []
    used: set[MRFinding] = set()
    for members in grouped_spots(signs.spots, places, join):
        joined = joined_findings(joinable, members, join)
        if all(is_scar_at_neck(finding, places[finding], parameters.neck) for finding in joined):
            uptake = UptakeAlone(tuple(members), tuple(places[spot] for spot in members), group, parameters)
            if _is_set_apart(uptake):
                continue
        used.update(joined)
        faint = near(signs.weak_findings, members, join.touch_mm) if signs.aligned else []
        candidates.append(_candidate(members, [*joined, *faint], places))
    return candidates, used


def _is_set_apart(uptake: UptakeAlone) -> bool:
    """Whether uptake is usual at its place; it is marked as physiologic then, with the reason and the rule."""
    found = SET_APART_RULES.first(uptake, uptake.parameters.rules_off)
    if found is None:
        return False
    for spot in uptake.spots:
        spot.rule, spot.physiologic = found
    return True


def _without_uptake(signs: Signs, used: set[MRFinding], parameters: FusionParameters, group: str) -> list[Candidate]:
    """Candidates of the MR findings that belong to no hot spot, with the weak hot spots that lie there."""
    join, places = parameters.join, signs.places
    candidates = []
    rest = [finding for finding in signs.findings if finding not in used]
    for members in grouped_findings(rest, places, join):
        if are_scar_after_replacement(members, places, group, parameters.neck):
            continue
        clear = [finding for finding in members if makes_weak_uptake_count(finding, join)]
        faint = near(signs.weak_spots, clear, join.touch_mm) if signs.aligned else []
        candidates.append(_candidate([], members, places, sorted(faint, key=heat_order)))
    return candidates


def _take_back(hot_spots: Sequence[HotSpot], candidates: Sequence[Candidate]) -> None:
    """Uptake that counts in a candidate, as the MR confirms it, is not listed as physiologic beside it."""
    counted = {tuple(spot.peak_ras_mm) for candidate in candidates for spot in candidate.hot_spots}
    for spot in hot_spots:
        if spot.physiologic is not None and tuple(spot.peak_ras_mm) in counted:
            spot.physiologic, spot.rule = None, CONFIRMED_BY_MR


def _candidate(
    spots: list[HotSpot], findings: list[MRFinding], places: Places, weak_spots: Sequence[HotSpot] = ()
) -> Candidate:
    """A candidate from what lies at one place, the hottest spot first.

    Its name, outline and position are those of its hot spots, else of its MR findings: the outline of a weak spot is
    too uncertain. Its position is the hottest spot's own, as spots that nearly touch may spread over a whole joint.
    """
    findings = sorted(findings, key=clearness_order)
    signs: list[HotSpot] | list[MRFinding] = spots or findings
    first = signs[0]
    region = union([on_grid(sign.region, first.region.geometry) for sign in signs])
    place = places[first]
    all_spots = [*spots, *weak_spots]
    flags = [flag for spot in all_spots for flag in spot.flags]
    flags += [flag for finding in findings for flag in finding.flags]
    candidate = Candidate(
        id="",
        rank=0,
        score=0.0,
        score_parts={},
        place=place,
        evidence=evidence_of(all_spots, findings),
        region=region,
        centroid_ras_mm=first.centroid_ras_mm,
        volume_ml=region.volume_ml,
        flags=list(dict.fromkeys([*flags, *place.flags])),
        hot_spots=all_spots,
        mr_findings=findings,
    )
    set_measures(candidate)
    return candidate


def evidence_of(spots: Sequence[HotSpot], findings: Sequence[MRFinding]) -> Evidence:
    """Which images show a candidate that has these hot spots and MR findings."""
    if spots and findings:
        return Evidence.BOTH
    return Evidence.PET_ONLY if spots else Evidence.MR_ONLY


def set_measures(candidate: Candidate) -> None:
    """Fill the candidate's PET and MR measures from its hot spots and findings; the strongest one stands for all."""
    spots, findings = candidate.hot_spots, candidate.mr_findings
    if spots:
        hottest = spots[0]
        candidate.suv_max = max(spot.suv_max for spot in spots)
        candidate.suv_peak = max((spot.suv_peak for spot in spots if spot.suv_peak is not None), default=None)
        candidate.mtv_ml = sum(spot.mtv_ml for spot in spots)
        candidate.tlg_g = sum(spot.tlg_g for spot in spots)
        candidate.suv_mean = candidate.tlg_g / candidate.mtv_ml if candidate.mtv_ml else None
        candidate.tbr = hottest.tbr
        candidate.left_right_ratio = hottest.left_right_ratio
    if findings:
        candidate.mr_kind = findings[0].kind
        candidate.mr_z = findings[0].z
