"""Bright places on the fluid-sensitive series, told by what surrounds them and by where they lie.

Oedema, synovitis and fluid are brighter than muscle on the fluid-sensitive series and no brighter than mixed marrow on
T1. So are the spinal canal, discs, veins, kidneys, ureters, bowel and bladder. They are told apart by shape, by the
tissues of the shell around them, and by their place: along the spinal canal, or at the implant. None of it needs the
outline of the bone, which is what the signal shows worst where a lesion has replaced marrow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from . import tissues
from .image import Geometry, Image, Region
from .mr_kinds import Work, find_fluid, find_oedema, make_finding
from .mr_rules import bone_distance, is_tube, normal_fluid, slice_axis
from .mr_signal import around_region, extents_mm, regions_of, sample_mask
from .records import MRFinding
from .spine_line import find_spine_line

SHELL_MM = (1.2, 4.2)
"""The shell that is looked at: beyond the blurred edge, within the neighbouring tissue."""
MIXED_PART = 0.8
"""T1 of red and mixed marrow over that of fat is below this (ours)."""
CANAL_HALF_MM = (11.0, 10.0)
"""Half width and half depth of the tube cut out around the canal's axis: a wide dural sac."""
FAR_FROM_IMPLANT = 2.0
"""Of the muscle signal, at the peak: marrow oedema away from a prosthesis."""
CANAL_BAR = 1.35
"""Of the muscle signal: what is darker is no fluid of the canal."""
CANAL_NEAR_MM = 11.0
"""From the spine line: half a wide dural sac."""
RUNG_MM, VERTEBRA_MM = 4.0, 36.0
FORWARD_SLOPE = 0.5
"""Forward over downward, at most: a lumbar lordosis with its kyphosis above stays below it."""
CANAL_GAP_MM = 25.0
"""Along the axis: a narrow level, where stenosis leaves little fluid, is shorter."""
SPINE_SIDE_MM, SPINE_BACK_MM, SPINE_FRONT_MM = 75.0, 55.0, 48.0
"""Beside, behind and in front of the canal's axis: vertebrae with their arches, and the sacroiliac joints."""
BODY_FRONT_MM, ENCLOSED = 38.0, 0.6
"""The front wall of a vertebral body lies 36 to 45 mm in front of the canal's axis (body 27 to 36, half a canal 8 to
10 mm); what lies as far forward is a great vessel on the wall unless marrow is on most sides of it."""
BODIES_SHARE = 0.2
"""Of the places in front of the canal, at least, look like vertebral marrow; the rest are discs, endplates, fatty and
bright marrow. In front of bladder, bowel and vessels there is next to none."""
DISC_MINIMUM_ML = 1.5
DISC_THICK_MM, DISC_SIZE_MM, DISC_FACES = 14.0, (30.0, 20.0), 0.5
"""Lumbar discs are 7 to 14 mm high and 45 by 35 mm wide; the part of each flat side that is marrow (ours)."""
DISC_CORE = 1.35
"""Of a disc's own median: what shines out of it is looked at (ours)."""
PEDICLE_MM = (-8.0, 12.0, 8.0, 24.0)
"""Behind and in front of the canal's axis, and beside it: pedicles (10 to 16 mm in front at the most) and joints."""
BOWEL_LENGTH_MM = 80.0
"""Longer than a sacroiliac joint (50 to 60 mm) with its margins: a loop of bowel. Ours."""
VESSEL_WIDTH_MM = 16.0
"""Iliac and femoral vessels are 8 to 14 mm wide."""
BEHIND_IMPLANT_MM = 20.0
"""Sacroiliac joints lie 30 to 70 mm behind the middle of a hip replacement."""
KIDNEY_SIDE_MM = 42.0
"""The hilum of a kidney lies 40 to 50 mm beside the midline."""
FLUID_LIKE = 2.2
"""Of the muscle signal: free fluid and synovitis rather than oedema in marrow."""


