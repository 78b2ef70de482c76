"""What the command line prints, on terminals, pipes and disks of any kind, and what libraries print by themselves.

A reader of a pipe may leave early (``| head``), a disk may be full (``> /dev/full``), a console may know few letters,
and both streams may be closed. None of this may end the work: the files are what counts.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ..Numerics.core.errors import PainGeneratorError

PLAIN_LETTERS = {
    "\u2500": "-", "\u2501": "-", "\u2502": "|", "\u2026": "...", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u00d7": "x", "\u00b7": ".", "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2265": ">=",
    "\u2264": "<=", "\u00b0": " deg", "\u00b5": "u", "\u03bc": "u", "\u00b1": "+-", "\u2192": "->", "\u00b2": "2",
    "\u00b3": "3", "\u00df": "ss",
}  # fmt: skip
"""What stands for a letter on a console that does not know it."""
LIBRARY_LIMIT = 100_000
"""The most bytes of what libraries printed that are shown. Our estimate of what one reads."""
ERRORS = "pain-generator"
"""Name of the error handler of :func:`plain_letters`."""


def plain_letters(error: UnicodeError) -> tuple[str, int]:
    """Put letters that a console knows in the place of one that it does not: ``e`` for ``é``, else its code.

    Raises
    ------
    UnicodeError
        That of another kind of work than encoding.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_plain_letter(c) for c in error.object[error.start : error.end]), error.end


def _plain_letter(letter: str) -> str:
    if letter in PLAIN_LETTERS:
        return PLAIN_LETTERS[letter]
    base = "".join(c for c in unicodedata.normalize("NFKD", letter) if c.isascii())
    code = ord(letter)
    return base or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def prepare_streams() -> None:
    """Let the streams take any letter, and open those that are closed on nothing."""
    codecs.register_error(ERRORS, plain_letters)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def visible(text: str) -> str:
    """A text whose control characters are shown by their codes; line ends and tabs stay."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def on_one_line(text: str) -> str:
    """The text on one line, without control characters, which could change the terminal."""
    return " ".join(visible(text).split())


def say(text: str, end: str = "\n") -> None:
    """Print a result. That nobody reads it any more (``| head``) does not matter.

    Raises
    ------
    PainGeneratorError
        It cannot be written.
    """
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise PainGeneratorError(
            f"What the command prints cannot be written: {error.strerror or error}.",
            "Files that it made are complete. Print to a terminal, or to a disk with space.",
        ) from error


def tell(text: str, end: str = "\n") -> None:
    """Print a line about the work to standard error; that this fails never ends the work."""
    try:
        sys.stderr.write(text + end)
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


def warn(text: str) -> None:
    """Print a warning."""
    tell(f"Warning: {on_one_line(text)}")


def silence(stream: TextIO) -> None:
    """Lead a stream that cannot be written to nowhere, so that the end of Python does not fail on the rest."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def flush_all() -> None:
    """Write what is still kept back.

    Raises
    ------
    PainGeneratorError
        As :func:`say`.
    """
    say("", end="")
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


class Heard:
    """What libraries said by themselves: warnings and messages, each once."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, text: str) -> None:
        """Keep a message."""
        line = on_one_line(text)
        if line and line not in self.texts:
            self.texts.append(line)


@contextlib.contextmanager
def libraries_heard() -> Iterator[Heard]:
    """Keep what libraries say through Python's warnings and logging from the terminal, for the length of a block."""
    import logging
    import warnings

    heard = Heard()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with contextlib.suppress(Exception):
                heard.add(f"{record.name}: {record.getMessage()}")

    def listen(message: Warning | str, category: type[Warning], filename: str, lineno: int, *more: object) -> None:
        heard.add(f"{category.__name__}: {message}")

    former, listener, root = warnings.showwarning, Listener(logging.WARNING), logging.getLogger()
    warnings.showwarning = listen  # type: ignore[assignment]
    root.addHandler(listener)
    try:
        yield heard
    finally:
        root.removeHandler(listener)
        warnings.showwarning = former


def lead_libraries_to(path: str) -> None:
    """Lead what compiled libraries write to the streams of this process into a file, for a process that is ours alone.

    What this program itself prints goes where it did.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper) or stream.fileno() != number:
            continue
        stream.flush()
        own = os.dup(number)
        os.dup2(file, number)
        setattr(sys, name, _reopened(own, stream))
    os.close(file)


def text_of_file(path: Path | None) -> str:
    """What libraries have printed; empty where nothing was kept. Only the beginning of what is very long."""
    if path is None:
        return ""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(LIBRARY_LIMIT).decode("utf-8", "replace")
    return ""


def _reopened(number: int, former: io.TextIOWrapper) -> io.TextIOWrapper:
    """A text stream with the properties of a former one on another file number."""
    return io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(number, "w")),
        encoding=former.encoding,
        errors=former.errors,
        line_buffering=former.line_buffering,
    )
