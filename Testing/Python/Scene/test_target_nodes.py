"""Paths of targets as lines, and outlines as surfaces: what was written can be read by Slicer at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Region, ball
from PainGeneratorLib.Report.read_back import fault_of
from PainGeneratorLib.Scene.markups import read_points
from PainGeneratorLib.Scene.outline_models import outline_surface, save_outline
from PainGeneratorLib.Scene.target_nodes import (
    DrawnPath,
    are_paths_shown,
    forget_moved,
    hide_paths,
    moved_paths,
    path_nodes,
    write_paths,
)

pytestmark = pytest.mark.scene

SKIN, POINT = np.array([32.5, -89.8, 15.3]), np.array([18.1, -35.2, 15.3])


def drawn(key: str = "PG-01", **fields: Any) -> DrawnPath:
    return DrawnPath(key, "1 right facet joint L2/L3", fields.pop("entry", SKIN), fields.pop("point", POINT), **fields)


def test_a_path_is_a_line_from_the_skin_to_the_target(host: Any) -> None:
    (node,) = write_paths(host.scene, [drawn()])
    points, labels = read_points(node)
    assert node.GetClassName() == "vtkMRMLMarkupsLineNode"
    assert np.allclose(points, [SKIN, POINT])
    assert labels == ["skin", "target"]
    assert node.GetLineLengthWorld() == pytest.approx(np.linalg.norm(SKIN - POINT))
    assert moved_paths(host.scene) == {}


def test_a_line_that_was_dragged_counts_as_moved_and_stays_so_after_it_was_drawn_again(host: Any) -> None:
    (node,) = write_paths(
        host.scene,
        [
            drawn(),
        ],
    )
    node.SetNthControlPointPositionWorld(0, 40.0, -88.0, 20.0)
    point, entry = moved_paths(host.scene)["PG-01"]
    assert np.allclose(point, POINT)
    assert np.allclose(entry, [40.0, -88.0, 20.0])
    write_paths(host.scene, [drawn(entry=np.array([39.9, -87.0, 20.0]), is_moved=True)])
    assert "PG-01" in moved_paths(host.scene)
    forget_moved(host.scene, ["PG-01"])
    assert path_nodes(host.scene) == {}


def test_a_line_that_lost_an_end_is_drawn_again_as_it_was_proposed(host: Any) -> None:
    (node,) = write_paths(host.scene, [drawn()])
    node.RemoveNthControlPoint(1)
    assert moved_paths(host.scene) == {}
    (again,) = write_paths(host.scene, [drawn()])
    assert again is node
    assert np.allclose(read_points(again)[0], [SKIN, POINT])


def test_lines_of_targets_that_are_gone_are_taken_away_and_hidden_lines_stay(host: Any) -> None:
    before = host.scene.GetNumberOfNodes()
    write_paths(host.scene, [drawn(), drawn("PG-02")])
    assert set(path_nodes(host.scene)) == {"PG-01", "PG-02"}
    write_paths(host.scene, [drawn("PG-02")])
    assert set(path_nodes(host.scene)) == {"PG-02"}
    assert are_paths_shown(host.scene)
    hide_paths(host.scene)
    assert not are_paths_shown(host.scene)
    assert set(path_nodes(host.scene)) == {"PG-02"}
    write_paths(host.scene, [])
    assert host.scene.GetNumberOfNodes() == before


def oblique_region() -> Region:
    """An egg on a grid that is oblique and whose rows run to the right and to the back."""
    c, s = np.cos(0.3), np.sin(0.3)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[-c, s, 0.0], [-s, -c, 0.0], [0.0, 0.0, 1.0]]) * np.array([1.0, 1.0, 2.0])
    matrix[:3, 3] = (40.0, 30.0, -60.0)
    grid = Geometry((40, 60, 60), matrix)
    low, high = (ball(grid, grid.center_ras + np.array([0, 0, z]), r) for z, r in ((-6.0, 10.0), (4.0, 6.0)))
    return Region(grid, np.union1d(low, high))


@pytest.mark.parametrize("kind", [".stl", ".obj"])
def test_a_surface_says_lps_in_its_header_and_slicer_reads_it_at_its_place(
    host: Any, tmp_path: Path, kind: str
) -> None:
    import slicer

    region, path = oblique_region(), tmp_path / f"PG-01-LPS{kind}"
    save_outline(region, path)
    assert b"SPACE=LPS" in path.read_bytes()[:100]
    assert fault_of(path) == ""
    node = host.scene.AddNewNodeByClass("vtkMRMLModelNode")
    storage = slicer.vtkMRMLModelStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    bounds = np.array(node.GetPolyData().GetBounds()).reshape(3, 2)
    low, high = region.span_ras
    assert np.all(np.abs(bounds[:, 0] - low) < 1.6)
    assert np.all(np.abs(bounds[:, 1] - high) < 1.6)


def test_a_surface_is_closed_points_outward_and_keeps_the_volume() -> None:
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    region = oblique_region()
    surface = outline_surface(region)
    mass = vtk.vtkMassProperties()
    mass.SetInputData(surface)
    mass.Update()
    assert mass.GetVolume() / 1000.0 == pytest.approx(region.volume_ml, rel=0.05)
    edges = vtk.vtkFeatureEdges()
    edges.SetInputData(surface)
    edges.FeatureEdgesOff()
    edges.NonManifoldEdgesOff()
    edges.Update()
    assert edges.GetOutput().GetNumberOfCells() == 0
    points = vtk_to_numpy(surface.GetPoints().GetData())
    corners = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    a, b, c = (points[corners[:, n]].astype(float) for n in range(3))
    assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6000.0 == pytest.approx(region.volume_ml, rel=0.05)


def test_a_cut_surface_file_is_noticed(tmp_path: Path) -> None:
    for kind in (".stl", ".obj"):
        path = tmp_path / f"x-LPS{kind}"
        save_outline(oblique_region(), path)
        path.write_bytes(path.read_bytes()[:-7])
        assert fault_of(path) == "it is not whole"


def test_a_surface_is_not_written_into_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PainGeneratorError, match="cannot be written"):
        save_outline(oblique_region(), tmp_path / "missing" / "x.stl")
    with pytest.raises(ValueError, match="must end in"):
        save_outline(oblique_region(), tmp_path / "x.ply")
