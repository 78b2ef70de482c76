"""Comparisons with the other levels and the other side where spines are bent or turned, and where levels differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from fusion_cases import facts
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, LedgerEntry, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow
from PainGeneratorLib.Numerics.fusion.judged import Judged
from PainGeneratorLib.Numerics.fusion.ledger_uptake import uptake_signs
from PainGeneratorLib.Numerics.fusion.own_kind import SITE_METHOD, combined_ratio, is_thin_disc, stands_out
from PainGeneratorLib.Numerics.fusion.site_comparison import likes
from PainGeneratorLib.Numerics.pet.detector import OTHER_DISCS

LUMBAR = ("L1/L2", "L2/L3", "L3/L4", "L4/L5", "L5/S1")
THORACIC = ("T9/T10", "T10/T11", "T11/T12")


def site(structure: str, level: str, side: str = "midline") -> Site:
    tissue = tissues.DISC if structure == "disc" else tissues.MARROW
    return Site(f"{structure} {level}", structure, side, level, np.zeros(3), np.eye(3), np.ones(3), tissue)


def row(structure: str = "facet joint", level: str = "L3/L4", side: str = "midline", **more) -> SiteRow:
    given = {"suv_peak": 1.4, "ratio": 1.1, "level_ratio": 1.3, "level_z": 4.0, "reference": 1.3}
    return SiteRow(site(structure, level, side), "normal", **{**given, **more})


def spot(**more) -> HotSpot:
    example = EXAMPLES["Candidate"]
    assert isinstance(example, Candidate)
    given = {"physiologic": None, "rule": None, "suv_peak": 1.4, "level_ratio": 1.3, "clearness": 1.2, "tbr": 1.5}
    return dataclasses.replace(example.hot_spots[0], **{**given, **more})


def signs(one: SiteRow | None, hot: HotSpot, rows: Sequence[SiteRow] = (), **more) -> dict[str, LedgerEntry]:
    """The signs on PET of a hot spot at a site; `more` are fields of the candidate."""
    example = EXAMPLES["Candidate"]
    place = Place("spine at L3", "spine", "midline", None)
    if one is not None:
        place = Place(one.site.name, one.site.structure, one.site.side, one.site.level)
    given = {"evidence": "PET only", "tbr": 1.3, "suv_peak": 1.4, "left_right_ratio": None, "flags": []}
    candidate = dataclasses.replace(example, place=place, hot_spots=[hot], mr_findings=[], **{**given, **more})
    known = tuple(rows) or (() if one is None else (one,))
    case = facts("low-back", rows=known, level_power=1.3, level_bounds=(0.6, 2.5))
    return {entry.sign: entry for entry in uptake_signs(Judged(candidate, case, one))}


# Which sites are alike


def test_lumbar_sites_are_compared_with_lumbar_ones_and_those_of_the_junction() -> None:
    levels = (*THORACIC, "T12/L1", *LUMBAR)
    found = likes([site("disc", level) for level in levels])
    assert [levels[n] for n in found[levels.index("L3/L4")]] == ["T12/L1", "L1/L2", "L2/L3", "L4/L5", "L5/S1"]
    assert [levels[n] for n in found[levels.index("T10/T11")]] == ["T9/T10", "T11/T12", "T12/L1"]
    assert len(found[levels.index("T12/L1")]) == len(levels) - 1


def test_where_too_few_of_its_kind_are_in_view_a_site_is_compared_with_all() -> None:
    found = likes([site("disc", level) for level in ("T10/T11", "T11/T12", *LUMBAR)])
    assert len(found[0]) == 6


# Two comparisons with the other levels


def test_the_mean_of_both_comparisons_with_the_other_levels_counts_where_it_is_lower() -> None:
    assert combined_ratio(row(), None) == 1.3
    assert combined_ratio(row(), spot(level_ratio=None)) == 1.3
    assert combined_ratio(row(), spot(level_ratio=2.0)) == 1.3
    assert combined_ratio(row(), spot(level_ratio=1.0)) == pytest.approx(np.sqrt(1.3))


def test_a_site_that_exceeds_its_like_by_far_needs_no_second_comparison() -> None:
    assert combined_ratio(row(level_ratio=1.6), spot(level_ratio=0.9)) == pytest.approx(1.6)
    ratios = [combined_ratio(row(level_ratio=r), spot(level_ratio=1.0)) or 0.0 for r in (1.3, 1.4, 1.5, 1.6)]
    assert ratios == sorted(ratios)


@pytest.mark.parametrize("structure", ["foramen", "interspinous space", "disc"])
def test_what_alternates_with_another_structure_along_the_canal_is_compared_by_its_sites_alone(structure: str) -> None:
    assert combined_ratio(row(structure), spot(level_ratio=0.8)) == 1.3


def test_a_focus_that_detection_does_not_see_above_the_other_levels_stands_out_less() -> None:
    hot = row(level_ratio=1.35, level_z=5.0)
    assert stands_out(hot, 1.4, spot(level_ratio=1.4), alike_ratio=1.18) == 1.0
    assert 0.0 < stands_out(hot, 1.4, spot(level_ratio=1.1), alike_ratio=1.18) < 0.5


def test_both_comparisons_with_the_other_levels_give_the_points() -> None:
    agreed = signs(row(), spot(level_ratio=1.3))["above_other_levels"].points
    doubted = signs(row(), spot(level_ratio=1.05))["above_other_levels"].points
    assert agreed > doubted > 0.0


def test_a_thoracic_site_is_not_compared_with_the_lumbar_levels_by_detection_either() -> None:
    entry = signs(row("spinous process", "T11"), spot(level_ratio=2.1))["above_other_levels"]
    assert (entry.points, entry.state) == (0.0, "not assessable")


def test_uptake_that_its_site_does_not_show_above_the_other_levels_is_less_clear_of_normal() -> None:
    """Beside a curved spine the places at the same distance from the canal lie outside of the bodies."""
    usual = row("lower endplate", "T11/T12", level_ratio=0.92, level_z=-1.0)
    assert signs(usual, spot(level_ratio=2.1, clearness=2.3))["clear_of_normal"].points < 0.0
    raised = row("lower endplate", level_ratio=1.8, level_z=9.0)
    assert signs(raised, spot(level_ratio=2.1, clearness=2.3))["clear_of_normal"].measure == pytest.approx(2.3)


# The other side


def test_the_lesser_of_both_comparisons_with_the_other_side_counts() -> None:
    """In a turned spine the mirrored place of a joint is muscle, and the other joint has as much uptake."""
    turned = row(side="right", side_ratio=1.0)
    assert "asymmetry" not in signs(turned, spot(), left_right_ratio=1.96)
    one_sided = row(side="right", side_ratio=1.4)
    assert signs(one_sided, spot(), left_right_ratio=1.96)["asymmetry"].measure == 1.4
    assert signs(row(side="right"), spot(), left_right_ratio=1.4)["asymmetry"].measure == 1.4


def test_what_is_not_clear_of_normal_counts_less_where_levels_and_other_side_agree() -> None:
    joint = row(side="right", level_ratio=1.25, level_z=3.0, side_ratio=1.35)
    alike = signs(joint, spot(clearness=0.8), left_right_ratio=1.0)["clear_of_normal"].points
    raised = signs(joint, spot(clearness=0.8), left_right_ratio=1.35)["clear_of_normal"].points
    assert alike < raised < 0.0
    not_above = row(side="right", level_ratio=1.0, level_z=0.0, side_ratio=1.35)
    first, second = (
        signs(not_above, spot(clearness=0.8, level_ratio=1.0), left_right_ratio=r)["clear_of_normal"].points
        for r in (1.0, 1.35)
    )
    assert first == second


# Discs


def test_a_thoracic_disc_is_thinner_than_a_pet_resolves() -> None:
    assert is_thin_disc(site("disc", "T9/T10"))
    assert not is_thin_disc(site("disc", "T12/L1"))
    assert not is_thin_disc(site("upper endplate", "T9/T10"))


def test_what_is_no_disc_that_a_pet_resolves_gets_no_points_over_the_other_discs() -> None:
    hot = spot(reference_name=OTHER_DISCS)
    thin = signs(row("disc", "T9/T10"), hot)
    assert (thin["uptake_disc"].points, thin["uptake_disc"].state) == (0.0, "not assessable")
    assert "clear_of_normal" not in thin
    in_front = signs(None, hot, rows=[row()])
    assert in_front["uptake"].state == "not assessable"


def test_a_disc_is_compared_with_the_other_discs() -> None:
    hot = spot(reference_name=OTHER_DISCS)
    assert signs(row("disc", "L3/L4"), hot)["uptake_disc"].state == "present"
    assert signs(None, hot)["uptake"].state == "present", "without any site nothing else tells what the place is"


def test_that_a_disc_has_no_focus_counts_less_as_it_lies_between_hotter_bodies() -> None:
    of_site = spot(contour_method=SITE_METHOD)
    joint, disc = (signs(row(name), of_site)["without_focus"].points for name in ("facet joint", "disc"))
    assert disc == pytest.approx(0.5 * joint, abs=0.001)
