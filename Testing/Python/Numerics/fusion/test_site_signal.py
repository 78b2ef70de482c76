"""MR signal of sites, MR findings at sites, anchors of candidates, and norms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from kept_examples import FINDING, SPOT
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Image, Region, ball
from PainGeneratorLib.Numerics.core.records import NOT_JOINED, Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteState
from PainGeneratorLib.Numerics.core.words import Role, Side
from PainGeneratorLib.Numerics.fusion.site_norms import NORMS, norm_of
from PainGeneratorLib.Numerics.fusion.site_signal import weighted_median
from PainGeneratorLib.Numerics.fusion.site_verdict import plural
from scipy import ndimage
from small_sites import LEVELS, grid, lumbar_sites, measured, painted, site

RIGHT, LEFT, MIDLINE = str(Side.RIGHT), str(Side.LEFT), str(Side.MIDLINE)
L3_RIGHT = "right facet joint L3/L4"
FLUID = str(Role.FLUID)


def finding(kind: str, center: np.ndarray, radius_mm: float, flags: tuple[str, ...] = ()) -> MRFinding:
    geometry = grid(1.0)
    region = Region(geometry, ball(geometry, center, radius_mm))
    return dataclasses.replace(FINDING, kind=kind, region=region, centroid_ras_mm=center, flags=list(flags))


def hot_spot(pet: Image, center: np.ndarray, radius_mm: float, physiologic: str | None = None) -> HotSpot:
    region = Region(pet.geometry, ball(pet.geometry, center, radius_mm))
    return dataclasses.replace(SPOT, region=region, peak_ras_mm=center, physiologic=physiologic)


def candidate(place: Place, spots: list[HotSpot] | None = None, **more: object) -> Candidate:
    region = Region(grid(1.0), np.arange(3))
    return Candidate(
        "PG-01",
        1,
        50.0,
        place,
        "PET+MR",
        region,
        np.zeros(3),
        1.0,
        hot_spots=spots or [],
        **more,  # type: ignore[arg-type]
    )


def place_of(one: Site) -> Place:
    return Place(one.name, one.structure, one.side, one.level, one.zone)


def by_name(sites: list[Site], name: str) -> Site:
    return next(one for one in sites if one.name == name)


def mr(sites: list[Site], factors: dict[str, float], slope: float = 0.0, side: float = 0.0) -> Image:
    """An MR series with a signal of 100, times a factor in some sites, times the coil's shading along two axes."""
    image = painted(factors, sites, 1.0, swell=1.2)
    geometry = image.geometry
    points = geometry.flat_to_ras(np.arange(geometry.size))
    shading = np.exp(slope * points[:, 2] + side * points[:, 0]).reshape(geometry.shape)
    noise = 1.0 + 0.03 * np.random.default_rng(2).standard_normal(geometry.shape)
    return Image((100.0 * image.array * shading * noise).astype(np.float32), geometry)


def test_a_bright_and_a_dark_site_have_scores_of_opposite_sign() -> None:
    sites = lumbar_sites()
    series = {FLUID: mr(sites, {L3_RIGHT: 1.8, "left facet joint L1/L2": 0.6})}
    rows = measured(sites, painted({}, []), series=series)
    assert rows[L3_RIGHT].z[FLUID] > 5.0
    assert rows["left facet joint L1/L2"].z[FLUID] < -5.0
    assert rows[L3_RIGHT].signals[FLUID] == pytest.approx(180.0, rel=0.03)
    others = [row.z[FLUID] for name, row in rows.items() if name not in (L3_RIGHT, "left facet joint L1/L2")]
    assert np.abs(others).max() < 2.5


@pytest.mark.parametrize(("slope", "side"), [(0.006, 0.0), (-0.006, 0.004), (0.0, -0.006)])
def test_the_fall_off_of_the_coil_makes_no_site_stand_out(slope: float, side: float) -> None:
    sites = lumbar_sites()
    series = {FLUID: mr(sites, {L3_RIGHT: 1.8}, slope, side)}
    rows = measured(sites, painted({}, []), series=series)
    assert rows[L3_RIGHT].z[FLUID] > 5.0
    assert max(abs(row.z[FLUID]) for name, row in rows.items() if name != L3_RIGHT) < 2.5


