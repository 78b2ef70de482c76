"""Compare the reading of a scenario with its right answer, and say in words what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from finding_cases import Lesion
from finding_score import Found, Outcome, State, names_right
from PainGeneratorLib.Phantoms.scenarios import ATTENTION, CANDIDATE, EITHER

if TYPE_CHECKING:
    from finding_record import Record

RIGHT_STATES = {
    CANDIDATE: (State.FOUND,),
    ATTENTION: (State.ATTENTION,),
    EITHER: (State.FOUND, State.ATTENTION),
}
"""What the right answer says of a lesion -> states that are right."""
EARLY_WORD = "early"
"""Part of the flag, or of the name of the sign, by which an entry tells that the surgery was not long ago."""


@dataclass(eq=False)
class Verdict:
    """What is right and wrong in one scenario.

    Parameters
    ----------
    scenario : str
    right, lesions : int
        Number of lesions that are where they belong, and of all.
    wrong : list of str
        Everything that is wrong, in words.
    """

    scenario: str
    right: int = 0
    lesions: int = 0
    wrong: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The verdict in plain types."""
        return asdict(self)


def verdict(outcome: Outcome, answer: dict[str, Any]) -> Verdict:
    """Judge the reading of a scenario.

    Parameters
    ----------
    outcome : Outcome
    answer : dict
        The entry ``scenario`` of ``truth.json``.
    """
    made = Verdict(answer["name"], lesions=len(outcome.lesions))
    for lesion in outcome.lesions:
        wanted = answer["lesions"].get(lesion.id, {"expected": CANDIDATE, "is_mr_unknown": False})
        if outcome.state(lesion) in RIGHT_STATES[wanted["expected"]]:
            made.right += 1
        else:
            made.wrong.append(f"{_name(lesion)} is {_where(lesion, outcome)}, not {wanted['expected']}")
        made.wrong += _wrong_words(lesion, outcome, is_mr_unknown=wanted["is_mr_unknown"])
    made.wrong += _not_one(outcome, answer["one_entry"])
    made.wrong += _false(outcome, may_be_flagged=answer["weeks_since_surgery"] is not None)
    return made


def _name(lesion: Lesion) -> str:
    """A lesion in words."""
    t = lesion.truth
    parts = [t.get("side"), t["kind"], t.get("level"), t.get("zone")]
    return f"{lesion.id} ({' '.join(str(part) for part in parts if part)})"


def _where(lesion: Lesion, outcome: Outcome) -> str:
    """What became of a lesion, with the name of the entry."""
    entry = outcome.matches.get(lesion.id) or outcome.others.get(lesion.id, (None, None))[1]
    state = outcome.state(lesion)
    word = f"candidate {outcome.ranks[lesion.id]}" if state == State.FOUND else str(state)
    return word if entry is None else f"{word} as {_entry(entry)}"


def _entry(found: Found) -> str:
    """An entry in words; hot spots have no name."""
    name = found.facts.get("name")
    return "a hot spot" if name is None else f'"{name}" ({found.facts["score"]:.1f})'


def _wrong_words(lesion: Lesion, outcome: Outcome, *, is_mr_unknown: bool) -> Iterator[str]:
    """What is wrong about the class of evidence, the zone, side and level, and the state of MR at a shown lesion."""
    match = outcome.shown(lesion)
    if match is None or match.facts.get("name") is None:
        return
    single = Outcome(outcome.name, [lesion], outcome.found, outcome.ranks, outcome.matches, others=outcome.others)
    for what, (right, total) in names_right([single]).items():
        said = match.facts.get(what)
        may_be_pet = what == "evidence" and is_mr_unknown and said == "PET only"
        if right < total and what != "structure" and not may_be_pet:
            truth = lesion.evidence if what == "evidence" else lesion.truth[what]
            yield f"{what} of {_name(lesion)} is {said}, not {truth}"
    if is_mr_unknown and match.facts.get("mr_state") == "normal":
        yield f"{_name(lesion)} is called normal on MR, which cannot tell"


def _not_one(outcome: Outcome, groups: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lesions that belong into one entry, but are not in the same one."""
    for ids in groups:
        entries = [outcome.shown(x) for x in outcome.lesions if x.id in ids]
        if None not in entries and any(one is not entries[0] for one in entries):
            yield f"{' and '.join(ids)} are not one entry"


def _false(outcome: Outcome, *, may_be_flagged: bool) -> Iterator[str]:
    """The candidates at no lesion and the needless entries of the box for attention."""
    for (rank, one), place in zip(outcome.false, outcome.false_places, strict=True):
        if not (may_be_flagged and tells_of_surgery(one)):
            yield f"false candidate {rank} [{place}]: {_entry(one)}"
    for one in outcome.needless_attention():
        yield f"needless attention: {_entry(one)}"


def tells_of_surgery(found: Found) -> bool:
    """Whether an entry says that the surgery was not long ago: by a flag, or by a sign in its ledger."""
    signs = [entry["sign"] for entry in found.facts.get("ledger", ()) if entry["points"]]
    return any(EARLY_WORD in text for text in (*found.facts.get("flags", ()), *signs))


def scenario_report(records: Sequence[Record]) -> list[str]:
    """The table of all scenarios: lesions that are where they belong, false candidates, and what is wrong."""
    lines = []
    for variant in dict.fromkeys(v for record in records for v in record.verdicts):
        some = [(r, r.verdicts[variant]) for r in records if variant in r.verdicts]
        right, total = sum(v.right for _, v in some), sum(v.lesions for _, v in some)
        clean = sum(not v.wrong for _, v in some)
        lines.append(
            f"## scenarios, {variant} anatomy segmentation: {len(some)} cases, "
            f"lesions where they belong {right}/{total}, all right in {clean}"
        )
        for record, one in some:
            outcome = record.outcomes[variant]
            lines.append(
                f"  {record.name}: {one.right}/{one.lesions}, false {len(outcome.false)}, attention "
                f"{len(outcome.attention)}, set apart {len(outcome.set_apart)}{'' if one.wrong else ', ALL RIGHT'}"
            )
            lines += [f"      - {text}" for text in one.wrong]
    return lines
