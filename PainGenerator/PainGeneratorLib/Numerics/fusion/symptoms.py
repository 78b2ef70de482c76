"""Where it hurts, and how well a candidate fits it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.records import Candidate
from ..core.words import LATERAL_SIDES, PainSide
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
        """Distance of a candidate from the nearest painful site, mm; None where no site was marked."""
        if not len(self.sites_ras_mm):
            return None
        return float(np.linalg.norm(self.sites_ras_mm - candidate.centroid_ras_mm, axis=1).min())


def symptom_part(candidate: Candidate, symptoms: Symptoms, parameters: SymptomParameters) -> float:
    """How well a candidate fits the pain, 0 to 1: by its distance to the nearest painful site, or by its side."""
    part = 0.0
    distance = symptoms.distance_mm(candidate)
    if distance is not None:
        part = 1.0 - ramp(distance, parameters.near_mm, parameters.far_mm)
    painful = LATERAL_SIDES if symptoms.side == PainSide.BOTH else (symptoms.side,)
    return max(part, parameters.side_part) if candidate.place.side in painful else part


def ramp(value: float | None, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full` on, and straight between them; 0 for a measure that could not be taken."""
    return 0.0 if value is None else float(np.clip((value - none) / (full - none), 0.0, 1.0))
