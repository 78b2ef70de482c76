"""Join the two label maps that SPINEPS writes: instances (``seg-vert``) and subregions (``seg-spine``).

Numbers: https://github.com/Hendrik-code/spineps#labels. Without its labeling model the instances are only counted from
above (https://github.com/Hendrik-code/spineps/issues/59).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..Numerics.core.image import Image
from .label_families import SPINEPS_INSTANCES, SPINEPS_SUBREGIONS
from .labels import Structure, names_of_family, structure_of_name

_PART_OFFSET = 1000
"""Offset of the labels of vertebra parts in a joined SPINEPS map. The label is this offset, plus `_INSTANCE_STEP`
times the instance, plus the subregion (3449 is the body of L5). Discs and endplates keep their instance number."""
_INSTANCE_STEP = 100
"""Difference between the labels of the same part of two successive instances in a joined SPINEPS map."""
_REST_OFFSET = 300
"""Offset of the labels of sacrum, cord and canal in a joined SPINEPS map, to which their subregion is added."""
_WORDS = ("seg-vert", "seg-spine")
"""Words in the names of the two files."""
SACRUM = 26
"""Number of the sacrum in both files."""


def other_file(path: Path) -> Path | None:
    """The other file of SPINEPS beside one of them; None when the name is not that of SPINEPS or there is none."""
    for word, other in (_WORDS, _WORDS[::-1]):
        if word in path.name:
            found = path.with_name(path.name.replace(word, other))
            return found if found.is_file() else None
    return None


def is_instances(path: Path) -> bool:
    """Whether a file is that of the instances, by its name."""
    return _WORDS[0] in path.name


def with_sacrum(instances: Image, subregions: Image) -> Image:
    """The instances with the sacrum of the subregions, so that levels can be counted from it."""
    sacrum = (instances.array == 0) & (subregions.array == SACRUM)
    return Image(np.where(sacrum, np.uint16(SACRUM), instances.array), instances.geometry)


def joined_spineps(
    instances: Image, subregions: Image, levels: Mapping[int, Structure] | None = None
) -> tuple[Image, dict[int, Structure]]:
    """Join the two label images of SPINEPS, so that every part of a vertebra has its level.

    Parameters
    ----------
    instances : Image
        Labels of the vertebra instances.
    subregions : Image
        Labels of the subregions, on the same grid.
    levels : mapping of int to Structure, optional
        The meaning of the instances; that of SPINEPS with its labeling model when left out.

    Returns
    -------
    Image
        Labels as uint16.
    dict of int to Structure
        The structures of the labels that occur. Discs and endplates get their level from the instance.
    """
    by_instance = names_of_family("SPINEPS vertebra instances") if levels is None else levels
    first, second = instances.array.astype(np.uint16), subregions.array.astype(np.uint16)
    part = np.isin(first, [n for n in SPINEPS_INSTANCES if n != SACRUM]) & (second >= 41) & (second <= 53)
    labels = np.where(part, _PART_OFFSET + _INSTANCE_STEP * first + second, first)
    rest = ((first == 0) & np.isin(second, [60, 61])) | (np.isin(first, [0, SACRUM]) & (second == SACRUM))
    labels[rest] = second[rest] + _REST_OFFSET
    structures: dict[int, Structure] = {}
    for number in map(int, np.flatnonzero(np.bincount(labels.ravel()))):
        if number > _PART_OFFSET:
            instance, subregion = divmod(number - _PART_OFFSET, _INSTANCE_STEP)
            what = structure_of_name(SPINEPS_SUBREGIONS[subregion])
            level = by_instance[instance].level if instance in by_instance else None
            structures[number] = Structure(what.structure, what.side, level)
        elif number > _REST_OFFSET:
            structures[number] = structure_of_name(SPINEPS_SUBREGIONS[number - _REST_OFFSET])
        elif number > 0:
            structures[number] = by_instance.get(number, Structure(f"label {number}"))
    return Image(labels.astype(np.uint16), instances.geometry), structures
