"""Tracer, weight, height, dose and half-life of a PET series: from the header or by hand, checked for plausibility."""

from __future__ import annotations

from ..core.errors import PainGeneratorError
from .records import BY_HAND, DERIVED, Ledger, PetHeader, SuvOverrides

HALF_LIVES_S = {"F-18": 6586.2, "Ga-68": 4057.7}
"""Nuclide -> half-life, s. For F-18 it is the value that most scanners write; some write 6588."""

NUCLIDE_CODES = {
    "C-111A1": "F-18",
    "77004003": "F-18",
    "C-131A1": "Ga-68",
    "C-131A3": "Ga-68",
    "49792000": "Ga-68",
}
"""Code value of DICOM CID 4020 (SRT and SNOMED CT) -> nuclide."""

NUCLIDE_WORDS = {"F-18": ("18F", "F18", "FLUORINE"), "Ga-68": ("68GA", "GA68", "GALLIUM")}
"""Nuclide -> parts of its name, upper-case letters and digits only."""

FDG_CODES = ("35321007", "C-B1031", "Y-X1743")
"""Code values of FDG in DICOM CID 4021 (SNOMED CT, SRT and an older one)."""

FDG_WORDS = ("FDG", "FLUORODEOXYGLUCOSE", "FLUDEOXYGLUCOSE", "FLUORO-2-DEOXY", "DEOXYGLUCOSE")
"""A tracer's name in upper case that contains one of these is FDG."""

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

HALF_LIFE_TOLERANCE = 0.05
"""Upper bound of the relative difference between the half-life in the header and the known one (our estimate)."""


def note_tracer(header: PetHeader, ledger: Ledger) -> None:
    """Note the tracer; warn when it is not FDG or not named."""
    named = " ".join(word for word in (header.tracer, header.tracer_code) if word)
    ledger.add("Tracer", header.tracer or header.tracer_code, "", "Radiopharmaceutical (0018,0031), (0054,0304)")
    if not named:
        ledger.warn("The header does not name the tracer; it was taken for FDG.")
    elif header.tracer_code not in FDG_CODES and not _names_fdg(named):
        ledger.warn(f"The tracer is '{named}', not FDG: what is raised or normal here was learned from FDG.")
    if header.n_injections > 1:
        ledger.warn(f"The header lists {header.n_injections} injections; the first was used.")


def _names_fdg(text: str) -> bool:
    return any(word in text.upper() for word in FDG_WORDS)


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
    return float(weight)


def height_m_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float | None:
    """Body height, m; None when it is missing or impossible."""
    height, source, note = header.height_m, "Patient's Size (0010,1020)", ""
    if overrides.height_m is not None:
        height, source = overrides.height_m, BY_HAND
    if height is not None and height > CENTIMETERS_ABOVE_M:
        note = "taken for centimeters"
        ledger.warn(f"The height {height:g} m was taken for centimeters: {height / 100.0:g} m.")
        height = height / 100.0
    if height is None or not LOWEST_HEIGHT_M <= height <= HIGHEST_HEIGHT_M:
        return None
    ledger.add("Height", float(height), "m", source, note)
    return float(height)


def _needed_height_m(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float:
    """Body height, m, where the values cannot be used without it."""
    height = height_m_of(header, overrides, ledger)
    if height is not None:
        return height
    stated = header.height_m if overrides.height_m is None else overrides.height_m
    if stated is not None and stated > CENTIMETERS_ABOVE_M:
        stated = stated / 100.0
    fault = f"of {stated:g} m cannot be right" if stated else "is empty"
    raise PainGeneratorError(
        f"The PET values are normalized by a body size that needs the height: Patient's Size (0010,1020) {fault}.",
        "Use the series in Bq/ml or SUVbw, or add the height to the DICOM header.",
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
    if dose is None or dose <= 0:
        raise PainGeneratorError(
            "The PET header has no injected dose (Radionuclide Total Dose (0018,1074) is empty or 0).",
            "Give it with --dose MBQ.",
        )
    if source != BY_HAND and dose < MBQ_BELOW:
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


def nuclide_of(header: PetHeader) -> str | None:
    """F-18 or Ga-68 when code or name says so; None for others."""
    if header.nuclide_code in NUCLIDE_CODES:
        return NUCLIDE_CODES[header.nuclide_code]
    letters = "".join(c for c in (header.nuclide or "").upper() if c.isalnum())
    for nuclide, words in NUCLIDE_WORDS.items():
        if any(word in letters for word in words):
            return nuclide
    return "F-18" if not letters and _names_fdg(header.tracer or "") else None


def half_life_s_of(header: PetHeader, ledger: Ledger) -> float:
    """Half-life of the nuclide, s: the header's where it agrees with the nuclide, else the known one.

    Raises
    ------
    PainGeneratorError
        There is no half-life, and the nuclide is unknown.
    """
    nuclide = nuclide_of(header)
    known = HALF_LIVES_S.get(nuclide or "")
    given = header.half_life_s
    if given is not None and given > 0:
        if known is None or abs(given / known - 1.0) <= HALF_LIFE_TOLERANCE:
            ledger.add("Half-life", float(given), "s", "Radionuclide Half Life (0018,1075)", nuclide or "")
            return float(given)
        ledger.warn(
            f"The half-life in the header, {given:g} s, is not that of {nuclide} ({known:g} s); the latter was used."
        )
    if known is None:
        raise PainGeneratorError(
            "The PET header has neither a half-life (0018,1075) nor a nuclide that is known here.",
            "Send the series again with the Radiopharmaceutical Information Sequence filled in.",
        )
    ledger.add("Half-life", known, "s", DERIVED, f"of {nuclide}")
    return known


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
