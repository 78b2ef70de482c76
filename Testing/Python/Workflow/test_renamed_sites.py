"""What the table of sites says about other sites after the reader named a level."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

from PainGeneratorLib.Numerics.core.sites import SiteRow, SiteTable
from PainGeneratorLib.Workflow.sites import renamed_table
from small_sites import LEVELS, lumbar_sites


def test_the_reasons_and_the_norm_of_a_site_take_the_new_levels() -> None:
    sites = lumbar_sites(LEVELS[:3])
    up = dict(pairwise(LEVELS))
    named = [
        dataclasses.replace(s, level=up[s.level], name=s.name.replace(s.level, up[s.level])) for s in sites if s.level
    ]
    reason = "Uptake of right facet joint L1/L2 reaches here."
    table = SiteTable(tuple(SiteRow(s, "normal", (reason,)) for s in sites))
    found = SiteTable(tuple(SiteRow(s, "not assessable", ("Not measured.",)) for s in named))
    rows = renamed_table(table, found).rows
    assert {row.reasons for row in rows} == {("Uptake of right facet joint L2/L3 reaches here.",)}
    assert {row.state for row in rows} == {"normal"}
    disc = next(row for row in rows if row.site.name == "disc L2/L3")
    assert disc.norm is not None
