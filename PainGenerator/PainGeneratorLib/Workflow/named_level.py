"""The names of all levels after the reader named one of them."""

from __future__ import annotations

from ..Anatomy.anatomy_map import AnatomyMap
from ..Numerics.body.level_names import GivenLevel
from .case import Case
from .finding import Found
from .stages import Alignment, Suv


def with_named_level(
    found: Found, case: Case, suv: Suv, alignment: Alignment, anatomy: AnatomyMap | None, given: GivenLevel
) -> Found:
    """The same findings with other names of their levels.

    Parameters
    ----------
    found : Found
    case : Case
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap, optional
    given : GivenLevel
    """
    return found
