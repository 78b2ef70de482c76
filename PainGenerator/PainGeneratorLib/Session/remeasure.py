"""Measures, place and score of a candidate whose outline the reader changed, drew, or grew by a click."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from ..Numerics.core.image import Geometry, Image, Region, resample, transform_points
from ..Numerics.core.records import BROUGHT_BACK, NAMED_BY_READER, NOT_JOINED, Candidate, HotSpot, MRFinding, Place
from ..Numerics.core.regions import gap_mm, is_cut_off, on_grid, overlap_fraction
from ..Numerics.core.words import Evidence, Origin, Side
from ..Numerics.fusion.judged import CaseFacts
from ..Numerics.fusion.ledger import judge
from ..Numerics.fusion.pairs import place_of_merged, place_of_rest
from ..Numerics.fusion.places import Name, is_same_name
from ..Numerics.fusion.symptoms import Symptoms
from ..Numerics.mr.fat_fraction import MarrowFat
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from ..Numerics.pet.manual_focus import grow_on_image, grow_on_pet
from ..Workflow.case import Case
from ..Workflow.evidence import case_facts
from ..Workflow.fat_series import marrow_fat
from ..Workflow.finding import Found, has_reference, pet_in_reference
from ..Workflow.stages import Alignment, Suv

BY_READER = "drawn by the reader"
"""Contour method of an outline that was not made by a threshold."""
LEAST_MR_VOXELS = 3
"""Lower bound of the number of voxels whose mean is a z-score; fewer are noise. Our estimate."""
CLICKED_KIND = "oedema"
"""Kind of a finding that the reader points at on an MR, until the reader gives another one."""
CLICKED_LABEL = 0
"""Number of such a finding; those that were found count from 1."""
NO_PLACE = Place("", "", Side.MIDLINE)
"""The place of what is not named yet."""
CLICKED_GRADE = 0.33
"""Grade of such a finding: the lowest one, as only the reader's click supports it."""
KINDS_WITH_Z = ("oedema", "Modic I")
"""Kinds of MR findings that are bright against normal marrow, so that a mean z-score describes them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Remeasure:
    """Measures candidates again; callable as the ``measure`` of :class:`.review.Review`.

    Parameters
    ----------
    pet : Image
        SUV, placed in the reference frame.
    pet_to_reference : ndarray, shape (4, 4)
        Maps points of the PET's own frame (RAS mm) to the reference frame; identity where the two are not aligned.
    detector : HotSpotDetector
        Measures regions in the PET's own frame.
    mr : MRResult
    hot_spots : sequence of HotSpot
        All that were found, in the reference frame.
    namer : callable
    case : Case
        For the series and the parameters.
    facts : CaseFacts
        For judging candidates.
    fat : MarrowFat, optional
        Measures the fat fraction, where it is known.
    """

    pet: Image
    pet_to_reference: np.ndarray
    detector: HotSpotDetector
    mr: MRResult
    hot_spots: Sequence[HotSpot]
    namer: Name
    case: Case
    facts: CaseFacts
    fat: MarrowFat | None = None

    @classmethod
    def of(
        cls,
        case: Case,
        suv: Suv,
        alignment: Alignment,
        found: Found,
        detector: HotSpotDetector,
        namer: Name,
    ) -> Remeasure:
        """From the results of the steps."""
        aligned = alignment.is_aligned("PET")
        pet = pet_in_reference(suv, alignment)
        return cls(
            pet=pet,
            pet_to_reference=alignment.pet_to_reference if aligned else np.eye(4),
            detector=detector,
            mr=found.mr,
            hot_spots=found.hot_spots,
            namer=namer,
            case=case,
            facts=case_facts(
                case,
                alignment,
                pet.geometry,
                found.measured_sites,
                metal=found.mr.implant.unreliable,
                has_pet_reference=has_reference(found.pet),
            ),
            fat=marrow_fat(case, alignment, found.mr),
        )

    def anew(self, candidate: Candidate) -> Candidate:
        """A copy of a candidate of a former run, with all that follows from its outline computed from this run.

        Only what the reader decided stays: outline, status, comment, a name that the reader gave, a finding that the
        reader pointed at on an MR, and that an outline is one of uptake. No hot spot and no finding of the former run
        is left, as their numbers are those of then.
        """
        has_uptake = bool(candidate.hot_spots)
        spots = [spot for spot in self._clear if overlap_fraction(spot.region, candidate.region) > 0]
        if has_uptake and not spots:
            spots = [dataclasses.replace(spot, clearness=None) for spot in candidate.hot_spots]
        is_named = NAMED_BY_READER in candidate.place.flags
        return self(
            dataclasses.replace(
                candidate,
                hot_spots=spots,
                mr_findings=[finding for finding in candidate.mr_findings if finding.label == CLICKED_LABEL],
                place=candidate.place if is_named else NO_PLACE,
                reason="",
            )
        )

    @property
    def _clear(self) -> list[HotSpot]:
        """Hot spots that are not held to be usual uptake."""
        return [spot for spot in self.hot_spots if spot.physiologic is None]

    def __call__(self, candidate: Candidate) -> Candidate:
        """A copy with measures, place, flags and score that fit its region."""
        changed = dataclasses.replace(
            unmeasured(candidate), place=self._place_of(candidate), mr_findings=self._findings_at(candidate)
        )
        self._measure_pet(changed, candidate)
        self._measure_mr(changed)
        if self.fat is not None and (self.aligned or not changed.hot_spots):
            self.fat.measure([changed])
        changed.evidence = _evidence(changed)
        items: list[HotSpot | MRFinding] = [*changed.hot_spots, *changed.mr_findings]
        of_reader = [flag for flag in candidate.flags if flag == BROUGHT_BACK]
        of_signs = [flag for item in items for flag in item.flags]
        changed.flags = list(dict.fromkeys([*of_signs, *changed.place.flags, *of_reader]))
        judge(changed, self.facts)
        return changed

    @property
    def _parameters(self) -> HotSpotParameters:
        return self.case.protocol.stage("hot_spots", HotSpotParameters)

    @property
    def symptoms(self) -> Symptoms:
        """Where it hurts."""
        return self.facts.symptoms

    @property
    def aligned(self) -> bool:
        """Whether PET and MR are aligned."""
        return self.facts.aligned

    def _place_of(self, candidate: Candidate) -> Place:
        """The place of a candidate with a new outline: by the outline, unless the reader named it or it is a pair."""
        if self._is_named_by_program(candidate):
            return place_of_merged(candidate, self.namer) or self.namer(candidate.region)
        return place_of_rest(candidate, self.namer) or candidate.place

    def _is_named_by_program(self, candidate: Candidate) -> bool:
        """Whether the program names a candidate by its outline; a name that the reader gave stays."""
        if NAMED_BY_READER in candidate.place.flags:
            return False
        former: list[HotSpot | MRFinding] = [*candidate.hot_spots, *candidate.mr_findings]
        return candidate.place.name == "" or any(
            is_same_name(self.namer(item.region), candidate.place) for item in former
        )

    def _findings_at(self, candidate: Candidate) -> list[MRFinding]:
        """Findings that overlap the outline or lie as near as fusion joins them; clearest first."""
        if not self.aligned and candidate.hot_spots:
            return []
        reach = self.case.protocol.value("fusion.join.gap_mm")
        joined = [f for f in self.mr.findings if NOT_JOINED not in f.flags or f in candidate.mr_findings]
        findings = [f for f in joined if f.kind != "implant artefact"]
        found = set(map(id, findings))
        own = [f for f in candidate.mr_findings if id(f) not in found]
        near = [f for f in (*findings, *own) if gap_mm(candidate.region, f.region, reach) < np.inf]
        return sorted(near, key=attrgetter("order"))

    def _measure_pet(self, changed: Candidate, candidate: Candidate) -> None:
        """Measure the uptake in the outline as one hot spot, where the outline meets a hot spot of its own or another,
        or holds raised uptake that is none.

        An outline without either keeps no measures of PET.
        """
        met = [
            spot for spot in (*candidate.hot_spots, *self._clear) if overlap_fraction(spot.region, changed.region) > 0
        ]
        changed.hot_spots = []
        method = met[0].contour_method if met and candidate.origin == Origin.MANUAL else BY_READER
        spot = self.spot_of(changed.region, method)
        if spot is None or not (met or self._is_raised(spot)):
            return
        _set_uptake(changed, spot)
        if not met and self._is_usual(changed.region):
            # The reader sees the numbers; uptake that is usual there is no sign of disease.
            return
        # How clear a place is of normal uptake is known of the foci that were found there.
        known = [one.clearness for one in met if one.clearness is not None]
        spot = dataclasses.replace(spot, clearness=max(known, default=None))
        changed.hot_spots = [spot]

    def _is_raised(self, spot: HotSpot) -> bool:
        """Whether uptake in an outline of the reader is raised, although no hot spot was found there.

        Its SUVpeak, or its mean where it is smaller than the sphere of SUVpeak, exceeds its reference as much as the
        setting asks of a focus. The hottest voxel alone does not tell it: in a large outline it is noise. Where PET
        and MR are not aligned, it is not known where on the PET an outline of the MR lies.
        """
        if not self.aligned or not spot.reference or not self.facts.has_pet_reference:
            return False
        heat = max(spot.suv_mean, spot.suv_peak or 0.0)
        return heat >= self._parameters.sensitivity * spot.reference

    def _is_usual(self, region: Region) -> bool:
        """Whether the uptake in an outline is that of a hot spot that is held to be usual."""
        usual = (spot for spot in self.hot_spots if spot.physiologic is not None)
        return any(overlap_fraction(spot.region, region) > 0 for spot in usual)

    def spot_of(self, region: Region, method: str = BY_READER) -> HotSpot | None:
        """The uptake within a region.

        Parameters
        ----------
        region : Region
            In the reference frame, on any grid.
        method : str
            How the outline was drawn.

        Returns
        -------
        HotSpot or None
            In the reference frame; None when no voxel of the PET with a value lies in the region.
        """
        spot = self.detector.measure_outline(region.moved(np.linalg.inv(self.pet_to_reference)), method)
        return None if spot is None else self._in_reference(spot, region)

    def _in_reference(self, spot: HotSpot, region: Region) -> HotSpot:
        """A hot spot of the PET's own frame, with its region of the reference frame."""
        return dataclasses.replace(
            spot,
            region=region,
            centroid_ras_mm=region.centroid_ras_mm,
            peak_ras_mm=transform_points(self.pet_to_reference, spot.peak_ras_mm),
        )

    def _measure_mr(self, changed: Candidate) -> None:
        if not changed.mr_findings:
            return
        clearest = changed.mr_findings[0]
        changed.mr_kind, changed.mr_z = clearest.kind, clearest.z
        if changed.hot_spots and overlap_fraction(clearest.region, changed.region) == 0:
            return
        z = self.z_of(changed.region, clearest)
        changed.mr_z = clearest.z if z is None else z

    def z_of(self, region: Region, finding: MRFinding) -> float | None:
        """Mean z-score of a region on the series that shows a finding best.

        Parameters
        ----------
        region : Region
            In the reference frame.
        finding : MRFinding

        Returns
        -------
        float or None
            None outside that series' z map, and for kinds that a z-score does not describe.
        """
        z_map = self.mr.z_maps.get(finding.series_role)
        if z_map is None or finding.kind not in KINDS_WITH_Z:
            return None
        flat = on_grid(region, z_map.geometry).flat
        values = z_map.array.reshape(-1)[flat]
        values = values[np.isfinite(values)]
        return float(values.mean(dtype=np.float64)) if values.size >= LEAST_MR_VOXELS else None

    def at(self, position_ras: np.ndarray, mr_images: Mapping[str, Image]) -> Candidate:
        """A candidate at a place that the reader chose: a focus on PET where uptake is raised, else a region on an MR.

        Parameters
        ----------
        position_ras : ndarray, shape (3,)
            In the reference frame, RAS mm.
        mr_images : mapping of role to Image
            In the reference frame; the first one that holds the place is grown on.

        Returns
        -------
        Candidate
            Not measured yet.

        Raises
        ------
        LookupError
            When the place is outside all images.
        """
        position = np.asarray(position_ras, dtype=float)
        spot = self._grown_on_pet(position)
        if spot is not None:
            return new_candidate(spot.region, [spot], [])
        for role, image in mr_images.items():
            if image.geometry.contains(position):
                finding = self._grown_on_mr(role, image, position)
                return new_candidate(finding.region, [], [finding])
        raise LookupError("the place is outside all images")

    def _grown_on_pet(self, position: np.ndarray) -> HotSpot | None:
        place = transform_points(np.linalg.inv(self.pet_to_reference), position)
        p = self._parameters
        if self.detector.serves(p):
            # A preview may have left the contours of another setting there.
            self.detector.change_contours(p)
        spot = grow_on_pet(self.detector.scan.suv, self.detector, place, p.click, p.contour.method)
        return None if spot is None else self._in_reference(spot, spot.region.moved(self.pet_to_reference))

    def _grown_on_mr(self, role: str, image: Image, position: np.ndarray) -> MRFinding:
        region = grow_on_image(image, position, self._parameters.click)
        finding = MRFinding(
            label=CLICKED_LABEL,
            kind=CLICKED_KIND,
            region=region,
            centroid_ras_mm=region.centroid_ras_mm,
            volume_ml=region.volume_ml,
            z=None,
            z_t1=None,
            series_role=role,
            grade=CLICKED_GRADE,
        )
        finding.z = self.z_of(region, finding)
        if is_cut_off(region, image.array):
            finding.flags.append("truncated")
        return finding


