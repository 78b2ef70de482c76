"""What a user installs: the CMake lists name every file, the versions agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

MODULE = Path(__file__).resolve().parents[3] / "PainGenerator"


def listed(name: str) -> set[str]:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    block = re.search(rf"set\({name}\s+(.*?)\)", text, re.DOTALL)
    assert block is not None, name
    return {line.strip() for line in block.group(1).splitlines() if line.strip() and not line.strip().startswith("#")}


def test_the_cmake_list_names_every_python_file() -> None:
    there = {
        str(path.relative_to(MODULE))
        for path in MODULE.rglob("*.py")
        if "Testing" not in path.parts and "egg-info" not in str(path)
    }
    expected = {name.replace("${MODULE_NAME}", "PainGenerator") for name in listed("MODULE_PYTHON_SCRIPTS")}
    assert expected == there


def test_the_cmake_list_names_every_resource() -> None:
    there = {str(path.relative_to(MODULE)) for path in (MODULE / "Resources").rglob("*") if path.is_file()}
    expected = {name.replace("${MODULE_NAME}", "PainGenerator") for name in listed("MODULE_PYTHON_RESOURCES")}
    assert expected == there


def test_the_version_is_the_same_everywhere(project_folder: Path) -> None:
    from PainGeneratorLib.Numerics.core.version import VERSION

    assert tomllib.loads((project_folder / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert f"\nversion: {VERSION}\n" in (project_folder / "CITATION.cff").read_text()
    assert f"## {VERSION}" in (project_folder / "CHANGELOG.md").read_text()
