"""Print the structure of the package as a table: for each room its modules, its lines, and its imports.

    python Testing/Benchmarks/structure.py [LIBRARY]

LIBRARY is a folder ``PainGeneratorLib``. Without it the table is about the package of this project. An arrow is a pair
of modules of the package of which one imports the other. Each pair is counted once.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2] / "PainGenerator" / "PainGeneratorLib"
"""The package of this project."""


def imported_modules(path: Path, library: Path) -> set[Path]:
    """Return the modules of the package that a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        folder = path.parents[node.level - 1]
        base = folder.joinpath(*(node.module or "").split(".")) if node.module else folder
        for name in node.names:
            for target in (base.with_suffix(".py"), base / f"{name.name}.py"):
                if target.is_file() and target.name != "__init__.py":
                    found.add(target)
    return {target for target in found if target.is_relative_to(library)}


def room_of(path: Path, library: Path) -> str:
    """Return the folder of a module, relative to the package."""
    return str(path.parent.relative_to(library))


def main(library: Path) -> None:
    """Print the table."""
    modules: dict[str, list[Path]] = defaultdict(list)
    inner: dict[str, int] = defaultdict(int)
    outer: dict[str, int] = defaultdict(int)
    for path in sorted(library.rglob("*.py")):
        if path.name == "__init__.py":
            continue
        room = room_of(path, library)
        modules[room].append(path)
        for target in imported_modules(path, library):
            if room_of(target, library) == room:
                inner[room] += 1
            else:
                outer[room] += 1
    print("| room | modules | lines | arrows within | arrows out |")
    print("|---|---|---|---|---|")
    for room, paths in sorted(modules.items()):
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)
        print(f"| {room} | {len(paths)} | {lines} | {inner[room]} | {outer[room]} |")
    print(f"| all | {sum(map(len, modules.values()))} | | {sum(inner.values())} | {sum(outer.values())} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else LIBRARY)
