"""Disease of several levels: then the other levels are no measure of what is normal.

A place is compared with its like at the other levels. Where most of these are raised themselves, a ratio to them near
1 means that all are ill, not that this one is normal. The reference tissue then counts instead, or the published norm
where the place has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..core.records import LedgerEntry
from ..core.sites import SiteRow
from .evidence import SignGroup, graded
from .judged import Judged
from .ledger_uptake import ABOVE_LEVELS
from .parameters import RampParameters

LEAST_OTHER_LEVELS = 2
"""Lower bound of the other levels of which most can be ill. Our choice: with one other level, it is not known which of
both is the usual one."""
NORM_NEUTRAL_SD, NORM_FULL_SD = 1.0, 3.0
"""Standard deviations above the mean of healthy people at which uptake says nothing, and from which it surely is
raised. Our estimates: absolute SUV differs between scanners by more than by one standard deviation of the norm."""


def with_ill_levels(judged: Judged, signs: Iterable[LedgerEntry]) -> Iterator[LedgerEntry]:
    """The signs of a candidate; the comparison with the other levels is replaced where most of these are ill.

    Parameters
    ----------
    judged : Judged
    signs : iterable of LedgerEntry
        A comparison that speaks for the candidate more than what would replace it stays: it stands out even from ill
        levels.
    """
    instead = entry_instead_of_levels(judged)
    for entry in signs:
        is_hidden = instead is not None and entry.sign == ABOVE_LEVELS and entry.points < instead.points
        yield instead if instead is not None and is_hidden else entry


def entry_instead_of_levels(judged: Judged) -> LedgerEntry | None:
    """What counts instead of the other levels, where most of these are ill; None where the other levels count.

    Parameters
    ----------
    judged : Judged

    Returns
    -------
    LedgerEntry or None
        The place against its published norm, as far as it speaks for disease. Without a norm nothing is counted here:
        the ratio to the reference tissue is a sign of its own.
    """
    row = judged.row
    if row is None:
        return None
    ill, others = levels_elsewhere(row, judged.case.rows, judged.case.parameters.ramps)
    if others < LEAST_OTHER_LEVELS or 2 * ill <= others:
        return None
    text = f"The same place is raised at {ill} of {others} other levels, too, so that they are no measure"
    table, score = judged.case.evidence, sd_above_norm(row)
    if score is None:
        return table.unknown(ABOVE_LEVELS, SignGroup.PET, f"{text}: the reference tissue counts instead.")
    strength = max(0.0, graded(score, 0.0, NORM_NEUTRAL_SD, NORM_FULL_SD))
    direction = "above" if score >= 0 else "below"
    text = f"{text}: {abs(score):.1f} standard deviations {direction} the mean of people without disease there."
    return table.entry(ABOVE_LEVELS, SignGroup.PET, text, strength, measure=round(score, 1))


def levels_elsewhere(row: SiteRow, rows: Iterable[SiteRow], ramps: RampParameters) -> tuple[int, int]:
    """At how many other levels the same place is raised, and how many other levels were measured.

    Parameters
    ----------
    row : SiteRow
    rows : iterable of SiteRow
        The table of sites.
    ramps : RampParameters

    Returns
    -------
    tuple of (int, int)
        A level with the place on both sides is raised when one of them is.
    """
    if row.site.level is None:
        return 0, 0
    raised: dict[str, bool] = {}
    for other in rows:
        level = other.site.level
        if other.site.structure != row.site.structure or level is None or level == row.site.level:
            continue
        if other.ratio is not None:
            raised[level] = raised.get(level, False) or is_raised(other, ramps)
    return sum(raised.values()), len(raised)


def is_raised(row: SiteRow, ramps: RampParameters) -> bool:
    """Whether the uptake of a site is clearly raised over its reference tissue: half of the points are reached."""
    return row.ratio is not None and row.ratio >= 0.5 * (ramps.tbr_none + ramps.tbr_full)


def sd_above_norm(row: SiteRow) -> float | None:
    """SUVmean of a site above the published mean, in standard deviations; None without such a norm."""
    norm = row.norm
    if norm is None or norm.mean is None or norm.sd is None or row.suv_mean is None:
        return None
    return (row.suv_mean - norm.mean) / norm.sd
