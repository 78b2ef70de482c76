"""The words of the command line and their meaning."""

from __future__ import annotations

import argparse
import datetime
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..Exchange.choices import CONTINUE, EXPORTS, NAMES, TAKINGS, USUAL
from ..Numerics.body.level_order import checked_level
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.version import VERSION
from ..Numerics.core.words import AUTO_GROUP, GIVEN_ROLES, LANGUAGES, Fixation, Group, PainSide, ProsthesisSide, listed
from ..Phantoms.realism import REALISMS
from ..Phantoms.scenarios import SCENARIO_NAMES
from ..Phantoms.variants import VARIANTS
from .completion import SHELLS, commands_of
from .near_misses import did_you_mean
from .parser import Parser, join_negative_values
from .study_commands import add_study

__all__ = ("join_negative_values", "known_words", "make_parser", "settings_of")

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]


SEED_DIGITS = 9
"""The most digits of a seed: it stands in the patient ID of the case."""
REPLACES = "replace what an earlier run wrote into the folder; what it did not write, or was changed since, is kept"
"""What ``--overwrite`` does to a folder."""
FARTHEST_MM = 3000.0
"""Upper bound of a coordinate, mm. Our estimate: the table of a scanner does not move farther."""


def make_parser(defaults: Mapping[str, Any] | None = None) -> argparse.ArgumentParser:
    """The parser of ``pain-generator``.

    Parameters
    ----------
    defaults : mapping, optional
        From a settings file.
    """
    parser = Parser(
        prog="pain-generator",
        description="Finds candidate pain generators on hybrid FDG-PET/MRI. "
        "Research software: it shows candidates, never a diagnosis.",
    )
    parser.add_argument("--version", action="version", version=f"PainGenerator {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_analyze(commands)
    _add_suv(commands)
    _add_check(commands)
    _add_series(commands)
    _add_readout(commands)
    _add_export(commands)
    _add_phantom(commands)
    add_study(commands)
    _add_completion(commands)
    _add_common(parser)
    for command in _commands_below(parser):
        _add_common(command, default=argparse.SUPPRESS)
    _take_settings(parser, defaults or {})
    return parser


def _commands_below(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """All commands, and the commands of commands, such as ``study record``."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                found += [one, *_commands_below(one)]
    return found


def known_words() -> set[str]:
    """The commands and the names of all options."""
    parser = make_parser()
    commands = commands_of(parser)
    options = (
        name for one in (parser, *commands.values()) for action in one._actions for name in action.option_strings
    )
    return {*commands, *options}


def settings_of(words: list[str]) -> Path | None:
    """The settings file that the words of a command name; it is needed before they are read."""
    for word, after in zip(words, [*words[1:], ""], strict=False):
        if word == "--settings" and after:
            return Path(after)
        if word.startswith("--settings="):
            return Path(word.partition("=")[2])
    return None


def _add_common(parser: argparse.ArgumentParser, **default: Any) -> None:
    """Add the options that every command has, before or after its name."""
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="no progress and no table; warnings and errors stay", **default
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="also the time of each stage and what libraries say", **default
    )
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="a settings file in place of your own one", **default
    )


def _take_settings(parser: argparse.ArgumentParser, values: Mapping[str, Any]) -> None:
    """Let the values of a settings file be the defaults of the commands that know them."""
    parser.set_defaults(**{name: values[name] for name in ("quiet", "verbose") if name in values})
    for command in ("analyze", "check"):
        own = {name: values[name] for name in ("group", "protocol", "set") if name in values}
        commands_of(parser)[command].set_defaults(**own)


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="make a phantom case, analyze it, print the table")
    demo.add_argument("--output", type=Path, default=Path("pain-generator-demo"), metavar="DIR")
    demo.add_argument("--group", type=_word, choices=[str(group) for group in Group], default=Group.LOW_BACK)
    demo.add_argument("--seed", type=_seed, default=1, metavar="N", help="another number makes another case")
    demo.add_argument("--overwrite", action="store_true", help=REPLACES)


def _add_analyze(commands: Commands) -> None:
    analyze = commands.add_parser("analyze", help="read a DICOM folder, find and rank candidates, write the report")
    analyze.add_argument("case", type=Path, metavar="CASE", help="folder of DICOM files, any nesting")
    analyze.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make")
    analyze.add_argument("--overwrite", action="store_true", help=REPLACES)
    _add_letter_options(analyze)
    _add_objects(analyze)
    _add_outlines(analyze, "outlines to measure as further candidates: a DICOM segmentation or a folder with some")
    _add_case_options(analyze)


def _add_objects(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dicom",
        type=_objects,
        default=USUAL,
        metavar="LIST",
        help=f"DICOM objects to write: some of {listed(NAMES)}, with commas between, or none; "
        f"default: {','.join(USUAL)}",
    )


def _objects(text: str) -> tuple[str, ...]:
    """Names of DICOM objects, or none."""
    return () if _word(text) == "none" else _some_of(text, NAMES, "DICOM object")


def _add_letter_options(parser: argparse.ArgumentParser) -> None:
    letter = parser.add_argument_group("letter to the referring physician, the first part of report.html")
    letter.add_argument("--language", type=_word, choices=list(LANGUAGES), default=LANGUAGES[0], help="default: en")
    letter.add_argument(
        "--notes",
        type=Path,
        metavar="FILE",
        help="impression, advice and comments (docs/report.md); default: notes.txt of the output folder",
    )


def _add_check(commands: Commands) -> None:
    check = commands.add_parser(
        "check", help="what was found, what each series is for, the SUV and what is doubtful; no analysis"
    )
    check.add_argument("case", type=Path, metavar="CASE", help="folder of DICOM files, any nesting")
    check.add_argument("--json", action="store_true", help="print the check as JSON")
    _add_case_options(check)


def _add_case_options(analyze: argparse.ArgumentParser) -> None:
    """Add what a user says about a case."""
    analyze.add_argument(
        "--group",
        type=_word,
        choices=[*(str(group) for group in Group), AUTO_GROUP],
        help="low-back by default; auto takes what images, headers and anatomy show",
    )
    analyze.add_argument(
        "--prosthesis-side",
        type=_word,
        choices=[str(side) for side in ProsthesisSide],
        help="which hip was replaced; for the group hip-replacement",
    )
    analyze.add_argument(
        "--surgery-date",
        type=_date,
        metavar="YYYY-MM-DD",
        help="when the hip was replaced; uptake and edema around the prosthesis soon after are said to be usual",
    )
    analyze.add_argument(
        "--fixation",
        type=_word,
        choices=[str(fixation) for fixation in Fixation],
        help="how the prosthesis is fixed; without cement uptake stays longer after surgery",
    )
    analyze.add_argument(
        "--crp", type=_positive, metavar="MG_PER_L", help="C-reactive protein, mg/l; said in the report"
    )
    analyze.add_argument(
        "--pain-side", type=_word, choices=[str(side) for side in PainSide], help="where the patient says it hurts"
    )
    analyze.add_argument(
        "--pain-site",
        type=_position,
        action="append",
        default=[],
        metavar="R,A,S",
        help="a painful place in the frame of the reference series, mm to the right, to the front and up; "
        "negative numbers are to the left, to the back and down; repeatable",
    )
    analyze.add_argument(
        "--level",
        type=_level,
        metavar="LEVEL=R,A,S",
        help="the name of one vertebra or disc and a place in it, such as L5=2,-10,-65 or L4/L5=2,-8,-50; all other "
        "levels follow from it",
    )
    analyze.add_argument(
        "--anatomy", type=Path, metavar="LABELMAP", help="anatomy segmentation in the reference frame"
    )
    analyze.add_argument(
        "--anatomy-labels", type=Path, metavar="JSON", help='names of the labels: {"1": "vertebrae_L1", ...}'
    )
    _add_suv_overrides(analyze)
    _add_roles(analyze)
    analyze.add_argument("--landmarks", type=Path, metavar="FILE", help="point pairs to start an alignment from")
    analyze.add_argument("--protocol", type=Path, metavar="FILE", help="parameters that differ from the shipped ones")
    analyze.add_argument(
        "--set", type=_assignment, action="append", default=[], metavar="NAME=VALUE", help="one parameter, repeatable"
    )


def _add_suv(commands: Commands) -> None:
    suv = commands.add_parser("suv", help="the SUV volume and where every number of it came from")
    suv.add_argument("case", type=Path, metavar="CASE", help="folder of DICOM files, any nesting")
    suv.add_argument("--output", type=Path, metavar="SUV.nrrd", help="write the volume, g/ml SUVbw")
    suv.add_argument("--json", action="store_true", help="print the provenance as JSON")
    suv.add_argument("--overwrite", action="store_true", help="replace an existing file")
    _add_suv_overrides(suv)
    _add_roles(suv)


def _add_series(commands: Commands) -> None:
    series = commands.add_parser(
        "series", help="the series of a folder, what each is for and why, and what was left out"
    )
    series.add_argument("case", type=Path, metavar="CASE", help="folder of DICOM files, any nesting")
    series.add_argument("--json", action="store_true", help="print the list as JSON")
    _add_roles(series)


def _add_readout(commands: Commands) -> None:
    readout = commands.add_parser("readout", help="SUV and MR at a place of a finished case, and why none is there")
    readout.add_argument("result", type=Path, metavar="RESULT", help="output folder of analyze, or its case.mrb")
    readout.add_argument(
        "--at",
        type=_position,
        action="append",
        required=True,
        metavar="R,A,S",
        help="a place in the frame of the reference series, mm to the right, to the front and up; repeatable",
    )


def _add_export(commands: Commands) -> None:
    export = commands.add_parser(
        "export", help="write the outputs of a finished or reviewed case again, with the decisions of its reader"
    )
    export.add_argument("result", type=Path, metavar="RESULT", help="output folder of analyze, or a case.mrb")
    export.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make")
    export.add_argument(
        "--what",
        type=_exports,
        default=EXPORTS,
        metavar="LIST",
        help=f"some of {listed(EXPORTS)}, with commas between; default: all",
    )
    _add_objects(export)
    export.add_argument(
        "--source",
        type=Path,
        metavar="DICOM",
        help="folder with the DICOM images of the case, which DICOM objects refer to",
    )
    _add_outlines(export, "outlines to take into the case: DICOM segmentations and reports (SEG, SR), or a folder")
    export.add_argument(
        "--outlines-as",
        type=_word,
        choices=TAKINGS,
        default=CONTINUE,
        help="as further candidates, as decisions on those that are there (default), or as a second reading beside "
        "the first",
    )
    export.add_argument(
        "--reader", default="", metavar="NAME", help="whose outlines they are; default: as in the files"
    )
    export.add_argument("--overwrite", action="store_true", help=REPLACES)


def _add_outlines(parser: argparse.ArgumentParser, says: str) -> None:
    parser.add_argument(
        "--outlines", type=Path, action="append", default=[], metavar="FILE", help=f"{says}; repeatable"
    )


def _exports(text: str) -> tuple[str, ...]:
    """Kinds of outputs, in the order in which they are written."""
    return _some_of(text, EXPORTS, "kind of output")


def _some_of(text: str, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Words of a list with commas between, in the order of the known ones."""
    words = [_word(word) for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in known]
    if unknown or not words:
        wrong = f"{unknown[0]!r} is no {what}" if unknown else f"no {what} is named"
        raise argparse.ArgumentTypeError(f"{wrong}; known are {listed(known)}")
    return tuple(name for name in known if name in words)


def _add_phantom(commands: Commands) -> None:
    phantom = commands.add_parser("phantom", help="write a digital case with known truth")
    phantom.add_argument("folder", type=Path, metavar="DIR", help="folder to make")
    phantom.add_argument("--seed", type=_seed, default=1, metavar="N", help="another number makes another case")
    phantom.add_argument("--group", type=_word, choices=[str(group) for group in Group], default=Group.LOW_BACK)
    phantom.add_argument(
        "--realism",
        type=_word,
        choices=REALISMS,
        default=REALISMS[0],
        help="clinical: with the coil fall-off, noise, wear, slab and motion of a clinical examination",
    )
    phantom.add_argument(
        "--variant",
        type=_word,
        choices=VARIANTS,
        default=VARIANTS[0],
        help="anatomical variant of the low back (for hips: plain or turned); see docs/phantoms.md",
    )
    phantom.add_argument(
        "--scenario",
        type=_word,
        choices=SCENARIO_NAMES,
        default=SCENARIO_NAMES[0],
        help="disease or usual uptake that poses one question, with the right answer; see docs/phantoms.md",
    )
    phantom.add_argument("--overwrite", action="store_true", help=REPLACES)


def _add_completion(commands: Commands) -> None:
    completion = commands.add_parser("completion", help="print a script that lets your shell complete the words")
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=f"one of {listed(SHELLS)}")


def _add_suv_overrides(parser: argparse.ArgumentParser) -> None:
    given = parser.add_argument_group("given by hand where the DICOM lacks them; recorded as such")
    given.add_argument("--weight", type=_positive, metavar="KG")
    given.add_argument("--height", type=_positive, metavar="M")
    given.add_argument("--dose", type=_positive, metavar="MBQ")
    given.add_argument("--injection-time", type=_date_time, metavar='"YYYY-MM-DD HH:MM:SS"')
    given.add_argument("--nuclide", metavar="NAME", help="like F-18; its half-life is used")


def _add_roles(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role",
        type=_role,
        action="append",
        default=[],
        metavar="SERIES=ROLE",
        help=f"series number or UID, and one of {listed(GIVEN_ROLES)}; repeatable",
    )


def _word(text: str) -> str:
    """A word of a fixed list, in any case and with underscores."""
    return text.strip().lower().replace("_", "-")


def _position(text: str) -> tuple[float, float, float]:
    plain = text.replace("\u2212", "-").replace("\u2013", "-")
    # With semicolons between the numbers, the comma is the decimal sign.
    parts = plain.replace(",", ".").split(";") if ";" in plain else plain.split(",")
    wrong = f"{text!r} is not R,A,S (three numbers in mm, for example -20,-30,100)"
    try:
        right, front, up = (float(part) for part in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(wrong) from None
    if not all(math.isfinite(part) for part in (right, front, up)):
        raise argparse.ArgumentTypeError(wrong)
    if max(abs(right), abs(front), abs(up)) > FARTHEST_MM:
        raise argparse.ArgumentTypeError(f"{text!r} lies outside of any scanner: R,A,S are mm")
    return right, front, up


def _level(text: str) -> tuple[str, tuple[float, float, float]]:
    name, sign, place = text.partition("=")
    if not (sign and name.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not LEVEL=R,A,S (for example L5=2,-10,-65)")
    try:
        level = checked_level(name.strip())
    except PainGeneratorError as error:
        raise argparse.ArgumentTypeError(f"{error.reason} {error.advice}") from None
    return level, _position(place)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number above 0 (written without a unit, with a point for decimals: 70.5)"
        )
    return value


def _date(text: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-03-01") from None


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > SEED_DIGITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on, of {SEED_DIGITS} digits at most")
    return int(text)


def _date_time(text: str) -> datetime.datetime:
    example = '"2026-03-01 10:15:00"'
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like {example}") from None
    if moment.tzinfo is not None:
        raise argparse.ArgumentTypeError(f"{text!r} has a time zone: give the scanner's clock time, like {example}")
    if ":" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} has no time of the day; write it like {example}")
    return moment


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as hot_spots.contour.method=percent-41")
    return name, value


def _role(text: str) -> tuple[str, str]:
    series, sign, role = (part.strip() for part in text.rpartition("="))
    if series.upper() in GIVEN_ROLES and role:
        raise argparse.ArgumentTypeError(f"{text!r} is turned round; write {role}={series.upper()}")
    if "=" in series:
        raise argparse.ArgumentTypeError(f"{text!r} names several series; give --role once for each series")
    if not (series and sign and role.upper() in GIVEN_ROLES):
        near = did_you_mean(role, GIVEN_ROLES) if series and sign else ""
        raise argparse.ArgumentTypeError(f"{text!r} is not SERIES=ROLE with a role of {listed(GIVEN_ROLES)}.{near}")
    return series, role.upper()
