"""Small parts of the session: what is missing for SUV, volumes under transforms, values at a place."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Headless.host import HeadlessHost
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.suv.factors import PetHeader
from PainGeneratorLib.Scene import nodes
from PainGeneratorLib.Scene.volumes_in_scene import VolumeFacts, lies_under_a_warp, own_frame_image
from PainGeneratorLib.Session.pet_source import pet_source, suv_line
from PainGeneratorLib.Session.remeasure import values_at
from PainGeneratorLib.Workflow.case import CaseOptions

GRID = Geometry((4, 5, 6), np.array([[-2.0, 0, 0, 20], [0, -2.5, 0, 30], [0, 0, 3.0, -15], [0, 0, 0, 1.0]]))
VOLUME = VolumeFacts("n1", "pet", (), {}, None, GRID, (0.0, 5.0))


def missing(**header) -> tuple[str, ...]:
    return pet_source(VOLUME, PetHeader(4, modality="PT", **header), "auto", CaseOptions(), None).missing


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"units": "GML"}, ()),
        ({"units": "GML", "suv_type": "LBM"}, ("weight", "height")),
        ({"units": "CM2ML", "weight_kg": 70.0}, ("height",)),
        ({"units": "CNTS", "philips_suv_factor": np.full(4, 0.001)}, ()),
        ({"units": "BQML", "dose": 3e8}, ("weight", "injection time")),
        ({"units": "BQML", "dose": 3e8, "weight_kg": 70.0, "decay_correction": "ADMIN"}, ()),
    ],
)
def test_only_what_the_unit_needs_is_called_missing(header, expected):
    assert missing(**header) == expected


def test_a_header_that_cannot_give_suv_says_why_instead_of_asking():
    source = pet_source(VOLUME, PetHeader(4, modality="PT", units="GML"), "auto", CaseOptions(), None)
    line = suv_line(source, CaseOptions(), 4, None)
    assert (line.is_known, line.missing) == (False, [])
    assert "attenuation-corrected" in line.text


def test_values_at_a_place_are_interpolated_and_unknown_outside():
    array = np.arange(120, dtype=np.float32).reshape(4, 5, 6)
    image = Image(array, GRID)
    between = GRID.to_ras(np.array([1.5, 2.0, 1.0]))
    assert values_at({"T1": image}, between)["T1"] == pytest.approx((array[1, 2, 1] + array[1, 2, 2]) / 2)
    assert values_at({"T1": image}, GRID.to_ras(np.array([5.0, 4.0, 3.0])))["T1"] == pytest.approx(array[3, 4, 5])
    assert values_at({"T1": image}, np.array([500.0, 0, 0]))["T1"] is None


@pytest.mark.scene
def test_a_volume_in_its_own_frame_has_the_users_transforms_and_not_ours():
    own, ours = np.eye(4), np.eye(4)
    own[:3, 3], ours[:3, 3] = (7.0, -3.0, 2.0), (100.0, 50.0, 25.0)
    with HeadlessHost() as host:
        volume = nodes.add_volume(host.scene, Image(np.ones(GRID.shape, np.int16), GRID), "t1")
        alone, _ = own_frame_image(volume)
        assert alone.geometry.is_same_grid(GRID)
        assert alone.array.dtype == np.float32
        upper = nodes.add_transform(host.scene, ours, "ours")
        lower = nodes.add_transform(host.scene, own, "the user's")
        volume.SetAndObserveTransformNodeID(lower.GetID())
        moved, warnings = own_frame_image(volume, upper)
        assert moved.geometry.is_same_grid(GRID.moved(own))
        lower.SetAndObserveTransformNodeID(upper.GetID())
        again, _ = own_frame_image(volume, upper)
        assert again.geometry.is_same_grid(GRID.moved(own))
        in_world, _ = own_frame_image(volume)
        assert in_world.geometry.is_same_grid(GRID.moved(ours @ own))
        assert warnings == []
        assert not lies_under_a_warp(volume)
