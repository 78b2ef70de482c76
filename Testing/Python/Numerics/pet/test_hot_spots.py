"""Foci on PET: detection, splitting, contours, measures, left-right comparison, physiologic uptake."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core import tissues as codes
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.pet.contours import METHODS
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters, find_hot_spots, smoothed
from PainGeneratorLib.Numerics.pet.splitting import split_by_prominence
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

SHAPE = (44, 64, 84)
SPACING = (4.0, 3.5, 3.0)  # i, j, k
FWHM_MM = 6.0
RESOLUTION_MM = 5.5
"""Of the PET, as the protocol has it."""


def body_geometry() -> Geometry:
    """A grid in the usual scanner orientation: i to the left, j to the back, k to the head."""
    matrix = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    matrix[:3, 3] = (160.0, 110.0, -60.0)
    return Geometry(SHAPE, matrix)


class PhantomBody:
    """An elliptic trunk of muscle with a marrow column behind its middle, and balls of uptake."""

    def __init__(self, seed: int = 5, noise: float = 0.06) -> None:
        self.geometry = body_geometry()
        self.points = self.geometry.flat_to_ras(np.arange(self.geometry.size)).reshape(*SHAPE, 3)
        r, a, _ = np.moveaxis(self.points, -1, 0)
        self.suv = np.where((r / 140.0) ** 2 + (a / 95.0) ** 2 < 1.0, 0.6, 0.01)
        self.tissues = np.where(self.suv > 0.1, codes.MUSCLE, codes.VOID).astype(np.uint8)
        self.ball((0.0, -40.0), 22.0, 1.2, codes.MARROW)
        self.noise, self.random = noise, np.random.default_rng(seed)

    def ball(self, center: tuple[float, ...], radius: float, suv: float, tissue: int | None = None) -> None:
        """Set uptake (and tissue) in a ball, or in a cylinder along S when the center has two coordinates."""
        axes = len(center)
        inside = np.linalg.norm(self.points[..., :axes] - np.array(center), axis=-1) <= radius
        self.suv[inside] = suv
        if tissue is not None:
            self.tissues[inside] = tissue

    def image(self) -> Image:
        """The PET: blurred, with noise of a few millimetres' correlation."""
        sigma = [FWHM_MM / 2.3548 / s for s in SPACING[::-1]]
        blurred = ndimage.gaussian_filter(self.suv, sigma)
        grain = ndimage.gaussian_filter(self.random.standard_normal(SHAPE), [4.0 / 2.3548 / s for s in SPACING[::-1]])
        values = blurred * (1.0 + self.noise * grain / grain.std())
        return Image(np.maximum(values, 0).astype(np.float32), self.geometry)

    def tissue_map(self) -> Image:
        return Image(self.tissues, self.geometry)


PLANE = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), 0.6)


@pytest.fixture(scope="module")
def parameters() -> HotSpotParameters:
    return load_protocol("low-back").stage("hot_spots", HotSpotParameters)


def nearest(result, place):
    """The hot spot whose center is nearest to a place, and the distance."""
    assert result.hot_spots
    distance = [float(np.linalg.norm(s.centroid_ras_mm - np.array(place))) for s in result.hot_spots]
    best = int(np.argmin(distance))
    return result.hot_spots[best], distance[best]


def suspicious(result):
    return [s for s in result.hot_spots if s.physiologic is None]


def test_both_protocols_hold_all_parameters():
    for group in ("low-back", "hip-replacement"):
        assert load_protocol(group).stage("hot_spots", HotSpotParameters).contour.method in METHODS


