"""Count vertebral levels upward from the sacrum when an anatomy segmentation does not name them.

``total_mr`` of TotalSegmentator, and a subregion map of SPINEPS without its instances, label vertebrae and discs
without their levels. In this case the levels are counted from the lowest disc on the sacrum and marked as counted. If
the sacrum is not seen, nothing is counted. If a disc is missing, the count stops there.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..Numerics.core.image import Geometry, Image
from .anatomy_map import VERTEBRA_PARTS, AnatomyMap, label_facts
from .label_families import VERTEBRAE
from .labels import LabelFacts, Structure

COUNTED = "The anatomy segmentation does not name the vertebrae: levels were counted from the sacrum."
"""Warning where levels were counted."""
NOT_COUNTED = (
    "The anatomy segmentation does not name the vertebrae, and no sacrum is seen from which they could be counted: "
    "no level is named."
)
"""Warning where vertebrae have no levels."""
_BODIES = ("vertebra", "vertebral body")
"""Structures that can be counted."""
_ONE_VERTEBRA_MM = 75.0
"""Upper bound of the height of one vertebra with its posterior elements, mm. Our estimate."""
_VERTEBRA_ON_SACRUM_MM = 110.0
"""Upper bound of the distance between the centers of the sacrum and of the lowest vertebra, mm; about 70 mm. Our
estimate."""

_SMALLEST_DISC_ML = 1.0
"""Lower bound of the volume of a disc, ml. Smaller parts of a label are ignored. Our estimate."""
_DISC_ON_SACRUM_MM = 10.0
"""Upper bound of the distance between the sacrum and the disc that lies on it, mm. Our estimate."""
_DISC_STEP_MM = (12.0, 62.0)
"""Lower and upper bound of the distance between the centers of neighboring discs, mm. It is 30 to 42 mm in the lumbar
spine and 20 to 30 mm in the thoracic spine. Our estimate, with a margin."""
_BODY_RADIUS_MM = 20.0
"""Upper bound of the distance of the voxels of a vertebral body from its axis, mm. Our estimate."""
_TOP_VERTEBRA_MM = 34.0
"""Height that is assumed for the vertebra above the highest disc, mm. Our estimate."""
_MAX_GROWTH_MM = 70.0
"""Upper bound of the distance of posterior elements from the body of their vertebra, mm. Our estimate."""
_UPWARD = [level for level in reversed(VERTEBRAE[: VERTEBRAE.index("S1") + 1]) if level not in ("T13", "L6")]
"""Levels from S1 upward, without those of transitional anatomy."""


def with_counted_levels(anatomy: AnatomyMap) -> AnatomyMap:
    """Return the map with a level for each vertebra and disc, which is counted when the labels do not name it.

    Parameters
    ----------
    anatomy : AnatomyMap

    Returns
    -------
    AnatomyMap
        The same object when all levels are named or none can be counted, otherwise a copy with new labels. `counted`
        is set when levels were counted from the sacrum.
    """
    found = _with_disc_levels(_with_instance_levels(anatomy))
    bodies = [what for what in found.structures.values() if what.structure in _BODIES]
    if bodies and not any(what.level for what in bodies):
        return dataclasses.replace(found, warnings=(*found.warnings, NOT_COUNTED))
    return found


def _with_instance_levels(anatomy: AnatomyMap) -> AnatomyMap:
    """Count vertebrae of which each has a label of its own, but no level, upward from the sacrum."""
    labels = anatomy.labels_of(_BODIES)
    if any(anatomy.structures[number].level for number in labels) or len(labels) < 2:
        return anatomy
    facts = label_facts(anatomy.image)
    single = [number for number in labels if number in facts and _is_one_vertebra(facts[number])]
    single.sort(key=lambda number: float(facts[number].centroid_ras_mm[2]))
    chain = _instances_above(
        anatomy.points(anatomy.labels_of("sacrum")), {n: facts[n].centroid_ras_mm for n in single}
    )
    if not chain:
        return anatomy
    structures = dict(anatomy.structures)
    for number, level in zip(chain, _UPWARD[1:], strict=False):
        what = structures[number]
        structures[number] = Structure(what.structure, what.side, level)
    return dataclasses.replace(anatomy, structures=structures, counted=True, warnings=(*anatomy.warnings, COUNTED))


def _instances_above(sacrum: np.ndarray, centers: dict[int, np.ndarray]) -> list[int]:
    """Vertebrae from the one on the sacrum upward, up to the first gap; `centers` are sorted from below.

    `sacrum` holds its points, RAS mm.
    """
    if not len(sacrum):
        return []
    chain: list[int] = []
    below, most = sacrum.mean(axis=0), _VERTEBRA_ON_SACRUM_MM
    for number, center in centers.items():
        step = float(np.linalg.norm(center - below))
        if not (_DISC_STEP_MM[0] < step < most and center[2] > below[2]):
            break
        chain.append(number)
        below, most = center, _DISC_STEP_MM[1]
    return chain


def _is_one_vertebra(fact: LabelFacts) -> bool:
    return fact.extent_mm is not None and bool(fact.extent_mm[2] < _ONE_VERTEBRA_MM)


def _with_disc_levels(anatomy: AnatomyMap) -> AnatomyMap:
    """Count discs, and the vertebrae between them, when discs have no level."""
    vertebrae = [n for n in anatomy.labels_of(VERTEBRA_PARTS) if anatomy.structures[n].level is None]
    discs = [n for n in anatomy.labels_of("disc") if anatomy.structures[n].level is None]
    if not discs:
        return anatomy
    mask = anatomy.mask(discs)
    if mask is None:
        return anatomy
    parts, centers = _disc_parts(mask)
    if not len(centers):
        return anatomy
    named = [n for n in anatomy.labels_of(VERTEBRA_PARTS) if anatomy.structures[n].level is not None]
    if named:
        levels = _levels_between(anatomy, named, centers)
        return _relabeled(anatomy, mask.geometry, parts, levels, {}) if levels else anatomy
    chain = _chain_from_sacrum(anatomy, parts, mask.geometry, centers)
    if not chain:
        return anatomy
    levels = {part: f"{_UPWARD[n + 1]}/{_UPWARD[n]}" for n, part in enumerate(chain)}
    bodies = _vertebra_levels(anatomy, vertebrae, [centers[part] for part in chain])
    relabeled = _relabeled(anatomy, mask.geometry, parts, levels, bodies)
    return dataclasses.replace(relabeled, counted=True, warnings=(*relabeled.warnings, COUNTED))


def _disc_parts(mask: Image) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Connected parts of the disc mask (26 neighbors), and the center (RAS mm) of each part that is large enough."""
    parts, count = ndimage.label(mask.array, structure=np.ones((3, 3, 3)))
    numbers = np.arange(1, count + 1)
    volumes = np.bincount(parts.ravel(), minlength=count + 1)[1:] * mask.geometry.voxel_volume_ml
    kji = ndimage.center_of_mass(mask.array, parts, numbers)
    centers = {
        int(number): mask.geometry.to_ras(np.array(center)[::-1])
        for number, center, volume in zip(numbers, kji, volumes, strict=True)
        if volume >= _SMALLEST_DISC_ML
    }
    return parts, centers


