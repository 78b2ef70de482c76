"""Run a command in a process of its own, so that Ctrl-C ends it at once, whatever library is at work.

Compiled libraries do not look at signals, and some hold Python's lock for many seconds. The process that the user
started does nothing but wait for signals and for the process that works. When it is to stop, it ends that process,
removes what it left, and says so in one line. A crash of a compiled library is noticed in the same way.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a command to stop."""
WORKING, PUBLISHING, PUBLISHED = 0, 1, 2
"""How far the working process is: its results are not there yet, are being put into their place, or are there."""
PUBLISHING_LIMIT_S = 20
"""The longest wait for results that are being put into their place, seconds. Our estimate: it is renaming only."""
CRASH_FILE, LIBRARY_FILE = "crash.txt", "libraries.txt"
"""Files in the temporary folder of a command: where a compiled library crashed, and what libraries printed."""


class Stage:
    """How far the work is, in memory that both processes see; and where its output lies."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    @property
    def now(self) -> int:
        """One of WORKING, PUBLISHING, PUBLISHED."""
        return self._shared[0]

    def tell(self, is_final: bool) -> None:
        """The results are about to be put into their place (True), or are there (False)."""
        self._shared[0] = PUBLISHING if is_final else PUBLISHED


def can_supervise() -> bool:
    """True where processes can be forked and signals be waited for."""
    return hasattr(os, "fork") and hasattr(signal, "sigwait") and sys.platform != "emscripten"


def hold_signals() -> set[int]:
    """Hold the signals that ask to stop until somebody waits for them; those that are ignored stay ignored.

    Returns
    -------
    set of int
        The signals that are held.
    """
    held = {number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, held | {signal.SIGCHLD})
    return held


def release_signals(held: set[int]) -> None:
    """Let signals come again."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, held | {signal.SIGCHLD})


def supervised(
    work: Callable[[Stage, Path | None], int],
    held: set[int],
    clear: Callable[[int], None],
    ended: Callable[[int, Stage, Path | None], int],
    stopped: Callable[[int, Stage], int],
) -> int:
    """Do the work in a process of its own and wait for it.

    Parameters
    ----------
    work : callable
        Takes the stage and the temporary folder and returns the exit status.
    held : set of int
        From :func:`hold_signals`.
    clear : callable
        Takes the number of the ended process and removes what it left.
    ended : callable
        Told the signal that ended the working process, when nobody asked for it; returns the exit status.
    stopped : callable
        Told the signal that asked to stop; says so and returns the exit status.

    Returns
    -------
    int
        The exit status.
    """
    from .temporary import remove_folder, temporary_folder

    folder = temporary_folder()
    stage = Stage()
    parent = os.getpid()
    # Children would print again what is still in a buffer.
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _become_worker(parent, held, folder)
        return work(stage, folder)
    try:
        signal.signal(signal.SIGCHLD, _nothing)
        number, status = _wait(child, held)
        if number:
            return _stop(child, number, stage, held, clear, stopped)
        if os.WIFSIGNALED(status):
            clear(child)
            return ended(os.WTERMSIG(status), stage, folder)
        return os.WEXITSTATUS(status)
    finally:
        remove_folder(folder)
        release_signals(held)


def _nothing(number: int, frame: Any) -> None:
    """A handler, without which some systems throw the signal away."""


def _become_worker(parent: int, held: set[int], folder: Path | None) -> None:
    """Set a forked process up: Ctrl-C is the other one's affair, and it ends with the other one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    release_signals(held)
    _end_with(parent)
    if folder is not None:
        import tempfile

        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        _keep_crashes(folder)


def _end_with(parent: int) -> None:
    """Ask Linux to end this process when the other one is gone, as after ``kill -9``."""
    if sys.platform != "linux":
        return
    import ctypes

    set_death_signal = 1  # PR_SET_PDEATHSIG, see prctl(2)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _keep_crashes(folder: Path) -> None:
    """Let a crash of a compiled library be written to a file."""
    import faulthandler

    with contextlib.suppress(OSError):
        faulthandler.enable(open(folder / CRASH_FILE, "w"))  # noqa: SIM115 - open until the end


def _wait(child: int, held: set[int]) -> tuple[int, int]:
    """Wait for a signal to stop, or for the end of the process: (signal, 0) or (0, its status)."""
    while True:
        number = signal.sigwait(held | {signal.SIGCHLD})
        if number != signal.SIGCHLD:
            return number, 0
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return 0, status


def _stop(
    child: int,
    number: int,
    stage: Stage,
    held: set[int],
    clear: Callable[[int], None],
    stopped: Callable[[int, Stage], int],
) -> int:
    """End the process, but not while its results are being put into their place."""
    if stage.now == PUBLISHING:
        _await_publishing(child, stage)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    status = stopped(number, stage)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    if stage.now != PUBLISHED:
        clear(child)
    return status


def _await_publishing(child: int, stage: Stage) -> None:
    import time

    end = time.monotonic() + PUBLISHING_LIMIT_S
    while stage.now == PUBLISHING and time.monotonic() < end:
        time.sleep(0.01)
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
