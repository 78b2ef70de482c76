"""The two times of decay: when the tracer was given, and which time the pixel values are corrected to.

Order of the choices: Vacha et al. (IBSI-SUV manual and digital reference objects); QIBA's vendor-neutral pseudocode.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from ..core.errors import PainGeneratorError
from .records import BY_HAND, Ledger, PetHeader, SuvOverrides

SAME_TIME_S = 1.0
"""Scanners write series and acquisition times that differ by rounding (5 microseconds seen); these are one time."""
EARLIEST_PLAUSIBLE_S = -3600.0
"""An injection up to an hour after the scan is taken for a wrong time, beyond it for a shifted date."""
LATEST_PLAUSIBLE_HALF_LIVES = 2.0
"""An uptake longer than this many half-lives makes the date doubtful."""
LONGEST_HALF_LIVES = 10.0
"""Beyond it less than a thousandth of the dose is left: not an injection for this scan."""
FACTOR_TOLERANCE = 0.02
"""Two ways to the reference time that change SUV by more than this are reported."""

_GIVE_TIME = 'Check the times in the DICOM header, or give the right one with --injection-time "YYYY-MM-DD HH:MM:SS".'


def _seconds(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()


def _clock_before(reference: datetime, clock: datetime) -> datetime:
    """The latest moment with the clock time of `clock` that is not after `reference`."""
    moment = datetime.combine(reference.date(), clock.time())
    return moment - timedelta(days=1) if _seconds(moment, reference) > SAME_TIME_S else moment


def injection_datetime(
    header: PetHeader, overrides: SuvOverrides, reference: datetime, half_life_s: float, ledger: Ledger
) -> datetime:
    """When the tracer was given, on the calendar of the scan.

    Parameters
    ----------
    reference : datetime
        The time the scan's decay correction refers to.
    half_life_s : float
        Sets what is plausible: from one hour after to two half-lives before the reference.

    Raises
    ------
    PainGeneratorError
        No time at all, or one that cannot belong to this scan.
    """
    latest = LATEST_PLAUSIBLE_HALF_LIVES * half_life_s
    if overrides.injection_datetime is not None:
        moment, source, note = overrides.injection_datetime, BY_HAND, ""
    elif header.start_datetime is not None:
        moment, source, note = header.start_datetime, "Radiopharmaceutical Start DateTime (0018,1078)", ""
        if not EARLIEST_PLAUSIBLE_S <= _seconds(reference, moment) <= latest:
            by_clock = _clock_before(reference, moment)
            if _seconds(reference, by_clock) <= latest:
                ledger.warn(
                    f"The date of injection ({moment:%Y-%m-%d %H:%M}) does not fit the scan "
                    f"({reference:%Y-%m-%d %H:%M}); only its clock time was used."
                )
                moment, note = by_clock, "clock time only: the date does not fit the scan"
        if header.start_time is not None:
            gap = abs(_seconds(datetime.combine(moment.date(), header.start_time), moment))
            if min(gap, abs(gap - 86400.0)) > 60.0:
                ledger.warn(
                    f"The header names two times of injection, {moment:%H:%M:%S} (0018,1078) and "
                    f"{header.start_time:%H:%M:%S} (0018,1072); the first was used."
                )
    elif header.start_time is not None:
        source, note = "Radiopharmaceutical Start Time (0018,1072)", "on the date of the scan"
        on_day = datetime.combine(reference.date(), header.start_time)
        moment = _clock_before(reference, on_day)
        if moment != on_day:
            if _seconds(reference, moment) > latest:
                moment = on_day
            else:
                note = "on the day before the scan: the scan passed midnight"
    else:
        raise PainGeneratorError(
            "The PET header has no time of injection (0018,1078 and 0018,1072 are empty).",
            'Give it with --injection-time "YYYY-MM-DD HH:MM:SS".',
        )
    elapsed = _seconds(reference, moment)
    if elapsed < -SAME_TIME_S:
        raise PainGeneratorError(
            f"The injection ({moment:%Y-%m-%d %H:%M:%S}) lies after the start of the scan "
            f"({reference:%Y-%m-%d %H:%M:%S}).",
            _GIVE_TIME,
        )
    if elapsed > LONGEST_HALF_LIVES * half_life_s:
        raise PainGeneratorError(
            f"The injection ({moment:%Y-%m-%d %H:%M:%S}) lies {elapsed / 3600.0:.0f} hours before the scan "
            f"({reference:%Y-%m-%d %H:%M:%S}).",
            _GIVE_TIME,
        )
    ledger.add("Injection", moment, "", source, note)
    return moment


def earliest_acquisition(header: PetHeader) -> datetime | None:
    """The earliest acquisition time of all slices."""
    known = [moment for moment in header.acquisition_datetimes if moment is not None]
    return min(known) if known else None


def average_decay_time_s(duration_s: np.ndarray, decay_per_s: float) -> np.ndarray:
    """Time from the start of a frame to the moment whose activity equals the frame's mean, s, shape as given."""
    x = decay_per_s * np.asarray(duration_s, dtype=np.float64)
    return np.log(x / -np.expm1(-x)) / decay_per_s


