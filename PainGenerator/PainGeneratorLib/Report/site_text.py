"""The table of sites in plain language: a text for each level, what is said about the levels, and a conclusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..Numerics.core.image import Region
from ..Numerics.core.records import Candidate
from ..Numerics.core.site_reading import (
    explanations,
    is_abnormal,
    is_measured,
    is_raised,
    remarks,
    sign_words,
    tissue_words,
    uptake_reasons,
)
from ..Numerics.core.sites import SiteRow, SiteTable
from ..Numerics.core.strength import strength_word
from ..Numerics.core.words import Certainty, Evidence, Role, Status
from ..Numerics.fusion.judged import NEAR_IMPLANT_FLAG
from . import words
from .site_words import (
    and_list,
    bracketed,
    capitalized,
    clause,
    counted_sites,
    grouped,
    name_in_group,
    names_in_group,
    was,
    why,
)

NAMED_SITES = 5
"""How many sites the conclusion names; more are counted. Our estimate of what can be read in one sentence."""
CONTRADICTING = ("In the images this level was counted as ", "Counting on the MR gives other levels")
"""How the reasons begin that contradict the names of the levels. The conclusion gives these alone."""
FLUID_SERIES = frozenset({Role.FLUID, Role.T2})
"""Roles of series that show edema and fluid. Without one of them, MR cannot tell that a place is normal."""
WEAK = " (weak)"
"""End of an MR sign that is too faint to count alone."""
NO_SITES = "No site could be located in these images, so that nothing was measured level by level."
NOT_EXCLUDED = (
    "This does not exclude a pain generator: small or faint ones, and those outside of the images, are missed."
)
NO_CANDIDATE = "No candidate pain generator was found."
ALL_SET_ASIDE = "All candidates were set aside on review."
ALL_REMOVED = "All candidates were removed from the list on review."
SET_ASIDE_LINK, REMOVED_LINK, NO_LINK = "set aside on review", "candidate removed on review", "no candidate"
"""What the conclusion says of a raised site that belongs to no candidate that counts."""
NEVER_A_DIAGNOSIS = "A candidate is a place to look at, not a diagnosis."
NAMED_LEVEL_WORDS: Mapping[str, str] = {
    Certainty.CERTAIN: "The levels are certain",
    Certainty.LIKELY: "The levels are likely, but not certain",
    Certainty.UNCERTAIN: "The levels are uncertain and have to be checked on the images",
}
"""What the conclusion says about the levels that it names, by certainty."""


@dataclass(frozen=True)
class LevelText:
    """What is said about one level, the pelvis or one hip.

    Parameters
    ----------
    level : str
        The heading, such as ``L4/L5`` or ``Right hip``.
    text : str
    count : int
        How many sites it has.
    is_normal : bool
        True when all of them are normal.
    """

    level: str
    text: str
    count: int = 0
    is_normal: bool = False


def level_texts(table: SiteTable, candidates: Sequence[Candidate] = ()) -> list[LevelText]:
    """A text for each level, from above downward: what is abnormal, what could not be assessed, and the rest.

    Parameters
    ----------
    table : SiteTable
    candidates : sequence of Candidate
        Those at a site are named by their rank.
    """
    by_id = {candidate.id: candidate for candidate in candidates}
    return [_level_text(level, rows, by_id) for level, rows in grouped(table).items()]


def _level_text(level: str, rows: Sequence[SiteRow], by_id: Mapping[str, Candidate]) -> LevelText:
    abnormal = [row for row in rows if is_abnormal(row)]
    missing = [row for row in rows if not is_measured(row)]
    sentences = [_abnormal_sentence(row, by_id) for row in abnormal]
    sentences += _missing_sentences(missing, len(rows))
    explained = [row for row in rows if remarks(row)]
    sentences += _remark_sentences(explained)
    faint = [row for row in rows if is_measured(row) and not is_abnormal(row) and row.mr_signs and not remarks(row)]
    sentences += _faint_sentences(faint)
    rest = len(rows) - len(abnormal) - len(missing) - len(explained) - len(faint)
    if rest:
        sentences.append(_normal_sentence(rest, is_all=rest == len(rows)))
    return LevelText(level, " ".join(sentences), len(rows), rest == len(rows))


def _normal_sentence(count: int, is_all: bool) -> str:
    if is_all:
        return "The only site is normal." if count == 1 else f"All {count} sites are normal."
    return "The other site is normal." if count == 1 else f"The other {count} sites are normal."


def _missing_sentences(rows: Sequence[SiteRow], count: int) -> list[str]:
    """What could not be assessed, with each reason, in one sentence."""
    by_reason = _by_reason(rows)
    if len(rows) == count and len(by_reason) == 1:
        return [f"Not assessable: {next(iter(by_reason))}."]
    said = [f"{and_list(names_in_group(found))} ({reason})" for reason, found in by_reason.items()]
    return [f"Not assessable: {'; '.join(said)}."] if said else []


def _remark_sentences(rows: Sequence[SiteRow]) -> list[str]:
    """Normal sites at which something was seen that is explained, with each reason, in one sentence."""
    by_reason = _by_reason([row for row in rows if remarks(row)])
    said = [f"{and_list(names_in_group(found))} ({reason})" for reason, found in by_reason.items()]
    return [f"Taken for normal: {'; '.join(said)}."] if said else []


def _faint_sentences(rows: Sequence[SiteRow]) -> list[str]:
    """Sites with nothing but faint MR signs, which do not count alone, with each kind of sign, in one sentence."""
    by_sign: dict[str, list[SiteRow]] = {}
    for row in rows:
        kinds = and_list([sign_words(kind).removesuffix(WEAK) for kind in row.mr_signs])
        by_sign.setdefault(kinds, []).append(row)
    said = [f"{kinds} at {and_list(names_in_group(found))}" for kinds, found in by_sign.items()]
    return [f"Too faint on MR to count: {'; '.join(said)}."] if said else []


def _by_reason(rows: Sequence[SiteRow]) -> dict[str, list[SiteRow]]:
    """The rows by the reasons of their state, as part of a sentence."""
    found: dict[str, list[SiteRow]] = {}
    for row in rows:
        found.setdefault(why(row), []).append(row)
    return found


def _abnormal_sentence(row: SiteRow, by_id: Mapping[str, Candidate]) -> str:
    """One abnormal site: its uptake, what the MR shows, and the candidate that it belongs to.

    A candidate may lie at the rim of its site, where the measures of the site do not show it. Then the signs of the
    candidate come first, and the measures are said to be those of the site.
    """
    name = capitalized(name_in_group(row.site))
    found = sorted((by_id[key] for key in row.candidates if key in by_id), key=lambda candidate: candidate.rank)
    if not found:
        reaching = _reaching(active_candidates(list(by_id.values())), row) if is_raised(row) else []
        part = f" (part of candidate {reaching[0].rank})" if reaching else ""
        return f"{name}: {uptake_words(row)}; {_mr_words(row)}{part}."
    if not is_raised(row) and all(kind.endswith(WEAK) for kind in row.mr_signs):
        seen = and_list([f"candidate {candidate.rank}, {_evidence_words(candidate)}" for candidate in found])
        return f"{name}: {seen}; at the site itself: {uptake_words(row)}."
    numbers = and_list([str(candidate.rank) for candidate in found])
    word = "candidate" if len(found) == 1 else "candidates"
    return f"{name}: {uptake_words(row)}; {_mr_words(row)} ({word} {numbers})."


def uptake_words(row: SiteRow) -> str:
    """The uptake of a site as part of a sentence, with what it is compared with."""
    if row.suv_peak is None:
        return "uptake not measured"
    value = f"SUVpeak {words.number(row.suv_peak, 1)}"
    if is_raised(row):
        said = [clause(reason).removeprefix("uptake ") for reason in uptake_reasons(row)]
        return f"uptake {and_list(said)} ({value})"
    explained = explanations(row)
    if explained:
        return f"{value} ({bracketed(clause(explained[0]))})"
    if not row.candidates:
        return f"uptake not raised ({value})"
    ratio = (
        "" if row.ratio is None else f", {words.number(row.ratio, 1)} times that of {tissue_words(row.reference_name)}"
    )
    return f"{value}{ratio}"


def _mr_words(row: SiteRow) -> str:
    if row.mr_signs:
        return f"{and_list([sign_words(kind) for kind in row.mr_signs])} on MR"
    if not row.signals:
        return "not seen on MR"
    if FLUID_SERIES.isdisjoint(row.signals):
        return "MR not assessable, as no fluid-sensitive series shows this place"
    if NEAR_IMPLANT_FLAG in row.flags:
        return "MR not assessable beside the implant"
    return "no MR finding"


def conclusion(
    table: SiteTable,
    candidates: Sequence[Candidate] = (),
    attention: Sequence[Candidate] = (),
    removed: Sequence[Candidate] = (),
) -> str:
    """The conclusion for the referring physician, in two to six sentences.

    It says what has to be looked at although it is no pain generator, which candidate is the strongest and how strong
    its evidence is, where uptake is raised, how many sites were measured and how many could not be, and how certain
    the levels are.

    Parameters
    ----------
    table : SiteTable
    candidates : sequence of Candidate
        In any order. Those that the reader set aside do not count.
    attention : sequence of Candidate
        What is no pain generator but has to be looked at, in any order.
    removed : sequence of Candidate
        What the reader took off the list.
    """
    active = active_candidates(candidates)
    raised = [row for row in grouped_rows(table) if is_raised(row)]
    return " ".join(
        [
            *_attention_sentences(attention),
            _strongest_sentence(active) if active else none_sentence(candidates, removed),
            *_site_sentences(table, raised, candidates, removed),
            *_named_levels(table, raised, active),
            NEVER_A_DIAGNOSIS if active else NOT_EXCLUDED,
        ]
    )


def active_candidates(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that no reader set aside, best first."""
    active = [one for one in candidates if one.status in (Status.PENDING, Status.ACCEPTED)]
    return sorted(active, key=lambda one: one.rank)


