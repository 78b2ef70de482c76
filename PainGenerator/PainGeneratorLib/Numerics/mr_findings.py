"""Structural abnormality on MR: from corrected, standardized signal to findings by kind (DOMAIN section D)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from . import tissues
from .bias import BiasParameters
from .image import Geometry, Image, Region
from .implant import ImplantLimits, ImplantResult, find_implant
from .mr_rules import (
    MRParameters,
    Surroundings,
    discs,
    faces_bone_both_sides,
    grade,
    is_basivertebral_vein,
    is_in_front_of_canal,
    is_spinal_canal,
    is_tube,
    normal_fluid,
    slice_axis,
    slice_counts,
    touches_bone,
)
from .mr_signal import (
    Signals,
    in_plane_smooth,
    local_z,
    near_mask,
    prepare_signals,
    regions_of,
    sample_mask,
    spread_blocks,
)
from .records import MRFinding
from .symmetry import RELIABLE_QUALITY, SymmetryPlane
from .tissue_map import Levels, fluid_mask, make_tissue_map, signal_levels

INNER_PART = 0.35
"""Part of a disc's voxels around its centre that is measured: about the inner 60 % across (DOMAIN D.4)."""

ENDPLATE_MM = 5.5
"""A change at the endplate comes this near to the disc: bony endplate, cartilage and a voxel lie between."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True, eq=False)
class MRResult:
    """All that the MR says, on the reference series' grid.

    Parameters
    ----------
    findings : list of MRFinding
        Clearest first; the implant's artefact, if any, is one of them.
    tissues : Image
        uint8 codes of :mod:`.tissues`.
    implant : ImplantResult
    z_maps : dict
        Role -> float32 Image of marrow z-scores; NaN outside marrow.
    warnings : list of str
    """

    findings: list[MRFinding]
    tissues: Image
    implant: ImplantResult
    z_maps: dict[str, Image] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Work:
    """A case while it is looked at."""

    signals: Signals
    smooth: dict[str, np.ndarray]
    levels: Levels
    around: Surroundings
    z: dict[str, np.ndarray]
    vertebra: np.ndarray | None
    bright: str | None
    """The role that shows fluid: FLUID, else T2."""
    parameters: MRParameters


def find_mr_findings(
    series: Mapping[str, Image],
    reference_to_series: Mapping[str, np.ndarray],
    reference: Image,
    parameters: MRParameters,
    *,
    group: str,
    anatomy_tissues: Image | None = None,
    levels: Image | None = None,
    symmetry: SymmetryPlane | None = None,
    prosthesis_side: str | None = None,
    progress: Progress | None = None,
) -> MRResult:
    """Mark structural abnormality.

    Parameters
    ----------
    series : mapping of role to Image
        T1, FLUID, T2, CONTRAST, as acquired (shading is removed here); roles of other kinds are not looked at.
    reference_to_series : mapping of role to ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference frame to points of that series; identity where missing.
    reference : Image
        The reference series.
    parameters : MRParameters
    group : str
        ``low-back`` or ``hip-replacement``.
    anatomy_tissues : Image of uint8, optional
        Tissue codes on the reference grid, from an anatomy segmentation.
    levels : Image of uint8, optional
        Index of the vertebra on the reference grid, 0 for none.
    symmetry : SymmetryPlane, optional
        In the reference frame.
    prosthesis_side : str, optional
        "left" or "right".
    progress : callable, optional

    Returns
    -------
    MRResult
    """
    tell = progress or (lambda _fraction, _text: None)
    known = {role: series[role] for role in ("T1", "FLUID", "T2", "CONTRAST") if role in series}
    empty = Image(np.zeros(reference.geometry.shape, dtype=np.uint8), reference.geometry)
    if not known:
        text = "There is no T1, fluid-sensitive, T2 or contrast series: MR findings were not looked for."
        return MRResult([], empty, ImplantResult(), {}, [text])
    tell(0.0, "Removing the shading of the MR")
    p = parameters
    bias = BiasParameters(
        p.bias_order,
        p.bias_sample_mm,
        p.bias_pair_mm,
        p.bias_iterations,
        p.bias_histogram_fwhm,
        p.bias_foreground_part,
    )
    signals = prepare_signals(known, reference_to_series, reference, bias)
    if not signals.body.any():
        return MRResult([], empty, ImplantResult(), {}, ["The MR holds no signal: MR findings were not looked for."])
    tell(0.4, "Telling tissues apart")
    own_levels = signal_levels(signals, p.fluid_over_muscle)
    codes = None if anatomy_tissues is None else _thinned(anatomy_tissues.array, signals.factors)
    vertebra = None if levels is None else _thinned(levels.array, signals.factors)
    tissue = make_tissue_map(signals, own_levels, codes)
    limits = ImplantLimits(p.void_part, p.implant_minimum_ml, p.implant_depth_mm, p.pile_up_ratio, p.implant_margin_mm)
    implant = find_implant(
        signals, own_levels.muscle, limits,
        group=group, symmetry=symmetry, prosthesis_side=prosthesis_side, anatomy=codes,
    )  # fmt: skip
    tell(0.6, "Comparing signal with normal tissue")
    work = _standardize(signals, own_levels, tissue, vertebra, implant, symmetry, group, p)
    tell(0.8, "Marking abnormal regions")
    findings, warnings = _apply_rules(work, known)
    warnings += implant.warnings
    if implant.void is not None:
        findings.append(_implant_finding(implant))
    return _on_reference(findings, tissue, implant, work, reference.geometry, warnings)


def _thinned(array: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """The middle voxel of each block of a label map."""
    shape = tuple(n // f for n, f in zip(array.shape, factors, strict=True))
    return array[tuple(slice(f // 2, None, f) for f in factors)][tuple(slice(n) for n in shape)]


def _standardize(
    signals: Signals,
    levels: Levels,
    tissue: np.ndarray,
    vertebra: np.ndarray | None,
    implant: ImplantResult,
    symmetry: SymmetryPlane | None,
    group: str,
    p: MRParameters,
) -> _Work:
    geometry = signals.geometry
    marrow = tissue == tissues.MARROW
    usable = signals.body.copy()
    if implant.unreliable is not None:
        usable.reshape(-1)[implant.unreliable.flat] = False
    marrow &= usable
    smooth = {role: in_plane_smooth(array, geometry, p.smooth_mm) for role, array in signals.roles.items()}
    flat = np.flatnonzero(marrow)
    points = geometry.flat_to_ras(flat)
    inner = _inner(marrow, geometry).reshape(-1)[flat]
    own = None if vertebra is None else vertebra.reshape(-1)[flat]
    z = {}
    for role, array in smooth.items():
        seen = np.isfinite(signals.roles[role].reshape(-1)[flat])
        scores = np.full(geometry.size, np.nan, dtype=np.float32)
        if flat.size:
            values = array.reshape(-1)[flat]
            some = local_z(values, points, inner & seen, own, p.reference_reach_mm)
            scores[flat[seen]] = some[seen]
        z[role] = scores.reshape(geometry.shape)
    midline = _midline(signals.body, geometry, symmetry, marrow if group == "low-back" else None)
    around = Surroundings(geometry, tissue, marrow, usable, group, midline, vertebra is not None)
    bright = next((role for role in ("FLUID", "T2") if role in signals.roles), None)
    return _Work(signals, smooth, levels, around, z, vertebra, bright, p)


def _inner(mask: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Voxels at least about 2 mm within a mask, in the slices' plane."""
    axis = slice_axis(geometry)
    flat = ndimage.generate_binary_structure(3, 1)
    if axis is not None:
        flat[tuple(0 if a == axis else slice(None) for a in range(3))] = False
        flat[tuple(2 if a == axis else slice(None) for a in range(3))] = False
    rounds = max(1, int(2.0 / float(np.median(geometry.spacing_kji_mm)) + 0.5))
    return ndimage.binary_erosion(mask, flat, iterations=rounds)


