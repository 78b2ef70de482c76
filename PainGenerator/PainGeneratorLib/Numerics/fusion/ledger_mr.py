"""Signs on MR, and whether MR could tell at all: abnormal, normal, or not assessable."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.records import LedgerEntry, MRFinding
from ..core.site_reading import sign_words
from ..core.sites import SiteState
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


def sign_of_finding(finding: MRFinding, structure: str) -> str:
    """The name of the sign that an MR finding is."""
    if finding.kind != OEDEMA:
        return KIND_SIGNS[finding.kind]
    return "edema_sacroiliac" if structure == "sacroiliac joint" else "edema"


def mr_signs(judged: Judged) -> Iterator[LedgerEntry]:
    """What the MR says of a candidate.

    Findings of one candidate have one cause. The strongest counts in full, and a part of each of the others.
    """
    candidate, case = judged.candidate, judged.case
    table = case.evidence
    state = mr_state(judged)
    if state == SiteState.NOT_ASSESSABLE:
        yield table.unknown(MR_NORMAL, SignGroup.MR, why_unknown(judged))
    elif state == SiteState.NORMAL:
        yield table.entry(MR_NORMAL, SignGroup.MR, "MR shows nothing abnormal here.", 1.0)
    else:
        signs: dict[str, MRFinding] = {}
        for finding in candidate.mr_findings:
            sign = sign_of_finding(finding, candidate.place.structure)
            if sign not in signs or finding.grade > signs[sign].grade:
                signs[sign] = finding
        entries = [
            table.entry(sign, SignGroup.MR, _text(finding), finding.grade, measure=_z(finding))
            for sign, finding in signs.items()
        ]
        entries.sort(key=lambda entry: -entry.points)
        part = case.parameters.same_cause_part
        for number, entry in enumerate(entries):
            yield entry if number == 0 else _part_of(entry, part)
    if "near-implant" in candidate.flags:
        text = "Within the margin of the implant's artifact, where PET and MR are unreliable."
        yield table.entry(NEAR_IMPLANT, SignGroup.MR, text, 1.0)


def mr_state(judged: Judged) -> str:
    """What MR says of the place of a candidate: a word of :class:`..core.sites.SiteState`."""
    if judged.candidate.mr_findings:
        return str(SiteState.ABNORMAL)
    return str(SiteState.NOT_ASSESSABLE if why_unknown(judged) else SiteState.NORMAL)


def pet_state(judged: Judged) -> str:
    """What PET says of the place of a candidate, in the same words."""
    if judged.candidate.hot_spots:
        return str(SiteState.ABNORMAL)
    is_known = judged.case.aligned and not judged.is_outside_pet
    return str(SiteState.NORMAL if is_known else SiteState.NOT_ASSESSABLE)


def why_unknown(judged: Judged) -> str:
    """Why MR could not tell, as a sentence; empty where it could."""
    if not judged.case.aligned:
        return "MR: not assessable, as PET and MR are not aligned."
    if judged.is_outside_mr:
        return "MR: not assessable, as no MR series shows this place."
    if "near-implant" in judged.candidate.flags:
        return "MR: not assessable beside the implant, whose artifact hides the signal."
    if not judged.case.has_fluid_series:
        return "MR: not assessable, as no fluid-sensitive series shows edema and fluid."
    return ""


def _part_of(entry: LedgerEntry, part: float) -> LedgerEntry:
    """An entry whose points count in part, as a stronger sign of the same cause counts already."""
    text = f"{entry.text.removesuffix('.')} (counted in part: same cause as the sign above)."
    return LedgerEntry(
        entry.sign, entry.group, text, entry.measure, round(part * entry.points, 3), entry.source, entry.state
    )


def _text(finding: MRFinding) -> str:
    words = sign_words(finding.kind)
    return f"{words[:1].upper()}{words[1:]} on MR."


def _z(finding: MRFinding) -> float | None:
    return None if finding.z is None else round(float(finding.z), 1)
