"""Signs on PET: how high the uptake is over the reference, over the other levels, over the other side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from ..core.records import Candidate, HotSpot, LedgerEntry
from ..core.site_reading import tissue_words
from ..core.sites import SiteState
from ..core.words import Evidence
from ..mr.verdicts import DISC_DEGENERATION
from ..pet.detector import OTHER_DISCS
from .evidence import SignGroup, graded
from .judged import Judged
from .ledger_mr import mr_state, why_pet_unknown
from .own_kind import (
    KIND_RATIO_FULL,
    SITE_METHOD,
    combined_ratio,
    has_own_kind,
    is_thin_disc,
    is_usual_use,
    stands_out,
)
from .places import is_whole_region

UPTAKE = "uptake"
UPTAKE_SIGNS = {
    "facet joint": "uptake_facet",
    "upper endplate": "uptake_endplate",
    "lower endplate": "uptake_endplate",
    "discovertebral unit": "uptake_endplate",
    "disc": "uptake_disc",
    "interspinous space": "uptake_interspinous",
    "prosthesis cup": "uptake_interface",
    "prosthesis stem": "uptake_interface",
}
"""Structure of a place -> the sign whose weight its uptake has; :data:`UPTAKE` for all others."""
CLEAR = "clear_of_normal"
ABOVE_LEVELS = "above_other_levels"
ASYMMETRY = "asymmetry"
CUT_OFF = "cut_off"
AWAY_FROM_SITES = "away_from_sites"
WITHOUT_FOCUS = "without_focus"
FOCUS_OF_DISC = 0.5
"""Part of the points that count against a disc without a focus. A disc lies between two bodies with more uptake, whose
blur fills it from both sides: with twice its normal uptake it is about as hot as they are, and has no maximum of its
own. Our estimate."""
CUT_OFF_FLAGS = frozenset({"truncated", "peak-at-edge", "large"})
"""Flags of uptake that is cut off by the field of view, or too large for a pain generator."""
CLEAR_FULL = 1.5
"""Clearness from which that sign is fully present; its inverse is where it is surely absent. Clearness is a ratio: the
conspicuity of a hot spot over the one that is needed (:attr:`.HotSpot.clearness`). Our estimate: a half more than
that."""
LEVEL_NONE, LEVEL_NEUTRAL, LEVEL_FULL = 0.8, 1.1, 1.6
"""Ratio to the other levels at which that sign is absent, says nothing, and is fully present. Our estimates: SUVpeak
of like sites differs by about 10 % in one healthy person."""
LEVEL_CLEAR = 1.35
"""Ratio from which the spread alone decides. Our estimate: a site of 1 ml with twice the uptake of its surroundings
still shows 1.3 to 1.4 on a PET that resolves 5 to 6 mm."""
LEVEL_Z_NEUTRAL, LEVEL_Z_FULL = 1.0, 5.0
"""Height over the other levels, in units of their spread in this scan, up to which that sign says nothing, and from
which the ratio alone decides. Our estimates: the end of what is usual, and far above what chance gives."""


def sign_of_uptake(judged: Judged) -> str:
    """The name of the sign whose weight the uptake at a place has."""
    place = judged.candidate.place
    if judged.candidate.mr_kind == DISC_DEGENERATION:
        return "uptake_disc"
    if place.zone is not None:
        return "uptake_interface"
    return UPTAKE_SIGNS.get(place.structure, UPTAKE)


def uptake_signs(judged: Judged) -> Iterator[LedgerEntry]:
    """What the PET says of a candidate."""
    candidate = judged.candidate
    if candidate.evidence == Evidence.MR_ONLY:
        yield _no_uptake(judged)
        return
    yield _over_reference(judged)
    yield from _clear(judged)
    yield from _over_levels(judged)
    yield from _over_other_side(judged)
    if candidate.hot_spots and all(spot.contour_method == SITE_METHOD for spot in candidate.hot_spots):
        text = "No focus that stands out from the tissue around it: found by comparing all sites with their like."
        strength = FOCUS_OF_DISC if candidate.place.structure == "disc" else 1.0
        yield judged.case.evidence.entry(WITHOUT_FOCUS, SignGroup.PET, text, strength)
    if candidate.evidence == Evidence.PET_ONLY and not CUT_OFF_FLAGS.isdisjoint(candidate.flags):
        text = "The uptake is cut off by the edge of the PET, or larger than a pain generator is expected to be."
        yield judged.case.evidence.entry(CUT_OFF, SignGroup.PET, text, 1.0)
    if is_away_from_sites(judged):
        text = "Away from all joints, bones and muscles that are known here, and MR shows nothing abnormal."
        yield judged.case.evidence.entry(AWAY_FROM_SITES, SignGroup.PET, text, 1.0)


def is_away_from_sites(judged: Judged) -> bool:
    """Whether uptake lies at none of the places that are known there, and MR, which shows the place, shows nothing.

    Beyond the field of the MR, and where no site was found at all, nothing is known of the places.
    """
    candidate = judged.candidate
    is_alone = candidate.evidence == Evidence.PET_ONLY and is_whole_region(candidate.place)
    return is_alone and bool(judged.case.rows) and mr_state(judged) == SiteState.NORMAL


def _no_uptake(judged: Judged) -> LedgerEntry:
    """No focus of raised uptake at an MR finding: absent where the PET shows the place, else not assessable."""
    table, sign = judged.case.evidence, sign_of_uptake(judged)
    unknown = why_pet_unknown(judged)
    if unknown:
        return table.unknown(sign, SignGroup.PET, unknown)
    return table.entry(sign, SignGroup.PET, "No focus of raised uptake here.", -1.0)


def _over_reference(judged: Judged) -> LedgerEntry:
    """Uptake over the reference tissue."""
    candidate, case = judged.candidate, judged.case
    sign, ramps = sign_of_uptake(judged), case.parameters.ramps
    if _is_no_disc(judged):
        text = "Uptake: compared with the other discs, but the place is no disc that a PET resolves."
        return case.evidence.unknown(sign, SignGroup.PET, text)
    if candidate.tbr is None:
        return case.evidence.unknown(sign, SignGroup.PET, "Uptake: no reference tissue to compare it with.")
    text = f"Uptake {candidate.tbr:.1f} times that of {tissue_words(candidate.reference_name)}."
    strength = graded(candidate.tbr, ramps.tbr_absent, ramps.tbr_none, ramps.tbr_full)
    beside = _tissue_beside(candidate)
    if beside is not None:
        # Each of both comparisons has its own error: a small bone shows less than the marrow that its site is compared
        # with, and the tissue around a focus may be another one. So both count alike.
        ratio, name = beside
        strength = fmean((strength, graded(ratio, ramps.tbr_absent, ramps.tbr_none, ramps.tbr_full)))
        text = f"{text.removesuffix('.')}, and {ratio:.1f} times that of {tissue_words(name)}."
    if strength < 0:
        # A focus that is clear of all normal uptake is there, however it compares with one reference.
        strength *= 1.0 - max(0.0, min(1.0, _clear_strength(judged) or 0.0))
    over_kind = _over_kind(judged)
    if strength < 0 and over_kind is not None:
        by_kind = min(0.0, graded(over_kind, ramps.tbr_absent, ramps.tbr_none, ramps.tbr_full))
        if by_kind > strength:
            strength = by_kind
            text = f"{text.removesuffix('.')}, and {over_kind:.1f} times that of like sites, which have less than it."
    return case.evidence.entry(sign, SignGroup.PET, text, strength, measure=round(float(candidate.tbr), 2))


def _is_no_disc(judged: Judged) -> bool:
    """Whether uptake was compared with that of the other discs alone, at a place that is no such disc.

    Discs are cold. So a vessel in front of one, or the marrow beside a disc that is thinner than a PET resolves,
    always exceeds them. Where no site is known, nothing else tells what the place is.
    """
    spots, row = judged.candidate.hot_spots, judged.row
    if not judged.case.rows or not spots or any(spot.reference_name != OTHER_DISCS for spot in spots):
        return False
    return is_whole_region(judged.candidate.place) if row is None else is_thin_disc(row.site)


def _tissue_beside(candidate: Candidate) -> tuple[float, str | None] | None:
    """SUVpeak over the reference with which the hottest spot was found, and its name; None where it is the same."""
    if not candidate.hot_spots:
        return None
    hottest = candidate.hot_spots[0]
    if hottest.tbr is None or hottest.reference_name == candidate.reference_name:
        return None
    return hottest.tbr, hottest.reference_name


def _over_kind(judged: Judged) -> float | None:
    """SUVpeak over that of the like sites; None where it is not known.

    Small bones and joints show less than the marrow that they are compared with, as the PET blurs them: less uptake
    than marrow does not mean that it is not raised.
    """
    row, peak = judged.row, judged.candidate.suv_peak
    if row is None or not row.level_ratio or not row.suv_peak or peak is None or not has_own_kind(row.site):
        return None
    return peak / row.suv_peak * row.level_ratio


def _clear(judged: Judged) -> Iterator[LedgerEntry]:
    """How clearly the uptake exceeds all normal tissue, for its size.

    No midline site of 2 to 3 ml can be clear of all normal tissue. That it is not therefore counts nothing where its
    own kind, the closer comparison, shows that it stands out, and the less where the other side agrees.
    """
    strength = _clear_strength(judged)
    if strength is None or _is_no_disc(judged):
        return
    above = "Clear of" if strength >= 0 else "Not clear of"
    text = f"{above} the normal uptake of this body, for its size and place."
    clearness = CLEAR_FULL**strength
    own = stands_out(
        judged.row, judged.candidate.suv_peak, hottest(judged.candidate), alike_ratio=judged.case.alike_ratio
    )
    if strength < 0 and own > 0:
        strength *= (1.0 - own) * (1.0 - max(0.0, min(1.0, _side_strength(judged))))
        text = f"{text.removesuffix('.')}, but above the like sites of the other levels, which counts instead."
    yield judged.case.evidence.entry(CLEAR, SignGroup.PET, text, strength, measure=round(clearness, 2))


def _clear_strength(judged: Judged) -> float | None:
    """How clearly uptake exceeds all normal tissue: 0 at the limit, 1 at :data:`CLEAR_FULL`; None where unknown."""
    found = [_clearness(spot, judged) for spot in judged.candidate.hot_spots if spot.clearness]
    return math.log(max(found)) / math.log(CLEAR_FULL) if found else None


def _clearness(spot: HotSpot, judged: Judged) -> float:
    """The clearness of a hot spot, with the comparison with other levels that its site allows.

    Detection compares a place with the places at the same distance from the canal at the other levels. Where the spine
    is bent or turned, or a disc is tilted to the side, these are other tissues: beside a curve they lie outside of the
    bodies. The site at which the spot lies has the axes of its own vertebra. Where it does not stand out from its
    like, it is its ratio that counts in the clearness.
    """
    clear, row, seen = spot.clearness or 0.0, judged.row, spot.level_ratio
    if row is None or not row.level_ratio or not row.suv_peak or spot.suv_peak is None or seen is None:
        return clear
    of_site = spot.suv_peak / row.suv_peak * row.level_ratio
    if of_site >= min(seen, KIND_RATIO_FULL):
        return clear
    part = 1.0 - max(0.0, graded(of_site, 0.0, LEVEL_NEUTRAL, KIND_RATIO_FULL))
    lower, upper = judged.case.level_bounds
    lost = min(max(of_site, lower), upper) / min(max(seen, lower), upper)
    return float(clear * min(1.0, lost) ** (part * judged.case.level_power))


def _over_levels(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake over the like sites of the other levels, as far as it exceeds their spread in this scan."""
    row = judged.row
    if row is not None and not has_own_kind(row.site):
        text = "Uptake over the other levels: thoracic vertebrae always have more than the lumbar ones in view."
        yield judged.case.evidence.unknown(ABOVE_LEVELS, SignGroup.PET, text)
        return
    if row is not None and row.level_ratio is not None:
        ratio = combined_ratio(row, hottest(judged.candidate)) or row.level_ratio
        z = row.level_z
        if z is not None and row.level_ratio > 1.0:
            z *= max(0.0, ratio - 1.0) / (row.level_ratio - 1.0)
        spread = "" if z is None else f" (z {z:+.1f} in this scan)"
        text = f"Uptake {ratio:.1f} times that of the same place at the other levels{spread}."
    else:
        # An organ beside the spine always exceeds the places that the spine has at the other levels.
        own = [spot for spot in judged.candidate.hot_spots if spot.physiologic is None]
        found = next((spot.level_ratio for spot in own if spot.level_ratio is not None), None)
        if found is None:
            return
        ratio, z, text = found, None, f"Uptake {found:.1f} times that of the same place at the other levels."
    strength = level_strength(ratio, z)
    if row is not None and is_usual_use(row, judged.case.alike_ratio):
        strength, text = min(0.0, strength), f"{text} Both sides of a muscle are alike, which is usual."
    yield judged.case.evidence.entry(ABOVE_LEVELS, SignGroup.PET, text, strength, measure=round(float(ratio), 2))


