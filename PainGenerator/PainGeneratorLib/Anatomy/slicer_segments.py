"""The segments of a Slicer segmentation in a ``.seg.nrrd`` file, and the terms that name them.

Format: https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from .labels import Structure, is_understood, structure_of_name


@dataclass(frozen=True)
class Segment:
    """One segment of a file.

    Parameters
    ----------
    name : str
        The name that Slicer shows.
    layer, value : int
        The segment holds the voxels of this layer with this value.
    terms : tuple of str
        Names from its terminology, such as "L4 vertebra" or "Kidney Left".
    """

    name: str
    layer: int
    value: int
    terms: tuple[str, ...] = ()

    @property
    def best_name(self) -> str:
        """The name, or the first term that is understood when the name is not."""
        return best_name(self.name, self.terms)


def best_name(name: str, terms: tuple[str, ...]) -> str:
    """Choose between the name of a segment and the terms of its codes.

    Parameters
    ----------
    name : str
    terms : tuple of str
        Names of codes with their sides, such as "Kidney Left".

    Returns
    -------
    str
        The name when it is understood, with the side of a term of the same structure when it has none; otherwise the
        first term that is understood; otherwise the name.
    """
    known = [term for term in terms if _means_something(term)]
    if not _means_something(name):
        return known[0] if known else name
    what = structure_of_name(name)
    if what.side is None:
        for term in known:
            meant = structure_of_name(term)
            if meant.side and meant.structure == what.structure:
                return f"{name} {meant.side}"
    return name


_VAGUE = ("tissue", "bone", "muscle", "anatomical structure", "organ", "body", "fat", "skin")
"""Terms that Slicer and other programs give to any segment."""


def _means_something(name: str) -> bool:
    what: Structure = structure_of_name(name)
    return is_understood(what) and what.structure not in _VAGUE


def segments_of(metadata: Mapping[str, str], layers: int, path: Path) -> list[Segment]:
    """The segments that the fields of a file describe; empty for a file without any.

    Parameters
    ----------
    metadata : mapping
        The fields of the header.
    layers : int
        Number of layers of the file.
    path : Path
        For messages.

    Raises
    ------
    PainGeneratorError
        A segment names voxels that the file cannot have, or two segments name the same ones.
    """
    numbers = sorted(int(field[1]) for key in metadata if (field := _NAME_FIELD.fullmatch(key)))
    # Before Slicer 4.11 each segment had a layer of its own, and no field said so.
    has_places = any(re.fullmatch(r"Segment\d+_(Layer|LabelValue)", key) for key in metadata)
    found = []
    for index in numbers:
        name = metadata[f"Segment{index}_Name"]
        usual = (0, index + 1) if layers == 1 or has_places else (index, 1)
        layer = _whole(metadata.get(f"Segment{index}_Layer"), usual[0])
        value = _whole(metadata.get(f"Segment{index}_LabelValue"), usual[1])
        if layer is None or value is None or not (0 <= layer < layers and 0 < value <= _LARGEST_LABEL):
            raise PainGeneratorError(
                f"The header of {path} says of the segment '{name}' that it lies in layer "
                f"{metadata.get(f'Segment{index}_Layer', '0')[:_SHOWN]} with label "
                f"{metadata.get(f'Segment{index}_LabelValue', '1')[:_SHOWN]}, which the file does not have.",
                "Load it in 3D Slicer, check the segments, and save it again.",
            )
        found.append(Segment(name, layer, value, _terms(metadata.get(f"Segment{index}_Tags", ""))))
    _check_apart(found, path)
    return found


_NAME_FIELD = re.compile(r"Segment(\d{1,6})_Name")
"""The field with the name of a segment."""
_LARGEST_LABEL = 65535
"""Upper bound of a label."""
_SHOWN = 20
"""The most characters of a wrong value that a message shows."""


def _check_apart(segments: list[Segment], path: Path) -> None:
    """Refuse two segments of different names with the same voxels."""
    by_place: dict[tuple[int, int], Segment] = {}
    for one in segments:
        other = by_place.setdefault((one.layer, one.value), one)
        if other.name != one.name:
            raise PainGeneratorError(
                f"The header of {path} gives the same voxels to two segments, '{other.name}' and '{one.name}'.",
                "Load it in 3D Slicer, check the segments, and save it again.",
            )


def _whole(text: str | None, default: int) -> int | None:
    """The whole number in a field; `default` where there is no field, None where it is no such number."""
    if text is None:
        return default
    return int(text) if re.fullmatch(r"\s*-?\d{1,9}\s*", text) else None


def _terms(tags: str) -> tuple[str, ...]:
    """Names from the terminology entry among the tags of a segment."""
    for tag in tags.split("|"):
        key, _, entry = tag.partition(":")
        if key == "TerminologyEntry":
            return terms_of_entry(entry)
    return ()


def terms_of_entry(entry: str) -> tuple[str, ...]:
    """Names from a terminology entry of Slicer.

    Parameters
    ----------
    entry : str
        Seven parts, joined by ``~``: context, category, type, modifier of the type, anatomic context, region, modifier
        of the region. A code is written as scheme^value^meaning. Empty for none.

    Returns
    -------
    tuple of str
        One name such as "Kidney Left", or none; see :func:`chosen_term`.
    """
    parts = entry.split("~")
    if len(parts) < 7:
        return ()
    meanings = [part.split("^")[2] if part.count("^") == 2 else "" for part in parts]
    return chosen_term(f"{meanings[2]} {meanings[3]}".strip(), f"{meanings[5]} {meanings[6]}".strip())


def chosen_term(kind: str, region: str) -> tuple[str, ...]:
    """Choose between the type of a segment and its anatomic region.

    Parameters
    ----------
    kind, region : str
        The meanings of the two codes, each with that of its modifier; empty for none.

    Returns
    -------
    tuple of str
        The type; the region only when the type is vague ("Tissue"). A lesion or an implant in a region is not the
        region.
    """
    is_vague = not kind or structure_of_name(kind).structure in _VAGUE
    chosen = region if is_vague else kind
    return (chosen,) if chosen else ()


def flattened(layers: np.ndarray, segments: list[Segment]) -> tuple[np.ndarray, dict[int, str]]:
    """Make one label image of the layers of a segmentation.

    Parameters
    ----------
    layers : ndarray, shape (k, j, i, layers)
        Labels as uint16.
    segments : list of Segment
        Empty for an image without segments.

    Returns
    -------
    ndarray, shape (k, j, i)
        Labels as uint16. Where segments overlap, the smallest one is kept, so that an outline of the body hides
        nothing.
    dict of int to str
        Label -> name.
    """
    if layers.shape[-1] == 1:
        return np.ascontiguousarray(layers[..., 0]), {segment.value: segment.best_name for segment in segments}
    if not segments:
        segments = [Segment(f"segment {n + 1}", n, 1) for n in range(layers.shape[-1])]
    masks = [layers[..., s.layer] == s.value if s.layer < layers.shape[-1] else None for s in segments]
    labels = np.zeros(layers.shape[:3], dtype=np.uint16)
    for number in painting_order([0 if mask is None else int(np.count_nonzero(mask)) for mask in masks]):
        mask = masks[number]
        if mask is not None:
            labels[mask] = number + 1
    return labels, {number: segment.best_name for number, segment in enumerate(segments, start=1)}


def painting_order(sizes: list[int]) -> list[int]:
    """The order in which overlapping regions are painted: large ones first, and of equal ones the first one last."""
    return sorted(range(len(sizes)), key=lambda n: (-sizes[n], -n))
