"""A body of simple form with one candidate, for tests of targets: every distance in it can be worked out by hand."""

from __future__ import annotations

import dataclasses
import functools
from types import SimpleNamespace
from typing import Any

import numpy as np
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region, ball
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, Place
from PainGeneratorLib.Numerics.core.sites import SiteTable
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.stages import Alignment
from PainGeneratorLib.Workflow.targets import TargetFinder

BACK_MM = 90.0
"""The back is a plane this far behind the origin, mm."""
SIDE_MM = 150.0
"""Half the width of the body, mm."""
MR_EDGE_MM, PET_EDGE_MM = 3.0, 4.0
"""Voxel edges of MR and PET, mm."""


HALF_MM = (168.0, 120.0, 60.0)
"""Half the extent of all images, mm."""


def box_grid(spacing: float, half: tuple[float, float, float] = HALF_MM) -> Geometry:
    """A grid along the axes of the patient about the origin."""
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    matrix[:3, 3] = -np.array(half)
    right, front, up = (round(2 * n / spacing) + 1 for n in half)
    return Geometry((up, front, right), matrix)


def body_mask(geometry: Geometry) -> np.ndarray:
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape((*geometry.shape, 3))
    inside: np.ndarray = (np.abs(points[..., 0]) < SIDE_MM) & (np.abs(points[..., 1]) < BACK_MM)
    return inside


@functools.cache
def mr_image() -> Image:
    geometry = box_grid(MR_EDGE_MM)
    rng = np.random.default_rng(5)
    signal = 200.0 * body_mask(geometry) + rng.normal(0.0, 5.0, geometry.shape)
    return Image(np.abs(signal).astype(np.float32), geometry)


@functools.cache
def suv_image(back_off: float = 0.0) -> Image:
    geometry = box_grid(PET_EDGE_MM)
    moved = Geometry(geometry.shape, geometry.ijk_to_ras + np.outer([0, back_off, 0, 0], [0, 0, 0, 1.0]))
    return Image((0.6 * body_mask(moved)).astype(np.float32), geometry)


def aligned(role: str = "PET", verdict: str = "aligned", spread: float | None = 0.4, **evidence: float) -> Any:
    """An alignment that shifts by (3, -2, 5) mm."""
    matrix = np.eye(4)
    matrix[:3, 3] = (3.0, -2.0, 5.0)
    return SeriesAlignment(
        role, matrix, np.eye(4), "registered", verdict, None, False, 6.2, 0.0, spread, None, None, dict(evidence)
    )


def candidate(
    structure: str = "facet joint",
    side: str = "left",
    center: tuple[float, float, float] = (-20.0, -30.0, 5.0),
    level: str | None = "L4/L5",
    **fields: Any,
) -> Candidate:
    """A candidate with a ball of 6 mm as its outline."""
    grid = box_grid(MR_EDGE_MM)
    region = Region(grid, ball(grid, np.array(center), 6.0))
    at = region.centroid_ras_mm
    spot = HotSpot(1, region, at, at, 4.0, 3.0, 2.0, 1.0, 2.0, 1.0, 1.0, "muscle", 3.0, None, "a50p", 1.5)
    place = Place(f"{side} {structure} {level}", structure, side, level)
    one = Candidate("PG-01", 1, 12.0, place, "PET", region, at, 1.0, hot_spots=[spot])
    return dataclasses.replace(one, **fields)


def anatomy(**boxes: tuple[tuple[float, float, float], tuple[float, float, float]]) -> AnatomyMap:
    """Boxes from a lower to an upper corner, RAS mm, by the name of the structure (``_`` for a space)."""
    geometry = box_grid(MR_EDGE_MM)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape((*geometry.shape, 3))
    labels = np.zeros(geometry.shape, dtype=np.uint16)
    structures = {}
    for number, (name, (low, high)) in enumerate(boxes.items(), start=1):
        labels[np.all((points >= low) & (points <= high), axis=-1)] = number
        structures[number] = Structure(name.replace("_", " "))
    return AnatomyMap(Image(labels, geometry), structures)


def finder(
    map_of: AnatomyMap | None = None,
    alignment: Any = None,
    settings: dict[str, str] | None = None,
    suv: Image | None = None,
) -> TargetFinder:
    """A finder of targets over the body; the PET is off by the shift of :func:`aligned`."""
    mr = mr_image()
    pet = suv_image() if suv is None else suv
    given = aligned() if alignment is None else alignment
    pet = Image(pet.array, pet.geometry.moved(given.reference_to_series_ras))
    series = {
        "T1": SimpleNamespace(image=mr, modality="MR", label="3 t1_tse"),
        "PET": SimpleNamespace(image=pet, modality="PT", label="1 PET"),
    }
    case = SimpleNamespace(
        series=series, reference_role="T1", protocol=load_protocol("low-back").with_values(settings or {})
    )
    plan = BodyPlan(np.zeros(3), np.array([-1.0, 0.0, 0.0]), "symmetry plane")
    tissues = Image(np.zeros(mr.geometry.shape, dtype=np.uint8), mr.geometry)
    found = SimpleNamespace(
        plan=plan, measured_sites=SiteTable(), mr=SimpleNamespace(tissues=tissues), hot_spots=[], candidates=[]
    )
    of_case: Any = case
    of_found: Any = found
    of_suv: Any = SimpleNamespace(image=pet)
    return TargetFinder(of_case, of_suv, Alignment({"PET": given}), of_found, map_of)
