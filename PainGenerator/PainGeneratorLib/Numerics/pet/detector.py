"""Find foci of raised uptake relative to their own tissue, and measure them.

One pass over the volume keeps the few per cent of voxels that any setting of the sensitivity could show, split into
foci. Whatever the reader changes afterwards (sensitivity, contour method) works on these foci alone, which is fast:
see :class:`HotSpotDetector`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ..body.straight_spine import LevelReference, StraightSpine
from ..body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from ..core import tissues as tissue_codes
from ..core.image import Image, Region
from ..core.kept import Kept
from ..core.records import HotSpot
from .body_shape import BodyShape
from .conspicuity import ClearnessParameters
from .contours import METHODS, ContourParameters, NormalUptake, methods_that_differ
from .contrast import ContrastMap
from .deep_tissue import depth_of
from .foci import (
    LEAST_REFERENCE_SUV,
    DroppedFocus,
    FloodError,
    Focus,
    FocusLimits,
    FocusParameters,
    find_foci,
    focus_of,
    smoothed,
)
from .hot_discs import HotDisc, find_hot_discs
from .measuring import (
    MatchedReference,
    MeasureParameters,
    Outline,
    PetScan,
    measure_focus,
    measure_region,
    voxels_inside,
)
from .organ_places import PhysiologicParameters
from .peak import SphereMeans
from .reference_norms import TYPICAL, USED, Comparison, TissueOnPet, doubt
from .reference_tissue import BODY, UPPER, KnownTissues, ReferenceField, ReferenceParameters, ReferenceValue
from .structure_uptake import measure_organs

MOST_SENSITIVE = 1.2
"""Lower end of the sensitivity slider: least ratio of a focus to its reference. The first pass keeps everything that
this setting could show. Our choice."""
DEFAULT_RATIO = 1.4
"""Ratio to the reference at which the required significance and conspicuity are those of the protocol. A
threshold of 1.4 to 1.5 for the ratio of SUV had an accuracy of 0.93 in failed back surgery (n = 30; Weng, Jpn J Radiol
2025; see docs/domain.md, "Measures of a focus")."""
SPILL_RATIO = 1.1
"""Lower bound of the maximum of an endplate over that of a disc, for the uptake in the disc to count as reaching in
from the endplate. Our estimate."""
BESIDE_DISC_MM = 15.0
"""Upper bound of the distance between the maximum of such an endplate and the hottest voxel of the disc, mm. Our
estimate."""
RESOLUTION_MM = 7.0
"""Edge of an independent element of a smoothed PET, mm. It gives the number of places at which noise could peak. Our
estimate: 5.5 mm of the scanner and 4 mm of smoothing give 6.8 mm."""
BLADDER_RATIO = 2.5
"""Lower bound of urine in the bladder over normal tissue with much uptake (marrow, blood), without unit. Our
estimate."""
RULING_METHOD = "adaptive"
"""Contour method whose measures decide which foci are shown, whichever contour is drawn."""
OTHER_VERTEBRAE = "other vertebrae"
"""Name of the reference of a focus in a vertebra, where the vertebrae are known."""
OTHER_DISCS = "other discs"
"""Name of the reference of a focus in a disc."""
NO_REFERENCE_TEXT = (
    "No hot spot is shown: no reference tissue of this PET has an SUV that can be, so a ratio to it would mean "
    "nothing. Check unit, weight, dose and times of the PET, and whether the tracer is FDG. MR findings are shown as "
    "usual."
)
"""What the reader is told when no reference is left."""
STRICTER_POWER = 1
"""Power by which the required conspicuity rises with the ratio above the default."""
LOOSER_POWER = 3
"""Power by which it falls with the ratio below the default, where everything that might be a focus is shown. Our
estimate."""


@dataclass(frozen=True, kw_only=True)
class ClickParameters:
    """Section "hot_spots.click" of a protocol; see there for units, ranges and sources."""

    seek_mm: float
    core_mm: float
    reach_mm: float
    mr_reach_mm: float
    mr_ball_mm: float


@dataclass(frozen=True, kw_only=True)
class HotSpotParameters:
    """Stage "hot_spots" of a protocol; see there for units, ranges and sources."""

    smoothing_fwhm_mm: float
    sensitivity: float
    significance: float
    conspicuity: float
    disc_ratio: float
    reference: ReferenceParameters
    foci: FocusParameters
    contour: ContourParameters
    measure: MeasureParameters
    clearness: ClearnessParameters
    physiologic: PhysiologicParameters
    click: ClickParameters


@dataclass(frozen=True, eq=False)
class HotSpotResult(Kept):
    """What was found.

    Parameters
    ----------
    hot_spots : list of HotSpot
        Hottest against their reference first. Physiologic ones are among them, with the reason, and come last.
    references : tuple of ReferenceValue
        The table of reference values.
    noise : float
        Relative SD of the contrast at joint scale in typical places of this scan: noise and the unrest of normal
        anatomy together.
    typical_suv : float
        Median SUV of typical soft tissue, g/ml.
    warnings : tuple of str
    weak : list of HotSpot
        Hottest first, flagged "weak-uptake": foci that this sensitivity does not show, and copies of those that are
        physiologic only for their place or because both sides are alike. They are no candidates alone, but count as
        uptake where an MR finding lies.
    unclear : list of HotSpot
        High and certain enough for this sensitivity, but not clear of normal uptake: they are set apart unless other
        signs speak for them.
    """

    hot_spots: list[HotSpot]
    references: tuple[ReferenceValue, ...]
    noise: float
    typical_suv: float
    warnings: tuple[str, ...]
    weak: list[HotSpot] = field(default_factory=list)
    unclear: list[HotSpot] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class FocusStanding:
    """How a focus of the first pass stands to all limits of one setting, so that a reader can be told what it misses.

    Parameters
    ----------
    ratio, least_ratio : float
        The ratio to the reference that is exceeded in just the least volume of a focus, and the one that is needed.
    z, least_z : float
        Height above the reference in units of the local noise, and the one that is needed.
    conspicuity, least_conspicuity : float
        How clearly it exceeds normal tissue, and what is needed. A hot disc counts by its uptake over the other discs.
    spot : HotSpot or None
        Its measures, with the rule that calls it usual uptake; None when it lies wholly below the contour's threshold.
    is_drawn : bool
        Whether the contour method of the setting leaves an outline.
    """

    ratio: float
    least_ratio: float
    z: float
    least_z: float
    conspicuity: float
    least_conspicuity: float
    spot: HotSpot | None
    is_drawn: bool


class HotSpotDetector:
    """The first pass over a PET, kept so that sensitivity and contour can be changed at little cost.

    Attributes
    ----------
    references : ReferenceField
    warnings : list of str
    """

    def __init__(
        self,
        suv: Image,
        parameters: HotSpotParameters,
        *,
        tissues: Image | None = None,
        levels: Image | None = None,
        organs: Image | None = None,
        organ_names: Mapping[int, str] | None = None,
        unreliable: np.ndarray | None = None,
        symmetry: SymmetryPlane | None = None,
        spine: StraightSpine | None = None,
        left_out: np.ndarray | None = None,
        refused: Mapping[str, str] | None = None,
        progress: Callable[[float, str], None] | None = None,
    ) -> None:
        """Run the first pass; the arguments are those of :func:`find_hot_spots`.

        Beside them, `left_out` (bool, shape of the image) marks voxels that the reader took out of all references, and
        `refused` names tissues that the reader refused, each with the reason.
        """
        report = progress or (lambda fraction, text: None)
        self._suv, self._parameters = suv, parameters
        self._tissues = _array_on_grid("tissues", tissues, suv)
        self._levels = _array_on_grid("levels", levels, suv)
        self._organs = _array_on_grid("organs", organs, suv)
        self._organ_names = dict(organ_names or {})
        self._unreliable, self._symmetry, self._spine = unreliable, symmetry, spine
        self._left_out, self._refused = left_out, dict(refused or {})
        self.warnings: list[str] = []
        body_suv = parameters.reference.body_suv
        report(0.0, "Smoothing the PET for detection")
        smooth = smoothed(suv, parameters.smoothing_fwhm_mm, body_suv)
        report(0.3, "Measuring reference tissue")
        self._plane = symmetry if symmetry is not None and symmetry.quality >= RELIABLE_QUALITY else None
        self._contrast = ContrastMap(suv, body_suv)
        self._known = KnownTissues(
            tissues=self._tissues,
            levels=self._reference_levels(),
            excluded=self._no_reference(),
            left_out=self._left_out,
            organs=measure_organs(suv, self._organs, self._organ_names),
        )
        self._foci: list[Focus] = []
        self._dropped: list[DroppedFocus] = []
        owner = self._find_with_references(smooth, report)
        self._noise = self._relative_noise()
        self._liver = self.references.liver
        self._level_medians = self.references.level_medians
        self._seen_medians = self.references.seen_medians
        self._level_reference = _level_reference(smooth, suv, spine)
        self._discs: dict[int, HotDisc] = {}
        if spine is not None and owner.size:
            self._add_discs(self._hot_discs(smooth, spine), owner)
        self._scan = self._pet_scan(smooth, owner)
        if symmetry is not None and self._plane is None:
            self.warnings.append("The plane of symmetry is uncertain: left and right are not compared.")
        self._measured: dict[tuple[int, str], HotSpot | None] = {}
        report(1.0, "Foci found")

    def _find_with_references(self, smooth: np.ndarray, report: Callable[[float, str], None]) -> np.ndarray:
        """Take the references and find the foci; where foci flood the body, refuse what they were compared with.

        Returns
        -------
        ndarray of int32
            Number of the focus of each voxel, 0 for none; empty where nothing was looked for.
        """
        refused = dict(self._refused)
        while True:
            self.references = self._references(smooth, refused)
            self.warnings = list(self.references.warnings)
            if not np.isfinite(self.references.typical):
                self.warnings.append("The PET shows no body: no voxel has an SUV above the body threshold.")
                return np.zeros(0, dtype=np.int32)
            if not self.references.is_plausible:
                self.warnings.append(NO_REFERENCE_TEXT)
                return np.zeros(0, dtype=np.int32)
            report(0.5, "Looking for foci")
            limits, foci = self._limits(), self._parameters.foci
            self._dropped = []
            try:
                self._foci, owner = find_foci(
                    self._suv, smooth, self.references, self._contrast, foci, limits, self._dropped
                )
            except FloodError as flood:
                refused[self._flooded_by(flood, refused)] = flood.reason
                continue
            return owner

    def _flooded_by(self, flood: FloodError, refused: Mapping[str, str]) -> str:
        """The name of the reference that made most of the body a focus."""
        name = tissue_codes.NAMES[flood.code]
        used = [row.name for row in self.references.table if row.status == USED]
        if name in used and name not in refused:
            return name
        # Unknown tissue is compared with its surroundings, which are limited by muscle or by what stands for it.
        return next(name for name in ("muscle", TYPICAL, UPPER, BODY) if name in used)

    def _references(self, smooth: np.ndarray, refused: Mapping[str, str]) -> ReferenceField:
        """The references of this PET without those that were refused."""
        p = self._parameters
        return ReferenceField(
            smooth,
            self._suv.geometry,
            p.reference,
            self._known,
            self._plane,
            noise=self._contrast.typical_noise,
            depth_mm=depth_of(p.contour.resolution_mm, p.smoothing_fwhm_mm),
            refused=refused,
        )

    def _relative_noise(self) -> float:
        """The noise of the contrast over the SUV of typical tissue, without unit; 0 where there is no body."""
        typical = self.references.typical
        return self._contrast.typical_noise / typical if np.isfinite(typical) and typical > 0 else 0.0

    def _no_reference(self) -> np.ndarray | None:
        """Voxels that are never a reference: organs and the margin of an implant."""
        if self._organs is None:
            return self._unreliable
        organs: np.ndarray = self._organs > 0
        return organs if self._unreliable is None else organs | self._unreliable

    def _reference_levels(self) -> np.ndarray | None:
        """The vertebra of each voxel that may be a reference, 0 for none."""
        if self._levels is None or self._left_out is None:
            return self._levels
        return np.where(self._left_out, np.zeros(1, dtype=self._levels.dtype), self._levels)

    def _limits(self) -> FocusLimits:
        """What a focus must reach to be shown by the most sensitive setting."""
        return FocusLimits(
            ratio=MOST_SENSITIVE,
            z=self._least_z(MOST_SENSITIVE),
            mass_suv=self._mass_suv,
            most_ml=self._parameters.reference.plausible.raised_part_most * self.references.body_ml,
        )

    @property
    def _mass_suv(self) -> float:
        """Tissue hotter than this is part of an organ or a mass, g/ml."""
        return self._parameters.reference.hot_ratio * self.references.typical

    def _hot_discs(self, smooth: np.ndarray, spine: StraightSpine) -> list[HotDisc]:
        """The hot discs whose reference, the other discs, can be what it is called."""
        p = self._parameters
        found = find_hot_discs(smooth, self._suv.geometry, spine, p.disc_ratio)
        reasons = [
            doubt(TissueOnPet("disc", disc.focus.reference), Comparison(), p.reference.plausible) for disc in found
        ]
        self.warnings += [
            f"PET reference: a disc is not compared with the other discs, as {reason.replace('its SUV', 'their SUV')}."
            for reason in dict.fromkeys(reasons)
            if reason is not None
        ]
        return [disc for disc, reason in zip(found, reasons, strict=True) if reason is None]

    def _add_discs(self, discs: Sequence[HotDisc], owner: np.ndarray) -> None:
        """Join each hot disc to the focus that it belongs to, or make it a focus of its own.

        The map `owner` changes in place.
        """
        numbers = owner.reshape(-1)
        for disc in discs:
            number, is_inside = self._focus_of_disc(disc, int(numbers[disc.focus.peak_flat]))
            if number:
                focus = self._foci[number - 1]
                joined = replace(focus, ratio=max(focus.ratio, disc.focus.ratio), z=np.inf)
                # The focus keeps its own outline, which is more exact than the place of a disc.
                self._foci[number - 1] = replace(joined, reference=disc.focus.reference) if is_inside else joined
            else:
                self._foci.append(disc.focus)
                number = len(self._foci)
                numbers[disc.focus.flat] = number
            self._discs[number] = replace(disc, is_inside=is_inside)

    def _focus_of_disc(self, disc: HotDisc, number_here: int) -> tuple[int, bool]:
        """The focus that the uptake in a disc belongs to (0 for none), and whether the uptake is the disc's own.

        It is a focus whose maximum lies in the disc, or that of a hotter endplate beside it which reaches to the
        hottest voxel of the disc. `number_here` is the focus that this voxel belongs to.
        """
        inside = [n for n, focus in enumerate(self._foci, start=1) if focus.peak_flat in disc.focus.flat]
        if inside:
            return max(inside, key=lambda n: self._foci[n - 1].top), True
        if not number_here:
            return 0, True
        beside = self._foci[number_here - 1]
        summit, hottest = self._suv.geometry.flat_to_ras(np.array([beside.peak_flat, disc.focus.peak_flat]))
        is_spill = beside.top >= SPILL_RATIO * disc.focus.top
        if is_spill and np.linalg.norm(summit - hottest) <= BESIDE_DISC_MM:
            return number_here, False
        return 0, True

    def _pet_scan(self, smooth: np.ndarray, owner: np.ndarray) -> PetScan:
        p, suv, spine = self._parameters, self._suv, self._spine
        body = BodyShape(smooth, suv.geometry, p.reference.body_suv, self._symmetry, spine)
        body.look_for_bladder(smooth, suv.geometry, self._foci, BLADDER_RATIO * self.references.rich)
        return PetScan(
            suv=suv,
            spheres=SphereMeans(suv),
            owner=owner,
            body=body,
            normal=NormalUptake(
                typical_suv=self.references.typical,
                rich_suv=self.references.rich,
                mass_suv=self._mass_suv,
                liver=self._liver,
            ),
            symmetry=self._symmetry,
            tissues=self._tissues,
            organs=self._organs,
            organ_names=self._organ_names,
            unreliable=self._unreliable,
            contour=p.contour,
            physiologic=p.physiologic,
            measure=p.measure,
            clearness=p.clearness,
            levels=self._level_reference,
        )

    def reference_of(self, focus: Focus) -> MatchedReference:
        """The reference of a focus: the other vertebrae for a focus in a vertebra, else the tissue around it."""
        if self._levels is not None and self._level_medians:
            here = np.bincount(self._levels.reshape(-1)[focus.core], minlength=2)
            vertebra = int(here.argmax())
            others = [median for number, median in self._level_medians.items() if number != vertebra]
            if vertebra > 0 and others:
                seen = [median for number, median in self._seen_medians.items() if number != vertebra]
                return MatchedReference(
                    max(float(np.median(others)), LEAST_REFERENCE_SUV),
                    OTHER_VERTEBRAE,
                    max(float(np.median(seen)), LEAST_REFERENCE_SUV) if seen else None,
                )
        in_spine = self._is_in_spine(focus)
        matched = self.references.matched(focus.peak_flat, focus.code, focus.reference, in_spine=in_spine)
        return MatchedReference(matched, self.references.name_of(focus.code, in_spine=in_spine), focus.reference)

    def _is_in_spine(self, focus: Focus) -> bool:
        """Whether the maximum of a focus lies where vertebrae are."""
        if self._level_reference is None:
            return False
        place = self._suv.geometry.flat_to_ras(np.array([focus.peak_flat]))[0]
        return self._level_reference.at(place) is not None

    def _least_z(self, ratio: float) -> float:
        """Least height of a focus in units of the local noise, for a least ratio to its reference.

        At the default ratio noise does not reach it by chance anywhere in this body: the expected maximum of N
        independent normal values is sqrt(2 ln N). It rises and falls with the slider: where a higher ratio is
        required, a higher certainty is required as well.
        """
        places = max(2.0, self.references.body_ml * 1000.0 / RESOLUTION_MM**3)
        full = self._parameters.significance * math.sqrt(2.0 * math.log(places))
        return full * (ratio - 1.0) / (DEFAULT_RATIO - 1.0)

    def find(self, sensitivity: float | None = None, contour_method: str | None = None) -> HotSpotResult:
        """The hot spots at one setting of sensitivity and contour.

        A lower ratio shows everything that a higher one shows, and more.

        Parameters
        ----------
        sensitivity : float, optional
            Least ratio to the reference, 1.2 to 3.0; the protocol's when left out.
        contour_method : str, optional
            One of :data:`.contours.METHODS`; the protocol's when left out.

        Raises
        ------
        ValueError
            When there is no such contour method.
        """
        p = self._parameters
        ratio = max(MOST_SENSITIVE, p.sensitivity if sensitivity is None else sensitivity)
        method = contour_method or p.contour.method
        if method not in METHODS:
            raise ValueError(f"contour_method must be one of {tuple(METHODS)}, not {method!r}")
        shown, weak, unclear, n_below = self._sorted_out(ratio, method)
        return HotSpotResult(
            _in_order(shown),
            tuple(self.references.table),
            self._noise,
            self.references.typical,
            (*self.warnings, *self._contour_warnings(method, n_below), *self._ratio_warnings(shown)),
            _in_order(weak),
            _in_order(unclear),
        )

    def _sorted_out(self, ratio: float, method: str) -> tuple[list[HotSpot], list[HotSpot], list[HotSpot], int]:
        """Hot spots that are shown at a ratio, weak ones, unclear ones, and how many the contour leaves out."""
        shown: list[HotSpot] = []
        weak: list[HotSpot] = []
        unclear: list[HotSpot] = []
        n_below = 0
        for number in range(1, self.n_foci + 1):
            is_shown = self._passes(number, ratio)
            if not is_shown and not self._passes(number, MOST_SENSITIVE):
                continue
            spot = self._measure(number, method)
            if spot is None:
                n_below += is_shown
                continue
            spot = replace(spot, clearness=self._clearness(number, ratio))
            if is_shown:
                shown.append(spot)
            elif self._is_high(number, ratio):
                unclear.append(spot)
            if (spot.physiologic is None and not is_shown) or "usual-place" in spot.flags:
                weak.append(replace(spot, physiologic=None, flags=[*spot.flags, "weak-uptake"]))
        return shown, weak, unclear, n_below

    def _contour_warnings(self, method: str, n_below: int) -> list[str]:
        warnings = []
        if method == "percist" and self._liver is None:
            warnings.append("No liver was measured: PERCIST uses the protocol's normal liver.")
        if n_below:
            warnings.append(f"{n_below} foci lie wholly below the contour's threshold and are not shown.")
        return warnings

    def _ratio_warnings(self, shown: Sequence[HotSpot]) -> list[str]:
        """A warning where a ratio to the reference is higher than any disease makes it."""
        most = self._parameters.reference.plausible.ratio_most
        highest = max((spot.tbr or 0.0 for spot in shown if spot.physiologic is None), default=0.0)
        if highest <= most:
            return []
        return [
            f"Hot spots with up to {highest:.0f} times the uptake of their reference: no disease of bones and "
            "joints reaches that. Urine does; else the reference or the SUV is wrong."
        ]

    def _passes(self, number: int, ratio: float) -> bool:
        """Whether a focus is high, certain and clear enough to be shown at a ratio, or is physiologic.

        The limits are the same for all contour methods, and rise and fall with the slider: where a higher ratio is
        required, a focus must be more certain and clearer as well.
        """
        if not self._is_high(number, ratio):
            return False
        spot = self._measure(number, RULING_METHOD)
        if spot is None or spot.physiologic is not None:
            return spot is not None
        return (self._clearness(number, ratio) or 0.0) >= 1.0

    def _is_high(self, number: int, ratio: float) -> bool:
        """Whether a focus is high and certain enough for a ratio."""
        focus = self._foci[number - 1]
        return focus.ratio >= ratio and focus.z >= self._least_z(ratio)

    def _clearness(self, number: int, ratio: float) -> float | None:
        """The conspicuity of a focus over the one that is needed at a ratio; None where it cannot be measured.

        A hot disc is as clear as its uptake over the other discs.
        """
        spot = self._measure(number, RULING_METHOD)
        if spot is None:
            return None
        disc, factor = self._discs.get(number), _clearness_factor(ratio)
        clear = (spot.conspicuity or 0.0) / (self._parameters.conspicuity * factor)
        return clear if disc is None else max(clear, (disc.ratio / self._parameters.disc_ratio) ** 2 / factor)

    def standing_at(self, flat: int) -> FocusStanding | None:
        """How the focus at a voxel, given by its flat index, stands to the limits; None where there is no focus."""
        number = int(self._scan.owner.reshape(-1)[flat]) if self._scan.owner.size else 0
        if not number:
            return None
        p, focus = self._parameters, self._foci[number - 1]
        ratio = max(MOST_SENSITIVE, p.sensitivity)
        needed = p.conspicuity * _clearness_factor(ratio)
        return FocusStanding(
            ratio=focus.ratio,
            least_ratio=ratio,
            z=focus.z,
            least_z=self._least_z(ratio),
            conspicuity=(self._clearness(number, ratio) or 0.0) * needed,
            least_conspicuity=needed,
            spot=self._measure(number, RULING_METHOD),
            is_drawn=self._measure(number, p.contour.method) is not None,
        )

    def dropped_at(self, flat: int) -> DroppedFocus | None:
        """The raised uptake at a voxel, given by its flat index, that the first pass did not keep; None for none."""
        voxels, numbers = self._dropped_voxels
        place = int(np.searchsorted(voxels, flat))
        return self._dropped[int(numbers[place])] if place < voxels.size and voxels[place] == flat else None

    @cached_property
    def _dropped_voxels(self) -> tuple[np.ndarray, np.ndarray]:
        """Flat indices of all that was not kept, ascending, and the number of each."""
        sizes = [one.flat.size for one in self._dropped]
        voxels = np.concatenate([np.empty(0, dtype=np.int64), *(one.flat for one in self._dropped)])
        order = np.argsort(voxels)
        return voxels[order], np.repeat(np.arange(len(sizes)), sizes)[order]

    def _measure(self, number: int, method: str) -> HotSpot | None:
        key = (number, method)
        if key not in self._measured:
            self._measured[key] = self._measured_spot(number, method)
        return self._measured[key]

    def _measured_spot(self, number: int, method: str) -> HotSpot | None:
        focus = self._foci[number - 1]
        disc = self._discs.get(number)
        in_disc = disc is not None and disc.is_inside
        reference = MatchedReference(focus.reference, OTHER_DISCS) if in_disc else self.reference_of(focus)
        return measure_focus(self._scan, number, focus, method, reference)

    def measure_outline(self, region: Region, method: str) -> HotSpot | None:
        """Measure an outline that the reader drew or changed. It is never physiologic, as the reader wants it.

        Parameters
        ----------
        region : Region
            In the PET's own frame, on any grid.
        method : str
            How it was drawn, for the record.

        Returns
        -------
        HotSpot or None
            None when no voxel of the PET with a value lies in the region.
        """
        flat = voxels_inside(self._suv, region).flat
        if not flat.size:
            return None
        reference = self.reference_of(focus_of(self._suv, self.references, flat))
        measured = measure_region(self._scan, Outline(region=region, method=method), reference)
        return None if measured is None else measured.spot

    def change_contours(self, parameters: HotSpotParameters) -> None:
        """Take other values for the contours (fixed SUV, ratio, ...); what the first pass used must be the same.

        Raises
        ------
        ValueError
            When a value that the first pass used differs.
        """
        if not self.serves(parameters):
            raise ValueError("the first pass was made with other parameters")
        self._parameters = parameters
        changed = methods_that_differ(parameters.contour, self._scan.contour)
        self._scan = replace(self._scan, contour=parameters.contour)
        self._measured = {key: spot for key, spot in self._measured.items() if key[1] not in changed}

    def serves(self, parameters: HotSpotParameters) -> bool:
        """Whether `parameters` differ from those of the first pass only in what the first pass does not use."""
        mine = self._parameters
        return replace(parameters, sensitivity=mine.sensitivity, contour=mine.contour, click=mine.click) == mine

    @property
    def parameters(self) -> HotSpotParameters:
        """Those of the first pass, with the sensitivity and the contours that were set last."""
        return self._parameters

    @property
    def scan(self) -> PetScan:
        """The PET and all that regions on it are measured with."""
        return self._scan

    @property
    def reference_levels(self) -> np.ndarray | None:
        """The vertebra of each voxel that may be a reference, 0 for none; None where they are not known."""
        return self._known.levels

    @property
    def no_reference(self) -> np.ndarray | None:
        """Voxels that are never a reference; None for none."""
        return self._known.no_reference

    @property
    def n_foci(self) -> int:
        """How many foci any setting can show at most."""
        return len(self._foci)


def _level_reference(smooth: np.ndarray, suv: Image, spine: StraightSpine | None) -> LevelReference | None:
    """The normal uptake at the other levels of the spine; None where the spine is not known or too short."""
    return None if spine is None or not spine.has_levels else LevelReference(smooth, suv.geometry, spine)


def _array_on_grid(name: str, image: Image | None, suv: Image) -> np.ndarray | None:
    """The values of an optional image.

    Raises
    ------
    ValueError
        When it lies on another grid than the SUV image.
    """
    if image is None:
        return None
    if not image.geometry.is_same_grid(suv.geometry):
        raise ValueError(f"{name} must lie on the grid of the SUV image")
    return image.array


def _clearness_factor(ratio: float) -> float:
    """What the least conspicuity is multiplied with at a ratio of the slider; 1 at the default ratio."""
    return (ratio / DEFAULT_RATIO) ** (STRICTER_POWER if ratio >= DEFAULT_RATIO else LOOSER_POWER)


def _in_order(spots: list[HotSpot]) -> list[HotSpot]:
    """Copies, hottest against their reference first, numbered from 1; physiologic ones last."""
    order = sorted(spots, key=lambda s: (s.physiologic is not None, -(s.tbr or 0.0), s.label))
    return [replace(s, label=n, flags=list(s.flags)) for n, s in enumerate(order, start=1)]


def find_hot_spots(
    suv: Image,
    parameters: HotSpotParameters,
    *,
    tissues: Image | None = None,
    levels: Image | None = None,
    organs: Image | None = None,
    organ_names: Mapping[int, str] | None = None,
    unreliable: np.ndarray | None = None,
    symmetry: SymmetryPlane | None = None,
    spine: StraightSpine | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> HotSpotResult:
    """Find, contour and measure the foci of raised uptake on a PET.

    Parameters
    ----------
    suv : Image
        SUVbw, g/ml, float32, in the PET's own frame, shape (k, j, i); NaN outside the field of view.
    parameters : HotSpotParameters
    tissues : Image of uint8, optional
        Codes of :mod:`..core.tissues` on the grid of `suv`.
    levels : Image of uint8, optional
        Number of the vertebra of each voxel (0 for none) on the grid of `suv`. The reference of a focus in a vertebra
        is then the other vertebrae.
    organs : Image of uint8, optional
        Organs with physiologic uptake (0 for none) on the grid of `suv`.
    organ_names : mapping, optional
        Name of each organ code.
    unreliable : ndarray of bool, shape of `suv`, optional
        Voxels within the margin of an implant's artifact.
    symmetry : SymmetryPlane, optional
        In the PET's frame; for the comparison of left and right and for the places of organs.
    spine : StraightSpine, optional
        In the PET's frame, as far as the MR shows it. It separates the spine from organs, and a place in the spine is
        compared with the same place at the other levels.
    progress : callable, optional
        Called with the fraction that is done (0 to 1) and a text; may raise Cancelled.

    Returns
    -------
    HotSpotResult
        At the sensitivity and with the contour method of the protocol.

    Raises
    ------
    ValueError
        When an image lies on another grid than `suv`.
    """
    detector = HotSpotDetector(
        suv,
        parameters,
        tissues=tissues,
        levels=levels,
        organs=organs,
        organ_names=organ_names,
        unreliable=unreliable,
        symmetry=symmetry,
        spine=spine,
        progress=progress,
    )
    return detector.find()
