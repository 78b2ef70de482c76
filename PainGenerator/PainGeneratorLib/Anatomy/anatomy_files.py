"""Read anatomy segmentations from files, in the forms in which programs and people keep them.

Files: NIfTI, NRRD, ``.seg.nrrd``, MetaImage and what else ITK reads; DICOM segmentations; folders of masks. What the
labels mean follows from names (of the user, of the file), or from the numbers of known programs
(:mod:`.family_match`). It is checked against anatomy (:mod:`.plausibility`) in any case.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Image
from ..Numerics.core.input_files import exists
from . import spineps
from .anatomy_map import AnatomyMap, label_facts
from .family_match import LabelMatch, match_family
from .label_families import FAMILY_NOTES, UNLABELED_INSTANCES
from .label_files import FileLabels, has_dicom, read_labels
from .label_names import read_label_names
from .label_words import GENERIC_COLORS, NOT_A_LABEL
from .labels import ADVICE, LabelFacts, Structure, is_understood, says_nothing, structure_of_name
from .level_count import COUNTED, with_counted_levels
from .mask_folder import file_in_folder, name_of_file, read_mask_folder
from .plausibility import Check, agreement, checks

_SHOWN = 8
"""Number of names or numbers that a message shows."""
_CONTRADICTED_BELOW = 0.5
"""Fraction of passed checks below which the anatomy contradicts the names. Our estimate."""


def read_anatomy_file(path: Path | str, labels_json: Path | str | None = None) -> AnatomyMap:
    """Read an anatomy segmentation.

    The names of the labels come from `labels_json`. Without it they come from the file itself: the segments of a
    ``.seg.nrrd`` or a DICOM segmentation, the label table that TotalSegmentator writes into the header of a NIfTI
    file, or the names of the files of a folder of masks. If there are no names either, they follow from the numbers
    (:func:`.family_match.match_family`). The two files of SPINEPS (``..._seg-vert_...`` and ``..._seg-spine_...``) are
    joined when both lie in the same folder.

    Parameters
    ----------
    path : Path or str
        A NIfTI, NRRD or MetaImage file, a DICOM segmentation, or a folder of masks.
    labels_json : Path or str, optional
        A file of names in one of the forms of :mod:`.label_names`, such as ``{"1": "vertebrae_L1", ...}``.

    Returns
    -------
    AnatomyMap
        The map in the frame of the file. Levels are counted when the labels do not name them and the sacrum is seen.

    Raises
    ------
    PainGeneratorError
        The file is missing, it is not a label image, it is empty, it does not say where it lies, or its labels cannot
        be understood.
    """
    path = Path(path)
    if not exists(path, "anatomy segmentation"):
        raise PainGeneratorError(f"The anatomy segmentation {path} does not exist.", "Check the path.")
    given = None if labels_json is None else read_label_names(Path(labels_json))
    if path.is_dir():
        inside = file_in_folder(path, has_dicom)
        if inside is None:
            return _of_masks(path, given is not None)
        path = inside
    labels = read_labels(path)
    if given is None and not labels.names:
        found = _spineps(path, labels) or _single_mask(path, labels)
        if found is not None:
            return found
    if given is not None:
        found = _anatomy(labels.image, given, str(path), are_given=True)
    else:
        found = _anatomy(labels.image, labels.names, str(path))
    return _with(labels.warnings, found)


def anatomy_of_labels(image: Image, names: dict[int, str], source: str) -> AnatomyMap:
    """Find out what the labels of an image stand for.

    Parameters
    ----------
    image : Image
        Labels as uint16; 0 is the background.
    names : dict of int to str
        Names of the labels. If it is empty, they follow from the numbers (:func:`.family_match.match_family`).
    source : str
        The name of the segmentation in messages: a path, or the name of a node.

    Returns
    -------
    AnatomyMap
        The map. Levels are counted when the labels do not name them and the sacrum is seen.

    Raises
    ------
    PainGeneratorError
        The image is empty, or its labels cannot be understood.
    """
    return _anatomy(image, names, source)


def _anatomy(image: Image, names: dict[int, str], source: str, *, are_given: bool = False) -> AnatomyMap:
    """As :func:`anatomy_of_labels`; names that the user gave must be understood."""
    facts = label_facts(image)
    if not facts:
        raise PainGeneratorError(f"The anatomy segmentation {source} is empty.", "Choose one that holds labels.")
    if not names:
        match = match_family(facts)
        return _of_match(image, match, dict(match.structures))
    known = {number: names[number] for number in facts if number in names}
    if not known:
        raise PainGeneratorError(f"None of the names given fits a label of {source}.", ADVICE)
    meanings = {number: structure_of_name(name) for number, name in known.items()}
    understood = [n for n, what in meanings.items() if is_understood(what) and not says_nothing(known[n])]
    if not understood or _are_generic_colors(known):
        return _by_numbers_in_names(image, facts, known, source, are_given)
    warnings = _unused_labels(facts, known, understood) + _contradictions(checks(meanings, facts))
    return with_counted_levels(AnatomyMap(image, meanings, "named", "certain", warnings=tuple(warnings)))


def _unused_labels(facts: Mapping[int, LabelFacts], names: Mapping[int, str], understood: list[int]) -> list[str]:
    """Warnings about labels without a name, or with one that is not understood."""
    warnings = []
    missing = sorted(set(facts) - set(names))
    if missing:
        warnings.append(f"Labels of the anatomy segmentation without a name are not used: {_listed(missing)}.")
    strange = [
        name for number, name in sorted(names.items()) if number not in understood and name.lower() not in NOT_A_LABEL
    ]
    if strange:
        warnings.append(
            "Names of the anatomy segmentation that are not understood, and whose labels are not used: "
            f"{_listed(strange)}."
        )
    return warnings


def _are_generic_colors(names: Mapping[int, str]) -> bool:
    """Whether the names are those of Slicer's default colors, which it gives to any label map."""
    hits = sum(names.get(number) == color for number, color in enumerate(GENERIC_COLORS, start=1))
    return hits >= 3


