"""The radiologist's corrections: every act on the list of candidates, with undo and redo.

A review holds a list of candidates that is never changed in place: each act makes a new list in which the changed
candidates are copies, so that undo is a step back in the history. Voxels are shared between the copies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Numerics.core.records import Candidate, Place
from ..Numerics.core.regions import gap_mm, on_grid, overlap_fraction, union
from ..Numerics.core.words import Status, listed
from ..Numerics.fusion.candidates import ranked

Measure = Callable[[Candidate], Candidate]
"""Takes a candidate whose region changed and returns a copy with its measures, place and score taken anew."""

CARRY_REACH_MM = 10.0
"""A decision is carried over to a new candidate whose centroid is nearer than this (or that it overlaps); as far as
a centroid may lie from a lesion's centre to count as that lesion (DESIGN, "What is measured as quality")."""


@dataclass(frozen=True)
class Act:
    """One step of the history: what was done, and the list after it."""

    text: str
    candidates: tuple[Candidate, ...]


class Review:
    """A list of candidates under correction.

    Parameters
    ----------
    candidates : sequence of Candidate
    measure : callable
        Takes measures anew after a change of region.
    """

    def __init__(self, candidates: Sequence[Candidate], measure: Measure) -> None:
        self._measure = measure
        self._history = [Act("", tuple(candidates))]
        self._now = 0

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The list as it stands, best first."""
        return self._history[self._now].candidates

    @property
    def undo_text(self) -> str | None:
        """What undo would take back, None when there is nothing."""
        return self._history[self._now].text if self._now else None

    @property
    def redo_text(self) -> str | None:
        """What redo would do again, None when there is nothing."""
        return self._history[self._now + 1].text if self._now + 1 < len(self._history) else None

    def undo(self) -> None:
        """Take the last act back; nothing happens when there is none."""
        self._now = max(self._now - 1, 0)

    def redo(self) -> None:
        """Do the act again that was taken back last; nothing happens when there is none."""
        self._now = min(self._now + 1, len(self._history) - 1)

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
        """Accept, reject, hold for physiologic, or back to pending; one candidate or several, in one act."""
        if status not in tuple(Status):
            raise ValueError(f"status must be one of {listed(Status)}, not {status!r}")
        ids = _listed(candidate_ids)
        chosen = [self.get(candidate_id) for candidate_id in ids]
        text = f"{', '.join(ids)} {status}"
        self._do(text, [dataclasses.replace(c, status=status) if c in chosen else c for c in self.candidates])

    def rename(self, candidate_id: str, place: Place) -> None:
        """Give another structure, side, level or zone."""
        self._replace(f"Rename {candidate_id}", candidate_id, place=place)

    def comment(self, candidate_id: str, text: str) -> None:
        """Write a comment, which the report shows."""
        self._replace(f"Comment on {candidate_id}", candidate_id, comment=text)

    def delete(self, candidate_ids: str | Sequence[str]) -> None:
        """Take one candidate or several off the list, in one act."""
        ids = _listed(candidate_ids)
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
        origin = old.origin if old.origin == "manual" else "edited"
        changed = self._measure(dataclasses.replace(old, region=region, origin=origin))
        self._do(f"Edit {candidate_id}", [changed if c is old else c for c in self.candidates])

    def add(self, candidate: Candidate) -> str:
        """Put a candidate of the radiologist's own on the list; returns its id."""
        added = self._measure(dataclasses.replace(candidate, id="", origin="manual"))
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
        first = chosen[0]
        finest = min((c.region.geometry for c in chosen), key=lambda geometry: geometry.voxel_volume_ml)
        merged = dataclasses.replace(
            first,
            region=union([on_grid(c.region, finest) for c in chosen]),
            hot_spots=_once(spot for c in chosen for spot in c.hot_spots),
            mr_findings=_once(finding for c in chosen for finding in c.mr_findings),
            comment="; ".join(c.comment for c in chosen if c.comment),
            origin="edited",
        )
        merged = self._measure(merged)
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
        pieces = []
        for number, region in enumerate(parts):
            spots = [s for s in old.hot_spots if overlap_fraction(s.region, region) > 0]
            findings = [f for f in old.mr_findings if overlap_fraction(f.region, region) > 0]
            piece = dataclasses.replace(
                old,
                id=old.id if number == 0 else "",
                region=region,
                hot_spots=spots,
                mr_findings=findings,
                origin="edited",
            )
            pieces.append(self._measure(piece))
        self._do(f"Split {candidate_id}", [*(c for c in self.candidates if c is not old), *pieces])
        return [piece.id for piece in pieces]

    def _replace(self, text: str, candidate_id: str, **changes: object) -> None:
        old = self.get(candidate_id)
        self._do(text, [dataclasses.replace(c, **changes) if c is old else c for c in self.candidates])

    def _do(self, text: str, candidates: list[Candidate]) -> None:
        # Copies, since ranking writes rank and id, which must not reach back into the history.
        earlier = set(map(id, self.candidates))
        fresh = [dataclasses.replace(c) if id(c) in earlier else c for c in candidates]
        del self._history[self._now + 1 :]
        self._history.append(Act(text, tuple(ranked(fresh))))
        self._now += 1


