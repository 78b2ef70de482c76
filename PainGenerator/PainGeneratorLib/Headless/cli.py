"""The command ``pain-generator``.

Its words, outputs and exit status are a contract with those who call it from scripts; :mod:`.arguments` has the words.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import make_parser
from .threads import limit_library_threads

if TYPE_CHECKING:
    import argparse

    from ..Numerics.suv.records import SuvResult
    from ..Workflow.analyze import Analysis
    from ..Workflow.case import CaseOptions
    from .terminal import Stop, TerminalProgress

DONE = 0
BAD_INPUT = 3
"""Exit status when the input cannot be used. 1 is a fault of the program, 2 a wrong usage (argparse)."""
INTERRUPTED = 130
"""Exit status that a shell reports for a program that Ctrl-C ended."""
PIPE_CLOSED = 141
"""Exit status that a shell reports for a program whose output nobody reads any more (SIGPIPE)."""
VOLUME_SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha")
"""Endings of the volume files that the command ``suv`` writes."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process when left out.

    Returns
    -------
    int
        The exit status: 0 done, 1 a fault of the program, 2 wrong usage, 3 input that cannot be used, 130 stopped.
    """
    options = make_parser().parse_args(arguments)
    limit_library_threads()
    _write_any_letter()
    # Imported here, so that --help and errors of usage answer at once.
    from ..Numerics.core.errors import Cancelled, PainGeneratorError
    from .terminal import Stop

    commands = {
        "demo": _demo, "analyze": _analyze, "suv": _suv, "check": _check, "series": _series, "readout": _readout,
        "phantom": _phantom,
    }  # fmt: skip
    run = commands[options.command]
    try:
        with Stop() as options.stop:
            run(options)
    except PainGeneratorError as error:
        print(f"pain-generator: {_line(error.reason)}", file=sys.stderr)
        print(f"  {_line(error.advice)}", file=sys.stderr)
        return BAD_INPUT
    except (KeyboardInterrupt, Cancelled):
        print("pain-generator: stopped; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _leave_pipe()
        return PIPE_CLOSED
    return DONE


def _write_any_letter() -> None:
    """Let a terminal that cannot show a letter show its code, where Python would end with an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave_pipe() -> None:
    """Write the rest nowhere when nobody reads our output any more (``| head``), so that Python ends quietly."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _line(text: str) -> str:
    """The text on one line, without control characters, which could change the terminal."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """A text whose control characters are shown by their codes; line ends and tabs stay."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)


@contextlib.contextmanager
def _progress(stop: Stop) -> Iterator[TerminalProgress]:
    """Progress on the terminal for the length of a ``with`` block."""
    from .terminal import TerminalProgress

    progress = TerminalProgress(stop=stop)
    try:
        yield progress
    finally:
        progress.close()


def _case_options(options: argparse.Namespace) -> CaseOptions:
    from ..Numerics.core.words import Group
    from ..Workflow.case import CaseOptions

    given = CaseOptions(
        group=Group.LOW_BACK,
        weight_kg=options.weight,
        height_m=options.height,
        dose_mbq=options.dose,
        injection_time=options.injection_time,
        nuclide=options.nuclide,
        roles=tuple(options.role),
    )
    if options.command == "suv":
        return given
    return dataclasses.replace(
        given,
        group=options.group,
        prosthesis_side=options.prosthesis_side,
        pain_side=options.pain_side,
        pain_sites_ras_mm=tuple(options.pain_site),
        level=options.level,
        surgery_date=options.surgery_date,
        fixation=options.fixation,
        crp_mg_l=options.crp,
        anatomy=options.anatomy,
        anatomy_labels=options.anatomy_labels,
        landmarks=options.landmarks,
        protocol_file=options.protocol,
        settings=tuple(options.set),
    )


def _analyze(options: argparse.Namespace) -> None:
    from ..Report.output_folder import OutputFolder
    from .run import analyze_to_folder

    case_options = _case_options(options)
    with _progress(options.stop) as progress:
        # Entering the folder checks it before the long work; it is checked again when the results take its place.
        target = OutputFolder(options.output, options.overwrite, input_folder=options.case)
        with target as folder:
            analysis = analyze_to_folder(options.case, case_options, folder, progress)
    _show(analysis, target.warnings, target.path / "report.html")


def _show(analysis: Analysis, warnings: Iterable[str], report: Path) -> None:
    """Print the ranked list, the other lists and the sites in one line each, the warnings and where the report is."""
    from ..Report.beside_prosthesis import beside_lines
    from ..Report.site_text import terminal_line
    from ..Report.tables import apart_line, text_table

    for line in beside_lines(analysis.found.set_apart):
        print(_line(line))
    print(visible(text_table(analysis.candidates)))
    print(_line(apart_line(analysis.found.set_apart, analysis.found.attention)))
    print(_line(terminal_line(analysis.found.sites)))
    _warn((*analysis.warnings, *warnings))
    print(f"Report: {report}")


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(f"Warning: {_line(warning)}", file=sys.stderr)


