"""Finds a metal implant on MR by its signal void, and the zone around it where neither MR nor PET can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.kept import Kept
from .signal import Signals, block_mean, coarse_factors, coarser, extents_mm, near_mask, sample_mask, spread_blocks

FRONT_MM = 35.0
"""Hip implants lie behind this place in front of the body's middle; bowel gas mostly does not."""
JOINED_MM = 20.0
"""Voids nearer than this to the implant's clearest one are parts of it: a neck is about as long."""


@dataclass(frozen=True, eq=False)
class ImplantResult(Kept):
    """What was found of an implant; all None when nothing was.

    Parameters
    ----------
    void : Region or None
        The connected signal void.
    unreliable : Region or None
        Void, pile-up ring and margin: PET and MR are not to be trusted here.
    axis_ras : ndarray, shape (2, 3), or None
        Proximal and distal end of the stem, RAS mm.
    side : str or None
        "left" or "right".
    warnings : tuple of str
    """

    void: Region | None = None
    unreliable: Region | None = None
    axis_ras: np.ndarray | None = None
    side: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImplantLimits:
    """When a void is an implant; from the protocol's stage ``mr_findings``."""

    void_part: float
    """Of the muscle signal; a void is darker in all series."""
    minimum_ml: float
    minimum_depth_mm: float
    """Distance of the void's core from the skin."""
    pile_up_ratio: float
    """Signal over the typical bright one that counts as pile-up."""
    margin_mm: float


def find_implant(
    signals: Signals,
    muscle: dict[str, float],
    limits: ImplantLimits,
    *,
    group: str,
    symmetry: SymmetryPlane | None = None,
    prosthesis_side: str | None = None,
    anatomy: np.ndarray | None = None,
) -> ImplantResult:
    """Find the void of an implant.

    Cortical bone is too thin, air outside the body is outside, bowel gas has no pile-up and lies in front: a void is
    an implant when its thick core lies deep in the body and pile-up, place, length and asymmetry speak for it. In
    group ``low-back`` all of it must be much clearer, as an implant is not expected.

    Parameters
    ----------
    signals : Signals
    muscle : dict
        Role -> muscle signal.
    limits : ImplantLimits
    group : str
        ``low-back`` or ``hip-replacement``.
    symmetry : SymmetryPlane, optional
    prosthesis_side : str, optional
        "left" or "right", when known.
    anatomy : ndarray of uint8, optional
        Tissue codes; a void within organs is gas.
    """
    factors = coarse_factors(signals.geometry)
    geometry = coarser(signals.geometry, factors)
    seen = {role: block_mean(array, factors) for role, array in signals.roles.items() if muscle[role] > 0}
    body = block_mean(signals.body, factors) > 0.5
    dark = body.copy()
    for role, array in seen.items():
        dark &= ~(array >= no_signal(array, body, muscle[role], limits.void_part))
    spacing = geometry.spacing_kji_mm
    depth = ndimage.distance_transform_edt(np.pad(body, 1, mode="edge"), sampling=spacing)[1:-1, 1:-1, 1:-1]
    core = ndimage.distance_transform_edt(np.pad(dark, 1, mode="edge"), sampling=spacing)[1:-1, 1:-1, 1:-1] > 3.0
    # Thin cortex and fascia hang on the void: only what lies near a thick core belongs to it.
    voids = dark & near_mask(core, geometry, 3.5)
    labels, _ = ndimage.label(voids, np.ones((3, 3, 3)))
    expected = group == "hip-replacement"
    bar, taken = 2.5 if expected else 4.5, []
    plane = symmetry if symmetry is not None and symmetry.quality >= RELIABLE_QUALITY else None
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        part = labels[box] == index
        volume = np.count_nonzero(part) * geometry.voxel_volume_ml
        if volume < limits.minimum_ml or np.percentile(depth[box][part], 20) < limits.minimum_depth_mm:
            continue
        score = _evidence(
            labels == index, body, seen, geometry, limits, plane, voids, prosthesis_side, anatomy, factors, expected
        )
        if score + min(volume / 40.0, 1.0) > bar:
            taken.append((score + min(volume / 40.0, 1.0), index))
    if not taken:
        missing = "No implant's signal void was found, though the group is hip-replacement." if expected else None
        return ImplantResult(warnings=(missing,) if missing else ())
    whole = _joined(labels, sorted(taken, reverse=True), geometry)
    return _result(whole, body, signals, geometry, factors, limits, plane, expected)


def _joined(labels: np.ndarray, taken: list[tuple[float, int]], geometry: Geometry) -> np.ndarray:
    """The clearest void with those others that pass the bar and lie near it: cup and stem seen apart."""
    whole = labels == taken[0][1]
    near = near_mask(whole, geometry, JOINED_MM)
    for _, index in taken[1:]:
        part = labels == index
        if np.any(part & near):
            whole |= part
    return whole


def no_signal(array: np.ndarray, body: np.ndarray, muscle: float, part: float) -> float:
    """Signal below which nothing was received: `part` of muscle, but not less than the noise in the air around.

    Where muscle itself is faint (T2), its part can lie below the noise of a magnitude image, which is never 0.
    """
    air = array[~body & (array > 0)]
    noise = 1.2 * float(np.percentile(air, 90)) if air.size > 200 else 0.0
    return max(part * muscle, min(noise, 0.6 * muscle))


