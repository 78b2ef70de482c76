"""What can be wrong with a label map: each change makes a wrong map of a right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image

VERTEBRAE = ("T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")
"""Levels that labels have, from above downward."""


@dataclass(frozen=True, eq=False)
class NamedLabels:
    """A label map with the names of its labels.

    Parameters
    ----------
    image : Image
    names : mapping of int to str
    """

    image: Image
    names: Mapping[int, str]


def _moved(labels: NamedLabels, matrix: np.ndarray) -> NamedLabels:
    """The map under another header."""
    image = labels.image
    to_ras = matrix @ image.geometry.ijk_to_ras
    return NamedLabels(Image(image.array, Geometry(image.geometry.shape, to_ras)), labels.names)


def shifted(right: float = 0.0, front: float = 0.0, up: float = 0.0) -> Callable[[NamedLabels], NamedLabels]:
    """A change that moves the map, mm."""
    matrix = np.eye(4)
    matrix[:3, 3] = right, front, up
    return lambda labels: _moved(labels, matrix)


def flipped(*axes: int) -> Callable[[NamedLabels], NamedLabels]:
    """A change that reverses the map along axes of the patient (0 right, 1 front, 2 up), about the grid's middle."""

    def change(labels: NamedLabels) -> NamedLabels:
        geometry = labels.image.geometry
        array = labels.image.array
        for axis in axes:
            along = int(np.argmax(np.abs(geometry.ijk_to_ras[axis, :3])))
            array = np.flip(array, 2 - along)
        return NamedLabels(Image(np.ascontiguousarray(array), geometry), labels.names)

    return change


def negated(*axes: int) -> Callable[[NamedLabels], NamedLabels]:
    """A change of signs in the header, as when LPS is taken for RAS (0 and 1)."""
    signs = np.ones(4)
    signs[list(axes)] = -1.0
    return lambda labels: _moved(labels, np.diag(signs))


def turned(axis: int, degrees: float) -> Callable[[NamedLabels], NamedLabels]:
    """A change that turns the map about an axis of the patient through the middle of the grid."""

    def change(labels: NamedLabels) -> NamedLabels:
        center = labels.image.geometry.center_ras
        a, b = (n for n in range(3) if n != axis)
        angle = np.deg2rad(degrees)
        matrix = np.eye(4)
        matrix[np.ix_([a, b], [a, b])] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        matrix[:3, 3] = center - matrix[:3, :3] @ center
        return _moved(labels, matrix)

    return change


def scaled(factor: float) -> Callable[[NamedLabels], NamedLabels]:
    """A change of the size of the voxels about the middle of the grid."""

    def change(labels: NamedLabels) -> NamedLabels:
        center = labels.image.geometry.center_ras
        matrix = np.diag([factor, factor, factor, 1.0])
        matrix[:3, 3] = (1.0 - factor) * center
        return _moved(labels, matrix)

    return change


def _renamed(labels: NamedLabels, change: Callable[[str], str]) -> NamedLabels:
    return NamedLabels(labels.image, {n: change(name) for n, name in labels.names.items()})


def _other_side(name: str) -> str:
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


def sides_exchanged(part: str = "") -> Callable[[NamedLabels], NamedLabels]:
    """A change of left and right in the names; only in those that hold a word when one is given."""
    return lambda labels: _renamed(labels, lambda name: _other_side(name) if part in name else name)


def levels_moved(by: int) -> Callable[[NamedLabels], NamedLabels]:
    """A change that renames every vertebra and disc; 1 makes L5 of L4."""

    def one(level: str) -> str:
        if level not in VERTEBRAE:
            return level
        return VERTEBRAE[min(max(VERTEBRAE.index(level) + by, 0), len(VERTEBRAE) - 1)]

    def change(name: str) -> str:
        kind, _, level = name.partition("_")
        if kind not in ("vertebrae", "disc"):
            return name
        return "_".join([kind, *(one(part) for part in level.split("_"))])

    return lambda labels: _without_doubles(_renamed(labels, change), labels)


