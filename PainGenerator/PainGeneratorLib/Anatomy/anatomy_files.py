"""Read anatomy segmentations from files: NRRD, ``.seg.nrrd`` with the names of its segments, NIfTI."""

from __future__ import annotations

import gzip
import json
import re
import struct
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import LPS_TO_RAS, Geometry, Image
from .anatomy_map import AnatomyMap, label_facts
from .label_families import SPINEPS_INSTANCES, SPINEPS_SUBREGIONS
from .labels import ADVICE, Structure, match_family, names_of_family, plausibility, structure_of_name
from .level_count import with_counted_levels

_PART_OFFSET = 1000
"""Offset of the labels of vertebra parts in a joined SPINEPS map. The label is this offset, plus `_INSTANCE_STEP`
times the instance, plus the subregion (3449 is the body of L5). Discs and endplates keep their instance number."""
_INSTANCE_STEP = 100
"""Difference between the labels of the same part of two successive instances in a joined SPINEPS map."""
_REST_OFFSET = 300
"""Offset of the labels of sacrum, cord and canal in a joined SPINEPS map, to which their subregion is added."""

_HEADER_LIMIT = 4_000_000
"""Upper bound of the size of a NIfTI header whose label table is read, bytes. Our estimate: a larger one is wrong."""


def read_anatomy_file(path: Path | str, labels_json: Path | str | None = None) -> AnatomyMap:
    """Read an anatomy segmentation.

    The names of the labels come from `labels_json`. Without it they come from the file itself (the segments of a
    ``.seg.nrrd``, or the label table that TotalSegmentator writes into the header of a NIfTI file). If the file has no
    names either, they follow from the numbers (:func:`.labels.match_family`). The two files of SPINEPS
    (``..._seg-vert_...`` and ``..._seg-spine_...``) are joined when both lie in the same folder.

    Parameters
    ----------
    path : Path or str
        ``.nrrd``, ``.seg.nrrd``, ``.nii`` or ``.nii.gz``, or another label image that ITK can read.
    labels_json : Path or str, optional
        A JSON file such as ``{"1": "vertebrae_L1", ...}``.

    Returns
    -------
    AnatomyMap
        The map in the frame of the file. Levels are counted when the labels do not name them and the sacrum is seen.

    Raises
    ------
    PainGeneratorError
        The file is missing, it is not a label image, it is empty, or its labels cannot be understood.
    """
    path = Path(path)
    image, segment_names = _read_labels(path)
    names = _read_names(Path(labels_json)) if labels_json is not None else segment_names or _nifti_names(path)
    return anatomy_of_labels(image, names, str(path), path)


def anatomy_of_labels(image: Image, names: dict[int, str], source: str, path: Path | None = None) -> AnatomyMap:
    """Find out what the labels of an image stand for.

    Parameters
    ----------
    image : Image
        Labels as uint16; 0 is the background.
    names : dict of int to str
        Names of the labels. If it is empty, they follow from the numbers (:func:`.labels.match_family`).
    source : str
        The name of the segmentation in messages: a path, or the name of a node.
    path : Path, optional
        The file. The second file of SPINEPS is looked for in its folder.

    Returns
    -------
    AnatomyMap
        The map. Levels are counted when the labels do not name them and the sacrum is seen.

    Raises
    ------
    PainGeneratorError
        The image is empty, or its labels cannot be understood.
    """
    facts = label_facts(image)
    if not facts:
        raise PainGeneratorError(f"The anatomy segmentation {source} is empty.", "Choose one that holds labels.")
    family, certainty, warnings = "named", "certain", []
    if names:
        missing = sorted(set(facts) - set(names))
        if missing:
            shown = ", ".join(map(str, missing[:12]))
            warnings.append(f"Labels of the anatomy segmentation without a name are not used: {shown}.")
        structures = {number: structure_of_name(names[number]) for number in facts if number in names}
        if not structures:
            raise PainGeneratorError(f"None of the names given fits a label of {source}.", ADVICE)
    else:
        match = match_family(facts)
        family, certainty, structures = match.family, match.certainty, dict(match.structures)
        if certainty == "likely":
            warnings.append(f"The anatomy labels were read as those of {family}; too little of the body to check it.")
        joined = None if path is None else _join_spineps(path, image, family)
        if joined is not None:
            image, structures = joined
            family = "SPINEPS"
    passed, made = plausibility(structures, label_facts(image) if family == "SPINEPS" else facts)
    if made >= 2 and passed < 0.5 * made:
        warnings.append(
            f"The anatomy segmentation contradicts plain anatomy ({made - passed} of {made} checks): left and right "
            "or the names of the labels may be wrong."
        )
    return with_counted_levels(AnatomyMap(image, structures, family, certainty, warnings=tuple(warnings)))


def _read_labels(path: Path) -> tuple[Image, dict[int, str]]:
    """Read the label image (uint16) and the names of the segments of a ``.seg.nrrd`` (empty for other files)."""
    import SimpleITK as sitk

    if not path.is_file():
        raise PainGeneratorError(f"The anatomy segmentation {path} does not exist.", "Check the path.")
    try:
        itk = sitk.ReadImage(str(path))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "unknown format"
        raise PainGeneratorError(
            f"The anatomy segmentation {path} cannot be read: {reason}", "Give a NRRD or NIfTI label map."
        ) from error
    if itk.GetDimension() != 3:
        raise PainGeneratorError(
            f"The anatomy segmentation {path} has {itk.GetDimension()} dimensions.", "Give a label map of one volume."
        )
    array = sitk.GetArrayFromImage(itk)
    metadata = {key: itk.GetMetaData(key) for key in itk.GetMetaDataKeys()}
    direction = np.array(itk.GetDirection()).reshape(3, 3)
    matrix = np.eye(4)
    matrix[:3, :3] = direction * np.array(itk.GetSpacing())
    matrix[:3, 3] = itk.GetOrigin()
    layers = array[..., np.newaxis] if array.ndim == 3 else array
    labels, names = _flattened(_as_labels(layers, path), metadata)
    return Image(labels, Geometry(labels.shape, LPS_TO_RAS @ matrix)), names