def _middle(body: np.ndarray, geometry: Geometry) -> np.ndarray:
    flat = np.flatnonzero(body)
    return geometry.flat_to_ras(flat[:: flat.size // 20_000 + 1]).mean(axis=0)


def _evidence(
    part: np.ndarray,
    body: np.ndarray,
    seen: dict[str, np.ndarray],
    geometry: Geometry,
    limits: ImplantLimits,
    plane: SymmetryPlane | None,
    voids: np.ndarray,
    prosthesis_side: str | None,
    anatomy: np.ndarray | None,
    factors: tuple[int, int, int],
    expected: bool,
) -> float:
    """Points for an implant: pile-up (2), length (1), no mirrored void (1), not in front (1), the known side (1)."""
    region = Region.from_mask(part, geometry)
    points = region.points_ras
    shell = near_mask(part, geometry, 5.0) & ~part & body
    pile_up = 0.0
    for array in seen.values():
        typical = np.nanpercentile(array[body], 90)
        pile_up = max(pile_up, float(np.mean(array[shell] > limits.pile_up_ratio * typical)) if shell.any() else 0.0)
    lengths, axes = extents_mm(points)
    score = 2.0 * min(pile_up / 0.10, 1.0)
    score += 1.0 if lengths[0] > 50.0 and lengths[0] > 1.6 * lengths[1] and abs(axes[0][2]) > 0.6 else 0.0
    middle = _middle(body, geometry)
    if plane is not None:
        score += 1.0 if np.mean(sample_mask(voids, geometry, plane.mirror(points))) < 0.2 else -1.0
    # Gas in the colon beside the spine has a bright rim of fat and no twin, too, but lies in front.
    front = FRONT_MM if expected else 0.0
    score += 1.0 if region.centroid_ras_mm[1] < middle[1] + front else (-1.0 if expected else -2.0)
    distance = plane.signed_distance_mm(region.centroid_ras_mm) if plane else middle[0] - region.centroid_ras_mm[0]
    if prosthesis_side is not None and abs(distance) > 25.0:
        score += 1.0 if (distance > 0) == (prosthesis_side == "left") else -2.0
    if anatomy is not None:
        own = block_mean((anatomy == tissues.VISCERA).astype(np.float32), factors)[part]
        score -= 3.0 if own.mean() > 0.4 else 0.0
    return score


def _result(
    part: np.ndarray,
    body: np.ndarray,
    signals: Signals,
    geometry: Geometry,
    factors: tuple[int, int, int],
    limits: ImplantLimits,
    plane: SymmetryPlane | None,
    expected: bool,
) -> ImplantResult:
    margin = near_mask(part, geometry, limits.margin_mm) & body
    void = Region.from_mask(spread_blocks(part, factors, signals.geometry.shape), signals.geometry)
    unreliable = Region.from_mask(spread_blocks(margin, factors, signals.geometry.shape), signals.geometry)
    points = geometry.flat_to_ras(np.flatnonzero(part))
    middle = plane.point_ras if plane is not None else _middle(body, geometry)
    normal = plane.normal_ras if plane is not None else np.array([-1.0, 0.0, 0.0])
    distance = float((points.mean(axis=0) - middle) @ normal)
    warnings = [] if expected else ["A signal void like that of an implant was found."]
    if abs(distance) < 20.0:
        warnings.append("The implant lies near the midline: its side is uncertain.")
    axis = _stem_axis(points)
    if axis is None:
        warnings.append("The stem's axis could not be found from the signal void.")
    return ImplantResult(void, unreliable, axis, "left" if distance > 0 else "right", tuple(warnings))


def _stem_axis(points: np.ndarray) -> np.ndarray | None:
    """Proximal and distal end of the long thin part of a void, RAS mm, shape (2, 3); None when there is none.

    The stem is the distal part; head, cup and neck lie proximally and to one side, so the line is fitted from the
    distal end upwards and ends where the void leaves it.
    """
    lengths, axes = extents_mm(points)
    if lengths[0] < 40.0:
        return None
    direction = axes[0] if axes[0][2] > 0 else -axes[0]
    if direction[2] < 0.5:
        direction = np.array([0.0, 0.0, 1.0])
    center = points.mean(axis=0)
    for _ in range(5):
        height = (points - center) @ direction
        low, high = np.percentile(height, (1, 99))
        stem = points[height < low + 0.6 * (high - low)]
        spans, own = extents_mm(stem)
        if spans[0] < 1.3 * spans[1]:
            return None
        center = stem.mean(axis=0)
        direction = own[0] if own[0][2] > 0 else -own[0]
    height = (points - center) @ direction
    aside = np.linalg.norm(points - center - height[:, None] * direction, axis=1)
    distal = np.percentile(height, 0.5)
    stem = height < np.percentile(height, 60)
    radius = max(np.percentile(aside[stem], 90), 4.0)
    on_line = height[aside < radius]
    top = float(np.percentile(on_line, 99.5))
    return np.stack([center + top * direction, center + distal * direction])