def _chain_from_sacrum(
    anatomy: AnatomyMap, parts: np.ndarray, geometry: Geometry, centers: dict[int, np.ndarray]
) -> list[int]:
    """Discs from the one on the sacrum upward, up to the first gap."""
    sacrum = anatomy.points(anatomy.labels_of("sacrum"))
    if not len(sacrum):
        return []
    tree = cKDTree(sacrum)
    gaps = {}
    for part in centers:
        points = geometry.to_ras(np.argwhere(parts == part)[:, ::-1])
        gaps[part] = float(tree.query(points)[0].min())
    lowest = min(gaps, key=lambda part: gaps[part])
    if gaps[lowest] > _DISC_ON_SACRUM_MM or centers[lowest][2] < sacrum[:, 2].mean():
        return []
    chain, left = [lowest], set(centers) - {lowest}
    while left and len(chain) < len(_UPWARD) - 1:
        here = centers[chain[-1]]
        steps = {part: float(np.linalg.norm(centers[part] - here)) for part in left if centers[part][2] > here[2]}
        if not steps:
            break
        following = min(steps, key=lambda part: steps[part])
        if not _DISC_STEP_MM[0] < steps[following] < _DISC_STEP_MM[1]:
            break
        if len(chain) > 1 and steps[following] > 1.7 * np.linalg.norm(here - centers[chain[-2]]):
            break
        chain.append(following)
        left.discard(following)
    return chain


