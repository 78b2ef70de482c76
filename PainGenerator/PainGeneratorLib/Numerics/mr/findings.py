"""Structural abnormality on MR: from corrected, standardized signal to findings by kind (DOMAIN section D)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..body.canal import RELIABLE_SPINE, SpineLine, find_spine_line
from ..body.discs import with_discs
from ..body.symmetry import RELIABLE_QUALITY, SymmetryPlane
from ..core import tissues
from ..core.image import Geometry, Image, Region
from ..core.kept import Kept
from ..core.records import MRFinding
from .bias import BiasParameters
from .bright import as_finding, bright_mask, bright_parts
from .hip import HALO_MM, bright_halo, hip_doubt, judge_hip
from .implant import ImplantLimits, ImplantResult, find_implant
from .kinds import (
    Work,
    find_dark_marrow,
    find_degenerated_discs,
    find_endplate_changes,
    find_fluid,
    find_oedema,
    inner_voxels,
)
from .signal import Signals, in_plane_smooth, local_z, prepare_signals, spread_blocks
from .spine import SpineMap, find_by_anatomy, find_in_spine, map_spine, mark_spine
from .surroundings import MRParameters, Surroundings, bone_distance
from .tissue_map import Levels, make_tissue_map, signal_levels

Progress = Callable[[float, str], None]


@dataclass(frozen=True, eq=False)
class MRResult(Kept):
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
    weak : list of MRFinding
        Too faint, small or doubtful to count alone (flag "weak"): for the fusion, where PET shows uptake at the place.
    spine_line : SpineLine or None
        Low back: the spinal canal's course with its discs, in the reference frame.
    """

    findings: list[MRFinding]
    tissues: Image
    implant: ImplantResult
    z_maps: dict[str, Image] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    weak: list[MRFinding] = field(default_factory=list)
    spine_line: SpineLine | None = None

    not_kept = ("tissues", "z_maps")
    """Images are kept as volumes of the scene."""


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
    work, spine, bright = _prepare(signals, own_levels, tissue, codes, vertebra, implant, symmetry, group, p)
    tell(0.8, "Marking abnormal regions")
    findings, weak, warnings = _apply_rules(work, spine, bright, known)
    warnings += implant.warnings
    if implant.void is not None:
        findings.append(_implant_finding(implant))
    return _on_reference(findings, weak, tissue, implant, work, reference.geometry, warnings)


