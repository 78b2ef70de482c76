"""What the signal of marrow is compared with."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.mr.picture import MARROW_SPREAD_LEAST, MUSCLE_SPREAD, REFERENCE_LEAST, MRPicture

MUSCLE = 40.0


def reference_of(signal: np.ndarray) -> tuple[float, float]:
    """The reference of a picture whose voxels are all marrow."""
    marrow = SimpleNamespace(marrow=np.ones(signal.shape, dtype=bool))
    picture = SimpleNamespace(surroundings=marrow, fluid_signal=signal, muscle_signal=MUSCLE)
    return MRPicture.marrow_reference.func(picture)


def test_marrow_is_compared_with_its_own_median() -> None:
    assert reference_of(np.full(2 * REFERENCE_LEAST, 80.0)) == (80.0, MARROW_SPREAD_LEAST)


def test_too_little_marrow_is_compared_with_muscle() -> None:
    assert reference_of(np.full(REFERENCE_LEAST, 80.0)) == (MUSCLE, MUSCLE_SPREAD)


@pytest.mark.parametrize("void", [0.5, 0.9])
def test_marrow_in_the_void_of_an_implant_is_compared_with_muscle(void: float) -> None:
    signal = np.full(4 * REFERENCE_LEAST, 80.0)
    signal[: int(void * signal.size) + 1] = 0.0
    assert reference_of(signal) == (MUSCLE, MUSCLE_SPREAD)
