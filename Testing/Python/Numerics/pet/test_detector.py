"""What the detector decides about a focus: shown, weak or neither; its reference; discs; other parameters."""

from __future__ import annotations

import copy
import dataclasses
import math

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.symmetry import RELIABLE_QUALITY
from PainGeneratorLib.Numerics.core.image import Geometry, Image, ball
from PainGeneratorLib.Numerics.pet.body_shape import BodyShape
from PainGeneratorLib.Numerics.pet.contours import METHODS
from PainGeneratorLib.Numerics.pet.detector import (
    DEFAULT_RATIO,
    MOST_SENSITIVE,
    HotSpotDetector,
    HotSpotParameters,
)
from PainGeneratorLib.Numerics.pet.foci import LEAST_REFERENCE_SUV, Focus
from PainGeneratorLib.Numerics.pet.hot_discs import HotDisc
from PainGeneratorLib.Workflow.protocol import load_protocol
from small_pets import PLANE, small_pet

DISC_RATIO = 1.35
PLACE = (40.0, -30.0, 44.0)


@pytest.fixture(scope="module")
def parameters() -> HotSpotParameters:
    return load_protocol("low-back").stage("hot_spots", HotSpotParameters)


@pytest.fixture(scope="module")
def first_pass(parameters) -> HotSpotDetector:
    """The first pass over a trunk with one clear focus."""
    return HotSpotDetector(small_pet([(PLACE, 9.0, 5.0)]), parameters, symmetry=PLANE)


@pytest.fixture
def detector(first_pass) -> HotSpotDetector:
    """A copy that a test may change."""
    assert first_pass.n_foci == 1
    changed = copy.copy(first_pass)
    changed._foci, changed._measured, changed._discs = list(first_pass._foci), {}, {}
    changed.warnings = []
    return changed


def give(detector: HotSpotDetector, *, conspicuity: float, physiologic: str | None = None, flags=(), **focus: float):
    """Let the one focus have other values."""
    detector._foci[0] = dataclasses.replace(detector._foci[0], **focus)
    for method in METHODS:
        spot = detector._measured_spot(1, method)
        spot.conspicuity, spot.physiologic = conspicuity, physiologic
        spot.flags.extend(flags)
        detector._measured[1, method] = spot


# --- shown, weak, or neither

CLEAR = 100.0


@pytest.mark.parametrize(
    ("ratio", "n_shown", "n_weak"), [(1.6, 1, 0), (1.599, 0, 1), (MOST_SENSITIVE, 0, 1), (1.199, 0, 0)]
)
def test_a_focus_below_the_ratio_is_weak_and_below_the_lowest_one_nothing(detector, ratio, n_shown, n_weak):
    give(detector, conspicuity=CLEAR, ratio=ratio, z=np.inf)
    found = detector.find(1.6)
    assert (len(found.hot_spots), len(found.weak)) == (n_shown, n_weak)
    assert all(spot.flags[-1] == "weak-uptake" for spot in found.weak)


def test_the_slider_goes_no_lower_than_its_end(detector):
    give(detector, conspicuity=CLEAR, ratio=1.19, z=np.inf)
    assert detector.find(1.0).hot_spots == []


@pytest.mark.parametrize("sensitivity", [1.3, DEFAULT_RATIO, 1.8])
@pytest.mark.parametrize(("factor", "is_shown"), [(1.001, True), (0.999, False)])
def test_the_needed_certainty_rises_with_the_slider(detector, parameters, sensitivity, factor, is_shown):
    places = detector.references.body_ml * 1000.0 / 7.0**3
    needed = parameters.significance * math.sqrt(2.0 * math.log(places)) * (sensitivity - 1.0) / 0.4
    give(detector, conspicuity=CLEAR, ratio=9.0, z=factor * needed)
    assert bool(detector.find(sensitivity).hot_spots) is is_shown


@pytest.mark.parametrize(
    ("sensitivity", "needed"), [(1.2, (1.2 / 1.4) ** 3), (1.4, 1.0), (2.0, 2.0 / 1.4), (2.8, 2.0)]
)
@pytest.mark.parametrize(("factor", "is_shown"), [(1.001, True), (0.999, False)])
def test_the_needed_clearness_rises_with_the_slider(detector, parameters, sensitivity, needed, factor, is_shown):
    give(detector, conspicuity=factor * needed * parameters.conspicuity, ratio=9.0, z=np.inf)
    assert bool(detector.find(sensitivity).hot_spots) is is_shown