def none_sentence(candidates: Sequence[Candidate], removed: Sequence[Candidate]) -> str:
    """Why there is no candidate that counts: none was found, or the reader set aside or removed all."""
    if candidates:
        return ALL_SET_ASIDE
    return ALL_REMOVED if removed else NO_CANDIDATE


def _attention_sentences(attention: Sequence[Candidate]) -> list[str]:
    """The places that have to be looked at although they are no pain generators."""
    if not attention:
        return []
    ordered = sorted(attention, key=lambda one: one.rank)
    names = and_list(_cut([clause(words.title(one)) for one in ordered]))
    return [f"To be looked at first, not as a source of pain: {names}."]


def _site_sentences(
    table: SiteTable, raised: Sequence[SiteRow], candidates: Sequence[Candidate], removed: Sequence[Candidate]
) -> list[str]:
    """Where uptake is raised, and how many sites were measured."""
    if not table.rows:
        return [NO_SITES]
    counted = _count_sentence(table)
    if not any(map(is_measured, table.rows)):
        return [counted]
    return [_raised_sentence(table, raised, candidates, removed), counted]


def grouped_rows(table: SiteTable) -> list[SiteRow]:
    """All rows in the order of reading."""
    return [row for rows in grouped(table).values() for row in rows]


def _count_sentence(table: SiteTable) -> str:
    """How many sites were measured, and how many could not be, with the most frequent reason."""
    missing = [row for row in table.rows if not is_measured(row)]
    count = len(table.rows) - len(missing)
    if not count:
        return f"None of the {counted_sites(len(missing))} could be assessed ({_most_frequent(missing)})."
    text = f"{capitalized(counted_sites(count))} {was(count)} measured"
    if not missing:
        return f"{text}."
    return f"{text}; {len(missing)} could not be assessed ({_most_frequent(missing)})."


