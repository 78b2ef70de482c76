"""The outline of the body on real lumbar MR, and how even one tissue becomes by the shading correction.

    python Testing/Benchmarks/body_outline.py [--volumes NAME ...] [--variants NAME ...] [--pictures FOLDER]

It needs the seven volumes of ``lumbar-mr-labelled`` (see ``PAINGENERATOR_DATA``) and nibabel. The true outline of each
volume was made once by hand: thresholds for the skin of the back and of the belly that were chosen for this volume by
eye, a median over neighboring lines, and drawn points where a saturation band hides the skin (:data:`TRUTHS`). The
program knows none of them. Each line gives, in percent: the Dice coefficient, the air that is called body, the same
as far as it is also called usable, the body that is lost, the same within 80 mm of the drawn vertebrae or discs, and
the part there that is said to hold no usable signal.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of the project."""
sys.path.insert(0, os.environ.get("PAINGENERATOR_TREE", str(PROJECT / "PainGenerator")))

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.bias import correct_bias
from PainGeneratorLib.Numerics.mr.blocks import spread_blocks
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.signal import prepare_signals
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

DATA = Path(os.environ.get("PAINGENERATOR_DATA", PROJECT.parent / "shared" / "data")) / "lumbar-mr-labelled"
"""The folder of the volumes."""
BIAS = load_protocol("low-back").stage("mr_findings", MRParameters).bias
"""The parameters of the shading correction."""
NEAR_MM = 80.0
"""Radius around the drawn vertebrae or discs in which the outline matters most, mm."""
NOISE_SEED = 7
"""Seed of the noise that variants add."""


@dataclass(frozen=True)
class Truth:
    """How the true outline of a volume is found.

    Parameters
    ----------
    source : str
        The volume of the same patient and position on which the skin is seen best.
    back, front : float
        Gray value above which the first voxel from the back or from the front is skin.
    sigma_mm : float
        Standard deviation of the smoothing before.
    front_points : tuple of (int, int)
        Drawn points (S index, A index) of the front where the skin cannot be seen, ascending.
    """

    source: str
    back: float
    front: float
    sigma_mm: float = 1.5
    front_points: tuple[tuple[int, int], ...] = ()


BAND = ((0, 255), (15, 258), (60, 266), (110, 288), (125, 297))
"""The belly under the saturation band of DzZ; the skin is seen again at its lower end."""
TRUTHS = {
    "AKa_T1": Truth("AKa_T1", 8.0, 13.0),
    "AKa_TIRM": Truth("AKa_T1", 8.0, 13.0),
    "DzZ_T1": Truth("DzZ_T1", 22.0, 28.0, front_points=BAND),
    "DzZ_T2": Truth("DzZ_T1", 22.0, 28.0, front_points=BAND),
    "IVD20_T2": Truth("IVD20_T2", 150.0, 108.0, 2.5),
    "Myo01_T1FFE": Truth("Myo01_T1FFE", 10.0, 2.2),
    "VB2_04_T2": Truth("VB2_04_T2", 37.0, 45.0),
}
"""The volumes, with the values chosen by eye."""


def load(name: str) -> Image:
    """A volume, array axes S, A, R."""
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(DATA / f"{name}.nii.gz"))
    array = np.ascontiguousarray(np.asarray(image.dataobj).transpose(2, 1, 0), dtype=np.float32)
    return Image(array, Geometry(array.shape, image.affine))


def true_body(name: str) -> np.ndarray:
    """The true outline, shape (S, A, R)."""
    truth = TRUTHS[name]
    smooth = ndimage.gaussian_filter(load(truth.source).array, truth.sigma_mm)
    back = _first(smooth > truth.back)
    length = smooth.shape[1]
    front = length - 1 - _first((smooth > truth.front)[:, ::-1])
    if truth.front_points:
        at, where = np.array(truth.front_points).T
        rows = np.arange(at[-1] + 1)
        front[: len(rows)] = np.interp(rows, at, where)[:, None]
    along = np.arange(length)[None, :, None]
    return (along >= back[:, None]) & (along <= front[:, None])


