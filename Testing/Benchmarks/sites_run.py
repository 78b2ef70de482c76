"""Find, measure and name the sites of one case with the code of this project, and score them."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from finding_cases import LIBRARY, imported_modules, kept
from finding_run import Run, true_alignment
from PainGeneratorLib.Anatomy.sites import find_sites
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Image, Region, ball
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow, SiteTable
from PainGeneratorLib.Numerics.core.words import MR_ROLES, Certainty
from PainGeneratorLib.Numerics.fusion.site_measures import SiteImages, measure_sites
from PainGeneratorLib.Numerics.mr import findings
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Numerics.mr.spine_levels import find_spine_levels
from PainGeneratorLib.Workflow import sites as workflow_sites
from PainGeneratorLib.Workflow.finding import Found as Result
from PainGeneratorLib.Workflow.finding import pet_in_reference
from sites_cases import SiteCase
from sites_score import MeasureScore, NameScore, Place, SiteScore, score_measures, score_sites

PARTS = ("frame", "names", "measures")
"""What is scored. Each part takes longer than those before it."""
FRESH = (
    "conus.py",
    "endplate_planes.py",
    "facet_places.py",
    "level_names.py",
    "level_order.py",
    "level_witnesses.py",
    "place_doubts.py",
    "renaming.py",
    "sacrum.py",
    "section_places.py",
    "sites.py",
    "spine_frame.py",
    "spine_levels.py",
    "spine_turn.py",
    "vertebrae.py",
)
"""Modules that are run anew every time: a change of them does not make the slow MR stage run again. A change of any
other module on which the MR stage depends does."""


@dataclass(eq=False)
class SiteRecord:
    """The results of one case; plain types.

    Parameters
    ----------
    name, kind, anatomy : str
    sites : list of SiteScore
    measures : list of MeasureScore
    names : list of NameScore
    certainty : str or None
        Of the levels.
    reasons : list of str
    seconds : dict
        Processor seconds of ``find`` and ``measure``.
    """

    name: str
    kind: str
    anatomy: str
    sites: list[SiteScore] = field(default_factory=list)
    measures: list[MeasureScore] = field(default_factory=list)
    names: list[NameScore] = field(default_factory=list)
    certainty: str | None = None
    reasons: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The record in plain types."""
        return dataclasses.asdict(self)


class SiteRun(Run):
    """A case up to the MR findings, whose vertebrae are found anew from the kept signals."""

    def _found_on_mr(self) -> MRResult:
        """The MR findings from the cache, with the vertebrae as this code finds them now."""
        variant = "anatomy" if self.with_anatomy else "plain"
        path = self.cache / f"site-mr-{_slow_digest()}" / f"{self.test.name}-{variant}.pickle"
        mr, call = kept(path, self._with_call, packed=True)
        if call is None:
            return mr
        start = time.process_time()
        spine = find_spine_levels(*call[0], **call[1])
        self.seconds["frame"] = time.process_time() - start
        return dataclasses.replace(mr, spine=spine)

    def _with_call(self) -> tuple[MRResult, tuple[tuple, dict] | None]:
        """The MR findings, and what the search for vertebrae was called with."""
        calls: list[tuple[tuple, dict]] = []
        own = findings.find_spine_levels

        def noted(*values, **named):
            calls.append((values, named))
            return own(*values, **named)

        findings.find_spine_levels = noted
        try:
            return self._find_on_mr(), calls[-1] if calls else None
        finally:
            findings.find_spine_levels = own

    @property
    def _sections_in_reference(self):
        return super()._sections_in_reference if "PET" in self.case.series else None

    @property
    def _plane_in_reference(self):
        return super()._plane_in_reference if "PET" in self.case.series else None


def _slow_digest() -> str:
    """Digest of all modules on which the MR stage depends, but those that run anew."""
    found: set[Path] = set()
    waiting = [
        LIBRARY / "Numerics/mr/findings.py",
        LIBRARY / "Numerics/body/symmetry.py",
        LIBRARY / "Phantoms/case.py",
    ]
    while waiting:
        path = waiting.pop()
        if path not in found and path.name not in FRESH:
            found.add(path)
            waiting += imported_modules(path)
    text = hashlib.sha256()
    for path in sorted(found):
        text.update(path.read_bytes())
    return text.hexdigest()[:12]


def run_case(cache: Path, case: SiteCase, with_anatomy: bool, parts: tuple[str, ...]) -> SiteRecord:
    """Score one case, with or without its anatomy segmentation."""
    record = SiteRecord(case.name, case.kind, "with" if with_anatomy else "without")
    run = _run(cache, case, with_anatomy)
    _ = run.plan  # Before the clock starts.
    start = time.process_time()
    table = _site_table(run)
    record.seconds["find"] = time.process_time() - start
    record.certainty, record.reasons = table.level_certainty, list(table.level_reasons)
    sites = [row.site for row in table.rows]
    record.sites = score_sites(case.truth, sites)
    if "names" in parts and case.test.lesions:
        record.names = list(_names(run, table))
    if "measures" in parts and case.clean_pet is not None:
        record.measures, record.seconds["measure"] = _measures(run, case, sites)
    record.seconds |= {k: v for k, v in run.seconds.items() if k == "frame"}
    return record


