"""Bright places in a low back, told by their place in the straightened spine and by its other levels.

The spinal canal's course and the discs along it (:mod:`.spine_line`, :mod:`.disc_planes`) say what lies where: dural
sac, discs, bodies, joints and processes, and what lies beside the spine. Facet joints hold some fluid in most people,
discs are bright in the young, and muscles beside them turn to fat: a bright joint counts where it is brighter than the
same place at the other levels, or larger than joint fluid is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..body.straight_spine import at_places, matched_levels
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.records import MRFinding
from .bright import FLUID_LIKE, BrightPart, JudgedPlace, Shells, as_finding, bright_parts
from .kinds import MRPicture, find_fluid, find_oedema
from .signal import coarse_factors, coarser, spread_blocks
from .surroundings import is_tube, slice_axis

SAC_MM, WIDE_SAC_MM = (11.0, 10.0), (16.0, 18.0)
"""Half width and half depth of the dural sac about the canal's middle, and of a wide one; what hangs on the sac within
the latter and is as bright as it is fluid of the canal."""
MIDDLE_MM = (4.0, 4.0)
SAC_PART = 0.5
"""Of the signal along the canal's middle: fluid of the canal, also where it shares a voxel."""
REACH_SIDE_MM, REACH_BEHIND_MM, REACH_FRONT_MM = 75.0, 55.0, 48.0
"""Beside, behind and in front of the canal: vertebrae with their arches, and the sacroiliac joints."""
BODY_MM = 8.0
"""The vertebral bodies begin this far in front of the canal's middle."""
BODY_SIDE_MM = 30.0
"""Half the width of a lumbar body (20 to 27 mm) and some millimetres of doubt."""
FRONT_WALL_MM, ENCLOSED = 38.0, 0.6
"""The front wall of a vertebral body lies 36 to 45 mm in front of the canal's middle (body 27 to 36, half a canal 8 to
10 mm); what lies as far forward is a great vessel on the wall unless marrow is on most sides of it."""
IN_BONE = 0.25
"""Marrow in the shell of an oedema, at least: at an endplate half of the shell is disc."""
DISC_HALF_MM = 4.0
"""Nearer to the middle of a disc than this is disc; lumbar discs are 7 to 12 mm high."""
DISC_EDGE_MM, MOSTLY_DISC = 6.0, 0.6
"""Where more than this part of a bright place is nearer to the middle of a disc it may be of the disc."""
ENDPLATE_MM, BAND_MM = 8.0, 15.0
"""From the middle of a disc: a change of an endplate comes as near as this, and lies mostly within the band (DOMAIN
D.3: a third of a body)."""
LEAST_BODY_ML = 0.8
"""An oedema at an endplate that is smaller than this is faint by its extent where discs are told from the canal alone:
a slice through a disc's edge looks alike."""
PELVIS_BELOW_MM, PELVIS_FRONT_MM = 40.0, 25.0
"""Farther below the lowest disc than a vertebra is high, and in front of the sacrum (20 to 30 mm thick at its upper
end, thinner below), lie uterus and bowel."""
BACK_WALL_MM, BACK_WALL_ML = 14.0, 1.0
"""So near to the back wall of a body small bright places may be fluid of the canal, which shares voxels with it."""
VEIN_ML, VEIN_SIDE_MM, VEIN_FRONT_MM = 0.6, 8.0, 30.0
"""The basivertebral vein: small, in the middle of the back half of a body."""
JOINT_ML, CLEAR_JOINT_ML, LARGE_JOINT_ML = 0.5, 0.3, 3.0
BRIGHTER, CLEARLY_BRIGHTER, AS_BRIGHT, NOT_DARKER = 1.1, 1.3, 1.0, 0.85
"""Joints and what lies behind the canal: of the brightest usual signal at the same place of the other levels, with the
least volume for each; what is darker than the last is normal (ours, on four independent families of phantoms)."""
LEVEL_PERCENTILE = 85.0
"""Of all levels and both sides: joint fluid fills about a fifth of the height (ours)."""
INNER_DISC_MM = (15.0, 14.0, 36.0, 3.0)
"""Of a disc: half width, front from and to, half height that surely is nucleus."""
BRIGHT_DISC = 1.25
"""Of the median of the other discs: a disc that counts where the PET agrees (ours)."""
BESIDE_MM = 34.0
"""Beside this only bone and collections count."""
SACROILIAC_ML, SACROILIAC_MARROW = 1.0, 0.4
"""Least extent, and marrow around it, of an oedema at a sacroiliac joint that counts alone."""
SACRUM_ABOVE_MM = 45.0
"""Above the canal's lower end; higher up lie kidney, ureter and bowel beside the spine."""
PAIR_ML = 1.5
"""Smaller places alike on both sides are nerve roots, veins or joints in use (ours)."""
KIDNEY_SIDE_MM = 42.0
"""The hilum of a kidney lies 40 to 50 mm beside the midline."""


