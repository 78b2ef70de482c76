"""The scene without Qt: start, errors, saving and loading."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost, VTKError, headless_scene
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

pytestmark = pytest.mark.scene


def test_the_host_registers_what_a_case_needs(host):
    for name in (
        "Segmentation",
        "MarkupsFiducial",
        "Table",
        "Text",
        "ScalarVolume",
        "LinearTransform",
        "SegmentEditor",
    ):
        assert host.scene.IsNodeClassRegistered(f"vtkMRML{name}Node"), name
    for color in ("InvertedGrey", "PET-Heat", "Grey"):
        assert host.scene.GetFirstNodeByName(color) is not None, color
    assert host.scene.GetNumberOfNodesByClass("vtkMRMLUnitNode") > 0
    assert host.scene.GetSubjectHierarchyNode() is not None


def test_a_vtk_error_becomes_a_python_error_at_the_next_checkpoint(host):
    host.scene.GetSubjectHierarchyNode().GetItemName(987654)
    import vtk

    vtk.vtkOutputWindow.GetInstance().DisplayErrorText("the voxels are upside down")
    with pytest.raises(VTKError, match=r"painting(.|\n)*upside down"):
        host.checkpoint("painting")
    host.checkpoint("nothing")


def test_a_vtk_error_within_the_block_is_raised_at_its_end():
    import slicer

    def work() -> None:
        with HeadlessHost():
            storage = slicer.vtkMRMLSegmentationStorageNode()
            storage.SetFileName("/nowhere/at/all.seg.nrrd")
            storage.ReadData(slicer.vtkMRMLSegmentationNode())

    with pytest.raises(VTKError):
        work()


def test_the_error_of_the_block_itself_is_not_hidden_by_vtk_errors():
    import vtk

    def work() -> None:
        with HeadlessHost():
            vtk.vtkOutputWindow.GetInstance().DisplayErrorText("a VTK error")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        work()


def test_warnings_are_collected_and_not_raised(host):
    import vtk

    vtk.vtkOutputWindow.GetInstance().DisplayWarningText("a little odd")
    host.checkpoint()
    assert any("a little odd" in warning for warning in host.warnings)


def test_many_errors_are_counted_instead_of_listed(host):
    import vtk

    for number in range(50):
        vtk.vtkOutputWindow.GetInstance().DisplayErrorText(f"error {number}")
    with pytest.raises(VTKError, match="and 30 more"):
        host.checkpoint()


def test_after_the_host_the_former_output_window_is_back_and_its_folder_gone():
    import vtk

    former = vtk.vtkOutputWindow.GetInstance()
    with HeadlessHost() as host:
        folder = Path(host.temporary_folder)
        assert folder.is_dir()
        assert vtk.vtkOutputWindow.GetInstance() is not former
    assert vtk.vtkOutputWindow.GetInstance() is former
    assert not folder.exists()
    assert host.scene is None


def test_segments_and_colors_survive_because_the_logics_are_kept():
    import gc

    with headless_scene() as scene:
        gc.collect()
        node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        assert node.GetSegmentation().AddEmptySegment("a", "a") == "a"
        assert scene.GetFirstNodeByName("Grey") is not None


def test_an_mrb_holds_one_scene_and_leaves_nothing_else_in_the_folder(host, tmp_path):
    host.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Foci")
    host.save_mrb(tmp_path / "case.mrb")
    assert os.listdir(tmp_path) == ["case.mrb"]
    with zipfile.ZipFile(tmp_path / "case.mrb") as bundle:
        assert "case/case.mrml" in bundle.namelist()
    host.load_mrb(tmp_path / "case.mrb")
    assert host.scene.GetFirstNodeByName("Foci") is not None


def test_a_scene_is_saved_and_opened_under_a_relative_path(host, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    host.scene.AddNewNodeByClass("vtkMRMLTextNode", "kept")
    host.save_mrb("case.mrb")
    host.load_mrb("case.mrb")
    assert host.scene.GetFirstNodeByName("kept") is not None


def test_an_existing_mrb_is_replaced_whole(host, tmp_path):
    path = tmp_path / "case.mrb"
    path.write_bytes(b"old")
    host.scene.AddNewNodeByClass("vtkMRMLTextNode", "Notes")
    host.save_mrb(path)
    assert zipfile.is_zipfile(path)


def test_saving_into_a_missing_folder_is_refused_with_advice(host, tmp_path):
    with pytest.raises(PainGeneratorError, match="write"):
        host.save_mrb(tmp_path / "missing" / "case.mrb")


def test_a_full_disk_is_said_before_or_after_writing(host, tmp_path, monkeypatch):
    import shutil

    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    with pytest.raises(PainGeneratorError, match="nearly full"):
        host.save_mrb(tmp_path / "case.mrb")
    monkeypatch.setattr(host, "_require_space", lambda path: None)

    class ScenesThatFail:
        def WriteToMRB(self, *arguments):
            return False

        def GetNumberOfNodesByClass(self, kind):
            return 0

    monkeypatch.setattr(host, "scene", ScenesThatFail())
    with pytest.raises(PainGeneratorError, match="the disk is full"):
        host.save_mrb(tmp_path / "case.mrb")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == []


def test_a_bundle_without_a_scene_or_with_a_damaged_part_is_refused(host, tmp_path):
    empty = tmp_path / "empty.mrb"
    with zipfile.ZipFile(empty, "w") as bundle:
        bundle.writestr("case/readme.txt", "no scene here")
    with pytest.raises(PainGeneratorError, match="holds no scene"):
        host.load_mrb(empty)
    host.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Foci")
    host.save_mrb(tmp_path / "case.mrb")
    raw = bytearray((tmp_path / "case.mrb").read_bytes())
    raw[len(raw) // 3] ^= 0xFF
    (tmp_path / "case.mrb").write_bytes(raw)
    with pytest.raises(PainGeneratorError, match="damaged"):
        host.load_mrb(tmp_path / "case.mrb")


@pytest.mark.parametrize("content", [None, b"this is no zip", b"PK\x03\x04 broken"])
def test_a_missing_or_broken_mrb_is_an_error(host, tmp_path, content):
    path = tmp_path / "case.mrb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PainGeneratorError):
        host.load_mrb(path)


@pytest.mark.slow
def test_the_host_works_in_a_process_without_home_and_says_nothing(tmp_path, project_folder):
    code = (
        "from PainGeneratorLib.Headless.host import HeadlessHost\n"
        "import sys\n"
        "with HeadlessHost() as host:\n"
        "    host.scene.AddNewNodeByClass('vtkMRMLSegmentationNode').GetSegmentation().AddEmptySegment('a', 'a')\n"
        "    host.save_mrb(sys.argv[1])\n"
    )
    environment = {
        **{key: value for key, value in os.environ.items() if key != "DISPLAY"},
        "HOME": str(tmp_path / "no-home"),
        "PYTHONPATH": str(project_folder / "PainGenerator"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.mrb")], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(os.listdir(tmp_path)) == ["a.mrb"]
