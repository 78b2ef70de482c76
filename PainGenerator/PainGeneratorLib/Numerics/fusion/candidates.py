"""Joins hot spots and MR findings into named, scored and ranked candidates.

Start at :func:`fuse`. Which signs belong together is decided in :mod:`.joining`, which candidates are one lesion or
one pair in :mod:`.pairs`, how much each sign counts in :mod:`.ledger`, and which list a candidate is in, in
:mod:`.reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.records import Candidate, HotSpot, MRFinding
from ..core.regions import on_grid, union
from ..mr.verdicts import IMPLANT_ARTEFACT
from .hip_fluid import with_bursa
from .joining import (
    clearness_order,
    confirmed_by,
    confirms,
    grouped_findings,
    grouped_spots,
    has_own_weak_spot,
    heat_order,
    makes_weak_uptake_count,
    shared_out,
)
from .judged import CaseFacts
from .ledger import judge
from .neck import is_scar_at_neck
from .pairs import as_one
from .places import Name, Places, Sign
from .reading import Reading, sorted_out
from .strongest import evidence_of, set_measures
from .usual_on_mr import alike, confirmed_findings, listed, may_be_disease

__all__ = ["Name", "Signs", "evidence_of", "fuse", "set_measures"]

USUAL_PLACE = "usual-place"
"""The flag of uptake that is usual at its place. Together with a usual MR finding it is an organ on both images."""
CONFIRMED_BY_MR = "confirmed-by-mr"
"""The name of the rule by which uptake counts although it is usual at its place: the MR shows something there."""


@dataclass(frozen=True, kw_only=True)
class Signs:
    """All signs that can make a candidate, in the reference frame.

    Parameters
    ----------
    spots : sequence of HotSpot
        With those that are physiologic.
    unclear_spots : sequence of HotSpot
        High and certain enough for the setting, but not clear of normal uptake.
    weak_spots : sequence of HotSpot
        Too faint or too usual to count alone; the unclear ones are among them. Each counts where it has its maximum in
        an MR finding without a hot spot of its own, and is raised against its own reference.
    findings : sequence of MRFinding
    weak_findings : sequence of MRFinding
        Too faint to count alone. Each counts where it lies at a hot spot; the others are judged by themselves, and
        that they are faint speaks against them.
    usual_findings : sequence of MRFinding
        What a rule of the MR stage takes for normal anatomy. Each counts where uptake speaks against the rule; the
        others are listed by what they are taken for.
    """

    spots: Sequence[HotSpot] = ()
    unclear_spots: Sequence[HotSpot] = ()
    weak_spots: Sequence[HotSpot] = ()
    findings: Sequence[MRFinding] = ()
    weak_findings: Sequence[MRFinding] = ()
    usual_findings: Sequence[MRFinding] = ()

    @property
    def clear(self) -> list[HotSpot]:
        """Hot spots that are not held to be usual uptake."""
        return [spot for spot in self.spots if spot.physiologic is None]

    @property
    def usual(self) -> list[HotSpot]:
        """Hot spots that are held to be usual uptake."""
        return [spot for spot in self.spots if spot.physiologic is not None]

    @property
    def structural(self) -> list[MRFinding]:
        """MR findings other than artifacts of implants."""
        return [finding for finding in self.findings if finding.kind != IMPLANT_ARTEFACT]


def fuse(signs: Signs, name: Name, case: CaseFacts) -> Reading:
    """Join, name, judge and rank all signs.

    Parameters
    ----------
    signs : Signs
        Implant artifacts make no candidates. A hot spot that counts although it is usual at its place, as the MR shows
        something there, is marked in place as no longer physiologic.
    name : callable
        Gives the anatomical place of a region.
    case : CaseFacts

    Returns
    -------
    Reading
        Every sign is in one of its lists, but weak hot spots that no other sign supports. Ids are "PG-01", "PG-02" and
        so on, the candidates first.
    """
    findings = [*signs.structural, *signs.weak_findings, *signs.usual_findings]
    named: list[Sign] = [*signs.spots, *signs.unclear_spots, *findings]
    places: Places = {sign: name(sign.region) for sign in named}
    with_uptake, used = _with_uptake(signs, places, case)
    without_uptake = _without_uptake(signs, used, places, case)
    joined = [*with_uptake, *without_uptake]
    alone = [*_of_uptake_alone(signs, joined, places, case), *_of_faint_signal(signs, joined, places, case)]
    found = [*as_one([*joined, *alone], case.parameters.join), *_of_usual_signal(signs, joined, places)]
    for candidate in found:
        judge(candidate, case)
    _take_back(signs.spots, found)
    return sorted_out(found, case)


def _with_uptake(signs: Signs, places: Places, case: CaseFacts) -> tuple[list[Candidate], set[MRFinding]]:
    """Candidates of clear hot spots with the MR findings that belong to them, and these MR findings."""
    join, neck = case.parameters.join, case.parameters.neck
    joinable: list[MRFinding] = []
    if case.aligned:
        least = case.parameters.ramps.tbr_none
        joinable = [
            f for f in signs.structural if not has_own_weak_spot(f, signs.clear, signs.weak_spots, join, least)
        ]
    candidates: list[Candidate] = []
    used: set[MRFinding] = set()
    groups = grouped_spots(signs.clear, places, join)
    for members, joined in zip(groups, shared_out(joinable, groups, join), strict=True):
        if joined and all(is_scar_at_neck(finding, places[finding], neck) for finding in joined):
            # Scar confirms no uptake: each is judged by itself.
            joined = []
        used.update(joined)
        faint = [f for f in signs.weak_findings if case.aligned and confirmed_by(f, members)]
        usual: list[MRFinding] = []
        if case.aligned and not joined and not faint:
            usual = confirmed_findings(signs.usual_findings, members, join)
        candidates.append(_candidate(members, [*joined, *faint, *usual], places))
    return candidates, used


def _without_uptake(signs: Signs, used: set[MRFinding], places: Places, case: CaseFacts) -> list[Candidate]:
    """Candidates of the MR findings that belong to no hot spot, with the weak hot spots that lie there."""
    join = case.parameters.join
    candidates = []
    rest = [finding for finding in signs.structural if finding not in used]
    for members in grouped_findings(rest, places, join):
        clear = [finding for finding in members if makes_weak_uptake_count(finding, join)]
        least = case.parameters.ramps.tbr_none
        faint = [s for s in signs.weak_spots if case.aligned and any(confirms(s, one, least) for one in clear)]
        candidates.append(_candidate([], members, places, sorted(faint, key=heat_order)))
    return [*candidates, *_of_weak_uptake_and_usual_signal(signs, places, case)]


def _of_weak_uptake_and_usual_signal(signs: Signs, places: Places, case: CaseFacts) -> list[Candidate]:
    """Candidates of MR findings that a rule takes for normal, where weak uptake of a place that has none says
    otherwise."""
    join, least = case.parameters.join, case.parameters.ramps.tbr_none
    weak = [spot for spot in signs.weak_spots if case.aligned and USUAL_PLACE not in spot.flags]
    candidates = []
    for finding in signs.usual_findings:
        if not may_be_disease(finding, join) or confirmed_by(finding, signs.clear):
            continue
        faint = sorted((spot for spot in weak if confirms(spot, finding, least)), key=heat_order)
        if faint:
            candidates.append(_candidate([], [finding], places, faint))
    return candidates


def _of_uptake_alone(signs: Signs, joined: Sequence[Candidate], places: Places, case: CaseFacts) -> list[Candidate]:
    """Candidates of uptake that is usual or not clear, and that counts in no other candidate.

    Such uptake takes no MR finding with it: what the MR shows there is judged by itself.
    """
    counted = {_peak(spot) for candidate in joined for spot in candidate.hot_spots}
    rest = [spot for spot in (*signs.usual, *signs.unclear_spots) if _peak(spot) not in counted]
    join = case.parameters.join
    usual = [[spot] for spot in rest if spot.physiologic is not None]
    unclear = grouped_spots([spot for spot in rest if spot.physiologic is None], places, join)
    return [_candidate(members, [], places) for members in (*usual, *unclear)]


def _of_faint_signal(signs: Signs, joined: Sequence[Candidate], places: Places, case: CaseFacts) -> list[Candidate]:
    """Candidates of MR findings that are too faint to count alone, and that count in no other candidate."""
    used = {id(finding) for candidate in joined for finding in candidate.mr_findings}
    rest = [finding for finding in signs.weak_findings if id(finding) not in used]
    return [_candidate([], members, places) for members in grouped_findings(rest, places, case.parameters.join)]


def _of_usual_signal(signs: Signs, joined: Sequence[Candidate], places: Places) -> list[Candidate]:
    """Entries of the MR findings that a rule takes for normal and that no uptake confirms, alike ones as one."""
    used = {id(finding) for candidate in joined for finding in candidate.mr_findings}
    groups = alike([finding for finding in signs.usual_findings if id(finding) not in used])
    return [listed(_candidate([], members, places), places) for members in groups]


def _take_back(spots: Sequence[HotSpot], found: Sequence[Candidate]) -> None:
    """Uptake that counts together with an MR finding, as the MR confirms it, is no longer called physiologic."""
    confirmed = {_peak(spot) for one in found if one.mr_findings for spot in one.hot_spots}
    for spot in spots:
        if spot.physiologic is not None and _peak(spot) in confirmed:
            spot.physiologic, spot.rule = None, CONFIRMED_BY_MR


def _peak(spot: HotSpot) -> tuple[float, ...]:
    """Where the maximum of a hot spot lies: the same for a hot spot and its copies."""
    return tuple(spot.peak_ras_mm)


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
    place = with_bursa(places[first], findings)
    all_spots = [*spots, *weak_spots]
    flags = [flag for spot in all_spots for flag in spot.flags]
    flags += [flag for finding in findings for flag in finding.flags]
    candidate = Candidate(
        id="",
        rank=0,
        score=0.0,
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
