"""Turns PET voxel values into SUVbw (g/ml), or refuses and gives the reason.

The rules and their order follow Vacha, Hofheinz, Braune, Loeck and Zwanenburg, "SUV computation" (IBSI-SUV manual,
CC BY 4.0), and QIBA's vendor-neutral pseudocode (2018). Every number that enters the computation becomes a row of the
provenance, and every assumption becomes a warning. Start at :func:`compute_suv_factors`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from ..core.errors import PainGeneratorError
from .body_size import body_surface_area, factor_from_suv_bw
from .by_hand import with_replaced
from .days import settle_days
from .injections import settle_injections, settle_tracer, single_injections
from .nuclides import names_fdg
from .plausible import check_dose_for_weight
from .quantities import body_of, dose_bq_of, half_life_s_of, height_m_of, note_tracer, weight_kg_of
from .records import BY_HAND, DERIVED, Ledger, PetHeader, ProvenanceRow, SuvOverrides, SuvResult
from .times import (
    average_decay_time_s,
    earliest_acquisition,
    frame_starts,
    injection_datetime,
    start_reference,
)

__all__ = [
    "PetHeader",
    "ProvenanceRow",
    "SuvOverrides",
    "SuvResult",
    "compute_suv_factors",
    "factors_for_unit",
    "unit_fault",
    "unit_kind",
]

SHORTEST_USUAL_UPTAKE_MINUTES = 30.0
"""Lower bound of an uptake time without a warning, minutes (our estimate)."""

LONGEST_USUAL_UPTAKE_MINUTES = 180.0
"""Upper bound of an uptake time without a warning, minutes (our estimate)."""

HALF_DAY_MINUTES = 720.0
"""What a time by a 12-hour clock lacks in the afternoon, minutes."""

SAME_FACTOR_TOLERANCE = 0.02
"""Upper bound of the relative difference between the SUV of the two private factors of Philips without a warning
(our estimate)."""

GML_KINDS = {
    "": None,
    "BW": None,
    "LBM": "lbm-120",
    "LBMJAMES128": "lbm-james128",
    "LBMJANMA": "lbm-janma",
    "IBW": "ibw",
}
"""SUV Type (0054,1006) of values in g/ml -> key of NORMALIZATIONS; None stands for SUVbw itself."""

UNIT_KINDS = {
    "suvbw": "bw",
    "suvlbm": "lbm-120",
    "suvlbm(janma)": "lbm-janma",
    "suvlbm(james128)": "lbm-james128",
    "suvibw": "ibw",
    "suvbsa": "bsa",
}
"""Text inside the braces of a UCUM unit of DICOM CID 85, in lower case -> kind of SUV."""


def compute_suv_factors(header: PetHeader, overrides: SuvOverrides | None = None) -> SuvResult:
    """The factor from rescaled pixel values to SUVbw for every slice of a PET series.

    Parameters
    ----------
    header : PetHeader
    overrides : SuvOverrides, optional
        Values given by hand. They take the place of the header's values and are marked in the provenance, which also
        has the values that they replace and the change of SUV.

    Returns
    -------
    SuvResult
        Factors in g/ml for one unit of the rescaled pixel values, shape (n_slices,).

    Raises
    ------
    PainGeneratorError
        SUV cannot be computed from this series, or a value is missing or impossible.
    """
    overrides = overrides or SuvOverrides()
    result = _computed(header, overrides)
    return result if overrides == SuvOverrides() else with_replaced(result, header, overrides, _computed)


def _computed(header: PetHeader, overrides: SuvOverrides) -> SuvResult:
    """The factors, with the values that are given by hand in place of the header's."""
    ledger = Ledger()
    _check_acceptable(header)
    header = settle_tracer(settle_days(header, ledger), ledger)
    for name in header.inconsistent:
        ledger.warn(f"{name} differs between the slices of the PET series; the first slice's value was used.")
    note_tracer(header, ledger)
    units = unit_word(header.units)
    ledger.add("Units", units, "", "Units (0054,1001)")
    _note_rescale_slope(header, ledger)
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