@dataclass(frozen=True, eq=False)
class BrightPart:
    """One connected bright place.

    Parameters
    ----------
    region : Region
    lengths_mm, axes : ndarray
        As of :func:`.mr_signal.extents_mm`.
    mean, peak : float
        Mean and 90th percentile of the fluid-sensitive signal over that of muscle.
    t1 : float
        Mean T1 over that of muscle; NaN without T1.
    marrow, fat, dark, muscle : float
        Parts of the shell that look like red or mixed marrow, fat, cortex or disc, muscle.
    faces : float
        Of the shell over the two flat sides of a flat part, what looks like marrow; of the side with less.
    """

    region: Region
    lengths_mm: np.ndarray
    axes: np.ndarray
    mean: float
    peak: float
    t1: float
    marrow: float
    fat: float
    dark: float
    muscle: float
    faces: float = 0.0

    @property
    def volume_ml(self) -> float:
        return self.region.volume_ml


@dataclass(frozen=True, eq=False)
class Canal:
    """The axis of the spinal canal, from caudal to cranial, shape (n, 3), RAS mm."""

    axis_ras: np.ndarray

    def beside(self, points_ras: np.ndarray) -> np.ndarray:
        """Offsets (right, front) in mm of points from the axis at their height, shape (n, 2)."""
        height = self.axis_ras[:, 2]
        at = [np.interp(points_ras[:, 2], height, self.axis_ras[:, n]) for n in (0, 1)]
        return points_ras[:, :2] - np.stack(at, axis=1)

    def holds_height(self, z: float, margin_mm: float) -> bool:
        """Whether a height lies along the axis, or at most `margin_mm` beyond its ends."""
        return bool(self.axis_ras[0, 2] - margin_mm <= z <= self.axis_ras[-1, 2] + margin_mm)


def bright_mask(work: Work, bar: float) -> np.ndarray:
    """Voxels brighter than `bar` times muscle on the fluid-sensitive series and not as bright as fat on T1."""
    signals, muscle = work.signals, work.levels.muscle
    mask = (work.smooth[work.bright] > bar * muscle[work.bright]) & signals.body
    if "T1" in work.smooth and work.levels.fat_t1 is not None:
        mask &= work.smooth["T1"] < np.sqrt(muscle["T1"] * work.levels.fat_t1)
    return mask


def bright_parts(work: Work, mask: np.ndarray, minimum_ml: float, with_shell: bool = True) -> list[BrightPart]:
    """The connected parts of a mask, with what is known of each; without the shell its shares are 0."""
    geometry = work.around.geometry
    labels, count = ndimage.label(mask, ndimage.generate_binary_structure(3, 1))
    least = minimum_ml / geometry.voxel_volume_ml
    large = np.bincount(labels.reshape(-1), minlength=count + 1) >= least
    shells = _Shells(work, mask)
    boxes = ndimage.find_objects(labels)
    return [shells.part(labels, n, boxes[n - 1], with_shell) for n in np.flatnonzero(large[1:]) + 1]