def _levels_between(anatomy: AnatomyMap, named: list[int], centers: dict[int, np.ndarray]) -> dict[int, str]:
    """Level of each disc that lies between two vertebrae whose levels are known from their labels."""
    by_level: dict[str, list[np.ndarray]] = {}
    for number in [*named, *anatomy.labels_of("sacrum")]:
        what = anatomy.structures[number]
        level = "S1" if what.structure == "sacrum" else what.level or ""
        by_level.setdefault(level, []).append(anatomy.points([number]))
    trees = {level: cKDTree(np.concatenate(points)) for level, points in by_level.items()}
    order = sorted(trees, key=VERTEBRAE.index)
    levels = {}
    for part, center in centers.items():
        gaps = {level: float(tree.query(center)[0]) for level, tree in trees.items()}
        pairs = [(gaps[a] + gaps[b], a, b) for a, b in pairwise(order)]
        if pairs and min(pairs)[0] < 40.0:
            levels[part] = "{1}/{2}".format(*min(pairs))
    return levels


def _vertebra_levels(anatomy: AnatomyMap, vertebrae: list[int], centers: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Level -> flat indices (in the grid of the map) of the voxels of each counted vertebra.

    A body lies between the centers of two discs. The posterior elements are found by growing the body within the mask.
    """
    mask = anatomy.mask(vertebrae)
    if mask is None or len(centers) < 1:
        return {}
    kji = np.argwhere(mask.array)
    points = mask.geometry.to_ras(kji[:, ::-1])
    seeds = np.zeros(mask.array.shape, dtype=np.uint8)
    ups = [centers[min(n + 1, len(centers) - 1)] - centers[max(n - 1, 0)] for n in range(len(centers))]
    ups = [up / np.linalg.norm(up) if np.any(up) else np.array([0.0, 0.0, 1.0]) for up in ups]
    for n, center in enumerate(centers):
        upper = centers[n + 1] if n + 1 < len(centers) else center + ups[n] * _TOP_VERTEBRA_MM
        line = (upper - center) / np.linalg.norm(upper - center)
        along = (points - center) @ line
        away = np.linalg.norm(points - center - np.outer(along, line), axis=1)
        inside = ((points - center) @ ups[n] > 0) & (away < _BODY_RADIUS_MM)
        inside &= (points - upper) @ ups[min(n + 1, len(ups) - 1)] < 0
        seeds[tuple(kji[inside].T)] = n + 1
    steps = int(np.ceil(_MAX_GROWTH_MM / min(mask.geometry.spacing_mm)))
    grown = _grown(seeds, mask.array, steps)
    offset = np.rint(anatomy.image.geometry.to_ijk(mask.geometry.to_ras(np.zeros(3))))[::-1].astype(int)
    found = {}
    for n in range(len(centers)):
        where = np.argwhere(grown == n + 1) + offset
        found[_UPWARD[n + 1]] = np.ravel_multi_index(tuple(where.T), anatomy.image.geometry.shape)
    return found


def _grown(seeds: np.ndarray, mask: np.ndarray, steps: int) -> np.ndarray:
    """Spread labels step by step through a mask. Where two labels meet, the voxel goes to the higher vertebra."""
    grown = seeds
    for _ in range(steps):
        free = mask & (grown == 0)
        if not free.any():
            break
        spread = np.where(
            free, ndimage.maximum_filter(grown, footprint=ndimage.generate_binary_structure(3, 1)), grown
        )
        if np.array_equal(spread, grown):
            break
        grown = spread
    return grown


def _relabeled(
    anatomy: AnatomyMap,
    geometry: Geometry,
    parts: np.ndarray,
    disc_levels: dict[int, str],
    vertebra_voxels: dict[str, np.ndarray],
) -> AnatomyMap:
    """Give a new label to each combination of an old label and a level."""
    labels = anatomy.image.array.copy()
    structures = dict(anatomy.structures)
    following = int(max(labels.max(), max(structures))) + 1
    offset = np.rint(anatomy.image.geometry.to_ijk(geometry.to_ras(np.zeros(3))))[::-1].astype(int)
    flat_labels = labels.reshape(-1)
    disc = {part: np.argwhere(parts == part) + offset for part in disc_levels}
    voxels = [(level, np.ravel_multi_index(tuple(disc[part].T), labels.shape)) for part, level in disc_levels.items()]
    for level, flat in [*voxels, *vertebra_voxels.items()]:
        old = flat_labels[flat]
        for number in np.unique(old):
            what = anatomy.structures[int(number)]
            structures[following] = Structure(what.structure, what.side, level)
            flat_labels[flat[old == number]] = following
            following += 1
    present = set(np.flatnonzero(np.bincount(flat_labels)))
    kept = {number: what for number, what in structures.items() if number in present}
    return dataclasses.replace(anatomy, image=Image(labels, anatomy.image.geometry), structures=kept)
