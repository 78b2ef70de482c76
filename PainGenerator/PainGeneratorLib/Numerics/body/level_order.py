"""The order of the vertebrae, and the names of levels counted from one that is known.

Regular anatomy has twelve thoracic and five lumbar vertebrae. ``L6`` and ``T13`` take part only where a level is
called so. A place in the order is a whole number that grows upward.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..core.errors import PainGeneratorError

UPWARD = (
    *(f"S{number}" for number in range(5, 0, -1)),
    *(f"L{number}" for number in range(5, 0, -1)),
    *(f"T{number}" for number in range(12, 0, -1)),
    *(f"C{number}" for number in range(7, 0, -1)),
)
"""Vertebrae in regular anatomy, from below upward."""

_EXTRA = {"L6": "S1", "T13": "L1"}
"""Vertebrae of irregular anatomy, and the vertebra below each."""


def vertebrae_of(level: str) -> list[str]:
    """The vertebrae that a level names, from above downward: one for ``L5``, two for the disc ``L4/L5``."""
    return level.split("/")


def order_with(levels: Iterable[str]) -> tuple[str, ...]:
    """The order of the vertebrae from below upward, with L6 and T13 where one of the levels names them.

    Parameters
    ----------
    levels : iterable of str
        Vertebrae and discs, such as ``L5`` and ``L5/L6``.
    """
    named = {vertebra for level in levels for vertebra in vertebrae_of(level)}
    order = list(UPWARD)
    for extra, below in _EXTRA.items():
        if extra in named:
            order.insert(order.index(below) + 1, extra)
    return tuple(order)


def is_disc(level: str) -> bool:
    """Whether a level names a disc, not a vertebra."""
    return "/" in level


def place_of(level: str, order: tuple[str, ...]) -> int:
    """The place of a vertebra in an order; of a disc, that of the vertebra below it."""
    return order.index(vertebrae_of(level)[-1])


def checked_level(level: str) -> str:
    """The level that a reader named, as the program writes it.

    Parameters
    ----------
    level : str
        A vertebra such as ``L5`` or a disc such as ``L4/L5``; ``l4-5`` and ``L4/5`` are understood, too.

    Returns
    -------
    str

    Raises
    ------
    PainGeneratorError
        If there is no such vertebra or disc.
    """
    names = level.upper().replace(" ", "").replace("-", "/").split("/")
    if len(names) == 2 and names[1].isdigit():
        names[1] = names[0][:1] + names[1]
    order = order_with(names)
    known = all(name in order for name in names)
    follows = len(names) == 1 or (len(names) == 2 and known and order.index(names[0]) == order.index(names[1]) + 1)
    if not (known and follows):
        raise PainGeneratorError(
            f"There is no level {level!r}.",
            "Name a vertebra such as L5 or S1, or a disc such as L4/L5; L6 and T13 are accepted.",
        )
    return "/".join(names)


class Counted:
    """Names of all vertebrae and discs of a spine of which one is named.

    Parameters
    ----------
    level : str
        The level that is known. L6 and T13 take part only when they are named here.
    place : int
        Place of this vertebra, or of the vertebra below this disc, in any count that grows upward by one from
        vertebra to vertebra.
    """

    def __init__(self, level: str, place: int) -> None:
        self._order = order_with([level])
        self._shift = place_of(level, self._order) - place

    def vertebra(self, place: int) -> str | None:
        """Name of the vertebra at a place; None beyond both ends of the spine."""
        index = place + self._shift
        return self._order[index] if 0 <= index < len(self._order) else None

    def disc(self, place: int) -> str | None:
        """Name of the disc above the vertebra at a place; None beyond both ends of the spine."""
        below, above = self.vertebra(place), self.vertebra(place + 1)
        return None if below is None or above is None else f"{above}/{below}"

    def level(self, level: str, order: tuple[str, ...]) -> str | None:
        """Name of what has a name in another order; its places are those of that order."""
        place = place_of(level, order)
        return self.disc(place) if is_disc(level) else self.vertebra(place)
