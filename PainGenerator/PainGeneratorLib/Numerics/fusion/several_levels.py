"""Disease of several levels: then the other levels are no measure of what is normal.

A place is compared with its like at the other levels. Where some of these are raised themselves, a ratio to all of
them near 1 may mean that all are ill, not that this one is normal. The levels that are not raised then count alone.
Where none is left, the reference tissue counts instead, or the published norm where the place has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..core.constants import MAD_TO_SD
from ..core.records import LedgerEntry
from ..core.sites import SiteRow
from .evidence import SignGroup, graded
from .judged import Judged
from .ledger_uptake import ABOVE_LEVELS, level_strength
from .own_kind import has_own_kind, is_usual_use
from .parameters import RampParameters

LEAST_OTHER_LEVELS = 2
"""Lower bound of the other levels of which most can be ill. Our choice: with one other level, it is not known which of
both is the usual one."""
NORM_NEUTRAL_SD, NORM_FULL_SD = 1.0, 3.0
"""Standard deviations above the mean of healthy people at which uptake says nothing, and from which it surely is
raised. Our estimates: absolute SUV differs between scanners by more than by one standard deviation of the norm."""


def with_ill_levels(judged: Judged, signs: Iterable[LedgerEntry]) -> Iterator[LedgerEntry]:
    """The signs of a candidate; the comparison with the other levels is replaced where some of these are ill.

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
    """What counts instead of all other levels, where some of them are ill; None where all count.

    Parameters
    ----------
    judged : Judged

    Returns
    -------
    LedgerEntry or None
        The place against the levels that are not raised. Where these are not known, and most levels are raised, it is
        the place against its published norm, as far as that speaks for disease. Without a norm nothing is counted
        here: the ratio to the reference tissue is a sign of its own.
    """
    row = judged.row
    if row is None or not has_own_kind(row.site) or is_usual_use(row, judged.case.alike_ratio):
        return None
    ill, others = levels_elsewhere(row, judged.case.rows, judged.case.parameters.ramps)
    if others < LEAST_OTHER_LEVELS or ill == 0:
        return None
    healthy = _against_healthy(judged, row, ill, others)
    if healthy is not None or 2 * ill <= others:
        return healthy
    return _against_norm(judged, row, ill, others)


def _against_healthy(judged: Judged, row: SiteRow, ill: int, others: int) -> LedgerEntry | None:
    """A place against the like sites of the levels that are not raised; None where none of them was measured."""
    ramps = judged.case.parameters.ramps
    like = _like_rows(row, judged.case.rows)
    raised = {other.site.level for other in like if is_raised(other, ramps)}
    peaks = [one.suv_peak for one in like if one.site.level not in raised and one.suv_peak]
    if not peaks or not row.suv_peak:
        return None
    middle = float(np.median(peaks))
    spread = MAD_TO_SD * float(np.median(np.abs(np.array(peaks) - middle))) / middle
    ratio = row.suv_peak / middle
    z = (ratio - 1.0) / max(spread, judged.case.least_spread)
    text = (
        f"Uptake {ratio:.1f} times that of the same place at the levels that are not raised themselves "
        f"({others - ill} of {others}; z {z:+.1f})."
    )
    strength = level_strength(ratio, z)
    return judged.case.evidence.entry(ABOVE_LEVELS, SignGroup.PET, text, strength, measure=round(ratio, 2))


def _against_norm(judged: Judged, row: SiteRow, ill: int, others: int) -> LedgerEntry:
    """A place against its published norm, where most other levels are raised."""
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
    raised: dict[str, bool] = {}
    for other in _like_rows(row, rows):
        level = str(other.site.level)
        raised[level] = raised.get(level, False) or is_raised(other, ramps)
    return sum(raised.values()), len(raised)


def _like_rows(row: SiteRow, rows: Iterable[SiteRow]) -> list[SiteRow]:
    """The rows of the like sites of the other levels that were measured; none for a place without a level."""
    own = row.site
    if own.level is None:
        return []
    like = [one for one in rows if one.site.structure == own.structure and one.site.level not in (None, own.level)]
    return [one for one in like if one.ratio is not None]


def is_raised(row: SiteRow, ramps: RampParameters) -> bool:
    """Whether the uptake of a site is clearly raised over its reference tissue: half of the points are reached."""
    return row.ratio is not None and row.ratio >= 0.5 * (ramps.tbr_none + ramps.tbr_full)


def sd_above_norm(row: SiteRow) -> float | None:
    """SUVmean of a site above the published mean, in standard deviations; None without such a norm."""
    norm = row.norm
    if norm is None or norm.mean is None or norm.sd is None or row.suv_mean is None:
        return None
    return (row.suv_mean - norm.mean) / norm.sd
