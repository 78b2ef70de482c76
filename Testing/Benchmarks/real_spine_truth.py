"""Truth of the tissues of a real lumbar MR, by place and by the signal of the volume itself.

Only what is certain gets a class; the rest stays UNKNOWN and counts nowhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from finding_cases import kept
from PainGeneratorLib.Numerics.core.image import Geometry, ball
from real_spine import (
    AIR,
    ARCH,
    BACK_DOUBT_MM,
    CANAL,
    DISC,
    FAT,
    FRONT,
    FRONT_DOUBT_MM,
    MARROW,
    MUSCLE,
    PERSONS,
    UNKNOWN,
    Body,
    Spine,
    Volume,
    read_volume,
    spine_of,
)
from scipy import ndimage

CANAL_SEEN_MM = (-3.0, 32.0)
"""Where behind the posterior wall the fluid of the canal is looked for, mm."""
CANAL_LEAST_MM = 8.0
"""Lower bound of the canal's depth, mm. Our estimate."""
CANAL_HALF_WIDTH_MM = 9.0
"""Half of the width of the dural sac, mm. Our estimate from the pictures."""
ARCH_HALF_WIDTH_MM = 26.0
"""How far to the side pedicles, joints and laminae reach, mm. Our estimate from the pictures."""
ARCH_DEPTH_MM = 16.0
"""How far behind the canal laminae and joints reach, mm. Our estimate from the pictures."""
PROCESS_DEPTH_MM = 42.0
"""How far behind the canal spinous processes and their ligaments reach, mm. Our estimate from the pictures."""
PROCESS_HALF_WIDTH_MM = 8.0
"""Half of the width of the spinous processes with the fat beside them, mm."""
SKIN_MM = 5.0
"""Thickness of the skin, mm."""
STARTS = (0.5, 0.65, 0.8, 0.9)
"""Parts of the darker class from which the search for two classes starts; the best end is taken."""
SURE_LOG = 0.15
"""How far the signal of a voxel lies at least from the border of muscle and fat, in log units. Our estimate."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What truly lies where.

    Parameters
    ----------
    spine : Spine
    classes : ndarray of uint8
        Codes of ``real_spine``.
    body : ndarray of bool
        The body.
    body_known : ndarray of bool
        Where it is certain whether a voxel belongs to the body.
    canal_mm : ndarray, shape (n, 2)
        Front and back of the canal behind the posterior wall, for each half millimeter of ``s``.
    skin_mm : ndarray of float32
        Distance of each voxel from the skin of the back, mm; negative outside the body.
    """

    spine: Spine
    classes: np.ndarray
    body: np.ndarray
    body_known: np.ndarray
    canal_mm: np.ndarray
    skin_mm: np.ndarray


def kept_truth(cache: Path, data: Path, name: str) -> Truth:
    """The truth of a volume, which is kept in `cache` under a digest of these modules."""
    here = Path(__file__).resolve().parent
    sources = b"".join((here / f"{module}.py").read_bytes() for module in ("real_spine", "real_spine_truth"))
    folder = cache / f"real-spine-truth-{hashlib.sha256(sources).hexdigest()[:12]}"
    made: Truth = kept(folder / f"{name}.pickle", lambda: truth_of(data, name), packed=True)
    return made


def truth_of(data: Path, name: str) -> Truth:
    """The truth of a volume, with the help of the other volume of the same person."""
    volume = read_volume(data, name)
    person = PERSONS[volume.person]
    csf = volume if person.bright_csf == name else read_volume(data, person.bright_csf)
    contrast = volume if person.tissue_volume == name else read_volume(data, person.tissue_volume)
    spine = spine_of(volume)
    body, known, skin = body_of_volume(volume)
    canal = canal_of(spine, csf.image.array)
    classes = classes_of(spine, contrast.image.array, body & known, canal, skin)
    classes[~body & known] = AIR
    return Truth(spine, classes, body, known, canal, skin)


