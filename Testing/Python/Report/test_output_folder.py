"""The output folder appears complete or not at all."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import Cancelled, PainGeneratorError
from PainGeneratorLib.Report import output_folder
from PainGeneratorLib.Report.output_folder import OutputFolder, write_bytes, write_json, write_text
from PainGeneratorLib.Report.written_files import LIST_FILE


def names(folder: Path) -> list[str]:
    """What a folder holds beside the list of written files, which every finished folder has."""
    return sorted(name for name in os.listdir(folder) if name != LIST_FILE)


def write_earlier_results(target: Path) -> None:
    """Results of an earlier run, ``old.txt``."""
    with OutputFolder(target) as folder:
        write_text(folder / "old.txt", "old")


def test_the_folder_appears_only_at_the_end(tmp_path):
    target = tmp_path / "results"
    with OutputFolder(target) as folder:
        write_text(folder / "a.txt", "x")
        (folder / "deep").mkdir()
        write_text(folder / "deep" / "b.txt", "y")
        assert not target.exists()
        assert folder.parent == tmp_path
        assert folder.name.startswith(".")
    assert names(tmp_path) == ["results"]
    assert names(target) == ["a.txt", "deep"]


def test_missing_parents_are_made_and_removed_again_on_failure(tmp_path):
    with OutputFolder(tmp_path / "one" / "two" / "results") as folder:
        write_text(folder / "a.txt", "x")
    assert (tmp_path / "one" / "two" / "results" / "a.txt").is_file()
    with pytest.raises(ZeroDivisionError), OutputFolder(tmp_path / "three" / "four" / "results"):
        raise ZeroDivisionError
    assert names(tmp_path) == ["one"]


def test_an_existing_folder_is_refused_and_stays_untouched(tmp_path):
    target = tmp_path / "results"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with pytest.raises(PainGeneratorError, match="exists already") as caught, OutputFolder(target):
        pytest.fail("entered")
    assert "--overwrite" in caught.value.advice
    assert names(tmp_path) == ["results"]
    assert (target / "old.txt").read_text() == "old"


def test_overwriting_replaces_the_old_folder_only_at_the_end(tmp_path):
    target = tmp_path / "results"
    write_earlier_results(target)
    with OutputFolder(target, overwrite=True) as folder:
        write_text(folder / "new.txt", "new")
        assert names(target) == ["old.txt"]
    assert names(target) == ["new.txt"]
    assert names(tmp_path) == ["results"]


@pytest.mark.parametrize("error", [ValueError, Cancelled, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_behind_and_the_old_folder_stays_when_the_work_ends_early(tmp_path, error):
    target = tmp_path / "results"
    write_earlier_results(target)

    def work():
        with OutputFolder(target, overwrite=True) as folder:
            write_text(folder / "new.txt", "new")
            raise error

    with pytest.raises(error):
        work()
    assert names(tmp_path) == ["results"]
    assert names(target) == ["old.txt"]


def test_the_old_folder_comes_back_when_the_last_rename_fails(tmp_path, monkeypatch):
    target = tmp_path / "results"
    write_earlier_results(target)
    rename = os.rename

    def failing(source, destination):
        if str(source).endswith(".partial"):
            raise OSError(errno.EIO, "broken")
        rename(source, destination)

    monkeypatch.setattr(output_folder.os, "rename", failing)
    with pytest.raises(OSError, match="broken"), OutputFolder(target, overwrite=True) as folder:
        write_text(folder / "new.txt", "new")
    assert names(tmp_path) == ["results"]
    assert names(target) == ["old.txt"]


def test_an_old_folder_that_cannot_be_deleted_is_told_and_the_results_stay(tmp_path, monkeypatch):
    target = tmp_path / "results"
    target.mkdir()

    def failing(self, **options):
        if self.parent.suffix == ".replaced":
            raise OSError(errno.EACCES, "not allowed")
        os.unlink(self)

    monkeypatch.setattr(Path, "unlink", failing)
    output = OutputFolder(target, overwrite=True)
    with output as folder:
        write_text(folder / "new.txt", "new")
    assert names(target) == ["new.txt"]
    assert "not allowed" in output.warnings[0]


def test_a_folder_that_appears_meanwhile_is_not_overwritten(tmp_path):
    target = tmp_path / "results"

    def work():
        with OutputFolder(target) as folder:
            write_text(folder / "new.txt", "new")
            target.mkdir()
            (target / "of-another.txt").write_text("x")

    with pytest.raises(PainGeneratorError, match="exists already"):
        work()
    assert names(tmp_path) == ["results"]
    assert names(target) == ["of-another.txt"]


@pytest.mark.parametrize("place", ["case", "case/results", "case/deep/results", "."])
def test_the_input_folder_is_never_written_to(tmp_path, place):
    case = tmp_path / "outer" / "case"
    case.mkdir(parents=True)
    target = tmp_path / "outer" / place
    with pytest.raises(PainGeneratorError, match="input folder"):
        OutputFolder(target, overwrite=True, input_folder=case).check()
    assert names(case) == []


def test_a_link_into_the_input_folder_does_not_deceive(tmp_path):
    case = tmp_path / "case"
    case.mkdir()
    (tmp_path / "elsewhere").symlink_to(case)
    with pytest.raises(PainGeneratorError, match="input folder"):
        OutputFolder(tmp_path / "elsewhere" / "results", input_folder=case).check()


def test_a_folder_whose_name_merely_starts_like_the_input_is_allowed(tmp_path):
    (tmp_path / "case").mkdir()
    with OutputFolder(tmp_path / "case-results", input_folder=tmp_path / "case") as folder:
        write_text(folder / "a.txt", "x")
    assert (tmp_path / "case-results" / "a.txt").is_file()


def test_a_file_a_home_and_the_current_folder_are_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(PainGeneratorError, match="is a file"):
        OutputFolder(tmp_path / "file", overwrite=True).check()
    home = tmp_path / "home" / "someone"
    home.mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: home)
    with pytest.raises(PainGeneratorError, match="home folder"):
        OutputFolder(home, overwrite=True).check()
    with pytest.raises(PainGeneratorError, match="home folder"):
        OutputFolder(home.parent, overwrite=True).check()
    inner = tmp_path / "work" / "inner"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    with pytest.raises(PainGeneratorError, match="current folder"):
        OutputFolder("..", overwrite=True).check()


def test_a_parent_that_may_not_be_written_is_told(tmp_path, monkeypatch):
    def refusing(self, *arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refusing)
    with pytest.raises(PainGeneratorError, match="Permission denied") as caught, OutputFolder(tmp_path / "results"):
        pytest.fail("entered")
    assert "may write" in caught.value.advice


def test_a_parent_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(PainGeneratorError, match="cannot be made"), OutputFolder(tmp_path / "file" / "results"):
        pytest.fail("entered")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_anywhere_inside_becomes_reason_and_advice(tmp_path, number):
    def fail():
        try:
            raise OSError(number, "full")
        except OSError as error:
            raise ValueError("the writer failed") from error

    with pytest.raises(PainGeneratorError, match="disk is full") as caught, OutputFolder(tmp_path / "results"):
        fail()
    assert "another disk" in caught.value.advice
    assert names(tmp_path) == []


def test_a_full_disk_when_the_folder_is_made_is_told(tmp_path, monkeypatch):
    def failing(self, *arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", failing)
    with pytest.raises(PainGeneratorError, match="disk is full"), OutputFolder(tmp_path / "results"):
        pytest.fail("entered")


def test_a_full_disk_that_shows_only_when_forced_to_disk_leaves_nothing(tmp_path, monkeypatch):
    def failing(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    def work():
        with OutputFolder(tmp_path / "results") as folder:
            (folder / "a.txt").write_text("x")
            monkeypatch.setattr(output_folder.os, "fsync", failing)

    with pytest.raises(PainGeneratorError, match="disk is full"):
        work()
    assert names(tmp_path) == []


def test_a_writer_without_error_numbers_on_a_full_disk_is_understood(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=4096)
    monkeypatch.setattr(output_folder.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(PainGeneratorError, match="disk is full"), OutputFolder(tmp_path / "results"):
        raise RuntimeError("itk::ERROR: could not write")
    with pytest.raises(ValueError), OutputFolder(tmp_path / "results"):
        raise ValueError("a fault of ours, not of the disk")


def test_an_ordinary_error_on_a_disk_with_room_is_not_blamed_on_the_disk(tmp_path):
    with pytest.raises(RuntimeError, match="ours"), OutputFolder(tmp_path / "results"):
        raise RuntimeError("ours")


@pytest.mark.skipif(sys.platform != "linux", reason="needs tmpfs")
def test_a_really_full_disk_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", str(disk).encode(), b"tmpfs", 0, b"size=256k") != 0:
        pytest.skip("mounting a small tmpfs needs privileges")
    try:
        with pytest.raises(PainGeneratorError, match="disk is full"), OutputFolder(disk / "results") as folder:
            write_bytes(folder / "big.bin", bytes(1 << 20))
        assert names(disk) == []
        with OutputFolder(disk / "results") as folder:
            write_bytes(folder / "small.bin", bytes(1 << 10))
        assert names(disk / "results") == ["small.bin"]
    finally:
        libc.umount(str(disk).encode())


WORKER = """
import sys, time
from pathlib import Path
from PainGeneratorLib.Report.output_folder import OutputFolder, write_text
with OutputFolder(sys.argv[1], overwrite=True) as folder:
    write_text(folder / "a.txt", "x")
    print("ready", flush=True)
    time.sleep(60)
