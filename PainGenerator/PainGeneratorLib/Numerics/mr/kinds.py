"""One function for each kind of MR finding: from standardized signal to findings (DOMAIN D.2 to D.4)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..body.canal import SpineLine
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.records import MRFinding
from .parameters import MRParameters
from .signal import Signals, around_region, near_mask, regions_of, sample_mask
from .surroundings import (
    MRSurroundings,
    bone_distance,
    discs,
    faces_bone_both_sides,
    grade,
    is_basivertebral_vein,
    is_between_bones,
    is_in_front_of_canal,
    is_spinal_canal,
    is_tube,
    normal_fluid,
    slice_axis,
    slice_counts,
    touches_bone,
)
from .tissue_map import TissueSignals, fluid_mask

INNER_PART = 0.35
"""Part of a disc's voxels around its centre that is measured: about the inner 60 % across (DOMAIN D.4)."""

ENDPLATE_MM = 5.5
"""A change at the endplate comes this near to the disc: bony endplate, cartilage and a voxel lie between."""
SHARP_ENDPLATE_MM = 4.5
"""The same for Modic III, which looks like the blurred edge of a vertebra and must be told from it."""


@dataclass(frozen=True, eq=False)
class MRPicture:
    """All that the rules look at in one case: its signal, its tissues and the parameters."""

    signals: Signals
    smooth: dict[str, np.ndarray]
    typical: TissueSignals
    surroundings: MRSurroundings
    z: dict[str, np.ndarray]
    vertebra: np.ndarray | None
    fluid_role: str | None
    """The role that shows fluid bright: FLUID, else T2; None without both."""
    parameters: MRParameters
    implant: Region | None = None
    spine_line: SpineLine | None = None


