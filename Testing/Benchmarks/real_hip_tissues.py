"""How much of the real bone, muscle and fat at hip and pelvis the program recognizes on T1.

usage, with PYTHONPATH=PainGenerator:Testing/Benchmarks: python Testing/Benchmarks/real_hip_tissues.py [DATA]

The truth comes from the CT of the same patients. It is brought to the T1 by mutual information, each bone in slabs of
60 mm for itself, because leg and pelvis lay differently on the two tables. Bone is what is dense on CT with all
that it encloses; its inner part lies at least 2 mm below the surface and is not dense. Each case is also run with the
fall-off of a surface coil and with noise. Tumors that a person outlined are left out of every figure.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from finding_real import contours, read_series
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.blocks import spread_blocks
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.signal import prepare_signals
from PainGeneratorLib.Numerics.mr.tissue_map import make_tissue_map, tissue_signals
from PainGeneratorLib.Registration.itk_images import from_itk_image, to_itk_image
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

CASES = ("STS_036", "STS_007", "STS_018")
"""Real cases with a CT."""
BONE_HU = 180.0
"""Lower bound for the density of cortex on CT, Hounsfield units."""
MARROW_HU = 350.0
"""Upper bound for the density of what counts as inner bone: denser bone gives no signal on MR."""
MUSCLE_HU = (20.0, 80.0)
"""Range of muscle on CT, smoothed."""
FAT_HU = (-150.0, -50.0)
"""Range of fat on CT, smoothed."""
BONE_ML = 2.0
"""Smaller dense parts are calcifications or noise."""
CLOSING_MM = 3.0
"""Half of the width of the gaps in the cortex on CT that are closed."""
INNER_MM = 2.0
"""How deep the inner bone lies below its surface, mm."""
SOFT_MARGIN_MM = 3.0
"""How far muscle and fat of the truth lie from other tissue, mm: the alignment is no better."""
CANAL_HU = (0.0, 60.0)
"""Holes of bone with this mean density and larger than :data:`CANAL_MM2` may be the spinal canal and are left out."""
CANAL_MM2 = 60.0
JOINT_MM = 6.0
"""Bones on CT that hang together by less than twice this are divided, mm."""
LARGE_BONE_ML = 10.0
"""Lower bound for the volume of the core of a bone that is aligned for itself."""
FITTED_VOXELS_LEAST = 10_000
"""With fewer voxels of T1 around a bone, the start is kept for it."""
SLAB_MM = 60.0
"""Height of the slabs that are aligned each for itself, mm."""
AROUND_BONE_MM = 12.0
"""How far around bones the alignment of a slab looks, mm."""
BODY_HU = -300.0
"""Lower bound for the density of the body on CT."""
BODY_PART = 0.1
"""Lower bound for the T1 signal of the body, as a part of the brightest tissue's."""
SAME_BODY_LEAST = 0.8
"""Lower bound for the overlap (common over joint area) of the body on CT and on T1 in a slice that is counted."""
VARIANTS = ("plain", "fall-off", "noise")
FALL_OFF_MM = 120.0
"""The signal of a surface coil at the back drops to 1/e over this distance, mm."""
NOISE_PART = 0.12
"""Standard deviation of the added noise as a part of the signal of muscle."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Masks on the grid of the T1."""

    bone: np.ndarray
    inner: np.ndarray
    muscle: np.ndarray
    fat: np.ndarray
    left_out: np.ndarray
    """Tumor, spinal canal, and where the CT was not made."""
    ct: np.ndarray


