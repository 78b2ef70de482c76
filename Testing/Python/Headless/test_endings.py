"""Every ending of the command has its status and its line: signals, crashes, pipes, full disks, odd consoles."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from input_cases.small_examination import write_examination
from PainGeneratorLib.Headless.cli import BAD_INPUT, DONE, FAULT, INTERRUPTED, main
from PainGeneratorLib.Headless.fault_report import error_lines, short_path
from PainGeneratorLib.Headless.temporary import PREFIX
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="POSIX processes")]

COMMAND = "import sys\nfrom PainGeneratorLib.Headless.cli import main\nsys.exit(main())\n"
"""What the installed command does."""
WITH = """
import ctypes, os, sys, tempfile, time, types
from pathlib import Path
import PainGeneratorLib.Headless.run as run
import PainGeneratorLib.Headless.cli as cli
def work(case, options, folder, progress, *more):
    (folder / "report.md").write_text("Patient^Name")
    Path(tempfile.mkdtemp(), "x").write_text("Patient^Name")
    progress(0.5, "At work")
    {work}
run.analyze_to_folder = work
cli._show = lambda *anything: None
{more}
sys.exit(cli.main())
"""
"""The command with another work in place of the analysis."""


def heed_signals() -> None:
    """A test run in the background ignores Ctrl-C and the end of its terminal, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a small examination in ``case``, and a folder for temporary files."""
    write_examination(tmp_path / "case")
    (tmp_path / "temporary").mkdir()
    return tmp_path


@pytest.fixture
def start(place: Path, project_folder: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a program with the words of a command."""

    def started(program: str, *words: str, **options: object) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(project_folder / "PainGenerator"),
            "TMPDIR": str(place / "temporary"),
            "XDG_STATE_HOME": str(place / "state"),
            "XDG_CONFIG_HOME": str(place / "config"),
            **options.pop("env", {}),  # type: ignore[arg-type]
        }
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "preexec_fn": heed_signals, "cwd": place}
        given |= {"text": True, "env": environment, **options}
        return subprocess.Popen([sys.executable, "-c", program, *words], **given)

    return started


def analyze(place: Path) -> list[str]:
    return ["analyze", str(place / "case"), "--output", str(place / "new" / "out"), "--group", "low-back"]


def read_until(process: subprocess.Popen[str], word: str) -> None:
    for line in process.stderr:
        if word in line:
            return
    pytest.fail(f"ended with {process.wait()}")


def left(place: Path) -> set[str]:
    """What lies in the folder beside the input."""
    found = {path.relative_to(place).as_posix() for path in place.rglob("*")}
    return {name for name in found if not name.startswith("case")} - {"temporary"}


HOLDING_THE_LOCK = "ctypes.PyDLL(None).sleep(60)"
"""A compiled library that does not look at signals and lets no other thread of Python work."""


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("work", [HOLDING_THE_LOCK, "time.sleep(60)", "[list(range(10**6)) for _ in range(10**6)]"])
def test_a_signal_ends_any_work_at_once_with_one_line_and_nothing_is_left(place, start, number, status, work):
    process = start(WITH.format(work=work, more=""), *analyze(place))
    read_until(process, "At work")
    sent = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - sent < 15  # it was the 60 s of the work, or for ever
    assert process.returncode == status
    assert errors == "pain-generator: stopped; nothing was written\n"
    assert left(place) == set()


def test_ctrl_c_at_a_terminal_reaches_all_processes_and_says_one_line(place, start):
    process = start(WITH.format(work=HOLDING_THE_LOCK, more=""), *analyze(place), start_new_session=True)
    read_until(process, "At work")
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (INTERRUPTED, "pain-generator: stopped; nothing was written\n")
    assert left(place) == set()


def test_a_kill_ends_the_working_process_too_and_the_next_command_tidies_up(place, start):
    process = start(WITH.format(work=HOLDING_THE_LOCK, more=""), *analyze(place))
    read_until(process, "At work")
    process.kill()
    process.communicate(timeout=30)
    (work,) = (place / "new").iterdir()
    assert work.name.endswith(".partial")
    assert len(list((place / "temporary").glob(f"{PREFIX}*"))) == 1
    time.sleep(0.5)
    process = start(WITH.format(work="pass", more=""), *analyze(place))
    process.communicate(timeout=60)
    assert process.returncode == DONE
    assert os.listdir(place / "new") == ["out"]
    assert os.listdir(place / "temporary") == []


