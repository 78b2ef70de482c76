"""What uptake is normal at a place: robust references from matched tissue, or from the surroundings.

The uptake of a focus is compared with tissue of its own kind near by, as readers do with matched reference regions
(van den Berg, thesis, TU Delft), because absolute uptake differs between people, ages and scanners. Where a tissue map
gives the tissue, the reference is the median of the same tissue within some centimeters. Elsewhere it is an upper
percentile of the surroundings: with a median, every vertebra would be called hot that lies among muscle.

All references are taken from cells, which are means over blocks of voxels. So cost and noise stay small.

No tissue class is believed alone. :mod:`.reference_norms` says which values can be; a tissue whose values cannot be is
refused, something else is taken, and :attr:`ReferenceField.warnings` tells the reader both. Marrow is taken from deep
inside the bone (:mod:`.deep_tissue`), as its edge is mixed with its surroundings by the blur of the PET.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from ..body import distances
from ..body.symmetry import SymmetryPlane
from ..core import tissues as tissue_codes
from ..core.constants import MAD_TO_SD
from ..core.histogram import modes
from ..core.image import Geometry
from ..core.kept import Kept
from .deep_tissue import is_deep, layers
from .reference_cells import (
    MIN_CELLS,
    CompactParameters,
    Field,
    OneSidedParameters,
    ball_percentile,
    body_cells,
    cell_grid,
    cells_of,
    compact,
    interpolate,
    mirrored,
    one_sided,
)
from .reference_norms import (
    LEAST_INSIDE,
    MEASURED,
    REFUSED,
    TYPICAL,
    USED,
    VERTEBRAE,
    Comparison,
    PlausibleParameters,
    TissueOnPet,
    doubt,
)
from .structure_uptake import OrganUptake, medians_of_levels

TISSUE_CELL_MM = 16.0
"""Edge of a cell for known tissue, whose reference comes from farther away, mm."""
MATCHED_TISSUES = (tissue_codes.MARROW, tissue_codes.MUSCLE, tissue_codes.DISC)
"""Tissues with a reference of their own. Fat, fluid, void and viscera are compared with their surroundings."""
BONE_RADIUS_MM = distances.SAME_BONE_RADIUS.value
"""Marrow within this distance, mm, is the reference of marrow."""
MIN_CELL_FILL = 0.1
"""Lower bound for the voxels of a tissue in a cell, as a part of those in the fullest cell. Our estimate."""
UPPER = "upper quarter of the body"
"""Name of the reference that is taken when lean tissue gives none: the upper quartile of the body in view."""
BODY = "whole body"
"""Name of the reference that is taken when that gives none either: the median of the body in view."""
UPPER_PERCENTILE = 75.0
"""The upper quartile as a percentile."""
COMPARED_ONLY = ("fat", "blood")
"""Tissues that other references are compared with at most: when they are refused, the table says so, and no result
changes."""
TABLE_ORDER = ("marrow", VERTEBRAE, "muscle", "disc", TYPICAL, UPPER, BODY, "fat", "blood", "liver")
"""The order of the table of reference values."""
SURROUNDINGS = "surroundings"
"""Name of the reference where the tissue is not known."""
TYPICAL_ROUNDS = 5
"""How often the typical tissue is taken anew without the cells that are too hot; it has settled by then."""
LEAN_WIDTH = 0.1
"""Width of one tissue in the histogram of cells, in log units. Our estimate: cells of one tissue vary by 10 to 15
percent."""
LEAN_PART = 0.15
"""Lower bound for the frequency of a tissue, as a part of the most frequent one's. Our estimate."""
FAT_SUV = 0.4
"""Up to this SUV a peak in the histogram is fat where another lies above it, g/ml. Our estimate: subcutaneous fat has
0.2 to 0.4, and the muscle of adults more."""
TYPICAL_SPREAD = 0.5
"""Cells that differ from typical tissue by less than this part of it are those whose spread is reported."""
MEDIAN = 50.0
"""The median as a percentile."""
LEAST_SUV = 1e-6
"""Lower bound for a reference that is divided by, g/ml."""
LEAST_CHOSEN_ML = 1.0
"""Lower bound of what a reader leaves of a tissue for it to be a reference, ml: less than of a tissue that the program
takes, as the reader saw what it is. Our choice: the volume of the sphere of SUVpeak."""
LEAST_DEEP_VOXELS = 4
"""Lower bound for the voxels deep inside a bone in a cell, for the cell to count. Our estimate."""
CHUNK_POINTS = 1 << 19
"""How many voxels get their reference at once; it bounds the memory."""
MOST_TISSUE_VOXELS = 4_000_000
"""Upper bound for the voxels of a tissue that are looked at; it bounds the memory. With voxels of 2 mm they are 35
liters, so that every voxel counts."""
SAMPLE_VOXELS = 60_000
"""About how many voxels of a tissue its spread is taken from; more cost time and change nothing."""