def _first(mask: np.ndarray) -> np.ndarray:
    """The first index along A at which a mask holds, smoothed over neighboring lines."""
    first = ndimage.median_filter(mask.argmax(axis=1).astype(float), (15, 7), mode="nearest")
    smooth: np.ndarray = ndimage.gaussian_filter(first, 2.0)
    return smooth


@dataclass(frozen=True, eq=False)
class Shown:
    """A volume as a variant shows it, with its truth and the surroundings of the spine."""

    image: Image
    body: np.ndarray
    near: np.ndarray


def shown(name: str) -> Shown:
    """A volume as it is."""
    image, labels = load(name), load(f"{name}_labels").array > 0
    coarse = labels[::4, ::4, ::4]
    near = ndimage.distance_transform_edt(~coarse, sampling=4.0 * np.array(image.geometry.spacing_kji_mm)) < NEAR_MM
    return Shown(image, true_body(name), spread_blocks(near, (4, 4, 4), labels.shape))


def _noise_sd(one: Shown) -> tuple[float, float]:
    """Mean and standard deviation of the air."""
    air = one.image.array[ndimage.binary_erosion(~one.body, iterations=8) & (one.image.array > 0)]
    return float(np.median(air)), float(np.std(air[np.abs(air - np.median(air)) < 4.0 * np.median(air) + 1.0]))


def _with_array(one: Shown, array: np.ndarray) -> Shown:
    return Shown(Image(array.astype(np.float32), one.image.geometry), one.body, one.near)


def _noisy(one: Shown, times: float) -> Shown:
    """More Rician noise: its standard deviation is `times` that of the air."""
    rng = np.random.default_rng(NOISE_SEED)
    level, sd = _noise_sd(one)
    sigma = np.float32(np.sqrt(times**2 - 1.0) * max(sd, 0.5, level / 1.91 if level < 10.0 else 0.0))
    array = one.image.array
    real = array + sigma * rng.standard_normal(array.shape, dtype=np.float32)
    return _with_array(one, np.hypot(real, sigma * rng.standard_normal(array.shape, dtype=np.float32)))


def _falling(one: Shown) -> Shown:
    """The signal of the body falls by exp(-d / 60 mm) with the distance from the back; the noise stays."""
    rng = np.random.default_rng(NOISE_SEED)
    array = one.image.array
    level, sd = _noise_maps(one)
    depth = np.cumsum(one.body, axis=1, dtype=np.float32) * np.float32(one.image.geometry.spacing_kji_mm[1])
    fallen = np.maximum(array - level, 0.0) * np.exp(-depth / 60.0)
    noise = sd * rng.standard_normal((2, *array.shape), dtype=np.float32)
    return _with_array(one, np.where(one.body, np.hypot(fallen + noise[0], noise[1]) + (level - 1.25 * sd), array))


