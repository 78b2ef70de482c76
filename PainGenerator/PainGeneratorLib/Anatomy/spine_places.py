"""Names places in and around the spine: disc, endplate, body, pedicle, facet joint, canal and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..Numerics.core.records import Place
from .anatomy_map import ORGANS, VERTEBRA_PARTS, AnatomyMap
from .label_families import VERTEBRAE
from .spine import Spine, VertebraFrame

FACET_NEAR_MM = 8.0
FACET_REACH_MM = 13.0
"""A place nearer than FACET_NEAR_MM to a facet joint's middle belongs to it; up to FACET_REACH_MM when no bone of
another
kind is there. A lumbar facet joint is about 16 mm high and 12 mm wide. Ours."""
ENDPLATE_PART = 1.0 / 3.0
"""An endplate finding lies in the outer third of the body's height (DOMAIN D.3)."""
MIDLINE_PART = 0.2
"""Unpaired structures: within this part of the half width on either side of the middle (6 mm in a lumbar body) a
finding is
central; farther out a radiologist says left or right. Ours."""
SPREAD_PART = 1.0 / 3.0
"""A finding with at least this part of its voxels on the other side is central, too: it crosses the middle. Ours."""
_ORDER = [level for level in VERTEBRAE if level not in ("T13", "L6")]
_REGULAR_BELOW = dict(pairwise(_ORDER))
_REGULAR_ABOVE = {lower: upper for upper, lower in pairwise(_ORDER)}
_CANAL_DEPTH_MM = 19.0
_SPINOUS_HALF_MM = 6.0
_SPINOUS_TOUCH_MM = 5.0
_PEDICLE_DEPTH_MM = 13.0
_TRANSVERSE_FROM_MM = 25.0
_SPINE_BEHIND_MM = 55.0
"""From the posterior wall to the tips of the spinous processes: lumbar ones reach 45 to 55 mm behind it. Ours."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Voxels of a finding in the map's frame.

    Parameters
    ----------
    points_ras : ndarray, shape (n, 3)
    centroid_ras : ndarray, shape (3,)
    parts : mapping of (structure, side, level) to float
        Part of the voxels within each labeled structure; the rest is not labeled.
    """

    points_ras: np.ndarray
    centroid_ras: np.ndarray
    parts: Mapping[tuple[str, str | None, str | None], float]

    def part(self, structures: tuple[str, ...] | str) -> float:
        """Part of the voxels within some structures, 0 to 1."""
        wanted = (structures,) if isinstance(structures, str) else structures
        return sum(part for (structure, _, _), part in self.parts.items() if structure in wanted)

    def main(self, structures: tuple[str, ...] | str) -> tuple[str, str | None, str | None] | None:
        """The one of some structures that holds most voxels."""
        wanted = (structures,) if isinstance(structures, str) else structures
        held = {key: part for key, part in self.parts.items() if key[0] in wanted}
        return max(held, key=held.get) if held else None

    def level(self, structures: tuple[str, ...] | str) -> str | None:
        """The level that holds most voxels of some structures."""
        wanted = (structures,) if isinstance(structures, str) else structures
        votes: dict[str, float] = {}
        for (structure, _, level), part in self.parts.items():
            if structure in wanted and level is not None:
                votes[level] = votes.get(level, 0.0) + part
        return max(votes, key=votes.get) if votes else None


def side_of(lateral_mm: np.ndarray, half_width_mm: float) -> str:
    """Side of a finding in an unpaired structure.

    Parameters
    ----------
    lateral_mm : ndarray, shape (n,)
        Distances of its voxels to the left of the middle.
    half_width_mm : float
        Half the structure's width.
    """
    mean = float(np.mean(lateral_mm))
    other = float(np.mean(lateral_mm * np.sign(mean) < 0)) if mean else 1.0
    if abs(mean) <= MIDLINE_PART * half_width_mm or (other >= SPREAD_PART and len(lateral_mm) > 8):
        return "midline"
    return "left" if mean > 0 else "right"


