"""A small made-up low-back case for the tests of the report: asymmetric in every direction, nothing of a patient."""

from __future__ import annotations

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Report.content import ReportCase, ReportContent
from PainGeneratorLib.Report.key_images import KeyImageInputs
from scipy import ndimage

MR_ORIGIN = (60.0, 105.0, 1100.0)


def mr_geometry() -> Geometry:
    """A sagittal MR: slices 4 mm apart from right to left, 1.25 mm in plane, slightly oblique."""
    angle = np.radians(6.0)
    columns = np.array([0.0, -np.cos(angle), -np.sin(angle)]) * 1.25  # i runs to the back
    rows = np.array([0.0, np.sin(angle), -np.cos(angle)]) * 1.25  # j runs to the feet
    slices = np.array([-1.0, 0.0, 0.0]) * 4.0  # k runs to the left
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([columns, rows, slices], axis=1)
    matrix[:3, 3] = MR_ORIGIN
    return Geometry((32, 200, 176), matrix)


def pet_geometry() -> Geometry:
    """An axial PET of 3 x 3 x 3 mm, stored from right to left, front to back, feet to head."""
    matrix = np.diag([-3.0, -3.0, 3.0, 1.0])
    matrix[:3, 3] = (190.0, 140.0, 760.0)
    return Geometry((130, 96, 128), matrix)


def reference_to_pet() -> np.ndarray:
    """Maps points of the MR to points of the PET: 4 mm to the patient's right and 6 mm up."""
    matrix = np.eye(4)
    matrix[:3, 3] = (4.0, 0.0, 6.0)
    return matrix


def _grid_points(geometry: Geometry) -> np.ndarray:
    kji = np.indices(geometry.shape, dtype=np.float32)
    return geometry.to_ras(np.stack([kji[2], kji[1], kji[0]], axis=-1)).astype(np.float32)


def _ball(points: np.ndarray, center: tuple[float, float, float], radius: float) -> np.ndarray:
    return np.linalg.norm(points - np.array(center, dtype=np.float32), axis=-1) <= radius


FACET = (-18.0, -32.0, 975.0)
"""Left facet joint, reference frame."""
ENDPLATE = (6.0, 18.0, 1010.0)
MUSCLE = (34.0, -55.0, 940.0)


def example_images(seed: int = 3) -> KeyImageInputs:
    """T1, FLUID and PET of the made-up case."""
    generator = np.random.default_rng(seed)
    points = _grid_points(mr_geometry())
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    body = (x / 150) ** 2 + ((y - 10) / 105) ** 2 <= 1
    t1 = np.where(body, 420.0, 6.0)
    fluid = np.where(body, 90.0, 5.0)
    fat = body & ((x / 135) ** 2 + ((y - 10) / 90) ** 2 > 1)
    t1[fat], fluid[fat] = 900, 60
    for level in range(7):
        center = 1080 - 36 * level
        vertebra = (np.abs(x) < 24) & (np.abs(y - 18) < 17) & (np.abs(z - center) < 13)
        disc = (np.abs(x) < 23) & (np.abs(y - 18) < 17) & (np.abs(z - center + 18) < 4)
        t1[vertebra], fluid[vertebra] = 640, 110
        t1[disc], fluid[disc] = 330, 260
    canal = (np.abs(x) < 9) & (np.abs(y + 8) < 7)
    t1[canal], fluid[canal] = 200, 700
    t1[_ball(points, ENDPLATE, 9)], fluid[_ball(points, ENDPLATE, 9)] = 300, 480
    fluid[_ball(points, FACET, 7)] = 620
    t1 = (t1 + generator.normal(0, 14, t1.shape)).astype(np.int16)
    fluid = (fluid + generator.normal(0, 9, fluid.shape)).astype(np.int16)
    pet_points = _grid_points(pet_geometry()) - np.array([4, 0, 6], dtype=np.float32)
    px, py = pet_points[..., 0], pet_points[..., 1]
    uptake = np.where((px / 150) ** 2 + ((py - 10) / 105) ** 2 <= 1, 0.55, 0.02)
    uptake[(np.abs(px) < 24) & (np.abs(py - 18) < 17)] = 0.95
    for center, radius, value in ((FACET, 8, 3.2), (ENDPLATE, 8, 2.1), (MUSCLE, 9, 1.6), ((0, 60, 800), 25, 14.0)):
        uptake[_ball(pet_points, center, radius)] = value
    uptake = ndimage.gaussian_filter(uptake, 0.9) + generator.normal(0, 0.05, uptake.shape)
    suv = Image(np.clip(uptake, 0, None).astype(np.float32), pet_geometry())
    return KeyImageInputs(
        suv,
        reference_to_pet(),
        Image(t1, mr_geometry()),
        "T1",
        Image(fluid, mr_geometry()),
        None,
        "STIR",
    )