def _back_computed(header: PetHeader, decay_per_s: float) -> tuple[datetime, np.ndarray] | None:
    """Reference time of every slice from acquisition, duration and frame reference time; None where they lack.

    Returns the earliest acquisition and the reference times as seconds after it, shape (n_slices,).
    """
    frame, duration = header.frame_reference_time_ms, header.actual_frame_duration_ms
    origin = earliest_acquisition(header)
    if frame is None or duration is None or origin is None or None in header.acquisition_datetimes:
        return None
    if not (np.all(frame > 0) and np.all(duration > 0)):
        return None
    acquired = np.array([_seconds(moment, origin) for moment in header.acquisition_datetimes])
    spread_ms = float(np.ptp(frame))
    if np.ptp(acquired) <= SAME_TIME_S and spread_ms > float(duration.min()):
        # The beds follow one another, yet carry one acquisition time: it is that of the series.
        return None
    return origin, acquired + average_decay_time_s(duration / 1000.0, decay_per_s) - frame / 1000.0


def start_reference(header: PetHeader, decay_per_s: float, ledger: Ledger) -> tuple[datetime, np.ndarray, str]:
    """The time that values with Decay Correction START are corrected to.

    Returns
    -------
    origin : datetime
    offsets_s : ndarray, shape (n_slices,)
        Reference time of each slice in seconds after `origin`.
    way : str
        How it was found.
    """
    earliest, series = earliest_acquisition(header), header.series_datetime
    back = _back_computed(header, decay_per_s)
    zeros = np.zeros(header.n_slices)
    if header.decay_corrected_to is not None:
        origin = header.decay_corrected_to
        ledger.add("Decay correction reference", origin, "", "Decay Correction DateTime (0018,9701)")
        return origin, zeros, "decay correction date-time"
    if header.ge_scan_datetime is not None:
        origin, note = header.ge_scan_datetime, ""
        anchor = series or earliest
        if not header.ge_creator_found:
            note = "private creator element missing; taken from (0009,100D)"
            ledger.warn("GE's private scan time has no private creator element; it was taken from (0009,100D).")
        if anchor is not None and abs(_seconds(anchor, origin)) > 43200.0:
            day = min(
                (datetime.combine(anchor.date() + timedelta(days=d), origin.time()) for d in (-1, 0, 1)),
                key=lambda moment: abs(_seconds(anchor, moment)),
            )
            ledger.warn(
                f"GE's private scan time ({origin:%Y-%m-%d %H:%M}) has another date than the series "
                f"({anchor:%Y-%m-%d}); only its clock time was used."
            )
            origin, note = day, "clock time only: the date does not fit the series"
        ledger.add("Decay correction reference", origin, "", "GE PET scan date-time (0009,xx0D)", note)
        return origin, zeros, "GE scan time"
    if series is not None and (earliest is None or _seconds(series, earliest) <= SAME_TIME_S):
        note = ""
        if earliest is None:
            ledger.warn("The slices have no acquisition time: the series time could not be checked against it.")
        elif back is not None:
            note = _cross_check(series, back, decay_per_s, ledger)
        siemens = header.siemens_reference_datetime
        if siemens is not None and abs(_seconds(siemens, series)) > SAME_TIME_S:
            ledger.warn(
                f"Siemens' private reference time ({siemens:%H:%M:%S}) differs from the series time "
                f"({series:%H:%M:%S}); the series time was used."
            )
        ledger.add("Decay correction reference", series, "", "Series Date and Time (0008,0021), (0008,0031)", note)
        return series, zeros, "series time"
    if back is not None:
        origin, offsets = back
        late = "" if series is None else f"the series time {series:%H:%M:%S} is later than the acquisition"
        middle = origin + timedelta(seconds=float(np.median(offsets)))
        ledger.add("Decay correction reference", middle, "", "derived from acquisition and frame times", late)
        spread = float(np.expm1(decay_per_s * np.ptp(offsets)))
        if spread > FACTOR_TOLERANCE:
            ledger.warn(
                f"The slices are corrected to reference times up to {np.ptp(offsets):.0f} s apart; "
                "each got its own factor."
            )
        return origin, offsets, "frame times"
    if earliest is None:
        raise PainGeneratorError(
            "The PET header has neither a series time nor acquisition times, so the decay cannot be corrected.",
            "Send the series again from the scanner or archive with its dates and times.",
        )
    ledger.warn(
        "The reference time of the decay correction is not in the header; the earliest acquisition was used "
        "(SUV may be a few per cent off)."
    )
    ledger.add("Decay correction reference", earliest, "", "Acquisition Date and Time (0008,0022), (0008,0032)")
    return earliest, zeros, "earliest acquisition"


