"""`make bench`: speed of the stages beside a peer on the same data in the same run; what counts is the ratio.

    python Testing/Benchmarks/bench.py [--rows NAME ...] [--repeat N] [--data DIR] [--cache DIR]

One line is printed for each row. The figures that we quote are in SPEED.md, together with the machine on which they
were measured. Every time is given as wall seconds and as processor seconds. Our results are compared with those of the
other program when both compute the same quantity. The tests compare our fast implementations with simple ones.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of the project."""
sys.path.insert(0, str(PROJECT / "PainGenerator"))

import numpy as np
from bench_pet import FULL_PET, pet_with_foci, plain_hot_spots, whole_image_peaks
from bench_timing import Timing, exponent, header, line, timed
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.bias import correct_bias
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Numerics.pet.peak import suv_peak
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

FULL_MR = (40, 320, 320)
"""Shape of an MR series: slices, rows, columns."""
NAMES = ("first pass", "slider", "threshold")
"""Works whose cost is measured for growing sizes."""
ROWS = ("import", "dicom", "hot-spots", "slider", "drawn", "bias", "whole", "export", "threads", "growth")
"""The rows that can be chosen."""


def first_pass(suv: Image) -> tuple[HotSpotDetector, Any]:
    """Run detection, splitting, contours and all measures of every focus."""
    detector = HotSpotDetector(suv, load_protocol("low-back").stage("hot_spots", HotSpotParameters))
    return detector, detector.find()


def hot_spot_rows(repeat: int) -> Timing:
    """Print the rows of the hot spots on a full PET, and return the time of scipy alone."""
    suv = pet_with_foci(FULL_PET, 60)
    ours, (detector, result) = timed(lambda: first_pass(suv), repeat)
    plain, count = timed(lambda: plain_hot_spots(suv, 1.5), repeat)
    note = f"{len(result.hot_spots)} foci shown of {detector.n_foci}, scipy {count} components"
    line("hot spots, first pass and all measures", ours, "scipy label, statistics, peak filter", plain, note)
    regions = [spot.region for spot in result.hot_spots]
    peaks, values = timed(lambda: [suv_peak(suv, region).value for region in regions], repeat)
    whole, filtered = timed(lambda: whole_image_peaks(suv), repeat)
    expected = [filtered.reshape(-1)[region.flat].max() for region in regions]
    worst = max((abs(a / b - 1) for a, b in zip(values, expected, strict=True)), default=0.0)
    line(f"SUVpeak of {len(regions)} foci", peaks, "convolution of the whole image", whole, f"differs by {worst:.1e}")
    return plain


def slider_rows_of_full_pet(plain: Timing | None) -> None:
    """Print the rows of the slider on a full PET."""
    from bench_live import slider_rows

    suv = pet_with_foci(FULL_PET, 60)
    slider_rows(suv, plain or timed(lambda: plain_hot_spots(suv, 1.5))[0])


def growth_rows() -> None:
    """Print how the cost grows with the number of voxels (with 60 foci) and with the number of foci (full PET)."""
    from bench_live import slider_rows

    for what, cases in (
        ("voxels", [(tuple(round(n * s) for n in FULL_PET), 60) for s in (0.5, 1, 2)]),
        ("foci", [(FULL_PET, n) for n in (10, 100, 1000)]),
    ):
        rows = []
        for shape, foci in cases:
            suv = pet_with_foci(shape, foci)
            first, (detector, _) = timed(lambda suv=suv: first_pass(suv))
            live = slider_rows(suv)
            size = suv.geometry.size if what == "voxels" else max(detector.n_foci, 1)
            rows.append((size, first.cpu, live["slider"].cpu, live["threshold"].cpu))
            print(f"    {shape}, {detector.n_foci} foci: first pass {first}   slider {live['slider']}   "
                  f"threshold {live['threshold']}", flush=True)  # fmt: skip
        sizes, *costs = (list(column) for column in zip(*rows, strict=True))
        powers = [f"{name} {exponent(sizes, cost):.2f}" for name, cost in zip(NAMES, costs, strict=True)]
        print(f"exponent in the number of {what}: {', '.join(powers)}", flush=True)


