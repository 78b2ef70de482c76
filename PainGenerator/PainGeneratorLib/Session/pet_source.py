"""How the values of a loaded PET volume become SUV: by its DICOM header, by its unit, or by what is given by hand."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.suv.factors import (
    PetHeader,
    ProvenanceRow,
    SuvResult,
    compute_suv_factors,
    factors_for_unit,
    unit_kind,
    unit_word,
)
from ..Numerics.suv.records import BY_HAND
from ..Scene.volumes_in_scene import VolumeFacts
from ..Workflow.case import CaseOptions
from ..Workflow.stages import SUV_BW, overrides_of
from .types import SuvLine

ASSUMED = (
    "The DICOM header of the PET is not there: that the values are Bq/ml, corrected for attenuation and for decay to "
    "the start of the scan, and that the tracer is F-18 FDG, was taken for granted."
)
ACTIVITY_UNIT = "Bq/ml"

NOT_USED = (
    "The PET volume holds SUVbw already: what was given by hand ({given}) was not used. For the SUV with it, load the "
    "PET from its DICOM files and run the step Case again."
)
"""What is said of values that cannot change the SUV, as the activity that they belong to is not there."""

SAID_TO_BE_SUV = (
    "The volume itself says that its values are SUV ({unit}), but they were taken for Bq/ml, as chosen in the step "
    "Case: check the choice."
)
"""What is said of a choice that contradicts the volume."""


@dataclass(frozen=True, eq=False)
class PetSource:
    """What is known about the values of a PET volume.

    Parameters
    ----------
    header : PetHeader or None
        From the files; or made of what was given by hand (then `assumed`).
    unit : str or None
        A unit of SUV, when the values are SUV already.
    missing : tuple of str
        What must be given before the SUV can be computed.
    assumed : bool
        True when the header is not the one of the scanner.
    doubt : str
        A sentence on a choice that contradicts the volume; empty without one.
    """

    header: PetHeader | None
    unit: str | None
    missing: tuple[str, ...]
    assumed: bool = False
    doubt: str = ""


def pet_source(
    volume: VolumeFacts,
    header: PetHeader | None,
    chosen_unit: str,
    options: CaseOptions,
    scan_time: datetime.datetime | None,
) -> PetSource:
    """Decide how a volume's values are to be read.

    Parameters
    ----------
    volume : VolumeFacts
    header : PetHeader or None
        From the DICOM files, where they are there.
    chosen_unit : str
        ``auto``, ``SUVbw`` or ``Bq/ml``, as the user said.
    options : CaseOptions
        What was given by hand.
    scan_time : datetime or None
        Start of the scan, given by hand.
    """
    if chosen_unit == "SUVbw":
        return PetSource(None, SUV_BW, ())
    kind = unit_kind(volume.unit or "")
    if chosen_unit == "auto" and kind:
        return PetSource(None, volume.unit, () if kind == "bw" else _missing_sizes(None, options))
    if header is not None:
        return PetSource(header, None, _missing(header, options))
    if chosen_unit == "auto" and volume.unit != ACTIVITY_UNIT:
        return PetSource(None, None, ("unit",))
    made = _assumed_source(volume, options, scan_time or _series_time(volume))
    return dataclasses.replace(made, doubt=SAID_TO_BE_SUV.format(unit=volume.unit)) if kind else made


def _assumed_source(volume: VolumeFacts, options: CaseOptions, started: datetime.datetime | None) -> PetSource:
    """Activity without a header, read as a scanner usually writes it; `started` is the start of the scan."""
    made = PetHeader(
        volume.geometry.shape[0],
        modality="PT",
        corrected_image=("ATTN", "DECY"),
        units="BQML",
        decay_correction="START",
        series_datetime=started,
        acquisition_datetimes=(started,) * volume.geometry.shape[0],
        sex=volume.dicom.get("PatientSex"),
        nuclide="F-18",
        tracer="FDG",
    )
    missing = _missing(made, options)
    return PetSource(made, None, missing if started is not None else (*missing, "scan time"), True)


def _missing(header: PetHeader, options: CaseOptions) -> tuple[str, ...]:
    """What a header lacks to compute the SUV. Other faults of a header are reported by the computation itself."""
    units = unit_word(header.units)
    if units == "GML":
        kind = (header.suv_type or "BW").upper()
        return () if kind == "BW" else _missing_sizes(header, options)
    if units == "CM2ML":
        return _missing_sizes(header, options)
    suv_factor = header.philips_suv_factor
    if units == "CNTS" and suv_factor is not None and np.all(np.nan_to_num(suv_factor) > 0):
        return ()
    return _missing_for_activity(header, options)


def _missing_sizes(header: PetHeader | None, options: CaseOptions) -> tuple[str, ...]:
    """What a unit by the size of the body needs: weight and height."""
    weight = options.weight_kg is not None or (header is not None and _is_given(header.weight_kg))
    height = options.height_m is not None or (header is not None and _is_given(header.height_m))
    return tuple(name for name, known in (("weight", weight), ("height", height)) if not known)


def _is_given(value: float | None) -> bool:
    """Whether a number of the header can be used: it is there, a number, and not 0."""
    return value is not None and not np.isnan(value) and value != 0


def _missing_for_activity(header: PetHeader, options: CaseOptions) -> tuple[str, ...]:
    """What activity needs: weight, dose, and the time of injection unless it is corrected for decay to that time."""
    weight = options.weight_kg is not None or _is_given(header.weight_kg)
    dose = options.dose_mbq is not None or _is_given(header.dose)
    injection = (
        options.injection_time is not None
        or header.start_datetime is not None
        or header.start_time is not None
        or (header.decay_correction or "").upper() == "ADMIN"
    )
    needed = (("weight", weight), ("dose", dose), ("injection time", injection))
    return tuple(name for name, known in needed if not known)


def _series_time(volume: VolumeFacts) -> datetime.datetime | None:
    """Date and time of the series, as the subject hierarchy keeps them."""
    day = volume.dicom.get("SeriesDate") or volume.dicom.get("StudyDate")
    time = (volume.dicom.get("SeriesTime") or "").split(".")[0]
    try:
        return datetime.datetime.strptime(f"{day} {time}", "%Y%m%d %H%M%S")
    except ValueError:
        return None


def suv_factors(source: PetSource, options: CaseOptions, n_slices: int, sex: str | None = None) -> SuvResult:
    """SUVbw factors of a source that lacks nothing.

    Raises
    ------
    PainGeneratorError
        When the SUV cannot be right.
    """
    if source.missing:
        raise PainGeneratorError(
            f"The SUV cannot be computed: {', '.join(source.missing)} not known.", "Give it in the step Case."
        )
    if source.unit is not None:
        result = factors_for_unit(source.unit, n_slices, options.weight_kg, options.height_m, sex)
        unused = not_used(source, options)
        return dataclasses.replace(result, warnings=(*([unused] if unused else []), *result.warnings))
    if source.header is None:
        raise ValueError("a source that lacks nothing has a unit or a header")
    result = compute_suv_factors(source.header, overrides_of(options))
    if not source.assumed:
        return result
    row = ProvenanceRow("Values taken for", "Bq/ml, decay-corrected to the scan's start, F-18", "", BY_HAND)
    warnings = (*([source.doubt] if source.doubt else []), ASSUMED, *result.warnings)
    return dataclasses.replace(result, provenance=(row, *result.provenance), warnings=warnings)


def not_used(source: PetSource, options: CaseOptions) -> str:
    """A sentence on what was given by hand and cannot change the SUV of a source; empty without such values."""
    if unit_kind(source.unit or "") != "bw":
        return ""
    values = (
        ("weight {:g} kg", options.weight_kg),
        ("height {:g} m", options.height_m),
        ("dose {:g} MBq", options.dose_mbq),
        ("injection at {}", options.injection_time),
    )
    given = ", ".join(text.format(value) for text, value in values if value is not None)
    return NOT_USED.format(given=given) if given else ""


def suv_line(source: PetSource | None, options: CaseOptions, n_slices: int, sex: str | None) -> SuvLine:
    """The SUV in words, or why there is none."""
    if source is None:
        return SuvLine("No PET volume is chosen.", [], [], False)
    if source.missing:
        asked = "what the values of the PET volume are" if "unit" in source.missing else _joined(source.missing)
        return SuvLine(f"No SUV yet: {asked} must be given.", list(source.missing), [], False)
    try:
        result = suv_factors(source, options, n_slices, sex)
    except PainGeneratorError as error:
        return SuvLine(f"No SUV: {error.reason}", [], [], False)
    text = " ".join(part for part in (in_words(result), not_used(source, options), source.doubt) if part)
    return SuvLine(text, [], [row.to_json() for row in result.provenance], True)


DECAY_WORDS = {"START": "to the start of the scan", "ADMIN": "to the injection", "NONE": "none, done here"}
"""What the DICOM attribute Decay Correction means."""


def in_words(result: SuvResult) -> str:
    """Factor, decay correction, injected dose, uptake time and weight of a result."""
    parts = [_factor_in_words(result)]
    decay = next((row.value for row in result.provenance if row.quantity == "Decay correction"), None)
    if decay:
        parts.append(f"decay correction {DECAY_WORDS.get(str(decay), decay)}")
    hand = result.given_by_hand
    if result.dose_bq is not None:
        parts.append(f"dose {result.dose_bq / 1e6:.1f} MBq" + _by_hand("Injected dose" in hand))
    if result.uptake_minutes is not None:
        parts.append(f"uptake {result.uptake_minutes:.0f} min" + _by_hand("Injection" in hand))
    if result.weight_kg is not None:
        parts.append(f"weight {result.weight_kg:.1f} kg" + _by_hand("Weight" in hand))
    return ", ".join(parts) + "."


def _factor_in_words(result: SuvResult) -> str:
    low, high = float(result.factors.min()), float(result.factors.max())
    if not result.is_constant:
        return f"SUVbw factors {low:.6g} to {high:.6g}, one for each slice"
    if abs(low - 1.0) < 1e-12 and result.dose_bq is None:
        return "The PET volume holds SUVbw already"
    return f"SUVbw factor {low:.6g}"


def _by_hand(given: bool) -> str:
    return " (given by hand)" if given else ""


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
