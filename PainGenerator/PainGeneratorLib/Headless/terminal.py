"""What the command line shows: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import Any, TextIO

from ..Numerics.core.errors import Cancelled

BAR_WIDTH = 30


class Stop:
    """Ctrl-C, heeded at the next report of progress; a second one stops at once.

    Raised just anywhere, it breaks off the loading of compiled modules half way, or is lost in them.
    """

    def __init__(self) -> None:
        self.is_asked = False

    def __enter__(self) -> Stop:
        is_main = threading.current_thread() is threading.main_thread()
        # A program in the background ignores Ctrl-C, and goes on ignoring it.
        self._is_set = is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._is_set:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, number: int, frame: Any) -> None:
        self.is_asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *error: object) -> None:
        if self._is_set:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class TerminalProgress:
    """Shows progress on standard error.

    On a terminal one line is rewritten; elsewhere (a log file, a pipe) each new text is one line.

    Parameters
    ----------
    stream : text stream, optional
        Standard error when left out.
    stop : Stop, optional
        Asked at every call.

    Raises
    ------
    Cancelled
        By a call, when `stop` was asked for.
    """

    def __init__(self, stream: TextIO | None = None, stop: Stop | None = None) -> None:
        self._stream = stream or sys.stderr
        self._stop = stop
        self._is_terminal = self._stream.isatty()
        self._last_text = ""
        self._last_time = 0.0
        self._shown = False

    def __call__(self, fraction: float, text: str) -> None:
        if self._stop is not None and self._stop.is_asked:
            raise Cancelled
        if self._is_terminal:
            now = time.monotonic()
            if text == self._last_text and now - self._last_time < 0.1:
                return
            self._last_time = now
            filled = round(BAR_WIDTH * fraction)
            bar = "#" * filled + "." * (BAR_WIDTH - filled)
            self._stream.write(f"\r\x1b[K[{bar}] {fraction:4.0%} {text}"[:119])
            self._shown = True
        elif text != self._last_text:
            self._stream.write(f"{fraction:4.0%} {text}\n")
        self._last_text = text
        self._stream.flush()

    def close(self) -> None:
        """Take the bar away, so that what follows starts on a clean line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
