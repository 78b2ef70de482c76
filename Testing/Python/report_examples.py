"""A small made-up low-back case for the tests of the report: asymmetric in every direction, nothing of a patient."""

from __future__ import annotations

import itertools

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, LedgerEntry, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteNorm, SiteRow, SiteTable
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


def example_ledger(score: float) -> tuple[LedgerEntry, ...]:
    """A ledger with an entry of each group whose points add up to a score."""
    return (
        LedgerEntry("uptake_facet", "pet", "Uptake 2.1 times that of marrow.", 2.1, score - 6.0, "Somebody 2020"),
        LedgerEntry("edema", "mr", "Edema on MR.", 5.4, 4.0, "our estimate"),
        LedgerEntry("agreement", "agreement", "PET and MR show the same place.", 1.0, 4.0, "our estimate"),
        LedgerEntry("match_with_pain", "symptom", "12 mm from the marked pain.", 12.0, 1.0, "our estimate"),
        LedgerEntry("usual_place", "usual", "Usual uptake: a vessel.", None, -3.0, "our estimate"),
    )


def candidate(
    rank: int, place: Place, spots: list[HotSpot], findings: list[MRFinding], **changes: object
) -> Candidate:
    """A candidate from its parts, with measures as the fusion sets them."""
    region = (spots or findings)[0].region
    spot = spots[0] if spots else None
    finding = findings[0] if findings else None
    ledger = example_ledger(84.0 - 17.5 * rank)
    values = {
        "id": f"PG-{rank:02d}",
        "rank": rank,
        "score": sum(entry.points for entry in ledger),
        "ledger": ledger,
        "pet_state": "abnormal" if spots else "normal",
        "mr_state": "abnormal" if findings else "normal",
        "place": place,
        "evidence": "PET+MR" if spot and finding else "PET only" if spot else "MR only",
        "region": region,
        "centroid_ras_mm": region.centroid_ras_mm,
        "volume_ml": region.volume_ml,
        "hot_spots": spots,
        "mr_findings": findings,
    }
    if spot:
        names = (
            "suv_max",
            "suv_peak",
            "suv_mean",
            "mtv_ml",
            "tlg_g",
            "tbr",
            "reference",
            "reference_name",
            "left_right_ratio",
        )
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


def set_apart_examples() -> list[Candidate]:
    """Two entries below the bar: uptake that is not clear of normal, and uptake that is usual at its place."""
    faint = LedgerEntry("clear_of_normal", "pet", "Not clear of the normal uptake of this body.", 0.9, -0.5, "us")
    unseen = LedgerEntry(
        "mr_normal", "mr", "MR: not assessable, as no MR series shows this place.", None, 0.0, "us", "not assessable"
    )
    usual = LedgerEntry(
        "usual_place",
        "usual",
        "Usual uptake: kidney, ureter, bowel or vessel: beside the spine, SUVmax 1.9.",
        "organ-beside-spine",
        -10.97,
        "our estimate: only the place speaks for an organ",
    )
    places = (
        Place("left paraspinal region at L3", "paraspinal region", "left", "L3"),
        Place("right prevertebral region", "prevertebral region", "right"),
    )
    centers, ledgers = ((-40.0, -20.0, 1000.0), (30.0, 40.0, 960.0)), ((faint, unseen), (usual,))
    return [
        candidate(
            rank, place, [hot_spot(center, 6.0, 1.1)], [], id=f"PG-{6 + rank:02d}", ledger=ledger,
            score=sum(entry.points for entry in ledger),
            mr_state="not assessable" if rank == 1 else "normal",
            reason=f"{ledger[0].text.rstrip('.')} ({ledger[0].points:.1f} points of evidence, below the bar of 1).",
        )
        for rank, (place, center, ledger) in enumerate(zip(places, centers, ledgers, strict=True), start=1)
    ]  # fmt: skip


def attention_examples() -> list[Candidate]:
    """One entry that is no pain generator, but has to be looked at."""
    place = Place("left psoas L3/L4", "psoas", "left", "L3/L4")
    spot = hot_spot((-50.0, 10.0, 985.0), 16.0, 5.0)
    reason = "Uptake far above that of muscle, over 84 ml."
    return [candidate(1, place, [spot], [], id="PG-09", reason=reason)]