def test_a_physiologic_focus_needs_no_clearness_and_is_not_weak(detector):
    give(detector, conspicuity=0.0, physiologic="an organ", ratio=1.5, z=np.inf)
    found = detector.find(1.4)
    assert [spot.physiologic for spot in found.hot_spots] == ["an organ"]
    assert found.weak == []
    assert detector.find(1.6).weak == []


def test_a_focus_that_is_physiologic_only_for_its_place_is_weak_too(detector):
    give(detector, conspicuity=0.0, physiologic="a vessel", flags=["usual-place"], ratio=1.5, z=np.inf)
    for sensitivity, n_shown in ((1.4, 1), (1.6, 0)):
        found = detector.find(sensitivity)
        assert len(found.hot_spots) == n_shown
        (weak,) = found.weak
        assert weak.physiologic is None
        assert weak.flags[-2:] == ["usual-place", "weak-uptake"]
    assert detector.find(1.4).hot_spots[0].flags[-1] == "usual-place", "the shown one keeps its own flags"


@pytest.mark.parametrize(
    ("sensitivity", "disc_ratio", "is_shown"),
    [
        (DEFAULT_RATIO, DISC_RATIO + 1e-6, True),
        (DEFAULT_RATIO, DISC_RATIO - 1e-3, False),
        (2.0, DISC_RATIO * 1.196, True),
        (2.0, DISC_RATIO * 1.195, False),
    ],
)
def test_a_hot_disc_needs_no_clearness_but_a_higher_ratio_with_the_slider(detector, sensitivity, disc_ratio, is_shown):
    give(detector, conspicuity=0.0, ratio=9.0, z=np.inf)
    detector._discs[1] = HotDisc(detector._foci[0], disc_ratio)
    assert bool(detector.find(sensitivity).hot_spots) is is_shown


def test_foci_below_the_threshold_of_the_contour_are_counted_in_a_warning(detector):
    give(detector, conspicuity=CLEAR, ratio=1.5, z=np.inf)
    detector._measured[1, "fixed-suv"] = None
    (warning,) = detector.find(1.4, "fixed-suv").warnings
    assert warning == "1 foci lie wholly below the contour's threshold and are not shown."
    assert detector.find(1.6, "fixed-suv").warnings == (), "a weak focus is not missed"
    assert detector.find(1.4, "adaptive").warnings == ()


def test_percist_without_a_liver_warns(detector):
    assert any("No liver" in text for text in detector.find(1.4, "percist").warnings)
    detector._liver = (1.9, 0.2)
    assert detector.find(1.4, "percist").warnings == ()


def test_hot_spots_are_numbered_hottest_first_and_physiologic_ones_last(parameters):
    image = small_pet(
        [((40.0, -30.0, 60.0), 9.0, 2.4), ((-40.0, -30.0, 60.0), 9.0, 3.6), ((0.0, -30.0, 20.0), 9.0, 3.0)]
    )
    detector = HotSpotDetector(image, parameters)
    hottest = max(range(1, 4), key=lambda n: detector._measure(n, "adaptive").tbr)
    detector._measure(hottest, "adaptive").physiologic = "an organ"
    spots = detector.find().hot_spots
    assert [spot.label for spot in spots] == [1, 2, 3]
    assert [spot.physiologic for spot in spots] == [None, None, "an organ"]
    assert spots[0].tbr > spots[1].tbr
    assert spots[2].tbr > spots[0].tbr


# --- references


def with_levels(detector: HotSpotDetector, numbers: np.ndarray, medians: dict[int, float]) -> HotSpotDetector:
    detector._levels, detector._level_medians = numbers, medians
    return detector


def test_a_focus_in_a_vertebra_is_compared_with_the_other_vertebrae(detector):
    focus = detector._foci[0]
    numbers = np.zeros(detector.scan.suv.geometry.shape, dtype=np.uint8)
    numbers.reshape(-1)[focus.core] = 3
    known = with_levels(detector, numbers, {2: 1.0, 3: 5.0, 4: 2.0, 5: 4.0})
    assert known.reference_of(focus) == type(known.reference_of(focus))(2.0, "other vertebrae")
    assert with_levels(detector, numbers, {2: 0.0, 3: 5.0}).reference_of(focus).suv == LEAST_REFERENCE_SUV


