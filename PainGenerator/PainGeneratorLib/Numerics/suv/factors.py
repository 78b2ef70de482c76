"""PET voxel values to SUVbw (g/ml): right, or refused with the reason.

Rules and their order: Vacha, Hofheinz, Braune, Loeck, Zwanenburg, "SUV computation" (IBSI-SUV, CC BY 4.0) and QIBA's
vendor-neutral pseudocode (2018). Every number that enters is a row of the provenance; nothing is guessed silently.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from ..core.errors import PainGeneratorError
from .body_size import body_surface_area, factor_from_suv_bw
from .quantities import body_of, dose_bq_of, half_life_s_of, height_m_of, note_tracer, weight_kg_of
from .records import BY_HAND, DERIVED, Ledger, PetHeader, ProvenanceRow, SuvOverrides, SuvResult
from .times import average_decay_time_s, earliest_acquisition, frame_starts, injection_datetime, start_reference

__all__ = [
    "PetHeader",
    "ProvenanceRow",
    "SuvOverrides",
    "SuvResult",
    "compute_suv_factors",
    "factors_for_unit",
    "unit_kind",
]

USUAL_UPTAKE_MINUTES = (30.0, 180.0)
SAME_FACTOR_TOLERANCE = 0.02
"""Philips' two private factors may differ by this much before a warning."""

GML_KINDS = {
    "": None,
    "BW": None,
    "LBM": "lbm-120",
    "LBMJAMES128": "lbm-james128",
    "LBMJANMA": "lbm-janma",
    "IBW": "ibw",
}
"""SUV Type (0054,1006) of g/ml values -> normalization; None is SUVbw itself."""

UNIT_KINDS = {
    "suvbw": "bw",
    "suvlbm": "lbm-120",
    "suvlbm(janma)": "lbm-janma",
    "suvlbm(james128)": "lbm-james128",
    "suvibw": "ibw",
    "suvbsa": "bsa",
}
"""Annotation inside the braces of a UCUM unit of DICOM CID 85, lower case -> kind."""


def compute_suv_factors(header: PetHeader, overrides: SuvOverrides | None = None) -> SuvResult:
    """SUVbw per rescaled unit of every slice of a PET series.

    Parameters
    ----------
    header : PetHeader
    overrides : SuvOverrides, optional
        Values given by hand; they take the place of the header's and are marked.

    Returns
    -------
    SuvResult

    Raises
    ------
    PainGeneratorError
        The series is not one that SUV can be computed from, or a value is missing or impossible.
    """
    overrides = overrides or SuvOverrides()
    ledger = Ledger()
    _check_acceptable(header)
    for name in header.inconsistent:
        ledger.warn(f"{name} differs between the slices of the PET series; the first slice's value was used.")
    note_tracer(header, ledger)
    units = (header.units or "").upper()
    ledger.add("Units", units, "", "Units (0054,1001)")
    if header.rescale_slope is not None:
        low, high = float(np.min(header.rescale_slope)), float(np.max(header.rescale_slope))
        many = "" if low == high else f"one per slice, {low:g} to {high:g}"
        ledger.add("Rescale slope", low if low == high else None, "", "Rescale Slope (0028,1053)", many)
    if units == "GML":
        return _from_gml(header, overrides, ledger)
    if units == "CM2ML":
        return _from_cm2ml(header, overrides, ledger)
    if units == "CNTS":
        return _from_counts(header, overrides, ledger)
    if units == "BQML":
        return _from_activity(header, overrides, ledger, np.ones(header.n_slices), "BQML")
    raise PainGeneratorError(
        f"The PET values are in a unit that cannot be converted to SUV (Units (0054,1001) is '{units or 'empty'}').",
        "Use a series in Bq/ml (BQML) or g/ml (GML).",
    )


def _check_acceptable(header: PetHeader) -> None:
    """Refuse what is no attenuation-corrected original PET."""
    if header.modality != "PT":
        raise PainGeneratorError(
            f"The series chosen as PET has the modality {header.modality or 'unknown'}, not PT.",
            "Choose the PET series with --role SERIES=PET.",
        )
    if "ATTN" not in header.corrected_image:
        told = "is empty" if not header.corrected_image else "does not contain ATTN"
        raise PainGeneratorError(
            f"The PET series is not marked as attenuation-corrected (Corrected Image (0028,0051) {told}).",
            "Choose the attenuation-corrected series with --role SERIES=PET.",
        )
    if header.rescale_intercept is not None and np.any(np.nan_to_num(header.rescale_intercept) != 0.0):
        raise PainGeneratorError(
            "The PET series has a rescale intercept (0028,1052) other than 0, which PET images must not have.",
            "Send the original series from the scanner or archive, not a converted copy.",
        )


