"""The words of the command line and their meaning."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..Numerics.core.version import VERSION
from ..Numerics.core.words import LATERAL_SIDES, Group, PainSide, Role, listed

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``pain-generator``."""
    parser = argparse.ArgumentParser(
        prog="pain-generator",
        description="Finds candidate pain generators on hybrid FDG-PET/MRI. "
        "Research software: it shows candidates, never a diagnosis.",
    )
    parser.add_argument("--version", action="version", version=f"PainGenerator {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_analyze(commands)
    _add_suv(commands)
    _add_phantom(commands)
    return parser


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="make a phantom case, analyze it, print the table")
    demo.add_argument("--output", type=Path, default=Path("pain-generator-demo"), metavar="DIR")
    demo.add_argument("--group", choices=[str(group) for group in Group], default=Group.LOW_BACK)
    demo.add_argument("--seed", type=int, default=1, metavar="N")
    demo.add_argument("--overwrite", action="store_true", help="replace an existing output folder")


def _add_analyze(commands: Commands) -> None:
    analyze = commands.add_parser("analyze", help="read a DICOM folder, find and rank candidates, write the report")
    analyze.add_argument("case", type=Path, metavar="CASE", help="folder of DICOM files, any nesting")
    analyze.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make")
    analyze.add_argument("--group", choices=[str(group) for group in Group])
    analyze.add_argument("--prosthesis-side", choices=[str(side) for side in LATERAL_SIDES])
    analyze.add_argument("--pain-side", choices=[str(side) for side in PainSide])
    analyze.add_argument(
        "--pain-site", type=_position, action="append", default=[], metavar="R,A,S", help="mm, repeatable"
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
    analyze.add_argument("--overwrite", action="store_true", help="replace an existing output folder")


def _add_suv(commands: Commands) -> None:
    suv = commands.add_parser("suv", help="the SUV volume and where every number of it came from")
    suv.add_argument("case", type=Path, metavar="CASE", help="folder of DICOM files, any nesting")
    suv.add_argument("--output", type=Path, metavar="SUV.nrrd", help="write the volume, g/ml SUVbw")
    suv.add_argument("--json", action="store_true", help="print the provenance as JSON")
    suv.add_argument("--overwrite", action="store_true", help="replace an existing file")
    _add_suv_overrides(suv)
    _add_roles(suv)


def _add_phantom(commands: Commands) -> None:
    phantom = commands.add_parser("phantom", help="write a digital case with known truth")
    phantom.add_argument("folder", type=Path, metavar="DIR", help="folder to make")
    phantom.add_argument("--seed", type=int, default=1, metavar="N")
    phantom.add_argument("--group", choices=[str(group) for group in Group], default=Group.LOW_BACK)
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
        help=f"series number or UID, and one of {listed(Role)}; repeatable",
    )


def _position(text: str) -> tuple[float, float, float]:
    parts = text.split(",")
    if len(parts) != 3:
        raise argparse.ArgumentTypeError(f"{text!r} is not R,A,S (three numbers in mm)")
    try:
        right, front, up = (float(part) for part in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not R,A,S (three numbers in mm)") from None
    return right, front, up


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _date_time(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is not a time like "2026-03-01 10:15:00"') from None


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _role(text: str) -> tuple[str, str]:
    series, sign, role = text.rpartition("=")
    if not (series and sign and role.upper() in tuple(Role)):
        raise argparse.ArgumentTypeError(f"{text!r} is not SERIES=ROLE with a role of {listed(Role)}")
    return series, role.upper()