def _cross_check(series: datetime, back: tuple[datetime, np.ndarray], decay_per_s: float, ledger: Ledger) -> str:
    """Compare the series time with the frame times; warns beyond FACTOR_TOLERANCE, returns a note."""
    origin, offsets = back
    apart_s = _seconds(origin, series) + float(np.median(offsets))
    change = float(np.expm1(decay_per_s * abs(apart_s)))
    if change > FACTOR_TOLERANCE:
        ledger.warn(
            f"The frame times point to a reference time {apart_s:+.0f} s from the series time, which would change "
            f"SUV by {100.0 * change:.1f} %; the series time was used."
        )
    return f"frame times give {apart_s:+.1f} s ({100.0 * change:.2f} % of SUV)"


def frame_starts(header: PetHeader) -> tuple[datetime, np.ndarray, np.ndarray]:
    """Start of every slice's frame, for values without decay correction.

    Returns
    -------
    origin : datetime
        The earliest acquisition.
    offsets_s, durations_s : ndarray, shape (n_slices,)

    Raises
    ------
    PainGeneratorError
        A slice lacks its acquisition time or frame duration.
    """
    origin, duration = earliest_acquisition(header), header.actual_frame_duration_ms
    if origin is None or None in header.acquisition_datetimes:
        raise PainGeneratorError(
            "The PET is not decay-corrected and has slices without an acquisition time (0008,0032).",
            "Use the decay-corrected series, or send this one again with its acquisition times.",
        )
    if duration is None or not np.all(duration > 0):
        raise PainGeneratorError(
            "The PET is not decay-corrected and has slices without a frame duration (0018,1242).",
            "Use the decay-corrected series, or send this one again with its frame durations.",
        )
    offsets = np.array([_seconds(moment, origin) for moment in header.acquisition_datetimes])
    return origin, offsets, duration / 1000.0
