"""Bright places at both hips after a hip replacement.

The distance of a bright place to the implant, and the tissue around it, decide what it is. The rules stand in
:data:`HIP_RULES`, in the order in which they are asked. :data:`HIP_DOUBTS` says which findings count only where PET
shows uptake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..body import distances
from ..core import tissues
from ..core.image import Region
from ..core.records import MRFinding
from ..core.rules import Rule, RuleList
from .bright import BrightPart, JudgedPlace, as_finding, bright_parts, set_part_aside
from .fluid_rules import normal_fluid
from .kinds import find_fluid, find_oedema
from .parameters import BrightParameters, HipParameters
from .picture import MRPicture
from .signal import near_mask
from .surroundings import bone_distance
from .verdicts import COLLECTION, EFFUSION, IMPLANT_ARTEFACT, OEDEMA, MRVerdict, normal, weak

ORGAN_PART = 0.5
"""Lower bound for the part of a place that an anatomy segmentation calls an organ, for the place to be one."""
SACRUM_MARROW_LEAST = 0.45
"""Lower bound for the part of the shell around a place that is marrow, where the place lies in the sacrum or at a
sacroiliac joint. Our estimate, tuned on phantoms."""
BONE_MARROW_LEAST = 0.3
"""Lower bound for the part of the shell that is marrow, around a place in bone. Our estimate, tuned on phantoms."""
FAT_MOST = 0.2
"""Upper bound for the part of the shell that is fat, around an edema: bowel and vessels lie in fat. Our estimate,
tuned on phantoms."""
THICK_FAT_MOST = 0.4
"""The same for a thick collection, which may lie between muscle and fat. Our estimate, tuned on phantoms."""
IN_MUSCLE_LEAST = 0.75
"""Lower bound for the part of the shell that is muscle, around a place within muscle. Bowel on muscle has at most 0.6.
Our estimate, tuned on phantoms."""
PILE_UP_T1_LEAST = 1.2
"""Lower bound for the mean T1 over that of muscle of signal that the metal has piled up. Our estimate: fluid and edema
without fat have at most the T1 signal of muscle."""
PILE_UP_T1_OVER_FLUID = 0.9
"""Lower bound for the T1 signal over the fluid-sensitive one, each over that of muscle, of piled-up signal. Metal
moves the signal of a place on all series alike, so that normal muscle (ratio 1) and marrow (above 1) keep their ratio;
edema has at most about 0.75, fluid 0.3 to 0.5. Our estimate: the middle between them."""
APPROACH_DEPTH_MM = 35.0
"""Lower bound for how deep a band of edema along a surgical approach reaches, from side to side, mm. A bursa over the
trochanter is 5 to 25 mm thick. Our estimate."""
APPROACH_SKIN_MM = 15.0
"""Upper bound for the distance of such a band from the skin, mm: an incision goes through the fat below the skin, a
bursa lies below it. Our estimate."""
OTHER_HIP_POINTS = 4000
"""About how many voxels stand for the mirrored implant."""
REGION_POINTS = 2000
"""About how many voxels of a place are measured against the mirrored implant."""


@dataclass(frozen=True)
class HipPlace:
    """A bright place in a picture of both hips, as the rules see it.

    Parameters
    ----------
    part : BrightPart
    to_implant_mm : float
        Median distance of its voxels to the implant; infinite where no implant was found.
    to_other_hip_mm : float
        Median distance to where the implant would lie in the other hip; infinite where that is not known.
    is_behind : bool
        It lies behind the implant, as the sacroiliac joints do and bowel on the iliac wing does not.
    is_lateral : bool
        It lies farther from the midline than the implant, where there is no bowel.
    normal_fluid : str or None
        Why it is normal fluid, see :func:`.fluid_rules.normal_fluid`.
    is_organ : bool
        An anatomy segmentation says that most of it is bowel, a vessel or another organ.
    parameters : HipParameters
    fluid_like_over_muscle : float
        Lower bound for the mean signal over that of muscle of free fluid.
    to_skin_mm : float
        Distance of its most superficial part from the skin; infinite where it is not known.
    """

    part: BrightPart
    to_implant_mm: float
    to_other_hip_mm: float
    is_behind: bool
    is_lateral: bool
    normal_fluid: str | None
    is_organ: bool
    parameters: HipParameters
    fluid_like_over_muscle: float
    to_skin_mm: float = np.inf

    @property
    def to_either_hip_mm(self) -> float:
        """Distance to the implant or to its mirrored place, whichever is nearer."""
        return min(self.to_implant_mm, self.to_other_hip_mm)


PILE_UP_RULE = "hip-pile-up"
APPROACH_RULE = "hip-surgical-approach"
APPROACH_FLAG = "surgical-approach"
"""The flag of a band of edema along a surgical approach."""


# --- what a place is like


def is_in_sacrum(place: HipPlace) -> bool:
    """Whether a place lies in marrow far behind the implant: in the sacrum or at a sacroiliac joint."""
    is_far = place.to_implant_mm > distances.SACROILIAC_FROM_IMPLANT_LEAST.value
    return is_far and place.part.marrow > SACRUM_MARROW_LEAST and place.is_behind


def is_free_fluid(place: HipPlace) -> bool:
    """Whether a place is as bright as fluid. Within the sacrum it is marrow, however bright it is."""
    is_large = place.part.volume_ml >= distances.HIP_FLUID_VOLUME_LEAST.value
    return place.part.mean >= place.fluid_like_over_muscle and is_large and not is_in_sacrum(place)


def is_thick(place: HipPlace) -> bool:
    """Whether a place is more than a trace of fluid in a bursa."""
    part = place.part
    is_large = part.volume_ml >= place.parameters.clear_fluid_ml
    return is_large and part.lengths_mm[2] >= distances.COLLECTION_THICKNESS_LEAST.value and part.fat <= THICK_FAT_MOST


def is_vessel_piece(part: BrightPart) -> bool:
    """Whether a place is long with a round cross section, like a great vessel; bursae and loosening are flat."""
    long, wide, thin = part.lengths_mm
    return bool(
        part.marrow <= BONE_MARROW_LEAST
        and long > distances.VESSEL_PIECE_ELONGATION_LEAST.value * wide
        and wide < distances.VESSEL_PIECE_FLATNESS_MOST.value * thin
        and wide < distances.VESSEL_PIECE_WIDTH_MOST.value
    )


def _thick_kind(place: HipPlace, where: str) -> MRVerdict:
    kind = COLLECTION if is_free_fluid(place) else OEDEMA
    return MRVerdict(kind, f"{place.part.volume_ml:.1f} ml, {place.part.lengths_mm[2]:.0f} mm thick, {where}")


# --- the rules


def normal_fluid_at_hips(place: HipPlace) -> MRVerdict | None:
    """Bladder, bowel, vessels and other normal fluid are no findings, by their place and shape."""
    return None if place.normal_fluid is None else normal(place.normal_fluid)


def organ_at_hips(place: HipPlace) -> MRVerdict | None:
    """What an anatomy segmentation calls an organ is no finding."""
    return normal("an organ of the anatomy segmentation") if place.is_organ else None


def pile_up_at_implant(place: HipPlace) -> MRVerdict | None:
    """Signal that metal has moved to the border of its void is as bright on T1 as on the fluid-sensitive series."""
    part = place.part
    is_at_metal = place.to_implant_mm <= distances.METAL_HALO_SHELL_OUTER.value
    is_bright_on_t1 = part.t1 >= max(PILE_UP_T1_LEAST, PILE_UP_T1_OVER_FLUID * part.mean)
    if not (is_at_metal and is_bright_on_t1):
        return None
    return MRVerdict(IMPLANT_ARTEFACT, f"T1 {part.t1:.1f} times muscle, at the metal: signal that it has moved")


def edema_of_approach(place: HipPlace) -> MRVerdict | None:
    """A band lateral of a hip that reaches from the fat below the skin to the hip lies along a surgical approach."""
    is_beside = place.is_lateral and place.to_implant_mm <= distances.BESIDE_HIP_REACH.value
    is_band = place.part.depth_mm >= APPROACH_DEPTH_MM and place.to_skin_mm <= APPROACH_SKIN_MM
    if not (is_beside and is_band):
        return None
    return MRVerdict(OEDEMA, f"a band {place.part.depth_mm:.0f} mm deep from the skin to the hip")


def fluid_in_hip_joint(place: HipPlace) -> MRVerdict | None:
    """Fluid close to the implant, or to its mirrored place in the other hip, lies in the joint."""
    if not is_free_fluid(place) or place.to_either_hip_mm >= distances.HIP_JOINT_REACH.value:
        return None
    return MRVerdict(EFFUSION, f"fluid {place.to_either_hip_mm:.0f} mm from a hip joint")


def fluid_around_implant(place: HipPlace) -> MRVerdict | None:
    """Fluid around the implant but not in the joint is a collection, a bursitis or a pseudotumor."""
    if not is_free_fluid(place) or place.to_implant_mm > distances.AROUND_IMPLANT_REACH.value:
        return None
    return MRVerdict(COLLECTION, f"fluid {place.to_implant_mm:.0f} mm from the implant")


def thick_place_beside_hip(place: HipPlace) -> MRVerdict | None:
    """A thick bright place lateral of the hips is a bursitis or a collection: nothing else is bright there."""
    is_beside = place.is_lateral and place.to_either_hip_mm <= distances.BESIDE_HIP_REACH.value
    return _thick_kind(place, "lateral of a hip") if is_thick(place) and is_beside else None


def thick_place_in_muscle(place: HipPlace) -> MRVerdict | None:
    """A thick bright place within muscle is a collection or edema of the muscle."""
    is_within = place.part.muscle >= IN_MUSCLE_LEAST
    return _thick_kind(place, "within muscle") if is_thick(place) and is_within else None


def other_fluid_at_hips(place: HipPlace) -> MRVerdict | None:
    """Fluid that is at no hip, not lateral and not within muscle is bowel, bladder or a vessel."""
    return normal("bowel, bladder or a vessel away from both hips") if is_free_fluid(place) else None


def place_in_fat(place: HipPlace) -> MRVerdict | None:
    """A bright place in fat is bowel or a vessel."""
    return normal("bowel or a vessel in fat") if place.part.fat > FAT_MOST else None


def vessel_at_hips(place: HipPlace) -> MRVerdict | None:
    """A long place with a round cross section, away from the implant, is a piece of a great vessel."""
    if place.to_implant_mm <= distances.VESSEL_FROM_IMPLANT_LEAST.value or not is_vessel_piece(place.part):
        return None
    return normal("a great vessel, long and round across")


def edema_at_implant(place: HipPlace) -> MRVerdict | None:
    """A place near the implant that is brighter than muscle but is not fluid is edema or a loosening."""
    if place.to_implant_mm > distances.EDEMA_AT_IMPLANT_REACH.value:
        return None
    return MRVerdict(OEDEMA, f"{place.to_implant_mm:.0f} mm from the implant")


def edema_in_bone_at_hips(place: HipPlace) -> MRVerdict | None:
    """Far from the implant a compact place in bone is edema.

    Bowel that lies on bone looks the same there, so only a clearly bright place counts without PET.
    """
    part = place.part
    is_large = part.volume_ml >= distances.FAR_EDEMA_VOLUME_LEAST.value
    is_compact = part.lengths_mm[0] <= distances.BOWEL_LOOP_LENGTH_LEAST.value
    if not (part.marrow > BONE_MARROW_LEAST and is_large and is_compact):
        return None
    evidence = f"in bone, peak {part.peak:.1f} times muscle"
    return MRVerdict(OEDEMA, evidence) if part.peak >= place.parameters.far_over_muscle else weak(OEDEMA, evidence)


def place_elsewhere(_place: HipPlace) -> MRVerdict | None:
    """All other bright places, away from implant, fluid and compact bone, are muscle, bowel or small vessels."""
    return normal("muscle, bowel or a small vessel away from the hip joints")


HIP_RULES: RuleList[HipPlace, MRVerdict] = RuleList(
    [
        Rule("hip-normal-fluid", normal_fluid_at_hips),
        Rule("hip-organ", organ_at_hips),
        Rule(PILE_UP_RULE, pile_up_at_implant),
        Rule(APPROACH_RULE, edema_of_approach),
        Rule("hip-joint-fluid", fluid_in_hip_joint),
        Rule("hip-fluid-around-implant", fluid_around_implant),
        Rule("hip-thick-place-lateral", thick_place_beside_hip),
        Rule("hip-thick-place-in-muscle", thick_place_in_muscle),
        Rule("hip-other-fluid", other_fluid_at_hips),
        Rule("hip-place-in-fat", place_in_fat),
        Rule("hip-vessel", vessel_at_hips),
        Rule("hip-edema-at-implant", edema_at_implant),
        Rule("hip-edema-in-bone", edema_in_bone_at_hips),
        Rule("hip-elsewhere", place_elsewhere),
    ]
)
"""What a bright place at the hips is."""


def may_count_alone(part: BrightPart, bright: BrightParameters) -> bool:
    """Whether a bright place is large and bright enough to count without uptake on PET."""
    return part.volume_ml >= bright.sure_ml and part.peak >= bright.sure_over_muscle


# --- doubts


@dataclass(frozen=True)
class HipDoubt:
    """A finding at the hips, as the rules of doubt see it.

    Parameters
    ----------
    finding : MRFinding
    to_implant_mm : float
        Median distance of its voxels to the implant; infinite where no implant was found.
    in_halo : bool
        The surroundings of the implant are bright as a whole, see :func:`bright_halo`.
    parameters : HipParameters
    """

    finding: MRFinding
    to_implant_mm: float
    in_halo: bool
    parameters: HipParameters

    @property
    def is_fluid(self) -> bool:
        """Whether the finding is fluid and not edema."""
        return self.finding.kind != OEDEMA


def too_small_at_hips(doubt: HipDoubt) -> str | None:
    """Smaller bright places at hips are vessels, joint fluid and traces in bursae."""
    is_small = doubt.finding.volume_ml < doubt.parameters.minimum_ml
    return f"only {doubt.finding.volume_ml:.1f} ml" if is_small else None


def cut_off_at_hips(doubt: HipDoubt) -> str | None:
    """It is not known what edema is that the edge of the field of view cuts off."""
    return "cut off by the field of view" if "truncated" in doubt.finding.flags and not doubt.is_fluid else None


def within_halo(doubt: HipDoubt) -> str | None:
    """Near metal that makes its surroundings bright as a whole, only clear fluid counts."""
    is_clear = doubt.is_fluid and doubt.finding.volume_ml >= doubt.parameters.clear_fluid_ml
    is_near = doubt.to_implant_mm < distances.METAL_HALO_REACH.value
    return "in the bright halo of the implant" if doubt.in_halo and is_near and not is_clear else None


HIP_DOUBTS: RuleList[HipDoubt, str] = RuleList(
    [
        Rule("hip-too-small", too_small_at_hips),
        Rule("hip-cut-off", cut_off_at_hips),
        Rule("hip-metal-halo", within_halo),
    ]
)
"""Why a finding at the hips counts only where PET shows uptake. The verdict is the reason."""


def bright_halo(picture: MRPicture, bright: np.ndarray) -> bool:
    """Whether the surroundings of the implant are bright as a whole.

    Shifted signal and fat that is not suppressed make them so; disease makes only a part of them bright.

    Parameters
    ----------
    picture : MRPicture
    bright : ndarray of bool
        Bright voxels on the fluid-sensitive series.
    """
    if picture.implant is None:
        return False
    geometry, void = picture.surroundings.geometry, picture.implant.to_mask()
    outer = near_mask(void, geometry, distances.METAL_HALO_SHELL_OUTER.value)
    shell = outer & ~near_mask(void, geometry, distances.METAL_HALO_SHELL_INNER.value)
    shell &= picture.surroundings.body
    return bool(shell.any() and bright[shell].mean() > picture.parameters.hip.halo_part)


# --- all findings


def find_at_hips(
    picture: MRPicture, bright: np.ndarray | None, has_halo: bool
) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings of both hips after a hip replacement.

    Parameters
    ----------
    picture : MRPicture
        With a series that shows fluid.
    bright : ndarray of bool or None
        Bright voxels on the fluid-sensitive series; None where there is only T2.
    has_halo : bool
        See :func:`bright_halo`.

    Returns
    -------
    sure, weak : list of MRFinding
        Findings that count alone, and those that count only where PET shows uptake.
    """
    marrow, faint_marrow = find_oedema(picture)
    if bright is None:
        return marrow + find_fluid(picture), faint_marrow
    to_implant = _to_implant(picture)
    doubtful = _doubtful(picture, to_implant, has_halo)
    places, weak = _findings_of_bright_places(picture, bright, to_implant)
    artifacts = [finding for finding in (*places, *weak) if finding.kind == IMPLANT_ARTEFACT]
    weak = [finding for finding in weak if finding.kind != IMPLANT_ARTEFACT]
    sure, doubted = _divided([finding for finding in places if finding.kind != IMPLANT_ARTEFACT], doubtful)
    # Piled-up signal is listed with its rule, and is no sign of disease, whatever the PET shows.
    sure += artifacts
    others = _beside(marrow, bright)
    weak = [*weak, *doubted, *_beside(faint_marrow, bright)]
    if picture.surroundings.segmented is None:
        return sure, weak + others
    others += [finding for finding in find_fluid(picture) if not _overlaps(finding, [*sure, *others])]
    certain, doubted = _divided(others, doubtful)
    return sure + certain, weak + doubted


