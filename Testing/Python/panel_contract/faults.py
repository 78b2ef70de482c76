"""What a contract check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A breach of the contract.

    Attributes
    ----------
    where : str
        File and line, or widget.
    rule : str
        Short name of the rule.
    text : str
    """

    where: str
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: {self.text}"
