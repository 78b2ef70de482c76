"""The two times that decay depends on: when the tracer was given, and which time the pixel values are corrected to.

The order of the choices follows the IBSI-SUV manual and its digital reference objects (Vacha, Hofheinz, Braune, Loeck,
Zwanenburg) and QIBA's vendor-neutral pseudocode (2018).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np

from ..core.errors import PainGeneratorError
from .days import DAY_S
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

UNINFORMATIVE_FACTOR = 1e-6
"""Upper bound of the difference from 1 of a Decay Factor (0054,1321) that says nothing: many writers put 1 there."""

LONGEST_AFTER_MIDNIGHT_S = 3 * 3600.0
"""Upper bound of the time from an injection at exactly midnight to the scan for which it is believed, s (our estimate:
the longest usual uptake time)."""

LOCAL_ZONE_STEP_S = 900.0
"""Time zones differ by multiples of this, s."""

MIDNIGHT = time(0, 0, 0)
"""The clock time that de-identification and empty forms leave."""

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
        Start of the scan.
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
        fault = " ".join(header.unreadable) or (
            "The PET header has no time of injection (0018,1078 and 0018,1072 are empty)."
        )
        raise PainGeneratorError(fault, 'Give it with --injection-time "YYYY-MM-DD HH:MM:SS".')
    if overrides.injection_datetime is None:
        _check_not_blank(moment, reference, is_dated=header.start_datetime is not None)
        for sentence in header.unreadable:
            ledger.warn(f"{sentence} The other time of injection was used.")
    _check_elapsed(moment, reference, half_life_s)
    ledger.add("Injection", moment, "", source, note)
    return moment


def _dated_injection(
    header: PetHeader, moment: datetime, reference: datetime, latest_s: float, ledger: Ledger
) -> tuple[datetime, str]:
    """The injection from its date and time, and a note; only a clock time where the date does not fit the scan."""
    if header.start_offset is not None:
        local = _settle_zone(header, moment, ledger)
        if local is not None:
            return local, "by the clock time in (0018,1072), as the offset from UTC could not be used"
    note = ""
    if not EARLIEST_PLAUSIBLE_S <= _seconds(reference, moment) <= latest_s:
        moment, note = _clock_of_dated(header, moment, reference, latest_s, ledger)
    if header.start_time is not None and "(0018,1072)" not in note:
        gap = abs(_seconds(datetime.combine(moment.date(), header.start_time), moment))
        if min(gap, abs(gap - DAY_S)) > SAME_INJECTION_S:
            ledger.warn(
                f"The header names two times of injection, {moment:%H:%M:%S} (0018,1078) and "
                f"{header.start_time:%H:%M:%S} (0018,1072); the first was used."
            )
    return moment, note


def _clock_of_dated(
    header: PetHeader, moment: datetime, reference: datetime, latest_s: float, ledger: Ledger
) -> tuple[datetime, str]:
    """The injection where its date does not fit: by its own clock time, else by the other one of the header.

    Midnight is what is left of a date and time that was blanked, so it does not count as a clock time here.

    Raises
    ------
    PainGeneratorError
        Date and time were blanked, and there is no other time.
    """
    by_clock = _clock_before(reference, moment)
    if moment.time() != MIDNIGHT and _seconds(reference, by_clock) <= latest_s:
        ledger.warn(
            f"The date of injection ({moment:%Y-%m-%d %H:%M}) does not fit the scan "
            f"({reference:%Y-%m-%d %H:%M}); only its clock time was used."
        )
        return by_clock, "clock time only: the date does not fit the scan"
    if header.start_time is not None and header.start_time != MIDNIGHT:
        other = _clock_before(reference, datetime.combine(reference.date(), header.start_time))
        if _seconds(reference, other) <= latest_s:
            ledger.warn(
                f"The date and time of injection ({moment:%Y-%m-%d %H:%M}) do not fit the scan "
                f"({reference:%Y-%m-%d %H:%M}); the clock time in (0018,1072) was used."
            )
            return other, "by the clock time in (0018,1072)"
    return moment, ""


def _settle_zone(header: PetHeader, moment: datetime, ledger: Ledger) -> datetime | None:
    """The injection by the clock of the scanner, where its offset from UTC could not be used; None when not known.

    The clock time in (0018,1072) has no offset. When it differs from the date and time by a time zone, it counts.
    """
    if header.start_time is not None:
        local = datetime.combine(moment.date(), header.start_time)
        gap = _seconds(local, moment)
        local += timedelta(days=-1 if gap > DAY_S / 2 else 1 if gap < -DAY_S / 2 else 0)
        if abs(_seconds(local, moment)) <= SAME_INJECTION_S:
            return None
        from_zone = abs(_seconds(local, moment)) % LOCAL_ZONE_STEP_S
        if min(from_zone, LOCAL_ZONE_STEP_S - from_zone) <= SAME_INJECTION_S:
            return local
    ledger.warn(
        f"The time of injection is written with an offset from UTC ({header.start_offset}), and the header does not "
        "say in which time zone its other times are (Timezone Offset From UTC (0008,0201)): the offset was not used. "
        "If the clock of the scanner shows another zone, SUV is wrong (one hour changes that of F-18 by 46 %); then "
        "give the time by that clock with --injection-time."
    )
    return None


def _check_not_blank(moment: datetime, reference: datetime, is_dated: bool) -> None:
    """Refuse midnight as the time of an injection when the scan is at midnight, too; and without a date also when the
    scan does not follow it as it usually does."""
    elapsed = _seconds(reference, moment)
    is_late = elapsed > LONGEST_AFTER_MIDNIGHT_S and not is_dated
    if moment.time() == MIDNIGHT and (is_late or elapsed <= SAME_TIME_S):
        raise PainGeneratorError(
            f"The time of injection is 00:00:00, which the scan at {reference:%H:%M:%S} does not fit: it was left "
            "blank or removed.",
            'Give it with --injection-time "YYYY-MM-DD HH:MM:SS".',
        )


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


Moments = tuple[datetime, np.ndarray]
"""The earliest acquisition, and a time of every slice in seconds after it, shape (n_slices,)."""


GE_NAMES = re.compile(r"(GE\b|GEMS|GENERAL ELECTRIC)", re.I)
"""Begin of Manufacturer (0008,0070) of scanners of GE."""


def _is_ge(header: PetHeader) -> bool:
    return GE_NAMES.match(header.manufacturer or "") is not None


def _timing(header: PetHeader) -> tuple[datetime, np.ndarray, np.ndarray] | None:
    """Earliest acquisition, acquisition after it and frame duration of every slice, s; None when one is missing."""
    duration, origin = header.actual_frame_duration_ms, earliest_acquisition(header)
    acquired = None if origin is None else _acquired_after_s(header, origin)
    if duration is None or origin is None or acquired is None or not np.all(duration > 0):
        return None
    return origin, acquired, duration / 1000.0


def _back_computed(header: PetHeader, decay_per_s: float) -> Moments | None:
    """Reference time of every slice, computed back from acquisition, duration and frame reference time.

    By DICOM, the frame reference time is the moment at which the activity of a frame equals its mean. GE counts it to
    the start of the frame instead, so that it is 0 in the first frame; an average time cannot be 0.

    Returns
    -------
    tuple of (datetime, ndarray of shape (n_slices,)) or None
        The earliest acquisition, and the reference times as seconds after it. None when a value is missing.
    """
    frame, timing = header.frame_reference_time_ms, _timing(header)
    if frame is None or timing is None or not np.all(frame >= 0):
        return None
    origin, acquired, duration = timing
    middle = average_decay_time_s(duration, decay_per_s)
    if not np.all(frame > 0):
        is_filled = np.ptp(frame) > 0 or np.ptp(acquired) <= SAME_TIME_S
        if not (_is_ge(header) and is_filled):
            return None
        middle = np.zeros(header.n_slices)
    return _before_acquisition(header, origin, acquired, duration, middle, frame / 1000.0)


def _before_acquisition(
    header: PetHeader,
    origin: datetime,
    acquired_s: np.ndarray,
    duration_s: np.ndarray,
    middle_s: np.ndarray,
    after_s: np.ndarray,
) -> Moments | None:
    """Reference times from the acquisitions and from how long after its reference the middle of each frame lies.

    Where beds that follow one another carry one acquisition time, it is that of the first bed, so that only this bed
    tells the reference time; and none does, when it is also the series time.
    """
    offsets = acquired_s + middle_s - after_s
    if np.ptp(acquired_s) > SAME_TIME_S or np.ptp(after_s) <= float(duration_s.min()):
        return origin, offsets
    series = header.series_datetime
    if series is None or _seconds(origin, series) <= SAME_TIME_S:
        return None
    return origin, np.full(header.n_slices, offsets[int(np.argmin(after_s))])


def _by_decay_factor(header: PetHeader, decay_per_s: float) -> Moments | None:
    """Reference time of every slice, from the factor by which the scanner corrected it for decay.

    Returns
    -------
    as :func:`_back_computed`; None also when all factors are 1, which many writers put there, or when one is below 1,
    as that of a correction to an earlier time never is.
    """
    factor, timing = header.decay_factor, _timing(header)
    if factor is None or timing is None or not np.all(factor >= 1.0 - UNINFORMATIVE_FACTOR):
        return None
    if np.all(factor <= 1.0 + UNINFORMATIVE_FACTOR):
        return None
    origin, acquired, duration = timing
    middle = average_decay_time_s(duration, decay_per_s)
    return _before_acquisition(header, origin, acquired, duration, middle, np.log(factor) / decay_per_s)


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
    if header.ge_scan_datetime is not None and not _is_blank(header, header.ge_scan_datetime, ledger):
        return _ge_scan_time(header, header.ge_scan_datetime, decay_per_s, ledger), zeros, "GE scan time"
    earliest, series = earliest_acquisition(header), header.series_datetime
    back, by_factor = _back_computed(header, decay_per_s), _by_decay_factor(header, decay_per_s)
    if series is not None and (earliest is None or _seconds(series, earliest) <= SAME_TIME_S):
        witnesses = _Witness.of(back, series, decay_per_s), _Witness.of(by_factor, series, decay_per_s)
        return _from_series_time(header, series, *witnesses, decay_per_s, ledger)
    if back is not None:
        _note_frame_times(series, back, decay_per_s, ledger)
        return *back, "frame times"
    if by_factor is not None:
        _note_moments(by_factor, decay_per_s, ledger, BY_FACTOR)
        return *by_factor, "decay factor"
    if earliest is None:
        raise PainGeneratorError(
            "The PET header has neither a series time nor acquisition times that can be read, so the decay cannot be "
            "corrected.",
            "Send the series again from the scanner or archive with its dates and times.",
        )
    ledger.warn(
        "The reference time of the decay correction is not in the header; the earliest acquisition was used "
        "(SUV may be a few per cent off)."
    )
    ledger.add("Decay correction reference", earliest, "", BY_ACQUISITION)
    return earliest, zeros, "earliest acquisition"


BY_FACTOR = "derived from acquisition and Decay Factor (0054,1321)"
"""Source of a reference time in the provenance."""

BY_ACQUISITION = "Acquisition Date and Time (0008,0022), (0008,0032)"
"""Source of a reference time in the provenance."""


@dataclass(frozen=True, eq=False)
class _Witness:
    """Reference times of the slices by other elements than the series time, and how far they are from it."""

    moments: Moments
    change: float
    """Relative change of SUV if they were used in place of the series time; at most that of a day."""

    @classmethod
    def of(cls, moments: Moments | None, series: datetime, decay_per_s: float) -> _Witness | None:
        """The witness of reference times; None without them."""
        if moments is None:
            return None
        origin, offsets = moments
        apart_s = abs(_seconds(origin, series) + float(np.median(offsets)))
        return cls(moments, float(np.expm1(decay_per_s * min(apart_s, DAY_S))))

    @property
    def disagrees(self) -> bool:
        """Whether SUV would change noticeably."""
        return self.change > FACTOR_TOLERANCE


def _from_series_time(
    header: PetHeader,
    series: datetime,
    frames: _Witness | None,
    factor: _Witness | None,
    decay_per_s: float,
    ledger: Ledger,
) -> Reference:
    """The reference time where the series time is not later than the acquisition: the series time, unless the frame
    times or the Decay Factor speak against it."""
    if factor is not None and _is_contradicted_by(factor, frames):
        _warn_of_series(series, factor, "the Decay Factor (0054,1321) of the slices", "the Decay Factor", ledger)
        _note_moments(factor.moments, decay_per_s, ledger, BY_FACTOR)
        return *factor.moments, "decay factor"
    if frames is not None and factor is None and frames.disagrees and _is_ge(header):
        what = "the frame times (scanners of GE may write when the series was opened)"
        _warn_of_series(series, frames, what, "the frame times", ledger)
        _note_frame_times(None, frames.moments, decay_per_s, ledger)
        return *frames.moments, "frame times"
    zeros = np.zeros(header.n_slices)
    no_witness = frames is None and factor is None
    earliest = _acquisition_that_counts(header, series, decay_per_s, ledger) if no_witness else None
    if earliest is not None:
        ledger.add("Decay correction reference", earliest, "", BY_ACQUISITION)
        return earliest, zeros, "earliest acquisition"
    _note_series_time(header, series, frames, factor, ledger)
    return series, zeros, "series time"


def _is_contradicted_by(factor: _Witness, frames: _Witness | None) -> bool:
    """Whether the Decay Factor speaks against the series time, and the frame times do not speak for it."""
    return factor.disagrees and (frames is None or frames.disagrees)


def _warn_of_series(series: datetime, witness: _Witness, what: str, used: str, ledger: Ledger) -> None:
    ledger.warn(
        f"The series time ({series:%H:%M:%S}) does not fit {what}: it would change SUV by "
        f"{100.0 * witness.change:.1f} %. Of the two, {used} decided."
    )


def _acquisition_that_counts(
    header: PetHeader, series: datetime, decay_per_s: float, ledger: Ledger
) -> datetime | None:
    """The earliest acquisition, where it counts instead of a series time long before it that nothing confirms: on
    scanners of GE. Warns of such a series time on all scanners."""
    earliest = earliest_acquisition(header)
    if earliest is None:
        return None
    early_s = _seconds(earliest, series)
    change = float(np.expm1(decay_per_s * min(early_s, DAY_S)))
    if change <= FACTOR_TOLERANCE:
        return None
    used = "the acquisition" if _is_ge(header) else "the series time"
    ledger.warn(
        f"The series time ({series:%H:%M:%S}) lies {early_s / 60.0:.0f} min before the first acquisition, and no "
        f"frame time confirms it: for the decay correction {used} was used; the other one would change SUV by "
        f"{100.0 * change:.0f} %."
    )
    return earliest if _is_ge(header) else None


def _note_moments(moments: Moments, decay_per_s: float, ledger: Ledger, source: str, note: str = "") -> None:
    """Note reference times of slices; warn when they clearly differ."""
    origin, offsets = moments
    middle = origin + timedelta(seconds=float(np.median(offsets)))
    ledger.add("Decay correction reference", middle, "", source, note)
    spread = float(np.expm1(decay_per_s * min(np.ptp(offsets), DAY_S)))
    if spread > FACTOR_TOLERANCE:
        ledger.warn(
            f"The slices are corrected to reference times up to {np.ptp(offsets):.0f} s apart; "
            "each got its own factor."
        )


def _is_blank(header: PetHeader, scan: datetime, ledger: Ledger) -> bool:
    """Whether the private scan time of GE was removed: midnight of a day that is not that of the scan. Warns then."""
    anchor = header.series_datetime or earliest_acquisition(header)
    if scan.time() != MIDNIGHT or anchor is None or abs(_seconds(anchor, scan)) <= DAY_S:
        return False
    ledger.warn(f"GE's private scan time ({scan:%Y-%m-%d %H:%M}) was left blank or removed; it was not used.")
    return True


def _ge_scan_time(header: PetHeader, origin: datetime, decay_per_s: float, ledger: Ledger) -> datetime:
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
    earliest = earliest_acquisition(header)
    if earliest is not None:
        change = float(np.expm1(decay_per_s * min(max(_seconds(origin, earliest), 0.0), DAY_S)))
        if change > FACTOR_TOLERANCE:
            ledger.warn(
                f"GE's private scan time ({origin:%H:%M:%S}) is later than the first acquisition "
                f"({earliest:%H:%M:%S}), which would change SUV by {100.0 * change:.1f} %; the private time was used."
            )
    ledger.add("Decay correction reference", origin, "", "GE PET scan date-time (0009,xx0D)", note)
    return origin


def _note_series_time(
    header: PetHeader, series: datetime, frames: _Witness | None, factor: _Witness | None, ledger: Ledger
) -> None:
    """Note the series time as the reference, after it was compared with the other times of the header.

    Where the Decay Factor agrees with it, frame times that differ raise no doubt.
    """
    if factor is not None and factor.disagrees:
        ledger.warn(
            "The Decay Factor (0054,1321) of the slices does not fit the series time and the frame times (it would "
            f"change SUV by {100.0 * factor.change:.1f} %); the series time was used."
        )
    note = ""
    if earliest_acquisition(header) is None:
        ledger.warn("The slices have no acquisition time: the series time could not be checked against it.")
    elif frames is not None:
        note = _cross_check(series, frames, ledger if factor is None else Ledger())
    siemens = header.siemens_reference_datetime
    if siemens is not None and abs(_seconds(siemens, series)) > SAME_TIME_S:
        ledger.warn(
            f"Siemens' private reference time ({siemens:%H:%M:%S}) differs from the series time "
            f"({series:%H:%M:%S}); the series time was used."
        )
    ledger.add("Decay correction reference", series, "", "Series Date and Time (0008,0021), (0008,0031)", note)


def _cross_check(series: datetime, frames: _Witness, ledger: Ledger) -> str:
    """Compare the series time with the frame times: returns a note, and warns beyond FACTOR_TOLERANCE."""
    origin, offsets = frames.moments
    apart_s = _seconds(origin, series) + float(np.median(offsets))
    if frames.disagrees:
        ledger.warn(
            f"The frame times point to a reference time {apart_s:+.0f} s from the series time, which would change "
            f"SUV by {100.0 * frames.change:.1f} %; the series time was used."
        )
    return f"frame times give {round(apart_s, 1) + 0.0:+.1f} s ({100.0 * frames.change:.2f} % of SUV)"


def _note_frame_times(
    series: datetime | None, back: tuple[datetime, np.ndarray], decay_per_s: float, ledger: Ledger
) -> None:
    """Note the frame times as the reference; warn when the slices have clearly different ones."""
    late = "" if series is None else f"the series time {series:%H:%M:%S} is later than the acquisition"
    _note_moments(back, decay_per_s, ledger, "derived from acquisition and frame times", late)


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
