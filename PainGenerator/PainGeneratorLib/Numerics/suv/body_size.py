"""Body sizes that SUV can be normalized by, and the factors between the kinds of SUV.

The formulas are those of Vacha, Hofheinz, Braune, Loeck and Zwanenburg, "SUV computation" (IBSI-SUV manual, CC BY
4.0). They take the weight in kilograms and the height in centimeters; the functions here take the height in meters.

The lean body mass of James falls with weight in obese people. That of Janmahasatian rises over the whole range, so
prefer it where there is a choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core.errors import PainGeneratorError


def _by_sex(sex: str | None, male: float, female: float) -> float:
    """The value for a sex as in Patient's Sex (0010,0040); the mean of both for O and for unknown."""
    word = (sex or "O").strip().upper()[:1]
    return {"M": male, "F": female}.get(word, (male + female) / 2.0)


def lean_body_mass_120(weight_kg: float, height_m: float, sex: str | None) -> float:
    """Lean body mass, kg: DICOM's SUV type LBM (Morgan; Sugawara), with the coefficients 120 and 148."""
    ratio = (weight_kg / (100.0 * height_m)) ** 2
    return _by_sex(sex, 1.10 * weight_kg - 120.0 * ratio, 1.07 * weight_kg - 148.0 * ratio)


def lean_body_mass_james128(weight_kg: float, height_m: float, sex: str | None) -> float:
    """Lean body mass, kg: DICOM's SUV type LBMJAMES128 (James), with the coefficients 128 and 148."""
    ratio = (weight_kg / (100.0 * height_m)) ** 2
    return _by_sex(sex, 1.10 * weight_kg - 128.0 * ratio, 1.07 * weight_kg - 148.0 * ratio)


def lean_body_mass_janmahasatian(weight_kg: float, height_m: float, sex: str | None) -> float:
    """Lean body mass, kg: DICOM's SUV type LBMJANMA (Janmahasatian 2005)."""
    bmi = weight_kg / height_m**2
    return _by_sex(
        sex,
        9270.0 * weight_kg / (6680.0 + 216.0 * bmi),
        9270.0 * weight_kg / (8780.0 + 244.0 * bmi),
    )


def ideal_body_weight(weight_kg: float, height_m: float, sex: str | None) -> float:
    """Ideal body weight, kg: DICOM's SUV type IBW.

    It does not depend on the real weight, and it is not limited to it. The weight is a parameter only because all body
    sizes take the same three.
    """
    over = 100.0 * height_m - 152.0
    return _by_sex(sex, 48.0 + 1.06 * over, 45.5 + 0.91 * over)


def body_surface_area(weight_kg: float, height_m: float, sex: str | None = None) -> float:
    """Body surface area, square meters (Du Bois 1916); the same for both sexes."""
    return float(0.007184 * weight_kg**0.425 * (100.0 * height_m) ** 0.725)


@dataclass(frozen=True)
class Normalization:
    """A kind of SUV other than SUVbw.

    Parameters
    ----------
    name : str
        The name to show.
    body_size : callable
        Takes weight (kg), height (m) and sex; returns kg, for the body surface square meters.
    per_weight : float
        What body size over weight is multiplied by to give the unit of this kind of SUV.
    """

    name: str
    body_size: Callable[[float, float, str | None], float]
    per_weight: float = 1.0


NORMALIZATIONS = {
    "lbm-janma": Normalization("SUVlbm(Janma)", lean_body_mass_janmahasatian),
    "lbm-120": Normalization("SUVlbm", lean_body_mass_120),
    "lbm-james128": Normalization("SUVlbm(James128)", lean_body_mass_james128),
    "ibw": Normalization("SUVibw", ideal_body_weight),
    # 1 m2 = 10^4 cm2 and 1 kg = 1000 g: SUVbsa is in cm2/ml.
    "bsa": Normalization("SUVbsa", body_surface_area, per_weight=10.0),
}
"""Kind of SUV -> how it is normalized."""


def factor_from_suv_bw(kind: str, weight_kg: float, height_m: float, sex: str | None) -> float:
    """The number that SUVbw is multiplied by to get another kind of SUV.

    Parameters
    ----------
    kind : str
        A key of NORMALIZATIONS.
    weight_kg, height_m : float
        Both > 0.
    sex : str or None
        M, F or O; anything but M and F takes the mean of both formulas.

    Returns
    -------
    float
        The result is in g/ml, for ``bsa`` in cm2/ml.

    Raises
    ------
    ValueError
        For an unknown kind or a size that is not positive.
    PainGeneratorError
        When the formula gives no positive body size for this weight and height.
    """
    if kind not in NORMALIZATIONS:
        raise ValueError(f"kind must be one of {', '.join(NORMALIZATIONS)}, not {kind!r}")
    if not (weight_kg > 0 and height_m > 0):
        raise ValueError(f"weight and height must be positive, not {weight_kg} kg and {height_m} m")
    normalization = NORMALIZATIONS[kind]
    size = normalization.body_size(weight_kg, height_m, sex)
    if size <= 0:
        raise PainGeneratorError(
            f"{normalization.name} cannot be computed for {weight_kg:g} kg and {height_m:g} m: "
            "the body size comes out negative.",
            "Check weight and height, or use SUVbw.",
        )
    return size * normalization.per_weight / weight_kg
