"""Bright places in a low back, by their place in the straightened spine.

The course of the spinal canal and the discs along it (:mod:`..body.canal`, :mod:`..body.discs`) give the place of the
dural sac, discs, bodies, joints and processes, and of what lies beside the spine. :mod:`.spine_rules` decides what a
bright place is. Start at :func:`map_spine` and :func:`find_in_spine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from scipy import ndimage

from ..body import distances
from ..body.discs import END_MM
from ..body.straight_spine import at_places, matched_levels
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.records import MRFinding
from ..core.rules import RuleList
from .bright import MARROW_T1_LEAST, BrightPart, JudgedPlace, Shells, as_finding, bright_parts, set_part_aside
from .kinds import find_fluid, find_oedema
from .parameters import MRParameters
from .picture import LEAST_SIGNAL, MRPicture
from .spine_coordinates import spine_coordinates
from .spine_rules import (
    ANATOMY_RULES,
    BESIDE_RULES,
    BODY_RULES,
    BRIGHT_DISC_RULES,
    DOUBT_RULES,
    FAINT_EDEMA,
    AnatomyPlace,
    BrightDisc,
    SpinePlace,
    SurePlace,
)
from .spine_tissues import SpineTissues
from .surroundings import slice_axis
from .verdicts import MRVerdict

NEAR_BODY_RADIUS = 1.05
"""Part of the way from the axis of the bodies to their edge within which only the place says what is marrow. Our
estimate: half of the doubt about that edge."""
NUCLEUS_VOXELS = 20
"""With no more voxels than this in its nucleus, the signal of a disc is not known."""

# How marrow looks on T1, as signal over that of muscle. Our estimates.
MARROW_OF_FAT_MOST = 0.9
"""Upper bound for marrow where only T1 and T2 are known, as part of the signal of fat."""
DISC_T1_MOST = 1.6
"""Upper bound for a disc; above it lies fat."""
BONE_T1_LEAST = 1.2
"""Lower bound for marrow, fatty endplates included."""
BONE_OF_NEIGHBORS_LEAST = 0.85
"""Lower bound for marrow, as part of the brightest of its neighbors: below it runs a dark line."""
BONE_MARROW_PART = 0.6
"""A part of a slice between dark lines is bone when more of it than this looks like marrow."""


@dataclass(frozen=True, eq=False)
class SpineMap:
    """The voxels about the spine in its own coordinates.

    Parameters
    ----------
    picture : MRPicture
        With a spinal canal and a series that shows fluid bright.
    box : tuple of slice
        Part of the working grid.
    right, front, to_disc : ndarray of float32, shape of the box
        To the right of the canal's middle, in front of it, and above the middle of the nearest disc along the canal,
        mm; NaN beyond the ends of the canal. `to_disc` is infinite without discs.
    level : ndarray of uint8, shape of the box
        Number of the vertebra from below, 1 below the lowest disc; 0 beyond the ends.
    places : SpineTissues or None
        What the place along the canal says about tissues; None without discs.
    """

    picture: MRPicture
    box: tuple[slice, ...]
    right: np.ndarray
    front: np.ndarray
    to_disc: np.ndarray
    level: np.ndarray
    places: SpineTissues | None = None

    @property
    def parameters(self) -> MRParameters:
        """The parameters of the stage."""
        return self.picture.parameters

    @cached_property
    def usual(self) -> np.ndarray:
        """The usual fluid-sensitive signal at each place across the canal, of all levels, shape (front, right)."""
        picture = self.picture
        straight = picture.straight.sample(picture.fluid_signal, picture.surroundings.geometry)
        return matched_levels(straight, self.parameters.spine.usual_percentile)

    @cached_property
    def sac(self) -> np.ndarray:
        """Fluid of the canal, shape of the box."""
        signal = self.picture.fluid_signal[self.box]
        inner = self._within(distances.SAC_HALF_WIDTH.value, distances.SAC_HALF_DEPTH.value)
        core = self._within(distances.CANAL_CORE_HALF_WIDTH.value, distances.CANAL_CORE_HALF_WIDTH.value)
        least = self.parameters.spine.sac_part * float(np.median(signal[core] if inner.any() else signal))
        wide = self._within(distances.WIDE_SAC_HALF_WIDTH.value, distances.WIDE_SAC_HALF_DEPTH.value)
        wide &= signal > least
        return np.asarray(inner | ndimage.binary_propagation(inner & wide, mask=wide))

    def _within(self, half_width_mm: float, half_depth_mm: float) -> np.ndarray:
        """Voxels within an ellipse around the canal's middle."""
        return np.asarray((self.right / half_width_mm) ** 2 + (self.front / half_depth_mm) ** 2 < 1.0)

    @cached_property
    def is_body(self) -> np.ndarray:
        """Places of vertebral bodies and discs, shape of the box."""
        is_in_front = self.front > distances.BODY_FRONT_LEAST.value
        is_near = self.front < distances.SPINE_PLACES_FRONT_MOST.value
        return np.asarray(is_in_front & is_near & (np.abs(self.right) < distances.BODY_SIDE_MOST.value))

    @cached_property
    def is_disc(self) -> np.ndarray:
        """Places of discs, shape of the box."""
        return np.asarray(self.is_body & (np.abs(self.to_disc) < distances.DISC_HALF_HEIGHT.value))

    def of(self, region: Region) -> np.ndarray:
        """Right, front and distance above the nearest disc of the voxels of a region, mm, shape (n, 3).

        NaN outside the box and beyond the ends of the canal.
        """
        kji = np.stack(np.unravel_index(region.flat, region.geometry.shape))
        start = np.array([s.start for s in self.box])[:, None]
        inside = np.all((kji >= start) & (kji < np.array([s.stop for s in self.box])[:, None]), axis=0)
        at = tuple((kji - start)[:, inside])
        out = np.full((len(region), 3), np.nan)
        out[inside] = np.stack([self.right[at], self.front[at], self.to_disc[at]], axis=1)
        return out

    def over_levels(self, region: Region) -> float | None:
        """Mean signal of a region over the usual one of the same place at the other levels.

        None where the canal is too short to have other levels, or where the region lies mostly outside the
        straightened spine.
        """
        straight = self.picture.straight
        if not straight.has_levels:
            return None
        usual = at_places(self.usual, straight.local(region.points_ras))
        seen = np.isfinite(usual)
        if seen.mean() < self.parameters.spine.seen_part:
            return None
        signal = self.picture.fluid_signal.reshape(-1)[region.flat]
        return float(signal[seen].mean() / max(usual[seen].mean(), LEAST_SIGNAL))


