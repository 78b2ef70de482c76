"""What is read at one place of a finished case, with the reason where there is no candidate.

Start at :meth:`PlaceReader.at`. It needs no scene and no panel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..Numerics.body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from ..Numerics.core import tissues
from ..Numerics.core.image import Image, Region, transform_points
from ..Numerics.core.readout import PlaceValues, Readout, Reason, SeriesValue, Why
from ..Numerics.core.records import NOT_JOINED, Candidate, MRFinding
from ..Numerics.core.regions import contains, flat_at, voxel_region
from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.sites import SiteRow
from ..Numerics.core.words import Role
from ..Numerics.fusion.candidates import Name
from ..Numerics.pet.detector import HotSpotDetector
from ..Numerics.pet.foci import focus_of
from ..Numerics.pet.why_none import number_text, why_no_hot_spot
from .case import Case
from .finding import Found, pet_in_reference
from .ground import body_on_pet
from .stages import Alignment, Suv, mr_in_reference

OEDEMA_BAR = "mr_findings.oedema.z"
"""Limit of the z-score of marrow on the fluid-sensitive series from which it counts as edema."""
SAME_PEAK_MM = 0.5
"""Upper bound of the distance between the maxima of a hot spot and of its copy, mm: rounding, as both are the same
voxel. Our choice."""
Reference = tuple[float | None, str | None]
"""SUV and name of a normal tissue; None where there is none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PlaceReader:
    """Reads places of a case. The lists of `found` are looked at anew for each place.

    Parameters
    ----------
    case : Case
    alignment : Alignment
    found : Found
    detector : HotSpotDetector
    namer : callable
        Names places.
    pet : Image
        SUV, placed in the reference frame (in its own where the two are not aligned).
    series : mapping of role to Image
        The MR series that are aligned, in the reference frame.
    plane : SymmetryPlane or None
        In the reference frame; None where it is not known well enough.
    """

    case: Case
    alignment: Alignment
    found: Found
    detector: HotSpotDetector
    namer: Name
    pet: Image
    series: Mapping[str, Image]
    plane: SymmetryPlane | None

    @classmethod
    def of(
        cls, case: Case, suv: Suv, alignment: Alignment, found: Found, detector: HotSpotDetector, namer: Name
    ) -> PlaceReader:
        """From the results of the steps."""
        plane = None
        if alignment.is_aligned(Role.PET) and found.symmetry.quality >= RELIABLE_QUALITY:
            plane = found.symmetry.moved(alignment.pet_to_reference)
        return cls(
            case=case, alignment=alignment, found=found, detector=detector, namer=namer,
            pet=pet_in_reference(suv, alignment), series=mr_in_reference(case, alignment), plane=plane,
        )  # fmt: skip

    def at(self, position_ras: np.ndarray) -> Readout:
        """Read one place.

        Parameters
        ----------
        position_ras : ndarray, shape (3,)
            RAS mm of the reference frame.
        """
        place = np.asarray(position_ras, dtype=float)
        tissue = voxel_of(self.found.mr.tissues, place)
        entry = _smallest(self._holding(self.found.candidates, place))
        site = self._site_at(place)
        here = self.values_at(place, self._reference_at(place, site))
        compared = (here.reference, here.reference_name)
        return Readout(
            here=here,
            mirrored=None if self.plane is None else self.values_at(self.plane.mirror(place), compared),
            tissue=tissues.NAMES.get(int(tissue or 0), tissues.NAMES[tissues.UNKNOWN]),
            place=self.namer(voxel_region(place, self.found.mr.tissues.geometry, self.pet.geometry)),
            site=site,
            entry_id=None if entry is None else entry.id,
            entry_name=None if entry is None else entry.place.name,
            reasons=() if entry is not None else tuple(self.reasons_at(place)),
        )

    # --- values

    def values_at(self, place: np.ndarray, reference: Reference) -> PlaceValues:
        """The values at a place.

        Parameters
        ----------
        place : ndarray, shape (3,)
            RAS mm of the reference frame.
        reference : (float or None, str or None)
            SUV and name of the tissue to compare with.
        """
        flat = flat_at(self.pet.geometry, place)
        suv = voxel_of(self.pet, place)
        peak = None
        if flat is not None and suv is not None:
            means, _ = self.detector.scan.spheres(np.array([flat]))
            peak = float(means[0]) if np.isfinite(means[0]) else None
        return PlaceValues(place, suv, peak, *reference, tuple(self._series_at(place)))

    def _reference_at(self, place: np.ndarray, site: SiteRow | None) -> Reference:
        """What a place is compared with: as the entry or the site that holds it, else the tissue around it.

        The other side is compared with the same, so that the two ratios can be compared.
        """
        found = self.found
        lists = (found.candidates, found.attention, found.set_apart)
        entries = [one for listed in lists for one in sorted(self._holding(listed, place), key=_volume)]
        holders: list[Candidate | SiteRow] = [*entries, *([] if site is None else [site])]
        for one in holders:
            if one.reference is not None:
                return one.reference, one.reference_name
        flat = flat_at(self.pet.geometry, place)
        if flat is None or voxel_of(self.pet, place) is None or not self.detector.references.is_plausible:
            return None, None
        focus = focus_of(self.detector.scan.suv, self.detector.references, np.array([flat]))
        matched = self.detector.reference_of(focus)
        return matched.suv, matched.name

    def _series_at(self, place: np.ndarray) -> Iterator[SeriesValue]:
        for role, image in self.series.items():
            z_map = self.found.mr.z_maps.get(role)
            yield SeriesValue(role, voxel_of(image, place), None if z_map is None else voxel_of(z_map, place))

    def _site_at(self, place: np.ndarray) -> SiteRow | None:
        """The row of the site in which a place lies, of several the one whose middle is nearest."""
        rows = [(float(row.site.radius(place)), n, row) for n, row in enumerate(self.found.measured_sites.rows)]
        inside = [one for one in rows if one[0] <= 1.0]
        return min(inside)[2] if inside else None

    # --- why there is no candidate

    def reasons_at(self, place: np.ndarray) -> list[Reason]:
        """Why there is no candidate at a place, the deciding reason first."""
        found = self.found
        if self.is_outside_body(place):
            return [Reason(Why.OUTSIDE_BODY, "", "The place lies outside the body.")]
        entries = [
            *((Why.TO_BE_LOOKED_AT, one) for one in self._holding(found.attention, place)),
            *((Why.SET_APART, one) for one in self._holding(found.set_apart, place)),
        ]
        reasons = [_of_entry(kind, entry) for kind, entry in entries]
        reasons += self._of_fields(place)
        reasons += self._of_metal(place)
        reasons += self._of_uptake(place, bool(entries))
        reasons += self._of_mr(place, [entry for _, entry in entries])
        return _once(reasons)

    def is_outside_body(self, place: np.ndarray) -> bool:
        """Whether the PET shows that a place lies outside the body, and the MR shows no tissue there."""
        flat = flat_at(self.pet.geometry, place)
        tissue = voxel_of(self.found.mr.tissues, place)
        if flat is None or tissue not in (None, tissues.UNKNOWN, tissues.VOID) or not len(self._body):
            return False
        return not contains(self._body, self.pet.geometry.flat_to_ras(np.array([flat])))[0]

    @cached_property
    def _body(self) -> Region:
        """The body on the PET, on the grid of `pet`."""
        return Region(self.pet.geometry, body_on_pet(self.detector).flat)

    def _holding(self, entries: Sequence[Candidate], place: np.ndarray) -> list[Candidate]:
        """Entries whose outline holds a place."""
        return [entry for entry in entries if len(entry.region) and contains(entry.region, place[None])[0]]

    def _of_fields(self, place: np.ndarray) -> Iterator[Reason]:
        """Series that do not show the place."""
        if not self.alignment.is_aligned(Role.PET):
            text = "PET and MR could not be aligned: what they show here is not the same place of the body."
            yield Reason(Why.NOT_ALIGNED, "alignment", text)
        images = {Role.PET.value: self.pet, **self.series}
        missing = [role for role, image in images.items() if voxel_of(image, place) is None]
        if missing:
            what = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
            verb = "does" if len(missing) == 1 else "do"
            yield Reason(Why.OUTSIDE, "", f"{what} {verb} not show this place.")

    def _of_metal(self, place: np.ndarray) -> Iterator[Reason]:
        metal = self.found.mr.implant.unreliable
        if metal is not None and contains(metal, place[None])[0]:
            text = "Within the margin of the artifact of the implant: PET and MR are unreliable here."
            yield Reason(Why.METAL, "mr_findings.implant", text)

    def _of_uptake(self, place: np.ndarray, has_entry: bool) -> list[Reason]:
        """What the PET says; nothing outside of it."""
        flat = flat_at(self.pet.geometry, place)
        if flat is None or voxel_of(self.pet, place) is None:
            return []
        reasons = why_no_hot_spot(self.detector, flat)
        if reasons or has_entry:
            return reasons
        owner = self._owner_of_focus(flat)
        if owner is None:
            text = "The uptake here reaches all limits, but the reader took its entry off the list."
            return [Reason(Why.IN_NO_LIST, "", text)]
        text = f"Part of the uptake of {owner.id} ({owner.place.name}), whose outline does not reach here."
        return [Reason(Why.OUTLINE, "hot_spots.contour.method", text)]

    def _owner_of_focus(self, flat: int) -> Candidate | None:
        """The entry of any list that the focus at a voxel of the PET made."""
        standing = self.detector.standing_at(flat)
        if standing is None or standing.spot is None:
            return None
        moved = self.alignment.pet_to_reference if self.alignment.is_aligned(Role.PET) else np.eye(4)
        peak = transform_points(moved, standing.spot.peak_ras_mm)
        found = self.found
        for entry in (*found.candidates, *found.attention, *found.set_apart):
            if any(np.linalg.norm(spot.peak_ras_mm - peak) <= SAME_PEAK_MM for spot in entry.hot_spots):
                return entry
        return None

    def _of_mr(self, place: np.ndarray, entries: Sequence[Candidate]) -> list[Reason]:
        """What the MR shows: findings that made no entry here, else how far marrow is from edema."""
        known = {id(finding) for entry in entries for finding in entry.mr_findings}
        mr = self.found.mr
        here = [one for one in (*mr.findings, *mr.weak) if id(one) not in known and _lies_at(one, place)]
        return [_of_finding(finding) for finding in here] or ([] if known else self._of_marrow(place))

    def _of_marrow(self, place: np.ndarray) -> list[Reason]:
        """How far the marrow at a place is from edema; nothing where it is no marrow, or bright enough."""
        role = Role.FLUID.value
        z_map = self.found.mr.z_maps.get(role)
        z = None if z_map is None else voxel_of(z_map, place)
        limit = float(self.case.protocol.value(OEDEMA_BAR))
        if z is None or z >= limit:
            return []
        text = (
            f"On MR the marrow has z {number_text(z)} on {role}, {number_text(limit - z)} below the "
            f"{number_text(limit)} of edema."
        )
        return [Reason(Why.MR, OEDEMA_BAR, text, z, limit)]


