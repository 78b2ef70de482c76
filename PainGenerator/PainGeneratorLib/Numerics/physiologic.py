"""Uptake that is expected: bladder, kidneys, ureters, bowel, vessels, and muscles used alike on both sides.

An organ label map decides where there is one, else what the MR shows, else place, size, uptake and shape together, and
likeness of the two sides. Nothing is held to be physiologic for its uptake or its size alone: place must agree.
Such foci stay in the list, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from . import tissues as tissue_codes
from .body_shape import MIDLINE_MM, BodyShape
from .records import HotSpot
from .voxel_bits import VoxelBits

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
OTHER_LEVELS = 1.5
"""In the spine both sides of one level may be ill: what exceeds the other levels by this is not usual (ours)."""
OWN_MIRROR_MM = 10.0
"""Nearer to the midline a focus is its own mirror image."""
PAIR_RATIO = 1.1
"""The mirrored place exceeds the reference by this factor at least, where both sides are called alike."""
SPINE_DEPTH = 0.35
"""Behind this part of the body's depth lie posterior elements and back muscles."""
BLADDER_REACH_MM = 30.0
"""Half the height of a bladder."""
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
BODY_FRONT_MM = 48.0
"""Of the spinal canal's middle: half a canal and a lumbar body of 32 to 38 mm. In front lie vessels and bowel."""
BODY_MIDDLE_MM = 27.0
"""The middle of a lumbar body; its front half is round, and beside that lie psoas, ureter and vessels."""
THIN_RATIO = 1.7
"""SUVmax over SUVpeak (1 ml) of what is thinner than the PET resolves; foci of 1 ml have 1.3 to 1.6 (ours)."""
PELVIC_URETER_SIDE_MM, PELVIC_URETER_DEPTH = (50.0, 70.0), 0.3
"""The acetabular floor, and with it the margin of an implant, lies 55 mm from the midline and more (ours)."""
THIN_SIDE_MM, THIN_FRONT_MM = 30.0, 10.0
"""Farther to the side than foramina and in front of transverse processes (ours)."""
BEFORE_HIPS_MM, PUBIS_SIDE_MM = 105.0, 50.0
"""The canal at the sacrum lies 30 to 40 mm from the skin of the back, the front of a femoral head 130 to 140 mm; pubic
bones reach no further to the side (ours)."""
BEHIND_CANAL_MM = -10.0
"""Behind this lie posterior elements, back muscles and sacroiliac joints, beside and in front of it the psoas."""
BONE_BESIDE_MM = 25.0
"""Sacrum and ilium reach no further in front of the canal than this, beside it; iliac vessels do (ours)."""
SACROILIAC_SIDE_MM, SACROILIAC_FRONT_MM = (30.0, 75.0), 36.0
"""Place of the sacroiliac joints beside and in front of the canal at the height of the sacrum (ours)."""
KIDNEY_FRONT_MM = (-25.0, 75.0)
"""Place of kidneys in front of the spinal canal."""
KIDNEY_MASS_BEHIND_MM = -60.0
"""Of what is as large and as hot as only a kidney is: above its upper end the canal's place is not known well."""
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
    where = _Where.of(spot.centroid_ras_mm, body)
    reason = _urine(spot, parameters, where, tissue)
    if reason is None and (where.side is None or where.side >= OWN_MIRROR_MM):
        reason = _alike(spot, parameters, tissue, mirrored_suv)
    if reason is not None:
        return reason
    if where.front is not None and where.is_at_hips:
        reason = _before_hips(spot, where)
        if reason is not None:
            return reason
    elif where.front is not None:
        return _at_known_spine(spot, parameters, where, tissue, bone, typical_suv, rich_suv, cluster_ml)
    if where.is_in_pelvis and _is_thin(spot, typical_suv) and _at_pelvic_ureter(spot, where):
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


@dataclass(frozen=True)
class _Where:
    """The place of a focus in the body; None for what is not known there.

    Parameters
    ----------
    depth : float or None
        Between back (0) and front (1).
    side : float or None
        Distance from the midline, mm.
    front : float or None
        Distance in front of the spinal canal, mm.
    above_bladder : float or None
        Height above the middle of the bladder, mm.
    trunk : bool
        The body crosses the midline there.
    at_sacrum : bool
        At the height of the sacrum, as the spinal canal tells.
    """

    depth: float | None
    side: float | None
    front: float | None
    above_bladder: float | None
    trunk: bool
    at_sacrum: bool

    @classmethod
    def of(cls, point_ras: np.ndarray, body: BodyShape) -> _Where:
        return cls(
            body.depth(point_ras),
            body.off_midline(point_ras),
            body.in_front_of_canal(point_ras),
            None if body.bladder_z is None else float(point_ras[2]) - body.bladder_z,
            body.has_midline(point_ras),
            body.is_at_sacrum(point_ras),
        )

    @property
    def is_at_hips(self) -> bool:
        """Known to lie at the height of the hips or below, where femora and pubic bones lie in front of the sacrum."""
        return self.above_bladder is not None and self.above_bladder < HIPS_ABOVE_MM

    @property
    def is_in_pelvis(self) -> bool:
        """Known to lie below the iliac crests, at the height of the sacrum."""
        return self.above_bladder is not None and self.above_bladder < CREST_ABOVE_MM