@dataclass(frozen=True, kw_only=True)
class ReferenceParameters:
    """How references are taken: section "hot_spots.reference" of a protocol; see there for units and sources."""

    body_suv: float
    local_radius_mm: float
    local_percentile: float
    tissue_radius_mm: float
    tissue_margin_mm: float
    tissue_minimum_ml: float
    hot_cell_ratio: float
    typical_ratio: float
    rich_ratio_least: float
    rich_ratio_most: float
    rich_percentile: float
    rich_least: float
    rich_most: float
    hot_ratio: float
    plausible: PlausibleParameters
    one_sided: OneSidedParameters
    compact: CompactParameters


@dataclass(frozen=True)
class ReferenceValue(Kept):
    """One line of the table of reference values.

    Parameters
    ----------
    name : str
        Of the tissue.
    median : float
        SUV, g/ml.
    spread : float
        Robust standard deviation of voxels about their local reference (1.4826 MAD), g/ml.
    volume_ml : float
        How much tissue it was taken from.
    status : str
        :data:`.reference_norms.USED`, :data:`.reference_norms.MEASURED` or :data:`.reference_norms.REFUSED`.
    note : str
        Why it was refused, and what is taken instead; empty for the others.
    """

    name: str
    median: float
    spread: float
    volume_ml: float
    status: str = USED
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class KnownTissues:
    """What is known about the tissues of a scan; all arrays have the shape of the PET.

    Parameters
    ----------
    tissues : ndarray of uint8, optional
        Codes of :mod:`..core.tissues`.
    levels : ndarray of uint8, optional
        Number of the vertebra of each voxel, 0 for none.
    excluded : ndarray of bool, optional
        Voxels that are no part of a reference: organs, and the margin of an implant.
    left_out : ndarray of bool, optional
        Voxels that the reader took out of the references. Whether a tissue can be what it is called is judged with
        them, as they say nothing about the map.
    organs : mapping of str to OrganUptake
        Of ``liver`` and ``blood``, where they were measured.
    """

    tissues: np.ndarray | None = None
    levels: np.ndarray | None = None
    excluded: np.ndarray | None = None
    left_out: np.ndarray | None = None
    organs: Mapping[str, OrganUptake] = field(default_factory=dict)

    @property
    def no_reference(self) -> np.ndarray | None:
        """All voxels that are no part of a reference; None for none."""
        masks = [mask for mask in (self.excluded, self.left_out) if mask is not None]
        return np.logical_or.reduce(masks) if masks else None


@dataclass(frozen=True, eq=False)
class _Sample:
    """The voxels of a tissue that have a value: flat indices and SUV (g/ml), both of shape (n,).

    `step` is 1 when all of them were taken, and n when every n-th was.
    """

    flat: np.ndarray
    values: np.ndarray
    shown: TissueOnPet
    volume_ml: float
    step: int = 1