def map_spine(picture: MRPicture, places: SpineTissues | None = None) -> SpineMap:
    """Coordinates of the voxels about the spine, with the tissues that their place shows.

    Parameters
    ----------
    picture : MRPicture
        With a spinal canal.
    places : SpineTissues, optional
        Of the same picture.
    """
    at = places.coordinates if places is not None else spine_coordinates(picture.signals.geometry, picture.straight)
    return SpineMap(picture, at.box, at.right, at.front, at.to_disc, at.level, places)


def mark_spine(spine: SpineMap, bright: np.ndarray | None) -> None:
    """Add to the tissues, in place, what the canal shows where an anatomy segmentation says nothing.

    Marrow is brighter than muscle on T1; within the place of the spine that is enough to recognize it where its cortex
    is too thin to be seen. What is no marrow about the planes of the discs is disc.

    Parameters
    ----------
    spine : SpineMap
    bright : ndarray of bool, shape of the working grid, or None
        Voxels that are bright on a fluid-sensitive series with its fat suppressed.
    """
    box, surroundings = spine.box, spine.picture.surroundings
    known = np.isfinite(spine.right)
    free = known if surroundings.segmented is None else known & (surroundings.segmented[box] == 0)
    tissue, marrow = surroundings.tissue[box], surroundings.marrow[box]
    if "T1" in spine.picture.smooth and spine.picture.typical.fat_t1 is not None:
        _mark_vertebrae(spine, bright, free, spine.picture.typical.fat_t1)
    if spine.places is not None:
        _mark_places(spine, spine.places, free)
    if spine.picture.fluid_role is not None:
        canal = spine.sac & free
        if spine.places is not None:
            canal &= ~spine.places.bodies
        tissue[canal] = tissues.FLUID
        marrow[canal] = False