def _divided(
    findings: Sequence[MRFinding], doubtful: Callable[[MRFinding], bool]
) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings that count alone, and those that are in doubt."""
    in_doubt = [doubtful(finding) for finding in findings]
    return (
        [finding for finding, doubt in zip(findings, in_doubt, strict=True) if not doubt],
        [finding for finding, doubt in zip(findings, in_doubt, strict=True) if doubt],
    )


def _findings_of_bright_places(
    picture: MRPicture, bright: np.ndarray, to_implant: Callable[[Region], float]
) -> tuple[list[MRFinding], list[MRFinding]]:
    """Sure and weak findings of the bright places."""
    parts = bright_parts(picture, bright, picture.parameters.oedema.minimum_ml)
    judged = [place for place in judge_hip(picture, parts, to_implant) if place.kind is not None]
    sure = [_as_finding(picture, place) for place in judged if place.sure]
    return sure, [_as_finding(picture, place) for place in judged if not place.sure]


def _as_finding(picture: MRPicture, judged: JudgedPlace) -> MRFinding:
    """The finding of a bright place, with what its rule says of it."""
    finding = as_finding(picture, judged)
    if judged.kind == IMPLANT_ARTEFACT:
        finding.grade = 0.0
        finding.flags = list(dict.fromkeys([*finding.flags, "near-implant"]))
    if judged.rule == APPROACH_RULE:
        finding.flags.append(APPROACH_FLAG)
    return finding


def judge_hip(
    picture: MRPicture, parts: Sequence[BrightPart], to_implant: Callable[[Region], float]
) -> list[JudgedPlace]:
    """What each bright place is, with the name of the rule that says so; normal places are set aside.

    Parameters
    ----------
    picture : MRPicture
    parts : sequence of BrightPart
    to_implant : callable
        Gives the median distance of a region to the implant in mm.
    """
    p, to_other_hip = picture.parameters, _to_other_hip(picture)
    judged = []
    for part in parts:
        region = part.region
        place = HipPlace(
            part,
            to_implant(region),
            to_other_hip(region),
            is_behind_implant(region, picture.implant),
            is_lateral_of_implant(region, picture.implant, picture.surroundings.midline_r_mm),
            normal_fluid(region, picture.surroundings, p),
            _is_organ(picture, region),
            p.hip,
            p.bright.fluid_like_over_muscle,
            _to_skin_mm(picture, part),
        )
        found = HIP_RULES.first(place, p.rules_off)
        if found is None or found[1].is_normal:
            judged.append(JudgedPlace(part, None, rule=None if found is None else found[0]))
            if found is not None:
                set_part_aside(picture, part, found)
            continue
        rule, verdict = found
        judged.append(JudgedPlace(part, verdict.kind, verdict.sure and may_count_alone(part, p.bright), rule))
    return judged


def _to_skin_mm(picture: MRPicture, part: BrightPart) -> float:
    """Distance of a deep place from the skin: the reach of an incision where it is within it, else infinite."""
    if part.depth_mm < APPROACH_DEPTH_MM:
        return np.inf
    geometry = part.region.geometry
    near = near_mask(part.region.to_mask(), geometry, APPROACH_SKIN_MM)
    return APPROACH_SKIN_MM if bool(np.any(near & ~picture.signals.body)) else np.inf


def is_behind_implant(region: Region, implant: Region | None) -> bool:
    """Whether a region lies so far behind the implant as the sacroiliac joints do."""
    if implant is None:
        return False
    behind = distances.SACROILIAC_BEHIND_IMPLANT_LEAST.value
    return bool(region.centroid_ras_mm[1] < implant.centroid_ras_mm[1] - behind)


def _mean_off_midline_mm(region: Region, midline_r_mm: float) -> float:
    """Mean distance of voxels from the midline, mm: that of two implants is not 0 as that of their middle."""
    return float(np.abs(region.points_ras[:, 0] - midline_r_mm).mean())


def is_lateral_of_implant(region: Region, implant: Region | None, midline_r_mm: float | None) -> bool:
    """Whether a region lies farther from the midline than the implant does, on either side."""
    if midline_r_mm is None or implant is None:
        return False
    side = abs(region.centroid_ras_mm[0] - midline_r_mm)
    own = _mean_off_midline_mm(implant, midline_r_mm)
    return bool(side > own + distances.LATERAL_OF_IMPLANT_LEAST.value)


def _is_organ(picture: MRPicture, region: Region) -> bool:
    codes = picture.surroundings.segmented
    return codes is not None and bool(np.mean(codes.reshape(-1)[region.flat] == tissues.VISCERA) > ORGAN_PART)


def _to_implant(picture: MRPicture) -> Callable[[Region], float]:
    """A function that gives the median distance of a region to the implant, mm; infinite without one."""
    if picture.implant is None:
        return lambda _: np.inf
    distance = bone_distance(picture.surroundings, picture.implant, False)
    return lambda region: float(np.median(distance(region)))


def _to_other_hip(picture: MRPicture) -> Callable[[Region], float]:
    """The same for the implant mirrored at the midline; infinite where either is not known."""
    middle = picture.surroundings.midline_r_mm
    if middle is None or picture.implant is None:
        return lambda _: np.inf
    points = picture.implant.points_ras[:: max(1, len(picture.implant) // OTHER_HIP_POINTS)] * [-1.0, 1.0, 1.0] + [
        2.0 * middle,
        0.0,
        0.0,
    ]
    tree = cKDTree(points)
    return lambda region: float(np.median(tree.query(region.points_ras[:: max(1, len(region) // REGION_POINTS)])[0]))


def _doubtful(
    picture: MRPicture, to_implant: Callable[[Region], float], has_halo: bool
) -> Callable[[MRFinding], bool]:
    """A function that says whether a finding counts only where PET shows uptake."""
    p = picture.parameters

    def doubtful(finding: MRFinding) -> bool:
        doubt = HipDoubt(finding, to_implant(finding.region), has_halo, p.hip)
        return HIP_DOUBTS.first(doubt, p.rules_off) is not None

    return doubtful


def _beside(findings: Sequence[MRFinding], bright: np.ndarray) -> list[MRFinding]:
    """Those findings that share no voxel with the bright places, which are judged on their own."""
    taken = bright.reshape(-1)
    return [finding for finding in findings if not taken[finding.region.flat].any()]


def _overlaps(finding: MRFinding, others: Sequence[MRFinding]) -> bool:
    return any(np.intersect1d(finding.region.flat, other.region.flat).size for other in others)
