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
from .site_comparison import LevelComparison, along_spine, compare_levels, likes, opposite, signal_scores
from .site_norms import norm_of
from .site_parameters import SiteParameters, SiteUptakeParameters
from .site_signal import measure_signals, signs_at
from .site_spill import excess_of, where_from, without_usual_reach
from .site_uptake import SiteUptake, measure_uptake, reference_of
from .site_verdict import NO_FLUID_SERIES, NOT_ALIGNED, NOT_MEASURED, OUTSIDE_PET, SiteEvidence, is_raised, judge
from .site_voxels import SiteVoxels, site_voxels

RICH = "marrow, blood vessels or bowel"
"""Normal tissues with much uptake (:attr:`.ReferenceField.rich`)."""


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
    findings, weak_findings : sequence of MRFinding
    hot_spots : sequence of HotSpot
    candidates : sequence of Candidate
        They tell from which site uptake reaches to its neighbors. That a site holds a candidate is added by
        :func:`.anchors.anchored`.
    unreliable : Region or None
        Where an implant makes PET and MR unreliable.
    """

    pet: Image | None
    references: ReferenceField | None
    series: Mapping[str, Image] = field(default_factory=dict)
    findings: Sequence[MRFinding] = ()
    hot_spots: Sequence[HotSpot] = ()
    candidates: Sequence[Candidate] = ()
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

    def excess(self, n: int) -> float | None:
        """SUVpeak of a site less that of its like, g/ml; None where it is not known."""
        uptake, levels = self.uptakes[n], self.levels[n]
        return None if uptake is None or levels is None else excess_of(uptake.suv_peak, levels.ratio)


@dataclass(frozen=True, eq=False)
class _Gathered:
    """All measures of all sites; lists are in the order of the sites, mappings by role and number of the site."""

    sites: Sequence[Site]
    compared: _Compared
    across: list[int | None]
    signals: dict[str, dict[int, float]]
    scores: dict[str, dict[int, float]]
    in_mr: list[bool]
    signs: list[tuple[str, ...]]
    weak_signs: list[tuple[str, ...]]


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
    gathered = _gather(sites, images, parameters)
    return tuple(_row(_evidence(n, gathered, images, parameters), n, gathered, parameters) for n in range(len(sites)))


def series_notes(images: SiteImages) -> tuple[str, ...]:
    """What the series of a case cannot tell about any site, as sentences for the reader."""
    return () if {Role.FLUID, Role.T2} & set(images.series) else (NO_FLUID_SERIES,)


def _gather(sites: Sequence[Site], images: SiteImages, p: SiteParameters) -> _Gathered:
    """All measures of all sites."""
    mates = likes(sites)
    compared = _compared(sites, images, mates, p)
    signals, in_mr = measure_signals(sites, images.series, p.part_outside)
    return _Gathered(
        sites,
        compared,
        opposite(sites),
        signals,
        {role: signal_scores(sites, _sound(values, compared), mates) for role, values in signals.items()},
        in_mr if images.series else [True] * len(sites),
        signs_at(sites, images.findings, p),
        signs_at(sites, images.weak_findings, p),
    )


def _evidence(n: int, gathered: _Gathered, images: SiteImages, p: SiteParameters) -> SiteEvidence:
    """All that is known about the site with a number."""
    compared, across = gathered.compared, gathered.across[n]
    uptake = compared.uptakes[n]
    evidence = SiteEvidence(
        site=gathered.sites[n],
        no_uptake=_no_uptake(images, compared, n),
        uptake=uptake,
        ratio=compared.ratios[n],
        reference_name=_name(compared.references[n]),
        side_ratio=compared.sides[n],
        other_ratio=None if across is None else compared.ratios[across],
        levels=compared.levels[n],
        signs=gathered.signs[n],
        weak_signs=gathered.weak_signs[n],
        near_implant=compared.near_implant[n],
        in_mr=gathered.in_mr[n],
    )
    if uptake is None or images.pet is None or not is_raised(evidence, p):
        return evidence
    grid = images.pet.geometry
    origin = where_from(gathered.sites, n, uptake, grid, images.hot_spots, images.candidates, p)
    origin = without_usual_reach(origin, compared.sides[n], compared.excess(n), compared.excess)
    return replace(evidence, origin=origin, local=_local(images.references, uptake, p.uptake.ratio))


def _row(evidence: SiteEvidence, n: int, gathered: _Gathered, parameters: SiteParameters) -> SiteRow:
    """The row of the site with a number."""
    state, reasons = judge(evidence, parameters)
    reference = gathered.compared.references[n]
    row = SiteRow(
        evidence.site,
        str(state),
        reasons,
        reference=None if reference is None else reference[0],
        reference_name=evidence.reference_name,
        ratio=evidence.ratio,
        side_ratio=evidence.side_ratio,
        signals={role: values[n] for role, values in gathered.signals.items() if n in values},
        z={role: values[n] for role, values in gathered.scores.items() if n in values},
        mr_signs=(*evidence.signs, *(f"{kind} (weak)" for kind in evidence.weak_signs if kind not in evidence.signs)),
        norm=norm_of(evidence.site),
        flags=_flags(evidence),
    )
    uptake, levels = evidence.uptake, evidence.levels
    if uptake is not None:
        row = replace(row, suv_max=uptake.suv_max, suv_peak=uptake.suv_peak, suv_mean=uptake.suv_mean)
    if levels is not None:
        row = replace(row, level_ratio=levels.ratio, level_spread=levels.spread, level_z=levels.z)
    return row


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
    near_implant = _near_implant(sites, images.unreliable, p.part_outside)
    uptakes: list[SiteUptake | None] = [None] * len(sites)
    if images.pet is not None:
        voxels = [site_voxels(site, images.pet.geometry) for site in sites]
        uptakes = measure_uptake(images.pet, voxels, 1.0 - p.part_outside, p.spill)
    references = _references(sites, uptakes, images.references)
    ratios = [_over(uptake, reference) for uptake, reference in zip(uptakes, references, strict=True)]
    # What lies beside an implant is no measure for other sites.
    peaks = [
        None if uptake is None or hidden else uptake.suv_peak
        for uptake, hidden in zip(uptakes, near_implant, strict=True)
    ]
    sides = [_side(peak, other, peaks) for peak, other in zip(peaks, opposite(sites), strict=True)]
    along = along_spine(sites, range(len(sites)))
    levels = [
        None if uptake is None else _level(n, uptake.suv_peak, mates[n], peaks, ratios, along, p.uptake)
        for n, uptake in enumerate(uptakes)
    ]
    return _Compared(uptakes, references, ratios, sides, levels, near_implant)


def _references(
    sites: Sequence[Site], uptakes: Sequence[SiteUptake | None], references: ReferenceField | None
) -> list[tuple[float, str] | None]:
    """Value (g/ml) and name of the reference of each site; None where there is none."""
    if references is None or not references.is_plausible:
        return [None] * len(sites)
    return [
        None if uptake is None else reference_of(references, site, uptake.peak_flat)
        for site, uptake in zip(sites, uptakes, strict=True)
    ]


def _over(uptake: SiteUptake | None, reference: tuple[float, str] | None) -> float | None:
    """SUVpeak over the reference."""
    return None if uptake is None or reference is None else _ratio(uptake.suv_peak, reference[0])


def _side(peak: float | None, other: int | None, peaks: Sequence[float | None]) -> float | None:
    """SUVpeak over that of the site with another number."""
    across = None if other is None else peaks[other]
    return None if peak is None or across is None else _ratio(peak, across)


def _level(
    number: int,
    peak: float,
    mates: Sequence[int],
    peaks: Sequence[float | None],
    ratios: Sequence[float | None],
    along: Mapping[int, float],
    p: SiteUptakeParameters,
) -> LevelComparison | None:
    """SUVpeak of a site against the like sites of the other levels."""
    others = {m: value for m in mates if (value := peaks[m]) is not None}
    raised = [(ratios[m] or 0.0) >= p.ratio for m in others]
    return compare_levels(
        peak, list(others.values()), raised, p.least_spread, [along[m] - along[number] for m in others]
    )


def _local(references: ReferenceField | None, uptake: SiteUptake, ratio: float) -> tuple[float, str] | None:
    """SUVpeak over the highest normal uptake of the tissues near by, and which one that is, as a noun phrase.

    Not every bone and vessel is on the tissue map, so that less than rich normal tissue is never raised: it counts as
    its SUV over `ratio`, the ratio from which uptake is raised.
    """
    if references is None:
        return None
    values, found = references.at(np.array([uptake.peak_flat]))
    value, rich = float(values[0]), references.rich / ratio
    if max(value, rich) <= 0:
        return None
    name = f"{codes.NAMES[int(found[0])]} beside it" if found[0] else "the surroundings"
    return uptake.suv_peak / max(value, rich), RICH if rich > value else name


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
