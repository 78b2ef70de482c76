"""Other ways in which the same spine could have been imaged: slices, shading, noise, field and axes of the voxels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image, resample

CLINICAL_EVERY = 4
"""Of so many slices of 1 mm one is kept: the volumes were made from slices of about 4 mm."""
FALL_OFF_MM = 90.0
"""Way to the front in which the stronger fall-off of the coil takes the signal to 1/e, mm. Our estimate."""
NOISE_PART = 0.05
"""Standard deviation of the added noise over the 90th percentile of the signal. Our estimate."""
TILT_DEG = 7.0
"""Turn of the tilted grid about two axes, degrees. Our estimate."""
AIR_MM = 6
"""How much air is left around the body when it is cropped, mm."""


def clinical(image: Image) -> Image:
    """Every fourth slice, with the thickness of four."""
    matrix = image.geometry.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, 2] * (CLINICAL_EVERY // 2)
    matrix[:3, 2] *= CLINICAL_EVERY
    array = image.array[CLINICAL_EVERY // 2 :: CLINICAL_EVERY]
    return Image(np.ascontiguousarray(array), Geometry(array.shape, matrix))


def fall_off(image: Image) -> Image:
    """A stronger fall-off of the coil to the front; columns run to the back."""
    if image.array.dtype != np.float32:
        return image
    way = np.arange(image.array.shape[2])[::-1] * image.geometry.spacing_mm[0]
    return Image((image.array * np.exp(-way / FALL_OFF_MM)).astype(np.float32), image.geometry)


def noisy(image: Image) -> Image:
    """Rician noise."""
    if image.array.dtype != np.float32:
        return image
    rng = np.random.default_rng(7)
    sigma = NOISE_PART * float(np.percentile(image.array, 90))
    noise = rng.normal(0.0, sigma, (2, *image.array.shape)).astype(np.float32)
    return Image(np.hypot(image.array + noise[0], noise[1]), image.geometry)


def cut(image: Image) -> Image:
    """A field that holds about half of the levels: the lower 55 percent of the rows."""
    rows = image.array.shape[1]
    first = round(0.4 * rows)
    last = round(0.95 * rows)
    array = np.ascontiguousarray(image.array[:, first:last])
    return Image(array, image.geometry.cropped((0, first, 0), array.shape))


def turned_axes(image: Image) -> Image:
    """The same voxels stored as axial slices from above, with columns to the left."""
    array = np.ascontiguousarray(image.array.transpose(1, 2, 0)[:, :, ::-1])
    old = image.geometry.ijk_to_ras
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = -old[:3, 2], old[:3, 0], old[:3, 1]
    matrix[:3, 3] = image.geometry.to_ras(np.array([0.0, 0.0, image.array.shape[0] - 1.0]))
    return Image(array, Geometry(array.shape, matrix))


def tilted(image: Image) -> Image:
    """A grid that is turned by some degrees about two axes of the body."""
    angle = np.deg2rad(TILT_DEG)
    about_s, about_a = np.eye(4), np.eye(4)
    about_s[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    about_a[np.ix_([0, 2], [0, 2])] = [[np.cos(angle / 2), np.sin(angle / 2)], [-np.sin(angle / 2), np.cos(angle / 2)]]
    turn = about_s @ about_a
    middle = image.geometry.center_ras
    turn[:3, 3] = middle - turn[:3, :3] @ middle
    grid = image.geometry.moved(turn)
    order = 1 if image.array.dtype == np.float32 else 0
    return Image(resample(image, grid, order=order, outside=0), grid)


VARIANTS: dict[str, Callable[[Image], Image]] = {
    "clinical": clinical,
    "fall-off": fall_off,
    "noise": noisy,
    "cut": cut,
    "axes": turned_axes,
    "tilt": tilted,
}
"""Name -> change of an MR volume, or of a map (integers) on its grid, which keeps its values."""


def crop_to(columns: tuple[int, int]) -> Callable[[Image], Image]:
    """A change that keeps some columns only."""

    def change(image: Image) -> Image:
        array = np.ascontiguousarray(image.array[:, :, columns[0] : columns[1]])
        return Image(array, image.geometry.cropped((0, 0, columns[0]), array.shape))

    return change


def columns_of_body(body: np.ndarray) -> tuple[int, int]:
    """First and last column of the body, with a little air."""
    seen = np.flatnonzero(body.any(axis=(0, 1)))
    return max(int(seen[0]) - AIR_MM, 0), min(int(seen[-1]) + AIR_MM + 1, body.shape[2])


def change_of(variant: str, body: np.ndarray) -> Callable[[Image], Image]:
    """The change of a variant; ``plain`` changes nothing, ``cropped`` removes the air around a body."""
    if variant == "plain":
        return lambda image: image
    if variant == "cropped":
        return crop_to(columns_of_body(body))
    return VARIANTS[variant]


NAMES = ("plain", *VARIANTS, "cropped")
"""Names of all variants."""
