"""Read the label map, and the names of its labels, that are written together with a phantom."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..Numerics.core.image import Region
from ..Registration.itk_images import from_itk_image


def read_anatomy_regions(folder: Path) -> dict[str, Region]:
    """Read the region of every named structure of a phantom that :func:`.case.write_phantom` wrote.

    Parameters
    ----------
    folder : Path
        The folder with ``anatomy.nii.gz`` and ``anatomy-labels.json``.

    Returns
    -------
    dict of str to Region
        Name -> region, in the frame of the reference series (RAS). All regions have the same grid.
    """
    import SimpleITK as sitk

    image = from_itk_image(sitk.ReadImage(str(folder / "anatomy.nii.gz")))
    names = json.loads((folder / "anatomy-labels.json").read_text(encoding="utf-8"))
    labels = image.array.ravel()
    order = np.argsort(labels, kind="stable")
    numbers, starts = np.unique(labels[order], return_index=True)
    return {
        names[str(number)]: Region(image.geometry, voxels)
        for number, voxels in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True)
        if str(number) in names
    }
