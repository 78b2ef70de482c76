"""Step 3 of the session: finding, the live preview of sensitivity and contour, the parameters of the protocol."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..Anatomy.anatomy_files import anatomy_of_labels
from ..Anatomy.anatomy_map import AnatomyMap
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image, Region
from ..Numerics.core.records import Candidate, HotSpot, Place
from ..Numerics.fusion.candidates import Name
from ..Numerics.pet.detector import MOST_SENSITIVE, HotSpotDetector, HotSpotParameters
from ..Scene import nodes
from ..Scene.appearance import hot_spot_segments
from ..Scene.label_images import labels_of_node
from ..Scene.segment_layer import layer_changed, shared_layer
from ..Scene.segments import write_segmentation
from ..Workflow.case import Case
from ..Workflow.finding import Found, find_candidates, fuse_found, in_reference_frame
from ..Workflow.progress import Show
from ..Workflow.protocol import load_protocol
from ..Workflow.stages import pet_detector
from .align_step import AlignStep
from .remeasure import Remeasure
from .review import Review, carry_decisions
from .types import Job, ParameterEntry, StepState


@dataclasses.dataclass(eq=False)
class _Preview:
    """The setting that is shown, and what is painted."""

    sensitivity: float
    method: str
    hot_spots: list[HotSpot]
    painted: list[np.ndarray]


class FindStep(AlignStep):
    """From aligned series to candidates."""

    _preview: _Preview | None = None
    _namer: Name | None = None
    _measure: Remeasure | None = None
    _places: dict[int, tuple[np.ndarray, Place]] | None = None
    """Names of foci, by the id of their voxels (which are held, so that the id stays theirs)."""

    def _reason_not_find(self) -> str | None:
        if self._case is None or self.state("case") is not StepState.DONE:
            return "Compute the SUV first (step Case)."
        if self._alignment is None or self.state("align") is not StepState.DONE:
            return "Align the series first (step Align)."
        return None

    def _prepare_find(self) -> Job:
        self._take_corrections()
        case = dataclasses.replace(self._case, options=self._options(), protocol=self.protocol(), group=self.group)
        suv, alignment = self._suv, self._alignment
        node = self.settings.anatomy
        labels = None if node is None else labels_of_node(node)
        name = "" if node is None else node.GetName()

        def work(progress: Show) -> tuple[Case, AnatomyMap | None, Found]:
            anatomy = None if labels is None else anatomy_of_labels(*labels, name)
            found = find_candidates(case, suv, alignment, anatomy, progress)
            # All that the slider can show is measured now, so that it follows the hand later.
            found.detector.find(MOST_SENSITIVE)
            return case, anatomy, found

        return Job("find", work, self._revision)

    def _apply_find(self, result: tuple[Case, AnatomyMap | None, Found]) -> None:
        self._case, self._anatomy, self._found = result
        self._take_found(self._found)

    def _take_found(self, found: Found) -> None:
        """Candidates of a new run, with the decisions made so far handed over by place."""
        former = [] if self._review is None else list(self._review.candidates)
        carried = carry_decisions([*former, *self._unmatched], found.candidates)
        self._unmatched = carried.unmatched
        found.candidates = carried.candidates
        self._namer = self._measure = self._preview = None
        self._places = None
        self._review = Review(found.candidates, self._measured)
        self._write_scene()

    def _measured(self, candidate: Candidate) -> Candidate:
        return self._remeasure()(candidate)

    # --- what later acts need; made again when the case was reopened

    def _detector(self) -> HotSpotDetector:
        """The first pass over the PET with the parameters of the last run."""
        found = self._found
        if found.detector is None:
            found.detector = pet_detector(
                self._case, self._suv, self._alignment, found.mr, self._anatomy, found.symmetry, found.plan
            )
        return found.detector

    def _place_namer(self) -> Name:
        if self._namer is None:
            self._namer = self._found.namer(self._anatomy, self._suv, self._alignment)
        return self._namer

    def _remeasure(self) -> Remeasure:
        if self._found is None or self._alignment is None:
            raise PainGeneratorError("Nothing was found yet.", "Run the step Find first.")
        if self._measure is None:
            self._measure = Remeasure.of(
                self._case, self._suv, self._alignment, self._found, self._detector(), self._place_namer()
            )
        return self._measure

    def warm_up(self) -> Job | None:
        """A job that makes what the first act after reopening a case would wait for; None when nothing is missing.

        It may be computed in a worker and needs no ``apply``.
        """
        if self._found is None or self._alignment is None or self._found.detector is not None:
            return None
        return Job("find", lambda progress: self._detector().find(MOST_SENSITIVE), self._revision)

    # --- live preview

    def can_preview(self) -> bool:
        """True when sensitivity and contours can follow the hand: after a run, while its parameters hold."""
        if self._found is None or self._alignment is None or self.state("align") is not StepState.DONE:
            return False
        if self._found.detector is None:
            return True
        return self._found.detector.serves(self.protocol().stage("hot_spots", HotSpotParameters))

    def preview(self, sensitivity: float, method: str) -> int:
        """Show the contours of another sensitivity and contour method; the candidates stay as they are.

        Parameters
        ----------
        sensitivity : float
            Ratio to the reference.
        method : str
            One of ``Numerics.contours.METHODS``.

        Returns
        -------
        int
            Number of foci shown, physiologic ones included.

        Raises
        ------
        PainGeneratorError
            When nothing was found yet, or its parameters no longer hold.
        """
        if not self.can_preview():
            raise PainGeneratorError("There is nothing to preview.", "Run the step Find first.")
        detector = self._detector()
        wanted = self.protocol().stage("hot_spots", HotSpotParameters)
        detector.change_contours(wanted)
        found = detector.find(sensitivity, method)
        spots = in_reference_frame(found.hot_spots, self._alignment)
        node = self.node_of("hot-spots")
        if self._preview is None or node.GetSegmentation().GetNumberOfSegments() < len(spots):
            self._preview = _Preview(sensitivity, method, [], self._lay_out(node, detector))
        preview = self._preview
        labels, _, values = shared_layer(node)
        flat_labels = labels.reshape(-1)
        for flat in preview.painted:
            flat_labels[flat] = 0
        preview.painted = [spot.region.flat for spot in spots]
        # The hotter one is painted last, so that it is whole where two outlines overlap.
        for number in range(len(spots), 0, -1):
            flat_labels[preview.painted[number - 1]] = values[f"hot-spot-{number}"]
        layer_changed(node)
        preview.sensitivity, preview.method, preview.hot_spots = sensitivity, method, spots
        return len(spots)

    def _lay_out(self, node: Any, detector: HotSpotDetector) -> list[np.ndarray]:
        """Give the hot-spot segmentation one segment for each focus that any setting could show, on the PET's grid."""
        geometry = self._suv.image.geometry
        if self._alignment.is_aligned("PET"):
            geometry = geometry.moved(self._alignment.pet_to_reference)
        stand_in = Region(geometry, np.zeros(1, dtype=np.int64))
        count = max(detector.n_foci, 1)
        spots = [_numbered(number, Region(geometry, np.array([number - 1]))) for number in range(1, count + 1)]
        write_segmentation(
            self.scene,
            node.GetName(),
            hot_spot_segments(spots),
            geometry,
            node=node,
            reference_volume=self.volume_of("PET"),
        )
        node.GetDisplayNode().SetVisibility(True)
        return [stand_in.flat + number for number in range(count)]

    def preview_rows(self) -> list[dict[str, Any]]:
        """The foci of the preview, hottest first: rank, name, side, level, measures, ``centroid_ras_mm``, and
        ``physiologic`` with its reason.
        """
        if self._preview is None:
            return []
        names = ("suv_max", "suv_peak", "suv_mean", "mtv_ml", "tbr", "left_right_ratio", "physiologic")
        rows = []
        for rank, spot in enumerate(self._preview.hot_spots, start=1):
            place = self._place_of(spot.region)
            row = {"rank": rank, "label": rank, "name": place.name, "side": place.side, "level": place.level}
            row |= {name: getattr(spot, name) for name in names}
            rows.append({**row, "centroid_ras_mm": spot.centroid_ras_mm})
        return rows

    def _place_of(self, region: Region) -> Place:
        """Name of a focus; the same voxels are named once."""
        if self._places is None:
            self._places = {}
        key = id(region.flat)
        if key not in self._places:
            self._places[key] = (region.flat, self._place_namer()(region))
        return self._places[key][1]

    def drop_preview(self) -> None:
        """Show the contours of the last run again."""
        if self._preview is not None:
            self._preview = None
            self._write_scene()
            self.notify("candidates")

    def commit_preview(self) -> None:
        """Make candidates of the previewed setting; decisions are handed over, what has no counterpart is listed in
        ``unmatched``.
        """
        preview = self._preview
        if preview is None:
            return
        for name, value in (("sensitivity", preview.sensitivity), ("contour.method", preview.method)):
            self._change_protocol(f"hot_spots.{name}", value)
        case = self._case = dataclasses.replace(self._case, options=self._options(), protocol=self.protocol())
        result = self._detector().find(preview.sensitivity, preview.method)
        spots = in_reference_frame(result.hot_spots, self._alignment)
        weak = in_reference_frame(result.weak, self._alignment)
        candidates = fuse_found(case, self._suv, self._alignment, self._found.mr, spots, self._place_namer(), weak)
        self._found = dataclasses.replace(self._found, pet=result, hot_spots=spots, candidates=candidates)
        self._take_found(self._found)
        self._set_done("find")
        self.notify("candidates")

    # --- parameters

    def protocol_entries(self) -> list[ParameterEntry]:
        """All parameters of the case's protocol."""
        protocol, shipped = self.protocol(), load_protocol(self.group)
        return [
            ParameterEntry(
                *name.split(".", 1),
                entry["value"],
                entry.get("unit", ""),
                entry.get("minimum"),
                entry.get("maximum"),
                tuple(entry.get("choices", ())),
                entry.get("description", ""),
                entry.get("source", ""),
                entry["value"] == shipped.value(name),
            )
            for name, entry in protocol.entries()
        ]

    def set_parameter(self, name: str, value: Any) -> None:
        """Change one parameter, ``stage.key``.

        Raises
        ------
        PainGeneratorError
            When the name is unknown or the value out of range.
        """
        if self._change_protocol(name, value):
            self._outdate("align" if name.startswith("alignment.") else "find")
            self.notify("case")

    def _change_protocol(self, name: str, value: Any) -> bool:
        before = self.protocol().value(name) if "." in name else None
        after = self.protocol().with_values({name: value}).value(name)
        changes = dict(self.settings.protocolChanges)
        changes[name] = parameter_text(after)
        if after == load_protocol(self.group).value(name):
            changes.pop(name)
        self._keep(protocolChanges=changes)
        return after != before

    def reset_parameter(self, name: str) -> None:
        """Take one parameter back to the shipped value."""
        self.set_parameter(name, load_protocol(self.group).value(name))

    def reset_parameters(self) -> None:
        """Take all parameters back to the shipped values."""
        changes = self.settings.protocolChanges
        if changes:
            self._keep(protocolChanges={})
            self._outdate("align" if any(name.startswith("alignment.") for name in changes) else "find")
            self.notify("case")

    # --- reading aids

    def reference_images(self) -> dict[str, Image]:
        """SUV and MR series by role (``PET`` first), placed in the reference frame; aligned ones only."""
        if self._case is None:
            return {}
        images = {}
        for role in ("PET", *(role for role in self._case.series if role != "PET")):
            if self._alignment is not None and not self._alignment.is_aligned(role):
                continue
            image = self._suv.image if role == "PET" else self._case.series[role].image
            to_series = np.eye(4) if self._alignment is None else self._alignment.reference_to(role)
            images[role] = Image(image.array, image.geometry.moved(np.linalg.inv(to_series)))
        return images

    def transform_matrix(self, role: str) -> np.ndarray:
        """What the scene shows now: 4 x 4, maps points of a series to the world, RAS mm."""
        transform = self.node_of(f"transform.{role}.0")
        return np.eye(4) if transform is None else nodes.matrix_to_world(transform)


def _numbered(number: int, region: Region) -> HotSpot:
    """A place for a focus that some setting may show."""
    point = region.centroid_ras_mm
    return HotSpot(
        number, region, point, point, 0.0, None, 0.0, 0.0, 0.0, None, None, None, None, None, "", 0.0
    )  # fmt: skip


def parameter_text(value: Any) -> str:
    """A parameter's value as text, as the protocol reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