def _mark_places(spine: SpineMap, places: SpineTissues, free: np.ndarray) -> None:
    """Mark bodies, discs and muscle by their place, in place, in the voxels that are free."""
    surroundings = spine.picture.surroundings
    tissue, marrow = surroundings.tissue[spine.box], surroundings.marrow[spine.box]
    usable = surroundings.body[spine.box]
    tissue[places.muscle & free & usable] = tissues.MUSCLE
    marrow[places.muscle & free] = False
    near = places.shape.radius(spine.front, spine.right) < NEAR_BODY_RADIUS
    wrong = near & free & (tissue == tissues.MARROW) & ~places.bodies
    tissue[wrong] = tissues.UNKNOWN
    marrow[near & free] = False
    bodies = places.bodies & free & usable
    tissue[bodies], marrow[bodies] = tissues.MARROW, True
    tissue[places.discs & free] = tissues.DISC


def _mark_vertebrae(spine: SpineMap, bright: np.ndarray | None, free: np.ndarray, fat_t1: float) -> None:
    """Mark marrow and discs, in place, in the voxels that are free."""
    picture, box = spine.picture, spine.box
    surroundings = picture.surroundings
    tissue, marrow = surroundings.tissue[box], surroundings.marrow[box]
    t1 = picture.smooth["T1"][box] / np.float32(picture.typical.muscle["T1"])
    about = np.abs(spine.right) < distances.VERTEBRA_MARROW_SIDE_MOST.value
    about &= spine.front > distances.VERTEBRA_MARROW_FRONT_LEAST.value
    place = about & (spine.front < distances.VERTEBRA_MARROW_FRONT_MOST.value) & ~spine.is_disc
    if picture.fluid_role == "FLUID":
        seen = Shells(picture, np.zeros(0, dtype=bool)).classes(box)[0]
    else:
        seen = (t1 > MARROW_T1_LEAST) & (t1 < MARROW_OF_FAT_MOST * fat_t1 / picture.typical.muscle["T1"])
    found = _enclosed(seen & place, t1, place, surroundings.geometry) & surroundings.body[box]
    if bright is not None:
        # What is bright in a body is a lesion of its marrow, or a vein.
        bodies = spine.is_body & (np.abs(spine.right) < distances.BODY_MARROW_SIDE_MOST.value) & ~spine.is_disc
        found |= bodies & (spine.front < distances.BODY_MARROW_FRONT_MOST.value) & bright[box]
    near = free & about & (spine.front < distances.SPINE_PLACES_FRONT_MOST.value)
    tissue[near & marrow & ~found] = tissues.UNKNOWN
    marrow[near] = found[near]
    tissue[near & found] = tissues.MARROW
    if len(picture.straight.disc_mm):
        disc = spine.is_disc & free & (np.abs(spine.right) < distances.DISC_SIDE_MOST.value)
        disc &= (spine.front < distances.DISC_FRONT_MOST.value) & (t1 < DISC_T1_MOST)
        tissue[disc] = tissues.DISC
        marrow[disc] = False


