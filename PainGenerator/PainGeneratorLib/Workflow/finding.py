"""The stages from aligned series to ranked candidates, and what they leave for the review to work with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan, find_body_plan
from ..Anatomy.places import Namer
from ..Anatomy.zones import HipImplant, implant_from_void
from ..Numerics.body.symmetry import RELIABLE_QUALITY, SymmetryPlane, find_symmetry_plane
from ..Numerics.core.image import Geometry, Image, Region, transform_points
from ..Numerics.core.kept import Kept
from ..Numerics.core.records import Candidate, HotSpot, Place
from ..Numerics.core.words import Group, Role
from ..Numerics.fusion.candidates import FusionParameters, Name, fuse
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotDetector, HotSpotResult
from .case import Case
from .fat_series import marrow_fat, marrow_note
from .progress import Show, StageClock, part, silent
from .stages import Alignment, Suv, find_on_mr, pet_detector

_TISSUE_MAP = "tissues"
_Z_MAP = "z "
"""The name of a z map begins with this; the role of the series follows."""


@dataclass(eq=False)
class Found(Kept):
    """What was found, with all that is needed to measure again.

    Parameters
    ----------
    symmetry : SymmetryPlane
        In the PET's own frame.
    mr : MRResult
    pet : HotSpotResult
        Hot spots in the PET's own frame.
    plan : BodyPlan
    hot_spots : list of HotSpot
        In the reference frame (in the PET's own where the two could not be aligned), physiologic ones included.
    candidates : list of Candidate
        Best first.
    detector : HotSpotDetector or None
        The first pass over the PET, to find hot spots with other settings. None in a reopened case until it is needed.
    notes : tuple of str
        Facts for the reader that are no warnings.
    """

    symmetry: SymmetryPlane
    mr: MRResult
    pet: HotSpotResult
    plan: BodyPlan
    hot_spots: list[HotSpot]
    candidates: list[Candidate]
    detector: HotSpotDetector | None = None
    notes: tuple[str, ...] = ()

    not_kept = ("detector",)

    def to_kept(self) -> dict[str, Any]:
        """All kept fields, with the MR's result as a dict of its own kept fields."""
        return {**super().to_kept(), "mr": self.mr.to_kept()}

    @classmethod
    def reopened(cls, kept: Mapping[str, Any], maps: Mapping[str, Image]) -> Found:
        """What was found, again.

        Parameters
        ----------
        kept : mapping
            As :meth:`to_kept` gave it.
        maps : mapping of str to Image
            As :attr:`maps` gave them.
        """
        z_maps = {name.removeprefix(_Z_MAP): image for name, image in maps.items() if name.startswith(_Z_MAP)}
        return cls.from_kept(kept, mr=MRResult.from_kept(kept["mr"], tissues=maps[_TISSUE_MAP], z_maps=z_maps))

    @property
    def maps(self) -> dict[str, Image]:
        """The images of the result by name, on the reference grid: tissue classes and z maps."""
        return {_TISSUE_MAP: self.mr.tissues} | {f"{_Z_MAP}{role}": z for role, z in self.mr.z_maps.items()}

    def namer(self, anatomy: AnatomyMap | None, suv: Suv, alignment: Alignment) -> Name:
        """What gives names to places, from all that is known of this body."""
        namer = Namer(anatomy, self.plan, hip_implant(self.mr))
        if alignment.is_aligned(Role.PET):
            return namer
        return _FrameNamer(namer, Namer(plan=_pet_plan(self.symmetry)), suv.image.geometry)


def find_candidates(
    case: Case,
    suv: Suv,
    alignment: Alignment,
    anatomy: AnatomyMap | None,
    progress: Show = silent,
    clock: StageClock | None = None,
) -> Found:
    """Stages "symmetry", "mr_findings", "hot_spots" and "fusion".

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap, optional
    progress : callable, optional
        May raise Cancelled.
    clock : StageClock, optional
    """
    clock = clock or StageClock()
    with clock.stage("symmetry"):
        progress(0.0, "Finding the plane of symmetry")
        symmetry = find_symmetry_plane(suv.image)
        in_reference = symmetry.moved(alignment.pet_to_reference) if alignment.is_aligned(Role.PET) else None
    with clock.stage("mr_findings"):
        mr = find_on_mr(case, alignment, anatomy, in_reference, part(progress, 0.05, 0.62))
    with clock.stage("hot_spots"):
        show = part(progress, 0.62, 0.9)
        plan = plan_body(case, alignment, mr, in_reference)
        detector = pet_detector(case, suv, alignment, mr, anatomy, symmetry, plan, show)
        pet = detector.find()
    with clock.stage("candidates"):
        progress(0.9, "Naming and ranking candidates")
        hot_spots = in_reference_frame(pet.hot_spots, alignment)
        found = Found(symmetry, mr, pet, plan, hot_spots, [], detector)
        namer = found.namer(anatomy, suv, alignment)
        weak = in_reference_frame(pet.weak, alignment)
        found.candidates = fuse_found(case, suv, alignment, mr, hot_spots, namer, weak)
        note = marrow_note(case, alignment, mr)
        found.notes = () if note is None else (note,)
    return found


@dataclass(frozen=True, eq=False)
class _FrameNamer:
    """Names places where PET and reference are not aligned: each region in the frame that it lies in."""

    in_reference: Namer
    on_pet: Namer
    pet_grid: Geometry

    def __call__(self, region: Region) -> Place:
        return (self.on_pet if region.geometry.is_same_grid(self.pet_grid) else self.in_reference)(region)


def _pet_plan(symmetry: SymmetryPlane) -> BodyPlan:
    """The body as the PET alone shows it: its plane of symmetry, or the scanner's axis where there is none."""
    source = "symmetry plane" if symmetry.quality >= RELIABLE_QUALITY else "scanner axis"
    return BodyPlan(symmetry.point_ras, symmetry.normal_ras, source)


def plan_body(case: Case, alignment: Alignment, mr: MRResult, symmetry: SymmetryPlane | None) -> BodyPlan:
    """The body's midline and the spine line as the images show them, in the reference frame."""
    fluid = None
    for role in (Role.FLUID, Role.T2):
        if role in case.series and alignment.is_aligned(role):
            image = case.series[role].image
            moved = image.geometry.moved(np.linalg.inv(alignment.reference_to(role)))
            fluid = Image(image.array, moved)
            break
    implant = hip_implant(mr) if case.group == Group.HIP_REPLACEMENT else None
    return find_body_plan(case.reference.image, mr.tissues, fluid, symmetry, implant, mr.spine_line)


def hip_implant(mr: MRResult) -> HipImplant | None:
    """The axes of the prosthesis that the MR shows, for the zones; None when there is none."""
    found = mr.implant
    if found.axis_ras is None or found.side is None:
        return None
    return implant_from_void(found.side, found.axis_ras, found.void)


def in_reference_frame(hot_spots: list[HotSpot], alignment: Alignment) -> list[HotSpot]:
    """Hot spots moved from the PET's frame to the reference frame; not moved when the two are not aligned."""
    if not alignment.is_aligned(Role.PET):
        return hot_spots
    to_reference = alignment.pet_to_reference
    return [
        dataclasses.replace(
            spot,
            region=spot.region.moved(to_reference),
            centroid_ras_mm=transform_points(to_reference, spot.centroid_ras_mm),
            peak_ras_mm=transform_points(to_reference, spot.peak_ras_mm),
        )
        for spot in hot_spots
    ]


def fuse_found(
    case: Case,
    suv: Suv,
    alignment: Alignment,
    mr: MRResult,
    hot_spots: list[HotSpot],
    namer: Name,
    weak_spots: list[HotSpot],
) -> list[Candidate]:
    """Stage "fusion": candidates of a case from what was found on PET (in the reference frame) and MR."""
    candidates = fuse(
        hot_spots,
        mr.findings,
        namer,
        case.protocol.stage("fusion", FusionParameters),
        symptoms=case.options.symptoms(),
        group=case.group,
        aligned=alignment.is_aligned(Role.PET),
        mr_field=case.reference.image.geometry,
        pet_field=pet_in_reference(suv, alignment).geometry,
        weak_spots=weak_spots,
        weak_findings=mr.weak,
    )
    measure_fat(case, alignment, mr, candidates)
    return candidates


def measure_fat(case: Case, alignment: Alignment, mr: MRResult, candidates: list[Candidate]) -> None:
    """Measure the fat fraction of all MR findings and of candidates that lie in the reference frame, in place."""
    fat = marrow_fat(case, alignment, mr)
    if fat is None:
        return
    fat.measure([*mr.findings, *mr.weak])
    is_aligned = alignment.is_aligned(Role.PET)
    fat.measure(one for one in candidates if is_aligned or not one.hot_spots)


def pet_in_reference(suv: Suv, alignment: Alignment) -> Image:
    """The SUV image on its own voxels, placed in the reference frame (nothing is resampled)."""
    moved = alignment.pet_to_reference if alignment.is_aligned(Role.PET) else np.eye(4)
    return Image(suv.image.array, suv.image.geometry.moved(moved))