"""


def heed_signals() -> None:
    """A test run in the background ignores these signals, and its children would inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP), (signal.SIGINT, -signal.SIGINT)],
)
def test_a_signal_leaves_nothing_behind(tmp_path, project_folder, number, status):
    target = tmp_path / "results"
    write_earlier_results(target)
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(project_folder / "PainGenerator")},
        preexec_fn=heed_signals,
    )
    assert process.stdout.readline() == b"ready\n"
    assert len(names(tmp_path)) == 2
    process.send_signal(number)
    assert process.wait(timeout=20) == status
    process.stdout.close()
    assert names(tmp_path) == ["results"]
    assert names(target) == ["old.txt"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_signal_handlers_are_given_back_and_ignored_signals_stay_ignored(tmp_path):
    def mine(number, frame):
        pass

    former = signal.signal(signal.SIGTERM, mine), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with OutputFolder(tmp_path / "results") as folder:
            assert signal.getsignal(signal.SIGTERM) is not mine
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            write_text(folder / "a.txt", "x")
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, former[0])
        signal.signal(signal.SIGHUP, former[1])


def test_it_works_in_a_thread_where_signals_cannot_be_taken(tmp_path):
    def work():
        with OutputFolder(tmp_path / "results") as folder:
            write_text(folder / "a.txt", "x")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert names(tmp_path / "results") == ["a.txt"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "first\n")

    def failing(descriptor):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(output_folder.os, "fsync", failing)
    with pytest.raises(OSError, match="full"):
        write_text(tmp_path / "a.txt", "second\n")
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"first\n"


def test_json_keeps_unicode_understands_numpy_and_refuses_nan(tmp_path):
    path = tmp_path / "a.json"
    data = {
        "name": "Gr\u00fcn",
        "n": np.int64(3),
        "x": np.float32(0.5),
        "v": np.arange(3),
        "p": tmp_path,
        "s": {"b", "a"},
    }
    write_json(path, data)
    text = path.read_text(encoding="utf-8")
    assert "Gr\u00fcn" in text
    assert text.endswith("}\n")
    expected = {"name": "Gr\u00fcn", "n": 3, "x": 0.5, "v": [0, 1, 2], "p": str(tmp_path), "s": ["a", "b"]}
    assert json.loads(text) == expected
    with pytest.raises(ValueError):
        write_json(path, {"x": float("nan")})
    with pytest.raises(TypeError):
        write_json(path, {"x": object()})
    assert json.loads(path.read_text(encoding="utf-8")) == expected


def test_the_permissions_are_the_usual_ones(tmp_path):
    started = time.time()
    with OutputFolder(tmp_path / "results") as folder:
        write_text(folder / "a.txt", "x")
    (tmp_path / "usual").mkdir()
    assert (tmp_path / "results").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "results" / "a.txt").stat().st_mtime >= started - 5