def _most_frequent(missing: Sequence[SiteRow]) -> str:
    reasons = [why(row) for row in missing]
    ordered = sorted(set(reasons), key=lambda reason: (-reasons.count(reason), reason))
    return ordered[0] if len(ordered) == 1 else f"mostly {ordered[0]}"


def _raised_sentence(
    table: SiteTable, raised: Sequence[SiteRow], candidates: Sequence[Candidate], removed: Sequence[Candidate]
) -> str:
    """Where the uptake is raised, and at how many other places the MR alone is abnormal.

    Candidates come first, under their own names. Other raised sites follow, each with the candidate it belongs to.
    """
    active = active_candidates(candidates)
    with_uptake = [one for one in active if one.evidence != Evidence.MR_ONLY]
    of_uptake = {one.id for one in with_uptake}
    others = [row for row in raised if of_uptake.isdisjoint(row.candidates)]
    is_linked = bool(candidates or removed)
    places = [f"{clause(words.title(one))} (candidate {one.rank})" for one in with_uptake]
    places += [
        f"{row.site.name} ({_link(row, candidates, removed)})" if is_linked else row.site.name for row in others
    ]
    on_mr = _count_on_mr_alone(table, active)
    if not places:
        also = f", but MR shows a finding at {'one' if on_mr == 1 else on_mr} of them" if on_mr else ""
        return f"No site shows raised uptake{also}."
    also = f"; at {'one' if on_mr == 1 else on_mr} more, MR alone shows a finding" if on_mr else ""
    if len(places) == 1:
        return f"Uptake is raised at one place, the {places[0]}{also}."
    return f"Uptake is raised at {len(places)} places: {and_list(_cut(places))}{also}."


