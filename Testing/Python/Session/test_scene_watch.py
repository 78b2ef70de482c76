"""What is changed in the scene behind the session's back is noticed and said; nothing is lost and nothing is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Scene import nodes
from PainGeneratorLib.Scene.segments import read_segment
from PainGeneratorLib.Session.session import Session, StepState
from scene_cases import few_series, load_as_slicer_does, quick_alignment, set_outline, volume_named
from session_hands import assert_scene_shows_the_list, everything_said, get, larger, paint_larger, with_uptake

pytestmark = [pytest.mark.scene, pytest.mark.slow]


def write_voxels(node, factor: float, *, tells: bool = True) -> None:
    """Change voxels as another module does, which tells MRML of it or does not."""
    array = nodes.volume_array(node.GetImageData())
    array[...] = (array * factor).astype(array.dtype)
    if tells:
        node.GetImageData().GetPointData().GetScalars().Modified()
        node.GetImageData().Modified()
        node.Modified()


def remove_as_the_data_module_does(scene, node) -> None:
    """Remove a node together with its item in the subject hierarchy, where it has one."""
    hierarchy = scene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.RemoveItem(item, True, False)
    else:
        scene.RemoveNode(node)


def about(session, words: str) -> list[str]:
    return [text for text in session.warnings if words in text]


def states_of(session) -> list[str]:
    return [session.state(step).value for step in ("case", "align", "find")]


@pytest.fixture
def loaded(host, phantom_folder):
    """A live session on loaded series with their files, after the step Case."""
    files = load_as_slicer_does(host.scene, few_series(phantom_folder / "dicom"))
    session = Session(host.scene, files.get)
    session.detect()
    session.group = "low-back"
    session.run("case")
    return session


def test_nothing_is_said_while_nothing_changed(loaded):
    before = loaded.warnings
    for _ in range(2):
        loaded.prepare("align")
        loaded.save_state()
    assert loaded.warnings == before
    assert states_of(loaded) == ["done", "not done", "not done"]


def test_voxels_that_another_module_changed_are_said_and_the_steps_are_out_of_date(loaded):
    write_voxels(volume_named(loaded.scene, "PET_AC"), 2.0)
    assert loaded.state("case") is StepState.OUT_OF_DATE
    assert len(about(loaded, "PET_AC (PET) were changed")) == 1
    assert "computing" not in (loaded.reason_not_ready("align") or "")
    with pytest.raises(PainGeneratorError):
        loaded.prepare("align")


def test_voxels_that_were_changed_without_telling_are_noticed_before_the_next_step(loaded):
    write_voxels(volume_named(loaded.scene, "t1_tse"), 1.5, tells=False)
    with pytest.raises(PainGeneratorError):
        loaded.prepare("align")
    assert about(loaded, "(T1) were changed")


def test_after_the_step_case_ran_again_the_numbers_are_those_of_the_new_voxels(loaded):
    before = float(np.nanmax(loaded.case_state.suv.image.array))
    write_voxels(volume_named(loaded.scene, "PET_AC"), 0.5)
    loaded.run("case")
    assert float(np.nanmax(loaded.case_state.suv.image.array)) == pytest.approx(before / 2, rel=1e-3)
    assert states_of(loaded)[0] == "done"
    assert not about(loaded, "were changed")


def test_voxels_that_come_back_are_no_longer_said_to_be_changed(loaded):
    node = volume_named(loaded.scene, "PET_AC")
    kept = np.array(nodes.volume_array(node.GetImageData()))
    write_voxels(node, 2.0)
    assert about(loaded, "were changed")
    nodes.volume_array(node.GetImageData())[...] = kept
    node.GetImageData().GetPointData().GetScalars().Modified()
    assert not about(loaded, "were changed")


def test_a_volume_that_was_moved_is_said(loaded):
    node = volume_named(loaded.scene, "t2_tirm")
    matrix = np.eye(4)
    matrix[2, 3] = 7.0
    moved = nodes.add_transform(loaded.scene, matrix, "by another module")
    top = node
    while top.GetParentTransformNode() is not None and "reference" not in top.GetParentTransformNode().GetName():
        top = top.GetParentTransformNode()
    ours = top.GetParentTransformNode()
    moved.SetAndObserveTransformNodeID(ours.GetID() if ours is not None else None)
    node.SetAndObserveTransformNodeID(moved.GetID())
    assert about(loaded, "(FLUID) was moved")
    assert loaded.state("case") is StepState.OUT_OF_DATE


def test_the_alignment_of_this_program_is_no_change(loaded):
    quick_alignment(loaded)
    loaded.run("align")
    loaded.show_before(True)
    loaded.show_before(False)
    loaded._watch.look(thorough=True)
    assert loaded.case_state.scene_changes == []
    assert states_of(loaded)[:2] == ["done", "done"]


def test_an_input_that_was_changed_while_a_step_ran_is_refused_and_nothing_is_written(loaded):
    job = loaded.prepare("align")
    write_voxels(volume_named(loaded.scene, "PET_AC"), 3.0, tells=False)
    job._results, job.is_computed = [None], True
    with pytest.raises(PainGeneratorError, match="changed while it was running"):
        loaded.apply(job)
    assert loaded.case_state.alignment is None
    job = loaded.prepare("case")
    job.compute()
    write_voxels(volume_named(loaded.scene, "PET_AC"), 3.0)
    with pytest.raises(PainGeneratorError, match="changed while"):
        loaded.apply(job)


def test_a_pet_that_was_removed_while_the_step_case_ran_does_not_lose_its_result(loaded):
    job = loaded.prepare("case")
    job.compute()
    remove_as_the_data_module_does(loaded.scene, volume_named(loaded.scene, "PET_AC"))
    loaded.apply(job)
    assert loaded.case_state.suv is not None
    assert about(loaded, "PET_AC (PET) was removed")
    assert loaded.reason_not_ready("case") == "Choose the PET volume, or press Detect."


def test_a_scene_that_was_closed_while_a_step_ran_stays_empty(host, loaded):
    job = loaded.prepare("case")
    job.compute()
    host.scene.Clear(0)
    with pytest.raises(PainGeneratorError, match="closed while the step case was running"):
        loaded.apply(job)
    assert host.scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0
    for act in (loaded.save_state, lambda: loaded.prepare("case"), lambda: loaded.scene, lambda: loaded.run("case")):
        with pytest.raises(PainGeneratorError, match="scene of this case was closed"):
            act()
    assert host.scene.GetNumberOfNodesByClass("vtkMRMLTextNode") == 0
    loaded.close()


def test_a_case_whose_scene_was_closed_is_not_read_any_more(host, session):
    place = session.position_of(session.candidates()[0].id)
    readers = (
        lambda: session.readout_at(place),
        session.candidates,
        session.set_apart,
        session.attention,
        session.regions,
        session.analysis,
        session.targets,
        session.alignment_rows,
        session.reference_images,
        session.reference_uptake,
        session.suv_result,
        lambda: session.mirrored(place),
        lambda: session.unmatched,
        lambda: session.sites,
    )
    for read in readers:
        read()
    host.scene.Clear(0)
    for number, read in enumerate(readers):
        with pytest.raises(PainGeneratorError, match="scene of this case was closed"):
            pytest.fail(f"reader {number} answered {read()}")
    session.close()
    assert (session.candidates(), session.regions(), session.unmatched) == ([], [], [])


def test_a_session_that_was_dropped_does_not_live_on_in_its_scene(host):
    import gc
    import weakref

    ghost = weakref.ref(Session(host.scene))
    gc.collect()
    assert ghost() is None
    host.scene.Clear(0)


@pytest.mark.parametrize("key", ["candidates", "hot-spots", "mr-findings", "targets", "table", "levels", "set-apart"])
def test_results_that_were_removed_from_the_scene_are_written_again(session, key):
    # Kept alive: the subject hierarchy without Slicer's plugins takes a new node at the same address for the old one.
    gone = session.node_of(key)
    remove_as_the_data_module_does(session.scene, gone)
    first = session.candidates()[0].id
    session.accept([first])
    session.begin_edit(first)
    assert get(session, first).status == "accepted"
    assert session.preview(1.4, "adaptive") > 0
    session.drop_preview()
    assert_scene_shows_the_list(session)
    assert len(about(session, "were removed from the scene")) == 1
    assert session.node_of(key) is not gone


def test_a_display_that_was_removed_is_made_again(session):
    node = session.node_of("candidates")
    session.scene.RemoveNode(node.GetDisplayNode())
    session.begin_edit(session.candidates()[0].id)
    session.save_state()
    assert node.GetDisplayNode() is not None


def test_an_mr_that_was_removed_is_said_and_the_results_stay(session):
    before = everything_said(session)
    remove_as_the_data_module_does(session.scene, volume_named(session.scene, "t2_tirm"))
    assert about(session, "(FLUID) was removed")
    assert everything_said(session) == before
    session.accept([session.candidates()[0].id])
    session.save_state()
    assert session.state("find") is StepState.DONE


def test_a_changed_volume_of_the_suv_is_written_again_and_measures_do_not_follow_it(session):
    chosen = with_uptake(session)
    before = get(session, chosen)
    write_voxels(session.volume_of("PET"), 10.0)
    paint_larger(session, chosen, 1)
    session.segment_edited(chosen)
    assert get(session, chosen).suv_max < 3.0 * before.suv_max
    assert about(session, "it was written again")
    shown = nodes.volume_array(session.volume_of("PET").GetImageData())
    assert float(np.nanmax(shown)) == pytest.approx(float(np.nanmax(session.case_state.suv.image.array)))
    assert session.state("find") is StepState.DONE


def test_voxels_that_were_changed_before_the_case_was_reopened_are_said(host, found_bundle, tmp_path):
    host.load_mrb(found_bundle)
    write_voxels(volume_named(host.scene, "(SUV)"), 2.0)
    host.save_mrb(tmp_path / "changed.mrb")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "changed.mrb")
        session = Session(other.scene)
        assert about(session, "are not those that the case was computed with")
        assert states_of(session) == ["out of date"] * 3
        assert about(Session(other.scene), "are not those that the case was computed with"), "each time it is opened"


def test_a_pet_that_was_changed_before_the_case_was_reopened_is_said(host, found_bundle):
    host.load_mrb(found_bundle)
    write_voxels(next(n for n in volumes(host.scene) if n.GetName().endswith("PET_AC")), 2.0, tells=False)
    session = Session(host.scene)
    assert about(session, "PET_AC (PET) were changed")
    assert states_of(session) == ["out of date"] * 3


def test_an_unchanged_case_that_was_reopened_says_nothing(session):
    assert session.case_state.scene_changes == []
    assert states_of(session) == ["done"] * 3


def volumes(scene) -> list:
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    return [scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode") for index in range(count)]


def test_the_analysis_that_is_exported_tells_of_changed_voxels(session):
    write_voxels(next(n for n in volumes(session.scene) if n.GetName().endswith("PET_AC")), 2.0)
    assert session.state("find") is StepState.OUT_OF_DATE
    assert any("PET_AC (PET) were changed" in text for text in session.analysis().warnings)


def test_a_case_that_was_reopened_without_the_voxels_of_its_pet_can_be_given_a_weight(session):
    node = next(n for n in volumes(session.scene) if n.GetName().endswith("PET_AC"))
    node.SetAndObserveImageData(None)
    before = everything_said(session)
    session.set_by_hand(weight_kg=99.0)
    assert "has no voxels" in session.suv_line().text
    assert "has no voxels" in (session.reason_not_ready("case") or "")
    with pytest.raises(PainGeneratorError, match="has no voxels"):
        session.run("case")
    assert session.header()["patient"]
    session.detect()
    assert everything_said(session) == before
    session.save_state()


def test_a_case_whose_suv_has_no_voxels_is_refused_with_the_way_out(host, found_bundle):
    host.load_mrb(found_bundle)
    volume_named(host.scene, "(SUV)").SetAndObserveImageData(None)
    with pytest.raises(PainGeneratorError, match="has no voxels"):
        Session(host.scene)


def test_an_anatomy_that_was_changed_after_finding_is_said_and_find_is_out_of_date(session):
    node = session.scene.GetNodeByID(session.anatomy_id)
    assert not about(session, "anatomy")
    segmentation = node.GetSegmentation()
    first = segmentation.GetNthSegmentID(0)
    set_outline(node, first, larger(read_segment(node, first).region))
    assert about(session, "The anatomy total_mr was changed")
    assert states_of(session) == ["done", "done", "out of date"]
    remove_as_the_data_module_does(session.scene, node)
    assert about(session, "The anatomy total_mr was removed")


def test_an_export_notices_voxels_that_were_changed_without_telling(session, tmp_path):
    write_voxels(next(n for n in volumes(session.scene) if n.GetName().endswith("PET_AC")), 0.5, tells=False)
    assert not about(session, "were changed"), "no stamp shows it"
    folder = session.export(tmp_path / "out", {"report", "tables"})
    assert about(session, "PET_AC (PET) were changed")
    assert states_of(session) == ["out of date"] * 3
    for name in ("report.txt", "report.html", "candidates.json"):
        text = " ".join((folder / name).read_text(encoding="utf-8").split())
        assert "PET_AC (PET) were changed in the scene" in text, name


def test_an_export_writes_the_suv_again_that_was_changed_without_telling(session, tmp_path):
    shown = session.volume_of("PET")
    before = np.array(nodes.volume_array(shown.GetImageData()))
    write_voxels(shown, 0.5, tells=False)
    session.export(tmp_path / "out", {"report", "scene"})
    assert np.array_equal(nodes.volume_array(shown.GetImageData()), before)
    assert about(session, "it was written again as it was measured")
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "out" / "case.mrb")
        saved = volume_named(other.scene, "(SUV)")
        assert np.array_equal(nodes.volume_array(saved.GetImageData()), before)
        assert not about(Session(other.scene), "are not those")