def _note_rescale_slope(header: PetHeader, ledger: Ledger) -> None:
    """Note the slope, or the range of the slopes where the slices have their own."""
    if header.rescale_slope is None:
        return
    low, high = float(np.min(header.rescale_slope)), float(np.max(header.rescale_slope))
    source = "Rescale Slope (0028,1053)"
    if low == high:
        ledger.add("Rescale slope", low, "", source)
    else:
        ledger.add("Rescale slope", None, "", source, f"one per slice, {low:g} to {high:g}")


UNIT_SPELLINGS = {"BQ/ML": "BQML", "BQ/CC": "BQML", "BQCC": "BQML", "G/ML": "GML", "CM2/ML": "CM2ML"}
"""Spellings of Units (0054,1001) that some writers use -> the word of DICOM (PS3.3 C.8.9.1)."""

MUST_NOT_DIFFER = ("Units", "SUVType", "DecayCorrection", "CorrectedImage")
"""Elements that say what the values mean. Slices that differ in one of them do not form one image."""


def unit_word(units: str | None) -> str:
    """Units (0054,1001) as DICOM spells them; empty when they are missing."""
    word = (units or "").strip().upper()
    return UNIT_SPELLINGS.get(word, word)


def unit_fault(header: PetHeader) -> str | None:
    """Why the values of a PET cannot become SUV, whatever is given by hand; None when they can.

    The words follow "its values"; they are used where one of several PET series is chosen.
    """
    units = unit_word(header.units)
    if units in ("BQML", "CM2ML"):
        return None
    if units == "GML":
        word = (header.suv_type or "").upper()
        return None if word in GML_KINDS else f"are SUV of an unknown type ('{word}')"
    if units == "CNTS":
        known = _usable(header.philips_suv_factor) is not None or _usable(header.philips_activity_factor) is not None
        return None if known else "are counts (CNTS) without a factor to SUV"
    return f"are in a unit that cannot become SUV ({units or 'empty'})"


def slope_fault(header: PetHeader) -> str | None:
    """What is wrong with the rescale slopes, as a sentence; None when nothing is."""
    slopes = header.rescale_slope
    if slopes is None:
        return None
    missing = int(np.count_nonzero(~np.isfinite(slopes)))
    if missing:
        return (
            f"The Rescale Slope (0028,1053) is missing or not a number in {missing} of {slopes.size} slices of the "
            "PET, so that their values are not known."
        )
    if np.min(slopes) <= 0:
        return f"The Rescale Slope (0028,1053) of the PET is {np.min(slopes):g} in some slices; it must be above 0."
    return None


def _check_acceptable(header: PetHeader) -> None:
    """Refuse a series that is no original PET with attenuation correction."""
    if header.modality != "PT":
        raise PainGeneratorError(
            f"The series chosen as PET has the modality {header.modality or 'unknown'}, not PT.",
            "Choose the PET series with --role SERIES=PET.",
        )
    if "ATTN" not in header.corrected_image:
        fault = "is empty" if not header.corrected_image else "does not contain ATTN"
        raise PainGeneratorError(
            f"The PET series is not marked as attenuation-corrected (Corrected Image (0028,0051) {fault}).",
            "Choose the attenuation-corrected series with --role SERIES=PET.",
        )
    _check_scale(header)


def _check_scale(header: PetHeader) -> None:
    """Refuse slices that do not mean the same, and slopes and intercepts that cannot be."""
    differing = [name for name in header.inconsistent if name in MUST_NOT_DIFFER]
    if differing:
        raise PainGeneratorError(
            f"The slices of the PET series differ in {' and '.join(differing)}: they do not form one image.",
            "Send the original series from the scanner or archive.",
        )
    if header.rescale_intercept is not None and np.any(header.rescale_intercept != 0.0):
        raise PainGeneratorError(
            "The PET series has a rescale intercept (0028,1052) other than 0, which PET images must not have.",
            "Send the original series from the scanner or archive, not a converted copy.",
        )
    slopes = slope_fault(header)
    if slopes is not None:
        raise PainGeneratorError(slopes, "Send the original series from the scanner or archive.")


