"""Joins hot spots and MR findings into named, scored, ranked candidates (DOMAIN section H; the weights are ours)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .image import Geometry, Region
from .records import Candidate, HotSpot, MRFinding, Place
from .regions import gap_mm, on_grid, overlap_fraction, union

Name = Callable[[Region], Place]


@dataclass(frozen=True)
class FusionParameters:
    """Parameters of stage ``fusion``; values in the protocols."""

    join_gap_mm: float
    concordance_mm: float
    same_place_mm: float
    weight_pet: float
    weight_mr: float
    weight_concordance: float
    weight_asymmetry: float
    weight_symptom: float
    tbr_none: float
    tbr_full: float
    asymmetry_none: float
    asymmetry_full: float
    symptom_near_mm: float
    symptom_far_mm: float
    symptom_side_part: float
    neck_suv_limit: float
    penalty_near_implant: float
    penalty_common: float
    penalty_expected: float
    minimum_score: float


@dataclass(frozen=True)
class Symptoms:
    """Where it hurts: sites in RAS mm (n, 3) of the reference frame, and a side or None."""

    sites_ras_mm: np.ndarray
    side: str | None = None

    @classmethod
    def none(cls) -> Symptoms:
        return cls(np.empty((0, 3)), None)


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
) -> list[Candidate]:
    """Join, name, score and rank.

    Parameters
    ----------
    hot_spots : sequence of HotSpot
        In the reference frame; physiologic ones are left out here (they are reported apart). Expected uptake at a
        prosthesis neck is found out here, where its place is known, and marked physiologic in place.
    mr_findings : sequence of MRFinding
        In the reference frame; implant artefacts are no candidates.
    name : callable
        Gives the anatomical place of a region.
    parameters : FusionParameters
    symptoms : Symptoms
    group : str
        ``low-back`` or ``hip-replacement``.
    aligned : bool
        False when PET and MR could not be aligned: nothing is joined then, and every candidate says so.
    mr_field, pet_field : Geometry, optional
        Fields of view in the reference frame; a candidate outside one says so.

    Returns
    -------
    list of Candidate
        Best first; ``id`` "PG-01", "PG-02" ... in this order.
    """
    spots = [spot for spot in hot_spots if spot.physiologic is None]
    findings = [finding for finding in mr_findings if finding.kind != "implant artefact"]
    places = {id(item): name(item.region) for item in (*spots, *findings)}
    groups = _group_spots(spots, places, parameters.same_place_mm)
    used: set[int] = set()
    candidates = []
    for members in groups:
        joined = []
        if aligned:
            joined = [f for f in findings if min(_gap(s, f, parameters.join_gap_mm) for s in members) < np.inf]
        if not joined and group == "hip-replacement" and _is_usual_neck(members, places, parameters):
            _set_apart(members, parameters)
            continue
        used.update(id(f) for f in joined)
        candidates.append(_candidate(members, joined, places))
    rest = [finding for finding in findings if id(finding) not in used]
    candidates += [_candidate([], members, places) for members in _group_findings(rest, places, parameters)]
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
    kept = [c for c in candidates if c.score >= parameters.minimum_score]
    return ranked(kept)


def flag_and_score(
    candidate: Candidate,
    parameters: FusionParameters,
    *,
    symptoms: Symptoms,
    group: str,
    aligned: bool = True,
    mr_field: Geometry | None = None,
    pet_field: Geometry | None = None,
) -> None:
    """Set flags, distance to the pain and score of a candidate from its place and measures; see :func:`fuse`.

    Flags that it has already stay.
    """
    _flag(candidate, parameters, group, aligned, mr_field, pet_field)
    _score(candidate, parameters, symptoms)


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Sorted best first, with `rank` set; ids are given to those that have none and never changed."""
    order = sorted(candidates, key=lambda c: (-c.score, -(c.suv_peak or 0.0), -(c.mr_z or 0.0), *c.centroid_ras_mm))
    taken = {candidate.id for candidate in order}
    free = (text for text in (f"PG-{n:02d}" for n in range(1, 10_000)) if text not in taken)
    for rank, candidate in enumerate(order, start=1):
        candidate.rank = rank
        candidate.id = candidate.id or next(free)
    return order


