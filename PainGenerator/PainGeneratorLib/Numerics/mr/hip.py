"""Bright places at both hips after a replacement, told by their distance to the implant and what surrounds them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from ..core import tissues
from ..core.image import Region
from ..core.records import MRFinding
from .bright import FLUID_LIKE, BrightPart, JudgedPlace
from .kinds import MRPicture
from .signal import near_mask
from .surroundings import bone_distance, normal_fluid

FAR_FROM_IMPLANT = 2.0
"""Of the muscle signal, at the peak: marrow oedema away from a prosthesis."""
BOWEL_LENGTH_MM = 80.0
"""Longer than a sacroiliac joint (50 to 60 mm) with its margins: a loop of bowel. Ours."""
VESSEL_WIDTH_MM = 16.0
"""Iliac and femoral vessels are 8 to 14 mm wide."""
LATERAL_MM, BESIDE_HIP_MM, LEAST_THICK_MM = 10.0, 75.0, 8.0
"""Farther to the side than the implant's middle, as far as hips reach, and thicker than traces of fluid in bursae (5
to 7 mm): bursitis or a collection (ours)."""
IN_MUSCLE = 0.75
"""Of the shell: bowel on muscle has at most 0.6 (ours)."""
BEHIND_IMPLANT_MM = 20.0
"""Sacroiliac joints lie 30 to 70 mm behind the middle of a hip replacement."""


HALO_SHELL_MM, HALO_PART = (6.0, 12.0), 0.12
"""More of the surroundings than this part is bright only by the metal: shifted signal and fat that is not suppressed.
Disease at several places makes up to a tenth (ours, on four families of phantoms)."""
HALO_MM, CLEAR_FLUID_ML = 25.0, 3.0
LEAST_ML = 0.6
"""Smaller bright places at hips are vessels, joint fluid and traces in bursae (ours)."""


def bright_halo(picture: MRPicture, bright: np.ndarray) -> bool:
    """Whether an implant's surroundings are bright as a whole."""
    if picture.implant is None:
        return False
    geometry, void = picture.surroundings.geometry, picture.implant.to_mask()
    shell = near_mask(void, geometry, HALO_SHELL_MM[1]) & ~near_mask(void, geometry, HALO_SHELL_MM[0])
    shell &= picture.surroundings.body
    return bool(shell.any() and bright[shell].mean() > HALO_PART)


def hip_doubt(picture: MRPicture, bright: np.ndarray) -> Callable[[MRFinding], bool]:
    """Tells the findings at hips that count only where PET shows uptake: small or cut off ones, and what is no clear
    fluid beside metal that makes all about it bright."""
    halo = bright_halo(picture, bright)
    to_implant = bone_distance(picture.surroundings, picture.implant, False) if halo else None

    def doubtful(finding: MRFinding) -> bool:
        is_fluid = finding.kind != "oedema"
        if finding.volume_ml < LEAST_ML or ("truncated" in finding.flags and not is_fluid):
            return True
        if to_implant is None or (is_fluid and finding.volume_ml >= CLEAR_FLUID_ML):
            return False
        return bool(np.median(to_implant(finding.region)) < HALO_MM)

    return doubtful


def judge_hip(
    picture: MRPicture, parts: list[BrightPart], to_implant: Callable[[Region], np.ndarray] | None
) -> list[JudgedPlace]:
    """Bright parts in both hips after a replacement, by their distance to the implant and what surrounds them."""
    p, to_other = picture.parameters, _to_other_hip(picture)
    out = []
    for part in parts:
        kind, sure = None, False
        if normal_fluid(part.region, picture.surroundings, p) is None and not _is_told_organ(picture, part.region):
            gap = float(np.median(to_implant(part.region))) if to_implant is not None else np.inf
            kind, sure = _at_hip(
                part, gap, to_other(part.region), _is_behind(part, picture.implant), _is_lateral(picture, part.region)
            )
        sure = sure and part.volume_ml >= p.bright.sure_ml and part.peak >= p.bright.sure_over_muscle
        out.append(JudgedPlace(part, kind, sure))
    return out


def _is_told_organ(picture: MRPicture, region: Region) -> bool:
    """Whether an anatomy segmentation says that most of a region is bowel, a vessel or another organ."""
    segmented = picture.surroundings.segmented
    return segmented is not None and bool(np.mean(segmented.reshape(-1)[region.flat] == tissues.VISCERA) > 0.5)


def _is_behind(part: BrightPart, implant: Region | None) -> bool:
    """Whether a part lies behind the implant, as the sacroiliac joints do and bowel on the iliac wing does not."""
    return implant is not None and bool(
        part.region.centroid_ras_mm[1] < implant.centroid_ras_mm[1] - BEHIND_IMPLANT_MM
    )


def _is_lateral(picture: MRPicture, region: Region) -> bool:
    """Whether a region lies farther from the midline than the implant does: there is no bowel."""
    middle = picture.surroundings.midline_r_mm
    if middle is None or picture.implant is None:
        return False
    side, own = abs(region.centroid_ras_mm[0] - middle), abs(picture.implant.centroid_ras_mm[0] - middle)
    return bool(side > own + LATERAL_MM)


def _at_hip(
    part: BrightPart,
    gap_mm: float,
    other_gap_mm: float = np.inf,
    is_behind: bool = False,
    is_lateral: bool = False,
) -> tuple[str | None, bool]:
    """Kind and sureness by the distance to the implant, and to where it would lie in the other hip."""
    # Within bone it is marrow however bright: the sacroiliac joints lie far from both hips, and behind them.
    in_sacrum = gap_mm > 45.0 and part.marrow > 0.45 and is_behind
    is_fluid = part.mean >= FLUID_LIKE and part.volume_ml >= 1.0 and not in_sacrum
    if is_fluid and min(gap_mm, other_gap_mm) < 25.0:
        return "effusion or synovitis", True
    if is_fluid and gap_mm <= 45.0:
        return "fluid collection or bursitis", True
    # Bursae and collections that are no mere trace, where nothing else is bright: beside the hips, or within muscle.
    thick = part.volume_ml >= CLEAR_FLUID_ML and part.lengths_mm[2] >= LEAST_THICK_MM and part.fat <= 0.4
    if thick and ((is_lateral and min(gap_mm, other_gap_mm) <= BESIDE_HIP_MM) or part.muscle >= IN_MUSCLE):
        return ("fluid collection or bursitis" if is_fluid else "oedema"), True
    if is_fluid:
        return None, False
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


def _to_other_hip(picture: MRPicture) -> Callable[[Region], float]:
    """Median distance (mm) of a region to the implant mirrored at the midline; infinite where either is not known."""
    middle = picture.surroundings.midline_r_mm
    if middle is None or picture.implant is None:
        return lambda _: np.inf
    points = picture.implant.points_ras[:: max(1, len(picture.implant) // 4000)] * [-1.0, 1.0, 1.0] + [
        2.0 * middle,
        0.0,
        0.0,
    ]
    tree = cKDTree(points)
    return lambda region: float(np.median(tree.query(region.points_ras[:: max(1, len(region) // 2000)])[0]))
