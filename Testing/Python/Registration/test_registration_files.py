"""Images, transforms and landmarks at the border of the package: frames, directions, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Geometry, Image, resample, transform_points
from PainGeneratorLib.Registration.itk_images import (
    from_itk_image,
    from_itk_transform,
    geometry_from_itk,
    is_rigid,
    to_itk_image,
    to_itk_transform,
)
from PainGeneratorLib.Registration.landmarks import LandmarkPairs, fit_landmarks, read_landmarks
from PainGeneratorLib.Registration.rigid import (
    TURN_RADIUS_MM,
    change_between,
    motion,
    rotation_matrix,
    turn_derivatives,
)
from PainGeneratorLib.Registration.transform_files import read_transform, write_transform

POSE = np.array([4.0, -7.0, 11.0, 9.0, -5.0, 14.0])
CENTER = np.array([20.0, -35.0, 60.0])
REFERENCE_POINTS = np.array([[0, 0, 0], [60, 5, 10], [-10, 80, 20], [15, -20, 90], [40, 40, -30]], dtype=float)


@pytest.fixture
def pose() -> np.ndarray:
    return motion(POSE, CENTER)


@pytest.fixture
def oblique_image() -> Image:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_matrix([0.3, -0.2, 0.5]) @ np.diag([1.5, 2.0, 4.0])
    matrix[:3, 3] = (12.0, -40.0, 100.0)
    array = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
    return Image(array, Geometry(array.shape, matrix))


def test_an_oblique_image_keeps_values_and_place_through_simpleitk(oblique_image: Image) -> None:
    back = from_itk_image(to_itk_image(oblique_image))
    assert back.geometry.is_same_grid(oblique_image.geometry)
    np.testing.assert_array_equal(back.array, oblique_image.array)


def test_a_voxel_lies_at_the_same_place_with_left_and_posterior_positive(oblique_image: Image) -> None:
    lps = to_itk_image(oblique_image).TransformIndexToPhysicalPoint((5, 1, 3))
    ras = oblique_image.geometry.to_ras(np.array([5, 1, 3]))
    np.testing.assert_allclose(lps, ras * (-1, -1, 1), atol=1e-6)


def test_masks_and_half_floats_become_pixels_that_itk_knows(oblique_image: Image) -> None:
    mask = to_itk_image(Image(oblique_image.array > 50, oblique_image.geometry))
    assert mask.GetPixelIDTypeAsString().startswith("8-bit unsigned")
    half = to_itk_image(Image(oblique_image.array.astype(np.float16), oblique_image.geometry))
    assert half.GetPixelIDTypeAsString().startswith("32-bit float")


def test_images_of_other_dimensions_or_colours_are_refused() -> None:
    import SimpleITK as sitk

    with pytest.raises(ValueError, match="dimensions"):
        geometry_from_itk(sitk.Image(4, 4, sitk.sitkUInt8))
    with pytest.raises(ValueError, match="more than one value"):
        from_itk_image(sitk.Image([4, 4, 4], sitk.sitkVectorUInt8, 3))


def test_an_itk_transform_moves_an_lps_point_as_the_matrix_moves_the_ras_point(pose: np.ndarray) -> None:
    point = np.array([31.0, -12.0, 77.0])
    moved = to_itk_transform(pose).TransformPoint((point * (-1, -1, 1)).tolist())
    np.testing.assert_allclose(np.array(moved) * (-1, -1, 1), transform_points(pose, point), atol=1e-9)
    np.testing.assert_allclose(from_itk_transform(to_itk_transform(pose)), pose, atol=1e-9)


def test_affine_matrices_and_transforms_with_a_centre_are_understood(pose: np.ndarray) -> None:
    import SimpleITK as sitk

    affine = pose @ np.diag([1.1, 0.9, 1.0, 1.0])
    assert is_rigid(pose)
    assert not is_rigid(affine)
    np.testing.assert_allclose(from_itk_transform(to_itk_transform(affine)), affine, atol=1e-9)
    turned = sitk.Euler3DTransform((10.0, 20.0, 30.0), 0.0, 0.0, np.pi / 2, (1.0, 2.0, 3.0))
    # LPS (11, 20, 30) turns about (10, 20, 30) to (10, 21, 30), then moves to (11, 23, 33)
    moved = transform_points(from_itk_transform(turned), np.array([-11.0, -20.0, 30.0]))
    np.testing.assert_allclose(moved, (-11.0, -23.0, 33.0), atol=1e-9)


def test_transforms_that_are_not_linear_or_not_of_space_are_refused() -> None:
    import SimpleITK as sitk

    with pytest.raises(ValueError, match="dimensions"):
        from_itk_transform(sitk.TranslationTransform(2))
    with pytest.raises(ValueError, match="not linear"):
        from_itk_transform(sitk.DisplacementFieldTransform(3))


def test_the_file_of_a_series_maps_reference_points_to_series_points(tmp_path: Path, pose: np.ndarray) -> None:
    import SimpleITK as sitk

    path = tmp_path / "PET-to-reference.tfm"
    assert path.name == "PET-to-reference.tfm"
    write_transform(path, pose)
    reference_point = np.array([31.0, -12.0, 77.0])
    series_lps = sitk.ReadTransform(str(path)).TransformPoint((reference_point * (-1, -1, 1)).tolist())
    np.testing.assert_allclose(np.array(series_lps) * (-1, -1, 1), transform_points(pose, reference_point), atol=1e-6)
    np.testing.assert_allclose(read_transform(path), pose, atol=1e-6)


def test_simpleitk_resamples_the_series_onto_the_reference_with_the_file(tmp_path: Path, oblique_image: Image) -> None:
    import SimpleITK as sitk

    shift = np.eye(4)
    shift[:3, 3] = (3.0, -4.0, 5.0)
    write_transform(tmp_path / "T2-to-reference.tfm", shift)
    grid = Geometry(
        (3, 4, 5), np.diag([2.0, 2.0, 3.0, 1.0]) + np.array([[0, 0, 0, 14], [0, 0, 0, -38], [0, 0, 0, 99], [0] * 4])
    )
    target = to_itk_image(Image(np.zeros(grid.shape, np.float32), grid))
    transform = sitk.ReadTransform(str(tmp_path / "T2-to-reference.tfm"))
    theirs = sitk.GetArrayFromImage(
        sitk.Resample(to_itk_image(oblique_image), target, transform, sitk.sitkLinear, -1.0)
    )
    ours = resample(oblique_image, grid, shift)
    inside = np.isfinite(ours)
    assert inside.any()
    np.testing.assert_allclose(theirs[inside], ours[inside], atol=1e-2)


def test_a_transform_file_that_cannot_be_used_is_named(tmp_path: Path, pose: np.ndarray) -> None:
    broken = tmp_path / "broken.tfm"
    broken.write_text("no transform")
    with pytest.raises(PainGeneratorError, match=r"broken\.tfm"):
        read_transform(broken)
    with pytest.raises(ValueError, match="tfm"):
        write_transform(tmp_path / "pose.h5", pose)
    with pytest.raises(OSError, match="cannot write"):
        write_transform(tmp_path / "missing" / "pose.tfm", pose)


def test_the_derivatives_of_a_turn_fit_and_a_change_is_measured_in_mm_and_degrees(pose: np.ndarray) -> None:
    step = np.array([0, 0, 0, 0, 1e-4, 0])
    numeric = (motion(POSE + step, CENTER) - motion(POSE - step, CENTER))[:3, :3] / 2e-4
    np.testing.assert_allclose(turn_derivatives(POSE)[1], numeric, atol=1e-7)
    shift, angle = change_between(np.eye(4), pose, CENTER)
    assert shift == pytest.approx(np.linalg.norm(POSE[:3]))
    assert angle == pytest.approx(np.degrees(np.linalg.norm(POSE[3:]) / TURN_RADIUS_MM))


def test_landmarks_give_back_the_motion_that_made_them(pose: np.ndarray) -> None:
    noise = np.random.default_rng(3).normal(scale=1.0, size=REFERENCE_POINTS.shape)
    fit = fit_landmarks(LandmarkPairs(REFERENCE_POINTS, transform_points(pose, REFERENCE_POINTS)))
    np.testing.assert_allclose(fit.reference_to_series_ras, pose, atol=1e-9)
    noisy = fit_landmarks(LandmarkPairs(REFERENCE_POINTS, transform_points(pose, REFERENCE_POINTS) + noise))
    assert change_between(pose, noisy.reference_to_series_ras, REFERENCE_POINTS.mean(axis=0))[0] < 2.0
    assert 0.2 < noisy.rms_mm < 3.0


def test_two_pairs_are_too_few() -> None:
    with pytest.raises(PainGeneratorError, match="2 landmark pair"):
        fit_landmarks(LandmarkPairs(REFERENCE_POINTS[:2], REFERENCE_POINTS[:2]), "PET")


def test_points_on_one_line_are_refused() -> None:
    line = np.outer([0, 30, 60, 100], [1, 2, -1.0])
    with pytest.raises(PainGeneratorError, match="one line"):
        fit_landmarks(LandmarkPairs(line, line + 5), "PET")


def test_exchanged_sides_are_recognised(pose: np.ndarray) -> None:
    mirrored = transform_points(pose, REFERENCE_POINTS * (-1, 1, 1))
    with pytest.raises(PainGeneratorError, match="mirror"):
        fit_landmarks(LandmarkPairs(REFERENCE_POINTS, mirrored), "PET")


def test_pairs_in_a_wrong_order_are_refused(pose: np.ndarray) -> None:
    with pytest.raises(PainGeneratorError, match=r"rigid|mirror"):
        fit_landmarks(
            LandmarkPairs(REFERENCE_POINTS, transform_points(pose, REFERENCE_POINTS[[1, 2, 3, 4, 0]])), "PET"
        )


def test_pairs_must_be_pairs() -> None:
    with pytest.raises(ValueError, match="as many"):
        LandmarkPairs(REFERENCE_POINTS, REFERENCE_POINTS[:3])


def markup(label: str, position: list[float]) -> dict:
    return {"label": label, "position": position}


def test_all_three_forms_of_a_landmark_file_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "# by hand\nrole, reference_r, reference_a, reference_s, series_r, series_a, series_s\n"
        "pet, 1, 2, 3, 4, 5, 6\nPET, 7, 8, 9, 10, 11, 12\n"
    )
    pairs = [{"reference": [1, 2, 3], "series": [4, 5, 6]}, {"reference": [7, 8, 9], "series": [10, 11, 12]}]
    (tmp_path / "b.json").write_text(json.dumps({"@comment": "by hand", "PET": pairs}))
    lists = [
        {
            "coordinateSystem": "LPS",
            "controlPoints": [markup("PET-reference-1", [-1, -2, 3]), markup("PET-series-1", [-4, -5, 6])],
        },
        {
            "coordinateSystem": "RAS",
            "controlPoints": [markup("PET-series-2", [10, 11, 12]), markup("PET-reference-2", [7, 8, 9])],
        },
    ]
    (tmp_path / "c.mrk.json").write_text(json.dumps({"markups": lists}))
    for name in ("a.csv", "b.json", "c.mrk.json"):
        found = read_landmarks(tmp_path / name)
        assert list(found) == ["PET"]
        assert len(found["PET"]) == 2
        np.testing.assert_array_equal(found["PET"].reference_ras, [[1, 2, 3], [7, 8, 9]])
        np.testing.assert_array_equal(found["PET"].series_ras, [[4, 5, 6], [10, 11, 12]])


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "role,x,y\nPET,1,2\n", "column reference_r is missing"),
        ("a.csv", "role,reference_r,reference_a,reference_s,series_r,series_a,series_s\nPET,1,2,3,4,5\n", "read"),
        ("a.json", "{", "cannot be read"),
        ("a.json", "{}", "no point pairs"),
        ("a.json", '{"LEG": [{"reference": [1,2,3], "series": [1,2,3]}]}', "no role 'LEG'"),
        ("a.json", '{"PET": [{"reference": [1,2], "series": [1,2,3]}]}', "three numbers"),
        ("a.json", '{"PET": [{"reference": [1,2,NaN], "series": [1,2,3]}]}', "three numbers"),
        ("a.mrk.json", '{"markups": [{"controlPoints": [{"label": "F-1", "position": [1,2,3]}]}]}', "name its pair"),
        (
            "a.mrk.json",
            '{"markups": [{"controlPoints": [{"label": "PET-series-1", "position": [1,2,3]}]}]}',
            "no partner",
        ),
    ],
)
def test_a_landmark_file_that_cannot_be_used_says_why(tmp_path: Path, name: str, text: str, reason: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(PainGeneratorError, match=reason) as error:
        read_landmarks(path)
    assert str(path) in error.value.reason
    assert error.value.advice


def test_a_landmark_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PainGeneratorError, match=r"nothing\.csv"):
        read_landmarks(tmp_path / "nothing.csv")
