"""Callbacks that are called when something of a session changed."""

from __future__ import annotations

from collections.abc import Callable

from .types import CHANGES


class Notifier:
    """A list of callbacks; each takes one word of :data:`.types.CHANGES`."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[str], None]] = []
        self.inner: list[Callable[[str], None]] = []
        """Parts of the session itself; they are called before all others."""

    def __call__(self, what: str) -> None:
        """Call all callbacks with the word for what changed."""
        if what not in CHANGES:
            raise ValueError(f"what must be one of {CHANGES}, not {what!r}")
        for callback in [*self.inner, *self.callbacks]:
            callback(what)
