"""Times of work: wall clock and processor, the best of some runs; and the lines that `make bench` prints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Seconds of one run: by the clock, and of the processor (all threads of this process).

    Other work on the machine only ever adds; processor seconds suffer less from it, and their ratios least.
    """

    wall: float
    cpu: float

    def __add__(self, other: Timing) -> Timing:
        return Timing(self.wall + other.wall, self.cpu + other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:8.3f} {self.cpu:8.3f}"


def timed(work: Callable[[], Any], repeat: int = 1) -> tuple[Timing, Any]:
    """The shortest of some runs (each clock by itself), and the last result."""
    walls, cpus, result = [], [], None
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Timing(min(walls), min(cpus)), result


def percentile(timings: list[Timing], part: float = 95.0) -> Timing:
    """A percentile of the times of many acts."""
    return Timing(*(float(np.percentile([getattr(t, clock) for t in timings], part)) for clock in ("wall", "cpu")))


def header() -> None:
    print(f"{'seconds: clock, processor':<52} {'ours':>17}   {'peer':<38} {'peer':>17}   ratios", flush=True)


def line(name: str, ours: Timing, peer_name: str = "", peer: Timing | None = None, note: str = "") -> None:
    """One row: ratios by the clock and by the processor."""
    ratios = "" if peer is None else f"{peer.wall / ours.wall:7.1f} {peer.cpu / max(ours.cpu, 1e-6):7.1f}"
    print(f"{name:<52} {ours}   {peer_name:<38} {peer or ''!s:>17}   {ratios:>15}   {note}", flush=True)


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Power of the size that the time grows with: slope in logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