def _by_numbers_in_names(
    image: Image, facts: Mapping[int, LabelFacts], names: Mapping[int, str], source: str, are_given: bool
) -> AnatomyMap:
    """Use the numbers that stand in names like ``Segment_41`` when the names say nothing else.

    Slicer makes such names from the numbers of a label map (https://github.com/Slicer/Slicer/pull/4737). Names that
    the user gave are not replaced.
    """
    shown = _listed([names[number] for number in sorted(names)])
    reason = f"None of the names of the labels of {source} is understood ({shown})."
    numbers = {number: _number_in(name, number) for number, name in names.items()}
    if are_given or len(set(numbers.values())) < len(numbers) or not all(map(says_nothing, names.values())):
        raise PainGeneratorError(reason, ADVICE)
    try:
        match = match_family({numbers[number]: facts[number] for number in names})
    except PainGeneratorError as error:
        raise PainGeneratorError(f"{reason} {error.reason}", error.advice) from error
    structures = {n: match.structures[numbers[n]] for n in names if numbers[n] in match.structures}
    text = f"The names of the anatomy segmentation say nothing ({shown}): "
    text += f"its numbers were read as those of {match.family}."
    return _with((text,), _of_match(image, match, structures))


def _number_in(name: str, default: int) -> int:
    digits = re.search(r"(\d+)\s*$", name)
    return int(digits[1]) if digits else default


def _of_match(image: Image, match: LabelMatch, structures: dict[int, Structure], family: str = "") -> AnatomyMap:
    """The map of labels whose program was found, with warnings about what is not certain."""
    is_counted = match.family == UNLABELED_INSTANCES
    warnings = []
    if is_counted:
        warnings.append(
            "The numbers of the anatomy segmentation only count the vertebrae in view (as those of SPINEPS without "
            f"its labeling model). {COUNTED}"
        )
    elif match.certainty == "likely":
        warnings.append(
            f"The anatomy labels were read as those of {match.family}; "
            "too little of the body is labeled to be certain."
        )
    if match.doubts:
        warnings.append(
            f"Some labels of the anatomy segmentation contradict plain anatomy: {'; '.join(match.doubts[:3])}."
        )
    if match.family in FAMILY_NOTES:
        warnings.append(FAMILY_NOTES[match.family])
    named = family or match.family
    found = AnatomyMap(image, structures, named, match.certainty, counted=is_counted, warnings=tuple(warnings))
    return found if is_counted else with_counted_levels(found)


