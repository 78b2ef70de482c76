"""PET headers for the tests of SUV."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.suv.factors import PetHeader, SuvOverrides, compute_suv_factors


def at(clock: str, day: int = 2) -> datetime:
    """A moment in January 2025."""
    return datetime.fromisoformat(f"2025-01-{day:02d} {clock}")


def header(n: int = 2, acquired: str | list[datetime] = "11:00:00", **values: Any) -> PetHeader:
    """70 kg, 368.08 MBq F-18 FDG at 10:00, series at 11:00, decay-corrected to its start."""
    moments = acquired if isinstance(acquired, list) else [at(acquired)] * n
    defaults: dict[str, Any] = {
        "modality": "PT",
        "units": "BQML",
        "decay_correction": "START",
        "corrected_image": ("NORM", "ATTN", "DECY"),
        "rescale_slope": np.ones(n),
        "rescale_intercept": np.zeros(n),
        "acquisition_datetimes": tuple(moments),
        "series_datetime": at("11:00:00"),
        "weight_kg": 70.0,
        "height_m": 1.75,
        "sex": "M",
        "dose": 368.08e6,
        "half_life_s": 6586.2,
        "nuclide_code": "C-111A1",
        "tracer": "FDG",
        "start_datetime": at("10:00:00"),
        "start_time": time(10, 0, 0),
    }
    return PetHeader(n, **(defaults | values))


def frame_times(n: int, reference_s: float, duration_s: float) -> dict[str, np.ndarray]:
    """Frame reference time and duration of the slices, as the header has them (ms)."""
    return {
        "frame_reference_time_ms": np.full(n, 1000.0 * reference_s),
        "actual_frame_duration_ms": np.full(n, 1000.0 * duration_s),
    }


def refusal(one: PetHeader, overrides: SuvOverrides | None = None) -> PainGeneratorError:
    """The error with which a header is refused."""
    with pytest.raises(PainGeneratorError) as caught:
        compute_suv_factors(one, overrides)
    return caught.value
