"""MR series in several blocks as volumes of a scene: none gets a role at wrong places, and the reader is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from input_cases.block_makers import DISCS, NUMBER, write_blocks
from input_cases.series_makers import one, write_examination
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Numerics.core.image import Geometry
from PainGeneratorLib.Scene.volumes_in_scene import VolumeFacts
from PainGeneratorLib.Session.volume_roles import grid_problem, propose_roles


def scene(folder: Path, as_one: bool) -> tuple[list[VolumeFacts], dict[str, str]]:
    """The series of a folder as Slicer loads them: blocks in one volume, or one volume for each block."""
    volumes, paths = [], {}
    for series in read_folder(folder).series:
        paths |= {frame.header["SOPInstanceUID"]: str(frame.path) for frame in series.frames}
        if bool(series.blocks) != as_one and series.number == NUMBER:
            continue
        grid = series.geometry
        assert grid is not None
        if series.blocks:
            first = series.blocks[0].geometry
            assert first is not None
            grid = Geometry((series.n_slices, *first.shape[1:]), first.ijk_to_ras)
        name = f"{series.number}: {series.description} {series.part or ''}".strip()
        volumes.append(VolumeFacts(f"node {name}", name, series.sop_instance_uids, {}, None, grid, (0.0, 3000.0)))
    return volumes, paths


def examination(folder: Path) -> None:
    write_examination(folder, (one(2, "t1_tse_sag", "t1"), one(4, "t2_tirm_sag", "stir")))
    write_blocks(folder)


def test_blocks_in_one_volume_get_no_role_and_the_panel_says_why(tmp_path: Path) -> None:
    examination(tmp_path)
    volumes, paths = scene(tmp_path, as_one=True)
    proposals, warnings, notes = propose_roles(volumes, paths.get, "low-back")
    assert {one.role for one in proposals} == {"PET", "T1", "FLUID"}
    assert any("lie in 5 blocks" in text for text in (*warnings, *notes))


def test_blocks_in_volumes_of_their_own_get_no_role_and_the_panel_says_why(tmp_path: Path) -> None:
    examination(tmp_path)
    volumes, paths = scene(tmp_path, as_one=False)
    proposals, warnings, notes = propose_roles(volumes, paths.get, "low-back")
    assert {one.role for one in proposals} == {"PET", "T1", "FLUID"}
    assert any("5 volumes are blocks of one series" in text for text in (*warnings, *notes))


def test_a_volume_of_blocks_cannot_be_chosen_and_its_single_blocks_can(tmp_path: Path) -> None:
    examination(tmp_path)
    (joined,) = (one for one in scene(tmp_path, as_one=True)[0] if one.name.startswith(f"{NUMBER}:"))
    volumes, paths = scene(tmp_path, as_one=False)
    problem = grid_problem(joined, paths.get)
    assert problem is not None
    assert "5 blocks" in problem.reason
    assert [grid_problem(one, paths.get) for one in volumes] == [None] * len(volumes)
    assert len(volumes) == 3 + len(DISCS)
    assert grid_problem(joined, None) is None
    assert np.isfinite(joined.geometry.ijk_to_ras).all()
