"""Anatomical variants of phantoms, and the truth of their sites."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, transform_points
from PainGeneratorLib.Phantoms.case import Phantom, make_phantom
from PainGeneratorLib.Phantoms.hip_bones import HipShape
from PainGeneratorLib.Phantoms.low_back import make_low_back
from PainGeneratorLib.Phantoms.patient import Patient
from PainGeneratorLib.Phantoms.realism import PLAIN
from PainGeneratorLib.Phantoms.spine import SpineShape, make_shape
from PainGeneratorLib.Phantoms.tissue_table import TISSUES
from PainGeneratorLib.Phantoms.true_sites import TrueSite, hip_sites, measure_true_sites, spine_sites
from PainGeneratorLib.Phantoms.variants import HIP_VARIANTS, VARIANTS, Variant

SEED = 3


@functools.cache
def painted(name: str) -> Patient:
    """The patient of a variant on a coarse atlas."""
    return make_low_back(np.random.default_rng(SEED), 3.0, PLAIN, Variant.of(name, SEED))


@functools.cache
def imaged(name: str) -> Phantom:
    return make_phantom("low-back", SEED, size="small", variant=name)


def shape_of(name: str) -> SpineShape:
    variant = Variant.of(name, SEED)
    return make_shape(np.random.default_rng(SEED), dict(variant.heights), variant)


def angle_between(one: np.ndarray, other: np.ndarray) -> float:
    """Angle between the up axes of two frames in the coronal plane, degrees."""
    a, b = (np.arctan2(m[0, 2], m[2, 2]) for m in (one, other))
    return float(np.rad2deg(a - b))


def site(sites: list[TrueSite], structure: str, side: str = "midline", level: str | None = None) -> TrueSite:
    return next(s for s in sites if (s.structure, s.side, s.level) == (structure, side, level))


def test_a_plain_patient_is_painted_as_before_there_were_variants() -> None:
    patient = make_low_back(np.random.default_rng(SEED), 4.0)
    # Sums of the codes of all voxels, measured before the variants were added.
    assert int(patient.atlas.tissue.sum(dtype=np.int64)) == 1368973
    assert int(patient.atlas.anatomy.sum(dtype=np.int64)) == 1116386
    assert patient.landmarks["T12 body"] == pytest.approx([0.21, -14.66, 99.54], abs=0.006)
    assert patient.landmarks["S3 body"] == pytest.approx([0.16, -42.83, -130.14], abs=0.006)
    kinds = [(lesion.kind, lesion.level, lesion.side) for lesion in patient.lesions]
    assert kinds[0] == ("facet synovitis", "L2/L3", "left")
    assert kinds[-1] == ("nerve root uptake", "L3/L4", "right")


def test_unknown_variants_and_variants_of_the_other_group_are_refused() -> None:
    with pytest.raises(ValueError, match="variant"):
        Variant.of("no such variant", SEED)
    with pytest.raises(ValueError, match="hip-replacement"):
        Variant.of("scoliosis", SEED, "hip-replacement")
    assert Variant.of("turned", SEED, "hip-replacement").turn_deg


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_the_same_for_the_same_seed(name: str) -> None:
    assert Variant.of(name, 5).to_json() == Variant.of(name, 5).to_json()


def test_four_and_six_lumbar_vertebrae_are_numbered_from_above() -> None:
    four, six = shape_of("four-lumbar"), shape_of("six-lumbar")
    assert four.levels[-1] == "L4"
    assert four.low_discs == ("L1/L2", "L2/L3", "L3/L4", "L4/S1")
    assert six.levels[-1] == "L6"
    assert six.low_discs[-1] == "L6/S1"
    assert {"L5", "L6"} <= set(six.bodies)
    assert "L5" not in four.bodies


@pytest.mark.parametrize("seed", range(5))
def test_a_scoliosis_has_its_cobb_angle_and_turns_the_vertebrae_to_the_convex_side(seed: int) -> None:
    variant = Variant.of("scoliosis", seed)
    shape = make_shape(np.random.default_rng(seed), {}, variant)
    assert 20 <= abs(variant.cobb_deg) <= 40
    assert angle_between(shape.bodies["T12"], shape.bodies["L4"]) == pytest.approx(variant.cobb_deg, abs=1.5)
    apex = shape.bodies["L2"]
    middle = 0.5 * (shape.bodies["T12"][0, 3] + shape.bodies["S1"][0, 3])
    convex = np.sign(apex[0, 3] - middle)
    assert np.sign(apex[0, 1]) == convex


def test_a_kyphosis_leans_the_upper_vertebrae_forward() -> None:
    assert shape_of("kyphosis").bodies["T12"][1, 2] > 0.2
    assert shape_of("plain").bodies["T12"][1, 2] < 0.0


@pytest.mark.parametrize("seed", range(5))
def test_a_slip_shifts_the_vertebra_forward_on_the_one_below(seed: int) -> None:
    variant = Variant.of("slip", seed)
    ((disc, slip_mm),) = variant.slips_mm.items()
    upper, lower = disc.split("/")
    shapes = [
        make_shape(np.random.default_rng(seed), dict(variant.heights), one)
        for one in (Variant(heights=variant.heights), variant)
    ]
    ahead = [transform_points(np.linalg.inv(s.bodies[lower]), s.bodies[upper][:3, 3])[1] for s in shapes]
    assert 6 <= slip_mm <= 10
    assert ahead[1] - ahead[0] == pytest.approx(slip_mm, abs=0.01)


def test_worn_discs_are_low() -> None:
    worn, plain = shape_of("worn"), shape_of("plain")
    low = [disc for disc in worn.discs if worn.disc_heights_mm[disc] < 0.7 * plain.disc_heights_mm[disc]]
    assert len(low) >= 3


@pytest.mark.parametrize("name", ["plain", "four-lumbar", "six-lumbar", "sacralized", "scoliosis", "kyphosis", "slip"])
def test_every_site_lies_in_the_structure_that_was_painted(name: str) -> None:
    patient = painted(name)
    atlas = patient.atlas
    tissue_names = {tissue.code: word for word, tissue in TISSUES.items()}
    bone = {"marrow", "cortex", "mixed marrow"}
    wanted = {
        "vertebral body": bone | {"vein"},
        "pedicle": bone,
        "spinous process": bone,
        "disc": {"nucleus", "annulus", "dry disc", "worn disc"},
        "spinal canal": {"csf", "nerve", "cord"},
        "upper endplate": bone | {"annulus", "dry disc"},
        "lower endplate": bone | {"annulus", "dry disc"},
        "psoas": {"muscle", "ureter"},
        "multifidus": {"muscle", "fat"},
        "sacral ala": bone,
        "sacroiliac joint": bone | {"cartilage"},
        "iliac crest": bone,
    }
    for one in patient.sites:
        ijk = np.rint(atlas.geometry.to_ijk(one.center_ras)).astype(int)
        if one.structure not in wanted or np.any(ijk < 0) or np.any(ijk[::-1] >= atlas.geometry.shape):
            continue
        at = tissue_names[int(atlas.tissue[tuple(ijk[::-1])])]
        assert at in wanted[one.structure], (one.structure, one.side, one.level, at)
        label = atlas.anatomy_names[int(atlas.anatomy[tuple(ijk[::-1])])]
        if one.structure == "vertebral body":
            assert label == f"vertebrae_{one.level}"


def test_sites_of_both_sides_mirror_each_other_in_a_straight_spine() -> None:
    sites = spine_sites(make_shape(np.random.default_rng(1), {}, Variant(cobb_deg=1e-9)))
    for one in sites:
        if one.side == "right":
            other = site(sites, one.structure, "left", one.level)
            assert other.center_ras == pytest.approx(one.center_ras * [-1, 1, 1], abs=0.01)
            assert one.center_ras[0] > 0


def test_every_disc_and_vertebra_has_its_sites_with_one_key_each() -> None:
    sites = spine_sites(shape_of("six-lumbar"))
    keys = [(s.structure, s.side, s.level) for s in sites]
    assert len(set(keys)) == len(keys)
    at_disc = {s.structure for s in sites if s.level == "L6/S1"}
    assert at_disc == {
        "disc", "upper endplate", "lower endplate", "facet joint", "foramen", "spinal canal", "psoas", "multifidus",
    }  # fmt: skip


def test_endplates_lie_beside_their_disc() -> None:
    sites = spine_sites(shape_of("plain"))
    for level in ("L2/L3", "L5/S1"):
        disc, above, below = (
            site(sites, name, "midline", level) for name in ("disc", "lower endplate", "upper endplate")
        )
        up = disc.axes[2]
        assert (above.center_ras - disc.center_ras) @ up > 0 > (below.center_ras - disc.center_ras) @ up
        assert np.linalg.norm(above.center_ras - below.center_ras) < 18


def test_gruen_zones_are_equal_thirds_of_the_stem_on_both_sides_of_the_body() -> None:
    for seed in range(4):
        shape = HipShape.make(np.random.default_rng(seed), 1.0)
        zones = {s.zone: s for s in hip_sites(shape) if s.zone}
        assert len(zones) == 16
        heights = [zones[f"Gruen {n}"].center_ras[2] for n in (1, 2, 3, 4)]
        assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.01)
        assert heights[3] < shape.heads[shape.prosthesis_side][2] + shape.stem_tip_mm
        outward = 1 if shape.prosthesis_side == "right" else -1
        for lateral, medial in ((1, 7), (2, 6), (3, 5)):
            a, b = zones[f"Gruen {lateral}"].center_ras, zones[f"Gruen {medial}"].center_ras
            assert outward * (a[0] - b[0]) > 0
            assert a[2] == pytest.approx(b[2], abs=0.01)
        assert zones["Gruen 9"].center_ras[1] > zones["Gruen 13"].center_ras[1]


def test_a_site_is_measured_in_its_ellipsoid_only() -> None:
    geometry = Geometry((40, 40, 40), np.diag([2.0, 2.0, 2.0, 1.0]))
    array = np.ones(geometry.shape, np.float32)
    array[20, 20, 23] = 9.0  # 6 mm beside the middle along R.
    center = geometry.to_ras(np.array([20.0, 20.0, 20.0]))
    flat = TrueSite("a", "left", None, center, np.eye(3), np.array([4.0, 8.0, 8.0]))
    wide = TrueSite("a", "left", None, center, np.eye(3), np.array([8.0, 4.0, 4.0]))
    outside = TrueSite("a", "left", None, center + 500.0, np.eye(3), np.full(3, 5.0))
    measure_true_sites([flat, wide, outside], Image(array, geometry))
    assert flat.measured["suv_max"] == 1.0
    assert flat.measured["suv_mean"] == 1.0
    assert wide.measured["suv_max"] == 9.0
    assert 1.0 < wide.measured["suv_peak"] < 1.2
    assert outside.measured == {}


def in_field(truth: dict[str, Any], structure: str) -> set[str]:
    return {s["level"] for s in truth["sites"] if s["structure"] == structure and s["is_in_field"]}


@pytest.mark.slow
def test_a_cut_field_holds_no_sacrum_and_a_short_one_about_three_levels() -> None:
    cut, short = imaged("sacrum-outside"), imaged("short-field")
    assert "L5/S1" not in in_field(cut.truth, "disc")
    assert "L4/L5" in in_field(cut.truth, "disc")
    assert 2 <= len(in_field(short.truth, "vertebral body")) <= 4
    assert "L5/S1" in in_field(imaged("plain").truth, "disc")


@pytest.mark.slow
def test_t2_only_has_one_mr_series_as_reference() -> None:
    phantom = imaged("t2-only")
    roles = [item.plan.role for item in phantom.series if item.plan.role != "ATTENUATION"]
    assert roles == ["PET", "T2"]
    assert phantom.truth["transforms_ras"]["reference_to_T2"] == np.eye(4).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("group", ["low-back", "hip-replacement"])
def test_the_truth_of_a_turned_patient_is_turned_like_the_images(group: str) -> None:
    plain = imaged("plain") if group == "low-back" else make_phantom(group, SEED, size="small")
    turned = imaged("turned") if group == "low-back" else make_phantom(group, SEED, size="small", variant="turned")
    angle = np.deg2rad(turned.truth["variant"]["turn_deg"])
    name = "L1 body" if group == "low-back" else "left femoral shaft"
    before, after = (np.array(p.truth["landmarks_ras_mm"][name]) for p in (plain, turned))
    rotated = [
        np.cos(angle) * before[0] - np.sin(angle) * before[1],
        np.sin(angle) * before[0] + np.cos(angle) * before[1],
    ]
    assert after[:2] == pytest.approx(rotated, abs=0.2)
    assert turned.truth["transforms_ras"]["reference_to_T1"] == np.eye(4).round(9).tolist()
    # The PET of both patients has the same uptake at the place of the first site, seen through the true transform.
    for phantom in (plain, turned):
        pet = phantom.clean_pet
        to_pet = np.array(phantom.truth["transforms_ras"]["reference_to_PET"])
        sites = [
            s for s in phantom.truth["sites"] if "suv_mean" in s and s["structure"] in ("vertebral body", "sacrum")
        ]
        for one in sites[2:4]:
            point = transform_points(to_pet, np.array(one["center_ras_mm"]))
            value = pet.array[tuple(np.rint(pet.geometry.to_ijk(point)).astype(int)[::-1])]
            assert value == pytest.approx(one["suv_mean"], rel=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["four-lumbar", "lumbarized", "turned"])
def test_the_label_map_of_a_variant_shows_the_vertebrae_at_their_true_places(name: str) -> None:
    phantom = imaged(name)
    seen = 0
    for one in phantom.truth["sites"]:
        if one["structure"] == "vertebral body" and one["is_in_field"]:
            ijk = np.rint(phantom.anatomy.geometry.to_ijk(np.array(one["center_ras_mm"]))).astype(int)
            label = int(phantom.anatomy.array[tuple(ijk[::-1])])
            assert phantom.anatomy_labels[label] == f"vertebrae_{one['level']}"
            seen += 1
    assert seen >= 5


@pytest.mark.slow
def test_a_lumbarized_s1_has_a_disc_below_it_that_nobody_must_list() -> None:
    rest = [s for s in imaged("lumbarized").truth["sites"] if s["level"] == "S1/S2"]
    assert [s["is_rest"] for s in rest] == [True]
    assert not any(s["is_rest"] for s in imaged("plain").truth["sites"])


@pytest.mark.slow
def test_hips_refuse_variants_of_the_spine() -> None:
    assert set(HIP_VARIANTS) < set(VARIANTS)
    with pytest.raises(ValueError, match="variant"):
        make_phantom("hip-replacement", SEED, size="small", variant="slip")
