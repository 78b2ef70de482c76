"""Tracer, weight, height, dose and half-life of a PET series: from the header or by hand, checked for plausibility."""

from __future__ import annotations

from ..core.errors import PainGeneratorError
from .records import BY_HAND, DERIVED, Ledger, PetHeader, SuvOverrides

HALF_LIVES_S = {"F-18": 6586.2, "Ga-68": 4057.7}
"""Nuclide -> half-life, s; F-18 as most scanners write it (6588 is also in use)."""
NUCLIDE_CODES = {
    "C-111A1": "F-18",
    "77004003": "F-18",
    "C-131A1": "Ga-68",
    "C-131A3": "Ga-68",
    "49792000": "Ga-68",
}
"""SRT and SCT code values of DICOM CID 4020."""
FDG_CODES = ("35321007", "C-B1031", "Y-X1743")
FDG_WORDS = ("FDG", "FLUORODEOXYGLUCOSE", "FLUDEOXYGLUCOSE", "FLUORO-2-DEOXY", "DEOXYGLUCOSE")

MBQ_BELOW = 1e5
"""Doses are near 4e8 (Bq) or 4e2 (MBq) in real headers; below this they are MBq."""
USUAL_DOSE_MBQ = (37.0, 740.0)
POSSIBLE_DOSE_MBQ = (1.0, 5000.0)
WEIGHT_LIMITS_KG = (1.0, 300.0)
GRAMS_ABOVE_KG = 1000.0
CENTIMETERS_ABOVE_M = 3.0
HEIGHT_LIMITS_M = (0.3, 2.6)
HALF_LIFE_TOLERANCE = 0.05


def note_tracer(header: PetHeader, ledger: Ledger) -> None:
    """Note the tracer; warn when it is not FDG or not named."""
    named = " ".join(word for word in (header.tracer, header.tracer_code) if word)
    ledger.add("Tracer", header.tracer or header.tracer_code, "", "Radiopharmaceutical (0018,0031), (0054,0304)")
    if not named:
        ledger.warn("The header does not name the tracer; it was taken for FDG.")
    elif header.tracer_code not in FDG_CODES and not any(word in named.upper() for word in FDG_WORDS):
        ledger.warn(f"The tracer is '{named}', not FDG: what is raised or normal here was learned from FDG.")
    if header.n_injections > 1:
        ledger.warn(f"The header lists {header.n_injections} injections; the first was used.")


def weight_kg_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float:
    """Body weight, kg."""
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
    if not WEIGHT_LIMITS_KG[0] <= weight <= WEIGHT_LIMITS_KG[1]:
        raise PainGeneratorError(
            f"The patient's weight of {weight:g} kg cannot be right.", "Give the right one with --weight KG."
        )
    ledger.add("Weight", float(weight), "kg", source, note)
    return float(weight)


def height_m_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger, needed: bool = True) -> float | None:
    """Body height, m; None when it is missing and not needed."""
    height, source, note = header.height_m, "Patient's Size (0010,1020)", ""
    if overrides.height_m is not None:
        height, source = overrides.height_m, BY_HAND
    if height is not None and height > CENTIMETERS_ABOVE_M:
        note = "taken for centimeters"
        ledger.warn(f"The height {height:g} m was taken for centimeters: {height / 100.0:g} m.")
        height = height / 100.0
    if height is None or not HEIGHT_LIMITS_M[0] <= height <= HEIGHT_LIMITS_M[1]:
        if not needed:
            return None
        told = "is empty" if not height else f"of {height:g} m cannot be right"
        raise PainGeneratorError(
            f"The PET values are normalized by a body size that needs the height: Patient's Size (0010,1020) {told}.",
            "Use the series in Bq/ml or SUVbw, or add the height to the DICOM header.",
        )
    ledger.add("Height", float(height), "m", source, note)
    return float(height)


def dose_bq_of(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> float:
    """Injected activity, Bq."""
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
    if not POSSIBLE_DOSE_MBQ[0] <= mbq <= POSSIBLE_DOSE_MBQ[1]:
        raise PainGeneratorError(
            f"The injected dose of {mbq:g} MBq cannot be right.", "Give the right one with --dose MBQ."
        )
    if not USUAL_DOSE_MBQ[0] <= mbq <= USUAL_DOSE_MBQ[1]:
        ledger.warn(
            f"The injected dose of {mbq:g} MBq is unusual ({USUAL_DOSE_MBQ[0]:g} to {USUAL_DOSE_MBQ[1]:g} MBq are "
            "usual for FDG): check it."
        )
    ledger.add("Injected dose", float(dose), "Bq", source, note)
    return float(dose)


def nuclide_of(header: PetHeader) -> str | None:
    """F-18 or Ga-68 when code or name says so; None for others."""
    if header.nuclide_code in NUCLIDE_CODES:
        return NUCLIDE_CODES[header.nuclide_code]
    letters = "".join(c for c in (header.nuclide or "").upper() if c.isalnum())
    for nuclide, words in {"F-18": ("18F", "F18", "FLUORINE"), "Ga-68": ("68GA", "GA68", "GALLIUM")}.items():
        if any(word in letters for word in words):
            return nuclide
    if not letters and any(word in (header.tracer or "").upper() for word in FDG_WORDS):
        return "F-18"
    return None


def half_life_s_of(header: PetHeader, ledger: Ledger) -> float:
    """Half-life of the nuclide, s."""
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
    """Weight kg, height m and sex, where a body size is needed."""
    weight, height = weight_kg_of(header, overrides, ledger), height_m_of(header, overrides, ledger)
    sex = (header.sex or "").upper()
    ledger.add("Sex", sex or None, "", "Patient's Sex (0010,0040)")
    if sex not in ("M", "F"):
        ledger.warn("The patient's sex is not given as M or F; the mean of both formulas was used for the body size.")
    return weight, height, header.sex
