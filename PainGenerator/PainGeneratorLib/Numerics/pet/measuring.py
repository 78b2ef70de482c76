"""Measures of a region on PET: uptake, comparison of left and right, flags, and whether it is physiologic.

:func:`measure_region` measures every region in the same way, whether detection found it, a click grew it, or the
reader drew it. :func:`measure_focus` outlines a focus that detection found, measures the outline, and asks whether the
uptake is physiologic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..body.straight_spine import LevelReference
from ..body.symmetry import RELIABLE_QUALITY, SymmetryPlane, left_right_ratio
from ..core.image import Image, Region, ball
from ..core.records import HotSpot
from ..core.regions import is_cut_off, on_grid, voxels_of
from .body_shape import BodyShape
from .conspicuity import ClearnessParameters, conspicuity
from .contours import ContourParameters, ContourSpace, NormalUptake
from .foci import Focus
from .organ_places import PhysiologicParameters, focus_context
from .peak import PeakResult, SphereMeans, sphere_means, suv_peak
from .physiologic import physiologic_verdict
from .reference_tissue import SURROUNDINGS

LEAST_NORMAL = 0.8
"""Lower bound of normal uptake at the other levels of the spine, as a part of typical soft tissue. Fat and cortical
bone have less uptake, and a ratio to so little would mean nothing. Our estimate."""
LEAST_IN_VIEW = 0.5
"""Lower bound of the part of a 1 ml sphere that lies in the field of view, for a sphere at the mirrored place to count
in the comparison of left and right. Our estimate."""


@dataclass(frozen=True, kw_only=True)
class MeasureParameters:
    """Section "hot_spots.measure" of a protocol; see there for units, ranges and sources."""

    mirror_search_mm: float
    large_ml: float


@dataclass(frozen=True)
class MatchedReference:
    """The normal uptake that a region is compared with.

    Parameters
    ----------
    suv : float
        Of the matched reference tissue, g/ml; above 0.
    name : str
        What was taken as the reference, for the report.
    seen_suv : float or None
        What the PET shows of that tissue at such a place, g/ml. At the edge of a bone and in thin bone it is less than
        `suv`, as the PET blurs marrow and its surroundings. How clearly a focus stands out is judged by it; None where
        it is `suv`.
    """

    suv: float
    name: str
    seen_suv: float | None = None


FLOODS = "outline-floods"
"""Flag of an outline that would run on into its surroundings without the border of the focus."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Outline:
    """The outline of a region, and how it was drawn.

    Parameters
    ----------
    region : Region
        In the frame of the PET; the grid may be another one, when the reader drew on an MR.
    method : str
        One of :data:`.contours.METHODS`, or words for an outline that no threshold made.
    threshold : float, optional
        SUV of the contour, g/ml; None for the lowest SUV inside.
    background : float, optional
        Median SUV of the shell around it, g/ml; None where it was not measured.
    floods : bool
        Whether the outline would run on into the surroundings (:attr:`.contours.Contour.floods`).
    """

    region: Region
    method: str
    threshold: float | None = None
    background: float | None = None
    floods: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class PetScan:
    """A PET and what is known about it: all that a region is measured with.

    Everything lies in the PET's own frame; arrays have the shape of the image.

    Parameters
    ----------
    suv : Image
        SUVbw, g/ml; NaN outside the field of view.
    spheres : SphereMeans
        Of that image.
    owner : ndarray of int32
        Number of the focus that each voxel belongs to, 0 for none.
    body : BodyShape
    normal : NormalUptake
    symmetry : SymmetryPlane or None
    tissues : ndarray of uint8 or None
        Codes of :mod:`..core.tissues`.
    organs : ndarray of uint8 or None
        Codes of organs with physiologic uptake, 0 for none.
    organ_names : mapping of int to str
        Name of each organ code.
    unreliable : ndarray of bool or None
        Voxels within the margin of an implant's artifact.
    contour : ContourParameters
    physiologic : PhysiologicParameters
    measure : MeasureParameters
    clearness : ClearnessParameters
    levels : LevelReference or None
        Normal uptake at the other levels of the spine; None where the spine is not known.
    """

    suv: Image
    spheres: SphereMeans
    owner: np.ndarray
    body: BodyShape
    normal: NormalUptake
    symmetry: SymmetryPlane | None
    tissues: np.ndarray | None
    organs: np.ndarray | None
    organ_names: Mapping[int, str]
    unreliable: np.ndarray | None
    contour: ContourParameters
    physiologic: PhysiologicParameters
    measure: MeasureParameters
    clearness: ClearnessParameters
    levels: LevelReference | None = None


