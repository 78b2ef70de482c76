"""Coarse tissue classes on the MR grid, from an anatomy segmentation where there is one, else from the signal.

Start at :func:`tissue_signals`, which gives the typical signal of muscle, fat and fluid, then :func:`make_tissue_map`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core import tissues
from ..core.histogram import modes, otsu
from ..core.words import Role
from .blocks import block_mean, coarse_factors, spread_blocks
from .marrow import find_marrow
from .signal import Signals
from .spine_tissues import FLUID_PART, SpineTissues

VOID_PART = 0.25
"""Upper bound for the signal over that of muscle, in all series, where there is no signal. Our estimate."""
MODE_WIDTH = 0.07
"""Width of one tissue in the histogram that shading leaves, in log units. Our estimate."""
MODE_REACH = 0.2
"""How far from the peak of a tissue its values are taken, in log units. Our estimate."""
MODE_PART = 0.35
"""Lower bound for the frequency of muscle among the dark tissues, as a part of the most frequent's. Our estimate."""
FAT_PART = 0.15
"""The same for fat among the bright tissues."""
FAT_PERCENT = 75.0
"""The percentile of the values near the peak of fat that is its signal: partial volume makes fat darker."""
SEEN_PERCENT = 90.0
"""The percentile of T1 that stands for bright tissue."""
SEEN_PART = 0.1
"""Lower bound for the T1 signal of tissue over that of bright tissue; below it is air or cortex. Our estimate."""
SEEN_VOXELS_LEAST = 100
"""Lower bound for the number of voxels with T1 signal, for fat and muscle to be looked for."""
DARK_PERCENT = 80.0
"""The percentile of the dark tissues' signal that the lower bound of muscle is measured from."""
DARK_PART = 0.4
"""Lower bound for the T1 signal of muscle over that of the brighter dark tissues: less is tendon or cortex. Our
estimate."""
MUSCLE_SPREAD = 0.25
"""How far the T1 signal of soft tissue that gives the signal of muscle lies from its peak, as a part of it."""
MUSCLE_VOXELS_LEAST = 50
"""Lower bound for the number of voxels of soft tissue, for the signal of muscle to be known."""
MUSCLE_T1_LEAST = 0.7
"""Lower bound for the T1 signal of a muscle's voxels over that of muscle. Our estimate."""
MUSCLE_T1_MOST = 1.25
"""Upper bound for it."""
BRIGHT_PART_LEAST = 0.25
"""Lower bound of the bright part of a fluid-sensitive series, as a part of the body, that muscle belongs to. Our
estimate: fluid alone is a few percent of the body."""
MUSCLE_FLUID_PART = 0.6
"""Upper bound for the signal of a muscle's voxels over that of fluid, on series that show fluid. Our estimate."""
FLUID_T1_MOST = 1.35
"""Upper bound for the T1 signal of fluid over that of muscle: fat that escaped suppression is brighter. Our
estimate."""
MUSCLE_BLOCK_PART = 0.6
"""Lower bound for the part of a coarse voxel that is muscle."""
OPENING_ROUNDS = 2
"""Rounds of the opening that leaves parts of muscle that are at least about 8 mm thick."""
MANY_VOXELS = 60_000
"""About how many voxels of the body give the typical signals."""


@dataclass(frozen=True)
class TissueSignals:
    """Typical signals, in the units of each series.

    Parameters
    ----------
    muscle : dict
        Role -> median of muscle; 0 where it is not known.
    fat_t1 : float or None
        Bright peak of T1.
    fluid : dict
        Role (FLUID, T2) -> signal above which a voxel counts as fluid.
    """

    muscle: dict[str, float]
    fat_t1: float | None
    fluid: dict[str, float]


def tissue_signals(signals: Signals, fluid_over_muscle: float, places: SpineTissues | None = None) -> TissueSignals:
    """Find muscle, fat and fluid in each series: at their places about the spine, else in the histogram.

    Parameters
    ----------
    signals : Signals
    fluid_over_muscle : float
        Lower bound for the signal of fluid over that of muscle.
    places : SpineTissues, optional
        What the place along the spinal canal says about tissues.
    """
    typical = _signals_in_histograms(signals, fluid_over_muscle)
    return typical if places is None else _signals_at_places(typical, places, fluid_over_muscle)