@dataclass(frozen=True, eq=False)
class _Lean:
    """What the PET alone shows of lean tissue, from the mean SUV of its cells.

    Parameters
    ----------
    value : float
        SUV of lean tissue, g/ml; NaN where the PET shows no body.
    upper, middle : float
        Upper quartile and median of all tissue that is no hot organ and no mass, g/ml.
    means : ndarray, shape (n,)
        Of all cells, g/ml.
    """

    value: float
    upper: float
    middle: float
    means: np.ndarray

    @classmethod
    def of(cls, means: np.ndarray, most_ratio: float) -> _Lean:
        """Take it from the mean SUV of cells, shape (n,), g/ml.

        The SUV of cells gathers about that of fat, of muscle and of richer tissue, and cells at their borders lie
        between. Muscle is the first such peak that is no fat. Where most of the view is air, lung, liver or a mass, a
        median would be that of air, lung, liver or mass.
        """
        if not means.size:
            return cls(float("nan"), float("nan"), float("nan"), means)
        middle = float(np.median(means))
        kept = means
        for _ in range(TYPICAL_ROUNDS):
            kept = means[means < most_ratio * middle]
            middle = float(np.median(kept))
        peaks = np.exp(modes(np.log(means), LEAN_WIDTH, LEAN_PART))
        above = peaks[peaks > FAT_SUV]
        peak = float(above[0] if above.size else peaks[-1])
        near = means[np.abs(np.log(means / peak)) < LEAN_WIDTH]
        upper = float(np.percentile(kept, UPPER_PERCENTILE))
        return cls(float(np.median(near)) if near.size else peak, upper, middle, means)

    def spread_about(self, value: float) -> float:
        """Robust standard deviation of the cells about an SUV, of those not far from it, g/ml."""
        usual = self.means[np.abs(self.means - value) < TYPICAL_SPREAD * value]
        return MAD_TO_SD * float(np.median(np.abs(usual - value))) if usual.size else 0.0


