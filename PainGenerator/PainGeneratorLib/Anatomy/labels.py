"""Find the structure, the side and the level of a label of an anatomy segmentation from its name or its number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.kept import Kept
from .label_families import FAMILIES, VERTEBRAE

ADVICE = (
    'Give the names of the labels with --anatomy-labels, a JSON file such as {"1": "vertebrae_L1", "2": "sacrum"}.'
)
"""Advice for the user when labels cannot be understood."""


@dataclass(frozen=True)
class Structure(Kept):
    """The meaning of one label.

    Parameters
    ----------
    structure : str
        A word of :data:`PART_WORDS`, or the name of the label in plain words when it is not one of these.
    side : str, optional
        ``left`` or ``right`` when the label names the side, otherwise None.
    level : str, optional
        Vertebra ("L4") or disc ("L4/L5") when the label names it, otherwise None.
    """

    structure: str
    side: str | None = None
    level: str | None = None

    @property
    def text(self) -> str:
        """The meaning in words, such as "left hip bone" or "vertebra L4"."""
        return " ".join(part for part in (self.side, self.structure, self.level) if part)


PART_WORDS: dict[str, str] = {
    "vertebra": "vertebra vertebrae vert",
    "vertebral body": "vertebralbody vertebrabody vertebraebody vertebrabodies vertebracorpus"
    " vertebracorpusborder corpus corpusborder body",
    "vertebral arch": "arcusvertebrae arcus arch vertebralarch posteriorelements lamina neuralarch",
    "spinous process": "spinosusprocess spinousprocess processusspinosus",
    "transverse process": "costalprocess transverseprocess processustransversus",
    "superior articular process": "superiorarticular superiorarticularprocess articularprocesssuperior",
    "inferior articular process": "inferiorarticular inferiorarticularprocess articularprocessinferior",
    "facet joint": "facet facetjoint facets zygapophysealjoint",
    "pedicle": "pedicle pedicles",
    "upper endplate": "vertebralbodyendplatesuperior endplatesuperior superiorendplate upperendplate",
    "lower endplate": "vertebralbodyendplateinferior endplateinferior inferiorendplate lowerendplate",
    "endplate": "endplate endplates",
    "disc": "disc discs disk disks ivd ivds intervertebraldisc intervertebraldiscs intervertebraldisk vertebradisc",
    "sacrum": "sacrum sacralbone ossacrum s",
    "coccyx": "coccyx cocc",
    "spinal cord": "spinalcord cord",
    "spinal canal": "spinalcanal canal thecalsac dura csf",
    "hip bone": "hip hipbone innominate pelvicbone oscoxae coxa pelvis",
    "ilium": "ilium iliac iliacbone",
    "ischium": "ischium",
    "pubis": "pubis pubicbone",
    "acetabulum": "acetabulum",
    "femur": "femur femurbone proximalfemur",
    "femoral head": "femoralhead femurhead",
    "greater trochanter": "greatertrochanter trochantermajor",
    "lesser trochanter": "lessertrochanter trochanterminor",
    "sacroiliac joint": "sacroiliacjoint sijoint si",
    "implant": "implant hipimplant prosthesis endoprosthesis stem cup metal",
    "rib": "rib ribs",
    "erector spinae": "autochthon erectorspinae erectorspinaemuscle paraspinal paraspinalmuscle multifidus",
    "iliopsoas": "iliopsoas psoas psoasmajor iliopsoasmuscle iliacus",
    "gluteus maximus": "gluteusmaximus",
    "gluteus medius": "gluteusmedius",
    "gluteus minimus": "gluteusminimus",
    "quadratus lumborum": "quadratuslumborum",
    "piriformis": "piriformis",
    "quadriceps femoris": "quadricepsfemoris quadriceps",
    "medial thigh muscles": "thighmedialcompartment",
    "posterior thigh muscles": "thighposteriorcompartment",
    "sartorius": "sartorius",
    "muscle": "muscle muscles skeletalmuscle",
    "fat": "fat subcutaneousfat torsofat intermuscularfat",
    "kidney": "kidney kidneys",
    "kidney cyst": "kidneycyst",
    "ureter": "ureter ureters",
    "adrenal gland": "adrenalgland",
    "urinary bladder": "urinarybladder bladder",
    "prostate": "prostate",
    "uterus": "uterus",
    "ovary": "ovary",
    "testis": "testis testicle",
    "small bowel": "smallbowel smallintestine bowel intestine",
    "duodenum": "duodenum",
    "colon": "colon largebowel",
    "rectum": "rectum",
    "stomach": "stomach",
    "liver": "liver",
    "gallbladder": "gallbladder",
    "spleen": "spleen",
    "pancreas": "pancreas",
    "aorta": "aorta",
    "inferior vena cava": "inferiorvenacava ivc venacava",
    "iliac artery": "iliacartery",
    "iliac vein": "iliacvena iliacvein",
    "portal vein": "portalveinsplenicvein portalvein",
    "lung": "lung lungupperlobe lunglowerlobe lungmiddlelobe",
}
"""Structure -> the words that names of labels use for it (joined, in lower case, without side and level)."""

_BY_WORD = {word: structure for structure, words in PART_WORDS.items() for word in words.split()}
"""Word -> structure."""
_LEVEL = re.compile(r"^(?:th|t|d|l|c|s)\d{1,2}$")
"""Form of the name of a vertebra."""


def structure_of_name(name: str) -> Structure:
    """Find the meaning of a label from its name.

    Parameters
    ----------
    name : str
        A name such as ``vertebrae_L4``, ``disc_L5_S``, ``L4/L5 disc``, ``hip_left``, ``Left gluteus medius``, ``L3``.

    Returns
    -------
    Structure
        The meaning. The structure of an unknown name is this name in plain words.
    """
    tokens, side = _without_side(name)
    levels, words = _levels_and_words(tokens)
    structure = _structure_of_words(words) or _structure_of_levels(words, levels) or " ".join(words) or name
    if levels and levels[0].startswith("S") and structure == "vertebra":
        return Structure("sacrum", side, levels[0])
    return Structure(structure, side, _joined_level(structure, levels))


_FILLERS = ("left", "right", "of", "the", "and")
"""Words of a name that have no meaning for the structure."""
_GENERAL_WORDS = ("muscle", "bone", "joint")
"""Words that some programs add to the name of a structure."""


def _without_side(name: str) -> tuple[list[str], str | None]:
    """The words of a name in lower case, without a single letter for the side at its end; and the side."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)
    tokens = [token for token in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if token]
    sides = {token for token in tokens if token in ("left", "right")}
    if not sides and tokens and tokens[-1] in ("l", "r"):
        sides = {{"l": "left", "r": "right"}[tokens.pop()]}
    return tokens, sides.pop() if len(sides) == 1 else None


