"""What mutate.py runs in the copy of a room: making mutants, and running tests on one mutant after the other."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import Any

import pytest

LEAST_CPU_S = 6
"""A mutant may use this much processor time and three times the usual time of its tests before it counts as caught."""
LONGEST_CPU_S = 120
"""A changed constant may use this much processor time before it counts as caught: all tests of the room run on it."""
LONGEST_TESTS_S = 4.0
"""Tests are run on a mutant, fast ones first, until their usual durations add up to this. A mutant that only a later
test would catch counts as survived."""
QUIET = ["-q", "-p", "no:cacheprovider", "-m", "not slow and not data and not source", "--tb=no", "--assert=plain"]


def generate(children: int) -> None:
    """Let mutmut write the mutants and find out which tests reach which function."""
    from mutmut import __main__ as mutmut

    mutmut.set_mutant_under_test("mutant_generation")
    os.makedirs("mutants", exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(children)
    mutmut.collect_or_load_stats(mutmut.get_mutant_runner(children))


def in_a_child(run: Callable[[], bool], cpu_s: float) -> int:
    """Start a copy of this process that runs tests; it ends with 0 when all passed. Returns its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        limit = ceil(cpu_s)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        code = 0 if run() else 1
    finally:
        os._exit(code)


def status_of(code: int) -> str:
    """The word for how a child ended: a signal means that its time was over, or that it crashed."""
    if os.WIFSIGNALED(code):
        return "timeout"
    return "survived" if os.WEXITSTATUS(code) == 0 else "killed"


class EveryMutant:
    """A plugin of pytest that runs the collected tests once for each mutant."""

    def __init__(self, children: int, every: int) -> None:
        self._children, self._every = children, every
        stats = json.loads(Path("mutmut-stats.json").read_text())
        self._tests: dict[str, list[str]] = stats["tests_by_mangled_function_name"]
        self._seconds: dict[str, float] = stats["duration_by_test"]
        self.status: dict[str, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of the one run of all tests."""
        items = {item.nodeid: item for item in session.items}
        running: dict[int, str] = {}
        metas = [json.loads(meta.read_text()) for meta in sorted(Path("src").rglob("*.meta"))]
        for mutant in [mutant for meta in metas for mutant in meta["exit_code_by_key"]][:: self._every]:
            names = self._tests.get(mutant.rpartition("__mutmut_")[0], [])
            chosen = self._fast_ones(set(names) & set(items))
            if not chosen:
                self.status[mutant] = "no tests"
                continue
            while len(running) >= self._children:
                self._wait(running)
            cpu_s = LEAST_CPU_S + 3.0 * sum(self._seconds.get(name, 0.0) for name in chosen)
            run = partial(passes, mutant, [items[name] for name in chosen])
            running[in_a_child(run, cpu_s)] = mutant
        while running:
            self._wait(running)
        return True

    def _fast_ones(self, names: set[str]) -> list[str]:
        """The fastest tests, at least one, that together take no longer than LONGEST_TESTS_S."""
        ordered = sorted(names, key=lambda name: (self._seconds.get(name, 0.0), name))
        total = list(accumulate(self._seconds.get(name, 0.0) for name in ordered))
        return [name for name, until in zip(ordered, total, strict=True) if until <= LONGEST_TESTS_S] or ordered[:1]

    def _wait(self, running: dict[int, str]) -> None:
        child, code = os.wait()
        self.status[running.pop(child)] = status_of(code)
        if len(self.status) % 100 == 0:
            print(len(self.status), "mutants done", flush=True)
            Path("../so-far.json").write_text(json.dumps(self.status))


def passes(mutant: str, items: list[Any]) -> bool:
    """Run tests with a mutant switched on, until one fails."""
    from _pytest.runner import runtestprotocol

    os.environ["MUTANT_UNDER_TEST"] = mutant
    return not any(report.failed for item in items for report in runtestprotocol(item, log=False, nextitem=None))


def functions(children: int, every: int) -> None:
    """Run the tests on every n-th mutant of a function, and write the results to functions.json."""
    sys.path.insert(0, os.path.abspath("mutants/src"))
    os.environ["MUTANT_UNDER_TEST"] = ""
    os.chdir("mutants")
    room = next(Path("tests/Numerics").iterdir())
    if pytest.main([*QUIET, "-x", str(room)]):
        raise SystemExit("the tests fail without any mutant")
    os.environ["MUTANT_UNDER_TEST"] = "fail"
    if not pytest.main([*QUIET, "-x", str(room)]):
        raise SystemExit("the tests pass although every function fails: they do not import the mutants")
    os.environ["MUTANT_UNDER_TEST"] = ""
    loop = EveryMutant(children, every)
    pytest.main([*QUIET, str(room)], plugins=[loop])
    os.chdir("..")
    left = [f"{word}: {name}\n{difference(name)}" for name, word in loop.status.items() if word == "survived"]
    left += [f"{word}: {name}" for name, word in loop.status.items() if word == "no tests"]
    Path("functions.json").write_text(json.dumps({"status": loop.status, "left": left}))


def difference(mutant: str) -> str:
    """The lines that a mutant changes."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    module = mutant.rpartition(".")[0]
    text = get_diff_for_mutant(mutant, path=Path("src", *module.split(".")).with_suffix(".py"))
    return "\n".join(line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---"))


def constants(tests: str) -> None:
    """Run the tests on every changed text of changes.json, and write the results to constants.json."""
    # What every child needs is imported once; the package itself must be imported anew by each.
    import numpy  # noqa: F401
    import scipy.ndimage
    import scipy.optimize
    import scipy.spatial  # noqa: F401

    sys.path.insert(0, os.path.abspath("src"))

    def status_now() -> str:
        child = in_a_child(lambda: not pytest.main([*QUIET, "-x", tests]), LONGEST_CPU_S)
        return status_of(os.waitpid(child, 0)[1])

    if status_now() != "survived":
        raise SystemExit("the tests fail without any change")
    status = {}
    for change in json.loads(Path("changes.json").read_text()):
        path = Path(change["path"])
        text = path.read_text()
        path.write_text(change["text"])
        status[change["name"]] = status_now()
        path.write_text(text)
    Path("constants.json").write_text(json.dumps(status))


if __name__ == "__main__":
    task, *words = sys.argv[1:]
    {
        "generate": lambda: generate(int(words[0])),
        "functions": lambda: functions(int(words[0]), int(words[1])),
        "constants": lambda: constants(words[0]),
    }[task]()
