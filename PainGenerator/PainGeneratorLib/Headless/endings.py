"""How a command ends: its exit status, and the lines that say why.

The status is a contract with those who call the command from scripts; docs/command-line.md lists it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from ..Numerics.core.errors import PainGeneratorError
    from .supervise import Stage

DONE = 0
"""Exit status when all went well, also when the reader of a pipe has left early."""
FAULT = 1
"""Exit status of a fault of the program; a report to send is written."""
BAD_INPUT = 3
"""Exit status when the input or the output cannot be used. 2 is a wrong usage (argparse)."""
INTERRUPTED = 130
"""Exit status that a shell reports for a program that Ctrl-C ended; other signals give 128 and their number."""


def refused(error: PainGeneratorError) -> int:
    """Say what is wrong and what to do; the exit status."""
    from .parser import WRONG_USAGE
    from .streams import on_one_line, tell

    tell(f"pain-generator: {on_one_line(error.reason)}")
    tell(f"  {on_one_line(error.advice)}")
    return WRONG_USAGE if getattr(error, "is_usage", False) else BAD_INPUT


def left_alone() -> int:
    """Nobody reads our output any more (``| head``): the reader had enough, and the work is done."""
    from .streams import silence

    silence(sys.stdout)
    return DONE


def out_of_memory() -> PainGeneratorError:
    from ..Numerics.core.errors import PainGeneratorError

    return PainGeneratorError(
        "The memory of this computer was used up; nothing was written.",
        "Close other programs, or run it on a computer with more memory; check shows how large the series are.",
    )


def failed(error: Exception, options: argparse.Namespace) -> int:
    """Say what an error that nobody foresaw means, with a report of the fault where it is ours."""
    from ..Numerics.core.errors import PainGeneratorError

    if isinstance(error, OSError) and error.errno and isinstance(error.filename, str | bytes) and not _is_ours(error):
        name = os.fsdecode(error.filename)
        return refused(
            PainGeneratorError(
                f"The file {name} cannot be used: {error.strerror}; nothing was written.",
                "Check that it is still there, that its disk works, and that you may read and write there.",
            )
        )
    from .fault_report import error_lines

    return report_fault(error_lines(error), options)


def _is_ours(error: OSError) -> bool:
    """True when a file of the program itself is at fault."""
    from .fault_report import PACKAGE_PARENT

    return Path(os.fsdecode(error.filename)).is_relative_to(PACKAGE_PARENT)


def report_fault(lines: list[str], options: argparse.Namespace) -> int:
    from .fault_report import write_fault_report
    from .streams import tell

    path = write_fault_report(lines, options.words)
    tell("pain-generator: a fault of the program; nothing was written")
    if path is None:
        tell("  " + " | ".join(lines))
    else:
        tell(f"  Please send the report {path} to the authors; it holds no names, paths or values of the case.")
    return FAULT


def supervised_command(run: Callable[[argparse.Namespace], int], options: argparse.Namespace, held: set[int]) -> int:
    """Run a command in a process of its own.

    Parameters
    ----------
    run : callable
        Takes the options and returns the exit status.
    options : Namespace
    held : set of int
        From :func:`.supervise.hold_signals`.
    """
    from . import supervise
    from .streams import lead_libraries_to, tell

    target = getattr(options, "output", None) or getattr(options, "folder", None)

    def work(stage: Stage, folder: Path | None) -> int:
        options.stage = stage
        if folder is not None:
            options.library_file = folder / supervise.LIBRARY_FILE
            lead_libraries_to(str(options.library_file))
        return run(options)

    def clear(process: int) -> None:
        if target is not None:
            from ..Report.leftovers import clear_after

            clear_after(process, Path(os.path.realpath(target)))

    def ended(number: int, stage: Stage, folder: Path | None) -> int:
        return crashed(number, stage, folder, options)

    def stopped(number: int, stage: Stage) -> int:
        if sys.stderr.isatty():
            tell("\r\x1b[K", end="")
        is_complete = stage.now == supervise.PUBLISHED
        what = f"the results were complete before that: {target}" if is_complete else "nothing was written"
        tell(f"pain-generator: stopped; {what}")
        return 128 + number

    return supervise.supervised(work, held, clear, ended, stopped)


def crashed(number: int, stage: Stage, folder: Path | None, options: argparse.Namespace) -> int:
    """Say why the working process ended, when it did not end by itself."""
    import signal

    from . import supervise
    from .fault_report import crash_lines

    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if number == signal.SIGKILL:
        return refused(out_of_memory())
    if number in supervise.STOPPING:
        return 128 + number
    text = ""
    if folder is not None:
        with contextlib.suppress(OSError):
            text = (folder / supervise.CRASH_FILE).read_text(errors="replace")
    return report_fault(crash_lines(number, text), options)
