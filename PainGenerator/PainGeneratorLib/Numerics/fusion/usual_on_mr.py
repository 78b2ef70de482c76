"""MR findings that a rule takes for normal anatomy: which uptake they belong to, and how they are listed.

Most of them lie where there is no uptake, and say that a rule was used. They are listed by what the rule takes them
for, all alike ones as one entry, so that a reader can look through them. Where the PET shows uptake in a place whose
normal anatomy has none, such as a vein or a disc, the rule is in doubt: PET and MR then count together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..core.joint_names import SEVERAL
from ..core.records import Candidate, HotSpot, LedgerEntry, MRFinding, Place
from ..core.words import Side
from ..mr.rule_lists import RULES_OF_COLD_ANATOMY
from .evidence import SignGroup
from .joining import clearness_order, confirmed_by, makes_weak_uptake_count
from .parameters import JoinParameters
from .places import Places, is_same_place


def may_be_disease(finding: MRFinding, join: JoinParameters) -> bool:
    """Whether uptake at a finding speaks against the rule that takes it for normal.

    The finding is clear, and what the rule takes it for has no uptake of its own.
    """
    return finding.usual_rule in RULES_OF_COLD_ANATOMY and makes_weak_uptake_count(finding, join)


def confirmed_findings(
    findings: Sequence[MRFinding], spots: Sequence[HotSpot], join: JoinParameters
) -> list[MRFinding]:
    """Those findings that lie at hot spots, although a rule takes them for normal.

    Parameters
    ----------
    findings : sequence of MRFinding
    spots : sequence of HotSpot
        Clear ones.
    join : JoinParameters
    """
    return [one for one in findings if may_be_disease(one, join) and confirmed_by(one, spots)]


def alike(findings: Sequence[MRFinding]) -> list[list[MRFinding]]:
    """Findings in groups of one rule, one kind and one reason; the clearest of each group first."""
    groups: dict[tuple[str | None, str, str | None], list[MRFinding]] = {}
    for finding in sorted(findings, key=clearness_order):
        groups.setdefault((finding.usual_rule, finding.kind, finding.usual), []).append(finding)
    return list(groups.values())


def place_of_alike(findings: Sequence[MRFinding], places: Places) -> Place:
    """The place of a group of findings: that of all where it is the same, else several places."""
    return common_place([places[finding] for finding in findings])


def common_place(found: Sequence[Place]) -> Place:
    """The place of several findings: the place of all where it is the same, else a name that counts them."""
    first = found[0]
    if all(is_same_place(first, other) for other in found):
        return first
    sides = {str(place.side) for place in found}
    side = sides.pop() if len(sides) == 1 else str(Side.BOTH)
    return Place(f"{len(found)} places on MR", SEVERAL, side, side_certainty=first.side_certainty)


def listed(candidate: Candidate, places: Places) -> Candidate:
    """An entry of alike findings with the place of all of them."""
    return replace(candidate, place=place_of_alike(candidate.mr_findings, places))


def no_worse_than_normal(
    entries: Sequence[LedgerEntry], signs: Collection[str], normal_points: float
) -> list[LedgerEntry]:
    """The signs of uptake at an MR finding that is usual: MR and its agreement take no more than a normal MR would.

    Parameters
    ----------
    entries : sequence of LedgerEntry
        All signs of a candidate.
    signs : collection of str
        The signs that speak against what the MR shows; a candidate has one of them at most.
    normal_points : float
        Points of an MR that shows nothing abnormal.
    """
    of_mr = (SignGroup.MR, SignGroup.AGREEMENT)
    # Metal beside a place takes the same points from a normal MR.
    shown = sum(entry.points for entry in entries if entry.group in of_mr and entry.points > 0)
    least = round(normal_points - shown, 3)
    return [
        replace(
            entry,
            points=least,
            text=f"{entry.text} Counted in part: what the MR shows here takes no more than a normal MR does.",
        )
        if entry.sign in signs and entry.points < least
        else entry
        for entry in entries
    ]
