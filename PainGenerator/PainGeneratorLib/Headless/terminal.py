"""What the command line shows: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import time
from typing import Any, TextIO

from ..Numerics.core.errors import Cancelled
from ..Workflow.progress import TimeLeft
from .streams import silence, visible

BAR_WIDTH = 30
"""Characters of the progress bar."""
LINE_WIDTH = 119
"""The most characters of the line with the bar, so that it never wraps."""
SHORTEST_UPDATE_S = 0.1
"""The same text is drawn again after this time at the earliest, seconds."""

BEAT_S = 1.0
"""The line is drawn again after this time, seconds."""


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
    """Shows the progress of the work and about how long it still takes.

    On a terminal one line is rewritten, every second also while the work reports nothing; elsewhere (a log file, a
    pipe) each new text is one line. That nothing can be written does not end the work.

    Parameters
    ----------
    stream : text stream, optional
        Standard error when left out.
    stop : Stop, optional
        Checked at every call.
    is_quiet : bool
        Show nothing.
    time_left : TimeLeft, optional

    Raises
    ------
    Cancelled
        By a call, when `stop` was asked for.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        stop: Stop | None = None,
        is_quiet: bool = False,
        time_left: TimeLeft | None = None,
    ) -> None:
        self._stream = stream or sys.stderr
        self._stop = stop
        self._is_quiet = is_quiet
        self._is_terminal = self._stream.isatty()
        self._time_left = time_left or TimeLeft()
        self._fraction, self._text, self._last_text = 0.0, "", ""
        self._last_time = 0.0
        self._shown = False
        self._lock = threading.Lock()
        self._is_done = threading.Event()
        if self._is_terminal and not is_quiet:
            threading.Thread(target=self._beat, daemon=True).start()

    def __call__(self, fraction: float, text: str) -> None:
        if self._stop is not None and self._stop.is_asked:
            raise Cancelled
        if self._is_quiet:
            return
        with self._lock:
            self._fraction, self._text = fraction, text
            if self._is_terminal:
                self._draw_if_due()
            elif text != self._last_text:
                self._write(f"{fraction:4.0%} {text}{self._left(' (', ')')}\n")
            self._last_text = text

    def _draw_if_due(self) -> None:
        now = time.monotonic()
        if self._text != self._last_text or now - self._last_time >= SHORTEST_UPDATE_S:
            self._last_time = now
            self._draw()

    def _draw(self) -> None:
        filled = round(BAR_WIDTH * self._fraction)
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        line = f"[{bar}] {self._fraction:4.0%} {self._text}{self._left(', ', '')}"
        width = min(LINE_WIDTH, shutil.get_terminal_size((LINE_WIDTH + 1, 24)).columns - 1)
        self._write(f"\r\x1b[K{visible(line)[:width]}")
        self._shown = True

    def _left(self, before: str, after: str) -> str:
        """The time left between two texts; empty while it is not known."""
        text = self._time_left.text(self._fraction)
        return f"{before}{text}{after}" if text else ""

    def _beat(self) -> None:
        """Draw the line again every second, so that the time left goes on and one sees that the program works."""
        while not self._is_done.wait(BEAT_S):
            with self._lock:
                if self._shown:
                    self._draw()

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._is_quiet = True
            silence(self._stream)

    def close(self) -> None:
        """Remove the bar, so that what follows starts on a clean line."""
        self._is_done.set()
        with self._lock:
            if self._shown:
                self._write("\r\x1b[K")
                self._shown = False
