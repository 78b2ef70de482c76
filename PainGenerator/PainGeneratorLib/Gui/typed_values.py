"""Values that a user typed into a field of the panel."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TypeVar

from slicer.i18n import tr as _

from ..Numerics.core.errors import PainGeneratorError

Value = TypeVar("Value")


def typed_number(text: str, name: str) -> float | None:
    """A number above 0 that was typed, with point or comma; None for nothing.

    Raises
    ------
    PainGeneratorError
        When it is none.
    """
    if not text.strip():
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise PainGeneratorError(_("'{text}' is no {name}.").format(text=text, name=name), _("Type a number above 0."))
    return value


def typed_time(text: str, name: str) -> datetime.datetime | None:
    """Date and time that were typed; None for nothing.

    Raises
    ------
    PainGeneratorError
        When it is none.
    """
    return _typed(text, name, datetime.datetime.fromisoformat, _("Type it as 2026-03-14 09:30:00."))


def typed_date(text: str, name: str) -> datetime.date | None:
    """A date that was typed; None for nothing.

    Raises
    ------
    PainGeneratorError
        When it is none.
    """
    return _typed(text, name, datetime.date.fromisoformat, _("Type it as 2026-03-14."))


def _typed(text: str, name: str, read: Callable[[str], Value], advice: str) -> Value | None:
    """What was typed, as `read` understands it; None for nothing."""
    if not text.strip():
        return None
    try:
        return read(text.strip())
    except ValueError:
        raise PainGeneratorError(_("'{text}' is no {name}.").format(text=text, name=name), advice) from None
