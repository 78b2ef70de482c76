"""Lesions and normal look-alikes of a phantom, with the truth about each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..Numerics.core.image import transform_points
from .atlas import Atlas
from .tissue_table import TISSUES

EDGE = 0.35
"""Width of a lesion's soft edge, as a part of its radius."""


@dataclass(eq=False)
class Lesion:
    """A place where uptake, MR signal, or both differ from the tissue around.

    Parameters
    ----------
    id : str
    kind : str
    local_to_ras : ndarray, shape (4, 4)
        Frame of the lesion; its origin is the lesion's center, reference frame.
    radii : tuple of float
        Half axes, mm, in the local frame.
    suv : float or None
        True uptake at the center, g/ml; None when the uptake is that of the tissue.
    reference_suv : float
        Mean uptake of the matched reference tissue, g/ml.
    appearance : str or None
        The tissue it looks like on MR; None when MR shows nothing.
    within : tuple of str
        Tissues that its uptake may fill; empty for all.
    mr_within : tuple of str
        The same for its MR appearance.
    reference_tissue : str
        The matched tissue that `reference_suv` belongs to.
    hollow : bool
        A ring of uptake around a cold middle, as of a bursa.
    measured : dict
        Noise-free measures, added when the uptake is imaged.
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

    @property
    def evidence(self) -> str:
        """PET+MR, PET only or MR only."""
        if self.suv is None:
            return "MR only"
        return "PET+MR" if self.appearance else "PET only"

    @property
    def center_ras_mm(self) -> np.ndarray:
        return self.local_to_ras[:3, 3]

    def weight(self, atlas: Atlas, within: tuple[str, ...]) -> tuple[tuple[slice, slice, slice], np.ndarray]:
        """Slices of the atlas around the lesion and its weight there, 0 to 1, float32."""
        slices, (x, y, z) = atlas.local(self.local_to_ras, *self._box())
        radius = np.sqrt(sum((v / r) ** 2 for v, r in zip((x, y, z), self.radii, strict=True)))
        weight = np.clip((1 + EDGE / 2 - radius) / EDGE, 0, 1).astype(np.float32)
        if within:
            allowed = np.zeros(256, np.float32)
            allowed[[TISSUES[name].code for name in within]] = 1
            weight *= allowed[atlas.tissue[slices]]
        return slices, weight

    def uptake_weight(self, atlas: Atlas) -> tuple[tuple[slice, slice, slice], np.ndarray]:
        """As `weight`, for the uptake."""
        slices, weight = self.weight(atlas, self.within)
        if self.hollow:
            _, (x, y, z) = atlas.local(self.local_to_ras, *self._box())
            radius = np.sqrt(sum((v / r) ** 2 for v, r in zip((x, y, z), self.radii, strict=True)))
            weight *= np.clip(radius / 0.7, 0.25, 1) ** 2
        return slices, weight

    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        upper = np.asarray(self.radii) * (1 + EDGE)
        return -upper, upper

    def to_json(self) -> dict:
        """The lesion as in ``truth.json``."""
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
    """A normal thing that must not be called a lesion."""

    kind: str
    center_ras_mm: np.ndarray
    radius_mm: float

    def to_json(self) -> dict:
        """The structure as in ``truth.json``."""
        return {
            "kind": self.kind,
            "centre_ras_mm": [round(float(v), 2) for v in self.center_ras_mm],
            "radius_mm": round(float(self.radius_mm), 2),
        }


def placed(local_to_ras: np.ndarray, position: tuple[float, float, float]) -> np.ndarray:
    """The frame `local_to_ras` with its origin moved to a local position."""
    matrix = local_to_ras.copy()
    matrix[:3, 3] = transform_points(local_to_ras, np.asarray(position, float))
    return matrix
