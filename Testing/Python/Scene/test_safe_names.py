"""Names that XML, file systems and Slicer can hold."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Scene.safe_names import LONGEST_NAME_BYTES, UNNAMED, safe_name, safe_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T1 sag", "T1 sag"),
        ("T1 sag & tra", "T1 sag + tra"),
        ("a<b>c/d\\e:f*g?h|i#j%k", "a(b)c_d_e_f_g_h_i_j_k"),
        ("T1\x07\x1b\x00 \ufffe\udcfc x", "T1 x"),
        ("T1 \u202egnp\u200f.exe", "T1 gnp.exe"),
        ("Mu\u0308ller 腰椎", "Müller 腰椎"),
        (" T1 ... ", "T1"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("&&&", UNNAMED),
        ("", UNNAMED),
    ],
)
def test_a_name_loses_what_files_cannot_hold(text, expected):
    assert safe_name(text) == expected


def test_a_long_name_is_cut_between_letters():
    name = safe_name("腰椎" * 100)
    assert len(name.encode()) <= LONGEST_NAME_BYTES
    assert set(name) == {"腰", "椎"}


def test_names_that_differ_in_case_only_get_a_number():
    taken = ["T1 SAG"]
    for _ in range(2):
        taken.append(safe_name("t1 sag", taken))
    assert taken == ["T1 SAG", "t1 sag 2", "t1 sag 3"]
    long = "x" * LONGEST_NAME_BYTES
    assert len(safe_name(long, [long])) == LONGEST_NAME_BYTES


def test_a_text_keeps_its_marks_but_not_its_control_characters():
    assert safe_text("CT Head&Neck\x07 <b>") == "CT Head&Neck <b>"


@pytest.mark.scene
def test_the_names_that_a_user_gave_are_set_again_after_saving(tmp_path):
    from PainGeneratorLib.Headless.host import HeadlessHost

    with HeadlessHost() as host:
        node = host.scene.AddNewNodeByClass("vtkMRMLTextNode", "notes & more")
        node.SetForceCreateStorageNode(node.CreateStorageNodeAlways)
        node.SetText("x")
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName("/data/notes & more.txt")
        host.save_mrb(tmp_path / "case.mrb")
        assert node.GetName() == "notes & more"
        assert node.GetStorageNode().GetFileName() == "/data/notes & more.txt"
    with HeadlessHost() as host:
        host.load_mrb(tmp_path / "case.mrb")
        assert host.scene.GetFirstNodeByClass("vtkMRMLTextNode").GetName() == "notes + more"