def _levels_and_words(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Separate the levels in the words of a name from its other words. An S after a level is the sacrum."""
    split = [part for token in tokens for part in _split_levels(token)]
    levels = [_level(token) for token in split if _is_level(token)]
    if levels and levels[0] != "S1" and split[-1] == "s":
        levels.append("S1")
        split.pop()
    return levels, [token for token in split if token not in _FILLERS and not _is_level(token)]


def _structure_of_words(words: list[str]) -> str | None:
    """The structure that words stand for; None when they are not known."""
    joined = "".join(word for word in words if not word.isdigit())
    return _BY_WORD.get(joined) or _BY_WORD.get("".join(word for word in words if word not in _GENERAL_WORDS))


def _structure_of_levels(words: list[str], levels: list[str]) -> str | None:
    """Disc or vertebra for a name that consists only of levels; None for other names."""
    if not levels or words:
        return None
    return "disc" if len(levels) == 2 else "vertebra"


def _is_level(token: str) -> bool:
    """Whether a word names a vertebra."""
    return bool(_LEVEL.match(token)) and _level(token) in VERTEBRAE


def _split_levels(token: str) -> list[str]:
    """Split ``l4l5`` into ``l4`` and ``l5``; return any other word unchanged."""
    parts = re.findall(r"(?:th|[tlcs])\d{1,2}", token)
    return parts if len(parts) > 1 and "".join(parts) == token else [token]


def _level(token: str) -> str:
    """The level in our spelling: ``th12`` and ``d12`` become T12."""
    return re.sub(r"^(th|d)", "t", token).upper()


def _joined_level(structure: str, levels: list[str]) -> str | None:
    """The level of a structure; that of a disc or a facet joint is joined from two vertebrae."""
    if not levels:
        return None
    if structure in ("disc", "facet joint"):
        return f"{levels[0]}/{levels[1]}" if len(levels) > 1 else None
    return levels[0]


def names_of_family(family: str) -> dict[int, Structure]:
    """Return the meaning of all labels of a known program.

    Parameters
    ----------
    family : str
        A key of :data:`.label_families.FAMILIES`.

    Returns
    -------
    dict of int to Structure
    """
    return {number: structure_of_name(name) for number, name in FAMILIES[family].items()}


@dataclass(frozen=True)
class LabelMatch:
    """The program that made a label map.

    Parameters
    ----------
    family : str
        The program, a key of :data:`.label_families.FAMILIES`.
    certainty : str
        ``certain`` when only the numbers of this program fit and the anatomy confirms it, ``likely`` when it fits
        best.
    structures : mapping of int to Structure
        The meaning of the labels that occur.
    """

    family: str
    certainty: str
    structures: Mapping[int, Structure]


@dataclass(frozen=True)
class LabelFacts:
    """Position (centroid, RAS mm) and volume (ml) of a label."""

    centroid_ras_mm: np.ndarray
    volume_ml: float


_RELATIONS = (
    ("sacrum", 2, -1, "vertebra", 10.0),
    ("femur", 2, -1, "hip bone", 0.0),
    ("urinary bladder", 2, -1, "kidney", 20.0),
    ("urinary bladder", 2, -1, "liver", 20.0),
    ("quadriceps femoris", 2, -1, "vertebra", 60.0),
    ("medial thigh muscles", 2, -1, "vertebra", 60.0),
    ("posterior thigh muscles", 2, -1, "vertebra", 60.0),
    ("gluteus maximus", 2, -1, "kidney", 0.0),
    ("gluteus maximus", 1, -1, "iliopsoas", 0.0),
    ("gluteus maximus", 1, -1, "gluteus minimus", 0.0),
    ("gluteus maximus", 1, -1, "femur", 0.0),
    ("erector spinae", 1, -1, "aorta", 0.0),
    ("erector spinae", 1, -1, "vertebra", 0.0),
    ("erector spinae", 1, -1, "iliopsoas", 0.0),
    ("spinal cord", 1, -1, "iliopsoas", 0.0),
    ("vertebra", 1, -1, "aorta", 0.0),
    ("spinal cord", 1, -1, "aorta", 0.0),
    ("spinal cord", 1, -1, "vertebral body", 0.0),
    ("posterior thigh muscles", 1, -1, "quadriceps femoris", 0.0),
    ("spleen", 0, -1, "liver", 0.0),
    ("aorta", 0, -1, "inferior vena cava", 0.0),
    ("stomach", 0, -1, "gallbladder", 0.0),
)
"""Checks of the position of one structure to another: first structure, number of the RAS axis (0 R, 1 A, 2 S), sign,
second structure, lower bound of the distance (mm). The first structure must lie at least this far from the second one
along the axis with this sign. Our estimates."""
_LARGEST_ML = {
    "vertebra": 160.0,
    "disc": 45.0,
    "adrenal gland": 30.0,
    "spinal cord": 200.0,
    "kidney": 500.0,
    "rib": 80.0,
}
"""Structure -> upper bound of its volume, ml, with a wide margin. There are no lower bounds, because the field of view
cuts structures off. Our estimates."""

_ENOUGH_CHECKS = 3
"""Lower bound of the number of checks against the anatomy that can confirm a program. Our estimate."""
_LEAST_AGREEMENT = 0.75
"""Lower bound of the fraction of checks that must pass to confirm a program. Our estimate."""
_CONTRADICTED_BELOW = 0.5
"""Fraction of passed checks below which the anatomy contradicts the program. Our estimate."""
_RIVAL_WITHIN = 0.1
"""Upper bound of the difference between the fractions of passed checks of the best program and of another one that may
be right as well. Our estimate."""


def plausibility(structures: Mapping[int, Structure], facts: Mapping[int, LabelFacts]) -> tuple[int, int]:
    """Check the meaning of labels against the anatomy.

    The checks are: left structures lie to the left of the right ones; vertebrae lie one above the other; known
    neighbors lie below, behind or to the left of each other; volumes are not too large.

    Parameters
    ----------
    structures : mapping of int to Structure
        The meaning of the labels.
    facts : mapping of int to LabelFacts
        Position and volume of the labels.

    Returns
    -------
    tuple of int
        Number of checks that passed, and number of checks that were made.
    """
    results: list[bool] = []
    placed = {number: (structures[number], facts[number]) for number in structures if number in facts}
    twins: dict[tuple[str, str | None], dict[str, np.ndarray]] = {}
    for what, fact in placed.values():
        if what.side:
            twins.setdefault((what.structure, what.level), {})[what.side] = fact.centroid_ras_mm
        limit = _LARGEST_ML.get(what.structure)
        if limit is not None and what.level is not None and fact.volume_ml > limit:
            results.append(False)
    results += [bool(pair["left"][0] < pair["right"][0]) for pair in twins.values() if len(pair) == 2]
    results += _order_checks(placed.values())
    means: dict[str, list[np.ndarray]] = {}
    for what, fact in placed.values():
        means.setdefault(what.structure, []).append(fact.centroid_ras_mm)
    for first, axis, sign, second, least in _RELATIONS:
        if first in means and second in means:
            gap = np.mean(means[first], axis=0)[axis] - np.mean(means[second], axis=0)[axis]
            results.append(bool(sign * gap > least))
    return sum(results), len(results)


def _order_checks(placed: Iterable[tuple[Structure, LabelFacts]]) -> list[bool]:
    """Check that vertebrae (and discs) lie one above the other, at most 70 mm apart for each level. Our estimate."""
    results = []
    for kind in ("vertebra", "disc"):
        heights = {}
        for what, fact in placed:
            if what.structure == kind and what.level is not None:
                heights[VERTEBRAE.index(what.level.split("/")[0])] = fact.centroid_ras_mm
        order = sorted(heights)
        for upper, lower in pairwise(order):
            step = heights[upper] - heights[lower]
            results.append(bool(step[2] > 0 and np.linalg.norm(step) < 70.0 * (lower - upper)))
    return results


def match_family(facts: Mapping[int, LabelFacts]) -> LabelMatch:
    """Find from the numbers of the labels which program made a label map.

    A program is possible when it uses every number. If several programs are possible, the anatomy decides.

    Parameters
    ----------
    facts : mapping of int to LabelFacts
        Position and volume of every label that occurs, without 0.

    Returns
    -------
    LabelMatch

    Raises
    ------
    PainGeneratorError
        No known program uses these numbers, or several programs do and the anatomy does not decide between them.
    """
    present = set(facts)
    possible = [family for family, names in FAMILIES.items() if present <= set(names)]
    if not possible:
        shown = ", ".join(str(number) for number in sorted(present)[:12])
        raise PainGeneratorError(f"The labels of the anatomy segmentation ({shown}) are of no known program.", ADVICE)
    scored = sorted((_score(family, facts) for family in possible), key=lambda one: (-one.agreement, -one.checks))
    best = scored[0]
    is_confirmed = best.checks >= _ENOUGH_CHECKS and best.agreement >= _LEAST_AGREEMENT
    is_contradicted = best.checks and best.agreement < _CONTRADICTED_BELOW
    if is_contradicted or (len(possible) > 1 and not is_confirmed) or any(_is_rival(one, best) for one in scored[1:]):
        names = ", ".join(one.family for one in scored[:3])
        raise PainGeneratorError(f"The labels of the anatomy segmentation may be those of {names}.", ADVICE)
    return LabelMatch(best.family, "certain" if is_confirmed else "likely", best.structures)


@dataclass(frozen=True)
class _FamilyScore:
    """How well the labels of one program fit the anatomy; `agreement` is the fraction of `checks` that passed."""

    agreement: float
    checks: int
    family: str
    structures: Mapping[int, Structure]


def _is_rival(one: _FamilyScore, best: _FamilyScore) -> bool:
    """Whether another program fits about as well and gives the labels another meaning."""
    fits = one.agreement >= best.agreement - _RIVAL_WITHIN and one.checks >= min(_ENOUGH_CHECKS, best.checks)
    return fits and one.structures != best.structures


def _score(family: str, facts: Mapping[int, LabelFacts]) -> _FamilyScore:
    structures = {number: what for number, what in names_of_family(family).items() if number in facts}
    passed, made = plausibility(structures, facts)
    return _FamilyScore(passed / made if made else 0.0, made, family, structures)