def _check_decay_words(header: PetHeader) -> str:
    """Decay Correction (0054,1102), after a check that Corrected Image (0028,0051) agrees with it.

    Returns
    -------
    str
        ``START``, ``ADMIN`` or ``NONE``.

    Raises
    ------
    PainGeneratorError
        The word is missing or unknown, or the two attributes contradict each other.
    """
    word = (header.decay_correction or "").upper()
    if word not in ("START", "ADMIN", "NONE"):
        raise PainGeneratorError(
            f"The PET header does not say how decay was corrected (Decay Correction (0054,1102) is "
            f"'{word or 'empty'}').",
            "Send the series again from the scanner, or use one with START, ADMIN or NONE.",
        )
    if ("DECY" in header.corrected_image) != (word != "NONE"):
        fault = "contains" if word == "NONE" else "lacks"
        raise PainGeneratorError(
            f"The PET header contradicts itself: Decay Correction (0054,1102) is {word}, but Corrected Image "
            f"(0028,0051) {fault} DECY.",
            "Send the original series from the scanner or archive.",
        )
    return word


def _from_activity(
    header: PetHeader, overrides: SuvOverrides, ledger: Ledger, scale: np.ndarray, way: str
) -> SuvResult:
    """Factors for pixel values that give Bq/ml when they are multiplied by `scale`, shape (n_slices,)."""
    word = _check_decay_words(header)
    header = settle_injections(header, overrides, word, ledger)
    weight = weight_kg_of(header, overrides, ledger)
    height = height_m_of(header, overrides, ledger)
    injections = single_injections(header)
    doses = [dose_bq_of(one, overrides, ledger) for one in injections]
    if names_fdg(header.tracer, header.tracer_code):
        check_dose_for_weight(sum(doses), weight, ledger)
    ledger.add("Decay correction", word, "", "Decay Correction (0054,1102)")
    half_life, uptake = None, None
    factors = scale * (1000.0 * weight / sum(doses))
    if word == "ADMIN":
        way += "/ADMIN"
    else:
        half_life = half_life_s_of(header, ledger, overrides)
        decay_per_s = np.log(2.0) / half_life
        origin, offsets, started, how = _reference(header, word, decay_per_s, ledger)
        way += how
        given = [injection_datetime(one, overrides, started, half_life, ledger) for one in injections]
        each = [
            scale * (1000.0 * weight / dose) * np.exp(decay_per_s * ((origin - moment).total_seconds() + offsets))
            for dose, moment in zip(doses, given, strict=True)
        ]
        # A factor is weight over the dose that is left, and the doses add up.
        factors = each[0] if len(each) == 1 else 1.0 / sum(1.0 / one for one in each)
        uptake = _uptake_minutes(min(given), started, ledger)
    ledger.add("SUVbw factor", float(np.median(factors)), "g/ml per stored unit after rescaling", DERIVED, way)
    return SuvResult(
        factors,
        way,
        tuple(ledger.rows),
        tuple(ledger.warnings),
        weight,
        height,
        header.sex,
        sum(doses),
        half_life,
        uptake,
    )


