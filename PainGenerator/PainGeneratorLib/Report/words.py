"""Numbers and findings in words, the same in the table, the report and the pictures."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..Numerics.core.measures import Kind, Measure
from ..Numerics.core.plain_numbers import plain_number
from ..Numerics.core.records import FLAG_TEXTS, Candidate, MRFinding, Place
from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.sites import SiteState
from ..Numerics.core.strength import strength_word
from ..Numerics.core.words import Certainty, Evidence, Group, Origin, Role, Side, Status
from ..Numerics.fusion.evidence import SignGroup, SignState
from ..Numerics.mr.verdicts import COLLECTION, EFFUSION
from .languages import Language
from .person_words import long_time

UNKNOWN = "\u2013"
"""What stands for a value that is not known or does not apply (an en dash), never 0."""
MINUS = "\u2212"
SHORT_MR_KINDS: Mapping[str | None, str] = {
    "effusion or synovitis": "effusion",
    "fluid collection or bursitis": "fluid",
    "disc degeneration": "disc degen.",
    "oedema": "edema",
    "implant artefact": "artifact",
}
"""Kinds that are too long for a column of the terminal."""
EVIDENCE_WORDS: Mapping[str, str] = {
    Evidence.BOTH: "PET and MR",
    Evidence.PET_ONLY: "PET only",
    Evidence.MR_ONLY: "MR only",
}
"""The images that show a candidate, for a sentence."""
GROUP_WORDS: Mapping[str, str] = {
    Group.LOW_BACK: "Chronic low back pain",
    Group.HIP_REPLACEMENT: "Pain after total hip replacement",
}
"""The clinical groups, for the head of the report."""
ORIGIN_WORDS: Mapping[str, str] = {
    Origin.AUTOMATIC: "found automatically",
    Origin.EDITED: "outline or name edited by hand",
    Origin.MANUAL: "drawn by hand",
}
"""Where an outline comes from, for a sentence."""
SIDE_UNCERTAIN = "side uncertain"
"""Words beside the name of a candidate whose side is uncertain."""
LEVEL_UNCERTAIN = "level uncertain"
"""Stands beside a name whose level may be wrong."""
PATIENT_DIRECTIONS = (("R", "L"), ("A", "P"), ("H", "F"))
"""Letters of the positive and the negative direction of each axis: right and left, front and back, head and feet."""
DIRECTION_WORDS = (("right", "left"), ("anterior", "posterior"), ("superior", "inferior"))
"""Words of the same directions. Letters before a number would read as a vertebra: L 3."""
SERIES_WORDS: Mapping[str, str] = {
    Role.FLUID: "the fluid-sensitive series",
    Role.CONTRAST: "T1 with contrast",
    Role.FAT_FRACTION: "the fat fraction",
}
"""Roles of MR series in a sentence; the others are called as they are."""
KINDS_OF_FLUID = (EFFUSION, COLLECTION)
"""Kinds of MR findings that are told by the brightness of fluid. The spread of muscle says nothing about fluid, so
that their signal is not counted in standard deviations."""
MR_UNKNOWN = "while MR could not tell"
"""What is said of a place about which MR says nothing, when the reason is not known."""
_COMPARED = re.compile(r"(\d+\.\d) times that of (.+?)(?=, | \(|\.?$)")
"""A ratio of uptake in the text of a sign, and with what the uptake was compared."""
PET_UNKNOWN = "while PET could not tell"
"""The same for PET."""


def number(value: float | None, decimals: int = 2, unit: str = "") -> str:
    """A number with a fixed count of decimals and its unit; an en dash for None, NaN and infinity.

    The digits are those of :func:`.plain_numbers.plain_number`.

    Parameters
    ----------
    value : float, optional
    decimals : int
    unit : str
        Follows the number after a space that does not break.
    """
    plain = plain_number(value, decimals)
    if plain is None:
        return UNKNOWN
    text = plain.replace("-", MINUS)
    return f"{text}\u00a0{unit}" if unit else text


def volume_text(value_ml: float | None) -> str:
    """A volume in ml with about three significant digits."""
    if value_ml is None or not math.isfinite(value_ml):
        return UNKNOWN
    return number(value_ml, 2 if value_ml < 10 else 1 if value_ml < 100 else 0, "ml")


def times(value: float | None) -> str:
    """A ratio, "1.90 times"."""
    return UNKNOWN if value is None else f"{number(value)} times"


def text(value: object) -> str:
    """Any value as text: None and empty text are an en dash, lists are joined by commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return _short_number(float(value))
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return ", ".join(text(item) for item in value) or UNKNOWN
    shown = "" if value is None else str(value)
    return shown if shown.strip() else UNKNOWN


