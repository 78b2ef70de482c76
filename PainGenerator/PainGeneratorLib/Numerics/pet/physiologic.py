"""Uptake that is expected: bladder, kidneys, ureters, bowel, vessels, and muscles used alike on both sides.

An organ label map decides where there is one, else what the MR shows, else place, size, uptake and shape together, and
likeness of the two sides. Nothing is held to be physiologic for its uptake or its size alone: place must agree.
Such foci stay in the list, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core import tissues as tissue_codes
from ..core.records import HotSpot
from ..core.voxel_bits import VoxelBits
from .body_shape import BodyShape
from .organ_places import (
    BODY_WALL_MM,
    CREST_ABOVE_MM,
    EXCRETION_SUV,
    HIPS_ABOVE_MM,
    KIDNEY_SIDE_MM,
    MIDLINE_MM,
    ORGAN_RATIO,
    PAIRED_RICH,
    PSOAS_DEPTH,
    SPINE_DEPTH,
    URETER_SIDE_MM,
    VENTRAL_DEPTH,
    Expected,
    PhysiologicParameters,
    Where,
    at_known_spine,
    at_pelvic_ureter,
    before_hips,
    excretes,
    is_thin,
    urine,
)

KIDNEY_DEPTH = (0.15, 0.62)
"""Place of kidneys between back (0) and front (1) of the body."""
SURELY_VENTRAL_DEPTH = 0.6
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
OTHER_LEVELS = 1.5
"""In the spine both sides of one level may be ill: what exceeds the other levels by this is not usual (ours)."""
OWN_MIRROR_MM = 10.0
"""Nearer to the midline a focus is its own mirror image."""
PAIR_RATIO = 1.1
"""The mirrored place exceeds the reference by this factor at least, where both sides are called alike."""
URETER_DEPTH = 0.38
"""Ureters lie in front of this part of the body's depth, on the psoas; pedicles and facets behind it."""
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
    where = Where.of(spot.centroid_ras_mm, body)
    reason = urine(spot, parameters, where, tissue)
    if reason is None and (where.side is None or where.side >= OWN_MIRROR_MM):
        reason = _alike(spot, parameters, tissue, mirrored_suv)
    if reason is not None:
        return reason
    if where.front is not None and where.is_at_hips:
        reason = before_hips(spot, where)
        if reason is not None:
            return reason
    elif where.front is not None:
        return at_known_spine(spot, parameters, where, tissue, bone, typical_suv, rich_suv, cluster_ml)
    if where.is_in_pelvis and is_thin(spot, typical_suv) and at_pelvic_ureter(spot, where):
        return Expected(f"ureter: thin, beside the midline of the pelvis, SUVmax {spot.suv_max:.1f}", sure=False)
    # At an implant uptake is of joint or bone: no ureter runs within the margin of its artefact.
    soft = tissue in (tissue_codes.MUSCLE, tissue_codes.UNKNOWN) and "near-implant" not in spot.flags
    if soft and (not bone or _is_beside_bodies(spot, body)) and _at_ureter(spot, body, typical_suv):
        return Expected(f"ureter or vessel: small, in front of the spine, SUVmax {spot.suv_max:.1f}", sure=False)
    if tissue in (tissue_codes.MARROW, tissue_codes.DISC):
        return None
    # Marrow of both sides is hotter than muscle, too: the other kidney must be hotter than any normal bone.
    kidney_suv = max(ORGAN_RATIO * typical_suv, PAIRED_RICH * rich_suv)
    is_hot = spot.suv_max >= max(EXCRETION_SUV, kidney_suv)
    is_paired = mirrored_suv is not None and mirrored_suv >= kidney_suv
    kidney = _kidney(spot, parameters, body, cluster_ml, is_hot=is_hot, is_paired=is_paired)
    if kidney is not None:
        return kidney
    depth, side = where.depth, where.side
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
    if spot.level_ratio is not None and spot.level_ratio >= OTHER_LEVELS:
        return None
    alike = 1.0 / parameters.symmetric_ratio <= ratio <= parameters.symmetric_ratio
    if not alike or mirrored_suv < PAIR_RATIO * (spot.reference or 0.0):
        return None
    if tissue != tissue_codes.MUSCLE and spot.tbr >= parameters.symmetric_tbr:
        return None
    what = "muscle use" if tissue == tissue_codes.MUSCLE else "moderate uptake"
    return Expected(f"{what}: alike on both sides (ratio {ratio:.2f})", sure=False)


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
    excreting = excretes(spot, typical_suv)
    if depth > SPINE_DEPTH and (excreting or depth >= SURELY_VENTRAL_DEPTH) and _is_craniocaudal_tube(spot):
        return Expected("ureter or vessel: a tube along the body in front of the posterior spine", sure=False)
    if side is None or not body.has_midline(place):
        return None
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
    spot: HotSpot,
    parameters: PhysiologicParameters,
    body: BodyShape,
    cluster_ml: float,
    *,
    is_hot: bool,
    is_paired: bool,
) -> Expected | None:
    """A hot mass beside the spine, mostly one of two; also where it touches bone or looks like muscle on MR."""
    place = spot.centroid_ras_mm
    depth, side = body.depth(place), body.off_midline(place)
    if not is_hot or depth is None or side is None or not body.has_midline(place):
        return None
    at_place = KIDNEY_SIDE_MM[0] <= side <= KIDNEY_SIDE_MM[1] and KIDNEY_DEPTH[0] <= depth <= KIDNEY_DEPTH[1]
    large = cluster_ml >= parameters.volume_ml or spot.suv_max >= parameters.suv or "truncated" in spot.flags
    if large and at_place and is_paired:
        return Expected(f"kidney: paired, beside the spine, SUVmax {spot.suv_max:.1f}")
    # The other one may be out of view, removed, or lie higher: then the height above the bladder must agree.
    above_crest = body.bladder_z is not None and place[2] - body.bladder_z > CREST_ABOVE_MM
    if large and at_place and above_crest:
        return Expected(f"kidney: beside the spine, SUVmax {spot.suv_max:.1f}", sure=False)
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
