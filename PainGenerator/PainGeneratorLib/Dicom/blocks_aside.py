"""Decide whether a series in blocks gets a role: only where no whole series shows the same."""

from __future__ import annotations

from dataclasses import dataclass

from .blocks import blocks_in_words, is_gapless
from .series import Series
from .series_claims import Claim
from .series_names import ByHand
from .series_regions import FITS, region_fit

Claims = dict[str, list[tuple[Claim, Series]]]
"""Role -> the series that could play it, with their claims."""

WHOLE_INSTEAD = {
    "T1": ("T1", "T2", "FLUID", "CONTRAST"),
    "CONTRAST": ("CONTRAST", "T1", "T2", "FLUID"),
    "T2": ("T2", "FLUID"),
    "FLUID": ("FLUID",),
}
"""Role -> roles of whole series beside which a series in blocks is not used for it.

Worn discs are judged on T2 or on the fluid-sensitive series, on all discs alike. Edema is seen on the fluid-sensitive
series alone, so that blocks are better than nothing. T1 and contrast-enhanced T1 would become the reference, to whose
field everything is cut: a whole T2 or fluid-sensitive series serves that better."""


@dataclass(frozen=True, eq=False)
class BlocksAside:
    """A series in blocks that is not used, for which role, and the whole series that is used instead."""

    series: Series
    role: str
    instead: Series


def leave_blocks_aside(claims: Claims, group: str | None) -> list[BlocksAside]:
    """Take series in blocks out of the claims, where a whole series shows the same; they claim the role OTHER then.

    Parameters
    ----------
    claims : dict of role to list of (Claim, Series)
        Changed in place.
    group : str or None
        The clinical group: a whole series of another region does not count.

    Returns
    -------
    list of BlocksAside
    """
    aside = []
    for role, beside in WHOLE_INSTEAD.items():
        whole = [
            series for other in beside for claim, series in claims.get(other, ()) if _is_whole(claim, series, group)
        ]
        if not whole:
            continue
        for claim, series in [pair for pair in claims.get(role, ()) if not is_gapless(pair[1])]:
            claims[role].remove((claim, series))
            reason = f"{claim.reason}, in {len(series.blocks)} blocks, read but not used for finding"
            claims.setdefault("OTHER", []).append((Claim("OTHER", 0, 0, reason, claim.shown), series))
            aside.append(BlocksAside(series, role, whole[0]))
    for role in [role for role, pairs in claims.items() if not pairs]:
        del claims[role]
    return aside


def _is_whole(claim: Claim, series: Series, group: str | None) -> bool:
    """Whether a series is a volume without gaps of the region that is read, and no planning image."""
    region = None if claim.shown is None else claim.shown.region
    is_fit = not region or region_fit(region, group) >= FITS
    return is_gapless(series) and series.problem is None and claim.sequence > 0 and is_fit


def told_aside(one: BlocksAside, by_hand: ByHand) -> str:
    """The sentence about a series in blocks that is not used."""
    return (
        f"{one.series.label} ({one.role}) lies in {blocks_in_words(one.series)}. It was read, but is not used for "
        f"finding: {one.instead.label} is whole. To use it all the same, {by_hand(one.series, one.role)}."
    )


def told_gapless(role: str, series: Series) -> str:
    """The note on a series in blocks that is used and has no gaps."""
    return f"The {role}, {series.label}, lies in {blocks_in_words(series)}, without a gap: it was read as one volume."


def told_used(role: str, series: Series) -> str:
    """The warning about a series in blocks that is used."""
    return (
        f"The {role}, {series.label}, lies in {blocks_in_words(series)}. Nothing is seen on it between and beyond its "
        "blocks, and nothing is found there by it."
    )
