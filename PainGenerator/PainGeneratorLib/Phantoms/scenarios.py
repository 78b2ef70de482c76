"""Scenarios: phantoms that each pose one question of reading, with the right answer in ``truth.json``.

A scenario takes the patient of a seed, and gives it disease, usual uptake or an examination of its own. The answer
says what becomes of each lesion (a candidate, or an entry of the box for what has to be looked at), which lesions
belong into one entry, and which normal structures must not be candidates. Sizes and uptakes are our choice within what
is published; where a number comes from the literature, it stands at the function that paints it
(:mod:`.low_back_scenarios`, :mod:`.hip_scenarios`). Each scenario draws from a random generator of its own, so that
the same seed gives the same habitus, organs and scanner. ``plain`` is no scenario and changes nothing at all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..Numerics.core.words import Group

if TYPE_CHECKING:
    import numpy as np

PLAIN_SCENARIO = "plain"
"""The name for no scenario."""
CANDIDATE, ATTENTION, EITHER = "candidate", "attention", "candidate or attention"
"""What becomes of a lesion in the right answer."""


@dataclass(frozen=True)
class Answer:
    """What is right about one lesion.

    Parameters
    ----------
    expected : str
        `CANDIDATE`, `ATTENTION` or `EITHER`.
    entry : str or None
        Lesions with the same word here belong into one entry, such as those of both sides.
    is_mr_unknown : bool
        Whether the MR cannot tell, because it does not show the place or has no series for it. The reading must not
        call it normal then, and the lesion may count as seen on PET alone.
    """

    expected: str = CANDIDATE
    entry: str | None = None
    is_mr_unknown: bool = False


@dataclass(frozen=True)
class Scenario:
    """One scenario.

    Parameters
    ----------
    name : str
    group : str
    text : str
        What there is, and the right answer, as a sentence.
    variant : str
        The anatomical variant of the patient (:mod:`.variants`).
    has_usual_lesions : bool
        Whether the patient has the lesions that the seed has without a scenario.
    left_out : tuple of str
        Roles of the series that are left out of the examination.
    not_candidates : tuple of str
        Kinds of normal structures that must not be candidates.
    weeks_since_surgery : int or None
        How long ago the prosthesis was implanted, where it matters.
    has_both_prostheses : bool
        Whether both hips were replaced.
    """

    name: str
    group: str
    text: str
    variant: str = "plain"
    has_usual_lesions: bool = False
    left_out: tuple[str, ...] = ()
    not_candidates: tuple[str, ...] = ()
    weeks_since_surgery: int | None = None
    has_both_prostheses: bool = False

    def rng(self, seed: int) -> np.random.Generator:
        """The random generator of the scenario. It is no generator of the patient."""
        import numpy as np  # Not at the top, so that the help of the command needs no numpy.

        digest = hashlib.sha256(f"scenario {self.name}".encode()).digest()[:8]
        return np.random.default_rng([seed, int.from_bytes(digest, "big")])

    def to_json(self, answers: dict[str, Answer]) -> dict:
        """The scenario with its right answer, as it is written to ``truth.json``.

        Parameters
        ----------
        answers : dict
            Id of a lesion -> what is right about it.
        """
        entries: dict[str, list[str]] = {}
        for lesion, answer in answers.items():
            if answer.entry is not None:
                entries.setdefault(answer.entry, []).append(lesion)
        return {
            "name": self.name,
            "text": self.text,
            "lesions": {
                lesion: {"expected": one.expected, "is_mr_unknown": one.is_mr_unknown}
                for lesion, one in answers.items()
            },
            "one_entry": list(entries.values()),
            "not_candidates": list(self.not_candidates),
            "weeks_since_surgery": self.weeks_since_surgery,
        }


def _low_back(name: str, text: str, **more) -> Scenario:
    return Scenario(name, str(Group.LOW_BACK), text, **more)


def _hip(name: str, text: str, **more) -> Scenario:
    return Scenario(name, str(Group.HIP_REPLACEMENT), text, **more)


_LOW_BACK = (
    _low_back("bilateral", "Equal sacroiliitis on both sides: one candidate that names both."),
    _low_back("hot-facets", "Six equally hot facet joints at three levels, PET alone: all are candidates, by pairs."),
    _low_back("several-levels", "Modic I at three levels and one facet joint: all are candidates."),
    _low_back("metastasis", "Three vertebral metastases of SUV 9 to 13, and a facet joint: the former for attention."),
    _low_back("psoas-mass", "A mass of 85 ml in a psoas: for attention."),
    _low_back("discitis", "A disc and both its endplates with high uptake, edema and fluid: one entry for attention."),
    _low_back("large-focus", "A focus of 14 to 20 ml in a vertebral body at twice the uptake of marrow: shown."),
    _low_back("faint-muscle", "A focus in the muscle of one side, 1.7 times the muscle as measured: a candidate."),
    _low_back("small-roots", "A nerve root of 0.5 to 1 ml beside a hotter facet joint: two candidates."),
    _low_back("canal", "A lesion in the spinal canal with a SUVmax of about 2.1: a candidate."),
    _low_back(
        "hot-muscle",
        "Back muscles and psoas used alike on both sides: no candidate.",
        not_candidates=("symmetric muscle use",),
    ),
    _low_back("brown-fat", "Brown fat on both sides of T12: no candidate.", not_candidates=("brown fat",)),
    _low_back("conus", "A conus with more uptake than the cord: no candidate.", not_candidates=("conus",)),
    _low_back("healthy", "Nothing is ill: no candidate."),
    _low_back("no-t1", "The usual lesions without a T1.", has_usual_lesions=True, left_out=("T1",)),
    _low_back(
        "no-fluid",
        "The usual lesions without STIR and T2: MR cannot tell about edema.",
        has_usual_lesions=True,
        left_out=("FLUID", "T2"),
    ),
    _low_back(
        "cut-field",
        "Facet joint in a short field of the MR; another and a sacroiliac joint outside, of which MR cannot tell.",
        variant="short-field",
    ),
    *(
        _low_back(name, f"The usual lesions in the anatomical variant {name}.", variant=name, has_usual_lesions=True)
        for name in ("four-lumbar", "six-lumbar", "scoliosis", "kyphosis")
    ),
)
_USUAL_AT_HIP = (
    "expected uptake at the neck",
    "expected oedema in Gruen zone 1",
    "expected oedema in Gruen zone 7",
    "symmetric uptake at the ischium",
    "symmetric uptake at the trochanter",
)
"""Normal structures of every phantom with a hip prosthesis."""
_HIPS = (
    *(
        _hip(f"gruen-{zone}", f"Loosening of the stem with edema in Gruen zone {zone} alone: a candidate there.")
        for zone in (7, 2, 6)
    ),
    _hip("delee-2", "Loosening of the cup with edema in DeLee-Charnley zone II alone: a candidate there."),
    _hip("along-stem", "Raised uptake of 30 to 60 ml along the whole stem, with edema: for attention."),
    _hip(
        "both-prostheses",
        "Both hips replaced; loosening in Gruen zone 7 of the right and 6 of the left: candidates with their zones.",
        has_both_prostheses=True,
    ),
    _hip(
        "early-after-surgery",
        "Six weeks after surgery, uptake along stem and approach: expected, so that whatever is shown is flagged.",
        not_candidates=("early uptake after surgery", *_USUAL_AT_HIP),
        weeks_since_surgery=6,
    ),
    _hip(
        "neck-uptake",
        "Usual uptake at the neck of the prosthesis, at its upper limit: no candidate.",
        not_candidates=_USUAL_AT_HIP,
    ),
    _hip(
        "approach",
        "Edema along the surgical approach without uptake: no candidate.",
        not_candidates=("edema of the surgical approach", *_USUAL_AT_HIP),
    ),
    _hip("gluteal-mass", "A mass of 101 ml in a gluteus maximus, SUVmax 6.3: for attention."),
    _hip("healthy-hip", "Only what is usual at a prosthesis: no candidate.", not_candidates=_USUAL_AT_HIP),
)
SCENARIOS: dict[str, Scenario] = {one.name: one for one in (*_LOW_BACK, *_HIPS)}
"""Name -> scenario. Each is explained in docs/phantoms.md."""
SCENARIO_NAMES = (PLAIN_SCENARIO, *SCENARIOS)
"""Names for the command line."""


def scenario_of(name: str, group: str) -> Scenario | None:
    """The scenario of a name; None for ``plain``. One that is not known for the group is a ValueError."""
    if name == PLAIN_SCENARIO:
        return None
    known = [one.name for one in SCENARIOS.values() if one.group == group]
    if name not in known:
        raise ValueError(f"the scenario of a phantom of group {group} must be plain or one of {known}, not {name!r}")
    return SCENARIOS[name]