def test_a_site_outside_of_a_series_has_no_signal_there_and_says_so() -> None:
    sites = lumbar_sites()
    whole = mr(sites, {})
    half = Image(whole.array[100:], whole.geometry.cropped((100, 0, 0), (100, *whole.geometry.shape[1:])))
    rows = measured(sites, painted({}, []), series={FLUID: half})
    assert rows["disc L5/S1"].signals == rows["disc L5/S1"].z == {}
    assert rows["disc L5/S1"].flags == ("outside-mr",)
    assert rows["disc L5/S1"].state == SiteState.NORMAL
    assert rows["disc L1/L2"].signals[FLUID] == pytest.approx(100.0, rel=0.05)
    assert "disc L1/L2" in rows
    assert not rows["disc L1/L2"].flags


def test_the_weighted_median_is_the_value_up_to_which_half_of_the_weights_lie() -> None:
    assert weighted_median(np.array([5.0, 1.0, 3.0]), np.array([0.1, 0.2, 0.7])) == 3.0
    assert weighted_median(np.array([1.0, 9.0]), np.array([0.2, 0.8])) == 9.0


def test_an_mr_finding_in_a_site_makes_it_abnormal_and_one_elsewhere_does_not() -> None:
    sites = lumbar_sites()
    joint = by_name(sites, L3_RIGHT)
    rows = measured(sites, painted({}, []), findings=[finding("oedema", joint.center_ras, 6.0)])
    assert rows[L3_RIGHT].mr_signs == ("oedema",)
    assert rows[L3_RIGHT].state == SiteState.ABNORMAL
    assert rows[L3_RIGHT].reasons == ("Edema on MR.",)
    assert [name for name, row in rows.items() if row.mr_signs] == [L3_RIGHT]


def test_a_large_finding_is_at_the_sites_that_it_fills() -> None:
    sites = lumbar_sites()
    middle = by_name(sites, L3_RIGHT).center_ras
    rows = measured(sites, painted({}, []), findings=[finding("oedema", middle, 30.0)])
    assert rows[L3_RIGHT].mr_signs == ("oedema",)
    assert rows["right facet joint L1/L2"].mr_signs == ()


def test_a_weak_finding_is_named_as_weak_and_makes_no_site_abnormal() -> None:
    sites = lumbar_sites()
    weak = finding("oedema", by_name(sites, L3_RIGHT).center_ras, 6.0, ("weak",))
    row = measured(sites, painted({}, []), weak_findings=[weak])[L3_RIGHT]
    assert (row.mr_signs, row.state) == (("oedema (weak)",), SiteState.NORMAL)


def test_a_weak_finding_adds_nothing_to_a_clear_one_of_its_kind() -> None:
    sites = lumbar_sites()
    center = by_name(sites, L3_RIGHT).center_ras
    clear, weak = finding("oedema", center, 6.0), finding("oedema", center, 6.0, ("weak",))
    row = measured(sites, painted({}, []), findings=[clear], weak_findings=[weak])[L3_RIGHT]
    assert row.mr_signs == ("oedema",)


def test_signs_of_endplates_and_discs_are_told_apart_and_other_frames_and_artifacts_do_not_count() -> None:
    disc = site("disc L3/L4", "disc", MIDLINE, "L3/L4", (0, 20, -68), (18, 13, 4), tissues.DISC)
    plate = site("plate", "upper endplate", MIDLINE, "L3/L4", (0, 20, -74), (18, 13, 3))
    middle = np.array([0.0, 20.0, -71.0])
    there = [
        finding("Modic I", middle, 6.0),
        finding("disc degeneration", middle, 6.0),
        finding("implant artefact", middle, 6.0),
        finding("oedema", middle, 6.0, (NOT_JOINED,)),
    ]
    rows = measured([disc, plate], painted({}, []), findings=there)
    assert rows["disc L3/L4"].mr_signs == ("disc degeneration",)
    assert rows["disc L3/L4"].reasons == ("Disc degeneration on MR, which is often seen without pain.",)
    assert rows["plate"].mr_signs == ("Modic I",)


