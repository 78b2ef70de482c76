"""The pattern of the uptake along the whole interface of bone and a hip prosthesis, by Gruen and DeLee-Charnley zones.

Uptake at the interface of bone and prosthesis is what speaks for a loosened or infected prosthesis (J Nucl Med 2009,
abstract 1350: sensitivity 79 %, specificity 77.5 %). Painless prostheses have uptake at head and neck for years
(Zhuang H et al. Eur J Nucl Med Mol Imaging 2002;29:1328). So the neck is no zone, and each zone is compared with the
same place in the other hip and, at the stem, with the shaft below it. The words say where the uptake lies and name no
disease.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..core.site_reading import sign_words, uptake_reason
from ..core.sites import InterfacePattern, InterfaceWord, InterfaceZone, SiteRow, SiteState
from ..core.words import Side
from .after_surgery import ProsthesisFacts, early_strength, months_text
from .judged import NEAR_IMPLANT_FLAG
from .parameters import SurgeryParameters
from .site_verdict import NEXT_TO_IMPLANT, sign_text

RAISED_RATIO = 1.5
"""Lower bound of SUVpeak over the shaft below the stem, or over normal marrow at the cup, at which the uptake of a
zone is raised. Our estimate: the bone along a stem differs from the shaft below by up to 25 % in a healthy hip."""
RAISED_OVER_OTHER = 1.3
"""The same over the same place in the other hip. Our estimate: healthy sides differ by 1.15 (CAMONA study), and the
attenuation correction takes metal for air, which lowers the uptake beside it by 10 to 25 %."""
RAISED_SUV = 0.8
"""Lower bound of SUVpeak, g/ml, at which the uptake of bone is raised: SUVmax of the shaft of healthy femora is 0.81
(van Vliet, Nucl Med Commun 2016)."""
FOCAL_MOST = 2
"""Upper bound of the number of neighboring zones that are called focal. Our choice: uptake at the border of two zones
is in both."""
NECK_STRUCTURES = ("prosthesis neck", "prosthesis head")
SOFT_STRUCTURES = (
    "hip joint capsule",
    "trochanteric bursa",
    "iliopsoas bursa",
    "iliopsoas tendon",
    "gluteal tendons",
)
"""Sites of the soft tissue around a hip."""
LATERAL = ("Gruen 1", "Gruen 2", "Gruen 3")
MEDIAL = ("Gruen 5", "Gruen 6", "Gruen 7")
SPILL_FLAG = "spill-over"
"""The flag of a site whose uptake reaches there from a hotter place beside it."""
SPILL_REASON = "Uptake of a hotter place beside it reaches here."
NO_NATIVE_HIP = "Both hips are replaced: there is no native hip to compare with."


@dataclass(frozen=True)
class NormalBone:
    """SUVpeak of the normal bone with which a zone is compared, g/ml; None where it is not known.

    Parameters
    ----------
    opposite : float or None
        The same place in the other hip.
    distal : float or None
        The shaft below the stem.
    """

    opposite: float | None = None
    distal: float | None = None


def interface_patterns(
    rows: Sequence[SiteRow],
    normal: Mapping[str, NormalBone],
    facts: ProsthesisFacts,
    parameters: SurgeryParameters,
) -> tuple[InterfacePattern, ...]:
    """The pattern of each prosthesis, right before left.

    Parameters
    ----------
    rows : sequence of SiteRow
        The table of sites with its measures.
    normal : mapping of str to NormalBone
        Name of a site -> the bone that it is compared with.
    facts : ProsthesisFacts
        What was given about the prosthesis.
    parameters : SurgeryParameters
    """
    sides = [side for side in (Side.RIGHT, Side.LEFT) if any(row.site.zone and row.site.side == side for row in rows)]
    patterns = [_pattern(str(side), [row for row in rows if row.site.side == side], normal) for side in sides]
    given = (*([NO_NATIVE_HIP] if len(sides) > 1 else []), *given_notes(facts, parameters))
    return tuple(dataclasses.replace(pattern, notes=(*pattern.notes, *given)) for pattern in patterns)


def rows_as_patterns_say(rows: Sequence[SiteRow], patterns: Sequence[InterfacePattern]) -> tuple[SiteRow, ...]:
    """The table of sites, in which the zones of a prosthesis have the verdict of its pattern.

    The limits of the table are made for bone without metal. The pattern compares a zone with the other hip and with
    the shaft below the stem, so that it alone says whether the uptake of a zone is raised.

    Parameters
    ----------
    rows : sequence of SiteRow
    patterns : sequence of InterfacePattern
        Made from these rows.
    """
    zones = {(pattern.side, zone.zone): zone for pattern in patterns for zone in pattern.zones}
    return tuple(_with_verdict(row, zones.get((row.site.side, row.site.zone or ""))) for row in rows)


def _with_verdict(row: SiteRow, zone: InterfaceZone | None) -> SiteRow:
    """A row with the verdict of its zone; as it is where it is no zone. What the MR shows there stays."""
    if zone is None:
        return row
    shown = {sign_text(sign) for sign in row.mr_signs}
    reasons = [reason for reason in row.reasons if reason in shown]
    if zone.state == SiteState.ABNORMAL:
        reasons = [*(uptake_reason(ratio, what) for ratio, what in _compared(zone)), *reasons]
    if reasons:
        return dataclasses.replace(row, state=str(SiteState.ABNORMAL), reasons=tuple(reasons))
    if zone.state == SiteState.NORMAL and NEAR_IMPLANT_FLAG in row.flags:
        return dataclasses.replace(row, state=str(SiteState.NOT_ASSESSABLE), reasons=(NEXT_TO_IMPLANT,))
    return dataclasses.replace(row, state=zone.state, reasons=(zone.reason,) if zone.reason else ())


def _pattern(side: str, rows: Sequence[SiteRow], normal: Mapping[str, NormalBone]) -> InterfacePattern:
    """The pattern of the prosthesis of one side, from the rows of this side."""
    zones = tuple(_zone(row, normal.get(row.site.name, NormalBone())) for row in sorted(_with_zone(rows), key=_order))
    raised = [zone for zone in zones if zone.state == SiteState.ABNORMAL]
    soft = [row for row in rows if row.site.structure in SOFT_STRUCTURES and row.state == SiteState.ABNORMAL]
    neck = _raised_neck(rows)
    word = _word(zones, raised, neck, soft)
    notes = tuple(_notes(zones, soft if not raised else []))
    return InterfacePattern(side, str(word), _sentence(word, raised, neck, soft), zones, notes)


def _with_zone(rows: Sequence[SiteRow]) -> list[SiteRow]:
    return [row for row in rows if row.site.zone is not None]


def _order(row: SiteRow) -> tuple[bool, int, str]:
    """Gruen zones by their number, then those at the cup."""
    family, _, number = (row.site.zone or "").partition(" ")
    return family != "Gruen", int(number) if number.isdigit() else 0, number


def _zone(row: SiteRow, normal: NormalBone) -> InterfaceZone:
    """A zone with its ratios; its uptake is raised when it is over every normal bone that is known."""
    is_stem = (row.site.zone or "").startswith("Gruen")
    opposite, distal = _over(row.suv_peak, normal.opposite), _over(row.suv_peak, normal.distal) if is_stem else None
    # The marrow of a femur is fatty, so that the marrow of pelvis and spine is no measure for it.
    reference = None if is_stem else row.ratio
    limits = ((opposite, RAISED_OVER_OTHER), (distal, RAISED_RATIO), (reference, RAISED_RATIO))
    known = [ratio >= least for ratio, least in limits if ratio is not None]
    state, reason = SiteState.NORMAL, ""
    if row.suv_peak is None:
        state, reason = SiteState.NOT_ASSESSABLE, " ".join(row.reasons) or "No uptake was measured."
    elif not known:
        state, reason = SiteState.NOT_ASSESSABLE, "No normal bone to compare it with."
    elif all(known) and row.suv_peak >= RAISED_SUV:
        is_own = SPILL_FLAG not in row.flags
        state, reason = (SiteState.ABNORMAL, "") if is_own else (SiteState.NORMAL, SPILL_REASON)
    return InterfaceZone(
        str(row.site.zone), str(state), row.suv_peak, opposite, distal, reference, row.mr_signs, reason
    )


def _over(value: float | None, normal: float | None) -> float | None:
    return None if value is None or normal is None or normal <= 0 else value / normal


def _raised_neck(rows: Sequence[SiteRow]) -> bool | None:
    """Whether head or neck have raised uptake, over normal muscle; None where the neck was not measured."""
    neck = {row.site.structure: row.ratio for row in rows if row.site.structure in NECK_STRUCTURES}
    ratios = [ratio for ratio in neck.values() if ratio is not None]
    if neck.get(NECK_STRUCTURES[0]) is None and not any(ratio >= RAISED_RATIO for ratio in ratios):
        return None
    return any(ratio >= RAISED_RATIO for ratio in ratios)


def _word(
    zones: Sequence[InterfaceZone], raised: Sequence[InterfaceZone], neck: bool | None, soft: Sequence[SiteRow]
) -> InterfaceWord:
    if not any(zone.state != SiteState.NOT_ASSESSABLE for zone in zones):
        return InterfaceWord.NOT_ASSESSABLE
    if not raised:
        return InterfaceWord.NECK if neck else InterfaceWord.NONE
    if soft:
        return InterfaceWord.EXTENDED
    return InterfaceWord.FOCAL if is_focal([zone.zone for zone in raised]) else InterfaceWord.ALONG


def is_focal(zones: Sequence[str]) -> bool:
    """Whether raised zones are one place: a single one, or two that meet on one side of stem or cup."""
    # What lies beside a stem is seen in the zones in front and behind, too.
    in_coronal = [zone for zone in zones if zone.split()[-1] not in map(str, range(8, 15))]
    counted = in_coronal or list(zones)
    if len(counted) > FOCAL_MOST:
        return False
    families = {zone.split()[0] for zone in counted}
    is_both_sides = any(zone in LATERAL for zone in counted) and any(zone in MEDIAL for zone in counted)
    return len(families) == 1 and not is_both_sides and _are_neighbors(counted)


def _are_neighbors(zones: Sequence[str]) -> bool:
    """Whether the numbers of zones follow one another."""
    numbers = sorted(
        len(name) if name.strip("I") == "" else int(name) for name in (zone.split()[-1] for zone in zones)
    )
    return all(second - first <= 1 for first, second in pairwise(numbers))


def _sentence(word: InterfaceWord, raised: Sequence[InterfaceZone], neck: bool | None, soft: Sequence[SiteRow]) -> str:
    """The pattern in words; `neck` is None where it was not measured."""
    none_at_neck = "" if neck is None else ", none at the neck"
    texts: dict[InterfaceWord, Callable[[], str]] = {
        InterfaceWord.NOT_ASSESSABLE: lambda: "The uptake along the prosthesis could not be assessed.",
        InterfaceWord.NONE: lambda: f"No raised uptake along the interface of bone and prosthesis{none_at_neck}.",
        InterfaceWord.NECK: lambda: (
            "Raised uptake at head and neck only, none along the interface of bone and prosthesis; painless "
            "prostheses have it for years, too."
        ),
        InterfaceWord.FOCAL: lambda: f"Focal raised uptake at the interface: {_zones_text(raised)}.",
        InterfaceWord.ALONG: lambda: f"Raised uptake along the interface{_extent(raised)}: {_zones_text(raised)}.",
        InterfaceWord.EXTENDED: lambda: (
            f"Raised uptake at the interface{_extent(raised)}, and soft tissue beside it is abnormal, too: "
            f"{_zones_text(raised)}; {_soft_text(soft)}."
        ),
    }
    also = " Head and neck have raised uptake, too." if neck and raised else ""
    return texts[word]() + also


def _extent(raised: Sequence[InterfaceZone]) -> str:
    """On which sides of stem and cup the uptake lies."""
    names = {zone.zone for zone in raised}
    parts = []
    if names.intersection(LATERAL) and names.intersection(MEDIAL):
        parts.append("on both sides of the stem")
    if any(name.startswith("DeLee") for name in names) and any(name.startswith("Gruen") for name in names):
        parts.append("at stem and cup")
    return f" ({', '.join(parts)})" if parts else ""


def _zones_text(zones: Sequence[InterfaceZone]) -> str:
    return ", ".join(_zone_text(zone) for zone in zones)


def _zone_text(zone: InterfaceZone) -> str:
    """A zone with what its uptake is compared with: ``Gruen 7 (1.9 times the other hip, edema on MR)``."""
    said = [f"{ratio:.1f} times {what}" for ratio, what in _compared(zone)]
    said += [f"{sign_words(sign)} on MR" for sign in zone.mr_signs]
    return f"{zone.zone} ({', '.join(said)})"


def _compared(zone: InterfaceZone) -> list[tuple[float, str]]:
    """The ratios of a zone that are known, each with the normal bone that it is compared with."""
    ratios = (
        (zone.opposite_ratio, "the other hip"),
        (zone.distal_ratio, "the shaft below"),
        (zone.reference_ratio, "normal marrow"),
    )
    return [(ratio, what) for ratio, what in ratios if ratio is not None]


def _soft_text(rows: Sequence[SiteRow]) -> str:
    return ", ".join(row.site.structure for row in rows)


def _notes(zones: Sequence[InterfaceZone], soft: Sequence[SiteRow]) -> Iterator[str]:
    """What else the reader must know."""
    marked = [zone.zone for zone in zones if zone.mr_signs and zone.state != SiteState.ABNORMAL]
    if marked:
        yield f"MR findings where the uptake of the zone is not called raised: {', '.join(marked)}."
    reached = [zone.zone for zone in zones if zone.reason == SPILL_REASON]
    if reached:
        yield f"Uptake of a hotter place beside them reaches {', '.join(reached)}."
    if soft:
        yield f"Soft tissue around the hip is abnormal: {_soft_text(soft)}."
    for part, family in (("stem", "Gruen"), ("cup", "DeLee-Charnley")):
        if not any(zone.zone.startswith(family) for zone in zones):
            yield f"The {part} was not found: its zones are not known."
    unknown = [zone.zone for zone in zones if zone.state == SiteState.NOT_ASSESSABLE]
    if unknown:
        yield f"Not assessable: {', '.join(unknown)}."


def given_notes(facts: ProsthesisFacts, parameters: SurgeryParameters) -> Iterator[str]:
    """What was given about surgery, fixation and CRP, in sentences that name no disease."""
    fixed = "" if facts.fixation is None else f" ({facts.fixation})"
    if facts.months is not None:
        early = early_strength(facts, parameters) > 0
        more = ": some uptake and edema around it are usual" if early else ""
        yield f"The hip was replaced {months_text(facts.months)} before the scan{fixed}{more}."
    elif fixed:
        yield f"Fixation of the prosthesis: {facts.fixation}."
    if facts.crp_mg_l is not None:
        limit = parameters.crp_mg_l
        raised = "raised, above" if facts.crp_mg_l > limit else "not raised, up to"
        yield f"CRP {facts.crp_mg_l:g} mg/l ({raised} {limit:g} mg/l)."