def _without_doubles(changed: NamedLabels, before: NamedLabels) -> NamedLabels:
    """Leave labels out whose new name is that of another one."""
    names: dict[int, str] = {}
    for number, name in changed.names.items():
        if name not in names.values():
            names[number] = name
    gone = [n for n in before.names if n not in names]
    array = np.where(np.isin(before.image.array, gone), 0, before.image.array).astype(before.image.array.dtype)
    return NamedLabels(Image(array, before.image.geometry), names)


def levels_exchanged(one: str, other: str) -> Callable[[NamedLabels], NamedLabels]:
    """A change that exchanges the names of two vertebrae."""
    both = {f"vertebrae_{one}": f"vertebrae_{other}", f"vertebrae_{other}": f"vertebrae_{one}"}
    return lambda labels: _renamed(labels, lambda name: both.get(name, name))


def only_spine(labels: NamedLabels) -> NamedLabels:
    """The vertebrae and discs alone. This is no wrong map: it must be believed."""
    kept = {n: name for n, name in labels.names.items() if name.startswith(("vertebra", "disc", "intervertebral"))}
    array = np.where(np.isin(labels.image.array, list(kept)), labels.image.array, 0).astype(labels.image.array.dtype)
    return NamedLabels(Image(array, labels.image.geometry), kept)


def _both(
    first: Callable[[NamedLabels], NamedLabels], second: Callable[[NamedLabels], NamedLabels]
) -> Callable[[NamedLabels], NamedLabels]:
    return lambda labels: second(first(labels))


RIGHT: dict[str, Callable[[NamedLabels], NamedLabels]] = {
    "unchanged": lambda labels: labels,
    "spine alone": only_spine,
    "moved by 3 mm": shifted(2.0, 2.0, -1.0),
}
"""Maps that must be believed without an alarm."""
WRONG: dict[str, Callable[[NamedLabels], NamedLabels]] = {
    "names of sides exchanged": sides_exchanged(),
    "sides of kidneys exchanged": sides_exchanged("kidney"),
    "sides of hip bones exchanged": sides_exchanged("hip"),
    "mirrored left-right": flipped(0),
    "mirrored, spine alone": _both(flipped(0), only_spine),
    "sign of R wrong": negated(0),
    "flipped head-foot": flipped(2),
    "flipped head-foot, spine alone": _both(flipped(2), only_spine),
    "flipped front-back": flipped(1),
    "flipped front-back, spine alone": _both(flipped(1), only_spine),
    "LPS taken for RAS": negated(0, 1),
    "turned by 180 degrees about S": flipped(0, 1),
    "turned by 90 degrees about S": turned(2, 90.0),
    "turned by 30 degrees about S": turned(2, 30.0),
    "20 mm to the right": shifted(right=20.0),
    "60 mm to the right": shifted(right=60.0),
    "60 mm to the left": shifted(right=-60.0),
    "60 mm forward": shifted(front=60.0),
    "60 mm backward": shifted(front=-60.0),
    "60 mm up": shifted(up=60.0),
    "60 mm down": shifted(up=-60.0),
    "one vertebra up": shifted(up=35.0),
    "one vertebra down": shifted(up=-35.0),
    "one vertebra up, spine alone": _both(shifted(up=35.0), only_spine),
    "15 mm up": shifted(up=15.0),
    "150 mm to the right": shifted(right=150.0),
    "150 mm forward": shifted(front=150.0),
    "400 mm up": shifted(up=400.0),
    "levels one too low": levels_moved(1),
    "levels one too high": levels_moved(-1),
    "levels one too high, spine alone": _both(levels_moved(-1), only_spine),
    "L3 and L4 exchanged": levels_exchanged("L3", "L4"),
    "voxels 20 percent too large": scaled(1.2),
    "voxels 20 percent too small": scaled(0.8),
}
"""Maps that must be refused or flagged."""
