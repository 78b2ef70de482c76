"""Which candidate belongs to which site, so that the list of candidates and the table of sites agree.

A candidate is anchored at the one site that it is named after: its structure, side, level and zone are those of the
site. It follows from the name alone, so that both lists agree after every act of the reader, too. A finding that
reaches over more than one site, such as edema at both endplates of a disc, is anchored where its strongest sign lies;
the other sites show it by their own measures and MR signs. A candidate at no site is anchored nowhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..core.records import Candidate, Place
from ..core.sites import Site, SiteRow, SiteState, SiteTable
from ..core.words import Certainty, Side, Status

PART_OF = {"pars interarticularis": "lamina", "hip joint": "hip joint capsule", "iliopsoas bursa": "iliopsoas tendon"}
"""Structure of a place -> structure of the site of which it is a part. The pars interarticularis is the upper outer
part of the lamina, the joint lies within its capsule, and the iliopsoas bursa between tendon and capsule."""

NOT_COUNTED = (Status.REJECTED, Status.PHYSIOLOGIC)
"""Decisions of the reader after which a candidate makes no site abnormal."""


def site_of(place: Place, sites: Sequence[Site]) -> Site | None:
    """Find the site after which a place is named.

    Parameters
    ----------
    place : Place
    sites : sequence of Site

    Returns
    -------
    Site or None
        It has the structure, level and zone of the place. A paired site also has its side; a place of which only the
        side is uncertain, as in a segmentation that was mirrored, is at none of both sites. A place at an unpaired
        site, such as a disc, may lie to the left, to the right or in the middle of it.
    """
    structure = PART_OF.get(place.structure, place.structure)
    for site in sites:
        if (site.structure, site.level, site.zone) != (structure, place.level, place.zone):
            continue
        if site.side == Side.MIDLINE or (site.side == place.side and not _is_less_certain(place, site)):
            return site
    return None


def _is_less_certain(place: Place, site: Site) -> bool:
    """Whether the side of a place is uncertain and that of a site is not: they may lie on opposite sides."""
    return place.side_certainty == Certainty.UNCERTAIN and site.side_certainty != Certainty.UNCERTAIN


def anchored(table: SiteTable, candidates: Sequence[Candidate]) -> SiteTable:
    """The table with the candidates that are anchored at each site.

    Parameters
    ----------
    table : SiteTable
        As it was measured, without candidates.
    candidates : sequence of Candidate
        As they stand, best first.

    Returns
    -------
    SiteTable
        A site with a candidate is abnormal, unless the reader rejected the candidate or took it for physiologic. The
        first reason says so; the others are those of the measures.
    """
    sites = [row.site for row in table.rows]
    held: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        site = site_of(candidate.place, sites)
        if site is not None:
            held.setdefault(id(site), []).append(candidate)
    rows = tuple(_with_candidates(row, held[id(row.site)]) if id(row.site) in held else row for row in table.rows)
    return dataclasses.replace(table, rows=rows)


def _with_candidates(row: SiteRow, candidates: Sequence[Candidate]) -> SiteRow:
    counted = [candidate.id for candidate in candidates if candidate.status not in NOT_COUNTED]
    row = dataclasses.replace(row, candidates=tuple(candidate.id for candidate in candidates))
    if not counted:
        return row
    reasons = (f"Candidate {', '.join(counted)}.", *row.reasons)
    return dataclasses.replace(row, state=str(SiteState.ABNORMAL), reasons=reasons)
