"""The MR signal of a clinical phantom: water and fat apart, with uneven marrow, thin cortex, flow and bowel."""

from __future__ import annotations

import numpy as np

from ..Numerics.core.image import Image
from . import fields
from .marrow_and_muscle import change_signal
from .mr_signal import Sequence, combined, fat_fractions, part_tables
from .patient import Patient
from .realism import Realism
from .tissue_table import TISSUES

SPIN_ECHOES = ("spin-echo", "inversion-recovery")
"""Kinds of sequence with a chemical shift along the readout. The Dixon series have a high bandwidth."""
FLOW_ECHO_MS = 50.0
"""Echo time of a spin echo from which moving fluid loses signal, ms. Our estimate."""


class ClinicalTissue:
    """What the tissue of one patient looks like on every MR series.

    Parameters
    ----------
    patient : Patient
    realism : Realism
    """

    def __init__(self, patient: Patient, realism: Realism):
        self.patient, self.realism = patient, realism
        self.fractions = fat_fractions()
        self.cortex = self._thin_cortex() if "thin-cortex" in realism else None
        self.fluid: tuple[np.ndarray, np.ndarray] | None = None
        self.veins: tuple[np.ndarray, float] | None = None
        if "flow" in realism:
            self.fluid, self.veins = self._flow()
        self.bowel = self._bowel() if "organs" in realism else None

    def _voxels(self, tissue: str) -> np.ndarray:
        return np.flatnonzero(self.patient.atlas.tissue == TISSUES[tissue].code)

    def _named(self, flat: np.ndarray, *words: str) -> np.ndarray:
        """True for the voxels whose anatomical name contains one of the words."""
        names = self.patient.atlas.anatomy_names
        table = np.array([any(word in name for word in words) for name in names] + [False] * (256 - len(names)))
        return table[self.patient.atlas.anatomy.reshape(-1)[flat]]

    def _field(self, rng: np.random.Generator, length_mm: float, flat: np.ndarray) -> np.ndarray:
        return fields.field_at(
            fields.smooth_field(rng, self.patient.atlas.geometry, length_mm), self.patient.atlas, flat
        )

    def _thin_cortex(self) -> tuple[np.ndarray, np.ndarray]:
        """Cortex outside the femora, and the share of marrow in its voxels: it is thinner than one of them."""
        flat = self._voxels("cortex")
        flat = flat[~self._named(flat, "femur")]
        share = 0.3 + 0.35 * self._field(self.realism.rng("thin-cortex"), 4.0, flat)
        return flat, np.clip(share, 0, 0.8)

    def _flow(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, float]]:
        """Fluid of the dural sac with the fraction of signal that its motion leaves, and veins with their gain."""
        rng = self.realism.rng("flow")
        fluid = self._voxels("csf")
        left = rng.uniform(0.7, 1.0) * (1 - 0.4 * np.clip(self._field(rng, 7.0, fluid), 0, 1.4))
        blood = self._voxels("blood")
        return (fluid, left.astype(np.float32)), (blood[self._named(blood, "ven")], float(rng.uniform(1.5, 4.0)))

    def _bowel(self) -> tuple[np.ndarray, np.ndarray]:
        """Content of the bowel with a factor on its signal: gas is black, other content differs from loop to loop."""
        flat = self._voxels("bowel content")
        factor = 1 + 1.1 * self._field(self.realism.rng("organs"), 8.0, flat)
        return flat, np.where(factor < 0.35, 0.0, np.clip(factor, 0, 3.0)).astype(np.float32)

    def signal(self, sequence: Sequence, series: str) -> np.ndarray:
        """Return the signal of a sequence on the grid of the atlas, float32.

        Parameters
        ----------
        sequence : Sequence
        series : str
            Name of the series.
        """
        tissue = self.patient.atlas.tissue
        pure = part_tables(sequence)
        tables = pure[0] * (1 - self.fractions), pure[1] * self.fractions
        water, fat = tables[0][tissue], tables[1][tissue]
        change_signal(self.patient.composition, tissue, water, fat, pure)
        for part, table in ((water, tables[0]), (fat, tables[1])):
            self._add_cortex(part.reshape(-1), table)
            self._add_lesions(part, table)
        self._add_motion_of_fluids(sequence, water.reshape(-1))
        if self.bowel is not None:
            for part in (water, fat):
                part.reshape(-1)[self.bowel[0]] *= self.bowel[1]
        if "chemical-shift" in self.realism and sequence.kind in SPIN_ECHOES:
            fat = self._shifted(fat, series)
        return combined(sequence, water, fat)

    def _add_cortex(self, part: np.ndarray, table: np.ndarray) -> None:
        if self.cortex is not None:
            flat, share = self.cortex
            part[flat] += share * (table[TISSUES["marrow"].code] - part[flat])

    def _add_lesions(self, part: np.ndarray, table: np.ndarray) -> None:
        for lesion in [*self.patient.look_alikes, *self.patient.lesions]:
            if lesion.appearance:
                slices, weight = lesion.weight(self.patient.atlas, lesion.mr_within)
                part[slices] += weight * lesion.strength * (table[TISSUES[lesion.appearance].code] - part[slices])

    def _add_motion_of_fluids(self, sequence: Sequence, water: np.ndarray) -> None:
        slow = sequence.kind == "inversion-recovery" or (
            sequence.kind == "spin-echo" and sequence.te_ms > FLOW_ECHO_MS
        )
        if self.fluid is not None and slow:
            water[self.fluid[0]] *= self.fluid[1]
        if self.veins is not None and sequence.kind in SPIN_ECHOES:
            water[self.veins[0]] *= self.veins[1]

    def _shifted(self, fat: np.ndarray, series: str) -> np.ndarray:
        """Shift the signal of fat by one or two voxels of the atlas along the readout (A or S)."""
        rng = self.realism.rng("chemical-shift", series)
        axis = int(rng.integers(0, 2))
        step = int(rng.choice([-2, -1, 1, 2])) if self.patient.atlas.geometry.spacing_mm[0] < 1.5 else 1
        return np.roll(fat, step, axis=axis)


def image_of(tissue: ClinicalTissue, sequence: Sequence, series: str, variation: np.ndarray) -> Image:
    """Return the signal of a sequence with the variation that all series share, on the grid of the atlas."""
    signal = tissue.signal(sequence, series)
    signal *= variation
    return Image(signal, tissue.patient.atlas.geometry)
