"""Overwriting replaces only what an earlier run wrote, and what a killed run left is tidied up by the next one."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Report import output_folder, replacing
from PainGeneratorLib.Report.leftovers import Mark, clear_after
from PainGeneratorLib.Report.output_folder import OutputFolder, write_text
from PainGeneratorLib.Report.written_files import LIST_FILE, MARK_FILE, sort_out, write_list

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX locks")


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with its text, without the list of written files."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != LIST_FILE)
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def run(target: Path, overwrite: bool = False, **files: str) -> OutputFolder:
    """One run that writes these files; ``__`` in a name is a slash, ``_`` a dot."""
    output = OutputFolder(target, overwrite)
    with output as folder:
        for name, text in files.items():
            path = folder / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            write_text(path, text)
    return output


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The results of a first run."""
    run(tmp_path / "out", report_md="one", table_dat="one", transforms__a_mat="one")
    return tmp_path / "out"


def test_the_list_names_every_file_with_its_hash(target):
    content = json.loads((target / LIST_FILE).read_text())
    assert sorted(content["files"]) == ["report.md", "table.dat", "transforms/a.mat"]
    assert content["files"]["report.md"] == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert sorted(os.listdir(target)) == sorted([LIST_FILE, "report.md", "table.dat", "transforms"])


def test_what_an_earlier_run_wrote_goes_and_nothing_is_said(target):
    output = run(target, overwrite=True, report_md="two")
    assert tree(target) == {"report.md": "two"}
    assert (output.notes, output.warnings) == ([], [])
    assert os.listdir(target.parent) == ["out"]


def test_foreign_files_and_folders_are_kept_and_named(target):
    (target / "notes.txt").write_text("mine")
    (target / "old cases" / "deep").mkdir(parents=True)
    (target / "old cases" / "deep" / "case.txt").write_text("mine")
    (target / "transforms" / "mine.tfm").write_text("mine")
    (target / "link").symlink_to(target.parent)
    (target / "empty").mkdir()
    output = run(target, overwrite=True, report_md="two")
    assert tree(target) == {
        "report.md": "two",
        "notes.txt": "mine",
        "old cases/deep/case.txt": "mine",
        "transforms/mine.tfm": "mine",
    }
    assert (target / "link").is_symlink()
    assert (target / "empty").is_dir()
    (note,) = output.notes
    for name in ("notes.txt", "old cases", "transforms/mine.tfm", "link", "empty"):
        assert name in note
    assert os.listdir(target.parent) == ["out"]


def test_a_file_of_ours_that_was_edited_is_kept_under_another_name(target):
    (target / "report.md").write_text("edited")
    (target / "table.dat").write_text("edited")
    output = run(target, overwrite=True, report_md="two")
    assert tree(target) == {"report.md": "two", "report.kept.md": "edited", "table.dat": "edited"}
    assert "report.md (now report.kept.md)" in output.notes[0]
    assert "table.dat" in output.notes[0]
    (target / "report.md").write_text("edited again")
    run(target, overwrite=True, report_md="three")
    assert tree(target) == {
        "report.md": "three",
        "report.kept.md": "edited",
        "report.kept-2.md": "edited again",
        "table.dat": "edited",
    }


def test_a_foreign_folder_in_the_way_of_a_new_file_is_kept_under_another_name(target):
    (target / "new.dat").mkdir()
    (target / "new.dat" / "mine.txt").write_text("mine")
    (target / "transforms" / "a.mat").unlink()
    (target / "transforms").rmdir()
    (target / "transforms").write_text("mine")
    run(target, overwrite=True, new_dat="two", transforms__a_mat="two")
    assert tree(target) == {
        "new.dat": "two",
        "new.kept.dat/mine.txt": "mine",
        "transforms/a.mat": "two",
        "transforms.kept": "mine",
    }


