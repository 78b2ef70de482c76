"""All stages in order: from a DICOM folder to ranked candidates."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..Anatomy import zones
from ..Anatomy.anatomy_files import read_anatomy_file
from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan, find_body_plan
from ..Anatomy.places import Namer
from ..Numerics.fusion import FusionParameters, fuse
from ..Numerics.hot_spots import HotSpotResult
from ..Numerics.image import Image, transform_points
from ..Numerics.mr_findings import MRResult
from ..Numerics.records import Candidate, HotSpot
from ..Numerics.symmetry import SymmetryPlane, find_symmetry_plane
from .case import Case, CaseOptions
from .progress import Show, StageClock, part, silent
from .reading import read_case
from .stages import Alignment, Suv, align_series, find_on_mr, find_on_pet, make_suv


@dataclass(eq=False)
class Analysis:
    """A case with the result of every stage.

    Parameters
    ----------
    hot_spots : list of HotSpot
        In the reference frame (in the PET's own where the two could not be aligned), physiologic ones included.
    candidates : list of Candidate
        Best first.
    """

    case: Case
    suv: Suv
    alignment: Alignment
    anatomy: AnatomyMap | None
    mr: MRResult
    pet: HotSpotResult
    plan: BodyPlan
    hot_spots: list[HotSpot]
    candidates: list[Candidate]
    clock: StageClock

    @property
    def excluded(self) -> list[HotSpot]:
        """Hot spots held to be physiologic; reported apart, never dropped silently."""
        return [spot for spot in self.hot_spots if spot.physiologic is not None]

    @property
    def warnings(self) -> list[str]:
        """What the user must know, in the order of the stages."""
        sentences = [*self.case.warnings.sentences, *self.suv.result.warnings]
        for role, series in self.alignment.by_role.items():
            if not series.aligned:
                sentences.append(
                    f"{role} is not aligned to {self.case.reference_role}: {series.reason} {series.advice}"
                )
            sentences += [f"{role}: {text}" for text in series.warnings]
        if self.anatomy is not None:
            sentences += self.anatomy.warnings
        sentences += [*self.mr.warnings, *self.mr.implant.warnings, *self.pet.warnings]
        return list(dict.fromkeys(sentences))


def analyze(folder: Path, options: CaseOptions, progress: Show = silent) -> Analysis:
    """Run all stages on a DICOM folder.

    Parameters
    ----------
    folder : Path
        Any nesting of files; never written to.
    options : CaseOptions
    progress : callable, optional
        May raise Cancelled, which ends the work and leaves nothing behind.

    Raises
    ------
    PainGeneratorError
        When the input cannot be used.
    """
    clock = StageClock()
    with clock.stage("case"):
        case = read_case(folder, options, part(progress, 0.0, 0.1))
    return analyze_case(case, part(progress, 0.1, 1.0), clock)


def analyze_case(case: Case, progress: Show = silent, clock: StageClock | None = None) -> Analysis:
    """Run all stages that follow reading."""
    clock = clock or StageClock()
    with clock.stage("suv"):
        progress(0.0, "Computing SUV")
        suv = make_suv(case)
    with clock.stage("anatomy"):
        anatomy = _read_anatomy(case.options)
    with clock.stage("alignment"):
        alignment = align_series(case, suv, part(progress, 0.02, 0.6))
    with clock.stage("symmetry"):
        progress(0.6, "Finding the plane of symmetry")
        symmetry = find_symmetry_plane(suv.image)
        in_reference = symmetry.moved(alignment.pet_to_reference) if alignment.is_aligned("PET") else None
    with clock.stage("mr_findings"):
        mr = find_on_mr(case, alignment, anatomy, in_reference, part(progress, 0.62, 0.85))
    with clock.stage("hot_spots"):
        pet = find_on_pet(case, suv, alignment, mr, anatomy, symmetry, part(progress, 0.85, 0.96))
    with clock.stage("candidates"):
        progress(0.96, "Naming and ranking candidates")
        plan = plan_body(case, alignment, mr, in_reference)
        hot_spots = in_reference_frame(pet.hot_spots, alignment)
        namer = Namer(anatomy, plan, hip_implant(mr))
        candidates = fuse_found(case, suv, alignment, mr, hot_spots, namer)
    progress(1.0, "Done")
    return Analysis(case, suv, alignment, anatomy, mr, pet, plan, hot_spots, candidates, clock)


def _read_anatomy(options: CaseOptions) -> AnatomyMap | None:
    return None if options.anatomy is None else read_anatomy_file(options.anatomy, options.anatomy_labels)


def plan_body(case: Case, alignment: Alignment, mr: MRResult, symmetry: SymmetryPlane | None) -> BodyPlan:
    """The body's midline and the spine line as the images show them, in the reference frame."""
    fluid = None
    for role in ("FLUID", "T2"):
        if role in case.series and alignment.is_aligned(role):
            image = case.series[role].image
            moved = image.geometry.moved(np.linalg.inv(alignment.reference_to(role)))
            fluid = Image(image.array, moved)
            break
    return find_body_plan(case.reference.image, mr.tissues, fluid, symmetry, hip_implant(mr))


def hip_implant(mr: MRResult) -> zones.HipImplant | None:
    """The axes of the prosthesis that the MR shows, for the zones; None when there is none."""
    found = mr.implant
    if found.axis_ras is None or found.side is None:
        return None
    return zones.hip_implant(found.side, found.axis_ras, found.void)


def in_reference_frame(hot_spots: list[HotSpot], alignment: Alignment) -> list[HotSpot]:
    """Hot spots moved from the PET's frame to the reference frame; left where they are when that is not known."""
    if not alignment.is_aligned("PET"):
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
    case: Case, suv: Suv, alignment: Alignment, mr: MRResult, hot_spots: list[HotSpot], namer: Namer
) -> list[Candidate]:
    """Stage "fusion": candidates of a case from what was found on PET and MR."""
    return fuse(
        hot_spots,
        mr.findings,
        namer,
        case.protocol.stage("fusion", FusionParameters),
        symptoms=case.options.symptoms(),
        group=case.group,
        aligned=alignment.is_aligned("PET"),
        mr_field=case.reference.image.geometry,
        pet_field=pet_in_reference(suv, alignment).geometry,
    )


def pet_in_reference(suv: Suv, alignment: Alignment) -> Image:
    """The SUV image on its own voxels, placed in the reference frame (nothing is resampled)."""
    moved = alignment.pet_to_reference if alignment.is_aligned("PET") else np.eye(4)
    return Image(suv.image.array, suv.image.geometry.moved(moved))
