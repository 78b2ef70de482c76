"""The real panel from its real Designer file, clicked through on a phantom from Detect to Export."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def a_walk(stand_in: Any, a_widget: Any, tmp_path: Path) -> Any:
    from gui_walk import Walk

    walk = Walk(stand_in, a_widget, tmp_path)
    walk.check()
    return walk


def test_what_is_typed_about_a_hip_replacement_is_handed_over(a_widget: Any) -> None:
    from PainGeneratorLib.Gui.case_section import CaseSection

    section = next(one for one in a_widget.panel.sections if isinstance(one, CaseSection))
    section.open_session.group = "hip-replacement"
    section.update("case")
    section.ui.surgeryDateEdit.text = "2024-03-01"
    section.ui.crpEdit.text = "12,5"
    section.on_surgery()
    assert section.open_session.surgery() == (datetime.date(2024, 3, 1), None, 12.5)
    assert section.ui.surgeryDateEdit.enabled
    section.open_session.group = "low-back"
    section.update("case")
    assert not section.ui.surgeryDateEdit.enabled


def test_slicer_starts_without_an_error_and_offers_the_phantoms(a_widget: Any, stand_in: Any) -> None:
    from slicer_stand_in.current import CURRENT
    from slicer_stand_in.sample_data import CATEGORIES, SOURCES

    assert [text for kind, text in CURRENT.messages if kind == "error"] == []
    assert CATEGORIES == {"PainGenerator": "Pain Generator"}
    names = [source.sampleName for source in SOURCES["PainGenerator"]]
    assert names == ["Pain generator: low back phantom", "Pain generator: hip replacement phantom"]
    assert all(Path(source.thumbnailFileName).is_file() for source in SOURCES["PainGenerator"])


def test_a_radiologist_walks_from_detect_to_export(a_walk: Any) -> None:
    a_walk.load_and_detect()
    a_walk.check()
    a_walk.shot("case")
    a_walk.check_the_case()
    a_walk.check()
    a_walk.cancel_a_run()
    a_walk.check()
    a_walk.run_all()
    a_walk.check()
    a_walk.see_the_first_candidate()
    a_walk.check()
    a_walk.move_slider()
    a_walk.check()
    a_walk.jump()
    a_walk.check()
    a_walk.use_reading_aids()
    a_walk.check()
    a_walk.decide()
    a_walk.check()
    a_walk.paint_larger()
    a_walk.check()
    added = a_walk.add_one()
    a_walk.check()
    a_walk.merge_two(added)
    a_walk.check()
    a_walk.rename_level()
    a_walk.check()
    a_walk.look_at_what_is_set_apart()
    a_walk.check()
    a_walk.look_at_sites()
    a_walk.check()
    a_walk.name_level()
    a_walk.check()
    a_walk.save_close_reopen()
    a_walk.check()
    a_walk.leave_and_come_back()
    a_walk.check()
    a_walk.export()
    a_walk.check()


def test_an_empty_scene_tells_why_nothing_can_run(a_walk: Any) -> None:
    ui = a_walk.ui
    for button in (ui.runAllButton, ui.runCaseButton, ui.runAlignButton, ui.runFindButton, ui.exportButton):
        assert not button.enabled
        assert len(button.toolTip) > 10
    ui.detectButton.click()
    from slicer_stand_in.current import CURRENT

    assert [kind for kind, _ in CURRENT.messages if kind == "error"] == ["error"]
    assert len(a_walk.stand_in.troubles.slot_errors) == 1


def test_the_module_works_without_a_main_window(slicer_api: Any, project_folder: Path, qt_libraries: None) -> None:
    from slicer_stand_in.installed import SlicerStandIn

    with SlicerStandIn(main_window=False) as running:
        _module, widget = running.load_module(project_folder / "PainGenerator" / "PainGenerator.py")
        running.enter(widget)
        running.leave(widget)
        widget.cleanup()
        assert running.troubles.texts() == []
