"""Measure the time from a move of the slider until the views are drawn, beside drawing every view each time.

Slicer's own scene, logics and displayable managers draw off screen, in software, in the windows of the stand-in.
"""

from __future__ import annotations

import os
import sys
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


def drawn_rows(suv: Image) -> dict[str, Timing]:
    """Print the rows of the drawn preview; their 95th percentiles by name.

    Parameters
    ----------
    suv : Image
        A PET in SUV.
    """
    from slicer_stand_in.installed import SlicerStandIn

    detector = HotSpotDetector(suv, load_protocol("low-back").stage("hot_spots", HotSpotParameters))
    detector.find(MOST_SENSITIVE)
    with SlicerStandIn() as running:
        session = session_of_pet(running.scene, suv, detector)
        views = _show(running, session)
        session.preview(MOST_SENSITIVE, "adaptive")
        _wait()
        ours, every, scene = [], [], []
        drawn = [0, 0]
        for ratio in np.random.default_rng(1).uniform(*RATIOS, MOVES):
            for index, (times, move) in enumerate(((ours, _draw_what_changed), (every, _draw_all))):
                before = sum(view.drawn for view in views)
                times.append(timed(lambda move=move, ratio=ratio: move(session, float(ratio)))[0])
                drawn[index] += sum(view.drawn for view in views) - before
                session.preview(float(np.random.default_rng(int(ratio * 1e6)).uniform(*RATIOS)), "adaptive")
                _wait()
            scene.append(timed(lambda ratio=ratio: session.preview(float(ratio), "adaptive"))[0])
            _wait()
        rows = {"drawn": percentile(ours), "every": percentile(every), "scene": percentile(scene)}
        note = (
            f"{MOVES} moves, 95th percentile; {drawn[0]} and {drawn[1]} views drawn;"
            f" medians {percentile(ours, 50).wall:.3f} s and {percentile(every, 50).wall:.3f} s"
        )
        line("slider moved, to the drawn views", rows["drawn"], "every view drawn", rows["every"], note)
        line("of it, to the scene", rows["scene"])
    return rows


def _show(running: Any, session: Any) -> list[Any]:
    """PET in the slice views."""
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
