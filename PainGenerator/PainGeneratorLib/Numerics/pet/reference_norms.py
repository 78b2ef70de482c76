"""Which reference values can be: the range of each tissue, and how the tissues of one body compare.

A wrong reference makes every ratio to it wrong. Air that was taken for muscle has an SUV near 0, and then everything
in the body is a focus. So no tissue class is believed because the MR says so: what it shows on the PET has to be
possible. What is not possible is refused with a reason in plain words, and :mod:`.reference_tissue` takes something
else.

The ranges are wide on purpose. They hold for SUVbw, which is all that the program computes. SUVbw rises with the part
of fat in the body and with a late scan, and is lower in children. Insulin raises muscle, growth factors and
inflammation raise marrow, and age and radiotherapy lower it. None of these is a reason to refuse a reference. A wrong
tissue is.
Published values are listed in docs/domain.md, "Normal uptake".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.constants import MAD_TO_SD

TYPICAL = "typical soft tissue"
"""Name of the reference that stands for all lean tissue, which is mostly muscle."""
VERTEBRAE = "vertebrae"
"""Name of the reference that an anatomy segmentation gives: the median of the vertebrae."""

USED = "used"
"""Status of a reference that foci are compared with."""
MEASURED = "measured"
"""Status of a tissue that was measured for comparison only."""
LEAST_INSIDE = 0.5
"""Lower bound of the part of a tissue class in the body and in no focus, for its median to be that of this part."""
REFUSED = "refused"
"""Status of a tissue whose values cannot be right."""


@dataclass(frozen=True, kw_only=True)
class PlausibleParameters:
    """Section "hot_spots.reference.plausible" of a protocol; see there for units, ranges and sources."""

    muscle_least: float
    muscle_most: float
    marrow_least: float
    marrow_most: float
    disc_least: float
    disc_most: float
    fat_least: float
    fat_most: float
    blood_least: float
    blood_most: float
    liver_least: float
    liver_most: float
    in_body_least: float
    spread_most: float
    over_noise_least: float
    over_typical_least: float
    over_typical_most: float
    marrow_over_muscle_least: float
    muscle_over_blood_most: float
    raised_part_most: float
    ratio_most: float

    def limits(self, tissue: str) -> tuple[float, float]:
        """Lowest and highest SUV of a tissue that can be, g/ml.

        Parameters
        ----------
        tissue : str
            One of muscle, marrow, disc, fat, blood, liver, :data:`TYPICAL` (as muscle) and :data:`VERTEBRAE` (as
            marrow).
        """
        name = {TYPICAL: "muscle", VERTEBRAE: "marrow"}.get(tissue, tissue)
        return getattr(self, f"{name}_least"), getattr(self, f"{name}_most")


@dataclass(frozen=True)
class TissueOnPet:
    """What a tissue class shows on the PET.

    Parameters
    ----------
    name : str
        See :meth:`PlausibleParameters.limits`.
    median : float
        SUV, g/ml; of the part of the class that lies in the body.
    spread : float
        Robust standard deviation of its voxels (1.4826 MAD), g/ml.
    in_body : float
        Part of the class that lies in the body that the PET shows, 0 to 1.
    """

    name: str
    median: float
    spread: float = 0.0
    in_body: float = 1.0

    @classmethod
    def of(cls, name: str, values: np.ndarray, body_suv: float) -> TissueOnPet:
        """Measure a class.

        Parameters
        ----------
        name : str
        values : ndarray, shape (n,)
            SUV of its voxels, g/ml, all finite. Where less than half of them are above `body_suv`, all count.
        body_suv : float
            Voxels above this SUV belong to the body, g/ml.
        """
        inside = values[values > body_suv]
        # Where most of a class is air, its few voxels in the body do not speak for it.
        counted = inside if inside.size >= LEAST_INSIDE * values.size else values
        median = float(np.median(counted)) if counted.size else 0.0
        spread = MAD_TO_SD * float(np.median(np.abs(counted - median))) if counted.size else 0.0
        return cls(name, median, spread, inside.size / max(values.size, 1))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the tissues of a body are compared with; None for what is not known.

    Parameters
    ----------
    noise : float
        Standard deviation of the local contrast of this PET, g/ml.
    lean : float or None
        SUV of lean tissue as the PET alone shows it, g/ml.
    muscle, blood : float or None
        SUV of tissues that were found possible, g/ml.
    """

    noise: float = 0.0
    lean: float | None = None
    muscle: float | None = None
    blood: float | None = None


def doubt(tissue: TissueOnPet, known: Comparison, p: PlausibleParameters) -> str | None:
    """Why a tissue cannot be what it is called, in words that follow "as"; None when it can be.

    Parameters
    ----------
    tissue : TissueOnPet
    known : Comparison
    p : PlausibleParameters

    Notes
    -----
    The first reason that holds is given: range, place, noise, spread, then relations between tissues.
    """
    least, most = p.limits(tissue.name)
    if not least <= tissue.median <= most:
        return f"its SUV is {tissue.median:.2g} g/ml, and {least:g} to {most:g} g/ml can be"
    if tissue.in_body < p.in_body_least:
        return f"only {tissue.in_body:.0%} of it lies in the body that the PET shows"
    if tissue.median < p.over_noise_least * known.noise:
        return f"its SUV of {tissue.median:.2g} g/ml does not stand out from the noise of {known.noise:.2g} g/ml"
    if tissue.spread > p.spread_most * tissue.median:
        return f"its SUV of {tissue.median:.2g} g/ml varies by {tissue.spread:.2g} g/ml, more than one tissue does"
    return _unlike_others(tissue, known, p)


def _unlike_others(tissue: TissueOnPet, known: Comparison, p: PlausibleParameters) -> str | None:
    """What is impossible about a tissue beside the other tissues of the body."""
    lowest, highest = _bounds(tissue.name, known, p)
    for value, what in lowest:
        if tissue.median < value:
            return f"its SUV of {tissue.median:.2g} g/ml is too low beside that of {what}"
    for value, what in highest:
        if tissue.median > value:
            return f"its SUV of {tissue.median:.2g} g/ml is too high beside that of {what}"
    return None


def _bounds(
    name: str, known: Comparison, p: PlausibleParameters
) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
    """Lower and upper bounds (g/ml) of a tissue that follow from others, each with the other in words."""
    lowest, highest = [], []
    if name == "muscle" and known.lean is not None:
        text = f"all lean tissue on the PET ({known.lean:.2g} g/ml)"
        lowest.append((p.over_typical_least * known.lean, text))
        highest.append((p.over_typical_most * known.lean, text))
    if name in ("muscle", TYPICAL) and known.blood is not None:
        highest.append((p.muscle_over_blood_most * known.blood, f"blood ({known.blood:.2g} g/ml)"))
    if name in ("marrow", VERTEBRAE):
        lean = known.lean if known.muscle is None else known.muscle
        if lean is not None:
            what = "lean tissue" if known.muscle is None else "muscle"
            lowest.append((p.marrow_over_muscle_least * lean, f"{what} ({lean:.2g} g/ml)"))
    return lowest, highest