def _reference(
    header: PetHeader, word: str, decay_per_s: float, ledger: Ledger
) -> tuple[datetime, np.ndarray, datetime, str]:
    """The time that the values stand for, and the start of the scan.

    Returns
    -------
    origin : datetime
    offsets_s : ndarray, shape (n_slices,)
        Seconds after `origin` for which the activity of each slice holds.
    started : datetime
        Start of the scan.
    how : str
        The way, for the provenance.
    """
    earliest = earliest_acquisition(header)
    if not header.has_dates:
        ledger.warn("The header has no dates; its clock times were taken to be of one day, or of the day before.")
    if word == "START":
        origin, offsets, how = start_reference(header, decay_per_s, ledger)
        first = origin + timedelta(seconds=float(offsets.min()))
        # The values may be corrected to a time long before these slices were acquired. GE's time is that of the scan.
        is_scan_time = earliest is None or how == "GE scan time" or first > earliest
        return origin, offsets, first if is_scan_time or earliest is None else earliest, f"/START/{how}"
    origin, offsets, durations = frame_starts(header)
    ledger.add("Frame start", origin, "", "Acquisition Date and Time (0008,0022), (0008,0032)", "earliest")
    _warn_of_short_frames(durations, ledger)
    return origin, offsets + average_decay_time_s(durations, decay_per_s), origin, "/NONE"


SHORTEST_FRAME_S = 1.0
"""Lower bound of the duration of a frame without a warning, s. A shorter one is probably written in seconds instead of
milliseconds (our estimate)."""


def _warn_of_short_frames(durations_s: np.ndarray, ledger: Ledger) -> None:
    """Warn of frames that were probably not written in milliseconds."""
    shortest = float(durations_s.min())
    if shortest < SHORTEST_FRAME_S:
        ledger.warn(
            f"The frame duration (0018,1242) of {1000.0 * shortest:g} ms cannot be right; if it is in seconds, SUV is "
            "off by the decay during half of the frame."
        )


def _uptake_minutes(given: datetime, scan: datetime, ledger: Ledger) -> float:
    """Minutes from the injection to the scan; warns when they are unusual."""
    minutes = (scan - given).total_seconds() / 60.0
    ledger.add("Uptake time", round(minutes, 2), "min", DERIVED)
    low, high = SHORTEST_USUAL_UPTAKE_MINUTES, LONGEST_USUAL_UPTAKE_MINUTES
    if not low <= minutes <= high:
        by_half_day = minutes - HALF_DAY_MINUTES
        hint = (
            f" It is {by_half_day:.0f} min if the time of injection lacks 12 hours."
            if low <= by_half_day <= high
            else ""
        )
        ledger.warn(f"The uptake time is {minutes:.0f} min; {low:g} to {high:g} min are usual.{hint}")
    return minutes


def _usable(factors: np.ndarray | None) -> np.ndarray | None:
    """Private factors of the slices, or None unless all of them are above 0."""
    return factors if factors is not None and bool(np.all(np.nan_to_num(factors) > 0)) else None


