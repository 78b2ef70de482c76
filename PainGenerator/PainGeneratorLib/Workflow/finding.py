"""The stages from aligned series to ranked candidates, and what they leave for the review to work with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan, find_body_plan, plan_on_pet
from ..Anatomy.given_level import with_given_level
from ..Anatomy.map_levels import refuse_shifted_levels
from ..Anatomy.map_place import refuse_misplaced
from ..Anatomy.places import Namer
from ..Anatomy.zones import HipImplant, implant_from_void
from ..Numerics.body.level_names import GivenLevel
from ..Numerics.body.sections import BodySections, find_sections, no_sections, supported_plane
from ..Numerics.body.symmetry import SymmetryPlane, find_symmetry_plane
from ..Numerics.core.image import Geometry, Image, Region, transform_points
from ..Numerics.core.kept import Kept
from ..Numerics.core.records import NOT_JOINED, Candidate, HotSpot, Place
from ..Numerics.core.sites import SiteTable
from ..Numerics.core.spheres import SphereRegion
from ..Numerics.core.words import Certainty, Group, Role
from ..Numerics.fusion.anchors import anchored
from ..Numerics.fusion.candidates import Name, Signs, fuse
from ..Numerics.fusion.from_sites import SiteSearch, spots_of_sites, standing_out
from ..Numerics.fusion.hip_fluid import name_fluid
from ..Numerics.fusion.own_kind import SITE_METHOD
from ..Numerics.fusion.reading import Reading, numbered
from ..Numerics.fusion.site_parameters import SiteParameters
from ..Numerics.mr.findings import MRResult
from ..Numerics.mr.set_aside import not_listed_text
from ..Numerics.pet.detector import DEFAULT_RATIO, HotSpotDetector, HotSpotParameters, HotSpotResult
from ..Numerics.pet.reference_norms import USED
from .case import Case
from .evidence import case_facts
from .fat_series import marrow_fat, marrow_note
from .progress import Show, StageClock, part, silent
from .prosthesis import with_interfaces
from .sites import find_case_sites, measured_table
from .stages import Alignment, Suv, find_on_mr, find_on_unjoined_mr, given_level, mr_in_reference, pet_detector
from .threads import few_threads

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
    set_apart : list of Candidate
        What was found but has fewer points of evidence than the bar, best first.
    attention : list of Candidate
        What is no pain generator but has to be looked at, best first.
    detector : HotSpotDetector or None
        The first pass over the PET, to find hot spots with other settings. None in a reopened case until it is needed.
    sections : BodySections
        What the cross sections of the PET show, in its own frame.
    own_plans : dict of str to BodyPlan
        The body as each MR series shows it that could not be aligned with the reference, by role, in its own frame.
    notes : tuple of str
        Facts for the reader that are no warnings.
    measured_sites : SiteTable
        Every site with its measures, whether or not anything is abnormal there; without the candidates, which
        :attr:`sites` adds.
    named_level : tuple of (level, (float, float, float)), optional
        The level that the reader named and a place in it, RAS mm in the reference frame; all levels follow from it.
    regions : tuple of SphereRegion
        Spherical regions of the reader with their measures.
    """

    symmetry: SymmetryPlane
    mr: MRResult
    pet: HotSpotResult
    plan: BodyPlan
    hot_spots: list[HotSpot]
    candidates: list[Candidate]
    detector: HotSpotDetector | None = None
    sections: BodySections = field(default_factory=no_sections)
    own_plans: dict[str, BodyPlan] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    measured_sites: SiteTable = field(default_factory=SiteTable)
    named_level: tuple[str, tuple[float, float, float]] | None = None
    set_apart: list[Candidate] = field(default_factory=list)
    attention: list[Candidate] = field(default_factory=list)
    regions: tuple[SphereRegion, ...] = ()

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

    @property
    def sites(self) -> SiteTable:
        """Every site with its measures and with the candidates as they stand."""
        return anchored(self.measured_sites, self.candidates)

    def take(self, reading: Reading) -> None:
        """Take the three lists of a reading over."""
        self.candidates, self.set_apart = reading.candidates, reading.set_apart
        self.attention = reading.attention

    def namer(self, anatomy: AnatomyMap | None, case: Case, suv: Suv, alignment: Alignment) -> Name:
        """What gives names to places, from all that is known of this body."""
        table = self.measured_sites
        sites = [row.site for row in table.rows]
        there = anatomy
        if anatomy is not None and self.named_level is not None:
            there = with_given_level(anatomy, GivenLevel(self.named_level[0], np.array(self.named_level[1])))
        namer = Namer(there, self.plan, self.plan.implants, sites, table.level_certainty)
        own: list[tuple[Geometry, Namer]] = []
        if not alignment.is_aligned(Role.PET):
            grid = suv.image.geometry
            own.append((grid, Namer(plan=plan_on_pet(self.symmetry, self.sections, grid.center_ras))))
        own += [(case.series[role].image.geometry, Namer(plan=plan)) for role, plan in self.own_plans.items()]
        pet = alignment.by_role.get(Role.PET)
        flags = ("alignment-uncertain",) if pet is not None and pet.aligned and pet.offset_mm is not None else ()
        return _FrameNamer(namer, tuple(own), flags) if own or flags else namer


