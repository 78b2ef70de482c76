"""``study import|export|score|randomize|assign``: forms of REDCap, scores and random arms."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Add = Callable[..., argparse.ArgumentParser]

BAD_ROWS_END = "line,reason"
"""How the header of a file of bad rows ends; such a file is replaced by the next one."""


def add_study_forms(own: Any, add: Add) -> None:
    """Add the commands to those of ``study``; `add` makes one with STUDY and ``--author``."""
    _add_import(own, add)
    _add_export(own, add)
    _add_score(own)
    _add_randomize(own, add)
    _add_assign(own, add)


def study_form_works() -> dict[str, Callable[[argparse.Namespace], None]]:
    """What each of these commands does."""
    return {
        "import": import_records, "export": export_records, "score": score, "randomize": randomize,
        "assign": assign_arm,
    }  # fmt: skip


def _add_import(own: Any, add: Add) -> None:
    parser = add(own, "import", "show what records exported from REDCap (CSV) would change; --apply changes it")
    parser.add_argument("file", type=Path, metavar="FILE", help="records as CSV, raw data")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dry-run", action="store_true", help="show only; this is the default")
    which.add_argument("--apply", action="store_true", help="write all changes, or none when one cannot be written")
    parser.add_argument("--reason", default="", metavar="TEXT", help="needed where a value is replaced by another")
    parser.add_argument(
        "--bad-rows", type=Path, metavar="FILE", help="write the rows that cannot be used, with reasons"
    )
    parser.add_argument("--leave-out-bad", action="store_true", help="apply the good rows although there are bad ones")
    parser.add_argument("--clear-empty", action="store_true", help="an empty cell empties its field")


def _add_export(own: Any, add: Add) -> None:
    parser = add(own, "export", "write records and the set-up of a project in REDCap's forms", with_author=False)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make")
    parser.add_argument("--overwrite", action="store_true", help="replace what an earlier run wrote into the folder")


def _add_score(own: Any) -> None:
    parser = own.add_parser("score", help="score answers by the published rules; nothing is stored")
    parser.add_argument("what", choices=["odi", "hoos12", "hoos-jr", "analgesics"], metavar="WHAT")
    parser.add_argument(
        "values",
        nargs="+",
        metavar="VALUE",
        help="answers as ITEM=BOX, such as 1=3; drugs as 'tramadol 200, ibuprofen'",
    )
    parser.add_argument("--rule", choices=["who-step", "morphine-mg"], default="who-step", help="of analgesics")


def _add_randomize(own: Any, add: Add) -> None:
    parser = add(own, "randomize", "set up the random assignment of arms, once; --verify checks its audit trail")
    parser.add_argument(
        "--strata", action="append", default=[], metavar="NAME=A,B", help="repeatable, such as site=A,B"
    )
    parser.add_argument("--block-sizes", type=_sizes, metavar="N,N", help="default: 4,6,8")
    parser.add_argument("--verify", action="store_true", help="check that every arm is the one that was drawn")


def _add_assign(own: Any, add: Add) -> None:
    parser = add(own, "assign", "draw the arm of an enrolled patient; final")
    parser.add_argument("pseudonym", metavar="PSEUDONYM")


def import_records(options: argparse.Namespace) -> None:
    """Preview an import, or do it.

    Raises
    ------
    PainGeneratorError
        The file is no table of records, or rows are bad and are not to be left out.
    """
    from ..Numerics.core.errors import PainGeneratorError
    from ..Study.import_plan import apply_import
    from ..Study.imports import plan_import
    from ..Study.redcap_records import read_table
    from .streams import on_one_line, say, warn
    from .study_work import author_of, open_registry

    names, rows = read_table(options.file)
    registry = open_registry(options)
    plan = plan_import(registry.load(), names, rows, options.clear_empty)
    for note in plan.notes:
        warn(note)
    for line in plan.lines() if not options.quiet else ():
        say(on_one_line(line))
    if options.bad_rows is not None and plan.bad:
        _write_bad_rows(options.bad_rows, plan.bad_rows())
    if plan.bad and not options.leave_out_bad:
        where = "" if options.bad_rows is not None else "; --bad-rows FILE writes them with their reasons"
        raise PainGeneratorError(
            f"{len(plan.bad)} of {len(rows)} rows cannot be used. Nothing was changed.",
            f"Correct them, or add --leave-out-bad to import the others{where}.",
        )
    if not options.apply:
        if not options.quiet:
            say("Nothing was changed. Add --apply to write this.")
        return
    apply_import(plan, registry, author_of(options), options.reason)
    if not options.quiet:
        say("All changes are written." if plan.changes else "There was nothing to change.")


def _write_bad_rows(path: Path, rows: list[list[str]]) -> None:
    from ..Numerics.core.errors import PainGeneratorError
    from ..Report.output_folder import write_text
    from ..Study.redcap_dictionary import csv_text

    if path.exists():
        first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0] if path.is_file() else ""
        if not first.endswith(BAD_ROWS_END):
            raise PainGeneratorError(f"{path} is there already.", "Give --bad-rows another name.")
    try:
        write_text(path, csv_text(rows))
    except OSError as error:
        raise PainGeneratorError(
            f"{path} cannot be written: {error.strerror}.", "Give --bad-rows a path in a folder that exists."
        ) from error


def export_records(options: argparse.Namespace) -> None:
    """Write records and data dictionary into a new folder."""
    from ..Report.output_folder import OutputFolder, write_text
    from ..Study.redcap_dictionary import setup_files
    from ..Study.redcap_records import records_csv
    from .streams import say, visible, warn
    from .study_work import open_registry

    study = open_registry(options).load()
    target = OutputFolder(options.output, options.overwrite)
    with target as folder:
        for name, text in {"records.csv": records_csv(study), **setup_files()}.items():
            write_text(folder / name, text)
    for text in (*target.notes, *target.warnings):
        warn(text)
    if not options.quiet:
        say(visible(f"{len(study.patients)} patients: {target.path / 'records.csv'}"))


def score(options: argparse.Namespace) -> None:
    """Print scores.

    Raises
    ------
    PainGeneratorError
        An answer or a drug is not known.
    """
    from ..Numerics.core.errors import PainGeneratorError
    from ..Study import analgesics
    from ..Study.questionnaires import scores_of_items
    from .streams import say

    if options.what == "analgesics":
        doses = analgesics.parse_doses(" ".join(options.values))
        rule = analgesics.score_who_step if options.rule == "who-step" else analgesics.score_morphine
        found = rule(doses)
        say(f"analgesic-score={found.analgesic_score:g} analgesic-rule={found.analgesic_rule}")
        say(f"analgesic-source={found.analgesic_source}")
        return
    answers: dict[str, int | None] = {}
    for word in options.values:
        item, sign, box = word.partition("=")
        if not sign or (box and not box.isdecimal()) or item in answers:
            raise PainGeneratorError(f"{word!r} is no answer, or its second one.", "Write ITEM=BOX, such as 1=3.")
        answers[item] = int(box) if box else None
    for name, value in scores_of_items({options.what.replace("-", "_"): answers}).items():
        say(f"{name.replace('_', '-')}={'' if value is None else f'{value:.3f}'.rstrip('0').rstrip('.')}")


def randomize(options: argparse.Namespace) -> None:
    """Set up the random assignment, or verify it.

    Raises
    ------
    PainGeneratorError
        It is set up already, a stratum or block cannot be used, or the audit trail is not intact.
    """
    from ..Numerics.core.errors import PainGeneratorError
    from ..Study import randomization
    from .streams import say, visible
    from .study_work import author_of, open_registry

    registry = open_registry(options)
    if options.verify:
        plan, entries = randomization.trail_of(registry.load().settings)
        if plan is None:
            raise PainGeneratorError("Arms are not drawn in this study.", "Set it up without --verify first.")
        problems = randomization.verify(plan, entries)
        if problems:
            raise PainGeneratorError(
                " ".join(problems), "Compare with the history: pain-generator study show --history."
            )
        say(f"{len(entries)} assignments, all as drawn. Seal: {plan.seal}")
        if entries:
            say(f"Last entry: {entries[-1].digest}")
        return
    plan = randomization.make_plan(_strata(options.strata), options.block_sizes or randomization.BLOCK_SIZES)
    randomization.set_up(registry, plan, author_of(options))
    say(visible(f"Arms are drawn when a patient is assigned. Put this seal down elsewhere: {plan.seal}"))


def _strata(words: list[str]) -> dict[str, list[str]]:
    from ..Numerics.core.errors import PainGeneratorError

    found: dict[str, list[str]] = {}
    for word in words:
        name, sign, values = word.partition("=")
        if not sign or name in found:
            raise PainGeneratorError(f"--strata {word} is no stratum, or its second one.", "Write it as: site=A,B.")
        found[name.strip()] = [value.strip() for value in values.split(",")]
    return found


def assign_arm(options: argparse.Namespace) -> None:
    """Draw the arm of one patient, and tell it."""
    import datetime

    from ..Study.randomization import draw
    from .streams import say, visible
    from .study_work import author_of, open_registry

    entry = draw(open_registry(options), options.pseudonym, author_of(options), datetime.datetime.now(datetime.UTC))
    say(visible(f"{entry.pseudonym}: {entry.arm}"))


def _sizes(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers like 4,6")
    return tuple(int(part) for part in parts)
