"""What a row of the table of sites says: measured or not, abnormal or not, and whether its uptake is raised."""

from __future__ import annotations

from collections.abc import Iterable

from .sites import SiteRow, SiteState


def is_measured(row: SiteRow) -> bool:
    """True for a site that could be assessed."""
    return row.state != SiteState.NOT_ASSESSABLE


def is_abnormal(row: SiteRow) -> bool:
    """True for a site that uptake or MR shows as abnormal."""
    return row.state == SiteState.ABNORMAL


def is_raised(row: SiteRow) -> bool:
    """True for a site whose uptake is raised: it is abnormal, and not for its MR signs alone."""
    return is_abnormal(row) and row.suv_peak is not None and (not row.mr_signs or _is_for_uptake(row.reasons))


def raised_word(row: SiteRow) -> str | None:
    """``yes`` or ``no``; None for a site without a measure of uptake."""
    if row.suv_peak is None:
        return None
    return "yes" if is_raised(row) else "no"


def _is_for_uptake(reasons: Iterable[str]) -> bool:
    return any("uptake" in reason.lower() or "suv" in reason.lower() for reason in reasons)