@dataclass(frozen=True, eq=False)
class MeasuredRegion:
    """What :func:`measure_region` found.

    Parameters
    ----------
    spot : HotSpot
        Not judged yet: `physiologic` is None.
    mirrored_suv : float or None
        SUVpeak at the mirrored place, g/ml; None when left and right cannot be compared there.
    """

    spot: HotSpot
    mirrored_suv: float | None


def measure_focus(
    scan: PetScan, number: int, focus: Focus, method: str, reference: MatchedReference
) -> HotSpot | None:
    """Outline and measure a focus, and ask whether it is physiologic.

    Parameters
    ----------
    scan : PetScan
    number : int
        Of the focus in `scan.owner`.
    focus : Focus
    method : str
        One of :data:`.contours.METHODS`.
    reference : MatchedReference

    Returns
    -------
    HotSpot or None
        None when the focus lies wholly below the contour's threshold.
    """
    outline = contour_focus(scan, number, focus, method, reference)
    measured = None if outline is None else measure_region(scan, outline, reference, number)
    if measured is None:
        return None
    _judge(scan, measured, focus.cluster_ml)
    return measured.spot


def contour_focus(
    scan: PetScan, number: int, focus: Focus, method: str, reference: MatchedReference
) -> Outline | None:
    """The outline of a focus by one of :data:`.contours.METHODS`; None when it lies wholly below the threshold.

    The parameters are those of :func:`measure_focus`.
    """
    space = ContourSpace(scan.suv, scan.spheres, scan.owner, number, focus.flat, focus.core, scan.contour, scan.normal)
    contour = space.contour(method, reference.suv, focus.spread)
    if not contour.flat.size:
        return None
    return Outline(
        region=Region(scan.suv.geometry, contour.flat),
        method=method,
        threshold=contour.threshold,
        background=contour.background,
        floods=contour.floods,
    )


def voxels_inside(suv: Image, region: Region) -> Region:
    """The voxels of a PET that lie in a region and have a value.

    A region so small or thin that it holds no center of a voxel has those in which its own voxels lie: it is measured,
    too.

    Parameters
    ----------
    suv : Image
        NaN marks voxels without a value.
    region : Region
        In the frame of the PET, on any grid.
    """
    flat = on_grid(region, suv.geometry).flat
    if not flat.size and len(region):
        flat = voxels_of(suv.geometry, region.points_ras)
    return Region(suv.geometry, flat[np.isfinite(suv.array.reshape(-1)[flat])])


def measure_region(
    scan: PetScan, outline: Outline, reference: MatchedReference, label: int = 0
) -> MeasuredRegion | None:
    """Measure a region: the one function for what detection found, a click grew, or the reader drew.

    Parameters
    ----------
    scan : PetScan
    outline : Outline
    reference : MatchedReference
    label : int
        Number that the hot spot gets.

    Returns
    -------
    MeasuredRegion or None
        None when no voxel of the PET with a value lies in the region.
    """
    region, inside = outline.region, voxels_inside(scan.suv, outline.region)
    if not len(inside):
        return None
    values = scan.suv.array.reshape(-1)[inside.flat]
    peak = suv_peak(scan.suv, inside, spheres=scan.spheres)
    mean = float(values.mean(dtype=np.float64))
    mirrored = _mirrored_suv(scan, inside, peak)
    spot = HotSpot(
        label=label,
        region=region,
        centroid_ras_mm=region.centroid_ras_mm,
        peak_ras_mm=peak.position_ras,
        suv_max=float(values.max()),
        suv_peak=peak.value,
        suv_mean=mean,
        mtv_ml=region.volume_ml,
        tlg_g=mean * region.volume_ml,
        background=outline.background,
        reference=reference.suv,
        reference_name=reference.name,
        tbr=_ratio(peak.value, reference.suv),
        left_right_ratio=left_right_ratio(peak.value, mirrored),
        contour_method=outline.method,
        contour_threshold=float(values.min()) if outline.threshold is None else outline.threshold,
        level_ratio=_level_ratio(scan, peak),
        flags=[*_flags(scan, inside, peak, reference, region.volume_ml), *([FLOODS] if outline.floods else [])],
    )
    spot.conspicuity = conspicuity(
        _ratio(peak.value, reference.suv if reference.seen_suv is None else reference.seen_suv),
        _ratio(peak.value, scan.normal.rich_suv),
        spot.left_right_ratio,
        spot.mtv_ml,
        peak.at_edge,
        spot.level_ratio,
        parameters=scan.clearness,
    )
    return MeasuredRegion(spot, mirrored)