@few_threads()
def find_candidates(
    case: Case,
    suv: Suv,
    alignment: Alignment,
    anatomy: AnatomyMap | None,
    progress: Show = silent,
    clock: StageClock | None = None,
) -> Found:
    """Stages "symmetry", "mr_findings", "hot_spots", "sites", "candidates" and "site_measures".

    The sites are found before the candidates, which are named after them, and measured after them.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap, optional
    progress : callable, optional
        May raise Cancelled.
    clock : StageClock, optional

    Raises
    ------
    PainGeneratorError
        The anatomy segmentation does not lie on the spine that the MR shows, or its levels are shifted against it.
    """
    clock = clock or StageClock()
    with clock.stage("symmetry"):
        progress(0.0, "Finding the plane of symmetry")
        sections = find_sections(suv.image)
        symmetry = supported_plane(find_symmetry_plane(suv.image), sections)
        in_reference = sections_there = None
        if alignment.is_aligned(Role.PET):
            in_reference = symmetry.moved(alignment.pet_to_reference)
            sections_there = sections.moved(alignment.pet_to_reference)
    with clock.stage("mr_findings"):
        show = part(progress, 0.05, 0.62)
        mr = find_on_mr(case, alignment, anatomy, in_reference, sections_there, show)
        unjoined = find_on_unjoined_mr(case, alignment)
    with clock.stage("hot_spots"):
        show = part(progress, 0.62, 0.9)
        plan = plan_body(case, alignment, mr, in_reference, sections_there)
        if anatomy is not None:
            refuse_misplaced(anatomy, plan, mr.spine)
            if case.options.level is None:
                refuse_shifted_levels(anatomy, mr.spine)
        detector = pet_detector(case, suv, alignment, mr, anatomy, symmetry, plan, show)
        pet = detector.find()
    mr = _with_unjoined(mr, unjoined)
    hot_spots = in_reference_frame(pet.hot_spots, alignment)
    found = Found(symmetry, mr, pet, plan, hot_spots, [], detector, sections, _own_plans(case, unjoined))
    found.named_level = case.options.level
    with clock.stage("sites"):
        progress(0.9, "Finding all sites")
        found.measured_sites = find_case_sites(case, mr, plan, anatomy, given_level(case.options))
    with clock.stage("candidates"):
        progress(0.93, "Naming and ranking candidates")
        namer = found.namer(anatomy, case, suv, alignment)
        spots = PetSigns.of(pet, alignment, hot_spots)
        bare = found.measured_sites
        before = measured_table(bare, case, suv, alignment, mr, detector, hot_spots, [])
        found.take(fuse_found(case, suv, alignment, mr, spots, namer, before, detector))
        notes = (marrow_note(case, alignment, mr), not_listed_text(mr.not_listed))
        found.notes = tuple(note for note in notes if note is not None)
    with clock.stage("site_measures"):
        progress(0.97, "Measuring all sites")
        # Measured again, as the candidates tell from which site uptake reaches to its neighbors.
        table = measured_table(bare, case, suv, alignment, mr, detector, hot_spots, found.candidates)
        found.measured_sites = with_interfaces(table, case, suv, alignment, plan)
    return found


