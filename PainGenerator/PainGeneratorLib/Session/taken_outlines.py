"""Takes outlines and decisions that were read from DICOM files into a case."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..Anatomy.codes import DISC_CODES, OWN, SIDE_CODES, STRUCTURE_CODES, VERTEBRA_CODES
from ..Exchange.choices import COMPARE, GIVEN
from ..Exchange.object_identity import tracking_id, tracking_uid
from ..Exchange.read_report import ReadGroup
from ..Exchange.reading_back import ReadOutline, read_back
from ..Numerics.core.coding import Code
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.reader_acts import ActKind, ReaderAct, now_text
from ..Numerics.core.records import NAMED_BY_READER, Candidate, Place
from ..Numerics.core.since_decided import seen_of
from ..Numerics.core.words import Origin, Side
from ..Numerics.fusion.reading import Reading, numbered
from ..Workflow.analyze import Analysis
from ..Workflow.case import Case
from ..Workflow.counterparts import counterpart, shared_part
from ..Workflow.readers import SAME_OUTLINE
from .case_state import CaseState
from .found_tools import FoundTools
from .readers import ReaderControl, clean_name
from .remeasure import Remeasure, new_candidate
from .review import Measure, brought_back, entries_of, storable
from .review_acts import ReviewActs

LEVEL_CODES = {**VERTEBRA_CODES, **DISC_CODES}
"""Vertebra or disc -> code."""
MR_FINDING = tracking_id("MR finding")
"""How the tracking id of a finding begins, which was no candidate when it was written."""
CodeOfPlace = tuple[str, str, str]
"""Scheme, value and meaning."""


class OutlineTaker:
    """Takes outlines of DICOM files into the case of a session.

    Parameters
    ----------
    state : CaseState
    review : ReviewActs
    tools : FoundTools
    readers : ReaderControl
    """

    def __init__(self, state: CaseState, review: ReviewActs, tools: FoundTools, readers: ReaderControl) -> None:
        self._state, self._review, self._tools, self._readers = state, review, tools, readers

    def take(self, paths: Iterable[Path], how: str, reader: str = "") -> list[str]:
        """Take outlines, and what structured reports say of them, as one act that can be undone.

        Parameters
        ----------
        paths : iterable of Path
            DICOM segmentations and structured reports, or folders of them.
        how : str
            A word of :data:`..Exchange.choices.TAKINGS`.
        reader : str, optional
            The name of the reader whose outlines they are; that of the files when left out.

        Returns
        -------
        list of str
            What has to be said of them, as sentences.

        Raises
        ------
        PainGeneratorError
            When a file is of something else or cannot be read; and for a comparison without a name, without decisions
            of a first reader, or with those of a reader who has read the case.
        """
        now = self._state.require_found()
        read = read_back(paths, now.case, now.alignment)
        name = clean_name(reader)
        if how == COMPARE:
            name = name or next((one.reader for one in read.outlines if one.reader), "")
            return [*read.notes, *self._compare(read.outlines, clean_name(name))]
        return [*read.notes, *self._take(read.outlines, how, name)]

    def _compare(self, outlines: Sequence[ReadOutline], name: str) -> list[str]:
        """Put a second reading beside the first, which stays the one that is shown."""
        if not name:
            raise PainGeneratorError("The files do not say who drew the outlines.", "Give the name of the reader.")
        first, place = self._readers.name, self._state.readers.place
        self._readers.begin_blind(name)
        notes = self._take(outlines, COMPARE, name)
        self._readers.show_all()
        self._readers.show(place)
        self._readers.set_name(first or self._readers.label)
        return notes

    def _take(self, outlines: Sequence[ReadOutline], how: str, name: str) -> list[str]:
        lists, case = self._review.review.lists, self._state.require_found().case
        self._tools.require_same_basis()
        taken = taken_outlines(lists, outlines, how, case, self._tools.measured, name)
        files = ", ".join(dict.fromkeys(one.file for one in outlines))
        self._review.take_lists(f"Take outlines of {files}", taken.lists)
        return taken.notes


@dataclasses.dataclass(frozen=True)
class Taken:
    """Lists with what was taken, and what has to be said, as sentences."""

    lists: Reading
    notes: list[str]


def taken_outlines(
    lists: Reading, outlines: Sequence[ReadOutline], how: str, case: Case, measure: Measure, reader: str = ""
) -> Taken:
    """Take outlines into the lists of a case.

    Parameters
    ----------
    lists : Reading
        Not changed.
    outlines : sequence of ReadOutline
    how : str
        A word of :data:`..Exchange.choices.TAKINGS`: given outlines are always further candidates; otherwise what is
        known by its tracking UID, or lies at the place of an entry, is a decision on that entry.
    case : Case
    measure : callable
        Gives an outline its measures, place and points.
    reader : str, optional
        Signs what carries no name.

    Returns
    -------
    Taken
        Entries that are new and had no id in this case have none yet.
    """
    entries = {entry.id: entry for entry in entries_of(lists)}
    candidates = {entry.id for entry in lists.candidates}
    ids = _Ids(case, entries)
    decided: dict[str, Candidate] = {}
    added: list[Candidate] = []
    notes: list[str] = []
    if how != GIVEN:
        findings = [one for one in outlines if one.tracking_id.startswith(MR_FINDING)]
        outlines = [one for one in outlines if one not in findings]
        if findings:
            notes.append(f"{len(findings)} outlines of MR findings are no decisions on candidates; they are left out.")
    for outline in outlines:
        made = new_candidate(outline.region)
        free = [entry for entry in entries.values() if entry.id not in decided]
        match = None if how == GIVEN else _match(outline, made, free, ids)
        if match is not None:
            decided[match.id] = _decided(match, outline, measure, reader, is_brought=match.id not in candidates)
            continue
        known_id = "" if how == GIVEN else ids.free_id(outline, {one.id for one in added})
        fresh = measure(dataclasses.replace(made, id=known_id, comment=_origin_text(outline)))
        fresh = _signed(fresh, ActKind.ADDED, "", outline, reader)
        # A given outline is a place to look at; what somebody decided on it elsewhere is no decision on this case.
        added.append(fresh if how == GIVEN else _with_words(fresh, outline, measure, reader))
        if how == GIVEN:
            twin = counterpart(made, lists.candidates)
            if twin is not None and shared_part(twin.region, outline.region) > 0.0:
                notes.append(f'The outline "{outline.label}" of {outline.file} lies on {twin.id} ({twin.place.name}).')
    if how != GIVEN:
        left = [entry.id for entry in lists.candidates if entry.id not in decided]
        if left:
            notes.append(f"The files do not hold {', '.join(left)}: nothing was decided on what is not there.")
    stay = [decided.get(entry.id, entry) for entry in lists.candidates]
    brought = [entry for entry_id, entry in decided.items() if entry_id not in candidates]
    apart, attention = (
        [entry for entry in listed if entry.id not in decided] for listed in (lists.set_apart, lists.attention)
    )
    return Taken(Reading([*stay, *brought, *added], apart, attention), notes)


def add_given_outlines(analysis: Analysis, paths: Iterable[Path]) -> list[str]:
    """Add the outlines of DICOM files to the candidates of an analysis, before its detector is let go.

    Parameters
    ----------
    analysis : Analysis
        Its lists change.
    paths : iterable of Path
        DICOM segmentations, or folders of them.

    Returns
    -------
    list of str
        What has to be said of them, as sentences.

    Raises
    ------
    PainGeneratorError
        When a file is of something else or cannot be read.
    """
    found, case = analysis.found, analysis.case
    read = read_back(paths, case, analysis.alignment)
    if found.detector is None:
        raise ValueError("the detector was let go")
    namer = found.namer(analysis.anatomy, case, analysis.suv, analysis.alignment)
    measure = Remeasure.of(case, analysis.suv, analysis.alignment, found, found.detector, namer)
    lists = Reading(found.candidates, found.set_apart, found.attention)
    taken = taken_outlines(lists, read.outlines, GIVEN, case, measure)
    found.take(numbered(taken.lists))
    return [*read.notes, *taken.notes]


class _Ids:
    """Which candidate of a case a tracking UID stands for."""

    def __init__(self, case: Case, listed: Collection[str]) -> None:
        uids = (one.facts.get("study_uid") for one in case.series.values())
        self._studies = [str(uid) for uid in dict.fromkeys(uids) if uid]
        self._listed = listed

    def is_of(self, outline: ReadOutline, candidate_id: str) -> bool:
        return any(tracking_uid(study, candidate_id) == outline.tracking_uid for study in self._studies)

    def free_id(self, outline: ReadOutline, taken: Collection[str]) -> str:
        """The id under which a former export of this case had an outline, where nothing else has it now."""
        found = outline.tracking_id.removeprefix(tracking_id(""))
        is_ours = found and found != outline.tracking_id and self.is_of(outline, found)
        return found if is_ours and found not in self._listed and found not in taken else ""


def _match(outline: ReadOutline, made: Candidate, entries: Sequence[Candidate], ids: _Ids) -> Candidate | None:
    """The entry that an outline speaks of: the one with its tracking UID, else one that shares voxels with it.

    The same UID is the same thing only where the places fit: a new run of a case may give an id to something else.
    """
    own = counterpart(made, [entry for entry in entries if ids.is_of(outline, entry.id)])
    if own is not None:
        return own
    near = counterpart(made, entries)
    return near if near is not None and shared_part(near.region, outline.region) > 0.0 else None


def _decided(entry: Candidate, outline: ReadOutline, measure: Measure, reader: str, is_brought: bool) -> Candidate:
    """An entry with the outline, and with what the report says of it."""
    found = entry
    if is_brought:
        found = dataclasses.replace(found, reason="", flags=brought_back(found.flags))
        found = _signed(found, ActKind.BROUGHT_BACK, "", outline, reader)
    if shared_part(entry.region, outline.region) < SAME_OUTLINE:
        origin = entry.origin if entry.origin == Origin.MANUAL else Origin.EDITED
        found = measure(dataclasses.replace(found, region=outline.region, origin=origin))
        found = _signed(found, ActKind.OUTLINE, "", outline, reader)
    return _with_words(found, outline, measure, reader)


def _with_words(found: Candidate, outline: ReadOutline, measure: Measure, reader: str) -> Candidate:
    """A candidate with name, comment and status of the report."""
    if outline.says is None:
        return found
    words = outline.says.words
    name, comment = storable(words.get("name", "")), storable(words.get("comment", ""))
    status = words.get("status", found.status)
    if name and name != found.place.name:
        renamed = dataclasses.replace(found, place=_named(found.place, name, outline.says))
        # An outline of the reader is compared with the tissue of its place. A run compared the others with theirs.
        renamed = renamed if found.origin == Origin.AUTOMATIC else measure(renamed)
        found = _signed(renamed, ActKind.NAME, name, outline, reader)
    if comment and comment != found.comment:
        found = _signed(dataclasses.replace(found, comment=comment), ActKind.COMMENT, comment, outline, reader)
    if status != found.status:
        found = _signed(dataclasses.replace(found, status=status), ActKind.STATUS, status, outline, reader)
    return found


def _named(old: Place, name: str, says: ReadGroup) -> Place:
    """The place that a report of ours names; what its codes do not say stays as it was."""
    (first, *parts) = says.site_codes or ((("", "", old.structure)),)
    side = _word_of(SIDE_CODES, parts) or str(Side.MIDLINE)
    level = _word_of(LEVEL_CODES, [*parts, first])
    zone = name.rpartition(", ")[2] if old.zone is not None and name.endswith(f", {old.zone}") else None
    return Place(name, _structure_of(first, old), side, level, zone, (NAMED_BY_READER,))


def _structure_of(code: CodeOfPlace, old: Place) -> str:
    """The structure of a code; that of a level alone is its disc or its vertebral body."""
    known = _word_of(STRUCTURE_CODES, [code])
    if known is not None:
        return known
    if _word_of(DISC_CODES, [code]):
        return "disc"
    return code[2].lower() if code[0] == OWN and code[2] else old.structure


def _word_of(table: Mapping[str, Code], codes: Sequence[CodeOfPlace]) -> str | None:
    """The word of the first code that a table holds."""
    words = {(code.scheme, code.value): word for word, code in table.items()}
    return next((words[code[:2]] for code in codes if code[:2] in words), None)


def _signed(found: Candidate, act: ActKind, detail: str, outline: ReadOutline, reader: str) -> Candidate:
    """A copy with one more act: by the reader and at the time that the files give."""
    words = {} if outline.says is None else outline.says.words
    signed = ReaderAct(
        clean_name(outline.reader) or reader, _time(words.get("decided_at", "")), str(act), detail, seen_of(found)
    )
    return dataclasses.replace(found, acts=(*found.acts, signed))


def _time(text: str) -> str:
    """A time with its zone as acts keep it; now where the file gives none."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return now_text()
    return text if found.tzinfo is not None else now_text()


def _origin_text(outline: ReadOutline) -> str:
    """Where an outline that is no known candidate comes from, for its comment."""
    return storable(f'Outline "{outline.label}" of {outline.file}.')
