"""What the sections of the panel need of the session: the session has it, and no section uses more."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
from PainGeneratorLib.Gui import session_needs
from PainGeneratorLib.Session.session import Session

PROTOCOLS = {name: kind for name, kind in vars(session_needs).items() if name.endswith("Needs")}


def members_of(protocol: type) -> set[str]:
    """Names of the methods and attributes of a protocol and of those that it extends."""
    found: set[str] = set()
    for kind in protocol.__mro__:
        if kind.__name__ in PROTOCOLS:
            found |= {name for name in (*vars(kind), *vars(kind).get("__annotations__", {})) if name[0] != "_"}
    return found


def parameters_of(method: Any) -> list[str]:
    return list(inspect.signature(method).parameters)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_session_has_all_that_a_protocol_asks_for(name: str) -> None:
    protocol = PROTOCOLS[name]
    for member in members_of(protocol):
        offered = inspect.getattr_static(Session, member)
        wanted = inspect.getattr_static(protocol, member, None)
        if inspect.isfunction(wanted):
            assert parameters_of(offered) == parameters_of(wanted), member
        else:
            assert isinstance(offered, property), member


def needs_of(node: ast.ClassDef) -> str | None:
    """The protocol of a section class, ``Section[ReviewNeeds]``; None for other classes."""
    if "TypedSection" in [ast.unparse(base) for base in node.bases]:
        return "TextNeeds"
    for base in node.bases:
        if isinstance(base, ast.Subscript) and ast.unparse(base.value) == "Section":
            return ast.unparse(base.slice)
    return None


def used_of_session(node: ast.AST) -> set[str]:
    """Names that code reads or calls of the session."""
    return {
        found.attr
        for found in ast.walk(node)
        if isinstance(found, ast.Attribute)
        and ast.unparse(found.value) in ("session", "self.session", "self.open_session")
    }


def sections_of(folder: Path) -> list[tuple[str, str, set[str]]]:
    """Name, protocol and used names of every section."""
    classes = [
        node
        for path in sorted(folder.glob("*_section.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    ]
    return [(node.name, needs_of(node) or "", used_of_session(node)) for node in classes if needs_of(node)]


def test_a_section_uses_no_more_of_the_session_than_its_protocol_says(project_folder: Path) -> None:
    sections = sections_of(project_folder / "PainGenerator" / "PainGeneratorLib" / "Gui")
    assert len(sections) == 20
    for name, protocol, used in sections:
        assert used, name
        assert used <= members_of(PROTOCOLS[protocol]), name


def test_a_protocol_asks_for_no_more_than_its_section_uses(project_folder: Path) -> None:
    folder = project_folder / "PainGenerator" / "PainGeneratorLib" / "Gui"
    common = members_of(PROTOCOLS["StepNeeds"])
    for name, protocol, used in sections_of(folder):
        module = ast.parse((folder / f"{name.removesuffix('Section').lower()}_section.py").read_text(encoding="utf-8"))
        assert members_of(PROTOCOLS[protocol]) - common <= used | used_of_session(module), name


def test_a_use_beyond_the_protocol_is_found() -> None:
    body = "class A(Section[ExportNeeds]):\n    def on(self):\n        self.open_session.accept(['PG-01'])\n"
    (section,) = ast.parse(body).body
    assert isinstance(section, ast.ClassDef)
    assert not used_of_session(section) <= members_of(PROTOCOLS[needs_of(section) or ""])
