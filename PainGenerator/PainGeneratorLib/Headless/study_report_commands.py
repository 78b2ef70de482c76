"""``pain-generator study report``, ``study demo`` and ``study plan``: the statistics of a study."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]

RULE_NAMES = ("nrs-30", "nrs-50", "vas-30", "vas-50", "odi-10", "odi-15", "odi-30", "pgic")
"""The rules of success; ``Study/success.py`` has what each asks for, and a test compares the two lists."""
OVERWRITE = "replace what an earlier run wrote into DIR"


def add_study_report(own: Commands) -> None:
    """Add the commands of the statistics to those of ``study``."""
    report = own.add_parser("report", help="statistics of a study: one page, tables, figures, results.json")
    report.add_argument("study", metavar="STUDY", help="registry: a file, or postgresql://user@host/database")
    _add_output(report)
    _add_rule(report)
    demo = own.add_parser("demo", help="report of the study behind this project, from its published counts")
    _add_output(demo)
    demo.add_argument("--simulated", action="store_true", help="a report of 40 simulated patients in place of it")
    _add_rule(demo)
    plan = own.add_parser("plan", help="sample size and power of the next study, with the curve")
    plan.add_argument("study", metavar="STUDY", nargs="?", help="registry whose rates are taken")
    _add_output(plan)
    plan.add_argument("--guided", type=_percent, metavar="PERCENT", help="expected success with guided treatment")
    plan.add_argument("--control", type=_percent, metavar="PERCENT", help="expected success of the control")
    plan.add_argument("--ratio", type=_ratio, default=1.0, metavar="X", help="control patients for each guided one")
    plan.add_argument("--power", type=_power, default=0.8, metavar="PERCENT", help="wanted power; default: 80")
    plan.add_argument("--lost", type=_lost, default=0.0, metavar="PERCENT", help="patients without an outcome")
    _add_rule(plan)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make")
    parser.add_argument("--overwrite", action="store_true", help=OVERWRITE)


def _add_rule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rule", choices=RULE_NAMES, default="nrs-30", help="when a treatment counts as a success")
    parser.add_argument(
        "--no-more-medication", action="store_true", help="a rise of analgesics or a start of TENS is no success"
    )
    parser.add_argument("--at", default="", metavar="TIME", help='when it is judged, such as "3 months"')


def run_study_report(options: argparse.Namespace) -> None:
    """Run ``report``, ``demo`` or ``plan``.

    Raises
    ------
    PainGeneratorError
    """
    from ..Report.output_folder import OutputFolder
    from ..Study.report_files import PAGE, write_plan, write_study_report
    from .streams import say, visible, warn

    stage = getattr(options, "stage", None)
    target = OutputFolder(
        options.output, options.overwrite, tell=(lambda is_final: None) if stage is None else stage.tell
    )
    is_plan = options.study_command == "plan"
    target.check()
    results = _plan(options) if is_plan else _results(options)
    with target as folder:
        (write_plan if is_plan else write_study_report)(results, folder)
    for text in (*target.notes, *target.warnings):
        warn(text)
    if not options.quiet:
        for line in _plan_lines(results) if is_plan else _success_lines(results):
            say(visible(line))
        say(f"Report: {visible(str(target.path / PAGE))}")


def _results(options: argparse.Namespace) -> dict[str, Any]:
    from ..Study.counts import FIRST_STUDY
    from ..Study.results import study_results
    from ..Study.simulated import simulated_study
    from ..Study.success import SuccessRule

    rule = SuccessRule(options.rule, options.no_more_medication)
    if options.study_command == "demo":
        return study_results(simulated_study() if options.simulated else FIRST_STUDY, rule, options.at)
    from ..Study.registry import Registry

    return study_results(Registry.open(options.study).load(), rule, options.at)


def _plan(options: argparse.Namespace) -> dict[str, Any]:
    from ..Numerics.core.errors import PainGeneratorError
    from ..Numerics.core.version import VERSION
    from ..Study.statistics.libraries import require_statistics_packages
    from ..Study.statistics.planning import plan

    require_statistics_packages()
    wishes = {"ratio": options.ratio, "power": options.power, "lost": options.lost}
    given = [options.guided, options.control]
    if options.study is None:
        if None in given:
            raise PainGeneratorError(
                "A plan needs the shares of success that are expected.",
                "Give --guided and --control in percent, or a registry whose rates are taken.",
            )
        planned: dict[str, Any] = {"As given": plan(*given, **wishes)}
    elif given != [None, None]:
        raise PainGeneratorError(
            "Shares of success were given beside a registry that has its own.",
            "Leave out the registry, or --guided and --control.",
        )
    else:
        rates = {
            name: [one["comparison"][arm]["share"] for arm in ("first", "second")]
            for name, one in _results(options)["success"].items()
        }
        planned = {
            name: plan(*pair, **wishes) if all(rate is not None and 0 < rate < 1 for rate in pair) else None
            for name, pair in rates.items()
        }
    return {"schema": 1, "kind": "plan", "planning": planned, "software_version": VERSION}


def _success_lines(results: dict[str, Any]) -> list[str]:
    """One line for each group."""
    from ..Study.report_words import group_word, p_word, percent

    lines = [results["rule"]["text"]] if results["rule"] else []
    for name, one in results["success"].items():
        arms = [one["comparison"][arm] for arm in ("first", "second")]
        said = [f"{arm['count']} of {arm['total']} ({percent(arm['share'])})" for arm in arms]
        p = p_word(one["comparison"]["fisher_p"])
        lines.append(f"{group_word(name)}: guided {said[0]}, control {said[1]}; Fisher's exact test p {p}")
    return lines


def _plan_lines(results: dict[str, Any]) -> list[str]:
    from ..Study.report_words import group_word

    lines = []
    for name, one in results["planning"].items():
        if one is None or one["patients"] is None:
            lines.append(f"{group_word(name)}: no number of patients can be given for these rates")
            continue
        lines.append(
            f"{group_word(name)}: {one['guided_patients']} guided and {one['control_patients']} control patients"
        )
    return lines


def _share(text: str, low: float, high: float, words: str) -> float:
    try:
        value = float(text.rstrip("% "))
    except ValueError:
        value = -1.0
    if not low < value < high:
        raise argparse.ArgumentTypeError(f"{text!r} is not {words}")
    return value / 100


def _percent(text: str) -> float:
    return _share(text, 0, 100, "a percentage between 0 and 100, such as 71")


def _power(text: str) -> float:
    return _share(text, 5, 100, "a percentage above 5 and below 100, such as 80")


def _lost(text: str) -> float:
    return _share(text, -1e-9, 100, "a percentage from 0 to below 100, such as 10")


def _ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.01 to 100")
    return value
