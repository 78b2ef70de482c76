"""Lesions as a clinical MR shows them: fainter than on a plain phantom, and only within the slab that was imaged."""

from __future__ import annotations

import numpy as np

from ..Numerics.core.image import transform_points
from .patient import Patient
from .protocol_of_series import SeriesPlan
from .realism import Realism

MARROW_APPEARANCES = ("oedema", "mild oedema", "fatty endplate")
"""Appearances of lesions of marrow."""


def show_as_on_clinical_mr(patient: Patient, plans: list[SeriesPlan], realism: Realism) -> None:
    """Change how MR shows the lesions of a patient, as far as the realism asks for it."""
    if "faint-lesions" in realism:
        make_faint(patient, realism.rng("faint-lesions"))
    if "small-lesions" in realism:
        make_small(patient, realism.rng("small-lesions"))
    if "slab" in realism:
        hide_outside(patient, plans)


def make_faint(patient: Patient, rng: np.random.Generator) -> None:
    """Lower the MR contrast of the lesions.

    A real Modic I change on STIR is 1.4 to 1.6 times as bright as its vertebral body. A plain phantom has 2.0 to 3.2
    times. The range used here reaches from the one to the other, because a single patient was measured.
    """
    for lesion in patient.lesions:
        if lesion.appearance in MARROW_APPEARANCES:
            lesion.strength = float(rng.uniform(0.25, 0.8))
        elif lesion.appearance:
            lesion.strength *= float(rng.uniform(0.6, 1.0))


def make_small(patient: Patient, rng: np.random.Generator) -> None:
    """Make the lesions smaller and lower their uptake: 0.8 to 0.97 of their radii, and 1.4 to 2.4 times their tissue.

    Lesions that are fainter already stay as they are. Pain generators are usually fainter than 2.4 times their tissue
    (docs/domain.md).
    """
    for lesion in patient.lesions:
        part = float(rng.uniform(0.8, 0.97))
        highest = float(rng.uniform(1.4, 2.4)) * lesion.reference_suv
        first, second, third = (part * radius for radius in lesion.radii)
        lesion.radii = (first, second, third)
        if lesion.suv is not None:
            lesion.suv = min(lesion.suv, highest)


def hide_outside(patient: Patient, plans: list[SeriesPlan]) -> None:
    """Remove the MR appearance of lesions outside the slab. A lesion that then has no sign at all is removed."""
    slabs = [item for item in plans if item.role in ("T1", "FLUID")]
    for lesion in list(patient.lesions):
        if lesion.appearance is None or all(_contains(item, lesion.center_ras_mm) for item in slabs):
            continue
        lesion.appearance = None
        if lesion.suv is None:
            patient.lesions.remove(lesion)


def _contains(item: SeriesPlan, point_ras: np.ndarray) -> bool:
    """True when a point of the reference frame lies in the field of a series."""
    return bool(item.geometry.contains(transform_points(item.reference_to_series, point_ras)))
