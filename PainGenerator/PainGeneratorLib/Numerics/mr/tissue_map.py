"""Coarse tissue classes on the MR grid, from an anatomy segmentation where there is one, else from the signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core import tissues
from ..core.histogram import modes, otsu
from .marrow import find_marrow
from .signal import Signals, block_mean, coarse_factors, spread_blocks

VOID_PART = 0.25
"""Of the muscle signal: less, in all series, is no signal."""
MODE_WIDTH, MODE_REACH = 0.07, 0.2
"""Log units: what shading leaves of the width of one tissue, and how far its own values are taken. Ours."""
MODE_PART, FAT_PART = 0.35, 0.15
"""Least frequency of muscle among dark and of fat among bright tissues, as part of the most frequent's. Ours."""


@dataclass(frozen=True)
class TissueSignals:
    """Typical signals, in the units of each series.

    Parameters
    ----------
    muscle : dict
        Role -> median of muscle.
    fat_t1 : float or None
        Bright peak of T1.
    fluid : dict
        Role (FLUID, T2) -> signal above which a voxel counts as fluid.
    """

    muscle: dict[str, float]
    fat_t1: float | None
    fluid: dict[str, float]


def tissue_signals(signals: Signals, fluid_over_muscle: float) -> TissueSignals:
    """Find muscle, fat and fluid in each series' histogram.

    Parameters
    ----------
    signals : Signals
    fluid_over_muscle : float
        Signal of fluid over that of muscle, at least.
    """
    some = np.flatnonzero(signals.body)
    some = some[:: some.size // 60_000 + 1]
    values = {role: array.reshape(-1)[some] for role, array in signals.roles.items()}
    soft = np.ones(some.size, dtype=bool)
    fat = None
    if "T1" in values:
        t1 = values["T1"]
        seen = np.isfinite(t1) & (t1 > 0.1 * np.nanpercentile(t1, 90)) if t1.size else soft
        if np.count_nonzero(seen) > 100:
            logs = np.log(t1[seen])
            cut = otsu(logs)
            bright, dark = logs[logs > cut], logs[logs <= cut]
            fat = _near_mode(bright, modes(bright, MODE_WIDTH, FAT_PART)[-1], 75)
            # Where liver, spleen and bowel fill the view, the median is theirs: muscle is the darkest frequent tissue.
            dark = dark[dark > np.log(0.4) + np.percentile(dark, 80)]
            typical = _near_mode(dark, modes(dark, MODE_WIDTH, MODE_PART)[0])
            soft = seen & (t1 > 0.75 * typical) & (t1 < 1.25 * typical)
    muscle = {}
    for role, array in values.items():
        seen = soft & np.isfinite(array) & (array > 0)
        muscle[role] = float(np.median(array[seen])) if np.count_nonzero(seen) > 50 else 0.0
    fluid = {role: fluid_over_muscle * muscle[role] for role in ("FLUID", "T2") if muscle.get(role, 0.0) > 0}
    return TissueSignals(muscle, fat, fluid)


def _near_mode(logs: np.ndarray, mode: float, percentile: float = 50) -> float:
    """Signal of one tissue, from the logarithms of all."""
    return float(np.exp(np.percentile(logs[np.abs(logs - mode) < MODE_REACH], percentile)))


def make_tissue_map(signals: Signals, typical: TissueSignals, anatomy: np.ndarray | None) -> np.ndarray:
    """Tissue code of each voxel.

    Parameters
    ----------
    signals : Signals
    typical : TissueSignals
    anatomy : ndarray of uint8, shape of the signals, optional
        Tissue codes of an anatomy segmentation: they stand where they are not UNKNOWN, the signal fills the rest.

    Returns
    -------
    ndarray of uint8, shape of the signals
        Codes of :mod:`.tissues`. Organs are not told from signal: they stay UNKNOWN.
    """
    out = np.zeros(signals.geometry.shape, dtype=np.uint8)
    body, roles = signals.body, signals.roles
    void = np.ones(out.shape, dtype=bool)
    for role, array in roles.items():
        if typical.muscle[role] > 0:
            void &= ~(array >= VOID_PART * typical.muscle[role])
    t1 = roles.get("T1")
    if t1 is not None and typical.fat_t1 is not None:
        muscle = typical.muscle["T1"]
        bright = t1 > np.sqrt(muscle * typical.fat_t1)
        out[bright] = tissues.FAT
        even = (t1 > 0.7 * muscle) & (t1 < 1.25 * muscle)
        for role, limit in typical.fluid.items():
            even &= ~(roles[role] > 0.6 * limit)
        out[_coarse_opening(even & body, signals)] = tissues.MUSCLE
        if anatomy is None or not np.any(anatomy == tissues.MARROW):
            bright_role = next((role for role in ("FLUID", "T2") if role in typical.fluid), None)
            out[find_marrow(signals, muscle, typical.fat_t1, bright_role)] = tissues.MARROW
    fluid = fluid_mask(signals, typical)
    out[fluid & (out != tissues.MARROW)] = tissues.FLUID
    out[void | ~body] = tissues.VOID
    if anatomy is not None:
        told = anatomy > 0
        out[told] = anatomy[told]
    return out


def fluid_mask(signals: Signals, typical: TissueSignals) -> np.ndarray:
    """Voxels as bright as fluid in FLUID (else T2) and not bright on T1: fat that escaped suppression is no fluid."""
    role = "FLUID" if "FLUID" in typical.fluid else "T2"
    if role not in typical.fluid:
        return np.zeros(signals.geometry.shape, dtype=bool)
    fluid = (signals.roles[role] > typical.fluid[role]) & signals.body
    if "T1" in signals.roles and typical.muscle["T1"] > 0:
        fluid &= ~(signals.roles["T1"] > 1.35 * typical.muscle["T1"])
    return fluid


def _coarse_opening(mask: np.ndarray, signals: Signals) -> np.ndarray:
    """Parts of a mask that are at least about 8 mm thick."""
    factors = coarse_factors(signals.geometry)
    coarse = block_mean(mask, factors) > 0.6
    flat = np.zeros((3, 3, 3), dtype=bool)
    thick = int(np.argmax(signals.geometry.spacing_kji_mm))
    flat[tuple(1 if axis == thick else slice(None) for axis in range(3))] = True
    opened = ndimage.binary_opening(coarse, flat, iterations=2)
    return spread_blocks(opened, factors, mask.shape) & mask
