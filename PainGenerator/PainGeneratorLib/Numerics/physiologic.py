"""Uptake that is expected: bladder, kidneys, ureters, bowel, vessels, and muscles used alike on both sides.

An organ label map decides where there is one, else what the MR shows, else place, size, uptake and shape together, and
likeness of the two sides. Nothing is held to be physiologic for its uptake or its size alone: place must agree.
Such foci stay in the list, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import tissues as tissue_codes
from .foci import Focus
from .image import Geometry
from .records import HotSpot
from .symmetry import LEFT_RAS, RELIABLE_QUALITY, SymmetryPlane
from .voxel_bits import VoxelBits

SLAB_MM = 15.0
"""Height of the slabs in which the body's outline is measured."""
MIDLINE_MM = 35.0
"""The bladder's middle lies nearer to the midline than this."""
KIDNEY_SIDE_MM = (30.0, 115.0)
"""Distance of kidneys from the midline."""
KIDNEY_DEPTH = (0.15, 0.62)
"""Place of kidneys between back (0) and front (1) of the body."""
VENTRAL_DEPTH = 0.55
"""In front of this part of the body's depth there is no spine (ours; leaves room for a flat abdomen)."""
SURELY_VENTRAL_DEPTH = 0.6
HIPS_ABOVE_MM, CREST_ABOVE_MM = 35.0, 85.0
"""Acetabular roofs and the wide part of the iliac wings end about this far above the middle of the bladder, which lies
at the level of the hips or little above."""
HIPS_ABDOMEN, WINGS_ABDOMEN, ABDOMEN = (0.6, 60.0, 0.7), (0.5, 90.0, 0.5), (0.42, 135.0, 1.0)
"""Least depth, largest distance from the midline (mm), and the depth from which that distance grows, of what can only
be organs: at the hips, between the iliac wings, and above them (ours)."""
WIDER_MM = 300.0
"""Growth of that distance, in front of hips and iliac wings, from there to the front of the body, per depth."""
BODY_SIDE_MM, BODY_DEPTH = 25.0, 0.08
"""Nearer to the midline than this, vertebral bodies reach forward into the abdomen by this part of the depth."""
FLANK_SIDE_MM, FLANK_DEPTH = 80.0, 0.06
"""Further to the side than this the abdomen, with the colon, reaches back by this part, beside psoas and kidneys."""
RECTUM_SIDE_MM, RECTUM_DEPTH = 25.0, (0.25, 0.7)
"""At the level of the hips rectum, uterus, prostate and bladder lie here, between coccyx and pubic symphysis."""
BLADDER_ML = 10.0
BLADDER_DEPTH = 0.4
PAIR_RATIO = 1.1
"""The mirrored place exceeds the reference by this factor at least, where both sides are called alike."""
SPINE_DEPTH = 0.35
"""Behind this part of the body's depth lie posterior elements and back muscles."""
TYPICAL_DEPTH_MM = 220.0
"""Depth of a trunk whose front is not seen (ours)."""
EXCRETION_SUV = 3.0
"""Organs that excrete FDG have at least this SUVmax, g/ml."""
URETER_SIDE_MM = (25.0, 60.0)
URETER_DEPTH = 0.38
"""Ureters lie in front of this part of the body's depth, on the psoas; pedicles and facets behind it."""
ORGAN_RATIO = 3.0
"""Organs that excrete FDG are at least this much hotter than typical soft tissue."""
PAIRED_RICH = 1.6
"""A kidney is at least this much hotter than marrow and blood."""
BODY_WALL_MM, PSOAS_DEPTH = 32.0, 0.44
"""Lumbar bodies are 40 to 55 mm wide; transverse processes end behind this part of the body's depth (ours)."""
URETER_ML = 5.0
TUBE_ELONGATION = 3.0
TUBE_TILT_DEG = 40.0
TUBE_WIDTH_MM = 14.0
SUPPORT_MM = 8.0
"""Bone or disc this near to a focus makes it one of the skeleton: alignment may be some millimetres off."""
SUPPORT_ML = 0.1
MUSCLE_PART = 0.2
"""More muscle than this about a focus makes it one of muscles, tendons or bursae."""
SEEN_PART = 0.5
"""Part of a focus' neighbourhood whose tissue the MR must tell before the lack of bone means anything."""


