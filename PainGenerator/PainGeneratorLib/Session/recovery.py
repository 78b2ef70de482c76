"""Going on where a session ended that crashed: the journals that were left, and taking one up."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.records import Candidate, HotSpot, MRFinding
from ..Numerics.fusion.reading import Reading, numbered
from ..Registration.alignment_types import SeriesAlignment
from ..Registration.landmarks import LandmarkPairs
from ..Scene.markups import write_pain_sites
from ..Scene.node_keys import KEY_ATTRIBUTE
from ..Scene.volumes_in_scene import case_volumes
from ..Workflow.ground import with_references
from ..Workflow.stages import Alignment
from .alignment_control import AlignmentControl
from .case_settings import CaseSettings
from .case_state import CaseState, Naming
from .journal import SCHEMA, Journal, image_key, images_of, plain_settings
from .journal_file import left_behind, read_lines, tidy
from .readers import ReaderControl
from .readings import LISTS, copied
from .report_text import ReportText
from .review import storable
from .review_acts import ReviewActs
from .scene_link import SceneLink
from .step_states import StepStates
from .types import ROLE_FIELDS

TAKEN_UP = "As in the session that did not end well."
"""Why a volume has its role after a journal was taken up."""


@dataclasses.dataclass(frozen=True, eq=False)
class LeftJournal:
    """A journal that a crash left.

    Parameters
    ----------
    path : Path
    source : mapping
        Where the images come from: ``scene`` (a file or None), ``study_date``, ``series`` (UIDs by role), ``images``.
    time : str
        When the last act was written.
    acts : int
        How many acts it holds.
    lines : sequence of mapping
    """

    path: Path
    source: Mapping[str, Any]
    time: str
    acts: int
    lines: Sequence[Mapping[str, Any]]

    @property
    def scene_file(self) -> Path | None:
        """The saved scene from which the session had started; None when there is none any more."""
        name = self.source.get("scene")
        return Path(name) if name and Path(name).is_file() else None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the case as they were last."""
        return dict(_last(self.lines, "settings", {}))


def left_journals(folder: Path | None) -> list[LeftJournal]:
    """The journals that can be taken up, the newest first; what is too old is deleted."""
    if folder is None:
        return []
    tidy(folder)
    found = (_opened(path) for path in left_behind(folder))
    return [journal for journal in found if journal is not None]


def _opened(path: Path) -> LeftJournal | None:
    try:
        lines = read_lines(path)
    except OSError:
        return None
    if len(lines) < 2 or lines[0].get("schema") != SCHEMA:
        return None
    acts = lines[1:]
    return LeftJournal(path, lines[0]["source"], acts[-1]["time"], len(acts), acts)