@pytest.mark.parametrize("with_tissues", [True, False])
def test_a_faint_focus_beside_the_spine_is_the_only_one_found(parameters, with_tissues):
    body = PhantomBody()
    place = (34.0, -52.0, 10.0)
    body.ball(place, 9.0, 1.8)
    tissues = body.tissue_map() if with_tissues else None
    result = find_hot_spots(body.image(), parameters, tissues=tissues, symmetry=PLANE)
    spot, distance = nearest(result, place)
    assert len(result.hot_spots) == 1
    assert distance < 4.0
    assert spot.physiologic is None
    assert spot.tbr > 1.3
    assert spot.suv_mean <= spot.suv_peak * 1.05 <= spot.suv_max * 1.05
    assert spot.tlg_g == pytest.approx(spot.suv_mean * spot.mtv_ml)
    assert spot.mtv_ml == pytest.approx(len(spot.region) * body.geometry.voxel_volume_ml)
    assert spot.left_right_ratio > 1.5
    assert ("no-reference" in spot.flags) is not with_tissues
    assert 0.55 < spot.reference < 1.35


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("with_tissues", [True, False])
def test_noise_alone_gives_no_hot_spot_at_the_default_sensitivity(parameters, seed, with_tissues):
    body = PhantomBody(seed=seed, noise=0.15)
    result = find_hot_spots(body.image(), parameters, tissues=body.tissue_map() if with_tissues else None)
    assert result.hot_spots == []
    assert 0.05 < result.noise < 0.2


def test_a_marrow_focus_is_compared_with_marrow_not_with_muscle(parameters):
    body = PhantomBody()
    body.ball((6.0, -40.0, 30.0), 9.0, 2.6)
    spot, _ = nearest(find_hot_spots(body.image(), parameters, tissues=body.tissue_map()), (6.0, -40.0, 30.0))
    assert spot.reference_name == "marrow within 3.5 cm"
    assert spot.reference == pytest.approx(1.2, rel=0.12)


def test_marrow_beside_an_implant_is_compared_with_the_same_bone_of_the_other_side(parameters):
    body = PhantomBody(noise=0.02)
    for side in (-62.0, 62.0):
        body.ball((side, -40.0), 15.0, 0.8, codes.MARROW)
    body.ball((-70.0, -40.0, 10.0), 7.0, 2.0)
    unreliable = np.linalg.norm(body.points[..., :2] - np.array([-62.0, -40.0]), axis=-1) < 18.0
    known = {"tissues": body.tissue_map(), "unreliable": unreliable}
    image = body.image()
    # The marrow of the spine, 60 mm away, is all there is on this side: compared with it the focus would not be shown.
    assert find_hot_spots(image, parameters, **known).hot_spots == []
    both, distance = nearest(find_hot_spots(image, parameters, symmetry=PLANE, **known), (-70.0, -40.0, 10.0))
    assert distance < 5.0
    assert both.reference_name == "marrow within 3.5 cm, both sides"
    assert both.reference == pytest.approx(0.8, rel=0.12)


def test_the_other_vertebrae_are_the_reference_where_levels_are_known(parameters):
    body = PhantomBody()
    body.ball((6.0, -40.0, 30.0), 9.0, 2.6)
    s = body.points[..., 2]
    marrow = body.tissues == codes.MARROW
    levels = np.where(marrow, 1 + np.floor((s + 60.0) / 33.0), 0).astype(np.uint8)
    result = find_hot_spots(body.image(), parameters, tissues=body.tissue_map(), levels=Image(levels, body.geometry))
    spot, _ = nearest(result, (6.0, -40.0, 30.0))
    assert spot.reference_name == "other vertebrae"
    assert spot.reference == pytest.approx(1.2, rel=0.1)


def test_a_hot_organ_near_by_does_not_hide_a_focus(parameters):
    body = PhantomBody()
    body.ball((80.0, -20.0, 10.0), 26.0, 7.0)
    place = (38.0, -50.0, 10.0)
    body.ball(place, 8.0, 2.2)
    _, distance = nearest(find_hot_spots(body.image(), parameters, symmetry=PLANE), place)
    assert distance < 5.0


def test_two_touching_foci_are_split_and_one_alone_is_not(parameters):
    body = PhantomBody(noise=0.03)
    first, second = (70.0, -30.0, 10.0), (70.0, -30.0, 29.0)
    body.ball(first, 8.0, 4.0)
    body.ball(second, 8.0, 3.4)
    body.ball((-70.0, -30.0, 20.0), 8.0, 4.0)
    result = find_hot_spots(body.image(), parameters, tissues=body.tissue_map())
    assert len(result.hot_spots) == 3
    for place in (first, second):
        assert nearest(result, place)[1] < 4.0
    flats = np.concatenate([s.region.flat for s in result.hot_spots])
    assert np.unique(flats).size == flats.size


