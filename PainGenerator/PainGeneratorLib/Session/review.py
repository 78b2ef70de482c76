"""The corrections of the radiologist: every act on the candidates, with undo and redo.

What was found stands in three lists: the candidates, what is set apart below the bar, and what has to be looked at.
Nothing is changed in place: each act makes new lists in which the entries are copies, so that undo can go back to the
lists before. Voxels are shared between the copies.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from scipy import ndimage

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Numerics.core.reader_acts import ActKind, ReaderAct, now_text
from ..Numerics.core.records import BROUGHT_BACK, Candidate, Place
from ..Numerics.core.regions import on_grid, union
from ..Numerics.core.since_decided import seen_of
from ..Numerics.core.spheres import RegionChange, SphereRegion, region_key
from ..Numerics.core.words import Origin, Status, listed
from ..Numerics.fusion.reading import Reading, numbered

BRING_BACK = "Make a candidate of"
"""How the act begins that makes candidates of entries of the other lists."""

Item = TypeVar("Item")

Measure = Callable[[Candidate], Candidate]
"""Takes a candidate whose region changed, and returns a copy with new measures, place and score."""


class CandidateList(Protocol):
    """Whatever owns the lists of what was found (:class:`.case_state.CaseState`)."""

    candidates: list[Candidate]
    set_apart: list[Candidate]
    attention: list[Candidate]
    naming: Any
    """What depends on the names of the levels; it is passed on and never looked into."""
    regions: tuple[SphereRegion, ...]
    """Spherical regions of the reader. All readings of a case share them."""


@dataclass(frozen=True)
class Act:
    """One step of the history.

    Parameters
    ----------
    text : str
        What was done, for the undo button.
    lists : Reading
        The lists to go back to.
    naming : object
        The names of the levels to go back to; None where the act changed none.
    regions : RegionChange, optional
        What to do with the spherical regions; None where the act changed none.
    deleted : tuple of Candidate
        What was deleted until then.
    """

    text: str
    lists: Reading
    naming: Any = None
    regions: RegionChange | None = None
    deleted: tuple[Candidate, ...] = ()


class Review:
    """Candidates under correction.

    Parameters
    ----------
    owner : CandidateList
        Holds the lists as they stand; every act puts new lists there.
    measure : callable
        Measures a candidate again after its region changed.
    reader : callable
        Gives the name of the reader, which every act carries; empty when none was given.
    deleted : sequence of Candidate
        What was deleted before.
    used : callable
        Gives all ids that were ever given in this case: none of them is given to something else.
    """

    def __init__(
        self,
        owner: CandidateList,
        measure: Measure,
        reader: Callable[[], str] = str,
        deleted: Sequence[Candidate] = (),
        used: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._owner, self._measure, self._reader, self._used = owner, measure, reader, used
        self.deleted = tuple(deleted)
        """What readers took off the list, with the acts that did it."""
        self._past: list[Act] = []
        """Acts that undo can take back, each with the lists before it."""
        self._future: list[Act] = []
        """Acts that redo can do again, each with the lists after it."""

    @property
    def candidates(self) -> list[Candidate]:
        """The list as it stands, best first."""
        return self._owner.candidates

    @property
    def lists(self) -> Reading:
        """All that was found, as it stands: candidates, what is set apart, and what has to be looked at."""
        owner = self._owner
        return Reading(list(owner.candidates), list(owner.set_apart), list(owner.attention))

    def _take(self, lists: Reading) -> None:
        """Make lists those that stand."""
        self._owner.candidates, self._owner.set_apart = list(lists.candidates), list(lists.set_apart)
        self._owner.attention = list(lists.attention)

    @property
    def undo_text(self) -> str | None:
        """What undo would take back; None when there is nothing."""
        return self._past[-1].text if self._past else None

    @property
    def undo_naming(self) -> Any:
        """The names of the levels that undo would go back to; None when it changes none."""
        return self._past[-1].naming if self._past else None

    @property
    def redo_naming(self) -> Any:
        """The names of the levels that redo would go on to; None when it changes none."""
        return self._future[-1].naming if self._future else None

    @property
    def redo_text(self) -> str | None:
        """What redo would do again; None when there is nothing."""
        return self._future[-1].text if self._future else None

    def undo(self) -> None:
        """Take the last act back; nothing happens when there is none."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Do the act again that was taken back last; nothing happens when there is none."""
        self._step(self._future, self._past)

    def _step(self, source: list[Act], target: list[Act]) -> None:
        if not source:
            return
        act, owner = source.pop(), self._owner
        naming = None if act.naming is None else owner.naming
        regions, change = owner.regions, None
        if act.regions is not None:
            regions, change = act.regions.of(regions)
        target.append(Act(act.text, self.lists, naming, change, self.deleted))
        self.deleted = act.deleted
        if act.naming is not None:
            owner.naming = act.naming
            # A result has the regions with the measures that follow from it, but as they were when it was put aside.
            measured = {region_key(one): one for one in owner.regions}
            regions = tuple(measured.get(region_key(one), one) for one in regions)
        self._take(act.lists)
        owner.regions = regions

    def give_name(self, reader: str, since: str) -> int:
        """Write a name on the acts that have none and were done at a time or later, in the history, too.

        Parameters
        ----------
        reader : str
        since : str
            ISO 8601 with the zone.

        Returns
        -------
        int
            How many acts of the lists that stand got the name.
        """
        entries = (*entries_of(self.lists), *self.deleted)
        count = sum(lacks_name(act, since) for entry in entries for act in entry.acts)

        def named(entries: Iterable[Candidate]) -> list[Candidate]:
            return [_with_name(entry, reader, since) for entry in entries]

        def lists_named(lists: Reading) -> Reading:
            return Reading(named(lists.candidates), named(lists.set_apart), named(lists.attention))

        self.deleted = tuple(named(self.deleted))
        for history in (self._past, self._future):
            history[:] = [
                dataclasses.replace(a, lists=lists_named(a.lists), deleted=tuple(named(a.deleted))) for a in history
            ]
        self._take(lists_named(self.lists))
        return count

    def _signed(self, candidate: Candidate, act: str, detail: str = "") -> Candidate:
        """A copy with one more act of the reader, which keeps the measures that the reader sees."""
        signed = ReaderAct(self._reader(), now_text(), str(act), detail, seen_of(candidate))
        return dataclasses.replace(candidate, acts=(*candidate.acts, signed))

    def get(self, candidate_id: str) -> Candidate:
        """The candidate with this id.

        Raises
        ------
        PainGeneratorError
            When there is none.
        """
        for candidate in self.candidates:
            if candidate.id == candidate_id:
                return candidate
        raise PainGeneratorError(f"There is no candidate {candidate_id}.", "Choose one from the table.")

    def get_from_any(self, entry_id: str) -> Candidate:
        """The entry with this id of any of the three lists.

        Raises
        ------
        PainGeneratorError
            When there is none.
        """
        for entry in entries_of(self.lists):
            if entry.id == entry_id:
                return entry
        raise PainGeneratorError(f"There is no entry {entry_id}.", "Choose one from the lists.")

    def bring_back(self, entry_ids: str | Sequence[str]) -> None:
        """Make candidates of entries that are set apart or to be looked at, in one act; each keeps its id.

        Raises
        ------
        PainGeneratorError
            When one of them is in neither list.
        """
        ids = _listed(entry_ids)
        if not ids:
            return
        lists = self.lists
        apart = {entry.id: entry for entry in (*lists.set_apart, *lists.attention)}
        for entry_id in ids:
            if entry_id not in apart:
                raise PainGeneratorError(
                    f"{entry_id} is not set apart.", "Choose an entry of the list of what is set apart."
                )
        brought = [
            self._signed(
                dataclasses.replace(apart[i], reason="", flags=brought_back(apart[i].flags)), ActKind.BROUGHT_BACK
            )
            for i in ids
        ]
        self._do(
            f"{BRING_BACK} {', '.join(ids)}",
            [*lists.candidates, *brought],
            Reading(
                set_apart=[entry for entry in lists.set_apart if entry.id not in ids],
                attention=[entry for entry in lists.attention if entry.id not in ids],
            ),
        )

    def set_status(self, candidate_ids: str | Sequence[str], status: str) -> None:
        """Set the status of one candidate or several to accepted, rejected, physiologic or pending, in one act."""
        if status not in tuple(Status):
            raise ValueError(f"status must be one of {listed(Status)}, not {status!r}")
        ids = _listed(candidate_ids)
        if not ids:
            return
        chosen = [self.get(candidate_id) for candidate_id in ids]
        text = f"{', '.join(ids)} {status}"
        decided = {c.id: self._signed(dataclasses.replace(c, status=status), ActKind.STATUS, status) for c in chosen}
        self._do(text, [decided.get(c.id, c) for c in self.candidates])

    def rename(self, candidate_id: str, place: Place, measure: Measure | None = None) -> None:
        """Give another structure, side, level or zone; `measure`, if given, measures what follows from the place."""
        renamed = dataclasses.replace(self.get(candidate_id), place=place)
        renamed = renamed if measure is None else measure(renamed)
        self._put(f"Rename {candidate_id}", self._signed(renamed, ActKind.NAME, place.name))

    def name_level(self, level: str, naming: Any, lists: Reading) -> None:
        """Take other names of the levels over, with the lists whose entries have them."""
        self.replace_all(f"Name {level}", naming, lists)

    def replace_all(self, text: str, naming: Any, lists: Reading) -> None:
        """Take another result over, with its lists, as one act."""
        self._past.append(Act(text, self.lists, self._owner.naming, None, self.deleted))
        self._future.clear()
        self._owner.naming = naming
        self._take(lists)

    def take_lists(self, text: str, lists: Reading) -> None:
        """Take other lists of the same result over, as one act; entries without an id get one."""
        self._do(text, lists.candidates, lists)

    def keep_regions(self, text: str, regions: tuple[SphereRegion, ...]) -> None:
        """Take other spherical regions over, as one act."""
        former = self._owner.regions
        before, after = set(map(region_key, former)), set(map(region_key, regions))
        change = RegionChange(
            tuple(one for one in regions if region_key(one) not in before),
            tuple(one for one in former if region_key(one) not in after),
        )
        self._past.append(Act(text, self.lists, None, change, self.deleted))
        self._future.clear()
        self._owner.regions = regions

    def comment(self, candidate_id: str, text: str) -> None:
        """Write a comment, which the report shows."""
        kept = storable(text)
        commented = dataclasses.replace(self.get(candidate_id), comment=kept)
        self._put(f"Comment on {candidate_id}", self._signed(commented, ActKind.COMMENT, kept))

    def delete(self, candidate_ids: str | Sequence[str]) -> None:
        """Take one candidate or several off the list, in one act."""
        ids = _listed(candidate_ids)
        if not ids:
            return
        gone = [self.get(candidate_id) for candidate_id in ids]
        self._do(
            f"Delete {', '.join(ids)}",
            [c for c in self.candidates if c not in gone],
            deleted=(*self.deleted, *(self._signed(c, ActKind.DELETED) for c in gone)),
        )

    def edit(
        self,
        candidate_id: str,
        region: Region,
        neighbors: Mapping[str, Region] | None = None,
        measure: Measure | None = None,
    ) -> None:
        """Replace the outline; measures, place and score follow, and the origin becomes "edited".

        Parameters
        ----------
        candidate_id : str
        region : Region
        neighbors : mapping of str to Region, optional
            By id, the outlines of other candidates from which the same stroke took voxels. All is one act.
        measure : callable, optional
            In place of the one of the review.

        Raises
        ------
        PainGeneratorError
            When an outline is empty.
        """
        outlines = {candidate_id: region, **(neighbors or {})}
        for name, outline in outlines.items():
            if not len(outline):
                raise PainGeneratorError(
                    f"The outline of {name} is empty.", "Undo the last stroke, or delete the candidate."
                )
        chosen = measure or self._measure
        edited = {name: self._edited(name, outline, chosen) for name, outline in outlines.items()}
        self._do(f"Edit {', '.join(outlines)}", [edited.get(c.id, c) for c in self.candidates])

    def _edited(self, candidate_id: str, region: Region, measure: Measure) -> Candidate:
        old = self.get(candidate_id)
        origin = old.origin if old.origin == Origin.MANUAL else Origin.EDITED
        return self._signed(measure(dataclasses.replace(old, region=region, origin=origin)), ActKind.OUTLINE)

    def add(self, candidate: Candidate, candidate_id: str = "") -> str:
        """Put a candidate on the list that the radiologist found; returns its id.

        Parameters
        ----------
        candidate : Candidate
        candidate_id : str
            The id that it had before; it gets another one when it is empty or a list holds it.
        """
        if candidate_id in {entry.id for entry in entries_of(self.lists)}:
            candidate_id = ""
        measured = self._measure(dataclasses.replace(candidate, id=candidate_id, origin=Origin.MANUAL))
        added = self._signed(measured, ActKind.ADDED)
        self._do("Add a candidate", [*self.candidates, added])
        return added.id

    def merge(self, candidate_ids: Sequence[str]) -> str:
        """Make one candidate of several; the best of them gives its id, name and status. Returns the id.

        Raises
        ------
        PainGeneratorError
            When fewer than two are given.
        """
        chosen = [c for c in self.candidates if c.id in set(candidate_ids)]
        if len(chosen) < 2:
            raise PainGeneratorError("One candidate alone cannot be merged.", "Choose two or more in the table.")
        merged = self._signed(self._measure(_joined(chosen)), ActKind.MERGED, ", ".join(c.id for c in chosen))
        rest = [c for c in self.candidates if c not in chosen]
        self._do("Merge " + ", ".join(c.id for c in chosen), [*rest, merged])
        return merged.id

    def split(self, candidate_id: str) -> list[str]:
        """Cut a candidate into its unconnected parts, or at its waist when it is one piece. Returns the ids.

        Raises
        ------
        PainGeneratorError
            When it is too small to be cut.
        """
        old = self.get(candidate_id)
        parts = _parts(old.region)
        if len(parts) < 2:
            raise PainGeneratorError(
                f"{candidate_id} cannot be split: it has no waist.", "Draw the parts in the Segment Editor."
            )
        pieces = [
            self._signed(
                self._measure(_piece(old, old.id if number == 0 else "", region)), ActKind.SPLIT, candidate_id
            )
            for number, region in enumerate(parts)
        ]
        self._do(f"Split {candidate_id}", [*(c for c in self.candidates if c is not old), *pieces])
        return [piece.id for piece in pieces]

    def _put(self, text: str, changed: Candidate) -> None:
        """Put the changed copy of a candidate in its place."""
        self._do(text, [changed if c.id == changed.id else c for c in self.candidates])

    def _do(
        self,
        text: str,
        candidates: Sequence[Candidate],
        apart: Reading | None = None,
        deleted: tuple[Candidate, ...] | None = None,
    ) -> None:
        """Put new candidates in place of those that stand; `apart` has the other two lists where they change."""
        former = self.lists
        apart = former if apart is None else apart
        # Ranking writes rank and id, which must not reach back into the history. Hence the copies.
        earlier = set(map(id, entries_of(former)))

        def fresh(entries: Sequence[Candidate]) -> list[Candidate]:
            return [dataclasses.replace(entry) if id(entry) in earlier else entry for entry in entries]

        self._past.append(Act(text, former, None, None, self.deleted))
        self.deleted = self.deleted if deleted is None else deleted
        self._future.clear()
        lists = Reading(fresh(candidates), fresh(apart.set_apart), fresh(apart.attention))
        self._take(numbered(lists, self._used()))


