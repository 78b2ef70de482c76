"""What was given by hand in place of the images' own values, in words for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..Numerics.suv.records import value_text


def by_hand_words(suv: Mapping[str, Any], quantity: str) -> str:
    """A quantity that was given by hand, with its value, and what it replaces where the images have a value.

    Parameters
    ----------
    suv : mapping
        As in ``suv.json``.
    quantity : str
        As in its provenance.
    """
    for row in suv.get("provenance") or ():
        if row.get("quantity") == quantity and row.get("replaced") is not None:
            return f"{quantity} {value_text(row.get('value'), row.get('unit') or '')} ({row.get('note')})"
    return quantity
