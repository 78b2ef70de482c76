"""The frames and the levels of the vertebrae, from the signals of an MR examination."""

from __future__ import annotations

import numpy as np

from ..body.canal import SpineLine
from ..body.level_names import GivenLevel, LevelWitnesses, name_levels
from ..body.spine_frame import find_spine_frame
from ..body.vertebrae import Spine
from ..body.vertebral_shape import VertebralShape
from .signal import Signals


def find_spine_levels(
    signals: Signals,
    line: SpineLine,
    shape: VertebralShape,
    witnesses: LevelWitnesses | None = None,
    given: GivenLevel | None = None,
) -> Spine | None:
    """Find the vertebrae and name their levels.

    Parameters
    ----------
    signals : Signals
    line : SpineLine
        With discs, in the frame of the signals.
    shape : VertebralShape
    witnesses : LevelWitnesses, optional
    given : GivenLevel, optional
        A level that the reader named.

    Returns
    -------
    Spine or None
        In the frame of the signals; None without discs.
    """
    samples = {
        role: line.straight.sample(np.where(signals.body, np.nan_to_num(array), np.float32(0.0)), signals.geometry)
        for role, array in signals.roles.items()
    }
    names = name_levels(line, samples, witnesses, given)
    return None if names is None else find_spine_frame(line, names, shape, samples)