@dataclass(frozen=True, eq=False)
class _FrameNamer:
    """Names places where a series is not aligned with the reference: each region in the frame that it lies in.

    Parameters
    ----------
    in_reference : Namer
    own : tuple of (Geometry, Namer)
        For the regions on the grid of a series that is not aligned.
    flags : tuple of str
        Flags of all places in the reference frame.
    """

    in_reference: Namer
    own: tuple[tuple[Geometry, Namer], ...]
    flags: tuple[str, ...] = ()

    def __call__(self, region: Region) -> Place:
        for grid, namer in self.own:
            if region.geometry.is_same_grid(grid):
                return namer(region)
        place = self.in_reference(region)
        return dataclasses.replace(place, flags=(*place.flags, *self.flags)) if self.flags else place


def _with_unjoined(mr: MRResult, unjoined: Mapping[str, MRResult]) -> MRResult:
    """The MR result with the findings and warnings of the series that could not be aligned."""
    if not unjoined:
        return mr
    findings = [*mr.findings, *(finding for result in unjoined.values() for finding in result.findings)]
    for number, finding in enumerate(findings, start=1):
        finding.label = number
    texts = [f"{role} alone: {text}" for role, result in unjoined.items() for text in result.warnings]
    return dataclasses.replace(mr, findings=findings, warnings=[*mr.warnings, *texts])


def _own_plans(case: Case, unjoined: Mapping[str, MRResult]) -> dict[str, BodyPlan]:
    """The body as each series shows it that could not be aligned with the reference."""
    plans = {}
    for role, result in unjoined.items():
        image = case.series[role].image
        fluid = image if role in (Role.FLUID, Role.T2) else None
        plans[role] = find_body_plan(image, result.tissues, fluid, line=result.spine_line)
    return plans


def plan_body(
    case: Case,
    alignment: Alignment,
    mr: MRResult,
    symmetry: SymmetryPlane | None,
    sections: BodySections | None = None,
) -> BodyPlan:
    """The body's midline and the spine line as the images show them, in the reference frame."""
    series = mr_in_reference(case, alignment)
    fluid = next((series[role] for role in (Role.FLUID, Role.T2) if role in series), None)
    implants = hip_implants(mr, case.options.prosthesis_side) if case.group == Group.HIP_REPLACEMENT else ()
    return find_body_plan(case.reference.image, mr.tissues, fluid, symmetry, implants, mr.spine_line, sections)


def hip_implants(mr: MRResult, given_side: str | None = None) -> tuple[HipImplant, ...]:
    """The axes of the prostheses that the MR shows, for the zones; one without a stem has at most those of the cup.

    The side of a prosthesis is certain when the midline is known or the user gave the same side.
    """
    found = []
    for one in mr.implant.parts:
        implant = implant_from_void(one.side, one.axis_ras, one.void)
        if not one.is_side_sure:
            certainty = Certainty.LIKELY if given_side == one.side else Certainty.UNCERTAIN
            implant = dataclasses.replace(implant, side_certainty=str(certainty))
        found.append(implant)
    return tuple(found)


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


@dataclass(frozen=True, eq=False)
class PetSigns:
    """What the PET shows, in the reference frame (in the PET's own where the two could not be aligned).

    Parameters
    ----------
    spots, unclear, weak : list of HotSpot
        As in :class:`.Numerics.pet.detector.HotSpotResult`.
    has_reference : bool
        Whether a tissue of this PET tells what raised uptake is.
    """

    spots: list[HotSpot]
    unclear: list[HotSpot]
    weak: list[HotSpot]
    has_reference: bool = True

    @classmethod
    def of(cls, pet: HotSpotResult, alignment: Alignment, spots: list[HotSpot] | None = None) -> PetSigns:
        """From the result of the PET; `spots` are its hot spots where they were moved already."""
        moved = in_reference_frame(pet.hot_spots, alignment) if spots is None else spots
        unclear, weak = (in_reference_frame(spots, alignment) for spots in (pet.unclear, pet.weak))
        return cls(moved, unclear, weak, has_reference(pet))


