"""The plane of symmetry: found on PET and MR, tilted and cropped; left is left."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import (
    RELIABLE_QUALITY,
    SymmetryPlane,
    find_symmetry_plane,
    left_right_ratio,
)
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from scipy import ndimage


def trunk(spacing=4.0, offset_mm=14.0, yaw_deg=4.0, roll_deg=-3.0, seed=2, noise=0.1, flip=False, width=110):
    """A trunk with paired and unpaired organs, symmetric about a plane that is off center and tilted."""
    shape = (60, 70, width)
    matrix = np.diag([-spacing, -spacing, spacing, 1.0])
    matrix[:3, 3] = (spacing * (width - 1) / 2, spacing * 35, -100.0)
    if flip:
        matrix[:3, 0] *= -1
        matrix[0, 3] *= -1
    geometry = Geometry(shape, matrix)
    yaw, roll = np.deg2rad((yaw_deg, roll_deg))
    normal = np.array([-np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])
    plane = SymmetryPlane(np.array([offset_mm, 0.0, 0.0]), normal, 1.0)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*shape, 3)
    side = np.abs(plane.signed_distance_mm(points))
    distance = plane.signed_distance_mm(points)
    in_plane = points - distance[..., None] * normal
    a, s = in_plane[..., 1], in_plane[..., 2]
    values = np.where((side / 150.0) ** 2 + (a / 100.0) ** 2 < 1.0, 0.5, 0.0)
    for center, radius, uptake in (
        ((0, -45), 20, 1.3),
        ((55, -30), 25, 0.9),
        ((90, 30), 18, 0.2),
        ((35, 45), 20, 0.8),
    ):
        values[np.hypot(side - center[0], a - center[1]) < radius] = uptake
    values[(np.hypot(side - 60, a + 10) < 22) & (s > 40)] = 4.0
    liver = np.linalg.norm(points - np.array([offset_mm + 70.0, 40.0, 110.0]), axis=-1) < 45
    values[liver] = 1.9
    values = ndimage.gaussian_filter(values, 1.0)
    values += noise * np.sqrt(values) * np.random.default_rng(seed).standard_normal(shape)
    return Image(np.maximum(values, 0).astype(np.float32), geometry), plane


def test_distance_is_positive_on_the_left_and_mirroring_twice_changes_nothing():
    plane = SymmetryPlane(np.array([5.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 1.0)
    points = np.array([[-20.0, 3.0, 4.0], [25.0, -7.0, 1.0]])
    assert plane.signed_distance_mm(points).tolist() == [25.0, -20.0]
    assert np.allclose(plane.mirror(points), [[30.0, 3.0, 4.0], [-15.0, -7.0, 1.0]])
    assert np.allclose(plane.mirror(plane.mirror(points)), points)
    assert np.allclose(plane.mirror(points[0]), [30.0, 3.0, 4.0])


def test_a_moved_plane_mirrors_moved_points():
    plane = SymmetryPlane(np.array([5.0, 1.0, 0.0]), np.array([-1.0, 0.0, 0.0]), 0.7)
    move = np.eye(4)
    move[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    move[:3, 3] = (3.0, -9.0, 4.0)
    point = np.array([-20.0, 3.0, 4.0])
    moved = plane.moved(move)
    assert np.allclose(
        moved.mirror(move[:3, :3] @ point + move[:3, 3]), move[:3, :3] @ plane.mirror(point) + move[:3, 3]
    )
    assert moved.quality == 0.7


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("offset", "yaw", "roll"), [(14.0, 4.0, -3.0), (-22.0, -6.0, 5.0), (0.0, 0.0, 0.0)])
def test_the_plane_is_found_off_centre_and_tilted(flip, offset, yaw, roll):
    image, truth = trunk(offset_mm=offset, yaw_deg=yaw, roll_deg=roll, flip=flip)
    found = find_symmetry_plane(image)
    assert found.normal_ras[0] < 0
    assert np.linalg.norm(found.normal_ras) == pytest.approx(1.0)
    assert np.rad2deg(np.arccos(found.normal_ras @ truth.normal_ras)) < 2.0
    here = truth.point_ras + np.array([[0, -60, -60], [0, 60, -60], [0, 0, 60.0]])
    here -= truth.signed_distance_mm(here)[:, None] * truth.normal_ras
    assert np.abs(found.signed_distance_mm(here)).max() < 4.0
    assert found.quality > RELIABLE_QUALITY


def test_a_start_and_a_mask_are_used_and_contrast_may_be_reversed():
    image, truth = trunk(noise=0.03)
    reversed_contrast = Image(
        np.where(image.array > 0.2, 900.0 / (image.array + 0.6), 5.0).astype(np.float32), image.geometry
    )
    found = find_symmetry_plane(reversed_contrast, mask=image.array > 0.25, start=truth)
    assert np.abs(found.signed_distance_mm(truth.point_ras)) < 3.0
    assert found.quality > RELIABLE_QUALITY


def test_air_around_a_body_in_a_wide_field_of_view_is_not_compared():
    image, truth = trunk()
    margin = 80
    array = np.pad(image.array, ((0, 0), (margin, margin), (margin, margin)))
    # Reconstruction leaves noise in the air; the trunk is a twentieth of the field of view.
    array += np.abs(np.random.default_rng(4).normal(0.0, 0.1, array.shape)).astype(np.float32)
    matrix = image.geometry.ijk_to_ras.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ np.array([margin, margin, 0.0])
    found = find_symmetry_plane(Image(array, Geometry(array.shape, matrix)))
    assert np.abs(found.signed_distance_mm(truth.point_ras)) < 4.0
    assert found.quality > 2.0 * RELIABLE_QUALITY


def test_one_hot_kidney_and_a_full_bladder_do_not_turn_the_plane():
    image, truth = trunk()
    r, a, s = np.moveaxis(
        image.geometry.flat_to_ras(np.arange(image.array.size)).reshape(*image.array.shape, 3), -1, 0
    )
    image.array[(np.abs(r - 95) < 22) & (np.abs(a + 20) < 22) & (s > 60)] = 30.0
    image.array[((r + 30) / 40) ** 2 + ((a - 20) / 25) ** 2 + ((s + 80) / 25) ** 2 < 1] = 60.0
    found = find_symmetry_plane(image)
    assert np.abs(found.signed_distance_mm(truth.point_ras)) < 4.0
    assert np.rad2deg(np.arccos(found.normal_ras @ truth.normal_ras)) < 2.5


def test_voxels_out_of_view_are_left_out():
    image, truth = trunk()
    image.array[:, :, :12] = np.nan
    image.array[:5] = np.nan
    found = find_symmetry_plane(image)
    assert np.abs(found.signed_distance_mm(truth.point_ras)) < 4.0


def test_a_body_cropped_to_one_side_is_not_trusted():
    image, _ = trunk()
    right_half = image.array[:, :, :42]
    found = find_symmetry_plane(Image(right_half, image.geometry.cropped((0, 0, 0), right_half.shape)))
    assert found.quality < RELIABLE_QUALITY


def test_nothing_to_compare_gives_quality_zero():
    geometry = Geometry((8, 9, 10), np.diag([4.0, 4.0, 4.0, 1.0]))
    for value in (0.0, np.nan):
        plane = find_symmetry_plane(Image(np.full((8, 9, 10), value, dtype=np.float32), geometry))
        assert plane.quality == 0.0
        assert plane.normal_ras.tolist() == [-1.0, 0.0, 0.0]


def test_left_right_measures():
    assert left_right_ratio(2.0, 1.0) == 2.0
    assert left_right_ratio(None, 1.0) is None
    assert left_right_ratio(2.0, None) is None
    assert left_right_ratio(2.0, 0.0) is None
