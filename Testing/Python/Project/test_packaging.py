"""What a user installs: the CMake lists and the wheel hold every file, the versions agree."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from PainGeneratorLib.Headless.arguments import make_parser
from PainGeneratorLib.Numerics.core.version import VERSION

PROJECT = Path(__file__).resolve().parents[3]
MODULE = PROJECT / "PainGenerator"
LIBRARY = MODULE / "PainGeneratorLib"
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
NUMBER = re.compile(r"\d+\.\d+\.\d+")


def listed(name: str) -> set[str]:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    block = re.search(rf"set\({name}\s+(.*?)\)", text, re.DOTALL)
    assert block is not None, name
    return {line.strip() for line in block.group(1).splitlines() if line.strip() and not line.strip().startswith("#")}


def other_files(folder: Path) -> list[Path]:
    """The files below a folder that are no modules, without what Python makes of those."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".pyc") and "egg-info" not in str(path)
    ]


def test_the_cmake_list_names_every_python_file() -> None:
    there = {
        str(path.relative_to(MODULE))
        for path in MODULE.rglob("*.py")
        if "Testing" not in path.parts and "egg-info" not in str(path)
    }
    expected = {name.replace("${MODULE_NAME}", "PainGenerator") for name in listed("MODULE_PYTHON_SCRIPTS")}
    assert expected == there


def test_the_cmake_list_names_every_resource_of_module_and_package() -> None:
    there = {str(path.relative_to(MODULE)) for path in other_files(MODULE / "Resources") + other_files(LIBRARY)}
    expected = {name.replace("${MODULE_NAME}", "PainGenerator") for name in listed("MODULE_PYTHON_RESOURCES")}
    assert expected == there


def test_the_wheel_takes_every_file_of_the_package_that_is_no_module() -> None:
    patterns = SETTINGS["tool"]["setuptools"]["package-data"]["*"]
    packages = [LIBRARY, *(path.parent for path in LIBRARY.rglob("__init__.py"))]
    taken = {path for package in packages for pattern in patterns for path in package.glob(pattern)}
    assert [path for path in other_files(LIBRARY) if path not in taken] == []


def test_every_folder_with_modules_is_a_package_of_the_wheel() -> None:
    folders = {path.parent for path in LIBRARY.rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_module_looks_for_files_outside_of_the_package() -> None:
    """What lies beside the package is there in a checkout and in Slicer, and not where a wheel is installed."""
    outside = []
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)) or "__file__" not in ast.unparse(
                node
            ):
                continue
            steps = re.search(r"parents\[(\d+)\]", ast.unparse(node))
            if steps is not None and not path.parents[int(steps[1])].is_relative_to(LIBRARY):
                outside.append(f"{path.name}: {ast.unparse(node)}")
    assert outside == []


def test_the_version_is_the_same_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert "version" not in SETTINGS["project"]
    source = SETTINGS["tool"]["setuptools"]["dynamic"]["version"]["attr"]
    assert source == "PainGeneratorLib.Numerics.core.version.VERSION"
    with pytest.raises(SystemExit):
        make_parser().parse_args(["--version"])
    assert capsys.readouterr().out == f"PainGenerator {VERSION}\n"
    assert f"\nversion: {VERSION}\n" in (PROJECT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION


def test_no_file_of_the_package_has_a_version_of_its_own() -> None:
    """Report, provenance and scene name the one constant; a literal beside it would go out of date."""
    own = [path.name for path in LIBRARY.rglob("*.py") if f'"{VERSION}"' in path.read_text(encoding="utf-8")]
    assert own == ["version.py"]


def test_cmake_reads_the_version_from_its_one_source(tmp_path: Path) -> None:
    text = (PROJECT / "CMakeLists.txt").read_text(encoding="utf-8")
    head, line, _ = text.partition("project(PainGenerator VERSION ${PAINGENERATOR_VERSION})")
    assert line
    assert NUMBER.findall(head.partition("\n")[2]) == []
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    script = tmp_path / "version.cmake"
    script.write_text(f'set(CMAKE_CURRENT_SOURCE_DIR "{PROJECT}")\n{head}\nmessage("${{PAINGENERATOR_VERSION}}")\n')
    done = subprocess.run(["cmake", "-P", str(script)], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == VERSION
