"""The live preview of hot spots in the shared label map."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Scene.preview_layer import PreviewLayer
from PainGeneratorLib.Scene.segments import Segment, read_segmentation, write_segmentation

pytestmark = pytest.mark.scene

GRID = Geometry((6, 8, 10), np.array([[-2.0, 0, 0, 20], [0, -2.0, 0, 30], [0, 0, 3.0, -15], [0, 0, 0, 1.0]]))


def region(*flat):
    return Region(GRID, np.array(flat, dtype=np.int64))


@pytest.fixture
def node(host):
    made, _ = write_segmentation(host.scene, "PET hot spots", [Segment("hot-spot-1", "old", region(400))], GRID)
    made.GetDisplayNode().SetVisibility(False)
    return made


@pytest.fixture
def layer(host, node):
    return PreviewLayer(host.scene, node, GRID, 3)


def shown(node):
    return {segment.id: segment.region.flat.tolist() for segment in read_segmentation(node)}


def test_the_layer_has_one_segment_for_each_focus_and_is_visible(layer, node):
    assert list(shown(node)) == ["hot-spot-1", "hot-spot-2", "hot-spot-3"]
    assert node.GetName() == "PET hot spots"
    assert node.GetDisplayNode().GetVisibility()
    assert layer.can_hold(3)
    assert not layer.can_hold(4)


def test_painted_regions_replace_those_painted_before(layer, node):
    layer.paint([region(100, 101, 102), region(200, 201), region(300)])
    assert shown(node) == {"hot-spot-1": [100, 101, 102], "hot-spot-2": [200, 201], "hot-spot-3": [300]}
    layer.paint([region(101, 150)])
    assert shown(node) == {"hot-spot-1": [101, 150], "hot-spot-2": [], "hot-spot-3": []}
    layer.paint([])
    assert set(map(tuple, shown(node).values())) == {()}


def test_each_painting_tells_the_voxels_that_look_different(layer):
    assert layer.paint([region(100, 101), region(200)]).flat.tolist()[-3:] == [100, 101, 200]
    assert layer.paint([region(100, 101), region(200)]).flat.tolist() == []
    assert layer.paint([region(101, 102), region(200)]).flat.tolist() == [100, 102]
    assert layer.paint([region(200), region(101, 102)]).flat.tolist() == [101, 102, 200], "other segments"
    assert layer.paint([]).flat.tolist() == [101, 102, 200]
    assert layer.paint([]).geometry == GRID


def test_each_painting_makes_the_views_draw_once(layer, node):
    modified = []
    node.AddObserver("ModifiedEvent", lambda caller, event: modified.append(event))
    layer.paint([region(100, 101), region(200)])
    assert len(modified) == 1


def test_where_regions_overlap_the_hotter_one_is_whole(layer, node):
    layer.paint([region(50, 51, 52), region(52, 53, 54)])
    assert shown(node)["hot-spot-1"] == [50, 51, 52]
    assert shown(node)["hot-spot-2"] == [53, 54]


def test_more_regions_than_segments_are_refused_and_leave_what_is_shown(layer, node):
    layer.paint([region(9)])
    with pytest.raises(KeyError):
        layer.paint([region(number) for number in (1, 2, 3, 4)])
    assert shown(node) == {"hot-spot-1": [9], "hot-spot-2": [], "hot-spot-3": []}


def test_a_layer_for_no_focus_at_all_can_be_painted_empty(host, node):
    layer = PreviewLayer(host.scene, node, GRID, 0)
    layer.paint([])
    assert shown(node) == {"hot-spot-1": []}