def body_of_volume(volume: Volume) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The body, where this is certain, and the depth below the skin of the back in mm."""
    person = PERSONS[volume.person]
    k, j, i = volume.image.array.shape
    smooth = ndimage.gaussian_filter(volume.image.array, (1.0, 2.0, 2.0))
    seen = smooth > person.signal_least[volume.name]
    seen = ndimage.binary_opening(seen, np.ones((1, 5, 5)))
    parts, count = ndimage.label(seen)
    seen = parts == 1 + int(np.argmax(ndimage.sum_labels(seen, parts, np.arange(1, count + 1))))
    columns = np.arange(i)
    back = np.where(seen.any(axis=2), i - 1 - seen[:, :, ::-1].argmax(axis=2), -1).astype(float)
    back = ndimage.median_filter(back, (5, 9))
    slices = np.interp(np.arange(k), [6, k // 2, k - 7], [0, 1, 2])
    fronts = np.stack([np.interp(np.arange(j), *np.array(line, dtype=float).T) for line in person.front])
    low = np.floor(slices).astype(int).clip(0, 1)
    part = (slices - low)[:, None]
    front = (1 - part) * fronts[low] + part * fronts[low + 1]
    body = (columns >= front[..., None]) & (columns <= back[..., None])
    known = np.abs(columns - front[..., None]) > FRONT_DOUBT_MM
    known &= np.abs(columns - back[..., None]) > BACK_DOUBT_MM
    if person.saturated:
        rows, border = np.array(person.saturated, dtype=float).T
        line = np.interp(np.arange(j), rows, border)
        hidden = (np.arange(j)[:, None] >= rows[0]) & (columns < line[:, None] + FRONT_DOUBT_MM)
        known &= ~hidden
    return body, known, (back[..., None] - columns).astype(np.float32)


def canal_of(spine: Spine, bright: np.ndarray) -> np.ndarray:
    """Front and back of the dural sac behind the posterior wall, for each half millimeter of ``s``, shape (n, 2)."""
    s, d, x = spine.coordinates
    first, last = CANAL_SEEN_MM
    near = (np.abs(x) < 4.0) & (d > first) & (d < last)
    step = np.rint(s[near] / 2.0).astype(int)
    depth = np.rint(d[near] - first).astype(int)
    size = (len(spine.curve) // 4 + 2, int(last - first) + 1)
    count, total = np.zeros(size), np.zeros(size)
    np.add.at(count, (step, depth), 1.0)
    np.add.at(total, (step, depth), bright[near])
    profile = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    ends = np.array([_bright_run(row) for row in profile]) + first
    for column in range(2):
        seen = np.isfinite(ends[:, column])
        ends[:, column] = np.interp(np.arange(len(ends)), np.flatnonzero(seen), ends[seen, column])
        ends[:, column] = ndimage.gaussian_filter1d(ndimage.median_filter(ends[:, column], 15), 2.0)
    ends[:, 1] = np.maximum(ends[:, 1], ends[:, 0] + CANAL_LEAST_MM)
    fine = np.arange(len(spine.curve)) / 4.0
    return np.stack([np.interp(fine, np.arange(len(ends)), ends[:, c]) for c in range(2)], axis=-1)


def _bright_run(row: np.ndarray) -> tuple[float, float]:
    """First and last place of the bright part of a profile: over half of its height, as a scanner's edge."""
    if np.isfinite(row).sum() < 20:
        return np.nan, np.nan
    row = np.nan_to_num(row, nan=float(np.nanmin(row)))
    middle = row[2:24]
    level = 0.5 * (np.percentile(middle, 15) + middle.max())
    at = int(np.argmax(middle)) + 2
    low = high = at
    gap = 4
    while low > 0 and row[max(low - gap, 0) : low].max() > level:
        low -= 1
    while high < len(row) - 1 and row[high + 1 : high + 1 + gap].max() > level:
        high += 1
    return float(low), float(high)


def classes_of(
    spine: Spine, contrast: np.ndarray, body: np.ndarray, canal: np.ndarray, skin: np.ndarray
) -> np.ndarray:
    """Codes of what is certain."""
    s, d, x = spine.coordinates
    at = np.clip(np.rint(s / 0.5).astype(int), 0, len(canal) - 1)
    front, back = canal[at, 0], canal[at, 1]
    depth = _between_levels(spine, "depth_mm")[at]
    out = np.full(contrast.shape, UNKNOWN, dtype=np.uint8)
    out[body & (d < -depth - 8.0)] = FRONT
    arch = (np.abs(x) < ARCH_HALF_WIDTH_MM) & (d > 0.0) & (d < back + ARCH_DEPTH_MM)
    arch |= (np.abs(x) < PROCESS_HALF_WIDTH_MM) & (d > 0.0) & (d < back + PROCESS_DEPTH_MM)
    out[body & arch] = ARCH
    lowest, highest = _flesh_ends(spine)
    flesh = body & ~arch & (skin > SKIN_MM) & (d > back + 2.0) & (s > lowest) & (s < highest)
    is_muscle, is_fat = muscle_and_fat(contrast, flesh, skin, s, PERSONS[spine.volume.person].fat_is_dark)
    out[is_muscle], out[is_fat] = MUSCLE, FAT
    inside = (d > front + 1.0) & (d < back - 1.0)
    round_part = (np.abs(x) / CANAL_HALF_WIDTH_MM) ** 2 + ((d - 0.5 * (front + back)) / (0.5 * (back - front))) ** 2
    ends = _canal_ends(spine)
    out[body & inside & (round_part < 1.0) & (s > ends[0]) & (s < ends[1])] = CANAL
    drawn = np.any(list(spine.masks.values()), axis=0)
    out[drawn] = UNKNOWN
    out[ndimage.binary_erosion(drawn)] = MARROW
    out[discs_of(spine) & (out != MARROW)] = DISC
    return out