@pytest.mark.parametrize("radius", [8.0, 12.0, 18.0])
def test_the_contour_of_a_ball_has_its_volume_and_its_peak_its_uptake(parameters, radius):
    body = PhantomBody(noise=0.02)
    body.ball((75.0, -20.0, 8.0), radius, 3.0)
    true_ml = (np.linalg.norm(body.points - np.array([75.0, -20.0, 8.0]), axis=-1) <= radius).sum()
    true_ml *= body.geometry.voxel_volume_ml
    spot, _ = nearest(find_hot_spots(body.image(), parameters), (75.0, -20.0, 8.0))
    assert spot.mtv_ml == pytest.approx(true_ml, rel=0.25)
    assert spot.background == pytest.approx(0.6, rel=0.4)
    assert ("large" in spot.flags) == (spot.mtv_ml > 20.0)


@pytest.mark.parametrize("radius_mm", [9.0, 12.0, 20.0])
def test_the_part_at_the_surface_of_a_blurred_ball_is_what_the_contour_takes(radius_mm):
    step, sigma = 1.0, RESOLUTION_MM / 2.355
    axis = np.arange(-45, 46) * step
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    blurred = ndimage.gaussian_filter((distance <= radius_mm).astype(np.float32), sigma / step)
    surface = blurred[np.abs(distance - radius_mm) < 0.6].mean() / blurred.max()
    assert surface == pytest.approx(0.5 - sigma / (np.sqrt(2 * np.pi) * radius_mm), abs=0.02)


def test_an_outline_is_not_lowered_where_it_would_run_into_its_surroundings(parameters):
    body = PhantomBody(noise=0.0)
    body.ball((75.0, -20.0, 8.0), 12.0, 3.0)
    # Tissue around the ball on one side, just below the half of its height but above the lower edge.
    halo = (np.linalg.norm(body.points - np.array([95.0, -20.0, 8.0]), axis=-1) < 26.0) & (body.suv < 1.0)
    body.suv[halo] = 1.7
    spot, _ = nearest(find_hot_spots(body.image(), parameters), (75.0, -20.0, 8.0))
    assert spot.mtv_ml < 12.0


def test_all_contour_methods_follow_their_rule(parameters):
    body = PhantomBody(noise=0.02)
    body.ball((75.0, -20.0, 8.0), 11.0, 4.5)
    image = body.image()
    detector = HotSpotDetector(image, parameters)
    spots = {method: detector.find(contour_method=method).hot_spots[0] for method in METHODS}
    peak = spots["adaptive"].suv_max
    for part in (41, 42, 50):
        assert spots[f"percent-{part}"].contour_threshold == pytest.approx(part / 100 * peak)
    assert spots["fixed-suv"].contour_threshold == parameters.contour.suv
    assert spots["percist"].contour_threshold == pytest.approx(
        1.5 * parameters.contour.percist_mean + 2 * parameters.contour.percist_sd
    )
    adaptive = spots["adaptive"]
    # The edge of a ball of 5.6 ml lies at 0.5 - s / (sqrt(2 pi) R) of its height, s the SD of the blur.
    part = 0.5 - RESOLUTION_MM / 2.355 / (np.sqrt(2 * np.pi) * 11.0)
    edge = [0.6 + part * (top - 0.6) for top in (adaptive.suv_peak, adaptive.suv_max)]
    assert 0.98 * edge[0] <= adaptive.contour_threshold <= 1.05 * edge[1]
    for method, spot in spots.items():
        assert spot.contour_method == method
        assert image.array.reshape(-1)[spot.region.flat].min() >= spot.contour_threshold
        assert spot.suv_max == pytest.approx(peak)
    assert spots["percent-41"].mtv_ml >= spots["percent-50"].mtv_ml
    with pytest.raises(ValueError, match="contour_method"):
        detector.find(contour_method="guess")
    assert any("liver" in w for w in detector.find(contour_method="percist").warnings)


