"""Analgesics by the WHO ladder and as morphine equivalents."""

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Study.analgesics import CDC_2022, Dose, parse_doses, score_morphine, score_who_step


@pytest.mark.parametrize(
    ("text", "mg"),
    [
        # The two examples in the footnote of the CDC's table.
        ("hydrocodone 20", 20.0),
        ("oxycodone 20", 30.0),
        ("codeine 100, hydromorphone 4", 35.0),
        ("fentanyl patch 25", 60.0),
        ("methadone 10", 47.0),
        ("oxymorphone 10; tapentadol 100", 70.0),
        ("tramadol 200, ibuprofen 1800", 40.0),
        ("none", 0.0),
    ],
)
def test_morphine_equivalents_follow_the_published_factors(text, mg):
    found = score_morphine(parse_doses(text))
    assert found.analgesic_score == pytest.approx(mg)
    assert found.analgesic_source == CDC_2022


@pytest.mark.parametrize(
    ("text", "step"),
    [("none", 0), ("Ibuprofen", 1), ("metamizol 2000, Tilidine 100", 2), ("tramadol, Fentanyl  Patch 12.5", 3)],
)
def test_the_who_step_is_the_highest_one(text, step):
    assert score_who_step(parse_doses(text)).analgesic_score == step


@pytest.mark.parametrize("score", [score_who_step, score_morphine])
def test_an_unknown_drug_is_refused_and_never_counted_as_nothing(score):
    with pytest.raises(PainGeneratorError, match="painaway"):
        score([Dose("ibuprofen"), Dose("painaway", 10)])


@pytest.mark.parametrize("drug", ["buprenorphine", "tilidine", "fentanyl", "pethidine"])
def test_an_opioid_without_a_published_factor_is_refused(drug):
    with pytest.raises(PainGeneratorError, match="no factor"):
        score_morphine([Dose(drug, 10)])


@pytest.mark.parametrize("amount", [None, -1, float("nan"), 20000.0])
def test_a_dose_that_cannot_be_right_is_refused(amount):
    with pytest.raises(PainGeneratorError, match="dose"):
        score_morphine([Dose("morphine", amount)])


@pytest.mark.parametrize("text", ["", " , ", "20", "tramadol inf"])
def test_words_that_are_no_drugs_are_refused(text):
    with pytest.raises(PainGeneratorError):
        score_who_step(parse_doses(text))
