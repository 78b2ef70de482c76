"""Find foci of raised uptake relative to their own tissue, and measure them.

One pass over the volume leaves the few per cent of voxels that any setting of the sensitivity could show, split into
foci. What the reader changes afterwards (sensitivity, contour method) works on those alone: :class:`HotSpotDetector`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..body.straight_spine import LevelReference, StraightSpine
from ..body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from ..core.image import Image
from ..core.kept import Kept
from ..core.records import HotSpot
from .body_shape import BodyShape
from .contours import METHODS, ContourParameters, methods_that_differ
from .contrast import ContrastMap
from .foci import Focus, FocusParameters, find_foci, smoothed
from .hot_discs import RATIO as DISC_RATIO
from .hot_discs import HotDisc, find_hot_discs
from .measuring import Surroundings, measure_focus
from .organ_places import PhysiologicParameters
from .peak import SphereMeans
from .reference_tissue import ReferenceField, ReferenceParameters, ReferenceValue, measure_liver, medians_of_levels

MOST_SENSITIVE = 1.2
"""The slider's lowest ratio; the first pass keeps everything that it could show."""
DEFAULT_RATIO = 1.4
"""Ratio at which significance and conspicuity hold in full (DOMAIN C.2: SUVR 1.4 to 1.5 had an accuracy of 0.93)."""
LEAST_TBR = 1.1
"""SUVpeak over the reference that any focus has; spikes of noise are diluted below it by the 1 ml sphere."""
SPILL, BESIDE_DISC_MM = 1.1, 15.0
"""How much hotter than a disc an endplate is whose uptake reaches into it, and how far its summit lies from the disc's
hottest place, at most (ours)."""
RESOLUTION_MM = 7.0
"""Edge of an independent element of a smoothed PET, for the number of places where noise could peak."""

BLADDER_RATIO = 2.5
"""Urine is at least this much hotter than marrow and blood."""
RULING_METHOD = "adaptive"
"""Contour method whose measures decide what is shown, whichever contour is drawn."""

LATE_PARAMETERS = (
    "sensitivity",
    "contour_method",
    "contour_suv",
    "contour_ratio",
    "contour_sd_factor",
    "percist_mean",
    "percist_sd",
    "shell_inner_mm",
    "shell_outer_mm",
    "contour_margin_mm",
)
"""Parameters that the first pass does not use: they can be changed without another one."""


@dataclass(frozen=True)
class HotSpotParameters:
    """Stage "hot_spots" of a protocol; see there for units, ranges and sources."""

    smoothing_fwhm_mm: float
    sensitivity: float
    z_minimum: float
    significance: float
    conspicuity: float
    volume_minimum_ml: float
    suv_minimum: float
    prominence_suv: float
    prominence_part: float
    prominence_contrast: float
    separation_mm: float
    body_suv: float
    local_radius_mm: float
    local_percentile: float
    tissue_radius_mm: float
    tissue_margin_mm: float
    hot_ratio: float
    contour_method: str
    contour_suv: float
    contour_ratio: float
    contour_sd_factor: float
    percist_mean: float
    percist_sd: float
    shell_inner_mm: float
    shell_outer_mm: float
    contour_margin_mm: float
    mirror_search_mm: float
    large_ml: float
    physiologic_volume_ml: float
    physiologic_suv: float
    urine_suv: float
    symmetric_ratio: float
    symmetric_tbr: float
    ventral_side_mm: float
    abdomen_depth: float


