"""Run the stages on a case of the benchmark, and give candidates and measures at any sensitivity."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from finding_cases import Lesion, TestCase, digest, digest_of_modules, kept
from finding_score import Found, Part
from PainGeneratorLib.Anatomy.anatomy_files import read_anatomy_file
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Numerics.body.sections import BodySections, find_sections, supported_plane
from PainGeneratorLib.Numerics.body.symmetry import find_symmetry_plane
from PainGeneratorLib.Numerics.core.image import Region, transform_points
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot
from PainGeneratorLib.Numerics.core.regions import on_grid
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Workflow.case import Case
from PainGeneratorLib.Workflow.finding import PetSigns, fuse_found, plan_body
from PainGeneratorLib.Workflow.sites import find_case_sites, measured_table
from PainGeneratorLib.Workflow.stages import Alignment, align_series, find_on_mr, make_suv, pet_detector

STAGES = ("pet", "mapped", "fused", "whole")
"""How much of the analysis is run; see ``finding.py``."""


@dataclasses.dataclass(frozen=True, eq=False)
class Lists:
    """The three lists of a reading, each best first, for the score."""

    candidates: list[Found]
    set_apart: list[Found]
    attention: list[Found]


class Run:
    """One case after the chosen stages, with or without its anatomy segmentation.

    Parameters
    ----------
    cache : Path
        Folder in which alignments and MR findings are kept, under a digest of everything on which they depend.
    case : TestCase
    stage : str
        One of STAGES. Real cases have no true alignment, so that their MR is used only in the stage ``whole``.
    settings : sequence of str
        Protocol parameters, as NAME=VALUE.
    with_anatomy : bool
        Whether to use the anatomy segmentation.
    """

    def __init__(
        self, cache: Path, case: TestCase, stage: str, settings: Sequence[str] = (), with_anatomy: bool = False
    ) -> None:
        protocol = case.case.protocol.with_values(dict(text.split("=", 1) for text in settings))
        self.test, self.cache = case, cache
        self.stage = stage if case.is_phantom or stage == "whole" else "pet"
        self.case: Case = dataclasses.replace(case.case, protocol=protocol)
        self.with_anatomy = with_anatomy and case.anatomy is not None
        self.seconds: dict[str, float] = {}
        self._stage_suv = make_suv(self.case)
        self.suv = self._stage_suv.image
        self.alignment = self._aligned() if self.stage == "whole" else true_alignment(case)
        self.mr = None if self.stage == "pet" else self._found_on_mr()

    @property
    def pet_to_reference(self) -> np.ndarray:
        """Maps points of the PET to points of the frame of the lesions, RAS mm, shape (4, 4)."""
        return self.alignment.pet_to_reference if self.test.is_phantom or self.stage == "whole" else np.eye(4)

    def _timed(self, what: str, make):
        """Make a result and return it with its processor seconds, so that the seconds are kept with the result."""
        start = time.process_time()
        made = make()
        return made, {what: time.process_time() - start}

    def _aligned(self) -> Alignment:
        """The alignment of the case, which is kept in the cache."""
        sources = digest_of_modules("Registration/alignment.py", "Phantoms/case.py", "Numerics/suv/factors.py")
        path = self.cache / f"alignment-{sources}" / f"{self.test.name}-{self._values('alignment')}.pickle"
        alignment, seconds = kept(path, lambda: self._timed("alignment", lambda: self._align()))
        self.seconds |= seconds
        return alignment

    def _align(self) -> Alignment:
        """Run the stage "alignment"."""
        return align_series(self.case, self._stage_suv)

    def _found_on_mr(self) -> MRResult:
        """The MR findings of the case, which are kept in the cache."""
        sources = digest_of_modules(
            "Numerics/mr/findings.py", "Numerics/body/symmetry.py", "Anatomy/anatomy_files.py", "Phantoms/case.py"
        )
        variant = "anatomy" if self.with_anatomy else "plain"
        text = f"{self._values('mr_findings')} {digest('Workflow/stages.py')} {_moves(self.alignment)}"
        name = f"{self.test.name}-{variant}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.pickle"
        path = self.cache / f"mr-{sources}" / name
        mr, seconds = kept(path, lambda: self._timed("mr_findings", self._find_on_mr), packed=True)
        self.seconds |= seconds
        return mr

    def _find_on_mr(self) -> MRResult:
        """Find on MR. The maps of z are removed, because they are large and not used later."""
        found = find_on_mr(
            self.case, self.alignment, self.anatomy, self._plane_in_reference, self._sections_in_reference
        )
        return dataclasses.replace(found, z_maps={})

    def _values(self, stage: str) -> str:
        """Short digest of the parameters of a stage."""
        text = repr(sorted(self.case.protocol.values()[stage].items()))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def moved(self, way_mm: np.ndarray) -> Run:
        """Return the same case with the alignment of the PET shifted by a vector, shape (3,), mm."""
        pet = self.alignment.by_role["PET"]
        matrix = pet.reference_to_series_ras.copy()
        matrix[:3, 3] += way_mm
        roles = {**self.alignment.by_role, "PET": dataclasses.replace(pet, reference_to_series_ras=matrix)}
        other = object.__new__(Run)
        other.__dict__ = {k: v for k, v in self.__dict__.items() if k not in ("detector", "namer")}
        other.alignment = Alignment(roles)
        return other

    def with_settings(self, values: dict[str, str], *, keeps_detector: bool) -> Run:
        """Return the same case with other values of parameters after the stages of MR and alignment.

        Parameters
        ----------
        values : dict
            Name of a parameter -> its value as text.
        keeps_detector : bool
            Whether the hot spots and the measures of the sites do not depend on them.
        """
        anew = () if keeps_detector else ("sites", "namer", "detector")
        other = object.__new__(Run)
        other.__dict__ = {k: v for k, v in self.__dict__.items() if k not in anew}
        other.case = dataclasses.replace(self.case, protocol=self.case.protocol.with_values(values))
        return other

    @cached_property
    def anatomy(self) -> AnatomyMap | None:
        """The anatomy segmentation when it is used."""
        return read_anatomy_file(*self.test.anatomy) if self.with_anatomy else None

    @cached_property
    def plane(self):
        """The midsagittal plane of the body in the frame of the PET."""
        return supported_plane(find_symmetry_plane(self.suv), self.sections)

    @cached_property
    def sections(self) -> BodySections:
        """What the cross sections of the PET show, in its own frame."""
        return find_sections(self.suv)

    @property
    def _sections_in_reference(self) -> BodySections | None:
        return self.sections.moved(self.alignment.pet_to_reference) if self.alignment.is_aligned("PET") else None

    @property
    def _plane_in_reference(self):
        return self.plane.moved(self.alignment.pet_to_reference) if self.alignment.is_aligned("PET") else None

    @cached_property
    def detector(self) -> HotSpotDetector:
        """The detector after its first pass over the PET, with the results of the stages that were run."""
        if self.mr is None:
            parameters = self.case.protocol.stage("hot_spots", HotSpotParameters)
            return HotSpotDetector(self.suv, parameters, symmetry=self.plane)
        return pet_detector(self.case, self._stage_suv, self.alignment, self.mr, self.anatomy, self.plane, self.plan)

    @cached_property
    def plan(self) -> BodyPlan:
        """Midline and spine line in the reference frame."""
        return plan_body(self.case, self.alignment, self.mr, self._plane_in_reference, self._sections_in_reference)

    @cached_property
    def namer(self) -> Namer:
        """Gives names to regions in the reference frame."""
        sites = [row.site for row in self.sites.rows]
        return Namer(self.anatomy, self.plan, self.plan.implants, sites, self.sites.level_certainty)

    @cached_property
    def sites(self) -> SiteTable:
        """The sites that the program finds, with their measures."""
        table = find_case_sites(self.case, self.mr, self.plan, self.anatomy)
        spots = PetSigns.of(self.detector.find(), self.alignment).spots
        return measured_table(table, self.case, self._stage_suv, self.alignment, self.mr, self.detector, spots, [])

    def reading(self, sensitivity: float | None = None) -> Reading:
        """Return the three lists of the stages with MR."""
        pet = PetSigns.of(self.detector.find(sensitivity), self.alignment)
        return fuse_found(
            self.case, self._stage_suv, self.alignment, self.mr, pet, self.namer, self.sites, self.detector
        )

    def candidates(self, sensitivity: float | None = None) -> list:
        """Return the candidates of the stages with MR, best first."""
        return self.reading(sensitivity).candidates

    def found(self, sensitivity: float | None = None) -> list[Found]:
        """Return candidates (or hot spots in the stages without MR), best first, in the frame of :meth:`lesions`."""
        return self.lists(sensitivity).candidates

    def lists(self, sensitivity: float | None = None) -> Lists:
        """Return candidates, what is set apart, and what is for attention, in the frame of :meth:`lesions`.

        In the stages without MR the usual and unclear hot spots are set apart.
        """
        if self.stage in ("pet", "mapped"):
            result = self.detector.find(sensitivity)
            usual = [s for s in result.hot_spots if s.physiologic is not None]
            clear = [s for s in result.hot_spots if s.physiologic is None]
            spots, apart = ([self._found_spot(s) for s in some] for some in (clear, [*usual, *result.unclear]))
            return Lists(spots, apart, [])
        reading = self.reading(sensitivity)
        return Lists(
            *(
                [found_of(c) for c in some]
                for some in (
                    reading.candidates,
                    reading.set_apart,
                    reading.attention,
                )
            )
        )

    def _found_spot(self, spot: HotSpot) -> Found:
        """A hot spot in the frame of :meth:`lesions`."""
        return Found(self.to_lesions(spot.centroid_ras_mm), facts_of(spot))

    def to_lesions(self, point_ras: np.ndarray) -> np.ndarray:
        """Map a point of the PET to the frame of the lesions."""
        return transform_points(self.pet_to_reference, point_ras)

    def lesions(self, stage: str | None = None) -> list[Lesion]:
        """Return the lesions that a stage can find, in the frame of the candidates. Real ones are drawn on the PET."""
        with_mr = (stage or self.stage) in ("fused", "whole")
        lesions = [x for x in self.test.lesions if with_mr or x.evidence != "MR only"]
        if self.test.is_phantom:
            return lesions
        return [
            dataclasses.replace(
                x,
                center_ras_mm=self.to_lesions(x.center_ras_mm),
                region=None if x.region is None else x.region.moved(self.pet_to_reference),
            )
            for x in lesions
        ]

    def landmark_errors(self) -> dict[str, dict[str, Any]]:
        """Role -> distances from the truth at the landmarks before and after the alignment, verdict and warning."""
        errors = {}
        for role, series in self.alignment.by_role.items():
            truth, points = self.test.reference_to_series.get(role), self.test.landmarks_ras
            if truth is None or not len(points):
                continue
            goal = transform_points(truth, points)
            before, after = (
                np.linalg.norm(transform_points(m, points) - goal, axis=1)
                for m in (np.eye(4), series.reference_to_series_ras)
            )
            errors[role] = {
                "before_mm": float(before.mean()),
                "after_mm": float(after.mean()),
                "landmarks_mm": [round(float(x), 3) for x in after],
                "verdict": series.verdict,
                "warned": bool(series.warnings),
            }
        return errors

    def why_not(self, lesion: Lesion) -> str:
        """Text about hot spots and MR findings near a missed lesion."""
        spots = self.detector.find().hot_spots
        near = [s for s in spots if np.linalg.norm(self.to_lesions(s.centroid_ras_mm) - lesion.center_ras_mm) <= 15.0]
        reasons = [f"{s.physiologic or 'shown, too far'} (tbr {s.tbr or 0:.2f})" for s in near]
        findings = [] if self.mr is None else self.mr.findings
        reasons += [
            f"MR {f.kind} z {f.z or 0:.1f}"
            for f in findings
            if np.linalg.norm(f.centroid_ras_mm - lesion.center_ras_mm) <= 15.0
        ]
        return f"near it: {reasons or 'nothing'}"

    def overlap(self, lesion: Lesion, rank: int) -> str:
        """Text with volumes and Dice overlap of the outline of a candidate and the one that a person drew."""
        spots = [s for s in self.detector.find().hot_spots if s.physiologic is None]
        item = spots[rank - 1] if self.mr is None else self.candidates()[rank - 1]
        region: Region = on_grid(item.region, lesion.region.geometry)
        shared = np.intersect1d(region.flat, lesion.region.flat).size
        dice = 2.0 * shared / (len(region) + len(lesion.region))
        return f"outline {region.volume_ml:.0f} ml, drawn {lesion.region.volume_ml:.0f} ml, Dice {dice:.2f}"


BOTH_SIDES = "both"
"""The side of an entry that names both sides."""
BOTH_ENDPLATES = "discovertebral"
"""First word of the structure of an entry that names a disc with both endplates."""


def found_of(candidate: Candidate) -> Found:
    """A candidate for the score. One that names more than one place can be found at each of its parts."""
    place = candidate.place
    parts: tuple[Part, ...] = ()
    if place.side == BOTH_SIDES or place.structure.startswith(BOTH_ENDPLATES):
        spots = [Part(spot.centroid_ras_mm, _facts_of_spot(spot)) for spot in candidate.hot_spots]
        parts = (*spots, *(Part(f.centroid_ras_mm) for f in candidate.mr_findings))
    return Found(candidate.centroid_ras_mm, facts_of(candidate), parts)


def _facts_of_spot(spot: HotSpot) -> dict[str, Any]:
    """The measures of one hot spot of a candidate."""
    return {**_measures_of(spot, ("suv_max", "suv_peak", "tbr")), "references": [str(spot.reference_name)]}


def _measures_of(item: Any, names: Sequence[str]) -> dict[str, float | None]:
    """Some measures of a candidate or a hot spot in plain types; None for those that it does not have."""
    return {n: None if getattr(item, n, None) is None else round(float(getattr(item, n)), 4) for n in names}


def facts_of(item: Any) -> dict[str, Any]:
    """Return the measures and names of a candidate or a hot spot in plain types."""
    measures = ("score", "suv_max", "suv_peak", "tbr", "left_right_ratio", "mtv_ml", "mr_z", "volume_ml")
    facts: dict[str, Any] = dict(_measures_of(item, measures))
    facts["flags"] = list(item.flags)
    place = getattr(item, "place", None)
    if place is None:
        usual = item.physiologic or f"clearness {item.clearness or 0.0:.2f}"
        return facts | {"reference": f"{item.reference or 0.0:.2f} ({item.reference_name})", "reason": usual}
    facts |= {"id": item.id, "name": place.name, "structure": place.structure, "side": place.side}
    facts |= {"level": place.level, "zone": place.zone, "evidence": item.evidence, "mr_kind": item.mr_kind}
    facts |= {"pet_state": item.pet_state, "mr_state": item.mr_state, "reason": item.reason}
    facts["references"] = sorted({s.reference_name for s in item.hot_spots if s.reference_name})
    facts["score_parts"] = {name: round(float(part), 3) for name, part in item.score_parts.items()}
    facts["ledger"] = [
        {"sign": e.sign, "points": round(e.points, 2), "state": e.state, "measure": e.measure, "text": e.text}
        for e in item.ledger
    ]
    return facts


def words_of(found: Found) -> str:
    """Text about a candidate or a hot spot."""
    facts = found.facts
    numbers = ("suv_max", "suv_peak", "tbr", "left_right_ratio", "mtv_ml", "mr_z")
    text = " ".join(f"{name} {facts[name]:.2f}" for name in numbers if facts.get(name) is not None)
    if facts.get("name") is None:
        return f"{text} reference {facts['reference']} {facts['flags']}"
    kind = facts["mr_kind"] or ""
    return f"{facts['evidence']} {facts['name']} score {facts['score']:.1f} {kind} {text} {facts['flags']}"


def ledger_words(found: Found) -> str:
    """The ledger of an entry in one line: states, sign with points ("?" when it was not assessable), and reason."""
    facts = found.facts
    if "ledger" not in facts:
        return str(facts.get("reason", ""))
    signs = [
        f"{e['sign']} ?" if e["state"] == "not assessable" else f"{e['sign']} {e['points']:+.1f}"
        for e in facts["ledger"]
    ]
    reason = f"; {facts['reason']}" if facts["reason"] else ""
    return f"PET {facts['pet_state']}, MR {facts['mr_state']}: {', '.join(signs)} = {facts['score']:.1f}{reason}"


def _moves(alignment: Alignment) -> str:
    """An alignment as text: the transform of every series, and whether it is aligned."""
    rows = []
    for role, series in sorted(alignment.by_role.items()):
        rows.append(f"{role} {series.aligned} {np.round(series.reference_to_series_ras, 6).tolist()}")
    return "; ".join(rows)


def true_alignment(case: TestCase) -> Alignment:
    """Return the true alignment of a phantom, or the coordinates of the files for a real case."""
    by_role = {}
    for role in case.case.series:
        if role != case.case.reference_role:
            matrix = case.reference_to_series.get(role, np.eye(4))
            by_role[role] = SeriesAlignment(
                role, matrix, matrix, "landmarks", "aligned", None, True, 0.0, 0.0, None, None, None
            )
    return Alignment(by_role)
