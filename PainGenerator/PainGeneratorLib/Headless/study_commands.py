"""The words of ``pain-generator study``: one registry for one study, from the first case to the last follow-up."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .study_form_commands import add_study_forms, study_form_works
from .study_phantoms import add_study_phantoms, run_study_phantoms
from .study_report_commands import add_study_report, run_study_report

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]

RECORDED_KINDS = ("patient", "visit", "discussion", "confirmation", "treatment", "follow-up")
"""What ``study record`` adds; a case comes with ``study enroll``."""
CORRECTED_KINDS = (*RECORDED_KINDS, "case", "candidate")
STUDY_HELP = "file of the registry, or postgresql://user@host:5432/database (password in ~/.pgpass)"


def add_study(commands: Commands) -> None:
    """Add the command ``study`` with its own commands."""
    study = commands.add_parser("study", help="registry, outcome and statistics of a study")
    own = study.add_subparsers(dest="study_command", required=True, metavar="COMMAND")
    _add_init(own)
    _add_enroll(own)
    _add_record(own)
    _add_correct(own)
    _add_remove(own)
    _add_show(own)
    _add_check(own)
    _add_fields(own)
    add_study_report(own)
    add_study_forms(own, _add)
    add_study_phantoms(own)


def run_study(options: argparse.Namespace) -> None:
    """Run one command of ``study``.

    Raises
    ------
    PainGeneratorError
    """
    from . import study_work

    works = {
        "init": study_work.init, "enroll": study_work.enroll, "record": study_work.record,
        "correct": study_work.correct, "remove": study_work.remove, "show": study_work.show,
        "check": study_work.check, "fields": study_work.fields,
        **study_form_works(), "phantoms": run_study_phantoms,
        "report": run_study_report, "demo": run_study_report, "plan": run_study_report,
    }  # fmt: skip
    works[options.study_command](options)


def _add(own: Commands, name: str, text: str, with_author: bool = True) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = own.add_parser(name, help=text)
    parser.add_argument("study", metavar="STUDY", help=STUDY_HELP)
    if with_author:
        parser.add_argument("--author", metavar="NAME", help="who writes; default: your login name")
    return parser


def _add_init(own: Commands) -> None:
    init = _add(own, "init", "make a registry")
    init.add_argument("--name", required=True, metavar="NAME", help="name of the study")


def _add_enroll(own: Commands) -> None:
    enroll = _add(own, "enroll", "add the result of a case, and its patient where it is the first one")
    enroll.add_argument("pseudonym", metavar="PSEUDONYM", help="such as P-001; never a name or a patient ID")
    enroll.add_argument("result", type=Path, metavar="RESULT", help="output folder of analyze, or the panel's export")
    enroll.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="of enrollment; default: today")
    enroll.add_argument(
        "--second-reader",
        metavar="NAME",
        help="RESULT is the reading of a second reader: store it beside the first reading of the same case",
    )
    enroll.add_argument(
        "--case", type=int, metavar="N", help="the case that the second reader read; default: the only one"
    )
    enroll.add_argument(
        "--reason", default="", metavar="TEXT", help="needed where a second reading is replaced by another one"
    )


def _add_record(own: Commands) -> None:
    record = _add(own, "record", "add a visit, discussion, confirmation, treatment or follow-up")
    record.add_argument("pseudonym", nargs="?", metavar="PSEUDONYM")
    record.add_argument("kind", nargs="?", type=_word, choices=RECORDED_KINDS, metavar="KIND", help=_kinds_help())
    record.add_argument(
        "values", nargs="*", metavar="FIELD=VALUE", help="such as date=2026-03-01; study fields KIND lists them"
    )
    record.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help="records of a CSV or JSON file with the columns pseudonym, kind and fields; - reads the standard input",
    )


def _kinds_help() -> str:
    return f"one of {', '.join(RECORDED_KINDS)}"


def _add_correct(own: Commands) -> None:
    correct = _add(own, "correct", "correct fields of a record, with a reason")
    _add_record_name(correct)
    correct.add_argument("--reason", required=True, metavar="TEXT", help="such as 'typing error'")


def _add_remove(own: Commands) -> None:
    remove = _add(own, "remove", "take out a record, with a reason; the history keeps it")
    _add_record_name(remove)
    remove.add_argument("--reason", required=True, metavar="TEXT", help="such as 'wrong patient'")


def _add_record_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pseudonym", metavar="PSEUDONYM")
    parser.add_argument("kind", type=_word, choices=CORRECTED_KINDS, metavar="KIND")
    parser.add_argument(
        "values",
        nargs="*",
        metavar="NUMBER FIELD=VALUE",
        help="number of the record as study show gives it (1/PG-01 for a candidate, none for the patient), and fields",
    )
    parser.add_argument(
        "--seen", type=int, metavar="VERSION", help="the version that you read; needed for a record that was changed"
    )


def _add_show(own: Commands) -> None:
    show = _add(own, "show", "the patients, or one patient's time line", with_author=False)
    show.add_argument("pseudonym", nargs="?", metavar="PSEUDONYM")
    show.add_argument("--history", action="store_true", help="every change with time, author and reason")
    show.add_argument("--json", action="store_true", help="print it as JSON")


def _add_check(own: Commands) -> None:
    check = _add(own, "check", "list what is missing, contradictory or doubtful", with_author=False)
    check.add_argument("--json", action="store_true", help="print it as JSON")


def _add_fields(own: Commands) -> None:
    fields = own.add_parser("fields", help="the fields of a kind of record and what can stand there")
    fields.add_argument("kind", type=_word, choices=CORRECTED_KINDS, metavar="KIND", help=_kinds_help())


def _word(text: str) -> str:
    return text.strip().lower().replace("_", "-")


def _day(text: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-03-01") from None
