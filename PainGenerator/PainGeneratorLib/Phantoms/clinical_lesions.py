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
    if "slab" in realism:
        hide_outside(patient, plans)


def make_faint(patient: Patient, rng: np.random.Generator) -> None:
    """Lower the MR contrast of the lesions.

    A real Modic I change on STIR is 1.4 to 1.6 times as bright as its vertebral body. A plain phantom has 2.2 to 2.7
    times. The range used here reaches from the one to the other, because a single patient was measured.
    """
    for lesion in patient.lesions:
        if lesion.appearance in MARROW_APPEARANCES:
            lesion.strength = float(rng.uniform(0.25, 0.8))
        elif lesion.appearance:
            lesion.strength *= float(rng.uniform(0.6, 1.0))


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