def _as_labels(array: np.ndarray, path: Path) -> np.ndarray:
    """Convert whole numbers from 0 to 65535 to uint16; refuse other values."""
    if array.size and (array.min() < 0 or array.max() > 65535 or (array.dtype.kind == "f" and np.any(array % 1))):
        raise PainGeneratorError(
            f"{path} is no label map: it holds values other than whole numbers from 0 to 65535.",
            "Give the segmentation, not the image.",
        )
    return array.astype(np.uint16, copy=False)


def _flattened(layers: np.ndarray, metadata: dict[str, str]) -> tuple[np.ndarray, dict[int, str]]:
    """Make one label image of the layers of a Slicer segmentation. Where segments overlap, the first one is kept."""
    segments = []
    for index in range(len(metadata)):
        name = metadata.get(f"Segment{index}_Name")
        if name is None:
            break
        layer = int(metadata.get(f"Segment{index}_Layer", 0))
        segments.append((name, layer, int(metadata.get(f"Segment{index}_LabelValue", index + 1))))
    if layers.shape[-1] == 1:
        return np.ascontiguousarray(layers[..., 0]), {value: name for name, _, value in segments}
    labels = np.zeros(layers.shape[:3], dtype=np.uint16)
    names = {}
    if not segments:
        segments = [(f"segment {n + 1}", n, 1) for n in range(layers.shape[-1])]
    for number, (name, layer, value) in enumerate(segments, start=1):
        labels[(layers[..., layer] == value) & (labels == 0)] = number
        names[number] = name
    return labels, names


def _read_names(path: Path) -> dict[int, str]:
    """Read the names of the labels from a JSON file."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return {int(number): str(name) for number, name in table.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise PainGeneratorError(f"The label names {path} cannot be read: {error}.", ADVICE) from error


def _nifti_names(path: Path) -> dict[int, str]:
    """Read the label table that TotalSegmentator writes into the header extension of a NIfTI file.

    The table is empty when the file has none.
    """
    lower = path.name.lower()
    if not lower.endswith((".nii", ".nii.gz")):
        return {}
    opener = gzip.open if lower.endswith(".gz") else open
    with opener(path, "rb") as file:
        header = file.read(352)
        order = "<" if header[:4] == b"\x5c\x01\x00\x00" else ">"
        if len(header) < 352 or struct.unpack(f"{order}i", header[:4])[0] != 348 or not header[348]:
            return {}
        offset = struct.unpack(f"{order}f", header[108:112])[0]
        if not 352 < offset < _HEADER_LIMIT:
            return {}
        text = file.read(int(offset) - 352).decode("utf-8", errors="replace")
    pattern = r'<Label[^>]*\bKey="(\d+)"[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)'
    return {int(number): name.strip() for number, name in re.findall(pattern, text) if int(number)}


def _join_spineps(path: Path, image: Image, family: str) -> tuple[Image, dict[int, Structure]] | None:
    """Join instances and subregions of SPINEPS when `path` is one of them and the other lies in the same folder."""
    words = {"SPINEPS vertebra instances": ("seg-vert", "seg-spine"), "SPINEPS subregions": ("seg-spine", "seg-vert")}
    if family not in words or words[family][0] not in path.name:
        return None
    other_path = path.with_name(path.name.replace(*words[family]))
    if not other_path.is_file():
        return None
    other, _ = _read_labels(other_path)
    if not other.geometry.is_same_grid(image.geometry):
        raise PainGeneratorError(
            f"{path.name} and {other_path.name} have different grids.",
            "Keep only files of one SPINEPS run in a folder.",
        )
    instance, region = (image, other) if words[family][0] == "seg-vert" else (other, image)
    return joined_spineps(instance, region)


def joined_spineps(instances: Image, subregions: Image) -> tuple[Image, dict[int, Structure]]:
    """Join the two label images of SPINEPS, so that every part of a vertebra has its level.

    Parameters
    ----------
    instances : Image
        Labels of the vertebra instances.
    subregions : Image
        Labels of the subregions, on the same grid.

    Returns
    -------
    Image
        Labels as uint16.
    dict of int to Structure
        The structures of the labels that occur. Discs and endplates get their level from the instance.
    """
    by_instance = names_of_family("SPINEPS vertebra instances")
    first, second = instances.array.astype(np.uint16), subregions.array.astype(np.uint16)
    part = np.isin(first, [*SPINEPS_INSTANCES]) & (second >= 41) & (second <= 53)
    labels = np.where(part, _PART_OFFSET + _INSTANCE_STEP * first + second, first)
    rest = (first == 0) & np.isin(second, [26, 60, 61])
    labels[rest] = second[rest] + _REST_OFFSET
    structures: dict[int, Structure] = {}
    for number in map(int, np.flatnonzero(np.bincount(labels.ravel()))):
        if number > _PART_OFFSET:
            instance, subregion = divmod(number - _PART_OFFSET, _INSTANCE_STEP)
            what = structure_of_name(SPINEPS_SUBREGIONS[subregion])
            structures[number] = Structure(what.structure, what.side, by_instance[instance].level)
        elif number > _REST_OFFSET:
            structures[number] = structure_of_name(SPINEPS_SUBREGIONS[number - _REST_OFFSET])
        elif number > 0:
            structures[number] = by_instance.get(number, Structure(f"label {number}"))
    return Image(labels.astype(np.uint16), instances.geometry), structures
