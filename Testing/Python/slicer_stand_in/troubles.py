"""What went wrong without an error reaching the caller: PythonQt loses it, tests must not."""

from __future__ import annotations

from dataclasses import dataclass, field


class StandInLimit(NotImplementedError):
    """Real Slicer has it, the stand-in does not: add it here."""


@dataclass
class Troubles:
    """Kept by the one object :data:`TROUBLES`.

    Attributes
    ----------
    failed_connects : list of str
        Signals that do not exist; `connect` only returned False.
    ambiguous_connects : list of str
        Overloaded signals connected as attributes: which one is meant is chance.
    slot_errors : list of BaseException
        Exceptions raised by slots, event filters and overridden methods; printed and lost.
    refusals : list of str
        Attributes, classes, signatures and keyword arguments that the real one does not have.
    """

    failed_connects: list[str] = field(default_factory=list)
    ambiguous_connects: list[str] = field(default_factory=list)
    slot_errors: list[BaseException] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Forget all."""
        for entries in (self.failed_connects, self.ambiguous_connects, self.slot_errors, self.refusals):
            entries.clear()

    def texts(self) -> list[str]:
        """All of them as sentences."""
        return [
            *(f"no such signal: {text}" for text in self.failed_connects),
            *(f"overloaded signal needs its signature: {text}" for text in self.ambiguous_connects),
            *(f"lost in a slot: {type(error).__name__}: {error}" for error in self.slot_errors),
            *(f"refused: {text}" for text in self.refusals),
        ]


TROUBLES = Troubles()