def has_reference(pet: HotSpotResult) -> bool:
    """Whether a tissue of the PET could be used to tell what raised uptake is."""
    return any(row.status == USED for row in pet.references)


def fuse_found(
    case: Case,
    suv: Suv,
    alignment: Alignment,
    mr: MRResult,
    pet: PetSigns,
    namer: Name,
    table: SiteTable | None = None,
    detector: HotSpotDetector | None = None,
) -> Reading:
    """Stage "fusion": candidates of a case from what was found on PET and MR.

    Findings of a series that could not be aligned with the reference make candidates of their own.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    mr : MRResult
    pet : PetSigns
    namer : callable
    table : SiteTable, optional
        The sites with their measures.
    detector : HotSpotDetector, optional
        Measures the hot spots of sites that stand out although no hot spot covers them; without it none are made.
    """
    joined = [finding for finding in mr.findings if NOT_JOINED not in finding.flags]
    alone = [finding for finding in mr.findings if NOT_JOINED in finding.flags]
    if case.group == Group.HIP_REPLACEMENT:
        name_fluid([*joined, *mr.weak], namer)
    facts = case_facts(
        case, alignment, pet_in_reference(suv, alignment).geometry, table,
        metal=mr.implant.unreliable, has_pet_reference=pet.has_reference,
    )  # fmt: skip
    raised = standing_out(pet.unclear, namer, facts)
    signs = Signs(
        spots=[*pet.spots, *raised, *_spots_of_sites(case, suv, alignment, pet, table, detector)],
        unclear_spots=[spot for spot in pet.unclear if spot not in raised],
        weak_spots=pet.weak,
        findings=joined,
        weak_findings=mr.weak,
        usual_findings=mr.usual,
    )
    reading = fuse(signs, namer, facts)
    measure_fat(case, alignment, mr, [*reading.candidates, *reading.set_apart, *reading.attention])
    if not alone:
        return reading
    more = fuse(Signs(findings=alone), namer, facts.without_join())
    for candidate in (*more.candidates, *more.set_apart, *more.attention):
        candidate.id = ""
    return numbered(
        Reading(
            [*reading.candidates, *more.candidates],
            [*reading.set_apart, *more.set_apart],
            [*reading.attention, *more.attention],
        )
    )


def _spots_of_sites(
    case: Case,
    suv: Suv,
    alignment: Alignment,
    pet: PetSigns,
    table: SiteTable | None,
    detector: HotSpotDetector | None,
) -> list[HotSpot]:
    """Hot spots of the sites that stand out from their kind and have none, in the reference frame."""
    if table is None or detector is None or not alignment.is_aligned(Role.PET):
        return []

    def measured(region: Region) -> HotSpot | None:
        spot = detector.measure_outline(Region(suv.image.geometry, region.flat), SITE_METHOD)
        return None if spot is None else in_reference_frame([spot], alignment)[0]

    hot: HotSpotParameters = case.protocol.stage("hot_spots", HotSpotParameters)
    search = SiteSearch(
        pet_in_reference(suv, alignment),
        (*pet.spots, *pet.unclear),
        measured,
        case.protocol.stage("sites", SiteParameters),
        hot.physiologic.symmetric_ratio,
        (hot.sensitivity - 1.0) / (DEFAULT_RATIO - 1.0),
    )
    return spots_of_sites(table.rows, search)


def measure_fat(case: Case, alignment: Alignment, mr: MRResult, candidates: list[Candidate]) -> None:
    """Measure the fat fraction of all MR findings and of candidates that lie in the reference frame, in place."""
    fat = marrow_fat(case, alignment, mr)
    if fat is None:
        return
    fat.measure(one for one in (*mr.findings, *mr.weak) if NOT_JOINED not in one.flags)
    is_aligned = alignment.is_aligned(Role.PET)
    fat.measure(one for one in candidates if is_aligned or not one.hot_spots)


def pet_in_reference(suv: Suv, alignment: Alignment) -> Image:
    """The SUV image on its own voxels, placed in the reference frame (nothing is resampled)."""
    moved = alignment.pet_to_reference if alignment.is_aligned(Role.PET) else np.eye(4)
    return Image(suv.image.array, suv.image.geometry.moved(moved))
