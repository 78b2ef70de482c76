"""The two times that decay depends on: when the tracer was given, and which time the pixel values are corrected to.

The order of the choices follows the IBSI-SUV manual and its digital reference objects (Vacha, Hofheinz, Braune, Loeck,
Zwanenburg) and QIBA's vendor-neutral pseudocode (2018).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from ..core.errors import PainGeneratorError
from .records import BY_HAND, Ledger, PetHeader, SuvOverrides

SAME_TIME_S = 1.0
"""Upper bound of the difference between two times that count as the same, s. Scanners write series and acquisition
times that differ by rounding; 5 microseconds were seen in real headers."""

EARLIEST_PLAUSIBLE_S = -3600.0
"""Lower bound of the time from the injection to the scan, s. An injection up to an hour after the scan is a wrong
time; if it is later still, the dates were probably shifted (our estimate)."""

LATEST_PLAUSIBLE_HALF_LIVES = 2.0
"""Upper bound of the uptake time, in half-lives, for which the date of the injection is believed (our estimate)."""

LONGEST_HALF_LIVES = 10.0
"""Upper bound of the uptake time, in half-lives. Later less than a thousandth of the dose is left, so the injection
was not for this scan."""

FACTOR_TOLERANCE = 0.02
"""Upper bound of the relative change of SUV between two ways to the reference time without a warning (our
estimate)."""

SAME_INJECTION_S = 60.0
"""Upper bound of the difference between the two injection times of a header without a warning, s (our estimate)."""

DAY_S = 86400.0
"""Seconds of a day."""

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
    """When the tracer was given, by the clock and calendar of the scanner.

    Parameters
    ----------
    header : PetHeader
    overrides : SuvOverrides
        A time given by hand takes the place of the header's.
    reference : datetime
        The time that the scan's values are corrected to.
    half_life_s : float
        It decides what is plausible: from one hour after the reference to two half-lives before it.
    ledger : Ledger
        Receives the row and the warnings.

    Raises
    ------
    PainGeneratorError
        There is no time, or it cannot belong to this scan.
    """
    latest = LATEST_PLAUSIBLE_HALF_LIVES * half_life_s
    if overrides.injection_datetime is not None:
        moment, source, note = overrides.injection_datetime, BY_HAND, ""
    elif header.start_datetime is not None:
        source = "Radiopharmaceutical Start DateTime (0018,1078)"
        moment, note = _dated_injection(header, header.start_datetime, reference, latest, ledger)
    elif header.start_time is not None:
        source = "Radiopharmaceutical Start Time (0018,1072)"
        moment, note = _clock_injection(datetime.combine(reference.date(), header.start_time), reference, latest)
    else:
        raise PainGeneratorError(
            "The PET header has no time of injection (0018,1078 and 0018,1072 are empty).",
            'Give it with --injection-time "YYYY-MM-DD HH:MM:SS".',
        )
    _check_elapsed(moment, reference, half_life_s)
    ledger.add("Injection", moment, "", source, note)
    return moment


def _dated_injection(
    header: PetHeader, moment: datetime, reference: datetime, latest_s: float, ledger: Ledger
) -> tuple[datetime, str]:
    """The injection from its date and time, and a note; only the clock time where the date does not fit the scan."""
    note = ""
    if not EARLIEST_PLAUSIBLE_S <= _seconds(reference, moment) <= latest_s:
        by_clock = _clock_before(reference, moment)
        if _seconds(reference, by_clock) <= latest_s:
            ledger.warn(
                f"The date of injection ({moment:%Y-%m-%d %H:%M}) does not fit the scan "
                f"({reference:%Y-%m-%d %H:%M}); only its clock time was used."
            )
            moment, note = by_clock, "clock time only: the date does not fit the scan"
    if header.start_time is not None:
        gap = abs(_seconds(datetime.combine(moment.date(), header.start_time), moment))
        if min(gap, abs(gap - DAY_S)) > SAME_INJECTION_S:
            ledger.warn(
                f"The header names two times of injection, {moment:%H:%M:%S} (0018,1078) and "
                f"{header.start_time:%H:%M:%S} (0018,1072); the first was used."
            )
    return moment, note


def _clock_injection(on_day: datetime, reference: datetime, latest_s: float) -> tuple[datetime, str]:
    """The injection from its clock time alone, and a note: on the day of the scan, or on the day before it."""
    moment = _clock_before(reference, on_day)
    if moment != on_day and _seconds(reference, moment) <= latest_s:
        return moment, "on the day before the scan: the scan passed midnight"
    return on_day, "on the date of the scan"


def _check_elapsed(moment: datetime, reference: datetime, half_life_s: float) -> None:
    """Refuse an injection after the scan, or one so long before it that it was not for this scan."""
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


def earliest_acquisition(header: PetHeader) -> datetime | None:
    """The earliest acquisition time of all slices; None when no slice has one."""
    known = [moment for moment in header.acquisition_datetimes if moment is not None]
    return min(known) if known else None


def _acquired_after_s(header: PetHeader, origin: datetime) -> np.ndarray | None:
    """Acquisition time of every slice, seconds after `origin`; None when a slice has none."""
    known = [_seconds(moment, origin) for moment in header.acquisition_datetimes if moment is not None]
    return np.array(known) if len(known) == len(header.acquisition_datetimes) else None


def average_decay_time_s(duration_s: np.ndarray, decay_per_s: float) -> np.ndarray:
    """Time from the start of a frame to the moment whose activity equals the frame's mean, s.

    Parameters
    ----------
    duration_s : ndarray
        Durations of frames, s, > 0.
    decay_per_s : float
        Decay constant, 1/s.

    Returns
    -------
    ndarray, shape of `duration_s`
    """
    x = decay_per_s * np.asarray(duration_s, dtype=np.float64)
    average: np.ndarray = np.log(x / -np.expm1(-x)) / decay_per_s
    return average


def _back_computed(header: PetHeader, decay_per_s: float) -> tuple[datetime, np.ndarray] | None:
    """Reference time of every slice, computed back from acquisition, duration and frame reference time.

    Returns
    -------
    tuple of (datetime, ndarray of shape (n_slices,)) or None
        The earliest acquisition, and the reference times as seconds after it. None when a value is missing.
    """
    frame, duration = header.frame_reference_time_ms, header.actual_frame_duration_ms
    origin = earliest_acquisition(header)
    acquired = None if origin is None else _acquired_after_s(header, origin)
    if frame is None or duration is None or origin is None or acquired is None:
        return None
    if not (np.all(frame > 0) and np.all(duration > 0)):
        return None
    spread_ms = float(np.ptp(frame))
    if np.ptp(acquired) <= SAME_TIME_S and spread_ms > float(duration.min()):
        # The beds follow one another, yet carry one acquisition time: it is that of the series.
        return None
    return origin, acquired + average_decay_time_s(duration / 1000.0, decay_per_s) - frame / 1000.0


Reference = tuple[datetime, np.ndarray, str]
"""Origin, reference time of each slice in seconds after it (shape (n_slices,)), and how it was found."""


def start_reference(header: PetHeader, decay_per_s: float, ledger: Ledger) -> Reference:
    """The time that pixel values with Decay Correction START are corrected to.

    The first of these that the header allows: the decay correction date-time of enhanced PET, the private scan time of
    GE, the series time unless it is later than the acquisition, the time computed back from the frame times, the
    earliest acquisition.

    Parameters
    ----------
    header : PetHeader
    decay_per_s : float
        Decay constant of the nuclide, 1/s.
    ledger : Ledger
        Receives the row and the warnings.

    Returns
    -------
    origin : datetime
    offsets_s : ndarray, shape (n_slices,)
        Reference time of each slice in seconds after `origin`.
    way : str
        How it was found.

    Raises
    ------
    PainGeneratorError
        The header has neither a series time nor acquisition times.
    """
    zeros = np.zeros(header.n_slices)
    if header.decay_corrected_to is not None:
        origin = header.decay_corrected_to
        ledger.add("Decay correction reference", origin, "", "Decay Correction DateTime (0018,9701)")
        return origin, zeros, "decay correction date-time"
    if header.ge_scan_datetime is not None:
        return _ge_scan_time(header, header.ge_scan_datetime, ledger), zeros, "GE scan time"
    earliest, series = earliest_acquisition(header), header.series_datetime
    back = _back_computed(header, decay_per_s)
    if series is not None and (earliest is None or _seconds(series, earliest) <= SAME_TIME_S):
        _note_series_time(header, series, back, decay_per_s, ledger)
        return series, zeros, "series time"
    if back is not None:
        _note_frame_times(series, back, decay_per_s, ledger)
        return *back, "frame times"
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


def _ge_scan_time(header: PetHeader, origin: datetime, ledger: Ledger) -> datetime:
    """The private scan time of GE, brought to the date of the series where its own date does not fit."""
    note = ""
    anchor = header.series_datetime or earliest_acquisition(header)
    if not header.ge_creator_found:
        note = "private creator element missing; taken from (0009,100D)"
        ledger.warn("GE's private scan time has no private creator element; it was taken from (0009,100D).")
    if anchor is not None and abs(_seconds(anchor, origin)) > 0.5 * DAY_S:
        days = [datetime.combine(anchor.date() + timedelta(days=d), origin.time()) for d in (-1, 0, 1)]
        ledger.warn(
            f"GE's private scan time ({origin:%Y-%m-%d %H:%M}) has another date than the series "
            f"({anchor:%Y-%m-%d}); only its clock time was used."
        )
        gaps = [abs(_seconds(anchor, day)) for day in days]
        origin, note = days[gaps.index(min(gaps))], "clock time only: the date does not fit the series"
    ledger.add("Decay correction reference", origin, "", "GE PET scan date-time (0009,xx0D)", note)
    return origin


def _note_series_time(
    header: PetHeader,
    series: datetime,
    back: tuple[datetime, np.ndarray] | None,
    decay_per_s: float,
    ledger: Ledger,
) -> None:
    """Note the series time as the reference, after it was compared with the other times of the header."""
    note = ""
    if earliest_acquisition(header) is None:
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


def _cross_check(series: datetime, back: tuple[datetime, np.ndarray], decay_per_s: float, ledger: Ledger) -> str:
    """Compare the series time with the frame times: returns a note, and warns beyond FACTOR_TOLERANCE."""
    origin, offsets = back
    apart_s = _seconds(origin, series) + float(np.median(offsets))
    change = float(np.expm1(decay_per_s * abs(apart_s)))
    if change > FACTOR_TOLERANCE:
        ledger.warn(
            f"The frame times point to a reference time {apart_s:+.0f} s from the series time, which would change "
            f"SUV by {100.0 * change:.1f} %; the series time was used."
        )
    return f"frame times give {apart_s:+.1f} s ({100.0 * change:.2f} % of SUV)"


def _note_frame_times(
    series: datetime | None, back: tuple[datetime, np.ndarray], decay_per_s: float, ledger: Ledger
) -> None:
    """Note the frame times as the reference; warn when the slices have clearly different ones."""
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


def frame_starts(header: PetHeader) -> tuple[datetime, np.ndarray, np.ndarray]:
    """Start of every slice's frame, for values without decay correction.

    Returns
    -------
    origin : datetime
        The earliest acquisition.
    offsets_s : ndarray, shape (n_slices,)
        Start of each slice's frame in seconds after `origin`.
    durations_s : ndarray, shape (n_slices,)

    Raises
    ------
    PainGeneratorError
        A slice lacks its acquisition time or frame duration.
    """
    origin, duration = earliest_acquisition(header), header.actual_frame_duration_ms
    offsets = None if origin is None else _acquired_after_s(header, origin)
    if origin is None or offsets is None:
        raise PainGeneratorError(
            "The PET is not decay-corrected and has slices without an acquisition time (0008,0032).",
            "Use the decay-corrected series, or send this one again with its acquisition times.",
        )
    if duration is None or not np.all(duration > 0):
        raise PainGeneratorError(
            "The PET is not decay-corrected and has slices without a frame duration (0018,1242).",
            "Use the decay-corrected series, or send this one again with its frame durations.",
        )
    return origin, offsets, duration / 1000.0
