"""Measures how many small faults (mutants) the tests of one room of Numerics catch: `make mutation ROOM=suv`.

mutmut makes the mutants: it changes the code inside functions, one change at a time, and finds out which tests reach
each function. mutmut leaves everything outside of functions alone, so this script changes the constants itself: every
number and truth value at module scope or in a class body, and every distance of anatomy that the room uses.

The tests are collected once. For every mutant a copy of that process runs the tests that reach the change, fast ones
first, until one fails. All of it happens in build/mutation/ROOM, so the working tree stays as it is.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "suv", "body", "pet", "mr", "fusion")
SETTINGS = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/PainGeneratorLib/Numerics/{room}/*.py"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not slow and not data and not source"]
pytest_add_cli_args_test_selection = ["tests/Numerics/{room}"]
track_dependencies = false
use_git_change_detection = false

[tool.pytest.ini_options]
pythonpath = ["tests"]
addopts = ["--strict-markers"]
markers = ["slow", "data", "scene", "source"]
"""
"""Settings of mutmut and pytest in the copy; the copy has the package below src, where mutmut looks for it."""


def make_copy(room: str) -> Path:
    """Copy the package and the tests to build/mutation/ROOM; tests of other rooms are left out."""
    place = PROJECT / "build" / "mutation" / room
    shutil.rmtree(place, ignore_errors=True)
    without = shutil.ignore_patterns("__pycache__", "Gui")
    shutil.copytree(PROJECT / "PainGenerator" / "PainGeneratorLib", place / "src" / "PainGeneratorLib", ignore=without)
    tests = PROJECT / "Testing" / "Python"
    shutil.copytree(tests / "Numerics" / room, place / "tests" / "Numerics" / room, ignore=without)
    for helper in tests.glob("*.py"):
        shutil.copy(helper, place / "tests" / helper.name)
    (place / "pyproject.toml").write_text(SETTINGS.format(room=room))
    return place


def run_worker(place: Path, task: str, *words: str) -> None:
    """Run a task of workers.py in the copy, with one thread and without compiled files that could hide a change."""
    settings = os.environ | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, str(Path(__file__).with_name("workers.py")), task, *words]
    log = place / f"{task}.log"
    with log.open("w") as output:
        failed = subprocess.run(command, cwd=place, env=settings, stdout=output, stderr=subprocess.STDOUT).returncode
    if failed:
        print(log.read_text()[-3000:], file=sys.stderr)
        raise SystemExit(f"{task} failed; its output is above and in {log}")


def mutate_functions(place: Path, children: int, every: int) -> tuple[Counter[str], list[str]]:
    """Change the code of functions: counts by status, and the changes that no test noticed."""
    run_worker(place, "generate", str(children))
    run_worker(place, "functions", str(children), str(every))
    results = json.loads((place / "functions.json").read_text())
    return Counter(results["status"].values()), results["left"]


@dataclass(frozen=True)
class Constant:
    """One number or truth value outside of functions, and what takes its place; columns count bytes."""

    path: Path
    line: int
    start: int
    stop: int
    old: str
    new: str


def constants(place: Path, room: str) -> Iterator[Constant]:
    """Every constant of a room, and the distances of anatomy that its modules name."""
    numerics = place / "src" / "PainGeneratorLib" / "Numerics"
    table = numerics / "body" / "distances.py"
    modules = sorted(path for path in (numerics / room).glob("*.py") if path != table)
    used = set(re.findall(r"\w+", " ".join(path.read_text() for path in modules)))
    for path in [*modules, table]:
        tree = ast.parse(path.read_text())
        bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
        for statement in (node for body in bodies for node in body):
            if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
                continue
            value: ast.expr = statement.value
            if path == table:
                names = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                if not isinstance(value, ast.Call) or not {ast.unparse(name) for name in names} & used:
                    continue
                value = value.args[0]  # the value itself; unit, text, source and spread are for readers
            for node in ast.walk(value):
                if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                    old = ast.unparse(node)
                    yield Constant(
                        path, node.lineno, node.col_offset, node.end_col_offset or 0, old, other_value(node.value)
                    )


def other_value(value: float) -> str:
    """Half as much again of a float, the next whole number, the other truth value."""
    if isinstance(value, bool):
        return str(not value)
    if isinstance(value, int):
        return str(value + 1)
    return repr(1.5 * value if value else 1.0)


def mutate_constants(place: Path, room: str, every: int) -> tuple[Counter[str], list[str]]:
    """Change one constant at a time and run the tests of the room: counts by status, and what no test noticed."""
    changes = []
    for constant in list(constants(place, room))[::every]:
        lines = constant.path.read_bytes().splitlines(keepends=True)
        line = lines[constant.line - 1]
        lines[constant.line - 1] = line[: constant.start] + constant.new.encode() + line[constant.stop :]
        name = f"{constant.path.name}:{constant.line} {line.decode().strip()[:60]} ({constant.old} -> {constant.new})"
        changes.append({"name": name, "path": str(constant.path), "text": b"".join(lines).decode()})
    (place / "changes.json").write_text(json.dumps(changes))
    run_worker(place, "constants", f"tests/Numerics/{room}")
    status = json.loads((place / "constants.json").read_text())
    return Counter(status.values()), [f"{word}: {name}" for name, word in status.items() if word == "survived"]


def summary(kind: str, counts: Counter[str]) -> str:
    """One line of figures."""
    total, caught = counts.total(), counts["killed"] + counts["timeout"]
    share = 100.0 * caught / total if total else 0.0
    return (
        f"{kind:10} {total:6} mutants {caught:6} caught {counts['survived']:6} survived "
        f"{counts['no tests']:6} without tests {share:6.1f} %"
    )


def main() -> None:
    """Measure one room and print the figures and what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--children", type=int, default=2, help="processes that run tests at the same time")
    parser.add_argument("--every", type=int, default=1, help="run only every n-th mutant, as a sample")
    parser.add_argument("--only", choices=("functions", "constants"), help="leave the other kind out")
    words = parser.parse_args()
    place, began = make_copy(words.room), time.monotonic()
    both: Counter[str] = Counter()
    survivors, lines = [], []
    for kind in ("functions", "constants"):
        if words.only in (None, kind):
            if kind == "functions":
                counts, left = mutate_functions(place, words.children, words.every)
            else:
                counts, left = mutate_constants(place, words.room, words.every)
            both += counts
            survivors += left
            lines.append(summary(kind, counts))
    report = "\n".join([*survivors, "", f"Room {words.room}, {time.monotonic() - began:.0f} s", *lines])
    report += "\n" + summary("together", both)
    (place / "report.txt").write_text(report + "\n")
    print(report)


if __name__ == "__main__":
    main()