def test_a_folder_that_no_run_wrote_is_refused_before_the_work(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious.txt").write_text("mine")
    with pytest.raises(PainGeneratorError, match=r"no run of this program: precious\.txt"):
        run(tmp_path / "out", overwrite=True, report_md="two")
    assert tree(tmp_path / "out") == {"precious.txt": "mine"}


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"software": "Other", "files": {}}', '{"software": "PainGenerator", "files": 3}']
)
def test_a_list_that_is_not_ours_counts_for_nothing(tmp_path, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LIST_FILE).write_text(content)
    with pytest.raises(PainGeneratorError, match="no run of this program"):
        run(tmp_path / "out", overwrite=True, report_md="two")


def test_an_empty_folder_and_files_of_the_system_are_no_obstacle(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".DS_Store").write_text("x")
    output = run(tmp_path / "out", overwrite=True, report_md="two")
    assert tree(tmp_path / "out") == {".DS_Store": "x", "report.md": "two"}
    assert output.notes == []


def test_names_that_lead_out_of_the_folder_are_never_followed(target):
    (target.parent / "precious.txt").write_text("one")
    content = json.loads((target / LIST_FILE).read_text())
    content["files"]["../precious.txt"] = content["files"]["report.md"]
    (target / LIST_FILE).write_text(json.dumps(content))
    run(target, overwrite=True, report_md="two")
    assert (target.parent / "precious.txt").read_text() == "one"


def test_notes_that_are_written_during_the_run_are_kept(target):
    with OutputFolder(target, overwrite=True) as folder:
        write_text(folder / "report.md", "two")
        (target / "notes.txt").write_text("mine")
    assert tree(target) == {"report.md": "two", "notes.txt": "mine"}


def test_a_folder_that_cannot_be_renamed_is_filled_file_by_file(target, monkeypatch):
    monkeypatch.setattr(output_folder, "is_fixed", lambda folder: True)
    (target / "notes.txt").write_text("mine")
    (target / "report.md").write_text("edited")
    inode = target.stat().st_ino
    with OutputFolder(target, overwrite=True) as folder:
        assert folder.parent == target
        write_text(folder / "report.md", "two")
    assert target.stat().st_ino == inode
    assert tree(target) == {"report.md": "two", "report.kept.md": "edited", "notes.txt": "mine"}
    assert json.loads((target / LIST_FILE).read_text())["files"].keys() == {"report.md"}


def test_a_folder_whose_renaming_fails_is_filled_file_by_file(target, monkeypatch):
    import errno

    rename = os.rename

    def refusing(source, destination):
        if Path(source) == target:
            raise OSError(errno.EXDEV, "another layer")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refusing)
    run(target, overwrite=True, report_md="two")
    assert tree(target) == {"report.md": "two"}
    assert os.listdir(target.parent) == ["out"]


