"""Name places in and around the spine: disc, endplate, body, pedicle, facet joint, canal and other parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..Numerics.body.vertebrae import Spine, VertebraFrame
from ..Numerics.core.joint_names import DISCOVERTEBRAL, name_of_both, name_of_unit
from ..Numerics.core.records import Place
from ..Numerics.core.words import Side
from .anatomy_map import ORGANS, VERTEBRA_PARTS, AnatomyMap
from .label_families import VERTEBRAE

FACET_NEAR_MM = 8.0
"""Upper bound of the distance from the middle of a facet joint at which a place belongs to it, mm. A lumbar facet
joint is about 16 mm high and 12 mm wide. Our estimate."""
FACET_REACH_MM = 13.0
"""Upper bound of the distance from the middle of a facet joint at which a place belongs to it when no other part fits,
mm. Our estimate."""
ENDPLATE_PART = 1.0 / 3.0
"""Upper bound of the distance of an endplate finding from the surface of the body, as a fraction of the height of the
body. Our estimate."""
MIDLINE_PART = 0.2
"""Upper bound of the distance of a central finding from the middle, as a fraction of the half width of an unpaired
structure. This is about 6 mm in a lumbar body. Farther out a radiologist reports left or right. Our estimate."""
SPREAD_PART = 1.0 / 3.0
"""Lower bound of the fraction of voxels on the other side of the middle at which a finding is central, because it
crosses the middle. Our estimate."""
SPINOUS_HALF_MM = 6.0
"""Upper bound of the distance of the spinous processes and the spaces between them from the midline, mm. Our
estimate."""
SPINOUS_TOUCH_MM = 5.0
"""Upper bound of the distance above or below a spinous process at which a place belongs to it, mm. Our estimate."""
CANAL_DEPTH_MM = 19.0
"""Upper bound of the distance of the canal behind the posterior wall of the bodies, mm. Our estimate."""
PEDICLE_DEPTH_MM = 13.0
"""Upper bound of the distance of pedicles behind the posterior wall of the bodies, mm. Our estimate."""
PEDICLE_HEIGHT_PART = 0.35
"""Lower bound of the height of pedicles above the lower endplate, as a fraction of the height of the body. Our
estimate."""
TRANSVERSE_FROM_MM = 25.0
"""Lower bound of the distance of transverse processes from the middle, mm. Our estimate."""
LAMINA_HALF_MM = 11.0
"""Upper bound of the distance of the lamina from the middle, mm. Bone farther out is the pars interarticularis. Our
estimate."""
FORAMEN_DEPTH_MM = 16.0
"""Upper bound of the distance of foramina behind the posterior wall of the bodies, mm. Our estimate."""
FORAMEN_HEIGHT_PART = 0.35
"""Lower bound of the height above the middle of the body at which a foramen belongs to the disc above, as a fraction
of the distance from the middle to the upper endplate. Our estimate."""
FORAMEN_SIDE_MM = 26.0
"""Upper bound of the distance of foramina from the middle, mm. Our estimate."""
SPINE_BEHIND_MM = 55.0
"""Upper bound of the distance of the spine behind the posterior wall of the bodies, mm. The tips of lumbar spinous
processes lie 45 to 55 mm behind it. Our estimate."""
PAIRED = ("facet joint", "foramen", "pedicle", "lamina", "pars interarticularis", "transverse process")
"""Structures of the spine that are always left or right."""
ENDPLATE_WORDS = {"upper endplate": "superior", "lower endplate": "inferior"}
"""Structure -> word of its name."""
UNPAIRED = (
    "disc",
    *ENDPLATE_WORDS,
    "vertebral body",
    "vertebra",
    "spinous process",
    "interspinous space",
    "spinal canal",
    DISCOVERTEBRAL,
)
"""Structures of the spine in the midline; a finding may lie to the left or right in them."""
_ORDER = [level for level in VERTEBRAE if level not in ("T13", "L6")]
"""Levels from the head downward, without those of transitional anatomy."""
_REGULAR_BELOW = dict(pairwise(_ORDER))
"""Level -> next lower level in regular anatomy."""
_REGULAR_ABOVE = {lower: upper for upper, lower in pairwise(_ORDER)}
"""Level -> next higher level in regular anatomy."""

AnatomicalName = tuple[str, str | None, str | None]
"""Structure, side and level. The side is None when a finding near the middle is central (:func:`side_of`). It is ``by
sign`` when it is always left or right of the middle."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Voxels of a finding in the frame of the map, RAS mm.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
        Centers of the voxels.
    centroid_ras : ndarray, shape (3,)
        Their mean.
    parts : mapping of (structure, side, level) to float
        Fraction of the voxels within each labeled structure. The other voxels are not labeled.
    """

    points_ras: np.ndarray
    centroid_ras: np.ndarray
    parts: Mapping[tuple[str, str | None, str | None], float]

    def part(self, structures: tuple[str, ...] | str) -> float:
        """Fraction of the voxels within some structures, 0 to 1."""
        wanted = (structures,) if isinstance(structures, str) else structures
        return sum(part for (structure, _, _), part in self.parts.items() if structure in wanted)

    def main(self, structures: tuple[str, ...] | str) -> tuple[str, str | None, str | None] | None:
        """The one of some structures that contains most voxels, with side and level; None when none contains any."""
        wanted = (structures,) if isinstance(structures, str) else structures
        held = {key: part for key, part in self.parts.items() if key[0] in wanted}
        return max(held, key=lambda key: held[key]) if held else None

    def level(self, structures: tuple[str, ...] | str) -> str | None:
        """The level with most voxels in some structures; None when no level is known."""
        wanted = (structures,) if isinstance(structures, str) else structures
        votes: dict[str, float] = {}
        for (structure, _, level), part in self.parts.items():
            if structure in wanted and level is not None:
                votes[level] = votes.get(level, 0.0) + part
        return max(votes, key=lambda level: votes[level]) if votes else None


def side_of(lateral_mm: np.ndarray, half_width_mm: float) -> str:
    """Find the side (left, right or midline) of a finding in an unpaired structure.

    Parameters
    ----------
    lateral_mm : ndarray, shape (n,)
        Distances of its voxels from the middle, mm, positive to the left.
    half_width_mm : float
        Half the width of the structure.
    """
    mean = float(np.mean(lateral_mm))
    other = float(np.mean(lateral_mm * np.sign(mean) < 0)) if mean else 1.0
    if abs(mean) <= MIDLINE_PART * half_width_mm or (other >= SPREAD_PART and len(lateral_mm) > 8):
        return "midline"
    return "left" if mean > 0 else "right"


def spine_place(anatomy: AnatomyMap, spine: Spine, sample: Sample) -> Place | None:
    """Find the place of a finding in the spine.

    Parameters
    ----------
    anatomy : AnatomyMap
    spine : Spine
    sample : Sample

    Returns
    -------
    Place or None
        None when the finding does not lie in the spine.
    """
    frame = spine.nearest(sample.centroid_ras)
    if frame is None or not _is_at_spine(frame, sample, spine):
        return None
    lateral, front, _ = frame.local(sample.centroid_ras)
    if front >= frame.back_mm - 1.0:
        found = _front_place(anatomy, spine, frame, sample)
    else:
        found = _back_place(anatomy, spine, frame, sample)
    if found is None:
        return None
    structure, side, level = found
    if side is None:
        side = side_of(frame.local(sample.points_ras)[:, 0], frame.half_width_mm)
    elif side == "by sign":
        side = "left" if lateral > 0 else "right"
    return Place(spine_name(structure, side, level), structure, side, level)


def spine_name(structure: str, side: str, level: str | None) -> str:
    """Make a name such as "left facet joint L4/L5", "superior endplate of L5, right", "right L4 foramen" or "disc
    L4/L5".

    Endplates have the level of the disc next to them, because Modic changes are reported in this way; their name says
    the vertebra. A foramen is named after the root that leaves there, which is that of the vertebra above.
    """
    if side == Side.BOTH:
        return name_of_both(structure, level)
    if structure == DISCOVERTEBRAL:
        return name_of_unit(level, side)
    upper, _, lower = (level or "").partition("/")
    if structure == "foramen" and lower:
        return f"{side} {upper} foramen"
    if structure in PAIRED:
        return f"{side} {structure} {level}" if level else f"{side} {structure}"
    if structure in ENDPLATE_WORDS:
        of = f"{ENDPLATE_WORDS[structure]} endplate"
        if level:
            vertebra = (upper if structure == "lower endplate" else lower) if lower else level
            of = f"{of} of {vertebra}"
    else:
        of = f"{structure} {level}" if level else structure
    return of if side == "midline" else f"{of}, {side}"


def place_name(structure: str, side: str, level: str | None, zone: str | None = None) -> str:
    """Make the name of any place from its parts, as for a name that the reader chose."""
    if structure in PAIRED or structure in UNPAIRED or side == Side.BOTH:
        name = spine_name(structure, side, level)
    else:
        words = [] if side == "midline" else [side]
        name = " ".join([*words, structure, *([level] if level else [])])
    return f"{name}, {zone}" if zone else name


def _is_at_spine(frame: VertebraFrame, sample: Sample, spine: Spine) -> bool:
    """Whether a finding belongs to the spine, from its labels, from a joint near it, or from its position."""
    lateral, front, up = frame.local(sample.centroid_ras)
    bone = sample.part((*VERTEBRA_PARTS, "disc", "spinal canal", "spinal cord"))
    if bone >= 0.5:
        return True
    # The capsule and the ligaments of a joint have no label. A finding at a joint belongs to it, not to the muscle.
    at_joint = any(np.linalg.norm(joint.center_ras - sample.centroid_ras) <= FACET_NEAR_MM for joint in spine.facets)
    if at_joint and sample.part(ORGANS) < 0.5:
        return True
    if sum(sample.parts.values()) - bone > 0.6:
        return False
    if up > frame.top_mm + 16.0 or up < frame.bottom_mm - 22.0:
        return False
    return abs(lateral) < frame.half_width_mm + 6.0 and frame.back_mm - SPINE_BEHIND_MM < front < frame.front_mm + 4.0


def _disc_level(spine: Spine, frame: VertebraFrame, is_above: bool) -> str | None:
    """Level of the disc above or below a vertebra. At the end of the segmentation it follows from the regular
    order."""
    if is_above:
        upper = spine.above(frame.level) or _REGULAR_ABOVE.get(frame.level)
        return f"{upper}/{frame.level}" if upper else None
    lower = spine.below(frame.level) or _REGULAR_BELOW.get(frame.level)
    return f"{frame.level}/{lower}" if lower else None


def _front_place(anatomy: AnatomyMap, spine: Spine, frame: VertebraFrame, sample: Sample) -> AnatomicalName | None:
    """Disc, endplate or body; None for the sacrum, and for a finding that does not touch the bones of the spine."""
    up = float(frame.local(sample.centroid_ras)[2])
    disc, bone = sample.part("disc"), sample.part(VERTEBRA_PARTS)
    if disc >= 0.5 or (disc > bone and disc > 0.2):
        return "disc", None, sample.level("disc") or _disc_level(spine, frame, up > 0)
    if sample.part("sacrum") > bone:
        return None
    level = sample.level(VERTEBRA_PARTS)
    if level is None or bone < 0.2:
        if _is_in_unlabeled_disc(anatomy, frame, sample):
            return "disc", None, _disc_level(spine, frame, up > 0)
        if bone < 0.05:
            return None
    own = (spine.frame(level) if level else None) or frame
    return _body_part(anatomy, spine, own, sample)


def _is_in_unlabeled_disc(anatomy: AnatomyMap, frame: VertebraFrame, sample: Sample) -> bool:
    """Whether a finding lies between two bodies in a segmentation that labels no discs."""
    lateral, _, up = frame.local(sample.centroid_ras)
    is_between = up > frame.top_mm or up < frame.bottom_mm
    return bool(not anatomy.labels_of("disc") and is_between and abs(lateral) < frame.half_width_mm)


def _body_part(anatomy: AnatomyMap, spine: Spine, own: VertebraFrame, sample: Sample) -> AnatomicalName:
    """Upper endplate, lower endplate or body of a vertebra."""
    for structure in ("upper endplate", "lower endplate"):
        if sample.part(structure) >= 0.5:
            return structure, None, _disc_level(spine, own, structure.startswith("upper"))
    to_top, to_bottom = _column(anatomy, own, sample.centroid_ras)
    third = ENDPLATE_PART * (to_top + to_bottom)
    ways = (sample.points_ras - sample.centroid_ras) @ own.up
    # A finding that extends over the body belongs to the body, even if its centroid is nearer to one endplate.
    if to_top <= third and np.mean(to_top - ways <= third) > 0.5:
        return "upper endplate", None, _disc_level(spine, own, True)
    if to_bottom <= third and np.mean(to_bottom + ways <= third) > 0.5:
        return "lower endplate", None, _disc_level(spine, own, False)
    return "vertebral body", None, own.level


def _column(anatomy: AnatomyMap, frame: VertebraFrame, point_ras: np.ndarray) -> tuple[float, float]:
    """Distances along the axis of a vertebra from a point to the upper and the lower surface of its body, mm."""
    labels = anatomy.labels_of(VERTEBRA_PARTS, level=frame.level)
    steps = np.arange(-45.0, 45.5, 0.5)
    found = np.isin(anatomy.labels_at(point_ras + steps[:, None] * frame.up), labels)
    if np.count_nonzero(found) < 8:
        up = float(frame.local(point_ras)[2])
        return frame.top_mm - up, up - frame.bottom_mm
    held = steps[found]
    return float(held.max()), float(-held.min())


def _back_place(anatomy: AnatomyMap, spine: Spine, frame: VertebraFrame, sample: Sample) -> AnatomicalName | None:
    """Facet joint, other posterior elements, canal or foramen; None when nothing fits."""
    lateral, front, up = (float(x) for x in frame.local(sample.centroid_ras))
    behind = frame.back_mm - front
    at_facet = _facet_within(spine, sample, FACET_NEAR_MM)
    if at_facet is not None and abs(lateral) > 0.5 * SPINOUS_HALF_MM:
        return at_facet
    named = _named_part(spine, sample)
    if named is not None:
        return named
    if sample.part(("spinal canal", "spinal cord")) >= 0.5:
        return "spinal canal", None, _canal_level(spine, frame, up)
    if abs(lateral) <= SPINOUS_HALF_MM:
        return _place_in_middle(anatomy, spine, frame, sample)
    beside = _process(spine, frame, sample) or _facet_within(spine, sample, FACET_REACH_MM)
    if beside is not None:
        return beside
    if sample.part(VERTEBRA_PARTS) >= 0.3:
        structure = "lamina" if abs(lateral) < LAMINA_HALF_MM else "pars interarticularis"
        return structure, "by sign", sample.level(VERTEBRA_PARTS) or frame.level
    if behind < FORAMEN_DEPTH_MM and abs(lateral) < FORAMEN_SIDE_MM:
        return "foramen", "by sign", _disc_level(spine, frame, up > FORAMEN_HEIGHT_PART * frame.top_mm)
    return None


def _facet_within(spine: Spine, sample: Sample, reach_mm: float) -> AnatomicalName | None:
    """The nearest facet joint; None when its middle is farther away than `reach_mm`."""
    away = [float(np.linalg.norm(joint.center_ras - sample.centroid_ras)) for joint in spine.facets]
    if not away or min(away) > reach_mm:
        return None
    nearest = spine.facets[int(np.argmin(away))]
    return "facet joint", nearest.side, nearest.level


def _place_in_middle(anatomy: AnatomyMap, spine: Spine, frame: VertebraFrame, sample: Sample) -> AnatomicalName | None:
    """Canal, spinous process or interspinous space, for a finding near the midline; None when nothing fits."""
    _, front, up = (float(x) for x in frame.local(sample.centroid_ras))
    bone = sample.part(VERTEBRA_PARTS)
    if frame.back_mm - front < CANAL_DEPTH_MM and bone < 0.5:
        return "spinal canal", None, _canal_level(spine, frame, up)
    if bone >= 0.3:
        return "spinous process", "midline", sample.level(VERTEBRA_PARTS) or frame.level
    touching, between = _between(anatomy, frame, sample.centroid_ras)
    if touching is not None:
        return "spinous process", "midline", touching
    return ("interspinous space", "midline", between) if between else None


def _process(spine: Spine, frame: VertebraFrame, sample: Sample) -> AnatomicalName | None:
    """Transverse process or pedicle; None for other bone and for soft tissue."""
    lateral, front, _ = (float(x) for x in frame.local(sample.centroid_ras))
    if sample.part(VERTEBRA_PARTS) < 0.3:
        return None
    level = sample.level(VERTEBRA_PARTS) or frame.level
    if abs(lateral) >= TRANSVERSE_FROM_MM:
        return "transverse process", "by sign", level
    own = spine.frame(level) or frame
    lowest = own.bottom_mm + PEDICLE_HEIGHT_PART * (own.top_mm - own.bottom_mm)
    is_high = own.local(sample.centroid_ras)[2] > lowest
    return ("pedicle", "by sign", level) if frame.back_mm - front < PEDICLE_DEPTH_MM and is_high else None


def _named_part(spine: Spine, sample: Sample) -> AnatomicalName | None:
    """The labeled part of a vertebra in which most of the finding lies; None when there is none."""
    joint = ("superior articular process", "inferior articular process", "facet joint")
    of_joint = sample.main(joint) if sample.part(joint) >= 0.4 else None
    if of_joint is not None:
        return _joint_of_process(spine, *of_joint)
    for structure in ("spinous process", "transverse process", "pedicle"):
        held = sample.main(structure) if sample.part(structure) >= 0.5 else None
        if held is not None:
            return structure, "midline" if structure == "spinous process" else held[1] or "by sign", held[2]
    return None


def _joint_of_process(spine: Spine, structure: str, side: str | None, level: str | None) -> AnatomicalName:
    """The facet joint to which an articular process belongs; `level` is the level of its vertebra."""
    if structure == "facet joint" or level is None:
        return structure, side or "by sign", level
    is_superior = structure.startswith("superior")
    upper = spine.above(level) if is_superior else level
    lower = level if is_superior else spine.below(level)
    return "facet joint", side or "by sign", f"{upper}/{lower}" if upper and lower else None


def _canal_level(spine: Spine, frame: VertebraFrame, up: float) -> str | None:
    """Level of the disc at whose height a point in the canal lies, otherwise the level of the vertebra."""
    third = (frame.top_mm - frame.bottom_mm) / 3.0
    if up > frame.top_mm - 0.5 * third or up < frame.bottom_mm + 0.5 * third:
        return _disc_level(spine, frame, up > 0) or frame.level
    return frame.level


def _between(
    anatomy: AnatomyMap, frame: VertebraFrame, point_ras: np.ndarray, reach_mm: float = 26.0
) -> tuple[str | None, str | None]:
    """The vertebra whose bone touches a point, and the level of the two vertebrae next above and below the point.

    Parameters
    ----------
    anatomy : AnatomyMap
    frame : VertebraFrame
        Its axis is followed up and down.
    point_ras : ndarray, shape (3,)
    reach_mm : float
        Upper bound of the distance of bone that is looked for, mm. Our estimate.

    Returns
    -------
    tuple
        The level of the vertebra and that of the space, such as "L4" and "L4/L5"; each may be None.
    """
    by_label = {n: s.level for n, s in anatomy.structures.items() if s.structure in VERTEBRA_PARTS and s.level}
    by_label |= dict.fromkeys(anatomy.labels_of("sacrum"), "S1")
    steps = np.arange(0.0, reach_mm, 1.0)
    found = []
    for sign in (1.0, -1.0):
        labels = anatomy.labels_at(point_ras + sign * steps[:, None] * frame.up)
        held = [(step, by_label[n]) for step, n in zip(steps, labels.tolist(), strict=True) if n in by_label]
        found.append(held[0] if held else (np.inf, None))
    distance, level = min(found, key=lambda entry: entry[0])
    (_, upper), (_, lower) = found
    between = f"{upper}/{lower}" if upper and lower and upper != lower else None
    return (level if distance <= SPINOUS_TOUCH_MM else None), between
