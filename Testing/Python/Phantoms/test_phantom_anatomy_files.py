"""The anatomy beside a phantom is read back structure by structure, in its place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Phantoms.anatomy_files import read_anatomy_regions
from PainGeneratorLib.Phantoms.case import write_label_map


def test_every_named_structure_comes_back_with_its_voxels_and_place(tmp_path: Path) -> None:
    matrix = np.array([[2.0, 0, 0, -11], [0, 1.5, 0, 7], [0, 0, 3.0, -4], [0, 0, 0, 1]])
    labels = np.zeros((3, 4, 5), np.uint8)
    labels[0, 1, 2:4], labels[2, 3, 0], labels[1, 0, 4] = 7, 3, 9
    write_label_map(tmp_path / "anatomy.nii.gz", Image(labels, Geometry((3, 4, 5), matrix)))
    (tmp_path / "anatomy-labels.json").write_text(json.dumps({"7": "sacrum", "3": "hip_left"}))
    regions = read_anatomy_regions(tmp_path)
    assert set(regions) == {"sacrum", "hip_left"}
    np.testing.assert_allclose(regions["sacrum"].points_ras, [[-7, 8.5, -4], [-5, 8.5, -4]], atol=1e-5)
    np.testing.assert_allclose(regions["hip_left"].points_ras, [[-11, 11.5, 2]], atol=1e-5)