def test_percist_uses_the_liver_that_is_labelled(parameters):
    body = PhantomBody(noise=0.05)
    body.ball((75.0, -20.0, 40.0), 34.0, 2.0)
    body.ball((-75.0, -20.0, 8.0), 11.0, 8.0)
    organs = (np.linalg.norm(body.points - np.array([75.0, -20.0, 40.0]), axis=-1) <= 34.0).astype(np.uint8) * 5
    result = HotSpotDetector(
        body.image(), parameters, organs=Image(organs, body.geometry), organ_names={5: "liver"}
    ).find(contour_method="percist")
    spot, _ = nearest(result, (-75.0, -20.0, 8.0))
    assert spot.contour_threshold == pytest.approx(1.5 * 2.0 + 2 * 0.1, rel=0.05)
    assert not any("liver" in w for w in result.warnings)


def test_a_focus_in_a_bone_among_muscle_is_outlined_alone(parameters):
    body = PhantomBody(noise=0.03)
    place = (12.0, -40.0, 20.0)
    body.ball(place, 6.0, 2.6)
    spot, distance = nearest(find_hot_spots(body.image(), parameters, symmetry=PLANE), place)
    assert distance < 3.0
    assert spot.mtv_ml < 2.5


def test_an_uneven_mass_is_one_focus_and_outlined_whole(parameters):
    body = PhantomBody(noise=0.05)
    middle = np.array((65.0, -20.0, 20.0))
    mass = np.linalg.norm((body.points - middle) / (1.0, 1.0, 1.4), axis=-1) <= 30.0
    body.suv[mass] = 4.0
    for place, suv in (((60.0, -25.0, 0.0), 9.0), ((72.0, -10.0, 38.0), 8.0), ((55.0, -20.0, 25.0), 1.5)):
        body.ball(place, 10.0, suv)
    spots = find_hot_spots(body.image(), parameters).hot_spots
    assert len(spots) == 1
    shared = np.intersect1d(spots[0].region.flat, np.flatnonzero(mass)).size
    assert 2.0 * shared / (len(spots[0].region) + mass.sum()) > 0.85
    assert "large" in spots[0].flags


def test_a_hot_organ_and_a_focus_beside_it_stay_two(parameters):
    body = PhantomBody(noise=0.03)
    body.ball((70.0, -20.0, 0.0), 18.0, 24.0)
    body.ball((70.0, -20.0, 38.0), 8.0, 3.0)
    result = find_hot_spots(body.image(), parameters)
    assert nearest(result, (70.0, -20.0, 38.0))[1] < 5.0
    assert len(result.hot_spots) == 2


def test_foci_below_a_fixed_threshold_vanish_with_a_warning(parameters):
    body = PhantomBody()
    body.ball((75.0, -20.0, 8.0), 11.0, 1.8)
    result = HotSpotDetector(body.image(), parameters).find(contour_method="fixed-suv")
    assert result.hot_spots == []
    assert any("below the contour's threshold" in w for w in result.warnings)


def test_more_sensitivity_shows_all_that_less_shows(parameters):
    body = PhantomBody(noise=0.12)
    for n, suv in enumerate((0.95, 1.1, 1.3, 1.6, 2.4)):
        body.ball((-100.0 + 45.0 * n, 20.0, 5.0 + 5 * n), 9.0, suv)
    detector = HotSpotDetector(body.image(), parameters)
    shown = [{tuple(s.peak_ras_mm) for s in detector.find(r).hot_spots} for r in (1.2, 1.3, 1.4, 1.6, 2.0, 2.5)]
    for more, less in itertools.pairwise(shown):
        assert less <= more
    assert len(shown[0]) > len(shown[-1])