@dataclass(frozen=True, eq=False)
class SpineMap:
    """The working grid's voxels about the spine in the spine's own coordinates.

    Parameters
    ----------
    box : tuple of slice
        Part of the working grid.
    right, front, to_disc : ndarray of float32, shape of the box
        mm; NaN beyond the canal's ends. `to_disc` is infinite without discs.
    level : ndarray of uint8, shape of the box
        Number of the vertebra from below, 1 below the lowest disc; 0 beyond the ends.
    """

    picture: MRPicture
    box: tuple[slice, ...]
    right: np.ndarray
    front: np.ndarray
    to_disc: np.ndarray
    level: np.ndarray

    @cached_property
    def normal(self) -> np.ndarray:
        """What is normal across the canal on the fluid-sensitive series, shape (front, right)."""
        picture = self.picture
        straight = picture.spine_line.straight.sample(
            picture.smooth[picture.fluid_role], picture.surroundings.geometry
        )
        return matched_levels(straight, LEVEL_PERCENTILE)

    @cached_property
    def sac(self) -> np.ndarray:
        """Fluid of the canal, shape of the box."""
        picture = self.picture
        signal = picture.smooth[picture.fluid_role][self.box]
        inner = _within(self.right, self.front, SAC_MM)
        bar = SAC_PART * float(
            np.median(signal[_within(self.right, self.front, (4.0, 4.0))] if inner.any() else signal)
        )
        wide = _within(self.right, self.front, WIDE_SAC_MM) & (signal > bar)
        return inner | ndimage.binary_propagation(inner & wide, mask=wide)

    @property
    def is_body(self) -> np.ndarray:
        """Places of vertebral bodies and discs, shape of the box."""
        return (self.front > BODY_MM) & (self.front < REACH_FRONT_MM) & (np.abs(self.right) < BODY_SIDE_MM)

    def of(self, region: Region) -> np.ndarray:
        """Right, front, distance to the disc of a region's voxels, shape (n, 3); NaN outside the box."""
        kji = np.stack(np.unravel_index(region.flat, region.geometry.shape))
        start = np.array([s.start for s in self.box])[:, None]
        inside = np.all((kji >= start) & (kji < np.array([s.stop for s in self.box])[:, None]), axis=0)
        at = tuple((kji - start)[:, inside])
        out = np.full((len(region), 3), np.nan)
        out[inside] = np.stack([self.right[at], self.front[at], self.to_disc[at]], axis=1)
        return out

    def over_levels(self, region: Region) -> float | None:
        """Mean signal of a region over the brightest usual one at the same place of the other levels."""
        straight = self.picture.spine_line.straight
        if not straight.has_levels:
            return None
        usual = at_places(self.normal, straight.local(region.points_ras))
        seen = np.isfinite(usual)
        if seen.mean() < 0.5:
            return None
        signal = self.picture.smooth[self.picture.fluid_role].reshape(-1)[region.flat]
        return float(signal[seen].mean() / max(usual[seen].mean(), 1e-6))


def _within(right: np.ndarray, front: np.ndarray, half_mm: tuple[float, float]) -> np.ndarray:
    return (right / half_mm[0]) ** 2 + (front / half_mm[1]) ** 2 < 1.0


