"""Voxels without values, as between the blocks of a series, take no part in the alignment."""

from __future__ import annotations

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Registration.sampling import body_mask, smoothed_in_view, view_mask


def in_blocks() -> Image:
    """A bright body in three blocks with gaps between them."""
    array = np.full((24, 20, 20), 10.0, dtype=np.float32)
    array[:, 4:16, 4:16] = 400.0
    array[6:9] = array[15:18] = np.nan
    return Image(array, Geometry(array.shape, np.diag([2.0, 2.0, 4.0, 1.0])))


def test_gaps_are_out_of_view() -> None:
    image = in_blocks()
    view = view_mask(image, "MR")
    assert view is not None
    np.testing.assert_array_equal(view, np.isfinite(image.array))
    assert not body_mask(image, "MR", view)[np.isnan(image.array)].any()


def test_smoothing_takes_nothing_from_gaps_and_leaves_no_nan() -> None:
    image = in_blocks()
    working = smoothed_in_view(image, view_mask(image, "MR"), 4.0)
    assert np.isfinite(working.image.array).all()
    inside = working.image.array[np.isfinite(image.array) & (image.array > 300.0)]
    assert inside.max() <= 400.5
    _, _, weights = working.sample(image.geometry.to_ras(np.array([[10.0, 10.0, 7.0], [10.0, 10.0, 12.0]])))
    assert weights.tolist() == [0.0, 1.0]
