"""Puts the acquisition times of a PET series on the right days.

Acquisition Date is optional, and many files give all slices the date of the series, although the scan passes midnight.
De-identified files have dates that were replaced in some elements only. Clock times are mostly right then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import numpy as np

from .records import DERIVED, Ledger, PetHeader

DAY_S = 86400.0
"""Seconds of a day."""

HALF_DAY_S = 43200.0
"""Upper bound of the time that a scan takes, and of the time between the series time and the first acquisition, s.
Longer ones are due to a wrong date (our estimate: no scan takes twelve hours)."""

FITS_SERIES_S = 60.0
"""Upper bound of the difference between the series time and the time that the frame times lead to, for which the two
agree, s (our estimate)."""


def settle_days(header: PetHeader, ledger: Ledger) -> PetHeader:
    """The header with its acquisition times and its series time on the days on which they fit one another.

    Parameters
    ----------
    header : PetHeader
    ledger : Ledger
        Receives a row when times were put on another day, and a warning when dates contradict each other.
    """
    if not any(header.acquisition_datetimes):
        return header
    settled, series = _without_jumps(header.acquisition_datetimes), header.series_datetime
    if series is not None:
        settled = _after_series(header, settled, series)
        series = _settle_series(series, _first(settled), ledger)
    if settled != header.acquisition_datetimes:
        note = "the scan passed midnight; later slices are of the next day"
        ledger.add("Days of the acquisition", None, "", DERIVED, note)
    return replace(header, acquisition_datetimes=settled, series_datetime=series)


def _settle_series(series: datetime, first: datetime, ledger: Ledger) -> datetime:
    """The series time, on a day near the first acquisition when it lies more than half a day before it; warns then."""
    early = (first - series).total_seconds()
    if early <= HALF_DAY_S:
        return series
    ledger.warn(
        f"The date of the series ({series:%Y-%m-%d %H:%M}) does not fit the acquisition ({first:%Y-%m-%d %H:%M}); "
        "only the clock time of the series was used."
    )
    return series + timedelta(days=round(early / DAY_S))


Moments = tuple[datetime | None, ...]


def _first(moments: Moments) -> datetime:
    """The earliest of moments, at least one of which is known."""
    return min(moment for moment in moments if moment is not None)


def _without_jumps(moments: Moments) -> Moments:
    """Moments that jump by half a day or more, on the day of the first one and on the next day."""
    known = [moment for moment in moments if moment is not None]
    if (max(known) - min(known)).total_seconds() <= HALF_DAY_S:
        return moments
    start = _start_of_scan(known)
    if start is None:
        return moments
    day = min(moment.date() for moment in known if moment.time() >= start)
    return tuple(
        None
        if moment is None
        else datetime.combine(day, moment.time()) + timedelta(days=0 if moment.time() >= start else 1)
        for moment in moments
    )


def _start_of_scan(known: list[datetime]) -> time | None:
    """The clock time after the longest pause in 24 hours; None when the times do not lie within half a day."""
    clocks = sorted({moment.time() for moment in known})
    seconds = np.array([3600.0 * c.hour + 60.0 * c.minute + c.second + 1e-6 * c.microsecond for c in clocks])
    pauses = np.diff(np.append(seconds, seconds[0] + DAY_S))
    longest = int(np.argmax(pauses))
    return clocks[(longest + 1) % len(clocks)] if pauses[longest] >= DAY_S - HALF_DAY_S else None


def _after_series(header: PetHeader, moments: Moments, series: datetime) -> Moments:
    """Moments one day later when they follow a series that began before midnight and bear its date."""
    first = _first(moments)
    early = (series - first).total_seconds()
    if not HALF_DAY_S < early < DAY_S or first.date() != series.date():
        return moments
    if not (_leads_to(header, first + timedelta(days=1), series) or _injected_between(header, first, series)):
        return moments
    return tuple(None if moment is None else moment + timedelta(days=1) for moment in moments)


def _leads_to(header: PetHeader, first: datetime, series: datetime) -> bool:
    """Whether the frame times of the first slice lead from its acquisition back to the series time."""
    frame, duration = header.frame_reference_time_ms, header.actual_frame_duration_ms
    if frame is None or duration is None:
        return False
    middle = first + timedelta(milliseconds=float(np.nanmin(duration)) / 2.0 - float(np.nanmin(frame)))
    return abs((middle - series).total_seconds()) <= FITS_SERIES_S


def _injected_between(header: PetHeader, first: datetime, series: datetime) -> bool:
    """Whether the clock time of the injection lies after the acquisition and before the series of one date."""
    clock = header.start_time or (None if header.start_datetime is None else header.start_datetime.time())
    return clock is not None and first.time() < clock <= series.time()
