"""Measures how many small faults (mutants) the tests of one room of Numerics catch: `make mutation ROOM=suv`.

Two tools share the work. mutmut changes the code inside functions, one change at a time, and runs the tests that reach
the changed function. mutmut leaves the constants of a module alone, so this script changes those itself: every number
and every truth value at module scope or in a dataclass field becomes another one, and the tests of the room run again.

Everything happens on a copy in build/mutation/ROOM, so the working tree stays as it is.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/PainGeneratorLib/Numerics/{room}/*.py"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not slow and not data", "--assert=plain", "--tb=no"]
pytest_add_cli_args_test_selection = ["tests/Numerics/{room}"]
track_dependencies = false
use_git_change_detection = false
timeout_constant = 10.0

[tool.pytest.ini_options]
pythonpath = ["tests"]
addopts = ["--strict-markers"]
markers = ["slow", "data", "scene"]
"""
"""Settings of mutmut and pytest in the copy; the copy has the package below src, where mutmut looks for it."""
CAUGHT = {"killed", "timeout", "segfault", "suspicious", "caught by type check"}
"""Results of mutmut that mean that the change was noticed."""
TIMEOUT_S = 300
"""A run of a room's tests on a changed constant that takes longer counts as caught."""


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


def environment(place: Path) -> dict[str, str]:
    """One thread for each process, no plugins, and no compiled files that could hide a change from the next run."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(place / "src"),
    }


def mutate_functions(place: Path, children: int) -> tuple[Counter[str], list[str]]:
    """Run mutmut in the copy and read its results: counts by status, and the changes that no test noticed."""
    from mutmut.stats import status_by_exit_code

    settings = environment(place)
    settings.pop("PYTHONPATH")  # mutmut puts its own copy first
    run = subprocess.run(
        [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)],
        cwd=place,
        env=settings,
        text=True,
        stdout=(place / "mutmut.log").open("w"),
        stderr=subprocess.STDOUT,
    )
    counts: Counter[str] = Counter()
    left = []
    for meta in sorted((place / "mutants" / "src").rglob("*.meta")):
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            status = status_by_exit_code[code]
            counts[status] += 1
            if status not in CAUGHT:
                left.append(f"{status}: {name}\n{difference(place, name)}")
    if run.returncode or not counts:
        print((place / "mutmut.log").read_text()[-3000:], file=sys.stderr)
        raise SystemExit("mutmut failed; its output is above")
    return counts, left


def difference(place: Path, name: str) -> str:
    """The lines that a mutant changes."""
    command = [sys.executable, "-c", "import mutmut.__main__ as m; m.cli()", "show", name]
    shown = subprocess.run(command, cwd=place, text=True, capture_output=True).stdout
    return "\n".join(line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---"))


@dataclass(frozen=True)
class Constant:
    """One number or truth value that stands outside of functions, and what takes its place."""

    path: Path
    line: int
    start: int
    stop: int
    old: str
    new: str


def constants(place: Path, room: str) -> Iterator[Constant]:
    """Every number and truth value at module scope or in a class body of a room."""
    for path in sorted((place / "src" / "PainGeneratorLib" / "Numerics" / room).glob("*.py")):
        tree = ast.parse(path.read_text())
        bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
        for statement in (node for body in bodies for node in body):
            value = getattr(statement, "value", None)
            if not isinstance(statement, ast.Assign | ast.AnnAssign) or value is None:
                continue
            for node in ast.walk(value):
                if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                    changed = other_value(node.value)
                    old = ast.get_source_segment(path.read_text(), node) or ""
                    yield Constant(path, node.lineno, node.col_offset, node.end_col_offset or 0, old, changed)


def other_value(value: float) -> str:
    """Half as much again of a float, the next whole number, the other truth value."""
    if isinstance(value, bool):
        return str(not value)
    if isinstance(value, int):
        return str(value + 1)
    return repr(1.5 * value if value else 1.0)


def mutate_constants(place: Path, room: str) -> tuple[Counter[str], list[str]]:
    """Change one constant at a time and run the tests of the room: counts by status, and what no test noticed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow and not data"]
    command.append(f"tests/Numerics/{room}")

    def tests_pass() -> bool:
        try:
            return not subprocess.run(
                command, cwd=place, env=environment(place), capture_output=True, timeout=TIMEOUT_S
            ).returncode
        except subprocess.TimeoutExpired:
            return False

    if not tests_pass():
        raise SystemExit(f"the tests of {room} fail on the unchanged copy in {place}")
    counts: Counter[str] = Counter()
    left = []
    for constant in list(constants(place, room)):
        text = constant.path.read_text()
        lines = text.splitlines(keepends=True)
        # The parser counts bytes, and comments may hold signs of several bytes.
        line = lines[constant.line - 1].encode()
        lines[constant.line - 1] = (line[: constant.start] + constant.new.encode() + line[constant.stop :]).decode()
        constant.path.write_text("".join(lines))
        status = "survived" if tests_pass() else "killed"
        constant.path.write_text(text)
        counts[status] += 1
        if status == "survived":
            left.append(f"survived: {constant.path.name}:{constant.line} {constant.old} -> {constant.new}")
    return counts, left


def summary(kind: str, counts: Counter[str]) -> str:
    """One line of figures."""
    total, caught = counts.total(), sum(counts[status] for status in CAUGHT)
    share = 100.0 * caught / total if total else 0.0
    none, left = counts["no tests"], total - caught - counts["no tests"]
    return f"{kind:10} {total:6} mutants {caught:6} caught {left:6} survived {none:6} without tests {share:6.1f} %"


def main() -> None:
    """Measure one room and print the figures and what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", choices=("core", "suv", "body", "pet", "mr", "fusion"))
    parser.add_argument("--children", type=int, default=2, help="processes that run tests at the same time")
    parser.add_argument("--only", choices=("functions", "constants"), help="leave the other kind out")
    words = parser.parse_args()
    place, began = make_copy(words.room), time.monotonic()
    both: Counter[str] = Counter()
    survivors, lines = [], []
    for kind in ("functions", "constants"):
        if words.only in (None, kind):
            if kind == "functions":
                counts, left = mutate_functions(place, words.children)
            else:
                counts, left = mutate_constants(place, words.room)
            both += counts
            survivors += left
            lines.append(summary(kind, counts))
    report = "\n".join([*survivors, "", f"Room {words.room}, {time.monotonic() - began:.0f} s", *lines])
    report += "\n" + summary("together", both)
    (place / "report.txt").write_text(report + "\n")
    print(report)


if __name__ == "__main__":
    main()