def _link(row: SiteRow, candidates: Sequence[Candidate], removed: Sequence[Candidate]) -> str:
    """To which candidate a raised site belongs that no candidate with raised uptake is named for."""
    active = active_candidates(candidates)
    anchored = [one for one in active if one.id in row.candidates]
    if anchored:
        return f"candidate {anchored[0].rank}"
    reaching = _reaching(active, row)
    if reaching:
        return f"part of candidate {reaching[0].rank}"
    set_aside = [one for one in candidates if one.id in row.candidates]
    if set_aside:
        return f"candidate {set_aside[0].rank}, {SET_ASIDE_LINK}"
    return REMOVED_LINK if any(one.id in row.candidates for one in removed) else NO_LINK


def _reaching(active: Sequence[Candidate], row: SiteRow) -> list[Candidate]:
    """The candidates whose outline on PET has voxels in a site."""
    return [one for one in active if any(_reaches(spot.region, row) for spot in one.hot_spots)]


def _reaches(region: Region, row: SiteRow) -> bool:
    """Whether an outline has voxels in a site."""
    return bool(len(region)) and bool((row.site.radius(region.points_ras) <= 1.0).any())


def _count_on_mr_alone(table: SiteTable, active: Sequence[Candidate]) -> int:
    """How many places are abnormal on MR alone: candidates, and other sites that belong to none."""
    known = {one.id for one in active}
    rows = [row for row in table.rows if is_abnormal(row) and row.mr_signs and not is_raised(row)]
    return sum(known.isdisjoint(row.candidates) for row in rows) + sum(
        one.evidence == Evidence.MR_ONLY for one in active
    )


def _cut(names: Sequence[str]) -> list[str]:
    """The first names, and how many more there are."""
    more = len(names) - NAMED_SITES
    return [*names[:NAMED_SITES], f"{more} more"] if more > 0 else list(names)


def _strongest_sentence(active: Sequence[Candidate]) -> str:
    """The strongest candidate with its evidence."""
    best = min(active, key=lambda candidate: candidate.rank)
    what = f"{clause(words.title(best))}: {_evidence_words(best)} ({strength_word(best.score)} evidence)"
    if len(active) == 1:
        return f"There is one candidate pain generator, {what}."
    return f"The strongest of {len(active)} candidate pain generators is candidate {best.rank}, {what}."


def _named_levels(table: SiteTable, raised: Sequence[SiteRow], active: Sequence[Candidate]) -> list[str]:
    """How much the levels that the conclusion names can be relied on; empty when it names none."""
    named: list[str | None] = [row.site.level_certainty for row in raised if row.site.level is not None]
    if active:
        named.append(min(active, key=lambda candidate: candidate.rank).place.level_certainty)
    if not any(named):
        return []
    certainty = least_certain(*named, table.level_certainty)
    against = "; ".join(clause(reason) for reason in table.level_reasons if reason.startswith(CONTRADICTING))
    reason = f" ({bracketed(against)})" if against else ""
    return [f"{NAMED_LEVEL_WORDS[str(certainty)]}{reason}."]


def _level_reason(table: SiteTable) -> str:
    """Why the levels have their names, as part of a sentence, with what contradicts it."""
    found = [r for n, r in enumerate(table.level_reasons) if n == 0 or r.startswith(CONTRADICTING)]
    return "; ".join(map(clause, found))


def least_certain(*certainties: str | None) -> str | None:
    """The one that can be relied on least; None when none is known."""
    known = [word for word in reversed(Certainty) if word in certainties]
    return str(known[0]) if known else None


def _evidence_words(candidate: Candidate) -> str:
    kind = sign_words(candidate.mr_kind or "a signal abnormality")
    if candidate.evidence == Evidence.MR_ONLY:
        return f"{kind} on MR, {words.without_pet(candidate)}"
    if candidate.evidence == Evidence.BOTH:
        return f"raised uptake and {kind} on MR"
    return f"raised uptake, {words.without_mr(candidate)}"


def terminal_line(table: SiteTable) -> str:
    """The table of sites in one line for the terminal."""
    if not table.rows:
        return "Sites: none could be located."
    measured = sum(is_measured(row) for row in table.rows)
    raised = sum(is_raised(row) for row in table.rows)
    parts = [f"{measured} measured", f"{raised} raised"]
    if measured < len(table.rows):
        parts.append(f"{len(table.rows) - measured} not assessable")
    text = f"Sites: {', '.join(parts)} (sites.csv)"
    if table.level_certainty is None:
        return f"{text}."
    reason = f": {_level_reason(table)}" if table.level_reasons else ""
    return f"{text}; levels {table.level_certainty}{reason}."
