"""The table of the weights of evidence in docs/domain.md, made from the protocol.

Run ``PYTHONPATH=PainGenerator python Testing/Python/weights_table.py`` after a change of the stage ``evidence``; a
test compares both.
"""

from __future__ import annotations

from pathlib import Path

from PainGeneratorLib.Numerics.fusion.evidence import SignWeight
from PainGeneratorLib.Report.evidence_section import weight_row
from PainGeneratorLib.Workflow.evidence import evidence_table
from PainGeneratorLib.Workflow.protocol import load_protocol

DOCUMENT = Path(__file__).parents[2] / "docs" / "domain.md"
FIRST = "| sign | what it is | present: ratio, points | absent: ratio, points | basis | source |"
"""The head of the table, by which it is found."""
RULER = "|---|---|---|---|---|---|"
GROUPS = ("low-back", "hip-replacement")
"""Clinical groups, which must have one table of weights."""


def lines() -> list[str]:
    """The lines of the table as the protocol says."""
    tables = [evidence_table(load_protocol(group)).weights for group in GROUPS]
    if tables[0] != tables[1]:
        raise ValueError("the protocols of the groups have weights of their own; docs/domain.md shows one table")
    return [FIRST, RULER, *(_line(sign, weight) for sign, weight in tables[0].items())]


def _line(sign: str, weight: SignWeight) -> str:
    name, present, absent, basis, source = (cell.replace("|", "/") for cell in weight_row(sign, weight))
    ratios = f"{weight.present:g}, {present} | {weight.absent:g}, {absent}"
    return f"| `{sign}` | {name} | {ratios} | {basis} | {source or '-'} |"


def written(text: str) -> list[str]:
    """The lines of the table that a text holds."""
    rest = text[text.index(FIRST) :].splitlines()
    end = next((n for n, line in enumerate(rest) if not line.startswith("|")), len(rest))
    return rest[:end]


def main() -> None:
    """Put the table of the protocol into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(text.replace("\n".join(written(text)), "\n".join(lines())), encoding="utf-8")


if __name__ == "__main__":
    main()
