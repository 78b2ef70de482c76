"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of reference data; skips (or fails in CI) where it is missing."""
    folder = Path(os.environ.get("PAINGENERATOR_DATA") or PROJECT.parent / "shared" / "data")
    if not (folder / "README.md").is_file():
        text = f"no reference data in {folder}: set PAINGENERATOR_DATA"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return folder


@pytest.fixture(scope="session")
def project_folder() -> Path:
    """The root of the project."""
    return PROJECT


@pytest.fixture(scope="session")
def slicer_api():
    """What real Slicer offers from Python; skips (or fails in CI) where the lists are missing."""
    from slicer_stand_in.api import load_api, reason_missing

    reason = reason_missing()
    if reason:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return load_api()


@pytest.fixture(scope="session")
def qt_libraries() -> None:
    """PySide6 with the system's libraries that it needs; skips (or fails in CI) where they are missing."""
    try:
        import PySide6.QtUiTools
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        text = f"PySide6 cannot be loaded ({error}): install the Debian packages that the Makefile lists"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small low-back phantom: ``dicom/``, ``anatomy.nii.gz``, ``anatomy-labels.json``, ``truth.json``."""
    from PainGeneratorLib.Phantoms.case import write_phantom

    folder = tmp_path_factory.mktemp("phantom-case")
    write_phantom(folder, "low-back", 3, size="small")
    return folder


@pytest.fixture(scope="session")
def found_bundle(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ``.mrb`` of the phantom as the session leaves it after "Run all", with an anatomy segmentation."""
    from PainGeneratorLib.Headless.host import HeadlessHost
    from PainGeneratorLib.Session.session import Session
    from scene_cases import few_series, load_anatomy, load_as_slicer_does, quick_alignment

    path = tmp_path_factory.mktemp("found-case") / "found.mrb"
    with HeadlessHost() as host:
        files = load_as_slicer_does(host.scene, few_series(phantom_folder / "dicom"))
        session = Session(host.scene, files.get)
        session.detect()
        session.group = "low-back"
        session.pain_side = "left"
        session.set_anatomy(load_anatomy(host.scene, phantom_folder))
        quick_alignment(session)
        session.run_all()
        session.close()
        host.save_mrb(path)
    return path


@pytest.fixture
def host() -> Iterator[Any]:
    """A scene without Qt, closed afterwards."""
    from PainGeneratorLib.Headless.host import HeadlessHost

    with HeadlessHost() as host:
        yield host


@pytest.fixture
def session(host: Any, found_bundle: Path) -> Iterator[Any]:
    """A session on the phantom after "Run all", reopened from its file; the host must have had no trouble."""
    from PainGeneratorLib.Report.session_export import export_session
    from PainGeneratorLib.Session.session import Session

    host.load_mrb(found_bundle)
    yield Session(host.scene, None, export_session)
    assert host.warnings == []


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes by their argument: packed ones hold the time, so that two workers would collect different tests."""
    return argname if isinstance(val, bytes) else None
