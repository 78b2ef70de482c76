"""What the panel proposes and asks before a run: the clinical group, and an anatomy that lies in the scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def hands(stand_in: Any, a_widget: Any, tmp_path: Path) -> Any:
    """The panel with a hip phantom and its anatomy in the scene, after Detect."""
    from gui_hands import Hands
    from PainGeneratorLib.Gui.sample_data import load_phantom

    load_phantom("hip-replacement", 5, "small")
    hands = Hands(stand_in, a_widget, tmp_path)
    hands.press(hands.ui.detectButton)
    return hands


def choose_group(hands: Any, group: str) -> None:
    combo = hands.ui.groupCombo
    combo.setCurrentIndex(combo.findData(group))
    hands.events()


def test_a_hip_case_is_proposed_as_one_and_asked_about_when_the_reader_says_low_back(hands: Any) -> None:
    ui, session = hands.ui, hands.session
    assert session.group == "hip-replacement", "Detect proposes the group"
    assert ui.groupCombo.itemData(ui.groupCombo.currentIndex) == "hip-replacement"
    assert ui.groupReasonLabel.visible
    assert "show hips" in ui.groupReasonLabel.text
    assert ui.anatomySelector.currentNode().GetName() == "Anatomy", "a segmentation of bones is proposed"
    assert "bones" in ui.anatomyReasonLabel.text
    assert not ui.caseQuestionFrame.visible
    hands.shot("case-hip")

    choose_group(hands, "low-back")
    question = session.group_question()
    assert question is not None
    assert "read as low back, but images and scene show hips" in question
    assert ui.caseQuestionFrame.visible
    assert question.split(":")[0] in ui.caseQuestionLabel.text
    assert (ui.firstAnswerButton.text, ui.secondAnswerButton.text) == ("Hip replacement", "Stay with Low back")
    ui.caseSection.collapsed = True
    hands.press(ui.runCaseButton)
    assert session.state("case").value == "not done", "the run waits for the answer"
    assert not ui.caseSection.collapsed
    hands.shot("case-question")

    hands.press(ui.firstAnswerButton)
    hands.wait_until(lambda: not hands.panel.is_busy and session.state("case").value == "done", "done", 120)
    assert session.group == "hip-replacement"
    assert not ui.caseQuestionFrame.visible
    assert session.group_question() is None
    assert not any("but images and scene show" in text for text in session.warnings)


def test_the_reader_may_stay_with_the_group_and_the_case_says_so(hands: Any) -> None:
    ui, session = hands.ui, hands.session
    choose_group(hands, "low-back")
    question = session.group_question()
    hands.press(ui.runCaseButton)
    hands.press(ui.secondAnswerButton)
    hands.wait_until(lambda: not hands.panel.is_busy and session.state("case").value == "done", "done", 120)
    assert session.group == "low-back"
    assert session.group_question() is None, "it is not asked twice"
    said = question.split(", the DICOM headers")[0]
    assert any(text.startswith(said) for text in session.warnings), "the warning has the words of the question"
    hands.press(ui.detectButton)
    assert session.group == "low-back", "Detect does not change what the reader chose"


def test_an_anatomy_that_the_reader_did_not_choose_is_asked_about_once(hands: Any) -> None:
    ui, session = hands.ui, hands.session
    anatomy = ui.anatomySelector.currentNode()
    session.set_anatomy(None)
    assert session.anatomy_question() is None, "the reader took it away"
    session.answer_anatomy(True)
    assert session.anatomy_id == anatomy.GetID()
    session.set_anatomy(None)
    session._settings.keep(anatomyRefused="")
    anatomy.SetName("Bones of A & B")
    hands.panel.update("case")
    assert "the labels of Bones of A &amp; B are" in ui.caseQuestionLabel.text
    assert ui.firstAnswerButton.toolTip.startswith("<p>No anatomy is chosen"), "with markup, as its text is escaped"
    hands.press(ui.secondAnswerButton)
    assert session.anatomy_id is None
    assert not ui.caseQuestionFrame.visible
    session.answer_anatomy(True)
    assert session.anatomy_id == anatomy.GetID()
