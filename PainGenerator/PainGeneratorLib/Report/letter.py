"""The letter to the referring physician: what was found, where, how sure it is, and what can be done with it.

Plain data, from which ``report.html`` and ``report.pdf`` are made. Every word is a message of the language; numbers
are those of the tables, with the same digits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..Numerics.core.records import FLAG_TEXTS, Candidate
from ..Numerics.core.short_names import short_name
from ..Numerics.core.site_reading import is_measured, sign_words
from ..Numerics.core.sites import SiteState
from ..Numerics.core.strength import strength_word
from ..Numerics.core.words import Certainty, Evidence, Group, PainSide, Role, Status
from ..Numerics.fusion.ledger_uptake import ABOVE_LEVELS
from ..Workflow.case import GROUP_NOT_GIVEN as ASSUMED_NONE_GIVEN
from ..Workflow.group_witness import AUTO_UNKNOWN
from ..Workflow.letter_notes import fingerprint, unknown_comments
from . import words
from .advice import advice_for
from .against import against
from .attention_words import attention_words
from .beside_prosthesis import standing_out
from .content import ReportContent
from .languages import Language
from .person_words import SEXES, age_in_years, long_date, long_time, written_name
from .place_words import named_place, place_in_sentence, place_name
from .report_tables import NOT_ALIGNED
from .site_words import grouped
from .tables import best_first

NAMED_FURTHER = 3
"""How many further candidates the answer names; more are counted."""
NAMED_HEADINGS = 6
"""How many levels are named at which sites could not be assessed; more are counted."""
GROUPS: Mapping[str, str] = {
    Group.LOW_BACK: "Chronic low back pain of unknown origin",
    Group.HIP_REPLACEMENT: "Pain after total hip replacement",
}
"""Why the patient was examined, by clinical group."""
PAIN_SIDES: Mapping[str, str] = {
    PainSide.LEFT: "pain on the left",
    PainSide.RIGHT: "pain on the right",
    PainSide.BOTH: "pain on both sides",
    PainSide.MIDLINE: "pain in the middle",
}
STRENGTHS: Mapping[str, str] = {
    "strong": "Strong evidence",
    "moderate": "Moderate evidence",
    "weak": "Weak evidence",
    "little": "Little evidence",
}
"""The words of :mod:`Numerics.core.strength` at the beginning of a sentence."""
SEEN_ON: Mapping[str, str] = {
    Evidence.BOTH: "PET and MR agree",
    Evidence.PET_ONLY: "seen on PET only",
    Evidence.MR_ONLY: "seen on MR only",
}
KINDS: Mapping[str | None, str] = {
    "oedema": "edema",
    "effusion or synovitis": "effusion or synovitis",
    "Modic I": "Modic I change (edema of the endplate)",
    "Modic II": "Modic II change (fat in the endplate)",
    "Modic III": "Modic III change (hardened endplate)",
    "fluid collection or bursitis": "a fluid collection or bursitis",
    "disc degeneration": "disc degeneration",
    "implant artefact": "an artifact of metal",
    None: "a signal abnormality",
}
"""Kinds of MR findings in a sentence."""
ANSWER_ONE = "The strongest candidate for a source of the pain is: {place} ({strength}; {seen})."
ANSWER_ONE_ACCEPTED = (
    "The strongest candidate that the radiologist accepted as a possible source of the pain is: {place} ({strength}; "
    "{seen})."
)
ANSWER_NO_OTHER = "No other candidate was found."
ANSWER_OTHERS = "Further candidates: {names}."
SET_ASIDE_ONE = "One further candidate was set aside by the radiologist."
SET_ASIDE_MORE = "{count} further candidates were set aside by the radiologist."
NOT_A_DIAGNOSIS = "A candidate is a place to look at, not a diagnosis."
MORE = "{count} more"
NONE_FOUND = "No place was found that stands out as a source of the pain."
NONE_LEFT = "All candidates were set aside by the radiologist."
NONE_MEASURED = "Nothing could be assessed in these images, so that there is no answer."
NOT_RULED_OUT = (
    "This does not rule out a source of pain: small or faint ones, and those outside of the images, are missed."
)
NOT_REVIEWED = "No radiologist has reviewed these candidates yet."
PARTLY_REVIEWED = "{done} of {all} candidates were reviewed by a radiologist."
ALL_REVIEWED = "All candidates were reviewed by a radiologist."
UPTAKE_RAISED = "FDG uptake is raised: {measures}."
UPTAKE_NORMAL = "FDG uptake is not raised."
UPTAKE_UNKNOWN = "The PET cannot tell here."
OVER_REFERENCE = "{times} times the normal tissue it is compared with"
UPTAKE_SLIGHT = "FDG uptake is slightly raised: {measures}."
SLIGHT_RATIO = 1.2
"""Largest ratio from which uptake is called raised without "slightly". Our choice: SUVpeak of one tissue differs by
about 10 % between two scans of one person."""
OVER_OTHER_LEVELS = "{times} times the same place at the other levels"
OVER_SURROUNDINGS = "{times} times the tissue around it"
"""What is said where no tissue of the same kind was found."""
OVER_OTHER_SIDE = "{times} times the mirrored place on the other side"
MR_SHOWS = "The MR shows {kind}."
MR_SHOWS_Z = "The MR shows {kind}; the signal is {z} standard deviations {direction} normal."
ABOVE, BELOW = "above", "below"
MR_NORMAL = "The MR shows no abnormality there."
MR_UNKNOWN = "The MR cannot tell here."
SURE = "{strength} ({points} points of evidence): {seen}."
LEVEL_LIKELY = "The name of the level is likely, but not certain: count the vertebrae before anything is treated."
LEVEL_UNCERTAIN = "The level may be wrong by one or more: count the vertebrae before anything is treated."
SIDE_LIKELY = "The side rests on one sign in the images: check it before anything is treated."
SIDE_UNCERTAIN = "The side is uncertain: check it before anything is treated."
LEVEL_CAUTIONS: Mapping[str | None, str] = {
    Certainty.LIKELY: LEVEL_LIKELY,
    Certainty.UNCERTAIN: LEVEL_UNCERTAIN,
}
SIDE_CAUTIONS: Mapping[str, str] = {Certainty.LIKELY: SIDE_LIKELY, Certainty.UNCERTAIN: SIDE_UNCERTAIN}
"""What is said of a level and of a side that are not certain."""
PENDING = "Found by the program; no radiologist has reviewed it yet."
ACCEPTED, ACCEPTED_BY = "Accepted by the radiologist.", "Accepted by {reader}, {time}."
NO_ALIGNMENT = "PET and MR could not be aligned: findings of the two were not joined."
NO_SUV = "Uptake could not be measured in SUV."
NO_FLUID = "There is no fluid-sensitive MR series: edema and fluid cannot be seen."
NO_T1 = "There is no T1-weighted MR series: fat and scar cannot be told from edema everywhere."
NO_SITES = "No anatomical site could be located, so that nothing was measured level by level."
SITE_MISSING = "One of {all} anatomical sites could not be assessed ({where})."
SITES_MISSING = "{missing} of {all} anatomical sites could not be assessed ({where})."
ALL_ASSESSED = "All {all} anatomical sites could be assessed."
WARNING_BELOW = "The analysis gave a warning; see the details for the radiologist."
WARNINGS_BELOW = "The analysis gave {count} warnings; see the details for the radiologist."
LEFT_OVER = "Comment on {name}, which is not among the candidates: {text}"
OUTDATED = "The findings changed after this was written. Check it against them."
BY_HAND = "Values given by hand, not read from the images, were used for SUV: {names}."
BESIDE_METAL = (
    "Beside metal (a prosthesis or implant), these places stand out but are not in the ranking: {names}. Where the "
    "pain is, look at them on the images."
)
GROUP_NOT_GIVEN = "the clinical group was not given: taken as {group}"
GROUPS_TAKEN: Mapping[str, str] = {
    Group.LOW_BACK: "chronic low back pain",
    Group.HIP_REPLACEMENT: "pain after hip replacement",
}
"""What a clinical group that nobody gave is taken as."""
YEARS = "{age} years"
BORN = "born {date}"
EXAMINED = "Examined on {date}"
PROSTHESIS = {"left": "prosthesis on the left", "right": "prosthesis on the right", "both": "prostheses on both sides"}
ASSUMED_GROUP = frozenset({ASSUMED_NONE_GIVEN, AUTO_UNKNOWN})
"""Warnings that say that the clinical group is an assumption. The letter says it where the reason stands."""
HIDDEN_FLAGS = frozenset(
    {
        "level-counted",
        "level-likely",
        "level-uncertain",
        "side-likely",
        "side-uncertain",
        "map-side",
        "named-by-reader",
    }
)
"""Flags whose meaning the letter says in its own words."""


@dataclass(frozen=True)
class LetterCandidate:
    """What is said of one candidate.

    Parameters
    ----------
    id, rank : str, int
    place : str
        Its name, with what is uncertain about it.
    seen : tuple of str
        What PET and MR show, as sentences.
    sure : str
        How strong the evidence is.
    cautions : tuple of str
        What a reader must keep in mind.
    meaning, confirm, common : str
        See :class:`.advice.Advice`.
    review : str
        Who accepted it.
    comment : str
        The reader's own words; empty without any.
    """

    id: str
    rank: int
    place: str
    seen: tuple[str, ...]
    sure: str
    cautions: tuple[str, ...]
    meaning: str
    confirm: str
    common: str
    review: str
    comment: str


@dataclass(frozen=True)
class Letter:
    """The letter, ready to be set.

    Parameters
    ----------
    language : Language
    patient, examination, reason : str
        Who, when, why.
    answer : tuple of str
        The answer in two or three sentences.
    alerts : tuple of str
        What makes all numbers doubtful.
    attention : tuple of (str, str)
        Place and reason of what is no pain generator, but has to be looked at.
    not_assessed : tuple of str
    candidates : tuple of LetterCandidate
        Those that no reader set aside, accepted ones first.
    impression, advice : str
        What people wrote; empty without any.
    outdated : str
        That the findings changed since; empty where they did not.
    left_over : tuple of str
        Comments on what is no candidate any more.
    """

    language: Language
    patient: str
    examination: str
    reason: str
    answer: tuple[str, ...]
    alerts: tuple[str, ...]
    attention: tuple[tuple[str, str], ...]
    not_assessed: tuple[str, ...]
    candidates: tuple[LetterCandidate, ...]
    impression: str = ""
    advice: str = ""
    outdated: str = ""
    left_over: tuple[str, ...] = ()


def make_letter(content: ReportContent, language: Language) -> Letter:
    """The letter of a case.

    Parameters
    ----------
    content : ReportContent
    language : Language
    """
    letter = _computed(content, language)
    notes = content.notes
    is_outdated = notes.is_outdated(letter_facts(content))
    return dataclasses.replace(
        letter,
        impression=notes.impression,
        advice=notes.advice,
        outdated=language.say(OUTDATED) if is_outdated else "",
        candidates=tuple(_commented(one, content) for one in letter.candidates),
        left_over=tuple(
            language.say(LEFT_OVER, name=name, text=notes.comments[name])
            for name in unknown_comments(notes, list(comment_names(content).values()))
        ),
    )


def letter_facts(content: ReportContent) -> str:
    """Fingerprint of what the letter says about the findings: the same in every language, and after a decision that
    removes no candidate."""
    letter = _computed(content, Language())
    said = [*letter.alerts, *(" ".join(pair) for pair in letter.attention), *letter.not_assessed]
    for one in sorted(letter.candidates, key=lambda candidate: candidate.rank):
        said += [one.place, *one.seen, one.sure, *one.cautions]
    return fingerprint("\n".join(said))


def comment_names(content: ReportContent) -> dict[str, str]:
    """Id of a candidate of the letter -> the name by which a comment in the file of notes calls it."""
    names: dict[str, str] = {}
    for one in active_candidates(content):
        name = short_name(one.place).replace("]", ")")
        count = sum(known == name or known.startswith(f"{name}, ") for known in names.values())
        names[one.id] = f"{name}, {count + 1}" if count else name
    return names


def _commented(one: LetterCandidate, content: ReportContent) -> LetterCandidate:
    """A candidate with the comment of the file of notes behind that of the reader."""
    written = content.notes.comments.get(comment_names(content)[one.id], "")
    return dataclasses.replace(one, comment=" ".join(text for text in (one.comment, written) if text))


def _computed(content: ReportContent, language: Language) -> Letter:
    """The letter without what people wrote for it."""
    active = active_candidates(content)
    return Letter(
        language=language,
        patient=_patient(content, language),
        examination=_examination(content, language),
        reason=_reason(content, language),
        answer=tuple(_answer(content, active, language)),
        alerts=tuple(_alerts(content, language)),
        attention=tuple(
            (place_name(one, language), attention_words(one.reason, language)) for one in best_first(content.attention)
        ),
        not_assessed=tuple(_not_assessed(content, language)),
        candidates=tuple(_candidate(one, language) for one in active),
    )


def active_candidates(content: ReportContent) -> list[Candidate]:
    """The candidates that no reader set aside: accepted ones first, then by rank."""
    active = [one for one in best_first(content.candidates) if one.status in (Status.PENDING, Status.ACCEPTED)]
    return sorted(active, key=lambda one: (one.status != Status.ACCEPTED, one.rank))


# --- who, when, why


def _patient(content: ReportContent, language: Language) -> str:
    case = content.case
    if content.pseudonymized:
        return content.pseudonym or ""
    age = age_in_years(case.birth_date, case.study_date)
    born = long_date(case.birth_date, language)
    parts = [
        written_name(case.patient_name) or language.say("Name not known"),
        language.say(SEXES.get(case.sex or "", "")),
        "" if age is None else language.say(YEARS, age=age),
        language.say(BORN, date=born) if born else "",
        f"ID {case.patient_id}" if case.patient_id else "",
    ]
    return ", ".join(part for part in parts if part)


def _examination(content: ReportContent, language: Language) -> str:
    date = long_date(content.case.study_date, language)
    return language.say(EXAMINED, date=date) if date else language.say("Date of the examination not known")


def _reason(content: ReportContent, language: Language) -> str:
    case = content.case
    group = case.group or ""
    if any(text in ASSUMED_GROUP for text in content.warnings) and group in GROUPS_TAKEN:
        reason = words.capital(language.say(GROUP_NOT_GIVEN, group=language.say(GROUPS_TAKEN[group])))
    else:
        reason = language.say(GROUPS[group]) if group in GROUPS else group
    parts = [
        reason,
        language.say(PROSTHESIS.get(case.prosthesis_side or "", "")),
        language.say(PAIN_SIDES.get(case.pain_side or "", "")),
    ]
    return ", ".join(part for part in parts if part)


# --- the answer


def _answer(content: ReportContent, active: Sequence[Candidate], language: Language) -> Iterator[str]:
    if not active:
        yield language.say(_why_none(content))
        yield language.say(NOT_RULED_OUT)
        return
    first, *others = active
    form = ANSWER_ONE_ACCEPTED if first.status == Status.ACCEPTED else ANSWER_ONE
    place = place_in_sentence(first, language)
    yield language.say(
        form, place=place, strength=_strength(first, language), seen=language.say(SEEN_ON[first.evidence])
    )
    yield _others(others, content, language)
    yield _reviewed(content.candidates, language)


def _why_none(content: ReportContent) -> str:
    if content.candidates or content.readers.removed:
        return NONE_LEFT
    has_site = any(is_measured(row) for row in content.sites.rows)
    is_blind = not content.mr_findings and not has_site and (bool(content.sites.rows) or not content.suv)
    return NONE_MEASURED if is_blind else NONE_FOUND


def _strength(one: Candidate, language: Language) -> str:
    said = language.say(STRENGTHS[strength_word(one.score)])
    return said[:1].lower() + said[1:]


def _others(others: Sequence[Candidate], content: ReportContent, language: Language) -> str:
    """The further candidates, how many the reader set aside, and what a candidate is."""
    names = [place_in_sentence(one, language) for one in others[:NAMED_FURTHER]]
    if len(others) > NAMED_FURTHER:
        names.append(language.say(MORE, count=len(others) - NAMED_FURTHER))
    aside = sum(one.status not in (Status.PENDING, Status.ACCEPTED) for one in content.candidates)
    aside += len(content.readers.removed)
    said = [language.say(ANSWER_OTHERS, names="; ".join(names))] if names else []
    if aside:
        said.append(language.say(SET_ASIDE_MORE if aside > 1 else SET_ASIDE_ONE, count=aside))
    return " ".join([*(said or [language.say(ANSWER_NO_OTHER)]), language.say(NOT_A_DIAGNOSIS)])


def _reviewed(candidates: Sequence[Candidate], language: Language) -> str:
    done = sum(one.status != Status.PENDING for one in candidates)
    if not done:
        return language.say(NOT_REVIEWED)
    if done == len(candidates):
        return language.say(ALL_REVIEWED)
    return language.say(PARTLY_REVIEWED, done=done, all=len(candidates))


# --- what could not be assessed


def _alerts(content: ReportContent, language: Language) -> Iterator[str]:
    by_hand = content.suv.get("given_by_hand")
    if by_hand:
        yield language.say(BY_HAND, names=", ".join(by_hand))
    if any(row.get("verdict") == NOT_ALIGNED for row in content.alignment):
        yield language.say(NO_ALIGNMENT)
    beside = standing_out(content)
    if beside:
        yield language.say(BESIDE_METAL, names="; ".join(named_place(place, language) for place in beside))


def _not_assessed(content: ReportContent, language: Language) -> Iterator[str]:
    if not content.suv:
        yield language.say(NO_SUV)
    roles = {row.get("role") for row in content.series}
    if roles and roles.isdisjoint({Role.FLUID, Role.T2}):
        yield language.say(NO_FLUID)
    if roles and roles.isdisjoint({Role.T1, Role.CONTRAST}):
        yield language.say(NO_T1)
    yield _missing_sites(content, language)
    count = sum(text not in ASSUMED_GROUP for text in content.warnings)
    if count:
        yield language.say(WARNINGS_BELOW if count > 1 else WARNING_BELOW, count=count)


def _missing_sites(content: ReportContent, language: Language) -> str:
    rows = content.sites.rows
    if not rows:
        return language.say(NO_SITES)
    missing = {
        heading: count
        for heading, group in grouped(content.sites).items()
        if (count := sum(not is_measured(row) for row in group))
    }
    if not missing:
        return language.say(ALL_ASSESSED, all=len(rows))
    headings = [f"{language.say(heading)}: {count}" for heading, count in list(missing.items())[:NAMED_HEADINGS]]
    if len(missing) > NAMED_HEADINGS:
        headings.append(language.say(MORE, count=sum(list(missing.values())[NAMED_HEADINGS:])))
    count = sum(missing.values())
    form = SITES_MISSING if count > 1 else SITE_MISSING
    return language.say(form, missing=count, all=len(rows), where="; ".join(headings))


# --- one candidate


def _candidate(one: Candidate, language: Language) -> LetterCandidate:
    advice = advice_for(one.place, one.mr_kind)
    return LetterCandidate(
        id=one.id,
        rank=one.rank,
        place=place_name(one, language),
        seen=(_uptake(one, language), _mr(one, language)),
        sure=language.say(
            SURE,
            strength=language.say(STRENGTHS[strength_word(one.score)]),
            points=words.points(one.score),
            seen=language.say(SEEN_ON[one.evidence]),
        ),
        cautions=tuple(_cautions(one, language)),
        meaning=language.say(advice.meaning),
        confirm=language.say(advice.confirm),
        common=language.say(advice.common),
        review=_review(one, language),
        comment=" ".join(one.comment.split()),
    )


def _uptake(one: Candidate, language: Language) -> str:
    if one.evidence == Evidence.MR_ONLY:
        return language.say(UPTAKE_UNKNOWN if one.pet_state == SiteState.NOT_ASSESSABLE else UPTAKE_NORMAL)
    ratios = [one.tbr, one.left_right_ratio, _over_levels(one)]
    is_slight = max((ratio for ratio in ratios if ratio is not None), default=SLIGHT_RATIO) < SLIGHT_RATIO
    form = UPTAKE_SLIGHT if is_slight else UPTAKE_RAISED
    return language.say(form, measures=", ".join(_uptake_measures(one, language)))


def _over_levels(one: Candidate) -> float | None:
    """Uptake over the same place at the other levels, as the ledger counts it; None where it was not compared."""
    for entry in one.ledger:
        if entry.sign == ABOVE_LEVELS and isinstance(entry.measure, int | float):
            return float(entry.measure)
    ratios = [spot.level_ratio for spot in one.hot_spots if spot.level_ratio is not None]
    return max(ratios, default=None)


def _uptake_measures(one: Candidate, language: Language) -> Iterator[str]:
    if one.suv_peak is not None:
        yield f"SUVpeak {words.number(one.suv_peak, 2, 'g/ml')}"
    else:
        yield f"SUVmax {words.number(one.suv_max, 2, 'g/ml')}"
    if one.tbr is not None:
        form = OVER_SURROUNDINGS if "no-reference" in one.flags else OVER_REFERENCE
        yield language.say(form, times=words.number(one.tbr))
    if one.left_right_ratio is not None:
        yield language.say(OVER_OTHER_SIDE, times=words.number(one.left_right_ratio))
    if (ratio := _over_levels(one)) is not None:
        yield language.say(OVER_OTHER_LEVELS, times=words.number(ratio))


def _mr(one: Candidate, language: Language) -> str:
    if one.evidence == Evidence.PET_ONLY:
        return language.say(MR_UNKNOWN if one.mr_state == SiteState.NOT_ASSESSABLE else MR_NORMAL)
    kind = language.say(KINDS.get(one.mr_kind, sign_words(one.mr_kind or "")))
    if one.mr_z is None or one.mr_kind in words.KINDS_OF_FLUID:
        return language.say(MR_SHOWS, kind=kind)
    direction = language.say(ABOVE if one.mr_z >= 0 else BELOW)
    return language.say(MR_SHOWS_Z, kind=kind, z=words.number(abs(one.mr_z), 1), direction=direction)


def _cautions(one: Candidate, language: Language) -> Iterator[str]:
    """What is doubtful about a candidate, as sentences."""
    place = one.place
    level, side = LEVEL_CAUTIONS.get(place.level_certainty), SIDE_CAUTIONS.get(place.side_certainty)
    if side is not None and place.side != "midline":
        yield language.say(side)
    if level is not None:
        yield language.say(level)
    for flag in dict.fromkeys(one.flags):
        if flag not in HIDDEN_FLAGS:
            yield language.say(FLAG_TEXTS[flag]) if flag in FLAG_TEXTS else words.flag_text(flag)
    yield from against(one, language)


def _review(one: Candidate, language: Language) -> str:
    if one.status == Status.PENDING:
        return language.say(PENDING)
    act = one.decision
    if act is None:
        return language.say(ACCEPTED)
    return language.say(ACCEPTED_BY, reader=act.by, time=long_time(act.time, language))