def test_without_an_aligned_pet_a_sign_on_the_mr_is_still_abnormal() -> None:
    sites = lumbar_sites()
    rows = measured(sites, None, findings=[finding("oedema", by_name(sites, L3_RIGHT).center_ras, 6.0)])
    assert rows[L3_RIGHT].state == SiteState.ABNORMAL
    assert rows["disc L3/L4"].state == SiteState.NOT_ASSESSABLE


def test_uptake_of_a_candidate_at_no_site_is_named_by_the_candidate() -> None:
    sites = lumbar_sites()
    focus = site("focus", "soft tissue", MIDLINE, None, (0, 42, -68), (12, 8, 12))
    pet = painted({"focus": 8.0}, [focus])
    pet = Image(ndimage.gaussian_filter(pet.array, 1.7, mode="nearest"), pet.geometry)
    place = Place("soft tissue in front of L3/L4", "soft tissue", MIDLINE)
    there = candidate(place, [hot_spot(pet, focus.center_ras, 14.0)])
    rows = measured(sites, pet, candidates=[there])
    reason = "Uptake of candidate PG-01 (soft tissue in front of L3/L4) reaches here."
    assert (rows["disc L3/L4"].state, rows["disc L3/L4"].reasons) == (SiteState.NORMAL, (reason,))


def test_physiologic_uptake_is_named_and_not_counted() -> None:
    sites = lumbar_sites()
    pet = painted({"right multifidus L3/L4": 3.0}, sites)
    name = "right multifidus L3/L4"
    spot = hot_spot(pet, by_name(sites, name).center_ras, 9.0, "right kidney: it lies in it")
    row = measured(sites, pet, hot_spots=[spot])[name]
    assert (row.state, row.reasons) == (SiteState.NORMAL, ("Physiologic uptake (right kidney: it lies in it).",))
    assert measured(sites, pet)[name].state == SiteState.ABNORMAL


@pytest.mark.parametrize(("suv", "state"), [(2.6, SiteState.NORMAL), (4.5, SiteState.ABNORMAL)])
def test_uptake_that_is_usual_at_a_prosthesis_and_at_the_conus_is_normal(suv: float, state: SiteState) -> None:
    neck = site("neck", "prosthesis neck", RIGHT, None, (10, 0, -60), (10, 10, 10))
    canal = site("canal", "spinal canal", MIDLINE, "T12/L1", (10, 0, -60), (10, 10, 10), tissues.FLUID)
    for one in (neck, canal):
        row = measured([one], painted({one.name: suv}, [one]))[one.name]
        assert row.state == state, row.reasons


def test_every_norm_names_its_publication_and_the_side_matters_for_the_sacroiliac_joint() -> None:
    def any_site(structure: str, side: str = MIDLINE, level: str | None = None, zone: str | None = None) -> Site:
        return site(structure, structure, side, level, (0, 0, 0), (5, 5, 5), zone=zone)

    for structure in NORMS:
        norm = norm_of(any_site(structure))
        assert norm is not None
        assert norm.source
        assert norm.text.endswith(".")
    right, left = (norm_of(any_site("sacroiliac joint", side)) for side in (RIGHT, LEFT))
    assert right is not None
    assert left is not None
    assert (right.mean, left.mean) == (1.30, 1.13)
    space = norm_of(any_site("interspinous space", level="L3/L4"))
    assert space is not None
    assert "39 of 200 at L3/L4" in space.text
    assert norm_of(any_site("spinal canal", level="L4/L5")) is None
    assert norm_of(any_site("spinal canal", level="T12/L1")) is not None
    gruen = norm_of(any_site("femur", RIGHT, zone="Gruen 3"))
    assert gruen is not None
    assert "Gelderman" in gruen.source


def test_structures_have_a_plural_for_the_reasons() -> None:
    assert plural("facet joint") == "facet joints"
    assert plural("vertebral body") == "vertebral bodies"
    assert plural("upper endplate") == "superior endplates"
    assert len(LEVELS) == 5
