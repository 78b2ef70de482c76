"""Paths of needles on bodies of which the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.needle_paths import (
    Obstacle,
    PathFacts,
    PathLimits,
    SkinView,
    Surroundings,
    choose,
    dense_points,
    direction,
    evaluate,
    expected_error_mm,
    outward_directions,
    table_angles,
    why_none,
)
from PainGeneratorLib.Numerics.body.skin_profile import skin_on_signal
from PainGeneratorLib.Numerics.core.image import Geometry, Image

BACK, LEFT = np.array([0.0, -1.0, 0.0]), np.array([-1.0, 0.0, 0.0])
FREE = PathLimits(5.0, 0.0)


def grid(spacing: float = 2.0, turn_deg: float = 0.0, half: float = 100.0) -> Geometry:
    """A cube of a grid about the origin, turned about an oblique axis."""
    count = round(2 * half / spacing) + 1
    axis = np.array([1.0, 2.0, -1.0]) / np.sqrt(6.0)
    angle = np.radians(turn_deg)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * spacing
    matrix[:3, 3] = -rotation @ np.full(3, half)
    return Geometry((count, count, count), matrix)


def all_points(geometry: Geometry) -> np.ndarray:
    return geometry.flat_to_ras(np.arange(geometry.size)).reshape((*geometry.shape, 3))


def slab(normal: np.ndarray, distance: float, geometry: Geometry) -> SkinView:
    """A body that ends at a plane; its edge runs over one voxel, as an outline that was averaged does."""
    beyond = all_points(geometry) @ normal - distance
    body = np.clip(0.5 - beyond / geometry.spacing_mm[0], 0.0, 1.0).astype(np.float32)
    return SkinView("T1", lambda: Image(body, geometry), 1.0)


def fan(side: tuple[float, float] = (-40.0, 40.0), head: tuple[float, float] = (-30.0, 30.0)) -> np.ndarray:
    return outward_directions(LEFT, BACK, side, head)


@pytest.mark.parametrize("turn_deg", [0.0, 23.0, 71.0])
def test_the_shortest_path_to_a_plane_is_the_perpendicular_however_the_grid_lies(turn_deg: float) -> None:
    normal = direction(LEFT, BACK, np.array(20.0), np.array(-10.0))[0]
    around = Surroundings((slab(normal, 60.0, grid(2.0, turn_deg)),))
    target = np.array([7.0, -11.0, 4.0])
    best = choose(evaluate(target, fan(), around, FREE), BACK)
    assert best is not None
    right = 60.0 - target @ normal
    assert best.length_mm == pytest.approx(right, abs=2.1)
    assert best.length_mm >= right - 0.3
    assert np.degrees(np.arccos(best.outward_ras @ normal)) < 17.0


def test_the_depth_is_exact_along_a_given_way_on_an_oblique_grid() -> None:
    normal = np.array([-0.48, -0.8, 0.36])
    around = Surroundings((slab(normal, 50.0, grid(3.0, 40.0)),))
    way = np.array([0.3, -0.9, -0.2]) / np.linalg.norm([0.3, -0.9, -0.2])
    target = np.array([3.0, -5.0, 9.0])
    path = evaluate(target, way[None], around, FREE)[0]
    assert path.length_mm == pytest.approx((50.0 - target @ normal) / (way @ normal), abs=0.6)
    assert path.entry_ras is not None
    assert path.entry_ras @ normal == pytest.approx(50.0, abs=0.6)


def tube(point: tuple[float, float, float], radius: float = 6.0, **kind: bool) -> Obstacle:
    """A tube along the body's long axis."""
    line = np.array([[point[0], point[1], z] for z in np.arange(-95.0, 96.0)])
    return Obstacle("aorta", "large vessels", line, radius, **kind)


def test_a_path_goes_around_a_vessel_and_keeps_its_distance() -> None:
    around = Surroundings((slab(BACK, 70.0, grid()),), (tube((1.0, -35.0, 0.0)),))
    paths = evaluate(np.zeros(3), fan(), around, FREE)
    best = choose(paths, BACK)
    assert best is not None
    assert best.nearest is not None
    straight = evaluate(np.zeros(3), BACK[None], around, FREE)[0]
    assert straight.too_near == ("aorta",)
    # The tube lies a little to the right, so that the way on its left is shorter.
    assert best.outward_ras @ LEFT > 0.0
    across = np.array([best.outward_ras[0], best.outward_ras[1]]) / np.linalg.norm(best.outward_ras[:2])
    right = abs(across[0] * -35.0 - across[1] * 1.0) - 6.0
    assert best.nearest.distance_mm == pytest.approx(right, abs=0.3)
    assert right >= 4.5