def entries_of(lists: Reading) -> list[Candidate]:
    """All entries of the three lists."""
    return [*lists.candidates, *lists.set_apart, *lists.attention]


def brought_back(flags: Sequence[str]) -> list[str]:
    """Flags with the one that says that the reader made a candidate of what was none."""
    return [*(flag for flag in flags if flag != BROUGHT_BACK), BROUGHT_BACK]


def lacks_name(act: ReaderAct, since: str = "") -> bool:
    """True when an act has no name and was done at a time (ISO 8601 with the zone) or later; at any for none."""
    return not act.reader and (not since or _moment(act.time) >= _moment(since))


def _with_name(entry: Candidate, reader: str, since: str) -> Candidate:
    """The entry with a name on its acts that have none; itself when there are none."""
    if not any(lacks_name(act, since) for act in entry.acts):
        return entry
    acts = (dataclasses.replace(act, reader=reader) if lacks_name(act, since) else act for act in entry.acts)
    return dataclasses.replace(entry, acts=tuple(acts))


def _moment(time: str) -> datetime.datetime:
    """A time of an act, to compare with others, also across a change of the clock."""
    return datetime.datetime.fromisoformat(time)


def storable(text: str) -> str:
    """The text without what a scene cannot hold: the zero character ends it, and half a pair of surrogates crashes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _listed(ids: str | Sequence[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))


def _joined(chosen: Sequence[Candidate]) -> Candidate:
    """One candidate of several, not measured yet; the first gives its id, name and status."""
    finest = min((c.region.geometry for c in chosen), key=lambda geometry: geometry.voxel_volume_ml)
    return dataclasses.replace(
        chosen[0],
        region=union([on_grid(c.region, finest) for c in chosen]),
        hot_spots=_once(spot for c in chosen for spot in c.hot_spots),
        mr_findings=_once(finding for c in chosen for finding in c.mr_findings),
        comment="; ".join(c.comment for c in chosen if c.comment),
        acts=tuple(sorted((act for c in chosen for act in c.acts), key=lambda act: _moment(act.time))),
        origin=Origin.EDITED,
    )


def _piece(whole: Candidate, candidate_id: str, region: Region) -> Candidate:
    """A part of a candidate, not measured yet: measuring keeps the hot spots and findings that lie there.

    It has all of them before, because a pair is told from its two sides.
    """
    return dataclasses.replace(whole, id=candidate_id, region=region, origin=Origin.EDITED)


def _once(items: Iterable[Item]) -> list[Item]:
    """The items in their order, each only once."""
    return list({id(item): item for item in items}.values())


def _parts(region: Region) -> list[Region]:
    """The connected parts of a region, largest first. A region of one piece is cut at its waist."""
    box = region.box_mask(margin=1)
    labels, count = ndimage.label(box.array, np.ones((3, 3, 3)))
    if count == 1:
        depth = ndimage.distance_transform_edt(box.array, sampling=box.geometry.spacing_kji_mm)
        labels, count = _cut_at_waist(box.array, depth)
    first = np.array(region.box[0]) - 1
    parts = []
    for label in range(1, count + 1):
        kji = np.argwhere(labels == label) + first
        parts.append(Region(region.geometry, np.sort(np.ravel_multi_index(tuple(kji.T), region.geometry.shape))))
    return sorted(parts, key=len, reverse=True)


def _cut_at_waist(mask: np.ndarray, depth: np.ndarray) -> tuple[np.ndarray, int]:
    """Erode the piece until it falls apart; every voxel then goes to the nearest remaining core.

    Parameters
    ----------
    mask : ndarray of bool, shape (k, j, i)
    depth : ndarray, shape (k, j, i)
        Distance of each voxel from the surface of the piece, mm.

    Returns
    -------
    labels : ndarray of int, shape (k, j, i)
    count : int
        Number of parts; 1 when the piece has no waist.
    """
    for eroded in np.unique(depth[mask]):
        cores, count = ndimage.label(depth > eroded, np.ones((3, 3, 3)))
        if count >= 2:
            nearest = ndimage.distance_transform_edt(cores == 0, return_distances=False, return_indices=True)
            return np.where(mask, cores[tuple(nearest)], 0), count
    return mask.astype(np.int32), 1
