"""Joins hot spots and MR findings into named, scored, ranked candidates (DOMAIN section H; the weights are ours).

PET and MR are independent: either alone has many causes, both at one place have few. So their agreement counts more
than the height of one sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..core.image import Geometry, Region
from ..core.records import Candidate, HotSpot, MRFinding, Place
from ..core.regions import gap_mm, on_grid, overlap_fraction, union

Name = Callable[[Region], Place]
Finding = TypeVar("Finding", HotSpot, MRFinding)
ORGANS_WITH_UPTAKE = frozenset(
    (
        *("kidney", "ureter", "urinary bladder", "small bowel", "duodenum", "colon", "rectum", "stomach", "liver"),
        *("gallbladder", "spleen", "pancreas", "adrenal gland", "aorta", "inferior vena cava", "iliac artery"),
        *("iliac vein", "portal vein", "prostate", "uterus", "ovary", "testis"),
    )
)
_CUT_OFF = ("truncated", "peak-at-edge", "large")
CLEAR_GRADE = 0.5
"""Between the grades 0.33 and 0.66: an MR finding below it is faint itself and does not make weak uptake count."""
PEAK_OF_MAX, NOISE_LIFT = 0.9, 1.1
"""SUVpeak over SUVmax of a noise-free focus of 10 ml and more (ours, from blurred shells around a neck), and by what
noise lifts SUVmax (DOMAIN C.3: 5 % in scans of 5 minutes, 30 % in scans of one)."""
TELLING_ML = 5.0
"""Oedema at a prosthesis neck that is smaller is scar, or signal that metal shifts (ours)."""
WEAK_GAP_MM = 3.0
"""A weak sign counts for another one only where they touch: the blur of a PET and half a slice of an MR. Ours."""


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
    penalty_degeneration: float
    penalty_expected: float
    penalty_unconfirmed: float
    penalty_cut_off: float
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
    weak_spots: Sequence[HotSpot] = (),
    weak_findings: Sequence[MRFinding] = (),
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
    weak_spots : sequence of HotSpot
        Too faint or too usual to count alone; each counts where an MR finding without a hot spot of its own lies.
    weak_findings : sequence of MRFinding
        Too faint to count alone; each counts where a hot spot lies. Two weak ones at one place do not count.

    Returns
    -------
    list of Candidate
        Best first; ``id`` "PG-01", "PG-02" ... in this order.
    """
    spots = [spot for spot in hot_spots if spot.physiologic is None]
    findings = [finding for finding in mr_findings if finding.kind != "implant artefact"]
    places = {id(item): name(item.region) for item in (*spots, *findings)}
    used: set[int] = set()
    candidates = []
    own = {id(f) for f in findings if _has_own_spot(f, spots, weak_spots)} if aligned else set()
    for members in _group_spots(spots, places, parameters.same_place_mm):
        joined = _joined(findings, members, parameters.join_gap_mm) if aligned else []
        joined = [f for f in joined if id(f) not in own]
        telling = [f for f in joined if not _is_usual_at_neck(f, places)]
        reason = None if telling else _usual_place(members, places, parameters, group)
        if reason is not None:
            for spot in members:
                spot.physiologic = reason
            continue
        used.update(id(f) for f in joined)
        faint = _near(weak_findings, members, WEAK_GAP_MM) if aligned else []
        candidates.append(_candidate(members, [*joined, *faint], places))
    rest = [finding for finding in findings if id(finding) not in used]
    for members in _group_findings(rest, places, parameters):
        if group == "hip-replacement" and all(_is_usual_at_neck(f, places) for f in members):
            continue
        telling = [f for f in members if f.grade >= CLEAR_GRADE and f.kind != "disc degeneration"]
        faint = _near(weak_spots, telling, WEAK_GAP_MM) if aligned else []
        candidates.append(_candidate([], members, places, sorted(faint, key=_heat)))
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
    _take_back(hot_spots, kept)
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


def _usual_place(
    spots: list[HotSpot], places: dict[int, Place], parameters: FusionParameters, group: str
) -> str | None:
    """Why uptake without an MR finding is what its place has anyway; None when it is not.

    Painless prostheses have uptake at their neck for years (Gelderman 2018, Zhuang 2002). Uptake whose nearest
    structure is an organ - no bone, joint or muscle lies nearer - is the organ's.
    """
    structures = {places[id(spot)].structure for spot in spots}
    near_neck = all(_is_near_neck(places[id(spot)]) for spot in spots)
    highest = max(spot.suv_max for spot in spots)
    without_noise = max(_noise_free_max(spot.suv_max, spot.suv_peak) for spot in spots)
    if group == "hip-replacement" and near_neck and without_noise < parameters.neck_suv_limit:
        return (
            f"expected at a prosthesis neck: SUVmax {highest:.1f} g/ml is not above {parameters.neck_suv_limit:g} but "
            "for noise, and the MR shows no fluid there"
        )
    if structures <= ORGANS_WITH_UPTAKE:
        return f"{places[id(spots[0])].name}: uptake of an organ, and the MR shows nothing there"
    return None


def _is_near_neck(place: Place) -> bool:
    return place.structure == "prosthesis neck" or "near-neck" in place.flags


def _is_usual_at_neck(finding: MRFinding, places: dict[int, Place]) -> bool:
    """Whether an MR finding says nothing more than what every prosthesis has at its neck: scar, and signal that metal
    shifts."""
    return _is_near_neck(places[id(finding)]) and finding.kind == "oedema" and finding.volume_ml < TELLING_ML


def _noise_free_max(suv_max: float, suv_peak: float | None) -> float:
    """The SUVmax that a focus of the size of a prosthesis neck would have without noise, g/ml, as its SUVpeak tells it
    and not further down than noise lifts it."""
    return suv_max if suv_peak is None else min(suv_max, max(suv_peak / PEAK_OF_MAX, suv_max / NOISE_LIFT))


