"""What the command line shows: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

BAR_WIDTH = 30


class TerminalProgress:
    """Shows progress on standard error.

    On a terminal one line is rewritten; elsewhere (a log file, a pipe) each new text is one line.

    Parameters
    ----------
    stream : text stream, optional
        Standard error when left out.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._last_text = ""
        self._last_time = 0.0
        self._shown = False

    def __call__(self, fraction: float, text: str) -> None:
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
