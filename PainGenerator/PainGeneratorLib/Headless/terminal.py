"""What the command line shows: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import Any, TextIO

from ..Numerics.core.errors import Cancelled

BAR_WIDTH = 30
"""Characters of the progress bar."""
LINE_WIDTH = 119
"""The most characters of the line with the bar, so that it never wraps."""
SHORTEST_UPDATE_S = 0.1
"""The same text is drawn again after this time at the earliest, seconds."""


class Stop:
    """Ctrl-C stops the work at the next report of progress; a second one stops it at once.

    An interrupt at an arbitrary place could break off the loading of a compiled module half way, or be lost in it.
    """

    def __init__(self) -> None:
        self.is_asked = False

    def __enter__(self) -> Stop:
        is_main = threading.current_thread() is threading.main_thread()
        # A program in the background ignores Ctrl-C; that is left as it is.
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
    """Shows the progress of the work.

    On a terminal one line is rewritten; elsewhere (a log file, a pipe) each new text is one line.

    Parameters
    ----------
    stream : text stream, optional
        Standard error when left out.
    stop : Stop, optional
        Checked at every call.

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
            if text == self._last_text and now - self._last_time < SHORTEST_UPDATE_S:
                return
            self._last_time = now
            filled = round(BAR_WIDTH * fraction)
            bar = "#" * filled + "." * (BAR_WIDTH - filled)
            self._stream.write(f"\r\x1b[K[{bar}] {fraction:4.0%} {text}"[:LINE_WIDTH])
            self._shown = True
        elif text != self._last_text:
            self._stream.write(f"{fraction:4.0%} {text}\n")
        self._last_text = text
        self._stream.flush()

    def close(self) -> None:
        """Remove the bar, so that what follows starts on a clean line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
