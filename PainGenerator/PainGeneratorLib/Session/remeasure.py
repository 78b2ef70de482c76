"""Measures, place and score of a candidate whose outline the reader changed or drew."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..Numerics.body.symmetry import RELIABLE_QUALITY, SymmetryPlane, left_right_ratio
from ..Numerics.core.image import Geometry, Image, Region, resample
from ..Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from ..Numerics.core.regions import gap_mm, on_grid, overlap_fraction
from ..Numerics.fusion.candidates import FusionParameters, Name, Symptoms, flag_and_score
from ..Numerics.mr.findings import MRResult
from ..Numerics.pet.detector import HotSpotDetector
from ..Numerics.pet.manual_focus import focus_of, grow_on_image, grow_on_pet
from ..Numerics.pet.measuring import mirrored_peak
from ..Numerics.pet.peak import suv_peak
from ..Numerics.pet.reference_tissue import SURROUNDINGS
from ..Workflow.case import Case
from ..Workflow.finding import Found, pet_in_reference
from ..Workflow.stages import Alignment, Suv

BY_READER = "drawn by the reader"
"""Contour method of an outline that no threshold made."""

LEAST_MR_VOXELS = 3
"""A z-score is the mean of at least so many voxels."""


@dataclass(frozen=True, eq=False)
class Remeasure:
    """Takes measures anew; callable as the ``measure`` of :class:`.review.Review`.

    Parameters
    ----------
    pet : Image
        SUV, placed in the reference frame.
    detector : HotSpotDetector
        Knows the reference tissue of every voxel of the same array.
    symmetry : SymmetryPlane or None
        In the reference frame; None when left and right cannot be compared.
    mr : MRResult
    hot_spots : sequence of HotSpot
        All that were found, in the reference frame.
    namer : callable
    case : Case
        For group, pain and parameters.
    aligned : bool
        PET and MR are.
    mirror_search_mm : float
    """

    pet: Image
    detector: HotSpotDetector
    symmetry: SymmetryPlane | None
    mr: MRResult
    hot_spots: Sequence[HotSpot]
    namer: Name
    case: Case
    aligned: bool
    mirror_search_mm: float

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
        plane = found.symmetry.moved(alignment.pet_to_reference) if aligned else found.symmetry
        return cls(
            pet_in_reference(suv, alignment),
            detector,
            plane if plane.quality >= RELIABLE_QUALITY else None,
            found.mr,
            found.hot_spots,
            namer,
            case,
            aligned,
            case.protocol.value("hot_spots.mirror_search_mm"),
        )

    def __call__(self, candidate: Candidate) -> Candidate:
        """A copy with measures, place, flags and score that fit its region."""
        region = candidate.region
        changed = dataclasses.replace(
            candidate,
            centroid_ras_mm=region.centroid_ras_mm,
            volume_ml=region.volume_ml,
            place=self.namer(region) if self._is_named_by_us(candidate) else candidate.place,
            mr_findings=self._findings_at(candidate),
            suv_max=None,
            suv_peak=None,
            suv_mean=None,
            mtv_ml=None,
            tlg_g=None,
            tbr=None,
            left_right_ratio=None,
            mr_kind=None,
            mr_z=None,
            flags=[],
        )
        self._measure_pet(changed, candidate)
        self._measure_mr(changed)
        both = bool(changed.hot_spots) and bool(changed.mr_findings)
        changed.evidence = "PET+MR" if both else "PET only" if changed.hot_spots else "MR only"
        items = (*changed.hot_spots, *changed.mr_findings)
        changed.flags = list(dict.fromkeys([*(f for item in items for f in item.flags), *changed.place.flags]))
        flag_and_score(
            changed,
            self.case.protocol.stage("fusion", FusionParameters),
            symptoms=self.symptoms,
            group=self.case.group,
            aligned=self.aligned,
            mr_field=self.case.reference.image.geometry,
            pet_field=self.pet.geometry,
        )
        return changed

    @property
    def symptoms(self) -> Symptoms:
        """Where it hurts."""
        return self.case.options.symptoms()

    def _is_named_by_us(self, candidate: Candidate) -> bool:
        """A name that the reader gave stays; one that follows from the former outline follows the new one."""
        former = [*candidate.hot_spots, *candidate.mr_findings]
        return candidate.place.name == "" or any(
            _same_place(self.namer(item.region), candidate.place) for item in former
        )

    def _findings_at(self, candidate: Candidate) -> list[MRFinding]:
        """Findings that the outline meets: by overlap, or as near as fusion joins them; clearest first."""
        if not self.aligned and candidate.hot_spots:
            return []
        reach = self.case.protocol.value("fusion.join.gap_mm")
        findings = [f for f in self.mr.findings if f.kind != "implant artefact"]
        own = [f for f in candidate.mr_findings if not any(f is other for other in findings)]
        near = [f for f in (*findings, *own) if gap_mm(candidate.region, f.region, reach) < np.inf]
        return sorted(near, key=lambda f: (-f.grade, -(f.z or 0.0), -f.volume_ml))

    def _measure_pet(self, changed: Candidate, candidate: Candidate) -> None:
        """Uptake of the outline, when it has a hot spot of its own or meets one; as one hot spot."""
        met = [
            spot
            for spot in (*candidate.hot_spots, *(s for s in self.hot_spots if s.physiologic is None))
            if overlap_fraction(spot.region, changed.region) > 0
        ]
        changed.hot_spots = []
        if not met:
            return
        spot = self.spot_of(changed.region, met[0].contour_method if candidate.origin == "manual" else BY_READER)
        if spot is None:
            return
        changed.hot_spots = [spot]
        for name in ("suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "tbr", "left_right_ratio"):
            setattr(changed, name, getattr(spot, name))

    def spot_of(self, region: Region, method: str = BY_READER) -> HotSpot | None:
        """The uptake within a region of the reference frame; None when no voxel of the PET lies in it."""
        flat = on_grid(region, self.pet.geometry).flat
        values = self.pet.array.reshape(-1)[flat]
        flat, values = flat[np.isfinite(values)], values[np.isfinite(values)]
        if not flat.size:
            return None
        inside = Region(self.pet.geometry, flat)
        peak = suv_peak(self.pet, inside, spheres=self.detector.around.spheres)
        focus = focus_of(self.pet, self.detector.references, flat)
        reference, name = self.detector.reference_of(focus)
        mirrored = None
        if self.symmetry is not None:
            mirrored = mirrored_peak(self.pet, self.symmetry, inside, peak.position_ras, self.mirror_search_mm)
        mean = float(values.mean(dtype=np.float64))
        flags = ["peak-at-edge"] if peak.at_edge else []
        if name == SURROUNDINGS:
            flags.append("no-reference")
        unreliable = self.detector.around.unreliable
        if unreliable is not None and unreliable.reshape(-1)[flat].any():
            flags.append("near-implant")
        return HotSpot(
            label=0,
            region=region,
            centroid_ras_mm=region.centroid_ras_mm,
            peak_ras_mm=peak.position_ras,
            suv_max=float(values.max()),
            suv_peak=peak.value,
            suv_mean=mean,
            mtv_ml=region.volume_ml,
            tlg_g=mean * region.volume_ml,
            background=None,
            reference=reference,
            reference_name=name,
            tbr=None if peak.value is None else peak.value / reference,
            left_right_ratio=left_right_ratio(peak.value, mirrored),
            contour_method=method,
            contour_threshold=float(values.min()),
            flags=flags,
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
        """Mean z of the voxels of a region on the series that shows a finding best; None outside its z map."""
        z_map = self.mr.z_maps.get(finding.series_role)
        if z_map is None or finding.kind not in ("oedema", "Modic I"):
            return None
        flat = on_grid(region, z_map.geometry).flat
        values = z_map.array.reshape(-1)[flat]
        values = values[np.isfinite(values)]
        return float(values.mean(dtype=np.float64)) if values.size >= LEAST_MR_VOXELS else None

    def at(self, position_ras: np.ndarray, pet_to_reference: np.ndarray, mr_images: dict[str, Image]) -> Candidate:
        """A candidate at a place of the reader's: a focus on PET where uptake is raised, else a region on the MR.

        Parameters
        ----------
        position_ras : ndarray, shape (3,)
            In the reference frame.
        pet_to_reference : ndarray, shape (4, 4)
        mr_images : mapping of role to Image
            In the reference frame, the one to grow on first.

        Returns
        -------
        Candidate
            Not measured yet.
        """
        position = np.asarray(position_ras, dtype=float)
        spot = self._grown_on_pet(position, pet_to_reference)
        if spot is not None:
            return new_candidate(spot.region, [spot], [])
        for role, image in mr_images.items():
            if image.geometry.contains(position):
                region = grow_on_image(image, position)
                finding = MRFinding(
                    0, "oedema", region, region.centroid_ras_mm, region.volume_ml, None, None, role, 0.33, []
                )
                finding.z = self.z_of(region, finding)
                return new_candidate(region, [], [finding])
        raise LookupError("the place is outside all images")

    def _grown_on_pet(self, position: np.ndarray, pet_to_reference: np.ndarray) -> HotSpot | None:
        own = self.pet.geometry.moved(np.linalg.inv(pet_to_reference))
        suv = Image(self.pet.array, own)
        place = np.linalg.inv(pet_to_reference) @ [*position, 1.0]
        method = self.case.protocol.value("hot_spots.contour_method")
        spot = grow_on_pet(suv, self.detector, place[:3], method)
        if spot is None:
            return None
        region = spot.region.moved(pet_to_reference)
        peak = (pet_to_reference @ [*spot.peak_ras_mm, 1.0])[:3]
        return dataclasses.replace(spot, region=region, centroid_ras_mm=region.centroid_ras_mm, peak_ras_mm=peak)


def values_at(images: dict[str, Image], position_ras: np.ndarray) -> dict[str, float | None]:
    """Linearly interpolated values of images (in one frame) at a position; None outside."""
    found: dict[str, float | None] = {}
    for name, image in images.items():
        ijk = image.geometry.to_ijk(np.asarray(position_ras, dtype=float))
        low = np.clip(np.floor(ijk).astype(int) - 1, 0, np.array(image.geometry.shape[::-1]) - 1)
        high = np.clip(np.floor(ijk).astype(int) + 3, 1, image.geometry.shape[::-1])
        if not image.geometry.contains(position_ras) or np.any(high <= low):
            found[name] = None
            continue
        part = tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1], strict=True))
        box = Image(image.array[part], image.geometry.cropped(tuple(low[::-1]), tuple((high - low)[::-1])))
        matrix = np.eye(4)
        matrix[:3, 3] = position_ras
        value = float(resample(box, Geometry((1, 1, 1), matrix), order=1)[0, 0, 0])
        found[name] = value if np.isfinite(value) else None
    return found


def new_candidate(
    region: Region, spots: list[HotSpot] | None = None, findings: list[MRFinding] | None = None
) -> Candidate:
    """A candidate of the reader's own, not measured or named yet."""
    spots, findings = spots or [], findings or []
    return Candidate(
        "", 0, 0.0, {}, Place("", "", "midline"), "PET only" if spots else "MR only",
        region, region.centroid_ras_mm, region.volume_ml, origin="manual", hot_spots=spots, mr_findings=findings,
    )  # fmt: skip


def _same_place(a: Place, b: Place) -> bool:
    return (a.name, a.structure, a.side, a.level, a.zone) == (b.name, b.structure, b.side, b.level, b.zone)
