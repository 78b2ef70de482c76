"""Say what was left out and why, leave aside what is optional and broken, and bring back what a user names.

Only the PET and one MR series that can be the reference are required. Everything else is left aside with a warning
when it cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import REFERENCE_ORDER, Role
from .build_series import build_series
from .series import DicomFolder, LeftOut, Series
from .series_names import list_series

LISTED = 12
"""Upper bound of the entries that an error message lists. Our estimate of what a reader takes in."""
REQUIRED = {"PT": "PET", "MR": "MR"}
"""Modality of which at least one series is required -> word for it."""

Chosen = TypeVar("Chosen")


def choose_with_left_out(
    folder: DicomFolder,
    overrides: Mapping[str, str],
    choose: Callable[[DicomFolder, Mapping[str, str]], Chosen],
    required: tuple[str, ...] = tuple(REQUIRED),
) -> Chosen:
    """Choose series; a refusal names what was seen in the folder, and what was left out and why.

    Parameters
    ----------
    folder : DicomFolder
        A series that was left out because of its kind (a localizer, a projection) and that a role is given to is
        brought back.
    overrides : mapping
        Name of a series -> role, as given by ``--role``.
    choose : callable
        :func:`.roles.assign_roles` or :func:`.pet_choice.choose_pet`.
    required : tuple of str
        Modalities of which a series is needed.

    Returns
    -------
    The result of `choose`.

    Raises
    ------
    PainGeneratorError
        As from `choose`; and when all series of a required modality were left out.
    """
    bring_back(folder, overrides)
    for modality in required:
        refuse_when_all_left_out(folder, modality)
    try:
        return choose(folder, overrides)
    except PainGeneratorError as error:
        raise PainGeneratorError(f"{error.reason} {seen(folder, error.reason)}".strip(), error.advice) from error


def bring_back(folder: DicomFolder, overrides: Mapping[str, str]) -> None:
    """Make series of what was left out because of its kind, where the user gives a role to it.

    Raises
    ------
    PainGeneratorError
        What the user names was left out because its images cannot be used.
    """
    for name, role in overrides.items():
        named = name.strip()
        is_there = any(named in (str(series.number), series.series_uid) for series in folder.series)
        if is_there or role.strip().upper() == Role.OTHER:
            continue
        for one in [one for one in folder.left_out if named in (str(one.number), one.series_uid)]:
            if not one.frames:
                raise PainGeneratorError(
                    f"--role {name}={role}: {one.what} was left out: {one.reason}.",
                    f"Choose another series: {list_series(folder.series)}.",
                )
            folder.series += build_series(one.series_uid, list(one.frames))
            folder.left_out.remove(one)


def refuse_when_all_left_out(folder: DicomFolder, modality: str) -> None:
    """Refuse a folder whose series of a required modality were all left out, with the reasons.

    Raises
    ------
    PainGeneratorError
    """
    found = [one for one in folder.left_out if one.modality == modality]
    if not found or any(series.modality == modality for series in folder.series):
        return
    word = REQUIRED[modality]
    reasons = "; ".join(one.sentence for one in found[:LISTED])
    others = [one for one in folder.left_out if one not in found]
    by_hand = next((one for one in found if one.frames and one.number is not None), None)
    if by_hand is not None:
        role = Role.PET if modality == "PT" else Role.T1
        advice = f"If this is a volume all the same, say so with --role {by_hand.number}={role}."
    else:
        advice = f"Send the {word} again from the scanner or archive, with its whole header, or correct it in a copy."
    raise PainGeneratorError(
        f"No {word} series of this folder can be used: {reasons}. {seen(folder, '', others)}".strip(), advice
    )


def seen(folder: DicomFolder, told: str, left_out: list[LeftOut] | None = None) -> str:
    """Sentences that list the series that were read and what was left out.

    Parameters
    ----------
    folder : DicomFolder
    told : str
        A reason that may name the series already.
    left_out : list of LeftOut, optional
        Those to list, when not all.
    """
    sentences = []
    listed = list_series(folder.series)
    if folder.series and listed not in told:
        sentences.append(f"Read were: {listed}.")
    entries = folder.left_out if left_out is None else left_out
    if entries:
        more = f"; and {len(entries) - LISTED} more" if len(entries) > LISTED else ""
        sentences.append(f"Left out: {'; '.join(one.sentence for one in entries[:LISTED])}{more}.")
    return " ".join(sentences)


def settle_unusable(
    chosen: dict[str, Series], forced: Mapping[Series, str], everything: list[Series], warnings: list[str]
) -> set[str]:
    """Leave aside the chosen series that cannot be used, with a warning; refuse when a required one is among them.

    Parameters
    ----------
    chosen : dict of role to Series
        A series with a problem is removed from it.
    forced : mapping of Series to role
        Series that the user chose: these are never left aside silently.
    everything : list of Series
        All series; those that could have played the role of one that is left aside get the role OTHER.
    warnings : list of str
        Sentences are added.

    Returns
    -------
    set of str
        The roles that are empty now because their series cannot be used.

    Raises
    ------
    PainGeneratorError
        The PET cannot be used, or one that the user chose, or no series is left that can be the reference.
    """
    broken = {role: series for role, series in chosen.items() if series.problem is not None}
    for role, series in broken.items():
        if role == Role.PET or series in forced:
            _refuse(role, series, is_forced=series in forced)
    usable = [role for role in REFERENCE_ORDER if role in chosen and role not in broken]
    first = next((role for role in REFERENCE_ORDER if role in broken), None)
    if not usable and first is not None:
        _refuse(first, broken[first])
    for role, series in broken.items():
        del chosen[role]
        for other in everything:
            if other.role == role:
                reason = other.problem.reason if other.problem is not None else "It cannot be used."
                other.role, other.role_reason = Role.OTHER, f"{other.role_reason} Left aside: {reason}"
        reason = series.problem.reason if series.problem is not None else ""
        warnings.append(f"{series.label} was left aside, so that there is no {role} series: {reason}")
    return set(broken)


def _refuse(role: str, series: Series, is_forced: bool = False) -> None:
    """Raise the problem of a series that is required.

    Raises
    ------
    PainGeneratorError
    """
    problem = series.problem
    if problem is None:
        return
    advice = problem.advice
    if is_forced and role != Role.PET and series.number is not None:
        part = "" if series.part is None else f"/{series.part}"
        advice += f" To do without it, give --role {series.number}{part}=OTHER."
    raise PainGeneratorError(f"The {role} ({series.label}) cannot be used: {problem.reason}", advice)
