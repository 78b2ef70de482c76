"""Step 4 of the session: the radiologist's acts, each of them shown in the scene at once and open to undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..Numerics.body.symmetry import RELIABLE_QUALITY
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.records import Candidate, Place
from ..Numerics.core.regions import contains
from ..Numerics.core.words import Side, listed
from ..Numerics.pet.peak import sphere_means
from ..Scene.candidate_segments import outline_of, take_outline
from ..Scene.common_grid import region_on_grid
from ..Scene.outline_brightness import dim_all_but
from ..Scene.write_case import write_candidates
from .find_step import FindStep
from .remeasure import values_at
from .types import StepState

GROW_ORDER = ("FLUID", "CONTRAST", "T2", "T1")
"""Series on which a place without raised uptake is grown: what shows fluid comes first."""


class ReviewStep(FindStep):
    """Acts on the candidates."""

    def _reason_not_review(self) -> str | None:
        return None if self._review is not None else "Find candidates first (step Find)."

    def candidates(self) -> list[Candidate]:
        """The list as it stands, best first."""
        return [] if self._review is None else list(self._review.candidates)

    @property
    def unmatched(self) -> list[Candidate]:
        """Decided candidates that no new run has found again; to be shown, never dropped silently."""
        return list(self._unmatched)

    def dismiss_unmatched(self, candidate_id: str) -> None:
        """Take a candidate off the list of those that were not found again."""
        self._unmatched = [c for c in self._unmatched if c.id != candidate_id]
        self._after_act()

    def keep_unmatched(self, candidate_id: str) -> str:
        """Put a candidate that was not found again back on the list, as the reader's own; returns its id."""
        kept = next((c for c in self._unmatched if c.id == candidate_id), None)
        if kept is None:
            raise PainGeneratorError(f"{candidate_id} is not among the unmatched.", "Choose one from their list.")
        new_id = self._reviewed().add(kept)
        self._unmatched = [c for c in self._unmatched if c is not kept]
        self._after_act()
        return new_id

    def row(self, candidate: Candidate) -> dict[str, Any]:
        """The table's columns as values, keys as in ``candidates.json``; None where unknown."""
        return candidate.to_json()

    def _reviewed(self) -> Any:
        if self._review is None:
            raise PainGeneratorError("There are no candidates yet.", "Run the step Find first.")
        return self._review

    # --- decisions

    def accept(self, ids: Iterable[str]) -> None:
        """Mark candidates as accepted."""
        self._set_status(ids, "accepted")

    def reject(self, ids: Iterable[str]) -> None:
        """Mark candidates as rejected."""
        self._set_status(ids, "rejected")

    def physiologic(self, ids: Iterable[str]) -> None:
        """Mark candidates as physiologic."""
        self._set_status(ids, "physiologic")

    def pending(self, ids: Iterable[str]) -> None:
        """Take a decision back."""
        self._set_status(ids, "pending")

    def _set_status(self, ids: Iterable[str], status: str) -> None:
        self._reviewed().set_status(_listed(ids), status)
        self._after_act()

    def rename(self, candidate_id: str, structure: str, side: str, level: str | None) -> None:
        """Give another structure, side and level; the zone goes unless the structure stays."""
        if side not in tuple(Side):
            raise ValueError(f"side must be one of {listed(Side)}, not {side!r}")
        if not structure.strip():
            raise PainGeneratorError("A candidate needs a structure.", "Choose or type one.")
        old = self._reviewed().get(candidate_id).place
        zone = old.zone if (structure, side) == (old.structure, old.side) else None
        words = [] if side == "midline" else [side]
        name = " ".join([*words, structure.strip(), *([level] if level else [])]) + (f", {zone}" if zone else "")
        self._reviewed().rename(candidate_id, Place(name, structure.strip(), side, level or None, zone))
        self._after_act()

    def comment(self, candidate_id: str, text: str) -> None:
        """Write a comment, which the report shows."""
        self._reviewed().comment(candidate_id, text)
        self._after_act()

    def delete(self, ids: Iterable[str]) -> None:
        """Take candidates off the list."""
        self._reviewed().delete(_listed(ids))
        self._after_act()

    # --- outlines

    def merge(self, ids: Sequence[str]) -> str:
        """Make one candidate of several; returns its id."""
        merged = self._reviewed().merge(_listed(ids))
        self._after_act()
        return merged

    def split(self, candidate_id: str) -> list[str]:
        """Cut a candidate into its parts; returns their ids."""
        parts = self._reviewed().split(candidate_id)
        self._after_act()
        return parts

    def add_at(self, position_ras: np.ndarray) -> str:
        """Add a candidate of the reader's own: grown on PET where uptake is raised, else on an MR; returns its id.

        Parameters
        ----------
        position_ras : ndarray, shape (3,)
            In the world, RAS mm.

        Raises
        ------
        PainGeneratorError
            Where a candidate lies already, and outside all images.
        """
        review = self._reviewed()
        position = np.asarray(position_ras, dtype=float)
        for candidate in review.candidates:
            if contains(candidate.region, position[None])[0]:
                raise PainGeneratorError(
                    f"{candidate.id} ({candidate.place.name}) lies here already.",
                    "Choose it in the table to change it.",
                )
        images = self.reference_images()
        on_mr = {role: images[role] for role in GROW_ORDER if role in images}
        to_reference = self._alignment.pet_to_reference if self._alignment.is_aligned("PET") else np.eye(4)
        try:
            grown = self._remeasure().at(position, to_reference, on_mr)
        except LookupError as error:
            raise PainGeneratorError("There is no image here.", "Click on the PET or an MR.") from error
        new_id = review.add(grown)
        self._after_act()
        return new_id

    def begin_edit(self, candidate_id: str) -> tuple[Any, str]:
        """The segmentation node and segment to hand to the Segment Editor; the segment is shown."""
        self._reviewed().get(candidate_id)
        node = self.node_of("candidates")
        node.GetDisplayNode().SetVisibility(True)
        node.GetDisplayNode().SetSegmentVisibility(candidate_id, True)
        return node, candidate_id

    def segment_edited(self, segment_id: str) -> bool:
        """Take the voxels of a segment that was changed with the Segment Editor, and measure anew.

        Returns
        -------
        bool
            False when the outline is what it was.

        Raises
        ------
        PainGeneratorError
            When the outline is empty.
        """
        review = self._reviewed()
        old = review.get(segment_id)
        node = self.node_of("candidates")
        region = outline_of(node, segment_id)
        shown = region_on_grid(old.region, region.geometry)
        if np.array_equal(shown.flat, region.flat):
            return False
        review.edit(segment_id, region)
        take_outline(node, segment_id, region)
        self._shown[segment_id] = region
        self._after_act()
        return True

    # --- undo

    @property
    def undo_text(self) -> str | None:
        """What undo takes back; None when there is nothing."""
        return None if self._review is None else self._review.undo_text

    @property
    def redo_text(self) -> str | None:
        """What redo does again; None when there is nothing."""
        return None if self._review is None else self._review.redo_text

    def undo(self) -> None:
        """Take the last act back."""
        self._reviewed().undo()
        self._after_act()

    def redo(self) -> None:
        """Do the act again that was taken back last."""
        self._reviewed().redo()
        self._after_act()

    def _after_act(self) -> None:
        """Show the list in the scene."""
        self._found.candidates = list(self._review.candidates)
        write_candidates(self.scene, self._content(), self._shown)
        self._shown = {c.id: c.region for c in self._review.candidates}
        self._outdate_export()
        self.notify("review")

    def _outdate_export(self) -> None:
        states = dict(self.settings.stepStates)
        if states.get("export") == StepState.DONE.value:
            states["export"] = StepState.OUT_OF_DATE.value
            self._keep(stepStates=states)
            self.notify("steps")

    # --- views

    def position_of(self, candidate_id: str) -> np.ndarray:
        """Where the views go for a candidate: its hottest place, else the middle of its outline; RAS mm of the world,
        shape (3,). Always within the outline.
        """
        candidate = self._reviewed().get(candidate_id)
        if candidate.hot_spots:
            peak = candidate.hot_spots[0].peak_ras_mm
            if contains(candidate.region, peak[None])[0]:
                return np.array(peak, dtype=float)
        points = candidate.region.points_ras
        return points[np.linalg.norm(points - candidate.centroid_ras_mm, axis=1).argmin()]

    def highlight(self, candidate_id: str | None) -> None:
        """Make one candidate's outline bright and the others dim; None makes all equal."""
        node = self.node_of("candidates")
        if node is not None:
            dim_all_but(node, candidate_id)

    def mirrored(self, position_ras: np.ndarray) -> tuple[np.ndarray | None, dict[str, dict[str, float | None]]]:
        """The place on the other side of the body, and the values here and there.

        Parameters
        ----------
        position_ras : ndarray, shape (3,)
            In the world, RAS mm.

        Returns
        -------
        position : ndarray, shape (3,), or None
            None when the plane of symmetry is not known.
        values : dict
            ``here`` and ``there``: value by role, SUV for the PET, and ``SUV 1 ml`` (mean of the 1 ml sphere); None
            outside a series.
        """
        images = self.reference_images()
        position = np.asarray(position_ras, dtype=float)
        values: dict[str, dict[str, float | None]] = {"here": _values(images, position), "there": {}}
        if self._found is None or self._found.symmetry.quality < RELIABLE_QUALITY or "PET" not in images:
            return None, values
        plane = self._found.symmetry
        if self._alignment is not None:
            plane = plane.moved(self._alignment.pet_to_reference)
        other = plane.mirror(position)
        values["there"] = _values(images, other)
        return other, values


def _values(images: dict[str, Image], position: np.ndarray) -> dict[str, float | None]:
    found = values_at(images, position)
    pet = images.get("PET")
    if pet is not None:
        found["SUV 1 ml"] = None
        if pet.geometry.contains(position):
            ijk = np.clip(
                np.rint(pet.geometry.to_ijk(position)).astype(int), 0, np.array(pet.geometry.shape[::-1]) - 1
            )
            flat = np.ravel_multi_index(tuple(ijk[::-1]), pet.geometry.shape)
            mean = float(sphere_means(pet, np.array([flat]))[0][0])
            found["SUV 1 ml"] = mean if np.isfinite(mean) else None
    return found


def _listed(ids: Iterable[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(ids)
