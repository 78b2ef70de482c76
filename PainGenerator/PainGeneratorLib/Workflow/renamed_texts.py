"""Texts that tell of sites and candidates by name, after the levels got other names."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

from ..Numerics.core.records import Candidate
from ..Numerics.core.sites import SiteTable


class RenamedTexts:
    """Puts the new names of places into texts.

    Parameters
    ----------
    names : mapping of str to str
        The new name by the former name. A name stands for itself in small letters and with a capital at the beginning
        of a sentence; ``disc L4/L5`` is not found within ``disc L4/L55``.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {former: new for former, new in names.items() if former and former != new}
        self._names |= {_capital(former): _capital(new) for former, new in self._names.items()}
        # All at once, as the new name of one place may be the former name of another one.
        known = "|".join(re.escape(name) for name in sorted(self._names, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?:{known})(?!\w|/\w)") if known else None

    def __call__(self, text: str) -> str:
        """The text with the new names."""
        return text if self._pattern is None else self._pattern.sub(lambda found: self._names[found.group()], text)

    def of_candidate(self, candidate: Candidate) -> Candidate:
        """A candidate whose reason and ledger have the new names; itself where they tell of none."""
        reason = self(candidate.reason)
        ledger = tuple(dataclasses.replace(entry, text=self(entry.text)) for entry in candidate.ledger)
        if reason == candidate.reason and ledger == candidate.ledger:
            return candidate
        return dataclasses.replace(candidate, reason=reason, ledger=ledger)

    def of_candidates(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The same for several."""
        return [self.of_candidate(candidate) for candidate in candidates]

    def of_table(self, table: SiteTable) -> SiteTable:
        """A table of sites whose reasons have the new names."""
        rows = tuple(dataclasses.replace(row, reasons=tuple(self(text) for text in row.reasons)) for row in table.rows)
        return dataclasses.replace(table, rows=rows)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