def bias_row(repeat: int) -> Timing:
    """Print the row of the bias correction, and return the time of N4."""
    import SimpleITK as sitk

    rng = np.random.default_rng(3)
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in FULL_MR), indexing="ij")
    field = np.exp(0.5 * j - 0.35 * i * k + 0.25 * i**2)
    tissue = np.where(ndimage.gaussian_filter(rng.standard_normal(FULL_MR), (1, 9, 9)) > 0, 400.0, 150.0)
    body = i**2 / 0.8 + j**2 / 0.9 < 1
    array = (np.where(body, tissue * field, 0) + rng.normal(0, 6, FULL_MR)).astype(np.float32)
    image = Image(array, Geometry(FULL_MR, np.diag([1.0, 1.0, 4.0, 1.0])))
    parameters = load_protocol("low-back").stage("mr_findings", MRParameters).bias
    ours, (_, found) = timed(lambda: correct_bias(image, parameters=parameters), repeat)

    def n4() -> np.ndarray:
        small = sitk.Shrink(sitk.GetImageFromArray(array), (4, 4, 1))
        mask = sitk.Shrink(sitk.GetImageFromArray(body.astype(np.uint8)), (4, 4, 1))
        correct = sitk.N4BiasFieldCorrectionImageFilter()
        correct.SetMaximumNumberOfIterations([50, 40, 30])
        correct.Execute(small, mask)
        return sitk.GetArrayFromImage(correct.GetLogBiasFieldAsImage(sitk.GetImageFromArray(array)))

    peer, theirs = timed(n4, 1)
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
    return peer


def dicom_rows(data: Path, repeat: int) -> None:
    """Print the rows of reading DICOM: a real series, if the reference data are there, and a made one."""
    folder = data / "sts-001-pet-mr" / "FDG_PET" / "image"
    if folder.is_dir():
        dicom_row("DICOM read with SUV, 267 slices, implicit VR", folder, repeat)
    else:
        print(f"{'DICOM read, real series':<52} left out: no reference data in {data}")
    with tempfile.TemporaryDirectory() as made:
        _write_slices(Path(made), 400)
        dicom_row("DICOM read with SUV, 400 slices, explicit VR", Path(made), repeat)


def dicom_row(name: str, folder: Path, repeat: int) -> None:
    """Print the row of reading one folder."""
    import SimpleITK as sitk
    from PainGeneratorLib.Dicom.reader import read_folder
    from PainGeneratorLib.Numerics.suv.factors import compute_suv_factors

    def ours() -> np.ndarray:
        series = read_folder(folder).series[0]
        image = series.load()
        return image.array * compute_suv_factors(series.pet_header).factors.astype(np.float32)[:, None, None]

    def peer() -> np.ndarray:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        return sitk.GetArrayViewFromImage(reader.Execute())

    # SimpleITK warns of every slice that is a tenth of a millimeter away from the grid. These warnings would hide the
    # figures.
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    quick, suv = timed(ours, repeat)
    theirs, _ = timed(peer, repeat)
    line(name, quick, "SimpleITK series reader, no SUV", theirs, f"SUV up to {float(suv.max()):.1f}")


def _write_slices(folder: Path, count: int) -> None:
    """Write a PET series with slices of 344 x 344 pixels and the headers of a phantom."""
    import datetime

    from PainGeneratorLib.Phantoms.dicom_files import Examination, write_pet

    start = datetime.datetime(2024, 5, 6, 9, 30)
    exam = Examination(
        "bench", "PG-B", "F", 50, 70.0, 1.7, 2.5e8, 3600.0, start, "START", "both", False, True, "bench"
    )
    suv = np.abs(np.random.default_rng(0).normal(1, 0.3, (count, 344, 344)).astype(np.float32))
    write_pet(folder, suv, Geometry(suv.shape, np.diag([-2.09, -2.09, 2.03, 1.0])), exam, 1, "PET")


def import_row(repeat: int) -> None:
    """Print the row of starting the command."""

    def run(*words: str) -> None:
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)

    ours, _ = timed(lambda: run("-m", "PainGeneratorLib.Headless.cli", "--help"), repeat)
    peer, _ = timed(lambda: run("-c", "import numpy"), repeat)
    line("pain-generator --help (clock only)", ours, "python -c 'import numpy'", peer)


def main() -> None:
    """Read the command line and print the chosen rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--repeat", type=int, default=3)
    default = os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "paingenerator-bench")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}")
    print(f"load before the run: {os.getloadavg()[0]:.1f}")
    header()
    plain = n4 = None
    if "import" in options.rows:
        import_row(options.repeat)
    if "dicom" in options.rows:
        dicom_rows(options.data, options.repeat)
    if "hot-spots" in options.rows:
        plain = hot_spot_rows(options.repeat)
    if "slider" in options.rows:
        slider_rows_of_full_pet(plain)
    if "drawn" in options.rows:
        from bench_drawn import drawn_rows

        drawn_rows(pet_with_foci(FULL_PET, 60))
    if "bias" in options.rows:
        n4 = bias_row(options.repeat)
    if "whole" in options.rows:
        from bench_live import edit_row
        from bench_whole import whole_row

        sum_of_plain = None if n4 is None or plain is None else n4 + n4 + n4 + plain
        edit_row(*whole_row(options.cache, sum_of_plain))
    if "export" in options.rows:
        from bench_export import export_row

        export_row(options.cache, options.repeat)
    if "threads" in options.rows:
        from bench_threads import threads_rows

        threads_rows(options.cache)
    if "growth" in options.rows:
        growth_rows()


if __name__ == "__main__":
    main()
