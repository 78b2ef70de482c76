"""Tracer, weight, height, dose and half-life of a PET series: from the header or by hand, checked for plausibility."""

from __future__ import annotations

import math

from ..core.errors import PainGeneratorError
from .nuclides import (
    HALF_LIVES_S,
    UNITS_OF_HALF_LIFE,
    fits,
    names_fdg,
    nuclide_by_hand,
    nuclide_of,
    nuclide_of_tracer,
    nuclide_with,
)
from .plausible import check_weight
from .records import BY_HAND, DERIVED, Ledger, PetHeader, SuvOverrides

MBQ_BELOW = 1e5
"""A dose in the header below this is taken for MBq. Real doses are near 4e8 when written in Bq and 4e2 in MBq."""

LOWEST_USUAL_DOSE_MBQ = 37.0
"""Lower bound of an FDG dose without a warning, MBq (1 mCi; our estimate)."""

HIGHEST_USUAL_DOSE_MBQ = 740.0
"""Upper bound of an FDG dose without a warning, MBq (20 mCi; our estimate)."""

LOWEST_POSSIBLE_DOSE_MBQ = 1.0
"""Lower bound of a dose that is accepted at all, MBq (our estimate)."""

HIGHEST_POSSIBLE_DOSE_MBQ = 5000.0
"""Upper bound of a dose that is accepted at all, MBq (our estimate)."""

LOWEST_WEIGHT_KG = 1.0
"""Lower bound of a body weight that is accepted, kg (our estimate)."""

HIGHEST_WEIGHT_KG = 300.0
"""Upper bound of a body weight that is accepted, kg (our estimate)."""

GRAMS_ABOVE_KG = 1000.0
"""A weight above this is taken for grams."""

LOWEST_HEIGHT_M = 0.3
"""Lower bound of a body height that is accepted, m (our estimate)."""

HIGHEST_HEIGHT_M = 2.6
"""Upper bound of a body height that is accepted, m (our estimate)."""

CENTIMETERS_ABOVE_M = 3.0
"""A height above this is taken for centimeters."""

BQ_PER_MCI = 37e6
"""One millicurie in becquerel."""


def note_tracer(header: PetHeader, ledger: Ledger) -> None:
    """Note the tracer; warn when it is not FDG or not named."""
    named = " ".join(word for word in (header.tracer, header.tracer_code) if word)
    ledger.add("Tracer", header.tracer or header.tracer_code, "", "Radiopharmaceutical (0018,0031), (0054,0304)")
    if not named:
        ledger.warn("The header does not name the tracer; it was taken for FDG.")
    elif not names_fdg(header.tracer, header.tracer_code):
        ledger.warn(f"The tracer is '{named}', not FDG: what is raised or normal here was learned from FDG.")


def weight_kg_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float:
    """Body weight, kg.

    Raises
    ------
    PainGeneratorError
        It is missing or impossible.
    """
    weight, source, note = header.weight_kg, "Patient's Weight (0010,1030)", ""
    if overrides.weight_kg is not None:
        weight, source = overrides.weight_kg, BY_HAND
    _check_is_number(weight, "weight (Patient's Weight (0010,1030))", "--weight KG")
    if weight is None or weight == 0:
        raise PainGeneratorError(
            "The PET header has no patient weight (Patient's Weight (0010,1030) is empty or 0).",
            "Give it with --weight KG.",
        )
    if weight > GRAMS_ABOVE_KG:
        ledger.warn(f"The weight {weight:g} kg was taken for grams: {weight / 1000.0:g} kg.")
        weight, note = weight / 1000.0, "taken for grams"
    if not LOWEST_WEIGHT_KG <= weight <= HIGHEST_WEIGHT_KG:
        raise PainGeneratorError(
            f"The patient's weight of {weight:g} kg cannot be right.", "Give the right one with --weight KG."
        )
    ledger.add("Weight", float(weight), "kg", source, note)
    check_weight(header, weight, source, _height_m(header, overrides)[0], ledger)
    return float(weight)


def _check_is_number(value: float | None, what: str, option: str) -> None:
    """Refuse a value that is there, but is no number."""
    if value is not None and math.isnan(value):
        raise PainGeneratorError(
            f"The PET header has a {what} that is not a number.", f"Give the right one with {option}."
        )


def _height_m(header: PetHeader, overrides: SuvOverrides) -> tuple[float | None, float | None]:
    """Body height, m, or None when it is missing or impossible; and the number that was taken for centimeters."""
    height = header.height_m if overrides.height_m is None else overrides.height_m
    converted = height if height is not None and height > CENTIMETERS_ABOVE_M else None
    if height is not None and converted is not None:
        height = height / 100.0
    if height is None or not LOWEST_HEIGHT_M <= height <= HIGHEST_HEIGHT_M:
        return None, converted
    return float(height), converted