def _check_decay_words(header: PetHeader) -> str:
    """Decay Correction (0054,1102), in agreement with Corrected Image (0028,0051)."""
    word = (header.decay_correction or "").upper()
    if word not in ("START", "ADMIN", "NONE"):
        raise PainGeneratorError(
            f"The PET header does not say how decay was corrected (Decay Correction (0054,1102) is "
            f"'{word or 'empty'}').",
            "Send the series again from the scanner, or use one with START, ADMIN or NONE.",
        )
    if ("DECY" in header.corrected_image) != (word != "NONE"):
        told = "contains" if word == "NONE" else "lacks"
        raise PainGeneratorError(
            f"The PET header contradicts itself: Decay Correction (0054,1102) is {word}, but Corrected Image "
            f"(0028,0051) {told} DECY.",
            "Send the original series from the scanner or archive.",
        )
    return word


def _from_activity(
    header: PetHeader, overrides: SuvOverrides, ledger: Ledger, scale: np.ndarray, way: str
) -> SuvResult:
    """Factors for values that times `scale` (n_slices,) are Bq/ml."""
    word = _check_decay_words(header)
    weight = weight_kg_of(header, overrides, ledger)
    height = height_m_of(header, overrides, ledger, needed=False)
    dose = dose_bq_of(header, overrides, ledger)
    ledger.add("Decay correction", word, "", "Decay Correction (0054,1102)")
    half_life, uptake = None, None
    factors = scale * (1000.0 * weight / dose)
    if word == "ADMIN":
        way += "/ADMIN"
    else:
        half_life = half_life_s_of(header, ledger)
        decay_per_s = np.log(2.0) / half_life
        if word == "START":
            origin, offsets, how = start_reference(header, decay_per_s, ledger)
            way += f"/START/{how}"
        else:
            origin, offsets, durations = frame_starts(header)
            ledger.add("Frame start", origin, "", "Acquisition Date and Time (0008,0022), (0008,0032)", "earliest")
            offsets = offsets + average_decay_time_s(durations, decay_per_s)
            way += "/NONE"
        first = origin + timedelta(seconds=float(offsets.min())) if word == "START" else origin
        given = injection_datetime(header, overrides, first, half_life, ledger)
        after_s = (origin - given).total_seconds() + offsets
        factors = factors * np.exp(decay_per_s * after_s)
        uptake = _uptake(header, given, first, ledger)
    ledger.add("SUVbw factor", float(np.median(factors)), "g/ml per stored unit after rescaling", DERIVED, way)
    return SuvResult(
        factors, way, tuple(ledger.rows), tuple(ledger.warnings), weight, height, header.sex, dose, half_life, uptake
    )


def _uptake(header: PetHeader, given, reference, ledger: Ledger) -> float:
    """Minutes from injection to the scan; warns when they are unusual."""
    minutes = (reference - given).total_seconds() / 60.0
    ledger.add("Uptake time", round(minutes, 2), "min", DERIVED)
    low, high = USUAL_UPTAKE_MINUTES
    if not low <= minutes <= high:
        ledger.warn(f"The uptake time is {minutes:.0f} min; {low:g} to {high:g} min are usual.")
    return minutes