def test_without_other_vertebrae_or_outside_of_them_the_tissue_is_the_reference(detector):
    focus = detector._foci[0]
    numbers = np.zeros(detector.scan.suv.geometry.shape, dtype=np.uint8)
    elsewhere = with_levels(detector, numbers, {2: 1.0, 3: 5.0}).reference_of(focus)
    assert (elsewhere.suv, elsewhere.name) == (focus.reference, "surroundings")
    numbers.reshape(-1)[focus.core] = 3
    alone = with_levels(detector, numbers, {3: 5.0}).reference_of(focus)
    assert (alone.suv, alone.name) == (focus.reference, "surroundings")
    mostly_outside = numbers.copy()
    mostly_outside.reshape(-1)[focus.core[: len(focus.core) // 2 + 1]] = 0
    assert with_levels(detector, mostly_outside, {2: 1.0, 3: 5.0}).reference_of(focus).name == "surroundings"


def test_organs_and_the_margin_of_an_implant_are_no_reference(detector):
    organs, margin = np.zeros((3, 1), dtype=np.uint8), np.zeros((3, 1), dtype=bool)
    organs[0], margin[1] = 5, True
    for detector._organs, detector._unreliable, expected in (
        (None, None, None),
        (organs, None, [True, False, False]),
        (None, margin, [False, True, False]),
        (organs, margin, [True, True, False]),
    ):
        found = detector._no_reference()
        assert (None if found is None else found[:, 0].tolist()) == expected


# --- discs


def disc_at(detector: HotSpotDetector, place: np.ndarray, top: float) -> HotDisc:
    """A hot disc whose hottest voxel is nearest to a place."""
    geometry = detector.scan.suv.geometry
    flat = ball(geometry, place, 6.0)
    nearest = int(flat[np.linalg.norm(geometry.flat_to_ras(flat) - place, axis=1).argmin()])
    focus = dataclasses.replace(detector._foci[0], flat=flat, peak_flat=nearest, top=top, ratio=2.0, reference=0.55)
    return HotDisc(focus, 1.5)


def summit(detector: HotSpotDetector) -> tuple[Focus, np.ndarray]:
    focus = detector._foci[0]
    return focus, detector.scan.suv.geometry.flat_to_ras(np.array([focus.peak_flat]))[0]


def test_a_focus_with_its_maximum_in_a_hot_disc_is_that_of_the_disc(detector):
    focus, place = summit(detector)
    disc = disc_at(detector, place, 1.0)
    assert detector._focus_of_disc(disc, 0) == (1, True)
    detector._add_discs([disc], np.zeros(detector.scan.suv.geometry.shape, dtype=np.int32))
    assert detector.n_foci == 1
    joined = detector._foci[0]
    assert (joined.reference, joined.z, joined.ratio) == (0.55, np.inf, max(focus.ratio, 2.0))
    assert np.array_equal(joined.flat, focus.flat)
    assert detector._discs[1].is_inside
    assert detector._measured_spot(1, "adaptive").reference_name == "other discs"


@pytest.mark.parametrize(
    ("distance_mm", "spill", "joins"),
    [
        (12.0, 1.11, True),
        (12.0, 1.09, False),
        (20.0, 1.11, False),
    ],
)
def test_uptake_that_reaches_in_from_a_hotter_endplate_belongs_to_the_endplate(detector, distance_mm, spill, joins):
    focus, place = summit(detector)
    disc = disc_at(detector, place + np.array([0.0, 0.0, distance_mm]), focus.top / spill)
    owner = np.zeros(detector.scan.suv.geometry.shape, dtype=np.int32)
    owner.reshape(-1)[disc.focus.peak_flat] = 1
    assert detector._focus_of_disc(disc, 1) == ((1, False) if joins else (0, True))
    detector._add_discs([disc], owner)
    assert detector.n_foci == (1 if joins else 2)
    if joins:
        assert detector._foci[0].reference == focus.reference
        assert not detector._discs[1].is_inside
    else:
        assert detector._foci[1] is disc.focus
        assert (owner.reshape(-1)[disc.focus.flat] == 2).all()
        assert detector._discs[2].is_inside


def test_a_hot_disc_where_nothing_was_found_is_a_focus_of_its_own(detector):
    disc = disc_at(detector, np.array([-40.0, 20.0, 44.0]), 1.5)
    assert detector._focus_of_disc(disc, 0) == (0, True)


# --- other parameters and images


def test_the_bladder_is_looked_for_among_what_is_much_hotter_than_rich_tissue(parameters, monkeypatch):
    asked = []
    monkeypatch.setattr(BodyShape, "look_for_bladder", lambda body, smooth, geometry, foci, suv: asked.append(suv))
    detector = HotSpotDetector(small_pet([]), parameters)
    assert asked == [2.5 * detector.references.rich]


def test_sensitivity_and_contours_need_no_new_pass_and_everything_else_does(first_pass, parameters):
    click = dataclasses.replace(parameters.click, reach_mm=30.0)
    contour = dataclasses.replace(parameters.contour, suv=3.0, method="a50p", margin_mm=6.0)
    assert first_pass.serves(dataclasses.replace(parameters, sensitivity=2.0, contour=contour, click=click))
    others = [
        dataclasses.replace(parameters, smoothing_fwhm_mm=5.0),
        dataclasses.replace(parameters, significance=1.3),
        dataclasses.replace(parameters, conspicuity=1.5),
    ] + [
        dataclasses.replace(parameters, **{part: dataclasses.replace(getattr(parameters, part), **{name: 1.25})})
        for part, name in (
            ("reference", "body_suv"),
            ("foci", "separation_mm"),
            ("measure", "large_ml"),
            ("physiologic", "suv"),
        )
    ]
    for other in others:
        assert not first_pass.serves(other)
        with pytest.raises(ValueError, match="other parameters"):
            first_pass.change_contours(other)


def test_changed_contours_are_drawn_anew_only_where_they_differ(detector, parameters):
    for method in METHODS:
        detector.find(1.4, method)
    before = dict(detector._measured)
    detector.change_contours(dataclasses.replace(parameters, contour=dataclasses.replace(parameters.contour, suv=3.3)))
    assert set(before) - set(detector._measured) == {(1, "fixed-suv")}
    assert all(detector._measured[key] is before[key] for key in detector._measured)
    assert detector.scan.contour.suv == 3.3


@pytest.mark.parametrize("name", ["tissues", "levels", "organs"])
def test_a_map_on_another_grid_is_refused(parameters, name):
    image = small_pet([])
    other = Image(np.zeros((3, 3, 3), dtype=np.uint8), Geometry((3, 3, 3), np.eye(4)))
    with pytest.raises(ValueError, match=f"{name} must lie on the grid"):
        HotSpotDetector(image, parameters, **{name: other})


def test_air_alone_has_no_foci_and_an_outline_on_it_no_fault(parameters):
    air = Image(np.full((8, 9, 10), 0.01, dtype=np.float32), Geometry((8, 9, 10), np.diag([4.0, 4.0, 4.0, 1.0])))
    detector = HotSpotDetector(air, parameters)
    found = detector.find()
    assert (found.hot_spots, found.weak, found.noise) == ([], [], 0.0)
    assert any("shows no body" in text for text in found.warnings)


@pytest.mark.parametrize(("quality", "warns"), [(RELIABLE_QUALITY, False), (RELIABLE_QUALITY - 0.01, True)])
def test_an_uncertain_plane_of_symmetry_is_reported(parameters, quality, warns):
    plane = dataclasses.replace(PLANE, quality=quality)
    detector = HotSpotDetector(small_pet([]), parameters, symmetry=plane)
    assert any("plane of symmetry is uncertain" in text for text in detector.warnings) is warns


def test_thirty_milliliters_at_twice_the_uptake_of_muscle_are_a_focus_though_they_fill_their_surroundings(
    parameters,
):
    place = (45.0, -15.0, 46.0)
    detector = HotSpotDetector(small_pet([(place, 19.5, 1.7)]), parameters, symmetry=PLANE)
    found = detector.find()
    (spot,) = [spot for spot in (*found.hot_spots, *found.weak) if np.linalg.norm(spot.centroid_ras_mm - place) < 10.0]
    assert spot.reference == pytest.approx(0.8, rel=0.1)
    assert spot.tbr == pytest.approx(1.7 / 0.8, rel=0.1)
    assert spot.mtv_ml > 20.0