def _enclosed(marrow: np.ndarray, t1: np.ndarray, place: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Marrow that is no thin rim, and the parts of a slice between dark lines that are mostly marrow.

    A fatty endplate in such a part belongs to the bone.
    """
    axis = slice_axis(geometry)
    across = 0 if axis is None else axis
    gap = distances.MARROW_GAP_MOST.value
    spacing = geometry.spacing_kji_mm
    size = [1 if n == across else 2 * max(1, int(gap / s + 0.5)) + 1 for n, s in enumerate(spacing)]
    cross = ndimage.generate_binary_structure(3, 1)
    cross[tuple(slice(None, None, 2) if n == across else slice(None) for n in range(3))] = False
    bright = place & (t1 > BONE_T1_LEAST) & (t1 > BONE_OF_NEIGHBORS_LEAST * ndimage.grey_closing(t1, size))
    labels, count = ndimage.label(ndimage.binary_erosion(bright, cross), cross)
    flat = np.flatnonzero(labels)
    own = labels.reshape(-1)[flat]
    number = np.maximum(np.bincount(own, minlength=count + 1), 1)
    share = np.bincount(own, weights=marrow.reshape(-1)[flat], minlength=count + 1)
    kept = share > BONE_MARROW_PART * number
    kept[0] = False
    whole = ndimage.binary_dilation(kept[labels], cross) & bright
    return np.asarray(whole | ndimage.binary_opening(marrow, cross))


def find_in_spine(spine: SpineMap, bright: np.ndarray) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings of the bright places about the spine.

    Parameters
    ----------
    spine : SpineMap
    bright : ndarray of bool, shape of the working grid
        Brighter than muscle, and not as bright as fat on T1.

    Returns
    -------
    sure, weak : list of MRFinding
    """
    picture = spine.picture
    rest = _places_of_spine(spine, bright)
    judged: list[JudgedPlace] = []
    for where, rules in ((spine.is_body & ~spine.is_disc, BODY_RULES), (~spine.is_body, BESIDE_RULES)):
        mask = np.zeros(bright.shape, dtype=bool)
        mask[spine.box] = rest & where
        parts = bright_parts(picture, mask, picture.parameters.oedema.minimum_ml)
        judged += judge_places(spine, parts, rules)
    # At an end of the canal a disc may be cut, so that it is not known as one: what is bright there counts with PET.
    judged = [replace(one, sure=False) if one.sure and _is_at_end(spine, one) else one for one in judged]
    found = [(one, as_finding(picture, one)) for one in judged if one.kind is not None]
    weak = [finding for one, finding in found if not one.sure and one.rule != FAINT_EDEMA]
    weak += _bright_discs(spine, rest & spine.is_disc)
    # Faint edema comes last, so that the fusion meets the other weak findings first.
    weak += [finding for one, finding in found if one.rule == FAINT_EDEMA]
    return [finding for one, finding in found if one.sure], weak


def _is_at_end(spine: SpineMap, judged: JudgedPlace) -> bool:
    """Whether a bright place in a body lies at an end of the canal that is seen, where a disc may be cut."""
    straight = spine.picture.straight
    if not len(straight.disc_mm):
        return False
    _, front, height = straight.local(judged.part.region.centroid_ras_mm)
    is_in_body = front > distances.BODY_FRONT_LEAST.value
    at_end = not END_MM <= height <= straight.length_mm - END_MM
    return bool(is_in_body and at_end)


def _places_of_spine(spine: SpineMap, bright: np.ndarray) -> np.ndarray:
    """Bright voxels near the spine that are not of the dural sac or of a segmented organ, shape of the box."""
    near = np.abs(spine.right) < distances.SPINE_PLACES_SIDE_MOST.value
    near &= spine.front > -distances.SPINE_PLACES_BEHIND_MOST.value
    near &= spine.front < distances.SPINE_PLACES_FRONT_MOST.value
    rest = bright[spine.box] & near & ~spine.sac
    segmented = spine.picture.surroundings.segmented
    if segmented is not None:
        rest &= ~np.isin(segmented[spine.box], (tissues.VISCERA, tissues.DISC, tissues.FLUID))
    return np.asarray(rest)


def judge_places(
    spine: SpineMap, parts: Sequence[BrightPart], rules: RuleList[SpinePlace, MRVerdict]
) -> list[JudgedPlace]:
    """What the rules say about bright parts: first what each is, then whether a sure one is in doubt.

    Parameters
    ----------
    spine : SpineMap
    parts : sequence of BrightPart
        All of the same kind of place; a twin is looked for among them.
    rules : RuleList
    """
    switched_off = spine.parameters.rules_off
    places: list[SpinePlace] = []
    places += [SpinePlace(spine, part, places) for part in parts]
    judged = []
    for place in places:
        decided = rules.first(place, switched_off)
        if decided is None or decided[1].is_normal:
            judged.append(JudgedPlace(place.part, None, rule=None if decided is None else decided[0]))
            if decided is not None:
                set_part_aside(spine.picture, place.part, decided)
            continue
        kind = decided[1].kind
        if decided[1].sure:
            decided = DOUBT_RULES.first(SurePlace(place, kind), switched_off) or decided
        judged.append(JudgedPlace(place.part, kind, decided[1].sure, decided[0]))
    return judged


def _bright_discs(spine: SpineMap, bright: np.ndarray) -> list[MRFinding]:
    """Weak findings of the discs that are brighter than the others.

    Parameters
    ----------
    spine : SpineMap
    bright : ndarray of bool, shape of the box
        Bright voxels of discs.
    """
    picture, straight = spine.picture, spine.picture.straight
    if not len(straight.disc_mm):
        return []
    nucleus = (np.abs(spine.right) < distances.NUCLEUS_SIDE_MOST.value) & (
        np.abs(spine.to_disc) < distances.NUCLEUS_HALF_HEIGHT.value
    )
    nucleus &= spine.front > distances.NUCLEUS_FRONT_LEAST.value
    nucleus &= spine.front < distances.NUCLEUS_FRONT_MOST.value
    signal = picture.fluid_signal[spine.box]
    # A disc has the number of the vertebra below it: its lower half is numbered so, its upper half one higher.
    number = np.where(spine.to_disc > 0, spine.level - 1, spine.level)
    typical = {
        n: float(np.median(signal[nucleus & (number == n)]))
        for n in range(1, len(straight.disc_mm) + 1)
        if np.count_nonzero(nucleus & (number == n)) > NUCLEUS_VOXELS
    }
    out = []
    for n, own in typical.items():
        others = tuple(value for other, value in typical.items() if other != n)
        disc = BrightDisc(signal=own, others=others, parameters=spine.parameters)
        decided = BRIGHT_DISC_RULES.first(disc, spine.parameters.rules_off)
        if decided is None:
            continue
        mask = np.zeros(picture.surroundings.geometry.shape, dtype=bool)
        mask[spine.box] = bright & (number == n)
        rule, verdict = decided
        parts = bright_parts(picture, mask, spine.parameters.bright.sure_ml)
        out += [as_finding(picture, JudgedPlace(part, verdict.kind, verdict.sure, rule)) for part in parts]
    return out


def find_by_anatomy(spine: SpineMap, taken: np.ndarray) -> tuple[list[MRFinding], list[MRFinding]]:
    """What marrow and fluid show by themselves, where nothing bright was found.

    Parameters
    ----------
    spine : SpineMap
    taken : ndarray of bool, shape of the working grid
        Voxels of the findings so far.

    Returns
    -------
    sure, weak : list of MRFinding
    """
    picture = spine.picture
    sure, weak = find_oedema(picture)
    found = [(f, True) for f in sure] + [(f, False) for f in weak] + [(f, True) for f in find_fluid(picture)]
    kept_sure: list[MRFinding] = []
    kept_weak: list[MRFinding] = []
    for finding, is_sure in found:
        if taken.reshape(-1)[finding.region.flat].any():
            continue
        decided = ANATOMY_RULES.first(AnatomyPlace(spine, finding, is_sure), spine.parameters.rules_off)
        if decided is None:
            continue
        rule, verdict = decided
        if verdict.is_normal:
            picture.aside.take(finding.region, decided, partial(copy, finding))
            continue
        if verdict.sure:
            kept_sure.append(finding)
            continue
        if is_sure:
            finding.rule = rule
        kept_weak.append(finding)
    return kept_sure, kept_weak
