"""The digital patient: atlas, lesions, normal structures and landmarks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .atlas import Atlas
from .lesions import Lesion, NormalStructure


@dataclass(eq=False)
class Patient:
    """What is imaged, in the reference frame.

    Parameters
    ----------
    atlas : Atlas
    lesions : list of Lesion
        True pain generators and MR abnormalities.
    look_alikes : list of Lesion
        Drawn like lesions, but normal variants; also listed in `normal`.
    normal : list of NormalStructure
    landmarks : dict
        Name to RAS mm, shape (3,).
    suv_gains : dict
        Tissue name to a factor on its uptake; that of marrow falls with age and holds for all bone.
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