def _noise_maps(one: Shown) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the noise at each voxel, carried from the air into the body."""
    coarse = np.ascontiguousarray(one.image.array[::4, ::4, ::4])
    air = ndimage.binary_erosion(~one.body[::4, ::4, ::4], iterations=2) & (coarse > 0)

    def carried(values: np.ndarray) -> np.ndarray:
        weight = ndimage.gaussian_filter(air.astype(np.float32), 10.0) + 1e-9
        smooth = ndimage.gaussian_filter(np.where(air, values, 0.0).astype(np.float32), 10.0) / weight
        return spread_blocks(smooth, (4, 4, 4), one.body.shape)

    level = carried(coarse)
    difference = coarse - level[::4, ::4, ::4]
    return level, np.maximum(np.sqrt(carried(difference**2)), 0.3)


def _cropped(one: Shown) -> Shown:
    """No air in front of the body and behind it."""
    inside = np.flatnonzero(one.body.mean(axis=(0, 2)) > 0.97)
    part = (slice(None), slice(int(inside[0]), int(inside[-1]) + 1), slice(None))
    array = one.image.array[part]
    geometry = one.image.geometry.cropped((0, int(inside[0]), 0), array.shape)
    return Shown(Image(np.ascontiguousarray(array), geometry), one.body[part], one.near[part])


def _planes(one: Shown) -> Shown:
    """Planes of one gray value at the borders."""
    array = one.image.array.copy()
    gray = float(np.percentile(array, 60))
    array[:, -9:], array[:6], array[:, :, :3] = gray, gray, 0.0
    body = one.body.copy()
    body[:, -9:], body[:6], body[:, :, :3] = False, False, False
    return Shown(Image(array, one.image.geometry), body, one.near)


def _ghost(one: Shown) -> Shown:
    """A faint copy of the image, wrapped around, as of breathing or flow."""
    array = one.image.array
    return _with_array(one, array + 0.06 * np.roll(array - _noise_sd(one)[0], array.shape[1] // 3, axis=1))


def _gray(one: Shown) -> Shown:
    """Rescaled to 8 bit, with no signal at gray 32."""
    array = one.image.array
    return _with_array(one, np.clip(np.rint(32.0 + array * 200.0 / np.percentile(array, 99.5)), 0, 255))


def _thick(one: Shown) -> Shown:
    """Sagittal slices of 4 mm."""
    array = np.ascontiguousarray(one.image.array[:, :, 1::4].transpose(2, 0, 1))
    matrix = one.image.geometry.ijk_to_ras[:, [1, 2, 0, 3]].copy()
    matrix[:3, 2] *= 4.0
    matrix[:3, 3] = one.image.geometry.to_ras(np.array([1.0, 0.0, 0.0]))
    body, near = (mask[:, :, 1::4].transpose(2, 0, 1) for mask in (one.body, one.near))
    return Shown(Image(array, Geometry(array.shape, matrix)), body, near)


def _turned(one: Shown) -> Shown:
    """Other order of the voxels: the array runs from head to feet and from front to back, axes A, R, S."""
    flip = (slice(None, None, -1), slice(None, None, -1), slice(None))
    array = np.ascontiguousarray(one.image.array[flip].transpose(1, 2, 0))
    s, a, _ = one.image.array.shape
    old = one.image.geometry
    matrix = old.ijk_to_ras.copy()
    columns = [-old.ijk_to_ras[:3, 2], old.ijk_to_ras[:3, 0], -old.ijk_to_ras[:3, 1]]
    matrix[:3, :3] = np.stack(columns, axis=1)
    matrix[:3, 3] = old.to_ras(np.array([0.0, a - 1.0, s - 1.0]))
    body, near = (mask[flip].transpose(1, 2, 0) for mask in (one.body, one.near))
    return Shown(Image(array, Geometry(array.shape, matrix)), body, near)


VARIANTS: dict[str, Callable[[Shown], Shown]] = {
    "plain": lambda one: one,
    "fall-off": _falling,
    "noise x2": lambda one: _noisy(one, 2.0),
    "noise x4": lambda one: _noisy(one, 4.0),
    "no air": _cropped,
    "planes": _planes,
    "ghost": _ghost,
    "gray 32": _gray,
    "4 mm": _thick,
    "turned": _turned,
}
"""The variants of each volume."""


def measured(one: Shown) -> tuple[list[float], np.ndarray]:
    """The measures of one volume in percent, and the body that was found."""
    signals = prepare_signals({"T1": one.image}, {}, one.image, BIAS)
    body = spread_blocks(signals.body, signals.factors, one.image.array.shape)
    usable = getattr(signals, "usable", None)
    usable = body if usable is None else spread_blocks(usable, signals.factors, body.shape)
    air, near = ~one.body, one.body & one.near
    parts = [
        2.0 * np.count_nonzero(body & one.body) / max(np.count_nonzero(body) + np.count_nonzero(one.body), 1),
        _part(body, air),
        _part(usable, air),
        _part(~body, one.body),
        _part(~body, near),
        _part(~usable, near),
    ]
    return [100.0 * part for part in parts], body


def _part(mask: np.ndarray, of: np.ndarray) -> float:
    return np.count_nonzero(mask & of) / max(np.count_nonzero(of), 1)


def evenness(name: str) -> str:
    """How even one tissue is before and after the correction: marrow over the levels, and fat in front over back."""
    one, labels = shown(name), load(f"{name}_labels").array
    signals = prepare_signals({"T1": one.image}, {}, one.image, BIAS)
    after = spread_blocks(np.nan_to_num(signals.roles["T1"]), signals.factors, one.image.array.shape)
    plain, _ = correct_bias(one.image, parameters=BIAS)
    texts = []
    inner = ndimage.binary_erosion(labels > 0, iterations=3)
    numbers = [n for n in np.unique(labels[inner]) if np.count_nonzero(inner & (labels == n)) > 200]
    depth_back = np.cumsum(one.body, axis=1)
    depth_front = np.cumsum(one.body[:, ::-1], axis=1)[:, ::-1]
    for title, array in (("before", one.image.array), ("plain correction", plain), ("after", after)):
        levels = np.array([np.median(array[inner & (labels == n)]) for n in numbers])
        fat = [np.percentile(array[one.body & (d > 3) & (d < 12)], 75) for d in (depth_front, depth_back)]
        within = np.median(
            [np.std(array[inner & (labels == n)]) / np.median(array[inner & (labels == n)]) for n in numbers]
        )
        spread = 100.0 * levels.std() / levels.mean()
        texts.append(f"{title}: levels {spread:5.1f} %, within {100 * within:5.1f} %, "
                     f"fat front/back {fat[0] / max(fat[1], 1e-6):5.2f}")  # fmt: skip
    return f"{name:12s} " + "; ".join(texts)


def peak_memory() -> str:
    """Peak of the memory that numpy asks for, for four series of 40 x 512 x 512."""
    rng = np.random.default_rng(1)
    geometry = Geometry((40, 512, 512), np.diag([0.5, 0.5, 4.0, 1.0]))
    body = np.zeros(geometry.shape, dtype=bool)
    body[:, 60:400, 40:470] = True
    series = {}
    for role in ("T1", "FLUID", "T2", "CONTRAST"):
        array = rng.rayleigh(10.0, geometry.shape).astype(np.float32)
        array[body] += 200.0
        series[role] = Image(array, geometry)
    tracemalloc.start()
    start = time.process_time()
    prepare_signals(series, {}, series["T1"], BIAS)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    images, seconds = 4 * array.nbytes / 2**20, time.process_time() - start
    return f"four series of 40 x 512 x 512: peak {peak:.0f} MiB beside {images:.0f} MiB of images, {seconds:.1f} s"


def save_picture(path: Path, one: Shown, body: np.ndarray) -> None:
    """Three slices with the true outline (green) and the found one (red)."""
    from PIL import Image as Picture

    across = int(np.argmin(one.image.array.shape))
    tiles = []
    for part in (0.2, 0.5, 0.8):
        index = int(part * one.image.array.shape[across])
        gray, truth, found = (np.take(x, index, across)[::-1] for x in (one.image.array, one.body, body))
        gray = 255.0 * np.clip((gray - gray.min()) / np.percentile(one.image.array, 99.5), 0, 1) ** 0.4
        tile = np.stack([gray] * 3, axis=-1)
        for mask, color in ((truth, (0, 255, 0)), (found, (255, 0, 0))):
            tile[mask & ~ndimage.binary_erosion(mask, border_value=1)] = color
        tiles.append(tile)
    Picture.fromarray(np.hstack(tiles).astype(np.uint8)).save(path)


def lines_of(name: str, variants: list[str], pictures: Path | None) -> list[tuple[str, list[float]]]:
    """Measure and print the variants of one volume."""
    whole, rows = shown(name), []
    for variant in variants:
        one = VARIANTS[variant](whole)
        values, body = measured(one)
        rows.append((variant, values))
        print(f"{name:12s} {variant:9s} " + " ".join(f"{v:9.1f}" for v in values), flush=True)
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            save_picture(pictures / f"{name}_{variant.replace(' ', '_')}.png", one, body)
    return rows


def main() -> None:
    """Print one line for each volume and variant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--volumes", nargs="*", default=list(TRUTHS))
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--evenness", action="store_true")
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    if options.memory:
        print(peak_memory(), flush=True)
    if options.evenness:
        for name in options.volumes:
            print(evenness(name), flush=True)
    print("volume       variant     Dice  air>body  usable air  body lost  lost near  unusable near", flush=True)
    rows = [row for name in options.volumes for row in lines_of(name, options.variants, options.pictures)]
    for variant in options.variants:
        mean = np.mean([values for kind, values in rows if kind == variant], axis=0)
        print(f"{'mean':12s} {variant:9s} " + " ".join(f"{v:9.1f}" for v in mean), flush=True)


if __name__ == "__main__":
    main()