def test_flipped_and_turned_grids_give_the_same_foci(parameters):
    body = PhantomBody(noise=0.04)
    body.ball((62.0, -30.0, 20.0), 9.0, 2.4)
    body.ball((-50.0, -60.0, -8.0), 10.0, 1.9)
    image = body.image()
    reference = find_hot_spots(image, parameters).hot_spots
    array, matrix = image.array[::-1, :, ::-1], image.geometry.ijk_to_ras.copy()
    matrix[:3, 3] = image.geometry.to_ras([SHAPE[2] - 1, 0, SHAPE[0] - 1])
    matrix[:3, (0, 2)] *= -1.0
    flipped = Image(np.ascontiguousarray(array), Geometry(SHAPE, matrix))
    swapped = Image(
        np.ascontiguousarray(image.array.transpose(2, 1, 0)),
        Geometry(SHAPE[::-1], image.geometry.ijk_to_ras[:, [2, 1, 0, 3]]),
    )
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    turn[:3, 3] = (13.0, -7.0, 21.0)
    turned = Image(image.array, image.geometry.moved(turn))
    for other, move in ((flipped, np.eye(4)), (swapped, np.eye(4)), (turned, turn)):
        found = find_hot_spots(other, parameters).hot_spots
        assert len(found) == len(reference) == 2
        for a, b in zip(reference, found, strict=True):
            moved = move[:3, :3] @ a.centroid_ras_mm + move[:3, 3]
            assert np.allclose(moved, b.centroid_ras_mm, atol=0.6)
            assert b.suv_peak == pytest.approx(a.suv_peak, rel=1e-4)
            assert b.mtv_ml == pytest.approx(a.mtv_ml, rel=0.05)


def test_left_right_ratio_is_one_for_a_pair_and_names_the_hotter_side(parameters):
    body = PhantomBody(noise=0.02)
    body.ball((60.0, -20.0, 5.0), 9.0, 2.0)
    body.ball((-60.0, -20.0, 5.0), 9.0, 2.0)
    body.ball((-55.0, -35.0, 40.0), 9.0, 2.0)
    result = find_hot_spots(body.image(), parameters, symmetry=PLANE)
    for r in (60.0, -60.0):
        assert nearest(result, (r, -20.0, 5.0))[0].left_right_ratio == pytest.approx(1.0, abs=0.1)
    left, _ = nearest(result, (-55.0, -35.0, 40.0))
    assert left.left_right_ratio > 1.8


def test_no_left_right_ratio_on_the_midline_or_with_an_uncertain_plane(parameters):
    body = PhantomBody(noise=0.02)
    body.ball((2.0, -75.0, 5.0), 9.0, 2.4)
    body.ball((60.0, -20.0, 5.0), 9.0, 2.4)
    image = body.image()
    assert nearest(find_hot_spots(image, parameters, symmetry=PLANE), (2.0, -75.0, 5.0))[0].left_right_ratio is None
    uncertain = dataclasses.replace(PLANE, quality=0.05)
    result = find_hot_spots(image, parameters, symmetry=uncertain)
    assert all(s.left_right_ratio is None for s in result.hot_spots)
    assert any("symmetry" in w for w in result.warnings)


def test_voxels_without_a_value_are_no_trouble(parameters):
    body = PhantomBody()
    body.ball((60.0, -20.0, 66.0), 9.0, 2.4)
    image = body.image()
    image.array[-2:] = np.nan
    image.array[:, :6] = np.nan
    result = find_hot_spots(image, parameters)
    spot, _ = nearest(result, (60.0, -20.0, 66.0))
    assert "peak-at-edge" in spot.flags
    assert np.isfinite([spot.suv_max, spot.suv_mean, spot.suv_peak, spot.tbr]).all()
    assert np.isnan(smoothed(image, 4.0, 0.2)[-1]).all()


def test_a_focus_cut_by_the_field_of_view_is_flagged(parameters):
    body = PhantomBody()
    body.ball((60.0, -20.0, -58.0), 10.0, 2.4)
    spot, _ = nearest(find_hot_spots(body.image(), parameters), (60.0, -20.0, -58.0))
    assert {"truncated", "peak-at-edge"} <= set(spot.flags)


def test_an_empty_pet_gives_no_hot_spot_and_says_so(parameters):
    result = find_hot_spots(Image(np.zeros(SHAPE, dtype=np.float32), body_geometry()), parameters)
    assert result.hot_spots == []
    assert "no body" in result.warnings[0]


def test_foci_near_an_implant_are_flagged_and_other_grids_refused(parameters):
    body = PhantomBody()
    body.ball((60.0, -20.0, 5.0), 9.0, 2.4)
    near = np.linalg.norm(body.points - np.array([60.0, -20.0, 5.0]), axis=-1) < 5.0
    spot = find_hot_spots(body.image(), parameters, unreliable=near).hot_spots[0]
    assert "near-implant" in spot.flags
    with pytest.raises(ValueError, match="tissues"):
        find_hot_spots(
            body.image(), parameters, tissues=Image(np.zeros((2, 2, 2), np.uint8), Geometry((2, 2, 2), np.eye(4)))
        )