def _is_usual_neck(spots: list[HotSpot], places: dict[int, Place], parameters: FusionParameters) -> bool:
    """Uptake at a prosthesis neck as painless prostheses have it for years (Gelderman 2018, Zhuang 2002)."""
    at_neck = all(places[id(spot)].structure == "prosthesis neck" for spot in spots)
    return at_neck and max(spot.suv_max for spot in spots) < parameters.neck_suv_limit


def _set_apart(spots: list[HotSpot], parameters: FusionParameters) -> None:
    for spot in spots:
        spot.physiologic = (
            f"expected at a prosthesis neck: SUVmax {spot.suv_max:.1f} g/ml is below {parameters.neck_suv_limit:g}, "
            "and the MR shows nothing there"
        )


def _gap(spot: HotSpot, finding: MRFinding, limit_mm: float) -> float:
    return gap_mm(spot.region, finding.region, limit_mm)


def _connected(items: list, linked: Callable[[object, object], bool]) -> list[list]:
    """Items in groups: two are in one group when a chain of links leads from one to the other."""
    groups: list[list] = []
    for item in items:
        near = [group for group in groups if any(linked(item, other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([item, *(member for group in near for member in group)])
    return groups


def _is_same_place(a: Place, b: Place) -> bool:
    return (a.structure, a.side, a.level, a.zone) == (b.structure, b.side, b.level, b.zone)


def _group_spots(spots: list[HotSpot], places: dict[int, Place], reach_mm: float) -> list[list[HotSpot]]:
    """Hot spots of one structure, side and level that nearly touch are one candidate; the hottest comes first."""

    def linked(a: HotSpot, b: HotSpot) -> bool:
        # Without an anatomy segmentation a place is a whole region of the body: too much to be one candidate.
        if "no-level" in places[id(a)].flags:
            return False
        return _is_same_place(places[id(a)], places[id(b)]) and gap_mm(a.region, b.region, reach_mm) < np.inf

    groups = _connected(spots, linked)
    return [sorted(group, key=lambda s: -(s.suv_peak or s.suv_max)) for group in groups]


def _group_findings(
    findings: list[MRFinding], places: dict[int, Place], parameters: FusionParameters
) -> list[list[MRFinding]]:
    """MR findings of one structure, side and level that nearly touch are one candidate; the clearest comes first."""

    def linked(a: MRFinding, b: MRFinding) -> bool:
        near = gap_mm(a.region, b.region, parameters.same_place_mm) < np.inf
        return near and _is_same_place(places[id(a)], places[id(b)])

    return [sorted(group, key=_clearness) for group in _connected(findings, linked)]


def _clearness(finding: MRFinding) -> tuple[float, float, float]:
    return (-finding.grade, -(finding.z or 0.0), -finding.volume_ml)


def _candidate(spots: list[HotSpot], findings: list[MRFinding], places: dict[int, Place]) -> Candidate:
    findings = sorted(findings, key=_clearness)
    first = spots[0] if spots else findings[0]
    region = union([on_grid(item.region, first.region.geometry) for item in (spots or findings)])
    place = places[id(first)]
    evidence = "PET+MR" if spots and findings else "PET only" if spots else "MR only"
    flags = [flag for item in (*spots, *findings) for flag in item.flags] + list(place.flags)
    candidate = Candidate(
        id="",
        rank=0,
        score=0.0,
        score_parts={},
        place=place,
        evidence=evidence,
        region=region,
        centroid_ras_mm=region.centroid_ras_mm,
        volume_ml=region.volume_ml,
        flags=list(dict.fromkeys(flags)),
        hot_spots=spots,
        mr_findings=findings,
    )
    set_measures(candidate)
    return candidate


def set_measures(candidate: Candidate) -> None:
    """Fill the candidate's PET and MR measures from its hot spots and findings (the strongest one stands for all)."""
    spots, findings = candidate.hot_spots, candidate.mr_findings
    if spots:
        hottest = spots[0]
        candidate.suv_max = max(spot.suv_max for spot in spots)
        peaks = [spot.suv_peak for spot in spots if spot.suv_peak is not None]
        candidate.suv_peak = max(peaks) if peaks else None
        candidate.mtv_ml = sum(spot.mtv_ml for spot in spots)
        candidate.tlg_g = sum(spot.tlg_g for spot in spots)
        candidate.suv_mean = candidate.tlg_g / candidate.mtv_ml if candidate.mtv_ml else None
        candidate.tbr = hottest.tbr
        candidate.left_right_ratio = hottest.left_right_ratio
    if findings:
        candidate.mr_kind = findings[0].kind
        candidate.mr_z = findings[0].z


def _flag(
    candidate: Candidate,
    parameters: FusionParameters,
    group: str,
    aligned: bool,
    mr_field: Geometry | None,
    pet_field: Geometry | None,
) -> None:
    """Tags that lower the score or say what could not be looked at (DOMAIN C.4, D.2, D.4)."""
    flags = candidate.flags
    center = candidate.centroid_ras_mm
    if not aligned:
        flags.append("not-aligned")
    else:
        if mr_field is not None and not mr_field.contains(center):
            flags.append("outside-mr")
        if pet_field is not None and not pet_field.contains(center):
            flags.append("outside-pet")
    structure, zone = candidate.place.structure, candidate.place.zone or ""
    if candidate.evidence == "MR only" and candidate.mr_kind in ("disc degeneration", "Modic II", "Modic III"):
        flags.append("common-without-pain")
    if group == "hip-replacement":
        is_neck = structure == "prosthesis neck"
        if is_neck and candidate.suv_max is not None and candidate.suv_max < parameters.neck_suv_limit:
            flags.append("expected-after-surgery")
        if candidate.evidence == "MR only" and zone in ("Gruen 1", "Gruen 7", "Gruen 8"):
            flags.append("expected-after-surgery")
    candidate.flags = list(dict.fromkeys(flags))


def _ramp(value: float | None, none: float, full: float) -> float:
    return 0.0 if value is None else float(np.clip((value - none) / (full - none), 0.0, 1.0))


def _concordance(candidate: Candidate, reach_mm: float) -> float:
    """1 when PET and MR overlap and their centres agree, 0.5 when one of both, else 0."""
    best = 0.0
    for spot in candidate.hot_spots:
        for finding in candidate.mr_findings:
            near = np.linalg.norm(spot.centroid_ras_mm - finding.centroid_ras_mm) <= reach_mm
            overlaps = overlap_fraction(spot.region, finding.region) > 0
            best = max(best, 0.5 * float(near) + 0.5 * float(overlaps))
    return best


def _score(candidate: Candidate, parameters: FusionParameters, symptoms: Symptoms) -> None:
    p = parameters
    symptom = 0.0
    if len(symptoms.sites_ras_mm):
        distance = float(np.linalg.norm(symptoms.sites_ras_mm - candidate.centroid_ras_mm, axis=1).min())
        candidate.distance_to_pain_mm = distance
        symptom = 1.0 - _ramp(distance, p.symptom_near_mm, p.symptom_far_mm)
    painful_sides = ("left", "right") if symptoms.side == "both" else (symptoms.side,)
    if candidate.place.side in painful_sides:
        symptom = max(symptom, p.symptom_side_part)
    penalties = {
        "near-implant": p.penalty_near_implant,
        "common-without-pain": p.penalty_common,
        "expected-after-surgery": p.penalty_expected,
    }
    parts = {
        "pet": p.weight_pet * _ramp(candidate.tbr, p.tbr_none, p.tbr_full),
        "mr": p.weight_mr * max((f.grade for f in candidate.mr_findings), default=0.0),
        "concordance": p.weight_concordance * _concordance(candidate, p.concordance_mm),
        "asymmetry": p.weight_asymmetry * _ramp(candidate.left_right_ratio, p.asymmetry_none, p.asymmetry_full),
        "symptom": p.weight_symptom * symptom,
    }
    lowered = sum(points for flag, points in penalties.items() if flag in candidate.flags)
    parts["penalty"] = -min(lowered, sum(parts.values()))
    candidate.score_parts = parts
    candidate.score = sum(parts.values())
