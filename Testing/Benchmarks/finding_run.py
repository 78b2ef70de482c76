"""Runs one case through a set of stages, once, and gives its candidates at any sensitivity."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from finding_cases import Lesion, TestCase, digest, kept
from finding_score import Found
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Numerics.hot_spots import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.image import Region, transform_points
from PainGeneratorLib.Numerics.regions import on_grid
from PainGeneratorLib.Numerics.symmetry import find_symmetry_plane
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Workflow.analyze import analyze_case
from PainGeneratorLib.Workflow.case import Case
from PainGeneratorLib.Workflow.finding import fuse_found, hip_implant, in_reference_frame, plan_body
from PainGeneratorLib.Workflow.stages import Alignment, find_on_mr, make_suv, pet_detector

STAGES = ("pet", "mapped", "fused", "whole")
MR_SOURCES = (
    "Phantoms/[!d]*.py",
    "Numerics/mr_*.py",
    "Numerics/bias.py",
    "Numerics/implant.py",
    "Numerics/tissue*.py",
)


class Run:
    """One case after the chosen stages."""

    def __init__(self, cache: Path, case: TestCase, stage: str, settings: Sequence[str]) -> None:
        protocol = case.case.protocol.with_values(dict(text.split("=", 1) for text in settings))
        self.test, self.stage = case, stage
        self.case: Case = dataclasses.replace(case.case, protocol=protocol)
        self._stage_suv = make_suv(self.case)
        self.suv = self._stage_suv.image
        self.landmark_errors = None
        self.analysis = None
        if stage == "whole":
            self.analysis = analyze_case(self.case)
            self.alignment, self.mr = self.analysis.alignment, self.analysis.mr
            self.landmark_errors = self._landmark_errors()
        else:
            self.alignment = true_alignment(case)
            self.mr = None if stage == "pet" else self._mr(cache)
        self.pet_to_reference = np.eye(4)
        if case.is_phantom or stage == "whole":
            self.pet_to_reference = self.alignment.pet_to_reference

    def _mr(self, cache: Path):
        """MR findings in the true alignment; slow, so they are kept."""
        anatomy = "-anatomy" if self.anatomy is not None else ""
        path = cache / f"mr-{digest(*MR_SOURCES)}" / f"{self.test.name}{anatomy}.pickle"
        return kept(path, lambda: find_on_mr(self.case, self.alignment, self.anatomy, self._plane_in_reference))

    @cached_property
    def anatomy(self):
        options = self.case.options
        return None if options.anatomy is None else read_anatomy_file(options.anatomy, options.anatomy_labels)

    @cached_property
    def plane(self):
        """The body's midsagittal plane, in the PET's frame."""
        return find_symmetry_plane(self.suv)

    @property
    def _plane_in_reference(self):
        return self.plane.moved(self.alignment.pet_to_reference) if self.alignment.is_aligned("PET") else None

    @cached_property
    def detector(self) -> HotSpotDetector:
        """The first pass over the PET with what the stages know."""
        if self.mr is None:
            parameters = self.case.protocol.stage("hot_spots", HotSpotParameters)
            return HotSpotDetector(self.suv, parameters, symmetry=self.plane)
        return pet_detector(self.case, self._stage_suv, self.alignment, self.mr, self.anatomy, self.plane)

    @cached_property
    def _namer(self) -> Namer:
        plan = plan_body(self.case, self.alignment, self.mr, self._plane_in_reference)
        return Namer(self.anatomy, plan, hip_implant(self.mr))

    def found(self, sensitivity: float | None = None) -> list[Found]:
        """Candidates, best first, in the frame of the lesions as :meth:`lesions` gives them."""
        if sensitivity is None and self.analysis is not None:
            return [Found(c.centroid_ras_mm, c) for c in self.analysis.candidates]
        spots = self.detector.find(sensitivity).hot_spots
        if self.stage in ("pet", "mapped"):
            return [Found(self.to_lesions(s.centroid_ras_mm), s) for s in spots if s.physiologic is None]
        moved = in_reference_frame(spots, self.alignment)
        candidates = fuse_found(self.case, self._stage_suv, self.alignment, self.mr, moved, self._namer)
        return [Found(c.centroid_ras_mm, c) for c in candidates]

    def to_lesions(self, point_ras: np.ndarray) -> np.ndarray:
        """A point of the PET in the frame of the lesions."""
        return transform_points(self.pet_to_reference, point_ras)

    def lesions(self, lesions: Sequence[Lesion]) -> list[Lesion]:
        """Lesions in the frame of the candidates: those of real cases are drawn on the PET."""
        if self.test.is_phantom:
            return list(lesions)
        return [
            dataclasses.replace(
                x,
                center_ras_mm=self.to_lesions(x.center_ras_mm),
                region=None if x.region is None else x.region.moved(self.pet_to_reference),
            )
            for x in lesions
        ]

    def _landmark_errors(self) -> tuple[float, float, bool] | None:
        """Mean distance of the PET's alignment from the truth at the landmarks, before and after (mm); was it told."""
        truth, points = self.test.reference_to_series.get("PET"), self.test.landmarks_ras
        if truth is None or not len(points):
            return None
        goal = transform_points(truth, points)
        ends = transform_points(self.alignment.reference_to("PET"), points)
        before, after = (float(np.linalg.norm(p - goal, axis=1).mean()) for p in (points, ends))
        return before, after, not self.alignment.is_aligned("PET")

    def words(self, item: Any) -> str:
        """What is known about a candidate or hot spot, in a line."""
        measures = ("suv_max", "suv_peak", "tbr", "left_right_ratio", "mtv_ml")
        numbers = {name: getattr(item, name, None) for name in measures}
        text = " ".join(f"{name} {value:.2f}" for name, value in numbers.items() if value is not None)
        place = getattr(item, "place", None)
        if place is not None:
            return f"{item.evidence} {place.name} score {item.score:.0f} {item.mr_kind or ''} {text} {item.flags}"
        return f"{text} reference {item.reference:.2f} ({item.reference_name}) {item.flags}"

    def why_not(self, lesion: Lesion) -> str:
        """What stands near a missed lesion."""
        spots = self.detector.find().hot_spots
        near = [s for s in spots if np.linalg.norm(self.to_lesions(s.centroid_ras_mm) - lesion.center_ras_mm) <= 15.0]
        reasons = [f"{s.physiologic or 'shown, too far'} (tbr {s.tbr or 0:.2f})" for s in near]
        return f"near it: {reasons or 'nothing'}"

    def overlap(self, lesion: Lesion, item: Any) -> str:
        """Volumes and Dice of an outline and the one that a person drew."""
        region: Region = on_grid(item.region, lesion.region.geometry)
        shared = np.intersect1d(region.flat, lesion.region.flat).size
        dice = 2.0 * shared / (len(region) + len(lesion.region))
        top = float(self.suv.array.reshape(-1)[lesion.region.flat].max())
        return (
            f"outline {region.volume_ml:.0f} ml, drawn {lesion.region.volume_ml:.0f} ml, Dice {dice:.2f}, "
            f"SUVmax {item.suv_max:.2f} of {top:.2f}"
        )


def true_alignment(case: TestCase) -> Alignment:
    """The alignment of a phantom's truth; the files' own coordinates for real cases."""
    by_role = {}
    for role in case.case.series:
        if role != case.case.reference_role:
            matrix = case.reference_to_series.get(role, np.eye(4))
            by_role[role] = SeriesAlignment(
                role, matrix, matrix, "landmarks", "aligned", None, True, 0.0, 0.0, None, None, None
            )
    return Alignment(by_role)


def run_case(cache: Path, case: TestCase, stage: str, settings: Sequence[str]) -> Run:
    """Run a case; real cases have no true alignment, so their MR takes part only in stage ``whole``."""
    if not case.is_phantom and stage in ("mapped", "fused"):
        stage = "pet"
    return Run(cache, case, stage, settings)
