"""The words of the command line, as people type them."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .judging import InputCase, Judged, Outcome, judged
from .small_examination import Said, judged_command, write_examination, write_pet

KIND = "command line"
ANALYZE = ("analyze", "case", "--output", "out")


def parsed(*words: str, **expected: Any) -> Callable[[Path], Judged]:
    """Words that are understood, with the values that they give."""

    def judge(folder: Path) -> Judged:
        from PainGeneratorLib.Headless.arguments import make_parser

        def call() -> argparse.Namespace:
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    return make_parser().parse_args([*ANALYZE, *words])
            except SystemExit as end:
                return argparse.Namespace(status=end.code)

        def right(found: argparse.Namespace) -> bool:
            return all(getattr(found, name, None) == value for name, value in expected.items())

        return judged(call, right, warnings=lambda found: [])

    return judge


def refused(*words: str, said: str) -> Callable[[Path], Judged]:
    """Words that make no sense: status 2 and a text that says which."""
    return lambda folder: judged_command(*ANALYZE, *words, status=2, said=said)


def in_folder(
    *words: str,
    status: int,
    said: str,
    write: Callable[[Path], None] | None = None,
    is_right: Callable[[Said], bool] = lambda said: True,
) -> Callable[[Path], Judged]:
    """A command in a folder with a small examination in ``case``; ``{}`` in a word is the folder."""

    def judge(folder: Path) -> Judged:
        write_examination(folder / "case")
        if write is not None:
            write(folder)
        return judged_command(*(word.format(folder) for word in words), status=status, said=said, is_right=is_right)

    return judge


def suv_into_a_folder_that_is_not_there(folder: Path) -> Judged:
    write_pet(folder / "case")
    output = folder / "new" / "suv.nrrd"
    found = judged_command("suv", folder / "case", "--output", output, status=3, said=r"new.*folder")
    if output.is_file():
        return Judged(Outcome.RIGHT, str(output))
    return found


def suv_as(name: str) -> Callable[[Path], Judged]:
    """The SUV volume under a name: it can be read back, and nothing else lies beside it."""

    def judge(folder: Path) -> Judged:
        import numpy as np
        import SimpleITK as sitk

        write_pet(folder / "case")
        (folder / "out").mkdir()
        output = folder / "out" / name

        def right(said: Said) -> bool:
            values = sitk.GetArrayFromImage(sitk.ReadImage(str(output)))
            header = output.read_bytes()[:2000] if name.endswith(".nhdr") else b""
            others = [path for path in output.parent.iterdir() if path.name.startswith(".")]
            return (
                bool(np.isfinite(values).all())
                and values.shape == (6, 8, 8)
                and not others
                and b"file: ." not in header
            )

        return judged_command("suv", folder / "case", "--output", output, status=0, said="Volume", is_right=right)

    return judge


def a_folder_in_place_of_the_volume(folder: Path) -> None:
    (folder / "suv.nrrd").mkdir()


def output_in_text_without_unicode(folder: Path) -> Judged:
    from PainGeneratorLib.Headless.cli import main

    write_pet(folder / "case", SpecificCharacterSet="ISO_IR 192", SeriesDescription="PET müde 腰")
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    def call() -> int:
        former = sys.stdout
        sys.stdout = plain
        try:
            return main(["series", str(folder / "case")])
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            sys.stdout = former

    return judged(call, lambda status: status == 0, warnings=lambda status: [])


def closed_pipe(folder: Path) -> Judged:
    from PainGeneratorLib.Headless.cli import main

    write_pet(folder / "case")

    class Closed:
        encoding = "utf-8"

        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

        def flush(self) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    def call() -> int:
        former = sys.stdout
        sys.stdout = Closed()  # type: ignore[assignment]
        try:
            return main(["suv", str(folder / "case")])
        finally:
            sys.stdout = former

    return judged(call, lambda status: status in (0, 141), warnings=lambda status: [])


def escape_codes_in_a_description(folder: Path) -> Judged:
    write_pet(folder / "case", SeriesDescription="PET \x1b[31mred\x07")
    return judged_command(
        "series",
        folder / "case",
        status=0,
        said="PET",
        is_right=lambda said: "\x1b" not in said.output and "\x07" not in said.output,
    )


def _case(name: str, judge: Callable[[Path], Judged], *accepted: Outcome, source: str = "") -> InputCase:
    return InputCase(name, KIND, source or ARGPARSE, judge, accepted or (Outcome.RIGHT,))


REFUSED = Outcome.REFUSED
ARGPARSE = "https://bugs.python.org/issue9334"
PYCBC = "https://github.com/gwastro/pycbc/issues/3876"
DESIGN = "docs/design.md, The command line"

CASES = [
    _case(
        "pain-site-left-of-the-midline",
        parsed("--pain-site", "-20,-30,100", pain_site=[(-20.0, -30.0, 100.0)]),
        source=PYCBC,
    ),
    _case("pain-site-after-an-equals-sign", parsed("--pain-site=-20,-30,100", pain_site=[(-20.0, -30.0, 100.0)])),
    _case("pain-site-that-begins-with-a-point", parsed("--pain-site", "-.5,0,1e2", pain_site=[(-0.5, 0.0, 100.0)])),
    _case(
        "two-pain-sites",
        parsed(
            "--pain-site",
            "-20,-30,100",
            "--pain-site",
            "20,-30,100",
            pain_site=[(-20.0, -30.0, 100.0), (20.0, -30.0, 100.0)],
        ),
    ),
    _case("pain-site-with-spaces", parsed("--pain-site", "-20, -30, 100", pain_site=[(-20.0, -30.0, 100.0)])),
    _case(
        "pain-site-with-a-typographic-minus",
        parsed("--pain-site", "\u221220,\u221230,100", pain_site=[(-20.0, -30.0, 100.0)]),
    ),
    _case("pain-site-with-semicolons", parsed("--pain-site", "-20.5;-30;100", pain_site=[(-20.5, -30.0, 100.0)])),
    _case("pain-site-with-decimal-commas", parsed("--pain-site", "-20,5;-30;100", pain_site=[(-20.5, -30.0, 100.0)])),
    _case("pain-site-of-nan", refused("--pain-site", "nan,0,0", said="pain-site.*three numbers"), REFUSED),
    _case("pain-site-of-infinity", refused("--pain-site", "-inf,0,0", said="pain-site.*three numbers"), REFUSED),
    _case("pain-site-kilometers-away", refused("--pain-site", "-20,-30,1000000", said="pain-site.*mm"), REFUSED),
    _case("pain-site-of-two-numbers", refused("--pain-site", "-20,-30", said="pain-site.*three numbers"), REFUSED),
    _case(
        "pain-site-of-three-words",
        refused("--pain-site", "-20", "-30", "100", said="three numbers|unrecognized"),
        REFUSED,
    ),
    _case("prosthesis-on-both-sides", parsed("--prosthesis-side", "both", prosthesis_side="both")),
    _case("prosthesis-side-in-capitals", parsed("--prosthesis-side", "Left", prosthesis_side="left")),
    _case(
        "prosthesis-in-the-midline",
        refused("--prosthesis-side", "midline", said="prosthesis-side.*left.*right.*both"),
        REFUSED,
    ),
    _case("pain-side-in-capitals", parsed("--pain-side", "RIGHT", pain_side="right")),
    _case("group-with-underscore", parsed("--group", "low_back", group="low-back")),
    _case("role-in-lower-case", parsed("--role", "5=t1", role=[("5", "T1")])),
    _case("role-with-spaces", parsed("--role", "5 = T1", role=[("5", "T1")])),
    _case("role-turned-round", refused("--role", "PET=5", said="PET=5.*5=PET"), REFUSED),
    _case("roles-in-one-word", refused("--role", "5=PET,2=T1", said="once for each series|one series"), REFUSED),
    _case("role-that-is-none", refused("--role", "5=STIR", said="STIR.*FLUID"), REFUSED),
    _case("role-without-series", refused("--role", "=T1", said="SERIES=ROLE"), REFUSED),
    _case(
        "one-series-with-two-roles",
        refused("--role", "5=PET", "--role", "5=OTHER", said="5.*two roles|twice"),
        REFUSED,
    ),
    _case("one-series-with-the-same-role-twice", parsed("--role", "5=PET", "--role", "5=PET")),
    _case("weight-with-a-decimal-comma", refused("--weight", "70,5", said="weight.*70,5.*point"), REFUSED),
    _case("weight-with-a-unit", refused("--weight", "70kg", said="weight.*70kg.*unit"), REFUSED),
    _case("negative-weight", refused("--weight", "-70", said="weight.*-70.*above 0"), REFUSED),
    _case("weight-of-nan", refused("--weight", "nan", said="weight.*above 0"), REFUSED),
    _case(
        "injection-time-without-seconds",
        parsed("--injection-time", "2026-03-01 10:15", injection_time=datetime.datetime(2026, 3, 1, 10, 15)),
    ),
    _case(
        "injection-time-with-a-t",
        parsed(
            "--injection-time",
            "2026-03-01T10:15:00",
            injection_time=datetime.datetime(2026, 3, 1, 10, 15),
        ),
    ),
    _case(
        "injection-time-with-a-zone", refused("--injection-time", "2026-03-01T10:15:00+01:00", said="zone"), REFUSED
    ),
    _case(
        "injection-time-without-a-day",
        refused("--injection-time", "10:15", said="injection-time.*2026-03-01"),
        REFUSED,
    ),
    _case(
        "injection-time-without-a-clock",
        refused("--injection-time", "2026-03-01", said="injection-time.*10:15"),
        REFUSED,
    ),
    _case("labels-without-anatomy", refused("--anatomy-labels", "labels.json", said="--anatomy"), REFUSED),
    _case(
        "negative-seed",
        lambda folder: judged_command("phantom", folder / "p", "--seed", "-1", status=2, said="seed.*-1"),
        REFUSED,
    ),
    _case(
        "help-names-the-signs-of-a-position",
        lambda folder: judged_command("analyze", "--help", status=0, said=r"R,A,S.*mm"),
        source=DESIGN,
    ),
    _case("help-names-series", lambda folder: judged_command("--help", status=0, said=r"\bseries\b"), source=DESIGN),
    _case(
        "output-in-the-input",
        in_folder("analyze", "{}/case", "--output", "{}/case/out", status=3, said="in the input folder.*outside"),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "output-is-a-file",
        in_folder(
            "analyze",
            "{}/case",
            "--output",
            "{}/file",
            status=3,
            said="is a file",
            write=lambda folder: (folder / "file").write_text("x") and None,
        ),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "output-below-a-file",
        in_folder(
            "analyze",
            "{}/case",
            "--output",
            "{}/file/out",
            status=3,
            said="cannot be made|is a file",
            write=lambda folder: (folder / "file").write_text("x") and None,
        ),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "output-with-a-name-that-is-too-long",
        in_folder("analyze", "{}/case", "--output", "{}/" + "o" * 300, status=3, said="too long"),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "case-that-is-not-there",
        in_folder("analyze", "{}/nowhere", "--output", "{}/out", status=3, said="no folder .*nowhere"),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "suv-into-a-folder-that-is-not-there",
        suv_into_a_folder_that_is_not_there,
        Outcome.RIGHT,
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "suv-over-a-folder",
        in_folder(
            "suv",
            "{}/case",
            "--output",
            "{}/suv.nrrd",
            "--overwrite",
            status=3,
            said="is a folder",
            write=a_folder_in_place_of_the_volume,
        ),
        REFUSED,
        source=DESIGN,
    ),
    _case("suv-as-nrrd", suv_as("suv.nrrd"), source=DESIGN),
    _case("suv-with-a-detached-header", suv_as("suv.nhdr"), source="https://teem.sourceforge.net/nrrd/format.html"),
    _case("suv-as-nifti-with-odd-name", suv_as("süß & 50% #1.nii.gz"), source=DESIGN),
    _case("suv-with-a-long-name", suv_as("n" * 240 + ".nrrd"), source="https://github.com/Slicer/Slicer/issues/7901"),
    _case(
        "suv-in-an-unknown-format",
        in_folder("suv", "{}/case", "--output", "{}/suv.txt", status=3, said=r"no known volume format.*\.nrrd"),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "suv-json-is-json",
        in_folder(
            "suv",
            "{}/case",
            "--json",
            status=0,
            said="factor",
            is_right=lambda said: bool(json.loads(said.output)),
        ),
        source=DESIGN,
    ),
    _case(
        "landmarks-file-that-is-not-there",
        in_folder(
            "analyze", "{}/case", "--output", "{}/out", "--landmarks", "{}/none.json", status=3, said=r"none\.json"
        ),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "anatomy-file-that-is-not-there",
        in_folder(
            "analyze", "{}/case", "--output", "{}/out", "--anatomy", "{}/none.nii.gz", status=3, said=r"none\.nii\.gz"
        ),
        REFUSED,
        source=DESIGN,
    ),
    _case(
        "protocol-file-that-is-not-there",
        in_folder(
            "analyze", "{}/case", "--output", "{}/out", "--protocol", "{}/none.json", status=3, said=r"none\.json"
        ),
        REFUSED,
        source=DESIGN,
    ),
    _case("terminal-without-unicode", output_in_text_without_unicode, source="https://peps.python.org/pep-0538/"),
    _case(
        "reader-of-the-pipe-has-gone",
        closed_pipe,
        source="https://docs.python.org/3/library/signal.html#note-on-sigpipe",
    ),
    _case(
        "escape-codes-in-a-description",
        escape_codes_in_a_description,
        source="https://cwe.mitre.org/data/definitions/150.html",
    ),
]
