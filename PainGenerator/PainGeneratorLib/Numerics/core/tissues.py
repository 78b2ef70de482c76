"""Tissue classes: the coarse map that PET, MR and anatomy share.

A tissue map is an :class:`Image` of uint8 with these codes. It is made from MR signal or from an anatomy segmentation,
on the reference series' grid, and resampled (nearest) to the PET's grid for the matched reference tissue.
"""

from __future__ import annotations

UNKNOWN = 0
"""Outside the MR, or not told apart."""
MARROW = 1
"""Bone with its marrow."""
MUSCLE = 2
FAT = 3
DISC = 4
FLUID = 5
"""CSF, joint fluid, urine, cysts: bright on FLUID, dark on T1."""
VISCERA = 6
"""Organs: kidney, bowel, bladder wall, vessels."""
VOID = 7
"""No signal: air, cortical bone, implant."""

NAMES = {
    UNKNOWN: "unknown",
    MARROW: "marrow",
    MUSCLE: "muscle",
    FAT: "fat",
    DISC: "disc",
    FLUID: "fluid",
    VISCERA: "viscera",
    VOID: "void",
}
