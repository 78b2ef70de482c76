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
        The header is not the scanner's.
    """

    header: PetHeader | None
    unit: str | None
    missing: tuple[str, ...]
    assumed: bool = False


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
    if chosen_unit == "auto" and unit_kind(volume.unit or ""):
        kind = unit_kind(volume.unit)
        missing = [] if kind == "bw" else _missing_sizes(None, options)
        return PetSource(None, volume.unit, tuple(missing))
    if header is not None:
        return PetSource(header, None, _missing(header, options))
    if chosen_unit == "auto" and volume.unit != ACTIVITY_UNIT:
        return PetSource(None, None, ("unit",))
    started = scan_time or _series_time(volume)
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
    missing = list(_missing(made, options))
    if started is None:
        missing.append("scan time")
    return PetSource(made, None, tuple(missing), True)


def _missing_sizes(header: PetHeader | None, options: CaseOptions) -> list[str]:
    missing = []
    if options.weight_kg is None and not (header and header.weight_kg):
        missing.append("weight")
    if options.height_m is None and not (header and header.height_m):
        missing.append("height")
    return missing


def _missing(header: PetHeader, options: CaseOptions) -> tuple[str, ...]:
    """What a header lacks for its way to SUV; what else is wrong with it, the computation says."""
    units = (header.units or "").upper()
    if units == "GML":
        word = (header.suv_type or "BW").upper()
        return () if word == "BW" else tuple(_missing_sizes(header, options))
    if units == "CM2ML":
        return tuple(_missing_sizes(header, options))
    suv_factor = header.philips_suv_factor
    if units == "CNTS" and suv_factor is not None and np.all(np.nan_to_num(suv_factor) > 0):
        return ()
    missing = []
    if options.weight_kg is None and not header.weight_kg:
        missing.append("weight")
    if options.dose_mbq is None and not header.dose:
        missing.append("dose")
    has_time = header.start_datetime is not None or header.start_time is not None
    if options.injection_time is None and not has_time and (header.decay_correction or "").upper() != "ADMIN":
        missing.append("injection time")
    return tuple(missing)


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
    if source.header is None:
        return factors_for_unit(source.unit, n_slices, options.weight_kg, options.height_m, sex)
    result = compute_suv_factors(source.header, overrides_of(options))
    if not source.assumed:
        return result
    row = ProvenanceRow("Values taken for", "Bq/ml, decay-corrected to the scan's start, F-18", "", BY_HAND)
    return dataclasses.replace(result, provenance=(row, *result.provenance), warnings=(ASSUMED, *result.warnings))


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
    return SuvLine(in_words(result), [], [row.to_json() for row in result.provenance], True)


def in_words(result: SuvResult) -> str:
    """Factor, decay correction, injected dose, uptake time and weight of a result."""
    low, high = float(result.factors.min()), float(result.factors.max())
    if result.is_constant and abs(low - 1.0) < 1e-12 and result.dose_bq is None:
        parts = ["The PET volume holds SUVbw already"]
    elif result.is_constant:
        parts = [f"SUVbw factor {low:.6g}"]
    else:
        parts = [f"SUVbw factors {low:.6g} to {high:.6g}, one for each slice"]
    decay = next((row.value for row in result.provenance if row.quantity == "Decay correction"), None)
    if decay:
        words = {"START": "to the start of the scan", "ADMIN": "to the injection", "NONE": "none, done here"}
        parts.append(f"decay correction {words.get(str(decay), decay)}")
    hand = result.given_by_hand
    if result.dose_bq is not None:
        parts.append(f"dose {result.dose_bq / 1e6:.1f} MBq" + _by_hand("Injected dose" in hand))
    if result.uptake_minutes is not None:
        parts.append(f"uptake {result.uptake_minutes:.0f} min" + _by_hand("Injection" in hand))
    if result.weight_kg is not None:
        parts.append(f"weight {result.weight_kg:.1f} kg" + _by_hand("Weight" in hand))
    return ", ".join(parts) + "."


def _by_hand(given: bool) -> str:
    return " (given by hand)" if given else ""


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
