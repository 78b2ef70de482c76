"""Shading is divided out of an MR series, and what is no shading stays."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.bias import BiasParameters, correct_bias
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Workflow.protocol import load_protocol

PARAMETERS = dataclasses.replace(
    load_protocol("low-back").stage("mr_findings", MRParameters).bias, sample_mm=6.0, iterations=20
)
GEOMETRY = Geometry((16, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0]))


def tissue() -> np.ndarray:
    """Two tissues in stripes, with some noise."""
    rng = np.random.default_rng(5)
    signal = np.where((np.arange(40) // 8) % 2, 100.0, 200.0) * np.ones(GEOMETRY.shape)
    return (signal * (1.0 + 0.03 * rng.normal(size=GEOMETRY.shape))).astype(np.float32)


def shading() -> np.ndarray:
    """A coil at the back: the signal falls to a third along j."""
    fall = np.exp(-np.linspace(0.0, np.log(3.0), 40))
    return np.broadcast_to(fall[:, None], GEOMETRY.shape)


def unevenness(corrected: np.ndarray) -> float:
    """Signal of one tissue in front over that at the back."""
    return float(np.median(corrected[:, 30:38, 10:14]) / np.median(corrected[:, 2:10, 10:14]))


@pytest.mark.slow
def test_a_coils_shading_is_removed() -> None:
    shaded = tissue() * shading()
    assert unevenness(shaded) < 0.6
    corrected, log_field = correct_bias(Image(shaded.astype(np.float32), GEOMETRY), parameters=PARAMETERS)
    assert unevenness(corrected) == pytest.approx(1.0, abs=0.1)
    assert corrected.dtype == np.float32
    assert np.allclose(corrected, shaded * np.exp(-log_field), rtol=1e-4)


def test_an_even_image_stays_even() -> None:
    corrected, log_field = correct_bias(Image(tissue(), GEOMETRY), parameters=PARAMETERS)
    assert unevenness(corrected) == pytest.approx(1.0, abs=0.1)
    assert np.abs(log_field).max() < 0.2


def test_only_the_voxels_of_a_mask_are_fitted() -> None:
    shaded = (tissue() * shading()).astype(np.float32)
    shaded[:, :, 20:] *= np.linspace(1.0, 8.0, 20, dtype=np.float32)
    left = np.zeros(GEOMETRY.shape, dtype=bool)
    left[:, :, :20] = True
    corrected, _ = correct_bias(Image(shaded, GEOMETRY), left, parameters=PARAMETERS)
    assert unevenness(corrected) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_without_signal_nothing_is_changed(value: float) -> None:
    empty = np.full(GEOMETRY.shape, value, dtype=np.float32)
    corrected, log_field = correct_bias(Image(empty, GEOMETRY), parameters=PARAMETERS)
    assert np.array_equal(corrected, empty, equal_nan=True)
    assert not log_field.any()


def test_parameters_are_given_by_name_only() -> None:
    with pytest.raises(TypeError):
        BiasParameters(3, 4.0, 5.0, 80, 0.15, 0.15)  # type: ignore[misc]
