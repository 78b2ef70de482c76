"""Uptake, blur and noise of the PET."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from .body import Layer
from .grid import Grid, paint
from .lesions import Lesion
from .mr import PLANES, affine_of

if TYPE_CHECKING:
    from .case import Case


def render_pet(case: Case, center: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SUV (k, j, i) and affine; also sets what the lesions measure without noise."""
    rng = case.rng
    fwhm, smear = rng.uniform(4.5, 7.0), rng.uniform(0, 5) if rng.random() < 0.4 else 0.0
    nx, spacing, nz, dz = [
        (344, 2.087, 127, 2.031),
        (172, 4.173, 127, 2.031),
        (256, 2.344, 89, 2.78),
        (192, 3.125, 89, 2.78),
        (144, 4.0, 70, 4.0),
        (288, 1.6, 150, 1.6),
    ][rng.integers(6)]
    if rng.random() < 0.3:
        nz = round(nz * 1.6)
    shape, size = (nz, nx, nx), np.array([dz, spacing, spacing])
    affine = affine_of(PLANES["axial"], size[::-1], shape, center)
    step = 2.0
    work_size = np.array([dz * nz, min(spacing * nx, 330), min(spacing * nx, 450)])
    work_shape = tuple(np.ceil(work_size / step).astype(int))
    work = affine_of(PLANES["axial"], (step,) * 3, work_shape, center)
    grid = Grid(np.linalg.inv(moved @ case.pose) @ work, work_shape, case.bend)
    image = paint(case.body.layers, grid, case.noise, None)
    sigma = np.array([np.hypot(fwhm, smear), fwhm, fwhm]) / 2.355 / step
    image = ndimage.gaussian_filter(image, sigma)
    for lesion in case.lesions:
        if lesion.ratio > 1:
            _add_uptake(image, lesion, grid, case, sigma)
    if case.body.metal:  # metal reads as air in the attenuation map
        void = np.zeros(grid.shape, np.float32)
        for shape_ in case.body.metal:
            where = grid.block(*shape_.box())
            if where:
                void[where] = np.maximum(void[where], grid.distance(shape_, where) < 6)
        image *= 1 - np.float32(rng.uniform(0.1, 0.3)) * ndimage.gaussian_filter(void, 5)
    for lesion in case.lesions:
        if lesion.ratio > 1:
            _measure(image, lesion)
    noisy = image + _pet_noise(image, rng)
    back = np.linalg.inv(work) @ affine
    values = ndimage.affine_transform(noisy, np.diag(back[:3, :3])[::-1], back[:3, 3][::-1], shape, order=1)
    return np.maximum(values, 0), affine


def _add_uptake(image: np.ndarray, lesion: Lesion, grid: Grid, case: Case, sigma: np.ndarray) -> None:
    """Raises the blurred image so that its peak at the lesion is ratio times the reference."""
    glow, blocks = np.zeros_like(image), []
    for shape in lesion.pet:
        laid = grid.opacity(Layer(shape, "lesion", edge=1.2), case.noise, None)
        if laid:
            view = glow[laid[0]]
            np.maximum(view, laid[1], out=view)
            blocks.append(laid[0])
    start = [max(min(b[a].start for b in blocks) - 8, 0) for a in range(3)]
    where = tuple(slice(start[a], max(b[a].stop for b in blocks) + 8) for a in range(3))
    lesion.volume_ml = float(glow[where].sum() * 8 / 1000)
    lesion.spot = (where, glow[where] > 0.3)
    blurred = ndimage.gaussian_filter(glow[where], sigma)
    top = np.unravel_index(np.argmax(blurred), blurred.shape)
    missing = lesion.ratio * lesion.reference - image[where][top]
    image[where] += blurred * np.float32(max(missing, 0.4 * lesion.reference) / blurred[top])


def _measure(image: np.ndarray, lesion: Lesion) -> None:
    """SUVmax and SUVpeak (1 ml sphere with its center in the lesion) of the noise-free PET."""
    where, inside = lesion.spot
    ball = ((np.indices((7, 7, 7)) - 3) ** 2).sum(0) * 4 <= 6.2**2
    peak = ndimage.convolve(image[where], (ball / ball.sum()).astype(np.float32), mode="nearest")
    lesion.suv_peak, lesion.suv_max = float(peak[inside].max()), float(image[where][inside].max())


def _pet_noise(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Correlated, growing with the uptake, worse at the ends of the bed and at depth."""
    white = ndimage.gaussian_filter(rng.standard_normal(image.shape, np.float32), rng.uniform(0.9, 1.4))
    white += 0.6 * ndimage.gaussian_filter(rng.standard_normal(image.shape, np.float32), 2.2) * 3
    white /= white.std()
    z = np.linspace(-1, 1, len(image), dtype=np.float32)[:, None, None]
    level = rng.uniform(0.04, 0.11) * (1 + 0.9 * np.abs(z) ** 3)
    return white * level * np.sqrt(np.maximum(image, 0.02) * 1.2)
