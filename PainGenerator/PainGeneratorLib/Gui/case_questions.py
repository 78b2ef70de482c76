"""What is asked in step 1 before a run: a group that the images contradict, an anatomy that is not used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from .guard import Connections, guarded_slow
from .words import group_text, plain, red

if TYPE_CHECKING:
    from .panel import Panel
    from .session_needs import QuestionNeeds


@dataclass(frozen=True)
class Question:
    """A question with two answers.

    Parameters
    ----------
    text : str
    answers : tuple of (str, callable)
        The text of the button, and what the answer does. The first one follows what images and scene show.
    """

    text: str
    answers: tuple[tuple[str, Callable[[], Any]], tuple[str, Callable[[], Any]]]


def open_question(session: QuestionNeeds) -> Question | None:
    """What has to be asked before a run; None when there is nothing."""
    text = session.group_question()
    shown, chosen = session.shown_group(), session.group
    if text is not None and shown is not None:
        return Question(
            text,
            (
                (group_text(shown), lambda: session.answer_group(shown)),
                (_("Stay with {group}").format(group=group_text(chosen)), lambda: session.answer_group(chosen)),
            ),
        )
    text = session.anatomy_question()
    if text is None:
        return None
    return Question(
        text,
        (
            (_("Use it"), lambda: session.answer_anatomy(True)),
            (_("Go on without it"), lambda: session.answer_anatomy(False)),
        ),
    )


class CaseQuestions:
    """Shows the open question with both answers in step 1. A run that has to wait for it goes on by itself.

    Parameters
    ----------
    panel : Panel
    connections : Connections
        Of the section that shows the question.
    """

    def __init__(self, panel: Panel, connections: Connections) -> None:
        self._panel, self.ui = panel, panel.ui
        self._waiting: Callable[[], Any] | None = None
        connections.add(self.ui.firstAnswerButton, "clicked()", self.on_first)
        connections.add(self.ui.secondAnswerButton, "clicked()", self.on_second)

    def show(self) -> None:
        """Show the question that is open, or none."""
        session, ui = self._panel.session, self.ui
        question = None if session is None or self._panel.is_busy else open_question(session)
        ui.caseQuestionFrame.visible = question is not None
        shown = "" if session is None or question is not None else session.group_shown()
        ui.groupReasonLabel.text = f"<small>{plain(shown)}</small>"
        ui.groupReasonLabel.visible = bool(shown)
        if question is None:
            return
        ui.caseQuestionLabel.text = red(question.text)
        for button, (text, _act) in zip((ui.firstAnswerButton, ui.secondAnswerButton), question.answers, strict=True):
            button.text = text
            # Qt breaks the lines of a tool tip with markup only.
            button.toolTip = f"<p>{plain(question.text)}</p>"

    def must_answer_first(self, run: Callable[[], Any]) -> bool:
        """Whether a question is open; a run that was asked for then waits for its answer."""
        session = self._panel.session
        if session is None or open_question(session) is None:
            self._waiting = None
            return False
        self._waiting = run
        self.ui.caseSection.collapsed = False
        self.show()
        slicer.util.showStatusMessage(_("Answer the question in 1 Case first; the run goes on then."), 8000)
        return True

    def forget(self) -> None:
        """No run waits any longer."""
        self._waiting = None

    @guarded_slow
    def on_first(self) -> None:
        """Follow what images and scene show."""
        self._answer(0)

    @guarded_slow
    def on_second(self) -> None:
        """Stay with what was chosen."""
        self._answer(1)

    def _answer(self, number: int) -> None:
        session = self._panel.session
        question = None if session is None else open_question(session)
        if question is not None:
            question.answers[number][1]()
        self.show()
        run, self._waiting = self._waiting, None
        if run is not None:
            run()
