"""Choose the series of the examination of a phantom, and the position of each in space."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..Numerics.core.image import Geometry
from .mr_signal import Sequence, fat_null_ti_ms
from .realism import PLAIN, Realism

DIRECTIONS = {
    "sagittal": ((0, -1, 0), (0, 0, -1)),
    "coronal": ((-1, 0, 0), (0, 0, -1)),
    "axial": ((-1, 0, 0), (0, -1, 0)),
}
"""Orientation -> directions in RAS along which the column index i and the row index j increase."""


@dataclass(frozen=True, eq=False)
class SeriesPlan:
    """The plan of one series.

    Parameters
    ----------
    role : str
        PET, T1, FLUID, T2 or ATTENUATION.
    name : str
        Series description.
    geometry : Geometry
        Grid in the frame of the series.
    reference_to_series : ndarray, shape (4, 4)
        Maps points of the reference frame to points of the frame of the series, RAS mm.
    sequence : Sequence or None
        The MR sequence; None for PET.
    slice_mm : float
        Slice thickness, mm.
    echo : str
        Part of a Dixon acquisition; empty for other series.
    """

    role: str
    name: str
    geometry: Geometry
    reference_to_series: np.ndarray
    sequence: Sequence | None = None
    slice_mm: float = 2.0
    echo: str = ""

    @property
    def mr_sequence(self) -> Sequence:
        """The sequence of an MR series; refuse a PET, which has none."""
        if self.sequence is None:
            raise ValueError(f"{self.name} is no MR series")
        return self.sequence


def rigid(rng: np.random.Generator, shift_mm: float, angle_deg: float, center_ras: np.ndarray) -> np.ndarray:
    """Make a random rigid motion about a center: a shift of 0.4 to 1 times `shift_mm`, and angles up to
    `angle_deg`."""
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    angles = np.deg2rad(rng.uniform(-angle_deg, angle_deg, 3))
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    rotation = (
        np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
        @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        @ np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = center_ras - rotation @ center_ras + direction * shift_mm * rng.uniform(0.4, 1.0)
    return matrix


def grid(
    orientation: str,
    center_ras: np.ndarray,
    shape: tuple[int, int, int],
    pixel_mm: float,
    step_mm: float,
    oblique_deg: float = 0.0,
) -> Geometry:
    """Make a grid around a center.

    Parameters
    ----------
    orientation : str
        A key of :data:`DIRECTIONS`.
    center_ras : ndarray, shape (3,)
        RAS mm.
    shape : tuple of int
        Numbers of slices, rows and columns.
    pixel_mm, step_mm : float
        Pixel spacing, and distance of the slices.
    oblique_deg : float
        Rotation about the R axis, degrees.
    """
    columns, rows = (np.array(v, float) for v in DIRECTIONS[orientation])
    a = np.deg2rad(oblique_deg)
    turn = np.array([[1, 0, 0], [0, np.cos(a), np.sin(a)], [0, -np.sin(a), np.cos(a)]])
    columns, rows = turn @ columns, turn @ rows
    normal = np.cross(columns, rows)  # The same in LPS, because two axes change their sign.
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = columns * pixel_mm, rows * pixel_mm, normal * step_mm
    middle = (np.array(shape[::-1]) - 1) / 2
    matrix[:3, 3] = center_ras - matrix[:3, :3] @ middle
    return Geometry(shape, matrix)


def plan(
    group: str, rng: np.random.Generator, size: str, center_ras: np.ndarray, realism: Realism = PLAIN
) -> list[SeriesPlan]:
    """Choose the series of one examination. The PET is the first, the reference T1 the second.

    Parameters
    ----------
    group : str
    rng : numpy.random.Generator
    size : str
        One of :data:`.case.SIZES`.
    center_ras : ndarray, shape (3,)
        Center of the field of view in the reference frame, RAS mm.
    realism : Realism
        With the effect ``slab`` the MR series have fewer slices and a shorter field, as in clinical protocols. With
        the effect ``stir-contrast`` the STIR has the times of a clinical one.
    """
    small = size == "small"
    hard = rng.random() < 0.2
    pet_motion = rigid(rng, 10.0 if hard else rng.uniform(0, 4), 6.0 if hard else rng.uniform(0, 1.5), center_ras)
    pixel, step, width, slices = [(2.09, 2.03, 172, 127), (2.09, 2.03, 172, 127), (3.13, 2.78, 120, 96)][
        int(rng.integers(3))
    ]
    if size != "normal":
        pixel, step, width, slices = (4.07, 3.0, 90, 86) if small else (2.09, 2.03, 344, 127)
    pet = grid("axial", center_ras + rng.uniform(-2, 2, 3), (slices, width, width), pixel, step)
    plans = [SeriesPlan("PET", "PET_AC", pet, pet_motion, slice_mm=step)]
    te = float(rng.uniform(8, 12))
    t1 = Sequence("spin-echo", float(rng.uniform(500, 680)), te)
    tr = float(rng.uniform(3800, 5200))
    stir = Sequence("inversion-recovery", tr, float(rng.uniform(35, 60)), fat_null_ti_ms(tr), 150)
    t2 = Sequence("spin-echo", float(rng.uniform(3000, 4200)), float(rng.uniform(85, 110)), flip_deg=150)
    plans += (_low_back if group == "low-back" else _hip)(rng, small, center_ras, t1, stir, t2)
    if rng.random() < 0.8:
        plans += _dixon(rng, small, center_ras, pet_motion)
    if "stir-contrast" in realism:
        plans = _with_clinical_stir(plans, realism.rng("stir-contrast"))
    return _as_slabs(plans, realism.rng("slab")) if "slab" in realism else plans


def _with_clinical_stir(plans: list[SeriesPlan], rng: np.random.Generator) -> list[SeriesPlan]:
    """Give the STIR the times of clinical protocols at 3 T: an inversion time of 205 to 240 ms and a short echo time.

    The fat is then not quite dark, and fluid and edema are less bright against marrow. With the T1 of the tissue table
    fat is dark at about 255 ms.
    """
    part, te = float(rng.uniform(0.82, 0.94)), float(rng.uniform(28, 48))
    return [
        replace(item, sequence=replace(item.mr_sequence, ti_ms=part * item.mr_sequence.ti_ms, te_ms=te))
        if item.role == "FLUID"
        else item
        for item in plans
    ]


def _as_slabs(plans: list[SeriesPlan], rng: np.random.Generator) -> list[SeriesPlan]:
    """Cut the sagittal and coronal series to the slab of a clinical examination, in the same way for all of them.

    A sagittal slab is 57 to 75 mm wide, so that it reaches neither side of the body, and its middle may lie beside the
    spine. A coronal slab is 120 to 150 mm deep. The field is shorter by 8 to 20 mm.
    """
    sagittal_mm, coronal_mm, shorter_mm = rng.uniform(57, 75), rng.uniform(120, 150), rng.uniform(8, 20)
    beside_mm, at_the_head = rng.uniform(-6, 6), bool(rng.random() < 0.5)
    cut = []
    for item in plans:
        flat = np.abs(item.geometry.ijk_to_ras[:3, 2]) / item.geometry.spacing_mm[2]
        if item.role in ("PET", "ATTENUATION") or flat[2] > 0.5:
            cut.append(item)
            continue
        wide, beside = (sagittal_mm, beside_mm) if flat[0] > 0.5 else (coronal_mm, 0.0)
        slices, rows, columns = item.geometry.shape
        step, pixel = item.geometry.spacing_mm[2], item.geometry.spacing_mm[1]
        count = min(slices, max(6, round(wide / step)))
        first = int(np.clip(round((slices - count) / 2 + beside / step), 0, slices - count))
        fewer = round(shorter_mm / pixel)
        geometry = item.geometry.cropped((first, fewer if at_the_head else 0, 0), (count, rows - fewer, columns))
        cut.append(replace(item, geometry=geometry))
    return cut


def _between_series(rng: np.random.Generator, center: np.ndarray) -> np.ndarray:
    """Small motion of the patient between two MR series."""
    return rigid(rng, float(rng.uniform(0, 2.0)), 0.8, center)


def _low_back(rng, small, center, t1, stir, t2) -> list[SeriesPlan]:
    """Sagittal series of the low back, and sometimes an axial one."""
    pixel, size, count = (1.9, 152, 15) if small else (0.94, 304, 29)
    step, thick = (8.8, 8.0) if small else (4.4, 4.0)
    middle = center + np.array([rng.uniform(-3, 3), -8, 0])
    sagittal = grid("sagittal", middle, (count, size, size), pixel, step)
    plans = [SeriesPlan("T1", "t1_tse_sag", sagittal, np.eye(4), t1, thick)]
    plans.append(SeriesPlan("FLUID", "t2_tirm_sag", sagittal, _between_series(rng, center), stir, thick))
    if rng.random() < 0.85:
        plans.append(SeriesPlan("T2", "t2_tse_sag", sagittal, _between_series(rng, center), t2, thick))
    if rng.random() < 0.35 and not small:
        axial = grid("axial", center + np.array([0, -20, -30]), (30, 224, 224), 0.98, 5.0, float(rng.uniform(-12, 12)))
        plans.append(SeriesPlan("T2", "t2_tse_tra", axial, _between_series(rng, center), t2, 4.0))
    return plans


def _hip(rng, small, center, t1, stir, t2) -> list[SeriesPlan]:
    """Coronal series of both hips, and sometimes an axial one."""
    pixel, size, count = (2.4, 160, 20) if small else (1.04, 368, 37)
    step, thick = (8.8, 8.0) if small else (4.8, 4.0)
    coronal = grid("coronal", center + np.array([0, rng.uniform(-3, 3), 0]), (count, size, size), pixel, step)
    plans = [SeriesPlan("T1", "t1_tse_cor_warp", coronal, np.eye(4), t1, thick)]
    plans.append(SeriesPlan("FLUID", "t2_tirm_cor_warp", coronal, _between_series(rng, center), stir, thick))
    if rng.random() < 0.6:
        shape = (20, 160, 160) if small else (38, 320, 320)
        pixel, step = (2.4, 12.0) if small else (1.2, 6.0)
        axial = grid("axial", center, shape, pixel, step, float(rng.uniform(-8, 8)))
        plans.append(SeriesPlan("T2", "t2_tse_tra_warp", axial, _between_series(rng, center), t2, step - 1))
    return plans


def _dixon(rng, small, center, pet_motion) -> list[SeriesPlan]:
    """Dixon series for attenuation correction, in the frame of the PET."""
    pixel, shape, step = (5.2, (40, 60, 76), 6.2) if small else (2.6, (80, 120, 152), 3.12)
    coronal = grid("coronal", center + np.array([0, -5, 0]), shape, pixel, step)
    kinds = ["in-phase", "opposed-phase", "water", "fat"]
    if rng.random() < 0.3:
        kinds = kinds[:2]
    tr, flip = 3.6, 10.0
    echoes = {"in-phase": 2.46, "opposed-phase": 1.23, "water": 1.23, "fat": 1.23}
    return [
        SeriesPlan("ATTENUATION", f"Dixon_MRAC_{k}", coronal, pet_motion, Sequence(k, tr, echoes[k], 0, flip), step, k)
        for k in kinds
    ]
