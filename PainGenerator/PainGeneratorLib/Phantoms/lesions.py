"""Lesions of a phantom, and normal structures that look like lesions, with the truth about each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..Numerics.core.image import transform_points
from .atlas import Atlas
from .scenarios import Answer
from .tissue_table import TISSUES

EDGE = 0.35
"""Width of the soft edge of a lesion, as a fraction of its radius. Our estimate."""


@dataclass(eq=False)
class Lesion:
    """A place at which the uptake, the MR signal, or both differ from the surrounding tissue.

    Parameters
    ----------
    id : str
    kind : str
    local_to_ras : ndarray, shape (4, 4)
        Frame of the lesion. Its origin is the center of the lesion in the reference frame, RAS mm.
    radii : tuple of float
        Half axes in the local frame, mm.
    structure, side : str
        Structure and side in which the lesion lies.
    reference_suv : float
        Mean uptake of the matching reference tissue, g/ml.
    suv : float or None
        True uptake at the center, g/ml; None when the uptake is that of the tissue.
    appearance : str or None
        The tissue that the lesion looks like on MR; None when MR does not show it.
    strength : float
        How much the MR signal changes from that of the tissue to that of `appearance`, 0 to 1.
    level : str or None
        Vertebral level.
    zone : str or None
        Zone at a prosthesis.
    within : tuple of str
        Tissues that its uptake can fill; empty for all.
    mr_within : tuple of str
        Tissues in which MR can show it; empty for all.
    reference_tissue : str
        The tissue to which `reference_suv` belongs.
    hollow : bool
        True for a ring of uptake around a center with little uptake, as in a bursa.
    measured : dict
        Noise-free measures, which are added when the uptake is imaged.
    answer : Answer
        What a right reading makes of it.
    """

    id: str
    kind: str
    local_to_ras: np.ndarray
    radii: tuple[float, float, float]
    structure: str
    side: str
    reference_suv: float
    suv: float | None = None
    appearance: str | None = None
    strength: float = 1.0
    level: str | None = None
    zone: str | None = None
    within: tuple[str, ...] = ()
    mr_within: tuple[str, ...] = ()
    reference_tissue: str = "marrow"
    hollow: bool = False
    measured: dict = field(default_factory=dict)
    answer: Answer = field(default_factory=Answer)

    @property
    def evidence(self) -> str:
        """PET+MR, PET only or MR only."""
        if self.suv is None:
            return "MR only"
        return "PET+MR" if self.appearance else "PET only"

    @property
    def center_ras_mm(self) -> np.ndarray:
        """Center in the reference frame, RAS mm, shape (3,)."""
        return self.local_to_ras[:3, 3]

    def weight(self, atlas: Atlas, within: tuple[str, ...]) -> tuple[tuple[slice, slice, slice], np.ndarray]:
        """Slices of the atlas around the lesion, and its weight there in some tissues, 0 to 1, float32."""
        slices, (x, y, z) = atlas.local(self.local_to_ras, *self._box())
        radius = np.sqrt(sum((v / r) ** 2 for v, r in zip((x, y, z), self.radii, strict=True)))
        weight = np.clip((1 + EDGE / 2 - radius) / EDGE, 0, 1).astype(np.float32)
        if within:
            allowed = np.zeros(256, np.float32)
            allowed[[TISSUES[name].code for name in within]] = 1
            weight *= allowed[atlas.tissue[slices]]
        return slices, weight

    def uptake_weight(self, atlas: Atlas) -> tuple[tuple[slice, slice, slice], np.ndarray]:
        """Slices of the atlas around the lesion, and the weight of its uptake there, 0 to 1, float32."""
        slices, weight = self.weight(atlas, self.within)
        if self.hollow:
            _, (x, y, z) = atlas.local(self.local_to_ras, *self._box())
            radius = np.sqrt(sum((v / r) ** 2 for v, r in zip((x, y, z), self.radii, strict=True)))
            weight *= np.clip(radius / 0.7, 0.25, 1) ** 2
        return slices, weight

    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        """Corners of the box around the lesion with its soft edge, local mm."""
        upper = np.asarray(self.radii) * (1 + EDGE)
        return -upper, upper

    def to_json(self) -> dict:
        """Return the lesion as it is written to ``truth.json``."""
        return {
            "id": self.id,
            "kind": self.kind,
            "evidence": self.evidence,
            "centre_ras_mm": [round(float(v), 2) for v in self.center_ras_mm],
            "radii_mm": [round(float(v), 2) for v in self.radii],
            "largest_radius_mm": round(float(max(self.radii)), 2),
            "structure": self.structure,
            "side": self.side,
            "level": self.level,
            "zone": self.zone,
            "reference_tissue": self.reference_tissue,
            "reference_suv": round(float(self.reference_suv), 3),
            "ratio": None if self.suv is None else round(float(self.suv / self.reference_suv), 3),
            "mr_appearance": self.appearance,
            **self.measured,
        }


@dataclass(frozen=True, eq=False)
class NormalStructure:
    """A normal structure that must not be reported as a lesion: a ball around a center (RAS mm, reference frame)."""

    kind: str
    center_ras_mm: np.ndarray
    radius_mm: float

    def to_json(self) -> dict:
        """Return the structure as it is written to ``truth.json``."""
        return {
            "kind": self.kind,
            "centre_ras_mm": [round(float(v), 2) for v in self.center_ras_mm],
            "radius_mm": round(float(self.radius_mm), 2),
        }


def numbered(lesions: list[Lesion]) -> list[Lesion]:
    """Give lesions their ids, in their order."""
    for number, lesion in enumerate(lesions, start=1):
        lesion.id = f"L{number}"
    return lesions


def placed(local_to_ras: np.ndarray, position: tuple[float, float, float]) -> np.ndarray:
    """Return the frame `local_to_ras` with its origin moved to a local position (mm)."""
    matrix = local_to_ras.copy()
    matrix[:3, 3] = transform_points(local_to_ras, np.asarray(position, float))
    return matrix