def _signals_at_places(typical: TissueSignals, places: SpineTissues, fluid_over_muscle: float) -> TissueSignals:
    """The typical signals with those that are known by the place of the tissue."""
    muscle = {
        role: value if (own := places.signals[role].muscle) is None else own for role, value in typical.muscle.items()
    }
    fluid = {role: fluid_over_muscle * muscle[role] for role in ("FLUID", "T2") if muscle.get(role, 0.0) > 0}
    for role in fluid:
        sac = places.signals[role].fluid
        if sac is not None:
            fluid[role] = max(fluid[role], FLUID_PART * sac)
    fat = typical.fat_t1
    t1 = places.signals.get("T1")
    if t1 is not None and t1.fat is not None and t1.muscle is not None:
        fat = t1.fat if places.tells_fat_on_t1 else None
    return TissueSignals(muscle, fat, fluid)


def _signals_in_histograms(signals: Signals, fluid_over_muscle: float) -> TissueSignals:
    """Muscle, fat and fluid in the histogram of each series."""
    some = np.flatnonzero(signals.body & signals.usable)
    some = some[:: some.size // MANY_VOXELS + 1]
    values = {role: array.reshape(-1)[some] for role, array in signals.roles.items()}
    soft = np.ones(some.size, dtype=bool)
    fat = None
    if "T1" in values:
        t1 = values["T1"]
        seen = np.isfinite(t1) & (t1 > SEEN_PART * np.nanpercentile(t1, SEEN_PERCENT)) if t1.size else soft
        if np.count_nonzero(seen) > SEEN_VOXELS_LEAST:
            fat, typical = _fat_and_muscle_t1(t1[seen])
            soft = seen & (t1 > (1.0 - MUSCLE_SPREAD) * typical) & (t1 < (1.0 + MUSCLE_SPREAD) * typical)
        muscle = {role: _muscle_signal(array, soft) for role, array in values.items()}
    else:
        muscle = {role: _muscle_without_t1(role, array) for role, array in values.items()}
    fluid = {role: fluid_over_muscle * muscle[role] for role in ("FLUID", "T2") if muscle.get(role, 0.0) > 0}
    return TissueSignals(muscle, fat, fluid)


def _fat_and_muscle_t1(t1: np.ndarray) -> tuple[float, float]:
    """T1 signal of fat and of muscle, from the signal of all tissue."""
    logs = np.log(t1)
    cut = otsu(logs)
    bright, dark = logs[logs > cut], logs[logs <= cut]
    fat = _near_mode(bright, modes(bright, MODE_WIDTH, FAT_PART)[-1], FAT_PERCENT)
    # Where liver, spleen and bowel fill the view, the median is theirs: muscle is the darkest frequent tissue.
    dark = dark[dark > np.log(DARK_PART) + np.percentile(dark, DARK_PERCENT)]
    return fat, _near_mode(dark, modes(dark, MODE_WIDTH, MODE_PART)[0])


def _muscle_signal(array: np.ndarray, soft: np.ndarray) -> float:
    """Median signal of soft tissue in one series; 0 where too little of it is seen."""
    seen = soft & np.isfinite(array) & (array > 0)
    return float(np.median(array[seen])) if np.count_nonzero(seen) > MUSCLE_VOXELS_LEAST else 0.0


def _muscle_without_t1(role: str, array: np.ndarray) -> float:
    """Signal of muscle in a series where no T1 tells tissues apart; 0 where too little is seen.

    With fat suppressed, fat and fatty marrow are the dark half of all tissue and muscle is the darkest frequent tissue
    of the bright half. Else muscle is the darkest frequent tissue of all.
    """
    seen = (
        array[np.isfinite(array) & (array > SEEN_PART * np.nanpercentile(array, SEEN_PERCENT))]
        if array.size
        else array
    )
    if np.count_nonzero(seen) <= SEEN_VOXELS_LEAST:
        return 0.0
    logs = np.log(seen)
    if role == Role.FLUID:
        bright = logs > otsu(logs)
        # A small bright part is fluid alone: the dark part is then muscle, too.
        logs = logs[bright] if bright.mean() >= BRIGHT_PART_LEAST else logs
    return _near_mode(logs, modes(logs, MODE_WIDTH, MODE_PART)[0])


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
        Tissue codes of an anatomy segmentation. They are kept where they are not UNKNOWN, the signal fills the rest.

    Returns
    -------
    ndarray of uint8, shape of the signals
        Codes of :mod:`..core.tissues`. Organs cannot be recognized by signal: without a segmentation they are UNKNOWN.
    """
    out = np.zeros(signals.geometry.shape, dtype=np.uint8)
    t1 = signals.roles.get("T1")
    if t1 is not None and typical.fat_t1 is not None:
        out[t1 > np.sqrt(typical.muscle["T1"] * typical.fat_t1)] = tissues.FAT
        out[_muscle(signals, typical)] = tissues.MUSCLE
        if anatomy is None or not np.any(anatomy == tissues.MARROW):
            fluid_role = next((role for role in ("FLUID", "T2") if role in typical.fluid), None)
            out[find_marrow(signals, typical.muscle["T1"], typical.fat_t1, fluid_role)] = tissues.MARROW
    fluid = fluid_mask(signals, typical)
    out[fluid & (out != tissues.MARROW)] = tissues.FLUID
    out[_void(signals, typical) | ~signals.body] = tissues.VOID
    # Where no series shows more than noise, no tissue can be told, and it is no void either.
    out[signals.body & ~signals.usable] = tissues.UNKNOWN
    if anatomy is not None:
        known = anatomy > 0
        out[known] = anatomy[known]
    return out


def _void(signals: Signals, typical: TissueSignals) -> np.ndarray:
    """Voxels that are dark in all series."""
    void = np.ones(signals.geometry.shape, dtype=bool)
    for role, array in signals.roles.items():
        if typical.muscle[role] > 0:
            void &= ~(array >= VOID_PART * typical.muscle[role])
    return void


def _muscle(signals: Signals, typical: TissueSignals) -> np.ndarray:
    """Voxels of thick soft tissue with the T1 signal of muscle and no fluid."""
    t1, muscle = signals.roles["T1"], typical.muscle["T1"]
    even = (t1 > MUSCLE_T1_LEAST * muscle) & (t1 < MUSCLE_T1_MOST * muscle)
    for role, limit in typical.fluid.items():
        even &= ~(signals.roles[role] > MUSCLE_FLUID_PART * limit)
    return _coarse_opening(even & signals.body, signals)


def fluid_mask(signals: Signals, typical: TissueSignals) -> np.ndarray:
    """Voxels as bright as fluid in FLUID (else T2) and not bright on T1: fat that escaped suppression is no fluid."""
    role = "FLUID" if "FLUID" in typical.fluid else "T2"
    if role not in typical.fluid:
        return np.zeros(signals.geometry.shape, dtype=bool)
    fluid: np.ndarray = (signals.roles[role] > typical.fluid[role]) & signals.body
    if "T1" in signals.roles and typical.muscle["T1"] > 0:
        fluid &= ~(signals.roles["T1"] > FLUID_T1_MOST * typical.muscle["T1"])
    return fluid


def _coarse_opening(mask: np.ndarray, signals: Signals) -> np.ndarray:
    """Parts of a mask that are at least about 8 mm thick."""
    factors = coarse_factors(signals.geometry)
    coarse = block_mean(mask, factors) > MUSCLE_BLOCK_PART
    within_slice = np.zeros((3, 3, 3), dtype=bool)
    thick = int(np.argmax(signals.geometry.spacing_kji_mm))
    within_slice[tuple(1 if axis == thick else slice(None) for axis in range(3))] = True
    opened = ndimage.binary_opening(coarse, within_slice, iterations=OPENING_ROUNDS)
    parts: np.ndarray = spread_blocks(opened, factors, mask.shape) & mask
    return parts
