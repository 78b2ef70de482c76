"""What was set apart beside a prosthesis. It is said above the ranking, as the pain may come from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..Numerics.core.records import Candidate
from ..Numerics.core.site_reading import sign_words
from ..Numerics.fusion.judged import NEAR_IMPLANT_FLAG
from . import words
from .content import ReportContent
from .evidence_section import short_reason
from .html import Html, bullets, tag
from .tables import best_first

NEAR_NECK_FLAG = "near-neck"
"""Flag of what lies beside head or neck of a prosthesis."""
NO_BREAK = "\N{NO-BREAK SPACE}"
"""A space that terminals show by its code."""
NOTE = (
    "Signal beside metal is unreliable, and some uptake there is usual without complaints, so that little speaks for "
    "these places. Where the pain is, look at them on the images."
)
"""Why this is said above the ranking."""


def beside_prosthesis(set_apart: Sequence[Candidate]) -> list[Candidate]:
    """The entries that lie beside an implant, best first.

    Parameters
    ----------
    set_apart : sequence of Candidate
        In any order.
    """
    return [one for one in best_first(set_apart) if _is_beside(one)]


def beside_lines(set_apart: Sequence[Candidate]) -> list[str]:
    """What was set apart beside an implant, for plain text: a heading, and a line for each place; empty without any.

    Parameters
    ----------
    set_apart : sequence of Candidate
        In any order.
    """
    found = beside_prosthesis(set_apart)
    lines = [_heading(found), *(f"- {_line(one)}" for one in found)] if found else []
    return [line.replace(NO_BREAK, " ") for line in lines]


def beside_box(content: ReportContent) -> Html:
    """The same as a box of the report."""
    found = beside_prosthesis(content.set_apart)
    if not found:
        return Html("")
    heading = tag("p", tag("strong", _heading(found)))
    return tag("div", heading, bullets([_line(one) for one in found]), tag("p", NOTE, cls="small"), cls="box")


def _is_beside(one: Candidate) -> bool:
    return bool({NEAR_IMPLANT_FLAG, NEAR_NECK_FLAG}.intersection(one.flags)) or one.place.zone is not None


def _heading(found: Sequence[Candidate]) -> str:
    count = words.counted(len(found), "place")
    return f"Set apart beside metal (a prosthesis or implant), and not in the ranking: {count}."


def _line(one: Candidate) -> str:
    return f"{words.capital(words.title(one))} ({'; '.join(_measures(one))}): {short_reason(one)}"


def _measures(one: Candidate) -> Iterator[str]:
    if one.suv_peak is not None:
        ratio = "" if one.tbr is None else f", {words.times(one.tbr)} the reference"
        yield f"SUVpeak {words.number(one.suv_peak, 2, 'g/ml')}{ratio}"
    if one.mr_kind is not None:
        yield f"{sign_words(one.mr_kind)} on MR"
    yield f"{words.points(one.score)} points"
