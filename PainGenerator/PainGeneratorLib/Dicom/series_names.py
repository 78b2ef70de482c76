"""How messages and users name a series, and the roles that a user gives by these names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import GIVEN_ROLES, listed
from .series import Series

ByHand = Callable[[Series, str], str]
"""Takes a series and a role and returns the words that say how to give this role to it."""


def resolve_overrides(series: list[Series], overrides: Mapping[str, str]) -> dict[Series, str]:
    """Find the series that overrides name."""
    forced: dict[Series, str] = {}
    for name, given in overrides.items():
        role = given.strip().upper()
        if role not in GIVEN_ROLES:
            raise PainGeneratorError(f"'{given}' is not a role.", f"Use one of {listed(GIVEN_ROLES)}.")
        found = [one for one in series if name.strip() in _names(one)]
        if len(found) != 1:
            problem = "fits no series" if not found else f"fits {len(found)} series"
            raise PainGeneratorError(
                f"--role {name}={given}: '{name}' {problem} of this folder.",
                f"Name one by its number or UID: {list_series(found or series)}.",
            )
        one = found[0]
        if one.modality not in {"PET": ("PT",), "ATTENUATION": ("CT", "MR"), "OTHER": (one.modality,)}.get(
            role, ("MR",)
        ):
            raise PainGeneratorError(
                f"--role {name}={given}: {one.label} is {one.modality}, which cannot be {role}.",
                f"Choose another series: {list_series(series)}.",
            )
        if one in forced and forced[one] != role:
            raise PainGeneratorError(f"{one.label} was given two roles.", "Give each series one role.")
        rival = next((other for other, taken in forced.items() if taken == role != "OTHER" and other is not one), None)
        if rival is not None:
            raise PainGeneratorError(
                f"The role {role} was given to {rival.label} and to {one.label}.", "Give each role to one series."
            )
        forced[one] = role
    return forced


def _names(series: Series) -> set[str]:
    """The names that a user may give for a series: its number, its number and part, or its UID."""
    part = "" if series.part is None else f"/{series.part}"
    names = {series.uid}
    if series.number is not None:
        names.add(f"{series.number}{part}")
    if not series.block:
        # The number alone names the volume of all blocks.
        names |= {series.series_uid, *(() if series.number is None else (str(series.number),))}
    return names


def list_series(series: list[Series]) -> str:
    """Series for an error message: number, modality, description, what sets a part apart from the others, and the UID
    where numbers are not unique."""
    numbers = [(one.number, one.part) for one in series]
    texts = []
    for one in series:
        apart = f", {one.split_by}" if one.split_by else ""
        text = f"{one.label} ({one.modality}{apart})"
        if one.number is None or numbers.count((one.number, one.part)) > 1:
            text += f" {one.uid}"
        texts.append(text.removeprefix("series "))
    return ", ".join(texts) or "there is none"


def short_name(series: Series) -> str:
    """The name of a series for ``--role``: its number and part, or its UID when it has no number."""
    if series.number is None:
        return series.uid
    return str(series.number) if series.part is None else f"{series.number}/{series.part}"


def by_role_option(series: Series, role: str) -> str:
    """How a role is given to a series on the command line."""
    return f"give --role {short_name(series)}={role}"