def test_progress_rises_and_may_cancel(parameters):
    seen = []
    find_hot_spots(PhantomBody().image(), parameters, progress=lambda fraction, text: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


class TestPhysiologic:
    """Kept in the list, with the reason."""

    def test_an_organ_label_decides(self, parameters):
        body = PhantomBody()
        body.ball((0.0, 40.0, -20.0), 24.0, 9.0)
        organs = (np.linalg.norm(body.points - np.array([0, 40, -20]), axis=-1) < 26).astype(np.uint8) * 3
        result = find_hot_spots(
            body.image(), parameters, organs=Image(organs, body.geometry), organ_names={3: "urinary bladder"}
        )
        assert all(s.physiologic.startswith("urinary bladder: ") for s in result.hot_spots)
        assert result.hot_spots

    @pytest.mark.parametrize(
        ("center", "radius", "suv", "word"),
        [
            ((0.0, 50.0, -20.0), 26.0, 9.0, "bladder"),
            ((25.0, 45.0), 5.0, 7.0, "ureter"),
            ((0.0, 45.0, 10.0), 24.0, 40.0, "urine"),
            ((0.0, 70.0, 10.0), 9.0, 2.0, "bowel"),
        ],
    )
    def test_place_size_uptake_and_shape_name_organs(self, parameters, center, radius, suv, word):
        body = PhantomBody()
        body.ball(center, radius, suv)
        result = find_hot_spots(body.image(), parameters, symmetry=PLANE)
        assert result.hot_spots
        assert any(word in s.physiologic for s in result.hot_spots)
        assert suspicious(result) == []

    @pytest.mark.parametrize(("aside", "is_ureter"), [(38.0, True), (24.0, False)])
    def test_small_hot_uptake_on_the_psoas_is_a_ureter_though_bone_is_near_and_at_the_bone_it_is_not(
        self, parameters, aside, is_ureter
    ):
        body = PhantomBody(noise=0.02)
        body.ball((0.0, 10.0, -60.0), 16.0, 20.0)
        body.ball((0.0, 2.0), 27.0, 0.8, codes.MARROW)
        body.ball((aside, 8.0, 55.0), 6.0, 4.0)
        result = find_hot_spots(body.image(), parameters, symmetry=PLANE, tissues=body.tissue_map())
        spot, distance = nearest(result, (aside, 8.0, 55.0))
        assert distance < 5.0
        assert (spot.physiologic is not None and "ureter" in spot.physiologic) == is_ureter

    def test_hot_uptake_is_not_urine_where_no_urine_is(self, parameters):
        body = PhantomBody()
        body.ball((95.0, -30.0, 10.0), 14.0, 40.0)
        assert len(suspicious(find_hot_spots(body.image(), parameters, symmetry=PLANE))) == 1

    def test_uptake_alike_on_both_sides_is_shown_where_joints_and_bone_may_be(self, parameters):
        body = PhantomBody(noise=0.03)
        for side in (-80.0, 80.0):
            body.ball((side, -25.0, -10.0), 8.0, 1.4)
            body.ball((side, -25.0, 40.0), 9.0, 4.0)
        result = find_hot_spots(body.image(), parameters, symmetry=PLANE)
        assert [spot.physiologic for spot in result.hot_spots] == [None] * 4

    def test_moderate_uptake_of_organs_alike_on_both_sides_is_physiologic(self, parameters):
        body = PhantomBody(noise=0.03)
        for side in (-80.0, 80.0):
            body.ball((side, -25.0, -10.0), 8.0, 1.4, codes.VISCERA)
        result = find_hot_spots(body.image(), parameters, symmetry=PLANE, tissues=body.tissue_map())
        assert [spot.rule for spot in result.hot_spots] == ["sides-alike"] * 2

    def test_a_focus_without_bone_or_muscle_in_front_of_the_spine_is_an_organ(self, parameters):
        body = PhantomBody()
        body.ball((30.0, 30.0, 10.0), 26.0, 0.6, codes.FAT)
        body.ball((30.0, 30.0, 10.0), 8.0, 2.2, codes.FAT)
        tissues = body.tissue_map()
        assert (
            "no bone"
            in find_hot_spots(body.image(), parameters, symmetry=PLANE, tissues=tissues).hot_spots[0].physiologic
        )
        body.ball((30.0, 38.0, 10.0), 5.0, 2.2, codes.MARROW)
        assert suspicious(find_hot_spots(body.image(), parameters, symmetry=PLANE, tissues=body.tissue_map()))

    def test_a_pair_of_kidneys_is_physiologic_and_one_sided_uptake_is_not(self, parameters):
        body = PhantomBody()
        for side in (-62.0, 62.0):
            body.ball((side, -30.0, 20.0), 22.0, 5.0)
        assert suspicious(find_hot_spots(body.image(), parameters, symmetry=PLANE)) == []
        body.ball((62.0, -30.0, 20.0), 22.0, 0.6)
        assert len(suspicious(find_hot_spots(body.image(), parameters, symmetry=PLANE))) == 1

    def test_a_large_hot_mass_in_bone_or_muscle_is_not_physiologic(self, parameters):
        body = PhantomBody()
        body.ball((70.0, -45.0, 10.0), 30.0, 9.5)
        for tissues in (None, body.tissue_map()):
            assert len(suspicious(find_hot_spots(body.image(), parameters, symmetry=PLANE, tissues=tissues))) == 1

    def test_muscles_used_alike_are_physiologic_and_one_alone_is_not(self, parameters):
        body = PhantomBody(noise=0.03)
        body.ball((55.0, -55.0, 10.0), 14.0, 1.5)
        body.ball((-55.0, -55.0, 10.0), 14.0, 1.5)
        body.ball((75.0, 10.0, 30.0), 14.0, 1.5)
        result = find_hot_spots(body.image(), parameters, symmetry=PLANE, tissues=body.tissue_map())
        reasons = [nearest(result, p)[0].physiologic for p in ((55, -55, 10), (-55, -55, 10), (75, 10, 30))]
        assert "muscle use" in reasons[0]
        assert "muscle use" in reasons[1]
        assert reasons[2] is None

    @pytest.mark.parametrize(("tissue", "word"), [(codes.VISCERA, "organ"), (codes.FLUID, "urine")])
    def test_what_the_mr_shows_counts(self, parameters, tissue, word):
        body = PhantomBody()
        body.ball((60.0, 0.0, 10.0), 22.0, 6.0, tissue)
        spots = find_hot_spots(body.image(), parameters, tissues=body.tissue_map()).hot_spots
        assert spots
        assert all(word in s.physiologic for s in spots)


def test_splitting_an_empty_set_gives_nothing():
    basin, peaks = split_by_prominence(
        np.empty(0),
        np.empty(0, dtype=np.int64),
        Geometry((3, 4, 5), np.eye(4)),
        prominence=0.3,
        prominence_part=0.15,
        prominence_contrast=0.4,
        separation_mm=6.0,
        reference=np.empty(0),
    )
    assert basin.size == peaks.size == 0


def test_splitting_needs_prominence_and_distance():
    line = np.array([0.2, 3.0, 1.0, 2.0, 1.9, 2.1, 0.5, 2.0, 0.2])
    geometry = Geometry((1, 1, 9), np.diag([4.0, 4.0, 4.0, 1.0]))
    basin, peaks = split_by_prominence(
        line,
        np.arange(9),
        geometry,
        prominence=0.3,
        prominence_part=0.15,
        prominence_contrast=0.0,
        separation_mm=6.0,
        reference=np.zeros(9),
    )
    assert sorted(peaks) == [1, 5, 7]
    assert basin[3] == basin[5] != basin[1]
    _, few = split_by_prominence(
        line,
        np.arange(9),
        geometry,
        prominence=0.3,
        prominence_part=0.15,
        prominence_contrast=0.0,
        separation_mm=10.0,
        reference=np.zeros(9),
    )
    assert sorted(few) == [1, 5]
