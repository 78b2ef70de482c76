"""Bright places at hips told by what surrounds them, and the noise below which nothing was received."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import MRFinding
from PainGeneratorLib.Numerics.mr.bright import BrightPart
from PainGeneratorLib.Numerics.mr.hip import _at_hip, bright_halo, hip_doubt
from PainGeneratorLib.Numerics.mr.implant import no_signal


def test_no_signal_is_never_below_the_noise_in_the_air():
    rng = np.random.default_rng(1)
    body = np.zeros((10, 20, 20), dtype=bool)
    body[:, 5:15, 5:15] = True
    noise = np.hypot(*rng.normal(0.0, 0.03, (2, *body.shape))).astype(np.float32)
    array = np.where(body, np.float32(0.2), noise)
    assert no_signal(array, body, 0.2, 0.2) > np.percentile(array[~body], 90) > 0.2 * 0.2
    assert no_signal(np.where(body, 1.0, 0.0), body, 1.0, 0.2) == 0.2


def bright_part(lengths, mean=2.0, marrow=0.1, volume_ml=4.0) -> BrightPart:
    geometry = Geometry((20, 20, 20), np.diag([2.0, 2.0, 2.0, 1.0]))
    region = Region(geometry, np.arange(int(volume_ml / geometry.voxel_volume_ml)))
    return BrightPart(region, np.array(lengths, float), np.eye(3), mean, 1.3 * mean, 0.9, marrow, 0.0, 0.0, 0.5)


def test_fluid_beside_either_hip_joint_is_an_effusion_and_elsewhere_it_is_none():
    fluid = bright_part((21, 19, 15), mean=2.6)
    assert _at_hip(fluid, 18.0, 150.0) == ("effusion or synovitis", True)
    assert _at_hip(fluid, 164.0, 18.0) == ("effusion or synovitis", True)
    assert _at_hip(fluid, 100.0, 90.0) == (None, False)


def test_thick_fluid_beside_the_hips_or_within_muscle_is_a_collection_and_a_trace_in_a_bursa_is_none():
    fluid, trace = bright_part((33, 25, 21), mean=3.0), bright_part((29, 20, 6), mean=2.3, volume_ml=1.9)
    assert _at_hip(fluid, 50.0, 229.0, is_lateral=True) == ("fluid collection or bursitis", True)
    assert _at_hip(fluid, 50.0, 229.0) == (None, False)
    assert _at_hip(fluid, 150.0, 229.0, is_lateral=True) == (None, False)
    assert _at_hip(trace, 26.0, 207.0, is_lateral=True)[0] != "oedema"
    within = dataclasses.replace(bright_part((38, 30, 26), volume_ml=21.0), muscle=0.9)
    assert _at_hip(within, 155.0, 28.0) == ("oedema", True)


def test_a_piece_of_a_great_vessel_is_no_oedema_but_a_sheet_beside_the_stem_is():
    assert _at_hip(bright_part((34, 12, 12)), 18.0) == (None, False)
    assert _at_hip(bright_part((34, 14, 7)), 18.0) == ("oedema", True)


def test_far_from_the_hips_what_lies_in_bone_behind_them_is_oedema_unless_it_is_as_long_as_bowel():
    bright = bright_part((24, 20, 15), mean=2.4, marrow=0.5)
    assert _at_hip(bright, 64.0, is_behind=True) == ("oedema", True)
    assert _at_hip(bright, 64.0, is_behind=False) == (None, False)
    assert _at_hip(bright_part((150, 38, 20), marrow=0.5), 64.0) == (None, False)


def work_with_implant() -> SimpleNamespace:
    """What the rules read of a work: an implant of 16 mm across in a body of 160 mm, voxels of 4 mm."""
    geometry = Geometry((40, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0]))
    void = np.zeros(geometry.shape, dtype=bool)
    void[10:30, 18:22, 18:22] = True
    body = np.ones(geometry.shape, dtype=bool)
    surroundings = SimpleNamespace(geometry=geometry, body=body)
    return SimpleNamespace(surroundings=surroundings, implant=Region.from_mask(void, geometry))


def finding_at(
    picture: SimpleNamespace, i: int, kind: str = "oedema", volume_ml: float = 4.0, *flags: str
) -> MRFinding:
    mask = np.zeros(picture.surroundings.geometry.shape, dtype=bool)
    mask[18:22, 18:22, i : i + 3] = True
    region = Region.from_mask(mask, picture.surroundings.geometry)
    return MRFinding(1, kind, region, region.centroid_ras_mm, volume_ml, 5.0, None, "FLUID", 0.66, list(flags))


@pytest.mark.parametrize(("reach", "is_halo"), [(2, False), (14, True)])
def test_a_bright_ring_of_most_of_the_surroundings_is_the_metals(reach: int, is_halo: bool) -> None:
    picture = work_with_implant()
    bright = np.zeros(picture.surroundings.geometry.shape, dtype=bool)
    bright[10 : 10 + reach, 15:25, 15:25] = True
    assert bright_halo(picture, bright) is is_halo


def test_in_a_halo_only_clear_fluid_counts_near_the_implant_and_far_from_it_all() -> None:
    picture = work_with_implant()
    doubtful = hip_doubt(picture, np.ones(picture.surroundings.geometry.shape, dtype=bool))
    assert doubtful(finding_at(picture, 23))
    assert not doubtful(finding_at(picture, 23, "fluid collection or bursitis"))
    assert doubtful(finding_at(picture, 23, "fluid collection or bursitis", 1.0))
    assert not doubtful(finding_at(picture, 35))


def test_without_a_halo_small_and_cut_off_places_are_in_doubt() -> None:
    picture = work_with_implant()
    doubtful = hip_doubt(picture, np.zeros(picture.surroundings.geometry.shape, dtype=bool))
    assert not doubtful(finding_at(picture, 23))
    assert doubtful(finding_at(picture, 23, "oedema", 0.4))
    assert doubtful(finding_at(picture, 23, "oedema", 4.0, "truncated"))
    assert not doubtful(finding_at(picture, 23, "effusion or synovitis", 4.0, "truncated"))
