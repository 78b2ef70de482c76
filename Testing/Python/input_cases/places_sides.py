"""Sides and spines of bodies that are cropped, lie aside, or are no trunk: certain by two signs, or flagged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PainGeneratorLib.Anatomy.body_plan import plan_on_pet
from PainGeneratorLib.Numerics.body.canal import SpineLine
from PainGeneratorLib.Numerics.body.sections import find_sections, supported_plane
from PainGeneratorLib.Numerics.body.spine_check import is_confirmed, is_refuted
from PainGeneratorLib.Numerics.body.symmetry import SymmetryPlane
from PainGeneratorLib.Numerics.core.records import FLAG_TEXTS, Place
from PainGeneratorLib.Workflow.warnings import place_warnings
from small_bodies import SmallRun, run_small, small_body, small_case

from .judging import InputCase, Judged, Outcome, judged

KIND = "sides of cropped bodies"
SPINE_KIND = "spine or something else"
STS = "crops of https://www.cancerimagingarchive.net/collection/soft-tissue-sarcoma/ (thigh, calf, hip, shoulder)"
ISSUE = "a reader's cases: a right thigh called left trunk, a thigh called left spine, a right calf called left"
NOT_BACK = "neither a lower back nor a hip"
SIDE_WORDS = r"side is an assumption|check the side|left and right .* (uncertain|one sign)"


@dataclass(frozen=True, eq=False)
class SeenPlace:
    """A place with the sentences that a user sees about it."""

    place: Place
    true_side: str
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{self.place.name!r} ({self.place.side}, {self.place.side_certainty}) for {self.true_side}"


def claims_wrongly(place: Place, true_side: str, is_trunk: bool) -> bool:
    """Whether a name claims a side that is not true without a doubt, or a spine or a trunk that is none."""
    claims_side = f"{place.side} " in place.name.split(",")[0] and place.side_certainty != "uncertain"
    wrong_side = claims_side and place.side not in (true_side, "midline")
    wrong_part = not is_trunk and place.structure not in ("leg", "unnamed")
    return wrong_side or wrong_part


def sentences_of(place: Place, warnings: Iterable[str]) -> tuple[str, ...]:
    """What a user sees: the warnings of the case and the sentences of the flags."""
    return (*warnings, *(FLAG_TEXTS[flag] for flag in place.flags))


def on_pet(
    kind: str,
    x: float,
    view: tuple[float, float] = (-240.0, 240.0),
    shift: float = 0.0,
    heights: tuple[float, float] = (0.0, 140.0),
    quality: float = 0.7,
) -> SeenPlace:
    """A place on a PET alone, with a plane of symmetry in the middle of what is seen."""
    body = small_body(
        kind, (x, -40.0, 70.0), pet_view=view, mr_view=(-20.0, 20.0), table_shift=shift, pet_heights=heights
    )
    suv = body.pet
    seen = suv.geometry.flat_to_ras(np.flatnonzero(suv.array > 0.3))
    middle = 0.5 * (seen[:, 0].min() + seen[:, 0].max())
    plane = SymmetryPlane(np.array([middle, 0.0, 70.0]), np.array([-1.0, 0.0, 0.0]), quality)
    sections = find_sections(suv)
    plan = plan_on_pet(supported_plane(plane, sections), sections, suv.geometry.center_ras)
    place = plan.describe(np.array([x + shift, -40.0, 70.0]))
    return SeenPlace(place, body.side, sentences_of(place, place_warnings(plan, suv.geometry)))


def certain(name: str, kind: str, x: float, source: str = STS, **view: Any) -> InputCase:
    """A body whose midline is seen: the side must be right and certain, without any doubt."""

    def judge(_folder: Path) -> Judged:
        return judged(
            lambda: on_pet(kind, x, **view),
            lambda seen: (
                seen.place.side == seen.true_side
                and seen.place.side_certainty == "certain"
                and not claims_wrongly(seen.place, seen.true_side, kind == "trunk")
                and not any(flag.startswith("side-") for flag in seen.place.flags)
            ),
            warnings=lambda seen: seen.sentences,
        )

    return InputCase(name, KIND, source, judge)


def doubtful(name: str, kind: str, x: float, source: str = STS, **view: Any) -> InputCase:
    """A body whose midline is not seen: the doubt must be named, and the name must claim nothing wrong."""

    def judge(_folder: Path) -> Judged:
        found = judged(lambda: on_pet(kind, x, **view), warnings=lambda seen: seen.sentences, warned_by=SIDE_WORDS)
        seen = on_pet(kind, x, **view)
        if claims_wrongly(seen.place, seen.true_side, kind == "trunk"):
            return Judged(Outcome.WRONG, repr(seen))
        return found

    return InputCase(name, KIND, source, judge, accepted=(Outcome.WARNED,))


def spine_case(name: str, kind: str, x: float, expected: str, source: str = ISSUE, **view: Any) -> InputCase:
    """A bright tube with discs at x: a spine, none, or doubtful.

    `expected` is ``confirmed``, ``refuted`` or ``doubtful``.
    """

    def judge(_folder: Path) -> Judged:
        shift = view.get("table_shift", 0.0)
        body = small_body(kind, mr_view=(-20.0, 20.0), **view)
        heights = np.arange(0.0, 140.0, 3.0)
        points = np.stack([np.full_like(heights, x + shift), np.full_like(heights, -38.0), heights], axis=1)
        line = SpineLine(points, 0.9, 0.9, np.array([20.0, 56.0, 92.0]), np.zeros(3))
        sections = find_sections(body.pet)

        def call() -> str:
            if is_refuted(line, [sections]):
                return "refuted"
            return "confirmed" if is_confirmed(line, None, [sections]) else "doubtful"

        return judged(call, lambda found: found == expected, warnings=lambda found: ())

    return InputCase(name, SPINE_KIND, source, judge)


def whole(
    name: str,
    kind: str,
    focus: tuple[float, float, float],
    doubt: str | None,
    source: str = ISSUE,
    **view: Any,
) -> InputCase:
    """All stages on PET and MR. `doubt` is a regular expression of the warning, None where there must be none."""

    def judge(_folder: Path) -> Judged:
        body = small_body(kind, focus, **view)

        def seen_by_user(run: SmallRun) -> list[str]:
            return [*run.warnings, *(FLAG_TEXTS[f] for c in run.found.candidates for f in c.flags)]

        run = run_small(small_case(body))
        if any(claims_wrongly(place, body.side, kind == "trunk") for place in run.places) or not run.places:
            return Judged(Outcome.WRONG, repr(run))
        return judged(
            lambda: run,
            lambda run: run.places[0].side == body.side and run.places[0].side_certainty == "certain",
            warnings=lambda run: [
                text for text in seen_by_user(run) if doubt or "side" in text or "left and right" in text
            ],
            warned_by=doubt,
            may_warn=False,
        )

    accepted = (Outcome.RIGHT,) if doubt is None else (Outcome.WARNED,)
    return InputCase(name, KIND if doubt != "one sign only" else SPINE_KIND, source, judge, accepted, slow=True)


def both(first: float, last: float) -> dict[str, tuple[float, float]]:
    """The same view for PET and MR."""
    return {"pet_view": (first, last), "mr_view": (first, last)}


CASES = [
    certain("whole-trunk-right", "trunk", 60.0),
    certain("whole-trunk-left", "trunk", -60.0),
    certain("whole-trunk-that-lies-60-mm-aside", "trunk", -30.0, shift=60.0),
    certain("whole-trunk-that-lies-60-mm-to-the-other-side", "trunk", 30.0, shift=-60.0),
    certain("both-thighs-right", "thighs", 80.0),
    certain("both-thighs-left", "thighs", -80.0),
    certain("both-thighs-that-lie-aside", "thighs", -20.0, shift=70.0),
    certain("both-thighs-that-touch", "touching thighs", 70.0),
    certain("both-calves", "calves", 70.0),
    certain("both-thighs-with-the-outer-skin-cropped", "thighs", 60.0, view=(-140.0, 140.0)),
    doubtful("both-thighs-with-the-right-outer-skin-cropped", "thighs", -70.0, view=(-240.0, 140.0), quality=0.1),
    doubtful("right-thigh-with-all-skin", "right thigh", 60.0, view=(0.0, 240.0)),
    doubtful("right-thigh-with-the-outer-skin-cropped", "right thigh", 110.0, view=(-20.0, 140.0)),
    doubtful("left-thigh-with-the-outer-skin-cropped", "left thigh", -110.0, view=(-140.0, 20.0)),
    doubtful("right-thigh-with-the-inner-skin-cropped", "right thigh", 60.0, view=(50.0, 240.0)),
    doubtful("right-thigh-with-no-skin", "right thigh", 60.0, view=(30.0, 150.0)),
    doubtful("right-thigh-at-the-axis-of-the-scanner", "right thigh", 60.0, view=(0.0, 240.0), shift=-92.0),
    doubtful("right-thigh-beyond-the-axis-of-the-scanner", "right thigh", 92.0, view=(0.0, 240.0), shift=-180.0),
    doubtful("left-thigh-beyond-the-axis-of-the-scanner", "left thigh", -92.0, view=(-240.0, 0.0), shift=180.0),
    doubtful("right-calf-alone", "right calf", 60.0, view=(10.0, 240.0)),
    doubtful("right-calf-left-of-the-axis", "right calf", 60.0, view=(10.0, 240.0), shift=-130.0),
    doubtful("left-calf-right-of-the-axis", "left calf", -60.0, view=(-240.0, -10.0), shift=130.0),
    doubtful("neck-or-head-alone", "head", 30.0, view=(-120.0, 120.0), shift=40.0),
    doubtful("trunk-with-the-right-third-cropped", "trunk", 60.0, view=(-240.0, 90.0), quality=0.1),
    doubtful("trunk-with-the-left-third-cropped", "trunk", -60.0, view=(-90.0, 240.0), quality=0.1),
    doubtful("right-half-of-a-trunk", "trunk", 60.0, view=(-10.0, 240.0)),
    doubtful("strip-of-a-trunk-beside-the-midline", "trunk", 60.0, view=(20.0, 130.0)),
    doubtful("trunk-of-a-zoomed-pet", "trunk", 60.0, view=(-130.0, 130.0)),
    spine_case("canal-of-a-whole-trunk", "trunk", 0.0, "confirmed"),
    spine_case("canal-of-a-trunk-that-lies-aside", "trunk", 0.0, "confirmed", table_shift=60.0),
    spine_case("canal-of-a-scoliosis-30-mm-aside", "trunk", 30.0, "confirmed"),
    spine_case("tube-in-the-flank-of-a-trunk", "trunk", 90.0, "doubtful"),
    spine_case("tube-with-three-discs-in-a-thigh", "right thigh", 92.0, "refuted"),
    spine_case("tube-with-three-discs-in-one-of-two-thighs", "thighs", 92.0, "refuted"),
    spine_case("tube-between-two-calves", "calves", 0.0, "refuted"),
    spine_case("tube-in-a-calf", "right calf", 75.0, "refuted"),
    spine_case("tube-in-a-neck", "head", 0.0, "refuted"),
    spine_case("tube-in-a-thigh-with-no-skin", "right thigh", 92.0, "doubtful", pet_view=(40.0, 140.0)),
    spine_case("canal-in-a-strip-of-a-trunk", "trunk", 0.0, "doubtful", pet_view=(-60.0, 60.0)),
    whole("run-whole-trunk", "trunk", (16.0, -12.0, 60.0), None),
    whole("run-whole-trunk-with-a-sagittal-mr", "trunk", (-16.0, -12.0, 60.0), None, mr_view=(-40.0, 40.0)),
    whole("run-whole-trunk-that-lies-aside", "trunk", (-16.0, -12.0, 60.0), None, table_shift=50.0),
    whole("run-both-thighs", "thighs", (80.0, -20.0, 70.0), NOT_BACK),
    whole("run-right-thigh", "right thigh", (80.0, -20.0, 70.0), NOT_BACK),
    whole("run-right-thigh-with-both-on-pet", "thighs", (80.0, -20.0, 70.0), NOT_BACK, mr_view=(10.0, 180.0)),
    whole(
        "run-tumor-in-front-of-a-thigh-is-no-bladder", "right thigh", (95.0, 15.0, 70.0), SIDE_WORDS, radius=22.0,
        **both(0.0, 240.0),
    ),
    whole("run-right-thigh-lateral-cropped", "right thigh", (70.0, -20.0, 70.0), SIDE_WORDS, **both(-20.0, 140.0)),
    whole("run-right-thigh-no-skin", "right thigh", (70.0, -20.0, 70.0), SIDE_WORDS, **both(20.0, 150.0)),
    whole(
        "run-right-calf-left-of-the-axis", "right calf", (60.0, -20.0, 70.0), SIDE_WORDS, table_shift=-110.0,
        **both(0.0, 150.0),
    ),
]  # fmt: skip
