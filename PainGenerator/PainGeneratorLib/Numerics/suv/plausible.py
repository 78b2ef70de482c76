"""What can be: weight with height and age, dose with weight, and the SUV image with what was injected."""

from __future__ import annotations

import numpy as np

from ..core.errors import PainGeneratorError
from .records import BY_HAND, Ledger, PetHeader

ADULT_YEARS = 18.0
"""Lower bound of the age of an adult, years."""

LOWEST_ADULT_KG = 20.0
"""Lower bound of the weight of an adult that is accepted, kg (our estimate: far below the lightest patients)."""

LOWEST_USUAL_ADULT_KG = 35.0
"""Lower bound of the weight of an adult without a warning, kg (our estimate)."""

LIGHT_KG = 30.0
"""Weights below this are taken for the wrong number where weight and height contradict each other, kg. Above it the
height may be wrong as well, which does not change SUVbw (our estimate)."""

LOWEST_POSSIBLE_BMI = 9.0
"""Lower bound of a body mass index that can be, kg/m2 (our estimate: below the limits of survival, about 13 in men
and 11 in women; Henry, Eur J Clin Nutr 1990;44:329)."""

LOWEST_USUAL_BMI = 13.0
"""Lower bound of a body mass index without a warning, kg/m2 (Henry 1990: the limit of survival of men)."""

HIGHEST_USUAL_BMI = 50.0
"""Upper bound of a body mass index without a warning, kg/m2. A weight in pounds makes it 2.2 times too large, which
brings the usual 23 to 30 above it (our estimate)."""

LEAST_HEIGHT_FOR_BMI_M = 1.0
"""Lower bound of the height for which the lower limit of the usual body mass index holds, m. Small children differ
(our estimate)."""

LOWEST_USUAL_MBQ_PER_KG = 0.5
"""Lower bound of an FDG dose without a warning, MBq/kg. Our estimate: below the doses on total-body scanners."""

HIGHEST_USUAL_MBQ_PER_KG = 20.0
"""Upper bound of an FDG dose without a warning, MBq/kg (our estimate: 740 MBq for 37 kg)."""

BODY_FRACTION = 0.3
"""Voxels above this fraction of the median inside the body count as body. Our estimate: fat lies above it, air not."""

LEAST_BODY_L = 2.0
"""Lower bound of the volume of body in the field for which its median SUV has to be that of a body, liters. In less,
one organ may fill the field (our estimate)."""

LOWEST_MEDIAN_SUV = 0.15
"""Lower bound of the median SUV of the body without a warning, g/ml. Most of a body is fat and muscle with 0.3 to 0.8;
four published cases of trunk and thighs have 0.43 to 0.82 (our estimate: about a third of that)."""

HIGHEST_MEDIAN_SUV = 2.5
"""Upper bound of the median SUV of the body without a warning, g/ml (our estimate: three times the largest median
of LOWEST_MEDIAN_SUV, and as much as the liver, whose mean is 1.3 to 3.0, EJNMMI 2022, 10.1007/s00259-022-05977-5)."""

MEDIANS_OF_A_PART = (0.02, 15.0)
"""Bounds of the median SUV in a field with less than LEAST_BODY_L of body without a warning, g/ml: less than in lung
and bone, more than in the brain (our estimate)."""

MOST_ACTIVITY = 1.2
"""Upper bound of the activity in the field over the activity that is left of the injection, without a warning. It
cannot be above 1 but for the error of the calibration (our estimate: 20 %)."""

WHOLE_BODY = 0.6
"""Lower bound of the volume in the field (ml) over the weight (g) for which the field holds most of the body (our
estimate)."""

LOWEST_WHOLE_BODY_SUV = 0.45
"""Lower bound of the mean SUV of a whole body without a warning, g/ml. By definition it is 1 without excretion; up to
a quarter of the dose leaves with the urine (our estimate)."""

HIGHEST_WHOLE_BODY_SUV = 1.4
"""Upper bound of the mean SUV of a whole body without a warning, g/ml (our estimate, as above)."""

MOST_VOXELS = 2_000_000
"""Upper bound of the number of voxels that are looked at; of larger images every second, third, ... is taken."""


def check_weight(header: PetHeader, weight_kg: float, source: str, height_m: float | None, ledger: Ledger) -> None:
    """Refuse a weight that cannot be with this height and age; warn of one that is unusual.

    Parameters
    ----------
    header : PetHeader
        For the age.
    weight_kg : float
    source : str
        Of the weight. A weight that was given by hand is never refused.
    height_m : float or None
    ledger : Ledger

    Raises
    ------
    PainGeneratorError
    """
    whom = _of_whom(header, height_m)
    if weight_kg < LIGHT_KG and source != BY_HAND and _is_too_light(header, weight_kg, height_m):
        raise PainGeneratorError(
            f"The patient's weight of {weight_kg:g} kg cannot be right for {whom}.",
            "Give the right one with --weight KG (and --height M, if that is wrong).",
        )
    if height_m is not None:
        _check_body_mass_index(weight_kg, height_m, ledger)
    elif _is_adult(header) and weight_kg < LOWEST_USUAL_ADULT_KG:
        ledger.warn(
            f"The weight of {weight_kg:g} kg is low for {whom}: check it, as SUV is proportional to the weight."
        )


def _is_adult(header: PetHeader) -> bool:
    return header.age_years is not None and header.age_years >= ADULT_YEARS