def map_spine(picture: MRPicture) -> SpineMap:
    """Coordinates of the voxels about the spine, from blocks of about 2 mm within the slices."""
    geometry, straight = picture.surroundings.geometry, picture.spine_line.straight
    margin = np.array([REACH_SIDE_MM, REACH_BEHIND_MM + 15.0, 0.0])
    low, high = straight.points_ras.min(axis=0) - margin, straight.points_ras.max(axis=0) + margin
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    kji = geometry.to_ijk(corners)[:, ::-1]
    box = tuple(
        slice(int(np.clip(a, 0, n - 1)), int(np.clip(b + 2, 1, n)))
        for a, b, n in zip(kji.min(axis=0), kji.max(axis=0), geometry.shape, strict=True)
    )
    shape = tuple(s.stop - s.start for s in box)
    part = geometry.cropped(tuple(s.start for s in box), shape)
    factors = coarse_factors(part)
    coarse = coarser(part, factors)
    local = straight.local(coarse.flat_to_ras(np.arange(coarse.size)))
    gone = ~np.isfinite(local[:, 2])
    to_disc = straight.to_disc_mm(local)
    discs = straight.disc_mm + straight.disc_tilt * (local[:, 1:2] - 25.0)
    level = (1 + (np.nan_to_num(local[:, 2:], nan=0.0) > discs).sum(axis=1)).astype(np.uint8)
    local[gone], to_disc[gone], level[gone] = np.nan, np.nan, 0

    def spread(values: np.ndarray, kind: type) -> np.ndarray:
        return spread_blocks(values.reshape(coarse.shape).astype(kind), factors, shape)

    return SpineMap(
        picture,
        box,
        spread(local[:, 0], np.float32),
        spread(local[:, 1], np.float32),
        spread(to_disc, np.float32),
        spread(level, np.uint8),
    )


def mark_spine(spine: SpineMap, bright: np.ndarray | None) -> None:
    """Add to the tissues, in place, what the canal tells where an anatomy segmentation says nothing.

    Marrow is brighter than muscle on T1; within the spine's own place that tells it where its cortex is too thin to be
    seen. Discs are what is no marrow about their planes. The vertebrae are numbered from below.
    """
    picture, box = spine.picture, spine.box
    surroundings = picture.surroundings
    known = np.isfinite(spine.right)
    free = known if surroundings.segmented is None else known & (surroundings.segmented[box] == 0)
    tissue, marrow = surroundings.tissue[box], surroundings.marrow[box]
    if "T1" in picture.smooth and picture.typical.fat_t1 is not None:
        t1 = picture.smooth["T1"][box] / np.float32(picture.typical.muscle["T1"])
        in_slab = spine.is_body & (np.abs(spine.to_disc) < DISC_HALF_MM)
        place = (np.abs(spine.right) < 32.0) & (spine.front > -12.0) & (spine.front < 46.0) & ~in_slab
        if picture.fluid_role == "FLUID":
            shells = Shells(picture, np.zeros(0, dtype=bool))
            seen = shells.classes(box)[0]
        else:
            seen = (t1 > 1.25) & (t1 < 0.9 * picture.typical.fat_t1 / picture.typical.muscle["T1"])
        found = _enclosed(seen & place, t1, place, surroundings.geometry) & surroundings.body[box]
        bodies = spine.is_body & (np.abs(spine.right) < 24.0) & ~in_slab & (spine.front < 40.0)
        if bright is not None:
            # What is bright in a body is a lesion of its marrow, or a vein.
            found |= bodies & bright[box]
        near = free & (np.abs(spine.right) < 32.0) & (spine.front > -12.0) & (spine.front < REACH_FRONT_MM)
        tissue[near & marrow & ~found] = tissues.UNKNOWN
        marrow[near] = found[near]
        tissue[near & found] = tissues.MARROW
        if len(picture.spine_line.disc_mm):
            disc = in_slab & free & (np.abs(spine.right) < 26.0) & (spine.front < 44.0) & (t1 < 1.6)
            tissue[disc] = tissues.DISC
            marrow[disc] = False
    canal = spine.sac & free
    tissue[canal] = tissues.FLUID
    marrow[canal] = False


