"""Body-size measures that SUV is normalised by, and the factors between the kinds of SUV.

Formulas as in Vacha et al., "SUV computation" (IBSI-SUV, CC BY 4.0); weight kg, height cm inside the formulas.
James' lean body mass falls with weight in obese people, so Janmahasatian's is the default here.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.errors import PainGeneratorError

DEFAULT_LEAN_BODY_MASS = "lbm-janma"
"""Rises with weight over the whole range, unlike James' formulas."""


def _by_sex(sex: str | None, male: float, female: float) -> float:
    """The value for a sex as in Patient's Sex (0010,0040); the mean of both for O and for unknown."""
    word = (sex or "O").strip().upper()[:1]
    return {"M": male, "F": female}.get(word, (male + female) / 2.0)


def lean_body_mass_120(weight_kg: float, height_m: float, sex: str | None) -> float:
    """Lean body mass, kg: DICOM's SUV type LBM (Morgan; Sugawara), 120 and 148 as coefficients."""
    ratio = (weight_kg / (100.0 * height_m)) ** 2
    return _by_sex(sex, 1.10 * weight_kg - 120.0 * ratio, 1.07 * weight_kg - 148.0 * ratio)


def lean_body_mass_james128(weight_kg: float, height_m: float, sex: str | None) -> float:
    """Lean body mass, kg: DICOM's SUV type LBMJAMES128 (James), 128 and 148 as coefficients."""
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
    """Ideal body weight, kg: DICOM's SUV type IBW; not limited to the real weight (which it does not depend on)."""
    over = 100.0 * height_m - 152.0
    return _by_sex(sex, 48.0 + 1.06 * over, 45.5 + 0.91 * over)


def body_surface_area(weight_kg: float, height_m: float, sex: str | None = None) -> float:
    """Body surface area, m2 (Du Bois 1916); does not depend on sex."""
    return 0.007184 * weight_kg**0.425 * (100.0 * height_m) ** 0.725


NORMALIZATIONS: dict[str, tuple[str, str, Callable[[float, float, str | None], float]]] = {
    "lbm-janma": ("SUVlbm(Janma)", "g/ml{SUVlbm(Janma)}", lean_body_mass_janmahasatian),
    "lbm-120": ("SUVlbm", "g/ml{SUVlbm}", lean_body_mass_120),
    "lbm-james128": ("SUVlbm(James128)", "g/ml{SUVlbm(James128)}", lean_body_mass_james128),
    "ibw": ("SUVibw", "g/ml{SUVibw}", ideal_body_weight),
    "bsa": ("SUVbsa", "cm2/ml{SUVbsa}", body_surface_area),
}
"""Kind -> display name, UCUM unit, body-size function."""


def factor_from_suv_bw(kind: str, weight_kg: float, height_m: float, sex: str | None) -> float:
    """What to multiply SUVbw by to get another kind of SUV.

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
        Result in g/ml, for ``bsa`` in cm2/ml.

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
    name, _, size_of = NORMALIZATIONS[kind]
    size = size_of(weight_kg, height_m, sex)
    if size <= 0:
        raise PainGeneratorError(
            f"{name} cannot be computed for {weight_kg:g} kg and {height_m:g} m: the body size comes out negative.",
            "Check weight and height, or use SUVbw.",
        )
    # 1 m2 = 10^4 cm2 and 1 kg = 1000 g: SUVbsa in cm2/ml
    return size * 10.0 / weight_kg if kind == "bsa" else size / weight_kg
