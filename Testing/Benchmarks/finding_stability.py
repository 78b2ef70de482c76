"""How the first candidates of a list change when each parameter of a stage is moved by one step."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from finding_score import is_stable
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

if TYPE_CHECKING:
    from finding_record import Record
    from finding_run import Run
    from PainGeneratorLib.Workflow.protocol import Protocol

STAGES = ("hot_spots", "fusion")
"""Stages whose parameters are moved."""
PART = 0.05
"""Size of a step of a number, as a part of it. A step is at least one unit of the last digit that a reader would give:
the second digit of the number. Our estimate."""
WORST = 15
"""Number of parameters that the table names."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One parameter that was moved by one step.

    Parameters
    ----------
    parameter : str
    value : float
        Its new value.
    stable : bool or None
        Whether the first three candidates stayed the same; None when there was no candidate.
    """

    parameter: str
    value: float
    stable: bool | None


def step_of(value: float) -> float:
    """Size of a step of a parameter: 5 percent of it, but at least one unit of its second digit; 0 where it is 0."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    if isinstance(value, int):
        return float(max(1, round(PART * abs(value))))
    return max(PART * abs(value), unit)


def moved_values(run: Run, stages: Sequence[str] = STAGES) -> Iterator[tuple[str, str]]:
    """Names of the numeric parameters of some stages, each with its next lower and next higher value that is allowed,
    as text."""
    protocol = run.case.protocol
    for name, entry in protocol.entries():
        value = entry["value"]
        if name.partition(".")[0] not in stages or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        for sign in (-1, 1):
            new = value + sign * step_of(value)
            text = str(round(new)) if isinstance(value, int) else f"{new:.6g}"
            if new != value and _is_allowed(protocol, name, text):
                yield name, text


def _is_allowed(protocol: Protocol, name: str, text: str) -> bool:
    """Whether a protocol takes a value: it lies in the range of the parameter."""
    try:
        protocol.with_values({name: text})
    except PainGeneratorError:
        return False
    return True


def ranking_steps(run: Run, stages: Sequence[str] = STAGES) -> list[Step]:
    """Move each parameter by one step in both directions, and compare the first candidates with those of the run."""
    before = run.found()
    steps = []
    for name, text in moved_values(run, stages):
        after = run.with_settings({name: text}, keeps_detector=name.startswith("fusion.")).found()
        steps.append(Step(name, float(text), is_stable(before, after)))
    return steps


def stability_report(records: Sequence[Record]) -> list[str]:
    """The share of steps that keep the first three candidates, and the parameters that change them most often."""
    steps = [step for record in records for step in record.steps if step.stable is not None]
    if not steps:
        return []
    kept = sum(bool(step.stable) for step in steps)
    cases = len([record for record in records if record.steps])
    changed = Counter(step.parameter for step in steps if not step.stable)
    total = Counter(step.parameter for step in steps)
    lines = [
        f"## stability: {cases} cases, {len(total)} parameters moved by one step down and up; "
        f"the first three stay in {kept}/{len(steps)} ({100.0 * kept / len(steps):.1f} %)"
    ]
    lines += [f"  {name}: changed in {n}/{total[name]} steps" for name, n in changed.most_common(WORST)]
    return lines
