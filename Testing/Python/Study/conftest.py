"""Registries for tests: each test that takes one runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PainGeneratorLib.Study.registry import Registry
from study_servers import PASSWORD, USER, postgres_programs, running_postgres

COUNT = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running PostgreSQL without a database; skips (or fails in CI) where it is not installed."""
    programs = postgres_programs()
    if programs is None:
        text = "PostgreSQL is not installed: apt install postgresql"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    with tempfile.TemporaryDirectory(prefix="study-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_postgres(programs, folder) as server:
            yield server


@pytest.fixture
def postgres_address(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a new, empty database; the password is in the environment."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    name = f"study{next(COUNT)}"
    host, port = postgres_server.rpartition("@")[2].split(":")
    programs = postgres_programs()
    assert programs is not None
    # From template0 it takes no copy of what the server made for itself, and needs no lock on it.
    command = [programs / "createdb", "-h", host, "-p", port, "-U", USER, "-T", "template0", name]
    subprocess.run(command, check=True)
    return f"{postgres_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a registry can be made: a file, and a database of a server."""
    if request.param == "sqlite":
        return str(tmp_path / "study.sqlite")
    found: str = request.getfixturevalue("postgres_address")
    return found


@pytest.fixture
def registry(address: str) -> Registry:
    """An empty registry."""
    return Registry.create(address, "Low back", "A. Nurse")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command of ``pain-generator study``; gives exit status, output and errors."""
    from PainGeneratorLib.Headless.cli import main

    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main(["study", *map(str, words)])
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    return call
