"""The stages between a case that was read and its hot spots and MR findings: plain data in, plain data out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan
from ..Numerics.body.level_names import GivenLevel
from ..Numerics.body.metal import metal_sides
from ..Numerics.body.midline import is_reliable
from ..Numerics.body.sections import BodySections
from ..Numerics.body.symmetry import SymmetryPlane
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Image, resample
from ..Numerics.core.measures import UCUM_SUV_BW
from ..Numerics.core.records import NOT_JOINED
from ..Numerics.core.words import COMPUTED_ROLES, LATERAL_SIDES, MR_ROLES, Certainty, Group, Role
from ..Numerics.mr.findings import MRResult, find_mr_findings
from ..Numerics.mr.implant import ImplantResult
from ..Numerics.mr.parameters import MRParameters
from ..Numerics.mr.verdicts import IMPLANT_ARTEFACT
from ..Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from ..Numerics.suv.factors import PetHeader, SuvOverrides, SuvResult, compute_suv_factors, factors_for_unit
from ..Numerics.suv.plausible import image_warnings
from ..Registration.alignment import align_case
from ..Registration.alignment_types import AlignmentParameters, SeriesAlignment
from ..Registration.landmarks import LandmarkPairs, read_landmarks
from .case import Case, CaseOptions
from .fat_series import with_computed
from .image_witness import with_image_doubts
from .progress import Show, silent
from .reference_edits import LeftOut, left_out
from .threads import few_threads

SUV_BW = UCUM_SUV_BW
"""Unit of a PET volume that holds SUVbw."""


@dataclass(frozen=True, eq=False)
class Suv:
    """The PET as SUVbw.

    Parameters
    ----------
    image : Image
        float32, g/ml, in the PET's own frame; NaN nowhere that the scanner measured.
    result : SuvResult
        Factors and their provenance.
    """

    image: Image
    result: SuvResult


def make_suv(case: Case) -> Suv:
    """Stage "suv" of a case; see :func:`suv_of`. A PET without a header has its unit in `pet_unit` of the case."""
    if case.pet_header is None:
        options, image = case.options, case.pet.image
        sex, slices = case.patient.get("sex"), image.geometry.shape[0]
        result = factors_for_unit(case.pet_unit or SUV_BW, slices, options.weight_kg, options.height_m, sex)
        factors = result.factors.astype(np.float32)
        return with_image_checked(Suv(Image(image.array * factors[:, None, None], image.geometry), result))
    return suv_of(case.pet_header, case.pet.image, case.options)


def suv_of(header: PetHeader, stored: Image, options: CaseOptions) -> Suv:
    """PET voxels to SUVbw.

    Parameters
    ----------
    header : PetHeader
    stored : Image
        Rescaled values (Bq/ml, or the unit of the header), with the slices in the order of the header.
    options : CaseOptions
        Holds what was given by hand.

    Raises
    ------
    PainGeneratorError
        When the SUV cannot be right.
    """
    result = compute_suv_factors(header, overrides_of(options))
    factors = result.factors.astype(np.float32)
    return with_image_checked(Suv(Image(stored.array * factors[:, None, None], stored.geometry), result))


def with_image_checked(suv: Suv) -> Suv:
    """The same SUV, with a warning for each thing about the image that cannot be (see :func:`image_warnings`)."""
    geometry, result = suv.image.geometry, suv.result
    found = image_warnings(suv.image.array, geometry.voxel_volume_ml, result.weight_kg)
    return Suv(suv.image, replace(result, warnings=(*result.warnings, *found)))


def overrides_of(options: CaseOptions) -> SuvOverrides:
    """What was given by hand, in the units of the SUV rules."""
    return SuvOverrides(
        weight_kg=options.weight_kg,
        height_m=options.height_m,
        dose_bq=None if options.dose_mbq is None else options.dose_mbq * 1e6,
        injection_datetime=options.injection_time,
        nuclide=options.nuclide,
    )


@dataclass(frozen=True, eq=False)
class Alignment:
    """The transforms between the reference series and every other series, with their quality."""

    by_role: Mapping[str, SeriesAlignment]

    def reference_to(self, role: str) -> np.ndarray:
        """The matrix (4 x 4) from points of the reference frame to points of a series, RAS mm; identity for itself."""
        found = self.by_role.get(role)
        return np.eye(4) if found is None else found.reference_to_series_ras

    def is_aligned(self, role: str) -> bool:
        """False when the series' findings must not be joined with the others'."""
        found = self.by_role.get(role)
        return found is None or found.aligned

    @cached_property
    def pet_to_reference(self) -> np.ndarray:
        """The matrix (4 x 4) from points of the PET to points of the reference frame, RAS mm."""
        return np.linalg.inv(self.reference_to(Role.PET))


def mr_in_reference(case: Case, alignment: Alignment) -> dict[str, Image]:
    """By role, each aligned MR series on its own voxels, placed in the reference frame. Nothing is resampled."""
    return {
        str(role): Image(
            case.series[role].image.array,
            case.series[role].image.geometry.moved(np.linalg.inv(alignment.reference_to(role))),
        )
        for role in MR_ROLES
        if role in case.series and alignment.is_aligned(role)
    }


@few_threads()
def align_series(
    case: Case, suv: Suv, progress: Show = silent, landmarks: Mapping[str, LandmarkPairs] | None = None
) -> Alignment:
    """Stage "alignment": one transform per series to the reference series.

    Parameters
    ----------
    case : Case
    suv : Suv
    progress : callable, optional
        May raise Cancelled.
    landmarks : mapping of role to LandmarkPairs, optional
        Used when the case names no file of landmarks.

    Raises
    ------
    PainGeneratorError
        When the landmark file cannot be used.
    """
    registered = {role: series for role, series in case.series.items() if role not in COMPUTED_ROLES}
    others = {role: series for role, series in registered.items() if role != case.reference_role}
    images = {role: (suv.image if role == Role.PET else s.image, s.modality) for role, s in others.items()}
    frames = {role: series.frame_of_reference for role, series in others.items()}
    frames["reference"] = case.reference.frame_of_reference
    if case.options.landmarks is not None:
        landmarks = read_landmarks(case.options.landmarks)
    parameters = case.protocol.stage("alignment", AlignmentParameters)
    found = align_case(case.reference.image, images, frames, parameters, landmarks, progress)
    return Alignment(with_computed(case, with_image_doubts(case, found)))


def find_on_mr(
    case: Case,
    alignment: Alignment,
    anatomy: AnatomyMap | None,
    symmetry: SymmetryPlane | None = None,
    sections: BodySections | None = None,
    progress: Show = silent,
) -> MRResult:
    """Stage "mr_findings": structural abnormality, tissue classes and the implant, on the grid of the reference.

    Parameters
    ----------
    case : Case
    alignment : Alignment
    anatomy : AnatomyMap, optional
    symmetry : SymmetryPlane, optional
        In the reference frame.
    sections : BodySections, optional
        What the cross sections of the PET show, in the reference frame.
    progress : callable, optional
        May raise Cancelled.

    Raises
    ------
    PainGeneratorError
        When an implant is clearly seen on the other side than the one that was given.
    """
    grid = case.reference.image.geometry
    roles = [role for role in MR_ROLES if role in case.series and alignment.is_aligned(role)]
    mr = find_mr_findings(
        {role: case.series[role].image for role in roles},
        {role: alignment.reference_to(role) for role in roles},
        case.reference.image,
        case.protocol.stage("mr_findings", MRParameters),
        group=case.group,
        anatomy_tissues=None if anatomy is None else anatomy.tissues(grid),
        levels=None if anatomy is None else anatomy.levels(grid),
        symmetry=symmetry,
        sections=sections,
        prosthesis_side=case.options.prosthesis_side,
        fat_fraction=_placed_fat_fraction(case, alignment),
        given_level=given_level(case.options),
        progress=progress,
    )
    if case.group != Group.HIP_REPLACEMENT:
        return mr
    on_ct = _metal_on_ct(case, alignment, symmetry, sections)
    implant = checked_prosthesis(mr.implant, case.options.prosthesis_side, on_ct)
    return dataclasses.replace(mr, implant=implant)


def given_level(options: CaseOptions) -> GivenLevel | None:
    """The level that the reader named; None when there is none."""
    if options.level is None:
        return None
    name, point_ras = options.level
    return GivenLevel(name, np.asarray(point_ras, dtype=float))


def _metal_on_ct(
    case: Case, alignment: Alignment, symmetry: SymmetryPlane | None, sections: BodySections | None
) -> tuple[str, ...] | None:
    """The sides of a hip prosthesis that the CT of the PET shows; None without a CT or a midline."""
    series = case.series.get(Role.ATTENUATION)
    if series is None or series.modality != "CT" or not alignment.is_aligned(Role.ATTENUATION):
        return None
    midline = symmetry if is_reliable(symmetry) else None if sections is None else sections.midline()
    if midline is None:
        return None
    return metal_sides(series.image, midline.moved(alignment.reference_to(Role.ATTENUATION)))


def find_on_unjoined_mr(case: Case, alignment: Alignment, progress: Show = silent) -> dict[str, MRResult]:
    """MR findings of the series that could not be aligned with the reference, each on its own grid.

    Such findings are not joined with anything, but they are still findings: a STIR that could not be aligned with a T2
    shows edema that the T2 may not show.

    Parameters
    ----------
    case : Case
    alignment : Alignment
    progress : callable, optional
        May raise Cancelled.

    Returns
    -------
    dict of role to MRResult
        Findings have the flag ``not-joined``; artifacts of implants are left out.
    """
    results = {}
    for role in MR_ROLES:
        if role not in case.series or alignment.is_aligned(role):
            continue
        image = case.series[role].image
        found = find_mr_findings(
            {role: image}, {}, image, case.protocol.stage("mr_findings", MRParameters), group=case.group,
            progress=progress,
        )  # fmt: skip
        findings = [finding for finding in found.findings if finding.kind != IMPLANT_ARTEFACT]
        for finding in findings:
            finding.flags = list(dict.fromkeys([*finding.flags, NOT_JOINED]))
        warnings = [*found.warnings, *_left_out(len(found.weak) + len(found.usual))]
        results[str(role)] = dataclasses.replace(found, findings=findings, weak=[], usual=[], warnings=warnings)
    return results


def _left_out(count: int) -> list[str]:
    """What is in no list, as nothing can be joined to it."""
    if not count:
        return []
    return [
        f"{count} places that are faint, or that a rule takes for normal anatomy, are in no list: they count only "
        "with uptake, and the series could not be aligned with the reference."
    ]


def checked_prosthesis(
    implant: ImplantResult, given: str | None, on_ct: tuple[str, ...] | None = None
) -> ImplantResult:
    """The implants of an MR, when the images do not contradict the side that was given.

    Parameters
    ----------
    implant : ImplantResult
    given : str or None
        The side that the user gave.
    on_ct : tuple of str, optional
        The sides on which the CT of the PET shows metal; None without a CT.

    Returns
    -------
    ImplantResult
        With a warning where MR and CT differ.

    Raises
    ------
    PainGeneratorError
        When an implant is clearly seen on the other side.
    """
    on_mr = {part.side for part in implant.parts}
    if implant.contradicts is not None:
        raise _wrong_side(given, "MR", implant.contradicts)
    if not on_ct or on_mr == set(on_ct):
        return implant
    if given in LATERAL_SIDES and given not in on_ct and given not in on_mr:
        raise _wrong_side(given, "CT", " and ".join(on_ct))
    seen = " and ".join(sorted(on_mr)) or "no"
    text = f"The CT shows metal of a hip prosthesis on the {' and '.join(on_ct)}, the MR on {seen} side: check it."
    return dataclasses.replace(implant, warnings=(*implant.warnings, text))


def _wrong_side(given: str | None, image: str, seen: str) -> PainGeneratorError:
    """What is said when the implant is seen on the other side than the one that was given."""
    return PainGeneratorError(
        f"The prosthesis was given as {given}, but the {image} shows the implant on the {seen}.",
        f"Give the side {seen} (--prosthesis-side {seen}), or both when both hips were replaced "
        "(--prosthesis-side both). "
        "If the given side is correct, left and right of the images are exchanged: send them again from the scanner.",
    )


def _placed_fat_fraction(case: Case, alignment: Alignment) -> tuple[Image, np.ndarray] | None:
    """The fat fraction and the matrix from points of the reference frame to it; None where it cannot be used."""
    series = case.series.get(Role.FAT_FRACTION)
    if series is None or not alignment.is_aligned(Role.FAT_FRACTION):
        return None
    return series.image, alignment.reference_to(Role.FAT_FRACTION)


def _left_out_by_reader(
    case: Case, alignment: Alignment, tissues: Image | None, levels: Image | None, grid: Geometry
) -> LeftOut:
    """What the reader took out of the references, on the grid of the PET."""
    return left_out(
        case.options.reference_edits,
        grid,
        alignment.reference_to(Role.PET) if alignment.is_aligned(Role.PET) else np.eye(4),
        None if tissues is None else tissues.array,
        None if levels is None else levels.array,
    )


def pet_detector(
    case: Case,
    suv: Suv,
    alignment: Alignment,
    mr: MRResult,
    anatomy: AnatomyMap | None,
    symmetry: SymmetryPlane | None = None,
    plan: BodyPlan | None = None,
    progress: Show = silent,
) -> HotSpotDetector:
    """The first pass of the stage "hot_spots": foci of raised uptake against their own tissue.

    What MR and anatomy show is used only when PET and reference are aligned.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    mr : MRResult
    anatomy : AnatomyMap, optional
    symmetry : SymmetryPlane, optional
        In the PET's own frame.
    plan : BodyPlan, optional
        In the reference frame.
    progress : callable, optional
        May raise Cancelled.
    """
    grid = suv.image.geometry
    tissues = organs = levels = spine = unreliable = None
    organ_names: Mapping[int, str] = {}
    if alignment.is_aligned(Role.PET):
        to_reference = alignment.pet_to_reference
        tissues = Image(resample(mr.tissues, grid, to_reference, order=0, outside=0), grid)
        if mr.implant.unreliable is not None:
            region = mr.implant.unreliable
            mask = Image(region.to_mask().view(np.uint8), region.geometry)
            unreliable = resample(mask, grid, to_reference, order=0, outside=0).astype(bool)
        if anatomy is not None:
            organs, organ_names = anatomy.organs(grid, to_reference)
            levels = anatomy.levels(grid, to_reference)
        if plan is not None and plan.spine_line is not None and plan.spine_certainty == Certainty.CERTAIN:
            spine = plan.spine_line.straight.moved(alignment.reference_to(Role.PET))
    out = _left_out_by_reader(case, alignment, tissues, levels, grid)
    detector = HotSpotDetector(
        suv.image,
        case.protocol.stage("hot_spots", HotSpotParameters),
        tissues=tissues,
        levels=levels,
        organs=organs,
        organ_names=organ_names,
        unreliable=unreliable,
        symmetry=symmetry,
        spine=spine,
        left_out=out.mask,
        refused=out.refused,
        progress=progress,
    )
    detector.warnings += [f"{edit.text}, by the reader." for edit in case.options.reference_edits]
    return detector
