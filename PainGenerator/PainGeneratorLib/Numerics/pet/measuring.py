"""Measures of one focus: outline, uptake, left-right comparison, flags, and whether it is physiologic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..body.straight_spine import LevelReference
from ..body.symmetry import RELIABLE_QUALITY, SymmetryPlane, left_right_ratio
from ..core.image import Image, Region, ball
from ..core.records import HotSpot
from .body_shape import BodyShape
from .conspicuity import conspicuity
from .contours import ContourParameters, ContourSpace, NormalUptake, touches_edge
from .foci import Focus
from .organ_places import PhysiologicParameters, focus_context
from .peak import SphereMeans, sphere_means, suv_peak
from .physiologic import physiologic_verdict
from .reference_tissue import SURROUNDINGS

LEAST_NORMAL = 0.8
"""Of typical soft tissue: fat and cortex have less uptake, and a ratio to it would say nothing."""


@dataclass(frozen=True, kw_only=True)
class MeasureParameters:
    """Section "hot_spots.measure" of a protocol; see there for units, ranges and sources."""

    mirror_search_mm: float
    large_ml: float


@dataclass(frozen=True, eq=False, kw_only=True)
class PetScan:
    """A PET and what is known about it: all that a focus is measured with.

    Parameters
    ----------
    suv : Image
    spheres : SphereMeans
        Of that image.
    owner : ndarray of int32, shape of the image
        Number of the focus that each voxel belongs to, 0 for none.
    body : BodyShape
    normal : NormalUptake
    symmetry : SymmetryPlane or None
    tissues, organs : ndarray of uint8 or None
    organ_names : mapping
    unreliable : ndarray of bool or None
    contour : ContourParameters
    physiologic : PhysiologicParameters
    measure : MeasureParameters
    levels : LevelReference or None
        The other levels of the spine.
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
    levels: LevelReference | None = None


def measure_focus(
    scan: PetScan, number: int, focus: Focus, method: str, reference: float, reference_name: str
) -> HotSpot | None:
    """Contour and measure a focus.

    Parameters
    ----------
    scan : PetScan
    number : int
        Of the focus in `scan.owner`.
    focus : Focus
    method : str
        One of :data:`.contours.METHODS`.
    reference, reference_name : float, str
        Matched reference tissue, g/ml.

    Returns
    -------
    HotSpot or None
        None when the focus lies wholly below the contour's threshold.
    """
    suv, symmetry = scan.suv, scan.symmetry
    space = ContourSpace(suv, scan.spheres, scan.owner, number, focus.flat, focus.core, scan.contour, scan.normal)
    contour = space.contour(method, reference, focus.spread)
    if not contour.flat.size:
        return None
    region = Region(suv.geometry, contour.flat)
    values = suv.array.reshape(-1)[contour.flat]
    peak = suv_peak(suv, region, spheres=scan.spheres)
    mean = float(values.mean(dtype=np.float64))
    mirrored = None
    if symmetry is not None and symmetry.quality >= RELIABLE_QUALITY:
        mirrored = mirrored_peak(suv, symmetry, region, peak.position_ras, scan.measure.mirror_search_mm)
    spot = HotSpot(
        label=number,
        region=region,
        centroid_ras_mm=region.centroid_ras_mm,
        peak_ras_mm=peak.position_ras,
        suv_max=float(values.max()),
        suv_peak=peak.value,
        suv_mean=mean,
        mtv_ml=region.volume_ml,
        tlg_g=mean * region.volume_ml,
        background=contour.background,
        reference=reference,
        reference_name=reference_name,
        tbr=None if peak.value is None else peak.value / reference,
        left_right_ratio=left_right_ratio(peak.value, mirrored),
        contour_method=method,
        contour_threshold=contour.threshold,
    )
    if peak.at_edge:
        spot.flags.append("peak-at-edge")
    if touches_edge(region):
        spot.flags.append("truncated")
    if reference_name == SURROUNDINGS:
        spot.flags.append("no-reference")
    if spot.mtv_ml > scan.measure.large_ml:
        spot.flags.append("large")
    if scan.unreliable is not None and scan.unreliable.reshape(-1)[contour.flat].any():
        spot.flags.append("near-implant")
    rich_ratio = None if peak.value is None else peak.value / scan.normal.rich_suv
    normal = None if scan.levels is None or peak.value is None else scan.levels.at(peak.position_ras)
    if normal is not None:
        spot.level_ratio = peak.value / max(normal, LEAST_NORMAL * scan.normal.typical_suv)
    spot.conspicuity = conspicuity(
        spot.tbr, rich_ratio, spot.left_right_ratio, spot.mtv_ml, peak.at_edge, spot.level_ratio
    )
    context = focus_context(
        spot,
        scan.physiologic,
        scan.body,
        typical_suv=scan.normal.typical_suv,
        rich_suv=scan.normal.rich_suv,
        cluster_ml=focus.cluster_ml,
        mirrored_suv=mirrored,
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
    return spot


def mirrored_peak(
    suv: Image, plane: SymmetryPlane, region: Region, peak_ras: np.ndarray, search_mm: float
) -> float | None:
    """SUVpeak of the mirrored place, searched within some mm; None when it is out of view or is the focus itself."""
    geometry = suv.geometry
    center = plane.mirror(peak_ras)
    if 2.0 * abs(float(plane.signed_distance_mm(peak_ras))) < 2.0 * search_mm:
        return None
    flat = ball(geometry, center, search_mm)
    if not flat.size or not geometry.contains(center):
        return None
    # Both are sorted: what lies in the region is found where it would be put.
    flat = flat[region.flat[np.minimum(np.searchsorted(region.flat, flat), len(region) - 1)] != flat]
    if not flat.size:
        return None
    means, in_view = sphere_means(suv, flat)
    usable = np.isfinite(means) & (in_view > 0.5)
    return float(means[usable].max()) if usable.any() else None