def spine_place(anatomy: AnatomyMap, spine: Spine, sample: Sample) -> Place | None:
    """The place of a finding in the spine; None when it lies elsewhere.

    Parameters
    ----------
    anatomy : AnatomyMap
    spine : Spine
    sample : Sample
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
    """In words: "left facet joint L4/L5", "upper endplate of L5 (L4/L5), right", "disc L4/L5".

    Endplates have the level of the disc that they border, as Modic changes are reported.
    """
    if structure in ("facet joint", "foramen", "pedicle", "lamina", "pars interarticularis", "transverse process"):
        return f"{side} {structure} {level}"
    if "endplate" in structure and level and "/" in level:
        vertebra = level.split("/")[0 if structure.startswith("lower") else 1]
        of = f"{structure} of {vertebra} ({level})"
    elif structure == "vertebral body":
        of = f"{structure} {level}"
    else:
        of = f"{structure} {level}" if level else structure
    return of if side == "midline" else f"{of}, {side}"


def _is_at_spine(frame: VertebraFrame, sample: Sample, spine: Spine) -> bool:
    lateral, front, up = frame.local(sample.centroid_ras)
    bone = sample.part((*VERTEBRA_PARTS, "disc", "spinal canal", "spinal cord"))
    if bone >= 0.5:
        return True
    # A joint's capsule and ligaments have no label: what lies at a joint is the joint's, not the muscle's beside it.
    at_joint = any(np.linalg.norm(joint.center_ras - sample.centroid_ras) <= FACET_NEAR_MM for joint in spine.facets)
    if at_joint and sample.part(ORGANS) < 0.5:
        return True
    if sum(sample.parts.values()) - bone > 0.6:
        return False
    if up > frame.top_mm + 16.0 or up < frame.bottom_mm - 22.0:
        return False
    return abs(lateral) < frame.half_width_mm + 6.0 and frame.back_mm - _SPINE_BEHIND_MM < front < frame.front_mm + 4.0


def _disc_level(spine: Spine, frame: VertebraFrame, is_above: bool) -> str | None:
    """The disc above or below a vertebra; at the end of what is segmented the regular order of levels says its
    name."""
    if is_above:
        upper = spine.above(frame.level) or _REGULAR_ABOVE.get(frame.level)
        return f"{upper}/{frame.level}" if upper else None
    lower = spine.below(frame.level) or _REGULAR_BELOW.get(frame.level)
    return f"{frame.level}/{lower}" if lower else None


def _front_place(
    anatomy: AnatomyMap, spine: Spine, frame: VertebraFrame, sample: Sample
) -> tuple[str, str | None, str | None] | None:
    """Disc, endplate or body."""
    up = float(frame.local(sample.centroid_ras)[2])
    disc, bone = sample.part("disc"), sample.part(VERTEBRA_PARTS)
    has_discs = bool(anatomy.labels_of("disc"))
    if disc >= 0.5 or (disc > bone and disc > 0.2):
        return "disc", None, sample.level("disc") or _disc_level(spine, frame, up > 0)
    if sample.part("sacrum") > bone:
        return None
    level = sample.level(VERTEBRA_PARTS)
    if level is None or bone < 0.2:
        between = up > frame.top_mm or up < frame.bottom_mm
        if not has_discs and between and abs(frame.local(sample.centroid_ras)[0]) < frame.half_width_mm:
            return "disc", None, _disc_level(spine, frame, up > 0)
        if bone < 0.05:
            return None
    own = spine.frame(level) if level else frame
    own = own or frame
    for structure in ("upper endplate", "lower endplate"):
        if sample.part(structure) >= 0.5:
            return structure, None, _disc_level(spine, own, structure.startswith("upper"))
    to_top, to_bottom = _column(anatomy, own, sample.centroid_ras)
    third = ENDPLATE_PART * (to_top + to_bottom)
    ways = (sample.points_ras - sample.centroid_ras) @ own.up
    # What spreads over the body is the body's, even where its middle lies somewhat nearer to one endplate.
    if to_top <= third and np.mean(to_top - ways <= third) > 0.5:
        return "upper endplate", None, _disc_level(spine, own, True)
    if to_bottom <= third and np.mean(to_bottom + ways <= third) > 0.5:
        return "lower endplate", None, _disc_level(spine, own, False)
    return "vertebral body", None, own.level


def _column(anatomy: AnatomyMap, frame: VertebraFrame, point_ras: np.ndarray) -> tuple[float, float]:
    """Distances along the vertebra's axis from a point to the upper and the lower surface of its body."""
    labels = anatomy.labels_of(VERTEBRA_PARTS, level=frame.level)
    steps = np.arange(-45.0, 45.5, 0.5)
    found = np.isin(anatomy.labels_at(point_ras + steps[:, None] * frame.up), labels)
    if np.count_nonzero(found) < 8:
        up = float(frame.local(point_ras)[2])
        return frame.top_mm - up, up - frame.bottom_mm
    held = steps[found]
    return float(held.max()), float(-held.min())