def _listed(ids: str | Sequence[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))


def _once(items: object) -> list:
    return list({id(item): item for item in items}.values())


def _parts(region: Region) -> list[Region]:
    """Connected parts, largest first; a single piece is cut by the watershed of its depth into two."""
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
    """Erode until the piece falls apart; every voxel then goes to the nearest core."""
    for level in np.unique(depth[mask]):
        cores, count = ndimage.label(depth > level, np.ones((3, 3, 3)))
        if count >= 2:
            nearest = ndimage.distance_transform_edt(cores == 0, return_distances=False, return_indices=True)
            return np.where(mask, cores[tuple(nearest)], 0), count
    return mask.astype(np.int32), 1


@dataclass(frozen=True)
class Carried:
    """What became of the radiologist's decisions when a step was run again."""

    candidates: list[Candidate]
    unmatched: list[Candidate]
    """Decided candidates that have no counterpart any more: to be shown, never dropped silently."""


def carry_decisions(old: Sequence[Candidate], new: Sequence[Candidate]) -> Carried:
    """Hand decisions over to the candidates of a new run, by place.

    A candidate that the radiologist drew, edited or added is kept as it is and takes the place of a new one that
    overlaps it. Status, name and comment of the others go to the nearest new candidate within CARRY_REACH_MM or
    overlapping; each new candidate takes one at most.
    """
    decided = [c for c in old if is_decided(c)]
    free = list(new)
    kept, unmatched = [], []
    for candidate in decided:
        match = _counterpart(candidate, free)
        if candidate.origin != "automatic":
            free = [c for c in free if c is not match]
            kept.append(dataclasses.replace(candidate))
        elif match is None:
            unmatched.append(candidate)
        else:
            free = [c for c in free if c is not match]
            kept.append(
                dataclasses.replace(
                    match, id=candidate.id, status=candidate.status, place=candidate.place, comment=candidate.comment
                )
            )
    taken = {c.id for c in kept}
    free = [dataclasses.replace(c, id="" if c.id in taken else c.id) for c in free]
    return Carried(ranked([*kept, *free]), unmatched)


def is_decided(candidate: Candidate) -> bool:
    """True when the radiologist touched it: a status, an outline or a comment of theirs would be lost."""
    return candidate.status != "pending" or candidate.origin != "automatic" or bool(candidate.comment)


def _counterpart(candidate: Candidate, others: Sequence[Candidate]) -> Candidate | None:
    best, best_distance = None, np.inf
    for other in others:
        distance = float(np.linalg.norm(other.centroid_ras_mm - candidate.centroid_ras_mm))
        near = distance <= CARRY_REACH_MM or gap_mm(candidate.region, other.region, 1.0) < np.inf
        if near and distance < best_distance:
            best, best_distance = other, distance
    return best
