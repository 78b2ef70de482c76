"""Who writes into a registry when nobody says so."""

from __future__ import annotations

import getpass

from ..Numerics.core.errors import PainGeneratorError


def login_name() -> str:
    """The name with which one has logged in on this computer.

    Raises
    ------
    PainGeneratorError
        The system does not tell it.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise PainGeneratorError("It is not known who writes.", "Give --author NAME, or log in by name.") from error
