"""What the reader took out of the reference tissue, or gave in its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .kept import Kept

BY_READER = "the reader left it out"
"""Why a tissue is refused as a reference, in words that follow "as"."""


class EditKind(StrEnum):
    """What a reader can do to the references."""

    WITHOUT_TISSUE = "without a tissue"
    """No place is compared with this tissue."""
    WITHOUT_VERTEBRA = "without a vertebra"
    """No other vertebra is compared with this one, and its marrow is part of no reference."""
    WITHOUT_SPHERE = "without a sphere"
    """What lies in the sphere is part of no reference."""
    ONLY_SPHERE = "only a sphere"
    """Of a tissue, only what lies in the sphere is the reference: the reference is drawn anew."""


@dataclass(frozen=True)
class ReferenceEdit(Kept):
    """One change of the references by the reader.

    Parameters
    ----------
    kind : str
        A word of :class:`EditKind`.
    name : str
        The tissue (a name of :data:`.tissues.NAMES`) or the vertebra; empty for what lies in a sphere.
    center_ras : tuple of float or None
        Middle of the sphere, RAS mm of the reference frame.
    diameter_mm : float
        Of the sphere; 0 without one.
    """

    kind: str
    name: str = ""
    center_ras: tuple[float, float, float] | None = None
    diameter_mm: float = 0.0

    @property
    def text(self) -> str:
        """The change in words, for undo, report and panel."""
        place = "" if self.center_ras is None else "R {:.0f}, A {:.0f}, S {:.0f} mm".format(*self.center_ras)
        texts = {
            EditKind.WITHOUT_TISSUE: f"Reference without {self.name}",
            EditKind.WITHOUT_VERTEBRA: f"Reference without vertebra {self.name}",
            EditKind.WITHOUT_SPHERE: f"Reference without a sphere of {self.diameter_mm:g} mm at {place}",
            EditKind.ONLY_SPHERE: f"Reference {self.name} from a sphere of {self.diameter_mm:g} mm at {place} alone",
        }
        return texts[EditKind(self.kind)]
