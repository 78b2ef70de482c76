"""What the SUV computation is given and what it returns; see :mod:`suv` for the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

import numpy as np

from ..core.kept import Kept

BY_HAND = "given by hand"
DERIVED = "derived"


@dataclass(frozen=True, eq=False)
class PetHeader:
    """Header facts of one PET series, in plain types; arrays and tuples run over its slices in image order.

    Times are clock times of the scanner without a zone. Missing numbers are None, in arrays NaN.
    """

    n_slices: int
    modality: str | None = None
    manufacturer: str | None = None
    image_type: tuple[str, ...] = ()
    corrected_image: tuple[str, ...] = ()
    """Corrected Image (0028,0051): ATTN, DECY, ..."""
    units: str | None = None
    """Units (0054,1001)."""
    suv_type: str | None = None
    """SUV Type (0054,1006)."""
    decay_correction: str | None = None
    """Decay Correction (0054,1102): START, ADMIN, NONE."""
    rescale_slope: np.ndarray | None = None
    """Shape (n_slices,); already applied to the pixels, kept for the provenance."""
    rescale_intercept: np.ndarray | None = None
    """Shape (n_slices,)."""
    acquisition_datetimes: tuple[datetime | None, ...] = ()
    frame_reference_time_ms: np.ndarray | None = None
    """Shape (n_slices,); Frame Reference Time (0054,1300)."""
    actual_frame_duration_ms: np.ndarray | None = None
    """Shape (n_slices,); Actual Frame Duration (0018,1242)."""
    series_datetime: datetime | None = None
    decay_corrected_to: datetime | None = None
    """Decay Correction DateTime (0018,9701) of enhanced PET: the reference time itself."""
    weight_kg: float | None = None
    height_m: float | None = None
    sex: str | None = None
    dose: float | None = None
    """Radionuclide Total Dose (0018,1074) as it stands: Bq, from some senders MBq."""
    half_life_s: float | None = None
    nuclide: str | None = None
    """Code meaning or value of the Radionuclide Code Sequence."""
    nuclide_code: str | None = None
    tracer: str | None = None
    """Radiopharmaceutical (0018,0031) and the meaning of its code."""
    tracer_code: str | None = None
    start_datetime: datetime | None = None
    """Radiopharmaceutical Start DateTime (0018,1078)."""
    start_time: time | None = None
    """Radiopharmaceutical Start Time (0018,1072)."""
    ge_scan_datetime: datetime | None = None
    """PET scan_datetime (0009,xx0D) of the private block GEMS_PETD_01."""
    ge_creator_found: bool = True
    siemens_reference_datetime: datetime | None = None
    """(0071,xx22) of Siemens' private block; used as a cross-check only."""
    philips_suv_factor: np.ndarray | None = None
    """Shape (n_slices,); (7053,xx00) of the block Philips PET Private Group."""
    philips_activity_factor: np.ndarray | None = None
    """Shape (n_slices,); (7053,xx09)."""
    philips_creator_found: bool = True
    n_injections: int = 1
    """Items of the Radiopharmaceutical Information Sequence."""
    inconsistent: tuple[str, ...] = ()
    """Names of tags that should be one for the series but differ between its slices."""


@dataclass(frozen=True)
class SuvOverrides:
    """What the user gives by hand in place of the DICOM header; None leaves the header's value."""

    weight_kg: float | None = None
    height_m: float | None = None
    dose_bq: float | None = None
    injection_datetime: datetime | None = None


@dataclass(frozen=True)
class ProvenanceRow(Kept):
    """One line of "which number was used?"."""

    quantity: str
    value: str | float | None
    unit: str
    source: str
    """A tag as "Patient's Weight (0010,1030)", "given by hand" or "derived"."""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The row as a JSON object."""
        return {
            "quantity": self.quantity,
            "value": self.value,
            "unit": self.unit,
            "source": self.source,
            "note": self.note,
        }


@dataclass(frozen=True, eq=False)
class SuvResult(Kept):
    """SUVbw factors of a PET series and how they came about.

    ``factors`` has shape (n_slices,), g/ml SUVbw per rescaled unit: ``suv = rescaled * factors[:, None, None]``.
    """

    factors: np.ndarray
    path: str
    provenance: tuple[ProvenanceRow, ...]
    warnings: tuple[str, ...]
    weight_kg: float | None = None
    height_m: float | None = None
    sex: str | None = None
    dose_bq: float | None = None
    half_life_s: float | None = None
    uptake_minutes: float | None = None
    """Injection to the reference time of the decay correction; None when it does not enter or is not known."""

    @property
    def is_constant(self) -> bool:
        """True when all slices share one factor (to 1e-9)."""
        return bool(np.ptp(self.factors) <= 1e-9 * abs(float(self.factors[0])))

    @property
    def given_by_hand(self) -> tuple[str, ...]:
        """Names of the quantities that did not come from the header."""
        return tuple(row.quantity for row in self.provenance if row.source == BY_HAND)

    def to_json(self) -> dict[str, Any]:
        """The content of ``suv.json``."""
        one = self.is_constant
        return {
            "schema": 1,
            "unit": "g/ml{SUVbw}",
            "path": self.path,
            "factor": float(self.factors[0]) if one else None,
            "factors_per_slice": None if one else [float(f) for f in self.factors],
            "n_slices": int(self.factors.size),
            "weight_kg": self.weight_kg,
            "height_m": self.height_m,
            "sex": self.sex,
            "dose_bq": self.dose_bq,
            "half_life_s": self.half_life_s,
            "uptake_minutes": None if self.uptake_minutes is None else round(self.uptake_minutes, 2),
            "given_by_hand": list(self.given_by_hand),
            "provenance": [row.to_json() for row in self.provenance],
            "warnings": list(self.warnings),
        }


@dataclass(eq=False)
class Ledger:
    """Rows and warnings collected while the factors are computed."""

    rows: list[ProvenanceRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, quantity: str, value: Any, unit: str, source: str, note: str = "") -> None:
        """Note a quantity; dates become text, numpy numbers become floats."""
        if isinstance(value, datetime | time):
            value = value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        elif isinstance(value, np.generic):
            value = value.item()
        self.rows.append(ProvenanceRow(quantity, value, unit, source, note))

    def warn(self, sentence: str) -> None:
        """Note a warning once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)