@dataclass(frozen=True)
class PhysiologicParameters:
    """Values from the protocol (stage "hot_spots")."""

    volume_ml: float
    suv: float
    urine_suv: float
    symmetric_ratio: float
    symmetric_tbr: float
    ventral_side_mm: float
    abdomen_depth: float


@dataclass(frozen=True)
class Expected:
    """Why a focus is held to be physiologic.

    Parameters
    ----------
    text : str
        As a sentence part.
    sure : bool
        False where only its place, or its likeness on both sides, speaks for it: then an MR finding there counts more.
    """

    text: str
    sure: bool = True


class BodyShape:
    """The body's outline from the PET: where front, back and midline are, per slab from feet to head."""

    def __init__(
        self, smooth: np.ndarray, geometry: Geometry, body_suv: float, symmetry: SymmetryPlane | None
    ) -> None:
        steps = [max(1, round(8.0 / s)) for s in geometry.spacing_kji_mm]
        body = smooth[tuple(slice(None, None, s) for s in steps)] > body_suv
        kji = np.argwhere(body)
        points = geometry.to_ras((kji * steps)[:, ::-1]) if len(kji) else np.zeros((0, 3))
        last = np.array(body.shape) - 1
        self._reliable = symmetry is not None and symmetry.quality >= RELIABLE_QUALITY
        if self._reliable:
            self._plane = symmetry
        else:
            middle = points.mean(axis=0) if len(points) else geometry.center_ras
            self._plane = SymmetryPlane(middle, LEFT_RAS, 0.0)
        # Which array axis runs along A, and which way, decides which border of the grid cuts the body.
        row = geometry.ijk_to_ras[1, :3][::-1]
        axis = int(np.argmax(np.abs(row)))
        at_start, at_end = kji[:, axis] == 0, kji[:, axis] >= last[axis]
        at_back, at_front = (at_start, at_end) if row[axis] > 0 else (at_end, at_start)
        self._slabs: dict[int, tuple[float, float, bool, bool]] = {}
        self._trunk: set[int] = set()
        self._bladder_z: float | None = None
        central = np.abs(self._plane.signed_distance_mm(points)) < 60.0 if self._reliable else np.ones(len(kji), bool)
        number = np.floor(points[:, 2] / SLAB_MM).astype(int)
        for slab in np.unique(number):
            here = central & (number == slab)
            if np.count_nonzero(here) < 10:
                continue
            back, front = np.percentile(points[here, 1], (1, 99))
            cut = (float(at_back[here].mean()) > 0.02, float(at_front[here].mean()) > 0.02)
            self._slabs[int(slab)] = (float(back), float(front), *cut)
            middle = points[here & (np.abs(self._plane.signed_distance_mm(points)) < 10.0), 1]
            # Between the legs the midline is empty, or holds skin and fat over a part of the depth only.
            if len(middle) and np.ptp(np.percentile(middle, (5, 95))) > 0.6 * (front - back):
                self._trunk.add(int(slab))

    def depth(self, point_ras: np.ndarray) -> float | None:
        """Place between back (0) and front (1) of the body at this level; None when the back is not seen there.

        A front that is cut off is put at the least depth that a body has.
        """
        slab = self._slabs.get(int(np.floor(point_ras[2] / SLAB_MM)))
        if slab is None:
            return None
        back, front, cut_behind, cut_in_front = slab
        depth = front - back
        if cut_behind or (depth < 80.0 and not cut_in_front):
            return None
        return float((point_ras[1] - back) / (max(depth, TYPICAL_DEPTH_MM) if cut_in_front else depth))

    def off_midline(self, point_ras: np.ndarray) -> float | None:
        """Distance from the midsagittal plane, mm; None when the plane is not known well."""
        return abs(float(self._plane.signed_distance_mm(point_ras))) if self._reliable else None

    @property
    def bladder_z(self) -> float | None:
        """Height (S, mm) of the middle of the bladder; None when none is seen."""
        return self._bladder_z

    def look_for_bladder(self, suv: np.ndarray, geometry: Geometry, foci: Sequence[Focus], least_suv: float) -> None:
        """Take the focus on the midline that holds most activity, if it is hot and large enough, as the bladder."""
        most = 0.0
        for focus in foci:
            if focus.top < least_suv:
                continue
            values = suv.reshape(-1)[focus.flat]
            hot = values >= 0.5 * focus.top
            volume, middle = hot.sum() * geometry.voxel_volume_ml, geometry.flat_to_ras(focus.flat[hot]).mean(axis=0)
            depth, side = self.depth(middle), self.off_midline(middle)
            if volume < BLADDER_ML or depth is None or depth < BLADDER_DEPTH or side is None or side > MIDLINE_MM:
                continue
            if volume * focus.top > most:
                most, self._bladder_z = volume * focus.top, float(middle[2])

    def has_midline(self, point_ras: np.ndarray) -> bool:
        """True where the body crosses the midline (trunk), False between the legs."""
        return int(np.floor(point_ras[2] / SLAB_MM)) in self._trunk


