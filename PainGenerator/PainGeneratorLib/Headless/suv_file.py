"""The command ``pain-generator suv``: the SUV volume of a folder, without MR and without a scene."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from ..Dicom.pet_choice import choose_pet
from ..Dicom.reader import read_folder
from ..Registration.itk_images import to_itk_image
from ..Workflow.case import CaseOptions
from ..Workflow.progress import Show, part, silent
from ..Workflow.stages import SUV_BW, Suv, suv_of


def suv_of_folder(case: Path, options: CaseOptions, progress: Show = silent) -> Suv:
    """The SUV volume of a DICOM folder and its provenance; MR is not needed.

    Raises
    ------
    PainGeneratorError
        When there is no usable PET, or the SUV cannot be right.
    """
    pet = choose_pet(read_folder(case, part(progress, 0.0, 0.6)), dict(options.roles))
    if pet.pet_header is None:
        raise ValueError(f"the PET series {pet.label} was read without its header")
    return suv_of(pet.pet_header, pet.load(part(progress, 0.6, 1.0)), options)


def write_suv_volume(suv: Suv, path: Path) -> None:
    """Write the SUV volume (g/ml SUVbw), complete or not at all, in the format that the ending of the name says."""
    import SimpleITK as sitk

    image = to_itk_image(suv.image)
    image.SetMetaData("PainGenerator.Unit", SUV_BW)
    partial = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    try:
        sitk.WriteImage(image, str(partial), useCompression=True)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