def test_filling_that_fails_half_way_is_taken_back(target, monkeypatch):
    monkeypatch.setattr(output_folder, "is_fixed", lambda folder: True)
    (target / "table.dat").write_text("edited")
    before = tree(target)
    move = replacing._move

    def failing(source, destination, done):
        if destination == target / "b.txt":
            raise OSError(5, "broken")
        move(source, destination, done)

    monkeypatch.setattr(replacing, "_move", failing)
    with pytest.raises(OSError, match="broken"):
        run(target, overwrite=True, a_txt="two", b_txt="two", table_dat="two")
    assert tree(target) == before
    assert sort_out(target).changed == ["table.dat"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs tmpfs")
def test_a_mount_point_takes_the_results(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", str(disk).encode(), b"tmpfs", 0, b"size=1m") != 0:
        pytest.skip("mounting needs privileges")
    try:
        run(disk, overwrite=True, report_md="one")
        (disk / "notes.txt").write_text("mine")
        output = run(disk, overwrite=True, report_md="two", table_dat="two")
        assert tree(disk) == {"report.md": "two", "table.dat": "two", "notes.txt": "mine"}
        assert "notes.txt" in output.notes[0]
        run(tmp_path / "out", report_md="one")
        (tmp_path / "out" / "mounted").mkdir()
        libc.mount(b"tmpfs", str(tmp_path / "out" / "mounted").encode(), b"tmpfs", 0, b"size=1m")
        with pytest.raises(PainGeneratorError, match="Another disk is mounted"):
            run(tmp_path / "out", overwrite=True, report_md="two")
        assert tree(tmp_path / "out") == {"report.md": "one"}
        assert sorted(os.listdir(tmp_path)) == ["disk", "out"]
    finally:
        libc.umount(str(disk).encode())
        libc.umount(str(tmp_path / "out" / "mounted").encode())


def test_too_little_space_is_said_before_the_work(tmp_path):
    with (
        pytest.raises(PainGeneratorError, match=r"MB left; the results need about 1000000000000 MB"),
        OutputFolder(tmp_path / "out", needed_bytes=10**18),
    ):
        pytest.fail("entered")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", [b"out-\xff", b"\xe9tude"])
def test_a_name_that_writers_cannot_be_given_is_refused_before_the_work(tmp_path, name):
    with (
        pytest.raises(PainGeneratorError, match="not written in UTF-8") as caught,
        OutputFolder(tmp_path / os.fsdecode(name)),
    ):
        pytest.fail("entered")
    caught.value.reason.encode("utf-8")
    assert os.listdir(tmp_path) == []


def test_names_of_any_script_are_taken(tmp_path):
    run(tmp_path / "\u8170\u75db \u0141\u00f3d\u017a \U0001f9b4", report_md="one")
    assert tree(tmp_path / "\u8170\u75db \u0141\u00f3d\u017a \U0001f9b4") == {"report.md": "one"}


# --- what a kill leaves

KILLED = """
import os, signal, sys
from PainGeneratorLib.Report import output_folder, replacing
from PainGeneratorLib.Report.output_folder import OutputFolder, write_text
moment, target = sys.argv[1:3]
def die(*anything):
    os.kill(os.getpid(), signal.SIGKILL)
rename, number = os.rename, 0
def counting(source, destination):
    global number
    number += 1
    if f"rename {number}" == moment:
        die()
    rename(source, destination)
os.rename = counting
if "fixed" in sys.argv:
    output_folder.is_fixed = lambda folder: True
with OutputFolder(target, overwrite=True) as folder:
    write_text(folder / "report.md", "Patient^Name")
    write_text(folder / "new.txt", "new")
    if moment == "work":
        die()
if moment == "end":
    die()
"""


def killed(project_folder: Path, moment: str, target: Path, *more: str) -> None:
    """A run that is killed at a moment."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, moment, str(target), *more],
        env={**os.environ, "PYTHONPATH": str(project_folder / "PainGenerator")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_what_a_killed_run_left_is_removed_by_the_next_and_said(target, project_folder):
    killed(project_folder, "work", target)
    (left,) = [path for path in target.parent.iterdir() if path != target]
    assert (left / "report.md").read_text() == "Patient^Name"
    output = run(target, overwrite=True, report_md="two")
    assert left.name in output.notes[0]
    assert "removed" in output.notes[0]
    assert os.listdir(target.parent) == ["out"]


@pytest.mark.parametrize("moment", ["rename 1", "rename 2"])
def test_a_kill_during_the_exchange_loses_nothing(target, project_folder, moment):
    (target / "notes.txt").write_text("mine")
    killed(project_folder, moment, target)
    with pytest.raises(PainGeneratorError, match="exists already"):
        run(target, report_md="two")
    assert tree(target)["notes.txt"] == "mine"
    assert tree(target)["report.md"] == "one"
    assert os.listdir(target.parent) == ["out"]


def test_a_kill_before_foreign_files_were_moved_loses_nothing(target, project_folder):
    (target / "notes.txt").write_text("mine")
    killed(project_folder, "rename 3", target)
    assert not (target / "notes.txt").exists()
    output = run(target, overwrite=True, report_md="three")
    assert any("notes.txt" in note for note in output.notes)
    assert tree(target) == {"report.md": "three", "notes.txt": "mine"}
    assert os.listdir(target.parent) == ["out"]


@pytest.mark.parametrize("moment", [f"rename {number}" for number in range(1, 8)])
def test_a_kill_while_a_folder_is_filled_loses_nothing(target, project_folder, moment):
    (target / "notes.txt").write_text("mine")
    killed(project_folder, moment, target, "fixed")
    with pytest.raises(PainGeneratorError, match="exists already"):
        run(target, report_md="three")
    assert tree(target) == {
        "report.md": "one",
        "table.dat": "one",
        "transforms/a.mat": "one",
        "notes.txt": "mine",
    }
    assert os.listdir(target.parent) == ["out"]


def test_a_folder_of_a_run_that_still_works_is_left_alone(tmp_path):
    with OutputFolder(tmp_path / "out") as first:
        write_text(first / "report.md", "one")
        second = OutputFolder(tmp_path / "out")
        with pytest.raises(ZeroDivisionError), second:
            raise ZeroDivisionError
        assert second.notes == []
        assert (first / "report.md").is_file()
    assert tree(tmp_path / "out") == {"report.md": "one"}


def test_what_is_not_surely_ours_is_only_named(tmp_path):
    (tmp_path / ".out.0123abcd.partial").mkdir()
    (tmp_path / ".out.0123abcd.partial" / "x").write_text("x")
    (tmp_path / ".out.mine.partial").mkdir()
    output = run(tmp_path / "out", report_md="one")
    assert "0123abcd" in output.notes[0]
    assert "delete it" in output.notes[0]
    assert len(output.notes) == 1
    assert len(os.listdir(tmp_path)) == 3


def test_a_folder_of_another_computer_is_only_named(tmp_path):
    work = tmp_path / ".out.0123abcd.partial"
    work.mkdir()
    Mark(work).let_go()
    content = json.loads((work / MARK_FILE).read_text())
    (work / MARK_FILE).write_text(json.dumps(content | {"computer": "other", "start": "other"}))
    assert "delete it when no other run works there" in run(tmp_path / "out", report_md="one").notes[0]
    assert work.is_dir()
    (work / MARK_FILE).write_text(json.dumps(content | {"start": "before the power cut"}))
    assert "was removed" in run(tmp_path / "out", overwrite=True, report_md="one").notes[0]


def test_a_supervisor_clears_what_its_process_left_and_no_other(tmp_path):
    (tmp_path / "new").mkdir()
    for key, process in (("00000001", 1), ("00000002", os.getpid())):
        work = tmp_path / "new" / f".out.{key}.partial"
        work.mkdir()
        Mark(work, [tmp_path / "new"]).let_go()
        content = json.loads((work / MARK_FILE).read_text())
        (work / MARK_FILE).write_text(json.dumps(content | {"process": process}))
    clear_after(os.getpid(), tmp_path / "new" / "out")
    assert os.listdir(tmp_path / "new") == [".out.00000001.partial"]
    clear_after(1, tmp_path / "new" / "out")
    assert os.listdir(tmp_path) == []


def test_a_list_of_files_holds_names_that_are_no_utf_8(tmp_path):
    (tmp_path / os.fsdecode(b"a\xff.txt")).write_text("x")
    write_list(tmp_path)
    assert sort_out(tmp_path).ours == [os.fsdecode(b"a\xff.txt"), LIST_FILE]


def test_a_file_whose_text_the_new_results_hold_is_replaced_and_not_kept_twice(tmp_path):
    target = tmp_path / "out"
    with OutputFolder(target) as folder:
        (folder / "notes.txt").write_text("empty")
        (folder / "other.txt").write_text("as written")
    (target / "notes.txt").write_text("mine")
    (target / "other.txt").write_text("changed by hand")
    again = OutputFolder(target, overwrite=True)
    with again as folder:
        former = again.take_over("notes.txt")
        (folder / "notes.txt").write_bytes(b"kept: " + former)
        (folder / "other.txt").write_text("as written")
    assert (target / "notes.txt").read_text() == "kept: mine"
    assert not (target / "notes.kept.txt").exists()
    assert (target / "other.kept.txt").read_text() == "changed by hand"


def test_a_file_that_changes_after_it_was_taken_over_is_kept(tmp_path):
    target = tmp_path / "out"
    with OutputFolder(target) as folder:
        (folder / "notes.txt").write_text("empty")
    again = OutputFolder(target, overwrite=True)
    with again as folder:
        assert again.take_over("notes.txt") == b"empty"
        assert again.take_over("nothing.txt") is None
        (folder / "notes.txt").write_text("new")
        (target / "notes.txt").write_text("written during the run")
    assert (target / "notes.kept.txt").read_text() == "written during the run"
