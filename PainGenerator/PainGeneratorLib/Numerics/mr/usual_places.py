"""Which MR findings lie where normal anatomy looks like them: bowel beside bone, nerve roots and CSF of the sacrum.

Such a finding is not removed. It keeps its kind and gets a reason (``usual``), which speaks against it in its ledger:
where the PET shows uptake at the same place, it still counts. Start at :func:`mark_usual`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..body.vertebrae import VertebraFrame
from ..core import tissues
from ..core.records import MRFinding
from ..core.rules import Rule, RuleList
from ..core.words import Group
from .picture import MRPicture, region_mean
from .signal import around_region
from .spine_planes import place_in_vertebra
from .verdicts import COLLECTION, EFFUSION, IMPLANT_ARTEFACT, MODIC_I, OEDEMA, MRVerdict, normal

SHELL_MM = 4.0
"""What surrounds a finding lies within this distance of it, mm: as for bright places (:mod:`.bright`)."""
BONE_REACH_MM = 10.0
"""Bone beside which a finding lies is looked for within this distance of it, mm."""
OPEN_PART = 0.35
"""Upper bound for the marrow around a finding that lies beside bone and not in it. Our estimate: edema in bone has
marrow on most sides; at a cortex or a joint it still has marrow on half of them."""
ASIDE_MM = 3.0
"""Lower bound for the distance between the middle of the bone about a finding and the finding's own middle, mm, for
the bone to lie on one side of it."""
INWARD = 0.5
"""Lower bound for the part of the direction to the bone that points away from the midline or to the back: bowel lies
on the inner side of ilium and sacrum. It is the cosine of 60 degrees."""
FROM_IMPLANT_MM = 30.0
"""Nearer to an implant than this a finding is none of bowel, mm: capsule and bursae lie there. Our estimate."""
BEFORE_WALL_MM = 2.0
"""So far in front of the front wall of a vertebral body the middle of a finding lies outside bone, mm: a voxel."""
LIKE_CSF = 0.7
"""Lower bound for the signal of a finding over that of the cerebrospinal fluid, for it to be such fluid that shares
its voxels with a root or with fat. Edema of marrow holds less water. Our estimate."""
ROOT_MOST_ML = 1.0
"""Upper bound for the volume of a sacral root with its sleeve in its recess, ml: 6 mm wide and 20 mm long. Our
estimate."""
ROOT_SIDE_MM = (6.0, 28.0)
"""Distance of the sacral roots in their recesses and foramina from the midline, mm: S1 about 20, S4 about 10."""
CANAL_SIDE_MM = 14.0
"""Half width of the sacral canal at S1, mm: 26 to 30 mm wide (our estimate from adult sacra)."""
BEHIND_WALL_MM = (-22.0, 4.0)
"""Where canal and recesses of the sacrum lie in front of the back wall of S1 (negative behind it), mm."""
CANAL_PERCENTILE = 50
"""The percentile of the voxels of fluid in the canal that stands for its signal."""
CANAL_VOXELS = 50
"""With fewer voxels of fluid than this the signal of cerebrospinal fluid is not known."""


@dataclass(frozen=True, eq=False)
class UsualPlace:
    """The place of an MR finding. What the rules ask for is measured when it is asked for.

    Parameters
    ----------
    picture : MRPicture
    finding : MRFinding
    """

    picture: MRPicture
    finding: MRFinding

    @cached_property
    def group(self) -> str:
        """Clinical group of the case."""
        return self.picture.surroundings.group

    @cached_property
    def kind(self) -> str:
        """Kind of the finding."""
        return self.finding.kind

    @cached_property
    def volume_ml(self) -> float:
        """Volume of the finding."""
        return self.finding.volume_ml

    @cached_property
    def marrow_around(self) -> float:
        """Part of what surrounds it that is marrow."""
        box, own, near = around_region(self.finding.region, SHELL_MM)
        shell = near & ~own
        return float(self.picture.surroundings.marrow[box][shell].mean()) if shell.any() else 0.0

    @cached_property
    def to_bone(self) -> np.ndarray:
        """From its middle to the middle of the marrow near it: away from the midline, to the front, upward, mm.

        All 0 without such marrow or a midline.
        """
        middle = self.picture.surroundings.midline_r_mm
        box, own, near = around_region(self.finding.region, BONE_REACH_MM)
        bone = near & ~own & self.picture.surroundings.marrow[box]
        if middle is None or not bone.any():
            return np.zeros(3)
        kji = np.argwhere(bone) + np.array([part.start for part in box])
        center = self.finding.region.centroid_ras_mm
        way = self.picture.surroundings.geometry.to_ras(kji[:, ::-1]).mean(axis=0) - center
        outward = 1.0 if center[0] >= middle else -1.0
        return np.asarray(way * np.array([outward, 1.0, 1.0]))

    @cached_property
    def to_implant_mm(self) -> float:
        """Smallest distance from an implant; infinite without one."""
        if self.picture.implant is None:
            return np.inf
        center = self.finding.region.centroid_ras_mm
        return float(np.linalg.norm(self.picture.implant.points_ras - center, axis=1).min())

    @cached_property
    def over_csf(self) -> float:
        """Its mean signal over that of cerebrospinal fluid, on the fluid-sensitive series; 0 where it is not known."""
        if self.picture.fluid_role is None:
            return 0.0
        signal = self.picture.fluid_signal
        fluid = signal[self.picture.surroundings.tissue == tissues.FLUID]
        mean = region_mean(signal, self.finding.region)
        if fluid.size < CANAL_VOXELS or mean is None:
            return 0.0
        return float(mean / max(float(np.percentile(fluid, CANAL_PERCENTILE)), 1e-6))

    @cached_property
    def before_wall_mm(self) -> float:
        """How far its middle lies in front of the front wall of the vertebra at its height; minus infinite if none."""
        found = place_in_vertebra(self.picture.vertebrae, self.finding.region.points_ras)
        return -np.inf if found is None else found[1]

    @cached_property
    def in_sacrum(self) -> tuple[float, float, float] | None:
        """Where its middle lies by S1: from the midline, in front of the back wall, above the upper endplate, mm."""
        frame = _sacrum(self.picture)
        if frame is None:
            return None
        left, front, up = frame.local(self.finding.region.centroid_ras_mm)
        return float(abs(left)), float(front - frame.back_mm), float(up - frame.top_mm)

    @property
    def is_below_spine(self) -> bool:
        """Whether it lies beside or below the sacrum's upper endplate: always at hips, in a low back where S1 is
        known."""
        if self.group != Group.LOW_BACK:
            return True
        return self.in_sacrum is not None and self.in_sacrum[2] < 0.0


def _sacrum(picture: MRPicture) -> VertebraFrame | None:
    return None if picture.vertebrae is None else picture.vertebrae.sacrum


def before_the_bodies(place: UsualPlace) -> MRVerdict | None:
    """In front of the front wall of a vertebral body lie bowel and great vessels. What is bright there is no change of
    an endplate and no edema of bone, though it may look so beside a disc."""
    is_of_bone = place.kind in (OEDEMA, MODIC_I)
    if is_of_bone and place.before_wall_mm > BEFORE_WALL_MM:
        return normal("bowel or a vessel in front of the vertebral bodies")
    return None


def sacral_canal(place: UsualPlace) -> MRVerdict | None:
    """Behind the sacral bodies in the midline lies the sacral canal: fluid there is cerebrospinal fluid."""
    if place.kind not in (COLLECTION, EFFUSION) or place.in_sacrum is None or place.over_csf < LIKE_CSF:
        return None
    aside, front, up = place.in_sacrum
    is_behind = BEHIND_WALL_MM[0] < front < BEHIND_WALL_MM[1]
    return (
        normal("cerebrospinal fluid of the sacral canal") if aside < CANAL_SIDE_MM and is_behind and up < 0 else None
    )


def sacral_root(place: UsualPlace) -> MRVerdict | None:
    """A nerve root of the sacrum has fluid about it in its recess, as bright as that of the canal, with marrow around:
    it looks like a small edema of the sacrum."""
    if place.in_sacrum is None or place.volume_ml > ROOT_MOST_ML or place.over_csf < LIKE_CSF:
        return None
    aside, front, up = place.in_sacrum
    is_beside = ROOT_SIDE_MM[0] < aside < ROOT_SIDE_MM[1]
    is_behind = BEHIND_WALL_MM[0] < front < BEHIND_WALL_MM[1]
    return normal("a sacral nerve root in its recess") if is_beside and is_behind and up < 0 else None


def bowel_beside_bone(place: UsualPlace) -> MRVerdict | None:
    """Bowel lies on the inner side of ilium and sacrum: bone on one side of it, toward the outside or the back, and no
    bone around it. Edema of bone has marrow around it."""
    if place.kind not in (OEDEMA, COLLECTION) or not place.is_below_spine or place.to_implant_mm < FROM_IMPLANT_MM:
        return None
    distance = float(np.linalg.norm(place.to_bone))
    if place.marrow_around >= OPEN_PART or distance < ASIDE_MM:
        return None
    outward, front, _ = place.to_bone / distance
    return normal("bowel on the inner side of the pelvic bone") if max(outward, -front) > INWARD else None


USUAL_RULES: RuleList[UsualPlace, MRVerdict] = RuleList(
    [
        Rule("usual-before-bodies", before_the_bodies),
        Rule("usual-sacral-canal", sacral_canal),
        Rule("usual-sacral-root", sacral_root),
        Rule("usual-bowel-beside-bone", bowel_beside_bone),
    ]
)
"""What normal anatomy at the place of a finding looks like it."""


def mark_usual(picture: MRPicture, findings: Iterable[MRFinding]) -> None:
    """Give the findings that lie where normal anatomy looks like them the reason, in place.

    Parameters
    ----------
    picture : MRPicture
    findings : iterable of MRFinding
        On the grid of the picture.
    """
    for finding in findings:
        if finding.kind == IMPLANT_ARTEFACT:
            continue
        decided = USUAL_RULES.first(UsualPlace(picture, finding), picture.parameters.rules_off)
        if decided is not None:
            finding.usual, finding.usual_rule = decided[1].evidence, decided[0]
