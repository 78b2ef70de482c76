"""Every path, link and name that the documents give exists."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
LIBRARY = PROJECT / "PainGenerator" / "PainGeneratorLib"
DOCUMENTS = [PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
PLACES = (PROJECT, LIBRARY, PROJECT / "PainGenerator", LIBRARY / "Resources" / "Protocols")
"""Where a path in a document may begin, beside the folder of the document itself."""
ENDINGS = (".py", ".md", ".json", ".svg", ".toml")
OUTPUTS = {
    *("candidates.json", "sites.json", "mr-findings.json", "suv.json", "alignment.json", "written-files.json"),
    *("settings.toml", "names.json", "dicom-objects.json", "results.json"),
}
"""Files that a run writes or that a user makes; they are in no folder of the project."""
NOT_PATHS = {"shared/data", "identity/scanner", "SUV/PET", "transforms/ROLE-to-reference.tfm", "S1/S2", *OUTPUTS}
NOT_NAMES = {"PAINGENERATOR_DATA", "None", "PET+MR", "PainGenerator", "99PAINGEN", "to_json", "from_json"}


def quoted(text: str) -> list[str]:
    """What stands between single backticks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def is_path(token: str) -> bool:
    """A file or folder of the project, not a command or a formula."""
    return bool(re.fullmatch(r"[\w./-]+", token)) and (token.endswith(ENDINGS) or "/" in token)


@functools.cache
def names_of_package() -> frozenset[str]:
    """All functions, classes, constants, fields and parameters of the package and of its protocols."""
    names: set[str] = set()
    for path in [*LIBRARY.rglob("*.py"), PROJECT / "PainGenerator" / "PainGenerator.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
    return frozenset(names)


def is_name(token: str) -> bool:
    """An identifier that only code can mean: with an underscore, or in camel case, or all upper case with one."""
    return bool(re.fullmatch(r"[A-Za-z_]\w*(\.[a-z_]\w*)?", token)) and (
        "_" in token.strip("_") or bool(re.fullmatch(r"(?:[A-Z][a-z0-9]+){2,}(\.\w+)?", token))
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(PROJECT)))
def test_every_path_in_a_document_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("http")]
    paths = [token for token in quoted(text) if is_path(token) and token not in NOT_PATHS]
    missing = [
        path
        for path in [*links, *paths]
        if not any((place / path).exists() for place in (document.parent, *PLACES))
        and not re.fullmatch(r"(L\d|T\d+|S1)(/(L\d|S1))?", path)
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(PROJECT)))
def test_every_name_in_a_document_exists(document: Path) -> None:
    known = names_of_package()
    protocol = (LIBRARY / "Resources" / "Protocols" / "base.json").read_text(encoding="utf-8")
    tokens = [token for token in quoted(document.read_text(encoding="utf-8")) if is_name(token)]
    missing = [
        token
        for token in tokens
        if token not in NOT_NAMES
        and not all(part in known or f'"{part}"' in protocol for part in token.split("."))
        and not is_path(token)
    ]
    assert missing == []
