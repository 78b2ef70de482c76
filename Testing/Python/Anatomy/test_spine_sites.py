"""The sites of spine and pelvis lie where published anatomy has them, on the right side, and at the right level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Anatomy.map_spine import finer_spine
from PainGeneratorLib.Anatomy.pelvis_sites import pelvis_sites
from PainGeneratorLib.Anatomy.site_lookup import between_text, neighbors_of, site_at
from PainGeneratorLib.Anatomy.sites import find_sites, site_moved
from PainGeneratorLib.Anatomy.spine import find_spine
from PainGeneratorLib.Anatomy.spine_agreement import check_spines
from PainGeneratorLib.Anatomy.spine_segments import completed
from PainGeneratorLib.Anatomy.spine_sites import spine_sites
from PainGeneratorLib.Anatomy.tissue_sites import refined_by_tissues
from PainGeneratorLib.Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.core.sites import Site, SiteSource
from PainGeneratorLib.Numerics.core.words import Group

STEP_MM = 36.0
LEVELS = ("L1", "L2", "L3", "L4", "L5")


def frame(level: str, center: tuple[float, float, float], size: float = 1.0) -> VertebraFrame:
    axes = [np.array(axis, float) for axis in ((-1, 0, 0), (0, 1, 0), (0, 0, 1))]
    return VertebraFrame(
        level, np.array(center, float), *axes, 23.0 * size, -16.0 * size, 16.0 * size, -13.2 * size, 13.2 * size
    )


def straight_spine(size: float = 1.0, levels: tuple[str, ...] = LEVELS, **others) -> Spine:
    """A straight spine beside the middle of the scanner, with the disc below each vertebra."""
    step = STEP_MM * size
    frames = tuple(frame(level, (12.0, 5.0, -n * step), size) for n, level in enumerate(levels))
    below = (*levels[1:], "S1")
    discs = tuple(
        Joint(f"{level}/{lower}", None, np.array([12.0, 5.0, -(n + 0.5) * step]))
        for n, (level, lower) in enumerate(zip(levels, below, strict=True))
    )
    return Spine(frames, discs, **others)


def by_name(sites: list[Site]) -> dict[str, Site]:
    assert len({site.name for site in sites}) == len(sites), "names are not unique"
    return {site.name: site for site in sites}


def turn(degrees: float, axis: int) -> np.ndarray:
    a, b = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(4)
    i, j = [n for n in range(3) if n != axis]
    matrix[[i, i, j, j], [i, j, i, j]] = a, -b, b, a
    matrix[:3, 3] = (7.0, -20.0, 31.0)
    return matrix


def test_every_structure_of_a_level_is_a_site_with_the_name_a_radiologist_uses() -> None:
    names = set(by_name(spine_sites(straight_spine())))
    assert names >= {
        "disc L4/L5", "superior endplate of L5", "inferior endplate of L4", "vertebral body L4", "right pedicle L4",
        "left pedicle L4", "right lamina L4", "left lamina L4", "right facet joint L4/L5", "left facet joint L4/L5",
        "right L4 foramen", "left L4 foramen", "spinous process L4", "interspinous space L3/L4", "spinal canal L4/L5",
        "right psoas L3/L4", "left psoas L3/L4", "right multifidus L4/L5", "left multifidus L4/L5",
        "superior endplate of S1",
    }  # fmt: skip


def test_the_sites_come_from_above_downward_and_right_before_left() -> None:
    sites = spine_sites(straight_spine())
    discs = [site.level for site in sites if site.structure == "disc"]
    assert discs[-5:] == ["L1/L2", "L2/L3", "L3/L4", "L4/L5", "L5/S1"]
    names = [site.name for site in sites]
    for structure in ("pedicle L3", "lamina L3", "facet joint L3/L4", "psoas L3/L4", "multifidus L3/L4"):
        assert names.index(f"right {structure}") + 1 == names.index(f"left {structure}")


def test_right_sites_lie_on_the_patients_right_and_posterior_sites_behind_the_body() -> None:
    for site in spine_sites(straight_spine()):
        lateral = site.center_ras[0] - 12.0
        assert np.sign(round(lateral, 3)) == {"right": 1, "left": -1, "midline": 0}[site.side], site.name
        if site.structure in ("lamina", "facet joint", "spinous process", "spinal canal", "multifidus"):
            assert site.center_ras[1] < 5.0 - 16.0, site.name


def test_positions_are_those_of_published_lumbar_anatomy() -> None:
    sites = by_name(spine_sites(straight_spine()))
    middle, wall, disc = 12.0, 5.0 - 16.0, -3.5 * STEP_MM
    facet = sites["right facet joint L4/L5"].center_ras
    assert 15.0 <= facet[0] - middle <= 21.0
    assert 13.0 <= wall - facet[1] <= 20.0
    assert abs(facet[2] - disc) <= 4.0
    assert 20.0 <= wall - sites["spinous process L4"].center_ras[1] + 13.0 <= 55.0
    assert sites["spinous process L4"].center_ras[2] < sites["vertebral body L4"].center_ras[2]
    assert sites["right pedicle L4"].center_ras[2] > sites["vertebral body L4"].center_ras[2]
    assert 7.0 <= wall - sites["spinal canal L4/L5"].center_ras[1] <= 11.0


def test_facet_joints_are_farther_apart_and_more_coronal_at_each_lower_level() -> None:
    sites = by_name(spine_sites(straight_spine()))
    joints = [sites[f"left facet joint {level}"] for level in ("L1/L2", "L2/L3", "L3/L4", "L4/L5", "L5/S1")]
    assert np.all(np.diff([12.0 - joint.center_ras[0] for joint in joints]) > 0.0)
    assert np.all(np.diff([abs(joint.axes[0] @ [0.0, 1.0, 0.0]) for joint in joints]) > 0.0)


def test_the_clefts_of_both_facet_joints_run_from_the_front_and_the_middle_to_the_back_and_the_side() -> None:
    sites = by_name(spine_sites(straight_spine()))
    for side, outward in (("right", 1.0), ("left", -1.0)):
        along = sites[f"{side} facet joint L4/L5"].axes[1]
        assert along[1] * along[0] * outward < 0.0


@pytest.mark.parametrize("size", [0.85, 1.0, 1.15])
def test_sites_scale_with_the_size_of_the_spine(size: float) -> None:
    usual, own = by_name(spine_sites(straight_spine())), by_name(spine_sites(straight_spine(size)))
    for name in ("right facet joint L3/L4", "spinous process L2", "left pedicle L5"):
        far, near = (np.linalg.norm(s[name].center_ras[:2] - [12.0, 5.0]) for s in (own, usual))
        assert far / near == pytest.approx(size, rel=0.02)
        assert own[name].half_mm[1] / usual[name].half_mm[1] == pytest.approx(size, rel=0.02)


@pytest.mark.parametrize(("degrees", "axis"), [(25.0, 2), (-20.0, 0), (30.0, 1)])
def test_the_sites_of_a_turned_spine_are_the_turned_sites(degrees: float, axis: int) -> None:
    matrix = turn(degrees, axis)
    usual = spine_sites(straight_spine()) + pelvis_sites(straight_spine())
    moved = straight_spine().moved(matrix)
    turned = by_name(spine_sites(moved) + pelvis_sites(moved))
    for site in usual:
        wanted = site_moved(site, matrix)
        assert np.allclose(turned[site.name].center_ras, wanted.center_ras, atol=1e-6), site.name
        assert np.allclose(np.abs(turned[site.name].axes @ wanted.axes.T), np.eye(3), atol=1e-6), site.name


def test_a_slipped_vertebra_takes_its_arch_along() -> None:
    spine = straight_spine()
    slipped = list(spine.frames)
    slipped[3] = frame("L4", (12.0, 13.0, -3 * STEP_MM))
    usual, moved = by_name(spine_sites(spine)), by_name(spine_sites(replace(spine, frames=tuple(slipped))))
    assert moved["spinous process L4"].center_ras[1] - usual["spinous process L4"].center_ras[1] == pytest.approx(8.0)
    assert moved["spinous process L5"].center_ras[1] == pytest.approx(usual["spinous process L5"].center_ras[1])


def test_a_facet_joint_that_is_seen_is_used_and_one_that_is_far_away_is_not() -> None:
    usual = by_name(spine_sites(straight_spine()))
    near = usual["right facet joint L3/L4"].center_ras + np.array([3.0, 1.0, 0.0])
    far = usual["left facet joint L3/L4"].center_ras + np.array([0.0, -20.0, 5.0])
    facets = (Joint("L3/L4", "right", near), Joint("L3/L4", "left", far))
    found = by_name(spine_sites(straight_spine(facets=facets)))
    assert np.allclose(found["right facet joint L3/L4"].center_ras, near)
    assert np.allclose(found["left facet joint L3/L4"].center_ras, usual["left facet joint L3/L4"].center_ras)


def test_a_spine_without_its_lower_end_has_no_site_of_the_sacrum() -> None:
    spine = straight_spine(levels=LEVELS[:3])
    spine = replace(spine, discs=spine.discs[:2])
    names = by_name(spine_sites(spine))
    assert not any("S1" in name or "L4" in name for name in names)
    assert pelvis_sites(spine) == []


def test_a_body_that_is_cut_off_is_completed_away_from_its_neighbor() -> None:
    spine = straight_spine()
    cut = replace(spine.frames[0], top_mm=-5.0)
    whole = completed(replace(spine, frames=(cut, *spine.frames[1:]))).frames[0]
    assert whole.bottom_mm == cut.bottom_mm
    assert whole.top_mm - whole.bottom_mm == pytest.approx(26.4)


def test_certainties_and_source_reach_every_site() -> None:
    spine = straight_spine(level_certainty="likely")
    for site in spine_sites(spine, SiteSource.SEGMENTATION, "uncertain"):
        assert (site.level_certainty, site.side_certainty) == ("likely", "uncertain")
        assert site.source == SiteSource.SEGMENTATION


def test_each_site_is_compared_with_the_tissue_of_which_it_consists() -> None:
    wanted = {
        "disc": tissues.DISC, "spinal canal": tissues.FLUID, "psoas": tissues.MUSCLE, "multifidus": tissues.MUSCLE,
        "foramen": tissues.MUSCLE, "interspinous space": tissues.MUSCLE,
    }  # fmt: skip
    for site in spine_sites(straight_spine()) + pelvis_sites(straight_spine()):
        assert site.tissue == wanted.get(site.structure, tissues.MARROW), site.name


def test_the_sacroiliac_joints_lie_beside_and_behind_the_first_sacral_body() -> None:
    sites = by_name(pelvis_sites(straight_spine()))
    endplate = by_name(spine_sites(straight_spine()))["superior endplate of S1"].center_ras
    for side, sign in (("right", 1.0), ("left", -1.0)):
        joint = sites[f"{side} sacroiliac joint"].center_ras
        assert 40.0 <= sign * (joint[0] - 12.0) <= 50.0
        assert joint[1] < endplate[1]
        assert 20.0 <= endplate[2] - joint[2] <= 45.0
        assert 0.0 < sign * (sites[f"{side} sacral ala"].center_ras[0] - 12.0) < sign * (joint[0] - 12.0)


def test_a_finding_in_a_facet_joint_is_named_by_it_and_not_by_the_lamina() -> None:
    sites = spine_sites(straight_spine())
    facet = by_name(sites)["left facet joint L4/L5"]
    found, radius = site_at(facet.center_ras + np.array([1.0, -3.0, 3.0]), sites)
    assert found is facet
    assert radius < 1.0


def test_a_finding_in_the_outer_third_of_a_body_is_named_by_the_endplate() -> None:
    sites = spine_sites(straight_spine())
    body = by_name(sites)["vertebral body L3"]
    for away, name in (
        (9.0, "superior endplate of L3"),
        (0.0, "vertebral body L3"),
        (4.2, "vertebral body L3"),
        (-9.0, "inferior endplate of L3"),
    ):
        found, _ = site_at(body.center_ras + np.array([2.0, 0.0, away]), sites)
        assert found is not None
        assert found.name == name
    column = body.center_ras + np.linspace(-10.0, 10.0, 30)[:, None] * [0.0, 0.0, 1.0]
    found, _ = site_at(column, sites)
    assert found is body


def test_a_finding_at_no_site_is_named_by_its_neighbors() -> None:
    sites = spine_sites(straight_spine())
    assert site_at(np.array([200.0, 0.0, 0.0]), sites) == (None, float("inf"))
    assert neighbors_of(np.array([200.0, 0.0, 0.0]), sites) == ()
    named = by_name(sites)
    point = 0.5 * (named["right facet joint L4/L5"].center_ras + named["right lamina L5"].center_ras)
    text = between_text(neighbors_of(point, sites))
    assert "right facet joint L4/L5" in text
    assert text.startswith("between ")


def test_the_psoas_moves_to_the_muscle_that_the_mr_shows_and_stays_without_one() -> None:
    geometry = Geometry(
        (40, 120, 120), np.array([[2.0, 0, 0, -100], [0, 2.0, 0, -100], [0, 0, 4.0, -150], [0, 0, 0, 1]])
    )
    usual = spine_sites(straight_spine())
    site = by_name(usual)["right psoas L3/L4"]
    points = geometry.to_ras(np.argwhere(np.ones(geometry.shape))[:, ::-1])
    away = points - (site.center_ras + np.array([9.0, 7.0, 0.0]))
    muscle = (np.linalg.norm(away[:, :2], axis=1) < 17.0).reshape(geometry.shape)
    image = Image(np.where(muscle, tissues.MUSCLE, tissues.FAT).astype(np.uint8), geometry)
    moved = by_name(refined_by_tissues(usual, image))
    assert np.linalg.norm(moved[site.name].center_ras - site.center_ras - [9.0, 7.0, 0.0]) < 2.0
    assert np.allclose(moved["left psoas L3/L4"].center_ras, by_name(usual)["left psoas L3/L4"].center_ras)


def test_map_and_mr_that_agree_are_not_remarked_upon() -> None:
    check = check_spines(straight_spine(), straight_spine())
    assert check.is_compared
    assert check.notes == ()
    assert check_spines(straight_spine(), None).notes == ()


def test_levels_places_and_sides_that_contradict_each_other_are_said() -> None:
    other = replace(
        straight_spine(), frames=tuple(replace(f, level=level) for f, level in zip(
            straight_spine().frames, ("T12", "L1", "L2", "L3", "L4"), strict=True))
    )  # fmt: skip
    check = check_spines(straight_spine(), other)
    assert not check.are_levels_alike
    assert "L5 of the segmentation is L4 on the MR" in check.notes[0]
    moved = np.eye(4)
    moved[1, 3] = 11.0
    check = check_spines(straight_spine(), straight_spine().moved(moved))
    assert not check.are_places_alike
    assert "11 mm" in check.notes[0]
    mirrored = replace(straight_spine(), frames=tuple(replace(f, left=-f.left) for f in straight_spine().frames))
    assert not check_spines(straight_spine(), mirrored).are_sides_alike


def drawn_map(tilts_deg: tuple[float, ...], slab: tuple[float, float] = (-60.0, 60.0), spacing: float = 2.0):
    """A label map of vertebrae L2 to L5 with arches, each tilted, and the sacrum below; and their true frames."""
    shape = (130, 75, int((slab[1] - slab[0]) / spacing))
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    matrix[:3, 3] = (slab[0], -90.0, -190.0)
    geometry = Geometry(shape, matrix)
    points = geometry.to_ras(np.argwhere(np.ones(shape))[:, ::-1])
    labels = np.zeros(len(points), np.uint16)
    structures, frames = {}, []
    center, up = np.array([4.0, 0.0, 20.0]), np.array([0.0, 0.0, 1.0])
    for number, (level, tilt) in enumerate(zip(("L2", "L3", "L4", "L5"), tilts_deg, strict=True), start=1):
        before, up = up, np.array([0.0, np.sin(np.deg2rad(tilt)), np.cos(np.deg2rad(tilt))])
        if frames:
            center = center - 0.5 * STEP_MM * (before + up)
        left = np.array([-1.0, 0.0, 0.0])
        own = VertebraFrame(level, center, left, np.cross(left, up), up, 23.0, -16.0, 16.0, -13.2, 13.2)
        frames.append(own)
        local = own.local(points)
        side, front, height = local[:, 0], local[:, 1], local[:, 2]
        body = ((side / 23.0) ** 2 + (front / 16.0) ** 2 < 1.0) & (np.abs(height) < 13.2)
        ring = ((side / 18.0) ** 2 + ((front + 25.0) / 14.0) ** 2 < 1.0) & (
            (side / 12.0) ** 2 + ((front + 25.0) / 8.5) ** 2 > 1.0
        )
        ring &= (np.abs(side) > 12.0) | (front < -33.0)
        arch = ring & (front < -14.0) & (np.abs(height + 2.0) < 9.0)
        process = (np.abs(side) < 3.5) & (front < -35.0) & (front > -62.0) & (np.abs(height + 8.0) < 8.0)
        labels[body | arch | process] = number
        structures[number] = Structure("vertebra", None, level)
    up = np.array([0.0, np.sin(np.deg2rad(tilts_deg[-1] + 20.0)), np.cos(np.deg2rad(tilts_deg[-1] + 20.0))])
    center = center - 0.5 * STEP_MM * (frames[-1].up + up)
    left = np.array([-1.0, 0.0, 0.0])
    sacrum = VertebraFrame("S1", center, left, np.cross(left, up), up, 23.0, -16.0, 16.0, -15.0, 15.0)
    local = sacrum.local(points)
    inside = (np.abs(local[:, 0]) < 42.0) & (np.abs(local[:, 1]) < 16.0) & (local[:, 2] < 15.0) & (local[:, 2] > -45.0)
    labels[inside & (labels == 0)] = 9
    structures[9] = Structure("sacrum")
    return AnatomyMap(Image(labels.reshape(shape), geometry), structures), frames, sacrum


def test_the_vertebrae_of_a_map_are_turned_to_their_endplates() -> None:
    anatomy, frames, sacrum = drawn_map((-6.0, 0.0, 8.0, 22.0))
    fine = finer_spine(anatomy, find_spine(anatomy))
    for own, true in zip(fine.frames, frames, strict=True):
        assert np.rad2deg(np.arccos(np.clip(own.up @ true.up, -1, 1))) < 4.0, own.level
        assert abs(own.back_mm - true.back_mm) < 3.0
    assert fine.sacrum is not None
    assert np.rad2deg(np.arccos(fine.sacrum.up @ sacrum.up)) < 6.0
    top = sacrum.at(np.array([0.0, 0.0, 15.0]))
    assert np.linalg.norm(fine.sacrum.at(np.array([0.0, 0.0, fine.sacrum.top_mm])) - top) < 5.0


def plan() -> BodyPlan:
    return BodyPlan(np.zeros(3), np.array([-1.0, 0.0, 0.0]), "symmetry plane")


def test_the_sites_of_a_map_lie_in_its_bones() -> None:
    anatomy, frames, _ = drawn_map((-6.0, 0.0, 8.0, 22.0))
    found = find_sites(Group.LOW_BACK, plan(), anatomy.image, None, anatomy)
    sites = by_name(list(found.sites))
    for true in frames:
        middle = true.at(np.array([0.0, -48.0, -8.0]))
        assert np.linalg.norm(sites[f"spinous process {true.level}"].center_ras - middle) < 6.0
        assert np.linalg.norm(sites[f"vertebral body {true.level}"].center_ras - true.center_ras) < 3.0
    assert sites["disc L4/L5"].source == SiteSource.SEGMENTATION


def test_a_map_in_a_frame_of_its_own_gives_the_sites_in_the_reference_frame() -> None:
    anatomy, _, _ = drawn_map((-6.0, 0.0, 8.0, 22.0))
    matrix = turn(6.0, 0)
    moved = AnatomyMap(anatomy.image, anatomy.structures, frame_to_map_ras=matrix)
    usual = by_name(list(find_sites(Group.LOW_BACK, plan(), anatomy.image, None, anatomy).sites))
    wide = Image(anatomy.image.array, anatomy.image.geometry.moved(np.linalg.inv(matrix)))
    found = by_name(list(find_sites(Group.LOW_BACK, plan(), wide, None, moved).sites))
    for name in ("disc L4/L5", "right facet joint L3/L4", "sacrum"):
        wanted = site_moved(usual[name], np.linalg.inv(matrix)).center_ras
        assert np.allclose(found[name].center_ras, wanted, atol=1e-6), name


def test_a_map_whose_levels_contradict_the_mr_is_followed_with_less_certainty() -> None:
    anatomy, frames, _ = drawn_map((-6.0, 0.0, 8.0, 22.0))
    other = [replace(own, level=level) for own, level in zip(frames, ("L1", "L2", "L3", "L4"), strict=True)]
    found = find_sites(Group.LOW_BACK, plan(), anatomy.image, Spine(tuple(other)), anatomy)
    assert found.level_certainty == "uncertain"
    assert "L5 of the segmentation is L4 on the MR" in found.notes[0]
    assert all(site.level_certainty == "uncertain" for site in found.sites if site.level)
    weak = Spine(tuple(other), level_certainty="uncertain")
    assert find_sites(Group.LOW_BACK, plan(), anatomy.image, weak, anatomy).level_certainty == "likely"
    apart = Spine(tuple(replace(frame, center_ras=frame.center_ras + np.array([0.0, 10.0, 0.0])) for frame in other))
    doubtful = find_sites(Group.LOW_BACK, plan(), anatomy.image, apart, anatomy)
    assert doubtful.level_certainty == "uncertain"
    same = find_sites(Group.LOW_BACK, plan(), anatomy.image, Spine(tuple(frames)), anatomy)
    assert same.level_certainty == "certain"
    assert same.notes == ()


def test_only_the_process_of_a_vertebra_in_view_does_not_tilt_its_neighbor() -> None:
    anatomy, frames, _ = drawn_map((-10.0, -4.0, 4.0, 16.0))
    array = anatomy.image.array.copy()
    points = anatomy.image.geometry.to_ras(np.argwhere(np.ones(array.shape))[:, ::-1])
    above = VertebraFrame(
        "L1",
        frames[0].at(np.array([0.0, 0.0, STEP_MM])),
        frames[0].left,
        frames[0].front,
        frames[0].up,
        23,
        -16,
        16,
        -13,
        13,
    )
    local = above.local(points)
    process = (
        (np.abs(local[:, 0]) < 4.0) & (local[:, 1] < -30.0) & (local[:, 1] > -62.0) & (np.abs(local[:, 2] + 8.0) < 8.0)
    )
    array.reshape(-1)[process] = 12
    cut = AnatomyMap(
        Image(array, anatomy.image.geometry), {**anatomy.structures, 12: Structure("vertebra", None, "L1")}
    )
    spine = find_spine(cut)
    assert [own.level for own in spine.frames] == ["L2", "L3", "L4", "L5"]
    assert np.rad2deg(np.arccos(spine.frames[0].up @ frames[0].up)) < 12.0


def test_bone_beside_a_sacroiliac_joint_belongs_to_it_and_bone_beside_a_lamina_does_not() -> None:
    half = np.array([6.0, 15.0, 24.0])
    joint = Site("right sacroiliac joint", "sacroiliac joint", "right", None, np.zeros(3), np.eye(3), half, 1)
    lamina = Site("right lamina L5", "lamina", "right", "L5", np.zeros(3), np.eye(3), half, 1)
    for away, at_joint, at_lamina in ((8.0, True, True), (12.0, True, False), (15.0, False, False)):
        place = np.array([away, 0.0, 0.0])
        assert (site_at(place, [joint])[0] is joint) == at_joint
        assert (site_at(place, [lamina])[0] is lamina) == at_lamina


def test_a_place_beside_the_upper_half_of_a_long_joint_belongs_to_it() -> None:
    half = np.array([6.0, 15.0, 24.0])
    joint = Site("right sacroiliac joint", "sacroiliac joint", "right", None, np.zeros(3), np.eye(3), half, 1)
    assert site_at(np.array([8.0, 5.0, 20.0]), [joint])[0] is joint
    assert site_at(np.array([8.0, 5.0, 40.0]), [joint])[0] is None
