"""All numbers of a study report, as one dictionary: what ``results.json`` holds and the page shows."""

from __future__ import annotations

import statistics as plain_statistics
from collections.abc import Callable
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.version import VERSION
from ..Numerics.core.words import Group
from .analysis_rows import Row, block_counts, reader_pairs, rows_of
from .counts import Counts, percentage_results
from .records import BASELINE, Patient, StudyData
from .statistics.agreement import agreement
from .statistics.diagnostic import diagnostic_value
from .statistics.libraries import require_statistics_packages
from .statistics.missing import missing_outcomes
from .statistics.mixed import mixed_model
from .statistics.planning import plan
from .statistics.proportions import compare, proportion
from .statistics.strata import common_effect
from .success import SuccessRule, months_of, record_at, score_of, usual_time_point
from .time_points import plain_time_point
from .words import Arm, Sex

GROUPS = tuple(str(group) for group in Group)
ARMS = tuple(str(arm) for arm in Arm)
SIMULATED = "simulated"
"""The setting of a study whose patients are made up; every page of it says so."""


def study_results(study: StudyData | Counts, rule: SuccessRule | None = None, time_point: str = "") -> dict[str, Any]:
    """Compute everything that the report of a study shows.

    Parameters
    ----------
    study : StudyData or Counts
        The records of a registry, or counts alone.
    rule : SuccessRule, optional
        What counts as a success; 30 % on the NRS when left out. Counts come with a rule of their own.
    time_point : str
        When it is judged, such as ``3 months``; when empty, the time with most records, of several such the latest.

    Returns
    -------
    dict
        JSON values only; None stands for "not known" or "cannot be computed". docs/statistics.md describes it.

    Raises
    ------
    PainGeneratorError
        statsmodels or matplotlib is missing, or the study has no record at the time point.
    """
    require_statistics_packages()
    return _of_counts(study) if isinstance(study, Counts) else _of_registry(study, rule or SuccessRule(), time_point)


def _of_counts(counts: Counts) -> dict[str, Any]:
    success = {
        name: {"comparison": compare((a, n), (b, m)), "missing": {"guided": None, "control": None}}
        for name, (a, n, b, m) in counts.success.items()
    }
    return {
        **_head(counts.name, "counts", is_simulated=False),
        "rule": None,
        "flow": {"enrolled": None, "examined": counts.examined, "found": counts.found, "arms": {
            arm: {"assigned": None, "treated": sum(row[place] for row in counts.success.values()),
                  "known": sum(row[place] for row in counts.success.values()), "missing": None, "crossed": None}
            for arm, place in zip(ARMS, (1, 3), strict=True)
        }, "without_arm": None},
        "detection": {"all": proportion(counts.found, counts.examined)},
        "treated_of_found": proportion(counts.treated, counts.found),
        "success": success,
        "common": common_effect(dict(counts.success)),
        "percentages": percentage_results(counts),
        "planning": _planning(success),
    }  # fmt: skip


def _of_registry(study: StudyData, rule: SuccessRule, time_point: str) -> dict[str, Any]:
    set_down = plain_time_point(time_point) or str(study.settings.get("time_point", ""))
    time_point = set_down or usual_time_point(study.patients)
    if set_down and set_down not in time_points(study):
        raise PainGeneratorError(
            f"The study {study.name} has no record at {set_down!r}.",
            f"Choose one of: {', '.join(time_points(study)) or 'none, as there is no follow-up yet'}.",
        )
    rows = rows_of(study, rule, time_point)
    groups = [name for name in GROUPS if any(row.patient.group == name for row in rows)]
    success = {name: _success([row for row in rows if row.patient.group == name]) for name in groups}
    blocks = block_counts(study)
    return {
        **_head(study.name, "registry", is_simulated=bool(study.settings.get(SIMULATED))),
        "rule": {"name": rule.name, "no_more_medication": rule.no_more_medication, "text": rule.text,
                 "time_point": time_point, "is_time_set_down": bool(set_down), "measure": rule.measure},
        "flow": _flow(rows),
        "table_one": _table_one(rows, groups, rule),
        "detection": {"all": _detection(rows), **{g: _detection(_of_group(rows, g)) for g in groups}},
        "success": success,
        "common": common_effect({name: _counts(one["comparison"]) for name, one in success.items()}),
        "medication": {name: _arms_compared(_of_group(rows, name), lambda row: row.more_medication, False)
                       for name in groups},
        "model": {name: _model(_of_group(rows, name)) for name in groups},
        "scores_left_out": sum(len(row.left_out) for row in rows),
        "agreement": agreement(reader_pairs(study)),
        "blocks": {**diagnostic_value(*(blocks[k] for k in ("true", "false", "missed", "right_negative"))),
                   "unclear": blocks["unclear"], "patients": blocks["patients"]},
        "outcomes_missing": {name: _missing(one) for name, one in success.items()},
        "planning": _planning(success),
        "patients": [row.plain() for row in rows],
    }  # fmt: skip


def _head(name: str, kind: str, is_simulated: bool) -> dict[str, Any]:
    return {"schema": 1, "name": name, "kind": kind, "simulated": is_simulated, "software_version": VERSION}


def _of_group(rows: list[Row], group: str) -> list[Row]:
    return [row for row in rows if row.patient.group == group]


def _of_arm(rows: list[Row], arm: str) -> list[Row]:
    return [row for row in rows if row.arm == arm]


def _detection(rows: list[Row]) -> dict[str, Any]:
    examined = [row for row in rows if row.examined]
    return proportion(sum(row.found for row in examined), len(examined))