def _between_levels(spine: Spine, what: str) -> np.ndarray:
    """A measure of the bodies along the curve."""
    ways = [spine.way_of(b.level) for b in spine.bodies]
    return np.interp(0.5 * np.arange(len(spine.curve)), ways, [getattr(b, what) for b in spine.bodies])


def _canal_ends(spine: Spine) -> tuple[float, float]:
    """Lowest and highest ``s`` at which the canal is certain: the levels that are drawn."""
    ways = [spine.way_of(b.level) for b in spine.bodies]
    return min(ways) - 10.0, max(ways) + 10.0


def _flesh_ends(spine: Spine) -> tuple[float, float]:
    """Lowest and highest ``s`` of certain paraspinal muscle: below L5 lies the sacrum, above the bodies are ribs."""
    return spine.way_of("L5") - 10.0, max(spine.way_of(b.level) for b in spine.bodies) + 10.0


def discs_of(spine: Spine) -> np.ndarray:
    """The inner discs: as drawn, else the middle of the space between two bodies."""
    volume = spine.volume
    if volume.has_discs:
        return ndimage.binary_erosion(volume.labels > 0)
    mask = np.zeros(volume.image.geometry.shape, dtype=bool)
    for below, above in zip(spine.bodies[:-1], spine.bodies[1:], strict=True):
        _add_disc(mask, volume.image.geometry, below, above)
    drawn = np.any(list(spine.masks.values()), axis=0)
    return mask & ~ndimage.binary_dilation(drawn)


def _add_disc(mask: np.ndarray, geometry: Geometry, below: Body, above: Body) -> None:
    """Add the middle of the space between two bodies to a mask."""
    low, high = below.at(up=0.5 * below.height_mm), above.at(up=-0.5 * above.height_mm)
    middle, up, back = 0.5 * (low + high), 0.5 * (below.up + above.up), 0.5 * (below.back + above.back)
    flat = ball(geometry, middle, 35.0)
    offset = geometry.flat_to_ras(flat) - middle
    ahead, side = offset @ back, offset @ below.right
    rim = (ahead / (0.5 * below.depth_mm - 4.0)) ** 2 + (side / (below.half_width_mm - 4.0)) ** 2
    thin = max(0.5 * float(np.dot(high - low, up)) - 1.5, 0.6)
    mask.reshape(-1)[flat[(np.abs(offset @ up) < thin) & (rim < 1.0)]] = True


def muscle_and_fat(
    array: np.ndarray, where: np.ndarray, skin: np.ndarray, s: np.ndarray, fat_is_dark: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Muscle and fat among soft tissue, by two classes of signal over one smooth shading.

    Parameters
    ----------
    array : ndarray
        The volume in which muscle and fat differ most.
    where : ndarray of bool
        Soft tissue.
    skin, s : ndarray
        Depth below the skin and way along the spine: the shading is a polynomial of both.
    fat_is_dark : bool
        Whether fat is the darker class.

    Returns
    -------
    (ndarray, ndarray)
        Masks of muscle and of fat; voxels near the border between both belong to neither.
    """
    flat = np.flatnonzero(where & (array > 0))
    logs = np.log(ndimage.gaussian_filter(array, 0.6).reshape(-1)[flat] + 1e-3)
    depth, way = skin.reshape(-1)[flat] / 50.0, s.reshape(-1)[flat] / 200.0
    terms = [depth, depth**2, depth**3, way, way**2, way**3, way * depth, way**2 * depth, way * depth**2]
    some = slice(None, None, max(1, flat.size // 60_000))
    shade = np.column_stack([t[some] for t in terms])
    values = logs[some]
    fits = [_two_classes(shade, values, part) for part in STARTS]
    fit = min(fits, key=lambda one: one[1])[0]
    offsets = fit[-2:]
    even = logs - np.column_stack(terms) @ fit[:-2]
    fat, muscle = even > offsets.mean() + SURE_LOG, even < offsets.mean() - SURE_LOG
    # What is far darker than the dark class is cortex, tendon or a vessel.
    not_tissue = even < offsets[0] - 0.7
    pair = (muscle & ~not_tissue, fat) if not fat_is_dark else (fat, muscle & ~not_tissue)
    masks = []
    for chosen in pair:
        mask = np.zeros(array.size, dtype=bool)
        mask[flat[chosen]] = True
        masks.append(mask.reshape(array.shape))
    return masks[0], masks[1]


def _two_classes(shade: np.ndarray, values: np.ndarray, part: float) -> tuple[np.ndarray, float]:
    """Coefficients of the shading and offsets of a dark and a bright class, and what they leave of the spread."""
    bright = values > np.quantile(values, part)
    fit, rest = np.zeros(shade.shape[1] + 2), np.inf
    for _ in range(30):
        design = np.column_stack([shade, ~bright, bright]).astype(float)
        fit = np.linalg.lstsq(design, values, rcond=None)[0]
        rest = float(np.abs(values - design @ fit).mean())
        bright = values - shade @ fit[:-2] > fit[-2:].mean()
    return fit, rest
