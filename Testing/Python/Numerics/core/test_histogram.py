"""Thresholds of histograms."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.histogram import otsu


def test_the_threshold_lies_between_two_groups() -> None:
    values = np.concatenate([np.full(50, 1.0), np.full(30, 5.0)])
    assert 1.0 < otsu(values) < 5.0


@pytest.mark.parametrize("value", [0.0, -3.0, 7.5])
def test_nothing_lies_above_the_threshold_of_a_constant_image(value: float) -> None:
    values = np.full(20, value)
    assert otsu(values) == value
    assert not (values > otsu(values)).any()
