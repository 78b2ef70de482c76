"""The words of the command line and their meaning."""

from __future__ import annotations

import argparse
import datetime
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..Numerics.body.level_order import checked_level
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.version import VERSION
from ..Numerics.core.words import AUTO_GROUP, GIVEN_ROLES, Fixation, Group, PainSide, ProsthesisSide, listed
from ..Phantoms.realism import REALISMS
from ..Phantoms.scenarios import SCENARIO_NAMES
from ..Phantoms.variants import VARIANTS

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]


VALUE_OPTION = re.compile(r"--[a-z][a-z-]*")
"""An option without its value."""
SWITCHES = ("--overwrite", "--json", "--version", "--help")
"""Options that take no value."""
NEGATIVE_VALUE = re.compile("[-\u2212\u2013](\\d|\\.\\d|inf)", re.I)
"""Begin of a negative number. Word processors write the minus as another character."""
FARTHEST_MM = 3000.0
"""Upper bound of a coordinate, mm. Our estimate: the table of a scanner does not move farther."""


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``pain-generator``."""
    parser = _Parser(
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
    _add_phantom(commands)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that takes a value that begins with a minus and a digit for a value, not for an option.

    argparse does this for plain numbers only, not for ``--pain-site -20,-30,100`` (https://bugs.python.org/issue9334).
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        found, rest = super().parse_known_args(join_negative_values(words), namespace)
        self._check_together(found)
        return found, rest

    def _check_together(self, found: argparse.Namespace) -> None:
        """Refuse options that make no sense together."""
        if getattr(found, "anatomy_labels", None) is not None and found.anatomy is None:
            self.error("argument --anatomy-labels: give --anatomy, too; it names the labels of that file")
        roles: dict[str, str] = {}
        for series, role in getattr(found, "role", []):
            if roles.setdefault(series, role) != role:
                self.error(f"argument --role: series {series} was given two roles, {roles[series]} and {role}")


def join_negative_values(words: list[str]) -> list[str]:
    """Join an option and a value that begins with a minus: ``--pain-site=-20,-30,100``.

    Parameters
    ----------
    words : list of str
        As the shell parted them.

    Returns
    -------
    list of str
        The same, with fewer words.
    """
    joined: list[str] = []
    for word in words:
        option = joined[-1] if joined else ""
        if NEGATIVE_VALUE.match(word) and VALUE_OPTION.fullmatch(option) and option not in SWITCHES:
            joined[-1] = f"{option}={word}"
        else:
            joined.append(word)
    return joined


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="make a phantom case, analyze it, print the table")
    demo.add_argument("--output", type=Path, default=Path("pain-generator-demo"), metavar="DIR")
    demo.add_argument("--group", type=_word, choices=[str(group) for group in Group], default=Group.LOW_BACK)
    demo.add_argument("--seed", type=_seed, default=1, metavar="N", help="another number makes another case")
    demo.add_argument("--overwrite", action="store_true", help="replace an existing output folder")


def _add_analyze(commands: Commands) -> None:
    analyze = commands.add_parser("analyze", help="read a DICOM folder, find and rank candidates, write the report")
    analyze.add_argument("case", type=Path, metavar="CASE", help="folder of DICOM files, any nesting")
    analyze.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make")
    analyze.add_argument("--overwrite", action="store_true", help="replace an existing output folder")
    _add_case_options(analyze)


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
    phantom.add_argument("--overwrite", action="store_true", help="replace an existing folder")


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
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
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
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _role(text: str) -> tuple[str, str]:
    series, sign, role = (part.strip() for part in text.rpartition("="))
    if series.upper() in GIVEN_ROLES and role:
        raise argparse.ArgumentTypeError(f"{text!r} is turned round; write {role}={series.upper()}")
    if "=" in series:
        raise argparse.ArgumentTypeError(f"{text!r} names several series; give --role once for each series")
    if not (series and sign and role.upper() in GIVEN_ROLES):
        raise argparse.ArgumentTypeError(f"{text!r} is not SERIES=ROLE with a role of {listed(GIVEN_ROLES)}")
    return series, role.upper()
