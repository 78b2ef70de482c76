"""The ledger in the panel, and the texts on what is set apart and what has to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kept_examples import EXAMPLES
from PainGeneratorLib.Numerics.core.records import Candidate, LedgerEntry

SIGNS = (
    LedgerEntry("uptake", "pet", "Uptake 2.1 times that of marrow.", 2.1, 5.53, "Somebody 2020"),
    LedgerEntry("usual", "usual", "Usual in the ureter.", None, -7.01, "our estimate: it is seen in most people"),
    LedgerEntry("edema", "mr", "MR: not assessable.", None, 0.0, "Nobody", "not assessable"),
    LedgerEntry("pain", "symptom", "Away from the pain.", None, -0.04, "our estimate"),
)


def candidate(**fields: Any) -> Candidate:
    kept = {**EXAMPLES["Candidate"].to_kept(), "ledger": SIGNS, "score": 8.24, **fields}
    return Candidate.from_kept(kept)


@pytest.fixture
def qt(slicer_api: Any, qt_libraries: None) -> Iterator[Any]:
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn(main_window=False):
        import qt

        yield qt


def test_each_sign_has_a_row_with_its_points_and_its_source(qt: Any) -> None:
    from PainGeneratorLib.Gui.ledger_table import LedgerTable

    table = qt.QTableWidget(0, 2)
    ledger = LedgerTable(table)
    ledger.show(candidate())
    rows = [[table.item(row, column).text() for column in range(2)] for row in range(table.rowCount)]
    assert [points for points, _ in rows] == ["+5.5", "\N{MINUS SIGN}7.0", "\N{EN DASH}", "0.0"]
    assert [sign for _, sign in rows] == [sign.text for sign in SIGNS]
    for row, sign in enumerate(SIGNS):
        assert all(sign.source in table.item(row, column).toolTip() for column in range(2))
    ledger.show(None)
    assert table.rowCount == 0


def test_the_details_say_the_points_the_word_of_strength_and_what_each_image_shows(qt: Any) -> None:
    from PainGeneratorLib.Gui.details_section import details_text

    text = details_text(candidate(reason="", pet_state="abnormal", mr_state="not assessable"))
    assert "+8.2 points of evidence: moderate" in text
    assert "PET there: abnormal. MR there: not assessable." in text
    apart = details_text(candidate(score=-3.0, reason="Usual <there>."))
    assert "\N{MINUS SIGN}3.0 points of evidence: little" in apart
    assert "Usual &lt;there&gt;." in apart
    assert "MR edema" in details_text(candidate(mr_kind="oedema"))


def test_what_has_to_be_looked_at_is_named_with_its_reason_and_a_link(qt: Any) -> None:
    from PainGeneratorLib.Gui.apart_section import attention_text, title_text

    text = attention_text([candidate(id="PG-07", reason="A mass of 85 ml.")])
    assert '<a href="PG-07">left facet joint L4/L5</a>: A mass of 85 ml.' in text
    assert attention_text([]) == ""
    assert title_text(1, 12).endswith("(12 set apart, 1 to be looked at)")
    assert title_text(0, 0) == "Set apart and to be looked at"
