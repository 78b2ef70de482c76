"""Small bodies on PET, T1 and FLUID with one hot focus, cropped as a reader's may be, for whole runs of some seconds.

The bodies are drawn in the patient's own coordinates (x to the right, y to the front, z to the head, mm, the midline
at x = 0) and then laid anywhere on the table. Voxels are coarse, so that all stages after the alignment take a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PainGeneratorLib.Anatomy.body_plan import BodyPlan, find_body_plan
from PainGeneratorLib.Numerics.body.sections import find_sections, supported_plane
from PainGeneratorLib.Numerics.body.symmetry import find_symmetry_plane
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Registration.alignment_types import SeriesAlignment
from PainGeneratorLib.Workflow.case import Case, CaseOptions, CaseSeries
from PainGeneratorLib.Workflow.finding import Found, find_candidates
from PainGeneratorLib.Workflow.stages import Alignment, make_suv
from PainGeneratorLib.Workflow.warnings import run_warnings
from scipy import ndimage

HEIGHT = 140.0
EVERYWHERE = (-240.0, 240.0)
LEG_AT = 92.0
"""Distance of the middle of a leg from the midline, mm."""

Shape = dict[str, np.ndarray]


@dataclass(frozen=True)
class SmallBody:
    """PET and MR of a body, and the truth.

    Parameters
    ----------
    pet, t1, fluid : Image
        All in one frame, RAS.
    side : str
        The true side of the focus.
    """

    pet: Image
    t1: Image
    fluid: Image
    side: str


def _ellipse(x: np.ndarray, y: np.ndarray, center: tuple[float, float], half: tuple[float, float]) -> np.ndarray:
    return ((x - center[0]) / half[0]) ** 2 + ((y - center[1]) / half[1]) ** 2 < 1


def _trunk(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Shape:
    """A trunk with canal, vertebrae and muscles of the back."""
    muscle = _ellipse(np.abs(x), y, (35, -66), (26, 18)) | _ellipse(np.abs(x), y, (45, -20), (18, 20))
    bowel = _ellipse(np.abs(x), y, (70, 45), (40, 35))
    body = _ellipse(x, y, (0, -10), (25, 18))
    return {
        "skin": _ellipse(x, y, (0, 0), (165, 105)),
        "lean": _ellipse(x, y, (0, 0), (148, 90)) & ~_ellipse(x, y, (0, 20), (120, 60)),
        "muscle": muscle | bowel,
        "marrow": body & (np.mod(z, 36) < 27),
        "disc": body & (np.mod(z, 36) >= 27),
        "fluid": _ellipse(x, y, (0, -38), (9, 9)),
    }


def _one_leg(x: np.ndarray, y: np.ndarray, z: np.ndarray, at: float, radius: float) -> Shape:
    """A leg: muscles with septa that look like discs, a bone, and a bright tube between them like a canal."""
    off = x - at
    septa = np.mod(z, 36) >= 30
    lean = _ellipse(off, y, (0, 0), (0.85 * radius, 0.85 * radius))
    cortex, marrow = (_ellipse(off, y, (0, 0.15 * radius), (r, r)) for r in (0.24 * radius, 0.17 * radius))
    return {
        "skin": _ellipse(off, y, (0, 0), (radius, radius)),
        "lean": lean,
        "muscle": lean & ~(septa & _ellipse(off, y, (0, 0.3 * radius), (0.35 * radius, 0.3 * radius))),
        "marrow": marrow,
        "disc": cortex & ~marrow,
        "fluid": _ellipse(off, y, (0, -0.3 * radius), (8, 8)),
    }


def _legs(x: np.ndarray, y: np.ndarray, z: np.ndarray, radius: float = 80.0, at: float = LEG_AT) -> Shape:
    """Both legs side by side."""
    right, left = _one_leg(x, y, z, at, radius), _one_leg(x, y, z, -at, radius)
    return {name: right[name] | left[name] for name in right}


def _shoulder(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Shape:
    """The right half of a chest with an arm: a wide body without a canal in the middle of the picture."""
    arm = _one_leg(x, y, z, 215.0, 45.0)
    chest = _ellipse(x, y, (0, 0), (170, 100))
    lung = _ellipse(np.abs(x), y, (80, 5), (55, 70))
    return {
        "skin": chest | arm["skin"],
        "lean": (chest & ~lung) | arm["lean"],
        "muscle": (_ellipse(np.abs(x), y, (150, 0), (15, 60))) | arm["muscle"],
        "marrow": arm["marrow"],
        "disc": arm["disc"],
        "fluid": np.zeros_like(chest),
    }


def _head(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> Shape:
    """A neck and head: one narrow round part at the midline."""
    part = _one_leg(x, y, z, 0.0, 75.0)
    return {**part, "marrow": np.zeros_like(part["marrow"])}


KINDS = {
    "trunk": _trunk,
    "thighs": _legs,
    "calves": lambda x, y, z: _legs(x, y, z, 55.0, 75.0),
    "touching thighs": lambda x, y, z: _legs(x, y, z, 88.0, 84.0),
    "right thigh": lambda x, y, z: _one_leg(x, y, z, LEG_AT, 80.0),
    "left thigh": lambda x, y, z: _one_leg(x, y, z, -LEG_AT, 80.0),
    "right calf": lambda x, y, z: _one_leg(x, y, z, 75.0, 55.0),
    "left calf": lambda x, y, z: _one_leg(x, y, z, -75.0, 55.0),
    "shoulder": _shoulder,
    "head": _head,
}
"""What can be drawn."""


def _grid(view: dict[str, tuple[float, float]], spacing: tuple[float, float, float]) -> Geometry:
    """An axial grid, columns to the left and rows to the back, over the R, A and S ranges of a view."""
    (r0, r1), (a0, a1), (s0, s1) = view["R"], view["A"], view["S"]
    shape = (int((s1 - s0) / spacing[2]), int((a1 - a0) / spacing[1]), int((r1 - r0) / spacing[0]))
    matrix = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    matrix[:3, 3] = (r0 + (shape[2] - 0.5) * spacing[0], a0 + (shape[1] - 0.5) * spacing[1], s0 + 0.5 * spacing[2])
    return Geometry(shape, matrix)


def small_body(
    kind: str,
    focus: tuple[float, float, float] = (60.0, -40.0, 70.0),
    *,
    table_shift: float = 0.0,
    pet_view: tuple[float, float] = EVERYWHERE,
    mr_view: tuple[float, float] = EVERYWHERE,
    pet_heights: tuple[float, float] = (0.0, HEIGHT),
    mr_heights: tuple[float, float] = (0.0, HEIGHT),
    radius: float = 8.0,
) -> SmallBody:
    """Draw a body with a focus.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    focus : tuple of float
        Where the focus lies in the patient's coordinates, mm.
    table_shift : float
        How far the patient lies to the right of the axis of the scanner, mm.
    pet_view, mr_view : (float, float)
        From where to where the pictures reach in the patient's coordinates, along x, mm.
    pet_heights, mr_heights : (float, float)
        The same along z.
    radius : float
        Of the focus, mm.
    """

    def seen(view: tuple[float, float], heights: tuple[float, float], spacing: tuple[float, float, float]) -> Geometry:
        across = (view[0] + table_shift, view[1] + table_shift)
        return _grid({"R": across, "A": (-125.0, 125.0), "S": heights}, spacing)

    def drawn(geometry: Geometry) -> tuple[Shape, np.ndarray]:
        points = geometry.flat_to_ras(np.arange(geometry.size)) - [table_shift, 0.0, 0.0]
        shape = {name: mask.reshape(geometry.shape) for name, mask in KINDS[kind](*points.T).items()}
        return shape, (np.linalg.norm(points - np.array(focus), axis=1) <= radius).reshape(geometry.shape)

    noise = np.random.default_rng(7)

    def noisy(values: np.ndarray, sd: float) -> np.ndarray:
        return np.maximum(values + noise.normal(0.0, sd, values.shape), 0.0).astype(np.float32)

    geometry = seen(pet_view, pet_heights, (5.0, 5.0, 5.0))
    shape, ball = drawn(geometry)
    suv = np.select(
        [ball, shape["marrow"], shape["muscle"], shape["lean"], shape["skin"]], [6.0, 1.2, 0.8, 0.7, 0.4], 0.01
    )
    pet = Image(noisy(ndimage.gaussian_filter(suv, 0.7, mode="nearest"), 0.02), geometry)
    geometry = seen(mr_view, mr_heights, (4.0, 4.0, 5.0))
    shape, _ = drawn(geometry)
    order = [shape["fluid"], shape["marrow"], shape["disc"], shape["muscle"], shape["lean"], shape["skin"]]
    t1 = Image(noisy(np.select(order, [8.0, 48.0, 12.0, 20.0, 24.0, 60.0], 1.0), 1.0), geometry)
    fluid = Image(noisy(np.select(order, [100.0, 14.0, 12.0, 20.0, 22.0, 12.0], 1.0), 1.0), geometry)
    side = "midline" if abs(focus[0]) <= 5 else "right" if focus[0] > 0 else "left"
    return SmallBody(pet, t1, fluid, side)


def small_case(body: SmallBody, **options: Any) -> Case:
    """A case of a body that was read: PET as SUV, T1 as reference, FLUID."""
    given = CaseOptions(**{"group": "low-back", **options})
    images = {"PET": (body.pet, "PT"), "T1": (body.t1, "MR"), "FLUID": (body.fluid, "MR")}
    series = {role: CaseSeries(role, role, image, modality, "1.2", {}) for role, (image, modality) in images.items()}
    return Case(given, str(given.group), given.protocol(), "T1", series, None, {}, pet_is_suv=True)


def aligned(*roles: str, verdict: str = "aligned", **fields: Any) -> dict[str, SeriesAlignment]:
    """Series that lie where the scanner says."""
    values: dict[str, Any] = {
        "reference_to_series_ras": np.eye(4), "start_ras": np.eye(4), "kept": "registered", "verdict": verdict,
        "through": None, "same_frame_of_reference": True, "shift_mm": 0.0, "rotation_deg": 0.0, "spread_mm": 0.0,
        "similarity_start": None, "similarity_end": None, "reason": "They differ.", "advice": "Give landmarks.",
    }  # fmt: skip
    return {role: SeriesAlignment(role=role, **{**values, **fields}) for role in roles}


@dataclass(frozen=True, eq=False)
class SmallRun:
    """What all stages after the alignment found, with the warnings that a user sees."""

    found: Found
    warnings: list[str]

    @property
    def places(self) -> list[Any]:
        """The places of all candidates, best first."""
        return [candidate.place for candidate in self.found.candidates]

    def __repr__(self) -> str:
        return f"{[(c.place.name, c.place.side_certainty, c.flags) for c in self.found.candidates]}"


def run_small(case: Case, alignment: Alignment | None = None) -> SmallRun:
    """Run all stages after the alignment."""
    suv = make_suv(case)
    alignment = alignment or Alignment(aligned("PET", "FLUID"))
    found = find_candidates(case, suv, alignment, None)
    return SmallRun(found, run_warnings(case, suv, alignment, None, found.mr, found.pet, found.plan))


def plan_of(body: SmallBody) -> BodyPlan:
    """The midline, the spine line and the parts of the body, without a search for foci and findings."""
    sections = find_sections(body.pet)
    plane = supported_plane(find_symmetry_plane(body.pet), sections)
    return find_body_plan(body.t1, None, body.fluid, plane, sections=sections)
