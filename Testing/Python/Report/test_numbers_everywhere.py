"""A number is the same on the terminal, in the tables, in the report and in the panel, to the last digit of each.

Each place shows its own count of decimals. What it shows is the number of ``candidates.csv`` with these decimals.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re

import pytest
from page_tables import Tables
from PainGeneratorLib.Numerics.core.measures import MEASURES, Kind, Output, as_stored, measures_of, stored_values
from PainGeneratorLib.Numerics.core.plain_numbers import plain_number
from PainGeneratorLib.Numerics.core.records import Candidate
from PainGeneratorLib.Numerics.core.site_columns import SITE_COLUMNS, row_as_stored
from PainGeneratorLib.Numerics.core.strength import strength_word
from PainGeneratorLib.Report import words
from PainGeneratorLib.Report.report import report_html
from PainGeneratorLib.Report.tables import candidates_csv, terminal_rows
from report_examples import example_candidates, example_site_table, plain_content

TRICKY = (1.3749, 1.37499, 1.3751, 2.00495, 5.9499, 0.0049, 0.9995, 12.3449)
"""Values that are rounded to another last digit when they are rounded twice, and values near 0."""
FIELDS = (
    *("suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "volume_ml", "tbr", "reference", "left_right_ratio"),
    *("distance_to_pain_mm", "fat_fraction", "score"),
)


def tricky(value: float) -> Candidate:
    """A candidate whose numbers are all this value, and whose signed ones are below zero."""
    first = example_candidates()[0]
    return dataclasses.replace(first, **dict.fromkeys(FIELDS, value), mr_z=-value, fat_fraction_z=-value / 100)


def cells_of(page: str, output: Output) -> dict[str, str]:
    """What the table of an output shows of the only candidate, by the key of the measure."""
    read = Tables()
    read.feed(page)
    measures = measures_of(output)
    heads = [measure.title + measure.unit for measure in measures]
    at = next(
        i
        for i, row in enumerate(read.rows)
        if [re.sub(r"\s", "", c) for c in row] == [re.sub(r"\s", "", h) for h in heads]
    )
    return dict(zip((measure.key for measure in measures), read.rows[at + 1], strict=True))


@pytest.mark.parametrize("value", TRICKY)
def test_every_place_shows_the_number_of_the_table(value: float) -> None:
    candidate = tricky(value)
    row = next(csv.DictReader(io.StringIO(candidates_csv([candidate]).lstrip("\ufeff"))))
    stored = stored_values(candidate)
    page = report_html(plain_content([as_stored(candidate)]))
    measures, _header, lines = terminal_rows([candidate])
    terminal = dict(zip((one.key for one in measures), lines[0], strict=True))
    for measure in MEASURES:
        if measure.kind is Kind.NUMBER:
            assert float(row[measure.key]) == stored[measure.key], measure.key
    for output in (Output.REPORT_RANKING, Output.REPORT_MEASURES):
        shown = cells_of(page, output)
        for measure in measures_of(output):
            if measure.kind is Kind.NUMBER:
                assert shown[measure.key] == words.number(stored[measure.key], measure.digits), (output, measure.key)
    for measure in measures:
        if measure.kind is Kind.NUMBER:
            assert terminal[measure.key] == words.number(stored[measure.key], measure.digits), measure.key


@pytest.mark.parametrize("value", TRICKY)
def test_sentences_are_made_from_the_numbers_of_the_table(value: float) -> None:
    candidate = as_stored(tricky(value))
    said = words.sentence(candidate)
    assert f"SUVpeak {words.number(stored_values(candidate)['suv_peak'], 2, 'g/ml')}" in said
    assert f"{words.number(stored_values(candidate)['tbr'])} times the reference tissue" in said


@pytest.mark.parametrize("value", TRICKY)
def test_numbers_that_were_stored_stay_as_they_are(value: float) -> None:
    candidate = tricky(value)
    once = as_stored(candidate)
    assert stored_values(once) == stored_values(candidate)
    assert strength_word(once.score) == stored_values(candidate)["strength"]


def test_the_rows_of_sites_hold_the_numbers_of_their_table() -> None:
    for row in example_site_table().rows:
        tricked = dataclasses.replace(row, suv_peak=1.37499, ratio=1.3749, z={"T1": -0.0449, "FLUID": 2.3449})
        once = row_as_stored(tricked)
        for column in SITE_COLUMNS:
            if column.kind is Kind.NUMBER:
                assert column.stored(once) == column.stored(tricked), column.key
        assert once.z == {"T1": -0.04, "FLUID": 2.34}


def test_zero_has_no_sign_and_a_small_number_never_reads_as_zero() -> None:
    shown = [plain_number(value, 1) for value in (0.0, -0.0, -0.04, 0.004, 2.449, float("nan"), None)]
    assert shown == ["0.0", "0.0", "-0.04", "0.004", "2.4", None, None]
