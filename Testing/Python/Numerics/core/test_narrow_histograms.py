"""Histograms of values that hardly differ."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.histogram import modes, otsu
from PainGeneratorLib.Registration.sampling import _otsu


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    "values",
    [
        [100.0],
        [100.0, 100.0],
        [4.6051702, 4.6051707],
        [1e8, 1e8 + 16],
        [0.0, 0.0],
        [-3.0, -3.0],
    ],
)
def test_values_that_hardly_differ_are_one_value(values, kind):
    array = np.array(values, dtype=kind)
    assert otsu(array) == array.max()
    assert modes(array, 0.1, 0.5).tolist() == [pytest.approx(float(array.max()))]


def test_the_outline_of_a_body_of_one_value_has_a_threshold():
    assert _otsu(np.full(5, 3.0)) == 3.0