def _arms_compared(rows: list[Row], value: Callable[[Row], bool | None], is_benefit: bool = True) -> dict[str, Any]:
    """Compare the arms in a yes-or-no value, with the patients for whom it is not known."""
    known = {arm: [one for row in _of_arm(rows, arm) if (one := value(row)) is not None] for arm in ARMS}
    guided, control = ((sum(known[arm]), len(known[arm])) for arm in ARMS)
    return {
        "comparison": compare(guided, control, is_benefit),
        "missing": {arm: len(_of_arm(rows, arm)) - len(known[arm]) for arm in ARMS},
    }


def _success(rows: list[Row]) -> dict[str, Any]:
    return _arms_compared(rows, lambda row: row.success)


def _counts(found: dict[str, Any]) -> tuple[int, int, int, int]:
    return (
        *(found["first"][key] for key in ("count", "total")),
        *(found["second"][key] for key in ("count", "total")),
    )


def _missing(one: dict[str, Any]) -> dict[str, Any]:
    a, n, b, m = _counts(one["comparison"])
    return missing_outcomes((a, n, one["missing"]["guided"]), (b, m, one["missing"]["control"]))


def _planning(success: dict[str, Any]) -> dict[str, Any]:
    """The next study from the rates of this one; None where a rate is not known, 0 or 1."""
    planned: dict[str, Any] = {}
    for name, one in success.items():
        rates = [one["comparison"][arm]["share"] for arm in ("first", "second")]
        planned[name] = plan(*rates) if all(rate is not None and 0 < rate < 1 for rate in rates) else None
    return planned


def _flow(rows: list[Row]) -> dict[str, Any]:
    """How many patients came to each step."""
    arms = {}
    for arm in ARMS:
        mine = _of_arm(rows, arm)
        known = sum(row.success is not None for row in mine)
        arms[arm] = {
            "assigned": len(mine), "treated": sum(row.treated for row in mine), "known": known,
            "missing": len(mine) - known,
            "crossed": sum(row.crossed for row in mine),
        }  # fmt: skip
    return {
        "enrolled": len(rows), "examined": sum(row.examined for row in rows), "found": sum(row.found for row in rows),
        "arms": arms, "without_arm": sum(row.arm is None for row in rows),
    }  # fmt: skip


def _model(rows: list[Row]) -> dict[str, Any]:
    return mixed_model(
        [
            (row.patient.pseudonym, row.arm == Arm.GUIDED, months, score)
            for row in rows
            if row.arm is not None
            for _, months, score in row.scores
        ]
    )


def _table_one(rows: list[Row], groups: list[str], rule: SuccessRule) -> list[dict[str, Any]]:
    """Who the patients were, for each group and arm: one entry for each line of the table."""
    columns = {
        f"{group} {arm or 'no arm'}": [row for row in _of_group(rows, group) if row.arm == (arm or None)]
        for group in groups
        for arm in (*ARMS, "")
    }
    columns = {name: mine for name, mine in columns.items() if mine or not name.endswith("no arm")}
    means: tuple[tuple[str, Callable[[Patient], float | None]], ...] = (
        ("Age, years", lambda one: one.age_years),
        ("Body mass index, kg/m²", _body_mass_index),
        ("Duration of pain, months", lambda one: one.pain_months),
        ("NRS at baseline, 0 to 10", lambda one: score_of(record_at(one, BASELINE), "nrs", one.group)),
        ("VAS at baseline, mm", lambda one: score_of(record_at(one, BASELINE), "vas", one.group)),
        ("ODI at baseline, 0 to 100", lambda one: score_of(record_at(one, BASELINE), "odi", one.group)),
    )
    table: list[dict[str, Any]] = [
        {"label": "Patients", "cells": {name: {"number": len(mine)} for name, mine in columns.items()}},
        {"label": "Women", "cells": {name: {"share": _women(mine)} for name, mine in columns.items()}},
    ]
    for label, value in means:
        cells = {name: _mean([value(row.patient) for row in mine]) for name, mine in columns.items()}
        if any(cell["known"] for cell in cells.values()):
            table.append({"label": label, "cells": cells})
    shares: tuple[tuple[str, Callable[[Row], bool]], ...] = (
        ("Candidate found", lambda row: row.found),
        ("Treated", lambda row: row.treated),
    )
    for label, is_so in shares:
        cells = {name: {"share": proportion(sum(map(is_so, mine)), len(mine))} for name, mine in columns.items()}
        table.append({"label": label, "cells": cells})
    return table


def _women(rows: list[Row]) -> dict[str, Any]:
    known = [row.patient.sex for row in rows if row.patient.sex is not None]
    return proportion(sum(sex == Sex.FEMALE for sex in known), len(known))


def _body_mass_index(patient: Patient) -> float | None:
    return patient.weight_kg / patient.height_m**2 if patient.weight_kg and patient.height_m else None


def _mean(values: list[float | None]) -> dict[str, Any]:
    known = [float(value) for value in values if value is not None]
    return {
        "mean": plain_statistics.fmean(known) if known else None,
        "sd": plain_statistics.stdev(known) if len(known) > 1 else None,
        "known": len(known),
        "unknown": len(values) - len(known),
    }


def time_points(study: StudyData) -> list[str]:
    """The time points after baseline of a study, in time; those that are not understood come last."""
    names = {one.time_point for patient in study.patients for one in patient.follow_ups if not one.is_baseline}
    return sorted(names, key=lambda name: (months_of(name) is None, months_of(name) or 0.0, name))