def _enclosed(marrow: np.ndarray, t1: np.ndarray, place: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Marrow that is no thin rim, and parts of a slice between dark lines that are mostly marrow: a fatty endplate in
    them belongs to the bone."""
    axis = slice_axis(geometry)
    across = 0 if axis is None else axis
    spacing = geometry.spacing_kji_mm
    size = [1 if n == across else 2 * max(1, int(3.5 / s + 0.5)) + 1 for n, s in enumerate(spacing)]
    cross = ndimage.generate_binary_structure(3, 1)
    cross[tuple(slice(None, None, 2) if n == across else slice(None) for n in range(3))] = False
    bright = place & (t1 > 1.2) & (t1 > 0.85 * ndimage.grey_closing(t1, size))
    labels, count = ndimage.label(ndimage.binary_erosion(bright, cross), cross)
    flat = np.flatnonzero(labels)
    own = labels.reshape(-1)[flat]
    number = np.maximum(np.bincount(own, minlength=count + 1), 1)
    kept = np.bincount(own, weights=marrow.reshape(-1)[flat], minlength=count + 1) > 0.6 * number
    kept[0] = False
    whole = ndimage.binary_dilation(kept[labels], cross) & bright
    return whole | ndimage.binary_opening(marrow, cross)


def find_in_spine(spine: SpineMap, bright: np.ndarray) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings and weak findings of the bright places about the spine.

    Parameters
    ----------
    spine : SpineMap
    bright : ndarray of bool, shape of the working grid
        Brighter than muscle, and not as bright as fat on T1.
    """
    picture, box = spine.picture, spine.box
    near = (np.abs(spine.right) < REACH_SIDE_MM) & (spine.front > -REACH_BEHIND_MM) & (spine.front < REACH_FRONT_MM)
    rest = bright[box] & near & ~spine.sac
    if picture.surroundings.segmented is not None:
        rest &= ~np.isin(picture.surroundings.segmented[box], (tissues.VISCERA, tissues.DISC, tissues.FLUID))
    in_slab = spine.is_body & (np.abs(spine.to_disc) < DISC_HALF_MM)
    judged: list[JudgedPlace] = []
    for place, judge in ((spine.is_body & ~in_slab, _in_body), (~spine.is_body, _beside_bodies)):
        mask = np.zeros(bright.shape, dtype=bool)
        mask[box] = rest & place
        parts = bright_parts(picture, mask, picture.parameters.oedema.minimum_ml)
        judged += _without_pairs([judge(spine, part) for part in parts], spine)
    sure = [as_finding(picture, one) for one in judged if one.kind is not None and one.sure]
    weak = [as_finding(picture, one) for one in judged if one.kind is not None and not one.sure]
    weak += _bright_discs(spine, rest & in_slab)
    faint = [f for f in sure if f.kind in ("oedema", "Modic I") and is_faint(picture, f)]
    return [f for f in sure if f not in faint], weak + faint


def _in_body(spine: SpineMap, part: BrightPart) -> JudgedPlace:
    """A bright place in a vertebral body, the discs cut out."""
    p = spine.picture.parameters
    right, front, to_disc = spine.of(part.region).T
    aside, forward = abs(float(np.nanmedian(right))), float(np.nanmedian(front))
    enclosed = part.marrow >= (IN_BONE if forward < FRONT_WALL_MM and aside < 22.0 else ENCLOSED)
    if (
        not enclosed
        or is_tube(part.region)
        or (np.nanmedian(to_disc) < -PELVIS_BELOW_MM and forward > PELVIS_FRONT_MM)
    ):
        return JudgedPlace(part, None)
    away = np.abs(to_disc)
    is_small = part.volume_ml < VEIN_ML and part.lengths_mm[0] < 16.0
    if is_small and aside < VEIN_SIDE_MM and forward < VEIN_FRONT_MM and np.nanmedian(away) > ENDPLATE_MM:
        return JudgedPlace(part, None)
    at_endplate = np.nanmin(away) < ENDPLATE_MM and np.nanmean(away < BAND_MM) > 0.6
    bright = part.peak >= p.bright.sure_over_muscle or part.marrow > 0.5
    least_ml = LEAST_BODY_ML if at_endplate and spine.picture.surroundings.segmented is None else p.bright.sure_ml
    if forward < BACK_WALL_MM:
        least_ml = BACK_WALL_ML
    sure = bright and part.volume_ml >= least_ml
    # A disc is bright in the young, and higher than its middle slab.
    sure &= np.nanmean(away < DISC_EDGE_MM) < MOSTLY_DISC
    return JudgedPlace(part, "Modic I" if at_endplate else "oedema", bool(sure))


def _beside_bodies(spine: SpineMap, part: BrightPart) -> JudgedPlace:
    """A bright place at joints, processes and pedicles, or beside the spine."""
    picture = spine.picture
    p, canal = picture.parameters, picture.spine_line.straight.points_ras
    right, front, _ = spine.of(part.region).T
    aside, forward = abs(float(np.nanmedian(right))), float(np.nanmedian(front))
    if is_tube(part.region):
        return JudgedPlace(part, None)
    is_fluid = part.mean >= FLUID_LIKE
    is_low = part.region.centroid_ras_mm[2] < canal[0, 2] + SACRUM_ABOVE_MM
    bright = part.peak >= p.bright.sure_over_muscle
    is_kidney = not is_low and aside > KIDNEY_SIDE_MM and forward > BODY_MM
    over = spine.over_levels(part.region)
    if aside > 24.0 and forward < 25.0 and not is_kidney and is_fluid and part.muscle > 0.5 and part.volume_ml >= 1.0:
        return JudgedPlace(part, "fluid collection or bursitis", over is None or over >= BRIGHTER)
    if aside > BESIDE_MM:
        in_bone = part.marrow >= 0.3 and forward < 32.0
        if not is_low or not in_bone:
            return JudgedPlace(part, None)
        sure = bright and part.volume_ml >= SACROILIAC_ML and part.marrow >= SACROILIAC_MARROW
        return JudgedPlace(part, "oedema", sure and (over is None or over >= BRIGHTER))
    if forward > BODY_MM and part.marrow < ENCLOSED:
        return JudgedPlace(part, None)
    kind = "effusion or synovitis" if is_fluid else "oedema"
    if over is None:
        return JudgedPlace(part, kind, bright and part.volume_ml >= LEAST_BODY_ML)
    if over < NOT_DARKER:
        return JudgedPlace(part, None)
    sure = (
        (over >= BRIGHTER and part.volume_ml >= JOINT_ML)
        or (over >= CLEARLY_BRIGHTER and part.volume_ml >= CLEAR_JOINT_ML)
        or (over >= AS_BRIGHT and part.volume_ml >= LARGE_JOINT_ML)
    )
    return JudgedPlace(part, kind, bool(bright and sure))


def _without_pairs(judged: list[JudgedPlace], spine: SpineMap) -> list[JudgedPlace]:
    """Small places alike on both sides are anatomy (nerve roots, veins, joints in use) until PET speaks for one."""
    places = [spine.of(one.part.region) for one in judged]
    middles = [np.nanmedian(place, axis=0) for place in places]
    out = []
    for one, middle in zip(judged, middles, strict=True):
        twins = (
            _is_pair(one.part, middle, other.part, beside)
            for other, beside in zip(judged, middles, strict=True)
            if other is not one
        )
        is_small = one.part.volume_ml < PAIR_ML
        out.append(replace(one, sure=False) if one.sure and is_small and any(twins) else one)
    return out


def _is_pair(a: BrightPart, at: np.ndarray, b: BrightPart, beside: np.ndarray) -> bool:
    apart = abs(a.region.centroid_ras_mm[2] - b.region.centroid_ras_mm[2])
    if abs(at[0]) < 8.0 or abs(at[0] + beside[0]) > 6.0 or abs(at[1] - beside[1]) > 8.0 or apart > 8.0:
        return False
    return 0.5 < a.volume_ml / b.volume_ml < 2.0 and 0.8 < a.peak / b.peak < 1.25


def _bright_discs(spine: SpineMap, bright: np.ndarray) -> list[MRFinding]:
    """Discs that outshine the others, weak: in the young all are bright, and one spared by degeneration is normal."""
    picture, straight = spine.picture, spine.picture.spine_line.straight
    if not len(straight.disc_mm):
        return []
    side, first, last, half = INNER_DISC_MM
    inner = (
        (np.abs(spine.right) < side) & (spine.front > first) & (spine.front < last) & (np.abs(spine.to_disc) < half)
    )
    signal = picture.smooth[picture.fluid_role][spine.box]
    # Discs are told by the vertebra below (the disc's lower half) and above (its upper half).
    number = np.where(spine.to_disc > 0, spine.level - 1, spine.level)
    level = {
        n: float(np.median(signal[inner & (number == n)]))
        for n in range(1, len(straight.disc_mm) + 1)
        if np.count_nonzero(inner & (number == n)) > 20
    }
    out = []
    for n, own in level.items():
        others = [value for other, value in level.items() if other != n]
        if not others or own < BRIGHT_DISC * np.median(others):
            continue
        mask = np.zeros(picture.surroundings.geometry.shape, dtype=bool)
        mask[spine.box] = bright & (number == n)
        parts = bright_parts(picture, mask, picture.parameters.bright.sure_ml)
        out += [as_finding(picture, JudgedPlace(part, "oedema", False)) for part in parts]
    return out


def find_by_anatomy(spine: SpineMap, taken: np.ndarray) -> tuple[list[MRFinding], list[MRFinding]]:
    """What marrow and fluid show against an anatomy segmentation, where nothing else was found; sure and weak.

    Parameters
    ----------
    spine : SpineMap
    taken : ndarray of bool, shape of the working grid
        Voxels of the findings so far.
    """
    picture = spine.picture
    sure, weak = find_oedema(picture)
    found = [(f, True) for f in sure] + [(f, False) for f in weak] + [(f, True) for f in find_fluid(picture)]
    kept_sure, kept_weak = [], []
    for finding, is_sure in found:
        if taken.reshape(-1)[finding.region.flat].any() or _is_at_kidney(spine, finding):
            continue
        clear = is_sure and picture.surroundings.segmented is not None and _stands_out(spine, finding)
        (kept_sure if clear else kept_weak).append(finding)
    return kept_sure, kept_weak


def _is_at_kidney(spine: SpineMap, finding: MRFinding) -> bool:
    """Whether fluid lies where kidneys and ureters do, above the sacrum."""
    right, front, height = np.nanmedian(spine.picture.spine_line.straight.local(finding.region.points_ras), axis=0)
    beside = abs(right) > KIDNEY_SIDE_MM and front > BODY_MM
    return bool(finding.kind != "oedema" and np.isfinite(height) and beside and height > SACRUM_ABOVE_MM)


def _stands_out(spine: SpineMap, finding: MRFinding) -> bool:
    """Whether a finding in marrow or a joint is more than the other levels show."""
    right, front, to_disc = spine.of(finding.region).T
    if np.isfinite(right).mean() < 0.5:
        return True
    aside, forward = abs(float(np.nanmedian(right))), float(np.nanmedian(front))
    if forward > BODY_MM and aside < BODY_SIDE_MM:
        in_disc = float(np.nanmean(np.abs(to_disc) < DISC_HALF_MM))
        return bool(finding.volume_ml >= LEAST_BODY_ML and in_disc < 0.5)
    over = spine.over_levels(finding.region)
    if aside > BESIDE_MM or over is None:
        return finding.volume_ml >= LEAST_BODY_ML
    return bool(
        (over >= BRIGHTER and finding.volume_ml >= JOINT_ML)
        or (over >= CLEARLY_BRIGHTER and finding.volume_ml >= CLEAR_JOINT_ML)
        or (over >= NOT_DARKER and finding.volume_ml >= LARGE_JOINT_ML)
    )


def is_faint(picture: MRPicture, oedema: MRFinding) -> bool:
    """Whether an oedema is on the average less bright than the core of one, against all marrow or that of its place.

    Where fat is poorly suppressed or marrow is red, all of it outshines muscle; where bone is told from signal alone,
    that is taken for an oedema more easily than where its outline is known.
    """
    own = picture.z[picture.fluid_role].reshape(-1)[oedema.region.flat]
    own = own[np.isfinite(own)]
    here = float(own.mean()) if own.size else oedema.z
    return min(here, oedema.z) < picture.parameters.oedema.core_z
