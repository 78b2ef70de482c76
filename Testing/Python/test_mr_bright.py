"""Bright places told by what surrounds them, and the noise below which nothing was received."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.implant import no_signal
from PainGeneratorLib.Numerics.mr_bright import Canal


@pytest.fixture
def canal() -> Canal:
    height = np.arange(-100.0, 101.0, 4.0)
    return Canal(np.stack([0.1 * height, np.full_like(height, -40.0), height], axis=1))


def test_offsets_from_the_canal_follow_its_axis_in_a_bent_spine(canal):
    beside = canal.beside(np.array([[10.0 + 15.0, -40.0, 100.0], [0.0, -20.0, 0.0]]))
    assert np.allclose(beside, [[15.0, 0.0], [0.0, 20.0]])


def test_a_height_beyond_the_canal_is_not_beside_it(canal):
    assert canal.holds_height(110.0, 20.0)
    assert not canal.holds_height(150.0, 20.0)


def test_no_signal_is_never_below_the_noise_in_the_air():
    rng = np.random.default_rng(1)
    body = np.zeros((10, 20, 20), dtype=bool)
    body[:, 5:15, 5:15] = True
    noise = np.hypot(*rng.normal(0.0, 0.03, (2, *body.shape))).astype(np.float32)
    array = np.where(body, np.float32(0.2), noise)
    assert no_signal(array, body, 0.2, 0.2) > np.percentile(array[~body], 90) > 0.2 * 0.2
    assert no_signal(np.where(body, 1.0, 0.0), body, 1.0, 0.2) == 0.2
