"""Progress, cancellation and time keeping of the stages."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Show = Callable[[float, str], None]
"""Shows progress: fraction of the whole (0 to 1) and a text. May raise Cancelled, which ends the work."""


def silent(fraction: float, text: str) -> None:
    """Show nothing."""


def part(show: Show, start: float, end: float) -> Show:
    """Progress of one part of the work, as the whole's progress from `start` to `end`."""

    def shown(fraction: float, text: str) -> None:
        show(start + (end - start) * min(max(fraction, 0.0), 1.0), text)

    return shown


LONG_S = 5.0
"""From this time on the time left is told, seconds. Our estimate: what is shorter is over before it is read."""
TELLING_FRACTION = 0.03
"""Below this fraction of the work nothing can be said of the rest. Our estimate."""


class TimeLeft:
    """Estimates the time left from the fraction that is done. While the fraction stays, the time is counted down.

    Parameters
    ----------
    clock : callable, optional
        Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._fraction, self._end = -1.0, 0.0

    def text(self, fraction: float) -> str:
        """``about 40 s left`` or ``about 3 min left``; empty while nothing can be said, and at the end."""
        now = self._clock()
        elapsed = now - self._start
        if elapsed < LONG_S or not TELLING_FRACTION <= fraction < 1.0:
            return ""
        if fraction != self._fraction:
            self._fraction, self._end = fraction, now + elapsed * (1.0 - fraction) / fraction
        left = self._end - now
        if left < 90:
            return f"about {max(5 * round(left / 5), 5):d} s left"
        return f"about {round(left / 60):d} min left"


@dataclass(frozen=True)
class StageTime:
    """What one stage took.

    Parameters
    ----------
    stage : str
    seconds : float
    peak_memory_mb : float or None
        The largest resident memory of the whole process while the stage ran, MB. It is read from ``/proc``, so it is
        None on systems other than Linux.
    """

    stage: str
    seconds: float
    peak_memory_mb: float | None


@dataclass
class StageClock:
    """Seconds and peak memory of every stage, for ``timings.json``."""

    stages: list[StageTime] = field(default_factory=list)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure one stage. Stages follow one another and do not nest."""
        _reset_peak()
        start = time.perf_counter()
        yield
        seconds = time.perf_counter() - start
        self.stages.append(StageTime(name, round(seconds, 3), _peak_mb()))

    def to_json(self) -> dict[str, Any]:
        """The content of ``timings.json``."""
        peaks = [entry.peak_memory_mb for entry in self.stages if entry.peak_memory_mb is not None]
        return {
            "schema": 1,
            "stages": [dataclasses.asdict(entry) for entry in self.stages],
            "total_seconds": round(sum(entry.seconds for entry in self.stages), 3),
            "peak_memory_mb": max(peaks) if peaks else None,
        }


def _reset_peak() -> None:
    """Let the system count the peak of this process from now on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float | None:
    """The peak of this process in MB; None where the system does not count it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)
    return None if kilobytes is None else round(kilobytes / 1024, 1)
