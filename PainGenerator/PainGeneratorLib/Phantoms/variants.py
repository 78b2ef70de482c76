"""Anatomical variants of a phantom of the low back: number of vertebrae, transitional vertebra, curves, slip, field.

The sizes are our choice within what is published: a Cobb angle of 20 to 40 degrees is a moderate scoliosis, a slip of
6 to 10 mm is a spondylolisthesis of grade I (Meyerding 1932), and lumbosacral transitional vertebrae are described by
Castellvi 1984 and O'Driscoll 1996. Each variant draws from a random generator of its own, so that the same seed gives
the same habitus, organs and scanner. ``plain`` changes nothing at all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

VARIANTS = (
    "plain",
    "four-lumbar",
    "six-lumbar",
    "sacralized",
    "lumbarized",
    "scoliosis",
    "kyphosis",
    "slip",
    "turned",
    "worn",
    "sacrum-outside",
    "short-field",
    "t2-only",
)
"""Names for the command line. Each is explained in docs/phantoms.md."""
HIP_VARIANTS = ("plain", "turned")
"""The variants that a phantom with a hip prosthesis can have."""
REGULAR = ("T12", "L1", "L2", "L3", "L4", "L5")
"""Mobile vertebrae that are painted in regular anatomy, from the head downward."""
_COUNTS = {
    "four-lumbar": ("T11", "T12", "L1", "L2", "L3", "L4"),
    "six-lumbar": ("T12", "L1", "L2", "L3", "L4", "L5", "L6"),
}
_RIBBED = ("four-lumbar", "six-lumbar", "sacralized", "lumbarized")
"""Variants in which ribs are painted at thoracic vertebrae, because only they tell how the vertebrae are counted."""


@dataclass(frozen=True, eq=False)
class Variant:
    """What an anatomical variant changes.

    Parameters
    ----------
    name : str
        One of `VARIANTS`.
    levels : tuple of str
        Mobile vertebrae, from the head downward. They are numbered from above, by the ribs.
    cobb_deg, rotation_deg : float
        Angle of a scoliosis between its end vertebrae, and axial rotation of the vertebra at its apex, degrees.
        Positive for a curve that is convex to the left.
    kyphosis_deg : float
        Forward lean of T12 in a thoracolumbar kyphosis, degrees; 0 for a lordosis.
    slips_mm : dict
        Level of a disc -> how far the vertebra above it is shifted forward, mm.
    turn_deg : float
        Turn of the whole patient about the long axis, degrees.
    heights : dict
        Level of a disc -> fraction of its height that is left.
    transitional : str or None
        ``sacralized`` (L5 is fused with the sacrum) or ``lumbarized`` (S1 has a disc below it and is square).
    has_ribs : bool
        Whether ribs are painted at the thoracic vertebrae.
    field : str or None
        ``sacrum-outside``, ``short-field`` or ``t2-only``.
    """

    name: str = "plain"
    levels: tuple[str, ...] = REGULAR
    cobb_deg: float = 0.0
    rotation_deg: float = 0.0
    kyphosis_deg: float = 0.0
    slips_mm: dict[str, float] = field(default_factory=dict)
    turn_deg: float = 0.0
    heights: dict[str, float] = field(default_factory=dict)
    transitional: str | None = None
    has_ribs: bool = False
    field: str | None = None

    @classmethod
    def of(cls, name: str, seed: int, group: str = "low-back") -> Variant:
        """Choose the sizes of a variant at random; a name that is not known for the group is a ValueError."""
        known = VARIANTS if group == "low-back" else HIP_VARIANTS
        if name not in known:
            raise ValueError(f"the variant of a phantom of group {group} must be one of {known}, not {name!r}")
        return _chosen(name, _rng(name, seed, group))

    def to_json(self) -> dict:
        """The variant as it is written to ``truth.json``."""
        return {
            "name": self.name,
            "levels": list(self.levels),
            "cobb_deg": round(self.cobb_deg, 1),
            "rotation_deg": round(self.rotation_deg, 1),
            "kyphosis_deg": round(self.kyphosis_deg, 1),
            "slips_mm": {disc: round(mm, 1) for disc, mm in self.slips_mm.items()},
            "turn_deg": round(self.turn_deg, 1),
            "heights": {disc: round(part, 2) for disc, part in self.heights.items()},
            "transitional": self.transitional,
        }


def _rng(name: str, seed: int, group: str) -> np.random.Generator:
    """The random generator of a variant. It is no generator of the patient."""
    import numpy as np  # Not at the top, so that the help of the command needs no numpy.

    digest = hashlib.sha256(f"{group} variant {name}".encode()).digest()[:8]
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])


def _chosen(name: str, rng: np.random.Generator) -> Variant:
    """The variant with random sizes."""
    sign = 1.0 if rng.random() < 0.5 else -1.0
    levels = _COUNTS.get(name, REGULAR)
    if name == "scoliosis":
        return Variant(name, cobb_deg=sign * rng.uniform(20, 40), rotation_deg=sign * rng.uniform(8, 20))
    if name == "kyphosis":
        return Variant(name, kyphosis_deg=rng.uniform(15, 26))
    if name == "slip":
        disc = "L4/L5" if rng.random() < 0.6 else "L5/S1"
        return Variant(name, slips_mm={disc: rng.uniform(6, 10)}, heights={disc: rng.uniform(0.5, 0.8)})
    if name == "turned":
        return Variant(name, turn_deg=sign * rng.uniform(7, 15))
    if name == "worn":
        discs = [f"{a}/{b}" for a, b in zip(REGULAR, (*REGULAR[1:], "S1"), strict=True)]
        chosen = rng.permutation(len(discs))[: int(rng.integers(3, 6))]
        return Variant(name, heights={discs[n]: float(rng.uniform(0.35, 0.65)) for n in chosen})
    if name == "sacralized":
        return Variant(name, heights={"L5/S1": rng.uniform(0.3, 0.45)}, transitional=name, has_ribs=True)
    outer = name if name in ("sacrum-outside", "short-field", "t2-only") else None
    transitional = name if name == "lumbarized" else None
    return Variant(name, levels, transitional=transitional, has_ribs=name in _RIBBED, field=outer)


PLAIN_VARIANT = Variant()
"""Regular anatomy in the whole field of view."""
