"""Signs on MR, and whether MR could tell at all: abnormal, normal, or not assessable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..core.records import LedgerEntry, MRFinding
from ..core.site_reading import sign_words
from ..core.sites import SiteState
from ..core.words import Evidence, Role
from ..mr.rule_lists import RULES_OF_COLD_ANATOMY, mr_rule_text
from ..mr.verdicts import COLLECTION, DISC_DEGENERATION, EFFUSION, MODIC_I, MODIC_II, MODIC_III, OEDEMA
from .evidence import SignGroup
from .judged import Judged

KIND_SIGNS = {
    MODIC_I: "modic_1",
    MODIC_II: "modic_2",
    MODIC_III: "modic_3",
    DISC_DEGENERATION: "disc_degeneration",
    EFFUSION: "joint_fluid",
    COLLECTION: "fluid_collection",
}
"""Kind of an MR finding -> its sign. Edema has one by its place (:func:`sign_of_finding`)."""
MR_NORMAL = "mr_normal"
NEAR_IMPLANT = "near_implant"
USUAL_ON_MR = "usual_on_mr"
USUAL_BUT_HOT = "usual_on_mr_but_hot"
USUAL_SIGNS = frozenset({USUAL_ON_MR, USUAL_BUT_HOT})
"""Signs that say that normal anatomy looks like an MR finding."""
FAINT = "faint_on_mr"
NOT_ALIGNED = "PET and MR are not aligned"
AT_METAL = "it lies beside the implant, whose artifact hides the signal"
BONES_BESIDE_VERTEBRAE = frozenset(
    {"sacrum", "sacral ala", "hip bone", "ilium", "acetabulum", "femur", "greater trochanter", "lesser trochanter",
     "sacroiliac joint", "prosthesis cup", "prosthesis stem"}
)  # fmt: skip
"""Structures in whose bone T2 without suppressed fat shows no edema: all marrow is bright there, and no other level of
the spine says how bright it usually is."""


def sign_of_finding(finding: MRFinding, structure: str) -> str:
    """The name of the sign that an MR finding is."""
    if finding.kind != OEDEMA:
        return KIND_SIGNS[finding.kind]
    return "edema_sacroiliac" if structure == "sacroiliac joint" else "edema"


def mr_signs(judged: Judged) -> Iterator[LedgerEntry]:
    """What the MR says of a candidate.

    Findings of one candidate have one cause. The strongest counts in full, and a part of each of the others.
    """
    table = judged.case.evidence
    state = mr_state(judged)
    if state == SiteState.NOT_ASSESSABLE:
        yield table.unknown(MR_NORMAL, SignGroup.MR, why_unknown(judged))
    elif state == SiteState.NORMAL:
        yield table.entry(MR_NORMAL, SignGroup.MR, "MR shows nothing abnormal here.", 1.0)
    else:
        yield from _of_findings(judged)
    yield from _doubts(judged)


def _of_findings(judged: Judged) -> Iterator[LedgerEntry]:
    """One entry for each kind of finding, the strongest first."""
    candidate, case = judged.candidate, judged.case
    signs: dict[str, MRFinding] = {}
    for finding in candidate.mr_findings:
        sign = sign_of_finding(finding, candidate.place.structure)
        if sign not in signs or finding.grade > signs[sign].grade:
            signs[sign] = finding
    entries = [
        case.evidence.entry(sign, SignGroup.MR, _text(finding), finding.grade, measure=_z(finding))
        for sign, finding in signs.items()
    ]
    entries.sort(key=lambda entry: -entry.points)
    part = case.parameters.same_cause_part
    for number, entry in enumerate(entries):
        yield entry if number == 0 else _part_of(entry, part)


def _doubts(judged: Judged) -> Iterator[LedgerEntry]:
    """What speaks against the findings: they are faint, normal anatomy looks like them, or metal lies beside them."""
    candidate, table = judged.candidate, judged.case.evidence
    if candidate.evidence == Evidence.MR_ONLY and all("weak" in finding.flags for finding in candidate.mr_findings):
        text = "Too faint, small or doubtful on MR to count without uptake."
        yield table.entry(FAINT, SignGroup.MR, text, 1.0)
    if candidate.mr_findings and all(finding.usual for finding in candidate.mr_findings):
        yield _usual(judged)
    if judged.is_at_metal:
        text = "Within the margin of the implant's artifact, where PET and MR are unreliable."
        yield table.entry(NEAR_IMPLANT, SignGroup.MR, text, 1.0)


def _usual(judged: Judged) -> LedgerEntry:
    """What normal anatomy looks like the finding, with the rule that says so.

    Where the PET shows uptake in what has none of its own, the rule is in doubt and counts less.
    """
    candidate = judged.candidate
    finding = candidate.mr_findings[0]
    is_in_doubt = candidate.evidence == Evidence.BOTH and finding.usual_rule in RULES_OF_COLD_ANATOMY
    number = len(candidate.mr_findings)
    count = f" ({number} places)" if number > 1 else ""
    said = mr_rule_text(finding.usual_rule or "")
    text = f"Usual on MR at this place: {finding.usual}{count}. {said}".strip()
    sign = USUAL_BUT_HOT if is_in_doubt else USUAL_ON_MR
    return judged.case.evidence.entry(sign, SignGroup.USUAL, text, 1.0, measure=finding.usual_rule)


def mr_state(judged: Judged) -> str:
    """What MR says of the place of a candidate: a word of :class:`..core.sites.SiteState`."""
    if judged.candidate.mr_findings:
        return str(SiteState.ABNORMAL)
    return str(SiteState.NOT_ASSESSABLE if why_unknown(judged) else SiteState.NORMAL)


def pet_state(judged: Judged) -> str:
    """What PET says of the place of a candidate, in the same words."""
    if judged.candidate.hot_spots:
        return str(SiteState.ABNORMAL)
    return str(SiteState.NOT_ASSESSABLE if why_pet_unknown(judged) else SiteState.NORMAL)


def why_unknown(judged: Judged) -> str:
    """Why MR could not tell, as a sentence; empty where it could."""
    cause = _mr_cause(judged)
    return f"MR: not assessable, as {cause}." if cause else ""


def _mr_cause(judged: Judged) -> str:
    case = judged.case
    if not case.aligned:
        return NOT_ALIGNED
    if judged.is_outside_mr:
        return "no MR series shows this place"
    if judged.is_at_metal:
        return AT_METAL
    if not case.has_fluid_series:
        return "no fluid-sensitive series shows edema and fluid"
    return _series_cause(judged)


def _series_cause(judged: Judged) -> str:
    """Why the fluid-sensitive series could not tell at this place; empty where one could."""
    if judged.shown_by(Role.FLUID):
        return ""
    if not judged.shown_by(Role.T2):
        return "this place lies outside the field of view of the fluid-sensitive series"
    if judged.candidate.place.structure in BONES_BESIDE_VERTEBRAE:
        return "T2 without suppressed fat, which alone shows this place, does not show edema of this bone"
    return ""


def why_pet_unknown(judged: Judged) -> str:
    """Why PET could not tell, as a sentence; empty where it could."""
    cause = _pet_cause(judged)
    return f"Uptake: not assessable, as {cause}." if cause else ""


def _pet_cause(judged: Judged) -> str:
    if not judged.case.aligned:
        return NOT_ALIGNED
    if judged.is_outside_pet:
        return "the PET does not show this place"
    if not judged.case.has_pet_reference:
        return "the PET has no reference tissue to compare it with"
    return "attenuation correction may be wrong beside the implant" if judged.is_at_metal else ""


def _part_of(entry: LedgerEntry, part: float) -> LedgerEntry:
    """An entry whose points count in part, as a stronger sign of the same cause counts already."""
    text = f"{entry.text.removesuffix('.')} (counted in part: same cause as the sign above)."
    return replace(entry, text=text, points=round(part * entry.points, 3))


def _text(finding: MRFinding) -> str:
    words = sign_words(finding.kind)
    return f"{words[:1].upper()}{words[1:]} on MR."


def _z(finding: MRFinding) -> float | None:
    return None if finding.z is None else round(float(finding.z), 1)
