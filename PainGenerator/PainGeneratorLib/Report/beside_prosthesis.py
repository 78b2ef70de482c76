"""What was set apart beside a prosthesis. It is said above the ranking, as the pain may come from there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..Numerics.core.records import Candidate, Place
from ..Numerics.core.site_reading import is_raised, sign_words
from ..Numerics.core.sites import SiteRow, SiteState
from ..Numerics.fusion.judged import NEAR_IMPLANT_FLAG
from ..Numerics.fusion.ledger_uptake import CLEAR
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


def standing_out(content: ReportContent) -> list[Place]:
    """Places beside an implant whose uptake stands out although no candidate is there: what the letter warns of.

    Those that were set apart have to be clear of the normal uptake of the body, and are left out where the table of
    the prosthesis calls their zone not raised. Raised sites of the prosthesis that belong to no entry follow.
    """
    found = [one.place for one in beside_prosthesis(content.set_apart) if _is_clear(one)]
    found += [
        Place(row.site.name, row.site.structure, row.site.side, row.site.level, row.site.zone)
        for row in content.sites.rows
        if _is_at_prosthesis(row) and is_raised(row) and not row.candidates
    ]
    contradicted = [place for place in found if _is_called_normal(place, content)]
    return list({(place.name, place.side): place for place in found if place not in contradicted}.values())


def _is_clear(one: Candidate) -> bool:
    """Whether its uptake exceeds all normal tissue, and the ledger does not say otherwise."""
    is_contradicted = any(entry.sign == CLEAR and entry.points < 0.0 for entry in one.ledger)
    return not is_contradicted and any((spot.clearness or 0.0) >= 1.0 for spot in one.hot_spots)


def _is_called_normal(place: Place, content: ReportContent) -> bool:
    """Whether the table of the prosthesis says that the uptake of its zone is not raised."""
    return any(
        zone.zone == place.zone and pattern.side == place.side and zone.state != SiteState.ABNORMAL
        for pattern in content.sites.interfaces
        for zone in pattern.zones
    )


def _is_at_prosthesis(row: SiteRow) -> bool:
    return row.site.zone is not None or row.site.structure.startswith("prosthesis") or row.site.structure == "stem tip"


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
