"""What a rule of the MR stage takes for normal is listed below the bar, and comes up where the PET agrees."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.joint_names import SEVERAL
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, LedgerEntry, MRFinding, Place
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.joining import shared_out
from PainGeneratorLib.Numerics.fusion.ledger import concordance
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Numerics.fusion.usual_on_mr import common_place
from PainGeneratorLib.Numerics.mr.rule_lists import RULES_OF_COLD_ANATOMY, mr_rule_names, mr_rule_text

PET = Geometry((40, 50, 60), np.array([[-2.0, 0, 0, 60], [0, -2.0, 0, 50], [0, 0, 2.0, -40], [0, 0, 0, 1.0]]))
MR = Geometry((80, 100, 120), np.array([[-1.0, 0, 0, 60], [0, -1.0, 0, 50], [0, 0, 1.0, -40], [0, 0, 0, 1.0]]))
Point = tuple[float, float, float]
HERE: Point = (20.0, 0.0, 0.0)
ROOT, BOWEL = "joint-open-in-front", "abdomen-before-canal"
JOIN = facts().parameters.join


def ball(geometry: Geometry, center: Point, radius: float) -> Region:
    points = geometry.flat_to_ras(np.arange(geometry.size))
    return Region(geometry, np.flatnonzero(np.linalg.norm(points - center, axis=1) <= radius))


def usual(rule: str = ROOT, center: Point = HERE, grade: float = 1.0, radius: float = 6.0) -> MRFinding:
    region = ball(MR, center, radius)
    reason = "vessel or nerve root" if rule == ROOT else "bowel, ureter or a vessel of the abdomen"
    return MRFinding(
        0, "oedema", region, region.centroid_ras_mm, region.volume_ml, 9.0, -2.0, "FLUID", grade, rule=rule,
        usual=reason, usual_rule=rule,
    )  # fmt: skip


def spot(peak: Point = HERE, clearness: float = 1.4, radius: float = 5.0, **more: object) -> HotSpot:
    region = ball(PET, peak, radius)
    values: dict[str, object] = {
        "label": 1, "region": region, "centroid_ras_mm": region.centroid_ras_mm, "peak_ras_mm": np.array(peak),
        "suv_max": 1.8, "suv_peak": 1.6, "suv_mean": 1.4, "mtv_ml": region.volume_ml, "tlg_g": 1.0,
        "background": 1.0, "reference": 1.0, "reference_name": "marrow", "tbr": 1.6, "left_right_ratio": None,
        "contour_method": "adaptive", "contour_threshold": 1.2, "clearness": clearness, **more,
    }  # fmt: skip
    return HotSpot(**values)  # type: ignore[arg-type]


def level_of(region: Region) -> Place:
    level = "L4" if region.centroid_ras_mm[2] < 20.0 else "L3"
    return Place(f"right pedicle {level}", "pedicle", "right", level)


def read(**signs: list) -> Reading:
    return fuse(Signs(**signs), level_of, facts())


def entry(candidate: Candidate, start: str) -> LedgerEntry:
    (found,) = (one for one in candidate.ledger if one.sign.startswith(start))
    return found


def test_a_place_that_a_rule_takes_for_normal_is_set_apart_with_reason_and_rule_in_words() -> None:
    reading = read(usual_findings=[usual()])
    assert not reading.candidates
    (one,) = reading.set_apart
    assert one.reason.startswith("Usual on MR at this place: vessel or nerve root (")
    assert one.place.name == "right pedicle L4"
    assert one.volume_ml == pytest.approx(usual().volume_ml)
    said = entry(one, "usual_on_mr")
    assert said.measure == ROOT
    assert said.text.endswith(mr_rule_text(ROOT))
    assert said.points == pytest.approx(-10.0)


def test_the_clearest_finding_stays_below_the_bar_also_where_pet_could_not_tell_and_the_pain_is_there() -> None:
    finding = dataclasses.replace(usual(), kind="Modic II", grade=0.33)
    for one in (usual(), finding):
        reading = fuse(Signs(usual_findings=[one]), level_of, facts(has_pet_reference=False))
        assert not reading.candidates
        assert reading.set_apart[0].score < facts().parameters.bar - 3.0


def test_alike_places_are_one_entry_so_that_a_reader_can_look_through_them() -> None:
    places = [usual(center=(20.0, 0.0, 0.0)), usual(center=(20.0, 0.0, 40.0)), usual(BOWEL, (-20.0, 0.0, 0.0))]
    reading = read(usual_findings=places)
    several, alone = sorted(reading.set_apart, key=lambda one: -len(one.mr_findings))
    assert (several.place.name, several.place.structure) == ("2 places on MR", SEVERAL)
    assert several.place.side == "right"
    assert len(alone.mr_findings) == 1
    assert "(2 places)" in entry(several, "usual_on_mr").text
    shown = [finding for one in reading.set_apart for finding in one.mr_findings]
    assert {id(one) for one in shown} == {id(one) for one in places}


def test_alike_findings_of_one_place_have_its_name() -> None:
    one = Place("right pedicle L4", "pedicle", "right", "L4")
    assert common_place([one, dataclasses.replace(one)]) == one
    left = dataclasses.replace(one, side="left")
    assert common_place([one, left]).side == "both"


def test_uptake_where_the_normal_anatomy_has_none_brings_mr_and_pet_together() -> None:
    (one,) = read(spots=[spot()], usual_findings=[usual()]).candidates
    assert one.evidence == "PET+MR"
    assert entry(one, "usual_on_mr").sign == "usual_on_mr_but_hot"
    (alone,) = read(spots=[spot()]).candidates
    assert one.score > alone.score


def test_a_usual_finding_never_takes_more_from_uptake_than_a_normal_mr_does() -> None:
    faint = dataclasses.replace(usual(), kind="effusion or synovitis", grade=0.5)
    far = spot((27.0, 0.0, 0.0), radius=3.0)
    (one,) = read(spots=[far], usual_findings=[faint]).candidates
    (alone,) = read(spots=[far]).candidates
    assert one.evidence == "PET+MR"
    assert one.score >= alone.score - 1e-9


def test_uptake_where_the_normal_anatomy_has_uptake_says_nothing_against_its_rule() -> None:
    reading = read(spots=[spot()], usual_findings=[usual(BOWEL)])
    assert [one.evidence for one in reading.candidates] == ["PET only"]
    assert [one.evidence for one in reading.set_apart] == ["MR only"]


def test_faint_signal_that_a_rule_takes_for_normal_joins_no_uptake() -> None:
    reading = read(spots=[spot()], usual_findings=[usual(grade=0.33)])
    assert [one.evidence for one in reading.candidates] == ["PET only"]


def test_weak_uptake_in_a_clear_place_that_a_rule_takes_for_normal_comes_up() -> None:
    weak = spot(clearness=0.95, flags=["weak-uptake"], level_ratio=1.5)
    reading = read(weak_spots=[weak], usual_findings=[usual()])
    assert [one.evidence for one in reading.candidates] == ["PET+MR"]


@pytest.mark.parametrize("flags", [["weak-uptake", "usual-place"]])
def test_usual_uptake_in_a_usual_place_on_mr_stays_set_apart(flags: list[str]) -> None:
    weak = spot(clearness=0.95, flags=flags, level_ratio=1.5)
    reading = read(weak_spots=[weak], usual_findings=[usual()])
    assert not reading.candidates
    assert [one.evidence for one in reading.set_apart] == ["MR only"]


def test_a_real_finding_at_uptake_is_not_mixed_with_usual_ones() -> None:
    real = dataclasses.replace(usual(), usual=None, usual_rule=None, rule="joint-edema")
    (one,) = read(spots=[spot()], findings=[real], usual_findings=[usual()]).candidates
    assert one.mr_findings == [real]


def test_every_rule_of_cold_anatomy_is_a_rule_and_has_words() -> None:
    assert set(mr_rule_names()) >= RULES_OF_COLD_ANATOMY
    assert all(mr_rule_text(name) for name in RULES_OF_COLD_ANATOMY)
    assert mr_rule_text("no-such-rule") == ""


def test_a_finding_between_two_hot_spots_counts_once() -> None:
    between = dataclasses.replace(usual(radius=3.0), usual=None, usual_rule=None)
    near, far = spot((28.0, 0.0, 0.0)), spot((9.0, 0.0, 0.0))
    assert shared_out([between], [[near], [far]], JOIN) == [[between], []]
    assert shared_out([between], [[far], [near]], JOIN) == [[], [between]]
    assert shared_out([between], [[far]], JOIN) == [[between]]


def test_a_finding_that_holds_the_maximum_of_two_hot_spots_is_at_both() -> None:
    wide = dataclasses.replace(usual(radius=14.0), usual=None, usual_rule=None)
    one, other = spot((28.0, 0.0, 0.0)), spot((12.0, 0.0, 0.0))
    assert shared_out([wide], [[one], [other]], JOIN) == [[wide], [wide]]
    beside = spot((42.0, 0.0, 0.0))
    assert shared_out([wide], [[one], [beside]], JOIN) == [[wide], []]


def test_agreement_rises_with_the_overlap_without_a_step() -> None:
    def agreement(x: float) -> float:
        hot = spot((x, 0.0, 0.0))
        one = read(spots=[hot]).candidates[0]
        return concordance(dataclasses.replace(one, mr_findings=[usual()]), 100.0)

    values = [agreement(x) for x in (20.0, 25.0, 27.0, 29.0, 31.0, 33.0)]
    assert values[0] == pytest.approx(1.0)
    assert values[-1] == pytest.approx(0.75)
    assert values == sorted(values, reverse=True)
    assert max(a - b for a, b in itertools.pairwise(values)) < 0.2
