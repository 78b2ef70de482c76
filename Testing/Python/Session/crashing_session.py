"""A program that reviews a case and is killed; the tests of the journal run it with bundle, folder and answer file."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Report.case_outputs import plain_text
from PainGeneratorLib.Session.session import Session
from session_hands import all_lists, paint_larger, with_uptake


def main(bundle: str, folder: str, answer: str) -> None:
    with HeadlessHost() as host:
        host.load_mrb(Path(bundle))
        session = Session(host.scene, None, None, plain_text, Path(folder))
        session.reading.set_name("Anna A.")
        hot = with_uptake(session)
        others = [c.id for c in session.candidates() if c.id != hot]
        session.accept([hot])
        paint_larger(session, hot)
        session.segment_edited(hot)
        session.comment(others[0], "typical, \u201cquoted\u201d")
        session.delete([others[1]])
        session.bring_back([session.set_apart()[0].id])
        session.reject([others[2]])
        session.undo()
        session.report_text.write("My words.")
        session.journal.draft(others[2], "half a sent")
        said = {"lists": all_lists(session), "draft": others[2], "undone": others[2]}
        Path(answer).write_text(json.dumps(said), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
