"""`make bench`: speed of the stages beside a peer on the same data in the same run; what counts is the ratio.

    python Testing/Benchmarks/bench.py [--repeat N] [--data DIR]

Prints one line per row and writes nothing; the figures that we quote stand in SPEED.md with the machine they are from.
Every row compares results with the plain implementation where there is one, and says by how much they differ.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage, signal

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "PainGenerator"))

from PainGeneratorLib.Numerics.bias import BiasParameters, correct_bias
from PainGeneratorLib.Numerics.hot_spots import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.image import Geometry, Image
from PainGeneratorLib.Numerics.peak import sphere_kernel, suv_peak
from PainGeneratorLib.Workflow.protocol import load_protocol

FULL_PET = (127, 344, 344)
FULL_MR = (40, 320, 320)


def seconds(work: Callable[[], object], repeat: int) -> tuple[float, object]:
    """The shortest of some runs, and the last result: other work on the machine only ever adds."""
    best, result = np.inf, None
    for _ in range(repeat):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def line(name: str, ours: float, peer_name: str, peer: float, note: str = "") -> None:
    print(f"{name:<46} {ours:9.3f} s   {peer_name:<34} {peer:9.3f} s   {peer / ours:7.1f} x   {note}", flush=True)


def pet_with_foci(shape: tuple[int, int, int], foci: int, seed: int = 4) -> Image:
    """Tissue with correlated noise and blurred foci, on the grid of a hybrid scanner's PET."""
    rng = np.random.default_rng(seed)
    _, j, i = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    body = (j[None, :, None] / 0.62) ** 2 + (i[None, None, :] / 0.8) ** 2 < 1
    array = np.where(body, np.float32(1.0), np.float32(0.02)) * np.ones((shape[0], 1, 1), np.float32)
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), 1.1)
    array *= 1 + 0.08 * noise / noise.std()
    inside = np.flatnonzero(ndimage.binary_erosion(body[0], iterations=12))
    extra = np.zeros(shape, dtype=np.float32)
    for _ in range(foci):
        row, column = np.unravel_index(rng.choice(inside), shape[1:])
        extra[rng.integers(8, shape[0] - 8), row, column] += rng.uniform(60.0, 140.0)
    array += ndimage.gaussian_filter(extra, 1.7)
    matrix = np.diag([-2.09, -2.09, 2.03, 1.0])
    matrix[:3, 3] = -matrix[:3, :3] @ (np.array(shape[::-1]) - 1) / 2
    return Image(array, Geometry(shape, matrix))


def plain_hot_spots(suv: Image, threshold: float) -> int:
    """What one does with scipy alone: label, statistics and a peak filter over the whole image."""
    labels, count = ndimage.label(suv.array > threshold, np.ones((3, 3, 3)))
    numbers = np.arange(1, count + 1)
    ndimage.maximum(suv.array, labels, numbers)
    ndimage.mean(suv.array, labels, numbers)
    ndimage.sum_labels(np.ones_like(labels), labels, numbers)
    ndimage.center_of_mass(suv.array, labels, numbers)
    peaks = signal.fftconvolve(suv.array, kernel_of(suv), mode="same")
    ndimage.maximum(peaks, labels, numbers)
    return count


def kernel_of(suv: Image) -> np.ndarray:
    """The 1 ml sphere as an array."""
    offsets, weights = sphere_kernel(suv.geometry.spacing_kji_mm)
    offsets = np.asarray(offsets)
    kernel = np.zeros(2 * np.abs(offsets).max(axis=0) + 1, dtype=np.float32)
    kernel[tuple((offsets + np.abs(offsets).max(axis=0)).T)] = weights / np.sum(weights)
    return kernel


def hot_spot_rows(repeat: int) -> None:
    parameters = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
    suv = pet_with_foci(FULL_PET, 60)
    first, detector = seconds(lambda: HotSpotDetector(suv, parameters), repeat)
    measured, result = seconds(detector.find, 1)
    plain, count = seconds(lambda: plain_hot_spots(suv, 1.5), repeat)
    note = f"{len(result.hot_spots)} foci, scipy {count} components"
    line("hot spots: first pass and measures, 15 Mvox", first + measured, "scipy label, statistics, peak", plain, note)
    ratios = np.linspace(1.2, 2.0, 9)
    for ratio in ratios:
        detector.find(ratio)
    changed, _ = seconds(lambda: [detector.find(r) for r in ratios], repeat)
    line("hot spots: slider moved, all measured before", changed / len(ratios), "scipy again", plain)
    fresh = HotSpotDetector(suv, parameters)
    moved, _ = seconds(lambda: fresh.find(1.3), 1)
    line("hot spots: slider moved, first time", moved, "scipy again", plain)
    regions = [spot.region for spot in result.hot_spots]
    peaks, values = seconds(lambda: [suv_peak(suv, region).value for region in regions], repeat)
    whole, filtered = seconds(lambda: signal.fftconvolve(suv.array, kernel_of(suv), mode="same"), repeat)
    expected = [filtered.reshape(-1)[region.flat].max() for region in regions]
    worst = max(abs(a / b - 1) for a, b in zip(values, expected, strict=True)) if regions else 0.0
    line(f"SUVpeak of {len(regions)} foci", peaks, "whole-image convolution", whole, f"differs by {worst:.2e}")


