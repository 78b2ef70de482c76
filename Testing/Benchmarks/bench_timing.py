"""Measure wall time and processor time (the best of some runs), and print the lines of `make bench`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Seconds of one run: wall time, and processor time of all threads of this process.

    Other work on the machine can only add time. It adds less to processor seconds than to wall seconds, and it changes
    ratios of processor seconds least.
    """

    wall: float
    cpu: float

    def __add__(self, other: Timing) -> Timing:
        return Timing(self.wall + other.wall, self.cpu + other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:8.3f} {self.cpu:8.3f}"


def timed(work: Callable[[], Any], repeat: int = 1) -> tuple[Timing, Any]:
    """Run some work several times; return the shortest wall time, the shortest processor time and the last result."""
    walls, cpus, result = [], [], None
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Timing(min(walls), min(cpus)), result


def percentile(timings: list[Timing], part: float = 95.0) -> Timing:
    """Return a percentile of many times."""
    return Timing(*(float(np.percentile([getattr(t, clock) for t in timings], part)) for clock in ("wall", "cpu")))


def header() -> None:
    """Print the header of the table."""
    print(f"{'seconds: clock, processor':<52} {'ours':>17}   {'peer':<38} {'peer':>17}   ratios", flush=True)


def line(name: str, ours: Timing, peer_name: str = "", peer: Timing | None = None, note: str = "") -> None:
    """Print one row with the ratios of wall times and of processor times."""
    ratios = "" if peer is None else f"{peer.wall / ours.wall:7.1f} {peer.cpu / max(ours.cpu, 1e-6):7.1f}"
    print(f"{name:<52} {ours}   {peer_name:<38} {peer or ''!s:>17}   {ratios:>15}   {note}", flush=True)


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Return the exponent with which the time grows with the size: the slope of their logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
