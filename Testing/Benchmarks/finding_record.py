"""Measure one case of the benchmark in all its variants. The results have plain types that pass between processes."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from finding_cases import Lesion, TestCase, phantom_case
from finding_folders import folder_case
from finding_places import NormalPlaces
from finding_plain import fluid_findings, suv_findings
from finding_real import real_case
from finding_run import Run, ledger_words, words_of
from finding_score import Found, Outcome, State, is_stable, score
from finding_stability import Step, ranking_steps
from finding_verdict import Verdict, verdict
from PainGeneratorLib.Numerics.pet.detector import DEFAULT_RATIO
from real_spine_simulated import FAMILY, spine_case

SLIDER = (1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0)
"""Positions of the sensitivity slider that are measured: ratios to the reference tissue."""
STEP = 0.05
"""One step of the slider of the panel. The stability is measured for one and for two steps."""
MISALIGNED_MM = 2.0
"""Error of the alignment for which the stability is measured, mm."""
VARIANTS = {"without": (False,), "with": (True,), "both": (False, True)}
"""Variant of the anatomy -> whether the anatomy segmentation is used, once for each run."""


@dataclass(frozen=True)
class Task:
    """A case, and how to measure it.

    Parameters
    ----------
    cache, data : Path
        Folder of kept results, and folder of the reference data.
    group : str or None
        Group of a phantom, or ``real-spine`` for real lumbar MR with a simulated PET; None for real cases.
    case : int, str or Path
        Seed of a phantom, name of a real case, or folder of a case that is read from DICOM.
    stage : str
        One of ``finding_run.STAGES``.
    anatomy : str
        A key of VARIANTS.
    settings : tuple of str
        Protocol parameters, as NAME=VALUE.
    with_slider, with_plain, with_list : bool
        Whether to measure the positions of the slider and the plain methods, and to list lesions and candidates.
    realism : str
        How much a phantom made from a seed looks like a clinical examination.
    scenario : str
        The scenario of a phantom made from a seed.
    with_stability : bool
        Whether to measure how the ranking changes with each parameter.
    """

    cache: Path
    data: Path
    group: str | None
    case: int | str | Path
    stage: str
    anatomy: str = "without"
    settings: tuple[str, ...] = ()
    with_slider: bool = False
    with_plain: bool = False
    with_list: bool = False
    realism: str = "plain"
    scenario: str = "plain"
    with_stability: bool = False

    def load(self) -> TestCase:
        """Load the case with its truth."""
        if isinstance(self.case, Path):
            return folder_case(self.case)
        if self.group is None:
            return real_case(self.data, self.case)
        if self.group == FAMILY:
            return spine_case(self.cache, self.data, str(self.case))
        return phantom_case(self.cache, self.group, self.case, realism=self.realism, scenario=self.scenario)


@dataclass(eq=False)
class Record:
    """The results of one case.

    Parameters
    ----------
    name, kind : str
        Name of the case. Its kind is the group of a phantom, or ``real``.
    outcomes : dict
        ``without`` or ``with`` (anatomy) -> outcome at the default sensitivity.
    slider : dict
        (``without`` or ``with``, ratio) -> outcome.
    plain : dict
        Plain method -> outcome.
    stable : dict
        ``sensitivity``, ``two steps`` or ``alignment`` -> whether the first three candidates stay the same; None when
        there is no candidate.
    landmarks : dict
        Role -> errors of its alignment; empty when the truth is not known.
    seconds : dict
        Stage -> processor seconds, for the slow stages.
    lines : list of str
        A text for every lesion and every false candidate.
    facts : dict
        ``without`` or ``with`` -> more measures of cases of real lumbar MR; empty for other cases.
    verdicts : dict
        ``without`` or ``with`` -> what is right and wrong in a scenario; empty for other cases.
    steps : list of Step
        How the ranking changed with one step of each parameter; empty when it was not measured.
    """

    name: str
    kind: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    slider: dict[tuple[str, float], Outcome] = field(default_factory=dict)
    plain: dict[str, Outcome] = field(default_factory=dict)
    stable: dict[str, bool | None] = field(default_factory=dict)
    landmarks: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def main(self) -> Outcome:
        """The outcome for most tables: the one without an anatomy segmentation when it was run."""
        return next(iter(self.outcomes.values()))


def alone() -> None:
    """Limit the libraries of a worker process to one core."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    os.environ["OMP_NUM_THREADS"] = "1"