def _from_counts(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> SuvResult:
    """Counts of a Philips scanner: its SUV factor is used, else its activity factor."""
    suv_factor, activity = _usable(header.philips_suv_factor), _usable(header.philips_activity_factor)
    if suv_factor is not None:
        return _from_suv_counts(header, overrides, ledger, suv_factor, activity)
    if activity is None:
        raise PainGeneratorError(
            "The PET values are counts (Units CNTS), and the header has no factor to convert them "
            "(Philips' private SUV and activity factors (7053,xx00), (7053,xx09) are missing or 0).",
            "Send the series again without removing private tags, or use one in Bq/ml.",
        )
    _warn_of_missing_creator(header, ledger)
    ledger.add("Philips activity factor", float(np.median(activity)), "Bq/ml per count", "Activity factor (7053,xx09)")
    return _from_activity(header, overrides, ledger, activity, "CNTS/Philips activity factor")


def _from_suv_counts(
    header: PetHeader, overrides: SuvOverrides, ledger: Ledger, suv_factor: np.ndarray, activity: np.ndarray | None
) -> SuvResult:
    """Counts that the SUV factor of Philips turns into SUVbw; the activity factor only serves as a check."""
    _warn_of_missing_creator(header, ledger)
    ledger.add("Philips SUV factor", float(np.median(suv_factor)), "g/ml per count", "SUV factor (7053,xx00)")
    if activity is not None:
        _compare_philips(header, overrides, ledger, suv_factor, activity)
    if overrides != SuvOverrides():
        ledger.warn(
            "Weight, dose or time given by hand do not enter: Philips' SUV factor already contains the scanner's."
        )
    return _ready(header, ledger, np.asarray(suv_factor, dtype=np.float64), "CNTS/Philips SUV factor", None, None)


def _warn_of_missing_creator(header: PetHeader, ledger: Ledger) -> None:
    if not header.philips_creator_found:
        ledger.warn("Philips' private factors have no private creator element; they were taken from (7053,10xx).")


def _compare_philips(
    header: PetHeader, overrides: SuvOverrides, ledger: Ledger, suv_factor: np.ndarray, activity: np.ndarray
) -> None:
    """Warn when the two private factors lead to different SUV; note it when the activity factor cannot be used."""
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
    """Values in g/ml: they are SUV already, perhaps normalized by another body size than the weight."""
    word = (header.suv_type or "").upper()
    if word not in GML_KINDS:
        raise PainGeneratorError(
            f"The PET values are SUV of a type that is not known here (SUV Type (0054,1006) is '{word}').",
            "Use the series in Bq/ml or SUVbw.",
        )
    kind = GML_KINDS[word]
    ledger.add("SUV type", word or "BW", "", "SUV Type (0054,1006)", "" if word else "empty means BW")
    if kind is None:
        if replace(overrides, height_m=None) != SuvOverrides():
            ledger.warn("Weight, dose or time given by hand do not enter: the PET values are SUV already.")
        return _ready(header, ledger, np.ones(header.n_slices), "GML/BW", None, None)
    weight, height, sex = body_of(header, overrides, ledger)
    factor = 1.0 / factor_from_suv_bw(kind, weight, height, sex)
    return _ready(header, ledger, np.full(header.n_slices, factor), f"GML/{word}", weight, height)


def _from_cm2ml(header: PetHeader, overrides: SuvOverrides, ledger: Ledger) -> SuvResult:
    """Values that are SUV normalized by the body surface area."""
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


def _ready(
    header: PetHeader, ledger: Ledger, factors: np.ndarray, path: str, weight: float | None, height: float | None
) -> SuvResult:
    """The result for values that need neither dose nor decay."""
    weight, height = weight or _stated(header.weight_kg), height or _stated(header.height_m)
    ledger.add("SUVbw factor", float(np.median(factors)), "g/ml per stored unit after rescaling", DERIVED, path)
    earliest = earliest_acquisition(header)
    if earliest is not None:
        ledger.add("Earliest acquisition", earliest, "", "Acquisition Date and Time (0008,0022), (0008,0032)")
    return SuvResult(factors, path, tuple(ledger.rows), tuple(ledger.warnings), weight, height, header.sex)


def _stated(value: float | None) -> float | None:
    """A number of the header that does not enter the computation; None when it is 0 or not a number."""
    return None if value is None or np.isnan(value) or value == 0 else value


def unit_kind(unit: str) -> str | None:
    """The kind of SUV that a unit names.

    Parameters
    ----------
    unit : str
        A UCUM code as DICOM writes it now (``g/ml{SUVbw}``), its old form (``{SUVbw}g/ml``), or a plain name
        (``SUVbw``, ``SUV``, ``SUVlbm(Janma)``).

    Returns
    -------
    str or None
        ``bw`` or a key of :data:`.body_size.NORMALIZATIONS`; None when the unit is not one of SUV.
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
    """The factors to SUVbw of a volume that has no DICOM header, but a known unit.

    Parameters
    ----------
    unit : str
        As for :func:`unit_kind`.
    n_slices : int
    weight_kg, height_m : float, optional
        Needed for units other than SUVbw.
    sex : str, optional
        M, F or O.

    Returns
    -------
    SuvResult
        The same factor for every slice.

    Raises
    ------
    PainGeneratorError
        The unit is not one of SUV, or weight or height is missing.
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
