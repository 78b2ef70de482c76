"""The digital patient: atlas, lesions, normal structures, landmarks and what the header says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .atlas import Atlas
from .lesions import Lesion, NormalStructure

if TYPE_CHECKING:
    from .marrow_and_muscle import Composition
    from .true_sites import TrueSite


@dataclass(eq=False)
class Patient:
    """The patient that is imaged; all positions are RAS mm in the reference frame.

    Parameters
    ----------
    atlas : Atlas
    lesions : list of Lesion
        True pain generators and MR abnormalities.
    look_alikes : list of Lesion
        Normal variants that are painted like lesions. They are also listed in `normal`.
    normal : list of NormalStructure
    landmarks : dict
        Name -> position, shape (3,).
    prosthesis_side, pain_side : str or None
    pain_sites_ras_mm : list of ndarray, shape (3,)
    age : int
        Years.
    sex : str
        ``F`` or ``M``.
    weight_kg, height_m : float
    suv_gains : dict
        Name of a tissue -> factor on its uptake. The factor of marrow decreases with age and is used for all bone
        without a factor of its own.
    sites : list of TrueSite
        Where the anatomical sites truly are.
    composition : Composition or None
        Where the fat fraction differs from that of the tissue table; None for a plain phantom.
    """

    atlas: Atlas
    lesions: list[Lesion] = field(default_factory=list)
    look_alikes: list[Lesion] = field(default_factory=list)
    normal: list[NormalStructure] = field(default_factory=list)
    landmarks: dict[str, np.ndarray] = field(default_factory=dict)
    prosthesis_side: str | None = None
    pain_side: str | None = None
    pain_sites_ras_mm: list[np.ndarray] = field(default_factory=list)
    age: int = 55
    sex: str = "F"
    weight_kg: float = 75.0
    height_m: float = 1.7
    suv_gains: dict[str, float] = field(default_factory=dict)
    sites: list[TrueSite] = field(default_factory=list)
    composition: Composition | None = None
