"""Scores against published values."""

import itertools

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Study import questionnaires as q


def _answers(*boxes):
    return {str(item): box for item, box in enumerate(boxes, 1)}


def test_odi_gives_the_published_examples():
    # The two examples of the published scoring: 16 of 50 is 32 %; 16 with one section left out is 35.5 %.
    assert q.score_odi(_answers(1, 1, 2, 2, 1, 2, 1, 3, 2, 1)) == 32.0
    assert q.score_odi(_answers(1, 1, 2, 2, 1, 2, 1, None, 5, 1)) == pytest.approx(35.5, abs=0.06)


@pytest.mark.parametrize(("box", "score"), [(0, 0.0), (5, 100.0)])
def test_odi_has_its_ends(box, score):
    assert q.score_odi(_answers(*[box] * 10)) == score


def test_odi_needs_eight_sections():
    assert q.score_odi(_answers(5, 5, 5, 5, 5, 5, 5, 5)) == 100.0
    assert q.score_odi(_answers(5, 5, 5, 5, 5, 5, 5)) is None


def test_hoos12_scales_take_their_own_items():
    found = q.score_hoos12(_answers(0, 0, 0, 1, 2, 2, 2, 2, 4, 4, 4, 3))
    assert (found.pain, found.function, found.quality) == (93.75, 50.0, 6.25)
    assert found.summary == 50.0


def test_hoos12_replaces_a_missing_item_by_the_mean_of_its_scale():
    whole = q.score_hoos12(_answers(1, 1, 3, 3, 0, 0, 0, 0, 4, 4, 4, 4))
    partly = q.score_hoos12(_answers(1, None, 3, None, 0, 0, 0, 0, 4, 4, 4, 4))
    assert partly.pain == whole.pain == 50.0


def test_hoos12_gives_no_scale_of_one_answer_and_no_summary_then():
    found = q.score_hoos12(_answers(1, None, None, None, 0, 0, 0, 0, 4, 4, 4, 4))
    assert found.pain is None
    assert found.summary is None
    assert (found.function, found.quality) == (100.0, 0.0)


@pytest.mark.parametrize(
    ("raw", "interval"), [(0, 100.0), (1, 92.340), (2, 85.257), (12, 52.965), (14, 46.652), (23, 8.104), (24, 0.0)]
)
def test_hoos_jr_gives_the_published_interval_score(raw, interval):
    boxes = [min(4, max(0, raw - 4 * item)) for item in range(6)]
    assert q.score_hoos_jr(_answers(*boxes)) == interval


def test_hoos_jr_table_falls_from_each_raw_sum_to_the_next():
    assert len(q.HOOS_JR_INTERVAL) == 25
    steps = [above - below for above, below in itertools.pairwise(q.HOOS_JR_INTERVAL)]
    assert min(steps) > 2.8
    # The steps of a Rasch scale grow smoothly toward both ends; a digit that was mistyped shows here.
    assert steps[8] == min(steps)
    assert steps[:9] == sorted(steps[:9], reverse=True)
    assert steps[8:] == sorted(steps[8:])


def test_hoos_jr_needs_all_answers():
    assert q.score_hoos_jr(_answers(0, 0, 0, 0, 0)) is None


@pytest.mark.parametrize("answers", [{"11": 0}, {"1": 6}, {"1": -1}, {"1": 2.5}, {"1": True}, {"x": 1}])
def test_an_answer_that_does_not_exist_is_refused(answers):
    with pytest.raises(PainGeneratorError):
        q.score_odi(answers)


def test_single_scales_keep_their_ends():
    assert [q.score_nrs(0), q.score_nrs(10), q.score_nrs(None)] == [0, 10, None]
    assert [q.score_pgic(1), q.score_pgic(7), q.score_pgic(None)] == [1, 7, None]
    for refused in (
        lambda: q.score_nrs(11),
        lambda: q.score_nrs(6.5),
        lambda: q.score_pgic(0),
        lambda: q.score_vas(101),
    ):
        with pytest.raises(PainGeneratorError):
            refused()


def test_vas_on_a_shorter_line_is_stretched():
    assert q.score_vas(37.0) == 37.0
    assert q.score_vas(40.0, line_mm=80.0) == 50.0
    with pytest.raises(PainGeneratorError):
        q.score_vas(float("nan"))


def test_scores_of_items_carry_the_names_of_the_record():
    found = q.scores_of_items({"odi": _answers(*[1] * 10), "hoos12": _answers(*[2] * 12), "hoos_jr": {"1": 1}})
    assert found == {
        "odi": 20.0, "hoos12_pain": 50.0, "hoos12_function": 50.0, "hoos12_quality": 50.0, "hoos12": 50.0,
        "hoos_jr": None,
    }  # fmt: skip
    with pytest.raises(PainGeneratorError, match="no questionnaire"):
        q.scores_of_items({"sf36": {}})