def _thinned(array: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """The middle voxel of each block of a label map."""
    shape = tuple(n // f for n, f in zip(array.shape, factors, strict=True))
    return array[tuple(slice(f // 2, None, f) for f in factors)][tuple(slice(n) for n in shape)]


def _prepare(
    signals: Signals,
    levels: Levels,
    tissue: np.ndarray,
    codes: np.ndarray | None,
    vertebra: np.ndarray | None,
    implant: ImplantResult,
    symmetry: SymmetryPlane | None,
    group: str,
    p: MRParameters,
) -> tuple[Work, SpineMap | None, np.ndarray | None]:
    """All that the rules work on, the map of the spine and the bright places; the tissues are amended by the spine."""
    geometry = signals.geometry
    marrow = tissue == tissues.MARROW
    usable = signals.body.copy()
    if implant.unreliable is not None:
        usable.reshape(-1)[implant.unreliable.flat] = False
    marrow &= usable
    smooth = {role: in_plane_smooth(array, geometry, p.smooth_mm) for role, array in signals.roles.items()}
    midline = _midline(signals.body, geometry, symmetry, marrow if group == "low-back" else None)
    around = Surroundings(geometry, tissue, marrow, usable, group, midline, codes)
    role = next((role for role in ("FLUID", "T2") if role in signals.roles), None)
    line = find_spine(signals, role, symmetry) if group == "low-back" else None
    work = Work(signals, smooth, levels, around, {}, vertebra, role, p, implant.void, line)
    # On T2 all marrow outshines muscle.
    bright = bright_mask(work, p.bright_over_muscle) if role == "FLUID" and levels.muscle.get(role) else None
    spine = None
    if line is not None and role is not None:
        spine = map_spine(work)
        mark_spine(spine, bright)
        if vertebra is None and len(line.disc_mm):
            own = np.zeros(geometry.shape, dtype=np.uint8)
            own[spine.box] = spine.level
            work = replace(work, vertebra=own)
            spine = replace(spine, work=work)
    for name in smooth:
        work.z[name] = _standardized(work, name)
    return work, spine, bright


def find_spine(signals: Signals, bright: str | None, symmetry: SymmetryPlane | None) -> SpineLine | None:
    """The spinal canal with its discs, from images without shading.

    Parameters
    ----------
    signals : Signals
    bright : str or None
        Role of the series that shows fluid bright.
    symmetry : SymmetryPlane or None

    Returns
    -------
    SpineLine or None
        None where it cannot be relied on, and where there is neither T1 nor a series that shows fluid bright.
    """
    geometry = signals.geometry
    images = {role: Image(signals.roles[role], geometry) for role in ("T1", bright) if role in signals.roles}
    if not images:
        return None
    reference = next(iter(images.values()))
    line = find_spine_line(reference, images.get(bright), _at_plane(geometry, symmetry))
    if line is None or line.quality < RELIABLE_SPINE:
        return None
    return with_discs(line, reference) if "T1" in images else line


def _at_plane(geometry: Geometry, symmetry: SymmetryPlane | None) -> float | None:
    """R where the plane of symmetry, if it can be relied on, crosses the middle of the field of view, mm."""
    if symmetry is None or symmetry.quality < RELIABLE_QUALITY:
        return None
    center = geometry.center_ras
    return float((center - float(symmetry.signed_distance_mm(center)) * symmetry.normal_ras)[0])


def _standardized(work: Work, role: str) -> np.ndarray:
    """z-scores of marrow in one series; NaN elsewhere."""
    geometry = work.around.geometry
    flat = np.flatnonzero(work.around.marrow)
    scores = np.full(geometry.size, np.nan, dtype=np.float32)
    if flat.size:
        points = geometry.flat_to_ras(flat)
        inner = inner_voxels(work.around.marrow, geometry).reshape(-1)[flat]
        own = None if work.vertebra is None else work.vertebra.reshape(-1)[flat]
        seen = np.isfinite(work.signals.roles[role].reshape(-1)[flat])
        values = work.smooth[role].reshape(-1)[flat]
        some = local_z(values, points, inner & seen, own, work.parameters.reference_reach_mm)
        scores[flat[seen]] = some[seen]
    return scores.reshape(geometry.shape)


def _midline(
    body: np.ndarray, geometry: Geometry, symmetry: SymmetryPlane | None, spine: np.ndarray | None
) -> float | None:
    """R of the midline: of the symmetry plane, of the spine's marrow, or of a body that is seen whole; else None."""
    middle = _at_plane(geometry, symmetry)
    if middle is not None:
        return middle
    if spine is not None and np.count_nonzero(spine) * geometry.voxel_volume_ml > 20.0:
        flat = np.flatnonzero(spine)
        return float(np.median(geometry.flat_to_ras(flat[:: flat.size // 20_000 + 1])[:, 0]))
    flat = np.flatnonzero(body)
    across = geometry.flat_to_ras(flat[:: flat.size // 20_000 + 1])[:, 0]
    low, high = np.percentile(across, (1, 99))
    return float(0.5 * (low + high)) if high - low > 280.0 else None


def _apply_rules(
    work: Work, spine: SpineMap | None, bright: np.ndarray | None, known: Mapping[str, Image]
) -> tuple[list[MRFinding], list[MRFinding], list[str]]:
    """Findings, weak findings and warnings."""
    warnings = []
    if work.bright == "T2":
        warnings.append("There is no fluid-sensitive series: T2 was used for oedema and fluid, which is less sure.")
    if "T1" not in known:
        warnings.append("There is no T1 series: fat replacement could not be checked.")
    if not work.around.marrow.any():
        warnings.append("No bone marrow was recognised on the MR: marrow oedema could not be looked for.")
    if work.bright is None:
        if "T1" not in known:
            return [], [], warnings
        text = "There is no fluid-sensitive or T2 series: only marrow replaced on T1 was looked for, graded low."
        return find_dark_marrow(work), [], [*warnings, text]
    if work.around.group == "low-back":
        findings, weak = _in_low_back(work, spine, bright)
        if spine is None and work.around.told is None:
            text = "The spinal canal was not found on the MR: findings there are told from marrow alone."
            warnings.append(f"{text} This is less sure.")
    else:
        findings, weak = _at_hips(work, bright)
        if bright is not None and bright_halo(work, bright):
            text = "The surroundings of the implant are bright on the fluid-sensitive series, as metal makes them:"
            warnings.append(f"{text} within {HALO_MM:g} mm only clear fluid counts where PET shows nothing.")
    for finding in weak:
        finding.flags.append("weak")
        finding.grade = 0.33
    findings += find_endplate_changes(work)
    if work.around.told is not None and (work.around.tissue == tissues.DISC).any():
        findings += find_degenerated_discs(work)
    findings.sort(key=lambda f: (-f.grade, -(f.z or 0.0), -f.volume_ml))
    return findings, weak, warnings


def _in_low_back(
    work: Work, spine: SpineMap | None, bright: np.ndarray | None
) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings and weak findings of a spine; without its canal from marrow and fluid alone."""
    if spine is None:
        findings, weak = find_oedema(work)
        return findings + find_fluid(work), weak
    sure: list[MRFinding] = []
    weak = []
    if bright is not None:
        sure, weak = find_in_spine(spine, bright)
    taken = np.zeros(work.around.geometry.size, dtype=bool)
    for finding in [*sure, *weak]:
        taken[finding.region.flat] = True
    more, fainter = find_by_anatomy(spine, taken)
    return sure + more, weak + fainter


def _at_hips(work: Work, bright: np.ndarray | None) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings and weak findings of hips after a replacement."""
    found, faint = find_oedema(work)
    if bright is None:
        return found + find_fluid(work), faint
    to_implant = None if work.implant is None else bone_distance(work.around, work.implant, False)
    judged = judge_hip(work, bright_parts(work, bright, work.parameters.oedema_minimum_ml), to_implant)
    sure = [as_finding(work, one) for one in judged if one.kind is not None and one.sure]
    weak = [as_finding(work, one) for one in judged if one.kind is not None and not one.sure]
    doubtful = hip_doubt(work, bright)
    weak += [f for f in sure if doubtful(f)]
    sure = [f for f in sure if not doubtful(f)]
    taken = bright.reshape(-1)
    others, faint = ([f for f in some if not taken[f.region.flat].any()] for some in (found, faint))
    weak += faint
    if work.around.told is None:
        return sure, weak + others
    others += [f for f in find_fluid(work) if not _overlaps(f, [*sure, *others])]
    return sure + [f for f in others if not doubtful(f)], weak + [f for f in others if doubtful(f)]


def _overlaps(finding: MRFinding, others: list[MRFinding]) -> bool:
    return any(np.intersect1d(finding.region.flat, other.region.flat).size for other in others)


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
    weak: list[MRFinding],
    tissue: np.ndarray,
    implant: ImplantResult,
    work: Work,
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
    for finding in weak:
        finding.region = region_on(finding.region)
    implant = ImplantResult(
        region_on(implant.void), region_on(implant.unreliable), implant.axis_ras, implant.side, implant.warnings
    )
    z_maps = {role: Image(spread_blocks(array, factors, shape), geometry) for role, array in work.z.items()}
    tissues_there = Image(spread_blocks(tissue, factors, shape), geometry)
    return MRResult(findings, tissues_there, implant, z_maps, warnings, weak, work.spine)