def inner_voxels(mask: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Voxels at least about 2 mm within a mask, in the slices' plane."""
    axis = slice_axis(geometry)
    flat = ndimage.generate_binary_structure(3, 1)
    if axis is not None:
        flat[tuple(0 if a == axis else slice(None) for a in range(3))] = False
        flat[tuple(2 if a == axis else slice(None) for a in range(3))] = False
    rounds = max(1, int(2.0 / float(np.median(geometry.spacing_kji_mm)) + 0.5))
    return ndimage.binary_erosion(mask, flat, iterations=rounds)


def _mean(array: np.ndarray | None, region: Region) -> float | None:
    if array is None:
        return None
    values = array.reshape(-1)[region.flat]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else None


def make_finding(picture: MRPicture, kind: str, region: Region, z: float, role: str, flags: list[str]) -> MRFinding:
    """A finding with its flags and its grade by z and extent."""
    z_t1 = _mean(picture.z.get("T1"), region)
    if "T1" not in picture.z:
        flags = [*flags, "no-t1"]
    first, shape = region.box
    ends = zip(first, shape, region.geometry.shape, strict=True)
    if any(f == 0 or f + s == n for f, s, n in ends):
        flags = [*flags, "truncated"]
    points = grade(z, region.volume_ml, picture.parameters.grade)
    return MRFinding(0, kind, region, region.centroid_ras_mm, region.volume_ml, z, z_t1, role, points, flags)


def _disc_distance_ok(picture: MRPicture, region: Region, reach_mm: float) -> float:
    """Part of a region's voxels within `reach_mm` of a disc along the body's length."""
    mask = picture.surroundings.tissue == tissues.DISC
    if not mask.any():
        return 0.0
    points = region.points_ras
    found = np.zeros(len(points), dtype=bool)
    for step in np.arange(1.0, reach_mm + 0.1, 1.5):
        for sign in (1.0, -1.0):
            found |= sample_mask(mask, picture.surroundings.geometry, points + np.array([0.0, 0.0, sign * step]))
    return float(found.mean())


def _seeded(grown: np.ndarray, seeds: np.ndarray, geometry: Geometry, minimum_ml: float) -> list[Region]:
    """Connected parts of a mask that hold a seed."""
    marked = seeds.reshape(-1)
    return [region for region in regions_of(grown, geometry, minimum_ml) if marked[region.flat].any()]


def _muscle(picture: MRPicture) -> float:
    """The signal of muscle on a fluid-sensitive series with its fat suppressed; 0 on T2, where marrow outshines it."""
    return picture.typical.muscle["FLUID"] if picture.fluid_role == "FLUID" else 0.0


def find_oedema(picture: MRPicture) -> tuple[list[MRFinding], list[MRFinding]]:
    """Bright on FLUID, dark on T1, in marrow; no vein; along an endplate it is Modic I.

    Islands of red marrow in fatty marrow are bright by their z too, yet no brighter than muscle: what does not clearly
    outshine muscle is weak, and what is darker than muscle is none (DOMAIN D.2).

    Returns
    -------
    sure, weak : list of MRFinding
    """
    p, surroundings = picture.parameters, picture.surroundings
    geometry = surroundings.geometry
    bright = np.nan_to_num(picture.z[picture.fluid_role], nan=-99.0)
    signal, muscle = picture.smooth[picture.fluid_role], _muscle(picture)
    candidates = (bright >= p.oedema.z) & (signal > muscle)
    if "T1" in picture.z:
        candidates &= np.nan_to_num(picture.z["T1"], nan=99.0) <= p.oedema.t1_z
    inner = inner_voxels(surroundings.marrow, geometry)
    sure, weak = [], []
    for region in _seeded(candidates, (bright >= p.oedema.core_z) & candidates & inner, geometry, p.oedema.minimum_ml):
        counts = slice_counts(region)
        # A rim that is nowhere 2 mm deep in the marrow is its edge, mixed with canal, joint or disc.
        if counts.max() < 3 or np.mean(inner.reshape(-1)[region.flat]) < 0.3 or is_tube(region):
            continue
        vertebra = _vertebra_of(picture, region)
        if is_basivertebral_vein(region, vertebra, surroundings):
            continue
        flags = ["single-slice"] if slice_axis(geometry) is not None and counts.size < 2 else []
        if flags and region.volume_ml < 2.0 * p.oedema.minimum_ml:
            continue
        # Marrow told from signal may hold a disc between two vertebrae that look like one.
        if (
            surroundings.segmented is None
            and flags
            and surroundings.group == "low-back"
            and is_between_bones(region, surroundings)
        ):
            continue
        z = _mean(picture.z[picture.fluid_role], region)
        t1 = _mean(picture.z.get("T1"), region)
        kind = "oedema"
        near_disc = _disc_distance_ok(picture, region, p.modic.band_mm)
        touches = _disc_distance_ok(picture, region, ENDPLATE_MM) > 0.08
        if near_disc > 0.6 and touches and t1 is not None and t1 < p.modic.t1_z and z > p.modic.fluid_z:
            kind = "Modic I"
        outshines = np.percentile(signal.reshape(-1)[region.flat], 90) >= p.bright.over_muscle * muscle
        (sure if outshines else weak).append(make_finding(picture, kind, region, z, picture.fluid_role, flags))
    return sure, weak


def _vertebra_of(picture: MRPicture, region: Region) -> Region | None:
    """The marrow of the vertebra that holds most of a region."""
    if picture.vertebra is None:
        return None
    own = picture.vertebra.reshape(-1)[region.flat]
    own = own[own > 0]
    if not own.size:
        return None
    level = int(np.bincount(own).argmax())
    return Region.from_mask(
        (picture.vertebra == level) & (picture.surroundings.tissue == tissues.MARROW), picture.surroundings.geometry
    )


CLEAR_CHANGE_Z = 2.5
"""Of T1 in the marrow's spread, for a clear Modic II or III (DOMAIN D.2: 2.5 to 3 for oedema). Marrow is fatty, so
that its signal cannot rise by much more: extent tells a change better than height."""


def find_endplate_changes(picture: MRPicture) -> list[MRFinding]:
    """Modic II (fat) and III (sclerosis) in a band beside a disc."""
    p, surroundings = picture.parameters, picture.surroundings
    disc = surroundings.tissue == tissues.DISC
    if "T1" not in picture.z or not disc.any():
        return []
    band = near_mask(disc, surroundings.geometry, p.modic.band_mm) & surroundings.marrow
    t1 = np.nan_to_num(picture.z["T1"], nan=0.0)
    bright = np.nan_to_num(picture.z[picture.fluid_role], nan=0.0)
    kinds = {}
    # Only fat, old blood and protein are brighter than marrow on T1; oedema beside them is told on FLUID.
    not_wet = bright < 1.0 if "FLUID" in picture.z else True
    kinds["Modic II"] = band & (t1 > p.modic.t1_z * -1.0) & not_wet
    if "T2" in picture.z:
        kinds["Modic III"] = band & (t1 < p.modic.t1_z) & (np.nan_to_num(picture.z["T2"], nan=0.0) < p.modic.t1_z)
    findings = []
    inner = inner_voxels(surroundings.marrow, surroundings.geometry)
    for kind, mask in kinds.items():
        seeds = mask & inner & (np.abs(t1) > abs(p.modic.t1_z) + 1.0)
        for region in _seeded(mask, seeds, surroundings.geometry, p.modic.minimum_ml):
            lengths_fit = slice_counts(region).max() >= 8 and slice_counts(region).size >= 2
            if not lengths_fit or np.mean(inner.reshape(-1)[region.flat]) < 0.5:
                continue
            # A haemangioma or a fatty vertebra reaches far beyond the band: then the band is only its part.
            box, _, near = around_region(region, 6.0)
            beyond = near & surroundings.marrow[box] & ~band[box]
            sign = 1.0 if kind == "Modic II" else -1.0
            if beyond.any() and np.mean(sign * t1[box][beyond] > abs(p.modic.t1_z)) > 0.3:
                continue
            if _disc_distance_ok(picture, region, ENDPLATE_MM if kind == "Modic II" else SHARP_ENDPLATE_MM) < 0.08:
                continue
            z = abs(_mean(picture.z["T1"], region))
            if z < LEAST_CHANGE_Z[kind] or region.volume_ml < LEAST_CHANGE_ML or not _is_of_body(picture, region):
                continue
            found = make_finding(picture, kind, region, z, "T1", ["common-without-pain"])
            found.grade = 0.66 if z >= CLEAR_CHANGE_Z and region.volume_ml >= p.grade.medium_ml else 0.33
            findings.append(found)
    return findings


LEAST_CHANGE_Z = {"Modic II": 2.4, "Modic III": 3.2}
"""Of T1's mean; marrow varies by as much as less, and what is dark may share its voxels with the endplate (ours, on
four independent families of phantoms)."""
LEAST_CHANGE_ML = 0.5
BODY_FRONT_MM, BODY_SIDE_MM = 8.0, 30.0
"""In front of the canal's middle the vertebral bodies begin; beside them and behind lies fat of the foramina."""


def _is_of_body(picture: MRPicture, region: Region) -> bool:
    """Whether a region's middle lies where vertebral bodies do, as far as the canal is known."""
    if picture.spine_line is None:
        return True
    right, front, height = np.nanmedian(picture.spine_line.straight.local(region.points_ras), axis=0)
    return not np.isfinite(height) or (front > BODY_FRONT_MM and abs(right) < BODY_SIDE_MM)


def find_fluid(picture: MRPicture) -> list[MRFinding]:
    """Fluid outside marrow: in a joint an effusion, else a collection; what is normal fluid is left out."""
    p, surroundings = picture.parameters, picture.surroundings
    geometry = surroundings.geometry
    tissue = surroundings.tissue
    smoothed = Signals(geometry, picture.signals.factors, picture.smooth, surroundings.body)
    fluid = fluid_mask(smoothed, picture.typical) & ~surroundings.marrow
    normal = np.isin(tissue, (tissues.VISCERA, tissues.DISC))
    if surroundings.segmented is not None:
        normal |= surroundings.segmented == tissues.FLUID
    fluid &= ~near_mask(normal, geometry, 2.5)
    bone = bone_distance(surroundings, picture.implant)
    muscle = picture.typical.muscle[picture.fluid_role]
    findings = []
    parts = regions_of(fluid, geometry, min(p.fluid.effusion_minimum_ml, p.fluid.collection_minimum_ml))
    canal = None
    if surroundings.group == "low-back" and surroundings.segmented is None:
        canal = next((part for part in parts if is_spinal_canal(part, surroundings, p)), None)
        if canal is not None and surroundings.midline_r_mm is None:
            surroundings = dataclasses.replace(surroundings, midline_r_mm=float(canal.centroid_ras_mm[0]))
    for region in parts:
        if canal is not None and is_in_front_of_canal(region, canal):
            continue
        counts = slice_counts(region)
        if counts.max() < 3 or (slice_axis(geometry) is not None and counts.size < 2):
            continue
        if normal_fluid(region, surroundings, p) is not None:
            continue
        touching = touches_bone(region, surroundings, p.fluid.effusion_gap_mm)
        is_joint = touching > 0.35 and (
            touching > 0.6 or faces_bone_both_sides(region, surroundings, p.fluid.effusion_gap_mm)
        )
        if not is_joint and region.volume_ml < p.fluid.collection_minimum_ml:
            continue
        # Collections that hurt lie at a bone, a joint, a bursa over a bone, or an implant; others are of organs.
        if not is_joint and np.median(bone(region)) > p.fluid.collection_reach_mm:
            continue
        kind = "effusion or synovitis" if is_joint else "fluid collection or bursitis"
        # Muscle's spread of signal is about a tenth of it; fluid is told in these units.
        z = (_mean(picture.smooth[picture.fluid_role], region) / muscle - 1.0) / 0.5
        findings.append(make_finding(picture, kind, region, z, picture.fluid_role, []))
    return findings


def find_degenerated_discs(picture: MRPicture) -> list[MRFinding]:
    """Discs whose inner part is dark on T2 against fluid and against the other discs (DOMAIN D.4)."""
    p, surroundings = picture.parameters, picture.surroundings
    role = "T2" if "T2" in picture.smooth else picture.fluid_role
    signal = picture.smooth[role].reshape(-1)
    seen = np.isfinite(picture.signals.roles[role].reshape(-1))
    regions = [region for region in discs(surroundings) if seen[region.flat].mean() > 0.95]
    if len(regions) < 3:
        return []
    canal = signal[(surroundings.tissue == tissues.FLUID).reshape(-1)]
    fluid = float(np.percentile(canal, 75)) if canal.size > 50 else float(np.percentile(signal, 99.8))
    ratios = []
    for region in regions:
        offset = region.points_ras - region.centroid_ras_mm
        far = np.sum((offset / np.maximum(np.std(offset, axis=0), 1e-3)) ** 2, axis=1)
        inner = far <= np.quantile(far, INNER_PART)
        ratios.append(float(np.mean(signal[region.flat[inner]])) / max(fluid, 1e-6))
    typical = float(np.percentile(ratios, 75))
    spread = max(1.4826 * float(np.median(np.abs(np.array(ratios) - np.median(ratios)))), 0.1 * typical)
    findings = []
    for region, ratio in zip(regions, ratios, strict=True):
        if ratio < p.disc.ratio and ratio < p.disc.relative * typical:
            z = (typical - ratio) / spread
            found = make_finding(picture, "disc degeneration", region, z, role, ["common-without-pain"])
            found.grade = 0.33 if ratio > 0.5 * p.disc.relative * typical else 0.66
            findings.append(found)
    return findings


def find_dark_marrow(picture: MRPicture) -> list[MRFinding]:
    """With T1 alone: marrow that is clearly darker than its surroundings, in one compact part. Graded lowest."""
    p, surroundings = picture.parameters, picture.surroundings
    t1 = np.nan_to_num(picture.z["T1"], nan=0.0)
    inner = inner_voxels(surroundings.marrow, surroundings.geometry)
    dark = (t1 <= -p.t1_only.z) & inner
    findings = []
    for region in regions_of(dark, surroundings.geometry, p.t1_only.minimum_ml):
        if slice_counts(region).size < 2 or is_tube(region):
            continue
        found = make_finding(picture, "oedema", region, abs(_mean(picture.z["T1"], region)), "T1", ["no-fluid-series"])
        found.grade = 0.33
        findings.append(found)
    return findings
