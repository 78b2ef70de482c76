"""Marrow on real T1 of hip and pelvis: the CT of the same patients shows where bone is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Image, resample
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.signal import prepare_signals
from PainGeneratorLib.Numerics.mr.tissue_map import make_tissue_map, tissue_signals
from PainGeneratorLib.Registration.itk_images import from_itk_image
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage

CORTEX_HU = 180.0
"""Lower bound for the density of cortex on CT."""
APART_MM = 15.0
"""In the coordinates of the files, CT and T1 are up to 14 mm apart."""


def read(folder: Path) -> Image:
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return from_itk_image(sitk.Cast(reader.Execute(), sitk.sitkFloat32))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least_ml"), [("STS_036", 80.0), ("STS_007", 150.0)])
def test_marrow_of_real_hip_and_pelvis_is_found_and_lies_at_bone(
    data_folder: Path, name: str, least_ml: float
) -> None:
    """Before thin cortex was judged by several signs, it was 20 ml and 4 ml."""
    folder = data_folder / "sts-hip-spine" / name
    t1, ct = read(folder / "MR_T1" / "image"), read(folder / "CT" / "image")
    p = load_protocol("low-back").stage("mr_findings", MRParameters)
    signals = prepare_signals({"T1": t1}, {}, t1, p.bias)
    codes = make_tissue_map(signals, tissue_signals(signals, p.fluid.over_muscle), None)
    marrow = codes == tissues.MARROW
    assert np.count_nonzero(marrow) * signals.geometry.voxel_volume_ml > least_ml
    dense = np.nan_to_num(resample(ct, signals.geometry, np.eye(4)), nan=-1000.0) > CORTEX_HU
    to_bone = ndimage.distance_transform_edt(~dense, sampling=signals.geometry.spacing_kji_mm)
    assert (to_bone[marrow] < APART_MM).mean() > 0.85