def _urine(spot: HotSpot, parameters: PhysiologicParameters, where: _Where, tissue: int) -> Expected | None:
    """So hot, near the midline and in front of the posterior spine, that only urine is: also where bone is near."""
    if where.depth is None or where.side is None:
        return None
    at_bladder = where.above_bladder is not None and abs(where.above_bladder) < BLADDER_REACH_MM
    central = where.side <= MIDLINE_MM and where.depth >= VENTRAL_DEPTH
    if at_bladder and central and spot.mtv_ml >= parameters.volume_ml and spot.suv_max >= parameters.suv:
        # Where a T1 alone tells tissues, a bladder may pass for marrow or muscle.
        return Expected(f"urine: the bladder, in the midline, {spot.mtv_ml:.0f} ml, SUVmax {spot.suv_max:.0f}")
    if tissue in (tissue_codes.MARROW, tissue_codes.DISC):
        return None
    near = where.trunk and where.side <= 2 * MIDLINE_MM and where.depth >= SPINE_DEPTH
    if near and spot.suv_max >= parameters.urine_suv:
        return Expected(f"urine: near the midline, in front of the posterior spine, SUVmax {spot.suv_max:.0f}")
    return None


def _at_known_spine(
    spot: HotSpot,
    parameters: PhysiologicParameters,
    where: _Where,
    tissue: int,
    bone: bool,
    typical_suv: float,
    rich_suv: float,
    cluster_ml: float,
) -> Expected | None:
    """By the place beside the spinal canal, where the MR shows that: vertebrae, their joints and what lies behind
    them belong to the spine, what lies beside and in front of them to psoas, kidneys, ureters, vessels and bowel."""
    side, front = where.side, where.front
    is_bone = tissue in (tissue_codes.MARROW, tissue_codes.DISC)
    hot = spot.suv_max >= max(EXCRETION_SUV, ORGAN_RATIO * typical_suv, PAIRED_RICH * rich_suv)
    is_mass = cluster_ml >= parameters.volume_ml and spot.suv_max >= parameters.suv
    behind = KIDNEY_MASS_BEHIND_MM if is_mass else KIDNEY_FRONT_MM[0]
    at_kidney = KIDNEY_SIDE_MM[0] <= side <= KIDNEY_SIDE_MM[1] and behind <= front <= KIDNEY_FRONT_MM[1]
    large = cluster_ml >= parameters.volume_ml or spot.suv_max >= parameters.suv or "truncated" in spot.flags
    near_bone = is_bone or (bone and spot.suv_max < parameters.suv)
    if hot and at_kidney and large and not near_bone and not where.is_in_pelvis and not where.at_sacrum:
        return Expected(f"kidney: beside the spine, SUVmax {spot.suv_max:.1f}", sure=spot.suv_max >= parameters.suv)
    thin = _is_thin(spot, typical_suv)
    beside = side >= URETER_SIDE_MM[0] and front >= BONE_BESIDE_MM
    if thin and (beside or (side >= THIN_SIDE_MM and front >= THIN_FRONT_MM)):
        return Expected(f"ureter or renal pelvis: thin, beside the spine, SUVmax {spot.suv_max:.1f}", sure=False)
    if front <= BEHIND_CANAL_MM or _is_body(side, front):
        return None
    if side > BODY_WALL_MM and front <= BONE_BESIDE_MM and (is_bone or (bone and not hot)):
        return None
    if where.at_sacrum and SACROILIAC_SIDE_MM[0] <= side <= SACROILIAC_SIDE_MM[1] and front <= SACROILIAC_FRONT_MM:
        return None
    # Beside the sacrum, out of the MR's view, it cannot be told from what lies on it.
    if where.is_in_pelvis and front <= BONE_BESIDE_MM and not hot:
        return None
    what = "kidney, ureter, bowel or vessel: beside" if side > BODY_WALL_MM else "bowel or vessel: in front of"
    return Expected(f"{what} the spine, SUVmax {spot.suv_max:.1f}", sure=False)


def _is_thin(spot: HotSpot, typical_suv: float) -> bool:
    """Hotter than joints are, and thinner than the PET resolves."""
    return spot.suv_peak is not None and spot.suv_max >= THIN_RATIO * spot.suv_peak and _excretes(spot, typical_suv)


def _at_pelvic_ureter(spot: HotSpot, where: _Where) -> bool:
    """Where ureters run through the pelvis, medial of hip joints and implants and in front of the sacrum."""
    if where.side is None or where.depth is None or not where.trunk:
        return False
    far = PELVIC_URETER_SIDE_MM[0 if "near-implant" in spot.flags else 1]
    return where.side <= far and where.depth >= PELVIC_URETER_DEPTH


def _is_body(side: float, front: float) -> bool:
    """Whether a place may be of a vertebral body: as wide as one behind, rounded in front."""
    before = max(0.0, front - BODY_MIDDLE_MM) / (BODY_FRONT_MM - BODY_MIDDLE_MM)
    return bool((side / BODY_WALL_MM) ** 2 + before**2 <= 1.0)


def _before_hips(spot: HotSpot, where: _Where) -> Expected | None:
    """In front of the femoral heads and beside the pubic bones, as the spinal canal higher up tells."""
    if where.front >= BEFORE_HIPS_MM and where.side >= PUBIS_SIDE_MM and where.trunk:
        return Expected(f"bowel or vessel: in front of the hips, SUVmax {spot.suv_max:.1f}", sure=False)
    return None


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
