"""The command ``pain-generator suv``: the SUV volume of a folder, without MR and without a scene."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..Dicom.left_out import choose_with_left_out
from ..Dicom.pet_choice import choose_pet
from ..Dicom.reader import read_folder
from ..Numerics.core.errors import PainGeneratorError
from ..Registration.itk_images import to_itk_image
from ..Report.read_back import ADVICE
from ..Workflow.case import CaseOptions
from ..Workflow.progress import Show, part, silent
from ..Workflow.stages import SUV_BW, Suv, suv_of


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
        with tempfile.TemporaryDirectory(prefix=".saving-", dir=path.parent) as folder:
            # Written under its final name, because a detached header names the file of its voxels.
            sitk.WriteImage(image, str(Path(folder, path.name)), useCompression=True)
            why = _fault_of_volume(Path(folder, path.name), image)
            if why:
                raise PainGeneratorError(f"The file {path} was written, but it cannot be read back ({why}).", ADVICE)
            for file in sorted(Path(folder).iterdir(), key=lambda one: one.name == path.name):
                os.replace(file, path.parent / file.name)
    except (OSError, RuntimeError) as error:
        if isinstance(error, PainGeneratorError):
            raise
        raise PainGeneratorError(
            f"The file {path} cannot be written ({_last_line(error)}).",
            "Choose a folder that you may write to, with enough space, and a shorter name.",
        ) from error


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