def growth_rows(repeat: int) -> None:
    """How the cost grows with voxels and with foci."""
    parameters = load_protocol("low-back").stage("hot_spots", HotSpotParameters)
    rows = []
    for scale in (0.5, 1.0):
        suv = pet_with_foci(tuple(int(n * scale) for n in FULL_PET), 30)
        first, detector = seconds(lambda suv=suv: HotSpotDetector(suv, parameters), repeat)
        detector.find(1.3)
        live, _ = seconds(lambda detector=detector: detector.find(1.3), repeat)
        rows.append((suv.geometry.size, first, live))
    power = np.log(rows[1][1] / rows[0][1]) / np.log(rows[1][0] / rows[0][0])
    print(f"{'first pass, exponent in the number of voxels':<46} {power:9.2f}")
    print(f"{'slider, seconds at 1/8 and at full size':<46} {rows[0][2]:9.4f} s {rows[1][2]:9.4f} s")


def bias_row(repeat: int) -> None:
    import SimpleITK as sitk

    rng = np.random.default_rng(3)
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in FULL_MR), indexing="ij")
    field = np.exp(0.5 * j - 0.35 * i * k + 0.25 * i**2)
    tissue = np.where(ndimage.gaussian_filter(rng.standard_normal(FULL_MR), (1, 9, 9)) > 0, 400.0, 150.0)
    body = i**2 / 0.8 + j**2 / 0.9 < 1
    array = (np.where(body, tissue * field, 0) + rng.normal(0, 6, FULL_MR)).astype(np.float32)
    image = Image(array, Geometry(FULL_MR, np.diag([1.0, 1.0, 4.0, 1.0])))
    section = load_protocol("low-back").values()["mr_findings"]
    keys = ("order", "sample_mm", "pair_mm", "iterations", "histogram_fwhm", "foreground_part")
    parameters = BiasParameters(*(section[f"bias_{key}"] for key in keys))
    ours, (_, found) = seconds(lambda: correct_bias(image, parameters=parameters), repeat)

    def n4() -> np.ndarray:
        small = sitk.Shrink(sitk.GetImageFromArray(array), (4, 4, 1))
        mask = sitk.Shrink(sitk.GetImageFromArray(body.astype(np.uint8)), (4, 4, 1))
        correct = sitk.N4BiasFieldCorrectionImageFilter()
        correct.SetMaximumNumberOfIterations([50, 40, 30])
        correct.Execute(small, mask)
        return sitk.GetArrayFromImage(correct.GetLogBiasFieldAsImage(sitk.GetImageFromArray(array)))

    peer, theirs = seconds(n4, 1)
    errors = []
    for log_field in (found, theirs):
        difference = (log_field - np.log(field))[body]
        errors.append(np.abs(difference - np.median(difference)).mean())
    line(
        "bias correction, 320 x 320 x 40",
        ours,
        "N4, shrink 4, 50/40/30",
        peer,
        "field off by {:.1%}, N4 {:.1%}".format(*errors),
    )


def dicom_row(data: Path, repeat: int) -> None:
    import SimpleITK as sitk
    from PainGeneratorLib.Dicom.reader import read_folder

    folder = data / "sts-001-pet-mr" / "FDG_PET" / "image"
    if not folder.is_dir():
        print(f"{'DICOM read':<46} left out: no reference data in {data}")
        return

    def peer() -> object:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        return reader.Execute()

    ours, _ = seconds(lambda: read_folder(folder).series[0].load(), repeat)
    theirs, _ = seconds(peer, repeat)
    line("DICOM read, 267 slices", ours, "SimpleITK series reader", theirs)


def import_row(repeat: int) -> None:
    def run(*words: str) -> None:
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)

    ours, _ = seconds(lambda: run("-m", "PainGeneratorLib.Headless.cli", "--help"), repeat)
    peer, _ = seconds(lambda: run("-c", "import numpy"), repeat)
    line("pain-generator --help", ours, "python -c 'import numpy'", peer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    default = os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}")
    print(f"{'what':<46} {'ours':>11}   {'peer':<34} {'peer':>11}   {'ratio':>9}")
    import_row(options.repeat)
    dicom_row(options.data, options.repeat)
    hot_spot_rows(options.repeat)
    growth_rows(options.repeat)
    bias_row(options.repeat)


if __name__ == "__main__":
    main()