def _run(cache: Path, case: SiteCase, with_anatomy: bool) -> SiteRun:
    """A run without PET for real MR, otherwise with it."""
    if "PET" in case.test.case.series:
        return SiteRun(cache, case.test, "fused", (), with_anatomy)
    run = object.__new__(SiteRun)
    run.test, run.cache, run.stage, run.case = case.test, cache, "fused", case.test.case
    run.with_anatomy, run.seconds = with_anatomy, {}
    run.alignment = true_alignment(case.test)
    run.mr = run._found_on_mr()
    return run


def _site_table(run: SiteRun) -> SiteTable:
    """All sites without measures, as the stage "sites" finds them."""
    if hasattr(workflow_sites, "find_case_sites"):
        table: SiteTable = workflow_sites.find_case_sites(run.case, run.mr, run.plan, run.anatomy)
        return table
    found = find_sites(run.case.group, run.plan, run.mr.tissues, run.mr.spine, run.anatomy)
    rows = _measured(run, found.sites, SiteImages(None, None))
    return SiteTable(rows, found.level_certainty, found.level_reasons, found.notes)


def _names(run: SiteRun, table: SiteTable):
    """The names that are given to the regions of the true lesions."""
    result = Result(run.plane, run.mr, None, run.plan, [], [], None, run.sections)
    result.measured_sites = table
    namer = result.namer(run.anatomy, run.case, run._stage_suv, run.alignment)
    geometry = pet_in_reference(run._stage_suv, run.alignment).geometry
    for lesion in run.test.lesions:
        t = lesion.truth
        radius = max((3e3 * float(t["volume_ml"]) / (4 * np.pi)) ** (1 / 3), 2.5)
        flat = ball(geometry, lesion.center_ras_mm, radius)
        place = namer(Region(geometry, flat))
        certainty = getattr(place, "level_certainty", None)
        yield NameScore(
            t["structure"], t["side"], t["level"], t["zone"], place.name, place.structure, str(place.side),
            place.level, place.zone, None if certainty is None else str(certainty),
        )  # fmt: skip


def _measures(run: SiteRun, case: SiteCase, sites: list[Site]) -> tuple[list[MeasureScore], float]:
    """Measures of the true ellipsoids on the PET without noise, and of the sites that were found on the PET itself."""
    to_reference = run.alignment.pet_to_reference
    normal = {tissues.MARROW: case.normal_suv["marrow"], tissues.MUSCLE: case.normal_suv["muscle"]}
    codes = {(s.structure, str(s.side)): s.tissue for s in sites}
    at_truth = [_as_site(place, codes.get((place.structure, place.side), tissues.MARROW)) for place in case.truth]

    series = {role: _in_reference(run, role) for role in MR_ROLES if role in run.case.series}

    def images(pet: Image) -> SiteImages:
        moved = Image(pet.array, pet.geometry.moved(to_reference))
        return SiteImages(moved, run.detector.references, series)

    clean = _measured(run, at_truth, images(case.clean_pet))
    scores = [
        dataclasses.replace(score, what=f"{score.what} at the true place")
        for score in score_measures(case.truth, clean, normal)
    ]
    noisy = images(run.suv)
    start = time.process_time()
    rows = _measured(run, sites, noisy)
    seconds = time.process_time() - start
    return scores + score_measures(case.truth, rows, normal), seconds


def _in_reference(run: SiteRun, role: str) -> Image:
    """A series on its own voxels, placed in the reference frame."""
    image = run.case.series[role].image
    return Image(image.array, image.geometry.moved(np.linalg.inv(run.alignment.reference_to(role))))


def _measured(run: SiteRun, sites: Sequence[Site], images: SiteImages) -> Sequence[SiteRow]:
    """The rows of sites; with the parameters of the protocol where the measuring has any."""
    if "parameters" not in inspect.signature(measure_sites).parameters:
        return measure_sites(sites, images)
    kind = inspect.getmodule(measure_sites).SiteParameters
    return measure_sites(sites, images, run.case.protocol.stage("sites", kind))


def _as_site(place: Place, tissue: int) -> Site:
    """A site at its true place."""
    return Site(
        f"{place.side} {place.structure} {place.level or place.zone or ''}", place.structure, place.side, place.level,
        place.center_ras, place.axes, place.half_mm, tissue, place.zone, level_certainty=str(Certainty.CERTAIN),
    )  # fmt: skip
