"""Which injection counts when the header has several, and how much of all of them is left at a time."""

from __future__ import annotations

from dataclasses import asdict, replace

from ..core.errors import PainGeneratorError
from .nuclides import names_fdg
from .records import Injection, Ledger, PetHeader, SuvOverrides

_GIVE_ALL = (
    "Give what counts for this scan with --dose MBQ and --injection-time "
    '"YYYY-MM-DD HH:MM:SS" (and --nuclide, if it is not F-18).'
)


def settle_tracer(header: PetHeader, ledger: Ledger) -> PetHeader:
    """The header with the injections of one tracer only: FDG, if one of several is.

    Parameters
    ----------
    header : PetHeader
    ledger : Ledger
        Receives a warning when injections of other tracers were left aside.

    Returns
    -------
    PetHeader
        Unchanged when there is one injection, or when none is named as FDG.
    """
    count = len(header.injections)
    fdg = [one for one in header.injections if names_fdg(one.tracer, one.tracer_code)]
    if count < 2 or not fdg or len(fdg) == count:
        return header
    others = [one.tracer or "without name" for one in header.injections if one not in fdg]
    ledger.warn(f"The header lists {count} injections; that of FDG was used, not that of {', '.join(others)}.")
    return _with(header, fdg)


def _with(header: PetHeader, injections: list[Injection]) -> PetHeader:
    """The header with these injections; the first one is in its own fields."""
    kept = tuple(injections) if len(injections) > 1 else ()
    return replace(header, injections=kept, **asdict(injections[0]))


def settle_injections(header: PetHeader, overrides: SuvOverrides, word: str, ledger: Ledger) -> PetHeader:
    """The header with the injections that count for an activity, each with dose and time.

    Parameters
    ----------
    header : PetHeader
        After :func:`settle_tracer`.
    overrides : SuvOverrides
        When dose and time are given by hand, they count alone.
    word : str
        Decay Correction (0054,1102).
    ledger : Ledger

    Raises
    ------
    PainGeneratorError
        It is not clear how the injections belong together.
    """
    items = list(header.injections)
    if len(items) < 2:
        return header
    count = len(items)
    by_hand = _is_given_by_hand(overrides, word)
    if _differ_in_tracer(items) and not (by_hand and overrides.nuclide is not None):
        raise PainGeneratorError(f"The header lists {count} injections of different tracers.", _GIVE_ALL)
    if by_hand:
        return _with(header, items[:1])
    different = list({(one.dose, one.start_datetime, one.start_time): one for one in items}.values())
    if len(different) == 1:
        times = "twice" if count == 2 else f"{count} times"
        ledger.warn(f"The header lists the same injection {times}; it counts once.")
        return _with(header, different)
    _check_can_be_added(different, overrides, word, count)
    ledger.warn(
        f"The header lists {count} injections; what is left of each at the time of the scan was added. Check that all "
        "of them were given for this scan."
    )
    return _with(header, different)


def _is_given_by_hand(overrides: SuvOverrides, word: str) -> bool:
    """Whether the user gave what the injections of the header say."""
    return overrides.dose_bq is not None and (overrides.injection_datetime is not None or word == "ADMIN")


def _differ_in_tracer(items: list[Injection]) -> bool:
    return len({(one.tracer or one.tracer_code or "").upper() for one in items}) > 1


def _check_can_be_added(items: list[Injection], overrides: SuvOverrides, word: str, count: int) -> None:
    """Refuse injections that lack dose or time, that were given at one time, or with no time to which they decay."""
    times = {(one.start_datetime, one.start_time) for one in items}
    faults = {
        "one of them lacks dose or time": any(
            not one.dose or (one.start_datetime is None and one.start_time is None) for one in items
        ),
        "two doses bear the same time": len(times) < len(items),
        "the values are corrected for decay to one of them, and it is not said to which": word == "ADMIN",
        "only dose or only time is given by hand": overrides.dose_bq is not None
        or overrides.injection_datetime is not None,
    }
    for fault, is_there in faults.items():
        if is_there:
            raise PainGeneratorError(f"The header lists {count} injections, and {fault}.", _GIVE_ALL)


def single_injections(header: PetHeader) -> list[PetHeader]:
    """One header for each injection that counts; the header itself when there is one."""
    if not header.injections:
        return [header]
    return [replace(header, injections=(), **asdict(one)) for one in header.injections]
