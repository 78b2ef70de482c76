"""The contours of one focus by filters of arrays: slow, plain, and what the quick ones are compared with."""

from __future__ import annotations

import numpy as np
from PainGeneratorLib.Numerics.pet.contours import ContourSpace
from scipy import ndimage


class PlainContourSpace(ContourSpace):
    """The same box, with labels, dilation and distance maps of scipy in place of bits."""

    def _mask(self, voxels: int) -> np.ndarray:
        return self._bits.unpack(voxels).reshape(self._bits.shape)

    def above(self, threshold: float) -> int:
        mask = (self._values.reshape(self._bits.shape) >= threshold) & self._mask(self._allowed)
        labels, _ = ndimage.label(mask, structure=np.ones((3, 3, 3)))
        values = np.where(self._mask(self._core), self._values.reshape(self._bits.shape), np.nan)
        number = int(labels.flat[int(np.nanargmax(values))])
        return self._bits.pack(labels == number) if number else 0

    def _shell(self, voxels, percentile, inner_mm=None, outer_mm=None):
        p = self.parameters
        inner, outer = inner_mm or p.shell_inner_mm, outer_mm or p.shell_outer_mm
        distance = ndimage.distance_transform_edt(~self._mask(voxels), sampling=self._suv.geometry.spacing_kji_mm)
        shell = (distance > inner) & (distance <= outer) & self._mask(self._background)
        values = self._values.reshape(self._bits.shape)[shell]
        return float(np.percentile(values, percentile)) if values.size else None
