"""Coded concepts, as DICOM and Slicer's terminologies use them."""

from __future__ import annotations

from dataclasses import dataclass

SCT = "SCT"
"""Scheme of SNOMED CT."""
DCM = "DCM"
"""Scheme of the DICOM standard itself (PS3.16)."""


@dataclass(frozen=True)
class Code:
    """A coded concept.

    Parameters
    ----------
    scheme : str
        :data:`SCT`, :data:`DCM`, or a scheme of our own.
    value : str
    meaning : str
    """

    scheme: str
    value: str
    meaning: str

    @property
    def text(self) -> str:
        """As Slicer writes it in a terminology entry: ``SCT^24028007^Right``."""
        return f"{self.scheme}^{self.value}^{self.meaning}"
