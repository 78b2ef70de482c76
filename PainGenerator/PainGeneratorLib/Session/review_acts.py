"""The step Review: the acts of the radiologist, each of them shown in the scene at once and open to undo."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..Anatomy.codes import LEVELS
from ..Anatomy.spine_places import place_name
from ..Numerics.body.level_names import GivenLevel
from ..Numerics.body.level_order import checked_level
from ..Numerics.core.errors import AlreadyThere, PainGeneratorError
from ..Numerics.core.records import NAMED_BY_READER, Candidate, Place
from ..Numerics.core.regions import contains, overlap_fraction
from ..Numerics.core.since_decided import renamed_as_seen, with_seen
from ..Numerics.core.spheres import SphereRegion
from ..Numerics.core.words import Origin, Role, Side, Status, listed
from ..Numerics.fusion.reading import Reading
from ..Workflow.case import Case
from ..Workflow.finding import Found
from ..Workflow.naming import NewNames, with_named_level
from ..Workflow.readout import PlaceReader
from ..Workflow.spheres import measured_again
from .carrying import carry_decisions, with_lasting_ids
from .case_settings import CaseSettings
from .case_state import CaseState, Naming, Point
from .case_writer import CaseWriter
from .found_tools import OTHER_BASIS, RUN_AGAIN, FoundTools, basis_of
from .notifier import Notifier
from .reading_aids import ReadingAids
from .readings import copied, lists_in
from .remeasure import Remeasure
from .review import Review, entries_of, storable
from .scene_link import SceneLink
from .step_states import StepStates
from .strokes import Painter, Strokes

GROW_ORDER = (Role.FLUID, Role.CONTRAST, Role.T2, Role.T1)
"""Series on which a place without raised uptake is grown: those that show fluid bright come first."""

TWIN_OVERLAP = 0.5
"""Part of the smaller of two outlines that lies within the other from which both are of the same focus. Our choice:
more than half of it."""


class ReviewActs:
    """Acts on the candidates. After each act the scene shows the new list.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    states : StepStates
    writer : CaseWriter
    tools : FoundTools
    aids : ReadingAids
    settings : CaseSettings
        Keeps the level that the reader named.
    notify : Notifier
    """

    name = "review"

    def __init__(
        self,
        link: SceneLink,
        state: CaseState,
        states: StepStates,
        writer: CaseWriter,
        tools: FoundTools,
        aids: ReadingAids,
        settings: CaseSettings,
        notify: Notifier,
    ) -> None:
        self._settings = settings
        self._link, self._state, self._states, self._writer = link, state, states, writer
        self._tools, self._aids, self._notify = tools, aids, notify
        self._painter = Painter(link, state, tools)
        self._review = self.new_review()

    def known_ids(self) -> set[str]:
        """All ids that were ever given in this case."""
        state, review = self._state, self._review
        entries = [*state.unmatched, *review.deleted]
        if state.found is not None:
            entries += entries_of(review.lists)
        state.used_ids.update(entry.id for entry in entries if entry.id)
        return state.used_ids

    def new_review(self, deleted: Sequence[Candidate] = ()) -> Review:
        """A review of the lists that stand, without a history."""
        reader = lambda: self._state.readers.reader  # noqa: E731
        return Review(self._state, self._tools.measured, reader, deleted, self.known_ids)

    def resume(self, deleted: Sequence[Candidate]) -> None:
        """Begin a history on the lists of a reopened case."""
        self._review = self.new_review(deleted)

    def take_over(self, review: Review) -> None:
        """Go on with another reading, with its own history, and show it in the scene."""
        self._review = review
        self._writer.write_all()
        self._states.outdate_export()
        self._notify("candidates")

    def reason_not_ready(self, state: CaseState) -> str | None:
        """Why there is nothing to review; None when there is."""
        return None if state.found is not None else "Find candidates first (step Find)."

    def start(self, found: Found, names: NewNames | None = None) -> None:
        """Take the result of a new run over: decisions made so far go to the new candidates at the same place.

        Parameters
        ----------
        found : Found
        names : NewNames, optional
            How the run names what has a decision already; the names stay when left out.
        """
        state = self._state
        former, used, measure = self._former(), self.known_ids(), self._tools.measured_by(found)
        new = Reading(found.candidates, found.set_apart, found.attention)
        if former:
            new = with_lasting_ids(new, former, used)
        state.readers.automatic = copied(new)
        for other in state.readers.others:
            other.take_run(new, found, names, measure, used)
        old = [*state.candidates, *state.unmatched]
        old = old if names is None else names.of(old)
        carried = carry_decisions(old, new, self._review.deleted, measure=measure, former=former, used=used)
        state.unmatched, state.carried = carried.unmatched, carried.notices
        found.take(carried.lists)
        deleted = [measure(with_seen(candidate)) for candidate in self._review.deleted]
        regions, state.found = state.regions, found
        _, suv, alignment = state.require_alignment()
        state.basis = basis_of(suv, alignment)
        if regions:
            found.regions = self.measured_again(regions)
        self._review = self.new_review(deleted)
        self._writer.write_all()

    def _former(self) -> list[Candidate]:
        """All entries of the lists that stand; empty before the first run."""
        return [] if self._state.found is None else entries_of(self._review.lists)

    def take_strokes(self) -> None:
        """Take outlines that were changed with Slicer's own tools, before a step draws all of them anew."""
        if self.reason_not_own() is None:
            strokes = self._painter.painted()
            self._painter.take(self._review, Strokes(strokes.outlines))

    def measured_again(self, regions: Sequence[SphereRegion]) -> tuple[SphereRegion, ...]:
        """The spherical regions of the reader with the measures that follow from the result as it stands."""
        now, tools = self._state.require_found(), self._tools
        reader = PlaceReader.of(now.case, now.suv, now.alignment, now.found, tools.detector(), tools.namer())
        return tuple(measured_again(reader, region) for region in regions)

    def take_result(self, text: str, case: Case, found: Found) -> None:
        """Take another result of the same case over as one act: decisions go to the entries at the same place.

        Parameters
        ----------
        text : str
            What was done, for undo.
        case : Case
            With the options that the result follows from.
        found : Found

        Raises
        ------
        PainGeneratorError
            While the case has more than one reading.
        """
        self.require_one_reading()
        self._tools.require_same_basis()
        state, now, review = self._state, self._state.require_found(), self._own_review()
        former, used = entries_of(review.lists), self.known_ids()
        new = with_lasting_ids(Reading(found.candidates, found.set_apart, found.attention), former, used)
        automatic = copied(new)
        detector = self._tools.detector() if found.detector is None else found.detector
        namer = found.namer(now.anatomy, case, now.suv, now.alignment)
        # Outlines of the reader stay; what they are compared with may be another tissue now.
        measure = Remeasure.of(case, now.suv, now.alignment, found, detector, namer).anew
        old = [*state.candidates, *state.unmatched]
        carried = carry_decisions(old, new, review.deleted, measure=measure, former=former, used=used)
        lists = carried.lists
        reader = PlaceReader.of(case, now.suv, now.alignment, found, detector, namer)
        found.regions = tuple(measured_again(reader, region) for region in state.regions)
        naming = Naming(case, now.anatomy, found, tuple(carried.unmatched), tuple(carried.notices), automatic)
        review.replace_all(text, naming, lists)
        self._show_naming()

    def take_lists(self, text: str, lists: Reading) -> None:
        """Take lists with decisions that were made elsewhere over, as one act with this text."""
        self._own_review().take_lists(text, lists)
        self._show()

    def keep_regions(self, text: str, regions: tuple[SphereRegion, ...]) -> None:
        """Take other spherical regions over, as one act with this text."""
        self._own_review().keep_regions(text, regions)
        self._show()

    @property
    def review(self) -> Review:
        """The list under correction.

        Raises
        ------
        PainGeneratorError
            Before the step Find.
        """
        if self._state.found is None:
            raise PainGeneratorError("There are no candidates yet.", "Run the step Find first.")
        return self._review

    def reason_not_own(self) -> str | None:
        """Why the reader must not change the reading that is shown: it is another reader's. None when it is not."""
        now = self._state.readers
        if not now.others or not now.reader or not now.label or now.reader == now.label:
            return None
        return f"The reading that is shown is that of {now.label}, and the field Reader says {now.reader}."

    def _own_review(self) -> Review:
        """The list under correction, for an act.

        Raises
        ------
        PainGeneratorError
            Before the step Find, and in a reading of another reader.
        """
        reason = self.reason_not_own()
        if reason is not None:
            raise PainGeneratorError(
                reason, f"Choose your own reading, or type {self._state.readers.label} into the field Reader."
            )
        return self.review

    def require_one_reading(self) -> None:
        """Refuse other references for one reader only: what was measured for the others would stay as it was.

        Raises
        ------
        PainGeneratorError
            While the case has more than one reading.
        """
        if self._state.readers.others:
            raise PainGeneratorError(
                "The references cannot be changed, undone or done again while the case has more than one reading.",
                "Settle the references before a second reader begins.",
            )

    def get(self, candidate_id: str) -> Candidate:
        """The candidate with an id; PainGeneratorError when there is none."""
        return self.review.get(candidate_id)

    def get_from_any(self, entry_id: str) -> Candidate:
        """The entry with an id of any of the three lists; PainGeneratorError when there is none."""
        return self.review.get_from_any(entry_id)

    # --- what is set apart or to be looked at

    def bring_back(self, ids: str | Iterable[str]) -> None:
        """Make candidates of entries that are set apart or to be looked at, in one act."""
        self._own_review().bring_back(_listed(ids))
        self._show()

    # --- candidates that a new run did not find

    def dismiss_unmatched(self, candidate_id: str) -> None:
        """Take a candidate off the list of those that were not found again."""
        self._own_review()
        self._state.unmatched = [c for c in self._state.unmatched if c.id != candidate_id]
        self._show()

    def keep_unmatched(self, candidate_id: str) -> str:
        """Put a candidate that was not found again back on the list, as one of the reader; returns its id."""
        kept = next((c for c in self._state.unmatched if c.id == candidate_id), None)
        if kept is None:
            raise PainGeneratorError(f"{candidate_id} is not among the unmatched.", "Choose one from their list.")
        new_id = self._own_review().add(kept, candidate_id)
        self._state.unmatched = [c for c in self._state.unmatched if c is not kept]
        self._show()
        return new_id

    # --- decisions

    def set_status(self, ids: str | Iterable[str], status: Status) -> None:
        """Decide on candidates, or take a decision back (pending)."""
        self._own_review().set_status(_listed(ids), status.value)
        self._show()

    def rename(self, candidate_id: str, structure: str, side: str, level: str | None) -> None:
        """Give another structure, side and level. The zone is dropped when structure or side changes."""
        old = self._own_review().get(candidate_id)
        place = place_by_reader(old.place, structure, side, level)
        # An outline of the reader is compared with the tissue of its place. A run compared the others with theirs.
        is_measured = old.origin != Origin.AUTOMATIC and not self._tools.is_of_another_basis()
        self._own_review().rename(candidate_id, place, self._tools.measured if is_measured else None)
        self._show()

    def name_level(self, level: str, position_ras: np.ndarray) -> None:
        """Name one vertebra or disc; all other levels follow: in the sites, in the names of all entries of all lists,
        and in all texts that tell of places.

        Decisions, outlines, measures and names that the reader gave stay as they are.

        Parameters
        ----------
        level : str
            Such as ``L5`` or ``L4/L5``.
        position_ras : ndarray, shape (3,)
            A place in it, in the world, RAS mm.

        Raises
        ------
        PainGeneratorError
            Where no vertebra and no disc is known.
        """
        review, now = self._own_review(), self._state.require_found()
        right, front, up = (round(float(value), 1) for value in position_ras)
        given: tuple[str, Point] = (level, (right, front, up))
        case = dataclasses.replace(now.case, options=dataclasses.replace(now.case.options, level=given))
        found, names = with_named_level(
            now.found, case, now.suv, now.alignment, now.anatomy, GivenLevel(level, np.array([right, front, up]))
        )
        former = {entry.id: entry.place.name for entry in entries_of(review.lists)}
        for entries in (found.candidates, found.set_apart, found.attention):
            entries[:] = [renamed_as_seen(entry, former.get(entry.id, entry.place.name)) for entry in entries]
        lists = Reading(found.candidates, found.set_apart, found.attention)
        unmatched = tuple(
            renamed_as_seen(now_named, before.place.name)
            for now_named, before in zip(names.of(self._state.unmatched), self._state.unmatched, strict=True)
        )
        carried = tuple(map(names.texts, self._state.carried))
        automatic = self._state.readers.automatic
        if automatic is not None:
            automatic = Reading(*(names.of(entries) for entries in lists_in(automatic)))
        review.name_level(level, Naming(case, now.anatomy, found, unmatched, carried, automatic), lists)
        self._show_naming()

    def comment(self, candidate_id: str, text: str) -> None:
        """Write a comment, which the report shows."""
        self._own_review().comment(candidate_id, text)
        self._show()

    def delete(self, ids: str | Iterable[str]) -> None:
        """Take candidates off the list."""
        self._own_review().delete(_listed(ids))
        self._show()

    # --- outlines

    def merge(self, ids: Sequence[str]) -> str:
        """Make one candidate of several; returns its id."""
        merged = self._own_review().merge(_listed(ids))
        self._show()
        return merged

    def split(self, candidate_id: str) -> list[str]:
        """Cut a candidate into its parts; returns their ids."""
        parts = self._own_review().split(candidate_id)
        self._show()
        return parts

    def add_at(self, position_ras: np.ndarray) -> str:
        """Add a candidate that the reader saw: grown on the PET where uptake is raised, else on an MR series.

        Where something lies that is set apart or to be looked at, that one is made a candidate, the smallest of
        several: a second outline of the same thing would be its twin.

        Parameters
        ----------
        position_ras : ndarray, shape (3,)
            In the world, RAS mm.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        AlreadyThere
            Where a candidate lies already, and where the focus that is grown is mostly that of a candidate.
        PainGeneratorError
            Outside all images.
        """
        review = self._own_review()
        position = np.asarray(position_ras, dtype=float)
        _refuse_twin([c for c in review.candidates if contains(c.region, position[None])[0]])
        lists = review.lists
        apart = [e for e in (*lists.set_apart, *lists.attention) if contains(e.region, position[None])[0]]
        if apart:
            brought = min(apart, key=lambda entry: entry.volume_ml).id
            self.bring_back(brought)
            return brought
        images = self._aids.reference_images()
        on_mr = {role.value: images[role] for role in GROW_ORDER if role in images}
        try:
            grown = self._tools.remeasure().at(position, on_mr)
        except LookupError as error:
            raise PainGeneratorError("There is no image here.", "Click on the PET or an MR.") from error
        # A click beside an outline grows the same focus again.
        _refuse_twin([c for c in review.candidates if overlap_fraction(c.region, grown.region) >= TWIN_OVERLAP])
        new_id = review.add(grown)
        self._show()
        return new_id

    def begin_edit(self, candidate_id: str) -> tuple[Any, str]:
        """The segmentation node and the segment for the Segment Editor; the segment is made visible."""
        self._own_review().get(candidate_id)
        node = self._link.result_node("candidates")
        node.GetDisplayNode().SetVisibility(True)
        node.GetDisplayNode().SetSegmentVisibility(candidate_id, True)
        return node, candidate_id

    def segment_edited(self, segment_id: str) -> bool:
        """Take the voxels of a segment that was changed with the Segment Editor, and measure them.

        Painting takes voxels from neighbors: their outlines are taken and measured in the same act. A neighbor of
        which nothing is left keeps its outline, and that is said.

        Returns
        -------
        bool
            False when the outline is the same as before.

        Raises
        ------
        PainGeneratorError
            When the outline is empty, or its segment was removed; and, with the outline kept, when it cannot be
            measured as SUV or alignment were changed since the step Find.
        """
        review = self._own_review()
        review.get(segment_id)
        strokes = self._painter.painted_in(segment_id)
        self._painter.take(review, strokes)
        if strokes.outlines or strokes.covered:
            self._show()
        if strokes.outlines and self._tools.is_of_another_basis():
            raise PainGeneratorError(f"{OTHER_BASIS} The outline is kept, and not measured yet.", RUN_AGAIN)
        return bool(strokes.outlines)

    # --- undo

    @property
    def undo_text(self) -> str | None:
        """What undo takes back; None when there is nothing."""
        return None if self._state.found is None else self._review.undo_text

    @property
    def redo_text(self) -> str | None:
        """What redo does again; None when there is nothing."""
        return None if self._state.found is None else self._review.redo_text

    def undo(self) -> None:
        """Take the last act back."""
        review = self._own_review()
        self._step(review.undo, review.undo_naming)

    def redo(self) -> None:
        """Do the act again that was taken back last."""
        review = self._own_review()
        self._step(review.redo, review.redo_naming)

    def _step(self, step: Callable[[], None], naming: Naming | None) -> None:
        """Go one step through the history; other names of levels change more than the candidates."""
        if naming is not None and naming.case.options.reference_edits != self._state.reference_edits:
            self.require_one_reading()
        before = self._state.found
        step()
        if self._state.found is before:
            self._show()
            return
        if self._state.readers.others and self._state.regions:
            # What another reader placed since then was measured with other names.
            self._state.regions = self.measured_again(self._state.regions)
        self._show_naming()

    def _show_naming(self) -> None:
        """Show the case after the levels got other names."""
        case = self._state.case
        self._settings.keep_level(None if case is None else case.options.level)
        self._writer.write_all()
        self._states.outdate_export()
        self._notify("candidates")

    def _show(self) -> None:
        """Show the list in the scene after an act."""
        self._writer.write_candidates()
        self._states.outdate_export()
        self._notify("review")


def place_by_reader(old: Place, structure: str, side: str, level: str | None) -> Place:
    """The place that a reader named, in one line.

    Parameters
    ----------
    old : Place
        As it was named before.
    structure, side : str
    level : str or None

    Raises
    ------
    PainGeneratorError
        Without a structure, and for a level that does not exist.
    """
    if side not in tuple(Side):
        raise ValueError(f"side must be one of {listed(Side)}, not {side!r}")
    structure = " ".join(storable(structure).split())
    if not structure:
        raise PainGeneratorError("A candidate needs a structure.", "Choose or type one.")
    level = level or None
    if level is not None and level != old.level and level not in LEVELS:
        level = checked_level(level)
    zone = old.zone if (structure, side) == (old.structure, old.side) else None
    return Place(place_name(structure, side, level, zone), structure, side, level, zone, (NAMED_BY_READER,))


def _refuse_twin(candidates: Sequence[Candidate]) -> None:
    """Refuse to add what is a candidate already: the smallest of several."""
    if candidates:
        there = min(candidates, key=lambda candidate: candidate.volume_ml)
        raise AlreadyThere(there.id, f"{there.rank} {there.place.name}")


def _listed(ids: str | Iterable[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(ids)