def measure(task: Task) -> Record:
    """Run a case and score it in all ways that the task names."""
    case = task.load()
    kind = task.group or "real"
    record = Record(case.name, kind if case.answer is None else f"{kind} scenarios")
    places = case.places or NormalPlaces(case)
    variants = VARIANTS[task.anatomy] if case.anatomy is not None else (False,)
    for with_anatomy in variants:
        run = Run(task.cache, case, task.stage, task.settings, with_anatomy)
        word = "with" if with_anatomy else "without"
        lesions = run.lesions()
        lists = run.lists()
        found = lists.candidates
        outcome = record.outcomes[word] = score(
            case.name, lesions, found, places, case.neutral, case.most_ml, lists.set_apart, lists.attention
        )
        if case.answer is not None:
            record.verdicts[word] = verdict(outcome, case.answer)
        if case.facts is not None:
            record.facts[word] = case.facts(run)
        for ratio in SLIDER if task.with_slider else ():
            record.slider[word, ratio] = score(
                case.name, lesions, run.found(ratio), places, case.neutral, case.most_ml
            )
        if with_anatomy is variants[0]:
            record.seconds = run.seconds
            # The quick stages of real lumbar MR are for development: there only the list itself is wanted.
            # So it is of scenarios, unless their stability is asked for.
            is_quick = (case.facts is not None and run.stage != "whole") or case.answer is not None
            record.stable = _stability(run, found) if task.with_stability or not is_quick else {}
            record.landmarks = run.landmark_errors() if run.stage == "whole" else {}
            if task.with_stability:
                record.steps = ranking_steps(run)
            if task.with_plain:
                record.plain = _plain(run, places)
        if task.with_list:
            record.lines += [f"  {word} anatomy", *_lines(outcome, run)]
    for lesion in (x for o in _all_outcomes(record) for x in o.lesions):
        object.__setattr__(lesion, "region", None)
    return record


def _all_outcomes(record: Record) -> list[Outcome]:
    """All outcomes of a record."""
    return [*record.outcomes.values(), *record.slider.values(), *record.plain.values()]


def _stability(run: Run, found: Sequence[Found]) -> dict[str, bool | None]:
    """Whether the first candidates stay the same after small changes of the sensitivity and of the alignment."""
    stable: dict[str, bool | None] = {}
    for name, step in (("sensitivity", STEP), ("two steps", 2 * STEP)):
        ends = [is_stable(found, run.found(DEFAULT_RATIO + way * step)) for way in (-1, 1)]
        stable[name] = None if None in ends else all(ends)
    if run.stage in ("fused", "whole"):
        rng = np.random.default_rng(zlib.crc32(run.test.name.encode()))
        way = rng.normal(size=3)
        way *= MISALIGNED_MM / np.linalg.norm(way)
        stable["alignment"] = is_stable(found, run.moved(way).found())
    return stable


def _plain(run: Run, places: NormalPlaces) -> dict[str, Outcome]:
    """Score the plain methods on the same images."""
    name, with_uptake = run.test.name, run.lesions("pet")
    outcomes = {}
    for method, findings in suv_findings(run.suv).items():
        found = [Found(run.to_lesions(f.centroid_ras_mm), f.facts()) for f in findings]
        outcomes[method] = score(name, with_uptake, found, places, run.test.neutral)
    if "FLUID" in run.case.series and run.test.is_phantom:
        to_reference = np.linalg.inv(run.test.reference_to_series.get("FLUID", np.eye(4)))
        findings = fluid_findings(run.case.series["FLUID"].image, to_reference)
        on_mr = [x for x in run.lesions("whole") if x.evidence != "PET only"]
        found = [Found(f.centroid_ras_mm, f.facts()) for f in findings]
        outcomes["STIR, mean + 3 SD"] = score(name, on_mr, found, places, run.test.neutral)
    return outcomes


def _lines(outcome: Outcome, run: Run) -> list[str]:
    """Texts about every lesion, every false candidate and every needless attention of a case."""
    lines = []
    for lesion in outcome.lesions:
        lines += _lesion_lines(lesion, outcome, run)
    for (rank, false), place in zip(outcome.false, outcome.false_places, strict=True):
        lines += [f"    false  rank {rank} at {_rounded(false)} [{place}]: {words_of(false)}", _ledger_line(false)]
    for one in outcome.needless_attention():
        lines += [f"    ATTENTION WITHOUT A LESION at {_rounded(one)}: {words_of(one)}", _ledger_line(one)]
    return lines


def _lesion_lines(lesion: Lesion, outcome: Outcome, run: Run) -> list[str]:
    """Texts about one lesion: where it was found or what is near it, and the ledger."""
    rank, match = outcome.ranks[lesion.id], outcome.matches.get(lesion.id)
    words, state = f"{lesion.id} {_truth_words(lesion)}", outcome.state(lesion)
    if match is not None:
        lines = [f"    found  {words}: rank {rank}, {match.distance_mm(lesion):.1f} mm off, {words_of(match)}"]
        lines += [_ledger_line(match)] if "ledger" in match.facts else []
        return lines if lesion.region is None else [*lines, f"           {run.overlap(lesion, rank)}"]
    if state == State.MISSED:
        return [f"    MISSED {words} {run.why_not(lesion)}"]
    other = outcome.others[lesion.id][1]
    text = f"    {state.upper()} {words}: {other.distance_mm(lesion):.1f} mm off, {words_of(other)}"
    return [text, _ledger_line(other)]


def _ledger_line(found: Found) -> str:
    """The ledger of an entry, below the text about it."""
    return f"           {ledger_words(found)}"


def _rounded(found: Found) -> list[int]:
    """The center of an entry, mm."""
    at: list[int] = np.round(found.center_ras_mm).astype(int).tolist()
    return at


def _truth_words(lesion: Lesion) -> str:
    """Text about a true lesion."""
    t = lesion.truth
    if not t:
        return lesion.evidence
    place = " ".join(str(t[key]) for key in ("side", "structure", "level", "zone") if t.get(key))
    return f"{lesion.evidence} {t['kind']} ({place}) {t['volume_ml']} ml ratio {t['ratio']}"
