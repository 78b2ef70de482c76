"""A weak sign confirms another only where its own maximum lies in it."""

from __future__ import annotations

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.joining import confirms
from PainGeneratorLib.Numerics.fusion.reading import Reading

PET = Geometry((40, 50, 60), np.array([[-2.0, 0, 0, 60], [0, -2.0, 0, 50], [0, 0, 2.0, -40], [0, 0, 0, 1.0]]))
MR = Geometry((80, 100, 120), np.array([[-1.0, 0, 0, 60], [0, -1.0, 0, 50], [0, 0, 1.0, -40], [0, 0, 0, 1.0]]))
HERE = (20.0, 0.0, 0.0)


def ball(geometry: Geometry, center: tuple[float, float, float], radius: float) -> Region:
    points = geometry.flat_to_ras(np.arange(geometry.size))
    return Region(geometry, np.flatnonzero(np.linalg.norm(points - center, axis=1) <= radius))


def weak_spot(
    peak: tuple[float, float, float] = HERE, tbr: float | None = 1.5, radius: float = 5.0, flag: str = "weak-uptake"
) -> HotSpot:
    region = ball(PET, peak, radius)
    return HotSpot(
        label=1, region=region, centroid_ras_mm=region.centroid_ras_mm, peak_ras_mm=np.array(peak), suv_max=1.8,
        suv_peak=1.5, suv_mean=1.4, mtv_ml=region.volume_ml, tlg_g=1.0, background=1.0, reference=1.0,
        reference_name="marrow", tbr=tbr, left_right_ratio=None, contour_method="adaptive", contour_threshold=1.2,
        flags=[flag],
    )  # fmt: skip


def edema(grade: float = 1.0, radius: float = 6.0) -> MRFinding:
    region = ball(MR, HERE, radius)
    return MRFinding(1, "oedema", region, region.centroid_ras_mm, region.volume_ml, 9.0, -2.0, "FLUID", grade)


def read(**signs: list) -> Reading:
    return fuse(Signs(**signs), lambda _region: Place("right pedicle L4", "pedicle", "right", "L4"), facts())


def evidence(**signs: list) -> set[str]:
    reading = read(**signs)
    return {one.evidence for one in (*reading.candidates, *reading.set_apart) if one.mr_findings}


def test_a_weak_spot_with_its_maximum_in_an_mr_finding_confirms_it() -> None:
    assert evidence(findings=[edema()], weak_spots=[weak_spot()]) == {"PET+MR"}


def test_a_weak_spot_that_only_touches_an_mr_finding_does_not_confirm_it() -> None:
    beside = weak_spot((32.0, 0.0, 0.0), radius=6.0)
    assert evidence(findings=[edema()], weak_spots=[beside]) == {"MR only"}


@pytest.mark.parametrize("tbr", [1.0, 1.19, None])
def test_a_weak_spot_that_is_not_raised_against_its_own_reference_confirms_nothing(tbr: float | None) -> None:
    assert evidence(findings=[edema()], weak_spots=[weak_spot(tbr=tbr)]) == {"MR only"}


@pytest.mark.parametrize(("away", "expected"), [(6.0, True), (8.0, True), (9.5, False)])
def test_the_maximum_may_lie_one_voxel_of_the_pet_outside_the_finding(away: float, expected: bool) -> None:
    assert confirms(weak_spot((HERE[0] + away, 0.0, 0.0)), edema(), 1.2) is expected


def test_a_finding_that_a_weak_spot_merely_overlaps_is_free_to_join_a_clear_spot_beside_it() -> None:
    clear = weak_spot((32.0, 0.0, 0.0), tbr=2.5, radius=5.0, flag="level-likely")
    weak = weak_spot((10.0, 0.0, 0.0), radius=8.0)
    reading = read(spots=[clear], findings=[edema()], weak_spots=[weak])
    (both,) = [one for one in reading.candidates if one.mr_findings]
    assert both.evidence == "PET+MR"
    assert both.hot_spots == [clear]


@pytest.mark.parametrize(
    ("peak", "radius", "expected"),
    [((20.0, 0.0, 0.0), 5.0, "PET+MR"), ((29.0, 0.0, 0.0), 9.0, "PET+MR"), ((33.0, 0.0, 0.0), 8.0, "MR only")],
)
def test_a_weak_mr_finding_counts_only_where_it_lies_at_the_hot_spot(
    peak: tuple[float, float, float], radius: float, expected: str
) -> None:
    spot = weak_spot(peak, tbr=2.5, radius=radius, flag="level-likely")
    assert evidence(spots=[spot], weak_findings=[edema(0.33)]) == {expected}


def test_a_weak_mr_finding_without_uptake_is_set_apart_and_says_so() -> None:
    faint = edema(0.33)
    faint.flags.append("weak")
    reading = read(weak_findings=[faint])
    assert reading.candidates == []
    (one,) = reading.set_apart
    assert one.mr_findings == [faint]
    assert "Too faint" in one.reason


def test_a_weak_mr_finding_that_counts_with_a_hot_spot_is_listed_once() -> None:
    reading = read(spots=[weak_spot(tbr=2.5, flag="level-likely")], weak_findings=[edema(0.33)])
    assert len([*reading.candidates, *reading.set_apart, *reading.attention]) == 1