class ReferenceField:
    """The normal uptake at any voxel of a scan.

    Attributes
    ----------
    table : list of ReferenceValue
        For the report; refused ones are among them.
    warnings : list of str
        What was refused, why, and what is taken instead, in whole sentences.
    typical : float
        SUV of the typical soft tissue of this scan, g/ml; no reference is lower. NaN where the PET shows no body.
    is_plausible : bool
        False where not even the typical soft tissue has an SUV that can be: then no ratio means anything.
    rich : float
        SUV of normal tissues with much uptake, g/ml: marrow, blood, bowel wall. Unknown tissue may be one of them.
    body_ml : float
        Volume of the body in view, ml.
    level_medians : dict of int to float
        Median SUV of the marrow of each vertebra, by its number, g/ml; empty where they are not known or refused.
    seen_medians : dict of int to float
        The same of whole vertebrae with their edge, where the PET shows less.
    """

    def __init__(
        self,
        smooth: np.ndarray,
        geometry: Geometry,
        parameters: ReferenceParameters,
        known: KnownTissues | None = None,
        symmetry: SymmetryPlane | None = None,
        *,
        noise: float = 0.0,
        depth_mm: float = 0.0,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        """Take the references of a scan.

        Parameters
        ----------
        smooth : ndarray of float32, shape (k, j, i)
            SUV smoothed for detection; NaN outside the field of view.
        geometry : Geometry
        parameters : ReferenceParameters
        known : KnownTissues, optional
        symmetry : SymmetryPlane, optional
            With it, marrow is compared with the same bone of the other side, too. Beside an implant there may be no
            other marrow.
        noise : float
            Standard deviation of the local contrast (:attr:`.contrast.ContrastMap.typical_noise`), g/ml.
        depth_mm : float
            Marrow deeper than this is free of its surroundings (:func:`.deep_tissue.depth_of`), mm.
        refused : mapping of str to str, optional
            Names of tissues that are refused whatever their values, each with the reason.
        """
        self._geometry, self._parameters, self._symmetry = geometry, parameters, symmetry
        self._known, self._depth_mm, self._refused = known or KnownTissues(), depth_mm, dict(refused or {})
        self._tissues = self._known.tissues
        self.table: list[ReferenceValue] = []
        self.warnings: list[str] = []
        means, volume, cells = body_cells(smooth, geometry, parameters.body_suv, self._known.no_reference)
        self._lean = _Lean.of(means[np.isfinite(means)], parameters.typical_ratio)
        self.body_ml = float(volume.sum())
        self._compared = Comparison(noise=noise, lean=self._lean.value)
        self._measure_organs()
        self._tissue_fields: dict[int, Field] = {}
        self._medians: dict[str, float] = {}
        if self._tissues is not None:
            self._take_tissues(smooth, self._tissues)
        self.typical, self.is_plausible = self._take_typical()
        self.level_medians = self._take_levels(smooth)
        self.seen_medians = self._seen_levels(smooth)
        marrow = self._medians.get("marrow", 0.0)
        self.rich = _rich(means[np.isfinite(means)], self.typical, marrow, parameters)
        self._surroundings = Field(SURROUNDINGS, self._around(means, cells), cells)
        self.table.sort(key=lambda row: TABLE_ORDER.index(row.name))

    @property
    def liver(self) -> tuple[float, float] | None:
        """Mean and standard deviation of the liver, g/ml; None where it was not measured or cannot be."""
        for row in self.table:
            if row.name == "liver" and row.status == MEASURED:
                return row.median, row.spread
        return None

    def _measure_organs(self) -> None:
        """Put liver and blood into the table; blood that can be is compared with muscle."""
        for name, organ in self._known.organs.items():
            row = ReferenceValue(name, organ.mean, organ.sd, organ.volume_ml, MEASURED)
            reason = doubt(TissueOnPet(name, organ.mean, organ.sd), self._compared, self._parameters.plausible)
            if reason is not None:
                self._refuse(row, reason)
                continue
            self.table.append(row)
            if name == "blood":
                self._compared = replace(self._compared, blood=organ.mean)

    def _take_tissues(self, smooth: np.ndarray, tissues: np.ndarray) -> None:
        """Take the reference of each tissue that is there and can be what it is called."""
        # Muscle before marrow, which is compared with it.
        for code in (tissue_codes.FAT, tissue_codes.MUSCLE, tissue_codes.MARROW, tissue_codes.DISC):
            sample = self._sample(code, smooth, tissues)
            if sample is None:
                continue
            name, shown = tissue_codes.NAMES[code], sample.shown
            reason = self._refused.get(name) or doubt(shown, self._compared, self._parameters.plausible)
            if reason is not None:
                row = ReferenceValue(name, shown.median, shown.spread, sample.volume_ml)
                self._refuse(row, reason, self._instead(name))
                continue
            if code == tissue_codes.FAT:
                self.table.append(ReferenceValue(name, shown.median, shown.spread, sample.volume_ml, MEASURED))
                continue
            self._add_tissue(code, sample, tissues)
            if code == tissue_codes.MUSCLE:
                self._compared = replace(self._compared, muscle=self._medians[name])

    def _instead(self, name: str) -> str:
        """What is taken instead of a tissue, in words."""
        if name == "fat":
            return ""
        if name == "muscle":
            return f"the lean tissue that the PET alone shows ({self._lean.value:.2g} g/ml)"
        return "the surroundings of each place"

    def _refuse(self, row: ReferenceValue, reason: str, instead: str = "") -> None:
        """Enter a refused tissue into the table and, when something rests on it, into the warnings."""
        self.table.append(replace(row, status=REFUSED, note=f"{reason}; instead: {instead or 'nothing'}"))
        taken = f"Foci are compared with {instead} instead." if instead else "It is not used."
        if row.name not in COMPARED_ONLY:
            self.warnings.append(f"PET reference: {row.name} is refused, as {reason}. {taken}")

    def _sample(self, code: int, smooth: np.ndarray, tissues: np.ndarray) -> _Sample | None:
        """The voxels of a tissue; None where there are too few."""
        p = self._parameters
        there = tissues.reshape(-1) == code
        there &= np.isfinite(smooth.reshape(-1))
        if self._known.excluded is not None:
            there &= ~self._known.excluded.reshape(-1)
        # A class that fills half of the view needs gigabytes; every n-th voxel of it says the same.
        step = 1 + int(np.count_nonzero(there)) // MOST_TISSUE_VOXELS
        flat = np.flatnonzero(there[::step]) * step
        values = smooth.reshape(-1)[flat]
        volume = self._ml(flat, step)
        if volume < p.tissue_minimum_ml:
            return None
        shown = TissueOnPet.of(tissue_codes.NAMES[code], values, p.body_suv)
        usual = self._usual(values)
        if np.count_nonzero(usual) >= LEAST_INSIDE * len(values) and self._ml(usual, step) >= p.tissue_minimum_ml:
            flat, values = flat[usual], values[usual]
            shown = replace(TissueOnPet.of(shown.name, values, p.body_suv), in_body=shown.in_body)
        if self._known.left_out is not None:
            kept = ~self._known.left_out.reshape(-1)[flat]
            flat, values = flat[kept], values[kept]
            if self._ml(flat, step) < min(p.tissue_minimum_ml, LEAST_CHOSEN_ML):
                return None
        return _Sample(flat, values, shown, volume, step)

    def _usual(self, values: np.ndarray) -> np.ndarray:
        """Which voxels of a tissue, shape (n,), lie in the body and in no focus: foci are no part of a reference."""
        usual = inside = values > self._parameters.body_suv
        for _ in range(TYPICAL_ROUNDS):
            if not usual.any():
                break
            usual = inside & (values < self._parameters.typical_ratio * float(np.median(values[usual])))
        return usual

    def _take_typical(self) -> tuple[float, bool]:
        """The SUV of typical soft tissue, and whether it can be.

        It is that of muscle. Where muscle is unknown or refused, it is that of the lean tissue on the PET, then the
        upper quartile or the median of the whole body.
        """
        lean = self._lean
        if "muscle" in self._medians:
            value = self._medians["muscle"]
            self.table.append(ReferenceValue(TYPICAL, value, lean.spread_about(value), self.body_ml))
            return value, True
        if not np.isfinite(lean.value):
            return lean.value, False
        choices = ((TYPICAL, lean.value), (UPPER, lean.upper), (BODY, lean.middle))
        for number, (name, value) in enumerate(choices, start=1):
            shown = TissueOnPet(TYPICAL, value)
            reason = self._refused.get(name) or doubt(shown, self._compared, self._parameters.plausible)
            row = ReferenceValue(name, value, lean.spread_about(value), self.body_ml)
            if reason is None:
                self.table.append(row)
                return value, True
            others = [f"the {name} ({value:.2g} g/ml)" for name, value in choices[number : number + 1]]
            self._refuse(row, reason, *others)
        return lean.value, False

    def _take_levels(self, smooth: np.ndarray) -> dict[int, float]:
        """The medians of the vertebrae, when they can be those of marrow."""
        medians, volume = medians_of_levels(smooth, self._geometry, self._known.levels, self._tissues, self._depth_mm)
        if not medians:
            return {}
        values = np.array(list(medians.values()))
        shown = TissueOnPet(VERTEBRAE, float(np.median(values)))
        spread = MAD_TO_SD * float(np.median(np.abs(values - shown.median)))
        row = ReferenceValue(VERTEBRAE, shown.median, spread, volume)
        compared = replace(self._compared, muscle=self.typical)
        reason = self._refused.get(VERTEBRAE) or doubt(shown, compared, self._parameters.plausible)
        if reason is not None:
            self._refuse(row, reason, "the tissue around each place")
            return {}
        self.table.append(row)
        return medians

    def _seen_levels(self, smooth: np.ndarray) -> dict[int, float]:
        """The medians of whole vertebrae, when those of their marrow are used."""
        if not self.level_medians:
            return {}
        return medians_of_levels(smooth, self._geometry, self._known.levels, self._tissues)[0]

    def _around(self, means: np.ndarray, cells: Geometry) -> np.ndarray:
        """The reference of unknown tissue in each cell: an upper percentile of the cells around it, g/ml."""
        p = self._parameters
        cap = p.hot_ratio * self.typical
        # Cells that are hot throughout are organs or masses: never a reference, however many there are.
        left_out = means > p.hot_cell_ratio * cap
        left_out |= compact(np.where(left_out, np.nan, means), cells, p.local_percentile, p.compact, self._symmetry)
        if self._symmetry is not None:
            left_out |= one_sided(means, cells, self._symmetry, p.one_sided)
        local = np.where(left_out, np.nan, means)
        values = ball_percentile([local], cells, p.local_radius_mm, p.local_percentile)
        around: np.ndarray = np.clip(values, self.typical, cap)
        return around

    def at(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The reference of voxels.

        Near the border of two tissues the higher reference holds: what spills over from the hotter one is no focus.

        Parameters
        ----------
        flat : ndarray of int64, shape (n,)
            Flat C-order indices of voxels.

        Returns
        -------
        values : ndarray of float32, shape (n,)
            Reference SUV, g/ml.
        codes : ndarray of uint8, shape (n,)
            The tissue that it was taken from; UNKNOWN for the surroundings.
        """
        parts = [self._at(flat[first : first + CHUNK_POINTS]) for first in range(0, max(len(flat), 1), CHUNK_POINTS)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _at(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The reference of voxels, all at once; see :meth:`at`."""
        points = self._geometry.flat_to_ras(flat)
        values = interpolate(self._surroundings, points)
        codes = np.zeros(len(flat), dtype=np.uint8)
        if self._tissues is None or not self._tissue_fields:
            return values, codes
        around = values.copy()
        near = self._tissues_near(flat, self._tissues)
        known = np.zeros(len(flat), dtype=bool)
        own = self._tissues.reshape(-1)[flat]
        for code, tissue in self._tissue_fields.items():
            chosen = np.flatnonzero(near & np.uint8(1 << code))
            value = np.maximum(self._normal(tissue, flat[chosen], points[chosen], code), self.typical)
            # Marrow is the hottest normal tissue of the skeleton: where the marrow of the map is colder than its
            # surroundings, the map took something else for marrow. And a voxel of unknown tissue may be anything.
            unsure = (code == tissue_codes.MARROW) | ~np.isin(own[chosen], MATCHED_TISSUES)
            value = np.where(unsure, np.maximum(value, around[chosen]), value)
            higher = ~known[chosen] | (value > values[chosen])
            chosen, value = chosen[higher], value[higher]
            values[chosen], codes[chosen] = value, code
            known[chosen] = True
        return values, codes

    def _normal(self, tissue: Field, flat: np.ndarray, points: np.ndarray, code: int) -> np.ndarray:
        """The uptake that a tissue normally shows at voxels, g/ml.

        Deep inside a bone that is the uptake of marrow. At its edge and in thin bone the PET shows less, as it blurs
        marrow and its surroundings. A focus there would be missed beside the uptake of marrow itself.
        """
        values = interpolate(tissue, points)
        if code != tissue_codes.MARROW or self._tissues is None or self._depth_mm <= 0:
            return values
        deep = is_deep(flat, self._tissues, self._geometry, self._depth_mm)
        deep &= self._tissues.reshape(-1)[flat] == code
        values[deep] = interpolate(self._marrow, points[deep])
        return values

    def matched(self, flat: int, code: int, found: float, *, in_spine: bool = False) -> float:
        """The reference that a focus is reported with.

        Parameters
        ----------
        flat : int
            Flat index of its maximum.
        code : int
            Tissue of its reference.
        found : float
            The reference that it was found with, g/ml.
        in_spine : bool
            Whether it lies in the spine. The marrow of neighboring vertebrae is alike, so that a vertebral arch, which
            is thin, is compared with the vertebral bodies; elsewhere red and yellow marrow differ between bones.

        Returns
        -------
        float
            In g/ml. For a focus in marrow that of marrow itself, also at the edge of a bone; else `found`.
        """
        if code != tissue_codes.MARROW or code not in self._tissue_fields:
            return found
        points = self._geometry.flat_to_ras(np.array([flat]))
        field_here = self._spine_marrow if in_spine else self._marrow
        return max(found, float(interpolate(field_here, points)[0]))

    def of_tissue(self, flat: int, code: int, *, in_spine: bool = False) -> tuple[float, str]:
        """The normal uptake at a voxel whose tissue is known, whatever the tissue map has there.

        Parameters
        ----------
        flat : int
            Flat index of the voxel.
        code : int
            Of its tissue.
        in_spine : bool
            As in :meth:`matched`.

        Returns
        -------
        value : float
            In g/ml; at least the typical soft tissue. Where the tissue has no reference, that of :meth:`at`.
        name : str
            As it is reported.
        """
        if code not in self._tissue_fields:
            values, codes = self.at(np.array([flat]))
            return float(values[0]), self.name_of(int(codes[0]), in_spine=in_spine)
        tissue = self._tissue_fields[code]
        if code == tissue_codes.MARROW:
            tissue = self._spine_marrow if in_spine else self._marrow
        value = float(interpolate(tissue, self._geometry.flat_to_ras(np.array([flat])))[0])
        return max(value, self.typical), self.name_of(code, in_spine=in_spine)

    def name_of(self, code: int, *, in_spine: bool = False) -> str:
        """Name of the reference from a tissue, as it is reported."""
        if code not in self._tissue_fields:
            return SURROUNDINGS
        if code == tissue_codes.MARROW and not in_spine:
            sides = "" if self._symmetry is None else ", both sides"
            return f"{tissue_codes.NAMES[code]} within {BONE_RADIUS_MM / 10:g} cm{sides}"
        return f"{tissue_codes.NAMES[code]} within {self._parameters.tissue_radius_mm / 10:.0f} cm"

    def _add_tissue(self, code: int, sample: _Sample, tissues: np.ndarray) -> None:
        """Take the field of a tissue that can be what it is called, and enter it into the table."""
        p, geometry = self._parameters, self._geometry
        flat, values = sample.flat, sample.values
        name = tissue_codes.NAMES[code]
        depths = [np.ones(flat.size, dtype=bool)]
        if code == tissue_codes.MARROW:
            depths = layers(flat, tissues, geometry, self._depth_mm)
        enough = [chosen for chosen in depths if self._ml(chosen, sample.step) >= p.tissue_minimum_ml]
        deepest = enough[-1] if enough else depths[0]
        middle = float(np.median(values[deepest]))
        cells, _ = cell_grid(geometry, TISSUE_CELL_MM)
        all_means = [self._cell_means(flat[chosen], values[chosen], middle, n) for n, chosen in enumerate(depths)]
        made = [ball_percentile([all_means[0]], cells, p.tissue_radius_mm, MEDIAN)]
        if code == tissue_codes.MARROW:
            # The deeper a cell is, the less it holds of the surroundings; the edge counts where a bone is thin.
            for means in all_means:
                sides = [means] if self._symmetry is None else [means, mirrored(means, cells, self._symmetry)]
                made.append(ball_percentile(sides, cells, BONE_RADIUS_MM, MEDIAN, elsewhere=made[-1]))
            self._marrow = Field(name, made[-1], cells)
            # One cell more, as a value is interpolated between the middles of cells.
            bone = ndimage.binary_dilation(np.isfinite(all_means[0]), np.ones((3, 3, 3)))
            far = ball_percentile([all_means[-1]], cells, p.tissue_radius_mm, MEDIAN, elsewhere=made[-1], where=bone)
            self._spine_marrow = Field(name, far, cells)
        self._tissue_fields[code] = Field(name, made[min(1, len(made) - 1)], cells)
        field_made = Field(name, made[-1], cells)
        self._medians[name] = middle
        sampled = np.flatnonzero(deepest)[:: max(1, np.count_nonzero(deepest) // SAMPLE_VOXELS)]
        local = np.maximum(interpolate(field_made, geometry.flat_to_ras(flat[sampled])), LEAST_SUV)
        ratio = values[sampled] / local
        spread = MAD_TO_SD * float(np.median(np.abs(ratio - np.median(ratio))))
        self.table.append(ReferenceValue(name, middle, spread * middle, self._ml(deepest, sample.step)))

    def _ml(self, chosen: np.ndarray, step: int = 1) -> float:
        """Volume of chosen voxels (a mask, or their flat indices), each of which stands for `step` voxels, ml."""
        count = np.count_nonzero(chosen) if chosen.dtype == bool else chosen.size
        return float(count * step * self._geometry.voxel_volume_ml)

    def _cell_means(self, flat: np.ndarray, values: np.ndarray, middle: float, layer: int) -> np.ndarray:
        """Mean SUV of the cells of a tissue; NaN in cells with too few voxels and in cells that are hot.

        Parameters
        ----------
        flat, values : ndarray, shape (n,)
            Flat indices and SUV of the voxels.
        middle : float
            Median of the tissue, g/ml.
        layer : int
            0 for all voxels of the tissue; deeper layers need only few voxels in a cell.
        """
        cells, cell = cells_of(flat, self._geometry, TISSUE_CELL_MM)
        size = int(np.prod(cells.shape))
        count = np.bincount(cell, minlength=size)
        total = np.bincount(cell, weights=values, minlength=size)
        least = max(1.0, MIN_CELL_FILL * count.max(initial=0)) if layer == 0 else LEAST_DEEP_VOXELS
        means = np.where(count >= least, total / np.maximum(count, 1), np.nan).astype(np.float32).reshape(cells.shape)
        means[means > self._parameters.hot_ratio * middle] = np.nan
        return means

    def _tissues_near(self, flat: np.ndarray, tissues: np.ndarray) -> np.ndarray:
        """Bits (1 << code) of the tissues at voxels and at the margin's distance from them along each axis."""
        shape = np.array(self._geometry.shape)
        kji = np.stack(np.unravel_index(flat, self._geometry.shape))
        steps = [max(1, round(self._parameters.tissue_margin_mm / s)) for s in self._geometry.spacing_kji_mm]
        bits = np.zeros(len(flat), dtype=np.uint8)
        bit = np.array([1 << c if c in self._tissue_fields else 0 for c in range(8)], dtype=np.uint8)
        for axis, sign in ((0, 0), (0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)):
            place = kji.copy()
            place[axis] = np.clip(place[axis] + sign * steps[axis], 0, shape[axis] - 1)
            bits |= bit[np.minimum(tissues[tuple(place)], 7)]
        return bits


def _rich(cell_means: np.ndarray, typical: float, marrow: float, p: ReferenceParameters) -> float:
    """Upper quartile of the cells with more uptake than muscle and less than a hot organ; marrow where it is
    higher."""
    if not np.isfinite(typical):
        return typical
    cells = cell_means[(cell_means > p.rich_ratio_least * typical) & (cell_means < p.rich_ratio_most * typical)]
    least, most = p.rich_least * typical, p.rich_most * typical
    upper = float(np.percentile(cells, p.rich_percentile)) if cells.size >= MIN_CELLS else least
    return float(np.clip(max(upper, marrow), least, most))
