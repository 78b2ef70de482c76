"""What of a case can be written: one list for the command line and the panel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One kind of objects.

    Parameters
    ----------
    name : str
        As on the command line.
    says : str
        As in the panel: what it is.
    is_usual : bool
        Written unless it is left out.
    """

    name: str
    says: str
    is_usual: bool


CHOICES: tuple[Choice, ...] = (
    Choice("seg", "Outlines of the candidates (DICOM SEG)", True),
    Choice("mr-seg", "MR findings and margin of the implant (DICOM SEG)", False),
    Choice("sr", "Measurements (DICOM SR, TID 1500)", True),
    Choice("pictures", "Key images (DICOM secondary capture)", True),
    Choice("pdf", "Report (encapsulated PDF)", True),
)
"""All kinds of objects, in the order in which they are written."""
NAMES = tuple(one.name for one in CHOICES)
"""Their names."""
USUAL = tuple(one.name for one in CHOICES if one.is_usual)
"""What is written unless something else is chosen."""
EXPORTS = ("report", "tables", "segmentations", "scene", "dicom")
"""Kinds of outputs that a finished case can be written as; ``dicom`` stands for the objects above."""
GIVEN, CONTINUE, COMPARE = "given", "continue", "compare"
TAKINGS = (GIVEN, CONTINUE, COMPARE)
"""How outlines of DICOM files are taken into a case: as further candidates; as decisions on the candidates that are
there; as those of a second reader, beside those of the first."""