def physiologic_reason(
    spot: HotSpot,
    parameters: PhysiologicParameters,
    body: BodyShape,
    *,
    typical_suv: float,
    rich_suv: float,
    cluster_ml: float,
    mirrored_suv: float | None,
    tissues: np.ndarray | None,
    organs: np.ndarray | None,
    organ_names: Mapping[int, str],
) -> Expected | None:
    """Why a focus is held to be physiologic; None when it is not.

    Parameters
    ----------
    spot : HotSpot
        Measured.
    typical_suv : float
        Typical soft tissue of the scan, g/ml.
    rich_suv : float
        Normal tissues of the scan with much uptake, g/ml.
    cluster_ml : float
        Volume of the focus with those that touch it.
    mirrored_suv : float or None
        SUVpeak at the mirrored place.
    tissues, organs : ndarray of uint8 or None
        Maps on the focus' grid.
    """
    reason = _by_organ(spot, organs, organ_names)
    if reason is not None:
        return reason
    tissue = _majority(spot, tissues)
    bone, seen = _support(spot, tissues)
    reason = _alike(spot, parameters, tissue, mirrored_suv)
    if reason is not None:
        return reason
    # At an implant uptake is of joint or bone: no ureter runs within the margin of its artefact.
    soft = tissue in (tissue_codes.MUSCLE, tissue_codes.UNKNOWN) and "near-implant" not in spot.flags
    if soft and (not bone or _is_beside_bodies(spot, body)) and _at_ureter(spot, body, typical_suv):
        return Expected(f"ureter or vessel: small, in front of the spine, SUVmax {spot.suv_max:.1f}", sure=False)
    if tissue in (tissue_codes.MARROW, tissue_codes.DISC):
        return None
    # Marrow of both sides is hotter than muscle, too: the other kidney must be hotter than any normal bone.
    other_kidney_suv = max(ORGAN_RATIO * typical_suv, PAIRED_RICH * rich_suv)
    is_paired = _excretes(spot, typical_suv) and mirrored_suv is not None and mirrored_suv >= other_kidney_suv
    kidney = _kidney(spot, parameters, body, cluster_ml, is_paired=is_paired)
    if kidney is not None:
        return kidney
    depth, side = body.depth(spot.centroid_ras_mm), body.off_midline(spot.centroid_ras_mm)
    if tissue == tissue_codes.MUSCLE:
        # The wall of bowel has the signal of muscle; psoas and iliacus lie further back.
        far = depth is not None and side is not None and depth >= SURELY_VENTRAL_DEPTH
        if (
            far
            and body.has_midline(spot.centroid_ras_mm)
            and _in_abdomen(spot.centroid_ras_mm, depth, side, parameters, body)
        ):
            return Expected(f"bowel or vessel: ventral of the spine, SUVmax {spot.suv_max:.1f}", sure=False)
        return None
    if tissue == tissue_codes.VISCERA:
        return Expected(f"organ or vessel on MR: SUVmax {spot.suv_max:.1f}")
    hot, big = spot.suv_max >= parameters.suv, spot.mtv_ml >= parameters.volume_ml
    if tissue == tissue_codes.FLUID and (hot or big):
        return Expected(f"urine: SUVmax {spot.suv_max:.1f} in fluid on MR")
    if bone and depth is not None and side is not None and _at_rectum(spot.centroid_ras_mm, depth, side, body):
        return Expected(f"rectum or pelvic organ: in front of the coccyx, SUVmax {spot.suv_max:.1f}", sure=False)
    if bone or "near-implant" in spot.flags:
        return None
    # Further to the side, joint capsules and bursae of the hip lie in fat, away from bone.
    if seen and depth is not None and side is not None and _before_spine(depth, side, parameters):
        text = "organ, bowel or vessel: in front of the posterior spine, no bone, disc or muscle there on MR"
        return Expected(text, sure=False)
    return _by_place(spot, parameters, body, typical_suv)


