"""The ruler for sites: what counts as found, right, flagged, silently wrong, and how measures are compared."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks"))

from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow
from real_spine import Body
from sites_cases import drawn_places
from sites_report import report
from sites_run import SiteRecord
from sites_score import NameScore, Place, counted, levels_agree, position_row, score_measures, score_sites

MEASURED = {"suv_max": 3.0, "suv_peak": 2.0, "suv_mean": 1.5}


def place(structure: str, side: str, level: str | None, x: float, zone: str | None = None) -> Place:
    return Place(structure, side, level, np.array([x, 0.0, 0.0]), np.eye(3), np.ones(3), zone, dict(MEASURED))


def site(structure: str, side: str, level: str | None, x: float, certainty: str = "certain", zone: str | None = None):
    center = np.array([x, 0.0, 0.0])
    return Site(
        "", structure, side, level, center, np.eye(3), np.ones(3), tissues.MARROW, zone, level_certainty=certainty
    )  # fmt: skip


def test_a_position_is_scored_apart_from_the_name_of_its_level() -> None:
    (score,) = score_sites([place("disc", "midline", "L4/L5", 0.0)], [site("disc", "midline", "L5/S1", 3.0)])
    assert score.error_mm == pytest.approx(3.0)
    assert score.level_state == "silent"


def test_a_wrong_level_that_is_not_called_certain_is_flagged() -> None:
    truth = [place("disc", "midline", "L4/L5", 0.0)]
    for certainty in ("likely", "uncertain"):
        (score,) = score_sites(truth, [site("disc", "midline", "L5/S1", 0.0, certainty)])
        assert score.level_state == "flagged"
    (score,) = score_sites(truth, [site("disc", "midline", "L4/L5", 0.0, "uncertain")])
    assert score.level_state == "right"


def test_a_site_without_a_partner_within_two_centimeters_is_missing() -> None:
    truth = [place("disc", "midline", "L4/L5", 0.0), place("pedicle", "left", "L4", 0.0)]
    scores = score_sites(truth, [site("disc", "midline", "L4/L5", 25.0)])
    assert [s.error_mm for s in scores] == [None, None]
    assert scores[0].level_state is None
    assert scores[0].is_side_right is None
    row = position_row(scores)
    assert (row["count"], row["missing"], row["median"]) == (2, 2, None)


def test_the_nearest_site_decides_about_the_side() -> None:
    truth = [place("facet joint", "right", "L4/L5", 10.0), place("facet joint", "left", "L4/L5", -10.0)]
    swapped = [site("facet joint", "left", "L4/L5", 10.0), site("facet joint", "right", "L4/L5", -10.0)]
    assert [s.is_side_right for s in score_sites(truth, swapped)] == [False, False]


def test_a_zone_is_right_when_its_own_site_is_the_nearest_and_wrong_when_it_is_missing() -> None:
    truth = [place("femur", "left", None, x, f"Gruen {n}") for n, x in ((1, 0.0), (2, 30.0), (3, 90.0))]
    found = [site("femur", "left", None, x, zone=f"Gruen {n}") for n, x in ((1, 2.0), (3, 31.0))]
    assert [s.is_zone_right for s in score_sites(truth, found)] == [True, False, False]


def test_the_acetabulum_and_its_zones_at_a_cup_are_kept_apart() -> None:
    truth = [place("acetabulum", "left", None, 0.0)]
    (score,) = score_sites(truth, [site("acetabulum", "left", None, 0.0, zone="DeLee-Charnley I")])
    assert score.error_mm is None


def test_measures_are_parts_of_the_truth_of_the_same_key() -> None:
    truth = [place("facet joint", "right", "L4/L5", 0.0), place("facet joint", "left", "L4/L5", 9.0)]
    truth[1] = replace(truth[1], measured={**MEASURED, "suv_peak": 1.0})
    row = SiteRow(
        site("facet joint", "right", "L4/L5", 0.0), "normal", suv_max=3.3, suv_peak=2.0, ratio=1.6, side_ratio=2.2
    )  # fmt: skip
    other = SiteRow(site("facet joint", "right", "L3/L4", 0.0), "normal", suv_max=9.0)
    parts = {s.what: s.part for s in score_measures(truth, [row, other], {tissues.MARROW: 1.25})}
    assert parts == pytest.approx({"suv_max": 1.1, "suv_peak": 1.0, "ratio": 1.0, "side_ratio": 1.1})


def test_a_vertebra_and_a_disc_at_it_agree_but_two_discs_do_not() -> None:
    assert levels_agree("L4", "L4/L5")
    assert levels_agree("L4/L5", "L5")
    assert not levels_agree("L3/L4", "L4/L5")
    assert not levels_agree("L4", "L5")
    assert not levels_agree("L3", "L4/L5")


def name(structure: str, level: str | None, certainty: str | None) -> NameScore:
    return NameScore("facet joint", "left", "L4/L5", None, "", structure, "left", level, None, certainty)


def test_names_of_lesions_are_right_flagged_silent_or_without_a_level() -> None:
    states = [
        name("facet joint", level, word).level_state
        for level, word in (("L4/L5", None), ("L5/S1", None), ("L5/S1", "uncertain"), (None, None))
    ]
    assert states == ["right", "silent", "flagged", "none"]
    assert name("facet joint", None, None).is_structure_right
    assert not name("disc", None, None).is_structure_right


def test_the_report_counts_every_case_once() -> None:
    truth = [place("disc", "midline", "L4/L5", 0.0), place("disc", "midline", "L5/S1", 40.0)]
    found = [site("disc", "midline", "L4/L5", 1.0), site("disc", "midline", "L5/L6", 40.0)]
    record = SiteRecord("case", "plain", "without", score_sites(truth, found), certainty="certain")
    lines = report([record])
    assert "| disc | 2 | 0 | 0.5 | 0.9 | 100 % | 2 of 2 |" in lines or any("| disc | 2 | 0 |" in x for x in lines)
    assert "| plain | 1 | 1, 0, 0 | 1 | 0 | 1 | 0 |" in lines
    assert counted([None, "a", "a"]) == {"a": 2}


def test_a_truth_of_the_phantom_becomes_a_place() -> None:
    kept = {
        "structure": "disc", "side": "midline", "level": "L4/L5", "zone": None, "center_ras_mm": [1, 2, 3],
        "axes": np.eye(3).tolist(), "half_mm": [1, 2, 3], "suv_peak": 2.0, "is_in_field": True,
    }  # fmt: skip
    one = Place.from_truth(kept)
    assert one.key == ("disc", "midline", "L4/L5", None)
    assert one.measured == {"suv_peak": 2.0}


def test_drawn_vertebrae_give_discs_and_endplates_between_them() -> None:
    up, back, right = np.eye(3)[[2, 1, 0]] * [[1.0], [-1.0], [1.0]]
    bodies = [
        Body(level, np.array([0.0, 0.0, z]), up, back, right, 28.0, 34.0, 22.0)
        for level, z in (("L5", 0.0), ("L4", 38.0))
    ]
    spine = SimpleNamespace(volume=SimpleNamespace(has_discs=False), bodies=bodies)
    places = {p.key[:3]: p.center_ras[2] for p in drawn_places(spine)}
    assert places["disc", "midline", "L4/L5"] == pytest.approx(19.0)
    assert places["upper endplate", "midline", "L4/L5"] == pytest.approx(12.0)
    assert places["lower endplate", "midline", "L4/L5"] == pytest.approx(26.0)
