"""Codes of the tissue map, which PET, MR and anatomy share.

A tissue map is an :class:`.image.Image` of uint8 with these codes on the grid of the reference series. It is made from
MR signal or from an anatomy segmentation. For the matched reference tissue of a hot spot it is resampled (nearest
neighbor) to the grid of the PET.
"""

from __future__ import annotations

UNKNOWN = 0
"""Outside the MR, or a tissue that could not be decided."""
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