class Recovery:
    """Takes a journal up in a session.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    settings : CaseSettings
    review : ReviewActs
    readers : ReaderControl
    report_text : ReportText
    journal : Journal
    states : StepStates
    alignment : AlignmentControl
    """

    def __init__(
        self,
        link: SceneLink,
        state: CaseState,
        settings: CaseSettings,
        review: ReviewActs,
        readers: ReaderControl,
        report_text: ReportText,
        journal: Journal,
        states: StepStates,
        alignment: AlignmentControl,
    ) -> None:
        self._states, self._alignment = states, alignment
        self._link, self._state, self._settings, self._review = link, state, settings, review
        self._readers, self._report_text, self._journal = readers, report_text, journal
        self._put_off: set[Path] = set()

    def left(self) -> list[LeftJournal]:
        """The journals that were left and not put off, the newest first."""
        return [one for one in left_journals(self._journal.folder) if one.path not in self._put_off]

    def put_off(self, journal: LeftJournal) -> None:
        """Do not offer it again in this session."""
        self._put_off.add(journal.path)

    def discard(self, journal: LeftJournal) -> None:
        """Delete it."""
        journal.path.unlink(missing_ok=True)

    def has_images(self, journal: LeftJournal) -> bool:
        """True when the volumes of this case are the images of the journal."""
        there = set(images_of(self._settings.role_nodes()).values())
        wanted = set(journal.source["images"].values())
        return bool(wanted) and wanted <= there

    def find_images(self, journal: LeftJournal) -> bool:
        """Give the volumes of the scene that are the images of a journal their roles; True when all are there."""
        if self.has_images(journal):
            return True
        by_key = {image_key(node): node for node in case_volumes(self._link.scene)}
        wanted = journal.source["images"]
        if not wanted or not all(key in by_key for key in wanted.values()):
            return False
        reasons = dict.fromkeys(wanted, TAKEN_UP)
        self._settings.keep(
            **{ROLE_FIELDS[role]: by_key[key] for role, key in wanted.items()},
            roleReasons={**self._settings.now.roleReasons, **reasons},
        )
        return True

    def take_settings(self, journal: LeftJournal) -> None:
        """Take over, before the steps are run again, what they start from: group, sides, values given by hand, changed
        parameters, pain sites, and landmarks.
        """
        kept = journal.settings
        known = plain_settings(self._settings.now)
        not_taken = {"stepStates", "appliedInputs", *ROLE_FIELDS.values()}
        self._settings.keep(**{name: kept[name] for name in known if name in kept and name not in not_taken})
        self._take_points(journal)

    def _take_points(self, journal: LeftJournal) -> None:
        """Take pain sites and landmarks over; a step that was run with others is out of date."""
        state = self._state
        sites = tuple(_last(journal.lines, "pain_sites", state.pain_sites))
        if sites != state.pain_sites:
            state.pain_sites = sites
            node = write_pain_sites(self._link.scene, np.array(sites), node=self._link.result_node("pain-sites"))
            node.SetAttribute(KEY_ATTRIBUTE, "pain-sites")
            self._states.outdate("find")
        landmarks = dict(_last(journal.lines, "landmarks", tuple(state.landmarks.items())))
        if not _are_same_points(landmarks, state.landmarks):
            state.landmarks = landmarks
            self._states.outdate("align")

    def take_alignment(self, journal: LeftJournal) -> None:
        """Take over what the reader judged of the alignment, after the step Align and before the step Find."""
        alignment = self._state.alignment
        judged = dict(_last(journal.lines, "judged", ()))
        if alignment is None:
            return
        by_role = {role: judged.get(role, series) for role, series in alignment.by_role.items()}
        if any(not _are_same_transforms(series, alignment.by_role[role]) for role, series in by_role.items()):
            self._alignment.replace(Alignment(by_role))

    def take_up(self, journal: LeftJournal) -> None:
        """Go on where the session of a journal ended: lists, decisions, outlines, readers and texts are as they were.

        Raises
        ------
        PainGeneratorError
            When the case was not found yet, or is another one.
        """
        if not self._state.is_found:
            raise PainGeneratorError("The candidates are not there yet.", "Run the steps, then go on.")
        if not self.has_images(journal):
            raise PainGeneratorError(
                "The journal belongs to other images than this case.", "Load the images of that case, then go on."
            )
        level = self._settings.now.levelName, list(self._settings.now.levelPoint)
        self.take_settings(journal)
        self.take_alignment(journal)
        self._take_references(journal)
        now = self._settings.now
        if now.levelName and (now.levelName, list(now.levelPoint)) != level:
            self._review.name_level(now.levelName, np.array(now.levelPoint))
        self._take_lists(journal)
        self._report_text.restore(_last(journal.lines, "report_text", {}))
        self._take_draft(journal)
        if self._journal.rewrite():
            journal.path.unlink(missing_ok=True)

    def _take_references(self, journal: LeftJournal) -> None:
        """Read the case with the references that the reader had changed: all ratios follow from them."""
        state, now = self._state, self._state.require_found()
        edits = tuple(_last(journal.lines, "reference_edits", state.reference_edits))
        if edits == state.reference_edits:
            return
        case = dataclasses.replace(now.case, options=dataclasses.replace(now.case.options, reference_edits=edits))
        found = with_references(now.found, case, now.suv, now.alignment, now.anatomy)
        automatic = copied(Reading(found.candidates, found.set_apart, found.attention))
        state.naming = Naming(case, now.anatomy, found, automatic=automatic)

    def _take_lists(self, journal: LeftJournal) -> None:
        state, lines = self._state, journal.lines
        entries = {entry.id: entry for line in lines for entry in line["entries"]}
        ids = _last(lines, "ids", {key: [] for key in LISTS})
        linked = _Links(state.found)
        lists = numbered(Reading(*([linked.joined(entries[key]) for key in ids[name]] for name in LISTS)))
        state.unmatched = list(_last(lines, "unmatched", []))
        state.carried = list(_last(lines, "carried", []))
        reading = _last(lines, "reading", {})
        self._readers.restore(
            {
                "label": reading.get("label", ""),
                "place": reading.get("place", 0),
                "is_blind": reading.get("is_blind", False),
                "deleted": _last(lines, "deleted", []),
                "automatic": self._readers.automatic_kept(),
                "others": _last(lines, "others", []),
                "hidden_regions": _last(lines, "hidden_regions", []),
            }
        )
        state.readers.reader = reading.get("reader", "")
        state.candidates, state.set_apart, state.attention = lists.candidates, lists.set_apart, lists.attention
        state.regions = tuple(_last(lines, "regions", state.regions))
        self._review.take_over(self._review.review)

    def _take_draft(self, journal: LeftJournal) -> None:
        """A comment that was being typed is taken as it was, except in the reading of another reader."""
        draft = journal.lines[-1].get("draft")
        if self._review.reason_not_own() is not None:
            return
        if not draft:
            return
        candidate_id, text = draft[0], storable(draft[1])
        if any(one.id == candidate_id and one.comment != text for one in self._state.candidates):
            self._review.comment(candidate_id, text)