def _take_back(hot_spots: Sequence[HotSpot], candidates: Sequence[Candidate]) -> None:
    """What counts in a candidate, as the MR confirms it, is not listed as physiologic beside it."""
    counted = {tuple(spot.peak_ras_mm) for candidate in candidates for spot in candidate.hot_spots}
    for spot in hot_spots:
        if spot.physiologic is not None and tuple(spot.peak_ras_mm) in counted:
            spot.physiologic = None


def _near(items: Sequence[Finding], others: Sequence[HotSpot | MRFinding], limit_mm: float) -> list[Finding]:
    """Those of some hot spots or findings that lie within a gap of any of others."""
    return [item for item in items if any(gap_mm(item.region, o.region, limit_mm) < np.inf for o in others)]


def _has_own_spot(finding: MRFinding, spots: Sequence[HotSpot], weak_spots: Sequence[HotSpot]) -> bool:
    """Whether a weak hot spot lies in a finding and no other does: then it is no part of a neighbour's candidate."""

    def holds(some: Sequence[HotSpot]) -> bool:
        return any(overlap_fraction(finding.region, spot.region) > 0 for spot in some)

    return finding.grade >= CLEAR_GRADE and holds(weak_spots) and not holds(spots)


def _joined(findings: Sequence[MRFinding], spots: Sequence[HotSpot], gap_mm: float) -> list[MRFinding]:
    """MR findings that belong to hot spots; a degenerated disc, which most people have, only where uptake touches."""
    common = [finding for finding in findings if finding.kind == "disc degeneration"]
    others = [finding for finding in findings if finding.kind != "disc degeneration"]
    return [*_near(others, spots, gap_mm), *_near(common, spots, WEAK_GAP_MM)]


def _heat(spot: HotSpot) -> float:
    return -(spot.suv_peak or spot.suv_max)


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
    return [sorted(group, key=_heat) for group in groups]


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


def _candidate(
    spots: list[HotSpot], findings: list[MRFinding], places: dict[int, Place], weak_spots: Sequence[HotSpot] = ()
) -> Candidate:
    """A candidate from what lies at one place, the hottest spot first.

    Its name, outline and position are those of its hot spots, else of its MR findings: the outline of a weak spot is
    too uncertain. Its position is the hottest spot's own, as spots that nearly touch may spread over a whole joint.
    """
    findings = sorted(findings, key=_clearness)
    first = spots[0] if spots else findings[0]
    region = union([on_grid(item.region, first.region.geometry) for item in (spots or findings)])
    place = places[id(first)]
    spots = [*spots, *weak_spots]
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
        centroid_ras_mm=first.centroid_ras_mm,
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
    zone = candidate.place.zone or ""
    if candidate.evidence == "MR only" and candidate.mr_kind in ("disc degeneration", "Modic II", "Modic III"):
        flags.append("common-without-pain")
    if group == "hip-replacement":
        is_neck = _is_near_neck(candidate.place)
        is_hot = candidate.suv_max is None or (
            _noise_free_max(candidate.suv_max, candidate.suv_peak) >= parameters.neck_suv_limit
        )
        if is_neck and not is_hot:
            flags.append("expected-after-surgery")
        if candidate.evidence == "MR only" and zone in ("Gruen 1", "Gruen 7", "Gruen 8"):
            flags.append("expected-after-surgery")
    candidate.flags = list(dict.fromkeys(flags))


def _ramp(value: float | None, none: float, full: float) -> float:
    return 0.0 if value is None else float(np.clip((value - none) / (full - none), 0.0, 1.0))


def _concordance(candidate: Candidate, reach_mm: float) -> float:
    """0 without PET or MR; with both 0.5, and a quarter more each when they overlap and when their centres agree."""
    best = 0.0
    for spot in candidate.hot_spots:
        for finding in candidate.mr_findings:
            near = np.linalg.norm(spot.centroid_ras_mm - finding.centroid_ras_mm) <= reach_mm
            overlaps = overlap_fraction(spot.region, finding.region) > 0
            best = max(best, 0.5 + 0.25 * float(near) + 0.25 * float(overlaps))
    return best


def _penalty(candidate: Candidate, parameters: FusionParameters) -> float:
    """Points for what is common without complaints, and for uptake that nothing confirms or that is cut off."""
    p, flags = parameters, set(candidate.flags)
    is_common = "common-without-pain" in flags
    is_degeneration = is_common and candidate.mr_kind == "disc degeneration"
    points = (
        p.penalty_near_implant * ("near-implant" in flags),
        p.penalty_degeneration if is_degeneration else p.penalty_common * is_common,
        p.penalty_expected * ("expected-after-surgery" in flags),
        p.penalty_unconfirmed * (candidate.evidence == "PET only" and "outside-mr" in flags),
        p.penalty_cut_off * (candidate.evidence == "PET only" and not flags.isdisjoint(_CUT_OFF)),
    )
    return float(sum(points))


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
    parts = {
        "pet": p.weight_pet * _ramp(candidate.tbr, p.tbr_none, p.tbr_full),
        "mr": p.weight_mr * max((f.grade for f in candidate.mr_findings), default=0.0),
        "concordance": p.weight_concordance * _concordance(candidate, p.concordance_mm),
        "asymmetry": p.weight_asymmetry * _ramp(candidate.left_right_ratio, p.asymmetry_none, p.asymmetry_full),
        "symptom": p.weight_symptom * symptom,
    }
    parts["penalty"] = -min(_penalty(candidate, p), sum(parts.values()))
    candidate.score_parts = parts
    candidate.score = sum(parts.values())
