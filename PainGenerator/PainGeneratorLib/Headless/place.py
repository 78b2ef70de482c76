"""The command ``readout``: what a finished case shows at a place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..Session.session import Session
from ..Workflow.progress import Show, silent
from ..Workflow.readout_text import readout_text
from .host import HeadlessHost

SCENE_FILE = "case.mrb"
"""Name of the scene in an output folder."""


def read_places(result: Path, places: Sequence[tuple[float, float, float]], progress: Show = silent) -> list[str]:
    """Read places of a case that was analyzed.

    Parameters
    ----------
    result : Path
        An output folder, or the scene of a case; never written to.
    places : sequence of (float, float, float)
        R, A, S in mm of the reference series.
    progress : callable, optional

    Returns
    -------
    list of str
        One text of several lines for each place.

    Raises
    ------
    PainGeneratorError
        When there is no such scene, or it holds no finished case.
    """
    path = result / SCENE_FILE if result.is_dir() else result
    with HeadlessHost() as host:
        progress(0.0, "Opening the scene")
        host.load_mrb(path)
        progress(0.7, "Reading the case")
        session = Session(host.scene)
        return [readout_text(session.readout_at(np.array(place))) for place in places]
