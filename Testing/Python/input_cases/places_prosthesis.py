"""The side of a hip prosthesis: given, seen, both, contradicted, or not seen at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PainGeneratorLib.Anatomy.body_plan import BodyPlan
from PainGeneratorLib.Anatomy.places import Namer
from PainGeneratorLib.Numerics.body.metal import metal_sides
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Numerics.mr.implant import ImplantResult, find_implant
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.signal import Signals
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.finding import hip_implants
from PainGeneratorLib.Workflow.protocol import load_protocol
from PainGeneratorLib.Workflow.stages import checked_prosthesis

from .judging import InputCase, Judged, Outcome, judged

KIND = "side of the prosthesis"
SOURCE = "our own: many patients have both hips replaced, and the side is typed from a request form"
EXCHANGED = (
    "left and right exchanged on export: https://github.com/Slicer/Slicer/issues (orientation of NRRD and NIfTI)"
)
GRID = Geometry((60, 44, 90), np.array([[4.0, 0, 0, -178.0], [0, 4.0, 0, -86.0], [0, 0, 4.0, -118.0], [0, 0, 0, 1.0]]))
POINTS = GRID.flat_to_ras(np.arange(GRID.size)).reshape(*GRID.shape, 3)
PLANE = SymmetryPlane(np.zeros(3), np.array([-1.0, 0.0, 0.0]), 0.9)
LIMITS = load_protocol("hip-replacement").stage("mr_findings", MRParameters).implant
Mask = Callable[[], np.ndarray]


def stem(side: str, aside: float = 118.0) -> np.ndarray:
    """A stem of 140 mm with neck and head toward the midline, like an L lying on its side."""
    x, y, z = (POINTS * [1.0 if side == "right" else -1.0, 1.0, 1.0]).transpose(3, 0, 1, 2)
    shaft = (np.hypot(x - aside, y) < 10.0) & (z > -105.0) & (z < 20.0)
    neck = (np.abs(z - (aside - x) * 0.6) < 9.0) & (x > aside - 35.0) & (x < aside) & (np.abs(y) < 9.0)
    cup = np.linalg.norm(np.stack([x - aside + 36.0, y, z - 22.0]), axis=0) < 25.0
    return shaft | neck | cup


def gas(side: str) -> np.ndarray:
    """Gas in the bowel: round, in front."""
    center = np.array([70.0 if side == "right" else -70.0, 70.0, 60.0])
    return np.linalg.norm(POINTS - center, axis=-1) < 18.0


def cortex() -> np.ndarray:
    """Thick cortex of both femora: long dark tubes without a head."""
    away = np.hypot(np.abs(POINTS[..., 0]) - 118.0, POINTS[..., 1])
    return (away < 15.0) & (away > 7.0) & (POINTS[..., 2] < 40.0)


def left_stem() -> np.ndarray:
    """A prosthesis in the left hip."""
    return stem("left")


def right_stem() -> np.ndarray:
    """A prosthesis in the right hip."""
    return stem("right")


def two_stems() -> np.ndarray:
    """A prosthesis in either hip."""
    return stem("left") | stem("right")


def nothing() -> np.ndarray:
    """No void."""
    return np.zeros(GRID.shape, dtype=bool)


@dataclass(frozen=True, eq=False)
class SeenImplant:
    """The implants that were found, and what a user sees about them."""

    result: ImplantResult
    sides: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """Warnings and notes."""
        return [*self.result.warnings, *self.result.notes]

    def __repr__(self) -> str:
        return f"{self.sides}"


def look(void: np.ndarray, given: str | None, plane: SymmetryPlane | None = PLANE) -> SeenImplant:
    """Find the implants of a pelvis with voids, as the stage does with a given side."""
    signal = np.ones(GRID.shape, dtype=np.float32)
    signal[void] = 0.0
    body = (POINTS[..., 0] / 175.0) ** 2 + (POINTS[..., 1] / 84.0) ** 2 < 1.0
    signals = Signals(GRID, (1, 1, 1), {"T1": np.where(body, signal, 0.0).astype(np.float32)}, body)
    result = find_implant(
        signals, {"T1": 1.0}, LIMITS, group="hip-replacement", symmetry=plane, midline=plane, prosthesis_side=given
    )
    return SeenImplant(checked_prosthesis(result, given), tuple(sorted(part.side for part in result.parts)))


def ct_of(void: np.ndarray, metal_hu: float = 3071.0) -> Image:
    """A CT with metal in a mask."""
    return Image(np.where(void, metal_hu, 40.0).astype(np.float32), GRID)


def on_ct(
    name: str, mr: Mask, ct: Mask, given: str | None, doubt: str | None, refusal: str | None = None
) -> InputCase:
    """MR and CT as two witnesses of the side."""

    def judge(_folder: Path) -> Judged:
        def call() -> ImplantResult:
            return checked_prosthesis(look(mr(), given).result, given, metal_sides(ct_of(ct()), PLANE))

        is_plain = doubt is None and refusal is None
        return judged(
            call,
            (lambda result: True) if is_plain else None,
            warnings=lambda result: result.warnings,
            warned_by=doubt,
            refused_by=refusal,
        )

    accepted = Outcome.REFUSED if refusal else Outcome.WARNED if doubt else Outcome.RIGHT
    return InputCase(name, KIND, SOURCE, judge, (accepted,))


def found(name: str, void: Mask, given: str | None, sides: tuple[str, ...], doubt: str | None = None) -> InputCase:
    """Which implants are found; `doubt` is what a sentence must say, None where there must be none."""

    def judge(_folder: Path) -> Judged:
        def call() -> SeenImplant:
            return look(void(), given)

        def sentences(seen: SeenImplant) -> list[str]:
            return seen.sentences if seen.sides == sides or doubt is None else []

        if doubt is None:
            return judged(call, lambda seen: seen.sides == sides, warnings=sentences, may_warn=False)
        return judged(call, warnings=sentences, warned_by=doubt)

    accepted = (Outcome.RIGHT,) if doubt is None else (Outcome.WARNED,)
    return InputCase(name, KIND, SOURCE, judge, accepted)


def refused(name: str, void: Mask, given: str) -> InputCase:
    """The given side is contradicted: refused, with the other side as advice."""
    other = "left" if given == "right" else "right"

    def judge(_folder: Path) -> Judged:
        return judged(
            lambda: look(void(), given),
            warnings=lambda seen: seen.sentences,
            refused_by=f"given as {given}, but .* on the {other}.*--prosthesis-side {other}",
        )

    return InputCase(name, KIND, EXCHANGED, judge, accepted=(Outcome.REFUSED,))


def named(name: str, given: str | None, place: tuple[float, float, float], expected: str) -> InputCase:
    """The name of a place beside one of two prostheses."""

    def judge(_folder: Path) -> Judged:
        def call() -> str:
            seen = look(stem("left") | stem("right"), given)
            implants = hip_implants(MRResult([], None, seen.result), given)  # type: ignore[arg-type]
            plan = BodyPlan(np.zeros(3), np.array([-1.0, 0.0, 0.0]), "symmetry plane", None, implants)
            return Namer(plan=plan, implants=implants).name(np.array(place)).name

        return judged(call, lambda name: name.startswith(expected), warnings=lambda _: ())

    return InputCase(name, KIND, SOURCE, judge)


def options(name: str, call: Callable[[], object], expected: str | None, refused_by: str | None = None) -> InputCase:
    """What the options make of a side."""

    def judge(_folder: Path) -> Judged:
        return judged(call, lambda group: group == expected, warnings=lambda _: (), refused_by=refused_by)

    accepted = (Outcome.RIGHT,) if refused_by is None else (Outcome.REFUSED,)
    return InputCase(name, KIND, SOURCE, judge, accepted)


CASES = [
    found("prosthesis-left-as-given", left_stem, "left", ("left",)),
    found("prosthesis-right-as-given", right_stem, "right", ("right",)),
    found("prosthesis-left-side-not-given", left_stem, None, ("left",), "not given: left, by the"),
    found("prosthesis-right-side-not-given", right_stem, None, ("right",), "not given: right, by the"),
    found("two-prostheses-given", two_stems, "both", ("left", "right")),
    found("two-prostheses-side-not-given", two_stems, None, ("left", "right"), "left and"),
    found("two-prostheses-one-given", two_stems, "left", ("left", "right"), "seen on both sides"),
    found("one-prosthesis-both-given", right_stem, "both", ("right",), "only one implant is seen"),
    found("no-prosthesis-seen", nothing, "left", (), "No implant's signal void"),
    found("no-prosthesis-seen-both-given", nothing, "both", (), "No implant's signal void"),
    found("no-prosthesis-seen-side-not-given", nothing, None, (), "No implant's signal void"),
    found("gas-on-the-other-side", lambda: stem("left") | gas("right"), "left", ("left",)),
    found("gas-on-the-other-side-not-given", lambda: stem("left") | gas("right"), None, ("left",), "given: left"),
    found("thick-cortex-of-both-femora-is-no-second-prosthesis", lambda: stem("left") | cortex(), "left", ("left",)),
    refused("prosthesis-right-given-as-left", right_stem, "left"),
    refused("prosthesis-left-given-as-right", left_stem, "right"),
    refused("prosthesis-on-the-other-side-of-gas", lambda: stem("right") | gas("left"), "left"),
    named("gruen-zone-of-the-left-one-of-two", "both", (-134.0, 0.0, -20.0), "left femur beside the stem, Gruen"),
    named("gruen-zone-of-the-right-one-of-two", "both", (134.0, 0.0, -20.0), "right femur beside the stem, Gruen"),
    named("medial-gruen-zone-of-the-left-one-of-two", "both", (-103.0, 0.0, -60.0), "left femur beside the stem"),
    named("cup-zone-of-the-right-one-of-two", None, (70.0, 0.0, 52.0), "right acetabulum at the cup, DeLee-Charnley"),
    named("cup-zone-of-the-left-one-of-two", None, (-70.0, 0.0, 52.0), "left acetabulum at the cup, DeLee-Charnley"),
    on_ct("ct-and-mr-agree", left_stem, left_stem, "left", None),
    on_ct("ct-shows-two-mr-one", left_stem, two_stems, "left", "CT shows .* left and right, the MR on left"),
    on_ct("ct-shows-one-mr-none", nothing, right_stem, "right", "CT shows .* right, the MR on no side"),
    on_ct("ct-shows-the-other-side", nothing, right_stem, "left", None, "CT shows the implant on the right"),
    on_ct("ct-without-metal", left_stem, nothing, "left", None),
    options(
        "both-sides-without-a-group",
        lambda: CaseOptions(prosthesis_side="both").resolved_group()[0],
        "hip-replacement",
    ),
    options(
        "both-sides-for-a-low-back",
        lambda: CaseOptions(group="low-back", prosthesis_side="both").resolved_group(),
        None,
        "group low-back.*hip-replacement",
    ),
]  # fmt: skip
