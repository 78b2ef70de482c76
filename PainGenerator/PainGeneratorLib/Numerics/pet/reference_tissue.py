"""What uptake is normal at a place: robust references from matched tissue, or from the surroundings.

The uptake of a focus is compared with tissue of its own kind near by, as readers do with matched reference regions
(van den Berg, thesis, TU Delft), because absolute uptake differs between people, ages and scanners. Where a tissue map
gives the tissue, the reference is the median of the same tissue within some centimeters. Elsewhere it is an upper
percentile of the surroundings: with a median, every vertebra would be called hot that lies among muscle.

All references are taken from cells, which are means over blocks of voxels. So cost and noise stay small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body import distances
from ..body.symmetry import SymmetryPlane
from ..core import tissues as tissue_codes
from ..core.constants import MAD_TO_SD
from ..core.histogram import otsu
from ..core.image import Geometry, Image
from ..core.kept import Kept

CELL_MM = 8.0
"""Edge of a cell for surroundings of unknown tissue, mm."""
TISSUE_CELL_MM = 16.0
"""Edge of a cell for known tissue, whose reference comes from farther away, mm."""
MATCHED_TISSUES = (tissue_codes.MARROW, tissue_codes.MUSCLE, tissue_codes.DISC)
"""Tissues with a reference of their own. Fat, fluid, void and viscera are compared with their surroundings."""
BONE_RADIUS_MM = distances.SAME_BONE_RADIUS.value
"""Marrow within this distance, mm, is the reference of marrow."""
MIN_CELL_FILL = 0.1
"""Lower bound for the voxels of a tissue in a cell, as a part of those in the fullest cell. Our estimate."""
MIN_CELL_BODY = 3.0
"""At least one voxel in this many of a cell must belong to the body. Our estimate."""
MIN_CELLS = 6
"""Lower bound for the number of cells of a local percentile; where there are fewer, the nearest place with enough
cells gives the value. Our estimate."""
SURROUNDINGS = "surroundings"
"""Name of the reference where the tissue is not known."""
TYPICAL_ROUNDS = 5
"""How often the typical tissue is taken anew without the cells that are too hot; it has settled by then."""
TYPICAL_SPREAD = 0.5
"""Cells that differ from typical tissue by less than this part of it are those whose spread is reported."""
MEDIAN = 50.0
"""The median as a percentile."""
LIVER_LEAST_ML = distances.LIVER_VOLUME_LEAST.value
"""Lower bound for the volume of the inner liver that is measured, ml."""
LIVER_MARGIN_VOXELS = 2
"""How many voxels the liver is eroded before it is measured, so that its border does not count."""
LEAST_SUV = 1e-6
"""Lower bound for a reference that is divided by, g/ml."""
CHUNK_VALUES = 1 << 22
"""How many values are sorted at once; it bounds the memory."""
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
    """

    name: str
    median: float
    spread: float
    volume_ml: float


@dataclass(frozen=True, eq=False)
class _Field:
    """A smooth map of the reference of one tissue, on a grid of cells."""

    name: str
    values: np.ndarray
    geometry: Geometry


