"""Which candidate belongs to which site, so that the list of candidates and the table of sites agree.

A candidate is anchored at the site that it is named after: its structure, side, level and zone are those of the site.
A candidate of both sides is anchored at both sites of the pair, and one of both endplates at these and at the disc
between them. It follows from the name alone, so that both lists agree after every act of the reader, too. Any other
finding that reaches over more than one site is anchored where its strongest sign lies; the other sites show it by
their own measures and MR signs. A candidate at no site is anchored nowhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..core.joint_names import DISCOVERTEBRAL
from ..core.records import Candidate, Place
from ..core.sites import Site, SiteRow, SiteState, SiteTable
from ..core.words import LATERAL_SIDES, Certainty, Side, Status

PART_OF = {"pars interarticularis": "lamina", "hip joint": "hip joint capsule", "iliopsoas bursa": "iliopsoas tendon"}
"""Structure of a place -> structure of the site of which it is a part. The pars interarticularis is the upper outer
part of the lamina, the joint lies within its capsule, and the iliopsoas bursa between tendon and capsule."""
PARTS_OF_UNIT = ("disc", "lower endplate", "upper endplate")
"""Structures of the sites at which a discovertebral lesion lies."""

NOT_COUNTED = (Status.REJECTED, Status.PHYSIOLOGIC)
"""Decisions of the reader after which a candidate makes no site abnormal."""


def sites_of(place: Place, sites: Sequence[Site]) -> list[Site]:
    """Find the sites after which a place is named.

    Parameters
    ----------
    place : Place
    sites : sequence of Site

    Returns
    -------
    list of Site
        Each has the structure, level and zone of the place. A paired site also has its side; a place of which only the
        side is uncertain, as in a segmentation that was mirrored, is at none of both sites. A place at an unpaired
        site, such as a disc, may lie to the left, to the right or in the middle of it. A place on both sides is at
        both sites, and one at both endplates of a disc is at these and at the disc.
    """
    structures = PARTS_OF_UNIT if place.structure == DISCOVERTEBRAL else (_whole_structure(place.structure),)
    at_height = [
        site for site in sites if site.structure in structures and (site.level, site.zone) == (place.level, place.zone)
    ]
    if place.structure == DISCOVERTEBRAL:
        return at_height
    if place.side == Side.BOTH and all(site.side in LATERAL_SIDES for site in at_height):
        return at_height
    return [
        s for s in at_height if s.side == Side.MIDLINE or (s.side == place.side and not _is_less_certain(place, s))
    ]


def site_of(place: Place, sites: Sequence[Site], point_ras: np.ndarray | None = None) -> Site | None:
    """Find the one site after which a place is named; None where there is none.

    Parameters
    ----------
    place : Place
    sites : sequence of Site
    point_ras : ndarray, shape (3,), optional
        Of several sites the one is taken in or to which this point is nearest, RAS mm; the first one when left out.
    """
    found = sites_of(place, sites)
    if place.structure == DISCOVERTEBRAL:
        # Marrow of the endplates is compared with marrow; the disc, which is cold, would make any uptake high.
        found = [site for site in found if site.structure != "disc"] or found
    if point_ras is None or not found:
        return next(iter(found), None)
    return min(found, key=lambda site: float(site.radius(point_ras)))


def _whole_structure(structure: str) -> str:
    """The structure of the site to which a structure of a place belongs."""
    return PART_OF.get(structure, structure)


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
        for site in sites_of(candidate.place, sites):
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
