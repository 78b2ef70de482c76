"""Crash safety: decisions and outlines are written to a journal as they are made.

The first line holds where the images come from and all that was decided so far, each following line what an act
changed. A journal is deleted when the case is saved or closed; one that is left was left by a crash.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..Numerics.core.reader_acts import now_text
from ..Numerics.core.records import Candidate
from ..Numerics.core.since_decided import is_decided
from ..Registration.alignment_types import SeriesAlignment
from ..Scene.node_keys import find_node
from ..Scene.parameters import NodeReference
from .alignment_control import is_judged
from .case_settings import CaseSettings
from .case_state import CaseState
from .journal_file import JournalFile
from .readers import ReaderControl
from .readings import LISTS
from .report_text import ReportText
from .review import entries_of
from .review_acts import ReviewActs
from .scene_link import SceneLink

SCHEMA = 1
"""Version of the lines."""

NOT_COMPARED = ("rank",)
"""Fields of an entry that follow from its list."""

NOTED = ("case", "suv", "align", "candidates", "review")
"""Words of :data:`.types.CHANGES` after which something of the journal may be another."""

BY_READER = ("regions", "reference_edits", "pain_sites", "landmarks", "judged")
"""Facts, other than decisions, that only the reader can give."""

CANNOT_BE_WRITTEN = "The journal cannot be written ({error}): until you save, a crash would lose what you decide."


class Journal:
    """Writes what changed after each act.

    Parameters
    ----------
    folder : Path or None
        There is no journal without a folder.
    link : SceneLink
    state : CaseState
    settings : CaseSettings
    review : ReviewActs
    readers : ReaderControl
    report_text : ReportText
    """

    def __init__(
        self,
        folder: Path | None,
        link: SceneLink,
        state: CaseState,
        settings: CaseSettings,
        review: ReviewActs,
        readers: ReaderControl,
        report_text: ReportText,
    ) -> None:
        self.folder = folder
        self._link, self._state, self._settings, self._review = link, state, settings, review
        self._readers, self._report_text = readers, report_text
        self._file: JournalFile | None = None
        self._entries: dict[str, Candidate] = {}
        """Entries as the last line that holds them has them."""
        self._facts: dict[str, Any] = {}
        """All else, as it was written last."""
        self._draft: tuple[str, str] | None = None
        self._has_failed = False

    @property
    def path(self) -> Path | None:
        """The file; None while there is nothing to be kept."""
        return None if self._file is None else self._file.path

    def begin(self) -> None:
        """What the scene shows now is what its file or a run gives: the next act begins a journal."""
        self._end()
        self._entries = self._now() if self._state.is_found else {}
        self._facts = self._all_facts() if self._state.is_found else {}

    def rewrite(self) -> bool:
        """Begin anew with all that there is now; False when it could not be written.

        Another journal that held the same is deleted only after that.
        """
        self._end()
        self._entries, self._facts = {}, {}
        return self._keep_changes()

    def note(self, what: str) -> None:
        """Something of the session changed, a word of :data:`.types.CHANGES`."""
        if what in NOTED:
            self._keep_changes()

    def _keep_changes(self) -> bool:
        """Write what changed since the last line; False when that failed, and then the next line holds it, too."""
        if self.folder is None or not self._state.is_found:
            return True
        entries, facts = self._now(), self._all_facts()
        changed = {key: entry for key, entry in entries.items() if not _is_same(entry, self._entries.get(key))}
        new = {name: value for name, value in facts.items() if not _is_same_value(value, self._facts.get(name))}
        is_first = self._file is None
        # Taken away counts as well as given: a region that the saved case holds can be deleted.
        is_given = any(name in new and (new[name] or self._facts.get(name)) for name in BY_READER)
        if is_first and not is_given and not self._has_decisions():
            self._entries, self._facts = entries, facts
        elif changed or new:
            self._drop_finished_draft(changed)
            if not self._write(entries if is_first else changed, facts if is_first else new):
                return False
            self._entries, self._facts = entries, facts
        return True

    def _drop_finished_draft(self, changed: Mapping[str, Candidate]) -> None:
        """A comment that was finished is no draft any more: it would come back after the reader had undone it."""
        draft_id = "" if self._draft is None else self._draft[0]
        now, before = changed.get(draft_id), self._entries.get(draft_id)
        if now is not None and before is not None and now.comment != before.comment:
            self._draft = None

    def draft(self, candidate_id: str, text: str) -> None:
        """Keep a comment that is still being typed."""
        if self.folder is not None and self._state.is_found and (candidate_id, text) != self._draft:
            self._draft = (candidate_id, text)
            is_first = self._file is None
            self._write(self._now() if is_first else {}, self._all_facts() if is_first else {})

    def _write(self, entries: Mapping[str, Candidate], facts: Mapping[str, Any]) -> bool:
        """Write a line, and before the first one where the images come from; False when it could not be written."""
        is_first = self._file is None
        line: dict[str, Any] = {
            "time": now_text(),
            "act": self._review.undo_text or "",
            "entries": list(entries.values()),
            "draft": None if self._draft is None else list(self._draft),
            **{name: self._in_full(name, value) for name, value in facts.items()},
        }
        try:
            if self._file is None and self.folder is not None:
                self._file = JournalFile(self.folder)
                self._file.append({"schema": SCHEMA, "source": self._source()})
            if self._file is not None:
                self._file.append(line)
        except OSError as error:
            if is_first and self._file is not None:
                # Lines that tell only what changed mean nothing without the first one.
                with contextlib.suppress(OSError):
                    self._file.delete()
                self._file = None
            self._failed(error)
            return False
        return True

    def _failed(self, error: OSError) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._state.notices.append(CANNOT_BE_WRITTEN.format(error=error.strerror or error))

    def _has_decisions(self) -> bool:
        """True when a reader did something that a run by itself would not give again."""
        state, review = self._state, self._review.review
        if review.deleted or state.readers.others or state.unmatched or self._report_text.edit is not None:
            return True
        return any(entry.acts or is_decided(entry) for entry in entries_of(review.lists))

    # --- what is kept

    def _now(self) -> dict[str, Candidate]:
        return {entry.id: entry for entry in entries_of(self._review.review.lists)}

    def _all_facts(self) -> dict[str, Any]:
        """All but the entries, in a form that can be compared: records by their identity."""
        review, state, now = self._review.review, self._state, self._state.readers
        lists = review.lists
        return {
            "ids": {key: [entry.id for entry in getattr(lists, key)] for key in LISTS},
            "deleted": tuple(review.deleted),
            "unmatched": tuple(state.unmatched),
            "carried": list(state.carried),
            "others": tuple((other, other.lists) for other in now.others),
            "reading": {"label": now.label, "place": now.place, "is_blind": now.is_blind, "reader": now.reader},
            "report_text": self._report_text.to_kept(),
            "settings": plain_settings(self._settings.now),
            "regions": state.regions,
            "hidden_regions": now.hidden_regions,
            "reference_edits": state.reference_edits,
            "pain_sites": state.pain_sites,
            "landmarks": tuple(state.landmarks.items()),
            "judged": _judged(state),
        }

    def _in_full(self, name: str, value: Any) -> Any:
        """A fact as it is written."""
        if name == "deleted":
            return list(self._review.review.deleted)
        if name == "unmatched":
            return list(self._state.unmatched)
        if name == "others":
            return [other.to_kept() for other in self._state.readers.others]
        return value

    def _source(self) -> dict[str, Any]:
        """Where the images come from."""
        case = self._state.case
        series = {} if case is None else case.series
        return {
            "scene": _scene_file(self._link.scene),
            "study_date": None if case is None else case.patient.get("study_date"),
            "series": {role: one.facts.get("series_uid") for role, one in series.items()},
            "images": images_of(self._settings.role_nodes()),
        }

    # --- its end

    def end_if_saved(self) -> bool:
        """Delete the journal once the scene was saved after the last act; True when it was.

        A scene tells nobody reliably that it was saved, but each of its nodes knows whether it was written.
        """
        if self._file is None:
            return False
        node = find_node(self._link.scene, "vtkMRMLTextNode", "case")
        if node is None or node.GetModifiedSinceRead():
            return False
        self.begin()
        return True

    def close(self) -> None:
        """The case is closed on purpose: nothing is to be taken up again."""
        self._end()

    def _end(self) -> None:
        self._draft = None
        if self._file is not None:
            self._file.delete()
            self._file = None


def _judged(state: CaseState) -> tuple[tuple[str, SeriesAlignment], ...]:
    """Role and alignment of the series on whose alignment the reader judged."""
    by_role = {} if state.alignment is None else state.alignment.by_role
    return tuple((role, series) for role, series in by_role.items() if is_judged(series))


def plain_settings(settings: Any) -> dict[str, Any]:
    """The settings without the nodes, which are others in another scene."""
    hints = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    return {name: value for name, value in hints.items() if not _is_node(value)}


def _is_node(value: Any) -> bool:
    return value is None or isinstance(value, NodeReference) or hasattr(value, "GetID")


def images_of(nodes: Mapping[str, Any]) -> dict[str, str]:
    """By role, what tells the images of a volume: its instance UIDs, else its name and size."""
    return {role: image_key(node) for role, node in nodes.items()}


def image_key(node: Any) -> str:
    """What tells the images of a volume node."""
    uids = node.GetAttribute("DICOM.instanceUIDs")
    if uids:
        return " ".join(sorted(uids.split()))
    data = node.GetImageData()
    return f"{node.GetName()} {None if data is None else data.GetDimensions()}"


def _scene_file(scene: Any) -> str | None:
    """The file that the scene was loaded from or saved to; None when there is none."""
    url = scene.GetURL()
    if not url:
        return None
    path = Path(url)
    # A bundle is unpacked when it is loaded, and the scene's own file lies in the folder of the unpacked one.
    bundle = path.with_suffix(".mrb")
    return str(bundle if bundle.is_file() else path)


def _is_same(one: Candidate, other: Candidate | None) -> bool:
    """True when two entries say the same; voxels, spots and findings by their identity."""
    if other is None:
        return False
    if one is other:
        return True
    names = (field.name for field in dataclasses.fields(Candidate) if field.name not in NOT_COMPARED)
    return all(_is_same_value(getattr(one, name), getattr(other, name)) for name in names)


def _is_same_value(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, list | tuple):
        is_as_long = type(one) is type(other) and len(one) == len(other)
        return is_as_long and all(_is_same_value(a, b) for a, b in zip(one, other, strict=True))
    is_plain = isinstance(one, str | int | float | bool | dict) or dataclasses.is_dataclass(one)
    return bool(is_plain and type(one) is type(other) and one == other)