class ReferenceField:
    """The normal uptake at any voxel of a scan.

    Attributes
    ----------
    table : list of ReferenceValue
        For the report.
    typical : float
        SUV of the typical soft tissue of this scan, g/ml; no reference is lower. NaN where the PET shows no body.
    rich : float
        SUV of normal tissues with much uptake, g/ml: marrow, blood, bowel wall. Unknown tissue may be one of them.
    body_ml : float
        Volume of the body in view, ml.
    """

    def __init__(
        self,
        smooth: np.ndarray,
        geometry: Geometry,
        parameters: ReferenceParameters,
        tissues: np.ndarray | None = None,
        excluded: np.ndarray | None = None,
        symmetry: SymmetryPlane | None = None,
    ) -> None:
        """Take the references of a scan.

        Parameters
        ----------
        smooth : ndarray of float32, shape (k, j, i)
            SUV smoothed for detection; NaN outside the field of view.
        geometry : Geometry
        parameters : ReferenceParameters
        tissues : ndarray of uint8, same shape, optional
            Codes of :mod:`..core.tissues`.
        excluded : ndarray of bool, same shape, optional
            Voxels that are no part of a reference: organs, and the margin of an implant.
        symmetry : SymmetryPlane, optional
            With it, marrow is compared with the same bone of the other side, too. Beside an implant there may be no
            other marrow.
        """
        self._geometry, self._parameters, self._tissues = geometry, parameters, tissues
        self.table: list[ReferenceValue] = []
        means, volume, cells = _body_cells(smooth, geometry, parameters.body_suv, excluded)
        self.body_ml = float(volume.sum())
        self.typical = _typical(means[np.isfinite(means)], parameters.typical_ratio)
        self._symmetry = symmetry
        self._tissue_fields: dict[int, _Field] = {}
        if tissues is not None:
            for code in MATCHED_TISSUES:
                self._add_tissue(code, smooth, tissues, excluded)
            if tissue_codes.MUSCLE in self._tissue_fields:
                self.typical = next(row.median for row in self.table if row.name == "muscle")
        marrow = next((row.median for row in self.table if row.name == "marrow"), 0.0)
        self.rich = _rich(means[np.isfinite(means)], self.typical, marrow, parameters)
        cap = parameters.hot_ratio * self.typical
        # Cells that are hot throughout are organs or masses: never a reference, however many there are.
        local = np.where(means > parameters.hot_cell_ratio * cap, np.nan, means)
        values = _ball_percentile([local], cells, parameters.local_radius_mm, parameters.local_percentile)
        values = np.clip(values, self.typical, cap)
        self._surroundings = _Field(SURROUNDINGS, values, cells)
        usual = means[np.abs(means - self.typical) < TYPICAL_SPREAD * self.typical]
        spread = MAD_TO_SD * float(np.median(np.abs(usual - self.typical))) if usual.size else 0.0
        self.table.append(ReferenceValue("typical soft tissue", self.typical, spread, self.body_ml))

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
        points = self._geometry.flat_to_ras(flat)
        values = _interpolate(self._surroundings, points)
        codes = np.zeros(len(flat), dtype=np.uint8)
        if self._tissues is None or not self._tissue_fields:
            return values, codes
        around = values.copy()
        near = self._tissues_near(flat, self._tissues)
        known = np.zeros(len(flat), dtype=bool)
        own = self._tissues.reshape(-1)[flat]
        for code, field in self._tissue_fields.items():
            chosen = np.flatnonzero(near & np.uint8(1 << code))
            value = np.maximum(_interpolate(field, points[chosen]), self.typical)
            # Marrow is the hottest normal tissue of the skeleton: where the marrow of the map is colder than its
            # surroundings, the map took something else for marrow. And a voxel of unknown tissue may be anything.
            unsure = (code == tissue_codes.MARROW) | ~np.isin(own[chosen], MATCHED_TISSUES)
            value = np.where(unsure, np.maximum(value, around[chosen]), value)
            higher = ~known[chosen] | (value > values[chosen])
            chosen, value = chosen[higher], value[higher]
            values[chosen], codes[chosen] = value, code
            known[chosen] = True
        return values, codes

    def name_of(self, code: int) -> str:
        """Name of the reference from a tissue, as it is reported."""
        if code == tissue_codes.MARROW and code in self._tissue_fields:
            sides = "" if self._symmetry is None else ", both sides"
            return f"{tissue_codes.NAMES[code]} within {BONE_RADIUS_MM / 10:g} cm{sides}"
        if code in self._tissue_fields:
            return f"{tissue_codes.NAMES[code]} within {self._parameters.tissue_radius_mm / 10:.0f} cm"
        return SURROUNDINGS

    def _add_tissue(self, code: int, smooth: np.ndarray, tissues: np.ndarray, excluded: np.ndarray | None) -> None:
        """Take the reference of one tissue, if there is enough of it."""
        p, geometry = self._parameters, self._geometry
        flat = np.flatnonzero(tissues == code)
        values = smooth.reshape(-1)[flat]
        usable = np.isfinite(values)
        if excluded is not None:
            usable &= ~excluded.reshape(-1)[flat]
        flat, values = flat[usable], values[usable]
        volume = flat.size * geometry.voxel_volume_ml
        if volume < p.tissue_minimum_ml:
            return
        cells, cell = _cells_of(flat, geometry, TISSUE_CELL_MM)
        size = int(np.prod(cells.shape))
        count = np.bincount(cell, minlength=size)
        total = np.bincount(cell, weights=values, minlength=size)
        least = max(1.0, MIN_CELL_FILL * count.max())
        means = np.where(count >= least, total / np.maximum(count, 1), np.nan).astype(np.float32).reshape(cells.shape)
        middle = float(np.median(values))
        means[means > p.hot_ratio * middle] = np.nan
        field = _ball_percentile([means], cells, p.tissue_radius_mm, MEDIAN)
        if code == tissue_codes.MARROW:
            sides = [means] if self._symmetry is None else [means, _mirrored(means, cells, self._symmetry)]
            field = _ball_percentile(sides, cells, BONE_RADIUS_MM, MEDIAN, elsewhere=field)
        sample = slice(None, None, max(1, flat.size // SAMPLE_VOXELS))
        name = tissue_codes.NAMES[code]
        made = _Field(name, field, cells)
        ratio = values[sample] / np.maximum(_interpolate(made, geometry.flat_to_ras(flat[sample])), LEAST_SUV)
        spread = MAD_TO_SD * float(np.median(np.abs(ratio - np.median(ratio))))
        self._tissue_fields[code] = made
        self.table.append(ReferenceValue(name, middle, spread * middle, volume))

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


def medians_of_levels(smooth: np.ndarray, levels: np.ndarray | None, tissues: np.ndarray | None) -> dict[int, float]:
    """Median SUV of each vertebra, by its number in `levels`, g/ml; from its marrow where the tissue is known."""
    if levels is None:
        return {}
    flat = np.flatnonzero(levels)
    if tissues is not None:
        flat = flat[np.isin(tissues.reshape(-1)[flat], (tissue_codes.UNKNOWN, tissue_codes.MARROW))]
    values, numbers = smooth.reshape(-1)[flat], levels.reshape(-1)[flat]
    numbers, values = numbers[np.isfinite(values)], values[np.isfinite(values)]
    return {int(number): float(np.median(values[numbers == number])) for number in np.unique(numbers)}


def measure_liver(suv: Image, organs: np.ndarray | None, names: Mapping[int, str]) -> tuple[float, float] | None:
    """Mean and standard deviation of the organ named liver, g/ml; None where there is none or too little of it."""
    code = next((code for code, name in names.items() if name.lower() == "liver"), None)
    if code is None or organs is None:
        return None
    values = suv.array[ndimage.binary_erosion(organs == code, iterations=LIVER_MARGIN_VOXELS)]
    values = values[np.isfinite(values)]
    if values.size * suv.geometry.voxel_volume_ml < LIVER_LEAST_ML:
        return None
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def _typical(cell_means: np.ndarray, most_ratio: float) -> float:
    """Median of lean tissue, which is mostly muscle: without fat, and without hot cells of organs or masses."""
    if not cell_means.size:
        return float("nan")
    typical = float(np.median(cell_means))
    kept = cell_means
    for _ in range(TYPICAL_ROUNDS):
        kept = cell_means[cell_means < most_ratio * typical]
        typical = float(np.median(kept))
    # The part of fat differs widely between bodies, and fat has less than half of the uptake of muscle.
    lean = kept[kept > np.exp(otsu(np.log(kept)))]
    return float(np.median(lean)) if lean.size else typical


def _rich(cell_means: np.ndarray, typical: float, marrow: float, p: ReferenceParameters) -> float:
    """Upper quartile of the cells with more uptake than muscle and less than a hot organ; marrow where it is
    higher."""
    if not np.isfinite(typical):
        return typical
    cells = cell_means[(cell_means > p.rich_ratio_least * typical) & (cell_means < p.rich_ratio_most * typical)]
    least, most = p.rich_least * typical, p.rich_most * typical
    upper = float(np.percentile(cells, p.rich_percentile)) if cells.size >= MIN_CELLS else least
    return float(np.clip(max(upper, marrow), least, most))


def _cell_grid(geometry: Geometry, cell_mm: float) -> tuple[Geometry, tuple[int, int, int]]:
    """The grid of cells of about an edge that covers a grid, and how many voxels a cell has along (k, j, i)."""
    k, j, i = (max(1, round(cell_mm / s)) for s in geometry.spacing_kji_mm)
    factors = (k, j, i)
    shape = (-(-geometry.shape[0] // k), -(-geometry.shape[1] // j), -(-geometry.shape[2] // i))
    matrix = geometry.ijk_to_ras.copy()
    scale = np.array(factors[::-1], dtype=float)
    matrix[:3, :3] *= scale
    matrix[:3, 3] = geometry.to_ras((scale - 1.0) / 2.0)
    return Geometry(shape, matrix), factors


def _cells_of(flat: np.ndarray, geometry: Geometry, cell_mm: float) -> tuple[Geometry, np.ndarray]:
    """The grid of cells, and the flat index of the cell of each voxel."""
    cells, factors = _cell_grid(geometry, cell_mm)
    kji = np.unravel_index(flat, geometry.shape)
    return cells, np.ravel_multi_index(tuple(a // f for a, f in zip(kji, factors, strict=True)), cells.shape)


def _body_cells(
    smooth: np.ndarray, geometry: Geometry, body_suv: float, excluded: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, Geometry]:
    """Mean SUV of cells (NaN where too little of a cell is body), body volume of cells (ml), and their grid."""
    cells, factors = _cell_grid(geometry, CELL_MM)
    count, total = np.zeros((2, cells.shape[0], *geometry.shape[1:]), dtype=np.float32)
    for k in range(geometry.shape[0]):
        body = smooth[k] > body_suv
        if excluded is not None:
            body &= ~excluded[k]
        count[k // factors[0]] += body
        np.add(total[k // factors[0]], smooth[k], out=total[k // factors[0]], where=body)
    for axis in (1, 2):
        starts = np.arange(0, geometry.shape[axis], factors[axis])
        count, total = (np.add.reduceat(sums, starts, axis=axis) for sums in (count, total))
    enough = count >= np.prod(factors) / MIN_CELL_BODY
    means = np.where(enough, total / np.maximum(count, 1.0), np.nan).astype(np.float32)
    return means, count * geometry.voxel_volume_ml, cells


def _mirrored(values: np.ndarray, cells: Geometry, plane: SymmetryPlane) -> np.ndarray:
    """For each cell the value of the cell at its mirrored place; NaN where that is out of view."""
    places = plane.mirror(cells.flat_to_ras(np.arange(values.size)))
    kji = np.rint(cells.to_ijk(places)[:, ::-1]).astype(int)
    inside = ((kji >= 0) & (kji < values.shape)).all(axis=1)
    mirrored = np.full(values.size, np.nan, dtype=values.dtype)
    mirrored[inside] = values[tuple(kji[inside].T)]
    return mirrored.reshape(values.shape)


def _ball_percentile(
    fields: list[np.ndarray],
    cells: Geometry,
    radius_mm: float,
    percentile: float,
    elsewhere: np.ndarray | None = None,
) -> np.ndarray:
    """Percentile of all fields' cells within a radius of each cell.

    Cells with fewer than MIN_CELLS neighbors take the value `elsewhere`, or without it the nearest cell's.
    """
    shape = fields[0].shape
    valid = np.logical_or.reduce([np.isfinite(values) for values in fields])
    result = np.full(shape, np.nan, dtype=np.float32) if elsewhere is None else elsewhere.copy()
    if not valid.any():
        return np.zeros(shape, dtype=np.float32) if elsewhere is None else result
    picked = _local_percentiles(fields, cells, valid, radius_mm, percentile)
    if elsewhere is not None:
        result[valid] = np.where(np.isfinite(picked), picked, result[valid])
        return result
    result[valid] = picked
    is_known = np.isfinite(result)
    if not is_known.any():
        return np.full(shape, np.nanpercentile(fields[0], percentile), dtype=np.float32)
    nearest = ndimage.distance_transform_edt(
        ~is_known, sampling=cells.spacing_kji_mm, return_distances=False, return_indices=True
    )
    filled: np.ndarray = result[tuple(nearest)]
    return filled


def _local_percentiles(
    fields: list[np.ndarray], cells: Geometry, valid: np.ndarray, radius_mm: float, percentile: float
) -> np.ndarray:
    """The percentile around each valid cell, in their order; NaN where fewer than MIN_CELLS neighbors have a value."""
    shape = valid.shape
    reach = [int(radius_mm // s) for s in cells.spacing_kji_mm]
    offsets = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    offsets = offsets[np.linalg.norm(offsets * cells.spacing_kji_mm, axis=1) <= radius_mm]
    padded = [np.pad(values, [(r, r) for r in reach], constant_values=np.nan).reshape(-1) for values in fields]
    strides = np.array([(shape[1] + 2 * reach[1]) * (shape[2] + 2 * reach[2]), shape[2] + 2 * reach[2], 1])
    flat = (np.argwhere(valid) + np.array(reach)) @ strides
    picked = np.empty(len(flat), dtype=np.float32)
    step = max(1, CHUNK_VALUES // (len(offsets) * len(fields)))
    for first in range(0, len(flat), step):
        near = flat[first : first + step, None] + offsets @ strides
        around = np.concatenate([values[near] for values in padded], axis=1)
        around.sort(axis=1)
        count = np.isfinite(around).sum(axis=1)
        place = (count - 1) * (percentile / 100.0)
        low = np.clip(np.floor(place).astype(int), 0, None)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        rows = np.arange(len(around))
        value = around[rows, low] + (around[rows, high] - around[rows, low]) * (place - low)
        picked[first : first + step] = np.where(count >= MIN_CELLS, value, np.nan)
    return picked


def _interpolate(field: _Field, points_ras: np.ndarray) -> np.ndarray:
    """The reference at positions (RAS mm, shape (n, 3)), linear between the middles of cells, g/ml, shape (n,)."""
    ijk = field.geometry.to_ijk(points_ras)
    values: np.ndarray = ndimage.map_coordinates(
        field.values, ijk[:, ::-1].T, order=1, mode="nearest", output=np.float32
    )
    return values
