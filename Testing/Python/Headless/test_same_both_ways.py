"""One case by the command line and by the panel: the same lists, names, measures, sites, warnings and notes."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Headless.cli import DONE, main
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Session.session import Session
from scene_cases import load_anatomy, load_as_slicer_does

pytestmark = [pytest.mark.scene, pytest.mark.slow]

QUICK = {
    "alignment.restarts.count": 1,
    "alignment.search.samples": 2000,
    "alignment.search.finest_spacing_mm": 5.0,
}
"""Settings with which the alignment takes seconds."""
PAIN_SITE = (-150.0, 0.0, 0.0)
"""A place that the MR does not show, but the PET may show: both hosts have to say so."""
GROUP = "hip-replacement"
"""Another group than the images show: both hosts have to say so."""


@pytest.fixture(scope="module")
def written(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The output folder of ``pain-generator analyze``, and what it printed to standard error."""
    folder = tmp_path_factory.mktemp("both") / "out"
    arguments = ["analyze", str(phantom_folder / "dicom"), "--output", str(folder), "--group", "auto"]
    arguments += ["--pain-side", "left", "--pain-site", ",".join(map(str, PAIN_SITE))]
    arguments += ["--anatomy", str(phantom_folder / "anatomy.nii.gz")]
    arguments += ["--anatomy-labels", str(phantom_folder / "anatomy-labels.json")]
    for name, value in QUICK.items():
        arguments += ["--set", f"{name}={value}"]
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        assert main(arguments) == DONE
    return folder, told.getvalue()


@pytest.fixture(scope="module")
def panel(phantom_folder: Path) -> Iterator[Session]:
    """The same case as the panel reads it: loaded volumes, Detect, Run all."""
    with HeadlessHost() as host:
        files = load_as_slicer_does(host.scene, phantom_folder / "dicom")
        load_anatomy(host.scene, phantom_folder)
        session = Session(host.scene, files.get)
        session.detect()
        assert session.group == "low-back"
        session.pain_side = "left"
        session.set_pain_sites(np.array([PAIN_SITE]))
        for name, value in QUICK.items():
            session.set_parameter(name, value)
        session.run_all()
        yield session
        session.close()


def lists_of(session: Session) -> dict[str, list[dict[str, Any]]]:
    """The three lists with the words of ``candidates.json``."""
    lists = {"candidates": session.candidates(), "set_apart": session.set_apart(), "attention": session.attention()}
    return {name: json.loads(json.dumps([session.row(one) for one in found])) for name, found in lists.items()}


def rows_of(session: Session) -> list[tuple[Any, ...]]:
    rows = session.sites.rows
    return [(row.site.name, row.state, row.reasons, row.suv_peak, row.ratio, row.z) for row in rows]


def test_panel_and_command_line_find_the_same(written: tuple[Path, str], panel: Session) -> None:
    stored = json.loads((written[0] / "candidates.json").read_text(encoding="utf-8"))
    found = lists_of(panel)
    assert found["candidates"]
    assert found["set_apart"]
    for name, entries in found.items():
        assert entries == stored[name], name
    sites = json.loads((written[0] / "sites.json").read_text(encoding="utf-8"))
    assert sorted(row["name"] for row in sites["sites"]) == sorted(row.site.name for row in panel.sites.rows)
    assert sites["levels"]["reasons"] == list(panel.sites.level_reasons)


def test_panel_and_command_line_warn_with_the_same_words(written: tuple[Path, str], panel: Session) -> None:
    printed = [line.removeprefix("Warning: ") for line in written[1].splitlines() if line.startswith("Warning: ")]
    assert any("pain site -150, 0, 0 lies outside" in text for text in printed)
    assert printed == panel.warnings
    provenance = json.loads((written[0] / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["warnings"] == panel.warnings
    assert provenance["notes"] == panel.notes
    assert panel.analysis().warnings == panel.warnings
    assert panel.analysis().notes == panel.notes
    assert any(text.startswith("Days between PET and MR") for text in panel.notes)
    assert panel.notes[0].startswith("The clinical group was found: low back, as ")


def test_the_scene_of_the_command_line_says_the_same_in_the_panel(written: tuple[Path, str], panel: Session) -> None:
    with HeadlessHost() as host:
        host.load_mrb(written[0] / "case.mrb")
        reopened = Session(host.scene)
        assert lists_of(reopened) == lists_of(panel)
        assert rows_of(reopened) == rows_of(panel)
        assert reopened.warnings == panel.warnings
        assert reopened.notes == panel.notes
        assert reopened.group_question() is None
        reopened.close()


def test_both_warn_of_a_group_that_the_images_contradict(phantom_folder: Path, capsys: Any, panel: Session) -> None:
    assert main(["check", str(phantom_folder / "dicom"), "--group", GROUP, "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)["warnings"]
    (warning,) = (text for text in found if "but images and scene show a lower back" in text)
    anatomy = panel.anatomy_id
    panel.set_anatomy(None)
    panel.group = GROUP
    assert panel.group_question() == warning
    panel.answer_group(GROUP)
    assert panel.group_question() is None
    panel.group = "low-back"
    panel.set_anatomy(anatomy)


def test_auto_takes_the_group_that_is_shown(phantom_folder: Path, panel: Session) -> None:
    from PainGeneratorLib.Workflow.case import CaseOptions
    from PainGeneratorLib.Workflow.reading import read_case_folder

    case = read_case_folder(phantom_folder / "dicom", CaseOptions(group="auto"))
    assert (case.group, case.options.group) == ("low-back", "low-back")
    assert case.notes[0].startswith("The clinical group was found: low back, as ")
    assert case.warnings.sentences == []
