"""What the SUV computation takes and what it returns; :mod:`.factors` has the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

import numpy as np

from ..core.kept import Kept

BY_HAND = "given by hand"
"""Source of a value that the user gave in place of the header's."""

DERIVED = "derived"
"""Source of a value that was computed from others."""

CONSTANT_TO = 1e-9
"""Upper bound of the relative spread of factors that count as one factor."""


@dataclass(frozen=True)
class Injection:
    """One item of the Radiopharmaceutical Information Sequence; the fields are those of :class:`PetHeader`."""

    dose: float | None = None
    half_life_s: float | None = None
    nuclide: str | None = None
    nuclide_code: str | None = None
    tracer: str | None = None
    tracer_code: str | None = None
    start_datetime: datetime | None = None
    start_time: time | None = None
    start_offset: str | None = None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PetHeader:
    """What the DICOM header of a PET series says, in plain types.

    Arrays and tuples run over the slices of the series in image order. Times are clock times of the scanner without a
    zone. A missing value is None, within an array NaN.
    """

    n_slices: int
    modality: str | None = None
    corrected_image: tuple[str, ...] = ()
    """Corrected Image (0028,0051): ATTN, DECY, ..."""
    manufacturer: str | None = None
    series_type: tuple[str, ...] = ()
    """Series Type (0054,1000): STATIC, DYNAMIC, GATED, WHOLE BODY; IMAGE, REPROJECTION."""
    units: str | None = None
    """Units (0054,1001)."""
    suv_type: str | None = None
    """SUV Type (0054,1006)."""
    decay_correction: str | None = None
    """Decay Correction (0054,1102): START, ADMIN, NONE."""
    rescale_slope: np.ndarray | None = None
    """Shape (n_slices,), NaN where a slice lacks it or has a text that is no number. It was already applied to the
    pixel values; it is kept for the checks and the provenance. None when the header did not come from images."""
    rescale_intercept: np.ndarray | None = None
    """Shape (n_slices,)."""
    acquisition_datetimes: tuple[datetime | None, ...] = ()
    frame_reference_time_ms: np.ndarray | None = None
    """Shape (n_slices,); Frame Reference Time (0054,1300)."""
    actual_frame_duration_ms: np.ndarray | None = None
    """Shape (n_slices,); Actual Frame Duration (0018,1242)."""
    decay_factor: np.ndarray | None = None
    """Shape (n_slices,); Decay Factor (0054,1321), by which the scanner multiplied the slice."""
    series_datetime: datetime | None = None
    has_dates: bool = True
    """False when no date is in the header; all times then bear one day that is made up."""
    decay_corrected_to: datetime | None = None
    """Decay Correction DateTime (0018,9701) of enhanced PET: the reference time itself."""
    weight_kg: float | None = None
    """Patient's Weight (0010,1030); here and in the other numbers NaN stands for a text that is no number."""
    height_m: float | None = None
    sex: str | None = None
    age_years: float | None = None
    """From Patient's Age (0010,1010) or the date of birth."""
    dose: float | None = None
    """Radionuclide Total Dose (0018,1074) as it was written: in Bq, by some senders in MBq."""
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
    start_offset: str | None = None
    """The offset from UTC of `start_datetime`, when it could not be used because the zone of the other times is not
    known; then `start_datetime` is the clock time as it is written."""
    unreadable: tuple[str, ...] = ()
    """Sentences about times of the injection that are there and cannot be read."""
    injections: tuple[Injection, ...] = ()
    """All items of the Radiopharmaceutical Information Sequence where there is more than one; the fields above are
    those of the first."""
    ge_scan_datetime: datetime | None = None
    """PET scan_datetime (0009,xx0D) of the private block GEMS_PETD_01."""
    ge_creator_found: bool = True
    siemens_reference_datetime: datetime | None = None
    """(0071,xx22) of the private block of Siemens; it is only compared with the series time."""
    philips_suv_factor: np.ndarray | None = None
    """Shape (n_slices,); (7053,xx00) of the block Philips PET Private Group."""
    philips_activity_factor: np.ndarray | None = None
    """Shape (n_slices,); (7053,xx09)."""
    philips_creator_found: bool = True
    inconsistent: tuple[str, ...] = ()
    """Names of tags that should be the same in the whole series but differ between its slices."""


@dataclass(frozen=True)
class SuvOverrides:
    """Values that the user gives in place of the header's; None keeps the value of the header."""

    weight_kg: float | None = None
    height_m: float | None = None
    dose_bq: float | None = None
    injection_datetime: datetime | None = None
    nuclide: str | None = None
    """A name like F-18; its half-life takes the place of the header's."""


@dataclass(frozen=True)
class ProvenanceRow(Kept):
    """One number or word that entered the SUV computation, and where it came from."""

    quantity: str
    value: str | float | None
    unit: str
    source: str
    """A DICOM attribute such as "Patient's Weight (0010,1030)", or BY_HAND, or DERIVED."""
    note: str = ""
    replaced: str | float | None = None
    """The value of the images that a value given by hand replaces; None where there is none."""
    change_percent: float | None = None
    """By how much SUV is higher than with the replaced value, percent; None where that gives no SUV."""

    def to_json(self) -> dict[str, Any]:
        """The row as a JSON object; that of a value given by hand also has what it replaces."""
        row = {
            "quantity": self.quantity,
            "value": self.value,
            "unit": self.unit,
            "source": self.source,
            "note": self.note,
        }
        if self.source == BY_HAND:
            row |= {"replaced": self.replaced, "change_percent": self.change_percent}
        return row

    def to_text(self) -> str:
        """The row in one line; a value that differs from slice to slice is told by the note."""
        stated = self.quantity if self.value is None else f"{self.quantity}: {value_text(self.value, self.unit)}"
        return f"{stated} - {self.source}" + (f" ({self.note})" if self.note else "")


def value_text(value: str | float | None, unit: str) -> str:
    """A value with its unit as people read it; activity in MBq."""
    if unit == "Bq" and isinstance(value, float):
        value, unit = value / 1e6, "MBq"
    return f"{value:.6g} {unit}".rstrip() if isinstance(value, float) else f"{value} {unit}".rstrip()


@dataclass(frozen=True, eq=False)
class SuvResult(Kept):
    """SUVbw factors of a PET series and how they were computed.

    ``factors`` has shape (n_slices,). A factor is SUVbw (g/ml) for one unit of the rescaled pixel values, so
    ``suv = rescaled * factors[:, None, None]``.
    """

    factors: np.ndarray
    path: str
    """The way through the rules, for example ``BQML/START/series time``."""
    provenance: tuple[ProvenanceRow, ...]
    warnings: tuple[str, ...]
    weight_kg: float | None = None
    height_m: float | None = None
    sex: str | None = None
    dose_bq: float | None = None
    half_life_s: float | None = None
    uptake_minutes: float | None = None
    """From the injection to the start of the scan; None when the computation does not need it."""

    @property
    def is_constant(self) -> bool:
        """True when all slices share one factor, to the precision CONSTANT_TO."""
        return bool(np.ptp(self.factors) <= CONSTANT_TO * abs(float(self.factors[0])))

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
        """Add a row; dates and times become text, numpy numbers become plain ones."""
        if isinstance(value, datetime | time):
            value = value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        elif isinstance(value, np.generic):
            value = value.item()
        self.rows.append(ProvenanceRow(quantity, value, unit, source, note))

    def warn(self, sentence: str) -> None:
        """Add a warning, unless the same one was added before."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)