def hottest(candidate: Candidate) -> HotSpot | None:
    """The hottest spot of a candidate; None without one."""
    return next(iter(candidate.hot_spots), None)


def level_strength(ratio: float, z: float | None = None) -> float:
    """How far uptake over that of the other levels is present, -1 to 1.

    Parameters
    ----------
    ratio : float
        To the other levels.
    z : float, optional
        Height over them in units of their spread in this scan. A ratio within the spread says nothing; where the like
        sites agree well, a smaller ratio is clear.
    """
    by_ratio = graded(ratio, LEVEL_NONE, LEVEL_NEUTRAL, LEVEL_FULL)
    if z is None or by_ratio <= 0:
        return by_ratio
    by_spread = max(0.0, graded(z, 0.0, LEVEL_Z_NEUTRAL, LEVEL_Z_FULL))
    return min(by_spread, max(by_ratio, graded(ratio, LEVEL_NONE, LEVEL_NEUTRAL, LEVEL_CLEAR)))


def _side_ratio(judged: Judged) -> float | None:
    """SUVpeak over that of the other side: the lesser of both comparisons.

    One plane mirrors the whole body. Where the spine is bent or turned, the mirrored place is another tissue, and the
    site of the other side, in the axes of its own vertebra, is the closer comparison.
    """
    ratio, of_sites = judged.candidate.left_right_ratio, None if judged.row is None else judged.row.side_ratio
    return ratio if ratio is None or of_sites is None else min(ratio, of_sites)


def _side_strength(judged: Judged) -> float:
    """How far uptake over that of the other side is present; 0 or less where it is not, or not known."""
    ratio, ramps = _side_ratio(judged), judged.case.parameters.ramps
    if ratio is None:
        return 0.0
    return (ratio - ramps.asymmetry_none) / (ramps.asymmetry_full - ramps.asymmetry_none)


def _over_other_side(judged: Judged) -> Iterator[LedgerEntry]:
    """Uptake over that of the other side. Likeness says nothing: both sides may be ill."""
    ratio, strength = _side_ratio(judged), _side_strength(judged)
    if ratio is None or strength <= 0:
        return
    is_mirrored = ratio == judged.candidate.left_right_ratio
    what = "the mirrored place on the other side" if is_mirrored else "its partner on the other side"
    text = f"Uptake {ratio:.1f} times that of {what}."
    yield judged.case.evidence.entry(ASYMMETRY, SignGroup.PET, text, strength, measure=round(float(ratio), 2))