def ball_region(geometry: Geometry, center: tuple[float, float, float], radius: float) -> Region:
    """The voxels of a grid within a radius (mm) of a position (RAS mm)."""
    return Region.from_mask(_ball(_grid_points(geometry), center, radius), geometry)


def hot_spot(center: tuple[float, float, float], radius: float, peak: float, **changes: object) -> HotSpot:
    """A hot spot in the reference frame, on the PET's grid."""
    grid = pet_geometry().moved(np.linalg.inv(reference_to_pet()))
    region = ball_region(grid, center, radius)
    values = {
        "label": 1,
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "peak_ras_mm": np.array(center),
        "suv_max": peak * 1.25,
        "suv_peak": peak,
        "suv_mean": peak * 0.86,
        "mtv_ml": region.volume_ml,
        "tlg_g": region.volume_ml * peak * 0.86,
        "background": 0.6,
        "reference": 0.95,
        "reference_name": "marrow of the other vertebrae",
        "tbr": peak / 0.95,
        "left_right_ratio": 1.62,
        "contour_method": "half of SUVpeak plus local background",
        "contour_threshold": (peak + 0.6) / 2,
    }
    return HotSpot(**{**values, **changes})


def mr_finding(center: tuple[float, float, float], radius: float, kind: str, **changes: object) -> MRFinding:
    """An MR finding on the MR's grid."""
    region = ball_region(mr_geometry(), center, radius)
    values = {
        "label": 1,
        "kind": kind,
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "volume_ml": region.volume_ml,
        "z": 5.4,
        "z_t1": -1.7,
        "series_role": "FLUID",
        "grade": 0.66,
    }
    return MRFinding(**{**values, **changes})


def candidate(
    rank: int, place: Place, spots: list[HotSpot], findings: list[MRFinding], **changes: object
) -> Candidate:
    """A candidate from its parts, with measures as the fusion sets them."""
    region = (spots or findings)[0].region
    spot = spots[0] if spots else None
    finding = findings[0] if findings else None
    parts = {"pet": 36.0, "mr": 16.5, "concordance": 10.0, "asymmetry": 8.5, "symptom": 5.0, "penalty": 0.0}
    values = {
        "id": f"PG-{rank:02d}",
        "rank": rank,
        "score": 84.0 - 17.5 * rank,
        "score_parts": parts,
        "place": place,
        "evidence": "PET+MR" if spot and finding else "PET only" if spot else "MR only",
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "volume_ml": region.volume_ml,
        "hot_spots": spots,
        "mr_findings": findings,
    }
    if spot:
        names = ("suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "tbr", "left_right_ratio")
        values |= {name: getattr(spot, name) for name in names}
    if finding:
        values |= {"mr_kind": finding.kind, "mr_z": finding.z}
    return Candidate(**{**values, **changes})


def example_candidates() -> list[Candidate]:
    """One with PET and MR, one with PET only, one with MR only."""
    return [
        candidate(
            1,
            Place("Facet joint L4/L5, left", "facet joint", "left", "L4/L5"),
            [hot_spot(FACET, 8.0, 2.41)],
            [mr_finding(FACET, 7.0, "effusion or synovitis", z_t1=None)],
            distance_to_pain_mm=11.6,
        ),
        candidate(
            2,
            Place("Erector spinae, right", "erector spinae", "right"),
            [hot_spot(MUSCLE, 9.0, 1.38, reference=None, reference_name=None, tbr=None, left_right_ratio=None)],
            [],
            flags=["no-reference"],
        ),
        candidate(
            3,
            Place("Lower endplate L2", "endplate", "midline", "L2"),
            [],
            [mr_finding(ENDPLATE, 9.0, "Modic I")],
            flags=["common-without-pain", "single-slice"],
            status="accepted",
            origin="edited",
            comment="Fits the exam.",
        ),
    ]


def plain_content(candidates: list[Candidate]) -> ReportContent:
    """A report that has candidates and nothing else."""
    return ReportContent(
        case=ReportCase(), candidates=candidates, created="2026-03-01 14:20", software_version="0.1.0"
    )