def _set_uptake(changed: Candidate, spot: HotSpot) -> None:
    """Give a candidate the measures of the uptake in its outline."""
    changed.suv_max, changed.suv_peak, changed.suv_mean = spot.suv_max, spot.suv_peak, spot.suv_mean
    changed.mtv_ml, changed.tlg_g = spot.mtv_ml, spot.tlg_g
    changed.tbr, changed.left_right_ratio = spot.tbr, spot.left_right_ratio
    changed.reference, changed.reference_name = spot.reference, spot.reference_name


def values_at(images: Mapping[str, Image], position_ras: np.ndarray) -> dict[str, float | None]:
    """Linearly interpolated values of images at a position.

    Parameters
    ----------
    images : mapping of name to Image
        All in one frame.
    position_ras : ndarray, shape (3,)
        RAS mm, in that frame.

    Returns
    -------
    dict of str to float or None
        None outside an image, and where it has no value.
    """
    return {name: _interpolated(image, np.asarray(position_ras, dtype=float)) for name, image in images.items()}


def _interpolated(image: Image, position_ras: np.ndarray) -> float | None:
    geometry = image.geometry
    if not geometry.contains(position_ras):
        return None
    # Only the few voxels around the place are resampled, as the whole image would cost seconds.
    shape = np.array(geometry.shape)
    kji = np.floor(geometry.to_ijk(position_ras)).astype(int)[::-1]
    first, end = np.clip(kji - 1, 0, shape - 1), np.clip(kji + 3, 1, shape)
    (k, j, i), (k_end, j_end, i_end) = first.tolist(), end.tolist()
    box = geometry.cropped((k, j, i), (k_end - k, j_end - j, i_end - i))
    matrix = np.eye(4)
    matrix[:3, 3] = position_ras
    part = Image(image.array[k:k_end, j:j_end, i:i_end], box)
    value = float(resample(part, Geometry((1, 1, 1), matrix), order=1)[0, 0, 0])
    return value if np.isfinite(value) else None


