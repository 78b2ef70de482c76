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
from finding_score import Found, is_stable, measure_errors, names_right, score, sensitivity, true_first_count
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
    one = found(0.0, structure="facet joint", side="right", level="L4/L5")
    assert names_right([score("case", lesions, [one])]) == {"side": (0, 1), "level": (1, 1), "structure": (1, 1)}


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
