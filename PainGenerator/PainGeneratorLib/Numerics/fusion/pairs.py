"""Candidates that are one lesion, or one pair.

* Both endplates of one disc, with or without the disc between them, are one discovertebral lesion: the disease is that
  of the segment, and a reader reports it once.
* Halves of one focus that have two names, such as facet joint and lamina, are one lesion. Uptake that rises from the
  cooler one into the hotter one has one maximum, and the border between the names is none of the uptake.
* The same joint or bone on both sides with alike uptake is a pair. Symmetry is a property of the pair and says nothing
  against it: of 54 patients with raised uptake of facet joints 30 had it on both sides
  (10.1186/s43055-023-00969-3). Muscles, vessels, kidneys and gonads are not paired here; for them it is usual to be
  alike, which the rules for physiologic uptake know.

What is joined keeps all of its signs. Its place, its position and its measures begin with those of the hottest part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ..core.joint_names import DISCOVERTEBRAL, PLURALS_OF_PAIRS, name_of_both, name_of_unit
from ..core.records import Candidate, HotSpot, Place
from ..core.regions import gap_mm, on_grid, overlap_fraction, union
from ..core.words import LATERAL_SIDES, Certainty, Evidence, Side
from ..pet.peak import SPHERE_RADIUS_MM
from .joining import clearness_order, connected, heat_order
from .parameters import JoinParameters
from .places import Name, Sign, is_same_name
from .strongest import evidence_of, set_measures, set_uptake

LOWER_ENDPLATE, UPPER_ENDPLATE, DISC = "lower endplate", "upper endplate", "disc"
ENDPLATES = frozenset({LOWER_ENDPLATE, UPPER_ENDPLATE})
UNIT_PARTS = frozenset({LOWER_ENDPLATE, UPPER_ENDPLATE, DISC})
"""Structures of places that make up a discovertebral unit. All have the level of the disc."""
HALVES = frozenset(
    frozenset(names)
    for names in (
        ("facet joint", "lamina"),
        ("facet joint", "pars interarticularis"),
        ("facet joint", "pedicle"),
        ("facet joint", "transverse process"),
        ("lamina", "pars interarticularis"),
        ("lamina", "spinous process"),
        ("pars interarticularis", "pedicle"),
        ("pedicle", "transverse process"),
        ("spinous process", "interspinous space"),
        (LOWER_ENDPLATE, DISC),
        (UPPER_ENDPLATE, DISC),
        (LOWER_ENDPLATE, "vertebral body"),
        (UPPER_ENDPLATE, "vertebral body"),
        ("sacroiliac joint", "sacral ala"),
        ("sacroiliac joint", "iliac crest"),
    )
)
"""Structures that border on each other, so that one focus may reach over both."""
SIDE_FLAGS = frozenset({"side-likely", "side-uncertain", "map-side"})
"""Flags of a place whose side is in doubt; a place on both sides has no such doubt."""


def as_one(found: Sequence[Candidate], join: JoinParameters) -> list[Candidate]:
    """Candidates, those that are one lesion or one pair joined.

    Parameters
    ----------
    found : sequence of Candidate
        Not judged yet.
    join : JoinParameters

    Returns
    -------
    list of Candidate
        All signs of `found` are in them. A pair names both sides, and a disc with its endplates is called by the disc.
    """
    whole = _in_groups(found, lambda one, other: are_halves(one, other, join), _whole)
    whole = _in_groups(whole, lambda one, other: are_of_one_disc(one, other, join), _unit)
    return _in_pairs(whole, join)


def joint_place(first: Place, second: Place) -> Place | None:
    """The place that two places are together; None where they are no pair and no two endplates of one disc.

    Parameters
    ----------
    first, second : Place
        In any order.
    """
    if (first.level, first.zone, second.zone) != (second.level, None, None):
        return None
    structures = {first.structure, second.structure}
    if structures == ENDPLATES and first.level is not None:
        return _unit_place(first, second)
    is_paired = len(structures) == 1 and first.structure in PLURALS_OF_PAIRS
    return _place_of_both(first, second) if is_paired and {first.side, second.side} == set(LATERAL_SIDES) else None


def _unit_place(first: Place, second: Place) -> Place:
    """The place at both endplates of a disc. It has a side where both endplates have the same."""
    side, certainty = str(Side.MIDLINE), str(Certainty.CERTAIN)
    if first.side == second.side:
        side, certainty = first.side, first.side_certainty
    flags = tuple(dict.fromkeys((*first.flags, *second.flags)))
    place = Place(name_of_unit(first.level, side), DISCOVERTEBRAL, side, first.level, None, flags, certainty)
    return _with_doubts(place)


def _place_of_both(first: Place, second: Place) -> Place:
    """The place on both sides. Nothing about it depends on which side is the left one."""
    flags = tuple(flag for flag in dict.fromkeys((*first.flags, *second.flags)) if flag not in SIDE_FLAGS)
    name = name_of_both(first.structure, first.level)
    return _with_doubts(Place(name, first.structure, str(Side.BOTH), first.level, None, flags))


def _with_doubts(place: Place) -> Place:
    """The place with a name that says what is uncertain, because names also stand alone, as in segments."""
    doubts = ["(level uncertain)"] if place.level_certainty == Certainty.UNCERTAIN else []
    if place.side in LATERAL_SIDES and place.side_certainty != Certainty.CERTAIN:
        doubts.append(f"(side {place.side_certainty})")
    return replace(place, name=" ".join([place.name, *doubts]))


def place_of_rest(candidate: Candidate, name: Name) -> Place | None:
    """The place of a joined candidate of which the reader erased a part; None where nothing has to be named anew.

    Parameters
    ----------
    candidate : Candidate
        With its new outline and its former signs.
    name : callable
        Gives the anatomical place of a region.
    """
    places = [name(sign.region) for sign in signs_of(candidate)]
    joint = [joint_place(one, other) for one, other in combinations(places, 2)]
    if not any(place is not None and is_same_name(place, candidate.place) for place in joint):
        return None
    left = {(part.structure, part.side) for part in _places_left(candidate, name)}
    return name(candidate.region) if len(left) == 1 else None


def place_of_merged(candidate: Candidate, name: Name) -> Place | None:
    """The place that the signs of a candidate are together when the reader merged both sides of a pair, or both
    endplates of a disc; None for all others, which are named by their outline.

    Parameters
    ----------
    candidate : Candidate
        With its new outline and its former signs.
    name : callable
        Gives the anatomical place of a region.
    """
    places = _places_left(candidate, name)
    for one, other in combinations(places, 2):
        place = joint_place(one, other)
        parts = {(one.structure, one.level), (other.structure, other.level)}
        if place is not None and all((part.structure, part.level) in parts for part in places):
            return place
    return None


def signs_of(candidate: Candidate) -> list[Sign]:
    """Hot spots and MR findings of a candidate."""
    return [*candidate.hot_spots, *candidate.mr_findings]


def _places_left(candidate: Candidate, name: Name) -> list[Place]:
    """The places of the signs into which the outline of a candidate reaches."""
    return [name(sign.region) for sign in signs_of(candidate) if overlap_fraction(sign.region, candidate.region) > 0]


def are_halves(one: Candidate, other: Candidate, join: JoinParameters) -> bool:
    """Whether two candidates with neighboring names are halves of one focus: they touch and share one maximum.

    The maximum is shared when the cooler one is hottest at its border with the hotter one, or when both maxima lie in
    one sphere of SUVpeak. Two foci with a valley between them have two maxima, and stay apart.
    """
    if not (_has_own_uptake(one) and _has_own_uptake(other) and _are_neighbors(one.place, other.place)):
        return False
    hot, cool = sorted((one.hot_spots[0], other.hot_spots[0]), key=heat_order)
    if not gap_mm(hot.region, cool.region, join.touch_mm) < np.inf:
        return False
    apart = float(np.linalg.norm(hot.peak_ras_mm - cool.peak_ras_mm))
    beside = float(np.linalg.norm(hot.region.points_ras - cool.peak_ras_mm, axis=1).min())
    return apart <= SPHERE_RADIUS_MM or beside < join.touch_mm


def _are_neighbors(one: Place, other: Place) -> bool:
    """Whether one focus may reach over both places: neighbors of one level, and not on opposite sides."""
    if frozenset((one.structure, other.structure)) not in HALVES or (one.zone, other.zone) != (None, None):
        return False
    if {one.side, other.side} == set(LATERAL_SIDES):
        return False
    if one.level is None or other.level is None:
        return one.level is other.level
    return bool(set(one.level.split("/")) & set(other.level.split("/")))


def are_of_one_disc(one: Candidate, other: Candidate, join: JoinParameters) -> bool:
    """Whether two candidates are parts of one discovertebral lesion.

    Endplates face each other across a disc, and show the same: uptake, or the same change on MR. Two lesions of one
    disc that lie at opposite edges are farther apart than a disc is high. A disc belongs to an endplate that it
    touches with uptake.
    """
    first, second = one.place, other.place
    structures = {first.structure, second.structure}
    if not structures <= UNIT_PARTS or len(structures) < 2 or first.level is None or first.level != second.level:
        return False
    are_hot = _has_own_uptake(one) and _has_own_uptake(other)
    if DISC in structures:
        return are_hot and gap_mm(one.region, other.region, join.touch_mm) < np.inf
    are_alike_on_mr = one.mr_kind is not None and one.mr_kind == other.mr_kind
    return (are_hot or are_alike_on_mr) and gap_mm(one.region, other.region, join.disc_mm) < np.inf


def are_a_pair(one: Candidate, other: Candidate, join: JoinParameters) -> bool:
    """Whether two candidates are the same joint or bone on both sides, with alike uptake.

    A side that is far from clear of normal uptake is no side of a pair: disease of one side is not called disease of
    both.
    """
    place = joint_place(one.place, other.place)
    if place is None or place.side != Side.BOTH or not (_has_own_uptake(one) and _has_own_uptake(other)):
        return False
    if not (_is_about_clear(one, join) and _is_about_clear(other, join)):
        return False
    heats = sorted((_heat(one), _heat(other)))
    return heats[1] <= join.pair_ratio * heats[0]


def sides_of(spots: Sequence[HotSpot]) -> dict[str, list[HotSpot]]:
    """The hot spots of a pair by side, in their order.

    The middle between the outermost ones lies between the sides, as the joints of a pair are farther apart than the
    foci of one of them.
    """
    across = [float(spot.peak_ras_mm[0]) for spot in spots]
    middle = 0.5 * (max(across) + min(across))
    right = [spot for spot, x in zip(spots, across, strict=True) if x > middle]
    left = [spot for spot, x in zip(spots, across, strict=True) if x <= middle]
    return {str(Side.RIGHT): right, str(Side.LEFT): left}


def _has_own_uptake(candidate: Candidate) -> bool:
    """Whether a candidate has uptake that is not held to be usual; what the MR confirms is not usual."""
    spots = candidate.hot_spots
    return bool(spots) and (bool(candidate.mr_findings) or all(spot.physiologic is None for spot in spots))


def _is_about_clear(candidate: Candidate, join: JoinParameters) -> bool:
    """Whether uptake is clear of normal uptake, with the tolerance that both sides of a pair have; the MR counts more.

    Uptake whose clearness is not known counts as clear.
    """
    known = [spot.clearness for spot in candidate.hot_spots if spot.clearness is not None]
    return bool(candidate.mr_findings) or not known or max(known) * join.pair_ratio >= 1.0


def _heat(candidate: Candidate) -> float:
    return -min(map(heat_order, candidate.hot_spots), default=0.0)


def _in_groups(
    found: Sequence[Candidate],
    are_linked: Callable[[Candidate, Candidate], bool],
    joined: Callable[[list[Candidate]], list[Candidate]],
) -> list[Candidate]:
    """Candidates, each group that is connected by links made one or left as it is."""
    return [one for group in connected(found, are_linked) for one in (joined(group) if len(group) > 1 else group)]


def _whole(halves: list[Candidate]) -> list[Candidate]:
    """Halves of one focus as one, which has the name of the hottest."""
    parts = sorted(halves, key=_part_order)
    return [_joined(parts, parts[0].place)]


def _unit(parts: list[Candidate]) -> list[Candidate]:
    """Endplates and disc as one; as they are where one of the endplates is missing."""
    parts = sorted(parts, key=_part_order)
    for one, other in combinations(parts, 2):
        place = joint_place(one.place, other.place)
        if place is not None:
            return [_joined(parts, place)]
    return parts


def _in_pairs(found: Sequence[Candidate], join: JoinParameters) -> list[Candidate]:
    """Candidates, the hottest ones of the left and of the right side of a joint or bone joined."""
    rest = sorted(found, key=_part_order)
    whole: list[Candidate] = []
    while rest:
        one = rest.pop(0)
        other = next((other for other in rest if are_a_pair(one, other, join)), None)
        if other is None:
            whole.append(one)
        else:
            rest = [candidate for candidate in rest if candidate is not other]
            whole.append(_pair(one, other))
    return whole


def _pair(hotter: Candidate, cooler: Candidate) -> Candidate:
    """One candidate for both sides, with position and uptake of the hotter side."""
    place = joint_place(hotter.place, cooler.place)
    assert place is not None
    both = _joined([hotter, cooler], place)
    set_uptake(both, hotter.hot_spots)
    return both


def _part_order(candidate: Candidate) -> tuple[bool, float, float]:
    """Sort key that puts the part first that stands for all: with uptake, the hottest, else the clearest on MR."""
    return candidate.evidence == Evidence.MR_ONLY, -_heat(candidate), -(candidate.mr_z or 0.0)


def _joined(parts: Sequence[Candidate], place: Place) -> Candidate:
    """One candidate from several, the one that stands for all first. It has the outlines and the signs of all."""
    first = parts[0]
    region = union([on_grid(part.region, first.region.geometry) for part in parts])
    spots = {tuple(spot.peak_ras_mm): spot for part in reversed(parts) for spot in reversed(part.hot_spots)}
    findings = {id(finding): finding for part in parts for finding in part.mr_findings}
    dropped = SIDE_FLAGS if place.side == Side.BOTH else frozenset()
    flags = [flag for part in parts for flag in part.flags if flag not in dropped]
    whole = replace(
        first,
        place=place,
        region=region,
        volume_ml=region.volume_ml,
        flags=list(dict.fromkeys([*flags, *place.flags])),
        hot_spots=list(reversed(spots.values())),
        mr_findings=sorted(findings.values(), key=clearness_order),
    )
    whole.evidence = evidence_of(whole.hot_spots, whole.mr_findings)
    set_measures(whole)
    return whole