def _back_place(
    anatomy: AnatomyMap, spine: Spine, frame: VertebraFrame, sample: Sample
) -> tuple[str, str | None, str | None] | None:
    """Facet joint, other posterior elements, canal and foramen."""
    lateral, front, up = (float(x) for x in frame.local(sample.centroid_ras))
    behind = frame.back_mm - front
    bone = sample.part(VERTEBRA_PARTS)
    level = sample.level(VERTEBRA_PARTS) or frame.level
    joints = sorted((float(np.linalg.norm(j.center_ras - sample.centroid_ras)), n) for n, j in enumerate(spine.facets))
    nearest = spine.facets[joints[0][1]] if joints else None
    away = joints[0][0] if joints else np.inf
    if nearest is not None and away <= FACET_NEAR_MM and abs(lateral) > 0.5 * _SPINOUS_HALF_MM:
        return "facet joint", nearest.side, nearest.level
    named = _named_part(spine, sample)
    if named is not None:
        return named
    if sample.part(("spinal canal", "spinal cord")) >= 0.5:
        return "spinal canal", None, _canal_level(spine, frame, up)
    if abs(lateral) <= _SPINOUS_HALF_MM:
        if behind < _CANAL_DEPTH_MM and bone < 0.5:
            return "spinal canal", None, _canal_level(spine, frame, up)
        if bone >= 0.3:
            return "spinous process", "midline", level
        touching, between = _between(anatomy, frame, sample.centroid_ras)
        if touching is not None:
            return "spinous process", "midline", touching
        return ("interspinous space", "midline", between) if between else None
    if bone >= 0.3:
        if abs(lateral) >= _TRANSVERSE_FROM_MM:
            return "transverse process", "by sign", level
        own = spine.frame(level) or frame
        high = own.local(sample.centroid_ras)[2] > own.bottom_mm + 0.35 * (own.top_mm - own.bottom_mm)
        if behind < _PEDICLE_DEPTH_MM and high:
            return "pedicle", "by sign", level
    if nearest is not None and away <= FACET_REACH_MM:
        return "facet joint", nearest.side, nearest.level
    if bone >= 0.3:
        return ("lamina" if abs(lateral) < 11.0 else "pars interarticularis"), "by sign", level
    if behind < 16.0 and abs(lateral) < 26.0:
        return "foramen", "by sign", _disc_level(spine, frame, up > 0.35 * frame.top_mm)
    return None


def _named_part(spine: Spine, sample: Sample) -> tuple[str, str | None, str | None] | None:
    """What the labels of sub-regions say, when most of the finding lies in one."""
    joint = ("superior articular process", "inferior articular process", "facet joint")
    direct = ("spinous process", "transverse process", "pedicle")
    if sample.part(joint) >= 0.4:
        structure, side, level = sample.main(joint)
        if structure == "facet joint" or level is None:
            return structure if level is None else "facet joint", side or "by sign", level
        upper = spine.above(level) if structure.startswith("superior") else level
        lower = level if structure.startswith("superior") else spine.below(level)
        return "facet joint", side or "by sign", f"{upper}/{lower}" if upper and lower else None
    for structure in direct:
        if sample.part(structure) >= 0.5:
            _, side, level = sample.main(structure)
            return structure, "midline" if structure == "spinous process" else side or "by sign", level
    return None


def _canal_level(spine: Spine, frame: VertebraFrame, up: float) -> str | None:
    """The disc level at whose height a point in the canal lies, else the vertebra."""
    third = (frame.top_mm - frame.bottom_mm) / 3.0
    if up > frame.top_mm - 0.5 * third or up < frame.bottom_mm + 0.5 * third:
        return _disc_level(spine, frame, up > 0) or frame.level
    return frame.level


def _between(
    anatomy: AnatomyMap, frame: VertebraFrame, point_ras: np.ndarray, reach_mm: float = 26.0
) -> tuple[str | None, str | None]:
    """The vertebra whose bone touches a point, and the two whose bone is next above and below it, as a disc level."""
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
    return (level if distance <= _SPINOUS_TOUCH_MM else None), between
