"""The command ``pain-generator``.

Its words, outputs and exit status are a contract with those who call it from scripts; :mod:`.arguments` has the words.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .endings import (
    BAD_INPUT,
    DONE,
    FAULT,
    INTERRUPTED,
    failed,
    left_alone,
    out_of_memory,
    refused,
    supervised_command,
)

# Little is imported here, so that signals are held soon after the start, and --help answers at once.

if TYPE_CHECKING:
    import argparse

    from ..Numerics.suv.records import SuvResult
    from ..Report.output_folder import OutputFolder
    from ..Workflow.analyze import Analysis
    from ..Workflow.letter_notes import LetterWishes
    from .terminal import TerminalProgress
__all__ = ("BAD_INPUT", "DONE", "FAULT", "INTERRUPTED", "main")


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process when left out. Then the work is done in a process of its own, which Ctrl-C ends at once.

    Returns
    -------
    int
        The exit status: 0 done, 1 a fault of the program, 2 wrong usage, 3 input that cannot be used, 130 stopped.
    """
    from . import supervise
    from .streams import prepare_streams

    is_process = arguments is None and supervise.can_supervise()
    held = supervise.hold_signals() if is_process else set()
    prepare_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _options_of(words)
    if not isinstance(options, int):
        options.words = words
        return supervised_command(_run, options, held) if is_process else _run(options)
    return options


def _options_of(words: list[str]) -> argparse.Namespace | int:
    """The options of the words; an exit status when there is nothing to do.

    Raises
    ------
    SystemExit
        After ``--help``, and for a wrong usage.
    """
    from ..Numerics.core.errors import PainGeneratorError
    from .arguments import make_parser, settings_of
    from .settings_file import read_settings
    from .streams import flush_all

    try:
        settings = read_settings(settings_of(words))
        try:
            options = make_parser(settings.values).parse_args(words)
        except SystemExit as end:
            flush_all()
            if end.code:
                raise
            return DONE
        options.settings_file = settings.file
        _check_current_folder(options)
    except PainGeneratorError as error:
        return refused(error)
    except BrokenPipeError:
        return left_alone()
    return options


def _check_current_folder(options: argparse.Namespace) -> None:
    """Refuse relative paths when the current folder was deleted; whole paths can still be used.

    Raises
    ------
    PainGeneratorError
    """
    try:
        os.getcwd()
    except OSError as error:
        from ..Numerics.core.errors import PainGeneratorError

        relative = [
            str(value) for value in vars(options).values() if isinstance(value, Path) and not value.is_absolute()
        ]
        if relative:
            raise PainGeneratorError(
                f"The current folder is not there any more: {', '.join(relative)} cannot be found.",
                "Change to a folder that exists (cd), or give whole paths.",
            ) from error
        os.chdir("/")


def _run(options: argparse.Namespace) -> int:
    """Run a command and give its exit status."""
    from .streams import flush_all, libraries_heard, tell
    from .threads import limit_library_threads

    limit_library_threads()
    # Imported here, so that --help and errors of usage answer at once.
    from ..Numerics.core.errors import Cancelled, PainGeneratorError
    from .terminal import Stop

    commands = {
        "demo": _demo, "analyze": _analyze, "suv": _suv, "check": _check, "series": _series, "readout": _readout,
        "export": _export, "phantom": _phantom, "study": _study, "completion": _completion,
    }  # fmt: skip
    try:
        with Stop() as options.stop, libraries_heard() as options.heard:
            commands[options.command](options)
            flush_all()
    except PainGeneratorError as error:
        return refused(error)
    except (KeyboardInterrupt, Cancelled):
        tell("pain-generator: stopped; nothing was written")
        return INTERRUPTED
    except BrokenPipeError:
        return left_alone()
    except MemoryError:
        return refused(out_of_memory())
    except Exception as error:
        return failed(error, options)
    finally:
        _tell_heard(options)
    return DONE


def _tell_heard(options: argparse.Namespace) -> None:
    """What libraries said, for those who want to know it."""
    from .streams import tell, text_of_file, visible

    if not options.verbose:
        return
    printed = text_of_file(getattr(options, "library_file", None))
    for text in (*options.heard.texts, *dict.fromkeys(printed.splitlines())):
        tell(f"Library: {visible(text)}")