def _by_organ(spot: HotSpot, organs: np.ndarray | None, names: Mapping[int, str]) -> Expected | None:
    if organs is None:
        return None
    codes = organs.reshape(-1)[spot.region.flat]
    counts = np.bincount(codes, minlength=2)
    code = int(counts[1:].argmax()) + 1
    part = counts[code] / len(codes)
    if part < 0.4:
        return None
    return Expected(f"{names.get(code, f'organ {code}')}: {100 * part:.0f} % of the focus lies in it")


def _majority(spot: HotSpot, tissues: np.ndarray | None) -> int:
    """Commonest known tissue of the focus; UNKNOWN when less than 40 % of it is one tissue."""
    if tissues is None:
        return tissue_codes.UNKNOWN
    counts = np.bincount(tissues.reshape(-1)[spot.region.flat], minlength=2)
    code = int(counts[1:].argmax()) + 1
    return code if counts[code] >= 0.4 * len(spot.region) else tissue_codes.UNKNOWN


def _support(spot: HotSpot, tissues: np.ndarray | None) -> tuple[bool, bool]:
    """Is bone or disc near the focus; and does the MR tell most of the tissue there, little of it muscle?"""
    if tissues is None:
        return False, False
    geometry = spot.region.geometry
    spacing = np.array(geometry.spacing_kji_mm)
    reach = int(np.ceil(SUPPORT_MM / spacing.min()))
    focus = spot.region.box_mask(margin=reach).array
    bits = VoxelBits(focus.shape, spacing)
    near = np.flatnonzero(bits.unpack(bits.within(bits.pack(focus), SUPPORT_MM)))
    kji = np.stack(np.unravel_index(near, focus.shape)) + np.array(spot.region.box[0])[:, None] - reach
    inside = np.all((kji >= 0) & (kji < np.array(geometry.shape)[:, None]), axis=0)
    codes = tissues[tuple(kji[:, inside])]
    # A void alone is no bone: gas in bowel has no signal, either.
    bone = np.isin(codes, (tissue_codes.MARROW, tissue_codes.DISC))
    counts = np.bincount(codes, minlength=8)
    seen = codes.size - counts[tissue_codes.UNKNOWN] >= SEEN_PART * codes.size
    seen = seen and counts[tissue_codes.MUSCLE] < MUSCLE_PART * codes.size
    return bool(np.count_nonzero(bone) * geometry.voxel_volume_ml >= SUPPORT_ML), bool(seen)


