"""The rooms of the package and who may import whom (docs/design.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[3] / "PainGenerator" / "PainGeneratorLib"
BASIC = {"Numerics"}
NUMERICS = {
    "core": set(),
    "suv": {"core"},
    "body": {"core"},
    "pet": {"core", "body"},
    "mr": {"core", "body"},
    "fusion": {"core", "body", "pet", "mr"},
}
"""The inner rooms of Numerics on their three floors, and which inner rooms each may import."""
MIDDLE = BASIC | {"Registration", "Anatomy", "Dicom"}
UPPER = MIDDLE | {"Scene", "Phantoms"}
MAY_IMPORT = {
    "Numerics": set(),
    "Registration": BASIC,
    "Anatomy": BASIC,
    "Dicom": BASIC,
    "Scene": MIDDLE,
    "Phantoms": MIDDLE,
    "Workflow": UPPER,
    "Exchange": UPPER | {"Workflow"},
    "Session": UPPER | {"Workflow", "Exchange"},
    "Report": UPPER | {"Workflow", "Exchange"},
    "Study": UPPER | {"Workflow"},
    "Headless": UPPER | {"Workflow", "Exchange", "Session", "Report", "Study"},
    "Gui": UPPER | {"Workflow", "Exchange", "Session", "Report", "Study"},
}
LATE_ONLY = {"pydicom", "highdicom", "SimpleITK", "slicer", "vtk", "qt", "ctk", "PIL", "requests"}
"""Imported inside functions only, so that the package imports at once and needs nothing that a host lacks."""
BUNDLED = {"numpy", "scipy", "DICOMLib", *LATE_ONLY}
ALONE = {
    "Headless": {"rich"},
    "Study": {"sqlalchemy", "alembic", "psycopg", "statsmodels", "matplotlib"},
}
"""What a room may import that Slicer does not bundle: inside functions, with a way out where it is not installed."""
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports_of(path: Path) -> list[tuple[str, bool]]:
    """(absolute dotted name, whether at file scope) of every import of a module of the package."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {id(node) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for node in ast.walk(f)}
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for node in ast.walk(branch)
    }
    here = ("PainGeneratorLib", *path.relative_to(PACKAGE).with_suffix("").parts)
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in late) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "PainGeneratorLib" else [module]
            found += [(name, id(node) not in late) for name in names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_rooms_below_its_own(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    if room == "__init__.py":
        return
    ours = {name.split(".")[1] for name, _ in imports_of(path) if name.startswith("PainGeneratorLib.")}
    assert ours <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("path", sorted((PACKAGE / "Numerics").rglob("*.py")), ids=lambda p: p.name)
def test_an_inner_room_of_numerics_imports_only_from_floors_below_it(path: Path) -> None:
    room = path.relative_to(PACKAGE / "Numerics").parts[0]
    if room == "__init__.py":
        return
    inner = [name.split(".")[2:] for name, _ in imports_of(path) if name.startswith("PainGeneratorLib.Numerics.")]
    assert all(inner), "import a module of an inner room, not Numerics itself"
    assert {parts[0] for parts in inner} <= NUMERICS[room] | {room}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_needs_nothing_that_slicer_does_not_bundle(path: Path) -> None:
    import sys

    others = {name.split(".")[0] for name, _ in imports_of(path)} - {"PainGeneratorLib"} - set(sys.stdlib_module_names)
    assert others <= BUNDLED | ALONE.get(path.relative_to(PACKAGE).parts[0], set())


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_packages_are_imported_inside_functions(path: Path) -> None:
    early = {name.split(".")[0] for name, at_file_scope in imports_of(path) if at_file_scope}
    room = path.relative_to(PACKAGE).parts[0]
    allowed = {"Gui": {"qt", "ctk", "slicer", "vtk"}, "Report": {"PIL"}}.get(room, set())
    assert not (early & LATE_ONLY) - allowed


def test_every_room_is_known_and_its_init_imports_nothing() -> None:
    for init in PACKAGE.rglob("__init__.py"):
        body = ast.parse(init.read_text(encoding="utf-8")).body
        only_docstring = all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)
        assert only_docstring, f"{init.parent.name}/__init__.py holds more than a docstring"
    assert {folder.name for folder in (PACKAGE / "Numerics").iterdir() if folder.is_dir()} - {"__pycache__"} == set(
        NUMERICS
    )
    assert {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file()} <= set(MAY_IMPORT)