PUBLISHING = """
from PainGeneratorLib.Report.output_folder import OutputFolder
take_place = OutputFolder._take_place
def slowly(self, work):
    print("Publishing", file=sys.stderr, flush=True)
    time.sleep(1.0)
    take_place(self, work)
OutputFolder._take_place = slowly
"""


def test_results_that_are_just_being_put_into_their_place_are_completed(place, start):
    process = start(WITH.format(work="pass", more=PUBLISHING), *analyze(place))
    read_until(process, "Publishing")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED
    assert "the results were complete before that" in errors
    assert (place / "new" / "out" / "report.md").is_file()
    assert os.listdir(place / "new") == ["out"]
    assert os.listdir(place / "temporary") == []


def test_a_command_in_the_background_ignores_ctrl_c(place, start):
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    process = start(WITH.format(work="time.sleep(1)", more=""), *analyze(place), **ignoring)
    read_until(process, "At work")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == DONE


# --- faults


def report_of(place: Path, errors: str) -> str:
    """The report of a fault, which the second line names; it says nothing of the case."""
    path = re.search(r"the report (.*) to the authors", errors)
    assert path is not None, errors
    text = Path(path[1]).read_text()
    for secret in ("Patient^Name", "Smith", str(place), place.name, "1961"):
        assert secret not in text
    return text


def test_a_fault_ends_with_status_1_and_a_report_without_identity(place, start):
    work = "raise KeyError('Smith^John 1961', str(case))"
    process = start(WITH.format(work=work, more=""), *analyze(place), "--weight", "1961")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == FAULT
    lines = [line for line in errors.splitlines() if "%" not in line[:5]]
    assert len(lines) == 2
    assert lines[0] == "pain-generator: a fault of the program; nothing was written"
    text = report_of(place, errors)
    assert "KeyError" in text
    assert "PainGeneratorLib/Headless/cli.py" in text
    assert "Command: analyze --output --group --weight" in text
    assert left(place) - {"state", "state/pain-generator"} == {next(name for name in left(place) if "fault" in name)}


@pytest.mark.parametrize("work", ["os.abort()", "ctypes.string_at(0)"])
def test_a_crash_of_a_compiled_library_is_a_fault_with_a_report(place, start, work):
    process = start(WITH.format(work=work, more=""), *analyze(place))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == FAULT
    assert "Fatal" not in errors
    text = report_of(place, errors)
    assert "A compiled library ended the program" in text
    assert " work" in text
    assert not (place / "new").exists()


@pytest.mark.parametrize("work", ["raise MemoryError", "os.kill(os.getpid(), 9)"])
def test_too_little_memory_is_said_as_such(place, start, work):
    process = start(WITH.format(work=work, more=""), *analyze(place))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == BAD_INPUT
    assert "memory of this computer was used up" in errors
    assert left(place) == set()


def test_a_file_that_vanishes_during_the_work_is_named(place, start):
    process = start(WITH.format(work="open(case / 'gone.dcm')", more=""), *analyze(place))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == BAD_INPUT
    assert "gone.dcm cannot be used: No such file" in errors


def test_the_lines_of_a_report_hold_code_but_no_messages():
    def inner(name: str) -> None:
        raise ValueError(f"{name} is unknown")

    secret = "".join(("Smi", "th^John"))
    try:
        try:
            inner(secret)
        except ValueError as error:
            raise OSError(5, secret, f"/home/{secret}") from error
    except OSError as error:
        text = "\n".join(error_lines(error))
    assert "Smith" not in text
    assert text.index("ValueError\n") < text.index("OSError (error number 5)")
    assert 'raise ValueError(f"{name} is unknown")' in text


def test_paths_in_a_report_begin_below_the_users_folders():
    assert short_path("/home/smith/.venv/lib/python3.11/site-packages/numpy/x.py") == "numpy/x.py"
    assert short_path(str(Path(main.__code__.co_filename))) == "PainGeneratorLib/Headless/cli.py"
    assert short_path("/home/smith/own.py") == "own.py"


# --- where it prints to


def test_what_libraries_print_stays_away_from_the_terminal(place, start):
    work = (
        "import warnings, logging; os.write(2, b'WARNING: In /build/ITK/a.cxx'); os.write(1, b'native');"
        "warnings.warn('odd value'); logging.getLogger('pydicom').warning('odd tag')"
    )
    process = start(WITH.format(work=work, more=""), *analyze(place), "--quiet")
    assert process.communicate(timeout=60) == ("", "")
    process = start(WITH.format(work=work, more=""), *analyze(place), "--overwrite", "--verbose")
    output, errors = process.communicate(timeout=60)
    assert "native" not in output
    for text in (
        "Library: UserWarning: odd value",
        "Library: pydicom: odd tag",
        "Library: WARNING: In /build/ITK/a.cxx",
    ):
        assert text in errors