def _alike(
    spot: HotSpot, parameters: PhysiologicParameters, tissue: int, mirrored_suv: float | None
) -> Expected | None:
    """Moderate uptake that is alike on both sides: muscles in use, tendon insertions, paired organs, normal joints."""
    ratio = spot.left_right_ratio
    if ratio is None or mirrored_suv is None or spot.tbr is None or "near-implant" in spot.flags:
        return None
    alike = 1.0 / parameters.symmetric_ratio <= ratio <= parameters.symmetric_ratio
    if not alike or mirrored_suv < PAIR_RATIO * (spot.reference or 0.0):
        return None
    if tissue != tissue_codes.MUSCLE and spot.tbr >= parameters.symmetric_tbr:
        return None
    what = "muscle use" if tissue == tissue_codes.MUSCLE else "moderate uptake"
    return Expected(f"{what}: alike on both sides (ratio {ratio:.2f})", sure=False)


def _excretes(spot: HotSpot, typical_suv: float) -> bool:
    """Whether uptake is as high as in organs that excrete FDG."""
    return spot.suv_max >= max(ORGAN_RATIO * typical_suv, EXCRETION_SUV)


def _by_place(
    spot: HotSpot,
    parameters: PhysiologicParameters,
    body: BodyShape,
    typical_suv: float,
) -> Expected | None:
    """Place, size, uptake and shape together, where MR and anatomy say nothing."""
    place = spot.centroid_ras_mm
    depth, side = body.depth(place), body.off_midline(place)
    if depth is None:
        return None
    hot, big = spot.suv_max >= parameters.suv, spot.mtv_ml >= parameters.volume_ml
    excreting = _excretes(spot, typical_suv)
    if depth > SPINE_DEPTH and (excreting or depth >= SURELY_VENTRAL_DEPTH) and _is_craniocaudal_tube(spot):
        return Expected("ureter or vessel: a tube along the body in front of the posterior spine", sure=False)
    if side is None or not body.has_midline(place):
        return None
    if spot.suv_max >= parameters.urine_suv and depth >= SPINE_DEPTH and side <= 2 * MIDLINE_MM:
        return Expected(f"urine: near the midline, in front of the posterior spine, SUVmax {spot.suv_max:.0f}")
    if excreting and (big or hot) and side <= MIDLINE_MM and depth >= VENTRAL_DEPTH:
        return Expected(f"urinary bladder, bowel or vessel: midline, ventral, SUVmax {spot.suv_max:.1f}")
    if excreting and (big or hot) and depth >= VENTRAL_DEPTH:
        return Expected(f"organ: ventral of the spine, SUVmax {spot.suv_max:.1f}, {spot.mtv_ml:.0f} ml")
    if _at_ureter(spot, body, typical_suv):
        return Expected(f"ureter: small, in front of the posterior spine, SUVmax {spot.suv_max:.1f}", sure=False)
    if _in_abdomen(place, depth, side, parameters, body):
        return Expected(f"bowel or vessel: ventral of the spine, SUVmax {spot.suv_max:.1f}", sure=False)
    return None


def _kidney(
    spot: HotSpot, parameters: PhysiologicParameters, body: BodyShape, cluster_ml: float, *, is_paired: bool
) -> Expected | None:
    """One of two hot masses beside the spine; also where it touches bone or looks like muscle on MR, as kidneys do."""
    place = spot.centroid_ras_mm
    depth, side = body.depth(place), body.off_midline(place)
    if not is_paired or depth is None or side is None or not body.has_midline(place):
        return None
    at_place = KIDNEY_SIDE_MM[0] <= side <= KIDNEY_SIDE_MM[1] and KIDNEY_DEPTH[0] <= depth <= KIDNEY_DEPTH[1]
    large = cluster_ml >= parameters.volume_ml or spot.suv_max >= parameters.suv or "truncated" in spot.flags
    if large and at_place:
        return Expected(f"kidney: paired, beside the spine, SUVmax {spot.suv_max:.1f}")
    return None


