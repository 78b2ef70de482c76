"""MR signal from tissue and sequence; metal, coil shading and noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from .grid import Grid, paint
from .shapes import Shape

if TYPE_CHECKING:
    from .case import Case

# Tissue: proton density, T1 ms, T2 ms (at 3 T, fast spin echo), fat fraction.
TISSUES = {
    "air": (0.0, 1000, 50, 0.0),
    "fat": (1.0, 1000, 50, 0.95),
    "muscle": (0.9, 1420, 36, 0.03),
    "septum": (0.9, 1300, 40, 0.75),
    "red marrow": (0.85, 1350, 52, 0.35),
    "yellow marrow": (0.9, 1300, 50, 0.85),
    "cortex": (0.06, 900, 15, 0.0),
    "ligament": (0.3, 1000, 22, 0.05),
    "nucleus": (0.95, 1450, 105, 0.0),
    "dry disc": (0.65, 1150, 42, 0.0),
    "csf": (1.0, 4000, 700, 0.0),
    "cord": (0.85, 1050, 82, 0.0),
    "flow void": (0.08, 1700, 60, 0.0),
    "slow blood": (0.75, 1750, 90, 0.0),
    "kidney": (0.9, 1350, 85, 0.02),
    "liver": (0.85, 820, 36, 0.06),
    "bowel": (0.85, 1250, 62, 0.08),
    "gas": (0.03, 1000, 40, 0.0),
    "urine": (1.0, 3800, 600, 0.0),
    "organ": (0.9, 1400, 75, 0.02),
    "oedema": (0.95, 1950, 125, 0.05),
    "fluid": (1.0, 3300, 450, 0.0),
    "synovium": (0.9, 1800, 110, 0.03),
    "sclerosis": (0.3, 1000, 28, 0.1),
    "haemangioma": (1.0, 1500, 110, 0.7),
    "scar": (0.5, 1150, 34, 0.1),
    "metal": (0.0, 1000, 50, 0.0),
    "plastic": (0.03, 1000, 20, 0.0),
}


@dataclass(frozen=True)
class Sequence3T:
    """What a series is: times in ms, how fat is treated, and what its header says."""

    role: str
    description: str
    tr: float
    te: float
    ti: float = 0.0
    flip: float = 180.0
    fat: float = 1.0  # what is left of the fat signal
    dephases: bool = False  # a gradient echo
    header: dict[str, object] = field(default_factory=dict)

    def signal(self) -> dict[str, float]:
        """Magnitude signal of every tissue."""
        return {
            name: density * ((1 - fat) * self._part(t1, t2) + fat * self.fat * 1.15 * self._part(375.0, 95.0))
            for name, (density, t1, t2, fat) in TISSUES.items()
        }

    def _part(self, t1: float, t2: float) -> float:
        if self.dephases:
            angle, e1 = np.radians(self.flip), np.exp(-self.tr / t1)
            return np.sin(angle) * (1 - e1) / (1 - e1 * np.cos(angle)) * np.exp(-self.te / t2) * 6
        along = 1 - np.exp(-self.tr / t1)
        if self.ti:
            along = abs(1 - 2 * np.exp(-self.ti / t1) + np.exp(-self.tr / t1))
        return along * np.exp(-self.te / t2)


def draw_sequences(rng: np.random.Generator, plane: str, group: str) -> list[Sequence3T]:
    """T1, mostly a fluid sequence and a T2, mostly the in-phase image of the attenuation scan."""
    short = {"sagittal": "sag", "coronal": "cor", "axial": "tra"}[plane]
    out = [
        Sequence3T(
            "T1", f"t1_tse_{short}", rng.uniform(500, 720), rng.uniform(8, 13), header={"ScanningSequence": "SE"}
        )
    ]
    kind = rng.choice(["stir", "fatsat", "dixon", "none"], p=[0.5, 0.2, 0.22, 0.08])
    if kind == "stir":
        name = rng.choice([f"STIR {short}", f"t2_tirm_{short}", f"{short.upper()} STIR FSE"])
        ti = 375 * np.log(2) * rng.uniform(0.96, 1.04)
        out.append(
            Sequence3T(
                "FLUID",
                name,
                rng.uniform(3800, 5500),
                rng.uniform(38, 65),
                ti,
                header={"ScanningSequence": ["SE", "IR"]},
            )
        )
    elif kind == "fatsat":
        out.append(
            Sequence3T(
                "FLUID",
                f"t2_tse_fs_{short}",
                rng.uniform(3200, 5000),
                rng.uniform(55, 85),
                fat=rng.uniform(0.05, 0.14),
                header={"ScanOptions": "FS", "ScanningSequence": "SE"},
            )
        )
    elif kind == "dixon":
        out.append(
            Sequence3T(
                "FLUID",
                f"t2_tse_dixon_{short}_W",
                rng.uniform(3200, 5000),
                rng.uniform(60, 90),
                fat=0.03,
                header={"ImageType": ["DERIVED", "PRIMARY", "DIXON", "WATER"], "ScanningSequence": "SE"},
            )
        )
    if rng.random() < 0.75:
        out.append(
            Sequence3T(
                "T2",
                f"t2_tse_{short}",
                rng.uniform(3500, 5500),
                rng.uniform(85, 115),
                header={"ScanningSequence": "SE"},
            )
        )
    if rng.random() < 0.7:
        name = rng.choice(["Pelvis_MRAC_BODY_in", "MRAC_Dixon_in", "InPhase: MRAC"])
        header = {"ScanningSequence": "GR", "ImageType": ["DERIVED", "PRIMARY", "DIXON", "IN_PHASE"]}
        out.append(Sequence3T("ATTENUATION", name, 4.1, 2.46, flip=10, dephases=True, header=header))
    return out


PLANES = {  # columns: where i, j and k go, RAS
    "sagittal": np.array([[0, 0, -1], [-1, 0, 0], [0, -1, 0]], float),
    "coronal": np.array([[-1, 0, 0], [0, 0, 1], [0, -1, 0]], float),
    "axial": np.array([[-1, 0, 0], [0, -1, 0], [0, 0, 1]], float),
}


def affine_of(axes: np.ndarray, spacing: Sequence[float], shape: Sequence[int], center: np.ndarray) -> np.ndarray:
    """ijk to RAS of a stack (shape k, j, i) around its center."""
    affine = np.eye(4)
    affine[:3, :3] = axes * np.asarray(spacing, float)
    affine[:3, 3] = center - affine[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return affine


def field_of_metal(metal: Sequence[Shape], rng: np.random.Generator) -> Callable[..., np.ndarray] | None:
    """Relative field change (ppm) around implants: the dipole kernel, on 2.5 mm voxels. The main field is along z."""
    if not metal:
        return None
    step, room = 2.5, 60.0
    lo = np.min([m.box()[0] for m in metal], 0) - room
    hi = np.max([m.box()[1] for m in metal], 0) + room
    shape = np.ceil((hi - lo) / step).astype(int)
    points = np.stack(np.meshgrid(*(lo[a] + step * np.arange(shape[a]) for a in range(3)), indexing="ij"), -1).reshape(
        -1, 3
    )
    chi = np.zeros(len(points), np.float32)
    for part in metal:
        chi = np.maximum(chi, np.clip(0.5 - part.at(points) / step, 0, 1) * rng.uniform(120, 260))
    k = np.meshgrid(*(np.fft.fftfreq(n) for n in shape), indexing="ij")
    square = k[0] ** 2 + k[1] ** 2 + k[2] ** 2
    kernel = 1 / 3 - np.divide(k[2] ** 2, square, out=np.full_like(square, 1 / 3), where=square > 0)
    ppm = np.fft.ifftn(np.fft.fftn(chi.reshape(shape)) * kernel).real.astype(np.float32)
    for axis, n in enumerate(shape):  # no step where the field is no longer followed
        fade = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / 10, 0, 1).astype(np.float32)
        ppm *= fade.reshape([-1 if a == axis else 1 for a in range(3)])

    def at(x, y, z):
        places = [(axis - np.float32(lo[n])) / np.float32(step) for n, axis in enumerate((x, y, z))]
        return ndimage.map_coordinates(ppm, places, order=1, mode="constant")

    return at


def distort(image: np.ndarray, ppm: np.ndarray, bandwidth: float, te_ms: float | None) -> np.ndarray:
    """Spins are read where their field puts them: piled up here, missing there. A gradient echo also dephases."""
    hertz = ppm * np.float32(127.7)
    steep = sum(np.abs(g) for g in np.gradient(hertz))
    image = image * np.exp(-((steep * te_ms / 1000 * 2) ** 2)) if te_ms else image / (1 + (steep / 500) ** 2)
    shift = hertz / np.float32(bandwidth)
    k, j, i = image.shape
    target = np.clip(np.arange(i, dtype=np.float32) + shift, 0, i - 1.001)
    low = np.floor(target).astype(np.int64)
    share = target - low
    low += (np.arange(k * j) * i).reshape(k, j, 1)
    out = np.bincount(low.ravel(), (image * (1 - share)).ravel(), minlength=image.size)
    out += np.bincount((low + 1).ravel(), (image * share).ravel(), minlength=image.size)
    return out.reshape(image.shape).astype(np.float32)


def coil_shading(grid: Grid, rng: np.random.Generator, plane: str) -> np.ndarray:
    """Receive profile: bright near the coil in the table, partly evened out by an anterior one, with long waves."""
    x, y, z = (axis / np.float32(100) for axis in grid.xyz)
    back = np.exp(-rng.uniform(0.5, 1.3) * (y + 0.9))
    front = rng.uniform(0.1, 0.8) * np.exp(rng.uniform(0.5, 1.1) * (y - 1.0))
    waves = sum(rng.normal(0, 0.06) * np.cos(3 * axis + rng.uniform(0, 6)) for axis in (x, y, z))
    ends = np.exp(-((z - z.mean()) ** 2) * rng.uniform(0.0, 0.12))
    shading = (back + front) * (1 + waves) * ends
    return (shading / shading.mean()) ** np.float32(rng.uniform(0.3, 1.0))


def render_mr(
    case: Case, sequence: Sequence3T, affine: np.ndarray, shape: Sequence[int], moved: np.ndarray, plane: str
):
    """Voxels (k, j, i), 0 to about 3000. Two thin sub-slices make a slice."""
    rng, thin = case.rng, 1 if sequence.dephases else 2
    fine = affine.copy()
    fine[:3, 2] /= thin
    fine[:3, 3] -= affine[:3, 2] * (thin - 1) / (2 * thin)
    to_person = np.linalg.inv(moved @ case.pose) @ fine
    grid = Grid(to_person, (shape[0] * thin, *shape[1:]), case.bend)
    image = paint(case.mr_layers(sequence.role), grid, case.noise, sequence.signal())
    if case.ppm is not None:
        image = distort(image, case.ppm(*grid.xyz), rng.uniform(450, 900), sequence.te if sequence.dephases else None)
    image *= coil_shading(grid, rng, plane)
    image = image.reshape(shape[0], thin, *shape[1:]).mean(1)
    image = ndimage.gaussian_filter(image, (0, 0.45, 0.45))
    level = np.percentile(image, 90)
    sigma = level / rng.uniform(18, 40)
    image = np.hypot(image + rng.normal(0, sigma, image.shape), rng.normal(0, sigma, image.shape))
    return (image * (rng.uniform(500, 1400) / level)).clip(0, 4095).astype(np.uint16)
