"""Read label maps in NIfTI files (versions 1 and 2, ``.nii``, ``.nii.gz``, and pairs of ``.hdr`` and ``.img``).

ITK reads most of them, but it refuses grids with the slightest shear and NIfTI 2, trusts the ending of the name, and
does not tell when the file says two different places, or none. Format: https://nifti.nimh.nih.gov/nifti-1 and
https://nifti.nimh.nih.gov/nifti-2.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import DamagedInput, PainGeneratorError
from ..Numerics.core.grid_size import grid_fault
from ..Numerics.core.image import MOST_VOXELS, Geometry, Image, resample
from ..Numerics.core.input_files import CHUNK, DEFLATE_RATIO, GZIP, check_ordinary, gunzipped, not_opened

_SIZES = {348: 1, 540: 2}
"""Size of the header, bytes -> version of NIfTI."""
_TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
    1: "bit",
}
"""Code of the type of the values -> numpy type. Complex and color images are not among them."""
_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""Code of the unit of length -> mm; 0 (not given) is mm by convention."""
_UNIT_NAMES = {0: "mm", 1: "meters", 2: "mm", 3: "micrometers"}
"""Code of the unit of length -> its name."""
_ALIKE_MM, _APART_MM = 1.0, 5.0
"""Two orientations in one file are alike when no corner of the grid is moved by more than the first value, mm; above
the second one the file is refused, because the place of a finding would hang on the program that reads it. In between
there is a warning. Our estimates: a voxel, and a fifth of a lumbar vertebra."""
_STRAIGHT_VOXELS = 0.25
"""Upper bound of the shift of any voxel when a shear is removed from the grid, voxels; otherwise the labels are
resampled. Our estimate: half of what the nearest-neighbor sampling of the labels makes."""
_HEADER_LIMIT = 4_000_000
"""Upper bound of the size of a NIfTI header with its label table, bytes. Our estimate: a larger one is wrong."""
_MOST_OTHER = 256_000_000
"""Upper bound of the size of a packed file that is no NIfTI file after unpacking, bytes: it may be packed twice, and
is refused otherwise. Our estimate."""
_SAVE_AGAIN = (
    "Open image and segmentation together in 3D Slicer, check that they fit, and save the segmentation again as NRRD."
)
"""Advice for a file whose place in the body is not clear."""


@dataclass(frozen=True)
class NiftiLabels:
    """The values of a NIfTI file with its names and doubts.

    Parameters
    ----------
    values : ndarray, shape (k, j, i)
        As stored, with the scale of the header applied.
    geometry : Geometry
        May be sheared; see :func:`straightened`.
    names : dict of int to str
        The label table that TotalSegmentator writes into the header; empty when there is none.
    warnings : tuple of str
    """

    values: np.ndarray
    geometry: Geometry
    names: dict[int, str]
    warnings: tuple[str, ...]


def is_nifti(start: bytes) -> bool:
    """Whether a file is a NIfTI file or the header of a pair, from its first bytes (unpacked)."""
    return len(start) >= 348 and any(struct.unpack(order + "i", start[:4])[0] in _SIZES for order in "<>")


def unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked as long as they are packed with gzip, whatever its name says.

    Raises
    ------
    PainGeneratorError
        The file is empty, damaged, or unpacks to more than it says.
    """
    check_ordinary(path, "anatomy segmentation")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise not_opened(path, "anatomy segmentation", error) from error
    if not data:
        raise DamagedInput(f"{path} is an empty file.", "Copy or make the segmentation again.")
    while data[:2] == GZIP:
        data = gunzipped(data, path, partial(_most_unpacked, packed=len(data), path=path))
    return data


def _most_unpacked(start: bytes, packed: int, path: Path) -> int:
    """How many bytes a packed file may unpack to, by its first unpacked bytes and its packed size."""
    if not is_nifti(start):
        return _MOST_OTHER
    header = _Header.read(start, path)
    needed = _start_of_voxels(header, path) + (0 if header.is_pair else _bytes_of(header, _shape(header, path), path))
    if needed > DEFLATE_RATIO * packed + CHUNK:
        raise _cut_off(path, needed, DEFLATE_RATIO * packed)
    # Some programs write a few bytes after the voxels.
    return needed + CHUNK


def read_nifti(data: bytes, path: Path) -> NiftiLabels:
    """Read a NIfTI file.

    Parameters
    ----------
    data : bytes
        The unpacked file, or the unpacked header of a pair.
    path : Path
        For messages, and to find the ``.img`` file of a pair.

    Raises
    ------
    PainGeneratorError
        The file is damaged, holds no label map of one volume, or does not say clearly where it lies.
    """
    header = _Header.read(data, path)
    shape = _shape(header, path)
    offset = _start_of_voxels(header, path)
    names = _label_table(data[header.size : offset] if offset > header.size else b"")
    if header.is_pair:
        data = unpacked(_image_of_pair(path))
    values = _values(header, data[offset:], shape, path)
    matrix, warnings = _placed(header, shape, path)
    return NiftiLabels(values, Geometry(shape, matrix), names, warnings)


def straightened(image: Image) -> Image:
    """Remove a shear from the grid of labels.

    A shear by rounding is dropped; labels on a grid with more shear are resampled (nearest neighbor) to a grid of the
    same voxel size without shear.
    """
    geometry = image.geometry
    linear = geometry.ijk_to_ras[:3, :3]
    spacing = np.linalg.norm(linear, axis=0)
    u, _, v = np.linalg.svd(linear / spacing)
    if np.allclose(linear / spacing, u @ v, atol=1e-7):
        return image
    straight = np.array(geometry.ijk_to_ras)
    straight[:3, :3] = (u @ v) * spacing
    straight[:3, 3] += geometry.center_ras - Geometry(geometry.shape, straight).center_ras
    plain = Geometry(geometry.shape, straight)
    if np.max(np.abs(plain.to_ijk(geometry.corners_ras) - plain.to_ijk(plain.corners_ras))) <= _STRAIGHT_VOXELS:
        return Image(image.array, plain)
    corners = plain.to_ijk(geometry.corners_ras)
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    first, size = low[::-1].astype(int), (high - low + 1)[::-1].astype(int)
    target = plain.cropped((first[0], first[1], first[2]), (size[0], size[1], size[2]))
    return Image(resample(image, target, order=0, outside=0), target)


@dataclass(frozen=True)
class _Header:
    """The fields of a header, of either version."""

    size: int
    order: str
    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    offset: float
    slope: float
    intercept: float
    unit: int
    qform_code: int
    sform_code: int
    quaternion: tuple[float, ...]
    q_offset: tuple[float, ...]
    srow: np.ndarray
    is_pair: bool

    @classmethod
    def read(cls, data: bytes, path: Path) -> _Header:
        order = next(order for order in "<>" if struct.unpack(order + "i", data[:4])[0] in _SIZES)
        size = struct.unpack(order + "i", data[:4])[0]
        if len(data) < size:
            raise _damaged_header(path)

        def get(form: str, at: int) -> tuple:
            return struct.unpack_from(order + form, data, at)

        if _SIZES[size] == 1:
            dim, (datatype,), pixdim = get("8h", 40), get("h", 70), get("8f", 76)
            offset, slope, intercept = get("3f", 108)
            unit, (q, s) = data[123], get("2h", 252)
            quaternion, q_offset, srow = get("3f", 256), get("3f", 268), get("12f", 280)
            is_pair = data[344:347] == b"ni1"
        else:
            (datatype,), dim, pixdim = get("h", 12), get("8q", 16), get("8d", 104)
            (offset,), (slope, intercept) = get("q", 168), get("2d", 176)
            (unit,), (q, s) = get("i", 500), get("2i", 344)
            quaternion, q_offset, srow = get("3d", 352), get("3d", 376), get("12d", 400)
            is_pair = data[4:7] == b"ni2"
        return cls(
            size, order, dim, datatype, pixdim, float(offset), slope, intercept, unit & 7, q, s,
            quaternion, q_offset, np.array(srow, dtype=float).reshape(3, 4), is_pair,
        )  # fmt: skip


def _damaged_header(path: Path) -> DamagedInput:
    return DamagedInput(f"The header of {path} is damaged.", "Copy or make the file again.")


def _start_of_voxels(header: _Header, path: Path) -> int:
    """Where the voxels begin in their file, bytes; 0 in a file with its own header means right after it."""
    offset, least = header.offset, 0 if header.is_pair else header.size
    if not header.is_pair and offset == 0:
        return header.size + 4
    if not least <= offset <= _HEADER_LIMIT:
        raise _damaged_header(path)
    return int(offset)


def _shape(header: _Header, path: Path) -> tuple[int, int, int]:
    """Number of voxels (k, j, i); the file must hold one volume."""
    count = header.dim[0]
    if not 1 <= count <= 7 or any(n < 1 for n in header.dim[1 : count + 1]):
        raise _damaged_header(path)
    i, j, k, *more = (*header.dim[1 : count + 1], 1, 1)[: max(count, 3)]
    volumes = int(np.prod(more, dtype=object)) if more else 1
    if volumes > 1:
        raise PainGeneratorError(
            f"{path} holds {volumes} volumes, not one label map.",
            "Give one volume in which each structure has its own number (from probabilities: the most probable one).",
        )
    return int(k), int(j), int(i)


def _image_of_pair(path: Path) -> Path:
    """The file with the values that belongs to a header."""
    stem = re.sub(r"(?i)\.(hdr|img)(\.gz)?$", "", path.name)
    for ending in (".img", ".img.gz", ".IMG"):
        if (found := path.with_name(stem + ending)).is_file():
            return found
    raise PainGeneratorError(
        f"The image {stem}.img that belongs to {path} is missing.", "Copy both files of the pair."
    )


def _bytes_of(header: _Header, shape: tuple[int, int, int], path: Path) -> int:
    """How many bytes the voxels of a header take."""
    kind = _TYPES.get(header.datatype)
    if kind is None:
        raise PainGeneratorError(
            f"{path} holds a color image or another type of values (code {header.datatype}), no labels.",
            "Give the segmentation with one whole number for each voxel.",
        )
    count = int(np.prod(shape, dtype=object))
    if count > MOST_VOXELS:
        raise DamagedInput(
            f"The header of {path} announces {count} voxels, more than a label map of a body has.",
            "Copy or make the file again.",
        )
    return -(-count // 8) if kind == "bit" else count * np.dtype(kind).itemsize


def _cut_off(path: Path, needed: int, there: int) -> DamagedInput:
    return DamagedInput(
        f"{path} is cut off: {needed} bytes of voxels are announced, and {there} are there.",
        "Copy or make the file again.",
    )


def _values(header: _Header, data: bytes, shape: tuple[int, int, int], path: Path) -> np.ndarray:
    kind = _TYPES.get(header.datatype, "")
    needed = _bytes_of(header, shape, path)
    if len(data) < needed:
        raise _cut_off(path, needed, len(data))
    count = int(np.prod(shape))
    if kind == "bit":
        values: np.ndarray = np.unpackbits(np.frombuffer(data, np.uint8, needed))[:count]
    else:
        values = np.frombuffer(data, np.dtype(header.order + kind), count)
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
    has_scale = np.isfinite(header.slope) and header.slope != 0 and (header.slope, header.intercept) != (1, 0)
    if has_scale:
        values = values * header.slope + (header.intercept if np.isfinite(header.intercept) else 0.0)
    return values.reshape(shape)


def _placed(header: _Header, shape: tuple[int, int, int], path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """The matrix from (i, j, k) to RAS mm, and warnings about it."""
    scale = np.diag([*[_MM.get(header.unit, 1.0)] * 3, 1.0])
    forms = []
    if header.sform_code:
        forms.append(scale @ np.vstack([header.srow, [0, 0, 0, 1]]))
    if header.qform_code:
        forms.append(scale @ _from_quaternion(header))
    if not forms:
        raise PainGeneratorError(
            f"{path} says neither with an sform nor with a qform where it lies: it has no orientation.", _SAVE_AGAIN
        )
    usable = [form for form in forms if np.all(np.isfinite(form)) and abs(np.linalg.det(form[:3, :3])) > 1e-12]
    if not usable:
        raise PainGeneratorError(f"The orientation in the header of {path} is damaged.", _SAVE_AGAIN)
    unit = _UNIT_NAMES.get(header.unit, "an unknown unit")
    check_grid(Geometry(shape, usable[0]), f"{path}", f" (the header gives lengths in {unit})")
    return usable[0], _two_places([Geometry(shape, form) for form in usable], path)


def _two_places(grids: list[Geometry], path: Path) -> tuple[str, ...]:
    """A warning when sform and qform differ a little.

    Raises
    ------
    PainGeneratorError
        They differ much.
    """
    first, second = grids[0].corners_ras, grids[-1].corners_ras
    apart = float(np.linalg.norm(first - second, axis=1).max())
    if apart <= _ALIKE_MM:
        return ()
    middles = float(np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)))
    text = f"{path.name} says two places, with its sform and its qform: their middles lie {middles:.0f} mm apart"
    text += f", their corners up to {apart:.0f} mm."
    if apart > _APART_MM:
        raise PainGeneratorError(text, _SAVE_AGAIN)
    return (f"{text} The sform was used.",)


def _from_quaternion(header: _Header) -> np.ndarray:
    """The matrix of the qform, in the unit of the header (method 2 of the NIfTI standard)."""
    b, c, d = header.quaternion
    a = np.sqrt(max(1.0 - (b * b + c * c + d * d), 0.0))
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ]
    handed = -1.0 if header.pixdim[0] < 0 else 1.0
    matrix[:3, :3] *= np.array([header.pixdim[1], header.pixdim[2], header.pixdim[3] * handed])
    matrix[:3, 3] = header.q_offset
    return matrix


def check_grid(geometry: Geometry, name: str, unit: str = "") -> None:
    """Refuse a grid whose size cannot be that of a part of a body, because its unit is wrong.

    Parameters
    ----------
    geometry : Geometry
    name, unit : str
        For the message.

    Raises
    ------
    PainGeneratorError
    """
    fault = grid_fault(geometry)
    if fault:
        raise PainGeneratorError(
            f"{name} cannot be a map of a body: it {fault}{unit}.", "Write it again with its true voxel size in mm."
        )


def _label_table(text: bytes) -> dict[int, str]:
    """The label table in the header extension, as TotalSegmentator writes it."""
    if not 0 < len(text) < _HEADER_LIMIT:
        return {}
    pattern = r'<Label[^>]*\bKey="(\d+)"[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)'
    found = re.findall(pattern, text.decode("utf-8", errors="replace"))
    return {int(number): name.strip() for number, name in found if int(number)}