def _ratio(value: float | None, normal: float) -> float | None:
    return None if value is None else value / normal


def _level_ratio(scan: PetScan, peak: PeakResult) -> float | None:
    """SUVpeak over the same place at the other levels of the spine; None elsewhere."""
    if scan.levels is None:
        return None
    normal = scan.levels.at(peak.position_ras)
    return None if normal is None else _ratio(peak.value, max(normal, LEAST_NORMAL * scan.normal.typical_suv))


def _flags(
    scan: PetScan, inside: Region, peak: PeakResult, reference: MatchedReference, volume_ml: float
) -> list[str]:
    """Flags of :data:`..core.records.FLAG_TEXTS` that follow from the measures and the place on the PET."""
    is_near_implant = scan.unreliable is not None and bool(scan.unreliable.reshape(-1)[inside.flat].any())
    holds = {
        "peak-at-edge": peak.at_edge,
        "truncated": is_cut_off(inside, scan.suv.array, outside=0.0),
        "no-reference": reference.name == SURROUNDINGS,
        "large": volume_ml > scan.measure.large_ml,
        "near-implant": is_near_implant,
    }
    return [flag for flag, is_set in holds.items() if is_set]


def _judge(scan: PetScan, measured: MeasuredRegion, cluster_ml: float) -> None:
    """Write into a measured hot spot whether it is physiologic, and why.

    `cluster_ml` is the volume of the focus together with the foci that touch it.
    """
    spot = measured.spot
    context = focus_context(
        spot,
        scan.physiologic,
        scan.body,
        typical_suv=scan.normal.typical_suv,
        rich_suv=scan.normal.rich_suv,
        cluster_ml=cluster_ml,
        mirrored_suv=measured.mirrored_suv,
        tissues=scan.tissues,
        organs=scan.organs,
        organ_names=scan.organ_names,
    )
    found = physiologic_verdict(context)
    if found is not None:
        spot.rule, verdict = found
        spot.physiologic = verdict.text
        if not verdict.is_sure:
            spot.flags.append("usual-place")


def _mirrored_suv(scan: PetScan, inside: Region, peak: PeakResult) -> float | None:
    """SUVpeak at the mirrored place; None as well where the plane of symmetry is uncertain."""
    plane = scan.symmetry
    if plane is None or plane.quality < RELIABLE_QUALITY:
        return None
    return mirrored_peak(scan.suv, plane, inside, peak.position_ras, scan.measure.mirror_search_mm)


def mirrored_peak(
    suv: Image, plane: SymmetryPlane, region: Region, peak_ras: np.ndarray, search_mm: float
) -> float | None:
    """SUVpeak at the mirrored place of a region.

    Parameters
    ----------
    suv : Image
        SUV, g/ml.
    plane : SymmetryPlane
        In the same frame.
    region : Region
        On the grid of `suv`, not empty; its own voxels do not count as the mirrored place.
    peak_ras : ndarray, shape (3,)
        Where the region's SUVpeak lies, RAS mm.
    search_mm : float
        Radius around the mirrored place in which the highest 1 ml sphere is searched.

    Returns
    -------
    float or None
        g/ml; None when the mirrored place is out of view or belongs to the region itself.
    """
    geometry = suv.geometry
    center = plane.mirror(peak_ras)
    # Nearer to the plane than the search reaches, the region would be compared with itself.
    if abs(float(plane.signed_distance_mm(peak_ras))) < search_mm:
        return None
    flat = ball(geometry, center, search_mm)
    if not flat.size or not geometry.contains(center):
        return None
    # Both are sorted: a voxel of the region stands at the place where it would be inserted.
    flat = flat[region.flat[np.minimum(np.searchsorted(region.flat, flat), len(region) - 1)] != flat]
    if not flat.size:
        return None
    means, in_view = sphere_means(suv, flat)
    usable = np.isfinite(means) & (in_view > LEAST_IN_VIEW)
    return float(means[usable].max()) if usable.any() else None
