"""The parameters and the results of the alignment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..Numerics.core.kept import Kept


@dataclass(frozen=True, kw_only=True)
class LimitParameters:
    """How far a search may go from its start."""

    shift_mm: float
    rotation_deg: float


@dataclass(frozen=True, kw_only=True)
class SearchParameters:
    """How a search measures the similarity of two images."""

    finest_spacing_mm: float
    samples: int
    bins: int
    pet_start_penalty: float
    minimum_overlap_ml: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class RestartParameters:
    """The disturbed starts from which a search is repeated."""

    count: int
    shift_mm: float
    rotation_deg: float


@dataclass(frozen=True, kw_only=True)
class EdgeParameters:
    """How much the agreement of edges counts beside the mutual information."""

    pet_weight: float
    mr_weight: float


@dataclass(frozen=True, kw_only=True)
class TrustParameters:
    """When the result of a search is trusted."""

    agreement_mm: float
    halves_mm: float
    pet_halves_mm: float
    minimum_outline: float
    minimum_edges_sd: float


@dataclass(frozen=True, kw_only=True)
class KeepParameters:
    """When a trusted result replaces its start."""

    minimum_gain: float
    minimum_change_mm: float


@dataclass(frozen=True, kw_only=True)
class ScannerParameters:
    """When a better place contradicts the alignment of the scanner."""

    better_near_start: float
    contradiction_mm: float


@dataclass(frozen=True, kw_only=True)
class WarnParameters:
    """Which motion of a kept result gives a warning."""

    shift_mm: float
    rotation_deg: float


@dataclass(frozen=True, kw_only=True)
class AlignmentParameters:
    """Parameters of the stage ``alignment``; units, ranges and sources are in the protocol."""

    limits: LimitParameters
    search: SearchParameters
    restarts: RestartParameters
    edges: EdgeParameters
    trust: TrustParameters
    keep: KeepParameters
    scanner: ScannerParameters
    pet_fit_mm: float
    warn: WarnParameters


OFFSET = "offset_mm"
"""Name in the evidence of the offset (mm) that remains in a kept alignment of the scanner."""


@dataclass(frozen=True, eq=False)
class PairAlignment:
    """The alignment of a moving image to a fixed image.

    Parameters
    ----------
    fixed_to_moving_ras : ndarray, shape (4, 4)
        The kept transform. It maps points (RAS mm) of the fixed image to points of the moving image.
    start_ras : ndarray, shape (4, 4)
        The transform at which the search began: the scanner's coordinates, or the fit of the landmarks.
    kept : str
        Where the transform comes from: ``identity/scanner``, ``registered``, ``landmarks``, ``by hand`` (corrected in
        the scene) or ``not aligned`` (the scanner's coordinates, because there is no better transform).
    verdict : str
        ``aligned``, ``kept the scanner's alignment`` or ``not aligned``.
    shift_mm, rotation_deg : float
        Change from the scanner's coordinates to the kept transform: shift (mm) at the middle of the overlap, and angle
        (degrees).
    spread_mm : float or None
        Root mean square distance (mm) of the results of the restarts from their mean, at points of the overlap.
        None when no search was made.
    similarity_start, similarity_end : float or None
        Similarity at the start and at the result of the search. Larger is better. None when it was not measured.
    evidence : dict
        Other measures that the decision is based on.
    reason, advice : str
        Why the transform was kept, and what the user can do.
    warnings : tuple of str
    """

    fixed_to_moving_ras: np.ndarray
    start_ras: np.ndarray
    kept: str
    verdict: str
    shift_mm: float
    rotation_deg: float
    spread_mm: float | None
    similarity_start: float | None
    similarity_end: float | None
    evidence: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    advice: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SeriesAlignment(Kept):
    """The alignment of a series to the reference series.

    Parameters
    ----------
    role : str
    reference_to_series_ras : ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference to points of the series, as :func:`.image.resample` expects.
    through : str or None
        The role of the series that was registered instead of this one ("ATTENUATION"); None when this one was.
    same_frame_of_reference : bool
        True when the scanner says that the series and the reference share their coordinates.

    The other fields are those of :class:`PairAlignment`.
    """

    role: str
    reference_to_series_ras: np.ndarray
    start_ras: np.ndarray
    kept: str
    verdict: str
    through: str | None
    same_frame_of_reference: bool
    shift_mm: float
    rotation_deg: float
    spread_mm: float | None
    similarity_start: float | None
    similarity_end: float | None
    evidence: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    advice: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def offset_mm(self) -> float | None:
        """How far the images are off in the kept alignment, mm; None where nothing of that kind was found."""
        offset = self.evidence.get(OFFSET)
        return None if offset is None else float(offset)

    @property
    def aligned(self) -> bool:
        """False when findings of this series must not be combined with those of the reference."""
        return self.verdict != "not aligned"

    def to_json(self) -> dict[str, Any]:
        """The alignment as it is written to ``alignment.json``. Matrices are lists of rows, in RAS."""

        def rounded(value: float | None, digits: int) -> float | None:
            return None if value is None else round(float(value), digits)

        def matrix(values: np.ndarray) -> list[list[float]]:
            return [[round(float(x), 9) for x in row] for row in values]

        return {
            "role": self.role,
            "verdict": self.verdict,
            "kept": self.kept,
            "through": self.through,
            "same_frame_of_reference": self.same_frame_of_reference,
            "shift_mm": rounded(self.shift_mm, 2),
            "rotation_deg": rounded(self.rotation_deg, 2),
            "spread_mm": rounded(self.spread_mm, 2),
            "similarity": {"start": rounded(self.similarity_start, 5), "end": rounded(self.similarity_end, 5)},
            "evidence": {
                key: rounded(value, 4) if isinstance(value, float) else value for key, value in self.evidence.items()
            },
            "reason": self.reason,
            "advice": self.advice,
            "warnings": list(self.warnings),
            "reference_to_series_ras": matrix(self.reference_to_series_ras),
            "start_ras": matrix(self.start_ras),
        }
