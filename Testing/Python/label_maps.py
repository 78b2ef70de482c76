"""Label maps of a drawn trunk with the numbers of many programs, and the files that people keep them in.

Coordinates are RAS mm (x to the patient's right), with the middle of disc L5/S1 near the origin. Sizes are those of an
adult, in round numbers. The spine leans by three degrees, as real ones do, unless it is drawn straight.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Geometry, Image

SPACING = 4.0
LOW, HIGH = np.array([-152.0, -132.0, -200.0]), np.array([152.0, 100.0, 260.0])
UPWARD = ("L5", "L4", "L3", "L2", "L1", "T12", "T11")
STEP = 35.0
"""Distance of neighboring vertebrae, mm."""
SPINE = tuple(f"vertebrae_{level}" for level in UPWARD)
DISCS = ("disc_L5_S1", *(f"disc_{upper}_{lower}" for lower, upper in itertools.pairwise(UPWARD)))


def _grid() -> Geometry:
    count = np.ceil((HIGH - LOW) / SPACING).astype(int)
    matrix = np.diag([-SPACING, -SPACING, SPACING, 1.0])
    matrix[:3, 3] = [HIGH[0], HIGH[1], LOW[2]]
    return Geometry(tuple(int(n) for n in count[::-1]), matrix)


GRID = _grid()
"""Axes to the left, to the back and upward, as ITK writes a standard axial image."""


def _ellipsoid(x, y, z, middle, radii):
    return sum(((a - m) / r) ** 2 for a, m, r in zip((x, y, z), middle, radii, strict=True)) <= 1


def _tube(x, y, z, middle, radius, low, high):
    return ((x - middle[0]) ** 2 + (y - middle[1]) ** 2 <= radius**2) & (z >= low) & (z <= high)


def _vertebra(x, y, z, middle):
    body = ((x / 24) ** 2 + (y / 17) ** 2 <= 1) & (abs(z - middle) <= 12.5)
    arch = (abs(x) <= 20) & (y < -34) & (y > -44) & (abs(z - middle + 4) <= 12)
    spine = (abs(x) <= 4) & (y <= -44) & (y > -70) & (abs(z - middle + 6) <= 12)
    return body | arch | spine


def _shapes(x, y, z) -> Iterable[tuple[str, np.ndarray]]:
    """Name and mask of every structure; earlier ones lie in front of later ones."""
    top = STEP * (len(UPWARD) + 0.3)
    yield "spinal_cord", _tube(x, y, z, (0, -26), 5, -20, top)
    yield "spinal_canal", _tube(x, y, z, (0, -26), 9, -20, top)
    for n, disc in enumerate(DISCS):
        yield disc, ((x / 24) ** 2 + (y / 17) ** 2 <= 1) & (abs(z - STEP * n) <= 5)
    for n, name in enumerate(SPINE):
        yield name, _vertebra(x, y, z, STEP * (n + 0.5))
    yield "sacrum", (abs(x) <= 46 + 0.25 * z) & (z < -5) & (z > -105) & (abs(y + 10 - 0.25 * z) < 18)
    for side, sign in (("left", -1), ("right", 1)):
        u = sign * x
        yield f"autochthon_{side}", (u > 6) & (u < 42) & (y < -46) & (y > -84) & (z > -50)
        yield f"iliopsoas_{side}", _ellipsoid(u, y, z, (48, 12, 40), (20, 20, 120))
        yield f"kidney_{side}", _ellipsoid(u, y, z, (72, -20, 135), (26, 24, 52))
        yield (
            f"hip_{side}",
            (u > 52) & (u < 118) & (abs(y + 5) < 42) & (z < 22) & (z > -105) & (abs(u - 85 - z / 4) < 12),
        )
        yield (
            f"femur_{side}",
            _ellipsoid(u, y, z, (98, 0, -90), (23, 23, 23)) | _tube(u, y, z, (112, -4), 15, -260, -85),
        )
        yield f"gluteus_maximus_{side}", _ellipsoid(u, y, z, (70, -92, -85), (46, 26, 75))
        yield f"gluteus_medius_{side}", _ellipsoid(u, y, z, (118, -20, -20), (18, 45, 50))
        yield f"gluteus_minimus_{side}", _ellipsoid(u, y, z, (116, 30, -45), (14, 22, 30))
    yield "liver", _ellipsoid(x, y, z, (75, 25, 195), (70, 60, 62))
    yield "spleen", _ellipsoid(x, y, z, (-100, -40, 200), (30, 32, 45))
    yield "stomach", _ellipsoid(x, y, z, (-55, 50, 190), (40, 35, 45))
    yield "aorta", _tube(x, y, z, (-10, 30), 10, 40, 255)
    yield "inferior_vena_cava", _tube(x, y, z, (16, 30), 11, 30, 250)
    yield "urinary_bladder", _ellipsoid(x, y, z, (0, 45, -95), (38, 30, 30))
    yield "small_bowel", _ellipsoid(x, y, z, (0, 70, 60), (80, 28, 60))


@cache
def _drawn(lean: float) -> tuple[np.ndarray, tuple[str, ...]]:
    k, j, i = np.indices(GRID.shape, dtype=np.float32)
    x, y, z = (GRID.ijk_to_ras[axis, axis] * a + GRID.ijk_to_ras[axis, 3] for axis, a in enumerate((i, j, k)))
    x = x + np.float32(np.tan(np.deg2rad(lean))) * z
    labels, names = np.zeros(GRID.shape, dtype=np.uint16), []
    for name, mask in _shapes(x, y, z):
        names.append(name)
        labels[mask & (labels == 0)] = len(names)
    labels.setflags(write=False)
    return labels, tuple(names)


ALL_NAMES = _drawn(3.0)[1]
PLAIN_SPINE = ("sacrum", "spinal_canal", *SPINE[:6])
"""Sacrum, canal, and vertebrae L5 to T12."""


def renumbered(numbers: Mapping[str, int], lean: float = 3.0) -> Image:
    """The drawn trunk with the given number for each structure; structures without a number are left out."""
    labels, names = _drawn(lean)
    table = np.array([0, *(numbers.get(name, 0) for name in names)], dtype=np.uint16)
    return Image(table[labels], GRID)


def counted(names: Iterable[str]) -> dict[str, int]:
    """Numbers from 1 in the order of the names."""
    return {name: number for number, name in enumerate(names, start=1)}


def t1_image(lean: float = 3.0) -> Image:
    """A T1 image of the drawn trunk: fat bright, muscle grey, bone in between, fluid and bowel dark, air black."""
    labels, names = _drawn(lean)
    grey = {"spinal_canal": 60, "spinal_cord": 180, "urinary_bladder": 50, "aorta": 40, "inferior_vena_cava": 45}
    by_word = {"vertebrae": 350, "sacrum": 360, "disc": 170, "hip": 370, "femur": 420, "kidney": 230, "liver": 260}
    others = (next((v for word, v in by_word.items() if name.startswith(word)), 200) for name in names)
    values = [500.0, *(grey.get(name, other) for name, other in zip(names, others, strict=True))]
    _k, j, i = np.indices(GRID.shape, dtype=np.float32)
    x, y = (GRID.ijk_to_ras[a, a] * n + GRID.ijk_to_ras[a, 3] for a, n in ((0, i), (1, j)))
    body = (x / 150) ** 2 + ((y + 12) / 115) ** 2 <= 1
    noise = np.random.default_rng(1).normal(0, 12, GRID.shape)
    array = np.where(body | (labels > 0), np.array(values)[labels], 4.0) + noise
    return Image(np.abs(array).astype(np.float32), GRID)


# --- files


def save(image: Image, path: Path, metadata: Mapping[str, str] | None = None) -> Path:
    """Write with ITK."""
    import SimpleITK as sitk

    itk = sitk.GetImageFromArray(image.array)
    matrix = LPS_TO_RAS @ image.geometry.ijk_to_ras
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    itk.SetSpacing(spacing.tolist())
    itk.SetOrigin(matrix[:3, 3].tolist())
    itk.SetDirection((matrix[:3, :3] / spacing).ravel().tolist())
    for key, value in (metadata or {}).items():
        itk.SetMetaData(key, value)
    sitk.WriteImage(itk, str(path), path.suffix != ".img")
    return path


def nifti(image: Image, path: Path, change: Callable[[bytearray], None] | None = None) -> Path:
    """Write a NIfTI file and let `change` edit its bytes (uncompressed); compressed when the name ends with .gz."""
    plain = save(image, path.with_name("plain.nii"))
    data = bytearray(plain.read_bytes())
    plain.unlink()
    if change is not None:
        change(data)
    path.write_bytes(gzip.compress(bytes(data), 1) if path.name.endswith(".gz") else bytes(data))
    return path


def write_names(numbers: Mapping[str, int], path: Path) -> Path:
    """The names of the labels as the command line takes them."""
    path.write_text(json.dumps({str(number): name for name, number in numbers.items()}), encoding="utf-8")
    return path


def slicer_metadata(names: Mapping[int, str], tags: Mapping[int, str] | None = None) -> dict[str, str]:
    """The fields that Slicer writes for segments in one layer."""
    fields = {}
    for n, (value, name) in enumerate(names.items()):
        fields |= {f"Segment{n}_Name": name, f"Segment{n}_LabelValue": str(value), f"Segment{n}_Layer": "0"}
        fields |= {f"Segment{n}_ID": f"Segment_{n + 1}", f"Segment{n}_Tags": (tags or {}).get(value, "")}
    return fields


# --- judging


@cache
def inside(name: str, lean: float = 3.0) -> np.ndarray:
    """A point inside a drawn structure, RAS mm: the voxel nearest to its centroid."""
    labels, names = _drawn(lean)
    kji = np.argwhere(labels == names.index(name) + 1)
    nearest = np.argmin(((kji - kji.mean(axis=0)) ** 2).sum(axis=1))
    return GRID.to_ras(kji[nearest][::-1].astype(float))


def what_is_at(anatomy, name: str, lean: float = 3.0) -> str:
    """What a map that was read says about the place of a drawn structure; empty for nothing."""
    number = int(anatomy.labels_at(inside(name, lean)[None])[0])
    return anatomy.structures[number].text if number in anatomy.structures else ""


def says(names: Iterable[str], lean: float = 3.0, **other: str) -> Callable[[object], bool]:
    """A check that the map names the drawn structures as they are; `other` gives the words that are wanted instead."""
    from PainGeneratorLib.Anatomy.labels import structure_of_name

    wanted = {name: structure_of_name(name).text for name in names} | other
    return lambda anatomy: all(what_is_at(anatomy, name, lean) == text for name, text in wanted.items())
