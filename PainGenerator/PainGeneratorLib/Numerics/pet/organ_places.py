"""What the place of a focus in the body and beside the spinal canal tells of organs with uptake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core import tissues as tissue_codes
from ..core.records import HotSpot
from .body_shape import MIDLINE_MM, BodyShape

KIDNEY_SIDE_MM = (30.0, 115.0)
"""Distance of kidneys from the midline."""
VENTRAL_DEPTH = 0.55
"""In front of this part of the body's depth there is no spine (ours; leaves room for a flat abdomen)."""
HIPS_ABOVE_MM, CREST_ABOVE_MM = 35.0, 85.0
"""Acetabular roofs and the wide part of the iliac wings end about this far above the middle of the bladder, which lies
at the level of the hips or little above."""
SPINE_DEPTH = 0.35
"""Behind this part of the body's depth lie posterior elements and back muscles."""
BLADDER_REACH_MM = 30.0
"""Half the height of a bladder."""
EXCRETION_SUV = 3.0
"""Organs that excrete FDG have at least this SUVmax, g/ml."""
URETER_SIDE_MM = (25.0, 60.0)
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


@dataclass(frozen=True, kw_only=True)
class PhysiologicParameters:
    """Section "hot_spots.physiologic" of a protocol; see there for units and sources."""

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


@dataclass(frozen=True)
class Where:
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
    def of(cls, point_ras: np.ndarray, body: BodyShape) -> Where:
        """The place of a position (RAS mm, in the body's frame)."""
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


def urine(spot: HotSpot, parameters: PhysiologicParameters, where: Where, tissue: int) -> Expected | None:
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


def at_known_spine(
    spot: HotSpot,
    parameters: PhysiologicParameters,
    where: Where,
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
    thin = is_thin(spot, typical_suv)
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


def is_thin(spot: HotSpot, typical_suv: float) -> bool:
    """Hotter than joints are, and thinner than the PET resolves."""
    return spot.suv_peak is not None and spot.suv_max >= THIN_RATIO * spot.suv_peak and excretes(spot, typical_suv)


def at_pelvic_ureter(spot: HotSpot, where: Where) -> bool:
    """Where ureters run through the pelvis, medial of hip joints and implants and in front of the sacrum."""
    if where.side is None or where.depth is None or not where.trunk:
        return False
    far = PELVIC_URETER_SIDE_MM[0 if "near-implant" in spot.flags else 1]
    return where.side <= far and where.depth >= PELVIC_URETER_DEPTH


def _is_body(side: float, front: float) -> bool:
    """Whether a place may be of a vertebral body: as wide as one behind, rounded in front."""
    before = max(0.0, front - BODY_MIDDLE_MM) / (BODY_FRONT_MM - BODY_MIDDLE_MM)
    return bool((side / BODY_WALL_MM) ** 2 + before**2 <= 1.0)


def before_hips(spot: HotSpot, where: Where) -> Expected | None:
    """In front of the femoral heads and beside the pubic bones, as the spinal canal higher up tells."""
    if where.front >= BEFORE_HIPS_MM and where.side >= PUBIS_SIDE_MM and where.trunk:
        return Expected(f"bowel or vessel: in front of the hips, SUVmax {spot.suv_max:.1f}", sure=False)
    return None


def excretes(spot: HotSpot, typical_suv: float) -> bool:
    """Whether uptake is as high as in organs that excrete FDG."""
    return spot.suv_max >= max(ORGAN_RATIO * typical_suv, EXCRETION_SUV)