def test_the_nearest_structure_is_told_with_the_depth_at_which_the_path_passes_it() -> None:
    around = Surroundings((slab(BACK, 80.0, grid()),), (tube((18.0, -50.0, 0.0), 4.0),))
    path = evaluate(np.zeros(3), BACK[None], around, FREE)[0]
    assert path.nearest is not None
    assert (path.nearest.distance_mm, path.nearest.depth_mm) == pytest.approx((14.0, 30.0), abs=0.6)
    assert path.is_free


def test_a_path_to_a_target_beside_a_structure_comes_as_near_as_the_target_and_no_nearer() -> None:
    # The target lies 2 mm from the surface, less than is wanted elsewhere.
    around = Surroundings((slab(BACK, 50.0, grid()),), (tube((9.0, 0.0, 0.0), 7.0),))
    away, into = direction(LEFT, BACK, np.array([30.0, -50.0]), np.array([0.0, 0.0]))
    facts = evaluate(np.zeros(3), np.stack([away, into]), around, FREE)
    assert facts[0].is_free
    assert facts[1].too_near == ("aorta",)


def test_bone_counts_outside_the_target_only() -> None:
    wall = np.stack(np.meshgrid(np.arange(-60.0, 61.0, 2.0), [-20.0, -22.0], np.arange(-60.0, 61.0, 2.0)), -1)
    bone = Obstacle("bone", "bone", wall.reshape(-1, 3), 1.0, is_bone=True)
    around = Surroundings((slab(BACK, 60.0, grid()),), (bone,))
    through = evaluate(np.zeros(3), BACK[None], around, PathLimits(5.0, 10.0))[0]
    assert through.bone_mm == pytest.approx(4.0, abs=1.1)
    assert not through.is_free
    reached = evaluate(np.zeros(3), BACK[None], around, PathLimits(5.0, 25.0))[0]
    assert (reached.bone_mm, reached.is_free) == (0.0, True)
    assert reached.bone_at_target_mm == pytest.approx(4.0, abs=1.1)
    assert reached.nearest is None


def test_where_the_skin_is_out_of_view_there_is_no_path_and_the_reason_says_so() -> None:
    small = slab(BACK, 200.0, grid(2.0, 0.0, 60.0))
    paths = evaluate(np.zeros(3), fan(), Surroundings((small,)), FREE)
    assert choose(paths, BACK) is None
    assert why_none(paths) == f"the skin is not in view in {len(paths)} of {len(paths)}"


def test_another_series_shows_the_skin_where_the_first_one_ends() -> None:
    narrow, wide = slab(BACK, 80.0, grid(2.0, 0.0, 40.0)), slab(BACK, 80.0, grid(4.0))
    wide = SkinView("ATTENUATION", wide.find, 2.0)
    path = evaluate(np.zeros(3), BACK[None], Surroundings((narrow, wide)), FREE)[0]
    assert path.skin == "ATTENUATION"
    assert path.length_mm == pytest.approx(80.0, abs=0.3)


def test_a_series_that_no_path_needs_is_never_looked_at() -> None:
    def refused() -> Image:
        raise AssertionError("it was asked for")

    around = Surroundings((slab(BACK, 60.0, grid()), SkinView("T2", refused, 2.0)))
    assert evaluate(np.zeros(3), BACK[None], around, FREE)[0].skin == "T1"


def test_gas_in_the_body_is_no_skin() -> None:
    geometry = grid()
    points = all_points(geometry)
    body = (points[..., 1] > -70.0) & (np.linalg.norm(points - [0.0, -30.0, 0.0], axis=-1) > 6.0)
    around = Surroundings((SkinView("T1", lambda: Image(body.astype(np.float32), geometry), 1.0),))
    assert evaluate(np.zeros(3), BACK[None], around, FREE)[0].length_mm == pytest.approx(70.0, abs=1.1)


def test_a_target_outside_the_body_has_no_path() -> None:
    around = Surroundings((slab(BACK, -10.0, grid()),))
    assert evaluate(np.zeros(3), BACK[None], around, FREE)[0].length_mm is None


def test_of_equally_short_paths_the_one_with_more_room_is_chosen() -> None:
    vessel = tube((13.0, -40.0, 0.0), 4.0)
    around = Surroundings((slab(BACK, 60.0, grid()),), (vessel,))
    best = choose(evaluate(np.zeros(3), fan(), around, FREE), BACK)
    assert best is not None
    assert best.nearest is not None
    assert best.nearest.distance_mm > 10.0
    assert best.outward_ras @ LEFT > 0.0