class _Shells:
    """Looks at the tissues around bright parts: T1 and fluid-sensitive signal in units of muscle."""

    def __init__(self, work: Work, mask: np.ndarray) -> None:
        self.work, self.mask = work, mask
        muscle, fat = work.levels.muscle, work.levels.fat_t1
        self.fluid = work.smooth[work.bright] / np.float32(muscle[work.bright])
        self.t1 = None
        if "T1" in work.smooth and fat is not None:
            self.t1 = work.smooth["T1"] / np.float32(muscle["T1"])
            self.fat_t1 = fat / muscle["T1"]
            alike = work.signals.body & (np.abs(self.t1 / self.fat_t1 - 1.0) < 0.15)
            some = self.fluid[alike]
            self.fat_fluid = min(float(np.median(some[:: some.size // 50_000 + 1])) if some.size else 0.0, 0.7)

    def part(self, labels: np.ndarray, number: int, box: tuple[slice, ...], with_shell: bool) -> BrightPart:
        geometry = self.work.around.geometry
        margins = [int(SHELL_MM[1] / s + 1) for s in geometry.spacing_kji_mm]
        wide = tuple(
            slice(max(b.start - m, 0), min(b.stop + m, n))
            for b, m, n in zip(box, margins, geometry.shape, strict=True)
        )
        own = labels[wide] == number
        kji = np.nonzero(own)
        place = [a + s.start for a, s in zip(kji, wide, strict=True)]
        region = Region(geometry, np.ravel_multi_index(place, labels.shape))
        lengths, axes = extents_mm(region.points_ras)
        values = self.fluid.reshape(-1)[region.flat]
        t1 = float("nan") if self.t1 is None else float(self.t1.reshape(-1)[region.flat].mean())
        parts = [0.0] * 5
        if with_shell:
            shell = _shell(own, geometry) & ~self.mask[wide]
            number = max(np.count_nonzero(shell), 1)
            seen = self.classes(wide)
            parts = [np.count_nonzero(one & shell) / number for one in seen] + [0.0]
            if lengths[2] < DISC_THICK_MM and lengths[1] > 12.0:
                parts[-1] = self._faces(region, lengths, axes, shell, seen[0], wide)
        return BrightPart(region, lengths, axes, float(values.mean()), float(np.percentile(values, 90)), t1, *parts)

    def _faces(
        self,
        region: Region,
        lengths: np.ndarray,
        axes: np.ndarray,
        shell: np.ndarray,
        marrow: np.ndarray,
        box: tuple[slice, ...],
    ) -> float:
        """Part of the shell over each flat side that is marrow; the lesser of both."""
        place = self.work.around.geometry.cropped(tuple(s.start for s in box), shell.shape)
        flat = np.flatnonzero(shell)
        along = (place.flat_to_ras(flat) - region.centroid_ras_mm) @ axes.T
        over = np.all(np.abs(along[:, :2]) < 0.35 * lengths[:2], axis=1)
        held = marrow.reshape(-1)[flat]
        sides = [held[over & (sign * along[:, 2] > 0.0)] for sign in (1.0, -1.0)]
        return min(float(side.mean()) if side.size else 0.0 for side in sides)

    def classes(self, box: tuple[slice, ...]) -> tuple[np.ndarray, ...]:
        """Marrow, fat, dark and muscle in a box."""
        fluid = self.fluid[box]
        if self.t1 is None:
            none = np.zeros(fluid.shape, dtype=bool)
            return none, none, fluid < 0.75, none
        t1 = self.t1[box]
        between = self.fat_fluid + 0.25 * (1.0 - self.fat_fluid)
        marrow = (t1 > 1.25) & (fluid > between) & (fluid < 1.25)
        fat = (t1 > np.sqrt(self.fat_t1)) & (fluid <= between)
        return marrow, fat, (t1 < 0.75) & (fluid < 0.75), (np.abs(t1 - 1.0) < 0.25) & (np.abs(fluid - 1.0) < 0.3)

    def vertebral(self, box: tuple[slice, ...]) -> np.ndarray:
        """Marrow in a box, also such as is no brighter than fat on an evenly suppressed series: it is darker on T1."""
        marrow = self.classes(box)[0]
        if self.t1 is None:
            return marrow
        t1 = self.t1[box]
        return marrow | ((t1 > 1.25) & (t1 < MIXED_PART * self.fat_t1) & (self.fluid[box] < 1.25))


def _shell(own: np.ndarray, geometry: Geometry) -> np.ndarray:
    away = ndimage.distance_transform_edt(~own, sampling=geometry.spacing_kji_mm)
    return (away > SHELL_MM[0]) & (away < SHELL_MM[1])


def find_canal(work: Work) -> Canal | None:
    """The spinal canal: the fluid along the spine line, where it is long and has the vertebrae in front of it."""
    geometry = work.around.geometry
    images = [Image(work.smooth[role], geometry) for role in ("T1", work.bright) if role in work.smooth]
    line = find_spine_line(images[0], images[-1])
    if line is None:
        return None
    # T1 is not asked here: fat around the nerve roots shines into thick slices of the canal.
    bright = work.smooth[work.bright] > CANAL_BAR * work.levels.muscle[work.bright]
    flat = np.flatnonzero(bright & work.signals.body)
    points = geometry.flat_to_ras(flat)
    beside = Canal(line.points_ras).beside(points)
    rungs = _rungs(points[np.hypot(*beside.T) < CANAL_NEAR_MM])
    if not len(rungs):
        return None
    rungs = _longest_piece(rungs[_marrow_in_front(work, rungs) > BODIES_SHARE])
    if not len(rungs) or np.ptp(rungs[:, 2]) < work.parameters.canal_length_mm:
        return None
    rungs[:, :2] = ndimage.median_filter(rungs[:, :2], size=(5, 1), mode="nearest")
    return Canal(rungs)


def _rungs(points: np.ndarray) -> np.ndarray:
    """The middle of points (n, 3), RAS mm, at each height, from caudal to cranial, shape (m, 3)."""
    rungs = []
    for height in np.arange(points[:, 2].min() + 2.0, points[:, 2].max(), RUNG_MM) if len(points) else ():
        near = points[np.abs(points[:, 2] - height) < RUNG_MM]
        if len(near) > 5:
            rungs.append((*np.median(near[:, :2], axis=0), height))
    return np.array(rungs).reshape(-1, 3)


def _longest_piece(rungs: np.ndarray) -> np.ndarray:
    """The longest piece without a wide gap and without a step from the canal forward and down to bladder or bowel: the
    canal turns backward in the sacrum."""
    steps = np.diff(rungs, axis=0)
    forward = ndimage.uniform_filter1d(-steps[:, 1], 3, mode="nearest") / RUNG_MM if len(steps) else steps[:, 1]
    pieces = np.split(rungs, np.flatnonzero((steps[:, 2] > CANAL_GAP_MM) | (forward > FORWARD_SLOPE)) + 1)
    return max(pieces, key=len)


def _marrow_in_front(work: Work, axis_ras: np.ndarray) -> np.ndarray:
    """Part of the places 14 to 34 mm in front of each point of an axis that look like marrow of vertebrae, over the
    height of a vertebra with its disc."""
    shells = _Shells(work, np.zeros(0, dtype=bool))
    geometry = work.around.geometry
    steps = np.array([[0.0, step, 0.0] for step in (14.0, 19.0, 24.0, 29.0, 34.0)])
    kji = np.rint(geometry.to_ijk((axis_ras[:, None] + steps).reshape(-1, 3))).astype(int)[:, ::-1]
    held = np.all((kji >= 0) & (kji < geometry.shape), axis=1)
    marrow = np.zeros(len(kji))
    marrow[held] = shells.vertebral(tuple(kji[held].T))
    share = marrow.reshape(len(axis_ras), -1).mean(axis=1)
    return ndimage.uniform_filter1d(share, round(VERTEBRA_MM / RUNG_MM), mode="nearest")


def beside_canal(mask: np.ndarray, geometry: Geometry, canal: Canal) -> np.ndarray:
    """A bright mask within the spine's surroundings, less the dural sac: what hangs on it becomes parts of its own."""
    flat = np.flatnonzero(mask)
    points = geometry.flat_to_ras(flat)
    beside = canal.beside(points)
    sac = np.sum((beside / np.array(CANAL_HALF_MM)) ** 2, axis=1) < 1.0
    near = (np.abs(beside[:, 0]) < SPINE_SIDE_MM) & (beside[:, 1] > -SPINE_BACK_MM) & (beside[:, 1] < SPINE_FRONT_MM)
    out = np.zeros(mask.shape, dtype=bool)
    out.reshape(-1)[flat[near & ~sac]] = True
    return out


@dataclass(frozen=True)
class Judged:
    """What a bright part is held to be: `kind` None when normal; `sure` False for a weak finding."""

    part: BrightPart
    kind: str | None
    sure: bool = True
    is_disc: bool = False


def judge_spine(work: Work, canal: Canal, parts: list[BrightPart]) -> list[Judged]:
    """Bright parts of a low back, by their place beside the spinal canal."""
    p = work.parameters
    offsets = [canal.beside(part.region.centroid_ras_mm[None])[0] for part in parts]
    out = []
    for part, offset in zip(parts, offsets, strict=True):
        kind, sure, is_disc = _in_spine(part, offset, canal)
        is_enclosed = offset[1] > 8.0 and part.marrow > 0.5
        sure = sure and part.volume_ml >= p.bright_sure_ml
        sure = sure and (is_enclosed or part.peak >= p.bright_sure_over_muscle)
        # A pair alike on both sides is anatomy (nerve roots, veins, joints in use) until PET speaks for one of them.
        sure = sure and not any(
            other is not part and _is_pair(part, offset, other, beside)
            for other, beside in zip(parts, offsets, strict=True)
        )
        out.append(Judged(part, kind, sure, is_disc))
    return out


def _is_pair(a: BrightPart, at: np.ndarray, b: BrightPart, beside: np.ndarray) -> bool:
    apart = abs(a.region.centroid_ras_mm[2] - b.region.centroid_ras_mm[2])
    if abs(at[0]) < 8.0 or abs(at[0] + beside[0]) > 6.0 or abs(at[1] - beside[1]) > 8.0 or apart > 8.0:
        return False
    return 0.5 < a.volume_ml / b.volume_ml < 2.0 and 0.8 < a.peak / b.peak < 1.25


def _in_spine(part: BrightPart, offset: np.ndarray, canal: Canal) -> tuple[str | None, bool, bool]:
    aside, front = abs(offset[0]), offset[1]
    height = part.region.centroid_ras_mm[2]
    normal = (None, False, False)
    if not canal.holds_height(height, 40.0) or not -50.0 < front < 46.0 or aside > 75.0 or is_tube(part.region):
        return normal
    in_bone = part.marrow >= (0.3 if front < BODY_FRONT_MM else ENCLOSED)
    lies_flat = abs(part.axes[2][2]) > 0.7 and part.lengths_mm[2] < DISC_THICK_MM and part.lengths_mm[1] > 12.0
    # Oedema of an endplate has the disc on one side of it, a disc has marrow on both.
    is_disc = not in_bone or (part.faces > DISC_FACES and np.all(part.lengths_mm[:2] > DISC_SIZE_MM))
    if aside < 12.0 and abs(front) < 12.0 and not in_bone:
        return normal
    if front > 6.0 and aside < 12.0:
        if lies_flat and is_disc:
            return (None, False, True)
        # The basivertebral vein: small, in the middle, marrow all around.
        if part.volume_ml < 0.5 and aside < 8.0 and front < 30.0 and part.marrow > 0.6 and part.lengths_mm[0] < 16.0:
            return normal
    is_low = height < canal.axis_ras[0, 2] + 45.0
    # Kidneys lie further to the side than the psoas does at their height.
    is_kidney = not is_low and aside > KIDNEY_SIDE_MM and front > 8.0
    if (
        aside > 24.0
        and front < 25.0
        and not is_kidney
        and part.mean >= FLUID_LIKE
        and part.muscle > 0.5
        and part.volume_ml >= 1.0
    ):
        return "fluid collection or bursitis", True, False
    if aside > 34.0:
        # Beside the spine only bone counts, low enough to be the sacroiliac joint: above lie kidney, ureter and bowel.
        return ("oedema", part.marrow > 0.45, False) if is_low and in_bone and front < 32.0 else normal
    behind, before, inner, outer = PEDICLE_MM
    in_pedicle = behind < front < before and inner < aside < outer
    if front > 8.0 and not in_pedicle:
        return ("oedema", True, False) if in_bone else normal
    if front < -32.0 and aside > 12.0:
        return normal
    return ("oedema" if (in_bone or in_pedicle) and part.mean < FLUID_LIKE else "effusion or synovitis", True, False)


def judge_hip(work: Work, parts: list[BrightPart], to_implant: Callable[[Region], np.ndarray] | None) -> list[Judged]:
    """Bright parts in both hips after a replacement, by their distance to the implant and what surrounds them."""
    p, to_other = work.parameters, _to_other_hip(work)
    out = []
    for part in parts:
        kind, sure = None, False
        if normal_fluid(part.region, work.around, p) is None and not _is_told_organ(work, part.region):
            gap = float(np.median(to_implant(part.region))) if to_implant is not None else np.inf
            kind, sure = _at_hip(part, gap, to_other(part.region), _is_behind(part, work.implant))
        sure = sure and part.volume_ml >= p.bright_sure_ml and part.peak >= p.bright_sure_over_muscle
        out.append(Judged(part, kind, sure))
    return out


def _is_told_organ(work: Work, region: Region) -> bool:
    """Whether an anatomy segmentation says that most of a region is bowel, a vessel or another organ."""
    told = work.around.told
    return told is not None and bool(np.mean(told.reshape(-1)[region.flat] == tissues.VISCERA) > 0.5)


def _is_behind(part: BrightPart, implant: Region | None) -> bool:
    """Whether a part lies behind the implant, as the sacroiliac joints do and bowel on the iliac wing does not."""
    return implant is not None and bool(
        part.region.centroid_ras_mm[1] < implant.centroid_ras_mm[1] - BEHIND_IMPLANT_MM
    )


def _at_hip(
    part: BrightPart, gap_mm: float, other_gap_mm: float = np.inf, is_behind: bool = False
) -> tuple[str | None, bool]:
    """Kind and sureness by the distance to the implant, and to where it would lie in the other hip."""
    # Within bone it is marrow however bright: the sacroiliac joints lie far from both hips, and behind them.
    in_sacrum = gap_mm > 45.0 and part.marrow > 0.45 and is_behind
    if part.mean >= FLUID_LIKE and part.volume_ml >= 1.0 and not in_sacrum:
        if min(gap_mm, other_gap_mm) < 25.0:
            return "effusion or synovitis", True
        return ("fluid collection or bursitis", True) if gap_mm <= 45.0 else (None, False)
    # Bowel and vessels lie in fat.
    if part.fat > 0.2 or (gap_mm > 12.0 and _is_vessel_piece(part)):
        return None, False
    if gap_mm <= 25.0:
        return "oedema", True
    # Far from the implant bowel looks alike where it lies on bone: only what is clearly bright counts, and is compact.
    is_in_bone = part.marrow > 0.3 and part.volume_ml >= 1.0 and part.lengths_mm[0] <= BOWEL_LENGTH_MM
    return ("oedema", part.peak >= FAR_FROM_IMPLANT) if is_in_bone else (None, False)


def _is_vessel_piece(part: BrightPart) -> bool:
    """Whether a part is round across and long, as a piece of a great vessel is: bursae and loosening are sheets."""
    long, wide, thin = part.lengths_mm
    return bool(part.marrow <= 0.3 and long > 2.2 * wide and wide < 1.4 * thin and wide < VESSEL_WIDTH_MM)


def _to_other_hip(work: Work) -> Callable[[Region], float]:
    """Median distance (mm) of a region to the implant mirrored at the midline; infinite where either is not known."""
    middle = work.around.midline_r_mm
    if middle is None or work.implant is None:
        return lambda _: np.inf
    points = work.implant.points_ras[:: max(1, len(work.implant) // 4000)] * [-1.0, 1.0, 1.0] + [
        2.0 * middle,
        0.0,
        0.0,
    ]
    tree = cKDTree(points)
    return lambda region: float(np.median(tree.query(region.points_ras[:: max(1, len(region) // 2000)])[0]))


def as_finding(work: Work, judged: Judged) -> MRFinding:
    """A finding of a bright part: z against normal marrow in bone, against muscle in soft tissue."""
    part = judged.part
    flat = np.flatnonzero(work.around.marrow)
    signal = work.smooth[work.bright].reshape(-1)
    reference, spread = work.levels.muscle[work.bright], 0.25
    if judged.kind == "oedema" and flat.size > 500:
        normal = signal[flat[:: flat.size // 20_000 + 1]]
        reference = float(np.median(normal))
        spread = max(1.4826 * float(np.median(np.abs(normal / reference - 1.0))), 0.1)
    z = (part.mean * work.levels.muscle[work.bright] / max(reference, 1e-6) - 1.0) / spread
    return make_finding(work, judged.kind, part.region, z, work.bright, [])


@dataclass(frozen=True, eq=False)
class Bright:
    """The bright places of a case.

    Parameters
    ----------
    mask : ndarray of bool
    parts : list of BrightPart
        With a spinal canal: less the dural sac.
    canal : Canal or None
    """

    mask: np.ndarray
    parts: list[BrightPart]
    canal: Canal | None = None


def look_for_bright(work: Work) -> Bright | None:
    """Bright places; None where they cannot be told by their place.

    That is so without a fluid-sensitive series, and in a low back that has an anatomy segmentation (which then says
    more) or shows no spinal canal.
    """
    p, around = work.parameters, work.around
    if work.bright != "FLUID" or not work.levels.muscle.get("FLUID"):
        return None
    is_spine = around.group == "low-back"
    if is_spine and around.told is not None:
        return None
    mask = bright_mask(work, p.bright_over_muscle)
    if not is_spine:
        return Bright(mask, bright_parts(work, mask, p.oedema_minimum_ml))
    canal = find_canal(work)
    if canal is None:
        return None
    rest = beside_canal(mask, around.geometry, canal)
    return Bright(mask, bright_parts(work, rest, p.oedema_minimum_ml), canal)


def find_bright(work: Work, bright: Bright) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings and weak findings; the latter are still to be marked as such."""
    around = work.around
    if bright.canal is not None:
        judged = judge_spine(work, bright.canal, bright.parts)
    else:
        to_implant = None if work.implant is None else bone_distance(around, work.implant, False)
        judged = judge_hip(work, bright.parts, to_implant)
    sure = [as_finding(work, one) for one in judged if one.kind is not None and one.sure]
    weak = [as_finding(work, one) for one in judged if one.kind is not None and not one.sure]
    weak += [as_finding(work, core) for one in judged if one.is_disc for core in _cores(work, one.part)]
    if bright.canal is not None:
        faint = [f for f in sure if f.kind == "oedema" and _is_faint(work, f)]
        sure = [f for f in sure if f not in faint]
        weak += faint
    taken = bright.mask.reshape(-1)
    others, faint = ([f for f in found if not taken[f.region.flat].any()] for found in find_oedema(work))
    weak += faint
    if around.told is None:
        weak += others
    else:
        sure += others
        sure += [f for f in find_fluid(work) if not _overlaps(f, sure)]
    return sure, weak


def _cores(work: Work, disc: BrightPart) -> list[Judged]:
    """What shines out of a disc: an endplate's oedema that touches it, or inflammation; it counts where PET agrees."""
    signal = work.smooth[work.bright].reshape(-1)[disc.region.flat]
    mask = np.zeros(work.around.geometry.shape, dtype=bool)
    mask.reshape(-1)[disc.region.flat[signal > DISC_CORE * np.median(signal)]] = True
    parts = bright_parts(work, mask, work.parameters.bright_sure_ml)
    return [Judged(part, "oedema", False) for part in parts]


def _is_faint(work: Work, oedema: MRFinding) -> bool:
    """Whether an oedema is on the average less bright than the core of one, against all marrow or that of its place.

    Where fat is poorly suppressed or marrow is red, all of it outshines muscle; where bone is told from signal alone,
    that is taken for an oedema more easily than where its outline is known.
    """
    own = work.z[work.bright].reshape(-1)[oedema.region.flat]
    own = own[np.isfinite(own)]
    here = float(own.mean()) if own.size else oedema.z
    return min(here, oedema.z) < work.parameters.oedema_core_z


def _overlaps(finding: MRFinding, others: list[MRFinding]) -> bool:
    return any(np.intersect1d(finding.region.flat, other.region.flat).size for other in others)


def mark_spine(work: Work, bright: Bright) -> None:
    """Add to the tissues, in place, what the canal tells: marrow of vertebrae and sacrum beside it, and the discs.

    Marrow is darker than fat on T1 and brighter than fat on the fluid-sensitive series; within the spine's own place
    that tells it where its cortex is too thin to be seen. Discs are flat bright nuclei and the dark rings around them.
    """
    geometry, around = work.around.geometry, work.around
    canal = bright.canal
    judged = [_in_spine(part, canal.beside(part.region.centroid_ras_mm[None])[0], canal) for part in bright.parts]
    if "T1" in work.smooth and work.levels.fat_t1 is not None:
        box, beside = _spine_box(geometry, canal)
        place = (np.abs(beside[0]) < 32.0) & (beside[1] > -12.0) & (beside[1] < 46.0)
        shells = _Shells(work, bright.mask)
        marrow = _enclosed(shells.classes(box)[0] & place, shells.t1[box], place, geometry) & around.body[box]
        # Where the spine is known by its canal, what else looked like marrow in front of it and behind it is not.
        known = np.abs(beside[0]) < 32.0
        own, tissue = around.marrow[box], around.tissue[box]
        tissue[known & own & ~marrow] = tissues.UNKNOWN
        own[known] = marrow[known]
        tissue[marrow] = tissues.MARROW
        bodies = (np.abs(beside[0]) < 22.0) & (beside[1] > 4.0) & (beside[1] < 46.0)
        _mark_dark_discs(work, box, bodies & ~marrow & (shells.t1[box] < 1.2) & ~bright.mask[box])
    for part, (kind, _, is_disc) in zip(bright.parts, judged, strict=True):
        if kind == "oedema":
            around.marrow.reshape(-1)[part.region.flat] = True
            around.tissue.reshape(-1)[part.region.flat] = tissues.MARROW
        if is_disc:
            _mark_disc(work, part)


def _spine_box(geometry: Geometry, canal: Canal) -> tuple[tuple[slice, ...], np.ndarray]:
    """The box of the grid around the canal, and its voxels' offsets (right, front) from the axis, (2, k, j, i)."""
    margin = np.array([40.0, 70.0, 0.0])
    low, high = canal.axis_ras.min(axis=0) - margin, canal.axis_ras.max(axis=0) + margin
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    kji = geometry.to_ijk(corners)[:, ::-1]
    box = tuple(
        slice(int(np.clip(a, 0, n - 1)), int(np.clip(b + 2, 1, n)))
        for a, b, n in zip(kji.min(axis=0), kji.max(axis=0), geometry.shape, strict=True)
    )
    shape = tuple(s.stop - s.start for s in box)
    part = geometry.cropped(tuple(s.start for s in box), shape)
    return box, canal.beside(part.flat_to_ras(np.arange(part.size))).T.reshape(2, *shape)


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


def _mark_disc(work: Work, part: BrightPart) -> None:
    """A nucleus and the dark ring around it, as far as a disc reaches."""
    around, geometry = work.around, work.around.geometry
    wide, own, near = around_region(part.region, 8.0)
    place = geometry.cropped(tuple(s.start for s in wide), own.shape).flat_to_ras(np.arange(own.size))
    thick = np.abs((place - part.region.centroid_ras_mm) @ part.axes[2]).reshape(own.shape)
    near &= thick < 0.5 * part.lengths_mm[2] + 2.5
    dark = work.smooth["T1"][wide] < 1.2 * work.levels.muscle["T1"] if "T1" in work.smooth else own
    disc = own | (near & dark)
    around.tissue[wide][disc] = tissues.DISC
    around.marrow[wide][disc] = False


def _mark_dark_discs(work: Work, box: tuple[slice, ...], dark: np.ndarray) -> None:
    """Discs without a bright nucleus: flat dark places with marrow close above and below."""
    around = work.around
    geometry = around.geometry.cropped(tuple(s.start for s in box), dark.shape)
    flat = np.flatnonzero(dark)
    points = geometry.flat_to_ras(flat)
    between = np.ones(flat.size, dtype=bool)
    for sign in (1.0, -1.0):
        found = np.zeros(flat.size, dtype=bool)
        for step in np.arange(2.0, 14.1, 1.5):
            found |= sample_mask(around.marrow[box], geometry, points + np.array([0.0, 0.0, sign * step]))
        between &= found
    mask = np.zeros(dark.size, dtype=bool)
    mask[flat[between]] = True
    for region in regions_of(mask.reshape(dark.shape), geometry, DISC_MINIMUM_ML):
        lengths, axes = extents_mm(region.points_ras)
        if lengths[1] > 14.0 and lengths[2] < 16.0 and abs(axes[2][2]) > 0.6:
            own = around.tissue[box]
            own[np.unravel_index(region.flat, dark.shape)] = tissues.DISC
