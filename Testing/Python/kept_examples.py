"""One record of each kind that is kept with the scene; no field has its default or a short number."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
from PainGeneratorLib.Anatomy.anatomy_map import AnatomyMap
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.labels import Structure
from PainGeneratorLib.Anatomy.zones import HipImplant
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.sections import BodySections
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.kept import Kept
from PainGeneratorLib.Numerics.core.reader_acts import ReaderAct
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, LedgerEntry, MRFinding, Place
from PainGeneratorLib.Numerics.core.reference_edits import ReferenceEdit
from PainGeneratorLib.Numerics.core.sites import InterfacePattern, InterfaceZone, Site, SiteNorm, SiteRow, SiteTable
from PainGeneratorLib.Numerics.core.spheres import SphereRegion
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Numerics.mr.implant import ImplantResult, OneImplant
from PainGeneratorLib.Numerics.pet.detector import HotSpotResult
from PainGeneratorLib.Numerics.pet.reference_tissue import ReferenceValue
from PainGeneratorLib.Numerics.suv.records import ProvenanceRow, SuvResult
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Registration.landmarks import LandmarkPairs
from PainGeneratorLib.Workflow.case import Case, CaseOptions, CaseSeries, Warnings
from PainGeneratorLib.Workflow.finding import Found
from PainGeneratorLib.Workflow.protocol import load_protocol

GRID = Geometry((6, 8, 10), np.array([[-1.9, 0.1, 0, 20], [0.1, -2.1, 0, 30], [0, 0, 3.3, -15], [0, 0, 0, 1.0]]))
THIRD = 1.0 / 3.0
"""A number that no rounding leaves as it is."""

REGION = Region(GRID, np.array([3, 4, 9, 77], dtype=np.int64))
POINT = np.array([THIRD, -2.0 / 7.0, 1e-17])
PLACE = Place("left facet joint L4/L5", "facet joint", "left", "L4/L5", "Gruen 3", ("level-counted",), "likely")
SPOT = HotSpot(
    2, REGION, POINT, POINT + 1.0, np.float32(2.3), 1.9, THIRD, 0.4, 0.6, 0.7, 0.9, "marrow", 2.1, 1.2,
    "adaptive", 1.31, 1.1, 0.8, "urinary bladder: below the pelvis", ["near-implant"], "bladder",
    1.1 + THIRD,
)  # fmt: skip
FINDING = MRFinding(
    1, "oedema", REGION, POINT, 0.85, np.float32(3.2), -1.5, "FLUID", 0.66, ["weak"], "marrow-bright", THIRD, -2.5,
    np.float32(2.4), "a sacral nerve root in its recess", "usual-sacral-root",
)  # fmt: skip
WEAK_FINDING = MRFinding(
    2, "oedema", REGION, POINT + 1.0, 0.3, THIRD, None, "FLUID", 0.33, ["weak"], "faint", 41.5, 0.5
)
ACT = ReaderAct('Dr. "Ä" Reader', "2025-03-01T09:30:05+01:00", "status", "accepted",
                {"name": "left facet joint L4/L5", "suv_max": 2.3 + THIRD, "mr_kind": None})  # fmt: skip
LEDGER_ENTRY = LedgerEntry("uptake", "pet", "Hot.", 1.0 + THIRD, 3.0 + THIRD, "Somebody 2020", "absent")
LINE = SpineLine(np.outer(np.arange(5.0), POINT), THIRD, 0.94, np.array([25.0, THIRD]), np.array([-0.2, 0.1]))
ONE = OneImplant("left", REGION, np.stack([POINT, POINT + 9.0]), False)
IMPLANT = ImplantResult(
    REGION, REGION, np.stack([POINT, POINT + 9.0]), "left", ("An implant is near.",), (ONE,), ("Left.",), "right"
)
REFERENCE = ReferenceValue("marrow", THIRD, 0.1, 9.0, "refused", "It is air.")
EDIT = ReferenceEdit("only a sphere", "muscle", (1.0, 2.0, THIRD), 12.4 + THIRD)
HIP = HipImplant("left", POINT, POINT + 1.0, POINT + 2.0, 27.5, "likely", (7.5, 5.0 + THIRD))
PLANE = SymmetryPlane(POINT, POINT + 1.0, 0.5)
SECTIONS = BodySections(
    np.outer(np.arange(2.0), POINT), ("legs", "unknown"), np.array([THIRD, 180.0]), np.eye(4) * THIRD
)
ROW = ProvenanceRow("dose", THIRD, "Bq", "given by hand", "decayed", 2.0 * THIRD, -50.0)
VERTEBRA = VertebraFrame("L4", POINT, POINT + 1.0, POINT + 2.0, POINT + 3.0, 24.1, -15.2, 16.3, -13.4, 14.0 + THIRD)
JOINT = Joint("L4/L5", "left", POINT)
SPINE = Spine((VERTEBRA,), (JOINT,), (JOINT,), True, True, ("Turned.",), VERTEBRA, "likely", ("Counted.",))
SITE = Site(
    "left facet joint L4/L5", "facet joint", "left", "L4/L5", POINT, np.eye(3) * THIRD, POINT + 5.0, 1, "Gruen 3",
    "prosthesis", "likely", "uncertain",
)  # fmt: skip
NORM = SiteNorm("usually below 2", "Somebody 2020", 1.4 + THIRD, 0.3)
SITE_ROW = SiteRow(
    SITE, "abnormal", ("Hot.",), 2.3, 1.9, 1.0 + THIRD, 0.7, "marrow", 2.1, 1.4, 1.6, 0.1, 4.2, {"T1": 310.5},
    {"T1": -1.5}, ("oedema",), NORM, ("PG-01",), ("truncated",),
)  # fmt: skip
ZONE = InterfaceZone("Gruen 3", "abnormal", 1.2 + THIRD, 2.0, 1.8, 1.5, ("oedema",), "Hot.")
INTERFACE = InterfacePattern("left", "focal", "Focal.", (ZONE,), ("CRP 24 mg/l.",))
SPHERE = SphereRegion(
    "S-01", "left psoas L4/L5", POINT, 12.4, 0.9 + THIRD, 2.3, 1.5 + THIRD, 1.9, 0.7, "muscle within 7 cm", 2.7,
    {"T1": 310.5}, {"T1": -1.5}, True,
)  # fmt: skip
SITES = SiteTable((SITE_ROW,), "likely", ("Counted.",), ("The map differs.",), (INTERFACE,))

EXAMPLES: dict[str, Kept] = {
    "BodySections": SECTIONS,
    "BodyPlan": BodyPlan(POINT, POINT + 1.0, "spine line", LINE, (HIP,), "likely", "certain", (SECTIONS,), (PLANE,)),
    "Candidate": Candidate(
        "PG-01", 1, 10 * THIRD, PLACE, "PET+MR", REGION, POINT, 0.853, np.float32(2.3), 1.9, 1.5, 0.8,
        1.3, 2.1, 1.2, "oedema", 3.2, 31.5, -2.5, 12.5, "accepted", "edited", "stark, \"süß\"", ["large"], [SPOT],
        [FINDING], (LEDGER_ENTRY,), "normal", "abnormal", 0.9 + THIRD, "marrow", "Below the bar.", (ACT,),
    ),
    "HipImplant": HIP,
    "HotSpot": SPOT,
    "HotSpotResult": HotSpotResult([SPOT], (REFERENCE,), 0.07, 0.9, ("Noisy.",), [SPOT], [SPOT]),
    "ImplantResult": IMPLANT,
    "InterfacePattern": INTERFACE,
    "InterfaceZone": ZONE,
    "Joint": JOINT,
    "LandmarkPairs": LandmarkPairs(np.outer([1.0, 2.0, 3.0], POINT), np.outer([2.0, 3.0, 4.0], POINT)),
    "LedgerEntry": LEDGER_ENTRY,
    "MRFinding": FINDING,
    "OneImplant": ONE,
    "Place": PLACE,
    "ProvenanceRow": ROW,
    "ReferenceEdit": EDIT,
    "ReaderAct": ACT,
    "ReferenceValue": REFERENCE,
    "SeriesAlignment": SeriesAlignment(
        "PET", np.eye(4) * THIRD, np.eye(4), "registered", "aligned", "ATTENUATION", True, THIRD, 1.5, 0.3, 0.1, THIRD,
        {"halves_mm": 2.0 * THIRD, "n": 3}, "It fits.", "Nothing to do.", ("Far away.",),
    ),
    "Site": SITE,
    "SiteNorm": NORM,
    "SiteRow": SITE_ROW,
    "SiteTable": SITES,
    "SphereRegion": SPHERE,
    "Spine": SPINE,
    "SpineLine": LINE,
    "Structure": Structure("hip bone", "left", "L4"),
    "SuvResult": SuvResult(
        np.array([THIRD, 2e-4]), "header", (ROW,), ("Decay is unusual.",), 70.0, 1.75, "F", 3e8, 6586.2, 61.0 + THIRD
    ),
    "SymmetryPlane": PLANE,
    "VertebraFrame": VERTEBRA,
}  # fmt: skip
"""One record of each kind; no field has its default, so that a lost field cannot go unseen."""

OPTIONS = CaseOptions(
    "hip-replacement", "left", "both", ((1.0, 2.0, THIRD),), Path("a.nii.gz"), Path("a.json"), 70.5, 1.75, 300.0,
    datetime.datetime(2025, 3, 1, 9, 30), (("3", "PET"),), Path("l.csv"), Path("p.json"), (("fusion.x", "1"),),
    None, ("L5", (1.0, 2.0, THIRD)), datetime.date(2024, 11, 30), "hybrid", 12.5,
    (EDIT,),
)  # fmt: skip


def example_found() -> Found:
    """What was found, with images on the grid."""
    tissues = Image(np.arange(GRID.size, dtype=np.uint16).astype(np.uint8).reshape(GRID.shape), GRID)
    z_map = Image(np.where(tissues.array > 9, np.float32(THIRD), np.float32(np.nan)), GRID)
    mr = MRResult(
        [FINDING],
        tissues,
        IMPLANT,
        {"FLUID": z_map},
        ["No T1."],
        [WEAK_FINDING],
        LINE,
        SPINE,
        [FINDING],
        {"edge of marrow (endplate-rim)": 2},
    )
    candidate = EXAMPLES["Candidate"]
    return Found(
        EXAMPLES["SymmetryPlane"],
        mr,
        EXAMPLES["HotSpotResult"],
        EXAMPLES["BodyPlan"],
        [SPOT],
        [candidate],
        None,
        SECTIONS,
        {"FLUID": EXAMPLES["BodyPlan"]},
        ("Fat.",),
        SITES,
        ("L5", (THIRD, -20.5, 1e-3)),
        [candidate],
        [candidate],
        (SPHERE,),
    )


def example_anatomy() -> AnatomyMap:
    """An anatomy whose labels are not in the order of their numbers."""
    image = Image(np.arange(GRID.size, dtype=np.uint16).reshape(GRID.shape) % 10, GRID)
    structures = {9: Structure("hip bone", "left"), 2: Structure("vertebra", None, "L4")}
    warnings = ("Levels were counted.",)
    return AnatomyMap(image, structures, "TotalSegmentator", "likely", True, warnings, np.eye(4) * THIRD)


def example_case() -> Case:
    """A case with a PET and a T1 series, from files."""
    rng = np.random.default_rng(2)
    series = {
        role: CaseSeries(
            role,
            f"{role} (3)",
            Image(rng.random(GRID.shape, dtype=np.float32), GRID),
            modality,
            "1.9",
            {"number": 3, "reason": "The only one.", "sop_instance_uids": ("1.2", "1.3"), "files": (Path("x.dcm"),)},
        )
        for role, modality in (("PET", "PT"), ("T1", "MR"))
    }
    return Case(
        OPTIONS, "hip-replacement", load_protocol("hip-replacement"), "T1", series, None, {"sex": "F"}, True,
        "g/ml{SUVlbm}", Warnings(["Group not given."]), ("Two T1.",), [("localizer", "three slices")],
        [{"number": 3}], Path("in"), (Path("in/x.dcm"),),
    )  # fmt: skip


NOT_KEPT = frozenset(
    {
        *(f"Case.{name}" for name in Case.not_kept),
        *(f"CaseOptions.{name}" for name in CaseOptions.not_kept),
        "CaseSeries.facts",
        "Found.detector",
    }
)
"""Fields that a reopened case lacks on purpose: files of the machine, the header behind the PET, the first pass over
the PET, which is made again. Facts lack the paths of the files only."""
