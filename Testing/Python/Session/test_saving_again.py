"""A scene that was saved can be saved again, whatever was removed from it and written again between."""

from __future__ import annotations

import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Scene.node_keys import map_nodes
from PainGeneratorLib.Scene.volumes_in_scene import case_volumes
from PainGeneratorLib.Session.session import Session
from session_hands import everything_said

pytestmark = [pytest.mark.scene, pytest.mark.slow]

KEYS = ("candidates", "hot-spots", "mr-findings", "targets", "table", "suv", "sites", "levels", "set-apart")
"""Results that are written again when they were removed."""


def stores_of_nothing(scene) -> list[str]:
    """Files of storage nodes whose data node is gone."""
    storables = [
        scene.GetNthNodeByClass(index, "vtkMRMLStorableNode")
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode"))
    ]
    used = {node.GetStorageNode().GetID() for node in storables if node.GetStorageNode() is not None}
    stores = [
        scene.GetNthNodeByClass(index, "vtkMRMLStorageNode")
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLStorageNode"))
    ]
    return [store.GetFileName() for store in stores if store.GetID() not in used]


def remove(scene, node) -> object:
    """Remove a node with its item in the subject hierarchy, but not what stores it. The caller keeps it alive: the
    subject hierarchy without Slicer's plugins takes a new node at the same address for the old one."""
    hierarchy = scene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.RemoveItem(item, True, False)
    else:
        scene.RemoveNode(node)
    return node


def test_results_that_were_removed_and_written_again_can_be_saved_twice(session, tmp_path):
    gone = [remove(session.scene, session.node_of(key)) for key in KEYS]
    session.accept([session.candidates()[0].id])
    assert len(stores_of_nothing(session.scene)) == len(gone)
    said = everything_said(session)
    for name in ("first", "second", "third"):
        session.export(tmp_path / name, {"scene"})
    with HeadlessHost() as other:
        other.load_mrb(tmp_path / "third" / "case.mrb")
        assert everything_said(Session(other.scene)) == said
        assert stores_of_nothing(other.scene) == [], "what stored a removed node is not saved"


def test_a_volume_that_was_removed_does_not_keep_the_scene_from_being_saved_twice(session, tmp_path):
    volume = next(node for node in case_volumes(session.scene) if "t2_tirm" in node.GetName())
    gone = [remove(session.scene, node) for node in (volume, map_nodes(session.scene)[0])]
    assert len(stores_of_nothing(session.scene)) == len(gone)
    for name in ("first", "second"):
        session.export(tmp_path / name, {"scene"})


def test_what_stores_a_removed_node_is_as_it_was_after_saving(session, tmp_path):
    gone = session.node_of("candidates").GetStorageNode()
    before = gone.GetFileName()
    kept = remove(session.scene, session.node_of("candidates"))
    session.export(tmp_path / "first", {"scene"})
    assert session.node_of("candidates") is not kept
    assert gone.GetFileName() == before
    assert gone.GetSaveWithScene()
