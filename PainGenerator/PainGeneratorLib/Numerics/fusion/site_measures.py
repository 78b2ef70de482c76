"""Measure every site of a case: its uptake, its MR signal, and how both compare with like sites and with norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..core import tissues as codes
from ..core.image import Image, Region
from ..core.records import Candidate, HotSpot, MRFinding
from ..core.sites import Site, SiteRow
from ..core.words import Role
from ..pet.reference_tissue import ReferenceField
from .anchors import site_of
from .site_comparison import LevelComparison, compare_levels, likes, opposite, signal_scores
from .site_norms import norm_of
from .site_parameters import SiteParameters
from .site_signal import measure_signals, signs_at
from .site_spill import where_from
from .site_uptake import SiteUptake, measure_uptake, reference_of
from .site_verdict import NO_FLUID_SERIES, NOT_ALIGNED, NOT_MEASURED, OUTSIDE_PET, SiteEvidence, is_raised, judge
from .site_voxels import SiteVoxels, site_voxels

NOT_READ = ("rejected", "physiologic")
"""Status of candidates that make no site abnormal, as the reader decided so."""


@dataclass(frozen=True, eq=False)
class SiteImages:
    """What the sites are measured on; all in the reference frame, on their own voxels.

    Parameters
    ----------
    pet : Image or None
        SUV, g/ml; None where PET and reference are not aligned.
    references : ReferenceField or None
        Normal uptake of tissues, on the voxels of the PET.
    series : mapping of role to Image
        MR series whose frame is the reference frame, or whose geometry was moved there.
    z_maps : mapping of role to Image
        z-scores of marrow, NaN elsewhere.
    findings, weak_findings : sequence of MRFinding
    hot_spots : sequence of HotSpot
    candidates : sequence of Candidate
        A site that holds one is abnormal.
    named : sequence of Candidate
        They only tell from which site uptake reaches to its neighbors; :func:`.anchors.anchored` adds them later.
    unreliable : Region or None
        Where an implant makes PET and MR unreliable.
    """

    pet: Image | None
    references: ReferenceField | None
    series: Mapping[str, Image] = field(default_factory=dict)
    z_maps: Mapping[str, Image] = field(default_factory=dict)
    findings: Sequence[MRFinding] = ()
    hot_spots: Sequence[HotSpot] = ()
    candidates: Sequence[Candidate] = ()
    named: Sequence[Candidate] = ()
    unreliable: Region | None = None
    weak_findings: Sequence[MRFinding] = ()


@dataclass(frozen=True, eq=False)
class _Compared:
    """The uptake of all sites, each with what it is compared with; lists are in the order of the sites."""

    uptakes: list[SiteUptake | None]
    references: list[tuple[float, str] | None]
    ratios: list[float | None]
    sides: list[float | None]
    levels: list[LevelComparison | None]
    near_implant: list[bool]


def measure_sites(sites: Sequence[Site], images: SiteImages, parameters: SiteParameters) -> tuple[SiteRow, ...]:
    """Measure all sites.

    Parameters
    ----------
    sites : sequence of Site
        In the reference frame.
    images : SiteImages
    parameters : SiteParameters

    Returns
    -------
    tuple of SiteRow
        In the order of the sites.
    """
    if not sites:
        return ()
    mates = likes(sites)
    compared = _compared(sites, images, mates, parameters)
    signals, in_mr = measure_signals(sites, images.series, parameters.part_outside)
    scores = {role: signal_scores(sites, _sound(values, compared), mates) for role, values in signals.items()}
    anchored = _anchored(sites, images.candidates)
    signs = signs_at(sites, images.findings, parameters)
    weak = signs_at(sites, images.weak_findings, parameters)
    rows = []
    for n, site in enumerate(sites):
        uptake = compared.uptakes[n]
        evidence = SiteEvidence(
            site=site,
            no_uptake=_no_uptake(images, compared, n),
            uptake=uptake,
            ratio=compared.ratios[n],
            reference_name=_name(compared.references[n]),
            side_ratio=compared.sides[n],
            levels=compared.levels[n],
            signs=signs[n],
            weak_signs=weak[n],
            candidates=tuple(c.id for c in anchored[n] if c.status not in NOT_READ),
            near_implant=compared.near_implant[n],
            in_mr=in_mr[n] or not images.series,
        )
        if uptake is not None and images.pet is not None and is_raised(evidence, parameters):
            origin = where_from(
                sites,
                n,
                uptake,
                images.pet.geometry,
                images.hot_spots,
                [*images.candidates, *images.named],
                parameters,
            )
            evidence = replace(evidence, origin=origin, local=_local(images, uptake))
        rows.append(
            _row(
                evidence,
                compared.references[n],
                {role: values[n] for role, values in signals.items() if n in values},
                {role: values[n] for role, values in scores.items() if n in values},
                tuple(c.id for c in anchored[n]),
                parameters,
            )
        )
    return tuple(rows)


def series_notes(images: SiteImages) -> tuple[str, ...]:
    """What the series of a case cannot tell about any site, as sentences for the reader."""
    return () if {Role.FLUID, Role.T2} & set(images.series) else (NO_FLUID_SERIES,)


def _row(
    evidence: SiteEvidence,
    reference: tuple[float, str] | None,
    signals: dict[str, float],
    scores: dict[str, float],
    candidates: tuple[str, ...],
    parameters: SiteParameters,
) -> SiteRow:
    state, reasons = judge(evidence, parameters)
    uptake, levels = evidence.uptake, evidence.levels
    return SiteRow(
        evidence.site,
        str(state),
        reasons,
        suv_max=None if uptake is None else uptake.suv_max,
        suv_peak=None if uptake is None else uptake.suv_peak,
        suv_mean=None if uptake is None else uptake.suv_mean,
        reference=None if reference is None else reference[0],
        reference_name=_name(reference),
        ratio=evidence.ratio,
        side_ratio=evidence.side_ratio,
        level_ratio=None if levels is None else levels.ratio,
        level_spread=None if levels is None else levels.spread,
        level_z=None if levels is None else levels.z,
        signals=signals,
        z=scores,
        mr_signs=(*evidence.signs, *(f"{kind} (weak)" for kind in evidence.weak_signs)),
        norm=norm_of(evidence.site),
        candidates=candidates,
        flags=_flags(evidence),
    )


def _flags(evidence: SiteEvidence) -> tuple[str, ...]:
    """Flags of :data:`..core.records.FLAG_TEXTS` of a site."""
    holds = {
        "near-implant": evidence.near_implant,
        "peak-at-edge": evidence.uptake is not None and evidence.uptake.at_edge,
        "outside-pet": evidence.no_uptake == OUTSIDE_PET,
        "outside-mr": not evidence.in_mr,
        "spill-over": evidence.origin.beside is not None,
    }
    return tuple(flag for flag, is_set in holds.items() if is_set)


def _compared(
    sites: Sequence[Site], images: SiteImages, mates: Sequence[Sequence[int]], p: SiteParameters
) -> _Compared:
    """The uptake of all sites and what it is compared with."""
    count = len(sites)
    near_implant = _near_implant(sites, images.unreliable, p.part_outside)
    uptakes: list[SiteUptake | None] = [None] * count
    references: list[tuple[float, str] | None] = [None] * count
    if images.pet is not None:
        voxels = [site_voxels(site, images.pet.geometry) for site in sites]
        uptakes = measure_uptake(images.pet, voxels, 1.0 - p.part_outside, p.spill)
    if images.references is not None and images.references.is_plausible:
        for n, uptake in enumerate(uptakes):
            if uptake is not None:
                references[n] = reference_of(images.references, sites[n], uptake.peak_flat)
    ratios = [
        None if uptake is None or reference is None else _ratio(uptake.suv_peak, reference[0])
        for uptake, reference in zip(uptakes, references, strict=True)
    ]
    peaks = [
        None if uptake is None or hidden else uptake.suv_peak
        for uptake, hidden in zip(uptakes, near_implant, strict=True)
    ]
    sides: list[float | None] = []
    for peak, other in zip(peaks, opposite(sites), strict=True):
        across = None if other is None else peaks[other]
        sides.append(None if peak is None or across is None else _ratio(peak, across))
    levels: list[LevelComparison | None] = []
    for n in range(count):
        others = [(value, m) for m in mates[n] if (value := peaks[m]) is not None]
        uptake = uptakes[n]
        raised = [(ratios[m] or 0.0) >= p.uptake.ratio for _, m in others]
        values = [value for value, _ in others]
        levels.append(
            None if uptake is None else compare_levels(uptake.suv_peak, values, raised, p.uptake.least_spread)
        )
    return _Compared(uptakes, references, ratios, sides, levels, near_implant)


def _anchored(sites: Sequence[Site], candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """The candidates at each site, in the order of the sites."""
    numbers = {id(site): n for n, site in enumerate(sites)}
    found: list[list[Candidate]] = [[] for _ in sites]
    for candidate in candidates:
        site = site_of(candidate.place, sites)
        if site is not None:
            found[numbers[id(site)]].append(candidate)
    return found


def _local(images: SiteImages, uptake: SiteUptake) -> tuple[float, str] | None:
    """SUVpeak over the highest normal uptake of the tissues near by, and which one that is."""
    if images.references is None:
        return None
    values, found = images.references.at(np.array([uptake.peak_flat]))
    ratio = _ratio(uptake.suv_peak, float(values[0]))
    return None if ratio is None else (ratio, codes.NAMES[int(found[0])])


def _near_implant(sites: Sequence[Site], unreliable: Region | None, most_part: float) -> list[bool]:
    """Which sites lie with more than a part within the margin of an implant."""
    if unreliable is None or not len(unreliable):
        return [False] * len(sites)
    found = []
    for site in sites:
        voxels: SiteVoxels = site_voxels(site, unreliable.geometry)
        at = np.minimum(np.searchsorted(unreliable.flat, voxels.flat), len(unreliable) - 1)
        found.append(voxels.part_with(unreliable.flat[at] == voxels.flat) > most_part)
    return found


def _sound(values: Mapping[int, float], compared: _Compared) -> dict[int, float]:
    """The signals of the sites that no artifact spoils."""
    return {n: value for n, value in values.items() if not compared.near_implant[n]}


def _no_uptake(images: SiteImages, compared: _Compared, n: int) -> str | None:
    """Why the uptake of a site is not known; None where it is."""
    if images.pet is None:
        return NOT_ALIGNED
    if compared.uptakes[n] is None:
        return OUTSIDE_PET
    return NOT_MEASURED if compared.ratios[n] is None else None


def _ratio(value: float, normal: float) -> float | None:
    return value / normal if normal > 0 else None


def _name(reference: tuple[float, str] | None) -> str | None:
    return None if reference is None else reference[1]
