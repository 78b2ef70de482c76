"""The command ``pain-generator suv``: the SUV volume of a folder, without MR and without a scene."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..Dicom.left_out import choose_with_left_out
from ..Dicom.pet_choice import choose_pet
from ..Dicom.reader import read_folder
from ..Numerics.core.errors import PainGeneratorError
from ..Registration.itk_images import to_itk_image
from ..Report.leftovers import Mark, tidy, work_name
from ..Report.read_back import ADVICE
from ..Report.target_checks import refuse_unwritable_name
from ..Report.written_files import MARK_FILE
from ..Workflow.case import CaseOptions
from ..Workflow.progress import Show, part, silent
from ..Workflow.stages import SUV_BW, Suv, suv_of

VOLUME_SUFFIXES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha")
"""Endings of the volume files that can be written."""


def check_volume_file(output: Path, overwrite: bool, case: Path) -> list[str]:
    """Refuse, before the work, a file that could not be written after it.

    Parameters
    ----------
    output : Path
    overwrite : bool
        Replace an existing file.
    case : Path
        The input folder, which is never written to.

    Returns
    -------
    list of str
        What ended runs had left and was tidied up.

    Raises
    ------
    PainGeneratorError
        It is of an unknown format, exists, lies in the input folder, or its folder is not there or cannot be written
        to.
    """
    _refuse_name(output, overwrite)
    if Path(os.path.realpath(output)).is_relative_to(os.path.realpath(case)):
        raise PainGeneratorError(
            f"The output file {output} would lie in the input folder, which is never written to.",
            "Choose a place outside of it.",
        )
    said = tidy(output.absolute())
    try:
        with contextlib.suppress(FileNotFoundError):
            os.lstat(output)
        with _folder_beside(output):
            pass
    except OSError as error:
        raise _cannot_write(output, error.strerror or str(error)) from error
    return said


def _refuse_name(output: Path, overwrite: bool) -> None:
    """Refuse a file by its name and by what is there.

    Raises
    ------
    PainGeneratorError
    """
    refuse_unwritable_name(output.absolute())
    parent = output.absolute().parent
    if not parent.is_dir():
        raise PainGeneratorError(
            f"There is no folder {parent} for the output file.", "Make the folder, or choose another."
        )
    if not output.name.lower().endswith(VOLUME_SUFFIXES):
        raise PainGeneratorError(
            f"The output {output} is of no known volume format.", "Give a name that ends in .nrrd, .nii.gz or .mha."
        )
    if output.is_dir():
        raise PainGeneratorError(f"The output {output} is a folder.", "Give the name of a file.")
    if output.exists() and not output.is_file():
        raise PainGeneratorError(f"The output {output} is no ordinary file.", "Give the name of a file.")
    if output.exists() and not overwrite:
        raise PainGeneratorError(
            f"The output file {output} exists already.", "Choose another name, or give --overwrite to replace it."
        )


@contextlib.contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """A folder beside a file that is to be written, for the length of a block."""
    folder = path.absolute().parent / work_name(path, uuid.uuid4().hex[:8], "partial")
    folder.mkdir()
    mark = Mark(folder)
    try:
        yield folder
    finally:
        mark.let_go()
        shutil.rmtree(folder, ignore_errors=True)


def _cannot_write(path: Path, why: str) -> PainGeneratorError:
    return PainGeneratorError(
        f"The file {path} cannot be written ({why}).",
        "Choose a folder that you may write to, with enough space, and a shorter name.",
    )


def suv_of_folder(case: Path, options: CaseOptions, progress: Show = silent) -> Suv:
    """The SUV volume of a DICOM folder and its provenance; MR is not needed.

    The warnings of the result begin with those of the folder and of the series: what could not be read, and slices
    that may be missing.

    Raises
    ------
    PainGeneratorError
        When there is no usable PET, or the SUV cannot be right.
    """
    found = read_folder(case, part(progress, 0.0, 0.6))
    pet = choose_with_left_out(found, dict(options.roles), choose_pet, required=("PT",))
    if pet.pet_header is None:
        raise ValueError(f"the PET series {pet.label} was read without its header")
    suv = suv_of(pet.pet_header, pet.load(part(progress, 0.6, 1.0)), options)
    of_reading = (*found.warnings, *(f"{pet.label}: {text}" for text in pet.warnings))
    return Suv(suv.image, replace(suv.result, warnings=(*of_reading, *suv.result.warnings)))


def write_suv_volume(suv: Suv, path: Path) -> None:
    """Write the SUV volume (g/ml SUVbw), complete and readable or not at all.

    Parameters
    ----------
    suv : Suv
    path : Path
        Its ending says the format. A detached header (``.nhdr``) lies beside the file with its voxels.

    Raises
    ------
    PainGeneratorError
        The file cannot be written, or not be read back.
    """
    import SimpleITK as sitk

    image = to_itk_image(suv.image)
    image.SetMetaData("PainGenerator.Unit", SUV_BW)
    try:
        with _folder_beside(path) as folder:
            # Written under its final name, because a detached header names the file of its voxels.
            sitk.WriteImage(image, str(folder / path.name), useCompression=True)
            why = _fault_of_volume(folder / path.name, image)
            if why:
                raise PainGeneratorError(f"The file {path} was written, but it cannot be read back ({why}).", ADVICE)
            written = [file for file in folder.iterdir() if file.name != MARK_FILE]
            for file in sorted(written, key=lambda one: one.name == path.name):
                os.replace(file, path.parent / file.name)
    except (OSError, RuntimeError) as error:
        if isinstance(error, PainGeneratorError):
            raise
        raise _cannot_write(path, _last_line(error)) from error


def _fault_of_volume(path: Path, image: Any) -> str:
    """What is wrong with a volume that was written; empty when it has the voxels and the grid of the image."""
    import numpy as np
    import SimpleITK as sitk

    try:
        found = sitk.ReadImage(str(path))
    except RuntimeError as error:
        return _last_line(error)
    if found.GetSize() != image.GetSize() or not np.allclose(found.GetOrigin(), image.GetOrigin(), atol=1e-3):
        return "its grid is another one"
    is_same = np.array_equal(sitk.GetArrayViewFromImage(found), sitk.GetArrayViewFromImage(image), equal_nan=True)
    return "" if is_same else "its voxels are others"


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