@contextlib.contextmanager
def _progress(options: argparse.Namespace) -> Iterator[TerminalProgress]:
    """Progress on the terminal for the length of a ``with`` block."""
    from .streams import on_one_line, tell
    from .terminal import TerminalProgress

    if options.settings_file is not None and not options.quiet:
        tell(f"Settings: {on_one_line(str(options.settings_file))}")
    progress = TerminalProgress(stop=options.stop, is_quiet=options.quiet)
    try:
        yield progress
    finally:
        progress.close()


def _analyze(options: argparse.Namespace) -> None:
    from .given import case_options_of
    from .run import analyze_to_folder
    from .space import needed_bytes, require_temporary_space

    case_options = case_options_of(options)
    with _progress(options) as progress:
        # Entering the folder checks it before the long work; it is checked again when the results take its place.
        needed = needed_bytes(options.case)
        require_temporary_space(needed)
        target = _output_folder(options, options.output, input_folder=options.case, needed_bytes=needed)
        with target as folder:
            letter = _letter_wishes(options, target)
            analysis = analyze_to_folder(
                options.case, case_options, folder, progress, letter, options.dicom, options.outlines
            )
    _show(analysis, (*target.notes, *target.warnings), target.path / "report.html", options)


def _letter_wishes(options: argparse.Namespace, target: OutputFolder) -> LetterWishes:
    """Language of the letter, and the notes: of the file that was named, else of an earlier run in the same folder."""
    from ..Numerics.core.errors import PainGeneratorError
    from ..Numerics.core.input_files import read_text_bytes
    from ..Workflow.letter_notes import NOTES_FILE, LetterWishes, parse_notes

    former = target.take_over(NOTES_FILE) if options.notes is None else None
    data = former if options.notes is None else read_text_bytes(options.notes, "file of notes")
    if data is None:
        return LetterWishes(options.language)
    try:
        return LetterWishes(options.language, parse_notes(data.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise PainGeneratorError(
            f"{options.notes or NOTES_FILE} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8."
        ) from error


def _output_folder(options: argparse.Namespace, path: Path, **more: Any) -> OutputFolder:
    """The folder of a command, which tells the waiting process when it must not be ended."""
    from ..Report.output_folder import OutputFolder

    stage = getattr(options, "stage", None)
    return OutputFolder(path, options.overwrite, tell=(lambda is_final: None) if stage is None else stage.tell, **more)


def _show(
    analysis: Analysis,
    warnings: Iterable[str],
    report: Path,
    options: argparse.Namespace | None = None,
    truth: Path | None = None,
) -> None:
    """Print the ranked list, the other lists and the sites in one line each, the warnings and where the report is.

    Of a phantom, also where its truth is.
    """
    from ..Report.beside_prosthesis import beside_lines
    from ..Report.site_text import terminal_line
    from ..Report.tables import apart_line
    from .ranking import ranking_text
    from .streams import on_one_line, say, visible

    is_quiet, is_verbose = bool(options and options.quiet), bool(options and options.verbose)
    try:
        if not is_quiet:
            for line in beside_lines(analysis.found.set_apart):
                say(on_one_line(line))
            say(ranking_text(analysis.candidates, is_verbose))
            say(on_one_line(apart_line(analysis.found.set_apart, analysis.found.attention)))
            say(on_one_line(terminal_line(analysis.found.sites)))
        for stage in analysis.clock.stages if is_verbose else ():
            say(f"{stage.seconds:8.1f} s  {stage.stage}")
    finally:
        # They are told also where the table cannot be printed.
        _warn((*analysis.warnings, *warnings))
    if not is_quiet:
        if truth is not None:
            say(f"Truth of the phantom: {visible(str(truth))}")
        say(f"Report: {visible(str(report))}")


def _warn(warnings: Iterable[str]) -> None:
    from .streams import warn

    for warning in warnings:
        warn(warning)


def _demo(options: argparse.Namespace) -> None:
    from ..Phantoms.case import write_phantom
    from ..Workflow.case import CaseOptions
    from ..Workflow.progress import part
    from .run import analyze_to_folder
    from .space import DEMO_BYTES, require_temporary_space

    with _progress(options) as progress:
        require_temporary_space(DEMO_BYTES)
        target = _output_folder(options, options.output, needed_bytes=DEMO_BYTES)
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
    report, truth_file = target.path / "results" / "report.html", target.path / "phantom" / "truth.json"
    _show(analysis, (*target.notes, *target.warnings), report, options, truth_file)


def _suv(options: argparse.Namespace) -> None:
    import json

    from .given import case_options_of
    from .streams import say, visible
    from .suv_file import check_volume_file, suv_of_folder, write_suv_volume

    if options.output is not None:
        _warn(check_volume_file(options.output, options.overwrite, options.case))
    with _progress(options) as progress:
        suv = suv_of_folder(options.case, case_options_of(options), progress)
        if options.output is not None:
            write_suv_volume(suv, options.output)
    if options.json:
        say(json.dumps(suv.result.to_json(), indent=2))
        return
    _show_suv(suv.result)
    if options.output is not None:
        say(f"Volume: {visible(str(options.output.resolve()))}")


def _check(options: argparse.Namespace) -> None:
    """Show what a case consists of; a case that cannot be analyzed is an error, after all that was found."""
    import json

    from ..Workflow.check import check_folder
    from .given import case_options_of
    from .streams import say, visible

    case_options = case_options_of(options)
    with _progress(options) as progress:
        found = check_folder(options.case, case_options, progress)
    say(json.dumps(found.to_json(), indent=2) if options.json else visible(found.to_text()))
    if found.refusals:
        raise found.refusals[0]


def _series(options: argparse.Namespace) -> None:
    import json

    from ..Workflow.series_list import list_folder
    from .streams import say, visible

    with _progress(options) as progress:
        found = list_folder(options.case, dict(options.role), progress)
    if options.json:
        say(json.dumps(found.to_json(), indent=2))
        return
    say(visible(found.to_text()))
    _warn(found.warnings)
    if found.refusal is not None:
        _warn([f"No case can be made of these series. {found.refusal.reason} {found.refusal.advice}"])


def _readout(options: argparse.Namespace) -> None:
    from .place import read_places
    from .streams import say, visible

    with _progress(options) as progress:
        texts = read_places(options.result, options.at, progress)
    for text in texts:
        say(visible(text), end="\n\n")


def _export(options: argparse.Namespace) -> None:
    from .reexport import export_again
    from .streams import say, visible

    with _progress(options) as progress:
        folder, warnings = export_again(
            options.result,
            options.output,
            options.what,
            options.dicom,
            options.source,
            options.overwrite,
            progress,
            options.outlines,
            options.outlines_as,
            options.reader,
        )
    _warn(warnings)
    if not options.quiet:
        say(f"Written: {visible(str(folder))}")


def _completion(options: argparse.Namespace) -> None:
    from .arguments import make_parser
    from .completion import completion_script
    from .streams import say

    say(completion_script(options.shell, make_parser()), end="")


def _show_suv(result: SuvResult) -> None:
    """Print the factor, where every number came from, and the warnings."""
    from .streams import say, visible

    if result.is_constant:
        say(f"SUVbw factor: {float(result.factors[0]):.6g} ({result.path})")
    else:
        low, high = float(result.factors.min()), float(result.factors.max())
        say(f"SUVbw factors by slice: {low:.6g} to {high:.6g} ({result.path})")
    for row in result.provenance:
        say(visible(f"  {row.to_text()}"))
    _warn(result.warnings)


def _study(options: argparse.Namespace) -> None:
    from .study_commands import run_study

    run_study(options)


def _phantom(options: argparse.Namespace) -> None:
    from ..Phantoms.case import write_phantom
    from .space import PHANTOM_BYTES
    from .streams import say, visible

    with _progress(options) as progress:
        target = _output_folder(options, options.folder, needed_bytes=PHANTOM_BYTES)
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
    _warn((*target.notes, *target.warnings))
    if not options.quiet:
        say(f"Case: {visible(str(target.path / 'dicom'))}")
        say(f"Truth: {visible(str(target.path / 'truth.json'))} ({len(truth['lesions'])} lesions)")


if __name__ == "__main__":
    sys.exit(main())
