"""What a radiologist does to a session in the tests, and what is looked at afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Scene import markups, tables
from PainGeneratorLib.Scene.candidate_segments import outline_of
from PainGeneratorLib.Scene.segments import read_segmentation
from scene_cases import set_outline
from scipy import ndimage


def table_of(session) -> list[dict]:
    return tables.read_table(session.node_of("table"))[1]


def segments_of(session) -> dict[str, tuple[str, int]]:
    """Name and number of voxels by segment id, in the segmentation's order."""
    return {s.id: (s.name, len(s.region)) for s in read_segmentation(session.node_of("candidates"))}


def targets_of(session) -> list[str]:
    return markups.read_points(session.node_of("targets"))[1]


def assert_scene_shows_the_list(session) -> None:
    """Segments, table and target points say what the list says."""
    candidates = session.candidates()
    assert list(segments_of(session)) == [c.id for c in candidates]
    assert [name for name, _ in segments_of(session).values()] == [f"{c.rank} {c.place.name}" for c in candidates]
    assert all(count > 0 for _, count in segments_of(session).values())
    rows = table_of(session)
    assert [(row["id"], row["status"], row["origin"]) for row in rows] == [
        (c.id, c.status, c.origin) for c in candidates
    ]
    for row, candidate in zip(rows, candidates, strict=True):
        assert row["volume_ml"] == pytest.approx(candidate.volume_ml, abs=1e-3)
        assert row["suv_peak"] == (None if candidate.suv_peak is None else pytest.approx(candidate.suv_peak, abs=1e-3))
    apart = tables.read_table(session.node_of("set-apart"))[1]
    assert [row["id"] for row in apart] == [c.id for c in (*session.attention(), *session.set_apart())]
    shown = [c for c in candidates if c.status in ("pending", "accepted")]
    assert targets_of(session) == [f"{c.rank} {c.place.name}" for c in shown]


def everything_said(session) -> list[dict]:
    return [candidate.to_json() for candidate in session.candidates()]


def all_lists(session) -> list[list[dict]]:
    """Everything that is said of the entries of all three lists."""
    lists = (session.candidates(), session.set_apart(), session.attention())
    return [[entry.to_json() for entry in entries] for entries in lists]


def get(session, candidate_id: str):
    return next(c for c in session.candidates() if c.id == candidate_id)


def larger(region: Region, rounds: int = 2) -> Region:
    mask = ndimage.binary_dilation(region.to_mask(), iterations=rounds)
    return Region.from_mask(mask, region.geometry)


def paint_larger(session, candidate_id: str, rounds: int = 2) -> Region:
    node, segment = session.begin_edit(candidate_id)
    region = larger(outline_of(node, segment), rounds)
    set_outline(node, segment, region)
    return region


def with_uptake(session) -> str:
    return next(c.id for c in session.candidates() if c.hot_spots)


def check_undo_and_redo(session, before, after, segments_before, segments_after) -> None:
    assert session.undo_text
    session.undo()
    assert everything_said(session) == before
    assert segments_of(session) == segments_before
    assert_scene_shows_the_list(session)
    session.redo()
    assert everything_said(session) == after
    assert segments_of(session) == segments_after
    assert_scene_shows_the_list(session)


def place_without_candidate(session, *, on_pet: bool) -> np.ndarray:
    """A place where uptake is raised, or is not, far from all candidates."""
    images = session.reference_images()
    pet, t1 = images["PET"], images["T1"]
    values = ndimage.gaussian_filter(np.nan_to_num(pet.array), 1.0)
    inner = pet.geometry.flat_to_ras(np.arange(values.size))
    far = t1.geometry.contains(inner, -6.0) & pet.geometry.contains(inner, -4.0)
    for candidate in session.candidates():
        far &= np.linalg.norm(inner - candidate.centroid_ras_mm, axis=1) > 25.0
    for entry in (*session.set_apart(), *session.attention()):
        far &= np.linalg.norm(inner - entry.centroid_ras_mm, axis=1) > 20.0
    for spot in session.analysis().hot_spots:
        far &= np.linalg.norm(inner - spot.centroid_ras_mm, axis=1) > 20.0
    sizes = [int(2 * 20.0 / spacing) + 1 for spacing in pet.geometry.spacing_kji_mm]
    calm = ndimage.maximum_filter(values, sizes).reshape(-1) < np.median(values[values > 0.2]) * 1.6
    order = np.argsort(values.reshape(-1))
    order = order[(far & calm)[order]]
    return inner[order[-1] if on_pet else order[order.size // 200]]