def _midline(
    body: np.ndarray, geometry: Geometry, symmetry: SymmetryPlane | None, spine: np.ndarray | None
) -> float | None:
    """R of the midline: of the symmetry plane, of the spine's marrow, or of a body that is seen whole; else None."""
    if symmetry is not None and symmetry.quality >= RELIABLE_QUALITY:
        center, normal = geometry.center_ras, symmetry.normal_ras
        return float((center - float(symmetry.signed_distance_mm(center)) * normal)[0])
    if spine is not None and np.count_nonzero(spine) * geometry.voxel_volume_ml > 20.0:
        flat = np.flatnonzero(spine)
        return float(np.median(geometry.flat_to_ras(flat[:: flat.size // 20_000 + 1])[:, 0]))
    flat = np.flatnonzero(body)
    across = geometry.flat_to_ras(flat[:: flat.size // 20_000 + 1])[:, 0]
    low, high = np.percentile(across, (1, 99))
    return float(0.5 * (low + high)) if high - low > 280.0 else None


def _apply_rules(work: _Work, known: Mapping[str, Image]) -> tuple[list[MRFinding], list[str]]:
    warnings = []
    if work.bright == "T2":
        warnings.append("There is no fluid-sensitive series: T2 was used for oedema and fluid, which is less sure.")
    if "T1" not in known:
        warnings.append("There is no T1 series: fat replacement could not be checked.")
    if not work.around.marrow.any():
        warnings.append("No bone marrow was recognised on the MR: marrow oedema could not be looked for.")
    findings: list[MRFinding] = []
    if work.bright is None:
        if "T1" in known:
            findings += _dark_marrow(work)
            text = "There is no fluid-sensitive or T2 series: only marrow replaced on T1 was looked for, graded low."
            warnings.append(text)
        return findings, warnings
    in_marrow = _oedema(work)
    findings += in_marrow
    findings += _fatty_endplates(work)
    findings += _fluid(work)
    if work.around.has_anatomy and (work.around.tissue == tissues.DISC).any():
        findings += _degenerated_discs(work)
    findings.sort(key=lambda f: (-f.grade, -(f.z or 0.0), -f.volume_ml))
    for number, finding in enumerate(findings, start=1):
        finding.label = number
    return findings, warnings


def _mean(array: np.ndarray | None, region: Region) -> float | None:
    if array is None:
        return None
    values = array.reshape(-1)[region.flat]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else None


def _finding(work: _Work, kind: str, region: Region, z: float, role: str, flags: list[str]) -> MRFinding:
    z_t1 = _mean(work.z.get("T1"), region)
    if "T1" not in work.z:
        flags = [*flags, "no-t1"]
    first, shape = region.box
    ends = zip(first, shape, region.geometry.shape, strict=True)
    if any(f == 0 or f + s == n for f, s, n in ends):
        flags = [*flags, "truncated"]
    points = grade(z, region.volume_ml, work.parameters)
    return MRFinding(0, kind, region, region.centroid_ras_mm, region.volume_ml, z, z_t1, role, points, flags)


def _disc_distance_ok(work: _Work, region: Region, reach_mm: float) -> float:
    """Part of a region's voxels within `reach_mm` of a disc along the body's length."""
    mask = work.around.tissue == tissues.DISC
    if not mask.any():
        return 0.0
    points = region.points_ras
    found = np.zeros(len(points), dtype=bool)
    for step in np.arange(1.0, reach_mm + 0.1, 1.5):
        for sign in (1.0, -1.0):
            found |= sample_mask(mask, work.around.geometry, points + np.array([0.0, 0.0, sign * step]))
    return float(found.mean())


def _seeded(grown: np.ndarray, seeds: np.ndarray, geometry: Geometry, minimum_ml: float) -> list[Region]:
    """Connected parts of a mask that hold a seed."""
    marked = seeds.reshape(-1)
    return [region for region in regions_of(grown, geometry, minimum_ml) if marked[region.flat].any()]


def _oedema(work: _Work) -> list[MRFinding]:
    """Bright on FLUID, dark on T1, in marrow; no vein; along an endplate it is Modic I."""
    p, around = work.parameters, work.around
    geometry = around.geometry
    bright = np.nan_to_num(work.z[work.bright], nan=-99.0)
    candidates = bright >= p.oedema_z
    if "T1" in work.z:
        candidates &= np.nan_to_num(work.z["T1"], nan=99.0) <= p.oedema_t1_z
    inner = _inner(around.marrow, geometry)
    findings = []
    for region in _seeded(candidates, (bright >= p.oedema_core_z) & candidates & inner, geometry, p.oedema_minimum_ml):
        counts = slice_counts(region)
        # A rim that is nowhere 2 mm deep in the marrow is its edge, mixed with canal, joint or disc.
        if counts.max() < 3 or np.mean(inner.reshape(-1)[region.flat]) < 0.3 or is_tube(region):
            continue
        vertebra = _vertebra_of(work, region)
        if is_basivertebral_vein(region, vertebra, around.midline_r_mm if around.group == "low-back" else None):
            continue
        flags = ["single-slice"] if slice_axis(geometry) is not None and counts.size < 2 else []
        if flags and region.volume_ml < 2.0 * p.oedema_minimum_ml:
            continue
        z = _mean(work.z[work.bright], region)
        t1 = _mean(work.z.get("T1"), region)
        kind = "oedema"
        near_disc = _disc_distance_ok(work, region, p.modic_band_mm)
        touches = _disc_distance_ok(work, region, ENDPLATE_MM) > 0.08
        if near_disc > 0.6 and touches and t1 is not None and t1 < p.modic_t1_z and z > p.modic_fluid_z:
            kind = "Modic I"
        findings.append(_finding(work, kind, region, z, work.bright, flags))
    return findings


def _vertebra_of(work: _Work, region: Region) -> Region | None:
    """The marrow of the vertebra that holds most of a region."""
    if work.vertebra is None:
        return None
    own = work.vertebra.reshape(-1)[region.flat]
    own = own[own > 0]
    if not own.size:
        return None
    level = int(np.bincount(own).argmax())
    return Region.from_mask((work.vertebra == level) & (work.around.tissue == tissues.MARROW), work.around.geometry)


def _fatty_endplates(work: _Work) -> list[MRFinding]:
    """Modic II (fat) and III (sclerosis) in a band beside a disc."""
    p, around = work.parameters, work.around
    disc = around.tissue == tissues.DISC
    if "T1" not in work.z or not disc.any():
        return []
    band = near_mask(disc, around.geometry, p.modic_band_mm) & around.marrow
    t1 = np.nan_to_num(work.z["T1"], nan=0.0)
    bright = np.nan_to_num(work.z[work.bright], nan=0.0)
    kinds = {}
    if "FLUID" in work.z:
        kinds["Modic II"] = band & (t1 > p.modic_t1_z * -1.0) & (bright < 1.0)
    if "T2" in work.z:
        kinds["Modic III"] = band & (t1 < p.modic_t1_z) & (np.nan_to_num(work.z["T2"], nan=0.0) < p.modic_t1_z)
    findings = []
    inner = _inner(around.marrow, around.geometry)
    for kind, mask in kinds.items():
        seeds = mask & inner & (np.abs(t1) > abs(p.modic_t1_z) + 1.0)
        for region in _seeded(mask, seeds, around.geometry, p.modic_minimum_ml):
            lengths_fit = slice_counts(region).max() >= 8 and slice_counts(region).size >= 2
            if not lengths_fit or np.mean(inner.reshape(-1)[region.flat]) < 0.3:
                continue
            # A haemangioma or a fatty vertebra reaches far beyond the band: then the band is only its part.
            beyond = near_mask(region.to_mask(), around.geometry, 6.0) & around.marrow & ~band
            sign = 1.0 if kind == "Modic II" else -1.0
            if beyond.any() and np.mean(sign * t1[beyond] > abs(p.modic_t1_z)) > 0.3:
                continue
            if _disc_distance_ok(work, region, ENDPLATE_MM) < 0.08:
                continue
            z = abs(_mean(work.z["T1"], region))
            found = _finding(work, kind, region, z, "T1", ["common-without-pain"])
            found.grade = 0.33
            findings.append(found)
    return findings


def _fluid(work: _Work) -> list[MRFinding]:
    """Fluid outside marrow: in a joint an effusion, else a collection; what is normal fluid is left out."""
    p, around = work.parameters, work.around
    geometry = around.geometry
    tissue = around.tissue
    smoothed = Signals(geometry, work.signals.factors, work.smooth, around.body)
    fluid = fluid_mask(smoothed, work.levels) & ~around.marrow
    normal = np.isin(tissue, (tissues.VISCERA, tissues.DISC))
    if around.has_anatomy:
        normal |= tissue == tissues.FLUID
    fluid &= ~near_mask(normal, geometry, 2.5)
    muscle = work.levels.muscle[work.bright]
    findings = []
    parts = regions_of(fluid, geometry, min(p.effusion_minimum_ml, p.collection_minimum_ml))
    canal = None
    if around.group == "low-back" and not around.has_anatomy:
        canal = next((part for part in parts if is_spinal_canal(part, around, p)), None)
        if canal is not None and around.midline_r_mm is None:
            around = dataclasses.replace(around, midline_r_mm=float(canal.centroid_ras_mm[0]))
    for region in parts:
        if canal is not None and is_in_front_of_canal(region, canal):
            continue
        counts = slice_counts(region)
        if counts.max() < 3 or (slice_axis(geometry) is not None and counts.size < 2):
            continue
        if normal_fluid(region, around, p) is not None:
            continue
        touching = touches_bone(region, around, p.effusion_gap_mm)
        is_joint = touching > 0.35 and (touching > 0.6 or faces_bone_both_sides(region, around, p.effusion_gap_mm))
        if not is_joint and region.volume_ml < p.collection_minimum_ml:
            continue
        kind = "effusion or synovitis" if is_joint else "fluid collection or bursitis"
        # Muscle's spread of signal is about a tenth of it; fluid is told in these units.
        z = (_mean(work.smooth[work.bright], region) / muscle - 1.0) / 0.5
        findings.append(_finding(work, kind, region, z, work.bright, []))
    return findings


def _degenerated_discs(work: _Work) -> list[MRFinding]:
    """Discs whose inner part is dark on T2 against fluid and against the other discs (DOMAIN D.4)."""
    p, around = work.parameters, work.around
    role = "T2" if "T2" in work.smooth else work.bright
    signal = work.smooth[role].reshape(-1)
    regions = discs(around)
    if len(regions) < 3:
        return []
    canal = signal[(around.tissue == tissues.FLUID).reshape(-1)]
    fluid = float(np.percentile(canal, 75)) if canal.size > 50 else float(np.percentile(signal, 99.8))
    ratios = []
    seen = np.isfinite(work.signals.roles[role].reshape(-1))
    regions = [region for region in regions if seen[region.flat].mean() > 0.95]
    for region in regions:
        offset = region.points_ras - region.centroid_ras_mm
        far = np.sum((offset / np.maximum(np.std(offset, axis=0), 1e-3)) ** 2, axis=1)
        inner = far <= np.quantile(far, INNER_PART)
        ratios.append(float(np.mean(signal[region.flat[inner]])) / max(fluid, 1e-6))
    typical = float(np.percentile(ratios, 75))
    spread = max(1.4826 * float(np.median(np.abs(np.array(ratios) - np.median(ratios)))), 0.1 * typical)
    findings = []
    for region, ratio in zip(regions, ratios, strict=True):
        if ratio < p.disc_ratio and ratio < p.disc_relative * typical:
            z = (typical - ratio) / spread
            found = _finding(work, "disc degeneration", region, z, role, ["common-without-pain"])
            found.grade = 0.33 if ratio > 0.5 * p.disc_relative * typical else 0.66
            findings.append(found)
    return findings


def _dark_marrow(work: _Work) -> list[MRFinding]:
    """With T1 alone: marrow that is clearly darker than its surroundings, in one compact part. Graded lowest."""
    p, around = work.parameters, work.around
    t1 = np.nan_to_num(work.z["T1"], nan=0.0)
    inner = _inner(around.marrow, around.geometry)
    dark = (t1 <= -p.t1_only_z) & inner
    findings = []
    for region in regions_of(dark, around.geometry, p.t1_only_minimum_ml):
        if slice_counts(region).size < 2 or is_tube(region):
            continue
        found = _finding(work, "oedema", region, abs(_mean(work.z["T1"], region)), "T1", ["no-fluid-series"])
        found.grade = 0.33
        findings.append(found)
    return findings


def _implant_finding(implant: ImplantResult) -> MRFinding:
    region = implant.void
    return MRFinding(
        0,
        "implant artefact",
        region,
        region.centroid_ras_mm,
        region.volume_ml,
        None,
        None,
        "T1",
        0.0,
        ["near-implant"],
    )


def _on_reference(
    findings: list[MRFinding],
    tissue: np.ndarray,
    implant: ImplantResult,
    work: _Work,
    geometry: Geometry,
    warnings: list[str],
) -> MRResult:
    """Bring all from the working grid to the reference grid."""
    factors, shape = work.signals.factors, geometry.shape

    def region_on(region: Region | None) -> Region | None:
        if region is None or factors == (1, 1, 1):
            return region
        return Region.from_mask(spread_blocks(region.to_mask(), factors, shape), geometry)

    for number, finding in enumerate(findings, start=1):
        finding.label = number
        finding.region = region_on(finding.region)
    implant = ImplantResult(
        region_on(implant.void), region_on(implant.unreliable), implant.axis_ras, implant.side, implant.warnings
    )
    z_maps = {role: Image(spread_blocks(array, factors, shape), geometry) for role, array in work.z.items()}
    return MRResult(findings, Image(spread_blocks(tissue, factors, shape), geometry), implant, z_maps, warnings)
