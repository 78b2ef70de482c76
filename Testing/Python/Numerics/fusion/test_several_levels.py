"""Disease of several levels is not hidden by the comparison with the other levels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fusion_cases import facts
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteNorm, SiteRow
from PainGeneratorLib.Numerics.core.tissues import MUSCLE
from PainGeneratorLib.Numerics.fusion.judged import Judged
from PainGeneratorLib.Numerics.fusion.ledger import ledger_of
from PainGeneratorLib.Numerics.fusion.ledger_uptake import ABOVE_LEVELS
from PainGeneratorLib.Numerics.fusion.several_levels import (
    entry_instead_of_levels,
    is_raised,
    levels_elsewhere,
    with_ill_levels,
)

LEVELS = ("L1/L2", "L2/L3", "L3/L4", "L4/L5", "L5/S1")
NORM = SiteNorm("Discs.", "a study", 0.7, 0.15)


def row(level: str, ratio: float | None, structure: str = "facet joint", side: str = "right", **more) -> SiteRow:
    site = Site(f"{side} {structure} {level}", structure, side, level, np.zeros(3), np.eye(3), np.ones(3), 1)
    return SiteRow(site, "normal", ratio=ratio, **more)


def judged(ratios: tuple[float | None, ...], structure: str = "facet joint", **more) -> Judged:
    """A candidate at the last level; `more` are further measures of its row."""
    rows = [row(level, ratio, structure) for level, ratio in zip(LEVELS, ratios, strict=True)]
    rows[-1] = dataclasses.replace(rows[-1], **more)
    example = EXAMPLES["Candidate"]
    assert isinstance(example, Candidate)
    spot = dataclasses.replace(example.hot_spots[0], physiologic=None, rule=None)
    place = Place(f"right {structure} L5/S1", structure, "right", "L5/S1")
    candidate = dataclasses.replace(example, place=place, evidence="PET only", tbr=2.0, hot_spots=[spot])
    case = facts("low-back", rows=tuple(rows))
    return Judged(candidate, case, case.row_of(candidate))


ILL = (2.0, 2.1, 1.9, 2.0, 2.0)


def test_where_most_levels_are_ill_a_ratio_near_one_takes_no_points_off() -> None:
    case = judged(ILL, level_ratio=0.9)
    (entry,) = (entry for entry in ledger_of(case) if entry.sign == "above_other_levels")
    assert (entry.points, entry.state) == (0.0, "not assessable")
    assert entry.text.startswith("The same place is raised at 4 of 4 other levels, too")


def test_where_most_levels_are_normal_the_comparison_stays() -> None:
    case = judged((1.0, 1.1, 2.0, 2.0, 2.0), level_ratio=0.9)
    (entry,) = (entry for entry in ledger_of(case) if entry.sign == "above_other_levels")
    assert entry.points < 0


def test_a_place_that_stands_out_even_from_ill_levels_keeps_its_points() -> None:
    case = judged(ILL, level_ratio=1.6)
    (entry,) = (entry for entry in ledger_of(case) if entry.sign == "above_other_levels")
    assert entry.points == pytest.approx(10 * np.log10(2.5), abs=1e-3)


@pytest.mark.parametrize(("suv_mean", "part"), [(0.85, 0.0), (1.0, 0.5), (1.15, 1.0), (2.0, 1.0), (0.5, 0.0)])
def test_a_published_norm_counts_where_most_levels_are_ill(suv_mean: float, part: float) -> None:
    case = judged(ILL, "disc", level_ratio=1.0, norm=NORM, suv_mean=suv_mean)
    entry = entry_instead_of_levels(case)
    assert entry is not None
    assert entry.points == pytest.approx(part * 10 * np.log10(2.5), abs=1e-2)
    assert entry.measure == pytest.approx((suv_mean - 0.7) / 0.15, abs=0.06)


def test_one_other_level_says_nothing_about_most_levels() -> None:
    assert entry_instead_of_levels(judged((None, None, None, 2.0, 2.0))) is None
    assert entry_instead_of_levels(judged((None, None, 2.0, 2.0, 2.0))) is not None


def test_half_of_the_levels_are_not_most() -> None:
    assert entry_instead_of_levels(judged((1.0, 1.0, 2.0, 2.0, 2.0))) is None
    assert entry_instead_of_levels(judged((1.0, 2.0, 2.0, 2.0, 2.0))) is not None


def measured(ratios: tuple[float, ...], **more) -> Judged:
    """A candidate whose reference is 1 g/ml at all levels."""
    case = judged(ratios, **more)
    rows = tuple(dataclasses.replace(one, suv_peak=one.ratio) for one in case.case.rows)
    facts_of = dataclasses.replace(case.case, rows=rows)
    return Judged(case.candidate, facts_of, facts_of.row_of(case.candidate))


@pytest.mark.parametrize("others", [(1.0, 1.0, 2.0, 2.0), (1.0, 2.0, 2.0, 2.0), (1.0, 1.0, 1.0, 2.0)])
def test_where_levels_are_ill_those_that_are_not_raised_count_alone(others: tuple[float, ...]) -> None:
    case = measured((*others, 2.0), level_ratio=0.95)
    (entry,) = (entry for entry in ledger_of(case) if entry.sign == ABOVE_LEVELS)
    assert entry.points == pytest.approx(10 * np.log10(2.5), abs=1e-3)
    assert entry.measure == 2.0
    assert "at the levels that are not raised themselves" in entry.text
    assert f"({others.count(1.0)} of 4;" in entry.text


def test_a_place_that_is_not_raised_gains_nothing_from_ill_levels() -> None:
    case = measured((1.0, 1.0, 2.0, 2.0, 1.02), level_ratio=0.9)
    (entry,) = (entry for entry in ledger_of(case) if entry.sign == ABOVE_LEVELS)
    assert entry.points <= 0.0


def test_where_no_level_is_left_that_is_not_raised_the_norm_counts() -> None:
    case = measured(ILL, level_ratio=0.9)
    (entry,) = (entry for entry in ledger_of(case) if entry.sign == ABOVE_LEVELS)
    assert (entry.points, entry.state) == (0.0, "not assessable")


def test_a_muscle_that_both_sides_use_alike_gains_nothing_from_ill_levels() -> None:
    case = measured((1.0, 1.0, 2.0, 2.0, 2.0), level_ratio=0.9)
    assert case.row is not None
    muscle = dataclasses.replace(case.row, side_ratio=1.05, site=dataclasses.replace(case.row.site, tissue=MUSCLE))
    assert entry_instead_of_levels(Judged(case.candidate, case.case, muscle)) is None
    assert entry_instead_of_levels(case) is not None


def test_a_level_is_raised_when_one_of_its_sides_is() -> None:
    ramps = facts("low-back").parameters.ramps
    rows = [row("L3/L4", 1.0), row("L3/L4", 2.0, side="left"), row("L4/L5", 1.0), row("L5/S1", 2.0)]
    rows += [row("L2/L3", None), row("L2/L3", 2.0, "disc", "midline")]
    assert levels_elsewhere(rows[-3], rows, ramps) == (1, 2)
    alone = dataclasses.replace(rows[0].site, level=None)
    assert levels_elsewhere(SiteRow(alone, "normal", ratio=2.0), rows, ramps) == (0, 0)


def test_a_site_is_raised_from_the_middle_of_the_ramp_on() -> None:
    ramps = facts("low-back").parameters.ramps
    middle = 0.5 * (ramps.tbr_none + ramps.tbr_full)
    assert is_raised(row("L3/L4", middle), ramps)
    assert not is_raised(row("L3/L4", middle - 0.01), ramps)
    assert not is_raised(row("L3/L4", None), ramps)


def test_the_other_signs_of_a_candidate_stay_as_they_are() -> None:
    case = judged(ILL, level_ratio=0.9)
    others = [entry for entry in ledger_of(judged(ILL)) if entry.sign != "above_other_levels"]
    assert list(with_ill_levels(case, others)) == others


def test_an_unknown_spread_of_the_other_levels_is_not_said_to_be_zero() -> None:
    known, unknown = (
        next(e for e in ledger_of(judged((1.0,) * 4 + (2.0,), level_ratio=2.0, level_z=z)) if e.sign == ABOVE_LEVELS)
        for z in (4.2, None)
    )
    assert known.text == "Uptake 2.0 times that of the same place at the other levels (z +4.2 in this scan)."
    assert unknown.text == "Uptake 2.0 times that of the same place at the other levels."