def test_a_reader_of_the_pipe_who_leaves_early_is_no_error(place, start):
    process = start(COMMAND, "series", str(place / "case"))
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(timeout=60) == DONE
    assert "Error" not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("kind", ["closed pipe", "full disk"])
def test_warnings_are_told_also_where_the_table_cannot_be_printed(kind, monkeypatch, capsys):
    import errno
    from types import SimpleNamespace

    from PainGeneratorLib.Headless import cli
    from report_examples import example_site_table

    class Lost:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return False

        def write(self, text: str) -> int:
            raise OSError(errno.EPIPE if kind == "closed pipe" else errno.ENOSPC, "lost")

        def flush(self) -> None:
            pass

    monkeypatch.setattr(sys, "stdout", Lost())
    found = SimpleNamespace(sites=example_site_table("uncertain"), set_apart=[], attention=[])
    analysis = SimpleNamespace(candidates=[], warnings=["Odd."], found=found)
    if kind == "closed pipe":
        cli._show(analysis, (), Path("report.html"))
    else:
        with pytest.raises(PainGeneratorError, match="cannot be written"):
            cli._show(analysis, (), Path("report.html"))
    assert capsys.readouterr().err == "Warning: Odd.\n"


def test_a_closed_pipe_of_progress_does_not_end_the_work(place, start):
    process = start(WITH.format(work="progress(0.7, 'x'); progress(0.8, 'y')", more=""), *analyze(place))
    process.stderr.close()
    assert process.wait(timeout=60) == DONE
    assert (place / "new" / "out" / "report.md").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["series", "case"], ["series", "case", "--json"], ["--help"], ["--version"]])
def test_a_full_disk_for_what_is_printed_is_said(place, start, words):
    with open("/dev/full", "w") as full:
        process = start(COMMAND, *words, stdout=full)
        errors = process.stderr.read()
    assert process.wait(timeout=60) == BAD_INPUT
    assert "What the command prints cannot be written: No space left on device." in errors
    assert "Exception ignored" not in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_for_messages_changes_nothing(place, start):
    with open("/dev/full", "w") as full:
        process = start(COMMAND, "series", "case", "--json", stderr=full)
        output = process.stdout.read()
    assert process.wait(timeout=60) == DONE
    assert json.loads(output)["series"]


@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_is_no_error(place, start, closed):
    process = start(COMMAND, "series", "case", preexec_fn=lambda: os.close(closed))
    process.communicate(timeout=60)
    assert process.returncode == DONE


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_a_console_of_any_encoding_shows_what_it_can(place, start, encoding):
    write_examination(place / "caf\u00e9 \u8170")
    process = start(COMMAND, "series", "caf\u00e9 \u8170", env={"PYTHONIOENCODING": encoding}, text=False)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == DONE
    output.decode(encoding)


def test_a_deleted_current_folder_is_said_and_whole_paths_still_work(place, start):
    (place / "gone").mkdir()
    gone = {"preexec_fn": lambda: os.rmdir(place / "gone"), "cwd": place / "gone"}
    process = start(COMMAND, "series", "case", **gone)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == BAD_INPUT
    assert "current folder is not there any more: case cannot be found" in errors
    (place / "gone").mkdir()
    process = start(COMMAND, "series", str(place / "case"), **gone)
    process.communicate(timeout=60)
    assert process.returncode == DONE


def test_no_home_folder_is_no_obstacle(place, monkeypatch, capsys):
    def missing() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", missing)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert main(["suv", str(place / "case"), "--output", str(place / "suv.nrrd")]) == DONE
    assert main(["phantom", str(place / "case"), "--overwrite"]) == BAD_INPUT
    assert "no run of this program" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("nodir/x", "There is no folder"),
        ("nodir/x.nrrd", "There is no folder"),
        ("case/x.nrrd", "in the input folder"),
        (f"{'n' * 300}.nrrd", "too long"),
        ("/proc/x.nrrd", "cannot be written"),
        ("/dev/null", "no known volume format"),
    ],
)
def test_an_output_that_cannot_be_is_found_before_the_work(place, monkeypatch, capsys, output, said):
    import PainGeneratorLib.Headless.suv_file as suv_file

    monkeypatch.setattr(suv_file, "suv_of_folder", lambda *anything: pytest.fail("worked"))
    monkeypatch.chdir(place)
    assert main(["suv", "case", "--output", output]) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert left(place) == set()