def unmeasured(candidate: Candidate) -> Candidate:
    """A copy of a candidate with another outline, of which nothing but place and size is known yet."""
    region = candidate.region
    return dataclasses.replace(
        candidate,
        centroid_ras_mm=region.centroid_ras_mm,
        volume_ml=region.volume_ml,
        suv_max=None,
        suv_peak=None,
        suv_mean=None,
        mtv_ml=None,
        tlg_g=None,
        tbr=None,
        reference=None,
        reference_name=None,
        left_right_ratio=None,
        mr_kind=None,
        mr_z=None,
        fat_fraction=None,
        fat_fraction_z=None,
        distance_to_pain_mm=None,
        flags=[],
        ledger=(),
        score=0.0,
    )


def new_candidate(
    region: Region, spots: list[HotSpot] | None = None, findings: list[MRFinding] | None = None
) -> Candidate:
    """A candidate of the reader's own, not measured or named yet."""
    candidate = Candidate(
        id="",
        rank=0,
        score=0.0,
        place=NO_PLACE,
        evidence=Evidence.MR_ONLY,
        region=region,
        centroid_ras_mm=region.centroid_ras_mm,
        volume_ml=region.volume_ml,
        origin=Origin.MANUAL,
        hot_spots=spots or [],
        mr_findings=findings or [],
    )
    candidate.evidence = _evidence(candidate)
    return candidate


def _evidence(candidate: Candidate) -> Evidence:
    """Which modalities show something at a candidate; MR alone when neither does."""
    if not candidate.hot_spots:
        return Evidence.MR_ONLY
    return Evidence.BOTH if candidate.mr_findings else Evidence.PET_ONLY