def _last(lines: Sequence[Mapping[str, Any]], name: str, default: Any) -> Any:
    """The value that the last line with this name holds."""
    return next((line[name] for line in reversed(lines) if name in line), default)


def _are_same_points(some: Mapping[str, LandmarkPairs], others: Mapping[str, LandmarkPairs]) -> bool:
    """True when two sets of landmarks are the same."""
    return some.keys() == others.keys() and all(
        np.array_equal(one.reference_ras, others[role].reference_ras)
        and np.array_equal(one.series_ras, others[role].series_ras)
        for role, one in some.items()
    )


def _are_same_transforms(one: SeriesAlignment, other: SeriesAlignment) -> bool:
    """True when two alignments of a series say the same."""
    is_same = np.allclose(one.reference_to_series_ras, other.reference_to_series_ras, atol=1e-9)
    return is_same and (one.kept, one.verdict, one.reason) == (other.kept, other.verdict, other.reason)


class _Links:
    """Makes the hot spots and findings of entries those of the result at hand, where they are the same."""

    def __init__(self, found: Any) -> None:
        self._spots = {} if found is None else {(spot.label, len(spot.region)): spot for spot in found.hot_spots}
        findings = [] if found is None else found.mr.findings
        self._findings = {(one.kind, one.label, len(one.region)): one for one in findings}

    def joined(self, entry: Candidate) -> Candidate:
        """A copy of an entry with the result's own spots and findings."""
        return dataclasses.replace(
            entry,
            hot_spots=[self._spot(spot) for spot in entry.hot_spots],
            mr_findings=[self._finding(finding) for finding in entry.mr_findings],
        )

    def _spot(self, spot: HotSpot) -> HotSpot:
        same = self._spots.get((spot.label, len(spot.region)))
        return same if same is not None and _are_alike(same, spot) else spot

    def _finding(self, finding: MRFinding) -> MRFinding:
        same = self._findings.get((finding.kind, finding.label, len(finding.region)))
        return same if same is not None and _are_alike(same, finding) else finding


def _are_alike(one: HotSpot | MRFinding, other: HotSpot | MRFinding) -> bool:
    """True when two records have the same voxels."""
    first, second = one.region, other.region
    return first.geometry.is_same_grid(second.geometry) and bool((first.flat == second.flat).all())