def height_m_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float | None:
    """Body height, m; None when it is missing or impossible."""
    height, converted = _height_m(header, overrides)
    if converted is not None:
        ledger.warn(f"The height {converted:g} m was taken for centimeters: {converted / 100.0:g} m.")
    if height is not None:
        source = "Patient's Size (0010,1020)" if overrides.height_m is None else BY_HAND
        ledger.add("Height", height, "m", source, "" if converted is None else "taken for centimeters")
    return height


def _needed_height_m(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float:
    """Body height, m, where the values cannot be used without it."""
    height = height_m_of(header, overrides, ledger)
    if height is not None:
        return height
    stated = header.height_m if overrides.height_m is None else overrides.height_m
    if stated is not None and stated > CENTIMETERS_ABOVE_M:
        stated = stated / 100.0
    fault = f"of {stated:g} m cannot be right" if stated else "is empty"
    if stated is not None and math.isnan(stated):
        fault = "is not a number"
    raise PainGeneratorError(
        f"The PET values are normalized by a body size that needs the height: Patient's Size (0010,1020) {fault}.",
        "Give it with --height M, or use the series in Bq/ml or SUVbw.",
    )


def dose_bq_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float:
    """Injected activity, Bq.

    Raises
    ------
    PainGeneratorError
        It is missing or impossible.
    """
    dose, source, note = header.dose, "Radionuclide Total Dose (0018,1074)", ""
    if overrides.dose_bq is not None:
        dose, source = overrides.dose_bq, BY_HAND
    _check_is_number(dose, "dose (Radionuclide Total Dose (0018,1074))", "--dose MBQ")
    if dose is None or dose <= 0:
        raise PainGeneratorError(
            "The PET header has no injected dose (Radionuclide Total Dose (0018,1074) is empty, 0 or negative).",
            "Give it with --dose MBQ.",
        )
    if source != BY_HAND and dose < MBQ_BELOW:
        _check_not_mci(dose)
        ledger.warn(f"The injected dose {dose:g} was taken for MBq (DICOM asks for Bq).")
        dose, note = dose * 1e6, "taken for MBq"
    mbq = dose / 1e6
    if not LOWEST_POSSIBLE_DOSE_MBQ <= mbq <= HIGHEST_POSSIBLE_DOSE_MBQ:
        raise PainGeneratorError(
            f"The injected dose of {mbq:g} MBq cannot be right.", "Give the right one with --dose MBQ."
        )
    if not LOWEST_USUAL_DOSE_MBQ <= mbq <= HIGHEST_USUAL_DOSE_MBQ:
        ledger.warn(
            f"The injected dose of {mbq:g} MBq is unusual ({LOWEST_USUAL_DOSE_MBQ:g} to {HIGHEST_USUAL_DOSE_MBQ:g} "
            "MBq are usual for FDG): check it."
        )
    ledger.add("Injected dose", float(dose), "Bq", source, note)
    return float(dose)


def _check_not_mci(dose: float) -> None:
    """Refuse a dose that is unusual in MBq and usual in mCi."""
    in_mci = dose * BQ_PER_MCI / 1e6
    if dose < LOWEST_USUAL_DOSE_MBQ <= in_mci <= HIGHEST_USUAL_DOSE_MBQ:
        raise PainGeneratorError(
            f"The PET header has an injected dose of {dose:g}: too little for MBq, and usual as {in_mci:.0f} MBq if "
            "it is meant in mCi (DICOM asks for Bq).",
            "Give the right dose with --dose MBQ.",
        )


_GIVE_NUCLIDE = "Give the nuclide with --nuclide, for example --nuclide F-18."


def half_life_s_of(header: PetHeader, ledger: Ledger, overrides: SuvOverrides | None = None) -> float:
    """Half-life of the nuclide, s: the header's where it agrees with the nuclide, else the known one.

    Parameters
    ----------
    header : PetHeader
    ledger : Ledger
        Receives the row and the warnings.
    overrides : SuvOverrides, optional
        A nuclide given by hand takes the place of nuclide and half-life of the header.

    Raises
    ------
    PainGeneratorError
        There is no half-life, and the nuclide is unknown; or nuclide and half-life contradict each other, and the
        tracer does not decide.
    """
    if overrides is not None and overrides.nuclide is not None:
        nuclide = nuclide_by_hand(overrides.nuclide)
        said = nuclide_of(header) or nuclide_of_tracer(header)
        if said not in (None, nuclide):
            ledger.warn(f"The nuclide {nuclide} was given by hand, but the header says {said}: check it.")
        ledger.add("Half-life", HALF_LIVES_S[nuclide], "s", BY_HAND, f"of {nuclide}")
        return HALF_LIVES_S[nuclide]
    given = header.half_life_s
    if given is None or not given > 0:
        return _known_half_life(header, ledger)
    stated = nuclide_of(header)
    if stated is None:
        _check_a_nuclide_has(given, header)
    elif not fits(given, stated):
        used = _settle_nuclide(header, given, stated, ledger)
        if used == stated:
            ledger.add("Half-life", HALF_LIVES_S[stated], "s", DERIVED, f"of {stated}")
            return HALF_LIVES_S[stated]
        stated = used
    ledger.add("Half-life", float(given), "s", "Radionuclide Half Life (0018,1075)", stated or "")
    return float(given)


def _known_half_life(header: PetHeader, ledger: Ledger) -> float:
    """The half-life of the nuclide that the header names; of F-18 where it names neither nuclide nor tracer."""
    nuclide, by_tracer = nuclide_of(header), nuclide_of_tracer(header)
    if not any((header.nuclide, header.nuclide_code, header.tracer, header.tracer_code)):
        nuclide = "F-18"  # As the tracer, which is taken for FDG with a warning.
    if nuclide is None:
        raise PainGeneratorError(
            "The PET header has neither a half-life (0018,1075) nor a nuclide that is known here.", _GIVE_NUCLIDE
        )
    if by_tracer not in (None, nuclide):
        raise PainGeneratorError(
            f"The PET header has no half-life (0018,1075), and its nuclide, {nuclide}, is not that of its tracer.",
            _GIVE_NUCLIDE,
        )
    if header.half_life_s is not None and math.isnan(header.half_life_s):
        ledger.warn(f"The half-life in the header is not a number; that of {nuclide} was used.")
    ledger.add("Half-life", HALF_LIVES_S[nuclide], "s", DERIVED, f"of {nuclide}")
    return HALF_LIVES_S[nuclide]


def _check_a_nuclide_has(half_life_s: float, header: PetHeader) -> None:
    """Refuse a half-life that no nuclide of PET has, where the header names no nuclide."""
    if nuclide_with(half_life_s) is None and not (header.nuclide or header.nuclide_code):
        raise PainGeneratorError(
            f"The PET header names no nuclide, and its half-life (0018,1075) of {half_life_s:g} s is not that of one "
            "used in PET.",
            _GIVE_NUCLIDE,
        )


def _settle_nuclide(header: PetHeader, given: float, stated: str, ledger: Ledger) -> str:
    """The nuclide that counts where the half-life is not that of the stated one; warns.

    Raises
    ------
    PainGeneratorError
        The half-life is that of another nuclide, and the tracer decides for none of the two.
    """
    known = HALF_LIVES_S[stated]
    unit = next((name for name, seconds in UNITS_OF_HALF_LIFE.items() if fits(given * seconds, stated)), None)
    other = None if unit else nuclide_with(given)
    by_tracer = nuclide_of_tracer(header)
    if other is not None and by_tracer == other:
        ledger.warn(
            f"The nuclide in the header, {stated}, contradicts tracer and half-life, which are those of {other}; "
            f"{other} was used."
        )
        return other
    if other is not None and by_tracer != stated:
        raise PainGeneratorError(
            f"The PET header contradicts itself: its nuclide is {stated} (half-life {known:g} s), but its half-life "
            f"(0018,1075) is {given:g} s, that of {other}.",
            _GIVE_NUCLIDE,
        )
    meant = f"; it is in {unit}" if unit else ""
    ledger.warn(
        f"The half-life in the header, {given:g} s, is not that of {stated} ({known:g} s{meant}); the latter was used."
    )
    return stated


def body_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> tuple[float, float, str | None]:
    """Weight (kg), height (m) and sex, where a body size is needed.

    Raises
    ------
    PainGeneratorError
        Weight or height is missing or impossible.
    """
    weight, height = weight_kg_of(header, overrides, ledger), _needed_height_m(header, overrides, ledger)
    sex = (header.sex or "").upper()
    ledger.add("Sex", sex or None, "", "Patient's Sex (0010,0040)")
    if sex not in ("M", "F"):
        ledger.warn("The patient's sex is not given as M or F; the mean of both formulas was used for the body size.")
    return weight, height, header.sex