def _demo(options: argparse.Namespace) -> None:
    from ..Phantoms.case import write_phantom
    from ..Report.output_folder import OutputFolder
    from ..Workflow.case import CaseOptions
    from ..Workflow.progress import part
    from .run import analyze_to_folder

    with _progress(options.stop) as progress:
        target = OutputFolder(options.output, options.overwrite)
        with target as folder:
            phantom = folder / "phantom"
            truth = write_phantom(phantom, options.group, options.seed, progress=part(progress, 0.0, 0.2))
            case_options = CaseOptions(
                group=options.group,
                prosthesis_side=truth["prosthesis_side"],
                pain_side=truth["pain_side"],
                pain_sites_ras_mm=tuple(tuple(site) for site in truth["pain_sites_ras_mm"]),
                anatomy=phantom / "anatomy.nii.gz",
                anatomy_labels=phantom / "anatomy-labels.json",
            )
            results = folder / "results"
            results.mkdir()
            analysis = analyze_to_folder(phantom / "dicom", case_options, results, part(progress, 0.2, 1.0))
    _show(analysis, target.warnings, target.path / "results" / "report.html")


def _suv(options: argparse.Namespace) -> None:
    from .suv_file import suv_of_folder, write_suv_volume

    if options.output is not None:
        _refuse_file(options.output, options.overwrite, options.case)
    with _progress(options.stop) as progress:
        suv = suv_of_folder(options.case, _case_options(options), progress)
        if options.output is not None:
            write_suv_volume(suv, options.output)
    if options.json:
        print(json.dumps(suv.result.to_json(), indent=2))
        return
    _show_suv(suv.result)
    if options.output is not None:
        print(f"Volume: {options.output.resolve()}")


def _check(options: argparse.Namespace) -> None:
    """Show what a case consists of; a case that cannot be analyzed is an error, after all that was found."""
    from ..Workflow.check import check_folder

    with _progress(options.stop) as progress:
        found = check_folder(options.case, _case_options(options), progress)
    print(json.dumps(found.to_json(), indent=2) if options.json else visible(found.to_text()))
    if found.refusals:
        raise found.refusals[0]


def _series(options: argparse.Namespace) -> None:
    from ..Workflow.series_list import list_folder

    with _progress(options.stop) as progress:
        found = list_folder(options.case, dict(options.role), progress)
    if options.json:
        print(json.dumps(found.to_json(), indent=2))
        return
    print(visible(found.to_text()))
    _warn(found.warnings)
    if found.refusal is not None:
        _warn([f"No case can be made of these series. {found.refusal.reason} {found.refusal.advice}"])


def _readout(options: argparse.Namespace) -> None:
    from .place import read_places

    for text in read_places(options.result, options.at):
        print(visible(text), end="\n\n")


def _show_suv(result: SuvResult) -> None:
    """Print the factor, where every number came from, and the warnings."""
    if result.is_constant:
        print(f"SUVbw factor: {float(result.factors[0]):.6g} ({result.path})")
    else:
        low, high = float(result.factors.min()), float(result.factors.max())
        print(f"SUVbw factors by slice: {low:.6g} to {high:.6g} ({result.path})")
    for row in result.provenance:
        print(visible(f"  {row.to_text()}"))
    _warn(result.warnings)


def _refuse_file(output: Path, overwrite: bool, case: Path) -> None:
    """Refuse a volume file of an unknown format, one that exists, and one in the input folder.

    Raises
    ------
    PainGeneratorError
    """
    from ..Numerics.core.errors import PainGeneratorError

    if not output.name.lower().endswith(VOLUME_SUFFIXES):
        raise PainGeneratorError(
            f"The output {output} is of no known volume format.", "Give a name that ends in .nrrd, .nii.gz or .mha."
        )
    if output.is_dir():
        raise PainGeneratorError(f"The output {output} is a folder.", "Give the name of a file.")
    parent = output.absolute().parent
    if not parent.is_dir():
        raise PainGeneratorError(
            f"There is no folder {parent} for the output file.", "Make the folder, or choose another."
        )
    if output.exists() and not overwrite:
        raise PainGeneratorError(
            f"The output file {output} exists already.", "Choose another name, or give --overwrite to replace it."
        )
    if output.resolve().is_relative_to(case.resolve()):
        raise PainGeneratorError(
            f"The output file {output} would lie in the input folder, which is never written to.",
            "Choose a place outside of it.",
        )


def _phantom(options: argparse.Namespace) -> None:
    from ..Phantoms.case import write_phantom
    from ..Report.output_folder import OutputFolder

    with _progress(options.stop) as progress:
        target = OutputFolder(options.folder, options.overwrite)
        with target as folder:
            truth = write_phantom(
                folder,
                options.group,
                options.seed,
                progress=progress,
                realism=options.realism,
                variant=options.variant,
                scenario=options.scenario,
            )
    print(f"Case: {target.path / 'dicom'}")
    print(f"Truth: {target.path / 'truth.json'} ({len(truth['lesions'])} lesions)")


if __name__ == "__main__":
    sys.exit(main())