_MIRRORED = (
    (("side",), 1, "Left and right"),
    (("front",), 2, "Front and back"),
    (("height", "order", "sacrum"), 2, "Above and below"),
)
"""The kinds of checks along a direction, the number of failed checks from which it counts, and its name in a warning.
One swapped pair of sides is enough; our choice."""


def _contradictions(made: list[Check]) -> list[str]:
    """Warnings about names that contradict the anatomy."""
    failed = [check for check in made if not check.passed]
    if len(made) >= 2 and agreement(made) < _CONTRADICTED_BELOW:
        return [
            f"The anatomy segmentation contradicts plain anatomy ({len(failed)} of {len(made)} checks): left and "
            f"right or the names of the labels may be wrong ({_texts(failed)})."
        ]
    warnings = [text for kinds, least, words in _MIRRORED if (text := _swapped(made, kinds, least, words))]
    levels = [check for check in failed if check.kind in ("order", "sacrum", "disc")]
    if levels and not warnings:
        warnings.append(f"The levels of the anatomy segmentation may be wrong: {_texts(levels)}.")
    return warnings


def _swapped(made: list[Check], kinds: tuple[str, ...], least: int, words: str) -> str | None:
    """A warning when most checks along a direction fail."""
    along = [check for check in made if check.kind in kinds]
    wrong = [check for check in along if not check.passed]
    if len(wrong) < least or len(wrong) <= 0.5 * len(along):
        return None
    return f"{words} may be swapped in the anatomy segmentation, or its names are wrong: {wrong[0].text}."


def _texts(failed: list[Check]) -> str:
    return "; ".join(check.text for check in failed[:3])


def _listed(items: list[int] | list[str]) -> str:
    return ", ".join(map(str, items[:_SHOWN])) + (", ..." if len(items) > _SHOWN else "")


def _with(warnings: tuple[str, ...], anatomy: AnatomyMap) -> AnatomyMap:
    return dataclasses.replace(anatomy, warnings=(*warnings, *anatomy.warnings)) if warnings else anatomy


# --- special files


def _of_masks(folder: Path, are_names_given: bool) -> AnatomyMap:
    """The masks of a folder, named by their files."""

    def read(path: Path) -> tuple[Image, dict[int, str]]:
        labels = read_labels(path)
        return labels.image, labels.names

    image, names, warnings = read_mask_folder(folder, read)
    if are_names_given:
        warnings = (*warnings, f"The names given are not used: the masks in {folder} are named by their files.")
    return _with(warnings, _anatomy(image, names, str(folder)))


def _single_mask(path: Path, labels: FileLabels) -> AnatomyMap | None:
    """A mask of one structure that is named by its file; None for other maps."""
    values = np.flatnonzero(np.bincount(labels.image.array.ravel()))
    values = values[values > 0]
    if len(values) != 1:
        return None
    name = name_of_file(path)
    if not is_understood(structure_of_name(name)) or says_nothing(name):
        return None
    return _with(labels.warnings, _anatomy(labels.image, {int(values[0]): name}, str(path)))


def _spineps(path: Path, labels: FileLabels) -> AnatomyMap | None:
    """Join the two files of SPINEPS when `path` is one of them and the other lies beside it; None for other files."""
    beside = spineps.other_file(path)
    if beside is None:
        return None
    other = read_labels(beside)
    if not other.image.geometry.is_same_grid(labels.image.geometry):
        raise PainGeneratorError(
            f"{path.name} and {beside.name} have different grids.",
            "Keep only files of one SPINEPS run in a folder.",
        )
    pair = (labels.image, other.image) if spineps.is_instances(path) else (other.image, labels.image)
    instances = spineps.with_sacrum(*pair)
    match = match_family(label_facts(instances))
    image, structures = spineps.joined_spineps(instances, pair[1], match.structures)
    return _with((*labels.warnings, *other.warnings), _of_match(image, match, structures, "SPINEPS"))