def rigid_start(ct: Image, t1: Image):
    """The rigid transform (points of the T1 to points of the CT, LPS) that fits best for all of the T1."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return _fitted(to_itk_image(t1), _clamped(ct), None, None, [4, 2], [2.0, 1.0])


def _clamped(ct: Image):
    import SimpleITK as sitk

    return sitk.Clamp(to_itk_image(ct), lowerBound=-300.0, upperBound=600.0)


def aligned(ct: Image, t1: Image, bone: np.ndarray, start):
    """For each slab of the T1 its slices and the transform (points of the T1 to points of the CT, LPS) that fits best
    around a bone, as leg and pelvis lay differently to each other."""
    import SimpleITK as sitk

    fixed, moving = to_itk_image(t1), _clamped(ct)
    steps = [max(1, round(AROUND_BONE_MM / s)) for s in ct.geometry.spacing_kji_mm]
    near = ndimage.maximum_filter(bone, [2 * n + 1 for n in steps])
    around = sitk.Cast(to_itk_image(Image(near.astype(np.float32), ct.geometry)), sitk.sitkUInt8)
    count = fixed.GetSize()[2]
    number = max(1, round(count * fixed.GetSpacing()[2] / SLAB_MM))
    ends = [round(count * n / number) for n in range(number + 1)]
    for low, high in pairwise(ends):
        slab = fixed[:, :, low:high]
        there = sitk.GetArrayViewFromImage(sitk.Resample(around, slab, start, sitk.sitkNearestNeighbor, 0))
        if not there.any():
            continue
        is_enough = np.count_nonzero(there) >= FITTED_VOXELS_LEAST
        yield slice(low, high), _fitted(slab, moving, around, start, [2, 1], [1.0, 0.0]) if is_enough else start


def _fitted(fixed, moving, around, start, shrink: list[int], sigmas: list[float]):
    """The rigid transform with the best mutual information, from a start."""
    import SimpleITK as sitk

    rigid = sitk.Euler3DTransform()
    rigid.SetCenter(fixed.TransformContinuousIndexToPhysicalPoint([n / 2.0 for n in fixed.GetSize()]))
    if start is not None:
        matrix = np.array(start.GetMatrix()).reshape(3, 3)
        center, own = np.array(start.GetCenter()), np.array(rigid.GetCenter())
        rigid.SetMatrix(start.GetMatrix())
        rigid.SetTranslation((matrix @ (own - center) + center + np.array(start.GetTranslation()) - own).tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(40)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.2, 1)
    if around is not None:
        method.SetMetricMovingMask(around)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 80)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(shrink)
    method.SetSmoothingSigmasPerLevel(sigmas)
    method.SetInitialTransform(rigid, True)
    method.Execute(fixed, moving)
    return rigid


def bone_of(ct: Image) -> tuple[np.ndarray, np.ndarray]:
    """Bone with all that it encloses, and what may be the spinal canal in it."""
    spacing = ct.geometry.spacing_kji_mm
    smooth = ndimage.gaussian_filter(ct.array, [0.0, 0.6, 0.6])
    labels, count = ndimage.label(smooth > BONE_HU)
    volume = np.bincount(labels.ravel(), minlength=count + 1) * ct.geometry.voxel_volume_ml
    # The table is a dense line far from the body: its parts are flat and enclose nothing.
    dense = np.isin(labels, [n for n in range(1, count + 1) if volume[n] >= BONE_ML])
    body = _body_on_ct(smooth)
    dense &= body
    radius = max(1, round(CLOSING_MM / spacing[1]))
    disk = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1]) <= radius + 0.3
    bone, canal = dense.copy(), np.zeros_like(dense)
    for k, slice_ in enumerate(dense):
        wide = np.pad(slice_, radius + 1, mode="edge")
        closed = ndimage.binary_closing(wide, disk)[radius + 1 : -radius - 1, radius + 1 : -radius - 1] | slice_
        holes, number = ndimage.label(ndimage.binary_fill_holes(closed) & ~slice_)
        if not number:
            continue
        mean = ndimage.mean(smooth[k], holes, range(number + 1))
        area = np.bincount(holes.ravel(), minlength=number + 1) * spacing[1] * spacing[2]
        is_canal = (mean > CANAL_HU[0]) & (mean < CANAL_HU[1]) & (area > CANAL_MM2)
        is_canal[0] = False
        canal[k] = is_canal[holes]
        bone[k] = slice_ | (holes > 0)
    return bone, canal


def _body_on_ct(smooth: np.ndarray) -> np.ndarray:
    """The body without the table."""
    labels, count = ndimage.label(ndimage.binary_opening(smooth > BODY_HU, iterations=3))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body = labels == sizes.argmax()
    return np.asarray(ndimage.binary_dilation(body, iterations=2)) if count else body


def bones(bone: np.ndarray, geometry: Geometry) -> list[np.ndarray]:
    """The large bones, divided at the joints."""
    cores, count = ndimage.label(_inside(bone, JOINT_MM, geometry.spacing_kji_mm))
    volume = np.bincount(cores.ravel(), minlength=count + 1) * geometry.voxel_volume_ml
    large = [n for n in range(1, count + 1) if volume[n] >= LARGE_BONE_ML]
    seeds = np.where(np.isin(cores, large), cores, 0)
    if not large:
        return [bone]
    nearest = ndimage.distance_transform_edt(
        seeds == 0, sampling=geometry.spacing_kji_mm, return_distances=False, return_indices=True
    )
    own = seeds[tuple(nearest)]
    return [bone & (own == n) for n in large]


def truth_of(ct: Image, t1: Image, tumor: np.ndarray) -> Truth:
    """Bone, muscle and fat of the CT on the grid of the T1."""
    import SimpleITK as sitk

    bone, canal = bone_of(ct)
    grid, start = to_itk_image(t1), rigid_start(ct, t1)

    def there(array: np.ndarray, transform, where: slice = slice(None), outside: float = 0.0) -> np.ndarray:
        image = to_itk_image(Image(array.astype(np.float32), ct.geometry))
        return from_itk_image(sitk.Resample(image, grid[:, :, where], transform, sitk.sitkLinear, outside)).array

    smooth = there(ndimage.gaussian_filter(ct.array, [0.5, 1.5, 1.5]), start, outside=-1000.0)
    seen = (there(np.ones(ct.array.shape), start) > 0.99) & _same_body(smooth, t1)[:, None, None]
    bone_there, canal_there = np.zeros((2, *t1.geometry.shape), dtype=bool)
    for one in bones(bone, ct.geometry):
        for where, transform in aligned(ct, t1, one, start):
            bone_there[where] |= there(one, transform, where) > 0.5
            canal_there[where] |= there(canal & one, transform, where) > 0.1
            density = there(ndimage.gaussian_filter(ct.array, [0.5, 1.5, 1.5]), transform, where, -1000.0)
            own = there(ndimage.binary_dilation(one, iterations=2), transform, where) > 0.5
            smooth[where][own] = density[own]
    spacing = t1.geometry.spacing_kji_mm
    inner = _inside(bone_there, INNER_MM, spacing) & (smooth < MARROW_HU) & seen
    soft = ~ndimage.binary_dilation(bone_there, iterations=4) & seen & ~tumor
    muscle = _inside((smooth > MUSCLE_HU[0]) & (smooth < MUSCLE_HU[1]) & soft, SOFT_MARGIN_MM, spacing)
    fat = _inside((smooth > FAT_HU[0]) & (smooth < FAT_HU[1]) & soft, SOFT_MARGIN_MM, spacing)
    return Truth(bone_there, inner & ~canal_there & ~tumor, muscle, fat, tumor | canal_there | ~seen, smooth)


def _same_body(smooth: np.ndarray, t1: Image) -> np.ndarray:
    """The slices on which the body on CT and the body on T1 agree: elsewhere the patient lay differently, or the T1
    has no signal."""
    on_ct = smooth > BODY_HU
    on_t1 = ndimage.gaussian_filter(t1.array, [0.0, 1.5, 1.5]) > BODY_PART * np.percentile(t1.array, 95.0)
    on_t1 = np.stack([ndimage.binary_fill_holes(ndimage.binary_closing(m, iterations=4) | m) for m in on_t1])
    both, either = (on_ct & on_t1).sum(axis=(1, 2)), (on_ct | on_t1).sum(axis=(1, 2))
    return np.asarray(both > SAME_BODY_LEAST * either)


def _inside(mask: np.ndarray, mm: float, spacing: tuple[float, float, float]) -> np.ndarray:
    """What lies deeper than `mm` in a mask, within slices."""
    flat = (1e3, spacing[1], spacing[2])
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)), mode="edge")
    return np.asarray(ndimage.distance_transform_edt(padded, sampling=flat)[:, 1:-1, 1:-1] > mm)


def varied(t1: Image, name: str, muscle: float) -> Image:
    """The T1 with the fall-off of a coil at the back, or with Rician noise."""
    if name == "plain":
        return t1
    if name == "fall-off":
        rows = np.arange(t1.array.shape[1]) * t1.geometry.spacing_kji_mm[1]
        gain = np.exp(-(rows.max() - rows) / FALL_OFF_MM)
        return Image((t1.array * gain[None, :, None]).astype(np.float32), t1.geometry)
    random = np.random.default_rng(1)
    real, imaginary = (random.normal(0.0, NOISE_PART * muscle, t1.array.shape) for _ in range(2))
    return Image(np.hypot(t1.array + real, imaginary).astype(np.float32), t1.geometry)


def tissues_of(t1: Image) -> tuple[np.ndarray, dict[str, float]]:
    """Tissue codes that the program gives to each voxel of a T1, and the typical signals that it found."""
    parameters = load_protocol("low-back").stage("mr_findings", MRParameters)
    signals = prepare_signals({"T1": t1}, {}, t1, parameters.bias)
    typical = tissue_signals(signals, parameters.fluid.over_muscle)
    codes = make_tissue_map(signals, typical, None)
    signal = {"muscle": typical.muscle["T1"], "fat": typical.fat_t1 or 0.0}
    return spread_blocks(codes, signals.factors, t1.geometry.shape), signal


def _part(of: np.ndarray, which: np.ndarray) -> float:
    return float(which[of].mean()) if of.any() else float("nan")


def _ml(mask: np.ndarray, geometry: Geometry) -> float:
    return float(np.count_nonzero(mask) * geometry.voxel_volume_ml)


def figures(codes: np.ndarray, truth: Truth, geometry: Geometry) -> dict[str, float]:
    """Shares of the truth that are found, and of what is found that is true."""
    counted = ~truth.left_out
    marrow = (codes == tissues.MARROW) & counted
    muscle = (codes == tissues.MUSCLE) & counted
    near_bone = ndimage.binary_dilation(truth.bone, iterations=2)
    return {
        "inner bone, ml": _ml(truth.inner, geometry),
        "of it marrow": _part(truth.inner, marrow),
        "marrow, ml": _ml(marrow, geometry),
        "of it bone": _part(marrow, truth.bone),
        "of it bone or 2 mm": _part(marrow, near_bone),
        "muscle found": _part(truth.muscle, muscle),
        "of muscle true": _part(muscle, (truth.ct > 0.0) & (truth.ct < 120.0)),
        "muscle as marrow": _part(truth.muscle, marrow),
        "fat found": _part(truth.fat & counted, codes == tissues.FAT),
        "fat as marrow": _part(truth.fat & counted, marrow),
    }


def cases(data: Path) -> Iterator[tuple[str, Image, Truth]]:
    """Name, T1 and truth of each case."""
    for name in CASES:
        folder = data / "sts-hip-spine" / name
        t1, ct = read_series(folder / "MR_T1" / "image"), read_series(folder / "CT" / "image")
        tumor = np.zeros(t1.geometry.shape, dtype=bool)
        for file in (folder / "MR_T1" / "mask").rglob("*"):
            if file.is_file():
                for mask in contours(file, t1).values():
                    tumor |= mask
        yield name, t1, truth_of(ct, t1, tumor)


def save_picture(path: Path, t1: Image, truth: Truth, codes: np.ndarray, count: int = 8) -> None:
    """T1 with the contours of true bone (green) and of found marrow (red) on some slices."""
    from PIL import Image as Picture

    rows = []
    scale = 255.0 / np.percentile(t1.array, 99.5)
    for k in np.linspace(1, len(t1.array) - 2, count).astype(int):
        gray = np.clip(t1.array[k] * scale, 0, 255).astype(np.uint8)
        plain = np.stack([gray] * 3, axis=-1)
        drawn = plain.copy()
        for mask, color in ((truth.inner[k], (0, 200, 0)), (codes[k] == tissues.MARROW, (255, 0, 0))):
            drawn[mask & ~ndimage.binary_erosion(mask)] = color
        classes = plain.copy()
        classes[codes[k] == tissues.MUSCLE] = (60, 60, 200)
        classes[codes[k] == tissues.FAT] = (200, 200, 60)
        classes[codes[k] == tissues.MARROW] = (220, 60, 60)
        rows.append(np.concatenate([plain, drawn, classes], axis=1))
    half = (len(rows) + 1) // 2
    rows += [np.zeros_like(rows[0])] * (2 * half - len(rows))
    whole = np.concatenate([np.concatenate(rows[:half], axis=0), np.concatenate(rows[half:], axis=0)], axis=1)
    Picture.fromarray(whole).save(path)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("PAINGENERATOR_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
    parser.add_argument("data", type=Path, nargs="?", default=default)
    parser.add_argument("--pictures", type=Path)
    words = parser.parse_args()
    for name, t1, truth in cases(words.data):
        muscle = float(np.median(t1.array[truth.muscle])) if truth.muscle.any() else 0.0
        for variant in VARIANTS:
            image = varied(t1, variant, muscle)
            codes, typical = tissues_of(image)
            found = figures(codes, truth, t1.geometry)
            texts = [f"{key} {value:.2f}" if value < 10 else f"{key} {value:.0f}" for key, value in found.items()]
            print(f"{name} {variant}: signal {typical['muscle']:.0f}/{typical['fat']:.0f}; " + ", ".join(texts))
            if words.pictures:
                save_picture(words.pictures / f"{name}-{variant}.png", image, truth, codes)


if __name__ == "__main__":
    main()