def _short_number(value: float) -> str:
    """A number with up to six significant digits."""
    return f"{value + 0.0:.6g}".replace("-", MINUS) if math.isfinite(value) else UNKNOWN


def measured(measure: Measure, value: Any) -> str:
    """The value of a measure with its digits, without its unit; a position in patient directions."""
    if measure.kind is Kind.NUMBER:
        return number(value, measure.digits)
    if measure.kind is Kind.POINT and value is not None:
        return position(value)
    return text(value)


def letter(index: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    above, rest = divmod(index, 26)
    return (letter(above - 1) if above else "") + chr(ord("A") + rest)


def counted(count: int, word: str) -> str:
    """A count with its word: "1 candidate", "3 candidates", "no candidates"."""
    return f"{'no' if count == 0 else count} {word if count == 1 else word + 's'}"


def flag_text(flag: str) -> str:
    """The sentence of a flag; of an unknown flag its own words."""
    return FLAG_TEXTS.get(flag) or flag.replace("-", " ").capitalize() + "."


def title(candidate: Candidate) -> str:
    """The candidate's name, with the side and the level where the name does not hold them already.

    A side and a level that are uncertain are said to be so.
    """
    place = candidate.place
    name = " ".join(place.name.split())
    extra = [
        part
        for part in (place.level, place.zone, place.side if place.side != Side.MIDLINE else None)
        if part and not _is_held(part, name)
    ]
    doubt = [LEVEL_UNCERTAIN] if lacks_doubt(place) else []
    is_side_doubtful = place.side != Side.MIDLINE and place.side_certainty == Certainty.UNCERTAIN
    if is_side_doubtful and SIDE_UNCERTAIN not in name:
        doubt.insert(0, SIDE_UNCERTAIN)
    return ", ".join([name, *extra, *doubt])


def _is_held(part: str, name: str) -> bool:
    """Whether a name says a part of it already; the level of a disc also where it names one of its two vertebrae."""
    said = name.lower().replace(",", " ").split()
    return part.lower() in name.lower() or any(vertebra in said for vertebra in part.lower().split("/"))


def lacks_doubt(place: Place) -> bool:
    """True for a place whose level is uncertain while its name does not say so."""
    return place.level_certainty == Certainty.UNCERTAIN and LEVEL_UNCERTAIN not in place.name


def clinical_group(group: str | None) -> str | None:
    """A clinical group; an unknown one as it is."""
    return group if group is None else GROUP_WORDS.get(group, group)


def sentence(candidate: Candidate) -> str:
    """What was found at one candidate and how strong the evidence is, in one or two sentences without its name."""
    return f"{_found(candidate)}. {capital(strength(candidate))}."


def _found(candidate: Candidate) -> str:
    """What PET and MR show at a candidate, as a sentence without its end."""
    kind = sign_words(candidate.mr_kind or "a signal abnormality")
    if candidate.evidence == Evidence.MR_ONLY:
        signal = _signal(candidate.mr_kind, candidate.mr_z)
        return f"{kind} on MR{f' ({signal})' if signal else ''}, {without_pet(candidate)}"
    uptake = "raised FDG uptake (" + "; ".join(_uptake_parts(candidate)) + ")"
    if candidate.evidence == Evidence.BOTH:
        return f"{uptake}, and {kind} on MR at the same place"
    return f"{uptake}, {without_mr(candidate)}"


def suv_peak_or_state(candidate: Candidate) -> str:
    """SUVpeak; without uptake, whether PET is normal or not assessable."""
    if candidate.suv_peak is None and candidate.pet_state != SiteState.ABNORMAL:
        return candidate.pet_state
    return number(candidate.suv_peak)


def mr_or_state(candidate: Candidate) -> str:
    """What MR shows, with its z-score; without a finding, whether MR is normal or not assessable."""
    if candidate.mr_kind is None:
        return candidate.mr_state
    kind, z = sign_words(candidate.mr_kind), candidate.mr_z
    has_z = z is not None and candidate.mr_kind not in KINDS_OF_FLUID
    return f"{kind}, {number(z, 1)}" if has_z else kind


def strength(candidate: Candidate) -> str:
    """How strong the evidence is, in words and points: "strong evidence (12.3 points)"."""
    return f"{strength_word(candidate.score)} evidence ({points(candidate.score)} points)"


def points(value: float) -> str:
    """Points of evidence with one decimal; points too small for it are 0.0."""
    return number(round(value, 1) + 0.0, 1)


def capital(words_of: str) -> str:
    """The text with a capital letter first."""
    return words_of[:1].upper() + words_of[1:]


def without_pet(candidate: Candidate) -> str:
    """What the PET says of a candidate that was found on MR only: normal, or why it could not tell."""
    if candidate.pet_state == SiteState.NOT_ASSESSABLE:
        return _why_unknown(candidate, SignGroup.PET, PET_UNKNOWN)
    return "without raised FDG uptake"


def without_mr(candidate: Candidate) -> str:
    """What the MR says of a candidate that was found on PET only: normal, or why it could not tell."""
    if candidate.mr_state == SiteState.NOT_ASSESSABLE:
        return _why_unknown(candidate, SignGroup.MR, MR_UNKNOWN)
    return "without an MR abnormality at this place"


_UNKNOWN_FLAGS: Mapping[tuple[str, str], str] = {
    (SignGroup.PET, "outside-pet"): "outside the PET's field of view",
    (SignGroup.PET, "not-aligned"): "not compared with PET, as the two could not be aligned",
    (SignGroup.MR, "outside-mr"): "outside the MR's field of view",
    (SignGroup.MR, "not-aligned"): "not compared with MR, as the two could not be aligned",
    (SignGroup.MR, "near-implant"): "beside the implant, whose artifact hides the MR signal",
}
"""Group of signs and flag of a candidate -> why this image could not tell, in a sentence."""


def _why_unknown(candidate: Candidate, group: str, otherwise: str) -> str:
    """Why an image could not tell: by the flags, else as the ledger says it."""
    flagged = (text for (of, flag), text in _UNKNOWN_FLAGS.items() if of == group and flag in candidate.flags)
    entries = (e for e in candidate.ledger if e.group == group and e.state == SignState.NOT_ASSESSABLE)
    said = (f"{otherwise}, {reason}" for e in entries if (reason := e.text.rstrip(".").partition(", ")[2]))
    return next(flagged, None) or next(said, otherwise)


def _uptake_parts(candidate: Candidate) -> list[str]:
    if candidate.suv_peak is not None:
        parts = [f"SUVpeak {number(candidate.suv_peak, 2, 'g/ml')}"]
    else:
        parts = [f"SUVmax {number(candidate.suv_max, 2, 'g/ml')}"]
    if candidate.tbr is not None:
        parts.append(f"{times(candidate.tbr)} the reference tissue")
    return [*parts, *_comparisons(candidate)]


def _comparisons(candidate: Candidate) -> list[str]:
    """With what else the uptake was compared and found higher, as the ledger says it."""
    found: list[str] = []
    for entry in candidate.ledger:
        if entry.group == SignGroup.PET and entry.points > 0.0:
            said = _COMPARED.findall(entry.text)
            # The first one of this sign is the reference tissue, which is said with two decimals already.
            is_said = entry.sign.startswith("uptake") and candidate.tbr is not None
            found += [f"{ratio} times {what}" for ratio, what in said[is_said:] if float(ratio) > 1.0]
    return list(dict.fromkeys(found))


def _z(value: float) -> str:
    """A z-score in words; its sign is a direction."""
    where = "above" if value >= 0 else "below"
    return f"{number(abs(value), 1)} standard deviations {where} its reference tissue"


def _signal(kind: str | None, z: float | None, over_muscle: float | None = None) -> str:
    """How the signal of an MR finding differs from normal, as part of a sentence; empty where it is not known."""
    if kind in KINDS_OF_FLUID:
        return "" if over_muscle is None else f"signal {number(over_muscle, 1)} times that of muscle"
    return "" if z is None else f"signal {_z(z)}"


def evidence_list(candidate: Candidate) -> list[tuple[str, str]]:
    """The measures of a candidate and what a reader must keep in mind, as (heading, text).

    What the ledger says of the pain stands there.
    """
    rows = [*_pet_rows(candidate), *_mr_rows(candidate)]
    is_weighed = any(entry.group == SignGroup.SYMPTOM for entry in candidate.ledger)
    if candidate.distance_to_pain_mm is not None and not is_weighed:
        rows.append(("Pain site", f"{number(candidate.distance_to_pain_mm, 0, 'mm')} from the nearest marked site."))
    rows += [("Caution", flag_text(flag)) for flag in dict.fromkeys(candidate.flags)]
    rows.append(("Review", _review_words(candidate)))
    if candidate.comment:
        rows.append(("Comment", candidate.comment))
    return rows


def _review_words(candidate: Candidate) -> str:
    how = ORIGIN_WORDS.get(candidate.origin, candidate.origin)
    if candidate.status == Status.PENDING:
        return f"{how}; not yet reviewed by a radiologist."
    act = candidate.decision
    by = "" if act is None else f" by {act.by} on {long_time(act.time, Language())}"
    return f"{how}; {candidate.status} on review{by}."


def _mr_rows(candidate: Candidate) -> list[tuple[str, str]]:
    if candidate.mr_findings:
        return [("MR", mr_text(finding)) for finding in candidate.mr_findings]
    if candidate.mr_kind is None:
        return []
    signal = _signal(candidate.mr_kind, candidate.mr_z)
    return [("MR", f"{', '.join(part for part in (sign_words(candidate.mr_kind), signal) if part)}.")]


def _pet_rows(candidate: Candidate) -> list[tuple[str, str]]:
    if candidate.suv_max is None and candidate.suv_peak is None:
        return []
    values = [("SUVpeak", candidate.suv_peak), ("SUVmax", candidate.suv_max), ("SUVmean", candidate.suv_mean)]
    line = ", ".join(f"{name} {number(value)}" for name, value in values) + "\u00a0g/ml."
    if candidate.tbr is not None:
        line += f" SUVpeak is {times(candidate.tbr)} the reference tissue{_reference(candidate)}."
    else:
        line += " No reference tissue to compare with."
    rows = [("PET", line)]
    if candidate.left_right_ratio is not None:
        ratio = candidate.left_right_ratio
        rows.append(("Left\u2013right", f"SUVpeak is {times(ratio)} that of the mirrored place on the other side."))
    extent = (
        f"Metabolic volume {volume_text(candidate.mtv_ml)}, total lesion glycolysis {number(candidate.tlg_g, 2, 'g')}"
    )
    contours = dict.fromkeys(
        f"{spot.contour_method}, at SUV {number(spot.contour_threshold, 2, 'g/ml')}" for spot in candidate.hot_spots
    )
    rows.append(("Extent", extent + (f" (contour: {'; '.join(contours)})." if contours else ".")))
    return rows


def _reference(candidate: Candidate) -> str:
    """The tissue that the ratio of a candidate compares with, in parentheses."""
    if candidate.reference is None:
        return ""
    return f" ({candidate.reference_name or 'matched tissue'}: {number(candidate.reference, 2, 'g/ml')})"


def mr_text(finding: MRFinding) -> str:
    """One MR finding in a sentence."""
    series = SERIES_WORDS.get(finding.series_role, finding.series_role)
    signal = _signal(finding.kind, finding.z, finding.over_muscle)
    line = f"{sign_words(finding.kind)}, {volume_text(finding.volume_ml)}, on {series}"
    line += f": {signal}" if signal else ""
    if finding.z_t1 is not None and finding.series_role != Role.T1:
        line += f"; on T1 {_z(finding.z_t1)}"
    return f"{capital(line)}."


def position(centroid_ras_mm: np.ndarray) -> str:
    """A position in words: "12 mm right, 40 mm posterior, 103 mm superior"."""
    return ", ".join(
        f"{abs(round(float(value)))}\u00a0mm {positive if value >= 0 else negative}"
        for value, (positive, negative) in zip(centroid_ras_mm, DIRECTION_WORDS, strict=True)
    )
