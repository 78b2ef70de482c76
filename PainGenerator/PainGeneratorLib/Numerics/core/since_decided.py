"""What differs now from what a reader saw when deciding on a candidate.

A decision is carried over when a step is run again, a number never. Each act of a reader therefore keeps the name and
the measures that were shown when it was done, and what is another one now is said until the reader decides again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from .measures import MEASURES, Measure
from .reader_acts import ActKind, ReaderAct
from .records import BROUGHT_BACK, NAMED_BY_READER, Candidate
from .words import Origin, Status

NAME = "name"
"""Key of the anatomical name."""

SEEN = (NAME, "suv_max", "suv_peak", "tbr", "volume_ml", "mr_kind", "mr_z", "score")
"""Keys of the measures that an act keeps: those that a reader sees first. The others follow from the same voxels."""

Seen = Mapping[str, float | str | None]
"""The measures by their keys, rounded as in the files; None for one that is not known."""

WORDS = {
    ActKind.OUTLINE: "outlined",
    ActKind.ADDED: "added",
    ActKind.MERGED: "merged",
    ActKind.SPLIT: "split",
    ActKind.BROUGHT_BACK: "brought back",
    ActKind.NAME: "named",
    ActKind.COMMENT: "commented on",
}
"""How an act is told; of a status the status itself is told."""

WEAK_ACTS = (ActKind.NAME, ActKind.COMMENT)
"""Acts that say nothing about numbers: they count only where there is no other."""

_BY_KEY: dict[str, Measure] = {measure.key: measure for measure in MEASURES if measure.key in SEEN}


def seen_of(candidate: Candidate) -> dict[str, float | str | None]:
    """The measures of a candidate that an act keeps."""
    return {key: _BY_KEY[key].stored(candidate) for key in SEEN}


def with_seen(candidate: Candidate) -> Candidate:
    """The candidate with its measures in its deciding act, where an older version kept none; else itself."""
    act = deciding_act(candidate)
    if act is None or act.seen:
        return candidate
    known = dataclasses.replace(act, seen=seen_of(candidate))
    return dataclasses.replace(candidate, acts=tuple(known if one is act else one for one in candidate.acts))


def renamed_as_seen(candidate: Candidate, former: str) -> Candidate:
    """The candidate, whose acts know its new name instead of a former one: the reader changed all names on purpose."""
    if candidate.place.name == former or not candidate.acts:
        return candidate
    acts = (
        dataclasses.replace(act, seen={**act.seen, NAME: candidate.place.name})
        if act.seen.get(NAME) == former
        else act
        for act in candidate.acts
    )
    return dataclasses.replace(candidate, acts=tuple(acts))


def deciding_act(candidate: Candidate) -> ReaderAct | None:
    """The last act by which the reader decided on a candidate as it was shown; None where there is none.

    A status that was taken back is no decision.
    """
    weak: ReaderAct | None = None
    is_taken_back = False
    for act in reversed(candidate.acts):
        if act.act == ActKind.STATUS and act.detail == Status.PENDING:
            is_taken_back = True
        elif act.act in WEAK_ACTS:
            weak = weak or act
        elif act.act != ActKind.DELETED and not (act.act == ActKind.STATUS and is_taken_back):
            return act
    return weak


def differences(candidates: Iterable[Candidate]) -> list[str]:
    """A sentence for each decided candidate that is shown with other values than when it was decided."""
    return [text for text in map(difference, candidates) if text is not None]


def difference(candidate: Candidate) -> str | None:
    """What differs from what the reader saw when deciding; None when nothing does.

    It is a sentence such as "PG-03 (left facet joint L4/5): accepted at SUVmax 3.10, now 2.40."
    """
    act = deciding_act(candidate) if is_decided(candidate) else None
    if act is None or not act.seen:
        return None
    parts = list(_changed(act.seen, seen_of(candidate)))
    return f"{candidate.id} ({candidate.place.name}): {_word(act)} {'; '.join(parts)}." if parts else None


def is_decided(candidate: Candidate) -> bool:
    """True when the radiologist decided something about it that must not be lost.

    That is a status, an outline, a name, a comment, or that it is a candidate at all.
    """
    is_drawn = candidate.origin != Origin.AUTOMATIC
    is_brought = BROUGHT_BACK in candidate.flags
    is_named = NAMED_BY_READER in candidate.place.flags
    return candidate.status != Status.PENDING or is_drawn or is_named or bool(candidate.comment) or is_brought


def _word(act: ReaderAct) -> str:
    return act.detail if act.act == ActKind.STATUS else WORDS.get(ActKind(act.act), act.act)


def _changed(then: Seen, now: Seen) -> Iterator[str]:
    """What differs, measure by measure; a difference that no reader would see is none."""
    lead = "at "
    for key in SEEN:
        if key == NAME or key not in then:
            continue
        before, after = (_text(key, values[key]) for values in (then, now))
        if before != after:
            yield f"{lead}{_title(key)} {before}, now {after}"
            lead = ""
    if then.get(NAME) and then[NAME] != now[NAME]:
        yield f"as {then[NAME]}, now {now[NAME]}"


def _title(key: str) -> str:
    titles = {"tbr": "ratio to the reference", "volume_ml": "volume", "mr_kind": "MR finding", "mr_z": "MR z"}
    return titles.get(key, "points" if key == "score" else _BY_KEY[key].title)


def _text(key: str, value: float | str | None) -> str:
    if value is None:
        return "not known"
    if isinstance(value, str):
        return value
    unit = " ml" if key == "volume_ml" else ""
    return f"{value:.{_BY_KEY[key].digits}f}{unit}"
