"""A saved case opened in a Slicer that was just started, and over another case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gui_hands import Hands, bad_lines

pytestmark = [pytest.mark.slow, pytest.mark.scene]


@pytest.fixture
def hands(stand_in: Any, a_widget: Any, tmp_path: Path) -> Hands:
    return Hands(stand_in, a_widget, tmp_path)


def test_a_case_is_opened_without_a_line_in_the_log(hands: Hands, found_bundle: Path) -> None:
    import slicer
    from slicer_stand_in.current import CURRENT

    slicer.util.loadScene(str(found_bundle))
    hands.events()
    assert hands.session.candidates()
    hands.check()
    assert bad_lines(CURRENT.log) == []
    assert hands.session.state("find").value == "done"


def test_a_case_is_opened_over_itself(hands: Hands, found_bundle: Path) -> None:
    import slicer

    for _ in range(2):
        slicer.util.loadScene(str(found_bundle))
        hands.events()
        hands.check()
    assert hands.table.rowCount == len(hands.session.candidates()) > 0


def test_every_segmentation_of_an_opened_case_has_its_item(hands: Hands, found_bundle: Path) -> None:
    import slicer

    slicer.util.loadScene(str(found_bundle))
    hands.events()
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    for key in ("hot-spots", "mr-findings", "candidates"):
        item = tree.GetItemByDataNode(hands.session.node_of(key))
        assert item != tree.GetInvalidItemID(), key
        assert tree.GetItemName(tree.GetItemParent(item)) == "PainGenerator", key
