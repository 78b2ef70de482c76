"""A parser with short messages, near misses, and values that begin with a minus."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from typing import Any, NoReturn

from .near_misses import short_message

WRONG_USAGE = 2
"""Exit status of a command line that cannot be understood."""
VALUE_OPTION = re.compile(r"--[a-z][a-z-]*")
"""An option without its value."""
SWITCHES = ("--overwrite", "--json", "--version", "--help", "--quiet", "--verbose")
"""Options that take no value."""
NEGATIVE_VALUE = re.compile("[-\u2212\u2013](\\d|\\.\\d|inf)", re.I)
"""Begin of a negative number. Word processors write the minus as another character."""


class Parser(argparse.ArgumentParser):
    """A parser that takes a value that begins with a minus and a digit for a value, not for an option.

    argparse does this for plain numbers only, not for ``--pain-site -20,-30,100`` (https://bugs.python.org/issue9334).
    """

    _words: list[str]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._words = list(sys.argv[1:] if args is None else args)
        found, rest = super().parse_known_args(join_negative_values(self._words), namespace)
        self._check_together(found)
        return found, rest

    def _print_message(self, message: str, file: Any = None) -> None:
        # Later versions of Python do the same. Flushing the stream says what is wrong with it.
        with contextlib.suppress(OSError, AttributeError):
            super()._print_message(message, file)

    def _check_together(self, found: argparse.Namespace) -> None:
        """Refuse options that make no sense together."""
        if getattr(found, "anatomy_labels", None) is not None and found.anatomy is None:
            self.error("argument --anatomy-labels: give --anatomy, too; it names the labels of that file")
        if getattr(found, "quiet", False) and getattr(found, "verbose", False):
            self.error("argument --verbose: not together with --quiet")
        roles: dict[str, str] = {}
        for series, role in getattr(found, "role", []):
            if roles.setdefault(series, role) != role:
                self.error(f"argument --role: series {series} was given two roles, {roles[series]} and {role}")

    def error(self, message: str) -> NoReturn:
        """End with two lines: what is wrong, and how the command is written."""
        own = self._named_command()
        text = short_message(message, [name for action in own._actions for name in action.option_strings])
        self.exit(WRONG_USAGE, f"{own.prog}: {text}\n{own.short_usage()}\n")

    def _named_command(self) -> Parser:
        """The parser of the command that the words name; else this one."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for word in getattr(self, "_words", []):
                    if word in action.choices:
                        return action.choices[word]
        return self

    def short_usage(self) -> str:
        """The usage in one line, without the options that may be left out."""
        needed = []
        for action in self._actions:
            name = str(action.metavar or action.dest)
            if not action.option_strings:
                needed.append(name)
            elif action.required:
                needed.append(f"{action.option_strings[0]} {name}")
        return f"usage: {' '.join([self.prog, *needed])} [options]; all options: {self.prog} --help"


def join_negative_values(words: list[str]) -> list[str]:
    """Join an option and a value that begins with a minus: ``--pain-site=-20,-30,100``.

    Parameters
    ----------
    words : list of str
        As the shell parted them.

    Returns
    -------
    list of str
        The same, with fewer words.
    """
    joined: list[str] = []
    for word in words:
        option = joined[-1] if joined else ""
        if NEGATIVE_VALUE.match(word) and VALUE_OPTION.fullmatch(option) and option not in SWITCHES:
            joined[-1] = f"{option}={word}"
        else:
            joined.append(word)
    return joined
