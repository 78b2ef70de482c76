"""What the spinal canal and the place say of uptake beside and in front of the spine, and how a context is made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import HotSpot
from PainGeneratorLib.Numerics.pet.organ_places import FocusContext, focus_context
from PainGeneratorLib.Numerics.pet.physiologic import physiologic_verdict
from physiologic_contexts import PARAMETERS, focus

BESIDE_CANAL = {
    "typical_suv": 0.6,
    "rich_suv": 1.2,
    "suv_max": 2.4,
    "suv_peak": 1.8,
    "volume_ml": 1.2,
    "cluster_ml": 1.2,
}


def rule(side: float, front: float, **more: Any) -> str:
    """Name of the rule for a focus beside the spinal canal, high above the hips."""
    place = {"side": side, "front": front, "depth": 0.35, "above_bladder": 150.0, "is_in_trunk": True}
    return physiologic_verdict(focus(**BESIDE_CANAL | place | more))[0]


@pytest.mark.parametrize(
    ("side", "front", "expected"),
    [
        (18.0, -8.0, "vertebral-body"),
        (0.0, -40.0, "posterior-elements"),
        (20.0, 25.0, "vertebral-body"),
        (0.0, 44.0, "vertebral-body"),
        (45.0, -25.0, "posterior-elements"),
    ],
)
def test_joints_processes_and_bodies_are_of_the_spine(side: float, front: float, expected: str) -> None:
    assert rule(side, front) == expected


@pytest.mark.parametrize(
    ("side", "front", "expected"),
    [(30.0, 44.0, "organ-before-spine"), (0.0, 60.0, "organ-before-spine"), (45.0, 30.0, "organ-beside-spine")],
)
def test_beside_and_before_the_rounded_front_of_a_body_lie_organs(side: float, front: float, expected: str) -> None:
    assert rule(side, front) == expected


def test_thin_hot_uptake_beside_a_body_is_a_ureter_even_where_the_body_may_reach() -> None:
    thin, joint = {"suv_max": 5.4, "suv_peak": 2.5}, {"suv_max": 5.4, "suv_peak": 3.9}
    assert rule(29.0, 32.0, **thin) == "ureter-thin"
    assert rule(29.0, 32.0, **joint) == "vertebral-body"
    assert rule(18.0, 8.0, **thin) == "vertebral-body"


def test_at_the_height_of_the_sacrum_a_hot_sacroiliac_joint_is_no_kidney() -> None:
    hot = {"suv_max": 5.1, "suv_peak": 3.7}
    assert rule(55.0, 20.0, is_at_sacrum=True, **hot) == "sacroiliac-joint"
    assert rule(55.0, 20.0, **hot) == "organ-beside-spine"
    assert rule(55.0, 45.0, is_at_sacrum=True, **hot) == "organ-beside-spine"


def test_in_front_of_the_femoral_heads_only_the_midline_may_be_bone() -> None:
    at_hips = {"above_bladder": 10.0, "suv_max": 1.0}
    assert rule(90.0, 120.0, **at_hips) == "before-hips"
    for place in ({"side": 40.0, "front": 120.0}, {"side": 90.0, "front": 70.0}):
        assert (
            physiologic_verdict(focus(**BESIDE_CANAL | at_hips | place | {"is_in_trunk": True, "depth": 0.35})) is None
        )
    assert rule(90.0, 120.0, is_in_trunk=False, **at_hips) == "midline-unknown"


def test_thin_hot_uptake_in_the_pelvis_is_a_ureter_medial_of_the_hip_joints_only() -> None:
    def in_pelvis(side: float, **more: Any) -> bool:
        place = {"side": side, "depth": 0.5, "above_bladder": 20.0, "is_in_trunk": True}
        found = physiologic_verdict(focus(**BESIDE_CANAL | {"suv_max": 6.7, "suv_peak": 2.7} | place | more))
        return found is not None and found[0] == "ureter-in-pelvis"

    assert in_pelvis(52.0)
    assert not in_pelvis(52.0, suv_peak=4.8)
    assert not in_pelvis(52.0, suv_max=2.6, suv_peak=1.2)
    assert not in_pelvis(85.0)
    assert not in_pelvis(56.0, is_near_implant=True)
    assert in_pelvis(40.0, is_near_implant=True)


def test_a_mass_at_the_bladders_height_is_urine_also_where_a_t1_calls_it_marrow() -> None:
    mass = {"suv_max": 11.0, "suv_peak": 10.0, "volume_ml": 140.0, "tissue": tissues.MARROW}
    at = {"side": 2.0, "depth": 0.7, "above_bladder": 1.0, "is_in_trunk": True}
    assert physiologic_verdict(focus(**mass | at))[0] == "bladder"
    assert physiologic_verdict(focus(**mass | at | {"above_bladder": 120.0}))[0] == "bone-or-disc"
    assert physiologic_verdict(focus(**mass | at | {"volume_ml": 2.0}))[0] == "bone-or-disc"


def test_organs_alike_on_both_sides_are_usual_unless_the_other_levels_are_lower() -> None:
    alike = {"tbr": 1.5, "left_right_ratio": 1.05, "mirrored_suv": 1.7, "reference_suv": 0.8, "side": 40.0}
    alike |= {"front": 60.0, "depth": 0.65, "is_in_trunk": True}
    assert physiologic_verdict(focus(**BESIDE_CANAL | alike))[0] == "sides-alike"
    other = physiologic_verdict(focus(**BESIDE_CANAL | alike | {"level_ratio": 1.7}))
    assert other is None or other[0] != "sides-alike"


@pytest.mark.parametrize("height", [{"is_at_sacrum": True}, {"above_sacrum": 10.0}, {"above_bladder": 60.0}])
def test_a_focus_in_marrow_of_the_iliac_wing_is_no_organ(height: dict[str, Any]) -> None:
    at = {"side": 90.0, "front": 60.0, "depth": 0.5, "is_in_trunk": True, "tissue": tissues.MARROW} | height
    assert physiologic_verdict(focus(**BESIDE_CANAL | at | {"suv_max": 5.0, "suv_peak": 3.6}))[1].text is None


@pytest.mark.parametrize("side", [55.0, 90.0])
def test_a_focus_at_a_hip_is_no_organ_where_nothing_tells_its_height(side: float) -> None:
    at = {"side": side, "depth": 0.55, "is_in_trunk": True, "is_tissue_seen": True}
    found = physiologic_verdict(focus(**at, suv_max=1.9))
    assert found is None or found[1].text is None
    assert physiologic_verdict(focus(**at, suv_max=1.2, above_bladder=120.0))[0] == "organ-without-bone"


def test_below_the_iliac_crests_no_kidney_is_looked_for() -> None:
    hot = {"suv_max": 12.0, "suv_peak": 11.0, "volume_ml": 30.0, "cluster_ml": 30.0, "side": 60.0, "front": 20.0}
    assert physiologic_verdict(focus(**hot, above_sacrum=60.0))[0] == "kidney-at-spine"
    assert physiologic_verdict(focus(**hot, above_sacrum=15.0))[0] != "kidney-at-spine"


# What the context is made of: a body that answers with fixed values, and small maps.

GRID = Geometry((16, 16, 16), np.diag([4.0, 4.0, 4.0, 1.0]))


def block(first: tuple[int, int, int] = (6, 6, 6), shape: tuple[int, int, int] = (2, 2, 5)) -> Region:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[tuple(slice(f, f + n) for f, n in zip(first, shape, strict=True))] = True
    return Region.from_mask(mask, GRID)


def context(region: Region | None = None, flags: tuple[str, ...] = (), body: Any = None, **more: Any) -> FocusContext:
    region = region or block()
    at = region.centroid_ras_mm
    measures = (5.0, None, 1.5, region.volume_ml, 1.8, 0.8, None, "muscle", None, None)
    spot = HotSpot(1, region, at, at, *measures, "adaptive", 1.2, flags=list(flags))
    unknown = SimpleNamespace(
        bladder_z=None,
        depth=lambda place: None,
        off_midline=lambda place: None,
        in_front_of_canal=lambda place: None,
        has_midline=lambda place: False,
        is_at_sacrum=lambda place: False,
        above_sacrum=lambda place: None,
    )
    given = {"cluster_ml": 3.0, "mirrored_suv": None, "tissues": None, "organs": None, "organ_names": {}} | more
    return focus_context(spot, PARAMETERS, body or unknown, typical_suv=0.5, rich_suv=1.0, **given)


def test_what_is_not_known_compares_as_false() -> None:
    found = context()
    for name in ("suv_peak", "tbr", "mirrored_suv", "left_right_ratio", "level_ratio", "depth", "side", "front"):
        assert np.isnan(getattr(found, name)), name
    assert np.isnan(found.above_bladder)
    assert found.reference_suv == 0.0
    assert (found.organ_part, found.tissue, found.has_bone_near, found.is_tissue_seen) == (0.0, 0, False, False)


def test_place_and_flags_are_taken_over() -> None:
    body = SimpleNamespace(
        bladder_z=4.0,
        depth=lambda place: 0.4,
        off_midline=lambda place: 31.0,
        in_front_of_canal=lambda place: -5.0,
        has_midline=lambda place: True,
        is_at_sacrum=lambda place: True,
        above_sacrum=lambda place: -12.0,
    )
    found = context(flags=("truncated", "near-implant"), body=body)
    assert (found.depth, found.side, found.front, found.above_bladder) == (0.4, 31.0, -5.0, 22.0)
    assert found.is_truncated
    assert found.is_near_implant
    assert found.is_in_trunk
    assert found.is_at_sacrum
    assert found.above_sacrum == -12.0
    assert (found.suv_max, found.volume_ml, found.cluster_ml) == (5.0, block().volume_ml, 3.0)


def test_the_organ_that_holds_most_of_a_focus_and_its_part_of_it() -> None:
    organs = np.zeros(GRID.shape, dtype=np.uint8)
    organs[6, 6, 6:9] = 2
    organs[6, 7, 6] = 3
    found = context(organs=organs, organ_names={2: "liver"})
    assert (found.organ, found.organ_part) == ("liver", 3 / 20)
    assert context(organs=organs).organ == "organ 2"


@pytest.mark.parametrize(("voxels", "expected"), [(7, tissues.UNKNOWN), (8, tissues.FAT), (20, tissues.FAT)])
def test_a_focus_is_of_the_tissue_of_two_fifths_of_its_voxels(voxels: int, expected: int) -> None:
    codes = np.zeros(GRID.shape, dtype=np.uint8)
    codes.reshape(-1)[block().flat[:voxels]] = tissues.FAT
    assert context(tissues=codes).tissue == expected


@pytest.mark.parametrize(
    ("row", "voxels", "code", "expected"),
    [
        (9, 2, tissues.MARROW, True),
        (9, 2, tissues.DISC, True),
        (9, 1, tissues.MARROW, False),
        (10, 4, tissues.MARROW, False),
        (9, 4, tissues.VOID, False),
    ],
)
def test_bone_within_eight_millimeters_and_a_tenth_of_a_milliliter_is_near(
    row: int, voxels: int, code: int, expected: bool
) -> None:
    codes = np.zeros(GRID.shape, dtype=np.uint8)
    codes[row, 6, 6 : 6 + voxels] = code
    assert context(tissues=codes).has_bone_near == expected


def voxels_near() -> np.ndarray:
    """Voxels within 8 mm of the block, by their distance to each of its voxels."""
    points = np.indices(GRID.shape).reshape(3, -1).T * 4.0
    gaps = np.linalg.norm(points[:, None] - points[block().flat][None], axis=-1).min(axis=1)
    return np.flatnonzero(gaps <= 8.0)


@pytest.mark.parametrize(
    ("unknown", "muscle", "expected"), [(0.5, 0.0, True), (0.52, 0.0, False), (0.0, 0.19, True), (0.0, 0.21, False)]
)
def test_the_surroundings_are_seen_where_half_is_known_and_less_than_a_fifth_is_muscle(
    unknown: float, muscle: float, expected: bool
) -> None:
    near = voxels_near()
    codes = np.zeros(GRID.size, dtype=np.uint8)
    codes[near] = tissues.FAT
    codes[near[: int(unknown * near.size)]] = tissues.UNKNOWN
    codes[near[: int(muscle * near.size)]] = tissues.MUSCLE
    assert context(tissues=codes.reshape(GRID.shape)).is_tissue_seen == expected


def test_length_width_and_tilt_of_a_tube_along_the_body() -> None:
    found = context(block((2, 6, 6), (12, 2, 2)))
    assert found.length_mm == pytest.approx(48.0, rel=0.02)
    assert found.width_mm == pytest.approx(8.0, rel=0.06)
    assert found.tilt_deg == pytest.approx(0.0, abs=0.1)
    assert found.is_tube
    assert context(block((6, 6, 2), (2, 2, 12))).tilt_deg == pytest.approx(90.0, abs=0.1)
    assert np.isnan(context(block((6, 6, 6), (1, 1, 5))).length_mm)
    assert not np.isnan(context(block((6, 6, 6), (1, 1, 6))).length_mm)


def test_a_line_without_discs_has_to_be_clear_to_be_a_spine() -> None:
    points = np.array([[0.0, 0.0, -60.0], [0.0, 0.0, 60.0]])
    assert not SpineLine(points, 0.55, 0.55).is_sure
    assert SpineLine(points, 0.9, 0.9).is_sure
    assert SpineLine(points, 0.55, 0.55, np.array([40.0, 80.0]), np.zeros(2)).is_sure
