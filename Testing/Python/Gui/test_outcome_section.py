"""The step Outcome: a case is enrolled, what happened is recorded, and the time line shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PainGeneratorLib.Study.registry import Registry

pytestmark = [pytest.mark.scene]


def fields_of(hands: Any) -> dict[str, int]:
    table = hands.ui.outcomeFieldsTable
    return {table.item(row, 0).text().removesuffix(" *"): row for row in range(table.rowCount)}


def record(hands: Any, record_kind: str, **values: str) -> None:
    """Choose a kind, type values and press Record."""
    from PainGeneratorLib.Gui.outcome_section import KINDS

    hands.ui.outcomeKindCombo.currentIndex = KINDS.index(record_kind)
    hands.events()
    rows = fields_of(hands)
    for name, value in values.items():
        hands.ui.outcomeFieldsTable.item(rows[name.replace("_", " ")], 1).setText(value)
    hands.press(hands.ui.outcomeRecordButton)


@pytest.fixture
def hands(stand_in: Any, a_widget: Any, tmp_path: Path) -> Any:
    """Hands on the panel without a case, for what goes wrong: errors may be left."""
    from gui_hands import Hands

    return Hands(stand_in, a_widget, tmp_path)


def told_error() -> str:
    """The error that was shown last; it is taken away, as it was expected."""
    from slicer_stand_in.current import CURRENT

    errors = [message for message in CURRENT.messages if message[0] == "error"]
    CURRENT.messages[:] = [message for message in CURRENT.messages if message[0] != "error"]
    return str(errors[-1][1]) if errors else ""


def test_a_case_goes_from_the_panel_into_the_registry(found_hands: Any, tmp_path: Path) -> None:
    ui, path = found_hands.ui, tmp_path / "study.sqlite"
    found_hands.open_section(ui.outcomeSection)
    ui.outcomeRegistryEdit.text = str(path)
    found_hands.press(ui.outcomeMakeButton)
    ui.outcomePatientEdit.text = "P-001"
    assert ui.outcomeEnrollButton.enabled
    found_hands.press(ui.outcomeEnrollButton)
    record(found_hands, "follow-up", date="2026-01-02", time_point="baseline", nrs_back="7")
    record(found_hands, "treatment", date="2026-01-10", arm="guided", kind="injection", candidate="PG-01")
    patient = Registry.open(str(path)).patient("P-001")
    assert [one.id for one in patient.cases[0].candidates] == [one.id for one in found_hands.session.candidates()]
    assert patient.follow_ups[0].nrs_back == 7
    assert patient.treatments[0].candidate == "PG-01"
    shown = ui.outcomeTimelineLabel.text
    assert all(word in shown for word in ("P-001", "baseline", "treatment 1", "PG-01"))
    assert ui.outcomeFieldsTable.item(fields_of(found_hands)["arm"], 1).text() == "", "ready for the next record"
    for name in ("caseSection", "reviewSection"):
        getattr(ui, name).collapsed = True
    found_hands.scroll_to(ui.outcomeTimelineLabel)
    found_hands.shot("outcome")


def test_what_is_missing_or_wrong_is_told_and_nothing_is_stored(hands: Any, tmp_path: Path) -> None:
    ui, path = hands.ui, tmp_path / "study.sqlite"
    hands.open_section(ui.outcomeSection)
    ui.outcomeRegistryEdit.text = str(path)
    ui.outcomePatientEdit.text = "P-001"
    hands.press(ui.outcomeShowButton)
    assert "There is no registry" in told_error()
    hands.press(ui.outcomeMakeButton)
    record(hands, "follow-up", date="2026-01-02", time_point="baseline", nrs_back="70")
    assert "nrs-back takes 0 to 10" in told_error()
    record(hands, "follow-up", date="2026-01-02", time_point="baseline", nrs_back="7")
    assert "no patient 'P-001'" in told_error()
    assert ui.outcomeFieldsTable.item(fields_of(hands)["nrs back"], 1).text() == "7", "what was typed stays"
    assert Registry.open(str(path)).load().patients == ()


def test_a_missing_package_is_offered_and_nothing_is_installed_unasked(
    hands: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer
    from PainGeneratorLib.Gui import outcome_section
    from slicer_stand_in.current import CURRENT

    installed: list[str] = []
    monkeypatch.setattr(outcome_section, "missing_package", lambda: "" if installed else "sqlalchemy")
    monkeypatch.setattr(slicer.util, "pip_install", installed.append, raising=False)
    ui, path = hands.ui, tmp_path / "study.sqlite"
    ui.outcomeRegistryEdit.text = str(path)
    CURRENT.answers["confirmOkCancelDisplay"] = False
    hands.press(ui.outcomeMakeButton)
    assert "needs the Python package sqlalchemy" in told_error()
    assert not installed
    CURRENT.answers["confirmOkCancelDisplay"] = True
    hands.press(ui.outcomeMakeButton)
    assert installed == ["sqlalchemy alembic psycopg[binary]"]
    assert path.is_file()


def test_the_next_case_is_not_recorded_for_the_patient_before(found_hands: Any) -> None:
    found_hands.ui.outcomePatientEdit.text = "P-001"
    found_hands.panel.update("case")
    assert found_hands.ui.outcomePatientEdit.text == "P-001", "it is the same case"
    found_hands.session.set_role("PET", None)
    found_hands.events()
    assert found_hands.ui.outcomePatientEdit.text == ""
