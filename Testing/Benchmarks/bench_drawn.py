"""Measure the time from a move of the slider until the views are drawn, beside drawing every view each time.

Slicer's own scene, logics and displayable managers draw off screen, in software, in the window of the stand-in: three
slice views and a 3D view.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench_live import session_of_pet
from bench_timing import Timing, line, percentile, timed
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Numerics.pet.detector import MOST_SENSITIVE, HotSpotDetector, HotSpotParameters
from PainGeneratorLib.Workflow.protocol import load_protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Python"))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

MOVES = 60
"""Number of moves of the slider that are measured."""
RATIOS = (1.2, 2.0)
"""The slider moves between these ratios to reference tissue."""

Move = Callable[[Any, float], None]


def drawn_rows(suv: Image) -> dict[str, Timing]:
    """Print the rows of the drawn preview; their 95th percentiles by name, empty when it cannot be drawn here.

    Parameters
    ----------
    suv : Image
        A PET in SUV.
    """
    from slicer_stand_in.api import reason_missing

    if reason_missing():
        print(f"    the drawn preview is left out: {reason_missing()}", flush=True)
        return {}
    from slicer_stand_in.installed import SlicerStandIn

    detector = HotSpotDetector(suv, load_protocol("low-back").stage("hot_spots", HotSpotParameters))
    detector.find(MOST_SENSITIVE)
    with SlicerStandIn() as running:
        session = session_of_pet(running.scene, suv, detector)
        views = _show_pet(running, session)
        ours, count = _measured(session, views, _draw_what_changed)
        every, of_all = _measured(session, views, _draw_all)
        scene, _ = _measured(session, views, lambda live, ratio: live.preview(ratio, "adaptive"))
    medians = " and ".join(f"{percentile(times, 50.0).cpu:.3f} s" for times in (ours, every))
    note = f"{MOVES} moves, 95th percentile; {count} and {of_all} views drawn; medians of the processor {medians}"
    line("slider moved, to the drawn views", percentile(ours), "every view drawn", percentile(every), note)
    line("of it, to the scene", percentile(scene))
    return {"drawn": percentile(ours), "every": percentile(every), "scene": percentile(scene)}


def _measured(session: Any, views: list[Any], move: Move) -> tuple[list[Timing], int]:
    """The time of each move, and how many views were drawn; each way sees the same moves."""
    ratios = [float(ratio) for ratio in np.random.default_rng(1).uniform(*RATIOS, MOVES)]
    _draw_all(session, RATIOS[0])
    before = sum(view.drawn for view in views)
    times = [timed(lambda ratio=ratio: move(session, ratio))[0] for ratio in ratios]
    return times, sum(view.drawn for view in views) - before


def _show_pet(running: Any, session: Any) -> list[Any]:
    """Show the PET in the slice views; all views."""
    import slicer

    volume = session.volume_of("PET")
    for widget in running.manager.slices.values():
        widget.logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
    slicer.util.resetSliceViews()
    _wait()
    return [widget.view for widget in (*running.manager.slices.values(), *running.manager.views.values())]


def _draw_what_changed(session: Any, ratio: float) -> None:
    from PainGeneratorLib.Gui.preview_views import draw_slices_through, drawing_held

    with drawing_held():
        session.preview(ratio, "adaptive")
    draw_slices_through(session.preview_changes())
    _wait()


def _draw_all(session: Any, ratio: float) -> None:
    session.preview(ratio, "adaptive")
    _wait()


def _wait() -> None:
    """Let Qt draw what it was asked for."""
    import slicer

    slicer.app.processEvents()
