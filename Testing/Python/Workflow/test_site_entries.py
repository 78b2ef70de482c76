"""Sites without a focus of their own in the stage "fusion": their entries lie in the frame of the reference series."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteTable
from PainGeneratorLib.Numerics.fusion.own_kind import SITE_METHOD
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Numerics.mr.implant import ImplantResult
from PainGeneratorLib.Numerics.pet.detector import HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.finding import PetSigns, fuse_found
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.stages import Alignment
from scipy import ndimage
from small_sites import lumbar_sites, measured, painted

MUSCLE = "right multifidus L3/L4"
MOVED = np.array([[1.0, 0, 0, 7.0], [0, 1.0, 0, -4.0], [0, 0, 1.0, 11.0], [0, 0, 0, 1.0]])
"""From the reference frame to the PET."""


def named(sites: list[Site], region: Region) -> Place:
    """The place of a region: the site in which its middle lies most."""
    one = min(sites, key=lambda place: float(place.radius(region.centroid_ras_mm)))
    return Place(one.name, one.structure, one.side, one.level)


def read(
    suv_of_muscle: float, *, sensitivity: float = 1.4, aligned: bool = True, with_detector: bool = True
) -> Reading:
    """The reading of a PET with one raised muscle that detection did not keep."""
    sites = lumbar_sites()
    pet = painted({MUSCLE: suv_of_muscle}, sites)
    sigma = 5.0 / 2.355 / np.array(pet.geometry.spacing_kji_mm)
    pet = Image(ndimage.gaussian_filter(pet.array, sigma, mode="nearest").astype(np.float32), pet.geometry)
    rows = tuple(measured(sites, pet).values())
    protocol = load_protocol("low-back").with_values({"hot_spots.sensitivity": sensitivity})
    suv = SimpleNamespace(image=Image(pet.array, Geometry(pet.geometry.shape, MOVED @ pet.geometry.ijk_to_ras)))
    verdict = "aligned" if aligned else "not aligned"
    series = SeriesAlignment("PET", MOVED, MOVED, "landmarks", verdict, None, False, 0.0, 0.0, None, None, None)
    case = SimpleNamespace(
        protocol=protocol,
        options=CaseOptions(group="low-back"),
        group="low-back",
        series={},
        patient={},
        reference=SimpleNamespace(image=pet),
    )
    detector = HotSpotDetector(suv.image, protocol.stage("hot_spots", HotSpotParameters))
    return fuse_found(
        case,
        suv,
        Alignment({"PET": series}),
        SimpleNamespace(findings=[], weak=[], usual=[], z_maps={}, implant=ImplantResult()),
        PetSigns([], [], []),
        lambda region: named(sites, region),
        SiteTable(rows),
        detector if with_detector else None,
    )


def entries(reading: Reading) -> list[Candidate]:
    return [*reading.candidates, *reading.set_apart]


def test_a_site_that_stands_out_without_a_focus_is_an_entry_at_its_place_in_the_reference_frame() -> None:
    (entry,) = entries(read(1.5))
    assert entry.hot_spots[0].contour_method == SITE_METHOD
    muscle = next(one for one in lumbar_sites() if one.name == MUSCLE)
    assert float(muscle.radius(entry.centroid_ras_mm)) < 0.5
    assert np.linalg.norm(entry.hot_spots[0].peak_ras_mm - muscle.center_ras) < 9.0
    assert any(line.sign == "without_focus" and line.points < 0 for line in entry.ledger)


def test_healthy_sites_are_no_entries() -> None:
    assert entries(read(1.0)) == []


@pytest.mark.parametrize("changed", [{"aligned": False}, {"with_detector": False}, {"sensitivity": 3.0}])
def test_no_site_is_an_entry_without_its_pet_or_at_a_setting_that_asks_for_more(changed: dict) -> None:
    assert entries(read(1.5, **changed)) == []
