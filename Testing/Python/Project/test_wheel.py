"""The wheel as a user installs it: built, put into a fresh virtual environment outside the project, and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from PainGeneratorLib.Numerics.core.version import VERSION

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[3]
PACKAGE = PROJECT / "PainGenerator" / "PainGeneratorLib"
NO_REGISTRY = ("Could not find a version", "No matching distribution", "Connection", "Temporary failure", "timed out")
"""What pip says where no package registry answers."""


def without_the_project() -> dict[str, str]:
    """The environment of a user: nothing of it leads to the project or to what pytest runs with."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def run(*words: str | Path, folder: Path) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=folder, env=without_the_project(), capture_output=True, text=True
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def pip_install(python: Path, *words: str | Path, folder: Path) -> None:
    """Install with pip; skips where no registry answers, which is a failure in CI."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, cwd=folder, env=without_the_project(), capture_output=True, text=True)
    if done.returncode != 0 and not os.environ.get("CI") and any(said in done.stderr for said in NO_REGISTRY):
        pytest.skip(f"no package registry answers: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr[-4000:]


def fresh_environment(folder: Path) -> Path:
    """A virtual environment; returns its Python."""
    run(sys.executable, "-m", "venv", folder, folder=folder.parent)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sdist, the wheel made from it, and the wheel made from a clean copy of the project."""
    folder = tmp_path_factory.mktemp("built")
    tracked = run("git", "-C", PROJECT, "ls-files", "-z", folder=folder).split("\0")
    for name in filter(None, tracked):
        if (PROJECT / name).is_file():
            (folder / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "copy" / name).write_bytes((PROJECT / name).read_bytes())
    python = fresh_environment(folder / "builder")
    pip_install(python, "build", folder=folder)
    run(python, "-m", "build", "--outdir", folder / "by-sdist", folder / "copy", folder=folder)
    run(python, "-m", "build", "--wheel", "--outdir", folder / "direct", folder / "copy", folder=folder)
    return {
        "sdist": next((folder / "by-sdist").glob("*.tar.gz")),
        "wheel": next((folder / "by-sdist").glob("*.whl")),
        "direct": next((folder / "direct").glob("*.whl")),
    }


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_the_wheel_holds_the_package_and_nothing_else(built: dict[str, Path]) -> None:
    files = contents(built["direct"])
    expected = {
        f"PainGeneratorLib/{path.relative_to(PACKAGE)}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {name for name in files if ".dist-info/" not in name} == expected
    for name in expected:
        assert files[name] == (PACKAGE.parent / name).read_bytes(), name


def test_the_sdist_builds_the_same_wheel(built: dict[str, Path]) -> None:
    by_sdist, direct = contents(built["wheel"]), contents(built["direct"])
    assert by_sdist == direct
    with tarfile.open(built["sdist"]) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE.txt"} <= names


def test_the_demo_runs_from_the_wheel_in_a_fresh_environment(built: dict[str, Path], tmp_path: Path) -> None:
    python = fresh_environment(tmp_path / "user")
    pip_install(python, built["wheel"], folder=tmp_path)
    command = python.with_name("pain-generator")
    where = run(python, "-c", "import PainGeneratorLib; print(PainGeneratorLib.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path)
    named = run(
        python, "-c", "from importlib.metadata import version; print(version('pain-generator'))", folder=tmp_path
    )
    assert named.strip() == VERSION
    assert run(command, "--version", folder=tmp_path) == f"PainGenerator {VERSION}\n"
    shown = run(command, "demo", folder=tmp_path)
    results = tmp_path / "pain-generator-demo" / "results"
    assert "Report: " in shown
    assert f"PainGenerator {VERSION}" in (results / "report.html").read_text(encoding="utf-8")
    provenance = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    candidates = json.loads((results / "candidates.json").read_text(encoding="utf-8"))
    assert provenance["software_version"] == candidates["case"]["software_version"] == VERSION
    assert candidates["candidates"]
