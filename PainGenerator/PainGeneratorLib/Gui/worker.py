"""One worker thread for the long steps; the panel stays alive and can cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable

import slicer

from ..Numerics.core.errors import Cancelled
from ..Workflow.progress import Show

POLL_SECONDS = 0.03
"""Pause, in seconds, after which the main thread looks at the worker again; in between Qt works."""


class Worker:
    """Runs one piece of work at a time on plain data; never MRML, VTK rendering or Qt."""

    def __init__(self) -> None:
        self._cancel = threading.Event()
        self.is_running = False

    def cancel(self) -> None:
        """Ask the running work to stop at its next sign of progress."""
        self._cancel.set()

    def run(self, work: Callable[[Show], None], show: Show) -> None:
        """Do the work in a thread and wait for it, while Qt goes on.

        Parameters
        ----------
        work : callable
            Takes a progress callable.
        show : callable
            Called on the main thread with the latest fraction and text.

        Raises
        ------
        Cancelled
            When :meth:`cancel` was called in the meantime, however far the work came.
        RuntimeError
            When work is running already.
        """
        if self.is_running:
            raise RuntimeError("the worker is busy")
        self.is_running = True
        self._cancel.clear()
        done = threading.Event()
        latest: list[tuple[float, str]] = []
        errors: list[BaseException] = []

        def progress(fraction: float, text: str) -> None:
            if self._cancel.is_set():
                raise Cancelled
            latest[:] = [(fraction, text)]

        def target() -> None:
            try:
                work(progress)
            except BaseException as error:  # raised again on the main thread
                errors.append(error)
            finally:
                done.set()

        thread = threading.Thread(target=target, name="PainGenerator", daemon=True)
        try:
            thread.start()
            shown = None
            while not done.wait(POLL_SECONDS):
                if latest and latest[0] != shown:
                    shown = latest[0]
                    show(*shown)
                slicer.app.processEvents()
            thread.join()
        finally:
            self.is_running = False
        if errors:
            raise errors[0]
        if self._cancel.is_set():
            raise Cancelled

    def here(self, work: Callable[[Show], None], show: Show) -> None:
        """Do work that writes files from the scene, on the main thread; Qt works at every sign of progress.

        Raises
        ------
        Cancelled
            When :meth:`cancel` was called.
        """
        if self.is_running:
            raise RuntimeError("the worker is busy")
        self.is_running = True
        self._cancel.clear()

        def progress(fraction: float, text: str) -> None:
            show(fraction, text)
            slicer.app.processEvents()
            if self._cancel.is_set():
                raise Cancelled

        try:
            work(progress)
        finally:
            self.is_running = False