def _from_counts(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> SuvResult:
    """Philips' counts: its SUV factor, else its activity factor."""
    suv_factor, activity = header.philips_suv_factor, header.philips_activity_factor
    has_suv = suv_factor is not None and bool(np.all(np.nan_to_num(suv_factor) > 0))
    has_activity = activity is not None and bool(np.all(np.nan_to_num(activity) > 0))
    if not (has_suv or has_activity):
        raise PainGeneratorError(
            "The PET values are counts (Units CNTS), and the header has no factor to convert them "
            "(Philips' private SUV and activity factors (7053,xx00), (7053,xx09) are missing or 0).",
            "Send the series again without removing private tags, or use one in Bq/ml.",
        )
    if not header.philips_creator_found:
        ledger.warn("Philips' private factors have no private creator element; they were taken from (7053,10xx).")
    if not has_suv:
        ledger.add(
            "Philips activity factor", float(np.median(activity)), "Bq/ml per count", "Activity factor (7053,xx09)"
        )
        return _from_activity(header, overrides, ledger, activity, "CNTS/Philips activity factor")
    ledger.add("Philips SUV factor", float(np.median(suv_factor)), "g/ml per count", "SUV factor (7053,xx00)")
    if has_activity:
        _compare_philips(header, overrides, ledger, suv_factor, activity)
    if overrides != SuvOverrides():
        ledger.warn(
            "Weight, dose or time given by hand do not enter: Philips' SUV factor already contains the scanner's."
        )
    return _ready(header, ledger, np.asarray(suv_factor, dtype=np.float64), "CNTS/Philips SUV factor", None, None)


def _compare_philips(header, overrides, ledger: Ledger, suv_factor: np.ndarray, activity: np.ndarray) -> None:
    """Warn when Philips' two factors lead to different SUV; notes when the second way is closed."""
    try:
        other = _from_activity(header, overrides, Ledger(), activity, "CNTS").factors
    except PainGeneratorError as error:
        ledger.add("Check of the SUV factor", None, "", DERIVED, f"not possible: {error.reason}")
        return
    change = float(np.max(np.abs(other / suv_factor - 1.0)))
    ledger.add("Check of the SUV factor", round(100.0 * change, 2), "%", DERIVED, "difference to the activity factor")
    if change > SAME_FACTOR_TOLERANCE:
        ledger.warn(
            f"Philips' SUV factor and its activity factor lead to SUV that differ by {100.0 * change:.1f} %; "
            "the SUV factor was used: check weight, dose and times."
        )


def _from_gml(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> SuvResult:
    """Values in g/ml: SUV already, perhaps normalized by another body size."""
    word = (header.suv_type or "").upper()
    if word not in GML_KINDS:
        raise PainGeneratorError(
            f"The PET values are SUV of a type that is not known here (SUV Type (0054,1006) is '{word}').",
            "Use the series in Bq/ml or SUVbw.",
        )
    kind = GML_KINDS[word]
    ledger.add("SUV type", word or "BW", "", "SUV Type (0054,1006)", "" if word else "empty means BW")
    if kind is None:
        if (
            overrides.weight_kg is not None
            or overrides.dose_bq is not None
            or overrides.injection_datetime is not None
        ):
            ledger.warn("Weight, dose or time given by hand do not enter: the PET values are SUV already.")
        return _ready(header, ledger, np.ones(header.n_slices), "GML/BW", None, None)
    weight, height, sex = body_of(header, overrides, ledger)
    factor = 1.0 / factor_from_suv_bw(kind, weight, height, sex)
    return _ready(header, ledger, np.full(header.n_slices, factor), f"GML/{word}", weight, height)


def _from_cm2ml(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> SuvResult:
    """Values normalized by body surface area."""
    word = (header.suv_type or "BSA").upper()
    if word != "BSA":
        raise PainGeneratorError(
            f"The PET header contradicts itself: Units (0054,1001) is CM2ML, SUV Type (0054,1006) is {word}.",
            "Use the series in Bq/ml or SUVbw.",
        )
    ledger.add("SUV type", word, "", "SUV Type (0054,1006)")
    weight, height, sex = body_of(header, overrides, ledger)
    ledger.add("Body surface area", body_surface_area(weight, height), "m2", DERIVED, "Du Bois")
    factor = 1.0 / factor_from_suv_bw("bsa", weight, height, sex)
    return _ready(header, ledger, np.full(header.n_slices, factor), "CM2ML/BSA", weight, height)


def _ready(header, ledger: Ledger, factors: np.ndarray, path: str, weight, height) -> SuvResult:
    """A result for values that need neither dose nor decay."""
    if weight is None and header.weight_kg:
        weight = header.weight_kg
    ledger.add("SUVbw factor", float(np.median(factors)), "g/ml per stored unit after rescaling", DERIVED, path)
    earliest = earliest_acquisition(header)
    if earliest is not None:
        ledger.add("Earliest acquisition", earliest, "", "Acquisition Date and Time (0008,0022), (0008,0032)")
    return SuvResult(
        factors, path, tuple(ledger.rows), tuple(ledger.warnings), weight, height or header.height_m, header.sex
    )


def unit_kind(unit: str) -> str | None:
    """The kind of SUV that a unit stands for.

    Parameters
    ----------
    unit : str
        A UCUM code as DICOM writes it now (``g/ml{SUVbw}``), its old form (``{SUVbw}g/ml``), or a plain name
        (``SUVbw``, ``SUV``, ``SUVlbm(Janma)``).

    Returns
    -------
    str or None
        ``bw`` or a key of :data:`body_size.NORMALIZATIONS`; None when the unit does not say SUV.
    """
    word = unit.strip().lower().replace(" ", "")
    if "{" in word and "}" in word:
        inside = word[word.index("{") + 1 : word.index("}")]
        outside = word[: word.index("{")] + word[word.index("}") + 1 :]
        kind = UNIT_KINDS.get(inside)
        return kind if outside == ("cm2/ml" if kind == "bsa" else "g/ml") else None
    return "bw" if word == "suv" else UNIT_KINDS.get(word)


def factors_for_unit(
    unit: str, n_slices: int, weight_kg: float | None = None, height_m: float | None = None, sex: str | None = None
) -> SuvResult:
    """SUVbw factors of a volume without a DICOM header, whose unit is known.

    Parameters
    ----------
    unit : str
        As for :func:`unit_kind`.
    n_slices : int
    weight_kg, height_m, sex
        Needed for units other than SUVbw.

    Raises
    ------
    PainGeneratorError
        The unit is none of SUV, or a body size is missing.
    """
    kind = unit_kind(unit)
    if kind is None:
        raise PainGeneratorError(
            f"The unit '{unit}' is not one of SUV.",
            "Say which SUV the volume holds, or load the PET from DICOM so that it can be converted.",
        )
    header = PetHeader(n_slices, sex=sex)
    overrides = SuvOverrides(weight_kg=weight_kg, height_m=height_m)
    ledger = Ledger()
    ledger.add("Units", unit, "", BY_HAND)
    if kind == "bw":
        return _ready(header, ledger, np.ones(n_slices), f"unit {unit}", weight_kg, height_m)
    weight, height, _ = body_of(header, overrides, ledger)
    factors = np.full(n_slices, 1.0 / factor_from_suv_bw(kind, weight, height, sex))
    return _ready(header, ledger, factors, f"unit {unit}", weight, height)
