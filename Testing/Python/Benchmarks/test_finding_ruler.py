"""The ruler for finding: what counts as found, as false, as first, as stable, and where a false one lies."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks"))

from finding_cases import Lesion, digest_of_modules
from finding_chart import chart
from finding_plain import above
from finding_record import STEP, Record
from finding_report import report, to_json
from finding_run import ledger_words
from finding_score import (
    Found,
    Part,
    State,
    is_stable,
    measure_errors,
    names_right,
    ratio_errors,
    score,
    sensitivity,
    states,
    true_first_count,
)
from PainGeneratorLib.Numerics.core.image import Geometry, Image

TRUTH = {"side": "left", "level": "L4/L5", "structure": "facet joint", "volume_ml": 2.0, "blurred_suv_peak": 2.0}


def lesion(name: str, x: float, evidence: str = "PET+MR", radius: float = 5.0) -> Lesion:
    return Lesion(name, evidence, np.array([x, 0.0, 0.0]), radius, dict(TRUTH))


def found(x: float, **facts) -> Found:
    return Found(np.array([x, 0.0, 0.0]), {"structure": None, "suv_peak": None, "mtv_ml": None, **facts})


def test_a_lesion_is_found_within_ten_millimetres_or_its_largest_radius() -> None:
    lesions = [lesion("A", 0.0), lesion("B", 100.0, radius=20.0), lesion("C", 200.0)]
    outcome = score("case", lesions, [found(9.0), found(119.0), found(211.0)])
    assert outcome.ranks == {"A": 1, "B": 2, "C": None}
    assert [rank for rank, _ in outcome.false] == [3]
    assert sensitivity([outcome]) == (2, 3)


def test_a_second_candidate_at_a_lesion_is_not_false_and_the_best_rank_counts() -> None:
    outcome = score("case", [lesion("A", 0.0)], [found(50.0), found(3.0), found(-3.0)])
    assert outcome.ranks == {"A": 2}
    assert len(outcome.false) == 1
    assert outcome.lesion_of(3).id == "A"


def test_true_before_false_looks_at_the_evidence_that_is_asked_for() -> None:
    lesions = [lesion("A", 0.0), lesion("B", 100.0, "MR only")]
    outcome = score("case", lesions, [found(0.0), found(50.0), found(100.0)])
    assert outcome.true_first() is False
    assert outcome.true_first(("PET+MR",)) is True
    nothing = score("case", lesions, [found(50.0)])
    assert nothing.true_first() is None
    assert true_first_count([outcome, nothing], ("PET+MR",)) == (1, 1)


def test_the_first_three_are_stable_in_any_order_but_not_when_one_leaves() -> None:
    first = [found(0.0), found(50.0), found(100.0), found(150.0)]
    assert is_stable(first, [found(50.0), found(2.0), found(101.0)])
    assert not is_stable(first, [found(0.0), found(50.0), found(150.0), found(100.0)])
    assert not is_stable(first[:2], first[:3])
    assert is_stable([], first) is None


def test_names_count_for_found_lesions_only_and_side_level_structure_apart() -> None:
    lesions = [lesion("A", 0.0), lesion("B", 100.0)]
    one = found(0.0, structure="facet joint", side="right", level="L4/L5", evidence="PET+MR")
    assert names_right([score("case", lesions, [one])]) == {
        "side": (0, 1),
        "level": (1, 1),
        "structure": (1, 1),
        "evidence": (1, 1),
    }


def test_measures_are_compared_with_the_noise_free_truth() -> None:
    peak, volume = measure_errors([score("case", [lesion("A", 0.0)], [found(0.0, suv_peak=2.1, mtv_ml=1.0)])])
    assert peak == pytest.approx([0.05])
    assert volume == pytest.approx([-0.5])


def test_a_plain_threshold_finds_each_connected_part_of_a_tenth_of_a_millilitre() -> None:
    values = np.zeros((20, 20, 20), dtype=np.float32)
    values[2:7, 2:7, 2:7] = 3.0
    values[12:17, 12:17, 12:17] = 5.0
    values[0, 0, 19] = 9.0
    image = Image(values, Geometry((20, 20, 20), np.diag([2.0, 2.0, 2.0, 1.0])))
    first, second = above(image, 2.5)
    assert first.centroid_ras_mm == pytest.approx([28.0, 28.0, 28.0])
    assert (first.highest, second.highest) == (5.0, 3.0)
    assert second.volume_ml == pytest.approx(1.0)


def test_a_step_is_the_step_of_the_panels_slider() -> None:
    panel = Path(__file__).resolve().parents[3] / "PainGenerator/Resources/UI/PainGenerator.ui"
    slider = next(w for w in ElementTree.parse(panel).iter("widget") if w.get("name") == "sensitivitySlider")
    step = next(p for p in slider.findall("property") if p.get("name") == "singleStep")
    assert float(step.findtext("double")) == STEP


def test_tables_json_and_chart_come_from_the_same_records() -> None:
    record = Record("low-back-1", "low-back")
    outcome = score("low-back-1", [lesion("A", 0.0)], [found(0.0), found(70.0)], lambda point: "bladder")
    record.outcomes["without"] = outcome
    record.slider = {("without", 1.2): outcome, ("without", 1.4): outcome}
    record.plain = {"SUV 2.5": outcome}
    record.stable = {"sensitivity": True, "alignment": None}
    record.landmarks = {
        "PET": {"before_mm": 5.0, "after_mm": 4.0, "landmarks_mm": [3.0, 5.0], "verdict": "aligned", "warned": True}
    }
    text = "\n".join(report([record]))
    assert "PET+MR    found 1/1 (100 %)" in text
    assert "bladder 1" in text
    assert "over 3 mm 1, of these said so 0, said so or warned 1" in text
    assert "one step of the slider 1/1" in text
    result = json.loads(json.dumps(to_json([record], {})))
    assert result["sums"]["low-back"]["default"]["without"]["false_a_case"] == 1.0
    assert result["cases"][0]["outcomes"]["without"]["candidates"][1]["false_place"] == "bladder"
    drawing = ElementTree.fromstring(chart(result))
    assert "SUV 2.5" in {element.text for element in drawing.iter()}


def test_what_is_kept_follows_from_all_modules_that_it_imports() -> None:
    alone = digest_of_modules("Numerics/core/errors.py")
    assert digest_of_modules("Numerics/core/image.py") != alone
    assert digest_of_modules("Numerics/core/regions.py", "Numerics/core/image.py") == digest_of_modules(
        "Numerics/core/regions.py"
    )


def test_a_lesion_that_no_candidate_has_is_set_apart_in_the_box_for_attention_or_missed() -> None:
    lesions = [lesion(name, x) for name, x in (("A", 0.0), ("B", 100.0), ("C", 200.0), ("D", 300.0))]
    outcome = score(
        "case", lesions, [found(1.0)], set_apart=[found(0.0), found(99.0), found(202.0)], attention=[found(201.0)]
    )
    assert [outcome.state(x) for x in lesions] == [State.FOUND, State.SET_APART, State.ATTENTION, State.MISSED]
    assert sensitivity([outcome]) == (1, 4)
    assert states([outcome])[State.SET_APART] == 1
    assert outcome.shown(lesions[1]) is None
    assert outcome.shown(lesions[2]) is outcome.attention[0]


def test_the_box_for_attention_is_needless_where_there_is_no_lesion() -> None:
    outcome = score("case", [lesion("A", 0.0)], [], attention=[found(1.0), found(50.0)])
    assert outcome.needless_attention() == [outcome.attention[1]]


def test_one_entry_that_names_both_sides_finds_both_lesions_with_the_measures_of_each() -> None:
    at = (np.array([-40.0, 0.0, 0.0]), np.array([40.0, 0.0, 0.0]))
    parts = tuple(Part(p, {"suv_peak": peak}) for p, peak in zip(at, (2.0, 3.0), strict=True))
    both = Found(
        at[0], {"structure": "facet joint", "name": "", "side": "both", "level": "L4/L5", "suv_peak": 3.0}, parts
    )
    lesions = [lesion("A", -41.0), lesion("B", 42.0)]
    lesions[1].truth["side"] = "right"
    outcome = score("case", lesions, [both])
    assert outcome.ranks == {"A": 1, "B": 1}
    assert not outcome.false
    assert measure_errors([outcome])[0] == pytest.approx([0.0, 0.5])
    assert names_right([outcome])["side"] == (2, 2)


@pytest.mark.parametrize(
    ("said", "is_right"), [("Gruen 6", True), ("Gruen 5, 6", True), ("Gruen 7", False), ("DeLee-Charnley II", False)]
)
def test_a_zone_is_right_when_it_is_among_those_that_the_entry_names(said: str, is_right: bool) -> None:
    one = lesion("A", 0.0)
    one.truth["zone"] = "Gruen 6"
    match = found(0.0, structure="femur", side="left", level=None, zone=said, evidence="PET only")
    right = names_right([score("case", [one], [match])])
    assert right["zone"] == (int(is_right), 1)
    assert right["evidence"] == (0, 1)


def test_the_ratio_is_compared_with_the_noise_free_peak_over_the_true_reference() -> None:
    one = lesion("A", 0.0)
    one.truth.update({"reference_suv": 1.0, "reference_tissue": "marrow"})
    match = found(0.0, suv_peak=2.0, tbr=1.6, mtv_ml=2.0, references=["marrow"])
    errors, others = ratio_errors([score("case", [one], [match])])
    assert (errors.tolist(), others) == (pytest.approx([-0.2]), 0)
    match.facts["references"] = ["surroundings"]
    errors, others = ratio_errors([score("case", [one], [match])])
    assert (errors.tolist(), others) == ([], 1)


def test_the_ledger_is_told_in_one_line_with_what_could_not_be_assessed() -> None:
    ledger = [
        {"sign": "pet_uptake", "points": 4.5, "state": "present", "measure": 2.1, "text": ""},
        {"sign": "edema", "points": 0.0, "state": "not assessable", "measure": None, "text": ""},
    ]
    one = found(0.0, ledger=ledger, pet_state="abnormal", mr_state="not assessable", score=4.5, reason="")
    assert ledger_words(one) == "PET abnormal, MR not assessable: pet_uptake +4.5, edema ? = 4.5"