def test_slices_of_any_thickness_stand_for_a_solid_without_gaps() -> None:
    matrix = np.diag([0.9, 0.9, 4.4, 1.0])
    mask = np.zeros((12, 60, 60), dtype=bool)
    mask[2:10, 5:55, 5:55] = True
    image = Image(mask, Geometry(mask.shape, matrix))
    points, radius = dense_points(image, 2.0)
    solid = Obstacle("bone", "bone", points, radius, is_bone=True)
    inside = image.geometry.to_ras(np.random.default_rng(1).uniform([7, 7, 3], [52, 52, 9], size=(4000, 3)))
    assert np.all(solid.distance_mm(inside) <= 0.0)
    outside = image.geometry.to_ras(np.array([[30.0, 30.0, 0.2], [1.0, 30.0, 5.0]]))
    assert np.all(solid.distance_mm(outside) > 0.5)
    # Along the corners of the voxels, where balls that are too small leave a gap.
    line = image.geometry.to_ras(np.stack([np.full(8, 29.5), np.full(8, 29.5), np.arange(2.0, 10.0)], axis=-1))
    assert np.all(solid.distance_mm(line) <= 0.0)


@pytest.mark.parametrize(
    ("outward", "expected"),
    [
        ((0.0, -1.0, 0.0), (0.0, "", 0.0)),
        ((-1.0, 0.0, 0.0), (90.0, "left", 0.0)),
        ((0.5, -0.5, 0.0), (45.0, "right", 0.0)),
        ((0.0, -np.cos(np.radians(20)), np.sin(np.radians(20))), (0.0, "", 20.0)),
        ((0.0, 1.0, 0.0), (180.0, "", 0.0)),
    ],
)
def test_the_angles_to_the_table_are_those_a_radiologist_reads(
    outward: tuple[float, float, float], expected: tuple[float, str, float]
) -> None:
    vector = np.array(outward) / np.linalg.norm(outward)
    axial, toward, head = table_angles(vector)
    assert (axial, head) == pytest.approx((expected[0], expected[2]))
    assert toward == expected[1]


def test_directions_have_the_angles_that_they_were_made_for_on_both_sides() -> None:
    for aside, word in ((LEFT, "left"), (-LEFT, "right")):
        axial, toward, head = table_angles(direction(aside, BACK, np.array(35.0), np.array(15.0))[0])
        assert (axial, head) == pytest.approx((35.0, 15.0))
        assert toward == word
    ways = outward_directions(LEFT, BACK, (10.0, 40.0), (-5.0, 5.0))
    assert np.allclose(np.linalg.norm(ways, axis=1), 1.0)
    assert len(ways) == 13 * 5


def test_the_expected_error_is_the_root_of_the_sum_of_squares() -> None:
    assert expected_error_mm([3.0], [8.0]) == pytest.approx(5.0)
    assert expected_error_mm([], [2.0, 2.0]) == pytest.approx(np.sqrt(2.0))
    assert expected_error_mm([], []) == 0.0


def test_no_path_is_free_without_a_length() -> None:
    assert not PathFacts(np.zeros(3), BACK, None).is_free
    assert PathFacts(np.zeros(3), BACK, None).entry_ras is None


@pytest.mark.parametrize("turn_deg", [0.0, 33.0])
def test_the_skin_is_found_on_the_signal_to_a_millimeter(turn_deg: float) -> None:
    geometry = grid(1.5, turn_deg, 60.0)
    depth = all_points(geometry) @ BACK
    rng = np.random.default_rng(3)
    signal = np.where(depth < 30.0, 100.0, np.where(depth < 37.0, 260.0, 6.0)) + rng.normal(0.0, 4.0, depth.shape)
    image = Image(np.abs(signal).astype(np.float32), geometry)
    for coarse in (33.0, 37.0, 41.5):
        assert skin_on_signal(image, np.zeros(3), BACK, coarse) == pytest.approx(37.0, abs=1.0)


def test_without_a_clear_edge_the_signal_says_nothing() -> None:
    geometry = grid(2.0, 0.0, 60.0)
    even = Image(np.full(geometry.shape, 50.0, np.float32), geometry)
    assert skin_on_signal(even, np.zeros(3), BACK, 30.0) is None
    assert skin_on_signal(even, np.zeros(3), BACK, 55.0) is None
