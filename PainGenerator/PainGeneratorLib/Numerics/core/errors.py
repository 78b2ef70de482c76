"""Errors that a user can do something about."""

from __future__ import annotations

from .printable import printable


class PainGeneratorError(RuntimeError):
    """The input cannot be used, or a step cannot be done, and the user can change that.

    Parameters
    ----------
    reason : str
        What is wrong, in one sentence that names the thing (file, series, tag, value).
    advice : str
        What to do about it, in one sentence.
    """

    def __init__(self, reason: str, advice: str) -> None:
        # Names of files and words of headers are quoted here, and they may hold anything.
        reason, advice = printable(reason), printable(advice)
        super().__init__(f"{reason} {advice}")
        self.reason = reason
        self.advice = advice


class DamagedInput(PainGeneratorError):
    """A file that is damaged, cut off, or contradicts itself: what it should hold is lost, and not only of another
    kind."""


class AlreadyThere(PainGeneratorError):
    """A candidate cannot be added where one lies already.

    Parameters
    ----------
    candidate_id : str
        The one that lies there.
    name : str
        Its place, for the message.
    """

    def __init__(self, candidate_id: str, name: str) -> None:
        super().__init__(f"{name} lies here already.", "It is chosen; nothing was added.")
        self.candidate_id = candidate_id


class Cancelled(Exception):
    """The user asked to stop a step that was running; its results are not kept."""
