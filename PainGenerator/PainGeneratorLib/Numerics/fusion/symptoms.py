"""Where it hurts, and how well a candidate fits it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.records import Candidate, HotSpot, MRFinding
from ..core.words import LATERAL_SIDES, PainSide, Side
from .parameters import SymptomParameters


@dataclass(frozen=True)
class Symptoms:
    """Where it hurts: sites in RAS mm (n, 3) of the reference frame, and a side or None."""

    sites_ras_mm: np.ndarray
    side: str | None = None

    @classmethod
    def none(cls) -> Symptoms:
        """Nothing is known of the pain."""
        return cls(np.empty((0, 3)), None)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of the pain."""
        return len(self.sites_ras_mm) > 0 or self.side is not None

    def distance_mm(self, candidate: Candidate) -> float | None:
        """Distance of a candidate from the nearest painful site, mm; None where no site was marked.

        For a candidate of both sides it is that of the nearer side.
        """
        if not len(self.sites_ras_mm):
            return None
        points = [candidate.centroid_ras_mm]
        if candidate.place.side == Side.BOTH:
            signs: list[HotSpot | MRFinding] = [*candidate.hot_spots, *candidate.mr_findings]
            points += [sign.centroid_ras_mm for sign in signs]
        return min(float(np.linalg.norm(self.sites_ras_mm - point, axis=1).min()) for point in points)


def symptom_part(candidate: Candidate, symptoms: Symptoms, parameters: SymptomParameters) -> float:
    """How well a candidate fits the pain, 0 to 1: by its distance to the nearest painful site, or by its side."""
    part = 0.0
    distance = symptoms.distance_mm(candidate)
    if distance is not None:
        part = 1.0 - ramp(distance, parameters.near_mm, parameters.far_mm)
    return max(part, parameters.side_part) if is_on_side(candidate.place.side, symptoms.side) else part


def is_on_side(side: str, painful: str | None) -> bool:
    """Whether a place lies on the painful side; what lies on both sides lies on either of them."""
    if painful == PainSide.BOTH or side == Side.BOTH:
        return (side if painful == PainSide.BOTH else painful) in (*LATERAL_SIDES, Side.BOTH)
    return side == painful


def ramp(value: float | None, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full` on, and straight between them; 0 for a measure that could not be taken."""
    return 0.0 if value is None else float(np.clip((value - none) / (full - none), 0.0, 1.0))