def plain_content(candidates: list[Candidate]) -> ReportContent:
    """A report that has candidates and nothing else."""
    return ReportContent(
        case=ReportCase(), candidates=candidates, created="2026-03-01 14:20", software_version="0.1.0"
    )


DISC_NORM = SiteNorm("SUVmean 0.69 \u00b1 0.15 in 12 people without back pain", "PMC9322590", 0.69, 0.15)
SACROILIAC_NORM = SiteNorm(
    "SUVmean 1.30 \u00b1 0.33 right, 1.13 \u00b1 0.30 left, in 103 people", "CAMONA, AJNMMI", 1.3, 0.33
)
NOT_SEEN = "Outside the field of view of the PET."


def site_row(
    name: str, structure: str, side: str, level: str | None, peak: float | None, **changes: object
) -> SiteRow:
    """A row of the table of sites: normal with a peak, else not assessable."""
    zone = changes.pop("zone", None)
    certainty = str(changes.pop("level_certainty", "likely"))
    site = Site(
        name, structure, side, level, np.array([0.0, 10.0, 20.0]), np.eye(3), np.array([5.0, 6.0, 7.0]), 1, zone,
        "MR", certainty,
    )  # fmt: skip
    if peak is None:
        return SiteRow(site, **{"state": "not assessable", "reasons": (NOT_SEEN,), **changes})
    values = {
        "suv_max": peak * 1.2, "suv_peak": peak, "suv_mean": peak * 0.8, "reference": 0.8, "reference_name": "marrow",
        "ratio": peak / 0.8, "signals": {"T1": 310.0, "FLUID": 95.0}, "z": {"FLUID": 0.4},
    }  # fmt: skip
    return SiteRow(site, **{"state": "normal", **values, **changes})


def _disc_level_rows(upper: str, lower: str) -> list[SiteRow]:
    level = f"{upper}/{lower}"
    rows = [
        site_row(f"disc {level}", "disc", "midline", level, 0.9, norm=DISC_NORM),
        site_row(f"superior endplate of {lower}", "upper endplate", "midline", level, 1.0),
        site_row(f"inferior endplate of {upper}", "lower endplate", "midline", level, 1.0),
        site_row(f"spinal canal {level}", "spinal canal", "midline", level, 0.7),
        site_row(f"interspinous space {level}", "interspinous space", "midline", level, 0.8),
    ]
    for side in ("left", "right"):
        rows += [
            site_row(f"{side} facet joint {level}", "facet joint", side, level, 1.1),
            site_row(f"{side} {upper} foramen", "foramen", side, level, 0.9),
            site_row(f"{side} psoas {level}", "psoas", side, level, 0.6),
            site_row(f"{side} multifidus {level}", "multifidus", side, level, 0.6),
        ]
    return rows


def _vertebra_rows(level: str) -> list[SiteRow]:
    rows = [
        site_row(f"vertebral body {level}", "vertebral body", "midline", level, 1.2),
        site_row(f"spinous process {level}", "spinous process", "midline", level, 0.9),
    ]
    for side in ("left", "right"):
        rows += [
            site_row(f"{side} pedicle {level}", "pedicle", side, level, 1.0),
            site_row(f"{side} lamina {level}", "lamina", side, level, 0.9),
        ]
    return rows


def normal_site_table(certainty: str = "likely") -> SiteTable:
    """A low back without anything abnormal, from below upward and left before right: not in the order of reading."""
    names = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")
    rows: list[SiteRow] = []
    for upper, lower in reversed(list(itertools.pairwise(names))):
        rows += [*_vertebra_rows(upper), *_disc_level_rows(upper, lower)]
    for side in ("left", "right"):
        rows += [
            site_row(f"{side} sacroiliac joint", "sacroiliac joint", side, None, 1.2, norm=SACROILIAC_NORM),
            site_row(f"{side} sacral ala", "sacral ala", side, None, 1.1),
            site_row(f"{side} iliac crest", "iliac crest", side, None, 1.0),
        ]
    rows.append(site_row("sacrum", "sacrum", "midline", None, 1.1))
    reasons = ("Counted from the sacrum.", "The iliac crests lie at L4/L5, which fits.")
    return SiteTable(tuple(rows), certainty, reasons)


