"""Series that do not lie on one another: a small offset in a shared frame is kept with its size, and findings stay."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PainGeneratorLib.Phantoms.case import write_phantom
from PainGeneratorLib.Registration.alignment_types import AlignmentParameters, PairAlignment
from PainGeneratorLib.Registration.quality import judge as judge_search
from PainGeneratorLib.Registration.search import PairSearch
from PainGeneratorLib.Workflow.case import Case, CaseOptions
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.reading import read_case_folder
from PainGeneratorLib.Workflow.stages import Alignment
from small_bodies import SmallRun, aligned, run_small

from .judging import InputCase, Judged, Outcome, judged

KIND = "series that cannot be joined"
SOURCE = "a reader's case without T1: a shared frame of reference 4.5 mm off was given up, with no MR finding"
STS = "hand-aligned cases that are 4 to 14 mm off: https://doi.org/10.1088/0031-9155/60/14/5471"
PARAMETERS = load_protocol("low-back").stage("alignment", AlignmentParameters)
KEPT, GIVEN_UP = "kept the scanner's alignment", "not aligned"


def offset(
    name: str, expected: str, doubt: str | None, shared: bool = True, source: str = SOURCE, **found: Any
) -> InputCase:
    """A search that found a better place it cannot trust; `expected` is the verdict, `doubt` a word of the warning."""

    def judge(_folder: Path) -> Judged:
        search = PairSearch(np.eye(4), np.eye(4), np.zeros(3), np.zeros((4, 3)), 1000.0)
        values = {"spread_mm": 0.3, "similarity_start": 0.4, "similarity_end": 0.5, "kind": "PET", "halves_mm": 1.0}
        values |= {"information_start": 0.4, "gain_noise": 0.002, "outline": 0.95, "edges_sd": 2.5}
        values |= {"better_near_start": 0.4, "change_mm": 4.5}
        for key, value in (values | found).items():
            setattr(search, key, value)

        def sentences(pair: PairAlignment) -> list[str]:
            return [*pair.warnings, *([pair.reason, pair.advice] if pair.verdict == GIVEN_UP else [])]

        def call() -> PairAlignment:
            return judge_search(search, np.eye(4), None, PARAMETERS, shared)

        if doubt is None:
            return judged(call, lambda pair: pair.verdict == expected, warnings=sentences, may_warn=True)
        return judged(call, warnings=lambda p: sentences(p) if p.verdict == expected else [], warned_by=doubt)

    accepted = (Outcome.RIGHT,) if doubt is None else (Outcome.WARNED,)
    return InputCase(name, KIND, source, judge, accepted)


@functools.cache
def phantom() -> Case:
    """A small low-back phantom with an edema that PET and FLUID show, read once."""
    with tempfile.TemporaryDirectory() as folder:
        write_phantom(Path(folder), "low-back", 5, size="small")
        return read_case_folder(Path(folder) / "dicom", CaseOptions(group="low-back"))


def without_t1() -> Case:
    """The same with FLUID as the reference series."""
    case = phantom()
    series = {role: one for role, one in case.series.items() if role != "T1"}
    return dataclasses.replace(case, series=series, reference_role="FLUID")


def unjoined(
    name: str, not_aligned: tuple[str, ...], doubt: str | None, flag: str | None, case: Any = phantom
) -> InputCase:
    """A run with series that could not be aligned: findings of all images are there and flagged, a warning says so."""

    def judge(_folder: Path) -> Judged:
        series = case()
        others = [role for role in series.series if role != series.reference_role]
        by_role = {**aligned(*others), **aligned(*not_aligned, verdict=GIVEN_UP, same_frame_of_reference=False)}

        def shows_all(run: SmallRun) -> bool:
            candidates = run.found.candidates
            has_flag = flag is None or any(flag in candidate.flags for candidate in candidates)
            ids = [candidate.id for candidate in candidates]
            seen = {str(candidate.evidence) for candidate in candidates}
            parted = {"PET only", "MR only"} <= seen if not_aligned else "PET+MR" in seen
            return has_flag and parted and len(set(ids)) == len(ids)

        run = run_small(series, Alignment(by_role))
        if doubt is None:
            return judged(lambda: run, shows_all, warnings=lambda run: run.warnings)
        return judged(lambda: run, warnings=lambda run: run.warnings if shows_all(run) else [], warned_by=doubt)

    accepted = (Outcome.RIGHT,) if doubt is None else (Outcome.WARNED,)
    return InputCase(name, KIND, SOURCE, judge, accepted, slow=True)


CASES = [
    offset("shared-frame-4.5-mm-off-that-the-search-cannot-correct", KEPT, r"4\.5 mm off", edges_sd=0.6),
    offset("shared-frame-4.5-mm-off-by-parts-of-the-overlap", KEPT, r"4\.5 mm off", halves_mm=30.0),
    offset("shared-frame-6.5-mm-off", KEPT, r"6\.5 mm off", edges_sd=0.6, change_mm=6.5, source=STS),
    offset("shared-frame-2-mm-off-near-better-places", KEPT, r"2\.0 mm off", edges_sd=0.6, change_mm=2.0),
    offset("shared-frame-of-two-mr-series-5-mm-off", KEPT, r"5\.0 mm off", edges_sd=0.6, change_mm=5.0, kind="MR"),
    offset("shared-frame-14-mm-off", GIVEN_UP, "landmarks", edges_sd=0.6, change_mm=14.0, source=STS),
    offset("shared-frame-with-another-body", GIVEN_UP, "outlines", outline=0.3),
    offset("shared-frame-without-overlap", GIVEN_UP, "overlap by only", similarity_end=None, change_mm=0.0),
    offset("shared-frame-at-the-limit-of-the-search", GIVEN_UP, "limit", at_bound=True),
    offset("shared-frame-4.5-mm-off-that-is-corrected", "aligned", None),
    offset("other-frame-4.5-mm-off-that-the-search-cannot-correct", GIVEN_UP, "edges", shared=False, edges_sd=0.6),
    offset("shared-frame-that-agrees", KEPT, None, better_near_start=0.0, change_mm=0.2, similarity_end=0.4),
    unjoined("everything-can-be-aligned", (), None, None),
    unjoined("stir-that-cannot-be-aligned-with-t1", ("FLUID",), "FLUID is not aligned", "not-joined"),
    unjoined("pet-that-cannot-be-aligned-with-mr", ("PET",), "PET is not aligned", "not-aligned"),
    unjoined("neither-pet-nor-stir-can-be-aligned", ("PET", "FLUID"), "FLUID is not aligned", "not-joined"),
    unjoined("no-t1-and-stir-as-the-reference", (), "There is no T1 series", None, without_t1),
    unjoined("no-t1-and-pet-off-the-stir", ("PET",), "PET is not aligned", "not-aligned", without_t1),
]  # fmt: skip