def _lies_at(finding: MRFinding, place: np.ndarray) -> bool:
    """Whether a finding of the reference frame holds a place."""
    return NOT_JOINED not in finding.flags and bool(contains(finding.region, place[None])[0])


def voxel_of(image: Image, place: np.ndarray) -> float | None:
    """Value of the voxel that holds a place, RAS mm; None outside the image and where it has no value."""
    flat = flat_at(image.geometry, place)
    if flat is None:
        return None
    value = float(image.array[np.unravel_index(flat, image.geometry.shape)])
    return value if np.isfinite(value) else None


def _smallest(entries: Sequence[Candidate]) -> Candidate | None:
    return min(entries, key=_volume, default=None)


def _volume(entry: Candidate) -> float:
    return entry.volume_ml


def _of_entry(kind: Why, entry: Candidate) -> Reason:
    """The reason of an entry that is no candidate, with the rule or the sign that decided."""
    rules = [spot.rule for spot in entry.hot_spots if spot.physiologic is not None and spot.rule]
    against = [one for one in entry.ledger if one.points < 0]
    signs = [min(against, key=lambda one: one.points).sign] if against and kind == Why.SET_APART else []
    name = next(iter([*rules, *(f"evidence.{sign}" for sign in signs)]), "")
    return Reason(kind, name, f"{entry.id} ({entry.place.name}): {entry.reason}", entry.score)


def _of_finding(finding: MRFinding) -> Reason:
    """The reason of an MR finding that is part of no entry at this place."""
    z = "" if finding.z is None else f", z {number_text(finding.z)}"
    text = f"On MR: {sign_words(finding.kind)}, {number_text(finding.volume_ml)} ml{z}"
    if "weak" in finding.flags:
        text += ", too faint to count alone"
    if finding.usual:
        text += f"; it looks like {finding.usual}"
    return Reason(Why.MR, finding.rule or "mr_findings", f"{text}.", finding.z)


def _once(reasons: Sequence[Reason]) -> list[Reason]:
    """The reasons in their order, each text once; a rule that an entry names already is not named again."""
    of_entries = {one.name for one in reasons if one.kind in (Why.SET_APART, Why.TO_BE_LOOKED_AT)}
    kept = [one for one in reasons if one.kind != Why.USUAL or one.name not in of_entries]
    return list({reason.text: reason for reason in kept}.values())