def _in_abdomen(place: np.ndarray, depth: float, side: float, p: PhysiologicParameters, body: BodyShape) -> bool:
    """Where bowel, vessels and organs lie and nothing of bone is expected; at the hips that is less than higher up."""
    above = np.inf if body.bladder_z is None else place[2] - body.bladder_z
    if body.bladder_z is None:
        least, widest = p.abdomen_depth, p.ventral_side_mm
    else:
        least, widest, wider = (
            HIPS_ABDOMEN if above <= HIPS_ABOVE_MM else WINGS_ABDOMEN if above <= CREST_ABOVE_MM else ABDOMEN
        )
        widest += WIDER_MM * max(0.0, depth - wider)
    if _at_rectum(place, depth, side, body):
        return True
    if side < BODY_SIDE_MM:
        least += BODY_DEPTH
    elif side > FLANK_SIDE_MM and above > CREST_ABOVE_MM:
        least -= FLANK_DEPTH
    return depth >= least and side <= widest


def _at_rectum(place: np.ndarray, depth: float, side: float, body: BodyShape) -> bool:
    """On the midline between coccyx and symphysis; only where the bladder tells the level."""
    if body.bladder_z is None or place[2] - body.bladder_z > HIPS_ABOVE_MM:
        return False
    return side <= RECTUM_SIDE_MM and RECTUM_DEPTH[0] <= depth <= RECTUM_DEPTH[1]


def _before_spine(depth: float, side: float, parameters: PhysiologicParameters) -> bool:
    """Where it takes the lack of bone on MR to tell organs from vertebrae, and from hips further to the side."""
    return depth > (VENTRAL_DEPTH if side < BODY_SIDE_MM else SPINE_DEPTH) and side <= parameters.ventral_side_mm


def _at_ureter(spot: HotSpot, body: BodyShape, typical_suv: float) -> bool:
    """Small and hot or long, in front of the posterior spine, beside the midline: where ureters cross the psoas."""
    place = spot.centroid_ras_mm
    depth, side = body.depth(place), body.off_midline(place)
    if depth is None or side is None or not body.has_midline(place) or spot.mtv_ml >= URETER_ML:
        return False
    beside = depth >= URETER_DEPTH and URETER_SIDE_MM[0] <= side <= URETER_SIDE_MM[1]
    return beside and (spot.suv_max >= ORGAN_RATIO * typical_suv or _is_craniocaudal_tube(spot))


def _is_beside_bodies(spot: HotSpot, body: BodyShape) -> bool:
    """Beside the vertebral bodies, in front of the transverse processes and above the pelvis: on the psoas, no bone,
    though the bodies' side walls are near."""
    place = spot.centroid_ras_mm
    depth, side = body.depth(place), body.off_midline(place)
    if depth is None or side is None or body.bladder_z is None or place[2] - body.bladder_z < CREST_ABOVE_MM:
        return False
    return side >= BODY_WALL_MM and depth >= PSOAS_DEPTH


def _is_craniocaudal_tube(spot: HotSpot) -> bool:
    """Long, thin and along the body's axis."""
    points = spot.region.points_ras
    if len(points) < 6:
        return False
    spacing = np.array(spot.region.geometry.spacing_mm)
    variance, axes = np.linalg.eigh(np.cov(points.T) + np.diag(spacing**2 / 12.0))
    length, width = np.sqrt(12.0 * variance[2]), np.sqrt(12.0 * variance[1])
    tilt = np.rad2deg(np.arccos(min(1.0, abs(axes[2, 2]))))
    return bool(length >= TUBE_ELONGATION * width and width <= TUBE_WIDTH_MM and tilt <= TUBE_TILT_DEG)
