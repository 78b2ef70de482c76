"""The uptake of the tissues of a phantom, and their MR properties at 3 T.

The uptake (SUVbw, g/ml) follows published means of healthy marrow, muscle, disc, liver and blood 60 min after the
injection of FDG (docs/domain.md). The MR properties (proton density, T1 and T2 of the water part, fat fraction) are
rounded values from the literature. The signal of a tissue is the sum of the signals of its water and of its fat.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tissue:
    """One tissue of a phantom.

    Parameters
    ----------
    code : int
        Number of the tissue in the atlas.
    suv : float
        Mean uptake, SUVbw in g/ml.
    proton_density : float
        Relative to water, 0 to 1.
    t1_ms, t2_ms : float
        Relaxation times of the water part, ms.
    fat_fraction : float
        0 to 1.
    """

    code: int
    suv: float
    proton_density: float
    t1_ms: float
    t2_ms: float
    fat_fraction: float


FAT_T1_MS = 370.0
"""T1 of fat at 3 T, ms. A rounded value from the literature."""
FAT_T2_MS = 110.0
"""Apparent T2 of fat in fast spin echo sequences at 3 T, ms. It is longer than with single echoes. A rounded value
from the literature."""

_ROWS = {
    # SUV (g/ml), proton density, T1 (ms), T2 (ms), fat fraction
    "air": (0.02, 0.0, 1000, 50, 0.0),
    "fat": (0.22, 0.95, 1000, 50, 0.92),
    "skin": (0.4, 0.7, 900, 35, 0.1),
    "muscle": (0.58, 0.80, 1400, 34, 0.05),
    "fascia": (0.4, 0.35, 900, 20, 0.05),
    "marrow": (1.12, 0.72, 1050, 55, 0.45),
    "fatty marrow": (0.46, 0.85, 1000, 50, 0.82),
    "mixed marrow": (0.80, 0.78, 1050, 52, 0.62),
    "cortex": (0.75, 0.06, 800, 5, 0.0),
    "nucleus": (0.70, 0.85, 1450, 110, 0.0),
    "annulus": (0.72, 0.55, 1100, 34, 0.0),
    "dry disc": (0.78, 0.50, 1000, 30, 0.0),
    "csf": (0.30, 1.0, 4000, 900, 0.0),
    "nerve": (0.65, 0.75, 1200, 65, 0.05),
    "cord": (1.4, 0.75, 1000, 80, 0.0),
    "cartilage": (0.7, 0.65, 1200, 40, 0.0),
    "joint fluid": (0.6, 1.0, 3500, 500, 0.0),
    "blood": (1.38, 0.14, 1600, 100, 0.0),
    "vein": (1.2, 0.85, 1700, 150, 0.0),
    "liver": (1.9, 0.75, 800, 36, 0.04),
    "spleen": (1.6, 0.80, 1300, 62, 0.0),
    "renal cortex": (2.4, 0.80, 1200, 80, 0.0),
    "renal pelvis": (11.0, 1.0, 3500, 700, 0.0),
    "ureter": (5.0, 1.0, 3000, 400, 0.0),
    "bowel wall": (1.25, 0.75, 1150, 60, 0.02),
    "bowel content": (0.8, 0.65, 700, 70, 0.1),
    "hot bowel": (2.8, 0.75, 1150, 60, 0.02),
    "urine": (24.0, 1.0, 3700, 800, 0.0),
    "bladder wall": (1.5, 0.75, 1150, 55, 0.0),
    "pelvic organ": (1.3, 0.80, 1250, 80, 0.0),
    "metal": (0.0, 0.0, 1000, 50, 0.0),
    "cement": (0.1, 0.02, 800, 5, 0.0),
    "scar": (0.75, 0.45, 1100, 35, 0.1),
    "periprosthetic": (1.9, 0.55, 1150, 42, 0.2),
    # The next rows are used for the MR signal of lesions. Their uptake is given with the lesion.
    "oedema": (1.1, 0.78, 1650, 105, 0.12),
    "mild oedema": (1.1, 0.75, 1350, 75, 0.30),
    "soft oedema": (0.6, 0.85, 1850, 85, 0.05),
    "synovitis": (0.9, 0.90, 2300, 170, 0.0),
    "fatty endplate": (1.1, 0.88, 1000, 60, 0.85),
    "haemangioma": (1.0, 0.95, 1200, 130, 0.72),
    # Only clinical phantoms have this one. Between healthy and dry, as most worn discs on real T2 and STIR.
    "worn disc": (0.75, 0.58, 1150, 48, 0.0),
}
"""Name of a tissue -> its properties. The codes follow from the order, so that new tissues are added at the end."""

TISSUES: dict[str, Tissue] = {name: Tissue(code, *row) for code, (name, row) in enumerate(_ROWS.items())}
"""Name -> tissue."""
