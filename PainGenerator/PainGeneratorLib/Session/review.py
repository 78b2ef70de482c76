"""The corrections of the radiologist: every act on the list of candidates, with undo and redo.

Candidates are never changed in place: each act makes a new list in which the changed candidates are copies, so that
undo can go back to the list before. Voxels are shared between the copies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from scipy import ndimage

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Numerics.core.records import Candidate, Place
from ..Numerics.core.regions import gap_mm, on_grid, overlap_fraction, union
from ..Numerics.core.words import Origin, Status, listed
from ..Numerics.fusion.reading import ranked

Item = TypeVar("Item")

Measure = Callable[[Candidate], Candidate]
"""Takes a candidate whose region changed, and returns a copy with new measures, place and score."""

CARRY_REACH_MM = 10.0
"""Upper bound, in mm. A decision is carried over to a new candidate whose centroid is not farther than this from the
decided one, or that overlaps it. Our estimate: it is the distance at which the benchmarks, too, count a candidate as
the lesion that was put into a phantom."""


class CandidateList(Protocol):
    """Whatever owns the list of candidates (:class:`.case_state.CaseState`)."""

    candidates: list[Candidate]
    naming: Any
    """What depends on the names of the levels; it is passed on and never looked into."""


@dataclass(frozen=True)
class Act:
    """One step of the history.

    Parameters
    ----------
    text : str
        What was done, for the undo button.
    candidates : tuple of Candidate
        The list to go back to.
    naming : object
        The names of the levels to go back to; None where the act changed none.
    """

    text: str
    candidates: tuple[Candidate, ...]
    naming: Any = None


class Review:
    """A list of candidates under correction.

    Parameters
    ----------
    owner : CandidateList
        Holds the list as it stands; every act puts a new list there.
    measure : callable
        Measures a candidate again after its region changed.
    """

    def __init__(self, owner: CandidateList, measure: Measure) -> None:
        self._owner, self._measure = owner, measure
        self._past: list[Act] = []
        """Acts that undo can take back, each with the list before it."""
        self._future: list[Act] = []
        """Acts that redo can do again, each with the list after it."""

    @property
    def candidates(self) -> list[Candidate]:
        """The list as it stands, best first."""
        return self._owner.candidates

    @property
    def undo_text(self) -> str | None:
        """What undo would take back; None when there is nothing."""
        return self._past[-1].text if self._past else None

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
        if source:
            act = source.pop()
            naming = None if act.naming is None else self._owner.naming
            target.append(Act(act.text, tuple(self.candidates), naming))
            if act.naming is not None:
                self._owner.naming = act.naming
            self._owner.candidates = list(act.candidates)

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

    def set_status(self, candidate_ids: str | Sequence[str], status: str) -> None:
        """Set the status of one candidate or several to accepted, rejected, physiologic or pending, in one act."""
        if status not in tuple(Status):
            raise ValueError(f"status must be one of {listed(Status)}, not {status!r}")
        ids = _listed(candidate_ids)
        if not ids:
            return
        chosen = [self.get(candidate_id) for candidate_id in ids]
        text = f"{', '.join(ids)} {status}"
        self._do(text, [dataclasses.replace(c, status=status) if c in chosen else c for c in self.candidates])

    def rename(self, candidate_id: str, place: Place) -> None:
        """Give another structure, side, level or zone."""
        self._put(f"Rename {candidate_id}", dataclasses.replace(self.get(candidate_id), place=place))

    def name_level(self, level: str, naming: Any, candidates: Sequence[Candidate]) -> None:
        """Take other names of the levels over, with the candidates that have them."""
        self._past.append(Act(f"Name {level}", tuple(self.candidates), self._owner.naming))
        self._future.clear()
        self._owner.naming = naming
        self._owner.candidates = list(candidates)

    def comment(self, candidate_id: str, text: str) -> None:
        """Write a comment, which the report shows."""
        self._put(f"Comment on {candidate_id}", dataclasses.replace(self.get(candidate_id), comment=storable(text)))

    def delete(self, candidate_ids: str | Sequence[str]) -> None:
        """Take one candidate or several off the list, in one act."""
        ids = _listed(candidate_ids)
        if not ids:
            return
        gone = [self.get(candidate_id) for candidate_id in ids]
        self._do(f"Delete {', '.join(ids)}", [c for c in self.candidates if c not in gone])

    def edit(self, candidate_id: str, region: Region) -> None:
        """Replace the outline; measures, place and score follow, and the origin becomes "edited".

        Raises
        ------
        PainGeneratorError
            When the outline is empty.
        """
        if not len(region):
            raise PainGeneratorError(
                f"The outline of {candidate_id} is empty.", "Undo the last stroke, or delete the candidate."
            )
        old = self.get(candidate_id)
        origin = old.origin if old.origin == Origin.MANUAL else Origin.EDITED
        self._put(f"Edit {candidate_id}", self._measure(dataclasses.replace(old, region=region, origin=origin)))

    def add(self, candidate: Candidate) -> str:
        """Put a candidate on the list that the radiologist found; returns its id."""
        added = self._measure(dataclasses.replace(candidate, id="", origin=Origin.MANUAL))
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
        merged = self._measure(_joined(chosen))
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
            self._measure(_piece(old, old.id if number == 0 else "", region)) for number, region in enumerate(parts)
        ]
        self._do(f"Split {candidate_id}", [*(c for c in self.candidates if c is not old), *pieces])
        return [piece.id for piece in pieces]

    def _put(self, text: str, changed: Candidate) -> None:
        """Put the changed copy of a candidate in its place."""
        self._do(text, [changed if c.id == changed.id else c for c in self.candidates])

    def _do(self, text: str, candidates: list[Candidate]) -> None:
        # Ranking writes rank and id, which must not reach back into the history. Hence the copies.
        earlier = set(map(id, self.candidates))
        fresh = [dataclasses.replace(c) if id(c) in earlier else c for c in candidates]
        self._past.append(Act(text, tuple(self.candidates)))
        self._future.clear()
        self._owner.candidates = ranked(fresh)


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
        origin=Origin.EDITED,
    )


def _piece(whole: Candidate, candidate_id: str, region: Region) -> Candidate:
    """A part of a candidate with the hot spots and findings that it overlaps, not measured yet."""
    return dataclasses.replace(
        whole,
        id=candidate_id,
        region=region,
        hot_spots=[s for s in whole.hot_spots if overlap_fraction(s.region, region) > 0],
        mr_findings=[f for f in whole.mr_findings if overlap_fraction(f.region, region) > 0],
        origin=Origin.EDITED,
    )


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


@dataclass(frozen=True)
class Carried:
    """What became of the decisions of the radiologist when a step was run again.

    Parameters
    ----------
    candidates : list of Candidate
        The new list with the decisions, best first.
    unmatched : list of Candidate
        Decided candidates without a counterpart in the new run. They are shown and never dropped silently.
    """

    candidates: list[Candidate]
    unmatched: list[Candidate]


def carry_decisions(old: Sequence[Candidate], new: Sequence[Candidate]) -> Carried:
    """Hand decisions over to the candidates of a new run, by place.

    A candidate that the radiologist drew, edited or added is kept as it is and takes the place of a new one that
    overlaps it. Status, name and comment of the others go to the nearest new candidate within CARRY_REACH_MM or
    overlapping; each new candidate takes one at most.
    """
    free = list(new)
    kept, unmatched = [], []
    for candidate in filter(is_decided, old):
        match = _counterpart(candidate, free)
        free = [c for c in free if c is not match]
        if candidate.origin != Origin.AUTOMATIC:
            kept.append(dataclasses.replace(candidate))
        elif match is None:
            unmatched.append(candidate)
        else:
            kept.append(_with_decision(match, candidate))
    taken = {c.id for c in kept}
    free = [dataclasses.replace(c, id="" if c.id in taken else c.id) for c in free]
    return Carried(ranked([*kept, *free]), unmatched)


def _with_decision(new: Candidate, decided: Candidate) -> Candidate:
    """A new candidate with id, status, name and comment of the decided one."""
    return dataclasses.replace(new, id=decided.id, status=decided.status, place=decided.place, comment=decided.comment)


def is_decided(candidate: Candidate) -> bool:
    """True when the radiologist gave it a status, an outline or a comment, which must not be lost."""
    return candidate.status != Status.PENDING or candidate.origin != Origin.AUTOMATIC or bool(candidate.comment)


def _counterpart(candidate: Candidate, others: Sequence[Candidate]) -> Candidate | None:
    best, best_distance = None, np.inf
    for other in others:
        distance = float(np.linalg.norm(other.centroid_ras_mm - candidate.centroid_ras_mm))
        near = distance <= CARRY_REACH_MM or gap_mm(candidate.region, other.region, 1.0) < np.inf
        if near and distance < best_distance:
            best, best_distance = other, distance
    return best