@dataclass(frozen=True, eq=False)
class HotSpotResult(Kept):
    """What was found.

    Parameters
    ----------
    hot_spots : list of HotSpot
        Hottest against their reference first; physiologic ones are among them, with their reason.
    references : tuple of ReferenceValue
        The table of reference values.
    noise : float
        Relative SD of contrast at joint scale in typical places of this scan: noise and unrest of normal anatomy.
    typical_suv : float
        Median SUV of typical soft tissue, g/ml.
    warnings : tuple of str
    weak : list of HotSpot
        Hottest first, flagged "weak-uptake": foci below the bar, and copies of those that only their place or likeness
        of sides makes physiologic. No candidates alone; where an MR finding lies, they tell that there is uptake.
    """

    hot_spots: list[HotSpot]
    references: tuple[ReferenceValue, ...]
    noise: float
    typical_suv: float
    warnings: tuple[str, ...]
    weak: list[HotSpot] = field(default_factory=list)


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
        progress: Callable[[float, str], None] | None = None,
    ) -> None:
        """Run the first pass; the arguments are those of :func:`find_hot_spots`."""
        report = progress or (lambda fraction, text: None)
        for name, other in (("tissues", tissues), ("levels", levels), ("organs", organs)):
            if other is not None and not other.geometry.is_same_grid(suv.geometry):
                raise ValueError(f"{name} must lie on the grid of the SUV image")
        self._suv, self._parameters = suv, parameters
        self._tissues = None if tissues is None else tissues.array
        self._levels = None if levels is None else levels.array
        self._organs = None if organs is None else organs.array
        self._organ_names = dict(organ_names or {})
        self._unreliable, self._symmetry, self._spine = unreliable, symmetry, spine
        self.warnings: list[str] = []
        p = parameters
        report(0.0, "Smoothing the PET for detection")
        smooth = smoothed(suv, p.smoothing_fwhm_mm, p.body_suv)
        report(0.3, "Measuring reference tissue")
        excluded = None if self._organs is None else self._organs > 0
        if unreliable is not None:
            excluded = unreliable if excluded is None else excluded | unreliable
        self.references = ReferenceField(
            smooth,
            suv.geometry,
            ReferenceParameters(
                p.body_suv, p.local_radius_mm, p.local_percentile, p.tissue_radius_mm, p.hot_ratio, p.tissue_margin_mm
            ),
            self._tissues,
            excluded,
            symmetry if symmetry is not None and symmetry.quality >= RELIABLE_QUALITY else None,
        )
        self._level_medians = medians_of_levels(smooth, self._levels, self._tissues)
        self._liver = measure_liver(suv, self._organs, self._organ_names)
        report(0.5, "Looking for foci")
        self._contrast = ContrastMap(suv, p.body_suv)
        self._foci: list[Focus] = []
        owner = np.zeros(0, dtype=np.int32)
        self._noise = 0.0
        if np.isfinite(self.references.typical):
            self._noise = self._contrast.typical_noise / self.references.typical
            self._foci, owner = find_foci(suv, smooth, self.references, self._contrast, self._focus_parameters())
        else:
            self.warnings.append("The PET shows no body: no voxel has an SUV above the body threshold.")
        self._discs: dict[int, HotDisc] = {}
        if spine is not None and owner.size:
            self._add_discs(find_hot_discs(smooth, suv.geometry, spine), owner)
        self._around = self._surroundings(smooth, owner)
        if symmetry is not None and symmetry.quality < RELIABLE_QUALITY:
            self.warnings.append("The plane of symmetry is uncertain: left and right are not compared.")
        self._measured: dict[tuple[int, str], HotSpot | None] = {}
        report(1.0, "Foci found")

    def _focus_parameters(self) -> FocusParameters:
        p = self._parameters
        return FocusParameters(
            MOST_SENSITIVE,
            self._least_z(MOST_SENSITIVE),
            p.z_minimum,
            LEAST_TBR,
            p.volume_minimum_ml,
            p.suv_minimum,
            p.prominence_suv,
            p.prominence_part,
            p.prominence_contrast,
            p.separation_mm,
            p.hot_ratio * self.references.typical,
        )

    def _add_discs(self, discs: Sequence[HotDisc], owner: np.ndarray) -> None:
        """Take hot discs up: as the focus whose summit lies in the disc, or in a vertebra beside it and reaches to the
        disc's hottest place, else as a focus of their own. The owner map changes in place."""
        numbers = owner.reshape(-1)
        for disc in discs:
            inside = [n for n, focus in enumerate(self._foci, 1) if focus.peak_flat in disc.focus.flat]
            number = max(inside, key=lambda n: self._foci[n - 1].top, default=int(numbers[disc.focus.peak_flat]))
            if number and not inside:
                ends = np.array([self._foci[number - 1].peak_flat, disc.focus.peak_flat])
                summit, hottest = self._suv.geometry.flat_to_ras(ends)
                is_spill = self._foci[number - 1].top >= SPILL * disc.focus.top
                number = number if is_spill and np.linalg.norm(summit - hottest) <= BESIDE_DISC_MM else 0
            is_new = not number
            if not is_new:
                # The summit tells its own outline better than a disc's place does.
                focus = self._foci[number - 1]
                more = replace(focus, ratio=max(focus.ratio, disc.focus.ratio), z=np.inf)
                self._foci[number - 1] = replace(more, reference=disc.focus.reference) if inside else more
            else:
                self._foci.append(disc.focus)
                number = len(self._foci)
                numbers[disc.focus.flat] = number
            self._discs[number] = replace(disc, is_inside=bool(inside) or is_new)

    def _surroundings(self, smooth: np.ndarray, owner: np.ndarray) -> Surroundings:
        p, suv, spine = self._parameters, self._suv, self._spine
        contour = self._contour_parameters()
        body = BodyShape(smooth, suv.geometry, p.body_suv, self._symmetry, spine)
        body.look_for_bladder(smooth, suv.geometry, self._foci, BLADDER_RATIO * self.references.rich)
        return Surroundings(
            suv,
            SphereMeans(suv),
            owner,
            body,
            self.references.typical,
            self.references.rich,
            self._symmetry,
            self._tissues,
            self._organs,
            self._organ_names,
            self._unreliable,
            contour,
            PhysiologicParameters(
                p.physiologic_volume_ml,
                p.physiologic_suv,
                p.urine_suv,
                p.symmetric_ratio,
                p.symmetric_tbr,
                p.ventral_side_mm,
                p.abdomen_depth,
            ),
            p.mirror_search_mm,
            p.large_ml,
            None if spine is None or not spine.has_levels else LevelReference(smooth, suv.geometry, spine),
        )

    def _contour_parameters(self) -> ContourParameters:
        p = self._parameters
        liver_mean, liver_sd = self._liver or (p.percist_mean, p.percist_sd)
        return ContourParameters(
            p.contour_suv,
            p.contour_ratio,
            p.contour_sd_factor,
            liver_mean,
            liver_sd,
            p.shell_inner_mm,
            p.shell_outer_mm,
            p.contour_margin_mm,
            self.references.typical,
            p.hot_ratio * self.references.typical,
        )

    def _reference_of(self, focus: Focus) -> tuple[float, str]:
        """Reference and its name: the other vertebrae for a focus in a vertebra, else the field's value."""
        if self._level_medians:
            here = np.bincount(self._levels.reshape(-1)[focus.core], minlength=2)
            level = int(here.argmax())
            others = [median for number, median in self._level_medians.items() if number != level]
            if level > 0 and others:
                return max(float(np.median(others)), 1e-3), "other vertebrae"
        return focus.reference, self.references.name_of(focus.code)

    def _least_z(self, ratio: float) -> float:
        """Height of a focus that noise does not reach by chance anywhere in this body: sqrt(2 ln N) of N places.

        It rises and falls with the slider: what is asked to be further above its reference is asked to be surer, too.
        """
        places = max(2.0, self.references.body_ml * 1000.0 / RESOLUTION_MM**3)
        full = self._parameters.significance * math.sqrt(2.0 * math.log(places))
        return full * (ratio - 1.0) / (DEFAULT_RATIO - 1.0)

    def find(self, sensitivity: float | None = None, contour_method: str | None = None) -> HotSpotResult:
        """The hot spots at a sensitivity (ratio to the reference, 1.2 to 2.0) and with a contour method.

        A lower ratio shows all that a higher one shows, and more.
        """
        p = self._parameters
        ratio = max(MOST_SENSITIVE, p.sensitivity if sensitivity is None else sensitivity)
        method = contour_method or p.contour_method
        if method not in METHODS:
            raise ValueError(f"contour_method must be one of {tuple(METHODS)}, not {method!r}")
        shown, weak = [], []
        below = 0
        for number in range(1, len(self._foci) + 1):
            level = self._level(number, ratio)
            if level is None:
                continue
            spot = self._measure(number, method)
            if spot is None:
                below += level
            elif level:
                shown.append(spot)
            if spot is not None and ((spot.physiologic is None and not level) or "usual-place" in spot.flags):
                weak.append(spot)
        warnings = list(self.warnings)
        if method == "percist" and self._liver is None:
            warnings.append("No liver was measured: PERCIST uses the protocol's normal liver.")
        if below:
            warnings.append(f"{below} foci lie wholly below the contour's threshold and are not shown.")
        shown = _in_order(shown)
        faint = [replace(s, physiologic=None, flags=[*s.flags, "weak-uptake"]) for s in weak]
        return HotSpotResult(
            shown,
            tuple(self.references.table),
            self._noise,
            self.references.typical,
            tuple(warnings),
            _in_order(faint),
        )

    def _level(self, number: int, ratio: float) -> bool | None:
        """True for a focus that is shown at a ratio, False for one that only the most sensitive setting shows.

        None for one that no setting shows. The bars are the same for all contour methods.
        """
        if self._passes(number, ratio):
            return True
        return False if self._passes(number, MOST_SENSITIVE) else None

    def _passes(self, number: int, ratio: float) -> bool:
        """True when a focus is high, sure and clear enough, or physiologic.

        The bars rise and fall with the slider: what is asked to be further above its reference is asked to be surer
        and clearer, too.
        """
        focus = self._foci[number - 1]
        if focus.ratio < ratio or focus.z < self._least_z(ratio):
            return False
        spot = self._measure(number, RULING_METHOD)
        if spot is None or spot.physiologic is not None:
            return spot is not None
        disc, factor = self._discs.get(number), _clearness_factor(ratio)
        if disc is not None and (disc.ratio / DISC_RATIO) ** 2 >= factor:
            return True
        return (spot.conspicuity or 0.0) >= self._parameters.conspicuity * factor

    def _measure(self, number: int, method: str) -> HotSpot | None:
        key = (number, method)
        if key not in self._measured:
            self._measured[key] = self._measured_spot(number, method)
        return self._measured[key]

    def _measured_spot(self, number: int, method: str) -> HotSpot | None:
        focus = self._foci[number - 1]
        disc = self._discs.get(number)
        in_disc = disc is not None and disc.is_inside
        reference, name = (focus.reference, "other discs") if in_disc else self._reference_of(focus)
        return measure_focus(self._around, number, focus, method, reference, name)

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
        contour = self._contour_parameters()
        changed = methods_that_differ(contour, self._around.contour)
        self._around = replace(self._around, contour=contour)
        self._measured = {key: spot for key, spot in self._measured.items() if key[1] not in changed}

    def serves(self, parameters: HotSpotParameters) -> bool:
        """True when `parameters` differ only in what :meth:`find` and the contours use."""
        same = {name: getattr(self._parameters, name) for name in LATE_PARAMETERS}
        return replace(parameters, **same) == self._parameters

    @property
    def around(self) -> Surroundings:
        """What foci are measured on, for outlines drawn by hand."""
        return self._around

    @property
    def n_foci(self) -> int:
        """How many foci any setting can show at most."""
        return len(self._foci)

    def reference_of(self, focus: Focus) -> tuple[float, str]:
        """Reference of a focus, g/ml, and its name."""
        return self._reference_of(focus)


def _clearness_factor(ratio: float) -> float:
    """What the least conspicuity is multiplied with at a place of the slider; 1 at the default.

    Above, a focus that much hotter is asked to be that much clearer. Below, all is let through that might be a focus.
    """
    return (ratio / DEFAULT_RATIO) ** (1 if ratio >= DEFAULT_RATIO else 3)


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
        SUVbw, g/ml, float32, in the PET's own frame; NaN outside the field of view.
    parameters : HotSpotParameters
    tissues : Image of uint8, optional
        Codes of :mod:`tissues` on the grid of `suv`.
    levels : Image of uint8, optional
        Number of the vertebra of each voxel (0 none) on the grid of `suv`: the other vertebrae are its reference.
    organs : Image of uint8, optional
        Organs with physiologic uptake (0 none) on the grid of `suv`.
    organ_names : mapping, optional
        Name of each organ code.
    unreliable : ndarray of bool, optional
        Voxels within the margin of an implant's artefact.
    symmetry : SymmetryPlane, optional
        For left-right comparison and for places of organs.
    spine : StraightSpine, optional
        In the PET's frame, as far as the MR shows it: tells the spine from organs, and its other levels are its
        reference.
    progress : callable, optional
        Called with the done fraction and a text; may raise Cancelled.

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