def _is_too_light(header: PetHeader, weight_kg: float, height_m: float | None) -> bool:
    """Whether a weight cannot be with this age or height."""
    if _is_adult(header) and weight_kg < LOWEST_ADULT_KG:
        return True
    return height_m is not None and weight_kg / height_m**2 < LOWEST_POSSIBLE_BMI


def _check_body_mass_index(weight_kg: float, height_m: float, ledger: Ledger) -> None:
    """Warn of a body mass index that is unusual."""
    bmi = weight_kg / height_m**2
    is_light = bmi < LOWEST_USUAL_BMI and height_m >= LEAST_HEIGHT_FOR_BMI_M
    if is_light or bmi > HIGHEST_USUAL_BMI:
        pounds = "; the weight may be in pounds" if bmi > HIGHEST_USUAL_BMI else ""
        ledger.warn(
            f"The weight of {weight_kg:g} kg hardly fits a height of {height_m:g} m (body mass index "
            f"{bmi:.0f}{pounds}): check both, as SUV is proportional to the weight."
        )


def _of_whom(header: PetHeader, height_m: float | None) -> str:
    parts = [] if height_m is None else [f"a height of {height_m:g} m"]
    if _is_adult(header):
        parts.append(f"an age of {header.age_years:.0f} years")
    return " and ".join(parts)


def check_dose_for_weight(dose_bq: float, weight_kg: float, ledger: Ledger) -> None:
    """Warn of an FDG dose that is unusual for the weight, unless the dose alone is unusual already."""
    per_kg = dose_bq / 1e6 / weight_kg
    warned = any("injected dose" in sentence and "unusual" in sentence for sentence in ledger.warnings)
    if warned or LOWEST_USUAL_MBQ_PER_KG <= per_kg <= HIGHEST_USUAL_MBQ_PER_KG:
        return
    ledger.warn(
        f"The injected dose of {dose_bq / 1e6:g} MBq is unusual for {weight_kg:g} kg ({per_kg:.2g} MBq/kg; "
        f"{LOWEST_USUAL_MBQ_PER_KG:g} to {HIGHEST_USUAL_MBQ_PER_KG:g} are usual for FDG): check both."
    )


def image_warnings(suv: np.ndarray, voxel_ml: float, weight_kg: float | None) -> tuple[str, ...]:
    """What cannot be about an SUV image, in whole sentences; empty when it can be.

    Parameters
    ----------
    suv : ndarray, shape (slices, rows, columns)
        SUVbw, g/ml.
    voxel_ml : float
        Volume of a voxel.
    weight_kg : float or None
        Without it, activity and whole body are not checked.

    Returns
    -------
    tuple of str

    Notes
    -----
    SUVbw is activity per ml over injected activity per gram, so that its sum over a body of 1 g/ml, times the volume
    of a voxel, is the weight in grams times the part of the tracer that is still inside.
    """
    step = int(np.ceil((suv.size / MOST_VOXELS) ** (1.0 / 3.0))) or 1
    values = suv[::step, ::step, ::step] if suv.ndim == 3 else suv
    voxel_ml = voxel_ml * suv.size / max(values.size, 1)
    values = values[np.isfinite(values)]
    body = _body_of(values)
    if body.size == 0:
        return ("The SUV image is empty: no voxel is above 0.",)
    found = []
    volume_l = body.size * voxel_ml / 1000.0
    median = float(np.median(body))
    low, high = (LOWEST_MEDIAN_SUV, HIGHEST_MEDIAN_SUV) if volume_l >= LEAST_BODY_L else MEDIANS_OF_A_PART
    if not low <= median <= high:
        found.append(
            f"The SUV image cannot be right: the median of the body in the field is {median:.2g} g/ml, and "
            f"{low:g} to {high:g} g/ml can be. Check unit, weight, dose and times."
        )
    if weight_kg:
        found += _activity_warnings(values, body, voxel_ml, weight_kg)
    return tuple(found)


def _body_of(values: np.ndarray) -> np.ndarray:
    """The values inside the body, whatever their scale: shape (n,)."""
    threshold = max(0.5 * float(values.mean(dtype=np.float64)), 0.0) if values.size else 0.0
    for _ in range(3):
        inside = values[values > threshold]
        if inside.size == 0:
            return inside
        threshold = BODY_FRACTION * float(np.median(inside))
    return values[values > threshold]


def _activity_warnings(values: np.ndarray, body: np.ndarray, voxel_ml: float, weight_kg: float) -> list[str]:
    """Warnings about the activity in the field and about the mean of a whole body."""
    seen = float(values.sum(dtype=np.float64)) * voxel_ml / (1000.0 * weight_kg)
    if seen > MOST_ACTIVITY:
        return [
            f"The SUV image cannot be right: it holds {seen:.1f} times the activity that was left of the injection. "
            "Check unit, weight, dose and times."
        ]
    part = body.size * voxel_ml / (1000.0 * weight_kg)
    mean = float(body.mean(dtype=np.float64))
    if part >= WHOLE_BODY and not LOWEST_WHOLE_BODY_SUV <= mean <= HIGHEST_WHOLE_BODY_SUV:
        return [
            f"The mean SUV over the whole body is {mean:.2f} g/ml; {LOWEST_WHOLE_BODY_SUV:g} to "
            f"{HIGHEST_WHOLE_BODY_SUV:g} g/ml can be, as nearly all of the tracer is inside. Check weight, dose and "
            "times."
        ]
    return []