def with_rows(table: SiteTable, *changed: SiteRow) -> SiteTable:
    """A table in which rows are replaced by those of the same name."""
    new = {row.site.name: row for row in changed}
    rows = tuple(new.get(row.site.name, row) for row in table.rows)
    return SiteTable(rows, table.level_certainty, table.level_reasons, table.notes)


def example_site_table(certainty: str = "likely") -> SiteTable:
    """A low back with raised uptake at three sites, a finding on MR only, and sites that cannot be assessed."""
    facet = site_row(
        "left facet joint L4/L5", "facet joint", "left", "L4/L5", 2.41, state="abnormal",
        reasons=(
            "Uptake 2.2 times that of the other facet joints.",
            "Uptake 1.6 times that of its partner on the right side.",
            "Effusion or synovitis on MR.", "Candidate PG-01.",
        ), ratio=2.54, side_ratio=1.62,
        level_ratio=2.2, level_spread=0.1, level_z=6.1, mr_signs=("effusion or synovitis",), candidates=("PG-01",),
    )  # fmt: skip
    endplate = site_row(
        "inferior endplate of L2", "lower endplate", "midline", "L2/L3", 1.0, state="abnormal",
        reasons=("Modic I on MR.",), level_ratio=1.0, mr_signs=("Modic I", "oedema"), candidates=("PG-03",),
    )  # fmt: skip
    disc = site_row(
        "disc L4/L5", "disc", "midline", "L4/L5", 1.9, state="abnormal",
        reasons=("Uptake 1.8 times that of the other discs.",), level_ratio=1.84, norm=DISC_NORM,
    )  # fmt: skip
    space = site_row(
        "interspinous space L3/L4", "interspinous space", "midline", "L3/L4", 1.7, state="abnormal",
        reasons=("Uptake 2.1 times that of the blood pool.",), signals={}, z={},
    )  # fmt: skip
    beside = site_row(
        "left pedicle L4", "pedicle", "left", "L4", 1.5, reasons=("Uptake of left facet joint L4/L5 reaches here.",)
    )
    missing = [
        site_row(f"{side} psoas {level}", "psoas", side, level, None)
        for level in ("T12/L1", "L1/L2")
        for side in ("left", "right")
    ]
    metal = site_row(
        "right pedicle L5", "pedicle", "right", "L5", None, reasons=("Metal makes PET and MR unreliable here.",)
    )
    return with_rows(normal_site_table(certainty), facet, endplate, disc, space, metal, beside, *missing)


def hip_site_table() -> SiteTable:
    """Both hips, with a prosthesis on the right; no levels."""
    rows = []
    for side in ("left", "right"):
        rows += [
            site_row(f"{side} femoral head", "femoral head", side, None, 0.8),
            site_row(f"{side} trochanteric bursa", "trochanteric bursa", side, None, 0.9),
            site_row(f"{side} hip joint capsule", "hip joint capsule", side, None, 1.0),
        ]
    for zone in (7, 1, 2):
        name = f"right femur beside the stem, Gruen {zone}"
        rows.append(site_row(name, "femur", "right", None, 1.0, zone=f"Gruen {zone}"))
    rows.append(
        site_row(
            "right acetabulum at the cup, DeLee-Charnley II", "acetabulum", "right", None, 2.6,
            zone="DeLee-Charnley II", state="abnormal", reasons=("Uptake 3.2 times that of marrow.",), ratio=3.25,
        )
    )  # fmt: skip
    head = site_row(
        "right prosthesis head", "prosthesis head", "right", None, 1.9, state="abnormal",
        reasons=("Uptake 1.7 times that of its partner on the left side.",), side_ratio=1.7,
    )  # fmt: skip
    return SiteTable((*rows, head))
